"""A book of two chapters, small enough to be built in a test."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

REPOSITORY = Path(__file__).parents[1]

PARAMETERS = 'corpus = "gtzan-mini"  # which music\nseed = 0\nfast = False'

FIRST = [
    "# Counting\n\nSee {numref}`fig-line` and {doc}`two`.",
    PARAMETERS,
    "from genrelib.book import clip, players, show, table\n"
    "from genrelib.book.figures import Picture\n"
    "import numpy as np\nimport pandas as pd\n"
    'count, share, kind = 3, np.float32(0.5), "odd"',
    "import matplotlib.pyplot as plt\n"
    "fig, ax = plt.subplots(figsize=(4, 2))\nax.plot([1, 2, seed])\n"
    'show(Picture(fig, f"A line, *seed* {seed}.", "A line that rises.", "fig-line"))',
    'table(pd.DataFrame({"score": [0.25]}, index=pd.Index(["forest"], name="model")), "Scores")',
    'two = [clip(None, genre, seconds=1, sketch=True) for genre in ("rock", "pop")]\n'
    'players(two, "Two sketches")',
    "text: There are {eval}`count` things, {eval}`f'{share:.1%}'` of them {eval}`kind`.",
]
SECOND = [
    "# Adding",
    PARAMETERS,
    "import os\nfrom pathlib import Path\n"
    'Path(os.environ["GENRELIB_RESULTS"], "seen").write_text(corpus)',
    "total = 1 + 1 + seed",
    "text: It makes {eval}`total`.",
]

TOC = """format: jb-book
root: chapters/index
chapters:
  - file: chapters/one
  - file: chapters/two
  - file: chapters/about-build
"""


def notebook(sources: list[str], needs: list[str] | None = None) -> nbformat.NotebookNode:
    """Make a notebook: the first cell is text, the second the parameters, others may be either."""
    cells = [
        new_markdown_cell(source.removeprefix("text: "))
        if number == 0 or source.startswith("text: ")
        else new_code_cell(source)
        for number, source in enumerate(sources)
    ]
    cells[1].metadata["tags"] = ["parameters"]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "genrelib": {"needs": needs or []}}
    )


def write_chapter(
    root: Path, name: str, sources: list[str], needs: list[str] | None = None
) -> Path:
    """Write a chapter of the book."""
    path = root / "chapters" / f"{name}.ipynb"
    nbformat.write(notebook(sources, needs), path)
    return path


def make_book(root: Path) -> Path:
    """Write the whole book, with the configuration of the real one."""
    (root / "chapters").mkdir(parents=True)
    shutil.copytree(REPOSITORY / "chapters" / "_static", root / "chapters" / "_static")
    config = (REPOSITORY / "_config.yml").read_text("utf-8")
    (root / "_config.yml").write_text(config, "utf-8")
    (root / "_toc.yml").write_text(TOC, "utf-8")
    (root / "chapters" / "references.bib").write_text("", "utf-8")
    (root / "chapters" / "index.md").write_text("# Small\n\nStart with {doc}`one`.\n", "utf-8")
    write_chapter(root, "one", FIRST)
    write_chapter(root, "two", SECOND, needs=["one"])
    return root
