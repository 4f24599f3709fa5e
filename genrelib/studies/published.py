"""The fault-filtered test as others have taken it, on the tags that the ear's makers published."""

from __future__ import annotations

from typing import Any

import pandas as pd
from scipy.special import logit

from genrelib.classify import PATCHES
from genrelib.corpus import load_corpus
from genrelib.evaluation import LEVELS, PROTOCOLS, cross_validate, gap, score
from genrelib.features import HEARD, slice_tracks, tag_table
from genrelib.models import make_model
from genrelib.studies.artist_folds import take_artist_test

PATCH, STEP = PATCHES["gtzan-tags"]
TAKERS = {
    "logistic": "logistic regression", "knn": "k-NN", "svm": "SVM", "forest": "forest",
}  # fmt: skip
"""Models that take the test, and what chapter 8 calls them."""
_REPORTED = [
    ("small network on mel bands", 54.1, "tutorial at ISMIR 2021"),
    ("CLMR, linear probe", 68.6, "Papers with Code, arXiv:2107.05677"),
    ("BYOL-A, linear probe", 75.9, "log of the repository nttcslab/eval-audio-repr"),
    ("MusiCNN with an SVM", 77.2, "Pons and Serra (2019)"),
    ("MERT", 78.6, "repository of MuQ"),
    ("Jukebox, linear probe", 79.7, "Papers with Code, arXiv:2107.05677"),
    ("MusicFM", 83.8, "repository of MuQ"),
    ("M2D", 83.9, "repository nttcslab/m2d"),
    ("MuQ", 85.6, "repository of MuQ"),
]


def published_tags() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the published patches.

    Explained in chapter 8.

    Returns
    -------
    patches : pandas.DataFrame
        A table of slices, those of 3 seconds, one every second.
    odds : pandas.DataFrame
        The log-odds of their tags, row-aligned.
    """
    patches = slice_tracks(load_corpus("gtzan-tags"), PATCH, hop=STEP)
    odds = logit(tag_table(patches).to_numpy(float))
    return patches, pd.DataFrame(odds, patches.index, HEARD["tags"])


def tags_by_track(patches: pd.DataFrame, odds: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Average the tags over each track.

    Explained in chapter 8.

    Parameters
    ----------
    patches, odds : pandas.DataFrame
        From :func:`published_tags`.

    Returns
    -------
    first : pandas.DataFrame
        One row per track, under the name of its first patch.
    means : pandas.DataFrame
        The mean log-odds of the track, row-aligned.
    """
    first = patches[~patches["track_id"].duplicated()]
    means = odds.groupby(patches["track_id"].to_numpy()).mean()
    return first, means.loc[first["track_id"]].set_axis(first.index)


def take_artist_test_on_tags(
    first: pd.DataFrame, means: pd.DataFrame, *, seed: int = 0, fast: bool = False
) -> dict[str, dict[str, pd.DataFrame]]:
    """Have models that are quick take the artist test.

    Explained in chapter 8.

    Parameters
    ----------
    first, means : pandas.DataFrame
        From :func:`tags_by_track`.
    seed : int
        Seed of models and folds.
    fast : bool
        Only the quickest of them.

    Returns
    -------
    dict of str to dict
        By model what :func:`genrelib.studies.take_artist_test` gives.
    """
    return {
        TAKERS[kind]: take_artist_test(
            make_model(kind, seed), means, first, model=TAKERS[kind], seed=seed
        )
        for kind in ("knn", "logistic")[: 1 if fast else 2]
    }


def take_published_test(
    patches: pd.DataFrame, odds: pd.DataFrame, *, seed: int = 0, fast: bool = False
) -> dict[tuple[str, str], pd.DataFrame]:
    """Have models learn from the patches that do not overlap, under every protocol.

    Parameters
    ----------
    patches, odds : pandas.DataFrame
        From :func:`published_tags`.
    seed : int
        Seed of models and folds.
    fast : bool
        Only the models that are quick.

    Returns
    -------
    dict of tuple to pandas.DataFrame
        By model, one of the values of :data:`TAKERS`, and protocol: a predictions table.
    """
    apart = (patches.groupby("track_id").cumcount() % round(PATCH / STEP) == 0).to_numpy()
    given, rows = odds[apart], patches[apart]
    found = {}
    for kind, name in list(TAKERS.items())[: 2 if fast else None]:
        params: dict[str, Any] = {"n_estimators": 50} if kind == "forest" else {}
        model = make_model(kind, seed, **params)
        for p in PROTOCOLS:
            found[name, p] = cross_validate(model, given, rows, p, seed=seed, jobs=2, model=name)
    return found


def published_scores(
    taken: dict[tuple[str, str], pd.DataFrame], *, seed: int = 0
) -> dict[tuple[str, str], dict[str, float]]:
    """Score what :func:`take_published_test` gives.

    Parameters
    ----------
    taken : dict of tuple to pandas.DataFrame
        Predictions tables by model and protocol.
    seed : int
        Seed of the intervals.

    Returns
    -------
    dict of tuple to dict
        By protocol with what is named (``per patch``, ``per track``) and model: ``value``,
        ``low`` and ``high`` of the accuracy.
    """
    found = {}
    for level in LEVELS:
        for (name, p), told in taken.items():
            row = score(told, seed=seed).query("level == @level and metric == 'accuracy'").iloc[0]
            named = f"{p}, per {'patch' if level == 'slice' else level}"
            found[named, name] = {k: float(row[k]) for k in ("value", "low", "high")}
    return found


def leakage_of_overlap(
    patches: pd.DataFrame, odds: pd.DataFrame, *, seed: int = 0
) -> dict[str, float]:
    """Measure the leakage gap of k-NN on all patches, which overlap.

    Explained in chapter 8.

    Parameters
    ----------
    patches, odds : pandas.DataFrame
        From :func:`published_tags`.
    seed : int
        Seed of folds and interval.

    Returns
    -------
    dict
        As from :func:`genrelib.evaluation.gap`.
    """
    random, track = (
        cross_validate(make_model("knn", seed), odds, patches, name, seed=seed, jobs=2)
        for name in ("random-slice", "track")
    )
    return gap(random, track, seed=seed)


def reported_systems() -> pd.DataFrame:
    """List what others have reported on the fault-filtered test.

    Explained in chapter 8.

    Returns
    -------
    pandas.DataFrame
        Index ``system``; columns ``accuracy (%)`` and ``as reported by``.
    """
    columns = ["system", "accuracy (%)", "as reported by"]
    return pd.DataFrame(_REPORTED, columns=columns).set_index("system").astype(str)
