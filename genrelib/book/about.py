"""The page that says on what, with which versions and in how much time the book was made."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from genrelib.book.chapters import ABOUT, Chapter, Folders
from genrelib.book.log import Log
from genrelib.book.madefrom import Manifest, installed_versions
from genrelib.corpus import write_whole


def write_about(
    folders: Folders,
    book: list[Chapter],
    parameters: Mapping[str, Any],
    ran: Mapping[str, str],
) -> None:
    """Write the page that says how the pages came about."""
    runs = Manifest(folders).chapters
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    facts = {
        "Corpus": f"`{parameters['corpus']}`",
        "Seed": parameters["seed"],
        "Mode": "fast (short cuts, not for reading results)" if parameters["fast"] else "full",
        "Made on": made,
        "Commit": _commit(folders.root) or "not known",
        "System": f"{platform.system()}, {platform.machine()}, {os.cpu_count()} cores",
    }
    times = {
        f"{{doc}}`{chapter.name}`": (
            Log.clock(runs[chapter.name]["seconds"]),
            runs[chapter.name]["finished"][:16].replace("T", " ") + " UTC",
            "this build" if chapter.name in ran else "an earlier build, nothing changed since",
        )
        for chapter in book
        if chapter.name in runs
    }
    total = Log.clock(sum(runs[c.name]["seconds"] for c in book if c.name in runs))
    text = [
        "# About this build",
        "Every page was made by the code it shows. This page says on what, with which versions, "
        "and how long it took.",
        "## What was built",
        markdown_table(("What", "Which"), facts.items()),
        "## Time per chapter",
        markdown_table(
            ("Chapter", "Time", "Finished", "Executed in"),
            ((name, *rest) for name, rest in times.items()),
        ),
        f"All chapters together: {total}.",
        "## Speed of the features",
        *_speed(folders),
        "## Versions",
        markdown_table(("Software", "Version"), installed_versions().items()),
        "Every package with its version and hash is listed in `requirements.lock`.",
    ]
    write_whole(folders.book / f"{ABOUT}.md", "\n\n".join(text) + "\n")


def _speed(folders: Folders) -> list[str]:
    """Draw the recorded benchmark next to the page, and return what the page says about it."""
    from genrelib.book import speed
    from genrelib.studies import bench_by_family, bench_summary, load_bench

    record = load_bench()
    picture = folders.book / f"{ABOUT}-speed.png"
    speed.draw_bench(record).savefig(picture, dpi=150)
    caption = "Time that the features of a slice take, and what other sets of features take."
    table = bench_by_family(record)
    return [
        bench_summary(record),
        f"```{{figure}} {picture.name}\n:name: fig-speed\n:alt: {speed.bench_alt(record)}\n\n"
        f"{caption}\n```",
        "One family at a time, with the spectra that it needs, is slower than its share of all:",
        markdown_table(("Family", *table.columns), table.itertuples()),
    ]


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _commit(root: Path) -> str | None:
    """Return the commit that the sources are at, and whether they differ from it."""
    git = ["git", "-C", str(root)]
    try:
        commit = subprocess.check_output(
            [*git, "rev-parse", "--short=12", "HEAD"], text=True, stderr=subprocess.DEVNULL
        )
        changes = subprocess.check_output([*git, "status", "--porcelain"], text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"`{commit.strip()}`" + (" with local changes" if changes.strip() else "")
