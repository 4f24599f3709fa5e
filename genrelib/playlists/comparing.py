"""A blind listening test of two playlists: a page that asks, and what the answers amount to."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from genrelib.corpus import write_whole
from genrelib.playlists.hearing import PlaylistError
from genrelib.playlists.writing import read_list

PAGE = Path(__file__).parents[1] / "data" / "listening-test.html"
ROUNDS = 12
"""Pairs that are played, at most."""


def listening_page(
    first: str | Path, second: str | Path, path: str | Path, *, seed: int = 0
) -> Path:
    """Write a page that plays two playlists in pairs, without saying which is which.

    Explained in chapter 12.

    Parameters
    ----------
    first, second : str or pathlib.Path
        Lists that :meth:`genrelib.playlists.Playlist.write` wrote, ``.m3u8``.
    path : str or pathlib.Path
        The page, ``.html``. It plays the files from where they are, and holds no sound.
    seed : int
        Seed of which list is on the left in which round.

    Returns
    -------
    pathlib.Path
        The page. Its answers are saved by the browser as CSV.

    Raises
    ------
    PlaylistError
        If a list has no file that is there, or the name does not end in ``.html``.
    OSError
        If it cannot be written.
    """
    path = Path(path).expanduser()
    if path.suffix.lower() != ".html":
        raise PlaylistError(f"{path}: a page ends in .html; choose such a name")
    files = []
    for name in (first, second):
        there = [Path(f).absolute() for f in read_list(name) if Path(f).is_file()]
        if not there:
            raise PlaylistError(f"{name}: no file of this list is there. Write it again as .m3u8")
        files.append(there)
    rng = np.random.default_rng(seed)
    rounds = []
    # As many rounds as the shorter list has tracks; each list is on the left half of the time.
    count = min(ROUNDS, *map(len, files))
    sides = rng.permutation(np.arange(count) % 2)
    for k, side in enumerate(sides.tolist()):
        pair = [files[0][k].as_uri(), files[1][k].as_uri()]
        rounds.append(pair[::-1] if side else pair)
    told = {
        "rounds": rounds,
        # Which list is where is not in plain sight of whoever answers.
        "key": base64.b64encode(json.dumps(sides.tolist()).encode()).decode(),
        "names": [Path(first).name, Path(second).name],
    }
    text = json.dumps(told).replace("<", "\\u003c")
    write_whole(path, PAGE.read_text("utf-8").replace("/*TEST*/null", text))
    return path


def sign_test(paths: str | Path | Iterable[str | Path]) -> dict[str, Any]:
    """Say how often the first list was preferred, and whether that may be chance.

    Explained in chapter 12.

    Parameters
    ----------
    paths : str, pathlib.Path or iterable of these
        CSV files that the page of :func:`listening_page` saved; of one pair of lists.

    Returns
    -------
    dict
        ``first`` and ``second``, the names of the lists; ``n``, rounds that were decided, and
        ``ties``, those that were not; ``preferred``, the share of the decided rounds in which the
        first was; ``low`` and ``high``, its exact 95 % interval (Clopper and Pearson 1934); and
        ``p``, the probability of a share so far from one half by chance (sign test, two-sided).
        The share and its interval are None where nothing was decided.

    Raises
    ------
    PlaylistError
        If a file is no such answers, or they are about other lists.
    """
    names: set[tuple[str, str]] = set()
    counts = {"first": 0, "second": 0, "tie": 0}
    for path in [paths] if isinstance(paths, str | Path) else paths:
        try:
            with Path(path).open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.DictReader(file))
            told = [(row["first"], row["second"], row["preferred"]) for row in rows]
            if not told or any(t[2] not in counts for t in told):
                raise ValueError("no answer, or one that is not first, second or tie")
        except FileNotFoundError as error:
            raise PlaylistError(f"{path}: no such file. Save the answers from the page") from error
        except (KeyError, ValueError, csv.Error) as error:
            raise PlaylistError(
                f"{path}: not the answers of a listening test ({error}). Save them from the page"
            ) from error
        for first, second, preferred in told:
            names.add((first, second))
            counts[preferred] += 1
    if len(names) != 1:
        raise PlaylistError("answers about several pairs of lists; read those of one pair")
    ((first, second),) = names
    n = counts["first"] + counts["second"]
    found: dict[str, Any] = {"first": first, "second": second, "n": n, "ties": counts["tie"]}
    if not n:
        return found | {"preferred": None, "low": None, "high": None, "p": 1.0}
    test = binomtest(counts["first"], n)
    ends = test.proportion_ci(0.95, "exact")
    return found | {
        "preferred": counts["first"] / n,
        "low": float(ends.low),
        "high": float(ends.high),
        "p": float(test.pvalue),
    }
