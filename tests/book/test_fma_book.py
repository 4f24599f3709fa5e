"""A chapter of the book on clips of FMA, from the archive to the score."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import fma as archive
import nbformat
import pytest

from genrelib.book import build
from genrelib.corpus import CorpusError


@pytest.mark.slow
def test_a_chapter_is_made_of_clips_of_fma(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for body in (archive.metadata_zip(), archive.small_zip()):
        zipfile.ZipFile(io.BytesIO(body)).extractall(tmp_path)
    monkeypatch.setenv("GENRELIB_DATA", str(tmp_path))
    made = build("fma-small", fast=True, chapters=["01"], root=clone, quiet=True)
    assert list(made.ran) == ["01-data"]
    (page,) = (clone / "_build" / "book-state").glob("fma-small*/executed/01-data.ipynb")
    outputs = [o for c in nbformat.read(page, 4).cells for o in c.get("outputs", [])]
    shown = "".join(str(o.get("data", o.get("text", ""))) for o in outputs)
    assert all(genre in shown for genre in ("electronic", "experimental", "international"))
    assert not [o for o in outputs if o.output_type == "error"]


def test_no_book_is_made_of_features_alone() -> None:
    with pytest.raises(CorpusError, match="Take fma-small or fma-medium"):
        build("fma", quiet=True)
