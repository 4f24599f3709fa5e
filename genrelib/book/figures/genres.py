"""Figures of chapter 13: how the question grows, which genres sound alike, what tags know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import dendrogram

from genrelib.book.figures import charts, common
from genrelib.book.figures.common import Picture

_BLUE, _GREY = "#0072b2", "#56504c"


def numbers(table: pd.DataFrame) -> Picture:
    """Draw how accuracy falls and information grows with the number of genres.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`genrelib.studies.by_number_of_genres`.

    Returns
    -------
    Picture
        Two panels: the share of tracks that is named rightly, and the bits that an answer tells.
    """
    panels = [
        ("accuracy", "accuracy per track", "chance", "chance"),
        ("bits", "bits per answer", "ceiling", "faultless"),
    ]
    fig, axes = plt.subplots(2, 1, sharex=True, figsize=(6.4, 6.4))
    told = []
    for ax, (measure, label, edge, name) in zip(axes, panels, strict=True):
        part = table.loc[measure]
        ax.fill_between(part.index, part["least"], part["most"], color=_BLUE, alpha=0.15, lw=0,
                        label="nine in ten sets of genres")  # fmt: skip
        error = [part["value"] - part["low"], part["high"] - part["value"]]
        ax.errorbar(part.index, part["value"], yerr=np.clip(error, 0, None), fmt="o-", capsize=3,
                    color=_BLUE, label="mean over the sets, 95 % interval")  # fmt: skip
        ax.plot(part.index, part[edge], ":", color=_GREY, lw=2)
        last = part.index[-1]
        ax.annotate(name, (last, part.at[last, edge]), xytext=(0, 5), textcoords="offset points",
                    ha="right", va="bottom", color=_GREY)  # fmt: skip
        ax.set_ylabel(label)
        ax.set_ylim(0, 1.02 if measure == "accuracy" else None)
        ax.grid(axis="y")
        told.append(
            f"{label}: "
            + "; ".join(f"{n}, {_bounds(row)}" for n, row in part.iterrows())
            + f"; {name} {part[edge].iloc[0]:.2f} to {part[edge].iloc[-1]:.2f}"
        )
    axes[-1].set_xlabel("number of genres")
    axes[-1].xaxis.get_major_locator().set_params(integer=True)
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=1)
    return Picture(
        fig,
        "Logistic regression asked about sets of genres of every size, with artists held out. "
        "Above, the share of tracks that is named rightly; below, how many bits an answer tells "
        "about the genre. Dotted: what guessing gives above, what a faultless answer would tell "
        "below. Bars resample artists.",
        "Two panels over the number of genres. " + ". ".join(told),
        "fig-genres-number",
    )


def tree(joined: np.ndarray, genres: Sequence[str]) -> Picture:
    """Draw which genres are told apart least often, and then which groups of them.

    Parameters
    ----------
    joined : numpy.ndarray
        From :func:`genrelib.studies.family_tree`.
    genres : sequence of str
        Names of the leaves.

    Returns
    -------
    Picture
        A dendrogram, which reads from left to right.
    """
    fig, ax = plt.subplots(figsize=(6.4, 1.4 + 0.34 * len(genres)))
    drawn: Any = dendrogram(
        joined, labels=list(genres), orientation="left", ax=ax, color_threshold=0,
        above_threshold_color=_GREY, leaf_font_size=12,
    )  # fmt: skip
    colours = common.genre_colours(genres)
    for label in ax.get_yticklabels():
        label.set_bbox({"facecolor": colours[label.get_text()], "alpha": 0.25, "lw": 0, "pad": 2})
    low = min(0.5, float(joined[:, 2].min()))
    ax.set_xlim(1, low - 0.02)
    ax.axvline(0.5, color=_GREY, linestyle=":")
    ax.set_xlabel("share of tracks told apart, two genres at a time (dotted: chance)")
    ax.spines["left"].set_visible(False)
    members = {k: [genre] for k, genre in enumerate(genres)}
    steps = []
    for step, (a, b, height, _) in enumerate(joined):
        sides = [members[int(a)], members[int(b)]]
        members[len(genres) + step] = sides[0] + sides[1]
        steps.append(f"{' and '.join(', '.join(side) for side in sides)} at {height:.2f}")
    return Picture(
        fig,
        "Genres, joined where they are told apart least often: a fork further to the right joins "
        "what sounds more alike to the model. At the dotted line it would be guessing. Each fork "
        "stands at the mean over the pairs of its two sides; artists were held out.",
        f"A tree of {len(drawn['ivl'])} genres. Joined, in this order: {'; '.join(steps)}.",
        "fig-genres-tree",
    )


def precision(table: pd.DataFrame) -> Picture:
    """Draw how well each tag finds the tracks of its genre.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`genrelib.studies.tag_precision`.

    Returns
    -------
    Picture
        One point per genre with its interval, and a tick at chance.
    """
    rows = table.sort_values("value", ascending=False)
    colours = common.genre_colours(rows.index)
    fig, ax = plt.subplots(figsize=(6.4, 1.2 + 0.36 * len(rows)))
    for place, (genre, row) in enumerate(rows.iterrows()):
        error = np.clip([[row["value"] - row["low"]], [row["high"] - row["value"]]], 0, None)
        ax.errorbar(row["value"], place, xerr=error, fmt="o", capsize=3, markersize=8,
                    color=colours[str(genre)])  # fmt: skip
        ax.plot(row["chance"], place, "|", markersize=12, color=_GREY)
    ax.set_yticks(range(len(rows)), [f"{row['tag']}" for _, row in rows.iterrows()])
    ax.invert_yaxis()
    ax.set_xlim(0, 1.02)
    ax.set_xlabel("average precision, 95 % interval (tick: chance)")
    ax.grid(axis="x")
    return Picture(
        fig,
        "How well a tag of the ear finds the tracks of the genre of its name, if all tracks are "
        "ordered by it and nothing is trained. One would mean that they all come first; the tick "
        "is what any order gives. Intervals resample artists.",
        "Average precision by tag: "
        + "; ".join(
            f"{r['tag']} {_bounds(r)}, chance {r['chance']:.2f}" for _, r in rows.iterrows()
        ),
        "fig-genres-tags",
    )


def new_tags(shares: pd.DataFrame) -> Picture:
    """Draw what tags of other genres say about the tracks of those that we know.

    Parameters
    ----------
    shares : pandas.DataFrame
        From :func:`genrelib.studies.tags_of_genres`.

    Returns
    -------
    Picture
        A table of colours and numbers.
    """
    shown = shares.loc[shares.max(axis=1).sort_values(ascending=False).index.tolist()]
    said = "; ".join(
        f"{g}: {', '.join(f'{tag} {100 * v:.0f}' for tag, v in column.nlargest(2).items())}"
        for g, column in shown.items()
    )
    return Picture(
        charts.heat_table(shown, "share of the tracks", ("genre of the track", "tag of the ear")),
        "Tags that name other genres: how many per cent of the tracks of each genre have the tag "
        "among the five that the ear finds most probable. Empty cells: less than half a per cent.",
        f"A table of {len(shown)} tags by {shown.shape[1]} genres, in per cent. The two highest "
        f"of each genre: {said}.",
        "fig-genres-new",
    )


def confused(counts: pd.DataFrame) -> Picture:
    """Draw which of the genres of a corpus are taken for each other.

    Parameters
    ----------
    counts : pandas.DataFrame
        From :func:`genrelib.evaluation.confusion`, counted by track.

    Returns
    -------
    Picture
        The confusion matrix.
    """
    off = counts.copy().astype(float)
    for genre in off.index.intersection(off.columns):
        off.loc[genre, genre] = np.nan
    worst = cast(Any, off.stack().dropna().astype(int)).nlargest(3)
    said = ", ".join(f"{a} as {b} {n} times" for (a, b), n in worst.items() if n)
    return Picture(
        common.confusion_matrix(counts, unit="tracks"),
        "What the ear, with logistic regression, takes the tracks of this corpus for. Counts "
        "beside the diagonal are confusions: look there first.",
        f"A confusion matrix of {int(counts.to_numpy().sum())} tracks. Confused most often: "
        f"{said or 'none'}.",
        "fig-genres-confused",
    )


def curve(levels: pd.DataFrame) -> Picture:
    """Draw how many tracks per genre it takes.

    Parameters
    ----------
    levels : pandas.DataFrame
        Columns ``input`` (which tracks), ``n`` (tracks per genre), ``value``, ``low``, ``high``.

    Returns
    -------
    Picture
        One line per set of tracks, the number of tracks on a scale of doublings.
    """
    fig = charts.data_curves(levels, "tracks per genre to learn from")
    ax = fig.axes[0]
    sizes = sorted(levels["n"].unique())
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, [str(n) for n in sizes])
    ax.set_ylabel("accuracy per track (shaded: 95 % interval)")
    return Picture(
        fig,
        "Logistic regression on what the ear hears, by the number of tracks of each genre that it "
        "learned from; each step to the right doubles them. The lines may differ in their genres "
        "and in what is held out, so compare their shapes.",
        "Accuracy per track over the tracks per genre: "
        + "; ".join(f"{r.input}, {r.n}: {r.value:.2f}, {r.low:.2f} to {r.high:.2f}"
                    for r in levels.itertuples()),
        "fig-genres-curve",
    )  # fmt: skip


def _bounds(row: Any) -> str:
    return f"{row['value']:.2f}, {row['low']:.2f} to {row['high']:.2f}"
