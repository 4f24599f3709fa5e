"""How much a number has to do with genre, before any model is asked.

Takes any table of numbers with a label per row; what it gives says nothing of columns that speak
only in company, see :mod:`genrelib.evaluation.importance` for these.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def eta_squared(table: pd.DataFrame, labels: ArrayLike) -> pd.Series:
    """Give the share of the variance of each column that lies between the groups.

    Explained in chapter 3.

    Parameters
    ----------
    table : pandas.DataFrame
        Numbers, one row per observation; rows should be independent of each other, such as the
        means of tracks.
    labels : array-like of str, shape (n_rows,)
        Group of each row, such as its genre.

    Returns
    -------
    pandas.Series
        Eta squared per column: 0 where all groups have the same mean, 1 where the groups differ
        and all rows of a group are equal. 0 where a column does not vary at all.

    Examples
    --------
    >>> table = pd.DataFrame({"tells": [1, 1, 2, 2], "silent": [1, 2, 1, 2]})
    >>> eta_squared(table, ["jazz", "jazz", "rock", "rock"]).tolist()
    [1.0, 0.0]
    """
    between = table.groupby(np.asarray(labels)).transform("mean")
    return (between.var() / table.var()).fillna(0)
