"""Tests of the recordings in 20 makams: whole, aligned, and grouped as they are linked."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, strategies as st

from genrelib.evaluation import cross_validate, plan, score
from genrelib.models import make_model
from genrelib.studies import (
    MAKAM_MODELS,
    STEPS,
    choose_makam,
    examine_makam,
    in_form,
    linked,
    load_makam,
    load_melodies,
    makam_scores,
    twelve_steps,
)


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


def test_works_that_share_a_name_are_one() -> None:
    recordings, _ = load_makam()
    assert 500 < recordings["work"].nunique() < 1000
    assert recordings["work"].notna().all()


def test_twelve_steps_keep_what_lies_near_them() -> None:
    one = np.zeros((3, STEPS))
    one[0, 0] = one[1, STEPS - 1] = one[2, 9] = 1  # on the tonic, below it, 45 cents above
    assert twelve_steps(one).argmax(axis=1).tolist() == [0, 0, 0]
    assert twelve_steps(np.roll(one, 20, axis=1)).argmax(axis=1).tolist() == [1, 1, 1]


def test_the_forms_change_what_they_say() -> None:
    _, melodies = load_makam()
    some = melodies[:5]
    assert in_form(some, "12 steps").shape == (5, 12)
    assert (in_form(some, "by the peak").argmax(axis=1) == 0).all()
    turned = in_form(some, "turned at random")
    np.testing.assert_allclose(np.sort(turned), np.sort(np.sqrt(some)))
    assert not np.allclose(turned, np.sqrt(some))


def test_settings_are_chosen_on_artists_that_are_not_scored() -> None:
    recordings, melodies = load_makam()
    settings, scored = choose_makam(recordings, melodies)
    assert set(settings) == set(MAKAM_MODELS)
    spared = set(recordings["artist"][~scored])
    assert spared and not spared & set(recordings["artist"][scored])
    told = examine_makam(recordings[scored], melodies[scored], {"k-NN": settings["k-NN"]},
                         groups=("random", "work"))  # fmt: skip
    table = makam_scores(told)
    assert table["group"].tolist() == ["random", "work"] and (table["value"] > 0.4).all()


def test_melodies_of_the_tracks_are_whole() -> None:
    slices, melodies = load_melodies()
    assert len(slices) == 500 and slices["genre"].value_counts().eq(50).all()
    sums = melodies.sum(axis=1)
    assert ((np.abs(sums - 1) < 2e-2) | (sums == 0)).all()
    assert slices["deviation"].dropna().between(0, 26).all()
