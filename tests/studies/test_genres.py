"""Tests of the experiments on more genres."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from genrelib.corpus import load_corpus
from genrelib.evaluation import cross_validate, data_curve, hits, score
from genrelib.features import HEARD, TAGS
from genrelib.models import make_model
from genrelib.studies import (
    NEW_TAGS,
    SHARED_TAGS,
    answer_by_tags,
    ask_fewer_genres,
    by_number_of_genres,
    doubling,
    family_tree,
    heard_tracks,
    sets_of_genres,
    tag_precision,
    tagged_tracks,
    tags_of_genres,
    told_apart,
)

MODEL = make_model("logistic", 0)


def made_up(names: str = "abcd", n: int = 24, spread: float = 1.0) -> tuple[pd.DataFrame, ...]:
    """Genres on a line, a step apart, of six artists each: neighbours sound alike."""
    rng = np.random.default_rng(0)
    genre = np.repeat(list(names), n)
    ids = [f"{g}.{k}" for k, g in enumerate(genre)]
    tracks = pd.DataFrame(
        {
            "track_id": ids,
            "genre": genre,
            "artist": [f"{g}{k % 6}" for k, g in enumerate(genre)],
            "side": None,
        },
        index=pd.Index([f"{name}:0" for name in ids], name="slice_id"),
    )
    place = np.array([names.index(g) for g in genre])[:, None] + np.zeros(2)
    return tracks, pd.DataFrame(place + rng.normal(0, spread, (len(genre), 2)), tracks.index)


@given(st.integers(2, 6), st.integers(1, 15), st.integers(0, 99))
def test_sets_are_all_different(size: int, draws: int, seed: int) -> None:
    names = list("abcdef")
    found = sets_of_genres(names, size, draws, np.random.default_rng(seed))
    possible = list(combinations(names, size))
    assert len(set(found)) == len(found) and set(found) <= set(possible)
    assert len(found) == (len(possible) if size == 2 else min(draws, len(possible)))


def test_all_genres_together_are_scored_as_ever() -> None:
    tracks, X = made_up()
    told = ask_fewer_genres(MODEL, X, tracks, sizes=[4])
    whole = cross_validate(MODEL, X, tracks, "artist")
    assert dict(zip(told["track_id"], told["predicted"], strict=True)) == dict(
        zip(whole["track_id"], whole["predicted"], strict=True)
    )
    row = by_number_of_genres(told).loc[("accuracy", 4)]
    assert row["value"] == pytest.approx(score(whole).loc[0, "value"])
    assert (row["sets"], row["chance"]) == (1, 1 / 4) and row["least"] == row["most"]


def test_no_artist_of_the_test_was_learned_from() -> None:
    seen = []

    class Spy:
        def get_params(self, deep: bool = True) -> dict[str, object]:
            return {}

        def fit(self, X, y):
            self.known = {tuple(row) for row in X}
            return self

        def predict(self, X):
            seen.append(len(self.known & {tuple(row) for row in X}))
            return np.array(["a"] * len(X))

    tracks, X = made_up("abc")
    artist = pd.factorize(tracks["artist"])[0].astype(float)
    ask_fewer_genres(Spy(), pd.DataFrame(artist, X.index), tracks)
    assert len(seen) == 4 * 5 and not any(seen)  # three pairs and one set of three, five folds


def test_pairs_are_told_apart_by_their_distance() -> None:
    tracks, X = made_up()
    pairs = told_apart(ask_fewer_genres(MODEL, X, tracks, sizes=[2]))
    assert set(pairs.index[:3]) == {("a", "b"), ("b", "c"), ("c", "d")}
    assert pairs.index[-1] == ("a", "d") and (pairs["n_tracks"] == 48).all()
    assert (pairs["low"] <= pairs["value"]).all() and (pairs["value"] <= pairs["high"]).all()


def test_both_genres_of_a_pair_weigh_the_same() -> None:
    """Nine tracks of one genre that are right, and one of another that is wrong, are chance."""
    told = pd.DataFrame(
        {
            "n_genres": 2,
            "genres": [("a", "b")] * 10,
            "track_id": range(10),
            "unit": list("0123456789"),
            "genre": ["a"] * 9 + ["b"],
            "predicted": "a",
        }
    )
    assert told_apart(told)["value"].tolist() == [0.5]


def test_the_tree_joins_what_is_told_apart_least() -> None:
    pairs = pd.DataFrame(
        {"value": [0.9, 0.6, 0.8]},
        pd.MultiIndex.from_tuples([("a", "b"), ("a", "c"), ("b", "c")]),
    )
    tree, genres = family_tree(pairs)
    assert genres == ["a", "b", "c"]
    assert tree[0, :3].tolist() == [0, 2, 0.6] and tree[1, 2] == pytest.approx(0.85)


def test_published_tracks_have_an_artist_and_one_row_each() -> None:
    tracks, odds = tagged_tracks()
    assert tracks["artist"].notna().all() and tracks["track_id"].is_unique
    assert odds.shape == (len(tracks), 50) and odds.index.equals(tracks.index)


def test_a_corpus_is_heard_by_track() -> None:
    music = load_corpus("gtzan-mini")
    tracks, odds = heard_tracks(music)
    assert tracks["track_id"].tolist() == music.tracks.index.tolist()
    assert list(odds.columns) == HEARD["tags"] and odds.index.equals(tracks.index)


# --- tags -------------------------------------------------------------------------------------


def test_tags_are_those_of_the_ear() -> None:
    assert set(SHARED_TAGS.values()) | set(NEW_TAGS) <= set(TAGS)
    assert not set(SHARED_TAGS.values()) & set(NEW_TAGS)


def tagged(genre: list[str], **high: list[float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tracks by as many artists, whose log-odds are low but for some tags."""
    ids = [f"t{k}" for k in range(len(genre))]
    index = pd.Index([f"{name}:0" for name in ids], name="slice_id")
    tracks = pd.DataFrame({"track_id": ids, "genre": genre, "artist": ids, "side": None}, index)
    odds = pd.DataFrame(-9.0, index, HEARD["tags"])
    for tag, values in high.items():
        odds[tag] = values
    return tracks, odds


def test_precision_is_one_where_a_tag_puts_its_genre_first() -> None:
    tracks, odds = tagged(
        ["jazz", "jazz", "rock", "rock"], tag_jazz=[3, 2, 1, 0], tag_rock=[3, 0, 1, 2]
    )
    found = tag_precision(odds, tracks, {"jazz": "jazz", "rock": "rock", "pop": "pop"})
    assert found.index.tolist() == ["jazz", "rock"], "there is no track of pop"
    assert found.at["jazz", "value"] == 1 and found.at["jazz", "chance"] == 0.5
    # Order by "rock": jazz, rock, rock, jazz: precision 1/2 and 2/3 at the two.
    assert found.at["rock", "value"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert found["n_tracks"].tolist() == [2, 2]


def test_the_answer_is_the_genre_of_the_likeliest_tag() -> None:
    tracks, odds = tagged(
        ["jazz", "hiphop", "classical"], tag_jazz=[3, 1, 2], tag_hip_hop=[0, 2, 0]
    )
    told = answer_by_tags(odds, tracks)
    assert told["predicted"].tolist() == ["jazz", "hiphop"], "classical has no tag"
    assert score(told).loc[0, "value"] == 1
    shares = told[[c for c in told if str(c).startswith("p_")]]
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_new_tags_count_where_they_are_among_the_first_five() -> None:
    tracks, odds = tagged(["jazz", "jazz"], tag_funk=[3, -20], tag_jazz=[4, 4], tag_sad=[5, 5],
                          tag_pop=[6, 6], tag_happy=[7, 7], tag_rock=[8, 8])  # fmt: skip
    shares = tags_of_genres(odds, tracks)
    assert shares.index.tolist() == list(NEW_TAGS)
    assert shares["jazz"].max() == 0, "funk is the sixth"
    tracks, odds = tagged(["jazz", "jazz"], tag_funk=[3, -20])
    assert tags_of_genres(odds, tracks).at["funk", "jazz"] == 0.5


# --- how many tracks --------------------------------------------------------------------------


def test_doubling_compares_the_same_tracks() -> None:
    right = pd.DataFrame({1: [0.0, 0.5], 2: [0.5, 0.5], 3: [1.0, 1.0], 4: [1.0, 1.0]})
    found = doubling(right, ["x", "y"])
    assert found.index.tolist() == [1, 2] and found["to"].tolist() == [2, 4]
    assert found["value"].tolist() == [0.25, 0.5]
    assert doubling(right[[3]], ["x", "y"]).empty


def test_a_curve_can_hold_artists_out() -> None:
    tracks, X = made_up(n=12, spread=0.3)
    tracks.loc[tracks["genre"] == "d", "artist"] = "one"  # whom no protocol can hold out
    by_artist = data_curve(MODEL, X, tracks, [2, 4], draws=1, protocol="artist")
    assert set(tracks.loc[by_artist.index, "genre"]) == {"a", "b", "c"}
    assert len(data_curve(MODEL, X, tracks, [2], draws=1)) == len(tracks)


def test_hits_of_the_model_lie_above_chance_on_published_tags() -> None:
    tracks, odds = tagged_tracks()
    assert hits(cross_validate(MODEL, odds, tracks, "artist")).mean() > 0.7
