"""Two ways to decode an audio file: libsndfile, and FFmpeg's libraries.

:func:`opened` gives a :class:`Sound`, whoever decodes it. What libsndfile reads and
knows the length of, it decodes. Everything else goes to FFmpeg through PyAV: MPEG, whose headers
may estimate their length, chained Ogg files, files written without a length, what libsndfile does
not know (M4A, AAC, WMA, WebM, films), and the rest of a file that libsndfile gives up.

What a file holds decides, and not what it says of itself: whatever can be heard is heard, and what
is odd about it becomes a note. All this happens in a process of its own, see
:mod:`genrelib.corpus.apart`.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

BLOCK = 1 << 17
"""Samples per channel that are decoded at a time."""
LAST = 4096
"""Samples per channel that are read to see whether a file has its end. The last one alone takes as
long in libFLAC as the whole file."""
AUDIBLE = 1e-6
"""Mean square of a sound 60 dB below full scale."""
SLACK = 0.1
"""What may lack of the length that a header promises, in seconds."""
# Streamed files are written before their length is known and carry a placeholder near the
# largest 32-bit or 64-bit number instead of a length: that is no sign of a cut.
_PLACEHOLDER_BYTES, _PLACEHOLDER_FRAMES = 0x7FFF0000, 1 << 62
_RIFF_MOST = 1 << 32  # bytes that a WAV file can count


class Damage(ValueError):
    """Sound that cannot be decoded, in words."""


@dataclass
class Sound:
    """An audio file that is open.

    Parameters
    ----------
    rate : int
        Sample rate in Hz.
    channels : int
        Number of channels.
    blocks : iterator of bytes
        Its samples, float32; of each moment, one of every channel.
    frames : int or None
        Samples per channel that it promises; None where it does not say.
    promised : float or None
        Seconds that it promises, whether they are there or not.
    may_be_nan : bool
        Whether its samples may be no finite numbers.
    tags : dict of str to str
        What it says of itself, such as ``artist`` and ``title``.
    notes : list of str
        What was odd about it, complete when all blocks were taken.
    length : callable
        Says how many samples per channel can be heard, for less than it takes to decode them
        where the file allows.
    """

    rate: int
    channels: int
    blocks: Iterator[Any]
    frames: int | None = None
    promised: float | None = None
    may_be_nan: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    length: Callable[[], int] = lambda: 0

    def size(self, block: Any) -> int:
        """Count the samples per channel of a block."""
        return len(block) // (4 * self.channels)

    def laid_out(self, block: Any) -> np.ndarray:
        """Lay out a block as an array, shape ``(n_samples, n_channels)``."""
        return np.frombuffer(block, np.float32).reshape(-1, self.channels)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Sound]:
    """Open an audio file, and close it in the end.

    Raises
    ------
    Damage
        If nobody can decode it; for `Sound.blocks`, too.
    """
    with contextlib.ExitStack() as stack:
        why = ""
        if not _is_lossy(path):  # also spares the reader what mpg123 says of odd files
            try:
                # A headerless .raw file is the one thing soundfile cannot open from a name alone.
                name = str(path) if _is_text(path) else os.fsencode(path)
                file = stack.enter_context(sf.SoundFile(name))
            except sf.LibsndfileError as error:
                why = _why_not(path, error.error_string)
            except (OSError, RuntimeError, TypeError, ValueError) as error:
                why = f"cannot be opened ({error})"
            else:
                if path.stat().st_size >= _RIFF_MOST and _head(path, 4) == b"RIFF":
                    file = stack.enter_context(_beyond_its_count(path, file))
                if _is_sure(file):
                    sound = _by_sndfile(path, file)
                    sound.blocks = _noting(sound, sound.blocks)
                    yield sound
                    return
                file.close()
                if not file.frames:
                    why = "it has a header but no samples (0 frames)"
        sound = stack.enter_context(_by_ffmpeg(path, why))
        if why.endswith("(0 frames)"):
            sound.notes.append("its header says that it is empty; it is heard to its end")
        sound.blocks = _noting(sound, sound.blocks)
        yield sound


def mix(block: np.ndarray) -> np.ndarray:
    """Average the channels of a block, or take the first.

    Where one channel is another turned over, their mean is next to silence though each can be
    heard: the first one stands for all.

    Parameters
    ----------
    block : numpy.ndarray
        Samples, shape ``(n_samples, n_channels)``.

    Returns
    -------
    numpy.ndarray
        One channel, shape ``(n_samples,)``.
    """
    if block.shape[1] == 1:
        return np.ascontiguousarray(block[:, 0])
    mean = block[:, 0] + block[:, 1]  # twenty times as fast as the mean along so short an axis
    for channel in range(2, block.shape[1]):
        mean += block[:, channel]
    mean /= block.shape[1]
    return np.ascontiguousarray(block[:, 0]) if cancels(block, mean) else mean


def cancels(block: np.ndarray, mean: np.ndarray) -> bool:
    """Say whether channels cancel: their mean is 40 dB weaker than the first of them."""
    if block.shape[1] == 1:
        return False
    first = np.ascontiguousarray(block[:, 0])
    power = float(np.dot(first, first))
    return power > AUDIBLE * len(first) and float(np.dot(mean, mean)) < 1e-4 * power


def count(path: Path) -> int:
    """Count the samples per channel of a file by decoding it."""
    with opened(path) as sound:
        return sum(map(sound.size, sound.blocks))


def _noting(sound: Sound, blocks: Iterator[Any]) -> Iterator[Any]:
    """Hand on blocks, and note in the end what lacks of the length that was promised."""
    heard = 0
    for block in blocks:
        heard += sound.size(block)
        yield block
    seconds, promised = heard / sound.rate, sound.promised or 0
    if heard and promised - seconds > max(SLACK, 0.02 * promised):
        sound.notes.append(
            f"{seconds:.1f} of the {promised:.1f} seconds that it promises can be heard"
        )


# --- libsndfile ------------------------------------------------------------------------------


def _is_lossy(path: Path) -> bool:
    """Tell MPEG, behind a tag or not, and chained Ogg streams by their bytes."""
    head = _head(path, 4)
    mpeg = head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0")
    return mpeg or (head == b"OggS" and len(_chain(path)) > 1)


def _is_sure(file: Any) -> bool:
    """Say whether libsndfile knows how long a file is, and reads all of it."""
    known = file.samplerate > 0 and 0 < file.frames < _PLACEHOLDER_FRAMES
    return known and not file.subtype.startswith("MPEG")


class _Behind(io.FileIO):
    """A file without its first bytes."""

    def __init__(self, path: Path, start: int) -> None:
        super().__init__(path)
        self.start = start
        self.seek(0)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return super().seek(offset + (0 if whence else self.start), whence) - self.start

    def tell(self) -> int:
        return super().tell() - self.start


def _beyond_its_count(path: Path, file: Any) -> Any:
    """Open a WAV file of more than 4 GiB as bare samples: its header counts the rest only."""
    with path.open("rb") as head:
        head.seek(12)
        while (name := head.read(4)) and name != b"data":
            size = int.from_bytes(head.read(4), "little")
            head.seek(size + size % 2, os.SEEK_CUR)
        start = head.tell() + 4
    return sf.SoundFile(
        _Behind(path, start), format="RAW", subtype=file.subtype, endian="LITTLE",
        samplerate=file.samplerate, channels=file.channels,
    )  # fmt: skip


def _by_sndfile(path: Path, file: Any) -> Sound:
    seconds = file.frames / file.samplerate * _promised_share(file.extra_info)
    sound = Sound(
        file.samplerate, file.channels, iter(()), file.frames, seconds,
        may_be_nan=file.subtype in ("FLOAT", "DOUBLE"), tags=file.copy_metadata(),
        length=lambda: file.frames if _has_its_end(file) else count(path),
    )  # fmt: skip
    sound.blocks = _sndfile_blocks(path, file, sound)
    return sound


def _has_its_end(file: Any) -> bool:
    """Look for the last samples; a file that cannot be wound forward has to be read through."""
    last = min(LAST, file.frames)
    try:
        file.seek(file.frames - last)
        return len(file.read(last)) == last
    except (OSError, RuntimeError):
        return False


def _sndfile_blocks(path: Path, file: Any, sound: Sound) -> Iterator[Any]:
    """Decode to the end; where libsndfile gives up, FFmpeg may hear more."""
    if file.format == "OGG" and not _is_ended(path):
        sound.notes.append("cut short: its last page is missing")
    heard, why = 0, ""
    with contextlib.suppress(OSError, RuntimeError):
        file.seek(0)
    while True:
        try:
            block = file.read(BLOCK, dtype="float32", always_2d=True)
        except (OSError, RuntimeError) as error:  # LibsndfileError is a RuntimeError
            why = f"damaged: decoding stops with '{error}'"
            break
        if not len(block):
            break
        heard += len(block)
        yield memoryview(block).cast("B")
    if why or heard < file.frames:
        with contextlib.suppress(Damage), _by_ffmpeg(path, why) as other:
            if (other.rate, other.channels) == (sound.rate, sound.channels):
                for block in _after(other.blocks, 4 * sound.channels * heard):
                    heard += sound.size(block)
                    yield block
    if why and not heard:
        raise Damage(why)
    if why:
        sound.notes.append("damaged: parts of it cannot be decoded")


def _after(blocks: Iterator[bytes], passed: int) -> Iterator[bytes]:
    """Pass over so many bytes of what is decoded."""
    for block in blocks:
        if len(block) > passed:
            yield block[passed:]
        passed = max(passed - len(block), 0)


def _is_ended(path: Path) -> bool:
    """Say whether an Ogg file ends with a page that says so and that is whole (RFC 3533)."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - (1 << 17), 0))  # a page has 65,307 bytes at most
        data = file.read()
    at = data.rfind(b"OggS")
    if at < 0 or at + 27 > len(data):
        return False
    body = at + 27 + data[at + 26]
    return bool(data[at + 5] & 4) and body + sum(data[at + 27 : body]) <= len(data)


def _promised_share(log: str) -> float:
    """Find in libsndfile's log how much more data the header promised than the file has.

    libsndfile mends such a length in silence and only notes it: ``data : 9000 (should be 100)``.
    """
    pattern = r"^\s*(?:data|SSND|Data Size)\s*:\s*(\d+)\s*\(should be (\d+)\)"
    if match := re.search(pattern, log, flags=re.MULTILINE):
        promised, found = int(match[1]), int(match[2])
        if 0 < found < promised < _PLACEHOLDER_BYTES:
            return promised / found
    return 1.0


def _why_not(path: Path, message: str) -> str:
    """Put libsndfile's refusal into words; a rate of 0 Hz it calls a bad format."""
    with path.open("rb") as file:
        head = file.read(64)
    rate: int | None = None
    if head[:4] == b"RIFF" and (at := head.find(b"fmt ")) >= 0 and len(head) >= at + 16:
        rate = int.from_bytes(head[at + 12 : at + 16], "little")
    elif head[:4] == b".snd" and len(head) >= 20:
        rate = int.from_bytes(head[16:20], "big")
    if rate == 0:
        return "its header gives a sample rate of 0 Hz"
    if re.match(rb"\s*<(!doctype|html|head|\?xml)", head, re.IGNORECASE):
        return "a web page, not audio: its download went wrong"
    return f"not audio in a format that can be read ({message.strip().rstrip('.')})"


# --- FFmpeg ----------------------------------------------------------------------------------


@contextlib.contextmanager
def _by_ffmpeg(path: Path, why: str) -> Iterator[Sound]:
    """Open a file with FFmpeg; `why` says why libsndfile could not."""
    import av

    if why.endswith("0 Hz"):
        raise Damage(why)
    parts = _chain(path)
    try:
        with _container(parts[0]) as container:
            stream = container.streams.best("audio")
            rate = stream.rate if stream else 0
            channels = stream.codec_context.channels if stream else 0
            if not rate or not channels:
                raise Damage(why or "it holds no sound")
            may_be_nan = stream.codec_context.name.startswith("pcm_f")
            tags = {**container.metadata, **stream.metadata}.items()
            seconds = None if len(parts) > 1 else _promise(path, container, stream)
    except av.error.FFmpegError as error:
        raise Damage(why or f"damaged: decoding stops with '{error.strerror}'") from error
    frames = None if seconds is None else round(seconds * rate)
    names = {k.lower(): v for k, v in tags}
    sound = Sound(rate, channels, iter(()), frames, seconds, may_be_nan, names)
    sound.length = lambda: _length(path, sound)
    sound.blocks = _by_one_shape(parts, sound)
    yield sound


def _container(part: Path | bytes) -> Any:
    import av

    if isinstance(part, bytes):
        return av.open(io.BytesIO(part), metadata_errors="replace")
    # A length that its recorder never wrote is passed over.
    riff = _head(part, 4) in (b"RIFF", b"RF64")
    options = {"ignore_length": "1"} if riff else {}
    source = str(part) if _is_text(part) else io.BytesIO(part.read_bytes())
    return av.open(source, options=options, metadata_errors="replace")


def _is_text(path: Path) -> bool:
    """Say whether a name on disk, which is bytes, is text as well."""
    return not any("\udc80" <= character <= "\udcff" for character in str(path))


def _head(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def _promise(path: Path, container: Any, stream: Any) -> float | None:
    """Say how many seconds a file promises; None where its length is an estimate at best."""
    if container.format.name in ("mp3", "aac"):
        head = _head(path, 10)
        size = 0
        if head[:3] == b"ID3":  # four times seven bits
            size = 10 + sum(byte << 7 * k for k, byte in enumerate(head[:5:-1]))
        with path.open("rb") as file:
            file.seek(size)
            first = file.read(4096)
        if not re.search(rb"Xing|Info|VBRI", first):
            return None
    if stream.duration:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else None


def _length(path: Path, sound: Sound) -> int:
    """Say how many samples per channel a file holds that FFmpeg decodes, for what that takes.

    Its packets are counted, which takes a tenth of the time of decoding them. Where they
    contradict what the file promises, they are decoded.
    """
    import av

    seconds = 0.0
    with contextlib.suppress(av.error.FFmpegError), _container(path) as container:
        stream = container.streams.best("audio")
        for packet in container.demux(stream):
            seconds += float((packet.duration or 0) * stream.time_base)
    promised = None if sound.frames is None else sound.frames / sound.rate
    if promised is None and seconds and len(_chain(path)) == 1:
        return round(seconds * sound.rate)
    if promised and 0.95 * promised - SLACK <= seconds <= 1.02 * promised + SLACK:
        return int(sound.frames or 0)
    return count(path)


def _by_one_shape(parts: list[Path | bytes], sound: Sound) -> Iterator[bytes]:
    """Decode one file, or several of a chain, in blocks; whatever is damaged is passed over."""
    waiting, size = [], 0
    for part in parts:
        for piece in _pieces(part, sound):
            waiting.append(piece)
            size += sound.size(piece)
            if size >= BLOCK:
                yield b"".join(waiting)
                waiting, size = [], 0
    if size:
        yield b"".join(waiting)


def _pieces(part: Path | bytes, sound: Sound) -> Iterator[bytes]:
    """Decode the best stream of a file at one rate; note what cannot be decoded."""
    import av

    resampler = av.AudioResampler("flt", _layout(sound.channels), sound.rate)
    bad = 0
    try:
        with _container(part) as container:
            packets = container.demux(container.streams.best("audio"))
            for packet in packets:
                try:
                    frames = packet.decode()
                except av.error.FFmpegError:
                    bad += 1
                    continue
                for frame in frames:
                    yield from (_bytes(p, sound) for p in resampler.resample(frame))
            yield from (_bytes(piece, sound) for piece in resampler.resample(None))
    except av.error.FFmpegError:
        bad += 2
    # The last packet of many a file is half a one.
    if bad > 1:
        sound.notes.append("damaged: parts of it cannot be decoded")


def _bytes(piece: Any, sound: Sound) -> bytes:
    """Take the samples of a frame, without what pads them."""
    return memoryview(piece.planes[0])[: 4 * sound.channels * piece.samples].tobytes()


def _layout(channels: int) -> Any:
    import av

    names = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
    return av.AudioLayout(names.get(channels, f"{channels}c"))


def _chain(path: Path) -> list[Path | bytes]:
    """Take a chained Ogg file apart: streams one after the other (RFC 3533, section 4)."""
    if _head(path, 4) != b"OggS":
        return [path]
    data, starts, at, before = path.read_bytes(), [], 0, False
    while (at := data.find(b"OggS", at)) >= 0 and at + 27 <= len(data):
        first = bool(data[at + 5] & 2)  # the first page of a stream; several may stand together
        if first and not before:
            starts.append(at)
        before = first
        body = at + 27 + data[at + 26]
        at = body + sum(data[at + 27 : body])
    if len(starts) < 2:
        return [path]
    return [data[a:b] for a, b in zip(starts, [*starts[1:], len(data)], strict=True)]
