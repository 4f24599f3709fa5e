"""How well a model does on artists, cultures and genres that it never met: what its card says.

In each fold of a protocol all the training is done again: penalty, temperatures and limits are
learned from what is not in the fold (:func:`genrelib.classify.training.fit`), and what is in it is
judged once.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from genrelib.classify.naming import LENGTHS, Model
from genrelib.classify.pieces import TAG_COLUMNS, pieces
from genrelib.classify.recordings import as_tags, dealt, sounds, whole
from genrelib.classify.training import CORPORA, FOLDS, enough, fit
from genrelib.corpus import load_corpus
from genrelib.evaluation import (
    PROTOCOLS,
    calibration_error,
    chance_error,
    held_out,
    mean_with_interval,
    plan,
    reliability,
    score,
    with_interval,
)

PROTOCOL_NAMES = ("track", "artist", "fault-filtered")
"""Protocols that keep tracks whole."""
LEAST = 30
"""Tracks that a score needs."""


@threadpool_limits.wrap(limits=1)
def run(rows: pd.DataFrame, other: pd.DataFrame, *, seed: int = 0) -> dict[str, Any]:
    """Try a model on what its training did not know.

    Parameters
    ----------
    rows : pandas.DataFrame
        From :func:`genrelib.classify.pieces`.
    other : pandas.DataFrame
        From :func:`genrelib.classify.recordings.as_tags`.
    seed : int
        Seed of folds and intervals.

    Returns
    -------
    dict
        ``scores`` by protocol and length: ``accuracy`` with its interval, mean ``confidence``,
        expected calibration ``error`` with its interval, the error that ``chance`` alone would
        give, ``n_tracks``, ``n_genres``, ``recall`` by genre, and ``reliability``; None where
        there are fewer than 30 tracks. ``refused``: by what was heard, the shares that were called
        ``not music`` and ``unfamiliar``, of ``n`` recordings.
    """
    told = {name: judge_held_out(rows, other, name, seed=seed) for name in PROTOCOL_NAMES}
    scores = {name: _by_length(pieces_, seed) for name, (pieces_, _) in told.items()}
    refused: dict[str, Any] = {}
    known, strange = told["artist"] if len(told["artist"][0]) else told["track"]
    for length in LENGTHS:
        part = known[known["seconds"] == length] if len(known) else known
        if len(part):
            refused[f"music of these genres, {length:g} s"] = _refused(part)
    for kind, part in strange.groupby("kind") if len(strange) else ():
        refused[f"{kind}, held out"] = _refused(part)
    for genre, part in genres_left_out(rows, other, seed=seed).groupby("genre"):
        refused[f"{genre}, a genre left out"] = _refused(part)
    return {"scores": scores, "refused": refused}


def judge_held_out(
    rows: pd.DataFrame, other: pd.DataFrame, protocol: str, *, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Judge every piece by a model whose training knew nothing of its fold.

    Gives a predictions table of the pieces, with ``seconds`` and ``reason`` (empty where a genre
    is named), and one of the other sounds, each judged in the fold of its culture or package.
    """
    learned = rows[rows["learned"]]
    packs = dealt(other, FOLDS, seed)
    units = held_out(rows, PROTOCOLS[protocol].holds_out)
    judged, strange = [], []
    for fold, (train, test) in enumerate(plan(learned, protocol, seed=seed).splits):
        inside = rows["track_id"].isin(learned["track_id"].iloc[train])
        if not enough(rows[inside]):
            continue  # nothing could be held out of what is left, to learn the limits from
        model = Model(*reversed(fit(rows[inside], other[packs != fold], seed=seed)))
        part = rows[rows["track_id"].isin(learned["track_id"].iloc[test])]
        judged.append(_told(model, part.assign(unit=units, fold=fold), protocol))
        outside = whole(other[packs == fold])
        found = model.verdicts(outside[TAG_COLUMNS].to_numpy(), outside["seconds"])
        strange.append(outside[["recording", "kind", "unit"]].assign(reason=found.reason))
    genres = [f"p_{genre}" for genre in sorted(rows["genre"].unique())]
    table = pd.concat(judged) if judged else pd.DataFrame()
    if judged:
        table[genres] = table.reindex(columns=genres).fillna(0.0)
    return table, pd.concat(strange) if strange else pd.DataFrame()


def refused_held_out(kind: str, *, seed: int = 0) -> pd.Series:
    """Say which other sounds are refused by models that did not know what they are held out with.

    Parameters
    ----------
    kind : str
        One of :data:`genrelib.classify.SOUND_KINDS`; of songs, whole cultures are held out.
    seed : int
        Seed of the folds.

    Returns
    -------
    pandas.Series
        By the name of each recording of that kind among :func:`genrelib.classify.sounds`:
        ``unfamiliar``, ``not music``, or empty where a genre is named. All training on the
        corpora of the model of the package is done again for each of five folds.
    """
    rows = pieces([load_corpus(name) for name in CORPORA])
    _, others = judge_held_out(rows, as_tags(sounds()), "artist", seed=seed)
    return others[others["kind"] == kind].set_index("recording")["reason"].sort_index()


def genres_left_out(rows: pd.DataFrame, other: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Judge the tracks of each genre by a model that never met the genre."""
    parts = []
    for genre in sorted(rows["genre"].unique()):
        inside = rows[rows["genre"] != genre]
        if enough(inside):
            model = Model(*reversed(fit(inside, other, seed=seed)))
            part = rows[(rows["genre"] == genre) & rows["learned"]]
            parts.append(_told(model, part.assign(fold=0), "genre"))
    columns = ["genre", "reason", "unit"]
    return pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)


def _told(model: Model, rows: pd.DataFrame, protocol: str) -> pd.DataFrame:
    found = model.verdicts(rows[TAG_COLUMNS].to_numpy(), rows["seconds"])
    table = rows[["track_id", "unit", "genre", "fold", "seconds"]].reset_index(names="slice_id")
    table["predicted"] = [model.genres[k] for k in found.probabilities.argmax(axis=1)]
    table = table.assign(protocol=protocol, model="ear", reason=found.reason)
    shares = pd.DataFrame(found.probabilities, columns=[f"p_{g}" for g in model.genres])
    return pd.concat([table, shares], axis=1)


def _by_length(told: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Score the pieces of each length; every piece of a track counts, and they count together."""
    result: dict[str, Any] = {}
    for length in LENGTHS:
        part = told[told["seconds"] == length] if len(told) else told
        many = len(part) and part["track_id"].nunique() >= LEAST
        result[f"{length:g} s"] = _scored(part, seed) if many else None
    return result


def _scored(part: pd.DataFrame, seed: int) -> dict[str, Any]:
    found = score(part, seed=seed).query("level == 'slice' and metric == 'accuracy'").iloc[0]
    right = (part["genre"] == part["predicted"]).groupby(part["genre"]).mean()
    return {
        "accuracy": {name: float(found[name]) for name in ("value", "low", "high")},
        "confidence": float(part.filter(like="p_").max(axis=1).mean()),
        "error": with_interval(calibration_error, part, "distance", seed=seed),
        "chance": chance_error(part, seed=seed),
        "n_tracks": int(found["n_tracks"]),
        "n_genres": int(found["n_genres"]),
        "recall": {str(genre): float(value) for genre, value in right.items()},
        "reliability": reliability(part).to_dict("records"),
    }


def _refused(part: pd.DataFrame) -> dict[str, Any]:
    """Give shares of what was refused, with 95 % intervals over what was held out together."""
    reasons = ["not music", "unfamiliar"]
    shares = pd.DataFrame({name: (part["reason"] == name).astype(float) for name in reasons})
    found = mean_with_interval(shares, part["unit"])
    rates: dict[str, Any] = {str(name): row.to_dict() for name, row in found.iterrows()}
    return {"n": len(part)} | rates
