"""From slices to scores: who may be on both sides of a split, and what is left of the score.

Takes features or frames with the table of slices, and gives the *predictions table*: one row per
slice, predicted while the slice (and, depending on the protocol, its track or its artist) was
held out. Scores, intervals and gaps are computed from that table and from nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import joblib
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

Split = tuple[np.ndarray, np.ndarray]
METRICS = ("accuracy", "precision", "recall", "f1")
LEVELS = ("slice", "track")


@dataclass(frozen=True)
class Plan:
    """The folds of one protocol on one table of slices.

    Parameters
    ----------
    splits : list of tuple
        Positions of training and test slices, one pair per fold.
    not_tested : dict
        Genres that the protocol cannot test here, with the reason.
    """

    splits: list[Split]
    not_tested: dict[str, str]


@dataclass(frozen=True)
class Protocol:
    """A rule that says which slices may stand on both sides of a split.

    Parameters
    ----------
    name : str
        Its name in the book.
    about : str
        One sentence for tables and figures.
    plan : callable
        ``plan(slices, n_splits, seed)`` gives the :class:`Plan`.
    """

    name: str
    about: str
    plan: Callable[[pd.DataFrame, int, int], Plan]


def _by_slice(slices: pd.DataFrame, n_splits: int, seed: int) -> Plan:
    count = max(2, min(n_splits, int(slices["genre"].value_counts().min())))
    folds = StratifiedKFold(count, shuffle=True, random_state=seed)
    return Plan(list(folds.split(slices, slices["genre"])), {})


def _by_track(slices: pd.DataFrame, n_splits: int, seed: int) -> Plan:
    return _grouped(slices, slices["track_id"], "track", n_splits, seed)


def _by_artist(slices: pd.DataFrame, n_splits: int, seed: int) -> Plan:
    return _grouped(slices, slices["artist"], "artist", n_splits, seed)


def _grouped(slices: pd.DataFrame, groups: pd.Series, kind: str, n_splits: int, seed: int) -> Plan:
    """Folds over whole groups. A genre with one group stays in training and is not tested."""
    known = groups.notna().to_numpy()
    found = groups[known].groupby(slices["genre"][known]).nunique()
    counts = found.reindex(sorted(slices["genre"].unique()), fill_value=0)
    reasons = {0: f"no {kind} is known", 1: f"one {kind} only"}
    not_tested = {str(genre): reasons[n] for genre, n in counts.items() if n < 2}
    if (counts > 0).sum() < 2:  # with one genre to train on, every answer would be that genre
        alone = dict.fromkeys(counts.index.astype(str), f"no second genre has a known {kind}")
        return Plan([], alone | not_tested)
    tested = np.flatnonzero(known & ~slices["genre"].isin(not_tested).to_numpy())
    if not len(tested):
        return Plan([], not_tested)
    always = np.flatnonzero(known & slices["genre"].isin(not_tested).to_numpy())
    part, by = slices.iloc[tested], groups.iloc[tested]
    # No more folds than there are groups, nor than the largest genre has slices.
    count = min(n_splits, int(by.nunique()), int(part["genre"].value_counts().max()))
    folds = StratifiedGroupKFold(max(2, count), shuffle=True, random_state=seed)
    splits = []
    for train, test in folds.split(part, part["genre"], by):
        # A group may also play in a genre that is not tested: it is held out there as well.
        clear = always[~groups.iloc[always].isin(by.iloc[test]).to_numpy()]
        if len(test):
            splits.append((np.sort(np.concatenate([tested[train], clear])), tested[test]))
    return Plan(splits, not_tested)


def _fault_filtered(slices: pd.DataFrame, n_splits: int, seed: int) -> Plan:
    """The fixed split: fit on its training and validation tracks, test on its test tracks."""
    test = (slices["side"] == "test").to_numpy()
    train = slices["side"].isin(["train", "valid"]).to_numpy()
    has = {name: set(slices["genre"][rows]) for name, rows in (("train", train), ("test", test))}
    not_tested = {
        genre: f"no {' and no '.join(absent)} track in the split"
        for genre in sorted(slices["genre"].unique())
        if (absent := [name for name in ("train", "test") if genre not in has[name]])
    }
    test = test & ~slices["genre"].isin(not_tested).to_numpy()
    splits = [(np.flatnonzero(train), np.flatnonzero(test))] if test.any() else []
    return Plan(splits, not_tested)


PROTOCOLS = {
    p.name: p
    for p in (
        Protocol("random-slice", "random folds over slices: siblings on both sides", _by_slice),
        Protocol("track", "folds over tracks: no siblings, but the same artists", _by_track),
        Protocol("artist", "folds over artists: no credited artist is on both sides", _by_artist),
        Protocol("fault-filtered", "the fixed split of Kereliuk et al. (2015)", _fault_filtered),
    )
}
"""The four protocols, from the most forgiving to the strictest."""


def plan(slices: pd.DataFrame, protocol: str, *, n_splits: int = 5, seed: int = 0) -> Plan:
    """Lay out the folds of a protocol.

    Parameters
    ----------
    slices : pandas.DataFrame
        One row per slice with ``track_id``, ``genre``, ``artist`` and ``side``.
    protocol : str
        One of :data:`PROTOCOLS`.
    n_splits : int
        Folds to make where the protocol leaves a choice; fewer where a genre has too few groups.
    seed : int
        Decides which group goes into which fold.

    Returns
    -------
    Plan
        Folds and the genres that cannot be tested. ``random-slice`` and ``track`` test every
        slice once; ``artist`` every slice whose artist is known and whose genre has two artists
        or more (slices of unknown artists take no part, since they might be anybody's).

    Raises
    ------
    ValueError
        If the protocol is unknown, or the table has fewer than two genres.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"no protocol {protocol!r}; there are {', '.join(PROTOCOLS)}")
    if slices["genre"].nunique() < 2:
        raise ValueError("a classifier needs at least two genres")
    return PROTOCOLS[protocol].plan(slices, n_splits, seed)


def cross_validate(
    estimator: BaseEstimator,
    X: pd.DataFrame | np.ndarray,
    slices: pd.DataFrame,
    protocol: str,
    *,
    n_splits: int = 5,
    seed: int = 0,
    jobs: int = 1,
    model: str = "",
) -> pd.DataFrame:
    """Predict every slice by a model that was trained without its fold.

    Parameters
    ----------
    estimator : sklearn.base.BaseEstimator
        A classifier with ``predict_proba``. It is cloned for each fold, so that scaling and
        selection inside it see training slices only; if its ``fit`` takes ``groups``, it is given
        the tracks of these.
    X : pandas.DataFrame or numpy.ndarray
        Features ``(n_slices, n_columns)`` or frames ``(n_slices, n_frames, n_bands)``,
        row-aligned with ``slices``.
    slices : pandas.DataFrame
        One row per slice with ``track_id``, ``genre``, ``artist`` and ``side``.
    protocol : str
        One of :data:`PROTOCOLS`.
    n_splits : int
        Folds, as in :func:`plan`.
    seed : int
        Seed of the folds.
    jobs : int
        Folds to run at the same time, each in a process of its own, on one thread.
    model : str
        What to call the model in the table.

    Returns
    -------
    pandas.DataFrame
        The predictions table: ``slice_id``, ``track_id``, ``genre``, ``predicted``, ``fold``,
        ``protocol``, ``model`` and one probability per genre, ``p_<genre>``. Its
        ``attrs["not_tested"]`` names genres that the protocol cannot test, with the reason.
        Empty where it can test none.

    Raises
    ------
    ValueError
        If the protocol is unknown, rows do not align, or ``X`` holds values that are not finite.
    """
    if len(X) != len(slices):
        raise ValueError(f"X has {len(X)} rows, slices has {len(slices)}; they must align")
    if isinstance(X, pd.DataFrame) and not X.index.equals(slices.index):
        raise ValueError("the rows of X are not those of slices, in their order; they must align")
    values = X.to_numpy() if isinstance(X, pd.DataFrame) else X
    if not np.isfinite(values).all():
        bad = slices.index[~np.isfinite(values.reshape(len(values), -1)).all(axis=1)]
        raise ValueError(f"features are not finite for {', '.join(bad[:3])}; check the audio")
    layout = plan(slices, protocol, n_splits=n_splits, seed=seed)
    genres = sorted(slices["genre"].unique())
    run = joblib.Parallel(n_jobs=min(jobs, len(layout.splits) or 1))
    parts = run(
        joblib.delayed(_fold)(clone(estimator), values, slices, genres, number, train, test)
        for number, (train, test) in enumerate(layout.splits)
    )
    columns = ["slice_id", "track_id", "genre", "predicted", "fold"]
    empty = pd.DataFrame(columns=[*columns, *(f"p_{genre}" for genre in genres)])
    table = pd.concat(parts, ignore_index=True) if parts else empty
    table.insert(5, "protocol", protocol)
    table.insert(6, "model", model or type(estimator).__name__)
    table.attrs["not_tested"] = layout.not_tested
    return table


def _fold(estimator, values, slices, genres, number, train, test) -> pd.DataFrame:
    # A model that spares some of its training tracks has to know which slices are siblings.
    tracks = slices["track_id"].to_numpy()[train]
    extra = {"groups": tracks} if has_fit_parameter(estimator, "groups") else {}
    # Tables of this size give threads little to do: on a busy machine they wait for each other.
    with threadpool_limits(1, user_api="openmp"):
        estimator.fit(values[train], slices["genre"].to_numpy(object)[train], **extra)
        shares = np.asarray(estimator.predict_proba(values[test]), float)
    probabilities = pd.DataFrame(shares, columns=estimator.classes_)
    probabilities = probabilities.reindex(columns=genres, fill_value=0.0)
    rows = slices.iloc[test].reset_index()[["slice_id", "track_id", "genre"]]
    rows["predicted"] = probabilities.idxmax(axis=1)
    rows["fold"] = number
    return pd.concat([rows, probabilities.add_prefix("p_")], axis=1)


def by_track(predictions: pd.DataFrame) -> pd.DataFrame:
    """Let the slices of a track vote: the mean of their probabilities decides.

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
    """Score predictions per slice and per track, with 95 % intervals that resample tracks.

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
        (percentile interval, Efron and Tibshirani 1993), ``n_tracks`` and ``n_genres``.

    Raises
    ------
    ValueError
        If the table holds several models or protocols, or no prediction.
    """
    _one_of_each(predictions)
    rng = np.random.default_rng(seed)
    rows = []
    for level in LEVELS:
        counts, genres = _confusions(predictions, level)
        weights = rng.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), n_boot)
        value = _metrics(counts.sum(axis=0)[None])
        boot = _metrics(np.einsum("bt,tij->bij", weights, counts, optimize=True))
        for metric in METRICS:
            low, high = np.percentile(boot[metric], [2.5, 97.5])
            rows.append((level, metric, value[metric][0], low, high, len(counts), len(genres)))
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
        Bootstrap resamples; each takes the same tracks on both sides.
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
    sides = []
    for table in (a, b):
        counts, _ = _confusions(table[table["track_id"].isin(common)], level)
        sides.append(counts)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(common), np.full(len(common), 1 / len(common)), n_boot)

    low, high = np.percentile(_difference(sides, weights)[metric], [2.5, 97.5])
    value = _difference(sides, np.ones((1, len(common)), int))[metric][0]
    return {
        "value": float(value),
        "low": float(low),
        "high": float(high),
        "n_tracks": len(common),
    }


def mean_with_interval(
    values: pd.DataFrame, track_ids: ArrayLike, *, n_boot: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Average each column over its rows, with a 95 % interval that resamples tracks.

    Parameters
    ----------
    values : pandas.DataFrame
        Numbers, such as hits (1) and misses (0), one row per slice or per track.
    track_ids : array-like of str, shape (n_rows,)
        The track of each row.
    n_boot : int
        Bootstrap resamples.
    seed : int
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        One row per column of ``values``: ``value``, ``low``, ``high`` (percentile interval, Efron
        and Tibshirani 1993).
    """
    groups = values.groupby(np.asarray(track_ids))
    sums, sizes = groups.sum().to_numpy(), groups.size().to_numpy()
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), n_boot)
    low, high = np.percentile(weights @ sums / (weights @ sizes)[:, None], [2.5, 97.5], axis=0)
    return pd.DataFrame({"value": values.mean(), "low": low, "high": high})


def with_interval(
    measure: Callable[[pd.DataFrame], float],
    predictions: pd.DataFrame,
    *,
    n_boot: int = 200,
    seed: int = 0,
) -> dict[str, float]:
    """Take any measure of a table of predictions, with a 95 % interval that resamples tracks.

    Parameters
    ----------
    measure : callable
        Takes such a table, gives a number; called once for each resample.
    predictions : pandas.DataFrame
        One row per slice with ``track_id``.
    n_boot : int
        Bootstrap resamples.
    seed : int
        Seed of the resampling.

    Returns
    -------
    dict
        ``value``, ``low`` and ``high`` (percentile interval, Efron and Tibshirani 1993).
    """
    tracks = list(predictions.groupby("track_id").indices.values())
    draws = np.random.default_rng(seed).integers(len(tracks), size=(n_boot, len(tracks)))
    rows = (np.concatenate([tracks[i] for i in draw]) for draw in draws)
    low, high = np.percentile([measure(predictions.iloc[row]) for row in rows], [2.5, 97.5])
    return {"value": float(measure(predictions)), "low": float(low), "high": float(high)}


def confusion(predictions: pd.DataFrame, level: str = "slice") -> pd.DataFrame:
    """Count which genre was taken for which.

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
    """Confusion counts per track ``(n_tracks, n_genres, n_predicted)``, tested genres first."""
    if level not in LEVELS:
        raise ValueError(f"no level {level!r}; there are {' and '.join(LEVELS)}")
    table = by_track(predictions).reset_index() if level == "track" else predictions
    tested = sorted(table["genre"].unique())
    genres = [*tested, *sorted(set(table["predicted"]) - set(tested))]
    tracks, rows = np.unique(table["track_id"], return_inverse=True)
    counts = np.zeros((len(tracks), len(genres), len(genres)))
    place = pd.Index(genres)
    at = (rows, place.get_indexer(table["genre"]), place.get_indexer(table["predicted"]))
    np.add.at(counts, at, 1)
    return counts, tested


def _difference(sides: list[np.ndarray], weights: np.ndarray) -> dict[str, np.ndarray]:
    """Metrics of the first side less those of the second, for each row of track weights."""
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
