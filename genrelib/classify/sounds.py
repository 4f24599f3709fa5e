from __future__ import annotations

import numpy as np
import pandas as pd

from genrelib.classify.pieces import TAG_COLUMNS
from genrelib.features import tag_logits


def sounds():
    S = np.load("/tmp/sp/songs.npz")
    X = S["X"]
    n = S["n"]
    name = S["name"]
    rec = np.repeat(np.arange(len(n)), n)
    z = pd.DataFrame(tag_logits(X), columns=TAG_COLUMNS).groupby(rec).mean()
    kind = [
        "song"
        if x.isdigit()
        else (
            "speech"
            if x[:1].isdigit() and "-" in x and "inspector" not in x
            else "animal"
            if "inspector" in x or "whale" in x
            else "m"
        )
        for x in name
    ]
    t = pd.concat(
        [pd.DataFrame({"recording": name, "kind": kind, "unit": name, "seconds": 6.0 * n}), z],
        axis=1,
    )
    return t[t.kind != "m"]


def held_together(other, folds, seed):
    u = pd.unique(other["unit"])
    order = np.random.default_rng(seed).permutation(len(u)) % folds
    return other["unit"].map(dict(zip(u, order))).to_numpy()
