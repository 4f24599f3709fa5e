"""Every file is measured once: several side by side, and kept under what it holds.

What was measured lies below :func:`genrelib.corpus.cache_root`, under a fingerprint of the
definitions, in a file named by the content of the audio and by its slices.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from genrelib.corpus import AudioError, cache_root, on_disk, write_whole
from genrelib.features import families
from genrelib.features.fingerprints import ear_definitions, feature_definitions
from genrelib.features.measuring import hear_slices, measure_slices


def measure_files(
    slices: pd.DataFrame,
    paths: pd.Series,
    jobs: int | None,
    progress: bool = True,
    *,
    heard: bool = False,
) -> dict[Any, Any]:
    """Measure files; for each track the Parquet file with its rows, or what went wrong."""
    # Features go along to the processes, which know only those that this module was loaded with.
    how: tuple[Any, ...] = (
        (ear_definitions(), hear_slices)
        if heard
        else (feature_definitions(), measure_slices, tuple(families.FEATURES))
    )
    work = {
        track: (paths[track], rows["start"].tolist(), float((rows["end"] - rows["start"]).iloc[0]))
        for track, rows in slices[slices["track_id"].isin(paths.index)].groupby("track_id")
    }
    # One thread to a process: what a slice needs is too small to be shared out among threads.
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        pool = joblib.Parallel(
            n_jobs=min(jobs or joblib.cpu_count(), max(len(work), 1)),
            return_as="generator",
            batch_size=1,
        )
    results = tqdm(
        pool(joblib.delayed(_attempt)(*job, *how) for job in work.values()),
        total=len(work),
        desc="measuring tracks",
        unit="track",
        delay=1,
        disable=not (progress and work) or bool(os.environ.get("GENRELIB_QUIET")),
    )
    return dict(zip(work, results, strict=True))


def all_or_error(results: dict[Any, Any]) -> dict[Any, Path]:
    """Insist on results of :func:`measure_files` among which is no error."""
    errors = [result for result in results.values() if isinstance(result, AudioError)]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        lines = "".join(f"\n  {error.path}: {error.reason}" for error in errors)
        raise AudioError(
            f"{len(errors)} files",
            f"they cannot be measured:{lines}\n",
            "Repair or remove them, or leave them out with genrelib.features.usable",
        )
    return results


def write_table(table: pa.Table, path: Path) -> Path:
    """Write what was measured as a Parquet file that names the columns of the features."""
    buffer = pa.BufferOutputStream()
    pq.write_table(
        table.replace_schema_metadata({"columns": json.dumps(families.columns())}),
        buffer,
        compression="zstd",
        use_dictionary=False,
        use_byte_stream_split=[f"{n}.list.element" for n in table.column_names if n != "slice_id"],
    )
    write_whole(path, buffer.getvalue())
    return path


def _attempt(*job: Any) -> Path | AudioError:
    try:
        return _cached(*job)
    except AudioError as error:
        return error


def _cached(
    path: str,
    starts: list[float],
    length: float,
    definitions: str,
    measure: Callable[..., pa.Table],
    *how: Any,
) -> Path:
    """Measure one file unless that was done before; return where the result lies."""
    try:
        with on_disk(path).open("rb") as file:
            content = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise AudioError(path, f"cannot be opened ({error.strerror})") from error
    content.update(repr((starts, length)).encode())
    target = cache_root() / "features" / definitions / f"{content.hexdigest()[:40]}.parquet"
    return target if target.exists() else write_table(measure(path, starts, length, *how), target)
