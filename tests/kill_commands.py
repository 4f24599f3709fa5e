"""Kill commands at random moments, and see that nothing half-written is taken for whole.

    python tests/kill_commands.py 200          # so many kills, shared out among the commands
    python tests/kill_commands.py 40 book      # of these commands only

Each command runs once undisturbed, then again and again in a fresh place, where it is killed with
its process group (SIGKILL) until it may come to its end. Every second kill falls at a moment drawn
from how long the command takes, the others just when it has changed something on the disk, at a
change drawn from all that it makes. After each kill, whatever has its final name must be whole,
and what the command has started in groups of its own must end by itself; in the end all must be as
it was undisturbed. Says how many kills and faults there were; the number of faults is the exit
code.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import io
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pyarrow.parquet as pq
import small_book
import soundfile as sf
from library import music

from genrelib.book.check import check_site
from genrelib.book.readme import MARKS
from genrelib.classify import load_model
from genrelib.collections import extract
from genrelib.corpus import GTZAN_MINI, PACKAGE_DATA, load_corpus

MOST = 6  # kills of one run, before it may come to its end
PATIENCE = 5.0  # seconds in which what a killed command leaves behind must have ended
GENRELIB = ["-m", "genrelib"]
# Most of the time of a small training goes into hearing what is not music.
TRAIN = "from genrelib.classify import training; training.EXAMPLES = 3; "
TRAIN += "from genrelib.cli import main; main()"
CHAPTER = (
    "import os\nfrom pathlib import Path\nfrom genrelib.corpus import write_whole\n"
    'write_whole(Path(os.environ["GENRELIB_RESULTS"], "seen.json"), "[1, 2]")'
)


@dataclass(frozen=True)
class Command:
    """A command, and what must hold of the folder that it runs in.

    ``line`` takes that folder, and gives the arguments of Python; ``whole`` raises where something
    in it is half-written; ``content`` says what is in it; ``prepare`` puts there what it needs.
    """

    line: Callable[[Path], list[str]]
    whole: Callable[[Path], object]
    content: Callable[[Path], object]
    prepare: Callable[[Path], object] = lambda folder: None


def shown(folder: Path, pattern: str) -> list[Path]:
    """List files, without those that are hidden or in hidden folders."""
    paths = sorted(folder.rglob(pattern))
    return [p for p in paths if not any(x.startswith(".") for x in p.relative_to(folder).parts)]


def digests(folder: Path, pattern: str) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in shown(folder, pattern)
        if path.is_file()
    }


# --- extract, train, corpus download -----------------------------------------------------------


def models(folder: Path) -> dict[str, str]:
    """Read the models in a folder; the digest of the numbers of each."""
    return {
        path.name: hashlib.sha256(b"".join(a.tobytes() for a in load_model(path).arrays.values()))
        .hexdigest()
        for path in shown(folder, "*.npz")
    }  # fmt: skip


def tables(folder: Path) -> list[int]:
    return [pq.read_table(path).num_rows for path in shown(folder, "*.parquet")]


def tracks(served: dict[str, bytes], folder: Path) -> None:
    for path in shown(folder, "*.wav"):
        assert path.read_bytes() == served[path.name], f"{path.name} is not what was served"


def downloaded(folder: Path) -> dict[str, str]:
    """Say what a finished download holds, and that nothing of it is left elsewhere."""
    assert not (folder / ".download").exists(), "what was received was not cleared away"
    return digests(folder, "*.wav")


@contextlib.contextmanager
def mirror(folder: Path, files: dict[str, bytes]) -> Iterator[str]:
    """Serve GTZAN-mini as an archive; gives its address."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"genres/{name.split('.')[0]}/{name}", content)
    (folder / "mini.zip").write_bytes(buffer.getvalue())

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/mini.zip"
    server.shutdown()
    server.server_close()


def sound(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, 2000)
    sf.write(buffer, noise, 22050, format="WAV")
    return buffer.getvalue()


# --- results --record --------------------------------------------------------------------------


def own_package(folder: Path) -> None:
    """Make a place to record in: a package with results of its own, and a build of others."""
    recorded = folder / "genrelib" / "data" / "results"
    for source, target in (
        (PACKAGE_DATA.parent, folder / "genrelib"),
        (PACKAGE_DATA, folder / "genrelib" / "data"),
    ):
        target.mkdir()
        for path in source.iterdir():
            if path.name not in ("data", "results"):
                (target / path.name).symlink_to(path)
    shutil.copytree(PACKAGE_DATA / "results", recorded)
    built = folder / "_build" / "book-state" / "gtzan-mini-seed0" / "results"
    built.mkdir(parents=True)
    for name in ("gtzan-mini.json", "original-study.json"):
        text = (recorded / name).read_text("utf-8")
        (built / name).write_text(text.replace('"recorded": "2', '"recorded": "9'), "utf-8")
    for name in ("_toc.yml", "_config.yml"):
        (folder / name).touch()
    (folder / "README.md").write_text("\n".join(("# Title", *MARKS, "The end.\n")), "utf-8")


def records(folder: Path) -> dict[str, str]:
    """Read what is recorded; digests of the files."""
    for path in shown(folder / "genrelib" / "data" / "results", "*.json"):
        json.loads(path.read_text("utf-8"))
    readme = (folder / "README.md").read_text("utf-8")
    assert readme.startswith("# Title\n") and readme.endswith("The end.\n"), "half a README"
    return digests(folder / "genrelib" / "data" / "results", "*") | digests(folder, "README.md")


# --- book --------------------------------------------------------------------------------------


def one_chapter(folder: Path) -> None:
    """Make a book of one chapter, without the page that says when it was made."""
    small_book.make_book(folder)
    small_book.write_chapter(folder, "one", ["# One", small_book.PARAMETERS, CHAPTER])
    (folder / "chapters" / "two.ipynb").unlink()
    entries = small_book.TOC.splitlines()[:4]
    (folder / "_toc.yml").write_text("\n".join(entries) + "\n", "utf-8")


def pages(folder: Path) -> dict[str, str]:
    """Look at a site and at what it was made from; digests of the pages."""
    build = folder / "_build"
    for path in shown(build / "book-state", "executed/*.ipynb"):
        cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        assert cells and all(c.execution_count for c in cells), f"{path.name} is half a run"
    for path in (*shown(build / "book-state", "*.json"), *shown(build, "results/*.json")):
        json.loads(path.read_text("utf-8"))
    stamped = (build / "html.json").exists()
    if not (build / "html").exists():
        assert not stamped, "a stamp without a site"
        return {}
    assert check_site(build / "html", folder) == []
    found = digests(build / "html", "*")
    assert {"index.html", "chapters/one.html", "searchindex.js", "search.html"} <= set(found)
    return {name: d for name, d in found.items() if name.endswith(".html")} | {
        "stamped": str(stamped), "files": ",".join(found)
    }  # fmt: skip


# --- running and killing -----------------------------------------------------------------------


def start(line: list[str], out: Path, **more: str) -> subprocess.Popen[bytes]:
    own = {"GENRELIB_CACHE": out / ".cache", "GENRELIB_DATA": out}
    # So that the kernel of a book has the folder in its command line.
    own |= {"JUPYTER_RUNTIME_DIR": out / ".cache", "PYTHONPATH": small_book.REPOSITORY}
    env = os.environ | {name: str(path) for name, path in own.items()} | more
    return subprocess.Popen(
        [sys.executable, *line], env=env, cwd=out, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def state(out: Path) -> dict[str, int]:
    """Say what is on the disk, hidden files included, the cache left out."""
    found: dict[str, int] = {}
    for folder, folders, files in os.walk(out):
        folders[:] = [name for name in folders if name not in (".cache", "__pycache__")]
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                path = os.path.join(folder, name)  # noqa: PTH118
                found[path] = os.lstat(path).st_mtime_ns
        found[folder] = len(folders)
    return found


def watched(process: subprocess.Popen[bytes], out: Path, seconds: float, changes: float) -> int:
    """Wait until so many seconds have gone, or changes were seen, or it has ended; count these."""
    end, seen, before = time.monotonic() + seconds, 0, state(out)
    while process.poll() is None and time.monotonic() < end and seen < changes:
        time.sleep(0.01)
        seen, before = seen + ((now := state(out)) != before), now
    return seen


def undisturbed(command: Command, out: Path, env: dict[str, str]) -> tuple[float, int]:
    """Run a command to its end; how long it took, and how often the disk changed."""
    begun = time.monotonic()
    process = start(command.line(out), out, **env)
    changes = watched(process, out, math.inf, math.inf)
    _, words = process.communicate()
    assert process.returncode == 0, words.decode(errors="replace")
    return time.monotonic() - begun, changes


def killed(command: Command, out: Path, env: dict[str, str], after: float, changes: float) -> bool:
    """Kill a command at a moment or a change; say whether it was not yet at its end."""
    process = start(command.line(out), out, **env)
    watched(process, out, after, changes)
    alive = process.poll() is None
    if alive:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    end = time.monotonic() + PATIENCE
    while left := [p for p in psutil.process_iter() if named(p, out)]:
        if time.monotonic() > end:
            raise AssertionError(f"still there: {[p.cmdline()[-3:] for p in left]}")
        time.sleep(0.05)
    return alive


def named(process: psutil.Process, out: Path) -> bool:
    """Say whether a process has a folder in its command line."""
    with contextlib.suppress(psutil.Error):
        return any(f"{out}{os.sep}" in word for word in process.cmdline())
    return False


def commands(place: Path, served: dict[str, bytes]) -> dict[str, Command]:
    """Lay out the commands, each as small as it can be."""
    corpus, measured = music(place / "music", tracks=2), place / "measured"
    extract(load_corpus(corpus), measured, jobs=1, ear=True, progress=False)
    learn = ["-c", TRAIN, "train", "--corpus", f"features:{measured}", "-o"]
    return {
        "extract": Command(
            lambda out: [
                *GENRELIB, "extract", corpus, "-o", str(out / "all"), "--batch", "1", "--jobs", "1"
            ],
            tables,
            lambda out: digests(out / "all", "*.parquet"),
        ),
        "train": Command(
            lambda out: [*learn, str(out / "model.npz")],
            models,
            models,
        ),
        "corpus download": Command(
            lambda _: [*GENRELIB, "corpus", "download", "gtzan-mini"],
            partial(tracks, served),
            downloaded,
        ),
        "results": Command(
            lambda _: [*GENRELIB, "results", "--record"], records, records, own_package
        ),
        "book": Command(lambda _: [*GENRELIB, "book", "--fast"], pages, pages, one_chapter),
    }  # fmt: skip


def try_out(
    command: Command, place: Path, env: dict[str, str], count: int, rng: np.random.Generator
) -> tuple[dict[str, float], list[str]]:
    """Kill one command so often; what came of it, and the faults."""
    clean, faults = place / "clean", []
    clean.mkdir(parents=True)
    command.prepare(clean)
    seconds, changes = undisturbed(command, clean, env)
    kills = runs = 0
    while kills < count:
        out = place / str(runs := runs + 1)
        out.mkdir()
        try:
            command.prepare(out)
            for number in range(min(MOST, count - kills)):
                after, change = rng.uniform(0, seconds), math.inf
                if number % 2:
                    after, change = 10 * seconds, rng.integers(1, changes, endpoint=True)
                kills += killed(command, out, env, after, change)
                command.whole(out)
            undisturbed(command, out, env)
            command.whole(out)
            assert command.content(out) == command.content(clean), "not as undisturbed"
        except Exception as error:
            faults.append(f"run {runs}: {type(error).__name__}: {error}")
            if len(faults) > MOST:
                break
        else:
            shutil.rmtree(out, ignore_errors=True)
    return {"kills": kills, "runs": runs, "undisturbed s": round(seconds, 1)}, faults


def main(count: int, *names: str, seed: int = 0) -> int:
    """Kill so often, two commands at a time; the number of faults is the exit code."""
    result, faults = {}, []
    served = {f"{track}.wav": sound(number) for number, track in enumerate(GTZAN_MINI)}
    with tempfile.TemporaryDirectory() as place, mirror(Path(place), served) as address:
        env = {"GENRELIB_MIRRORS": f"gtzan-mini={address}"}
        chosen = {n: c for n, c in commands(Path(place), served).items() if n in (names or (n,))}
        with ThreadPoolExecutor(2) as pool:
            waiting = {
                name: pool.submit(
                    try_out, command, Path(place, name), env, (count + number) // len(chosen),
                    np.random.default_rng([seed, number]),
                )
                for number, (name, command) in enumerate(reversed(chosen.items()))
            }  # fmt: skip
            for name, done in waiting.items():
                result[name], found = done.result()
                faults += [f"{name}, {fault}" for fault in found]
                print(name, result[name], f"{len(found)} faults", file=sys.stderr, flush=True)
    total = sum(found["kills"] for found in result.values())
    print(json.dumps({"kills": total, "commands": result, "faults": faults}, indent=1))
    return min(len(faults), 100)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
