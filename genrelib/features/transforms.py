"""Transforms of a spectrum by librosa's definitions, keeping what is the same for all slices.

Each function gives what a public function of librosa gives, to the last digits of 32-bit
arithmetic. It is here because librosa builds its filter banks and wavelets anew at every call, or
because it computes more than the feature needs. What depends on the tuning is kept for each of
the hundred values that a tuning can take, less than 40 MB in all.

Spectrograms have the shape ``(1025, n_frames)``, and so do the results, with as many rows as they
have bands; samples are float32, mono, at 22,050 Hz.
"""

from __future__ import annotations

from functools import lru_cache

import librosa
import numpy as np
import scipy.fft
import scipy.sparse
from numba import njit

from genrelib.corpus import SAMPLE_RATE
from genrelib.features.memory import keep_freed_memory

N_FFT = 2048
HOP_LENGTH = 512
OCTAVES, STEPS = 7, 36
"""Octaves of the constant-Q transform, and its bins in each: three to a semitone."""
TUNINGS = 128
"""Tunings for which banks are kept: librosa tells 100 apart."""
TINY = np.finfo(np.float32).tiny


keep_freed_memory()


@lru_cache
def _mel_bank(n_mels: int) -> scipy.sparse.csr_array:
    return scipy.sparse.csr_array(librosa.filters.mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=n_mels))


def mel(power: np.ndarray, n_mels: int = 128) -> np.ndarray:
    """Sum a power spectrogram into mel bands, as ``librosa.feature.melspectrogram(S=...)``.

    Of the bank's weights 98 % are zero and are left out.
    """
    return _mel_bank(n_mels) @ power


@lru_cache
def _cosines(n_mels: int, n_mfcc: int) -> np.ndarray:
    return scipy.fft.dct(np.eye(n_mels, dtype=np.float32), axis=0, norm="ortho")[:n_mfcc]


def mfcc(mel_db: np.ndarray, n_mfcc: int = 20) -> np.ndarray:
    """Compute cepstral coefficients of mel bands in dB, as ``librosa.feature.mfcc(S=...)``.

    Of the cosine transform only these are computed.
    """
    return _cosines(len(mel_db), n_mfcc) @ mel_db


@lru_cache
def _frequencies() -> np.ndarray:
    bins = librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=N_FFT)
    return np.stack([bins, np.ones_like(bins)]).astype(np.float32)


def centroid(magnitude: np.ndarray) -> np.ndarray:
    """Find the centre of gravity in Hz of magnitudes, as ``librosa.feature.spectral_centroid``.

    It is close to 0 for silence.
    """
    moment, total = _frequencies() @ magnitude
    return (moment / np.where(total < TINY, 1, total))[np.newaxis]


def rms(y: np.ndarray) -> np.ndarray:
    """Measure the root mean square of each frame of samples, as ``librosa.feature.rms(y=...)``.

    Frames overlap; each sample is squared once.
    """
    n_frames = 1 + len(y) // HOP_LENGTH
    hops = N_FFT // HOP_LENGTH
    padded = np.zeros((n_frames + hops - 1) * HOP_LENGTH, np.float32)
    padded[N_FFT // 2 : N_FFT // 2 + len(y)] = y[: len(padded) - N_FFT // 2]
    energy = np.square(padded).reshape(-1, HOP_LENGTH).sum(axis=1)
    frames = np.lib.stride_tricks.sliding_window_view(energy, hops).sum(axis=1)
    return np.sqrt(frames / N_FFT)[np.newaxis]


@njit(cache=True, nogil=True)
def _peaks(power: np.ndarray, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """Find spectral peaks between two bins; frequencies in bins, and their heights.

    The arithmetic is that of ``librosa.piptrack``: a peak is above a tenth of its frame's maximum,
    and a parabola through it and its neighbours says where between the bins it lies.
    """
    n_bins, n_frames = power.shape
    top = np.zeros(n_frames, power.dtype)
    for k in range(n_bins):
        for t in range(n_frames):
            top[t] = max(top[t], power[k, t])
    floor = np.float32(0.1) * top
    where = np.empty((high - low) * n_frames // 2 + n_frames, np.float64)
    height = np.empty(len(where), np.float32)
    n = 0
    for k in range(low, high):
        before, here, after = power[k - 1], power[k], power[k + 1]
        for t in range(n_frames):
            if here[t] > floor[t] and here[t] > before[t] and here[t] >= after[t]:
                curve = np.float64(after[t] + before[t]) - 2 * np.float64(here[t])
                slope = np.float64(after[t] - before[t]) / 2
                shift = np.float32(0 if abs(slope) >= abs(curve) else -slope / curve)
                rise = (after[t] - before[t]) / np.float32(2)
                where[n] = k + shift
                height[n] = here[t] + np.float32(0.5) * rise * shift
                n += 1
    return where[:n], height[:n]


def tuning(power: np.ndarray) -> float:
    """Estimate how far a slice is off A440, as ``librosa.estimate_tuning(S=...)``.

    In fractions of a semitone, in steps of 0.01 from -0.5 to 0.49; 0 where there is no pitch.
    """
    bins = librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=N_FFT)
    low, high = np.searchsorted(bins, [150.0, 4000.0])  # librosa's range of pitches
    where, height = _peaks(power, int(low), int(high))
    if not len(where):
        return 0.0
    pitches = (where * SAMPLE_RATE / N_FFT).astype(np.float32)
    return float(librosa.pitch_tuning(pitches[height >= np.median(height)]))


@lru_cache(maxsize=TUNINGS)
def _chroma_bank(tuned: float) -> np.ndarray:
    return librosa.filters.chroma(sr=SAMPLE_RATE, n_fft=N_FFT, tuning=tuned)


def chroma(power: np.ndarray, tuned: float) -> np.ndarray:
    """Sum a power spectrogram into pitch classes, as ``librosa.feature.chroma_stft(S=...)``.

    The tuning is in fractions of a semitone; each frame is scaled to a maximum of 1.
    """
    return librosa.util.normalize(_chroma_bank(round(tuned, 2)) @ power, norm=np.inf, axis=0)


@lru_cache(maxsize=TUNINGS)
def _wavelets(tuned: float) -> np.ndarray:
    """Build the wavelets of one octave: right halves, real and imaginary, ``(2, 36, n / 2)``.

    As in ``librosa.cqt``, their spectra lose the smallest coefficients that make up 1 % of them.
    An octave lower, at half the rate, they are the same wavelets; the factors that librosa
    applies for the rate and for their length cancel. Turned to phase zero in their middle, which
    is at sample ``n / 2 + 0.5``, wavelets are even in the real and odd in the imaginary part: the
    right half tells the left.
    """
    lowest = float(librosa.note_to_hz("C1")) * 2 ** (3 * tuned / STEPS)
    frequencies = librosa.cqt_frequencies(OCTAVES * STEPS, fmin=lowest, bins_per_octave=STEPS)
    basis, lengths = librosa.filters.wavelet(freqs=frequencies[-STEPS:], sr=SAMPLE_RATE)
    n = basis.shape[1]
    basis *= lengths[:, np.newaxis] / n
    spectra = librosa.util.sparsify_rows(np.fft.fft(basis)[:, : n // 2 + 1], quantile=0.01)
    # The product of a frame's Fourier transform with these spectra is one with the samples.
    taps = np.fft.fft(spectra.toarray().astype(complex), n=n) / np.sqrt(lengths[:, np.newaxis])
    middle = taps[:, n // 2] + taps[:, n // 2 + 1]
    taps = np.roll(taps, -1, axis=1)[:, n // 2 :] * (middle.conj() / np.abs(middle))[:, np.newaxis]
    return np.stack([taps.real, taps.imag]).astype(np.float32)


@njit(cache=True, nogil=True)
def _halves(y: np.ndarray, hop: int, sums: np.ndarray) -> None:
    """Add and subtract the halves of each frame, the left one mirrored: what wavelets see.

    The constant in the middle of a frame is taken off. No wavelet hears it, but without it what
    remains of silence is silence.
    """
    half = sums.shape[2]
    for t in range(sums.shape[1]):
        start = t * hop
        left, right = y[start + 1 : start + 1 + half], y[start + 1 + half : start + 2 * half]
        even, odd = sums[0, t], sums[1, t]
        level = left[half - 1]
        for i in range(half - 1):
            even[i] = (right[i] - level) + (left[half - 1 - i] - level)
            odd[i] = right[i] - left[half - 1 - i]
        even[half - 1] = (y[start] - level) + (y[start + 1] - level)
        odd[half - 1] = y[start] - y[start + 1]


@lru_cache
def _fold() -> np.ndarray:
    return librosa.filters.cq_to_chroma(STEPS, bins_per_octave=STEPS)


def chroma_cqt(y: np.ndarray, tuned: float) -> np.ndarray:
    """Sum a constant-Q transform into pitch classes, as ``librosa.feature.chroma_cqt(y=...)``.

    From octave to octave the samples are halved in number, so that the same wavelets serve all
    (Schörkhuber and Klapuri 2010). Each frame is scaled to a maximum of 1.
    """
    wavelets = _wavelets(round(tuned, 2))
    half = wavelets.shape[2]
    sums = np.empty((2, 1 + len(y) // HOP_LENGTH + OCTAVES, half), np.float32)
    octaves = []
    for octave in range(OCTAVES):
        if octave:
            y = librosa.resample(y, orig_sr=2, target_sr=1, res_type="soxr_hq", scale=True)
        hop = HOP_LENGTH >> octave
        frames = sums[:, : 1 + len(y) // hop]
        _halves(np.pad(y, half), hop, frames)
        even, odd = frames @ wavelets.mT
        octaves.append(np.sqrt(even**2 + odd**2))
    n_frames = min(map(len, octaves))
    energy = np.sum([octave[:n_frames] for octave in octaves], axis=0)
    return librosa.util.normalize(_fold() @ energy.T, norm=np.inf, axis=0)


def tempo(onset_envelope: np.ndarray) -> np.ndarray:
    """Estimate the tempo in beats per minute, as ``librosa.feature.tempo(onset_envelope=...)``.

    librosa averages the autocorrelations of the envelope around each frame. Here their Fourier
    transforms are averaged, of which only the mean is transformed back.
    """
    n = int(librosa.time_to_frames(8.0, sr=SAMPLE_RATE, hop_length=HOP_LENGTH))
    padded = np.pad(onset_envelope, n // 2, mode="linear_ramp", end_values=0)
    windows = np.lib.stride_tricks.sliding_window_view(padded, n)[: len(onset_envelope)]
    # In double precision, as in librosa, which then looks at millionths of it in a logarithm.
    windows = windows * librosa.filters.get_window("hann", n)
    energy = np.square(windows).sum(axis=1)
    size = scipy.fft.next_fast_len(2 * n - 1, real=True)
    spectra = librosa.util.abs2(scipy.fft.rfft(windows, n=size, axis=1))
    mean = (1 / np.where(energy < TINY, 1, energy)) @ spectra / len(windows)
    tempogram = scipy.fft.irfft(mean, n=size)[:n, np.newaxis]
    return librosa.feature.tempo(tg=tempogram, sr=SAMPLE_RATE, hop_length=HOP_LENGTH)
