"""Tests of the artist effect: found where it was put, and nowhere else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier

from genrelib.evaluation import CONTROLS, artist_effect, cross_validate, recall_by_genre

EXAMS = [*CONTROLS, "artist"]


def music(artist: float, genre: float, per_artist: int = 4) -> tuple[np.ndarray, pd.DataFrame]:
    """Tracks whose numbers betray their artist and their genre, as much as is asked for."""
    rng = np.random.default_rng(0)
    rows, values = [], []
    for g in ("blues", "jazz", "pop"):
        home = genre * rng.normal(size=6)
        for a in range(12):
            own = home + artist * rng.normal(size=6)
            for t in range(per_artist):
                rows.append((f"{g}.{a}.{t}", g, f"{g}{a}"))
                values.append(own + 0.3 * rng.normal(size=6))
    table = pd.DataFrame(rows, columns=["track_id", "genre", "artist"]).assign(side=None)
    return np.array(values), table.set_index(table["track_id"] + ":0").rename_axis("slice_id")


def told(X: np.ndarray, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {exam: cross_validate(KNeighborsClassifier(1), X, rows, exam) for exam in EXAMS}


def test_an_artist_effect_is_found_where_artists_sound_like_themselves() -> None:
    effect = artist_effect(told(*music(artist=3, genre=0.3)))
    assert effect.at["artist effect", "low"] > 0.2
    assert abs(effect.at["numbers of tracks learned from", "value"]) < 0.1


def test_none_is_found_where_tracks_are_each_for_itself() -> None:
    effect = artist_effect(told(*music(artist=0, genre=0.4)))
    row = effect.loc["artist effect"]
    assert row["low"] < 0 < row["high"]
    assert (effect["n_tracks"] == 144).all()


def test_a_genre_that_loses_its_tracks_is_no_artist_effect() -> None:
    """One artist has nearly all tracks of a genre, and sounds like nobody in particular."""
    X, rows = music(artist=0, genre=0.5, per_artist=3)
    blues = rows["genre"] == "blues"
    rows.loc[blues, "artist"] = ["one"] * 33 + ["two", "three", "four"]
    effect = artist_effect(told(X, rows))
    assert effect.at["numbers of tracks learned from", "value"] > 0.05
    assert effect.at["numbers of tracks learned from", "value"] > (
        2 * abs(effect.at["artist effect", "value"])
    )


def test_the_parts_add_up() -> None:
    effect = artist_effect(told(*music(artist=1, genre=1)))["value"]
    assert effect["all of it"] == pytest.approx(effect.drop("all of it").sum())


def test_recall_counts_what_is_right_genre_by_genre() -> None:
    predictions = told(*music(artist=1, genre=1))
    table = recall_by_genre(predictions)
    for (genre, exam), row in table.iterrows():
        own = predictions[exam].query("genre == @genre")
        assert row["value"] == pytest.approx((own["predicted"] == genre).mean())
        assert row["n_tracks"] == 48
        assert row["n_units"] == (12 if exam == "artist" else 48)
    assert len(table) == 9


def test_corpora_without_artists_give_nothing() -> None:
    X, rows = music(1, 1)
    effect = artist_effect(told(X, rows.assign(artist=None)))
    assert effect["value"].isna().all()
