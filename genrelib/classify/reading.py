"""What is known about the answers: from the card of a model, and from the recorded trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from genrelib.corpus import read_recorded


def card_bins(card: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Read how often a model was right by how sure it was.

    Explained in chapter 8.

    Parameters
    ----------
    card : mapping
        The card of a :class:`genrelib.classify.Model`.

    Returns
    -------
    dict of str to pandas.DataFrame
        By protocol and length, such as ``artist, 3 s``: what
        :func:`genrelib.evaluation.reliability` gives.
    """
    scores = {p: card["scores"][p] for p in ("track", "artist")}
    return {
        f"{p}, {length}": pd.DataFrame(found["reliability"])
        for length in scores["track"]
        for p in scores
        if (found := scores[p][length])
    }


def card_confidence(card: Mapping[str, Any]) -> pd.DataFrame:
    """Read how sure a model was, and how far that is from the truth.

    Explained in chapter 8.

    Parameters
    ----------
    card : mapping
        The card of a :class:`genrelib.classify.Model`.

    Returns
    -------
    pandas.DataFrame
        Index ``protocol`` and ``length``; mean ``confidence``, ``accuracy`` and ``error`` (each a
        mapping of ``value``, ``low`` and ``high``), and ``chance``, the error that perfectly
        calibrated probabilities would have.
    """
    names = ["confidence", "accuracy", "error", "chance"]
    rows = {
        (p, length): {name: found[name] for name in names}
        for p, lengths in card["scores"].items()
        for length, found in lengths.items()
        if found
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    return table.rename_axis(["protocol", "length"])


def card_refusals(card: Mapping[str, Any]) -> pd.DataFrame:
    """Read what a model turned away of what its training did not know.

    Explained in chapter 8.

    Parameters
    ----------
    card : mapping
        The card of a :class:`genrelib.classify.Model`.

    Returns
    -------
    pandas.DataFrame
        One row for each kind of recording; ``recordings``, and the shares called ``not music`` and
        ``unfamiliar``, each a mapping of ``value``, ``low`` and ``high``.
    """
    return pd.DataFrame.from_dict(card["refused"], orient="index").rename(
        columns={"n": "recordings"}
    )


def recorded_trial() -> tuple[str, pd.DataFrame]:
    """Read how ``genrelib classify`` did on files, as recorded.

    Explained in chapter 8.

    Returns
    -------
    day : str
        When it was recorded.
    made : pandas.DataFrame
        By what other files hold, how many there were (``files``), and the share that was refused:
        ``value``, ``low`` and ``high``.
    """
    trial = read_recorded("classify")
    made = {
        kind: {"files": found["files"]}
        | {key: found["refused"][key] for key in ("value", "low", "high")}
        for kind, found in trial["made"].items()
        if kind != "faults"
    }
    return trial["recorded"], pd.DataFrame(made).T.astype({"files": int})
