"""What a chapter is made from, as fingerprints: a build runs again only what has changed."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from genrelib.book.chapters import Chapter, Folders, uses
from genrelib.book.page import is_public
from genrelib.corpus import PACKAGE_DATA, RECORDED, cache_root, write_whole

LIBRARIES = (
    "librosa", "soundfile", "numpy", "scipy", "pandas", "scikit-learn", "keras", "jax",
    "matplotlib", "numba", "papermill", "jupyter-book",
)  # fmt: skip
FIGURES = PACKAGE_DATA.parent / "book" / "figures"
OUTSIDE = {"__main__.py", "book", "cli"}
"""What no chapter computes with: changing it changes no output."""
PRESS = {
    "about.py", "chapters.py", "check.py", "colab.py", "folds.py", "interactive.py", "lab.py",
    "lesson.py", "log.py", "madefrom.py", "pages.py", "pdf.py", "press.py", "readme.py",
    "reference.py", "running.py", "site.py", "slides.py", "song.py", "speed.py", "student.py",
    "teaching.py",
}  # fmt: skip
"""What of this room makes pages of what the chapters gave; they use the rest."""


LOOKS = ("print", "slides")
"""Folders of the data that only say how pages look."""


def identify_corpus(corpus: str) -> tuple[str, str]:
    """Return the corpus name as kernels can use it, and a hash of what it is made of."""
    from genrelib.corpus import CorpusError, load_corpus, sketch_version

    if "fma" in corpus.split("+"):
        raise CorpusError(
            "fma: no book can be made of it, since it holds features of whole clips and no audio. "
            'Take fma-small or fma-medium; the chapter "Beyond ten genres" shows what can be '
            "asked of fma"
        )
    # Kernels run in another folder, where a relative path would lead elsewhere.
    corpus = re.sub(
        r"(folder|features):(?![/~])([^+]+)",
        lambda found: f"{found[1]}:{Path(found[2]).resolve()}",
        corpus,
    )
    loaded = load_corpus(corpus, on_error="skip")
    paths = [Path(path) for path in loaded.tracks["path"].dropna()]
    paths += [Path(part) for part in loaded.stored["part"].unique()]
    # The sketches that the package itself renders are already known by its source code.
    paths = [
        path for path in paths if cache_root() / f"sketch-{sketch_version()}" not in path.parents
    ]
    stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return corpus, digest([stats, loaded.skipped.values.tolist()])


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def hash_files(paths: Iterable[Path], base: Path) -> str:
    return digest(
        [
            (path.relative_to(base).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
            for path in sorted(paths)
            if path.is_file()
        ]
    )


def common_parts(folders: Folders, parameters: Mapping[str, Any], audio: str) -> dict[str, str]:
    """Return what every chapter depends on, as hashes by the name under which it is reported."""
    package = PACKAGE_DATA.parent
    data = [
        path
        for path in PACKAGE_DATA.rglob("*")
        if path.suffix not in (".pyc", ".md")
        and path.relative_to(PACKAGE_DATA).parts[0] not in LOOKS
        # Of what is recorded, chapters read the results anew; pages are made of two long runs.
        and (RECORDED not in path.parents or path.name in ("extract.json", "classify.json"))
    ]
    rooms = [p for p in package.rglob("*.py") if p.relative_to(package).parts[0] not in OUTSIDE]
    rooms += [p for p in (package / "book").glob("*.py") if p.name not in PRESS]
    rooms.append(FIGURES / "common.py")
    return {
        "genrelib": hash_files(rooms, package),
        "data": digest([hash_files(data, package), audio]),
        "lock file": hash_files([folders.root / "requirements.lock"], folders.root),
        "installed versions": digest(installed_versions()),
        "parameters": digest([parameters, is_public()]),
    }


def figure_modules(code: str) -> set[Path]:
    """Find the modules of figures that some code imports, and those that these import."""
    names = re.findall(r"genrelib\.book\.figures\.(\w+) import", code)
    for found in re.findall(r"genrelib\.book\.figures import ([\w, ]+)", code):
        names += [name.split(" as ")[0].strip() for name in found.split(",")]
    files = {FIGURES / f"{name}.py" for name in names} - {FIGURES / "common.py"}
    there = {file for file in files if file.is_file()}
    return there.union(*(figure_modules(file.read_text("utf-8")) for file in there))


def own_parts(chapter: Chapter) -> dict[str, str]:
    """Return what only some chapters depend on: their figures, and what others measured."""
    from genrelib.studies import tables_on_disk

    drawn = figure_modules("\n".join(cell.source for cell in chapter.code))
    parts = {"figures": hash_files(drawn, FIGURES)} if drawn else {}
    if uses(chapter, "load_original_study", "original-study"):
        parts["the original study's tables"] = digest([p.name for p in tables_on_disk()])
    if uses(chapter, "Ledger(", "recorded_study_"):
        parts["recorded results"] = hash_files([RECORDED / "original-study.json"], RECORDED)
    if uses(chapter, "load_study"):
        places = RECORDED, cache_root() / "lstm-study"
        parts["the study of the networks"] = digest(
            [hash_files(place.rglob("*.parquet"), place) for place in places]
        )
    if uses(chapter, "GENRELIB_FULL"):
        parts["GENRELIB_FULL"] = digest(bool(os.environ.get("GENRELIB_FULL")))
    return parts


def installed_versions() -> dict[str, str]:
    """Return the versions of Python and of the main libraries."""
    versions = {"Python": platform.python_version()}
    for name in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def code_digest(chapter: Chapter) -> str:
    """Return a hash of what is executed; prose can change without a run."""
    matters = {"raises-exception", "skip-execution"}
    return digest(
        [(c.source, sorted(matters & set(c.metadata.get("tags", [])))) for c in chapter.code]
    )


class Manifest:
    """What each executed chapter was made from, kept next to it."""

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        self.path = folders.state / "manifest.json"
        self.chapters: dict[str, dict[str, Any]] = {}
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            self.chapters = json.loads(self.path.read_text("utf-8"))

    def why(self, chapter: Chapter, parts: Mapping[str, str]) -> str | None:
        """Say why a chapter has to run, or None."""
        old = self.chapters.get(chapter.name)
        if old is None or not (self.folders.executed / f"{chapter.name}.ipynb").exists():
            return "first run"
        changed = [what for what in parts if old["parts"].get(what) != parts[what]]
        if changed:
            return " and ".join(changed) + " changed"
        for need in chapter.needs:
            if old["needs"].get(need) != self.chapters.get(need, {}).get("finished"):
                return f"needs {need}, which ran again"
        return None

    def forget(self, chapter: Chapter) -> None:
        """Strike a run out whose results are about to be replaced."""
        if self.chapters.pop(chapter.name, None):
            write_whole(self.path, json.dumps(self.chapters, indent=1))

    def add(self, chapter: Chapter, parts: Mapping[str, str], seconds: float) -> None:
        """Record a finished run."""
        self.chapters[chapter.name] = {
            "parts": dict(parts),
            "needs": {need: self.chapters[need]["finished"] for need in chapter.needs},
            "seconds": round(seconds, 2),
            "finished": datetime.now(UTC).isoformat(timespec="microseconds"),
        }
        write_whole(self.path, json.dumps(self.chapters, indent=1))
