"""Hidden tests of the assignment 01-data, in the form that otter-grader reads."""

import numpy as np
import pandas as pd
from otter.test_files import test_case

OK_FORMAT = False
name = "01-data"
points = None


def make(rows):
    return pd.DataFrame(rows, columns=["artist", "side"])


@test_case(points=2, hidden=True)
def test_the_test_is_not_looked_up_in_itself(known_artists):
    table = make([("a", "train"), ("b", "test"), ("b", "test"), ("c", "valid"), ("c", "test")])
    assert np.isclose(known_artists(table), 0), (
        "A test track was looked up among all tracks, itself included, and not in training only: "
        "then every artist is known."
    )


@test_case(points=2, hidden=True)
def test_share_of_test_tracks(known_artists):
    table = make([("a", "train"), ("b", "train"), ("a", "test"), ("a", "test"), ("c", "test")])
    assert np.isclose(known_artists(table), 2 / 3), (
        "Artists were counted, not tracks: two of three test tracks are by an artist of training, "
        "although it is one artist of two."
    )


@test_case(points=2, hidden=True)
def test_unknown_artists_are_not_one_artist(known_artists):
    table = make([(None, "train"), ("a", "train"), (None, "test"), ("a", "test"), ("b", "test")])
    assert np.isclose(known_artists(table), 1 / 2), (
        "Unknown artists were taken for one artist, or counted among the tracks: of a track "
        "without an artist nobody can say whether the artist is known. Leave it out on both sides."
    )


@test_case(points=1, hidden=True)
def test_nothing_to_ask(known_artists):
    assert np.isnan(known_artists(make([("a", "train"), (None, "test")]))), (
        "Without a test track of a known artist there is no share: give nan, not 0."
    )
