"""Tests of the chapters: how they are written, and that they run from waveform to score."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import browser
import nbformat
import pytest

from genrelib.book.colab import COLAB
from genrelib.book.inline import expressions
from genrelib.book.lesson import tagged
from genrelib.book.press import build
from genrelib.book.results import MEASURING

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
NAMES = [
    "01-data",
    "02-slicing",
    "03-features",
    "04-random-forest",
    "05-nearest-neighbours",
    "06-lstm",
    "07-original-study",
    "08-pretrained-ear",
    "09-conclusions",
    "10-your-own-song",
    "11-large-collections",
    "12-playlists",
    "13-more-genres",
    "14-other-cultures",
]


def cells(path: Path, kind: str) -> list[nbformat.NotebookNode]:
    """Return the cells of one kind."""
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == kind]


def prose(path: Path) -> str:
    """Return what a reader reads: no code, no roles, no directive options, no links."""
    # Exercises, their solutions and self-tests may make up numbers.
    made_up = {"exercise", "solution", "self-test"}
    read = [c for c in cells(path, "markdown") if not made_up & set(c.metadata.get("tags", []))]
    text = "\n\n".join(cell.source for cell in read)
    text = re.sub(r"^(`{3,})(?!\{).*?^\1\s*$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^(?:`{3,}|:{3,}).*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\{[\w:-]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)|\$[^$]*\$", "", text)
    return re.sub(r"^:\w[\w-]*:.*$", "", text, flags=re.MULTILINE)


def code(path: Path) -> str:
    """Return the code of a chapter as one module."""
    return "\n".join(cell.source for cell in cells(path, "code"))


def test_all_chapters_are_there() -> None:
    assert [path.stem for path in CHAPTERS] == NAMES


# --- how they are written --------------------------------------------------------------------


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_is_stored_without_outputs(path: Path) -> None:
    assert not [c for c in cells(path, "code") if c.outputs or c.execution_count is not None]
    metadata = nbformat.read(path, as_version=4).metadata
    assert metadata.kernelspec.name == "python3"
    assert "jupytext" not in metadata


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_parameters_are_the_same_everywhere(path: Path) -> None:
    (cell,) = [c for c in cells(path, "code") if "parameters" in c.metadata.get("tags", [])]
    values: dict[str, object] = {}
    exec(cell.source, values)
    values.pop("__builtins__")
    assert values == {"corpus": "gtzan-mini", "seed": 0, "fast": False}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_has_its_parts(path: Path) -> None:
    text = "\n".join(cell.source for cell in cells(path, "markdown"))
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    assert "What you will learn" in text
    assert "Prerequisites" in text
    for heading in ("## Summary", "## Exercises", "## Further reading"):
        assert text.count(heading) == 1, heading
    exercises = re.findall(r"\{exercise\}", text)
    solutions = re.findall(r"\{solution(?:-start)?\}.*\n(?:.*\n){0,3}?:class: dropdown", text)
    assert len(exercises) >= 2
    assert len(solutions) == len(exercises), "every exercise has a solution that stays hidden"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_result_is_typed_into_the_prose(path: Path) -> None:
    text = prose(path).replace("CC BY 4.0", "")
    typed = re.findall(r"[^\n]{0,40}\b\d+(?:\.\d+|\s?%|,\d{3})[^\n]{0,20}", text)
    assert typed == []


def test_functions_in_chapters_are_short_and_not_repeated() -> None:
    seen: dict[str, str] = {}
    for path in CHAPTERS:
        for node in ast.walk(ast.parse(code(path))):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno and node.end_lineno - node.lineno <= 10, node.name
                assert node.name not in seen, f"{node.name} in {seen[node.name]} and {path.stem}"
                seen[node.name] = path.stem


def test_figures_are_named_once_and_described() -> None:
    names: list[str] = []
    for path in (ROOT / "genrelib" / "book" / "figures").glob("*.py"):
        names += re.findall(r"[\"'](fig-[a-z0-9-]+)[\"']", path.read_text("utf-8"))
    assert len(names) == len(set(names))
    assert len(names) >= 2 * len(CHAPTERS)


def test_the_conclusions_wait_for_every_chapter_that_measures() -> None:
    metadata = nbformat.read(ROOT / "chapters" / "09-conclusions.ipynb", as_version=4).metadata
    assert set(MEASURING) <= set(metadata.genrelib.needs)


# --- how much code a reader meets ------------------------------------------------------------

LOCAL = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
HIDDEN = {"remove-cell", "remove-input", "hide-input", "hide-cell"}


def lines(source: str) -> int:
    return sum(bool(line.strip()) for line in source.splitlines())


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_reads_like_a_recipe(path: Path) -> None:
    own = [cell for cell in cells(path, "code") if not tagged(cell, COLAB)]
    size = {cell.id: lines(cell.source) for cell in own}
    total, most = sum(size.values()), 400 if path.stem == "07-original-study" else 250
    assert total <= most, f"{total} lines of code"
    hidden = [cell for cell in own if HIDDEN & set(cell.metadata.get("tags", []))]
    assert 5 * sum(size[cell.id] for cell in hidden) <= total
    # What the page hides is collapsed in JupyterLab, too.
    assert all(cell.metadata.get("jupyter", {}).get("source_hidden") for cell in hidden)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_imports_the_face_and_its_figures(path: Path) -> None:
    (first,) = [c for c in cells(path, "code") if "import genrelib as gl" in c.source]
    statements = ast.parse(first.source).body
    taken = [node for node in statements if isinstance(node, ast.Import | ast.ImportFrom)]
    assert sum((node.end_lineno or 0) - node.lineno + 1 for node in taken) <= 5
    for node in ast.walk(ast.parse(code(path))):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("genrelib"):
            assert node.module == "genrelib.book.figures", ast.unparse(node)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_expressions_are_short(path: Path) -> None:
    for cell in cells(path, "markdown"):
        for expression in expressions(cell.source):
            ast.parse(expression, mode="eval")
            assert len(expression) <= 80, expression


def bound(source: str) -> set[str]:
    """Return the names that a cell binds, or whose parts it sets, outside of its functions."""
    names, left = set(), list(ast.parse(source).body)
    while left:
        node: ast.AST | ast.expr = left.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif not isinstance(node, LOCAL):
            left += list(ast.iter_child_nodes(node))  # type: ignore[arg-type]
        if isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
        if isinstance(getattr(node, "ctx", None), ast.Store):
            while isinstance(node, ast.Subscript | ast.Attribute):
                node = node.value
            names |= {node.id} if isinstance(node, ast.Name) else set()
    return names


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_sentence_says_what_it_said_when_the_chapter_has_ended(path: Path) -> None:
    # JupyterLab evaluates the expressions of all texts after the last cell has run; the page
    # evaluates them where they stand.
    later: set[str] = set()
    for cell in reversed(nbformat.read(path, as_version=4).cells):
        if cell.cell_type == "code":
            later |= bound(cell.source)
        for expression in expressions(cell.source) if cell.cell_type == "markdown" else []:
            tree = ast.parse(expression, mode="eval")
            own = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
            own -= {n.id for n in ast.walk(tree) if isinstance(getattr(n, "ctx", 0), ast.Store)
                    and isinstance(n, ast.Name)}  # fmt: skip
            assert not own & later, expression


# --- that they run ---------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(bool(browser.CHROMIUM), reason="they do so in JupyterLab, see test_lab.py")
def test_sketches_go_from_audio_to_score(clone: Path) -> None:
    made = build("sketch", fast=True, root=clone, quiet=True)
    assert sorted(made.ran) == NAMES
    assert made.html is not None
    pages = {path.stem: path.read_text("utf-8") for path in made.html.glob("chapters/*.html")}
    assert set(NAMES) <= set(pages)
    assert "sketch" in pages["09-conclusions"]
