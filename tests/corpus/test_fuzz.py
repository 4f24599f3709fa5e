"""Tests that broken files get a verdict, whatever is broken about them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FUZZER = Path(__file__).parents[1] / "fuzz_audio.py"


@pytest.mark.parametrize(
    "count", [300, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.full])]
)
def test_broken_files_get_a_verdict(count: int) -> None:
    # In a process of its own: a decoder that dies must not take the tests along.
    done = subprocess.run(
        [sys.executable, FUZZER, str(count)], capture_output=True, text=True, check=False
    )
    assert done.returncode >= 0, f"the process died: {done.stderr[-500:]}"
    assert done.stdout, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["faults"] == []
    assert sum(sum(kinds.values()) for kinds in found["formats"].values()) == count
