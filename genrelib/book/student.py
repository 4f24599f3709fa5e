"""The student edition: the book's notebooks and the assignments without their solutions."""

from __future__ import annotations

import copy
import io
import shutil
import zipfile
from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from genrelib.book.chapters import BookError
from genrelib.book.lesson import ANSWER, SOLUTION, form_faults, tagged
from genrelib.corpus import write_whole

ASSIGNMENTS = Path("instructors") / "assignments"
EDITION = "genre-measured-student"
_README = """# Genre, Measured: student edition

`chapters/` holds the book's notebooks, `assignments/` what is handed in. Where a solution was,
there is a cell for your answer. The notebooks need the package `genrelib`:

    python -m venv .venv
    .venv/bin/python -m pip install {address}
    .venv/bin/python -m genrelib lab

Run an assignment from top to bottom before you hand it in.
"""


def without_solutions(notebook: NotebookNode) -> NotebookNode:
    """Take the solutions out of a notebook, and nothing else.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        A chapter or an assignment.

    Returns
    -------
    nbformat.NotebookNode
        A copy without the cells tagged `solution`; where one was and no cell tagged `answer`
        stands before it, there is an empty one. It holds no outputs.
    """
    edition = copy.deepcopy(notebook)
    edition.cells = []
    for cell in copy.deepcopy(notebook.cells):
        if tagged(cell, SOLUTION):
            if not (edition.cells and tagged(edition.cells[-1], ANSWER)):
                place = new_code_cell("# Your answer", metadata={"tags": [ANSWER]})
                place.id = f"answer-{len(edition.cells)}"
                edition.cells.append(place)
            continue
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        cell.metadata.pop("user_expressions", None)
        edition.cells.append(cell)
    return edition


def student_edition(root: Path) -> tuple[Path, Path]:
    """Write the student edition as a folder and as a zip.

    Parameters
    ----------
    root : Path
        Folder of the book.

    Returns
    -------
    tuple of Path
        The folder, which is itself a book that `genrelib lab` opens, and the zip of it. Each is
        written whole or not at all.

    Raises
    ------
    BookError
        If a solution is not in a cell of its own, so that it would stay in.
    """
    build = root / "_build"
    folder, part, old = (build / name for name in ("student", ".student.part", ".student.old"))
    for path in (part, old):
        shutil.rmtree(path, ignore_errors=True)
    if folder.exists() and not folder.is_dir():
        raise BookError(f"{folder} is in the way: it is no folder. Move it elsewhere")
    files = _files(root)
    for name, content in files.items():
        write_whole(part / name, content)
    if folder.exists():
        folder.replace(old)
    part.replace(folder)
    shutil.rmtree(old, ignore_errors=True)
    archive = build / f"{EDITION}.zip"
    write_whole(archive, _zipped(files))
    return folder, archive


def _files(root: Path) -> dict[str, bytes]:
    """Make the edition's files by name."""
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted((root / "chapters").rglob("*"))
        if path.is_file()
        and path.suffix not in (".ipynb", ".toml")
        and not any(name.startswith((".", "__")) for name in path.relative_to(root).parts)
    }
    notebooks = {path.name: path for path in sorted((root / "chapters").glob("*.ipynb"))}
    found = {f"chapters/{name}": path for name, path in notebooks.items()}
    for path in sorted((root / ASSIGNMENTS).glob("*/assignment.ipynb")):
        found[f"assignments/{path.parent.name}.ipynb"] = path
    for name, path in found.items():
        notebook = nbformat.read(path, as_version=4)
        if faults := [
            fault for fault in form_faults(notebook) if "not a cell of its own" in fault
        ]:
            raise BookError(f"{path}: {faults[0]}")
        files[name] = (nbformat.writes(without_solutions(notebook)) + "\n").encode()
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    toc["parts"] = [
        chapters for chapters in toc.get("parts", []) if "instructors/" not in str(chapters)
    ]
    files["_toc.yml"] = yaml.safe_dump(toc, sort_keys=False).encode()
    config = (root / "_config.yml").read_bytes()
    files["_config.yml"] = config
    address = f"git+{yaml.safe_load(config)['repository']['url']}"
    files["README.md"] = _README.format(address=address).encode()
    return files


def _zipped(files: dict[str, bytes]) -> bytes:
    """Zip files; the same files give the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{EDITION}/{name}", date_time=(2026, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return stream.getvalue()
