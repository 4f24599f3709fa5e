"""How much of a score is the layout of the folds: same models, same tracks, other folds."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pandas as pd

from genrelib.corpus import RECORDED, load_corpus
from genrelib.evaluation import cross_validate, score
from genrelib.features import ear_table, feature_table, slice_tracks
from genrelib.models import make_model

SHUFFLED = {
    "random forest": ("forest", False),
    "k-NN (k = 1)": ("knn", False),
    "SVM": ("svm", False),
    "gradient boosting": ("boosting", False),
    "logistic regression": ("logistic", False),
    "forest on the ear": ("forest", True),
    "k-NN on the ear": ("knn", True),
    "SVM on the ear": ("svm", True),
    "logistic regression on the ear": ("logistic", True),
}
"""Models by the names of chapters 4, 5 and 8: their kind, and whether they are given the ear."""
FILE = "fold-seeds.json"


def predictions_of(
    name: str, protocol: str = "track", *, corpus: str = "gtzan-mini", seed: int = 0
) -> pd.DataFrame:
    """Let a model of the book predict once more.

    Parameters
    ----------
    name : str
        One of :data:`SHUFFLED`.
    protocol : str
        The protocol, or a control.
    corpus : str
        Name of the corpus.
    seed : int
        Seed of the folds. The model keeps seed 0.

    Returns
    -------
    pandas.DataFrame
        Its predictions table.
    """
    kind, ear = SHUFFLED[name]
    slices = slice_tracks(load_corpus(corpus))
    X = (ear_table if ear else feature_table)(slices)
    return cross_validate(make_model(kind, 0), X, slices, protocol, seed=seed, jobs=2, model=name)


def measure_fold_seeds(
    seeds: Iterable[int], *, corpus: str = "gtzan-mini", models: Iterable[str] = tuple(SHUFFLED)
) -> pd.DataFrame:
    """Score models under ``track`` with several layouts of the folds; nothing else changes.

    Parameters
    ----------
    seeds : iterable of int
        Seeds of the folds. The models keep seed 0.
    corpus : str
        Name of the corpus.
    models : iterable of str
        Keys of :data:`SHUFFLED`.

    Returns
    -------
    pandas.DataFrame
        Columns ``model``, ``seed``, ``value`` (accuracy per slice).
    """
    rows = [
        (name, seed, score(predictions_of(name, corpus=corpus, seed=seed)).loc[0, "value"])
        for name in models
        for seed in seeds
    ]
    return pd.DataFrame(rows, columns=["model", "seed", "value"])


def load_fold_seeds() -> pd.DataFrame:
    """Read what ``tools/record_folds.py`` has recorded of :func:`measure_fold_seeds`.

    Explained in chapter 9.

    Returns
    -------
    pandas.DataFrame
        As from :func:`measure_fold_seeds`; ``attrs["recorded"]`` is the day.
    """
    kept = json.loads((RECORDED / FILE).read_text("utf-8"))
    table = pd.DataFrame(kept["rows"])
    table.attrs["recorded"] = kept["recorded"]
    return table
