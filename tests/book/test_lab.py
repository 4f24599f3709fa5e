"""The chapters in JupyterLab, in a real browser: they run, and they read as the page does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browser
import nbformat
import pytest

from genrelib.book.inline import expressions
from genrelib.book.lesson import SOLUTION, tagged
from genrelib.book.student import without_solutions

ROOT = Path(__file__).parents[2]
CHAPTERS = [path.stem for path in sorted((ROOT / "chapters").glob("*.ipynb"))]
STUDENT = "02-slicing"
"""The chapter whose student edition is opened, too."""

SOON = ("02", "03")
"""Chapters that have every kind of cell and of number; the others are opened once a week."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not browser.CHROMIUM, reason="no chromium: apt install chromium"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    """The book in JupyterLab, on sketches and in fast mode, and a browser."""
    playwright = pytest.importorskip("playwright.sync_api")
    root = tmp_path_factory.mktemp("lab")
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "chapters", root / "chapters")
    for path in (root / "chapters").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        (cell,) = (c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
        cell.source = 'corpus = "sketch"\nseed = 0\nfast = True'
        nbformat.write(notebook, path)
        if path.stem == STUDENT:
            edition = path.with_name(f"student-{path.name}")
            nbformat.write(without_solutions(notebook), edition)
    home = tmp_path_factory.mktemp("home")
    with browser.served(root, home) as url, playwright.sync_playwright() as driver:
        window = driver.chromium.launch(
            executable_path=browser.CHROMIUM, args=list(browser.OPTIONS)
        )
        yield url, window
        window.close()


def test_the_start_page_reads_as_a_page_and_leads_to_the_chapters(lab: tuple[str, Any]) -> None:
    url, window = lab
    page = window.new_page()
    page.goto(f"{url}/lab/tree/index.md?reset")
    page.wait_for_selector(".jp-MarkdownViewer h1")
    text = page.locator(".jp-MarkdownViewer").inner_text()
    assert "Genre, Measured" in text and "{doc}" not in text
    page.locator(".jp-MarkdownViewer a", has_text="Slicing").first.click()
    page.wait_for_selector(".jp-NotebookPanel")
    label = page.evaluate("() => jupyterapp.shell.currentWidget.title.label")
    assert label == "02-slicing.ipynb"
    # Nobody else is to find this kernel.
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.ready")
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n[:2] in SOON else [pytest.mark.full]) for n in CHAPTERS]
)
def test_a_chapter_runs_and_reads_as_its_page(lab: tuple[str, Any], name: str) -> None:
    opened = browser.run_notebook(lab[1], lab[0], f"{name}.ipynb")
    assert opened.errors == []
    assert opened.raw_markup == []
    asked = [e for cell in opened.cells if cell["type"] == "markdown"
             for e in expressions(cell["source"])]  # fmt: skip
    answered = [e for cell in opened.cells for e in cell["expressions"]]
    assert len(answered) == len(asked)
    # What the page hides is collapsed here, too.
    for cell, stored in zip(opened.cells, _stored(name), strict=True):
        assert cell["hidden"] == bool(stored.metadata.get("jupyter", {}).get("source_hidden"))


def test_the_student_edition_runs_as_the_book_does(lab: tuple[str, Any]) -> None:
    opened = browser.run_notebook(lab[1], lab[0], f"student-{STUDENT}.ipynb")
    assert opened.errors == []
    assert opened.raw_markup == []
    stored = _stored(STUDENT)
    solutions = sum(tagged(cell, SOLUTION) for cell in stored)
    assert len(opened.cells) == len(stored), "a place to answer for every solution"
    assert sum(cell["source"] == "# Your answer" for cell in opened.cells) == solutions > 0


def _stored(name: str) -> list[nbformat.NotebookNode]:
    return nbformat.read(ROOT / "chapters" / f"{name}.ipynb", as_version=4).cells
