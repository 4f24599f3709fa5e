"""Tests of looking inside a trained network."""

from __future__ import annotations

import numpy as np
import pytest
from sequences import rising_and_falling

from genrelib.models.estimators import make_model
from genrelib.models.listening import listen, occlusion
from genrelib.models.networks import NetworkError

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("units", "pool"), [((8,), 2), ((8, 4), 1)])
def test_listening_ends_with_what_the_network_predicts(units: tuple[int, ...], pool: int) -> None:
    X, genre = rising_and_falling(6)
    model = make_model("lstm", epochs=1, units=units, pool=pool).fit(X, genre)
    heard = listen(model, X)
    assert heard.shape == (6, 8 // pool, 2)
    np.testing.assert_allclose(heard.sum(axis=2), 1, rtol=1e-5)
    np.testing.assert_allclose(heard[:, -1], model.predict_proba(X), rtol=1e-4, atol=1e-6)


def test_a_network_that_hears_the_end_first_cannot_be_asked_on_the_way() -> None:
    X, genre = rising_and_falling(6)
    model = make_model("lstm", epochs=1, summary="mean", units=(4,)).fit(X, genre)
    with pytest.raises(NetworkError, match="last step"):
        listen(model, X)


def test_occlusion_finds_where_the_answer_is() -> None:
    rng = np.random.default_rng(0)
    genre = np.array(["rock", "jazz"], object)[np.arange(64) % 2]
    X = rng.normal(scale=0.3, size=(64, 24, 2)).astype(np.float32)
    X[:, 16:20] += np.where(genre == "rock", 2, -2)[:, None, None]
    model = make_model("lstm", epochs=15, units=(8,), pool=1, batch_size=8, learning_rate=0.02)
    falls = occlusion(model.fit(X, genre), X[0], "rock", width=5)
    assert falls.shape == (24,)
    assert 14 <= falls.argmax() <= 21
    assert falls[:10].max() < falls.max() / 2
