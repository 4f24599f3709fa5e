"""Hidden tests of the assignment 13-more-genres, in the form that otter-grader reads."""

import numpy as np
from otter.test_files import test_case
from sklearn.neighbors import KNeighborsClassifier

OK_FORMAT = False
name = "13-more-genres"
points = None


def nearest():
    return KNeighborsClassifier(1)


def made(places, tracks=10, slices=4, spread=0.02, seed=0):
    """Make slices of tracks whose genre stands at a place of its own, by name."""
    rng = np.random.default_rng(seed)
    genre = np.repeat(list(places), tracks * slices)
    x = np.repeat(list(places.values()), tracks * slices) + spread * rng.normal(size=len(genre))
    return x[:, None], genre, np.repeat(np.arange(len(places) * tracks), slices)


@test_case(points=3, hidden=True)
def test_tracks_are_kept_whole(compare):
    rng = np.random.default_rng(0)
    track = np.repeat(np.arange(60), 5)
    X = rng.normal(size=(60, 8))[track] + 0.01 * rng.normal(size=(300, 8))
    genre = np.array(["a", "b", "c"])[np.arange(60) % 3][track]
    shuffled = rng.permutation(300)
    found = compare(X[shuffled], genre[shuffled], track[shuffled], {"all": list("abc")}, nearest)
    right = found.loc["all", "accuracy"]
    assert right < 0.7, (
        "Slices of a track are on both sides: numbers that know the track and nothing of its "
        f"genre are named rightly in {right:.0%}, where chance is 33%."
    )


@test_case(points=3, hidden=True)
def test_a_set_is_learned_alone(compare):
    X, genre, tracks = made({"a": 0, "b": 1, "c": 0.01, "d": 1.01})  # c sounds like a, d like b
    found = compare(X, genre, tracks, {"two": ["a", "b"]}, nearest)
    right = found.loc["two", "accuracy"]
    assert right > 0.95, (
        "The model has learned genres that are not in the set, and answers with them: a set of "
        f"two that lie far apart is named rightly in {right:.0%} only. Train on the set alone."
    )


@test_case(points=3, hidden=True)
def test_sets_are_in_the_order_of_bits(compare):
    places = {name: k for k, name in enumerate("abcdefgh")}
    X, genre, tracks = made(places, spread=0.3)
    found = compare(X, genre, tracks, {"two": ["a", "h"], "eight": list("abcdefgh")}, nearest)
    assert list(found.index) == ["eight", "two"], (
        "Accuracies were compared across different numbers of genres: two genres named without a "
        "fault tell one bit, and eight that are named mostly rightly tell more. Sort by bits."
    )


@test_case(points=2, hidden=True)
def test_bits_are_those_of_the_table(compare):
    X, genre, tracks = made({"a": 0, "b": 1, "c": 2, "d": 3})
    found = compare(X, genre, tracks, {"two": ["a", "b"], "four": list("abcd")}, nearest)
    assert np.allclose(found.loc[["four", "two"], "bits"], [2, 1]), (
        "A faultless answer to two genres tells one bit, to four it tells two: the sum over the "
        f"cells gives something else ({found['bits'].round(2).to_dict()})."
    )
    assert np.allclose(found.loc[["four", "two"], "chance"], [1 / 4, 1 / 2]), (
        "Chance is one in as many genres as the set has."
    )
