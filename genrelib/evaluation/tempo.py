"""How often the tempo is right, a function per question.

Takes the tempo column of the feature table and the annotated tempo, both from
:mod:`genrelib.features`, and gives the tables that the book shows. Every function also takes
tracks of which nothing is known: counts are then zero, and averages missing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from genrelib.corpus import Corpus
from genrelib.evaluation.scores import mean_with_interval
from genrelib.features import (
    FACTORS,
    TEMPO_TOLERANCE,
    annotated_tempo,
    tempo_accuracy,
    tempo_factor,
    track_tempo,
)

_CALLED = dict(
    zip(FACTORS, ("a third of the tempo", "half the tempo", "the tempo", "twice the tempo",
                  "three times the tempo"), strict=True)
)  # fmt: skip
"""What the book calls the multiples of a tempo."""


def tempo_readings(
    music: Corpus, slices: pd.DataFrame, of_slices: pd.Series
) -> dict[str, pd.Series]:
    """Estimate the tempo from one slice, from all slices of a track, and from the whole track.

    Explained in chapter 3.

    Parameters
    ----------
    music : Corpus
        The tracks.
    slices : pandas.DataFrame
        Their slices, with ``track_id``.
    of_slices : pandas.Series
        Column ``tempo`` of the feature table, row-aligned with ``slices``.

    Returns
    -------
    dict
        For each of the three, beats per minute by ``track_id``, for tracks whose tempo is
        annotated. Of whole tracks there are those that :func:`genrelib.features.track_tempo`
        knows; none may be left.
    """
    known = annotated_tempo(music).index
    one = of_slices.astype(float).set_axis(slices["track_id"])
    one = one[one.index.isin(known)]
    return {
        "one slice": one,
        "median of the slices": one.groupby(level=0).median(),
        "the whole track": track_tempo(music, known).dropna(),
    }


def tempo_scores(
    readings: dict[str, pd.Series], annotated: pd.Series, *, seed: int = 0
) -> pd.DataFrame:
    """Score estimates of the tempo.

    Explained in chapter 3.

    Parameters
    ----------
    readings : dict of str to pandas.Series
        Beats per minute by ``track_id``, as from :func:`tempo_readings`.
    annotated : pandas.Series
        Annotated beats per minute by ``track_id``.
    seed : int
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        One row per reading that has estimates: ``tracks``, ``estimates``, and ``accuracy 1`` and
        ``accuracy 2``, each a mapping of ``value``, ``low`` and ``high`` (95 % interval that
        resamples tracks).
    """
    rows = {}
    for name, estimates in readings.items():
        if len(estimates):
            hits = tempo_accuracy(estimates, annotated).astype(float)
            means = mean_with_interval(hits, hits.index, seed=seed).to_dict("records")
            rows[name] = [hits.index.nunique(), len(hits), *means]
    heads = ["tracks", "estimates", "accuracy 1", "accuracy 2"]
    return pd.DataFrame.from_dict(rows, "index", columns=heads).rename_axis("tempo from")


def tempo_gain(
    before: pd.Series, after: pd.Series, annotated: pd.Series, *, seed: int = 0
) -> pd.DataFrame:
    """Say by how much the scores change from one kind of estimate to another.

    Explained in chapter 3.

    Parameters
    ----------
    before : pandas.Series
        Beats per minute by ``track_id``; a track may have several.
    after : pandas.Series
        Beats per minute by ``track_id``, one per track.
    annotated : pandas.Series
        Annotated beats per minute by ``track_id``.
    seed : int
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        Rows ``accuracy 1`` and ``accuracy 2``; ``value``, ``low`` and ``high`` in percentage
        points, on the tracks that have both, with a 95 % interval that resamples tracks. Missing
        where no track has both.
    """
    names = ["accuracy 1", "accuracy 2"]
    shared = before[before.index.isin(after.index)]
    if shared.empty:
        return pd.DataFrame(np.nan, index=names, columns=["value", "low", "high"])
    was = tempo_accuracy(shared, annotated).astype(float)
    now = tempo_accuracy(after, annotated).astype(float).reindex(was.index)
    return 100 * mean_with_interval(now - was, was.index, "difference", seed=seed).set_axis(names)


def tempo_errors(estimates: pd.Series, annotated: pd.Series) -> pd.Series:
    """Count which estimates are right, and what the others are.

    Explained in chapter 3.

    Parameters
    ----------
    estimates : pandas.Series
        Beats per minute by ``track_id``.
    annotated : pandas.Series
        Annotated beats per minute by ``track_id``.

    Returns
    -------
    pandas.Series
        ``right``, ``octave`` (errors by one of :data:`genrelib.features.FACTORS`), ``neither``;
        ``usual``, the octave error that is most frequent in words; and ``unreachable``, how many
        of the tracks that are not right are slower or faster than any estimate.
    """
    factor = tempo_factor(estimates, annotated)
    octaves = factor[factor != 1].value_counts()
    known = annotated.reindex(estimates.index)
    low, high = estimates.min() / (1 + TEMPO_TOLERANCE), estimates.max() / (1 - TEMPO_TOLERANCE)
    return pd.Series(
        {
            "right": int((factor == 1).sum()),
            "octave": int(octaves.sum()),
            "neither": int(factor.isna().sum()),
            "usual": _CALLED[octaves.index[0]] if len(octaves) else "none",
            "unreachable": int(((known < low) | (known > high)).sum()),
        }
    )


def tempo_by_genre(estimates: pd.Series, annotated: pd.Series, genres: pd.Series) -> pd.DataFrame:
    """Count the tracks whose tempo is found, by genre.

    Explained in chapter 3.

    Parameters
    ----------
    estimates : pandas.Series
        Beats per minute by ``track_id``, one per track.
    annotated : pandas.Series
        Annotated beats per minute by ``track_id``.
    genres : pandas.Series
        Genre by ``track_id``.

    Returns
    -------
    pandas.DataFrame
        By genre ``tracks``, ``right`` and ``right or an octave error``.
    """
    groups = tempo_accuracy(estimates, annotated).astype(float).groupby(genres)
    counts = groups.sum().astype(int).set_axis(["right", "right or an octave error"], axis=1)
    counts.insert(0, "tracks", groups.size())
    return counts
