"""Tests of the recordings that may be passed on."""

from __future__ import annotations

from genrelib.corpus import decode, free_recordings


def test_free_recordings_name_their_source_and_can_be_heard() -> None:
    found = free_recordings()
    assert len(found) >= 3
    for row in found.itertuples():
        assert row.licence.startswith(("CC BY", "public domain"))
        assert row.source.startswith("https://") and row.by and row.title
        assert row.path.stat().st_size < 150_000
        assert 5 < len(decode(row.path)) / 22_050 < 20
