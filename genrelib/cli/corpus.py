"""Commands ``genrelib corpus list | show | download | check``."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from genrelib.corpus import (
    AudioError,
    CorpusError,
    DownloadError,
    check_corpus,
    data_root,
    download_corpus,
    list_corpora,
    load_corpus,
)

__all__ = ["corpus_app"]

corpus_app = typer.Typer(help="Where tracks come from.", no_args_is_help=True)

LISTED = 200  # files that were left out, of those that are shown

_Name = Annotated[
    str,
    typer.Argument(
        help="gtzan-mini, gtzan, fma-small, fma-medium, fma, nhs, sketch, folder:PATH, "
        "features:PATH, or a sum with '+'"
    ),
]


def _print(table: pd.DataFrame, title: str = "") -> None:
    """Print a table, wide enough for a file when the output is no terminal."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    view = Table(*map(str, table.columns), title=title or None, title_justify="left")
    for row in table.itertuples(index=False):
        view.add_row(*(Text("" if pd.isna(cell) else str(cell)) for cell in row))
    console.print(view)


def _fail(error: Exception) -> typer.Exit:
    typer.echo(f"error: {error}", err=True)
    return typer.Exit(1)


@corpus_app.command("list")
def list_() -> None:
    """List the corpora and what of each is on disk."""
    _print(list_corpora())
    typer.echo(f"Audio is looked for under {data_root()} (GENRELIB_DATA)")


@corpus_app.command()
def show(name: _Name) -> None:
    """Show tracks, artists and hours per genre, and what was left out."""
    try:
        corpus = load_corpus(name, on_error="skip")
    except (CorpusError, AudioError) as error:
        raise _fail(error) from error
    groups = corpus.tracks.groupby("genre")
    table = pd.DataFrame(
        {
            "tracks": groups.size(),
            "with audio": groups["path"].count(),
            "artists": groups["artist"].nunique(),
            "artist unknown": groups["artist"].apply(lambda artist: artist.isna().sum()),
            "minutes": (groups["duration"].sum() / 60).round(1),
            "known faults": groups["fault"].count(),
        }
    )
    _print(table.reset_index(), f"{name}: {len(corpus.tracks)} tracks")
    if len(corpus.skipped):
        _print(corpus.skipped.head(LISTED), f"{len(corpus.skipped):,} files left out")
    if (more := len(corpus.skipped) - LISTED) > 0:
        typer.echo(f"and {more:,} more")


@corpus_app.command()
def download(name: _Name) -> None:
    """Download the audio of a corpus, or continue to."""
    try:
        folder = download_corpus(name)
    except (CorpusError, DownloadError) as error:
        raise _fail(error) from error
    typer.echo(f"{name} is in {folder}")


@corpus_app.command()
def check(name: _Name) -> None:
    """Open every file and report what is wrong; exit code 1 if a file cannot be read."""
    try:
        problems = check_corpus(name, progress=True)
    except CorpusError as error:
        raise _fail(error) from error
    if problems.empty:
        typer.echo(f"{name}: no problems")
        return
    _print(problems, f"{name}: problems found")
    counts = problems["problem"].value_counts()
    typer.echo(", ".join(f"{count} {problem}" for problem, count in counts.items()))
    if "unreadable" in counts:
        raise typer.Exit(1)
