"""Three typical wrong answers, each with words of the feedback that it must get."""

import numpy as np


def counts_slices(slices, train, n, seed):
    learned = slices.iloc[np.asarray(train)].reset_index(names="row")
    return learned.groupby("genre").sample(n, random_state=seed)["row"].to_numpy()


def draws_from_all(slices, train, n, seed):
    rng = np.random.default_rng(seed)
    chosen = []
    for _, group in slices.groupby("genre"):
        chosen += list(rng.permutation(group["track_id"].unique())[:n])
    return np.flatnonzero(slices["track_id"].isin(chosen))


def genres_together(slices, train, n, seed):
    train = np.asarray(train)
    learned = slices.iloc[train]
    names = np.random.default_rng(seed).permutation(learned["track_id"].unique())
    chosen = names[: n * learned["genre"].nunique()]
    return train[learned["track_id"].isin(chosen).to_numpy()]


WRONG = [
    ("few", counts_slices, "Slices were counted, not tracks"),
    ("few", draws_from_all, "Tracks of the test were handed out"),
    ("few", genres_together, "drawn from all genres together"),
]
