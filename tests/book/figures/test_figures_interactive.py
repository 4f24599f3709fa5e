"""What a reader may try out in a figure holds the numbers that the figure draws."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score

from genrelib.book.figures import forest, interactive

GENRES = ["blues", "jazz", "rock"]


def ballot(n: int = 60) -> tuple[pd.DataFrame, pd.Series]:
    """Votes of a hundred trees on slices of three genres."""
    rng = np.random.default_rng(0)
    truth = pd.Series(rng.choice(GENRES, n), [f"t{k}:0" for k in range(n)])
    votes = [rng.multinomial(100, rng.dirichlet([1, 1, 1])) for _ in range(n)]
    return pd.DataFrame(np.array(votes) / 100, truth.index, GENRES), truth


# --- the threshold of the forest -----------------------------------------------------------------


@pytest.mark.parametrize("least", [0, 10, 29, 50, 57, 90])
def test_rows_at_a_threshold_are_what_scikit_learn_counts(least: int) -> None:
    shares, truth = ballot()
    rows = (shares > least / 100).astype(int)
    told = pd.get_dummies(truth).reindex(columns=GENRES).astype(int)
    data = interactive.threshold(shares, truth, ("#000", "#fff"))
    slices = np.reshape(data["right"] + data["wrong"], (-1, 3))
    found = interactive._rows_at(slices, least)
    assert found["zeros"] == (rows.sum(axis=1) == 0).sum()
    assert found["several"] == (rows.sum(axis=1) > 1).sum()
    assert found["right"] / len(truth) == pytest.approx(accuracy_score(told, rows))
    assert sum(found.values()) == len(truth)
    if least % 10 == 0:
        row = next(r for r in data["table"]["rows"] if r[0] == f"{least} %")
        assert row[1:5] == list(found.values())


def test_the_slices_are_those_of_the_picture() -> None:
    shares, truth = ballot()
    picture = forest.majority(shares, truth, shares.max(axis=1) <= 0.5)
    right, wrong = (np.reshape(picture.data[kind], (-1, 3)) for kind in ("right", "wrong"))
    leads = shares.idxmax(axis=1) == truth
    for drawn, held, bars in zip(
        (leads, ~leads), (right, wrong), picture.figure.axes[0].containers, strict=True
    ):
        assert sorted(held.max(axis=1)) == pytest.approx(sorted(100 * shares[drawn].max(axis=1)))
        heights = [bar.get_height() for bar in bars]
        bins = np.maximum(np.ceil(held.max(axis=1) / 5), 1).astype(int) - 1
        assert heights == np.bincount(bins, minlength=20).tolist()
    assert picture.data["colours"] == list(forest.LEADS)
    json.dumps(picture.data)  # nothing that a notebook cannot keep


def test_a_single_genre_has_no_others() -> None:
    shares, truth = pd.DataFrame({"jazz": [0.7]}, ["a"]), pd.Series(["jazz"], ["a"])
    data = interactive.threshold(shares, truth, ())
    assert data["right"] == [70, 0, 0]


def test_what_is_too_much_for_a_page_stays_away() -> None:
    shares, truth = ballot(9000)
    assert interactive.threshold(shares, truth, ()) is None
    assert forest.majority(shares, truth, shares.max(axis=1) <= 0.5).data is None
