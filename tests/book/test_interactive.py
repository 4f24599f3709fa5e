"""Figures that answer, on their way from a notebook to a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook, new_output

from genrelib.book import BookError, check_site
from genrelib.book.figures import Picture
from genrelib.book.interactive import add_interactive
from genrelib.book.page import METADATA_KEY, show

TABLE = {"caption": "What it <holds>", "head": ["k", "value"], "rows": [["1", "0.25"]]}
DATA = {"kind": "threshold", "title": "</script><b>", "table": TABLE}
FIGURE = '<figure class="align-default" id="{}"><img alt="A line" src=""/></figure>'
PAGE = "<html><head><title>x</title></head><body>{}</body></html>"


def made(folder: Path, *outputs: Any, body: str) -> Path:
    """Write what a site of one page is rendered from, and the page."""
    notebook = new_notebook(cells=[new_code_cell("show()", outputs=list(outputs))])
    (folder / "book" / "chapters").mkdir(parents=True)
    nbformat.write(notebook, folder / "book" / "chapters" / "one.ipynb")
    page = folder / "site" / "chapters" / "one.html"
    page.parent.mkdir(parents=True)
    page.write_text(PAGE.format(body), "utf-8")
    return page


def output(name: str, data: dict[str, Any] | None) -> Any:
    about = {"role": "figure", "name": name, "alt": 'A "line"', "caption": "c"}
    about |= {"data": data} if data else {}
    return new_output("display_data", {"text/plain": "x"}, metadata={METADATA_KEY: about})


def test_show_hands_data_on_and_leaves_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "IPython.display.display", lambda data, raw, metadata: shown.append(metadata)
    )
    for data in (None, DATA):
        show(Picture(plt.figure(), "A line.", "A line.", "fig-line", data=data))
    assert "data" not in shown[0][METADATA_KEY]
    assert shown[2][METADATA_KEY]["data"] == DATA


def test_data_stand_behind_their_figure_for_the_script_and_as_a_table(tmp_path: Path) -> None:
    body = FIGURE.format("fig-a") + FIGURE.format("fig-b")
    page = made(tmp_path, output("fig-a", DATA), output("fig-b", None), body=body)
    assert add_interactive(tmp_path / "site", tmp_path / "book") == ["fig-a"]
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    (behind,) = soup.select(".interactive")
    assert behind.find_previous_sibling("figure")["id"] == "fig-a" == behind["data-figure"]
    given = json.loads(behind.script.string)
    assert given == {"kind": "threshold", "title": "</script><b>", "alt": 'A "line"'}
    (table,) = behind.select("details table")
    assert table.caption.string == "What it <holds>"
    assert [cell.string for cell in table.select("tbody tr > *")] == ["1", "0.25"]
    assert behind.select_one("[role=region]")["tabindex"] == "0"
    for link in (soup.head.find("script")["src"], soup.head.find("link")["href"]):
        assert (page.parent / link).is_file()
    assert check_site(tmp_path / "site") == []


def test_a_page_without_such_a_figure_stays_as_it_is(tmp_path: Path) -> None:
    page = made(tmp_path, output("fig-b", None), body=FIGURE.format("fig-b"))
    before = page.read_bytes()
    assert add_interactive(tmp_path / "site", tmp_path / "book") == []
    assert page.read_bytes() == before
    assert not (tmp_path / "site" / "_static").exists()


def test_a_figure_that_the_page_lacks_is_named(tmp_path: Path) -> None:
    made(tmp_path, output("fig-a", DATA), body=FIGURE.format("fig-b"))
    with pytest.raises(BookError, match=r"one\.html shows fig-a 0 times"):
        add_interactive(tmp_path / "site", tmp_path / "book")
