"""Tests of collections as points: exact search, the index of neighbours, and local scales."""

from __future__ import annotations

import numpy as np
import pytest
from points import collection, points, rows

from genrelib.corpus import load_corpus
from genrelib.playlists import LARGE, catalogue, local_scales, playlist


def test_a_corpus_is_laid_out_with_its_artists_and_genres() -> None:
    music = load_corpus("gtzan-tags")
    index = catalogue(music)
    assert len(index) == len(music.tracks)
    tracks = index.tracks
    assert tracks["genre"].tolist() == music.tracks.loc[tracks.index, "genre"].tolist()
    assert np.linalg.norm(index.vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert index.is_music.all()


def test_search_is_exact_also_within_some_tracks() -> None:
    index = collection()
    cosine = index.vectors @ index.vectors[3]
    found, similarity = index.nearest(index.vectors[3], 12)
    assert found.tolist() == np.argsort(-cosine, kind="stable")[:12].tolist()
    assert similarity == pytest.approx(cosine[found])
    allowed = np.arange(200) % 3 == 0
    found, _ = index.nearest(index.vectors[3], 500, allowed)
    assert len(found) == allowed.sum() and allowed[found].all()


def test_a_local_scale_is_the_mean_distance_to_the_nearest_share_of_the_sample() -> None:
    heard = points(120)
    heard /= np.linalg.norm(heard, axis=1, keepdims=True)
    distance = np.sort(1 - heard @ heard.T, axis=1)[:, 1:13]  # the first is the track itself
    assert local_scales(heard, heard, 0.1) == pytest.approx(distance.mean(axis=1), rel=1e-3)


def test_tiny_collections_have_scales() -> None:
    for n in (1, 2, 3):
        assert np.isfinite(collection(n).scales).all()
    assert len(playlist("track 0000", collection(2)).tracks) == 1


def test_a_part_has_scales_of_its_own() -> None:
    index = collection()
    half = index.part(np.arange(200) < 100)
    assert len(half) == 100 and half.table["track_id"][0].as_py() == "track 0000"
    assert half.scales == pytest.approx(local_scales(half.vectors, half.vectors))
    assert (index.part(np.arange(10), near=0).scales == 1).all()


def test_the_index_of_neighbours_finds_what_exact_search_finds(monkeypatch, tmp_path) -> None:
    pytest.importorskip("faiss")
    monkeypatch.setattr("genrelib.playlists.searching.LARGE", 2000)
    monkeypatch.setattr("genrelib.playlists.searching.CELLS", 16)
    table = rows(points(2500))
    index, exact = catalogue(table, keep=tmp_path), catalogue(table, exact=True)
    assert index.neighbours is not None and exact.neighbours is None
    found = [set(i.nearest(exact.vectors[5], 10)[0].tolist()) for i in (index, exact)]
    assert len(found[0] & found[1]) >= 9
    lists = [playlist("track 0005", i, length=15).rows.tolist() for i in (index, exact)]
    assert lists[0] == lists[1]
    (kept,) = tmp_path.glob("*.faiss")
    before = kept.stat().st_mtime_ns
    catalogue(table, keep=tmp_path)
    assert kept.stat().st_mtime_ns == before  # read, not built again
    kept.write_bytes(b"damaged")
    assert catalogue(table, keep=tmp_path).neighbours is not None
    assert LARGE == 200_000
