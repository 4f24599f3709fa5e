"""Tests of the recurrent networks as classifiers: what they learn, what they refuse, files."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sequences import SMALL, rising_and_falling, slices_of
from sklearn.base import clone

from genrelib.evaluation import cross_validate
from genrelib.models.batches import Batches
from genrelib.models.estimators import make_model
from genrelib.models.networks import NetworkError, compiled, recurrent_network
from genrelib.models.recurrent import RecurrentClassifier

pytestmark = pytest.mark.slow

# --- the contract of an estimator ------------------------------------------------------------


def test_clone_keeps_all_settings_and_forgets_what_was_learned(
    trained: RecurrentClassifier,
) -> None:
    copied = clone(trained)
    assert copied.get_params() == trained.get_params()
    assert copied.network == {"pool": 1, "units": (8,), "learning_rate": 4e-3}
    assert not hasattr(copied, "weights_")
    with pytest.raises(ValueError, match="not fitted"):
        copied.predict_proba(rising_and_falling()[0])


def test_probabilities_sum_to_one_in_the_order_of_classes(trained: RecurrentClassifier) -> None:
    X, _ = rising_and_falling(6, seed=1)
    probabilities = trained.predict_proba(X)
    assert probabilities.shape == (6, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert list(trained.classes_) == ["jazz", "rock"]
    # However many are asked for at a time, each gets the same answer.
    np.testing.assert_allclose(trained.predict_proba(X[4:]), probabilities[4:], atol=1e-6)


def test_order_of_classes_follows_names_not_rows() -> None:
    X, genre = rising_and_falling()
    model = make_model("lstm", epochs=15, learning_rate=0.02, **SMALL).fit(X[::-1], genre[::-1])
    new, truth = rising_and_falling(20, seed=1)
    assert (model.predict(new) == truth).all()


def test_same_seed_same_numbers(trained: RecurrentClassifier) -> None:
    X, genre = rising_and_falling()
    other = make_model("lstm", seed=1, epochs=2, **SMALL).fit(X, genre)
    again = make_model("lstm", epochs=2, **SMALL).fit(X, genre)
    np.testing.assert_array_equal(trained.predict_proba(X), again.predict_proba(X))
    assert not np.allclose(trained.predict_proba(X), other.predict_proba(X))


def test_classifiers_of_one_shape_do_not_disturb_each_other(trained: RecurrentClassifier) -> None:
    X, genre = rising_and_falling()
    before = trained.predict_proba(X)
    clone(trained).set_params(seed=9).fit(X[:20], genre[:20])
    np.testing.assert_array_equal(trained.predict_proba(X), before)


def test_a_shape_iscompiled_once(trained: RecurrentClassifier) -> None:
    X, genre = rising_and_falling()
    network = trained.trained_network()
    step = network.train_function
    known = compiled.cache_info().misses
    # Another number of slices makes a last batch of another size; it must not be compiled anew.
    other = clone(trained).set_params(seed=3).fit(X[:27], genre[:27])
    other.predict_proba(X[:5])
    assert compiled.cache_info().misses == known
    assert other.trained_network() is network
    assert network.train_function is step


def test_a_fitted_classifier_can_be_pickled(trained: RecurrentClassifier) -> None:
    X, _ = rising_and_falling()
    copied = pickle.loads(pickle.dumps(trained))
    np.testing.assert_array_equal(copied.predict_proba(X), trained.predict_proba(X))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((0, 8, 2)), "no frame"),
        (np.zeros((4, 0, 2)), "no frame"),
        (np.zeros((4, 16)), r"shape \(n_slices, n_frames, n_bands\), not \(4, 16\)"),
        (np.full((4, 8, 2), np.nan), "not finite"),
        (np.full((4, 8, 2), np.inf), "not finite"),
    ],
)
def test_what_is_no_frames_is_refused(
    X: np.ndarray, message: str, trained: RecurrentClassifier
) -> None:
    with pytest.raises(NetworkError, match=message):
        clone(trained).fit(X, np.array(["a", "b"] * (len(X) // 2), object))
    with pytest.raises(NetworkError, match=message):
        trained.predict_proba(X)


@pytest.mark.parametrize("shape", [(4, 8, 3), (4, 9, 2)])
def test_frames_unlike_those_of_the_training_are_refused(
    shape: tuple[int, ...], trained: RecurrentClassifier
) -> None:
    with pytest.raises(NetworkError, match="trained on slices of 8 frames and 2 bands"):
        trained.predict_proba(np.zeros(shape))


def test_genres_must_be_as_many_as_slices(trained: RecurrentClassifier) -> None:
    with pytest.raises(NetworkError, match="4 slices have 3 genres"):
        clone(trained).fit(np.zeros((4, 8, 2)), ["a", "b", "a"])


# --- what it learns --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"bidirectional": True},
        {"summary": "attention"},
        {"conv": (8,), "kernel": 3, "summary": "mean"},
        {"units": (8, 8), "schedule": "cosine"},
    ],
    ids=["last state", "both ways", "attention", "convolution", "two layers"],
)
def test_learns_what_lies_in_the_order_and_only_there(settings: dict) -> None:
    X, genre = rising_and_falling()
    model = make_model("lstm", **SMALL | {"epochs": 15, "learning_rate": 0.02} | settings)
    table = cross_validate(model, X, slices_of(genre), "track", n_splits=2, model="LSTM")
    assert (table["genre"] == table["predicted"]).mean() > 0.95
    assert sorted(table["fold"].unique()) == [0, 1]


def test_cross_validate_refuses_missing_values_by_name() -> None:
    X, genre = rising_and_falling()
    slices = slices_of(genre)
    X[5, 3, 1] = np.nan
    with pytest.raises(ValueError, match=f"not finite for {slices.index[5]}"):
        cross_validate(make_model("lstm", **SMALL), X, slices, "track")


def test_bands_are_standardised_by_the_slices_that_are_trained_on() -> None:
    X, genre = rising_and_falling()
    X = (X * [1, 100] + [5, -3]).astype(np.float32)
    groups = slices_of(genre)["track_id"].to_numpy()
    model = make_model("lstm", epochs=1, validation=0.5, **SMALL).fit(X, genre, groups=groups)
    train, valid = model._split(np.unique(genre, return_inverse=True)[1], groups)
    np.testing.assert_allclose(model.mean_, X[train].mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(model.scale_, X[train].std(axis=(0, 1)), rtol=1e-5)
    assert not np.allclose(model.mean_, X.mean(axis=(0, 1)), rtol=1e-4)
    # The validation tracks are whole tracks of every genre.
    assert not set(groups[train]) & set(groups[valid])
    assert set(genre[valid]) == {"rock", "jazz"}


def test_a_silent_band_is_no_division_by_zero() -> None:
    X, genre = rising_and_falling()
    X[:, :, 1] = -80
    model = make_model("lstm", epochs=1, **SMALL).fit(X, genre)
    assert np.isfinite(model.predict_proba(X)).all()


def test_training_stops_by_tracks_that_are_not_trained_on() -> None:
    X, genre = rising_and_falling()
    rng = np.random.default_rng(0)
    genre = rng.permutation(genre)  # nothing to learn: the loss on other tracks can only rise
    groups = np.arange(len(X)) // 2
    settings = SMALL | {"validation": 0.5, "learning_rate": 0.05}
    model = make_model("lstm", epochs=60, patience=3, **settings).fit(X, genre, groups=groups)
    losses = model.history_["val_loss"]
    assert len(losses) < 60
    assert model.epoch_ == np.argmin(losses) + 1 == len(losses) - 3
    # The weights are those of that epoch, not the last ones.
    short = make_model("lstm", epochs=model.epoch_, patience=None, **settings)
    np.testing.assert_allclose(
        short.fit(X, genre, groups=groups).predict_proba(X), model.predict_proba(X), atol=1e-6
    )


def test_early_stopping_asks_for_the_tracks() -> None:
    X, genre = rising_and_falling()
    with pytest.raises(NetworkError, match="groups=track_ids"):
        make_model("lstm", validation=0.2, **SMALL).fit(X, genre)


def test_a_genre_with_a_single_track_is_not_watched() -> None:
    X, genre = rising_and_falling(48)
    groups = np.where(genre == "jazz", "one", (np.arange(48) // 8).astype(str))
    model = make_model("lstm", epochs=1, validation=0.5, **SMALL)
    train, valid = model._split(np.unique(genre, return_inverse=True)[1], groups)
    assert set(genre[valid]) == {"rock"}
    assert set(genre[train]) == {"rock", "jazz"}
    assert not set(groups[train]) & set(groups[valid])
    assert sorted([*train, *valid]) == list(range(48))
    assert "val_loss" in model.fit(X, genre, groups=groups).history_


def test_where_no_track_can_be_spared_training_runs_to_the_end() -> None:
    X, genre = rising_and_falling()
    model = make_model("lstm", epochs=2, validation=0.2, **SMALL).fit(X, genre, groups=genre)
    assert model.epoch_ == 2
    assert "val_loss" not in model.history_


def test_rare_genres_can_weigh_as_much() -> None:
    X, genre = rising_and_falling(64)
    X = np.random.default_rng(0).normal(size=X.shape)  # nothing to learn but how many there are
    rows = np.concatenate([np.flatnonzero(genre == "rock"), np.flatnonzero(genre == "jazz")[:8]])
    shares = {
        balanced: make_model("lstm", epochs=15, balanced=balanced, **SMALL)
        .fit(X[rows], genre[rows])
        .predict_proba(X)[:, 0]
        .mean()
        for balanced in (False, True)
    }
    assert shares[False] < shares[True] - 0.1
    assert abs(shares[True] - 0.5) < 0.1


# --- batches ---------------------------------------------------------------------------------


def test_versions_of_a_slice_are_drawn_by_lot_and_the_first_is_predicted() -> None:
    X, genre = rising_and_falling()
    versions = np.stack([X, X + 10, X - 10], axis=1)
    batches = Batches(versions, np.eye(32), np.ones(32), 32, rng=np.random.default_rng(0))
    levels = np.round(batches[0][0].mean(axis=(1, 2)), -1)
    assert set(levels) == {0.0, 10.0, -10.0}
    model = make_model("lstm", epochs=1, **SMALL).fit(versions, genre)
    np.testing.assert_array_equal(model.predict_proba(versions), model.predict_proba(X))


def test_augmentation_changes_the_training_only() -> None:
    X, genre = rising_and_falling()
    changes = {"time": 0.5, "bands": 0.5, "mixup": 0.4, "gain": (3.0, np.ones(2))}
    plain, changed = (
        make_model("lstm", epochs=2, augment=augment, **SMALL).fit(X, genre)
        for augment in (None, changes)
    )
    assert not np.allclose(plain.predict_proba(X), changed.predict_proba(X))
    np.testing.assert_array_equal(changed.predict_proba(X), changed.predict_proba(X))


# --- saved models ----------------------------------------------------------------------------


def test_a_saved_model_gives_equal_predictions(
    trained: RecurrentClassifier, tmp_path: Path
) -> None:
    X, _ = rising_and_falling(7, seed=2)
    file = trained.save(tmp_path / "lstm.keras")
    again = RecurrentClassifier.load(file)
    np.testing.assert_array_equal(again.predict_proba(X), trained.predict_proba(X))
    assert again.classes_.tolist() == trained.classes_.tolist()
    assert again.history_ == trained.history_
    assert list(tmp_path.iterdir()) == [file]


def test_a_saved_model_needs_no_code_of_ours(trained: RecurrentClassifier, tmp_path: Path) -> None:
    X, _ = rising_and_falling(7, seed=2)
    X = X * 3 + 1  # the normalisation must be inside
    file = trained.save(tmp_path / "lstm.keras")
    np.save(tmp_path / "X.npy", X)
    code = (
        "import sys, keras, numpy as np\n"
        "model = keras.saving.load_model('lstm.keras')\n"
        "np.save('p.npy', model.predict(np.load('X.npy'), verbose=0))\n"
        "assert not any(name.startswith('genrelib') for name in sys.modules)\n"
    )
    environment = {"KERAS_BACKEND": "jax", "PATH": "", "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    np.testing.assert_allclose(np.load(tmp_path / "p.npy"), trained.predict_proba(X), atol=1e-5)
    with zipfile.ZipFile(file) as archive:
        assert json.loads(archive.read("genres.json"))["genres"] == ["jazz", "rock"]


def test_files_that_are_no_saved_model_are_named(
    trained: RecurrentClassifier, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign.keras"
    recurrent_network((8, 2), 2, units=(4,)).save(foreign)
    cut = tmp_path / "cut.keras"
    cut.write_bytes(trained.save(tmp_path / "whole.keras").read_bytes()[:2000])
    for file in (foreign, cut, tmp_path / "missing.keras"):
        with pytest.raises(NetworkError, match=f"{file.name}: not a network saved"):
            RecurrentClassifier.load(file)
    with pytest.raises(NetworkError, match=r"ends in \.keras"):
        trained.save(tmp_path / "model.h5")
