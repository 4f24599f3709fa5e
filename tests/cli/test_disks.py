"""Disks that are full or closed: each command says so in a sentence, and later goes on."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import kill_commands
import pytest
from kill_commands import Command, start

from genrelib.cli.app import main
from genrelib.corpus import GTZAN_MINI, check_writable, write_whole

# How many bytes are left on the disk. Some suffice to begin, none to come to the end.
LEFT = {
    "extract": [0, 150_000],
    "train": [8_000],
    "corpus download": [0, 500_000],
    "results": [30_000],
    "book": [60_000, 2_000_000],
}
cli = sys.modules["genrelib.cli.app"]
posix = pytest.mark.skipif(os.name != "posix", reason="disks are mounted differently on Windows")
Run = Callable[[Command, Path], tuple[int, str]]
Expected = Callable[[str], object]


class Disk:
    """A small disk that can be filled and closed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.filler = folder / "filler"

    def remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.folder)], check=True)

    def fill(self, left: int) -> None:
        about = os.statvfs(self.folder)
        self.filler.write_bytes(bytes(about.f_bavail * about.f_frsize - left))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of 40 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(folder)]
    if (
        os.name != "posix"
        or os.getuid()
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("only an administrator can mount a small disk")
    yield Disk(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("commands")


@pytest.fixture(scope="module")
def mirror(place: Path) -> Iterator[str]:
    with kill_commands.mirror(place, served()) as address:
        yield address


@cache
def served() -> dict[str, bytes]:
    return {f"{track}.wav": kill_commands.sound(n) for n, track in enumerate(GTZAN_MINI)}


@pytest.fixture(scope="module")
def commands(place: Path) -> dict[str, Command]:
    return kill_commands.commands(place, served())


@pytest.fixture(scope="module")
def run(place: Path, mirror: str) -> Run:
    """Run a command in a folder, with a cache elsewhere; its exit code and what it says."""
    env = {"GENRELIB_CACHE": str(place / "cache"), "GENRELIB_MIRRORS": f"gtzan-mini={mirror}"}

    def run(command: Command, out: Path) -> tuple[int, str]:
        process = start(command.line(out), out, **env)
        said = process.communicate(timeout=300)[1].decode()
        return process.returncode, said

    return run


@pytest.fixture(scope="module")
def expected(place: Path, commands: dict[str, Command], run: Run) -> Expected:
    """What each command makes where nothing is in its way."""

    @cache
    def content(name: str) -> object:
        out = place / "expected" / name
        out.mkdir(parents=True)
        commands[name].prepare(out)
        code, said = run(commands[name], out)
        assert code == 0, said
        return commands[name].content(out)

    return content


LEVELS = [
    pytest.param(name, left, marks=[pytest.mark.full] if number else [])
    for name, lefts in LEFT.items()
    for number, left in enumerate(lefts)
]
"""How full a disk is for a command; all but the first for the long form of the test."""


def sentence(said: str) -> str:
    """Find the one line of an error; whatever else was said told how far it was."""
    assert "Traceback" not in said
    (line,) = re.findall(r"^error: (.*)$", said, re.MULTILINE)
    assert said.rstrip().endswith(line), "more was said after the error"
    return line


@posix
@pytest.mark.slow
@pytest.mark.parametrize(("name", "left"), LEVELS)
def test_a_full_disk_is_said_and_the_same_command_goes_on(
    disk: Disk, commands: dict[str, Command], run: Run, expected: Expected, name: str, left: int
) -> None:
    command, out = commands[name], disk.folder
    command.prepare(out)
    wanted = expected(name)
    disk.fill(left)
    code, said = run(command, out)
    assert code == 1, said
    line = sentence(said)
    assert line.startswith(str(out)), line
    full = "The disk is full: free some space, then run the same command again."
    assert line.endswith(f"cannot be written (No space left on device). {full}")
    command.whole(out)
    disk.filler.unlink()
    code, said = run(command, out)
    assert code == 0, said
    command.whole(out)
    assert command.content(out) == wanted


@posix
@pytest.mark.slow
@pytest.mark.parametrize("name", LEFT)
def test_a_disk_that_is_closed_is_said_and_the_same_command_goes_on(
    disk: Disk, commands: dict[str, Command], run: Run, expected: Expected, name: str
) -> None:
    command, out = commands[name], disk.folder
    command.prepare(out)
    wanted = expected(name)
    disk.remount("ro")
    code, said = run(command, out)
    assert code == 1, said
    line = sentence(said)
    assert line.startswith(str(out)), line
    assert (
        "cannot be written (Read-only file system). Choose a folder that you may write to" in line
    )
    assert "hearing" not in said, "a training that cannot be kept was begun"
    disk.remount("rw")
    code, said = run(command, out)
    assert code == 0, said
    assert command.content(out) == wanted


@posix
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "blocked"),
    [
        ("extract", "all"),
        ("train", "model.npz/part"),
        ("corpus download", "gtzan-mini"),
        ("results", "README.md/part"),
        ("book", "_build"),
    ],
)
def test_a_file_in_place_of_a_folder_or_the_other_way_round(
    tmp_path: Path,
    commands: dict[str, Command],
    run: Run,
    expected: Expected,
    name: str,
    blocked: str,
) -> None:
    command, out = commands[name], tmp_path / "out"
    out.mkdir()
    command.prepare(out)
    wanted = expected(name)
    in_the_way = out / blocked
    kept = None
    if in_the_way.name == "part":
        in_the_way = in_the_way.parent
        kept = in_the_way.rename(out / "kept") if in_the_way.exists() else None
        in_the_way.mkdir()
    else:
        in_the_way.touch()
    code, said = run(command, out)
    assert code == 1, said
    line = sentence(said)
    assert str(in_the_way) in line
    assert "hearing" not in said
    in_the_way.rmdir() if in_the_way.is_dir() else in_the_way.unlink()
    if kept:
        kept.rename(in_the_way)
    code, said = run(command, out)
    assert code == 0, said
    assert command.content(out) == wanted


# --- the parts of it ---------------------------------------------------------------------------


def full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_write_that_fails_names_the_file_and_not_the_one_in_the_making(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(tmp_path / "model.npz", b"numbers")
    assert caught.value.filename == str(tmp_path / "model.npz")
    with pytest.raises(OSError, match="No space left") as caught:
        check_writable(tmp_path / "model.npz")
    assert caught.value.filename == str(tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []


def test_what_can_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "model.npz").write_text("old")
    check_writable(tmp_path / "model.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]
    assert (tmp_path / "model.npz").read_text() == "old"
    check_writable(tmp_path / "new" / "model.npz")
    assert list((tmp_path / "new").iterdir()) == []
    with pytest.raises(FileExistsError):
        check_writable(tmp_path / "model.npz" / "below.npz")
    with pytest.raises(IsADirectoryError):
        check_writable(tmp_path)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.ENOSPC, "The disk is full: free some space"),
        (errno.EROFS, "Choose a folder that you may write to"),
        (errno.EACCES, "Choose a folder that you may write to"),
        (errno.EIO, "Put the disk right"),
        (errno.EISDIR, "Choose another name"),
    ],
)
def test_what_the_system_refuses_is_one_line_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: int, advice: str
) -> None:
    error = OSError(code, os.strerror(code), "/disk/new")
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(cli, "app", lambda **_: (_ for _ in ()).throw(error))
    with pytest.raises(SystemExit, match="1"):
        main()
    said = capsys.readouterr().err
    assert said.startswith(f"error: /disk/new: cannot be written ({os.strerror(code)}). {advice}")
    assert said.count("\n") == 1


def test_a_file_that_may_not_be_read_is_not_called_a_full_disk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = PermissionError(errno.EACCES, "Permission denied", __file__)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(cli, "app", lambda **_: (_ for _ in ()).throw(error))
    with pytest.raises(SystemExit, match="1"):
        main()
    assert capsys.readouterr().err == (
        f"error: {__file__}: Permission denied. See whether you may read it, and write there.\n"
    )


# --- killed ------------------------------------------------------------------------------------


@posix
@pytest.mark.slow
@pytest.mark.full
def test_killed_commands_leave_nothing_half_written() -> None:
    """The short form of ``python tests/kill_commands.py 200``."""
    assert kill_commands.main(10) == 0
