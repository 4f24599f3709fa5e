"""Pictures that the chapters on single models have in common: protocols, families, confusions."""

from __future__ import annotations

import pandas as pd

from genrelib.book.figures import interactive
from genrelib.book.figures.common import (
    Picture,
    confusion_matrix,
    family_bars,
    protocol_scores,
)
from genrelib.evaluation import FEW

__all__ = ["confused", "permutation", "under_protocols"]


def under_protocols(rows: pd.DataFrame, whose: str, name: str) -> Picture:
    """Show the accuracy of models under the protocols, per slice and per track.

    Parameters
    ----------
    rows : pandas.DataFrame
        What :func:`genrelib.book.record` gives.
    whose : str
        Whose accuracy, for the caption.
    name : str
        Label of the figure.

    Returns
    -------
    Picture
        The text alternative gives every accuracy per slice with its interval.
    """
    several = rows["model"].nunique() > 1
    rows = rows[rows["n_tracks"] >= FEW]
    shown = rows[(rows["metric"] == "accuracy") & (rows["level"] == "slice")]
    spoken = (
        (f"{row.model}, " if several else "")
        + f"{row.protocol} {row.value:.2f}, {row.low:.2f} to {row.high:.2f}"
        for row in shown.itertuples()
    )
    return Picture(
        protocol_scores(rows),
        caption=f"Accuracy of {whose}, with 95 % intervals. "
        "Thin ticks at the left: chance, one in as many genres as the protocol tests.",
        alt="Accuracy per slice under each protocol, with 95 % interval: "
        f"{'; '.join(spoken)}. The panel below shows the same per track.",
        name=name,
    )


def permutation(lost: pd.DataFrame, title: str, name: str) -> Picture:
    """Show how much accuracy is lost by shuffling each feature family.

    Parameters
    ----------
    lost : pandas.DataFrame
        What :func:`genrelib.evaluation.family_importance` gives, families by their names.
    title : str
        First sentence of the caption, without its full stop.
    name : str
        Label of the figure.

    Returns
    -------
    Picture
        The caption names the heaviest family.
    """
    row = int(lost["value"].argmax())
    heaviest = lost.index[row]
    value, low, high = lost[["value", "low", "high"]].to_numpy()[row]
    label = "accuracy per slice lost by shuffling the family"
    spoken = (f"{r.Index} {r.value:.2f}, {r.low:.2f} to {r.high:.2f}" for r in lost.itertuples())
    return Picture(
        family_bars(lost[["value"]], label, lost[["low", "high"]]),
        caption=f"{title}, with 95 % intervals. Most is lost by shuffling the family {heaviest}: "
        f"{value:.2f} (95 % interval {low:.2f} to {high:.2f}).",
        alt=f"One bar per feature family, accuracy lost with interval: {'; '.join(spoken)}",
        name=name,
    )


def confused(
    counts: pd.DataFrame,
    title: str,
    protocol: str,
    name: str,
    told: pd.DataFrame | None = None,
    tracks: pd.DataFrame | None = None,
) -> Picture:
    """Show which genre is taken for which.

    Parameters
    ----------
    counts : pandas.DataFrame
        What :func:`genrelib.evaluation.confusion` gives.
    title : str
        Beginning of the caption.
    protocol : str
        The protocol, for both texts.
    name : str
        Label of the figure.
    told : pandas.DataFrame, optional
        The predictions that are counted: then the cells of the page list their tracks.
    tracks : pandas.DataFrame, optional
        Index ``track_id``; ``artist`` and ``title`` of these tracks.

    Returns
    -------
    Picture
        The caption counts the slices on the diagonal.
    """
    right = pd.Series({genre: counts.at[genre, genre] for genre in counts.index})
    of = counts.sum(axis=1)
    return Picture(
        confusion_matrix(counts),
        caption=f"{title} under `{protocol}`: {right.sum()} of {counts.to_numpy().sum()} slices "
        "on the diagonal.",
        alt=f"Confusion matrix under {protocol}. Slices on the diagonal: "
        + ", ".join(
            f"{g} {n} of {all_}" for g, n, all_ in zip(right.index, right, of, strict=True)
        ),
        name=name,
        data=None if told is None or tracks is None else interactive.cells(counts, told, tracks),
    )
