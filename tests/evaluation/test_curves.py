"""Tests of learning from few tracks."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier

from genrelib.evaluation import data_curve, some_tracks


def _slices(per_genre: int = 6, per_track: int = 3) -> pd.DataFrame:
    rows = [
        (f"{genre}.{t}:{k}", f"{genre}.{t}", genre)
        for genre in ("jazz", "rock")
        for t in range(per_genre)
        for k in range(per_track)
    ]
    table = pd.DataFrame(rows, columns=["slice_id", "track_id", "genre"]).set_index("slice_id")
    return table.assign(artist=table["track_id"], side=None)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_whole_tracks_of_each_genre_are_drawn_and_only_from_those_given(n: int) -> None:
    slices = _slices()
    train = np.flatnonzero(~slices["track_id"].isin(["jazz.0", "rock.3"]))
    chosen = slices.iloc[some_tracks(slices, train, n, seed=[0, 1])]
    assert chosen.groupby("genre")["track_id"].nunique().tolist() == [n, n]
    assert (chosen["track_id"].value_counts() == 3).all()
    assert not chosen["track_id"].isin(["jazz.0", "rock.3"]).any()


def test_more_tracks_hold_the_fewer_and_all_where_there_are_too_few() -> None:
    slices = _slices()
    train = np.arange(len(slices))
    few, more, every = (set(some_tracks(slices, train, n, seed=4)) for n in (1, 3, 99))
    assert few < more < every == set(train)
    assert few != set(some_tracks(slices, train, 1, seed=5))


class _Spy(ClassifierMixin, BaseEstimator):
    seen: ClassVar[list[int]] = []

    def fit(self, X, y):
        self.seen.append(len(X))
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), "jazz", object)


def test_a_curve_is_the_share_of_draws_that_are_right() -> None:
    slices = _slices()
    X = pd.DataFrame({"x": np.zeros(len(slices))}, slices.index)
    _Spy.seen.clear()
    found = data_curve(_Spy(), X, slices, [1, 2], draws=2)
    assert set(_Spy.seen) == {6, 12}  # tracks per genre, two genres, three slices each
    assert found.index.equals(slices.index)
    assert (found.loc[slices["genre"] == "jazz"] == 1).all(axis=None)
    assert (found.loc[slices["genre"] == "rock"] == 0).all(axis=None)


def test_no_track_is_tested_by_what_it_taught() -> None:
    slices = _slices(per_genre=8, per_track=2)
    # Only the siblings of a slice are near to it, so a leak would be rewarded.
    place = slices["track_id"].astype("category").cat.codes.to_numpy()
    X = pd.DataFrame({"x": np.random.default_rng(0).permutation(16)[place]}, slices.index)
    found = data_curve(KNeighborsClassifier(1), X, slices, [6], draws=3)
    assert found[6].mean() < 0.85


def test_slices_that_no_fold_tests_are_left_out() -> None:
    slices = pd.concat([_slices(), _slices(1).replace({"genre": {"jazz": "folk"}}).iloc[:3]])
    slices = slices[~slices.index.duplicated(keep="last")]
    X = pd.DataFrame({"x": np.arange(len(slices))}, slices.index)
    found = data_curve(_Spy(), X, slices, [1], draws=1)
    assert not slices.loc[found.index, "genre"].eq("folk").any()
    assert len(found) < len(slices)
