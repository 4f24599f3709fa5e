"""How many would sound like the most popular of all, if who sounds like whom were drawn by lot."""

from __future__ import annotations

import numpy as np
import pandas as pd


def greatest_by_lot(
    pulled: pd.DataFrame, genres: pd.Series, *, n: int = 1000, seed: int = 0
) -> np.ndarray:
    """Deal every track its wrong neighbours anew, and count how many tracks the greatest attracts.

    Explained in chapter 5.

    Each track keeps the number of tracks that its slices are drawn to, but which these are is
    drawn by lot among the tracks of other genres. So slices of one track, which often err
    together, do not count as many.

    Parameters
    ----------
    pulled : pandas.DataFrame
        One row per slice with a wrong answer: its ``track_id``, and ``source``, the track of its
        nearest neighbour.
    genres : pandas.Series
        Genre of every track, by its name.
    n : int
        How often to deal.
    seed : int
        Seed of the lots.

    Returns
    -------
    numpy.ndarray of int
        Shape ``(n,)``: how many tracks have a slice at the track that attracts most of them.
    """
    rng = np.random.default_rng(seed)
    met = np.zeros((n, len(genres)), int)
    for track, count in pulled.groupby("track_id")["source"].nunique().items():
        others = np.flatnonzero(genres != genres[str(track)])
        order = rng.permuted(np.tile(others, (n, 1)), axis=1)[:, :count]
        np.add.at(met, (np.arange(n)[:, None], order), 1)
    return met.max(axis=1)
