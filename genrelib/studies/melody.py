"""The melody of a recording, without twelve equal steps taken for granted.

What chroma and tonnetz see of a pitch is the nearest of twelve steps. Here the fundamental
frequency is followed as it is (pYIN, Mauch and Dixon 2014, doi:10.1109/ICASSP.2014.6853678), and
its classes have 5 cents, as those of the makams (:mod:`genrelib.studies.makam`).
"""

from __future__ import annotations

import librosa
import numpy as np

from genrelib.corpus import SAMPLE_RATE
from genrelib.studies.makam import STEPS

MELODY_HOP = 1024
"""Samples from one pitch to the next: 46 milliseconds."""
LOWEST, HIGHEST = 82.4, 987.8
"""Frequencies between which a melody is looked for, in Hz: E2 to B5."""
HELD = 25
"""Cents within which three pitches in a row lie in a held note."""
FEWEST = 22
"""Held pitches, a second of them, that a deviation needs."""


def follow_melody(samples: np.ndarray) -> np.ndarray:
    """Follow the fundamental frequency of a voice, or of the loudest of several.

    Parameters
    ----------
    samples : numpy.ndarray
        Mono samples at 22,050 Hz, shape ``(n_samples,)``.

    Returns
    -------
    numpy.ndarray of float, shape (n_pitches,)
        Cents above A4 (440 Hz), one every 46 milliseconds, in steps of 5; missing where no pitch
        is found.
    """
    found, _, _ = librosa.pyin(
        samples, sr=SAMPLE_RATE, fmin=LOWEST, fmax=HIGHEST, hop_length=MELODY_HOP, resolution=0.05
    )
    return 1200 * np.log2(found / 440)


def pitch_classes(cents: np.ndarray, tonic: float = 0.0) -> np.ndarray:
    """Count how much of a melody lies in each of 240 steps of 5 cents, whatever the octave.

    Explained in chapter 14.

    Parameters
    ----------
    cents : numpy.ndarray
        From :func:`follow_melody`.
    tonic : float
        Where the steps are counted from, in the same cents.

    Returns
    -------
    numpy.ndarray of float, shape (240,)
        Shares that add up to one; zeros where there is no pitch.

    Examples
    --------
    >>> pitch_classes(np.array([-1200.0, 0, 350, np.nan]))[[0, 70]].round(2).tolist()
    [0.67, 0.33]
    """
    voiced = cents[np.isfinite(cents)] - tonic
    step = np.floor(voiced * STEPS / 1200 + 1e-6).astype(int) % STEPS
    return np.bincount(step, minlength=STEPS) / max(len(voiced), 1)


def held_pitches(cents: np.ndarray) -> np.ndarray:
    """Take the pitches of held notes: those that differ little from their neighbours in time.

    Parameters
    ----------
    cents : numpy.ndarray
        From :func:`follow_melody`.

    Returns
    -------
    numpy.ndarray of bool, shape (n_pitches,)
        Whether the pitch, the one before and the one after lie within :data:`HELD` cents, and not
        at an end of the range that is looked at.
    """
    held = np.zeros(len(cents), bool)
    if len(cents) >= 3:
        held[1:-1] = np.ptp(np.lib.stride_tricks.sliding_window_view(cents, 3), axis=1) <= HELD
    # A pitch below all that is looked for is given as the lowest of these.
    low, high = (1200 * np.log2(f / 440) for f in (LOWEST, HIGHEST))
    return held & (cents > low + HELD) & (cents < high - HELD)


def off_semitones(cents: np.ndarray) -> dict[str, float]:
    """Measure how far held notes lie from the nearest of twelve equal steps.

    Explained in chapter 14.

    The steps are moved up or down as a whole until they fit the song best: no song has to be in
    tune with a tuning fork.

    Parameters
    ----------
    cents : numpy.ndarray
        From :func:`follow_melody`.

    Returns
    -------
    dict
        ``deviation``, the mean distance in cents, 0 on the steps and 25 for pitches that know no
        steps; missing where fewer than :data:`FEWEST` pitches are held. ``tuning``, how far the
        steps lie from those of A4 = 440 Hz, in cents. ``held``, share of the pitches in held
        notes.

    Examples
    --------
    >>> on = np.repeat([-700.0, 0, 500], 20) + 30
    >>> {k: round(v, 2) for k, v in off_semitones(on).items()}
    {'deviation': 0.0, 'tuning': 30.0, 'held': 0.9}
    """
    held = held_pitches(cents)
    voiced = np.isfinite(cents).sum()
    turns = np.exp(2j * np.pi * cents[held] / 100)
    tuning = float(np.angle(turns.mean()) * 50 / np.pi) if held.any() else np.nan
    away = np.abs((cents[held] - tuning + 50) % 100 - 50)
    return {
        "deviation": float(away.mean()) if held.sum() >= FEWEST else np.nan,
        "tuning": tuning,
        "held": float(held.sum() / voiced) if voiced else 0.0,
    }
