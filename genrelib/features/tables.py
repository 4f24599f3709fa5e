"""From slices to numbers: the eight feature families, declared once and computed once.

Every spectrum that a slice needs is made a single time (:class:`Spectra`); every feature is one
entry of :data:`FEATURES` that says which numbers it takes from there. To add a family, append a
:class:`Feature` to the list. What comes out is a table with one row per slice
(:func:`feature_table`) or a sequence of frames per slice (:func:`frames`), which
:mod:`genrelib.evaluation` splits into folds.

All definitions are those of librosa (McFee et al. 2015, doi:10.25080/Majora-7b98e3ed-003) with its
defaults, at the rate and resolution below. Where librosa is slow,
:mod:`genrelib.features.transforms` and :mod:`genrelib.features.hpss` compute the same numbers. Two
choices are ours. The tuning of a slice is estimated once and serves both kinds of chroma, where
librosa would estimate it anew for the constant-Q transform behind the tonnetz. And the loudness of
the harmonic and the percussive part is taken from the spectrogram, whose frames are windowed: it
is lower than ``rms``, which is taken from the waveform, and is to be compared with its like.

What a pretrained network hears in a slice (:mod:`genrelib.features.ear`) is kept apart: it is
measured when it is asked for (:func:`ear_table`, :func:`tag_table`), and is no part of the feature
table.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
import librosa
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from genrelib.corpus import (
    PACKAGE_DATA,
    SAMPLE_RATE,
    AudioError,
    Corpus,
    CorpusError,
    StoreError,
    cache_root,
    decode,
    load_corpus,
    open_parts,
    read_manifest,
    read_parts,
)
from genrelib.features import ear, hpss, transforms
from genrelib.features.slicing import SLICE_LENGTH, Slices, slice_tracks
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
SNAPSHOTS = PACKAGE_DATA


class Spectra:
    """What one slice already has: each spectrum is computed when first asked for, then kept.

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
"""What the two tables of the original study hold, under true names; chapter 8 shows that they do.

The 39 columns of the first are the means of MFCC 1 to 20, and of the mel bands 1 to 19 of 128 as
power; the 64 of the second the MFCCs of the first frame, put through a conversion to decibels.
"""

HEARD: dict[str, list[str]] = {
    "ear": list(ear.EAR_COLUMNS),
    "tags": [f"tag_{re.sub('[ -]', '_', tag.lower())}" for tag in ear.TAGS],
}
"""What the pretrained ear gives for a slice, and the columns of these tables."""


def columns() -> list[str]:
    """List the columns of the feature table.

    Returns
    -------
    list of str
        ``<feature>_<band>_<stat>`` for every feature in :data:`FEATURES`.
    """
    return [column for feature in FEATURES for column in feature.columns]


def family_of() -> pd.Series:
    """Say which family each column belongs to.

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
    return pd.Series(_summary(Spectra(y), FEATURES), index=columns())


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


def feature_table(
    music: Corpus | Slices, slices: pd.DataFrame | None = None, *, jobs: int | None = None
) -> pd.DataFrame:
    """Measure every slice: one row of summary statistics each.

    Parameters
    ----------
    music : Slices or Corpus
        The slices to measure, as from :func:`genrelib.features.slice_tracks`; or a corpus.
    slices : pandas.DataFrame, optional
        Its slices to measure; all of 6 seconds if left out.
    jobs : int, optional
        Processes to use; all the cores this process may use if left out.

    Returns
    -------
    pandas.DataFrame
        float32, row-aligned with ``slices``, columns as in :func:`columns`. Tracks whose audio
        is on disk are measured (and cached by content); the others come from the snapshot that
        the package embeds.

    Raises
    ------
    AudioError
        If audio cannot be read; the message names every such file.
    CorpusError
        If a track has neither audio on disk nor a row in the snapshot.
    """
    table = _measure(music, slices, ["features"], jobs)
    values = matrix(table, "features")
    return pd.DataFrame(values, index=_index(table), columns=columns())


def study_table(
    which: str,
    music: Corpus | Slices,
    slices: pd.DataFrame | None = None,
    *,
    jobs: int | None = None,
) -> pd.DataFrame:
    """Measure every slice as the original study did, and call the numbers what they are.

    Parameters
    ----------
    which : {"means", "instant"}
        The 39 means, or the 64 numbers of the first frame, see :data:`STUDY`.
    music : Slices or Corpus
        As in :func:`feature_table`.
    slices : pandas.DataFrame, optional
        As in :func:`feature_table`.
    jobs : int, optional
        As in :func:`feature_table`.

    Returns
    -------
    pandas.DataFrame
        float32, row-aligned with ``slices``, shape ``(n_slices, 39)`` or ``(n_slices, 64)``.

    Raises
    ------
    AudioError
        If audio cannot be read; the message names every such file.
    CorpusError
        If a track has neither audio on disk nor a row in the snapshot.
    ValueError
        If there is no such table.
    """
    if which not in STUDY:
        raise ValueError(f"no table {which!r}; there are {' and '.join(STUDY)}")
    table = _measure(music, slices, [f"study_{which}"], jobs)
    names = [column for feature in STUDY[which] for column in feature.columns]
    return pd.DataFrame(matrix(table, f"study_{which}"), index=_index(table), columns=names)


def ear_table(
    music: Corpus | Slices, slices: pd.DataFrame | None = None, *, jobs: int | None = None
) -> pd.DataFrame:
    """Describe every slice by the numbers that a pretrained network judges by.

    Parameters
    ----------
    music : Slices or Corpus
        As in :func:`feature_table`.
    slices : pandas.DataFrame, optional
        As in :func:`feature_table`.
    jobs : int, optional
        As in :func:`feature_table`.

    Returns
    -------
    pandas.DataFrame
        What :func:`genrelib.features.embed` gives for the samples of the slice: float32,
        row-aligned with ``slices``, columns ``ear_001`` to ``ear_200``.

    Raises
    ------
    AudioError
        If audio cannot be read; the message names every such file.
    CorpusError
        If a track has neither audio on disk nor a row in the snapshot, or was measured without
        the ear.
    """
    return _heard_table("ear", music, slices, jobs)


def tag_table(
    music: Corpus | Slices, slices: pd.DataFrame | None = None, *, jobs: int | None = None
) -> pd.DataFrame:
    """Say for every slice how probable a pretrained network finds each of 50 tags.

    Parameters
    ----------
    music : Slices or Corpus
        As in :func:`feature_table`.
    slices : pandas.DataFrame, optional
        As in :func:`feature_table`.
    jobs : int, optional
        As in :func:`feature_table`.

    Returns
    -------
    pandas.DataFrame
        What :func:`genrelib.features.tags` gives for the samples of the slice: float32
        probabilities, row-aligned with ``slices``, 50 columns such as ``tag_rock`` and
        ``tag_hip_hop``.

    Raises
    ------
    AudioError
        If audio cannot be read; the message names every such file.
    CorpusError
        If a track has neither audio on disk nor a row in the snapshot, or was measured without
        the ear.
    """
    return _heard_table("tags", music, slices, jobs)


def frames(
    kind: str,
    music: Corpus | Slices,
    slices: pd.DataFrame | None = None,
    *,
    jobs: int | None = None,
) -> np.ndarray:
    """Give every slice as a sequence of frames.

    Parameters
    ----------
    kind : {"mfcc", "mel"}
        20 MFCCs or 64 mel bands (dB) per frame.
    music : Slices or Corpus
        As in :func:`feature_table`.
    slices : pandas.DataFrame, optional
        As in :func:`feature_table`.
    jobs : int, optional
        As in :func:`feature_table`.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n_slices, n_frames, n_bands)``, row-aligned with ``slices``; 130 frames
        for 6 seconds, hop 1,024 samples.

    Raises
    ------
    AudioError
        If audio cannot be read; the message names every such file.
    CorpusError
        If a track has neither audio on disk nor a row in the snapshot.
    ValueError
        If ``kind`` is unknown.
    """
    if kind not in FRAME_BANDS:
        raise ValueError(f"no frames of kind {kind!r}; there are {' and '.join(FRAME_BANDS)}")
    values = matrix(_measure(music, slices, [kind], jobs), kind)
    return values.astype(np.float32).reshape(len(values), -1, FRAME_BANDS[kind])


def usable(corpus: Corpus, *, jobs: int | None = None, progress: bool = True) -> Corpus:
    """Leave out the tracks that cannot be measured, and keep account of them.

    Headers do not tell all: damage in the middle of a file shows when it is decoded. What was
    measured on the way is kept.

    Parameters
    ----------
    corpus : Corpus
        A corpus, as loaded with ``on_error="skip"``.
    jobs : int, optional
        As in :func:`feature_table`.
    progress : bool
        Whether to show a progress bar where this takes more than a second.

    Returns
    -------
    Corpus
        Without those tracks; they are added to its ``skipped``.
    """
    results = _from_audio(
        slice_tracks(corpus.tracks), corpus.tracks["path"].dropna(), jobs, progress
    )
    broken = {key: r.reason for key, r in results.items() if isinstance(r, AudioError)}
    return corpus.leave_out(broken) if broken else corpus


def load_music(name: str, *, jobs: int | None = None, progress: bool = True) -> Corpus:
    """Load a corpus by its name, without the tracks that cannot be measured.

    Parameters
    ----------
    name : str
        As for :func:`genrelib.corpus.load_corpus`.
    jobs : int, optional
        As in :func:`feature_table`.
    progress : bool
        As in :func:`usable`.

    Returns
    -------
    Corpus
        What was left out is in its ``skipped``.

    Raises
    ------
    CorpusError
        If the name is unknown, or the corpus is not on disk or holds no usable track.
    """
    return usable(load_corpus(name, on_error="skip"), jobs=jobs, progress=progress)


def write_snapshot(corpus: Corpus, path: Path, *, jobs: int | None = None) -> Path:
    """Write what the package embeds for a corpus: features, frames, ear and tags of every slice.

    Parameters
    ----------
    corpus : Corpus
        A corpus whose audio is on disk.
    path : pathlib.Path
        The Parquet file to write.
    jobs : int, optional
        As in :func:`feature_table`.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    CorpusError
        If the audio is not on disk.
    """
    if not corpus.has_audio:
        raise CorpusError(
            f"a snapshot of {corpus.name} needs its audio on disk; set GENRELIB_DATA"
        )
    table = _measure(corpus, None, ["features", *STUDY_COLUMNS, *FRAME_BANDS], jobs)
    heard = _measure(corpus, None, list(HEARD), jobs)
    for name in HEARD:
        table = table.append_column(name, heard.column(name))
    return _write(table, path)


# Below: how the numbers are computed, kept and found again.

STUDY_COLUMNS = {f"study_{which}": which for which in STUDY}  # as they are called in what is kept


def _summary(spectra: Spectra, features: Sequence[Feature]) -> np.ndarray:
    return np.concatenate([feature.summarise(spectra) for feature in features])


def measure_slices(
    path: str,
    starts: list[float],
    length: float,
    features: Sequence[Feature],
    kinds: Sequence[str] = tuple(FRAME_BANDS),
) -> pa.Table:
    """Measure the slices of one file, with frame sequences of these kinds."""
    y = decode(path)
    size = round(length * SAMPLE_RATE)
    rows: dict[str, list[np.ndarray]] = {name: [] for name in ("features", *STUDY_COLUMNS, *kinds)}
    for start in starts:
        first = round(start * SAMPLE_RATE)
        part = librosa.util.fix_length(y[first : first + size], size=size)
        spectra = Spectra(part)
        rows["features"].append(_summary(spectra, features))
        for name, which in STUDY_COLUMNS.items():
            rows[name].append(_summary(spectra, STUDY[which]))
        for kind in kinds:
            rows[kind].append(sequence(spectra, kind).ravel())
    return pa.table({name: _lists(np.stack(values)) for name, values in rows.items()})


def hear_slices(path: str, starts: list[float], length: float) -> pa.Table:
    """Have the pretrained ear listen to the slices of one file."""
    y = decode(path)
    size = round(length * SAMPLE_RATE)
    rows: dict[str, list[np.ndarray]] = {name: [] for name in HEARD}
    for start in starts:
        first = round(start * SAMPLE_RATE)
        part = librosa.util.fix_length(y[first : first + size], size=size)
        heard = ear.hear(part, SAMPLE_RATE)
        rows["ear"].append(heard.embedding.mean(axis=0))
        rows["tags"].append(heard.tags.mean(axis=0))
    return pa.table({name: _lists(np.stack(values)) for name, values in rows.items()})


def _heard_table(
    name: str, music: Corpus | Slices, slices: pd.DataFrame | None, jobs: int | None
) -> pd.DataFrame:
    table = _measure(music, slices, [name], jobs)
    return pd.DataFrame(matrix(table, name), index=_index(table), columns=HEARD[name])


def _lists(values: np.ndarray) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def matrix(table: pa.Table, name: str) -> np.ndarray:
    column = table.column(name).combine_chunks()
    return column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), -1)


def _index(table: pa.Table) -> pd.Index:
    return pd.Index(table.column("slice_id").to_pylist(), name="slice_id")


def _write(table: pa.Table, path: Path) -> Path:
    """Write whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = table.replace_schema_metadata({"columns": json.dumps(columns())})
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        pq.write_table(
            table,
            part,
            compression="zstd",
            use_dictionary=False,
            use_byte_stream_split=[
                f"{n}.list.element" for n in table.column_names if n != "slice_id"
            ],
        )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def feature_definitions() -> str:
    """Fingerprint of everything that decides the numbers, audio aside."""
    recipes: list[tuple[Any, ...]] = [
        (f.name, f.bands, f.stats, _recipe(f.compute))
        for f in [*FEATURES, *STUDY["means"], *STUDY["instant"]]
    ]
    recipes += [(stat, _recipe(function)) for stat, function in STATS.items()]
    deciding = (
        inspect.getmodule(decode),
        hpss,
        transforms,
        Spectra,
        Feature,
        _mfcc,
        sequence,
        measure_slices,
    )
    parts = [inspect.getsource(part) for part in deciding]
    versions = [version(name) for name in ("librosa", "numpy", "scipy", "soxr", "soundfile")]
    settings = (N_FFT, HOP_LENGTH, FRAME_STEP, FRAME_BANDS, SAMPLE_RATE, versions)
    # Where a function lies in memory is no part of what it does.
    text = re.sub(r" at 0x[0-9a-f]+", "", repr((recipes, parts, settings)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def ear_definitions() -> str:
    """Fingerprint of everything that decides what the ear hears, audio aside."""
    model = hashlib.sha256(ear.EAR_MODEL.read_bytes()).hexdigest()
    deciding: tuple[Any, ...] = (inspect.getmodule(decode), ear, hear_slices)
    parts = [inspect.getsource(part) for part in deciding]
    libraries = ("librosa", "numpy", "soxr", "soundfile", "onnxruntime")
    versions = [version(name) for name in libraries]
    text = repr((model, parts, versions, SAMPLE_RATE))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _recipe(compute: Callable[..., Any], seen: tuple[Any, ...] = ()) -> list[str]:
    """Spell out what a function does, with the helpers of its own module that it calls."""
    if not inspect.isfunction(compute):
        return [repr(compute)]
    codes = [compute.__code__]
    for code in codes:  # grows as it goes: functions inside functions
        codes += [inner for inner in code.co_consts if inspect.iscode(inner)]
    constants = [[c for c in code.co_consts if not inspect.iscode(c)] for code in codes]
    bound = [cell.cell_contents for cell in compute.__closure__ or ()]
    names = [code.co_names for code in codes]
    parts = [repr(([c.co_code for c in codes], names, constants, compute.__defaults__, bound))]
    for name in sorted({name for group in names for name in group}):
        helper = compute.__globals__.get(name)
        if isinstance(helper, int | float | str | tuple):
            parts.append(repr((name, helper)))
        if not inspect.isfunction(helper) or helper in (*seen, compute):
            continue
        if helper.__module__ == compute.__module__:
            parts += _recipe(helper, (*seen, compute))
    return parts


def _cached(
    path: str,
    starts: list[float],
    length: float,
    definitions: str,
    measure: Callable[..., pa.Table],
    *how: Any,
) -> Path:
    """Measure one file unless that was done before; return where the result lies."""
    try:
        with Path(path).open("rb") as file:
            content = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise AudioError(path, f"cannot be opened ({error.strerror})") from error
    content.update(repr((starts, length)).encode())
    target = cache_root() / "features" / definitions / f"{content.hexdigest()[:40]}.parquet"
    return target if target.exists() else _write(measure(path, starts, length, *how), target)


def _attempt(*job: Any) -> Path | AudioError:
    try:
        return _cached(*job)
    except AudioError as error:
        return error


def _measure(
    music: Corpus | Slices, slices: pd.DataFrame | None, names: list[str], jobs: int | None
) -> pa.Table:
    """Table of ``slice_id`` and the named columns, row-aligned with ``slices``.

    The columns are either features or what the ear hears: each is kept in a file of its own, so
    that neither has to wait for the other.
    """
    if isinstance(music, Slices):
        if music.corpus is None:
            raise ValueError("these slices know no corpus; cut them with slice_tracks(corpus)")
        corpus, slices = music.corpus, music if slices is None else slices
    else:
        corpus, slices = music, slice_tracks(music) if slices is None else slices
    if slices.empty:
        raise CorpusError(f"{corpus.name} has no slice: every track is shorter than one")
    paths = corpus.tracks["path"].reindex(slices["track_id"].unique())
    found = _all_or_error(_from_audio(slices, paths.dropna(), jobs, heard=names[0] in HEARD))
    parts = [
        pq.read_table(found[track], columns=names).add_column(0, "slice_id", pa.array(rows.index))
        for track, rows in _tracks(slices)
        if track in found
    ]
    missing = slices[slices["track_id"].isin(paths.index[paths.isna()])]
    stored = missing["track_id"].isin(corpus.stored.index)
    if stored.any():
        try:
            parts.append(_from_store(missing[stored], corpus.stored, names))
        except StoreError as error:
            raise CorpusError(str(error)) from error
    if not stored.all():
        parts.append(_from_snapshot(missing[~stored], names))
    table = pa.concat_tables(parts)
    order = pd.Series(np.arange(len(table)), index=_index(table))
    return table.take(order.loc[slices.index].to_numpy())


def _tracks(slices: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for track, rows in slices.groupby("track_id"):
        yield str(track), rows


def _from_audio(
    slices: pd.DataFrame,
    paths: pd.Series,
    jobs: int | None,
    progress: bool = True,
    *,
    heard: bool = False,
) -> dict[str, Any]:
    """Measure the files; for each track the Parquet file with its rows, or what went wrong."""
    # Features go along to the processes, which know only those that this module was loaded with.
    how: tuple[Any, ...] = (
        (ear_definitions(), hear_slices)
        if heard
        else (feature_definitions(), measure_slices, tuple(FEATURES))
    )
    work = {
        track: (paths[track], rows["start"].tolist(), float((rows["end"] - rows["start"]).iloc[0]))
        for track, rows in _tracks(slices[slices["track_id"].isin(paths.index)])
    }
    # One thread to a process: what a slice needs is too small to be shared out among threads.
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        pool = joblib.Parallel(
            n_jobs=min(jobs or joblib.cpu_count(), max(len(work), 1)),
            return_as="generator",
            batch_size=1,
        )
    results = tqdm(
        pool(joblib.delayed(_attempt)(*job, *how) for job in work.values()),
        total=len(work),
        desc="measuring tracks",
        unit="track",
        delay=1,
        disable=not (progress and work) or bool(os.environ.get("GENRELIB_QUIET")),
    )
    return dict(zip(work, results, strict=True))


def _all_or_error(results: dict[str, Any]) -> dict[str, Path]:
    errors = [result for result in results.values() if isinstance(result, AudioError)]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        lines = "".join(f"\n  {error.path}: {error.reason}" for error in errors)
        raise AudioError(
            f"{len(errors)} files",
            f"they cannot be measured:{lines}\n",
            "Repair or remove them, or leave them out with genrelib.features.usable",
        )
    return results


def _from_store(slices: pd.DataFrame, stored: pd.DataFrame, names: list[str]) -> pa.Table:
    """Read what `genrelib extract` measured, from the parts that hold these slices."""
    source = stored.loc[slices["track_id"]].set_axis(slices.index)
    number = slices.index.str.rpartition(":").get_level_values(2)
    ids = source["name"] + ":" + number
    tables = []
    for folder, rows in slices.groupby(source["folder"]):
        data = open_parts(sorted({Path(part) for part in source.loc[rows.index, "part"]}))
        wanted = [c for name in names for c in (columns() if name == "features" else [name])]
        if absent := sorted(set(wanted) - set(data.schema.names)):
            how = "with --no-frames" if absent[0] in FRAME_BANDS else "by other definitions"
            how, option = ("without --ear", " --ear") if absent[0] in HEARD else (how, "")
            origin = read_manifest(Path(str(folder))).corpus
            raise CorpusError(
                f"{folder} has no {absent[0]} ({len(absent)} columns are missing): it was made "
                f"{how}. Extract again: `genrelib extract {origin} -o NEW_FOLDER{option}`"
            )
        table = read_parts(data, ["slice_id", "start", "end", *wanted])
        at = pd.Index(table.column("slice_id").to_pylist()).get_indexer(ids[rows.index])
        table = table.take(at) if (at >= 0).all() else table.slice(0, 0)
        same = [np.array_equal(table.column(c), rows[c]) for c in ("start", "end")]
        if not all(same):
            raise CorpusError(
                f"{folder} does not hold slices such as {rows.index[0]}; extract again"
            )
        values = {name: matrix(table, name) for name in names if name != "features"}
        if "features" in names:
            values["features"] = np.column_stack([table.column(c) for c in columns()])
        tables.append(
            pa.table({"slice_id": rows.index, **{name: _lists(values[name]) for name in names}})
        )
    return pa.concat_tables(tables)


def _from_snapshot(slices: pd.DataFrame, names: list[str]) -> pa.Table:
    number = slices.index.str.rpartition(":").get_level_values(2).astype(float)
    length = slices["end"] - slices["start"]
    if not (np.allclose(length, SLICE_LENGTH) and np.allclose(slices["start"], number * length)):
        raise CorpusError(
            f"the embedded snapshot holds slices of {SLICE_LENGTH:g} seconds only; other slices "
            "are measured from audio: set GENRELIB_DATA, or use corpus 'sketch'"
        )
    columns_ = ["slice_id", *names]
    tables = [
        pq.read_table(path, columns=columns_) for path in sorted(SNAPSHOTS.glob("*.parquet"))
    ]
    for table in tables:
        known = set(table.column("slice_id").to_pylist())
        if not known.issuperset(slices.index):
            continue
        if "features" in names:
            table = _select_columns(table)
        rows = pd.Index(table.column("slice_id").to_pylist()).get_indexer(slices.index)
        return table.take(rows).select(["slice_id", *names])
    tracks = slices["track_id"].unique()
    raise CorpusError(
        f"no audio on disk for {', '.join(tracks[:3])}{' ...' * (len(tracks) > 3)} and no "
        "embedded measurements of these slices; set GENRELIB_DATA to the folder that holds the "
        "audio, or run `genrelib corpus download`"
    )


def _select_columns(table: pa.Table) -> pa.Table:
    """Bring the snapshot's feature columns into the order of the current definitions."""
    known = json.loads(table.schema.metadata[b"columns"])
    if known == columns():
        return table
    absent = sorted(set(columns()) - set(known))
    if absent:
        raise CorpusError(
            f"the embedded snapshot has no {absent[0]} ({len(absent)} columns are new); "
            "features you add are computed from audio: set GENRELIB_DATA, or use corpus 'sketch'"
        )
    values = pd.DataFrame(matrix(table, "features"), columns=known)[columns()]
    position = table.schema.get_field_index("features")
    return table.set_column(position, "features", _lists(values.to_numpy()))
