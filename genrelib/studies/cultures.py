"""Songs of 86 cultures: what is measured of each as a whole, and what was asked of them.

The songs are the corpus ``nhs`` (Mehr et al. 2019). Beside features and ear, which every corpus
has, their melody is followed and their recording is described without their music.
"""

from __future__ import annotations

from collections.abc import Iterable

import librosa
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from genrelib.corpus import PACKAGE_DATA, SAMPLE_RATE, Corpus, nhs_songs
from genrelib.studies.melody import HOP, follow_melody

CONDITIONS = {
    "level": "level (dB)",
    "floor": "quietest moments (dB below the level)",
    "lowest": "lowest frequency (Hz)",
    "highest": "highest frequency (Hz)",
}
"""What is measured of a recording rather than of its music, and what it is called."""
QUIET = 5
"""Per cent of the frames that count as the quietest moments."""
EDGE = 50
"""Decibels below its loudest band where the mean spectrum is taken to end."""


def recording_conditions(samples: np.ndarray) -> dict[str, float]:
    """Measure a recording rather than its music: level, quietest moments, and bandwidth.

    Explained in chapter 14.

    Parameters
    ----------
    samples : numpy.ndarray
        Mono samples at 22,050 Hz, shape ``(n_samples,)``.

    Returns
    -------
    dict
        ``level`` in dB of full scale; ``floor``, how far the quietest :data:`QUIET` per cent of
        the frames lie below it, in dB; ``lowest`` and ``highest`` frequency, in Hz, between
        which the mean spectrum, in bands of a third of an octave, is less than :data:`EDGE` dB
        below its loudest band.
    """
    power = np.abs(librosa.stft(samples, n_fft=4096, hop_length=HOP)) ** 2
    frequencies = librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=4096)
    edges = 25 * 2 ** (np.arange(28) / 3)
    band = np.digitize(frequencies, edges)
    means = np.array([power[band == k].mean() for k in range(1, len(edges))])
    inside = np.flatnonzero(10 * np.log10(means / means.max() + 1e-12) > -EDGE)
    rms = librosa.feature.rms(y=samples, frame_length=2048, hop_length=HOP)[0]
    level = 10 * np.log10(np.mean(samples.astype(float) ** 2) + 1e-12)
    return {
        "level": float(level),
        "floor": float(level - 20 * np.log10(np.percentile(rms, QUIET) + 1e-6)),
        "lowest": float(edges[inside[0]]),
        "highest": float(edges[inside[-1] + 1]),
    }


def describe_song(samples: np.ndarray) -> dict[str, object]:
    """Measure what is embedded of a song as a whole.

    Parameters
    ----------
    samples : numpy.ndarray
        Mono samples at 22,050 Hz.

    Returns
    -------
    dict
        What :func:`recording_conditions` gives, and ``melody``, as from
        :func:`genrelib.studies.melody.follow_melody`.
    """
    return recording_conditions(samples) | {"melody": follow_melody(samples)}


def song_table(corpus: Corpus) -> pd.DataFrame:
    """Say of every song where it is from, how it was recorded, and what its melody is.

    Explained in chapter 14.

    Parameters
    ----------
    corpus : Corpus
        Songs of the corpus ``nhs``. Those that the package has not measured are measured from
        their audio, about four seconds each.

    Returns
    -------
    pandas.DataFrame
        One row per track of the corpus: the columns of :func:`genrelib.corpus.nhs_songs`, those
        of :data:`CONDITIONS`, and ``melody``.
    """
    kept = pq.read_table(PACKAGE_DATA / "nhs" / "songs.parquet").to_pandas().set_index("track_id")
    kept["melody"] = kept["melody"].map(lambda cents: np.asarray(cents, float))
    new = corpus.tracks.index.difference(kept.index)
    if len(new):
        rows = {key: describe_song(corpus.audio(key)) for key in new}
        kept = pd.concat([kept, pd.DataFrame.from_dict(rows, orient="index")])
    return nhs_songs().loc[corpus.tracks.index].join(kept)
