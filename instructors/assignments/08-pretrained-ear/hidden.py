"""Hidden tests of the assignment 08-pretrained-ear, in the form that otter-grader reads."""

import numpy as np
import pandas as pd
from otter.test_files import test_case

OK_FORMAT = False
name = "08-pretrained-ear"
points = None


def music():
    rows = [(f"{g}{t}", g) for g, tracks in (("a", 8), ("b", 8), ("c", 3)) for t in range(tracks)
            for _ in range(5)]  # fmt: skip
    return pd.DataFrame(rows, columns=["track_id", "genre"])


SLICES = music()
TRAIN = np.flatnonzero(~SLICES["track_id"].isin(["a0", "b1", "a5", "b6"]))


def handed_out(few, n=4, seed=0):
    return SLICES.iloc[np.asarray(few(SLICES, TRAIN, n, seed))]


@test_case(points=3, hidden=True)
def test_tracks_are_handed_out(few):
    got = handed_out(few, 2)
    per_genre = got.groupby("genre")["track_id"].nunique()
    assert got["track_id"].nunique() == 6 and len(got) == 30, (
        "Slices were counted, not tracks: two labels of a genre are two songs, with all their "
        f"slices. Here they are {len(got)} slices of {per_genre.to_dict()} tracks."
    )


@test_case(points=3, hidden=True)
def test_the_test_is_not_handed_out(few):
    for seed in range(5):
        got = handed_out(few, 8, seed)
        held = set(got["track_id"]) & {"a0", "b1", "a5", "b6"}
        assert not held, (
            f"Tracks of the test were handed out ({', '.join(sorted(held))}): draw from `train`, "
            "or the question is asked about songs that were learned."
        )


@test_case(points=2, hidden=True)
def test_every_genre_gets_its_share(few):
    for seed in range(5):
        counts = handed_out(few, 3, seed).groupby("genre")["track_id"].nunique()
        assert counts.to_dict() == {"a": 3, "b": 3, "c": 3}, (
            "Tracks were drawn from all genres together: a genre with few of them gets fewer "
            f"labels, or none ({counts.to_dict()})."
        )


@test_case(points=1, hidden=True)
def test_the_seed_decides(few):
    draws = [tuple(handed_out(few, 2, seed).index) for seed in (0, 0, 1, 2)]
    assert draws[0] == draws[1] and len(set(draws)) > 1, "Draw by the seed, and by it alone."
