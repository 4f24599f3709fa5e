"""Tests of the figures of chapter 2: their words are those of the data."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from genrelib.book.figures import Picture, slicing as figures
from genrelib.book.page import Clip
from genrelib.corpus import GENRES, SAMPLE_RATE
from genrelib.features import slice_tracks

LONG = "a rather long name of a genre nobody expected"
CASES = {"ten": list(GENRES), "two": ["jazz", LONG], "one": [LONG]}
genres_of = pytest.mark.parametrize("genres", CASES.values(), ids=CASES)


def drawn(picture: Picture) -> Picture:
    picture.figure.savefig(io.BytesIO(), format="png", dpi=50)
    assert picture.caption and picture.alt
    return picture


def cut(genres: list[str], per_genre: int = 6, duration: float = 30.0) -> pd.DataFrame:
    names = [f"{genre}.{i:05d}" for genre in genres for i in range(per_genre)]
    tracks = pd.DataFrame({"genre": np.repeat(genres, per_genre)}, names)
    tracks = tracks.rename_axis("track_id").assign(artist=None, side=None, duration=duration)
    return slice_tracks(tracks)


@pytest.mark.parametrize(
    ("seconds", "n_cuts"), [(30.0, 5), (29.96, 5), (17.0, 2), (6.0, 1), (2.0, 0)]
)
def test_cuts_lie_every_six_seconds(seconds: float, n_cuts: int) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, round(seconds * SAMPLE_RATE))
    picture = drawn(figures.cuts(Clip(noise.astype(np.float32), "a song", synthetic=False)))
    assert f"a song, {seconds:.1f} seconds" in picture.caption
    assert f"into {n_cuts} slices of 6 seconds" in picture.alt
    ticks = picture.figure.axes[0].get_xticks()
    assert ticks == pytest.approx(6.0 * np.arange(n_cuts + 1))


@genres_of
def test_first_slices_and_others_are_told_apart(genres: list[str]) -> None:
    n = len(genres)
    picture = drawn(figures.counts(cut(genres), 6 * n))
    assert f"From {6 * n} tracks came {30 * n} slices" in picture.caption
    assert f"the pale part, {24 * n} slices," in picture.caption
    bars = picture.figure.axes[0].patches
    assert [(bar.get_x(), bar.get_width()) for bar in bars] == [
        (0, 6 * n),
        (0, 6 * n),
        (6 * n, 24 * n),
    ]


def test_siblings_are_counted_and_tried() -> None:
    exact = np.array([0.0001, 0.1, 0.8999])
    picture = drawn(figures.siblings(exact, np.array([0, 1, 2, 2]), 20))
    assert "99.99 % of test slices have at least one" in picture.caption
    assert picture.alt.endswith("1 siblings 10.0 %, 2 siblings 90.0 %")
    (diamonds,) = picture.figure.axes[0].lines
    assert list(diamonds.get_ydata()) == [0.25, 0.25, 0.5]
    bars = picture.figure.axes[0].patches
    assert [bar.get_x() + bar.get_width() / 2 for bar in bars] == pytest.approx([0, 1, 2])


ALL = ("random-slice", "track", "artist")


def squares(picture: Picture, panel: int) -> dict[tuple[int, int], int]:
    """Give the fold that is written into each square, by row and column."""
    where = ((text, text.get_position()) for text in picture.figure.axes[panel].texts)
    return {(round(y - 0.5), round(x - 0.5)): int(text.get_text()) for text, (x, y) in where}


@pytest.mark.parametrize("duration", [30.0, 66.0])
def test_the_map_shows_the_folds_of_cross_validation(duration: float) -> None:
    slices = cut(["jazz", "rock", "pop"], 9, duration)
    # Jazz is two artists with several tracks and a stranger, rock one artist, pop nine.
    number = slices["track_id"].str[-1].astype(int)
    slices["artist"] = np.where(slices["genre"] == "rock", "The One", number.astype(str))
    names = {0: "X", 1: "X", 2: "X", 3: "Y", 4: "Y", 5: None, 6: "X", 7: "Y", 8: "Z"}
    jazz = slices["genre"] == "jazz"
    slices.loc[jazz, "artist"] = number[jazz].map(names)
    picture = drawn(figures.split_map(slices, ALL, 0))
    labels = [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]
    assert [label[-1] for label in labels] == list("AAAABBBC?")
    columns = 5 if duration == 30 else 10
    random, track, artist = (squares(picture, panel) for panel in range(3))
    for found in (random, track, artist):
        assert found[0, 0] == 1
    assert len(random) == len(track) == 9 * columns
    assert len(artist) == 8 * columns  # the stranger might be anybody
    rows = {row: {track[row, x] for x in range(columns)} for row in range(9)}
    assert all(len(folds) == 1 for folds in rows.values())
    assert {artist[row, x] for row in range(4) for x in range(columns)} == {1}
    torn = sum(len({random[r, x] == 1 for x in range(columns)}) > 1 for r in range(9))
    assert f"`random-slice`: {torn} tracks" in picture.caption
    assert "`track`: 0 tracks" in picture.caption
    assert "`artist`: 0 tracks and 0 artists" in picture.caption
    assert picture.figure.get_size_inches()[1] < 7.2


@pytest.mark.parametrize("genres", [CASES["ten"], CASES["two"]], ids=["ten", "two"])
def test_the_map_needs_no_artists(genres: list[str]) -> None:
    picture = drawn(figures.split_map(cut(genres, 14, 66.0), ALL, 0))
    assert "of 12 tracks" in picture.caption
    labels = [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]
    assert len(set(labels)) == 12 and max(map(len, labels)) < 20
    assert len(squares(picture, 1)) == 120 and not squares(picture, 2)
    assert "`artist`: 0 tracks and 0 artists" in picture.caption


def test_no_artist_fills_the_map() -> None:
    slices = cut(["jazz", "pop"], 20)
    slices["artist"] = np.where(slices["track_id"].str[-2:] < "16", "X", slices["track_id"])
    picture = drawn(figures.split_map(slices, ALL, 0))
    labels = [label.get_text()[-1] for label in picture.figure.axes[0].get_yticklabels()]
    assert "".join(labels) == "AAAABCDE"


def test_a_track_with_one_slice_is_drawn() -> None:
    picture = drawn(figures.split_map(cut(CASES["two"], 6, 7.0), ALL[:2], 1))
    assert "`random-slice`: 0 tracks and 0 artists; `track`: 0 tracks" in picture.caption
