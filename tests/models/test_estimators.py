"""Tests of the estimators."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier
from threadpoolctl import threadpool_limits

from genrelib.evaluation import cross_validate, score
from genrelib.models.estimators import BOOSTING, MODELS, make_model

N_TRACKS, PER_TRACK, N_FRAMES, BANDS = 8, 2, 24, 20


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of tiny tables wait for each other, very long on a busy machine."""
    with threadpool_limits(1, user_api="openmp"):
        yield


@pytest.fixture(scope="module")
def slices() -> pd.DataFrame:
    """Slices of eight tracks of two genres."""
    rows = [
        (f"t{i}:{k}", f"t{i}", ("jazz", "pop")[i % 2], f"artist {i}", None, 6.0 * k, 6.0 * k + 6)
        for i in range(N_TRACKS)
        for k in range(PER_TRACK)
    ]
    columns = ["slice_id", "track_id", "genre", "artist", "side", "start", "end"]
    return pd.DataFrame(rows, columns=columns).set_index("slice_id")


@pytest.fixture(scope="module")
def sequences(slices: pd.DataFrame) -> np.ndarray:
    """Frames that rise over time in pop and fall in jazz, on scales as different as MFCCs have."""
    rng = np.random.default_rng(0)
    slope = np.where(slices["genre"] == "pop", 1.0, -1.0)[:, None, None]
    ramp = np.linspace(-1, 1, N_FRAMES)[None, :, None]
    values = slope * ramp + rng.normal(0, 0.2, (len(slices), N_FRAMES, BANDS))
    return (values * np.linspace(1, 200, BANDS) - 100).astype(np.float32)


@pytest.fixture(scope="module")
def table(sequences: np.ndarray) -> np.ndarray:
    """Features that separate the genres: how the bands end."""
    return sequences[:, -1, :]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_an_untrained_classifier_that_can_be_cloned(name: str) -> None:
    model = make_model(name, seed=3, fast=True)
    assert is_classifier(model)
    assert hasattr(model, "predict_proba")
    copy = clone(model)
    assert copy is not model
    assert type(copy) is type(model)


def test_unknown_models_are_refused() -> None:
    with pytest.raises(ValueError, match=r"no model 'cnn'; there are forest, knn, .*, lstm"):
        make_model("cnn")


def test_an_svm_votes_for_what_it_predicts(table: np.ndarray, slices: pd.DataFrame) -> None:
    genre = slices["genre"].to_numpy(object)
    model = make_model("svm").fit(table, genre)
    votes = model.predict_proba(table)
    assert votes.shape == (len(table), 2)
    assert (votes.sum(axis=1) == 1).all()
    assert (model.classes_[votes.argmax(axis=1)] == model.predict(table)).all()
    assert model[-1].estimator.C == 10
    assert make_model("svm", C=2)[-1].estimator.C == 2
    scores = score(cross_validate(model, table, slices, "track"))
    assert scores["value"].iloc[0] > 0.8


def test_parameters_go_to_the_estimator() -> None:
    assert make_model("forest", n_estimators=7, max_depth=2).n_estimators == 7
    assert make_model("forest", seed=5).random_state == 5
    assert make_model("knn")[-1].n_neighbors == 1
    assert make_model("knn", n_neighbors=9)[-1].n_neighbors == 9
    assert make_model("logistic", C=3)[-1].C == 3
    boosting = make_model("boosting", seed=5, max_iter=7)
    assert boosting.get_params().items() >= (BOOSTING | {"max_iter": 7, "random_state": 5}).items()
    network = make_model("lstm", epochs=4, batch_size=8, l2=0.1)
    assert (network.epochs, network.batch_size) == (4, 8)
    assert network.network["l2"] == 0.1


def test_fast_models_are_smaller() -> None:
    fast, full = (make_model("forest", fast=fast).n_estimators for fast in (True, False))
    assert fast < full
    fast, full = (make_model("boosting", fast=fast).max_iter for fast in (True, False))
    assert fast < full
    for name in ("lstm", "crnn"):
        fast, full = (make_model(name, fast=fast).epochs for fast in (True, False))
        assert fast < full


@pytest.mark.parametrize("name", ["forest", "knn", "boosting", "logistic"])
def test_probabilities_sum_to_one(name: str, table: np.ndarray, slices: pd.DataFrame) -> None:
    model = make_model(name, fast=True).fit(table, slices["genre"].to_numpy(object))
    p = model.predict_proba(table)
    assert p.shape == (len(slices), 2)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert model.classes_.tolist() == ["jazz", "pop"]


@pytest.mark.parametrize("name", ["forest", "knn", "boosting", "logistic"])
def test_same_seed_same_predictions(name: str, table: np.ndarray, slices: pd.DataFrame) -> None:
    first, again = (
        cross_validate(make_model(name, seed=1, fast=True), table, slices, "track", n_splits=2)
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, again)


@pytest.mark.parametrize("name", ["forest", "boosting"])
def test_trees_differ_by_seed(name: str) -> None:
    rng = np.random.default_rng(0)
    noise, labels = rng.normal(size=(60, 20)), rng.permutation(["jazz", "pop"] * 30)
    a, b = (
        make_model(name, seed=seed, fast=True).fit(noise, labels).predict_proba(noise)
        for seed in (0, 1)
    )
    assert not np.array_equal(a, b)


@pytest.fixture(scope="module")
def crossed() -> tuple[np.ndarray, pd.DataFrame]:
    """Pop is where two columns have the same sign; neither of them tells anything alone."""
    X = np.random.default_rng(0).normal(size=(200, 2)) * [1, 1000]
    genres = np.where((X > 0).sum(axis=1) == 1, "jazz", "pop")
    tracks = [f"{genre}.{i // 8}" for i, genre in enumerate(genres)]
    columns = {"track_id": tracks, "genre": genres, "artist": None, "side": None}
    names = pd.Index([f"{track}:{i}" for i, track in enumerate(tracks)], name="slice_id")
    return X, pd.DataFrame(columns, index=names)


@pytest.mark.parametrize(("name", "low", "high"), [
    ("boosting", 0.9, 1.0), ("svm", 0.85, 1.0), ("logistic", 0.3, 0.7),
])  # fmt: skip
def test_trees_and_kernels_bend_their_boundaries(name, low, high, crossed) -> None:
    told = cross_validate(make_model(name), *crossed, "track")
    assert low <= score(told, n_boot=10)["value"].iloc[0] <= high


def test_a_straight_boundary_is_enough_for_logistic_regression(crossed) -> None:
    X, slices = crossed
    slices = slices.assign(genre=np.where(X @ [1000, 1] > 0, "pop", "jazz"))
    slices["track_id"] = slices["genre"] + slices["track_id"].str[-3:]
    told = cross_validate(make_model("logistic"), X, slices, "track")
    assert score(told, n_boot=10)["value"].iloc[0] > 0.95


@pytest.mark.slow
def test_boosting_is_the_same_in_one_process_and_in_two(crossed) -> None:
    model = make_model("boosting", fast=True)
    one, two = (cross_validate(model, *crossed, "track", jobs=jobs) for jobs in (1, 2))
    pd.testing.assert_frame_equal(one, two)


def test_neighbours_weigh_columns_alike(slices: pd.DataFrame) -> None:
    # One column tells the genres apart, another is a thousand times larger and tells nothing.
    rng = np.random.default_rng(0)
    telling = (slices["genre"] == "pop").to_numpy() + rng.normal(0, 0.05, len(slices))
    X = np.stack([telling, 1000 * rng.normal(size=len(slices))], axis=1)
    train, test = np.arange(0, len(X), 2), np.arange(1, len(X), 2)
    labels = slices["genre"].to_numpy(object)
    model = make_model("knn", n_neighbors=3).fit(X[train], labels[train])
    plain = model[-1].__class__(3).fit(X[train], labels[train])
    assert model.score(X[test], labels[test]) >= plain.score(X[test], labels[test])
    assert model.score(X[test], labels[test]) > 0.85


@pytest.mark.slow
def test_network_learns_what_only_time_tells(
    sequences: np.ndarray, slices: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model("lstm", seed=2, epochs=15, batch_size=4)
    first = cross_validate(model, sequences, slices, "track", n_splits=2)
    p = first[["p_jazz", "p_pop"]]
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    # The mean over time is the same in both genres, so what it knows it has from their order.
    assert score(first, n_boot=10)["value"].iloc[0] > 0.8
    again = cross_validate(model, sequences, slices, "track", n_splits=2)
    pd.testing.assert_frame_equal(first, again)
