"""Whom does a slice sound like? Its nearest neighbour among the slices of other tracks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.metrics import euclidean_distances
from sklearn.preprocessing import StandardScaler

from genrelib.evaluation.scores import mean_with_interval


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


def artist_neighbours(
    inputs: Mapping[str, pd.DataFrame], slices: pd.DataFrame, *, seed: int = 0
) -> pd.DataFrame:
    """Measure how often the nearest slice of another track is by the same artist.

    Asked are the slices that :func:`has_company`.

    Parameters
    ----------
    inputs : mapping of str to pandas.DataFrame
        Features by name, row-aligned with `slices`; among them ``hand-made`` and ``ear``.
    slices : pandas.DataFrame
        One row per slice with ``track_id``, ``genre`` and ``artist``.
    seed : int
        Seed of the intervals.

    Returns
    -------
    pandas.DataFrame
        By input, and ``the same artist`` or ``the same genre``: ``value``, ``low``, ``high``; in
        the row ``more`` and ``the same artist``, what the ear has more than the hand-made
        features. Empty where no slice can be asked about.
    """
    asked = has_company(slices)
    names = ["value", "low", "high"]
    if not asked.any():
        return pd.DataFrame(columns=names, index=pd.MultiIndex.from_arrays([[], []]))
    met = pd.DataFrame(
        {
            (name, f"the same {what}"): like_nearest(table, slices, what)
            for name, table in inputs.items()
            for what in ("artist", "genre")
        }
    )
    same, met, tracks = "the same artist", met[asked], slices.loc[asked, "track_id"]
    more = pd.DataFrame({("more", same): met["ear", same] - met["hand-made", same]})
    parts = (
        mean_with_interval(met, tracks, seed=seed),
        mean_with_interval(more, tracks, "difference", seed=seed),
    )
    return pd.concat(parts)
