"""Tests of the check of a corpus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from library import music, spoil, write

from genrelib.corpus.audio import SAMPLE_RATE
from genrelib.corpus.check import check_corpus
from genrelib.corpus.table import CorpusError


def test_check_finds_nothing_wrong_with_good_music(tmp_path: Path) -> None:
    problems = check_corpus(music(tmp_path))
    assert list(problems.columns) == ["track_id", "path", "problem", "detail"]
    assert problems.empty


def test_check_reports_everything(tmp_path: Path) -> None:
    name = music(tmp_path)
    broken = spoil(tmp_path)
    jazz = tmp_path / "jazz"
    write(jazz / "other rate.wav", rate=44100)
    write(jazz / "brief.wav", seconds=2, seed=7)
    write(jazz / "twin.wav", seed=0)  # the samples of blues/song 0
    sf.write(jazz / "twin.flac", sf.read(jazz / "twin.wav")[0], SAMPLE_RATE)
    sf.write(jazz / "silent.wav", np.zeros(8 * SAMPLE_RATE), SAMPLE_RATE)
    loud = np.clip(np.random.default_rng(1).normal(0, 1, 8 * SAMPLE_RATE), -1, 1)
    sf.write(jazz / "loud.wav", loud, SAMPLE_RATE)
    whole = bytearray(write(jazz / "middle.flac").read_bytes())
    half = len(whole) // 2
    whole[half : half + 30_000] = bytes(30_000)
    (jazz / "middle.flac").write_bytes(whole)
    write(tmp_path / "polka/only.wav", seed=9)

    problems = check_corpus(name)
    found = {(Path(path).name, problem) for path, problem in zip(
        problems["path"].dropna(), problems["problem"][problems["path"].notna()], strict=True
    )}  # fmt: skip
    assert found == {
        *((path.name, "unreadable") for path in broken),
        ("middle.flac", "note"),
        ("other rate.wav", "wrong rate"),
        ("brief.wav", "short"),
        ("twin.wav", "duplicate"),
        ("twin.flac", "duplicate"),
        ("silent.wav", "silent"),
        ("loud.wav", "clipped"),
    }
    few = problems[problems["problem"] == "few tracks"]
    assert len(few) == 1
    assert few["detail"].item().startswith("polka: 1")
    twins = problems[problems["problem"] == "duplicate"]
    assert twins["detail"].str.contains("blues.song 0").all()


def test_check_of_a_corpus_without_audio_says_so(data: Path) -> None:
    with pytest.raises(CorpusError, match="genrelib corpus download gtzan-mini"):
        check_corpus("gtzan-mini")


def test_check_of_a_partial_corpus_names_what_is_missing(data: Path) -> None:
    write(data / "gtzan-mini/genres/jazz/jazz.00012.wav")
    assert (check_corpus("gtzan-mini")["problem"] == "no audio").sum() == 99
