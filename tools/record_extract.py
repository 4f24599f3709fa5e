"""Measure what a large run takes, and record it for the book: one command, no test.

    python tools/record_extract.py            # a library of 1,000 tracks, 5,000 slices
    python tools/record_extract.py --tracks 100 --dry-run

It needs the GTZAN-mini audio. The library is made of it in a temporary folder: each track several
times, each time a little louder or softer, faster or slower, and with other noise, as FLAC at
44,100 Hz with two channels, which costs about as much to decode as the MP3 of large collections.
It is measured by one process, by two, and by two workers of a Dask cluster on this machine; what
that took goes to ``genrelib/data/results/extract.json``.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
import librosa
import numpy as np
import soundfile as sf

from genrelib import __version__
from genrelib.collections import Report, extract
from genrelib.collections.plan import LIBRARIES
from genrelib.corpus import audio, decoders
from genrelib.corpus.audio import decode
from genrelib.corpus.places import RECORDED, write_whole
from genrelib.corpus.tracks import Corpus, load_corpus
from genrelib.features import families, hpss, measuring as slices, slicing, transforms

# A cluster on this machine, as the tests have it.
sys.path.append(str(Path(__file__).parents[1] / "tests"))
from cluster import Cluster

RATE, SECONDS = 44100, 30.0
FORMATS = {"WAV": "wav", "FLAC": "flac", "MP3": "mp3", "Ogg Vorbis": "ogg"}
MEASURING = (audio, decoders, families, slices, hpss, slicing, transforms)
VALUES = (str, bytes, int, float, complex)
MARKS = (0.1, 0.5, 1.0)  # shares of a run at which the memory is read


def make_library(root: Path, tracks: int) -> None:
    """Write so many tracks of 30 seconds, made of those of GTZAN-mini."""
    music = load_corpus("gtzan-mini")
    assert music.has_audio, "set GENRELIB_DATA to the folder that holds gtzan-mini"
    sources = list(music.tracks["path"].items())
    jobs = (
        joblib.delayed(_write_variant)(*sources[n % len(sources)], n // len(sources), root)
        for n in range(tracks)
    )
    joblib.Parallel(n_jobs=joblib.cpu_count())(jobs)


def _write_variant(track: str, path: str, number: int, root: Path) -> None:
    genre, name = track.split(".")
    (root / genre).mkdir(parents=True, exist_ok=True)
    sf.write(root / genre / f"{name}-{number:03d}.flac", variant(path, number, name), RATE)


def variant(path: str, number: int, name: str) -> np.ndarray:
    """Return a track with another gain, speed and noise, shape (n_samples, 2)."""
    rng = np.random.default_rng([number, *name.encode()])
    y, rate = sf.read(path, dtype="float32")
    speed = 1 + rng.uniform(-0.02, 0.02)
    y = librosa.resample(y, orig_sr=rate * speed, target_sr=RATE, res_type="soxr_hq")
    y = librosa.util.fix_length(y, size=round(SECONDS * RATE), mode="wrap")
    stereo = np.stack([y, np.roll(y, 9)], axis=1) * 10 ** (rng.uniform(-6, 0) / 20)
    noise = rng.normal(0, 1e-3, stereo.shape)
    return np.clip(0.8 * stereo + noise, -1, 1).astype(np.float32)


def measure(how: str, music: Corpus, folder: Path, processes: int, **options: Any) -> dict:
    """Run over the library, and say at what rate, with how much memory."""
    done, memory, reports = 0, {}, []

    def report(part: Report) -> None:
        nonlocal done
        reports.append(part)
        done += part.tracks
        for mark in MARKS:
            if done >= mark * len(music.tracks) and mark not in memory:
                memory[mark] = max(r.memory for r in reports)

    summary = extract(music, folder, report=report, **options)
    assert summary.broken.empty
    result = {
        "how": how,
        "processes": processes,
        "slices": summary.slices,
        "seconds": round(summary.seconds, 2),
        "slices_per_second": round(summary.slices / summary.seconds, 3),
        "bytes": sum(part.bytes for part in reports),
        "memory": {f"{mark:.0%}": value for mark, value in memory.items()},
    }
    print(json.dumps(result), flush=True)
    return result


def decoding(music: Corpus, folder: Path, tracks: int = 20) -> dict[str, dict[str, float]]:
    """Say how long it takes to decode 30 seconds in each format, and how large they are."""
    measured: dict[str, dict[str, float]] = {}
    paths = music.tracks["path"].iloc[:: max(1, len(music.tracks) // tracks)]
    for name, ending in FORMATS.items():
        seconds, sizes = [], []
        for number, path in enumerate(paths):
            file = folder / f"{number}.{ending}"
            sf.write(file, *sf.read(path, dtype="float32"))
            seconds.append(_seconds(lambda file=file: decode(file)))
            sizes.append(file.stat().st_size)
            file.unlink()
        measured[name] = {
            "seconds": round(statistics.median(seconds), 5),
            "bytes": round(statistics.median(sizes)),
        }
    print(json.dumps(measured), flush=True)
    return measured


def _seconds(call: Callable[[], object]) -> float:
    """Time the faster of two calls."""
    times = []
    for _ in range(2):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return min(times)


def writing(folder: Path, size: int = 2**28) -> float:
    """Say how many bytes per second the disk of a folder takes."""
    data, file = os.urandom(size), folder / "writing"
    begun = time.perf_counter()
    with file.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    took = time.perf_counter() - begun
    file.unlink()
    return round(size / took)


def measuring() -> str:
    """Fingerprint of the code that measures, whatever its comments and the version of Python."""
    digest = hashlib.sha256()
    for module in MEASURING:
        nodes = list(ast.walk(ast.parse(Path(module.__file__).read_text("utf-8"))))
        words = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if not (isinstance(node, ast.Constant) and id(node) in words):  # docstrings
                fields = [v for _, v in ast.iter_fields(node) if isinstance(v, VALUES)]
                digest.update(repr((type(node).__name__, fields)).encode())
    return digest.hexdigest()[:16]


def processor() -> str:
    """Name the processor."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def main() -> None:
    """Make the library, run over it, and record what it took."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--tracks", type=int, default=1000)
    options.add_argument("--dry-run", action="store_true", help="Record nothing.")
    chosen = options.parse_args()
    if hasattr(os, "getloadavg") and (load := os.getloadavg()[0]) > 0.5:
        print(
            f"note: other programs are running (load {load:.1f}); they slow down what is measured"
        )
    with tempfile.TemporaryDirectory(prefix="bench-extract-") as name:
        folder = Path(name)
        make_library(folder / "library", chosen.tracks)
        begun = time.perf_counter()
        music = load_corpus(f"folder:{folder / 'library'}")
        listing = time.perf_counter() - begun
        decoded = decoding(music, folder)
        runs = [
            measure("one process", music, folder / "one", 1, jobs=1),
            measure("two processes", music, folder / "two", 2, jobs=2),
        ]
        cluster = Cluster(folder)
        try:
            for _ in range(2):
                cluster.add_worker()
            address = cluster.address
            runs.append(measure("two Dask workers", music, folder / "dask", 2, dask=address))
        finally:
            cluster.stop()
        recorded = {
            "recorded": datetime.now(UTC).date().isoformat(),
            "measuring": measuring(),
            "machine": {"processor": processor(), "cores": joblib.cpu_count()},
            "versions": {"python": platform.python_version(), "genrelib": __version__}
            | {library: version(library) for library in (*LIBRARIES, "distributed")},
            "library": {
                "tracks": len(music.tracks),
                "slices": runs[0]["slices"],
                "seconds": SECONDS,
                "format": "FLAC",
                "bytes": sum(Path(path).stat().st_size for path in music.tracks["path"]),
            },
            "listing": round(listing / len(music.tracks), 6),
            "decode": decoded,
            "write": writing(folder),
            "runs": runs,
        }
    text = json.dumps(recorded, indent=1) + "\n"
    if chosen.dry_run:
        print(text)
    else:
        write_whole(RECORDED / "extract.json", text)


if __name__ == "__main__":
    main()
