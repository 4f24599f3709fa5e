"""More genres: how the question grows, what is one sound with two names, and what tags know.

The experiments of chapter 13. They take one row per track, laid out like a table of slices: the
log-odds of the ear's tags, averaged over the track (:func:`tagged_tracks` for those that the ear's
makers published, :func:`heard_tracks` for any corpus that the ear has heard).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import comb
from typing import Any, cast

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import linkage
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import average_precision_score
from threadpoolctl import threadpool_limits

from genrelib.corpus import Corpus
from genrelib.evaluation import (
    ends,
    held_out,
    mean_with_interval,
    mutual_information,
    plan,
    resample,
)
from genrelib.features import HEARD, TAGS, ear_table, slice_tracks, tag_logits
from genrelib.studies.published import published_tags, tags_by_track

SHARED_TAGS = {
    "blues": "blues",
    "country": "country",
    "hiphop": "Hip-Hop",
    "jazz": "jazz",
    "metal": "metal",
    "pop": "pop",
    "rock": "rock",
}
"""Genres of GTZAN that listeners also write as a tag, and how they write them."""
NEW_TAGS = (
    *("electronic", "electronica", "electro", "House", "dance", "ambient", "folk", "punk"),
    *("soul", "rnb", "funk", "indie", "alternative", "easy listening"),
)
"""Tags that name a genre that GTZAN lacks; kinds of one that it has, as indie rock, are left
out."""
DRAWS = 12
"""How many sets of genres of each size are asked, where there are so many."""

Table = tuple[pd.DataFrame, pd.DataFrame]


def tagged_tracks() -> Table:
    """Take the published tags of those tracks of GTZAN whose artist is known.

    Explained in chapter 13.

    Returns
    -------
    tracks : pandas.DataFrame
        One row per track, laid out like a table of slices.
    odds : pandas.DataFrame
        The mean log-odds of its tags, row-aligned.
    """
    first, odds = tags_by_track(*published_tags())
    known = first["artist"].notna()
    return first[known], odds[known]


def heard_tracks(music: Corpus) -> Table:
    """Have the ear listen to a corpus, and average over each track.

    Explained in chapter 13.

    Parameters
    ----------
    music : Corpus
        A corpus that the ear has heard, or whose audio is on disk.

    Returns
    -------
    tracks, odds : pandas.DataFrame
        As from :func:`tagged_tracks`.

    Raises
    ------
    CorpusError
        If it was measured without the ear.
    """
    slices = slice_tracks(music)
    heard = ear_table(slices)
    odds = pd.DataFrame(tag_logits(heard.to_numpy()), slices.index, HEARD["tags"])
    return tags_by_track(slices, odds)


# --- from two genres to all -------------------------------------------------------------------


def sets_of_genres(
    genres: Sequence[str], size: int, draws: int, rng: np.random.Generator
) -> list[tuple[str, ...]]:
    """Draw sets of genres, none of them twice; all there are, where they are few.

    Parameters
    ----------
    genres : sequence of str
        What to draw from.
    size : int
        Genres of a set.
    draws : int
        How many sets; pairs are always taken all, since there is more to ask of them.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    list of tuple of str
        The sets.

    Examples
    --------
    >>> sets_of_genres(["jazz", "pop", "rock"], 2, 1, np.random.default_rng(0))
    [('jazz', 'pop'), ('jazz', 'rock'), ('pop', 'rock')]
    """
    if size == 2 or comb(len(genres), size) <= draws:
        return list(combinations(genres, size))
    found: dict[tuple[str, ...], None] = {}
    while len(found) < draws:
        drawn = rng.choice(len(genres), size, replace=False)
        found[tuple(genres[k] for k in sorted(drawn))] = None
    return list(found)


def ask_fewer_genres(
    model: BaseEstimator,
    X: pd.DataFrame,
    tracks: pd.DataFrame,
    *,
    protocol: str = "artist",
    sizes: Sequence[int] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Ask a model about sets of genres of every size, on the same folds.

    Explained in chapter 13.

    Parameters
    ----------
    model : sklearn.base.BaseEstimator
        A classifier; it is cloned for each fold, and learns the genres of the set alone.
    X : pandas.DataFrame
        Numbers, row-aligned with `tracks`.
    tracks : pandas.DataFrame
        One row per track, laid out like a table of slices.
    protocol : str
        Whose folds.
    sizes : sequence of int, optional
        Genres of a set; from two to all, if left out.
    draws : int
        Sets of each size.
    seed : int
        Seed of folds and sets.

    Returns
    -------
    pandas.DataFrame
        One row per set and track tested: ``n_genres``, ``genres`` (a tuple), ``track_id``,
        ``unit`` (what is held out), ``genre`` and ``predicted``.
    """
    layout = plan(tracks, protocol, seed=seed)
    genres = sorted(set(tracks["genre"]) - set(layout.not_tested))
    holds_out = "artist" if protocol == "artist" else "track"
    about = tracks[["track_id", "genre"]].assign(unit=held_out(tracks, holds_out).to_numpy())
    genre, values, rng = (
        tracks["genre"].to_numpy(object),
        X.to_numpy(),
        np.random.default_rng(seed),
    )
    parts = []
    with threadpool_limits(1):
        for size in sizes or range(2, len(genres) + 1):
            for chosen in sets_of_genres(genres, size, draws, rng):
                kept = np.isin(genre, chosen)
                for train, test in layout.splits:
                    train, test = train[kept[train]], test[kept[test]]
                    if not len(test) or len(set(genre[train])) < 2:
                        continue
                    fitted = clone(model).fit(values[train], genre[train])
                    told = about.iloc[test].assign(predicted=fitted.predict(values[test]))
                    names = pd.Series([chosen] * len(told), told.index, dtype=object)
                    parts.append(told.assign(n_genres=size, genres=names))
    columns = ["n_genres", "genres", "track_id", "unit", "genre", "predicted"]
    return (pd.concat(parts) if parts else pd.DataFrame(columns=columns))[columns]


def by_number_of_genres(told: pd.DataFrame, *, n_boot: int = 200, seed: int = 0) -> pd.DataFrame:
    """Score answers by the number of genres: the share that is right, and the bits they tell.

    Explained in chapter 13.

    Parameters
    ----------
    told : pandas.DataFrame
        From :func:`ask_fewer_genres`.
    n_boot : int
        Bootstrap resamples of what was held out, the same for all sets.
    seed : int
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        Index: ``measure`` (``accuracy``, or ``bits``: :func:`genrelib.evaluation.
        mutual_information`) and ``n_genres``. Columns: ``value``, the mean over the sets;
        ``low`` and ``high``, its 95 % interval; ``least`` and ``most``, between which nine in ten
        of the sets lie; ``sets``, their number; ``chance`` and ``ceiling``, what guessing and what
        a faultless answer would give.
    """
    rng, rows = np.random.default_rng(seed), {}
    for size, part in cast(Any, told.groupby("n_genres")):
        units = pd.Index(sorted(part["unit"].unique()))
        weights = np.vstack([np.ones(len(units), int), resample(rng, len(units), n_boot)])
        joint = np.stack([_joint(rows_, weights, units) for _, rows_ in part.groupby("genres")])
        right = np.einsum("sbii->sb", joint) / np.maximum(joint.sum(axis=(2, 3)), 1)
        ceiling = np.log2(float(size))
        for name, found, scale in (
            ("accuracy", right, 1.0),
            ("bits", mutual_information(joint) / ceiling, ceiling),
        ):
            value = found[:, 0].mean()
            low, high = ends(value, found[:, 1:].mean(axis=0), len(units))
            least, most = np.quantile(found[:, 0], [0.05, 0.95])
            numbers = scale * np.array([value, low, high, least, most])
            edges = (1 / size, 1.0) if name == "accuracy" else (0.0, ceiling)
            rows[name, size] = (*numbers, len(found), *edges)
    columns = ["value", "low", "high", "least", "most", "sets", "chance", "ceiling"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    index = pd.MultiIndex.from_tuples(table.index, names=["measure", "n_genres"])
    return table.set_axis(index).sort_index()


def _joint(part: pd.DataFrame, weights: np.ndarray, units: pd.Index) -> np.ndarray:
    """Count genres by answers in each draw of the units; shape (n_draws, n_genres, n_genres)."""
    genres = pd.Index(part["genres"].iloc[0])
    size = len(genres)
    counts = np.zeros((len(units), size * size))
    true, answer, unit = (
        index.get_indexer(pd.Index(part[column]))
        for index, column in ((genres, "genre"), (genres, "predicted"), (units, "unit"))
    )
    np.add.at(counts, (unit, true * size + answer), 1)
    return (weights @ counts).reshape(-1, size, size)


# --- one sound with two names -----------------------------------------------------------------


def told_apart(told: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Say of each pair of genres how often the two are told apart, when nothing else is asked.

    Explained in chapter 13.

    Parameters
    ----------
    told : pandas.DataFrame
        From :func:`ask_fewer_genres`; the sets of two are looked at.
    seed : int
        Seed of the resampling, which draws what was held out.

    Returns
    -------
    pandas.DataFrame
        Index ``first`` and ``second``; ``value``, ``low``, ``high`` and ``n_tracks``, those that
        are confused most often on top. 0.5 is chance; the two genres weigh the same.
    """
    rows = {}
    for pair, part in told[told["n_genres"] == 2].groupby("genres"):
        right = (part["genre"] == part["predicted"]).astype(float)
        share = right.groupby(part["genre"]).transform("size")
        # Each genre weighs half, however many tracks it has.
        weighed = (right * len(part) / (2 * share)).to_frame("right")
        found = mean_with_interval(weighed, part["unit"], seed=seed).loc["right"]
        rows[pair] = found.to_dict() | {"n_tracks": len(part)}
    table = pd.DataFrame.from_dict(rows, orient="index").sort_values("value")
    return table.set_axis(pd.MultiIndex.from_tuples(table.index, names=["first", "second"]))


def family_tree(pairs: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """Join genres, those first that are told apart least often.

    Explained in chapter 13.

    Parameters
    ----------
    pairs : pandas.DataFrame
        From :func:`told_apart`.

    Returns
    -------
    tree : numpy.ndarray, shape (n_genres - 1, 4)
        As from :func:`scipy.cluster.hierarchy.linkage`; its heights are the mean of how often the
        genres of the two sides are told apart (average linkage, Sokal and Michener 1958).
    genres : list of str
        Names of the leaves.
    """
    values = cast(dict[tuple[str, str], float], pairs["value"].to_dict())
    genres = sorted({genre for pair in values for genre in pair})
    return linkage([values[pair] for pair in combinations(genres, 2)], "average"), genres


# --- tags, without training -------------------------------------------------------------------


def tag_precision(
    odds: pd.DataFrame,
    tracks: pd.DataFrame,
    tags: Mapping[str, str] | None = None,
    *,
    n_boot: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """Say how well a tag finds the tracks of the genre of its name: average precision.

    Explained in chapter 13.

    Parameters
    ----------
    odds : pandas.DataFrame
        Log-odds of the tags, row-aligned with `tracks`.
    tracks : pandas.DataFrame
        One row per track, laid out like a table of slices.
    tags : mapping of str to str, optional
        Tag by genre; :data:`SHARED_TAGS` if left out. Genres that the tracks lack are passed over.
    n_boot : int
        Bootstrap resamples of artists.
    seed : int
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        Index ``genre``: ``tag``; ``value``, ``low``, ``high``, the mean of the precision at each
        track of the genre, when tracks are ordered by the tag (scikit-learn's
        ``average_precision_score``); ``chance``, the share of tracks that have the genre; and
        ``n_tracks``, how many have it.
    """
    units = held_out(tracks, "artist").to_numpy(str)
    _, place = np.unique(units, return_inverse=True)
    drawn = resample(np.random.default_rng(seed), place.max() + 1, n_boot)[:, place]
    rows = {}
    for genre, tag in (SHARED_TAGS if tags is None else tags).items():
        true = (tracks["genre"] == genre).to_numpy()
        if not true.any():
            continue
        says = odds[HEARD["tags"][TAGS.index(tag)]].to_numpy()
        value = average_precision_score(true, says)
        boot = [
            average_precision_score(true, says, sample_weight=row)
            for row in drawn
            if row[true].any()
        ]
        low, high = ends(value, boot, place.max() + 1)
        rows[genre] = (tag, value, float(low), float(high), true.mean(), int(true.sum()))
    columns = ["tag", "value", "low", "high", "chance", "n_tracks"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename_axis("genre")


def answer_by_tags(
    odds: pd.DataFrame, tracks: pd.DataFrame, tags: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Answer with the genre whose tag is the most probable; nothing is trained.

    Explained in chapter 13.

    Parameters
    ----------
    odds : pandas.DataFrame
        Log-odds of the tags, row-aligned with `tracks`.
    tracks : pandas.DataFrame
        One row per track, laid out like a table of slices; those of genres without a tag are
        left out.
    tags : mapping of str to str, optional
        As in :func:`tag_precision`.

    Returns
    -------
    pandas.DataFrame
        A predictions table, as from :func:`genrelib.evaluation.cross_validate`, whose units are
        artists: ``artist`` holds for it, since nothing was learned from anybody's tracks.
    """
    tags = SHARED_TAGS if tags is None else tags
    asked = tracks["genre"].isin(list(tags)).to_numpy()
    rows, genres = tracks[asked], [g for g in tags if g in set(tracks["genre"])]
    says = odds.loc[asked, [HEARD["tags"][TAGS.index(tags[g])] for g in genres]].to_numpy()
    powers = np.exp(says - says.max(axis=1, keepdims=True))
    shares = pd.DataFrame(powers / powers.sum(axis=1, keepdims=True), columns=genres)
    table = rows.assign(unit=held_out(rows, "artist")).rename_axis("slice_id").reset_index()
    table = table[["slice_id", "track_id", "unit", "genre"]].assign(
        predicted=shares.idxmax(axis=1), fold=0, protocol="artist", model="tags"
    )
    return pd.concat([pd.DataFrame(table), shares.add_prefix("p_")], axis=1)


def tags_of_genres(odds: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """Say what share of each genre's tracks has each tag of a new genre among its five first.

    Explained in chapter 13.

    Parameters
    ----------
    odds : pandas.DataFrame
        Log-odds of the tags, row-aligned with `tracks`.
    tracks : pandas.DataFrame
        One row per track, laid out like a table of slices.

    Returns
    -------
    pandas.DataFrame
        Rows: :data:`NEW_TAGS`; columns: genres; shares from 0 to 1.
    """
    names = [HEARD["tags"][TAGS.index(tag)] for tag in NEW_TAGS]
    first = odds.rank(axis=1, ascending=False)[names] <= 5
    table = first.groupby(tracks["genre"].to_numpy()).mean().T
    return table.set_axis(list(NEW_TAGS), axis=0)


def doubling(right: pd.DataFrame, units: Sequence[str], *, seed: int = 0) -> pd.DataFrame:
    """Say what twice as many tracks to learn from are worth.

    Explained in chapter 13.

    Parameters
    ----------
    right : pandas.DataFrame
        Per track (row) and number of tracks learned from (column), how often it was named
        rightly, as from :func:`genrelib.evaluation.data_curve`.
    units : sequence of str
        What each row was held out with.
    seed : int
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        Index ``from``, those numbers whose double is there, too: ``to``, and the gain, ``value``,
        ``low``, ``high``.
    """
    steps = {n: 2 * n for n in right.columns if 2 * n in right.columns}
    gained = pd.DataFrame({n: right[double] - right[n] for n, double in steps.items()})
    found = (
        mean_with_interval(gained, units, "difference", seed=seed)
        if steps
        else pd.DataFrame(columns=["value", "low", "high"])
    )
    found.insert(0, "to", pd.Series(steps, dtype=int))
    return found.rename_axis("from")
