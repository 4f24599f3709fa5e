"""Tests of the sounds that are not music."""

from __future__ import annotations

import numpy as np
import pytest

from genrelib.classify import nonmusic
from genrelib.features.ear import EAR_RATE


@pytest.mark.parametrize("kind", nonmusic.KINDS)
@pytest.mark.parametrize("seed", range(12))
def test_every_sound_is_audible_and_finite(kind: str, seed: int) -> None:
    y = nonmusic.KINDS[kind](np.random.default_rng(seed), 3 * EAR_RATE)
    assert y.shape == (3 * EAR_RATE,)
    assert np.isfinite(y).all()
    assert y.std() > 1e-6


def test_examples_are_many_and_different_and_the_same_again() -> None:
    first, again, other = (list(nonmusic.examples(3, seed)) for seed in (0, 0, 1))
    assert [kind for kind, _ in first] == [kind for kind in nonmusic.KINDS for _ in range(3)]
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(first, again, strict=True))
    assert not any(np.allclose(a, b) for (_, a), (_, b) in zip(first, other, strict=True))
    for _, y in first:
        assert y.dtype == np.float32 and np.abs(y).max() == 1
        assert len(y) == nonmusic.SECONDS * EAR_RATE


def test_speech_has_a_pitch_and_pauses() -> None:
    y = nonmusic.speech(np.random.default_rng(3), 12 * EAR_RATE)
    loud = np.sqrt(np.mean(y.reshape(-1, EAR_RATE // 20) ** 2, axis=1))
    assert 0.03 < (loud < 0.05 * loud.max()).mean() < 0.6  # 50 ms at a time
    spectrum = np.abs(np.fft.rfft(y)) ** 2
    frequency = np.fft.rfftfreq(len(y), 1 / EAR_RATE)
    assert spectrum[frequency < 4000].sum() > 0.6 * spectrum.sum()
