"""Hidden tests of the assignment 05-nearest-neighbours, in the form that otter-grader reads."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "05-nearest-neighbours"
points = None


def made(rows=60, columns=6, seed=0):
    rng = np.random.default_rng(seed)
    genre = np.array(["a", "b", "c"])[np.arange(rows) % 3]
    X = rng.normal(size=(rows, columns))
    X[:, 0] += 2.0 * (np.arange(rows) % 3)
    fold = np.arange(rows) // 20
    folds = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3)]
    return X, genre, folds


@test_case(points=2, hidden=True)
def test_a_row_is_named_by_training_rows(predictions):
    X, genre, folds = made()
    twin = X.copy()
    twin[1], twin[2] = twin[0], twin[0]  # three copies of one song in one test, three genres
    named = predictions(twin, genre, folds, columns=6)
    assert len({named[0], named[1], named[2]}) == 1, (
        "Neighbours were looked up among all rows: a test row found a copy of itself, or a "
        "sibling, in its own test fold."
    )


@test_case(points=3, hidden=True)
def test_scaling_is_learned_from_training(predictions):
    X, genre, folds = made()
    moved = X.copy()
    moved[19] *= 1e6  # one test row of the first fold: a clip with a click
    before, after = (predictions(x, genre, folds, columns=6) for x in (X, moved))
    assert (before[:19] == after[:19]).all(), (
        "The scaler has seen the test: one test row changed, and other test rows of its fold "
        "were named otherwise. Standardise inside the fold, by the training rows."
    )


@test_case(points=3, hidden=True)
def test_columns_are_chosen_on_training(predictions):
    rng = np.random.default_rng(1)
    rows = 45
    genre = rng.permutation(np.repeat(["a", "b", "c"], 15))
    X = rng.normal(size=(rows, 3000))  # nothing in it knows anything of genre
    fold = np.arange(rows) % 5
    folds = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(5)]
    right = (predictions(X, genre, folds, columns=20) == genre).mean()
    assert right < 0.65, (
        "Columns were chosen before the split: numbers that know nothing of genre are named "
        f"rightly in {right:.0%} of the rows, where chance is 33%. The choice has seen the "
        "genres of the test."
    )


@test_case(points=1, hidden=True)
def test_genres_can_be_named(predictions):
    X, genre, folds = made()
    X[:, 0] += 8.0 * (np.arange(60) % 3)
    right = (predictions(X, genre, folds, columns=1) == genre).mean()
    assert right > 0.8, f"Where one column says it all, {right:.0%} were named rightly."
