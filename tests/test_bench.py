"""Tests of the benchmark: what it compares is alike, and its record is quoted rightly."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from genrelib import bench, results, sketch
from genrelib.audio import SAMPLE_RATE
from genrelib.bench import BenchError, contestants, ours, plain
from genrelib.features import FAMILIES, FEATURES, FRAME_BANDS, columns

README = Path(__file__).parents[1] / "README.md"
HAS_SMILE = importlib.util.find_spec("opensmile") is not None


@pytest.fixture(scope="module")
def y() -> np.ndarray:
    return sketch.render("jazz.sketchB1")[: 6 * SAMPLE_RATE].astype(np.float32)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A whole benchmark, run for a moment on three synthetic clips."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENRELIB_DATA", str(tmp_path_factory.mktemp("no audio")))
        patch.setenv("GENRELIB_QUIET", "1")
        patch.setattr(bench, "ROUNDS", 1)
        return bench.measure(3, 6, 0.05)


# --- the contestants -------------------------------------------------------------------------


def test_the_plain_way_covers_every_family() -> None:
    assert set(bench.PLAIN) == {*FAMILIES, "frames"}
    assert set(contestants()) <= set(bench.NAMES)
    assert ("emobase" in contestants()) == HAS_SMILE


@pytest.mark.parametrize("family", bench.PLAIN)
def test_both_ways_give_the_same_numbers(family: str, y: np.ndarray) -> None:
    mine = np.concatenate([np.ravel(values) for values in ours(y, family)])
    theirs = plain(y, family)
    if family == "frames":
        assert len(mine) == sum(FRAME_BANDS.values()) * 130
        theirs = [values.T for values in theirs]
        tolerance = {"rtol": 2**-10, "atol": 1e-3}  # half precision
    else:
        assert len(mine) == sum(len(f.columns) for f in FEATURES if f.family == family)
        tolerance = {"rtol": 1e-4, "atol": 1e-4}
    if family == "hpss":
        # Of its MFCCs we keep the mean alone.
        assert sum(np.size(values) for values in theirs) == len(mine) + 2 * 20 * 3
        return
    if family != "tonnetz":
        stacked = [np.ravel(values) for values in theirs]
        if family not in ("frames", "tempo"):
            stacked = [np.stack(stacked, axis=1).ravel()]
        np.testing.assert_allclose(mine, np.concatenate(stacked), **tolerance)
    else:
        # librosa estimates the tuning anew for it, in other steps.
        assert sum(np.size(values) for values in theirs) == len(mine)


def test_all_families_are_all_columns(y: np.ndarray) -> None:
    features, sequences = ours(y)[: len(FEATURES)], ours(y)[len(FEATURES) :]
    assert sum(map(np.size, features)) == len(columns())
    assert [values.shape for values in sequences] == [(130, n) for n in FRAME_BANDS.values()]


# --- a run -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_run_times_everything(record: dict[str, Any]) -> None:
    assert record["audio"].startswith("synthetic")
    assert record["n_clips"] == 3
    timed = {(row["what"], row["family"], row["cores"]) for row in record["rows"]}
    for name in contestants():
        assert {(name, "all", 1), (name, "all", 2)} <= timed
    for family in bench.PLAIN:
        assert {("plain", family, 1), ("ours", family, 1)} <= timed
    assert all(row["ms"] > 0 for row in record["rows"])
    assert record["memory"][-1]["slices"] == 6
    assert record["memory"][-1]["mb"] > 50
    assert {"librosa", "numpy", "numba", "python"} <= set(record["versions"])
    json.dumps(record)


def test_memory_is_looked_at_on_the_way(y: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "ours", lambda y: None)
    monkeypatch.setattr(bench, "_shared", [y[:100]])
    slices = [row["slices"] for row in bench._memory(1000)]
    assert slices[0] == 100 and slices[-1] == 1000 and slices == sorted(slices)
    assert [row["slices"] for row in bench._memory(10)] == [10]


def test_nothing_to_measure_is_an_error() -> None:
    with pytest.raises(BenchError, match="at least 1"):
        bench.measure(0, 10)


def test_what_is_printed(record: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(record=True, width=160)
    monkeypatch.setattr(bench, "Console", lambda **_: console)
    bench.show(record)
    text = console.export_text()
    assert all(name in text for name in ("this package", "tonnetz", "load average", "efficiency"))


def test_sentences_and_tables_follow_the_record(record: dict[str, Any]) -> None:
    changed = json.loads(json.dumps(record))
    for row in changed["rows"]:
        row["ms"] = {"plain": 240.0, "ours": 12.0}.get(row["what"], 30.0)
        row |= {"efficiency": 0.97} if "efficiency" in row else {}
    text = bench.readme_part(changed)
    for words in (
        "take 12.0 ms",
        "20 times as long",
        "| 20.0 times |",
        "1.94 times as fast",
        "97%",
    ):
        assert words in text
    assert bench.by_family(changed)["times"].tolist() == ["20.0"] * len(bench.PLAIN)
    assert "this package: 12.0 ms" in bench.alt(changed)
    bars = bench.draw(changed).axes[0].patches
    assert [bar.get_width() for bar in bars[:2]] == [240.0, 12.0]


def test_a_record_is_published_whole(
    record: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "RECORD", tmp_path / "results" / "bench.json")
    with pytest.raises(BenchError, match="genrelib bench --record"):
        bench.load_record()
    readme = tmp_path / "README.md"
    readme.write_text("no marks")
    with pytest.raises(results.ResultsError, match="expected one line"):
        bench.publish(record, readme)
    assert not bench.RECORD.exists()
    readme.write_text("before\n{}\nold\n{}\nafter\n".format(*bench.MARKS))
    bench.publish(record, readme)
    assert bench.load_record() == record
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert bench.readme_part(record) in text


# --- the record that is quoted ---------------------------------------------------------------


def test_the_readme_quotes_the_recorded_benchmark() -> None:
    recorded = bench.load_record()
    text = README.read_text("utf-8")
    quoted = text.split(bench.MARKS[0])[1].split(bench.MARKS[1])[0].strip()
    assert quoted == bench.readme_part(recorded), "README.md is stale: `genrelib bench --record`"


def test_the_recorded_benchmark_is_whole() -> None:
    recorded = bench.load_record()
    assert recorded["audio"] == "GTZAN-mini"
    assert recorded["n_clips"] >= 50
    assert set(recorded["numbers"]) == set(bench.NAMES)
    assert recorded["numbers"]["ours"] == len(columns())
    assert recorded["memory"][-1]["slices"] >= 1000
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", recorded["recorded"])
    assert "/" not in recorded["system"]
