"""Tests of the commands ``genrelib classify`` and ``genrelib train``."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from typer.testing import CliRunner

from genrelib.classify.naming import Model, Prediction, load_model
from genrelib.cli import classify as cli_classify
from genrelib.cli.app import app
from genrelib.corpus import load_corpus
from genrelib.corpus.audio import AudioError
from genrelib.features import TAGS, ear_table, slice_tracks

ROOT = Path(__file__).parents[2]


def write(path: Path, seconds: float = 7.0, rate: int = 16000) -> Path:
    t = np.arange(round(seconds * rate)) / rate
    rng = np.random.default_rng(len(path.name))
    y = 0.2 * np.sin(2 * np.pi * 220 * t) * (1 + np.sin(2 * np.pi * 2 * t))
    y += 0.2 * np.exp(-20 * (t % 0.5)) * rng.normal(size=len(t))
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, y, rate)
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Good files and bad ones."""
    (tmp_path / "words.wav").write_text("no sound at all")
    sf.write(tmp_path / "silence.flac", np.zeros(50_000), 16000)
    return [
        write(tmp_path / "long.wav", 40),
        tmp_path / "words.wav",
        write(tmp_path / "été [b].ogg"),
        tmp_path / "missing.mp3",
        tmp_path / "silence.flac",
    ]


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["classify", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


# --- JSON, CSV, table ------------------------------------------------------------------------


def test_json_has_one_object_per_file_in_order(files: list[Path]) -> None:
    code, out, err = run(*files, "--json", "--jobs", 3)
    assert code == 1
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["file"] for row in rows] == [str(file) for file in files]
    assert all(list(row) == list(cli_classify.FIELDS) for row in rows)
    assert [row["error"] is None for row in rows] == [True, False, True, False, True]
    assert "not audio" in rows[1]["error"] and "no such file" in rows[3]["error"]
    assert rows[1]["probabilities"] == {} and rows[1]["course"] == rows[1]["nearest"] == []
    assert (rows[4]["genre"], rows[4]["reason"]) == (None, "silence")
    first = rows[0]
    assert sum(first["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert first["duration"] == 40.0 == first["course"][-1]["end"]
    assert list(first["course"][0]) == ["start", "end", "genre", "reason", "probability"]
    assert len(first["nearest"]) == 3
    assert list(first["nearest"][0]) == ["track_id", "genre", "artist", "title", "similarity"]
    if first["genre"]:
        assert first["probability"] == max(first["probabilities"].values())
    assert err.strip() == load_model().line


def test_csv_has_a_header_and_a_line_per_file(files: list[Path]) -> None:
    code, out, err = run(*files, "--csv")
    assert code == 1 and err.strip() == load_model().line
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["file"] for row in rows] == [str(file) for file in files]
    shares = [key for key in rows[0] if key.startswith("p_")]
    assert shares == [f"p_{genre}" for genre in sorted(load_model().genres)]
    assert sum(float(rows[0][key]) for key in shares) == pytest.approx(1, abs=1e-3)
    assert rows[1]["error"] and not rows[1]["p_jazz"] and not rows[1]["genre"]
    assert rows[4]["reason"] == "silence"
    assert rows[0]["nearest_1"].endswith(")") and rows[0]["nearest_3"]


def test_tags_are_shown_where_they_are_asked_for(files: list[Path]) -> None:
    _, out, _ = run(*files, "--json", "--tags")
    rows = [json.loads(line) for line in out.splitlines()]
    assert all(list(row) == [*cli_classify.FIELDS, "tags"] for row in rows)
    assert [len(row["tags"]) for row in rows] == [50, 0, 50, 0, 0]
    first = rows[0]["tags"]
    assert set(first) == set(TAGS) and list(first.values()) == sorted(first.values())[::-1]
    assert all(0 < share < 1 for share in first.values())

    _, out, _ = run(files[0], files[4], "--csv", "--tags")
    table = list(csv.DictReader(io.StringIO(out)))
    assert [float(table[0][f"tag_{tag}"]) for tag in first] == list(first.values())
    assert table[1]["tag_rock"] == ""

    _, out, _ = run(files[0], "--tags")
    shown = re.findall(r"tags:\s", out)
    assert len(shown) == 1 and all(f"{first[tag]:.2f} {tag}" in out for tag in list(first)[:5])
    assert list(first)[5] not in out


def test_the_table_shows_everything_to_people(files: list[Path]) -> None:
    code, out, _ = run(*files)
    lines = out.splitlines()
    assert code == 1
    assert lines[0] == load_model().line
    assert lines[1].split() == ["file", "genre", "over", "time", "nearest", "known", "tracks"]
    assert max(map(len, lines[1:])) <= 140
    text = " ".join(" ".join(lines).split())
    assert "error: not audio in a format that can be read" in text
    assert "none of these: nothing" in text and "but silence" in text
    assert text.index("0:40") < text.index("0:07") < text.index("0:03")


def test_the_card_says_how_well_and_on_what() -> None:
    code, out, _ = run("--card")
    card = load_model().card
    assert code == 0 and out.startswith(load_model().line)
    for protocol, lengths in card["scores"].items():
        for length, found in lengths.items():
            assert f"  {protocol}, {length}: {found['accuracy']['value']:.3f} (" in out
            assert f"; {found['confidence']:.3f}; {found['error']['value']:.3f} (" in out
    for what, rate in card["refused"].items():
        assert f"  {what} ({rate['n']}): {rate['not music']['value']:.3f} (" in out
    assert all(caveat in out for caveat in card["caveats"])


def test_without_files_there_is_nothing_to_do() -> None:
    code, _, err = run()
    assert code == 2 and "name audio files" in err


def test_a_course_of_many_parts_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    slices = slice_tracks(load_corpus("gtzan-mini"))
    order = np.random.default_rng(0).permutation(len(slices) // 5)
    rows = ear_table(slices).to_numpy().reshape(len(order), 5, -1)[order].reshape(len(slices), -1)
    answer = load_model().predict(rows)
    assert len(answer.course) > cli_classify.LINES
    cli_classify._Table([Path("a.wav")]).row(Path("a.wav"), answer)
    assert f"and {len(answer.course) - cli_classify.LINES} more" in capsys.readouterr().out


def test_names_that_are_no_text_can_be_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(os.fsdecode(b"caf\xe9.wav"))
    error = AudioError(path, "no such file")
    cli_classify._Table([path]).row(path, error)
    cli_classify._CSV(load_model()).row(path, error)
    cli_classify._JSON().row(path, error)
    out = capsys.readouterr().out
    assert out.encode("utf-8")
    assert json.loads(out.splitlines()[-1])["file"] == str(path)


@pytest.mark.parametrize("form", ["--csv", "--json", ""])
def test_names_that_the_console_cannot_write_end_nothing(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "songs"
    for name in ("a", "夜", "z"):
        write(folder / f"{name}.wav")
    done = subprocess.run(
        [sys.executable, "-m", "genrelib", "classify", str(folder), *filter(None, [form])],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"}, capture_output=True, check=True,
    )  # fmt: skip
    out = done.stdout.decode("cp1252" if not form else "utf-8", "replace")
    assert out.count("0:07" if not form else ".wav") == 3
    assert "夜.wav" in out or form != "--csv"


def test_all_good_is_exit_code_0(files: list[Path]) -> None:
    assert run(files[0], files[2], "--json")[0] == 0


def test_one_file_needs_no_pool(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_classify, "ThreadPoolExecutor", None)
    code, out, _ = run(files[0], "--json")
    assert code == 0 and len(out.splitlines()) == 1


def test_json_and_csv_exclude_each_other(files: list[Path]) -> None:
    code, _, err = run(files[0], "--json", "--csv")
    assert code == 2 and "choose one" in err


def test_a_model_that_is_none_is_an_error(files: list[Path]) -> None:
    command = [sys.executable, "-m", "genrelib", "classify", files[0], "--model", files[1]]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"error: {files[1]}: not a model of genrelib, or damaged")


# --- folders ---------------------------------------------------------------------------------


def test_folders_are_walked(tmp_path: Path) -> None:
    names = ["b/2.wav", "a/1.FLAC", "a/deep/3.ogg", "cover.jpg", ".hidden/4.wav", "a/.5.wav"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = cli_classify.audio_files([tmp_path / "cover.jpg", tmp_path])
    assert [file.relative_to(tmp_path).as_posix() for file in found] == [
        "cover.jpg", "a/1.FLAC", "a/deep/3.ogg", "b/2.wav",
    ]  # fmt: skip


def test_a_folder_without_audio_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, out, _ = run(tmp_path / "empty", "--json")
    assert code == 1
    assert json.loads(out)["error"].startswith("a folder without audio. Files in it may end in")


# --- several files at a time -----------------------------------------------------------------


class Slow(Model):
    """Takes as long as the name of a file says."""

    def classify(self, path, *, threads=1, stop=None):  # type: ignore[no-untyped-def]
        for _ in range(int(float(path.stem) * 100)):
            time.sleep(0.01)
            if stop is not None and stop():
                raise KeyboardInterrupt
        return Prediction("jazz", None, {"jazz": 1.0}, [], [], 1.0, 1.0, float(path.stem))


def test_answers_keep_the_order_of_the_files() -> None:
    paths = [Path(f"{seconds}.wav") for seconds in (0.3, 0.0, 0.1, 0.2, 0.05)]
    answers = list(cli_classify.classify_files(Slow({}, {}), paths, jobs=3))
    assert [path for path, _ in answers] == paths
    assert [answer.duration for _, answer in answers] == [0.3, 0.0, 0.1, 0.2, 0.05]


def test_no_more_files_are_given_out_than_needed() -> None:
    paths = [Path("0.wav")] * 100
    found = cli_classify.classify_files(Slow({}, {}), paths, jobs=2)
    next(found)
    found.close()  # nothing hangs, nothing is left running


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_ctrl_c_keeps_what_is_finished(tmp_path: Path) -> None:
    """The first file is long, those after it are short: they are finished before it."""
    files = [
        write(tmp_path / "long.wav", 3600, 8000),
        *(write(tmp_path / f"{k}.wav") for k in "123"),
    ]
    command = [sys.executable, "-u", "-m", "genrelib", "classify", "--json", "--jobs", "2"]
    process = subprocess.Popen(
        [*command, *map(str, files)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    process.stderr.readline()  # the line of the model: it has begun
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; what was finished is kept" in err
    found = [Path(json.loads(line)["file"]) for line in out.splitlines()]
    assert set(found) <= set(files[1:]) and found
    assert found == sorted(found)


def test_a_card_cannot_write_to_the_console_what_it_likes(tmp_path: Path) -> None:
    from genrelib.classify import modelfile

    card, arrays = modelfile.read_model(modelfile.SHIPPED)
    evil = {"corpus": "\x1b[2Jmine\r\x07", "caveats": ["<script>alert(1)</script>\x1b]0;you\x07"]}
    path = modelfile.write_model(tmp_path / "evil.npz", card | evil, arrays)
    text = cli_classify.card_text(path)
    assert "mine" in text and "<script>" in text
    assert not set(text) & {"\x1b", "\r", "\x07"}


# --- train -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_train_says_what_it_cannot_learn_from(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("Nobody\n")
    for arguments, message in (
        (["--hold-out", str(names), "-o", "m.npz"], "neither a track nor an artist"),
        (["-o", "m.json"], "a model file ends in .npz"),
    ):
        command = [sys.executable, "-m", "genrelib", "train", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 1 and message in done.stderr


@pytest.mark.slow
def test_a_model_of_your_own(tmp_path: Path) -> None:
    """From folders of audio to a model, and to the genre of a file."""
    rng = np.random.default_rng(0)
    t = np.arange(13 * 16000) / 16000
    for number in range(5):
        hum = sum(np.sin(2 * np.pi * (200 + 20 * number) * k * t) / k for k in range(1, 9))
        beat = np.exp(-30 * (t % 0.25)) * rng.normal(size=len(t))
        for genre, y in (("drone", hum), ("beats", beat)):
            (tmp_path / "music" / genre).mkdir(parents=True, exist_ok=True)
            sf.write(tmp_path / "music" / genre / f"{number}.wav", 0.1 * y, 16000)
    output = tmp_path / "own.npz"
    corpus = f"folder:{tmp_path / 'music'}"
    result = CliRunner().invoke(app, ["train", "--corpus", corpus, "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert "2 genres, 10 tracks" in result.stdout
    model = load_model(output)
    assert set(model.card["scores"]["artist"].values()) == {None}
    answer = model.classify(tmp_path / "music" / "beats" / "0.wav")
    assert next(iter(answer.probabilities)) == "beats"
    assert answer.nearest[0].track_id.startswith("beats.")


# --- quick to start --------------------------------------------------------------------------


def test_an_answer_needs_no_heavy_library(files: list[Path]) -> None:
    code = (
        "import sys; from pathlib import Path; from genrelib.cli.classify import run; "
        "run([Path(sys.argv[1])], None, as_json=False, as_csv=False, jobs=1); "
        "print([name for name in ('pandas', 'sklearn', 'scipy', 'numba', 'matplotlib', 'keras', "
        "'jax', 'pooch') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, files[0]], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
