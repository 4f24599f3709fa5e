"""Numbers that live in the sentence: MyST's inline expressions, evaluated where they stand.

A chapter's text says ``{eval}`span(leak)```. JupyterLab evaluates that in the running kernel; for
the page the press puts a hidden cell behind each such text before the chapter runs
(:func:`with_probes`) and writes what came out into the text afterwards (:func:`filled`). Both show
the same, since an expression has to give text or a whole number, which :func:`probe` sees to.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from genrelib.book.solutions import solving_cell

__all__ = ["expressions", "filled", "probe", "with_probes"]

TAG = "genrelib-inline"
"""Tag of the hidden cells, and role of what they display."""
_EVAL = re.compile(r"\{eval\}(?P<ticks>`+)(?P<expression>.+?)(?P=ticks)(?!`)", re.DOTALL)


def expressions(text: str) -> list[str]:
    """Find the inline expressions of a text.

    Parameters
    ----------
    text : str
        MyST Markdown.

    Returns
    -------
    list of str
        What stands between the backticks of each ``{eval}``, in order.
    """
    return [" ".join(found["expression"].split()) for found in _EVAL.finditer(text)]


def with_probes(notebook: NotebookNode) -> NotebookNode:
    """Put hidden cells behind texts: to evaluate inline expressions, and to run a solution.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        A chapter.

    Returns
    -------
    nbformat.NotebookNode
        A copy with these cells, tagged :data:`TAG` and :data:`genrelib.book.solutions.SOLVED`.
    """
    probed = copy.deepcopy(notebook)
    probed.cells = []
    for cell in notebook.cells:
        probed.cells.append(cell)
        if cell.cell_type == "markdown" and (found := expressions(cell.source)):
            lines = "".join(f"    {expression},\n" for expression in found)
            source = f"from genrelib.book.inline import probe as _probe\n\n_probe(\n{lines})"
            probed.cells.append(new_code_cell(source, metadata={"tags": [TAG]}))
        if solving := solving_cell(cell):
            probed.cells.append(solving)
    return probed


def probe(*values: Any) -> None:
    """Hand the values of a text's expressions to the press; called by the hidden cells.

    Parameters
    ----------
    *values : str or int
        The values.

    Raises
    ------
    ValueError
        If a value is neither text nor a whole number: JupyterLab would show another spelling of
        it than the page.
    """
    from IPython.display import display

    for value in values:
        if type(value) not in (str, int):
            raise ValueError(
                f"an inline expression gave {value!r} ({type(value).__name__}); it must give text "
                'or a whole number. Format it: {eval}`f"{value:.2f}"`'
            )
    texts = [str(value) for value in values]
    display({"text/plain": "\n".join(texts)}, raw=True, metadata={TAG: texts})


def filled(text: str, values: list[str]) -> str:
    """Write values into a text in the place of its expressions.

    Parameters
    ----------
    text : str
        MyST Markdown with inline expressions.
    values : list of str
        Their values, in order.

    Returns
    -------
    str
        The text; what Markdown could take for markup in a value is escaped.
    """
    rest = iter(values)
    return _EVAL.sub(lambda _: re.sub(r"([\\`*_{}\[\]<>$|#~])", r"\\\1", next(rest)), text)
