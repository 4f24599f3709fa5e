"""What a network is trained on: frames that were looked at, in batches of one size."""

from __future__ import annotations

import numpy as np

from genrelib.models import augment
from genrelib.models.networks import NetworkError, keras


class Batches(keras.utils.PyDataset):
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


def checked_frames(X: np.ndarray, *, versions: bool = False) -> np.ndarray:
    """Refuse frames that no network can read; ``versions`` of each slice may be allowed."""
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
