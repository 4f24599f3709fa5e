"""The door to the house: every audio file comes in here, and only here.

`decode` turns a file of any format, rate and channel count that libsndfile reads into
22,050 Hz mono float32 samples; `read_header` says what a file holds without decoding it.
What cannot be used is refused with an `AudioError` that names the file, what is wrong with
it and what to do. The samples go to `genrelib.corpus.tracks` and `genrelib.features`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
import soundfile as sf

SAMPLE_RATE = 22050
"""Sample rate of everything the book computes, in Hz: that of GTZAN."""

AUDIO_SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".au", ".aif", ".aiff"}
)
"""File name endings, in lower case, that a folder corpus takes for audio."""

# Streamed files are written before their length is known and carry a placeholder near the
# largest 32-bit number instead of a length: that is no sign of a cut.
_PLACEHOLDER_BYTES = 0x7FFF0000
_BLOCK = 1 << 20
SLACK = 0.1
"""What may lack of the length that a header promises, in seconds."""


class AudioError(ValueError):
    """An audio file that cannot be used.

    Parameters
    ----------
    path : str or Path
        The file.
    reason : str
        What is wrong with it.
    advice : str, optional
        What to do next.
    """

    def __init__(
        self, path: str | Path, reason: str, advice: str = "Replace the file or leave it out"
    ) -> None:
        # All three are handed on, so that the error survives the way back from a worker process.
        super().__init__(str(path), reason, advice)
        self.path = str(path)
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}. {self.advice}."


@dataclass(frozen=True)
class AudioHeader:
    """What a file says about itself.

    Parameters
    ----------
    sample_rate : int
        Sample rate of the file in Hz.
    frames : int
        Number of samples per channel.
    channels : int
        Number of channels.
    artist : str or None
        Artist tag, where the format has one and it is set.
    title : str or None
        Title tag, likewise.
    """

    sample_rate: int
    frames: int
    channels: int
    artist: str | None = None
    title: str | None = None

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate


def decode(path: str | Path, sample_rate: int = SAMPLE_RATE) -> np.ndarray:
    """Read an audio file as mono samples at one sample rate.

    Channels are averaged. Resampling, only where the rate differs, is librosa's ``soxr_hq``.

    Explained in chapter 1.

    Parameters
    ----------
    path : str or Path
        A file in any format that libsndfile reads: WAV, FLAC, Ogg, MP3, AU, AIFF and more.
    sample_rate : int, default 22050
        Sample rate of the result in Hz.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
        Contiguous samples, nominally within [-1, 1].

    Raises
    ------
    AudioError
        If the file is missing, empty, not audio, cut short, without samples, without a sample
        rate, or holds samples that are not finite numbers.
    """
    channels, file_rate = read_samples(path)
    samples = channels.mean(axis=1)
    if file_rate != sample_rate:
        samples = librosa.resample(
            samples, orig_sr=file_rate, target_sr=sample_rate, res_type="soxr_hq"
        )
    if not len(samples):
        raise AudioError(path, f"too short to hold one sample at {sample_rate} Hz")
    return np.ascontiguousarray(samples, dtype=np.float32)


def read_samples(path: str | Path) -> tuple[np.ndarray, int]:
    """Read an audio file as it is: all channels, shape (n_samples, n_channels), and its own rate.

    What cannot be used is refused as by `decode`.
    """
    path = Path(path)
    with _open(path) as file:
        blocks = list(_to_the_end(path, file, _header(path, file)))
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks), file.samplerate


def read_header(path: str | Path) -> AudioHeader:
    """Read what an audio file holds, and refuse one that is evidently broken.

    Cheap: nothing is decoded but one frame at the end, which a file that was cut short lacks.
    Only uncompressed floating-point files, which alone can hold NaN, are read through.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    AudioHeader
        Rate, length, channels and tags.

    Raises
    ------
    AudioError
        As `decode`, for what can be seen without decoding the whole file.
    """
    path = Path(path)
    with _open(path) as file:
        header = _header(path, file)
        try:
            file.seek(int((header.frames - 1) * _share_expected(file)))
        except (OSError, RuntimeError) as error:
            raise _truncated(path, "its end cannot be reached") from error
        if not len(_read(path, file, 1)):
            raise _truncated(path, "its end is missing")
        if file.subtype in ("FLOAT", "DOUBLE"):
            file.seek(0)
            if not all(np.isfinite(block).all() for block in _blocks(path, file)):
                raise _not_finite(path)
    return header


def read_blocks(path: str | Path) -> Iterator[np.ndarray]:
    """Read an audio file block by block, its channels averaged.

    Parameters
    ----------
    path : str or Path
        A file in any format that libsndfile reads.

    Yields
    ------
    numpy.ndarray of float32, shape (n_samples,)
        Mono samples at the rate of the file.

    Raises
    ------
    AudioError
        As `decode`.
    """
    path = Path(path)
    with _open(path) as file:
        header = _header(path, file)
        # The length that a compressed file announces may be a few samples off.
        for block in _to_the_end(path, file, header, slack=SLACK * header.sample_rate):
            yield block.mean(axis=1)


def read_rate(path: str | Path) -> int:
    """Read the sample rate of a file, and refuse one that cannot be opened.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    int
        In Hz.

    Raises
    ------
    AudioError
        As `decode`, for what can be seen without decoding.
    """
    path = Path(path)
    with _open(path) as file:
        return _header(path, file).sample_rate


def _open(path: Path) -> sf.SoundFile:
    """Open a file, or say why not."""
    if path.is_dir():
        raise AudioError(path, "is a folder, not an audio file", "Name a file")
    if not path.exists():
        raise AudioError(path, "no such file", "Check the path, or download the corpus again")
    try:
        if path.stat().st_size == 0:
            raise AudioError(path, "the file is empty (0 bytes)")
        with path.open("rb"):  # says "permission denied" where libsndfile says "system error"
            pass
        # A headerless .raw file is the one thing soundfile cannot open from a name alone.
        return sf.SoundFile(path)
    except sf.LibsndfileError as error:
        raise AudioError(path, _why_not(path, error.error_string)) from error
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, AudioError):
            raise
        raise AudioError(path, f"cannot be opened ({error})") from error


def _why_not(path: Path, message: str) -> str:
    """Put libsndfile's refusal into words; a rate of 0 Hz it calls a bad format."""
    head = path.open("rb").read(64)
    rate: int | None = None
    if head[:4] == b"RIFF" and (at := head.find(b"fmt ")) >= 0 and len(head) >= at + 16:
        rate = int.from_bytes(head[at + 12 : at + 16], "little")
    elif head[:4] == b".snd" and len(head) >= 20:
        rate = int.from_bytes(head[16:20], "big")
    if rate == 0:
        return "its header gives a sample rate of 0 Hz"
    return f"not audio in a format that can be read ({message.strip().rstrip('.')})"


def _header(path: Path, file: sf.SoundFile) -> AudioHeader:
    """Read the header of an open file and check it."""
    if file.samplerate <= 0:
        raise AudioError(path, f"its header gives a sample rate of {file.samplerate} Hz")
    if cut := _missing_bytes(file.extra_info):
        raise _truncated(path, cut)
    if file.frames <= 0:
        raise AudioError(path, "it has a header but no samples (0 frames)")
    tags = file.copy_metadata()
    artist, title = (tags.get(tag, "").strip() or None for tag in ("artist", "title"))
    return AudioHeader(file.samplerate, file.frames, file.channels, artist, title)


def _missing_bytes(log: str) -> str:
    """Find in libsndfile's log that the header promised more data than the file has.

    libsndfile mends such a length in silence and only notes it: ``data : 9000 (should be 100)``.
    """
    pattern = r"^\s*(?:data|SSND|Data Size)\s*:\s*(\d+)\s*\(should be (\d+)\)"
    if match := re.search(pattern, log, flags=re.MULTILINE):
        promised, found = int(match[1]), int(match[2])
        if found < promised < _PLACEHOLDER_BYTES:
            return f"{found} of {promised} bytes of samples are there"
    return ""


def _share_expected(file: sf.SoundFile) -> float:
    """Share of the promised frames that must be there; MP3 headers give only an estimate."""
    return 0.98 if file.subtype.startswith("MPEG") else 1.0


def _blocks(path: Path, file: sf.SoundFile) -> Iterator[np.ndarray]:
    """Read an open file to its end; in blocks, so that a lying header costs no memory."""
    while len(block := _read(path, file, _BLOCK)):
        yield block


def _to_the_end(
    path: Path, file: sf.SoundFile, header: AudioHeader, slack: float = 0.0
) -> Iterator[np.ndarray]:
    """Read an open file block by block; refuse samples that are no numbers, and a lack of them."""
    found = 0
    for block in _blocks(path, file):
        if not np.isfinite(block).all():
            raise _not_finite(path)
        found += len(block)
        yield block
    if not found or found < header.frames * _share_expected(file) - slack:
        raise _truncated(path, f"{found} of {header.frames} frames could be decoded")


def _read(path: Path, file: sf.SoundFile, frames: int) -> np.ndarray:
    """Read up to so many frames as float32, shape (frames, channels)."""
    try:
        return file.read(frames, dtype="float32", always_2d=True)
    except (OSError, RuntimeError) as error:  # LibsndfileError is a RuntimeError
        raise AudioError(path, f"damaged: decoding stops with '{error}'") from error


def _truncated(path: Path, detail: str) -> AudioError:
    return AudioError(path, f"cut short: {detail}", "Copy or download the file again")


def _not_finite(path: Path) -> AudioError:
    return AudioError(path, "it holds samples that are NaN or infinite", "Export the file again")
