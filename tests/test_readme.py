"""Tests of what is written for people: README, CONTRIBUTING, licence, citation, references."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from pybtex.database import parse_file
from typer.main import get_command

from genrelib import __version__
from genrelib.book import results
from genrelib.book.readme import MARKS, readme_table, update_readme
from genrelib.book.results import load_results
from genrelib.classify import load_model
from genrelib.cli.app import app
from genrelib.cli.corpus import corpus_app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PAGES = {"README.md": README, "CONTRIBUTING.md": CONTRIBUTING}
RECORDED = results.RECORDED / "gtzan-mini.json"


def code(text: str) -> str:
    """Return all that stands in code blocks and code words."""
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    rest = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    words = [word for _, word in re.findall(r"(`+)(.+?)\1", rest, re.DOTALL)]
    return "\n".join([*blocks, *words])


# --- the table -------------------------------------------------------------------------------


def test_the_marks_of_the_results_table_are_there() -> None:
    assert all(README.count(mark) == 1 for mark in MARKS)
    assert README.index(MARKS[0]) < README.index(MARKS[1])


@pytest.mark.skipif(not RECORDED.exists(), reason="no results are recorded yet")
def test_the_results_table_is_that_of_the_recorded_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENRELIB_RESULTS", str(tmp_path))
    recorded = load_results("gtzan-mini")
    assert recorded.attrs["source"] == "recorded"
    table = README.split(MARKS[0])[1].split(MARKS[1])[0].strip()
    stale = "README.md is stale: run `make book`, then `genrelib results --record`"
    assert table == readme_table(recorded), stale
    assert update_readme(README, recorded) == README


# --- links and commands ----------------------------------------------------------------------


def test_how_far_classify_can_be_trusted_is_what_its_card_says() -> None:
    found = load_model().card["scores"]["artist"]["30 s"]["accuracy"]
    says = r"(\d+) in 100 are\s+named\s+rightly \(95 % interval (\d+) to (\d+)\)"
    told = re.search(says, README)
    assert told
    assert list(map(int, told.groups())) == [
        round(100 * found[key]) for key in ("value", "low", "high")
    ]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", PAGES[page], flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", prose)
    assert links
    for link in links:
        if not link.startswith("https://"):
            assert (ROOT / link.split("#")[0]).is_file(), f"{page} links to {link}"


def test_pictures_have_a_text_alternative() -> None:
    pictures = re.findall(r"!\[(.*?)\]\(", README, re.DOTALL)
    assert len(pictures) == 1
    assert all(len(alt.split()) > 8 for alt in pictures)


@pytest.mark.parametrize("page", PAGES)
def test_targets_of_make_exist(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"(?<![\w-])make ([a-z]+)", code(PAGES[page])))
    assert {"book", "test"} <= named <= targets


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_their_options_exist(page: str) -> None:
    commands = get_command(app).commands
    parts = get_command(corpus_app).commands
    lines = re.findall(r"(?<!from )(?<!import )\bgenrelib ([a-z][^\n#`]*)", code(PAGES[page]))
    assert lines
    for line in lines:
        words = line.replace(",", " ").split()
        command = commands[words[0]]
        if words[0] == "corpus":
            command = parts[words[1]]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, line


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page: str) -> None:
    pattern = r"\b((?:genrelib|tests|chapters)/[\w./-]+\.(?:py|md|bib|csv|parquet|yml))"
    for name in re.findall(pattern, code(PAGES[page])):
        assert (ROOT / name).is_file(), name


def test_the_layout_names_every_room() -> None:
    layout = README.split("## Layout")[1].split("```")[1]
    rooms = {path.name for path in (ROOT / "genrelib").iterdir() if path.is_dir()}
    assert rooms - {"__pycache__"} == set(re.findall(r"^  (\w+)/", layout, re.MULTILINE))
    assert layout.strip().count("\n") <= 20


def test_names_in_the_recipes_exist() -> None:
    """What CONTRIBUTING tells people to edit is there."""
    recipes = {
        "features/families.py": ["FAMILIES", "FEATURES", "Feature", "Spectra"],
        "corpus/sources.py": ["Source", "SOURCES"],
        "models/estimators.py": ["MODELS", "make_model"],
    }
    for module, names in recipes.items():
        source = (ROOT / "genrelib" / module).read_text("utf-8")
        for name in names:
            assert f"`{name}`" in CONTRIBUTING, name
            assert re.search(rf"^(def |class )?{name}\b", source, re.MULTILINE), name
    folder = ROOT / "tests" / "features"
    tests = "".join(path.read_text("utf-8") for path in sorted(folder.glob("*.py")))
    assert "\nLIBROSA:" in tests
    assert "def test_snapshot_equals_recomputation" in tests


def test_the_table_of_changes_has_a_file_in_each_row() -> None:
    table = CONTRIBUTING.split("## Where do I change ...?")[1].split("\n\n")[1]
    rows = [row for row in table.splitlines()[2:] if row.startswith("|")]
    assert len(rows) >= 12
    for row in rows:
        (file,) = re.findall(r"`(genrelib/[\w/]+\.py)`", row)
        assert (ROOT / file).is_file(), file


def test_the_lock_is_renewed_by_a_command_that_fits_it() -> None:
    command = CONTRIBUTING.split("uv pip compile")[1].split("```")[0]
    assert {"--universal", "--generate-hashes", "--no-emit-index-url"} <= set(command.split())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lowest = project["requires-python"].removeprefix(">=")
    assert f"--python-version {lowest} --extra dev pyproject.toml -o requirements.lock" in command


# --- licence, citation, sources --------------------------------------------------------------


def test_licences_are_named() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "BSD 3-Clause License" in text
    assert "Copyright (c) 2026, The Genre, Measured authors" in text
    assert "CC BY 4.0" in text


def test_citation_fits_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert citation["cff-version"] == "1.2.0"
    assert str(citation["version"]) == project["version"] == __version__
    assert citation["authors"] == project["authors"]
    assert citation["title"].split(".")[0] == "Genre, Measured"
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    assert citation["repository-code"] == config["repository"]["url"]
    assert set(citation["license"]) == {"BSD-3-Clause", "CC-BY-4.0"}


def test_references_are_whole() -> None:
    entries = parse_file(ROOT / "chapters" / "references.bib").entries
    for key, entry in entries.items():
        assert {"title", "year"} <= set(entry.fields), key
        assert entry.persons["author"], key
        doi = entry.fields.get("doi", "10.")
        assert doi.startswith("10."), key
        # A key is the first author and the year, or the name of a tool.
        assert key in ("papermill", "trainedear") or key.endswith(entry.fields["year"]), key
    dois = [entry.fields["doi"].lower() for entry in entries.values() if "doi" in entry.fields]
    assert len(dois) == len(set(dois))


def test_sources_cited_and_terms_linked_in_chapters_exist() -> None:
    keys = set(parse_file(ROOT / "chapters" / "references.bib").entries)
    glossary = (ROOT / "chapters" / "glossary.md").read_text("utf-8").split("```{glossary}")[1]
    terms = {line.lower() for line in glossary.splitlines() if re.match(r"[\w]", line)}
    for path in [*(ROOT / "chapters").glob("*.ipynb"), *(ROOT / "chapters").glob("*.md")]:
        text = path.read_text("utf-8")
        for cited in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text):
            assert {key.strip() for key in cited.split(",")} <= keys, path.name
        for term in re.findall(r"\{term\}`([^`]+)`", text):
            target = re.sub(r".*<(.*)>", r"\1", " ".join(term.replace("\\n", " ").split()))
            assert target.lower() in terms, f"{path.name}: {term}"


def test_every_term_is_explained_once() -> None:
    glossary = (ROOT / "chapters" / "glossary.md").read_text("utf-8").split("```{glossary}")[1]
    terms = [line for line in glossary.splitlines() if re.match(r"[\w]", line)]
    assert len(terms) == len({term.lower() for term in terms})
    assert len(terms) > 80
