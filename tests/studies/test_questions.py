"""Tests of the questions that chapter 6 puts to its study."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from genrelib.studies.findings import compare, load_study
from genrelib.studies.questions import (
    INPUT_NAMES,
    by_group,
    by_input,
    by_length,
    by_order,
    choose_on_half,
    fold_seed_scores,
    networks_of,
    study_source,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def study() -> pd.DataFrame:
    """The recorded study, whatever was run on this computer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENRELIB_CACHE", "/nowhere")
        return load_study()


def test_the_source_names_corpus_day_and_versions(study: pd.DataFrame) -> None:
    text = study_source(study)
    assert text.startswith("gtzan-mini, recorded on 20")
    assert f"Keras {study.attrs['versions']['keras']}" in text
    here = study.iloc[:1].copy()
    here.attrs = study.attrs | {"source": "run here", "corpus": "sketch"}
    assert study_source(here).startswith("sketch, run on this computer on 20")


def test_networks_are_listed_by_group(study: pd.DataFrame) -> None:
    ladder = networks_of(study, "ladder")
    assert (ladder[0], ladder[-1]) == ("LSTM", "CRNN")
    changes = networks_of(study, "change")
    assert networks_of(study, "ladder", "change") == ladder + changes
    assert networks_of(study[study["experiment"] == "CRNN"], "ladder", "change") == ["CRNN"]


def test_changes_are_named_without_their_base(study: pd.DataFrame) -> None:
    part = study[study["experiment"].isin(["LSTM", "CRNN", "CRNN, no LSTM"])]
    changes = by_group(part, "change", "CRNN")
    assert list(changes.index) == ["no LSTM"]
    expected = compare(study, ["CRNN, no LSTM"], "CRNN").iloc[0]
    assert changes.loc["no LSTM"].to_dict() == expected.to_dict()
    assert list(by_group(part, "ladder", level="track").index) == ["LSTM", "CRNN"]


def test_orders_are_compared_for_both_networks(study: pd.DataFrame) -> None:
    alone, less = by_order(study), by_order(study, less_in_order=True)
    assert len(alone) == 10 and len(less) == 8
    for network in ("LSTM", "CRNN"):
        names = [network, f"{network}, backwards"]
        assert alone.loc[(network, "in order"), "value"] == compare(study, names).iloc[0, 0]
        difference = (
            alone.loc[(network, "backwards"), "value"] - alone.loc[(network, "in order"), "value"]
        )
        assert less.loc[(network, "backwards"), "value"] == pytest.approx(difference)


def test_lengths_are_compared_for_all_pieces_and_for_one(study: pd.DataFrame) -> None:
    table = by_length(study)
    assert table.loc["all pieces"].index.tolist() == [1, 2, 3, 6, 15, 30]
    six = compare(study, ["CRNN", "CRNN, 1 s"]).iloc[0]
    assert table.loc[("all pieces", 6), "value"] == six["value"]
    single = compare(study, ["CRNN, 6 s from one piece"], level="track").iloc[0]
    assert by_length(study, "track").loc[("one piece a track", 6), "low"] == single["low"]


def test_inputs_are_compared_under_the_names_of_the_chapter(study: pd.DataFrame) -> None:
    assert by_input(study).index.tolist() == list(INPUT_NAMES)
    less = by_input(study, "mel bands")
    assert "mel bands" not in less.index
    assert less.at["MFCC", "value"] == compare(study, ["CRNN on mfcc"], "CRNN").iloc[0, 0]


def test_networks_are_scored_for_each_seed_of_the_folds(study: pd.DataFrame) -> None:
    table = fold_seed_scores(study)
    assert table.groupby("model")["seed"].apply(list).to_dict() == {
        "LSTM on MFCC": list(range(5)), "CRNN on mel": list(range(5)),
    }  # fmt: skip
    crnn = compare(study, ["CRNN"]).loc["CRNN"]
    values = table.loc[table["model"] == "CRNN on mel", "value"]
    assert values.mean() == pytest.approx(crnn["value"])
    assert (values.min(), values.max()) == (crnn["least"], crnn["most"])
    rows = study[(study["experiment"] == "CRNN")]
    folds = rows.pivot(index="slice_id", columns="repetition", values="fold")
    assert folds.T.duplicated().sum() == 0, "each seed has folds of its own"


def test_the_best_on_one_half_is_scored_on_the_other() -> None:
    """Network a is right on the first half of the tracks only, b never, the CRNN everywhere."""
    rows = [
        (name, 0, f"t{i}:0", f"t{i}", "rock", "rock" if right else "jazz")
        for name, hits in {"a": [1] * 3 + [0] * 3, "b": [0] * 6, "CRNN": [1] * 6}.items()
        for i, right in enumerate(hits)
    ]
    columns = ["experiment", "repetition", "slice_id", "track_id", "genre", "predicted"]
    made = pd.DataFrame(rows, columns=columns)
    rng = np.random.default_rng(0)
    found = choose_on_half(made, ["b", "a", "CRNN"], rng, n=40)
    assert (found["there"] == 1).all() and (found["CRNN"] == 1).all()
    lucky = found[found["chosen"] == "a"]
    assert len(lucky) and (lucky["elsewhere"] == 0).all()
    assert (found.loc[found["chosen"] == "CRNN", "elsewhere"] == 1).all()
    # The caller's source of chance goes on from where the halves have left it.
    again = np.random.default_rng(0)
    for _ in range(40):
        again.permutation(6)
    assert rng.random() == again.random()
