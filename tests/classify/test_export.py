"""Tests of the model as text; what is computed from it is tested in tests/web."""

from __future__ import annotations

import json

import numpy as np

from genrelib.classify import export_model, load_model, on_plane
from genrelib.features import tag_logits


def test_the_text_is_the_model() -> None:
    model = load_model()
    found = json.loads(json.dumps(export_model(model), allow_nan=False))
    for name, array in model.arrays.items():
        np.testing.assert_allclose(found["arrays"][name], array.astype(float), rtol=1e-6)
    assert found["card"] == json.loads(json.dumps(model.card))
    rng = np.random.default_rng(0)
    embedding, layer = rng.normal(size=(3, 200)), np.array(found["layer"])
    np.testing.assert_allclose(
        embedding @ layer[:-1] + layer[-1], tag_logits(embedding), rtol=1e-5, atol=1e-5
    )


def test_the_plane_shows_what_sets_genres_apart() -> None:
    model = load_model()
    points = on_plane(model, model.arrays["tracks"].astype(float))
    genres = np.array([genre for _, genre, _, _ in model.card["tracks"]])
    centres = np.stack([points[genres == genre].mean(axis=0) for genre in model.genres])
    within = np.mean([points[genres == genre].var(axis=0) for genre in model.genres], axis=0)
    # Standard deviations within a genre, and the genres further apart than that on both axes.
    np.testing.assert_allclose(within, 1, atol=0.3)
    assert (centres.var(axis=0) > 2).all()
    assert abs(centres.mean(axis=0)).max() < 0.5
