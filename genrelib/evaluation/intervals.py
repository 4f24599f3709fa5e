"""The intervals of the book, all of one kind: what the protocol held out is drawn again.

:func:`resample` draws the units, :func:`ends` makes an interval of the scores of the draws.
:func:`genrelib.evaluation.coverage` says how often it holds the truth.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import t as student

Kind = Literal["share", "difference", "distance"]

CONFIDENCE = 0.95
"""How often an interval shall hold the truth."""
FEW = 30
"""Fewer tracks give no score that may be drawn, tabled or compared: only a line that says so."""
IMAGINED: dict[str, tuple[tuple[float, float], ...]] = {
    "share": ((0, 2), (1, 2)),
    "difference": ((-1, 0.5), (0, 1), (1, 0.5)),
    "distance": (),
}
"""Units imagined to have been seen as well, by the kind of the number: value and weight."""
BOUNDS: dict[str, tuple[float, float]] = {
    "share": (0, 1),
    "difference": (-1, 1),
    "distance": (0, 1),
}
"""The least and the largest value, by the kind of the number."""


def resample(rng: np.random.Generator, n_units: int, n_boot: int) -> np.ndarray:
    """Draw as many units as there are, with replacement, again and again (the bootstrap).

    Explained in chapter 4.

    Units are drawn, never slices: the slices of a track, and the tracks of an artist, are right or
    wrong together (Efron and Tibshirani 1993).

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance.
    n_units : int
        Number of units, such as tracks.
    n_boot : int
        Number of draws.

    Returns
    -------
    numpy.ndarray of int, shape (n_boot, n_units)
        How often each unit is in each draw.
    """
    return rng.multinomial(n_units, np.full(n_units, 1 / n_units), n_boot)


def ends(
    value: ArrayLike, drawn: ArrayLike, n_units: int, kind: Kind = "share"
) -> tuple[np.ndarray, np.ndarray]:
    """Give the ends of an interval of 95 %: Student's t times the spread of the draws.

    Explained in chapter 9.

    Few units that agree leave the draws no spread, and the truth may lie elsewhere all the same.
    So a few units are imagined that do not agree: to a share, two that are right and two that are
    wrong (Agresti and Coull 1998, doi:10.2307/2685469; on independent units with one slice each
    this is their interval, but for t in place of 1.96). A difference of two shares gets a pair in
    which only the first and one in which only the second is right, at half the weight, and one of
    no difference (Agresti and Min 2005, doi:10.1002/sim.1781).

    Parameters
    ----------
    value : array-like of float
        The number, on what was seen.
    drawn : array-like of float, shape (n_boot, ...)
        The same on each draw of :func:`resample`.
    n_units : int
        Units that were drawn from.
    kind : {"share", "difference", "distance"}
        A share lies between 0 and 1, such as an accuracy or F1; a difference of two between -1 and
        1. A distance, such as a calibration error, is at least 0 and has no imagined units.

    Returns
    -------
    low, high : numpy.ndarray
        The ends. One unit says nothing: they are the least and the largest value.
    """
    value = np.asarray(value, float)
    bottom, top = BOUNDS[kind]
    if n_units < 2:
        return np.full(value.shape, bottom), np.full(value.shape, top)
    unseen, weights = np.array(IMAGINED[kind]).reshape(-1, 2).T
    total = n_units + weights.sum()
    centre = (n_units * value + unseen @ weights) / total
    # Draws of n units vary less than samples of n units, by the factor (n - 1) / n.
    squares = np.var(np.asarray(drawn, float), axis=0) * n_units**3 / (n_units - 1)
    squares = squares + n_units * (value - centre) ** 2
    squares = squares + (weights * (unseen - centre[..., None]) ** 2).sum(axis=-1)
    reach = student.ppf((1 + CONFIDENCE) / 2, n_units - 1) * np.sqrt(squares) / total
    return np.clip(centre - reach, bottom, top), np.clip(centre + reach, bottom, top)


def units_of(predictions: pd.DataFrame) -> pd.Series:
    """Say what each prediction stands and falls with: what the protocol held out as one.

    Parameters
    ----------
    predictions : pandas.DataFrame
        A predictions table; or any table of slices with ``track_id``.

    Returns
    -------
    pandas.Series
        Column ``unit`` where there is one, else ``track_id``.
    """
    return predictions["unit" if "unit" in predictions else "track_id"]
