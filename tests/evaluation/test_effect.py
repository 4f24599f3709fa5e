"""Tests of the effect size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_selection import f_classif

from genrelib.evaluation import eta_squared


@pytest.mark.parametrize("sizes", [(5, 5), (3, 8, 20), (1, 1, 9)])
def test_eta_squared_is_the_number_behind_the_f_test(sizes: tuple[int, ...]) -> None:
    labels = np.repeat([f"genre {i}" for i in range(len(sizes))], sizes)
    values = np.random.default_rng(0).normal(size=(len(labels), 4))
    values[:, 1] += labels == "genre 0"
    within, between = len(labels) - len(sizes), len(sizes) - 1
    f = f_classif(values, labels)[0]
    expected = f * between / (f * between + within)
    assert eta_squared(pd.DataFrame(values), labels).to_numpy() == pytest.approx(expected)


def test_a_column_that_does_not_vary_carries_nothing() -> None:
    table = pd.DataFrame({"still": [1.0, 1.0, 1.0, 1.0]})
    assert eta_squared(table, list("aabb")).tolist() == [0]
    assert eta_squared(table.iloc[:0], np.array([], str)).tolist() == [0]
