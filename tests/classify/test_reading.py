"""Tests of reading what is known about the answers."""

from __future__ import annotations

from genrelib.classify import card_scores, load_model, recorded_trial
from genrelib.corpus import read_recorded


def test_scores_of_the_card_are_there_by_protocol_and_level() -> None:
    card = load_model().card
    found = card_scores(card)
    assert found["artist", "accuracy per track"] == card["scores"]["artist"]["track"]
    assert len(found) == 2 * len(card["scores"])
    empty = {"scores": {"artist": {"slice": None, "track": None}}}
    assert set(card_scores(empty).values()) == {None}


def test_the_trial_is_told_as_it_was_recorded() -> None:
    trial = read_recorded("classify")
    day, lengths, made = recorded_trial()
    whole = trial["held out by track"]["whole"]
    assert day == trial["recorded"]
    assert lengths["whole", "refused"] == whole["refused"]
    assert lengths["whole", "expected calibration error"] == whole["calibration"]["error"]
    assert lengths["1 s", "accuracy"] != lengths["whole", "accuracy"]
    assert "faults" not in made.index
    for kind, row in made.iterrows():
        assert row["files"] == trial["made"][kind]["files"]
        assert row["value"] == trial["made"][kind]["refused"]["value"]
