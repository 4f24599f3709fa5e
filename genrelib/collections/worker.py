"""The work of one process: a batch of tracks is measured, and its part is written."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits

from genrelib.collections.plan import Batch, ExtractError, Stamp, definitions, stamp
from genrelib.corpus import MANIFEST_FILE, SAMPLE_RATE, AudioError, Broken, write_parquet
from genrelib.features import (
    FRAME_BANDS,
    FRAME_STEP,
    HEARD,
    HOP_LENGTH,
    SLICE_LENGTH,
    STUDY,
    STUDY_COLUMNS,
    hear_slices,
    matrix,
    measure_slices,
    slice_tracks,
)

SAME = "Install the same genrelib, librosa, numpy, onnxruntime, soxr and soundfile everywhere"


@dataclass(frozen=True)
class Report:
    """What a worker says about a part: small, however large the part is.

    Parameters
    ----------
    part : int
        Its number.
    tracks : int
        Number of its tracks.
    slices : int
        Number of slices measured.
    lost : int
        Number of slices of the files that could not be used.
    broken : list of Broken
        Files that could not be used.
    notes : list of Broken
        What was odd about files that could.
    bytes : int
        Size of the part.
    seconds : float
        How long it took.
    memory : int
        The most memory that the process ever had, in bytes; 0 where the system does not say.
    process : int
        Number of the process.
    """

    part: int
    tracks: int
    slices: int
    lost: int
    broken: list[Broken]
    notes: list[Broken]
    bytes: int
    seconds: float
    memory: int
    process: int


def measure_batch(batch: Batch) -> Report:
    """Measure a batch and write its part; runs in a process of its own."""
    begun = time.perf_counter()
    _check_worker(batch)
    slices = slice_tracks(batch.tracks)
    tables: list[pa.Table] = []
    broken: list[Broken] = []
    notes: list[Broken] = []
    files: dict[str, Stamp | None] = {}
    with threadpool_limits(1):
        for track, path in batch.tracks["path"].items():
            if batch.parent and os.getppid() != batch.parent:
                os._exit(1)  # whoever wanted this is gone, and may be back with other workers
            rows = slices[slices["track_id"] == track]
            try:
                files[str(track)] = stamp(path)
                said: list[str] = []
                tables += [_rows(batch, rows, path, said)] if len(rows) else []
                notes += [(str(track), path, note) for note in said]
            except AudioError as error:
                _check_root(batch.root)
                broken.append((str(track), error.path, error.reason))
            except MemoryError as error:
                raise ExtractError(
                    f"{path}: the memory of {platform.node()} does not suffice to measure it. Use "
                    "fewer workers at a time, or leave the file out"
                ) from error
            except Exception as error:
                # One odd file of a hundred thousand must not end a night's work.
                reason = f"cannot be measured ({type(error).__name__}: {error})"
                broken.append((str(track), path, reason))
    lost = {track for track, _, _ in broken}
    table = _part(slices[~slices["track_id"].isin(lost)], tables, batch)
    found = {"broken": broken, "notes": notes, "files": files}
    floats = [name for name in table.column_names if name not in _KEYS]
    size = write_parquet(batch.file, table, batch.about() | found, floats)
    return Report(
        part=batch.number,
        tracks=len(batch.tracks),
        slices=len(table),
        lost=len(slices) - len(table),
        broken=broken,
        notes=notes,
        bytes=size,
        seconds=time.perf_counter() - begun,
        memory=_peak_memory(),
        process=os.getpid(),
    )


def _rows(batch: Batch, rows: pd.DataFrame, path: str, notes: list[str]) -> pa.Table:
    length = float((rows["end"] - rows["start"]).iloc[0])
    starts = rows["start"].tolist()
    table = measure_slices(path, starts, length, batch.features, batch.frames, notes)
    if batch.heard:
        heard = hear_slices(path, starts, length)
        for name in batch.heard:
            table = table.append_column(name, heard.column(name))
    return table.select(["features", *_lists(batch.frames, batch.heard)])


def _lists(frames: list[str], heard: list[str]) -> dict[str, pa.DataType]:
    """Columns that hold several numbers per slice: the tables of the study, frames, the ear's."""
    study = {
        name: pa.list_(pa.float32(), sum(len(feature.columns) for feature in STUDY[which]))
        for name, which in STUDY_COLUMNS.items()
    }
    samples = round(SLICE_LENGTH * SAMPLE_RATE)
    n_frames = len(range(0, 1 + samples // HOP_LENGTH, FRAME_STEP))
    bands = FRAME_BANDS
    kept = {kind: pa.list_(pa.float16(), n_frames * bands[kind]) for kind in frames}
    return study | kept | {n: pa.list_(pa.float32(), len(HEARD[n])) for n in heard}


def _check_worker(batch: Batch) -> None:
    """Refuse to measure something else, or into a folder that nobody will look into."""
    # Processes of this machine were handed the features that it has, a reader's own included.
    if not batch.parent and definitions(bool(batch.heard)) != batch.definitions:
        raise ExtractError(f"a worker on {platform.node()} has other definitions. {SAME}")
    if not (batch.folder / MANIFEST_FILE).exists():
        raise ExtractError(
            f"{batch.folder}: not seen by a worker on {platform.node()}. All workers must see the "
            "audio and the folder under the same paths, on a disk that they share"
        )


def _check_root(root: str) -> None:
    """Tell a broken file from a disk that went away, with which every file would be broken."""
    if not root:
        return
    try:
        if next(os.scandir(root), None) is not None:
            return
        reason = "the folder is empty"
    except OSError as error:
        reason = error.strerror or str(error)
    raise ExtractError(
        f"{root}: the audio is not there any more on {platform.node()} ({reason}). Connect the "
        "disk again, then run the same command again"
    )


_KEYS = {"slice_id", "track_id", "genre", "artist", "side", "recording"}


def _part(slices: pd.DataFrame, tables: list[pa.Table], batch: Batch) -> pa.Table:
    """Join slices and measurements: one column per feature, under its own name."""
    names = ("track_id", "genre", "artist", "side")
    columns: dict[str, pa.Array] = {"slice_id": pa.array(slices.index.tolist(), pa.string())}
    columns |= {name: pa.array(slices[name].tolist(), pa.string()) for name in names}
    columns |= {name: pa.array(slices[name], pa.float64()) for name in ("start", "end")}
    columns["recording"] = pa.array(slices["recording"].tolist(), pa.string())
    lists = _lists(batch.frames, batch.heard)
    feature_names = [column for feature in batch.features for column in feature.columns]
    if tables:
        measured = pa.concat_tables(tables)
        values = matrix(measured, "features")
    else:  # a batch may hold nothing but broken files
        measured = pa.table({name: pa.array([], kind) for name, kind in lists.items()})
        values = np.empty((0, len(feature_names)), np.float32)
    columns |= {name: pa.array(values[:, i]) for i, name in enumerate(feature_names)}
    columns |= {name: measured.column(name).combine_chunks() for name in lists}
    return pa.table(columns)


def _peak_memory() -> int:
    # On Linux, getrusage counts what the parent held when it started this process, too.
    with contextlib.suppress(OSError):
        if peak := re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text()):
            return 1024 * int(peak[1])
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if platform.system() == "Darwin" else 1024 * most
