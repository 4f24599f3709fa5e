"""The front door: one command, ``genrelib``, over the functions of this package.

Every command is a few lines; what it does is elsewhere. Modules are imported where they are used,
so that asking for help does not wait for audio and machine-learning libraries.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from genrelib.cli import course
from genrelib.cli.evaluate import evaluate, named
from genrelib.cli.house import lint
from genrelib.cli.playlist import index, listening_test, playlist

__all__ = ["app", "main"]

INTERRUPTED = 130  # the exit status after Ctrl-C


class _LazyGroup(TyperGroup):
    """Commands, and groups of commands that are imported when they are called."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; the group ``corpus`` comes with pandas, so it is fetched late."""
        # The list of commands, which --help shows, needs no more than its name.
        if cmd_name == "corpus" and sys.argv[1:2] not in ([], ["--help"]):
            from genrelib.cli.corpus import corpus_app

            return typer.main.get_group(corpus_app)
        return super().get_command(ctx, cmd_name)


app = typer.Typer(
    cls=_LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    help="Genre, Measured: the book's own tool.",
    pretty_exceptions_enable=False,
)


# --- the book --------------------------------------------------------------------------------


@app.command()
def book(
    corpus: Annotated[
        str,
        typer.Option(
            help="gtzan-mini, gtzan, fma-small, fma-medium, sketch, folder:PATH, features:PATH, "
            "or a sum with '+'."
        ),
    ] = "gtzan-mini",
    seed: Annotated[int, typer.Option(help="Seed of everything that is random.")] = 0,
    fast: Annotated[bool, typer.Option("--fast", help="Take short cuts, to try things.")] = False,
    chapter: Annotated[
        list[str] | None,
        typer.Option(help="Execute only this chapter and what it needs; may be repeated."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only say what fails.")] = False,
) -> None:
    """Execute the chapters that changed and build the site."""
    from genrelib.book import build

    build(corpus, seed, fast, chapter, quiet=quiet)


@app.command()
def lab() -> None:
    """Open the book in JupyterLab."""
    from genrelib.book import find_root, lab_command, lab_environment

    raise typer.Exit(subprocess.call(lab_command(find_root()), env=lab_environment()))


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port on this computer; 0 takes a free one.")] = 8000,
) -> None:
    """Serve the built book on this computer, for this computer only."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    from genrelib.book import BookError, built_site, find_root

    html = built_site(find_root())
    try:
        server = ThreadingHTTPServer(
            ("127.0.0.1", port), partial(SimpleHTTPRequestHandler, directory=html)
        )
    except OSError as error:
        raise BookError(
            f"port {port} cannot be used ({error.strerror}): try `genrelib serve --port 0`"
        ) from error
    with server:
        typer.echo(f"The book is at http://127.0.0.1:{server.server_port}/ until Ctrl-C")
        server.serve_forever()


@app.command()
def clean() -> None:
    """Remove what builds and tests have made; the environment stays."""
    import shutil

    from genrelib.book import find_root

    root = find_root()
    (root / "_build" / "html.json").unlink(missing_ok=True)  # first: it vouches for the site
    made = [root / name for name in ("_build", ".mypy_cache", ".pytest_cache", ".ruff_cache")]
    made += [root / ".hypothesis"]
    for folder in ("genrelib", "tests", "chapters"):
        made += [*(root / folder).rglob("__pycache__")]
        made += [*(root / folder).rglob(".ipynb_checkpoints")]
    for path in made:
        shutil.rmtree(path, ignore_errors=True)


# --- teaching --------------------------------------------------------------------------------


app.command()(course.student)
app.command()(course.slides)
app.command()(course.pdf)


# --- the corpora -----------------------------------------------------------------------------


@app.command(add_help_option=False)
def corpus() -> None:
    """List, show, download and check the music."""
    # Stands for genrelib.cli.corpus in the list of commands; see _LazyGroup.


# --- naming genres ---------------------------------------------------------------------------


@app.command()
def train(
    output: Annotated[Path, typer.Option("-o", "--output", help="Model file to write, .npz.")],
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            help="gtzan-mini, gtzan, folder:PATH, features:PATH, or a sum with '+'; may be given "
            "several times. By default what the model of the package is trained on."
        ),
    ] = None,
    hold_out: Annotated[
        Path | None,
        typer.Option(help="File of track ids and artists to leave out, one a line."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything that is random.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only say what fails.")] = False,
) -> None:
    """Train a model that names genres, and write it with its model card."""
    from genrelib import classify as room
    from genrelib.corpus import check_writable, load_corpus

    room.check_model_name(output)
    names = room.read_names(hold_out) if hold_out else []
    check_writable(output)
    say = (lambda text: None) if quiet else (lambda text: typer.echo(text, err=True))
    corpora = [load_corpus(name, on_error="skip") for name in corpus or room.CORPORA]
    model = room.train(corpora, hold_out=names, seed=seed, say=say)
    room.write_model(output, model.card, model.arrays)
    if not quiet:
        typer.echo(f"{output}: {model.line}")


@app.command()
def classify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Audio files, or folders of them.", parser=named, metavar="FILE"),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Model of `genrelib train`; by default the package's.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    card: Annotated[
        bool, typer.Option("--card", help="Show the model's card: what it knows, how well.")
    ] = False,
    tags: Annotated[
        bool, typer.Option("--tags", help="Also show the tags that the pretrained ear hears.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Files at a time; by default one for each core.")
    ] = None,
) -> None:
    """Name the genre of audio files, or say that it is none of those known."""
    from genrelib.cli.classify import card_text, run

    if json and csv:
        raise typer.BadParameter("choose one of --json and --csv")
    if card:
        typer.echo(card_text(model))
    elif not files:
        raise typer.BadParameter("name audio files, or folders of them")
    elif not run(files, model, as_json=json, as_csv=csv, jobs=jobs, tags=tags):
        raise typer.Exit(1)


app.command()(evaluate)


# --- playlists -------------------------------------------------------------------------------


for command in (index, playlist):
    app.command()(command)
app.command("listening-test")(listening_test)


# --- what was measured -----------------------------------------------------------------------


@app.command()
def extract(
    corpus: Annotated[
        str, typer.Argument(help="gtzan, folder:PATH, sketch, or a sum with '+'; needs audio.")
    ],
    folder: Annotated[Path, typer.Option("-o", "--output", help="Folder of the measurements.")],
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes; by default one for each core.")
    ] = None,
    batch: Annotated[
        int | None, typer.Option(min=1, help="Tracks per part; 32 unless you say so.")
    ] = None,
    frames: Annotated[
        bool, typer.Option(help="Keep the sequences of frames, which chapter 6 learns from.")
    ] = True,
    ear: Annotated[
        bool, typer.Option("--ear", help="Have the pretrained ear of chapter 8 listen, too.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail when a file cannot be used.")
    ] = False,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Measure on this Dask cluster.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only say what fails.")] = False,
) -> None:
    """Measure a collection into a folder, or continue to; read it back as features:FOLDER."""
    from genrelib.collections import extract
    from genrelib.corpus import load_corpus

    if not quiet:
        typer.echo(f"{corpus}: reading the headers of its files", err=True)
    summary = extract(
        load_corpus(corpus, on_error="skip"),
        folder,
        jobs=jobs,
        batch=batch,
        frames=frames,
        ear=ear,
        strict=strict,
        dask=dask,
        progress=not quiet,
    )
    if not quiet:
        typer.echo(f"{folder}: {summary}")


@app.command()
def snapshot() -> None:
    """Measure GTZAN-mini's audio and write what the package embeds of it."""
    from genrelib.corpus import load_corpus
    from genrelib.features import SNAPSHOTS, track_tempo, write_snapshot

    music = load_corpus("gtzan-mini")
    written = write_snapshot(music, SNAPSHOTS / "gtzan-mini.parquet")
    tracks = SNAPSHOTS / "gtzan-mini-tracks.csv"
    table = music.tracks[["duration", "sample_rate"]].assign(tempo=track_tempo(music))
    table.to_csv(tracks, lineterminator="\n")
    for file in (written, tracks):
        typer.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


@app.command()
def results(
    corpus: Annotated[str, typer.Option(help="Name of the corpus.")] = "gtzan-mini",
    fast: Annotated[bool, typer.Option("--fast", help="Results of shortened runs.")] = False,
    record: Annotated[
        bool, typer.Option("--record", help="Record the last build, and renew the README.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Fail if the last build contradicts what is recorded.")
    ] = False,
) -> None:
    """Show what the chapters measured, or make the last build the recorded one."""
    from genrelib.book import (
        ResultsError,
        disagreements,
        find_root,
        load_results,
        overview,
        record_results,
        results_folder,
    )

    root = find_root()
    os.environ.setdefault("GENRELIB_RESULTS", str(results_folder(root, corpus, fast=fast)))
    if fast and (record or check):
        raise ResultsError("only results of full runs are recorded; leave out --fast")
    if record:
        for file in record_results(corpus, root / "README.md", results_folder(root, corpus)):
            typer.echo(f"wrote {file}")
    if check and len(rows := disagreements(corpus, results_folder(root, corpus))):
        raise ResultsError(f"the build contradicts the recorded results:\n{rows.to_string()}")
    found = load_results(corpus, fast=fast)
    typer.echo(f"{corpus}, {found.attrs['source']}, {found.attrs['recorded']}; accuracy per slice")
    typer.echo(overview(found).to_string())


@app.command()
def study(
    name: Annotated[str, typer.Argument(help="lstm: the experiments behind chapter 6.")],
    corpus: Annotated[str, typer.Option(help="Name of the corpus.")] = "gtzan-mini",
    only: Annotated[
        list[str] | None,
        typer.Option(help="Run only this group or experiment; may be repeated."),
    ] = None,
    repetitions: Annotated[
        int | None, typer.Option(min=1, help="Runs of each experiment, with other folds.")
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, help="Experiments at the same time; 1 on a graphics card.")
    ] = 2,
    record: Annotated[
        bool, typer.Option("--record", help="Make what was run here the recorded study.")
    ] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Show the study that chapter 6 reads; run nothing.")
    ] = False,
) -> None:
    """Run the long experiments of a chapter, or what is missing of them."""
    from genrelib import studies

    if name != "lstm":
        raise studies.StudyError(f"no study {name!r}; there is lstm")
    if not (record or show):
        folder = studies.run_study(
            corpus, only=only or (), repetitions=repetitions, jobs=jobs, say=typer.echo
        )
        typer.echo(f"kept in {folder}")
    if record:
        typer.echo(f"wrote {studies.record_study(corpus)}")
    if show:
        found = studies.load_study(corpus)
        typer.echo(f"{found.attrs['corpus']}, {found.attrs['source']}; accuracy under track")
        typer.echo(studies.summarise_study(found).to_string())


@app.command()
def bench(
    only: Annotated[
        str | None, typer.Option(help="features, or playlists; both unless you say so.")
    ] = None,
    clips: Annotated[int, typer.Option(help="Slices that everything is timed on.")] = 60,
    slices: Annotated[int, typer.Option(help="Slices of the run that watches memory.")] = 1000,
    record: Annotated[
        bool, typer.Option("--record", help="Record it, and renew the README.")
    ] = False,
    recorded: Annotated[
        bool, typer.Option("--show", help="Show the recorded benchmark; measure nothing.")
    ] = False,
) -> None:
    """Time features beside librosa and openSMILE, and playlists of a million tracks."""
    from genrelib import studies
    from genrelib.book import find_root, record_bench
    from genrelib.cli.playlist import bench_playlists

    if only not in (None, "features", "playlists"):
        raise studies.BenchError(f"no benchmark {only!r}; there are features, playlists")
    if only != "playlists":
        found = studies.load_bench() if recorded else studies.run_bench(clips, slices)
        _show_bench(found)
        for file in record_bench(found, find_root() / "README.md") if record else ():
            typer.echo(f"wrote {file}")
    if only != "features":
        bench_playlists(record=record, recorded=recorded)


def _show_bench(record: dict[str, Any]) -> None:
    """Print the tables of a benchmark and what they rest on."""
    from rich.console import Console
    from rich.table import Table

    from genrelib import studies

    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    titles = {
        "All families, medians": studies.bench_overview(record),
        "One family at a time": studies.bench_by_family(record),
        "Goals": studies.goals(record),
    }
    for title, table in titles.items():
        view = Table("", *table.columns, title=title, title_justify="left")
        for row in table.itertuples():
            view.add_row(*row)
        console.print(view)
    console.print(studies.bench_summary(record))
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    console.print(
        f"{versions}; load average {record['load'][0]} before, {record['load'][1]} after"
    )


app.command()(lint)


def main() -> None:
    """Run the command line; our own errors are one message, not a traceback."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            # Leave in order, so that what we started is ended too.
            signal.signal(getattr(signal, name), lambda number, _: sys.exit(128 + number))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the console cannot write ends nothing
            stream.reconfigure(errors="replace")
    try:
        app(prog_name="genrelib")
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            scoring = sys.argv[1:2] == ["evaluate"]  # half of the files would give wrong scores
            kept = "nothing is scored" if scoring else "what was finished is kept"
            typer.echo(f"stopped; {kept}", err=True)
        raise
    except Exception as error:
        ours = type(error).__module__.startswith("genrelib.")
        if not ours and not isinstance(error, OSError):
            raise
        # A full disk or a folder that may not be written is not a fault of the program.
        typer.echo(f"error: {error if ours else _of_the_system(error)}", err=True)
        sys.exit(1)


def _of_the_system(error: Any) -> str:
    """Say what the system refuses; of a disk, what to do about it, too."""
    from genrelib.corpus import FAULTS, IN_THE_WAY, unwritable

    name = error.filename or "the disk"
    if isinstance(error, PermissionError) and Path(name).is_file():
        return f"{name}: {error.strerror}. See whether you may read it, and write there."
    if error.errno in FAULTS | IN_THE_WAY:
        return unwritable(name, error)
    return f"{error.filename or 'system'}: {error.strerror or error}"
