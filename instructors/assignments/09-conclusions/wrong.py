"""Three typical wrong answers, each with words of the feedback that it must get."""

import numpy as np
import pandas as pd


def draws_slices(a, b, tracks, seed, draws=1000):
    rng = np.random.default_rng(seed)
    apart = np.asarray(a, float) - np.asarray(b, float)
    drawn = apart[rng.integers(len(apart), size=(draws, len(apart)))].mean(axis=1)
    return (apart.mean(), *np.quantile(drawn, [0.025, 0.975]))


def draws_apart(a, b, tracks, seed, draws=1000):
    rng = np.random.default_rng(seed)
    means = [pd.Series(np.asarray(x, float)).groupby(np.asarray(tracks)).mean() for x in (a, b)]
    first, second = (
        m.to_numpy()[rng.integers(len(m), size=(draws, len(m)))].mean(axis=1) for m in means
    )
    value = np.mean(a) - np.mean(b)
    return (value, *np.quantile(first - second, [0.025, 0.975]))


def subtracts_intervals(a, b, tracks, seed, draws=1000):
    rng = np.random.default_rng(seed)
    ends = []
    for x in (a, b):
        means = pd.Series(np.asarray(x, float)).groupby(np.asarray(tracks)).mean().to_numpy()
        drawn = means[rng.integers(len(means), size=(draws, len(means)))].mean(axis=1)
        ends.append(np.quantile(drawn, [0.025, 0.975]))
    return np.mean(a) - np.mean(b), ends[0][0] - ends[1][1], ends[0][1] - ends[1][0]


WRONG = [
    ("difference", draws_slices, "Slices were taken as independent"),
    ("difference", draws_apart, "Each model was drawn tracks of its own"),
    ("difference", subtracts_intervals, "the ends of two intervals were subtracted"),
]
