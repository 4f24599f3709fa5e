"""What the figures of several chapters share: colours, markers, the look, and common drawings.

A drawing is a matplotlib figure without caption; the module of a chapter makes a :class:`Picture`
of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genrelib.corpus import GENRES
from genrelib.evaluation import EXAMS, FEW
from genrelib.features import FAMILIES

PALETTE = tuple(e["color"] for e in plt.style.library["petroff10"]["axes.prop_cycle"])
"""Ten colours that stay apart for colour-blind readers (Petroff 2021, arXiv:2107.02270)."""
GENRE_COLOURS = dict(zip(GENRES, PALETTE, strict=True))
MARKERS = "osD^vP*X<>"
PROTOCOL_COLOURS = dict(
    zip(
        EXAMS,
        ("#d55e00", "#0072b2", "#56b4e9", "#8c6d1f", "#009e73", "#56504c", *PALETTE),
        strict=False,
    )
)
"""Colours of the protocols and controls, in the order in which they are shown, from Okabe and
Ito (2008); one of your own gets another."""
PROTOCOL_MARKERS = dict(zip(PROTOCOL_COLOURS, MARKERS, strict=False))
"""Markers of the protocols and controls, the same in every figure."""
FAMILY_COLOURS = dict(
    zip(
        FAMILIES,
        (
            "#0072b2",
            "#e69f00",
            "#009e73",
            "#d55e00",
            "#cc79a7",
            "#56b4e9",
            "#000000",
            "#8c6d1f",
            *PALETTE,
        ),
        strict=False,
    )
)
"""Colours of the feature families, from Okabe and Ito (2008), with brown in place of yellow;
one of your own gets another."""
STYLE: dict[str, Any] = {
    "figure.figsize": (6.4, 3.8),
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "legend.fontsize": 10.5,
}


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure as a page needs it: the drawing, what to see in it, and both in words.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The drawing.
    caption : str
        What to see in the figure, in MyST Markdown.
    alt : str
        The figure in words, for those who cannot see it: plain text, no Markdown.
    name : str
        Label for cross-references, unique in the whole book: ``fig-`` and words in small letters.
    data : dict, optional
        What a reader may try out, as :mod:`genrelib.book.figures.interactive` gives it.

    Raises
    ------
    ValueError
        If caption or text alternative are empty, or the label is malformed.
    """

    figure: Figure
    caption: str
    alt: str
    name: str
    data: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        for what in ("caption", "alt"):
            text = " ".join(getattr(self, what).split())
            if not text:
                raise ValueError(f"a picture needs a non-empty {what}: every figure has one")
            object.__setattr__(self, what, text)
        if not re.fullmatch(r"fig-[a-z0-9]+(-[a-z0-9]+)*", self.name):
            raise ValueError(f"figure name {self.name!r} is not of the form fig-lower-case-words")


def use_style() -> None:
    """Set matplotlib to the look of the book."""
    mpl.rcParams.update(cast(Any, STYLE))


def genre_colours(genres: Iterable[str]) -> dict[str, str]:
    """Give each genre its colour.

    Parameters
    ----------
    genres : iterable of str
        Any genres; the ten of GTZAN have fixed colours, others take what is left, in order.

    Returns
    -------
    dict
        Colour by genre.
    """
    genres = sorted(set(genres))
    free = [c for g, c in GENRE_COLOURS.items() if g not in genres] or list(PALETTE)
    others = [g for g in genres if g not in GENRE_COLOURS]
    extra = {g: free[i % len(free)] for i, g in enumerate(others)}
    return {g: GENRE_COLOURS.get(g) or extra[g] for g in genres}


def confusion_matrix(counts: pd.DataFrame, *, unit: str = "slices") -> Figure:
    """Draw a confusion matrix: shares of each true genre as colour, counts as numbers.

    Parameters
    ----------
    counts : pandas.DataFrame
        Rows: true genre; columns: predicted genre; as from
        :func:`genrelib.evaluation.confusion`.
    unit : str
        What is counted.

    Returns
    -------
    matplotlib.figure.Figure
        The matrix; empty cells stay blank.
    """
    shares = counts.div(counts.sum(axis=1).replace(0, 1), axis=0).to_numpy(float)
    fig, ax = plt.subplots(figsize=(6.4, 1.8 + 0.42 * len(counts)))
    image = ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts.to_numpy()):
        if count:
            dark = shares[row, column] > 0.55
            ax.text(column, row, f"{count:.0f}", ha="center", va="center", fontsize=10,
                    color="white" if dark else "black")  # fmt: skip
    ax.set_xticks(range(counts.shape[1]), counts.columns, rotation=45, ha="right")
    ax.set_yticks(range(len(counts)), counts.index)
    ax.set_xlabel(f"predicted genre (numbers: {unit})")
    ax.set_ylabel("true genre")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    fig.colorbar(image, ax=ax, label="share of the true genre")
    return fig


def protocol_scores(results: pd.DataFrame, *, metric: str = "accuracy") -> Figure:
    """Draw the scores of models under the protocols, with intervals.

    Parameters
    ----------
    results : pandas.DataFrame
        Rows as from :func:`genrelib.book.record`; columns ``model``, ``protocol``, ``level``,
        ``metric``, ``value``, ``low``, ``high``, ``n_genres``.
    metric : str
        The metric to draw.

    Returns
    -------
    matplotlib.figure.Figure
        One panel per level, one group of points per model; a tick at the chance of each protocol,
        one in as many as it tests genres. Protocols that test fewer than
        :data:`genrelib.evaluation.FEW` tracks are left out.
    """
    rows = results[(results["metric"] == metric) & (results["n_tracks"] >= FEW)]
    models = list(dict.fromkeys(rows["model"]))
    protocols = [p for p in PROTOCOL_COLOURS if p in set(rows["protocol"])]
    points = len(models) * max(2, len(protocols))
    room = min(0.32, 10.4 / points)  # inches, so that many models still fit a page
    fig, axes = plt.subplots(2, 1, sharex=True, figsize=(6.4, 1.6 + room * points))
    for ax, level in zip(axes, ("slice", "track"), strict=True):
        for i, protocol in enumerate(protocols):
            part = rows[(rows["level"] == level) & (rows["protocol"] == protocol)]
            y = np.array([models.index(m) for m in part["model"]], float)
            y += (i - (len(protocols) - 1) / 2) * 0.19
            error = [part["value"] - part["low"], part["high"] - part["value"]]
            ax.errorbar(
                part["value"],
                y,
                xerr=np.clip(error, 0, None),
                fmt=PROTOCOL_MARKERS.get(protocol, "h"),
                capsize=3,
                markersize=7 if room > 0.25 else 5,
                color=PROTOCOL_COLOURS[protocol],
                label=protocol,
            )
            ax.plot(1 / part["n_genres"], y, "|", color=PROTOCOL_COLOURS[protocol], alpha=0.6)
        ax.set_yticks(range(len(models)), models)
        ax.set_ylim(len(models) - 0.5, -0.5)
        ax.set_xlim(0, 1.02)
        ax.set_title(f"per {level}", loc="left")
        ax.grid(axis="x")
    axes[-1].set_xlabel(f"{'macro ' if metric != 'accuracy' else ''}{metric}, 95 % interval")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return fig


def family_bars(
    values: pd.DataFrame, xlabel: str, intervals: pd.DataFrame | None = None
) -> Figure:
    """Draw importance by feature family, one bar per measure.

    Parameters
    ----------
    values : pandas.DataFrame
        Index: family; one column per measure.
    xlabel : str
        What the bars mean.
    intervals : pandas.DataFrame, optional
        ``low`` and ``high`` of the first measure, by family.

    Returns
    -------
    matplotlib.figure.Figure
        Horizontal bars, families in the order given, intervals as thin lines.
    """
    fig, ax = plt.subplots(figsize=(6.4, 0.9 + 0.25 * values.size + 0.2 * len(values)))
    height = 0.8 / values.shape[1]
    for i, (name, column) in enumerate(values.items()):
        ax.barh(np.arange(len(column)) + i * height, column, height, label=name,
                color=("#0072b2", "#d55e00", "#56504c")[i % 3])  # fmt: skip
    if intervals is not None:
        low, high = intervals.loc[values.index, ["low", "high"]].to_numpy().T
        middle, rows = values.iloc[:, 0].to_numpy(), np.arange(len(values))
        ax.errorbar(middle, rows, xerr=np.clip([middle - low, high - middle], 0, None),
                    fmt="none", capsize=3, color="black")  # fmt: skip
        ax.axvline(0, color="#56504c", linewidth=0.8)
    ax.set_yticks(np.arange(len(values)) + 0.4 - height / 2, values.index)
    ax.invert_yaxis()
    ax.set_xlabel(xlabel)
    ax.grid(axis="x")
    if values.shape[1] > 1:
        fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return fig


def learning_curves(
    histories: Mapping[str, Mapping[str, Sequence[float]]],
    chosen: Mapping[str, int] | None = None,
) -> Figure:
    """Draw loss and accuracy over the epochs, training and validation.

    Parameters
    ----------
    histories : mapping of str to mapping
        For each model ``loss``, ``accuracy``, ``val_loss`` and ``val_accuracy`` per epoch, as in
        the ``history`` of a Keras run.
    chosen : mapping of str to int, optional
        For some models the epoch whose weights are kept, counted from 1; a dotted line.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels: loss above, accuracy below. Solid: validation; dashed: training.
    """
    fig, axes = plt.subplots(2, 1, sharex=True, figsize=(6.4, 5.6))
    for i, (name, history) in enumerate(histories.items()):
        colour = ("#0072b2", "#d55e00", "#009e73", "#56504c")[i % 4]
        for ax, key in zip(axes, ("loss", "accuracy"), strict=True):
            epochs = np.arange(1, len(history[key]) + 1)
            ax.plot(epochs, history[key], "--", color=colour, alpha=0.7)
            ax.plot(epochs, history[f"val_{key}"], "-", color=colour, label=name)
            if epoch := (chosen or {}).get(name):
                ax.axvline(epoch, color="#56504c", linestyle=":")
    axes[0].set_ylabel("loss\n(cross-entropy + penalty)")
    axes[1].set_ylabel("accuracy per slice")
    axes[1].set_ylim(0, 1.02)
    axes[1].set_xlabel("epoch (solid: validation, dashed: training)")
    axes[1].xaxis.get_major_locator().set_params(integer=True)
    for ax in axes:
        ax.grid(axis="y")
    if len(histories) > 1:
        fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return fig


def genre_points(
    ax: Axes,
    points: np.ndarray,
    genres: pd.Series,
    *,
    size: float = 1.0,
) -> None:
    genre_of = genres.to_numpy()
    area = size * float(np.clip(900 / np.sqrt(len(points)), 8, 60))
    for i, (genre, colour) in enumerate(genre_colours(genre_of).items()):
        own = genre_of == genre
        marker = MARKERS[i % len(MARKERS)]
        ax.scatter(points[own, 0], points[own, 1], s=area * (1.8 if marker == "*" else 1),
                   color=colour, edgecolor="white", linewidth=0.4, marker=marker, label=genre,
                   zorder=2)  # fmt: skip
