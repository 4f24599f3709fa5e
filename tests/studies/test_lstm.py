"""Tests of the study behind chapter 6: what it runs, that it goes on, and how it is read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genrelib.corpus import store
from genrelib.corpus.tracks import load_corpus
from genrelib.features.slicing import slice_tracks
from genrelib.features.tables import frames
from genrelib.models.estimators import make_model
from genrelib.studies import findings, lstm as lstm_study
from genrelib.studies.experiments import (
    EXPERIMENTS,
    INPUTS,
    ORDERS,
    Experiment,
    OnePiece,
    StudyError,
    repetitions_of,
)
from genrelib.studies.findings import (
    compare,
    hits,
    load_study,
    record_study,
    repetitions_in,
    summarise_study,
)
from genrelib.studies.lstm import parts_folder, pieces, run_study

TINY = {"conv": (), "pool": 20, "units": (4,), "epochs": 1, "schedule": "constant"}


@pytest.fixture(scope="module")
def material() -> tuple[np.ndarray, pd.DataFrame]:
    """MFCC and slices of the embedded corpus."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GENRELIB_DATA", raising=False)
        music = load_corpus("gtzan-mini")
        slices = slice_tracks(music.tracks)
        return frames("mfcc", music, slices), slices


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Experiment]:
    """A study of two quick experiments, in a cache of its own, without audio."""
    made = [
        Experiment("CRNN", "ladder", settings=TINY),
        Experiment("CRNN, 30 s", "length", settings=TINY, seconds=30, given="mfcc"),
        Experiment("CRNN, pitch and tempo", "change", settings=TINY, audio=True),
    ]
    for module in (lstm_study, findings):
        monkeypatch.setattr(module, "EXPERIMENTS", made)
    monkeypatch.setenv("GENRELIB_CACHE", str(tmp_path))
    monkeypatch.delenv("GENRELIB_DATA", raising=False)
    return made


# --- what it runs ----------------------------------------------------------------------------


def test_experiments_have_names_of_their_own() -> None:
    assert len({e.name for e in EXPERIMENTS}) == len(EXPERIMENTS)
    assert len({e.file_name for e in EXPERIMENTS}) == len(EXPERIMENTS)
    assert {e.group for e in EXPERIMENTS} == {
        "ladder", "seeds", "change", "order", "input", "length",
    }  # fmt: skip


@pytest.mark.parametrize("e", EXPERIMENTS, ids=lambda e: e.file_name)
def test_every_experiment_is_about_one_classifier_that_differs(e: Experiment) -> None:
    model = lstm_study._estimator(e, 3)
    inner = model.estimator if isinstance(model, OnePiece) else model
    assert inner.seed == 3
    same = [
        other.name
        for other in EXPERIMENTS
        if (
            lstm_study._estimator(other, 3).get_params(deep=False) | {"estimator": None}
            == model.get_params(deep=False) | {"estimator": None}
        )
        and (other.given, other.order, other.seconds, other.single, other.audio)
        == (e.given, e.order, e.seconds, e.single, e.audio)
        and not e.single
    ]
    assert same in ([e.name], [])


def test_orders_keep_what_they_promise(material: tuple[np.ndarray, pd.DataFrame]) -> None:
    X = material[0][:6]
    rng = np.random.default_rng(0)
    made = {name: change(X, rng) for name, change in ORDERS.items()}
    np.testing.assert_array_equal(made["in order"], X)
    np.testing.assert_array_equal(made["backwards"][:, ::-1], X)
    np.testing.assert_allclose(made["mean only"], X.mean(axis=1, keepdims=True) + 0 * X, rtol=1e-5)
    np.testing.assert_array_equal(np.sort(made["frames shuffled"], axis=1), np.sort(X, axis=1))
    assert not np.array_equal(made["frames shuffled"], X)
    # Six stretches of 21 frames; inside, every frame is followed by its own successor.
    seconds = made["seconds shuffled"]
    assert seconds.shape == (6, 126, 20)
    for old, new in zip(X, seconds, strict=True):
        starts = [int(np.flatnonzero((old == new[21 * k]).all(axis=1))[0]) for k in range(6)]
        assert sorted(starts) == [0, 21, 42, 63, 84, 105]
        for k, start in enumerate(starts):
            np.testing.assert_array_equal(new[21 * k : 21 * k + 21], old[start : start + 21])


def test_all_cosines_hold_what_the_bands_hold() -> None:
    X = np.random.default_rng(0).normal(size=(2, 5, 64)).astype(np.float32)
    cosines = INPUTS["mel, cosines"](X)
    np.testing.assert_allclose((cosines**2).sum(axis=-1), (X**2).sum(axis=-1), rtol=1e-4)
    np.testing.assert_array_equal(INPUTS["mel, 20 cosines"](X), cosines[..., :20])
    wide = INPUTS["mel, 20 wide bands"](X)
    np.testing.assert_allclose(wide[..., 0], X[..., :4].mean(axis=-1), rtol=1e-5)
    assert wide.shape == (2, 5, 20)


@pytest.mark.parametrize("seconds", [1, 15, 30])
def test_pieces_are_cut_from_whole_tracks(
    seconds: int, material: tuple[np.ndarray, pd.DataFrame]
) -> None:
    X, slices = material
    cut, table = pieces(X, slices, seconds)
    size = round(130 * seconds / 6)
    n = 650 // size
    assert len(cut) == len(table) == 100 * n
    assert cut.shape[1] == size
    assert (table.groupby("track_id").size() == n).all()
    assert table.index[0] == "blues.00000:0"
    assert (table["end"] - table["start"] == seconds).all()
    track = table["track_id"].iloc[-1]
    whole = np.concatenate(X[(slices["track_id"] == track).to_numpy()])
    joined = np.concatenate(cut[(table["track_id"] == track).to_numpy()])
    np.testing.assert_array_equal(joined, whole[: len(joined)])


def test_no_track_is_as_long_as_that(material: tuple[np.ndarray, pd.DataFrame]) -> None:
    with pytest.raises(StudyError, match="no track is 40 seconds long"):
        pieces(*material, 40)


def test_one_piece_of_each_track_is_trained_on() -> None:
    seen: list[np.ndarray] = []

    class Spy:
        classes_ = np.array(["a"])

        def fit(self, X: np.ndarray, y: np.ndarray) -> Spy:
            seen.append(X)
            return self

        def get_params(self, deep: bool = True) -> dict:
            return {}

    X, groups = np.arange(12.0)[:, None, None], np.repeat(["s", "t", "u"], 4)
    for seed in range(5):
        OnePiece(Spy(), seed).fit(X, groups, groups)
    places = np.array([part.ravel() for part in seen]).astype(int)
    assert (np.sort(places // 4, axis=1) == [0, 1, 2]).all()
    assert len(set(map(tuple, places))) > 1


# --- running it ------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_study_goes_on_where_it_stopped(small: list[Experiment]) -> None:
    said: list[str] = []
    folder = run_study(only=["ladder"], repetitions=1, jobs=1, say=said.append)
    assert folder == parts_folder("gtzan-mini")
    first = folder / "crnn.0.parquet"
    before = first.stat().st_mtime_ns
    assert "CRNN, repetition 1" in said[-1]
    with pytest.raises(StudyError, match="1 experiments are missing, 'CRNN, pitch"):
        # The audio is not there, so this one stays missing.
        run_study(repetitions=2, jobs=1, say=said.append)
        record_study(file=folder / "published.parquet")
    assert first.stat().st_mtime_ns == before, "what was finished is not run again"
    assert any("needs the audio" in line for line in said)
    assert len(list(folder.glob("*.parquet"))) == 4
    # A part that other settings would have made is run again.
    key = store.metadata(first)["key"]
    small[0] = Experiment("CRNN", "ladder", settings=TINY | {"epochs": 2})
    run_study(only=["CRNN"], repetitions=1, jobs=1, say=said.append)
    assert store.metadata(first)["key"] != key


@pytest.mark.slow
def test_what_was_run_here_is_read_instead_of_what_is_recorded(
    small: list[Experiment], tmp_path: Path
) -> None:
    del small[2]
    assert load_study().attrs["source"] == "recorded"
    run_study(repetitions=1, jobs=1, say=lambda line: None)
    study = load_study()
    assert study.attrs["source"] == "run here"
    assert study.attrs["command"] == "genrelib study lstm --corpus gtzan-mini"
    assert set(study["experiment"]) == {"CRNN", "CRNN, 30 s"}
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} == set(study.attrs["curves"]["CRNN"])
    probabilities = study.filter(like="p_")
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=0.01)
    published = record_study(file=tmp_path / "study.parquet")
    again = findings._unpacked(
        findings.pq.read_table(published), store.metadata(published), "run here"
    )
    pd.testing.assert_frame_equal(again.astype(study.dtypes), study)
    assert list(summarise_study(study)["repetitions"]) == [1, 1]


def test_unknown_experiments_are_refused() -> None:
    with pytest.raises(StudyError, match=r"no experiment 'speed'; groups are change, "):
        run_study(only=["speed"])


# --- what it found ---------------------------------------------------------------------------


def made_up() -> pd.DataFrame:
    """Two experiments, two repetitions, four tracks of two slices."""
    rows = []
    for name, right in (("a", [1, 1, 1, 0, 0, 0, 0, 0]), ("b", [1, 1, 1, 1, 1, 1, 0, 0])):
        for repetition in (0, 1):
            for i, hit in enumerate(right):
                hit = hit or (repetition == 1 and i == 3)
                predicted = "rock" if hit else "jazz"
                rows.append(
                    (name, repetition, f"t{i // 2}:{i % 2}", f"t{i // 2}", "rock", predicted,
                     0.4 if not hit else 0.9)
                )  # fmt: skip
    columns = ["experiment", "repetition", "slice_id", "track_id", "genre", "predicted", "p_rock"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(p_jazz=1 - table["p_rock"])


def test_hits_are_averaged_over_repetitions_and_voted_over_slices() -> None:
    table = hits(made_up(), ["a", "b"])
    assert table["a"].tolist() == [1, 1, 1, 0.5, 0, 0, 0, 0]
    assert table["b"].tolist() == [1, 1, 1, 1, 1, 1, 0, 0]
    votes = hits(made_up(), ["a"], "track")
    # In the first repetition of a, 0.9 and 0.4 vote for rock together.
    assert votes["a"].tolist() == [1, 1, 0, 0]


def test_experiments_are_compared_slice_by_slice() -> None:
    alone = compare(made_up(), ["a", "b"])
    assert alone["value"].tolist() == [3.5 / 8, 0.75]
    assert (alone["least"]["a"], alone["most"]["a"]) == (3 / 8, 0.5)
    difference = compare(made_up(), ["b"], "a").iloc[0]
    assert difference["value"] == 2.5 / 8
    assert -1 <= difference["low"] < 2.5 / 8 < difference["high"] <= 1


def test_only_repetitions_with_the_same_folds_are_compared() -> None:
    table = made_up()
    third = table[(table["experiment"] == "b") & (table["repetition"] == 0)]
    more = pd.concat([table, third.assign(repetition=2, predicted="jazz", p_rock=0.1, p_jazz=0.9)])
    pd.testing.assert_frame_equal(compare(more, ["a", "b"]), compare(table, ["a", "b"]))
    pd.testing.assert_frame_equal(compare(more, ["b"], "a"), compare(table, ["b"], "a"))
    pd.testing.assert_frame_equal(hits(more, ["a", "b"]), hits(table, ["a", "b"]))
    assert compare(more, ["b"]).loc["b", "value"] == 0.5
    assert repetitions_in(more).to_dict() == {"a": 2, "b": 3}


def test_the_repetitions_of_a_difference_are_differences() -> None:
    both = compare(made_up(), ["b"], "a").loc["b"]
    # In the first repetition b has six of eight and a three, in the second six and four.
    assert (both["least"], both["most"]) == (2 / 8, 3 / 8)


def test_the_recorded_study_is_whole() -> None:
    study = findings._unpacked(
        findings.pq.read_table(findings.STUDY_FILE), store.metadata(findings.STUDY_FILE), ""
    )
    assert set(study["experiment"]) == {e.name for e in EXPERIMENTS}
    assert repetitions_in(study).to_dict() == {e.name: repetitions_of(e.name) for e in EXPERIMENTS}
    assert study.attrs["corpus"] == "gtzan-mini"
    assert study.attrs["versions"]["keras"] and study.attrs["recorded"]
    six = study[study["slice_id"].str.startswith("rock.") & (study["experiment"] == "CRNN")]
    assert (six.groupby(["repetition", "slice_id"]).size() == 1).all()
    assert findings.STUDY_FILE.stat().st_size < 2e6


def test_a_study_is_about_a_model_that_exists() -> None:
    for e in EXPERIMENTS:
        assert type(make_model(e.model)).__name__ == "RecurrentClassifier"
