"""The eight feature families, declared once and computed once.

Every spectrum that a slice needs is made a single time (:class:`Spectra`); every feature is one
entry of :data:`FEATURES` that says which numbers it takes from there. To add a family, append a
:class:`Feature` to the list.

All definitions are those of librosa (McFee et al. 2015, doi:10.25080/Majora-7b98e3ed-003) with its
defaults, at the rate and resolution below. Where librosa is slow,
:mod:`genrelib.features.transforms` and :mod:`genrelib.features.hpss` compute the same numbers. Two
choices are ours. The tuning of a slice is estimated once and serves both kinds of chroma, where
librosa would estimate it anew for the constant-Q transform behind the tonnetz. And the loudness of
the harmonic and the percussive part is taken from the spectrogram, whose frames are windowed: it
is lower than ``rms``, which is taken from the waveform, and is to be compared with its like.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import librosa
import numpy as np
import pandas as pd

from genrelib.corpus import SAMPLE_RATE
from genrelib.features import hpss, transforms
from genrelib.features.transforms import HOP_LENGTH, N_FFT

FRAME_STEP = 2
"""Frame sequences keep every second frame: a hop of 1,024 samples, about 46 ms."""
FRAME_BANDS = {"mfcc": 20, "mel": 64}
STATS: dict[str, Callable[..., Any]] = {
    "mean": np.mean,
    "std": np.std,
    "min": np.min,
    "max": np.max,
}


class Spectra:
    """What one slice already has: each spectrum is computed when first asked for, then kept.

    Explained in chapter 3.

    Parameters
    ----------
    y : numpy.ndarray
        The slice: mono samples at :data:`SAMPLE_RATE`, shape ``(n_samples,)``.
    """

    def __init__(self, y: np.ndarray) -> None:
        self.y = np.asarray(y, dtype=np.float32)

    @cached_property
    def stft(self) -> np.ndarray:
        """Short-time Fourier transform, complex, ``(1025, n_frames)``."""
        return librosa.stft(self.y, n_fft=N_FFT, hop_length=HOP_LENGTH)

    @cached_property
    def magnitude(self) -> np.ndarray:
        """Magnitude of the STFT, ``(1025, n_frames)``."""
        return np.ascontiguousarray(np.abs(self.stft))

    @cached_property
    def power(self) -> np.ndarray:
        """Power spectrogram, ``(1025, n_frames)``."""
        return self.magnitude**2

    @cached_property
    def mel(self) -> np.ndarray:
        """Mel spectrogram of 128 bands (power), ``(128, n_frames)``."""
        return transforms.mel(self.power)

    @cached_property
    def mel_db(self) -> np.ndarray:
        """Mel spectrogram in dB, floor 80 dB below its peak, ``(128, n_frames)``."""
        return librosa.power_to_db(self.mel)

    @cached_property
    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """Magnitudes of the harmonic and the percussive part (Fitzgerald 2010)."""
        return hpss.hpss(self.magnitude)

    @property
    def harmonic(self) -> np.ndarray:
        """Magnitude of the harmonic part, ``(1025, n_frames)``."""
        return self.parts[0]

    @property
    def percussive(self) -> np.ndarray:
        """Magnitude of the percussive part, ``(1025, n_frames)``."""
        return self.parts[1]

    @cached_property
    def tuning(self) -> float:
        """Deviation from A440 in fractions of a semitone, estimated once for both chromas."""
        return transforms.tuning(self.power)

    @cached_property
    def chroma(self) -> np.ndarray:
        """Energy per pitch class, each frame scaled to a maximum of 1, ``(12, n_frames)``."""
        return transforms.chroma(self.power, self.tuning)

    @cached_property
    def chroma_cqt(self) -> np.ndarray:
        """Chroma from the constant-Q transform (36 bins per octave), ``(12, n_frames)``."""
        return transforms.chroma_cqt(self.y, self.tuning)

    @cached_property
    def harmonic_rms(self) -> np.ndarray:
        """Root mean square of the harmonic part, ``(1, n_frames)``."""
        return librosa.feature.rms(S=self.harmonic)

    @cached_property
    def percussive_rms(self) -> np.ndarray:
        """Root mean square of the percussive part, ``(1, n_frames)``."""
        return librosa.feature.rms(S=self.percussive)

    @cached_property
    def onset_envelope(self) -> np.ndarray:
        """Onset strength: mean rise of the mel bands from frame to frame, ``(n_frames,)``."""
        return librosa.onset.onset_strength(S=self.mel_db, sr=SAMPLE_RATE)


@dataclass(frozen=True)
class Feature:
    """One feature: what it is called, which bands it has, how a slice's spectra give it.

    Explained in chapter 3.

    Parameters
    ----------
    name : str
        First part of its column names.
    family : str
        The family it belongs to, see :data:`FAMILIES`.
    compute : callable
        Takes :class:`Spectra`, returns an array ``(n_bands, n_frames)``.
    bands : tuple of str
        Names of the bands; empty where there is one band without a name.
    stats : tuple of str
        Statistics over the frames of the slice; empty for a feature that is one number a slice.
    unit : str
        Unit of the values, in words.
    """

    name: str
    family: str
    compute: Callable[[Spectra], np.ndarray]
    bands: tuple[str, ...] = ()
    stats: tuple[str, ...] = tuple(STATS)
    unit: str = ""

    @property
    def columns(self) -> list[str]:
        """Column names, ``<feature>_<band>_<stat>``, bands first."""
        rows = [f"{self.name}_{band}" for band in self.bands] or [self.name]
        return [f"{row}_{stat}" for row in rows for stat in self.stats] if self.stats else rows

    def summarise(self, spectra: Spectra) -> np.ndarray:
        """Compute the values of one slice.

        Parameters
        ----------
        spectra : Spectra
            The slice.

        Returns
        -------
        numpy.ndarray
            float32, shape ``(len(columns),)``.
        """
        values = np.atleast_2d(self.compute(spectra))
        if self.stats:
            values = np.stack([STATS[stat](values, axis=1) for stat in self.stats], axis=1)
        return values.astype(np.float32).ravel()


def _numbered(n: int, digits: int) -> tuple[str, ...]:
    return tuple(f"{i:0{digits}d}" for i in range(1, n + 1))


def _mfcc(power: np.ndarray) -> np.ndarray:
    return transforms.mfcc(librosa.power_to_db(transforms.mel(power)))


MFCC, MEL = _numbered(20, 2), _numbered(128, 3)
PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
TONNETZ = ("fifth_x", "fifth_y", "minor_x", "minor_y", "major_x", "major_y")

FAMILIES = {
    "mfcc": "MFCC",
    "mel": "mel spectrogram",
    "hpss": "harmonic and percussive",
    "centroid": "spectral centroid",
    "chroma": "chroma",
    "tonnetz": "tonnetz",
    "rms": "RMS",
    "tempo": "tempo",
}
"""The eight families and what the book calls them."""

FEATURES: list[Feature] = [
    Feature("mfcc", "mfcc", lambda s: transforms.mfcc(s.mel_db), MFCC),
    Feature("mel", "mel", lambda s: s.mel_db, MEL, unit="dB"),
    Feature("harmonic_rms", "hpss", lambda s: s.harmonic_rms, unit="full scale, windowed"),
    Feature("percussive_rms", "hpss", lambda s: s.percussive_rms, unit="full scale, windowed"),
    Feature(
        "hpratio",
        "hpss",
        lambda s: (
            librosa.amplitude_to_db(s.harmonic_rms, top_db=None)
            - librosa.amplitude_to_db(s.percussive_rms, top_db=None)
        ),
        unit="dB",
    ),
    Feature("harmonic_mfcc", "hpss", lambda s: _mfcc(s.harmonic**2), MFCC, ("mean",)),
    Feature("percussive_mfcc", "hpss", lambda s: _mfcc(s.percussive**2), MFCC, ("mean",)),
    Feature("centroid", "centroid", lambda s: transforms.centroid(s.magnitude), unit="Hz"),
    Feature("chroma", "chroma", lambda s: s.chroma, PITCH_CLASSES),
    Feature("tonnetz", "tonnetz", lambda s: librosa.feature.tonnetz(chroma=s.chroma_cqt), TONNETZ),
    Feature("rms", "rms", lambda s: transforms.rms(s.y), unit="full scale"),
    Feature(
        "tempo",
        "tempo",
        lambda s: transforms.tempo(s.onset_envelope),
        stats=(),
        unit="beats per minute",
    ),
]
"""Every feature of the book, in the order of its columns. Append to it to add one."""


def _instant(spectra: Spectra) -> np.ndarray:
    """MFCC of every second frame, as if they were powers, in dB below their peak: the first."""
    coefficients = transforms.mfcc(librosa.power_to_db(spectra.mel[:, ::FRAME_STEP]), n_mfcc=64)
    return librosa.power_to_db(coefficients, ref=np.max)[:, 0]


STUDY: dict[str, list[Feature]] = {
    "means": [
        Feature("mfcc", "mfcc", FEATURES[0].compute, MFCC, ("mean",)),
        Feature("melpower", "mel", lambda s: s.mel[:19], MEL[:19], ("mean",), unit="power"),
    ],
    "instant": [Feature("instant", "mfcc", _instant, _numbered(64, 2), (), unit="dB")],
}
"""What the two tables of the original study hold, under true names; chapter 7 shows that they do.

The 39 columns of the first are the means of MFCC 1 to 20, and of the mel bands 1 to 19 of 128 as
power; the 64 of the second the MFCCs of the first frame, put through a conversion to decibels.
"""

STUDY_COLUMNS = {f"study_{which}": which for which in STUDY}
"""The tables of the original study, as they are called in what is kept."""


def columns() -> list[str]:
    """List the columns of the feature table.

    Explained in chapter 3.

    Returns
    -------
    list of str
        ``<feature>_<band>_<stat>`` for every feature in :data:`FEATURES`.
    """
    return [column for feature in FEATURES for column in feature.columns]


def family_of() -> pd.Series:
    """Say which family each column belongs to.

    Explained in chapter 3.

    Returns
    -------
    pandas.Series
        Family name per column of the feature table.
    """
    return pd.Series({c: f.family for f in FEATURES for c in f.columns}, name="family")


def summarise(y: np.ndarray) -> pd.Series:
    """Measure one slice.

    Parameters
    ----------
    y : numpy.ndarray
        Mono samples at 22,050 Hz, shape ``(n_samples,)``.

    Returns
    -------
    pandas.Series
        One float32 value per column of the feature table.
    """
    return pd.Series(summary(Spectra(y), FEATURES), index=columns())


def sequence(spectra: Spectra, kind: str) -> np.ndarray:
    """Give the frames of one slice, in the order of time.

    Parameters
    ----------
    spectra : Spectra
        The slice.
    kind : {"mfcc", "mel"}
        20 MFCCs, or 64 mel bands in dB (floor 80 dB below the slice's peak); hop 1,024 samples.

    Returns
    -------
    numpy.ndarray
        float16, shape ``(n_frames, n_bands)``: 130 frames for 6 seconds. Half precision, the
        precision that the embedded snapshot has, so that both sources give the same numbers.
    """
    if kind == "mfcc":
        values = transforms.mfcc(librosa.power_to_db(spectra.mel[:, ::FRAME_STEP]))
    else:
        power = spectra.power[:, ::FRAME_STEP]
        values = librosa.power_to_db(transforms.mel(power, n_mels=FRAME_BANDS["mel"]))
    return values.T.astype(np.float16)


def summary(spectra: Spectra, features: Sequence[Feature]) -> np.ndarray:
    """Compute the values of several features of one slice, one after the other.

    Parameters
    ----------
    spectra : Spectra
        The slice.
    features : sequence of Feature
        The features.

    Returns
    -------
    numpy.ndarray
        float32, one value per column.
    """
    return np.concatenate([feature.summarise(spectra) for feature in features])
