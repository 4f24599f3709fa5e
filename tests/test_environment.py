"""One set of dependencies, written down three times: pyproject, conda, lock file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
LOCK = (ROOT / "requirements.lock").read_text("utf-8")

# Where conda-forge has another name, or where a package has no use in conda.
CONDA_NAMES = {
    "soundfile": "pysoundfile",
    "soxr": "soxr-python",
    "matplotlib": "matplotlib-base",
    "playwright": "playwright-python",
}
NOT_IN_CONDA = {"editables"}


def normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def split(requirement: str) -> tuple[str, str]:
    """Return name and version of a requirement; conda's `=` is pip's `==`."""
    name, version = re.fullmatch(r"([\w.-]+)\s*(.*)", requirement.partition(";")[0]).groups()
    return normalise(name), re.sub(r"^=(?!=)", "==", version.strip())


def required() -> dict[str, str]:
    requirements = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    return dict(map(split, requirements))


def test_conda_has_the_set_of_pyproject() -> None:
    conda = dict(split(line) for line in CONDA["dependencies"] if isinstance(line, str))
    wanted = {
        CONDA_NAMES.get(name, name): version
        for name, version in required().items()
        if name not in NOT_IN_CONDA
    }
    lowest = re.search(r">=3\.(\d+)", PROJECT["requires-python"])[1]
    assert int(re.fullmatch(r"==3\.(\d+)", conda.pop("python"))[1]) >= int(lowest)
    conda.pop("pip")
    assert conda == wanted


def test_conda_installs_the_package_itself_and_nothing_else_from_pip() -> None:
    (pip,) = (line["pip"] for line in CONDA["dependencies"] if isinstance(line, dict))
    # Options such as --no-deps cannot stand in the list: conda hands it to pip as a file.
    assert pip == ["-e ."]
    assert CONDA["channels"] == ["conda-forge", "nodefaults"]


def test_lock_has_every_requirement_with_hashes_and_no_address() -> None:
    locked = {normalise(name) for name in re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE)}
    assert set(required()) <= locked
    entries = re.split(r"\n(?=[\w.-]+==)", LOCK)
    assert all("--hash=sha256:" in entry for entry in entries if "==" in entry)
    assert "://" not in LOCK
    assert "--index-url" not in LOCK


def test_jupyter_book_is_pinned_everywhere() -> None:
    assert required()["jupyter-book"] == "==1.0.4.post1"
    assert "\njupyter-book==1.0.4.post1 " in LOCK
