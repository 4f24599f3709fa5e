"""Tests of the figures of chapter 5: their words are those of the data."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from genrelib.book.figures import Picture, neighbours as figures
from genrelib.corpus import GENRES
from genrelib.evaluation import PROTOCOLS

LONG = "a rather long name of a genre nobody expected"
CASES = {"ten": list(GENRES), "two": ["jazz", LONG], "one": [LONG]}
KINDS = ["sibling", "same artist, other track", "same genre, other artist", "other genre"]
genres_of = pytest.mark.parametrize("genres", CASES.values(), ids=CASES)


def drawn(picture: Picture) -> Picture:
    picture.figure.savefig(io.BytesIO(), format="png", dpi=50)
    assert picture.caption and picture.alt
    return picture


def rows(models: list[str]) -> pd.DataFrame:
    values = [
        (model, protocol, level, metric, 0.6 + i / 100, 0.5, 0.71, 40, 7)
        for model in models
        for i, protocol in enumerate(PROTOCOLS)
        for level in ("slice", "track")
        for metric in ("accuracy", "f1")
    ]
    names = ["model", "protocol", "level", "metric", "value", "low", "high", "n_tracks",
             "n_genres"]  # fmt: skip
    return pd.DataFrame(values, columns=names)


def curve(values: list[float] | np.ndarray) -> pd.DataFrame:
    values = np.asarray(values)
    table = {"value": values, "low": values - 0.05, "high": values + 0.04}
    return pd.DataFrame(table, index=np.arange(1, len(values) + 1))


@pytest.mark.parametrize("last", [1, 3, 99])
def test_the_best_k_is_told_and_marked(last: int) -> None:
    k = np.arange(1, last + 1)
    curves = {"random-slice": curve(0.91 - k / 100), "track": curve(0.5 + k / 400)}
    picture = drawn(figures.by_k(curves))
    assert f"over k from 1 to {last}" in picture.alt
    assert (
        "random-slice starts at 0.90 (0.85 to 0.94), is best at k = 1" in picture.alt or last < 3
    )
    best = f"is best at k = {last} with {0.5 + last / 400:.2f}"
    assert f"track starts at 0.50 (0.45 to 0.54), {best}" in picture.alt
    dots = [line for line in picture.figure.axes[0].lines if line.get_marker() == "o"]
    assert [int(dot.get_xdata()[0]) for dot in dots] == [1, last]
    assert "fewer genres" not in picture.caption
    assert picture.figure.axes[0].get_xscale() == "linear"


def test_a_curve_lies_in_the_band_of_its_interval() -> None:
    (band,) = figures.by_k({"track": curve([0.5, 0.7])}).figure.axes[0].collections
    (path,) = band.get_paths()
    corners = {(x, round(y, 2)) for x, y in path.vertices}
    assert corners == {(1, 0.45), (1, 0.54), (2, 0.65), (2, 0.74)}


@pytest.mark.parametrize(
    ("tried", "missing", "warned"),
    [("artist", ["jazz"], True), ("artist", [], False), ("track", ["jazz"], False)],
)
def test_a_curve_over_fewer_genres_is_not_to_be_compared_by_its_height(
    tried: str, missing: list[str], warned: bool
) -> None:
    curves = {tried: curve([0.5, 0.4])}
    assert ("fewer genres" in figures.by_k(curves, missing).caption) == warned


@genres_of
def test_kinds_of_neighbours_are_told_by_genre_and_overall(genres: list[str]) -> None:
    shares = pd.DataFrame([[0.5, 0.25, 0.15, 0.1]] * len(genres), genres, KINDS)
    shares.loc[genres[-1]] = 0.0, 0.0, 0.13, 0.87
    overall = pd.Series([0.42, 0.08, 0.2, 0.3], KINDS)
    picture = drawn(figures.who(shares, overall))
    assert "sibling: 42 %, same artist, other track: 8 %" in picture.caption
    assert picture.alt.endswith(f"{genres[-1]} 0.00")
    picture = drawn(figures.who_else(shares, overall))
    assert "sibling:" not in picture.caption
    assert "other genre: 30 %." in picture.caption
    assert picture.alt.endswith(f"{genres[-1]} 0.87")
    bars = picture.figure.axes[0].patches
    # Siblings are neither in the bars nor in the legend, and the others keep their colours.
    assert [bar.get_width() for bar in bars] == pytest.approx(shares.to_numpy().T[1:].ravel())
    assert [t.get_text() for t in picture.figure.legends[0].get_texts()] == KINDS[1:]
    assert to_hex(bars[0].get_facecolor()) == figures.KIND_COLOURS[1]


def test_shares_are_written_into_the_bars_and_not_by_colour_alone() -> None:
    shares = pd.DataFrame([[0.5, 0.25, 0.21, 0.04]], ["jazz"], KINDS)
    (ax,) = drawn(figures.who(shares, shares.loc["jazz"])).figure.axes
    assert [text.get_text() for text in ax.texts] == ["50", "25", "21", ""]


@genres_of
def test_slices_on_the_diagonal_are_counted(genres: list[str]) -> None:
    counts = pd.DataFrame(2, genres, [*genres, "samba"])
    counts.iloc[0, 0] = 6
    n = len(genres)
    told = f"{6 + 2 * (n - 1)} of {counts.to_numpy().sum()} slices on the diagonal"
    first = f"{genres[0]} 6 of {6 + 2 * n}"
    picture = drawn(figures.confusion_by_slice(counts))
    assert f"under `random-slice`: {told}" in picture.caption and first in picture.alt
    picture = drawn(figures.confusion_by_track(counts))
    assert f"The same under `track`: {told}" in picture.caption and first in picture.alt


def test_the_heaviest_family_is_named_with_its_interval() -> None:
    lost = pd.DataFrame({"value": [0.1, 0.42], "low": 0.05, "high": 0.53}, ["MFCC", "chroma"])
    picture = drawn(figures.permutation(lost))
    assert "chroma: 0.42 (95 % interval 0.05 to 0.53)" in picture.caption
    assert "MFCC 0.10, 0.05 to 0.53; chroma 0.42, 0.05 to 0.53" in picture.alt
    (lines,) = [c for c in picture.figure.axes[0].containers if not hasattr(c, "patches")]
    ends = [segment[:, 0].tolist() for segment in lines[2][0].get_segments()]
    assert np.round(ends, 2).tolist() == [[0.05, 0.53], [0.05, 0.53]]


def test_models_are_named_where_there_are_several() -> None:
    picture = drawn(figures.protocols(rows(["k-NN (k = 1)"])))
    assert "interval: random-slice 0.60, 0.50 to 0.71" in picture.alt
    assert "chance, one in as many genres as the protocol tests" in picture.caption
    picture = drawn(figures.strong(rows(["k-NN (k = 1)", "SVM", "boosting", LONG])))
    assert picture.caption.startswith("Accuracy of four models on the same columns")
    assert f"{LONG}, track 0.61, 0.50 to 0.71" in picture.alt


def test_controls_are_shown_where_the_step_is_taken_apart_and_not_for_many_models() -> None:
    table = rows(["k-NN (k = 1)", "SVM"])
    both = pd.concat([table, table[table["protocol"] == "track"].assign(protocol="track-paired")])
    assert "track-paired" in figures.protocols(both).alt
    assert "track-paired" not in figures.strong(both).alt
