"""Tests of the figures of chapter 8."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from genrelib.book.figures import Picture, ear
from genrelib.corpus import GENRES
from genrelib.evaluation import PROTOCOLS

RNG = np.random.default_rng(0)
LONG = "a rather long name of a genre nobody expected"
MANY = {"all": list(GENRES), "two": ["jazz", LONG], "one": [LONG]}
TAGS = ["metal", "female vocalists", *(f"tag {i}" for i in range(8))]


def _leading(genres: list[str]) -> dict[str, pd.Series]:
    values = np.linspace(0.9, 0.2, 8)
    return {g: pd.Series(values, TAGS[:8], name=f"{g}.$_ö:3") for g in genres[:2]}


def _rows() -> pd.DataFrame:
    rows = [
        (model, protocol, level, metric, 0.61, 0.5, 0.72, 4, 4 if "fault" in protocol else 100)
        for model in ("forest", "SVM")
        for protocol in PROTOCOLS
        for level in ("slice", "track")
        for metric in ("accuracy", "f1")
    ]
    names = ["model", "protocol", "level", "metric", "value", "low", "high", "n_genres"]
    return pd.DataFrame(rows, columns=[*names, "n_tracks"])


def _scores() -> pd.DataFrame:
    names = ["model", "input", "protocol", "value", "low", "high", "n_genres", "n"]
    rows = [
        (model, given, "track", 0.61, 0.5, 0.72, 4, n)
        for given in ("hand-made", "ear")
        for n, model in enumerate(("forest", "k-NN"), 1)
    ]
    return pd.DataFrame(rows, columns=names)


def _means(genres: list[str]) -> pd.DataFrame:
    return pd.DataFrame(RNG.random((len(genres), len(TAGS))), genres, TAGS)


def _bins() -> pd.DataFrame:
    rows = [(0.4, 0.5, 3, 0.45, 0.3, 0.1, 0.8), (0.9, 1.0, 90, 0.97, 1.0, 0.9, 1.0)]
    return pd.DataFrame(rows, columns=["from", "to", "n", "confidence", "accuracy", "low", "high"])


def _maps(genres: list[str]) -> Picture:
    maps = {name: RNG.normal(size=(4 * len(genres), 2)) for name in ("hand-made", "ear")}
    return ear.maps(maps, pd.Series(np.repeat(genres, 4)))


PICTURES: dict[str, Callable[[list[str]], Picture]] = {
    "input": lambda genres: ear.shown(RNG.random((96, 376)), 6.0, f"{genres[0]}.00000"),
    "tags": lambda genres: ear.tags(_leading(genres), genres),
    "protocols": lambda genres: ear.protocols(_rows()),
    "inputs": lambda genres: ear.inputs(_scores()),
    "curve": lambda genres: ear.curve(_scores(), 5),
    "tag-genre": lambda genres: ear.tag_genre(_means(genres), dict.fromkeys(genres, TAGS[:3])),
    "maps": _maps,
    "reliability": lambda genres: ear.reliability({"track": _bins(), "artist": _bins()}),
}


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.mark.parametrize("genres", MANY)
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_can_be_drawn_of_any_genres(name: str, genres: str) -> None:
    picture = PICTURES[name](MANY[genres])
    picture.figure.savefig(io.BytesIO(), format="png", dpi=40)
    assert picture.name == f"fig-ear-{name}"
    assert picture.figure.axes[0].has_data()


def test_what_the_ear_is_shown_ends_with_the_sound_and_has_its_patches() -> None:
    image = np.array([[0.5, 1.0], [2.0, 3.26]])
    picture = ear.shown(image, 6.0, "jazz.00000")
    ax = picture.figure.axes[0]
    assert ax.images[0].get_extent() == [0, 6, 0.5, 2.5]
    assert [line.get_xdata()[0] for line in ax.lines] == pytest.approx([0, 2.992, 5.984])
    assert "from 0.5 to 3.3" in picture.alt and "2 mel bands over 6.0 seconds" in picture.alt


def test_tags_are_told_in_their_order() -> None:
    picture = ear.tags(_leading(["jazz", "rock"]), ["jazz", "rock"])
    assert "jazz: metal, female vocalists, tag 0; rock: metal" in picture.caption
    assert "Bars for a slice of rock: metal 0.90, female vocalists 0.80" in picture.alt


def test_scores_are_told_with_their_intervals() -> None:
    assert "forest, track 0.61, 0.50 to 0.72" in ear.protocols(_rows()).alt
    assert "fault-filtered" not in ear.protocols(_rows()).alt  # too few tracks
    assert "track, k-NN, ear: 0.61, 0.50 to 0.72" in ear.inputs(_scores()).alt
    assert "ear, 2: 0.61, 0.50 to 0.72" in ear.curve(_scores(), 5).alt
    assert "mean of 5 draws" in ear.curve(_scores(), 5).caption


def test_two_tags_of_each_genre_are_drawn_once() -> None:
    means = pd.DataFrame({"a": [0.3, 0.1], "b": [0.2, 0.2], "c": 0.0, "d": 0.4}, ["jazz", "rock"])
    picture = ear.tag_genre(means, {"jazz": ["a", "b", "c"], "rock": ["b", "d", "a"]})
    rows = [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]
    assert rows == ["a", "b", "d"]
    assert picture.alt.endswith("jazz: a 30, b 20; rock: b 20, d 40")


def test_maps_and_reliability_tell_their_numbers() -> None:
    assert "8 slices of 2 genres" in _maps(["jazz", "rock"]).alt
    told = ear.reliability({"track": _bins()})
    # Of 3 recordings nothing is said.
    assert told.alt == (
        "Under track: 90 recordings with mean confidence 0.97, of which 1.00 are right"
    )
    (points,) = told.figure.axes[0].containers
    assert points.lines[0].get_xdata().tolist() == [0.97]


def test_genres_are_named_where_they_lie_closest() -> None:
    points = np.array([[0, 0], [0, 1], [1, 0], [50, 50], [9.0, 9], [9, 10], [10, 9], [9, 9]])
    genres = pd.Series(np.repeat(["jazz", "rock"], 4))
    ax = ear.maps({"hand-made": points}, genres).figure.axes[0]
    named = {text.get_text(): text.get_position() for text in ax.texts}
    assert named["jazz"] in [(0, 0), (0, 1), (1, 0)] and named["rock"] == (9, 9)
