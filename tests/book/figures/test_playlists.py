"""Tests of the figures of chapter 12."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from genrelib.book.figures import playlists

TRIED = pd.DataFrame(
    {"value": [0.6, 0.5], "low": [0.5, 0.4], "high": [0.7, 0.6], "variety": [1.0, 1.4]},
    index=[0.0, 0.2],
)
WAY = pd.DataFrame(
    {"genre": ["blues", "$x_é", "metal"], "first": [0.5, 1.0, 3.0], "second": [2.5, 1.5, 0.4]}
)
PICTURES = {
    "hubs": lambda: playlists.hubs(
        {"nearest": np.array([0, 3, 9]), "scaled": np.array([4, 4, 4])}
    ),
    "cost": lambda: playlists.cost(TRIED, 0.2),
    "way": lambda: playlists.way(WAY, ("one", "two")),
    "way of one": lambda: playlists.way(WAY.head(1), ("one", "two")),
}
TOLD = {
    "hubs": "nearest: at most 9, 33% in none; scaled: at most 4, 0% in none",
    "cost": "weight 0.2: precision 0.50 at a distance of 1.40",
    "way": "that to one goes from 0.5 to 3.0, that to two from 2.5 to 0.4",
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_can_be_drawn(name: str) -> None:
    picture = PICTURES[name]()
    picture.figure.savefig(io.BytesIO(), format="png", dpi=50)
    assert picture.name == f"fig-playlists-{name.split()[0]}"
    (ax,) = picture.figure.axes
    assert ax.get_xlabel() and ax.get_ylabel()


@pytest.mark.parametrize("name", TOLD)
def test_the_text_alternative_tells_what_is_drawn(name: str) -> None:
    assert TOLD[name] in PICTURES[name]().alt


def test_the_weight_that_is_used_stands_out() -> None:
    ax = playlists.cost(TRIED, 0.2).figure.axes[0]
    assert {t.get_text(): t.get_weight() for t in ax.texts} == {"0": "normal", "0.2": "bold"}


def test_genres_keep_their_places_along_the_way() -> None:
    ax = playlists.way(WAY, ("one", "two")).figure.axes[0]
    below = [bar for bar in ax.patches if bar.get_height() < 0]
    assert [round(bar.get_x() + bar.get_width() / 2) for bar in below] == [1, 2, 3]
    assert len({bar.get_facecolor() for bar in below}) == 3
