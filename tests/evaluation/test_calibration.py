"""Tests of temperature scaling and of the calibration error, on probabilities made to order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from genrelib.evaluation import calibration

GENRES = ("blues", "jazz", "rock")


def made(n: int, sharpness: float, *, slices: int = 1, seed: int = 0) -> pd.DataFrame:
    """Make predictions whose true temperature is `sharpness`: truth is drawn from the logits."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, len(GENRES)))
    true = [rng.choice(GENRES, p=row) for row in softmax(logits, axis=1)]
    values = np.repeat(softmax(sharpness * logits, axis=1), slices, axis=0)
    tracks = np.repeat([f"t{k}" for k in range(n)], slices)
    table = pd.DataFrame({"slice_id": [f"s{k}" for k in range(len(values))], "track_id": tracks})
    table["genre"] = np.repeat(true, slices)
    table["predicted"] = [GENRES[k] for k in values.argmax(axis=1)]
    table["fold"], table["protocol"], table["model"] = 0, "track", "made"
    return table.assign(**{f"p_{genre}": values[:, k] for k, genre in enumerate(GENRES)})


def divided(predictions: pd.DataFrame, temperature: float) -> pd.DataFrame:
    """Divide logits by a temperature."""
    shares = predictions.filter(like="p_")
    values = softmax(np.log(shares.to_numpy(float)) / temperature, axis=1)
    found = pd.DataFrame(values, shares.index, shares.columns)
    return predictions.assign(predicted=found.idxmax(axis=1).str.removeprefix("p_"), **found)


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_the_temperature_that_was_built_in_is_found(sharpness: float) -> None:
    predictions = made(4000, sharpness)
    temperature = calibration.fit_temperature(predictions)
    assert temperature == pytest.approx(sharpness, rel=0.07)
    scaled = divided(predictions, temperature)
    assert scaled["predicted"].equals(predictions["predicted"])
    assert np.allclose(scaled.filter(like="p_").sum(axis=1), 1)
    assert calibration.calibration_error(scaled) < 0.02


def test_predictions_that_are_all_right_give_a_finite_temperature() -> None:
    predictions = made(50, 1.0).assign(genre=lambda table: table["predicted"])
    assert 0.1 <= calibration.fit_temperature(predictions) < 0.2
    certain = predictions.assign(p_blues=1.0, p_jazz=0.0, p_rock=0.0, genre="jazz")
    assert calibration.fit_temperature(certain) == pytest.approx(10, rel=0.01)


def test_the_error_is_that_of_a_calculation_by_hand() -> None:
    table = made(4, 1.0).assign(
        p_blues=[0.95, 0.92, 0.62, 0.68], p_jazz=[0.05, 0.08, 0.38, 0.32], p_rock=0.0,
        predicted="blues", genre=["blues", "jazz", "blues", "blues"],
    )  # fmt: skip
    bins = calibration.reliability(table)
    assert bins["n"].tolist() == [2, 2]
    assert bins["from"].tolist() == [0.6, 0.9]
    assert bins["confidence"].tolist() == pytest.approx([0.65, 0.935])
    assert bins["accuracy"].tolist() == [1.0, 0.5]
    assert (bins["low"] < bins["accuracy"]).all() and (bins["high"] >= bins["accuracy"]).all()
    assert calibration.calibration_error(table) == pytest.approx((0.35 + 0.435) / 2)


def test_certainty_falls_into_the_last_bin() -> None:
    table = made(3, 1.0).assign(p_blues=1.0, p_jazz=0.0, p_rock=0.0, predicted="blues")
    assert calibration.reliability(table)["to"].tolist() == [1.0]


def test_chance_error_is_what_calibrated_probabilities_show() -> None:
    found = [calibration.calibration_error(made(100, 1.0, seed=seed)) for seed in range(40)]
    expected = [calibration.chance_error(made(100, 1.0, seed=seed)) for seed in range(40)]
    assert np.mean(found) == pytest.approx(np.mean(expected), rel=0.1)
    assert calibration.calibration_error(made(100, 4.0)) > 2 * calibration.chance_error(
        made(100, 4.0)
    )


def test_a_summary_holds_what_is_measured_one_by_one() -> None:
    table = made(80, 2.0)
    found = calibration.calibration_summary(table, seed=1)
    assert found["value"] == calibration.calibration_error(table)
    assert found["chance"] == calibration.chance_error(table, seed=1)
    assert found["accuracy"] == (table["genre"] == table["predicted"]).mean()
    assert found["confidence"] == pytest.approx(table.filter(like="p_").max(axis=1).mean())
    assert found["low"] <= found["value"] <= found["high"] + 0.1
