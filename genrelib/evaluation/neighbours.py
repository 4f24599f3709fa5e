"""Whom does a slice sound like? Its nearest neighbour among the slices of other tracks."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.metrics import euclidean_distances
from sklearn.preprocessing import StandardScaler


def nearest_elsewhere(X: pd.DataFrame, track_ids: ArrayLike) -> np.ndarray:
    """Find for each slice the nearest one of any other track, on standardised columns.

    Parameters
    ----------
    X : pandas.DataFrame
        Features, one row per slice.
    track_ids : array-like of str
        The track of each slice.

    Returns
    -------
    numpy.ndarray of int
        Position of the nearest slice.
    """
    tracks = np.asarray(track_ids)
    distances = euclidean_distances(StandardScaler().fit_transform(X))
    distances[tracks[:, None] == tracks] = np.inf  # siblings do not count
    return distances.argmin(axis=1)


def like_nearest(X: pd.DataFrame, slices: pd.DataFrame, what: str) -> pd.Series:
    """Say which slices have something in common with the nearest slice of another track.

    Parameters
    ----------
    X : pandas.DataFrame
        Features, row-aligned with `slices`.
    slices : pandas.DataFrame
        One row per slice with ``track_id``.
    what : str
        A column of the slices: ``artist`` or ``genre``.

    Returns
    -------
    pandas.Series
        1 where it is the same, else 0; what is not known is not the same.
    """
    values = slices[what].to_numpy(object)
    same = values == values[nearest_elsewhere(X, slices["track_id"])]
    return pd.Series(same & slices[what].notna().to_numpy(), slices.index).astype(float)


def has_company(slices: pd.DataFrame) -> np.ndarray:
    """Say which slices can have a neighbour by their artist that tells something.

    Parameters
    ----------
    slices : pandas.DataFrame
        One row per slice with ``track_id``, ``genre`` and ``artist``.

    Returns
    -------
    numpy.ndarray of bool
        Where the artist is known and has another track in the genre, and the genre has another
        artist.
    """
    by_artist = slices.groupby(["genre", "artist"])["track_id"].transform("nunique")
    by_genre = slices.groupby("genre")["artist"].transform("nunique")
    return ((by_artist > 1) & (by_genre > 1)).to_numpy()
