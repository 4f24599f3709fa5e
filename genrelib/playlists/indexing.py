"""An index of music: a folder of shards, each whole or not there.

:func:`build_index` deals the files that are not in an index yet into batches, has each heard by
one process, here or on a Dask cluster, and drops what has vanished. A run that was stopped
continues where it was. :func:`open_index` reads an index.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from genrelib.classify import load_model
from genrelib.collections import locked, run_batches, stamp
from genrelib.corpus import (
    LOCK_FILE,
    Corpus,
    as_text,
    audio_below,
    cannot_write,
    genre_name,
    load_corpus,
    metadata,
    on_disk,
    write_whole,
)
from genrelib.playlists.hearing import (
    MANIFEST,
    SCHEMA,
    Batch,
    Entry,
    PlaylistError,
    ear_version,
    hear_batch,
    shard_file,
    write_shard,
)
from genrelib.playlists.searching import Index, catalogue, measured

BATCH = 32
"""Files per shard while it is built: what is lost when it is killed, at most, for each process."""
MERGED = 50_000
"""Tracks of a shard in the end."""
FEW = 16
"""Shards that are left as they are."""
FORMAT = 1
_STEM = re.compile(r"(?:\d+[ .]*-?[ ]+)?(?P<artist>.+?) - (?P<title>.+)")


def build_index(
    source: str | Path | Corpus,
    folder: str | Path,
    *,
    jobs: int | None = None,
    batch: int = BATCH,
    dask: str | None = None,
    progress: bool = False,
) -> Index:
    """Hear music into an index, or bring an index up to date.

    Explained in chapter 12.

    What is in the index already, and has not changed on disk, is not heard again; what has
    vanished, or is not in `source` any more, is taken out.

    Parameters
    ----------
    source : str, pathlib.Path or Corpus
        A folder of music, in whatever folders; or a corpus, or its name as for
        :func:`genrelib.corpus.load_corpus`. Where a corpus has no audio on disk, what is known of
        what the ear hears in it is taken.
    folder : str or pathlib.Path
        Where the index is, or will be.
    jobs : int, optional
        Processes to use; all the cores this process may use if left out.
    batch : int
        Files that a process hears before it writes what it has.
    dask : str, optional
        Address of a Dask scheduler, whose workers hear instead. They read and write the same
        paths.
    progress : bool
        Whether to say how far it is, on standard error.

    Returns
    -------
    Index
        The index, opened.

    Raises
    ------
    PlaylistError
        If there is no music, or the folder is no index of this ear.
    ExtractError
        If a worker died, or another run is writing.
    StoreError
        If the folder cannot be written.
    """
    folder = Path(folder).expanduser().resolve()
    found = _found(source)
    with locked(folder):
        _begin(folder)
        if isinstance(found, Corpus):
            old = _live(folder)
            table = measured(found)
            write_shard(shard_file(folder, _next(folder)), table, [], replaces=old)
        else:
            rest = _kept(folder, found)
            _hear(folder, rest, jobs, batch, dask, progress)
        _merge(folder)
    return open_index(folder)


def _found(source: str | Path | Corpus) -> list[Entry] | Corpus:
    """List the files of a source; a corpus without audio is given back."""
    if not isinstance(source, Corpus) and Path(source).expanduser().is_dir():
        return _of_folder(Path(source).expanduser().resolve())
    corpus = source if isinstance(source, Corpus) else load_corpus(str(source), on_error="skip")
    if not corpus.has_audio:
        return corpus
    rows = corpus.tracks.reset_index()[["track_id", "path", "artist", "title", "genre"]]
    return [Entry(*row) for row in rows.itertuples(index=False)]


def _of_folder(root: Path) -> list[Entry]:
    """Take every audio file below a folder, and what the names of folders and file tell."""
    known = set(load_model().genres)
    entries = []
    for file in audio_below(root):
        *above, _ = file.relative_to(root).parts
        genre = next((genre_name(part) for part in above if genre_name(part) in known), None)
        named = _STEM.fullmatch(file.stem)
        artist = named["artist"] if named else None
        if artist is None and len(above) > 1:
            # Artist/Album/Song, unless the first of the two is a genre.
            artist = above[-2] if genre_name(above[-2]) not in known else above[-1]
        title = named["title"] if named else file.stem
        name = as_text(file.relative_to(root).as_posix())
        entries.append(
            Entry(name, as_text(file), artist and as_text(artist), as_text(title), genre)
        )
    if not entries:
        raise PlaylistError(f"{root}: no music in this folder, nor below it. Choose another")
    return entries


def _begin(folder: Path) -> None:
    file = folder / MANIFEST
    if file.exists():
        _check(folder)
        return
    if foreign := [p for p in folder.iterdir() if p.name != LOCK_FILE]:
        raise PlaylistError(
            f"{folder}: not empty ({foreign[0].name}), and not begun by `genrelib index`. Choose "
            "a new folder"
        )
    _write(file, json.dumps({"format": FORMAT, "ear": ear_version()}) + "\n")


def _check(folder: Path) -> None:
    try:
        about = json.loads((folder / MANIFEST).read_text("utf-8"))
        made, ear = int(about["format"]), about["ear"]
    except FileNotFoundError:
        what = "no such folder" if not folder.is_dir() else f"not an index: it has no {MANIFEST}"
        raise PlaylistError(f"{folder}: {what}. Make one with `genrelib index`") from None
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise PlaylistError(
            f"{folder / MANIFEST}: damaged ({error}). Make the index again, in a new folder"
        ) from error
    if made != FORMAT or ear != ear_version():
        what = "another ear" if made == FORMAT else f"another genrelib (format {made})"
        raise PlaylistError(
            f"{folder}: made by {what}, whose numbers mean something else. Make the index again, "
            "in a new folder"
        )


def _write(file: Path, text: str) -> None:
    try:
        write_whole(file, text)
    except OSError as error:
        raise cannot_write(file, error) from error


# --- what is there already -------------------------------------------------------------------


def _numbers(folder: Path) -> list[int]:
    return sorted(int(file.stem[6:]) for file in folder.glob("shard-*.parquet"))


def _next(folder: Path) -> int:
    return max(_numbers(folder), default=-1) + 1


def _live(folder: Path) -> list[int]:
    """Give the shards that count: whole, and not replaced by another."""
    about = {number: metadata(shard_file(folder, number)) for number in _numbers(folder)}
    gone = {old for found in about.values() if found for old in found.get("replaces", [])}
    return [number for number, found in about.items() if found and number not in gone]


def _is_same(entry: Entry, row: list[Any]) -> bool:
    """Compare a file with what it was; its content is read only if it has another time."""
    try:
        about = on_disk(entry.path).stat()
    except OSError:
        return False
    if row[0] != about.st_size:
        return False
    return row[1] == about.st_mtime_ns or (stamp(entry.path) or [None])[-1] == row[-1]


def _kept(folder: Path, entries: list[Entry]) -> list[Entry]:
    """Take out of the shards what is not as it was, and give what is still to be heard."""
    wanted = {entry.path: entry for entry in entries}
    live = _live(folder)
    for number in set(_numbers(folder)) - set(live):
        shard_file(folder, number).unlink(missing_ok=True)
    for number in live:
        file = shard_file(folder, number)
        try:
            table = pq.read_table(file, schema=SCHEMA)
        except (OSError, pa.ArrowException):
            file.unlink(missing_ok=True)  # what was in it is heard again
            continue
        stamps = zip(*(table[name].to_pylist() for name in SCHEMA.names[-3:]), strict=True)
        good = [
            path in wanted and _is_same(wanted[path], list(was)) and bool(wanted.pop(path))
            for path, was in zip(table["path"].to_pylist(), stamps, strict=True)
        ]
        before = (metadata(file) or {}).get("broken", [])
        broken = [
            row
            for row in before
            if row[2] and row[0] in wanted and _is_same(wanted[row[0]], row[2])
        ]
        for path, *_ in broken:
            del wanted[path]
        if not all(good) or len(broken) < len(before):
            kept = table.filter(pa.array(good, pa.bool_()))
            if len(kept) or broken:
                write_shard(file, kept, broken)
            else:
                file.unlink()
    return list(wanted.values())


def _hear(
    folder: Path,
    entries: list[Entry],
    jobs: int | None,
    batch: int,
    dask: str | None,
    progress: bool,
) -> None:
    first, parent = _next(folder), 0 if dask else os.getpid()
    starts = range(0, len(entries), batch)

    def batches() -> Iterator[Batch]:
        for k, start in enumerate(starts):
            part = tuple(entries[start : start + batch])
            yield Batch(folder, first + k, part, parent)

    reports = run_batches(batches(), len(starts), jobs, dask, work=hear_batch, same=ear_version)
    with (
        tqdm(total=len(entries), unit="file", disable=not progress, file=sys.stderr) as bar,
        contextlib.closing(reports),
    ):
        for done in reports:
            bar.update(done.heard + done.broken)


def _merge(folder: Path) -> None:
    """Join many small shards to few large ones; a run that is killed on the way loses nothing."""
    live = _live(folder)
    if len(live) > FEW:
        group: list[int] = []
        size = 0
        sizes = {n: (metadata(shard_file(folder, n)) or {"rows": 0})["rows"] for n in live}
        for number in live:
            group.append(number)
            size += sizes[number]
            if size >= MERGED or number == live[-1]:
                if len(group) > 1:
                    _join(folder, group)
                group, size = [], 0
    for number in set(_numbers(folder)) - set(_live(folder)):
        shard_file(folder, number).unlink(missing_ok=True)


def _join(folder: Path, group: list[int]) -> None:
    files = [shard_file(folder, number) for number in group]
    table = pa.concat_tables([pq.read_table(file, schema=SCHEMA) for file in files])
    broken = [row for file in files for row in (metadata(file) or {}).get("broken", [])]
    write_shard(shard_file(folder, _next(folder)), table.combine_chunks(), broken, replaces=group)


# --- reading ---------------------------------------------------------------------------------


def open_index(folder: str | Path) -> Index:
    """Open an index.

    Explained in chapter 12.

    Parameters
    ----------
    folder : str or pathlib.Path
        A folder that :func:`build_index` has written, or has begun to write.

    Returns
    -------
    Index
        Its tracks, sorted by name.

    Raises
    ------
    PlaylistError
        If it is no index, made by another ear, damaged or empty.
    """
    folder = Path(folder).expanduser().resolve()
    _check(folder)
    live = _live(folder)
    if damaged := len(_numbers(folder)) - len(live):
        replaced = [n for n in live if (metadata(shard_file(folder, n)) or {}).get("replaces")]
        if not replaced:
            raise PlaylistError(
                f"{folder}: {damaged} of its shards cannot be read. Run the same `genrelib index` "
                "again: it hears what was in them anew"
            )
    files = [shard_file(folder, number) for number in live]
    names = SCHEMA.names[:-3]
    try:
        parts = [pq.read_table(file, columns=names) for file in files]
    except (OSError, pa.ArrowException) as error:
        raise PlaylistError(
            f"{folder}: damaged ({error}). Run the same `genrelib index` again"
        ) from error
    left = [row[:2] for file in files for row in (metadata(file) or {}).get("broken", [])]
    table = pa.concat_tables(parts) if parts else SCHEMA.empty_table()
    del parts
    if not len(table):
        raise PlaylistError(
            f"{folder}: no track in it; {len(left)} files cannot be used. Run `genrelib index` on "
            "a folder of music"
        )
    return catalogue(
        table.replace_schema_metadata(None).sort_by("track_id"),
        name=str(folder),
        keep=folder,
        left_out=pd.DataFrame(left, columns=["path", "reason"], dtype=object),
    )
