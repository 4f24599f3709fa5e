"""Numbers in the sentence: found, evaluated where they stand, and written into the text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import small_book
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from genrelib.book.chapters import BookError
from genrelib.book.inline import TAG, expressions, filled, probe, with_probes
from genrelib.book.press import build


def test_expressions_are_found_wherever_they_stand() -> None:
    text = (
        'A {eval}`f"{x:.2f}"` in a sentence, | {eval}`n` | in a table,\n'
        "- {eval}``', '.join(names)`` in a list, {term}`eval` is none, nor is `{eval}`."
    )
    assert expressions(text) == ['f"{x:.2f}"', "n", "', '.join(names)"]
    assert expressions("nothing {cite:p}`here`") == []


def test_a_text_with_expressions_is_followed_by_a_hidden_cell() -> None:
    cells = [new_markdown_cell("{eval}`a` and {eval}`b`"), new_code_cell("b = 1")]
    cells.append(new_markdown_cell("none"))
    chapter = new_notebook(cells=cells)
    probed = with_probes(chapter)
    assert [cell.cell_type for cell in probed.cells] == ["markdown", "code", "code", "markdown"]
    assert probed.cells[1].metadata.tags == [TAG]
    assert "    a,\n    b,\n" in probed.cells[1].source
    assert len(chapter.cells) == 3, "the chapter itself stays as it is"


def test_values_are_text_or_whole_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict] = []
    monkeypatch.setattr(
        "IPython.display.display", lambda data, raw, metadata: shown.append(metadata)
    )
    probe("0.25", 3)
    assert shown == [{TAG: ["0.25", "3"]}]
    for wrong in (0.25, np.int64(3), True, None, np.str_("a")):
        with pytest.raises(ValueError, match="text or a whole number"):
            probe("fine", wrong)
    assert len(shown) == 1


def test_values_are_no_markup() -> None:
    text = "It is {eval}`a`, {eval}`b` and {eval}`c`."
    assert filled(text, ["*5*", "x_y|z", "a\\b"]) == r"It is \*5\*, x\_y\|z and a\\b."


@pytest.mark.slow
@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("missing", "NameError: name 'missing'"),
        ("1 / 3", "must give text"),
        ("1 +", "SyntaxError"),
    ],
)
def test_an_expression_that_fails_fails_the_build_and_is_named(
    tmp_path: Path, expression: str, message: str
) -> None:
    root = small_book.make_book(tmp_path / "book")
    sources = [*small_book.SECOND[:-1], f"text: It makes {{eval}}`{expression}`."]
    small_book.write_chapter(root, "two", sources)
    with pytest.raises(BookError, match=r"two failed in cell 5 of 5") as caught:
        build(chapters=["two"], root=root, quiet=True)
    assert message in str(caught.value)
    assert expression in str(caught.value)
