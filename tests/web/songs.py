"""Files of every kind for the page and for `genrelib classify`, made from what is embedded."""

from __future__ import annotations

from pathlib import Path

import av
import librosa
import numpy as np
import soundfile as sf

from genrelib.corpus import free_recordings

FORMATS = {"WAV": "PCM_16", "FLAC": "PCM_16", "OGG": "VORBIS", "MP3": "MPEG_LAYER_III", "M4A": ""}


def write(path: Path, samples: np.ndarray, rate: int) -> Path:
    """Write samples, shape ``(n,)`` or ``(n, channels)``, in the format that the name ends in."""
    kind = path.suffix[1:].upper()
    if kind != "M4A":
        sf.write(path, samples, rate, format=kind, subtype=FORMATS[kind])
        return path
    layout = "mono" if samples.ndim == 1 else "stereo"
    with av.open(str(path), "w", format="mp4") as file:
        stream = file.add_stream("aac", rate=rate, layout=layout)
        planes = np.ascontiguousarray(np.atleast_2d(samples.T), np.float32)
        for first in range(0, planes.shape[1], 1024):
            part = np.ascontiguousarray(planes[:, first : first + 1024])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            frame.sample_rate, frame.pts = rate, first
            for packet in stream.encode(frame):
                file.mux(packet)
        for packet in stream.encode(None):
            file.mux(packet)
    return path


def free(name: str, rate: int, seconds: float = 12) -> np.ndarray:
    """Read a free recording."""
    return librosa.load(free_recordings().at[name, "path"], sr=rate, duration=seconds)[0]


def make(folder: Path) -> list[Path]:
    """Write files of all formats, mono and stereo, 8 to 96 kHz, and what is no song."""
    made = []
    rates = {"WAV": (8000, 22050, 44100, 96000), "FLAC": (16000, 44100, 48000, 96000),
             "OGG": (8000, 32000, 44100, 48000), "MP3": (16000, 22050, 44100, 48000),
             "M4A": (16000, 22050, 44100, 48000)}  # fmt: skip
    songs = ("hungarian-dance", "lets-go-fishin", "vibe-ace", "reading")
    for kind, several in rates.items():
        for rate, song in zip(several, songs, strict=True):
            mono = free(song, rate)
            name = f"{kind}-{rate}-{song}"
            made.append(write(folder / f"{name}-mono.{kind.lower()}", mono, rate))
            stereo = np.stack([mono, 0.5 * np.roll(mono, rate // 100)], axis=1)
            made.append(write(folder / f"{name}-stereo.{kind.lower()}", stereo, rate))
    rng, rate = np.random.default_rng(0), 44100
    noise = 0.1 * rng.normal(size=7 * rate)
    made.append(write(folder / "noise.wav", noise, rate))
    made.append(write(folder / "silence.wav", np.zeros(5 * rate), rate))
    made.append(write(folder / "quiet.flac", 0.02 * free("vibe-ace", rate), rate))
    against = free("vibe-ace", rate)
    made.append(write(folder / "against-itself.wav", np.stack([against, -against], 1), rate))
    made.append(write(folder / "short.wav", free("vibe-ace", rate)[rate : rate + 9000], rate))
    for name, content in {"text.mp3": b"This is no song.\n" * 99, "empty.wav": b""}.items():
        (folder / name).write_bytes(content)
        made.append(folder / name)
    return made
