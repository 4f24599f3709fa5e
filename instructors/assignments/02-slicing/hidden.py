"""Hidden tests of the assignment 02-slicing, in the form that otter-grader reads."""

import numpy as np
import pandas as pd
from otter.test_files import test_case

OK_FORMAT = False
name = "02-slicing"
points = None


def music(order=1):
    rows = [(f"{g}{t}", g) for g in ("jazz", "metal", "pop") for t in range(10) for _ in range(4)]
    return pd.DataFrame(rows[::order], columns=["track_id", "genre"])


def sides(split, seed=0):
    table = music()
    train, test = split(table, 0.2, seed)
    return table, np.asarray(train), np.asarray(test)


@test_case(points=3, hidden=True)
def test_no_track_is_on_both_sides(split):
    for seed in range(3):
        table, train, test = sides(split, seed)
        both = set(table["track_id"].iloc[train]) & set(table["track_id"].iloc[test])
        assert not both, (
            f"Slices of a track are on both sides ({len(both)} tracks): rows were dealt, not "
            "tracks, and the test asks about songs that were heard."
        )


@test_case(points=1, hidden=True)
def test_every_row_is_used_once(split):
    table, train, test = sides(split)
    assert sorted([*train, *test]) == list(range(len(table))), (
        "Some rows are on no side, or twice on one."
    )


@test_case(points=2, hidden=True)
def test_every_genre_is_asked(split):
    for seed in range(5):
        table, _, test = sides(split, seed)
        asked = table["genre"].iloc[test].value_counts()
        assert set(asked.index) == set(table["genre"]), (
            "A genre has no track in the test: the share was taken of the whole table and not of "
            "every genre, so that chance, or the order of the rows, decides which are asked."
        )
        assert set(asked) == {8}, "Of every genre, two tracks of ten belong in the test here."


@test_case(points=2, hidden=True)
def test_the_seed_decides(split):
    draws = [tuple(sorted(sides(split, seed)[2])) for seed in (0, 0, 1, 2, 3)]
    assert draws[0] == draws[1], "The same seed gave another split: nobody could repeat it."
    assert len(set(draws)) > 1, (
        "Every seed gave the same split: it is not drawn at random, so nobody can ask what "
        "another draw would have said."
    )
