"""Tests of the running median, bit by bit against SciPy, and of what librosa makes of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import librosa
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as arrays
from scipy.ndimage import median_filter

import genrelib
from genrelib.features import hpss
from genrelib.features.hpss import LANES, TAPS, running_median


def reference(x: np.ndarray) -> np.ndarray:
    """Return what librosa asks SciPy for, turned by 90 degrees.

    For two rows SciPy 1.17 gives other medians in another layout of the same numbers; there the
    definition decides.
    """
    if len(x) == 2:
        rows = np.pad(x, ((TAPS // 2, TAPS // 2), (0, 0)), mode="symmetric")
        return np.stack([np.median(rows[i : i + TAPS], axis=0) for i in range(len(x))])
    return median_filter(x, size=(TAPS, 1), mode="reflect")


SHAPES = [
    (1, 1), (2, 3), (5, 7), (14, 2), (15, 4), (16, 5), (17, 6), (30, 2), (31, 31), (32, 8),
    (33, 1), (47, 9), (64, LANES - 1), (65, LANES), (40, LANES + 1), (100, 2 * LANES + 5),
    (259, 64), (1, 300), (1025, 3),
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", ["different", "ties", "zeros and ones", "huge and tiny"])
def test_medians_are_those_of_scipy_to_the_last_bit(shape: tuple[int, int], kind: str) -> None:
    rng = np.random.default_rng(5)
    x = rng.random(shape).astype(np.float32)
    if kind == "ties":
        x = x.round(1)
    elif kind == "zeros and ones":
        x = (x > 0.5).astype(np.float32)
    elif kind == "huge and tiny":
        x = np.float32(10) ** rng.integers(-44, 38, shape).astype(np.float32)
    found = running_median(x)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, reference(x))


numbers = st.floats(min_value=0, max_value=2.0**100, width=32).map(abs)


@settings(max_examples=100, deadline=None)
@given(
    x=arrays.arrays(np.float32, st.tuples(st.integers(1, 70), st.integers(1, 5)), elements=numbers)
)
def test_medians_of_anything_are_those_of_scipy(x: np.ndarray) -> None:
    np.testing.assert_array_equal(running_median(x), reference(x))


@pytest.mark.slow
def test_doubles_and_views_are_filtered_too() -> None:
    x = np.random.default_rng(1).random((40, 60))
    np.testing.assert_array_equal(running_median(x), reference(x))
    np.testing.assert_array_equal(running_median(x.T), reference(x.T))
    np.testing.assert_array_equal(running_median(x[::2, ::-1]), reference(x[::2, ::-1]))


def test_networks_sort() -> None:
    # What sorts every row of zeros and ones sorts everything (Knuth 5.3.4, theorem Z).
    for n in (2, 4, 8, 16):
        rows = (np.arange(2**n)[:, np.newaxis] >> np.arange(n)) & 1
        for low, high in hpss._network(n):
            pair = rows[:, [low, high]]
            rows[:, low], rows[:, high] = pair.min(axis=1), pair.max(axis=1)
        assert (np.diff(rows, axis=1) >= 0).all()


def signals() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    noise = rng.normal(size=66_150).astype(np.float32)
    half = noise.copy()
    half[20_000:] = 0
    return {
        "noise": noise,
        "silence": np.zeros(66_150, np.float32),
        "half silence": half,
        "nearly silence": noise * np.float32(1e-40),
        "tone": librosa.tone(440, sr=22050, length=66_150).astype(np.float32),
        "short": noise[:3000],
        "one frame": noise[:400],
    }


@pytest.mark.filterwarnings("ignore:n_fft=2048 is too large")
@pytest.mark.parametrize("name", signals())
def test_parts_are_those_of_librosa_to_the_last_bit(name: str) -> None:
    magnitude = np.abs(librosa.stft(signals()[name]))
    expected = librosa.decompose.hpss(magnitude)
    for given_ in (magnitude, np.ascontiguousarray(magnitude)):
        for part, of_librosa in zip(hpss.hpss(given_), expected, strict=True):
            assert part.dtype == np.float32
            np.testing.assert_array_equal(part, of_librosa)


def test_the_magnitude_given_stays_as_it_was() -> None:
    magnitude = np.random.default_rng(3).random((50, 40)).astype(np.float32)
    before = magnitude.copy()
    hpss.hpss(magnitude)
    np.testing.assert_array_equal(magnitude, before)


@pytest.mark.slow
def test_what_is_compiled_is_kept_where_the_package_may_not_be_written(tmp_path: Path) -> None:
    """The first process compiles into the user's cache, the second finds it there."""
    package = tmp_path / "genrelib" / "features"
    package.mkdir(parents=True)
    for name in ("__init__.py", "__init__.pyi", "hpss.py"):
        shutil.copy(Path(hpss.__file__).with_name(name), package / name)
    for name in ("__init__.py", "__init__.pyi"):
        shutil.copy(Path(genrelib.__file__).with_name(name), package.parent / name)
    # A file in the place of the folder: not to be written even by those who may write anywhere.
    (package / "__pycache__").write_text("")
    home = tmp_path / "home"
    home.mkdir()
    ask = (
        "import numpy as np; from genrelib.features import hpss; "
        "hpss.running_median(np.ones((20, 2))); "
        "print(sum(hpss._medians.stats.cache_hits.values()))"
    )
    environment = {
        k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "PYTHONPATH")
    }
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    hits = [
        subprocess.run(
            [sys.executable, "-c", ask],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
        ).stdout.split()
        for _ in range(2)
    ]  # fmt: skip
    assert hits == [["0"], ["1"]]
