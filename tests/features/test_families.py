"""Tests of the features: every value against librosa, and their names."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable

import librosa
import numpy as np
import pytest

from genrelib.corpus import sketch
from genrelib.corpus.audio import SAMPLE_RATE
from genrelib.features.families import (
    FAMILIES,
    FEATURES,
    FRAME_BANDS,
    STUDY,
    Feature,
    Spectra,
    columns,
    family_of,
    sequence,
    summarise,
)

SECONDS = 6


def _band() -> np.ndarray:
    """Something like music: chords with decays and vibrato, a bass, noise bursts, a swell."""
    rng = np.random.default_rng(7)
    t = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    y = np.zeros_like(t)
    for k in range(24):
        start, chord = 0.25 * k, (220.0, 277.2, 329.6) if k % 8 < 4 else (196.0, 246.9, 293.7)
        age = np.clip(t - start, 0, None)
        for base in (*chord, chord[0] / 4):
            for n in range(1, 9):
                depth = 0.002 * np.sin(2 * np.pi * 5.5 * age)
                tone = np.sin(2 * np.pi * 1.01 * base * n * (age + depth / 35))
                y += (t >= start) * tone * n**-1.3 * np.exp(-age * (2 + n))
        y += (t >= start) * rng.normal(size=len(t)) * np.exp(-age * (60 if k % 2 else 25)) * 0.8
    y *= np.linspace(0.3, 1, len(t))
    return (0.8 * y / np.abs(y).max()).astype(np.float32)


def _square() -> np.ndarray:
    t = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    return np.where(np.sin(2 * np.pi * 110 * t + 0.1) >= 0, 1.0, -1.0).astype(np.float32)


def _click() -> np.ndarray:
    y = np.zeros(SECONDS * SAMPLE_RATE, np.float32)
    y[40_000] = 1
    return y


def _tone() -> np.ndarray:
    return (0.5 * librosa.tone(440, sr=SAMPLE_RATE, duration=SECONDS)).astype(np.float32)


def _noise() -> np.ndarray:
    return np.random.default_rng(3).normal(0, 0.2, SECONDS * SAMPLE_RATE).astype(np.float32)


SLOW = pytest.mark.slow
SIGNALS: dict[str, Callable[[], np.ndarray]] = {
    "band": _band,
    "sketch": lambda: sketch.render_sketch("jazz.sketchB1")[: SECONDS * SAMPLE_RATE],
    "silence": lambda: np.zeros(SECONDS * SAMPLE_RATE, np.float32),
    "dc": lambda: np.full(SECONDS * SAMPLE_RATE, 0.25, np.float32),
    "click": _click,
    "noise": _noise,
    "tone": _tone,
    "square": _square,
}


def _parts(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    harmonic, percussive = librosa.decompose.hpss(librosa.stft(y))
    return np.abs(harmonic), np.abs(percussive)


def _mfcc_of(magnitude: np.ndarray) -> np.ndarray:
    mel = librosa.feature.melspectrogram(S=magnitude**2, sr=SAMPLE_RATE)
    return librosa.feature.mfcc(S=librosa.power_to_db(mel), sr=SAMPLE_RATE, n_mfcc=20)


def _ratio(y: np.ndarray) -> np.ndarray:
    harmonic, percussive = (librosa.feature.rms(S=part) for part in _parts(y))
    return 20 * np.log10(np.maximum(harmonic, 1e-5) / np.maximum(percussive, 1e-5))


def _tonnetz(y: np.ndarray) -> np.ndarray:
    power = np.abs(librosa.stft(y)) ** 2
    semitones = librosa.estimate_tuning(S=power, sr=SAMPLE_RATE)
    chroma = librosa.feature.chroma_cqt(y=y, sr=SAMPLE_RATE, tuning=3 * semitones)
    return librosa.feature.tonnetz(chroma=chroma, sr=SAMPLE_RATE)


LIBROSA: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mfcc": lambda y: librosa.feature.mfcc(y=y, sr=SAMPLE_RATE, n_mfcc=20),
    "mel": lambda y: librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE)),
    "harmonic_rms": lambda y: librosa.feature.rms(S=_parts(y)[0]),
    "percussive_rms": lambda y: librosa.feature.rms(S=_parts(y)[1]),
    "hpratio": _ratio,
    "harmonic_mfcc": lambda y: _mfcc_of(_parts(y)[0]),
    "percussive_mfcc": lambda y: _mfcc_of(_parts(y)[1]),
    "centroid": lambda y: librosa.feature.spectral_centroid(y=y, sr=SAMPLE_RATE),
    "chroma": lambda y: librosa.feature.chroma_stft(y=y, sr=SAMPLE_RATE),
    "tonnetz": _tonnetz,
    "rms": lambda y: librosa.feature.rms(y=y),
    "tempo": lambda y: librosa.feature.tempo(y=y, sr=SAMPLE_RATE),
}

LIBROSA_FRAMES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mfcc": lambda y: librosa.feature.mfcc(y=y, sr=SAMPLE_RATE, n_mfcc=20, hop_length=1024),
    "mel": lambda y: librosa.power_to_db(
        librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE, hop_length=1024, n_mels=64)
    ),
}


@pytest.fixture(scope="module")
def measured() -> dict[str, tuple[np.ndarray, Spectra]]:
    made = {name: signal() for name, signal in SIGNALS.items()}
    return {name: (y, Spectra(y)) for name, y in made.items()}


def test_every_feature_is_compared_with_librosa() -> None:
    assert set(LIBROSA) == {feature.name for feature in FEATURES}
    assert set(LIBROSA_FRAMES) == set(FRAME_BANDS)


# The quick tests hear a piece of music; the others all the rest.
on_signals = pytest.mark.parametrize(
    "signal", [name if name == "sketch" else pytest.param(name, marks=SLOW) for name in SIGNALS]
)


@on_signals
@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_values_are_those_of_librosa(
    feature: Feature, signal: str, measured: dict[str, tuple[np.ndarray, Spectra]]
) -> None:
    y, spectra = measured[signal]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Trying to estimate tuning")
        bands = np.atleast_2d(LIBROSA[feature.name](y)).astype(float)
    statistics = {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max}
    expected = [statistics[s](row) for row in bands for s in feature.stats] or bands.ravel()
    values = feature.summarise(spectra)
    assert values.dtype == np.float32
    assert values.shape == (len(feature.columns),)
    assert np.isfinite(values).all()
    # The last digits of 32-bit arithmetic, on the scale of the feature.
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-6 * np.abs(bands).max())


@on_signals
@pytest.mark.parametrize("kind", FRAME_BANDS)
def test_frames_are_those_of_librosa(
    kind: str, signal: str, measured: dict[str, tuple[np.ndarray, Spectra]]
) -> None:
    y, spectra = measured[signal]
    values = sequence(spectra, kind)
    assert values.shape == (130, FRAME_BANDS[kind])
    assert values.dtype == np.float16
    assert np.isfinite(values).all()
    # Half precision keeps eleven bits.
    np.testing.assert_allclose(values.T, LIBROSA_FRAMES[kind](y), rtol=2**-10, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("signal", SIGNALS)
def test_the_columns_of_the_study_are_those_of_librosa(
    signal: str, measured: dict[str, tuple[np.ndarray, Spectra]]
) -> None:
    y, spectra = measured[signal]
    mfcc = librosa.feature.mfcc(y=y, sr=SAMPLE_RATE)
    mel = librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE)
    means = np.concatenate([part.summarise(spectra) for part in STUDY["means"]])
    expected = np.concatenate([mfcc.mean(axis=1), mel.mean(axis=1)[:19]])
    np.testing.assert_allclose(means, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())
    (instant,) = STUDY["instant"]
    mfcc = librosa.feature.mfcc(y=y, sr=SAMPLE_RATE, n_mfcc=64, hop_length=1024)
    if mfcc.max() < 1e-3:  # digital silence: decibels below a peak that is a rounding error
        return
    first = librosa.power_to_db(mfcc, ref=np.max)[:, 0]
    # A coefficient near zero loses its digits in the logarithm.
    clear = np.abs(mfcc[:, 0]) > 1e-3 * np.abs(mfcc).max()
    np.testing.assert_allclose(instant.summarise(spectra)[clear], first[clear], atol=0.02)


@pytest.mark.slow
def test_features_know_what_they_hear(measured: dict[str, tuple[np.ndarray, Spectra]]) -> None:
    tone, click, noise = (summarise(measured[name][0]) for name in ("tone", "click", "noise"))
    assert tone["centroid_mean"] == pytest.approx(440, rel=0.05)
    assert tone["rms_max"] == pytest.approx(0.5 / np.sqrt(2), rel=1e-2)
    assert tone["chroma_A_mean"] == pytest.approx(1)
    assert tone["hpratio_mean"] > 20
    assert click["hpratio_min"] < 0
    assert 4000 < noise["centroid_mean"] < 7000
    louder = summarise(0.5 * measured["band"][0])
    # Half the amplitude: the level falls by half, the chords stay.
    assert louder["rms_mean"] == pytest.approx(0.5 * summarise(measured["band"][0])["rms_mean"])


def test_columns_are_unique_and_named_by_one_scheme() -> None:
    names = columns()
    assert len(names) == len(set(names))
    counted = (20 + 128 + 2 + 1) * 4 + (20 + 20) + 1 * 4 + (12 + 6) * 4 + 1 * 4 + 1
    assert len(names) == counted
    scheme = re.compile(r"[a-z_]+?(_(\d\d|\d{3}|[A-G]#?|[a-z]+_[xy]))?_(mean|std|min|max)|tempo")
    assert all(scheme.fullmatch(column) for column in names)
    examples = {
        "mfcc_01_mean", "mel_017_std", "mel_128_max", "harmonic_rms_mean", "percussive_rms_max",
        "hpratio_min", "harmonic_mfcc_01_mean", "percussive_mfcc_20_mean", "centroid_mean",
        "chroma_C_max", "chroma_A#_std", "tonnetz_fifth_x_min", "rms_std", "tempo",
    }  # fmt: skip
    assert examples <= set(names)


def test_every_column_has_one_of_eight_families() -> None:
    families = family_of()
    assert families.index.tolist() == columns()
    assert set(families) == set(FAMILIES)
    assert len(FAMILIES) == 8


@pytest.mark.slow
def test_each_spectrum_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = librosa.stft
    monkeypatch.setattr(librosa, "stft", lambda *a, **k: calls.append(1) or original(*a, **k))
    summarise(SIGNALS["band"]())
    assert len(calls) == 1
