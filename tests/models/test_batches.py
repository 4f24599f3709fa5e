"""Tests of the batches that networks are trained on."""

from __future__ import annotations

import numpy as np

from genrelib.models.batches import Batches


def test_every_slice_is_heard_in_every_epoch() -> None:
    X = np.arange(10, dtype=np.float32)[:, None, None]
    batches = Batches(X, np.eye(10), np.ones(10), 4, rng=np.random.default_rng(0))
    for _ in range(3):
        heard = np.concatenate([batches[i][0].ravel() for i in range(len(batches))])
        assert len(batches) == 3 and len(heard) == 12
        assert set(heard) == set(range(10))
        assert (np.concatenate([batches[i][1] for i in range(3)]).argmax(axis=1) == heard).all()
        batches.on_epoch_end()


def test_what_fills_the_last_batch_of_a_validation_does_not_count() -> None:
    X = np.arange(10, dtype=np.float32)[:, None, None]
    batches = Batches(X, np.eye(10), np.ones(10), 4)
    weights = np.concatenate([batches[i][2] for i in range(3)])
    assert (weights[10:] == 0).all()
    np.testing.assert_allclose(weights.sum(), 12)  # Keras divides by the number of slices
