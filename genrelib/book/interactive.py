"""The part of the site in which figures answer: what they show, beside a front end from ``web``.

A figure that a reader may try out has ``data`` (:mod:`genrelib.book.figures.interactive`), which
its output carries in its metadata. On the page it stands behind the figure, for the script, and as
a table for whoever cannot see the figure. Without the script, and in print, the page shows the
picture as it is.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from genrelib.book.chapters import BookError
from genrelib.book.page import METADATA_KEY, table_html
from genrelib.book.song import WEB, joined, wrapped
from genrelib.corpus import write_whole

MODULES = ("make", "figure", "threshold", "sweep", "cells", "tracks", "figures")
"""Modules of the front end, each after those it imports."""


def add_interactive(site: Path, book: Path) -> list[str]:
    """Give pages the figures that answer.

    Parameters
    ----------
    site : Path
        Folder of the rendered site.
    book : Path
        What it was rendered from: notebooks with outputs, under the same names.

    Returns
    -------
    list of str
        The figures, by their labels; none where the folder ``web`` is not at hand.

    Raises
    ------
    BookError
        If a page lacks a figure that its notebook shows.
    """
    if not WEB.is_dir():
        return []
    added = []
    for path in sorted(book.rglob("*.ipynb")):
        figures = list(_figures(path))
        page = (site / path.relative_to(book)).with_suffix(".html")
        if not figures or not page.exists():
            continue
        text = page.read_text("utf-8")
        for name, alt, data in figures:
            text = _with_data(text, name, alt, data, page)
            added.append(name)
        static = "../" * (len(page.relative_to(site).parts) - 1) + "_static/interactive"
        links = (
            f'<link rel="stylesheet" href="{static}/figures.css">\n'
            f'<script defer src="{static}/figures.js"></script>\n'
        )
        write_whole(page, text.replace("</head>", f"{links}</head>", 1))
    if added:
        folder = site / "_static" / "interactive"
        write_whole(folder / "figures.js", wrapped(joined(MODULES)))
        write_whole(folder / "figures.css", (WEB / "figures.css").read_text("utf-8"))
    return added


def _figures(path: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give name, text alternative and data of each figure of a notebook that has data."""
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            about = output.get("metadata", {}).get(METADATA_KEY, {})
            if about.get("data"):
                yield about["name"], about["alt"], dict(about["data"])


def _with_data(text: str, name: str, alt: str, data: dict[str, Any], page: Path) -> str:
    """Put the data of a figure behind it: for the script, and as a table."""
    table = data.pop("table")
    rows = pd.DataFrame(table["rows"], columns=table["head"]).set_index(table["head"][0])
    given = json.dumps({**data, "alt": alt}, ensure_ascii=False, separators=(",", ":"))
    given = given.replace("<", r"\u003c")  # no title of a track can end the element
    behind = (
        f'<div class="interactive" data-figure="{name}">'
        f'<script type="application/json">{given}</script>'
        f"<details><summary>{html.escape(table['caption'])}, as a table</summary>"
        f"{table_html(rows, table['caption'])}</details></div>"
    )
    figure = re.compile(rf'<figure[^>]* id="{re.escape(name)}".*?</figure>', re.DOTALL)
    changed, count = figure.subn(lambda found: f"{found[0]}\n{behind}", text)
    if count != 1:
        raise BookError(f"{page} shows {name} {count} times: an interactive figure stands once")
    return changed
