"""Tests of what the greatest attractor would be by lot."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genrelib.studies.hubs import greatest_by_lot

GENRES = pd.Series(["jazz"] * 3 + ["rock"] * 2, index=list("abcde"))


def pulled(*pairs: str) -> pd.DataFrame:
    return pd.DataFrame([tuple(pair) for pair in pairs], columns=["track_id", "source"])


def test_slices_of_one_track_at_one_attractor_count_once() -> None:
    assert set(greatest_by_lot(pulled("ad", "ad", "ad"), GENRES)) == {1}
    assert set(greatest_by_lot(pulled("ad", "ae"), GENRES)) == {1}, "its attractors differ"


def test_lots_fall_among_other_genres_only() -> None:
    # Three jazz tracks, two rock tracks to fall on: one of these is met twice or three times.
    lots = greatest_by_lot(pulled("ad", "bd", "cd"), GENRES, n=4000)
    assert set(lots) == {2, 3}
    assert (lots == 3).mean() == pytest.approx(1 / 4, abs=0.03)
    np.testing.assert_array_equal(lots, greatest_by_lot(pulled("ad", "bd", "cd"), GENRES, n=4000))


def test_where_nobody_errs_nobody_attracts() -> None:
    assert set(greatest_by_lot(pulled(), GENRES)) == {0}
