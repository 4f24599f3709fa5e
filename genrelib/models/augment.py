"""Training slices, changed a little each time they are heard, so that none is learned by heart.

Every function takes standardised frames, shape ``(n_slices, n_frames, n_bands)``, in which zero is
the mean of a band, and a generator, which draws anew for each slice. None changes what it is
given.
"""

from __future__ import annotations

import numpy as np


def mask_time(
    X: np.ndarray, rng: np.random.Generator, *, share: float = 0.2, blocks: int = 2
) -> np.ndarray:
    """Silence stretches of time: all bands are set to their mean (Park et al. 2019).

    In each slice ``blocks`` stretches of at most ``share`` of it are drawn
    (doi:10.21437/Interspeech.2019-2680).
    """
    hidden = np.zeros(X.shape[:2], bool)
    for _ in range(blocks):
        hidden |= _stretches(len(X), X.shape[1], share, rng)
    return np.where(hidden[:, :, None], np.float32(0), X)


def mask_bands(X: np.ndarray, rng: np.random.Generator, *, share: float = 0.3) -> np.ndarray:
    """Silence up to ``share`` of the bands, neighbours, for the whole slice (Park et al. 2019)."""
    hidden = _stretches(len(X), X.shape[2], share, rng)
    return np.where(hidden[:, None], np.float32(0), X)


def change_gain(
    X: np.ndarray, rng: np.random.Generator, *, decibels: float, effect: np.ndarray
) -> np.ndarray:
    """Make each slice louder or softer, by a gain with this standard deviation in dB.

    ``effect`` is what one decibel adds to each band, in standard deviations.
    """
    gain = rng.normal(0, decibels, (len(X), 1, 1))
    return (X + gain * effect).astype(np.float32)


def mix_up(
    X: np.ndarray, y: np.ndarray, rng: np.random.Generator, *, alpha: float = 0.4
) -> tuple[np.ndarray, np.ndarray]:
    """Blend each slice with another one, and their genres in the same proportion.

    The larger part is the slice itself (Zhang et al. 2018, arXiv:1710.09412). ``alpha`` is both
    parameters of the beta distribution of the proportions; small: nearly no blending.
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
