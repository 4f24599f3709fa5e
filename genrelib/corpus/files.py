"""Many small files from the net, each with a sum of its own: those of a corpus without archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import requests
from tqdm import tqdm

from genrelib.corpus.download import (
    DownloadError,
    Mirror,
    fetch,
    is_of_the_disk,
    reason,
    tidy,
)
from genrelib.corpus.places import unwritable


def install_files(
    name: str,
    files: Mapping[Path, Sequence[Mirror]],
    target: Path,
    sizes: Sequence[int],
    progress: bool = True,
) -> Path:
    """Download files one by one, each from the first mirror that works; what is there is kept.

    Parameters
    ----------
    name : str
        What they are called in messages.
    files : mapping of Path to sequence of Mirror
        Where each file is to be, within `target`, and its mirrors, tried in order.
    target : Path
        The folder.
    sizes : sequence of int
        Bytes of each file.
    progress : bool, default True
        Whether to show a progress bar.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    DownloadError
        If a file cannot be had from any mirror, or the disk is full or cannot be written.
        Files that are in place stay, and the next call goes on from there.
    """
    work = target.parent / ".download" / target.name
    bar = tqdm(total=sum(sizes), unit="B", unit_scale=True, disable=not progress)
    try:
        with bar:
            for (path, mirrors), size in zip(files.items(), sizes, strict=True):
                if not path.exists():
                    work.mkdir(parents=True, exist_ok=True)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    _fetch_first(f"{name}: {path.name}", mirrors, work).replace(path)
                bar.update(size)
    except DownloadError:
        raise
    except OSError as error:
        raise DownloadError(unwritable(error.filename or target, error)) from error
    tidy(work)
    return target


def _fetch_first(what: str, mirrors: Sequence[Mirror], work: Path) -> Path:
    """Download one file from the first mirror that works."""
    reasons = []
    for mirror in mirrors:
        try:
            return fetch(mirror, work, progress=False)
        except (ValueError, OSError, requests.RequestException) as error:
            if isinstance(error, OSError) and is_of_the_disk(error):  # no mirror would help
                raise
            reasons.append(f"  {mirror.url}: {reason(error)}")
    raise DownloadError("\n".join([f"{what} could not be downloaded. Tried:", *reasons]))
