"""Tests of the protocols: who is on which side of a split, and what the scores are."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info, threadpool_limits

from genrelib.corpus.tracks import load_corpus
from genrelib.evaluation.protocols import (
    METRICS,
    PROTOCOLS,
    by_track,
    confusion,
    cross_validate,
    gap,
    mean_with_interval,
    plan,
    score,
    with_interval,
)
from genrelib.features.slicing import slice_tracks

FEW = settings(deadline=None, max_examples=60)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Small tables make scikit-learn warn about genres with fewer groups than folds."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        yield


def make_slices(tracks: list[tuple[str, str | None, str | None]], per_track: int) -> pd.DataFrame:
    """Lay out slices of tracks that are given as (genre, artist, side)."""
    rows = [
        (f"t{i:03d}:{k}", f"t{i:03d}", genre, artist, side, 6.0 * k, 6.0 * k + 6)
        for i, (genre, artist, side) in enumerate(tracks)
        for k in range(per_track)
    ]
    columns = ["slice_id", "track_id", "genre", "artist", "side", "start", "end"]
    table = pd.DataFrame(rows, columns=columns).set_index("slice_id")
    return table.astype({"artist": object, "side": object})


track = st.tuples(
    st.sampled_from(["blues", "jazz", "pop"]),
    st.sampled_from([None, "A", "B", "C", "D", "E", "F", "G"]),
    st.sampled_from([None, "train", "valid", "test"]),
)
tables = st.builds(
    make_slices, st.lists(track, min_size=4, max_size=25), st.integers(1, 5)
).filter(lambda slices: slices["genre"].nunique() > 1)
seeds = st.integers(0, 99)


# --- folds -----------------------------------------------------------------------------------


@FEW
@given(tables, seeds, st.sampled_from(list(PROTOCOLS)), st.integers(2, 6))
def test_nothing_is_tested_twice_or_on_itself(
    slices: pd.DataFrame, seed: int, protocol: str, n_splits: int
) -> None:
    layout = plan(slices, protocol, n_splits=n_splits, seed=seed)
    tested = np.concatenate([test for _, test in layout.splits] or [np.empty(0, int)])
    assert len(set(tested)) == len(tested)
    for train, test in layout.splits:
        assert len(train) and len(test)
        assert not set(train) & set(test)
        assert len(set(train)) == len(train)
    assert not set(slices["genre"].iloc[tested]) & set(layout.not_tested)
    assert set(layout.not_tested) <= set(slices["genre"])


@FEW
@given(tables, seeds)
def test_random_slice_tests_every_slice(slices: pd.DataFrame, seed: int) -> None:
    layout = plan(slices, "random-slice", seed=seed)
    tested = np.concatenate([test for _, test in layout.splits])
    assert sorted(tested) == list(range(len(slices)))
    assert layout.not_tested == {}


@FEW
@given(tables, seeds)
def test_track_keeps_siblings_together(slices: pd.DataFrame, seed: int) -> None:
    layout = plan(slices, "track", seed=seed)
    for train, test in layout.splits:
        assert not set(slices["track_id"].iloc[train]) & set(slices["track_id"].iloc[test])
    tracks = slices.groupby("genre")["track_id"].nunique()
    assert layout.not_tested == dict.fromkeys(tracks.index[tracks == 1], "one track only")
    tested = {i for _, test in layout.splits for i in test}
    expected = ~slices["genre"].isin(layout.not_tested).to_numpy()
    assert tested == set(np.flatnonzero(expected))


@FEW
@given(tables, seeds)
def test_artist_keeps_artists_together(slices: pd.DataFrame, seed: int) -> None:
    layout = plan(slices, "artist", seed=seed)
    artists = slices["artist"]
    for train, test in layout.splits:
        assert not set(artists.iloc[train]) & set(artists.iloc[test])
        # Unknown artists might be anybody's.
        assert artists.iloc[train].notna().all()
        assert artists.iloc[test].notna().all()
    counts = artists.groupby(slices["genre"]).nunique()
    reasons = {0: "no artist is known", 1: "one artist only"}
    expected_reasons = {g: reasons[n] for g, n in counts.items() if n < 2}
    if (counts > 0).sum() < 2:
        alone = dict.fromkeys(counts.index, "no second genre has a known artist")
        expected_reasons = alone | expected_reasons
    assert layout.not_tested == expected_reasons
    tested = {i for _, test in layout.splits for i in test}
    expected = artists.notna() & ~slices["genre"].isin(layout.not_tested)
    assert tested == set(np.flatnonzero(expected))


@FEW
@given(tables, seeds)
def test_fault_filtered_uses_its_sides(slices: pd.DataFrame, seed: int) -> None:
    layout = plan(slices, "fault-filtered", seed=seed)
    assert len(layout.splits) <= 1
    for train, test in layout.splits:
        assert set(train) == set(np.flatnonzero(slices["side"].isin(["train", "valid"])))
        assert set(slices["side"].iloc[test]) == {"test"}
        # What is tested could be learned.
        assert set(slices["genre"].iloc[test]) <= set(slices["genre"].iloc[train])


@FEW
@given(tables, seeds, st.sampled_from(["track", "artist"]))
def test_what_a_fold_tests_it_could_learn(slices: pd.DataFrame, seed: int, protocol: str) -> None:
    # An artist who plays in several genres can leave no choice, so each has one genre here.
    own = [a and f"{g}/{a}" for g, a in zip(slices["genre"], slices["artist"], strict=True)]
    slices = slices.assign(artist=pd.Series(own, slices.index, dtype=object))
    for train, test in plan(slices, protocol, seed=seed).splits:
        assert set(slices["genre"].iloc[test]) <= set(slices["genre"].iloc[train])


def test_an_artist_of_two_genres_is_on_one_side_in_both() -> None:
    tracks = [("jazz", "A", None), ("pop", "A", None), ("jazz", "B", None), ("pop", "C", None)]
    slices = make_slices([*tracks, ("blues", "A", None)], 3)
    layout = plan(slices, "artist")
    assert layout.not_tested == {"blues": "one artist only"}
    for train, test in layout.splits:
        sides = [set(slices["artist"].iloc[side]) for side in (train, test)]
        assert not sides[0] & sides[1]


def test_folds_depend_on_the_seed_alone() -> None:
    slices = make_slices([(g, a, None) for g in ("jazz", "pop") for a in "ABCDEFGH"], 3)
    for protocol in ("random-slice", "track", "artist"):
        first, again, other = (
            [test.tolist() for _, test in plan(slices, protocol, seed=seed).splits]
            for seed in (0, 0, 1)
        )
        assert first == again
        assert first != other


def test_random_slices_have_siblings_on_the_other_side() -> None:
    slices = make_slices([(g, None, None) for g in ("jazz", "pop") for _ in range(20)], 5)
    for train, test in plan(slices, "random-slice").splits:
        both = set(slices["track_id"].iloc[train]) & set(slices["track_id"].iloc[test])
        assert len(both) > 10


def test_folds_of_tracks_are_stratified() -> None:
    slices = make_slices([(g, None, None) for g in ("jazz", "pop") for _ in range(10)], 5)
    for _, test in plan(slices, "track").splits:
        assert slices["genre"].iloc[test].value_counts().tolist() == [10, 10]


def test_gtzan_mini_cannot_test_genres_of_one_artist() -> None:
    slices = slice_tracks(load_corpus("gtzan-mini").tracks)
    layout = plan(slices, "artist")
    for genre in ("blues", "classical", "reggae", "rock"):
        assert layout.not_tested[genre] == "one artist only"
    assert plan(slices, "track").not_tested == {}


@pytest.mark.parametrize("protocol", ["artist", "fault-filtered"])
def test_a_corpus_without_artists_and_sides_gives_an_empty_table(protocol: str) -> None:
    slices = make_slices([(g, None, None) for g in ("jazz", "pop") for _ in range(4)], 2)
    X = np.zeros((len(slices), 1))
    predictions = cross_validate(DummyClassifier(), X, slices, protocol)
    assert len(predictions) == 0
    assert set(predictions.attrs["not_tested"]) == {"jazz", "pop"}
    with pytest.raises(ValueError, match=r"no prediction to score.*jazz"):
        score(predictions)
    with pytest.raises(ValueError, match=r"no track in common|no prediction"):
        gap(predictions, predictions)
    with pytest.raises(ValueError, match="no prediction"):
        confusion(predictions)


def test_wrong_names_and_tables_are_refused() -> None:
    slices = make_slices([(g, None, None) for g in ("jazz", "pop") for _ in range(4)], 2)
    X = np.zeros((len(slices), 1))
    with pytest.raises(ValueError, match=r"no protocol 'random'.*random-slice"):
        plan(slices, "random")
    with pytest.raises(ValueError, match="two genres"):
        plan(slices[slices["genre"] == "pop"], "track")
    with pytest.raises(ValueError, match="must align"):
        cross_validate(DummyClassifier(), X[1:], slices, "track")


def test_values_that_are_not_finite_are_refused_with_their_slices() -> None:
    slices = make_slices([(g, None, None) for g in ("jazz", "pop") for _ in range(4)], 2)
    X = np.zeros((len(slices), 3, 2))
    X[5, 1, 0], X[6, 0, 0] = np.nan, np.inf
    with pytest.raises(ValueError, match=r"t002:1, t003:0"):
        cross_validate(DummyClassifier(), X.reshape(len(X), -1), slices, "track")
    with pytest.raises(ValueError, match=r"t002:1, t003:0"):
        cross_validate(DummyClassifier(), X, slices, "track")
    table = pd.DataFrame(X[:, :, 0], index=slices.index)
    with pytest.raises(ValueError, match=r"t002:1, t003:0"):
        cross_validate(DummyClassifier(), table, slices, "track")


def test_rows_in_another_order_are_refused() -> None:
    slices = make_slices([(g, None, None) for g in ("jazz", "pop") for _ in range(4)], 2)
    X = pd.DataFrame({"x": range(len(slices))}, index=slices.index)
    with pytest.raises(ValueError, match="must align"):
        cross_validate(DummyClassifier(), X.iloc[::-1], slices, "track")


# --- predictions -----------------------------------------------------------------------------


class Spy(ClassifierMixin, BaseEstimator):
    """Guesses, and writes down what it was shown."""

    def __init__(self, notes: list | None = None) -> None:
        self.notes = notes

    def __sklearn_clone__(self) -> Spy:
        return Spy(self.notes)  # one notebook for all clones

    def fit(self, X: np.ndarray, y: np.ndarray) -> Spy:
        self.classes_ = np.unique(y)
        self.seen_ = (X, y)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        self.notes.append((*self.seen_, X))
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def example(per_track: int = 3) -> tuple[np.ndarray, pd.DataFrame]:
    """Two genres that can be told apart, three columns of numbers."""
    genres = ("jazz", "pop")
    tracks = [(g, f"{g}{a}", None) for g in genres for a in range(6)]
    slices = make_slices(tracks, per_track)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(len(slices), 3)) + 2.0 * (slices["genre"] == "pop").to_numpy()[:, None]
    return X, slices


@pytest.mark.parametrize("protocol", ["random-slice", "track", "artist"])
def test_an_estimator_sees_the_rows_and_labels_of_its_training_side(protocol: str) -> None:
    X, slices = example()
    notes: list = []
    cross_validate(Spy(notes), X, slices, protocol, seed=3)
    layout = plan(slices, protocol, seed=3)
    assert len(notes) == len(layout.splits)
    for (seen, labels, asked), (train, test) in zip(notes, layout.splits, strict=True):
        np.testing.assert_array_equal(seen, X[train])
        np.testing.assert_array_equal(labels, slices["genre"].iloc[train])
        np.testing.assert_array_equal(asked, X[test])


def test_scaling_happens_inside_the_fold() -> None:
    X, slices = example()
    notes: list = []
    cross_validate(make_pipeline(StandardScaler(), Spy(notes)), X, slices, "track")
    for seen, _, asked in notes:
        np.testing.assert_allclose(seen.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(seen.std(axis=0), 1)
        assert np.abs(asked.mean(axis=0)).max() > 1e-3


def openmp_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"}


class Threads(Spy):
    """Writes down how many threads OpenMP may use."""

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        self.notes.append(openmp_threads())
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def __sklearn_clone__(self) -> Threads:
        return Threads(self.notes)


def test_a_fold_runs_on_one_thread() -> None:
    X, slices = example()
    notes: list = []
    with threadpool_limits(2, user_api="openmp"):
        cross_validate(Threads(notes), X, slices, "track")
        assert openmp_threads() == {2}
    assert notes == [{1}] * 5


def test_the_estimator_given_stays_untrained() -> None:
    X, slices = example()
    model = KNeighborsClassifier(3)
    cross_validate(model, X, slices, "track")
    assert not hasattr(model, "classes_")


@pytest.mark.parametrize("jobs", [1, 2])
def test_predictions_table(jobs: int) -> None:
    X, slices = example()
    frame = pd.DataFrame(X, index=slices.index)
    table = cross_validate(
        KNeighborsClassifier(3), frame, slices, "track", model="neighbours", jobs=jobs
    )
    names = ["slice_id", "track_id", "genre", "predicted", "fold", "protocol", "model"]
    assert table.columns.tolist() == [*names, "p_jazz", "p_pop"]
    assert sorted(table["slice_id"]) == sorted(slices.index)
    for column in ("track_id", "genre"):
        truth = slices.loc[table["slice_id"], column].to_numpy()
        assert (table[column].to_numpy() == truth).all()
    np.testing.assert_allclose(table[["p_jazz", "p_pop"]].sum(axis=1), 1)
    best = table[["p_jazz", "p_pop"]].idxmax(axis=1).str.removeprefix("p_")
    assert (table["predicted"] == best).all()
    assert set(table["model"]) == {"neighbours"}
    assert set(table["protocol"]) == {"track"}
    assert table.groupby("track_id")["fold"].nunique().eq(1).all()
    assert table.attrs["not_tested"] == {}
    alone = cross_validate(KNeighborsClassifier(3), X, slices, "track", model="neighbours")
    pd.testing.assert_frame_equal(table, alone)


def test_a_model_is_called_by_its_class_unless_it_is_named() -> None:
    X, slices = example()
    table = cross_validate(KNeighborsClassifier(3), X, slices, "track")
    assert set(table["model"]) == {"KNeighborsClassifier"}


def test_a_genre_that_is_not_tested_can_still_be_predicted() -> None:
    tracks = [(g, f"{g}{i}", None) for g in ("jazz", "pop") for i in range(4)]
    slices = make_slices([*tracks, ("blues", "one", None), ("blues", "one", None)], 2)
    X = np.zeros((len(slices), 1))
    model = DummyClassifier(strategy="constant", constant="blues")
    table = cross_validate(model, X, slices, "artist")
    assert table.attrs["not_tested"] == {"blues": "one artist only"}
    assert set(table["genre"]) == {"jazz", "pop"}
    assert set(table["predicted"]) == {"blues"}
    assert (score(table)["value"] == 0).all()
    assert (score(table)["n_genres"] == 2).all()
    counts = confusion(table)
    assert counts.index.tolist() == ["jazz", "pop"]
    assert counts.columns.tolist() == ["blues", "jazz", "pop"]


def test_frames_go_to_the_estimator_as_they_are() -> None:
    X, slices = example()
    notes: list = []
    cross_validate(Spy(notes), np.repeat(X[:, :, None], 4, axis=2), slices, "track")
    assert notes[0][0].shape[1:] == (3, 4)


# --- scores ----------------------------------------------------------------------------------

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


def test_perfect_predictions_leave_no_doubt() -> None:
    scores = score(make_predictions(1, skill=50.0))
    assert (scores[["value", "low", "high"]] == 1).all(axis=None)


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
        assert result == {"value": 0.0, "low": 0.0, "high": 0.0, "n_tracks": 12}


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


def test_artists_known_in_one_genre_only_teach_nothing() -> None:
    rows = [(f"{g}{i}:0", f"{g}{i}", g, f"artist {i}" if g == "jazz" else None) for g in
            ("jazz", "pop") for i in range(4)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["slice_id", "track_id", "genre", "artist"])
    found = plan(table.set_index("slice_id").assign(side=None), "artist", n_splits=2)
    assert found.splits == []
    assert found.not_tested["pop"] == "no artist is known"
    assert "no second genre" in found.not_tested["jazz"]
