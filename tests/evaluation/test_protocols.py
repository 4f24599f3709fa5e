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
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info, threadpool_limits

from genrelib.corpus.gtzan import gtzan_annotations
from genrelib.corpus.tracks import load_corpus
from genrelib.evaluation import (
    CONTROLS,
    PROTOCOLS,
    confusion,
    cross_validate,
    gap,
    held_out,
    plan,
    predict_split,
    score,
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
    reasons = dict.fromkeys(tracks.index[tracks == 1], "one track only")
    if (tracks > 1).sum() < 2:
        reasons = dict.fromkeys(tracks.index, "no second genre has two tracks") | reasons
    assert layout.not_tested == reasons
    tested = {i for _, test in layout.splits for i in test}
    expected = ~slices["genre"].isin(layout.not_tested).to_numpy()
    assert tested == set(np.flatnonzero(expected))


@FEW
@given(tables, seeds, st.lists(st.integers(0, 24), min_size=25, max_size=25))
def test_track_keeps_tracks_of_one_recording_together(
    slices: pd.DataFrame, seed: int, first: list[int]
) -> None:
    number = slices["track_id"].str[1:].astype(int)
    slices["recording"] = [f"t{min(first[n], n):03d}" for n in number]
    layout = plan(slices, "track", seed=seed)
    for train, test in layout.splits:
        for column in ("track_id", "recording"):
            assert not set(slices[column].iloc[train]) & set(slices[column].iloc[test])


@pytest.mark.parametrize("protocol", ["track", "artist", "fault-filtered"])
def test_no_recording_of_gtzan_is_on_both_sides(protocol: str) -> None:
    slices = slice_tracks(gtzan_annotations().assign(duration=6.0))
    assert slices["recording"].duplicated().sum() == 67  # of 61 groups with 128 tracks
    for train, test in plan(slices, protocol).splits:
        assert not set(slices["recording"].iloc[train]) & set(slices["recording"].iloc[test])


def test_a_model_that_spares_tracks_is_told_of_recordings() -> None:
    class Sparing(DummyClassifier):
        def fit(self, X, y, groups=None):
            assert set(groups) <= {"t000", "t002"}
            return super().fit(X, y)

    sides = ["train", "train", "train", "train", "test", "test"]
    slices = make_slices([("jazz" if k % 2 else "pop", "A", s) for k, s in enumerate(sides)], 1)
    slices["recording"] = ["t000", "t000", "t002", "t002", "t004", "t005"]
    found = cross_validate(Sparing(), np.zeros((6, 1)), slices, "fault-filtered")
    assert len(found) == 2


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
    if (counts > 1).sum() < 2:
        alone = dict.fromkeys(counts.index, "no second genre has two artists")
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
        told = ~slices["genre"].isin(layout.not_tested)
        assert set(train) == set(np.flatnonzero(slices["side"].isin(["train", "valid"]) & told))
        assert set(slices["side"].iloc[test]) == {"test"}
        # What is tested could be learned, and the other way round.
        assert set(slices["genre"].iloc[test]) == set(slices["genre"].iloc[train])
        assert slices["genre"].iloc[test].nunique() > 1


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
    names = ["slice_id", "track_id", "unit", "genre", "predicted", "fold", "protocol", "model"]
    assert table.columns.tolist() == [*names, "p_jazz", "p_pop"]
    assert sorted(table["slice_id"]) == sorted(slices.index)
    assert (table["unit"] == table["track_id"]).all()
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


@pytest.mark.parametrize("protocol", ["artist", "fault-filtered"])
def test_where_artists_are_kept_apart_they_are_the_units(protocol: str) -> None:
    tracks = [
        (g, f"{g} {i // 2}", "train" if i < 4 else "test")
        for g in ("jazz", "pop")
        for i in range(8)
    ]
    slices = make_slices(tracks, 2)
    slices.loc[slices["track_id"] == slices["track_id"].iloc[-1], "artist"] = None
    table = cross_validate(KNeighborsClassifier(1), np.zeros((len(slices), 1)), slices, protocol)
    artist = table["slice_id"].map(slices["artist"])
    assert (table["unit"] == artist.fillna(table["track_id"])).all()
    assert artist.notna().any()
    train, test = plan(slices, protocol).splits[0]
    named = predict_split(
        KNeighborsClassifier(1),
        np.zeros((len(slices), 1)),
        slices,
        train,
        test,
        holds_out="artist",
    )
    assert named["unit"].tolist() == held_out(slices.iloc[test], "artist").tolist()


def test_a_model_is_called_by_its_class_unless_it_is_named() -> None:
    X, slices = example()
    table = cross_validate(KNeighborsClassifier(3), X, slices, "track")
    assert set(table["model"]) == {"KNeighborsClassifier"}


@pytest.mark.parametrize("protocol", ["artist", "track-paired", "track-thinned"])
def test_a_genre_that_is_not_tested_is_no_answer(protocol: str) -> None:
    tracks = [(g, f"{g}{i}", None) for g in ("jazz", "pop") for i in range(4)]
    slices = make_slices([*tracks, *[("blues", "one", None)] * 30], 2)
    X = np.zeros((len(slices), 1))
    # The most frequent genre of all would be blues.
    table = cross_validate(DummyClassifier(strategy="prior"), X, slices, protocol)
    assert table.attrs["not_tested"] == {"blues": "one artist only"}
    assert set(table["genre"]) == set(table["predicted"]) == {"jazz", "pop"}
    assert (table["p_blues"] == 0).all()
    assert (score(table)["n_genres"] == 2).all()
    assert confusion(table).columns.tolist() == ["blues", "jazz", "pop"]


@FEW
@given(tables, seeds)
def test_controls_test_what_artist_tests(slices: pd.DataFrame, seed: int) -> None:
    strict = plan(slices, "artist", seed=seed)
    wanted = sorted(i for _, test in strict.splits for i in test)
    for name in CONTROLS:
        layout = plan(slices, name, seed=seed)
        assert layout.not_tested == strict.not_tested
        assert sorted(i for _, test in layout.splits for i in test) == wanted
        for train, test in layout.splits:
            assert not set(slices["track_id"].iloc[train]) & set(slices["track_id"].iloc[test])
            assert set(train) <= set(wanted)


@FEW
@given(tables, seeds)
def test_the_thinned_control_learns_from_as_many_tracks_as_artist(
    slices: pd.DataFrame, seed: int
) -> None:
    def learned(train: np.ndarray) -> dict[str, int]:
        return slices.iloc[train].groupby("genre")["track_id"].nunique().to_dict()

    strict = plan(slices, "artist", seed=seed).splits
    counts = {int(i): learned(train) for train, test in strict for i in test}
    for train, test in plan(slices, "track-thinned", seed=seed).splits:
        assert all(learned(train) == counts[int(i)] for i in test)


def test_the_thinned_control_knows_artists() -> None:
    tracks = [(g, f"{g}{i // 3}", None) for g in ("jazz", "pop") for i in range(12)]
    slices = make_slices(tracks, 2)
    known = [
        set(slices["artist"].iloc[test]) <= set(slices["artist"].iloc[train])
        for train, test in plan(slices, "track-thinned").splits
    ]
    assert np.mean(known) > 0.5


def test_predictions_say_from_how_many_tracks_they_were_learned() -> None:
    X, slices = example()
    table = cross_validate(DummyClassifier(), X, slices, "track")
    assert table.attrs["learned_from"] == [
        slices["track_id"].iloc[train].nunique() for train, _ in plan(slices, "track").splits
    ]


def test_frames_go_to_the_estimator_as_they_are() -> None:
    X, slices = example()
    notes: list = []
    cross_validate(Spy(notes), np.repeat(X[:, :, None], 4, axis=2), slices, "track")
    assert notes[0][0].shape[1:] == (3, 4)


def test_artists_known_in_one_genre_only_teach_nothing() -> None:
    rows = [(f"{g}{i}:0", f"{g}{i}", g, f"artist {i}" if g == "jazz" else None) for g in
            ("jazz", "pop") for i in range(4)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["slice_id", "track_id", "genre", "artist"])
    found = plan(table.set_index("slice_id").assign(side=None), "artist", n_splits=2)
    assert found.splits == []
    assert found.not_tested["pop"] == "no artist is known"
    assert "no second genre" in found.not_tested["jazz"]


def test_one_split_gives_what_cross_validation_gives_for_that_fold() -> None:
    X, slices = example()
    whole = cross_validate(KNeighborsClassifier(1), X, slices, "track", model="k-NN")
    train, test = plan(slices, "track").splits[0]
    one = predict_split(
        KNeighborsClassifier(1), X, slices, train, test, protocol="track", model="k-NN"
    )
    pd.testing.assert_frame_equal(one, whole[whole["fold"] == 0].reset_index(drop=True))
