"""Rendering by Jupyter Book, warnings as errors; the old site stays until the new one is good.

A site comes and goes by renaming, so that whatever has its name is whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genrelib.book.about import write_about
from genrelib.book.chapters import REFERENCE, BookError, Chapter, Folders
from genrelib.book.check import check_site
from genrelib.book.interactive import add_interactive
from genrelib.book.log import Log
from genrelib.book.madefrom import digest, hash_files, installed_versions
from genrelib.book.reference import write_reference
from genrelib.book.running import fail_on_full_disk, plain_text, run, tail, tethered
from genrelib.book.slides import SLIDES, write_slides
from genrelib.book.song import add_song, sources
from genrelib.book.teaching import write_timings
from genrelib.corpus import PACKAGE_DATA, RECORDED, write_whole

ROLES = {
    # The link home stands outside of all landmarks.
    r'<div class="sidebar-primary-item">(?=\s*<a class="navbar-brand logo")': (
        '<div class="sidebar-primary-item" role="navigation" aria-label="Home">'
    ),
    # A role that is no longer used, on the entries of a list.
    r'role="doc-biblioentry"': 'role="listitem"',
}
"""What is replaced in pages, and by what."""


def render(
    folders: Folders,
    book: list[Chapter],
    parameters: Mapping[str, Any],
    ran: Mapping[str, str],
    log: Log,
) -> bool:
    """Make the site anew if a page changed; the old one stays until the new one is good."""
    stamp = folders.build / "html.json"
    # Two pages are written from the package itself.
    own = [*PACKAGE_DATA.parent.rglob("*.py"), RECORDED / "bench.json"]
    own += [folders.root / "requirements.lock", *sources()]
    own += [path for path in sorted(SLIDES.rglob("*")) if path.is_file()]
    key = digest(
        [
            hash_files(folders.book.rglob("*"), folders.book),
            [hashlib.sha256(path.read_bytes()).hexdigest() for path in own if path.exists()],
            [installed_versions(), str(folders.state)],
        ]
    )
    with contextlib.suppress(FileNotFoundError):
        if stamp.read_text("utf-8") == key and (folders.html / "index.html").exists():
            return False
    write_about(folders, book, parameters, ran)
    write_timings(folders, book)
    if REFERENCE in (folders.book / "_toc.yml").read_text("utf-8"):
        write_reference(folders, book)
    with log.step("pages"):
        site = _run_jupyter_book(folders)
        add_song(site)
        write_slides(site, [chapter.name for chapter in book])
        add_interactive(site, folders.book)
        give_roles(site)
        problems = check_site(site, folders.root)
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems[:30])
        raise BookError(f"the site has {len(problems)} faults:\n{listed}\nIt is kept at {site}")
    stamp.unlink(missing_ok=True)
    put_in_place(site, folders)
    shutil.rmtree(folders.site, ignore_errors=True)
    write_whole(stamp, key)
    return True


def give_roles(site: Path) -> None:
    """Give parts of the theme the roles that screen readers need.

    Parameters
    ----------
    site : Path
        Folder of the site.
    """
    for path in site.rglob("*.html"):
        text = path.read_text("utf-8")
        mended = text
        for pattern, replacement in ROLES.items():
            mended = re.sub(pattern, replacement, mended)
        if mended != text:
            write_whole(path, mended)


def put_in_place(site: Path, folders: Folders) -> None:
    """Let a new site take the place of the old one.

    Parameters
    ----------
    site : Path
        The folder of the new one, on the same disk.
    folders : Folders
        Where the build keeps the site.
    """
    if folders.html.exists():
        folders.html.replace(folders.old)
    site.replace(folders.html)
    shutil.rmtree(folders.old, ignore_errors=True)


def bring_back(folders: Folders) -> None:
    """Put a site back that a killed build has moved away, and remove what one left of another.

    Parameters
    ----------
    folders : Folders
        Where the build keeps the site.
    """
    if folders.old.exists() and not folders.html.exists():
        folders.old.replace(folders.html)
    shutil.rmtree(folders.old, ignore_errors=True)


def _run_jupyter_book(folders: Folders) -> Path:
    """Render the pages with warnings as errors, and return the folder of the site."""
    shutil.rmtree(folders.site, ignore_errors=True)
    # Jupyter Book has no `python -m`, and its script may not be on the path.
    start = "from jupyter_book.cli.main import main; main()"
    command = tethered(start, "build", "-W", "-n", "--keep-going")
    command += ["--path-output", str(folders.site), str(folders.book)]
    status, output = run(command, os.environ)
    output = plain_text(output)
    folders.reports.mkdir(parents=True, exist_ok=True)
    write_whole(folders.reports / "pages.txt", output)
    site = folders.site / "_build" / "html"
    if status != 0:
        fail_on_full_disk(output, folders.build)
    if status != 0 or not (site / "index.html").exists():
        lines = [line for line in output.splitlines() if re.search(r"WARNING|ERROR|rror:", line)]
        shown = "\n".join(line.replace(f"{folders.book}/", "") for line in lines[:20])
        raise BookError(
            f"the pages have {len(lines)} warnings or errors:\n{shown or tail(output)}\n"
            f"Log: {folders.reports / 'pages.txt'}"
        )
    return site
