"""The recurrent network: small sequences, two epochs, nothing that takes a minute."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from genrelib.models import FrameScaler, make_model
from genrelib.networks import listen, lstm_network
from genrelib.protocols import cross_validate

# Two bands, eight steps. In rock both bands rise, in jazz both fall: the mean says nothing.
SMALL = {"bands": 2, "pool": 1, "units": (8,), "batch_size": 8}


def rising_and_falling(n: int = 32, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Make sequences whose class lies in their order alone."""
    noise = np.random.default_rng(seed).normal(scale=0.2, size=(n, 8, 2))
    genre = np.array(["rock", "jazz"], object)[np.arange(n) % 2]
    sign = np.where(genre == "rock", 1, -1)[:, None, None]
    ramp = np.linspace(-1, 1, 8)[:, None]
    return (noise + sign * ramp).astype(np.float32), genre


def slices_of(genre: np.ndarray) -> pd.DataFrame:
    """Make the table of slices that goes with them, four slices a track."""
    n = len(genre)
    number = np.arange(n)
    track = [f"{g}.{i // 8}" for i, g in enumerate(genre)]
    index = pd.Index([f"{t}:{i % 8 // 2}" for i, t in enumerate(track)], name="slice_id")
    table = pd.DataFrame({"track_id": track, "genre": genre}, index=index)
    return table.assign(artist=None, side=None, start=6.0 * (number % 4), end=6.0)


@pytest.fixture(scope="module")
def trained():
    X, genre = rising_and_falling()
    return make_model("lstm", epochs=2, **SMALL).fit(X, genre)


def test_clone_keeps_all_parameters():
    model = make_model("lstm", seed=3, epochs=5, l2=0.01, **SMALL)
    copied = clone(model)[-1]
    assert copied.model_kwargs == model[-1].model_kwargs
    assert copied.model_kwargs["seed"] == 3
    assert copied.model_kwargs["l2"] == 0.01
    assert copied.fit_kwargs == {"epochs": 5, "batch_size": 8, "verbose": 0}
    assert copied.fit_kwargs is not model[-1].fit_kwargs


def test_probabilities_sum_to_one_in_the_order_of_classes(trained):
    X, _ = rising_and_falling(6, seed=1)
    probabilities = trained.predict_proba(X)
    assert probabilities.shape == (6, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert list(trained.classes_) == ["jazz", "rock"]


def test_order_of_classes_follows_names_not_rows():
    X, genre = rising_and_falling()
    model = make_model("lstm", epochs=12, learning_rate=0.02, **SMALL).fit(X[::-1], genre[::-1])
    new, truth = rising_and_falling(20, seed=1)
    named = model.classes_[model.predict_proba(new).argmax(axis=1)]
    assert (named == truth).all()
    assert (model.predict(new).ravel() == truth).all()


def test_same_seed_same_numbers(trained):
    X, genre = rising_and_falling()
    again = make_model("lstm", epochs=2, **SMALL).fit(X, genre)
    other = make_model("lstm", seed=1, epochs=2, **SMALL).fit(X, genre)
    np.testing.assert_array_equal(trained.predict_proba(X), again.predict_proba(X))
    assert not np.allclose(trained.predict_proba(X), other.predict_proba(X))


def test_learns_what_lies_in_the_order_and_only_there():
    X, genre = rising_and_falling()
    model = make_model("lstm", epochs=12, learning_rate=0.02, **SMALL)
    table = cross_validate(model, X, slices_of(genre), "track", n_splits=2, model="LSTM")
    assert (table["genre"] == table["predicted"]).mean() == 1
    assert sorted(table["fold"].unique()) == [0, 1]


def test_cross_validate_refuses_missing_values_by_name():
    X, genre = rising_and_falling()
    slices = slices_of(genre)
    X[5, 3, 1] = np.nan
    with pytest.raises(ValueError, match=f"not finite for {slices.index[5]}"):
        cross_validate(make_model("lstm", **SMALL), X, slices, "track")


@pytest.mark.parametrize("shape", [(4, 8, 3), (4, 16), (4, 8, 64)])
def test_another_number_of_bands_is_named(shape):
    with pytest.raises(ValueError, match=r"frames of 2 bands.*bands="):
        make_model("lstm", **SMALL).fit(np.zeros(shape), np.array(["a", "b"] * 2, object))


@pytest.mark.parametrize(("width", "settings"), [(15, {"bands": 2}), (4, {"bands": 2, "pool": 3})])
def test_rows_that_are_no_whole_sequence_are_refused(width, settings):
    with pytest.raises(ValueError, match="no sequence of frames of 2 bands"):
        lstm_network(np.zeros((3, width), np.float32), np.eye(3, 2), **settings)


def test_scaler_learns_each_band_from_what_it_was_given():
    X, _ = rising_and_falling()
    X = X * [1, 100] + [5, -3]
    scaled = FrameScaler(2).fit(X).transform(X).reshape(X.shape)
    np.testing.assert_allclose(scaled.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=(0, 1)), 1, rtol=1e-5)
    other = FrameScaler(2).fit(X[:4]).transform(X).reshape(X.shape)
    assert not np.allclose(scaled, other)
    assert scaled.dtype == np.float32


def test_scaler_survives_a_silent_band():
    X, _ = rising_and_falling()
    X[:, :, 1] = -80
    assert np.isfinite(FrameScaler(2).fit(X).transform(X)).all()


def test_penalty_adds_to_the_loss():
    X, y = np.zeros((4, 16), np.float32), np.eye(2)[[0, 1, 0, 1]]
    plain, l2 = (lstm_network(X, y, bands=2, pool=1, units=(8,), l2=weight) for weight in (0, 1))
    losses = [network.evaluate(X, y, verbose=0)[0] for network in (plain, l2)]
    assert losses[1] > losses[0] + 0.1


@pytest.mark.parametrize("units", [(8,), (8, 4)])
def test_listen_ends_with_what_the_network_predicts(units):
    X = FrameScaler(2).fit(rising_and_falling()[0]).transform(rising_and_falling(5)[0])
    network = lstm_network(X, np.eye(2)[[0, 1, 0, 1, 0]], bands=2, pool=2, units=units)
    heard = listen(network, X)
    assert heard.shape == (5, 4, 2)
    np.testing.assert_allclose(heard.sum(axis=2), 1, rtol=1e-5)
    np.testing.assert_allclose(heard[:, -1], network.predict(X, verbose=0), rtol=1e-4, atol=1e-6)


def test_the_network_of_the_study_can_be_built() -> None:
    X, y = np.zeros((4, 64), np.float32), np.eye(10, dtype=np.float32)[:4]
    shape = {"bands": 1, "pool": 1, "units": (128, 64), "dense": (32, 16)}
    network = lstm_network(X, y, **shape, l2=0.01, clipnorm=None)
    kinds = [type(layer).__name__ for layer in network.layers]
    # Dropout after each LSTM and between the dense layers, as published.
    assert kinds[1:] == [
        "AveragePooling1D", "LSTM", "Dropout", "LSTM", "Dropout", "Dense", "Dropout", "Dense",
        "Dense",
    ]  # fmt: skip
    sizes = [layer.units for layer in network.layers if hasattr(layer, "units")]
    assert sizes == [128, 64, 32, 16, 10]
    assert len(network.losses) == 5
    assert network.optimizer.clipnorm is None
    assert lstm_network(X, y, **shape).losses == []
