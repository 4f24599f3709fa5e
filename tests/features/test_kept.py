"""Tests of the embedded snapshot."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genrelib.corpus.gtzan import GENRES
from genrelib.corpus.places import data_root
from genrelib.corpus.table import CorpusError
from genrelib.corpus.tracks import Corpus, load_corpus
from genrelib.features import families, kept
from genrelib.features.families import (
    FEATURES,
    FRAME_BANDS,
    columns,
)
from genrelib.features.kept import SNAPSHOTS
from genrelib.features.slicing import slice_tracks
from genrelib.features.tables import (
    ear_table,
    feature_table,
    frames,
    study_table,
    tag_table,
    write_snapshot,
)

SNAPSHOT = SNAPSHOTS / "gtzan-mini.parquet"


def test_snapshot_is_there_and_small() -> None:
    files = [SNAPSHOT, SNAPSHOT.with_name("gtzan-mini-tracks.csv")]
    assert all(path.is_file() for path in files)
    assert sum(path.stat().st_size for path in files) <= 16 * 1024 * 1024


def test_snapshot_serves_where_there_is_no_audio(no_audio: Corpus) -> None:
    assert not no_audio.has_audio
    slices = slice_tracks(no_audio.tracks)
    table = feature_table(no_audio, slices)
    assert table.shape == (500, len(columns()))
    assert table.index.equals(slices.index)
    assert table.columns.tolist() == columns()
    assert np.isfinite(table.to_numpy()).all()
    for kind, bands in FRAME_BANDS.items():
        values = frames(kind, no_audio, slices)
        assert values.shape == (500, 130, bands)
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    heard = ear_table(no_audio, slices)
    assert heard.shape == (500, 200)
    assert np.isfinite(heard.to_numpy()).all()
    words = tag_table(no_audio, slices)
    assert words.shape == (500, 50)
    assert words.index.equals(slices.index)
    genre = words.groupby(slices["genre"]).mean()
    assert genre["tag_metal"].idxmax() == "metal"
    assert genre["tag_jazz"].idxmax() == "jazz"


def test_snapshot_rows_follow_the_slices_given(no_audio: Corpus) -> None:
    slices = slice_tracks(no_audio.tracks).sample(20, random_state=1)
    whole = feature_table(no_audio)
    pd.testing.assert_frame_equal(feature_table(no_audio, slices), whole.loc[slices.index])


def test_features_left_out_or_moved_still_come_from_the_snapshot(
    no_audio: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = feature_table(no_audio)
    monkeypatch.setattr(families, "FEATURES", FEATURES[:3:-1])
    pd.testing.assert_frame_equal(feature_table(no_audio), whole[columns()])


@pytest.mark.parametrize("length", [3.0, 7.5, 10.0])
def test_the_snapshot_does_not_pass_for_slices_of_another_length(
    no_audio: Corpus, length: float
) -> None:
    with pytest.raises(CorpusError, match="6 seconds only"):
        feature_table(no_audio, slice_tracks(no_audio.tracks, length))


def test_slices_that_the_snapshot_lacks_are_named(no_audio: Corpus) -> None:
    other = replace(no_audio, tracks=no_audio.tracks.rename({"blues.00000": "blues.00099"}))
    with pytest.raises(CorpusError, match=r"blues\.00099.*GENRELIB_DATA"):
        feature_table(other)


def test_no_snapshot_is_written_without_audio(no_audio: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="GENRELIB_DATA"):
        write_snapshot(no_audio, tmp_path / "snapshot.parquet")


@pytest.mark.usefixtures("light", "own_cache")
def test_a_snapshot_gives_back_what_was_measured(
    small: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_snapshot(small, tmp_path / "snapshots" / "small.parquet", jobs=1)
    table, mel = feature_table(small, jobs=1), frames("mel", small, jobs=1)
    heard, words = ear_table(small, jobs=1), tag_table(small, jobs=1)
    monkeypatch.setattr(kept, "SNAPSHOTS", path.parent)
    silent = replace(small, tracks=small.tracks.assign(path=None))
    pd.testing.assert_frame_equal(feature_table(silent), table)
    np.testing.assert_array_equal(frames("mel", silent), mel)
    pd.testing.assert_frame_equal(ear_table(silent), heard)
    pd.testing.assert_frame_equal(tag_table(silent), words)


def _sample() -> Corpus:
    """Two tracks per genre, drawn by a fixed seed; all of them where GENRELIB_FULL is set."""
    corpus = load_corpus("gtzan-mini")
    if os.environ.get("GENRELIB_FULL"):
        return corpus
    tracks = corpus.tracks.groupby("genre").sample(2, random_state=11)
    return replace(corpus, tracks=tracks)


@pytest.mark.audio
@pytest.mark.slow
def test_snapshot_equals_recomputation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The embedded numbers are those of the audio: 20 tracks by default, 100 with GENRELIB_FULL.

    Tolerances leave room for other processors and librosa versions: 1 % of a feature's spread
    between slices, one step of half precision for frames, a thousandth for the ear.
    """
    monkeypatch.setenv("GENRELIB_QUIET", "1")
    assert (data_root() / "gtzan-mini").is_dir()
    corpus = _sample()
    assert corpus.has_audio
    assert corpus.genres == list(GENRES)
    slices = slice_tracks(corpus.tracks)
    fresh = {"features": feature_table(corpus, slices)}
    fresh |= {kind: frames(kind, corpus, slices) for kind in FRAME_BANDS}
    means = study_table("means", corpus, slices)
    instant = study_table("instant", corpus, slices)
    silent = replace(corpus, tracks=corpus.tracks.assign(path=None))
    spread = feature_table(silent).std().to_numpy()
    difference = np.abs(fresh["features"] - feature_table(silent, slices)).to_numpy()
    off = difference > 0.01 * spread + 1e-4 * np.abs(fresh["features"].to_numpy())
    assert not off.any(), fresh["features"].columns[off.any(axis=0)].tolist()[:10]
    for kind in FRAME_BANDS:
        np.testing.assert_allclose(
            frames(kind, silent, slices), fresh[kind], rtol=2**-9, atol=0.02
        )
    np.testing.assert_allclose(study_table("means", silent, slices), means, rtol=1e-4, atol=1e-3)
    for heard in (ear_table, tag_table):
        expected = heard(corpus, slices)
        np.testing.assert_allclose(heard(silent, slices), expected, rtol=0, atol=1e-3)
    # In decibels, a coefficient that barely differs from zero may land on either side of it.
    apart = np.abs(study_table("instant", silent, slices) - instant).to_numpy() > 0.05
    assert apart.mean() < 1e-3
