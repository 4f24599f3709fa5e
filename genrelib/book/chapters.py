"""The notebooks of the book as they are in the repository, and the order in which they run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat import NotebookNode

from genrelib.book.inline import with_probes
from genrelib.corpus import PACKAGE_DATA, write_whole

PARAMETERS = ("corpus", "seed", "fast")
ABOUT, REFERENCE = "chapters/about-build", "chapters/helper"
"""Pages that a build writes."""


class BookError(ValueError):
    """The book cannot be built; the message says where and what to do."""


@dataclass(frozen=True)
class Chapter:
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


class Folders:
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
        self.old = self.build / ".old-html"  # the site that makes room for a new one


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


def built_site(root: Path) -> Path:
    """Find the site that a build has made.

    Parameters
    ----------
    root : Path
        Folder of the book.

    Returns
    -------
    Path
        The folder of the site.

    Raises
    ------
    BookError
        If the book is not built.
    """
    site = root / "_build" / "html"
    if not (site / "index.html").exists():
        raise BookError("the book is not built yet: run `make book` (`genrelib book`) first")
    return site


def read_book(root: Path) -> list[Chapter]:
    """Return the notebooks that the table of contents names, in order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    chapters = []
    for page in toc_pages(toc):
        if (root / f"{page}.ipynb").is_file():
            chapters.append(read_chapter(root / f"{page}.ipynb"))
        elif not (root / f"{page}.md").is_file() and page not in (ABOUT, REFERENCE):
            raise BookError(f"_toc.yml names {page}, but there is no {page}.ipynb or {page}.md")
    return chapters


def execution_order(book: list[Chapter]) -> list[Chapter]:
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
    order: list[Chapter] = []
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=place.__getitem__)
        order.append(book[place[ready[0]]])
        sorter.done(ready.pop(0))
    return order


def toc_pages(toc: Any) -> Iterator[str]:
    """Yield the page names of a table of contents, in reading order."""
    if isinstance(toc, list):
        for entry in toc:
            yield from toc_pages(entry)
    elif isinstance(toc, dict):
        for key, value in toc.items():
            if key in ("root", "file"):
                yield re.sub(r"\.(ipynb|md)$", "", value)
            else:
                yield from toc_pages(value)


def read_chapter(path: Path) -> Chapter:
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
    return Chapter(path.stem, path, notebook)


def select(book: list[Chapter], wanted: Sequence[str] | None) -> list[Chapter]:
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


def uses(chapter: Chapter, *words: str) -> bool:
    """Say whether the code of a chapter has one of these words."""
    return any(word in cell.source for cell in chapter.code for word in words)


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
            write_whole(path, nbformat.writes(notebook) + "\n")
    return faults
