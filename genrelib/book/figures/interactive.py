"""What a reader may try out in a figure: the numbers behind it, few enough for a page.

Each function returns what :class:`genrelib.book.figures.common.Picture` takes as ``data``: its
``kind``, which says what the script of the page makes of it; a ``table``, the same for whoever
cannot see the figure; and the numbers. :mod:`genrelib.book.interactive` brings them to the page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

__all__ = ["cells", "sweep", "threshold", "tracks"]

PARTS = ["value", "low", "high"]
MAX_BYTES = 60_000
"""Data that weigh more stay away from the page, which then shows the picture alone."""


def threshold(shares: pd.DataFrame, truth: pd.Series, colours: Iterable[str]) -> Any:
    """Say how the rows of a one-hot forest depend on the share of votes that it asks for.

    Parameters
    ----------
    shares : pandas.DataFrame
        Share of the votes, one row per slice, one column per genre.
    truth : pandas.Series
        Genre of each slice, one of these columns.
    colours : iterable of str
        Colours of slices whose leading genre is right, and of others.

    Returns
    -------
    dict or None
        ``right`` and ``wrong`` hold the slices by whether their leading genre is right, three
        numbers for each, in per cent: the share of its own genre, and the two greatest of the
        others. None where they are too many for a page.
    """
    votes = 100 * shares.to_numpy(float)
    own = np.arange(len(votes)), shares.columns.get_indexer(pd.Index(truth))
    rest = votes.copy()
    rest[own] = -1
    rest = np.sort(np.column_stack([rest, np.zeros((len(votes), 2))]), axis=1)[:, :-3:-1]
    slices = np.round(np.column_stack([votes[own], rest]), 2)
    leads = (shares.idxmax(axis=1) == truth).to_numpy()
    at = {t: _rows_at(slices, t) for t in range(0, 100, 10)}
    return _light(
        {
            "kind": "threshold",
            "right": _numbers(slices[leads].ravel()),
            "wrong": _numbers(slices[~leads].ravel()),
            "colours": list(colours),
            "table": {
                "caption": "Rows of the one-hot forest by the share of votes that it asks for",
                "head": ["more than", "all zeros", "right", "wrong", "several genres", "accuracy"],
                "rows": [
                    [f"{t} %", *rows.values(), f"{rows['right'] / max(len(slices), 1):.2f}"]
                    for t, rows in at.items()
                ],
            },
        }
    )


def sweep(curves: Mapping[str, pd.DataFrame], colours: Mapping[str, str]) -> Any:
    """Say how the accuracy depends on the number of neighbours that are asked.

    Parameters
    ----------
    curves : mapping of str to pandas.DataFrame
        By protocol the accuracy: index k; ``value``, ``low``, ``high``.
    colours : mapping of str to str
        Colour by protocol.

    Returns
    -------
    dict or None
        ``k``, and in ``lines`` for each protocol its name, its colour, the best k and the three
        columns. None where they are too many for a page, or there is no curve.
    """
    if not curves:
        return None
    k = sorted(set(np.concatenate([curve.index for curve in curves.values()]).tolist()))
    lines = [
        {
            "name": name,
            "colour": colours[name],
            "best": int(curve.index.to_numpy()[curve["value"].argmax()]),
        }
        | {part: [_short(v) for v in curve[part].reindex(k)] for part in PARTS}
        for name, curve in curves.items()
    ]
    return _light(
        {
            "kind": "sweep",
            "k": k,
            "lines": lines,
            "table": {
                "caption": "Accuracy per slice by the number of neighbours, with 95 % intervals",
                "head": ["k", *curves],
                "rows": [
                    [str(n), *(_with_interval(*curve.loc[n, PARTS]) for curve in curves.values())]
                    for n in (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 99)
                    if n in k
                ],
            },
        }
    )


def _short(value: float) -> float:
    """Return five decimals, or all of them where two would then be others than in the text."""
    short = round(float(value), 5)
    return short if f"{short:.2f}" == f"{value:.2f}" else float(value)


def _with_interval(value: float, low: float, high: float) -> str:
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def cells(counts: pd.DataFrame, told: pd.DataFrame, tracks: pd.DataFrame) -> Any:
    """Say whose slices stand in each cell of a confusion matrix.

    Parameters
    ----------
    counts : pandas.DataFrame
        The matrix, as from :func:`genrelib.evaluation.confusion`.
    told : pandas.DataFrame
        The predictions that it counts, with ``track_id``, ``genre``, ``predicted`` and their
        ``protocol``.
    tracks : pandas.DataFrame
        Index ``track_id``; ``artist`` and ``title`` where they are known.

    Returns
    -------
    dict or None
        ``rows`` and ``columns`` are the genres; ``tracks`` has name, number of slices, artist and
        title; ``cells`` has row, column, and in turn the number of a track and how many of its
        slices stand there, most first. None where they are too many for a page.
    """
    sizes = told["track_id"].value_counts()
    number = {track: k for k, track in enumerate(sorted(sizes.index))}
    known = tracks.reindex(list(number))[["artist", "title"]].astype(object)
    known = known.where(known.notna(), None)
    found, rows = [], []
    for row, true in enumerate(counts.index):
        for column, taken in enumerate(counts.columns):
            here = told.loc[(told["genre"] == true) & (told["predicted"] == taken), "track_id"]
            if here.empty:
                continue
            own = here.value_counts().rename_axis("track").reset_index(name="slices")
            own = own.sort_values(["slices", "track"], ascending=[False, True])
            pairs = list(zip(own["track"], own["slices"].tolist(), strict=True))
            found.append([row, column, *(n for t, many in pairs for n in (number[t], many))])
            rows.append([true, taken, len(here), ", ".join(f"{t} ({n})" for t, n in pairs)])
    return _light(
        {
            "kind": "cells",
            "rows": list(counts.index),
            "columns": list(counts.columns),
            "tracks": [
                [track, int(sizes[track]), *about]
                for track, about in zip(number, known.to_numpy().tolist(), strict=True)
            ],
            "cells": found,
            "table": {
                "caption": "The cells of the confusion matrix with their tracks, under "
                f"{told['protocol'].iloc[0]}",
                "head": ["genre", "taken for", "slices", "tracks (slices of each)"],
                "rows": rows,
            },
        }
    )


def tracks(points: np.ndarray, slices: pd.DataFrame, colours: Mapping[str, str]) -> Any:
    """Say which points of a map are slices of the same track.

    Parameters
    ----------
    points : numpy.ndarray
        Shape ``(n_slices, 2)``.
    slices : pandas.DataFrame
        The slices, with ``track_id``, ``genre`` and, where it is known, ``artist``.
    colours : mapping of str to str
        Colour by genre, in the order in which the genres are listed.

    Returns
    -------
    dict or None
        ``points`` are x and y from 0 to 999, track by track, so that both have one scale;
        ``tracks`` has name, artist, number of the genre, how many slices, and for how many of them
        the nearest point of the map is one of the same track. None where they are too many for a
        page, or too few for a neighbour.
    """
    if len(points) < 2:
        return None
    nearest = NearestNeighbors(n_neighbors=1).fit(points)
    of = slices["track_id"].to_numpy()
    same = of[nearest.kneighbors(return_distance=False)[:, 0]] == of
    low = points.min(axis=0)
    placed = np.round((points - low) / max(float(np.ptp(points, axis=0).max()), 1e-9) * 999)
    number = {genre: k for k, genre in enumerate(colours)}
    found: list[list[Any]] = []
    ordered: list[int] = []
    for track, own in slices.reset_index(drop=True).groupby("track_id", sort=True):
        where = own.index.to_numpy()
        artist = own["artist"].iloc[0] if "artist" in own else None
        known = str(artist) if pd.notna(artist) else None
        ordered += placed[where].astype(int).ravel().tolist()
        found.append(
            [track, known, number[own["genre"].iloc[0]], len(own), int(same[where].sum())]
        )
    genres = list(colours)
    return _light(
        {
            "kind": "tracks",
            "genres": [[genre, colour] for genre, colour in colours.items()],
            "points": ordered,
            "tracks": found,
            "table": {
                "caption": "How many slices of each track have a sibling as the nearest point",
                "head": ["track", "artist", "genre", "slices", "nearest is a sibling"],
                "rows": [
                    [track, known or "–", genres[g], n, near] for track, known, g, n, near in found
                ],
            },
        }
    )


def _rows_at(slices: np.ndarray, least: float) -> dict[str, int]:
    """Count the rows where a genre is named that has more than so many per cent of the votes."""
    named = slices > least
    number, right = named.sum(axis=1), named[:, 0] & ~named[:, 1:].any(axis=1)
    return {
        "zeros": int((number == 0).sum()),
        "right": int(right.sum()),
        "wrong": int((~right & (number == 1)).sum()),
        "several": int((number > 1).sum()),
    }


def _numbers(values: Iterable[float]) -> list[float]:
    """Return plain numbers, whole ones without a decimal point."""
    return [int(value) if value == int(value) else float(value) for value in values]


def _light(data: dict[str, Any]) -> dict[str, Any] | None:
    """Return the data, or None where a page would have to carry too much."""
    return data if len(json.dumps(data, ensure_ascii=False).encode()) <= MAX_BYTES else None
