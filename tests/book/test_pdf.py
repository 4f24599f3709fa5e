"""The book on paper: links lead into it, its pages have numbers, and nothing is lost or cut."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import browser
import pytest
import yaml
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from genrelib.book import BookError, pdf, write_pdf
from genrelib.book.chapters import toc_pages
from genrelib.cli import app

ROOT = Path(__file__).parents[2]
CHAPTERS = len(list((ROOT / "chapters").glob("*.ipynb")))
BROWSER_ONLY = pytest.mark.skipif(not browser.CHROMIUM, reason="no chromium: apt install chromium")
TEXT = 643
"""Pixels that a line of the page is long: 170 mm."""

ONE = """<html><head><link rel="stylesheet" href="../_static/a.css"></head>
<article class="bd-article"><section id="cats"><h1><span class="section-number">1. </span>Cats<a
class="headerlink" href="#cats">#</a></h1><p>See <a href="two.html#summary">dogs</a>,
<a href="#summary">below</a>, <a href="01.ipynb">a file</a>, <a href="https://example.org/">elsewhere</a>.</p>
<div class="genre-players"><table><caption>Purring.</caption><tr><td><audio></audio></td></tr>
</table></div><script>1</script>
<section id="summary"><h2><span class="section-number">1.1. </span>Summary</h2><p>Cats purr.</p>
<details><summary>More</summary><p>Loudly.</p></details></section>
<section id="self-test"><h2>Self-test</h2><p><strong>1.</strong> Who?</p>
<details><summary><span class="sd-summary-text">Dogs.</span></summary><div><p>No. Bark.</p></div>
</details><details><summary><span class="sd-summary-text">Cats.</span></summary><div>
<p>Right. Purr.</p></div></details></section>
<section id="exercises"><h2>Exercises</h2><div class="solution" id="s1"><p>Listen.</p></div>
<p>The end.</p></section></section></article></html>"""
TWO = """<html><article class="bd-article"><section id="dogs"><h1>Dogs</h1>
<p><img src="../_images/x.svg" alt="A dog">
Back to <a href="one.html">cats</a>.</p><section id="summary"><h2>Summary</h2><p>Dogs bark.</p>
</section></section></article></html>"""
DOG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/>'
    "</svg>"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A built book of two pages."""
    files = {
        "_toc.yml": "root: chapters/one\nparts:\n- caption: More\n  chapters:\n"
        "  - file: chapters/two\n  - file: chapters/never-built\n",
        "_config.yml": "title: Cats & dogs\nauthor: A. Nimal\ncopyright: '2026'\n",
        "_build/html/index.html": "",
        "_build/html/chapters/one.html": ONE,
        "_build/html/chapters/two.html": TWO,
        "_build/html/_images/x.svg": DOG,
        "_build/html/_static/a.css": "p { color: black }",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def links_of(reader: Any) -> tuple[list[str], list[str]]:
    """Give the names of the places that links of a PDF lead to, and their addresses elsewhere."""
    inside, outside = [], []
    for page in reader.pages:
        for found in page.get("/Annots", None) or []:
            link = found.get_object()
            if link.get("/Subtype") == "/Link":
                if "/A" in link and "/URI" in link["/A"]:
                    outside.append(str(link["/A"]["/URI"]))
                else:
                    inside.append(str(link.get("/Dest", link.get("/A", {}).get("/D"))))
    return inside, outside


def check(path: Path) -> Any:
    """Check what holds for every PDF that is made of a book, and give what reads it."""
    pypdf = pytest.importorskip("pypdf")
    reader = pypdf.PdfReader(path)
    for number, page in enumerate(reader.pages, 1):
        lines = page.extract_text().split()
        assert number == 1 or str(number) in (lines[0], lines[-1]), f"page {number}: {lines[-3:]}"
    inside, outside = links_of(reader)
    places = {name.lstrip("/") for name in reader.named_destinations}
    assert inside and {name.lstrip("/") for name in inside} <= places
    assert all(re.match("https?://(?!localhost|127)|mailto:", uri) for uri in outside)
    assert "file://" not in " ".join(outside)
    return reader


def titles(reader: Any) -> dict[str, int]:
    """Give the pages of the first level of an outline."""
    items = [item for item in reader.outline if not isinstance(item, list)]
    return {item.title: reader.get_destination_page_number(item) + 1 for item in items}


def test_pages_become_parts_of_one_document(root: Path) -> None:
    site = root / "_build" / "html"
    pages = pdf.joined(site, ["chapters/one", "chapters/two"])
    whole = BeautifulSoup("".join(page.decode() for page in pages.values()), "html.parser")
    ids = [tag["id"] for tag in whole.find_all(id=True)]
    assert len(ids) == len(set(ids))
    links = {a.get_text(): a["href"] for a in whole.find_all("a")}
    assert links == {
        "dogs": "#chapters-two--summary",
        "below": "#chapters-one--summary",
        "elsewhere": "https://example.org/",
        "cats": "#chapters-one",
    }
    assert {"chapters-two--summary", "chapters-one--summary", "chapters-one"} <= set(ids)
    assert not whole.select("script, audio") and "book on the screen. Purring." in whole.get_text()
    assert all(tag.has_attr("open") for tag in whole.find_all("details"))
    assert whole.img is not None and whole.img["src"] == (site / "_images" / "x.svg").as_uri()
    text = " ".join(pages["chapters/one"].get_text(" ").split())
    assert re.search(
        r"Who\? A +Dogs\. B +Cats\. Exercises The end\. Answers and solutions "
        r"1 A: No\. Bark\. 1 B: Right\. Purr\. Listen\.$",
        text,
    ), text


@BROWSER_ONLY
def test_a_small_book_is_printed(root: Path) -> None:
    reader = check(write_pdf(root))
    texts = [page.extract_text() for page in reader.pages]
    assert len(texts) == 4
    assert "Cats & dogs" in texts[0] and "A. Nimal" in texts[0]
    assert titles(reader) == {"1. Cats": 3, "Dogs": 4}
    rows = dict(re.findall(r"^(.+?)\s*\.*\s*(\d+)$", texts[1], re.MULTILINE))
    assert {name: rows.get(name) for name in ("1. Cats", "1.1. Summary", "Dogs")} == {
        "1. Cats": "3", "1.1. Summary": "3", "Dogs": "4"
    }, texts[1]  # fmt: skip
    assert "Loudly." in texts[2] and "Answers and solutions" in texts[2]
    assert reader.metadata.title == "Cats & dogs"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    inside, outside = links_of(reader)
    assert outside == ["https://example.org/"] and len(inside) >= 6


@BROWSER_ONLY
def test_a_page_printed_by_itself_shows_what_is_folded(root: Path) -> None:
    playwright, pypdf = map(pytest.importorskip, ("playwright.sync_api", "pypdf"))
    page = root / "_build" / "html" / "chapters" / "one.html"
    style = (ROOT / "chapters" / "_static" / "custom.css").read_text("utf-8")
    (page.parents[1] / "_static" / "a.css").write_text(style, "utf-8")
    with playwright.sync_playwright() as driver:
        window = driver.chromium.launch(executable_path=browser.CHROMIUM, args=browser.OPTIONS)
        tab = window.new_page()
        tab.goto(page.as_uri())
        assert not tab.get_by_text("Loudly.").is_visible()
        tab.pdf(path=root / "page.pdf")
        window.close()
    text = " ".join(found.extract_text() for found in pypdf.PdfReader(root / "page.pdf").pages)
    assert "Loudly." in text and "Right. Purr." in text and "Purring." not in text


def test_errors_say_what_to_install_or_do(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("GENRELIB_BROWSER", raising=False)
    monkeypatch.setattr(pdf, "BROWSERS", ("chromium",))
    with pytest.raises(BookError, match=r"no browser found.*apt install chromium"):
        write_pdf(root)
    monkeypatch.setenv("GENRELIB_BROWSER", "/no/such/browser")
    with pytest.raises(BookError, match="names /no/such/browser, which is no program"):
        write_pdf(root)
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\necho no ink >&2\nexit 3\n")
    silent.chmod(0o755)
    monkeypatch.setenv("GENRELIB_BROWSER", str(silent))
    with pytest.raises(BookError, match=r"did not print the book: no ink"):
        write_pdf(root)
    assert not (root / "_build" / "genre-measured.pdf").exists()
    (root / "_build" / "html" / "index.html").unlink()
    with pytest.raises(BookError, match="not built yet: run `make book`"):
        write_pdf(root)


def test_the_command_names_the_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    path = root / "_build" / "genre-measured.pdf"
    path.write_bytes(bytes(1_500_000))
    monkeypatch.setattr("genrelib.book.write_pdf", lambda found: path)
    outcome = CliRunner().invoke(app, ["pdf"])
    assert outcome.exit_code == 0 and outcome.output.strip() == f"{path}: 1.5 MB"


@pytest.fixture(scope="module")
def built(default_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole book where `genrelib pdf` looks for it."""
    found = tmp_path_factory.mktemp("paper")
    (found / "_build").mkdir()
    (found / "_build" / "html").symlink_to(default_site)
    for name in ("_toc.yml", "_config.yml"):
        (found / name).symlink_to(ROOT / name)
    return found


@pytest.mark.slow
@BROWSER_ONLY
def test_the_whole_book_is_printed(built: Path) -> None:
    reader = check(write_pdf(built))
    numbered = {t: page for t, page in titles(reader).items() if re.match(r"\d+\. ", t)}
    assert len(numbered) == CHAPTERS
    assert sorted(numbered.values()) == list(numbered.values())
    for title, number in numbered.items():
        # A browser may write the first letters of a line in a piece of their own.
        start = "".join(reader.pages[number - 1].extract_text().split())[:80]
        assert "".join(title.split()) in start, (title, number, start)


@pytest.mark.slow
@BROWSER_ONLY
def test_nothing_in_the_whole_book_is_wider_than_its_page(built: Path, tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    site = built / "_build" / "html"
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    pages = pdf.joined(site, list(toc_pages(toc)))
    (tmp_path / "book.html").write_text(pdf._document(site, "Book", "", pages), "utf-8")
    with playwright.sync_playwright() as driver:
        window = driver.chromium.launch(executable_path=browser.CHROMIUM, args=browser.OPTIONS)
        tab = window.new_page(viewport={"width": TEXT, "height": 900})
        tab.emulate_media(media="print")
        tab.goto((tmp_path / "book.html").as_uri(), timeout=300_000)
        wide = tab.evaluate(
            """() => [...document.querySelectorAll('article *')]
            .map(e => [e, e.getBoundingClientRect()])
            .filter(([e, box]) => box.width && box.right > innerWidth + 2)
            .map(([e, box]) => `${e.closest('article').id}: ${e.tagName} ${Math.round(box.right)} `
                + e.textContent.slice(0, 60))"""
        )
        missing = tab.evaluate(
            "() => [...document.images].filter(i => !i.naturalWidth).map(i => i.src)"
        )
        window.close()
    assert not wide, "\n".join(wide[:20])
    assert not missing
