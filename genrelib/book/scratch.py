"""A folder for what a chapter tries out on the disk."""

from __future__ import annotations

import tempfile
from pathlib import Path

_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []  # each is removed when the kernel ends


def scratch() -> Path:
    """Make an empty folder that goes away when the chapter has ended.

    Returns
    -------
    pathlib.Path
        The folder.
    """
    _FOLDERS.append(tempfile.TemporaryDirectory(prefix="genrelib-"))
    return Path(_FOLDERS[-1].name)
