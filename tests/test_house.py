"""The plan of the house holds: one direction, only public names across rooms, small files."""

from __future__ import annotations

import ast
import functools
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from numpydoc.validate import validate

import genrelib

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
RULES = PROJECT["tool"]["numpydoc_validation"]
ROOMS = (
    "corpus", "features", "collections", "models", "evaluation", "classify", "playlists",
    "studies", "book", "cli",
)  # fmt: skip
"""In the order of the data: a room imports only from those before it."""
PACKAGE = Path(genrelib.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES, MAX_FUNCTION, MAX_FACE, MAX_ROOM_DOC = 500, 60, 40, 7


def _room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def _imports(path: Path) -> list[tuple[str, str]]:
    """Give module and name of everything of genrelib that a file imports, late or early."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "genrelib":
            assert node.level == 0
            found += [(str(node.module), alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [(a.name, "") for a in node.names if a.name.split(".")[0] == "genrelib"]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way_and_take_only_what_a_room_hands_out(path: Path) -> None:
    own = _room(path)
    for module, name in _imports(path):
        parts = [*module.split(".")[1:], name]
        if module == "genrelib" and name == "__version__":
            continue
        room = parts[0]
        assert room in ROOMS, f"{path} imports {module}.{name}, which is no room"
        if own and room != own:
            assert ROOMS.index(room) < ROOMS.index(own), (
                f"{own} imports {room}, which is behind it"
            )
            assert module in ("genrelib", f"genrelib.{room}"), f"{module} is {room}'s own business"
            public = importlib.import_module(f"genrelib.{room}").__all__
            assert module == "genrelib" or name in public, f"{room} does not hand out {name}"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_is_for_and_hands_out_what_is_there(room: str) -> None:
    module = importlib.import_module(f"genrelib.{room}")
    assert 2 <= len(module.__doc__.strip().splitlines()) <= MAX_ROOM_DOC
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"} == {
        *ROOMS, "data"
    }  # fmt: skip


def test_the_face_is_small_and_complete() -> None:
    assert len(genrelib.__all__) <= MAX_FACE
    for name in genrelib.__all__:
        assert getattr(genrelib, name) is not None


def test_the_face_is_quick_to_import() -> None:
    code = (
        "import sys; before = set(sys.modules); import genrelib; print(*set(sys.modules) - before)"
    )
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    # What is not loaded takes no time: the two helpers of laziness, and the standard library.
    heavy = {name.split(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    assert heavy == {"genrelib", "lazy_loader"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef):
            continue
        body = node.body[1:] if ast.get_docstring(node) else node.body
        lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
        assert lines <= MAX_FUNCTION, f"{node.name} has {lines} lines"


def _exists(dotted: str) -> bool:
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ImportError:
            continue
        return (
            functools.reduce(lambda o, name: getattr(o, name, None), parts[end:], found)
            is not None
        )
    return False


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_a_docstring_refers_to_is_there(path: Path) -> None:
    module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    module = module.removesuffix(".__init__")
    for name in set(re.findall(r":(?:func|mod|class|data):`~?([\w.]+)`", path.read_text("utf-8"))):
        ours = name.startswith("genrelib") or "." not in name
        assert not ours or _exists(name if "." in name else f"{module}.{name}"), name


def _documented(room: str) -> list[str]:
    """Name what a room hands out and describes: functions, classes and their public methods."""
    names = []
    module = importlib.import_module(f"genrelib.{room}")
    for name in module.__all__:
        value = getattr(module, name)
        if not callable(value) or not str(value.__module__).startswith("genrelib."):
            continue
        # What a table of our own takes, pandas documents.
        names += [] if value is genrelib.features.Slices else [f"{value.__module__}.{name}"]
        if isinstance(value, type) and not issubclass(value, pd.DataFrame):
            own = [n for n, v in vars(value).items() if not n.startswith("_") and callable(v)]
            names += [f"{value.__module__}.{name}.{method}" for method in own]
    return names


@pytest.mark.parametrize("name", [name for room in ROOMS[:-1] for name in _documented(room)])
def test_what_a_room_hands_out_is_documented(name: str) -> None:
    wrong = [
        f"{code}: {text}" for code, text in validate(name)["errors"] if code in RULES["checks"]
    ]
    assert wrong == []
