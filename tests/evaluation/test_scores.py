"""Scores, intervals and gaps: from the table of predictions, and from nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from genrelib.evaluation import (
    METRICS,
    by_track,
    confusion,
    gap,
    gaps,
    hits,
    mean_with_interval,
    score,
    with_interval,
)

seeds = st.integers(0, 99)


GENRES = ["blues", "jazz", "pop", "rock"]


def make_predictions(
    seed: int, n_tracks: int = 12, per_track: int = 4, tested: int = 3, skill: float = 0.0
) -> pd.DataFrame:
    """Random probabilities; true genres are the first `tested` of four."""
    rng = np.random.default_rng(seed)
    genre = np.array(GENRES)[np.arange(n_tracks) % tested]
    n = n_tracks * per_track
    p = rng.dirichlet(np.ones(len(GENRES)), n)
    truth = np.repeat(genre, per_track)
    p += skill * (truth[:, None] == np.array(GENRES))
    p /= p.sum(axis=1, keepdims=True)
    tracks = np.repeat([f"t{i:03d}" for i in range(n_tracks)], per_track)
    table = pd.DataFrame(
        {
            "slice_id": [f"{t}:{i % per_track}" for i, t in enumerate(tracks)],
            "track_id": tracks,
            "genre": truth,
            "predicted": np.array(GENRES)[p.argmax(axis=1)],
            "fold": 0,
            "protocol": "track",
            "model": "chance",
        }
    )
    return pd.concat([table, pd.DataFrame(p, columns=[f"p_{g}" for g in GENRES])], axis=1)


def sklearn_scores(truth: pd.Series, predicted: pd.Series) -> dict[str, float]:
    labels = sorted(truth.unique())
    macro = {"labels": labels, "average": "macro", "zero_division": 0}
    return {
        "accuracy": accuracy_score(truth, predicted),
        "precision": precision_score(truth, predicted, **macro),
        "recall": recall_score(truth, predicted, **macro),
        "f1": f1_score(truth, predicted, **macro),
    }


@settings(deadline=None, max_examples=40)
@given(seeds, st.integers(3, 20), st.integers(1, 5), st.integers(1, 4), st.floats(0, 1))
def test_scores_are_those_of_scikit_learn(
    seed: int, n_tracks: int, per_track: int, tested: int, skill: float
) -> None:
    table = make_predictions(seed, n_tracks, per_track, tested, skill)
    scores = score(table, n_boot=5).set_index(["level", "metric"])
    tracks = by_track(table)
    for level, rows in (("slice", table), ("track", tracks)):
        expected = sklearn_scores(rows["genre"], rows["predicted"])
        for metric in METRICS:
            assert scores.loc[(level, metric), "value"] == pytest.approx(expected[metric])
    assert (scores["n_tracks"] == n_tracks).all()
    assert (scores["n_genres"] == min(tested, n_tracks)).all()


def test_a_track_is_decided_by_the_mean_of_its_slices() -> None:
    table = make_predictions(0, n_tracks=3, per_track=2, tested=1)
    table[[f"p_{g}" for g in GENRES]] = 0.0
    # One slice is sure of jazz, one leans to blues: the mean says jazz.
    table.loc[[0, 1], ["p_blues", "p_jazz"]] = [[0.1, 0.9], [0.6, 0.4]]
    tracks = by_track(table)
    assert tracks.loc["t000", "predicted"] == "jazz"
    assert tracks.loc["t000", "p_jazz"] == pytest.approx(0.65)
    assert tracks.loc["t000", "genre"] == "blues"


@pytest.mark.parametrize("skill", [0.0, 0.3])
def test_intervals_lie_around_the_value(skill: float) -> None:
    inside = []
    for seed in range(10):
        scores = score(make_predictions(seed, 40, 5, skill=skill), n_boot=300)
        assert (scores["low"] <= scores["high"]).all()
        assert scores[["low", "high"]].apply(lambda ends: ends.between(0, 1)).all(axis=None)
        inside += (scores["low"] <= scores["value"]).tolist()
        inside += (scores["value"] <= scores["high"]).tolist()
    assert np.mean(inside) > 0.97


def test_perfect_predictions_leave_the_doubt_of_their_number() -> None:
    lows = []
    for n_tracks in (1, 3, 12, 100, 1000):
        scores = score(make_predictions(1, n_tracks, tested=1, skill=50.0))
        assert (scores[["value", "high"]] == 1).all(axis=None)
        assert scores["low"].nunique() == 1
        lows.append(scores["low"].iloc[0])
    assert lows[0] == 0
    assert 0 <= lows[1] < 0.3 < lows[2] < 0.8 < lows[3] < 0.97 < lows[4] < 1
    assert lows == sorted(lows)


@pytest.mark.parametrize("n", [5, 20, 80])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.6, 1.0])
def test_independent_units_get_the_interval_of_agresti_and_coull(n: int, share: float) -> None:
    right = np.arange(n) < share * n
    z = stats.t.ppf(0.975, n - 1)
    middle = (right.sum() + 2) / (n + 4)
    reach = z * np.sqrt(middle * (1 - middle) / (n + 4))
    table = pd.DataFrame({"right": right.astype(float)})
    found = mean_with_interval(table, np.arange(n), n_boot=20_000).iloc[0]
    # Theirs has the spread of n, and ours that of a sample, n - 1.
    assert found["low"] == pytest.approx(max(0, middle - reach), abs=0.3 / n)
    assert found["high"] == pytest.approx(min(1, middle + reach), abs=0.3 / n)
    assert found["low"] <= middle - reach + 0.01 or found["low"] == 0
    assert found["low"] <= found["value"] == share <= found["high"]
    assert found["high"] - found["low"] > 1 / n


def by_artist(table: pd.DataFrame, each: int) -> pd.DataFrame:
    """Let some tracks in a row be of one artist, who is held out."""
    number = table["track_id"].str[1:].astype(int) // each
    return table.assign(unit="artist " + number.astype(str).str.zfill(3), protocol="artist")


def test_intervals_draw_what_was_held_out() -> None:
    one = make_predictions(2, n_tracks=40, per_track=1, tested=1, skill=0.3)
    # Ten tracks of one artist that are all alike tell no more than one of them.
    tracks = one.loc[one.index.repeat(10)].reset_index(drop=True)
    tracks["track_id"] = [f"t{i:03d}" for i in range(len(tracks))]
    artists = by_artist(tracks, 10)
    ends = ["value", "low", "high"]
    pd.testing.assert_frame_equal(score(artists)[ends], score(one)[ends])
    assert (score(artists)["n_tracks"] == 400).all()
    wide, narrow = (score(t)["high"] - score(t)["low"] for t in (artists, tracks))
    assert (wide > 2 * narrow).all()

    def right(table: pd.DataFrame) -> float:
        return float((table["genre"] == table["predicted"]).mean())

    wide, narrow = (with_interval(right, t) for t in (artists, tracks))
    assert wide["high"] - wide["low"] > 2 * (narrow["high"] - narrow["low"])


def test_a_gap_draws_the_units_of_the_stricter_protocol() -> None:
    tracks, other = make_predictions(5, 40, skill=0.3), make_predictions(6, 40, skill=0.3)
    artists = by_artist(other, 4)
    found = gap(tracks, artists)
    assert found == gap(by_artist(tracks, 4), artists)
    assert found["n_tracks"] == 40
    assert found["value"] == -gap(artists, tracks)["value"] == gap(tracks, other)["value"]
    assert (found["low"], found["high"]) != (gap(tracks, other)["low"], gap(tracks, other)["high"])


def test_slices_of_a_track_count_once() -> None:
    few = make_predictions(2, n_tracks=40, per_track=1, skill=0.3)
    # The same track ten times over tells nothing new: the interval must not shrink.
    many = few.loc[few.index.repeat(10)].reset_index(drop=True)
    narrow = score(few).set_index(["level", "metric"])
    wide = score(many).set_index(["level", "metric"])
    pd.testing.assert_frame_equal(narrow, wide)
    # If slices were taken for independent, it would.
    alone = score(many.assign(track_id=[f"s{i}" for i in range(len(many))]))
    alone = alone.set_index(["level", "metric"])
    width = (wide["high"] - wide["low"]) / (alone["high"] - alone["low"])
    assert (width > 2).all()


def test_scores_depend_on_the_seed_alone() -> None:
    table = make_predictions(3)
    pd.testing.assert_frame_equal(score(table, seed=1), score(table, seed=1))
    pd.testing.assert_frame_equal(score(table), score(table.sample(frac=1, random_state=0)))
    first, other = score(table, seed=1), score(table, seed=2)
    assert (first["value"] == other["value"]).all()
    assert (first["low"] != other["low"]).any()


def test_a_mean_has_the_interval_of_the_score() -> None:
    table = make_predictions(4, n_tracks=30, skill=0.3).sample(frac=1, random_state=0)
    right = (table["genre"] == table["predicted"]).to_frame("right").astype(float)
    mean = mean_with_interval(right.assign(wrong=1 - right["right"]), table["track_id"], seed=7)
    expected = score(table, seed=7).iloc[0]
    assert mean.loc["right"].tolist() == pytest.approx(expected[["value", "low", "high"]].tolist())
    ends = (1 - mean.loc["right", ["value", "high", "low"]]).tolist()
    assert mean.loc["wrong"].tolist() == pytest.approx(ends)


@pytest.mark.parametrize("column", ["model", "protocol"])
def test_one_model_and_protocol_at_a_time(column: str) -> None:
    table = make_predictions(3)
    both = pd.concat([table, table.assign(**{column: "other"})])
    for function in (score, confusion):
        with pytest.raises(ValueError, match=f"one {column} at a time"):
            function(both)
    with pytest.raises(ValueError, match=f"one {column} at a time"):
        gap(table, both)


def test_gap_of_a_table_to_itself_is_nothing() -> None:
    table = make_predictions(4)
    for level in ("slice", "track"):
        result = gap(table, table, level=level)
        assert (result["value"], result["n_tracks"]) == (0, 12)
        # Twelve tracks without a difference: the next may have one.
        assert result["low"] == pytest.approx(-result["high"])
        assert 0 < result["high"] < 0.2


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("level", ["slice", "track"])
def test_gap_is_the_difference_of_scores(level: str, metric: str) -> None:
    good, bad = make_predictions(5, 30, skill=0.6), make_predictions(6, 30)
    scores = [
        score(table).set_index(["level", "metric"]).loc[(level, metric), "value"]
        for table in (good, bad)
    ]
    there, back = (
        gap(good, bad, level=level, metric=metric),
        gap(bad, good, level=level, metric=metric),
    )
    assert there["value"] == pytest.approx(scores[0] - scores[1])
    assert there["low"] > 0
    assert back["value"] == pytest.approx(-there["value"])
    assert back["high"] < 0
    assert there["low"] <= there["value"] <= there["high"]


def test_gap_rests_on_the_tracks_that_both_tested() -> None:
    a, b = make_predictions(7, 20, tested=4), make_predictions(8, 20, tested=4)
    common = a["track_id"].unique()[5:15]
    part = b[b["track_id"].isin(common)].sample(frac=1, random_state=0)
    result = gap(a, part)
    assert result["n_tracks"] == 10
    assert result == gap(a[a["track_id"].isin(common)], part)
    with pytest.raises(ValueError, match="no track in common"):
        gap(a[a["track_id"] == common[0]], part[part["track_id"] == common[1]])


def test_several_gaps_are_those_of_each_pair_and_missing_where_nothing_was_tested() -> None:
    a, b = make_predictions(7, 20), make_predictions(8, 20, skill=0.5)
    table = gaps({("x", "track"): (a, b), ("x", "artist"): (a.iloc[:0], b)}, level="track", seed=3)
    assert table.loc[("x", "track")].to_dict() == gap(a, b, level="track", seed=3)
    assert table.loc[("x", "artist")].isna().all()


def test_paired_gap_is_narrower_than_the_intervals_it_compares() -> None:
    rng = np.random.default_rng(0)
    a = make_predictions(9, 60, skill=0.3)
    b = a.copy()
    b.loc[rng.random(len(b)) < 0.1, "predicted"] = "rock"
    result = gap(a, b)
    interval = score(a).iloc[0]
    assert result["high"] - result["low"] < interval["high"] - interval["low"]


def test_unknown_levels_are_refused() -> None:
    table = make_predictions(3)
    with pytest.raises(ValueError, match="no level 'song'"):
        gap(table, table, level="song")


@settings(deadline=None, max_examples=20)
@given(seeds)
def test_confusion_counts_every_prediction(seed: int) -> None:
    table = make_predictions(seed)
    counts = confusion(table)
    assert counts.to_numpy().sum() == len(table)
    assert counts.columns.tolist() == GENRES
    hits = sum(counts.loc[g, g] for g in counts.index)
    assert hits / len(table) == pytest.approx(score(table, n_boot=2)["value"].iloc[0])
    assert confusion(table, "track").to_numpy().sum() == table["track_id"].nunique()


def test_any_measure_gets_an_interval_that_resamples_tracks() -> None:
    table = pd.DataFrame(
        {"track_id": np.repeat([f"t{i}" for i in range(8)], 5), "right": np.repeat([0, 1], 20)}
    )
    found = with_interval(lambda t: t["right"].mean(), table, n_boot=2000)
    expected = mean_with_interval(table[["right"]], table["track_id"], n_boot=2000).iloc[0]
    assert found["value"] == expected["value"] == 0.5
    # Eight tracks that are all right or all wrong: steps of an eighth.
    assert abs(found["low"] - expected["low"]) <= 1 / 8
    assert abs(found["high"] - expected["high"]) <= 1 / 8
    assert found["low"] < 0.3
    slices = with_interval(lambda t: t["right"].mean(), table.assign(track_id=range(40)))
    assert slices["high"] - slices["low"] < found["high"] - found["low"]


def test_hits_are_told_by_slice() -> None:
    table = pd.DataFrame(
        {"slice_id": ["a:0", "a:1"], "genre": ["jazz", "jazz"], "predicted": ["rock", "jazz"]}
    )
    assert hits(table).to_dict() == {"a:0": 0.0, "a:1": 1.0}
