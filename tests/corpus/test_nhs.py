"""Tests of the songs of 86 cultures: what is known, what is embedded, and how they are fetched."""

from __future__ import annotations

import hashlib
import re
import runpy
from pathlib import Path

import pandas as pd
import pytest
from remote import Remote, Server

from genrelib.corpus import PACKAGE_DATA, DownloadError, load_corpus, nhs, nhs_songs
from genrelib.corpus.tracks import download_corpus

TOOLS = PACKAGE_DATA.parents[1] / "tools"


def test_every_song_has_a_culture_a_place_and_a_sum() -> None:
    songs = nhs_songs()
    assert len(songs) == 118 and songs.index.is_unique
    assert songs["culture"].nunique() == 86 and songs["region"].nunique() == 8
    assert set(songs["function"]) == {"dance", "healing", "love", "lullaby"}
    assert songs["latitude"].between(-90, 90).all() and songs["longitude"].between(-180, 180).all()
    assert songs["sha256"].map(lambda s: bool(re.fullmatch("[0-9a-f]{64}", s))).all()
    assert songs["source"].is_unique and songs.notna().all(axis=None)


def test_without_audio_the_measured_songs_are_there(data: Path) -> None:
    corpus = load_corpus("nhs")
    assert len(corpus.tracks) == len(corpus.stored) == 59
    assert not corpus.has_audio and (corpus.tracks["duration"] == nhs.SECONDS).all()
    assert corpus.tracks["genre"].is_monotonic_increasing
    assert corpus.tracks.at["nhs.002", "artist"] == "Anggor"
    assert len(load_corpus("gtzan-mini+nhs").tracks) == 159


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch, server: Server) -> dict[str, Remote]:
    """Three songs of a few bytes on a server on loopback."""
    songs = nhs_songs().iloc[:3]
    remotes, sums = {}, []
    for key, source in songs["source"].items():
        body = f"song {key} ".encode() * 2000
        remotes[str(key)] = Remote(body)
        server.add(f"/base/{source}", remotes[str(key)])
        sums.append(hashlib.sha256(body).hexdigest())
    songs = songs.assign(sha256=sums, bytes=[len(r.body) for r in remotes.values()])
    monkeypatch.setattr(nhs, "_songs", lambda: songs)
    monkeypatch.setattr(nhs, "SOURCE", f"http://127.0.0.1:{server.server_port}/base/")
    return remotes


def test_songs_are_fetched_checked_and_continued(
    data: Path,
    published: dict[str, Remote],
    server: Server,
) -> None:
    published["nhs.001"].cuts = [5000]
    published["nhs.002"].status = 404
    with pytest.raises(DownloadError, match=r"nhs: 002\.mp3 could not.*\n.*404"):
        download_corpus("nhs", progress=False)
    assert (data / "nhs/001.mp3").read_bytes() == published["nhs.001"].body
    assert any(begin == "bytes=5000-" for _, begin in server.asked)
    published["nhs.002"].status = 200
    server.asked.clear()
    assert download_corpus("nhs", progress=False) == data / "nhs"
    assert len(server.asked) == 2  # the first was there
    assert {path.name for path in (data / "nhs").iterdir()} == {"001.mp3", "002.mp3", "003.mp3"}
    assert not (data / ".download").exists()
    server.asked.clear()
    download_corpus("nhs", progress=False)
    assert not server.asked


def test_another_file_is_neither_taken_nor_kept(data: Path, published: dict[str, Remote]) -> None:
    published["nhs.003"].body = b"something else"
    with pytest.raises(DownloadError, match=r"003\.mp3.*\n.*wrong checksum"):
        download_corpus("nhs", progress=False)
    assert not (data / "nhs/003.mp3").exists()
    (data / "nhs/003.mp3").write_bytes(b"mine")
    with pytest.raises(DownloadError, match=r"other files than were published: 003\.mp3"):
        download_corpus("nhs", progress=False)


def test_the_maker_names_columns_and_refuses_doubles() -> None:
    maker = runpy.run_path(str(TOOLS / "make_nhs.py"))
    row = dict.fromkeys(maker["COLUMNS"], "x") | {"song": "NHSDiscography-007", "type": "Love"}
    table = maker["make"](pd.DataFrame([row]))
    assert table.index.tolist() == ["nhs.007"] and table.at["nhs.007", "function"] == "love"
    with pytest.raises(ValueError, match="twice"):
        maker["make"](pd.DataFrame([row, row]))


def test_outlines_of_land_are_joined_and_cross_the_edge_twice() -> None:
    rings = runpy.run_path(str(TOOLS / "make_land.py"))["rings"]
    square = [[170, 0], [20, 0], [0, 10], [-20, 0], [0, -10]]  # goes beyond 180 degrees
    topology = {
        "transform": {"scale": [1, 1], "translate": [0, 0]},
        "arcs": [square],
        "objects": {"land": {"geometries": [{"type": "Polygon", "arcs": [[0]]}]}},
    }
    first, second = rings(topology)
    assert first[0] == [170.0, 0.0] and max(x for x, _ in first) == 190
    assert min(x for x, _ in second) == -190
