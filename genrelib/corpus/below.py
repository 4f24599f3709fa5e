"""What is in a folder: apart from tables, so that `genrelib classify` need not wait for pandas."""

from __future__ import annotations

import os
from pathlib import Path

from genrelib.corpus.audio import AUDIO_SUFFIXES


def audio_below(root: Path) -> list[Path]:
    """Find the audio files in a folder and below it, by name; links to folders are followed.

    Parameters
    ----------
    root : pathlib.Path
        The folder.

    Returns
    -------
    list of pathlib.Path
        Files that end as :data:`AUDIO_SUFFIXES` say, but for hidden ones.
    """
    found, seen = [], set()
    for folder, inside, names in os.walk(root, followlinks=True):
        here = os.path.realpath(folder)
        # A link may lead back to where it came from.
        inside[:] = [] if here in seen else [n for n in inside if not n.startswith(".")]
        names = [] if here in seen else names
        seen.add(here)
        found += [Path(folder, name) for name in names if not name.startswith(".")]
    files = [file for file in found if file.suffix.lower() in AUDIO_SUFFIXES and file.is_file()]
    return sorted(files, key=lambda file: file.as_posix())
