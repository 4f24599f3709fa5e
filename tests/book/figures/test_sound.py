"""Tests of the figures of single sounds."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from genrelib.book import Clip
from genrelib.book.figures import Picture, pair, sound
from genrelib.corpus import SAMPLE_RATE

RNG = np.random.default_rng(0)
LONG = "a rather long name of a genre nobody expected"
PAIRS = [("classical", "metal"), ("jazz", LONG), ("jazz",)]
FRAMES = 40


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def _clips(genres: Sequence[str]) -> dict[str, Clip]:
    samples = RNG.normal(size=SAMPLE_RATE).astype(np.float32)
    return {genre: Clip(samples, genre, False) for genre in genres}


def _arrays(genres: Sequence[str], n_bands: int) -> dict[str, np.ndarray]:
    return {genre: RNG.random((n_bands, FRAMES)) + 0.1 for genre in genres}


def _numbers(genres: Sequence[str]) -> pd.Series:
    return pd.Series({genre: 31.0 + 20 * i for i, genre in enumerate(genres)})


def _family(name: str, *bands: int) -> Callable[[Sequence[str]], Picture]:
    draw = getattr(sound, name)
    return lambda genres: draw(
        _clips(genres), *(_arrays(genres, n) for n in bands), _numbers(genres)
    )


FAMILIES = {
    "mel": _family("mel", 128),
    "mfcc": _family("mfcc", 20),
    "hpss": _family("hpss", 2),
    "centroid": _family("centroid", 1025, 1),
    "chroma": _family("chroma", 12),
    "tonnetz": _family("tonnetz", 6),
    "rms": _family("rms", 1),
    "tempo": lambda genres: sound.tempo(
        _clips(genres), {g: RNG.random(300) for g in genres}, 100 + _numbers(genres)
    ),
}
PICTURES = FAMILIES | {
    "waveform": lambda genres: sound.waveform(_clips(genres)),
    "frame_length": lambda genres: sound.frame_length(_clips(genres)),
    "statistics": lambda genres: sound.statistics(_clips(genres), _arrays(genres, 1)),
}
NOT_PICTURES = {"beat_grid", "two_sines"}


def test_every_figure_is_tested() -> None:
    assert {*PICTURES, *NOT_PICTURES} == set(sound.__all__)


@pytest.mark.slow
@pytest.mark.parametrize("genres", PAIRS, ids=len)
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_names_its_genres_and_where_they_are_from(
    name: str, genres: Sequence[str]
) -> None:
    picture = PICTURES[name](genres)
    picture.figure.savefig(io.BytesIO(), format="png", dpi=50)
    assert picture.name.startswith("fig-features-")
    shown = genres if name in FAMILIES else (genres[0 if name == "frame_length" else -1],)
    told = picture.caption if name == "statistics" else picture.alt
    assert all(genre in picture.caption and genre in told for genre in shown)
    assert picture.figure.axes[0].get_ylabel()


@pytest.mark.parametrize("name", FAMILIES)
def test_the_numbers_of_both_genres_are_told(name: str) -> None:
    alt = FAMILIES[name](("jazz", "metal")).alt
    for number in {"rms": ("3100%", "5100%"), "tempo": ("131", "151")}.get(name, ("31", "51")):
        assert number in alt


def test_statistics_are_those_of_the_curve() -> None:
    curve = np.array([[100.0, 300.0, 200.0, 1400.0]])
    picture = sound.statistics(_clips(["jazz", "metal"]), {"jazz": curve * 0, "metal": curve})
    assert "mean 500 Hz" in picture.caption
    assert "minimum 100 Hz, maximum 1,400 Hz" in picture.caption
    assert f"deviation {curve.std():.0f} Hz" in picture.caption


def test_a_very_short_clip_has_a_waveform() -> None:
    clips = {"jazz": Clip(np.ones(100, np.float32), "jazz", True)}
    assert "100 samples" in sound.waveform(clips).alt


def test_beats_fall_on_the_onsets() -> None:
    onset = np.zeros(260)
    onset[7::26] = 1  # 26 frames of 512 samples are 0.604 seconds
    beats = sound.beat_grid(onset, 60 * SAMPLE_RATE / (26 * 512))
    assert beats == pytest.approx(np.arange(7, 259, 26) * 512 / SAMPLE_RATE)


def test_the_two_sines_are_found_in_their_sum() -> None:
    t = np.arange(32) / 32
    picture = sound.two_sines(t, np.sin(t), np.cos(t), [0, 0.04, 1, 0.5])
    assert picture.alt.endswith("1.0 at 2 hertz, 0.5 at 3 hertz.")
    both = picture.figure.axes[0].lines[2]
    assert np.allclose(both.get_ydata(), np.sin(t) + np.cos(t))
    assert [bar.get_height() for bar in picture.figure.axes[1].patches] == [0, 0.04, 1, 0.5]


def test_each_coefficient_has_its_own_scale_and_both_clips_the_same() -> None:
    # Coefficient 2 is large in both clips, and larger in the first; coefficient 3 is small.
    high, low = np.zeros((20, FRAMES)), np.zeros((20, FRAMES))
    high[1], low[1] = 200, 150
    high[2], low[2] = -1, 1
    genres = ["jazz", "metal"]
    values = dict(zip(genres, (high, low), strict=True))
    picture = sound.mfcc(_clips(genres), values, _numbers(genres))
    panels = [ax for ax in picture.figure.axes if ax.get_label() != "<colorbar>"]
    one, two = (np.asarray(ax.collections[0].get_array()).reshape(19, -1) for ax in panels)
    assert (one[0] == 1).all() and (two[0] == -1).all()
    assert (one[1] == -1).all() and (two[1] == 1).all()
    assert len({ax.collections[0].get_clim() for ax in panels}) == 1


# --- one feature of two clips ----------------------------------------------------------------


def test_panels_share_their_scale_and_bear_their_genres() -> None:
    values = {"jazz": np.zeros((12, FRAMES)), LONG: np.full((12, FRAMES), 7.0)}
    fig = pair.family_pair(values, "pitch class", kind="chroma", unit="energy")
    panels = [ax for ax in fig.axes if ax.get_label() != "<colorbar>"]
    assert [ax.get_title(loc="left") for ax in panels] == ["jazz", LONG]
    assert {ax.collections[0].get_clim() for ax in panels} == {(0, 7)}


def test_white_is_zero_where_colours_have_signs() -> None:
    values = {"jazz": RNG.normal(2, 1, (6, FRAMES)), "metal": RNG.normal(0, 3, (6, FRAMES))}
    fig = pair.family_pair(values, "axis", kind="bands", bands="abcdef", unit="coordinate")
    images = [ax.collections[0] for ax in fig.axes if ax.get_label() != "<colorbar>"]
    for image in images:
        low, high = image.get_clim()
        assert low == -high
        assert np.allclose(image.cmap(0.5)[:3], 1, atol=0.05)


def test_lines_have_a_legend_only_where_they_have_names() -> None:
    values = _arrays(["jazz", "metal"], 2)
    named = pair.family_pair(values, "RMS", bands=("harmonic", "percussive"))
    assert [t.get_text() for t in named.legends[0].get_texts()] == ["harmonic", "percussive"]
    assert not pair.family_pair(values, "RMS").legends


def test_curves_and_marks_are_drawn_where_they_are() -> None:
    values = _arrays(["jazz"], 12)
    fig = pair.family_pair(values, "frequency", kind="hz", unit="dB", over={"jazz": np.ones(4)})
    assert {len(line.get_xdata()) for line in fig.axes[0].lines} == {4}
    fig = pair.family_pair(_arrays(["jazz"], 1), "RMS", marks={"jazz": np.array([0.25, 0.5])})
    assert [line.get_xdata()[0] for line in fig.axes[0].lines[1:]] == [0.25, 0.5]


def test_an_image_of_frames_has_its_axes_and_its_bar() -> None:
    fig, ax = plt.subplots()
    pair.frames_image(RNG.random((12, 40)), ax, kind="bands", label="value", limits=(-1, 1))
    assert ax.get_xlabel() == "time (s)"
    assert fig.axes[-1].get_ylabel() == "value"
    assert ax.collections[0].get_clim() == (-1, 1)
