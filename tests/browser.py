"""Driving JupyterLab in a real browser: a server of its own, one window, chapter by chapter."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import genrelib
from genrelib.book import lab_command, lab_environment

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
           "--disable-background-networking", "--disable-component-update")  # fmt: skip
# All cells are in the page at once, not only those in view.
SETTINGS = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}
_CELLS = """() => jupyterapp.shell.currentWidget.content.widgets.map(cell => ({
    type: cell.model.type, source: cell.model.sharedModel.source, text: cell.node.innerText,
    hidden: cell.inputHidden ?? false,
    expressions: (cell.model.getMetadata('user_expressions') || []).map(e => [e.expression,
        e.result.status, (e.result.data || {})['text/plain'] || e.result.evalue]),
    errors: cell.model.type != 'code' ? [] : cell.model.outputs.toJSON()
        .filter(o => o.output_type == 'error').map(o => `${o.ename}: ${o.evalue}`)}))"""


@dataclass
class Opened:
    """A notebook after all its cells have run: what a person would see."""

    cells: list[dict[str, Any]]

    @property
    def errors(self) -> list[str]:
        """Errors of code cells and of inline expressions."""
        failed = [f"{e[0]}: {e[2]}" for c in self.cells for e in c["expressions"] if e[1] != "ok"]
        return [error for cell in self.cells for error in cell["errors"]] + failed

    @property
    def prose(self) -> str:
        """The rendered texts."""
        return "\n".join(cell["text"] for cell in self.cells if cell["type"] == "markdown")

    @property
    def raw_markup(self) -> list[str]:
        """Roles and directives that are shown as they are written."""
        return re.findall(r"\{[a-z][a-z:.-]*\}`[^`\n]*`|^[:`]{3,}\{?.*$", self.prose, re.MULTILINE)


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def served(root: Path, home: Path) -> Iterator[str]:
    """Serve a book in JupyterLab as ``genrelib lab`` does, with a home of its own."""
    port = free_port()
    options = ("--no-browser", "--allow-root", "--LabApp.expose_app_in_browser=True")
    options += (f"--ServerApp.port={port}", "--IdentityProvider.token=")
    environment = lab_environment() | {
        "HOME": str(home),
        "GENRELIB_RESULTS": str(home / "results"),
        "GENRELIB_QUIET": "1",
        "PYTHONPATH": str(Path(genrelib.__file__).parents[1]),
    }
    log = (home / "lab.log").open("w")
    process = subprocess.Popen(
        lab_command(root, *options, settings=SETTINGS), env=environment,
        stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process, home / "lab.log")
        yield url
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def _wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{url}/api", timeout=5)
            return
        assert process.poll() is None, log.read_text()
        time.sleep(0.25)
    raise TimeoutError(f"JupyterLab does not answer: {log.read_text()}")


def run_notebook(window: Any, url: str, name: str, seconds: float = 900) -> Opened:
    """Open a notebook, restart its kernel, run all cells, and see what came of it."""
    # A page of its own: one with unsaved changes would ask before it is left.
    page = window.new_page(viewport={"width": 1200, "height": 1000})
    page.set_default_timeout(60_000)
    page.goto(f"{url}/lab/tree/{name}?reset")
    page.wait_for_function(
        "() => window.jupyterapp?.shell?.currentWidget?.content?.widgets?.length", timeout=60_000
    )
    page.wait_for_function(
        "() => jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status == 'idle'"
    )
    page.evaluate(
        """() => { window.finished = false;
        jupyterapp.commands.execute('notebook:restart-run-all').then(() => finished = true) }"""
    )
    page.locator(".jp-Dialog button.jp-mod-accept").click()
    page.wait_for_function("() => window.finished", timeout=1000 * seconds)
    # What is collapsed is drawn when it is opened.
    page.evaluate("() => jupyterapp.commands.execute('notebook:expand-all-headings')")
    # Expressions are evaluated a moment after their cell has run.
    for _ in range(100):
        cells = page.evaluate(_CELLS)
        if all(len(c["expressions"]) >= c["source"].count("{eval}`") for c in cells
               if c["type"] == "markdown") and not Opened(cells).raw_markup:  # fmt: skip
            break
        page.wait_for_timeout(100)
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()
    return Opened(cells)
