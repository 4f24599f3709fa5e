"""The figures of chapter 5: how many neighbours, who they are, and how they score."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from genrelib.book.figures import interactive, scores
from genrelib.book.figures.common import PROTOCOL_COLOURS, Picture
from genrelib.evaluation import PROTOCOLS

__all__ = [
    "by_k", "confusion_by_slice", "confusion_by_track", "permutation", "protocols", "strong",
    "who", "who_else",
]  # fmt: skip

KIND_COLOURS = ("#d55e00", "#e69f00", "#0072b2", "#bbbbbb")
"""Colours of the kinds of neighbours, from the nearest relation to none."""
KIND_INK = dict(zip(KIND_COLOURS, ("black", "black", "white", "black"), strict=True))
"""The colour of the numbers on them."""


def by_k(curves: Mapping[str, pd.DataFrame], not_tested: Collection[str] = ()) -> Picture:
    """Show the accuracy over the number of neighbours.

    Parameters
    ----------
    curves : mapping of str to pandas.DataFrame
        By protocol the accuracy per slice: index k; ``value``, ``low``, ``high``.
    not_tested : collection of str
        Genres that the protocol ``artist`` cannot test.

    Returns
    -------
    Picture
        One line per protocol in the band of its interval, with a dot at the best k.
    """
    fig, ax = plt.subplots(figsize=(6.4, 4.6))
    spoken = []
    for (protocol, curve), style in zip(curves.items(), ("-", "--", "-."), strict=False):
        colour, value, k = PROTOCOL_COLOURS[protocol], curve["value"], curve.index.to_numpy()
        best = int(k[value.argmax()])
        ax.fill_between(k, curve["low"], curve["high"], color=colour, alpha=0.15, linewidth=0)
        ax.plot(k, value, style, color=colour, label=f"{protocol}, best k = {best}")
        ax.plot(best, value.max(), "o", color=colour)
        spoken.append(
            f"{protocol} starts at {value.iloc[0]:.2f} ({curve['low'].iloc[0]:.2f} to "
            f"{curve['high'].iloc[0]:.2f}), is best at k = {best} with {value.max():.2f} and ends "
            f"at {value.iloc[-1]:.2f}"
        )
    last = max((int(curve.index[-1]) for curve in curves.values()), default=1)
    ax.set_xticks([tick for tick in (1, 20, 40, 60, 80, 99) if tick <= last])
    ax.set(xlabel="neighbours asked, k", ylabel="accuracy per slice", ylim=(0, 1.02))
    ax.grid(axis="y")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    fewer = (
        "Under `artist` fewer genres are tested: compare the shape of its curve, not the height."
    )
    return Picture(
        fig,
        caption="Accuracy per slice by the number of neighbours. Bands: 95 % intervals; dots: the "
        "best k. " + (fewer if "artist" in curves and len(not_tested) else ""),
        alt=f"Lines of accuracy over k from 1 to {last}: {'; '.join(spoken)}",
        name="fig-knn-k",
        data=interactive.sweep(curves, PROTOCOL_COLOURS),
    )


def who(by_genre: pd.DataFrame, overall: pd.Series) -> Picture:
    """Show who the nearest neighbour of a slice is.

    Parameters
    ----------
    by_genre : pandas.DataFrame
        Shares: index genre, one column per kind of neighbour, the nearest relation first.
    overall : pandas.Series
        Shares over all slices by kind.

    Returns
    -------
    Picture
        One stacked bar per genre.
    """
    kind = by_genre.columns[0]
    return Picture(
        _kinds(by_genre),
        caption=f"Who the nearest neighbour of a slice is. Overall it is {_shares(overall)}.",
        alt=f"One stacked bar per genre. Share of slices whose nearest neighbour is a {kind}: "
        + ", ".join(f"{genre} {share:.2f}" for genre, share in by_genre[kind].items()),
        name="fig-knn-who",
    )


def who_else(by_genre: pd.DataFrame, overall: pd.Series) -> Picture:
    """Show who the nearest neighbour is when siblings do not count.

    Parameters
    ----------
    by_genre : pandas.DataFrame
        Shares: index genre, one column per kind of neighbour, the nearest relation first.
    overall : pandas.Series
        Shares over all slices by kind.

    Returns
    -------
    Picture
        One stacked bar per genre.
    """
    first, *_, last = by_genre.columns
    return Picture(
        _kinds(by_genre.drop(columns=first)),
        caption="Who the nearest neighbour is when siblings do not count. Overall: "
        f"{_shares(overall.drop(first))}.",
        alt="One stacked bar per genre, siblings excluded. Share of slices whose nearest "
        "neighbour is of another genre: "
        + ", ".join(f"{genre} {share:.2f}" for genre, share in by_genre[last].items()),
        name="fig-knn-who-else",
    )


def _kinds(by_genre: pd.DataFrame) -> Figure:
    fig, ax = plt.subplots(figsize=(6.4, 1.8 + 0.34 * len(by_genre)))
    left = by_genre.cumsum(axis=1) - by_genre
    colours = KIND_COLOURS[-by_genre.shape[1] :]
    for kind, colour in zip(by_genre.columns, colours, strict=True):
        bars = ax.barh(by_genre.index, by_genre[kind], left=left[kind], color=colour, label=kind)
        shares = [f"{100 * share:.0f}" if share >= 0.05 else "" for share in by_genre[kind]]
        ax.bar_label(bars, shares, label_type="center", fontsize=10, color=KIND_INK[colour])
    ax.set(xlabel="share of the genre's slices (labels: per cent)", xlim=(0, 1))
    ax.invert_yaxis()
    fig.legend(loc="outside upper center", ncols=2)
    return fig


def _shares(overall: pd.Series) -> str:
    return ", ".join(f"{kind}: {100 * share:.0f} %" for kind, share in overall.items())


def protocols(rows: pd.DataFrame) -> Picture:
    """Show the accuracy of the rule under the protocols.

    Parameters
    ----------
    rows : pandas.DataFrame
        What :func:`genrelib.book.record` gives.

    Returns
    -------
    Picture
        Two panels, per slice and per track.
    """
    whose = "the nearest-neighbour rule (k = 1) under the protocols"
    return scores.under_protocols(rows, whose, "fig-knn-protocols")


def confusion_by_slice(
    counts: pd.DataFrame, told: pd.DataFrame | None = None, tracks: pd.DataFrame | None = None
) -> Picture:
    """Show what the rule mixes up while siblings are in the training set.

    Parameters
    ----------
    counts : pandas.DataFrame
        What :func:`genrelib.evaluation.confusion` gives for ``random-slice``.
    told : pandas.DataFrame, optional
        The predictions that are counted: then the cells of the page list their tracks.
    tracks : pandas.DataFrame, optional
        Index ``track_id``; ``artist`` and ``title`` of these tracks.

    Returns
    -------
    Picture
        The confusion matrix.
    """
    title = "Confusion matrix of the nearest-neighbour rule"
    return scores.confused(counts, title, "random-slice", "fig-knn-confusion-slice", told, tracks)


def confusion_by_track(
    counts: pd.DataFrame, told: pd.DataFrame | None = None, tracks: pd.DataFrame | None = None
) -> Picture:
    """Show what the rule mixes up when siblings are kept apart.

    Parameters
    ----------
    counts : pandas.DataFrame
        What :func:`genrelib.evaluation.confusion` gives for ``track``.
    told : pandas.DataFrame, optional
        The predictions that are counted: then the cells of the page list their tracks.
    tracks : pandas.DataFrame, optional
        Index ``track_id``; ``artist`` and ``title`` of these tracks.

    Returns
    -------
    Picture
        The confusion matrix.
    """
    return scores.confused(counts, "The same", "track", "fig-knn-confusion-track", told, tracks)


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
    title = (
        "Permutation importance by feature family for the nearest-neighbour rule, "
        "on held-out tracks"
    )
    return scores.permutation(lost, title, "fig-knn-permutation")


def strong(rows: pd.DataFrame) -> Picture:
    """Show the accuracy of all models of the chapter under the protocols.

    Parameters
    ----------
    rows : pandas.DataFrame
        What :func:`genrelib.book.record` gives.

    Returns
    -------
    Picture
        Two panels, per slice and per track; without the controls.
    """
    rows = rows[rows["protocol"].isin(list(PROTOCOLS))]
    number = {4: "four"}.get(rows["model"].nunique(), rows["model"].nunique())
    whose = f"{number} models on the same columns under the protocols"
    return scores.under_protocols(rows, whose, "fig-strong-protocols")
