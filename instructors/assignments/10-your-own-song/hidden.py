"""Hidden tests of the assignment 10-your-own-song, in the form that otter-grader reads."""

import numpy as np
import pandas as pd
from otter.test_files import test_case

OK_FORMAT = False
name = "10-your-own-song"
points = None


def rows(*given):
    return pd.DataFrame(
        [(song, truth, named) for song, truth, *pieces in given for named in pieces],
        columns=["song", "truth", "named"],
    )


@test_case(points=3, hidden=True)
def test_songs_are_counted(report):
    table = rows(("a", "jazz", *["jazz"] * 8), ("b", "rock", "pop"), ("c", "pop", "jazz"))
    found = report(table, ["jazz", "rock", "pop"])["accuracy"]
    assert np.isclose(found, 1 / 3), (
        f"Pieces were counted, not songs: one song of three is right, which is 0.33, not "
        f"{found:.2f}. Pieces of a song are not independent, and a long song has no more say."
    )


@test_case(points=3, hidden=True)
def test_refusals_are_counted(report):
    table = rows(("a", "jazz", "jazz"), ("b", "rock", None), ("c", "pop", None, None))
    found = report(table, ["jazz", "rock", "pop"])
    assert np.isclose(found["accuracy"], 1 / 3), (
        "Refused songs were left out of the accuracy: whoever answers one easy question and "
        f"refuses the rest would be perfect ({found['accuracy']:.2f}, not 0.33)."
    )
    assert np.isclose(found["answered"], 1), "Of the songs that were named, all are right here."


@test_case(points=2, hidden=True)
def test_strangers_are_apart(report):
    table = rows(("a", "jazz", "jazz"), ("b", "polka", "jazz"), ("c", "polka", None))
    found = report(table, ["jazz"])
    assert np.isclose(found["accuracy"], 1) and np.isclose(found["strangers_refused"], 1 / 2), (
        "Songs of a genre that the model does not know were scored with the others: they can "
        "only be refused rightly, and are counted apart."
    )


@test_case(points=1, hidden=True)
def test_pieces_vote(report):
    table = rows(("a", "jazz", "jazz", "jazz", "rock"), ("b", "rock", None, "rock"))
    found = report(table, ["jazz", "rock"])
    assert np.isclose(found["accuracy"], 1), "A song is called what most of its named pieces say."
    assert np.isnan(found["strangers_refused"]), "A share of no songs is nan."
