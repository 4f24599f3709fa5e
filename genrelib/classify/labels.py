"""Labelled files: which recordings a model is asked about, and what they are.

A genre is the name of a folder, the beginning of a file's name, or a cell of a table
(:func:`find_labels`). The files go on to :mod:`genrelib.classify.evaluating`.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from genrelib.corpus import AUDIO_SUFFIXES, AudioError, audio_below, genre_name

COLUMNS = ("file", "genre", "artist")
"""Columns of a table of labels; the last may be missing."""
_SHOWN = 3  # faults of a table that an error names


class LabelError(ValueError):
    """Files whose genres are not known, or a table of genres that cannot be used."""


@dataclass(frozen=True)
class Labelled:
    """A file and its genre.

    Parameters
    ----------
    file : Path
        The file.
    genre : str
        Its genre, spelled as a model spells it where a model knows it.
    artist : str or None
        Who plays, where the table says so.
    """

    file: Path
    genre: str
    artist: str | None = None


def find_labels(
    path: str | Path, genres: Collection[str], table: str | Path | None = None
) -> tuple[list[Labelled], list[AudioError]]:
    """Find files and their genres: in genre folders, in names of files, or in a table.

    Parameters
    ----------
    path : str or Path
        A folder with a folder for each genre; or a folder, or a file, whose name begins with the
        genre and a dot, as in ``jazz.00001.wav``; both may stand side by side.
    genres : collection of str
        Genres that models know, for the spelling, and to know a genre in the name of a file.
    table : str or Path, optional
        A CSV file in UTF-8 with the columns ``file``, ``genre`` and, if wanted, ``artist``. Files
        are looked for in `path`, then beside the table.

    Returns
    -------
    labelled : list of Labelled
        The files, in the order of names or of the table.
    without : list of AudioError
        Files in `path` that say no genre.

    Raises
    ------
    LabelError
        If nothing has a label, or the table lacks a column, has an unknown one, lists a file
        twice or one that is not there, lacks a genre, or is no CSV in UTF-8.
    """
    root, known = Path(path), {genre_name(genre): genre for genre in genres}
    if not root.exists():
        raise LabelError(f"{root}: no such file or folder. Check the path")
    if table is not None:
        return _from_table(Path(table), root, known), []
    return _from_names(root, known)


def _from_names(root: Path, known: Mapping[str, str]) -> tuple[list[Labelled], list[AudioError]]:
    files = audio_below(root) if root.is_dir() else [root]
    if not files:
        endings = ", ".join(sorted(AUDIO_SUFFIXES))
        raise LabelError(f"{root}: a folder without audio. Files in it may end in {endings}")
    inside = {file: file.relative_to(root).parts for file in files} if root.is_dir() else {}
    _refuse_one_folder(root, list(inside.values()), known)
    labelled, without = [], []
    for file in files:
        folders = inside.get(file, ())[:-1]
        genre = genre_name(folders[0] if folders else file.name.split(".")[0])
        if folders or genre in known:
            labelled.append(Labelled(file, known.get(genre, genre)))
        else:
            advice = "Put it into a genre folder, or begin its name with a genre of the model"
            without.append(AudioError(file, "no label: nothing says its genre", advice))
    if not labelled:
        raise LabelError(
            f"{root}: no file says its genre. Put files into genre folders, as jazz/song.wav; or "
            "begin their names with a genre of the model and a dot, as jazz.song.wav; or give a "
            f"table with --labels. The model knows {', '.join(sorted(known.values()))}"
        )
    return labelled, without


def _refuse_one_folder(
    root: Path, inside: list[tuple[str, ...]], known: Mapping[str, str]
) -> None:
    """Refuse a folder that holds, instead of genres, one folder that holds them."""
    tops = {parts[0] for parts in inside}
    below = {parts[1] for parts in inside if len(parts) > 2}
    whole = bool(inside) and all(len(parts) > 2 for parts in inside)
    if len(tops) == 1 and whole and len(below) > 1 and genre_name(min(tops)) not in known:
        raise LabelError(
            f"{root}: everything is in one folder, {min(tops)}, with folders of its own "
            f"({', '.join(sorted(below)[:3])}). If these are the genres, name that folder"
        )


# --- a table ---------------------------------------------------------------------------------


def _from_table(table: Path, root: Path, known: Mapping[str, str]) -> list[Labelled]:
    if not root.is_dir():
        raise LabelError(f"{root}: not a folder. With a table, name the folder of its files")
    header, rows = _rows(table)
    columns = [name.strip().lower() for name in header]
    _check_columns(table, columns)
    faults: list[str] = []
    found: dict[str, Labelled] = {}
    lines: dict[str, int] = {}
    for line, cells in rows:
        if len(cells) != len(columns):
            faults.append(f"line {line} has {len(cells)} cells, the header {len(columns)}")
            continue
        row = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
        if not row["file"] or not row["genre"]:
            faults.append(f"line {line} has no {'genre' if row['file'] else 'file'}")
            continue
        places = [folder / Path(row["file"]).expanduser() for folder in (root, table.parent)]
        file = next((place for place in places if place.is_file()), None)
        if file is None:
            faults.append(f"line {line}: there is no file {row['file']} in {root}")
            continue
        place = os.path.realpath(file)
        if place in found:
            faults.append(f"line {line}: {row['file']} is listed twice, first in {lines[place]}")
            continue
        genre = genre_name(row["genre"])
        artist = row.get("artist") or None
        found[place], lines[place] = Labelled(file, known.get(genre, genre), artist), line
    if faults:
        more = f"; and {len(faults) - _SHOWN} more like these" if len(faults) > _SHOWN else ""
        raise LabelError(f"{table}: {'; '.join(faults[:_SHOWN])}{more}. Correct the table")
    if not found:
        raise LabelError(f"{table}: it lists no file. Give each a line under the header")
    return list(found.values())


def _rows(table: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Read a table: its header, and each line that is not empty with its number."""
    if not table.is_file():
        raise LabelError(f"{table}: no such file. Check the path of the table")
    try:
        text = table.read_bytes().decode("utf-8-sig")
        first = text.partition("\n")[0]
        delimiter = max(",;\t", key=first.count)  # the first of these, where there is none
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except UnicodeDecodeError as error:
        line = table.read_bytes()[: error.start].count(b"\n") + 1
        raise LabelError(f"{table}: line {line} is not in UTF-8. Save it as CSV UTF-8") from error
    except csv.Error as error:
        raise LabelError(f"{table}: not a CSV file ({error}). Save it as CSV UTF-8") from error
    if not rows:
        raise LabelError(f"{table}: empty. Its first line names the columns: {', '.join(COLUMNS)}")
    return rows[0][1], rows[1:]


def _check_columns(table: Path, columns: list[str]) -> None:
    lacking = [name for name in COLUMNS[:2] if name not in columns]
    if lacking:
        raise LabelError(
            f"{table}: no column {lacking[0]!r}; its first line has {', '.join(columns)}. "
            f"Name the columns {', '.join(COLUMNS)}"
        )
    odd = [name for k, name in enumerate(columns) if name not in COLUMNS or name in columns[:k]]
    if odd:
        what = "twice the" if odd[0] in COLUMNS else "an unknown"
        raise LabelError(
            f"{table}: {what} column {odd[0]!r}. There are {', '.join(COLUMNS)}; leave out others"
        )
