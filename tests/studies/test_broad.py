"""Tests of asking for the kind of music first, and for the genre then."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from genrelib.models import make_model
from genrelib.studies import BroadThenNarrow

RNG = np.random.default_rng(0)
PLACES = {"a": (0, 0), "b": (0, 1.5), "c": (9, 0), "d": (9, 1.5), "e": (9, -1.5)}
MODEL = make_model("logistic", 0)


def sounds(names: str = "abcde", n: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Two genres here, three far from them."""
    y = np.repeat(list(names), n)
    return np.array([PLACES[name] for name in y]) + RNG.normal(0, 0.5, (len(y), 2)), y


def test_kinds_are_genres_that_lie_close() -> None:
    fitted = BroadThenNarrow(MODEL, numbers=(2,)).fit(*sounds())
    assert sorted(map(sorted, fitted.kinds_)) == [["a", "b"], ["c", "d", "e"]]


def test_probabilities_are_those_of_kind_and_genre_multiplied() -> None:
    X, y = sounds()
    fitted = BroadThenNarrow(MODEL, numbers=(2,)).fit(X, y)
    shares = fitted.predict_proba(X)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    kinds = fitted.broad_.predict_proba(X)
    own = [fitted.classes_.tolist().index(g) for g in fitted.kinds_[0]]
    np.testing.assert_allclose(shares[:, own].sum(axis=1), kinds[:, 0])
    assert (fitted.predict(X) == y).mean() > 0.85
    assert fitted.predict(X).tolist() == fitted.classes_[shares.argmax(axis=1)].tolist()


def test_the_number_of_kinds_is_chosen_from_what_it_is_given_to_learn() -> None:
    X, y = sounds()
    chosen = BroadThenNarrow(MODEL, numbers=(2, 3, 4)).fit(X, y)
    fixed = BroadThenNarrow(MODEL, numbers=(len(chosen.kinds_),)).fit(X, y)
    assert chosen.kinds_ == fixed.kinds_
    np.testing.assert_array_equal(chosen.predict_proba(X), fixed.predict_proba(X))
    again = clone(chosen).fit(X, y)
    assert again.kinds_ == chosen.kinds_


@pytest.mark.parametrize("names", ["ac", "abc"])
def test_few_genres_can_be_asked_as_well(names: str) -> None:
    X, y = sounds(names)
    fitted = BroadThenNarrow(MODEL).fit(X, y)
    assert sorted(g for kind in fitted.kinds_ for g in kind) == list(names)
    assert (fitted.predict(X) == y).mean() > 0.9


def test_one_track_of_a_genre_is_enough_to_run() -> None:
    X, y = sounds("abc", 5)
    X, y = X[:-4], y[:-4]
    assert BroadThenNarrow(MODEL).fit(X, y).predict(X).shape == y.shape
