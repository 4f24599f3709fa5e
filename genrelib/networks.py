"""The recurrent network of chapter 6, behind Keras's own scikit-learn wrapper.

A module of its own, because importing Keras takes a second that most chapters can save.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import keras
import numpy as np
from keras import layers

# Folds of one protocol have networks of the same shape: compile it once for all of them, which
# saves more than half of the time. Worker processes inherit the folder. It lives as long as this
# process does, since compiled code must not travel to a machine with another processor.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    # A process that is killed leaves its folder behind; the next one sweeps up after a day.
    for old in Path(tempfile.gettempdir()).glob("genrelib-compiled-*"):
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > 24 * 3600:
                shutil.rmtree(old)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="genrelib-compiled-")
    atexit.register(shutil.rmtree, os.environ["JAX_COMPILATION_CACHE_DIR"], ignore_errors=True)
jax.config.update("jax_compilation_cache_dir", os.environ["JAX_COMPILATION_CACHE_DIR"])
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)


class SequenceClassifier(keras.wrappers.SKLearnClassifier):
    """Keras's scikit-learn classifier with what the protocols need besides.

    The wrapper of Keras gives probabilities under the name ``decision_function`` and forgets
    ``fit_kwargs`` when it is cloned (seen in Keras 3.15); both are put right here.
    """

    def __sklearn_clone__(self) -> SequenceClassifier:
        """Clone with all four parameters."""
        return type(self)(
            self.model, self.warm_start, self.model_kwargs, dict(self.fit_kwargs or {})
        )

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Give class probabilities.

        Parameters
        ----------
        X : numpy.ndarray
            Frames laid in rows, shape ``(n_slices, n_frames * n_bands)``.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_slices, n_genres)``, columns in the order of ``classes_``.
        """
        X = np.asarray(X, np.float32)
        return self.model_.predict(X, batch_size=256, verbose=0)


def lstm_network(
    X: np.ndarray,
    y: np.ndarray,
    bands: int = 20,
    pool: int = 4,
    units: tuple[int, ...] = (64,),
    dense: tuple[int, ...] = (),
    dropout: float = 0.2,
    l2: float = 0.0,
    learning_rate: float = 4e-3,
    clipnorm: float | None = 1.0,
    seed: int = 0,
) -> keras.Model:
    """Build an LSTM that reads the frames of a slice in the order of time.

    Parameters
    ----------
    X : numpy.ndarray
        Standardised training frames laid in rows, shape ``(n_slices, n_frames * bands)``, as from
        :class:`genrelib.models.FrameScaler`; only the shape matters here.
    y : numpy.ndarray
        One-hot genres, shape ``(n_slices, n_genres)``; only the shape matters here.
    bands : int
        Bands per frame.
    pool : int
        Neighbouring frames that are averaged into one step: with 4, a step is about 186 ms.
        Frames left over at the end are dropped.
    units : tuple of int
        Size of each LSTM layer.
    dense : tuple of int
        Size of each dense layer (ReLU) between the LSTM and the answer.
    dropout : float
        Share of activations dropped after each LSTM and between dense layers (Srivastava et al.
        2014).
    l2 : float
        Weight of the squared size of the layers' input weights in the loss.
    learning_rate : float
        Step size of Adam (Kingma and Ba 2015).
    clipnorm : float or None
        Longest gradient of a layer; longer ones are shortened to it.
    seed : int
        Seed of the initial weights, of dropout and of the order of batches.

    Returns
    -------
    keras.Model
        The compiled network.

    Raises
    ------
    ValueError
        If the rows are not whole frames of that many bands, or hold less than one step.
    """
    if X.shape[1] % bands or X.shape[1] < bands * pool:
        raise ValueError(
            f"{X.shape[1]} numbers per slice are no sequence of frames of {bands} bands, "
            f"{pool} to a step; say how many bands there are with bands=..."
        )
    keras.utils.set_random_seed(seed)
    network = keras.Sequential([keras.Input((X.shape[1],)), layers.Reshape((-1, bands))])
    network.add(layers.AveragePooling1D(pool))
    penalty = {"kernel_regularizer": keras.regularizers.L2(l2) if l2 else None}
    for i, size in enumerate(units):
        network.add(layers.LSTM(size, return_sequences=i + 1 < len(units), **penalty))
        network.add(layers.Dropout(dropout))
    for i, size in enumerate(dense):
        network.add(layers.Dense(size, activation="relu", **penalty))
        if i + 1 < len(dense):
            network.add(layers.Dropout(dropout))
    network.add(layers.Dense(y.shape[1], activation="softmax", **penalty))
    network.compile(
        optimizer=keras.optimizers.Adam(learning_rate, clipnorm=clipnorm),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return network


def listen(network: keras.Model, X: np.ndarray) -> np.ndarray:
    """Ask a trained network after every step what it would say if the slice ended there.

    Parameters
    ----------
    network : keras.Model
        From :func:`lstm_network`, trained.
    X : numpy.ndarray
        Frames laid in rows, as for training.

    Returns
    -------
    numpy.ndarray
        Probabilities, shape ``(n_slices, n_steps, n_genres)``; the last step is what the network
        predicts.
    """
    twin = keras.Sequential([keras.Input(network.input_shape[1:])])
    for layer in network.layers:
        if isinstance(layer, layers.LSTM) and not layer.return_sequences:
            every_step = layers.LSTM(layer.units, return_sequences=True)
            twin.add(every_step)
            every_step.set_weights(layer.get_weights())
        else:
            twin.add(layer)
    return twin.predict(X, batch_size=256, verbose=0)
