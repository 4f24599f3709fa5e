"""A playlist as a table, and as a file: M3U8 for players, JSON and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genrelib.corpus import as_text, on_disk, write_whole
from genrelib.playlists.hearing import PlaylistError

SUFFIXES = (".m3u8", ".m3u", ".json", ".csv")
LISTS = frozenset({".m3u8", ".m3u", ".txt", ".csv"})
COLUMNS = (
    "track_id", "artist", "title", "genre", "duration", "similarity", "distance", "rank", "path",
)  # fmt: skip


@dataclass(eq=False)
class Playlist:
    """Tracks that follow from a song; from :func:`genrelib.playlists.playlist`.

    Explained in chapter 12.

    Parameters
    ----------
    columns : dict of str to list
        What :attr:`tracks` is made of.
    seeds : list of str
        The songs that were given.
    notes : list of str
        What is unusual about the list, in sentences.
    among : int
        Tracks of the index.
    rows : numpy.ndarray of int
        The tracks, as rows of the index.
    """

    columns: dict[str, list[Any]] = field(repr=False)
    seeds: list[str]
    notes: list[str]
    among: int
    rows: np.ndarray = field(repr=False)

    @cached_property
    def tracks(self) -> pd.DataFrame:
        """The tracks in the order of the list.

        Returns
        -------
        pandas.DataFrame
            Columns ``track_id``, ``artist``, ``title``, ``genre``, ``duration`` (seconds);
            ``similarity``, the cosine of the angle to the song, or to the nearest of several;
            ``distance`` to it in local scales: 1 for what is as far as the neighbourhood of both
            reaches; ``rank``, the how-manieth nearest it is, or 0 on a path; and ``path``.
        """
        return pd.DataFrame({name: self.columns[name] for name in COLUMNS})

    @property
    def reach(self) -> str:
        """How far the list had to reach, as a sentence."""
        far, least = max(self.columns["rank"]), min(self.columns["similarity"])
        rank = (
            f"the farthest track is number {far:,} of {self.among:,} by nearness, " if far else ""
        )
        return f"{rank}the least similar has a similarity of {least:.2f}"

    @property
    def minutes(self) -> float:
        """How long it plays, in minutes."""
        return sum(self.columns["duration"]) / 60

    def write(self, path: str | Path) -> Path:
        """Write the list, whole or not at all.

        Parameters
        ----------
        path : str or pathlib.Path
            A file that ends in ``.m3u8`` or ``.m3u`` (UTF-8, paths relative to the file),
            ``.json`` or ``.csv``.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        PlaylistError
            If the name has another ending, or a player could not find the tracks.
        OSError
            If it cannot be written.
        """
        path = Path(path).expanduser()
        kind = check_list_name(path)
        if kind == ".json":
            content: str | bytes = json.dumps(self.to_dict(), ensure_ascii=False, indent=1) + "\n"
        elif kind == ".csv":
            content = self.to_csv()
        else:
            content = self.to_m3u(path.absolute().parent)
        write_whole(path, content)
        return path

    def to_dict(self) -> dict[str, Any]:
        """Lay the list out for JSON.

        Returns
        -------
        dict
            ``seeds``, ``notes``, ``reach``, ``minutes`` and ``tracks``, one object each.
        """
        rows = zip(*(self.columns[name] for name in COLUMNS), strict=True)
        return {
            "seeds": self.seeds,
            "notes": self.notes,
            "reach": self.reach,
            "minutes": round(self.minutes, 2),
            "tracks": [_rounded(dict(zip(COLUMNS, row, strict=True))) for row in rows],
        }

    def to_csv(self) -> str:
        """Lay the list out as CSV.

        Returns
        -------
        str
            A header and one line per track.
        """
        buffer = io.StringIO(newline="")
        out = csv.writer(buffer, lineterminator="\n")
        out.writerow(COLUMNS)
        for row in self.to_dict()["tracks"]:
            # A name that begins like a formula is text for a spreadsheet, too.
            out.writerow(
                f"'{v}" if isinstance(v, str) and v[:1] in tuple("=+-@") else v
                for v in row.values()
            )
        return buffer.getvalue()

    def to_m3u(self, folder: Path) -> bytes:
        """Lay the list out for players.

        Parameters
        ----------
        folder : pathlib.Path
            Where the list will be; paths are relative to it.

        Returns
        -------
        bytes
            Extended M3U in UTF-8; names of files that are no text stand as they are on disk.

        Raises
        ------
        PlaylistError
            If a track has no file, or one whose name has several lines.
        """
        lines = [b"#EXTM3U"]
        names = ("path", "track_id", "artist", "title", "duration")
        for path, track_id, artist, title, duration in zip(
            *(self.columns[name] for name in names), strict=True
        ):
            if path is None:
                raise PlaylistError(
                    f"{track_id}: no audio on disk, so that no player could find it. Write "
                    "the list as .json or .csv, or make the index of files"
                )
            if "\n" in path or "\r" in path:
                raise PlaylistError(f"{path!r}: a name of several lines; rename the file")
            words = " ".join((" - ".join(filter(None, (artist, title))) or track_id).split())
            lines.append(f"#EXTINF:{round(duration)},{words}".encode("utf-8", "replace"))
            lines.append(os.fsencode(_relative(on_disk(path), folder)))
        return b"\n".join(lines) + b"\n"


def check_list_name(path: Path) -> str:
    """Give the ending of a list's name, or say which there are.

    Parameters
    ----------
    path : pathlib.Path
        The file that is to be written.

    Returns
    -------
    str
        One of :data:`SUFFIXES`.

    Raises
    ------
    PlaylistError
        If it is none of these.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise PlaylistError(
            f"{path}: a list ends in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}; choose such a "
            "name"
        )
    return path.suffix.lower()


def _relative(path: Path, folder: Path) -> str:
    try:
        found = os.path.relpath(path, folder)
    except ValueError:  # on Windows: another drive
        return str(path)
    # What begins with '#' would be a comment.
    return f".{os.sep}{found}" if found.startswith("#") else found


def _rounded(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(k): round(v, 4) if isinstance(v, float) else v for k, v in row.items()}


def read_list(path: str | Path) -> list[str]:
    """Read the names in a list of files, tracks or artists; what is no list is itself a name."""
    file = Path(path).expanduser()
    if file.suffix.lower() not in LISTS:
        return [str(path)]
    try:
        raw = file.read_bytes()
    except FileNotFoundError as error:
        raise PlaylistError(f"{file}: no such list. Check the name") from error
    try:
        # Names of files on disk may be no text; a list of them has them as they are.
        text = raw.decode("utf-8-sig", "surrogateescape" if "m3u" in file.suffix else "strict")
    except UnicodeDecodeError as error:
        raise PlaylistError(
            f"{file}: not text in UTF-8 ({error.reason}); save it as such"
        ) from error
    if file.suffix.lower() == ".csv":
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        names = [row.get("path") or row.get("track_id") or "" for row in rows]
        return [as_text(name) for name in names if name]
    names = [line.strip() for line in text.splitlines()]
    names = [name for name in names if name and not name.startswith("#")]
    beside = [file.parent / name for name in names]
    return [
        as_text(os.path.normpath(there.absolute()) if there.exists() else name)
        for name, there in zip(names, beside, strict=True)
    ]
