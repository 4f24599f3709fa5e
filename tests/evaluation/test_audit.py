"""The intervals of the book hold what they promise, and others do not: by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genrelib.corpus import gtzan_annotations
from genrelib.evaluation import (
    Answers,
    alike,
    coverage,
    coverage_by_correlation,
    intervals_of,
    mean_with_interval,
    simulate,
)

RUNS = 1000
CORPORA = {
    # As many artists and tracks as GTZAN-mini can test by artist.
    "GTZAN-mini": [
        f"{i}" for i in [*range(27), *np.repeat(range(27, 37), [2] * 6 + [3, 4, 4, 6])]
    ],
    "GTZAN": gtzan_annotations()["artist"].dropna().tolist(),
}
corpora = pytest.mark.parametrize("artists", CORPORA.values(), ids=CORPORA)


def told(answers: Answers, run: int = 0) -> pd.DataFrame:
    """Lay one run out as a predictions table."""
    n, slices = answers.hits.shape[1], np.arange(answers.n_slices)
    right = (slices < answers.hits[run][:, None]).ravel()
    tracks = np.repeat(np.arange(n), answers.n_slices)
    table = pd.DataFrame({"track_id": tracks, "unit": answers.artists[tracks], "genre": "jazz"})
    return table.assign(predicted=np.where(right, "jazz", "pop"))


@pytest.mark.parametrize(("track", "artist"), [(0.6, 0.3), (0.5, 0.0), (0.4, 0.4)])
def test_simulated_answers_are_as_right_and_as_much_alike_as_was_asked(
    track: float, artist: float
) -> None:
    artists = np.repeat(np.arange(400), 5)
    answers = simulate(artists, 0.7, {"track": track, "artist": artist}, n_runs=5)
    assert answers.hits.mean() / 5 == pytest.approx(0.7, abs=0.03)
    assert answers.truth["artist"] == pytest.approx(0.7)
    assert (answers.truth["track"].std() > 0) == (artist > 0)
    found = alike(told(answers), pd.Series(artists))
    assert found["track"] == pytest.approx(track, abs=0.06)
    assert found["artist"] == pytest.approx(artist, abs=0.06)


def test_what_has_no_pairs_has_no_correlation() -> None:
    table = pd.DataFrame({"track_id": ["a", "b"], "genre": "jazz", "predicted": ["jazz", "pop"]})
    assert np.isnan(list(alike(table, pd.Series(dtype=object)).values())).all()
    same = alike(table.loc[[0, 0, 1, 1]], pd.Series({"a": "x", "b": "y"}))
    assert same["track"] == pytest.approx(1)
    assert np.isnan(same["artist"])


def test_the_interval_that_is_audited_is_that_of_the_book() -> None:
    answers = simulate(CORPORA["GTZAN"], 0.7, {"track": 0.5, "artist": 0.3}, n_runs=3)
    found = intervals_of(answers, "artist", seed=1)["the book's"]
    table = told(answers, 2)
    right = (table["genre"] == table["predicted"]).astype(float).to_frame("right")
    expected = mean_with_interval(right, table["unit"], seed=1).loc["right"]
    assert [end[2] for end in found] == pytest.approx(expected[["low", "high"]].tolist())


@corpora
@pytest.mark.parametrize("accuracy", [0.6, 0.8, 0.95])
@pytest.mark.parametrize("artist", [0.1, 0.4])
def test_only_what_was_held_out_gives_an_interval_that_holds(
    artists: list[str], accuracy: float, artist: float
) -> None:
    alike = {"track": 0.5, "artist": artist}
    table = coverage(simulate(artists, accuracy, alike, n_runs=RUNS), n_boot=300)
    held = table.set_index(["question", "unit", "method"])["held"]
    assert held["artist", "artist", "the book's"] > 0.93
    assert held["track", "track", "the book's"] > 0.93
    assert held["artist", "slice", "percentiles"] < 0.75
    assert held["artist", "track", "percentiles"] < held["artist", "artist", "the book's"] - 0.02


@corpora
def test_near_the_border_percentiles_hold_less_than_they_promise(artists: list[str]) -> None:
    alike = {"track": 0.5, "artist": 0.4}
    table = coverage(simulate(artists, 0.95, alike, n_runs=RUNS), n_boot=300)
    held = table.query("question == unit == 'artist'").set_index("method")["held"]
    assert held["percentiles"] < 0.92 < 0.93 < held["the book's"]
    assert (table["error"] < 0.02).all()


def test_the_more_alike_the_tracks_of_an_artist_the_less_the_tracks_hold() -> None:
    table = coverage_by_correlation(CORPORA["GTZAN"], 0.7, 0.5, [0, 0.2, 0.5], n_runs=500)
    rows = table.query("question == 'artist' and method == 'percentiles'")
    held = rows.pivot(index="correlation", columns="unit", values="held")
    assert held["track"].is_monotonic_decreasing
    assert held["track"].iloc[0] > 0.9 > 0.6 > held["track"].iloc[-1]
    assert held["slice"].max() < 0.8
    width = rows.pivot(index="correlation", columns="unit", values="width")
    assert width["artist"].is_monotonic_increasing
