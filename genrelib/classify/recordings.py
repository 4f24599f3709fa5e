"""Recordings that are music or not, as the pretrained ear hears them.

From these a model learns to tell music, song above all, from speech, noise, signals and animals.
What was taken from where is in ``data/README.md``; ``tools/make_sounds.py`` made the table.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from genrelib.corpus import PACKAGE_DATA
from genrelib.features import EAR_COLUMNS, HEARD, tag_logits

SOUND_KINDS = ("music", "song", "speech", "noise", "signal", "animal")
"""Kinds of recordings, in the order in which models keep them: the first two are music."""


def sounds() -> pd.DataFrame:
    """Read what the pretrained ear hears in recordings of music and of other sounds.

    Returns
    -------
    pandas.DataFrame
        One row per window of six seconds, the first 30 seconds of each recording, at the loudness
        of the model of the package. Columns: ``recording``, its name; ``kind``, one of
        :data:`SOUND_KINDS`; ``group``, what has to be held out together, a culture for songs and
        a package or collection for everything else; ``source``; ``licence``; ``about``, what a
        song is for or who is heard, may be empty; ``start`` in seconds; and the embedding, in the
        columns :data:`~genrelib.features.EAR_COLUMNS`.

    Examples
    --------
    >>> table = sounds()
    >>> table.groupby("kind")["recording"].nunique()["song"]
    np.int64(59)
    """
    table = pd.read_parquet(PACKAGE_DATA / "heard" / "sounds.parquet")
    ear = np.stack(table.pop("ear").to_list()).astype(np.float32)
    return table.join(pd.DataFrame(ear, columns=list(EAR_COLUMNS), index=table.index))


def as_tags(heard: pd.DataFrame) -> pd.DataFrame:
    """Give the log-odds of tags of what :func:`sounds` gives, as models see them.

    One row per window; ``recording``, ``kind``, ``unit`` (the group), and the log-odds.
    """
    about = heard[["recording", "kind", "group"]].rename(columns={"group": "unit"})
    values = tag_logits(heard[list(EAR_COLUMNS)].to_numpy())
    return about.join(pd.DataFrame(values, heard.index, HEARD["tags"]))


def whole(heard: pd.DataFrame) -> pd.DataFrame:
    """Join the windows of each recording of :func:`as_tags`, and add how long it is."""
    groups = heard.groupby("recording", sort=False)
    about = groups[["kind", "unit"]].first().assign(seconds=6.0 * groups.size())
    return about.join(groups[HEARD["tags"]].mean()).reset_index()


def dealt(heard: pd.DataFrame, folds: int, seed: int) -> np.ndarray:
    """Deal what is held out together out to folds; gives the fold of each row."""
    units = np.sort(heard["unit"].unique())
    order = np.random.default_rng(seed).permutation(len(units)) % folds
    return order[np.searchsorted(units, heard["unit"].to_numpy())]
