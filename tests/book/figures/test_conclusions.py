"""Tests of the figures of chapter 9: their words are those of the data."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from genrelib.book import COLUMNS
from genrelib.book.figures import Picture, conclusions as figures
from genrelib.evaluation import EXAMS, FEW, coverage_by_correlation
from genrelib.studies import LADDER

LONG = "a model with a rather long name that nobody expected"
CASES = {"one": ["forest"], "two": ["forest", LONG], "many": [f"model {i}" for i in range(12)]}
models_of = pytest.mark.parametrize("models", CASES.values(), ids=CASES)


def drawn(picture: Picture) -> Picture:
    picture.figure.savefig(io.BytesIO(), format="png", dpi=50)
    assert picture.caption and picture.alt
    return picture


def measured(models: list[str], exams: Sequence[str] = EXAMS) -> pd.DataFrame:
    rows = [
        ("04", model, exam, level, metric, 0.6 + i / 100 + k / 1000, 0.5, 0.71, 40, 7 - i)
        for k, model in enumerate(models)
        for i, exam in enumerate(exams)
        for level in ("slice", "track")
        for metric in ("accuracy", "f1")
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


@models_of
def test_every_score_is_told_with_its_interval(models: list[str]) -> None:
    picture = drawn(figures.everything(measured(models), 0.8963))
    assert "the 0.8963 that the original study reports" in picture.caption
    assert picture.alt.count("0.50 to 0.71") == 4 * len(models)
    assert f"{models[0]}, track 0.61, 0.50 to 0.71" in picture.alt
    assert f"{models[0]}, track-paired 0.62, 0.50 to 0.71" in picture.alt
    left, right = picture.figure.axes
    # The best under track stands above.
    assert [text.get_text() for text in left.get_yticklabels()] == models[::-1]
    assert left.get_title(loc="left") == "40 tracks,\n6 genres"
    assert right.get_title(loc="left") == "40 tracks,\n3 genres"


def test_exams_of_too_few_tracks_have_no_panel() -> None:
    table = measured(["forest", "knn"])
    table.loc[table["protocol"] == "artist", "n_tracks"] = FEW - 1
    picture = drawn(figures.everything(table, 0.8963))
    assert len(picture.figure.axes) == 1 and "artist 0." not in picture.alt
    drawn(figures.everything(measured(["forest"], EXAMS[:2]), 0.8963))


def test_a_model_that_lacks_an_exam_keeps_its_row() -> None:
    table = measured(["forest", "LSTM"])
    table = table[(table["model"] != "LSTM") | (table["protocol"] != "track-paired")]
    picture = drawn(figures.everything(table, 0.8963))
    assert "LSTM, artist" in picture.alt and "LSTM, track-paired" not in picture.alt


def test_the_artist_effect_is_told_with_its_interval() -> None:
    steps = [*LADDER, "all of it", "numbers of tracks learned from", "artist effect"]
    rows = [
        (corpus, "SVM", what, 0.1 * k, 0.1 * k - 0.05, 0.1 * k + 0.04, 100, 20)
        for corpus in ("one", "other")
        for k, what in enumerate(steps, 1)
    ]
    names = ["corpus", "model", "what", "value", "low", "high", "n_tracks", "n_units"]
    picture = drawn(figures.artists(pd.DataFrame(rows, columns=names)))
    assert "other, SVM: track-paired 0.10, track-thinned 0.20, artist 0.30" in picture.alt
    assert picture.alt.count("effect 0.60, 0.55 to 0.64") == 2


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
