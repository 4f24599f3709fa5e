"""Slides are made of the pages by rule, and nothing of one lies outside of the screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browser
import pytest
from bs4 import BeautifulSoup
from typer.testing import CliRunner

from genrelib.book import BookError, slides_apart
from genrelib.book.slides import HEIGHT, WIDTH, deck, shortened, slides_of, write_slides
from genrelib.cli import app

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))
MAX_BYTES = 2_500_000
LEAST = 18
"""Pixels of the smallest letters, on a screen 720 pixels high."""

# What of the slide in view is outside of it, covered, or too small to read from the last row.
MEASURE = """() => {
    const slide = Reveal.getCurrentSlide(), box = slide.getBoundingClientRect(), faults = [];
    const [width, height] = [innerWidth, innerHeight];
    if (box.right > width + 1 || box.bottom > height + 1 || box.left < -1 || box.top < -1)
        faults.push(`the slide itself: ${JSON.stringify(box)}`);
    if (slide.scrollHeight > slide.clientHeight + 1 || slide.scrollWidth > slide.clientWidth + 1)
        faults.push(`${slide.scrollWidth} x ${slide.scrollHeight} of content`);
    const seen = [...slide.querySelectorAll('*')].filter(e => !e.closest('aside'));
    for (const element of seen) {
        const own = element.getBoundingClientRect(), name = element.tagName;
        if (own.left < box.left - 1 || own.right > box.right + 1 || own.top < box.top - 1
            || own.bottom > box.bottom + 1)
            faults.push(`${name} is outside: ${element.textContent.slice(0, 40)}`);
        const words = [...element.childNodes].some(n => n.nodeType == 3 && n.data.trim());
        if (words && parseFloat(getComputedStyle(element).fontSize) < LEAST)
            faults.push(`${name} is small: ${element.textContent.slice(0, 40)}`);
        if (name == 'IMG' && !(element.naturalWidth && own.height >= 300 && element.alt.trim()))
            faults.push(`picture ${element.src.slice(-40)}: ${own.width} x ${own.height}`);
    }
    if (slide.innerText.trim().length < 3) faults.push('nothing to see');
    return faults;
}""".replace("LEAST", str(LEAST))

PAGE = """<article><section id="a"><h1><span class="section-number">3. </span>Cats<a
class="headerlink" href="#a">#</a></h1><p>Do <a href="b.html">cats</a> purr?</p>
<div class="admonition"><p class="admonition-title">You will</p><ul><li><p>Hear <em>one</em>.</p>
</li></ul></div>
<section><h2>Loud?</h2><p>Look.</p><div class="cell"><p>output</p><figure><img
src="../_images/x.png" alt="A line."><figcaption><p><span
class="caption-number">Fig. 2 </span>It rises.</p></figcaption></figure></div>
<figure><img src="../_images/y.png" alt="Two."></figure>
<section><h3>Why</h3><p>Because.</p></section></section>
<section><h2>How?</h2><p>Three ways.</p><ul><li><p><strong>By ear.</strong> Listen.</p></li>
<li><p><strong>By hand.</strong> Feel.</p></li></ul></section>
<section><h2>So?</h2><p>It purrs. Very long it does. Like this:</p></section>
<section><h2>Summary</h2><ul><li><p>Cats purr.</p></li></ul></section>
<section><h2>Self-test</h2><p>Open an answer.</p><p><strong>1.</strong> Who?</p>
<details><summary><span class="sd-summary-text">Dogs.</span></summary>
<div class="sd-summary-content"><p>No. They bark.</p></div></details>
<details><summary><span class="sd-summary-text">Cats.</span></summary>
<div class="sd-summary-content"><p>Right. They purr.</p></div></details></section>
<section><h2>Exercises</h2><p>Purr.</p></section></section></article>"""


def text(markup: str) -> str:
    return BeautifulSoup(markup, "html.parser").get_text(" ", strip=True)


def test_what_is_on_the_slides_of_a_page() -> None:
    title, slides = slides_of(PAGE)
    assert title == "Cats"
    assert [text(slide.body) for slide in slides] == [
        "Cats Do cats purr?",
        "You will Hear one .",
        "Loud? Fig. 2 It rises.",
        "How? By ear. By hand.",
        "So? It purrs. Very long it does.",
        "Summary Cats purr.",
        "Self-test, question 1 Who?",
    ]
    assert slides[0].notes[0] == "Do cats purr?"
    assert slides[2].notes == ["Look.", "Because."]
    assert '<img src="../_images/x.png" alt="A line."' in slides[2].body
    assert [text(step) for step in slides[-1].steps] == [
        "A Dogs.", "B Cats.", "B Right. They purr."
    ]  # fmt: skip
    page = BeautifulSoup(deck(title, slides), "html.parser")
    assert len(page.select(".slides > section > section")) == len(slides)
    assert len(page.select(".fragment")) == 3
    assert page.select("aside.notes")[0].get_text(strip=True).startswith("Do cats purr?")
    assert page.title is not None and page.title.get_text() == "Cats"


def test_a_long_list_takes_several_slides_about_equally_full() -> None:
    points = "".join(f"<li><p>{'A point that is long. ' * 12}</p></li>" for _ in range(7))
    page = f"<article><section><h1>A</h1><section><h2>Summary</h2><ul>{points}</ul></section>"
    counts = [slide.body.count("<li>") for slide in slides_of(page)[1][1:]]
    assert counts == [2, 3, 2]


def test_a_text_ends_with_a_sentence_where_one_fits() -> None:
    assert shortened("It is so, see Fig. 2 there. Now more.", 30) == "It is so, see Fig. 2 there."
    assert shortened("One, two, three, four.", 12) == "One, two …"


def test_a_page_without_a_chapter_and_a_book_without_pages_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BookError, match="no chapter on this page"):
        slides_of("<p>Nothing</p>")
    with pytest.raises(BookError, match="not built yet: run `make book`"):
        slides_apart(tmp_path)


@pytest.fixture(scope="module")
def decks(default_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The decks of the whole book, by themselves."""
    folder = tmp_path_factory.mktemp("slides")
    write_slides(default_site, NAMES, folder)
    return folder


@pytest.fixture(scope="module")
def window(decks: Path) -> Iterator[Any]:
    if not browser.CHROMIUM:
        pytest.skip("no chromium: apt install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=browser.CHROMIUM, args=browser.OPTIONS)
        yield found
        found.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_slide_fits_the_screen(decks: Path, window: Any, name: str) -> None:
    tab = window.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto((decks / f"{name}.html").as_uri())
    tab.wait_for_function("() => window.Reveal && Reveal.isReady()")
    count, faults = tab.evaluate("() => Reveal.getTotalSlides()"), []
    for number in range(count):
        tab.evaluate(f"() => Reveal.slide({number}, 0, 99)")  # with all that appears on it
        tab.wait_for_function(
            "() => [...Reveal.getCurrentSlide().querySelectorAll('img')].every(i => i.complete)"
        )
        faults += [f"slide {number + 1}: {fault}" for fault in tab.evaluate(MEASURE)]
    assert not faults, "\n".join(faults)
    assert count >= 8
    # Nothing comes from elsewhere, and the deck with all that it loads is light.
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
    shown = {Path(url.removeprefix("file://").split("#")[0]) for url in asked if url[:4] == "file"}
    assert all(decks in path.parents for path in shown), shown
    assert sum(path.stat().st_size for path in shown if path.is_file()) < MAX_BYTES
    # The keyboard leads through it.
    tab.evaluate("() => Reveal.slide(0)")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("() => Reveal.getIndices().h") == 1
    tab.close()


@pytest.mark.slow
def test_the_site_has_the_same_decks_and_a_page_that_leads_to_them(default_site: Path) -> None:
    page = (default_site / "instructors" / "slides.html").read_text("utf-8")
    for name in NAMES:
        assert f'href="../slides/{name}.html"' in page
        assert (default_site / "slides" / f"{name}.html").is_file()


def test_the_command_says_what_to_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_config.yml", "_toc.yml", "chapters", "instructors"):
        (tmp_path / name).symlink_to(ROOT / name)
    site = tmp_path / "_build" / "html"
    (site / "chapters").mkdir(parents=True)
    (site / "_images").mkdir()
    for name in ("x.png", "y.png"):
        (site / "_images" / name).write_bytes(b"picture")
    (site / "index.html").write_text("")
    for name in NAMES:
        (site / "chapters" / f"{name}.html").write_text(PAGE)
    monkeypatch.chdir(tmp_path)
    outcome = CliRunner().invoke(app, ["slides"])
    assert outcome.exit_code == 0 and "_build/slides/index.html" in outcome.output
    folder = tmp_path / "_build" / "slides"
    index = (folder / "index.html").read_text("utf-8")
    assert index.count("7 slides") == len(NAMES)
    assert (folder / "images" / "x.png").read_bytes() == b"picture"
    assert not (folder / "images" / "y.png").exists()
    assert 'src="images/x.png"' in (folder / f"{NAMES[0]}.html").read_text("utf-8")
    assert (folder / "reveal" / "LICENSE").is_file()
