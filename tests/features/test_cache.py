"""Tests of the cache: every file is measured once, and broken ones are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import soundfile as sf

from genrelib.corpus.audio import AudioError
from genrelib.corpus.tracks import Corpus, load_corpus
from genrelib.features.tables import (
    feature_table,
    frames,
    usable,
)


@pytest.mark.usefixtures("light", "own_cache")
def test_what_was_measured_is_not_measured_again(small: Corpus, decoded: list[str]) -> None:
    first = feature_table(small, jobs=1)
    assert len(decoded) == 3
    pd.testing.assert_frame_equal(feature_table(small, jobs=1), first)
    frames("mfcc", small, jobs=1)
    assert len(decoded) == 3


@pytest.mark.usefixtures("light", "own_cache")
def test_changed_audio_is_measured_again(
    library: Path, tmp_path: Path, decoded: list[str]
) -> None:
    root = tmp_path / "copy"
    for path in library.rglob("*.wav"):
        (root / path.parent.name).mkdir(parents=True, exist_ok=True)
        (root / path.parent.name / path.name).write_bytes(path.read_bytes())
    corpus = load_corpus(f"folder:{root}")
    before = feature_table(corpus, jobs=1)
    decoded.clear()
    changed = root / "jazz" / "two.wav"
    y, rate = sf.read(changed)
    sf.write(changed, 0.5 * y, rate)
    after = feature_table(corpus, jobs=1)
    assert decoded == [str(changed)]
    assert after.loc["jazz.two:0", "rms_mean"] == pytest.approx(
        0.5 * before.loc["jazz.two:0", "rms_mean"], rel=1e-3
    )
    pd.testing.assert_frame_equal(after.drop("jazz.two:0"), before.drop("jazz.two:0"))


@pytest.mark.usefixtures("light")
def test_an_interrupted_write_leaves_nothing(
    small: Corpus, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = pq.write_table

    def interrupted(table: object, where: Path, **options: object) -> None:
        original(table, where, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pq, "write_table", interrupted)
        with pytest.raises(KeyboardInterrupt):
            feature_table(small, jobs=1)
    assert [path for path in own_cache.rglob("*") if path.is_file()] == []
    assert len(feature_table(small, jobs=1)) == 4


@pytest.mark.usefixtures("light", "own_cache")
def test_an_error_names_every_broken_file_and_keeps_what_was_measured(
    damaged: Corpus, decoded: list[str]
) -> None:
    assert len(damaged.tracks) == 3
    with pytest.raises(AudioError) as caught:
        feature_table(damaged, jobs=1)
    for name in ("two.flac", "three.flac", "usable"):
        assert name in str(caught.value)
    assert "one.flac" not in str(caught.value)
    decoded.clear()
    rest = replace(damaged, tracks=damaged.tracks.loc[["jazz.one"]])
    assert len(feature_table(rest, jobs=1)) == 2
    assert decoded == []


@pytest.mark.usefixtures("light", "own_cache")
def test_one_broken_file_is_named_too(damaged: Corpus) -> None:
    with pytest.raises(AudioError, match=r"two\.flac"):
        feature_table(replace(damaged, tracks=damaged.tracks.loc[["jazz.two"]]), jobs=1)


@pytest.mark.usefixtures("light", "own_cache")
def test_usable_leaves_broken_files_out_and_counts_them(
    damaged: Corpus, decoded: list[str]
) -> None:
    left = usable(damaged, jobs=1)
    assert left.tracks.index.tolist() == ["jazz.one"]
    assert len(left.skipped) == 2
    assert {Path(path).name for path in left.skipped["path"]} == {"two.flac", "three.flac"}
    assert (left.skipped["reason"].str.len() > 0).all()
    decoded.clear()
    assert len(feature_table(left, jobs=1)) == 2
    assert decoded == []


@pytest.mark.usefixtures("light", "own_cache")
def test_a_file_that_went_away_is_named(small: Corpus) -> None:
    tracks = small.tracks.copy()
    tracks.loc["jazz.two", "path"] = "/nowhere/two.wav"
    with pytest.raises(AudioError, match=r"/nowhere/two\.wav"):
        feature_table(replace(small, tracks=tracks), jobs=1)
