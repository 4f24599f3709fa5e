"""What makes a chapter a lesson: exercises, their solutions and a self-test, each in one form.

Every exercise and every solution is a text cell of its own, tagged `exercise` or `solution`; the
self-test is one text cell tagged `self-test`. CONTRIBUTING.md shows how they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from genrelib.book.folds import with_folds
from genrelib.corpus import write_whole

EXERCISE, SOLUTION, SELF_TEST, ANSWER = "exercise", "solution", "self-test", "answer"
"""Tags of cells."""
LEVELS = ("Try", "Extend", "Investigate")
KINDS = (
    "predict first", "your own music", "by hand", "find the fault", "read the figure", "listen",
    "design", "write up", "project",
)  # fmt: skip
"""What may stand behind the level, as in ``{exercise} Try: predict first``."""
EXERCISES, QUESTIONS, CHOICES = 4, 5, 3
"""How many a finished chapter has at least: exercises, questions, answers to a question."""

_BLOCK = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{(?P<what>exercise|solution)\} ?(?P<title>[^\n]*)\n"
    r"(?P<body>.*?)^(?P=fence)[ \t]*$",
    re.DOTALL | re.MULTILINE,
)
_QUESTION = re.compile(r"^\*\*(\d+)\.\*\* ", re.MULTILINE)
_CHOICE = re.compile(
    r"^(:{3,})\{dropdown\} (?P<answer>[^\n]+)\n(?P<explanation>.*?)^\1[ \t]*$",
    re.DOTALL | re.MULTILINE,
)
_CODE = re.compile(r"^```python\n(.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Question:
    """A question of a self-test.

    Parameters
    ----------
    text : str
        The question.
    choices : list of tuple
        Each answer with its explanation; the one of the right answer begins with "Right".
    """

    text: str
    choices: list[tuple[str, str]]


@dataclass(frozen=True)
class Exercise:
    """An exercise and what its solution runs.

    Parameters
    ----------
    label : str
        Its name in the book.
    level, kind : str
        As in the title: one of `LEVELS`, and of `KINDS` or nothing.
    text : str
        The task.
    solution : str or None
        The source of the solution's cell, where there is one.
    """

    label: str
    level: str
    kind: str
    text: str = field(repr=False)
    solution: str | None = field(repr=False)


def tagged(cell: NotebookNode, tag: str) -> bool:
    """Say whether a cell has a tag.

    Parameters
    ----------
    cell : nbformat.NotebookNode
        A cell.
    tag : str
        The tag.

    Returns
    -------
    bool
        Whether it has.
    """
    return tag in cell.metadata.get("tags", [])


def code_blocks(source: str) -> list[str]:
    """Find what a solution runs.

    Parameters
    ----------
    source : str
        MyST Markdown.

    Returns
    -------
    list of str
        The Python in it, one block after the other.
    """
    return _CODE.findall(source)


def exercises_of(notebook: NotebookNode) -> list[Exercise]:
    """Read the exercises of a chapter, with their solutions.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The chapter.

    Returns
    -------
    list of Exercise
        In order.
    """
    blocks = list(_blocks(notebook))
    solutions = {b["title"].strip(): c.source for c, b in blocks if b["what"] == SOLUTION}
    found = []
    for _, block in blocks:
        if block["what"] == EXERCISE:
            level, _, kind = block["title"].strip().partition(": ")
            label = re.search(r"^:label: *(\S+)", block["body"], re.MULTILINE)
            name = label[1] if label else ""
            found.append(Exercise(name, level, kind, block["body"], solutions.get(name)))
    return found


def questions_of(notebook: NotebookNode) -> list[Question]:
    """Read the self-test of a chapter.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The chapter.

    Returns
    -------
    list of Question
        In order; none where it has no self-test.
    """
    questions = []
    for cell in notebook.cells:
        if tagged(cell, SELF_TEST):
            _, *parts = _QUESTION.split(cell.source)
            for text in parts[1::2]:
                choices = [
                    (c["answer"].strip(), c["explanation"].strip()) for c in _CHOICE.finditer(text)
                ]
                questions.append(Question(_CHOICE.sub("", text).strip(), choices))
    return questions


def form_faults(notebook: NotebookNode) -> list[str]:
    """Say what in a chapter is not in the form of exercises, solutions and self-tests.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The chapter.

    Returns
    -------
    list of str
        One sentence per fault, with what to do.
    """
    faults = []
    for cell, block in _blocks(notebook):
        what, first = block["what"], block["title"].strip() or "without a title"
        if cell.source.strip() != block[0].strip() or not tagged(cell, what):
            faults.append(
                f"the {what} {_name(block)} is not a cell of its own tagged {what!r}: "
                "`genrelib lint --only lessons --fix` makes it one"
            )
        if what == SOLUTION and ":class: dropdown" not in block["body"]:
            faults.append(f"the solution of {first} has no line `:class: dropdown`")
    faults += _exercise_faults(exercises_of(notebook))
    labels = {exercise.label for exercise in exercises_of(notebook)}
    faults += [
        f"the solution of {block['title'].strip()} has no exercise of this label"
        for _, block in _blocks(notebook)
        if block["what"] == SOLUTION and block["title"].strip() not in labels
    ]
    for number, question in enumerate(questions_of(notebook), 1):
        right = sum(text.startswith("Right") for _, text in question.choices)
        if right != 1:
            faults.append(f"question {number}: {right} explanations begin with 'Right', not one")
        if len(question.choices) < CHOICES:
            faults.append(f"question {number} has fewer than {CHOICES} answers in `{{dropdown}}`")
        if any(not text for _, text in question.choices):
            faults.append(f"question {number} has an answer without an explanation")
    try:
        with_folds(notebook.cells)
    except ValueError as error:
        faults.append(str(error))
    return faults


def missing_parts(notebook: NotebookNode) -> list[str]:
    """Say what a chapter lacks of a whole lesson.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The chapter.

    Returns
    -------
    list of str
        One line per lack; none for a finished chapter.
    """
    found = exercises_of(notebook)
    lacks = [
        f"no exercise of the level {level}"
        for level in LEVELS
        if level not in {exercise.level for exercise in found}
    ]
    if len(found) < EXERCISES:
        lacks.append(f"{len(found)} exercises, not {EXERCISES}")
    if not any(exercise.kind == "predict first" for exercise in found):
        lacks.append("no exercise titled '...: predict first'")
    if not any("folder:" in e.text + (e.solution or "") for e in found):
        lacks.append("no exercise on the reader's own music (`folder:`)")
    if len(questions_of(notebook)) != QUESTIONS:
        lacks.append(f"{len(questions_of(notebook))} questions in the self-test, not {QUESTIONS}")
    return lacks


def in_form(notebook: NotebookNode) -> bool:
    """Give every exercise and every solution a cell of its own, with its tag.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        A chapter, which is changed.

    Returns
    -------
    bool
        Whether anything had to be changed.
    """
    cells, changed = [], False
    for cell in notebook.cells:
        parts = list(_parts(cell.source)) if cell.cell_type == "markdown" else []
        if not any(tag for _, tag, _ in parts):
            cells.append(cell)
        elif len(parts) == 1:
            changed |= not tagged(cell, parts[0][1])
            _tag(cell, parts[0][1])
            cells.append(cell)
        else:
            changed = True
            for number, (text, tag, name) in enumerate(parts):
                piece = new_markdown_cell(text, id=name if tag else f"{cell.id}-{number}")
                if number == 0:  # the first keeps what the cell was known by
                    piece = NotebookNode(cell | {"source": text})
                if tag:
                    _tag(piece, tag)
                cells.append(piece)
    notebook.cells = cells
    return changed


def lesson_faults(root: Path, *, fix: bool = False) -> list[str]:
    """Look at the lessons of all chapters.

    Parameters
    ----------
    root : Path
        Folder of the book.
    fix : bool, default False
        Whether to give exercises and solutions cells of their own first.

    Returns
    -------
    list of str
        What is not in the form, one line per fault with its file.
    """
    faults = []
    for path in sorted((root / "chapters").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        if fix and in_form(notebook):
            write_whole(path, nbformat.writes(notebook) + "\n")
        faults += [f"{path}: {fault}" for fault in form_faults(notebook)]
    return faults


def lesson_lacks(root: Path) -> list[str]:
    """Say what the chapters lack of whole lessons.

    Parameters
    ----------
    root : Path
        Folder of the book.

    Returns
    -------
    list of str
        One line per chapter that is not whole.
    """
    lacks = []
    for path in sorted((root / "chapters").glob("*.ipynb")):
        if found := missing_parts(nbformat.read(path, as_version=4)):
            lacks.append(f"{path.stem}: {'; '.join(found)}")
    return lacks


def _exercise_faults(found: list[Exercise]) -> Iterator[str]:
    """Say what is wrong with titles, labels and solutions of exercises."""
    for number, exercise in enumerate(found, 1):
        name = exercise.label or f"exercise {number}"
        if not exercise.label:
            yield f"{name} has no line `:label: NAME`"
        if exercise.level not in LEVELS:
            yield (
                f"{name} does not say how hard it is: write {', '.join(LEVELS[:2])} or "
                f"{LEVELS[2]} behind {{exercise}}"
            )
        if exercise.kind and exercise.kind not in KINDS:
            yield f"{name} is of the kind {exercise.kind!r}; there are {', '.join(KINDS)}"
        if exercise.solution is None:
            yield f"{name} has no solution"


def _blocks(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, re.Match[str]]]:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield from ((cell, block) for block in _BLOCK.finditer(cell.source))


def _name(block: re.Match[str]) -> str:
    label = re.search(r"^:label: *(\S+)", block["body"], re.MULTILINE)
    return label[1] if label else block["title"].strip()


def _parts(source: str) -> Iterator[tuple[str, str, str]]:
    """Cut a text at its exercises and solutions: text, tag or nothing, name of the cell."""
    end = 0
    for block in _BLOCK.finditer(source):
        if before := source[end : block.start()].strip("\n"):
            yield before, "", ""
        suffix = "-solution" if block["what"] == SOLUTION else ""
        yield block[0].strip("\n"), block["what"], f"{_name(block)}{suffix}"
        end = block.end()
    if after := source[end:].strip("\n"):
        yield after, "", ""


def _tag(cell: Any, tag: str) -> None:
    tags = cell.metadata.get("tags", [])
    cell.metadata["tags"] = [*tags, *([] if tag in tags else [tag])]
