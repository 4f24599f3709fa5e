"""From tracks to slices: the second room of the house.

Takes the table of tracks that :mod:`genrelib.corpus` hands on and gives a table with one row per
slice, which :mod:`genrelib.features` measures.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

SLICE_LENGTH = 6.0
"""Length of a slice in seconds, as in the study the book starts from."""

TOLERANCE = 0.01
"""Share of its length that the last slice of a track may lack and still be kept."""


def slice_tracks(tracks: pd.DataFrame, length: float = SLICE_LENGTH) -> pd.DataFrame:
    """Cut every track into contiguous slices.

    Parameters
    ----------
    tracks : pandas.DataFrame
        One row per track, as in ``load_corpus(name).tracks``: index ``track_id``, columns
        ``genre``, ``artist``, ``fold`` and ``duration`` (seconds) are used.
    length : float
        Length of a slice in seconds.

    Returns
    -------
    pandas.DataFrame
        One row per slice: index ``slice_id`` (``<track_id>:<k>``, k from 0), columns
        ``track_id``, ``genre``, ``artist``, ``side`` (of the fault-filtered split, or missing),
        ``start`` and ``end`` (seconds). A last slice that lacks less than 1 % of its length is
        kept (padded with zeros when it is measured), a shorter one is dropped.

    Raises
    ------
    ValueError
        If ``length`` is not a positive number, or a track has no duration.

    Examples
    --------
    >>> tracks = pd.DataFrame(
    ...     {"genre": ["jazz"], "artist": ["A"], "fold": [None], "duration": [17.95]},
    ...     index=pd.Index(["jazz.00001"], name="track_id"))
    >>> slice_tracks(tracks)[["track_id", "start", "end"]]
                    track_id  start   end
    slice_id
    jazz.00001:0  jazz.00001    0.0   6.0
    jazz.00001:1  jazz.00001    6.0  12.0
    jazz.00001:2  jazz.00001   12.0  18.0
    """
    if not (np.isfinite(length) and length > 0):
        raise ValueError(f"the slice length must be a positive number of seconds, not {length!r}")
    if tracks["duration"].isna().any():
        names = ", ".join(tracks.index[tracks["duration"].isna()][:5])
        raise ValueError(f"no duration is known for {names}; load the corpus with load_corpus")
    counts = np.floor(tracks["duration"].to_numpy(float) / length + TOLERANCE).astype(int)
    k = np.concatenate([np.arange(n) for n in counts] or [np.empty(0, int)])
    track_ids = np.repeat(tracks.index.to_numpy(object), counts)
    index = pd.Index([f"{t}:{i}" for t, i in zip(track_ids, k, strict=True)], name="slice_id")
    rows = tracks.loc[track_ids, ["genre", "artist", "fold"]].set_axis(index)
    rows = rows.rename(columns={"fold": "side"})
    rows.insert(0, "track_id", track_ids)
    return rows.assign(start=k * float(length), end=(k + 1) * float(length))
