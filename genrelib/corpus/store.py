"""The cellar: measurements of a whole collection, as ``genrelib extract`` leaves them on disk.

A folder holds::

    manifest.json          what was measured, and how; small, to be read by people too
    tracks.parquet         one row per track, and which part it is in
    part-00000.parquet     one row per slice of the first batch of tracks, and so on
    errors.parquet         one row per file that could not be used, or is odd; written last

:mod:`genrelib.collections` fills such a folder; :mod:`genrelib.corpus.tracks` and
:mod:`genrelib.features` read it back. Every file is written whole or not at all, and says in its
metadata what it was made from, so that a run that was killed can be told from one that was
finished.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from genrelib.corpus.places import unwritable, write_whole
from genrelib.corpus.table import CorpusError

FORMAT = 1
MANIFEST_FILE, TRACKS_FILE, ERRORS_FILE, LOCK_FILE = (
    "manifest.json",
    "tracks.parquet",
    "errors.parquet",
    ".lock",
)
_KEY = b"genrelib"
_MAGIC = b"PAR1"  # how a Parquet file begins and ends

Broken = tuple[str | None, str, str]
"""A file that cannot be used: its track (None where that is not known), path and reason."""


class StoreError(CorpusError):
    """Measurements that are missing, unfinished, damaged, or cannot be written."""


@dataclass(frozen=True)
class Manifest:
    """What a folder of measurements holds and how it was made.

    Parameters
    ----------
    corpus : str
        Name of the corpus.
    definitions : str
        Fingerprint of everything that decides the numbers, audio aside.
    columns : list of str
        Names of the features.
    frames : list of str
        Kinds of frame sequences that are there too.
    slice_length : float
        Length of a slice in seconds.
    batch : int
        Tracks per part.
    tracks : int
        Number of tracks.
    slices : int
        Number of slices, those of broken files included.
    parts : int
        Number of parts.
    versions : dict of str to str
        Versions of what measured them.
    heard : list of str
        What the pretrained ear hears and is there too.
    """

    corpus: str
    definitions: str
    columns: list[str]
    frames: list[str]
    slice_length: float
    batch: int
    tracks: int
    slices: int
    parts: int
    versions: dict[str, str]
    heard: list[str] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Write it into a folder.

        Parameters
        ----------
        folder : pathlib.Path
            The folder.
        """
        text = json.dumps({"format": FORMAT} | asdict(self), indent=1, ensure_ascii=False)
        write_file(folder / MANIFEST_FILE, f"{text}\n".encode())


def read_manifest(folder: Path) -> Manifest:
    """Say what a folder of measurements holds.

    Parameters
    ----------
    folder : pathlib.Path
        A folder made by ``genrelib extract``.

    Returns
    -------
    Manifest
        What its manifest says.

    Raises
    ------
    StoreError
        If there is no manifest, or none that can be read.
    """
    file = folder / MANIFEST_FILE
    try:
        content = json.loads(file.read_text("utf-8"))
        if content.pop("format") != FORMAT:
            raise StoreError(f"{file}: written by another version of genrelib; extract again")
        return Manifest(**content)
    except FileNotFoundError as error:
        raise StoreError(
            f"{folder}: no measurements here ({MANIFEST_FILE} is missing). Make them with "
            f"`genrelib extract CORPUS -o {folder}`"
        ) from error
    except (OSError, TypeError, AttributeError, KeyError, json.JSONDecodeError) as error:
        raise StoreError(f"{file}: cannot be read ({error}); extract into a new folder") from error


def read_tracks(folder: Path) -> tuple[pd.DataFrame, list[Broken]]:
    """List the tracks that a folder of measurements was planned for.

    Parameters
    ----------
    folder : pathlib.Path
        A folder made by ``genrelib extract``.

    Returns
    -------
    tracks : pandas.DataFrame
        A table of tracks, and ``batch``, the number of the part that each is in.
    broken : list of Broken
        Files that were left out before anything was measured.

    Raises
    ------
    StoreError
        If the list cannot be read.
    """
    file = folder / TRACKS_FILE
    try:
        table = pq.read_table(file)
        broken = [tuple(row) for row in _metadata(table.schema)["broken"]]
    except (OSError, KeyError, pa.ArrowInvalid) as error:
        raise StoreError(f"{file}: cannot be read ({error}); extract into a new folder") from error
    ids = pd.Index(table.column("track_id").to_pylist(), name="track_id")
    tracks = _frame(table.drop_columns(["track_id"])).set_index(ids)
    # What the side of the fixed split was called in folders of earlier versions.
    return tracks.rename(columns={"fold": "side"}), broken


def read_errors(folder: Path) -> pd.DataFrame:
    """List the files that could not be used, and those that are odd: path and reason of each.

    ``track_id`` is missing where it is not known; ``used`` says of which files what can be heard
    was measured nevertheless.

    A StoreError is raised if the run that made the folder has not come to its end, or a part was
    cut short since.
    """
    manifest = read_manifest(folder)
    names = {path.name for path in folder.glob("part-*.parquet")}
    parts = [part_file(folder, number) for number in _numbers(manifest)]
    lacking = sum(part.name not in names for part in parts)
    if lacking or not (folder / ERRORS_FILE).exists():
        raise StoreError(
            f"{folder}: not finished, {lacking} of {manifest.parts} parts are missing. Continue "
            f"with {_command(manifest, folder)}"
        )
    for part in parts:
        if not _whole(part):
            raise damaged(part, "it is not whole")
    try:
        return pd.DataFrame({"used": False} | dict(_frame(pq.read_table(folder / ERRORS_FILE))))
    except (OSError, pa.ArrowInvalid) as error:
        raise StoreError(f"{folder / ERRORS_FILE}: cannot be read ({error}); delete it") from error


def _command(manifest: Manifest, folder: Path) -> str:
    options = "" if manifest.frames else " --no-frames"
    options += " --ear" if manifest.heard else ""
    return f"`genrelib extract {manifest.corpus} -o {folder}{options}`"


def _whole(file: Path) -> bool:
    """Tell a file that was cut short, without reading the tables of all its columns."""
    try:
        with file.open("rb") as stream:
            begin = stream.read(len(_MAGIC))
            stream.seek(-len(_MAGIC), os.SEEK_END)
            return begin == stream.read() == _MAGIC
    except OSError:
        return False


def damaged(part: Path, why: object) -> StoreError:
    """Put into words that a part cannot be read, why, and what to do."""
    command = _command(read_manifest(part.parent), part.parent)
    reason = " ".join(str(why).split()).rpartition(f"'{part}': ")[2]  # pyarrow names it, too
    return StoreError(
        f"{part}: cannot be read ({reason}). Delete it and run the same command again: {command} "
        "measures that part anew"
    )


def _frame(table: pa.Table) -> pd.DataFrame:
    """Return a table for pandas, whose words are objects and None where they are missing."""
    return pd.DataFrame(
        {
            name: pd.Series(column.to_pylist(), dtype=object)
            if pa.types.is_string(column.type)
            else column.to_numpy()
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )


def open_features(folder: str | Path) -> ds.Dataset:
    """Open measurements as one table, without reading them.

    Explained in chapter 11.

    Parameters
    ----------
    folder : str or pathlib.Path
        A folder made by ``genrelib extract``.

    Returns
    -------
    pyarrow.dataset.Dataset
        One row per slice, in the order of the tracks: slice_id, track_id, genre, artist, side,
        start, end (seconds), one float32 column per feature, the tables of the original study,
        each row of them in one list, and where they were kept the frame sequences ``mfcc`` and
        ``mel``, half precision, all frames of a slice in one list, and ``ear`` and ``tags``, what
        the pretrained ear hears.

    Raises
    ------
    StoreError
        If there are no measurements, they are not finished, or a part was cut short.

    Examples
    --------
    A reader chooses columns and rows, and only those are read:

    >>> loud = open_features("measured").to_table(
    ...     columns=["track_id", "rms_mean"], filter=ds.field("rms_mean") > 0.2
    ... )  # doctest: +SKIP
    """
    folder = Path(folder).expanduser()
    read_errors(folder)
    return open_parts(part_file(folder, number) for number in _numbers(read_manifest(folder)))


def open_parts(files: Iterable[Path]) -> ds.Dataset:
    """Open parts as one table, without reading them.

    Parameters
    ----------
    files : iterable of pathlib.Path
        The parts.

    Returns
    -------
    pyarrow.dataset.Dataset
        Their rows, in the order of the parts.

    Raises
    ------
    StoreError
        If the first of them cannot be read; the others are not looked at yet.
    """
    names = [str(file) for file in files]
    try:
        return ds.dataset(names, format="parquet")
    except (OSError, pa.ArrowException) as error:
        raise damaged(Path(names[0]), error) from error


def read_parts(data: ds.Dataset, columns: list[str]) -> pa.Table:
    """Read columns of parts, one part after the other.

    Parameters
    ----------
    data : pyarrow.dataset.Dataset
        Parts, as from `open_parts`.
    columns : list of str
        Names of the columns.

    Returns
    -------
    pyarrow.Table
        The columns, with the rows in the order of the parts.

    Raises
    ------
    StoreError
        If a part cannot be read.
    """
    tables = []
    for part in data.get_fragments():
        try:
            tables.append(part.to_table(schema=data.schema, columns=columns))
        except (OSError, pa.ArrowException) as error:
            raise damaged(Path(part.path), error) from error
    return pa.concat_tables(tables)


def _numbers(manifest: Manifest) -> range:
    return range(manifest.parts)


def part_file(folder: Path, number: int) -> Path:
    """Say where a part is, or will be.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of measurements.
    number : int
        Number of the part, from 0.

    Returns
    -------
    pathlib.Path
        The file, which need not exist.
    """
    return folder / f"part-{number:05d}.parquet"


def metadata(file: Path) -> dict[str, Any] | None:
    """Read what a Parquet file says about itself, and its number of rows.

    Parameters
    ----------
    file : pathlib.Path
        A file written by `write_parquet`.

    Returns
    -------
    dict or None
        What was given to `write_parquet`, and ``rows``; None where the file is missing or not
        whole.
    """
    try:
        footer = pq.read_metadata(file)
        return _metadata(footer.schema.to_arrow_schema()) | {"rows": footer.num_rows}
    except (OSError, KeyError, ValueError):  # pyarrow.ArrowInvalid is a ValueError
        return None


def _metadata(schema: pa.Schema) -> dict[str, Any]:
    return json.loads((schema.metadata or {})[_KEY])


def write_parquet(
    file: Path, table: pa.Table, about: dict[str, Any], floats: Sequence[str] = ()
) -> int:
    """Write a table as a Parquet file, whole or not at all.

    The same table gives the same bytes: no date is written.

    Parameters
    ----------
    file : pathlib.Path
        The file.
    table : pyarrow.Table
        Its rows.
    about : dict
        What the file says about itself; anything that JSON can hold.
    floats : sequence of str
        Columns of floating-point numbers, which are split by bytes: that packs them better.

    Returns
    -------
    int
        Bytes written.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    text = json.dumps(about, sort_keys=True, ensure_ascii=False)
    buffer = pa.BufferOutputStream()
    pq.write_table(
        table.replace_schema_metadata({_KEY: text}),
        buffer,
        compression="zstd",
        use_dictionary=[name for name in table.column_names if name not in floats],
        use_byte_stream_split=_leaves(table.schema, floats),
    )
    content = buffer.getvalue()
    write_file(file, content)
    return content.size


def _leaves(schema: pa.Schema, names: Sequence[str]) -> list[str]:
    """Name the columns as Parquet does, where a list is a column inside a column."""
    lists = {name for name in names if pa.types.is_fixed_size_list(schema.field(name).type)}
    return [f"{name}.list.element" if name in lists else name for name in names]


def write_file(file: Path, content: bytes | pa.Buffer) -> None:
    """Write a file of measurements whole or not at all, or say in a StoreError why not."""
    try:
        write_whole(file, content)
    except OSError as error:
        raise cannot_write(file, error) from error


def cannot_write(file: Path, error: OSError) -> StoreError:
    """Put into words why a file cannot be written, and what to do.

    Parameters
    ----------
    file : pathlib.Path
        The file or folder.
    error : OSError
        What the system says.

    Returns
    -------
    StoreError
        The error to raise.
    """
    return StoreError(unwritable(file, error))
