"""Tests of the exhibit of an ear that has heard the test."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from genrelib.corpus import gtzan_annotations
from genrelib.evaluation import PROTOCOLS
from genrelib.studies import score_trained_ear, trained_ear


def test_no_protocol_takes_much_from_it() -> None:
    scores = {name: found for (name, _), found in trained_ear()["scores"].items()}
    assert list(scores) == list(PROTOCOLS)
    values = [found["value"] for found in scores.values()]
    assert min(values) > 0.9 and max(values) - min(values) < 0.05
    assert scores["random-slice"]["n_tracks"] == 1000


def test_an_ear_that_knows_the_genre_is_found_out(tmp_path: Path) -> None:
    genre = gtzan_annotations()["genre"]
    X = np.random.default_rng(0).normal(size=(len(genre), 10))
    X[:, :10] += 8 * (genre.to_numpy()[:, None] == sorted(set(genre)))
    np.save(tmp_path / "embeddings.npy", X)
    np.save(tmp_path / "track_ids.npy", genre.index.to_numpy(str))
    found = score_trained_ear(tmp_path)
    assert min(row["value"] for row in found.values()) > 0.97


@pytest.mark.audio
def test_the_record_is_what_the_embeddings_give() -> None:
    folder = Path(os.environ["GENRELIB_DATA"]) / "gtzan-trained-ear"
    if not folder.is_dir():
        pytest.skip("the embeddings are not at hand")
    for name, found in score_trained_ear(folder).items():
        recorded = trained_ear()["scores"][name, "accuracy per track"]
        assert found["value"] == pytest.approx(recorded["value"], abs=0.005), name
