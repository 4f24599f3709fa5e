"""Tests of the worked examples: the words of a picture are those of its numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from genrelib.book.figures import byhand


def test_strips_count_the_first_fold_and_part_the_tracks() -> None:
    cut = {"by slice": np.array([0, 1, 2, 0]), "by track": np.array([0, 0, 1, 1])}
    picture = byhand.strips(cut, np.array([0, 0, 1, 1]))
    assert "by slice, 2 slices, by track, 2 slices" in picture.alt
    numbers = [text.get_text() for text in picture.figure.axes[0].texts]
    assert numbers == ["1", "2", "3", "1", "1", "1", "2", "2"]
    assert [line.get_xdata()[0] for line in picture.figure.axes[0].lines] == [2]


def test_the_sibling_has_the_solid_line() -> None:
    points = pd.DataFrame({"x": [4, 3], "y": [4, 2], "genre": ["rock", "jazz"]}, ["A", "E"])
    picture = byhand.neighbours(points, (3, 3), pd.Series({"A": 2, "E": 1}))
    assert [line.get_linestyle() for line in picture.figure.axes[0].lines] == [":", "-"]
    assert "A, rock, at 2; E, jazz, at 1" in picture.alt
    assert "leads to E" in picture.caption


def test_recall_goes_by_row_and_precision_by_column() -> None:
    counts = pd.DataFrame([[3, 1], [2, 4]], ["jazz", "rock"], ["jazz", "rock"])
    alt = byhand.matrix(counts).alt
    assert "jazz: recall 3/4, precision 3/5; rock: recall 4/6, precision 4/5" in alt


def test_a_split_tells_both_sides() -> None:
    alt = byhand.split([1, 2, 4], ["jazz", "rock", "rock"], 3).alt
    assert "split at 3. Left: jazz, rock. Right: rock." in alt


def test_the_share_draws_all_means() -> None:
    picture = byhand.share({"jazz": [1, 3], "rock": [5, 7, 9]})
    assert "jazz, mean 2; rock, mean 7. The mean of all is 5." in picture.alt


def test_what_is_kept_and_added_makes_the_memory() -> None:
    picture = byhand.gate([1, 0.5], [8, 1], [8, 5])
    assert "gate 1, memory 8; gate 0.5, memory 5" in picture.alt
    heights = [bar.get_height() for bar in picture.figure.axes[0].patches]
    assert heights == [0, 4, 8, 1]


def test_the_distances_of_the_five_are_right() -> None:
    points, asked, squared = byhand.FIVE
    assert ((points["x"] - asked[0]) ** 2 + (points["y"] - asked[1]) ** 2).eq(squared).all()
