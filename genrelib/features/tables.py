"""The tables that readers ask for: one row per slice, or its frames in the order of time.

What is on disk is measured, once (:mod:`genrelib.features.cache`); what is not comes from where it
was measured before (:mod:`genrelib.features.kept`). What a pretrained network hears in a slice
(:func:`ear_table`, :func:`tag_table`) is measured when it is asked for, and is no part of the
feature table. Tables go on to :mod:`genrelib.evaluation`, which splits them into folds.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from genrelib.corpus import AudioError, Corpus, CorpusError, load_corpus
from genrelib.features.cache import all_or_error, measure_files, write_table
from genrelib.features.ear import HEARD
from genrelib.features.families import FRAME_BANDS, STUDY, STUDY_COLUMNS, columns
from genrelib.features.kept import from_snapshot, from_store
from genrelib.features.measuring import matrix
from genrelib.features.slicing import Slices, slice_tracks


def feature_table(
    music: Corpus | Slices, slices: pd.DataFrame | None = None, *, jobs: int | None = None
) -> pd.DataFrame:
    """Measure every slice: one row of summary statistics each.

    Explained in chapter 3.

    Parameters
    ----------
    music : Slices or Corpus
        The slices to measure, as from :func:`genrelib.features.slice_tracks`; or a corpus.
    slices : pandas.DataFrame, optional
        Its slices to measure; all of 6 seconds if left out.
    jobs : int, optional
        Processes to use; all the cores this process may use if left out.

    Returns
    -------
    pandas.DataFrame
        float32, row-aligned with ``slices``, columns as in :func:`columns`. Tracks whose audio
        is on disk are measured (and cached by content); the others come from the snapshot that
        the package embeds.

    Raises
    ------
    AudioError
        If audio cannot be read; the message names every such file.
    CorpusError
        If a track has neither audio on disk nor a row in the snapshot.
    """
    return _table("features", columns(), music, slices, jobs)


def study_table(
    which: str,
    music: Corpus | Slices,
    slices: pd.DataFrame | None = None,
    *,
    jobs: int | None = None,
) -> pd.DataFrame:
    """Measure every slice as the original study did, and call the numbers what they are.

    Explained in chapter 7.

    Parameters
    ----------
    which : {"means", "instant"}
        The 39 means, or the 64 numbers of the first frame, see :data:`STUDY`.
    music : Slices or Corpus
        As in :func:`feature_table`.
    slices : pandas.DataFrame, optional
        As in :func:`feature_table`.
    jobs : int, optional
        As in :func:`feature_table`.

    Returns
    -------
    pandas.DataFrame
        float32, row-aligned with ``slices``, shape ``(n_slices, 39)`` or ``(n_slices, 64)``.

    Raises
    ------
    AudioError
        If audio cannot be read; the message names every such file.
    CorpusError
        If a track has neither audio on disk nor a row in the snapshot.
    ValueError
        If there is no such table.
    """
    if which not in STUDY:
        raise ValueError(f"no table {which!r}; there are {' and '.join(STUDY)}")
    names = [column for feature in STUDY[which] for column in feature.columns]
    return _table(f"study_{which}", names, music, slices, jobs)


def ear_table(
    music: Corpus | Slices, slices: pd.DataFrame | None = None, *, jobs: int | None = None
) -> pd.DataFrame:
    """Describe every slice by the numbers that a pretrained network judges by.

    Explained in chapter 8.

    Parameters
    ----------
    music : Slices or Corpus
        As in :func:`feature_table`.
    slices : pandas.DataFrame, optional
        As in :func:`feature_table`.
    jobs : int, optional
        As in :func:`feature_table`.

    Returns
    -------
    pandas.DataFrame
        What :func:`genrelib.features.ear.embed` gives for the samples of the slice: float32,
        row-aligned with ``slices``, columns ``ear_001`` to ``ear_200``.

    Raises
    ------
    AudioError
        If audio cannot be read; the message names every such file.
    CorpusError
        If a track has neither audio on disk nor a row in the snapshot, or was measured without
        the ear.
    """
    return _table("ear", HEARD["ear"], music, slices, jobs)


def tag_table(
    music: Corpus | Slices, slices: pd.DataFrame | None = None, *, jobs: int | None = None
) -> pd.DataFrame:
    """Say for every slice how probable a pretrained network finds each of 50 tags.

    Explained in chapter 8.

    Parameters
    ----------
    music : Slices or Corpus
        As in :func:`feature_table`.
    slices : pandas.DataFrame, optional
        As in :func:`feature_table`.
    jobs : int, optional
        As in :func:`feature_table`.

    Returns
    -------
    pandas.DataFrame
        What :func:`genrelib.features.ear.tags` gives for the samples of the slice: float32
        probabilities, row-aligned with ``slices``, 50 columns such as ``tag_rock`` and
        ``tag_hip_hop``.

    Raises
    ------
    AudioError
        If audio cannot be read; the message names every such file.
    CorpusError
        If a track has neither audio on disk nor a row in the snapshot, or was measured without
        the ear.
    """
    return _table("tags", HEARD["tags"], music, slices, jobs)


def frames(
    kind: str,
    music: Corpus | Slices,
    slices: pd.DataFrame | None = None,
    *,
    jobs: int | None = None,
) -> np.ndarray:
    """Give every slice as a sequence of frames.

    Explained in chapter 6.

    Parameters
    ----------
    kind : {"mfcc", "mel"}
        20 MFCCs or 64 mel bands (dB) per frame.
    music : Slices or Corpus
        As in :func:`feature_table`.
    slices : pandas.DataFrame, optional
        As in :func:`feature_table`.
    jobs : int, optional
        As in :func:`feature_table`.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n_slices, n_frames, n_bands)``, row-aligned with ``slices``; 130 frames
        for 6 seconds, hop 1,024 samples.

    Raises
    ------
    AudioError
        If audio cannot be read; the message names every such file.
    CorpusError
        If a track has neither audio on disk nor a row in the snapshot.
    ValueError
        If ``kind`` is unknown.
    """
    if kind not in FRAME_BANDS:
        raise ValueError(f"no frames of kind {kind!r}; there are {' and '.join(FRAME_BANDS)}")
    values = matrix(_measure(music, slices, [kind], jobs), kind)
    return values.astype(np.float32).reshape(len(values), -1, FRAME_BANDS[kind])


def usable(corpus: Corpus, *, jobs: int | None = None, progress: bool = True) -> Corpus:
    """Leave out the tracks that cannot be measured, and keep account of them.

    Headers do not tell all: damage in the middle of a file shows when it is decoded. What was
    measured on the way is kept.

    Explained in chapter 1.

    Parameters
    ----------
    corpus : Corpus
        A corpus, as loaded with ``on_error="skip"``.
    jobs : int, optional
        As in :func:`feature_table`.
    progress : bool
        Whether to show a progress bar where this takes more than a second.

    Returns
    -------
    Corpus
        Without those tracks; they are added to its ``skipped``.
    """
    results = measure_files(
        slice_tracks(corpus.tracks), corpus.tracks["path"].dropna(), jobs, progress
    )
    broken = {key: r.reason for key, r in results.items() if isinstance(r, AudioError)}
    return corpus.leave_out(broken) if broken else corpus


def load_music(name: str, *, jobs: int | None = None, progress: bool = True) -> Corpus:
    """Load a corpus by its name, without the tracks that cannot be measured.

    Explained in chapter 1.

    Parameters
    ----------
    name : str
        As for :func:`genrelib.corpus.load_corpus`.
    jobs : int, optional
        As in :func:`feature_table`.
    progress : bool
        As in :func:`usable`.

    Returns
    -------
    Corpus
        What was left out is in its ``skipped``.

    Raises
    ------
    CorpusError
        If the name is unknown, or the corpus is not on disk or holds no usable track.
    """
    return usable(load_corpus(name, on_error="skip"), jobs=jobs, progress=progress)


def write_snapshot(corpus: Corpus, path: Path, *, jobs: int | None = None) -> Path:
    """Write what the package embeds for a corpus: features, frames, ear and tags of every slice.

    Parameters
    ----------
    corpus : Corpus
        A corpus whose audio is on disk.
    path : pathlib.Path
        The Parquet file to write.
    jobs : int, optional
        As in :func:`feature_table`.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    CorpusError
        If the audio is not on disk.
    """
    if not corpus.has_audio:
        raise CorpusError(
            f"a snapshot of {corpus.name} needs its audio on disk; set GENRELIB_DATA"
        )
    table = _measure(corpus, None, ["features", *STUDY_COLUMNS, *FRAME_BANDS], jobs)
    heard = _measure(corpus, None, list(HEARD), jobs)
    for name in HEARD:
        table = table.append_column(name, heard.column(name))
    return write_table(table, path)


def _table(
    name: str,
    names: list[str],
    music: Corpus | Slices,
    slices: pd.DataFrame | None,
    jobs: int | None,
) -> pd.DataFrame:
    table = _measure(music, slices, [name], jobs)
    return pd.DataFrame(matrix(table, name), index=_index(table), columns=names)


def _index(table: pa.Table) -> pd.Index:
    return pd.Index(table.column("slice_id").to_pylist(), name="slice_id")


def _measure(
    music: Corpus | Slices, slices: pd.DataFrame | None, names: list[str], jobs: int | None
) -> pa.Table:
    """Table of ``slice_id`` and the named columns, row-aligned with ``slices``.

    The columns are either features or what the ear hears: each is kept in a file of its own, so
    that neither has to wait for the other.
    """
    if isinstance(music, Slices):
        if music.corpus is None:
            raise ValueError("these slices know no corpus; cut them with slice_tracks(corpus)")
        corpus, slices = music.corpus, music if slices is None else slices
    else:
        corpus, slices = music, slice_tracks(music) if slices is None else slices
    if slices.empty:
        raise CorpusError(f"{corpus.name} has no slice: every track is shorter than one")
    paths = corpus.tracks["path"].reindex(slices["track_id"].unique())
    found = all_or_error(measure_files(slices, paths.dropna(), jobs, heard=names[0] in HEARD))
    parts = [
        pq.read_table(found[track], columns=names).add_column(0, "slice_id", pa.array(rows.index))
        for track, rows in slices.groupby("track_id")
        if track in found
    ]
    missing = slices[slices["track_id"].isin(paths.index[paths.isna()])]
    stored = missing["track_id"].isin(corpus.stored.index)
    if stored.any():
        parts.append(from_store(missing[stored], corpus.stored, names))
    if not stored.all():
        parts.append(from_snapshot(missing[~stored], names))
    table = pa.concat_tables(parts)
    order = pd.Series(np.arange(len(table)), index=_index(table))
    return table.take(order.loc[slices.index].to_numpy())
