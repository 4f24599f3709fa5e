"""Tells the reader how far a build is: a moving line on a terminal, else plain lines."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator


class Log:
    """Tells the reader how far the build is: a moving line on a terminal, else plain lines."""

    def __init__(self, quiet: bool) -> None:
        from rich.console import Console

        self.console = Console(quiet=quiet, highlight=False, soft_wrap=True, markup=False)
        self.started = time.perf_counter()

    def elapsed(self) -> float:
        return time.perf_counter() - self.started

    @staticmethod
    def clock(seconds: float) -> str:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"

    def line(self, text: str) -> None:
        self.console.print(text)

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show a step while it runs, and its time afterwards."""
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        started = time.perf_counter()
        if self.console.is_terminal and not self.console.quiet:
            columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False))
            with Progress(
                *columns, TimeElapsedColumn(), console=self.console, transient=True
            ) as bar:
                bar.add_task(text, total=None)
                yield
        else:
            self.line(f"{text} …")
            # A log file is read while it grows.
            sys.stdout.flush()
            yield
        took = self.clock(time.perf_counter() - started)
        self.line(f"{text}: {took} (total {self.clock(self.elapsed())})")
