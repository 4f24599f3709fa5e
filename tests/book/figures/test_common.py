"""Tests of the figures."""

from __future__ import annotations

import io
from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from genrelib.book.figures import charts, common as plots
from genrelib.corpus.gtzan import GENRES
from genrelib.evaluation import FEW, PROTOCOLS

GENRE_NAMES = [*GENRES[:3], "samba"]
RNG = np.random.default_rng(0)


def _results() -> pd.DataFrame:
    rows = [
        (model, protocol, level, metric, 0.6, 0.5, 0.7, 4)
        for model in ("random forest", "k-NN (k = 1)")
        for protocol in PROTOCOLS
        for level in ("slice", "track")
        for metric in ("accuracy", "f1")
    ]
    names = ["model", "protocol", "level", "metric", "value", "low", "high", "n_genres"]
    return pd.DataFrame(rows, columns=names).assign(n_tracks=FEW)


def _history() -> dict[str, list[float]]:
    return {key: [0.9, 0.5] for key in ("loss", "accuracy", "val_loss", "val_accuracy")}


def _by_input() -> pd.DataFrame:
    rows = [
        (model, given, protocol, 0.6, 0.5, 0.7, 4)
        for given in ("hand-made", "ear", "tags")
        for protocol in ("track", "artist")
        for model in ("forest", "k-NN")
    ]
    names = ["model", "input", "protocol", "value", "low", "high", "n_genres"]
    return pd.DataFrame(rows, columns=names)


def _bins() -> pd.DataFrame:
    rows = [(0.4, 0.5, 3, 0.45, 0.3, 0.1, 0.8), (0.9, 1.0, 90, 0.97, 1.0, 0.9, 1.0)]
    names = ["from", "to", "n", "confidence", "accuracy", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def _counts() -> pd.DataFrame:
    return pd.DataFrame(RNG.integers(0, 9, (3, 4)), GENRE_NAMES[:3], GENRE_NAMES)


FIGURES = {
    "confusion_matrix": lambda: plots.confusion_matrix(_counts()),
    "protocol_scores": lambda: plots.protocol_scores(_results()),
    "protocol_scores of one": lambda: plots.protocol_scores(
        _results().query("protocol == 'track' and model == 'random forest'"), metric="f1"
    ),
    "protocol_scores of many": lambda: plots.protocol_scores(
        pd.concat([_results().assign(model=f"long short-term memory {i}") for i in range(13)])
    ),
    "family_bars": lambda: plots.family_bars(
        pd.DataFrame({"impurity": [0.6, 0.4], "permutation": [0.3, 0.1]}, ["mfcc", "mel"]),
        "importance",
    ),
    "learning_curves": lambda: plots.learning_curves({"plain": _history(), "L2": _history()}),
    "genre_maps": lambda: charts.genre_maps(
        {name: RNG.normal(size=(40, 2)) for name in ("hand-made", "ear")},
        pd.Series(np.repeat(GENRE_NAMES, 10)),
        ("first", "second"),
    ),
    "input_scores": lambda: charts.input_scores(_by_input()),
    "data_curves": lambda: charts.data_curves(
        _by_input().query("protocol == 'track'").assign(n=[1, 2] * 3), "tracks"
    ),
    "reliability": lambda: charts.reliability({"track": _bins(), "artist": _bins()}),
    "heat_table": lambda: charts.heat_table(
        pd.DataFrame(RNG.random((5, 4)), columns=GENRE_NAMES), "share", ("genre", "tag")
    ),
}


@pytest.fixture(autouse=True)
def book_style() -> Iterator[None]:
    with mpl.rc_context():
        plots.use_style()
        yield
    plt.close("all")


@pytest.mark.parametrize("name", FIGURES)
def test_figures_can_be_drawn_and_their_axes_are_labelled(name: str) -> None:
    fig = FIGURES[name]()
    assert isinstance(fig, Figure)
    fig.savefig(io.BytesIO(), format="png", dpi=50)
    panels = [ax for ax in fig.axes if ax.get_label() != "<colorbar>"]
    assert panels
    # The last panel of a column carries the label of the axis they share.
    assert panels[-1].get_xlabel() or fig.get_supxlabel()
    for ax in panels:
        named = [tick.get_text() for tick in ax.get_yticklabels() if tick.get_text()]
        words = any(any(c.isalpha() for c in text) for text in named)
        assert ax.get_ylabel() or words or fig.get_supylabel()
    for ax in fig.axes:
        if ax.get_label() == "<colorbar>":
            assert ax.get_ylabel() or ax.get_xlabel()


@pytest.mark.parametrize("name", FIGURES)
def test_figures_fit_the_text_column(name: str) -> None:
    fig = FIGURES[name]()
    assert fig.get_size_inches()[0] <= 7
    assert fig.get_size_inches()[1] <= 12


def test_every_drawing_function_is_tested() -> None:
    public = {
        name
        for module in (plots, charts)
        for name, thing in vars(module).items()
        if callable(thing) and getattr(thing, "__module__", "") == module.__name__
    } - {"Picture", "use_style", "genre_colours", "genre_points"}
    drawing = {name for name in public if not name.startswith("_")}
    assert drawing <= {name.split(" ")[0] for name in FIGURES}


def test_confusion_matrix_writes_its_counts() -> None:
    counts = _counts()
    ax = plots.confusion_matrix(counts).axes[0]
    assert sorted(int(text.get_text()) for text in ax.texts) == sorted(
        counts.to_numpy()[counts.to_numpy() > 0]
    )
    assert [t.get_text() for t in ax.get_xticklabels()] == counts.columns.tolist()
    assert [t.get_text() for t in ax.get_yticklabels()] == counts.index.tolist()


def test_scores_are_drawn_where_they_are() -> None:
    table = _results()
    fig = plots.protocol_scores(table)
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["per slice", "per track"]
    legend = [text.get_text() for text in fig.legends[0].get_texts()]
    assert legend == list(PROTOCOLS)


def test_too_few_tracks_and_chance_are_drawn_as_what_they_are() -> None:
    table = _results()
    table.loc[table["protocol"] == "artist", "n_genres"] = 2
    table.loc[table["protocol"] == "fault-filtered", "n_tracks"] = FEW - 1
    fig = plots.protocol_scores(table)
    legend = [text.get_text() for text in fig.legends[0].get_texts()]
    assert legend == [p for p in PROTOCOLS if p != "fault-filtered"]
    ticks = [line for line in fig.axes[0].lines if line.get_marker() == "|"]
    chances = {x for line in ticks for x in line.get_xdata()}
    assert {1 / 4, 1 / 2} <= chances


def test_scores_by_input_stand_in_the_panel_of_their_protocol() -> None:
    scores = _by_input()
    at = (scores["protocol"] == "artist") & (scores["input"] == "ear")
    scores.loc[at & (scores["model"] == "k-NN"), "value"] = 0.65
    fig = charts.input_scores(scores)
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["track", "artist"]
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["hand-made", "ear", "tags"]
    drawn = [[list(c.lines[0].get_xdata()) for c in ax.containers] for ax in fig.axes]
    assert drawn == [[[0.6, 0.6]] * 3, [[0.6, 0.6], [0.6, 0.65], [0.6, 0.6]]]


def test_maps_share_their_genres_and_not_their_points() -> None:
    genres = pd.Series(["jazz", "jazz", "samba"])
    here, there = np.arange(6.0).reshape(3, 2), np.full((3, 2), 7.0)
    fig = charts.genre_maps({"here": here, "there": there}, genres, ("x", "y"))
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["here", "there"]
    for ax, points in zip(fig.axes, (here, there), strict=True):
        placed = [np.asarray(c.get_offsets()) for c in ax.collections]
        assert np.array_equal(np.concatenate(placed), points)
        assert [text.get_text() for text in ax.texts] == ["jazz", "samba"]


def test_a_reliability_diagram_says_how_much_a_point_rests_on() -> None:
    ax = charts.reliability({"track": _bins()}).axes[0]
    assert [text.get_text() for text in ax.texts] == ["3", "90"]
    points = ax.containers[0].lines[0].get_xydata()
    assert points.tolist() == [[0.97, 1.0]]  # three recordings give no point


def test_a_table_of_shares_is_written_in_per_cent() -> None:
    values = pd.DataFrame({"jazz": [0.004, 0.314], "samba": [0.0, 0.02]}, ["rock", "chill"])
    ax = charts.heat_table(values, "share", ("genre", "tag")).axes[0]
    assert {t.get_position(): t.get_text() for t in ax.texts} == {(0, 1): "31", (1, 1): "2"}
    assert [t.get_text() for t in ax.get_yticklabels()] == ["rock", "chill"]


# --- colours ---------------------------------------------------------------------------------


def test_ten_genres_have_ten_colours() -> None:
    assert len(set(plots.GENRE_COLOURS.values())) == 10
    assert tuple(plots.GENRE_COLOURS) == GENRES


def test_a_genre_keeps_its_colour_whoever_is_with_it() -> None:
    for genres in (GENRES, GENRES[3:5], [*GENRES[:4], "samba", "tango"], ["tango", "rock"]):
        colours = plots.genre_colours(genres)
        assert list(colours) == sorted(genres)
        assert len(set(colours.values())) == len(genres)
        for genre in set(genres) & set(GENRES):
            assert colours[genre] == plots.GENRE_COLOURS[genre]


def test_other_genres_have_colours_of_their_own() -> None:
    ten = plots.genre_colours([f"genre {i}" for i in range(10)])
    assert len(set(ten.values())) == 10
    assert len(plots.genre_colours([f"genre {i}" for i in range(23)])) == 23
    assert plots.genre_colours([]) == {}


def _linear(colour: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


# Full colour blindness in linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
BLIND = {
    "none": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


def _lab(linear: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear sRGB, white point D65."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ np.clip(linear, 0, 1) / np.array([0.9505, 1.0, 1.089])
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("kind", BLIND)
@pytest.mark.parametrize("palette", ["genres", "protocols", "inputs"])
def test_colours_stay_apart_for_colour_blind_readers(palette: str, kind: str) -> None:
    colours = {
        "genres": tuple(plots.GENRE_COLOURS.values()),
        "protocols": tuple(plots.PROTOCOL_COLOURS.values()),
        "inputs": charts.INPUT_COLOURS,
    }[palette]
    lab = np.array([_lab(BLIND[kind] @ _linear(colour)) for colour in colours])
    distance = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    # 2.3 is what is just noticed side by side.
    assert distance[np.triu_indices(len(lab), 1)].min() > 5


def test_there_is_a_marker_for_each_of_ten_genres() -> None:
    assert len(set(plots.MARKERS)) >= 10


def test_the_epoch_whose_weights_are_kept_is_marked() -> None:
    history = _history()
    fig = plots.learning_curves({"plain": history, "L2": _history()}, {"plain": 2})
    for ax in fig.axes:
        (mark,) = [line for line in ax.lines if line.get_linestyle() == ":"]
        assert list(mark.get_xdata()) == [2, 2]
