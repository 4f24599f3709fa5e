"""The page "The helper, function by function": what a reader can call, and the map of the rooms.

Written by every build from the package itself: names from its face, descriptions from its
docstrings, the map from its imports.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from itertools import pairwise

from genrelib.book.chapters import REFERENCE, Chapter, Folders
from genrelib.book.figures.house import rooms_map
from genrelib.corpus import PACKAGE_DATA, write_whole

ROOMS = (
    "corpus", "features", "collections", "models", "evaluation", "classify", "playlists",
    "studies", "book", "cli",
)  # fmt: skip
"""In the order of the data's way."""
FACE = importlib.import_module("genrelib")


def imports() -> dict[str, set[str]]:
    """Find which rooms each room takes something from, by reading the code.

    Returns
    -------
    dict of str to set of str
        For each room those that it imports from.
    """
    found: dict[str, set[str]] = {room: set() for room in ROOMS}
    for room in ROOMS:
        for path in (PACKAGE_DATA.parent / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                    "genrelib."
                ):
                    found[room].add(str(node.module).split(".")[1])
    return {room: others - {room} for room, others in found.items()}


def purpose(room: str) -> str:
    """Give the first sentence of a room.

    Parameters
    ----------
    room : str
        Its name.

    Returns
    -------
    str
        What it is for, without the full stop.
    """
    text = importlib.import_module(f"genrelib.{room}").__doc__ or ""
    return text.strip().splitlines()[0].rstrip(".").replace("`", "")


def write_reference(folders: Folders, book: list[Chapter]) -> None:
    """Write the page, and the map next to it.

    Parameters
    ----------
    folders : Folders
        Where the pages are.
    book : list of Chapter
        The chapters, which functions are linked to.
    """
    picture = rooms_map({room: purpose(room) for room in ROOMS}, imports())
    file = folders.book / f"{REFERENCE}-rooms.png"
    picture.figure.savefig(file, dpi=150, facecolor="white")
    pages = {c.name.split("-")[0].lstrip("0"): c.name for c in book}
    homes = {name: _home(name) for name in dir(FACE) if name not in ROOMS}
    text = [
        "# The helper, function by function",
        "The chapters import one small package. `import genrelib as gl` hands out all that a "
        "reader needs, in the order of the data's way; what else there is, the rooms hand out: "
        "`gl.evaluation.calibration_error`, for example.",
        f"```{{figure}} {file.name}\n:name: {picture.name}\n:alt: {picture.alt}\n\n"
        f"{picture.caption}\n```",
    ]
    for room in ROOMS:
        names = [name for name, home in homes.items() if home == room]
        if names:
            text += [f"## genrelib.{room}", f"{purpose(room)}."]
            text += [_entry(room, name, pages) for name in names]
    write_whole(folders.book / f"{REFERENCE}.md", "\n\n".join(text) + "\n")


def _home(name: str) -> str:
    """Say which room hands out a name of the face."""
    for room in ROOMS:
        if name in importlib.import_module(f"genrelib.{room}").__all__:
            return room
    raise ValueError(f"genrelib hands out {name!r}, but no room does")


def _entry(room: str, name: str, pages: dict[str, str]) -> str:
    value = getattr(FACE, name)
    kind = "autofunction" if callable(value) else "autodata"
    lines = [f"```{{eval-rst}}\n.. {kind}:: genrelib.{room}.{name}\n```"]
    if kind == "autodata":
        lines = [f"`genrelib.{room}.{name}`\n: {_constant(room, name)}"]
    found = re.search(r"[Cc]hapter (\d+)", inspect.getdoc(value) or "")
    if callable(value) and found and found[1] in pages:
        lines.append(f"See {{doc}}`{pages[found[1]].rpartition('/')[2]}`.")
    return "\n\n".join(lines)


def _constant(room: str, name: str) -> str:
    """Find the words that stand under a constant in the code."""
    for path in (PACKAGE_DATA.parent / room).glob("*.py"):
        tree = ast.parse(path.read_text("utf-8")).body
        for node, after in pairwise(tree):
            targets = getattr(node, "targets", [getattr(node, "target", None)])
            named = any(isinstance(t, ast.Name) and t.id == name for t in targets)
            if named and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                return " ".join(str(after.value.value).split())
    return ""
