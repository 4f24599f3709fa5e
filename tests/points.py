"""Collections made up for tests: points with names, artists and lengths, without any sound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from genrelib.playlists import Index, catalogue

WIDTH = 50


def points(n: int, seed: int = 0) -> np.ndarray:
    """Draw points in a few clouds, as tracks of genres are."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(5, WIDTH))
    return (centres[np.arange(n) % 5] + 0.4 * rng.normal(size=(n, WIDTH))).astype(np.float32)


def rows(heard: np.ndarray, **columns: list[Any]) -> pa.Table:
    """Lay points out as the rows of an index."""
    n = len(heard)
    told: dict[str, Any] = {
        "track_id": [f"track {k:04d}" for k in range(n)],
        "path": [None] * n,
        "artist": [f"artist {k}" for k in range(n)],
        "title": [f"title {k}" for k in range(n)],
        "genre": [f"genre {k % 5}" for k in range(n)],
        "reason": [None] * n,
        "duration": [180.0 + k for k in range(n)],
    } | columns
    table = {
        name: pa.array(values, pa.float64() if name == "duration" else pa.string())
        for name, values in told.items()
    }
    table["heard"] = pa.FixedSizeListArray.from_arrays(pa.array(heard.ravel()), heard.shape[1])
    for name in ("size", "changed"):
        table[name] = pa.nulls(n, pa.int64())
    return pa.table(table | {"digest": pa.nulls(n, pa.string())})


def collection(n: int = 200, **columns: list[Any]) -> Index:
    """Make a collection up."""
    return catalogue(rows(points(n), **columns), name="made up", exact=True)
