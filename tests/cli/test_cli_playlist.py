"""Tests of the commands `index`, `playlist` and `listening-test`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from genrelib.cli.app import app
from genrelib.corpus import free_recordings

FREE = free_recordings()["path"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index three songs and a file of words, by the command."""
    root = tmp_path_factory.mktemp("library")
    (root / "music").mkdir()
    for name in ("vibe-ace", "hungarian-dance", "lets-go-fishin"):
        shutil.copy(FREE[name], root / "music" / f"{name}.mp3")
    (root / "music" / "words.mp3").write_text("words", "utf-8")
    command = ["index", str(root / "music"), "-o", str(root / "index"), "--jobs", "1"]
    found = run(*command)
    assert found.returncode == 0, found.stderr
    assert "3 tracks" in found.stdout and "words.mp3" in found.stderr
    return root / "index"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "genrelib", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")


def test_a_list_is_printed_and_written(index: Path, tmp_path: Path) -> None:
    song, out = str(FREE["vibe-ace"]), tmp_path / "list.m3u8"
    found = CliRunner().invoke(
        app, ["playlist", song, "--from", str(index), "--length", "2", "-o", str(out)]
    )
    assert found.exit_code == 0, found.output
    assert "hungarian-dance" in found.output and "by nearness" in found.output
    names = [Path(line).name for line in out.read_text("utf-8").splitlines()[2::2]]
    assert sorted(names) == ["hungarian-dance.mp3", "lets-go-fishin.mp3"]  # not the song itself


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["gone.mp3", "--from", "{index}"], 1, "no such file, nor a track"),
        (["vibe-ace.mp3", "--from", "{index}/nowhere"], 1, "no such folder"),
        (["{words}", "--from", "{index}"], 1, "words.mp3"),
        (["vibe-ace.mp3", "--from", "{index}", "-o", "list.pls"], 1, "ends in .m3u8"),
        (["vibe-ace.mp3", "--from", "{index}", "--diversity", "2"], 2, "diversity"),
        (["vibe-ace.mp3", "--from", "{index}", "--path"], 1, "two ends"),
    ],
)
def test_bad_input_is_a_sentence(
    index: Path, arguments: list[str], code: int, message: str
) -> None:
    words = index.parent / "music" / "words.mp3"
    told = ["playlist", *(a.format(index=index, words=words) for a in arguments)]
    found = CliRunner().invoke(app, told)
    assert found.exit_code == code
    assert message in (str(found.exception) if code == 1 else found.output)


def test_an_error_is_one_message_and_no_traceback(index: Path) -> None:
    found = run("playlist", "gone.mp3", "--from", str(index))
    assert found.returncode == 1 and found.stderr.startswith("error: gone.mp3: no such file")
    assert "Traceback" not in found.stderr


def test_a_blind_test_is_written_and_read(index: Path, tmp_path: Path) -> None:
    lists = []
    for name in ("vibe-ace.mp3", "hungarian-dance.mp3"):
        lists.append(str(tmp_path / f"{name}.m3u8"))
        found = CliRunner().invoke(app, ["playlist", name, "--from", str(index), "-o", lists[-1]])
        assert found.exit_code == 0, found.output
    page = tmp_path / "test.html"
    assert CliRunner().invoke(app, ["listening-test", *lists, "-o", str(page)]).exit_code == 0
    assert "Left is better" in page.read_text("utf-8")
    assert CliRunner().invoke(app, ["listening-test", *lists]).exit_code == 2
    answers = tmp_path / "answers.csv"
    answers.write_text("first,second,preferred\na,b,first\na,b,tie\n", "utf-8")
    found = CliRunner().invoke(app, ["listening-test", "--answers", str(answers)])
    assert json.loads(found.output)["n"] == 1
