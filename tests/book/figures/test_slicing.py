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


def test_where_nothing_can_be_played_a_sketch_is_cut() -> None:
    picture = drawn(figures.cuts(Clip(np.zeros(0, np.float32), "silent", synthetic=True)))
    assert "synthetic sketch, not a recording" in picture.caption
    assert "silent" not in picture.caption


@genres_of
def test_first_slices_and_others_are_told_apart(genres: list[str]) -> None:
    slices = cut(genres)
    picture = drawn(figures.counts(slices, 6 * len(genres)))
    assert f"From {6 * len(genres)} tracks came {30 * len(genres)} slices" in picture.caption
    assert f"the pale part, {24 * len(genres)} slices," in picture.caption
    assert f"{genres[-1]} 30 slices" in picture.alt
    bars = picture.figure.axes[0].patches
    assert [bar.get_width() for bar in bars] == [6] * len(genres) + [24] * len(genres)


def test_siblings_are_counted_and_tried() -> None:
    exact = np.array([0.0001, 0.1, 0.8999])
    found = {"random-slice": np.array([0, 1, 2, 2]), "track": np.zeros(4, int)}
    picture = drawn(figures.siblings(exact, found, 20))
    assert "100.0 % of test slices have at least one sibling" in picture.caption
    assert "by track, 0 %" in picture.caption and "20 random splits" in picture.caption
    assert "random-slice: 1 siblings 10.0 %, 2 siblings 90.0 %. track: none" in picture.alt
    (diamonds,) = picture.figure.axes[0].lines
    assert list(diamonds.get_ydata()) == [0.25, 0.25, 0.5]


@pytest.mark.parametrize("genres", [CASES["ten"], CASES["two"]], ids=["ten", "two"])
def test_whole_tracks_change_sides_under_track_alone(genres: list[str]) -> None:
    slices = cut(genres, 14, 66.0)
    picture = drawn(figures.split_map(slices, ("random-slice", "track"), 0))
    assert "shown for 12 tracks" in picture.caption
    assert "and 0 under `track`" in picture.caption
    left, right = picture.figure.axes
    assert [len(ax.get_xticks()) for ax in (left, right)] == [10, 10]
    tested = {round(text.get_position()[1] - 0.5) for text in right.texts}
    assert len(right.texts) == 10 * len(tested)
    assert f"{len({round(t.get_position()[1] - 0.5) for t in left.texts})} are" in picture.caption


def test_a_track_with_one_slice_is_drawn() -> None:
    picture = drawn(figures.split_map(cut(CASES["two"], 6, 7.0), ("random-slice", "track"), 1))
    assert "0 are on both sides under `random-slice` and 0 under `track`" in picture.caption
