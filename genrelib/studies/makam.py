"""Another culture, another kind of label: 1,000 recordings in 20 makams.

A makam is a mode of Ottoman-Turkish music: which steps above the tonic a melody uses, and how
much. The recordings and their labels are those of Karakurt, Senturk and Serra (MORTY, 2016); what
is embedded of them is in ``genrelib/data/makam``, under the licence that lies there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from genrelib.corpus import PACKAGE_DATA

STEPS = 240
"""Steps of 5 cents in an octave."""


def load_makam() -> tuple[pd.DataFrame, np.ndarray]:
    """Read the recordings and their melodies.

    Explained in chapter 9.

    Returns
    -------
    recordings : pandas.DataFrame
        One row per recording, laid out like a table of slices with one slice per track:
        ``track_id``, ``genre`` (the makam), ``artist`` (the first that is named), ``side``
        (missing) and ``release`` (recordings whose releases are linked have one name).
    melodies : numpy.ndarray of float32, shape (n_recordings, 240)
        The share of the melody in each of 240 steps of 5 cents above the tonic.
    """
    table = pq.read_table(PACKAGE_DATA / "makam" / "recordings.parquet")
    flat = table.column("distribution").combine_chunks().flatten().to_numpy()
    listed = table.drop_columns(["distribution"]).to_pandas()
    recordings = pd.DataFrame(
        {
            "track_id": listed["recording_id"],
            "genre": listed["makam"],
            "artist": listed["artist_ids"].str.split(";").str[0],
            "side": None,
            "release": linked(listed["release_ids"]),
        }
    )
    index = pd.Index(listed["recording_id"] + ":0", name="slice_id")
    return recordings.set_axis(index), flat.reshape(len(listed), -1).astype(np.float32)


def linked(names: pd.Series) -> np.ndarray:
    """Number the groups of rows that share a name, directly or through others.

    Parameters
    ----------
    names : pandas.Series of str
        Names of each row, joined by ``;``.

    Returns
    -------
    numpy.ndarray of str, shape (n_rows,)
        The number of the group of each row.

    Examples
    --------
    >>> linked(pd.Series(["a", "b", "a;c", "c"])).tolist()
    ['0', '1', '0', '0']
    """
    named = names.str.split(";").reset_index(drop=True).explode()
    row = named.index.to_numpy()
    codes, found = pd.factorize(named.to_numpy(object))
    size = len(names) + len(found)
    edges = coo_matrix((np.ones(len(row)), (row, len(names) + codes)), (size, size))
    return connected_components(edges, directed=False)[1][: len(names)].astype(str)
