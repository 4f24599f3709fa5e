"""The plan of a run: which tracks are in which part, what is done, what is left to do."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import filelock
import numpy as np
import pandas as pd
import pyarrow as pa

from genrelib import __version__
from genrelib.corpus import (
    ERRORS_FILE,
    LOCK_FILE,
    MANIFEST_FILE,
    TRACK_COLUMNS,
    TRACKS_FILE,
    UNFINISHED,
    Broken,
    Corpus,
    Manifest,
    StoreError,
    absolute_name,
    cannot_write,
    metadata,
    on_disk,
    part_file,
    read_manifest,
    read_tracks,
    write_parquet,
)
from genrelib.features import (
    FEATURES,
    FRAME_BANDS,
    HEARD,
    SLICE_LENGTH,
    Feature,
    columns,
    ear_definitions,
    feature_definitions,
    slice_tracks,
)

BATCH = 32
"""Tracks per part: what is lost of a worker's time when it is killed, at most."""

LIBRARIES = ("librosa", "numpy", "scipy", "numba", "soundfile", "soxr", "onnxruntime", "pyarrow")


class ExtractError(RuntimeError):
    """A run that cannot start or go on; the message says why and what to do."""


@dataclass(frozen=True)
class Batch:
    """The tracks of one part, and how to measure them; goes to a worker.

    Parameters
    ----------
    folder : pathlib.Path
        Where the part is written.
    number : int
        Number of the part.
    tracks : pandas.DataFrame
        Its rows of the table of tracks.
    frames : list of str
        Kinds of frame sequences to keep.
    heard : list of str
        What to keep of what the pretrained ear hears.
    definitions : str
        Fingerprint of the features; a worker that has others refuses.
    features : tuple of genrelib.features.Feature
        The features.
    root : str
        The folder that all audio of the run is in; empty where there is no such folder.
    parent : int
        Process that must live for the work to be wanted; 0 where it is on another machine.
    """

    folder: Path
    number: int
    tracks: pd.DataFrame
    frames: list[str]
    heard: list[str]
    definitions: str
    features: tuple[Feature, ...]
    root: str
    parent: int

    @property
    def file(self) -> Path:
        """The part."""
        return part_file(self.folder, self.number)

    def about(self) -> dict[str, Any]:
        """Say what the part is made from; what is measured on the way comes to it.

        Returns
        -------
        dict
            Number, fingerprint of the features, kinds of frames, tracks with their number of
            slices, and what the ear is asked for.
        """
        counts = slice_tracks(self.tracks)["track_id"].value_counts()
        return {
            "part": self.number,
            "definitions": self.definitions,
            "frames": self.frames,
            "tracks": {str(track): int(counts.get(track, 0)) for track in self.tracks.index},
        } | ({"heard": self.heard} if self.heard else {})


Stamp = list[Any]
"""What a file was when it was measured: size, time of its last change, digest of its content."""


def stamp(path: str) -> Stamp | None:
    """Say what a file is now.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    list or None
        Size, time of its last change and digest of its content; None where it cannot be read.
    """
    try:
        with on_disk(path).open("rb") as file:
            about = os.fstat(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
    return [about.st_size, about.st_mtime_ns, digest]


def _is_as_it_was(path: str, before: Stamp | None) -> bool:
    """Compare a file with what it was; its content is read only if it has another time."""
    try:
        about = on_disk(path).stat()
    except OSError:
        return before is None
    if before is None or before[0] != about.st_size:
        return False
    return before[1] == about.st_mtime_ns or (stamp(path) or [None])[-1] == before[-1]


def definitions(ear: bool = False) -> str:
    """Fingerprint of everything that decides what is measured."""
    return feature_definitions() + (f"-{ear_definitions()}" if ear else "")


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a second run out of a folder; the lock of a run that was killed goes with it.

    Parameters
    ----------
    folder : pathlib.Path
        The folder, which is made if need be; what this run or an earlier one leaves unfinished is
        removed.

    Yields
    ------
    None
        While nobody else writes there.

    Raises
    ------
    ExtractError
        If another run is writing there.
    StoreError
        If the folder cannot be written.
    """
    lock = filelock.FileLock(folder / LOCK_FILE, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout as error:
        raise ExtractError(
            f"{folder}: another run is writing here. Wait for its end, or choose another folder"
        ) from error
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        _remove_unfinished(folder)
        yield
    finally:
        _remove_unfinished(folder)  # of workers that were ended while they wrote
        lock.release()


def _remove_unfinished(folder: Path) -> None:
    for left in folder.glob(f".*{UNFINISHED}"):
        left.unlink(missing_ok=True)


def make_plan(
    corpus: Corpus, folder: Path, batch: int | None, frames: bool, ear: bool = False
) -> tuple[Manifest, pd.DataFrame, list[Broken]]:
    """Deal the tracks into batches, or take up the plan that the folder was begun with."""
    absent = corpus.tracks.index[corpus.tracks["path"].isna()]
    if len(absent):
        raise ExtractError(
            f"{corpus.name}: no audio on disk for {len(absent)} of its tracks ({absent[0]}). Set "
            "GENRELIB_DATA, or see `genrelib corpus show`"
        )
    if (folder / MANIFEST_FILE).exists():
        return _resume(corpus, folder, batch, frames, ear)
    foreign = [p for p in folder.iterdir() if p.name not in (LOCK_FILE, TRACKS_FILE)]
    if foreign:
        raise StoreError(
            f"{folder}: not empty ({foreign[0].name}), and not begun by `genrelib extract`. "
            "Choose a new folder"
        )
    batch = BATCH if batch is None else batch
    tracks = corpus.tracks.assign(batch=(np.arange(len(corpus.tracks)) // batch).astype(np.int32))
    broken = left_out(corpus)
    manifest = _manifest(absolute_name(corpus.name), tracks, batch, frames, ear)
    if not manifest.slices:
        raise ExtractError(f"{corpus.name} has no slice: every track is shorter than one")
    _write_tracks(folder, tracks, broken)
    # Last: with its manifest, the folder is one that can be continued.
    manifest.write(folder)
    return manifest, tracks, broken


def left_out(corpus: Corpus) -> list[Broken]:
    """List the files that a corpus was loaded without."""
    rows = corpus.skipped[["path", "reason"]].to_numpy(object)
    return [(None, str(path), str(reason)) for path, reason in rows]


def _manifest(name: str, tracks: pd.DataFrame, batch: int, frames: bool, ear: bool) -> Manifest:
    return Manifest(
        corpus=name,
        definitions=definitions(ear),
        columns=columns(),
        frames=list(FRAME_BANDS) if frames else [],
        slice_length=SLICE_LENGTH,
        batch=batch,
        tracks=len(tracks),
        slices=len(slice_tracks(tracks)),
        parts=int(tracks["batch"].max()) + 1,
        heard=list(HEARD) if ear else [],
        versions={"python": platform.python_version(), "genrelib": __version__}
        | {name: version(name) for name in LIBRARIES},
    )


def _write_tracks(folder: Path, tracks: pd.DataFrame, broken: list[Broken]) -> None:
    words = [name for name in TRACK_COLUMNS if tracks[name].dtype == object]
    table = pa.Table.from_pandas(
        tracks.reset_index(),
        schema=pa.schema(
            [("track_id", pa.string())]
            + [(c, pa.string() if c in words else pa.float64()) for c in TRACK_COLUMNS]
            + [("batch", pa.int32())]
        ),
        preserve_index=False,
    )
    write_parquet(folder / TRACKS_FILE, table, {"broken": broken})


def _resume(
    corpus: Corpus, folder: Path, batch: int | None, frames: bool, ear: bool = False
) -> tuple[Manifest, pd.DataFrame, list[Broken]]:
    """Take up an earlier plan, if it is one of the same music, options and definitions."""
    old = read_manifest(folder)
    tracks, broken = read_tracks(folder)
    name = absolute_name(corpus.name)
    new = _manifest(name, tracks, old.batch if batch is None else batch, frames, ear)
    differ = []
    for name, what in (
        ("corpus", "the corpus {}"),
        ("frames", "frames {}"),
        ("heard", "the pretrained ear {}"),
        ("batch", "{} tracks per part"),
        ("slice_length", "slices of {} seconds"),
        ("definitions", "the feature definitions {}"),
    ):
        before, now = getattr(old, name), getattr(new, name)
        if before != now:
            differ.append(f"{what.format(before or 'left out')}, now {now or 'left out'}")
    if differ:
        raise StoreError(
            f"{folder} was begun with {'; '.join(differ)}. Continue with the same options and "
            "versions, or choose another folder"
        )
    dealt = _dealt_again(corpus.tracks, tracks["batch"], old.batch)
    now = _manifest(old.corpus, dealt, old.batch, frames, ear)
    if not now.slices:
        raise ExtractError(f"{corpus.name} has no slice any more: every track is shorter than one")
    same = left_out(corpus) == broken and dealt.equals(tracks.reindex(columns=dealt.columns))
    if not same or (now.tracks, now.slices, now.parts) != (old.tracks, old.slices, old.parts):
        (folder / ERRORS_FILE).unlink(missing_ok=True)  # not finished, until it is written again
        _write_tracks(folder, dealt, left_out(corpus))
        for number in range(now.parts, old.parts):
            part_file(folder, number).unlink(missing_ok=True)
        now.write(folder)  # last: a run that ends before it does all this again
    return now, dealt, left_out(corpus)


def _dealt_again(tracks: pd.DataFrame, before: pd.Series, batch: int) -> pd.DataFrame:
    """Leave tracks in their parts, put new ones into parts of their own, and close gaps."""
    parts = before.reindex(tracks.index).to_numpy(float, copy=True)
    new = np.isnan(parts)
    parts[new] = before.max() + 1 + np.arange(new.sum()) // batch
    numbers = set(parts.astype(int))
    gaps = sorted(set(range(len(numbers))) - numbers)
    moved = dict(zip(sorted(numbers)[len(numbers) - len(gaps) :], gaps, strict=True))
    return tracks.assign(batch=[np.int32(moved.get(int(k), int(k))) for k in parts])


def deal(manifest: Manifest, tracks: pd.DataFrame, folder: Path, parent: int) -> Iterator[Batch]:
    """Make the batches of a plan, one after the other."""
    root = ""
    with contextlib.suppress(ValueError):  # on Windows: several drives
        root = os.path.commonpath([*tracks["path"].map(os.path.dirname).unique()])
    for _, rows in tracks.groupby("batch"):
        yield Batch(
            folder=folder,
            number=int(rows["batch"].iloc[0]),
            tracks=rows.drop(columns="batch"),
            frames=manifest.frames,
            heard=manifest.heard,
            definitions=manifest.definitions,
            features=tuple(FEATURES),
            root=root,
            parent=parent,
        )


class Finished(NamedTuple):
    """What is in a finished part, and what should be: slices, and slices of broken files."""

    slices: int
    lost: int
    broken: list[Broken]
    notes: list[Broken]


def finished(batch: Batch, *, strict: bool) -> Finished | None:
    """Say what is in a part that is there and whole, else None."""
    found = metadata(batch.file)
    if found is None:
        return None
    about = batch.about()
    broken: list[Broken] = [tuple(row) for row in found.get("broken", [])]
    lost = sum(about["tracks"].get(track, 0) for track, _, _ in broken)
    expected = sum(about["tracks"].values()) - lost
    same = all(found.get(name) == value for name, value in about.items())
    # A strict run wants a file to be tried again once it has been repaired.
    if not same or found["rows"] != expected or (strict and broken):
        return None
    files = found.get("files", {})
    if not all(_is_as_it_was(path, files.get(t)) for t, path in batch.tracks["path"].items()):
        return None
    return Finished(found["rows"], lost, broken, [tuple(row) for row in found["notes"]])


def error_table(broken: list[Broken]) -> pd.DataFrame:
    """Lay out files that could not be used."""
    return pd.DataFrame(broken, columns=["track_id", "path", "reason"], dtype=object)


def finish(
    folder: Path, there: dict[int, Finished], broken: list[Broken], notes: list[Broken]
) -> None:
    """Write the list of broken and odd files, which says that all is done."""
    names = {file.name for file in folder.iterdir()}
    if lacking := [n for n in there if part_file(folder, n).name not in names]:
        raise ExtractError(
            f"{folder}: {len(lacking)} parts that were written are not here. Workers on other "
            "machines must write to the same disk; then run the same command again"
        )
    table = error_table([*broken, *notes])
    text = pa.schema([(name, pa.string()) for name in table])
    listed = pa.Table.from_pandas(table, text, preserve_index=False)
    used = pa.array([False] * len(broken) + [True] * len(notes), pa.bool_())
    write_parquet(folder / ERRORS_FILE, listed.append_column("used", used), {})
