"""What all tests share."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Two processes that compile the same function at once must not write the same file.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp(prefix=f"genrelib-numba-{worker}-")
    atexit.register(shutil.rmtree, os.environ["NUMBA_CACHE_DIR"], ignore_errors=True)
# Networks of one shape are compiled once for all tests, those in other processes included.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="genrelib-compiled-")
    atexit.register(shutil.rmtree, os.environ["JAX_COMPILATION_CACHE_DIR"], ignore_errors=True)

from genrelib.corpus.places import data_root


@pytest.fixture(scope="session", autouse=True)
def isolated_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of the session's own: nothing is read from the reader's, nothing left in it."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENRELIB_CACHE", str(folder))
        patch.setenv("GENRELIB_OFFLINE", "1")  # no test depends on a server elsewhere
        yield folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the GTZAN-mini audio where it is not on disk, and long forms of tests."""
    if not os.environ.get("GENRELIB_FULL"):
        for item in items:
            if item.get_closest_marker("full"):
                item.add_marker(pytest.mark.skip(reason="the long form; set GENRELIB_FULL=1"))
    if not (data_root() / "gtzan-mini").is_dir():
        for item in items:
            if "audio" in item.keywords and item.get_closest_marker("audio"):
                item.add_marker(pytest.mark.skip(reason="no GTZAN-mini audio; set GENRELIB_DATA"))
