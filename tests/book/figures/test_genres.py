"""Tests of the figures of chapter 13."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from genrelib.book.figures import Picture, genres as figures
from genrelib.studies import NEW_TAGS, family_tree

LONG = "a rather long name of a genre nobody expected"
MANY = {"some": ["blues", "jazz", "rock"], "two": ["jazz", LONG]}


def _numbers(names: list[str]) -> pd.DataFrame:
    rows = {
        (measure, n): (0.8, 0.7, 0.9, 0.6, 0.95, 1, 1 / n, np.log2(n))
        for measure in ("accuracy", "bits")
        for n in range(2, len(names) + 1)
    }
    columns = ["value", "low", "high", "least", "most", "sets", "chance", "ceiling"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.set_axis(pd.MultiIndex.from_tuples(rows, names=["measure", "n_genres"]))


def _pairs(names: list[str]) -> pd.DataFrame:
    names = sorted(names)
    pairs = [(a, b) for k, a in enumerate(names) for b in names[k + 1 :]]
    values = {"value": np.linspace(0.7, 0.9, len(pairs))}
    return pd.DataFrame(values, pd.MultiIndex.from_tuples(pairs))


def _precision(names: list[str]) -> pd.DataFrame:
    columns = {"tag": [name.upper() for name in names], "value": 0.5, "low": 0.4, "high": 0.7}
    return pd.DataFrame(columns | {"chance": 0.1, "n_tracks": 60}, names)


def _shares(names: list[str]) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).random((len(NEW_TAGS), len(names))),
                        list(NEW_TAGS), names)  # fmt: skip


def _counts(names: list[str]) -> pd.DataFrame:
    counts = 9 * np.eye(len(names), dtype=int)
    counts[0, 1] = 4
    return pd.DataFrame(counts, names, names)


def _levels() -> pd.DataFrame:
    rows = [(name, n, 0.6, 0.5, 0.7) for name in ("mine", "GTZAN") for n in (1, 2, 4)]
    return pd.DataFrame(rows, columns=["input", "n", "value", "low", "high"])


PICTURES: dict[str, Callable[[list[str]], Picture]] = {
    "number": lambda names: figures.numbers(_numbers(names)),
    "tree": lambda names: figures.tree(*family_tree(_pairs(names))),
    "tags": lambda names: figures.precision(_precision(names)),
    "new": lambda names: figures.new_tags(_shares(names)),
    "confused": lambda names: figures.confused(_counts(names)),
    "curve": lambda names: figures.curve(_levels()),
}


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.mark.parametrize("names", MANY)
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_can_be_drawn_of_any_genres(name: str, names: str) -> None:
    picture = PICTURES[name](MANY[names])
    picture.figure.savefig(io.BytesIO(), format="png", dpi=40)
    assert picture.name == f"fig-genres-{name}"
    assert picture.figure.axes[0].has_data()
    assert picture.figure.get_size_inches()[1] <= 7.2


def test_guessing_is_above_and_the_faultless_below() -> None:
    picture = figures.numbers(_numbers(MANY["some"]))
    chance, ceiling = (ax.lines[-1].get_ydata().tolist() for ax in picture.figure.axes)
    assert chance == [1 / 2, 1 / 3] and ceiling == pytest.approx([1, np.log2(3)])
    assert "accuracy per track: 2, 0.80, 0.70 to 0.90; 3, 0.80" in picture.alt


def test_the_tree_joins_first_what_is_told_apart_least() -> None:
    picture = figures.tree(*family_tree(_pairs(MANY["some"])))
    # blues and jazz 0.7, blues and rock 0.8, jazz and rock 0.9
    assert "blues and jazz at 0.70; rock and blues, jazz at 0.85." in picture.alt
    left, right = picture.figure.axes[0].get_xlim()
    assert left > right, "forks that join early stand on the right"


def test_precision_is_told_with_its_interval_and_chance() -> None:
    assert "JAZZ 0.50, 0.40 to 0.70, chance 0.10" in figures.precision(_precision(["jazz"])).alt


def test_confusions_leave_the_diagonal_out() -> None:
    picture = figures.confused(_counts(MANY["some"]))
    assert "Confused most often: blues as jazz 4 times." in picture.alt


def test_the_curve_counts_in_doublings() -> None:
    picture = figures.curve(_levels())
    assert [t.get_text() for t in picture.figure.axes[0].get_xticklabels()] == ["1", "2", "4"]
    assert "GTZAN, 4: 0.60, 0.50 to 0.70" in picture.alt
