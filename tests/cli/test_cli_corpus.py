"""Tests of the commands about corpora."""

from __future__ import annotations

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
