"""Tests of indexes on disk: heard once, continued, brought up to date, refused."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from cluster import Cluster

from genrelib.collections import ExtractError, locked
from genrelib.corpus import AudioError, free_recordings, load_corpus
from genrelib.playlists import (
    PlaylistError,
    build_index,
    catalogue,
    hearing,
    indexing,
    open_index,
    playlist,
)

FREE = free_recordings()["path"]
MUSIC = [FREE["vibe-ace"], FREE["hungarian-dance"], FREE["lets-go-fishin"]]


@pytest.fixture
def here(monkeypatch) -> list[str]:
    """Hear in this process, and note what is heard."""
    heard: list[str] = []

    def run(batches, count, *args, work, **kwargs):
        for batch in batches:
            heard.extend(entry.path for entry in batch.entries)
            yield work(replace(batch, parent=0))  # there is no parent

    monkeypatch.setattr(indexing, "run_batches", run)
    return heard


@pytest.fixture
def music(tmp_path) -> Path:
    """Lay three songs out, two in folders of an artist."""
    root = tmp_path / "music"
    (root / "The Band" / "First").mkdir(parents=True)
    shutil.copy(MUSIC[0], root / "Somebody - A Song.mp3")
    shutil.copy(MUSIC[1], root / "The Band" / "First" / "01 Dance.mp3")
    shutil.copy(MUSIC[2], root / "The Band" / "First" / "02 Fishing.mp3")
    return root


def test_a_plain_folder_is_heard_once_and_updated(here, music, tmp_path) -> None:
    index = build_index(music, tmp_path / "index", batch=2)
    assert len(here) == 3 and len(index) == 3
    tracks = index.tracks
    assert tracks.loc["Somebody - A Song.mp3", ["artist", "title"]].tolist() == [
        "Somebody",
        "A Song",
    ]
    assert tracks.loc["The Band/First/01 Dance.mp3", "artist"] == "The Band"
    assert tracks["duration"].between(14, 16).all()

    here.clear()
    (music / "Somebody - A Song.mp3").rename(tmp_path / "elsewhere.mp3")
    shutil.copy(FREE["reading"], music / "new.mp3")
    os.utime(music / "The Band" / "First" / "01 Dance.mp3")  # touched, the same content
    index = build_index(music, tmp_path / "index")
    assert [Path(p).name for p in here] == ["new.mp3"]
    assert sorted(Path(t).name for t in index.tracks.index) == [
        "01 Dance.mp3",
        "02 Fishing.mp3",
        "new.mp3",
    ]

    here.clear()
    again = build_index(music, tmp_path / "index")
    assert here == [] and np.array_equal(again.vectors, index.vectors)


def test_broken_files_are_left_out_told_and_not_tried_again(here, music, tmp_path) -> None:
    (music / "broken.mp3").write_bytes(b"no sound at all" * 100)
    sf.write(music / "silent.wav", np.zeros(22050 * 4), 22050)
    index = build_index(music, tmp_path / "index")
    reasons = {Path(row.path).name: row.reason for row in index.left_out.itertuples()}
    assert set(reasons) == {"broken.mp3", "silent.wav"} and "silence" in reasons["silent.wav"]
    here.clear()
    assert len(build_index(music, tmp_path / "index").left_out) == 2 and here == []
    shutil.copy(MUSIC[0], music / "broken.mp3")  # repaired
    index = build_index(music, tmp_path / "index")
    assert len(here) == 1 and len(index) == 4 and len(index.left_out) == 1


def test_a_list_from_a_file_outside_and_to_vanished_files(here, music, tmp_path) -> None:
    index = build_index(music, tmp_path / "index")
    other = tmp_path / "other.mp3"
    shutil.copy(MUSIC[0], other)
    found = playlist(other, index, length=3)
    assert "Somebody - A Song.mp3" not in found.tracks["track_id"].tolist()  # the same song
    assert len(found.tracks) == 2
    (music / "The Band" / "First" / "01 Dance.mp3").unlink()
    found = playlist(other, index, length=1)
    assert found.tracks["track_id"].tolist() == ["The Band/First/02 Fishing.mp3"]
    both = playlist(other, index, length=2)
    assert any("1 files of the index are gone" in note for note in both.notes)


def test_a_seed_that_is_not_music_is_refused(here, music, tmp_path) -> None:
    index = build_index(music, tmp_path / "index")
    text = tmp_path / "notes.mp3"
    text.write_text("words", "utf-8")
    with pytest.raises(AudioError, match=r"notes\.mp3"):
        playlist(text, index)
    with pytest.raises(PlaylistError, match=r"reading\.mp3: more like speech.*Give a song"):
        playlist(FREE["reading"], index)
    noise = tmp_path / "silence.wav"
    sf.write(noise, np.zeros(22050 * 4), 22050)
    with pytest.raises(AudioError, match="nothing but silence"):
        playlist(noise, index)


def test_speech_is_in_the_index_but_in_no_list(here, music, tmp_path) -> None:
    shutil.copy(FREE["reading"], music / "reading.mp3")
    index = build_index(music, tmp_path / "index")
    assert len(index) == 4 and index.is_music.sum() == 3
    found = playlist("Somebody - A Song.mp3", index, length=4)
    assert "reading.mp3" not in found.tracks["track_id"].tolist()


def test_an_index_of_another_ear_is_refused(here, music, tmp_path, monkeypatch) -> None:
    build_index(music, tmp_path / "index")
    monkeypatch.setattr(indexing, "ear_version", lambda: "another")
    for use in (open_index, lambda folder: build_index(music, folder)):
        with pytest.raises(PlaylistError, match=r"made by another ear.*in a new folder"):
            use(tmp_path / "index")
    assert list((tmp_path / "index").glob("shard-*"))  # nothing is lost


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": "x", "ear": 1}'])
def test_a_damaged_manifest_is_named(tmp_path, content: str) -> None:
    (tmp_path / hearing.MANIFEST).write_text(content, "utf-8")
    with pytest.raises(PlaylistError, match="damaged"):
        open_index(tmp_path)


def test_what_is_no_index_is_refused(tmp_path) -> None:
    with pytest.raises(PlaylistError, match="no such folder"):
        open_index(tmp_path / "nowhere")
    with pytest.raises(PlaylistError, match="not an index"):
        open_index(tmp_path)
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(PlaylistError, match=r"not empty \(photo.jpg\)"):
        build_index("gtzan-tags", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(PlaylistError, match="no music in this folder"):
        build_index(tmp_path / "empty", tmp_path / "index")


def test_a_damaged_shard_is_said_and_heard_again(here, music, tmp_path) -> None:
    build_index(music, tmp_path / "index", batch=1)
    shard = min((tmp_path / "index").glob("shard-*"))
    shard.write_bytes(shard.read_bytes()[:-20])
    with pytest.raises(PlaylistError, match="1 of its shards cannot be read"):
        open_index(tmp_path / "index")
    here.clear()
    assert len(build_index(music, tmp_path / "index")) == 3 and len(here) == 1


def test_a_second_run_waits_outside(tmp_path, music) -> None:
    with locked(tmp_path / "index"), pytest.raises(ExtractError, match="another run"):
        build_index(music, tmp_path / "index")


def test_many_small_shards_become_one_and_nothing_is_counted_twice(
    here, music, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(indexing, "FEW", 1)
    folder = tmp_path / "index"
    unlinked: list[Path] = []
    monkeypatch.setattr(Path, "unlink", lambda self, missing_ok=False: unlinked.append(self))
    index = build_index(music, folder, batch=1)  # killed before the old ones are gone
    monkeypatch.undo()
    assert unlinked and len(list(folder.glob("shard-*"))) == 4
    assert len(index) == len(open_index(folder)) == 3


def test_a_corpus_without_audio_is_kept_as_it_was_heard(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("GENRELIB_DATA", "/nowhere")
    music = load_corpus("gtzan-mini")
    index = build_index(music, tmp_path / "index")
    assert len(build_index("gtzan-mini", tmp_path / "index")) == len(index) == 100
    order = np.argsort(catalogue(music).table["track_id"].to_pylist())
    assert np.allclose(index.vectors, catalogue(music).vectors[order], atol=1e-6)
    assert index.tracks["genre"].nunique() == 10


def test_an_interrupted_run_continues(tmp_path) -> None:
    """Kill the command when its first shard is there, and run it again."""
    music = tmp_path / "music"
    music.mkdir()
    for k in range(6):
        shutil.copy(MUSIC[k % 3], music / f"{k}.mp3")
    folder = tmp_path / "index"
    command = [sys.executable, "-m", "genrelib", "index", str(music), "-o", str(folder),
               "--batch", "1", "--jobs", "1"]  # fmt: skip
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(folder.glob("shard-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = {file: file.stat().st_mtime_ns for file in folder.glob("shard-*")}
    assert 1 <= len(kept) <= 6
    index = build_index(music, folder, jobs=1)
    assert len(index) == 6
    assert all(file.stat().st_mtime_ns == when for file, when in kept.items())
    assert (
        json.loads((folder / hearing.MANIFEST).read_text("utf-8"))["ear"] == hearing.ear_version()
    )


@pytest.mark.slow
def test_a_cluster_hears_the_same(music, tmp_path) -> None:
    pytest.importorskip("distributed")
    (tmp_path / "cluster").mkdir()
    cluster = Cluster(tmp_path / "cluster")
    try:
        cluster.add_worker()
        there = build_index(music, tmp_path / "there", dask=cluster.address, batch=1)
    finally:
        for process in cluster.processes:
            process.terminate()
            process.wait()
    assert np.array_equal(there.vectors, build_index(music, tmp_path / "one", jobs=1).vectors)
