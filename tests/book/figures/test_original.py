"""Tests of the figures of chapter 7: drawn from what is given, with its numbers in the caption."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from genrelib.book.figures import original as figures
from genrelib.book.figures.common import Picture
from genrelib.evaluation import PROTOCOLS

LONG = "a rather long name, with [brackets] & under_scores"


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def _compared(names: list[str], r: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"called": names, "is": [f"mel_{i:02}_mean" for i in range(len(names))]}
    ).assign(correlation=r, slices=35, **{"largest difference": 0.1})


def _drawn(picture: Picture, *said: str, name: str) -> None:
    assert picture.name == name
    for words in said:
        assert words in f"{picture.caption} | {picture.alt}"
    picture.figure.canvas.draw()


@pytest.mark.parametrize("names", [["tempo"], ["mfcc_mean", "tempo", LONG]])
def test_columns_beside_their_names(names: list[str]) -> None:
    # The second table has more columns, in another order.
    true = _compared(["rms_mean", *reversed(names)], 0.9876)
    picture = figures.columns(_compared(names, -0.25), true)
    said = [f"{name} -0.25 and 0.99" for name in names]
    _drawn(picture, "the same 35 slices", *said, name="fig-study-columns")
    ticks = [label.get_text() for label in picture.figure.axes[0].get_yticklabels()]
    assert ticks[0] == f"{names[0]}\n[mel_{len(names):02}]"


@pytest.mark.parametrize("n", [1, 50])
def test_the_published_forest_among_others(n: int) -> None:
    accuracy = np.linspace(0.55, 0.62, n)
    forests = pd.DataFrame({"accuracy": accuracy, "macro precision": 0.98})
    picture = figures.urn(forests, {"accuracy": 0.5815, "macro precision": 0.97})
    range_ = f"from 0.550 to {accuracy[-1]:.3f}"
    _drawn(picture, range_, f"Cloud of {n} points", "at 0.5815 and 0.97", name="fig-study-urn")
    star = picture.figure.axes[0].lines[1]
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (0.5815, 0.97)


def test_one_half_is_silence() -> None:
    edges = np.round(np.arange(20) * 0.05, 2)
    counts = pd.DataFrame({"right": 1, "wrong": 2}, index=edges)
    counts.loc[0.45, "right"] = 100  # the last bin at or below one half
    counts.loc[0.5, "wrong"] = 200
    picture = figures.silence(counts)
    said = "129 slices, of which the leading genre is right for 109.", "10 right and 218 wrong"
    _drawn(picture, *said, name="fig-study-silence")


def test_a_dot_marks_the_best_number_of_neighbours() -> None:
    k = np.arange(1, 100)
    curves = pd.DataFrame({"falls": 1 / k, "rises": k / 100, LONG: 0.5}, index=k)
    picture = figures.neighbours(curves)
    _drawn(picture, "falls starts at 1.00, is best at k = 1 with 1.00 and ends at 0.01",
           "rises starts at 0.01, is best at k = 99 with 0.99", name="fig-study-k")  # fmt: skip
    dots = picture.figure.axes[0].lines[1::2]
    assert [float(dot.get_xdata()[0]) for dot in dots] == [1, 99, 1]


@pytest.mark.parametrize("protocols", [list(PROTOCOLS), ["track"]])
def test_scores_under_protocols(protocols: list[str]) -> None:
    rows = [
        (model, protocol, level, metric, 0.6, 0.5, 0.7, 10, 290 if "fault" in protocol else 772)
        for model in ("SVM", LONG)
        for protocol in protocols
        for level in ("slice", "track")
        for metric in ("accuracy", "f1")
    ]
    names = [
        "model",
        "protocol",
        "level",
        "metric",
        "value",
        "low",
        "high",
        "n_genres",
        "n_tracks",
    ]
    picture = figures.protocols(pd.DataFrame(rows, columns=names))
    smallest = 290 if len(protocols) > 1 else 772
    _drawn(picture, "772 tracks", f"tested on {smallest})", "SVM, track 0.60, 0.50 to 0.70",
           name="fig-study-protocols")  # fmt: skip
    assert picture.alt.count("0.60") == 2 * len(protocols)


def test_distances_by_file_numbers() -> None:
    steps = np.arange(1, 41)
    distances = pd.DataFrame({"0.25": steps / 10, "0.5": steps / 5, "0.75": steps}, index=steps)
    picture = figures.numbers(distances)
    _drawn(
        picture, "from 0.2 for", "to 2.0 for numbers ten apart", "is 8.0", name="fig-study-numbers"
    )
    assert picture.figure.axes[0].lines[0].get_xdata()[-1] == 39  # the last bin holds all the rest


@pytest.mark.parametrize("epochs", [1, 5])
def test_the_network_over_its_epochs(epochs: int) -> None:
    history = pd.DataFrame(
        [
            {"run": run, "epoch": epoch, "loss": 1.0, "val_loss": 1.0, "accuracy": 0.2,
             "val_accuracy": end * (epoch + 1) / epochs}
            for run, end in {"backwards": 0.9, "without L2": 0.25, "with L2": 0.125}.items()
            for epoch in range(epochs)
        ]
    )  # fmt: skip
    picture = figures.network(history, "recorded on 2026-01-01")
    _drawn(
        picture,
        "(recorded on 2026-01-01)",
        "without L2 0.250; with L2 0.125",
        name="fig-study-lstm",
    )
    assert "0.9" not in picture.alt


def test_stairs_stand_on_one_music_and_the_published_score_apart() -> None:
    names = ["random-slice", "track", LONG]
    rows = [
        (model, name, value - shift, 0.3, 0.95, n)
        for model, shift in {"k-NN (k = 1)": 0, "SVM": 0.1}.items()
        for name, value, n in zip(names, (0.9, 0.7, 0.4), (772, 772, 235), strict=True)
    ]
    columns = ["model", "protocol", "value", "low", "high", "n_tracks"]
    top = pd.DataFrame({"value": [0.89, 0.88], "low": 0.8, "high": 0.9}, ["k-NN (k = 1)", "SVM"])
    picture = figures.stairs(pd.DataFrame(rows, columns=columns), top)
    _drawn(picture, "k-NN (k = 1): random-slice 0.90, 0.30 to 0.95", f"{LONG} 0.40",
           "published split of all rows 0.89", name="fig-study-stairs")  # fmt: skip
    axes = picture.figure.axes[0]
    ticks = [label.get_text() for label in axes.get_yticklabels()]
    assert ticks[1:] == ["random-slice\n772 tracks", "track\n772 tracks", f"{LONG}\n235 tracks"]
    # No stair leads down from the other music.
    joined = [line.get_xdata() for line in axes.lines if line.get_linestyle() == "-"]
    assert [0.9, 0.7, 0.4] in [list(x) for x in joined]
    assert not any(0.89 in list(x) and len(x) > 1 for x in joined)
