"""Tests of what is done to training slices."""

from __future__ import annotations

import numpy as np
import pytest

from genrelib.models.augment import change_gain, mask_bands, mask_time, mix_up

X = np.random.default_rng(0).normal(size=(200, 40, 12)).astype(np.float32)
Y = np.eye(4, dtype=np.float32)[np.arange(200) % 4]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.mark.parametrize(
    "change",
    [
        mask_time,
        mask_bands,
        lambda X, rng: change_gain(X, rng, decibels=6, effect=np.ones(12)),
        lambda X, rng: mix_up(X, Y, rng)[0],
    ],
    ids=["time", "bands", "gain", "mix-up"],
)
def test_a_change_is_drawn_from_the_seed_and_leaves_the_original_alone(change) -> None:
    before = X.copy()
    first, again, other = (change(X, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(first, again)
    assert first.shape == X.shape and first.dtype == np.float32
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, X)


def test_a_mask_covers_all_bands_of_a_stretch_of_time(rng: np.random.Generator) -> None:
    hidden = mask_time(X, rng, share=0.25, blocks=1) == 0
    rows = hidden.any(axis=2)
    assert (hidden.all(axis=2) == rows).all()
    assert rows.sum(axis=1).max() == 10  # a quarter of forty frames, and sometimes none
    assert rows.sum(axis=1).min() == 0
    edges = np.diff(rows.astype(int), axis=1, prepend=0, append=0)
    assert ((edges == 1).sum(axis=1) <= 1).all()
    assert rows.any(axis=0).all(), "it must be able to lie anywhere"


def test_a_mask_covers_neighbouring_bands_of_the_whole_slice(rng: np.random.Generator) -> None:
    hidden = mask_bands(X, rng, share=0.5) == 0
    columns = hidden.any(axis=1)
    assert (hidden.all(axis=1) == columns).all()
    assert columns.sum(axis=1).max() == 6
    edges = np.diff(columns.astype(int), axis=1, prepend=0, append=0)
    assert ((edges == 1).sum(axis=1) <= 1).all()


def test_gain_moves_all_frames_of_a_slice_alike(rng: np.random.Generator) -> None:
    effect = np.arange(12.0)
    moved = change_gain(X, rng, decibels=3, effect=effect) - X
    gains = moved[:, 0, 1]
    np.testing.assert_allclose(
        moved, np.broadcast_to((gains[:, None] * effect)[:, None], moved.shape), atol=1e-4
    )
    assert 2.4 < gains.std() < 3.6


def test_blends_keep_the_proportions_of_their_genres(rng: np.random.Generator) -> None:
    levels = np.arange(200, dtype=np.float32)[:, None, None] * np.ones((1, 5, 3), np.float32)
    labels = np.eye(200, dtype=np.float32)
    blend, shares = mix_up(levels, labels, rng)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(blend[:, 0, 0], shares @ np.arange(200), rtol=1e-4)
    assert (shares[np.arange(200), np.arange(200)] >= 0.5 - 1e-6).all()
    assert ((shares > 0).sum(axis=1) == 2).mean() > 0.8
