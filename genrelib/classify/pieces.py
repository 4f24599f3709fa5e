"""From corpora to what a model learns from and is tried on: recordings of several lengths.

Models see fifty numbers of a recording: the log-odds of the tags that the pretrained ear gives it,
averaged over its patches. A corpus that was heard by the ear gives them from the embedding, one of
which only the tags are known gives them all the same. Each track is there as a whole and in
shorter pieces, so that what is said of short recordings can be checked on short recordings.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import logit

from genrelib.classify.modelfile import ModelError
from genrelib.classify.naming import LENGTHS, length_of
from genrelib.corpus import Corpus
from genrelib.features import HEARD, ear_table, slice_tracks, tag_logits, tag_table

TAG_COLUMNS = HEARD["tags"]
"""Names of the log-odds."""
PATCHES = {"gtzan-tags": (3.0, 1.0)}
"""Corpora of which the tags of patches are known: their length, and from one to the next, in s."""
ABOUT = ("track_id", "genre", "artist", "title", "side", "recording", "seconds", "whole")


def pieces(corpora: Sequence[Corpus]) -> pd.DataFrame:
    """Lay out the tracks of corpora, as a whole and in pieces.

    Parameters
    ----------
    corpora : sequence of Corpus
        Corpora that the ear has heard, or can hear. A track may be in several of them.

    Returns
    -------
    pandas.DataFrame
        One row per piece; columns ``track_id``, ``genre``, ``artist``, ``title``, ``side``,
        ``seconds`` (one of :data:`LENGTHS`), ``whole`` (all that there is of a track in a corpus),
        ``learned`` (the one row of each track to learn from: the longest whole, and of these the
        first), ``recording`` (the first of the tracks that are one), ``unit`` (what is held out
        together: an artist, or a recording of nobody known), and the log-odds,
        :data:`TAG_COLUMNS`.
    """
    found = pd.concat([_pieces_of(corpus) for corpus in corpora])
    wholes = found[found["whole"]].sort_values("seconds", ascending=False, kind="stable")
    learned = wholes.index[~wholes.duplicated("track_id")]
    found.insert(len(ABOUT), "learned", found.index.isin(learned))
    found.insert(len(ABOUT) + 1, "unit", found["artist"].fillna(found["recording"]))
    return found


def _pieces_of(corpus: Corpus) -> pd.DataFrame:
    if corpus.name in PATCHES:
        length, hop = PATCHES[corpus.name]
        slices = slice_tracks(corpus, length, hop=hop)
        values = pd.DataFrame(logit(tag_table(slices).to_numpy(float)), slices.index, TAG_COLUMNS)
        number = slices.groupby("track_id").cumcount()
        # Of the overlapping patches, those that follow each other; and two such, joined.
        step = round(length / hop)
        first = number % (2 * step) == 0
        pair = slices["track_id"] + f"+{length:g}:" + (number // (2 * step)).astype(str)
        twos = values[number % step == 0].groupby(pair)
        six = twos.mean()[twos.size() == 2]
        parts = pd.concat([values[first], six])
        track = pd.concat([slices["track_id"][first], six.index.to_series().str.split("+").str[0]])
        seconds = np.repeat([length, 2 * length], [first.sum(), len(six)])
    else:
        slices = slice_tracks(corpus, short=True)
        parts = pd.DataFrame(tag_logits(ear_table(slices).to_numpy()), slices.index, TAG_COLUMNS)
        values, track = parts, slices["track_id"]
        seconds = (slices["end"] - slices["start"]).to_numpy()
    wholes = values.groupby(slices["track_id"]).mean()
    durations = corpus.tracks["duration"].reindex(wholes.index).to_numpy(float)
    several = track.map(track.value_counts()).to_numpy() > 1
    table = pd.concat([wholes, parts[several]])
    about = corpus.tracks.loc[[*wholes.index, *track[several]]]
    about["recording"] = about["recording"].fillna(about.index.to_series())
    about = about[["genre", "artist", "title", "side", "recording"]]
    about = about.reset_index().set_axis(corpus.name + "/" + table.index, axis=0)
    lengths = [LENGTHS[length_of(s)] for s in (*durations, *seconds[several])]
    about = about.assign(seconds=lengths, whole=np.arange(len(table)) < len(wholes))
    return pd.concat([about, table.set_axis(about.index, axis=0)], axis=1)


def without(rows: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
    """Leave out tracks, and all tracks of artists.

    Parameters
    ----------
    rows : pandas.DataFrame
        From :func:`pieces`.
    names : collection of str
        Track ids and artists.

    Returns
    -------
    pandas.DataFrame
        The other rows.

    Raises
    ------
    ModelError
        If a name is neither.
    """
    known = set(rows["track_id"]) | set(rows["artist"].dropna())
    if strange := sorted(set(names) - known):
        raise ModelError(
            f"nothing to hold out: {', '.join(map(repr, strange[:5]))} is neither a track nor an "
            "artist of the corpora. Write one id of a track, or one artist, a line"
        )
    return rows[~(rows["track_id"].isin(names) | rows["artist"].isin(names))]


def read_names(path: Path) -> list[str]:
    """Read a list of track ids and artists, one a line.

    Parameters
    ----------
    path : Path
        A text file, UTF-8.

    Returns
    -------
    list of str
        Its lines that are not empty.

    Raises
    ------
    ModelError
        If it cannot be read, or has no such line.
    """
    try:
        lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}: not text in UTF-8 ({error.reason}); save it as such") from error
    names = [line for line in lines if line]
    if not names:
        raise ModelError(f"{path}: names nothing; write one id of a track, or one artist, a line")
    return names
