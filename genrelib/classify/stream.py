"""Audio files as streams: of any length, in little memory, at one loudness.

A pretrained network hears a quiet recording differently from a loud one. So a file is read twice:
once to see that all of it can be read, how loud it is and where it is silent (:func:`survey`),
once for its sound (:func:`genrelib.corpus.read_blocks`), from memory unless it is long
(:func:`keep`). What cannot be used is refused as in :mod:`genrelib.corpus`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genrelib.corpus import AudioError, read_blocks, read_rate
from genrelib.features import EAR_HOP, EAR_RATE, LOWEST_RATE, PATCH_FRAMES

PATCH = PATCH_FRAMES * EAR_HOP / EAR_RATE
"""Length of what the network hears at a time, in seconds."""
STEP = PATCH / 8
"""Length of the steps that loudness is measured in, in seconds."""
SILENT = 1e-3
"""Peak below which a step is silent: 60 dB under full scale."""
KEPT = 1 << 24
"""Samples that are kept for the second reading: 64 MB, 6 minutes at 44,100 Hz."""
GATE = 0.1
"""Steps this much below the mean power, 10 dB, are pauses, and do not count for loudness."""


@dataclass(frozen=True)
class Survey:
    """What a first reading of a file says.

    Parameters
    ----------
    rate : int
        Sample rate in Hz.
    frames : int
        Samples per channel that were read.
    power : numpy.ndarray
        Mean square of each step of :data:`STEP` seconds, shape ``(n_steps,)``.
    peak : numpy.ndarray
        Largest magnitude in each step, shape ``(n_steps,)``.
    """

    rate: int
    frames: int
    power: np.ndarray
    peak: np.ndarray

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate

    @property
    def level(self) -> float:
        """Loudness in dB of full scale; minus infinity for silence."""
        return level(self.power[self.peak >= SILENT])


def level(power: np.ndarray) -> float:
    """Measure loudness in dB of full scale, leaving out pauses; minus infinity for silence.

    Takes the mean square of each part of a recording. Their mean is gated as in ITU-R BS.1770:
    parts more than 10 dB below it are left out, and the rest is averaged again.
    """
    if not len(power) or not power.max() > 0:
        return -np.inf
    return float(10 * np.log10(power[power >= GATE * power.mean()].mean()))


def keep(parts: Iterable[np.ndarray], kept: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Hand on blocks and keep them, so that a file of usual length is decoded once only.

    What is kept is empty in the end if there are more than :data:`KEPT` samples.
    """
    samples = 0
    for block in parts:
        samples += len(block)
        if samples <= KEPT:
            kept.append(block)
        else:
            kept.clear()
        yield block


def survey(path: str | Path, parts: Iterable[np.ndarray] | None = None) -> Survey:
    """Read a file through, and say how long and how loud it is.

    Its blocks may be handed over by somebody who looks on while they are read. An AudioError is
    raised as by :func:`genrelib.corpus.decode`, and if the sample rate is below 100 Hz.
    """
    path = Path(path)
    rate = read_rate(path)
    if rate < LOWEST_RATE:
        raise AudioError(path, f"its sample rate of {rate} Hz is too low for sound")
    return measure(read_blocks(path) if parts is None else parts, rate)


def measure(parts: Iterable[np.ndarray], rate: int) -> Survey:
    """Say how long and how loud a recording is, whose samples come in blocks of any size."""
    size, frames = max(round(STEP * rate), 1), 0
    power, peak, rest = [], [], np.empty(0, np.float32)
    for block in parts:
        frames += len(block)
        block = np.concatenate([rest, block])
        whole = len(block) // size * size
        steps, rest = block[:whole].reshape(-1, size), block[whole:]
        power.append(np.mean(np.square(steps, dtype=np.float64), axis=1))
        peak.append(np.abs(steps).max(axis=1))
    if len(rest):
        power.append(np.mean(np.square(rest, dtype=np.float64), keepdims=True))
        peak.append(np.abs(rest).max(keepdims=True))
    return Survey(rate, frames, np.concatenate(power), np.concatenate(peak))
