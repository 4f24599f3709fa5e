"""Tests of reading what is known about the answers."""

from __future__ import annotations

from genrelib.classify import (
    card_bins,
    card_confidence,
    card_refusals,
    load_model,
    recorded_trial,
)
from genrelib.corpus import read_recorded


def test_refusals_of_the_card_are_a_table() -> None:
    card = load_model().card
    table = card_refusals(card)
    assert list(table.index) == list(card["refused"])
    song = table.loc["song, held out"]
    assert song["not music"] == card["refused"]["song, held out"]["not music"]
    assert song["recordings"] == card["refused"]["song, held out"]["n"]


def test_confidence_of_the_card_is_a_table() -> None:
    card = load_model().card
    table = card_confidence(card)
    assert len(table) == 9
    found = table.loc[("artist", "3 s")]
    assert found["accuracy"] == card["scores"]["artist"]["3 s"]["accuracy"]
    bins = card_bins(card)
    assert list(bins)[:2] == ["track, 3 s", "artist, 3 s"] and len(bins) == 6
    told = bins["artist, 30 s"]
    mean = (told["accuracy"] * told["n"]).sum() / told["n"].sum()
    assert abs(mean - card["scores"]["artist"]["30 s"]["accuracy"]["value"]) < 1e-9


def test_the_trial_is_told_as_it_was_recorded() -> None:
    trial = read_recorded("classify")
    day, made = recorded_trial()
    assert day == trial["recorded"]
    assert "faults" not in made.index
    for kind, row in made.iterrows():
        assert row["files"] == trial["made"][kind]["files"]
        assert row["value"] == trial["made"][kind]["refused"]["value"]


def test_the_trial_is_of_the_model_of_the_package() -> None:
    card, told = load_model().card, read_recorded("classify")["model"]
    stale = "stale: run python tools/record_classify.py"
    assert told == {name: card[name] for name in told}, stale
