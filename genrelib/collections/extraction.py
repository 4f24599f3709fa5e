"""From a collection to measurements on disk, however large it is and whatever interrupts it.

:func:`extract` deals the tracks of a corpus into batches. Each batch is measured by one process,
on this machine or on a Dask cluster, and becomes one Parquet file (a part), written whole or not
at all. A run that was stopped, at whatever point, measures the parts that are not there yet; what
comes out is the same as if nothing had happened. How a folder of parts looks is in
:mod:`genrelib.corpus`.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from genrelib.collections.plan import (
    ExtractError,
    Finished,
    deal,
    error_table,
    finish,
    finished,
    left_out,
    locked,
    make_plan,
)
from genrelib.collections.running import run_batches
from genrelib.collections.worker import Report
from genrelib.corpus import ERRORS_FILE, Broken, Corpus
from genrelib.features import slice_tracks


@dataclass(frozen=True)
class Summary:
    """What a run came to.

    Explained in chapter 11.

    Parameters
    ----------
    tracks : int
        Tracks whose measurements are in the folder; one shorter than a slice has none.
    slices : int
        Rows that are in the folder.
    broken : pandas.DataFrame
        Files that could not be used; columns track_id, path, reason.
    notes : pandas.DataFrame
        What is odd about files that could, such as a lack of their end; the same columns.
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
    notes: pd.DataFrame
    parts: int
    measured: int
    seconds: float

    def __str__(self) -> str:
        text = f"{self.slices:,} slices of {self.tracks:,} tracks in {self.parts:,} parts"
        if len(self.broken):
            text += f"; {_files(len(self.broken))} cannot be used, see {ERRORS_FILE}"
        if odd := self.notes["path"].nunique():
            text += f"; {_files(odd)} heard in part or odd, see {ERRORS_FILE}"
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

    Explained in chapter 11.

    Parameters
    ----------
    corpus : Corpus
        A corpus whose audio is on disk, as loaded with ``on_error="skip"``.
    folder : str or pathlib.Path
        Where to write. Parts that are there already, and whole, are kept.
    jobs : int, optional
        Processes to use; all the cores this process may use if left out.
    batch : int, optional
        Tracks per part: :data:`genrelib.collections.plan.BATCH`, or what the folder was begun
        with.
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
        raise _too_strict(left_out(corpus))
    with locked(folder):
        manifest, tracks, broken = make_plan(corpus, folder, batch, frames, ear)
        parent = 0 if dask else os.getpid()
        found = {
            batch.number: finished(batch, strict=strict)
            for batch in deal(manifest, tracks, folder, parent)
        }
        there = {number: part for number, part in found.items() if part is not None}
        rest = set(found) - set(there)
        if rest:
            (folder / ERRORS_FILE).unlink(missing_ok=True)
        wanted = (b for b in deal(manifest, tracks, folder, parent) if b.number in rest)
        with (
            _Progress(
                manifest.slices, sum(p.slices + p.lost for p in there.values()), progress
            ) as bar,
            contextlib.closing(run_batches(wanted, len(rest), jobs, dask)) as reports,
        ):
            for done in reports:
                there[done.part] = Finished(done.slices, done.lost, done.broken, done.notes)
                bar.add(done)
                report(done)
                if strict and done.broken:
                    raise _too_strict(done.broken)
        lost = [row for number in sorted(there) for row in there[number].broken]
        notes = [row for number in sorted(there) for row in there[number].notes]
        finish(folder, there, broken + lost, notes)
        return Summary(
            tracks=slice_tracks(tracks)["track_id"].nunique() - len(lost),
            slices=sum(part.slices for part in there.values()),
            broken=error_table(broken + lost),
            notes=error_table(notes),
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
