"""Tests of the figures of chapter 4: their words are those of the data."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from genrelib.book.figures import Picture, forest as figures
from genrelib.corpus import GENRES
from genrelib.evaluation import PROTOCOLS

LONG = "a rather long name of a genre nobody expected"
FAMILIES = ["MFCC", "mel spectrogram", "tempo"]
CASES = {"ten": list(GENRES), "two": ["jazz", LONG], "one": [LONG]}


def drawn(picture: Picture) -> Picture:
    picture.figure.savefig(io.BytesIO(), format="png", dpi=50)
    return picture


def ballot(genres: list[str]) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Three slices per genre: two are right, the second of them in silence; one is wrong."""
    names = [f"{genre}.0_$x{i}:1" for genre in genres for i in range(3)]
    shares = np.full((len(names), len(genres)), 0.01)
    truth = pd.Series(np.repeat(genres, 3), names)
    for row in range(len(names)):
        shares[row, (row // 3 + (row % 3 == 2)) % len(genres)] = 0.4 if row % 3 == 1 else 0.7
    table = pd.DataFrame(shares, names, genres)
    return table, truth, table.max(axis=1) <= 0.5


def rows(genres: int) -> pd.DataFrame:
    values = [
        ("random forest", protocol, level, metric, 0.6 + i / 100, 0.5, 0.71, genres)
        for i, protocol in enumerate(PROTOCOLS)
        for level in ("slice", "track")
        for metric in ("accuracy", "f1")
    ]
    names = ["model", "protocol", "level", "metric", "value", "low", "high", "n_genres"]
    return pd.DataFrame(values, columns=names).assign(n_tracks=40)


@pytest.mark.parametrize("genres", CASES.values(), ids=CASES)
def test_the_first_genre_of_the_alphabet_is_counted(genres: list[str]) -> None:
    counts = pd.DataFrame(2, genres, genres)
    counts.iloc[0, 0] = 5
    counts.iloc[1:, 0] = 7
    picture = drawn(figures.argmax_matrix(counts))
    called, truly = 5 + 7 * (len(genres) - 1), 5 + 2 * (len(genres) - 1)
    assert f"{called} slices are called {genres[0]}; {truly} are." in picture.caption
    assert f"of {counts.to_numpy().sum()} test slices in {len(genres)} genres" in picture.alt


@pytest.mark.parametrize("genres", CASES.values(), ids=CASES)
def test_votes_of_a_silent_and_of_an_outspoken_slice(genres: list[str]) -> None:
    shares, truth, silent = ballot(genres)
    outspoken, quiet = truth.index[:2]
    picture = drawn(figures.votes(shares, truth, silent, quiet))
    assert quiet in picture.caption
    assert f"{genres[0]} with 40 %; the answer was a row of zeros" in picture.caption
    assert f"{genres[0]}, reaches 0.40" in picture.alt
    bars = picture.figure.axes[0].patches
    assert [bar.get_width() for bar in bars] == shares.loc[quiet].tolist()
    picture = drawn(figures.votes(shares, truth, silent, outspoken))
    assert "70 %; the answer was that genre" in picture.caption


@pytest.mark.parametrize("genres", CASES.values(), ids=CASES)
def test_leading_genres_are_counted_left_and_right_of_one_half(genres: list[str]) -> None:
    n = len(genres)
    shares, truth, silent = ballot(genres)
    picture = drawn(figures.majority(shares, truth, silent))
    right = n if n > 1 else 2  # with one genre there is no other to be wrong by
    assert f"right for {n} of {n} slices" in picture.caption
    assert f"above it {2 * n}, of which {right} are right" in picture.alt
    assert sum(bar.get_height() for bar in picture.figure.axes[0].patches) == 3 * n


def test_a_share_of_exactly_one_half_is_left_of_the_line() -> None:
    shares = pd.DataFrame({"blues": [0.5], "jazz": [0.1]}, ["a"])
    picture = drawn(
        figures.majority(shares, pd.Series(["blues"], ["a"]), pd.Series([True], ["a"]))
    )
    (bar,) = [bar for bar in picture.figure.axes[0].patches if bar.get_height()]
    assert bar.get_x() + bar.get_width() == pytest.approx(0.5, abs=1e-8)


@pytest.mark.parametrize("families", [FAMILIES, [LONG]], ids=["three", "one"])
def test_importance_stands_beside_the_share_of_columns(families: list[str]) -> None:
    table = pd.DataFrame({"share of importance": 0.25, "share of columns": 0.1}, families)
    table.iloc[-1] = 0.35, 0.8
    picture = drawn(figures.impurity(table))
    expected = f"The largest family, {families[-1]}, has 80 % of the columns and 35 % of"
    assert expected in picture.caption
    assert picture.alt.endswith(f"{families[-1]} 0.35 and 0.80")


@pytest.mark.parametrize("families", [FAMILIES, [LONG]], ids=["three", "one"])
def test_the_heaviest_family_is_named_with_its_interval(families: list[str]) -> None:
    lost = pd.DataFrame({"value": -0.01, "low": -0.02, "high": 0.0}, families)
    lost.iloc[-1] = 0.42, 0.31, 0.53
    picture = drawn(figures.permutation(lost))
    assert f"{families[-1]}: 0.42 (95 % interval 0.31 to 0.53)" in picture.caption
    assert picture.alt.count(";") == len(families) - 1


@pytest.mark.parametrize("tested", [list(PROTOCOLS), ["track"]], ids=["all", "one"])
def test_every_protocol_is_told(tested: list[str]) -> None:
    table = rows(7)
    picture = drawn(figures.protocols(table[table["protocol"].isin(tested)]))
    assert "one in as many genres as the protocol tests" in picture.caption
    assert "track 0.61, 0.50 to 0.71" in picture.alt
    assert [name for name in PROTOCOLS if f"{name} 0.6" in picture.alt] == tested
