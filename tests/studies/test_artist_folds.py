"""Tests of the artist question: on tracks of GTZAN with made-up features."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genrelib.corpus import gtzan_annotations
from genrelib.evaluation import CONTROLS, gap
from genrelib.models import make_model
from genrelib.studies import artist_folds as artists


@pytest.fixture(scope="module")
def made_up() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tracks of many artists of two genres; features know the artist, not the genre."""
    known = gtzan_annotations()[["genre", "artist", "side", "artist_fold"]]
    known = known[known["genre"].isin(["disco", "rock"]) & known["artist"].notna()]
    number = known.groupby("artist").cumcount()
    tracks = known[(number < 4) & known["artist_fold"].notna()]
    parts = [
        tracks.reset_index().assign(slice_id=[f"{t}:{i}" for t in tracks.index]) for i in range(2)
    ]
    slices = pd.concat(parts, ignore_index=True).set_index("slice_id")
    rng = np.random.default_rng(0)
    place = {name: rng.normal(size=3) for name in sorted(set(slices["artist"]))}
    X = np.array([place[name] for name in slices["artist"]]) + rng.normal(
        0, 0.01, (len(slices), 3)
    )
    return pd.DataFrame(X, slices.index), slices


@pytest.fixture(scope="module")
def taken(made_up: tuple[pd.DataFrame, pd.DataFrame]) -> dict[str, dict[str, pd.DataFrame]]:
    test = artists.take_artist_test(make_model("knn"), *made_up, model="k-NN", jobs=1)
    return {"k-NN": test}


def test_the_published_folds_test_every_track_once(
    made_up: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    X, slices = made_up
    told = artists.predict_published_folds(make_model("knn"), X, slices, model="k-NN")
    assert sorted(told["slice_id"]) == sorted(slices.index)
    fold = gtzan_annotations()["artist_fold"].dropna().astype(int)
    assert (told["fold"].to_numpy() == fold[told["track_id"]].to_numpy()).all()
    assert set(told["protocol"]) == {"published folds"}
    assert (told["unit"].to_numpy() == slices.loc[told["slice_id"], "artist"].to_numpy()).all()


def test_tracks_in_no_fold_take_no_part(made_up: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    X, slices = made_up
    strange = slices.assign(track_id=[f"private_{i}" for i in range(len(slices))])
    both = pd.concat([slices, strange.rename(index=lambda name: f"private {name}")])
    twice = pd.concat([X, X]).set_axis(both.index)  # whose nearest neighbour would be itself
    alone = artists.predict_published_folds(make_model("knn"), X, slices)
    beside = artists.predict_published_folds(make_model("knn"), twice, both)
    pd.testing.assert_frame_equal(alone, beside)


def test_cleared_folds_learn_from_no_artist_who_is_tested() -> None:
    fold = gtzan_annotations()["artist_fold"].dropna()
    of = {n: list(fold.index[fold == n]) for n in ("1", "2", "3")}
    # One artist of disco with a track in the first fold and one in the second: torn.
    names = [of["1"][0], of["2"][0], of["2"][1], of["3"][0], of["1"][1], of["3"][1]]
    slices = pd.DataFrame(
        {
            "track_id": np.array(names, object),
            "genre": ["disco", "disco", "rock", "rock", "rock", "disco"],
            "artist": np.array(["torn", "torn", "a", "b", "c", "d"], object),
        },
        index=pd.Index(names, name="slice_id"),
    )
    assert artists.artists_in_several_folds(slices) == (1, 5)
    # Both tracks of the torn artist are alike; without each other they are nearest to rock.
    X = pd.DataFrame({"x": [0.0, 0.0, 1.0, 1.0, 1.0, 9.0]}, slices.index)
    right = {}
    for cleared in (False, True):
        told = artists.predict_published_folds(make_model("knn"), X, slices, cleared=cleared)
        right[cleared] = told.set_index("slice_id")["predicted"]
    assert right[False][names[:2]].tolist() == ["disco", "disco"]
    assert right[True][names[:2]].tolist() == ["rock", "rock"]


def test_the_artist_effect_is_found_where_only_the_artist_is_heard(
    taken: dict[str, dict[str, pd.DataFrame]],
) -> None:
    scores = artists.artist_scores(taken)
    assert scores["protocol"].tolist() == list(artists.ARTIST_TEST)
    assert list(scores) == ["model", "protocol", "value", "low", "high", "n_tracks"]
    effects = artists.artist_effects(taken)
    assert list(effects) == ["model", "step", "value", "low", "high", "n_tracks"]
    found = effects.set_index("step").loc["artist effect"]
    assert found["low"] > 0
    value = scores.set_index("protocol")["value"]
    assert found["value"] == pytest.approx(value["track-thinned"] - value["artist"])
    others = artists.artist_scores(taken, artists.PUBLISHED_FOLDS)
    assert others["protocol"].tolist() == list(artists.PUBLISHED_FOLDS)


def test_the_effect_of_a_genre_is_the_difference_of_its_shares(
    taken: dict[str, dict[str, pd.DataFrame]],
) -> None:
    rows = artists.artist_by_genre(taken)
    assert set(rows["protocol"]) == {*CONTROLS, "artist", "artist effect"}
    value = rows.set_index(["genre", "protocol"])["value"]
    for genre in ("disco", "rock"):
        expected = value[genre, "track-thinned"] - value[genre, "artist"]
        assert value[genre, "artist effect"] == pytest.approx(expected)
    names = taken["k-NN"]["artist"].groupby("genre")["unit"].nunique()
    counted = rows.groupby("genre")["n_artists"].unique()
    assert {g: list(n) for g, n in counted.items()} == {g: [names[g]] for g in names.index}


def test_a_step_is_measured_on_the_tracks_of_both_its_sides(
    taken: dict[str, dict[str, pd.DataFrame]],
) -> None:
    some = taken["k-NN"]["artist"]
    some = some[some["track_id"].isin(sorted(set(some["track_id"]))[:40])]
    tables = {"k-NN": {"track": taken["k-NN"]["track"], "artist": some}}
    (row,) = artists.steps_down(tables, ["track", "artist"]).to_dict("records")
    assert row["step"] == "track to artist" and row["n_tracks"] == 40
    assert row["value"] == gap(tables["k-NN"]["track"], some)["value"]
