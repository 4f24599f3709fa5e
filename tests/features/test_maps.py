"""Tests of maps."""

from __future__ import annotations

import numpy as np
import pandas as pd

from genrelib.features import neighbour_map


def test_what_is_alike_lies_together_whatever_the_units() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1], 15)
    X = pd.DataFrame(rng.normal(size=(30, 5)) + 12 * group[:, None]) * [1, 1, 1, 1, 1000]
    points = neighbour_map(X)
    assert points.shape == (30, 2)
    centres = np.stack([points[group == k].mean(axis=0) for k in (0, 1)])
    own = np.linalg.norm(points - centres[group], axis=1)
    other = np.linalg.norm(points - centres[1 - group], axis=1)
    assert (own < other).all()


def test_the_same_seed_gives_the_same_map_of_few_slices() -> None:
    X = pd.DataFrame(np.random.default_rng(1).normal(size=(6, 40)))
    assert np.array_equal(neighbour_map(X, 3), neighbour_map(X, 3))
