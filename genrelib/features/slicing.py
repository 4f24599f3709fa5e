"""From tracks to slices: contiguous pieces of six seconds.

Takes a :class:`~genrelib.corpus.Corpus` and gives a table with one row per slice, which
:mod:`genrelib.features.tables` measures.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd

from genrelib.corpus import Corpus

SLICE_LENGTH = 6.0
"""Length of a slice in seconds, as in the study the book starts from."""

SLICE_TOLERANCE = 0.01
"""Share of its length that the last slice of a track may lack and still be kept."""


class Slices(pd.DataFrame):
    """A table with one row per slice that knows the corpus whose tracks were cut.

    Made by :func:`slice_tracks`. Rows and columns can be chosen as in any table; what is left
    still knows its corpus.

    Explained in chapter 2.

    Attributes
    ----------
    corpus : Corpus or None
        Where the sound of the slices is; None where they were cut from a bare table of tracks.
    """

    _metadata: ClassVar = ["corpus"]
    corpus: Corpus | None = None

    @property
    def _constructor(self) -> Any:
        return Slices

    def __finalize__(self, other: Any, method: str | None = None, **kwargs: Any) -> Slices:
        """Hand the corpus on; pandas does so itself, but for tables that are joined."""
        super().__finalize__(other, method=method, **kwargs)  # type: ignore[misc]
        if method == "concat":
            known = {id(s.corpus): s.corpus for s in other.objs if isinstance(s, Slices)}
            self.corpus = next(iter(known.values())) if len(known) == 1 else None
        return self


def slice_tracks(
    music: Corpus | pd.DataFrame,
    length: float = SLICE_LENGTH,
    *,
    hop: float | None = None,
    short: bool = False,
) -> Slices:
    """Cut every track into slices, contiguous ones if not told otherwise.

    Explained in chapter 2.

    Parameters
    ----------
    music : Corpus or pandas.DataFrame
        A corpus, or its table of tracks: index ``track_id``, columns ``genre``, ``artist``,
        ``side`` and ``duration`` (seconds) are used, and ``recording`` if there.
    length : float
        Length of a slice in seconds.
    hop : float, optional
        From the start of one slice to that of the next, in seconds; as long as a slice if left
        out. Slices overlap where it is shorter.
    short : bool
        Whether a track that is shorter than a slice is one slice, as long as it is.

    Returns
    -------
    Slices
        One row per slice: index ``slice_id`` (``<track_id>:<k>``, k from 0), columns
        ``track_id``, ``genre``, ``artist``, ``side`` (of the fault-filtered split, or missing),
        ``start`` and ``end`` (seconds), ``recording`` (the first of the tracks that are one
        recording; the track itself where it is alone). A last slice that lacks less than 1 % of
        its length is kept (padded with zeros when it is measured), a shorter one is dropped. What
        is shorter than the pretrained ear listens to at a time, it hears repeated
        (:func:`genrelib.features.hear`).

    Raises
    ------
    ValueError
        If ``length`` or ``hop`` is not a positive number, or a track has no duration.

    Examples
    --------
    >>> tracks = pd.DataFrame(
    ...     {"genre": ["jazz"], "artist": ["A"], "side": [None], "duration": [17.95]},
    ...     index=pd.Index(["jazz.00001"], name="track_id"))
    >>> slice_tracks(tracks)[["track_id", "start", "end"]]
                    track_id  start   end
    slice_id
    jazz.00001:0  jazz.00001    0.0   6.0
    jazz.00001:1  jazz.00001    6.0  12.0
    jazz.00001:2  jazz.00001   12.0  18.0
    """
    tracks = music.tracks if isinstance(music, Corpus) else music
    hop = length if hop is None else hop
    for name, given in (("slice length", length), ("hop", hop)):
        if not (np.isfinite(given) and given > 0):
            raise ValueError(f"the {name} must be a positive number of seconds, not {given!r}")
    if tracks["duration"].isna().any():
        names = ", ".join(tracks.index[tracks["duration"].isna()][:5])
        raise ValueError(f"no duration is known for {names}; load the corpus with load_corpus")
    duration = tracks["duration"].to_numpy(float)
    hops = (duration - (1 - SLICE_TOLERANCE) * length) / hop  # after the first slice
    counts = np.maximum(np.floor(hops).astype(int) + 1, 0)
    lone = (counts == 0) & (duration > 0) & short
    counts[lone] = 1
    k = np.concatenate([np.arange(n) for n in counts] or [np.empty(0, int)])
    track_ids = np.repeat(tracks.index.to_numpy(object), counts)
    index = pd.Index([f"{t}:{i}" for t, i in zip(track_ids, k, strict=True)], name="slice_id")
    rows = tracks.loc[track_ids, ["genre", "artist", "side"]].set_axis(index)
    rows.insert(0, "track_id", track_ids)
    start, end = k * float(hop), k * float(hop) + float(length)
    end = np.where(np.repeat(lone, counts), np.repeat(duration, counts), end)
    recording = tracks.reindex(columns=["recording"])["recording"].to_numpy(object)
    recording = np.where(pd.isna(recording), tracks.index.to_numpy(object), recording)
    table = Slices(rows.assign(start=start, end=end, recording=np.repeat(recording, counts)))
    table.corpus = music if isinstance(music, Corpus) else None
    return table
