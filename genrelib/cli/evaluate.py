"""Command ``genrelib evaluate``: score models on your own labelled files, as tables or JSON.

What takes time to import is imported where it is used, since :mod:`genrelib.cli.app` imports this.
"""

from __future__ import annotations

import json as json_
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from genrelib.classify import Evaluation, Model

ERRORS_SHOWN = 20
FEW = 30
"""Recordings, or artists, below which an interval says little."""
WIDE = 110
"""Columns of a console that has room for intervals beside the confusion matrix."""
_VIEWS = {
    "all": "of all, refusals not right",
    "answered": "of the answered",
    "forced": "of all, if none were refused",
}
_METRICS = {"accuracy": "accuracy", "f1": "macro F1"}


def named(text: str) -> Path:
    """Take an argument for the name of a file or folder, unless it is empty."""
    if not text.strip():
        raise typer.BadParameter("the name of a file is empty; is a variable not set?")
    return Path(text)


def evaluate(
    path: Annotated[
        Path,
        typer.Argument(
            help="Folder with a folder per genre, or with files named as jazz.song.wav.",
            parser=named,
            metavar="PATH",
        ),
    ],
    model: Annotated[
        Path | None, typer.Option(help="Model of `genrelib train`; by default the package's.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="A second model, to see which is better on these files.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="CSV with the columns file, genre and, if wanted, artist."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Files at a time; by default one for each core.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the intervals.")] = 0,
) -> None:
    """Score a model on your own labelled files, to see how far to trust it on your music."""
    if not run(path, model, against, labels, as_json=json, jobs=jobs, seed=seed):
        raise typer.Exit(1)


def run(
    path: Path,
    model: Path | None,
    against: Path | None,
    labels: Path | None,
    *,
    as_json: bool,
    jobs: int | None,
    seed: int,
) -> bool:
    """Score one model or two, print the scores, and say whether every file could be used."""
    from genrelib import classify
    from genrelib.cli.classify import cores, plain
    from genrelib.corpus import start_decoder

    start_decoder()  # while the model is loaded
    models = _load(model, against)
    if as_json:  # for programs: whatever the console writes
        cast(TextIOWrapper, sys.stdout).reconfigure(encoding="utf-8", errors="replace")
    for name, chosen in models.items():
        typer.echo(plain(f"{name}: {chosen.line}"), err=as_json)
    bar = _Bar()
    try:
        found = classify.evaluate(
            path, models, labels=labels, jobs=jobs or cores(), seed=seed,
            begin=bar.begin, heard=bar.heard,
        )  # fmt: skip
    finally:
        bar.close()
    if as_json:
        lines = {name: chosen.line for name, chosen in models.items()}
        about = {"path": str(path), "labels": None if labels is None else str(labels)}
        print(json_.dumps(about | {"lines": lines} | found.to_dict(), allow_nan=False))
    else:
        _Report(found).show()
    return not found.unusable


def _load(model: Path | None, against: Path | None) -> dict[str, Model]:
    """Load models, by names that differ."""
    from genrelib.classify import SHIPPED, load_model

    if against is None:
        return {SHIPPED if model is None else model.name: load_model(model)}
    if model is not None and os.path.realpath(model) == os.path.realpath(against):
        raise typer.BadParameter("--model and --against name the same model")
    first = SHIPPED if model is None else model.name
    names = (first, against.name) if first != against.name else (str(model), str(against))
    return dict(zip(names, (load_model(model), load_model(against)), strict=True))


class _Bar:
    """A progress bar for what takes more than a second."""

    def __init__(self) -> None:
        self.bar: Any = None

    def begin(self, files: int) -> None:
        from tqdm import tqdm

        # None: only where somebody looks.
        off = True if os.environ.get("GENRELIB_QUIET") else None
        self.bar = tqdm(
            total=files, desc="hearing files", unit="file", delay=1, disable=off, leave=False
        )

    def heard(self) -> None:
        self.bar.update()

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


# --- how scores are shown --------------------------------------------------------------------


class _Report:
    """Tables for people."""

    def __init__(self, found: Evaluation) -> None:
        from rich.console import Console

        self.found = found.to_dict()
        self.models: list[dict[str, Any]] = self.found["models"]
        self.console: Console = Console()
        if not self.console.is_terminal:
            self.console = Console(width=140)

    def show(self) -> None:
        self._errors()
        self._about()
        if any(model["recordings"] for model in self.models):
            self._scores()
            self._lengths()
        for model in self.models:
            self._confusion(model)
        for line in self._cautions():
            self._line(f"note: {line}")

    def _line(self, text: str, style: str = "") -> None:
        from rich.text import Text

        from genrelib.cli.classify import plain

        readable = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        self.console.print(Text(plain(readable), style=style))

    def _table(self, header: list[str], rows: list[list[str]]) -> None:
        from rich.table import Table
        from rich.text import Text

        from genrelib.cli.classify import plain

        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for k, name in enumerate(header):
            table.add_column(Text(plain(name)), justify="right" if k else "left")
        for row in rows:
            table.add_row(*(Text(plain(cell)) for cell in row))
        self.console.print()
        self.console.print(table)

    def _errors(self) -> None:
        errors = self.found["unusable"]
        for error in errors[:ERRORS_SHOWN]:
            self._line(f"error: {error['file']}: {error['error']}.", style="red")
        if len(errors) > ERRORS_SHOWN:
            self._line(f"and {len(errors) - ERRORS_SHOWN} more; --json lists all", style="red")

    def _about(self) -> None:
        artists = self.found["artists"]
        known = "no artists known"
        if artists["known"]:
            known = f"{_many(artists['different'], 'artist')} known of {artists['known']}"
        unusable = len(self.found["unusable"])
        text = f"{_many(self.found['recordings'], 'recording')}, {known}"
        self._line(text + (f"; {_many(unusable, 'file')} not used" if unusable else ""))

    def _scores(self) -> None:
        """Show a column for each model, and one for the difference."""
        rows = [
            ["recordings of its genres", *(str(m["recordings"]) for m in self.models)],
            ["answered", *(str(m["answered"]) for m in self.models)],
            ["refused", *(str(m["recordings"] - m["answered"]) for m in self.models)],
        ]
        for reason in sorted({reason for m in self.models for reason in m["refused"]}):
            counts = (str(m["refused"].get(reason, 0)) for m in self.models)
            rows.append([f"  {reason}", *counts])
        difference = self.found["difference"]
        for metric, title in _METRICS.items():
            for view, what in _VIEWS.items():
                scores = [m["scores"][view] for m in self.models]
                cells = [score and score[metric] for score in scores]
                if difference:
                    cells.append(difference.get(view, {}).get(metric))
                rows += self._row(f"{title} {what}", cells, signed=len(self.models))
        for view in ("answered", "forced"):
            rows += self._calibration(view)
        header = ["95 % intervals over recordings", *(m["model"] for m in self.models)]
        if difference:
            rows[0].append(f"{difference['recordings']} of both")
            header.append("difference")
        width = len(header)
        self._table(header, [[*row, *[""] * (width - len(row))] for row in rows])

    def _row(self, title: str, cells: list[dict[str, Any] | None], signed: int) -> list[list[str]]:
        """Give a row, and one more for intervals over artists."""
        texts = [_interval(cell, signed=k >= signed) for k, cell in enumerate(cells)]
        rows = [[title, *texts]]
        if self.found["artists"]["by_artist"]:
            over = [cell["by_artist"] if cell else None for cell in cells]
            texts = [_ends(cell, signed=k >= signed) for k, cell in enumerate(over)]
            rows.append(["  over artists", *texts])
        return rows

    def _calibration(self, view: str) -> list[list[str]]:
        found = [model["calibration"][view] for model in self.models]
        what = _VIEWS[view].replace("of all, ", "")
        confidence = [f"{cell['confidence']:.2f}" if cell else "-" for cell in found]
        errors = [cell and cell["error"] for cell in found]
        chance = [f"{cell['chance']:.2f}" if cell else "-" for cell in found]
        return [
            [f"mean confidence {what}", *confidence],
            *self._row(f"calibration error {what}", errors, signed=len(errors)),
            ["  if it were calibrated", *chance],
        ]

    def _lengths(self) -> None:
        if max(len(model["lengths"]) for model in self.models) < 2:
            return
        rows = []
        for model in self.models:
            for length, part in model["lengths"].items():
                sure = f"{part['confidence']:.2f}" if part["answered"] else "-"
                counts = [str(part["recordings"]), str(part["answered"])]
                shares = [_interval(part["all"]), _interval(part["of_answered"]), sure]
                rows.append([f"{model['model']}, {length}", *counts, *shares])
        header = ["by length", "recordings", "answered", "accuracy of all", "of the answered"]
        self._table([*header, "confidence"], rows)

    def _confusion(self, model: dict[str, Any]) -> None:
        counts = model["confusion"]
        if not counts:
            return
        named = [*model["genres"], "none of these"]
        header = [f"{model['model']}: true, taken for", "n", "recall", *_short(named)]
        rows = []
        for genre, row in counts.items():
            recall = model["recall"].get(genre)
            share = f"{recall['value']:.2f}" if recall else "unknown"
            if recall and self.console.width >= WIDE:
                share = _interval(recall)
            cells = [str(row.get(name, 0) or "·") for name in named]
            rows.append([genre, str(sum(row.values())), share, *cells])
        self._table(header, rows)

    def _cautions(self) -> list[str]:
        """Say what the reader should know before he believes the numbers."""
        lines = []
        for model in self.models:
            name, unknown = model["model"], model["unknown"]
            if unknown:
                names = ", ".join(f"{n} {genre}" for genre, n in unknown["genres"].items())
                lines.append(
                    f"{name} does not know the genres of {unknown['refused']['n']} recordings "
                    f"({names}); they can only be refused rightly, and "
                    f"{_interval(unknown['refused'])} of them were. They count in no other score"
                )
            if not model["recordings"]:
                lines.append(f"{name} names {', '.join(model['genres'])}: none is a label here")
            elif model["recordings"] < FEW:
                lines.append(f"{_many(model['recordings'], 'recording')} say little about {name}")
            if model["alike"]:
                lines.append(
                    f"{_many(model['alike'], 'recording')} may be of those that {name} was "
                    "trained on, they sound so alike; on these its scores are too good"
                )
            if model["artist_heard"]:
                lines.append(
                    f"{_many(model['artist_heard'], 'recording')} by artists that {name} was "
                    "trained on; of other artists, expect lower scores"
                )
        if noted := max((model["noted"] for model in self.models), default=0):
            what = "is heard in part only, or odd" if noted == 1 else "are heard in part, or odd"
            lines.append(f"{_many(noted, 'file')} {what}; --json says of what kind")
        return lines


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _interval(found: dict[str, Any] | None, *, signed: bool = False) -> str:
    if found is None:
        return "-"
    return f"{found['value']:{'+' if signed else ''}.2f} {_ends(found, signed=signed)}".rstrip()


def _ends(found: dict[str, Any] | None, *, signed: bool = False) -> str:
    if found is None or found["low"] is None:
        return ""
    form = "+.2f" if signed else ".2f"
    return f"({found['low']:{form}} to {found['high']:{form}})"


def _short(names: list[str], least: int = 3) -> list[str]:
    """Cut names to their first letters, as many as tell them apart."""
    longest = max(map(len, names))
    for size in range(least, longest):
        if len({name[:size] for name in names}) == len(set(names)):
            return [name[:size].rstrip() for name in names]
    return names
