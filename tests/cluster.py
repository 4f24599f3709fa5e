"""A Dask cluster on the loopback interface: a real scheduler and real workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
HERE = ["--host", "127.0.0.1", "--no-dashboard"]


class Cluster:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        self.start("distributed.cli.dask_scheduler", "--port", "0", "--scheduler-file", str(file))
        self.address = str(
            _wait(lambda: file.exists() and json.loads(file.read_text()))["address"]
        )

    def start(self, module: str, *options: str, first: str = "") -> subprocess.Popen[bytes]:
        """Start a process; `first` is code that it runs before it is what it is."""
        code = f"{first}\nimport runpy; runpy.run_module({module!r}, run_name='__main__')"
        log = (self.folder / f"{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-c", code, *HERE, *options],
            cwd=self.folder,
            # Memory that is free goes back to the system, as it does under Dask's nanny.
            env=os.environ | {"PYTHONPATH": str(ROOT), "MALLOC_TRIM_THRESHOLD_": "65536"},
            stdout=log,
            stderr=log,
        )
        log.close()
        self.processes.append(process)
        return process

    def add_worker(self, first: str = "") -> subprocess.Popen[bytes]:
        """Start a worker of one thread, which stays dead when it dies, and wait until it works."""
        before = self.workers()
        options = ("--nthreads", "1", "--no-nanny", "--local-directory", str(self.folder))
        process = self.start("distributed.cli.dask_worker", self.address, *options, first=first)
        _wait(lambda: self.workers() > before)
        return process

    def workers(self) -> int:
        """Count the workers that the scheduler knows."""
        import distributed

        with distributed.Client(self.address, timeout=30, set_as_default=False) as client:
            return len(client.nthreads())

    def stop_workers(self) -> None:
        """End the workers, and wait until the scheduler knows."""
        _end(self.processes[1:])
        _wait(lambda: not self.workers())

    def stop(self) -> None:
        """End all processes."""
        _end(self.processes)


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in reversed(processes):
        process.kill()
        process.wait()


def _wait(question: Callable[[], Any]) -> Any:
    """Wait for an answer that is true."""
    deadline = time.monotonic() + 60
    while not (answer := question()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer
