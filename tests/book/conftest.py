"""The book made once, for all tests that look at its pages."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from genrelib.book import build

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the book is made from, so that the reader's build is left alone."""
    root = tmp_path_factory.mktemp("clone")
    for name in ("_config.yml", "_toc.yml", "requirements.lock"):
        shutil.copy(ROOT / name, root)
    for name in ("chapters", "instructors"):
        shutil.copytree(ROOT / name, root / name)
    return root


@pytest.fixture(scope="session")
def default_site(clone: Path) -> Path:
    """The default corpus on a machine without audio: in fast mode, or the site that is at hand."""
    made = os.environ.get("GENRELIB_SITE")
    if made == "later":
        pytest.skip("looked at once the book is made, see .ci/run")
    if made:
        return Path(made)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GENRELIB_DATA", raising=False)
        html = build(fast=True, root=clone, quiet=True).html
    assert html is not None
    return html
