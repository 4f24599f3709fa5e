"""Tests of lists as files, and of the blind test."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
from points import collection

from genrelib.corpus import as_text
from genrelib.playlists import PlaylistError, listening_page, playlist, sign_test


@pytest.fixture
def songs(tmp_path) -> list[str]:
    """Lay out files that are songs by name only."""
    folder = tmp_path / "Musik, größer"
    folder.mkdir()
    files = [folder / f"{k:02d} #1 – é.mp3" for k in range(30)]
    for file in files:
        file.write_bytes(b"")
    return [str(file) for file in files]


def test_m3u8_is_read_by_players(songs, tmp_path) -> None:
    titles = [f"two\nlines {k}" for k in range(30)]
    index = collection(30, path=songs, title=titles, artist=[None, *["Ü"] * 29])
    found = playlist("track 0000", index, length=6, apart=0)
    (tmp_path / "lists").mkdir()
    file = found.write(tmp_path / "lists" / "a.m3u8")
    lines = file.read_text("utf-8").splitlines()
    assert lines[0] == "#EXTM3U" and len(lines) == 13
    for k, row in enumerate(found.tracks.itertuples()):
        assert lines[1 + 2 * k] == f"#EXTINF:{round(row.duration)},Ü - two lines {found.rows[k]}"
        assert not Path(lines[2 + 2 * k]).is_absolute()
        assert (file.parent / lines[2 + 2 * k]).resolve() == Path(row.path)


def test_a_name_that_is_no_text_and_one_like_a_comment_are_found(tmp_path) -> None:
    names = [os.fsencode(tmp_path) + name for name in (b"/#one.mp3", b"/caf\xe9.mp3", b"/c.mp3")]
    for name in names:
        Path(os.fsdecode(name)).write_bytes(b"")
    index = collection(3, path=[as_text(os.fsdecode(name)) for name in names])
    file = playlist("track 0002", index, length=2, longest=60).write(tmp_path / "list.m3u")
    lines = file.read_bytes().splitlines()[2::2]
    assert set(lines) == {b"./#one.mp3", b"caf\xe9.mp3"}
    with pytest.raises(PlaylistError, match="no track is left"):  # the list names both
        playlist("track 0002", index, exclude=[file])


def test_json_and_csv_say_the_same(tmp_path) -> None:
    found = playlist("track 0003", collection(40, artist=[f"=A{k}" for k in range(40)]), length=4)
    told = json.loads(found.write(tmp_path / "list.json").read_text("utf-8"))
    assert told["seeds"] == ["track 0003"] and len(told["tracks"]) == 4
    with found.write(tmp_path / "list.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, track in zip(rows, told["tracks"], strict=True):
        assert row["track_id"] == track["track_id"] and row["path"] == ""
        assert row["artist"] == f"'{track['artist']}"  # no formula
        assert float(row["similarity"]) == track["similarity"]


def test_what_no_player_could_find_is_refused_and_nothing_is_lost(tmp_path) -> None:
    found = playlist("track 0003", collection(40))
    (tmp_path / "list.m3u8").write_text("mine", "utf-8")
    with pytest.raises(PlaylistError, match=r"no audio on disk.*\.json or \.csv"):
        found.write(tmp_path / "list.m3u8")
    assert (tmp_path / "list.m3u8").read_text("utf-8") == "mine"
    with pytest.raises(PlaylistError, match=r"ends in \.m3u8"):
        found.write(tmp_path / "list.pls")


@pytest.fixture
def two(songs, tmp_path) -> tuple[Path, Path]:
    index = collection(30, path=songs)
    return (
        playlist("track 0000", index, length=5).write(tmp_path / "first.m3u8"),
        playlist("track 0001", index, length=4).write(tmp_path / "second.m3u8"),
    )


def test_the_page_of_the_blind_test_holds_both_lists_and_names_neither_in_sight(
    two, tmp_path
) -> None:
    page = listening_page(*two, tmp_path / "page.html", seed=1).read_text("utf-8")
    told = json.loads(page.split("const TEST = ")[1].split(";\n")[0])
    assert len(told["rounds"]) == 4 and all(len(pair) == 2 for pair in told["rounds"])
    assert told["names"] == ["first.m3u8", "second.m3u8"]
    visible = page.split("<body>")[1].split("<script>")[0]
    assert "first.m3u8" not in visible and "http" not in page
    with pytest.raises(PlaylistError, match=r"ends in \.html"):
        listening_page(*two, tmp_path / "page.txt")
    with pytest.raises(PlaylistError, match="no file of this list"):
        (tmp_path / "none.m3u8").write_text("#EXTM3U\ngone.mp3\n", "utf-8")
        listening_page(two[0], tmp_path / "none.m3u8", tmp_path / "page.html")


def answers(file: Path, told: str, second: str = "b") -> Path:
    names = {"1": "first", "2": "second", "=": "tie"}
    rows = [f"{k},a,{second},{names[t]}" for k, t in enumerate(told, 1)]
    file.write_text("\n".join(["round,first,second,preferred", *rows]) + "\n", "utf-8")
    return file


def test_answers_amount_to_a_sign_test_with_an_exact_interval(tmp_path) -> None:
    files = [answers(tmp_path / "1.csv", "11111="), answers(tmp_path / "2.csv", "11121")]
    found = sign_test(files)
    assert (found["n"], found["ties"], found["preferred"]) == (10, 1, 0.9)
    # By hand: 11 of 1,024 ways to have at least nine of ten, on two sides.
    assert found["p"] == pytest.approx(2 * 11 / 1024)
    # Clopper and Pearson (1934): at the ends, such an outcome has a probability of 2.5 %.
    low, high = found["low"], found["high"]
    assert 10 * low**9 * (1 - low) + low**10 == pytest.approx(0.025, abs=1e-6)
    assert 1 - high**10 == pytest.approx(0.025, abs=1e-6)
    ties = sign_test(answers(tmp_path / "3.csv", "=="))
    assert ties["preferred"] is None and ties["p"] == 1


def test_other_answers_are_refused(tmp_path) -> None:
    with pytest.raises(PlaylistError, match="no such file"):
        sign_test(tmp_path / "none.csv")
    for text in ("", "a,b\n1,2\n", "first,second,preferred\na,b,perhaps\n"):
        (tmp_path / "odd.csv").write_text(text, "utf-8")
        with pytest.raises(PlaylistError, match="not the answers"):
            sign_test(tmp_path / "odd.csv")
    with pytest.raises(PlaylistError, match="several pairs"):
        sign_test([answers(tmp_path / "1.csv", "1"), answers(tmp_path / "2.csv", "1", "c")])
