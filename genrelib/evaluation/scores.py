"""From predictions to scores: every score, interval and gap of the book is computed here.

Takes the predictions table of :func:`genrelib.evaluation.cross_validate` and nothing else. All
intervals resample what the protocol held out, and all have their ends from one place,
:func:`genrelib.evaluation.ends`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from genrelib.evaluation.intervals import Kind, ends, resample, units_of

METRICS = ("accuracy", "precision", "recall", "f1")
LEVELS = ("slice", "track")


def by_track(predictions: pd.DataFrame) -> pd.DataFrame:
    """Let the slices of a track vote: the mean of their probabilities decides.

    Explained in chapter 4.

    Parameters
    ----------
    predictions : pandas.DataFrame
        The predictions table of one model under one protocol.

    Returns
    -------
    pandas.DataFrame
        One row per track: index ``track_id``, ``genre``, ``predicted`` and ``p_<genre>``.
    """
    columns = [c for c in predictions.columns if c.startswith("p_")]
    groups = predictions.groupby("track_id")
    table = groups[columns].mean()
    table.insert(0, "genre", groups["genre"].first())
    table.insert(
        1, "predicted", [str(c).removeprefix("p_") for c in table[columns].idxmax(axis=1)]
    )
    return table


def score(predictions: pd.DataFrame, *, n_boot: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Score predictions per slice and per track, with 95 % intervals.

    Explained in chapter 4.

    The intervals resample what the protocol held out: tracks, or artists.

    Parameters
    ----------
    predictions : pandas.DataFrame
        The predictions table of one model under one protocol.
    n_boot : int
        Bootstrap resamples.
    seed : int
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        One row per level (``slice``, ``track``) and metric (``accuracy`` and macro
        ``precision``, ``recall``, ``f1`` over the genres tested): ``value``, ``low``, ``high``
        (interval as by :func:`genrelib.evaluation.ends`), ``n_tracks`` and ``n_genres``.

    Raises
    ------
    ValueError
        If the table holds several models or protocols, or no prediction.
    """
    _one_of_each(predictions)
    rng = np.random.default_rng(seed)
    n_tracks, rows = predictions["track_id"].nunique(), []
    for level in LEVELS:
        counts, genres = _confusions(predictions, level)
        weights = resample(rng, len(counts), n_boot)
        value = _metrics(counts.sum(axis=0)[None])
        boot = _metrics(np.einsum("bt,tij->bij", weights, counts, optimize=True))
        for metric in METRICS:
            low, high = ends(value[metric][0], boot[metric], len(counts))
            found = (value[metric][0], float(low), float(high))
            rows.append((level, metric, *found, n_tracks, len(genres)))
    names = ["level", "metric", "value", "low", "high", "n_tracks", "n_genres"]
    return pd.DataFrame(rows, columns=names)


def gap(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *,
    level: str = "slice",
    metric: str = "accuracy",
    n_boot: int = 1000,
    seed: int = 0,
) -> dict[str, float]:
    """Measure how much better ``a`` scores than ``b`` on the tracks that both tested.

    Explained in chapter 4.

    With ``random-slice`` for ``a`` and ``track`` for ``b`` this is the leakage gap.

    Parameters
    ----------
    a, b : pandas.DataFrame
        Predictions tables, each of one model under one protocol.
    level : {"slice", "track"}
        Score slices, or tracks by the vote of their slices.
    metric : {"accuracy", "precision", "recall", "f1"}
        The metric.
    n_boot : int
        Bootstrap resamples; each takes the same units on both sides: tracks or, where one of the
        two protocols held out artists, these.
    seed : int
        Seed of the resampling.

    Returns
    -------
    dict
        ``value``, ``low``, ``high`` (95 % interval) of the difference, and ``n_tracks``, the
        number of tracks it rests on.

    Raises
    ------
    ValueError
        If the tables have no track in common, or hold several models or protocols.
    """
    for table in (a, b):
        _one_of_each(table)
    common = sorted(set(a["track_id"]) & set(b["track_id"]))
    if not common:
        raise ValueError("the two tables have no track in common: there is no gap to measure")
    both = [t[t["track_id"].isin(common)] for t in (a, b)]
    # The stricter of the two has fewer units, and each of them is some of the other's.
    strict = min(both, key=lambda t: units_of(t).nunique())
    unit = units_of(strict).set_axis(strict["track_id"]).groupby(level=0).first()
    sides = [_confusions(t.assign(unit=t["track_id"].map(unit)), level)[0] for t in both]
    draws = resample(np.random.default_rng(seed), unit.nunique(), n_boot)
    value = _difference(sides, np.ones((1, unit.nunique()), int))[metric][0]
    low, high = ends(value, _difference(sides, draws)[metric], unit.nunique(), "difference")
    found = {"value": float(value), "low": float(low), "high": float(high)}
    return found | {"n_tracks": len(common)}


def gaps(
    pairs: Mapping[Any, tuple[pd.DataFrame, pd.DataFrame]], *, level: str = "slice", seed: int = 0
) -> pd.DataFrame:
    """Measure several differences in accuracy, see :func:`gap`.

    Parameters
    ----------
    pairs : mapping
        Names, or tuples of names, with two predictions tables each.
    level : {"slice", "track"}
        Score slices, or tracks by the vote of their slices.
    seed : int
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        One row per name: ``value``, ``low``, ``high``, ``n_tracks``; missing where a table is
        empty, since the protocol can test nothing.
    """
    rows = {
        name: {} if a.empty or b.empty else gap(a, b, level=level, seed=seed)
        for name, (a, b) in pairs.items()
    }
    columns = ["value", "low", "high", "n_tracks"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def mean_with_interval(
    values: pd.DataFrame,
    units: ArrayLike,
    kind: Kind = "share",
    *,
    n_boot: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Average each column over its rows, with a 95 % interval that resamples units.

    Explained in chapter 4.

    Parameters
    ----------
    values : pandas.DataFrame
        Numbers, such as hits (1) and misses (0), one row per slice or per track.
    units : array-like of str, shape (n_rows,)
        What each row stands and falls with: its track, or its artist.
    kind : {"share", "difference", "distance"}
        What the numbers are, see :func:`genrelib.evaluation.ends`.
    n_boot : int
        Bootstrap resamples.
    seed : int
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        One row per column of ``values``: ``value``, ``low``, ``high``.
    """
    groups = values.groupby(np.asarray(units))
    sums, sizes = groups.sum().to_numpy(), groups.size().to_numpy()
    weights = resample(np.random.default_rng(seed), len(sizes), n_boot)
    drawn = weights @ sums / (weights @ sizes)[:, None]
    low, high = ends(values.mean(), drawn, len(sizes), kind)
    return pd.DataFrame({"value": values.mean(), "low": low, "high": high})


def hits(predictions: pd.DataFrame) -> pd.Series:
    """Say which slices are named rightly.

    Parameters
    ----------
    predictions : pandas.DataFrame
        The predictions table of one model under one protocol.

    Returns
    -------
    pandas.Series
        1 for a hit, 0 for a miss, by ``slice_id``.
    """
    found = predictions["genre"] == predictions["predicted"]
    return pd.Series(found.to_numpy(float), index=predictions["slice_id"])


def with_interval(
    measure: Callable[[pd.DataFrame], float],
    predictions: pd.DataFrame,
    kind: Kind = "share",
    *,
    n_boot: int = 200,
    seed: int = 0,
) -> dict[str, float]:
    """Take any measure of a table of predictions, with a 95 % interval.

    Explained in chapter 7.

    The interval resamples what the protocol held out: tracks, or artists.

    Parameters
    ----------
    measure : callable
        Takes such a table, gives a number; called once for each resample.
    predictions : pandas.DataFrame
        One row per slice with ``track_id`` and, if it is not that which was held out, ``unit``.
    kind : {"share", "difference", "distance"}
        What the measure gives, see :func:`genrelib.evaluation.ends`.
    n_boot : int
        Bootstrap resamples.
    seed : int
        Seed of the resampling.

    Returns
    -------
    dict
        ``value``, ``low`` and ``high``.
    """
    units = list(predictions.groupby(units_of(predictions)).indices.values())
    draws = np.random.default_rng(seed).integers(len(units), size=(n_boot, len(units)))
    rows = (np.concatenate([units[i] for i in draw]) for draw in draws)
    value = float(measure(predictions))
    low, high = ends(value, [measure(predictions.iloc[row]) for row in rows], len(units), kind)
    return {"value": value, "low": float(low), "high": float(high)}


def confusion(predictions: pd.DataFrame, level: str = "slice") -> pd.DataFrame:
    """Count which genre was taken for which.

    Explained in chapter 4.

    Parameters
    ----------
    predictions : pandas.DataFrame
        The predictions table of one model under one protocol.
    level : {"slice", "track"}
        Count slices, or tracks by the vote of their slices.

    Returns
    -------
    pandas.DataFrame
        Rows: true genre (those tested). Columns: predicted genre (all).
    """
    _one_of_each(predictions)
    table = by_track(predictions) if level == "track" else predictions
    genres = [c.removeprefix("p_") for c in predictions.columns if c.startswith("p_")]
    counts = pd.crosstab(table["genre"], table["predicted"]).reindex(columns=genres, fill_value=0)
    return counts.rename_axis(index="genre", columns="predicted")


def _one_of_each(predictions: pd.DataFrame) -> None:
    if predictions.empty:
        reasons = predictions.attrs.get("not_tested", {})
        raise ValueError(f"no prediction to score; genres not tested: {reasons or 'unknown'}")
    for column in ("protocol", "model"):
        if predictions[column].nunique() > 1:
            raise ValueError(f"score one {column} at a time; this table holds several")


def _confusions(predictions: pd.DataFrame, level: str) -> tuple[np.ndarray, list[str]]:
    """Confusion counts per unit ``(n_units, n_genres, n_predicted)``, tested genres first."""
    if level not in LEVELS:
        raise ValueError(f"no level {level!r}; there are {' and '.join(LEVELS)}")
    table, units = predictions, units_of(predictions)
    if level == "track":
        table = by_track(predictions).reset_index()
        units = table["track_id"].map(
            units.set_axis(predictions["track_id"]).groupby(level=0).first()
        )
    tested = sorted(table["genre"].unique())
    genres = [*tested, *sorted(set(table["predicted"]) - set(tested))]
    names, rows = np.unique(units.to_numpy(str), return_inverse=True)
    counts = np.zeros((len(names), len(genres), len(genres)))
    place = pd.Index(genres)
    at = (rows, place.get_indexer(table["genre"]), place.get_indexer(table["predicted"]))
    np.add.at(counts, at, 1)
    return counts, tested


def _difference(sides: list[np.ndarray], weights: np.ndarray) -> dict[str, np.ndarray]:
    """Metrics of the first side less those of the second, for each row of weights."""
    a, b = (_metrics(np.einsum("bt,tij->bij", weights, c, optimize=True)) for c in sides)
    return {metric: a[metric] - b[metric] for metric in METRICS}


def _metrics(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Accuracy and macro scores of confusion matrices ``(n, n_genres, n_predicted)``.

    Macro means run over the genres that have a true slice in the matrix, as in scikit-learn with
    ``labels`` set to them; a genre that is never predicted has precision 0.
    """
    hits = np.einsum("bii->bi", counts)
    true, predicted = counts.sum(axis=2), counts.sum(axis=1)
    present = true > 0

    def ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
        return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)

    def macro(values: np.ndarray) -> np.ndarray:
        return (values * present).sum(axis=1) / present.sum(axis=1)

    return {
        "accuracy": hits.sum(axis=1) / true.sum(axis=1),
        "precision": macro(ratio(hits, predicted)),
        "recall": macro(ratio(hits, true)),
        "f1": macro(ratio(2 * hits, true + predicted)),
    }
