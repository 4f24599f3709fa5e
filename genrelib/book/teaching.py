"""What pages for teachers say of chapters: their slides, and times counted or measured."""

from __future__ import annotations

import re

import nbformat

from genrelib.book.about import markdown_table
from genrelib.book.chapters import Chapter, Folders
from genrelib.book.landing import reading_minutes
from genrelib.book.lesson import exercises_of, questions_of
from genrelib.book.log import Log
from genrelib.book.madefrom import Manifest
from genrelib.book.student import ASSIGNMENTS
from genrelib.corpus import write_whole

TEACHERS = "instructors"
"""Folder of the pages."""
MARK, SLIDES = "<!-- timings -->", "<!-- slides -->"


def write_timings(folders: Folders, book: list[Chapter]) -> None:
    """Fill in how long chapters and assignments take, and where the slides are.

    Parameters
    ----------
    folders : Folders
        Where the build reads and writes.
    book : list of Chapter
        The chapters.
    """
    runs = Manifest(folders).chapters
    rows = []
    for chapter in book:
        name = chapter.path.relative_to(folders.root).with_suffix("").as_posix()
        seconds = runs.get(chapter.name, {}).get("seconds")
        rows.append(
            (
                f"{{doc}}`../{name}`",
                f"{reading_minutes(chapter.path)} min",
                "not known" if seconds is None else Log.clock(seconds),
                len(exercises_of(chapter.notebook)),
                len(questions_of(chapter.notebook)) or "none yet",
                _assignment(folders, chapter.name),
            )
        )
    head = ("Chapter", "Reading", "Code", "Exercises", "Questions", "Assignment")
    # Slides are made of the pages, so they are not there yet: a link that Sphinx need not check.
    decks = [f'1. <a href="../slides/{chapter.name}.html">{chapter.title}</a>' for chapter in book]
    marks = {MARK: markdown_table(head, rows), SLIDES: "\n".join(decks)}
    for page in sorted((folders.book / TEACHERS).glob("*.md")):
        text = page.read_text("utf-8")
        for mark in (mark for mark in marks if mark in text):
            text = text.replace(mark, marks[mark])
            write_whole(page, text)


def _assignment(folders: Folders, name: str) -> str:
    """Read the minutes that an assignment names."""
    path = folders.root / ASSIGNMENTS / name / "assignment.ipynb"
    if not path.is_file():
        return "none"
    first = nbformat.read(path, as_version=4).cells[0].source
    found = re.search(r"About (\d+) minutes", first)
    return f"{found[1]} min" if found else "not known"
