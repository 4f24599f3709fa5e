"""Hidden tests of the assignment 03-features, in the form that otter-grader reads."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "03-features"
points = None


def corpus(columns=1, slices=8, spread=0.05, seed=0):
    """Thirty tracks of three genres whose features know nothing of genre; slices are alike."""
    rng = np.random.default_rng(seed)
    tracks = np.repeat(np.arange(30), slices)
    own = rng.normal(size=(30, columns))
    values = own[tracks] + spread * rng.normal(size=(len(tracks), columns))
    return values, tracks, np.repeat(np.repeat(["a", "b", "c"], 10), slices)


@test_case(points=3, hidden=True)
def test_genres_are_dealt_to_tracks(luck):
    found = luck(*corpus(), seed=0, rounds=200)
    assert found > 0.1, (
        "Genres were dealt to slices: siblings then have different genres, luck looks small, and "
        f"nearly every column seems to carry genre (limit {found:.2f}; two hundred rounds over "
        "thirty tracks reach about 0.20)."
    )


@test_case(points=2, hidden=True)
def test_the_best_column_is_the_yardstick(luck):
    one, many = (luck(*corpus(columns), seed=0, rounds=100) for columns in (1, 60))
    assert many > one + 0.1, (
        "With sixty columns the limit is that of one column: the best of many tries has to be "
        "compared with the best of many lucky ones."
    )


@test_case(points=2, hidden=True)
def test_a_track_counts_once(luck):
    values, tracks, genre = corpus(slices=4, spread=3.0)
    found = luck(values, tracks, genre, seed=0, rounds=200)
    assert found > 0.12, (
        "Eta squared was taken over slices, not over the means of tracks: slices of a track are "
        f"not independent, and their noise hides what tracks differ by (limit {found:.2f})."
    )


@test_case(points=1, hidden=True)
def test_the_seed_decides(luck):
    a, b = (luck(*corpus(), seed=3, rounds=20) for _ in range(2))
    assert a == b, "The same seed gave another limit: nobody could repeat it."
