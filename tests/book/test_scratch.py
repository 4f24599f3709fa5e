"""Tests of the folders that chapters try things out in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from genrelib.book import scratch


def test_each_call_gives_an_empty_folder_of_its_own() -> None:
    one, two = scratch(), scratch()
    assert one != two
    assert not list(one.iterdir()) and not list(two.iterdir())


def test_a_folder_goes_away_with_the_process() -> None:
    code = (
        "from genrelib.book import scratch\nfolder = scratch()\n"
        "(folder / 'x').write_text('y')\nprint(folder)"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert not Path(said.strip()).exists()
