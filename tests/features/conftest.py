"""What the tests of the features share: a small folder of music, quick features, a cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import librosa
import pytest
import soundfile as sf

from genrelib.corpus import sketch
from genrelib.corpus.audio import SAMPLE_RATE
from genrelib.corpus.tracks import Corpus, load_corpus
from genrelib.features import families, measuring
from genrelib.features.families import (
    FEATURES,
    Feature,
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three tracks of six and twelve seconds, made of sketches."""
    root = tmp_path_factory.mktemp("library")
    for genre, name, seconds in (
        ("jazz", "one", 12),
        ("jazz", "two", 6),
        ("metal", "three", 5.96),  # padded with zeros
    ):
        y = sketch.render_sketch(f"{genre}.sketchA1")[: round(seconds * SAMPLE_RATE)]
        (root / genre).mkdir(exist_ok=True)
        sf.write(root / genre / f"{name}.wav", y * (0.5 if name == "two" else 1), SAMPLE_RATE)
    return root


@pytest.fixture
def small(library: Path) -> Corpus:
    return load_corpus(f"folder:{library}")


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENRELIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GENRELIB_QUIET", "1")
    return tmp_path / "cache"


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Feature]]:
    """Two quick features instead of all, so that the cache can be tested quickly."""
    chosen = [feature for feature in FEATURES if feature.name in ("rms", "centroid")]
    monkeypatch.setattr(families, "FEATURES", chosen)
    yield chosen


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths that were decoded in this process."""
    calls: list[str] = []
    original = measuring.decode
    monkeypatch.setattr(
        measuring, "decode", lambda path, **how: calls.append(path) or original(path, **how)
    )
    return calls


@pytest.fixture
def damaged(library: Path, tmp_path: Path) -> Corpus:
    """A folder of which two files are broken in a way that their headers do not show."""
    root = tmp_path / "damaged"
    (root / "jazz").mkdir(parents=True)
    (root / "metal").mkdir()
    for path in library.rglob("*.wav"):
        y, rate = sf.read(path, dtype="float32")
        copy = root / path.parent.name / f"{path.stem}.flac"
        sf.write(copy, y, rate)
        if path.stem != "one":
            content = bytearray(copy.read_bytes())
            middle = len(content) // 2
            content[middle // 2 : middle] = bytes(middle - middle // 2)
            copy.write_bytes(content)
    return load_corpus(f"folder:{root}", on_error="skip")


@pytest.fixture
def crossings(light: list[Feature], monkeypatch: pytest.MonkeyPatch) -> Feature:
    rate = Feature("crossings", "rms", lambda s: librosa.feature.zero_crossing_rate(s.y))
    monkeypatch.setattr(families, "FEATURES", [*light, rate])
    return rate


@pytest.fixture
def no_audio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Corpus:
    monkeypatch.setenv("GENRELIB_DATA", str(tmp_path))
    return load_corpus("gtzan-mini")
