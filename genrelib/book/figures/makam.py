"""Figures of chapter 14, second part: makams, their steps, and what holding out costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.signal import find_peaks

from genrelib.book.figures.common import Picture
from genrelib.studies import STEPS

BETWEEN = 20
"""Cents from the nearest of twelve steps from which on a step is one that a piano lacks."""
PROMINENT = 0.08
"""How far a peak has to rise from its surroundings to be a step, as a share of the highest."""
APART = 40
"""Cents between two steps, at least."""
MODEL_COLOURS = {"k-NN": "#b87400", "SVM": "#332288"}


def steps_of(mean: np.ndarray) -> np.ndarray:
    """Find the steps of a makam: the peaks of its mean distribution.

    Parameters
    ----------
    mean : numpy.ndarray
        Mean share of the melody in each of 240 steps, shape ``(240,)``.

    Returns
    -------
    numpy.ndarray of int
        The peaks, in steps of 5 cents.
    """
    smooth = np.mean([np.roll(mean, k) for k in range(-2, 3)], axis=0)
    found, _ = find_peaks(np.tile(smooth, 3), prominence=PROMINENT * smooth.max(),
                          distance=APART // 5)  # fmt: skip
    return found[(found >= STEPS) & (found < 2 * STEPS)] - STEPS


def lacking(mean: np.ndarray) -> np.ndarray:
    """Find the steps of a makam that a piano lacks.

    Parameters
    ----------
    mean : numpy.ndarray
        As for :func:`steps_of`.

    Returns
    -------
    numpy.ndarray of int
        Steps at least :data:`BETWEEN` cents from all of twelve equal ones, in cents.
    """
    cents = 5 * steps_of(mean)
    return cents[np.abs((cents + 50) % 100 - 50) >= BETWEEN]


def makams(means: pd.DataFrame) -> Picture:
    """Draw the mean distribution of each makam, with the steps that a piano lacks.

    Parameters
    ----------
    means : pandas.DataFrame
        One row per makam, 240 columns.

    Returns
    -------
    Picture
        Small panels; grey lines at twelve equal steps, markers at steps between them.
    """
    columns = 4
    rows = -(-len(means) // columns)
    fig, axes = plt.subplots(rows, columns, figsize=(6.4, 0.6 + 1.25 * rows), sharex=True,
                             squeeze=False)  # fmt: skip
    x = 5 * np.arange(STEPS)
    for ax in axes.flat[len(means) :]:
        ax.set_axis_off()
    for ax, name, mean in zip(axes.flat, means.index, means.to_numpy(), strict=False):
        ax.vlines(np.arange(0, 1200, 100), 0, 1.25 * mean.max(), color="#d5d0c8", lw=0.6)
        ax.fill_between(x, mean, color="#332288", alpha=0.85, lw=0)
        between = lacking(mean)
        ax.plot(between, [mean[c // 5] + 0.12 * mean.max() for c in between], "v",
                color="#d55e00", markersize=6)  # fmt: skip
        ax.set_title(name, loc="left", fontsize=10.5, pad=2)
        ax.set(yticks=[], xlim=(0, 1200), ylim=(0, 1.3 * mean.max()))
        ax.set_xticks([0, 500, 1000])
        ax.tick_params(labelsize=10)
        ax.spines["left"].set_visible(False)
    fig.supxlabel("cents above the tonic", fontsize=12)
    counts = [len(lacking(mean)) for mean in means.to_numpy()]
    return Picture(
        fig,
        "The steps of twenty makams: how much of the melody lies where, above the tonic, the mean "
        "over recordings. Grey lines are the steps of a piano; a marker is a step "
        f"that lies {BETWEEN} cents or more from all of them.",
        f"{len(means)} small histograms. Makams with a step that a piano lacks: "
        f"{sum(n > 0 for n in counts)}.",
        "fig-makam-steps",
    )


def held_out(scores: Mapping[str, pd.DataFrame]) -> Picture:
    """Draw how often the makam is named, by what is held out and what is known of the melody.

    Parameters
    ----------
    scores : mapping of str to pandas.DataFrame
        For each form of the melody columns ``model``, ``group``, ``value``, ``low``, ``high`` and
        ``n_genres``.

    Returns
    -------
    Picture
        One row per form and group, a point with its interval per model.
    """
    names = [(form, group) for form, table in scores.items() for group in table["group"].unique()]
    fig, ax = plt.subplots(figsize=(6.4, 1.4 + 0.36 * len(names)))
    for form, table in scores.items():
        for row in cast(Any, table.itertuples()):
            y = names.index((form, row.group)) + (0.15 if row.model == "SVM" else -0.15)
            error = np.clip([[row.value - row.low], [row.high - row.value]], 0, None)
            ax.errorbar(row.value, y, xerr=error, fmt="o" if row.model == "SVM" else "s",
                        capsize=2, markersize=6, color=MODEL_COLOURS[row.model],
                        label=row.model)  # fmt: skip
    chance = 1 / max(table["n_genres"].max() for table in scores.values())
    ax.axvline(chance, color="#999999", linestyle=":", zorder=0)
    ax.set_yticks(range(len(names)), [f"{form}, {group}" for form, group in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlim(0, 1)
    ax.set_xlabel("accuracy, 95 % interval (dotted: chance)")
    ax.grid(axis="x")
    handles = dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))
    fig.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=2)
    told = "; ".join(
        f"{form}, {row.group}, {row.model} {row.value:.2f}"
        for form, table in scores.items()
        for row in table.itertuples()
    )
    return Picture(
        fig,
        "How often a makam is named, of twenty: by what is known of the melody (240 steps, "
        "twelve, or no tonic), and by what is held out together.",
        f"Points with intervals. {told}.",
        "fig-makam-held-out",
    )
