"""Pages for teachers: times are computed, the form has the ten questions of the book."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import yaml

from genrelib.book.chapters import Folders, read_book
from genrelib.book.landing import reading_minutes
from genrelib.book.pages import copy_sources
from genrelib.book.student import ASSIGNMENTS
from genrelib.book.teaching import MARK, TEACHERS, write_timings

ROOT = Path(__file__).parents[2]
PAGES = {path.stem: path.read_text("utf-8") for path in (ROOT / TEACHERS).glob("*.md")}


def test_every_page_is_in_the_book() -> None:
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"]
    (part,) = [p for p in parts if p["caption"] == "For teachers"]
    assert {Path(c["file"]).name for c in part["chapters"]} == set(PAGES)


def test_times_are_counted_and_measured(tmp_path: Path) -> None:
    for name in ("chapters", "instructors", "_toc.yml", "_config.yml"):
        (tmp_path / name).symlink_to(ROOT / name)
    folders, book = Folders(tmp_path, "x"), read_book(tmp_path)
    copy_sources(folders)
    assert not (folders.book / ASSIGNMENTS).exists(), "solutions are no part of the site"
    write_timings(folders, book)
    text = (folders.book / TEACHERS / "syllabus.md").read_text("utf-8")
    assert MARK in PAGES["syllabus"] and MARK not in text
    rows = re.findall(r"^\| \{doc\}`../(chapters/\S+)` \| (\d+) min \|.*\| (\w+)(?: min)? \|$",
                      text, re.MULTILINE)  # fmt: skip
    assert [name for name, *_ in rows] == [f"chapters/{chapter.name}" for chapter in book]
    for name, minutes, assignment in rows:
        assert int(minutes) == reading_minutes(ROOT / f"{name}.ipynb")
        if (ROOT / ASSIGNMENTS / Path(name).name).is_dir():
            assert 20 <= int(assignment) <= 40


def test_the_form_has_the_ten_questions_of_the_book() -> None:
    notebook = nbformat.read(ROOT / "chapters" / "09-conclusions.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells)
    asked = re.findall(r"^\d+\. \*\*(.+?)\*\*", text.split("A checklist")[1].split(":::")[0],
                       re.MULTILINE)  # fmt: skip
    form = re.findall(r"<legend>\d+\. (.+?)</legend>", PAGES["review"])
    assert len(asked) == 10 and form == asked
    labels = set(re.findall(r'<label for="([^"]+)"', PAGES["review"]))
    fields = set(re.findall(r'<(?:input|textarea)[^>]* id="([^"]+)"', PAGES["review"]))
    assert fields == labels and len(fields) == 42


def test_marks_add_up() -> None:
    project = re.findall(r"\| (\d+) \|$", PAGES["discussion"], re.MULTILINE)
    paper = re.findall(r"\((\d+)\)$", PAGES["assessment"], re.MULTILINE)
    shares = re.findall(r"\| (\d+) % \|", PAGES["assessment"])
    for points in (project, paper, shares):
        assert sum(map(int, points)) == 100
