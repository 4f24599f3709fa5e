"""What Binder makes of this repository: the files it looks at, and what repo2docker does then.

repo2docker is not needed for anything else; where the program is missing, the second part is left
out. It prints the recipe of the image without Docker.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
BEFORE = ("binder", ".binder", "Dockerfile", "Project.toml", "JuliaProject.toml", "REQUIRE",
          "default.nix", "DESCRIPTION", "install.R")  # fmt: skip
"""What repo2docker would read instead of ``environment.yml``."""
_places = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
REPO2DOCKER = shutil.which("repo2docker", path=os.pathsep.join(_places))


def python_version() -> str:
    """Give the Python of the environment, in the one form that repo2docker reads."""
    (line,) = (d for d in CONDA["dependencies"] if isinstance(d, str) and d.startswith("python="))
    return re.fullmatch(r"python=(3\.\d+)", line)[1]


def test_binder_reads_environment_yml_and_nothing_before_it() -> None:
    assert [name for name in BEFORE if (ROOT / name).exists()] == []
    assert (ROOT / "environment.yml").is_file()


def test_the_python_of_binder_is_one_that_is_tested() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    assert python_version() in workflow["jobs"]["test"]["strategy"]["matrix"]["python"]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Dockerfile that repo2docker would build."""
    if REPO2DOCKER is None:
        pytest.skip("no repo2docker: pip install jupyter-repo2docker")
    # A copy of what it looks at: it reads all files of the folder that it is given.
    root = tmp_path_factory.mktemp("repository")
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith("."):
            shutil.copy(path, root)
    command = [REPO2DOCKER, "--no-build", "--debug", "--user-id=1000", "--user-name=jovyan", "."]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Python version unspecified" not in done.stderr
    return done.stdout


def test_the_image_has_the_python_that_is_asked_for(recipe: str) -> None:
    escaped = python_version().replace(".", "-2e")
    assert re.search(rf"environment-2epy-2d{escaped}-\S+ /tmp/env/environment\.lock", recipe)


def test_the_package_is_there_when_it_is_installed(recipe: str) -> None:
    copied = recipe.index("COPY --chown=1000:1000 src/ ${REPO_DIR}/")
    installed = recipe.index('env update -p ${NB_PYTHON_PREFIX} --file "environment.yml"')
    # `-e .` is in the list of environment.yml, so the repository has to be there before.
    assert copied < installed
    assert "separate kernel" not in recipe and "KERNEL_ENVIRONMENT_FILE" not in recipe


def test_the_notebooks_are_where_the_buttons_look_for_them(recipe: str) -> None:
    # The address of a button names the notebook from the folder that the server starts in.
    assert "WORKDIR ${REPO_DIR}" in recipe and "ARG REPO_DIR=${HOME}" in recipe
