"""Try `genrelib classify` on files of every kind, and record how it did.

With GTZAN-mini's audio under ``$GENRELIB_DATA``, sox and espeak-ng (Debian: ``apt install sox
libsox-fmt-all espeak-ng flite``), on a machine with nothing else to do::

    python tools/record_classify.py

writes ``genrelib/data/results/classify.json``. Folders of other sound, one kind each, such as
recordings of people who speak, are named behind it: ``speech=PATH music=PATH``.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile as sf

from genrelib.classify.naming import Model, Prediction, load_model
from genrelib.cli.classify import audio_files, classify_files, cores
from genrelib.corpus import PACKAGE_DATA
from genrelib.corpus.audio import AudioError
from genrelib.corpus.tracks import Corpus, load_corpus
from genrelib.evaluation import mean_with_interval

RECORD = PACKAGE_DATA / "results" / "classify.json"
TEXTS = {
    "en-us+m3": "The north wind and the sun were disputing which was the stronger, when a "
    "traveller came along wrapped in a warm cloak. They agreed that the one who first succeeded "
    "in making the traveller take his cloak off should be considered stronger than the other.",
    "de+f2": "Einst stritten sich Nordwind und Sonne, wer von ihnen beiden der Stärkere wäre, "
    "als ein Wanderer, der in einen warmen Mantel gehüllt war, des Weges daherkam.",
    "fr-fr+m1": "La bise et le soleil se disputaient, chacun assurant qu'il était le plus fort, "
    "quand ils ont vu un voyageur qui s'avançait, enveloppé dans son manteau.",
    "es+f4": "El viento norte y el sol porfiaban sobre cuál de ellos era el más fuerte, cuando "
    "acertó a pasar un viajero envuelto en ancha capa.",
    "it+m5": "Si bisticciavano un giorno il vento di tramontana e il sole, l'uno pretendendo "
    "d'esser più forte dell'altro, quando videro un viaggiatore.",
    "pt-br+f1": "O vento norte e o sol discutiam qual dos dois era o mais forte, quando passou "
    "um viajante envolto numa capa.",
    "pl+m7": "Północny wiatr i słońce sprzeczali się, kto z nich jest silniejszy, kiedy nadszedł "
    "podróżny ubrany w ciepły płaszcz.",
    "nl+f3": "De noordenwind en de zon waren erover aan het redetwisten wie de sterkste was van "
    "hun beiden, toen er een reiziger langs kwam, gehuld in een warme mantel.",
    "sv+m2": "Nordanvinden och solen tvistade en gång om vem av dem som var starkast, då en "
    "vandrare kom vägen fram, insvept i en varm kappa.",
    "en-gb+whisper": "The more he blew, the more closely did the traveller fold his cloak around "
    "him, and at last the north wind gave up the attempt. Then the sun shone out warmly.",
}
TONES = {
    "sine": ["sine", "440"], "low": ["sine", "60"], "square": ["square", "220"],
    "saw": ["sawtooth", "330"], "triangle": ["triangle", "880"], "sweep": ["sine", "100:7000"],
    "dial": ["sine", "350", "sine", "440"], "trapezium": ["trapezium", "150"],
}  # fmt: skip
NOISES = ("whitenoise", "pinknoise", "brownnoise", "tpdfnoise")
ENDINGS = ("wav", "flac", "ogg", "mp3", "aiff", "au")


# --- made files ------------------------------------------------------------------------------


def make_files(work: Path) -> dict[str, list[Path]]:
    """Make speech, tones, noise, silence, and files with faults, in mixed formats."""
    made: dict[str, list[Path]] = {}

    def new(kind: str, name: str) -> Path:
        made.setdefault(kind, []).append(work / f"{len(made)}-{name}")
        return made[kind][-1]

    for k, (voice, text) in enumerate(TEXTS.items()):
        spoken = work / "spoken.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-w", spoken, text], check=True)
        convert(spoken, new("speech (espeak-ng)", f"{voice}.{ENDINGS[k % 6]}"), k)
    for voice in ("kal16", "awb", "rms", "slt") if which("flite") else ():
        spoken = work / "spoken.wav"
        text = " ".join(list(TEXTS.values())[:1])
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", spoken], check=True)
        convert(spoken, new("speech (flite)", f"{voice}.wav"), 0)
    for k, (name, synth) in enumerate(TONES.items()):
        play(new("tones", f"{name}.{ENDINGS[k % 6]}"), 5 + 5 * k, synth, k)
    for k, name in enumerate(NOISES):
        play(new("noise", f"{name}.{ENDINGS[k]}"), 8 + 9 * k, [name], k)
        path = new("noise", f"{name}-gusts.flac")
        play(path, 20, [name], k, ["tremolo", str(1 + k), "90"])
    for k, seconds in enumerate((0.5, 30, 600)):
        path = new("silence", f"{seconds}.{ENDINGS[k]}")
        subprocess.run(["sox", "-n", path, "trim", "0", str(seconds)], check=True)
    return made


def convert(source: Path, target: Path, k: int) -> None:
    """Write in another format, rate and number of channels."""
    rate = ("8000", "16000", "22050", "32000", "44100", "48000")[k % 6]
    subprocess.run(["sox", source, "-r", rate, "-c", str(1 + k % 2), target], check=True)


def play(
    target: Path, seconds: float, synth: list[str], k: int, effect: Iterable[str] = ()
) -> None:
    """Write a sound that sox makes."""
    rate = ("44100", "22050", "16000", "48000", "96000", "32000")[k % 6]
    if target.suffix == ".mp3":
        rate = "44100"
    command = ["sox", "-r", rate, "-c", str((1, 2, 6)[k % 3] if target.suffix == ".wav" else 1)]
    command += ["-n", str(target), "synth", str(seconds), *synth, "gain", "-6", *effect]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def make_faults(work: Path, music: Path) -> list[Path]:
    """Make files that cannot be used."""
    work.mkdir(exist_ok=True)
    for ending in ("wav", "flac", "mp3", "ogg", "aiff"):
        whole = work / f"cut.{ending}"
        subprocess.run(["sox", music, whole], check=True)
        content = whole.read_bytes()
        whole.write_bytes(content[: len(content) // 2])
    (work / "letter.mp3").write_text("Dear reader,\n" * 100)
    (work / "picture.wav").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
    (work / "empty.ogg").touch()
    sf.write(work / "header only.wav", np.empty(0), 44100)
    sf.write(work / "nan.wav", np.full(44100, np.nan), 44100, subtype="FLOAT")
    return [*sorted(work.iterdir()), work / "missing.wav"]


def which(command: str) -> bool:
    """Say whether a command is installed."""
    return subprocess.run(["which", command], capture_output=True).returncode == 0


def refusals(model: Model, files: list[Path]) -> dict[str, Any]:
    """Count what files are named."""
    answers = list(classify_files(model, files, cores()))
    good = [answer for _, answer in answers if not isinstance(answer, AudioError)]
    named = pd.Series([answer.reason or answer.genre for answer in good])
    return {
        "files": len(files),
        "errors": len(files) - len(good),
        "refused": rate([a.genre is None for a in good]) if good else None,
        "named": named.value_counts().to_dict(),
        "not refused": [path.name for path, a in answers if isinstance(a, Prediction) and a.genre],
    }


def rate(refused: list[bool]) -> dict[str, Any]:
    """Give the share that was refused, with its 95 % interval."""
    told = pd.DataFrame({"refused": np.array(refused, float)})
    found = mean_with_interval(told, np.arange(len(told))).loc["refused"]
    return found.to_dict() | {"n": len(told)}


# --- speed and memory ------------------------------------------------------------------------


def speed(corpus: Corpus, work: Path) -> dict[str, Any]:
    """Time a cold start, long runs on one core and on all, and take the memory of long files."""
    music = [Path(path) for path in corpus.tracks["path"][::5]]
    starts = [child([music[k]])["seconds"] for k in range(7)]
    result: dict[str, Any] = {"cold start": statistics.median(starts), "cold starts": starts}
    model = load_model()
    model.classify(music[0])
    for ending in ("wav", "flac", "mp3", "ogg"):
        files = []
        for k, path in enumerate(music):
            files.append(work / f"speed{k}.{ending}")
            command = ["sox", "-V1", path, "-r", "44100", "-c", "2", files[-1]]
            subprocess.run(command, check=True)
        for name, jobs in (("one core", 1), ("all cores", cores())):
            begun, used = time.perf_counter(), time.process_time()
            answers = [answer for _, answer in classify_files(model, files, jobs)]
            seconds = time.perf_counter() - begun
            heard = sum(answer.duration for answer in answers)
            result[f"times real time, {ending}, {name}"] = heard / seconds
            if jobs == 1:  # what others do at the same time makes no difference to this one
                busy = time.process_time() - used
                result[f"times real time, {ending}, per second of processor"] = heard / busy
    y, rate = sf.read(music[0], dtype="float32")
    for minutes in (1, 180):
        with sf.SoundFile(work / "long.flac", "w", rate, 1) as file:
            for _ in range(2 * minutes):
                file.write(y[: 30 * rate])
        found = child([work / "long.flac"])
        result[f"megabytes for {minutes} minutes"] = found["megabytes"]
        result[f"seconds for {minutes} minutes"] = found["seconds"]
    return result


def child(files: list[Path]) -> dict[str, float]:
    """Run the command in a process of its own; seconds and peak memory."""
    code = (
        "import sys, resource, subprocess, time; begun = time.perf_counter();"
        "subprocess.run([sys.executable, '-m', 'genrelib', 'classify', *sys.argv[1:]],"
        "stdout=subprocess.DEVNULL, check=True);"
        "print(time.perf_counter() - begun,"
        "resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, files)], capture_output=True, text=True, check=True
    )
    seconds, megabytes = map(float, done.stdout.split())
    return {"seconds": seconds, "megabytes": megabytes}


def main() -> None:
    """Do all of it."""
    corpus, model = load_corpus("gtzan-mini"), load_model()
    if not corpus.has_audio:
        sys.exit("the trial needs the audio of gtzan-mini under GENRELIB_DATA")
    found: dict[str, Any] = {
        "recorded": date.today().isoformat(),
        "machine": f"{platform.system()}, {cores()} cores",
        "load before": os.getloadavg()[0],
        "model": {name: model.card[name] for name in ("corpus", "made", "limits", "temperature")},
    }
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        found["speed"] = speed(corpus, work)
        made = make_files(work)
        found["made"] = {kind: refusals(model, files) for kind, files in made.items()}
        faults = make_faults(work / "faults", Path(corpus.tracks["path"].iloc[0]))
        found["made"]["faults"] = refusals(model, faults)
    for argument in sys.argv[1:]:
        kind, _, place = argument.partition("=")
        found["made"][kind] = refusals(model, audio_files([place]))
    RECORD.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
