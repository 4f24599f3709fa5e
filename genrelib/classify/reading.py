"""What is known about the answers: from the card of a model, and from the recorded trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from genrelib.corpus import read_recorded

Intervals = dict[tuple[str, str], Any]


def card_scores(card: Mapping[str, Any]) -> Intervals:
    """Read how good a model was on what was held out.

    Explained in chapter 9.

    Parameters
    ----------
    card : mapping
        The card of a :class:`genrelib.classify.Model`.

    Returns
    -------
    dict
        By protocol and length of the recordings, and by ``accuracy`` or ``expected calibration
        error``: ``value``, ``low`` and ``high``; None where there were too few tracks.
    """
    names = {"accuracy": "accuracy", "error": "expected calibration error"}
    return {
        (f"{protocol}, {length}", shown): found and found[name]
        for protocol, lengths in card["scores"].items()
        for length, found in lengths.items()
        for name, shown in names.items()
    }


def card_refusals(card: Mapping[str, Any]) -> pd.DataFrame:
    """Read what a model turned away of what its training did not know.

    Explained in chapter 9.

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

    Explained in chapter 9.

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
