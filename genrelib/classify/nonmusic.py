"""What is not music, made by a few lines of NumPy: noise, tones, and something like speech.

:mod:`genrelib.classify.training` lets the pretrained ear hear these, so that a model learns to
tell music from them. They are synthetic, and nothing measured on them is reported as a result
about music; how well real speech is told from music has to be measured on recordings of it. Each
kind is a function that takes a generator of chance and a number of samples, at
:data:`~genrelib.features.EAR_RATE`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy import signal

from genrelib.features import EAR_RATE

SECONDS = 12.0
"""Length of an example: two slices."""


def noise(rng: np.random.Generator, n: int) -> np.ndarray:
    """Make noise: of any colour, full or band-passed, steady or in gusts and bursts.

    Its standard deviation is 1 before gusts.
    """
    frequency = np.fft.rfftfreq(n, 1 / EAR_RATE)
    spectrum = np.fft.rfft(rng.normal(size=n))
    # A power spectrum that falls as 1/f^colour: 0 is white, 1 pink, 2 brown, -1 blue.
    spectrum *= np.maximum(frequency, 20) ** (-rng.uniform(-1, 2) / 2)
    if rng.random() < 0.4:
        low, high = np.sort(np.exp(rng.uniform(np.log(40), np.log(8000), 2)))
        spectrum *= (frequency >= low) & (frequency <= max(high, 1.5 * low))
    y = np.fft.irfft(spectrum, n)
    return y / y.std() * _gusts(rng, n)


def tone(rng: np.random.Generator, n: int) -> np.ndarray:
    """Make what machines sound: steady tones, hum, sweeps, sirens, beeps, clicks."""
    t = np.arange(n) / EAR_RATE
    kind = rng.choice(["steady", "sweep", "siren", "beeps", "clicks"])
    if kind == "clicks":
        y = np.zeros(n)
        steps = rng.exponential(1, 400) if rng.random() < 0.5 else np.ones(400)
        at = np.cumsum(steps * EAR_RATE / np.exp(rng.uniform(0, 3.5))).astype(int)
        y[at[at < n]] = rng.choice([-1.0, 1.0])
        return signal.lfilter([1], [1, -rng.uniform(0, 0.98)], y)
    pitch = np.full(n, np.exp(rng.uniform(np.log(40), np.log(6000))))
    if kind == "sweep":
        low, high = rng.uniform(np.log(50), np.log(7500), 2)
        pitch = np.exp(np.linspace(low, high, n))
    elif kind == "siren":
        pitch *= 2 ** (rng.uniform(0.2, 1) * np.sin(2 * np.pi * rng.uniform(0.2, 4) * t))
    # The weaker its overtones, the closer to a sine; those beyond half the rate are left out.
    fall, y = rng.choice([1.0, 1.5, 2.0, 9.0]), np.zeros(n)
    phase = 2 * np.pi * np.cumsum(pitch) / EAR_RATE
    for k in range(1, 16, rng.choice([1, 2])):
        y += np.where(k * pitch < 0.45 * EAR_RATE, np.sin(k * phase) / k**fall, 0)
    if kind == "beeps":
        y *= signal.square(2 * np.pi * rng.uniform(0.5, 6) * t, rng.uniform(0.2, 0.8)) > 0
    return y


def speech(rng: np.random.Generator, n: int) -> np.ndarray:
    """Make something like speech: a pulse train or a hiss, shaped by formants that wander.

    The source-filter model (Fant 1960, *Acoustic theory of speech production*): syllables of
    vowels and fricatives at 3 to 7 a second, in phrases of falling pitch, with pauses between.
    """
    hop, size = 80, 320  # 5 and 20 ms
    frames = n // hop + 1
    formants, voiced, loud, pitch = (np.zeros((frames, width)) for width in (3, 1, 1, 1))
    voice, tract = np.exp(rng.uniform(np.log(80), np.log(260))), rng.uniform(0.9, 1.2)
    tempo, at, left, contour = rng.uniform(3, 7), 0, 0, 1.0
    while at < frames:
        if left == 0:  # a phrase begins, after a pause
            at += int(rng.uniform(0.1, 0.8) * EAR_RATE / hop)
            left, contour = int(rng.integers(4, 18)), rng.uniform(1.1, 1.4)
        length = max(int(rng.uniform(0.6, 1.5) / tempo * EAR_RATE / hop), 8)
        onset = int(length * rng.uniform(0.1, 0.45))
        part, vowel = slice(at, at + length), slice(at + onset, at + length)
        formants[part] = tract * np.array(
            [rng.uniform(250, 850), rng.uniform(800, 2300), rng.uniform(2300, 3200)]
        )
        loud[part] = rng.uniform(0.03, 0.3)
        loud[vowel] = rng.uniform(0.4, 1)
        voiced[vowel] = 1
        pitch[part] = voice * contour * 2 ** (rng.normal(0, 0.08))
        contour *= 0.96
        at, left = at + length, left - 1
    smooth = np.hanning(11)[:, None] / np.hanning(11).sum()
    formants, loud, pitch = (
        signal.convolve(x, smooth, mode="same") for x in (formants, loud, pitch)
    )
    phase = np.cumsum(np.interp(np.arange(n), np.arange(frames) * hop, pitch[:, 0])) / EAR_RATE
    pulses = np.diff(np.floor(phase), prepend=0.0)
    breath = rng.normal(0, 0.06, n)
    buzz, hiss = (
        signal.stft(x, EAR_RATE, nperseg=size, noverlap=size - hop)[2] for x in (pulses, breath)
    )
    frequency = np.linspace(0, EAR_RATE / 2, len(buzz))[:, None]
    frames = min(frames, buzz.shape[1])
    peaks = sum(
        gain / (1 + ((frequency - formants[:frames, k]) / width) ** 2)
        for k, (gain, width) in enumerate([(1, 70), (0.5, 100), (0.25, 160)])
    )
    fricative = 1 / (1 + ((frequency - 1.9 * formants[:frames, 2]) / 1200) ** 2)
    is_voiced = voiced[:frames, 0]
    shaped = buzz[:, :frames] * peaks * is_voiced
    shaped = shaped + hiss[:, :frames] * (fricative * (1 - is_voiced) + 0.05 * peaks * is_voiced)
    y = signal.istft(shaped * loud[:frames, 0], EAR_RATE, nperseg=size, noverlap=size - hop)[1]
    return np.resize(y, n)


def _gusts(rng: np.random.Generator, n: int) -> np.ndarray:
    """Loudness over time: steady, swelling as wind does, or switched on and off."""
    kind = rng.choice(["steady", "wind", "switched", "drops"])
    if kind == "wind":
        points = rng.uniform(0.02, 1, max(4, int(rng.uniform(0.5, 4) * n / EAR_RATE)))
        return np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(points)), points)
    if kind == "switched":
        t = np.arange(n) / EAR_RATE
        return (np.sin(2 * np.pi * rng.uniform(0.5, 8) * t) > rng.uniform(-0.5, 0.5)) * 1.0
    if kind == "drops":
        return (rng.random(n) < rng.uniform(0.005, 0.1)) * 1.0
    return np.ones(n)


KINDS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "speech": speech,
    "noise": noise,
    "tone": tone,
}
"""Kinds of sound that are not music, and how to make one of each."""


def examples(each: int, seed: int = 0) -> Iterator[tuple[str, np.ndarray]]:
    """Make examples of every kind, each another.

    Parameters
    ----------
    each : int
        Examples of each kind.
    seed : int
        Seed of everything random in them.

    Yields
    ------
    kind : str
        One of :data:`KINDS`.
    samples : numpy.ndarray
        Mono, float32, peak 1, :data:`SECONDS` long, at :data:`~genrelib.features.EAR_RATE`.
    """
    n = round(SECONDS * EAR_RATE)
    for number, kind in enumerate(KINDS):
        for item in range(each):
            rng = np.random.default_rng([seed, number, item])
            y = _channel(rng, KINDS[kind](rng, n))
            yield kind, (y / np.abs(y).max()).astype(np.float32)


def _channel(rng: np.random.Generator, y: np.ndarray) -> np.ndarray:
    """Bring a sound to the ear: through a room, over a telephone, or with noise behind it."""
    if rng.random() < 0.4:
        decay = np.exp(-np.arange(EAR_RATE // 2) / (EAR_RATE * rng.uniform(0.02, 0.1)))
        room = rng.normal(size=len(decay)) * decay * rng.uniform(0.02, 0.2)
        room[0] = 1
        y = signal.fftconvolve(y, room)[: len(y)]
    if rng.random() < 0.4:
        band = [rng.uniform(100, 350), rng.uniform(3000, 4000)]
        y = signal.sosfilt(signal.butter(6, band, "bandpass", fs=EAR_RATE, output="sos"), y)
    return y + rng.normal(0, y.std() * 10 ** rng.uniform(-4, -1.5), len(y))
