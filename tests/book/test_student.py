"""The student edition is the book less its solutions: no text of one is left, no other is lost."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from genrelib.book import BookError, find_root, student_edition
from genrelib.book.lesson import ANSWER, SOLUTION, tagged
from genrelib.book.student import ASSIGNMENTS, without_solutions

ROOT = Path(__file__).parents[2]
SOURCES = {f"chapters/{path.name}": path for path in sorted((ROOT / "chapters").glob("*.ipynb"))}
for found in sorted((ROOT / ASSIGNMENTS).glob("*/assignment.ipynb")):
    SOURCES[f"assignments/{found.parent.name}.ipynb"] = found


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("book")
    for name in ("_config.yml", "_toc.yml", "chapters", "instructors"):
        (root / name).symlink_to(ROOT / name)
    return student_edition(root)


def strings(value: object) -> list[str]:
    """Give every text in a tree of JSON: sources, outputs, metadata, attachments."""
    if isinstance(value, dict):
        return [s for pair in value.items() for part in pair for s in strings(part)]
    if isinstance(value, list):
        return [s for part in value for s in strings(part)]
    return [value] if isinstance(value, str) else []


def telling(source: str) -> set[str]:
    """Give the lines of a text that would tell something."""
    return {line.strip() for line in source.splitlines() if len(line.strip()) >= 20}


def test_no_text_of_a_solution_is_left(edition: tuple[Path, Path]) -> None:
    secrets, public = set(), set()
    for path in SOURCES.values():
        for cell in nbformat.read(path, as_version=4).cells:
            (secrets if tagged(cell, SOLUTION) else public).update(telling(cell.source))
    secrets -= public
    assert len(secrets) > 300
    texts = []
    for path in (p for p in edition[0].rglob("*") if p.is_file()):
        text = path.read_bytes().decode("utf-8", "replace")
        texts.append("\n".join(strings(json.loads(text))) if path.suffix == ".ipynb" else text)
    whole = "\n".join(texts)
    assert [line for line in secrets if line in whole] == []


def test_all_other_cells_are_as_they_were(edition: tuple[Path, Path]) -> None:
    for name, path in SOURCES.items():
        before = nbformat.read(path, as_version=4)
        after = nbformat.read(edition[0] / name, as_version=4)
        assert after.metadata == before.metadata
        kept = [c for c in before.cells if not tagged(c, SOLUTION)]
        own = {c.id for c in kept}
        assert [c for c in after.cells if c.id in own] == kept
        assert all(
            tagged(c, ANSWER) and c.source == "# Your answer"
            for c in after.cells
            if c.id not in own
        )


def test_every_solution_leaves_a_place_to_answer(edition: tuple[Path, Path]) -> None:
    for name, path in SOURCES.items():
        taken = sum(tagged(c, SOLUTION) for c in nbformat.read(path, as_version=4).cells)
        places = [c for c in nbformat.read(edition[0] / name, as_version=4).cells
                  if tagged(c, ANSWER)]  # fmt: skip
        assert len(places) == taken > 0, name


def test_outputs_and_attachments_of_solutions_go_too() -> None:
    shown = new_code_cell("answer = 42", metadata={"tags": [SOLUTION]}, id="a")
    shown.outputs = [nbformat.v4.new_output("stream", text="forty-two")]
    shown.metadata["note"] = "forty-two"
    drawn = new_markdown_cell("![](attachment:42.png)", metadata={"tags": [SOLUTION]}, id="b")
    drawn["attachments"] = {"42.png": {"image/png": "Zm9ydHktdHdv"}}
    run = new_code_cell("1 + 1", id="c", execution_count=3)
    run.outputs = [nbformat.v4.new_output("stream", text="2")]
    left = without_solutions(new_notebook(cells=[shown, drawn, run]))
    assert [cell.source for cell in left.cells] == ["# Your answer", "1 + 1"]
    assert not {"forty-two", "Zm9ydHktdHdv", "42.png"} & set(strings(left))
    assert left.cells[1].outputs == [] and left.cells[1].execution_count is None


def test_the_zip_holds_the_folder_and_nothing_of_the_teacher(edition: tuple[Path, Path]) -> None:
    folder, archive = edition
    with zipfile.ZipFile(archive) as opened:
        inside = {name.partition("/")[2]: opened.read(name) for name in opened.namelist()}
    on_disk = {p.relative_to(folder).as_posix(): p.read_bytes()
               for p in folder.rglob("*") if p.is_file()}  # fmt: skip
    assert inside == on_disk
    assert not [name for name in inside if "instructors" in name or "hidden" in name]
    assert {name for name in inside if name.startswith("assignments/")} == {
        name for name in SOURCES if name.startswith("assignments/")
    }
    assert archive.stat().st_size < 5e6
    assert find_root(folder) == folder


def test_the_same_book_gives_the_same_bytes_and_leaves_nothing_behind(
    edition: tuple[Path, Path],
) -> None:
    before = edition[1].read_bytes()
    (edition[0] / "left-from-before.ipynb").write_text("{}")
    again = student_edition(edition[0].parents[1])
    assert again == edition and edition[1].read_bytes() == before
    assert zipfile.ZipFile(io.BytesIO(before)).testzip() is None
    names = {path.name for path in edition[0].parent.iterdir()}
    assert names == {"student", edition[1].name}
    assert not (edition[0] / "left-from-before.ipynb").exists()


def test_a_solution_that_would_stay_in_is_refused(tmp_path: Path) -> None:
    (tmp_path / "chapters").mkdir()
    for name in ("_config.yml", "_toc.yml"):
        (tmp_path / name).symlink_to(ROOT / name)
    mixed = "Text.\n\n```{solution} ex-a\n:class: dropdown\n\nThe answer.\n```"
    nbformat.write(new_notebook(cells=[new_markdown_cell(mixed)]), tmp_path / "chapters/a.ipynb")
    with pytest.raises(BookError, match=r"a.ipynb: the solution ex-a is not a cell of its own"):
        student_edition(tmp_path)
    assert not (tmp_path / "_build" / "student").exists()
