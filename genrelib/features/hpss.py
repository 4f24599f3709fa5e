"""Harmonic and percussive parts: two running medians and a soft mask, as librosa defines them.

The parts of a slice are those of Fitzgerald (2010), with the mask of Driedger, Müller and Disch
(2014), and equal to ``librosa.decompose.hpss`` with its defaults. Nine tenths of what librosa
needs for that are two median filters of 31 taps. Here many of them run side by side: neighbouring
outputs share most of their windows, what they share is sorted once, and each step of the sorting
is done for a whole row of numbers at a time, so that it becomes one instruction of the processor
for several of them (after Adams 2021, doi:10.1145/3450626.3459773). What comes out is equal to
the last bit.
"""

from __future__ import annotations

import numpy as np
from numba import njit

TAPS = 31
"""Length of the median filters in frames and in frequency bins, librosa's default."""
BLOCK = (TAPS + 1) // 2
"""Outputs that share a window: with 16 of them, the 16 taps in the middle are common to all."""
LANES = 96
"""Columns that are sorted at a time, few enough for all rows to stay in the first-level cache."""
TINY = np.finfo(np.float32).tiny


def _network(n: int) -> list[tuple[int, int]]:
    """Give Batcher's odd-even merge sort of ``n`` rows (a power of two) as pairs to exchange."""
    pairs, size = [], 1
    while size < n:
        step = size
        while step:
            for first in range(step % size, n - step, 2 * step):
                for low in range(first, min(first + step, n - step)):
                    if low // (2 * size) == (low + step) // (2 * size):
                        pairs.append((low, low + step))
            step //= 2
        size *= 2
    return pairs


_PAIRS = np.array([pair for n in (16, 8, 4, 2) for pair in _network(n)])
_ENDS = np.cumsum([0] + [len(_network(n)) for n in (16, 8, 4, 2, 1)])


@njit(cache=True, nogil=True)
def _exchange(rows: np.ndarray, low: int, high: int) -> None:
    for lane in range(LANES):
        x, y = rows[low, lane], rows[high, lane]
        rows[low, lane] = x if x < y else y
        rows[high, lane] = y if x < y else x


@njit(cache=True, nogil=True)
def _sort(rows: np.ndarray, level: int) -> None:
    for pair in range(_ENDS[level], _ENDS[level + 1]):
        _exchange(rows, _PAIRS[pair, 0], _PAIRS[pair, 1])


@njit(cache=True, nogil=True)
def _keep_middle(core: np.ndarray, more: np.ndarray, n: int, kept: np.ndarray) -> None:
    """Of ``2 n`` and ``n`` sorted rows, keep the ``n`` in the middle, sorted.

    The rest cannot become the median, however large or small the taps are that are still missing.
    """
    for i in range(n):
        for lane in range(LANES):
            b, c = core[n + i, lane], more[n - 1 - i, lane]
            low = b if b < c else c
            kept[i, lane] = low if core[i, lane] < low else core[i, lane]
    step = n // 2
    while step:  # what was kept rises and falls: half the sorting is left to do (Batcher 1968)
        for i in range(n):
            if not i & step:
                _exchange(kept, i, i + step)
        step //= 2


@njit(cache=True, nogil=True)
def _median_block(x: np.ndarray, taps: np.ndarray, left: int, rows: np.ndarray) -> np.ndarray:
    """Compute the medians of ``BLOCK`` windows; ``taps`` are the rows of ``x`` that they cover.

    All windows begin as the sorted taps that they share. Then they are halved again and again:
    each half adds the taps that only its own windows share, on the left or on the right.
    """
    here, there, more = rows[0], rows[1], rows[2]
    _load(x, taps[BLOCK - 1 :], left, here, BLOCK)
    _sort(here, 0)
    n, level = BLOCK // 2, 1
    while n:
        for group in range(BLOCK // n):
            start = group * n + n - 1 if group % 2 == 0 else (group - 1) * n + TAPS
            _load(x, taps[start:], left, more, n)
            _sort(more, level)
            _keep_middle(here[group // 2 * 2 * n :], more, n, there[group * n :])
        here, there = there, here
        n, level = n // 2, level + 1
    return here


@njit(cache=True, nogil=True)
def _load(x: np.ndarray, taps: np.ndarray, left: int, rows: np.ndarray, n: int) -> None:
    for i in range(n):
        source, target = x[taps[i], left : left + LANES], rows[i]
        for lane in range(len(source)):
            target[lane] = source[lane]


@njit(cache=True, nogil=True)
def _medians(x: np.ndarray, taps: np.ndarray) -> np.ndarray:
    n, lanes = x.shape
    out = np.empty_like(x)
    rows = np.zeros((3, BLOCK, LANES), x.dtype)
    for left in range(0, lanes, LANES):
        for first in range(0, n, BLOCK):
            found = _median_block(x, taps[first:], left, rows)
            for i in range(min(BLOCK, n - first)):
                source, target = found[i], out[first + i, left : left + LANES]
                for lane in range(len(target)):
                    target[lane] = source[lane]
    return out


def running_median(x: np.ndarray) -> np.ndarray:
    """Take the median of 31 neighbouring rows, for every row.

    Parameters
    ----------
    x : numpy.ndarray
        Numbers without NaN, shape ``(n, lanes)``; quickest with many lanes.

    Returns
    -------
    numpy.ndarray
        Bit for bit ``scipy.ndimage.median_filter(x, size=(31, 1), mode="reflect")``, same shape
        and type, where no zero has a sign.

    Examples
    --------
    >>> x = np.zeros((100, 1), np.float32)
    >>> x[20:35] = 1  # less than half of 31 taps: gone
    >>> x[60:76] = 1  # one more, and it stays
    >>> np.flatnonzero(running_median(x))
    array([60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75])
    """
    last = -len(x) % BLOCK  # windows that fill the last block, whose medians are not kept
    taps = np.pad(np.arange(len(x)), (TAPS // 2, TAPS // 2 + last), mode="symmetric")
    return _medians(np.ascontiguousarray(x), taps)


@njit(cache=True, nogil=True, error_model="numpy")
def _mask(magnitude: np.ndarray, harmonic: np.ndarray, percussive: np.ndarray) -> None:
    """Replace two medians by the parts; as ``librosa.util.softmask`` with power 2, at one go."""
    size = magnitude.size
    s, h, p = magnitude.ravel(), harmonic.ravel(), percussive.ravel()
    half = np.float32(0.5)
    for i in range(size):
        larger = h[i] if h[i] > p[i] else p[i]
        bad = larger < TINY
        scale = np.float32(1) if bad else larger
        a, b = h[i] / scale, p[i] / scale
        a, b = a * a, b * b
        total = np.float32(1) if bad else a + b
        h[i] = s[i] * (half if bad else a / total)
        p[i] = s[i] * (half if bad else b / total)


def hpss(magnitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split a spectrogram into its harmonic and its percussive part.

    Parameters
    ----------
    magnitude : numpy.ndarray
        Magnitude spectrogram, float32, shape ``(n_bins, n_frames)``.

    Returns
    -------
    tuple of numpy.ndarray
        The two parts, which add up to ``magnitude``: those of ``librosa.decompose.hpss``.
    """
    bins = np.ascontiguousarray(magnitude)
    harmonic = np.ascontiguousarray(running_median(magnitude.T).T)
    percussive = running_median(bins)
    _mask(bins, harmonic, percussive)
    return harmonic, percussive
