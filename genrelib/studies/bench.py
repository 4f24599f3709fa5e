"""How fast the features are, side by side with librosa and openSMILE.

All are given the same slices, in turns, so that whatever else the machine does meets all of them;
every number is a median. All families together are timed by the rate of one process and of several
at the same time, single families slice by slice. Numerical libraries may use one thread, whoever
calls them. :func:`run_bench` makes a record; :mod:`genrelib.studies.benchtables` reads it.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import psutil
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from genrelib.features import (
    SLICE_LENGTH,
)
from genrelib.studies.contestants import (
    PLAIN,
    BenchError,
    _numbers,
    clips,
    contestants,
    ours,
    plain,
)

LIBRARIES = ("librosa", "numpy", "scipy", "numba", "soxr", "opensmile")
ROUNDS = 5
"""Times that the rate of each contestant is taken on one process and on several."""


def _by_family(audio: list[np.ndarray]) -> Iterator[dict[str, Any]]:
    """Time every family on every slice, in turns."""
    runs: dict[tuple[str, str], partial[Any]] = {}
    for family in PLAIN:
        runs |= {("plain", family): partial(plain, family=family)}
        runs |= {("ours", family): partial(ours, family=family)}
    seconds: dict[tuple[str, str], list[float]] = {key: [] for key in runs}
    with threadpool_limits(1):
        for run in runs.values():
            run(audio[0])  # compiles, and fills what is kept from slice to slice
        for y in tqdm(audio, desc="families", unit="slice", disable=_quiet()):
            for key, run in runs.items():
                start = time.perf_counter()
                run(y)
                seconds[key].append(time.perf_counter() - start)
    for (name, family), values in seconds.items():
        yield {"what": name, "family": family, "cores": 1, "ms": 1e3 * float(np.median(values))}


_shared: list[np.ndarray] = []  # what the workers measure


def _start_worker(audio: list[np.ndarray]) -> None:
    threadpool_limits(1)
    _shared[:] = audio


def _rate(name: str, begin: float, seconds: float) -> float:
    """Measure slices from a given moment on, and return how many a second."""
    run = contestants()[name]
    run(_shared[0])
    time.sleep(max(0.0, begin - time.time()))
    done, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds or not done:
        run(_shared[done % len(_shared)])
        done += 1
    return done / elapsed


def _many_cores(audio: list[np.ndarray], seconds: float) -> Iterator[dict[str, Any]]:
    """Take the rate of one process and of several at the same time, in turns."""
    counts = sorted({1, 2, joblib.cpu_count()})
    rates: dict[tuple[str, int], list[float]] = {}
    with ProcessPoolExecutor(
        counts[-1], multiprocessing.get_context("spawn"), _start_worker, (audio,)
    ) as pool:

        def together(name: str, n: int, wait: float, seconds: float) -> float:
            begin = time.time() + wait
            return sum(pool.map(_rate, [name] * n, [begin] * n, [seconds] * n))

        together("floor", counts[-1], 5.0, 0.0)  # long enough for all processes to start
        for name in contestants():
            together(name, counts[-1], 0.5, 0.0)
        for _ in tqdm(range(ROUNDS), desc="processes", unit="round", disable=_quiet()):
            for name in contestants():
                for n in counts:
                    rate = together(name, n, 0.5, seconds)
                    rates.setdefault((name, n), []).append(rate)
    for (name, n), values in rates.items():
        alone = np.array(rates[name, 1])
        yield {
            "what": name,
            "family": "all",
            "cores": n,
            "ms": 1e3 / float(np.median(values)),
            "efficiency": float(np.median(np.array(values) / (n * alone))),
        }


def _memory(n: int) -> list[dict[str, Any]]:
    """Measure ``n`` slices in one process, and note the memory it has on the way."""
    process = psutil.Process()
    marks = {*np.geomspace(100, n, 5).round().astype(int).tolist(), n} if n > 100 else {n}
    found = []
    for i in range(n):
        # A slice of its own each time, as another track would be.
        ours(np.roll(_shared[i % len(_shared)], 997 * i))
        if i + 1 in marks:
            found.append({"slices": i + 1, "mb": process.memory_info().rss / 1e6})
    return found


def _quiet() -> bool:
    return bool(os.environ.get("GENRELIB_QUIET"))


def run_bench(n_clips: int = 60, n_slices: int = 1000, seconds: float = 1.5) -> dict[str, Any]:
    """Run the benchmark.

    Parameters
    ----------
    n_clips : int
        Slices that everything is timed on, each of another track.
    n_slices : int
        Slices that one process measures while its memory is watched.
    seconds : float
        How long a rate is taken.

    Returns
    -------
    dict
        ``rows``: one for each of what was measured, family and number of processes, with the
        median in milliseconds a slice; ``memory``: megabytes after so many slices; and what was
        measured where.

    Raises
    ------
    BenchError
        If a number is not positive.
    """
    if min(n_clips, n_slices) < 1 or seconds <= 0:
        raise BenchError("--clips and --slices count slices: give at least 1")
    audio, what = clips(n_clips)
    load = [_load()]
    rows = [*_by_family(audio), *_many_cores(audio, seconds)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, _start_worker, (audio,)) as pool:
        memory = pool.submit(_memory, n_slices).result()
    return {
        "recorded": datetime.now(UTC).date().isoformat(),
        "audio": what,
        "n_clips": len(audio),
        "slice_seconds": SLICE_LENGTH,
        "system": f"{platform.system()}, {_processor()}, {joblib.cpu_count()} cores",
        "load": [*load, _load()],
        "versions": {"python": platform.python_version(), **_versions()},
        "numbers": {name: _numbers(name, run, audio[0]) for name, run in contestants().items()},
        "rows": rows,
        "memory": memory,
    }


def _load() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
