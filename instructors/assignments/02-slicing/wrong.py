"""Three typical wrong answers, each with words of the feedback that it must get."""

import numpy as np


def rows_at_random(slices, share, seed):
    order = np.random.default_rng(seed).permutation(len(slices))
    cut = round(share * len(slices))
    return np.sort(order[cut:]), np.sort(order[:cut])


def last_tracks(slices, share, seed):
    names = slices["track_id"].unique()
    tested = slices["track_id"].isin(names[-round(share * len(names)) :]).to_numpy()
    return np.flatnonzero(~tested), np.flatnonzero(tested)


def always_the_first(slices, share, seed):
    tested = np.zeros(len(slices), bool)
    for _, group in slices.groupby("genre"):
        names = group["track_id"].unique()
        chosen = names[: max(1, round(share * len(names)))]
        tested |= slices["track_id"].isin(chosen).to_numpy()
    return np.flatnonzero(~tested), np.flatnonzero(tested)


WRONG = [
    ("split", rows_at_random, "Slices of a track are on both sides"),
    ("split", last_tracks, "A genre has no track in the test"),
    ("split", always_the_first, "Every seed gave the same split"),
]
