"""Where things lie, and how they are written: the one place that knows folders.

What the package embeds is under :data:`PACKAGE_DATA`; audio is looked for under
:func:`data_root`, what is computed is kept under :func:`cache_root`. Files are written whole or
not at all, by :func:`write_whole`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import platform
import re
import uuid
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs

PACKAGE_DATA = Path(__file__).parents[1] / "data"
"""Folder of what the package embeds."""
RECORDED = PACKAGE_DATA / "results"
"""Folder of the results that the package embeds."""
UNFINISHED = ".part"
"""How the name of a file ends until it is whole."""
FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""What the system calls a disk without space, or a user who may have no more of it."""
FAULTS = FULL | {errno.EROFS, errno.EFBIG, errno.EIO, errno.EACCES, errno.EPERM}
"""What the system calls a disk that does not take what is written, or a place that is closed."""
IN_THE_WAY = frozenset({errno.EEXIST, errno.ENOTDIR, errno.EISDIR})
"""What the system says where a file stands in the place of a folder, or the other way round."""
LIBRARIES = ("numpy", "scipy", "pandas", "scikit-learn", "librosa", "keras", "jax")


def data_root() -> Path:
    """Say where audio is looked for and downloaded to.

    Returns
    -------
    Path
        ``$GENRELIB_DATA`` if set, else the user's cache folder; absolute.
    """
    return _root("GENRELIB_DATA")


def cache_root() -> Path:
    """Say where computed things are kept; unlike `data_root`, always writable.

    Returns
    -------
    Path
        ``$GENRELIB_CACHE`` if set, else the user's cache folder; absolute.
    """
    return _root("GENRELIB_CACHE")


def _root(variable: str) -> Path:
    folder = os.environ.get(variable) or platformdirs.user_cache_dir("genrelib")
    return Path(folder).expanduser().resolve()


def corpus_slug(corpus: str) -> str:
    """Give a corpus a name for files and folders, short and unlike that of any other.

    Parameters
    ----------
    corpus : str
        Name of the corpus.

    Returns
    -------
    str
        Small letters, digits and dashes; with a fingerprint where these do not tell all.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", corpus.lower()).strip("-")[:40]
    return slug if slug == corpus else f"{slug}-{hashlib.sha256(corpus.encode()).hexdigest()[:8]}"


def versions() -> dict[str, str]:
    """Say with which versions something is measured.

    Returns
    -------
    dict
        Python and the libraries that decide the numbers.
    """
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def read_recorded(name: str) -> Any:
    """Read what a long run found that was done once and recorded.

    Parameters
    ----------
    name : str
        Name of the record: ``extract``, ``classify``, ...

    Returns
    -------
    Any
        What the JSON file of that name in :data:`RECORDED` holds.
    """
    return json.loads((RECORDED / f"{name}.json").read_text("utf-8"))


def write_whole(path: Path, content: Any) -> None:
    """Write a file whole or not at all, even if the power fails.

    Parameters
    ----------
    path : pathlib.Path
        The file; its folder is made if need be.
    content : str, bytes or buffer
        What it shall hold; text is written as UTF-8.

    Raises
    ------
    OSError
        If it cannot be written; names the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Several machines may write to one disk, so a process number is not enough of a name.
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}{UNFINISHED}")
    try:
        with part.open("wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        if error.errno is None:
            raise
        # On a full disk the system names no file, and nobody knows the one in the making.
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        part.unlink(missing_ok=True)


def check_writable(path: Path) -> None:
    """Find out whether a file can be written, before the work that it is to hold.

    Parameters
    ----------
    path : pathlib.Path
        The file. What it holds stays; its folder is made if need be.

    Raises
    ------
    OSError
        If it cannot be written; names the file or its folder.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    probe = path.with_name(f".{path.name}.probe{UNFINISHED}")
    try:
        write_whole(probe, bytes(1 << 12))
    except OSError as error:
        named = path if error.filename == str(probe) else error.filename
        raise OSError(error.errno, error.strerror, str(named)) from error
    finally:
        with contextlib.suppress(OSError):  # there is none where it could not be written
            probe.unlink()


def unwritable(path: Path | str, error: OSError) -> str:
    """Put into words why a file cannot be written, and what to do.

    Parameters
    ----------
    path : pathlib.Path or str
        The file or folder.
    error : OSError
        What the system says.

    Returns
    -------
    str
        One line.
    """
    if error.errno in FULL:
        advice = "The disk is full: free some space, then run the same command again"
    elif error.errno in IN_THE_WAY:
        advice = "Choose another name, or move away what has this one"
    elif error.errno in (errno.EIO, errno.EFBIG, None):
        advice = "Put the disk right, then run the same command again"
    else:
        advice = "Choose a folder that you may write to"
    return f"{path}: cannot be written ({error.strerror or error}). {advice}."
