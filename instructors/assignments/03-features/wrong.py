"""Three typical wrong answers, each with words of the feedback that it must get."""

import numpy as np
import pandas as pd


def deals_to_slices(values, tracks, genre, seed, rounds=200):
    rng = np.random.default_rng(seed)
    best = [eta_squared(values, rng.permutation(genre)).max() for _ in range(rounds)]
    return float(np.quantile(best, 0.95))


def each_column_alone(values, tracks, genre, seed, rounds=200):
    rng = np.random.default_rng(seed)
    means = pd.DataFrame(np.asarray(values, dtype=float)).groupby(np.asarray(tracks)).mean()
    labels = pd.Series(np.asarray(genre)).groupby(np.asarray(tracks)).first().to_numpy()
    each = [eta_squared(means, rng.permutation(labels)) for _ in range(rounds)]
    return float(np.quantile(each, 0.95, axis=0).mean())


def over_slices(values, tracks, genre, seed, rounds=200):
    rng = np.random.default_rng(seed)
    labels = pd.Series(np.asarray(genre)).groupby(np.asarray(tracks)).first()
    best = []
    for _ in range(rounds):
        dealt = pd.Series(rng.permutation(labels), index=labels.index)
        best.append(eta_squared(values, dealt.loc[tracks].to_numpy()).max())
    return float(np.quantile(best, 0.95))


WRONG = [
    ("luck", deals_to_slices, "Genres were dealt to slices"),
    ("luck", each_column_alone, "the best of many tries"),
    ("luck", over_slices, "Eta squared was taken over slices"),
]
