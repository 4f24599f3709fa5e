"""Drawings of chapter 8: what models are given, how many examples they need, how sure they are."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from genrelib.book.figures.common import MARKERS, genre_points
from genrelib.evaluation import FEW


def genre_maps(
    maps: Mapping[str, np.ndarray], genres: pd.Series, axis_labels: tuple[str, str]
) -> Figure:
    """Draw the same slices on several maps, one below the other, genres named in place.

    Parameters
    ----------
    maps : mapping of str to numpy.ndarray
        For each map its title and the points, shape ``(n_slices, 2)``.
    genres : pandas.Series
        Genre per slice.
    axis_labels : tuple of str
        Labels of the two axes, which have no scale.

    Returns
    -------
    matplotlib.figure.Figure
        One panel per map.
    """
    fig, axes = plt.subplots(len(maps), 1, figsize=(6.4, 3.5 * len(maps)), squeeze=False)
    for ax, (title, points) in zip(axes[:, 0], maps.items(), strict=True):
        genre_points(ax, points, genres, size=0.6)
        _name_groups(ax, points, genres)
        ax.set_title(title, loc="left")
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_xlabel(axis_labels[0])
        ax.set_ylabel(axis_labels[1])
    return fig


def _name_groups(ax: Axes, points: np.ndarray, genres: pd.Series) -> None:
    """Write the name of each genre where its points lie closest together."""
    genre_of = genres.to_numpy()
    for genre in sorted(set(genre_of)):
        own = points[genre_of == genre]
        near = np.sort(np.linalg.norm(own[:, None] - own, axis=2), axis=1)
        x, y = own[near[:, : max(2, len(own) // 3)].mean(axis=1).argmin()]
        ax.text(x, y, genre, color="#222222", ha="center", va="center", weight="bold", zorder=4,
                path_effects=[withStroke(linewidth=3, foreground="white")])  # fmt: skip


def input_scores(scores: pd.DataFrame) -> Figure:
    """Draw the accuracy of models by what they are given, with intervals.

    Parameters
    ----------
    scores : pandas.DataFrame
        Columns ``model``, ``input``, ``protocol``, ``value``, ``low``, ``high`` and ``n_genres``,
        one row per point.

    Returns
    -------
    matplotlib.figure.Figure
        One panel per protocol, one group of points per model, the chance line.
    """
    models, inputs, protocols = (
        list(dict.fromkeys(scores[name])) for name in ("model", "input", "protocol")
    )
    points = len(models) * len(inputs)
    fig, axes = plt.subplots(
        len(protocols), 1, sharex=True, squeeze=False,
        figsize=(6.4, 1.2 + (0.5 + 0.2 * points) * len(protocols)),
    )  # fmt: skip
    for ax, protocol in zip(axes[:, 0], protocols, strict=True):
        of_protocol = scores[scores["protocol"] == protocol]
        for i, name in enumerate(inputs):
            part = of_protocol[of_protocol["input"] == name]
            y = np.array([models.index(m) for m in part["model"]], float)
            y += (i - (len(inputs) - 1) / 2) * 0.24
            error = [part["value"] - part["low"], part["high"] - part["value"]]
            ax.errorbar(part["value"], y, xerr=np.clip(error, 0, None), fmt=MARKERS[i], capsize=3,
                        markersize=7, color=INPUT_COLOURS[i % 3], label=name)  # fmt: skip
        ax.set_yticks(range(len(models)), models)
        ax.set_ylim(len(models) - 0.5, -0.5)
        ax.set_xlim(0, 1.02)
        ax.axvline(1 / of_protocol["n_genres"].max(), color="#999999", linestyle=":", zorder=0)
        ax.set_title(protocol, loc="left")
        ax.grid(axis="x")
    axes[-1, 0].set_xlabel("accuracy per slice, 95 % interval")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return fig


def data_curves(scores: pd.DataFrame, xlabel: str) -> Figure:
    """Draw how accuracy grows with the number of labelled examples, with intervals.

    Parameters
    ----------
    scores : pandas.DataFrame
        Columns ``input``, ``n``, ``value``, ``low`` and ``high``, one row per point.
    xlabel : str
        What is counted.

    Returns
    -------
    matplotlib.figure.Figure
        One line per input.
    """
    fig, ax = plt.subplots(figsize=(6.4, 4.2))
    for i, (name, part) in enumerate(scores.groupby("input", sort=False)):
        colour = INPUT_COLOURS[i % 3]
        ax.fill_between(part["n"], part["low"], part["high"], color=colour, alpha=0.2, lw=0)
        ax.plot(part["n"], part["value"], marker=MARKERS[i], color=colour, label=name)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylim(0, 1.02)
    ax.set_xlabel(xlabel)
    ax.set_ylabel("accuracy per slice (shaded: 95 % interval)")
    ax.grid(axis="y")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return fig


def reliability(bins: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw reliability diagrams: how often predictions are right by how sure they are.

    Parameters
    ----------
    bins : mapping of str to pandas.DataFrame
        For each panel what :func:`genrelib.evaluation.reliability` gives.

    Returns
    -------
    matplotlib.figure.Figure
        One panel each, with 95 % intervals. On the dashed line confidence equals accuracy; the
        numbers at the bottom say how many predictions are in a bin. Bins of fewer than
        :data:`genrelib.evaluation.FEW` get no point.
    """
    columns = 1 if len(bins) == 1 else 2
    rows = math.ceil(len(bins) / columns)
    size = (6.4, min(rows * (0.8 + 6.2 / columns), 7.2))
    fig, axes = plt.subplots(rows, columns, squeeze=False, figsize=size, sharex=True, sharey=True)
    for ax in axes.flat[len(bins) :]:
        ax.set_axis_off()
    for ax, (title, table) in zip(axes.flat, bins.items(), strict=False):
        ax.plot([0, 1], [0, 1], color="#999999", linestyle="--", zorder=0)
        part = table[table["n"] >= FEW]
        error = [part["accuracy"] - part["low"], part["high"] - part["accuracy"]]
        ax.errorbar(part["confidence"], part["accuracy"], yerr=np.clip(error, 0, None),
                    fmt="o", markersize=7, capsize=3, color="#332288")  # fmt: skip
        for middle, n in zip((table["from"] + table["to"]) / 2, table["n"], strict=True):
            ax.text(middle, -0.03, str(n), ha="center", va="top", fontsize=10, rotation=90)
        ax.set_xlim(0, 1.05)
        ax.set_ylim(-0.5, 1.05)
        ax.set_xticks(np.linspace(0, 1, 6))
        ax.set_yticks(np.linspace(0, 1, 6))
        ax.set_title(title, loc="left")
        ax.grid()
    fig.supxlabel("confidence", fontsize=12)
    fig.supylabel("share that is right", fontsize=12)
    return fig


def heat_table(values: pd.DataFrame, label: str, axis_labels: tuple[str, str]) -> Figure:
    """Draw a table of shares as colours, with the numbers in per cent.

    Parameters
    ----------
    values : pandas.DataFrame
        Shares, from 0 to 1.
    label : str
        What the colours mean.
    axis_labels : tuple of str
        What the columns are, and what the rows are.

    Returns
    -------
    matplotlib.figure.Figure
        An image; shares below half a per cent stay blank.
    """
    top = float(values.to_numpy().max()) or 1.0
    fig, ax = plt.subplots(figsize=(6.4, 1.9 + 0.3 * len(values)))
    image = ax.imshow(values, cmap="Blues", vmin=0, vmax=top, aspect="auto")
    for (row, column), value in np.ndenumerate(values.to_numpy()):
        if value >= 0.005:
            ax.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=10,
                    color="white" if value > 0.55 * top else "black")  # fmt: skip
    names = [textwrap.fill(str(name), 20) for name in values.columns]
    ax.set_xticks(range(values.shape[1]), names, rotation=45, ha="right")
    ax.set_yticks(range(len(values)), [textwrap.fill(str(name), 34) for name in values.index])
    ax.set_xlabel(axis_labels[0])
    ax.set_ylabel(axis_labels[1])
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    fig.colorbar(image, ax=ax, label=label)
    return fig


INPUT_COLOURS = ("#b87400", "#332288", "#44aa99")
"""Colours of what models are given: not those of genres or protocols."""
