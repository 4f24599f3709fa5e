"""Tests of how playlists are measured, and of what the settings were chosen by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from points import collection

from genrelib.corpus import load_corpus
from genrelib.playlists import DIVERSITY, NEAR, Index, catalogue, playlist
from genrelib.studies import playlists as study, scale


@pytest.fixture(scope="module")
def small() -> Index:
    return collection(60, artist=[f"artist {k % 20}" if k < 50 else None for k in range(60)])


def test_halves_have_no_artist_in_common(small: Index) -> None:
    first, second = study.artist_halves(small, 3)
    assert len(first) + len(second) == 60
    sides = [set(half.table["artist"].drop_null().to_pylist()) for half in (first, second)]
    assert not sides[0] & sides[1]
    assert sides[0] | sides[1] == {f"artist {k}" for k in range(20)}


def test_every_method_has_lists_that_keep_its_rules(small: Index) -> None:
    features = np.random.default_rng(0).normal(size=(60, 5))
    lists = study.ten_lists(small, pd.DataFrame(features))
    assert {name for name, _ in lists} == {*study.BASELINES, *study.STEPS}
    artists = study.artists_of(small)
    for (name, filtered), rows in lists.items():
        assert rows.shape == (60, 10)
        for k, row in enumerate(rows):
            there = row[row >= 0]
            assert k not in there and len(set(there)) == len(there)
            if filtered:
                assert artists[k] not in artists[there]
            if name == "+ artists once":
                assert len(set(artists[there])) == len(there)
    scores, hits = study.switched_on(lists, small)
    assert scores.at[("nearest", False), "value"] == pytest.approx(hits["nearest", False].mean())
    assert scores.at[("random", False), "value"] < scores.at[("nearest", False), "value"]


def test_the_third_step_is_the_second_where_nothing_is_a_version(small: Index) -> None:
    lists = study.ten_lists(small)
    pairs = zip(lists["+ local scaling", False], lists["+ no versions", False], strict=True)
    assert all(set(a) == set(b) for a, b in pairs)
    name = small.table["track_id"][4].as_py()
    own = playlist(name, small, length=10, diversity=0, apart=0).rows
    assert set(own) == set(lists["+ local scaling", False][4])


def test_precision_and_spread_of_lists_made_by_hand(small: Index) -> None:
    lists = np.array([[1, 2], [0, 2], [0, 1], [0, -1]])
    found = study.spread(lists)
    assert (found["most"], found["never"], found["reached"]) == (3, 0.25, 0.75)
    counts = np.array([3, 2, 2, 0])
    z = (counts - counts.mean()) / counts.std()
    assert found["skew"] == pytest.approx((z**3).mean())
    part = small.part(np.array([0, 1, 5, 6]))  # genres 0, 1, 0, 1
    assert study.precision(lists, part).tolist() == [0.5, 0.0, 0.5, 0.0]


def test_settings_are_those_that_the_rules_of_the_chapter_give() -> None:
    """The least skew; and the largest weight that keeps 95 % of the precision."""
    choosing, _ = study.artist_halves(catalogue(load_corpus("gtzan-tags")))
    shares = study.tried_scales(choosing, (0, 0.02, 0.05, 0.1, 0.2))
    assert shares["skew"].idxmin() == NEAR
    weights = study.tried_diversity(choosing, (0, 0.2, 0.3))
    kept = weights["value"] >= 0.95 * weights["value"].iloc[0]
    assert weights.index[kept].max() == DIVERSITY
    assert weights["variety"].is_monotonic_increasing


def test_a_large_collection_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faiss")
    monkeypatch.setattr("genrelib.playlists.searching.LARGE", 3000)
    monkeypatch.setattr("genrelib.playlists.searching.CELLS", 16)
    found = scale._measured(4000, 5)
    assert found["recall"] >= 0.9 and found["list_ms"] > 0
    goals = scale.scale_goals(found | {"faiss": "1", "tracks": 4000})
    assert goals["verdict"].tolist()[2] == ("met" if found["recall"] >= 0.98 else "missed")


def test_without_an_index_of_neighbours_only_exact_search_is_measured() -> None:
    found = scale._measured(300, 3)
    assert found["recall"] is None and found["neighbours_ms"] is None
    goals = scale.scale_goals(found | {"faiss": None, "tracks": 300})
    assert goals["verdict"].tolist() == ["no goal", *["not measured"] * 3]


def test_the_recorded_measurement_meets_the_goals() -> None:
    record = scale.load_scale()
    assert record["tracks"] == 1_000_000
    assert scale.scale_goals(record)["verdict"].tolist() == ["no goal", *["met"] * 3]
