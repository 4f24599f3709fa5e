"""Tests of what models learn from: tracks of several corpora, as a whole and in pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from genrelib.classify.modelfile import ModelError
from genrelib.classify.pieces import TAG_COLUMNS, pieces, read_names, without
from genrelib.classify.training import CORPORA
from genrelib.corpus import load_corpus
from genrelib.features import slice_tracks, tag_table


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENRELIB_DATA", "/nowhere")
        return pieces([load_corpus(name) for name in CORPORA])


def test_every_track_is_learned_from_once(rows: pd.DataFrame) -> None:
    learned = rows[rows["learned"]]
    assert not learned["track_id"].duplicated().any()
    assert set(learned["track_id"]) == set(rows["track_id"])
    assert learned["whole"].all()
    longest = rows[rows["whole"]].groupby("track_id")["seconds"].max()
    assert (longest[learned["track_id"]] == learned["seconds"].to_numpy()).all()
    # Of two as long, that of the first corpus.
    assert "gtzan-mini/blues.00000" in learned.index
    assert not rows.index.duplicated().any() and np.isfinite(rows[TAG_COLUMNS]).all(axis=None)


def test_pieces_are_as_long_as_they_say(rows: pd.DataFrame) -> None:
    counts = rows[rows["track_id"] == "disco.00001"].groupby(["seconds", "whole"]).size()
    # Of mini: whole and five slices; of the tags: whole, five of 3 s, five of 6 s.
    assert counts.to_dict() == {(3.0, False): 5, (6.0, False): 10, (30.0, True): 2}


def test_published_patches_are_joined_as_they_follow_each_other(rows: pd.DataFrame) -> None:
    slices = slice_tracks(load_corpus("gtzan-tags"), 3, hop=1)
    said = logit(tag_table(slices).loc["blues.00012:6":"blues.00012:9"].to_numpy(float))
    found = rows.loc["gtzan-tags/blues.00012+3:1", TAG_COLUMNS].to_numpy(float)
    np.testing.assert_allclose(found, said[[0, 3]].mean(axis=0), rtol=1e-5)


def test_tracks_and_artists_are_left_out_whatever_the_corpus(rows: pd.DataFrame) -> None:
    kept = without(rows, ["John Lee Hooker", "rock.00000"])
    assert "John Lee Hooker" not in set(kept["artist"])
    gone = set(rows["track_id"]) - set(kept["track_id"])
    assert "rock.00000" in gone and "blues.00010" in gone
    with pytest.raises(ModelError, match="'Nobody' is neither a track nor an artist"):
        without(rows, ["Nobody"])


def test_names_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("rock.00000\n\n Björk \n", encoding="utf-8")
    assert read_names(path) == ["rock.00000", "Björk"]
    path.write_bytes(b"\n")
    with pytest.raises(ModelError, match="names nothing"):
        read_names(path)
    path.write_bytes(b"Bj\xf6rk\n")
    with pytest.raises(ModelError, match="not text in UTF-8"):
        read_names(path)
