"""What the tests of the corpora share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from webserver import Server

from genrelib.corpus import apart


@pytest.fixture
def data(tmp_path: Path, monkeypatch) -> Path:
    """An empty audio root."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("GENRELIB_DATA", str(folder))
    return folder


@pytest.fixture
def in_decoder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Run some lines of Python in every process that decodes, before it is asked for anything."""

    def first(lines: str) -> None:
        apart.end_all()
        script = apart._SCRIPT.replace("apart.serve(", f"{lines}\napart.serve(")
        monkeypatch.setattr(apart, "_SCRIPT", script)

    yield first
    apart.end_all()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
