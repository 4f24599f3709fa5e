"""How fast the features are: librosa as everybody calls it, ours, and openSMILE, side by side.

All are given the same slices, one after the other and in turns, so that whatever else the machine
does meets all of them; every number is a median. Numerical libraries may use one thread, whoever
calls them. :func:`run_bench` makes a record, which the README and the appendix of the book quote.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import joblib
import librosa
import numpy as np
import pandas as pd
import psutil
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from genrelib.corpus import RECORDED, SAMPLE_RATE, load_corpus
from genrelib.features import (
    FAMILIES,
    FEATURES,
    FRAME_BANDS,
    SLICE_LENGTH,
    STATS,
    Spectra,
    columns,
    sequence,
    slice_tracks,
)

Run = Callable[[np.ndarray], Any]
BENCH = RECORDED / "bench.json"
LIBRARIES = ("librosa", "numpy", "scipy", "numba", "soxr", "opensmile")
CONTESTANTS = {
    "plain": "librosa, called once per feature",
    "ours": "this package",
    "emobase": "openSMILE, emobase",
    "compare": "openSMILE, ComParE 2016",
    "floor": "librosa, STFT and mel spectrogram only",
}
ROUNDS = 5
"""Times that the rate of each contestant is taken on one process and on several."""

# The goals that the project set itself, for slices of six seconds on a machine that does nothing
# else. They are wishes, not measurements: no benchmark moves them.
GOAL_TIMES, AIM_TIMES = 6, 8  # faster than librosa called once per feature, on one core
GOAL_MS = 43  # a slice on one core
GOAL_EFFICIENCY = 0.95  # of two processes
GOAL_MB = 1000  # held by one process, at any time
# Memory that does not grow still wavers, as allocators give back late. To keep the sound of each
# slice, half a megabyte, would double the memory in a thousand slices: far beyond this.
GOAL_GROWTH = 0.05


class BenchError(ValueError):
    """A benchmark that cannot be run or quoted; the message says what to do."""


# --- the contestants -------------------------------------------------------------------------


def _plain_hpss(y: np.ndarray) -> list[np.ndarray]:
    values = []
    for part in librosa.decompose.hpss(np.abs(librosa.stft(y))):
        mel = librosa.feature.melspectrogram(S=part**2, sr=SAMPLE_RATE)
        values.append(librosa.feature.rms(S=part))
        values.append(librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=20))
    ratio = librosa.amplitude_to_db(values[0]) - librosa.amplitude_to_db(values[2])
    return [*values, ratio]


def _mel_db(y: np.ndarray, **options: Any) -> np.ndarray:
    return librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE, **options))


PLAIN: dict[str, Callable[[np.ndarray], list[np.ndarray]]] = {
    "mfcc": lambda y: [librosa.feature.mfcc(y=y, sr=SAMPLE_RATE, n_mfcc=20)],
    "mel": lambda y: [_mel_db(y)],
    "hpss": _plain_hpss,
    "centroid": lambda y: [librosa.feature.spectral_centroid(y=y, sr=SAMPLE_RATE)],
    "chroma": lambda y: [librosa.feature.chroma_stft(y=y, sr=SAMPLE_RATE)],
    "tonnetz": lambda y: [librosa.feature.tonnetz(y=y, sr=SAMPLE_RATE)],
    "rms": lambda y: [librosa.feature.rms(y=y)],
    "tempo": lambda y: [librosa.feature.tempo(y=y, sr=SAMPLE_RATE)],
    "frames": lambda y: [
        librosa.feature.mfcc(y=y, sr=SAMPLE_RATE, n_mfcc=20, hop_length=1024),
        _mel_db(y, n_mels=64, hop_length=1024),
    ],
}
"""Each family as it is usually written: public functions of librosa, from the waveform.

Harmonic and percussive part are separated once for all that is measured on them, and stay
spectrograms: most would go back to a waveform and make the spectrogram again.
"""


def plain(y: np.ndarray, family: str | None = None) -> list[np.ndarray]:
    """Measure a slice the plain way: librosa for the features, NumPy for the statistics.

    Parameters
    ----------
    y : numpy.ndarray
        Samples, shape ``(n_samples,)``.
    family : str, optional
        One of :data:`PLAIN`; all of them if left out.

    Returns
    -------
    list of numpy.ndarray
        Mean, standard deviation, minimum and maximum of each band; of ``frames`` the frames.
    """
    values: list[np.ndarray] = []
    for name in [family] if family else PLAIN:
        for bands in PLAIN[name](y):
            if name in ("frames", "tempo"):
                values.append(bands)
            else:
                values += [statistic(bands, axis=1) for statistic in STATS.values()]
    return values


def ours(y: np.ndarray, family: str | None = None) -> list[np.ndarray]:
    """Measure a slice with this package.

    Parameters
    ----------
    y : numpy.ndarray
        Samples, shape ``(n_samples,)``.
    family : str, optional
        One of :data:`PLAIN`, with the spectra that it needs; all if left out.

    Returns
    -------
    list of numpy.ndarray
        What :func:`genrelib.features.summarise` gives, and the two sequences of frames.
    """
    spectra = Spectra(y)
    values = [f.summarise(spectra) for f in FEATURES if family in (None, f.family)]
    if family in (None, "frames"):
        values += [sequence(spectra, kind) for kind in FRAME_BANDS]
    return values


@cache
def _smile(feature_set: str) -> Any:
    import opensmile

    return opensmile.Smile(
        feature_set=opensmile.FeatureSet[feature_set],
        feature_level=opensmile.FeatureLevel.Functionals,
    )


def contestants() -> dict[str, Run]:
    """List what is compared; openSMILE only where it is installed (``pip install opensmile``).

    Returns
    -------
    dict of str to callable
        Functions of the samples of a slice, by their key in :data:`CONTESTANTS`.
    """
    runs: dict[str, Run] = {"plain": plain, "ours": ours}
    try:
        sets = {"emobase": _smile("emobase"), "compare": _smile("ComParE_2016")}
    except ImportError:
        sets = {}
    runs |= {name: partial(smile, sampling_rate=SAMPLE_RATE) for name, smile in sets.items()}
    return runs | {"floor": lambda y: librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE)}


def _numbers(name: str, run: Run, y: np.ndarray) -> int:
    if name in ("plain", "ours"):
        return len(columns())
    return int(np.size(run(y))) if name != "floor" else 0


# --- the slices ------------------------------------------------------------------------------


def clips(n: int) -> tuple[list[np.ndarray], str]:
    """Give slices of as many tracks, real ones where they are on disk.

    Parameters
    ----------
    n : int
        How many; at most as many as there are tracks.

    Returns
    -------
    tuple of list of numpy.ndarray and str
        Samples, each of shape ``(132300,)``, and what they are.
    """
    corpus = load_corpus("gtzan-mini")
    what = "GTZAN-mini"
    if not corpus.has_audio:
        corpus, what = load_corpus("sketch"), "synthetic clips (no real audio is on disk)"
    slices = slice_tracks(corpus.tracks).groupby("track_id").nth(1)
    chosen = slices.iloc[np.linspace(0, len(slices) - 1, min(n, len(slices))).round().astype(int)]
    first = (chosen["start"] * SAMPLE_RATE).round().astype(int)
    size = round(SLICE_LENGTH * SAMPLE_RATE)
    found = [corpus.audio(t)[k : k + size] for t, k in zip(chosen["track_id"], first, strict=True)]
    return [librosa.util.fix_length(y, size=size).astype(np.float32) for y in found], what


# --- measuring -------------------------------------------------------------------------------


def _one_core(audio: list[np.ndarray]) -> Iterator[dict[str, Any]]:
    """Time everything on every slice, in turns."""
    runs = {(name, "all"): run for name, run in contestants().items()}
    for family in PLAIN:
        runs |= {("plain", family): partial(plain, family=family)}
        runs |= {("ours", family): partial(ours, family=family)}
    seconds: dict[tuple[str, str], list[float]] = {key: [] for key in runs}
    with threadpool_limits(1):
        for run in runs.values():
            run(audio[0])  # compiles, and fills what is kept from slice to slice
        for y in tqdm(audio, desc="one core", unit="slice", disable=_quiet()):
            for key, run in runs.items():
                start = time.perf_counter()
                run(y)
                seconds[key].append(time.perf_counter() - start)
    for (name, family), values in seconds.items():
        yield {"what": name, "family": family, "cores": 1, "ms": 1e3 * float(np.median(values))}


_shared: list[np.ndarray] = []


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
        for _ in tqdm(range(ROUNDS), desc="several cores", unit="round", disable=_quiet()):
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
    rows = [*_one_core(audio), *_many_cores(audio, seconds)]
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


# --- showing ---------------------------------------------------------------------------------


def bench_ms(record: dict[str, Any], family: str = "all", cores: int = 1) -> dict[str, float]:
    # The first row of a kind is that of the slices timed one by one.
    rows = [r for r in record["rows"] if r["family"] == family and r["cores"] == cores]
    return {row["what"]: row["ms"] for row in reversed(rows)}


def _efficiency(record: dict[str, Any]) -> dict[str, float]:
    return {r["what"]: r["efficiency"] for r in record["rows"] if r["cores"] == 2}


def bench_overview(record: dict[str, Any]) -> pd.DataFrame:
    """Tabulate what a slice takes, all families together.

    Parameters
    ----------
    record : dict
        As from :func:`run_bench`.

    Returns
    -------
    pandas.DataFrame
        Text; one row for each of what was compared.
    """
    one, most = bench_ms(record), max(row["cores"] for row in record["rows"])
    every, efficiency = bench_ms(record, cores=most), _efficiency(record)
    rows = {
        CONTESTANTS[name]: {
            "numbers a slice": f"{record['numbers'][name]:,}" if name != "floor" else "–",
            "ms a slice": f"{one[name]:.1f}",
            "faster than the plain way": f"{one['plain'] / one[name]:.1f} times",
            f"ms a slice on {most} cores": f"{every[name]:.1f}",
            "efficiency on 2 processes": f"{efficiency[name]:.0%}",
        }
        for name in CONTESTANTS
        if name in one
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def bench_by_family(record: dict[str, Any]) -> pd.DataFrame:
    """Tabulate what each family takes alone, on one core.

    Parameters
    ----------
    record : dict
        As from :func:`run_bench`.

    Returns
    -------
    pandas.DataFrame
        Text; one row per family. Each time includes the spectra that the family needs.
    """
    rows = {}
    for family in PLAIN:
        ms = bench_ms(record, family)
        rows[FAMILIES.get(family, "frame sequences")] = {
            "plain, ms": f"{ms['plain']:.1f}",
            "this package, ms": f"{ms['ours']:.1f}",
            "times": f"{ms['plain'] / ms['ours']:.1f}",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def goals(record: dict[str, Any]) -> pd.DataFrame:
    """Hold a benchmark against what the project wants of its features.

    Parameters
    ----------
    record : dict
        As from :func:`run_bench`.

    Returns
    -------
    pandas.DataFrame
        Text; one row per goal, columns measured and verdict: ``met``, ``missed``, or
        ``not measured`` where openSMILE is not installed, or where too few slices were measured to
        see memory grow.
    """
    ms, memory = bench_ms(record), record["memory"]
    times, efficiency = ms["plain"] / ms["ours"], _efficiency(record)["ours"]
    first, last = memory[0], memory[-1]
    most, growth = max(mark["mb"] for mark in memory), last["mb"] / first["mb"] - 1
    smile = ms.get("emobase")
    marks = f"from {first['slices']:,} to {last['slices']:,} slices"
    rows: list[tuple[str, str, bool | None]] = [
        (
            f"at least {GOAL_TIMES} times the plain way on one core (aim: {AIM_TIMES})",
            f"{times:.1f} times",
            times >= GOAL_TIMES,
        ),
        (
            "less time than openSMILE's emobase in the same run",
            f"{ms['ours']:.1f} ms" + (f" against {smile:.1f} ms" if smile else ""),
            ms["ours"] < smile if smile else None,
        ),
        (f"under {GOAL_MS} ms a slice on one core", f"{ms['ours']:.1f} ms", ms["ours"] < GOAL_MS),
        (
            f"{GOAL_EFFICIENCY:.0%} efficiency on two processes",
            f"{efficiency:.1%}",
            efficiency >= GOAL_EFFICIENCY,
        ),
        (f"under {GOAL_MB:,} MB a process, all along", f"{most:,.0f} MB at most", most < GOAL_MB),
        (
            f"memory that does not grow with the slices (beyond {GOAL_GROWTH:.0%})",
            f"{growth:+.1%} {marks}",
            growth <= GOAL_GROWTH if len(memory) > 1 else None,
        ),
    ]
    words = {True: "met", False: "missed", None: "not measured"}
    table = {goal: [value, words[verdict]] for goal, value, verdict in rows}
    return pd.DataFrame.from_dict(table, orient="index", columns=["measured", "verdict"])


def bench_summary(record: dict[str, Any]) -> str:
    """Say in a few sentences what was measured, where and when.

    Parameters
    ----------
    record : dict
        As from :func:`run_bench`.

    Returns
    -------
    str
        Sentences whose numbers are all from the record.
    """
    ms, memory = bench_ms(record), record["memory"]
    text = (
        f"All features of {record['slice_seconds']:g} seconds take {ms['ours']:.1f} ms on one "
        f"core; calling librosa once per feature takes {ms['plain']:.0f} ms, "
        f"{ms['plain'] / ms['ours']:.0f} times as long. "
    )
    if "emobase" in ms:
        text += f"openSMILE's emobase takes {ms['emobase']:.0f} ms for its own. "
    text += (
        f"Two processes at once are {2 * _efficiency(record)['ours']:.2f} times as fast as one. "
        f"A process held {memory[0]['mb']:.0f} MB after {memory[0]['slices']:,} slices and "
        f"{memory[-1]['mb']:.0f} MB after {memory[-1]['slices']:,}. "
        f"Medians over {record['n_clips']} slices of {record['audio']}, measured on "
        f"{record['recorded']} ({record['system']}; librosa {record['versions']['librosa']}, "
        f"NumPy {record['versions']['numpy']}, numba {record['versions']['numba']})."
    )
    return text


def show_bench(record: dict[str, Any]) -> None:
    """Print the tables and what they rest on.

    Parameters
    ----------
    record : dict
        As from :func:`run_bench`.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    titles = {
        "All families, medians": bench_overview(record),
        "One family at a time": bench_by_family(record),
        "Goals": goals(record),
    }
    for title, table in titles.items():
        view = Table("", *table.columns, title=title, title_justify="left")
        for row in table.itertuples():
            view.add_row(*row)
        console.print(view)
    console.print(bench_summary(record))
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    console.print(
        f"{versions}; load average {record['load'][0]} before, {record['load'][1]} after"
    )


# --- the record ------------------------------------------------------------------------------


def load_bench() -> dict[str, Any]:
    """Read the recorded benchmark.

    Returns
    -------
    dict
        As from :func:`run_bench`.

    Raises
    ------
    BenchError
        If there is none, or it cannot be read.
    """
    try:
        return json.loads(BENCH.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BenchError(
            f"{BENCH}: no recorded benchmark; run `genrelib bench --record`"
        ) from error
