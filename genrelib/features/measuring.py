"""From the samples of one file to the numbers of its slices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import librosa
import numpy as np
import pyarrow as pa

from genrelib.corpus import SAMPLE_RATE, AudioError, decode
from genrelib.features import ear
from genrelib.features.families import (
    FRAME_BANDS,
    STUDY,
    STUDY_COLUMNS,
    Feature,
    Spectra,
    sequence,
    summary,
)

LACKING = 0.1
"""Share of a slice that may lack, where the length that a header gives was an estimate."""


def measure_slices(
    path: str,
    starts: list[float],
    length: float,
    features: Sequence[Feature],
    kinds: Sequence[str] = tuple(FRAME_BANDS),
    notes: list[str] | None = None,
) -> pa.Table:
    """Measure the slices of one file.

    Parameters
    ----------
    path : str
        The file.
    starts : list of float
        Where its slices begin, in seconds.
    length : float
        Length of a slice, in seconds.
    features : sequence of Feature
        What to measure.
    kinds : sequence of str
        Kinds of frame sequences to keep.
    notes : list of str, optional
        What is odd about the file is added to it.

    Returns
    -------
    pyarrow.Table
        One row per slice; columns ``features``, those of the original study, and the kinds, each
        a list of numbers.
    """
    rows = []
    for spectra in map(Spectra, cut(path, starts, length, notes)):
        row = {"features": summary(spectra, features)}
        row |= {name: summary(spectra, STUDY[which]) for name, which in STUDY_COLUMNS.items()}
        rows.append(row | {kind: sequence(spectra, kind).ravel() for kind in kinds})
    return lay_out(rows)


def hear_slices(path: str, starts: list[float], length: float) -> pa.Table:
    """Have the pretrained ear listen to the slices of one file.

    Parameters
    ----------
    path : str
        The file.
    starts : list of float
        Where its slices begin, in seconds.
    length : float
        Length of a slice, in seconds.

    Returns
    -------
    pyarrow.Table
        One row per slice; columns ``ear`` and ``tags``, each a list of numbers.
    """
    heard = [ear.hear(part, SAMPLE_RATE) for part in cut(path, starts, length)]
    return lay_out([{"ear": h.embedding.mean(axis=0), "tags": h.tags.mean(axis=0)} for h in heard])


def cut(
    path: str, starts: list[float], length: float, notes: list[str] | None = None
) -> Iterator[np.ndarray]:
    """Decode a file and give its slices; one that ends a little early is filled up with zeros."""
    y = decode(path, notes=notes)
    size = round(length * SAMPLE_RATE)
    if len(y) < round(max(starts) * SAMPLE_RATE) + (1 - LACKING) * size:
        heard, end = len(y) / SAMPLE_RATE, max(starts) + length
        reason = f"only {heard:.1f} of the {end:g} seconds of its slices can be decoded"
        raise AudioError(path, reason, "Export the file again, or leave it out")
    for start in starts:
        first = round(start * SAMPLE_RATE)
        yield librosa.util.fix_length(y[first : first + size], size=size)


def lay_out(rows: list[dict[str, np.ndarray]]) -> pa.Table:
    """Make a table of what was measured of each slice: one list of numbers a column."""
    return pa.table({name: lists(np.stack([row[name] for row in rows])) for name in rows[0]})


def lists(values: np.ndarray) -> pa.Array:
    """Make a column of lists of the rows of a matrix."""
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def matrix(table: pa.Table, name: str) -> np.ndarray:
    """Read a column of lists as a matrix.

    Parameters
    ----------
    table : pyarrow.Table
        As from :func:`measure_slices`.
    name : str
        The column.

    Returns
    -------
    numpy.ndarray
        One row a slice.
    """
    column = table.column(name).combine_chunks()
    return column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), -1)
