"""What a folder of measurements takes on the disk, column by column."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from genrelib.corpus import open_features


def column_sizes(folder: str | Path) -> pd.Series:
    """Count the bytes of each column; a reader who leaves a column out does not read them.

    Explained in chapter 11.

    Parameters
    ----------
    folder : str or pathlib.Path
        A folder made by :func:`genrelib.collections.extract`.

    Returns
    -------
    pandas.Series
        Compressed bytes by column, over all parts, in the order of the columns.
    """
    measured = open_features(folder)
    sizes = pd.Series(0, index=measured.schema.names, dtype=int)
    for part in measured.files:
        about = pq.read_metadata(part)
        for group in range(about.num_row_groups):
            for i in range(about.num_columns):
                column = about.row_group(group).column(i)
                # A column of lists is stored as that of its elements.
                name = column.path_in_schema.removesuffix(".list.element")
                sizes[name] += column.total_compressed_size
    return sizes
