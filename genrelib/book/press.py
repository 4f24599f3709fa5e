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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genrelib.book.chapters import (
    BookError,
    Chapter,
    Folders,
    execution_order,
    find_root,
    read_book,
    select,
    uses,
)
from genrelib.book.log import Log
from genrelib.book.madefrom import common_parts, identify_corpus
from genrelib.book.pages import copy_sources, write_pages
from genrelib.book.results import forget
from genrelib.book.running import execute_all
from genrelib.book.site import bring_back, render
from genrelib.corpus import FAULTS, unwritable


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
        If the folder is not a book, a chapter fails, the site has a fault, or the disk is full or
        cannot be written.
    genrelib.corpus.CorpusError
        If the corpus is unknown or not on disk.
    genrelib.studies.TablesError
        If a file of the original study is another one than it should be.
    """
    log = Log(quiet)
    root = find_root(root)
    book = read_book(root)
    order = execution_order(book)
    corpus, audio = identify_corpus(corpus)
    parameters = {"corpus": corpus, "seed": seed, "fast": fast}
    folders = Folders(root, slug(parameters))
    selected = select(order, chapters)
    try:
        return _made(folders, book, selected, parameters, audio, log)
    except OSError as error:
        if error.errno not in FAULTS:
            raise
        raise BookError(unwritable(error.filename or folders.build, error)) from error


def _made(
    folders: Folders,
    book: list[Chapter],
    selected: list[Chapter],
    parameters: dict[str, Any],
    audio: str,
    log: Log,
) -> Build:
    """Execute what changed of those selected, and render the book."""
    bring_back(folders)
    copy_sources(folders)
    forget(folders.results, [chapter.name for chapter in book])
    _fetch_study(selected, log)
    common = common_parts(folders, parameters, audio)
    ran, unchanged = execute_all(folders, selected, parameters, common, log)
    missing = [c.name for c in book if not (folders.executed / f"{c.name}.ipynb").exists()]
    if missing:
        log.line(f"No pages yet: {', '.join(missing)} never ran; run `genrelib book`")
        return Build(ran, unchanged, None, False, log.elapsed())
    write_pages(folders, book, parameters)
    rendered = render(folders, book, parameters, ran, log)
    return _finish(Build(ran, unchanged, folders.html, rendered, log.elapsed()), folders, log)


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
    return Folders(root, slug({"corpus": corpus, "seed": seed, "fast": fast})).results


def slug(parameters: Mapping[str, Any]) -> str:
    """Return a folder name for these parameters."""
    from genrelib.corpus import corpus_slug

    return f"{corpus_slug(parameters['corpus'])}-seed{parameters['seed']}" + (
        "-fast" if parameters["fast"] else ""
    )


def _fetch_study(book: list[Chapter], log: Log) -> None:
    """Download the original study's tables first: what is on disk decides which chapters run."""
    if not any(uses(chapter, "load_original_study") for chapter in book):
        return
    from genrelib.studies import load_original_study

    if load_original_study(missing="none") is None:
        log.line("The original study's tables are not at hand: its chapter shows recorded results")


def _finish(result: Build, folders: Folders, log: Log) -> Build:
    """Say what happened and where the book is."""
    page = folders.html / "index.html"
    count = f"{len(result.ran)} of {len(result.ran) + len(result.unchanged)} chapters ran"
    if result.rendered:
        log.line(f"The book is made: {count}, {log.clock(result.seconds)} in all")
    else:
        log.line(f"Nothing changed: {count}, the pages are as they were")
    log.line(f"Open {page.resolve().as_uri()}\nor run `make serve` (`genrelib serve`)")
    return result
