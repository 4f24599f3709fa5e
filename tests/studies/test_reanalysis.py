"""Tests of what chapter 7 asks the study's tables, on small tables with known answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genrelib.studies import original, reanalysis
from genrelib.studies.original import OriginalStudy, published_split, tree_answers


def _study(n_tracks: int = 12, n_slices: int = 5, *, spread: float = 0.01) -> OriginalStudy:
    """Make tracks of two genres that lie apart, the slices of each close together.

    The even tracks are GTZAN's; the feature grows with the file number.
    """
    rng = np.random.default_rng(0)
    rows = [
        (f"{genre}_{number}" if number % 2 else f"{genre}.{number:05}", genre, number, part)
        for genre in ("blues", "jazz")
        for number in range(n_tracks)
        for part in range(n_slices)
    ]
    track, genre, number, part = (list(column) for column in zip(*rows, strict=True))
    index = pd.Index([f"{t}:{p}" for t, p in zip(track, part, strict=True)], name="slice_id")
    private = np.array(["_" in t for t in track])
    slices = pd.DataFrame(
        {
            "track_id": np.array(track, object),
            "genre": np.array(genre, object),
            "artist": np.where(private, None, "somebody"),
            "side": None,
            "source": np.where(private, "private", "GTZAN"),
        },
        index=index,
    )
    base = np.array(number) + 1000.0 * (slices["genre"] == "jazz").to_numpy()
    means = base[:, None] + rng.normal(0, spread, (len(rows), 3))
    columns = ["mfcc_mean", "mfcc_var", "mfcc_min"]
    table = pd.DataFrame(means, index=index, columns=columns)
    return OriginalStudy(slices, table, table + 1)


def test_columns_are_compared_on_the_slices_in_common() -> None:
    theirs = pd.DataFrame({"tempo": [1.0, 2, 3, 9], "x": [1.0, 0, 2, 9]}, index=list("abcd"))
    ours = pd.DataFrame({"mel_1": [2.0, 3, 1], "mel_2": [0.0, -3, -1]}, index=list("bca"))
    compared = reanalysis.compare_columns(theirs, ours).set_index("called")
    assert compared["is"].tolist() == ["mel_1", "mel_2"]
    assert compared["slices"].tolist() == [3, 3]
    assert compared.loc["tempo", ["correlation", "largest difference"]].tolist() == [1, 0]
    expected = np.corrcoef([1, 0, 2], [-1, 0, -3])[0, 1]
    assert compared.at["x", "correlation"] == pytest.approx(expected)
    assert compared.at["x", "largest difference"] == 5


def test_one_half_of_the_votes_belongs_to_the_silent_side() -> None:
    truth = np.array([[1, 0], [1, 0], [0, 1]], bool)
    # Of four trees, two vote for the first genre of the first slice, three, and four.
    votes = np.array([[[i < n, 0] for n in (2, 3, 4)] for i in range(4)], np.float32)
    shares = reanalysis.leading_shares(votes, truth)
    assert shares.loc[0.45].tolist() == [1, 0]
    assert shares.loc[0.7].tolist() == [1, 0]
    assert shares.loc[0.95].tolist() == [0, 1]
    assert shares.to_numpy().sum() == 3


def test_the_urn_holds_the_trees_of_every_seed() -> None:
    study = _study()
    X, genre = study.means.to_numpy(), study.slices["genre"].to_numpy(object)
    train, _, test = published_split(len(X))
    votes, truth = original.grow_trees(study, [3, 4], jobs=1)
    assert votes.shape == (200, len(test), 2)
    second = tree_answers(X[train], genre[train], X[test], seed=4)
    np.testing.assert_array_equal(votes[100:], second)
    assert truth[:, 1].tolist() == (genre[test] == "jazz").tolist()


def test_neighbours_are_siblings_where_tracks_lie_apart() -> None:
    kin = reanalysis.siblings(_study())
    size = kin["test slices"]
    assert size.sum() == len(published_split(120)[2])
    assert size["is"] == size.drop("cannot be", errors="ignore").sum()
    assert kin.at["is", "right"] == 1
    # With one slice to a track nobody has a sibling.
    assert reanalysis.siblings(_study(n_slices=1)).index.tolist() == ["cannot be"]


def test_the_sweep_asks_one_to_k_neighbours_in_three_ways() -> None:
    study = _study()
    curves = reanalysis.neighbour_sweep(study, range(1, 41), seed=0)
    assert curves.index.tolist() == list(range(1, 41))
    one_hot, plain, apart = (curve for _, curve in curves.items())
    assert plain[1] == one_hot[1] == apart[1] == 1  # genres are far apart
    assert (one_hot <= plain).all()
    # Permuted genres: asked for two, the one-hot target wants both to be right.
    rng = np.random.default_rng(1)
    mixed = study.slices.assign(genre=rng.permutation(study.slices["genre"]))
    curves = reanalysis.neighbour_sweep(
        OriginalStudy(mixed, study.means, study.instant), range(1, 5), seed=0
    )
    assert curves.iloc[1, 0] < curves.iloc[1, 1]


def test_one_neighbour_is_ahead_of_several_where_siblings_are_in_reach() -> None:
    study = _study(n_tracks=20)
    # Genres at random: only a sibling knows, and there are four of them.
    rng = np.random.default_rng(2)
    tracks = study.slices["track_id"].unique()
    genre = dict(zip(tracks, rng.permutation(np.repeat(["blues", "jazz"], 20)), strict=True))
    mixed = study.slices.assign(genre=study.slices["track_id"].map(genre))
    falls = reanalysis.fall_after_one(OriginalStudy(mixed, study.means, study.instant), 15)
    random, track, less = (row for _, row in falls.iterrows())
    assert random["low"] > 0
    assert track["low"] < 0 < track["high"]
    assert less["value"] == pytest.approx(random["value"] - track["value"])


def test_a_draw_at_the_edge_is_counted_on_both_sides() -> None:
    drawn = pd.Series(np.arange(999))
    assert reanalysis.how_rare(drawn, 4) == pytest.approx(2 * 6 / 1000)
    assert reanalysis.how_rare(drawn, 994) == pytest.approx(2 * 6 / 1000)
    assert reanalysis.how_rare(drawn, 499) == 1
    assert reanalysis.how_rare(drawn, -1) == pytest.approx(2 / 1000)  # never zero


def test_one_forest_is_read_in_four_ways() -> None:
    # The first slice is silent, and of the first genre, by luck; the second is called wrongly.
    share = np.array([[0.3, 0.45, 0.25], [0.6, 0.4, 0.0], [0.1, 0.1, 0.8]])
    truth = np.eye(3, dtype=bool)
    read = reanalysis.forest_readings(share, truth, plain=np.array([0, 1, 2]))["accuracy"]
    assert read.tolist() == pytest.approx([1 / 3, 1 / 2, 2 / 3, 1 / 3, 1])
    share[1] = [0.4, 0.6, 0]
    truth = np.eye(3, dtype=bool)[[1, 1, 2]]
    read = reanalysis.forest_readings(share, truth, plain=np.array([1, 1, 2]))["accuracy"]
    assert read["rows as answered, as published"] == pytest.approx(2 / 3)
    assert read["genre with the most votes"] == 1
    counts = reanalysis.argmax_counts(share, truth)
    assert counts == {"truly": 0, "called": 1, "zeros": 1, "n_test": 3}


def test_columns_are_held_against_their_namesakes() -> None:
    x = np.arange(5.0)
    theirs = pd.DataFrame(dict.fromkeys(reanalysis.NAMESAKES, x))
    ours = pd.DataFrame(
        {"mfcc_01_mean": x, "mfcc_02_mean": -3 * x, "mfcc_01_std": 1 - x, "tempo": x,
         "rms_mean": -x}
        | dict.fromkeys(
            ["harmonic_rms_mean", "percussive_rms_mean", "centroid_mean", "chroma_c_mean",
             "tonnetz_1_mean", "mel_001_mean"], x
        )
    )  # fmt: skip
    r = reanalysis.compare_namesakes(theirs, ours).set_index("called")["correlation"]
    assert r["tempo"] == pytest.approx(1) and r["rms_mean"] == pytest.approx(-1)
    assert r["mfcc_mean"] == pytest.approx(-1)  # of all its bands, and of their means only


def test_copies_and_silence_are_found() -> None:
    study = _study()
    study.means.loc["jazz_3:1"] = study.means.loc["blues_5:2"]
    study.means.loc[["jazz_1:0", "jazz_1:1", "jazz_1:4"]] = [-500.0, 0, 0]
    found = reanalysis.copied_rows(study)
    assert found == {
        "pairs": ["blues_5, jazz_3"], "rows": 3, "silent": 2, "silent track": "jazz_1"
    }  # fmt: skip
    assert reanalysis.copied_rows(_study())["silent track"] == "none"


def test_private_tracks_of_neighbouring_numbers_are_a_run() -> None:
    study = _study(n_tracks=22, n_slices=1)
    runs = reanalysis.runs_of_ten(study)
    assert runs["jazz_9:0"] == "jazz_x"
    assert runs["jazz_11:0"] == runs["jazz_19:0"] == "jazz_1x"
    assert runs["jazz_21:0"] == "jazz_2x"
    assert runs["jazz.00012:0"] == "somebody"
    study.slices.loc["jazz.00012:0", "artist"] = None
    assert pd.isna(reanalysis.runs_of_ten(study)["jazz.00012:0"])


def test_file_numbers_that_follow_the_sound() -> None:
    study = _study(n_tracks=30)
    distances = reanalysis.number_distances(study, furthest=10)
    assert distances.columns.tolist() == ["0.25", "0.5", "0.75"]
    assert distances.index.tolist() == [2, 4, 6, 8, 10]  # odd numbers only are private
    assert distances["0.5"].is_monotonic_increasing
    doors = reanalysis.next_door(_study(n_tracks=30))
    assert doors == {"next": 0, "chance": 0}  # two apart is not next door


@pytest.mark.slow
def test_sources_are_scored_over_all_and_within_genres() -> None:
    ids = [f"{genre}_{i}:0" for genre in ("blues", "jazz") for i in range(8)]
    genre = pd.Series(np.repeat(["blues", "jazz"], 8), index=ids)
    source = np.tile(["private", "GTZAN"], 8)
    told = pd.DataFrame({"slice_id": ids, "track_id": ids, "genre": source, "predicted": "GTZAN"})
    told["p_private"] = np.where(source == "private", 0.4, 0.1)
    told.loc[8:, "p_private"] = 0.2
    scores = reanalysis.source_scores(told, genre).set_index(["genre", "measure"])["value"]
    assert scores["all genres", "right"] == scores["jazz", "right"] == 0.5
    assert scores["blues", "area"] == 1
    assert scores["jazz", "area"] == 0.5
    assert list(scores.index.unique(0)) == ["all genres", "blues", "jazz"]


def test_draws_of_one_source_alone_leave_no_hole_in_the_interval() -> None:
    ids = [f"jazz_{i}:0" for i in range(6)]
    source = ["private"] * 5 + ["GTZAN"]  # which many draws leave out
    told = pd.DataFrame({"slice_id": ids, "track_id": ids, "genre": source, "predicted": source})
    told["p_private"] = [0.9, 0.8, 0.7, 0.6, 0.2, 0.4]
    scores = reanalysis.source_scores(told, pd.Series("jazz", index=ids))
    assert scores[["value", "low", "high"]].notna().all(axis=None)
    area = scores[scores["measure"] == "area"].iloc[0]
    assert area["value"] == 0.8 and area["low"] < 0.5


@pytest.mark.parametrize("home", ["GTZAN", "private"])
def test_what_is_learned_at_home_is_tested_abroad(home: str) -> None:
    study = _study()
    there = reanalysis.score_abroad(study, "knn", home)
    # All right, on few artists: that leaves room below.
    assert there["value"] == there["high"] == 1 > there["low"]
    # The other source with its genres exchanged: what is learned here is wrong there.
    abroad = study.slices["source"] != home
    other = {"blues": "jazz", "jazz": "blues"}
    study.slices.loc[abroad, "genre"] = study.slices.loc[abroad, "genre"].map(other)
    assert reanalysis.score_abroad(study, "knn", home)["value"] == 0


def test_orders_of_the_columns_are_those_of_their_names() -> None:
    order = original._column_order
    assert order("with L2", 5, 0).tolist() == [0, 1, 2, 3, 4]
    assert order("backwards", 5, 0).tolist() == [4, 3, 2, 1, 0]
    first, second = order("shuffled, 1", 64, 0), order("shuffled, 2", 64, 0)
    assert sorted(first) == list(range(64))
    assert first.tolist() != second.tolist()
    assert first.tolist() == order("shuffled, 1", 64, 0).tolist()


@pytest.mark.slow
def test_the_network_trains_on_the_published_shares() -> None:
    history = original.train_network(_study(), "with L2", epochs=2)
    assert history["epoch"].tolist() == [0, 1]
    assert set(history["run"]) == {"with L2"}
    assert history["val_accuracy"].between(0, 1).all()
