"""Tests of the tables that readers ask for, measured from audio."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest

from genrelib.corpus.audio import SAMPLE_RATE
from genrelib.corpus.tracks import Corpus, load_corpus
from genrelib.features import ear, measuring
from genrelib.features.ear import HEARD
from genrelib.features.families import (
    FRAME_BANDS,
    STATS,
    STUDY,
    Feature,
    Spectra,
    columns,
    sequence,
    summarise,
)
from genrelib.features.slicing import slice_tracks
from genrelib.features.tables import (
    ear_table,
    feature_table,
    frames,
    study_table,
    tag_table,
)


def test_table_has_a_row_per_slice_measured_from_its_seconds(small: Corpus) -> None:
    slices = slice_tracks(small.tracks)
    table = feature_table(small, slices, jobs=1)
    assert table.index.equals(slices.index)
    assert table.columns.tolist() == columns()
    assert (table.dtypes == np.float32).all()
    y = small.audio("jazz.one")[6 * SAMPLE_RATE : 12 * SAMPLE_RATE]
    # Not to the last bit: how sums are grouped depends on where the samples lie in memory.
    np.testing.assert_allclose(table.loc["jazz.one:1"], summarise(y), rtol=1e-4, atol=1e-4)
    padded = librosa.util.fix_length(small.audio("metal.three"), size=6 * SAMPLE_RATE)
    np.testing.assert_allclose(table.loc["metal.three:0"], summarise(padded), rtol=1e-4, atol=1e-4)


def test_rows_follow_the_slices_given(small: Corpus) -> None:
    slices = slice_tracks(small.tracks)
    whole = feature_table(small, slices, jobs=1)
    some = slices.iloc[[3, 1, 0]]
    # Slices of a track that are measured alone give the same numbers as with their siblings.
    pd.testing.assert_frame_equal(feature_table(small, some, jobs=1), whole.loc[some.index])


def test_frames_have_the_shape_of_six_seconds(small: Corpus) -> None:
    slices = slice_tracks(small.tracks)
    for kind, bands in FRAME_BANDS.items():
        values = frames(kind, small, slices, jobs=1)
        assert values.shape == (4, 130, bands)
        assert values.dtype == np.float32
        y = small.audio("jazz.one")[6 * SAMPLE_RATE : 12 * SAMPLE_RATE]
        # The last bit of half precision may fall to either side.
        expected = sequence(Spectra(y), kind).astype(np.float32)
        np.testing.assert_allclose(values[1], expected, rtol=2e-3, atol=2e-3)
    with pytest.raises(ValueError, match="no frames of kind 'chroma'"):
        frames("chroma", small)


def test_other_lengths_of_slices(small: Corpus, own_cache: Path, light: list[Feature]) -> None:
    slices = slice_tracks(small.tracks, length=3.0)
    assert len(feature_table(small, slices, jobs=1)) == len(slices) == 4 + 2 + 1
    assert frames("mfcc", small, slices, jobs=1).shape == (7, 65, 20)


def test_nothing_to_measure_is_said(small: Corpus) -> None:
    with pytest.raises(ValueError, match="has no slice"):
        feature_table(small, slice_tracks(small.tracks, length=60.0))


def test_the_tables_of_the_study_have_true_names(small: Corpus) -> None:
    means, instant = (study_table(which, small, jobs=1) for which in STUDY)
    assert means.shape == (len(slice_tracks(small.tracks)), 39)
    assert instant.shape[1] == 64
    table = feature_table(small, jobs=1)
    pd.testing.assert_frame_equal(means.filter(like="mfcc"), table[means.columns[:20]])
    assert means.columns[[20, 38]].tolist() == ["melpower_001_mean", "melpower_019_mean"]
    assert instant.columns[[0, 63]].tolist() == ["instant_01", "instant_64"]
    with pytest.raises(ValueError, match="means and instant"):
        study_table("music3", small)


def test_the_ear_hears_the_samples_of_the_slice(small: Corpus) -> None:
    slices = slice_tracks(small.tracks).iloc[::-1]
    table, words = ear_table(small, slices, jobs=1), tag_table(small, slices, jobs=1)
    for found, kind in ((table, "ear"), (words, "tags")):
        assert found.index.equals(slices.index)
        assert found.columns.tolist() == HEARD[kind]
        assert (found.dtypes == np.float32).all()
    assert words.columns[[0, 5, 33]].tolist() == [
        "tag_rock", "tag_female_vocalists", "tag_hip_hop"
    ]  # fmt: skip
    assert words.columns.is_unique and words.columns.str.fullmatch(r"tag_\w+").all()
    y = small.audio("jazz.one")[6 * SAMPLE_RATE : 12 * SAMPLE_RATE]
    np.testing.assert_allclose(table.loc["jazz.one:1"], ear.embed(y, SAMPLE_RATE), atol=1e-4)
    padded = librosa.util.fix_length(small.audio("metal.three"), size=6 * SAMPLE_RATE)
    np.testing.assert_allclose(
        words.loc["metal.three:0"], ear.tags(padded, SAMPLE_RATE), atol=1e-4
    )


@pytest.mark.usefixtures("light", "own_cache")
def test_ear_and_features_are_measured_apart_and_once(
    small: Corpus, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = feature_table(small, jobs=1)
    assert len(decoded) == 3
    with monkeypatch.context() as patch:
        patch.setattr(measuring, "Spectra", None)  # nothing of it is computed again
        first = ear_table(small, jobs=1)
        assert len(decoded) == 6
        pd.testing.assert_frame_equal(ear_table(small, jobs=1), first)
        tag_table(small, jobs=1)
    pd.testing.assert_frame_equal(feature_table(small, jobs=1), table)
    assert len(decoded) == 6


@pytest.mark.usefixtures("light", "own_cache")
def test_who_asks_for_features_need_not_wait_for_the_ear(
    small: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ear, "hear", None)
    assert len(feature_table(small, jobs=1)) == 4


@pytest.mark.slow
@pytest.mark.usefixtures("own_cache")
def test_the_ear_listens_in_several_processes(small: Corpus) -> None:
    expected = [ear.embed(small.audio(f"jazz.{t}")[: 6 * SAMPLE_RATE], SAMPLE_RATE)
                for t in ("one", "two")]  # fmt: skip
    found = ear_table(small, jobs=2).loc[["jazz.one:0", "jazz.two:0"]]
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.slow
@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_feature_of_ones_own_is_measured_from_audio(
    small: Corpus, crossings: Feature, jobs: int
) -> None:
    table = feature_table(small, jobs=jobs)
    y = small.audio("jazz.two")
    expected = librosa.feature.zero_crossing_rate(y)
    for stat, function in STATS.items():
        value = table.loc["jazz.two:0", f"crossings_{stat}"]
        assert value == pytest.approx(function(expected), rel=1e-5)


def test_a_feature_of_ones_own_needs_audio(
    crossings: Feature, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GENRELIB_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=r"no crossings_max .*audio.*sketch"):
        feature_table(load_corpus("gtzan-mini"))
