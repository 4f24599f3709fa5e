"""Tests of the commands about corpora."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from library import music, spoil, write
from typer.testing import CliRunner

from genrelib.cli.corpus import corpus_app
from genrelib.corpus.tracks import list_corpora


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(corpus_app, arguments)
    return result.exit_code, result.output


def test_list_names_every_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENRELIB_DATA", str(tmp_path))
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
    assert "6 files left out" in output


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


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names on disk are text")
def test_names_that_are_bytes_in_a_locale_without_letters(tmp_path: Path) -> None:
    for genre in ("jazz", "rock"):
        for number in range(2):
            write(tmp_path / "music" / genre / f"{number}.wav", seed=number + 10 * len(genre))
    write(tmp_path / "one.wav", seed=7)
    for name in (b"caf\xe9.wav", "\u97f3\u697d.wav".encode()):
        shutil.copy(tmp_path / "one.wav", tmp_path / "music" / "jazz" / os.fsdecode(name))
    bare = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    env = os.environ | bare | {"GENRELIB_CACHE": str(tmp_path / "cache")}
    music = f"folder:{tmp_path / 'music'}"
    for line in (
        ["corpus", "check", music],
        ["extract", music, "-o", str(tmp_path / "out"), "--no-frames", "--jobs", "1"],
        ["classify", "--csv", str(tmp_path / "music")],
        ["classify", str(tmp_path / "music")],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "genrelib", *line], env=env, capture_output=True, timeout=120
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
        if line[0] == "extract":
            assert b"6 slices of 6 tracks" in done.stdout, (done.stdout, done.stderr)
        if line[0] == "classify":
            assert done.returncode == 0
            assert done.stdout.count(b".wav") == 6
