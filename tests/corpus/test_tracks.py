"""Tests of corpora, loaded whole or in part."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from library import music, spoil, write

from genrelib.corpus.audio import AudioError
from genrelib.corpus.check import check_corpus
from genrelib.corpus.table import CorpusError
from genrelib.corpus.tracks import load_corpus


def test_sums_add_up(data: Path, tmp_path: Path) -> None:
    name = music(tmp_path / "mine", ("blues", "polka"))
    corpus = load_corpus(f"gtzan-mini+{name}")
    assert len(corpus.tracks) == 110
    assert "polka" in corpus.genres
    assert corpus.tracks.index.is_unique
    assert corpus.tracks.index.name == "track_id"
    assert not corpus.has_audio


def test_shared_ids_in_a_sum_get_a_prefix(data: Path, tmp_path: Path) -> None:
    for folder in ("one/mine", "two/mine"):
        write(tmp_path / folder / "blues/blues.00000.wav", seed=len(folder))
    one, two = f"folder:{tmp_path}/one/mine", f"folder:{tmp_path}/two/mine"
    tracks = load_corpus(f"gtzan-mini+{one}+{two}").tracks
    assert len(tracks) == 102
    assert tracks.index.is_unique
    assert list(tracks.index[-2:]) == ["mine.blues.00000", "mine~2.blues.00000"]


def test_on_error_has_two_values() -> None:
    with pytest.raises(ValueError, match="on_error"):
        load_corpus("sketch", on_error="ignore")


def test_broken_files_are_all_named_or_all_skipped(tmp_path: Path) -> None:
    name = music(tmp_path)
    broken = spoil(tmp_path)
    with pytest.raises(AudioError) as caught:
        load_corpus(name)
    for path in broken:
        assert str(path) in str(caught.value)
    corpus = load_corpus(name, on_error="skip")
    assert len(corpus.tracks) == 10
    assert set(corpus.skipped["path"]) == set(map(str, broken))
    assert list(corpus.skipped.columns) == ["path", "reason"]
    assert corpus.skipped["reason"].str.len().gt(5).all()


def test_a_folder_of_nothing_but_broken_files(tmp_path: Path) -> None:
    (tmp_path / "blues").mkdir()
    spoil(tmp_path)
    with pytest.raises(CorpusError, match="none of its"):
        load_corpus(f"folder:{tmp_path}", on_error="skip")
    assert (check_corpus(f"folder:{tmp_path}")["problem"] == "unreadable").all()


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="who may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    name = music(tmp_path)
    (tmp_path / "blues/song 0.wav").chmod(0)
    assert len(load_corpus(name, on_error="skip").skipped) == 1


def test_leave_out_keeps_account(tmp_path: Path) -> None:
    corpus = load_corpus(music(tmp_path))
    less = corpus.leave_out({"blues.song 1": "damaged"})
    assert len(less.tracks) == 9
    assert list(less.skipped["reason"]) == ["damaged"]
    assert less.skipped["path"][0] == corpus.tracks.at["blues.song 1", "path"]
    assert len(corpus.tracks) == 10
