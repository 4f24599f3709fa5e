"""How many labelled tracks does a model need? Training on few of them, again and again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from threadpoolctl import threadpool_limits

from genrelib.evaluation.protocols import plan


def some_tracks(
    slices: pd.DataFrame, train: np.ndarray, n: int, *, seed: int | Sequence[int] = 0
) -> np.ndarray:
    """Keep the slices of a few tracks per genre, drawn at random.

    Parameters
    ----------
    slices : pandas.DataFrame
        One row per slice with ``track_id`` and ``genre``.
    train : numpy.ndarray of int
        Positions of the slices to draw from.
    n : int
        Tracks per genre; all of them where a genre has fewer.
    seed : int or sequence of int
        Seed of the draw. With the same seed, more tracks hold the fewer.

    Returns
    -------
    numpy.ndarray of int
        Positions of all slices of the tracks that were drawn.
    """
    rng = np.random.default_rng(seed)
    own = slices.iloc[train].groupby("genre")["track_id"].unique()
    chosen = [name for names in own for name in rng.permutation(list(names))[:n]]
    return train[slices["track_id"].iloc[train].isin(chosen).to_numpy()]


def data_curve(
    model: BaseEstimator,
    X: pd.DataFrame,
    slices: pd.DataFrame,
    sizes: Sequence[int],
    *,
    draws: int = 5,
    seed: int = 0,
    protocol: str = "track",
) -> pd.DataFrame:
    """Test a model on held-out tracks after it has learned from few tracks per genre.

    Folds are those of a protocol, others for each draw.

    Parameters
    ----------
    model : sklearn.base.BaseEstimator
        A classifier; it is cloned for each fold.
    X : pandas.DataFrame
        Features, row-aligned with `slices`.
    slices : pandas.DataFrame
        One row per slice with ``track_id``, ``genre``, ``artist`` and ``side``.
    sizes : sequence of int
        Tracks per genre to learn from.
    draws : int
        How often to draw them.
    seed : int
        Seed of folds and draws.
    protocol : str
        Whose folds.

    Returns
    -------
    pandas.DataFrame
        Per slice (row) and size (column), the share of the draws in which it was named rightly;
        missing for slices that cannot be tested.
    """
    values, genre = X.to_numpy(), slices["genre"].to_numpy()
    hits = pd.DataFrame(0.0, index=slices.index, columns=list(sizes))
    tested = np.zeros(len(slices), bool)
    with threadpool_limits(1):
        for draw in range(draws):
            for train, test in plan(slices, protocol, seed=seed + draw).splits:
                tested[test] = True
                for place, n in enumerate(sizes):
                    few = some_tracks(slices, train, n, seed=[seed, draw])
                    fitted = clone(model).fit(values[few], genre[few])
                    hits.iloc[test, place] += fitted.predict(values[test]) == genre[test]
    return (hits / draws)[tested]
