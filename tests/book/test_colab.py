"""The cell for Colab installs there exactly what is missing, and does nothing elsewhere."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from genrelib.book.colab import COLAB, LACKING, colab_cell, colab_faults
from genrelib.book.lesson import tagged
from genrelib.book.madefrom import PRESS

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ADDRESS = "git+https://github.com/genre-measured/genre-measured"

THERE = {
    "cloudpickle": "3.1.2", "filelock": "3.20.3", "flatbuffers": "25.12.19", "jax": "0.7.2",
    "joblib": "1.5.3", "keras": "3.10.0", "lazy-loader": "0.4", "librosa": "0.11.0",
    "matplotlib": "3.10.0", "nbformat": "5.10.4", "numba": "0.60.0", "numpy": "2.0.2",
    "packaging": "25.0", "pandas": "2.2.2", "pillow": "11.3.0", "platformdirs": "4.5.1",
    "pooch": "1.8.2", "protobuf": "5.29.5", "psutil": "5.9.5", "pyarrow": "18.1.0",
    "pyyaml": "6.0.3", "requests": "2.32.4", "rich": "13.9.4", "scikit-learn": "1.6.1",
    "scipy": "1.16.3", "soundfile": "0.13.1", "soxr": "1.0.0", "threadpoolctl": "3.6.0",
    "tqdm": "4.67.1", "typer": "0.21.1", "urllib3": "2.5.0",
}  # fmt: skip
"""What Colab has: runtime 2026.01, from pip-freeze.txt of github.com/googlecolab/backend-info."""

FAKE_PIP = "import json, os, sys; open(os.environ['TOLD'], 'a').write(json.dumps(sys.argv[1:]))"
RUN = """
import sys, types
if sys.argv[2] == "colab":
    sys.modules["google"] = types.ModuleType("google")
    sys.modules["google.colab"] = types.ModuleType("google.colab")
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(shell.user_ns)
shell.run_cell(sys.argv[1]).raise_error()
print(*sorted(set(shell.user_ns) - before))
"""


def run_cell(folder: Path, where: str) -> tuple[list[str], str]:
    """Run the cell with a pip that only notes what it is told; give that, and the new names."""
    (folder / "pip").mkdir()
    (folder / "pip" / "__init__.py").touch()
    (folder / "pip" / "__main__.py").write_text(FAKE_PIP)
    told = folder / "told.json"
    environment = os.environ | {"PYTHONPATH": str(folder), "TOLD": str(told)}
    environment["IPYTHONDIR"] = str(folder / "ipython")
    done = subprocess.run(
        [sys.executable, "-c", RUN, colab_cell(ROOT).source, where],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(told.read_text()) if told.exists() else [], done.stdout.split("\n")[-2]


def test_in_colab_the_cell_installs_what_is_missing_and_nothing_else(tmp_path: Path) -> None:
    told, _ = run_cell(tmp_path, "colab")
    assert told == ["install", "-q", "--no-deps", *LACKING, ADDRESS]


def test_elsewhere_the_cell_does_nothing(tmp_path: Path) -> None:
    assert run_cell(tmp_path, "elsewhere") == ([], "sys")


def imported() -> set[str]:
    """Name the packages that ``genrelib`` imports anywhere but in the press, which stays away."""
    modules: set[str] = set()
    press = {ROOT / "genrelib" / "book" / name for name in PRESS}
    for path in {*(ROOT / "genrelib").rglob("*.py")} - press:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module.split(".")[0])
    known = importlib.metadata.packages_distributions()
    modules -= {*sys.stdlib_module_names, "genrelib"}
    return {canonicalize_name(known.get(name, [name])[0]) for name in modules}


def test_what_the_package_imports_is_there_or_is_installed() -> None:
    required = {canonicalize_name(r.name): r for r in map(Requirement, PROJECT["dependencies"])}
    # The notebook itself is proof that there is IPython; Colab's is older than the press wants.
    needed = (imported() & set(required)) - {"ipython"}
    installed = {Requirement(name).name: Requirement(name) for name in LACKING}
    assert needed == (set(THERE) & needed) | set(installed)
    for name in needed & set(THERE):
        assert required[name].specifier.contains(THERE[name]), name
    for name, requirement in installed.items():
        upper = {str(s) for s in required[name].specifier if s.operator in ("<", "<=", "==")}
        assert {str(s) for s in requirement.specifier} == upper, name


@pytest.mark.parametrize("name", LACKING)
def test_what_is_installed_alone_finds_there_what_it_needs(name: str) -> None:
    for text in importlib.metadata.requires(Requirement(name).name) or []:
        need = Requirement(text)
        if need.marker is None or need.marker.evaluate({"extra": ""}):
            assert need.specifier.contains(THERE[canonicalize_name(need.name)]), text


# --- that it stands in every notebook --------------------------------------------------------


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """One chapter and one assignment, with the configuration of the book."""
    for name in ("chapters/02-slicing", "instructors/assignments/02-slicing/assignment"):
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / f"{name}.ipynb", tmp_path / f"{name}.ipynb")
    shutil.copy(ROOT / "_config.yml", tmp_path)
    return tmp_path


def test_every_notebook_has_the_cell_before_all_other_code() -> None:
    assert colab_faults(ROOT) == []
    for path in (ROOT / "chapters").glob("*.ipynb"):
        code = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        assert [tagged(code[0], COLAB), tagged(code[1], "parameters")] == [True, True], path


def test_a_notebook_without_the_cell_is_found_and_mended(book: Path) -> None:
    assert colab_faults(book) == []
    paths = list(book.rglob("*.ipynb"))
    whole = {path: path.read_text("utf-8") for path in paths}
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = [c for c in notebook.cells if not tagged(c, COLAB)]
        nbformat.write(notebook, path)
    faults = colab_faults(book)
    assert len(faults) == 2 and all("--fix" in fault for fault in faults)
    assert colab_faults(book, fix=True) == []
    assert {path: path.read_text("utf-8") for path in paths} == whole


def test_the_address_is_that_of_the_configuration(book: Path) -> None:
    config = (book / "_config.yml").read_text("utf-8")
    (book / "_config.yml").write_text(config.replace("genre-measured/genre-measured", "me/fork"))
    assert len(colab_faults(book)) == 2
    colab_faults(book, fix=True)
    for path in book.rglob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        (cell,) = [c for c in cells if tagged(c, COLAB)]
        assert "git+https://github.com/me/fork" in cell.source
