"""The study behind chapter 6: many small trainings under one protocol, one change at a time.

``genrelib study lstm`` runs it, experiment by experiment and repetition by repetition; each part
is kept as it is finished, so that a run that was stopped goes on. The package embeds the parts as
they were recorded on GTZAN-mini, as one table of predictions from which the chapter computes
whatever it shows.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import joblib
import librosa
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.fft import dct
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from genrelib.corpus import (
    RECORDED,
    SAMPLE_RATE,
    Corpus,
    cache_root,
    corpus_slug,
    load_corpus,
    metadata,
    versions,
    write_parquet,
)
from genrelib.evaluation import cross_validate, mean_with_interval, plan
from genrelib.features import (
    FRAME_BANDS,
    SLICE_LENGTH,
    Spectra,
    frames,
    sequence,
    slice_tracks,
    usable,
)
from genrelib.models import RECURRENT, make_model

__all__ = [
    "EXPERIMENTS", "Experiment", "StudyError", "compare", "hits", "load_study", "parts_folder",
    "pieces", "record_study", "run_study", "summarise_study",
]  # fmt: skip

FORMAT = 1  # to be raised when the same settings begin to mean another training
REPETITIONS = 2
STUDY_FILE = RECORDED / "lstm-study.parquet"
SEMITONES, TEMPI = (-2, 2), (0.9, 1.1)
"""Versions of a track for augmentation: steps of pitch, and rates of speed."""
Shuffle = Callable[[np.ndarray, np.random.Generator], np.ndarray]


class StudyError(ValueError):
    """A study that cannot be run, or was not."""


@dataclass(frozen=True)
class Experiment:
    """One row of the study: a model, what it is given, and what is different about it.

    Parameters
    ----------
    name : str
        Its name, unique in the study.
    group : {"ladder", "change", "order", "input", "length"}
        Which question of the chapter it belongs to.
    model : str
        A recurrent model, as for :func:`genrelib.models.make_model`.
    settings : dict
        What is different from that model.
    given : str
        A kind of frames, or one of :data:`INPUTS`.
    order : str
        One of :data:`ORDERS`.
    seconds : float
        Length of the pieces.
    single : bool
        Whether to train on one piece of each track only.
    audio : bool
        Whether it also trains on versions in another pitch and tempo, which need the audio.
    """

    name: str
    group: str
    model: str = "crnn"
    settings: dict[str, Any] = field(default_factory=dict)
    given: str = "mel"
    order: str = "in order"
    seconds: float = SLICE_LENGTH
    single: bool = False
    audio: bool = False

    @property
    def file_name(self) -> str:
        """Its name as a name of files."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


FIRST = {"pool": 1, "units": (64, 64), "learning_rate": 1e-3, "epochs": 40}
"""The plain network that the chapter begins with: two layers of 64, every frame a step."""


def _second_blocks(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shuffle stretches of about a second, and leave them as they are inside."""
    n_blocks = round(SLICE_LENGTH)
    size = X.shape[1] // n_blocks
    blocks = X[:, : n_blocks * size].reshape(len(X), n_blocks, size, -1)
    places = rng.permuted(np.tile(np.arange(n_blocks), (len(X), 1)), axis=1)
    mixed = np.take_along_axis(blocks, places[:, :, None, None], axis=1)
    return mixed.reshape(len(X), n_blocks * size, -1)


def _any_order(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    places = rng.permuted(np.tile(np.arange(X.shape[1]), (len(X), 1)), axis=1)
    return np.take_along_axis(X, places[:, :, None], axis=1)


ORDERS: dict[str, Shuffle] = {
    "in order": lambda X, rng: X,
    "backwards": lambda X, rng: X[:, ::-1],
    "seconds shuffled": _second_blocks,
    "frames shuffled": _any_order,
    "mean only": lambda X, rng: np.repeat(X.mean(axis=1, keepdims=True), X.shape[1], axis=1),
}
"""What is done to the frames of every slice, in training as in testing."""

INPUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mel, cosines": lambda X: dct(X, norm="ortho", axis=-1),
    "mel, 20 cosines": lambda X: dct(X, norm="ortho", axis=-1)[..., :20],
    "mel, 20 wide bands": lambda X: np.stack(
        [part.mean(axis=-1) for part in np.array_split(X, 20, axis=-1)], axis=-1
    ),
}
"""Other ways to give the mel bands: as all their cosines, the first 20, or 20 means."""


def _experiments() -> list[Experiment]:
    plain: dict[str, Any] = {"model": "lstm", "settings": FIRST}
    best = RECURRENT["crnn"]
    ladder = [
        Experiment("LSTM", "ladder", given="mfcc", **plain),
        Experiment("LSTM on mel", "ladder", **plain),
        Experiment("LSTM, steps of four frames", "ladder", "lstm", FIRST | {"pool": 4}),
        Experiment(
            "CRNN, last state", "ladder",
            settings={"summary": "last", "schedule": "constant"},
        ),
        Experiment("CRNN, mean of states", "ladder", settings={"schedule": "constant"}),
        Experiment("CRNN", "ladder"),
    ]  # fmt: skip
    masks = {"time": 0.2, "bands": 0.3}
    longer = round(1.5 * best["epochs"])
    changes = {
        "early stopping": {"validation": 0.2, "epochs": longer, "schedule": "constant"},
        "early stopping, plateau": {"validation": 0.2, "epochs": longer, "schedule": "plateau"},
        "no gradient clipping": {"clipnorm": None},
        "no dropout": {"dropout": 0.0},
        "dropout 0.4": {"dropout": 0.4},
        "L2": {"l2": 1e-3},
        "label smoothing": {"smoothing": 0.1},
        "L2 and label smoothing": {"l2": 1e-3, "smoothing": 0.1},
        "masks": {"augment": masks, "epochs": longer},
        "gain": {"augment": {"gain": (6.0, 1.0)}},
        "mix-up": {"augment": {"mixup": 0.4}, "epochs": longer},
        "bidirectional": {"bidirectional": True, "units": (32,)},
        "attention": {"summary": "attention"},
        "no LSTM": {"units": ()},
        "two LSTM layers": {"units": (64, 64)},
    }
    changed = [Experiment(f"CRNN, {name}", "change", settings=s) for name, s in changes.items()]
    changed.append(Experiment("CRNN, pitch and tempo", "change", audio=True))
    orders = [
        Experiment(f"{name}, {order}", "order", order=order, **kind)
        for name, kind in (("LSTM", plain | {"given": "mfcc"}), ("CRNN", {}))
        for order in ORDERS
        if order != "in order"
    ]
    inputs = [Experiment("CRNN on mfcc", "input", given="mfcc")]
    inputs += [Experiment(f"CRNN on {name}", "input", given=name) for name in INPUTS]
    lengths = [
        Experiment(
            f"CRNN, {seconds} s{' from one piece' if single else ''}", "length",
            settings={"batch_size": 8 if single else round(40 * SLICE_LENGTH / seconds)},
            seconds=seconds, single=single,
        )
        for single in (False, True)
        for seconds in (1, 2, 3, 6, 15, 30)
        if single or seconds != SLICE_LENGTH
    ]  # fmt: skip
    return [*ladder, *inputs, *orders, *changed, *lengths]


EXPERIMENTS = _experiments()
"""All experiments, in the order in which they are run."""


class OnePiece(ClassifierMixin, BaseEstimator):
    """A classifier that is trained on one piece of each track, drawn by lot.

    Parameters
    ----------
    estimator : sklearn.base.BaseEstimator
        The classifier.
    seed : int
        Seed of the draw.
    """

    def __init__(self, estimator: BaseEstimator, seed: int = 0) -> None:
        self.estimator = estimator
        self.seed = seed

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> OnePiece:
        """Train on one piece of each track.

        Parameters
        ----------
        X : numpy.ndarray
            Frames, shape ``(n_pieces, n_frames, n_bands)``.
        y : numpy.ndarray
            Genres, shape ``(n_pieces,)``.
        groups : numpy.ndarray
            Tracks, shape ``(n_pieces,)``.

        Returns
        -------
        OnePiece
            Itself.
        """
        order = np.random.default_rng(self.seed).permutation(len(X))
        chosen = order[np.unique(np.asarray(groups)[order], return_index=True)[1]]
        self.estimator_ = clone(self.estimator).fit(X[chosen], y[chosen])
        self.classes_ = self.estimator_.classes_
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Give the probabilities of the genres.

        Parameters
        ----------
        X : numpy.ndarray
            Frames, shape ``(n_pieces, n_frames, n_bands)``.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_pieces, n_genres)``.
        """
        return self.estimator_.predict_proba(X)


# --- running it ------------------------------------------------------------------------------


def run_study(
    corpus: str = "gtzan-mini",
    *,
    only: Iterable[str] = (),
    repetitions: int = REPETITIONS,
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
    repetitions : int
        Runs of each experiment, with other folds and other initial weights.
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


def _run(e: Experiment, music: Corpus, folder: Path, repetitions: int) -> list[str]:
    """Run the repetitions of an experiment that are missing; say what was done."""
    lines = []
    made: tuple[np.ndarray, pd.DataFrame] | None = None
    for repetition in range(repetitions):
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


# --- what it found ---------------------------------------------------------------------------


def _table(predictions: pd.DataFrame) -> pa.Table:
    """Pack predictions: names as dictionaries, probabilities with three digits."""
    table = predictions.rename(columns={"model": "experiment"}).drop(columns="protocol")
    for column in table.columns[table.columns.str.startswith("p_")]:
        table[column] = (table[column] * 1000).round().astype(np.int16)
    for column in ("fold", "repetition"):
        table[column] = table[column].astype(np.int8)
    return pa.Table.from_pandas(table, preserve_index=False)


def load_study(corpus: str = "gtzan-mini") -> pd.DataFrame:
    """Read the study of a corpus: what was run here, or else what the package has recorded.

    Parameters
    ----------
    corpus : str
        Name of the corpus.

    Returns
    -------
    pandas.DataFrame
        One row per slice, repetition and experiment: the predictions table with the columns
        ``experiment`` and ``repetition``. ``attrs``: ``corpus``, ``source`` (``"run here"`` or
        ``"recorded"``), ``recorded`` (days), ``versions``, ``command``, and for each experiment
        ``curves`` and ``seconds``. Where neither exists for the corpus, the recorded one of
        GTZAN-mini.

    Raises
    ------
    StudyError
        If the recorded study cannot be read.
    """
    folder = parts_folder(corpus)
    parts = sorted(folder.glob("*.parquet")) if folder.is_dir() else []
    silent = {e.name for e in EXPERIMENTS if e.audio}  # may be left out
    if parts and not set(_missing(parts)) - silent:
        return _unpacked(*_joined(parts, corpus), "run here")
    try:
        table = pq.read_table(STUDY_FILE)
        about = metadata(STUDY_FILE) or {}
        return _unpacked(table, about, "recorded")
    except (OSError, KeyError, ValueError) as error:
        raise StudyError(f"{STUDY_FILE}: not a recorded study ({error}); install again") from error


def _missing(parts: Sequence[Path]) -> list[str]:
    done = {about["experiment"] for part in parts if (about := metadata(part))}
    return [e.name for e in EXPERIMENTS if e.name not in done]


def _joined(parts: Sequence[Path], corpus: str) -> tuple[pa.Table, dict[str, Any]]:
    """Put the parts of a study into one table, in the order of the experiments."""
    order = {e.name: i for i, e in enumerate(EXPERIMENTS)}
    known = {p: m for p in parts if (m := metadata(p)) and m["experiment"] in order}
    rank = sorted(known, key=lambda p: (order[known[p]["experiment"]], known[p]["repetition"]))
    firsts = [known[p] for p in rank if known[p]["repetition"] == 0]
    about = {
        "corpus": corpus,
        "command": f"genrelib study lstm --corpus {corpus}",
        "recorded": sorted({known[p]["recorded"] for p in rank}),
        "versions": firsts[0]["versions"],
        "processor": firsts[0]["processor"],
        "curves": {m["experiment"]: m["curves"] for m in firsts},
        "seconds": {m["experiment"]: round(m["seconds"]) for m in firsts},
    }
    return pa.concat_tables([pq.read_table(p) for p in rank], promote_options="permissive"), about


def _unpacked(table: pa.Table, about: dict[str, Any], source: str) -> pd.DataFrame:
    frame = table.to_pandas()
    for column in frame.columns[frame.columns.str.startswith("p_")]:
        frame[column] = frame[column] / 1000
    frame.attrs = about | {"source": source}
    return frame


def record_study(corpus: str = "gtzan-mini", file: Path = STUDY_FILE) -> Path:
    """Make the study that was run here the recorded one.

    Parameters
    ----------
    corpus : str
        Name of the corpus.
    file : pathlib.Path
        Where it is recorded.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    StudyError
        If an experiment is missing, or it is about a corpus that is not recorded.
    """
    if file == STUDY_FILE and corpus != "gtzan-mini":
        raise StudyError(f"only the study of gtzan-mini is recorded, not that of {corpus}")
    parts = sorted(parts_folder(corpus).glob("*.parquet"))
    if missing := _missing(parts):
        raise StudyError(
            f"{len(missing)} experiments are missing, {missing[0]!r} first: "
            f"run `genrelib study lstm --corpus {corpus}`"
        )
    table, about = _joined(parts, corpus)
    names = ["experiment", "slice_id", "track_id", "genre", "predicted"]
    for name in names:
        place = table.column_names.index(name)
        table = table.set_column(place, name, table[name].dictionary_encode().unify_dictionaries())
    write_parquet(file, table, about)
    return file


def hits(study: pd.DataFrame, experiments: Sequence[str], level: str = "slice") -> pd.DataFrame:
    """Say how often each slice, or each track by the vote of its slices, was named rightly.

    Parameters
    ----------
    study : pandas.DataFrame
        From :func:`load_study`.
    experiments : sequence of str
        Their names.
    level : {"slice", "track"}
        Slices, or tracks.

    Returns
    -------
    pandas.DataFrame
        Share of the repetitions that were right, one column per experiment; index ``track_id``
        and, per slice, ``slice_id``. Missing where an experiment has no such piece.
    """
    rows = study[study["experiment"].isin(experiments)]
    units = ["track_id", "slice_id"] if level == "slice" else ["track_id"]
    keys = ["experiment", "repetition", *units]
    if level == "slice":
        right = (rows["genre"] == rows["predicted"]).groupby([rows[k] for k in keys]).first()
    else:
        numbers = [c for c in rows if str(c).startswith("p_")]
        votes = rows.groupby(keys)[numbers].mean().idxmax(axis=1).map(_genre)
        right = votes == rows.groupby(keys)["genre"].first()
    table = right.groupby(["experiment", *units]).mean().unstack("experiment")
    return table[list(experiments)]


def summarise_study(study: pd.DataFrame) -> pd.DataFrame:
    """Lay the study out, one row per experiment.

    Parameters
    ----------
    study : pandas.DataFrame
        From :func:`load_study`.

    Returns
    -------
    pandas.DataFrame
        Accuracy per slice with its 95 % interval, per track, and the number of repetitions.
    """
    names = list(study["experiment"].unique())
    found = compare(study, names)
    text = [f"{r.value:.3f} ({r.low:.3f} to {r.high:.3f})" for r in found.itertuples()]
    votes = compare(study, names, level="track")["value"].round(3)
    repetitions = study.groupby("experiment")["repetition"].nunique()
    return pd.DataFrame(
        {"per slice": text, "per track": votes, "repetitions": repetitions[names]}, index=names
    )


def _genre(column: str) -> str:
    return column.removeprefix("p_")


def compare(
    study: pd.DataFrame,
    experiments: Sequence[str],
    base: str | None = None,
    *,
    level: str = "slice",
    seed: int = 0,
) -> pd.DataFrame:
    """Score experiments with 95 % intervals that resample tracks; or the difference from another.

    Parameters
    ----------
    study : pandas.DataFrame
        From :func:`load_study`.
    experiments : sequence of str
        Their names.
    base : str, optional
        The experiment to subtract, slice by slice or track by track.
    level : {"slice", "track"}
        Slices, or tracks.
    seed : int
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        One row per experiment: ``value`` (mean over repetitions), ``low``, ``high``, and
        ``least`` and ``most``, the lowest and highest accuracy of a repetition (of the experiment
        itself, with ``base``, too).
    """
    rows = []
    for name in experiments:
        table = hits(study, [name] if base in (None, name) else [name, base], level).dropna()
        values = table[[name]] if base is None else table[[name]].sub(table[base], axis=0)
        tracks = table.index.get_level_values("track_id")
        row = mean_with_interval(values, tracks, seed=seed).iloc[0]
        runs = study[study["experiment"] == name]
        each = [
            float(hits(part, [name], level)[name].mean()) for _, part in runs.groupby("repetition")
        ]
        rows.append({"experiment": name, **row, "least": min(each), "most": max(each)})
    return pd.DataFrame(rows).set_index("experiment")
