"""Hidden tests of the assignment 07-original-study, in the form that otter-grader reads."""

import numpy as np
import pandas as pd
from otter.test_files import test_case

OK_FORMAT = False
name = "07-original-study"
points = None


def coins(seed, tracks=60, settings=80, slices=3):
    """Settings that know nothing: a track is named rightly by the toss of a coin, whole."""
    rng = np.random.default_rng(seed)
    name = np.repeat([f"t{n}" for n in range(tracks)], slices)
    tossed = rng.random((tracks, settings)) < 0.5
    table = pd.DataFrame(
        np.repeat(tossed, slices, axis=0), columns=[f"s{n}" for n in range(settings)]
    )
    table.insert(0, "track", name)
    return table


def mean_score(honest):
    return np.mean([honest(coins(seed, tracks=120, slices=1), seed)[1] for seed in range(20)])


@test_case(points=3, hidden=True)
def test_the_choice_is_not_scored(honest):
    found = mean_score(honest)
    assert found < 0.58, (
        "The best of many was scored on the tracks that it was chosen by: eighty coins, of which "
        f"none knows anything, are right for {found:.2f} on average, not for 0.50."
    )


@test_case(points=3, hidden=True)
def test_halves_are_of_tracks(honest):
    table = coins(3, tracks=40, settings=200)
    found = np.mean([honest(table, seed)[1] for seed in range(20)])
    alone = np.mean([honest(coins(seed, 40, 200), seed)[1] for seed in range(20)])
    assert max(found, alone) < 0.6, (
        "Slices of a track are in both halves, or the halves overlap: a setting that was lucky "
        f"with a track is lucky with it again ({max(found, alone):.2f} for coins, not 0.50)."
    )


@test_case(points=2, hidden=True)
def test_a_good_setting_is_chosen(honest):
    table = coins(1, settings=10)
    rng = np.random.default_rng(0)
    table["good"] = rng.random(len(table)) < 0.95
    chosen, score = honest(table, 0)
    assert chosen == "good", "The setting was not chosen by its accuracy: the best one was missed."
    assert 0.85 < score <= 1


@test_case(points=2, hidden=True)
def test_one_draw_is_drawn(honest):
    table = coins(5)
    scores = {honest(table, seed)[1] for seed in range(8)}
    assert len(scores) > 1, (
        "Every seed gave the same halves: one split, which may be a lucky one, is all anybody "
        "will ever see."
    )
    assert honest(table, 1) == honest(table, 1), "The same seed gave another answer."
