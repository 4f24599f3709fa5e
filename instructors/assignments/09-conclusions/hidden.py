"""Hidden tests of the assignment 09-conclusions, in the form that otter-grader reads."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "09-conclusions"
points = None


def answers(seed=0, tracks=40, slices=10):
    """Two models that stumble over the same hard tracks; all slices of a track go alike."""
    rng = np.random.default_rng(seed)
    hard = rng.random(tracks) < 0.5
    a, b = ~hard, ~hard
    b = np.where(rng.random(tracks) < 0.15, ~b, b)
    return (*(np.repeat(x, slices) for x in (a, b)), np.repeat(np.arange(tracks), slices))


def width(found):
    return found[2] - found[1]


@test_case(points=1, hidden=True)
def test_the_difference_is_one_of_accuracies(difference):
    a, b, tracks = answers()
    found = difference(a, b, tracks, seed=0, draws=300)
    assert np.isclose(found[0], a.mean() - b.mean()), "The first number is not the difference."
    assert found[1] <= found[0] <= found[2], "The interval does not hold the difference."


@test_case(points=3, hidden=True)
def test_tracks_are_drawn(difference):
    a, b, tracks = answers()
    found = width(difference(a, b, tracks, seed=0, draws=500))
    assert found > 0.12, (
        "Slices were taken as independent: the interval is "
        f"{found:.2f} wide, where that over tracks is about 0.20. Slices of a track are right "
        "or wrong together; draw tracks."
    )


@test_case(points=3, hidden=True)
def test_both_models_meet_the_same_tracks(difference):
    a, b, tracks = answers()
    found = width(difference(a, b, tracks, seed=0, draws=500))
    assert found < 0.32, (
        "Each model was drawn tracks of its own, or the ends of two intervals were subtracted: "
        f"the interval is {found:.2f} wide, where the paired one is about 0.20. What is hard for "
        "both has to cancel."
    )


@test_case(points=2, hidden=True)
def test_the_interval_is_one_of_the_difference(difference):
    rng = np.random.default_rng(0)
    a = np.repeat(rng.random(40) < 0.5, 10)
    found = difference(a, a, np.repeat(np.arange(40), 10), seed=0, draws=200)
    assert np.allclose(found, 0), (
        "A model differs from itself: the ends are not those of the difference of paired draws."
    )


@test_case(points=1, hidden=True)
def test_long_tracks_count_by_their_slices(difference):
    a = np.array([1] * 9 + [0])
    found = difference(a, 1 - a, np.array(["x"] * 9 + ["y"]), seed=0, draws=50)
    assert np.isclose(found[0], 0.8), (
        "Accuracy is over slices here, tracks are only what is drawn."
    )
