"""Three typical wrong answers, each with words of the feedback that it must get."""

import numpy as np


def watches_the_test(tracks, train, share, seed):
    return np.asarray(train), np.setdiff1d(np.arange(len(tracks)), train)


def watches_siblings(tracks, train, share, seed):
    order = np.random.default_rng(seed).permutation(train)
    cut = round(share * len(order))
    return np.sort(order[cut:]), np.sort(order[:cut])


def sees_the_future(losses, patience):
    return int(np.argmin(losses))


WRONG = [
    ("watched", watches_the_test, "The test is watched"),
    ("watched", watches_siblings, "both learned from and watched"),
    ("kept", sees_the_future, "An epoch was kept that was never run"),
]
