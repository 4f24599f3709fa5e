"""Sections that the curious open: collapsed in JupyterLab, folded on the page.

The mark is JupyterLab's own. A text cell that begins with a heading and has
``jp-MarkdownHeadingCollapsed`` in its metadata stays in sight; the cells below it, up to the next
heading of its level or above, are what JupyterLab collapses and what the page folds.
"""

from __future__ import annotations

import re

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

COLLAPSED = "jp-MarkdownHeadingCollapsed"
"""JupyterLab's name for a heading whose section is collapsed."""
_HEADING = re.compile(r"^(#{1,6}) +(\S[^\n]*)", re.MULTILINE)
_FENCED = re.compile(r"^(`{3,}|:{3,})[^\n]*\n.*?^\1[ \t]*$", re.DOTALL | re.MULTILINE)
_OPEN = """

<details class="curious sd-sphinx-override sd-dropdown sd-card sd-mb-3">
<summary class="sd-summary-title sd-card-header">For the curious<span
class="visually-hidden">: {heading}</span></summary>
<div class="sd-summary-content sd-card-body">
"""


def with_folds(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Put what opens and closes around the cells that the page folds.

    Parameters
    ----------
    cells : list of nbformat.NotebookNode
        The cells of a chapter.

    Returns
    -------
    list of nbformat.NotebookNode
        The cells, some with markup added, and cells that close a fold.

    Raises
    ------
    ValueError
        If a cell with the mark does not begin with a heading, or a heading stands elsewhere than
        at the beginning of a cell where a fold has to end.
    """
    folded: list[NotebookNode] = []
    level = 0  # of the heading whose section is being folded
    for cell in cells:
        headings = _headings(cell)
        if level and headings:
            number, text, begins = headings[0]
            if number > level or not begins:
                raise ValueError(
                    f"the heading {text!r} stands within a section that is collapsed; make it the "
                    f"beginning of a cell, of level {level} or above"
                )
            folded.append(new_markdown_cell("</div>\n</details>", id=f"fold-{len(folded)}"))
            level = 0
        if cell.metadata.get(COLLAPSED):
            if not headings or not headings[0][2] or len(headings) > 1:
                raise ValueError(
                    f"a cell is collapsed that does not begin with its only heading: "
                    f"{cell.source[:50]!r}"
                )
            level, text, _ = headings[0]
            text = re.sub(r"[`*{}]", "", text)
            cell = NotebookNode(cell | {"source": cell.source + _OPEN.format(heading=text)})
        folded.append(cell)
    if level:
        folded.append(new_markdown_cell("</div>\n</details>", id=f"fold-{len(folded)}"))
    return folded


def _headings(cell: NotebookNode) -> list[tuple[int, str, bool]]:
    """Find the headings of a cell: level, text, and whether the cell begins with it."""
    if cell.cell_type != "markdown":
        return []
    text = _FENCED.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), cell.source)
    begin = len(text) - len(text.lstrip())
    return [(len(h[1]), h[2], h.start() == begin) for h in _HEADING.finditer(text)]
