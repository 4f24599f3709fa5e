"""The study behind chapter 6: many small trainings under one protocol.

``genrelib study lstm`` runs it, experiment by experiment and repetition by repetition; each part
is kept as it is finished, so that a run that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import joblib
import librosa
import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.base import BaseEstimator

from genrelib.corpus import (
    SAMPLE_RATE,
    Corpus,
    cache_root,
    corpus_slug,
    load_corpus,
    metadata,
    versions,
    write_parquet,
)
from genrelib.evaluation import cross_validate, plan
from genrelib.features import (
    FRAME_BANDS,
    SLICE_LENGTH,
    Spectra,
    frames,
    sequence,
    slice_tracks,
    usable,
)
from genrelib.models import make_model
from genrelib.studies.experiments import (
    EXPERIMENTS,
    INPUTS,
    ORDERS,
    Experiment,
    OnePiece,
    StudyError,
    repetitions_of,
)

FORMAT = 1  # to be raised when the same settings begin to mean another training
SEMITONES, TEMPI = (-2, 2), (0.9, 1.1)
"""Versions of a track for augmentation: steps of pitch, and rates of speed."""


def run_study(
    corpus: str = "gtzan-mini",
    *,
    only: Iterable[str] = (),
    repetitions: int | None = None,
    jobs: int = 2,
    folder: Path | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Run what is missing of the study.

    Parameters
    ----------
    corpus : str
        Name of the corpus.
    only : iterable of str
        Names or groups of experiments; all if left out.
    repetitions : int, optional
        Runs of each experiment, with other folds and other initial weights; if left out, as many
        as are recorded: two, and five of the networks that chapter 6 trains itself.
    jobs : int
        Experiments at the same time, each in a process of its own; 1 on a graphics card.
    folder : pathlib.Path, optional
        Where the parts are kept; :func:`parts_folder` if left out.
    say : callable
        Is told of each part.

    Returns
    -------
    pathlib.Path
        The folder of the parts.

    Raises
    ------
    StudyError
        If an experiment is unknown, or the tracks are shorter than the longest pieces.
    """
    wanted = set(only)
    if unknown := wanted - {e.name for e in EXPERIMENTS} - {e.group for e in EXPERIMENTS}:
        groups = ", ".join(sorted({e.group for e in EXPERIMENTS}))
        raise StudyError(f"no experiment {min(unknown)!r}; groups are {groups}")
    music = usable(load_corpus(corpus, on_error="skip"))
    longest = max(e.seconds for e in EXPERIMENTS)
    if music.tracks["duration"].min() < longest - 0.1:
        raise StudyError(f"{corpus}: the study needs tracks of {longest:.0f} seconds or more")
    folder = folder or parts_folder(corpus)
    folder.mkdir(parents=True, exist_ok=True)
    todo = [e for e in EXPERIMENTS if not wanted or wanted & {e.name, e.group}]
    if not music.has_audio:
        for e in todo:
            if e.audio:
                say(f"{e.name}: left out, it needs the audio of {corpus}")
        todo = [e for e in todo if not e.audio]
    elif any(e.audio for e in todo):
        _versions(music, folder, say)
    run = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")
    for lines in run(joblib.delayed(_run)(e, music, folder, repetitions) for e in todo):
        for line in lines:
            say(line)
    return folder


def parts_folder(corpus: str) -> Path:
    """Say where the parts of a study are kept.

    Parameters
    ----------
    corpus : str
        Name of the corpus.

    Returns
    -------
    pathlib.Path
        A folder in the user's cache; it need not exist.
    """
    return cache_root() / "lstm-study" / corpus_slug(corpus)


def _run(e: Experiment, music: Corpus, folder: Path, repetitions: int | None) -> list[str]:
    """Run the repetitions of an experiment that are missing; say what was done."""
    lines = []
    made: tuple[np.ndarray, pd.DataFrame] | None = None
    for repetition in range(repetitions or repetitions_of(e.name)):
        file = folder / f"{e.file_name}.{repetition}.parquet"
        key = _key(e, music, repetition)
        if (metadata(file) or {}).get("key") == key:
            continue
        made = made or _material(e, music, folder)
        started = time.perf_counter()
        table = _one(e, *made, repetition)
        seconds = time.perf_counter() - started
        curves = {} if repetition else _curves(e, *made)
        about = {
            "key": key, "experiment": e.name, "repetition": repetition, "seconds": seconds,
            "curves": curves, "recorded": datetime.now(UTC).date().isoformat(),
            "versions": versions(), "processor": _processor(),
        }  # fmt: skip
        write_parquet(file, _table(table), about)
        right = (table["genre"] == table["predicted"]).mean()
        lines.append(f"{e.name}, repetition {repetition + 1}: {right:.3f} in {seconds:.0f} s")
    return lines


def _key(e: Experiment, music: Corpus, repetition: int) -> str:
    """Give the fingerprint of the settings and of the tracks; frames are not looked at."""
    settings = _estimator(e, repetition).get_params(deep=False)
    tracks = music.tracks[["genre", "duration"]].to_csv()
    text = json.dumps([FORMAT, asdict(e), settings, tracks], sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def _estimator(e: Experiment, seed: int) -> BaseEstimator:
    settings = dict(e.settings)
    if "gain" in settings.get("augment", {}):
        decibels, _ = settings["augment"]["gain"]
        # On mel bands a decibel is a decibel, in every band.
        settings["augment"] = {"gain": (decibels, np.ones(FRAME_BANDS["mel"]).tolist())}
    model = make_model(e.model, seed, **settings)
    return OnePiece(model, seed) if e.single else model


def _material(e: Experiment, music: Corpus, folder: Path) -> tuple[np.ndarray, pd.DataFrame]:
    slices: pd.DataFrame = slice_tracks(music)
    kind = e.given if e.given in FRAME_BANDS else "mel"
    X = frames(kind, music, slices)
    if e.given in INPUTS:
        X = INPUTS[e.given](X).astype(np.float32)
    if e.audio:
        X = np.concatenate([X[:, None], np.load(folder / "versions.npy")], axis=1)
    if e.seconds != SLICE_LENGTH:
        X, slices = pieces(X, slices, e.seconds)
    return X, slices


def _one(e: Experiment, X: np.ndarray, slices: pd.DataFrame, repetition: int) -> pd.DataFrame:
    """Cross-validate once; folds and networks are seeded by the repetition."""
    X = ORDERS[e.order](X, np.random.default_rng(repetition))
    estimator = _estimator(e, repetition)
    table = cross_validate(estimator, X, slices, "track", seed=repetition, model=e.name)
    return table.assign(repetition=repetition)


def _curves(e: Experiment, X: np.ndarray, slices: pd.DataFrame) -> dict[str, list[float]]:
    """Watch one training by tracks that are spared from the training tracks of the first fold."""
    estimator = _estimator(e, 0)
    if e.single:
        return {}
    if not estimator.validation:
        estimator.set_params(validation=0.2, patience=None)
    train, _ = plan(slices, "track", seed=0).splits[0]
    X = ORDERS[e.order](X, np.random.default_rng(0))
    genre, tracks = (slices[c].to_numpy(object)[train] for c in ("genre", "track_id"))
    estimator.fit(X[train], genre, groups=tracks)
    return {k: np.round(v, 4).tolist() for k, v in estimator.history_.items()}


def _processor() -> str:
    import jax

    device = jax.devices()[0].device_kind
    return f"{platform.machine()}, {joblib.cpu_count()} cores" if device == "cpu" else str(device)


def pieces(X: np.ndarray, slices: pd.DataFrame, seconds: float) -> tuple[np.ndarray, pd.DataFrame]:
    """Cut tracks anew into pieces of another length, from the frames of their slices.

    Parameters
    ----------
    X : numpy.ndarray
        Frames, shape ``(n_slices, n_frames, n_bands)``.
    slices : pandas.DataFrame
        Row-aligned with them.
    seconds : float
        Length of the pieces.

    Returns
    -------
    X : numpy.ndarray
        Frames of the pieces; what is left over at the end of a track is dropped.
    slices : pandas.DataFrame
        The pieces: index ``<track>:<k>``, the columns of ``slices``, ``start`` and ``end`` anew.

    Raises
    ------
    StudyError
        If no track is that long.
    """
    size = round(X.shape[1] * seconds / SLICE_LENGTH)
    parts, rows = [], []
    for track, places in slices.reset_index(drop=True).groupby("track_id").groups.items():
        whole = np.concatenate(X[np.asarray(places)])
        for k in range(len(whole) // size):
            parts.append(whole[k * size : (k + 1) * size])
            start = k * seconds
            rows.append(
                slices.iloc[places[0]].to_dict()
                | {"slice_id": f"{track}:{k}", "start": start, "end": start + seconds}
            )
    if not parts:
        raise StudyError(f"no track is {seconds} seconds long")
    return np.stack(parts), pd.DataFrame(rows).set_index("slice_id")


def _versions(music: Corpus, folder: Path, say: Callable[[str], None]) -> None:
    """Keep the mel frames of every slice in other pitches and tempi beside the parts."""
    file = folder / "versions.npy"
    slices = slice_tracks(music.tracks)
    if file.is_file() and len(np.load(file, mmap_mode="r")) == len(slices):
        return
    say("changing pitch and tempo of the tracks (once)")
    run = joblib.Parallel(n_jobs=-1)
    tables = run(
        joblib.delayed(_altered)(music.audio(str(track)), part["start"].to_numpy())
        for track, part in slices.groupby("track_id", sort=False)
    )
    part = file.with_suffix(".part.npy")
    np.save(part, np.concatenate(tables))
    part.replace(file)


def _altered(y: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Measure the slices of a track in all versions: ``(n_slices, n_versions, n_frames, 64)``."""
    length = round(SLICE_LENGTH * SAMPLE_RATE)
    sounds = [
        (librosa.effects.pitch_shift(y, sr=SAMPLE_RATE, n_steps=steps), 1.0) for steps in SEMITONES
    ] + [(librosa.effects.time_stretch(y, rate=rate), rate) for rate in TEMPI]
    measured = []
    for start in starts:
        at = [min(round(start * SAMPLE_RATE / rate), len(x) - length) for x, rate in sounds]
        parts = [x[i : i + length] for i, (x, _) in zip(at, sounds, strict=True)]
        measured.append(np.stack([sequence(Spectra(part), "mel") for part in parts]))
    return np.stack(measured).astype(np.float32)


def _table(predictions: pd.DataFrame) -> pa.Table:
    """Pack predictions: names as dictionaries, probabilities with three digits."""
    table = predictions.rename(columns={"model": "experiment"}).drop(columns=["protocol", "unit"])
    for column in table.columns[table.columns.str.startswith("p_")]:
        table[column] = (table[column] * 1000).round().astype(np.int16)
    for column in ("fold", "repetition"):
        table[column] = table[column].astype(np.int8)
    return pa.Table.from_pandas(table, preserve_index=False)
