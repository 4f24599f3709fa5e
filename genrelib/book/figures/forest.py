"""The figures of chapter 4: what the forest was asked, what it leans on, how it scores."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from genrelib.book.figures import interactive, scores
from genrelib.book.figures.common import Picture, confusion_matrix, family_bars, genre_colours

__all__ = ["argmax_matrix", "impurity", "majority", "permutation", "protocols", "votes"]

LEADS = ("#0072b2", "#d55e00")
"""Colours of slices whose leading genre is right, and of those where it is wrong."""


def argmax_matrix(counts: pd.DataFrame) -> Picture:
    """Show what becomes of rows of zeros that ``argmax`` turns into names.

    Parameters
    ----------
    counts : pandas.DataFrame
        Rows: true genre; columns: predicted genre; the same genres in the same order.

    Returns
    -------
    Picture
        The confusion matrix; both texts count the first genre of the alphabet.
    """
    first = counts.columns[0]
    called, truly = counts[first].sum(), counts.loc[first].sum()
    return Picture(
        confusion_matrix(counts),
        caption="Confusion matrix of the one-hot forest, names taken by `argmax`. "
        f"{called} slices are called {first}; {truly} are.",
        alt=f"Confusion matrix of {counts.to_numpy().sum()} test slices in {len(counts)} genres. "
        f"The column of {first} holds {called} slices, although only {truly} are {first}.",
        name="fig-forest-argmax",
    )


def votes(shares: pd.DataFrame, truth: pd.Series, silent: pd.Series, example: str) -> Picture:
    """Show how the trees voted on one slice.

    Parameters
    ----------
    shares : pandas.DataFrame
        Share of the votes, one row per test slice, one column per genre.
    truth : pandas.Series
        Genre of each test slice.
    silent : pandas.Series
        Whether the forest named no genre.
    example : str
        The slice to show.

    Returns
    -------
    Picture
        One bar per genre; the dashed line marks one half.
    """
    row, genres = shares.loc[example], list(shares.columns)
    colours = genre_colours(genres)
    fig, ax = plt.subplots(figsize=(6.4, 0.9 + 0.32 * len(genres)))
    ax.barh(genres, row, color=[colours[genre] for genre in genres])
    ax.axvline(0.5, color="black", linestyle="--")
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.set_xlabel("share of the trees' votes (dashed: one half)")
    return Picture(
        fig,
        caption=f"Votes of the trees for the slice {example}, which is {truth[example]}. In the "
        f"lead is {row.idxmax()} with {100 * row.max():.0f} %; the answer was "
        f"{'a row of zeros' if silent[example] else 'that genre'}.",
        alt="One bar per genre with its share of the votes. The longest, "
        f"{row.idxmax()}, reaches {row.max():.2f}; a dashed line marks one half.",
        name="fig-forest-votes",
    )


def majority(shares: pd.DataFrame, truth: pd.Series, silent: pd.Series) -> Picture:
    """Show how many votes the leading genre of each slice had, and whether it was right.

    Parameters
    ----------
    shares : pandas.DataFrame
        Share of the votes, one row per test slice, one column per genre.
    truth : pandas.Series
        Genre of each test slice.
    silent : pandas.Series
        Whether the forest named no genre.

    Returns
    -------
    Picture
        A histogram; left of the dashed line the forest named no genre.
    """
    top, right = shares.max(axis=1), shares.idxmax(axis=1) == truth
    fig, ax = plt.subplots()
    bins = list(np.linspace(0, 1, 21) + 1e-9)  # a share of exactly one half belongs to the left
    ax.hist([top[right], top[~right]], bins=bins, stacked=True, hatch=["", "///"],
            color=LEADS, label=["right", "wrong"], edgecolor="white",
            linewidth=0)  # fmt: skip
    ax.axvline(0.5, color="black", linestyle="--")
    ax.set_xlabel("share of votes for the leading genre (dashed: one half)")
    ax.set_ylabel("test slices")
    ax.yaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 2.5, 5, 10], integer=True))
    ax.legend(title="leading genre is")
    n_silent, rescued = silent.sum(), (right & silent).sum()
    return Picture(
        fig,
        caption="Test slices by the votes of their leading genre. Left of the dashed line the "
        "one-hot forest names no genre; there the leading genre is right for "
        f"{rescued} of {n_silent} slices.",
        alt="Stacked histogram of the share of votes for the leading genre, split into right and "
        f"wrong. At or below one half there are {n_silent} slices, of which {rescued} are right; "
        f"above it {(~silent).sum()}, of which {(right & ~silent).sum()} are right.",
        name="fig-forest-majority",
        data=interactive.threshold(shares, truth, LEADS),
    )


def impurity(by_family: pd.DataFrame) -> Picture:
    """Show the importance that each feature family has, and its share of the columns.

    Parameters
    ----------
    by_family : pandas.DataFrame
        Index: family; columns ``share of importance`` and ``share of columns``.

    Returns
    -------
    Picture
        Two bars per family.
    """
    pair = by_family[["share of importance", "share of columns"]]
    row = int(pair["share of columns"].argmax())
    largest, (importance, columns) = pair.index[row], 100 * pair.to_numpy()[row]
    return Picture(
        family_bars(pair, "share of the total"),
        caption="Impurity importance by feature family, and the share of the columns that each "
        f"family owns. The largest family, {largest}, has {columns:.0f} % of the columns and "
        f"{importance:.0f} % of the importance.",
        alt="Pairs of bars per feature family, share of importance and share of columns: "
        + "; ".join(f"{f} {a:.2f} and {b:.2f}" for f, a, b in pair.itertuples()),
        name="fig-forest-impurity",
    )


def permutation(lost: pd.DataFrame) -> Picture:
    """Show how much accuracy is lost by shuffling each feature family.

    Parameters
    ----------
    lost : pandas.DataFrame
        What :func:`genrelib.evaluation.family_importance` gives, families by their names.

    Returns
    -------
    Picture
        One bar per family.
    """
    title = "Permutation importance by feature family, on held-out tracks"
    return scores.permutation(lost, title, "fig-forest-permutation")


def protocols(rows: pd.DataFrame) -> Picture:
    """Show the accuracy of the forest under the protocols.

    Parameters
    ----------
    rows : pandas.DataFrame
        What :func:`genrelib.book.record` gives.

    Returns
    -------
    Picture
        Two panels, per slice and per track.
    """
    whose = "the random forest under the protocols, per slice and per track"
    return scores.under_protocols(rows, whose, "fig-forest-protocols")
