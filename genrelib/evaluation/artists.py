"""What of the step from ``track`` to ``artist`` is due to artists.

Takes predictions under the protocols and their controls, see
:data:`genrelib.evaluation.CONTROLS`: between the two protocols more changes than who may be known.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from genrelib.evaluation.scores import gaps, mean_with_interval

STEPS = {
    "all of it": ("track-paired", "artist"),
    "numbers of tracks learned from": ("track-paired", "track-thinned"),
    "artist effect": ("track-thinned", "artist"),
}
"""The step and its two parts: score of the first less that of the second."""


def artist_effect(
    predictions: Mapping[str, pd.DataFrame], *, level: str = "slice", seed: int = 0
) -> pd.DataFrame:
    """Take the step from ``track`` to ``artist`` apart.

    Explained in chapter 4.

    On the tracks that ``artist`` tests, the accuracy is taken under ``track``, then with as few
    training tracks of each genre as ``artist`` has, then under ``artist``. The first difference is
    due to the numbers of tracks; the second, the artist effect, to who plays them (its name is
    that of Pampalk, Flexer and Widmer 2005; the control by numbers is ours).

    Parameters
    ----------
    predictions : mapping of str to pandas.DataFrame
        By the names ``track-paired``, ``track-thinned`` and ``artist``, predictions tables of one
        model; others are passed over.
    level : {"slice", "track"}
        Score slices, or tracks by the vote of their slices.
    seed : int
        Seed of the resampling, which draws artists.

    Returns
    -------
    pandas.DataFrame
        Index: ``all of it``, ``numbers of tracks learned from``, ``artist effect``; columns
        ``value``, ``low``, ``high``, ``n_tracks``. Missing where ``artist`` can test nothing.
    """
    pairs = {name: (predictions[a], predictions[b]) for name, (a, b) in STEPS.items()}
    return gaps(pairs, level=level, seed=seed)


def recall_by_genre(predictions: Mapping[str, pd.DataFrame], *, seed: int = 0) -> pd.DataFrame:
    """Give the share of slices that are named rightly, genre by genre.

    Explained in chapter 4.

    Parameters
    ----------
    predictions : mapping of str to pandas.DataFrame
        By protocol, predictions tables of one model.
    seed : int
        Seed of the resampling, which draws what the protocol held out.

    Returns
    -------
    pandas.DataFrame
        One row per genre and protocol: ``value``, ``low``, ``high``, ``n_tracks`` and ``n_units``
        (tracks or artists).
    """
    rows = {}
    for protocol, table in predictions.items():
        for genre, part in table.groupby("genre"):
            right = (part["genre"] == part["predicted"]).astype(float).to_frame("right")
            found = mean_with_interval(right, part["unit"], seed=seed).loc["right"]
            numbers = {"n_tracks": part["track_id"].nunique(), "n_units": part["unit"].nunique()}
            rows[genre, protocol] = found.to_dict() | numbers
    columns = ["value", "low", "high", "n_tracks", "n_units"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.set_axis(pd.MultiIndex.from_tuples(rows, names=["genre", "protocol"]))
