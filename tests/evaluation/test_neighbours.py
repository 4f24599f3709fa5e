"""Tests of whom a slice sounds like."""

from __future__ import annotations

import pandas as pd

from genrelib.evaluation import has_company, like_nearest, nearest_elsewhere


def _slices() -> pd.DataFrame:
    rows = [
        ("a", "jazz", "Ann"),
        ("a", "jazz", "Ann"),
        ("b", "jazz", "Ann"),
        ("c", "jazz", "Bob"),
        ("d", "rock", "Cid"),
        ("e", "rock", "Cid"),
        ("f", "pop", None),
        ("g", "pop", None),
    ]
    return pd.DataFrame(rows, columns=["track_id", "genre", "artist"])


def test_siblings_do_not_count() -> None:
    X = pd.DataFrame({"x": [0.0, 0.1, 1.0, 5.0, 6.0, 9.0, 20.0, 22.0]})
    near = nearest_elsewhere(X, _slices()["track_id"])
    assert near.tolist() == [2, 2, 1, 4, 3, 4, 7, 6]


def test_a_large_column_does_not_decide_alone() -> None:
    X = pd.DataFrame({"large": [0.0, 900.0, 1000.0], "small": [0.0, 0.001, 1.0]})
    assert nearest_elsewhere(X, ["a", "b", "c"])[0] == 1


def test_what_is_not_known_is_not_the_same() -> None:
    X = pd.DataFrame({"x": [0.0, 0.1, 1.0, 5.0, 6.0, 9.0, 20.0, 22.0]})
    assert like_nearest(X, _slices(), "artist").tolist() == [1, 1, 1, 0, 0, 1, 0, 0]
    assert like_nearest(X, _slices(), "genre").tolist() == [1, 1, 1, 0, 0, 1, 1, 1]


def test_company_is_another_track_by_the_artist_and_another_artist() -> None:
    assert has_company(_slices()).tolist() == [True, True, True, *[False] * 5]
