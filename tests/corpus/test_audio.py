"""Tests of the one place where audio is decoded."""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile as sf

from genrelib.corpus import check_corpus, read_blocks
from genrelib.corpus.audio import SAMPLE_RATE, AudioError, decode, read_header, read_samples

LOSSLESS = ["wav", "flac", "au", "aiff"]
LOSSY = ["ogg", "mp3"]


def tone(seconds: float = 1.0, rate: int = SAMPLE_RATE, pitch: float = 440.0) -> np.ndarray:
    t = np.arange(int(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * pitch * t)).astype(np.float32)


@pytest.mark.parametrize("ending", LOSSLESS + LOSSY)
@pytest.mark.parametrize("rate", [SAMPLE_RATE, 44100, 16000])
@pytest.mark.parametrize("channels", [1, 2])
def test_decodes_every_format_rate_and_channel_count(
    tmp_path: Path, ending: str, rate: int, channels: int
) -> None:
    path = tmp_path / f"tone.{ending}"
    sf.write(path, np.repeat(tone(rate=rate)[:, None], channels, axis=1), rate)
    samples = decode(path)
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert samples.flags.c_contiguous
    assert len(samples) == pytest.approx(SAMPLE_RATE, rel=0.1 if ending == "mp3" else 0.001)
    spectrum = np.abs(np.fft.rfft(samples))
    peak = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)[spectrum.argmax()]
    assert peak == pytest.approx(440, abs=2)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.06)


def test_samples_at_the_right_rate_are_untouched(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sf.write(path, tone(), SAMPLE_RATE, subtype="FLOAT")
    assert np.array_equal(decode(path), tone())


def test_channels_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    left, right = tone(pitch=440), tone(pitch=660)
    sf.write(path, np.stack([left, right], axis=1), SAMPLE_RATE, subtype="FLOAT")
    assert np.allclose(decode(path), (left + right) / 2, atol=1e-7)


@pytest.mark.parametrize("turned", [-1.0, -0.999])
def test_where_channels_cancel_the_first_is_taken(tmp_path: Path, turned: float) -> None:
    path = tmp_path / "jazz" / "a.wav"
    path.parent.mkdir()
    y = tone(7.0)
    sf.write(path, np.stack([y, turned * y], axis=1), SAMPLE_RATE, subtype="FLOAT")
    assert decode(path) == pytest.approx(y, abs=1e-6)
    assert np.concatenate(list(read_blocks(path))) == pytest.approx(y, abs=1e-6)
    found = check_corpus(f"folder:{tmp_path}").query("problem == 'note'")
    assert found["detail"].tolist() == ["its channels cancel; the first is taken for all"]


def test_channels_that_differ_are_averaged_still(tmp_path: Path) -> None:
    y = np.stack([tone(), -0.9 * tone()], axis=1)
    sf.write(tmp_path / "a.wav", y, SAMPLE_RATE, subtype="FLOAT")
    assert decode(tmp_path / "a.wav") == pytest.approx(y.mean(axis=1), abs=1e-6)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(AudioError, match="is a pipe"):
        decode(tmp_path / "a.wav")


def test_a_web_page_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_text("<!DOCTYPE html><title>404</title>" * 50)
    for read in (decode, read_header):
        with pytest.raises(AudioError, match="a web page"):
            read(tmp_path / "a.mp3")


def test_what_nobody_thought_of_is_one_error_that_names_the_file(
    tmp_path: Path, in_decoder: Callable[[str], None]
) -> None:
    wav(tmp_path / "a.wav")

    never = "def odd(*_):\n    raise OverflowError('never seen before')"
    in_decoder(f"{never}\napart.decoders._by_sndfile = odd")
    for read in (decode, read_header, read_samples):
        with pytest.raises(AudioError, match=r"a\.wav: could not be read \(OverflowError: never"):
            read(tmp_path / "a.wav")


def test_resampling_is_librosas(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sf.write(path, tone(rate=48000), 48000, subtype="FLOAT")
    expected = librosa.resample(
        tone(rate=48000), orig_sr=48000, target_sr=SAMPLE_RATE, res_type="soxr_hq"
    )
    assert np.array_equal(decode(path), expected)


def test_another_sample_rate_on_request(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sf.write(path, tone(), SAMPLE_RATE)
    assert len(decode(path, sample_rate=8000)) == 8000


def test_read_samples_leaves_rate_and_channels(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sf.write(path, np.zeros((480, 3)), 48000)
    samples, rate = read_samples(path)
    assert (samples.shape, rate) == ((480, 3), 48000)


def test_header_has_tags_and_duration(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    with sf.SoundFile(path, "w", 44100, 2) as file:
        file.artist, file.title = "Someone", "Something"
        file.write(np.zeros((22050, 2)))
    header = read_header(path)
    assert (header.artist, header.title) == ("Someone", "Something")
    assert (header.duration, header.sample_rate, header.channels) == (0.5, 44100, 2)


# --- what is refused -------------------------------------------------------------------------


def wav(path: Path) -> bytes:
    sf.write(path, tone(), SAMPLE_RATE)
    return path.read_bytes()


def missing(path: Path) -> None:
    pass


def empty(path: Path) -> None:
    path.touch()


def folder(path: Path) -> None:
    path.mkdir()


def text(path: Path) -> None:
    path.write_text("These are the lyrics, not the song.\n" * 50)


def no_rate(path: Path) -> None:
    data = bytearray(wav(path))
    data[24:28] = struct.pack("<I", 0)
    path.write_bytes(data)


def no_frames(path: Path) -> None:
    sf.write(path, np.zeros(0), SAMPLE_RATE)


def header_only(path: Path) -> None:
    path.write_bytes(wav(path)[:30])


def not_a_number(path: Path) -> None:
    samples = tone()
    samples[len(samples) // 2] = np.nan
    sf.write(path, samples, SAMPLE_RATE, subtype="FLOAT")


def huge(path: Path) -> None:
    samples = tone()
    samples[7] = 1e30
    sf.write(path, samples, SAMPLE_RATE, subtype="FLOAT")


def infinite(path: Path) -> None:
    samples = tone()
    samples[-1] = np.inf
    sf.write(path, samples, SAMPLE_RATE, subtype="DOUBLE")


BROKEN = [
    (missing, "no such file"),
    (empty, "empty"),
    (folder, "folder"),
    (text, "not audio"),
    (no_rate, "0 Hz"),
    (no_frames, "0 frames"),
    (header_only, ""),
    (not_a_number, "NaN"),
    (infinite, "infinite"),
    (huge, "as large as 1e+30, where 1 is full scale"),
]


@pytest.mark.parametrize(
    ("spoil", "reason"), BROKEN, ids=lambda value: getattr(value, "__name__", "")
)
@pytest.mark.parametrize("read", [decode, read_header, read_samples])
def test_broken_files_are_refused_by_name(tmp_path: Path, read, spoil, reason: str) -> None:
    path = tmp_path / "spoiled.wav"
    spoil(path)
    with pytest.raises(AudioError) as caught:
        read(path)
    assert caught.value.path == str(path)
    assert reason in caught.value.reason
    assert str(path) in str(caught.value)
    assert caught.value.advice in str(caught.value)


@pytest.mark.parametrize("ending", ["wav", "flac", "au", "aiff"])
def test_of_files_cut_short_their_part_is_heard_in_every_lossless_format(
    tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"a.{ending}"
    sf.write(path, tone(5.0), SAMPLE_RATE)
    data = path.read_bytes()
    whole = decode(path, notes=(none := []))
    path.write_bytes(data[: len(data) // 2])
    part = decode(path, notes=(notes := []))
    assert len(part) == pytest.approx(len(whole) / 2, abs=6000)
    assert np.array_equal(part, whole[: len(part)])
    assert none == [] and " of the 5.0 seconds that it promises can be heard" in notes[-1]
    assert read_header(path).frames == len(part)


def test_damage_in_the_middle_is_passed_over_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    sf.write(path, np.random.default_rng(0).uniform(-1, 1, 10 * SAMPLE_RATE), SAMPLE_RATE)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 60_000] = bytes(60_000)
    path.write_bytes(data)
    heard = decode(path, notes=(notes := []))
    assert 8 * SAMPLE_RATE < len(heard) < 10 * SAMPLE_RATE
    assert ["damaged" in note for note in notes].count(True) == 1
    assert any("of the 10.0 seconds" in note for note in notes)


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFF000])
def test_streamed_wav_without_a_length_is_read(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.wav"
    data = bytearray(wav(path))
    data[4:8] = data[40:44] = struct.pack("<I", length)
    path.write_bytes(data)
    assert len(decode(path)) == SAMPLE_RATE
    assert read_header(path).frames == SAMPLE_RATE


def test_one_sample_that_resamples_to_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sf.write(path, np.zeros(1), 192_000)
    try:
        assert len(decode(path)) > 0
    except AudioError as error:
        assert "too short" in error.reason


def test_error_survives_a_process_boundary() -> None:
    error = AudioError("a.wav", "is bad", "Do something")
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.path, copy.reason, copy.advice) == ("a.wav", "is bad", "Do something")
    assert str(copy) == str(error) == "a.wav: is bad. Do something."
