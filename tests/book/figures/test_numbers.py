"""Tests of the figures of what features say of genre."""

from __future__ import annotations

import io
from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from genrelib.book.figures import Picture, numbers
from genrelib.corpus import GENRES
from genrelib.features import columns, family_of

RNG = np.random.default_rng(0)
LONG = "a rather long name of a genre nobody expected"
ETA = pd.Series(np.linspace(0, 0.8, len(columns())), index=columns())


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def _drawn(picture: Picture) -> Picture:
    picture.figure.savefig(io.BytesIO(), format="png", dpi=50)
    assert picture.name.startswith("fig-features-")
    assert picture.figure.get_size_inches()[0] <= 7
    return picture


def _slices(genres: list[str]) -> pd.DataFrame:
    tracks = [f"{genre}/_*[{i}]`$.{k}" for i, genre in enumerate(genres) for k in range(2)]
    return pd.DataFrame({"genre": np.repeat(genres, 6), "track_id": np.repeat(tracks, 3)})


def test_the_effect_tells_the_shares_above_chance() -> None:
    picture = _drawn(numbers.effect(ETA, family_of(), 0.1, 0.6, 0.7))
    tracks, artists = f"{(ETA > 0.6).mean():.0%}", f"{(ETA > 0.7).mean():.0%}"
    assert f"{tracks} of all columns lie above the line of luck over tracks at 0.60" in picture.alt
    assert f"{artists} above that over artists at 0.70" in picture.alt
    assert picture.alt.endswith("tempo.")  # the last column, with the highest value
    assert len(picture.figure.legends[0].get_texts()) == 3


def test_a_strip_runs_from_the_least_to_the_largest_column() -> None:
    (ax,) = numbers.effect(ETA, family_of(), 0.1, 0.6, 0.7).figure.axes
    sizes = family_of().value_counts(sort=False)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert [int(label.split("(")[1][:-1]) for label in labels] == sizes.to_list()
    strips = [line.get_xdata() for line in ax.lines if line.get_linestyle() == "-"]
    groups = ETA.groupby(family_of(), sort=False)
    assert [list(ends) for ends in strips] == groups.agg(["min", "max"]).to_numpy().tolist()
    medians = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "D"]
    assert medians == pytest.approx(groups.median())
    assert ax.get_xlim() == (0, 1)


def test_draws_of_tracks_and_of_slices_are_told() -> None:
    drawn = {"tracks": np.repeat([0.2, 0.8], 500), "slices": np.repeat([0.4, 0.6], 500)}
    picture = _drawn(numbers.bootstrap(drawn, 0.52))
    said = "0.20 to 0.80 drawing tracks and from 0.40 to 0.60 drawing slices"
    assert said in picture.alt
    for ax in picture.figure.axes:
        assert sum(bar.get_height() for bar in ax.patches[:26]) == pytest.approx(100)


def test_a_family_of_ones_own_is_drawn_as_well() -> None:
    family = pd.concat([family_of(), pd.Series({"crossings_mean": "crossings"})])
    eta = pd.concat([ETA, pd.Series({"crossings_mean": 0.95})])
    assert "crossings" in _drawn(numbers.effect(eta, family, 0.1, 0.6, 0.7)).alt
    top = eta.sort_values(ascending=False).head(3)
    assert "crossings" in _drawn(numbers.top_columns(top, family)).caption


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["mel_128_mean", "mel_064_std"], "all from one family, mel spectrogram. Their bands lie"),
        (["tempo", "mel_001_max"], "from mel spectrogram, tempo. 1 of the 2 are mel columns"),
        (["tempo", "rms_mean"], "from RMS, tempo. No mel band is among them."),
    ],
)
def test_the_best_columns_are_told_by_family_and_band(names: list[str], said: str) -> None:
    top = pd.Series([0.9, 0.4], index=names)
    picture = _drawn(numbers.top_columns(top, family_of()))
    assert said in picture.caption
    assert f"from 0.90 for {names[0]} down to 0.40 for {names[1]}" in picture.alt
    (ax,) = picture.figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == names[::-1]


def test_the_bands_of_the_best_columns_are_told_in_kilohertz() -> None:
    top = pd.Series([0.9, 0.8], index=["mel_128_mean", "mel_001_mean"])
    assert (
        "Their bands lie between 0.0 and 10.7 kHz" in numbers.top_columns(top, family_of()).caption
    )


@pytest.mark.parametrize("whole", [True, False])
def test_the_ratio_of_tempi_tells_what_is_right(whole: bool) -> None:
    annotated = pd.Series({"a": 100.0, "b": 100.0, "c": 90.0})
    one = pd.Series([100.0, 50.0, 1000.0, 100.0], ["a", "a", "b", "b"])
    track = pd.Series({"a": 101.0}) if whole else pd.Series(dtype=float)
    readings = {"one slice": one, "median of the slices": one, "the whole track": track}
    picture = _drawn(numbers.tempo_ratio(readings, annotated))
    assert len(picture.figure.axes) == 1 + whole
    assert "50% of the estimates from one slice" in picture.alt
    assert ("100% of the estimates from the whole track" in picture.alt) == whole
    bars = picture.figure.axes[0].patches
    assert sum(bar.get_height() for bar in bars if bar.get_facecolor()[3] == 1) == 100


def test_correlations_are_told() -> None:
    names = ["mel_001_mean", "mel_002_mean", "tempo"]
    values = np.array([[1, 0.95, 0.2], [0.95, 1, 0.3], [0.2, 0.3, 1]])
    table = pd.DataFrame(values, names, names)
    picture = _drawn(numbers.correlations(table, family_of()))
    assert "median over all pairs of columns is 0.30; 33.3% of the pairs exceed 0.9" in picture.alt


def test_medians_are_those_of_the_pairs() -> None:
    names = columns()[::7]
    values = np.abs(np.corrcoef(RNG.random((len(names), 50))))
    kinds = family_of()[names]
    picture = numbers.correlations(pd.DataFrame(values, names, names), family_of())
    image = np.ma.filled(picture.figure.axes[0].images[0].get_array(), np.nan)
    order = list(dict.fromkeys(kinds))
    for y, one in enumerate(order):
        for x, two in enumerate(order):
            block = values[np.ix_(kinds == one, kinds == two)]
            pairs = block[np.triu_indices(len(block), 1)] if one == two else block
            expected = np.median(pairs) if pairs.size else np.nan
            assert image[y, x] == pytest.approx(expected, nan_ok=True)


MANY = [f"genre {i}" for i in range(24)]


@pytest.mark.parametrize("genres", [list(GENRES), MANY, ["jazz", LONG], [LONG]], ids=len)
def test_maps_count_slices_and_genres(genres: list[str]) -> None:
    slices = _slices(genres)
    points = RNG.normal(size=(len(slices), 2))
    plane = _drawn(numbers.components(points, slices, 0.56))
    assert "holds 56% of the variance" in plane.caption
    near = _drawn(numbers.neighbourhood(points, slices))
    for picture in (plane, near):
        assert f"{len(slices)} slices" in picture.alt
        assert f"drawn {len(genres)} times" in picture.alt
        panels = [ax for ax in picture.figure.axes if ax.get_visible()]
        coloured = [ax.lines[-1].get_xydata() for ax in panels]
        assert [len(own) for own in coloured] == [6] * len(genres)
        assert np.concatenate(coloured).shape == points.shape
        assert picture.figure.get_size_inches()[1] <= 7.2
    lines = [line for ax in near.figure.axes for line in ax.lines if line.get_linestyle() == "-"]
    assert len(lines) == slices["track_id"].nunique()
    assert all(len(line.get_xdata()) == 3 for line in lines)
