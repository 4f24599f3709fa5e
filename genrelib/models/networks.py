"""The recurrent networks of chapter 6, of Keras's own layers.

A module of its own, because importing Keras takes a second that most chapters can save.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import inspect
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")
# Folds run in parallel, one to a core; a batch of such a small network is not worth dividing.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

# A process that unpickles a classifier begins with another module of this room: those take Keras
# from here, so that the settings above always come first.
import jax
import keras as keras
from keras import layers as layers

from genrelib.features import keep_freed_memory

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

keep_freed_memory()

SUMMARIES = ("last", "mean", "attention")


class NetworkError(ValueError):
    """Frames that a network cannot read, or a file that holds none."""


def recurrent_network(
    shape: tuple[int, int],
    n_genres: int,
    *,
    pool: int = 1,
    conv: tuple[int, ...] = (),
    kernel: int = 5,
    units: tuple[int, ...] = (64, 64),
    bidirectional: bool = False,
    summary: str = "last",
    dense: tuple[int, ...] = (),
    dropout: float = 0.2,
    l2: float = 0.0,
    learning_rate: float = 1e-3,
    clipnorm: float | None = 1.0,
    smoothing: float = 0.0,
    seed: int = 0,
) -> keras.Model:
    """Build a network that reads the frames of a slice in the order of time.

    Explained in chapter 6.

    Parameters
    ----------
    shape : tuple of int
        Frames per slice and bands per frame.
    n_genres : int
        Genres to tell apart.
    pool : int
        Neighbouring frames that are averaged into one step; frames left over at the end are
        dropped.
    conv : tuple of int
        Filters of each convolution over time in front of the LSTM, with batch normalisation
        (Ioffe and Szegedy 2015, arXiv:1502.03167), ReLU and a maximum over two steps; such a
        network is called convolutional recurrent (Choi et al. 2017, arXiv:1609.04243).
    kernel : int
        Steps under a filter.
    units : tuple of int
        Size of each LSTM layer (Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735).
    bidirectional : bool
        Read forwards and backwards (Schuster and Paliwal 1997, doi:10.1109/78.650093).
    summary : {"last", "mean", "attention"}
        What the answer is given from: the last hidden state, the mean of all, or a mean weighted
        by learned attention (Lin et al. 2017, arXiv:1703.03130, with one head).
    dense : tuple of int
        Size of each dense layer (ReLU) between the LSTM and the answer.
    dropout : float
        Share of activations dropped after filters and LSTMs and between dense layers (Srivastava
        et al. 2014).
    l2 : float
        Weight of the squared size of the layers' input weights in the loss.
    learning_rate : float
        Step size of Adam (Kingma and Ba 2015, arXiv:1412.6980).
    clipnorm : float or None
        Longest gradient of a layer; longer ones are shortened to it.
    smoothing : float
        Share of certainty taken from the true genre and given to all (Szegedy et al. 2016,
        doi:10.1109/CVPR.2016.308).
    seed : int
        Seed of the initial weights and of dropout.

    Returns
    -------
    keras.Model
        The compiled network: standardised frames in, probabilities of the genres out. It is made
        of Keras's own layers only.

    Raises
    ------
    NetworkError
        If a slice holds less than one step, or the summary is unknown.
    """
    if shape[0] < pool * 2 ** len(conv):
        raise NetworkError(f"slices of {shape[0]} frames are shorter than one step of the network")
    if not units and summary != "mean":
        raise NetworkError("without an LSTM there is no state to answer from: summary='mean'")
    if summary not in SUMMARIES:
        raise NetworkError(f"no summary {summary!r}; there are {', '.join(SUMMARIES)}")
    keras.utils.set_random_seed(seed)
    penalty = {"kernel_regularizer": keras.regularizers.L2(l2) if l2 else None}
    inputs = keras.Input(shape)
    x = recurrent_layers(
        inputs, pool, conv, kernel, units, bidirectional, summary, dropout, penalty
    )
    for i, size in enumerate(dense):
        x = layers.Dense(size, activation="relu", **penalty)(x)
        x = layers.Dropout(dropout)(x) if i + 1 < len(dense) else x
    network = keras.Model(inputs, layers.Dense(n_genres, activation="softmax", **penalty)(x))
    network.compile(
        keras.optimizers.Adam(learning_rate, clipnorm=clipnorm),
        keras.losses.CategoricalCrossentropy(label_smoothing=smoothing),
        weighted_metrics=["accuracy"],
    )
    return network


def recurrent_layers(
    x: Any,
    pool: int,
    conv: tuple[int, ...],
    kernel: int,
    units: tuple[int, ...],
    bidirectional: bool,
    summary: str,
    dropout: float,
    penalty: dict[str, Any],
) -> Any:
    """Stack the layers that listen: from the frames of a slice to one list of numbers.

    Explained in chapter 6.

    Parameters
    ----------
    x : keras.KerasTensor
        Frames, shape ``(n_slices, n_frames, n_bands)``.
    pool, conv, kernel, units, bidirectional, summary, dropout : Any
        As for :func:`recurrent_network`.
    penalty : dict
        Further arguments of layers with weights.

    Returns
    -------
    keras.KerasTensor
        What the answer is given from, shape ``(n_slices, n_numbers)``.
    """
    if pool > 1:
        x = layers.AveragePooling1D(pool)(x)
    for filters in conv:
        x = layers.Conv1D(filters, kernel, padding="same", use_bias=False, **penalty)(x)
        x = layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.Dropout(dropout)(layers.MaxPooling1D(2)(x))
    for i, size in enumerate(units):
        every_step = i + 1 < len(units) or summary != "last"
        lstm = layers.LSTM(size, return_sequences=every_step, **penalty)
        x = layers.Dropout(dropout)((layers.Bidirectional(lstm) if bidirectional else lstm)(x))
    if summary == "mean":
        return layers.GlobalAveragePooling1D()(x)
    return _attend(x) if summary == "attention" else x


def _attend(x: Any) -> Any:
    score = layers.Dense(1)(layers.Dense(32, activation="tanh")(x))
    return layers.Flatten()(
        layers.Dot(axes=1)([layers.Softmax(axis=1, name="attention")(score), x])
    )


@functools.lru_cache(maxsize=8)
def compiled(key: tuple[Any, ...]) -> keras.Model:
    """Build a network once in this process; what Keras has compiled for it stays with it."""
    shape, n_genres, settings = key
    return recurrent_network(shape, n_genres, **dict(settings))


NETWORK_SETTINGS = tuple(inspect.signature(recurrent_network).parameters)[2:-1]
"""Names of the settings that :func:`recurrent_network` takes besides shape, genres and seed."""
