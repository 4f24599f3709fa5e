"""Small folders of music for tests: quick to read and to measure, with a few faults."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import soundfile as sf

from genrelib.classify import Model, load_model
from genrelib.corpus.audio import SAMPLE_RATE

GENRES = ("ambient", "jazz", "noise")


def write_library(root: Path, tracks: int, *, faults: bool = True) -> Path:
    """Write tracks of one or two slices; with faults, three more files that cannot be used."""
    rng = np.random.default_rng(5)
    for number in range(tracks):
        folder = root / GENRES[number % len(GENRES)]
        folder.mkdir(parents=True, exist_ok=True)
        seconds = 12 if number % 5 == 1 else 6
        t = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
        y = 0.3 * np.sin(2 * np.pi * 110 * 2 ** (number / 12) * t) + rng.normal(0, 0.02, len(t))
        sf.write(folder / f"{number:03d}.wav", y.astype(np.float32), SAMPLE_RATE, subtype="PCM_16")
    if faults:
        (root / "jazz").mkdir(exist_ok=True)
        (root / "jazz" / "words.wav").write_text("no sound at all")
        (root / "jazz" / "empty.flac").touch()
        break_in_the_middle(root / "ambient" / "damaged.flac")
    return root


def break_in_the_middle(path: Path) -> None:
    """Write a file whose header is good and whose samples are not."""
    y = np.random.default_rng(0).normal(0, 0.1, 6 * SAMPLE_RATE)
    sf.write(path, y, SAMPLE_RATE)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle // 2 : middle] = bytes(middle - middle // 2)
    path.write_bytes(content)


def content(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder of measurements that a reader may see."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


def write(path: Path, seconds: float = 7.0, seed: int = 0, rate: int = SAMPLE_RATE) -> Path:
    """Write a file of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, int(seconds * rate))
    sf.write(path, noise, rate)
    return path


def music(root: Path, genres: tuple[str, ...] = ("blues", "jazz"), tracks: int = 5) -> str:
    """Write a folder of genres; return the name of the corpus."""
    for g, genre in enumerate(genres):
        for number in range(tracks):
            write(root / genre / f"song {number}.wav", seed=100 * g + number)
    return f"folder:{root}"


def spoil(root: Path) -> list[Path]:
    """Put one file of each kind of damage beside good ones."""
    bad = root / "blues"
    (bad / "empty.wav").touch()
    (bad / "lyrics.wav").write_text("woke up this morning" * 20)
    whole = write(bad / "zero.wav").read_bytes()
    (bad / "zero.wav").write_bytes(whole[:24] + struct.pack("<I", 0) + whole[28:])
    sf.write(bad / "nan.wav", np.full(200_000, np.nan), SAMPLE_RATE, subtype="FLOAT")
    (bad / "phone.m4a").write_bytes(b"....ftypM4A")
    write(root / "loose.wav")
    named = ("empty.wav", "lyrics.wav", "zero.wav", "nan.wav", "phone.m4a")
    return [*(bad / name for name in named), root / "loose.wav"]


def lenient(**bias: float) -> Model:
    """The model of the package, which refuses nothing; genres can be made more likely."""
    model = load_model()
    a = model.arrays
    more = np.array([bias.get(genre, 0.0) for genre in model.genres])
    music = np.array([1e6] + [0.0] * (len(a["sound_bias"]) - 1))
    open_ = {"far": a["far"] + 1e9, "odd": a["odd"] + 1e9}
    open_ |= {"bias": a["bias"] + more, "sound_bias": a["sound_bias"] + music}
    return Model(model.card, {n: np.asarray(x, np.float32) for n, x in (a | open_).items()})
