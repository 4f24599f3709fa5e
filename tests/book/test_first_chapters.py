"""Tests of what the first three chapters say, where code in them makes the claim."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest

import genrelib as gl
from genrelib.book.figures import numbers, sound

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("both", [True, False], ids=["slips in both weeks", "in the second"])
def test_agreement_with_oneself_is_no_ceiling(both: bool) -> None:
    # Solution 1.2: a program that knows the opinion is right between a and about sqrt(a).
    rng = np.random.default_rng(0)
    opinion = rng.integers(10, size=100_000)

    def labelled(e: float) -> np.ndarray:
        slips = rng.random(len(opinion)) < e
        return np.where(slips, (opinion + rng.integers(1, 10, len(opinion))) % 10, opinion)

    first, second = labelled(0.1 if both else 0), labelled(0.1)
    agreement, right = np.mean(first == second), np.mean(opinion == second)
    assert right == pytest.approx(np.sqrt(agreement) if both else agreement, abs=0.005)
    assert right > agreement - 1e-9


def run(chapter: str, mark: str, **names: Any) -> dict[str, Any]:
    """Run the one cell of a chapter that holds these words, and give its names."""
    found = [
        cell.source
        for cell in nbformat.read(ROOT / "chapters" / f"{chapter}.ipynb", as_version=4).cells
        if cell.cell_type == "code" and mark in cell.source
    ]
    (code,) = found
    exec(compile(code, chapter, "exec"), names)
    return names


def test_gtzan_mini_is_poorer_in_artists_than_gtzan() -> None:
    found = run("01-data", "richer =", gl=gl, tracks=gl.load_corpus("gtzan-mini").tracks)
    single = found["in_mini"] == 1
    assert len(found["richer"]) == single.sum() > 0
    assert (found["in_all"][single] > 1).all()
    assert found["artists"].equals(found["in_mini"])


def test_the_strengths_of_two_sines_come_out_as_they_went_in() -> None:
    face = SimpleNamespace(show=lambda picture: None)
    found = run("03-features", "strength =", np=np, gl=face, sound=sound)
    assert found["strength"] == pytest.approx([0, 0, 1, 0, 0, 0.5, 0, 0, 0], abs=1e-9)


def test_genres_are_dealt_to_artists_with_all_of_their_tracks() -> None:
    rng = np.random.default_rng(1)
    tracks = pd.Index([f"{i:03d}" for i in range(60)], name="track_id")
    slices = pd.DataFrame({"track_id": np.repeat(tracks, 5)})
    names = np.array(
        [*"aaaaaaaaaabbbbbbbbbbcccccccccc", *[f"x{i}" for i in range(20)]] + [None] * 10
    )
    slices["artist"] = np.repeat(names, 5)
    genre = np.repeat(["jazz", "pop", "rock"], [10, 10, 40])
    values = pd.DataFrame(rng.normal(size=(60, 4)), tracks)
    values += pd.Series(names).map({"a": 3, "b": -3, "c": 1}).fillna(0).to_numpy()[:, None]
    found = run(
        "03-features", "to_artists =", np=np, pd=pd, gl=gl, seed=0, fast=True, slices=slices,
        per_track=values, track_genre=genre, eta_squared=gl.evaluation.eta_squared,
        eta=gl.evaluation.eta_squared(values, genre), book_name={}, sizes=pd.Series(dtype=int),
    )  # fmt: skip
    assert len(found["players"]) == 33
    for dealt in found["to_artists"]:
        by_artist = pd.Series(dealt).groupby(names[:50].tolist() + list(tracks[50:]))
        assert by_artist.nunique().max() == 1
        # Each artist keeps one genre of an artist: one was jazz, one pop, all others rock.
        assert sorted(by_artist.first().value_counts()) == [1, 1, 31]
    # Columns that tell artists apart look good by luck over artists, not over tracks.
    assert found["high_bar"] > found["bar"] + 0.1


def test_intervals_that_draw_slices_are_too_narrow() -> None:
    face = SimpleNamespace(show=lambda picture: None, book=gl.book)
    rng = np.random.default_rng(0)
    found = run("03-features", "marks =", np=np, pd=pd, gl=face, numbers=numbers, rng=rng)
    widths = found["middle"].diff().iloc[1]
    assert widths["tracks"] > 1.4 * widths["slices"]
    assert found["alike"].mean() == found["marks"].mean() / 5
    # All draws of five from five, each as likely as any other.
    every = np.stack(np.meshgrid(*[found["marks"]] * 5), axis=-1).reshape(-1, 5).mean(axis=1) / 5
    assert np.mean(found["drawn"]["tracks"]) == pytest.approx(every.mean(), abs=0.02)
    assert np.std(found["drawn"]["tracks"]) == pytest.approx(every.std(), abs=0.02)
