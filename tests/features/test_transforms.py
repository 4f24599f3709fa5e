"""Tests of the transforms: each against the public function of librosa whose numbers it gives."""

from __future__ import annotations

import warnings

import librosa
import numpy as np
import pytest

from genrelib.corpus import sketch
from genrelib.corpus.audio import SAMPLE_RATE
from genrelib.features import transforms
from genrelib.features.transforms import HOP_LENGTH, N_FFT

SECONDS = 4


def _detuned(cents: float) -> np.ndarray:
    t = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    tones = [np.sin(2 * np.pi * 220 * 2 ** ((n + cents / 100) / 12) * t) for n in (0, 4, 7, 12)]
    return (0.2 * np.sum(tones, axis=0)).astype(np.float32)


def _after_silence() -> np.ndarray:
    y = _detuned(0)
    y[: len(y) // 2] = 0
    return y


rng = np.random.default_rng(8)
SIGNALS = {
    "sketch": sketch.render_sketch("rock.sketchA1")[: SECONDS * SAMPLE_RATE],
    "noise": rng.normal(0, 0.2, SECONDS * SAMPLE_RATE).astype(np.float32),
    "flat": _detuned(-37),
    "sharp": _detuned(21),
    "after silence": _after_silence(),
    "silence": np.zeros(SECONDS * SAMPLE_RATE, np.float32),
    "quiet": 1e-6 * rng.normal(size=SECONDS * SAMPLE_RATE).astype(np.float32),
    "short": rng.normal(0, 0.2, 3000).astype(np.float32),
    "shorter than a frame": rng.normal(0, 0.2, 1100).astype(np.float32),
}


def spectrum(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples, magnitude and power, in the order in memory that a slice's spectra have."""
    y = SIGNALS[name]
    magnitude = np.ascontiguousarray(np.abs(librosa.stft(y)))
    return y, magnitude, magnitude**2


def close(found: np.ndarray, expected: np.ndarray, rtol: float = 1e-5) -> None:
    """Compare to ``rtol``, and below that where numbers are small against their like."""
    assert found.shape == expected.shape
    assert np.isfinite(found).all()
    np.testing.assert_allclose(
        found, expected, rtol=rtol, atol=0.1 * rtol * np.abs(expected).max()
    )


pytestmark = [
    pytest.mark.filterwarnings("ignore:n_fft=.* is too large"),
    pytest.mark.filterwarnings("ignore:Trying to estimate tuning"),
]


@pytest.mark.parametrize("n_mels", [128, 64])
@pytest.mark.parametrize("name", SIGNALS)
def test_mel_bands(name: str, n_mels: int) -> None:
    _, _, power = spectrum(name)
    expected = librosa.feature.melspectrogram(S=power, sr=SAMPLE_RATE, n_mels=n_mels)
    found = transforms.mel(power, n_mels)
    assert found.dtype == np.float32
    close(found, expected)
    # Every second frame, as the sequences take them, lies otherwise in memory.
    close(transforms.mel(power[:, ::2], n_mels), expected[:, ::2])


@pytest.mark.parametrize("name", SIGNALS)
def test_mfcc(name: str) -> None:
    mel_db = librosa.power_to_db(transforms.mel(spectrum(name)[2]))
    found = transforms.mfcc(mel_db)
    assert found.dtype == np.float32
    close(found, librosa.feature.mfcc(S=mel_db, n_mfcc=20))


@pytest.mark.parametrize("name", SIGNALS)
def test_centroid(name: str) -> None:
    _, magnitude, _ = spectrum(name)
    found = transforms.centroid(magnitude)
    assert found.dtype == np.float32
    close(found, librosa.feature.spectral_centroid(S=magnitude, sr=SAMPLE_RATE))


@pytest.mark.parametrize("name", SIGNALS)
def test_rms(name: str) -> None:
    found = transforms.rms(SIGNALS[name])
    assert found.dtype == np.float32
    close(found, librosa.feature.rms(y=SIGNALS[name]))


@pytest.mark.parametrize("extra", [0, 1, 511, 512, 513, 1024, 2047])
def test_rms_of_any_length(extra: int) -> None:
    y = SIGNALS["noise"][: 4096 + extra]
    close(transforms.rms(y), librosa.feature.rms(y=y))


@pytest.mark.parametrize("name", SIGNALS)
def test_tuning_is_the_same_number(name: str) -> None:
    _, _, power = spectrum(name)
    assert transforms.tuning(power) == librosa.estimate_tuning(S=power, sr=SAMPLE_RATE)


@pytest.mark.parametrize("cents", range(-48, 50, 7))
def test_tuning_of_detuned_chords(cents: int) -> None:
    power = np.ascontiguousarray(np.abs(librosa.stft(_detuned(cents))) ** 2)
    found = transforms.tuning(power)
    assert found != 0
    assert found == librosa.estimate_tuning(S=power, sr=SAMPLE_RATE)


def test_silence_has_no_tuning_and_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert transforms.tuning(spectrum("silence")[2]) == 0.0


def test_peaks_are_those_of_librosa() -> None:
    _, _, power = spectrum("sketch")
    pitches, heights = librosa.piptrack(S=power, sr=SAMPLE_RATE)
    bins = librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=N_FFT)
    low, high = np.searchsorted(bins, [150, 4000])
    where, height = transforms._peaks(power, low, high)
    np.testing.assert_allclose(where * SAMPLE_RATE / N_FFT, pitches[pitches > 0], rtol=1e-6)
    np.testing.assert_allclose(height, heights[pitches > 0], rtol=1e-6)


@pytest.mark.parametrize("tuned", [-0.5, -0.17, 0.0, 0.02, 0.49])
@pytest.mark.parametrize("name", ["sketch", "noise", "silence", "short"])
def test_chroma(name: str, tuned: float) -> None:
    _, _, power = spectrum(name)
    found = transforms.chroma(power, tuned)
    assert found.dtype == np.float32
    close(found, librosa.feature.chroma_stft(S=power, sr=SAMPLE_RATE, tuning=tuned))


@pytest.mark.parametrize("name", SIGNALS)
def test_chroma_of_the_constant_q_transform(name: str) -> None:
    y = SIGNALS[name]
    for tuned in (-0.31, 0.0, 0.08):
        found = transforms.chroma_cqt(y, tuned)
        expected = librosa.feature.chroma_cqt(
            y=y, sr=SAMPLE_RATE, hop_length=HOP_LENGTH, tuning=3 * tuned
        )
        assert found.dtype == np.float32
        close(found, expected, rtol=1e-4)


@pytest.mark.slow
def test_wavelets_of_every_tuning() -> None:
    y = SIGNALS["noise"][:SAMPLE_RATE]
    for cents in range(-50, 50):
        # As librosa gives them: not always the double next to the hundredth.
        tuned = np.linspace(-0.5, 0.5, 101)[cents + 50]
        expected = librosa.feature.chroma_cqt(y=y, sr=SAMPLE_RATE, tuning=3 * tuned)
        np.testing.assert_allclose(transforms.chroma_cqt(y, tuned), expected, rtol=2e-5)


def test_banks_are_built_once_for_each_tuning() -> None:
    transforms._wavelets.cache_clear()
    transforms._chroma_bank.cache_clear()
    y, _, power = spectrum("short")
    for tuned in (0.1, 0.1 + 1e-9, -0.2, 0.1):
        transforms.chroma_cqt(y, tuned)
        transforms.chroma(power, tuned)
    for bank in (transforms._wavelets, transforms._chroma_bank):
        assert bank.cache_info().misses == 2
        # All tunings that there are have room, and no more: memory stays bounded.
        assert 100 <= bank.cache_info().maxsize <= 200
    assert transforms._wavelets(0.1).dtype == np.float32
    size = transforms._wavelets(0.1).nbytes + transforms._chroma_bank(0.1).nbytes
    assert 100 * size < 40e6


@pytest.mark.parametrize("name", SIGNALS)
def test_tempo_is_the_same_number(name: str) -> None:
    _, _, power = spectrum(name)
    onsets = librosa.onset.onset_strength(S=librosa.power_to_db(power), sr=SAMPLE_RATE)
    expected = librosa.feature.tempo(onset_envelope=onsets, sr=SAMPLE_RATE)
    np.testing.assert_array_equal(transforms.tempo(onsets), expected)


@pytest.mark.parametrize("bpm", [60, 90, 120, 150, 180])
def test_tempo_of_pulses(bpm: int) -> None:
    onsets = np.zeros(259, np.float32)
    beats = np.arange(0, 6, 60 / bpm)
    onsets[librosa.time_to_frames(beats, sr=SAMPLE_RATE, hop_length=HOP_LENGTH)] = 1
    expected = librosa.feature.tempo(onset_envelope=onsets, sr=SAMPLE_RATE)
    np.testing.assert_array_equal(transforms.tempo(onsets), expected)
