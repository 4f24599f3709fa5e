"""What chapter 7 asks the original study's tables: columns, votes, siblings, and two sources.

Takes the tables from :mod:`genrelib.studies.original`; what can be asked of any table of slices
is asked by :mod:`genrelib.evaluation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

from genrelib.evaluation import (
    cross_validate,
    hits,
    mean_with_interval,
    plan,
    predict_split,
    with_interval,
)
from genrelib.models import make_model
from genrelib.studies.original import OriginalStudy, answer_scores, published_split, recordings

BINS = np.linspace(0, 1, 21) + 1e-9
"""Edges of shares of votes; exactly one half, which is no majority, belongs to the left."""


NAMESAKES = {
    "mfcc_mean": r"mfcc_\d+_mean",
    "harmonic_mean": "harmonic_rms_mean",
    "percussive_mean": "percussive_rms_mean",
    "centroid_mean": "centroid_mean",
    "chroma_mean": r"chroma_.*_mean",
    "tntz_mean": r"tonnetz_.*_mean",
    "melspec_mean": r"mel_\d+_mean",
    "rms_mean": "rms_mean",
    "tempo": "tempo",
}
"""Some columns of the study, and the features of ours that their names speak of."""


def compare_namesakes(theirs: pd.DataFrame, ours: pd.DataFrame) -> pd.DataFrame:
    """Compare columns of the study with the features that they are named after.

    Explained in chapter 7.

    Parameters
    ----------
    theirs : pandas.DataFrame
        The study's columns.
    ours : pandas.DataFrame
        Features as from :func:`genrelib.features.feature_table`; of several that a name may mean,
        the mean is taken.

    Returns
    -------
    pandas.DataFrame
        As from :func:`compare_columns`.
    """
    means = {name: ours.filter(regex=f"^{of}$").mean(axis=1) for name, of in NAMESAKES.items()}
    return compare_columns(theirs[list(NAMESAKES)], pd.DataFrame(means))


def compare_columns(theirs: pd.DataFrame, ours: pd.DataFrame) -> pd.DataFrame:
    """Compare two tables column by column, on the slices that both have.

    Explained in chapter 7.

    Parameters
    ----------
    theirs, ours : pandas.DataFrame
        Tables with as many columns, in the same order.

    Returns
    -------
    pandas.DataFrame
        For each column what it is ``called`` and what it ``is``, the ``correlation``, the
        ``largest difference`` and the number of ``slices``.
    """
    common = theirs.index.intersection(ours.index)
    a, b = theirs.loc[common].to_numpy(float), ours.loc[common].to_numpy(float)
    r = [np.corrcoef(x, y)[0, 1] for x, y in zip(a.T, b.T, strict=True)]
    frame: dict[str, Any] = {"called": theirs.columns, "is": ours.columns, "correlation": r}
    frame |= {"largest difference": np.abs(a - b).max(axis=0), "slices": len(common)}
    return pd.DataFrame(frame)


def leading_shares(votes: np.ndarray, truth: np.ndarray) -> pd.DataFrame:
    """Count slices by the share of the trees that vote for the genre in the lead.

    Explained in chapter 7.

    Parameters
    ----------
    votes : numpy.ndarray
        The answers of the trees of one forest, as from :func:`genrelib.studies.tree_answers`.
    truth : numpy.ndarray
        Boolean, shape ``(n_slices, n_genres)``.

    Returns
    -------
    pandas.DataFrame
        Index: lower edge of the share, in steps of 0.05. Columns: slices of which the leading
        genre is ``right`` or ``wrong``.
    """
    share = votes.mean(axis=0)
    right = share.argmax(axis=1) == truth.argmax(axis=1)
    top = {"right": share.max(axis=1)[right], "wrong": share.max(axis=1)[~right]}
    counts = {name: np.histogram(values, BINS)[0] for name, values in top.items()}
    return pd.DataFrame(counts, index=BINS[:-1].round(2))


def argmax_counts(share: np.ndarray, truth: np.ndarray) -> dict[str, int]:
    """Count what becomes of the rows of zeros where the largest entry of a row is taken.

    Parameters
    ----------
    share : numpy.ndarray
        Shape ``(n_slices, n_genres)``: the share of the trees that say yes.
    truth : numpy.ndarray
        Boolean, of the same shape.

    Returns
    -------
    dict
        Slices that are ``truly`` of the first genre, those that are ``called`` so, rows of
        ``zeros``, and ``n_test``, all of them.
    """
    yes = share > 0.5
    return {
        "truly": int(truth[:, 0].sum()),
        "called": int((yes.argmax(axis=1) == 0).sum()),
        "zeros": int((~yes.any(axis=1)).sum()),
        "n_test": len(yes),
    }


def forest_readings(share: np.ndarray, truth: np.ndarray, plain: np.ndarray) -> pd.DataFrame:
    """Score one forest with a one-hot target as its answers may be read, and a plain one.

    Parameters
    ----------
    share, truth : numpy.ndarray
        As for :func:`argmax_counts`.
    plain : numpy.ndarray of int, shape (n_slices,)
        The genre that a forest names which was asked for one.

    Returns
    -------
    pandas.DataFrame
        One row per reading, columns as from :func:`genrelib.studies.answer_scores`.
    """
    yes, rows = share > 0.5, np.eye(truth.shape[1], dtype=bool)
    spoke = yes.any(axis=1)
    readings = {
        "rows as answered, as published": (yes, truth),
        "only rows that name a genre": (yes[spoke], truth[spoke]),
        "argmax of the rows": (rows[yes.argmax(axis=1)], truth),
        "genre with the most votes": (rows[share.argmax(axis=1)], truth),
        "plain forest, one genre asked": (rows[plain], truth),
    }
    return pd.DataFrame({name: answer_scores(*answers) for name, answers in readings.items()}).T


def siblings(study: OriginalStudy) -> pd.DataFrame:
    """Ask whether the nearest neighbour of a test slice is a slice of its own track.

    Explained in chapter 7.

    Parameters
    ----------
    study : OriginalStudy
        The study's tables.

    Returns
    -------
    pandas.DataFrame
        For neighbours that are a sibling, are not, and cannot be (no slice of the track is among
        the training rows): how many ``test slices`` have one, and the share ``right``.
    """
    X, genre = study.means.to_numpy(), study.slices["genre"].to_numpy()
    track = study.slices["track_id"].to_numpy()
    train, _, test = published_split(len(X))

    scaler, neighbours = make_model("knn").fit(X[train], genre[train])
    nearest = neighbours.kneighbors(scaler.transform(X[test]), 1, return_distance=False)[:, 0]
    nearest = train[nearest]

    kind = np.where(track[nearest] == track[test], "is", "is not")
    kind = np.where(np.isin(track[test], track[train]), kind, "cannot be")
    right = pd.Series(genre[nearest] == genre[test]).groupby(kind)
    return pd.DataFrame({"test slices": right.size(), "right": right.mean()})


def neighbour_sweep(study: OriginalStudy, k: Sequence[int], *, seed: int = 0) -> pd.DataFrame:
    """Try many numbers of neighbours by five-fold cross-validation on the training rows.

    Explained in chapter 7.

    Parameters
    ----------
    study : OriginalStudy
        The study's tables.
    k : sequence of int
        Numbers of neighbours, from 1 upwards without gaps.
    seed : int
        Seed of the folds over tracks; the others are those of the study.

    Returns
    -------
    pandas.DataFrame
        Accuracy, a row per number. Columns: the one-hot target of the study, where a genre needs
        more than half of the neighbours; plain genres; and plain genres with the slices of a
        track in one fold.
    """
    train = published_split(len(study.slices))[0]
    tracks = plan(study.slices.iloc[train], "track", seed=seed).splits
    random = [_votes_by_k(study, train[a], train[b], len(k)) for a, b in KFold(5).split(train)]
    apart = [_votes_by_k(study, train[a], train[b], len(k)) for a, b in tracks]
    curves = {
        "one-hot target, random slices": [
            votes[np.arange(len(own)), :, own] > np.asarray(k) / 2 for votes, own in random
        ],
        "plain genres, random slices": _first_is_right(random),
        "plain genres, tracks apart": _first_is_right(apart),
    }
    means = {name: np.concatenate(right).mean(axis=0) for name, right in curves.items()}
    return pd.DataFrame(means, index=np.asarray(k))


def _votes_by_k(
    study: OriginalStudy, train: np.ndarray, test: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give the votes of the first 1 to n neighbours (n_test, n, n_genres), and the true genre."""
    X, genre = study.means.to_numpy(), study.slices["genre"].to_numpy()
    code, names = pd.factorize(genre, sort=True)
    scaler, neighbours = make_model("knn").fit(X[train], genre[train])
    near = neighbours.kneighbors(scaler.transform(X[test]), n, return_distance=False)
    return np.eye(len(names))[code[train][near]].cumsum(axis=1), code[test]


def _first_is_right(folds: list[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    """Say where the genre with the most votes, the first of the alphabet if tied, is right."""
    return [votes.argmax(axis=2) == own[:, None] for votes, own in folds]


def fall_after_one(study: OriginalStudy, k: int = 5, *, seed: int = 0) -> pd.DataFrame:
    """Measure how much one neighbour is ahead of several, with siblings in reach and without.

    Explained in chapter 7.

    Parameters
    ----------
    study : OriginalStudy
        The study's tables.
    k : int
        How many neighbours to ask in place of one.
    seed : int
        Seed of folds and intervals.

    Returns
    -------
    pandas.DataFrame
        Accuracy with one neighbour less that with ``k``: under ``random-slice``, under ``track``,
        and the first less the second; columns ``value``, ``low`` and ``high``, from draws of
        tracks.
    """
    X, slices, fall = study.means, study.slices, {}
    for protocol in ("random-slice", "track"):
        one, several = (
            hits(cross_validate(make_model("knn", n_neighbors=n), X, slices, protocol, seed=seed))
            for n in (1, k)
        )
        fall[protocol] = one - several
    falls = pd.DataFrame(fall)
    falls["the first less the second"] = falls["random-slice"] - falls["track"]
    tracks = slices.loc[falls.index, "track_id"]
    return mean_with_interval(falls, tracks, "difference", seed=seed)


def how_rare(drawn: pd.Series, value: float) -> float:
    """Say how often a draw lies as far out as a value, to either side.

    Explained in chapter 7.

    Parameters
    ----------
    drawn : pandas.Series
        Draws.
    value : float
        What is held against them; it counts as a draw itself.

    Returns
    -------
    float
        Twice the share of the smaller side, at most one.

    Examples
    --------
    >>> how_rare(pd.Series(range(99)), 1)
    0.06
    """
    smaller = min((drawn <= value).sum(), (drawn >= value).sum())
    return min(1.0, 2 * float(smaller + 1) / (len(drawn) + 1))


def copied_rows(study: OriginalStudy) -> dict[str, Any]:
    """Find rows that are equal to the last digit.

    Explained in chapter 7.

    Parameters
    ----------
    study : OriginalStudy
        The study's tables.

    Returns
    -------
    dict
        ``pairs``: names of tracks that share rows, joined by commas; ``rows``: copies of another
        row; ``silent``: those that are digital silence; ``silent track``: where the first of
        these is.
    """
    track, name = study.slices["track_id"], recordings(study)
    names = name.groupby(track).first()
    size = names.map(names.value_counts())
    pairs = names[size > 1].groupby(names).apply(lambda tracks: ", ".join(tracks.index))
    copies = study.means.duplicated()
    silent = copies & (study.means["mfcc_var"] == 0)  # the second MFCC, whatever it is called
    return {
        "pairs": pairs.tolist(),
        "rows": int(copies.sum()),
        "silent": int(silent.sum()),
        "silent track": track[silent].iloc[0] if silent.any() else "none",
    }


def runs_of_ten(study: OriginalStudy) -> pd.Series:
    """Take the artist of each slice, or for private tracks the run of ten of its file number.

    Explained in chapter 7.

    Parameters
    ----------
    study : OriginalStudy
        The study's tables.

    Returns
    -------
    pandas.Series
        Row-aligned with the slices: ``blues_4x`` for the private tracks ``blues_40`` to
        ``blues_49``; missing where GTZAN's artist is not known.
    """
    slices = study.slices
    runs = slices["track_id"].str.replace(r"\d$", "x", regex=True)
    return slices["artist"].fillna(runs.where(slices["source"] == "private"))


def number_distances(study: OriginalStudy, furthest: int = 40) -> pd.DataFrame:
    """Ask whether private tracks with close file numbers sound alike.

    Explained in chapter 7.

    Parameters
    ----------
    study : OriginalStudy
        The study's tables.
    furthest : int
        Pairs whose numbers differ by as much, or by more, are put together.

    Returns
    -------
    pandas.DataFrame
        Index: difference of the numbers within a genre. Columns ``0.25``, ``0.5`` and ``0.75``:
        quartiles of the distance between tracks, each the mean of its standardised columns.
    """
    centre, genre, number = _private_tracks(study)
    i, j = np.triu_indices(len(centre), 1)
    same = genre[i] == genre[j]
    away = np.abs(number[i] - number[j])[same]
    far = np.linalg.norm(centre[i] - centre[j], axis=1)
    groups = pd.Series(far[same]).groupby(np.minimum(away, furthest))
    return groups.quantile(np.array([0.25, 0.5, 0.75])).unstack().rename(columns=str)


def next_door(study: OriginalStudy) -> dict[str, float]:
    """Ask how often the nearest other private track of the genre has the next file number.

    Explained in chapter 7.

    Parameters
    ----------
    study : OriginalStudy
        The study's tables.

    Returns
    -------
    dict
        ``next``: the share of tracks; ``chance``: what it would be if numbers meant nothing.
    """
    centre, genre, number = _private_tracks(study)
    far = np.linalg.norm(centre[:, None] - centre, axis=2)
    apart = (genre[:, None] != genre) | np.eye(len(far), dtype=bool)
    away = np.abs(number[:, None] - number)
    nearest = np.where(apart, np.inf, far).argmin(axis=1)
    steps = away[np.arange(len(far)), nearest]
    chance = np.where(apart, 0, away == 1).sum(axis=1) / (~apart).sum(axis=1)
    return {"next": float((steps == 1).mean()), "chance": float(chance.mean())}


def _private_tracks(study: OriginalStudy) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give the mean of the standardised columns, genre and file number of each private track."""
    rows = study.slices["source"] == "private"
    X = StandardScaler().fit_transform(study.means[rows])
    track = study.slices.loc[rows, "track_id"].to_numpy()
    centre = pd.DataFrame(X).groupby(track).mean()
    genre = study.slices.loc[rows, "genre"].groupby(track).first()
    number = centre.index.str.extract(r"(\d+)$")[0].astype(int)
    return centre.to_numpy(), genre.to_numpy(), number.to_numpy()


def source_scores(told: pd.DataFrame, genre: pd.Series, *, seed: int = 0) -> pd.DataFrame:
    """Score how well two sources are told apart, over all and within each genre.

    Explained in chapter 7.

    Parameters
    ----------
    told : pandas.DataFrame
        A predictions table whose classes are sources, ``private`` one of them.
    genre : pandas.Series
        The genre of each slice, by ``slice_id``.
    seed : int
        Seed of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns ``genre``, ``measure`` (``right``, the accuracy, or ``area`` under the ROC
        curve), ``value``, ``low`` and ``high``.
    """

    measures = {"right": _accuracy, "area": _area}
    genres = told.groupby(genre.loc[told["slice_id"]].to_numpy())
    return pd.DataFrame(
        [
            {"genre": name, "measure": what} | with_interval(measure, part, seed=seed)
            for name, part in [("all genres", told), *genres]
            for what, measure in measures.items()
        ]
    )


def _accuracy(predictions: pd.DataFrame) -> float:
    return float(hits(predictions).mean())


def _area(told: pd.DataFrame) -> float:
    if told["genre"].nunique() < 2:  # a draw of one source alone: nothing is told apart
        return 0.5
    return float(roc_auc_score(told["genre"] == "private", told["p_private"]))


def score_abroad(
    study: OriginalStudy, model: str, home: str, *, seed: int = 0
) -> dict[str, float]:
    """Train on one source and test on the other.

    Explained in chapter 7.

    Parameters
    ----------
    study : OriginalStudy
        The study's tables.
    model : str
        As for :func:`genrelib.models.make_model`.
    home : {"GTZAN", "private"}
        The source to train on.
    seed : int
        Seed of the model and of the interval.

    Returns
    -------
    dict
        Accuracy per slice: ``value``, ``low`` and ``high``.
    """
    own = (study.slices["source"] == home).to_numpy()
    estimator, sides = make_model(model, seed), (np.flatnonzero(own), np.flatnonzero(~own))
    slices = study.slices.assign(artist=runs_of_ten(study))
    abroad = predict_split(estimator, study.means, slices, *sides, holds_out="artist")
    return with_interval(_accuracy, abroad, seed=seed)
