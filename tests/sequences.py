"""Sequences for the tests of networks, whose class lies in their order alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

# Two bands, eight steps. In rock both bands rise, in jazz both fall: the mean says nothing.
SMALL = {"pool": 1, "units": (8,), "batch_size": 8}


def rising_and_falling(n: int = 32, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Make sequences whose class lies in their order alone."""
    noise = np.random.default_rng(seed).normal(scale=0.2, size=(n, 8, 2))
    genre = np.array(["rock", "jazz"], object)[np.arange(n) % 2]
    sign = np.where(genre == "rock", 1, -1)[:, None, None]
    ramp = np.linspace(-1, 1, 8)[:, None]
    return (noise + sign * ramp).astype(np.float32), genre


def slices_of(genre: np.ndarray) -> pd.DataFrame:
    """Make the table of slices that goes with them, four slices a track."""
    n = len(genre)
    number = np.arange(n)
    track = [f"{g}.{i // 8}" for i, g in enumerate(genre)]
    index = pd.Index([f"{t}:{i % 8 // 2}" for i, t in enumerate(track)], name="slice_id")
    table = pd.DataFrame({"track_id": track, "genre": genre}, index=index)
    return table.assign(artist=None, side=None, start=6.0 * (number % 4), end=6.0)
