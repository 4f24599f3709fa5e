"""Listening to an audio file: what the pretrained ear hears in it, at the loudness of a model.

A file is decoded once, unless it is long. What is heard goes to the models of
:mod:`genrelib.classify.naming`; those of one loudness share it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genrelib.classify import stream
from genrelib.corpus import AudioError, read_blocks
from genrelib.features import EAR_COLUMNS, Heard, hear

WINDOW = 2  # patches: a window is as long as a slice of a corpus


@dataclass(frozen=True, eq=False)
class Recording:
    """What the ear hears in a file.

    Parameters
    ----------
    windows : numpy.ndarray
        Embedding of each window, in the order of time, shape ``(n_windows, 200)``; without rows
        for silence.
    loud : numpy.ndarray of bool
        Which windows are not silent, shape ``(n_windows,)``.
    start : numpy.ndarray
        Where each window begins, in seconds, shape ``(n_windows,)``.
    duration : float
        Length in seconds.
    note : str or None
        What is odd about the file.
    """

    windows: np.ndarray
    loud: np.ndarray
    start: np.ndarray
    duration: float
    note: str | None = None


def listen(
    path: str | Path,
    levels: Iterable[float],
    *,
    threads: int = 1,
    stop: Callable[[], bool] | None = None,
) -> list[Recording]:
    """Listen to an audio file at one loudness, or at several.

    Parameters
    ----------
    path : str or Path
        A file of any format that :func:`genrelib.corpus.decode` reads.
    levels : iterable of float
        The loudness of models, in dB of full scale.
    threads : int
        Threads to use.
    stop : callable, optional
        Asked between blocks; where it says True, reading ends by KeyboardInterrupt.

    Returns
    -------
    list of Recording
        One for each loudness.

    Raises
    ------
    AudioError
        If the file cannot be used, as in :func:`genrelib.corpus.decode`.
    """
    kept: list[np.ndarray] = []
    notes: list[str] = []
    file = stream.survey(path, stream.keep(_stoppable(read_blocks(path, notes), stop), kept))
    note = "; ".join(notes) or None
    if file.level == -np.inf:
        nothing = np.empty((0, len(EAR_COLUMNS)), np.float32)
        silent = Recording(nothing, np.empty(0, bool), np.empty(0), file.duration, note)
        return [silent for _ in levels]
    found = []
    for target in levels:
        gain = np.float32(10 ** ((target - file.level) / 20))
        heard = _hear(path, _stoppable(kept or read_blocks(path), stop), gain, file.rate, threads)
        windows, start = window(heard)
        at = np.minimum(np.rint(start / stream.STEP).astype(int), len(file.peak) - 1)
        loud = np.maximum.reduceat(file.peak, at) >= stream.SILENT
        found.append(Recording(windows, loud, start, file.duration, note))
    return found


def _hear(
    path: str | Path, blocks: Iterable[np.ndarray], gain: np.float32, rate: int, threads: int
) -> Heard:
    try:
        return hear((gain * block for block in blocks), rate, threads=threads)
    except AudioError:
        raise
    except ValueError as error:
        raise AudioError(path, str(error)) from error


def window(heard: Heard) -> tuple[np.ndarray, np.ndarray]:
    """Join two patches each to a window, as long as a slice of a corpus.

    Gives the mean embedding of each, of which the last may be of one patch, and where it begins,
    in seconds.
    """
    first = np.arange(0, len(heard.start), WINDOW)
    counts = np.diff([*first, len(heard.start)])[:, None]
    return np.add.reduceat(heard.embedding, first) / counts, heard.start[first]


def _stoppable(
    blocks: Iterable[np.ndarray], stop: Callable[[], bool] | None
) -> Iterator[np.ndarray]:
    for block in blocks:
        if stop is not None and stop():
            raise KeyboardInterrupt
        yield block
