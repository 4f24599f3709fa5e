"""Three typical wrong answers, each with words of the feedback that it must get."""

import numpy as np


def best_on_the_test(answers, seed):
    settings = answers.drop(columns="track")
    names = np.random.default_rng(seed).permutation(answers["track"].unique())
    second = answers["track"].isin(names[len(names) // 2 :])
    best = settings[second].mean().idxmax()
    return best, settings.loc[second, best].mean()


def halves_of_slices(answers, seed):
    settings = answers.drop(columns="track")
    first = np.random.default_rng(seed).permutation(len(answers)) < len(answers) // 2
    best = settings[first].mean().idxmax()
    return best, settings.loc[~first, best].mean()


def always_the_same_halves(answers, seed):
    settings = answers.drop(columns="track")
    names = answers["track"].unique()
    first = answers["track"].isin(names[: len(names) // 2])
    best = settings[first].mean().idxmax()
    return best, settings.loc[~first, best].mean()


WRONG = [
    ("honest", best_on_the_test, "The best of many was scored"),
    ("honest", halves_of_slices, "Slices of a track are in both halves"),
    ("honest", always_the_same_halves, "Every seed gave the same halves"),
]
