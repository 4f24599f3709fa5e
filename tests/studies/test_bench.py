"""Tests of the benchmark: what it compares is alike, and its record is quoted rightly."""

from __future__ import annotations

import importlib.util
import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from genrelib.book import results, speed
from genrelib.cli.app import _show_bench, app
from genrelib.corpus import sketch
from genrelib.corpus.audio import SAMPLE_RATE
from genrelib.features.families import FAMILIES, FEATURES, FRAME_BANDS, STATS, Spectra, columns
from genrelib.studies import bench, benchtables
from genrelib.studies.contestants import CONTESTANTS, PLAIN, BenchError, contestants, ours, plain

pytestmark = pytest.mark.slow

README = Path(__file__).parents[2] / "README.md"
HAS_SMILE = importlib.util.find_spec("opensmile") is not None


@pytest.fixture(scope="module")
def y() -> np.ndarray:
    return sketch.render_sketch("jazz.sketchB1")[: 6 * SAMPLE_RATE].astype(np.float32)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A whole benchmark, run for a moment on three synthetic clips."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENRELIB_DATA", str(tmp_path_factory.mktemp("no audio")))
        patch.setenv("GENRELIB_QUIET", "1")
        patch.setattr(bench, "ROUNDS", 1)
        return bench.run_bench(3, 6, 0.05)


# --- the contestants -------------------------------------------------------------------------


def test_the_plain_way_covers_every_family() -> None:
    assert set(PLAIN) == {*FAMILIES, "frames"}
    assert set(contestants()) <= set(CONTESTANTS)
    assert ("emobase" in contestants()) == HAS_SMILE


def plainly(family: str, y: np.ndarray) -> np.ndarray:
    """Give the plain numbers in the order of our columns: all statistics of a band together."""
    values = plain(y, family)
    if family == "tempo":
        return np.ravel(values)
    step = len(STATS)
    bands = [np.stack(values[i : i + step], axis=1) for i in range(0, len(values), step)]
    if family == "hpss":
        harmonic, harmonic_mfcc, percussive, percussive_mfcc, ratio = bands
        # Of its MFCCs we keep the mean alone, which is the first of the statistics.
        bands = [harmonic, percussive, ratio, harmonic_mfcc[:, 0], percussive_mfcc[:, 0]]
    return np.concatenate([np.ravel(band) for band in bands])


def by_us(family: str, y: np.ndarray) -> np.ndarray:
    return np.concatenate([np.ravel(values) for values in ours(y, family)])


@pytest.mark.parametrize("family", [f for f in FAMILIES if f != "tonnetz"])
def test_both_ways_give_the_same_numbers(family: str, y: np.ndarray) -> None:
    mine, theirs = by_us(family, y), plainly(family, y)
    assert len(mine) == sum(len(f.columns) for f in FEATURES if f.family == family)
    np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4)


def test_both_ways_give_the_same_frames(y: np.ndarray) -> None:
    mine = by_us("frames", y)
    theirs = np.concatenate([np.ravel(values.T) for values in plain(y, "frames")])
    assert len(mine) == sum(FRAME_BANDS.values()) * 130
    np.testing.assert_allclose(mine, theirs, rtol=2**-10, atol=1e-3)  # half precision


def test_both_ways_to_the_tonnetz_differ_in_the_tuning_alone(
    y: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Left to itself, librosa estimates the tuning anew for it, from other frames.
    tuned = partial(librosa.feature.tonnetz, tuning=3 * Spectra(y).tuning)
    monkeypatch.setattr(librosa.feature, "tonnetz", tuned)
    np.testing.assert_allclose(by_us("tonnetz", y), plainly("tonnetz", y), rtol=1e-4, atol=1e-4)


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
    for family in PLAIN:
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
        bench.run_bench(0, 10)


def test_what_is_printed(record: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(record=True, width=160)
    monkeypatch.setattr("rich.console.Console", lambda **_: console)
    _show_bench(record)
    text = console.export_text()
    words = (
        "this package",
        "tonnetz",
        "load average",
        "efficiency",
        "Goals",
        "emobase in the same",
    )
    assert all(name in text for name in words)


def test_sentences_and_tables_follow_the_record(record: dict[str, Any]) -> None:
    changed = json.loads(json.dumps(record))
    for row in changed["rows"]:
        row["ms"] = {"plain": 240.0, "ours": 12.0}.get(row["what"], 30.0)
        row |= {"efficiency": 0.97} if "efficiency" in row else {}
    text = speed.readme_part(changed)
    for words in (
        "take 12.0 ms",
        "20 times as long",
        "| 20.0 times |",
        "1.94 times as fast",
        "97%",
    ):
        assert words in text
    assert benchtables.bench_by_family(changed)["times"].tolist() == ["20.0"] * len(PLAIN)
    assert "this package: 12.0 ms" in speed.bench_alt(changed)
    bars = speed.draw_bench(changed).axes[0].patches
    assert [bar.get_width() for bar in bars[:2]] == [240.0, 12.0]


# --- the goals -------------------------------------------------------------------------------


def made_up(ours: float, efficiency: float, memory: list[float], smile: bool = True) -> Any:
    """Make a record in which the plain way takes 240 ms and emobase 30."""
    ms = {"plain": 240.0, "ours": ours} | ({"emobase": 30.0} if smile else {})
    # What was timed slice by slice does not count beside the rate of two processes.
    rows = [{"what": k, "family": "all", "cores": 1, "ms": 1.0} for k in ms]
    rows += [row | {"ms": ms[row["what"]], "efficiency": 1.0} for row in rows]
    for what, value in ms.items():
        share = efficiency if what == "ours" else 0.97
        rows.append(
            {"what": what, "family": "all", "cores": 2, "ms": value / 2, "efficiency": share}
        )
    marks = [{"slices": 100 * (i + 1), "mb": mb} for i, mb in enumerate(memory)]
    return {"rows": rows, "memory": marks}


def verdicts(record: dict[str, Any]) -> list[str]:
    return benchtables.goals(record)["verdict"].tolist()


def test_goals_that_are_met() -> None:
    met = made_up(12.0, 0.98, [400, 410, 405])
    assert verdicts(met) == ["met"] * 6
    assert benchtables.goals(met)["measured"].tolist() == [
        "20.0 times",
        "12.0 ms against 30.0 ms",
        "12.0 ms",
        "98.0%",
        "410 MB at most",
        "+1.2% from 100 to 300 slices",
    ]
    assert verdicts(made_up(29.9, 0.95, [400, 999, 400])) == ["met"] * 6


def test_goals_that_are_missed() -> None:
    assert verdicts(made_up(43.0, 0.949, [900, 900, 1000])) == ["missed"] * 6
    # Each for itself: too slow for one, right for another; high on the way, but not growing.
    assert verdicts(made_up(35.0, 0.96, [990, 1001, 990])) == [
        "met", "missed", "met", "met", "missed", "met",
    ]  # fmt: skip
    assert verdicts(made_up(40.0, 0.9, [200, 205, 211])) == [
        "met", "missed", "met", "missed", "met", "missed",
    ]  # fmt: skip
    assert verdicts(made_up(41.0, 0.96, [200]))[0] == "missed"


def test_goals_that_cannot_be_told() -> None:
    found = benchtables.goals(made_up(12.0, 0.98, [400], smile=False))
    assert found["verdict"].tolist() == [
        "met", "not measured", "met", "met", "met", "not measured",
    ]  # fmt: skip


def test_the_recorded_benchmark_is_shown_with_its_goals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genrelib.studies.run_bench", lambda *_: pytest.fail("measured"))
    result = CliRunner().invoke(app, ["bench", "--show"])
    assert result.exit_code == 0, result.output
    for row in benchtables.goals(benchtables.load_bench()).itertuples():
        (line,) = (line for line in result.output.splitlines() if row.Index in line)
        assert row.measured in line and row.verdict in line


# --- the record ------------------------------------------------------------------------------


def test_a_record_is_published_whole(
    record: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchtables, "BENCH", tmp_path / "results" / "bench.json")
    monkeypatch.setattr(speed, "BENCH", benchtables.BENCH)
    with pytest.raises(BenchError, match="genrelib bench --record"):
        benchtables.load_bench()
    readme = tmp_path / "README.md"
    readme.write_text("no marks")
    with pytest.raises(results.ResultsError, match="expected one line"):
        speed.record_bench(record, readme)
    assert not benchtables.BENCH.exists()
    readme.write_text("before\n{}\nold\n{}\nafter\n".format(*speed.MARKS))
    speed.record_bench(record, readme)
    assert benchtables.load_bench() == record
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert speed.readme_part(record) in text


# --- the record that is quoted ---------------------------------------------------------------


def test_the_readme_quotes_the_recorded_benchmark() -> None:
    recorded = benchtables.load_bench()
    text = README.read_text("utf-8")
    quoted = text.split(speed.MARKS[0])[1].split(speed.MARKS[1])[0].strip()
    assert quoted == speed.readme_part(recorded), "README.md is stale: `genrelib bench --record`"


def test_one_core_and_several_are_timed_in_one_way() -> None:
    recorded = benchtables.load_bench()
    most = max(row["cores"] for row in recorded["rows"])
    alone, together = benchtables.bench_ms(recorded), benchtables.bench_ms(recorded, cores=most)
    assert set(alone) == set(together) == set(CONTESTANTS)
    for row in recorded["rows"]:
        if row["family"] == "all" and row["cores"] == most:  # the two say what the third does
            gained = alone[row["what"]] / together[row["what"]]
            assert gained / most == pytest.approx(row["efficiency"], abs=0.05)
    ours = f"{alone['ours']:.1f} ms"
    table = benchtables.bench_overview(recorded).loc["this package"]
    assert f"{table['ms a slice']} ms" == ours
    for text in (benchtables.bench_summary(recorded), speed.bench_alt(recorded)):
        assert ours in text
    assert ours in benchtables.goals(recorded)["measured"].tolist()


def test_the_recorded_benchmark_is_whole() -> None:
    recorded = benchtables.load_bench()
    assert recorded["audio"] == "GTZAN-mini"
    assert recorded["n_clips"] >= 50
    assert set(recorded["numbers"]) == set(CONTESTANTS)
    assert recorded["numbers"]["ours"] == len(columns())
    assert recorded["memory"][-1]["slices"] >= 1000
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", recorded["recorded"])
    assert "/" not in recorded["system"]
