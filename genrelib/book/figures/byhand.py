"""Worked examples that fit on paper: a few made-up numbers, each with its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from genrelib.book.figures.common import MARKERS, Picture, genre_colours

FIVE = (
    pd.DataFrame(
        {
            "x": [4, 1, 5, 2, 3],
            "y": [4, 3, 3, 1, 2],
            "genre": ["rock", "jazz", "rock", "jazz", "jazz"],
        },
        index=[*"ABCDE"],
    ),
    (3, 3),
    pd.Series([2, 4, 4, 5, 1], index=[*"ABCDE"]),
)
"""Five slices, the one that is asked about, and its squared distance from each."""


def strips(cut: Mapping[str, np.ndarray], song: np.ndarray) -> Picture:
    """Draw folds as strips of slices, one strip for each way to cut.

    Parameters
    ----------
    cut : mapping of str to numpy.ndarray
        For each way to cut, the fold of each slice, counted from 0, shape ``(n,)``.
    song : numpy.ndarray
        The track of each slice, shape ``(n,)``; slices of a track lie side by side.

    Returns
    -------
    Picture
        A number per slice, the first fold dark, a line between tracks.
    """
    fig, ax = plt.subplots(figsize=(6.4, 0.8 + 0.5 * len(cut)))
    for row, folds in enumerate(cut.values()):
        for place, fold in enumerate(folds):
            face = "#0072b2" if fold == 0 else "#d9e6ef"
            ax.barh(row, 1, 0.7, left=place, color=face, edgecolor="white")
            ax.text(place + 0.5, row, str(fold + 1), ha="center", va="center",
                    fontsize=10, color="white" if fold == 0 else "black")  # fmt: skip
    for edge in np.flatnonzero(np.diff(song)) + 1:
        ax.axvline(float(edge), color="black", linewidth=1.2)
    ax.set_yticks(range(len(cut)), cut)
    ax.set(xticks=[], xlim=(0, len(song)), xlabel="slices; a black line parts two tracks")
    ax.invert_yaxis()
    ax.spines[:].set_visible(False)
    first = {way: int((folds == 0).sum()) for way, folds in cut.items()}
    return Picture(
        fig,
        caption="The same slices, cut into folds in several ways. The number is the fold in which "
        "a slice is tested; the first fold is dark.",
        alt=f"A strip of {len(song)} slices for each way to cut, with fold numbers. In the first "
        f"fold: {', '.join(f'{way}, {n} slices' for way, n in first.items())}.",
        name="fig-hand-strips",
    )


def neighbours(points: pd.DataFrame, asked: Sequence[float], squared: pd.Series) -> Picture:
    """Draw a slice among its neighbours, the last of which is its sibling.

    Parameters
    ----------
    points : pandas.DataFrame
        Index: name; columns ``x``, ``y`` (two features) and ``genre``; the sibling last.
    asked : sequence of float
        Both features of the slice that is asked about.
    squared : pandas.Series
        Squared distance of each point from it.

    Returns
    -------
    Picture
        Points in the plane of two features, squared distances beside their names.
    """
    fig, ax = plt.subplots(figsize=(6.4, 3.2))
    colours = genre_colours(points["genre"])
    for marker, (genre, own) in zip(MARKERS, points.groupby("genre"), strict=False):
        ax.scatter(
            own["x"], own["y"], s=80, marker=marker, color=colours[str(genre)], label=str(genre)
        )
    for name, x, y in points[["x", "y"]].itertuples():
        style = "-" if name == points.index[-1] else ":"
        ax.plot([asked[0], x], [asked[1], y], style, color="#56504c", zorder=0)
        ax.annotate(f"{name}: {squared[name]:g}", (x, y), (8, 5), textcoords="offset points")
    ax.scatter(asked[0], asked[1], s=160, marker="*", color="black", label="asked")
    ax.margins(0.15)
    ax.set(xlabel="first feature", ylabel="second feature")
    fig.legend(loc="outside upper center", ncols=4)
    told = [f"{n}, {points['genre'][n]}, at {squared[n]:g}" for n in points.index]
    return Picture(
        fig,
        caption="Who is nearest? Beside each name its squared distance from the star. The solid "
        f"line leads to {points.index[-1]}, a sibling.",
        alt=f"{len(points)} points around a star, with squared distances: {'; '.join(told)}. "
        "The last is the sibling.",
        name="fig-hand-neighbours",
    )


def matrix(counts: pd.DataFrame) -> Picture:
    """Draw a small confusion matrix with recall and precision at its edges.

    Parameters
    ----------
    counts : pandas.DataFrame
        Rows: true genre; columns: named genre, in the same order; slices.

    Returns
    -------
    Picture
        The counts, recall at the end of each row, precision below each column.
    """
    n, right = len(counts), np.diag(counts)
    rows, columns = counts.sum(axis=1).to_numpy(), counts.sum().to_numpy()
    fig, ax = plt.subplots(figsize=(6.4, 0.9 + 0.5 * n))
    for (i, j), count in np.ndenumerate(counts.to_numpy()):
        ax.barh(i, 1, 1, left=j - 0.5, color="#9ecae1" if i == j else "#f0f0f0", edgecolor="white")
        ax.text(j, i, f"{count}", ha="center", va="center")
    recall = [f"{a}/{b}" for a, b in zip(right, rows, strict=True)]
    precision = [f"{a}/{b}" for a, b in zip(right, columns, strict=True)]
    for i in range(n):
        ax.text(n, i, recall[i], ha="center", va="center")
        ax.text(i, n, precision[i], ha="center", va="center")
    ax.set_xticks(range(n + 1), [*counts.columns, "recall"])
    ax.set_yticks(range(n + 1), [*counts.index, "precision"])
    ax.xaxis.tick_top()
    ax.set(xlim=(-0.5, n + 0.5), ylim=(n + 0.5, -0.5))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    told = [f"{g}: recall {r}, precision {p}"
            for g, r, p in zip(counts.index, recall, precision, strict=True)]  # fmt: skip
    return Picture(
        fig,
        caption="True genres in rows, named genres in columns. Recall divides the diagonal by its "
        "row, precision by its column.",
        alt=f"A table of {n} by {n} counts. {'; '.join(told)}.",
        name="fig-hand-matrix",
    )


def split(values: Sequence[float], genre: Sequence[str], threshold: float) -> Picture:
    """Draw one question of a tree on a few slices.

    Parameters
    ----------
    values : sequence of float
        One feature of each slice.
    genre : sequence of str
        Its genre.
    threshold : float
        The question: is the value above this?

    Returns
    -------
    Picture
        Slices along a line, the threshold between them.
    """
    fig, ax = plt.subplots(figsize=(6.4, 1.9))
    table = pd.DataFrame({"value": values, "genre": genre})
    colours = genre_colours(genre)
    for marker, (name, own) in zip(MARKERS, table.groupby("genre"), strict=False):
        ax.scatter(own["value"], np.zeros(len(own)), s=130, marker=marker,
                   color=colours[str(name)], label=name)  # fmt: skip
    ax.axvline(threshold, color="black", linestyle="--")
    ax.set(yticks=[], xlabel="value of the feature")
    ax.spines["left"].set_visible(False)
    fig.legend(loc="outside upper center", ncols=3)
    left = ", ".join(table.loc[table["value"] <= threshold, "genre"])
    right = ", ".join(table.loc[table["value"] > threshold, "genre"])
    return Picture(
        fig,
        caption="One split: slices left of the dashed line go one way, those right of it the "
        "other.",
        alt=f"{len(table)} slices along a line, split at {threshold:g}. Left: {left}. "
        f"Right: {right}.",
        name="fig-hand-split",
    )


def share(groups: Mapping[str, Sequence[float]]) -> Picture:
    """Draw the values of a few genres, the mean of each and the mean of all.

    Parameters
    ----------
    groups : mapping of str to sequence of float
        The values by genre.

    Returns
    -------
    Picture
        One row of points per genre, its mean a bar, the mean of all a dashed line.
    """
    fig, ax = plt.subplots(figsize=(6.4, 1.0 + 0.55 * len(groups)))
    colours = genre_colours(groups)
    everything = float(np.mean([v for values in groups.values() for v in values]))
    means = {name: float(np.mean(values)) for name, values in groups.items()}
    for row, (name, values) in enumerate(groups.items()):
        ax.plot([everything, means[name]], [row, row], color="#56504c", linewidth=1)
        ax.plot(values, [row] * len(values), MARKERS[row], color=colours[str(name)], markersize=9)
        ax.plot(means[name], row, "|", color="black", markersize=28, markeredgewidth=2)
    ax.axvline(everything, color="black", linestyle="--")
    ax.set_yticks(range(len(groups)), groups)
    ax.set(ylim=(len(groups) - 0.4, -0.6), xlabel="value of the column")
    told = [f"{name}, mean {mean:g}" for name, mean in means.items()]
    return Picture(
        fig,
        caption="Upright bars: the mean of each genre; dashed: that of all. The thin lines are "
        "what the genre explains; what is left lies between a point and its bar.",
        alt=f"Points along a line for each genre: {'; '.join(told)}. The mean of all is "
        f"{everything:g}.",
        name="fig-hand-share",
    )


def gate(forget: Sequence[float], added: Sequence[float], memory: Sequence[float]) -> Picture:
    """Draw one entry of a memory over a few steps.

    Parameters
    ----------
    forget : sequence of float
        The forget gate at each step, from 0 to 1.
    added : sequence of float
        What is added at each step.
    memory : sequence of float
        The memory after each step.

    Returns
    -------
    Picture
        A bar per step: what was kept below, what was added on top.
    """
    fig, ax = plt.subplots(figsize=(6.4, 2.8))
    steps = np.arange(1, len(memory) + 1)
    kept = np.subtract(memory, added)
    ax.bar(steps, kept, 0.6, color="#0072b2", label="kept")
    ax.bar(steps, added, 0.6, bottom=kept, color="#e69f00", hatch="//", label="added")
    labels = [f"step {s}\ngate {g:g}" for s, g in zip(steps, forget, strict=True)]
    ax.set_xticks(steps, labels)
    ax.set_ylabel("memory")
    ax.grid(axis="y")
    fig.legend(loc="outside upper center", ncols=2)
    told = [f"gate {g:g}, memory {m:g}" for g, m in zip(forget, memory, strict=True)]
    return Picture(
        fig,
        caption="One number of the memory, step by step: the gate says which part of the bar "
        "before is kept, and what is heard comes on top.",
        alt=f"{len(told)} bars of what is kept and added: {'; '.join(told)}.",
        name="fig-hand-gate",
    )
