"""Tests of the fault-filtered test on published tags."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genrelib.evaluation import PROTOCOLS
from genrelib.studies import (
    published_scores,
    published_tags,
    reported_systems,
    tags_by_track,
    take_artist_test_on_tags,
    take_published_test,
)


@pytest.fixture(scope="module")
def published() -> tuple[pd.DataFrame, pd.DataFrame]:
    return published_tags()


def test_patches_and_log_odds_are_aligned(published: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    patches, odds = published
    assert len(patches) == 20542 and odds.index.equals(patches.index)
    assert np.isfinite(odds).all(axis=None) and odds.to_numpy().min() < -10


@pytest.mark.slow
def test_protocols_take_what_they_take(published: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    taken = take_published_test(*published, fast=True)
    assert {p for _, p in taken} == set(PROTOCOLS)
    official = taken["logistic regression", "fault-filtered"]
    assert official["track_id"].nunique() == 290
    found = published_scores(taken)
    assert found["random-slice, per track", "k-NN"]["value"] > 0.95
    for name in ("k-NN", "logistic regression"):
        per = [
            found[f"{p}, per patch", name]["value"] for p in ("random-slice", "track", "artist")
        ]
        assert per == sorted(per)[::-1]
    assert 0.74 < found["fault-filtered, per track", "logistic regression"]["value"] < 0.84


def test_a_track_has_the_mean_of_its_patches(
    published: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    patches, odds = published
    first, means = tags_by_track(patches, odds)
    assert first.index.equals(means.index) and len(first) == 733
    assert first["track_id"].is_unique
    name = first["track_id"].iloc[-1]
    own = odds[(patches["track_id"] == name).to_numpy()].mean()
    np.testing.assert_allclose(means.iloc[-1], own)


@pytest.mark.slow
def test_the_artist_test_is_taken_by_those_who_are_quick(
    published: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    heard = take_artist_test_on_tags(*tags_by_track(*published), fast=True)
    assert list(heard) == ["k-NN"]
    assert {t["track_id"].nunique() for n, t in heard["k-NN"].items() if n == "artist"} == {711}
    assert heard["k-NN"]["published folds"]["track_id"].nunique() == 694


def test_reported_systems_name_who_reported_them() -> None:
    table = reported_systems()
    assert (table != "").all(axis=None) and table.index.is_unique
    assert table.loc["MusiCNN with an SVM"].tolist() == ["77.2", "Pons and Serra (2019)"]
