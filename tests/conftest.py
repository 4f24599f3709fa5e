"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# What is compiled is kept for the next run of the tests, beside what pytest keeps. Networks of one
# shape are compiled once for all processes; the functions that numba compiles, once in each, since
# two processes must not write the same file.
KEPT = Path(__file__).parents[1] / ".pytest_cache" / "compiled"
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(KEPT / "jax"))
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["NUMBA_CACHE_DIR"] = str(KEPT / "numba" / worker)


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
    from genrelib.corpus.places import data_root

    if not os.environ.get("GENRELIB_FULL"):
        for item in items:
            if item.get_closest_marker("full"):
                item.add_marker(pytest.mark.skip(reason="the long form; set GENRELIB_FULL=1"))
    if not (data_root() / "gtzan-mini").is_dir():
        for item in items:
            if "audio" in item.keywords and item.get_closest_marker("audio"):
                item.add_marker(pytest.mark.skip(reason="no GTZAN-mini audio; set GENRELIB_DATA"))
