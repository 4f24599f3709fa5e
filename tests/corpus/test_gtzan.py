"""Tests of GTZAN: its annotations and its tracks."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from library import write

from genrelib.corpus.audio import SAMPLE_RATE, AudioError
from genrelib.corpus.gtzan import GENRES, GTZAN_MINI, gtzan_annotations
from genrelib.corpus.places import PACKAGE_DATA, data_root
from genrelib.corpus.table import TRACK_COLUMNS, CorpusError
from genrelib.corpus.tracks import load_corpus

MAKER = PACKAGE_DATA.parents[1] / "tools" / "make_gtzan.py"
FIELDS = "track_id,recording,artist,title,primary_genre"


def test_annotations_cover_a_thousand_tracks() -> None:
    table = gtzan_annotations()
    assert tuple(table.columns) == (*TRACK_COLUMNS, "source", "artist_fold")
    assert table.index.name == "track_id"
    assert table.index.is_unique
    assert (table["genre"].value_counts() == 100).all()
    assert set(table["genre"]) == set(GENRES)
    assert all(track_id.startswith(f"{genre}.") for track_id, genre in table["genre"].items())


def test_fold_sizes_of_the_fault_filtered_split() -> None:
    folds = gtzan_annotations()["side"].value_counts(dropna=False)
    assert (folds["train"], folds["valid"], folds["test"]) == (443, 197, 290)


def test_tracks_outside_the_split_say_so() -> None:
    table = gtzan_annotations()
    outside = table[table["side"].isna()]
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
    assert table["source"].value_counts().to_dict() == {"index": 919, "fingerprint": 55}
    assert (table["source"].isna() == table["artist"].isna()).all()
    for column in ("artist", "title"):
        words = table[column].dropna()
        assert (words == words.str.strip()).all()
        assert not words.str.contains(":::").any()
        assert not words.isin(["", "nan", "None"]).any()


def test_the_maker_reads_the_annotations_as_they_are(tmp_path: Path) -> None:
    maker = runpy.run_path(str(MAKER))
    (tmp_path / "GTZANindex.txt").write_text(
        "## a comment\n##\n"
        "rock.00000.wav ::: Motörhead ::: Ace: of Spades \n"
        "rock.00001.wav ::: ::: Title Only\n"
        "rock.00002.wav ::: Artist Only :::\n"
        "jazz.00054.wav ::: :::\n"
        "disco.00000.wav ::: Earth Wind and Fire ::: September\n",
        encoding="latin-1",
    )
    (tmp_path / "fingerprints.csv").write_text(
        f"{FIELDS}\nrock.00001,7,Motorhead,Title Only (Live),Dance\n", encoding="utf-8"
    )
    (tmp_path / "train_filtered.txt").write_text("rock/rock.00000.wav\njazz/jazz.00054.wav\n")
    (tmp_path / "valid_filtered.txt").write_text("rock/rock.00001.wav\n")
    (tmp_path / "test_filtered.txt").write_text("rock/rock.00002.wav\n")
    (tmp_path / "artist-folds").mkdir()
    for number, track in enumerate(("rock_00000", "rock_00002", "jazz_00054"), 1):
        folds = tmp_path / "artist-folds" / f"f{number}_evaluate.txt"
        folds.write_text(f"./{track}.wav\t{track[:4]}\n")
    table = maker["make"](tmp_path).set_index("track_id").astype(object)
    table = table.where(table.notna(), None)
    by, known = ["source", "recording", "fault"], ["genre", "artist", "title", "side"]
    assert list(table.loc["rock.00000", known]) == ["rock", "Motörhead", "Ace: of Spades", "train"]
    assert list(table.loc["rock.00001", known]) == ["rock", "Motörhead", "Title Only", "valid"]
    assert list(table.loc["rock.00002", known]) == ["rock", "Artist Only", None, "test"]
    assert list(table.loc["rock.00000", by]) == ["index", None, None]
    assert list(table.loc["rock.00001", by]) == ["fingerprint", None, None]
    assert table.loc["jazz.00054", ["artist", "title"]].isna().all()
    assert table.loc["jazz.00054", "fault"].startswith("corrupt")
    assert table.loc["disco.00000", "artist"] == "Earth, Wind & Fire"
    assert "left out" in table.loc["disco.00000", "fault"]
    assert table["artist_fold"].tolist() == [None, "3", "1", None, "2"]
    (tmp_path / "test_filtered.txt").write_text("rock/rock.00000.wav\n")
    with pytest.raises(ValueError, match="two sides"):
        maker["make"](tmp_path)
    (tmp_path / "test_filtered.txt").write_text("rock/rock.00099.wav\n")
    with pytest.raises(ValueError, match=r"rock\.00099"):
        maker["make"](tmp_path)


def test_an_artist_is_taken_only_where_something_speaks_for_it() -> None:
    maker = runpy.run_path(str(MAKER))
    tracks = pd.DataFrame(
        [
            ("metal.1", "metal", "The Slayers", "One"),
            ("metal.2", "metal", None, None),  # the index names them on another track
            ("metal.3", "metal", None, "Mine"),  # the genre agrees; the title is kept
            ("metal.4", "metal", None, None),  # neither
            ("metal.5", "metal", None, None),  # a remix
            ("metal.6", "metal", None, None),  # not heard
            ("rock.1", "rock", None, None),  # named in another genre only
            ("rock.2", "rock", "Queen", "Same"),  # known: kept, and itself no evidence
            ("classical.1", "classical", "JS Bach", None),
            ("classical.2", "classical", None, None),
        ],
        columns=["track_id", "genre", "artist", "title"],
        dtype=object,
    ).set_index("track_id")
    heard = pd.DataFrame(
        [
            ("metal.2", "1", "Slayers & Friends", "Two", "Pop"),
            ("metal.3", "2", "Saxon", "Theirs", "Hard Rock"),
            ("metal.4", "3", "Nobody", "Four", "Pop"),
            ("metal.5", "4", "Slayers", "Five (Club Mix)", "Metal"),
            ("rock.1", "5", "Slayers", "Six", "Metal"),
            ("rock.2", "6", "Freddie Mercury", "Same (Live)", "Pop"),
            ("classical.2", "7", "JS Bach", "Air", "Classical"),
        ],
        columns=FIELDS.split(","),
        dtype=object,
    ).set_index("track_id")
    evidence = maker["evidence"](tracks, heard)
    assert evidence.dropna().to_dict() == {"metal.2": "named", "metal.3": "genre"}
    filled = maker["fill_in"](tracks, heard)
    assert list(filled.loc["metal.2"]) == ["metal", "Slayers & Friends", "Two", "fingerprint"]
    assert list(filled.loc["metal.3"]) == ["metal", "Saxon", "Mine", "fingerprint"]
    assert filled["artist"].isna().sum() == 5
    assert filled.loc["rock.2", "artist"] == "Queen"
    counts = maker["agreement"](tracks, heard)
    assert counts.reset_index().to_numpy().tolist() == [["rock", "none", 1, 0, 1]]


@pytest.mark.parametrize(
    ("names", "one"),
    [
        ([("Dio", "Caught InThe Middle"), ("Dio", "Caught In The Middle")], True),
        ([("Ini Kamoze", "Hot Stepper (remix)"), ("Ini Kamoze", "hot stepper")], True),
        ([("Coleman Hawkins", "How Strang"), ("Coleman Hawkins", "How Strange")], True),
        ([("Céline", "(You)"), ("Céline", None)], True),
        ([("Prince Buster", "Judge Dread"), ("Prince Buster", "Barrister Pardon")], False),
        ([("Beastie Boys", "Same"), ("Lil Bow Wow", "Same")], False),
        ([("Beastie Boys", "Same"), (None, "Same")], False),
        ([("Dio", "Gypsy")], False),
    ],
)
def test_tracks_are_one_recording_unless_their_names_contradict(
    names: list[tuple[str, str]], one: bool
) -> None:
    ids = [f"pop.{k}" for k in range(len(names))]
    tracks = pd.DataFrame(names, index=ids, columns=["artist", "title"], dtype=object)
    heard = pd.DataFrame({"recording": "12"}, index=ids[::-1])
    found = runpy.run_path(str(MAKER))["one_recording"](tracks, heard)
    assert found.fillna("alone").tolist() == ["pop.0" if one else "alone"] * len(names)


def test_the_groups_of_one_recording_are_those_that_the_table_counts() -> None:
    table = gtzan_annotations().dropna(subset="recording")
    groups = table.groupby("recording")
    assert (groups.ngroups, len(table)) == (61, 128)
    assert (groups.size() >= 2).all()
    assert all(min(group.index) == name for name, group in groups)
    assert (groups["artist"].nunique(dropna=False) == 1).all()
    assert (groups["side"].nunique() <= 1).all()  # not on two sides of the fixed split


def test_the_fixed_split_tears_only_artists_that_its_makers_did_not_know() -> None:
    table = gtzan_annotations().dropna(subset=["artist", "side"])
    sides = table.groupby("artist")["side"].nunique()
    assert (sides > 1).sum() == 9
    known = table[table["source"] == "index"]
    assert (known.groupby("artist")["side"].nunique() == 1).all()


def test_the_embedded_annotations_are_those_of_the_sources() -> None:
    folder = data_root() / "gtzan-annotations"
    if not (folder / "fingerprints.csv").is_file():
        pytest.skip("no annotations; put gtzan-annotations/ under GENRELIB_DATA")
    maker = runpy.run_path(str(MAKER))
    text = maker["make"](folder).to_csv(index=False, lineterminator="\n")
    assert text == (PACKAGE_DATA / "gtzan.csv").read_text(encoding="utf-8")
    counts = maker["agreement"](*maker["read_sources"](folder)).groupby("evidence").sum()
    said = (PACKAGE_DATA / "README.md").read_text(encoding="utf-8")
    for evidence in ("named", "genre"):
        tracks, artist, either = counts.loc[evidence]
        shares = f"{artist} ({artist / tracks:.1%}) | {either} ({either / tracks:.1%})"
        assert f"| `{evidence}` | {tracks} | {shares} |".replace("%", " %") in said


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
    if not (PACKAGE_DATA / "gtzan-mini-tracks.csv").exists():
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
    snapshot = pd.read_csv(PACKAGE_DATA / "gtzan-mini-tracks.csv", index_col="track_id")
    assert np.allclose(corpus.tracks["duration"], snapshot.loc[corpus.tracks.index, "duration"])
