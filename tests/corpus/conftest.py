"""What the tests of the corpora share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def data(tmp_path: Path, monkeypatch) -> Path:
    """An empty audio root."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("GENRELIB_DATA", str(folder))
    return folder
