"""The work of one process: the files of a batch are heard, and become one shard of an index."""

from __future__ import annotations

import hashlib
import os
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from genrelib.classify import TAG_COLUMNS, Model, listen, load_model
from genrelib.collections import stamp
from genrelib.corpus import AudioError, on_disk, read_header, write_parquet
from genrelib.features import EAR_MODEL, tag_logits

MANIFEST = "index.json"
"""File that says that a folder is an index, and of which ear."""
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("track_id", "path", "artist", "title", "genre", "reason")]
    + [("duration", pa.float64()), ("heard", pa.list_(pa.float32(), len(TAG_COLUMNS)))]
    + [("size", pa.int64()), ("changed", pa.int64()), ("digest", pa.string())]
)
"""Columns of a shard: ``heard`` are the mean log-odds of the tags, ``reason`` is why a track is
none of the genres, and the last three say what the file was when it was heard."""


class PlaylistError(ValueError):
    """An index, a song or a list that cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Entry:
    """A track to be heard: its file, and what is known of it; goes to a worker."""

    track_id: str
    path: str
    artist: str | None = None
    title: str | None = None
    genre: str | None = None


@dataclass(frozen=True)
class Batch:
    """The files of one shard; `parent` is 0 where the work is done on another machine."""

    folder: Path
    number: int
    entries: tuple[Entry, ...]
    parent: int


@dataclass(frozen=True)
class Report:
    """What a worker says about a shard: files heard, and those that cannot be used."""

    heard: int
    broken: int


@cache
def ear_version() -> str:
    """Fingerprint of the ear, and of the model that says how loud it listens."""
    digest = hashlib.sha256(EAR_MODEL.read_bytes())
    digest.update(f"{load_model().card['level']:.6f}".encode())
    return digest.hexdigest()[:16]


def shard_file(folder: Path, number: int) -> Path:
    """Say where a shard is, or will be."""
    return folder / f"shard-{number:06d}.parquet"


def hear_file(path: str | Path, model: Model) -> tuple[np.ndarray, float, str | None]:
    """Hear a file: its mean log-odds, its length in seconds, and why it is none of the genres."""
    (recording,) = listen(on_disk(path), [model.card["level"]])
    if not len(recording.windows) or not recording.loud.any():
        raise AudioError(path, "nothing but silence", "Give a song")
    heard = tag_logits(recording.windows)[recording.loud].mean(axis=0)
    reason = model.verdicts(heard[None], [recording.duration]).reason[0]
    return heard.astype(np.float32), recording.duration, str(reason) or None


def hear_batch(batch: Batch) -> Report:
    """Hear a batch and write its shard, whole or not at all; runs in a process of its own."""
    if not (batch.folder / MANIFEST).exists():
        raise PlaylistError(
            f"{batch.folder}: not seen by a worker on {platform.node()}. All workers must see the "
            "music and the index under the same paths, on a disk that they share"
        )
    model = load_model()
    rows: list[dict[str, Any]] = []
    broken: list[list[Any]] = []
    for entry in batch.entries:
        if batch.parent and os.getppid() != batch.parent:
            os._exit(1)  # whoever wanted this is gone
        was = stamp(entry.path)
        try:
            rows.append(_row(entry, was, model))
        except AudioError as error:
            broken.append([entry.path, error.reason, was])
        except Exception as error:
            # One odd file of a hundred thousand must not end a night's work.
            broken.append([entry.path, f"cannot be heard ({type(error).__name__}: {error})", was])
    write_shard(shard_file(batch.folder, batch.number), rows, broken)
    return Report(len(rows), len(broken))


def _row(entry: Entry, was: list[Any] | None, model: Model) -> dict[str, Any]:
    header = read_header(on_disk(entry.path))
    heard, duration, reason = hear_file(entry.path, model)
    about = model.verdicts(heard[None], [duration])
    named = None if reason else model.genres[int(about.probabilities[0].argmax())]
    return {
        "track_id": entry.track_id,
        "path": entry.path,
        "artist": header.artist or entry.artist,
        "title": header.title or entry.title,
        "genre": entry.genre or named,
        "reason": reason,
        "duration": duration,
        "heard": heard,
        **dict(zip(("size", "changed", "digest"), was or [None] * 3, strict=True)),
    }


def write_shard(
    file: Path, rows: list[dict[str, Any]] | pa.Table, broken: list[list[Any]], **about: Any
) -> None:
    """Write a shard, whole or not at all."""
    if isinstance(rows, list):
        lists = [row | {"heard": np.asarray(row["heard"], np.float32).tolist()} for row in rows]
        rows = pa.Table.from_pylist(lists, SCHEMA)
    write_parquet(file, rows, {"broken": broken, **about}, ["duration", "heard"])
