"""Runs over a collection: what they write, and that nothing that happens to them changes it."""

from __future__ import annotations

import errno
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import filelock
import librosa
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import soundfile as sf
from library import GENRES, content, write_library
from record_extract import measuring

from genrelib.book import madefrom
from genrelib.cli.app import INTERRUPTED
from genrelib.collections import plan, running as runs
from genrelib.collections.extraction import _Progress, extract
from genrelib.collections.plan import Batch, ExtractError
from genrelib.collections.worker import Report
from genrelib.corpus import store
from genrelib.corpus.audio import SAMPLE_RATE
from genrelib.corpus.check import check_corpus
from genrelib.corpus.places import RECORDED
from genrelib.corpus.store import StoreError, open_features
from genrelib.corpus.table import CorpusError
from genrelib.corpus.tracks import Corpus, list_corpora, load_corpus
from genrelib.features import families, fingerprints, measuring as slices_of_one_file
from genrelib.features.families import FEATURES, FRAME_BANDS, STUDY, Feature, Spectra, columns
from genrelib.features.slicing import slice_tracks
from genrelib.features.tables import (
    ear_table,
    feature_table,
    frames,
    study_table,
    tag_table,
    usable,
)

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TRACKS, SLICES, BATCH = 8, 10, 2
STUDY_TABLES = ["study_means", "study_instant"]
posix = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


def set_features(patch: pytest.MonkeyPatch, own: list[Feature]) -> None:
    """Let these be the features of the book."""
    for module in (families, plan):
        patch.setattr(module, "FEATURES", own)


LIGHT = [feature for feature in FEATURES if feature.name in ("rms", "centroid")]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_library(tmp_path_factory.mktemp("music"), TRACKS)


@pytest.fixture
def music(library: Path) -> Corpus:
    return load_corpus(f"folder:{library}", on_error="skip")


@pytest.fixture(scope="module")
def undisturbed(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The measurements of the library, by a run that nothing happened to."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    command(library, folder).wait(300)
    return folder


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two quick features instead of all."""
    set_features(monkeypatch, LIGHT)


def in_this_process(
    batches: Iterator[Batch], jobs: int, work: Callable[[Batch], Report]
) -> Iterator[Report]:
    """Stand in for the processes of a run, where it is not about them."""
    # Without a parent: a worker ends itself when its parent is another than it was told.
    yield from (work(replace(batch, parent=0)) for batch in batches)


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No processes: they take long to begin, and most tests are about what they write."""
    monkeypatch.setattr(runs, "here", in_this_process)


@pytest.fixture
def copy(undisturbed: Path, tmp_path: Path) -> Path:
    """A finished run to be spoiled."""
    return Path(shutil.copytree(undisturbed, tmp_path / "copy"))


def command(library: Path, folder: Path, *options: str, **how: object) -> subprocess.Popen[str]:
    """Start the command, as the head of a process group of its own."""
    line = [sys.executable, "-m", "genrelib", "extract", f"folder:{library}", "-o", str(folder)]
    return subprocess.Popen(
        [*line, "--jobs", "2", "--batch", str(BATCH), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
        **how,
    )


def run(music: Corpus, folder: Path, **options: object) -> list[Report]:
    """Measure, in workers of this process if not `inline`; return what was reported."""
    reports: list[Report] = []
    extract(music, folder, **{"jobs": 2, "batch": BATCH, "progress": False} | options,
            report=reports.append)  # fmt: skip
    return reports


# --- what is written -------------------------------------------------------------------------


def test_the_rows_are_those_of_the_feature_table(music: Corpus, undisturbed: Path) -> None:
    """Value for value, in the order of the slices, under the same names."""
    good = usable(music, progress=False)
    slices = slice_tracks(good.tracks)
    assert len(slices) == SLICES
    table = open_features(undisturbed).to_table()
    assert table.column_names == [
        "slice_id", *slices.columns, *columns(), *STUDY_TABLES, *FRAME_BANDS
    ]  # fmt: skip
    assert set(table.select(columns()).schema.types) == {pa.float32()}
    read = table.drop_columns([*STUDY_TABLES, *FRAME_BANDS]).to_pandas().set_index("slice_id")
    assert read.index.tolist() == slices.index.tolist()
    pd.testing.assert_frame_equal(
        read[slices.columns].astype(object).where(read[slices.columns].notna(), None),
        pd.DataFrame(slices.astype(object)),
    )
    np.testing.assert_array_equal(read[columns()], feature_table(good, slices))
    for kind, bands in FRAME_BANDS.items():
        column = table.column(kind).combine_chunks()
        assert column.type == pa.list_(pa.float16(), 130 * bands)
        values = column.flatten().to_numpy().astype(np.float32).reshape(SLICES, 130, bands)
        np.testing.assert_array_equal(values, frames(kind, good, slices))


def test_the_manifest_says_what_was_measured_and_how(music: Corpus, undisturbed: Path) -> None:
    manifest = store.read_manifest(undisturbed)
    assert manifest.corpus == music.name
    assert manifest.definitions == fingerprints.feature_definitions()
    assert manifest.columns == columns()
    assert manifest.frames == ["mfcc", "mel"]
    assert (manifest.slice_length, manifest.batch) == (6.0, BATCH)
    assert (manifest.tracks, manifest.slices, manifest.parts) == (TRACKS + 1, SLICES + 1, 5)
    assert {"python", "genrelib", "librosa", "numpy"} <= set(manifest.versions)
    tracks, broken = store.read_tracks(undisturbed)
    pd.testing.assert_frame_equal(tracks.drop(columns="batch"), music.tracks)
    assert tracks["batch"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4]
    assert {Path(path).name for _, path, _ in broken} == {"words.wav", "empty.flac"}


def test_broken_files_are_listed_with_path_and_reason(undisturbed: Path, library: Path) -> None:
    errors = pq.read_table(undisturbed / "errors.parquet").to_pandas()
    assert errors.columns.tolist() == ["track_id", "path", "reason", "used"]
    assert errors["path"].str.startswith(str(library)).all()
    reasons = {Path(row.path).name: row.reason for row in errors.itertuples()}
    assert set(reasons) == {"words.wav", "empty.flac", "damaged.flac"}
    assert "empty" in reasons["empty.flac"]
    assert "decod" in reasons["damaged.flac"]
    assert errors["track_id"].dropna().tolist() == ["ambient.damaged"]


@pytest.mark.usefixtures("inline")
def test_parts_hold_no_time_of_day_and_nothing_of_the_process(copy: Path, music: Corpus) -> None:
    before = content(copy)
    for path in copy.glob("*"):
        path.unlink()
    run(music, copy)
    assert content(copy) == before


@pytest.mark.usefixtures("light", "inline")
def test_a_part_of_broken_files_only(tmp_path: Path) -> None:
    root = write_library(tmp_path / "music", 1)
    music = load_corpus(f"folder:{root}", on_error="skip")
    assert len(music.tracks) == 2
    reports = run(music, tmp_path / "out", batch=1)
    assert sorted(report.slices for report in reports) == [0, 1]
    table = open_features(tmp_path / "out").to_table()
    assert table.column("track_id").to_pylist() == ["ambient.000"]
    assert len(load_corpus(f"features:{tmp_path / 'out'}", on_error="skip").tracks) == 1


@pytest.mark.usefixtures("light", "inline")
def test_tracks_shorter_than_a_slice_are_not_counted_as_measured(tmp_path: Path) -> None:
    root = write_library(tmp_path / "music", 3)
    y, rate = sf.read(root / "jazz" / "001.wav")
    sf.write(root / "jazz" / "short.wav", y[: 2 * rate], rate)
    music = load_corpus(f"folder:{root}", on_error="skip")
    assert "jazz.short" in music.tracks.index
    for _ in range(2):  # measured, then found
        summary = extract(music, tmp_path / "out", batch=2, progress=False)
        assert (summary.tracks, summary.slices) == (3, 4)
        assert len(summary.broken) == 3
    table = open_features(tmp_path / "out").to_table(columns=["track_id"])
    assert len(set(table["track_id"].to_pylist())) == summary.tracks


@pytest.mark.usefixtures("light", "inline")
def test_one_odd_file_does_not_end_the_run(
    tmp_path: Path, music: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def centroid(spectra: Spectra) -> np.ndarray:
        if spectra.y[0] == 0.25:
            raise ZeroDivisionError("no sound")
        return spectra.y[None, :8]

    set_features(monkeypatch, [Feature("first", "rms", centroid)])
    y = np.full(6 * SAMPLE_RATE, 0.25, np.float32)
    root = write_library(tmp_path / "music", 2, faults=False)
    sf.write(root / "jazz" / "odd.wav", y, SAMPLE_RATE, subtype="FLOAT")
    run(load_corpus(f"folder:{root}"), tmp_path / "out")
    (error,) = store.read_errors(tmp_path / "out").itertuples()
    assert (error.track_id, Path(error.path).name) == ("jazz.odd", "odd.wav")
    assert error.reason == "cannot be measured (ZeroDivisionError: no sound)"


@pytest.mark.usefixtures("light")
def test_a_feature_of_ones_own_is_measured_too(
    music: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Feature("crossings", "rms", lambda s: librosa.feature.zero_crossing_rate(s.y))
    set_features(monkeypatch, [*LIGHT, own])
    run(music, tmp_path / "out")
    kept = load_corpus(f"features:{tmp_path / 'out'}", on_error="skip")
    good = usable(music, progress=False)
    pd.testing.assert_frame_equal(feature_table(kept), feature_table(good))


# --- taking it up again ----------------------------------------------------------------------


def test_a_finished_run_has_nothing_to_do(copy: Path, music: Corpus) -> None:
    before = content(copy)
    assert run(music, copy) == []
    assert content(copy) == before


def test_only_parts_that_are_not_whole_are_measured(
    copy: Path, music: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(copy)
    parts = [store.part_file(copy, number) for number in range(5)]
    parts[0].unlink()
    parts[1].write_bytes(b"")
    parts[2].write_bytes(parts[2].read_bytes()[:-100])
    pq.write_table(pa.table({"slice_id": ["of", "another"]}), parts[4])
    (copy / ".part-00003.parquet.0123456789ab.part").write_bytes(b"left by a run that was killed")
    assert {report.part for report in run(music, copy, jobs=1)} == {0, 1, 2, 4}
    assert content(copy) == before
    monkeypatch.setattr(runs, "here", in_this_process)
    shutil.copy(parts[1], parts[3])
    assert [report.part for report in run(music, copy)] == [3]
    assert content(copy) == before


def test_a_run_that_ends_early_is_not_taken_for_a_whole_one(copy: Path, music: Corpus) -> None:
    (copy / "part-00003.parquet").unlink()
    for read in (open_features, lambda folder: load_corpus(f"features:{folder}")):
        with pytest.raises(
            ValueError, match=r"not finished, 1 of 5 parts.*genrelib extract folder"
        ):
            read(copy)
    shutil.rmtree(copy)
    with pytest.raises(CorpusError, match="no measurements here"):
        load_corpus(f"features:{copy}")


def test_what_a_run_was_begun_with_must_be_the_same(
    copy: Path, music: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(copy)
    elsewhere = Path(shutil.copytree(music.name.removeprefix("folder:"), tmp_path / "elsewhere"))
    for other, options, words in (
        (music, {"batch": 3}, r"begun with 2 tracks per part, now 3\. Continue with the same"),
        (music, {"frames": False}, r"begun with frames .*'mel'\], now left out"),
        (music, {"ear": True}, r"begun with the pretrained ear left out, now \['ear', 'tags'\]"),
        (
            load_corpus(f"folder:{elsewhere}", "skip"),
            {},
            rf"the corpus folder:.*now .*{elsewhere}",
        ),
        (replace(music, name="sketch"), {}, "the corpus folder:.*, now sketch"),
    ):
        with pytest.raises(StoreError, match=words):
            run(other, copy, **options)
    set_features(monkeypatch, LIGHT)
    with pytest.raises(StoreError, match="feature definitions"):
        run(music, copy)
    assert content(copy) == before


@pytest.mark.usefixtures("light", "inline")
def test_music_that_has_changed_is_noticed(tmp_path: Path) -> None:
    root = write_library(tmp_path / "music", 3, faults=False)
    run(load_corpus(f"folder:{root}"), tmp_path / "out")
    assert run(load_corpus(f"folder:{root}"), tmp_path / "out") == []
    os.utime(root / "jazz" / "001.wav")  # copied, say: another time, the same sound
    assert run(load_corpus(f"folder:{root}"), tmp_path / "out") == []
    before = open_features(tmp_path / "out").to_table().to_pandas().set_index("slice_id")

    y, rate = sf.read(root / "jazz" / "001.wav")
    sf.write(root / "jazz" / "001.wav", y[::-1] * 0.5, rate)
    shutil.copy(root / "noise" / "002.wav", root / "noise" / "new.wav")
    assert len(run(load_corpus(f"folder:{root}"), tmp_path / "out")) == 2
    after = open_features(tmp_path / "out").to_table().to_pandas().set_index("slice_id")
    new = sorted(set(after.index) - set(before.index))
    assert new and all(name.startswith("noise.new") for name in new)
    same = (after.loc[before.index, "rms_mean"] == before["rms_mean"]).groupby(before["track_id"])
    assert same.all().to_dict() == {"ambient.000": True, "jazz.001": False, "noise.002": True}


@pytest.mark.usefixtures("light", "inline")
def test_deleted_tracks_leave_and_repaired_ones_come(tmp_path: Path) -> None:
    root = write_library(tmp_path / "music", 9)
    run(load_corpus(f"folder:{root}", on_error="skip"), tmp_path / "out", batch=2)
    before = (tmp_path / "out" / "manifest.json").read_text()
    for path in sorted((root / "ambient").glob("0*.wav")):  # all of the first part, and more
        path.unlink()
    shutil.copy(root / "noise" / "002.wav", root / "ambient" / "damaged.flac")
    music = load_corpus(f"folder:{root}", on_error="skip")
    run(music, tmp_path / "out", batch=2)
    kept = load_corpus(f"features:{tmp_path / 'out'}", on_error="skip")
    assert kept.tracks.index.tolist() == music.tracks.index.tolist()
    assert len(kept.skipped) == len(music.skipped) == 2
    assert run(music, tmp_path / "out", batch=2) == []
    # Killed between writing the table and the manifest: the next run writes both.
    now = (tmp_path / "out" / "manifest.json").read_text()
    assert now != before
    (tmp_path / "out" / "manifest.json").write_text(before)
    assert run(music, tmp_path / "out", batch=2) == []
    assert (tmp_path / "out" / "manifest.json").read_text() == now
    fresh = tmp_path / "fresh"
    run(music, fresh, batch=2)
    one, other = (
        open_features(where).to_table().to_pandas().sort_values("slice_id").reset_index(drop=True)
        for where in (tmp_path / "out", fresh)
    )
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.usefixtures("light", "inline")
def test_what_is_heard_in_part_is_measured_and_listed(tmp_path: Path) -> None:
    root = write_library(tmp_path / "music", 3, faults=False)
    y, rate = sf.read(root / "noise" / "002.wav")
    sf.write(root / "noise" / "cut.wav", np.tile(y, 3), rate)
    data = (root / "noise" / "cut.wav").read_bytes()
    (root / "noise" / "cut.wav").write_bytes(data[: len(data) // 2])
    for _ in range(2):  # measured, then found
        summary = extract(load_corpus(f"folder:{root}"), tmp_path / "out", progress=False)
        assert summary.broken.empty and summary.notes["track_id"].tolist() == ["noise.cut"]
        assert "1 file heard in part or odd, see errors.parquet" in str(summary)
    (error,) = store.read_errors(tmp_path / "out").itertuples()
    assert error.used and "seconds that it promises can be heard" in error.reason
    assert "noise.cut" in load_corpus(f"features:{tmp_path / 'out'}").tracks.index


def test_a_folder_that_holds_something_else_is_left_alone(music: Corpus, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match=r"not empty \(thesis\.tex\)"):
        run(music, tmp_path)


def test_audio_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENRELIB_DATA", str(tmp_path))
    with pytest.raises(
        ExtractError, match=r"no audio on disk for 100 of its tracks.*GENRELIB_DATA"
    ):
        run(load_corpus("gtzan-mini"), tmp_path / "out")


# --- killed ----------------------------------------------------------------------------------


def whole_parts(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("part-*.parquet")}


def kill_and_continue(library: Path, folder: Path, kills: int, seed: int) -> int:
    """Kill runs at random moments until one comes to its end; return how many were killed."""
    rng = np.random.default_rng(seed)
    killed, seen = 0, set()
    while killed < kills:
        process = command(library, folder)
        try:
            if rng.random() < 0.5:  # anywhere, from the first import on
                process.wait(rng.uniform(0, 6))
            else:  # where it hurts: around the writing of a part
                deadline = time.monotonic() + 60
                while whole_parts(folder) == seen and process.poll() is None:
                    assert time.monotonic() < deadline, "no part in a minute"
                    time.sleep(0.002)
                process.wait(rng.uniform(0, 0.4))
        except subprocess.TimeoutExpired:
            killed += 1
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        assert seen <= whole_parts(folder), "a finished part is gone"
        seen = whole_parts(folder)
        if (folder / "errors.parquet").exists():
            break
    assert seen, "no progress"
    return killed


@posix
@pytest.mark.slow
def test_killed_runs_go_on_and_give_the_same(
    library: Path, undisturbed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    assert kill_and_continue(library, folder, 3, seed=0) > 0
    process = command(library, folder)
    assert process.wait(300) == 0, process.communicate()
    assert content(folder) == content(undisturbed)


@posix
@pytest.mark.slow
@pytest.mark.full
def test_runs_killed_thirty_times_give_the_same(tmp_path: Path) -> None:
    library = write_library(tmp_path / "music", 40)
    reference = tmp_path / "reference"
    assert command(library, reference).wait(600) == 0
    killed, rounds = 0, 0
    while killed < 30:
        folder = tmp_path / f"out{rounds}"
        killed += kill_and_continue(library, folder, 30 - killed, seed=rounds + 1)
        rounds += 1
        process = command(library, folder)
        assert process.wait(600) == 0, process.communicate()
        assert content(folder) == content(reference)
    print(f"{killed} kills in {rounds} rounds")


@posix
@pytest.mark.usefixtures("light")
def test_a_worker_that_dies_ends_the_run_with_a_word(
    music: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(report: Report) -> None:
        os.kill(report.process, signal.SIGKILL)

    folder = tmp_path / "out"
    with pytest.raises(ExtractError, match=r"worker process was killed.*Run the same command"):
        extract(music, folder, jobs=1, batch=1, progress=False, report=kill)
    kept = whole_parts(folder)
    assert kept
    monkeypatch.setattr(runs, "here", in_this_process)
    reports = run(music, folder, batch=None)
    assert kept.isdisjoint(f"part-{report.part:05d}.parquet" for report in reports)
    assert open_features(folder).count_rows() == SLICES


@posix
def test_ctrl_c_keeps_what_is_finished(library: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    process = command(library, folder)
    while not whole_parts(folder) and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, err = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED, err
    assert "stopped; what was finished is kept" in err
    assert "Traceback" not in err
    assert whole_parts(folder)
    assert list(folder.glob(".*.part")) == []


@posix
def test_workers_do_not_outlive_a_run_that_was_killed(library: Path, tmp_path: Path) -> None:
    """The process alone is killed, as when the memory is used up, not its workers."""
    import psutil

    process = command(library, tmp_path / "out")
    while not whole_parts(tmp_path / "out") and process.poll() is None:
        time.sleep(0.02)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(workers, timeout=60)
    try:
        assert alive == []
    finally:
        for worker in alive:
            worker.kill()
        for stream in (process.stdout, process.stderr):
            stream.close()


# --- strict, quiet, progress -----------------------------------------------------------------


def test_the_command_counts_what_it_did(library: Path, undisturbed: Path, copy: Path) -> None:
    process = command(library, copy)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "10 slices of 8 tracks in 5 parts; 3 files cannot be used, see errors.parquet" in out
    assert "nothing was left to do" in out
    (copy / "part-00000.parquet").unlink()
    process = command(library, copy, "--quiet")
    assert process.communicate(timeout=120) == ("", "")
    assert process.returncode == 0


def test_strict_makes_broken_files_fatal(
    library: Path, undisturbed: Path, tmp_path: Path, music: Corpus
) -> None:
    folder = tmp_path / "out"
    process = command(library, folder, "--strict")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert re.search(r"error: 2 files cannot be used:\n.*empty\.flac.*\n.*words\.wav", err)
    assert "Traceback" not in err
    assert not folder.exists()


@pytest.mark.usefixtures("light", "inline")
def test_strict_also_holds_for_what_decoding_shows(library: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(library, tmp_path / "music"))
    (root / "jazz" / "words.wav").unlink()
    (root / "jazz" / "empty.flac").unlink()
    music = load_corpus(f"folder:{root}", on_error="skip")
    for _ in range(2):  # a second run finds it again, though its part is there
        with pytest.raises(ExtractError, match=r"1 file cannot be used:\n.*damaged\.flac"):
            run(music, tmp_path / "out", strict=True)
    kept = whole_parts(tmp_path / "out")
    assert kept
    shutil.copy(root / "ambient" / "000.wav", root / "ambient" / "damaged.flac")
    run(music, tmp_path / "out", strict=True)
    assert len(store.read_errors(tmp_path / "out")) == 0
    assert open_features(tmp_path / "out").count_rows() == SLICES + 1


def test_progress_is_told_line_by_line_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Progress, "EVERY", 0.0)
    with _Progress(100, 20, True) as bar:
        for number in range(2):
            broken = [("a", "/a.wav", "empty")] * number
            bar.add(Report(number, 8, 40 - number, number, broken, [], 1000, 1.0, 0, 1))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert re.search(r"60/100 .*slice/s\]", lines[0])
    assert re.search(r"100/100 .*1 broken\]", lines[1])


@pytest.mark.usefixtures("light", "inline")
def test_progress_comes_to_its_end(
    music: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With slices of broken files, whether met now or by a run before."""
    bars = []
    monkeypatch.setattr(_Progress, "__exit__", lambda self, *_: bars.append(self.bar))
    folder = tmp_path / "out"
    run(music, folder, progress=True)
    (folder / "part-00002.parquet").unlink()
    run(music, folder, progress=True)
    assert [(bar.n, bar.total) for bar in bars] == 2 * [(SLICES + 1, SLICES + 1)]
    assert 0 < bars[1].initial < SLICES + 1


# --- disks -----------------------------------------------------------------------------------


@posix
def test_a_limit_on_file_size_is_a_clear_error(library: Path, tmp_path: Path) -> None:
    """The kernel refuses to write on, as it does on a full disk, whoever runs this test."""
    resource = pytest.importorskip("resource")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    process = command(library, tmp_path / "out", preexec_fn=limit)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert re.search(
        r"^error: .*part-0000\d\.parquet: cannot be written \(File too large\)", err, re.M
    )
    assert "Traceback" not in err
    assert {path.name for path in (tmp_path / "out").iterdir()} <= {
        ".lock", "manifest.json", "tracks.parquet"
    }  # fmt: skip


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=500k", "tmpfs", str(disk)]
    if (
        os.name != "posix"
        or os.getuid()
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("only an administrator can mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.usefixtures("inline")
def test_a_full_disk_is_a_clear_error_and_keeps_what_is_finished(
    library: Path, music: Corpus, undisturbed: Path, small_disk: Path
) -> None:
    folder = small_disk / "out"
    process = command(library, folder, "--jobs", "1")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert re.search(
        r"^error: .*part-0000\d\.parquet: cannot be written \(No space left", err, re.M
    )
    assert "free some space, then run the same command again" in err
    assert "Traceback" not in err
    kept = whole_parts(folder)
    assert kept
    assert list(folder.glob(".*.part")) == []
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    run(music, folder)
    assert content(folder) == content(undisturbed)


def test_a_read_only_disk_is_a_clear_error(library: Path, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    process = command(library, small_disk / "out")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "out: cannot be written (Read-only file system). Choose a folder" in err
    assert "Traceback" not in err


def test_a_folder_below_a_file_is_a_clear_error(music: Corpus, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"out: cannot be written \(Not a directory\)\. Choose"):
        run(music, tmp_path / "file" / "out")
    with pytest.raises(StoreError, match=r"file: cannot be written \(File exists\)\. Choose"):
        run(music, tmp_path / "file")


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / "a").write_text("old")
    with pytest.raises(StoreError, match=r"/a: cannot be written \(No space left.*disk is full"):
        store.write_file(tmp_path / "a", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


@pytest.mark.usefixtures("light", "inline")
def test_a_file_that_vanishes_is_a_broken_file(tmp_path: Path) -> None:
    root = write_library(tmp_path / "music", 4, faults=False)
    music = load_corpus(f"folder:{root}")
    (root / "jazz" / "001.wav").unlink()
    summary = extract(music, tmp_path / "out", jobs=1, batch=2, progress=False)
    (error,) = summary.broken.itertuples()
    assert (error.track_id, error.reason) == ("jazz.001", "no such file")
    assert (summary.tracks, summary.slices) == (3, 3)
    kept = load_corpus(f"features:{tmp_path / 'out'}", on_error="skip")
    assert "jazz.001" not in kept.tracks.index
    assert kept.skipped["path"].tolist() == [str(root / "jazz" / "001.wav")]
    # A second run lists the folder anew: that file leaves, and only its part is written again.
    assert [r.slices for r in run(load_corpus(f"folder:{root}"), tmp_path / "out", batch=2)] == [1]
    assert load_corpus(f"features:{tmp_path / 'out'}").skipped.empty


@pytest.mark.usefixtures("light", "inline")
@pytest.mark.parametrize("left", [True, False])
def test_a_disk_that_goes_away_is_not_a_library_of_broken_files(
    tmp_path: Path, left: bool
) -> None:
    root = write_library(tmp_path / "music", 4, faults=False)
    music = load_corpus(f"folder:{root}")
    shutil.rmtree(root)
    if left:  # the place where a disk is mounted stays when the disk goes
        root.mkdir()
    with pytest.raises(ExtractError, match=rf"{root}: the audio is not there any more"):
        run(music, tmp_path / "out")
    assert whole_parts(tmp_path / "out") == set()


# --- two at a time ---------------------------------------------------------------------------


@pytest.mark.usefixtures("inline")
def test_two_runs_do_not_write_into_one_folder(
    library: Path, music: Corpus, tmp_path: Path, undisturbed: Path
) -> None:
    folder = tmp_path / "out"
    said: list[str] = []

    def start_another(report: Report) -> None:
        if not said:
            process = command(library, folder)
            said.append(process.communicate(timeout=120)[1])
            assert process.returncode == 1

    extract(music, folder, batch=BATCH, progress=False, report=start_another)
    assert f"error: {folder}: another run is writing here" in said[0]
    assert "Traceback" not in said[0]
    assert content(folder) == content(undisturbed)


def test_the_lock_of_a_dead_run_is_no_lock(copy: Path, music: Corpus) -> None:
    (copy / ".lock").write_text("12345")
    assert run(music, copy) == []
    with filelock.FileLock(copy / ".lock"), pytest.raises(ExtractError, match="another run"):
        run(music, copy)


# --- read back -------------------------------------------------------------------------------


def test_a_folder_of_measurements_is_a_corpus(music: Corpus, copy: Path) -> None:
    kept = load_corpus(f"features:{copy}", on_error="skip")
    good = usable(music, progress=False)
    assert not kept.has_audio
    assert usable(kept).tracks.equals(kept.tracks)
    pd.testing.assert_frame_equal(
        kept.tracks.drop(columns="path"), good.tracks.drop(columns="path")
    )
    assert len(kept.skipped) == 3
    slices = slice_tracks(kept.tracks)
    pd.testing.assert_frame_equal(feature_table(kept), feature_table(good))
    some = slices.sample(5, random_state=2)
    pd.testing.assert_frame_equal(feature_table(kept, some), feature_table(good, some))
    for kind in FRAME_BANDS:
        np.testing.assert_array_equal(frames(kind, kept, some), frames(kind, good, some))
    for which in STUDY:
        pd.testing.assert_frame_equal(study_table(which, kept), study_table(which, good))
    with pytest.raises(CorpusError, match="does not hold slices such as"):
        feature_table(kept, slice_tracks(kept.tracks, 3.0))


def test_a_folder_from_before_recordings_were_told_apart_is_read(copy: Path) -> None:
    table = pq.read_table(copy / "tracks.parquet")
    pq.write_table(table.drop_columns(["recording"]), copy / "tracks.parquet")
    kept = load_corpus(f"features:{copy}", on_error="skip")
    assert kept.tracks["recording"].isna().all()
    slices = slice_tracks(kept)
    assert slices["recording"].equals(slices["track_id"].rename("recording"))
    assert len(feature_table(slices)) == len(slices)


def test_it_adds_up_with_others(copy: Path, library: Path) -> None:
    both = load_corpus(f"gtzan-mini+features:{copy}", on_error="skip")
    assert len(both.tracks) == 100 + TRACKS
    assert set(GENRES) < set(both.genres)
    few = replace(both, tracks=both.tracks.groupby("genre").head(1).assign(path=None))
    assert feature_table(few).index.str.contains("noise.002:0").any()
    moved = Path(shutil.copytree(copy, copy.parent / "moved"))
    for name in (f"folder:{library}+features:{copy}", f"features:{copy}+features:{moved}"):
        with pytest.raises(CorpusError, match=rf"{library} would be in the sum twice"):
            load_corpus(name, on_error="skip")


@pytest.mark.usefixtures("light", "inline")
def test_ids_in_common_are_told_apart(tmp_path: Path) -> None:
    names = []
    for name in ("first", "second"):
        root = write_library(tmp_path / name, 3, faults=False)
        run(load_corpus(f"folder:{root}"), tmp_path / f"{name}-out")
        names.append(f"features:{tmp_path / name}-out")
    both = load_corpus("+".join(names))
    assert both.tracks.index[3:].str.startswith("second-out.").all()
    table = feature_table(both)
    np.testing.assert_array_equal(table.iloc[:4], table.iloc[4:])


def test_other_definitions_are_readable_while_the_columns_are_there(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = load_corpus(f"features:{copy}", on_error="skip")
    whole = feature_table(kept)
    set_features(monkeypatch, FEATURES[::-2])
    pd.testing.assert_frame_equal(feature_table(kept), whole[columns()])
    new = Feature("crossings", "rms", lambda s: librosa.feature.zero_crossing_rate(s.y))
    set_features(monkeypatch, [*FEATURES, new])
    with pytest.raises(CorpusError, match=r"has no crossings_max \(4 columns.*other definitions"):
        feature_table(kept)


@pytest.mark.usefixtures("light", "inline")
def test_without_frames_there_is_a_word_for_who_asks_for_them(
    music: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> np.ndarray:
        raise AssertionError("frames that nobody keeps are not computed")

    monkeypatch.setattr(slices_of_one_file, "sequence", never)
    run(music, tmp_path / "out", frames=False)
    kept = load_corpus(f"features:{tmp_path / 'out'}", on_error="skip")
    assert len(feature_table(kept)) == SLICES
    with pytest.raises(CorpusError, match=r"no mel .*made with --no-frames.*genrelib extract"):
        frames("mel", kept)


@pytest.mark.usefixtures("light", "inline")
def test_the_ear_listens_where_it_is_asked_to(music: Corpus, tmp_path: Path) -> None:
    with_, without = tmp_path / "with", tmp_path / "without"
    run(music, with_, frames=False, ear=True)
    assert run(music, with_, frames=False, ear=True) == []
    run(music, without, frames=False)
    kept = load_corpus(f"features:{with_}", on_error="skip")
    good = usable(music, progress=False)
    pd.testing.assert_frame_equal(ear_table(kept), ear_table(good))
    pd.testing.assert_frame_equal(tag_table(kept), tag_table(good))
    pd.testing.assert_frame_equal(feature_table(kept), feature_table(good))
    assert "ear" not in open_features(without).schema.names
    words = rf"{without} has no ear .*made without --ear\..*extract folder:.* -o NEW_FOLDER --ear`"
    with pytest.raises(CorpusError, match=words):
        ear_table(load_corpus(f"features:{without}", on_error="skip"))
    store.part_file(with_, 1).unlink()
    with pytest.raises(StoreError, match=rf"-o {with_} --no-frames --ear`"):
        open_features(with_)


def test_a_part_that_was_damaged_since_is_named(
    copy: Path, music: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it was cut short, or changed inside, before the folder is opened or after."""
    words = r"{}: cannot be read \(.*\)\. Delete it and run the same command again: `genrelib ext"
    kept, whole = load_corpus(f"features:{copy}", on_error="skip"), content(copy)
    before = feature_table(kept)
    for number, damage in (
        (0, lambda whole: whole[: len(whole) // 2]),
        (3, lambda whole: whole[:-1]),
        (4, lambda whole: b""),
        (2, lambda whole: whole[:4] + bytes(len(whole) // 2) + whole[4 + len(whole) // 2 :]),
    ):
        part = store.part_file(copy, number)
        part.write_bytes(damage(part.read_bytes()))
        with pytest.raises(CorpusError, match=words.format(re.escape(str(part)))):
            feature_table(kept)
        if number != 2:  # its beginning and end are as they should be
            for read in (open_features, lambda folder: load_corpus(f"features:{folder}", "skip")):
                with pytest.raises(ValueError, match=words.format(re.escape(str(part)))):
                    read(copy)
        part.unlink()
        with monkeypatch.context() as patch:
            patch.setattr(runs, "here", in_this_process)
            assert [report.part for report in run(music, copy)] == [number]
        assert content(copy) == whole
    pd.testing.assert_frame_equal(feature_table(kept), before)


def test_it_is_read_lazily(undisturbed: Path) -> None:
    data = open_features(undisturbed)
    assert isinstance(data, ds.Dataset)
    assert len(data.files) == 5
    table = data.to_table(columns=["slice_id", "rms_mean"], filter=ds.field("genre") == "noise")
    assert table.shape == (2, 2)


def test_a_book_about_it_runs_again_when_a_part_changes(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy.parent)
    corpus, before = madefrom.identify_corpus("features:copy")
    assert corpus == f"features:{copy}"
    assert madefrom.identify_corpus("sketch+features:copy")[0] == f"sketch+features:{copy}"
    assert madefrom.identify_corpus("features:copy")[1] == before
    os.utime(copy / "part-00002.parquet", (1, 1))
    assert madefrom.identify_corpus("features:copy")[1] != before


def test_it_is_listed_but_not_checked(copy: Path) -> None:
    assert "features:PATH" in list_corpora()["name"].tolist()
    with pytest.raises(CorpusError, match="check what it was made from"):
        check_corpus(f"features:{copy}")
    with pytest.raises(CorpusError, match="unknown corpus 'features:'"):
        load_corpus("features:")


def test_a_manifest_that_cannot_be_read_is_named(copy: Path) -> None:
    text = json.loads((copy / "manifest.json").read_text())
    for content_, words in (
        ("{", "cannot be read"),
        (json.dumps(text | {"format": 99}), "another version"),
        (json.dumps(text | {"more": 1}), "cannot be read"),
    ):
        (copy / "manifest.json").write_text(content_)
        with pytest.raises(CorpusError, match=words):
            load_corpus(f"features:{copy}")


# --- what the book quotes --------------------------------------------------------------------


def test_the_recorded_run_is_that_of_the_code_that_measures() -> None:
    recorded = json.loads((RECORDED / "extract.json").read_text("utf-8"))
    assert recorded.get("measuring") == measuring()


def test_the_recorded_run_is_a_large_one_and_kept_within_its_memory() -> None:
    recorded = json.loads((RECORDED / "extract.json").read_text("utf-8"))
    assert [run["processes"] for run in recorded["runs"]] == [1, 2, 2]
    for run in recorded["runs"]:
        assert run["slices"] >= 5000
        assert run["slices"] / run["seconds"] == pytest.approx(run["slices_per_second"], rel=1e-3)
        assert run["memory"]["100%"] < 1e9
        assert run["memory"]["100%"] < 1.1 * run["memory"]["10%"]  # what the page calls none
    assert set(recorded["decode"]) >= {"WAV", "FLAC", "MP3"}
    text = json.dumps(recorded)
    assert platform.node() not in text
    assert "/tmp" not in text and str(Path.home()) not in text


# --- bounded work ----------------------------------------------------------------------------


@pytest.mark.usefixtures("light")
def test_batches_are_handed_out_as_they_are_needed(music: Corpus, tmp_path: Path) -> None:
    """What waits in queues does not grow with the collection."""
    (tmp_path / "out").mkdir()
    manifest, tracks, _ = plan.make_plan(music, tmp_path / "out", 1, False)
    handed_out = []
    batches = plan.deal(manifest, tracks, tmp_path / "out", os.getpid())
    reports = runs.here((handed_out.append(b.number) or b for b in batches), 1)
    next(reports)
    assert len(handed_out) == 2
    assert len(list(reports)) == TRACKS
    assert len(handed_out) == TRACKS + 1


@pytest.mark.usefixtures("light")
def test_workers_keep_to_one_thread(music: Corpus, tmp_path: Path) -> None:
    def threads(spectra: Spectra) -> np.ndarray:
        import numba
        from threadpoolctl import threadpool_info

        counts = [pool["num_threads"] for pool in threadpool_info()]
        return np.array([[max(counts), numba.get_num_threads()]])

    own = Feature("threads", "rms", threads, stats=("max",))
    with pytest.MonkeyPatch.context() as patch:
        set_features(patch, [own])
        run(music, tmp_path / "out", frames=False)
    assert set(open_features(tmp_path / "out").to_table()["threads_max"].to_pylist()) == {1.0}
