"""Three typical wrong answers, each with words of the feedback that it must get."""

import numpy as np
from sklearn.model_selection import KFold, StratifiedGroupKFold, cross_val_predict


def _right(X, region, culture, make):
    folds = list(StratifiedGroupKFold(5).split(X, region, culture))
    return (cross_val_predict(make(), X, region, cv=folds) == region).astype(float)


def _by_culture(apart, culture, seed, draws):
    _, unit = np.unique(culture, return_inverse=True)
    sums, counts = np.bincount(unit, apart), np.bincount(unit)
    drawn = np.random.default_rng(seed).integers(len(sums), size=(draws, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return (apart.mean(), *np.quantile(means, [0.025, 0.975]))


def deals_slices(sound, recorder, region, culture, make, seed, draws=500):
    folds = KFold(5, shuffle=True, random_state=0)
    right = [cross_val_predict(make(), X, region, cv=folds) == region for X in (sound, recorder)]
    return _by_culture(right[0].astype(float) - right[1], culture, seed, draws)


def compares_with_chance(sound, recorder, region, culture, make, seed, draws=500):
    apart = _right(sound, region, culture, make) - 1 / len(set(region))
    return _by_culture(apart, culture, seed, draws)


def draws_slices(sound, recorder, region, culture, make, seed, draws=500):
    apart = _right(sound, region, culture, make) - _right(recorder, region, culture, make)
    rng = np.random.default_rng(seed)
    means = apart[rng.integers(len(apart), size=(draws, len(apart)))].mean(axis=1)
    return (apart.mean(), *np.quantile(means, [0.025, 0.975]))


WRONG = [
    ("beyond", deals_slices, "Songs of one culture are on both sides"),
    ("beyond", compares_with_chance, "The recorder was not controlled for"),
    ("beyond", draws_slices, "Slices were taken as independent"),
]
