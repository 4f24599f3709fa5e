"""Training a model that names genres, and finding out how well it does.

Takes a corpus and gives a :class:`~genrelib.classify.Model`. The classifier is a multinomial
logistic regression on the standardised embedding of each slice. What it says of a whole recording
is calibrated, and what it refuses is decided, on tracks that it was not trained on; and all this
is judged in turn on tracks that took no part in either (:func:`audit`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.covariance import LedoitWolf
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from genrelib import __version__
from genrelib.classify import modelfile, nonmusic, stream
from genrelib.classify.modelfile import ModelError
from genrelib.classify.naming import Model, softmax, window
from genrelib.corpus import Corpus
from genrelib.evaluation import (
    BINS,
    PROTOCOLS,
    calibration_error,
    chance_error,
    cross_validate,
    fit_temperature,
    held_out,
    mean_with_interval,
    plan,
    pool,
    reliability,
    score,
    with_interval,
)
from genrelib.features import EAR_RATE, ear_table, feature_table, hear, slice_tracks
from genrelib.models import make_model

ACCEPTED = 0.975
"""Share of held-out tracks that each of the two limits lets pass."""
EXAMPLES = 60
"""Examples of each kind of sound that is not music."""
CAVEATS = (
    "The network of the ear learned from about 200,000 songs of the Million Song Dataset. They "
    "may include songs of this corpus, so that no protocol keeps them apart.",
    "Under the protocol track, artists are on both sides; for artists that the model does not "
    "know, expect the scores of the protocol artist.",
    "Scores are those of recordings at the loudness they have. Files are brought to one loudness "
    "before they are named, which makes the volume indifferent and costs a little accuracy: see "
    "data/results/classify.json.",
    "Probabilities fit recordings of 30 seconds, and music like that of the corpus.",
    "Speech, noise and tones were learned from synthetic examples.",
)


def classifier() -> BaseEstimator:
    """Make the untrained classifier of genres.

    Explained in chapter 9.

    Returns
    -------
    sklearn.base.BaseEstimator
        Logistic regression on standardised embeddings, with a penalty of 10 times the squared
        weights: there are about as many slices as numbers in an embedding.
    """
    return make_model("logistic", C=0.1, max_iter=5000)


def train(
    corpus: Corpus, *, seed: int = 0, say: Callable[[str], None] = lambda text: None
) -> Model:
    """Train a model on a corpus, and measure what its card says.

    Explained in chapter 9.

    Parameters
    ----------
    corpus : Corpus
        A corpus; for one whose audio is not on disk, measured before with the pretrained ear.
    seed : int
        Seed of folds, intervals and synthetic sounds.
    say : callable
        Takes a line on what is being done.

    Returns
    -------
    Model
        The model. Its card holds ``corpus``, ``made`` (day), ``genres``, ``tracks`` (id, genre,
        artist, title), ``slices``, ``level`` (median loudness in dB), ``limits`` (least log-odds
        of ``music``, largest ``distance``), ``temperature``, ``scores`` per protocol and level,
        ``calibration`` and ``refused`` (see :func:`audit`), ``caveats``, ``ear`` (its
        fingerprint), ``seed`` and ``versions``.

    Raises
    ------
    ModelError
        If the corpus has fewer than two genres of two tracks or more.
    CorpusError
        If the corpus was measured without the ear, or is not on disk.
    AudioError
        If audio cannot be read.
    """
    slices = slice_tracks(corpus.tracks)
    tracks = corpus.tracks.loc[slices["track_id"].unique()]
    if not _enough(slices):
        raise ModelError(
            f"{corpus.name}: a model needs two genres or more, of two tracks or more each, and "
            "every track at least 6 seconds long. Add some"
        )
    X = ear_table(corpus, slices)
    target = corpus_level(corpus, slices)
    known = tracks.astype(object).where(tracks.notna(), None)
    about: dict[str, Any] = {
        "corpus": corpus.name,
        "made": date.today().isoformat(),
        "tracks": [list(row) for row in known[["genre", "artist", "title"]].itertuples()],
        "slices": len(slices),
        "level": target,
        "ear": modelfile.fingerprint(),
        "seed": seed,
        "versions": {"genrelib": __version__}
        | {name: version(name) for name in ("numpy", "scikit-learn", "onnxruntime")},
        "caveats": list(CAVEATS),
    }
    say("hearing what is not music")
    other = hear_examples(target, seed)
    say("training, and testing under the protocols")
    arrays, card = fit(X, slices, other, seed=seed)
    card = about | card | {"scores": scores(X, slices, seed=seed)}
    say("testing probabilities and refusals on tracks held out")
    held = {name: audit(X, slices, name, other, seed=seed) for name in ("track", "artist")}
    card["calibration"] = {n: calibration_card(table, seed=seed) for n, table in held.items()}
    model = Model(card, arrays)
    refused = {} if held["track"].empty else {"held-out tracks": held["track"]["reason"].notna()}
    card["refused"] = {what: _rate(which) for what, which in refused.items()}
    for kind, examples in hear_examples(target, seed + 1).items():
        which = pd.Series([model.predict(windows).reason is not None for windows in examples])
        card["refused"][f"synthetic {kind}"] = _rate(which)
    return model


def _enough(slices: pd.DataFrame) -> bool:
    """Say whether tracks can be held out: two genres have two tracks or more each."""
    return bool((slices.groupby("genre")["track_id"].nunique() >= 2).sum() >= 2)


def corpus_level(corpus: Corpus, slices: pd.DataFrame) -> float:
    """Measure how loud a corpus is: the median over its tracks of their level in dB."""
    rms = feature_table(corpus, slices)[["rms_mean", "rms_std"]].astype(float)
    power = (rms**2).sum(axis=1)  # mean of the squares
    levels = power.groupby(slices["track_id"]).apply(lambda part: stream.level(part.to_numpy()))
    return float(levels[np.isfinite(levels)].median())


def hear_examples(target: float, seed: int) -> dict[str, np.ndarray]:
    """Let the ear hear sounds that are not music, at the loudness (dB) of a corpus.

    Gives for each kind embeddings of shape ``(n_examples, n_windows, 200)``.
    """
    heard: dict[str, list[np.ndarray]] = {kind: [] for kind in nonmusic.KINDS}
    for kind, y in nonmusic.examples(EXAMPLES, seed):
        gain = 10 ** ((target - stream.measure([y], EAR_RATE).level) / 20)
        heard[kind].append(window(hear(y * np.float32(gain), EAR_RATE))[0])
    return {kind: np.stack(parts) for kind, parts in heard.items()}


# The matrices are small: threads would wait for each other most of the time.
@threadpool_limits.wrap(limits=1)
def fit(
    X: pd.DataFrame, slices: pd.DataFrame, other: dict[str, np.ndarray], *, seed: int = 0
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Train classifier, temperature and limits on embeddings, row-aligned with slices.

    Takes what is not music from :func:`hear_examples`. Gives the arrays of a model, as in
    :data:`genrelib.classify.modelfile.ARRAYS`, and of its card ``genres``, ``temperature`` and
    ``limits``.
    """
    values, genre = X.to_numpy(float), slices["genre"].to_numpy(object)
    held, folds = [], plan(slices, "track", seed=seed).splits
    for train_, test in folds:
        arrays, genres = _arrays(values[train_], genre[train_], other)
        found = Model({"genres": genres}, arrays).scores(values[test])
        held.append(_table(slices.iloc[test], found, genres))
    judged = pd.concat(held, ignore_index=True)
    columns = [f"p_{name}" for name in sorted(set(genre))]
    judged = judged.reindex(columns=[*judged.columns.drop(columns, errors="ignore"), *columns])
    judged[columns] = judged[columns].fillna(0.0)
    temperature = fit_temperature(pool(judged.drop(columns=_SCORES)))
    whole = judged.groupby("track_id")[_SCORES].mean()
    limits = {
        "distance": _quantile(whole["distance"].to_numpy(), ACCEPTED),
        # Never refuse what is more like music, however far above that the held-out tracks are.
        "music": min(0.0, -_quantile(-whole["music"].to_numpy(), ACCEPTED)),
    }
    arrays, genres = _arrays(values, genre, other)
    arrays["weights"] /= temperature
    arrays["bias"] /= temperature
    arrays["far"] = np.sort(whole["distance"].to_numpy())
    order = slices["track_id"].unique()
    arrays["tracks"] = X.groupby(slices["track_id"]).mean().loc[order].to_numpy(np.float16)
    arrays = {n: a if n == "tracks" else np.asarray(a, np.float32) for n, a in arrays.items()}
    return arrays, {"genres": genres, "temperature": temperature, "limits": limits}


_SCORES = ["distance", "music"]


def _arrays(
    values: np.ndarray, genre: np.ndarray, other: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Train everything that needs no held-out tracks."""
    scaler, logistic = (step for _, step in classifier().fit(values, genre).steps)
    z, genres = scaler.transform(values), list(logistic.classes_)
    weights, bias = logistic.coef_, logistic.intercept_
    if len(genres) == 2:  # scikit-learn keeps the second genre's logit only
        weights, bias = np.concatenate([0 * weights, weights]), np.concatenate([0 * bias, bias])
    centres = np.stack([z[genre == name].mean(axis=0) for name in genres])
    shared = LedoitWolf().fit(z - centres[[genres.index(name) for name in genre]])
    eigenvalues, vectors = np.linalg.eigh(shared.covariance_)
    eigenvalues = np.maximum(eigenvalues, 1e-9)  # one slice of each genre has no spread
    # The symmetric root: eigenvectors alone have no sign of their own.
    whiten = vectors / np.sqrt(eigenvalues) @ vectors.T
    sounds, sound_bias = _sounds(z, scaler, other)
    return {
        "mean": scaler.mean_,
        "scale": scaler.scale_,
        "weights": weights,
        "bias": bias,
        "whiten": whiten,
        "centres": centres @ whiten,
        "sounds": sounds,
        "sound_bias": sound_bias,
    }, genres


def _sounds(
    z: np.ndarray, scaler: StandardScaler, other: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Learn to tell music from each kind of other sound; music comes first."""
    parts = [
        scaler.transform(windows.reshape(-1, windows.shape[-1])) for windows in other.values()
    ]
    kinds = np.repeat(np.arange(1 + len(parts)), [len(z), *map(len, parts)])
    logistic = LogisticRegression(C=0.1, max_iter=5000, class_weight="balanced")
    logistic.fit(np.concatenate([z, *parts]), kinds)
    return logistic.coef_, logistic.intercept_


def _table(rows: pd.DataFrame, found: dict[str, np.ndarray], genres: list[str]) -> pd.DataFrame:
    """Lay out scores of slices as a predictions table, with two columns more."""
    probabilities = softmax(found["logits"])
    table = rows.reset_index()[["slice_id", "track_id", "genre"]]
    table["predicted"] = [genres[k] for k in probabilities.argmax(axis=1)]
    table[_SCORES] = np.stack([found[name] for name in _SCORES], axis=1)
    return table.assign(**{f"p_{g}": probabilities[:, k] for k, g in enumerate(genres)})


def _quantile(values: np.ndarray, share: float) -> float:
    """Give the limit under which another value stays with this probability (split conformal)."""
    rank = min(math.ceil((len(values) + 1) * share), len(values))
    return float(np.sort(values)[rank - 1])


@threadpool_limits.wrap(limits=1)
def scores(X: pd.DataFrame, slices: pd.DataFrame, *, seed: int = 0) -> dict[str, Any]:
    """Score the classifier under every protocol, per slice and per track (:func:`pool`).

    Gives for each protocol, for ``slice`` and ``track``, the accuracy as ``value``, ``low``,
    ``high``, with ``n_tracks`` and ``n_genres``; None where it can test nothing. ``not_tested``
    names genres left out, with the reason.
    """
    result: dict[str, Any] = {}
    for name in PROTOCOLS:
        table = cross_validate(classifier(), X, slices, name, seed=seed, model="ear")
        entry: dict[str, Any] = {"slice": None, "track": None}
        if len(table):
            for level, rows in (("slice", table), ("track", pool(table))):
                found = score(rows, seed=seed).query("metric == 'accuracy'")
                entry[level] = found.iloc[0].drop(["level", "metric"]).to_dict()
        result[name] = entry | {"not_tested": table.attrs["not_tested"]}
    return result


def audit(
    X: pd.DataFrame,
    slices: pd.DataFrame,
    protocol: str,
    other: dict[str, np.ndarray],
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Judge every track by a model whose training knew nothing of its fold.

    In each fold of the protocol, in which tracks have to stay whole, all the training is done
    again: classifier, temperature and limits are learned from the other folds, the latter two
    under the protocol ``track`` within them. Gives a predictions table with one row per track,
    ``slice_id`` being its ``track_id``; the column ``reason`` says why a track was refused, and is
    missing for the others. Empty where the corpus is too small for that.
    """
    rows, genres = [], sorted(slices["genre"].unique())
    units = held_out(slices, PROTOCOLS[protocol].holds_out)
    for fold, (train_, test) in enumerate(plan(slices, protocol, seed=seed).splits):
        if not _enough(slices.iloc[train_]):
            continue  # nothing could be held out of what is left, to learn the limits from
        arrays, card = fit(X.iloc[train_], slices.iloc[train_], other, seed=seed)
        names = slices["track_id"].iloc[train_].unique()
        model = Model(card | {"tracks": [[name, "", None, None] for name in names]}, arrays)
        for track, part in slices.iloc[test].groupby("track_id"):
            found = model.predict(X.loc[part.index].to_numpy())
            named = {f"p_{genre}": found.probabilities.get(genre, 0.0) for genre in genres}
            predicted = next(iter(found.probabilities))
            rows.append(
                {"slice_id": track, "track_id": track, "unit": units[part.index[0]]}
                | {"genre": part["genre"].iloc[0]}
                | {"predicted": predicted, "fold": fold, "protocol": protocol, "model": "ear"}
                | {"reason": found.reason, **named}
            )
    return pd.DataFrame(rows)


def calibration_card(held: pd.DataFrame, *, seed: int = 0) -> dict[str, Any] | None:
    """Say how far the probabilities of held-out tracks (:func:`audit`) are from the truth.

    ``error`` is the expected calibration error as ``value``, ``low``, ``high`` (95 % interval
    over what the protocol held out); ``chance`` that of calibrated probabilities on so few tracks;
    ``bins`` their number; ``reliability`` the bins as records. None where nothing was held out.
    """
    if held.empty:
        return None
    return {
        "error": with_interval(calibration_error, held, "distance", seed=seed),
        "chance": chance_error(held, seed=seed),
        "bins": BINS,
        "n_tracks": len(held),
        "reliability": reliability(held).to_dict("records"),
    }


def _rate(refused: pd.Series) -> dict[str, float]:
    """Share of what was refused, with its 95 % interval."""
    told = pd.DataFrame({"refused": refused.to_numpy(float)})
    found = mean_with_interval(told, np.arange(len(told))).to_dict("records")[0]
    return {str(name): float(value) for name, value in found.items()} | {"n": len(told)}
