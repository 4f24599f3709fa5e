"""Tests of where things lie."""

from __future__ import annotations

import json

import pytest

from genrelib.corpus import RECORDED, read_recorded


@pytest.mark.parametrize("name", ["extract", "classify"])
def test_a_record_is_read_as_it_was_written(name: str) -> None:
    assert read_recorded(name) == json.loads((RECORDED / f"{name}.json").read_text("utf-8"))


def test_a_record_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="nothing"):
        read_recorded("nothing")
