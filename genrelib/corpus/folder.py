"""Your own music: one folder per genre, any formats."""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path

import pandas as pd

from genrelib.corpus.audio import AUDIO_SUFFIXES
from genrelib.corpus.below import audio_below
from genrelib.corpus.table import CorpusError, add_audio, skipped_table, track_table

# Spellings of one genre that folders are found under; any other name is a genre of its own.
GENRE_ALIASES = {"hip-hop": "hiphop", "hip hop": "hiphop", "hip_hop": "hiphop"}


def load_folder(root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take every folder in `root` for a genre and every audio file below it for a track."""
    if not root.is_dir():
        raise CorpusError(f"folder:{root}: no such folder")
    audio = [file.relative_to(root) for file in audio_below(root)]
    inside = [file for file in audio if len(file.parts) > 1]
    if not inside:
        raise CorpusError(
            f"folder:{root}: no audio in genre folders. Expected one folder per genre, such as "
            f"{root}/jazz/track.wav, with files that end in {', '.join(sorted(AUDIO_SUFFIXES))}"
        )
    tops = {file.parts[0] for file in inside}
    if len(tops) == 1 and all(len(file.parts) > 2 for file in inside):
        below = {file.parts[1] for file in inside}
        if len(below) > 1:
            raise CorpusError(
                f"folder:{root}: everything is in one folder, {tops.pop()}, with folders of its "
                f"own ({', '.join(sorted(below)[:3])}). If these are the genres, name that folder"
            )
    reasons = {file: "not in a genre folder" for file in audio if len(file.parts) == 1}
    ids = _folder_ids(inside)
    genres = [genre_name(file.parts[0]) for file in ids.values()]
    tracks = track_table(pd.DataFrame({"genre": genres}, index=list(ids), dtype=object))
    tracks, skipped = add_audio(tracks, {key: root / file for key, file in ids.items()})
    elsewhere = skipped_table((root / file, reason) for file, reason in reasons.items())
    return (
        tracks.sort_values("genre", kind="stable"),
        pd.concat([skipped, elsewhere], ignore_index=True),
    )


def genre_name(name: str) -> str:
    """Normalise the name of a genre: lower case, single blanks, known aliases.

    Parameters
    ----------
    name : str
        As somebody wrote it, such as the name of a folder.

    Returns
    -------
    str
        As it stands in tables of tracks.
    """
    name = " ".join(unicodedata.normalize("NFC", _readable(name)).lower().split())
    return GENRE_ALIASES.get(name, name)


def _readable(name: str) -> str:
    """Put a replacement character for each byte of a name that is no text."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _folder_ids(files: list[Path]) -> dict[str, Path]:
    """Give each file a track id, ``<genre>.<path below the genre folder, without its ending>``.

    A file named ``blues.00000.wav`` in ``blues`` is ``blues.00000``. Where two files would share
    an id each keeps its ending; where that is not enough, the later one is numbered.
    """

    def name(file: Path, ending: str = "") -> str:
        genre = genre_name(file.parts[0])
        stem = ".".join((*file.parts[1:-1], file.stem)).removeprefix(f"{genre}.")
        return unicodedata.normalize("NFC", _readable(f"{genre}.{stem}{ending}"))

    count = Counter(map(name, files))
    ids: dict[str, Path] = {}
    for file in files:
        base = name(file) if count[name(file)] == 1 else name(file, file.suffix.lower())
        track_id, number = base, 2
        while track_id in ids:
            track_id, number = f"{base}~{number}", number + 1
        ids[track_id] = file
    return ids
