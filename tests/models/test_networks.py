"""Tests of how networks are built."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from sequences import SMALL, rising_and_falling

from genrelib.models.estimators import make_model
from genrelib.models.networks import NetworkError, recurrent_network

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("module", ["recurrent", "batches", "listening"])
def test_keras_runs_on_jax_whichever_module_a_process_begins_with(module: str) -> None:
    """Workers that cross-validate unpickle the classifier, and import its module first."""
    environment = {k: v for k, v in os.environ.items() if k not in ("KERAS_BACKEND", "XLA_FLAGS")}
    code = f"import genrelib.models.{module}, keras, os; print(keras.config.backend(), os.environ)"
    command = [sys.executable, "-c", code]
    said = subprocess.check_output(command, env=environment, text=True)
    assert said.startswith("jax ")
    assert "xla_cpu_multi_thread_eigen=false" in said


def test_slices_shorter_than_a_step_are_refused() -> None:
    with pytest.raises(NetworkError, match="slices of 8 frames are shorter"):
        recurrent_network((8, 2), 2, pool=4, conv=(4, 4))


def test_unknown_settings_are_named() -> None:
    X, genre = rising_and_falling()
    for wrong, message in (
        ({"summary": "first"}, "no summary 'first'"),
        ({"schedule": "weekly"}, "no schedule 'weekly'"),
        ({"augment": {"reverb": 1}}, "no augmentation 'reverb'"),
    ):
        with pytest.raises(NetworkError, match=message):
            make_model("lstm", epochs=1, **SMALL, **wrong).fit(X, genre)


def test_penalty_adds_to_the_loss() -> None:
    X, y = np.zeros((4, 8, 2), np.float32), np.eye(2)[[0, 1, 0, 1]]
    plain, l2 = (recurrent_network((8, 2), 2, units=(8,), l2=weight) for weight in (0, 1))
    losses = [network.evaluate(X, y, verbose=0)[0] for network in (plain, l2)]
    assert losses[1] > losses[0] + 0.1


def test_the_network_of_the_study_can_be_built() -> None:
    shape = {"units": (128, 64), "dense": (32, 16)}
    network = recurrent_network((64, 1), 10, **shape, l2=0.01, clipnorm=None)
    kinds = [type(layer).__name__ for layer in network.layers]
    # Dropout after each LSTM and between the dense layers, as published.
    assert kinds[1:] == [
        "LSTM",
        "Dropout",
        "LSTM",
        "Dropout",
        "Dense",
        "Dropout",
        "Dense",
        "Dense",
    ]
    sizes = [layer.units for layer in network.layers if hasattr(layer, "units")]
    assert sizes == [128, 64, 32, 16, 10]
    assert len(network.losses) == 5
    assert network.optimizer.clipnorm is None
    assert recurrent_network((64, 1), 10, **shape).losses == []
