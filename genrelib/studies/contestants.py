"""What is compared: librosa as everybody calls it, ours, and openSMILE, on the same slices."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import librosa
import numpy as np

from genrelib.corpus import SAMPLE_RATE, load_corpus
from genrelib.features import (
    FEATURES,
    FRAME_BANDS,
    SLICE_LENGTH,
    STATS,
    Spectra,
    columns,
    sequence,
    slice_tracks,
)

Run = Callable[[np.ndarray], Any]
CONTESTANTS = {
    "plain": "librosa, called once per feature",
    "ours": "this package",
    "emobase": "openSMILE, emobase",
    "compare": "openSMILE, ComParE 2016",
    "floor": "librosa, STFT and mel spectrogram only",
}


class BenchError(ValueError):
    """A benchmark that cannot be run or quoted; the message says what to do."""


def _plain_hpss(y: np.ndarray) -> list[np.ndarray]:
    values = []
    for part in librosa.decompose.hpss(np.abs(librosa.stft(y))):
        mel = librosa.feature.melspectrogram(S=part**2, sr=SAMPLE_RATE)
        values.append(librosa.feature.rms(S=part))
        values.append(librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=20))
    ratio = librosa.amplitude_to_db(values[0]) - librosa.amplitude_to_db(values[2])
    return [*values, ratio]


def _mel_db(y: np.ndarray, **options: Any) -> np.ndarray:
    return librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE, **options))


PLAIN: dict[str, Callable[[np.ndarray], list[np.ndarray]]] = {
    "mfcc": lambda y: [librosa.feature.mfcc(y=y, sr=SAMPLE_RATE, n_mfcc=20)],
    "mel": lambda y: [_mel_db(y)],
    "hpss": _plain_hpss,
    "centroid": lambda y: [librosa.feature.spectral_centroid(y=y, sr=SAMPLE_RATE)],
    "chroma": lambda y: [librosa.feature.chroma_stft(y=y, sr=SAMPLE_RATE)],
    "tonnetz": lambda y: [librosa.feature.tonnetz(y=y, sr=SAMPLE_RATE)],
    "rms": lambda y: [librosa.feature.rms(y=y)],
    "tempo": lambda y: [librosa.feature.tempo(y=y, sr=SAMPLE_RATE)],
    "frames": lambda y: [
        librosa.feature.mfcc(y=y, sr=SAMPLE_RATE, n_mfcc=20, hop_length=1024),
        _mel_db(y, n_mels=64, hop_length=1024),
    ],
}
"""Each family as it is usually written: public functions of librosa, from the waveform.

Harmonic and percussive part are separated once for all that is measured on them, and stay
spectrograms: most would go back to a waveform and make the spectrogram again.
"""


def plain(y: np.ndarray, family: str | None = None) -> list[np.ndarray]:
    """Measure a slice the plain way: librosa for the features, NumPy for the statistics.

    Parameters
    ----------
    y : numpy.ndarray
        Samples, shape ``(n_samples,)``.
    family : str, optional
        One of :data:`PLAIN`; all of them if left out.

    Returns
    -------
    list of numpy.ndarray
        Mean, standard deviation, minimum and maximum of each band; of ``frames`` the frames.
    """
    values: list[np.ndarray] = []
    for name in [family] if family else PLAIN:
        for bands in PLAIN[name](y):
            if name in ("frames", "tempo"):
                values.append(bands)
            else:
                values += [statistic(bands, axis=1) for statistic in STATS.values()]
    return values


def ours(y: np.ndarray, family: str | None = None) -> list[np.ndarray]:
    """Measure a slice with this package.

    Parameters
    ----------
    y : numpy.ndarray
        Samples, shape ``(n_samples,)``.
    family : str, optional
        One of :data:`PLAIN`, with the spectra that it needs; all if left out.

    Returns
    -------
    list of numpy.ndarray
        What :func:`genrelib.features.families.summarise` gives, and the two sequences of frames.
    """
    spectra = Spectra(y)
    values = [f.summarise(spectra) for f in FEATURES if family in (None, f.family)]
    if family in (None, "frames"):
        values += [sequence(spectra, kind) for kind in FRAME_BANDS]
    return values


@cache
def _smile(feature_set: str) -> Any:
    import opensmile

    return opensmile.Smile(
        feature_set=opensmile.FeatureSet[feature_set],
        feature_level=opensmile.FeatureLevel.Functionals,
    )


def contestants() -> dict[str, Run]:
    """List what is compared; openSMILE only where it is installed (``pip install opensmile``).

    Returns
    -------
    dict of str to callable
        Functions of the samples of a slice, by their key in :data:`CONTESTANTS`.
    """
    runs: dict[str, Run] = {"plain": plain, "ours": ours}
    try:
        sets = {"emobase": _smile("emobase"), "compare": _smile("ComParE_2016")}
    except ImportError:
        sets = {}
    runs |= {name: partial(smile, sampling_rate=SAMPLE_RATE) for name, smile in sets.items()}
    return runs | {"floor": lambda y: librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE)}


def _numbers(name: str, run: Run, y: np.ndarray) -> int:
    if name in ("plain", "ours"):
        return len(columns())
    return int(np.size(run(y))) if name != "floor" else 0


def clips(n: int) -> tuple[list[np.ndarray], str]:
    """Give slices of as many tracks, real ones where they are on disk.

    Parameters
    ----------
    n : int
        How many; at most as many as there are tracks.

    Returns
    -------
    tuple of list of numpy.ndarray and str
        Samples, each of shape ``(132300,)``, and what they are.
    """
    corpus = load_corpus("gtzan-mini")
    what = "GTZAN-mini"
    if not corpus.has_audio:
        corpus, what = load_corpus("sketch"), "synthetic clips (no real audio is on disk)"
    slices = slice_tracks(corpus.tracks).groupby("track_id").nth(1)
    chosen = slices.iloc[np.linspace(0, len(slices) - 1, min(n, len(slices))).round().astype(int)]
    first = (chosen["start"] * SAMPLE_RATE).round().astype(int)
    size = round(SLICE_LENGTH * SAMPLE_RATE)
    found = [corpus.audio(t)[k : k + size] for t, k in zip(chosen["track_id"], first, strict=True)]
    return [librosa.util.fix_length(y, size=size).astype(np.float32) for y in found], what
