"""Hidden tests of the assignment 06-lstm, in the form that otter-grader reads."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "06-lstm"
points = None


TRACKS = np.repeat([f"t{n}" for n in range(20)], 5)
TRAIN = np.flatnonzero(np.arange(100) % 100 < 80)


def sides(watched, seed=0):
    learn, watch = (np.asarray(rows) for rows in watched(TRACKS, TRAIN, 0.25, seed))
    return learn, watch


@test_case(points=2, hidden=True)
def test_the_test_is_not_watched(watched):
    learn, watch = sides(watched)
    assert not set(watch) - set(TRAIN) and not set(learn) - set(TRAIN), (
        "The test is watched: the epoch that is kept is the one that suits the test best, and "
        "the score is that of the best of many looks at it."
    )


@test_case(points=3, hidden=True)
def test_siblings_are_not_watched(watched):
    for seed in range(3):
        learn, watch = sides(watched, seed)
        both = set(TRACKS[learn]) & set(TRACKS[watch])
        assert not both, (
            f"Slices of a track are both learned from and watched ({len(both)} tracks): what is "
            "learned by heart looks like progress, and training stops too late."
        )


@test_case(points=1, hidden=True)
def test_all_of_the_training_is_used(watched):
    learn, watch = sides(watched)
    assert sorted([*learn, *watch]) == sorted(TRAIN), "learn and watch are not the training side."
    assert len(set(TRACKS[watch])) == 4, "A quarter of sixteen tracks are four."
    assert len({tuple(sides(watched, seed)[1]) for seed in range(5)}) > 1, "The seed is not used."


@test_case(points=2, hidden=True)
def test_nobody_sees_the_future(kept):
    losses = [1.0, 0.6, 0.7, 0.8, 0.9, 0.2]
    assert kept(losses, 2) == 1, (
        "An epoch was kept that was never run: after two epochs without progress training has "
        "stopped, and what comes later nobody can know. The lowest of the whole curve is the "
        "best of many."
    )


@test_case(points=1, hidden=True)
def test_progress_is_kept(kept):
    assert kept([1.0, 0.9, 0.95, 0.8, 0.85], 2) == 3, "A pause shorter than patience is no stop."
    assert kept([0.5], 3) == 0
