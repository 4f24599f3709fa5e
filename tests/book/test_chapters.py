"""Tests of the chapters: how they are written, and that they run from waveform to score."""

from __future__ import annotations

import ast
import re
import shutil
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from genrelib.book import page
from genrelib.book.check import check_site
from genrelib.book.press import build
from genrelib.book.results import MEASURING
from genrelib.corpus.tracks import GTZAN_MINI, Corpus, gtzan_annotations, gtzan_tempo, load_corpus
from genrelib.features.slicing import slice_tracks

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
NAMES = [
    "01-data",
    "02-slicing",
    "03-features",
    "04-random-forest",
    "05-nearest-neighbours",
    "06-lstm",
    "07-conclusions",
    "08-original-study",
    "09-pretrained-ear",
    "10-large-collections",
]

OTHER_PAGES = ["index", "glossary", "bibliography", "helper", "about-build"]


def cells(path: Path, kind: str) -> list[nbformat.NotebookNode]:
    """Return the cells of one kind."""
    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == kind]


def prose(path: Path) -> str:
    """Return what a reader reads: no code, no roles, no directive options, no links."""
    text = "\n\n".join(cell.source for cell in cells(path, "markdown"))
    # Code blocks hold no prose; exercises and their solutions may make up numbers.
    text = re.sub(r"^(`{3,}|:{3,})(?!\{admonition).*?^\1\s*$", "", text,
                  flags=re.DOTALL | re.MULTILINE)  # fmt: skip
    text = re.sub(r"\{[\w:-]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)|\$[^$]*\$", "", text)
    return re.sub(r"^:\w[\w-]*:.*$", "", text, flags=re.MULTILINE)


def code(path: Path) -> str:
    """Return the code of a chapter as one module."""
    return "\n".join(cell.source for cell in cells(path, "code"))


def test_all_chapters_are_there() -> None:
    assert [path.stem for path in CHAPTERS] == NAMES


# --- how they are written --------------------------------------------------------------------


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_is_stored_without_outputs(path: Path) -> None:
    assert not [c for c in cells(path, "code") if c.outputs or c.execution_count is not None]
    metadata = nbformat.read(path, as_version=4).metadata
    assert metadata.kernelspec.name == "python3"
    assert "jupytext" not in metadata


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_parameters_are_the_same_everywhere(path: Path) -> None:
    (cell,) = [c for c in cells(path, "code") if "parameters" in c.metadata.get("tags", [])]
    values: dict[str, object] = {}
    exec(cell.source, values)
    values.pop("__builtins__")
    assert values == {"corpus": "gtzan-mini", "seed": 0, "fast": False}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_has_its_parts(path: Path) -> None:
    text = "\n".join(cell.source for cell in cells(path, "markdown"))
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    assert "What you will learn" in text
    assert "Prerequisites" in text
    for heading in ("## Summary", "## Exercises", "## Further reading"):
        assert text.count(heading) == 1, heading
    exercises = re.findall(r"\{exercise\}", text)
    solutions = re.findall(r"\{solution(?:-start)?\}.*\n(?:.*\n){0,3}?:class: dropdown", text)
    assert 2 <= len(exercises) <= 3
    assert len(solutions) == len(exercises), "every exercise has a solution that stays hidden"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_result_is_typed_into_the_prose(path: Path) -> None:
    typed = re.findall(r"[^\n]{0,40}\b\d+(?:\.\d+|\s?%|,\d{3})[^\n]{0,20}", prose(path))
    assert typed == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_what_the_prose_quotes_is_told_once(path: Path) -> None:
    text = "\n".join(cell.source for cell in cells(path, "markdown"))
    quoted = set(re.findall(r"\{glue:text\}`(\w+)", text))
    told = [
        keyword.arg
        for node in ast.walk(ast.parse(code(path)))
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "tell"
        for keyword in node.keywords
        if keyword.arg
    ]
    assert len(told) == len(set(told))
    assert quoted == set(told)


def test_functions_in_chapters_are_short_and_not_repeated() -> None:
    seen: dict[str, str] = {}
    for path in CHAPTERS:
        for node in ast.walk(ast.parse(code(path))):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno and node.end_lineno - node.lineno <= 10, node.name
                assert node.name not in seen, f"{node.name} in {seen[node.name]} and {path.stem}"
                seen[node.name] = path.stem


def test_figures_are_named_once_and_described() -> None:
    names = []
    for path in CHAPTERS:
        for node in ast.walk(ast.parse(code(path))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "page.show":
                given = {keyword.arg: keyword.value for keyword in node.keywords}
                assert {"caption", "alt", "name"} <= set(given), path.stem
                names.append(ast.literal_eval(given["name"]))
    for path in (ROOT / "genrelib" / "book" / "figures").glob("*.py"):
        names += re.findall(r"[\"'](fig-[a-z0-9-]+)[\"']", path.read_text("utf-8"))
    assert len(names) == len(set(names))
    assert len(names) >= 2 * len(CHAPTERS)


def test_the_conclusions_wait_for_every_chapter_that_measures() -> None:
    metadata = nbformat.read(ROOT / "chapters" / "07-conclusions.ipynb", as_version=4).metadata
    assert set(MEASURING) <= set(metadata.genrelib.needs)


# --- what chapter 3 says of the tempo --------------------------------------------------------


def tempo_section(music: Corpus, monkeypatch: pytest.MonkeyPatch) -> tuple[pd.DataFrame, str]:
    """Run that section on a tempo that is right in every slice; return its table and its words."""
    path = ROOT / "chapters" / "03-features.ipynb"
    tables: list[pd.DataFrame] = []
    words: dict[str, object] = {}
    monkeypatch.setattr(page, "table", lambda df, caption: tables.append(df))
    monkeypatch.setattr(page, "show", lambda fig, **about: plt.close(fig))
    monkeypatch.setattr(page, "tell", words.update)
    slices = slice_tracks(music.tracks)
    X = pd.DataFrame({"tempo": slices["track_id"].map(gtzan_tempo()).fillna(120.0)})
    names = {"music": music, "slices": slices, "X": X, "seed": 0, "fast": True}
    names["rng"] = np.random.default_rng(0)
    tree = ast.parse(code(path))
    tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    exec(compile(tree, str(path), "exec"), names)
    names["eta_squared"] = lambda table, labels: table.var() / table.var()
    for cell in cells(path, "code"):
        if cell.id.startswith("code-tempo"):
            exec(cell.source, names)
    return (tables or [pd.DataFrame()])[0], " ".join(map(str, words.values()))


@pytest.fixture
def all_of_gtzan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Corpus:
    """All tracks but one, without audio, as in a corpus of features that were extracted."""
    monkeypatch.setenv("GENRELIB_DATA", str(tmp_path))
    tracks = gtzan_annotations().drop(index="jazz.00054").assign(duration=30.0)
    return replace(load_corpus("gtzan-mini"), tracks=tracks)


def test_the_tempo_is_scored_where_it_can_be(
    all_of_gtzan: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, words = tempo_section(all_of_gtzan, monkeypatch)
    assert table["tracks"].tolist() == [998, 998, 100]
    assert table["estimates"].tolist() == [4990, 998, 100]
    assert table["accuracy 1"].str.startswith("1.00").tolist() == [True, True, False]
    assert "998 of the 999 tracks" in words
    assert "100 of them: for the other 898 the sound is not on disk" in words
    assert "it harms to listen longer" in words


@pytest.mark.parametrize("known", [True, False])
def test_the_tempo_of_whole_tracks_may_be_unknown(
    all_of_gtzan: Corpus, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracks = all_of_gtzan.tracks.drop(index=list(GTZAN_MINI))
    if not known:  # a reader's own tracks, whatever they are called
        tracks = tracks.assign(fold=None, fault=None)
    table, words = tempo_section(replace(all_of_gtzan, tracks=tracks), monkeypatch)
    assert list(table.index) == (["one slice", "median of the slices"] if known else [])
    assert ("The third is left out" in words) == known
    assert ("nothing to score" in words) != known
    assert "whole tracks it is right" not in words


def test_where_every_track_has_a_tempo_nothing_is_left_out(
    all_of_gtzan: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracks = all_of_gtzan.tracks.loc[list(GTZAN_MINI)]
    table, words = tempo_section(replace(all_of_gtzan, tracks=tracks), monkeypatch)
    assert table["tracks"].tolist() == [100, 100, 100]
    assert "all three estimates rest on these" in words
    assert "not on disk" not in words


# --- that they run ---------------------------------------------------------------------------


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the book is made from, so that the reader's build is left alone."""
    root = tmp_path_factory.mktemp("clone")
    for name in ("_config.yml", "_toc.yml", "requirements.lock"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "chapters", root / "chapters")
    return root


@pytest.fixture(scope="session")
def default_site(clone: Path) -> Path:
    """The default corpus on a machine without audio, in fast mode."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GENRELIB_DATA", raising=False)
        html = build(fast=True, root=clone, quiet=True).html
    assert html is not None
    return html


@pytest.mark.slow
def test_sketches_go_from_audio_to_score(clone: Path) -> None:
    made = build("sketch", fast=True, root=clone, quiet=True)
    assert sorted(made.ran) == NAMES
    assert made.html is not None
    pages = {path.stem: path.read_text("utf-8") for path in made.html.glob("chapters/*.html")}
    assert set(NAMES) <= set(pages)
    assert "sketch" in pages["07-conclusions"]


@pytest.mark.slow
def test_the_default_site_has_no_faults(default_site: Path) -> None:
    assert check_site(default_site, ROOT) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [*NAMES, *OTHER_PAGES])
def test_a_page_of_the_default_site(default_site: Path, name: str) -> None:
    soup = BeautifulSoup(
        (default_site / "chapters" / f"{name}.html").read_text("utf-8"), "html.parser"
    )
    article = soup.find("article")
    assert article is not None
    text = article.get_text(" ")
    assert "Traceback" not in text
    assert "{glue" not in text and "{term}" not in text and "{cite" not in text
    assert "nan" not in text.split()
    for image in article.find_all("img"):
        assert image.get("alt"), f"no text alternative: {image}"
    if name in NAMES:
        figures = article.find_all("figure")
        assert figures
        assert all(figure.find("figcaption").get_text(strip=True) for figure in figures)
