"""Tests of genrelib.evaluation.importance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier

from genrelib.evaluation.importance import family_importance
from genrelib.features.families import FAMILIES, columns, family_of


@pytest.fixture
def table():
    """Twelve tracks of two genres; only the columns of the family `rms` tell them apart."""
    tracks = np.repeat([f"{g}.{i}" for g in ("a", "b") for i in range(6)], 2)
    slices = pd.DataFrame(
        {"track_id": tracks, "genre": [t[0] for t in tracks], "artist": None, "side": None},
        index=pd.Index([f"{t}:{i % 2}" for i, t in enumerate(tracks)], name="slice_id"),
    )
    X = pd.DataFrame(0.0, index=slices.index, columns=columns())
    for column in family_of().index[family_of() == "rms"]:
        X[column] = (slices["genre"] == "b").astype(float)
    return X, slices


def test_only_the_family_that_tells_genres_apart_matters(table):
    result = family_importance(KNeighborsClassifier(1), *table, n_repeats=20)
    assert list(result.index) == list(FAMILIES)
    assert (result.drop(index="rms")["value"] == 0).all()
    assert (result.drop(index="rms")["low"] < 0).all()
    # A shuffled slice meets the other genre about every second time.
    assert result.at["rms", "value"] == pytest.approx(0.5, abs=0.2)
    assert result.at["rms", "low"] <= result.at["rms", "value"] <= result.at["rms", "high"]


@pytest.mark.slow
def test_same_seed_same_result_whatever_the_number_of_jobs(table):
    one, two = (family_importance(KNeighborsClassifier(1), *table, jobs=j) for j in (1, 2))
    pd.testing.assert_frame_equal(one, two)


def test_a_part_of_the_families_will_do(table):
    X, slices = table
    part = X[family_of().index[family_of().isin(["rms", "tempo"])]]
    assert list(family_importance(KNeighborsClassifier(1), part, slices).index) == ["rms", "tempo"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X, s: (X.iloc[1:], s), "must align"),
        (lambda X, s: (X.assign(loudness=0.0), s), "'loudness' belongs to no family"),
    ],
)
def test_unfit_tables_are_named(table, change, words):
    with pytest.raises(ValueError, match=words):
        family_importance(KNeighborsClassifier(1), *change(*table))


def test_protocol_without_folds_is_named(table):
    with pytest.raises(ValueError, match="'artist' can test no slice"):
        family_importance(KNeighborsClassifier(1), *table, "artist")
