"""Tests of mutual information, against scikit-learn and against luck."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import mutual_info_score

from genrelib.evaluation import mutual_information

COUNTS = arrays(int, (3, 4), elements=st.integers(0, 30)).filter(lambda counts: counts.sum() > 0)


@given(COUNTS)
def test_of_many_tracks_it_is_the_textbook_sum(counts: np.ndarray) -> None:
    """A factor leaves the shares as they are, and the correction goes to nothing."""
    expected = mutual_info_score(None, None, contingency=counts) / np.log(2)
    assert mutual_information(counts * 10**9) == pytest.approx(expected, abs=1e-6)


@given(COUNTS)
def test_order_and_sides_do_not_matter(counts: np.ndarray) -> None:
    found = mutual_information(counts)
    assert mutual_information(counts.T) == pytest.approx(found, abs=1e-9)
    assert mutual_information(counts[::-1]) == pytest.approx(found, abs=1e-9)
    assert found >= 0


def test_answers_by_luck_tell_nothing_on_average() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(300, np.full(100, 0.01), 400).reshape(-1, 10, 10)
    plain = np.mean([mutual_info_score(None, None, contingency=c) / np.log(2) for c in drawn])
    assert plain > 0.15, "what few tracks pretend"
    assert abs(mutual_information(drawn).mean()) < plain / 4


@pytest.mark.parametrize("n", [2, 4, 10])
def test_a_faultless_answer_tells_all(n: int) -> None:
    assert mutual_information(100_000 * np.eye(n)) == pytest.approx(np.log2(n), abs=1e-3)
