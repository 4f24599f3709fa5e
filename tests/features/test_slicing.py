"""Tests of slicing."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from genrelib.corpus.tracks import Corpus
from genrelib.features.slicing import SLICE_LENGTH, SLICE_TOLERANCE, Slices, slice_tracks
from genrelib.features.tables import feature_table


def tracks_of(durations: list[float]) -> pd.DataFrame:
    names = [f"jazz.{i:05d}" for i in range(len(durations))]
    return pd.DataFrame(
        {
            "genre": "jazz",
            "artist": [None if i % 2 else f"artist {i}" for i in range(len(durations))],
            "side": [("train", "valid", "test", None)[i % 4] for i in range(len(durations))],
            "duration": np.array(durations, float),
        },
        index=pd.Index(names, name="track_id", dtype=object),
    )


def test_thirty_seconds_are_five_slices() -> None:
    slices = slice_tracks(tracks_of([30.0]))
    assert slices["start"].tolist() == [0, 6, 12, 18, 24]
    assert slices["end"].tolist() == [6, 12, 18, 24, 30]
    assert slices.index.tolist() == [f"jazz.00000:{k}" for k in range(5)]
    assert slices.index.name == "slice_id"
    columns = ["track_id", "genre", "artist", "side", "start", "end", "recording"]
    assert slices.columns.tolist() == columns


@pytest.mark.parametrize(
    ("duration", "count"),
    [
        (5.93, 0),  # lacks more than 1 %
        (5.9401, 1),
        (6.0, 1),
        (11.93, 1),
        (11.9401, 2),
        (29.93, 4),
        (29.9401, 5),
        (30.0133, 5),  # as long as most of GTZAN
        (35.9, 5),
    ],
)
def test_a_last_slice_may_lack_one_percent(duration: float, count: int) -> None:
    assert len(slice_tracks(tracks_of([duration]))) == count


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 400), max_size=6),
    st.floats(0.1, 60),
)
def test_slices_are_contiguous_and_inside_their_track(
    durations: list[float], length: float
) -> None:
    tracks = tracks_of(durations)
    slices = slice_tracks(tracks, length)
    assert slices.index.is_unique
    for track, duration in tracks["duration"].items():
        part = slices[slices["track_id"] == track]
        assert len(part) == math.floor(duration / length + SLICE_TOLERANCE)
        assert np.allclose(part["start"], length * np.arange(len(part)))
        assert np.allclose(part["end"] - part["start"], length)
        assert (part["end"] <= duration + SLICE_TOLERANCE * length + 1e-6).all()
        left = duration - (part["end"].max() if len(part) else 0)
        assert left < length


def test_order_and_properties_are_those_of_the_tracks() -> None:
    tracks = tracks_of([12.0, 5.0, 6.0, 18.0]).iloc[[3, 0, 1, 2]]
    slices = slice_tracks(tracks)
    expected = ["jazz.00003"] * 3 + ["jazz.00000"] * 2 + ["jazz.00002"]
    assert slices["track_id"].tolist() == expected
    for column, source in (("genre", "genre"), ("artist", "artist"), ("side", "side")):
        wanted = tracks.loc[slices["track_id"], source].set_axis(slices.index)
        pd.testing.assert_series_equal(slices[column], wanted, check_names=False)


def test_slices_say_of_which_recording_they_are() -> None:
    tracks = tracks_of([6.0, 12.0, 6.0])
    own = ["jazz.00000", "jazz.00001", "jazz.00001", "jazz.00002"]
    assert slice_tracks(tracks)["recording"].tolist() == own
    tracks["recording"] = pd.Series([None, "jazz.00001", "jazz.00001"], tracks.index, dtype=object)
    slices = slice_tracks(tracks)
    assert slices["recording"].tolist() == ["jazz.00000", *["jazz.00001"] * 3]


def test_no_track_and_only_short_tracks_give_no_slice() -> None:
    assert slice_tracks(tracks_of([])).empty
    short = slice_tracks(tracks_of([1.0, 2.0]))
    assert short.empty
    assert "side" in short.columns


@pytest.mark.parametrize("length", [0, -6, float("nan"), float("inf")])
def test_a_length_that_is_none_is_refused(length: float) -> None:
    with pytest.raises(ValueError, match="positive number of seconds"):
        slice_tracks(tracks_of([30.0]), length)


def test_a_track_without_duration_is_named() -> None:
    tracks = tracks_of([30.0, float("nan")])
    with pytest.raises(ValueError, match=r"jazz\.00001"):
        slice_tracks(tracks)


def test_the_default_is_the_length_of_the_study() -> None:
    assert SLICE_LENGTH == 6.0


# --- slices that know their corpus -----------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda slices: slices.iloc[::2],
        lambda slices: slices[slices["genre"] == "jazz"],
        lambda slices: slices.query("start > 0"),
        lambda slices: slices[["track_id", "genre", "start", "end"]],
        lambda slices: slices.sample(2, random_state=0),
        lambda slices: slices.assign(one=1).drop(columns="one").sort_values("start"),
        lambda slices: slices.groupby("track_id").head(1),
        lambda slices: next(iter(slices.groupby("genre")))[1],
        lambda slices: pd.concat([slices.iloc[2:], slices.iloc[:2]]),
        lambda slices: pickle.loads(pickle.dumps(slices)),
        lambda slices: joblib.Parallel(2)(joblib.delayed(_head)(s) for s in [slices] * 2)[1],
        copy.deepcopy,
    ],
    ids=["rows", "mask", "query", "columns", "sample", "changed", "first of each", "group",
         "concat", "pickle", "processes", "copy"],
)  # fmt: skip
def test_what_is_left_of_slices_knows_its_corpus(
    small: Corpus, change: Callable[[Slices], Slices]
) -> None:
    changed = change(slice_tracks(small))
    assert isinstance(changed, Slices)
    assert changed.corpus is not None
    assert changed.corpus.name == small.name
    pd.testing.assert_frame_equal(changed.corpus.tracks, small.tracks)
    assert len(changed)


def _head(slices: Slices) -> Slices:
    return slices.head(2)


@pytest.mark.usefixtures("light", "own_cache")
def test_slices_are_measured_without_naming_their_corpus_again(small: Corpus) -> None:
    slices = slice_tracks(small)
    whole = feature_table(small, jobs=1)
    pd.testing.assert_frame_equal(feature_table(slices, jobs=1), whole)
    some = slices.iloc[[3, 0]]
    table = feature_table(some, jobs=1)
    pd.testing.assert_frame_equal(table, whole.loc[some.index])
    pd.testing.assert_frame_equal(table, feature_table(small, some, jobs=1))
    pd.testing.assert_frame_equal(table, feature_table(slices, some, jobs=1))


def test_slices_of_a_bare_table_know_none(small: Corpus) -> None:
    slices = slice_tracks(small.tracks)
    assert slices.corpus is None
    with pytest.raises(ValueError, match=r"know no corpus; cut them with slice_tracks\(corpus\)"):
        feature_table(slices)
    joined = pd.concat([slice_tracks(small), slices])
    assert (len(joined), joined.corpus) == (2 * len(slices), None)
    beside = pd.concat([slice_tracks(small), pd.DataFrame({"x": 1}, slices.index)], axis=1)
    assert beside.corpus is small


def test_slices_may_overlap_and_short_tracks_be_kept() -> None:
    tracks = tracks_of([10.0, 2.5, 5.95])
    cut = slice_tracks(tracks, 6, hop=2)
    assert cut["start"].tolist() == [0, 2, 4, 0]
    assert cut["end"].tolist() == [6, 8, 10, 6]
    kept = slice_tracks(tracks, 6, short=True)
    assert kept["end"].tolist() == [6, 2.5, 6]
    with pytest.raises(ValueError, match="the hop must be a positive number"):
        slice_tracks(tracks, hop=0)
