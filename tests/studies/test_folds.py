"""Tests of the scores with several layouts of the folds."""

from __future__ import annotations

import pandas as pd
import pytest

from genrelib.book import load_results
from genrelib.studies import SHUFFLED, load_fold_seeds, measure_fold_seeds


def test_the_first_layout_is_that_of_the_recorded_results() -> None:
    """So the recorded layouts are of the models that the book shows, and no older ones."""
    table = load_fold_seeds()
    assert set(table["model"]) == set(SHUFFLED)
    assert (table.groupby("model")["seed"].nunique() == 5).all()
    shown = load_results("gtzan-mini").query(
        "protocol == 'track' and level == 'slice' and metric == 'accuracy'"
    )
    first = table[table["seed"] == 0].set_index("model")["value"]
    expected = shown.set_index("model")["value"][first.index]
    pd.testing.assert_series_equal(first, expected, check_names=False, atol=0.02)


def test_layouts_are_measured_anew_as_they_were_recorded() -> None:
    table = measure_fold_seeds([0, 3], models=["SVM on the ear"])
    recorded = load_fold_seeds().set_index(["model", "seed"])["value"]
    found = table.set_index(["model", "seed"])["value"]
    assert found.to_dict() == pytest.approx(recorded[found.index].to_dict(), abs=0.01)
