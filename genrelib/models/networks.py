"""The recurrent networks of chapter 6: Keras's own layers behind scikit-learn's interface.

A module of its own, because importing Keras takes a second that most chapters can save.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import inspect
import json
import os
import shutil
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")
# Folds run in parallel, one to a core; a batch of such a small network is not worth dividing.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import jax
import keras
import numpy as np
from keras import layers
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted

from genrelib.features import keep_freed_memory
from genrelib.models import augment

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
ABOUT = "genres.json"
"""Name of what a saved model holds besides Keras's own files."""
_ROWS = 50  # slices that are predicted at a time


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


class RecurrentClassifier(ClassifierMixin, BaseEstimator):
    """A recurrent network as a scikit-learn classifier of frames.

    Frames are standardised per band by what the training slices have. A network is compiled once
    per shape and settings in each process; every ``fit`` starts it anew from its seed. What was
    learned is kept as plain arrays, so that fitted classifiers can be copied and pickled.

    Parameters
    ----------
    network : dict, optional
        Settings of :func:`recurrent_network`, but for the seed.
    augment : dict, optional
        Changes of the training slices, drawn anew in each epoch: ``time`` and ``bands``, the
        largest share that :func:`genrelib.models.mask_time` and ``mask_bands`` silence;
        ``gain``, the standard deviation of the level (dB) and what one decibel adds to each band;
        ``mixup``, the ``alpha`` of :func:`genrelib.models.mix_up`.
    epochs : int
        Passes over the training slices; with ``validation`` at most.
    batch_size : int
        Slices per step of the optimiser.
    validation : float
        Share of the training *tracks* that is not trained on: training stops when the loss on them
        has not fallen for ``patience`` epochs, and the weights of the best epoch are kept. The
        share is rounded to one part of several, and no genre gives its only track; where no genre
        has two, training runs to the end.
    patience : int or None
        Epochs to wait for a lower loss; with None the loss on them is only watched.
    schedule : {"constant", "cosine", "plateau"}
        The step size of the optimiser: constant; falling to zero along a cosine (Loshchilov and
        Hutter 2017, arXiv:1608.03983); or halved whenever the loss on validation tracks has not
        fallen for half of ``patience``.
    balanced : bool
        Whether slices of rare genres count more, so that all genres weigh the same.
    seed : int
        Seed of weights, dropout, the order of batches, augmentation and the choice of validation
        tracks. The same seed gives the same numbers on the same machine; on another processor or a
        graphics card sums are rounded in another order.

    Attributes
    ----------
    classes_ : numpy.ndarray
        The genres.
    history_ : dict
        Per epoch ``loss`` and ``accuracy``, with ``val_`` in front on validation tracks.
    epoch_ : int
        The epoch whose weights are kept, counted from 1.
    n_train_ : int
        Slices that were trained on, those of validation tracks left out.
    """

    def __init__(
        self,
        network: dict[str, Any] | None = None,
        augment: dict[str, Any] | None = None,
        epochs: int = 40,
        batch_size: int = 40,
        validation: float = 0.0,
        patience: int | None = 10,
        schedule: str = "constant",
        balanced: bool = False,
        seed: int = 0,
    ) -> None:
        self.network = network
        self.augment = augment
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation = validation
        self.patience = patience
        self.schedule = schedule
        self.balanced = balanced
        self.seed = seed

    def fit(
        self, X: np.ndarray, y: ArrayLike, groups: ArrayLike | None = None
    ) -> RecurrentClassifier:
        """Train the network.

        Parameters
        ----------
        X : numpy.ndarray
            Frames, shape ``(n_slices, n_frames, n_bands)``; or several versions of each slice,
            shape ``(n_slices, n_versions, n_frames, n_bands)``, of which each epoch takes one by
            lot. The first version is the slice itself.
        y : array-like of str, shape (n_slices,)
            The genres.
        groups : array-like, shape (n_slices,), optional
            The track of each slice; needed where ``validation`` asks for tracks.

        Returns
        -------
        RecurrentClassifier
            Itself.

        Raises
        ------
        NetworkError
            If there is no slice, the frames are not finite or not of these shapes, or ``groups``
            are missing.
        """
        X = _checked(X, versions=True)
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        if len(codes) != len(X):
            raise NetworkError(f"{len(X)} slices have {len(codes)} genres; give one to each")
        train, valid = self._split(codes, groups)
        self.n_train_ = len(train)
        self.shape_ = X.shape[-2:]
        self.mean_ = X[train].mean(axis=tuple(range(X.ndim - 1)), dtype=float)
        spread = X[train].std(axis=tuple(range(X.ndim - 1)), dtype=float)
        self.scale_ = np.where(spread > 0, spread, 1.0)
        Z, targets = self._standardise(X), np.eye(len(self.classes_), dtype=np.float32)[codes]
        weights = compute_sample_weight("balanced" if self.balanced else None, codes)
        batches = _Batches(
            Z[train], targets[train], weights[train], self.batch_size,
            rng=np.random.default_rng(self.seed), augment=self._changes(),
        )  # fmt: skip
        network = self._started(batches)
        held = None
        if len(valid):
            first = Z[valid] if Z.ndim == 3 else Z[valid, 0]
            held = _Batches(first, targets[valid], np.ones(len(valid)), _ROWS)
        fitted = network.fit(
            batches, validation_data=held, epochs=self.epochs, verbose=0,
            callbacks=self._callbacks(network, held is not None),
        )  # fmt: skip
        self.history_ = {
            key: [float(v) for v in values]
            for key, values in fitted.history.items()
            if key != "learning_rate"
        }
        stopped = len(valid) > 0 and self.patience is not None
        self.epoch_ = int(np.argmin(self.history_["val_loss"])) + 1 if stopped else self.epochs
        self.weights_ = network.get_weights()
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Give the probabilities of the genres.

        Parameters
        ----------
        X : numpy.ndarray
            Frames, shape ``(n_slices, n_frames, n_bands)``, or with versions as in :meth:`fit`, of
            which the first is taken.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_slices, n_genres)``, columns in the order of ``classes_``.

        Raises
        ------
        NetworkError
            If the frames are not of the shape the network was trained on, or not finite.
        """
        network = self.trained_network()
        X = _checked(X, versions=True)
        X = X if X.ndim == 3 else X[:, 0]
        if X.shape[1:] != self.shape_:
            raise NetworkError(
                "the network was trained on slices of {} frames and {} bands, not {} and {}: "
                "measure them alike".format(*self.shape_, *X.shape[1:])
            )
        # Always the same number of rows, so that nothing is compiled for the last ones.
        padded = np.zeros((-(-len(X) // _ROWS) * _ROWS, *self.shape_), np.float32)
        padded[: len(X)] = self._standardise(X)
        return network.predict(padded, batch_size=_ROWS, verbose=0)[: len(X)]

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Name the most probable genre.

        Parameters
        ----------
        X : numpy.ndarray
            As for :meth:`predict_proba`.

        Returns
        -------
        numpy.ndarray
            Genres, shape ``(n_slices,)``.
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def trained_network(self) -> keras.Model:
        """Give the trained network; it takes standardised frames.

        Returns
        -------
        keras.Model
            Shared with other classifiers of the same shape: use it before the next one is asked.
        """
        check_is_fitted(self, "weights_")
        network = _compiled(self._key())
        network.set_weights(self.weights_)
        return network

    def save(self, path: str | Path) -> Path:
        """Write the classifier into one file in Keras's own format.

        ``keras.saving.load_model`` reads it without this package: frames as measured in (decibels
        and MFCC, not standardised), probabilities out. The archive also holds ``genres.json``
        with the genres in the order of the probabilities, and what :meth:`load` needs.

        Parameters
        ----------
        path : str or pathlib.Path
            The file, ending in ``.keras``. It is written whole or not at all.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        NetworkError
            If the name does not end in ``.keras``.
        """
        path = Path(path)
        if path.suffix != ".keras":
            raise NetworkError(f"{path}: the name of a saved network ends in .keras")
        scaled = layers.Normalization(mean=self.mean_, variance=self.scale_**2)
        inputs = keras.Input(self.shape_)
        whole = keras.Model(inputs, self.trained_network()(scaled(inputs)))
        about = {
            "genres": self.classes_.tolist(),
            "settings": self.get_params(),
            "state": {
                "shape_": self.shape_, "mean_": self.mean_.tolist(),
                "scale_": self.scale_.tolist(), "history_": self.history_, "epoch_": self.epoch_,
                "n_train_": self.n_train_,
            },
        }  # fmt: skip
        part = path.with_name(f".{path.stem}.{os.getpid()}.part.keras")
        try:
            whole.save(part)
            with zipfile.ZipFile(part, "a") as archive:
                archive.writestr(ABOUT, json.dumps(about, default=np.ndarray.tolist))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return path

    @classmethod
    def load(cls, path: str | Path) -> RecurrentClassifier:
        """Read a classifier that was saved.

        Parameters
        ----------
        path : str or pathlib.Path
            From :meth:`save`.

        Returns
        -------
        RecurrentClassifier
            It gives the same predictions.

        Raises
        ------
        NetworkError
            If the file is missing, damaged, or was not written by :meth:`save`.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                about = json.loads(archive.read(ABOUT))
            made = cls(**about["settings"])
            for name, value in about["state"].items():
                setattr(made, name, value)
            made.shape_ = tuple(made.shape_)
            made.mean_, made.scale_ = np.array(made.mean_), np.array(made.scale_)
            made.classes_ = np.array(about["genres"], object)
            made.weights_ = keras.saving.load_model(path, compile=False).get_weights()
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise NetworkError(
                f"{path}: not a network saved by this package ({error}); train it again"
            ) from error
        return made

    def _split(self, codes: np.ndarray, groups: ArrayLike | None) -> tuple[np.ndarray, np.ndarray]:
        """Divide the training slices: those to train on, those to stop by."""
        everything = np.arange(len(codes)), np.array([], int)
        if not self.validation:
            return everything
        if groups is None:
            raise NetworkError("early stopping needs the tracks: fit(X, y, groups=track_ids)")
        tracks = np.asarray(groups)
        known = {code: len(set(tracks[codes == code])) for code in set(codes)}
        spare = np.isin(codes, [code for code, n in known.items() if n > 1])
        if not spare.any():
            return everything
        rest = np.flatnonzero(spare)
        parts = max(2, min(round(1 / self.validation), *(n for n in known.values() if n > 1)))
        folds = StratifiedGroupKFold(parts, shuffle=True, random_state=self.seed)
        train, valid = next(folds.split(rest, codes[rest], tracks[rest]))
        return np.sort(np.concatenate([rest[train], np.flatnonzero(~spare)])), rest[valid]

    def _standardise(self, X: np.ndarray) -> np.ndarray:
        return ((X - self.mean_) / self.scale_).astype(np.float32)

    def _changes(self) -> dict[str, Any]:
        changes = dict(self.augment or {})
        if unknown := set(changes) - {"time", "bands", "gain", "mixup"}:
            raise NetworkError(f"no augmentation {min(unknown)!r}; time, bands, gain, mixup are")
        if "gain" in changes:
            decibels, effect = changes["gain"]
            changes["gain"] = decibels, np.asarray(effect) / self.scale_
        return changes

    def _callbacks(self, network: keras.Model, held: bool) -> list[keras.callbacks.Callback]:
        chosen: list[keras.callbacks.Callback] = []
        if held and self.patience is not None:
            chosen.append(
                keras.callbacks.EarlyStopping(
                    "val_loss", patience=self.patience, restore_best_weights=True
                )
            )
        if self.schedule == "cosine":
            first = float(network.optimizer.learning_rate)
            chosen.append(
                keras.callbacks.LearningRateScheduler(
                    lambda epoch: first * (1 + np.cos(np.pi * epoch / self.epochs)) / 2
                )
            )
        elif self.schedule == "plateau" and held:
            wait = max(1, (self.patience or self.epochs) // 2)
            chosen.append(keras.callbacks.ReduceLROnPlateau("val_loss", 0.5, patience=wait))
        elif self.schedule not in ("constant", "plateau"):
            raise NetworkError(f"no schedule {self.schedule!r}; constant, cosine and plateau are")
        return chosen

    def _key(self) -> tuple[Any, ...]:
        settings = self.network or {}
        listed = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
        return self.shape_, len(self.classes_), tuple(sorted(listed.items()))

    def _started(self, batches: _Batches) -> keras.Model:
        """Give the compiled network as it is before training, from this seed."""
        shape, n_genres, settings = self._key()
        network = _compiled(self._key())
        if network.train_function is None:
            # Keras draws random numbers while it compiles: have that done before the seed is set.
            X, y, weights = batches[0]
            network.fit(X, y, sample_weight=weights, batch_size=len(X), verbose=0)
        fresh = recurrent_network(shape, n_genres, **dict(settings), seed=self.seed)
        for model in (network, fresh):
            model.optimizer.build(model.trainable_variables)
        for old, new in zip(
            network.variables + network.optimizer.variables,
            fresh.variables + fresh.optimizer.variables,
            strict=True,
        ):
            old.assign(new)
        return network


@functools.lru_cache(maxsize=8)
def _compiled(key: tuple[Any, ...]) -> keras.Model:
    """Build a network once in this process; what Keras has compiled for it stays with it."""
    shape, n_genres, settings = key
    return recurrent_network(shape, n_genres, **dict(settings))


class _Batches(keras.utils.PyDataset):
    """Batches that all have the same number of slices, so that nothing is compiled twice.

    With a generator the slices are shuffled and changed anew for each epoch, and a last batch that
    is not full takes slices a second time; without one, it is filled with slices of no weight.
    """

    def __init__(self, X, y, weights, size, *, rng=None, augment=None) -> None:
        super().__init__()
        self.X, self.y, self.weights, self.size = X, y, weights, size
        self.rng, self.augment = rng, augment or {}
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self.X) // self.size)

    def __getitem__(self, i: int) -> tuple[np.ndarray, ...]:
        rows = slice(i * self.size, (i + 1) * self.size)
        return tuple(part[rows] for part in self.epoch)

    def on_epoch_end(self) -> None:
        """Draw the next epoch."""
        n, full = len(self.X), len(self) * self.size
        if self.rng is None:
            rows = np.arange(full) % n
            weights = np.where(np.arange(full) < n, self.weights[rows] * full / n, 0)
            self.epoch = self.X[rows], self.y[rows], weights.astype(np.float32)
            return
        orders = [self.rng.permutation(n) for _ in range(-(-full // n))]
        rows = np.concatenate(orders)[:full]
        X, y = self.X[rows], self.y[rows]
        if X.ndim == 4:
            X = X[np.arange(full), self.rng.integers(X.shape[1], size=full)]
        if share := self.augment.get("time"):
            X = augment.mask_time(X, self.rng, share=share)
        if share := self.augment.get("bands"):
            X = augment.mask_bands(X, self.rng, share=share)
        if "gain" in self.augment:
            decibels, effect = self.augment["gain"]
            X = augment.change_gain(X, self.rng, decibels=decibels, effect=effect)
        if alpha := self.augment.get("mixup"):
            X, y = augment.mix_up(X, y, self.rng, alpha=alpha)
        self.epoch = X, y, self.weights[rows].astype(np.float32)


def _checked(X: np.ndarray, *, versions: bool = False) -> np.ndarray:
    X = np.asarray(X, np.float32)
    if X.ndim not in ((3, 4) if versions else (3,)):
        raise NetworkError(
            f"expected frames, shape (n_slices, n_frames, n_bands), not {X.shape}; "
            "genrelib.features.frames gives them"
        )
    if not X.size:
        raise NetworkError(f"there is no frame in these slices, shape {X.shape}; check the corpus")
    if not np.isfinite(X).all():
        raise NetworkError("frames hold values that are not finite; check the audio of the slices")
    return X


NETWORK_SETTINGS = tuple(inspect.signature(recurrent_network).parameters)[2:-1]
"""Names of the settings that :func:`recurrent_network` takes besides shape, genres and seed."""


def listen(classifier: RecurrentClassifier, X: np.ndarray) -> np.ndarray:
    """Ask a trained LSTM after every step what it would say if the slice ended there.

    Parameters
    ----------
    classifier : RecurrentClassifier
        Trained, with ``summary="last"`` and read forwards only.
    X : numpy.ndarray
        Frames, shape ``(n_slices, n_frames, n_bands)``.

    Returns
    -------
    numpy.ndarray
        Probabilities, shape ``(n_slices, n_steps, n_genres)``; the last step is what the network
        predicts.

    Raises
    ------
    NetworkError
        If the network answers from more than its last hidden state.
    """
    settings = classifier.network or {}
    ahead = settings.get("bidirectional") or settings.get("conv")
    if settings.get("summary", "last") != "last" or ahead:
        raise NetworkError("only a network that answers from its last step can be asked at each")
    network = classifier.trained_network()
    twin = keras.Sequential([keras.Input(network.input_shape[1:])])
    for layer in network.layers[1:]:
        if isinstance(layer, layers.LSTM) and not layer.return_sequences:
            every_step = layers.LSTM(layer.units, return_sequences=True)
            twin.add(every_step)
            every_step.set_weights(layer.get_weights())
        else:
            twin.add(layer)
    return twin.predict(classifier._standardise(_checked(X)), batch_size=_ROWS, verbose=0)


def occlusion(
    classifier: RecurrentClassifier, X: np.ndarray, genre: str, *, width: int = 13
) -> np.ndarray:
    """Measure how much of a genre's probability each stretch of time carries.

    Each stretch in turn is replaced by the mean of its bands, and the network is asked again
    (Zeiler and Fergus 2014, doi:10.1007/978-3-319-10590-1_53).

    Parameters
    ----------
    classifier : RecurrentClassifier
        Trained.
    X : numpy.ndarray
        Frames of one slice, shape ``(n_frames, n_bands)``.
    genre : str
        The genre.
    width : int
        Frames to hide at a time.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_frames,)``: by how much the probability falls when the stretch around the frame
        is hidden; negative where it rises.
    """
    starts = np.arange(-(width // 2), len(X) - width // 2)
    places = np.arange(len(X))
    hidden = (places >= starts[:, None]) & (places < starts[:, None] + width)
    masked = np.where(hidden[:, :, None], classifier.mean_.astype(np.float32), X)
    column = classifier.classes_.tolist().index(genre)
    whole, *without = classifier.predict_proba(np.concatenate([X[None], masked]))[:, column]
    return whole - np.array(without)
