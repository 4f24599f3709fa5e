"""The experiments behind chapter 6: one change at a time, from one plain network.

What each is given, in which order, and what is different about it; :mod:`genrelib.studies.lstm`
runs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.fft import dct
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from genrelib.features import (
    SLICE_LENGTH,
)
from genrelib.models import RECURRENT


class StudyError(ValueError):
    """A study that cannot be run, or was not."""


Shuffle = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Experiment:
    """One row of the study: a model, what it is given, and what is different about it.

    Parameters
    ----------
    name : str
        Its name, unique in the study.
    group : {"ladder", "seeds", "change", "order", "input", "length"}
        Which question of the chapter it belongs to.
    model : str
        A recurrent model, as for :func:`genrelib.models.make_model`.
    settings : dict
        What is different from that model.
    given : str
        A kind of frames, or one of :data:`INPUTS`.
    order : str
        One of :data:`ORDERS`.
    seconds : float
        Length of the pieces.
    single : bool
        Whether to train on one piece of each track only.
    audio : bool
        Whether it also trains on versions in another pitch and tempo, which need the audio.
    """

    name: str
    group: str
    model: str = "crnn"
    settings: dict[str, Any] = field(default_factory=dict)
    given: str = "mel"
    order: str = "in order"
    seconds: float = SLICE_LENGTH
    single: bool = False
    audio: bool = False

    @property
    def file_name(self) -> str:
        """Its name as a name of files."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


FIRST = {"pool": 1, "units": (64, 64), "learning_rate": 1e-3, "epochs": 40}
"""The plain network that the chapter begins with: two layers of 64, every frame a step."""


def shuffle_seconds(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shuffle stretches of about a second, and leave them as they are inside.

    Explained in chapter 6.

    Parameters
    ----------
    X : numpy.ndarray
        Frames, shape ``(n_slices, n_frames, n_bands)``.
    rng : numpy.random.Generator
        Source of chance; each slice gets an order of its own.

    Returns
    -------
    numpy.ndarray
        The same frames in another order; what does not fill a second is dropped.
    """
    n_blocks = round(SLICE_LENGTH)
    size = X.shape[1] // n_blocks
    blocks = X[:, : n_blocks * size].reshape(len(X), n_blocks, size, -1)
    places = rng.permuted(np.tile(np.arange(n_blocks), (len(X), 1)), axis=1)
    mixed = np.take_along_axis(blocks, places[:, :, None, None], axis=1)
    return mixed.reshape(len(X), n_blocks * size, -1)


def _shuffle_frames(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    places = rng.permuted(np.tile(np.arange(X.shape[1]), (len(X), 1)), axis=1)
    return np.take_along_axis(X, places[:, :, None], axis=1)


ORDERS: dict[str, Shuffle] = {
    "in order": lambda X, rng: X,
    "backwards": lambda X, rng: X[:, ::-1],
    "seconds shuffled": shuffle_seconds,
    "frames shuffled": _shuffle_frames,
    "mean only": lambda X, rng: np.repeat(X.mean(axis=1, keepdims=True), X.shape[1], axis=1),
}
"""What is done to the frames of every slice, in training as in testing."""
INPUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mel, cosines": lambda X: dct(X, norm="ortho", axis=-1),
    "mel, 20 cosines": lambda X: dct(X, norm="ortho", axis=-1)[..., :20],
    "mel, 20 wide bands": lambda X: np.stack(
        [part.mean(axis=-1) for part in np.array_split(X, 20, axis=-1)], axis=-1
    ),
}
"""Other ways to give the mel bands: as all their cosines, the first 20, or 20 means."""


def _experiments() -> list[Experiment]:
    plain: dict[str, Any] = {"model": "lstm", "settings": FIRST}
    best = RECURRENT["crnn"]
    ladder = [
        Experiment("LSTM", "ladder", given="mfcc", **plain),
        Experiment("LSTM on mel", "ladder", **plain),
        Experiment("LSTM, steps of four frames", "ladder", "lstm", FIRST | {"pool": 4}),
        Experiment(
            "CRNN, last state", "ladder",
            settings={"summary": "last", "schedule": "constant"},
        ),
        Experiment("CRNN, mean of states", "ladder", settings={"schedule": "constant"}),
        Experiment("CRNN", "ladder"),
    ]  # fmt: skip
    masks = {"time": 0.2, "bands": 0.3}
    longer = round(1.5 * best["epochs"])
    changes: dict[str, dict[str, Any]] = {
        "early stopping": {"validation": 0.2, "epochs": longer, "schedule": "constant"},
        "early stopping, plateau": {"validation": 0.2, "epochs": longer, "schedule": "plateau"},
        "no gradient clipping": {"clipnorm": None},
        "no dropout": {"dropout": 0.0},
        "dropout 0.4": {"dropout": 0.4},
        "L2": {"l2": 1e-3},
        "label smoothing": {"smoothing": 0.1},
        "L2 and label smoothing": {"l2": 1e-3, "smoothing": 0.1},
        "masks": {"augment": masks, "epochs": longer},
        "gain": {"augment": {"gain": (6.0, 1.0)}},
        "mix-up": {"augment": {"mixup": 0.4}, "epochs": longer},
        "bidirectional": {"bidirectional": True, "units": (32,)},
        "attention": {"summary": "attention"},
        "no LSTM": {"units": ()},
        "two LSTM layers": {"units": (64, 64)},
    }
    changed = [Experiment(f"CRNN, {name}", "change", settings=s) for name, s in changes.items()]
    changed.append(Experiment("CRNN, pitch and tempo", "change", audio=True))
    orders = [
        Experiment(f"{name}, {order}", "order", order=order, **kind)
        for name, kind in (("LSTM", plain | {"given": "mfcc"}), ("CRNN", {}))
        for order in ORDERS
        if order != "in order"
    ]
    inputs = [Experiment("CRNN on mfcc", "input", given="mfcc")]
    inputs += [Experiment(f"CRNN on {name}", "input", given=name) for name in INPUTS]
    lengths = [
        Experiment(
            f"CRNN, {seconds} s{' from one piece' if single else ''}", "length",
            settings={"batch_size": 8 if single else round(40 * SLICE_LENGTH / seconds)},
            seconds=seconds, single=single,
        )
        for single in (False, True)
        for seconds in (1, 2, 3, 6, 15, 30)
        if single or seconds != SLICE_LENGTH
    ]  # fmt: skip
    seeds = [Experiment("LSTM on MFCC", "seeds", "lstm", given="mfcc")]
    return [*ladder, *seeds, *inputs, *orders, *changed, *lengths]


EXPERIMENTS = _experiments()
"""All experiments, in the order in which they are run."""
RESEEDED = {"LSTM on MFCC": "LSTM on MFCC", "CRNN": "CRNN on mel"}
"""The two networks that the chapter trains under every protocol, and what it calls them."""
REPETITIONS = 2
FOLD_SEEDS = 5
"""Runs of an experiment, and of each of :data:`RESEEDED`: every run has other folds and other
initial weights."""


KINDS_OF_CHANGE: dict[str, tuple[str, ...]] = {
    "training": ("early stopping", "early stopping, plateau", "no gradient clipping"),
    "regularisation": (
        "no dropout", "dropout 0.4", "L2", "label smoothing", "L2 and label smoothing",
    ),
    "augmentation": ("masks", "gain", "mix-up", "pitch and tempo"),
    "layers": ("bidirectional", "attention", "no LSTM", "two LSTM layers"),
}  # fmt: skip
"""Which part of the recipe the experiments of the group ``change`` are about."""


def repetitions_of(name: str) -> int:
    """Say how often an experiment is run.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    int
        :data:`FOLD_SEEDS` for the networks of the chapter, else :data:`REPETITIONS`.
    """
    return FOLD_SEEDS if name in RESEEDED else REPETITIONS


class OnePiece(ClassifierMixin, BaseEstimator):
    """A classifier that is trained on one piece of each track, drawn by lot.

    Parameters
    ----------
    estimator : sklearn.base.BaseEstimator
        The classifier.
    seed : int
        Seed of the draw.
    """

    def __init__(self, estimator: BaseEstimator, seed: int = 0) -> None:
        self.estimator = estimator
        self.seed = seed

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> OnePiece:
        """Train on one piece of each track.

        Parameters
        ----------
        X : numpy.ndarray
            Frames, shape ``(n_pieces, n_frames, n_bands)``.
        y : numpy.ndarray
            Genres, shape ``(n_pieces,)``.
        groups : numpy.ndarray
            Tracks, shape ``(n_pieces,)``.

        Returns
        -------
        OnePiece
            Itself.
        """
        order = np.random.default_rng(self.seed).permutation(len(X))
        chosen = order[np.unique(np.asarray(groups)[order], return_index=True)[1]]
        self.estimator_ = clone(self.estimator).fit(X[chosen], y[chosen])
        self.classes_ = self.estimator_.classes_
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Give the probabilities of the genres.

        Parameters
        ----------
        X : numpy.ndarray
            Frames, shape ``(n_pieces, n_frames, n_bands)``.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_pieces, n_genres)``.
        """
        return self.estimator_.predict_proba(X)
