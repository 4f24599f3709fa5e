"""What is known about the answers: from the card of a model, and from the recorded trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from genrelib.corpus import read_recorded

Intervals = dict[tuple[str, str], Any]


def card_scores(card: Mapping[str, Any]) -> Intervals:
    """Read how accurate a model was on held-out tracks.

    Explained in chapter 9.

    Parameters
    ----------
    card : mapping
        The card of a :class:`genrelib.classify.Model`.

    Returns
    -------
    dict
        By protocol, and ``accuracy per slice`` or ``accuracy per track``: ``value``, ``low`` and
        ``high``; None where a protocol could test nothing.
    """
    return {
        (protocol, f"accuracy per {level}"): scores[level]
        for protocol, scores in card["scores"].items()
        for level in ("slice", "track")
    }


def recorded_trial() -> tuple[str, Intervals, pd.DataFrame]:
    """Read how ``genrelib classify`` did on files, as recorded.

    Explained in chapter 9.

    Returns
    -------
    day : str
        When it was recorded.
    lengths : dict
        By length of the files, which hold tracks that the model did not know, and by
        ``accuracy``, ``expected calibration error`` and ``refused``: ``value``, ``low`` and
        ``high``.
    made : pandas.DataFrame
        By what other files hold, how many there were (``files``), and the share that was refused:
        ``value``, ``low`` and ``high``.
    """
    trial = read_recorded("classify")
    lengths: Intervals = {}
    for length in ("1 s", "3 s", "6 s", "12 s", "whole"):
        found = trial["held out by track"][length]
        lengths[length, "accuracy"] = found["accuracy"]
        lengths[length, "expected calibration error"] = found["calibration"]["error"]
        lengths[length, "refused"] = found["refused"]
    made = {
        kind: {"files": found["files"]}
        | {key: found["refused"][key] for key in ("value", "low", "high")}
        for kind, found in trial["made"].items()
        if kind != "faults"
    }
    return trial["recorded"], lengths, pd.DataFrame(made).T.astype({"files": int})
