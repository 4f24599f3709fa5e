"""Break audio files in many ways, and see that each gets a verdict: sound, or one clear error.

    python tests/fuzz_audio.py 10000          # the long form; says what became of each format

A file of each format is flipped, cut, spliced, given other lengths, emptied in pages. Whatever
comes of it is decoded, and its header is read. Nothing but an AudioError may be raised, nothing
may take longer than ten seconds, what can be heard must not be refused at a first look, and what
libsndfile or FFmpeg, asked directly, decode in full must not be refused at all.
"""

from __future__ import annotations

import collections
import contextlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import soundfile as sf

from genrelib.corpus import apart
from genrelib.corpus.audio import AudioError, read_header, read_samples

RATE, SECONDS, LIMIT = 24000, 3, 10.0
BY_SNDFILE = {
    "wav": "PCM_16", "w64": "PCM_16", "flac": "PCM_16", "aiff": "PCM_16", "au": "PCM_16",
    "caf": "PCM_16", "ogg": "VORBIS", "opus": "OPUS", "mp3": "MPEG_LAYER_III",
}  # fmt: skip
BY_FFMPEG = {"m4a": ("aac", "ipod"), "aac": ("aac", "adts"), "webm": ("libopus", "webm"),
             "wv": ("wavpack", "wv"), "mp2": ("mp2", "mp2")}  # fmt: skip


def seeds(folder: Path) -> dict[str, bytes]:
    """Write one file of each format that can be written here."""
    rng = np.random.default_rng(0)
    time_ = np.arange(SECONDS * RATE) / RATE
    y = (0.3 * np.sin(2 * np.pi * 440 * time_) + 0.05 * rng.normal(size=len(time_))).astype("f4")
    found = {}
    for ending, subtype in BY_SNDFILE.items():
        kind = {"opus": "OGG"}.get(ending, ending.upper())
        sf.write(path := folder / f"seed.{ending}", y, RATE, format=kind, subtype=subtype)
        found[ending] = path.read_bytes()
    for ending, (codec, kind) in BY_FFMPEG.items():
        rate = 48000 if codec in ("libopus", "mp2") else RATE
        try:
            with av.open(str(path := folder / f"seed.{ending}"), "w", format=kind) as container:
                stream = container.add_stream(codec, rate=rate)
                stream.layout = "mono"
                frame = av.AudioFrame.from_ndarray(y[None], format="fltp", layout="mono")
                frame.sample_rate = RATE
                shape = av.AudioResampler(stream.format, "mono", rate, stream.frame_size or 1024)
                for piece in [*shape.resample(frame), *shape.resample(None)]:
                    container.mux(stream.encode(piece))
                container.mux(stream.encode(None))
        except (av.error.FFmpegError, ValueError):
            continue
        found[ending] = path.read_bytes()
    return found


def flip(data: bytearray, rng: np.random.Generator) -> None:
    for at in rng.integers(len(data), size=rng.integers(1, 20)):
        data[at] ^= 1 << int(rng.integers(8))


def cut(data: bytearray, rng: np.random.Generator) -> None:
    del data[int(rng.integers(len(data))) :]


def splice(data: bytearray, rng: np.random.Generator) -> None:
    a, b = sorted(int(at) for at in rng.integers(len(data), size=2))
    data[a:a] = data[a : min(b, a + 20_000)]


def lengths(data: bytearray, rng: np.random.Generator) -> None:
    at = int(rng.integers(min(len(data), 300)))
    data[at : at + 4] = [b"\xff" * 4, b"\0" * 4, rng.bytes(4)][int(rng.integers(3))]


def empty(data: bytearray, rng: np.random.Generator) -> None:
    at = int(rng.integers(len(data)))
    size = min(4096, len(data) - at)
    data[at : at + size] = bytes(size)


WAYS: list[Callable[[bytearray, np.random.Generator], None]] = [flip, cut, splice, lengths, empty]


def in_full(path: Path, seed: np.ndarray) -> bool:
    """Say whether a decoder, asked directly, gives what the seed holds."""
    found = []
    with contextlib.suppress(Exception):
        found.append(sf.read(path, dtype="float32")[0].ravel())
    with contextlib.suppress(Exception), av.open(str(path)) as container:
        frames = container.decode(container.streams.audio[0])
        found.append(np.concatenate([frame.to_ndarray().ravel() for frame in frames]))
    return any(len(y) == len(seed) and np.abs(y - seed).max() < 1e-3 for y in found)


def verdict(path: Path, seed: np.ndarray | None = None) -> str:
    """Say what becomes of a file: whole, part (with a note), refused, or a fault of ours."""
    notes: list[str] = []
    begun = time.monotonic()
    try:
        read_header(path)
        refused_first = ""
    except AudioError as error:
        refused_first = error.reason
    try:
        samples, rate = read_samples(path, notes)
        found = "part" if notes or len(samples) / rate < SECONDS - 0.1 else "whole"
    except AudioError as error:
        found = "refused"
        if seed is not None and in_full(path, seed):
            return f"refused, but decodes in full: {error.reason}"
    if time.monotonic() - begun > LIMIT:
        return f"slow: {time.monotonic() - begun:.1f} s"
    if refused_first and found != "refused":
        return f"refused at first look, but {found}: {refused_first}"
    return found


def main(count: int, first: int = 0) -> int:
    """Try so many files, and print what became of them; the number of faults is the exit code."""
    table: dict[str, collections.Counter[str]] = {}
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        good, sounds = seeds(Path(folder)), {}
        for ending, data in good.items():
            (path := Path(folder, f"whole.{ending}")).write_bytes(data)
            assert verdict(path) == "whole", ending
            sounds[ending] = read_samples(path)[0].ravel()
        slowest = 0.0
        for number in range(first, first + count):
            rng = np.random.default_rng(number)
            ending = list(good)[number % len(good)]
            broken = bytearray(good[ending])
            for way in rng.choice(len(WAYS), size=rng.integers(1, 3)):
                WAYS[way](broken, rng)
                broken = broken or bytearray(b"\0")
            path = Path(folder, f"odd.{ending}")
            path.write_bytes(broken)
            begun = time.monotonic()
            try:
                found = verdict(path, sounds[ending])
            except Exception as error:
                found = f"{type(error).__name__}: {error}"
            slowest = max(slowest, time.monotonic() - begun)
            if found not in ("whole", "part", "refused"):
                faults.append({"number": number, "format": ending, "fault": found})
                found = "fault"
            table.setdefault(ending, collections.Counter())[found] += 1
    apart.end_all()  # what has ended counts
    peak = {
        name: resource.getrusage(who).ru_maxrss // 1024
        for name, who in (("here", resource.RUSAGE_SELF), ("decoders", resource.RUSAGE_CHILDREN))
    }
    result = {"formats": table, "slowest": round(slowest, 2), "peak MB": peak, "faults": faults}
    print(json.dumps(result, indent=1))
    return min(len(faults), 100)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
