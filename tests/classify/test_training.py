"""Tests of training: on log-odds made to order, and on what the package holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genrelib.classify import modelfile, training, trial
from genrelib.classify.modelfile import ModelError
from genrelib.classify.naming import ALARM, LENGTHS, Model, load_model
from genrelib.classify.pieces import TAG_COLUMNS
from genrelib.corpus.tracks import Corpus

SIZE = len(TAG_COLUMNS)


def made(genres: tuple[str, ...], tracks: int, apart: float, seed: int = 0) -> pd.DataFrame:
    """Make pieces: genres differ, tracks of a genre too, and short pieces from the whole."""
    rng = np.random.default_rng(seed)
    rows, values = [], []
    for genre in genres:
        centre = rng.normal(0, apart, SIZE)
        for number in range(tracks):
            middle = centre + rng.normal(0, 1, SIZE)
            for k in range(4):
                track, whole = f"{genre}.{number:05d}", k == 0
                seconds = 30.0 if whole else (3.0, 6.0)[k % 2]
                rows.append(
                    (f"{track}:{k}", track, genre, f"{genre} {number // 2}", seconds, whole)
                )
                values.append(middle if whole else middle + rng.normal(0, 1 / seconds, SIZE))
    names = ["piece", "track_id", "genre", "artist", "seconds", "whole"]
    table = pd.DataFrame(rows, columns=names).set_index("piece")
    table = table.assign(title=None, side=None, learned=table["whole"], unit=table["artist"])
    return pd.concat([table, pd.DataFrame(values, table.index, TAG_COLUMNS)], axis=1)


def other(seed: int = 0) -> pd.DataFrame:
    """Make sounds that are not music, and songs from elsewhere."""
    rng = np.random.default_rng(seed)
    shift = {"song": 4.0, "speech": 6.0, "noise": -6.0}
    kinds = [kind for kind in shift for _ in range(20)]
    names = [f"{kind} {k}" for k, kind in enumerate(kinds)]
    table = pd.DataFrame({"recording": names, "kind": kinds, "unit": names, "seconds": 12.0})
    axis = {"song": np.arange(SIZE) % 2, "speech": np.ones(SIZE), "noise": np.ones(SIZE)}
    values = [shift[kind] * axis[kind] + rng.normal(0, 1, SIZE) for kind in kinds]
    return pd.concat([table, pd.DataFrame(values, columns=TAG_COLUMNS)], axis=1)


def model_of(rows: pd.DataFrame) -> Model:
    arrays, card = training.fit(rows, other())
    tracks = rows[rows["learned"]][["track_id", "genre"]].assign(artist=None, title=None)
    return Model(card | {"tracks": tracks.to_numpy().tolist()}, arrays)


@pytest.mark.parametrize("genres", [("a", "b"), ("a", "b", "c", "d")])
def test_genres_that_differ_are_learned(genres: tuple[str, ...]) -> None:
    rows = made(genres, 10, 0.8)
    model = model_of(rows)
    assert model.genres == list(genres)
    new = rows.loc[rows["genre"] == "b", TAG_COLUMNS].mean().to_numpy()[None]
    found = model.verdicts(new, [30.0])
    assert found.reason.tolist() == [""]
    assert model.genres[int(found.probabilities[0].argmax())] == "b"
    assert found.probabilities.shape == (1, len(genres)) and found.probabilities.max() > 0.9


def test_logits_of_two_genres_are_those_of_scikit_learn() -> None:
    rows = made(("a", "b"), 10, 0.1)
    model = model_of(rows)
    learned = rows[rows["learned"]]
    X = learned[TAG_COLUMNS].to_numpy()
    fitted = training.classifier(model.card["penalty"]).fit(X, learned["genre"])
    logits = model.scores(X)["logits"]
    assert np.allclose(logits[:, 1] - logits[:, 0], fitted.decision_function(X), atol=1e-3)
    shares = model.verdicts(X, np.full(len(X), 30.0)).probabilities
    expected = 1 / (1 + np.exp(-fitted.decision_function(X) / model.card["temperature"][2]))
    assert np.allclose(shares[:, 1], expected, atol=1e-3)


def test_distance_is_that_of_mahalanobis() -> None:
    rows = made(("a", "b", "c"), 10, 0.5)
    model = model_of(rows)
    X, genre = rows[rows["learned"]][TAG_COLUMNS], rows.loc[rows["learned"], "genre"]
    z = (X - X.mean()) / X.std(ddof=0)
    centres = z.groupby(genre).mean()
    rest = z - centres.loc[genre].to_numpy()
    covariance = training.LedoitWolf().fit(rest.to_numpy()).covariance_
    one = z.iloc[0].to_numpy()
    by_hand = min(
        np.sqrt((one - c) @ np.linalg.solve(covariance, one - c)) for c in centres.to_numpy()
    )
    assert model.scores(X.iloc[:1].to_numpy())["distance"][0] == pytest.approx(by_hand, rel=1e-3)


def test_sounds_are_told_from_music_and_songs_are_not_insulted() -> None:
    model, new = model_of(made(("a", "b", "c"), 20, 0.5)), other(1)
    found = pd.Series(model.verdicts(new[TAG_COLUMNS].to_numpy(), new["seconds"]).reason)
    by_kind = found.groupby(new["kind"].to_numpy()).agg(set).to_dict()
    assert by_kind == {"song": {"unfamiliar"}, "speech": {"not music"}, "noise": {"not music"}}
    assert set(model.card["limits"]) == {"speech", "other"}


@pytest.mark.parametrize("length", LENGTHS)
def test_no_more_than_promised_is_called_unfamiliar(length: float) -> None:
    rows = made(("a", "b", "c"), 60, 0.5)
    model = model_of(rows[rows["track_id"].str[-5:].astype(int) < 40])
    new = rows[(rows["track_id"].str[-5:].astype(int) >= 40) & (rows["seconds"] == length)]
    found = model.verdicts(new[TAG_COLUMNS].to_numpy(), new["seconds"])
    assert np.mean(found.reason == "unfamiliar") <= ALARM + 2 * np.sqrt(ALARM / len(new))
    assert 0.3 < np.median(found.familiarity) <= 1
    assert found.familiarity.min() >= 2 / (1 + training.QUANTILES) - 1e-9


def test_short_pieces_have_a_temperature_of_their_own() -> None:
    """Short pieces err more, and the more they err the less sure the model may be of them."""
    rows = made(("a", "b", "c"), 60, 0.4)
    rng = np.random.default_rng(0)
    short = rows["seconds"] == 3.0
    rows.loc[short, TAG_COLUMNS] += rng.normal(0, 1.5, (short.sum(), SIZE))
    three, _, thirty = model_of(rows).card["temperature"]
    assert three > 1.3 * thirty


def test_artists_are_held_out() -> None:
    rows = made(("a", "b"), 10, 0.5)
    learned = rows[rows["learned"]]
    for train, test in training.folds(learned, 0):
        assert not set(learned["artist"].iloc[train]) & set(learned["artist"].iloc[test])
    one = learned.assign(unit=np.where(learned["genre"] == "a", "one band", learned["unit"]))
    tested = np.concatenate([test for _, test in training.folds(one, 0)])
    assert sorted(tested) == list(range(len(one)))  # its tracks stand for themselves


def test_a_trial_finds_no_leak() -> None:
    """Genres that do not differ: whoever knows the tracks would still name them right."""
    rows = made(("a", "b", "c"), 12, 0.0)
    held, strange = trial.judge_held_out(rows, other(), "track")
    assert sorted(held["slice_id"]) == sorted(rows.index)
    assert (held["genre"] == held["predicted"]).mean() < 0.6
    probabilities = held[["p_a", "p_b", "p_c"]]
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert probabilities.max(axis=1).mean() < 0.7  # the temperature knows that it does not know
    assert sorted(strange["recording"]) == sorted(other()["recording"])


def test_a_trial_of_unknown_artists_says_so() -> None:
    rows = made(("a", "b"), 4, 0.5).assign(artist=None)
    rows["unit"] = rows["track_id"]
    found = trial.run(rows, other())
    assert set(found["scores"]["artist"].values()) == {None}
    assert "music of these genres, 30 s" in found["refused"]


@pytest.mark.parametrize("tracks", [2, 3])
def test_the_smallest_corpus_gives_a_model(tracks: int) -> None:
    """Two genres of two tracks, as a whole only: all numbers are numbers."""
    rows = made(("a", "b"), tracks, 0.5)
    rows = rows[rows["whole"]]
    arrays, card = training.fit(rows, other())
    assert np.isfinite([*card["temperature"], *card["limits"].values()]).all()
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert trial.run(rows, other())["scores"]["track"]["30 s"] is None


@pytest.mark.parametrize("counts", [{"a": 5}, {"a": 5, "b": 1}])
def test_too_little_music_is_refused(
    counts: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = pd.concat([made((genre,), n, 0.5) for genre, n in counts.items()])
    monkeypatch.setattr(training, "pieces", lambda corpora: rows)
    corpus = Corpus("folder:few", pd.DataFrame(), pd.DataFrame())
    with pytest.raises(ModelError, match="folder:few: a model needs two genres or more"):
        training.train([corpus])


@pytest.fixture(scope="module")
def trained() -> Model:
    """Train the model of the package again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENRELIB_DATA", "/nowhere")
        return training.train()


@pytest.mark.slow
def test_the_model_of_the_package_is_what_training_gives(trained: Model, tmp_path: Path) -> None:
    shipped = load_model()
    again = load_model(modelfile.write_model(tmp_path / "m.npz", trained.card, trained.arrays))
    assert list(again.card) == list(shipped.card)
    for name in ("corpus", "genres", "tracks", "ear", "seed", "held_out", "penalty", "caveats"):
        assert again.card[name] == shipped.card[name], name
    for name in ("level", "temperature", "limits"):
        assert again.card[name] == pytest.approx(shipped.card[name], rel=0.02), name
    for protocol, lengths in shipped.card["scores"].items():
        for length, found in lengths.items():
            told = again.card["scores"][protocol][length]
            for name in ("accuracy", "error"):
                assert told[name] == pytest.approx(found[name], abs=0.02), (protocol, length)
    for what, found in shipped.card["refused"].items():
        for reason in ("not music", "unfamiliar"):
            value = again.card["refused"][what][reason]["value"]
            assert value == pytest.approx(found[reason]["value"], abs=0.04), what
    for name, array in shipped.arrays.items():
        found = again.arrays[name]
        assert np.allclose(found, array, atol=0.03 * np.abs(array).max()), name


def test_the_card_says_what_the_issue_of_strangers_asks() -> None:
    """Claims that README, chapter and help make in words."""
    card = load_model().card
    for length, found in card["scores"]["artist"].items():
        assert abs(found["confidence"] - found["accuracy"]["value"]) < 0.06, length
        assert min(found["recall"].values()) > 0.5, length
        assert found["n_genres"] == 10
    refused = card["refused"]
    assert refused["song, held out"]["not music"]["value"] <= 0.02
    for length in LENGTHS:
        found = refused[f"music of these genres, {length:g} s"]
        assert found["not music"]["value"] < 0.01
        assert found["unfamiliar"]["value"] <= 0.06
    assert modelfile.SHIPPED.stat().st_size < 500_000
