"""Exercises, solutions and self-tests have one form; solutions run and show what they print."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import browser
import nbformat
import pytest
import small_book
from nbformat.v4 import new_markdown_cell, new_notebook

from genrelib.book import build, lesson_faults
from genrelib.book.chapters import BookError
from genrelib.book.lesson import (
    code_blocks,
    exercises_of,
    form_faults,
    in_form,
    missing_parts,
    questions_of,
)
from genrelib.book.solutions import SOLVED, solving_cell, with_results

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
OLD = """## Exercises

````{exercise}
:label: ex-a

Add.
````

````{solution} ex-a
:class: dropdown

```python
print(total + 1)
```

One more.
````

## Further reading"""
EXERCISE = "````{exercise} Try\n:label: ex-a\n\nAdd.\n````"
SOLUTION = """````{solution} ex-a
:class: dropdown

```python
total = total + 1
print(total)
```
````"""
QUESTION = """## Self-test

**1.** What is one and one?

:::{dropdown} Two
Right. Count them.
:::

:::{dropdown} Three
No. Count them.
:::

:::{dropdown} Eleven
No. That is how they are written side by side.
:::"""


def cells(*sources: tuple[str, list[str]]) -> nbformat.NotebookNode:
    return new_notebook(cells=[new_markdown_cell(s, metadata={"tags": t}) for s, t in sources])


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_has_its_exercises_in_the_form(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert form_faults(notebook) == []
    assert exercises_of(notebook)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_is_a_whole_lesson(path: Path) -> None:
    assert missing_parts(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize("name", ["01-data", "02-slicing"])
def test_five_questions_with_an_explanation_for_every_answer(name: str) -> None:
    questions = questions_of(nbformat.read(ROOT / "chapters" / f"{name}.ipynb", as_version=4))
    assert len(questions) == 5
    places = [[e.startswith("Right") for _, e in q.choices].index(True) for q in questions]
    assert len(set(places)) > 1, "the right answer is not always the same one"
    assert all(text and explanation for q in questions for text, explanation in q.choices)


def test_the_old_form_is_named_and_mended() -> None:
    notebook = cells((OLD, []))
    faults = form_faults(notebook)
    assert len(faults) == 3
    assert "lint --only lessons --fix" in faults[0]
    assert "does not say how hard it is: write Try, Extend or Investigate" in faults[2]
    before = notebook.cells[0].id
    assert in_form(notebook)
    assert [c.metadata.get("tags", []) for c in notebook.cells] == [
        [], ["exercise"], ["solution"], []
    ]  # fmt: skip
    assert notebook.cells[0].id == before and notebook.cells[2].id == "ex-a-solution"
    text = "\n\n".join(cell.source for cell in notebook.cells)
    assert text == OLD, "not a word is changed"
    assert not in_form(notebook), "once is enough"
    nbformat.validate(notebook)
    assert len(form_faults(notebook)) == 1


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        ([(EXERCISE.replace("Try", "Hard"), ["exercise"]), (SOLUTION, ["solution"])], "how hard"),
        ([(EXERCISE.replace("Try", "Try: sing"), ["exercise"]), (SOLUTION, ["solution"])], "sing"),
        ([(EXERCISE, ["exercise"])], "ex-a has no solution"),
        ([(EXERCISE, ["exercise"]), (SOLUTION, [])], "tagged 'solution'"),
        ([(SOLUTION, ["solution"])], "no exercise of this label"),
        ([(EXERCISE, ["exercise"]), (SOLUTION.replace(":class: dropdown\n", ""), ["solution"])],
         "no line `:class: dropdown`"),
        ([(QUESTION.replace("No. Count", "Right. Count"), ["self-test"])], "2 explanations"),
        ([(QUESTION.replace("No. Count them.\n", ""), ["self-test"])], "without an explanation"),
        ([(QUESTION.rpartition("\n\n")[0], ["self-test"])], "fewer than 3 answers"),
    ],
)  # fmt: skip
def test_what_is_not_in_the_form_is_named(sources: list[tuple[str, list[str]]], told: str) -> None:
    assert any(told in fault for fault in form_faults(cells(*sources)))


def test_what_is_in_the_form_has_no_fault_and_what_a_lesson_lacks_is_listed() -> None:
    notebook = cells((EXERCISE, ["exercise"]), (SOLUTION, ["solution"]), (QUESTION, ["self-test"]))
    assert form_faults(notebook) == []
    assert questions_of(notebook)[0].text == "What is one and one?"
    assert missing_parts(notebook) == [
        "no exercise of the level Extend",
        "no exercise of the level Investigate",
        "1 exercises, not 4",
        "no exercise titled '...: predict first'",
        "no exercise on the reader's own music (`folder:`)",
        "1 questions in the self-test, not 5",
    ]


def test_lint_mends_files(tmp_path: Path) -> None:
    path = tmp_path / "chapters" / "a.ipynb"
    path.parent.mkdir()
    nbformat.write(cells((OLD.replace("{exercise}", "{exercise} Try"), [])), path)
    assert len(lesson_faults(tmp_path)) == 2
    assert lesson_faults(tmp_path, fix=True) == []
    assert lesson_faults(tmp_path) == []


# --- solutions that run ----------------------------------------------------------------------


def test_every_block_of_a_solution_is_run() -> None:
    counted = 0
    for path in CHAPTERS:
        for cell in nbformat.read(path, as_version=4).cells:
            blocks = (
                code_blocks(cell.source) if "solution" in cell.metadata.get("tags", []) else []
            )
            hidden = solving_cell(cell)
            assert bool(hidden) == bool(blocks)
            if hidden:
                called: list[Any] = []
                source = hidden.source.split("\n\n", 1)[1]
                exec(source, {"_solve": lambda *a, _c=called, **k: _c.append(a), "corpus": "x",
                              "fast": False})  # fmt: skip
                assert list(called[0][3:]) == blocks
                counted += len(blocks)
    assert counted > 25


def test_results_stand_below_their_block() -> None:
    pieces = [[{"text": "3"}, {"image": "AA==", "alt": "A line."}]]
    page = with_results(SOLUTION, {SOLVED: pieces, "corpus": "sketch"})
    assert "print(total)\n```\n\nOn `sketch` this gives:\n\n```text\n3\n```\n\n![A line.]" in page
    assert with_results(SOLUTION, {SOLVED: None}) == SOLUTION


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small book with an exercise, its solution and a self-test."""
    root = small_book.make_book(tmp_path_factory.mktemp("lesson") / "book")
    path = root / "chapters" / "two.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells += cells(
        (QUESTION, ["self-test"]), (EXERCISE, ["exercise"]), (SOLUTION, ["solution"])
    ).cells
    notebook.cells += [new_markdown_cell("Still {eval}`total`.")]
    nbformat.write(notebook, path)
    html = build(root=root, quiet=True).html
    assert html is not None
    return html


@pytest.mark.slow
def test_the_page_shows_what_a_solution_prints_and_the_chapter_goes_on_as_before(
    site: Path,
) -> None:
    page = (site / "chapters" / "two.html").read_text("utf-8")
    assert "this gives:" in page
    assert page.index("this gives:") < page.index("<pre><span></span>3\n</pre>")
    assert "Still 2." in page


@pytest.mark.slow
def test_a_self_test_works_by_keyboard_and_without_scripts(site: Path) -> None:
    page = (site / "chapters" / "two.html").read_text("utf-8")
    assert page.count("<details") >= 3 and "Right. Count them." in page
    if not browser.CHROMIUM:
        return
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        window = driver.chromium.launch(executable_path=browser.CHROMIUM, args=browser.OPTIONS)
        tab = window.new_page(java_script_enabled=False)
        tab.goto((site / "chapters" / "two.html").as_uri())
        answer = tab.locator("details", has_text="Right. Count them.")
        assert not answer.locator("p").last.is_visible()
        answer.locator("summary").focus()
        tab.keyboard.press("Enter")
        assert answer.locator("p").last.is_visible()
        window.close()


@pytest.mark.slow
def test_a_solution_that_fails_stops_the_build(tmp_path: Path) -> None:
    root = small_book.make_book(tmp_path / "book")
    path = root / "chapters" / "two.ipynb"
    notebook = nbformat.read(path, as_version=4)
    broken = SOLUTION.replace("total + 1", "totals + 1")
    notebook.cells += cells((EXERCISE, ["exercise"]), (broken, ["solution"])).cells
    nbformat.write(notebook, path)
    with pytest.raises(BookError, match="the solution of ex-a failed with NameError"):
        build(root=root, quiet=True)


def test_a_slow_solution_is_left_out_but_not_of_the_full_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import IPython.display

    from genrelib.book import solutions

    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(
        IPython.display, "display", lambda *a, metadata, **k: shown.append(metadata)
    )
    monkeypatch.delenv("GENRELIB_FULL", raising=False)
    solutions.solve("ex-a", "gtzan-mini", False, "1", slow=True)
    assert shown == [{SOLVED: None}]
    monkeypatch.setenv("GENRELIB_FULL", "1")
    shell = types.SimpleNamespace(user_ns={})
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    monkeypatch.setattr(solutions, "_run", lambda *a: ([], None))
    solutions.solve("ex-a", "gtzan-mini", False, "1", slow=True)
    assert shown[1][SOLVED] == [[]]
