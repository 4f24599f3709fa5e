"""The front end outside a browser: its unit tests, its types, and how it is joined."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import onnxruntime
import pytest
import songs
import soxr

from genrelib.book import check_site, interactive, song
from genrelib.classify import export_model, load_model, on_plane
from genrelib.classify.stream import measure
from genrelib.corpus import load_corpus
from genrelib.features import EAR_MODEL, ear, ear_table, slice_tracks, tag_logits
from genrelib.playlists import choosing, ordering

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
NODE = shutil.which("node")
RATE = ear.EAR_RATE


def judged() -> list[dict[str, Any]]:
    """Lay out recordings as the ear hears them, and what the model says of them."""
    model = load_model()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENRELIB_DATA", "/nowhere")
        slices = slice_tracks(load_corpus("gtzan-mini"))
        table = ear_table(slices)
    known = [rows.to_numpy(float) for _, rows in table.groupby(slices["track_id"])][::5]
    rng = np.random.default_rng(0)
    cases = [*known, *(rows[:1] for rows in known[:3]), np.concatenate([known[0], known[-1]])]
    cases += [rows + scale * rng.normal(size=rows.shape)
              for rows in known[:3] for scale in (0.3, 1, 3)]  # fmt: skip
    # Towards speech: log-odds moved where the model looks for it, and embeddings that give them.
    sounds = model.arrays["sounds"].astype(float)
    towards = 4 * model.arrays["scale"] * (sounds[2] - sounds[:2].mean(axis=0))
    layer = tag_logits(np.eye(200)) - tag_logits(np.zeros((1, 200)))
    cases += [known[0] + towards @ np.linalg.pinv(layer)]
    found = []
    for k, windows in enumerate(cases):
        loud = rng.random(len(windows)) < (0.6 if k % 3 == 0 else 1)
        start = np.arange(len(windows)) * 5.984
        duration = float(start[-1] + (5.984 if k % 2 else 3.5))
        answer = asdict(model.predict(windows, loud, start, duration))
        del answer["tags"]  # which the page draws by itself
        heard = tag_logits(windows).mean(axis=0)
        plane = {"heard": heard.tolist(), "point": on_plane(model, heard[None])[0].tolist()}
        found.append({"windows": windows.tolist(), "loud": loud.tolist(), "start": start.tolist(),
                      "duration": duration, "answer": answer, "plane": plane})  # fmt: skip
    verdicts = [(case["answer"]["genre"], case["answer"]["reason"]) for case in found]
    assert {reason for _, reason in verdicts} >= {None, "unfamiliar", "not music"}
    return found


def recordings() -> list[dict[str, Any]]:
    """Lay out sound, and how it is measured and cut into what the ear takes."""
    rng = np.random.default_rng(1)
    level = load_model().card["level"]
    found = []
    for name, length in {"short": 5000, "just short": 47_615, "a patch": 47_616, "odd": 47_900,
                         "two": 95_744, "long": 200_123, "silence": 60_000}.items():  # fmt: skip
        samples = 0.1 * rng.normal(size=length)
        samples[length // 3 : length // 2] *= 1e-3  # a pause
        samples = np.round(samples * (name != "silence"), 5).astype(np.float32)
        measured = measure([samples], RATE)
        case = {"name": name, "samples": [round(float(v), 5) for v in samples],
                "peak": measured.peak.tolist(), "level": None}  # fmt: skip
        if np.isfinite(measured.level):
            gain = np.float32(10 ** ((level - measured.level) / 20))
            cut = list(ear._patches(ear._even(gain * samples)))
            case |= {"level": measured.level, "first": cut[0][:300].tolist(),
                     "last": cut[-1][-300:].tolist(),
                     "patchSums": [float(np.abs(p).mean(dtype=float)) for p in cut]}  # fmt: skip
        found.append(case)
    return found


def resampled() -> list[dict[str, Any]]:
    """Lay out sound at several rates, and what soxr makes of it at the rate of the ear."""
    rng = np.random.default_rng(2)
    found = []
    for rate in (8000, 11_025, 22_050, 44_100, 48_000, 96_000):
        samples = np.round(0.1 * rng.normal(size=rate // 3), 5)
        expected = soxr.resample(samples, rate, RATE, quality="HQ")
        found.append({"rate": rate, "samples": samples.tolist(), "expected": expected.tolist()})
    return found


def lists() -> list[dict[str, Any]]:
    """Lay out songs from outside, and the playlists that the package makes from them."""
    index = song.known_tracks(load_model())
    rng = np.random.default_rng(0)
    tracks = load_model().arrays["tracks"].astype(float)
    found = []
    asked = [(12, 0.2), (12, 0.0), (12, 1.0), (5, 0.5), (40, 0.3)]
    for k, (length, diversity) in enumerate(asked):
        heard = tracks[100 * k : 100 * k + 7].mean(axis=0) + 0.2 * rng.normal(size=50)
        vector = (heard / np.linalg.norm(heard)).astype(np.float32)
        scale = float(index.scale_of(vector[None])[0])
        point = choosing.Point("a song", vector, scale, 1e6, None, -1)
        choice = choosing._Choice(
            index, [point], choosing._Rules(index.is_music, 1, 0.0, np.inf), diversity, None
        )
        rows = choice.around(choosing._Wanted(length, 0.0))
        rows = ordering.smooth(rows, index, [point], None)
        similarity = (index.vectors[rows] @ vector).tolist()
        found.append({"heard": heard.tolist(), "length": length, "diversity": diversity,
                      "rows": rows, "similarity": similarity})  # fmt: skip
    return found


def heads(folder: Path) -> list[dict[str, Any]]:
    """Lay out how files of several kinds begin, and the rates that they have."""
    return [{"name": path.name, "head": base64.b64encode(path.read_bytes()).decode(),
             "rate": int(path.name.split("-")[1])}
            for path in songs.make(folder) if "-mono" in path.name]  # fmt: skip


@pytest.mark.skipif(not NODE, reason="no node: apt install nodejs")
def test_what_is_pure_gives_what_python_gives(tmp_path: Path) -> None:
    model = export_model(load_model()) | {"lists": song.export_lists(load_model())}
    cases = {"model": model, "judged": judged(), "recordings": recordings(),
             "resampled": resampled(), "heads": heads(tmp_path), "lists": lists()}  # fmt: skip
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(cases), "utf-8")
    run = subprocess.run(
        [str(NODE), "--test", *map(str, sorted((WEB / "test").glob("*.test.js")))],
        env=os.environ | {"GENRELIB_WEB_CASES": str(file)}, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert "# skipped 0" in run.stdout


def test_the_types_are_right() -> None:
    compiler = WEB / "node_modules" / "typescript" / "bin" / "tsc"
    if not (NODE and compiler.exists()):
        pytest.skip("no TypeScript: run `npm ci` in web/")
    run = subprocess.run(
        [str(NODE), str(compiler), "-p", str(WEB)], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("names", [song.PAGE, song.WORKER, interactive.MODULES])
def test_modules_can_be_joined(names: tuple[str, ...]) -> None:
    top: list[str] = []
    for k, name in enumerate(names):
        text = (WEB / f"{name}.js").read_text("utf-8")
        top += re.findall(
            r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)", text, re.M
        )
        imports = re.findall(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', text, re.M)
        assert len(imports) == len(re.findall(r"^import ", text, re.M))  # each on one line
        for what, source in imports:
            assert source in names[:k] and " as " not in what
    assert len(top) == len(set(top)), "one scope, so names differ"


@pytest.mark.skipif(not NODE, reason="no node: apt install nodejs")
def test_the_joined_script_has_no_comments_and_is_right(tmp_path: Path) -> None:
    for names in (song.PAGE, song.WORKER, interactive.MODULES):
        script = song.wrapped(song.joined(names))
        assert "@param" not in script and "\nimport " not in script
        (tmp_path / "script.js").write_text(script, "utf-8")
        subprocess.run([str(NODE), "--check", str(tmp_path / "script.js")], check=True)


def test_the_machine_code_is_that_of_its_source(tmp_path: Path) -> None:
    assembler = WEB / "node_modules" / "wabt" / "bin" / "wat2wasm"
    if not (NODE and assembler.exists()):
        pytest.skip("no assembler: run `npm ci` in web/")
    made = tmp_path / "resample.wasm"
    subprocess.run(
        [str(NODE), str(assembler), str(WEB / "resample.wat"), "-o", str(made)], check=True
    )
    found = re.search(r"const MACHINE =\n(.*?);", (WEB / "resample.js").read_text("utf-8"), re.S)
    assert found
    assert (
        "".join(re.findall(r'"(.*?)"', found[1])) == base64.b64encode(made.read_bytes()).decode()
    )


def test_the_ear_of_the_page_gives_its_image_too() -> None:
    given = onnxruntime.InferenceSession(song.assets()["network"])
    assert [output.name for output in given.get_outputs()] == ["embedding", "tags", "n8"]
    samples = (0.1 * np.random.default_rng(0).normal(size=(1, 48_128))).astype(np.float32)
    embedding, image = given.run(["embedding", "n8"], {"samples": samples})
    plain = onnxruntime.InferenceSession(EAR_MODEL).run(["embedding"], {"samples": samples})
    np.testing.assert_allclose(embedding, plain[0], atol=1e-5)
    power = librosa.feature.melspectrogram(
        y=samples[0], sr=RATE, n_fft=512, hop_length=256, n_mels=96, center=False
    )
    np.testing.assert_allclose(image[0], np.log1p(10_000 * power).T, atol=1e-3)


def test_what_is_loaded_is_small() -> None:
    packed = {name: len(gzip.compress(part, 9)) for name, part in song.assets().items()}
    assert sum(packed.values()) < 5e6
    assert len(song.wrapped(song.joined(song.PAGE))) + (WEB / "song.css").stat().st_size < 1e5


def test_the_front_end_is_thin() -> None:
    lines = {path.stem: len(path.read_text("utf-8").splitlines()) for path in WEB.glob("*.js")}
    assert set(lines) == {*song.PAGE, *song.WORKER, *interactive.MODULES}
    assert sum(lines[name] for name in {*song.PAGE, *song.WORKER}) < 1600
    # A figure is one module, of a few kilobytes.
    sizes = {name: len(song.joined((name,))) for name in interactive.MODULES}
    assert max(sizes.values()) < 10_000 and sum(sizes.values()) < 40_000


def test_only_pages_that_ask_for_it_are_changed(tmp_path: Path) -> None:
    head = '<!DOCTYPE html><html><head><meta charset="utf-8" /></head><body>{}</body></html>'
    pages = {"plain": "<p>song</p>", "one": '<div id="song"></div>',
             "two": '<div class="x" data-song="wave"></div>'}  # fmt: skip
    (tmp_path / "chapters").mkdir()
    for name, body in pages.items():
        (tmp_path / "chapters" / f"{name}.html").write_text(head.format(body), "utf-8")
    assert song.add_song(tmp_path) == ["one", "two"]
    plain = (tmp_path / "chapters" / "plain.html").read_text("utf-8")
    assert plain == head.format(pages["plain"])
    text = (tmp_path / "chapters" / "one.html").read_text("utf-8")
    assert text.index("Content-Security-Policy") < text.index("song.css") < text.index("</head>")
    assert check_site(tmp_path) == []
