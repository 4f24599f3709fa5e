"""The door to the house: every audio file comes in here, and only here.

`decode` turns a file of any format, rate and channel count into 22,050 Hz mono float32 samples;
`read_header` says what a file holds, decoding as little as it can. What cannot be used is refused
with an `AudioError` that names the file, what is wrong with it and what to do. Who decodes what is
the business of :mod:`genrelib.corpus.decoders`; they run in a process of their own
(:mod:`genrelib.corpus.apart`), so that no file can end more than that. The samples go to
`genrelib.corpus.tracks` and `genrelib.features`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np

from genrelib.corpus import apart
from genrelib.corpus.decoders import Damage, Sound

SAMPLE_RATE = 22050
"""Sample rate of everything the book computes, in Hz: that of GTZAN."""

AUDIO_SUFFIXES = frozenset(
    {
        ".wav", ".w64", ".rf64", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2", ".au", ".aif",
        ".aiff", ".aifc", ".caf", ".m4a", ".m4b", ".aac", ".wma", ".ape", ".wv", ".mpc", ".mp4",
        ".mkv", ".mka", ".mov", ".webm",
    }
)  # fmt: skip
"""File name endings, in lower case, that a folder corpus takes for audio."""


LONGEST = 12
"""Hours of sound after which a file is taken for a trap, such as one that unpacks to months."""
LARGEST = 1 << 30
"""Samples that are held in memory at a time: 4 GB, 6 hours of one channel at 44,100 Hz."""
LOUDEST = 1e10
"""Largest sample that is taken for sound; full scale is 1, or 2,147,483,648 where integers were
written as they are."""
# A name on disk is bytes. Those that are no text stand in tables as characters of private use.
_AS_TEXT = {0xDC00 + byte: 0xF700 + byte for byte in range(128, 256)}
_AS_BYTES = {there: here for here, there in _AS_TEXT.items()}


def as_text(path: str | Path) -> str:
    """Name a file so that the name can be kept in a table, whatever bytes it consists of.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    str
        Its path, from which :func:`on_disk` makes the file's name again.
    """
    return str(path).translate(_AS_TEXT)


def on_disk(path: str | Path) -> Path:
    """Give a file the name that it has on disk, from the one that it has in a table.

    Parameters
    ----------
    path : str or Path
        As in the column ``path`` of a table of tracks.

    Returns
    -------
    Path
        The same, but for bytes that are no text.
    """
    return Path(str(path).translate(_AS_BYTES))


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
        super().__init__(as_text(path), reason, advice)
        self.path = as_text(path)
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


def decode(
    path: str | Path, sample_rate: int = SAMPLE_RATE, notes: list[str] | None = None
) -> np.ndarray:
    """Read an audio file as mono samples at one sample rate.

    Channels are averaged; where they cancel, the first is taken. Resampling, only where the rate
    differs, is librosa's ``soxr_hq``.

    Explained in chapter 1.

    Parameters
    ----------
    path : str or Path
        A file in any format that libsndfile or FFmpeg read: WAV, FLAC, Ogg, MP3, M4A and more.
    sample_rate : int, default 22050
        Sample rate of the result in Hz.
    notes : list of str, optional
        What is odd about the file is added to it.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
        Contiguous samples, nominally within [-1, 1].

    Raises
    ------
    AudioError
        If the file is missing, empty, not audio, without samples, without a sample rate, longer
        than :data:`LONGEST` or :data:`LARGEST`, or holds samples that are no finite numbers. Of
        files that are cut or damaged, what can be heard is heard.
    """
    with _open(path, mono=True) as sound:
        samples = _together(path, _to_the_end(path, sound, 1)).ravel()
        if notes is not None:
            notes += sound.notes
    if sound.rate != sample_rate:
        samples = librosa.resample(
            samples, orig_sr=sound.rate, target_sr=sample_rate, res_type="soxr_hq"
        )
    if not len(samples):
        raise AudioError(path, f"too short to hold one sample at {sample_rate} Hz")
    return np.ascontiguousarray(samples, dtype=np.float32)


def read_samples(path: str | Path, notes: list[str] | None = None) -> tuple[np.ndarray, int]:
    """Read an audio file as it is: all channels, shape (n_samples, n_channels), and its own rate.

    What cannot be used is refused as by `decode`; what is odd about it is added to `notes`.
    """
    with _open(path) as sound:
        samples = _together(path, _to_the_end(path, sound, sound.channels))
        if notes is not None:
            notes += sound.notes
        return samples, sound.rate


def read_header(path: str | Path) -> AudioHeader:
    """Read what an audio file holds, and refuse one that is evidently broken.

    Cheap where a file knows its length: nothing is decoded but one frame at the end. Where that is
    missing, and of files whose length is no promise, packets are counted; where that contradicts
    what the file says of itself, it is decoded. Uncompressed floating-point files, which alone can
    hold NaN, are read through.

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
    with _open(path) as sound:
        frames = sound.length()
        if not frames:
            raise _no_samples(path)
        _check_length(path, frames, sound.rate)
        if sound.may_be_nan:
            for _ in _to_the_end(path, sound, sound.channels):
                pass
        artist, title = (sound.tags.get(tag, "").strip() or None for tag in ("artist", "title"))
        return AudioHeader(sound.rate, frames, sound.channels, artist, title)


def read_blocks(path: str | Path, notes: list[str] | None = None) -> Iterator[np.ndarray]:
    """Read an audio file block by block, its channels averaged.

    Parameters
    ----------
    path : str or Path
        A file in any format that `decode` reads.
    notes : list of str, optional
        What is odd about the file is added to it, in the end.

    Yields
    ------
    numpy.ndarray of float32, shape (n_samples,)
        Mono samples at the rate of the file.

    Raises
    ------
    AudioError
        As `decode`.
    """
    with _open(path, mono=True) as sound:
        for block in _to_the_end(path, sound, 1):
            yield block.ravel()
        if notes is not None:
            notes += sound.notes


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
    with _open(path) as sound:
        return sound.rate


@contextlib.contextmanager
def _open(path: str | Path, *, mono: bool = False) -> Iterator[Sound]:
    """Open a file, or say why not."""
    path = on_disk(path)
    if path.is_dir():
        raise AudioError(path, "is a folder, not an audio file", "Name a file")
    if path.is_fifo() or path.is_char_device():
        raise AudioError(path, "is a pipe or a device, not a file", "Save the sound in a file")
    if not path.exists():
        raise AudioError(path, "no such file", "Check the path, or download the corpus again")
    try:
        if path.stat().st_size == 0:
            raise AudioError(path, "the file is empty (0 bytes)")
        with path.open("rb"):  # says "permission denied" where libsndfile says "system error"
            pass
        with apart.opened(path, mono=mono) as sound:
            yield sound
    except Damage as error:
        raise AudioError(path, str(error)) from error
    except OSError as error:
        raise AudioError(path, f"cannot be opened ({error})") from error


def _to_the_end(path: str | Path, sound: Sound, width: int) -> Iterator[np.ndarray]:
    """Take all blocks of a sound, shape (n, width); refuse what no sound can be."""
    found = 0
    for data in sound.blocks:
        block = data.reshape(-1, width)
        peak = max(float(block.max()), -float(block.min()))  # NaN, if there is one
        if not np.isfinite(peak):
            raise AudioError(
                path, "it holds samples that are NaN or infinite", "Export the file again"
            )
        if peak > LOUDEST:
            reason = f"it holds samples as large as {peak:.0e}, where 1 is full scale"
            raise AudioError(path, reason, "Export the file again")
        found += len(block)
        _check_length(path, found, sound.rate)
        yield block
    if not found:
        raise _no_samples(path)


def _check_length(path: str | Path, frames: int, rate: int) -> None:
    if frames > LONGEST * 3600 * rate:
        raise AudioError(path, f"longer than {LONGEST} hours", "Cut it into parts")


def _together(path: str | Path, blocks: Iterable[np.ndarray]) -> np.ndarray:
    """Join blocks, as many as memory may hold."""
    kept, size = [], 0
    for block in blocks:
        size += block.size
        if size > LARGEST:
            reason = f"too long to be held in memory (more than {LARGEST:,} samples)"
            raise AudioError(path, reason, "Cut it into parts")
        kept.append(block)
    return kept[0] if len(kept) == 1 else np.concatenate(kept)


def _no_samples(path: str | Path) -> AudioError:
    return AudioError(path, "it has a header but no samples (0 frames)")
