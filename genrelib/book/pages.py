"""From executed notebooks to what Jupyter Book is given: the chapter's own text, with outputs."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from typing import Any

import nbformat
import yaml
from nbformat import NotebookNode

from genrelib.book.chapters import BookError, Chapter, Folders
from genrelib.book.check import repository_of
from genrelib.book.folds import with_folds
from genrelib.book.inline import TAG, filled, with_probes
from genrelib.book.lesson import tagged
from genrelib.book.running import fail_on_full_disk
from genrelib.book.solutions import SOLVED, with_results
from genrelib.book.teaching import TEACHERS
from genrelib.corpus import write_whole


def copy_sources(folders: Folders) -> None:
    """Mirror what Jupyter Book reads into a folder of its own."""
    shutil.rmtree(folders.book, ignore_errors=True)
    try:
        shutil.copytree(
            folders.root / "chapters",
            folders.book / "chapters",
            ignore=shutil.ignore_patterns(".*", "__pycache__", "_build"),
        )
        for page in sorted((folders.root / TEACHERS).glob("*.md")):
            write_whole(folders.book / TEACHERS / page.name, page.read_bytes())
    except shutil.Error as error:  # a list of what could not be copied; the first tells why
        fail_on_full_disk(str(error.args[0][0][2]), folders.build)
        raise
    shutil.copy(folders.root / "_toc.yml", folders.book)
    text = (folders.root / "_config.yml").read_text("utf-8")
    if os.environ.get("GITHUB_REPOSITORY"):
        config = yaml.safe_load(text)
        url, branch = repository_of(folders.root)
        config["repository"] = {**config.get("repository", {}), "url": url, "branch": branch}
        text = yaml.safe_dump(config, sort_keys=False)
    write_whole(folders.book / "_config.yml", text)
    for folder in (folders.executed, folders.results):
        folder.mkdir(parents=True, exist_ok=True)


def write_pages(folders: Folders, book: list[Chapter], parameters: Mapping[str, Any]) -> None:
    """Write each chapter, with the outputs of its run, where Jupyter Book finds it."""
    for chapter in book:
        executed = nbformat.read(folders.executed / f"{chapter.name}.ipynb", as_version=4)
        page = page_of(chapter, executed, parameters)
        relative = chapter.path.relative_to(folders.root)
        write_whole(folders.book / relative, nbformat.writes(page) + "\n")


def page_of(
    chapter: Chapter, executed: NotebookNode, parameters: Mapping[str, Any]
) -> NotebookNode:
    """Return the chapter's own text and code with the outputs that the code had when it ran.

    Text that computes nothing may have changed, come or gone since.
    """
    page = with_probes(nbformat.from_dict(json.loads(json.dumps(chapter.notebook))))
    wanted = [cell for cell in page.cells if cell.cell_type == "code"]
    ran = [
        cell
        for cell in executed.cells
        if cell.cell_type == "code" and not tagged(cell, "injected-parameters")
    ]
    if [cell.source for cell in wanted] != [cell.source for cell in ran]:
        raise BookError(
            f"what {chapter.name} computes has changed since it ran: run `genrelib book`, or "
            f"`genrelib book --chapter {chapter.name}` first"
        )
    for cell, outcome in zip(wanted, ran, strict=True):
        cell.outputs, cell.execution_count = outcome.outputs, outcome.execution_count
    probed, page.cells = page.cells, []
    for cell in probed:
        if tagged(cell, TAG):
            values = [value for out in cell.outputs for value in out.metadata[TAG]]
            page.cells[-1].source = filled(page.cells[-1].source, values)
        elif tagged(cell, SOLVED):
            for solved in (o.metadata for o in cell.outputs if SOLVED in o.metadata):
                page.cells[-1].source = with_results(page.cells[-1].source, solved)
        else:
            page.cells.append(cell)
    for number, cell in enumerate(page.cells, 1):
        if cell.cell_type == "code":
            if tagged(cell, "parameters"):
                cell.source = _with_parameters(cell.source, parameters)
            _place_figure(cell, f"{chapter.path}, cell {number}")
    try:
        page.cells = with_folds(page.cells)
    except ValueError as error:
        raise BookError(f"{chapter.path}: {error}") from error
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
    if len(figures) > 1 or len(shown) > 2:
        raise BookError(f"{where} shows a figure and something else: one figure per cell, alone")
    cell.outputs = [
        out for out, role in zip(cell.outputs, roles, strict=True) if role.get("role") != "caption"
    ]
    figure = {"caption": figures[0]["caption"]}
    if figures[0].get("name"):
        figure["name"] = figures[0]["name"]
    cell.metadata["mystnb"] = {"figure": figure, "image": {"alt": figures[0]["alt"]}}
