"""Tests of reading what is known about the answers."""

from __future__ import annotations

from genrelib.classify import card_refusals, card_scores, load_model, recorded_trial
from genrelib.corpus import read_recorded


def test_scores_of_the_card_are_there_by_protocol_and_length() -> None:
    card = load_model().card
    found = card_scores(card)
    assert found["artist, 30 s", "accuracy"] == card["scores"]["artist"]["30 s"]["accuracy"]
    assert len(found) == 6 * len(card["scores"])
    empty = {"scores": {"artist": {"3 s": None, "30 s": None}}}
    assert set(card_scores(empty).values()) == {None}


def test_refusals_of_the_card_are_a_table() -> None:
    card = load_model().card
    table = card_refusals(card)
    assert list(table.index) == list(card["refused"])
    song = table.loc["song, held out"]
    assert song["not music"] == card["refused"]["song, held out"]["not music"]
    assert song["recordings"] == card["refused"]["song, held out"]["n"]


def test_the_trial_is_told_as_it_was_recorded() -> None:
    trial = read_recorded("classify")
    day, made = recorded_trial()
    assert day == trial["recorded"]
    assert "faults" not in made.index
    for kind, row in made.iterrows():
        assert row["files"] == trial["made"][kind]["files"]
        assert row["value"] == trial["made"][kind]["refused"]["value"]
