"""Tests of the figures of chapter 9: their words are those of the data."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from genrelib.book import COLUMNS
from genrelib.book.figures import Picture, conclusions as figures
from genrelib.evaluation import PROTOCOLS, coverage_by_correlation

LONG = "a model with a rather long name that nobody expected"
CASES = {"one": ["forest"], "two": ["forest", LONG], "many": [f"model {i}" for i in range(12)]}
models_of = pytest.mark.parametrize("models", CASES.values(), ids=CASES)


def drawn(picture: Picture) -> Picture:
    picture.figure.savefig(io.BytesIO(), format="png", dpi=50)
    assert picture.caption and picture.alt
    return picture


@models_of
def test_every_score_is_told_with_its_interval(models: list[str]) -> None:
    rows = [
        ("04", model, protocol, level, metric, 0.6 + i / 100, 0.5, 0.71, 40, 7)
        for model in models
        for i, protocol in enumerate(PROTOCOLS)
        for level in ("slice", "track")
        for metric in ("accuracy", "f1")
    ]
    picture = drawn(figures.everything(pd.DataFrame(rows, columns=COLUMNS)))
    assert "chance among 7 genres" in picture.caption
    assert picture.alt.count("0.50 to 0.71") == 4 * len(models)
    assert f"{models[-1]}, track 0.61, 0.50 to 0.71" in picture.alt


@models_of
def test_each_model_is_a_line_from_the_loosest_protocol_to_the_strictest(
    models: list[str],
) -> None:
    scores = pd.DataFrame(
        {"random-slice": 0.9, "track": 0.7, "artist": [0.5] * (len(models) - 1) + [np.nan]}, models
    )
    chapters = pd.Series([f"{i // 3}" for i in range(len(models))], models)
    genres = pd.Series({"random-slice": 10, "track": 10, "artist": 6})
    picture = drawn(figures.arc(scores, chapters, genres, 0.8963))
    assert "the 0.8963 that the original study reports" in picture.caption
    assert picture.alt.endswith(f"{models[-1]}: random-slice 0.90, track 0.70")
    ax = picture.figure.axes[0]
    *lines, reported = ax.lines
    assert [line.get_label() for line in lines] == models
    assert len({line.get_color() for line in lines}) == chapters.nunique()
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == len(models)
    assert list(reported.get_ydata()) == [0.8963, 0.8963]
    assert ax.get_xticklabels()[2].get_text() == "artist\n(6 genres)"


def test_the_audit_tells_each_line_of_each_collection() -> None:
    artists = np.repeat(np.arange(12), 3)
    parts = [
        coverage_by_correlation(artists, right, 0.5, [0, 0.3], n_runs=50, n_boot=50).assign(
            collection=name
        )
        for name, right in (("small", 0.6), ("other", 0.8))
    ]
    picture = drawn(figures.coverage(pd.concat(parts), 0.25))
    axes = picture.figure.axes
    assert [ax.get_title(loc="left") for ax in axes] == ["small", "other"]
    for ax, part in zip(axes, parts, strict=True):
        assert len(ax.containers) == len(figures.DRAWN)
        for line, (unit, method) in zip(ax.containers, figures.DRAWN, strict=True):
            rows = part.query("question == 'artist' and unit == @unit and method == @method")
            assert line[0].get_ydata().tolist() == rows["held"].tolist()
            name, held = figures.DRAWN[unit, method][0], rows["held"].iloc[-1]
            title = ax.get_title(loc="left")
            assert f"{title}, {name}: " in picture.alt
            assert f"{held:.2f} at 0.30" in picture.alt
