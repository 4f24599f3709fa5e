"""A recurrent network behind scikit-learn's interface: trained, asked, saved and read again."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted

from genrelib.corpus import write_whole
from genrelib.models.batches import Batches, checked_frames
from genrelib.models.networks import NetworkError, compiled, keras, layers, recurrent_network

ABOUT = "genres.json"
"""Name of what a saved model holds besides Keras's own files."""
ROWS = 50  # slices that are predicted at a time


class RecurrentClassifier(ClassifierMixin, BaseEstimator):
    """A recurrent network as a scikit-learn classifier of frames.

    Frames are standardised per band by what the training slices have. A network is compiled once
    per shape and settings in each process; every ``fit`` starts it anew from its seed. What was
    learned is kept as plain arrays, so that fitted classifiers can be copied and pickled.

    Explained in chapter 6.

    Parameters
    ----------
    network : dict, optional
        Settings of :func:`recurrent_network`, but for the seed.
    augment : dict, optional
        Changes of the training slices, drawn anew in each epoch: ``time`` and ``bands``, the
        largest share that :func:`genrelib.models.augment.mask_time` and ``mask_bands`` silence;
        ``gain``, the standard deviation of the level (dB) and what one decibel adds to each band;
        ``mixup``, the ``alpha`` of :func:`genrelib.models.augment.mix_up`.
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
        X = checked_frames(X, versions=True)
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        if len(codes) != len(X):
            raise NetworkError(f"{len(X)} slices have {len(codes)} genres; give one to each")
        train, valid = self._split(codes, groups)
        self.n_train_ = len(train)
        self.shape_ = X.shape[-2:]
        self.mean_ = X[train].mean(axis=tuple(range(X.ndim - 1)), dtype=float)
        spread = X[train].std(axis=tuple(range(X.ndim - 1)), dtype=float)
        self.scale_ = np.where(spread > 0, spread, 1.0)
        Z, targets = self.standardise(X), np.eye(len(self.classes_), dtype=np.float32)[codes]
        weights = compute_sample_weight("balanced" if self.balanced else None, codes)
        batches = Batches(
            Z[train], targets[train], weights[train], self.batch_size,
            rng=np.random.default_rng(self.seed), augment=self._changes(),
        )  # fmt: skip
        network = self._started(batches)
        held = None
        if len(valid):
            first = Z[valid] if Z.ndim == 3 else Z[valid, 0]
            held = Batches(first, targets[valid], np.ones(len(valid)), ROWS)
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
        X = checked_frames(X, versions=True)
        X = X if X.ndim == 3 else X[:, 0]
        if X.shape[1:] != self.shape_:
            raise NetworkError(
                "the network was trained on slices of {} frames and {} bands, not {} and {}: "
                "measure them alike".format(*self.shape_, *X.shape[1:])
            )
        # Always the same number of rows, so that nothing is compiled for the last ones.
        padded = np.zeros((-(-len(X) // ROWS) * ROWS, *self.shape_), np.float32)
        padded[: len(X)] = self.standardise(X)
        return network.predict(padded, batch_size=ROWS, verbose=0)[: len(X)]

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
        network = compiled(self._key())
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
        # Keras wants a name that ends in .keras.
        with tempfile.TemporaryDirectory() as folder:
            whole.save(saved := Path(folder) / "network.keras")
            with zipfile.ZipFile(saved, "a") as archive:
                archive.writestr(ABOUT, json.dumps(about, default=np.ndarray.tolist))
            write_whole(path, saved.read_bytes())
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

    def standardise(self, X: np.ndarray) -> np.ndarray:
        """Bring frames to the scale that the network was trained on.

        Parameters
        ----------
        X : numpy.ndarray
            Frames, the bands in the last axis.

        Returns
        -------
        numpy.ndarray
            float32, of the same shape.
        """
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

    def _started(self, batches: Batches) -> keras.Model:
        """Give the compiled network as it is before training, from this seed."""
        shape, n_genres, settings = self._key()
        network = compiled(self._key())
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
