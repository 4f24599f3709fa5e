"""Tests of the figures of chapter 14."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from genrelib.book.figures import cultures, makam

REGIONS = [f"region number {i}" for i in range(8)]
SONGS = pd.DataFrame(
    {
        "region": REGIONS * 2,
        "latitude": np.linspace(-50, 80, 16),
        "longitude": np.linspace(-179, 179, 16),
        "highest": np.linspace(3000, 12000, 16),
        "floor": np.linspace(10, 46, 16),
    },
    index=[f"nhs.{i:03d}" for i in range(16)],
)
JUDGED = pd.DataFrame(
    {"named": ["jazz", "rock"] * 8, "reason": ["unfamiliar"] * 13 + [""] * 3}, index=SONGS.index
)
KEYS = pd.MultiIndex.from_product(
    [["features", "ear"], ["a", "b"], ["song", "region"]], names=["input", "model", "held out"]
)
SCORES = pd.DataFrame({"value": 0.5, "low": 0.3, "high": 0.6, "n_genres": 4.0}, index=KEYS)
MELODY = np.r_[np.repeat([-700.0, -450.0, -500.0], 60), [np.nan] * 9, np.full(30, -2900.0)]
MAKAM = pd.DataFrame({"model": ["SVM", "k-NN"], "group": "random", "value": [0.7, 0.6],
                      "low": [0.6, 0.5], "high": [0.8, 0.7], "n_genres": 20})  # fmt: skip


def distribution(*cents: int) -> np.ndarray:
    """Give a distribution with a peak of 30 cents' width at each of some pitches."""
    away = (5 * np.arange(240)[:, None] - np.array(cents) + 600) % 1200 - 600
    shares = np.exp(-((away / 15) ** 2) / 2).sum(axis=1)
    return shares / shares.sum()


MEANS = pd.DataFrame([distribution(0, 350, 700), distribution(0, 400, 700)], index=["one", "two"])
PICTURES = {
    "cultures-map": lambda: cultures.world_map(SONGS, JUDGED),
    "cultures-held-out": lambda: cultures.held_out(
        {"for?": SCORES, "from?": SCORES.iloc[:4]}, {"listeners": (3, 7)}
    ),
    "cultures-conditions": lambda: cultures.conditions(SONGS),
    "cultures-deviations": lambda: cultures.deviations(
        {"gtzan-mini": pd.Series([10.0, 12]), "there": pd.Series([20.0, np.nan])}
    ),
    "cultures-contour": lambda: cultures.contour(MELODY, "somebody, love song"),
    "makam-steps": lambda: makam.makams(MEANS),
    "makam-held-out": lambda: makam.held_out({"240 steps": MAKAM, "12 steps": MAKAM[:1]}),
}
TOLD = {
    "cultures-map": "16 songs, 13 of them refused. Called a genre: rock 2, jazz 1",
    "cultures-held-out": "for? features a song 0.50",
    "cultures-conditions": "from 3,000 to 12,000 Hz",
    "cultures-deviations": "gtzan-mini 11.0; there 20.0",
    "makam-steps": "Makams with a step that a piano lacks: 1.",
    "makam-held-out": "12 steps, random, SVM 0.70",
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_can_be_drawn(name: str) -> None:
    picture = PICTURES[name]()
    picture.figure.savefig(io.BytesIO(), format="png", dpi=50)
    assert picture.name == f"fig-{name}"
    assert picture.figure.get_size_inches()[1] <= 7.2
    assert TOLD.get(name, "") in picture.alt


def test_the_figures_of_all_songs_fit_a_screen() -> None:
    many = {f"makam {i}": distribution(0, 500) for i in range(20)}
    assert makam.makams(pd.DataFrame(many).T).figure.get_size_inches()[1] <= 7.2
    rows = {region: pd.Series([12.0, 20]) for region in ["gtzan-mini", *REGIONS]}
    assert cultures.deviations(rows).figure.get_size_inches()[1] <= 7.2


def test_a_step_between_those_of_a_piano_is_found_and_no_other() -> None:
    assert makam.lacking(distribution(0, 350, 700)).tolist() == [350]
    assert makam.lacking(distribution(0, 395, 705)).tolist() == []
    assert makam.steps_of(distribution(0, 395, 705)).tolist() == [0, 79, 141]


def test_every_region_has_a_colour_of_its_own() -> None:
    assert len(set(cultures.region_colours(SONGS["region"]).values())) == len(REGIONS)
