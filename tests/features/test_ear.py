"""Tests of the pretrained ear: against the original graph, any block, rate and length, errors."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings, strategies as st

from genrelib.corpus.audio import decode
from genrelib.corpus.tracks import load_corpus
from genrelib.features import ear
from genrelib.features.ear import EAR_COLUMNS, EAR_RATE, TAGS, embed, hear, tags

ROOT = Path(__file__).parents[2]
MAKER = runpy.run_path(str(ROOT / "tools" / "make_ear.py"))
REFERENCE = np.load(ROOT / "tests" / "data" / "ear_reference.npz")
SIGNALS: dict[str, np.ndarray] = MAKER["signals"]()
DRUMS = SIGNALS["drums"]
PATCH = 47616
"""Samples of 187 frames whose centres are 256 apart."""


# --- against the original graph --------------------------------------------------------------


def agrees(samples: np.ndarray, name: str) -> None:
    heard = hear(samples, EAR_RATE)
    assert heard.embedding.shape == REFERENCE[f"{name}/embedding"].shape
    np.testing.assert_allclose(heard.embedding, REFERENCE[f"{name}/embedding"], rtol=0, atol=1e-3)
    np.testing.assert_allclose(heard.tags, REFERENCE[f"{name}/tags"], rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", SIGNALS)
def test_it_hears_what_the_original_hears(name: str) -> None:
    agrees(SIGNALS[name], name)


@pytest.mark.audio
@pytest.mark.parametrize("track", MAKER["TRACKS"])
def test_it_hears_what_the_original_hears_in_music(track: str) -> None:
    path = load_corpus("gtzan-mini").tracks.loc[track, "path"]
    agrees(decode(path, EAR_RATE)[: 6 * EAR_RATE], track)


def test_the_reference_tells_sounds_apart() -> None:
    """Agreement within a thousandth says something: the signals are much further apart."""
    first = np.stack([REFERENCE[f"{name}/embedding"][0] for name in SIGNALS])
    apart = np.abs(first[:, None] - first).max(axis=-1)
    assert apart[~np.eye(len(first), dtype=bool)].min() > 0.1
    assert set(REFERENCE) == {
        f"{name}/{part}" for name in (*SIGNALS, *MAKER["TRACKS"]) for part in ("embedding", "tags")
    }


# --- the file --------------------------------------------------------------------------------


def test_the_file_is_small_and_says_what_it_is() -> None:
    assert ear.EAR_MODEL.stat().st_size < 4e6
    about = onnxruntime.InferenceSession(ear.EAR_MODEL).get_modelmeta().custom_metadata_map
    assert tuple(about["tags"].split("\n")) == TAGS
    assert int(about["sample_rate"]) == EAR_RATE
    assert "1909.06654" in about["source"]
    notice = ear.EAR_MODEL.with_name("ear-LICENSE.txt").read_text("utf-8")
    assert about["licence"] == notice
    assert re.search(r"Copyright \(c\).*Universitat Pompeu Fabra 2019", notice)
    assert "this permission notice appear in all copies" in notice


def test_names() -> None:
    assert len(EAR_COLUMNS) == len(set(EAR_COLUMNS)) == 200
    assert (EAR_COLUMNS[0], EAR_COLUMNS[-1]) == ("ear_001", "ear_200")
    assert len(TAGS) == len(set(TAGS)) == 50


def test_the_runtime_is_loaded_when_it_is_needed() -> None:
    ask = (
        "import sys; from genrelib.features import ear; assert 'onnxruntime' not in sys.modules; "
        "import numpy; ear.embed(numpy.zeros(9), 16000); assert 'onnxruntime' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", ask], check=True, cwd=ROOT)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_process_hears_too() -> None:
    ask = """
import os, numpy
from genrelib.features.ear import embed
y = numpy.random.RandomState(0).standard_normal(100_000)
before = embed(y, 16000, threads=2)
child = os.fork()
if not child:
    os._exit(0 if numpy.allclose(embed(y, 16000, threads=2), before, atol=1e-4) else 3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    subprocess.run([sys.executable, "-c", ask], check=True, cwd=ROOT, timeout=60)


# --- blocks ----------------------------------------------------------------------------------


def cut(samples: np.ndarray, sizes: list[int]) -> Iterator[np.ndarray]:
    """Blocks of these sizes, over and over, all in one array that is filled again."""
    buffer = np.empty(max(sizes), np.float32)
    first = number = 0
    while first < len(samples):
        size = sizes[number % len(sizes)]
        part = samples[first : first + size]
        buffer[: len(part)] = part
        yield buffer[: len(part)]
        buffer[:] = np.nan
        first, number = first + size, number + 1


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 120_000), min_size=1, max_size=5).filter(any),
    rate=st.sampled_from([16_000, 22_050, 44_100]),
)
def test_blocks_of_any_size_give_what_the_whole_gives(sizes: list[int], rate: int) -> None:
    if max(sizes) < 50:
        sizes = [50 * size for size in sizes]
    whole, streamed = hear(DRUMS, rate), hear(cut(DRUMS, sizes), rate)
    np.testing.assert_array_equal(streamed.embedding, whole.embedding)
    np.testing.assert_array_equal(streamed.tags, whole.tags)
    np.testing.assert_array_equal(streamed.start, whole.start)


def test_memory_does_not_grow_with_the_length() -> None:
    def peak(seconds: int) -> int:
        second = DRUMS[:EAR_RATE]
        tracemalloc.start()
        hear((second for _ in range(seconds)), EAR_RATE, batch=2)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    short, long = peak(30), peak(240)
    samples = 4 * EAR_RATE * (240 - 30)
    assert long - short < samples / 10


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_the_batch_changes_nothing(batch: int) -> None:
    samples = np.tile(DRUMS, 2)
    few, many = hear(samples, EAR_RATE, batch=batch), hear(samples, EAR_RATE)
    assert len(few.start) == 4
    np.testing.assert_allclose(few.embedding, many.embedding, atol=1e-4)
    np.testing.assert_allclose(few.tags, many.tags, atol=1e-5)


def test_more_threads_change_nothing() -> None:
    np.testing.assert_allclose(
        embed(DRUMS, EAR_RATE, threads=2), embed(DRUMS, EAR_RATE), atol=1e-4
    )


# --- rates and lengths -----------------------------------------------------------------------


def chord(rate: int) -> np.ndarray:
    """Seven seconds of tones below 3.5 kHz, which every rate of the tests can hold."""
    t = np.arange(7 * rate) / rate
    tones = [np.sin(2 * np.pi * f * k * t) / k for f in (220, 277.2, 329.6) for k in range(1, 11)]
    swell = np.sin(np.pi * t / 7) * (1.2 + np.sin(2 * np.pi * 4 * t))  # no click at the ends
    return 0.1 * np.sum(tones, axis=0) * swell


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000])
def test_other_rates_sound_alike(rate: int) -> None:
    expected, found = hear(chord(EAR_RATE), EAR_RATE), hear(chord(rate), rate)
    assert found.embedding.shape == expected.embedding.shape
    other = hear(DRUMS, EAR_RATE)
    apart = np.abs(other.embedding - expected.embedding).mean()
    assert np.abs(found.embedding - expected.embedding).mean() < 0.1 * apart
    assert np.abs(found.tags - expected.tags).max() < 0.05


@pytest.mark.parametrize("seconds", [1 / EAR_RATE, 0.5, 2.0])
def test_what_is_shorter_than_a_patch_is_repeated(seconds: float) -> None:
    samples = DRUMS[: round(seconds * EAR_RATE)]
    short = hear(samples, EAR_RATE)
    assert short.start.tolist() == [0]
    repeated = np.resize(samples, PATCH)
    np.testing.assert_array_equal(short.embedding, hear(repeated, EAR_RATE).embedding)


@pytest.mark.parametrize(
    ("samples", "patches"),
    [(PATCH - 1, 1), (PATCH, 1), (PATCH + 187 * 256 - 1, 1), (PATCH + 187 * 256, 2)],
)
def test_an_incomplete_patch_is_left_out(samples: int, patches: int) -> None:
    heard = hear(DRUMS[:samples], EAR_RATE)
    assert heard.start.tolist() == [2.992 * k for k in range(patches)]
    assert heard.embedding.shape == (patches, 200)
    assert heard.tags.shape == (patches, 50)
    assert heard.embedding.dtype == heard.tags.dtype == np.float32


def test_embedding_and_tags_are_means_over_patches() -> None:
    heard = hear(DRUMS, EAR_RATE)
    np.testing.assert_array_equal(embed(DRUMS, EAR_RATE), heard.embedding.mean(axis=0))
    series = tags(DRUMS, EAR_RATE)
    assert tuple(series.index) == TAGS
    assert series.between(0, 1).all()
    np.testing.assert_array_equal(series, heard.tags.mean(axis=0))


# --- what cannot be heard --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        (lambda: np.zeros(0), "empty"),
        (lambda: iter([]), "empty"),
        (lambda: iter([np.zeros(0), np.zeros(0)]), "empty"),
        (lambda: np.zeros((2, 100)), r"one-dimensional, not of shape \(2, 100\).*channels"),
        (lambda: iter([np.zeros(5), np.zeros((5, 1))]), r"one-dimensional.*\(5, 1\)"),
        (lambda: np.array([0.0, np.nan]), "NaN or infinite"),
        (lambda: iter([DRUMS, np.array([np.inf])]), "NaN or infinite"),
        (lambda: np.array([1e300]), "NaN or infinite"),
        (lambda: np.full(9000, 1e30), "far beyond full scale"),
        (lambda: np.zeros(100, np.int16), "floating-point.*not int16"),
    ],
)
def test_what_is_no_audio_is_refused(audio: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        hear(audio(), EAR_RATE)


@pytest.mark.parametrize("rate", [0, -44100, 99, np.nan, np.inf])
def test_what_is_no_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="the sample rate must be"):
        hear(DRUMS, rate)


@pytest.mark.parametrize("options", [{"batch": 0}, {"threads": 0}])
def test_nothing_is_heard_by_nobody(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        hear(DRUMS, EAR_RATE, **options)
