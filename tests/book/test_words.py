"""Tests of the words for numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genrelib.book import brief, clear_of_zero, extent, interval_table, percent, span
from genrelib.book.words import spans

FOUND = {"value": 0.161, "low": -0.02, "high": 0.2201}


@pytest.mark.parametrize(
    ("sign", "short", "long"),
    [
        (False, ".16 [-.02, .22]", "0.16 (95 % interval -0.02 to 0.22)"),
        (True, "+.16 [-.02, +.22]", "+0.16 (95 % interval -0.02 to +0.22)"),
    ],
)
def test_a_number_stands_with_its_interval(sign: bool, short: str, long: str) -> None:
    assert brief(FOUND, sign=sign) == short
    assert span(FOUND, sign=sign) == long
    assert brief({"value": 1, "low": 0.9, "high": 1}) == "1.00 [.90, 1.00]"
    assert brief({"value": 10.04, "low": -20.5, "high": 20.06}, 1) == "10.0 [-20.5, 20.1]"
    assert span(pd.Series(FOUND), 1) == "0.2 (95 % interval 0.0 to 0.2)"


def test_intervals_that_leave_zero_out_are_counted_beside_those_of_luck() -> None:
    table = pd.DataFrame({"value": [0.1, -0.2, 0.0, np.nan], "low": [0.01, -0.3, -0.1, np.nan]})
    table["high"] = [0.2, -0.1, 0.1, np.nan]
    told = "2 of 3 intervals leave zero out, where luck alone would give 0.2"
    assert clear_of_zero(table.iloc[:3]) == clear_of_zero(table) == told
    assert clear_of_zero(table.iloc[1:3]).startswith("1 of 2 intervals leaves zero out")


def test_intervals_are_laid_out_by_row_and_column_in_their_order() -> None:
    found = {("z", "two"): FOUND, ("a", "one"): FOUND, ("a", "two"): None}
    table = interval_table(found, missing="nothing")
    assert table.index.tolist() == ["z", "a"] and table.columns.tolist() == ["two", "one"]
    assert table["two"].tolist() == [".16 [-.02, .22]", "nothing"]
    assert pd.isna(table.at["z", "one"])


def test_a_table_of_intervals_is_laid_out_alike() -> None:
    found = pd.DataFrame([FOUND, FOUND], pd.MultiIndex.from_tuples([("b", "x"), ("a", "x")]))
    assert interval_table(found, sign=True)["x"].to_dict() == dict.fromkeys(
        ("b", "a"), "+.16 [-.02, +.22]"
    )


def test_rows_of_several_names_and_more_decimals() -> None:
    found = {("b", "track", "x"): FOUND, ("a", "track", "y"): FOUND, ("b", "track", "y"): None}
    table = interval_table(found, 3).rename_axis(["part", "protocol"])
    assert table.index.tolist() == [("b", "track"), ("a", "track")]
    assert table.loc[("b", "track")].tolist() == [brief(FOUND, 3), "–"]
    assert pd.isna(table.loc[("a", "track"), "x"])


def test_cells_hold_a_number_with_its_interval_or_a_dash() -> None:
    table = pd.DataFrame(
        {"value": [0.161, np.nan, -0.2], "low": [0.1, np.nan, -0.3], "high": [0.2, np.nan, 0.04]},
        index=["a", "b", "c"],
    )
    assert spans(table).to_dict() == {
        "a": ".16 [.10, .20]",
        "b": "–",
        "c": "-.20 [-.30, .04]",
    }
    assert spans(table, sign=True).tolist() == [
        "+.16 [+.10, +.20]",
        "–",
        "-.20 [-.30, +.04]",
    ]


def test_what_runs_from_least_to_most_is_said_once_where_they_are_alike() -> None:
    assert extent(pd.Series([5, 4, 10])) == "4 to 10"
    assert extent([0.501, 0.499, float("nan")], 2) == "0.50"
    assert extent([]) == "unknown"
    assert percent(float("nan")) == "unknown" and percent(0.1234, 1) == "12.3 %"
