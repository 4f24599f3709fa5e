"""The press, on a book of two chapters: what runs, what does not, what is said, what is made."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import small_book
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from genrelib import studies
from genrelib.book import chapters, check, madefrom, pages, press, running
from genrelib.book.chapters import BookError, find_root, stored_outputs
from genrelib.book.check import check_site
from genrelib.book.log import Log
from genrelib.book.press import build
from genrelib.cli.app import INTERRUPTED
from genrelib.corpus.places import PACKAGE_DATA
from genrelib.corpus.table import CorpusError

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory):
    """A build that knows nothing of the machine it runs on."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [*os.environ]:
            if name.startswith(("GITHUB_", "GENRELIB_")):
                patch.delenv(name)
        patch.setenv("GENRELIB_DATA", str(tmp_path_factory.mktemp("data")))
        # Colleagues or an editor may save a module while the tests run.
        sources = madefrom.hash_files((ROOT / "genrelib").rglob("*.py"), ROOT)
        patch.setattr(madefrom, "hash_files", _frozen(madefrom.hash_files, sources))
        yield patch


def _frozen(real, sources):
    def hash_files(paths, base):
        paths = list(paths)
        own = base == PACKAGE_DATA.parent and any(p.suffix == ".py" for p in paths)
        return sources if own else real(paths, base)

    return hash_files


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, environment) -> Path:
    """A book that has been built, in a folder with a blank in its name."""
    root = small_book.make_book(tmp_path_factory.mktemp("books") / "small book")
    result = build(root=root, quiet=True)
    assert result.ran == {"one": "first run", "two": "first run"}
    assert result.rendered
    return root


def page(root: Path, name: str) -> BeautifulSoup:
    path = root / "_build" / "html" / "chapters" / f"{name}.html"
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


# --- the pages -------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_figure_has_number_caption_and_text_alternative(root: Path) -> None:
    (figure,) = page(root, "one").select("figure#fig-line")
    assert figure.img["alt"] == "A line that rises."
    assert figure.select_one(".caption-number").text.strip() == "Fig. 1"
    assert figure.select_one(".caption-text").text == "A line, seed 0."
    assert figure.select_one(".caption-text em").text == "seed"
    assert re.fullmatch(r"width: \d+px;", figure.img["style"])
    # The caption that JupyterLab shows below the image is not there twice.
    assert page(root, "one").text.count("A line, seed 0.") == 1


@pytest.mark.slow
def test_prose_takes_its_numbers_from_the_run(root: Path) -> None:
    first, second = page(root, "one").text, page(root, "two").text
    assert "There are 3 things, 50.0% of them odd." in first
    assert "See Fig. 1 and Adding." in first
    assert "It makes 2." in second


@pytest.mark.slow
def test_tables_and_players_are_in_the_page(root: Path) -> None:
    soup = page(root, "one")
    table = soup.select_one(".genre-table table")
    assert table.caption.text == "Scores"
    assert [th["scope"] for th in table.select("th")] == ["col", "col", "row"]
    sounds = soup.select("audio")
    assert len(sounds) == 2
    assert all("synthetic sketch, not a recording" in sound["aria-label"] for sound in sounds)
    assert all(sound["src"].startswith("data:audio/mpeg;base64,") for sound in sounds)


@pytest.mark.slow
def test_buttons_open_the_notebook_in_the_repository(root: Path) -> None:
    links = {a["href"] for a in page(root, "one").select("a[href]")}
    name = "genre-measured/genre-measured"
    colab = f"https://colab.research.google.com/github/{name}/blob/main/chapters/one.ipynb"
    binder = f"https://mybinder.org/v2/gh/{name}/main?urlpath=lab/tree/chapters/one.ipynb"
    assert {colab, binder, f"https://github.com/{name}"} <= links
    assert any(link.endswith("_sources/chapters/one.ipynb") for link in links)
    assert not any("thebe" in link for link in links)


@pytest.mark.slow
def test_about_this_build_says_what_was_built(root: Path) -> None:
    text = page(root, "about-build").text
    for words in ("gtzan-mini", "Seed", "librosa", "Counting", "Adding", "this build"):
        assert words in text
    plain = " ".join(text.split()).replace("’", "'")
    assert studies.bench_summary(studies.load_bench()) in plain
    (bars,) = page(root, "about-build").select("article figure img")
    assert "this package" in bars["alt"]
    assert (root / "_build" / "html" / "chapters" / bars["src"]).resolve().is_file()


@pytest.mark.slow
def test_the_site_passes_its_own_checks(root: Path) -> None:
    html = root / "_build" / "html"
    assert check_site(html, root) == []
    assert (html / "index.html").exists()
    assert (html / "_static" / "custom.css").exists()


@pytest.mark.slow
def test_kernels_get_a_folder_for_results(root: Path) -> None:
    seen = root / "_build" / "book-state" / "gtzan-mini-seed0" / "results" / "seen"
    assert seen.read_text() == "gtzan-mini"


# --- what runs again -------------------------------------------------------------------------


@pytest.mark.slow
def test_nothing_runs_when_nothing_changed(root: Path, capsys) -> None:
    started = time.perf_counter()
    result = build(root=root)
    assert result.ran == {} and result.unchanged == ["one", "two"]
    assert not result.rendered
    assert time.perf_counter() - started < 10
    said = capsys.readouterr().out
    assert "chapter 1 of 2: Counting: unchanged" in said
    assert "Nothing changed" in said
    assert "make serve" in said


@pytest.mark.slow
def test_new_prose_needs_no_run(root: Path) -> None:
    prose = small_book.SECOND[-1] + " Really."
    before, after = "text: A cell more.", "text: And one behind."
    whole = [*small_book.SECOND[:2], before, *small_book.SECOND[2:-1], prose, after]
    small_book.write_chapter(root, "two", whole, ["one"])
    result = build(root=root, quiet=True)
    assert result.ran == {} and result.rendered
    assert "It makes 2. Really." in page(root, "two").text
    assert "A cell more." in page(root, "two").text
    assert "And one behind." in page(root, "two").text


@pytest.mark.slow
def test_new_code_runs_in_this_chapter_and_parameters_are_shown(root: Path, capsys) -> None:
    cells = [*small_book.SECOND[:3], "total = 10 + seed", small_book.SECOND[-1]]
    small_book.write_chapter(root, "two", cells, ["one"])
    result = build(root=root)
    assert result.ran == {"two": "code changed"} and result.unchanged == ["one"]
    assert "chapter 2 of 2: Adding (code changed)" in capsys.readouterr().out
    assert "It makes 10." in page(root, "two").text
    # Inside the notebook the parameters are those of the run, in the cell that declares them.
    built = nbformat.read(root / "_build/book/chapters/two.ipynb", as_version=4)
    assert built.cells[1].source == small_book.PARAMETERS
    assert not any("injected" in str(cell.metadata) for cell in built.cells)
    assert "an earlier build" in page(root, "about-build").text


@pytest.mark.slow
def test_reasons_are_told_apart(root: Path) -> None:
    folders = chapters.Folders(root, "gtzan-mini-seed0")
    manifest = madefrom.Manifest(folders)
    one, two = chapters.read_book(root)
    parts = dict(manifest.chapters["one"]["parts"])
    assert manifest.why(one, parts) is None
    for what in ("genrelib", "data", "lock file", "installed versions", "parameters"):
        assert manifest.why(one, {**parts, what: "other"}) == f"{what} changed"
    manifest.chapters["one"]["finished"] = "later"
    assert manifest.why(two, manifest.chapters["two"]["parts"]) == "needs one, which ran again"
    (folders.executed / "one.ipynb").rename(folders.executed / "hidden.ipynb")
    assert manifest.why(one, parts) == "first run"
    (folders.executed / "hidden.ipynb").rename(folders.executed / "one.ipynb")


def test_what_a_chapter_depends_on(tmp_path: Path, environment) -> None:
    folders = chapters.Folders(tmp_path, "x")
    (tmp_path / "requirements.lock").write_text("a==1")
    before = madefrom.common_parts(folders, {"seed": 0}, "audio")
    (tmp_path / "requirements.lock").write_text("a==2")
    after = madefrom.common_parts(folders, {"seed": 1}, "other audio")
    changed = {what for what in before if before[what] != after[what]}
    assert changed == {"lock file", "parameters", "data"}


def test_a_chapter_depends_on_its_figures_and_what_these_share() -> None:
    names = {
        path.stem for path in madefrom.figure_modules("from genrelib.book.figures import ear")
    }
    assert names == {"ear", "charts"}
    assert madefrom.figure_modules("import genrelib as gl") == set()


@pytest.mark.parametrize("call", ["gl.load_music(corpus)", "from genrelib.features import usable"])
def test_audio_is_measured_before_a_chapter_that_asks_for_it(
    tmp_path: Path, environment, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    asked: list[str] = []
    corpus = type("Corpus", (), {"skipped": pd.DataFrame(columns=["path", "reason"])})
    monkeypatch.setattr("genrelib.features.usable", lambda *_, **__: asked.append(call) or corpus)
    root = small_book.make_book(tmp_path / "book")
    log = Log(quiet=True)
    running._measure(chapters.read_book(root), "gtzan-mini", log)
    assert asked == []  # nothing of this book asks for audio
    small_book.write_chapter(root, "one", ["# One", small_book.PARAMETERS, call])
    running._measure(chapters.read_book(root), "gtzan-mini", log)
    assert asked == [call]


# --- what goes wrong -------------------------------------------------------------------------


@pytest.mark.slow
def test_a_failing_chapter_is_named_with_its_cell_and_loses_nothing(root: Path) -> None:
    html = (root / "_build/html/chapters/one.html").read_text("utf-8")
    small_book.write_chapter(
        root, "one", [*small_book.FIRST[:2], "kept = 1", "# divide\n1 / 0", "never = 1"]
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-m", "genrelib", "book"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "error: one failed in cell 4 of 5:\n    # divide\n    1 / 0\n" in result.stderr
    assert "ZeroDivisionError: division by zero" in result.stderr
    assert "Traceback" not in result.stderr
    report = nbformat.read(root / "_build/reports/one.ipynb", as_version=4)
    assert [o.output_type for cell in report.cells for o in cell.get("outputs", [])] == ["error"]
    assert "ZeroDivisionError" in (root / "_build/reports/one.txt").read_text("utf-8")
    # The pages of the last good build are still there, and so is the run of the chapter.
    assert (root / "_build/html/chapters/one.html").read_text("utf-8") == html
    small_book.write_chapter(root, "one", small_book.FIRST)
    manifest = madefrom.Manifest(chapters.Folders(root, "gtzan-mini-seed0"))
    assert {"one", "two"} <= set(manifest.chapters)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent differently on Windows")
def test_an_interrupted_build_ends_its_kernel_and_keeps_what_was_done(
    tmp_path: Path, environment
) -> None:
    root = small_book.make_book(tmp_path / "book")
    pid = root / "pid"
    waiting = f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"
    small_book.write_chapter(root, "one", ["# Done", small_book.PARAMETERS])
    small_book.write_chapter(root, "two", ["# Waiting", small_book.PARAMETERS, waiting])
    process = subprocess.Popen(
        [sys.executable, "-m", "genrelib", "book"],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background lets its children ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    for _ in range(600):
        if pid.exists() and pid.read_text():
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == INTERRUPTED
    assert errors.strip() == "stopped; what was finished is kept"
    for _ in range(100):
        if not _alive(int(pid.read_text())):
            break
        time.sleep(0.1)
    assert not _alive(int(pid.read_text()))
    state = root / "_build" / "book-state" / "gtzan-mini-seed0"
    assert list(json.loads((state / "manifest.json").read_text())) == ["one"]
    assert [path.name for path in (state / "executed").iterdir()] == ["one.ipynb"]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that has ended may still be waiting to be noticed.
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.mark.slow
def test_a_warning_of_the_page_is_an_error_and_the_old_pages_stay(root: Path) -> None:
    index = root / "chapters" / "index.md"
    good = index.read_text("utf-8")
    html = (root / "_build/html/chapters/index.html").read_text("utf-8")
    index.write_text(good + "\nSee {doc}`nowhere`.\n", "utf-8")
    for name, cells in (("one", small_book.FIRST), ("two", small_book.SECOND)):
        small_book.write_chapter(root, name, cells, ["one"] if name == "two" else None)
    with pytest.raises(BookError, match=r"(?s)warnings or errors.*nowhere.*pages\.txt"):
        build(root=root, quiet=True)
    assert (root / "_build/html/chapters/index.html").read_text("utf-8") == html
    index.write_text(good, "utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("no-parameters", "0 cells tagged 'parameters'"),
        ("no-seed", "does not set seed"),
        ("missing", "there is no chapters/three"),
        ("needs", "needs 'three', which is no chapter; there are one, two"),
        ("circle", "chapters need each other, so none can run first: two, one."),
        ("broken", "is not a notebook"),
    ],
)
def test_faults_of_a_book_are_found_before_anything_runs(
    tmp_path: Path, environment, change: str, message: str
) -> None:
    root = small_book.make_book(tmp_path / "book")
    if change == "no-parameters":
        nbformat.write(nbformat.v4.new_notebook(), root / "chapters" / "one.ipynb")
    elif change == "no-seed":
        small_book.write_chapter(root, "one", ["# One", 'corpus = "x"\nfast = False'])
    elif change == "missing":
        toc = small_book.TOC.replace("chapters/two", "chapters/three")
        (root / "_toc.yml").write_text(toc, "utf-8")
    elif change == "needs":
        small_book.write_chapter(root, "one", small_book.FIRST, ["three"])
    elif change == "circle":
        small_book.write_chapter(root, "one", small_book.FIRST, ["two"])
    else:
        (root / "chapters" / "one.ipynb").write_text("{]", "utf-8")
    with pytest.raises(BookError, match=re.escape(message)):
        build(root=root, quiet=True)
    assert not (root / "_build").exists()


def test_unknown_names_are_refused(tmp_path: Path, environment) -> None:
    root = small_book.make_book(tmp_path / "book")
    with pytest.raises(CorpusError, match="unknown corpus 'gtzna'"):
        build("gtzna", root=root, quiet=True)
    with pytest.raises(BookError, match="no chapter 'three'; there are one, two"):
        build(root=root, chapters=["three"], quiet=True)
    with pytest.raises(BookError, match=r"no book at .*nowhere"):
        find_root(tmp_path / "nowhere")


def test_a_chapter_is_chosen_by_name_or_number_with_what_it_needs(
    tmp_path: Path, environment
) -> None:
    book = [
        chapters.Chapter(name, tmp_path, small_book.notebook(small_book.SECOND, needs))
        for name, needs in (("01-a", []), ("02-b", []), ("03-c", ["01-a"]))
    ]
    for what in ("03-c", "03", "03-c.ipynb"):
        assert [c.name for c in chapters.select(book, [what])] == ["01-a", "03-c"]
    assert chapters.select(book, None) == book


def test_what_a_chapter_needs_is_executed_before_it(tmp_path: Path, environment) -> None:
    needs = {"a": ["c"], "b": [], "c": ["e"], "d": ["b"], "e": [], "f": ["a"]}
    book = [
        chapters.Chapter(name, tmp_path, small_book.notebook(small_book.SECOND, needed))
        for name, needed in needs.items()
    ]
    order = chapters.execution_order(book)
    # Where nothing is needed, the order of the pages stays.
    assert "".join(c.name for c in order) == "bdecaf"
    for wanted, selected in (("f", "ecaf"), ("d", "bd"), ("e", "e")):
        assert "".join(c.name for c in chapters.select(order, [wanted])) == selected


@pytest.mark.slow
def test_pages_keep_their_order_where_the_first_needs_the_second(
    tmp_path: Path, environment
) -> None:
    root = small_book.make_book(tmp_path / "book")
    reads = f"assert open({str(root / 'total')!r}).read() == '2'"
    writes = f"open({str(root / 'total')!r}, 'w').write('2')"
    small_book.write_chapter(root, "one", [*small_book.FIRST, reads], ["two"])
    small_book.write_chapter(root, "two", [*small_book.SECOND, writes])
    result = build(root=root, quiet=True)
    assert list(result.ran) == ["two", "one"]
    assert page(root, "one").select_one("a.right-next")["href"] == "two.html"
    assert build(root=root, quiet=True).unchanged == ["two", "one"]


# --- smaller parts ---------------------------------------------------------------------------


def test_states_of_different_parameters_are_kept_apart() -> None:
    def slug(corpus: str, seed: int = 0, fast: bool = False) -> str:
        return press.slug({"corpus": corpus, "seed": seed, "fast": fast})

    assert slug("gtzan-mini") == "gtzan-mini-seed0"
    assert slug("gtzan-mini", 3, True) == "gtzan-mini-seed3-fast"
    assert slug("folder:/a/b") != slug("folder:/a-b")
    assert re.fullmatch(r"[a-z0-9-]+", slug("folder:/Ä/b c"))


@pytest.mark.slow
def test_a_relative_folder_is_the_same_for_the_kernels(
    tmp_path: Path, monkeypatch, environment
) -> None:
    from genrelib.corpus import sketch

    sketch.render_all(tmp_path / "music")
    monkeypatch.chdir(tmp_path)
    name, identity = madefrom.identify_corpus("sketch+folder:music")
    assert name == f"sketch+folder:{tmp_path / 'music'}"
    next((tmp_path / "music").glob("*/*.wav")).touch()
    assert madefrom.identify_corpus("sketch+folder:music")[1] != identity


@pytest.mark.slow
def test_the_tables_of_the_study_are_fetched_before_anything_runs(
    tmp_path: Path, environment, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("GENRELIB_OFFLINE", "1")
    monkeypatch.setenv("GENRELIB_CACHE", str(tmp_path / "cache"))
    root = small_book.make_book(tmp_path / "book")
    small_book.write_chapter(root, "one", ["# One", small_book.PARAMETERS, "1 + 1"])
    two = ["# Two", small_book.PARAMETERS, "# load_original_study, Ledger(\n1 / 0"]
    small_book.write_chapter(root, "two", two)
    with pytest.raises(BookError, match="ZeroDivisionError"):
        build(root=root)
    said = capsys.readouterr().out
    assert said.index("tables are not at hand") < said.index("chapter 1 of 2")
    one, two_ = chapters.read_book(root)
    assert madefrom.own_parts(one) == {}
    assert set(madefrom.own_parts(two_)) == {"recorded results", "the original study's tables"}


def test_another_run_of_the_long_study_is_a_reason_to_run(
    tmp_path: Path, environment, monkeypatch
) -> None:
    monkeypatch.setenv("GENRELIB_CACHE", str(tmp_path / "cache"))
    root = small_book.make_book(tmp_path / "book")
    small_book.write_chapter(root, "one", ["# One", small_book.PARAMETERS, "# load_study\n1"])
    chapter = chapters.read_book(root)[0]
    before = madefrom.own_parts(chapter)
    assert set(before) == {"the study of the networks"}
    part = tmp_path / "cache" / "lstm-study" / "gtzan-mini" / "lstm.0.parquet"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"a part")
    assert madefrom.own_parts(chapter) != before


@pytest.mark.slow
def test_a_long_run_that_is_asked_for_is_a_reason_to_run(
    tmp_path: Path, environment, monkeypatch
) -> None:
    root = small_book.make_book(tmp_path / "book")
    code = 'import os\nassert os.environ["GENRELIB_OFFLINE"]\nos.environ.get("GENRELIB_FULL")'
    small_book.write_chapter(root, "one", ["# One", small_book.PARAMETERS, code])
    build(chapters=["one"], root=root, quiet=True)
    assert build(chapters=["one"], root=root, quiet=True).ran == {}
    monkeypatch.setenv("GENRELIB_FULL", "1")
    assert build(chapters=["one"], root=root, quiet=True).ran == {"one": "GENRELIB_FULL changed"}


@pytest.mark.slow
def test_downloaded_audio_counts_where_it_lies_beside_the_cache(
    tmp_path: Path, monkeypatch
) -> None:
    from genrelib.corpus import places, sketch

    for variable in ("GENRELIB_DATA", "GENRELIB_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(places.platformdirs, "user_cache_dir", lambda _: tmp_path)
    before = madefrom.identify_corpus("gtzan-mini")
    wav = next(iter(sketch.render_all(tmp_path / "clips").values()))
    target = tmp_path / "gtzan-mini" / "genres" / "blues" / "blues.00000.wav"
    target.parent.mkdir(parents=True)
    wav.rename(target)
    assert madefrom.identify_corpus("gtzan-mini") != before


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('corpus = "gtzan-mini"  # which', 'corpus = "folder:/ü"  # which'),
        ("corpus='x'", 'corpus="folder:/ü"'),
        ("seed = 0", "seed = 7"),
        ("fast = False  # short cuts", "fast = True  # short cuts"),
        ("other = 0", "other = 0"),
    ],
)
def test_parameters_are_shown_as_they_were(line: str, shown: str) -> None:
    parameters = {"corpus": "folder:/ü", "seed": 7, "fast": True}
    assert pages._with_parameters(line, parameters) == shown


def test_on_actions_the_links_lead_to_the_repository_of_the_run(tmp_path, monkeypatch) -> None:
    (tmp_path / "_config.yml").write_text("repository: {url: 'https://github.com/a/b'}", "utf-8")
    for name in ("GITHUB_REPOSITORY", "GITHUB_HEAD_REF", "GITHUB_REF_NAME", "GITHUB_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    assert check.repository_of(tmp_path) == ("https://github.com/a/b", "main")
    monkeypatch.setenv("GITHUB_REPOSITORY", "me/fork")
    monkeypatch.setenv("GITHUB_REF_NAME", "12/merge")
    monkeypatch.setenv("GITHUB_HEAD_REF", "topic")
    assert check.repository_of(tmp_path) == ("https://github.com/me/fork", "topic")


HUB = "https://hub.example.org/hub/user-redirect/git-pull?repo=https%3A//github.com/a/b"
SITE_FAULTS = {
    '<img src="a.png">': "image without text alternative",
    '<img src="a.png" alt=" ">': "image without text alternative",
    '<a href="gone.html">x</a>': "broken link: gone.html",
    '<a href="../outside.txt">x</a>': "broken link: ../outside.txt",
    '<a href="#gone">x</a>': "link to a missing place: #gone",
    '<a href="other.html#gone">x</a>': "link to a missing place: other.html#gone",
    '<a href="/other.html">x</a>': "leaves the book",
    '<div class="output traceback">x</div>': "an output is an error",
    '<span class="problematic">x</span>': "unresolved reference",
    '<a href="https://github.com/a/b/blob/main/gone.py">x</a>': "does not have",
    '<a href="https://colab.research.google.com/github/a/b/blob/main/c/gone.ipynb">x</a>': (
        "does not have"
    ),
    '<a href="https://mybinder.org/v2/gh/a/b/main?urlpath=lab/tree/gone.ipynb">x</a>': (
        "does not have"
    ),
    '<a href="https://mybinder.org/v2/gh/a/b/other?urlpath=lab/tree/here.ipynb">x</a>': "unknown",
    f'<a href="{HUB}&amp;urlpath=lab/tree/b/gone.ipynb&amp;branch=main">x</a>': "does not have",
    f'<a href="{HUB}&amp;urlpath=lab/tree/here.ipynb&amp;branch=main">x</a>': "does not have",
    f'<a href="{HUB}&amp;urlpath=lab/tree/b/here.ipynb&amp;branch=other">x</a>': "another",
    "x" * 2_000_001: "bytes",
}


@pytest.fixture
def site(tmp_path: Path, environment) -> Path:
    (tmp_path / "_config.yml").write_text(
        "repository: {url: 'https://github.com/a/b', branch: main}", "utf-8"
    )
    (tmp_path / "here.ipynb").write_text("")
    (tmp_path / "outside.txt").write_text("")
    html = tmp_path / "html"
    html.mkdir()
    (html / "a.png").write_bytes(b"")
    (html / "other.html").write_text('<h1 id="here">x</h1>')
    return html


@pytest.mark.parametrize(("markup", "fault"), SITE_FAULTS.items())
def test_faults_of_a_site_are_found(site: Path, markup: str, fault: str) -> None:
    (site / "page.html").write_text(markup)
    (problem,) = check_site(site, site.parent)
    assert problem.startswith("page.html: ") and fault in problem


def test_a_good_site_has_no_faults(site: Path) -> None:
    links = ["other.html", "other.html#here", "#top", "https://example.org/gone", "mailto:a@b.c"]
    links += ["https://mybinder.org/v2/gh/a/b/main?urlpath=lab/tree/here.ipynb"]
    links += [f"{HUB}&amp;urlpath=lab/tree/b/here.ipynb&amp;branch=main"]
    links += ["https://github.com/a/b", "https://github.com/a/b/issues/new?title=x"]
    text = '<img src="a.png" alt="A"><p id="top">' + "".join(f'<a href="{x}">x</a>' for x in links)
    (site / "page.html").write_text(text)
    assert check_site(site, site.parent) == []
    (site / "big.bin").write_bytes(b"0" * 45_000_001)
    assert "the site has" in check_site(site)[0]


def test_stored_outputs_are_found_and_removed(tmp_path: Path) -> None:
    root = small_book.make_book(tmp_path / "book")
    assert stored_outputs(root) == []
    notebook = nbformat.read(root / "chapters" / "one.ipynb", as_version=4)
    notebook.cells[1].execution_count = 3
    nbformat.write(notebook, root / "chapters" / "one.ipynb")
    assert len(stored_outputs(root)) == 1
    assert len(stored_outputs(root, strip=True)) == 1
    assert stored_outputs(root) == []


# --- the command -----------------------------------------------------------------------------


def test_help_is_quick_and_complete() -> None:
    started = time.perf_counter()
    code = "import sys; from genrelib.cli.app import app; app(['--help'], standalone_mode=False)\n"
    code += "assert not {'librosa', 'keras', 'pandas', 'numpy'} & set(sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert time.perf_counter() - started < 5
    for command in ("book", "lab", "serve", "lint", "clean", "corpus"):
        assert re.search(rf"\b{command}\b", result.stdout)


def test_serve_says_that_there_is_nothing_to_serve(tmp_path: Path, monkeypatch, capsys) -> None:
    from genrelib.cli.app import main

    small_book.make_book(tmp_path / "book")
    monkeypatch.chdir(tmp_path / "book")
    monkeypatch.setattr(sys, "argv", ["genrelib", "serve"])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit, match="1"):
        main()
    assert "error: the book is not built yet" in capsys.readouterr().err


def test_clean_removes_what_was_made(tmp_path: Path, monkeypatch) -> None:
    from genrelib.cli.app import app

    root = small_book.make_book(tmp_path / "book")
    (root / "_build").mkdir()
    monkeypatch.chdir(root / "chapters")
    assert CliRunner().invoke(app, ["clean"]).exit_code == 0
    assert not (root / "_build").exists()
    assert (root / "chapters" / "one.ipynb").exists()


def test_our_errors_are_one_message_and_others_are_not_hidden(monkeypatch, capsys) -> None:
    cli = sys.modules["genrelib.cli.app"]
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(cli, "app", lambda **_: (_ for _ in ()).throw(BookError("ours")))
    with pytest.raises(SystemExit, match="1"):
        cli.main()
    assert capsys.readouterr().err == "error: ours\n"
    monkeypatch.setattr(cli, "app", lambda **_: (_ for _ in ()).throw(ValueError("a bug")))
    with pytest.raises(ValueError, match="a bug"):
        cli.main()


@pytest.mark.slow
def test_a_page_whose_text_is_newer_than_its_run_is_named(tmp_path: Path, environment) -> None:
    root = small_book.make_book(tmp_path / "book")
    build(root=root, quiet=True)
    longer = [*small_book.SECOND, "text: Twice that is {eval}`2 * total`."]
    small_book.write_chapter(root, "two", longer)
    # The first chapter can be made alone, the page of the second cannot be filled in.
    with pytest.raises(BookError, match=r"two computes has changed.*genrelib book --chapter two"):
        build(chapters=["one"], root=root, quiet=True)
    made = build(root=root, quiet=True)
    assert list(made.ran) == ["two"] and made.html is not None
    assert "Twice that is" in (made.html / "chapters" / "two.html").read_text("utf-8")
