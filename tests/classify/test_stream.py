"""Tests of files that are read as streams: their sound, their loudness, their faults."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from genrelib.classify import stream
from genrelib.corpus import audio, decoders
from genrelib.corpus.audio import AudioError


def tone(seconds: float, rate: int, loud: float = 0.5) -> np.ndarray:
    return loud * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)


def test_blocks_are_what_decode_gives(tmp_path: Path) -> None:
    y = np.random.default_rng(0).uniform(-0.5, 0.5, (5 * decoders.BLOCK // 2, 2))
    sf.write(tmp_path / "noise.flac", y, 22050)
    blocks = list(audio.read_blocks(tmp_path / "noise.flac"))
    assert len(blocks) == 3
    assert np.array_equal(np.concatenate(blocks), audio.decode(tmp_path / "noise.flac"))


@pytest.mark.parametrize("rate", [8000, 44100])
def test_loudness_is_that_of_the_sound_without_its_pauses(rate: int) -> None:
    y = np.concatenate([tone(4, rate), np.zeros(8 * rate), tone(4, rate)]).astype(np.float32)
    found = stream.measure(np.array_split(y, 7), rate)
    assert found.duration == 16
    assert found.level == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.3)
    assert len(found.power) == len(found.peak) == np.ceil(16 / stream.STEP)
    assert 0.4 < (found.peak < stream.SILENT).mean() < 0.52


def test_a_recording_without_pauses_is_as_loud_as_its_mean_power() -> None:
    power = np.array([0.2, 0.4, 0.3])
    assert stream.level(power) == pytest.approx(10 * np.log10(0.3))
    assert stream.level(np.zeros(3)) == stream.level(np.empty(0)) == -np.inf


def test_silence_has_no_loudness(tmp_path: Path) -> None:
    sf.write(tmp_path / "dither.wav", np.random.default_rng(0).normal(0, 3e-5, 16000), 8000)
    assert stream.survey(tmp_path / "dither.wav").level == -np.inf


def test_lengths_do_not_depend_on_blocks() -> None:
    y = tone(3.3, 11025).astype(np.float32)
    whole, parts = (stream.measure(np.array_split(y, n), 11025) for n in (1, 50))
    assert np.allclose(whole.power, parts.power) and np.array_equal(whole.peak, parts.peak)


@pytest.mark.parametrize(("limit", "expected"), [(30, [10, 10, 10]), (29, [])])
def test_blocks_are_kept_up_to_a_limit(
    limit: int, expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "KEPT", limit)
    kept: list[np.ndarray] = []
    assert len(list(stream.keep([np.ones(10, np.float32)] * 3, kept))) == 3
    assert [len(block) for block in kept] == expected


def test_of_a_file_that_is_cut_short_its_part_is_heard(tmp_path: Path) -> None:
    sf.write(tmp_path / "cut.flac", np.random.default_rng(0).uniform(-1, 1, 100_000), 22050)
    content = (tmp_path / "cut.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(content[: len(content) // 2])
    notes: list[str] = []
    heard = sum(map(len, audio.read_blocks(tmp_path / "cut.flac", notes)))
    assert 45_000 < heard < 55_000
    assert re.search(r"2\.\d of the 4\.5 seconds that it promises can be heard", "; ".join(notes))


def test_samples_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    sf.write(tmp_path / "nan.wav", np.array([0.1, np.nan, 0.1]), 8000, subtype="FLOAT")
    with pytest.raises(AudioError, match="NaN"):
        stream.survey(tmp_path / "nan.wav")


def test_a_rate_too_low_for_sound_is_refused(tmp_path: Path) -> None:
    sf.write(tmp_path / "slow.wav", np.ones(50) / 2, 50)
    with pytest.raises(AudioError, match="sample rate of 50 Hz is too low"):
        stream.survey(tmp_path / "slow.wav")
