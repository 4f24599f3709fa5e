"""Tests of the artist effect on several corpora."""

from __future__ import annotations

import numpy as np
import pytest

from genrelib.evaluation import FEW
from genrelib.studies import LADDER, artist_ladders, artists, ladder_scores

STEPS = ("all of it", "numbers of tracks learned from", "artist effect")


@pytest.mark.slow
def test_every_corpus_is_asked_on_the_same_tracks(monkeypatch: pytest.MonkeyPatch) -> None:
    # Chapter 9 asks them all; here, one of each kind is enough.
    wanted = ("GTZAN, published tags", "makam, releases apart")
    monkeypatch.setattr(artists, "CORPORA", {name: artists.CORPORA[name] for name in wanted})
    ladders = artist_ladders(fast=True)
    for told in ladders.values():
        tracks = [set(told[exam]["track_id"]) for exam in LADDER]
        assert tracks[0] == tracks[1] == tracks[2] and len(tracks[0]) >= FEW
    table = ladder_scores(ladders).set_index(["corpus", "what"])
    for corpus in dict.fromkeys(table.index.get_level_values(0)):
        own = table.loc[corpus]
        assert list(own.index) == [*LADDER, *STEPS]
        whole, numbers, effect = (own.at[step, "value"] for step in STEPS)
        assert whole == pytest.approx(numbers + effect)
        assert whole == pytest.approx(own.at[LADDER[0], "value"] - own.at[LADDER[2], "value"])
        assert ((own["low"] <= own["value"]) & (own["value"] <= own["high"])).all()
    assert np.isfinite(table["n_units"]).all()
