"""Tests of how the tempo is scored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genrelib.corpus import GTZAN_MINI, Corpus, gtzan_annotations, gtzan_tempo, load_corpus
from genrelib.evaluation import (
    tempo_by_genre,
    tempo_errors,
    tempo_gain,
    tempo_readings,
    tempo_scores,
)
from genrelib.features import annotated_tempo, slice_tracks

NAMES = ["one slice", "median of the slices", "the whole track"]


@pytest.fixture
def all_of_gtzan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Corpus:
    """All tracks but one, without audio, as in a corpus of features that were extracted."""
    monkeypatch.setenv("GENRELIB_DATA", str(tmp_path))
    tracks = gtzan_annotations().drop(index="jazz.00054").assign(duration=30.0)
    return replace(load_corpus("gtzan-mini"), tracks=tracks)


def read(music: Corpus) -> tuple[dict[str, pd.Series], pd.Series]:
    """Read a tempo that is right in every slice; return it with the annotations."""
    slices = slice_tracks(music)
    right = slices["track_id"].map(gtzan_tempo()).fillna(120.0)
    return tempo_readings(music, slices, right), annotated_tempo(music)


def test_the_tempo_is_scored_where_it_can_be(all_of_gtzan: Corpus) -> None:
    readings, annotated = read(all_of_gtzan)
    table = tempo_scores(readings, annotated)
    assert list(table.index) == NAMES
    assert table["tracks"].tolist() == [998, 998, 100]
    assert table["estimates"].tolist() == [4990, 998, 100]
    assert [cell["value"] == 1 for cell in table["accuracy 1"]] == [True, True, False]
    assert all(cell["low"] < cell["value"] <= cell["high"] for cell in table["accuracy 1"])
    assert (len(annotated), len(all_of_gtzan.tracks)) == (998, 999)
    # Slices that are always right leave the whole track only harm to do.
    gain = tempo_gain(readings["one slice"], readings["the whole track"], annotated)
    assert list(gain.index) == ["accuracy 1", "accuracy 2"]
    assert (gain["high"] < 0).all()
    assert (gain["low"] < gain["value"]).all()


@pytest.mark.parametrize("known", [True, False])
def test_the_tempo_of_whole_tracks_may_be_unknown(all_of_gtzan: Corpus, known: bool) -> None:
    tracks = all_of_gtzan.tracks.drop(index=list(GTZAN_MINI))
    if not known:  # a reader's own tracks, whatever they are called
        tracks = tracks.assign(side=None, fault=None)
    readings, annotated = read(replace(all_of_gtzan, tracks=tracks))
    whole = readings["the whole track"]
    assert list(tempo_scores(readings, annotated).index) == (NAMES[:2] if known else [])
    assert annotated.empty != known
    assert whole.empty
    assert tempo_gain(readings["one slice"], whole, annotated).isna().all(axis=None)
    errors = tempo_errors(whole, annotated)
    assert errors.to_dict() == {
        "right": 0, "octave": 0, "neither": 0, "usual": "none", "unreachable": 0
    }  # fmt: skip
    assert tempo_by_genre(whole, annotated, tracks["genre"]).empty


def test_where_every_track_has_a_tempo_nothing_is_left_out(all_of_gtzan: Corpus) -> None:
    tracks = all_of_gtzan.tracks.loc[list(GTZAN_MINI)]
    readings, annotated = read(replace(all_of_gtzan, tracks=tracks))
    table = tempo_scores(readings, annotated)
    assert table["tracks"].tolist() == [100, 100, 100]
    assert len(annotated) == len(tracks)


ANNOTATED = pd.Series({"a": 100.0, "b": 100.0, "c": 100.0, "d": 40.0, "e": 100.0, "f": 300.0})
ESTIMATES = pd.Series({"a": 101.0, "b": 200.0, "c": 202.0, "d": 75.0, "e": 50.0, "f": 140.0})


def test_errors_are_counted_and_named() -> None:
    errors = tempo_errors(ESTIMATES, ANNOTATED)
    assert errors[["right", "octave", "neither"]].tolist() == [1, 3, 2]
    assert errors["usual"] == "twice the tempo"
    # Estimates go from 50 to 202: 40 and 300 are out of reach.
    assert errors["unreachable"] == 2


def test_tracks_are_counted_by_genre() -> None:
    genres = pd.Series(dict(zip("abcdefg", ["jazz"] * 3 + ["rock"] * 4, strict=True)))
    table = tempo_by_genre(ESTIMATES, ANNOTATED, genres)
    assert table.loc["jazz"].tolist() == [3, 1, 3]
    assert table.loc["rock"].tolist() == [3, 0, 1]
    assert list(table) == ["tracks", "right", "right or an octave error"]


def test_a_gain_is_that_of_the_tracks_that_have_both() -> None:
    before = pd.Series([150.0, 100.0, 150.0, 100.0], ["a", "a", "b", "c"])
    after = pd.Series({"a": 100.0, "b": 200.0})
    gain = tempo_gain(before, after, ANNOTATED)["value"]
    # a: one of two was right, now it is; b: was wrong, is an octave error; c: has no other.
    assert gain.tolist() == pytest.approx([100 / 3, 200 / 3])
    assert np.isnan(tempo_gain(before, after.iloc[:0], ANNOTATED)["value"]).all()
