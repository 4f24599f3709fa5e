"""Commands ``genrelib index``, ``playlist`` and ``listening-test``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from genrelib.cli.evaluate import named


def index(
    source: Annotated[
        str, typer.Argument(help="Folder of music, or a corpus: gtzan, features:PATH, ...")
    ],
    folder: Annotated[Path, typer.Option("-o", "--output", help="Folder of the index.")],
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes; by default one for each core.")
    ] = None,
    batch: Annotated[
        int, typer.Option(min=1, help="Files that a process hears before it writes.")
    ] = 32,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Hear on this Dask cluster.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only say what fails.")] = False,
) -> None:
    """Hear music into an index for playlists, or bring an index up to date."""
    from genrelib.playlists import build_index

    found = build_index(source, folder, jobs=jobs, batch=batch, dask=dask, progress=not quiet)
    if quiet:
        return
    known = len(set(found.artist_codes[found.artist_codes >= 0].tolist()))
    typer.echo(f"{folder}: {len(found):,} tracks, {known:,} artists")
    if odd := len(found) - int(found.is_music.sum()):
        typer.echo(f"{odd:,} of them are more like speech or noise: no list takes them", err=True)
    for row in found.left_out.head(20).itertuples():
        typer.echo(f"left out: {row.path}: {row.reason}", err=True)
    if (more := len(found.left_out) - 20) > 0:
        typer.echo(f"left out: {more:,} more", err=True)


def playlist(
    songs: Annotated[
        list[Path],
        typer.Argument(
            help="Audio files, or tracks of the index by name.", parser=named, metavar="SONG..."
        ),
    ],
    index: Annotated[Path, typer.Option("--from", help="Index of `genrelib index`.")],
    length: Annotated[int, typer.Option(min=1, help="Number of tracks.")] = 25,
    minutes: Annotated[
        float | None, typer.Option(help="Length in minutes, in place of a number.")
    ] = None,
    diversity: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="From 0, the nearest, to 1, the most varied."),
    ] = None,
    genre: Annotated[str | None, typer.Option(help="Only tracks of this genre.")] = None,
    apart: Annotated[
        int | None,
        typer.Option(
            "--no-repeat-artist",
            min=0,
            metavar="N",
            help="Tracks between two of one artist; by default an artist comes once.",
        ),
    ] = None,
    exclude: Annotated[
        list[Path] | None,
        typer.Option(help="File, track or artist, or list of these; may be repeated."),
    ] = None,
    shortest: Annotated[float, typer.Option(help="Shortest track, in minutes.")] = 0.0,
    longest: Annotated[float, typer.Option(help="Longest track, in minutes.")] = 15.0,
    path: Annotated[
        bool, typer.Option("--path", help="From the first of two songs to the second.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(help="Another list of nearly the same nearness for each.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="List: .m3u8, .json or .csv.")
    ] = None,
) -> None:
    """Make a playlist from a song, or several."""
    from genrelib import playlists

    options: dict[str, Any] = {} if diversity is None else {"diversity": diversity}
    for name in [output] if output else []:
        playlists.check_list_name(name)
    found = playlists.playlist(
        list(songs), playlists.open_index(index), length=length, minutes=minutes, genre=genre,
        apart=apart, exclude=exclude or (), shortest=shortest, longest=longest, path=path,
        seed=seed, **options,
    )  # fmt: skip
    _show(found)
    if output:
        typer.echo(f"wrote {found.write(output)}")


def _show(found: Any) -> None:
    """Print a list, what is unusual about it, and how far it reached."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    view = Table("", "artist", "title", "genre", "length", "similarity")
    for k, row in enumerate(found.tracks.itertuples(), 1):
        words = [w if isinstance(w, str) else "" for w in (row.artist, row.title, row.genre)]
        words[1] = words[1] or row.track_id
        whole = round(row.duration)
        cells = [str(k), *words, f"{whole // 60}:{whole % 60:02d}", f"{row.similarity:.3f}"]
        view.add_row(*(Text(cell) for cell in cells))
    console.print(view)
    for note in found.notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(f"{len(found.tracks)} tracks, {found.minutes:.0f} minutes; {found.reach}")


def listening_test(
    lists: Annotated[
        list[Path],
        typer.Argument(
            help="Two playlists, .m3u8; or, with --answers, files that the page saved.",
            parser=named,
            metavar="LIST LIST",
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Page to write, .html.")
    ] = None,
    answers: Annotated[
        bool, typer.Option("--answers", help="Say what answers amount to.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the order of the pairs.")] = 0,
) -> None:
    """Write a page that compares two playlists blindly, or read its answers."""
    from genrelib import playlists

    if answers:
        found = playlists.sign_test(lists)
        typer.echo(json.dumps(found, ensure_ascii=False))
    elif len(lists) != 2 or output is None:
        raise typer.BadParameter("name two playlists, and with -o the page to write")
    else:
        typer.echo(f"wrote {playlists.listening_page(lists[0], lists[1], output, seed=seed)}")


def bench_playlists(*, record: bool, recorded: bool) -> None:
    """Measure lists from a million tracks, or show the recorded measurement.

    Parameters
    ----------
    record : bool
        Whether to record it.
    recorded : bool
        Whether to show what is recorded, and measure nothing.
    """
    from genrelib import studies
    from genrelib.corpus import write_whole

    found = studies.load_scale() if recorded else studies.run_scale()
    typer.echo(studies.scale_goals(found).to_string())
    missing = "faiss is not installed, so the search is exact: pip install 'genrelib[large]'"
    how = f"faiss {found['faiss']}" if found["faiss"] else missing
    typer.echo(f"{how}; load average {found['load'][0]} before, {found['load'][1]} after")
    if record:
        write_whole(studies.SCALE, json.dumps(found, indent=1) + "\n")
        typer.echo(f"wrote {studies.SCALE}")
