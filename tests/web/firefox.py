"""Firefox as Debian has it, driven over WebDriver BiDi: as much of it as the tests need."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import websocket

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")


class Window:
    """One window of a running Firefox."""

    def __init__(self, address: str) -> None:
        self.socket = websocket.create_connection(
            f"{address}/session", timeout=120, suppress_origin=True
        )
        self.number = 0
        self.call("session.new", capabilities={})
        (first,) = self.call("browsingContext.getTree")["contexts"]
        self.context = first["context"]

    def call(self, method: str, **given: Any) -> Any:
        """Send a command and wait for its answer."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": given}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.number:
                assert message["type"] == "success", message
                return message["result"]

    def open(self, url: str) -> None:
        """Go to a page and wait until it is there."""
        self.call("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Evaluate an expression, or a promise, whose value is text, a number or nothing."""
        found = self.call("script.evaluate", expression=expression, awaitPromise=True,
                          target={"context": self.context})  # fmt: skip
        assert found["type"] == "success", found
        return found["result"].get("value")

    def choose(self, selector: str, files: list[Path]) -> None:
        """Give files to an input."""
        script = f"document.querySelector({json.dumps(selector)})"
        found = self.call("script.evaluate", expression=script, awaitPromise=False,
                          target={"context": self.context})  # fmt: skip
        self.call("input.setFiles", context=self.context, files=[str(file) for file in files],
                  element={"sharedId": found["result"]["sharedId"]})  # fmt: skip

    def wait(self, expression: str, seconds: float = 120) -> Any:
        """Wait until an expression is true, and return it."""
        end = time.monotonic() + seconds
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < end, f"{expression}: never"
            time.sleep(0.05)
        return value


@contextlib.contextmanager
def started(profile: Path) -> Iterator[Window]:
    """Start a Firefox with a profile of its own."""
    log = profile / "firefox.log"
    command = [str(FIREFOX), "--headless", "--no-remote", "--profile", str(profile)]
    command += ["--remote-debugging-port", "0", "about:blank"]
    own = {"HOME": str(profile), "PATH": os.defpath}
    with log.open("w") as output, subprocess.Popen(
        command, stdout=output, stderr=subprocess.STDOUT, env=own
    ) as process:  # fmt: skip
        try:
            for _ in range(600):
                found = re.search(r"WebDriver BiDi listening on (\S+)", log.read_text())
                if found or process.poll() is not None:
                    break
                time.sleep(0.1)
            assert found, log.read_text()
            yield Window(found[1])
        finally:
            process.terminate()
