"""Hidden tests of the assignment 11-large-collections, in the form that otter-grader reads."""

import numpy as np
import pandas as pd
from otter.test_files import test_case

OK_FORMAT = False
name = "11-large-collections"
points = None


def part(*rows):
    return pd.DataFrame(rows, columns=["track_id", "genre", "value"])


@test_case(points=3, hidden=True)
def test_large_parts_weigh_more(means):
    found = means(
        iter([part(*[(f"a{n}", "jazz", 0.0) for n in range(9)]), part(("b", "jazz", 1.0))])
    )
    assert np.isclose(found["jazz"], 0.1), (
        f"The mean of the means of parts was taken ({found['jazz']:.2f}, not 0.10): a part of one "
        "track has no more say than its one track."
    )


@test_case(points=3, hidden=True)
def test_a_track_counts_once(means):
    found = means(iter([part(("a", "jazz", 1.0), ("b", "jazz", 0.0)), part(("a", "jazz", 1.0))]))
    assert np.isclose(found["jazz"], 0.5), (
        "A track that was measured twice was counted twice "
        f"({found['jazz']:.2f}, not 0.50): the same song is in the table under one name."
    )


@test_case(points=2, hidden=True)
def test_missing_is_not_zero(means):
    found = means(iter([part(("a", "jazz", 1.0), ("b", "jazz", np.nan), ("c", "pop", 2.0))]))
    assert np.isclose(found["jazz"], 1), (
        f"A missing value was counted as a measurement of zero ({found['jazz']:.2f}, not 1.00)."
    )


@test_case(points=1, hidden=True)
def test_parts_need_not_have_all_genres(means):
    found = means(iter([part(("a", "jazz", 1.0)), part(("b", "pop", 2.0))]))
    assert found.to_dict() == {"jazz": 1.0, "pop": 2.0}, "A genre of one part only got lost."
