"""Tables of tracks: one form for every source of music."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from genrelib.corpus.audio import AudioError, as_text, read_header

TRACK_COLUMNS = (
    "genre", "artist", "title", "duration", "sample_rate", "path", "fault", "side", "recording",
)  # fmt: skip
"""Columns of every table of tracks, in order; the index is ``track_id``."""


class CorpusError(ValueError):
    """A corpus that is unknown, not on disk, or not laid out as expected."""


def track_table(table: pd.DataFrame) -> pd.DataFrame:
    """Give a table the columns of a table of tracks, in order; what it lacks is missing."""
    table = table.reindex(columns=list(TRACK_COLUMNS))
    numbers = ["duration", "sample_rate"]
    words = [column for column in TRACK_COLUMNS if column not in numbers]
    table = table.astype(dict.fromkeys(words, object) | dict.fromkeys(numbers, float))
    table[words] = table[words].where(table[words].notna(), None)
    return table.rename_axis(index="track_id")


def skipped_table(rows: Iterable[tuple[str | Path, str]]) -> pd.DataFrame:
    """List files that are left out, with the reasons."""
    return pd.DataFrame(
        [(as_text(path), reason) for path, reason in rows],
        columns=["path", "reason"],
        dtype=object,
    )


def add_audio(
    tracks: pd.DataFrame, paths: Mapping[str, Path]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fill in what the files say; tracks whose file cannot be used are dropped and listed."""
    found, failed = {}, {}
    for track_id, path in paths.items():
        try:
            header = read_header(path)
        except AudioError as error:
            failed[track_id] = error
        else:
            found[track_id] = (header.duration, header.sample_rate, as_text(path))
            for column, tag in (("artist", header.artist), ("title", header.title)):
                if tag and tracks.at[track_id, column] is None:
                    tracks.at[track_id, column] = tag
    columns = ["duration", "sample_rate", "path"]
    if found:
        table = pd.DataFrame.from_dict(found, orient="index", columns=columns)
        tracks.loc[table.index, columns] = table.astype({"path": object})
    skipped = skipped_table((error.path, error.reason) for error in failed.values())
    return tracks.drop(index=list(failed)), skipped
