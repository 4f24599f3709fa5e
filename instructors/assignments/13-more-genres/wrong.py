"""Three typical wrong answers, each with words of the feedback that it must get."""

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedGroupKFold, cross_val_predict


def _described(genre, told, n_genres):
    joint = pd.crosstab(genre, told, normalize="all").to_numpy()
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    full = joint > 0
    bits = (joint[full] * np.log2(joint[full] / apart[full])).sum()
    return {"accuracy": (told == genre).mean(), "chance": 1 / n_genres, "bits": bits}


def deals_slices(X, genre, tracks, sets, make):
    rows = {}
    for name, chosen in sets.items():
        own = np.isin(genre, chosen)
        folds = KFold(5, shuffle=True, random_state=0)
        told = cross_val_predict(make(), X[own], genre[own], cv=folds)
        rows[name] = _described(genre[own], told, len(chosen))
    return pd.DataFrame(rows).T.sort_values("bits", ascending=False)


def learns_all_genres(X, genre, tracks, sets, make):
    told = cross_val_predict(make(), X, genre, groups=tracks, cv=StratifiedGroupKFold(5))
    rows = {}
    for name, chosen in sets.items():
        own = np.isin(genre, chosen)
        rows[name] = _described(genre[own], told[own], len(chosen))
    return pd.DataFrame(rows).T.sort_values("bits", ascending=False)


def sorts_by_accuracy(X, genre, tracks, sets, make):
    rows = {}
    for name, chosen in sets.items():
        own = np.isin(genre, chosen)
        folds = StratifiedGroupKFold(5)
        told = cross_val_predict(make(), X[own], genre[own], groups=tracks[own], cv=folds)
        rows[name] = _described(genre[own], told, len(chosen))
    return pd.DataFrame(rows).T.sort_values("accuracy", ascending=False)


WRONG = [
    ("compare", deals_slices, "Slices of a track are on both sides"),
    ("compare", learns_all_genres, "has learned genres that are not in the set"),
    ("compare", sorts_by_accuracy, "compared across different numbers of genres"),
]
