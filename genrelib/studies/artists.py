"""The artist effect where it can be asked: on several corpora, with the same control.

The original study's part of GTZAN is asked in chapter 7, which keeps a ledger of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from genrelib.corpus import load_corpus
from genrelib.evaluation import CONTROLS, artist_effect, cross_validate, score
from genrelib.features import feature_table, slice_tracks
from genrelib.models import make_model
from genrelib.studies.makam import load_makam
from genrelib.studies.published import published_tags, tags_by_track

LADDER = (*CONTROLS, "artist")
"""The protocol ``track`` on the tracks of ``artist``, its control, and ``artist`` itself."""
LAYOUTS = 3
"""Layouts of the folds: with one, chance decides more than its interval tells."""
KINDS = {"knn": "one neighbour", "logistic": "logistic regression", "svm": "SVM"}
"""Models that are asked, and what they are called here."""


def _tags() -> tuple[pd.DataFrame | np.ndarray, pd.DataFrame]:
    first, means = tags_by_track(*published_tags())
    return means, first


def _mini() -> tuple[pd.DataFrame | np.ndarray, pd.DataFrame]:
    slices = slice_tracks(load_corpus("gtzan-mini"))
    return feature_table(slices), slices


def _makam(unit: str) -> tuple[pd.DataFrame | np.ndarray, pd.DataFrame]:
    recordings, melodies = load_makam()
    # Square roots of shares: their Euclidean distance is that of Hellinger.
    return np.sqrt(melodies), recordings.assign(artist=recordings[unit])


CORPORA: dict[str, tuple[Callable[[], tuple], tuple[str, ...]]] = {
    "GTZAN, published tags": (_tags, ("logistic", "knn")),
    "GTZAN-mini, all features": (_mini, ("logistic",)),
    "makam, artists apart": (lambda: _makam("artist"), ("svm",)),
    "makam, releases apart": (lambda: _makam("release"), ("svm",)),
}
"""What is asked: how numbers and rows are had, and which models learn from them."""


def artist_ladders(
    *, seed: int = 0, fast: bool = False
) -> dict[tuple[str, str], dict[str, pd.DataFrame]]:
    """Have models predict every corpus under ``track``, its control, and ``artist``.

    Explained in chapter 9.

    Parameters
    ----------
    seed : int
        Seed of models and folds.
    fast : bool
        One model per corpus, and one layout of the folds.

    Returns
    -------
    dict of tuple to dict
        By corpus and model, predictions tables by the names of :data:`LADDER`. Each holds every
        slice once for each layout of the folds, so that a lucky one weighs less. What ``artist``
        holds out is what the corpus says: artists, or releases.
    """
    found = {}
    for corpus, (load, kinds) in CORPORA.items():
        X, rows = load()
        for kind in kinds[: 1 if fast else None]:
            model, name = make_model(kind, seed), KINDS[kind]
            found[corpus, name] = {
                exam: pd.concat(
                    [
                        cross_validate(model, X, rows, exam, seed=seed + k, jobs=2, model=name)
                        for k in range(1 if fast else LAYOUTS)
                    ],
                    ignore_index=True,
                )
                for exam in LADDER
            }
    return found


def ladder_scores(
    ladders: Mapping[tuple[str, str], Mapping[str, pd.DataFrame]], *, seed: int = 0
) -> pd.DataFrame:
    """Score what :func:`artist_ladders` gives, per slice, with the artist effect.

    Parameters
    ----------
    ladders : mapping
        As from :func:`artist_ladders`.
    seed : int
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        Columns ``corpus``, ``model``, ``what`` (a name of :data:`LADDER`, or a step of
        :func:`genrelib.evaluation.artist_effect`), ``value``, ``low``, ``high``, ``n_tracks`` and
        ``n_units`` (artists, or what else was held out).
    """
    rows = []
    for (corpus, model), told in ladders.items():
        scores = {exam: score(table, seed=seed).iloc[0] for exam, table in told.items()}
        steps = dict(artist_effect(told, seed=seed).iterrows())
        about = {"corpus": corpus, "model": model, "n_units": told["artist"]["unit"].nunique()}
        for what, found in (scores | steps).items():
            numbers = {key: found[key] for key in ("value", "low", "high", "n_tracks")}
            rows.append(about | {"what": what} | numbers)
    columns = ["corpus", "model", "what", "value", "low", "high", "n_tracks", "n_units"]
    return pd.DataFrame(rows, columns=columns)
