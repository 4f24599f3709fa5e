"""How good the tempo is: the one feature of the book that has a ground truth.

A step aside from :mod:`genrelib.features.tables`. It takes tempo estimates, of slices from the
feature table or of whole tracks from :func:`track_tempo`, compares them with the annotated tempo,
and hands on hits and misses, which :func:`genrelib.evaluation.mean_with_interval` averages.
"""

from __future__ import annotations

from collections.abc import Iterable

import joblib
import numpy as np
import pandas as pd

from genrelib.corpus import Corpus, decode, gtzan_tempo
from genrelib.features.families import FEATURES, Spectra
from genrelib.features.kept import SNAPSHOTS

TEMPO_TOLERANCE = 0.04
"""How far an estimate may be from the annotation, as a share of it (Gouyon et al. 2006)."""

FACTORS = (1 / 3, 1 / 2, 1.0, 2.0, 3.0)
"""Multiples of the annotated tempo that accuracy 2 accepts (Gouyon et al. 2006)."""

_TEMPO = next(feature for feature in FEATURES if feature.name == "tempo")


def annotated_tempo(corpus: Corpus) -> pd.Series:
    """Give the annotated tempo of the tracks of a corpus, as far as it is known.

    Explained in chapter 3.

    Parameters
    ----------
    corpus : Corpus
        Any corpus; so far only tracks of GTZAN are annotated.

    Returns
    -------
    pandas.Series
        Beats per minute by ``track_id``, in the order of the corpus. Tracks without annotation
        are not in it; it is empty where there is none.

    See Also
    --------
    genrelib.corpus.gtzan_tempo : The source of the annotations.
    """
    return gtzan_tempo().reindex(_of_gtzan(corpus)).dropna()


def _of_gtzan(corpus: Corpus) -> pd.Index:
    # A reader's own blues.00000 is not GTZAN's; a track of GTZAN is in the fault-filtered split
    # or known to be left out of it.
    return corpus.tracks.index[corpus.tracks[["side", "fault"]].notna().any(axis=1)]


def track_tempo(
    corpus: Corpus, track_ids: Iterable[str] | None = None, *, jobs: int | None = None
) -> pd.Series:
    """Estimate the tempo of whole tracks as the feature table does that of slices.

    Explained in chapter 3.

    Parameters
    ----------
    corpus : Corpus
        Where the audio is.
    track_ids : iterable of str, optional
        The tracks; all tracks of the corpus if left out.
    jobs : int, optional
        Processes to use; all the cores this process may use if left out.

    Returns
    -------
    pandas.Series
        Beats per minute by ``track_id``. Tracks whose audio is on disk are measured; those of
        ``gtzan-mini`` come from the snapshot that the package embeds where it is not. Missing
        where there is neither, as in a corpus of features that were measured before.

    Raises
    ------
    AudioError
        If audio cannot be read.
    """
    index = corpus.tracks.index if track_ids is None else pd.Index(track_ids, name="track_id")
    paths = corpus.tracks["path"].reindex(index)
    on_disk = paths.dropna()
    pool = joblib.Parallel(n_jobs=min(jobs or joblib.cpu_count(), max(len(on_disk), 1)))
    measured = pd.Series(pool(joblib.delayed(_measure)(path) for path in on_disk), on_disk.index)
    table = measured.astype(float).reindex(index)
    if paths.isna().any():
        snapshot = pd.read_csv(SNAPSHOTS / "gtzan-mini-tracks.csv", index_col="track_id")["tempo"]
        table = table.fillna(snapshot[snapshot.index.isin(_of_gtzan(corpus))])
    return table.rename("tempo")


def _measure(path: str) -> float:
    return float(_TEMPO.summarise(Spectra(decode(path)))[0])


def tempo_factor(estimates: pd.Series, annotations: pd.Series) -> pd.Series:
    """Say which multiple of the annotated tempo an estimate has hit.

    Explained in chapter 3.

    Parameters
    ----------
    estimates : pandas.Series
        Beats per minute by ``track_id``; a track may have several, such as one per slice.
    annotations : pandas.Series
        Beats per minute by ``track_id``, one per track.

    Returns
    -------
    pandas.Series
        One of :data:`FACTORS` per estimate; missing where none of them is within
        :data:`TEMPO_TOLERANCE`, or where the track has no annotation.
    """
    # The hair's breadth beyond: exactly 4 % off is within, whatever the last bit says.
    goals = np.outer(annotations.reindex(estimates.index).to_numpy(float), FACTORS)
    close = np.abs(estimates.to_numpy(float)[:, None] - goals) <= TEMPO_TOLERANCE * goals * (
        1 + 1e-9
    )
    factor = np.where(close.any(axis=1), np.array(FACTORS)[close.argmax(axis=1)], np.nan)
    return pd.Series(factor, estimates.index, name="factor")


def tempo_accuracy(estimates: pd.Series, annotations: pd.Series) -> pd.DataFrame:
    """Say which tempo estimates are right, in the strict and in the forgiving sense.

    Explained in chapter 3.

    Parameters
    ----------
    estimates : pandas.Series
        Beats per minute by ``track_id``; a track may have several, such as one per slice.
    annotations : pandas.Series
        Beats per minute by ``track_id``, one per track.

    Returns
    -------
    pandas.DataFrame
        Row-aligned with ``estimates``, nullable booleans. ``accuracy_1``: within 4 % of the
        annotation. ``accuracy_2``: within 4 % of a third, half, one, two or three times the
        annotation, which forgives that another level of the metre was taken for the beat. Missing
        where the track has no annotation.

    Notes
    -----
    Both measures are those of Gouyon et al. (2006, doi:10.1109/TSA.2005.858509).

    Examples
    --------
    >>> annotated = pd.Series({"a": 100.0, "b": 100.0})
    >>> tempo_accuracy(pd.Series({"a": 103.0, "b": 51.0}), annotated)
       accuracy_1  accuracy_2
    a        True        True
    b       False        True
    """
    factor = tempo_factor(estimates, annotations)
    unknown = annotations.reindex(estimates.index).isna() | estimates.isna()
    table = pd.DataFrame(
        {"accuracy_1": factor == 1, "accuracy_2": factor.notna()}, dtype="boolean"
    )
    table.loc[unknown.to_numpy()] = pd.NA
    return table
