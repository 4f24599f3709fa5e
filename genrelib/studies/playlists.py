"""What the parts of a playlist do, switched on one at a time, measured without listeners.

Every track is a seed once, and gets a list of ten. Asked is whether the tracks of a list have the
genre of the seed; how unevenly tracks come up in the lists of others (skew of the k-occurrence);
and how many tracks somebody reaches who goes on from list to list (the largest strongly connected
part of the graph: Flexer and Stevens 2018).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.stats import skew
from sklearn.model_selection import GroupKFold, cross_val_predict

from genrelib.classify import classifier
from genrelib.evaluation import mean_with_interval
from genrelib.playlists import DIVERSITY, Index, local_scales, playlist

LENGTH = 10
"""Tracks of a list."""
BASELINES = ("random", "same predicted genre", "hand-made features")
STEPS = ("nearest", "+ local scaling", "+ no versions", "+ variety", "+ artists once")
"""Parts of the method, each with those before it."""
FOLDS = 5


def artist_halves(index: Index, seed: int = 0) -> tuple[Index, Index]:
    """Divide a collection in two by its artists, so that what is chosen on one is tried on others.

    Explained in chapter 12.

    Parameters
    ----------
    index : Index
        The collection.
    seed : int
        Seed of the draw.

    Returns
    -------
    tuple of Index
        Two collections without an artist in common; tracks of nobody known are dealt one by one.
    """
    units = artists_of(index)
    names = np.unique(units)
    first = np.random.default_rng(seed).permutation(names)[: len(names) // 2]
    inside = np.isin(units, first)
    return index.part(inside), index.part(~inside)


def artists_of(index: Index) -> np.ndarray:
    """Name the artist of each track, or the track itself where nobody is known.

    Parameters
    ----------
    index : Index
        The collection.

    Returns
    -------
    numpy.ndarray of str
        Shape ``(n,)``.
    """
    ids = index.table["track_id"].to_pylist()
    codes = index.artist_codes.tolist()
    return np.array([f"artist {a}" if a >= 0 else t for a, t in zip(codes, ids, strict=True)])


def ten_lists(
    index: Index, features: pd.DataFrame | None = None, *, seed: int = 0
) -> dict[tuple[str, bool], np.ndarray]:
    """Make the lists of every track by every method, with and without artist filter.

    Explained in chapter 12.

    Parameters
    ----------
    index : Index
        The collection.
    features : pandas.DataFrame, optional
        Hand-made features of each track, standardised; one row per track of the index, in order.
    seed : int
        Seed of everything random.

    Returns
    -------
    dict
        By method (one of :data:`BASELINES` or :data:`STEPS`) and whether the artist of the seed
        is left out: rows of the index, shape ``(n, 10)``; -1 where there is no track left. In the
        last step each artist comes once, too.
    """
    rng = np.random.default_rng(seed)
    cosine = index.vectors @ index.vectors.T
    scales = np.sqrt(index.scales[:, None] * index.scales)
    genres = predicted_genres(index)
    same = (genres[:, None] == genres).astype(float)
    near = {
        "random": rng.random(cosine.shape),
        "same predicted genre": same + rng.random(cosine.shape),
        "nearest": cosine,
        "+ local scaling": (cosine - 1) / scales,
    }
    if features is not None:
        rows = features.to_numpy(float)
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        near["hand-made features"] = rows @ rows.T
    artists = artists_of(index)
    found = {}
    for filtered in (False, True):
        for name, values in near.items():
            found[name, filtered] = np.array(
                [_first(row, artists, k, filtered) for k, row in enumerate(values)]
            )
        for name, diversity in (("+ no versions", 0.0), ("+ variety", DIVERSITY)):
            found[name, filtered] = lists_of(index, diversity, filtered=filtered)
    found["+ artists once", True] = lists_of(index, DIVERSITY, filtered=True, once=True)
    return {
        (name, filtered): found[name, filtered]
        for name in (*BASELINES, *STEPS)
        for filtered in (False, True)
        if (name, filtered) in found
    }


def _first(values: np.ndarray, artists: np.ndarray, seed: int, filtered: bool) -> list[int]:
    """Take the first ten tracks, of other artists than the seed if need be."""
    order = np.argsort(-values, kind="stable")
    good = artists[order] != artists[seed] if filtered else order != seed
    rows = order[good][:LENGTH].tolist()
    return rows + [-1] * (LENGTH - len(rows))


def lists_of(
    index: Index, diversity: float, *, filtered: bool = True, once: bool = False
) -> np.ndarray:
    """Make the list of every track as readers make theirs.

    Explained in chapter 12.

    Parameters
    ----------
    index : Index
        The collection.
    diversity : float
        Weight of variety.
    filtered : bool
        Whether the artist of the seed is left out.
    once : bool
        Whether each artist comes once.

    Returns
    -------
    numpy.ndarray of int
        Rows of the index, in the order of the lists, shape ``(n, 10)``; -1 where there is no track
        left.
    """
    ids = index.table["track_id"].to_pylist()
    lists = np.full((len(ids), LENGTH), -1)
    length = min(LENGTH, len(ids) - 1)
    for k, name in enumerate(ids):
        artist = int(index.artist_codes[k])
        left_out = [index.artists[artist]] if filtered and artist >= 0 else []
        rows = playlist(
            name, index, length=length, diversity=diversity, apart=None if once else 0,
            exclude=left_out, longest=np.inf,
        ).rows  # fmt: skip
        lists[k, : len(rows)] = rows
    return lists


def predicted_genres(index: Index) -> np.ndarray:
    """Name the genre of each track by a model that learned from other artists.

    Parameters
    ----------
    index : Index
        The collection.

    Returns
    -------
    numpy.ndarray of str
        Shape ``(n,)``.
    """
    genres, artists = np.array(index.genres)[index.genre_codes], artists_of(index)
    folds = GroupKFold(min(FOLDS, len(np.unique(artists))))
    return cross_val_predict(classifier(), index.vectors, genres, groups=artists, cv=folds)


def precision(lists: np.ndarray, index: Index) -> np.ndarray:
    """Count the tracks of each list that have the genre of its seed.

    Explained in chapter 12.

    Parameters
    ----------
    lists : numpy.ndarray of int
        Rows of the index, shape ``(n, 10)``; -1 for none.
    index : Index
        The collection.

    Returns
    -------
    numpy.ndarray
        Share of the tracks of each list, shape ``(n,)``.
    """
    hit = (index.genre_codes[lists] == index.genre_codes[:, None]) & (lists >= 0)
    return hit.sum(axis=1) / np.maximum((lists >= 0).sum(axis=1), 1)


def spread(lists: np.ndarray) -> dict[str, float]:
    """Measure how evenly tracks come up in lists, and how many are reached from each other.

    Explained in chapter 12.

    Parameters
    ----------
    lists : numpy.ndarray of int
        Rows of the collection, shape ``(n, 10)``; -1 for none.

    Returns
    -------
    dict
        ``skew`` of the number of lists that a track is in; ``most``, the largest such number;
        ``never``, the share of tracks in no list; and ``reached``, the share of tracks in the
        largest part of the graph in which each leads to each.
    """
    n = len(lists)
    there = lists >= 0
    counts = np.bincount(lists[there], minlength=n)
    seeds = np.repeat(np.arange(n), there.sum(axis=1))
    graph = csr_matrix((np.ones(len(seeds)), (seeds, lists[there])), shape=(n, n))
    _, part = connected_components(graph, connection="strong")
    return {
        "skew": float(skew(counts)) if counts.std() > 0 else 0.0,
        "most": float(counts.max()),
        "never": float((counts == 0).mean()),
        "reached": float(np.bincount(part).max() / n),
    }


def switched_on(
    lists: dict[tuple[str, bool], np.ndarray], index: Index, *, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score lists, one method after the other.

    Explained in chapter 12.

    Parameters
    ----------
    lists : dict
        From :func:`ten_lists`.
    index : Index
        The collection.
    seed : int
        Seed of the resampling.

    Returns
    -------
    scores : pandas.DataFrame
        One row per method and filter (index ``method``, ``filtered``): genre precision at 10,
        ``value``, ``low``, ``high`` (95 % interval over artists), and what :func:`spread` gives.
    precisions : pandas.DataFrame
        Precision of each list: one row per track, index ``unit``, its artist; one column per
        method and filter.
    """
    per_track = pd.DataFrame({key: precision(rows, index) for key, rows in lists.items()})
    units = artists_of(index)
    scores = mean_with_interval(per_track, units, seed=seed)
    told = pd.DataFrame([spread(rows) for rows in lists.values()])
    told.index = pd.MultiIndex.from_tuples(lists, names=["method", "filtered"])
    scores.index = told.index
    return scores.join(told), per_track.set_axis(pd.Index(units, name="unit"), axis=0)


def steps_between(lists: np.ndarray, index: Index) -> float:
    """Measure how far it is from one track of a list to the next, in local scales.

    Explained in chapter 12.

    Parameters
    ----------
    lists : numpy.ndarray of int
        Rows of the index, in the order of the lists, shape ``(n, 10)``; -1 for none.
    index : Index
        The collection.

    Returns
    -------
    float
        Mean distance of two tracks that follow each other.
    """
    a, b = lists[:, :-1].ravel(), lists[:, 1:].ravel()
    a, b = a[(a >= 0) & (b >= 0)], b[(a >= 0) & (b >= 0)]
    cosine = (index.vectors[a] * index.vectors[b]).sum(axis=1)
    return float(((1 - cosine) / np.sqrt(index.scales[a] * index.scales[b])).mean())


def tried_scales(index: Index, shares: tuple[float, ...], *, seed: int = 0) -> pd.DataFrame:
    """Try sizes of the neighbourhood that distances are divided by.

    Explained in chapter 12.

    Parameters
    ----------
    index : Index
        The collection that the size is chosen on.
    shares : tuple of float
        Shares of the collection; 0 for distances as they are.
    seed : int
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        One row per share: genre precision at 10 with the artist filter, ``value``, ``low`` and
        ``high``, and what :func:`spread` gives.
    """
    units = artists_of(index)
    cosine = index.vectors @ index.vectors.T
    rows = {}
    for share in shares:
        ones = np.ones(len(index), np.float32)
        scales = local_scales(index.vectors, index.sample, share) if share else ones
        values = (cosine - 1) / np.sqrt(scales[:, None] * scales)
        lists = np.array([_first(row, units, k, True) for k, row in enumerate(values)])
        found = pd.DataFrame({"precision": precision(lists, index)})
        score = mean_with_interval(found, units, seed=seed).loc["precision"]
        rows[share] = score.to_dict() | spread(lists)
    return pd.DataFrame.from_dict(rows, orient="index")


def tried_diversity(index: Index, weights: tuple[float, ...], *, seed: int = 0) -> pd.DataFrame:
    """Try weights of variety.

    Explained in chapter 12.

    Parameters
    ----------
    index : Index
        The collection that the weight is chosen on.
    weights : tuple of float
        Weights, from 0 to 1.
    seed : int
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        One row per weight: genre precision at 10 with the artist filter, ``value``, ``low`` and
        ``high``; and ``variety``, the mean distance between two tracks of a list, in local
        scales.
    """
    units = artists_of(index)
    rows = {}
    for weight in weights:
        lists = lists_of(index, weight)
        found = pd.DataFrame({"precision": precision(lists, index)})
        score = mean_with_interval(found, units, seed=seed).loc["precision"]
        rows[weight] = score.to_dict() | {"variety": _variety(lists, index)}
    return pd.DataFrame.from_dict(rows, orient="index")


def _variety(lists: np.ndarray, index: Index) -> float:
    first, second = np.triu_indices(lists.shape[1], 1)
    a, b = lists[:, first].ravel(), lists[:, second].ravel()
    a, b = a[(a >= 0) & (b >= 0)], b[(a >= 0) & (b >= 0)]
    cosine = (index.vectors[a] * index.vectors[b]).sum(axis=1)
    return float(((1 - cosine) / np.sqrt(index.scales[a] * index.scales[b])).mean())
