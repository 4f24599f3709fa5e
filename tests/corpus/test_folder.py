"""Tests of folders of one's own music."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from hypothesis import given, strategies as st
from library import music, write

from genrelib.corpus import check_corpus
from genrelib.corpus.audio import SAMPLE_RATE
from genrelib.corpus.folder import _folder_ids
from genrelib.corpus.table import CorpusError
from genrelib.corpus.tracks import load_corpus


def test_folder_in_mixed_formats(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (44100 * 7, 2))
    for number, ending in enumerate(["wav", "FLAC", "ogg", "Mp3", "au", "aiff"]):
        path = tmp_path / "music" / "Hip-Hop" / f"{number}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        sf.write(path, noise, 44100, format=ending.upper())
    (tmp_path / "music/Hip-Hop/cover.jpg").write_bytes(b"\xff\xd8")
    corpus = load_corpus(f"folder:{tmp_path}/music")
    assert corpus.genres == ["hiphop"]
    assert list(corpus.tracks.index) == [f"hiphop.{number}" for number in range(6)]
    assert corpus.has_audio
    assert corpus.skipped.empty
    assert corpus.tracks["duration"].between(6.9, 7.2).all()
    assert (corpus.tracks["sample_rate"] == 44100).all()
    assert corpus.tracks["artist"].isna().all()
    for track_id in corpus.tracks.index:
        assert len(corpus.audio(track_id)) == pytest.approx(7 * SAMPLE_RATE, rel=0.02)


def test_folder_reads_tags(tmp_path: Path) -> None:
    path = tmp_path / "jazz" / "a.flac"
    path.parent.mkdir()
    with sf.SoundFile(path, "w", SAMPLE_RATE, 1) as file:
        file.artist, file.title = "Café Trio", "Blue 7"
        file.write(np.zeros(1000))
    track = load_corpus(f"folder:{tmp_path}").tracks.loc["jazz.a"]
    assert (track["artist"], track["title"]) == ("Café Trio", "Blue 7")


def test_folder_ignores_hidden_files_and_expands_home(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    music(tmp_path / "Music")
    write(tmp_path / "Music/blues/._song 0.wav")
    write(tmp_path / "Music/.trash/song.wav")
    assert len(load_corpus("folder:~/Music").tracks) == 10


def test_genre_folders_that_mean_the_same_are_one(tmp_path: Path) -> None:
    for folder in ("Hip Hop", "hiphop", "HIP-HOP", "Deep  House"):
        write(tmp_path / folder / "a.wav", seed=len(folder))
    tracks = load_corpus(f"folder:{tmp_path}").tracks
    assert sorted(tracks["genre"].unique()) == ["deep house", "hiphop"]
    assert len(tracks) == 4
    assert tracks.index.is_unique


def test_folder_ids_are_unique_and_do_not_depend_on_the_order_of_the_disk(tmp_path: Path) -> None:
    for name in ("b/song.wav", "song.wav", "song.flac", "b.song.wav", "jazz.song.wav"):
        write(tmp_path / "jazz" / name, seed=len(name))
    tracks = load_corpus(f"folder:{tmp_path}").tracks
    assert len(tracks) == 5
    assert tracks.index.is_unique
    assert set(tracks.index) == set(load_corpus(f"folder:{tmp_path}").tracks.index)
    assert all(track_id.startswith("jazz.") for track_id in tracks.index)


names = st.text("abAB.~ ", min_size=1, max_size=4).filter(lambda name: name.strip(". "))


@given(st.lists(st.tuples(names, names, st.sampled_from([".wav", ".WAV", ".mp3"])), unique=True))
def test_folder_ids_never_lose_a_file(parts: list[tuple[str, str, str]]) -> None:
    files = sorted({Path(genre, stem + ending) for genre, stem, ending in parts})
    ids = _folder_ids(files)
    assert sorted(ids.values()) == files


@pytest.mark.parametrize("layout", ["nothing there", "empty", "flat", "file"])
def test_folders_without_genres_are_refused(tmp_path: Path, layout: str) -> None:
    root = tmp_path / "music"
    if layout == "file":
        root.write_text("")
    elif layout != "nothing there":
        root.mkdir()
    if layout == "flat":
        write(root / "song.wav")
    with pytest.raises(CorpusError, match=r"no such folder|one folder per genre"):
        load_corpus(f"folder:{root}")


def test_a_genre_that_is_a_link_is_followed_and_never_in_circles(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "song.wav")
    write(tmp_path / "music" / "rock" / "song.wav")
    (tmp_path / "music" / "jazz").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "music")
    corpus = load_corpus(f"folder:{tmp_path / 'music'}")
    assert sorted(corpus.tracks.index) == ["jazz.song", "rock.song"]


def test_genres_one_folder_deeper_are_pointed_to(tmp_path: Path) -> None:
    for genre in ("blues", "jazz"):
        write(tmp_path / "genres_original" / genre / f"{genre}.00000.wav")
    with pytest.raises(CorpusError, match=r"everything is in one folder, genres_original.*blues"):
        load_corpus(f"folder:{tmp_path}")
    corpus = load_corpus(f"folder:{tmp_path / 'genres_original'}")
    assert corpus.tracks.index.tolist() == ["blues.00000", "jazz.00000"]


@pytest.mark.skipif(sys.platform != "linux", reason="names are text here")
def test_names_that_are_bytes_are_named_and_measured(tmp_path: Path) -> None:
    for genre in ("jazz", "rock"):
        odd = os.fsdecode(os.fsencode(tmp_path / "music" / genre) + b"/caf\xe9.wav")
        write(tmp_path / "music" / genre / "song.wav").rename(odd)
    (tmp_path / "music" / "rock" / os.fsdecode(b"no\xe9.wav")).write_text("no sound")
    corpus = load_corpus(f"folder:{tmp_path / 'music'}", on_error="skip")
    assert corpus.tracks.index.tolist() == ["jazz.caf\ufffd", "rock.caf\ufffd"]
    assert len(corpus.audio("jazz.caf\ufffd")) > 0
    for table in (corpus.tracks, corpus.skipped):
        table.to_parquet(tmp_path / "table.parquet")
        path = pd.read_parquet(tmp_path / "table.parquet")["path"].iloc[0]
        assert path == table["path"].iloc[0]
    assert "not audio" in corpus.skipped["reason"].item()
    assert check_corpus(f"folder:{tmp_path / 'music'}")["problem"].tolist()[0] == "unreadable"
