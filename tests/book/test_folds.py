"""Sections that are collapsed in JupyterLab are folded on the page, whole and well nested."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from genrelib.book.folds import COLLAPSED, with_folds
from genrelib.book.lesson import form_faults

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))


def collapsed(text: str):
    return new_markdown_cell(text, metadata={COLLAPSED: True})


def test_a_fold_ends_before_the_next_heading_of_its_level_or_above() -> None:
    cells = [
        new_markdown_cell("# Title\n\n## Open\n\nText."),
        collapsed("### How `far`?\n\nA question."),
        new_code_cell("1 + 1"),
        new_markdown_cell("```sh\n# a comment, no heading\n```"),
        collapsed("## Another"),
        new_code_cell("2 + 2"),
    ]
    folded = with_folds(cells)
    kinds = "".join(
        "<" if "<details" in c.source else ">" if "</details" in c.source else "." for c in folded
    )
    assert kinds == ".<..><.>"
    assert "<summary" in folded[1].source and ": How far?</span></summary>" in folded[1].source
    assert folded[1].source.startswith("### How `far`?\n\nA question.\n")
    # What the notebook holds has not changed.
    assert "details" not in cells[1].source and len(cells) == 6


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([new_markdown_cell("No heading.", metadata={COLLAPSED: True})], "only heading"),
        ([collapsed("## Two\n\n### headings")], "only heading"),
        ([collapsed("## A"), new_markdown_cell("### Deeper")], "'Deeper' stands within"),
        ([collapsed("## A"), new_markdown_cell("Text.\n\n## Next")], "'Next' stands within"),
    ],
)
def test_what_cannot_be_folded_is_named(cells: list, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        with_folds(cells)
    assert any(told in fault for fault in form_faults(new_notebook(cells=cells)))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_chapter_folds_what_a_lesson_needs(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    names = {c.source.split("\n")[0].lstrip("# ") for c in cells if c.metadata.get(COLLAPSED)}
    assert not names & {"Summary", "Self-test", "Exercises", "Further reading"}
