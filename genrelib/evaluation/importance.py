"""What a model leans on: its accuracy when one feature family at a time tells it nothing.

Takes the feature table and the folds of :mod:`genrelib.evaluation.protocols`; gives one row per
family, which :func:`genrelib.book.figures.common.family_bars` draws.
"""

from __future__ import annotations

import joblib
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from genrelib.evaluation.protocols import PROTOCOLS, held_out, plan
from genrelib.evaluation.scores import mean_with_interval
from genrelib.features import FAMILIES, family_of


def family_importance(
    estimator: BaseEstimator,
    X: pd.DataFrame,
    slices: pd.DataFrame,
    protocol: str = "track",
    *,
    n_repeats: int = 5,
    n_splits: int = 5,
    n_boot: int = 1000,
    seed: int = 0,
    jobs: int = 1,
) -> pd.DataFrame:
    """Shuffle each feature family among held-out slices and see how much accuracy is lost.

    Explained in chapter 4.

    All columns of a family move together, so that a slice gets the family's values of another
    slice whole (permutation importance, Breiman 2001, doi:10.1023/A:1010933404324, by group).

    Parameters
    ----------
    estimator : sklearn.base.BaseEstimator
        A classifier; cloned and fitted once per fold.
    X : pandas.DataFrame
        Features, columns as in :func:`genrelib.features.columns`, row-aligned with ``slices``.
    slices : pandas.DataFrame
        One row per slice with ``track_id``, ``genre``, ``artist`` and ``side``.
    protocol : str
        Which slices are held out, see :data:`genrelib.evaluation.PROTOCOLS`.
    n_repeats : int
        Shuffles per family and fold.
    n_splits : int
        Folds, as in :func:`genrelib.evaluation.plan`.
    n_boot : int
        Bootstrap resamples.
    seed : int
        Seed of folds, shuffles and resampling.
    jobs : int
        Folds to run at the same time.

    Returns
    -------
    pandas.DataFrame
        Index: the families in the order of the book; ``value``, the accuracy per slice lost,
        with the ends ``low`` and ``high`` of its 95 % interval over what the protocol holds out.

    Raises
    ------
    ValueError
        If rows do not align, a column belongs to no family, or the protocol can test no slice.
    """
    if len(X) != len(slices):
        raise ValueError(f"X has {len(X)} rows, slices has {len(slices)}; they must align")
    families = family_of().reindex(X.columns)
    if families.isna().any():
        raise ValueError(f"column {families.index[families.isna()][0]!r} belongs to no family")
    splits = plan(slices, protocol, n_splits=n_splits, seed=seed).splits
    if not splits:
        raise ValueError(f"protocol {protocol!r} can test no slice of this corpus")
    places = {f: np.flatnonzero(families == f) for f in FAMILIES if (families == f).any()}
    run = joblib.Parallel(n_jobs=min(jobs, len(splits)))
    losses = run(
        joblib.delayed(_losses)(
            clone(estimator), X.to_numpy(), slices["genre"].to_numpy(object), *split, places,
            n_repeats, np.random.default_rng([seed, number]),
        )
        for number, split in enumerate(splits)
    )  # fmt: skip
    tested = slices.iloc[np.concatenate([test for _, test in splits])]
    table = pd.DataFrame(np.concatenate(losses), columns=list(places))
    units = held_out(tested, PROTOCOLS[protocol].holds_out)
    means = mean_with_interval(table, units, "difference", n_boot=n_boot, seed=seed)
    return means.rename_axis(index="family")


def _losses(model, values, genres, train, test, places, n_repeats, rng) -> np.ndarray:
    """How much less often test slices are right without a family, ``(n_test, n_families)``."""
    model.fit(values[train], genres[train])
    right = model.predict(values[test]) == genres[test]
    losses = []
    for columns in places.values():
        shuffled = np.tile(values[test], (n_repeats, 1))
        rows = np.concatenate([rng.permutation(test) for _ in range(n_repeats)])
        shuffled[:, columns] = values[np.ix_(rows, columns)]
        hits = model.predict(shuffled) == np.tile(genres[test], n_repeats)
        losses.append(right - hits.reshape(n_repeats, -1).mean(axis=0))
    return np.column_stack(losses)
