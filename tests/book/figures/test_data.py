"""Tests of the figure of chapter 1: its words are those of the data."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from genrelib.book.figures import Picture, data as figures
from genrelib.corpus import GENRES

LONG = "a rather long name of a genre nobody expected"
CASES = {"ten": list(GENRES), "two": ["jazz", LONG], "one": [LONG]}


def drawn(picture: Picture) -> Picture:
    picture.figure.savefig(io.BytesIO(), format="png", dpi=50)
    assert picture.caption and picture.alt
    return picture


@pytest.mark.parametrize("genres", CASES.values(), ids=CASES)
def test_artists_are_blocks_and_unknown_ones_hatched(genres: list[str]) -> None:
    # Three tracks by one artist, one by another and two by nobody known; the last genre is one
    # artist alone.
    names = ["A", "B", "A", None, "A", None]
    genres = sorted(genres)
    rows = [(genre, name) for genre in genres[:-1] for name in names] + [(genres[-1], "C")] * 4
    picture = drawn(figures.artists(pd.DataFrame(rows, columns=["genre", "artist"])))
    assert picture.caption.endswith(f"Such genres here: {genres[-1]}.")
    assert picture.alt.endswith(f"{genres[-1]} 1")
    ax = picture.figure.axes[0]
    blocks = sorted((bar.get_y(), bar.get_x(), bar.get_width()) for bar in ax.patches)
    assert [width for *_, width in blocks] == [3, 1, 2] * (len(genres) - 1) + [4]
    assert sum(bar.get_hatch() is not None for bar in ax.patches) == len(genres) - 1
    assert [text.get_text() for text in ax.texts] == [" 2"] * (len(genres) - 1) + [" 1"]


def test_nobody_known_and_several_known_are_no_single_artist() -> None:
    tracks = pd.DataFrame({"genre": ["jazz"] * 2 + ["rock"] * 2, "artist": [None, None, "A", "B"]})
    picture = drawn(figures.artists(tracks))
    assert picture.caption.endswith("Such genres here: none.")
    assert "jazz 0, rock 2" in picture.alt
