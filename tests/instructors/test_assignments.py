"""Hidden tests accept the solution and reject typical wrong answers, with the fault of method."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from genrelib.book.lesson import ANSWER, SOLUTION, tagged

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))
FOLDERS = sorted(
    path for path in (ROOT / "instructors" / "assignments").iterdir() if path.is_dir()
)
BY_NAME = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


class Case:
    """What otter-grader makes of a test, where it is not installed."""

    def __init__(self, points: float = 1, hidden: bool = False) -> None:
        self.points, self.hidden = points, hidden

    def __call__(self, test: Callable[..., None]) -> Case:
        self.test_func = test
        return self


@pytest.fixture(autouse=True)
def grader(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("otter") is None:
        stand_in = types.ModuleType("otter.test_files")
        stand_in.test_case = Case  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "otter", types.ModuleType("otter"))
        monkeypatch.setitem(sys.modules, "otter.test_files", stand_in)


@functools.cache
def solved(folder: Path) -> dict[str, Any]:
    """Run an assignment with its solution, from top to bottom, and give its names."""
    names: dict[str, Any] = {}
    for cell in nbformat.read(folder / "assignment.ipynb", as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
    return names


def cases(folder: Path) -> dict[str, Any]:
    """Read the hidden tests by name."""
    names: dict[str, Any] = {}
    exec((folder / "hidden.py").read_text("utf-8"), names)
    return {name: value for name, value in names.items() if hasattr(value, "test_func")}


def feedback(folder: Path, answer: dict[str, Any]) -> list[str]:
    """Give what a student is told: one text per test that fails."""
    told = []
    for case in cases(folder).values():
        wanted = inspect.signature(case.test_func).parameters
        try:
            case.test_func(**{name: answer[name] for name in wanted})
        except Exception as error:
            told.append(f"{type(error).__name__}: {error}")
    return told


def test_every_chapter_has_an_assignment() -> None:
    assert [folder.name for folder in FOLDERS] == CHAPTERS


@BY_NAME
def test_the_solution_passes(folder: Path) -> None:
    assert feedback(folder, solved(folder)) == []


@BY_NAME
def test_three_wrong_answers_are_told_their_fault(folder: Path) -> None:
    names = dict(solved(folder))
    exec((folder / "wrong.py").read_text("utf-8"), names)
    assert len(names["WRONG"]) == 3
    for target, answer, words in names["WRONG"]:
        told = feedback(folder, names | {target: answer})
        assert told, f"{answer.__name__} passes"
        # It is told its own fault first, as a sentence, and not that all is wrong.
        assert words in told[0], (answer.__name__, told)
        assert told[0].startswith("AssertionError: ") and len(told) < len(cases(folder)), told


@BY_NAME
def test_the_stub_fails_and_is_no_solution(folder: Path) -> None:
    cells = nbformat.read(folder / "assignment.ipynb", as_version=4).cells
    (stub,) = [c for c in cells if c.cell_type == "code" and tagged(c, ANSWER)]
    names = dict(solved(folder))
    exec(stub.source, names)
    assert len(feedback(folder, names)) >= len(cases(folder)) // 2
    assert sum(tagged(c, SOLUTION) for c in cells) == 2, "one in code, one in words"


@BY_NAME
def test_every_hidden_test_is_hidden_and_has_points(folder: Path) -> None:
    assert all(case.hidden and case.points > 0 for case in cases(folder).values())


@pytest.mark.skipif(importlib.util.find_spec("otter") is None, reason="otter-grader is an extra")
@BY_NAME
def test_otter_gives_all_points_to_the_solution(folder: Path) -> None:
    from otter.test_files import ExceptionTestFile

    found = ExceptionTestFile.from_file(str(folder / "hidden.py"))
    found.run(solved(folder))
    assert all(result.passed for result in found.test_case_results)
    assert found.score == found.possible > 0
