"""Tests of the two genres that a chapter compares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genrelib.book import Clip, contrast, origin
from genrelib.corpus import Corpus, load_corpus


@pytest.fixture(scope="module")
def sketches() -> Corpus:
    return load_corpus("sketch")


def some(corpus: Corpus, genres: dict[str, str]) -> Corpus:
    """Keep a few genres and call them otherwise."""
    tracks = corpus.tracks[corpus.tracks["genre"].isin(genres)]
    return replace(corpus, tracks=tracks.assign(genre=tracks["genre"].map(genres)))


def test_the_wanted_genres_are_taken_where_they_are(sketches: Corpus) -> None:
    clips = contrast(sketches)
    assert list(clips) == ["classical", "metal"]
    assert all(len(clip.samples) and clip.synthetic for clip in clips.values())


@pytest.mark.parametrize(
    ("genres", "expected"),
    [
        ({"blues": "blues", "rock": "zouk of a long name", "jazz": "jazz"}, ["blues", "zouk"]),
        ({"jazz": "samba"}, ["samba"]),
    ],
)
def test_else_the_first_and_the_last(
    sketches: Corpus, genres: dict[str, str], expected: list[str]
) -> None:
    assert [name.split(" ")[0] for name in contrast(some(sketches, genres))] == expected


def test_where_nothing_can_be_played_sketches_stand_in(sketches: Corpus) -> None:
    other = some(sketches, {"jazz": "samba", "rock": "zouk"})
    silent = replace(other, tracks=other.tracks.assign(path=None))
    clips = contrast(silent)
    assert list(clips) == ["classical", "metal"]
    assert all(len(clip.samples) for clip in clips.values())


@pytest.mark.parametrize(
    ("synthetic", "said"),
    [
        ((True, True), "Both clips are synthetic"),
        ((False, True), "One of the clips is a synthetic"),
        ((False, False), "Both clips are recordings"),
    ],
)
def test_the_origin_is_named(synthetic: tuple[bool, bool], said: str) -> None:
    clips = {f"genre {i}": Clip(np.zeros(9), "", made) for i, made in enumerate(synthetic)}
    assert origin(clips).startswith(said)
