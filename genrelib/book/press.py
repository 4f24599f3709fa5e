"""The press: chapters in, executed notebooks and a static site out.

`build` runs every chapter with papermill where something it depends on has changed, turns the
executed copies into pages, renders them with Jupyter Book, warnings as errors, and looks the
site over with `check_site`. What a run made is kept under ``_build/book-state``, one folder for
each corpus, seed and mode, so that a later run redoes only what changed and says why.

Layout of ``_build``::

    book/         what Jupyter Book is given: a copy of the repository's pages, with outputs
    book-state/   executed notebooks, what they were made from, and their results
    reports/      after a failure: the notebook as far as it ran, and logs
    html/         the book
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from graphlib import CycleError, TopologicalSorter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import nbformat
import yaml
from nbformat import NotebookNode

from genrelib.book.inline import TAG, filled, with_probes
from genrelib.corpus import PACKAGE_DATA, RECORDED

__all__ = [
    "BookError",
    "Build",
    "build",
    "check_site",
    "find_root",
    "results_folder",
    "stored_outputs",
]

PARAMETERS = ("corpus", "seed", "fast")
# Modules no chapter computes with: changing them changes no output.
FRAME = {"__main__.py", "cli"}
LIBRARIES = (
    "librosa", "soundfile", "numpy", "scipy", "pandas", "scikit-learn", "keras", "jax",
    "matplotlib", "numba", "papermill", "jupyter-book",
)  # fmt: skip
ABOUT = "chapters/about-build"
MAX_PAGE_BYTES, MAX_SITE_BYTES = 2_000_000, 25_000_000


class BookError(ValueError):
    """The book cannot be built; the message says where and what to do."""


@dataclass(frozen=True)
class Build:
    """What a build did.

    Parameters
    ----------
    ran : dict of str to str
        Chapters that were executed, with the reason.
    unchanged : list of str
        Chapters taken from an earlier run.
    html : Path or None
        The folder of the site; None where chapters are still missing for it.
    rendered : bool
        Whether the site was made anew.
    seconds : float
        How long it took.
    """

    ran: dict[str, str]
    unchanged: list[str]
    html: Path | None
    rendered: bool
    seconds: float


@dataclass(frozen=True)
class _Chapter:
    """A notebook of the book as it is in the repository."""

    name: str
    path: Path
    notebook: NotebookNode = field(repr=False)

    @property
    def title(self) -> str:
        """The first heading, else the name."""
        text = "\n".join(c.source for c in self.notebook.cells if c.cell_type == "markdown")
        heading = re.search(r"^# +(.+?)\s*$", text, re.MULTILINE)
        return heading[1] if heading else self.name

    @property
    def needs(self) -> list[str]:
        """Names of the chapters whose results it reads."""
        return list(self.notebook.metadata.get("genrelib", {}).get("needs", []))

    @property
    def code(self) -> list[NotebookNode]:
        """Its code cells, with those that evaluate the expressions of its text."""
        return [cell for cell in with_probes(self.notebook).cells if cell.cell_type == "code"]


class _Folders:
    """Where a build reads and writes."""

    def __init__(self, root: Path, slug: str) -> None:
        self.root = root
        self.build = root / "_build"
        self.book = self.build / "book"
        self.state = self.build / "book-state" / slug
        self.executed = self.state / "executed"
        self.results = self.state / "results"
        self.kernels = self.build / "book-state" / "jupyter"
        self.reports = self.build / "reports"
        self.site = self.build / "site"
        self.html = self.build / "html"


# --- the build -------------------------------------------------------------------------------


def build(
    corpus: str = "gtzan-mini",
    seed: int = 0,
    fast: bool = False,
    chapters: Sequence[str] | None = None,
    *,
    root: Path | None = None,
    quiet: bool = False,
) -> Build:
    """Execute what changed and render the book.

    Parameters
    ----------
    corpus : str, default "gtzan-mini"
        Name of the corpus, as for `genrelib.corpus.load_corpus`.
    seed : int, default 0
        Seed of everything that is random.
    fast : bool, default False
        Whether the chapters take their short cuts (fewer trees, epochs and resamples).
    chapters : sequence of str, optional
        Execute only these, by name or number, and what they need; the other pages are taken from
        earlier runs.
    root : Path, optional
        Folder with ``_config.yml``, ``_toc.yml`` and ``chapters``; by default the repository
        around the working directory, else the one this package is installed from.
    quiet : bool, default False
        Whether to keep silent about progress.

    Returns
    -------
    Build
        What ran, what was left as it was, and where the site is.

    Raises
    ------
    BookError
        If the folder is not a book, a chapter fails, or the site has a fault.
    genrelib.corpus.CorpusError
        If the corpus is unknown or not on disk.
    genrelib.studies.TablesError
        If a file of the original study is another one than it should be.
    """
    log = _Log(quiet)
    root = find_root(root)
    book = _read_book(root)
    order = _execution_order(book)
    corpus, audio = _identify_corpus(corpus)
    parameters = {"corpus": corpus, "seed": seed, "fast": fast}
    folders = _Folders(root, _slug(parameters))
    _copy_sources(folders)
    selected = _select(order, chapters)
    _fetch_study(selected, log)
    common = _common_parts(folders, parameters, audio)
    ran, unchanged = _execute_all(folders, selected, parameters, common, log)
    missing = [c.name for c in book if not (folders.executed / f"{c.name}.ipynb").exists()]
    if missing:
        log.line(f"No pages yet: {', '.join(missing)} never ran; run `genrelib book`")
        return Build(ran, unchanged, None, False, log.elapsed())
    _write_pages(folders, book, parameters)
    rendered = _render(folders, book, parameters, ran, log)
    return _finish(Build(ran, unchanged, folders.html, rendered, log.elapsed()), folders, log)


def find_root(start: Path | None = None) -> Path:
    """Find the folder of the book.

    Parameters
    ----------
    start : Path, optional
        The folder itself; by default it is looked for around the working directory, then where
        this package is installed from.

    Returns
    -------
    Path
        The folder, absolute.

    Raises
    ------
    BookError
        If there is none.
    """
    here = Path.cwd()
    places = [start.resolve()] if start else [here, *here.parents, PACKAGE_DATA.parents[1]]
    for place in places:
        if (place / "_toc.yml").is_file() and (place / "_config.yml").is_file():
            return place
    raise BookError(
        f"no book at {places[0]}: it has no _toc.yml and _config.yml. "
        "Run this in a clone of the repository"
    )


def results_folder(root: Path, corpus: str, *, seed: int = 0, fast: bool = False) -> Path:
    """Say where a build keeps what its chapters measured.

    Parameters
    ----------
    root : Path
        Folder of the book.
    corpus : str
        Name of the corpus.
    seed : int, default 0
        Seed of the build.
    fast : bool, default False
        Whether the build took its short cuts.

    Returns
    -------
    Path
        The folder, which need not exist.
    """
    return _Folders(root, _slug({"corpus": corpus, "seed": seed, "fast": fast})).results


def _finish(result: Build, folders: _Folders, log: _Log) -> Build:
    """Say what happened and where the book is."""
    page = folders.html / "index.html"
    count = f"{len(result.ran)} of {len(result.ran) + len(result.unchanged)} chapters ran"
    if result.rendered:
        log.line(f"The book is made: {count}, {log.clock(result.seconds)} in all")
    else:
        log.line(f"Nothing changed: {count}, the pages are as they were")
    log.line(f"Open {page.resolve().as_uri()}\nor run `make serve` (`genrelib serve`)")
    return result


class _Log:
    """Tells the reader how far the build is: a moving line on a terminal, else plain lines."""

    def __init__(self, quiet: bool) -> None:
        from rich.console import Console

        self.console = Console(quiet=quiet, highlight=False, soft_wrap=True, markup=False)
        self.started = time.perf_counter()

    def elapsed(self) -> float:
        return time.perf_counter() - self.started

    @staticmethod
    def clock(seconds: float) -> str:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"

    def line(self, text: str) -> None:
        self.console.print(text)

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show a step while it runs, and its time afterwards."""
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        started = time.perf_counter()
        if self.console.is_terminal and not self.console.quiet:
            columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False))
            with Progress(
                *columns, TimeElapsedColumn(), console=self.console, transient=True
            ) as bar:
                bar.add_task(text, total=None)
                yield
        else:
            self.line(f"{text} …")
            # A log file is read while it grows.
            sys.stdout.flush()
            yield
        took = self.clock(time.perf_counter() - started)
        self.line(f"{text}: {took} (total {self.clock(self.elapsed())})")


# --- reading the book ------------------------------------------------------------------------


def _read_book(root: Path) -> list[_Chapter]:
    """Return the notebooks that the table of contents names, in order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    chapters = []
    for page in _pages(toc):
        if (root / f"{page}.ipynb").is_file():
            chapters.append(_read_chapter(root / f"{page}.ipynb"))
        elif not (root / f"{page}.md").is_file() and page != ABOUT:
            raise BookError(f"_toc.yml names {page}, but there is no {page}.ipynb or {page}.md")
    return chapters


def _execution_order(book: list[_Chapter]) -> list[_Chapter]:
    """Put what a chapter needs before it; otherwise the order of the pages stays."""
    place = {chapter.name: i for i, chapter in enumerate(book)}
    for chapter in book:
        for need in set(chapter.needs) - set(place):
            raise BookError(
                f"{chapter.path} needs {need!r}, which is no chapter; there are {', '.join(place)}"
            )
    sorter = TopologicalSorter({chapter.name: chapter.needs for chapter in book})
    try:
        sorter.prepare()
    except CycleError as error:
        raise BookError(
            f"chapters need each other, so none can run first: {', '.join(error.args[1][1:])}. "
            "Take one out of the needs of another (genrelib, in the metadata of the notebook)"
        ) from error
    order: list[_Chapter] = []
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=place.__getitem__)
        order.append(book[place[ready[0]]])
        sorter.done(ready.pop(0))
    return order


def _pages(toc: Any) -> Iterator[str]:
    """Yield the page names of a table of contents, in reading order."""
    if isinstance(toc, list):
        for entry in toc:
            yield from _pages(entry)
    elif isinstance(toc, dict):
        for key, value in toc.items():
            if key in ("root", "file"):
                yield re.sub(r"\.(ipynb|md)$", "", value)
            else:
                yield from _pages(value)


def _read_chapter(path: Path) -> _Chapter:
    """Read one notebook and refuse one that the parameters could not reach."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except (ValueError, KeyError, AttributeError) as error:
        raise BookError(f"{path} is not a notebook: {error}") from error
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        raise BookError(
            f"{path} has {len(cells)} cells tagged 'parameters', not one. Tag the cell that sets "
            f"{', '.join(PARAMETERS)} (in JupyterLab: Property Inspector, Cell Tags)"
        )
    missing = [p for p in PARAMETERS if not re.search(rf"^{p}\s*=", cells[0].source, re.M)]
    if missing:
        raise BookError(f"{path}: its parameters cell does not set {', '.join(missing)}")
    return _Chapter(path.stem, path, notebook)


def _select(book: list[_Chapter], wanted: Sequence[str] | None) -> list[_Chapter]:
    """Return the chapters to look at, of those in order: all, or those wanted and their needs."""
    if not wanted:
        return book
    names: set[str] = set()
    for what in wanted:
        stem = what.removesuffix(".ipynb")
        number = stem.lstrip("0")
        found = [
            c.name for c in book if stem == c.name or c.name.lstrip("0").split("-")[0] == number
        ]
        if not found:
            raise BookError(f"no chapter {what!r}; there are {', '.join(c.name for c in book)}")
        names.update(found)
    for chapter in reversed(book):
        if chapter.name in names:
            names.update(chapter.needs)
    return [chapter for chapter in book if chapter.name in names]


def _fetch_study(book: list[_Chapter], log: _Log) -> None:
    """Download the original study's tables first: what is on disk decides which chapters run."""
    if not any(_uses(chapter, "load_original_study") for chapter in book):
        return
    from genrelib.studies import load_original_study

    if load_original_study(missing="none") is None:
        log.line("The original study's tables are not at hand: its chapter shows recorded results")


def _identify_corpus(corpus: str) -> tuple[str, str]:
    """Return the corpus name as kernels can use it, and a hash of what it is made of."""
    from genrelib.corpus import cache_root, load_corpus, sketch_version

    # Kernels run in another folder, where a relative path would lead elsewhere.
    corpus = re.sub(
        r"(folder|features):(?![/~])([^+]+)",
        lambda found: f"{found[1]}:{Path(found[2]).resolve()}",
        corpus,
    )
    loaded = load_corpus(corpus, on_error="skip")
    paths = [Path(path) for path in loaded.tracks["path"].dropna()]
    paths += [Path(part) for part in loaded.stored["part"].unique()]
    # The sketches that the package itself renders are already known by its source code.
    paths = [
        path for path in paths if cache_root() / f"sketch-{sketch_version()}" not in path.parents
    ]
    stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return corpus, _digest([stats, loaded.skipped.values.tolist()])


def _slug(parameters: Mapping[str, Any]) -> str:
    """Return a folder name for these parameters."""
    from genrelib.corpus import corpus_slug

    return f"{corpus_slug(parameters['corpus'])}-seed{parameters['seed']}" + (
        "-fast" if parameters["fast"] else ""
    )


def _copy_sources(folders: _Folders) -> None:
    """Mirror what Jupyter Book reads into a folder of its own."""
    shutil.rmtree(folders.book, ignore_errors=True)
    shutil.copytree(
        folders.root / "chapters",
        folders.book / "chapters",
        ignore=shutil.ignore_patterns(".*", "__pycache__", "_build"),
    )
    shutil.copy(folders.root / "_toc.yml", folders.book)
    text = (folders.root / "_config.yml").read_text("utf-8")
    if os.environ.get("GITHUB_REPOSITORY"):
        config = yaml.safe_load(text)
        url, branch = _repository(folders.root)
        config["repository"] = {**config.get("repository", {}), "url": url, "branch": branch}
        text = yaml.safe_dump(config, sort_keys=False)
    (folders.book / "_config.yml").write_text(text, "utf-8")
    for folder in (folders.executed, folders.results):
        folder.mkdir(parents=True, exist_ok=True)


def stored_outputs(root: Path, *, strip: bool = False) -> list[str]:
    """Find notebooks that were saved with outputs.

    Parameters
    ----------
    root : Path
        Folder of the book.
    strip : bool, default False
        Whether to remove the outputs.

    Returns
    -------
    list of str
        One line per notebook that holds (or held) outputs or execution counts.
    """
    faults = []
    for path in sorted((root / "chapters").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        full = [
            c
            for c in notebook.cells
            if c.get("outputs")
            or c.get("execution_count") is not None
            or "user_expressions" in c.metadata
        ]
        if not full:
            continue
        faults.append(f"{path}: {len(full)} cells with outputs" + (", removed" if strip else ""))
        for cell in full:
            cell.metadata.pop("user_expressions", None)
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        if strip:
            _write(path, nbformat.writes(notebook) + "\n")
    return faults


# --- what a chapter is made from -------------------------------------------------------------


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _hash_files(paths: Iterable[Path], base: Path) -> str:
    return _digest(
        [
            (path.relative_to(base).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
            for path in sorted(paths)
            if path.is_file()
        ]
    )


def _common_parts(folders: _Folders, parameters: Mapping[str, Any], audio: str) -> dict[str, str]:
    """Return what every chapter depends on, as hashes by the name under which it is reported."""
    package = PACKAGE_DATA.parent
    data = [
        path
        for path in (package / "data").rglob("*")
        if path.suffix not in (".py", ".pyc", ".md")
        # Of what is recorded, chapters read the results anew; one page is made of the large run.
        and ("results" not in path.relative_to(package).parts or path.name == "extract.json")
    ]
    from genrelib.book.page import is_public

    return {
        "genrelib": _hash_files(
            (
                path
                for path in package.rglob("*.py")
                if path.relative_to(package).parts[0] not in FRAME
            ),
            package,
        ),
        "data": _digest([_hash_files(data, package), audio]),
        "lock file": _hash_files([folders.root / "requirements.lock"], folders.root),
        "installed versions": _digest(_versions()),
        "parameters": _digest([parameters, is_public()]),
    }


def _uses(chapter: _Chapter, *words: str) -> bool:
    """Say whether the code of a chapter has one of these words."""
    return any(word in cell.source for cell in chapter.code for word in words)


def _own_parts(chapter: _Chapter) -> dict[str, str]:
    """Return what only some chapters depend on: the original study, and what is recorded of it."""
    from genrelib.studies import tables_on_disk

    parts = {}
    if _uses(chapter, "load_original_study", "original-study"):
        parts["the original study's tables"] = _digest([p.name for p in tables_on_disk()])
    if _uses(chapter, "results.STUDY", "results.recorded_study"):
        folder = RECORDED
        parts["recorded results"] = _hash_files([folder / "original-study.json"], folder)
    if _uses(chapter, "load_study"):
        from genrelib.corpus import cache_root

        places = RECORDED, cache_root() / "lstm-study"
        parts["the study of the networks"] = _digest(
            [_hash_files(place.rglob("*.parquet"), place) for place in places]
        )
    if _uses(chapter, "GENRELIB_FULL"):
        parts["GENRELIB_FULL"] = _digest(bool(os.environ.get("GENRELIB_FULL")))
    return parts


def _versions() -> dict[str, str]:
    """Return the versions of Python and of the main libraries."""
    versions = {"Python": platform.python_version()}
    for name in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def _code_digest(chapter: _Chapter) -> str:
    """Return a hash of what is executed; prose can change without a run."""
    matters = {"raises-exception", "skip-execution"}
    return _digest(
        [(c.source, sorted(matters & set(c.metadata.get("tags", [])))) for c in chapter.code]
    )


class _Manifest:
    """What each executed chapter was made from, kept next to it."""

    def __init__(self, folders: _Folders) -> None:
        self.folders = folders
        self.path = folders.state / "manifest.json"
        self.chapters: dict[str, dict[str, Any]] = {}
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            self.chapters = json.loads(self.path.read_text("utf-8"))

    def why(self, chapter: _Chapter, parts: Mapping[str, str]) -> str | None:
        """Say why a chapter has to run, or None."""
        old = self.chapters.get(chapter.name)
        if old is None or not (self.folders.executed / f"{chapter.name}.ipynb").exists():
            return "first run"
        changed = [what for what in parts if old["parts"].get(what) != parts[what]]
        if changed:
            return " and ".join(changed) + " changed"
        for need in chapter.needs:
            if old["needs"].get(need) != self.chapters.get(need, {}).get("finished"):
                return f"needs {need}, which ran again"
        return None

    def add(self, chapter: _Chapter, parts: Mapping[str, str], seconds: float) -> None:
        """Record a finished run."""
        self.chapters[chapter.name] = {
            "parts": dict(parts),
            "needs": {need: self.chapters[need]["finished"] for need in chapter.needs},
            "seconds": round(seconds, 2),
            "finished": datetime.now(UTC).isoformat(timespec="microseconds"),
        }
        _write(self.path, json.dumps(self.chapters, indent=1))


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8")
    part.replace(path)


# --- running ---------------------------------------------------------------------------------


def _execute_all(
    folders: _Folders,
    chapters: list[_Chapter],
    parameters: Mapping[str, Any],
    common: Mapping[str, str],
    log: _Log,
) -> tuple[dict[str, str], list[str]]:
    """Run the chapters that have to, in order; record each as soon as it is finished."""
    manifest = _Manifest(folders)
    ran: dict[str, str] = {}
    unchanged: list[str] = []
    for number, chapter in enumerate(chapters, 1):
        parts = {"code": _code_digest(chapter), **common, **_own_parts(chapter)}
        label = f"chapter {number} of {len(chapters)}: {chapter.title}"
        why = manifest.why(chapter, parts)
        if why is None:
            log.line(f"{label}: unchanged")
            unchanged.append(chapter.name)
            continue
        if not ran:
            _measure(chapters, parameters["corpus"], log)
        started = time.perf_counter()
        with log.step(f"{label} ({why})"):
            _execute(folders, chapter, parameters)
        manifest.add(chapter, parts, time.perf_counter() - started)
        ran[chapter.name] = why
    return ran, unchanged


def _measure(chapters: list[_Chapter], corpus: str, log: _Log) -> None:
    """Measure the audio before the chapters ask for it, where the reader can see how far it is."""
    if not any("genrelib.features.tables" in cell.source for c in chapters for cell in c.code):
        return
    from genrelib.corpus import load_corpus
    from genrelib.features import usable

    left_out = usable(load_corpus(corpus, on_error="skip"), progress=not log.console.quiet).skipped
    for row in left_out.itertuples():
        log.line(f"left out: {row.path}: {row.reason}")


def _execute(folders: _Folders, chapter: _Chapter, parameters: Mapping[str, Any]) -> None:
    """Execute one chapter with papermill, in a process of its own that Ctrl-C can end."""
    given = folders.executed / f".{chapter.name}.given.ipynb"
    part = folders.executed / f".{chapter.name}.part.ipynb"
    report = folders.reports / f"{chapter.name}.ipynb"
    for old in (part, report, report.with_suffix(".txt")):
        old.unlink(missing_ok=True)
    nbformat.write(with_probes(chapter.notebook), given)
    command = [sys.executable, "-m", "papermill", str(given), str(part)]
    command += ["--kernel", _install_kernel(folders.kernels), "--language", "python"]
    command += ["--cwd", str(folders.book / "chapters"), "--no-progress-bar"]
    command += ["--parameters_yaml", json.dumps(dict(parameters))]
    try:
        status, output = _run(command, _kernel_environment(folders))
        if status != 0:
            raise _failure(chapter, part, report, output)
        part.replace(folders.executed / f"{chapter.name}.ipynb")
    finally:
        part.unlink(missing_ok=True)
        given.unlink(missing_ok=True)


def _install_kernel(folder: Path) -> str:
    """Write a kernel that is this very interpreter, whatever others are installed."""
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python of this book",
        "language": "python",
    }
    target = folder / "kernels" / "genrelib-book"
    target.mkdir(parents=True, exist_ok=True)
    _write(target / "kernel.json", json.dumps(spec))
    return target.name


def _kernel_environment(folders: _Folders) -> dict[str, str]:
    """Return the environment of the kernels: absolute paths, and this package."""
    environment = dict(os.environ)
    for name, first in (
        ("JUPYTER_PATH", folders.kernels),
        ("PYTHONPATH", PACKAGE_DATA.parents[1]),
    ):
        paths = [str(first), *filter(None, [environment.get(name)])]
        environment[name] = os.pathsep.join(paths)
    for name in ("GENRELIB_DATA", "GENRELIB_CACHE"):
        if environment.get(name):
            environment[name] = str(Path(environment[name]).expanduser().resolve())
    environment["GENRELIB_RESULTS"] = str(folders.results)
    environment["GENRELIB_QUIET"] = "1"
    environment["GENRELIB_OFFLINE"] = "1"  # what can be fetched was fetched before
    environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    return environment


def _run(command: list[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command, and take it down with us when we are interrupted."""
    # In a session of its own, so that Ctrl-C reaches us alone and we end it in order.
    with subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate()
        except BaseException:
            # papermill passes the signal on to its kernel.
            process.send_signal(signal.SIGTERM)
            try:
                process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    return process.returncode, output


def _failure(chapter: _Chapter, part: Path, report: Path, output: str) -> BookError:
    """Keep the notebook as far as it ran, and name the cell that failed."""
    report.parent.mkdir(parents=True, exist_ok=True)
    _write(report.with_suffix(".txt"), _plain_text(output))
    log = f"Log: {report.with_suffix('.txt')}"
    if not part.exists():
        return BookError(f"{chapter.name} could not be started: {_tail(output)}\n{log}")
    part.replace(report)
    position = 0
    for cell in nbformat.read(report, as_version=4).cells:
        tags = cell.metadata.get("tags", [])
        position += not {"injected-parameters", "papermill-error-cell-tag", TAG} & set(tags)
        for error in cell.get("outputs", []):
            if error.output_type == "error":
                # Of a text, its expressions are what was executed.
                shown = cell.source.partition("_probe(\n")[2] if TAG in tags else cell.source
                return BookError(
                    f"{chapter.name} failed in cell {position} of {len(chapter.notebook.cells)}:\n"
                    f"    {_shorten(shown)}\n"
                    f"{error.ename}: {_plain_text(error.evalue)}\n"
                    f"The chapter as far as it ran: {report}\n{log}"
                )
    return BookError(f"{chapter.name} stopped: {_tail(output)}\nAs far as it ran: {report}\n{log}")


def _plain_text(text: str) -> str:
    """Return text without the escapes that colour a terminal."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)


def _tail(output: str) -> str:
    """Return the last line of a log that says something."""
    lines = [line.strip() for line in _plain_text(output).splitlines() if line.strip()]
    return lines[-1] if lines else "no output"


def _shorten(source: str, lines: int = 3) -> str:
    """Return the beginning of a cell."""
    kept = source.strip().splitlines()
    return "\n    ".join(kept[:lines] + ["…"] * (len(kept) > lines))


# --- pages -----------------------------------------------------------------------------------


def _write_pages(folders: _Folders, book: list[_Chapter], parameters: Mapping[str, Any]) -> None:
    """Write each chapter, with the outputs of its run, where Jupyter Book finds it."""
    for chapter in book:
        executed = nbformat.read(folders.executed / f"{chapter.name}.ipynb", as_version=4)
        page = _page(chapter, executed, parameters)
        relative = chapter.path.relative_to(folders.root)
        nbformat.write(page, folders.book / relative)


def _page(
    chapter: _Chapter, executed: NotebookNode, parameters: Mapping[str, Any]
) -> NotebookNode:
    """Return the chapter's own text and code with the outputs that the code had when it ran."""
    page = nbformat.from_dict(json.loads(json.dumps(chapter.notebook)))
    ran = [c for c in executed.cells if "injected-parameters" not in c.metadata.get("tags", [])]
    outcomes = [c for c in ran if TAG not in c.metadata.get("tags", [])]
    for before, after in pairwise(ran):
        if TAG in after.metadata.get("tags", []):
            before["values"] = [v for out in after.outputs for v in out.metadata[TAG]]
    for number, (cell, outcome) in enumerate(zip(page.cells, outcomes, strict=False), 1):
        if cell.cell_type != "code":
            cell.source = filled(cell.source, outcome.get("values", []))
            continue
        cell.outputs = outcome.outputs
        cell.execution_count = outcome.execution_count
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = _with_parameters(cell.source, parameters)
        _place_figure(cell, f"{chapter.path}, cell {number}")
    return page


def _with_parameters(source: str, parameters: Mapping[str, Any]) -> str:
    """Return the parameters cell with the values that were used."""
    for name, value in parameters.items():
        shown = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
        # A comment after the value stays.
        line = re.compile(rf"^({name}\s*=\s*)(\"[^\"]*\"|'[^']*'|[^#\s]+)", re.MULTILINE)
        source = line.sub(lambda found, shown=shown: found[1] + shown, source)  # type: ignore[misc]
    return source


def _place_figure(cell: NotebookNode, where: str) -> None:
    """Turn an image of `genrelib.book.show` into a numbered figure with its text alternative."""
    roles = [out.get("metadata", {}).get("genrelib", {}) for out in cell.outputs]
    figures = [role for role in roles if role.get("role") == "figure"]
    if not figures:
        return
    shown = [out for out in cell.outputs if out.output_type in ("display_data", "execute_result")]
    visible = [out for out in shown if "scrapbook" not in out.get("metadata", {})]
    if len(figures) > 1 or len(visible) > 2:
        raise BookError(f"{where} shows a figure and something else: one figure per cell, alone")
    cell.outputs = [
        out for out, role in zip(cell.outputs, roles, strict=True) if role.get("role") != "caption"
    ]
    figure = {"caption": figures[0]["caption"]}
    if figures[0].get("name"):
        figure["name"] = figures[0]["name"]
    cell.metadata["mystnb"] = {"figure": figure, "image": {"alt": figures[0]["alt"]}}


def _write_about(
    folders: _Folders,
    book: list[_Chapter],
    parameters: Mapping[str, Any],
    ran: Mapping[str, str],
) -> None:
    """Write the page that says how the pages came about."""
    runs = _Manifest(folders).chapters
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    facts = {
        "Corpus": f"`{parameters['corpus']}`",
        "Seed": parameters["seed"],
        "Mode": "fast (short cuts, not for reading results)" if parameters["fast"] else "full",
        "Made on": made,
        "Commit": _commit(folders.root) or "not known",
        "System": f"{platform.system()}, {platform.machine()}, {os.cpu_count()} cores",
    }
    times = {
        f"{{doc}}`{chapter.name}`": (
            _Log.clock(runs[chapter.name]["seconds"]),
            runs[chapter.name]["finished"][:16].replace("T", " ") + " UTC",
            "this build" if chapter.name in ran else "an earlier build, nothing changed since",
        )
        for chapter in book
        if chapter.name in runs
    }
    total = _Log.clock(sum(run["seconds"] for run in runs.values()))
    text = [
        "# About this build",
        "Every page was made by the code it shows. This page says on what, with which versions, "
        "and how long it took.",
        "## What was built",
        _markdown_table(("What", "Which"), facts.items()),
        "## Time per chapter",
        _markdown_table(
            ("Chapter", "Time", "Finished", "Executed in"),
            ((name, *rest) for name, rest in times.items()),
        ),
        f"All chapters together: {total}.",
        "## Speed of the features",
        *_speed(folders),
        "## Versions",
        _markdown_table(("Software", "Version"), _versions().items()),
        "Every package with its version and hash is listed in `requirements.lock`.",
    ]
    _write(folders.book / f"{ABOUT}.md", "\n\n".join(text) + "\n")


def _speed(folders: _Folders) -> list[str]:
    """Draw the recorded benchmark next to the page, and return what the page says about it."""
    from genrelib.book import speed
    from genrelib.studies import bench_by_family, bench_summary, load_bench

    record = load_bench()
    picture = folders.book / f"{ABOUT}-speed.png"
    speed.draw_bench(record).savefig(picture, dpi=150)
    caption = (
        "Time that the features of a slice take, and what else could be computed in its place."
    )
    table = bench_by_family(record)
    return [
        bench_summary(record),
        f"```{{figure}} {picture.name}\n:name: fig-speed\n:alt: {speed.bench_alt(record)}\n\n"
        f"{caption}\n```",
        "One family at a time, with the spectra that it needs, is slower than its share of all:",
        _markdown_table(("Family", *table.columns), table.itertuples()),
    ]


def _markdown_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _commit(root: Path) -> str | None:
    """Return the commit that the sources are at, and whether they differ from it."""
    git = ["git", "-C", str(root)]
    try:
        commit = subprocess.check_output(
            [*git, "rev-parse", "--short=12", "HEAD"], text=True, stderr=subprocess.DEVNULL
        )
        changes = subprocess.check_output([*git, "status", "--porcelain"], text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"`{commit.strip()}`" + (" with local changes" if changes.strip() else "")


# --- the site --------------------------------------------------------------------------------


def _render(
    folders: _Folders,
    book: list[_Chapter],
    parameters: Mapping[str, Any],
    ran: Mapping[str, str],
    log: _Log,
) -> bool:
    """Make the site anew if a page changed; the old one stays until the new one is good."""
    stamp = folders.build / "html.json"
    package = PACKAGE_DATA.parent
    own = [*package.rglob("book/*.py"), RECORDED / "bench.json"]
    own.append(folders.root / "requirements.lock")
    key = _digest(
        [
            _hash_files(folders.book.rglob("*"), folders.book),
            [hashlib.sha256(path.read_bytes()).hexdigest() for path in own if path.exists()],
            [_versions(), str(folders.state)],
        ]
    )
    with contextlib.suppress(FileNotFoundError):
        if stamp.read_text("utf-8") == key and (folders.html / "index.html").exists():
            return False
    _write_about(folders, book, parameters, ran)
    with log.step("pages"):
        site = _run_jupyter_book(folders)
        problems = check_site(site, folders.root)
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems[:30])
        raise BookError(f"the site has {len(problems)} faults:\n{listed}\nIt is kept at {site}")
    stamp.unlink(missing_ok=True)
    shutil.rmtree(folders.html, ignore_errors=True)
    site.replace(folders.html)
    shutil.rmtree(folders.site, ignore_errors=True)
    _write(stamp, key)
    return True


def _run_jupyter_book(folders: _Folders) -> Path:
    """Render the pages with warnings as errors, and return the folder of the site."""
    shutil.rmtree(folders.site, ignore_errors=True)
    # Jupyter Book has no `python -m`, and its script may not be on the path.
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build"]
    command += ["-W", "-n", "--keep-going", "--path-output", str(folders.site), str(folders.book)]
    status, output = _run(command, os.environ)
    output = _plain_text(output)
    folders.reports.mkdir(parents=True, exist_ok=True)
    _write(folders.reports / "pages.txt", output)
    site = folders.site / "_build" / "html"
    if status != 0 or not (site / "index.html").exists():
        lines = [line for line in output.splitlines() if re.search(r"WARNING|ERROR|rror:", line)]
        shown = "\n".join(line.replace(f"{folders.book}/", "") for line in lines[:20])
        raise BookError(
            f"the pages have {len(lines)} warnings or errors:\n{shown or _tail(output)}\n"
            f"Log: {folders.reports / 'pages.txt'}"
        )
    return site


class _Page(HTMLParser):
    """What `check_site` wants to know of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.failures: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down ids, links, images and what Sphinx and Jupyter mark as an error."""
        given = dict(attrs)
        self.ids.update(filter(None, (given.get("id"), given.get("name"))))
        if tag == "img":
            self.images.append(given)
        self.links += [link for name in ("href", "src") if (link := given.get(name))]
        classes = set((given.get("class") or "").split())
        if "traceback" in classes:
            self.failures.append("an output is an error")
        if classes & {"problematic", "system-message"}:
            self.failures.append("an unresolved reference or a markup error")


def check_site(html: Path, root: Path | None = None) -> list[str]:
    """Look a rendered book over.

    Parameters
    ----------
    html : Path
        Folder of the site.
    root : Path, optional
        Folder of the repository; if given, links from the pages to files of the repository
        (source, Binder, Colab) are checked against it.

    Returns
    -------
    list of str
        What is wrong, one line per fault, each with its page: outputs that are errors, markup
        errors, images without a text alternative, links to pages, files or places in a page that
        do not exist, pages over 2 MB, a site over 25 MB.
    """
    # Templates of the theme are kept among the static files; they are no pages.
    static = html / "_static"
    paths = [path for path in sorted(html.rglob("*.html")) if static not in path.parents]
    texts = {path: path.read_text("utf-8") for path in paths}
    pages = {path.resolve(): _Page(text) for path, text in texts.items()}
    repository = _repository(root) if root else None
    problems = []
    for path, text in texts.items():
        page = pages[path.resolve()]
        found = [*page.failures]
        if len(text.encode()) > MAX_PAGE_BYTES:
            found.append(f"the page has {len(text.encode()):,} bytes")
        found += [
            f"image without text alternative: {image.get('src', '')}"
            for image in page.images
            if not (image.get("alt") or "").strip()
        ]
        for link in dict.fromkeys(page.links):
            found += _check_link(link, path, html, pages)
            if root and repository and repository[0]:
                found += _check_repository_link(link, root, repository)
        problems += [f"{path.relative_to(html)}: {fault}" for fault in found]
    size = sum(path.stat().st_size for path in html.rglob("*") if path.is_file())
    if size > MAX_SITE_BYTES:
        problems.append(f"the site has {size:,} bytes")
    return problems


def _check_link(link: str, page: Path, html: Path, pages: Mapping[Path, _Page]) -> list[str]:
    """Check that a link inside the site leads somewhere."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return []
    target = page if not parts.path else page.parent / unquote(parts.path)
    if parts.path.startswith("/"):
        return [f"link to {link} leaves the book when it is opened from disk"]
    target = target.resolve()
    if html.resolve() not in (target, *target.parents) or not target.exists():
        return [f"broken link: {link}"]
    fragment = unquote(parts.fragment)
    if fragment and target in pages and fragment not in pages[target].ids:
        return [f"link to a missing place: {link}"]
    return []


def _repository(root: Path) -> tuple[str, str]:
    """Return address and branch of the repository that pages link to."""
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8")).get("repository", {})
    if not (repository := os.environ.get("GITHUB_REPOSITORY")):
        return config.get("url", ""), config.get("branch", "main")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    # On a pull request, GITHUB_REF_NAME is the name of a merge that does not last.
    branch = os.environ.get("GITHUB_HEAD_REF") or os.environ.get("GITHUB_REF_NAME")
    return f"{server}/{repository}", branch or "main"


def _check_repository_link(link: str, root: Path, repository: tuple[str, str]) -> list[str]:
    """Check that a link to a file of the repository, or to its notebook elsewhere, is right."""
    parts = urlsplit(link)
    name, branch = re.escape(urlsplit(repository[0]).path.strip("/")), re.escape(repository[1])
    file = None
    if match := re.fullmatch(rf"(?:/github)?/{name}/(?:blob|edit|tree)/{branch}/(.+)", parts.path):
        file = match[1]
    elif re.fullmatch(rf"/v2/gh/{name}/{branch}", parts.path):
        opened = parse_qs(parts.query).get("urlpath", [""])[0]
        file = re.sub(r"^(lab/)?tree/", "", opened)
    elif re.match(rf"(/github|/v2/gh)?/{name}/(?!issues)", parts.path):
        return [f"link to an unknown place of the repository: {link}"]
    if file is None or (root / unquote(file)).exists():
        return []
    return [f"link to a file that the repository does not have: {link}"]
