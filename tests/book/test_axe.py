"""Every page can be read by everybody: axe-core in light and dark, nothing wider than a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browser
import pytest
import yaml

from genrelib.book import song
from genrelib.book.chapters import toc_pages

ROOT = Path(__file__).parents[2]
AXE = song.WEB / "node_modules" / "axe-core" / "axe.min.js"
PAGES = [*toc_pages(yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))), "search", "genindex"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
SETTLED = 350
"""Milliseconds after which the theme has looked for boxes that scroll."""

# Colours are looked at as they will be, not on their way.
STILL = "* { transition: none !important; animation: none !important; }"
# Whatever is folded away is looked at, too.
UNFOLD = """() => {
    document.querySelectorAll('details').forEach(part => { part.open = true });
    document.querySelectorAll('.toggle-button[aria-expanded=false]').forEach(b => b.click());
}"""
# Of the words of code that are coloured alike, one is enough: the others become plain text, which
# makes this four times as fast.
THIN = """() => {
    const seen = new Set();
    for (const word of document.querySelectorAll('.highlight span:not(:has(*))')) {
        if (seen.has(word.className)) word.replaceWith(word.textContent);
        seen.add(word.className);
    }
}"""
RUN = """() => axe.run(document, {resultTypes: ['violations'], preload: false}).then(found =>
    found.violations.flatMap(rule => rule.nodes.map(node =>
        `${rule.id}: ${node.target.join(' ')}: ${node.html.slice(0, 120)}`)))"""
WIDER = """() => {
    const page = document.scrollingElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    const parts = [...document.querySelectorAll('.bd-main *')];
    return [`${page.scrollWidth} pixels`, ...parts.filter(part => !part.children.length
        && part.getBoundingClientRect().right > page.clientWidth
        && !part.closest('pre, .genre-table, .pst-scrollable-table-container')
    ).map(part => part.outerHTML.slice(0, 120))]
}"""
CUT_OFF = """() => [...document.querySelectorAll('.bd-article table')].filter(table => {
    const edge = document.scrollingElement.clientWidth;
    if (table.getBoundingClientRect().right <= edge) return false;
    let box = table;
    while (box && box.scrollWidth <= box.clientWidth) box = box.parentElement;
    const scrolls = box && ['auto', 'scroll'].includes(getComputedStyle(box).overflowX);
    return !scrolls || box.tabIndex < 0;
}).map(table => table.outerHTML.slice(0, 120))"""

UNREACHED = """() => [...document.querySelectorAll('.bd-article *')].filter(box =>
    box.scrollWidth > box.clientWidth + 1 && box.tabIndex < 0
    && ['auto', 'scroll'].includes(getComputedStyle(box).overflowX)
    && !box.querySelector('a[href], button, input, summary, [tabindex="0"]')
).map(box => box.outerHTML.slice(0, 120))"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not browser.CHROMIUM, reason="no chromium: apt install chromium"),
    pytest.mark.skipif(not AXE.exists(), reason="no axe-core: run `npm ci` in web/"),
]


@pytest.fixture(scope="module")
def window() -> Iterator[Any]:
    """A window of a browser that asks no host."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(
            executable_path=browser.CHROMIUM, args=list(browser.OPTIONS)
        )
        context = found.new_context(viewport=PHONE, color_scheme="dark", offline=True)
        yield context
        found.close()


def show(page: Any, size: dict[str, int], theme: str) -> None:
    """Give a page its size and its colours, and wait until it has them."""
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=theme)
    page.wait_for_selector(f"html[data-theme={theme}]", state="attached")


def shape(page: Any) -> list[str]:
    """Say what of a page is too wide for the screen."""
    faults = [f"wider than a phone: {part}" for part in page.evaluate(WIDER)]
    faults += [f"a table that is cut off: {part}" for part in page.evaluate(CUT_OFF)]
    return faults + [f"not scrolled by keyboard: {part}" for part in page.evaluate(UNREACHED)]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_by_everybody(window: Any, default_site: Path, name: str) -> None:
    page = window.new_page()
    page.goto((default_site / f"{name}.html").as_uri())
    page.add_style_tag(content=STILL)
    page.evaluate(AXE.read_text("utf-8"))
    show(page, PHONE, "dark")
    page.evaluate(UNFOLD)
    page.wait_for_timeout(SETTLED)
    faults = shape(page)
    page.evaluate(THIN)  # behind the rest: it makes the theme look for boxes that scroll
    faults += [f"phone, dark: {fault}" for fault in page.evaluate(RUN)]
    show(page, DESK, "light")
    faults += [f"desk, light: {fault}" for fault in page.evaluate(RUN)]
    page.close()
    assert faults == []


BAD = """<!DOCTYPE html><html lang="en" data-theme="dark"><head><title>Bad</title></head><body>
<main class="bd-main bd-article"><h1>Bad</h1><p style="color: #999; background: #fff">pale</p>
<img src="data:,"><div style="width: 600px">broad</div>
<div style="width: 200px; overflow-x: hidden" tabindex="0">
<table style="width: 700px"><tr><td>x</td></tr></table></div>
<pre style="width: 99px; overflow-x: auto" tabindex="-1">import numpy, pandas, matplotlib</pre>
</main></body></html>"""


def test_bad_pages_are_told_from_good_ones(window: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text(BAD)
    page = window.new_page()
    page.goto((tmp_path / "bad.html").as_uri())
    page.evaluate(AXE.read_text("utf-8"))
    show(page, PHONE, "dark")
    found = {fault.split(": ")[0] for fault in page.evaluate(RUN)}
    assert found >= {"color-contrast", "image-alt", "scrollable-region-focusable"}
    size, broad, cell, table, box = (fault.split(": ", 1)[1] for fault in shape(page))
    assert size.endswith(" pixels") and "broad" in broad and "<td" in cell
    assert "700px" in table and "<pre" in box
    page.close()
