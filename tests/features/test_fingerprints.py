"""Tests of the keys under which measurements are kept."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genrelib.features import ear, families, fingerprints, hpss, transforms
from genrelib.features.families import (
    STATS,
    Feature,
    Spectra,
)
from genrelib.features.fingerprints import ear_definitions, feature_definitions

ROOT = Path(__file__).parents[2]


def _twice(spectra: Spectra) -> np.ndarray:
    return _factor() * spectra.harmonic_rms


def _factor() -> int:
    return 2


@pytest.mark.parametrize(
    "change",
    [
        {"compute": lambda s: s.percussive_rms},  # another attribute
        {"compute": lambda s: 2 * s.harmonic_rms},  # another constant
        {"compute": lambda s: np.array([2 * band for band in s.harmonic_rms])},  # a nested body
        {"compute": _twice},
        {"stats": ("mean",)},
        {"bands": ("all",)},
        {"name": "other"},
    ],
    ids=["attribute", "constant", "nested", "named", "stats", "bands", "name"],
)
def test_another_definition_has_another_key(
    change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = Feature("harmonic_rms", "hpss", lambda s: s.harmonic_rms)
    monkeypatch.setattr(families, "FEATURES", [base])
    before = feature_definitions()
    monkeypatch.setattr(families, "FEATURES", [replace(base, **change)])
    assert feature_definitions() != before


def test_a_helper_that_changes_changes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(families, "FEATURES", [Feature("twice", "rms", _twice)])
    before = feature_definitions()
    changed = _factor.__code__.replace(co_consts=(None, 3))
    monkeypatch.setattr(_factor, "__code__", changed)
    assert feature_definitions() != before


STEP = 1


def test_what_a_feature_and_the_decoder_rest_on_is_in_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    feature = Feature("steps", "rms", lambda s: s.y[None, ::STEP])
    monkeypatch.setattr(families, "FEATURES", [feature])
    keys = [feature_definitions()]
    monkeypatch.setitem(globals(), "STEP", 2)
    keys.append(feature_definitions())
    monkeypatch.setitem(STATS, "std", lambda x, axis: np.std(x, axis=axis, ddof=1))
    keys.append(feature_definitions())
    monkeypatch.setattr(fingerprints.inspect, "getsource", lambda part: f"another {part}")
    keys.append(feature_definitions())
    assert len(set(keys)) == len(keys)


def test_the_quick_parts_are_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(fingerprints.inspect, "getsource", lambda part: asked.append(part) or "")
    feature_definitions()
    assert hpss in asked and transforms in asked


@pytest.mark.slow
def test_the_key_is_the_same_in_every_process() -> None:
    ask = "from genrelib import features; print(features.feature_definitions())"
    keys = [
        subprocess.run(
            [sys.executable, "-c", ask], capture_output=True, text=True, check=True, cwd=ROOT
        ).stdout
        for _ in range(2)
    ]
    assert keys == [f"{feature_definitions()}\n"] * 2


def test_the_key_stays_for_the_same_definitions(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two copies of one function, compiled apart, as two processes would have them.
    body = "lambda s: np.array([2 * value for value in s.harmonic_rms])"
    keys = []
    for copy in [eval(body), eval(body)]:
        monkeypatch.setattr(families, "FEATURES", [Feature("x", "rms", copy)])
        keys.append(feature_definitions())
    assert keys[0] == keys[1]


def test_another_model_is_heard_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = [ear_definitions()]
    assert keys == [ear_definitions()]
    other = tmp_path / "ear.onnx"
    other.write_bytes(ear.EAR_MODEL.read_bytes() + b"more")
    monkeypatch.setattr(ear, "EAR_MODEL", other)
    keys.append(ear_definitions())
    monkeypatch.setattr(fingerprints.inspect, "getsource", lambda part: f"another {part}")
    keys.append(ear_definitions())
    assert len(set(keys)) == 3
