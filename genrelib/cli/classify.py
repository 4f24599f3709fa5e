"""Command ``genrelib classify``: several files at a time, and answers as table, JSON or CSV."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any, cast

import typer

from genrelib.classify import REASONS, Model, Prediction, load_model
from genrelib.corpus import AUDIO_SUFFIXES, AudioError, audio_below, start_decoder
from genrelib.features import TAGS

LISTED = 5  # tags of one file, in the table
LINES = 8  # of the course of one file, in the table
AHEAD = 4  # files per thread that are given out before they are asked for
FIELDS = (
    "file", "error", "genre", "reason", "probability", "duration", "familiarity", "music", "note",
    "probabilities", "course", "nearest",
)  # fmt: skip
"""Keys of the JSON object of a file, in order; all are always there. ``tags`` comes on request."""

Answer = Prediction | AudioError


def run(
    paths: list[Path],
    model: Path | None,
    *,
    as_json: bool,
    as_csv: bool,
    jobs: int | None,
    tags: bool = False,
) -> bool:
    """Name the genres of files, and print the answers as they come.

    Parameters
    ----------
    paths : list of Path
        Files and folders.
    model : Path or None
        A model file; the model of the package, if None.
    as_json, as_csv : bool
        Print one JSON object per line, or CSV; else a table.
    jobs : int or None
        Files to hear at the same time; by default one for each core.
    tags : bool
        Also show what the pretrained ear would write on a file: the first tags in the table, all
        of them for programs.

    Returns
    -------
    bool
        Whether every file could be used.
    """
    start_decoder()  # while the model is loaded
    chosen = load_model(model)
    files = audio_files(paths)
    if as_json or as_csv:  # for programs: whatever the console writes
        cast(TextIOWrapper, sys.stdout).reconfigure(encoding="utf-8", errors="replace")
    typer.echo(plain(chosen.line), err=as_json or as_csv)
    show = _JSON(tags) if as_json else _CSV(chosen, tags) if as_csv else _Table(files, tags)
    good = True
    for path, answer in classify_files(chosen, files, jobs or cores()):
        show.row(path, answer)
        sys.stdout.flush()  # what is known is not lost, whatever comes
        good = good and isinstance(answer, Prediction)
    return good


def card_text(path: Path | None) -> str:
    """Lay out a model card for people.

    Parameters
    ----------
    path : Path or None
        A model file; the model of the package, if None.

    Returns
    -------
    str
        Several lines.
    """
    model = load_model(path)
    card = model.card
    lines = [model.line, f"genres: {', '.join(model.genres)}"]
    lines += ["held out by, length: accuracy; mean confidence; expected calibration error"]
    for name, lengths in card["scores"].items():
        for length, found in lengths.items():
            text = "too few tracks to say"
            if found:
                text = f"{_share(found['accuracy'])}; {found['confidence']:.3f}; "
                text += f"{_share(found['error'])}, by chance {found['chance']:.3f}"
            lines.append(f"  {name}, {length}: {text}")
    lines.append("called not music; unfamiliar")
    for what, rate in card["refused"].items():
        shares = "; ".join(_share(rate[reason]) for reason in ("not music", "unfamiliar"))
        lines.append(f"  {what} ({rate['n']:.0f}): {shares}")
    versions = ", ".join(f"{name} {number}" for name, number in card["versions"].items())
    return plain("\n".join([*lines, *card["caveats"], f"made with {versions}"]))


def _share(found: dict[str, float]) -> str:
    return f"{found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})"


def cores() -> int:
    """Count the cores that this process may use.

    Returns
    -------
    int
        At least 1.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def audio_files(paths: Iterable[str | Path]) -> list[Path]:
    """Put the audio files in a folder, and in folders below it, in its place.

    Parameters
    ----------
    paths : iterable of str or Path
        Files, which are taken as they are, and folders.

    Returns
    -------
    list of Path
        The files, in the order given, those of a folder by name. A folder without audio stays, so
        that it is reported.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        files += (audio_below(path) if path.is_dir() else []) or [path]
    return files


def classify_files(
    model: Model, paths: Iterable[str | Path], jobs: int = 1
) -> Iterator[tuple[Path, Answer]]:
    """Name the genres of several files at the same time, and hand them on in order.

    Parameters
    ----------
    model : Model
        The model.
    paths : iterable of str or Path
        The files.
    jobs : int
        Files to hear at the same time, each in a thread of its own; of a single file, threads.

    Yields
    ------
    path : Path
        The file.
    answer : Prediction or AudioError
        The answer, or what is wrong with the file.

    Notes
    -----
    On Ctrl-C, files that are finished are handed on before KeyboardInterrupt is raised.
    """
    files = [Path(path) for path in paths]
    if len(files) == 1:
        yield files[0], _attempt(model, files[0], jobs, Event())
        return
    stopped, waiting, rest = Event(), deque[tuple[Path, Future[Answer]]](), iter(files)
    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        while True:
            for path in islice(rest, jobs * AHEAD - len(waiting)):
                waiting.append((path, pool.submit(_attempt, model, path, 1, stopped)))
            if not waiting:
                return
            answer = waiting[0][1].result()
            yield waiting.popleft()[0], answer
    except KeyboardInterrupt:
        stopped.set()
        pool.shutdown(cancel_futures=True)
        for path, future in waiting:
            if not future.cancelled() and future.exception() is None:
                yield path, future.result()
        raise
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)


def _attempt(model: Model, path: Path, threads: int, stopped: Event) -> Answer:
    try:
        if path.is_dir():
            endings = ", ".join(sorted(AUDIO_SUFFIXES))
            raise AudioError(path, "a folder without audio", f"Files in it may end in {endings}")
        return model.classify(path, threads=threads, stop=stopped.is_set)
    except AudioError as error:
        return error


# --- how answers are shown -------------------------------------------------------------------


def record(path: Path, answer: Answer, *, tags: bool = False) -> dict[str, Any]:
    """Lay out an answer for programs.

    Parameters
    ----------
    path : Path
        The file.
    answer : Prediction or AudioError
        The answer.
    tags : bool
        Whether to add ``tags``, the probability of each of the ear's tags.

    Returns
    -------
    dict
        The keys of :data:`FIELDS`. ``error`` is None, or says what is wrong; then the others are
        None or empty. Probabilities have 4 decimals, seconds 3.
    """
    names = (*FIELDS, "tags") if tags else FIELDS
    if isinstance(answer, AudioError):
        empty: dict[str, Any] = {"probabilities": {}, "course": [], "nearest": []}
        empty |= {"tags": {}} if tags else {}
        message = f"{answer.reason}. {answer.advice}"
        return dict.fromkeys(names) | {"file": str(path), "error": message, **empty}
    values = asdict(answer) | {"file": str(path), "probability": answer.probability, "error": None}
    return {name: _rounded(values[name], 3 if name == "duration" else 4) for name in names}


def _rounded(value: Any, digits: int) -> Any:
    if isinstance(value, dict):
        return {k: _rounded(v, 3 if k in ("start", "end") else digits) for k, v in value.items()}
    if isinstance(value, list):
        return [_rounded(item, digits) for item in value]
    return round(value, digits) if isinstance(value, float) else value


class _JSON:
    """One JSON object per line."""

    def __init__(self, tags: bool = False) -> None:
        self.tags = tags

    def row(self, path: Path, answer: Answer) -> None:
        print(json.dumps(record(path, answer, tags=self.tags), allow_nan=False))


class _CSV:
    """A header and one line per file; probabilities in columns of their own."""

    def __init__(self, model: Model, tags: bool = False) -> None:
        self.genres = sorted(model.genres)
        self.tags = TAGS if tags else ()
        self.writer = csv.writer(sys.stdout, lineterminator="\n")
        nearest = [f"nearest_{k}" for k in (1, 2, 3)]
        self.writer.writerow([*FIELDS[:9], *nearest, *(f"p_{genre}" for genre in self.genres),
                              *(f"tag_{tag}" for tag in self.tags)])  # fmt: skip

    def row(self, path: Path, answer: Answer) -> None:
        found = record(path, answer, tags=True)
        near = [_name(item) for item in found["nearest"]] + [""] * 3
        shares = [found["probabilities"].get(genre, "") for genre in self.genres]
        shares += [found["tags"].get(tag, "") for tag in self.tags]
        values = [found[name] for name in FIELDS[:9]]
        self.writer.writerow(
            [_printable("" if v is None else v) for v in (*values, *near[:3], *shares)]
        )


class _Table:
    """A table that grows as answers come, its columns as wide as the console allows."""

    def __init__(self, files: list[Path], tags: bool = False) -> None:
        from rich.console import Console

        self.tags = LISTED if tags else 0
        self.console = Console()
        if not self.console.is_terminal:
            self.console = Console(width=140)
        longest = max(len(str(path)) for path in files)
        width = self.console.width - 3 * 4 - 4
        first = min(max(longest, 4), width // 3)
        genre = 24
        course = min(26, (width - first - genre) // 2)
        self.widths = (first, genre, course, width - first - genre - course)
        self._print(("file", "genre", "over time", "nearest known tracks"), style="bold")

    def row(self, path: Path, answer: Answer) -> None:
        if isinstance(answer, AudioError):
            self._print((str(path), f"error: {answer.reason}. {answer.advice}."), style="red")
            return
        shares = list(answer.probabilities.items())[:3]
        named = [f"{p:.2f} {genre}" for k, (genre, p) in enumerate(shares) if not k or p >= 0.05]
        if answer.genre is None:
            named = [f"none of these: {REASONS[str(answer.reason)]}"]
        named += [f"note: {answer.note}"] if answer.note else []
        said = [f"{p:.2f} {tag}" for tag, p in list(answer.tags.items())[: self.tags]]
        named += ["tags:", *said] if said else []
        course = (
            [f"{_clock(s.start)} {s.genre or s.reason}" for s in answer.course[:LINES]]
            if len(answer.course) > 1
            else []
        )
        if len(answer.course) > LINES:
            course.append(f"and {len(answer.course) - LINES} more")
        near = [f"{item.similarity:.2f} {_name(asdict(item))}" for item in answer.nearest]
        title = f"{path}\n{_clock(answer.duration)}"
        self._print((title, "\n".join(named), "\n".join(course), "\n".join(near)))

    def _print(self, cells: tuple[str, ...], style: str = "") -> None:
        from rich.table import Table
        from rich.text import Text

        table = Table(show_header=False, box=None, padding=(0, 3, 0, 0), style=style)
        widths = list(self.widths)
        if len(cells) == 2:  # an error takes all columns but the first
            widths = [widths[0], sum(widths[1:]) + 6]
        for width in widths:
            table.add_column(width=width, overflow="fold")
        table.add_row(*(Text(str(_printable(cell))) for cell in cells))
        self.console.print(table)


def _name(item: dict[str, Any]) -> str:
    known = ": ".join(filter(None, (item["artist"], item["title"])))
    return f"{known or item['track_id']} ({item['genre']})"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _printable(value: object) -> object:
    """Names of files may hold bytes that are no text."""
    if not isinstance(value, str):
        return value
    return plain(value.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def plain(text: str) -> str:
    """Put a replacement character for what would move the cursor of a console, or colour it."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
