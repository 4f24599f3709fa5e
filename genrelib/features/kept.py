"""What was measured elsewhere: the snapshot of the package, and folders of measurements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from genrelib.corpus import (
    PACKAGE_DATA,
    CorpusError,
    open_parts,
    read_manifest,
    read_parts,
)
from genrelib.features.ear import HEARD
from genrelib.features.families import FRAME_BANDS, columns
from genrelib.features.measuring import lists, matrix
from genrelib.features.slicing import SLICE_LENGTH

SNAPSHOTS = PACKAGE_DATA
"""Folder of the snapshots."""


def from_store(slices: pd.DataFrame, stored: pd.DataFrame, names: list[str]) -> pa.Table:
    """Read what `genrelib extract` measured, from the parts that hold these slices."""
    source = stored.loc[slices["track_id"]].set_axis(slices.index)
    number = slices.index.str.rpartition(":").get_level_values(2)
    ids = source["name"] + ":" + number
    tables = []
    for folder, rows in slices.groupby(source["folder"]):
        data = open_parts(sorted({Path(part) for part in source.loc[rows.index, "part"]}))
        wanted = [c for name in names for c in (columns() if name == "features" else [name])]
        if absent := sorted(set(wanted) - set(data.schema.names)):
            raise _lacking(str(folder), absent)
        table = read_parts(data, ["slice_id", "start", "end", *wanted])
        at = pd.Index(table.column("slice_id").to_pylist()).get_indexer(ids[rows.index])
        table = table.take(at) if (at >= 0).all() else table.slice(0, 0)
        if not all(np.array_equal(table.column(c), rows[c]) for c in ("start", "end")):
            raise _other_slices(str(folder), rows.iloc[0], data)
        values = {
            name: matrix(table, name).astype(np.float32, copy=False)
            if name != "features"
            else np.column_stack([table.column(c) for c in columns()])
            for name in names
        }
        found = {name: lists(value) for name, value in values.items()}
        tables.append(pa.table({"slice_id": rows.index, **found}))
    return pa.concat_tables(tables)


def _lacking(folder: str, absent: list[str]) -> CorpusError:
    if not Path(folder).is_absolute():
        return CorpusError(
            f"{folder} has no {absent[0]}: the package holds other measurements of it, and "
            "nothing else. Take another corpus, or one whose audio is on disk"
        )
    how = "with --no-frames" if absent[0] in FRAME_BANDS else "by other definitions"
    how, option = ("without --ear", " --ear") if absent[0] in HEARD else (how, "")
    origin = read_manifest(Path(folder)).corpus
    return CorpusError(
        f"{folder} has no {absent[0]} ({len(absent)} columns are missing): it was made "
        f"{how}. Extract again: `genrelib extract {origin} -o NEW_FOLDER{option}`"
    )


def _other_slices(folder: str, wanted: pd.Series, data: Any) -> CorpusError:
    held = data.head(2, columns=["slice_id", "start", "end"]).to_pylist()
    listed = " and ".join(f"{row['slice_id']} ({_times(row)})" for row in held)
    return CorpusError(
        f"{folder} does not hold slices such as {wanted.name} ({_times(wanted)}), but such as "
        f"{listed}; cut them so with slice_tracks, or extract again"
    )


def _times(row: Any) -> str:
    return f"{row['start']:g} to {row['end']:g} s"


def from_snapshot(slices: pd.DataFrame, names: list[str]) -> pa.Table:
    """Read what the package embeds."""
    number = slices.index.str.rpartition(":").get_level_values(2).astype(float)
    length = slices["end"] - slices["start"]
    if not (np.allclose(length, SLICE_LENGTH) and np.allclose(slices["start"], number * length)):
        raise CorpusError(
            f"the embedded snapshot holds slices of {SLICE_LENGTH:g} seconds only; other slices "
            "are measured from audio: set GENRELIB_DATA, or use corpus 'sketch'"
        )
    for path in sorted(SNAPSHOTS.glob("*.parquet")):
        table = pq.read_table(path, columns=["slice_id", *names])
        rows = pd.Index(table.column("slice_id").to_pylist()).get_indexer(slices.index)
        if (rows >= 0).all():
            return (_select_columns(table) if "features" in names else table).take(rows)
    tracks = slices["track_id"].unique()
    if all(track.startswith("fma.") for track in tracks):
        raise CorpusError(
            "fma has no audio, only features as published, of whole clips: read them with "
            "genrelib.features.fma_features. For slices, frames and the ear take fma-small"
        )
    raise CorpusError(
        f"no audio on disk for {', '.join(tracks[:3])}{' ...' * (len(tracks) > 3)} and no "
        "embedded measurements of these slices; set GENRELIB_DATA to the folder that holds the "
        "audio, or run `genrelib corpus download`"
    )


def _select_columns(table: pa.Table) -> pa.Table:
    """Bring the snapshot's feature columns into the order of the current definitions."""
    known = json.loads(table.schema.metadata[b"columns"])
    if known == columns():
        return table
    if absent := sorted(set(columns()) - set(known)):
        raise CorpusError(
            f"the embedded snapshot has no {absent[0]} ({len(absent)} columns are new); "
            "features you add are computed from audio: set GENRELIB_DATA, or use corpus 'sketch'"
        )
    values = pd.DataFrame(matrix(table, "features"), columns=known)[columns()]
    position = table.schema.get_field_index("features")
    return table.set_column(position, "features", lists(values.to_numpy()))
