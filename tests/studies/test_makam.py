"""Tests of the recordings in 20 makams: whole, aligned, and grouped as they are linked."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, strategies as st

from genrelib.evaluation import cross_validate, plan, score
from genrelib.models import make_model
from genrelib.studies import STEPS, linked, load_makam


def test_there_are_fifty_recordings_of_each_makam() -> None:
    recordings, melodies = load_makam()
    assert recordings["genre"].value_counts().tolist() == [50] * 20
    assert recordings.index.is_unique and melodies.shape == (1000, STEPS)
    # Shares of a melody, kept with 16 bits.
    np.testing.assert_allclose(melodies.sum(axis=1), 1, atol=2e-3)
    assert (melodies >= 0).all()


def test_melodies_stand_beside_their_makam() -> None:
    recordings, melodies = load_makam()
    told = cross_validate(make_model("svm", 0), np.sqrt(melodies), recordings, "track")
    assert 0.65 < score(told).loc[0, "value"] < 0.8  # a twentieth by chance


def test_no_release_is_on_both_sides() -> None:
    recordings, _ = load_makam()
    rows = recordings.assign(artist=recordings["release"])
    for train, test in plan(rows, "artist").splits:
        assert not set(rows["release"].iloc[train]) & set(rows["release"].iloc[test])


@given(st.lists(st.sets(st.sampled_from("abcdef"), min_size=1, max_size=3), min_size=1))
def test_rows_that_share_a_name_are_linked(names: list[set[str]]) -> None:
    group = linked(pd.Series([";".join(sorted(own)) for own in names]))
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            if one & other:
                assert group[i] == group[j]
    # Groups are no larger than need be: two of them share no name.
    for number in set(group):
        inside = set().union(*(own for own, g in zip(names, group, strict=True) if g == number))
        outside = [own for own, g in zip(names, group, strict=True) if g != number]
        assert not inside & set().union(*outside)
