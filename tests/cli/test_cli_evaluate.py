"""Tests of the command ``genrelib evaluate``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from library import lenient, music, write
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from typer.testing import CliRunner

from genrelib.classify import modelfile
from genrelib.classify.naming import load_model
from genrelib.cli import evaluate as cli_evaluate
from genrelib.cli.app import app

ROOT = Path(__file__).parents[2]


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


def started(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "genrelib", "evaluate", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, env={**os.environ, **environment}, cwd=ROOT, timeout=120
    )


@pytest.fixture(scope="module")
def open_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of the package, but that it refuses nothing."""
    path, model = tmp_path_factory.mktemp("models") / "open.npz", lenient()
    return modelfile.write_model(path, model.card, model.arrays)


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise in folders of two genres, of two lengths."""
    root = tmp_path_factory.mktemp("songs")
    music(root, tracks=3)
    write(root / "jazz" / "short.wav", 3.0, seed=9)
    return root


def labelled(songs: Path, artist: str = "") -> str:
    lines = ["file,genre,artist"]
    for path in sorted(songs.rglob("*.wav")):
        name = path.relative_to(songs).as_posix()
        lines.append(f"{name},{path.parent.name},{artist}{path.stem[-1] if artist else ''}")
    return "\n".join(lines)


# --- JSON ------------------------------------------------------------------------------------


def check(model: dict[str, Any]) -> None:
    """Compare scores with what scikit-learn computes from the predictions beside them."""
    rows = model["predictions"]
    true = [row["genre"] for row in rows]
    named = [row["predicted"] or "none of these" for row in rows]
    genres = sorted(set(true))
    for view, guess in (("all", named), ("forced", [row["forced"] for row in rows])):
        scores = model["scores"][view]
        assert scores["accuracy"]["value"] == pytest.approx(accuracy_score(true, guess))
        f1 = f1_score(true, guess, labels=genres, average="macro", zero_division=0)
        assert scores["f1"]["value"] == pytest.approx(f1)
    names = [*model["genres"], "none of these"]
    counts = confusion_matrix(true, named, labels=names)
    assert np.array_equal(
        [[model["confusion"].get(a, {}).get(b, 0) for b in names] for a in names], counts
    )
    assert model["answered"] == sum(row["reason"] is None for row in rows)
    for row in rows:
        assert row["forced"] == max(row["probabilities"], key=row["probabilities"].get)


def test_json_says_what_scikit_learn_says(songs: Path, open_model: Path) -> None:
    code, out, err = run(songs, "--model", open_model, "--json", "--jobs", 2)
    assert code == 0 and err.strip() == f"open.npz: {load_model(open_model).line}"
    found = json.loads(out)
    (model,) = found["models"]
    assert (found["recordings"], found["unusable"], found["difference"]) == (7, [], None)
    assert found["path"] == str(songs) and found["labels"] is None
    assert model["recordings"] == model["answered"] == 7
    check(model)
    assert model["scores"]["answered"] == model["scores"]["all"]
    assert [part["recordings"] for part in model["lengths"].values()] == [1, 6]


def test_two_models_stand_side_by_side(songs: Path, open_model: Path) -> None:
    code, out, err = run(songs, "--against", open_model, "--json")
    assert code == 0 and len(err.splitlines()) == 2
    found = json.loads(out)
    first, second = found["models"]
    assert (first["model"], second["model"]) == ("shipped", "open.npz")
    check(first)
    check(second)
    assert sum(first["refused"].values()) == 7 and second["refused"] == {}
    gap = found["difference"]["all"]["accuracy"]
    assert gap["value"] == pytest.approx(-second["scores"]["all"]["accuracy"]["value"])
    assert found["difference"]["forced"]["accuracy"]["value"] == 0
    code, out, _ = run(songs, "--against", open_model)
    assert code == 0
    header = next(line for line in out.splitlines() if "95 %" in line)
    assert header.split("recordings")[1].split() == ["shipped", "open.npz", "difference"]
    assert "7 of both" in out and "shipped: true, taken for" in out


@pytest.mark.parametrize("form", ["folders", "names", "table"])
def test_labels_come_three_ways(tmp_path: Path, songs: Path, open_model: Path, form: str) -> None:
    if form == "names":
        for path in songs.rglob("*.wav"):
            name = f"{path.parent.name}.{path.stem}.wav"
            (tmp_path / name).write_bytes(path.read_bytes())
    table = tmp_path / "labels.csv"
    table.write_text(labelled(songs))
    arguments = {"folders": [songs], "names": [tmp_path], "table": [songs, "--labels", table]}[
        form
    ]
    code, out, _ = run(*arguments, "--model", open_model, "--json")
    assert code == 0
    (model,) = json.loads(out)["models"]
    assert sorted(row["genre"] for row in model["predictions"]) == ["blues"] * 3 + ["jazz"] * 4
    check(model)


def test_artists_of_a_table_have_intervals(tmp_path: Path, songs: Path, open_model: Path) -> None:
    (tmp_path / "labels.csv").write_text(labelled(songs, artist="artist "))
    code, out, _ = run(songs, "--labels", tmp_path / "labels.csv", "--model", open_model)
    assert code == 0
    assert "7 recordings, 4 artists known of 7" in out and "over artists" in out


# --- for people ------------------------------------------------------------------------------


def test_the_report_shows_everything_to_people(tmp_path: Path, open_model: Path) -> None:
    music(tmp_path, genres=("blues", "jazz", "polka"), tracks=2)
    write(tmp_path / "jazz" / "short.wav", 3.0)
    (tmp_path / "jazz" / "words.wav").write_text("no sound at all")
    code, out, _ = run(tmp_path, "--model", open_model)
    text = " ".join(out.split())
    assert code == 1
    assert f"error: {tmp_path / 'jazz' / 'words.wav'}: not audio in a format" in text
    assert "7 recordings, no artists known; 1 file not used" in text
    assert "recordings of its genres 5" in text and "answered 5" in text and "refused 0" in text
    for name in ("accuracy of all, refusals not right", "macro F1 of the answered",
                 "mean confidence of the answered", "if it were calibrated"):  # fmt: skip
        assert name in text
    assert "open.npz, under 6 s 1 1" in text and "open.npz, 6 to 30 s 4 4" in text
    assert "polka 2 unknown" in text and "blu cla cou dis hip jaz met pop reg roc non" in text
    assert "does not know the genres of 2 recordings (2 polka)" in text
    assert "5 recordings say little about open.npz" in text
    assert max(map(len, out.splitlines())) <= 140 + len(load_model(open_model).line)


@pytest.mark.parametrize("single", ["genre", "file"])
def test_one_genre_or_one_file_is_enough(tmp_path: Path, open_model: Path, single: str) -> None:
    music(tmp_path, genres=("jazz",), tracks=3 if single == "genre" else 1)
    code, out, _ = run(tmp_path, "--model", open_model)
    assert code == 0
    (row,) = (line for line in out.splitlines() if line.startswith("accuracy of all, refusals"))
    assert ("(" in row) == (single == "genre")


def test_what_sounds_like_the_training_is_said() -> None:
    summary = {"alike": 3, "artist_heard": 1, "noted": 1, "unknown": None, "recordings": 99}
    report = cli_evaluate._Report.__new__(cli_evaluate._Report)
    report.models = [{"model": "mine.npz", "genres": ["jazz"], **summary}]
    alike, artists, noted = report._cautions()
    assert alike.startswith("3 recordings may be of those that mine.npz was trained on")
    assert artists.startswith("1 recording by artists that mine.npz was trained on")
    assert noted.startswith("1 file is heard in part only")


def test_genres_are_cut_to_what_tells_them_apart() -> None:
    assert cli_evaluate._short(["blues", "jazz", "none"]) == ["blu", "jaz", "non"]
    assert cli_evaluate._short(["hard rock", "hard bop", "pop"]) == ["hard r", "hard b", "pop"]
    assert cli_evaluate._short(["a", "b"]) == ["a", "b"]


@pytest.mark.parametrize("form", ["--json", ""])
def test_names_that_the_console_cannot_write_end_nothing(tmp_path: Path, form: str) -> None:
    write(tmp_path / "夜" / "1.wav")
    write(tmp_path / "jazz" / "夜.wav")
    (tmp_path / "jazz" / "夜.flac").touch()
    done = started(tmp_path, *filter(None, [form]), PYTHONIOENCODING="cp1252")
    assert done.returncode == 1, done.stderr.decode("cp1252", "replace")
    if form:
        found = json.loads(done.stdout.decode("utf-8"))
        (model,) = found["models"]
        assert {row["genre"] for row in model["predictions"]} == {"夜", "jazz"}
        assert model["unknown"]["genres"] == {"夜": 1}
        assert found["unusable"][0]["file"] == str(tmp_path / "jazz" / "夜.flac")
    else:
        assert "recordings of its genres" in done.stdout.decode("cp1252")


def test_genres_cannot_write_to_the_console_what_they_like(
    tmp_path: Path, open_model: Path
) -> None:
    write(tmp_path / "a.wav")
    (tmp_path / "labels.csv").write_text("file,genre\na.wav,\x1b[2Jpolka\n")
    code, out, _ = run(tmp_path, "--labels", tmp_path / "labels.csv", "--model", open_model)
    assert code == 0 and "polka" in out and "\x1b[2J" not in out


# --- what is refused -------------------------------------------------------------------------


def test_a_fault_is_one_message(tmp_path: Path) -> None:
    done = started(tmp_path / "lost")
    assert done.returncode == 1
    lost = f"error: {tmp_path / 'lost'}: no such file or folder. Check the path"
    assert done.stderr.decode().strip() == lost


def test_a_model_is_not_compared_with_itself(songs: Path, open_model: Path) -> None:
    code, _, err = run(songs, "--model", open_model, "--against", open_model)
    assert code == 2 and "name the same model" in err


def test_an_empty_name_is_no_folder() -> None:
    code, _, err = run("")
    assert code == 2 and "the name of a file is empty" in " ".join(err.split())


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_ctrl_c_scores_nothing(tmp_path: Path) -> None:
    write(tmp_path / "jazz" / "long.wav", 3600, rate=8000)
    command = [sys.executable, "-u", "-m", "genrelib", "evaluate", str(tmp_path)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()  # the line of the model: it has begun
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; nothing is scored" in err and "accuracy of all" not in out
