"""Kill commands at random moments, and see that nothing half-written is taken for whole.

    python tests/kill_commands.py 60          # so many kills, shared out among the commands

Each command runs once undisturbed, then again and again in a fresh place, where it is killed with
all its processes (SIGKILL) at a moment drawn from how long it takes, until it may come to its end.
After each kill, whatever has its final name must be whole; in the end all must be as it was
undisturbed. Says how many kills and faults there were; the number of faults is the exit code.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import soundfile as sf
from library import music

from genrelib.classify import load_model
from genrelib.corpus import GTZAN_MINI

MOST = 5  # kills of one run, before it may come to its end


@dataclass(frozen=True)
class Command:
    """A command, and what must hold of the folder that it writes to.

    ``line`` takes that folder; ``whole`` raises where something in it is half-written; ``content``
    says what is in it.
    """

    line: Callable[[Path], list[str]]
    whole: Callable[[Path], object]
    content: Callable[[Path], object]


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


def start(line: list[str], out: Path, **more: str) -> subprocess.Popen[bytes]:
    env = os.environ | {"GENRELIB_CACHE": str(out / ".cache"), "GENRELIB_DATA": str(out)} | more
    return subprocess.Popen(
        [sys.executable, "-m", "genrelib", *line], env=env, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def undisturbed(command: Command, out: Path, env: dict[str, str]) -> float:
    begun = time.monotonic()
    process = start(command.line(out), out, **env)
    _, words = process.communicate()
    assert process.returncode == 0, words.decode(errors="replace")
    return time.monotonic() - begun


def killed(command: Command, out: Path, env: dict[str, str], after: float) -> bool:
    """Kill a command after so many seconds; say whether it was not yet at its end."""
    process = start(command.line(out), out, **env)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=after)
        return False
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return True


def main(count: int, seed: int = 0) -> int:
    """Kill so often, print what came of it; the number of faults is the exit code."""
    rng, result, faults = np.random.default_rng(seed), {}, []
    served = {f"{track}.wav": sound(number) for number, track in enumerate(GTZAN_MINI)}
    with tempfile.TemporaryDirectory() as place, mirror(Path(place), served) as address:
        corpus = music(Path(place, "music"), tracks=4)
        env = {"GENRELIB_MIRRORS": f"gtzan-mini={address}"}
        commands = {
            "extract": Command(
                lambda out: ["extract", corpus, "-o", str(out / "all"), "--batch", "2"],
                tables,
                lambda out: digests(out / "all", "*.parquet"),
            ),
            "train": Command(
                lambda out: ["train", "--corpus", corpus, "-o", str(out / "model.npz")],
                models,
                models,
            ),
            "corpus download": Command(
                lambda _: ["corpus", "download", "gtzan-mini"],
                partial(tracks, served),
                lambda out: digests(out, "*.wav"),
            ),
        }
        for name, command in commands.items():
            clean = Path(place, name, "clean")
            clean.mkdir(parents=True)
            seconds = undisturbed(command, clean, env)
            kills = runs = 0
            while kills < count // len(commands):
                out = Path(place, name, str(runs := runs + 1))
                out.mkdir()
                try:
                    for _ in range(MOST):
                        kills += killed(command, out, env, rng.uniform(0, seconds))
                        command.whole(out)
                    undisturbed(command, out, env)
                    command.whole(out)
                    assert command.content(out) == command.content(clean), "not as undisturbed"
                except Exception as error:
                    faults.append(f"{name}, run {runs}: {type(error).__name__}: {error}")
            result[name] = {"kills": kills, "runs": runs, "undisturbed s": round(seconds, 1)}
    print(json.dumps({"commands": result, "faults": faults}, indent=1))
    return min(len(faults), 100)


def sound(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, 2000)
    sf.write(buffer, noise, 22050, format="WAV")
    return buffer.getvalue()


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
