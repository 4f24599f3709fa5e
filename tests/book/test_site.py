"""A site comes and goes by renaming: whatever has its name is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import small_book
from bs4 import BeautifulSoup

from genrelib.book import chapters, madefrom
from genrelib.book.running import fail_on_full_disk, tethered
from genrelib.book.site import bring_back, give_roles, put_in_place


class Killed(BaseException):
    """Stands for the end of the process."""


PAGES = ("a.html", "b.html", "c.html")


def make_site(folder: Path, content: str) -> Path:
    folder.mkdir(parents=True)
    for name in PAGES:
        (folder / name).write_text(content)
    return folder


def text(folder: Path) -> str:
    """Read the one text that all pages of a whole site have."""
    (found,) = {(folder / name).read_text() for name in PAGES}
    return found


@pytest.mark.parametrize("last", range(6))
def test_a_site_is_the_old_or_the_new_one_wherever_its_change_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    folders = chapters.Folders(tmp_path, "x")
    make_site(folders.html, "old")
    site = make_site(folders.site, "new")
    allowed = iter(range(last))

    def counted(real):
        def call(*arguments, **more):
            if next(allowed, None) is None:
                raise Killed
            return real(*arguments, **more)

        return call

    with monkeypatch.context() as patch:
        for owner, name in ((Path, "replace"), (os, "unlink"), (os, "rmdir")):
            patch.setattr(owner, name, counted(getattr(owner, name)))
        try:
            put_in_place(site, folders)
        except Killed:
            assert last < 6
    if folders.html.exists():
        assert text(folders.html) == ("old" if last == 0 else "new")
    else:
        assert last == 1, "the site may be away between two renames only"
    bring_back(folders)
    assert text(folders.html) == ("old" if last < 2 else "new")
    assert not folders.old.exists()


def test_a_site_takes_the_place_of_none(tmp_path: Path) -> None:
    folders = chapters.Folders(tmp_path, "x")
    put_in_place(make_site(folders.site, "new"), folders)
    assert text(folders.html) == "new"
    assert [path.name for path in folders.build.iterdir()] == ["html"]


def test_a_run_is_struck_out_before_its_results_are_replaced(tmp_path: Path) -> None:
    folders = chapters.Folders(tmp_path, "x")
    folders.executed.mkdir(parents=True)
    (folders.executed / "one.ipynb").write_text("{}")
    chapter = chapters.Chapter("one", tmp_path, small_book.notebook(small_book.SECOND))
    madefrom.Manifest(folders).add(chapter, {"code": "1"}, 1.0)
    manifest = madefrom.Manifest(folders)
    assert manifest.why(chapter, {"code": "1"}) is None
    manifest.forget(chapter)
    assert madefrom.Manifest(folders).why(chapter, {"code": "1"}) == "first run"


def test_a_full_disk_is_told_from_what_a_chapter_does_wrong(tmp_path: Path) -> None:
    said = "Traceback\n  ...\nOSError: [Errno 28] No space left on device\n"
    with pytest.raises(OSError, match="No space left") as caught:
        fail_on_full_disk(said, tmp_path)
    assert caught.value.filename == str(tmp_path)
    fail_on_full_disk(said + "ValueError: later", tmp_path)
    fail_on_full_disk("FileNotFoundError: [Errno 2] No such file or directory: 'x'", tmp_path)


def test_parts_of_the_theme_are_given_their_roles(tmp_path: Path) -> None:
    item = '<div class="sidebar-primary-item">'
    page = (
        f'{item}\n <a class="navbar-brand logo" href="index.html">Home</a></div>{item}x</div>'
        '<div role="list"><div class="citation" role="doc-biblioentry">Ajara</div></div>'
    )
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "one.html").write_text(page)
    give_roles(tmp_path)
    made = (tmp_path / "chapters" / "one.html").read_text()
    home, other, entries = BeautifulSoup(made, "html.parser")
    assert (home["role"], home["aria-label"]) == ("navigation", "Home")
    assert str(home.a) in page and str(other) == f"{item}x</div>"
    assert entries.div["role"] == "listitem" and entries.text == "Ajara"


# --- what a killed build leaves behind ---------------------------------------------------------

posix = pytest.mark.skipif(sys.platform == "win32", reason="nothing is killed like this there")


def wait_for(condition, seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(condition())


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@posix
@pytest.mark.slow
def test_a_killed_build_takes_papermill_and_the_kernel_with_it(tmp_path: Path) -> None:
    root, pids = small_book.make_book(tmp_path / "book"), tmp_path / "pids"
    waiting = (
        f"import os, time\nopen({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}} .')\n"
        f"time.sleep(3)\nopen({str(tmp_path / 'late')!r}, 'w').close()\ntime.sleep(60)"
    )
    small_book.write_chapter(root, "one", ["# Waiting", small_book.PARAMETERS, waiting])
    process = subprocess.Popen(
        [sys.executable, "-m", "genrelib", "book"], cwd=root, start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(small_book.REPOSITORY)}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert wait_for(lambda: pids.exists() and pids.read_text().endswith("."))
    left = [psutil.Process(int(pid)) for pid in pids.read_text().split()[:2]]
    assert "papermill" in " ".join(left[1].cmdline())
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert wait_for(lambda: all(map(gone, left)), 10)
    time.sleep(3)
    assert not (tmp_path / "late").exists(), "the kernel went on"
    executed = root / "_build" / "book-state" / "gtzan-mini-seed0" / "executed"
    assert [path.name for path in executed.iterdir() if path.name[0] != "."] == []


@posix
def test_what_is_tethered_to_a_process_that_has_ended_ends(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    command = tethered("import time; time.sleep(60)")
    env = os.environ | {"GENRELIB_BUILDER": str(dead.pid)}
    begun = time.monotonic()
    assert subprocess.run(command, env=env, check=False).returncode == 1
    assert time.monotonic() - begun < 30
    env["GENRELIB_BUILDER"] = str(os.getpid())
    done = subprocess.run(
        [*tethered("print(sys.argv[1:])"), "x", "y"], env=env, capture_output=True, check=True
    )
    assert done.stdout.split() == [b"['x',", b"'y']"]
