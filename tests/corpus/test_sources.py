"""Tests of names, sums and the registry behind them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from library import music

from genrelib.corpus.sources import SOURCES, Source
from genrelib.corpus.table import CorpusError, skipped_table, track_table
from genrelib.corpus.tracks import download_corpus, list_corpora, load_corpus


@pytest.mark.parametrize("name", ["", "gtzn", "folder:", "gtzan-mini+gtzn", "+", "gtzan-mini+"])
def test_unknown_names_list_the_known_ones(data: Path, name: str) -> None:
    with pytest.raises(CorpusError, match=r"gtzan-mini.*sketch.*folder:PATH"):
        load_corpus(name)


@pytest.mark.parametrize("name", ["sketch+sketch", "gtzan+gtzan-mini"])
def test_nothing_is_counted_twice(name: str) -> None:
    with pytest.raises(CorpusError, match="twice"):
        load_corpus(name)


def test_the_same_folder_twice_is_refused(tmp_path: Path) -> None:
    name = music(tmp_path / "mine")
    with pytest.raises(CorpusError, match="twice"):
        load_corpus(f"{name}+{name}/../mine")


def test_a_plus_in_a_folder_name_is_no_sum(tmp_path: Path) -> None:
    music(tmp_path / "rock+roll")
    assert len(load_corpus(f"folder:{tmp_path}/rock+roll").tracks) == 10
    assert len(load_corpus(f"folder:{tmp_path}/rock+roll+sketch").tracks) == 70


def test_a_source_is_added_in_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, sums, the list and the download know it."""

    def load() -> tuple[pd.DataFrame, pd.DataFrame]:
        table = pd.DataFrame({"genre": ["polka"], "duration": [30.0]}, index=["polka.1"])
        return track_table(table), skipped_table([])

    mine = Source(
        "polkas", "one polka", load, tracks="1", audio=lambda: "none",
        origin=lambda: ["polkas"], download=lambda progress: tmp_path,
    )  # fmt: skip
    monkeypatch.setattr("genrelib.corpus.sources.SOURCES", [*SOURCES, mine])
    monkeypatch.setattr("genrelib.corpus.tracks.SOURCES", [*SOURCES, mine])
    assert load_corpus("sketch+polkas").genres[-4:] == ["polka", "pop", "reggae", "rock"]
    assert list_corpora()["name"].tolist()[-1] == "polkas"
    assert download_corpus("polkas") == tmp_path
    with pytest.raises(CorpusError, match="twice"):
        load_corpus("polkas+polkas")
    with pytest.raises(CorpusError, match="'polkas', or a sum"):
        load_corpus("waltzes")
