"""The first code cell of a notebook: opened in Colab, it installs what Colab lacks.

It is the same everywhere but for the address of the repository, which `_config.yml` has. The page
leaves it out, and JupyterLab shows it collapsed.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from genrelib.book.lesson import tagged
from genrelib.book.student import ASSIGNMENTS
from genrelib.corpus import write_whole

COLAB = "colab"
"""Tag of the cell."""
LACKING = ("av<19", "loky", "onnxruntime")
"""What the chapters need and Colab has not; an upper bound is that of `pyproject.toml`."""
_SOURCE = """\
import sys

if "google.colab" in sys.modules:  # elsewhere there is nothing to do
    book = "git+{address}"
    lacking = f"{lacking} {{book}}"
    get_ipython().run_line_magic("pip", f"install -q --no-deps {{lacking}}")"""


def colab_cell(root: Path) -> NotebookNode:
    """Make the cell that stands before all other code.

    Nothing that Colab has is replaced: pip is told to install these packages alone, and what they
    need in turn is there. The machinery of the press, which Colab lacks too, stays away.

    Parameters
    ----------
    root : Path
        Folder of the book.

    Returns
    -------
    nbformat.NotebookNode
        A code cell.
    """
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    # What has signs that a shell reads is quoted.
    names = [f"'{name}'" if set("<>") & set(name) else name for name in LACKING]
    source = _SOURCE.format(address=config["repository"]["url"], lacking=" ".join(names))
    metadata = {"jupyter": {"source_hidden": True}, "tags": [COLAB, "remove-cell"]}
    cell = new_code_cell(source, metadata=metadata)
    cell.id = COLAB
    return cell


def colab_faults(root: Path, *, fix: bool = False) -> list[str]:
    """Find chapters and assignments that do not begin with that cell.

    Parameters
    ----------
    root : Path
        Folder of the book.
    fix : bool, default False
        Whether to give them the cell.

    Returns
    -------
    list of str
        One line per notebook; none where it was given the cell.
    """
    wanted, faults = colab_cell(root), []
    paths = sorted((root / "chapters").glob("*.ipynb"))
    paths += sorted((root / ASSIGNMENTS).glob("*/assignment.ipynb"))
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        if [c for c in notebook.cells if c.cell_type == "code"][:1] == [wanted]:
            continue
        if not fix:
            faults.append(
                f"{path}: its first code cell is not the one that Colab needs: "
                "`genrelib lint --only colab --fix` puts it there"
            )
            continue
        cells = [c for c in notebook.cells if not tagged(c, COLAB)]
        place = next((i for i, c in enumerate(cells) if c.cell_type == "code"), len(cells))
        notebook.cells = [*cells[:place], wanted, *cells[place:]]
        write_whole(path, nbformat.writes(notebook) + "\n")
    return faults
