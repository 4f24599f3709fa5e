"""Are the probabilities true? Temperature scaling, and how far confidence is from accuracy.

Takes the predictions table of :mod:`genrelib.evaluation.protocols`. Probabilities are sharpened or
flattened by one number, the temperature (:func:`fit_temperature`), and compared with how often
they are right (:func:`reliability`, :func:`calibration_error`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from genrelib.evaluation.intervals import units_of
from genrelib.evaluation.scores import mean_with_interval, with_interval

BINS = 10
"""Bins of equal width that confidence is sorted into."""
_TINY = 1e-30  # stands for a probability of 0, whose logarithm there is none of


def fit_temperature(predictions: pd.DataFrame) -> float:
    """Find the temperature that makes out-of-fold probabilities most likely.

    Explained in chapter 8.

    Temperature scaling (Guo et al. 2017, arXiv:1706.04599): logits are divided by one number, so
    that no decision changes. Where hardly any prediction is wrong the best temperature would be
    0; it is kept within 0.1 and 10.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Out-of-fold predictions, one row per thing to judge.

    Returns
    -------
    float
        The temperature; above 1 where the probabilities were too sure.
    """
    columns = _columns(predictions)
    logs = np.log(np.maximum(predictions[columns].to_numpy(float), _TINY))
    true = [columns.index(f"p_{genre}") for genre in predictions["genre"]]

    def _loss(exponent: float) -> float:
        scaled = softmax(logs / np.exp(exponent), axis=1)
        return -float(np.mean(np.log(np.maximum(scaled[np.arange(len(true)), true], _TINY))))

    bounds = (float(np.log(0.1)), float(np.log(10)))
    return float(np.exp(minimize_scalar(_loss, bounds=bounds, method="bounded").x))


def reliability(predictions: pd.DataFrame, bins: int = BINS) -> pd.DataFrame:
    """Compare, bin by bin, how sure predictions are with how often they are right.

    Explained in chapter 8.

    Parameters
    ----------
    predictions : pandas.DataFrame
        One row per thing that was judged.
    bins : int
        Bins of equal width over confidence, the probability of the genre that is named.

    Returns
    -------
    pandas.DataFrame
        One row per bin that is not empty: its edges ``from`` and ``to``, ``n`` predictions, their
        mean ``confidence``, their ``accuracy``, and ``low`` and ``high``, the 95 % interval of
        that accuracy.
    """
    confidence, hit, place = _binned(predictions, bins)
    units, rows = units_of(predictions).to_numpy(), []
    for k in np.unique(place):
        inside = place == k
        right = pd.DataFrame({"accuracy": hit[inside].astype(float)})
        found = mean_with_interval(right, units[inside]).loc["accuracy"]
        sure = confidence[inside].mean()
        rows.append((k / bins, (k + 1) / bins, int(inside.sum()), sure, *found))
    names = ["from", "to", "n", "confidence", "accuracy", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def calibration_error(predictions: pd.DataFrame, bins: int = BINS) -> float:
    """Measure the expected calibration error.

    Explained in chapter 8.

    Mean difference between confidence and accuracy over the bins, weighted by their size
    (Naeini et al. 2015, doi:10.1609/aaai.v29i1.9602).

    Parameters
    ----------
    predictions : pandas.DataFrame
        As in :func:`reliability`.
    bins : int
        As in :func:`reliability`.

    Returns
    -------
    float
        Between 0 and 1. Small samples never give 0; see :func:`chance_error`.
    """
    confidence, hit, place = _binned(predictions, bins)
    return float(np.abs(np.bincount(place, confidence - hit)).sum() / len(place))


def chance_error(
    predictions: pd.DataFrame, bins: int = BINS, *, draws: int = 1000, seed: int = 0
) -> float:
    """Say what calibration error these predictions would have if they were calibrated.

    Each is made right or wrong by chance, as often as it says: what remains is the error of a
    small sample.

    Parameters
    ----------
    predictions : pandas.DataFrame
        As in :func:`reliability`.
    bins : int
        As in :func:`reliability`.
    draws : int
        How often to draw.
    seed : int
        Seed of the draws.

    Returns
    -------
    float
        Mean over the draws.
    """
    confidence = predictions[_columns(predictions)].max(axis=1).to_numpy(float)
    hits = np.random.default_rng(seed).random((draws, len(confidence))) < confidence
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    member = (place[:, None] == np.arange(bins)).astype(float)
    return float(np.abs((confidence - hits) @ member).sum(axis=1).mean() / len(confidence))


def calibration_summary(predictions: pd.DataFrame, *, seed: int = 0) -> dict[str, float]:
    """Say how sure predictions are, how often they are right, and how far apart that is.

    Parameters
    ----------
    predictions : pandas.DataFrame
        As in :func:`reliability`, with ``track_id``.
    seed : int
        Seed of intervals and draws.

    Returns
    -------
    dict
        The expected calibration error as ``value``, with ``low`` and ``high`` (95 % interval
        over what the protocol held out); ``chance``, from :func:`chance_error`; the mean
        ``confidence``, and ``accuracy``, the share that is right.
    """
    return with_interval(calibration_error, predictions, "distance", seed=seed) | {
        "chance": chance_error(predictions, seed=seed),
        "confidence": float(predictions[_columns(predictions)].max(axis=1).mean()),
        "accuracy": float((predictions["genre"] == predictions["predicted"]).mean()),
    }


def _columns(predictions: pd.DataFrame) -> list[str]:
    return [column for column in predictions.columns if column.startswith("p_")]


def _binned(predictions: pd.DataFrame, bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give how sure each prediction is, whether it is right, and its bin."""
    confidence = predictions[_columns(predictions)].max(axis=1).to_numpy(float)
    hit = (predictions["genre"] == predictions["predicted"]).to_numpy()
    return confidence, hit, np.minimum((confidence * bins).astype(int), bins - 1)
