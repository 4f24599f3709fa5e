"""Tests of the words for numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from genrelib.book.words import spans


def test_cells_hold_a_number_with_its_interval_or_a_dash() -> None:
    table = pd.DataFrame(
        {"value": [0.161, np.nan, -0.2], "low": [0.1, np.nan, -0.3], "high": [0.2, np.nan, 0.04]},
        index=["a", "b", "c"],
    )
    assert spans(table).to_dict() == {
        "a": "0.16 (0.10 to 0.20)",
        "b": "–",
        "c": "-0.20 (-0.30 to 0.04)",
    }
    assert spans(table, "+").tolist() == ["+0.16 (+0.10 to +0.20)", "–", "-0.20 (-0.30 to +0.04)"]
