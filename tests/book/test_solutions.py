"""Tests of what solutions to exercises say: their output is that of their code."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
BLOCKS = re.compile(r"^```python\n([^`]*)^```\n+^```text\n([^`]*)^```", re.MULTILINE)
PRINTED = [
    (path.stem, *blocks)
    for path in sorted((ROOT / "chapters").glob("0[123]-*.ipynb"))
    for cell in nbformat.read(path, as_version=4).cells
    for blocks in BLOCKS.findall(cell.source)
]
"""Chapter, code and printed output of every solution that shows what it prints."""


def test_there_is_such_a_solution() -> None:
    assert any(chapter == "01-data" for chapter, _, _ in PRINTED)


@pytest.mark.parametrize(("chapter", "code", "output"), PRINTED)
def test_a_solution_prints_what_it_says(
    chapter: str, code: str, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    exec(compile(code, chapter, "exec"), {"pd": pd, "np": np})
    assert capsys.readouterr().out == output


@pytest.mark.parametrize("both", [True, False], ids=["slips in both weeks", "in the second"])
def test_agreement_with_oneself_is_no_ceiling(both: bool) -> None:
    # Solution 1.2: a program that knows the opinion is right between a and about sqrt(a).
    rng = np.random.default_rng(0)
    opinion = rng.integers(10, size=100_000)

    def labelled(e: float) -> np.ndarray:
        slips = rng.random(len(opinion)) < e
        return np.where(slips, (opinion + rng.integers(1, 10, len(opinion))) % 10, opinion)

    first, second = labelled(0.1 if both else 0), labelled(0.1)
    agreement, right = np.mean(first == second), np.mean(opinion == second)
    assert right == pytest.approx(np.sqrt(agreement) if both else agreement, abs=0.005)
    assert right > agreement - 1e-9
