"""Tests of training: on vectors made to order, on sketches, and on the snapshot."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genrelib import evaluation as protocols
from genrelib.classify import modelfile, training
from genrelib.classify.modelfile import ModelError
from genrelib.classify.naming import Model, load_model
from genrelib.corpus.tracks import Corpus, load_corpus
from genrelib.evaluation import calibration

SIZE = 200


def made(
    genres: tuple[str, ...], tracks: int, apart: float, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make embeddings: genres differ, tracks of a genre too, slices of a track a little."""
    rng = np.random.default_rng(seed)
    rows, vectors = [], []
    for genre in genres:
        centre = rng.normal(0, apart, SIZE)
        for number in range(tracks):
            middle = centre + rng.normal(0, 1, SIZE)
            for k in range(4):
                track = f"{genre}.{number:05d}"
                rows.append((f"{track}:{k}", track, genre, f"artist {number}", None, 6.0 * k))
                vectors.append(middle + rng.normal(0, 0.5, SIZE))
    names = ["slice_id", "track_id", "genre", "artist", "side", "start"]
    slices = pd.DataFrame(rows, columns=names).set_index("slice_id")
    return pd.DataFrame(np.array(vectors), index=slices.index), slices


def other(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shift = {"speech": 3.0, "noise": -3.0}
    return {kind: rng.normal(by, 1, (12, 2, SIZE)) for kind, by in shift.items()}


def model_of(X: pd.DataFrame, slices: pd.DataFrame) -> Model:
    arrays, card = training.fit(X, slices, other())
    tracks = slices.drop_duplicates("track_id")
    return Model(
        card | {"tracks": [[t, g, None, None] for t, g in tracks[["track_id", "genre"]].values]},
        arrays,
    )


@pytest.mark.parametrize("genres", [("a", "b"), ("a", "b", "c", "d")])
def test_genres_that_differ_are_learned(genres: tuple[str, ...]) -> None:
    X, slices = made(genres, 10, 0.5)
    model = model_of(X, slices)
    assert model.genres == list(genres)
    new = model.arrays["mean"] * 0 + X[slices["genre"] == "b"].mean().to_numpy()
    answer = model.predict(np.stack([new, new]))
    assert answer.genre == "b" and answer.probability > 0.9
    assert len(answer.probabilities) == len(genres)


def test_logits_of_two_genres_are_those_of_scikit_learn() -> None:
    X, slices = made(("a", "b"), 10, 0.1)
    model = model_of(X, slices)
    fitted = training.classifier().fit(X.to_numpy(), slices["genre"])
    expected = fitted.decision_function(X.to_numpy()) / model.card["temperature"]
    logits = model.scores(X.to_numpy())["logits"]
    assert np.allclose(logits[:, 1] - logits[:, 0], expected, atol=1e-3)


def test_distance_is_that_of_mahalanobis() -> None:
    X, slices = made(("a", "b", "c"), 10, 0.5)
    model = model_of(X, slices)
    z = (X - X.mean()) / X.std(ddof=0)
    centres = z.groupby(slices["genre"]).mean()
    rest = z - centres.loc[slices["genre"]].to_numpy()
    covariance = training.LedoitWolf().fit(rest.to_numpy()).covariance_
    one = z.iloc[0].to_numpy()
    by_hand = min(
        np.sqrt((one - c) @ np.linalg.solve(covariance, one - c)) for c in centres.to_numpy()
    )
    assert model.scores(X.iloc[:1].to_numpy())["distance"][0] == pytest.approx(by_hand, rel=1e-3)


def test_what_is_not_music_is_told_from_it() -> None:
    X, slices = made(("a", "b", "c"), 10, 0.5)
    model = model_of(X, slices)
    refused = [model.predict(part).reason for parts in other(1).values() for part in parts]
    assert set(refused) == {"not music"}
    assert model.card["limits"]["music"] == 0.0


def test_limits_come_from_tracks_held_out() -> None:
    X, slices = made(("a", "b", "c"), 20, 0.5)
    model = model_of(X, slices)
    far = model.arrays["far"]
    assert len(far) == 60
    # The second largest of 60: 61 times 0.975, rounded up, is the sixtieth; see _quantile.
    assert model.card["limits"]["distance"] == pytest.approx(far[59], rel=1e-5)
    inside = model.scores(X.to_numpy())["distance"]
    per_track = pd.Series(inside, index=slices.index).groupby(slices["track_id"]).mean()
    assert per_track.mean() < far.mean()  # trained on, tracks look nearer than they are


@pytest.mark.parametrize(("n", "rank"), [(100, 99), (39, 39), (10, 10), (400, 391)])
def test_the_limit_is_that_of_split_conformal_prediction(n: int, rank: int) -> None:
    values = np.random.default_rng(0).permutation(np.arange(1.0, n + 1))
    assert training._quantile(values, 0.975) == rank


def test_new_tracks_pass_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    passed = [rng.normal() <= training._quantile(rng.normal(size=100), 0.975) for _ in range(4000)]
    assert np.mean(passed) == pytest.approx(0.98, abs=0.008)  # 99 of 101


def test_an_audit_judges_every_track_once_and_finds_no_leak() -> None:
    """Genres that do not differ: whoever knows the tracks would still name them right."""
    X, slices = made(("a", "b", "c"), 12, 0.0)
    held = training.audit(X, slices, "track", other())
    assert sorted(held["track_id"]) == sorted(slices["track_id"].unique())
    assert (held["genre"] == held["predicted"]).mean() < 0.6
    probabilities = held[["p_a", "p_b", "p_c"]]
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert probabilities.max(axis=1).mean() < 0.7  # the temperature knows that it does not know
    assert protocols.score(held)["n_tracks"].eq(36).all()


@pytest.mark.slow
def test_calibration_repairs_what_a_classifier_is_too_sure_of() -> None:
    X, slices = made(("a", "b", "c"), 40, 0.09)
    raw = calibration.pool(protocols.cross_validate(training.classifier(), X, slices, "track"))
    held = training.audit(X, slices, "track", other())
    found = training.calibration_card(held)
    assert found is not None
    assert found["error"]["value"] < calibration.calibration_error(raw)
    assert found["error"]["low"] <= found["error"]["value"] + 0.05
    assert sum(row["n"] for row in found["reliability"]) == found["n_tracks"] == 120
    assert found["chance"] == pytest.approx(calibration.chance_error(held))


def test_an_audit_of_unknown_artists_is_empty() -> None:
    X, slices = made(("a", "b"), 4, 0.5)
    held = training.audit(X, slices.assign(artist=None), "artist", other())
    assert training.calibration_card(held) is None


@pytest.mark.parametrize("tracks", [2, 3])
def test_the_smallest_corpus_gives_a_model(tracks: int) -> None:
    """Two genres of two tracks of one slice each: all numbers are numbers."""
    X, slices = made(("a", "b"), tracks, 0.5)
    first = ~slices["track_id"].duplicated()
    X, slices = X[first], slices[first]
    arrays, card = training.fit(X, slices, other())
    assert np.isfinite([card["temperature"], *card["limits"].values()]).all()
    assert all(np.isfinite(array).all() for array in arrays.values())
    held = training.audit(X, slices, "track", other())
    assert len(held) == (0 if tracks == 2 else 2 * tracks)
    assert (training.calibration_card(held) is None) == held.empty


@pytest.mark.parametrize("counts", [{"a": 5}, {"a": 5, "b": 1}])
def test_too_little_music_is_refused(counts: dict[str, int]) -> None:
    tracks = pd.DataFrame(
        [(f"{g}.{k}", g, 12.0) for g, n in counts.items() for k in range(n)],
        columns=["track_id", "genre", "duration"],
    ).set_index("track_id")
    tracks = tracks.assign(artist=None, title=None, path=None, fold=None)
    corpus = Corpus("folder:few", tracks, pd.DataFrame(columns=["path", "reason"]))
    with pytest.raises(ModelError, match="folder:few: a model needs two genres or more"):
        training.train(corpus)


@pytest.fixture(scope="module")
def trained() -> Model:
    """Train the model of the package again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENRELIB_DATA", "/nowhere")
        return training.train(load_corpus("gtzan-mini"))


@pytest.mark.slow
def test_the_model_of_the_package_is_what_training_gives(trained: Model, tmp_path: Path) -> None:
    shipped = load_model()
    again = load_model(modelfile.write_model(tmp_path / "m.npz", trained.card, trained.arrays))
    assert list(again.card) == list(shipped.card)
    for name in ("corpus", "genres", "tracks", "slices", "ear", "seed", "caveats"):
        assert again.card[name] == shipped.card[name], name
    for name in ("level", "temperature"):
        assert again.card[name] == pytest.approx(shipped.card[name], rel=0.02), name
    for name, limit in shipped.card["limits"].items():
        assert again.card["limits"][name] == pytest.approx(limit, rel=0.02)
    for protocol, levels in shipped.card["scores"].items():
        for level in ("slice", "track"):
            found = again.card["scores"][protocol][level]
            assert found == pytest.approx(levels[level], abs=0.02), (protocol, level)
    for protocol, found in shipped.card["calibration"].items():
        error = again.card["calibration"][protocol]["error"]
        assert error["value"] == pytest.approx(found["error"]["value"], abs=0.02)
    for kind, found in shipped.card["refused"].items():
        assert again.card["refused"][kind]["value"] == pytest.approx(found["value"], abs=0.04)
    for name, array in shipped.arrays.items():
        found = again.arrays[name]
        assert np.allclose(found, array, atol=0.03 * np.abs(array).max()), name


def test_the_recorded_trial_is_of_the_model_of_the_package() -> None:
    record = json.loads((modelfile.SHIPPED.parent / "results" / "classify.json").read_text())
    card = load_model().card
    stale = "stale: run python tools/record_classify.py"
    for name in ("distance", "music"):
        found = record["model"]["limits"][name]
        assert found == pytest.approx(card["limits"][name], rel=0.02), stale
    assert record["model"]["temperature"] == pytest.approx(card["temperature"], rel=0.02), stale


@pytest.mark.slow
def test_the_card_says_what_the_audit_found(trained: Model) -> None:
    card = trained.card
    scores = card["scores"]
    assert scores["random-slice"]["track"]["value"] >= scores["track"]["track"]["value"]
    assert scores["track"]["track"]["value"] > scores["artist"]["track"]["value"]
    assert set(scores["artist"]["not_tested"]) == {"blues", "classical", "reggae", "rock"}
    assert card["refused"]["held-out tracks"]["n"] == 100
    assert card["calibration"]["track"]["n_tracks"] == 100
    assert "Million Song Dataset" in card["caveats"][0]
    found = scores["track"]["track"]
    assert f"{found['value']:.2f} ({found['low']:.2f} to {found['high']:.2f}) under track" in (
        trained.line
    )
