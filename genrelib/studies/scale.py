"""How quickly a list comes out of a million tracks, and with how much memory.

There is no such collection here. So one is made up: each track is a mixture of three recordings
that the ear has heard, with random weights; artists and lengths are drawn by lot. It is searched
in a process of its own, with one thread, exactly and with the index of neighbours.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import joblib
import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
from scipy.special import logit
from threadpoolctl import threadpool_limits

from genrelib.classify import TAG_COLUMNS, sounds
from genrelib.corpus import RECORDED, load_corpus, read_recorded
from genrelib.features import EAR_COLUMNS, slice_tracks, tag_logits, tag_table
from genrelib.playlists import Index, catalogue, playlist

SCALE = RECORDED / "playlists.json"
TRACKS, ARTISTS = 1_000_000, 50_000
QUERIES = 200
"""Songs that lists are asked for."""
GOAL_MS, GOAL_RECALL, GOAL_MB = 10, 0.98, 1500


def run_scale(tracks: int = TRACKS, queries: int = QUERIES) -> dict[str, Any]:
    """Measure lists from a large collection.

    Parameters
    ----------
    tracks : int
        Size of the collection.
    queries : int
        Songs that lists are asked for.

    Returns
    -------
    dict
        ``tracks``; ``faiss``, its version, or None where only exact search was measured; medians
        in milliseconds: ``exact_ms`` and ``neighbours_ms`` to find the ten nearest, ``list_ms``
        for a list of 25 with variety, each artist once, and ``slow_ms``, its 95th percentile;
        ``recall``, the share of the ten nearest that is found; ``build_s`` to lay the collection
        out, and ``mb``, the most memory of the process; and what was measured where, with the load
        before and after.
    """
    context = multiprocessing.get_context("spawn")
    load = [_load()]
    with ProcessPoolExecutor(1, context, _one_thread) as pool:
        found = pool.submit(_measured, tracks, queries).result()
    return {
        "recorded": datetime.now(UTC).date().isoformat(),
        "system": f"{platform.system()}, {joblib.cpu_count()} cores",
        "load": [*load, _load()],
        "tracks": tracks,
        "queries": queries,
        "faiss": _faiss(),
        **found,
    }


def load_scale() -> dict[str, Any]:
    """Read the recorded measurement.

    Returns
    -------
    dict
        As from :func:`run_scale`.
    """
    return read_recorded(SCALE.stem)


def scale_goals(record: dict[str, Any]) -> pd.DataFrame:
    """Hold a measurement against what the project wants of its playlists.

    Parameters
    ----------
    record : dict
        As from :func:`run_scale`.

    Returns
    -------
    pandas.DataFrame
        Text; one row per goal, columns measured and verdict; ``not measured`` where faiss is not
        installed.
    """
    has = record["faiss"] is not None
    tracks = f"{record['tracks']:,} tracks"
    rows: list[tuple[str, str, bool | None]] = [
        (f"exact search, {tracks}", f"{record['exact_ms']:.1f} ms", None),
        (
            f"a varied list under {GOAL_MS} ms, {tracks}",
            f"{record['list_ms']:.1f} ms, one in twenty over {record['slow_ms']:.1f} ms",
            record["list_ms"] < GOAL_MS if has else None,
        ),
        (
            f"at least {GOAL_RECALL:g} of the ten nearest",
            f"{record['recall']:.4f} in {record['neighbours_ms']:.2f} ms" if has else "–",
            record["recall"] >= GOAL_RECALL if has else None,
        ),
        (
            f"under {GOAL_MB:,} MB",
            f"{record['mb']:,.0f} MB",
            record["mb"] < GOAL_MB if has else None,
        ),
    ]
    words = {True: "met", False: "missed", None: "not measured"}
    table = {goal: [value, words[verdict]] for goal, value, verdict in rows}
    table[rows[0][0]][1] = "no goal"
    return pd.DataFrame.from_dict(table, orient="index", columns=["measured", "verdict"])


def _one_thread() -> None:
    threadpool_limits(1)


def _load() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _faiss() -> str | None:
    for name in ("faiss-cpu", "faiss"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def _real() -> np.ndarray:
    """Give the log-odds of recordings that the package holds."""
    told = tag_table(slice_tracks(load_corpus("gtzan-tags"), 3.0, hop=1.0))
    other = tag_logits(sounds()[list(EAR_COLUMNS)].to_numpy())
    return np.concatenate([logit(told.to_numpy(float)), other]).astype(np.float32)


def _mixed(real: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    found = np.empty((n, real.shape[1]), np.float32)
    for start in range(0, n, 50_000):
        size = min(50_000, n - start)
        weights = rng.dirichlet([1, 1, 1], size).astype(np.float32)
        which = rng.integers(0, len(real), (size, 3))
        part = found[start : start + size]
        part[:] = 0
        for k in range(3):
            part += weights[:, k, None] * real[which[:, k]]
    return found


def made_up(tracks: int, seed: int = 0) -> pa.Table:
    """Make a collection up: the rows of an index."""
    rng = np.random.default_rng(seed)
    heard = _mixed(_real(), tracks, rng)
    who = pa.array([f"Artist {k}" for k in range(ARTISTS)])
    by = pa.array(rng.integers(0, ARTISTS, tracks))
    names = pa.array([f"Artist/Album/track {k:07d}.mp3" for k in range(tracks)])
    genres = pa.array([f"genre {k}" for k in range(10)])
    return pa.table(
        {
            "track_id": names,
            "path": pa.nulls(tracks, pa.string()),
            "artist": who.take(by),
            "title": names,
            "genre": genres.take(pa.array(rng.integers(0, 10, tracks))),
            "reason": pa.nulls(tracks, pa.string()),
            "duration": pa.array(rng.uniform(120, 420, tracks)),
            "heard": pa.FixedSizeListArray.from_arrays(pa.array(heard.ravel()), len(TAG_COLUMNS)),
        }
    )


def _measured(tracks: int, queries: int) -> dict[str, Any]:
    made = [made_up(tracks)]
    begun = time.perf_counter()
    index = catalogue(made.pop(), name="made up")
    seconds = time.perf_counter() - begun
    songs = np.random.default_rng(1).integers(0, tracks, queries)
    exact, lists, quick, recall = [], [], [], []
    # The neighbours' index is left aside, not built again, for the exact search.
    for row in songs.tolist():
        (true, took) = _timed(index, row, exact=True)
        exact.append(took)
        if index.neighbours is not None:
            found, took = _timed(index, row)
            quick.append(took)
            recall.append(len(set(true) & set(found)) / len(true))
        name = index.table["track_id"][row].as_py()
        start = time.perf_counter()
        playlist(name, index, length=25)
        lists.append(time.perf_counter() - start)
    return {
        "build_s": round(seconds, 2),
        "exact_ms": 1e3 * float(np.median(exact)),
        "neighbours_ms": 1e3 * float(np.median(quick)) if quick else None,
        "list_ms": 1e3 * float(np.median(lists)),
        "slow_ms": 1e3 * float(np.percentile(lists, 95)),
        "recall": float(np.mean(recall)) if recall else None,
        "mb": _peak(),
    }


def _timed(index: Index, row: int, *, exact: bool = False) -> tuple[list[int], float]:
    kept = index.neighbours
    index.neighbours = None if exact else kept
    start = time.perf_counter()
    rows, _ = index.nearest(index.vectors[row], 10)
    took = time.perf_counter() - start
    index.neighbours = kept
    return rows.tolist(), took


def _peak() -> float:
    """Give the memory of this process, in megabytes: the most it ever had, where that is known."""
    try:
        import resource
    except ImportError:  # Windows
        return psutil.Process().memory_info().rss / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most * (1 if platform.system() == "Darwin" else 1024) / 1e6
