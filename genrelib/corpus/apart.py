"""Decoders in a process of their own: an odd file may end that, and nothing else.

:func:`opened` gives what :func:`genrelib.corpus.decoders.opened` gives, from a process that is
held to bounds of time and memory. If a file makes it crash, hang or grow, it ends; the file is
:class:`~genrelib.corpus.decoders.Damage`, and the next one gets a new process. Processes are kept
and used again, one at a time by each thread that asks.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

import numpy as np

from genrelib.corpus import decoders
from genrelib.corpus.decoders import Damage, Sound

SECONDS = 300.0
"""Processor time that decoding one file may take."""
MEMORY = 4 << 30
"""Bytes that decoding may take. Windows can hold a process to neither."""

_SCRIPT = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from genrelib.corpus import apart
apart.serve(float(sys.argv[2]), int(sys.argv[3]))
"""


class _Process:
    """A process that decodes, and the pipes to it."""

    def __init__(self) -> None:
        # Without what sites start with: that takes longer than all the rest.
        how = [sys.executable, "-I", "-S", "-c", _SCRIPT]
        bounds = [json.dumps(sys.path), str(SECONDS), str(MEMORY)]
        self.process = subprocess.Popen(
            [*how, *bounds],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # mpg123 and FFmpeg talk
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )
        assert self.process.stdin
        self.to, self.back = self.process.stdin, cast(BufferedReader, self.process.stdout)
        with contextlib.suppress(ImportError, AttributeError, OSError):  # where a pipe can grow
            import fcntl

            fcntl.fcntl(self.back, fcntl.F_SETPIPE_SZ, 1 << 20)
        self.owner = os.getpid()
        self.ready = True

    def ask(self, *request: str) -> dict[str, Any]:
        """Send a request, and take the answer to it."""
        self.ready = False  # whatever interrupts this leaves half an answer in the pipe
        with self._watched():
            self.to.write(json.dumps(request).encode() + b"\n")
            self.to.flush()
            head = self._head()
        self.ready = True
        return head

    def blocks(self, sound: Sound, word: str) -> Iterator[np.ndarray]:
        """Ask for samples, and take them as they come."""
        self.ready = False
        with self._watched():
            self.to.write(json.dumps([word]).encode() + b"\n")
            self.to.flush()
            while size := (head := self._head()).get("bytes"):
                block = np.empty(size // 4, np.float32)
                # Reads until all is there.
                if self.back.readinto(cast(memoryview, block.view(np.uint8))) != size:
                    raise EOFError
                yield block
        sound.notes += head["notes"]
        self.ready = True

    def _head(self) -> dict[str, Any]:
        head: dict[str, Any] = json.loads(self.back.readline())
        if "damage" in head:
            self.ready = True
            raise Damage(head["damage"])
        return head

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except Damage:
            raise
        except (OSError, ValueError, EOFError) as error:
            raise Damage(self._epitaph()) from error

    def _epitaph(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        self.process.kill()  # does nothing to one that has ended
        code = self.process.wait()
        if code == -getattr(signal, "SIGPROF", 0):
            return f"decoding it takes more than {SECONDS:g} seconds"
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"damaged: it ended the process that decoded it ({how})"

    def end(self) -> None:
        self.process.kill()
        with contextlib.suppress(OSError):  # a pipe that nobody reads any more
            self.to.close()
        self.back.close()
        self.process.wait()


_idle: list[_Process] = []


@contextlib.contextmanager
def opened(path: Path, *, mono: bool = False) -> Iterator[Sound]:
    """Open an audio file in a process of its own, and close it in the end.

    Its channels may be mixed there (:func:`genrelib.corpus.decoders.mix`): less to be handed over.

    Raises
    ------
    Damage
        If nobody can decode it, or if it ends the process; for `Sound.blocks` and `Sound.length`,
        too.
    """
    process = _taken()
    try:
        head = process.ask("open", os.fsencode(path.absolute()).hex())
        sound = Sound(**head, blocks=iter(()))
        sound.length = lambda: int(process.ask("length")["length"])
        sound.blocks = process.blocks(sound, "mixed" if mono else "all")
        yield sound
    finally:
        if process.ready:
            _idle.append(process)
        else:
            process.end()


def start_decoder() -> None:
    """Start a process that will be wanted soon, and do not wait for it."""
    _idle.append(_Process())


def _taken() -> _Process:
    """Take a process that waits, or start one."""
    while True:
        try:
            process = _idle.pop()
        except IndexError:
            return _Process()
        # One that was inherited by a fork belongs to the parent; one may have been killed.
        if process.owner == os.getpid() and process.process.poll() is None:
            return process


@atexit.register
def end_all() -> None:
    """End the processes that wait."""
    while _idle:
        process = _idle.pop()
        if process.owner == os.getpid():
            process.end()


# --- what runs in that process ---------------------------------------------------------------


def serve(seconds: float, memory: int) -> None:
    """Decode what is asked for on the standard input, to the standard output.

    A request is a line of JSON: ``["open", PATH]`` with its bytes in hexadecimal, ``["length"]``,
    ``["all"]`` for its samples, or ``["mixed"]`` for the mean of its channels. An answer is one,
    too; where it says so, bytes follow, and another answer.

    Parameters
    ----------
    seconds : float
        Processor time that one file may take, in all; then the system ends the process.
    memory : int
        Bytes that the process may have.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows; a lower limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that talks does not talk into the answers

    def say(head: dict[str, Any], block: Any = b"") -> None:
        out.write(json.dumps(head).encode() + b"\n")
        out.write(block)
        out.flush()

    sound = Sound(1, 1, iter(()))
    with contextlib.ExitStack() as stack:
        for line in sys.stdin.buffer:
            word, *path = json.loads(line)
            try:
                if word == "open":
                    stack.close()
                    with contextlib.suppress(AttributeError):  # Windows has no such clock
                        signal.setitimer(signal.ITIMER_PROF, seconds)
                    name = Path(os.fsdecode(bytes.fromhex(*path)))
                    sound = stack.enter_context(decoders.opened(name))
                    names = ("rate", "channels", "frames", "may_be_nan", "tags")
                    say({name: getattr(sound, name) for name in names})
                elif word == "length":
                    say({"length": sound.length()})
                else:
                    for data in sound.blocks:
                        block = sound.laid_out(data)
                        block = decoders.mix(block) if word == "mixed" else block
                        say({"bytes": block.nbytes}, block)
                    say({"notes": sound.notes})
            except Damage as error:
                say({"damage": str(error)})
            except MemoryError:
                say({"damage": f"decoding it takes more than {memory >> 30} GB of memory"})
            except OSError as error:
                say({"damage": f"cannot be opened ({error})"})
            except Exception as error:
                # One odd file of a hundred thousand must not end a night's work.
                say({"damage": f"could not be read ({type(error).__name__}: {error})"})
