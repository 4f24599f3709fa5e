"""Tests of where tracks come from."""

from __future__ import annotations

import os
import runpy
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from hypothesis import given, strategies as st
from typer.testing import CliRunner

from genrelib.cli.corpus import corpus_app
from genrelib.corpus import tracks as corpora
from genrelib.corpus.audio import SAMPLE_RATE, AudioError
from genrelib.corpus.tracks import (
    GENRES,
    GTZAN_MINI,
    TRACK_COLUMNS,
    CorpusError,
    check_corpus,
    data_root,
    gtzan_annotations,
    list_corpora,
    load_corpus,
)


@pytest.fixture
def data(tmp_path: Path, monkeypatch) -> Path:
    """An empty audio root."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("GENRELIB_DATA", str(folder))
    return folder


def write(path: Path, seconds: float = 7.0, seed: int = 0, rate: int = SAMPLE_RATE) -> Path:
    """Write a file of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, int(seconds * rate))
    sf.write(path, noise, rate)
    return path


def music(root: Path, genres: tuple[str, ...] = ("blues", "jazz"), tracks: int = 5) -> str:
    for g, genre in enumerate(genres):
        for number in range(tracks):
            write(root / genre / f"song {number}.wav", seed=100 * g + number)
    return f"folder:{root}"


# --- GTZAN -----------------------------------------------------------------------------------


def test_annotations_cover_a_thousand_tracks() -> None:
    table = gtzan_annotations()
    assert tuple(table.columns) == TRACK_COLUMNS
    assert table.index.name == "track_id"
    assert table.index.is_unique
    assert (table["genre"].value_counts() == 100).all()
    assert set(table["genre"]) == set(GENRES)
    assert all(track_id.startswith(f"{genre}.") for track_id, genre in table["genre"].items())


def test_fold_sizes_of_the_fault_filtered_split() -> None:
    folds = gtzan_annotations()["fold"].value_counts(dropna=False)
    assert (folds["train"], folds["valid"], folds["test"]) == (443, 197, 290)


def test_tracks_outside_the_split_say_so() -> None:
    table = gtzan_annotations()
    outside = table[table["fold"].isna()]
    assert len(outside) == 70
    assert outside["fault"].str.contains("fault-filtered").all()
    assert table.loc["jazz.00054", "fault"].startswith("corrupt")
    assert table["fault"].notna().sum() == 71


def test_missing_annotations_are_missing_and_not_shifted() -> None:
    table = gtzan_annotations()
    assert pd.isna(table.loc["country.00002", "artist"])
    assert table.loc["country.00002", "title"] == "I Wish I Had A Nickel"
    assert table.loc["classical.00004", "artist"] == "JS Bach"
    assert pd.isna(table.loc["classical.00004", "title"])
    assert pd.isna(table.loc["classical.00059", "artist"])
    assert table.loc["blues.00000", "artist"] == "John Lee Hooker"
    assert table.loc["blues.00000", "title"] == "One Bourbon, One Scotch And One Beer"
    assert table["artist"].isna().sum() == 81
    for column in ("artist", "title"):
        words = table[column].dropna()
        assert (words == words.str.strip()).all()
        assert not words.str.contains(":::").any()
        assert not words.isin(["", "nan", "None"]).any()


def test_the_maker_reads_the_annotations_as_they_are(tmp_path: Path) -> None:
    maker = runpy.run_path(str(corpora.PACKAGE_DATA.parents[1] / "tools" / "make_gtzan.py"))
    (tmp_path / "GTZANindex.txt").write_text(
        "## a comment\n##\n"
        "rock.00000.wav ::: Motörhead ::: Ace: of Spades \n"
        "rock.00001.wav ::: ::: Title Only\n"
        "rock.00002.wav ::: Artist Only :::\n"
        "jazz.00054.wav ::: :::\n"
        "disco.00000.wav ::: Earth Wind and Fire ::: September\n",
        encoding="latin-1",
    )
    (tmp_path / "train_filtered.txt").write_text("rock/rock.00000.wav\njazz/jazz.00054.wav\n")
    (tmp_path / "valid_filtered.txt").write_text("rock/rock.00001.wav\n")
    (tmp_path / "test_filtered.txt").write_text("rock/rock.00002.wav\n")
    table = maker["make"](tmp_path).set_index("track_id").astype(object)
    table = table.where(table.notna(), None)
    assert list(table.loc["rock.00000"]) == ["rock", "Motörhead", "Ace: of Spades", None, "train"]
    assert list(table.loc["rock.00001"]) == ["rock", None, "Title Only", None, "valid"]
    assert list(table.loc["rock.00002"]) == ["rock", "Artist Only", None, None, "test"]
    assert table.loc["jazz.00054", ["artist", "title"]].isna().all()
    assert table.loc["jazz.00054", "fault"].startswith("corrupt")
    assert table.loc["disco.00000", "artist"] == "Earth, Wind & Fire"
    assert "left out" in table.loc["disco.00000", "fault"]
    (tmp_path / "test_filtered.txt").write_text("rock/rock.00000.wav\n")
    with pytest.raises(ValueError, match="two sides"):
        maker["make"](tmp_path)
    (tmp_path / "test_filtered.txt").write_text("rock/rock.00099.wav\n")
    with pytest.raises(ValueError, match=r"rock\.00099"):
        maker["make"](tmp_path)


def test_no_artist_has_two_spellings() -> None:
    artists = gtzan_annotations()["artist"].dropna().drop_duplicates()
    plain = artists.str.lower().str.replace("&", "and").str.replace("[^a-z0-9]", "", regex=True)
    assert plain.is_unique


def test_annotations_cannot_be_spoiled_by_a_caller() -> None:
    table = gtzan_annotations()
    table.loc["blues.00000", "artist"] = "Nobody"
    assert gtzan_annotations().loc["blues.00000", "artist"] == "John Lee Hooker"


def test_gtzan_mini_without_audio(data: Path) -> None:
    corpus = load_corpus("gtzan-mini")
    assert len(corpus.tracks) == 100
    assert corpus.genres == sorted(GENRES)
    assert corpus.tracks["genre"].value_counts().eq(10).all()
    assert tuple(corpus.tracks.columns) == TRACK_COLUMNS
    assert not corpus.has_audio
    assert corpus.tracks["path"].isna().all()
    assert corpus.skipped.empty
    with pytest.raises(AudioError, match="no audio"):
        corpus.audio("blues.00000")
    with pytest.raises(KeyError):
        corpus.audio("blues.00099")


def test_gtzan_mini_durations_are_embedded(data: Path) -> None:
    if not (corpora.PACKAGE_DATA / "gtzan-mini-tracks.csv").exists():
        pytest.skip("the snapshot has not been made")
    tracks = load_corpus("gtzan-mini").tracks
    assert tracks["duration"].between(29.9, 30.7).all()
    assert (tracks["sample_rate"] == SAMPLE_RATE).all()


def test_gtzan_mini_fills_in_the_audio_there_is(data: Path) -> None:
    path = write(data / "gtzan-mini/genres/jazz/jazz.00012.wav", seconds=8)
    corpus = load_corpus("gtzan-mini")
    assert corpus.tracks.at["jazz.00012", "path"] == str(path)
    assert corpus.tracks.at["jazz.00012", "duration"] == 8
    assert corpus.tracks["path"].notna().sum() == 1
    assert not corpus.has_audio
    assert len(corpus.audio("jazz.00012")) == 8 * SAMPLE_RATE
    for number, track_id in enumerate(GTZAN_MINI):
        write(data / f"gtzan-mini/genres/{track_id.split('.')[0]}/{track_id}.wav", 0.1, number)
    assert load_corpus("gtzan-mini").has_audio


def test_gtzan_that_is_not_there_says_how_to_get_it(data: Path) -> None:
    with pytest.raises(CorpusError, match="genrelib corpus download gtzan"):
        load_corpus("gtzan")


@pytest.fixture
def whole_gtzan(data: Path) -> Path:
    """A thousand tiny files with one broken, as in the common copies."""
    root = data / "gtzan"
    sample = write(data / "tiny.wav", 0.01).read_bytes()
    for genre in GENRES:
        (root / genre).mkdir(parents=True)
    for track_id, genre in gtzan_annotations()["genre"].items():
        (root / genre / f"{track_id}.wav").write_bytes(sample)
    (root / "jazz/jazz.00054.wav").write_bytes(b"\0" * 1000)
    return root


def test_gtzan_names_skips_and_counts_the_corrupt_track(whole_gtzan: Path) -> None:
    with pytest.raises(AudioError, match=r"jazz\.00054"):
        load_corpus("gtzan")
    corpus = load_corpus("gtzan", on_error="skip")
    assert len(corpus.tracks) == 999
    assert len(corpus.skipped) == 1
    assert corpus.skipped["path"][0].endswith("jazz.00054.wav")
    assert "not audio" in corpus.skipped["reason"][0]
    assert corpus.has_audio


def test_gtzan_is_found_with_and_without_the_folder_genres(whole_gtzan: Path) -> None:
    before = load_corpus("gtzan", on_error="skip").tracks
    (whole_gtzan / "new").mkdir()
    for genre in GENRES:
        (whole_gtzan / genre).rename(whole_gtzan / "new" / genre)
    (whole_gtzan / "new").rename(whole_gtzan / "genres")
    after = load_corpus("gtzan", on_error="skip").tracks
    assert list(before.index) == list(after.index)
    missing = whole_gtzan / "genres/pop/pop.00007.wav"
    missing.rename(missing.with_suffix(".bak"))
    skipped = load_corpus("gtzan", on_error="skip").skipped
    assert list(skipped["reason"])[-1] == "no such file"


@pytest.mark.audio
def test_gtzan_mini_audio_is_as_embedded() -> None:
    corpus = load_corpus("gtzan-mini")
    assert corpus.has_audio
    snapshot = pd.read_csv(corpora.PACKAGE_DATA / "gtzan-mini-tracks.csv", index_col="track_id")
    assert np.allclose(corpus.tracks["duration"], snapshot.loc[corpus.tracks.index, "duration"])


# --- names and sums --------------------------------------------------------------------------


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


def test_sums_add_up(data: Path, tmp_path: Path) -> None:
    name = music(tmp_path / "mine", ("blues", "polka"))
    corpus = load_corpus(f"gtzan-mini+{name}")
    assert len(corpus.tracks) == 110
    assert "polka" in corpus.genres
    assert corpus.tracks.index.is_unique
    assert corpus.tracks.index.name == "track_id"
    assert not corpus.has_audio


def test_shared_ids_in_a_sum_get_a_prefix(data: Path, tmp_path: Path) -> None:
    for folder in ("one/mine", "two/mine"):
        write(tmp_path / folder / "blues/blues.00000.wav", seed=len(folder))
    one, two = f"folder:{tmp_path}/one/mine", f"folder:{tmp_path}/two/mine"
    tracks = load_corpus(f"gtzan-mini+{one}+{two}").tracks
    assert len(tracks) == 102
    assert tracks.index.is_unique
    assert list(tracks.index[-2:]) == ["mine.blues.00000", "mine~2.blues.00000"]


def test_a_plus_in_a_folder_name_is_no_sum(tmp_path: Path) -> None:
    music(tmp_path / "rock+roll")
    assert len(load_corpus(f"folder:{tmp_path}/rock+roll").tracks) == 10
    assert len(load_corpus(f"folder:{tmp_path}/rock+roll+sketch").tracks) == 70


def test_on_error_has_two_values() -> None:
    with pytest.raises(ValueError, match="on_error"):
        load_corpus("sketch", on_error="ignore")


def test_roots_are_absolute_and_follow_the_environment(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENRELIB_DATA", "here")
    assert data_root() == tmp_path.resolve() / "here"
    monkeypatch.setenv("GENRELIB_DATA", "")
    assert data_root().is_absolute()
    monkeypatch.setenv("GENRELIB_CACHE", "~/there")
    assert corpora.cache_root() == Path.home().resolve() / "there"


# --- folders ---------------------------------------------------------------------------------


def test_folder_in_mixed_formats(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (44100 * 7, 2))
    for number, ending in enumerate(["wav", "FLAC", "ogg", "Mp3", "au", "aiff"]):
        path = tmp_path / "music" / "Hip-Hop" / f"{number}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        sf.write(path, noise, 44100, format=ending.upper())
    (tmp_path / "music/Hip-Hop/cover.jpg").write_bytes(b"\xff\xd8")
    corpus = load_corpus(f"folder:{tmp_path}/music")
    assert corpus.genres == ["hiphop"]
    assert list(corpus.tracks.index) == [f"hiphop.{number}" for number in range(6)]
    assert corpus.has_audio
    assert corpus.skipped.empty
    assert corpus.tracks["duration"].between(6.9, 7.2).all()
    assert (corpus.tracks["sample_rate"] == 44100).all()
    assert corpus.tracks["artist"].isna().all()
    for track_id in corpus.tracks.index:
        assert len(corpus.audio(track_id)) == pytest.approx(7 * SAMPLE_RATE, rel=0.02)


def test_folder_reads_tags(tmp_path: Path) -> None:
    path = tmp_path / "jazz" / "a.flac"
    path.parent.mkdir()
    with sf.SoundFile(path, "w", SAMPLE_RATE, 1) as file:
        file.artist, file.title = "Café Trio", "Blue 7"
        file.write(np.zeros(1000))
    track = load_corpus(f"folder:{tmp_path}").tracks.loc["jazz.a"]
    assert (track["artist"], track["title"]) == ("Café Trio", "Blue 7")


def test_folder_ignores_hidden_files_and_expands_home(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    music(tmp_path / "Music")
    write(tmp_path / "Music/blues/._song 0.wav")
    write(tmp_path / "Music/.trash/song.wav")
    assert len(load_corpus("folder:~/Music").tracks) == 10


def test_genre_folders_that_mean_the_same_are_one(tmp_path: Path) -> None:
    for folder in ("Hip Hop", "hiphop", "HIP-HOP", "Deep  House"):
        write(tmp_path / folder / "a.wav", seed=len(folder))
    tracks = load_corpus(f"folder:{tmp_path}").tracks
    assert sorted(tracks["genre"].unique()) == ["deep house", "hiphop"]
    assert len(tracks) == 4
    assert tracks.index.is_unique


def test_folder_ids_are_unique_and_do_not_depend_on_the_order_of_the_disk(tmp_path: Path) -> None:
    for name in ("b/song.wav", "song.wav", "song.flac", "b.song.wav", "jazz.song.wav"):
        write(tmp_path / "jazz" / name, seed=len(name))
    tracks = load_corpus(f"folder:{tmp_path}").tracks
    assert len(tracks) == 5
    assert tracks.index.is_unique
    assert set(tracks.index) == set(load_corpus(f"folder:{tmp_path}").tracks.index)
    assert all(track_id.startswith("jazz.") for track_id in tracks.index)


names = st.text("abAB.~ ", min_size=1, max_size=4).filter(lambda name: name.strip(". "))


@given(st.lists(st.tuples(names, names, st.sampled_from([".wav", ".WAV", ".mp3"])), unique=True))
def test_folder_ids_never_lose_a_file(parts: list[tuple[str, str, str]]) -> None:
    files = sorted({Path(genre, stem + ending) for genre, stem, ending in parts})
    ids = corpora._folder_ids(files)
    assert sorted(ids.values()) == files


@pytest.mark.parametrize("layout", ["nothing there", "empty", "flat", "file"])
def test_folders_without_genres_are_refused(tmp_path: Path, layout: str) -> None:
    root = tmp_path / "music"
    if layout == "file":
        root.write_text("")
    elif layout != "nothing there":
        root.mkdir()
    if layout == "flat":
        write(root / "song.wav")
    with pytest.raises(CorpusError, match=r"no such folder|one folder per genre"):
        load_corpus(f"folder:{root}")


def spoil(root: Path) -> list[Path]:
    """Put one file of each kind of damage beside good ones."""
    bad = root / "blues"
    (bad / "empty.wav").touch()
    (bad / "lyrics.wav").write_text("woke up this morning" * 20)
    whole = write(bad / "cut.wav").read_bytes()
    (bad / "cut.wav").write_bytes(whole[:5000])
    (bad / "zero.wav").write_bytes(whole[:24] + struct.pack("<I", 0) + whole[28:])
    sf.write(bad / "nan.wav", np.full(200_000, np.nan), SAMPLE_RATE, subtype="FLOAT")
    (bad / "phone.m4a").write_bytes(b"....ftypM4A")
    write(root / "loose.wav")
    named = ("empty.wav", "lyrics.wav", "cut.wav", "zero.wav", "nan.wav", "phone.m4a")
    return [*(bad / name for name in named), root / "loose.wav"]


def test_broken_files_are_all_named_or_all_skipped(tmp_path: Path) -> None:
    name = music(tmp_path)
    broken = spoil(tmp_path)
    with pytest.raises(AudioError) as caught:
        load_corpus(name)
    for path in broken:
        assert str(path) in str(caught.value)
    corpus = load_corpus(name, on_error="skip")
    assert len(corpus.tracks) == 10
    assert set(corpus.skipped["path"]) == set(map(str, broken))
    assert list(corpus.skipped.columns) == ["path", "reason"]
    assert corpus.skipped["reason"].str.len().gt(5).all()


def test_a_folder_of_nothing_but_broken_files(tmp_path: Path) -> None:
    (tmp_path / "blues").mkdir()
    spoil(tmp_path)
    with pytest.raises(CorpusError, match="none of its"):
        load_corpus(f"folder:{tmp_path}", on_error="skip")
    assert (check_corpus(f"folder:{tmp_path}")["problem"] == "unreadable").all()


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="who may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    name = music(tmp_path)
    (tmp_path / "blues/song 0.wav").chmod(0)
    assert len(load_corpus(name, on_error="skip").skipped) == 1


def test_leave_out_keeps_account(tmp_path: Path) -> None:
    corpus = load_corpus(music(tmp_path))
    less = corpus.leave_out({"blues.song 1": "damaged"})
    assert len(less.tracks) == 9
    assert list(less.skipped["reason"]) == ["damaged"]
    assert less.skipped["path"][0] == corpus.tracks.at["blues.song 1", "path"]
    assert len(corpus.tracks) == 10


# --- check -----------------------------------------------------------------------------------


def test_check_finds_nothing_wrong_with_good_music(tmp_path: Path) -> None:
    problems = check_corpus(music(tmp_path))
    assert list(problems.columns) == ["track_id", "path", "problem", "detail"]
    assert problems.empty


def test_check_reports_everything(tmp_path: Path) -> None:
    name = music(tmp_path)
    broken = spoil(tmp_path)
    jazz = tmp_path / "jazz"
    write(jazz / "other rate.wav", rate=44100)
    write(jazz / "brief.wav", seconds=2, seed=7)
    write(jazz / "twin.wav", seed=0)  # the samples of blues/song 0
    sf.write(jazz / "twin.flac", sf.read(jazz / "twin.wav")[0], SAMPLE_RATE)
    sf.write(jazz / "silent.wav", np.zeros(8 * SAMPLE_RATE), SAMPLE_RATE)
    loud = np.clip(np.random.default_rng(1).normal(0, 1, 8 * SAMPLE_RATE), -1, 1)
    sf.write(jazz / "loud.wav", loud, SAMPLE_RATE)
    whole = bytearray(write(jazz / "middle.flac").read_bytes())
    half = len(whole) // 2
    whole[half : half + 30_000] = bytes(30_000)
    (jazz / "middle.flac").write_bytes(whole)
    write(tmp_path / "polka/only.wav", seed=9)

    problems = check_corpus(name)
    found = {(Path(path).name, problem) for path, problem in zip(
        problems["path"].dropna(), problems["problem"][problems["path"].notna()], strict=True
    )}  # fmt: skip
    assert found == {
        *((path.name, "unreadable") for path in broken),
        ("middle.flac", "unreadable"),
        ("other rate.wav", "wrong rate"),
        ("brief.wav", "short"),
        ("twin.wav", "duplicate"),
        ("twin.flac", "duplicate"),
        ("silent.wav", "silent"),
        ("loud.wav", "clipped"),
    }
    few = problems[problems["problem"] == "few tracks"]
    assert len(few) == 1
    assert few["detail"].item().startswith("polka: 1")
    twins = problems[problems["problem"] == "duplicate"]
    assert twins["detail"].str.contains("blues.song 0").all()


def test_check_of_a_corpus_without_audio_says_so(data: Path) -> None:
    with pytest.raises(CorpusError, match="genrelib corpus download gtzan-mini"):
        check_corpus("gtzan-mini")


def test_check_of_a_partial_corpus_names_what_is_missing(data: Path) -> None:
    write(data / "gtzan-mini/genres/jazz/jazz.00012.wav")
    assert (check_corpus("gtzan-mini")["problem"] == "no audio").sum() == 99


# --- commands --------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(corpus_app, arguments)
    return result.exit_code, result.output


def test_list_names_every_corpus(data: Path) -> None:
    code, output = run("list")
    assert code == 0
    for name in list_corpora()["name"]:
        assert name in output


def test_show_counts_tracks_and_files_left_out(tmp_path: Path) -> None:
    name = music(tmp_path)
    spoil(tmp_path)
    code, output = run("show", name)
    assert code == 0
    assert "10 tracks" in " ".join(output.split())  # long paths break lines
    assert "7 files left out" in output


def test_check_exits_with_1_only_if_a_file_cannot_be_read(tmp_path: Path) -> None:
    name = music(tmp_path)
    code, output = run("check", name)
    assert (code, "no problems" in output) == (0, True)
    write(tmp_path / "jazz/[brief].wav", seconds=1)
    code, output = run("check", name)
    assert (code, "[brief]" in output) == (0, True)
    (tmp_path / "jazz/lyrics.wav").write_text("la la la")
    code, output = run("check", name)
    assert (code, "lyrics.wav" in output) == (1, True)


@pytest.mark.parametrize("command", ["show", "check", "download"])
def test_commands_explain_an_unknown_name(command: str) -> None:
    code, output = run(command, "gtzn")
    assert code == 1
    assert "error: " in output
    assert "gtzan-mini" in output
