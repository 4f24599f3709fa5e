"""The features that FMA publishes of its 106,574 tracks: one row per track, over the whole clip.

They are librosa's, computed by FMA's authors (Defferrard et al. 2017), and not those of
:mod:`genrelib.features.families`, so they stand in a table of their own. The file is text of
nearly a gigabyte: it is read once, piece by piece, and kept as Parquet.
"""

from __future__ import annotations

import csv
import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from genrelib.corpus import UNFINISHED, Corpus, CorpusError, cache_root, fma_file

_LEVELS = ("feature", "statistics", "number")
_BLOCK = 1 << 24  # bytes of text that are read at a time


def fma_features(music: Corpus) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the published features of tracks of FMA.

    Explained in chapter 13.

    Parameters
    ----------
    music : Corpus
        The corpus ``fma``, or another that holds tracks of it; the others are passed over.

    Returns
    -------
    tracks : pandas.DataFrame
        One row per track, laid out like a table of slices with one slice per track. Tracks of
        which a feature is missing are not in it; ``attrs["left_out"]`` names them.
    features : pandas.DataFrame
        float32, row-aligned; columns such as ``mfcc_mean_01``, 518 of them as published.

    Raises
    ------
    CorpusError
        If the table is not on disk, not laid out as published, or has none of the tracks.

    Examples
    --------
    Three lines from the archive to a score:

    >>> music = load_corpus("fma", on_error="skip")  # doctest: +SKIP
    >>> tracks, X = fma_features(music)  # doctest: +SKIP
    >>> score(cross_validate(make_model("knn"), X, tracks, "artist"))  # doctest: +SKIP
    """
    numbers = pq.read_table(kept := _as_parquet(fma_file("features.csv")), columns=["track_id"])
    ids = pd.Index(numbers.column(0).to_numpy()).map("fma.{:06d}".format)
    wanted = ids.isin(music.tracks.index)
    if not wanted.any():
        raise CorpusError(f"{music.name}: no track of FMA in it, so there is no published feature")
    names = pq.read_schema(kept).names[1:]
    X = np.empty((int(wanted.sum()), len(names)), np.float32)
    row = at = 0
    for batch in pq.ParquetFile(kept).iter_batches(columns=names):
        here = wanted[at : at + len(batch)]
        part = np.column_stack([column.to_numpy(zero_copy_only=False) for column in batch])[here]
        X[row : row + len(part)] = part
        row, at = row + len(part), at + len(batch)
    whole = np.isfinite(X).all(axis=1)
    found = ids[wanted]
    rows = music.tracks.loc[found[whole], ["genre", "artist", "side", "recording"]]
    rows.insert(0, "track_id", found[whole])
    rows["recording"] = rows["recording"].where(rows["recording"].notna(), rows["track_id"])
    rows = rows.set_axis(pd.Index(found[whole] + ":0", name="slice_id"))
    rows.attrs["left_out"] = found[~whole].tolist()
    return rows, pd.DataFrame(X if whole.all() else X[whole], rows.index, names)


def _as_parquet(file: Path) -> Path:
    """Keep the table as Parquet, under what tells this file from another; return where."""
    about = file.stat()
    kept = cache_root() / "fma" / f"features-{about.st_size}-{about.st_mtime_ns}.parquet"
    if kept.exists():
        return kept
    names = _columns(file)
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_name(f".{kept.name}.{uuid.uuid4().hex[:12]}{UNFINISHED}")
    types = {"track_id": pa.int64()} | dict.fromkeys(names, pa.float32())
    try:
        stream = pc.open_csv(
            file,
            pc.ReadOptions(
                use_threads=False, block_size=_BLOCK, skip_rows=4, column_names=list(types)
            ),
            convert_options=pc.ConvertOptions(column_types=types),
        )
        with pq.ParquetWriter(part, stream.schema, compression="zstd", use_dictionary=False) as to:
            for batch in stream:
                to.write_batch(batch)
        part.replace(kept)
    except pa.ArrowInvalid as error:
        raise _other_layout(file, str(error)) from error
    finally:
        part.unlink(missing_ok=True)
    return kept


def _columns(file: Path) -> list[str]:
    """Read the three header rows, and the name of the index below them."""
    with file.open(encoding="utf-8", newline="") as stream:
        rows = [row for row, _ in zip(csv.reader(stream), range(4), strict=False)]
    if tuple(row[0] if row else "" for row in rows) != (*_LEVELS, "track_id"):
        raise _other_layout(
            file, "its first column does not begin with feature, statistics, number"
        )
    if len({len(row) for row in rows}) != 1:
        raise _other_layout(file, "its header rows differ in length")
    return ["_".join(names) for names in zip(*(row[1:] for row in rows[:3]), strict=True)]


def _other_layout(file: Path, why: str) -> CorpusError:
    return CorpusError(
        f"{file}: not laid out as FMA publishes it ({why}). Move its folder away and run "
        "`genrelib corpus download fma`"
    )
