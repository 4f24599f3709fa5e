"""An exhibit for chapter 8: an ear that was trained on the tracks that it is tested on.

The embeddings of GTZAN's 1,000 tracks by a network that was trained on GTZAN (repository
minguezalba/MusiCNN-embeddings, commit c9280de93974be60a62427dacaf78729e2218452) have no licence:
they are read from the data folder, where ``tools/record_trained_ear.py`` scores them, and what it
found is part of the package.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genrelib.corpus import gtzan_annotations, read_recorded
from genrelib.evaluation import PROTOCOLS, cross_validate, score
from genrelib.features import slice_tracks
from genrelib.models import make_model


def score_trained_ear(folder: Path, *, seed: int = 0) -> dict[str, dict[str, Any]]:
    """Score logistic regression on the embeddings under every protocol.

    Parameters
    ----------
    folder : pathlib.Path
        Where ``embeddings.npy``, shape ``(n_tracks, 200)``, and ``track_ids.npy`` are.
    seed : int
        Seed of folds and intervals.

    Returns
    -------
    dict of str to dict
        By protocol: ``value``, ``low`` and ``high`` of the accuracy per track, and ``n_tracks``.
    """
    names = np.load(folder / "track_ids.npy")
    embeddings = pd.DataFrame(np.load(folder / "embeddings.npy"), index=names)
    tracks = gtzan_annotations().loc[names].assign(duration=30.0)
    slices = slice_tracks(tracks, 30.0)  # one for each track
    X = embeddings.loc[slices["track_id"]].set_axis(slices.index, axis=0)
    found = {}
    for name in PROTOCOLS:
        told = cross_validate(make_model("logistic", seed), X, slices, name, seed=seed)
        row = score(told, seed=seed).query("level == 'track' and metric == 'accuracy'").iloc[0]
        found[name] = {key: float(row[key]) for key in ("value", "low", "high", "n_tracks")}
    return found


def trained_ear() -> dict[str, Any]:
    """Read what was recorded of the exhibit.

    Explained in chapter 8.

    Returns
    -------
    dict
        ``recorded``, the day, and ``scores``: by protocol and ``accuracy per track`` what
        :func:`score_trained_ear` gives.
    """
    record = read_recorded("trained-ear")
    scores = {(name, "accuracy per track"): found for name, found in record["scores"].items()}
    return {"recorded": record["recorded"], "scores": scores}
