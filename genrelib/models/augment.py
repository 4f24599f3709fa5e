"""Training slices, changed a little each time they are heard, so that none is learned by heart.

Every function takes standardised frames, in which zero is the mean of a band, and a generator;
none changes what it is given.
"""

from __future__ import annotations

import numpy as np


def mask_time(
    X: np.ndarray, rng: np.random.Generator, *, share: float = 0.2, blocks: int = 2
) -> np.ndarray:
    """Silence stretches of time: all bands are set to their mean.

    Parameters
    ----------
    X : numpy.ndarray
        Standardised frames, shape ``(n_slices, n_frames, n_bands)``.
    rng : numpy.random.Generator
        Draws length and place, for each slice anew.
    share : float
        Longest stretch, as a share of the slice.
    blocks : int
        Stretches in a slice.

    Returns
    -------
    numpy.ndarray
        The masked frames (Park et al. 2019, doi:10.21437/Interspeech.2019-2680).
    """
    hidden = np.zeros(X.shape[:2], bool)
    for _ in range(blocks):
        hidden |= _stretches(len(X), X.shape[1], share, rng)
    return np.where(hidden[:, :, None], np.float32(0), X)


def mask_bands(X: np.ndarray, rng: np.random.Generator, *, share: float = 0.3) -> np.ndarray:
    """Silence neighbouring bands for the whole slice.

    Parameters
    ----------
    X : numpy.ndarray
        Standardised frames, shape ``(n_slices, n_frames, n_bands)``.
    rng : numpy.random.Generator
        Draws number and place, for each slice anew.
    share : float
        Most bands to silence, as a share of all.

    Returns
    -------
    numpy.ndarray
        The masked frames (Park et al. 2019, doi:10.21437/Interspeech.2019-2680).
    """
    hidden = _stretches(len(X), X.shape[2], share, rng)
    return np.where(hidden[:, None], np.float32(0), X)


def change_gain(
    X: np.ndarray, rng: np.random.Generator, *, decibels: float, effect: np.ndarray
) -> np.ndarray:
    """Make each slice louder or softer.

    Parameters
    ----------
    X : numpy.ndarray
        Standardised frames, shape ``(n_slices, n_frames, n_bands)``.
    rng : numpy.random.Generator
        Draws the gain, for each slice anew.
    decibels : float
        Standard deviation of the gain (dB).
    effect : numpy.ndarray
        What one decibel adds to each band, in standard deviations, shape ``(n_bands,)``.

    Returns
    -------
    numpy.ndarray
        The frames as they would be at another level.
    """
    gain = rng.normal(0, decibels, (len(X), 1, 1))
    return (X + gain * effect).astype(np.float32)


def mix_up(
    X: np.ndarray, y: np.ndarray, rng: np.random.Generator, *, alpha: float = 0.4
) -> tuple[np.ndarray, np.ndarray]:
    """Blend each slice with another one, and their genres in the same proportion.

    Parameters
    ----------
    X : numpy.ndarray
        Frames, shape ``(n_slices, n_frames, n_bands)``.
    y : numpy.ndarray
        Share of each genre, shape ``(n_slices, n_genres)``.
    rng : numpy.random.Generator
        Draws partners and proportions.
    alpha : float
        Both parameters of the beta distribution of the proportions; small: nearly no blending.

    Returns
    -------
    X : numpy.ndarray
        The blends (Zhang et al. 2018, arXiv:1710.09412); the larger part is the slice itself.
    y : numpy.ndarray
        Share of each genre in them.
    """
    drawn = rng.beta(alpha, alpha, len(X))
    share = np.maximum(drawn, 1 - drawn).astype(np.float32)[:, None]
    other = rng.permutation(len(X))
    blend = share[:, :, None] * X + (1 - share)[:, :, None] * X[other]
    return blend, share * y + (1 - share) * y[other]


def _stretches(n: int, length: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Draw one stretch in each of ``n`` rows: True inside, shape ``(n, length)``."""
    width = rng.integers(0, int(share * length) + 1, n)
    start = rng.integers(0, length - width + 1)
    places = np.arange(length)
    return (places >= start[:, None]) & (places < (start + width)[:, None])
