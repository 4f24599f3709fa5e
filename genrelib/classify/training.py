"""Training a model that names genres.

Takes corpora and gives a :class:`~genrelib.classify.Model`. The classifier is a multinomial
logistic regression on the log-odds of the tags that the pretrained ear gives, one row per track
(:mod:`genrelib.classify.pieces`). Its penalty, how sure it may be of recordings of each length,
and what it refuses are learned from artists that were held out of the training. How well all this
does is found out by :mod:`genrelib.classify.trial`, on artists that took no part in either.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.covariance import LedoitWolf
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from genrelib import __version__
from genrelib.classify import modelfile, stream
from genrelib.classify.modelfile import ModelError
from genrelib.classify.naming import LENGTHS, Model, softmax
from genrelib.classify.pieces import TAG_COLUMNS, pieces, without
from genrelib.classify.recordings import SOUND_KINDS, as_tags, dealt, sounds, whole
from genrelib.corpus import Corpus, CorpusError, load_corpus
from genrelib.evaluation import fit_temperature, whole_groups
from genrelib.features import feature_table, slice_tracks
from genrelib.models import make_model

CORPORA = ("gtzan-mini", "gtzan-clips", "gtzan-tags")
"""What the model of the package is trained on."""
PENALTIES = (0.01, 0.03, 0.1, 0.3)
"""Inverse strengths of the penalty on the weights (C) that are tried."""
FOLDS = 5
QUANTILES = 199
"""Quantiles that stand for what was found on held-out recordings of a length."""
TURNED_AWAY = 0.01
"""Share of held-out songs that each of two limits may call "not music"; of the music that was
learned, a quarter of it."""
CAVEATS = (
    "The network of the ear learned from about 200,000 songs of the Million Song Dataset. They "
    "may include songs of this corpus, so that no protocol keeps them apart.",
    "Under the protocol track, artists are on both sides; for artists that the model does not "
    "know, expect the scores of the protocol artist.",
    "Scores are those of recordings at the loudness they have. Files are brought to one loudness "
    "before they are named, which makes the volume indifferent.",
    "Probabilities fit music like that of the corpus, by artists that the model does not know.",
    "Songs from elsewhere are field recordings, and most other sounds come from games: what sets "
    "them apart may be the recording.",
)


def classifier(C: float = 0.1) -> BaseEstimator:
    """Make the untrained classifier of genres.

    Explained in chapter 8.

    Parameters
    ----------
    C : float
        Inverse strength of the penalty on the weights.

    Returns
    -------
    sklearn.base.BaseEstimator
        Logistic regression on standardised columns; each genre has the same weight, however many
        tracks it has.
    """
    return make_model("logistic", C=C, max_iter=5000, class_weight="balanced")


def train(
    corpora: Sequence[Corpus] | None = None,
    *,
    hold_out: Collection[str] = (),
    seed: int = 0,
    say: Callable[[str], None] = lambda text: None,
) -> Model:
    """Train a model on corpora, and measure what its card says.

    Explained in chapter 8.

    Parameters
    ----------
    corpora : sequence of Corpus, optional
        Corpora, measured before with the pretrained ear or with audio on disk; those of the model
        of the package, :data:`CORPORA`, if left out. A track that is in several of them is learned
        from once.
    hold_out : collection of str
        Track ids and artists to leave out, whatever the corpus.
    seed : int
        Seed of folds and intervals.
    say : callable
        Takes a line on what is being done.

    Returns
    -------
    Model
        The model. Its card holds ``corpus``, ``made`` (day), ``genres``, ``tracks`` (id, genre,
        artist, title), ``level`` (median loudness in dB), ``limits`` (largest log-odds of
        ``speech`` and ``other`` sounds), ``temperature`` of each of :data:`LENGTHS`, ``scores``
        per protocol and length, ``refused`` (see :mod:`genrelib.classify.trial`), ``caveats``,
        ``ear`` (its fingerprint), ``seed``, ``held_out`` and ``versions``.

    Raises
    ------
    ModelError
        If the corpora have fewer than two genres of two tracks or more, or what is to be held out
        is not there.
    CorpusError
        If a corpus was measured without the ear, or is not on disk.
    AudioError
        If audio cannot be read.
    """
    from genrelib.classify import trial

    corpora = [load_corpus(name) for name in CORPORA] if corpora is None else corpora
    say("hearing the tracks")
    rows = without(pieces(corpora), hold_out)
    names = "+".join(corpus.name for corpus in corpora)
    if not enough(rows):
        raise ModelError(
            f"{names}: a model needs two genres or more, of two tracks or more each. Add some"
        )
    other = as_tags(sounds())
    say("training")
    arrays, card = fit(rows, other, seed=seed)
    tracks = rows.loc[rows["learned"], ["track_id", "genre", "artist", "title"]].astype(object)
    about: dict[str, Any] = {
        "corpus": names,
        "made": _today(),
        "tracks": tracks.where(tracks.notna(), None).to_numpy().tolist(),
        "level": loudness(corpora),
        "ear": modelfile.fingerprint(),
        "seed": seed,
        "held_out": sorted(hold_out),
        "versions": {"genrelib": __version__}
        | {name: version(name) for name in ("numpy", "scikit-learn", "onnxruntime")},
        "caveats": list(CAVEATS),
    }
    say("testing on tracks and artists held out")
    return Model(about | card | trial.run(rows, other, seed=seed), arrays)


def _today() -> str:
    """Give the day, or that of SOURCE_DATE_EPOCH: the same training then gives the same file."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now()
    return moment.date().isoformat()


def enough(rows: pd.DataFrame) -> bool:
    """Say whether tracks can be held out: two genres have two tracks or more each."""
    return bool((rows.groupby("genre")["track_id"].nunique() >= 2).sum() >= 2)


def loudness(corpora: Sequence[Corpus]) -> float:
    """Measure how loud corpora are: the median over their tracks of the level in dB.

    Corpora of which the package has no features have no part in it; alone, they are taken for as
    loud as the music of the model of the package.
    """
    levels: list[float] = []
    for corpus in corpora:
        slices = slice_tracks(corpus)
        try:
            rms = feature_table(corpus, slices)[["rms_mean", "rms_std"]].astype(float)
        except CorpusError:  # no features, or no track as long as a slice
            continue
        power = (rms**2).sum(axis=1)  # mean of the squares
        tracks = power.groupby(slices["track_id"])
        levels.extend(stream.level(part.to_numpy()) for _, part in tracks)
    heard = [level for level in levels if np.isfinite(level)]
    return float(np.median(heard)) if heard else LEVEL


LEVEL = -17.0
"""Loudness of the tracks of gtzan-mini in dB."""


# The matrices are small: threads would wait for each other most of the time.
@threadpool_limits.wrap(limits=1)
def fit(
    rows: pd.DataFrame, other: pd.DataFrame, *, seed: int = 0
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Train classifier, temperatures and limits.

    Takes rows of :func:`pieces`, and what is not music like that from :func:`as_tags`. Gives the
    arrays of a model, as in :data:`genrelib.classify.modelfile.ARRAYS`, and of its card
    ``genres``, ``penalty``, ``temperature`` and ``limits``.
    """
    learned = rows[rows["learned"]]
    splits = folds(learned, seed)
    penalty = _penalty(learned, splits)
    packs = dealt(other, FOLDS, seed)
    held, songs = [], []
    for k, (train_, test) in enumerate(splits):
        inside = other[packs != k]
        arrays, genres = _arrays(learned.iloc[train_], inside, penalty)
        model = Model({"genres": genres}, arrays)
        part = rows[rows["track_id"].isin(learned["track_id"].iloc[test])]
        held.append(_judged(model, part))
        outside = whole(other[(packs == k) & (other["kind"] == "song").to_numpy()])
        found = model.scores(outside[TAG_COLUMNS].to_numpy())
        songs.append(pd.DataFrame({name: found[name] for name in LIMITED}))
    judged, sung = pd.concat(held).fillna(0.0), pd.concat(songs)
    card = {
        "penalty": penalty,
        "temperature": [_temperature(judged, length) for length in LENGTHS],
        "limits": {name: _limit(judged[name], sung[name]) for name in LIMITED},
    }
    arrays, genres = _arrays(learned, other, penalty)
    arrays["far"], arrays["odd"] = (_quantiles(judged, n) for n in ("distance", "oddity"))
    arrays = {n: np.asarray(a, np.float32) for n, a in arrays.items()}
    arrays["tracks"] = learned[TAG_COLUMNS].to_numpy(np.float16)
    return arrays, {"genres": genres} | card


def folds(learned: pd.DataFrame, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Lay out folds that hold out artists; recordings, in a genre that has one artist only."""
    artists = learned.groupby("genre")["unit"].transform("nunique") > 1
    units = learned["unit"].where(artists, learned.get("recording", learned["track_id"]))
    return whole_groups(learned, units, [], FOLDS, seed)


def _penalty(learned: pd.DataFrame, splits: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Choose the penalty under which held-out genres are most likely."""
    X, genre = learned[TAG_COLUMNS].to_numpy(), learned["genre"].to_numpy(object)
    genres = sorted(set(genre))
    losses = []
    for C in PENALTIES:
        told = []
        for train_, test in splits:
            model = classifier(C).fit(X[train_], genre[train_])
            shares = pd.DataFrame(model.predict_proba(X[test]), columns=model.classes_)
            shares = shares.reindex(columns=genres, fill_value=0.0)
            true = [genres.index(name) for name in genre[test]]
            told.append(shares.to_numpy()[np.arange(len(test)), true])
        losses.append(-np.log(np.maximum(np.concatenate(told), 1e-6)).mean())
    return PENALTIES[int(np.argmin(losses))]


def _arrays(
    learned: pd.DataFrame, other: pd.DataFrame, penalty: float
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Train everything that needs no held-out tracks."""
    values, genre = learned[TAG_COLUMNS].to_numpy(), learned["genre"].to_numpy(object)
    scaler, logistic = (step for _, step in classifier(penalty).fit(values, genre).steps)
    z, genres = scaler.transform(values), list(logistic.classes_)
    weights, bias = logistic.coef_, logistic.intercept_
    if len(genres) == 2:  # scikit-learn keeps the second genre's logit only
        weights, bias = np.concatenate([0 * weights, weights]), np.concatenate([0 * bias, bias])
    centres = np.stack([z[genre == name].mean(axis=0) for name in genres])
    shared = LedoitWolf().fit(z - centres[[genres.index(name) for name in genre]])
    eigenvalues, vectors = np.linalg.eigh(shared.covariance_)
    eigenvalues = np.maximum(eigenvalues, 1e-9)  # one track of each genre has no spread
    # The symmetric root: eigenvectors alone have no sign of their own.
    whiten = vectors / np.sqrt(eigenvalues) @ vectors.T
    heard = scaler.transform(other[TAG_COLUMNS].to_numpy())
    # Numbers keep the classes in their order.
    kinds = np.concatenate([np.zeros(len(z), int), other["kind"].map(SOUND_KINDS.index)])
    told = LogisticRegression(C=0.1, max_iter=5000, class_weight="balanced")
    with warnings.catch_warnings():
        # Next to a corpus of a few tracks that are alike, all else is far away.
        warnings.simplefilter("ignore", ConvergenceWarning)
        told.fit(np.concatenate([z, heard]), kinds)
    return {
        "mean": scaler.mean_,
        "scale": scaler.scale_,
        "weights": weights,
        "bias": bias,
        "whiten": whiten,
        "centres": centres @ whiten,
        "sounds": told.coef_,
        "sound_bias": told.intercept_,
    }, genres


LIMITED = ("speech", "other")
_SCORES = ["distance", "oddity", *LIMITED]


def _judged(model: Model, rows: pd.DataFrame) -> pd.DataFrame:
    """Lay out what a model says of pieces as a predictions table, with four columns more."""
    found = model.scores(rows[TAG_COLUMNS].to_numpy())
    table = rows[["track_id", "genre", "seconds"]].assign(slice_id=rows.index)
    table[_SCORES] = np.stack([found[name] for name in _SCORES], axis=1)
    shares = pd.DataFrame(softmax(found["logits"]), rows.index, [f"p_{g}" for g in model.genres])
    return pd.concat([table, shares], axis=1)


def _of_length(judged: pd.DataFrame, length: float) -> pd.DataFrame:
    """Take the held-out pieces of one length, or of the next that there is."""
    there = sorted(judged["seconds"].unique(), key=lambda s: abs(np.log(s / length)))
    return judged[judged["seconds"] == there[0]]


def _temperature(judged: pd.DataFrame, length: float) -> float:
    return fit_temperature(_of_length(judged, length).drop(columns=["seconds", *_SCORES]))


def _quantiles(judged: pd.DataFrame, name: str) -> np.ndarray:
    levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return np.stack(
        [np.quantile(_of_length(judged, n)[name], levels, method="higher") for n in LENGTHS]
    )


def _limit(music: pd.Series, songs: pd.Series) -> float:
    """Find log-odds of another sound above which hardly any music, and hardly any song, is."""
    return float(max(songs.quantile(1 - TURNED_AWAY), music.quantile(1 - TURNED_AWAY / 4)))
