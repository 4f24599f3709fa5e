"""Hidden tests of the assignment 04-random-forest, in the form that otter-grader reads."""

import numpy as np
import pandas as pd
from otter.test_files import test_case

OK_FORMAT = False
name = "04-random-forest"
points = None


GENRES = ["jazz", "metal", "pop"]


def table(*rows):
    return pd.DataFrame(rows, columns=GENRES)


@test_case(points=2, hidden=True)
def test_silence_is_no_answer(name):
    found = list(name(table([0.0, 0.0, 0.0], [0.4, 0.3, 0.3], [0.5, 0.5, 0.0]), 0.5))
    assert all(value is None or value != value for value in found), (
        f"Rows without enough votes were named {found}: the largest of a row always exists, and "
        "of a row of zeros it is the first genre of the table."
    )


@test_case(points=1, hidden=True)
def test_enough_votes_are_an_answer(name):
    found = list(name(table([0.7, 0.2, 0.1], [0.1, 0.3, 0.6]), 0.5))
    assert found == ["jazz", "pop"], f"Two clear votes were named {found}."


@test_case(points=2, hidden=True)
def test_silence_is_wrong(scores):
    truth = pd.Series(["jazz", "jazz", "metal", "pop"])
    found = scores(truth, pd.Series(["jazz", None, None, None], dtype=object), GENRES)
    assert np.isclose(found["accuracy"], 1 / 4), (
        "Rows without an answer were left out of the score: then whoever answers only the "
        f"easiest question is perfect (accuracy {found['accuracy']:.2f}, not 0.25)."
    )


@test_case(points=2, hidden=True)
def test_every_genre_counts_the_same(scores):
    truth = pd.Series(["jazz"] * 8 + ["metal", "pop"])
    found = scores(truth, pd.Series(["jazz"] * 10, dtype=object), GENRES)
    got = found["macro_recall"], found["macro_precision"]
    assert np.allclose(got, (1 / 3, 0.8 / 3)), (
        "The mean over genres is weighted by how many rows each has, or leaves out genres that "
        "were never named: so the frequent genre hides that the others are never found "
        f"(recall and precision {got[0]:.2f}, {got[1]:.2f}; not 0.33, 0.27)."
    )
