"""Do the intervals hold the truth? Answers are simulated, of which the truth is known.

A simulated model is right on a known share of the slices. Artists differ around that, and tracks
around their artist, as much as two numbers say (:func:`alike` measures both). Then every kind of
interval is computed in each of many runs, and asked how often it holds the truth.

Genres are equally hard here. Where they are not, an interval is wider than it need be: each draw
has another mix of genres, whereas a corpus has one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from genrelib.evaluation.intervals import CONFIDENCE, ends, resample

UNITS = ("slice", "track", "artist")
METHODS = ("percentiles", "the book's")
"""The ends of an interval: percentiles of the draws (Efron and Tibshirani 1993), or those of
:func:`genrelib.evaluation.ends`."""


def alike(predictions: pd.DataFrame, artists: pd.Series) -> dict[str, float]:
    """Measure how much slices of one track, and tracks of one artist, are right or wrong together.

    Explained in chapter 9.

    Both are correlations of hits (1) and misses (0) between two slices, with the accuracy of the
    genre taken off first. They are means over all pairs, so that neither number of slices nor of
    tracks biases them. Taking off what was estimated from the same few artists makes them too
    small rather than too large.

    Parameters
    ----------
    predictions : pandas.DataFrame
        The predictions table of one model under one protocol.
    artists : pandas.Series
        Artist by ``track_id``; missing where it is not known.

    Returns
    -------
    dict
        ``track``, the correlation of two slices of one track, and ``artist``, that of slices of
        two tracks of one artist; missing where there are no such pairs.
    """
    hit = (predictions["genre"] == predictions["predicted"]).astype(float)
    rest = hit - hit.groupby(predictions["genre"]).transform("mean")
    artist = predictions["track_id"].map(artists).fillna(predictions["track_id"])
    pairs = {}
    for name, group in (("track", predictions["track_id"]), ("artist", artist)):
        groups = rest.groupby(group.to_numpy())
        pairs[name] = np.array([(groups.sum() ** 2).sum(), (groups.size() ** 2).sum()], float)
    same = np.array([(rest**2).sum(), len(rest)])
    between = {"track": pairs["track"] - same, "artist": pairs["artist"] - pairs["track"]}
    variance = float((rest**2).mean())
    return {
        name: float(total / count / variance) if count and variance else float("nan")
        for name, (total, count) in between.items()
    }


@dataclass(frozen=True)
class Answers:
    """Simulated answers to a collection of tracks, and the truth that made them.

    Parameters
    ----------
    hits : numpy.ndarray
        Slices that are named rightly, ``(n_runs, n_tracks)``.
    n_slices : int
        Slices of each track.
    artists : numpy.ndarray
        Number of the artist of each track.
    truth : dict of str to numpy.ndarray
        Accuracy to expect in each run, by what a protocol holds out: ``track`` for new songs of
        the same artists, ``artist`` for songs of new ones.
    """

    hits: np.ndarray
    n_slices: int
    artists: np.ndarray
    truth: dict[str, np.ndarray]


def simulate(
    artists: ArrayLike,
    accuracy: float,
    correlation: Mapping[str, float],
    *,
    n_slices: int = 5,
    n_runs: int = 1000,
    seed: int = 0,
) -> Answers:
    """Let a model answer that is right as often as was decided before.

    The share of slices that it gets right is drawn for each artist around the accuracy, and for
    each track around that of its artist, both from beta distributions; so any two slices have the
    correlation asked for.

    Parameters
    ----------
    artists : array-like of str, shape (n_tracks,)
        The artist of each track of a corpus.
    accuracy : float
        The true one, of all artists there might be.
    correlation : mapping
        ``track`` and ``artist``, as from :func:`alike`; both below 1, and a ``track`` below
        ``artist`` counts as equal to it, since slices of one track are of one artist, too.
    n_slices : int
        Slices of each track.
    n_runs : int
        How often to simulate.
    seed : int
        Seed of the simulation.

    Returns
    -------
    Answers
        Hits and truth.
    """
    rng = np.random.default_rng(seed)
    of, names = pd.factorize(np.asarray(artists, object))
    # What tracks add to the correlation that their artists give their slices already.
    added = (correlation["track"] - correlation["artist"]) / (1 - correlation["artist"])
    mean = np.full((n_runs, len(names)), float(accuracy))
    by_artist = _around(mean, correlation["artist"], rng)[:, of]
    hits = rng.binomial(n_slices, _around(by_artist, added, rng))
    truth = {"track": by_artist.mean(axis=1), "artist": mean.mean(axis=1)}
    return Answers(hits, n_slices, of, truth)


def _around(mean: np.ndarray, correlation: float, rng: np.random.Generator) -> np.ndarray:
    """Draw shares around a mean, whose hits have a correlation."""
    if correlation <= 0:
        return mean
    both = 1 / correlation - 1
    least = 1e-9  # of a beta distribution both numbers are above zero
    return rng.beta(np.maximum(mean * both, least), np.maximum((1 - mean) * both, least))


def intervals_of(
    answers: Answers, unit: str, *, n_boot: int = 1000, seed: int = 0
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Compute the interval of the accuracy in every run.

    Parameters
    ----------
    answers : Answers
        Simulated answers.
    unit : {"slice", "track", "artist"}
        What to draw again.
    n_boot : int
        Draws.
    seed : int
        Seed of the draws, which are the same in every run.

    Returns
    -------
    dict
        Low and high ends, each ``(n_runs,)``, by :data:`METHODS`.
    """
    rng = np.random.default_rng(seed)
    hits, n_tracks = answers.hits, answers.hits.shape[1]
    n_all = n_tracks * answers.n_slices
    value = hits.sum(axis=1) / n_all
    if unit == "slice":  # draws of slices are right as often as a coin with this share says
        n_units, drawn = n_all, rng.binomial(n_all, value, (n_boot, len(value))) / n_all
    else:
        of = np.arange(n_tracks) if unit == "track" else answers.artists
        member = np.eye(of.max() + 1)[of]
        n_units = member.shape[1]
        weights = resample(rng, n_units, n_boot).astype(float)
        sizes = member.sum(axis=0) * answers.n_slices
        drawn = (weights @ (hits @ member).T) / (weights @ sizes)[:, None]
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(drawn, (tail, 100 - tail), axis=0)
    return {"percentiles": (low, high), "the book's": ends(value, drawn, n_units)}


def coverage(answers: Answers, *, n_boot: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Count how often each kind of interval holds the truth.

    Explained in chapter 9.

    Parameters
    ----------
    answers : Answers
        Simulated answers.
    n_boot : int
        Draws of each interval.
    seed : int
        Seed of the draws.

    Returns
    -------
    pandas.DataFrame
        One row per ``question`` (``track`` or ``artist``), ``unit`` that was drawn and ``method``:
        ``held``, the share of the runs in which the interval held the truth; ``error``, the
        standard error of that share, of so many runs; ``width``, the median width.
    """
    rows = []
    for unit in UNITS:
        for method, (low, high) in intervals_of(answers, unit, n_boot=n_boot, seed=seed).items():
            for question, truth in answers.truth.items():
                held = ((low <= truth) & (truth <= high)).mean()
                error = np.sqrt(held * (1 - held) / len(truth))
                rows.append((question, unit, method, held, error, np.median(high - low)))
    return pd.DataFrame(rows, columns=["question", "unit", "method", "held", "error", "width"])


def coverage_by_correlation(
    artists: ArrayLike,
    accuracy: float,
    of_track: float,
    of_artist: Sequence[float],
    *,
    n_slices: int = 5,
    n_runs: int = 1000,
    n_boot: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """Count how often intervals hold the truth, the more alike the tracks of an artist are.

    Explained in chapter 9.

    Parameters
    ----------
    artists : array-like of str, shape (n_tracks,)
        The artist of each track of a corpus.
    accuracy : float
        As in :func:`simulate`.
    of_track : float
        Correlation of two slices of one track.
    of_artist : sequence of float
        Correlations of slices of two tracks of one artist.
    n_slices : int
        Slices of each track.
    n_runs : int
        How often to simulate.
    n_boot : int
        Draws of each interval.
    seed : int
        Seed of everything random.

    Returns
    -------
    pandas.DataFrame
        As from :func:`coverage`, with the column ``correlation``.
    """
    parts = []
    for r in of_artist:
        both = {"track": of_track, "artist": r}
        answers = simulate(artists, accuracy, both, n_slices=n_slices, n_runs=n_runs, seed=seed)
        parts.append(coverage(answers, n_boot=n_boot, seed=seed).assign(correlation=r))
    return pd.concat(parts, ignore_index=True)
