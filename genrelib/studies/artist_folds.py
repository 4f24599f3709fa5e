"""The artist question on any table of slices of GTZAN: our folds, their controls, others' folds.

Chapter 7 asks it of the original study's table, chapter 8 of the tags that the ear's makers
published.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from genrelib.corpus import gtzan_annotations
from genrelib.evaluation import (
    CONTROLS,
    artist_effect,
    cross_validate,
    gaps,
    predict_split,
    recall_by_genre,
    score,
)

ARTIST_TEST = ("track", *CONTROLS, "artist")
"""Protocols and controls of the test, each with one thing more than that before it."""
PUBLISHED_FOLDS = ("published folds", "published folds, cleared")
"""The folds as Foleis published them; and learning from no artist who is tested, by our names."""

Taken = Mapping[str, Mapping[str, pd.DataFrame]]


def take_artist_test(
    estimator: BaseEstimator,
    X: pd.DataFrame,
    slices: pd.DataFrame,
    *,
    model: str = "",
    seed: int = 0,
    jobs: int = 2,
) -> dict[str, pd.DataFrame]:
    """Have a model predict under every protocol and control that the artist question needs.

    Explained in chapter 7.

    Parameters
    ----------
    estimator : sklearn.base.BaseEstimator
        As in :func:`genrelib.evaluation.cross_validate`.
    X : pandas.DataFrame
        Features, row-aligned with ``slices``.
    slices : pandas.DataFrame
        Slices of GTZAN under the names that the tracks have there.
    model : str
        What to call the model.
    seed : int
        Seed of the folds.
    jobs : int
        Folds to run at the same time.

    Returns
    -------
    dict of str to pandas.DataFrame
        A predictions table by protocol: those of :data:`ARTIST_TEST`, then those of
        :data:`PUBLISHED_FOLDS`.
    """
    own = {
        name: cross_validate(estimator, X, slices, name, seed=seed, jobs=jobs, model=model)
        for name in ARTIST_TEST
    }
    others = {
        name: predict_published_folds(estimator, X, slices, cleared=cleared, model=model)
        for name, cleared in zip(PUBLISHED_FOLDS, (False, True), strict=True)
    }
    return own | others


def published_fold(slices: pd.DataFrame) -> pd.Series:
    """Say in which of the three published folds each slice is.

    Parameters
    ----------
    slices : pandas.DataFrame
        Slices of GTZAN.

    Returns
    -------
    pandas.Series
        ``1``, ``2``, ``3`` or missing, row-aligned.

    Notes
    -----
    From the repository julianofoleiss/gtzan_sturm_filter_3folds_stratified (Foleis 2020), see
    ``genrelib/data/README.md``.
    """
    fold = gtzan_annotations()["artist_fold"].reindex(slices["track_id"])
    return fold.set_axis(slices.index)


def artists_in_several_folds(slices: pd.DataFrame) -> tuple[int, int]:
    """Count the artists whom the published folds do not keep together, by the names we know.

    Parameters
    ----------
    slices : pandas.DataFrame
        Slices of GTZAN.

    Returns
    -------
    torn, known : int
        Artists with tracks in several folds, and all artists with a track in any.
    """
    folds = published_fold(slices).groupby(slices["artist"]).nunique()
    return int((folds > 1).sum()), int((folds > 0).sum())


def predict_published_folds(
    estimator: BaseEstimator,
    X: pd.DataFrame,
    slices: pd.DataFrame,
    *,
    cleared: bool = False,
    model: str = "",
) -> pd.DataFrame:
    """Predict each published fold by a model that has learned from the other two.

    Parameters
    ----------
    estimator : sklearn.base.BaseEstimator
        As in :func:`take_artist_test`.
    X : pandas.DataFrame
        As in :func:`take_artist_test`.
    slices : pandas.DataFrame
        As in :func:`take_artist_test`.
    cleared : bool
        Whether to learn from no track whose artist, by the names we know, is tested.
    model : str
        As in :func:`take_artist_test`.

    Returns
    -------
    pandas.DataFrame
        The predictions table of all slices that are in a fold; its intervals draw artists.
    """
    fold, parts = published_fold(slices), []
    for number in sorted(fold.dropna().unique()):
        tested, others = (fold == number), fold.notna() & (fold != number)
        if cleared:
            others &= ~slices["artist"].isin(slices.loc[tested, "artist"].dropna())
        sides = np.flatnonzero(others), np.flatnonzero(tested)
        name = PUBLISHED_FOLDS[cleared]
        told = predict_split(
            estimator, X, slices, *sides, protocol=name, model=model, holds_out="artist"
        )
        parts.append(told.assign(fold=int(number)))
    return pd.concat(parts, ignore_index=True)


def artist_scores(taken: Taken, names: Collection[str] | None = None) -> pd.DataFrame:
    """Score what was predicted, per slice.

    Parameters
    ----------
    taken : mapping of str to mapping
        By model what :func:`take_artist_test` gives, or more, or some of it.
    names : collection of str, optional
        The protocols to score; all but the published folds if left out.

    Returns
    -------
    pandas.DataFrame
        Columns ``model``, ``protocol``, ``value``, ``low``, ``high`` and ``n_tracks``.
    """
    columns = ["value", "low", "high", "n_tracks"]
    rows = {
        (model, name): score(table).loc[0, columns].to_dict()
        for model, tables in taken.items()
        for name, table in tables.items()
        if (name in names if names else name not in PUBLISHED_FOLDS)
    }
    return _flat(pd.DataFrame.from_dict(rows, orient="index"), ["model", "protocol"])


def artist_effects(taken: Taken, *, seed: int = 0) -> pd.DataFrame:
    """Take the step from ``track`` to ``artist`` apart, model by model.

    Parameters
    ----------
    taken : mapping of str to mapping
        By model what :func:`take_artist_test` gives.
    seed : int
        Seed of the intervals, which draw artists.

    Returns
    -------
    pandas.DataFrame
        Columns ``model``, ``step``, ``value``, ``low``, ``high`` and ``n_tracks``; steps as from
        :func:`genrelib.evaluation.artist_effect`.
    """
    parts = {model: artist_effect(tables, seed=seed) for model, tables in taken.items()}
    return _flat(pd.concat(parts), ["model", "step"])


def artist_by_genre(taken: Taken, *, seed: int = 0) -> pd.DataFrame:
    """Say of each genre how much of it is named rightly, with the artists known and unknown.

    Parameters
    ----------
    taken : mapping of str to mapping
        By model what :func:`take_artist_test` gives.
    seed : int
        Seed of the intervals, which draw what was held out; artists for the difference.

    Returns
    -------
    pandas.DataFrame
        Columns ``model``, ``genre``, ``protocol``, ``value``, ``low``, ``high``, ``n_tracks`` and
        ``n_artists``: the share of slices named rightly under ``track-paired``,
        ``track-thinned`` and ``artist``, and as ``artist effect`` the last but one less the last.
    """
    parts = {}
    for model, tables in taken.items():
        wanted = {name: tables[name] for name in (*CONTROLS, "artist")}
        shares = recall_by_genre(wanted, seed=seed)
        artists = shares["n_units"].xs("artist", level="protocol")
        pairs = {
            (genre, "artist effect"): tuple(
                tables[name][tables[name]["genre"] == genre]
                for name in ("track-thinned", "artist")
            )
            for genre in shares.index.unique(0)
        }
        both = pd.concat([shares.drop(columns="n_units"), gaps(pairs, seed=seed)])
        parts[model] = both.assign(
            n_artists=artists.loc[both.index.get_level_values(0)].to_numpy()
        )
    return _flat(pd.concat(parts), ["model", "genre", "protocol"])


def steps_down(taken: Taken, order: Sequence[str], *, seed: int = 0) -> pd.DataFrame:
    """Measure each step of a staircase of protocols, on the tracks that both sides tested.

    Parameters
    ----------
    taken : mapping of str to mapping
        By model and protocol, predictions tables.
    order : sequence of str
        Protocols, from the most forgiving on.
    seed : int
        Seed of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns ``model``, ``step``, ``value``, ``low``, ``high`` and ``n_tracks``: the score of a
        protocol less that of the next.
    """
    pairs = {
        (model, f"{a} to {b}"): (tables[a], tables[b])
        for model, tables in taken.items()
        for a, b in pairwise(order)
    }
    return _flat(gaps(pairs, seed=seed), ["model", "step"])


def _flat(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    table = table.set_axis(pd.MultiIndex.from_tuples(table.index, names=names))
    return table.astype({"n_tracks": int}).reset_index()
