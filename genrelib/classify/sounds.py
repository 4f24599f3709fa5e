"""What is not music like that of a corpus: songs from elsewhere, speech, noise, signals, animals.

Real recordings, as the pretrained ear heard them at :data:`LEVEL`; where they come from and under
which licence: ``genrelib/data/README.md``. Music of other kinds is among them, too, so that it is
not taken for anything else.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from genrelib.corpus import PACKAGE_DATA
from genrelib.features import HEARD, tag_logits

LEVEL = -17.0
"""Loudness at which they were heard, in dB of full scale: that of the tracks of gtzan-mini."""
KINDS = ("music", "song", "speech", "noise", "signal", "animal")
"""What there is; music and song are music."""
_WINDOW = 6.0


def sounds() -> pd.DataFrame:
    """Read what the package holds of other sounds.

    Explained in chapter 9.

    Returns
    -------
    pandas.DataFrame
        One row per window of six seconds: ``recording``, ``kind`` (one of :data:`KINDS`),
        ``unit`` (what is held out together: the culture of a song, else the package or collection),
        ``source``, ``licence``, ``about``, ``start`` (seconds), and the log-odds of the tags.
    """
    table = pq.read_table(PACKAGE_DATA / "heard" / "sounds.parquet").to_pandas()
    values = tag_logits(np.stack(table.pop("ear").to_numpy()).astype(float))
    logits = pd.DataFrame(values, table.index, HEARD["tags"])
    return pd.concat([table.rename(columns={"group": "unit"}), logits], axis=1)


def whole(heard: pd.DataFrame) -> pd.DataFrame:
    """Join the windows of each recording.

    Parameters
    ----------
    heard : pandas.DataFrame
        From :func:`sounds`.

    Returns
    -------
    pandas.DataFrame
        One row per recording: ``recording``, ``kind``, ``unit``, ``seconds``, and the mean
        log-odds of the tags.
    """
    groups = heard.groupby("recording", sort=False)
    about = groups[["kind", "unit"]].first().assign(seconds=_WINDOW * groups.size())
    return pd.concat([about, groups[HEARD["tags"]].mean()], axis=1).reset_index()


def held_together(heard: pd.DataFrame, folds: int, seed: int) -> np.ndarray:
    """Deal the units of each kind of sound out to folds.

    Parameters
    ----------
    heard : pandas.DataFrame
        Rows with ``unit``.
    folds : int
        How many folds.
    seed : int
        Decides which unit goes into which fold.

    Returns
    -------
    numpy.ndarray of int, shape (n_rows,)
        The fold of each row.
    """
    units = np.sort(heard["unit"].unique())
    dealt = np.random.default_rng(seed).permutation(len(units)) % folds
    return dealt[np.searchsorted(units, heard["unit"].to_numpy())]
