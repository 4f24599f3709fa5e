"""Tests of who decodes what: every file that can be heard is heard, to its end."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile as sf

from genrelib.corpus import check_corpus, read_blocks, read_header
from genrelib.corpus.audio import AUDIO_SUFFIXES, AudioError, decode, read_samples
from genrelib.corpus.decoders import mix

RATE, SECONDS = 44100, 8
CRASHED = "its header says that it is empty; it is heard to its end"


def sound(rate: int = RATE) -> np.ndarray:
    time = np.arange(SECONDS * rate) / rate
    left = 0.4 * np.sin(2 * np.pi * 440 * time)
    return np.stack([left, 0.5 * left], axis=1).astype(np.float32)


def written(path: Path, subtype: str, kind: str) -> bytes:
    rate = 48000 if subtype == "OPUS" else RATE
    sf.write(path, sound(rate), rate, format=kind, subtype=subtype)
    return path.read_bytes()


def encoded(path: Path, codec: str, kind: str, rate: int = RATE) -> None:
    """Write a file as FFmpeg does."""
    with av.open(str(path), "w", format=kind) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout = "stereo"
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound().T), format="fltp", layout="stereo"
        )
        frame.sample_rate = RATE
        resampler = av.AudioResampler(stream.format, "stereo", rate, stream.frame_size or 1024)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))


def mp3(path: Path) -> bytes:
    return written(path, "MPEG_LAYER_III", "MP3")


def without_length(path: Path) -> None:
    """Write a FLAC file into a pipe, which does not know its length."""
    data = bytearray(written(path, "PCM_16", "FLAC"))
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    path.write_bytes(data)


def without_xing(path: Path) -> None:
    """Write an MP3 file of changing bit rate whose first frame does not count the others."""
    data = mp3(path)
    at = max(data.find(b"Xing"), data.find(b"Info"))
    assert at > 0
    path.write_bytes(data[:at] + b"\0\0\0\0" + data[at + 4 :])


def crashed(path: Path) -> None:
    """Write a WAV file as a recorder does that crashed before it knew the length."""
    data = bytearray(written(path, "PCM_16", "WAV"))
    at = data.index(b"data")
    data[at + 4 : at + 8] = data[4:8] = bytes(4)
    path.write_bytes(data)


def behind_a_tag(path: Path) -> None:
    """Write a FLAC file behind an ID3v2 tag of 20 kB."""
    size = 20_000
    head = b"ID3\4\0\0" + bytes((size >> 7 * k) & 127 for k in (3, 2, 1, 0))
    path.write_bytes(head + bytes(size) + written(path, "PCM_16", "FLAC"))


def in_gsm(path: Path) -> None:
    sf.write(path, sound()[:, 0], RATE, format="WAV", subtype="GSM610")


WHOLE: dict[str, Callable[[Path], None]] = {
    "pipe.flac": without_length,
    "no-xing.mp3": without_xing,
    "crashed.wav": crashed,
    "tag.flac": behind_a_tag,
    "gsm.wav": in_gsm,
    "a.m4a": lambda path: encoded(path, "aac", "ipod"),
    "alac.m4a": lambda path: encoded(path, "alac", "ipod"),
    "a.aac": lambda path: encoded(path, "aac", "adts"),
    "a.mp4": lambda path: encoded(path, "aac", "mp4"),
    "a.webm": lambda path: encoded(path, "libopus", "webm", 48000),
    "a.caf": lambda path: encoded(path, "pcm_s16be", "caf"),
    "a.w64": lambda path: encoded(path, "pcm_s16le", "w64"),
    "a.mp2": lambda path: encoded(path, "mp2", "mp2"),
    "a.wv": lambda path: encoded(path, "wavpack", "wv"),
    "a.aifc": lambda path: encoded(path, "pcm_s16be", "aiff"),
    "flac.oga": lambda path: encoded(path, "flac", "ogg"),
}


def strength(y: np.ndarray, rate: int, pitch: float = 440.0) -> float:
    """Share of the energy that lies at a pitch."""
    time = np.arange(len(y)) / rate
    part = 2 * abs(np.mean(y * np.exp(-2j * np.pi * pitch * time))) ** 2
    return float(part / np.mean(y**2))


@pytest.mark.parametrize("name", WHOLE)
def test_every_file_is_heard_to_its_end(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    try:
        WHOLE[name](path)
    except (av.error.FFmpegError, ValueError) as error:  # an encoder that is not everywhere
        pytest.skip(f"cannot be written here: {error}")
    assert path.suffix in AUDIO_SUFFIXES
    notes: list[str] = []
    y, rate = read_samples(path, notes)
    assert notes == [CRASHED] * (name == "crashed.wav")
    assert len(y) / rate == pytest.approx(SECONDS, abs=0.1)
    assert read_header(path).duration == pytest.approx(len(y) / rate, abs=0.06)
    mono = decode(path)
    assert strength(mono, 22050) > 0.95
    assert np.concatenate(list(read_blocks(path))) == pytest.approx(y.mean(axis=1))


def test_mpeg_is_heard_as_before(tmp_path: Path) -> None:
    mp3(tmp_path / "a.mp3")
    y, rate = read_samples(tmp_path / "a.mp3")
    expected, _ = sf.read(tmp_path / "a.mp3", dtype="float32")
    assert rate == RATE and y.shape == expected.shape
    assert np.abs(y - expected).max() < 1e-5


@pytest.mark.parametrize("kinds", ["mp3 mp3", "vorbis vorbis", "opus opus", "vorbis opus"])
def test_of_several_files_in_one_all_are_heard(tmp_path: Path, kinds: str) -> None:
    parts = {
        "mp3": lambda: mp3(tmp_path / "part"),
        "vorbis": lambda: written(tmp_path / "part", "VORBIS", "OGG"),
        "opus": lambda: written(tmp_path / "part", "OPUS", "OGG"),
    }
    data = [parts[kind]() for kind in kinds.split()]
    length = sum(sf.info(_file(tmp_path, part)).duration for part in data)
    path = tmp_path / "both.ogg"
    path.write_bytes(b"".join(data))
    y, rate = read_samples(path)
    assert len(y) / rate == pytest.approx(length, abs=0.1)
    assert read_header(path).duration == pytest.approx(length, abs=0.1)
    assert strength(y[: 4 * rate, 0], rate) > 0.95 < strength(y[-4 * rate :, 0], rate)


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "one"
    path.write_bytes(data)
    return path


def cut_in_half(path: Path) -> None:
    data = mp3(path)
    path.write_bytes(data[: len(data) // 2])


def zeros_in_the_middle(path: Path) -> None:
    data = bytearray(mp3(path))
    data[len(data) // 3 : len(data) // 2] = bytes(len(data) // 2 - len(data) // 3)
    path.write_bytes(data)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_of_an_ogg_file_that_was_cut_its_part_is_heard(
    tmp_path: Path, subtype: str, share: float
) -> None:
    path = tmp_path / "a.ogg"
    data = written(path, subtype, "OGG")
    notes: list[str] = []
    whole, rate = read_samples(path, notes)
    assert notes == []
    path.write_bytes(data[: int(share * len(data))])
    y, _ = read_samples(path, notes)
    assert 0.1 < len(y) / len(whole) < share + 0.1  # pages are large
    assert "cut short: its last page is missing" in notes
    assert read_header(path).duration == pytest.approx(len(y) / rate, abs=0.1)


@pytest.mark.slow
def test_a_wav_file_whose_length_has_wrapped_is_heard_beyond_4_gib(tmp_path: Path) -> None:
    """Its 32 bits count 1,000 bytes; 4 GiB more are there, most of them never written to disk."""
    path, rate, channels = tmp_path / "long.wav", 192_000, 8
    sf.write(path, np.zeros((100, channels)), rate, subtype="PCM_32")
    data = bytearray(path.read_bytes())
    at = data.index(b"data")
    data[at + 4 : at + 8] = (1000).to_bytes(4, "little")
    size = (1 << 32) + 1000
    with path.open("wb") as file:
        file.write(data[: at + 8])
        try:
            file.truncate(at + 8 + size)
        except OSError as error:
            pytest.skip(f"no room for it: {error}")
    assert read_header(path).duration == pytest.approx(size / (4 * channels * rate), abs=0.1)
    found = 0
    for block in read_blocks(path):
        found += len(block)
        if found > rate:  # 1,000 bytes are 31 samples
            break
    assert found > rate


@pytest.mark.parametrize("spoil", [cut_in_half, zeros_in_the_middle])
def test_what_is_missing_of_a_lossy_file_is_said(tmp_path: Path, spoil) -> None:
    for genre in ("jazz", "rock"):
        (tmp_path / genre).mkdir()
        mp3(tmp_path / genre / "whole.mp3")
    path = tmp_path / "jazz" / "odd.mp3"
    spoil(path)
    notes: list[str] = []
    y, rate = read_samples(path, notes)
    assert 3 < len(y) / rate < 7
    assert f"{len(y) / rate:.1f} of the 8.0 seconds that it promises can be heard" in notes
    assert read_header(path).duration == pytest.approx(len(y) / rate, abs=0.1)
    found = check_corpus(f"folder:{tmp_path}").query("problem == 'note'")
    assert set(found["path"]) == {str(path)}


def test_numbers_that_are_none_are_seen_at_once_without_a_length_too(tmp_path: Path) -> None:
    y = sound()
    y[1000] = np.nan
    sf.write(tmp_path / "a.wav", y, RATE, subtype="FLOAT")
    data = bytearray((tmp_path / "a.wav").read_bytes())
    at = data.index(b"data")
    data[at + 4 : at + 8] = data[4:8] = bytes(4)
    (tmp_path / "a.wav").write_bytes(data)
    for read in (decode, read_header, read_samples):
        with pytest.raises(AudioError, match="NaN"):
            read(tmp_path / "a.wav")


def test_a_header_that_lies_about_its_rate_is_still_refused(tmp_path: Path) -> None:
    data = bytearray(written(tmp_path / "a.wav", "PCM_16", "WAV"))
    data[24:28] = struct.pack("<I", 0)
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(AudioError, match="0 Hz"):
        decode(tmp_path / "a.wav")


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        picture = np.zeros((32, 32, 3), np.uint8)
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    for read in (decode, read_header):
        with pytest.raises(AudioError, match=r"a\.mp4"):
            read(tmp_path / "a.mp4")


@pytest.mark.parametrize("channels", range(1, 8))
def test_channels_are_mixed_to_what_numpy_calls_their_mean(channels: int) -> None:
    block = np.random.default_rng(0).normal(size=(5000, channels)).astype(np.float32)
    np.testing.assert_array_equal(mix(block), block.mean(axis=1))
