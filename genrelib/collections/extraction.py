"""From a collection to measurements on disk, however large it is and whatever interrupts it.

:func:`extract` deals the tracks of a corpus into batches. Each batch is measured by one process,
on this machine or on a Dask cluster, and becomes one Parquet file (a part), written whole or not
at all. A run that was stopped, at whatever point, measures the parts that are not there yet; what
comes out is the same as if nothing had happened. How a folder of parts looks is in
:mod:`genrelib.corpus`.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import platform
import re
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator
from concurrent import futures
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import filelock
import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from genrelib import __version__
from genrelib.corpus import (
    ERRORS_FILE,
    LOCK_FILE,
    MANIFEST_FILE,
    SAMPLE_RATE,
    TRACK_COLUMNS,
    TRACKS_FILE,
    UNFINISHED,
    AudioError,
    Broken,
    Corpus,
    Manifest,
    StoreError,
    absolute_name,
    cannot_write,
    metadata,
    part_file,
    read_manifest,
    read_tracks,
    write_parquet,
)
from genrelib.features import (
    FEATURES,
    FRAME_BANDS,
    FRAME_STEP,
    HEARD,
    HOP_LENGTH,
    SLICE_LENGTH,
    STUDY,
    STUDY_COLUMNS,
    Feature,
    columns,
    ear_definitions,
    feature_definitions,
    hear_slices,
    matrix,
    measure_slices,
    slice_tracks,
)

BATCH = 32
"""Tracks per part: what is lost of a worker's time when it is killed, at most."""

LIBRARIES = ("librosa", "numpy", "scipy", "numba", "soundfile", "soxr", "onnxruntime", "pyarrow")
ANSWER = 10.0
"""Seconds that a scheduler has to answer."""
PATIENCE = 60.0
"""Seconds that a cluster may be without any worker."""
_CANCELLED = (asyncio.CancelledError, futures.CancelledError)
_SAME = "Install the same genrelib, librosa, numpy, onnxruntime, soxr and soundfile everywhere"


class ExtractError(RuntimeError):
    """A run that cannot start or go on; the message says why and what to do."""


@dataclass(frozen=True)
class Batch:
    """The tracks of one part, and how to measure them; goes to a worker.

    Parameters
    ----------
    folder : pathlib.Path
        Where the part is written.
    number : int
        Number of the part.
    tracks : pandas.DataFrame
        Its rows of the table of tracks.
    frames : list of str
        Kinds of frame sequences to keep.
    heard : list of str
        What to keep of what the pretrained ear hears.
    definitions : str
        Fingerprint of the features; a worker that has others refuses.
    features : tuple of genrelib.features.Feature
        The features.
    root : str
        The folder that all audio of the run is in; empty where there is no such folder.
    parent : int
        Process that must live for the work to be wanted; 0 where it is on another machine.
    """

    folder: Path
    number: int
    tracks: pd.DataFrame
    frames: list[str]
    heard: list[str]
    definitions: str
    features: tuple[Feature, ...]
    root: str
    parent: int

    @property
    def file(self) -> Path:
        """The part."""
        return part_file(self.folder, self.number)

    def about(self) -> dict[str, Any]:
        """Say what the part is made from; what is measured on the way comes to it.

        Returns
        -------
        dict
            Number, fingerprint of the features, kinds of frames, tracks with their number of
            slices, and what the ear is asked for.
        """
        counts = slice_tracks(self.tracks)["track_id"].value_counts()
        return {
            "part": self.number,
            "definitions": self.definitions,
            "frames": self.frames,
            "tracks": {str(track): int(counts.get(track, 0)) for track in self.tracks.index},
        } | ({"heard": self.heard} if self.heard else {})


@dataclass(frozen=True)
class Report:
    """What a worker says about a part: small, however large the part is.

    Parameters
    ----------
    part : int
        Its number.
    tracks : int
        Number of its tracks.
    slices : int
        Number of slices measured.
    lost : int
        Number of slices of the files that could not be used.
    broken : list of Broken
        Files that could not be used.
    bytes : int
        Size of the part.
    seconds : float
        How long it took.
    memory : int
        The most memory that the process ever had, in bytes; 0 where the system does not say.
    process : int
        Number of the process.
    """

    part: int
    tracks: int
    slices: int
    lost: int
    broken: list[Broken]
    bytes: int
    seconds: float
    memory: int
    process: int


@dataclass(frozen=True)
class Summary:
    """What a run came to.

    Parameters
    ----------
    tracks : int
        Tracks whose measurements are in the folder; one shorter than a slice has none.
    slices : int
        Rows that are in the folder.
    broken : pandas.DataFrame
        Files that could not be used; columns track_id, path, reason.
    parts : int
        Parts that are in the folder.
    measured : int
        Slices of them that this run measured.
    seconds : float
        How long it took.
    """

    tracks: int
    slices: int
    broken: pd.DataFrame
    parts: int
    measured: int
    seconds: float

    def __str__(self) -> str:
        text = f"{self.slices:,} slices of {self.tracks:,} tracks in {self.parts:,} parts"
        if len(self.broken):
            text += f"; {_files(len(self.broken))} cannot be used, see {ERRORS_FILE}"
        if not self.measured:
            return f"{text}; nothing was left to do"
        took = tqdm.format_interval(self.seconds)
        rate = self.measured / self.seconds
        return f"{text}; {self.measured:,} measured now in {took}, {rate:.1f} a second"


def extract(
    corpus: Corpus,
    folder: str | Path,
    *,
    jobs: int | None = None,
    batch: int | None = None,
    frames: bool = True,
    ear: bool = False,
    strict: bool = False,
    dask: str | None = None,
    progress: bool = True,
    report: Callable[[Report], None] = lambda report: None,
) -> Summary:
    """Measure a collection into a folder, or continue to.

    Parameters
    ----------
    corpus : Corpus
        A corpus whose audio is on disk, as loaded with ``on_error="skip"``.
    folder : str or pathlib.Path
        Where to write. Parts that are there already, and whole, are kept.
    jobs : int, optional
        Processes to use; all the cores this process may use if left out.
    batch : int, optional
        Tracks per part: :data:`BATCH`, or what the folder was begun with.
    frames : bool
        Whether to keep the frame sequences, which take most of the space and which chapter 6
        learns from.
    ear : bool
        Whether to have the pretrained ear listen, too.
    strict : bool
        Whether files that cannot be used are an error.
    dask : str, optional
        Address of a ``dask.distributed`` scheduler, such as ``tcp://192.0.2.7:8786``, whose
        workers measure instead of processes of this machine. They read and write the same paths.
    progress : bool
        Whether to say how far it is, at what rate, and how long it will take.
    report : callable
        Called for each part that was measured.

    Returns
    -------
    Summary
        What is in the folder now.

    Raises
    ------
    ExtractError
        If the run cannot start, or a worker process died; or, with `strict`, if a file cannot be
        used.
    StoreError
        If the folder cannot be written, or holds something else.
    """
    begun = time.perf_counter()
    folder = Path(folder).expanduser().resolve()
    if strict and len(corpus.skipped):
        raise _too_strict(_skipped(corpus))
    with _locked(folder):
        manifest, tracks, broken = _plan(corpus, folder, batch, frames, ear)
        parent = 0 if dask else os.getpid()
        found = {
            batch.number: _finished(batch, strict=strict)
            for batch in _batches(manifest, tracks, folder, parent)
        }
        there = {number: part for number, part in found.items() if part is not None}
        rest = set(found) - set(there)
        if rest:
            (folder / ERRORS_FILE).unlink(missing_ok=True)
        wanted = (b for b in _batches(manifest, tracks, folder, parent) if b.number in rest)
        with (
            _Progress(
                manifest.slices, sum(p.slices + p.lost for p in there.values()), progress
            ) as bar,
            contextlib.closing(_run(wanted, len(rest), jobs, dask)) as reports,
        ):
            for done in reports:
                there[done.part] = _Finished(done.slices, done.lost, done.broken)
                bar.add(done)
                report(done)
                if strict and done.broken:
                    raise _too_strict(done.broken)
        lost = [row for number in sorted(there) for row in there[number].broken]
        _finish(folder, there, broken + lost)
        return Summary(
            tracks=slice_tracks(tracks)["track_id"].nunique() - len(lost),
            slices=sum(part.slices for part in there.values()),
            broken=_error_table(broken + lost),
            parts=len(there),
            measured=sum(there[number].slices for number in rest),
            seconds=time.perf_counter() - begun,
        )


def _too_strict(broken: list[Broken]) -> ExtractError:
    lines = "".join(f"\n  {path}: {reason}" for _, path, reason in broken[:20])
    lines += f"\n  and {len(broken) - 20} more" * (len(broken) > 20)
    return ExtractError(
        f"{_files(len(broken))} cannot be used:{lines}\nRepair or remove what is broken and run "
        "the same command again, or leave --strict out: errors.parquet will then list it"
    )


def _files(count: int) -> str:
    return f"{count:,} file{'s' * (count != 1)}"


# --- the plan --------------------------------------------------------------------------------


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep a second run out of a folder; the lock of a run that was killed goes with it."""
    lock = filelock.FileLock(folder / LOCK_FILE, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout as error:
        raise ExtractError(
            f"{folder}: another run is writing here. Wait for its end, or choose another folder"
        ) from error
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        for left in folder.glob(f".*{UNFINISHED}"):
            left.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def _plan(
    corpus: Corpus, folder: Path, batch: int | None, frames: bool, ear: bool = False
) -> tuple[Manifest, pd.DataFrame, list[Broken]]:
    """Deal the tracks into batches, or take up the plan that the folder was begun with."""
    absent = corpus.tracks.index[corpus.tracks["path"].isna()]
    if len(absent):
        raise ExtractError(
            f"{corpus.name}: no audio on disk for {len(absent)} of its tracks ({absent[0]}). Set "
            "GENRELIB_DATA, or see `genrelib corpus show`"
        )
    if (folder / MANIFEST_FILE).exists():
        return _resume(corpus, folder, batch, frames, ear)
    foreign = [p for p in folder.iterdir() if p.name not in (LOCK_FILE, TRACKS_FILE)]
    if foreign:
        raise StoreError(
            f"{folder}: not empty ({foreign[0].name}), and not begun by `genrelib extract`. "
            "Choose a new folder"
        )
    batch = BATCH if batch is None else batch
    tracks = corpus.tracks.assign(batch=(np.arange(len(corpus.tracks)) // batch).astype(np.int32))
    broken = _skipped(corpus)
    manifest = _manifest(absolute_name(corpus.name), tracks, batch, frames, ear)
    if not manifest.slices:
        raise ExtractError(f"{corpus.name} has no slice: every track is shorter than one")
    _write_tracks(folder, tracks, broken)
    # Last: with its manifest, the folder is one that can be continued.
    manifest.write(folder)
    return manifest, tracks, broken


def _skipped(corpus: Corpus) -> list[Broken]:
    rows = corpus.skipped[["path", "reason"]].to_numpy(object)
    return [(None, str(path), str(reason)) for path, reason in rows]


def _manifest(name: str, tracks: pd.DataFrame, batch: int, frames: bool, ear: bool) -> Manifest:
    return Manifest(
        corpus=name,
        definitions=_definitions(ear),
        columns=columns(),
        frames=list(FRAME_BANDS) if frames else [],
        slice_length=SLICE_LENGTH,
        batch=batch,
        tracks=len(tracks),
        slices=len(slice_tracks(tracks)),
        parts=int(tracks["batch"].max()) + 1,
        heard=list(HEARD) if ear else [],
        versions={"python": platform.python_version(), "genrelib": __version__}
        | {name: version(name) for name in LIBRARIES},
    )


def _write_tracks(folder: Path, tracks: pd.DataFrame, broken: list[Broken]) -> None:
    words = [name for name in TRACK_COLUMNS if tracks[name].dtype == object]
    table = pa.Table.from_pandas(
        tracks.reset_index(),
        schema=pa.schema(
            [("track_id", pa.string())]
            + [(c, pa.string() if c in words else pa.float64()) for c in TRACK_COLUMNS]
            + [("batch", pa.int32())]
        ),
        preserve_index=False,
    )
    write_parquet(folder / TRACKS_FILE, table, {"broken": broken})


def _resume(
    corpus: Corpus, folder: Path, batch: int | None, frames: bool, ear: bool = False
) -> tuple[Manifest, pd.DataFrame, list[Broken]]:
    """Take up an earlier plan, if it is one of the same music, options and definitions."""
    old = read_manifest(folder)
    tracks, broken = read_tracks(folder)
    name = absolute_name(corpus.name)
    new = _manifest(name, tracks, old.batch if batch is None else batch, frames, ear)
    differ = []
    for name, what in (
        ("corpus", "the corpus {}"),
        ("frames", "frames {}"),
        ("heard", "the pretrained ear {}"),
        ("batch", "{} tracks per part"),
        ("slice_length", "slices of {} seconds"),
        ("definitions", "the feature definitions {}"),
    ):
        before, now = getattr(old, name), getattr(new, name)
        if before != now:
            differ.append(f"{what.format(before or 'left out')}, now {now or 'left out'}")
    if differ:
        raise StoreError(
            f"{folder} was begun with {'; '.join(differ)}. Continue with the same options and "
            "versions, or choose another folder"
        )
    known = tracks.reindex(corpus.tracks.index)
    changed = corpus.tracks.index[
        (known["genre"] != corpus.tracks["genre"])
        | (known["duration"] != corpus.tracks["duration"])
    ]
    if len(changed):
        raise StoreError(
            f"{folder} was begun when {corpus.name} was another: {len(changed)} of its tracks are "
            f"new or changed ({changed[0]}). Choose another folder"
        )
    # Files may have moved since with GENRELIB_DATA; those that went away are found to be broken.
    tracks["path"] = corpus.tracks["path"].reindex(tracks.index).fillna(tracks["path"])
    return old, tracks, broken


def _batches(
    manifest: Manifest, tracks: pd.DataFrame, folder: Path, parent: int
) -> Iterator[Batch]:
    root = ""
    with contextlib.suppress(ValueError):  # on Windows: several drives
        root = os.path.commonpath([*tracks["path"].map(os.path.dirname).unique()])
    for _, rows in tracks.groupby("batch"):
        yield Batch(
            folder=folder,
            number=int(rows["batch"].iloc[0]),
            tracks=rows.drop(columns="batch"),
            frames=manifest.frames,
            heard=manifest.heard,
            definitions=manifest.definitions,
            features=tuple(FEATURES),
            root=root,
            parent=parent,
        )


class _Finished(NamedTuple):
    """What is in a finished part, and what should be: slices, and slices of broken files."""

    slices: int
    lost: int
    broken: list[Broken]


def _finished(batch: Batch, *, strict: bool) -> _Finished | None:
    """Say what is in a part that is there and whole, else None."""
    found = metadata(batch.file)
    if found is None:
        return None
    about = batch.about()
    broken: list[Broken] = [tuple(row) for row in found.get("broken", [])]
    lost = sum(about["tracks"].get(track, 0) for track, _, _ in broken)
    expected = sum(about["tracks"].values()) - lost
    same = all(found.get(name) == value for name, value in about.items())
    # A strict run wants a file to be tried again once it has been repaired.
    if not same or found["rows"] != expected or (strict and broken):
        return None
    return _Finished(found["rows"], lost, broken)


def _error_table(broken: list[Broken]) -> pd.DataFrame:
    return pd.DataFrame(broken, columns=["track_id", "path", "reason"], dtype=object)


def _finish(folder: Path, there: dict[int, _Finished], broken: list[Broken]) -> None:
    """Write the list of broken files, which says that all is done."""
    names = {file.name for file in folder.iterdir()}
    if lacking := [n for n in there if part_file(folder, n).name not in names]:
        raise ExtractError(
            f"{folder}: {len(lacking)} parts that were written are not here. Workers on other "
            "machines must write to the same disk; then run the same command again"
        )
    table = _error_table(broken)
    text = pa.schema([(name, pa.string()) for name in table])
    write_parquet(
        folder / ERRORS_FILE, pa.Table.from_pandas(table, text, preserve_index=False), {}
    )


# --- a worker --------------------------------------------------------------------------------


def _measure(batch: Batch) -> Report:
    """Measure a batch and write its part; runs in a process of its own."""
    begun = time.perf_counter()
    _check_worker(batch)
    slices = slice_tracks(batch.tracks)
    tables: list[pa.Table] = []
    broken: list[Broken] = []
    with threadpool_limits(1):
        for track, path in batch.tracks["path"].items():
            if batch.parent and os.getppid() != batch.parent:
                os._exit(1)  # whoever wanted this is gone, and may be back with other workers
            rows = slices[slices["track_id"] == track]
            try:
                tables += [_rows(batch, rows, path)] if len(rows) else []
            except AudioError as error:
                _check_root(batch.root)
                broken.append((str(track), error.path, error.reason))
            except MemoryError as error:
                raise ExtractError(
                    f"{path}: the memory of {platform.node()} does not suffice to measure it. Use "
                    "fewer workers at a time, or leave the file out"
                ) from error
            except Exception as error:
                # One odd file of a hundred thousand must not end a night's work.
                reason = f"cannot be measured ({type(error).__name__}: {error})"
                broken.append((str(track), path, reason))
    lost = {track for track, _, _ in broken}
    table = _part(slices[~slices["track_id"].isin(lost)], tables, batch)
    floats = [name for name in table.column_names if name not in _KEYS]
    size = write_parquet(batch.file, table, batch.about() | {"broken": broken}, floats)
    return Report(
        part=batch.number,
        tracks=len(batch.tracks),
        slices=len(table),
        lost=len(slices) - len(table),
        broken=broken,
        bytes=size,
        seconds=time.perf_counter() - begun,
        memory=_peak_memory(),
        process=os.getpid(),
    )


def _rows(batch: Batch, rows: pd.DataFrame, path: str) -> pa.Table:
    length = float((rows["end"] - rows["start"]).iloc[0])
    starts = rows["start"].tolist()
    table = measure_slices(path, starts, length, batch.features, batch.frames)
    if batch.heard:
        heard = hear_slices(path, starts, length)
        for name in batch.heard:
            table = table.append_column(name, heard.column(name))
    return table.select(["features", *_lists(batch.frames, batch.heard)])


def _lists(frames: list[str], heard: list[str]) -> dict[str, pa.DataType]:
    """Columns that hold several numbers per slice: the tables of the study, frames, the ear's."""
    study = {
        name: pa.list_(pa.float32(), sum(len(feature.columns) for feature in STUDY[which]))
        for name, which in STUDY_COLUMNS.items()
    }
    samples = round(SLICE_LENGTH * SAMPLE_RATE)
    n_frames = len(range(0, 1 + samples // HOP_LENGTH, FRAME_STEP))
    bands = FRAME_BANDS
    kept = {kind: pa.list_(pa.float16(), n_frames * bands[kind]) for kind in frames}
    return study | kept | {n: pa.list_(pa.float32(), len(HEARD[n])) for n in heard}


def _check_worker(batch: Batch) -> None:
    """Refuse to measure something else, or into a folder that nobody will look into."""
    # Processes of this machine were handed the features that it has, a reader's own included.
    if not batch.parent and _definitions(bool(batch.heard)) != batch.definitions:
        raise ExtractError(f"a worker on {platform.node()} has other definitions. {_SAME}")
    if not (batch.folder / MANIFEST_FILE).exists():
        raise ExtractError(
            f"{batch.folder}: not seen by a worker on {platform.node()}. All workers must see the "
            "audio and the folder under the same paths, on a disk that they share"
        )


def _check_root(root: str) -> None:
    """Tell a broken file from a disk that went away, with which every file would be broken."""
    if not root:
        return
    try:
        if next(os.scandir(root), None) is not None:
            return
        reason = "the folder is empty"
    except OSError as error:
        reason = error.strerror or str(error)
    raise ExtractError(
        f"{root}: the audio is not there any more on {platform.node()} ({reason}). Connect the "
        "disk again, then run the same command again"
    )


_KEYS = {"slice_id", "track_id", "genre", "artist", "side"}


def _part(slices: pd.DataFrame, tables: list[pa.Table], batch: Batch) -> pa.Table:
    """Join slices and measurements: one column per feature, under its own name."""
    names = ("track_id", "genre", "artist", "side")
    columns: dict[str, pa.Array] = {"slice_id": pa.array(slices.index.tolist(), pa.string())}
    columns |= {name: pa.array(slices[name].tolist(), pa.string()) for name in names}
    columns |= {name: pa.array(slices[name], pa.float64()) for name in ("start", "end")}
    lists = _lists(batch.frames, batch.heard)
    feature_names = [column for feature in batch.features for column in feature.columns]
    if tables:
        measured = pa.concat_tables(tables)
        values = matrix(measured, "features")
    else:  # a batch may hold nothing but broken files
        measured = pa.table({name: pa.array([], kind) for name, kind in lists.items()})
        values = np.empty((0, len(feature_names)), np.float32)
    columns |= {name: pa.array(values[:, i]) for i, name in enumerate(feature_names)}
    columns |= {name: measured.column(name).combine_chunks() for name in lists}
    return pa.table(columns)


def _peak_memory() -> int:
    # On Linux, getrusage counts what the parent held when it started this process, too.
    with contextlib.suppress(OSError):
        if peak := re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text()):
            return 1024 * int(peak[1])
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if platform.system() == "Darwin" else 1024 * most


# --- progress --------------------------------------------------------------------------------


class _Progress:
    """How far a run is: a bar on a terminal, else a line now and then, for a log."""

    EVERY = 30.0  # seconds between two lines

    def __init__(self, total: int, done: int, wanted: bool) -> None:
        self.live = wanted and sys.stderr.isatty()
        self.lines = wanted and not self.live
        self.broken = 0
        self.said = time.monotonic()
        self.bar = tqdm(
            total=total, initial=done, unit="slice", disable=not wanted, smoothing=0.1,
            file=sys.stderr if self.live else io.StringIO(), dynamic_ncols=True,
        )  # fmt: skip

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def add(self, report: Report) -> None:
        """Count a part; slices of broken files are done with, too."""
        self.broken += len(report.broken)
        if self.broken:
            self.bar.set_postfix_str(f"{self.broken} broken", refresh=False)
        self.bar.update(report.slices + report.lost)
        if self.lines and time.monotonic() - self.said > self.EVERY:
            self.said = time.monotonic()
            print(self.bar, file=sys.stderr, flush=True)


# --- running ---------------------------------------------------------------------------------


def _run(
    batches: Iterator[Batch], count: int, jobs: int | None, dask: str | None
) -> Generator[Report]:
    """Have the batches measured, and give each report as it comes."""
    if count and dask:
        yield from _on_cluster(batches, dask)
    elif count:
        yield from _here(batches, min(jobs or joblib.cpu_count(), count))


def _here(batches: Iterator[Batch], jobs: int) -> Iterator[Report]:
    """Measure in processes of this machine, each with one thread."""
    import loky

    threads = ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR", "NUMBA")
    executor = loky.ProcessPoolExecutor(
        jobs,
        # An idle worker whose parent was killed ends itself after so many seconds.
        timeout=30,
        initializer=_ignore_interrupts,
        env={f"{name}_NUM_THREADS": "1" for name in threads},
    )
    pending: set[futures.Future[Report]] = set()
    try:
        for batch in batches:
            pending.add(executor.submit(_measure, batch))
            if len(pending) >= 2 * jobs:
                done, pending = futures.wait(pending, return_when=futures.FIRST_COMPLETED)
                yield from (future.result() for future in done)
        yield from (future.result() for future in futures.as_completed(pending))
    except loky.BrokenProcessPool as error:
        raise ExtractError(
            "a worker process was killed, perhaps because the memory was used up; finished parts "
            "are kept. Run the same command again to continue, with a smaller --jobs or --batch "
            "if memory is short"
        ) from error
    finally:
        executor.shutdown(wait=True, kill_workers=True)


def _ignore_interrupts() -> None:
    # Ctrl-C reaches every process of a terminal; the first one ends the others in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _on_cluster(batches: Iterator[Batch], address: str) -> Iterator[Report]:
    """Measure on the workers of a Dask cluster; those of a worker that dies go to another."""
    try:
        import distributed
    except ImportError as error:
        raise ExtractError(
            "--dask needs dask.distributed: pip install 'genrelib[cluster]'"
        ) from error
    try:
        client = distributed.Client(address, timeout=ANSWER)
    except (OSError, ValueError, TypeError) as error:  # a TimeoutError is an OSError
        raise ExtractError(
            f"no Dask scheduler answers at {address} ({str(error).splitlines()[0]}). Start one "
            "with `dask scheduler`, and workers with `dask worker ADDRESS`"
        ) from error
    run = f"genrelib-{os.getpid()}-{time.time_ns()}"
    pending: set[Any] = set()
    try:
        _check_workers(client)
        for batch in batches:
            pending.add(client.submit(_measure, batch, key=f"{run}-{batch.number}", pure=False))
            while len(pending) >= 2 * max(1, sum(client.nthreads().values())):
                done, pending = _wait(client, pending)
                yield from (future.result() for future in done)
        while pending:
            done, pending = _wait(client, pending)
            yield from (future.result() for future in done)
    except (distributed.scheduler.KilledWorker, *_CANCELLED, OSError) as error:
        raise ExtractError(
            f"the Dask cluster at {address} has given up ({error or 'cancelled'}); finished parts "
            "are kept. See its logs, then run the same command again to continue"
        ) from error
    finally:
        with contextlib.suppress(Exception):
            client.cancel(list(pending), force=True)
        client.close(timeout=ANSWER)


def _check_workers(client: Any) -> None:
    """Refuse workers that would measure something else, or that are not there."""
    found = client.run(_definitions, on_error="return")
    if not found:
        raise ExtractError("the Dask cluster has no worker: start some with `dask worker ADDRESS`")
    for worker, definitions in found.items():
        if definitions != feature_definitions():
            problem = "it has other definitions"
            if isinstance(definitions, Exception):
                problem = f"it cannot load genrelib ({definitions})"
            raise ExtractError(f"Dask worker {worker}: {problem}. {_SAME}")


def _definitions(ear: bool = False) -> str:
    return feature_definitions() + (f"-{ear_definitions()}" if ear else "")


def _wait(client: Any, pending: set[Any]) -> tuple[set[Any], set[Any]]:
    """Wait until a part is done, but not for a cluster that has gone."""
    import distributed

    alone = time.monotonic()
    while True:
        try:
            done, rest = distributed.wait(list(pending), timeout=2, return_when="FIRST_COMPLETED")
            return done, rest
        except TimeoutError:
            if client.status == "running" and client.nthreads():
                alone = time.monotonic()
        if time.monotonic() - alone > PATIENCE:
            raise ExtractError(
                "the Dask cluster has lost its last worker; finished parts are kept. Start "
                "workers, then run the same command again to continue"
            )
