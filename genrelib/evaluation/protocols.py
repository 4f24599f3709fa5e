"""From slices to predictions: who may be on both sides of a split.

Takes features or frames with the table of slices, and gives the *predictions table*: one row per
slice, predicted while the slice (and, depending on the protocol, its track or its artist) was
held out. :mod:`genrelib.evaluation.scores` takes it from there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import joblib
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

Split = tuple[np.ndarray, np.ndarray]


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
    holds_out : {"track", "artist"}
        What its intervals draw again: artists, where none may be on both sides.
    """

    name: str
    about: str
    plan: Callable[[pd.DataFrame, int, int], Plan]
    holds_out: str = "track"


def recording(slices: pd.DataFrame) -> pd.Series:
    """Say of which recording each slice is: tracks that are one recording share their siblings.

    Parameters
    ----------
    slices : pandas.DataFrame
        One row per slice with ``track_id``, and ``recording`` where that is known.

    Returns
    -------
    pandas.Series
        Names of recordings, or tracks where the table has none.
    """
    return slices.get("recording", slices["track_id"])


def _by_slice(slices: pd.DataFrame, n_splits: int, seed: int) -> Plan:
    count = max(2, min(n_splits, int(slices["genre"].value_counts().min())))
    folds = StratifiedKFold(count, shuffle=True, random_state=seed)
    return Plan(list(folds.split(slices, slices["genre"])), {})


def _by_track(slices: pd.DataFrame, n_splits: int, seed: int) -> Plan:
    return _grouped(slices, recording(slices), "track", n_splits, seed)


def _by_artist(slices: pd.DataFrame, n_splits: int, seed: int) -> Plan:
    return _grouped(slices, slices["artist"], "artist", n_splits, seed)


def _grouped(slices: pd.DataFrame, groups: pd.Series, kind: str, n_splits: int, seed: int) -> Plan:
    """Folds over whole groups. A genre with one group is neither tested nor learned."""
    known = groups.notna()
    found = groups[known].groupby(slices["genre"][known]).nunique()
    counts = found.reindex(sorted(slices["genre"].unique()), fill_value=0)
    reasons = {0: f"no {kind} is known", 1: f"one {kind} only"}
    not_tested = {str(genre): reasons[n] for genre, n in counts.items() if n < 2}
    if (counts > 1).sum() < 2:  # with one genre to learn, every answer would be that genre
        alone = dict.fromkeys(counts.index.astype(str), f"no second genre has two {kind}s")
        return Plan([], alone | not_tested)
    return Plan(whole_groups(slices, groups, list(not_tested), n_splits, seed), not_tested)


def whole_groups(
    slices: pd.DataFrame, groups: pd.Series, not_tested: list[str], n_splits: int, seed: int
) -> list[Split]:
    """Lay out folds that keep every group on one side.

    Parameters
    ----------
    slices : pandas.DataFrame
        One row per slice with ``genre``.
    groups : pandas.Series
        Group of each slice, such as its track or its artist; slices of no known group take no
        part, since they might belong to any.
    not_tested : list of str
        Genres that take no part: what cannot be right shall not be an answer.
    n_splits : int
        Folds to make; fewer where there are fewer groups.
    seed : int
        Decides which group goes into which fold.

    Returns
    -------
    list of tuple
        Positions of training and test slices, one pair per fold.
    """
    known = (groups.notna() & ~slices["genre"].isin(not_tested)).to_numpy()
    tested = np.flatnonzero(known)
    if not len(tested):
        return []
    genre, group = slices["genre"].iloc[tested], groups.iloc[tested]
    # No more folds than there are groups, nor than the largest genre has slices.
    count = max(2, min(n_splits, group.nunique(), genre.value_counts().max()))
    folds = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    splits = []
    for _, fold in folds.split(tested, genre, group):
        held_out = groups.isin(group.iloc[fold]).to_numpy()
        if len(fold):
            splits.append((np.flatnonzero(known & ~held_out), tested[fold]))
    return splits


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
    if slices["genre"].nunique() - len(not_tested) < 2:
        alone = dict.fromkeys(sorted(has["train"] | has["test"]), "no second genre in the split")
        return Plan([], alone | not_tested)
    told = ~slices["genre"].isin(not_tested).to_numpy()
    train, test = train & told, test & told
    splits = [(np.flatnonzero(train), np.flatnonzero(test))] if test.any() else []
    return Plan(splits, not_tested)


def _paired(slices: pd.DataFrame, n_splits: int, seed: int) -> Plan:
    """Folds over tracks, of those tracks and genres that ``artist`` tests."""
    strict = _by_artist(slices, n_splits, seed)
    exam = np.sort(np.concatenate([test for _, test in strict.splits] or [np.empty(0, int)]))
    if not len(exam):
        return strict
    folds = _by_track(slices.iloc[exam], n_splits, seed).splits
    return Plan([(exam[train], exam[test]) for train, test in folds], strict.not_tested)


def _thinned(slices: pd.DataFrame, n_splits: int, seed: int) -> Plan:
    """The folds of ``artist``, tested in parts: what is not in the part may be learned from.

    So artists are known; but of each genre as many tracks are learned, drawn at random, as
    ``artist`` leaves for that fold.
    """
    strict = _by_artist(slices, n_splits, seed)
    rng, splits = np.random.default_rng(seed), []
    track, same = slices["track_id"], recording(slices)
    for train, test in strict.splits:
        left = track.iloc[train].groupby(slices["genre"].iloc[train]).nunique()
        exam = np.union1d(train, test)
        held = rng.permutation(same.iloc[test].unique())
        for part in np.array_split(held, min(n_splits, len(held))):
            open_to = track.iloc[exam][~same.iloc[exam].isin(part)]
            per_genre = open_to.groupby(slices["genre"].iloc[exam]).unique()
            drawn = [rng.permutation(found)[: left.get(g, 0)] for g, found in per_genre.items()]
            learned = exam[track.iloc[exam].isin(np.concatenate(drawn))]
            splits.append((learned, test[same.iloc[test].isin(part)]))
    return Plan(splits, strict.not_tested)


PROTOCOLS = {
    p.name: p
    for p in (
        Protocol("random-slice", "random folds over slices: siblings on both sides", _by_slice),
        Protocol("track", "folds over tracks: no siblings, but the same artists", _by_track),
        Protocol("artist", "folds over artists: no known artist is on both sides", _by_artist,
                 "artist"),
        Protocol("fault-filtered", "the fixed split of the corpus (GTZAN: Kereliuk et al. 2015)",
                 _fault_filtered, "artist"),
    )
}  # fmt: skip
"""The four protocols, from the most forgiving to the strictest."""
CONTROLS = {
    p.name: p
    for p in (
        Protocol("track-paired", "as track, on the tracks and genres that artist tests", _paired),
        Protocol("track-thinned", "as track-paired, learning from as few tracks of each genre as "
                 "artist does", _thinned),
    )
}  # fmt: skip
"""Between ``track`` and ``artist``: what differs besides the artists, one thing at a time."""
EXAMS = ("random-slice", "track", *CONTROLS, "artist", "fault-filtered")
"""Protocols and controls in the order in which the book shows them."""
ASKED = tuple(name for name in EXAMS if name != "track-thinned")
"""Those that every model takes; the last control costs many times as much training."""


def held_out(slices: pd.DataFrame, holds_out: str) -> pd.Series:
    """Say what each slice is held out with, which is what intervals draw again.

    Parameters
    ----------
    slices : pandas.DataFrame
        One row per slice with ``track_id`` and ``artist``.
    holds_out : {"track", "artist"}
        As of a :class:`Protocol`.

    Returns
    -------
    pandas.Series
        Its track or its artist; the track where the artist is not known.
    """
    if holds_out == "track":
        return slices["track_id"]
    return slices["artist"].astype(object).fillna(slices["track_id"])


def plan(slices: pd.DataFrame, protocol: str, *, n_splits: int = 5, seed: int = 0) -> Plan:
    """Lay out the folds of a protocol.

    Explained in chapter 2.

    Parameters
    ----------
    slices : pandas.DataFrame
        One row per slice with ``track_id``, ``genre``, ``artist`` and ``side``. Tracks that
        ``recording``, if there, calls one stay together under ``track``, and under ``artist``
        wherever they have one artist.
    protocol : str
        One of :data:`PROTOCOLS` or :data:`CONTROLS`.
    n_splits : int
        Folds to make where the protocol leaves a choice; fewer where a genre has too few groups.
    seed : int
        Decides which group goes into which fold.

    Returns
    -------
    Plan
        Folds and the genres that cannot be tested. ``random-slice`` and ``track`` test every
        slice once; ``artist`` every slice whose artist is known and whose genre has two artists
        or more (slices of unknown artists take no part, since they might be anybody's). A genre
        that is not tested is not learned either.

    Raises
    ------
    ValueError
        If the protocol is unknown, or the table has fewer than two genres.
    """
    known = PROTOCOLS | CONTROLS
    if protocol not in known:
        raise ValueError(f"no protocol {protocol!r}; there are {', '.join(known)}")
    if slices["genre"].nunique() < 2:
        raise ValueError("a classifier needs at least two genres")
    return known[protocol].plan(slices, n_splits, seed)


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

    Explained in chapter 4.

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
        One of :data:`PROTOCOLS` or :data:`CONTROLS`.
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
        The predictions table: ``slice_id``, ``track_id``, ``unit`` (from :func:`held_out`),
        ``genre``, ``predicted``, ``fold``, ``protocol``, ``model`` and one probability per genre,
        ``p_<genre>``. Its ``attrs["not_tested"]`` names genres that the protocol cannot test, with
        the reason; ``attrs["learned_from"]`` counts the training tracks of each fold.
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
    slices = slices.assign(unit=held_out(slices, (PROTOCOLS | CONTROLS)[protocol].holds_out))
    run = joblib.Parallel(n_jobs=min(jobs, len(layout.splits) or 1))
    parts = run(
        joblib.delayed(_fold)(clone(estimator), values, slices, genres, number, train, test)
        for number, (train, test) in enumerate(layout.splits)
    )
    columns = ["slice_id", "track_id", "unit", "genre", "predicted", "fold"]
    empty = pd.DataFrame(columns=[*columns, *(f"p_{genre}" for genre in genres)])
    table = pd.concat(parts, ignore_index=True) if parts else empty
    table = _named(table, protocol, model or type(estimator).__name__)
    table.attrs["not_tested"] = layout.not_tested
    track = slices["track_id"]
    table.attrs["learned_from"] = [track.iloc[train].nunique() for train, _ in layout.splits]
    return table


def predict_split(
    estimator: BaseEstimator,
    X: pd.DataFrame | np.ndarray,
    slices: pd.DataFrame,
    train: np.ndarray,
    test: np.ndarray,
    *,
    protocol: str = "one split",
    model: str = "",
    holds_out: str = "track",
) -> pd.DataFrame:
    """Train on some slices and predict others: one split of anybody's making.

    Explained in chapter 7.

    Parameters
    ----------
    estimator : sklearn.base.BaseEstimator
        As in :func:`cross_validate`.
    X : pandas.DataFrame or numpy.ndarray
        As in :func:`cross_validate`.
    slices : pandas.DataFrame
        As in :func:`cross_validate`.
    train, test : numpy.ndarray
        Positions of the training and of the test slices.
    protocol : str
        What to call the split in the table.
    model : str
        What to call the model in the table.
    holds_out : {"track", "artist"}
        What the split keeps on one side, see :func:`held_out`.

    Returns
    -------
    pandas.DataFrame
        The predictions table of the test slices, as from :func:`cross_validate`.
    """
    values = X.to_numpy() if isinstance(X, pd.DataFrame) else X
    genres = sorted(slices["genre"].unique())
    slices = slices.assign(unit=held_out(slices, holds_out))
    table = _fold(clone(estimator), values, slices, genres, 0, train, test)
    return _named(table, protocol, model or type(estimator).__name__)


def _named(table: pd.DataFrame, protocol: str, model: str) -> pd.DataFrame:
    table.insert(6, "protocol", protocol)
    table.insert(7, "model", model)
    return table


def _fold(estimator, values, slices, genres, number, train, test) -> pd.DataFrame:
    # A model that spares some of its training tracks has to know which slices are siblings.
    tracks = recording(slices).to_numpy()[train]
    extra = {"groups": tracks} if has_fit_parameter(estimator, "groups") else {}
    # Tables of this size give threads little to do: on a busy machine they wait for each other.
    with threadpool_limits(1, user_api="openmp"):
        estimator.fit(values[train], slices["genre"].to_numpy(object)[train], **extra)
        shares = np.asarray(estimator.predict_proba(values[test]), float)
    probabilities = pd.DataFrame(shares, columns=estimator.classes_)
    probabilities = probabilities.reindex(columns=genres, fill_value=0.0)
    rows = slices.iloc[test].reset_index()[["slice_id", "track_id", "unit", "genre"]]
    rows["predicted"] = probabilities.idxmax(axis=1)
    rows["fold"] = number
    return pd.concat([rows, probabilities.add_prefix("p_")], axis=1)
