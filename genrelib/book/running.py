"""Running chapters: papermill in a process of its own, and what to say where one fails.

What a build starts ends with it, also where the build is killed and can end nothing: papermill,
its kernel and Jupyter Book each look out for the process that wanted them.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from genrelib.book.chapters import BookError, Chapter, Folders, uses
from genrelib.book.inline import TAG, with_probes
from genrelib.book.log import Log
from genrelib.book.madefrom import Manifest, code_digest, own_parts
from genrelib.book.solutions import SOLVED
from genrelib.corpus import FAULTS, PACKAGE_DATA, write_whole

UNSEEN = {"injected-parameters", "papermill-error-cell-tag", TAG, SOLVED}
"""Tags of cells that a chapter does not have."""
_PAPERMILL = "from papermill.__main__ import papermill; papermill()"
_KERNEL = "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
_BUILDER = "GENRELIB_BUILDER"
_TETHERED = f"""
import os, sys, threading, time
import psutil

def watch():
    try:
        builder = psutil.Process(int(os.environ["{_BUILDER}"]))
        while builder.is_running() and builder.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.1)
    finally:
        os._exit(1)

threading.Thread(target=watch, daemon=True).start()
exec(sys.argv.pop(1))
"""


def tethered(code: str, *arguments: str) -> list[str]:
    """Give the command that runs some code in a process that ends when the build has ended.

    Parameters
    ----------
    code : str
        The code.
    *arguments : str
        What it finds in ``sys.argv``.

    Returns
    -------
    list of str
        The command, for :func:`run`.
    """
    return [sys.executable, "-c", _TETHERED, code, *arguments]


def execute_all(
    folders: Folders,
    chapters: list[Chapter],
    parameters: Mapping[str, Any],
    common: Mapping[str, str],
    log: Log,
) -> tuple[dict[str, str], list[str]]:
    """Run the chapters that have to, in order; record each as soon as it is finished."""
    manifest = Manifest(folders)
    ran: dict[str, str] = {}
    unchanged: list[str] = []
    for number, chapter in enumerate(chapters, 1):
        parts = {"code": code_digest(chapter), **common, **own_parts(chapter)}
        label = f"chapter {number} of {len(chapters)}: {chapter.title}"
        why = manifest.why(chapter, parts)
        if why is None:
            log.line(f"{label}: unchanged")
            unchanged.append(chapter.name)
            continue
        if not ran:
            _measure(chapters, parameters["corpus"], log)
        started = time.perf_counter()
        with log.step(f"{label} ({why})"):
            _execute(folders, chapter, parameters, manifest)
        manifest.add(chapter, parts, time.perf_counter() - started)
        ran[chapter.name] = why
    return ran, unchanged


def _measure(chapters: list[Chapter], corpus: str, log: Log) -> None:
    """Measure the audio before the chapters ask for it, where the reader can see how far it is."""
    if not any(uses(chapter, "load_music", "genrelib.features") for chapter in chapters):
        return
    from genrelib.corpus import load_corpus
    from genrelib.features import usable

    left_out = usable(load_corpus(corpus, on_error="skip"), progress=not log.console.quiet).skipped
    for row in left_out.itertuples():
        log.line(f"left out: {row.path}: {row.reason}")


def _execute(
    folders: Folders, chapter: Chapter, parameters: Mapping[str, Any], manifest: Manifest
) -> None:
    """Execute one chapter with papermill, in a process of its own that Ctrl-C can end."""
    given = folders.executed / f".{chapter.name}.given.ipynb"
    part = folders.executed / f".{chapter.name}.part.ipynb"
    report = folders.reports / f"{chapter.name}.ipynb"
    for old in (part, report, report.with_suffix(".txt")):
        old.unlink(missing_ok=True)
    write_whole(given, nbformat.writes(with_probes(chapter.notebook)))
    command = tethered(_PAPERMILL, str(given), str(part))
    command += ["--kernel", _install_kernel(folders.kernels), "--language", "python"]
    command += ["--cwd", str(folders.book / "chapters"), "--no-progress-bar"]
    command += ["--parameters_yaml", json.dumps(dict(parameters))]
    try:
        status, output = run(command, _kernel_environment(folders))
        if status != 0:
            fail_on_full_disk(output, folders.build)
            raise _failure(chapter, part, report, output)
        manifest.forget(chapter)  # until the new one is in place and entered
        part.replace(folders.executed / f"{chapter.name}.ipynb")
    finally:
        part.unlink(missing_ok=True)
        given.unlink(missing_ok=True)


def _install_kernel(folder: Path) -> str:
    """Write a kernel that is this very interpreter, whatever others are installed."""
    spec = {
        "argv": tethered(_KERNEL, "-f", "{connection_file}"),
        "display_name": "Python of this book",
        "language": "python",
    }
    target = folder / "kernels" / "genrelib-book"
    target.mkdir(parents=True, exist_ok=True)
    write_whole(target / "kernel.json", json.dumps(spec))
    return target.name


def _kernel_environment(folders: Folders) -> dict[str, str]:
    """Return the environment of the kernels: absolute paths, and this package."""
    environment = dict(os.environ)
    for name, first in (
        ("JUPYTER_PATH", folders.kernels),
        ("PYTHONPATH", PACKAGE_DATA.parents[1]),
    ):
        paths = [str(first), *filter(None, [environment.get(name)])]
        environment[name] = os.pathsep.join(paths)
    for name in ("GENRELIB_DATA", "GENRELIB_CACHE"):
        if environment.get(name):
            environment[name] = str(Path(environment[name]).expanduser().resolve())
    environment["GENRELIB_RESULTS"] = str(folders.results)
    environment["GENRELIB_QUIET"] = "1"
    environment["GENRELIB_OFFLINE"] = "1"  # what can be fetched was fetched before
    environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    return environment


def run(command: list[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command, and take it down with us when we are interrupted."""
    # In a session of its own, so that Ctrl-C reaches us alone and we end it in order.
    with subprocess.Popen(
        command,
        env=dict(environment) | {_BUILDER: str(os.getpid())},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate()
        except BaseException:
            # papermill passes the signal on to its kernel.
            process.send_signal(signal.SIGTERM)
            try:
                process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    return process.returncode, output


def fail_on_full_disk(output: str, folder: Path) -> None:
    """Tell a disk that is full, or cannot be written, from a fault of a chapter or a page.

    Parameters
    ----------
    output : str
        What a process said that has failed.
    folder : Path
        Where it writes.

    Raises
    ------
    OSError
        If the last thing it said is that.
    """
    found = re.search(r"\[Errno (\d+)\]", tail(output))
    if found and int(found[1]) in FAULTS:
        raise OSError(int(found[1]), os.strerror(int(found[1])), str(folder))


def _failure(chapter: Chapter, part: Path, report: Path, output: str) -> BookError:
    """Keep the notebook as far as it ran, and name the cell that failed."""
    report.parent.mkdir(parents=True, exist_ok=True)
    write_whole(report.with_suffix(".txt"), plain_text(output))
    log = f"Log: {report.with_suffix('.txt')}"
    if not part.exists():
        return BookError(f"{chapter.name} could not be started: {tail(output)}\n{log}")
    part.replace(report)
    position = 0
    for cell in nbformat.read(report, as_version=4).cells:
        tags = cell.metadata.get("tags", [])
        position += not UNSEEN & set(tags)
        for error in cell.get("outputs", []):
            if error.output_type == "error":
                # Of a text, its expressions are what was executed.
                shown = cell.source.partition("_probe(\n")[2] if TAG in tags else cell.source
                return BookError(
                    f"{chapter.name} failed in cell {position} of {len(chapter.notebook.cells)}:\n"
                    f"    {_shorten(shown)}\n"
                    f"{error.ename}: {plain_text(error.evalue)}\n"
                    f"The chapter as far as it ran: {report}\n{log}"
                )
    return BookError(f"{chapter.name} stopped: {tail(output)}\nAs far as it ran: {report}\n{log}")


def plain_text(text: str) -> str:
    """Return text without the escapes that colour a terminal."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)


def tail(output: str) -> str:
    """Return the last line of a log that says something."""
    lines = [line.strip() for line in plain_text(output).splitlines() if line.strip()]
    return lines[-1] if lines else "no output"


def _shorten(source: str, lines: int = 3) -> str:
    """Return the beginning of a cell."""
    kept = source.strip().splitlines()
    return "\n    ".join(kept[:lines] + ["…"] * (len(kept) > lines))
