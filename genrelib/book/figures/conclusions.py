"""Figures of chapter 9: all models under all protocols, and what is left of a high score."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from genrelib.book.figures import common
from genrelib.book.figures.common import MARKERS, Picture
from genrelib.book.results import STEPS
from genrelib.evaluation import CONFIDENCE, FEW, METHODS
from genrelib.studies import LADDER

EXAM_PAIRS = tuple(STEPS.values())
LINES = ("-", "--", "-.", ":")
DRAWN = {
    ("slice", METHODS[0]): ("slices", "#d55e00"),
    ("track", METHODS[0]): ("tracks", "#0072b2"),
    ("artist", METHODS[0]): ("artists", "#56504c"),
    ("artist", METHODS[1]): ("artists, as in this book", "#009e73"),
}
"""Intervals that are shown, by unit and method: what they are called, and their colour."""


def everything(measured: pd.DataFrame, reported: float) -> Picture:
    """Show every model under the protocols, two exams on the same tracks side by side.

    Parameters
    ----------
    measured : pandas.DataFrame
        As from :func:`genrelib.book.load_results`.
    reported : float
        What the original study reports.

    Returns
    -------
    Picture
        One row per model, the best under ``track`` above. The left panel goes from
        ``random-slice`` to ``track``, the right one from ``track-paired`` to ``artist`` where
        these test enough tracks.
    """
    rows = measured.query("level == 'slice' and metric == 'accuracy'")
    rows = rows[rows["n_tracks"] >= FEW].set_index(["model", "protocol"])
    order = rows.xs("track", level=1)["value"].sort_values(ascending=False).index
    pairs = [p for p in EXAM_PAIRS if set(p) <= set(rows.index.get_level_values(1))]
    fig, axes = plt.subplots(1, len(pairs), sharey=True, squeeze=False,
                             figsize=(6.4, 1.6 + 0.34 * len(order)))  # fmt: skip
    told = []
    for ax, pair in zip(axes[0], pairs, strict=True):
        for name, lift in zip(pair, (0.14, -0.14), strict=True):
            part = rows.xs(name, level=1).reindex(order)
            y = np.arange(len(order)) - lift
            error = np.clip([part["value"] - part["low"], part["high"] - part["value"]], 0, None)
            ax.errorbar(part["value"], y, xerr=error, fmt=common.PROTOCOL_MARKERS[name], capsize=2,
                        markersize=5, color=common.PROTOCOL_COLOURS[name], label=name)  # fmt: skip
            told += [
                f"{model}, {name} {r.value:.2f}, {r.low:.2f} to {r.high:.2f}"
                for model, r in part[part["value"].notna()].iterrows()
            ]
        covers = rows.xs(pair[1], level=1).iloc[0]
        ax.set_title(
            f"{covers['n_tracks']:.0f} tracks,\n{covers['n_genres']:.0f} genres", loc="left"
        )
        ax.axvline(1 / covers["n_genres"], color="#999999", linestyle=":", zorder=0)
        ax.set(xlim=(0, 1.02), xlabel="accuracy per slice", xticks=(0, 0.5, 1))
        ax.set_xticklabels(["0", "0.5", "1"])
        ax.grid(axis="x")
    axes[0, 0].axvline(reported, color="#56504c", linestyle=(0, (8, 4)), linewidth=1)
    axes[0, 0].set_yticks(range(len(order)), order)
    axes[0, 0].set_ylim(len(order) - 0.5, -0.5)
    handles = [h for ax in axes[0] for h in zip(*ax.get_legend_handles_labels(), strict=True)]
    fig.legend(*zip(*handles, strict=True), loc="outside upper center", ncols=2)
    return Picture(
        fig,
        caption="Every model, two exams on the same tracks in each panel, with 95 % intervals. "
        "Left: slices of a track on both sides, or on one. Right: artists on both sides, or on "
        "one. Dotted: chance among the genres tested. Dashed: the "
        f"{reported} that the original study reports for one nearest neighbour on its own music.",
        alt="Accuracy per slice with 95 % interval: " + "; ".join(told) + ".",
        name="fig-conclusions-all",
    )


def artists(scores: pd.DataFrame) -> Picture:
    """Show the step from track to artist on several corpora, with its control.

    Parameters
    ----------
    scores : pandas.DataFrame
        As from :func:`genrelib.studies.ladder_scores`.

    Returns
    -------
    Picture
        Left the accuracies, right the artist effect, one row per corpus and model.
    """
    wide = scores.set_index(["corpus", "model", "what"])[["value", "low", "high"]]
    names = list(dict.fromkeys((corpus, model) for corpus, model, _ in wide.index))
    fig, (left, right) = plt.subplots(1, 2, sharey=True, width_ratios=(3, 2),
                                      figsize=(6.4, 1.5 + 0.55 * len(names)))  # fmt: skip
    told = []
    for k, (corpus, model) in enumerate(names):
        own = wide.loc[corpus, model]
        for name, lift in zip(LADDER, (0.2, 0, -0.2), strict=True):
            value, low, high = own.loc[name]
            left.errorbar([value], [k - lift], xerr=[[value - low], [high - value]], capsize=2,
                          fmt=common.PROTOCOL_MARKERS[name], color=common.PROTOCOL_COLOURS[name],
                          label=name if not k else None)  # fmt: skip
        value, low, high = own.loc["artist effect"]
        right.errorbar([value], [k], xerr=[[value - low], [high - value]], capsize=2, fmt="o",
                       color="#56504c")  # fmt: skip
        values = ", ".join(f"{name} {own.at[name, 'value']:.2f}" for name in LADDER)
        told.append(f"{corpus}, {model}: {values}; effect {value:.2f}, {low:.2f} to {high:.2f}")
    right.axvline(0, color="#999999", linestyle=":", zorder=0)
    left.set_yticks(range(len(names)), [f"{corpus}\n{model}" for corpus, model in names])
    left.set_ylim(len(names) - 0.5, -0.5)
    left.set(xlim=(0, 1.02), xlabel="accuracy")
    right.set_xlabel("artist effect")
    for ax in (left, right):
        ax.grid(axis="x")
    fig.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return Picture(
        fig,
        caption="Left: accuracy under track on the tracks that artist tests, the same with as few "
        "tracks of each genre to learn from, and with artists (or releases) apart. Right: the "
        "difference of the last two, the artist effect. 95 % intervals draw artists.",
        alt="Accuracy and artist effect with 95 % interval. " + "; ".join(told) + ".",
        name="fig-conclusions-artists",
    )


def coverage(audit: pd.DataFrame, measured: float) -> Picture:
    """Show how often intervals hold the truth about new artists, the more alike their tracks are.

    Parameters
    ----------
    audit : pandas.DataFrame
        As from :func:`genrelib.evaluation.coverage_by_correlation`, with the column
        ``collection``.
    measured : float
        The correlation that was measured.

    Returns
    -------
    Picture
        One panel per collection, one line per kind of interval.
    """
    names = audit["collection"].unique()
    fig, axes = plt.subplots(len(names), 1, sharex=True, sharey=True, squeeze=False,
                             figsize=(6.4, 1 + 2.7 * len(names)))  # fmt: skip
    told = []
    for ax, name in zip(axes[:, 0], names, strict=True):
        asked = audit[(audit["collection"] == name) & (audit["question"] == "artist")]
        for i, ((unit, method), (label, colour)) in enumerate(DRAWN.items()):
            rows = asked[(asked["unit"] == unit) & (asked["method"] == method)]
            ax.errorbar(rows["correlation"], rows["held"], 2 * rows["error"], color=colour,
                        linestyle=LINES[-i - 1], marker=MARKERS[i], label=label)  # fmt: skip
            shares = ", ".join(f"{r.held:.2f} at {r.correlation:.2f}" for r in rows.itertuples())
            told.append(f"{name}, {label}: {shares}")
        ax.axhline(CONFIDENCE, color="#999999", linestyle="--", zorder=0)
        ax.axvline(measured, color="#999999", linestyle=":", zorder=0)
        ax.set(ylim=(0, 1.02), ylabel="share that holds the truth")
        ax.set_title(name, loc="left")
        ax.grid(axis="y")
    axes[-1, 0].set_xlabel("correlation of hits between tracks of an artist")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2,
               title="drawn again:")  # fmt: skip
    return Picture(
        fig,
        caption="How often an interval of 95 % holds the accuracy on new artists, by what is "
        "drawn again: percentiles of the draws, and for artists also the ends that this book "
        "takes. "
        "Dashed: the promise; dotted: the correlation that was measured; bars: two standard "
        "errors of the simulation.",
        alt="One panel per collection, one line per interval, over the correlation of hits "
        "between tracks of an artist. " + "; ".join(told),
        name="fig-conclusions-coverage",
    )
