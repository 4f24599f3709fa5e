"""Tests of where things lie."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from genrelib.corpus import RECORDED, read_recorded
from genrelib.corpus.places import cache_root, data_root


@pytest.mark.parametrize("name", ["extract", "classify"])
def test_a_record_is_read_as_it_was_written(name: str) -> None:
    assert read_recorded(name) == json.loads((RECORDED / f"{name}.json").read_text("utf-8"))


def test_a_record_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="nothing"):
        read_recorded("nothing")


def test_roots_are_absolute_and_follow_the_environment(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENRELIB_DATA", "here")
    assert data_root() == tmp_path.resolve() / "here"
    monkeypatch.setenv("GENRELIB_DATA", "")
    assert data_root().is_absolute()
    monkeypatch.setenv("GENRELIB_CACHE", "~/there")
    assert cache_root() == Path.home().resolve() / "there"
