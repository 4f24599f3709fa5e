"""Tests of the tempo: annotations, estimates of whole tracks, accuracy 1 and 2."""

from __future__ import annotations

import os
import runpy
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from genrelib.cli.app import snapshot
from genrelib.corpus.audio import SAMPLE_RATE
from genrelib.corpus.gtzan import gtzan_annotations, gtzan_tempo
from genrelib.corpus.places import PACKAGE_DATA, data_root
from genrelib.corpus.tracks import Corpus, load_corpus
from genrelib.features.tables import feature_table
from genrelib.features.tempo import (
    FACTORS,
    annotated_tempo,
    tempo_accuracy,
    tempo_factor,
    track_tempo,
)

MAKER = PACKAGE_DATA.parents[1] / "tools" / "make_gtzan.py"


@pytest.fixture
def no_audio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Corpus:
    monkeypatch.setenv("GENRELIB_DATA", str(tmp_path))
    return load_corpus("gtzan-mini")


@pytest.fixture
def clicks(tmp_path: Path) -> Corpus:
    """A folder with two tracks of clicks, one at 100 and one at 150 beats per minute."""
    for number, bpm in enumerate((100, 150)):
        path = tmp_path / "mine" / "blues" / f"blues.{number:05d}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        times = np.arange(0, 12, 60 / bpm)
        sound = librosa.clicks(times=times, sr=SAMPLE_RATE, length=12 * SAMPLE_RATE)
        sf.write(path, 0.5 * sound, SAMPLE_RATE)
    return load_corpus(f"folder:{tmp_path / 'mine'}")


# --- the annotations -------------------------------------------------------------------------


def test_all_tracks_of_gtzan_but_one_have_a_tempo() -> None:
    tempo = gtzan_tempo()
    assert tempo.index.is_unique
    assert set(gtzan_annotations().index) - set(tempo.index) == {"reggae.00086"}
    assert set(tempo.index) <= set(gtzan_annotations().index)
    assert tempo.between(30, 330).all()
    assert 100 < tempo.median() < 130
    assert tempo["blues.00000"] == 125.87


def test_the_embedded_tempi_are_those_of_the_annotation_set() -> None:
    folder = data_root() / "gtzan-annotations" / "tempo"
    if not folder.is_dir():
        pytest.skip("no annotations; put gtzan-annotations/tempo/*.bpm under GENRELIB_DATA")
    made = runpy.run_path(str(MAKER))["make_tempo"](folder, set(gtzan_annotations().index))
    pd.testing.assert_series_equal(made.set_index("track_id")["tempo"], gtzan_tempo())


def test_the_maker_refuses_what_is_no_tempo(tmp_path: Path) -> None:
    make = runpy.run_path(str(MAKER))["make_tempo"]
    (tmp_path / "gtzan_rock_00001.bpm").write_text("9.050000000000000000e+01\n")
    (tmp_path / "gtzan_jazz_00000.bpm").write_text("120\n")
    known = {"rock.00001", "jazz.00000", "jazz.00001"}
    assert make(tmp_path, known).to_numpy().tolist() == [["jazz.00000", 120], ["rock.00001", 90.5]]
    with pytest.raises(ValueError, match=r"lacks.*rock\.00001"):
        make(tmp_path, {"jazz.00000"})
    (tmp_path / "gtzan_jazz_00001.bpm").write_text("nan\n")
    with pytest.raises(ValueError, match=r"not a tempo.*jazz\.00001"):
        make(tmp_path, known)


def test_every_track_of_the_default_corpus_is_annotated(no_audio: Corpus) -> None:
    tempo = annotated_tempo(no_audio)
    assert tempo.index.equals(no_audio.tracks.index)
    assert tempo.notna().all()


def test_a_track_without_annotation_is_not_there(no_audio: Corpus) -> None:
    tracks = gtzan_annotations().loc[["reggae.00085", "reggae.00086", "reggae.00087"]]
    corpus = replace(no_audio, tracks=tracks)
    assert list(annotated_tempo(corpus).index) == ["reggae.00085", "reggae.00087"]


def test_a_readers_own_track_is_not_taken_for_one_of_gtzan(clicks: Corpus) -> None:
    assert "blues.00000" in clicks.tracks.index
    assert annotated_tempo(clicks).empty
    assert track_tempo(clicks, annotated_tempo(clicks).index).empty


# --- estimates of whole tracks ---------------------------------------------------------------


def test_the_tempo_of_clicks_is_found(clicks: Corpus) -> None:
    tempo = track_tempo(clicks, jobs=1)
    assert tempo.index.equals(clicks.tracks.index)
    assert tempo.name == "tempo"
    assert np.allclose(tempo, [100, 150], rtol=0.03)


def test_a_whole_track_is_measured_as_a_slice_is(clicks: Corpus) -> None:
    slices = pd.DataFrame(
        {"track_id": "blues.00001", "start": 0.0, "end": 12.0}, index=["blues.00001:0"]
    ).rename_axis("slice_id")
    by_slice = feature_table(clicks, slices, jobs=1)["tempo"].iloc[0]
    assert track_tempo(clicks, ["blues.00001"], jobs=1).tolist() == [by_slice]


def test_without_audio_the_snapshot_answers(no_audio: Corpus) -> None:
    tempo = track_tempo(no_audio)
    assert tempo.index.equals(no_audio.tracks.index)
    assert tempo.between(30, 320).all()
    some = list(no_audio.tracks.index[[70, 3]])
    pd.testing.assert_series_equal(track_tempo(no_audio, some), tempo[some])


def test_audio_on_disk_goes_before_the_snapshot(no_audio: Corpus, clicks: Corpus) -> None:
    path = clicks.tracks.at["blues.00000", "path"]
    tracks = no_audio.tracks.head(2).copy()
    tracks.loc["blues.00000", "path"] = path
    mixed = track_tempo(replace(no_audio, tracks=tracks), jobs=1)
    assert mixed["blues.00000"] == pytest.approx(100, rel=0.03)
    assert mixed["blues.00001"] == track_tempo(no_audio)["blues.00001"]


def test_without_audio_and_snapshot_the_tempo_is_missing(no_audio: Corpus) -> None:
    """All of GTZAN, as ``genrelib extract`` leaves it: features of slices, and no sound."""
    tracks = gtzan_annotations().drop(index="jazz.00054")
    measured = replace(no_audio, name="features:measured", tracks=tracks)
    annotated = annotated_tempo(measured)
    assert len(annotated) == 998
    tempo = track_tempo(measured, annotated.index)
    assert tempo.index.equals(annotated.index)
    assert set(tempo.dropna().index) == set(no_audio.tracks.index)
    pd.testing.assert_series_equal(tempo[no_audio.tracks.index], track_tempo(no_audio))
    hits = tempo_accuracy(tempo, annotated)
    assert hits.isna().all(axis=1).sum() == 898


def test_a_readers_own_track_has_no_embedded_tempo(clicks: Corpus) -> None:
    silent = replace(clicks, tracks=clicks.tracks.assign(path=None))
    assert "blues.00000" in silent.tracks.index
    assert track_tempo(silent).isna().all()


@pytest.mark.slow
def test_the_snapshot_is_written_with_the_tempo(
    clicks: Corpus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("genrelib.features.SNAPSHOTS", tmp_path)
    monkeypatch.setattr("genrelib.corpus.load_corpus", lambda name: clicks)
    snapshot()
    table = pd.read_csv(tmp_path / "gtzan-mini-tracks.csv", index_col="track_id")
    assert list(table.columns) == ["duration", "sample_rate", "tempo"]
    # To the last bit, so that the book is the same with and without audio.
    assert table["tempo"].tolist() == track_tempo(clicks).tolist()
    assert (tmp_path / "gtzan-mini.parquet").is_file()


@pytest.mark.audio
@pytest.mark.slow
def test_the_embedded_tempo_is_that_of_the_audio() -> None:
    """Two tracks per genre by default, all 100 with GENRELIB_FULL."""
    corpus = load_corpus("gtzan-mini")
    if not os.environ.get("GENRELIB_FULL"):
        tracks = corpus.tracks.groupby("genre").sample(2, random_state=11)
        corpus = replace(corpus, tracks=tracks)
    assert corpus.has_audio
    silent = replace(corpus, tracks=corpus.tracks.assign(path=None))
    pd.testing.assert_series_equal(track_tempo(corpus), track_tempo(silent), rtol=1e-4)


# --- accuracy 1 and 2 ------------------------------------------------------------------------

CASES = [
    (100, 1, True, True),
    (104, 1, True, True),
    (96, 1, True, True),
    (104.01, None, False, False),
    (95.99, None, False, False),
    (200, 2, False, True),
    (208, 2, False, True),
    (192, 2, False, True),
    (208.01, None, False, False),
    (50, 1 / 2, False, True),
    (52, 1 / 2, False, True),
    (47.99, None, False, False),
    (300, 3, False, True),
    (312, 3, False, True),
    (287.99, None, False, False),
    (100 / 3, 1 / 3, False, True),
    (104 / 3, 1 / 3, False, True),
    (96 / 3, 1 / 3, False, True),
    (35, None, False, False),
    (150, None, False, False),
    (400, None, False, False),
    (25, None, False, False),
]


@pytest.mark.parametrize(("estimate", "factor", "first", "second"), CASES)
def test_what_counts_as_right(
    estimate: float, factor: float | None, first: bool, second: bool
) -> None:
    # Scaled, so that the borders fall on numbers that binary fractions cannot hold.
    for scale in (1, 0.37, 1.259):
        estimates = pd.Series({"a": estimate * scale})
        annotations = pd.Series({"a": 100.0 * scale})
        hit = tempo_accuracy(estimates, annotations).loc["a"]
        assert (hit["accuracy_1"], hit["accuracy_2"]) == (first, second)
        found = tempo_factor(estimates, annotations)["a"]
        assert found == factor if factor else np.isnan(found)


def test_a_track_may_have_several_estimates_in_any_order() -> None:
    annotations = pd.Series({"a": 100.0, "b": 80.0})
    estimates = pd.Series([160.0, 100.0, 80.0, 50.0], index=["b", "a", "b", "a"])
    hits = tempo_accuracy(estimates, annotations)
    assert list(hits.index) == ["b", "a", "b", "a"]
    assert hits["accuracy_1"].tolist() == [False, True, True, False]
    assert hits["accuracy_2"].all()
    assert tempo_factor(estimates, annotations).tolist() == [2, 1, 1, 0.5]


def test_what_is_not_annotated_is_neither_right_nor_wrong() -> None:
    annotations = pd.Series({"a": 100.0, "b": np.nan})
    estimates = pd.Series({"a": 120.0, "b": 100.0, "c": 100.0})
    hits = tempo_accuracy(estimates, annotations)
    assert hits["accuracy_1"].isna().tolist() == [False, True, True]
    assert hits["accuracy_2"].isna().tolist() == [False, True, True]
    assert hits["accuracy_1"].mean() == 0
    assert tempo_factor(estimates, annotations).isna().all()


def test_no_estimates_are_no_hits() -> None:
    none = pd.Series(dtype=float)
    hits = tempo_accuracy(none, pd.Series({"a": 100.0}))
    assert hits.empty
    assert list(hits.columns) == ["accuracy_1", "accuracy_2"]


def test_the_factors_leave_no_estimate_to_two_of_them() -> None:
    assert list(FACTORS) == sorted(FACTORS)
    assert all(low * 1.04 < high * 0.96 for low, high in pairwise(FACTORS))
