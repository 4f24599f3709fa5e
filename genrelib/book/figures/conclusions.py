"""Figures of chapter 9: all models under all protocols, and what is left of a high score."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from genrelib.book.figures import common
from genrelib.book.figures.common import MARKERS, Picture
from genrelib.evaluation import CONFIDENCE, METHODS

# A colour for each chapter, not those of genres or protocols.
COLOURS = ("#332288", "#cc6677", "#117733", "#aa4499", "#999933")
LINES = ("-", "--", "-.", ":")
DRAWN = {
    ("slice", METHODS[0]): ("slices", "#d55e00"),
    ("track", METHODS[0]): ("tracks", "#0072b2"),
    ("artist", METHODS[0]): ("artists", "#56504c"),
    ("artist", METHODS[1]): ("artists, as in this book", "#009e73"),
}
"""Intervals that are shown, by unit and method: what they are called, and their colour."""


def everything(measured: pd.DataFrame) -> Picture:
    """Show every model under every protocol.

    Parameters
    ----------
    measured : pandas.DataFrame
        As from :func:`genrelib.book.load_results`.

    Returns
    -------
    Picture
        One panel per slice, one per track.
    """
    rows = measured[(measured["level"] == "slice") & (measured["metric"] == "accuracy")]
    return Picture(
        common.protocol_scores(measured),
        caption="Accuracy of every model under every protocol, with 95 % intervals that resample "
        "what the protocol holds out, tracks or artists. "
        f"Dotted: chance among {rows['n_genres'].max()} genres.",
        alt="Accuracy per slice with 95 % interval: "
        + "; ".join(
            f"{r.model}, {r.protocol} {r.value:.2f}, {r.low:.2f} to {r.high:.2f}"
            for r in rows.itertuples()
        )
        + ". The panel below shows the same per track.",
        name="fig-conclusions-all",
    )


def arc(
    scores: pd.DataFrame, chapters: pd.Series, n_genres: pd.Series, reported: float
) -> Picture:
    """Show what becomes of each model's score as the protocol gets stricter.

    Parameters
    ----------
    scores : pandas.DataFrame
        Accuracy per slice: models by protocols, the strictest last.
    chapters : pandas.Series
        Chapter by model.
    n_genres : pandas.Series
        Number of genres tested by protocol.
    reported : float
        What the original study reports.

    Returns
    -------
    Picture
        One line per model, in the colour of its chapter; a level line for the report.
    """
    protocols = scores.columns.tolist()
    fig, ax = plt.subplots(figsize=(6.4, 4 + 0.15 * len(scores)))
    for i, (_, part) in enumerate(scores.groupby(chapters, sort=False)):
        for j, (model, row) in enumerate(part.iterrows()):
            ax.plot(
                protocols, row, linestyle=LINES[j % len(LINES)], marker=MARKERS[j % len(MARKERS)],
                color=COLOURS[i % len(COLOURS)], markersize=7, label=model,
            )  # fmt: skip
    ax.axhline(reported, color="#56504c", linestyle=(0, (8, 4)), linewidth=1,
               label="reported by the original study")  # fmt: skip
    ax.set_xticks(range(len(protocols)), [f"{p}\n({n_genres[p]} genres)" for p in protocols])
    ax.set_ylim(0, 1.02)
    ax.set_ylabel("accuracy per slice")
    ax.margins(x=0.12)
    ax.grid(axis="y")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    lines = [
        f"{model}: " + ", ".join(f"{p} {value:.2f}" for p, value in row.dropna().items())
        for model, row in scores.iterrows()
    ]
    return Picture(
        fig,
        caption="The same models, asked stricter questions from left to right; models of one "
        f"chapter have one colour. Level line: the {reported} that the original study reports "
        "for one nearest neighbour, with random slices.",
        alt="One line per model over the protocols. " + "; ".join(lines),
        name="fig-conclusions-arc",
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
