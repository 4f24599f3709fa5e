"""Tests of the figures of the chapter on one's own song."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from genrelib.book.figures import Picture, song
from genrelib.corpus import SAMPLE_RATE

RNG = np.random.default_rng(0)
LONG = "A rather long title of a song, with $ and _"


def pictures(seconds: float) -> list[Picture]:
    windows = max(1, round(seconds / 6))
    names = [f"tag {k}" for k in range(50)]
    tags = pd.DataFrame(RNG.random((windows, 50)), np.arange(windows) * 5.984, names)
    known, genres = RNG.normal(size=(40, 2)), pd.Series(["jazz", "rock"] * 20)
    return [
        song.wave(0.1 * RNG.normal(size=round(seconds * SAMPLE_RATE)), LONG),
        song.image(RNG.random((96, 374)), LONG),
        song.tags(tags, LONG),
        song.plane(known, genres, known[:windows], LONG),
    ]


@pytest.mark.parametrize("seconds", [0.5, 15, 200])
def test_what_is_drawn_is_said(seconds: float) -> None:
    for picture in pictures(seconds):
        picture.figure.savefig(io.BytesIO(), format="png")
        assert LONG in picture.caption
        assert picture.alt != picture.caption
        plt.close(picture.figure)


def test_the_most_probable_tags_are_on_top() -> None:
    tags = pd.DataFrame([np.arange(50) / 50], [0.0], [f"tag {k}" for k in range(50)])
    (ax, _) = song.tags(tags, LONG).figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()][:2] == ["tag 49", "tag 48"]


def test_the_plane_names_the_nearest_genre() -> None:
    known = np.array([[0, 0], [0, 1], [9, 9], [9, 8]], float)
    genres = pd.Series(["jazz", "jazz", "rock", "rock"])
    assert "middle of rock" in song.plane(known, genres, np.array([[8.0, 8.0]]), LONG).alt
