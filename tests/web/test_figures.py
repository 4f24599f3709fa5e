"""Figures that answer, in a real browser: what they say is what Python says of the same numbers.

Without ``GENRELIB_SITE`` they stand on a bare page, of made numbers; with it, in that book.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import answering
import browser
import numpy as np
import pytest

from genrelib.book import song
from genrelib.book.figures import interactive

AXE = song.WEB / "node_modules" / "axe-core" / "axe.min.js"
CHAPTERS = {
    "fig-forest-majority": "04-random-forest",
    "fig-knn-k": "05-nearest-neighbours",
    "fig-knn-confusion-track": "05-nearest-neighbours",
    "fig-features-tsne": "03-features",
}
NAMES = list(CHAPTERS)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not browser.CHROMIUM, reason="no chromium: apt install chromium"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = os.environ.get("GENRELIB_SITE")
    if made == "later":
        pytest.skip("figures are tried out once the book is made, see .ci/run")
    return Path(made) if made else answering.make(tmp_path_factory.mktemp("figures"))


@pytest.fixture(scope="module")
def window() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=browser.CHROMIUM, args=browser.OPTIONS)
        yield found
        found.close()


@pytest.fixture
def context(window: Any) -> Iterator[Any]:
    made = window.new_context(viewport={"width": 1200, "height": 900})
    yield made
    made.close()


def opened(context: Any, site: Path, name: str) -> Any:
    """Open the page of a figure, from the disk."""
    page = context.new_page()
    path = site / "chapters" / f"{CHAPTERS[name]}.html"
    page.goto((path if path.exists() else site / "chapters" / "one.html").as_uri())
    return page


def live(page: Any, name: str) -> Any:
    return page.locator(f'#{name} .figure-live, [data-figure="{name}"] .figure-live')


def said(page: Any, name: str) -> str:
    return live(page, name).get_by_role("status").inner_text()


def given(page: Any, name: str) -> dict[str, Any]:
    """Read the numbers that the page holds for a figure."""
    return json.loads(page.locator(f'[data-figure="{name}"] script').text_content())


# --- for everybody ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_stays_without_a_script_and_in_print(
    window: Any, context: Any, site: Path, name: str
) -> None:
    without = window.new_context(java_script_enabled=False)
    page = opened(without, site, name)
    assert page.locator(f"#{name} img").is_visible()
    assert page.locator(".figure-live").count() == 0
    page.locator(f'[data-figure="{name}"] summary').click()
    assert page.locator(f'[data-figure="{name}"] table').is_visible()
    without.close()
    page = opened(context, site, name)
    assert live(page, name).is_visible()
    page.emulate_media(media="print")
    assert page.locator(f"#{name} img").is_visible()
    assert not live(page, name).is_visible()


@pytest.mark.parametrize("name", NAMES)
def test_the_table_opens_by_keyboard(context: Any, site: Path, name: str) -> None:
    page = opened(context, site, name)
    page.locator(f'[data-figure="{name}"] summary').press("Enter")
    table = page.locator(f'[data-figure="{name}"] table')
    assert table.is_visible() and table.locator("tbody tr").count() >= 3
    assert table.locator("thead th[scope=col]").count() >= 3


def test_nothing_is_asked_of_another_host(context: Any, site: Path) -> None:
    for name in NAMES:
        asked: list[str] = []
        context.on("request", lambda request, asked=asked: asked.append(request.url))
        opened(context, site, name)
        scripts = [url for url in asked if "/interactive/" in url]
        assert len(scripts) == 2 and all(url.startswith("file:") for url in scripts)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.skipif(not AXE.exists(), reason="no axe-core: run `npm ci` in web/")
def test_axe_finds_nothing(window: Any, site: Path, name: str, theme: str, width: int) -> None:
    made = window.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce"
    )
    page = opened(made, site, name)
    page.evaluate(f"document.documentElement.dataset.theme = {theme!r}")
    page.locator(f'[data-figure="{name}"] summary').click()
    page.wait_for_timeout(400)  # the theme fades from light to dark
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        """name => axe.run({include: [[`#${name}`], [`[data-figure="${name}"]`]]})
        .then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))""",
        name,
    )
    assert found == []
    box = live(page, name).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = (
        live(page, name)
        .locator("button, select, input")
        .evaluate_all(
            """all => all.map(e => e.getBoundingClientRect())
            .filter(b => b.width < 24 || b.height < 24)"""
        )
    )
    assert small == []
    made.close()


# --- the threshold of the forest ---------------------------------------------------------------


def test_the_threshold_makes_rows_of_zeros(context: Any, site: Path) -> None:
    name = "fig-forest-majority"
    page = opened(context, site, name)
    data = given(page, name)
    slices = np.reshape(data["right"] + data["wrong"], (-1, 3))
    slider = live(page, name).get_by_role("slider")

    def agrees(least: int) -> None:
        rows = interactive._rows_at(slices, least)
        assert said(page, name).endswith(
            f"more than {least} % of the votes. Of {len(slices)} rows, all zeros: "
            f"{rows['zeros']}; right: {rows['right']}; a wrong genre: {rows['wrong']}; several "
            f"genres: {rows['several']}. Accuracy: {rows['right'] / len(slices):.2f}."
        )
        drawn = live(page, name).locator("rect[class^=row-zeros]").count()
        assert (drawn > 0) == (rows["zeros"] > 0)
        assert slider.get_attribute("aria-valuetext") == f"{least} %"

    agrees(50)
    caption = page.locator(f"#{name} figcaption").inner_text()
    assert f"of {interactive._rows_at(slices, 50)['zeros']} slices." in caption
    slider.press("ArrowRight")
    agrees(51)
    slider.press("Home")
    agrees(0)
    slider.press("End")
    agrees(99)
    live(page, name).get_by_role("button", name="one less").press("Enter")
    agrees(98)
    for least in (29, 35, 57):
        slider.fill(str(least))
        agrees(least)
    live(page, name).get_by_role("button", name="One half").press("Enter")
    agrees(50)
    heights = (
        live(page, name)
        .locator("rect[class^=row-]")
        .evaluate_all("all => all.map(r => Number(r.getAttribute('height')))")
    )
    assert all(height > 0 for height in heights)
    spoken = live(page, name).locator("svg[role=img]").get_attribute("aria-label")
    assert spoken.endswith("The threshold stands at 50 %.")


# --- the sweep over k --------------------------------------------------------------------------


def test_the_stepper_says_value_and_interval_of_each_protocol(context: Any, site: Path) -> None:
    name = "fig-knn-k"
    page = opened(context, site, name)
    data = given(page, name)
    slider = live(page, name).get_by_role("slider")

    def agrees(k: int) -> None:
        at = data["k"].index(k)
        parts = [
            f"{line['name']} {line['value'][at]:.2f} (95 % interval {line['low'][at]:.2f} to "
            f"{line['high'][at]:.2f})"
            for line in data["lines"]
        ]
        assert said(page, name) == f"k = {k}: {'; '.join(parts)}."
        assert slider.input_value() == str(k)

    agrees(1)
    alt = str(page.locator(f"#{name} img").get_attribute("alt"))
    for line in data["lines"]:
        value, low, high = (line[part][0] for part in ("value", "low", "high"))
        assert f"{line['name']} starts at {value:.2f} ({low:.2f} to {high:.2f})" in alt
    slider.press("ArrowRight")
    agrees(2)
    slider.press("End")
    agrees(data["k"][-1])
    live(page, name).get_by_role("button", name="one less").press("Space")
    agrees(data["k"][-2])
    for k in data["k"][4::13]:
        slider.fill(str(k))
        agrees(k)
    # A click takes the k that lies below it.
    box = live(page, name).locator("svg[role=img]").bounding_box()
    page.mouse.click(box["x"] + 53, box["y"] + 100)
    agrees(1)


# --- the confusion matrix ------------------------------------------------------------------------


def test_a_cell_lists_its_tracks(context: Any, site: Path) -> None:
    name = "fig-knn-confusion-track"
    page = opened(context, site, name)
    data = given(page, name)
    cells = {(row, column): flat for row, column, *flat in data["cells"]}
    buttons = live(page, name).locator(".cells-matrix button")
    assert buttons.count() == len(cells)
    alt = str(page.locator(f"#{name} img").get_attribute("alt"))

    def agrees() -> tuple[int, int]:
        chosen = live(page, name).locator("button[aria-pressed=true]")
        place = chosen.evaluate(
            "b => [b.closest('tr').rowIndex - 1, b.closest('td').cellIndex - 1]"
        )
        flat = cells[tuple(place)]
        genre, taken = data["rows"][place[0]], data["columns"][place[1]]
        number, slices = len(flat) // 2, sum(flat[1::2])
        rest = f"{slices} slice{'s' * (slices != 1)} of {number} track{'s' * (number != 1)}."
        way = "named rightly" if genre == taken else f"taken for {taken}"
        assert said(page, name) == f"{genre} {way}: {rest}"
        assert chosen.inner_text() == str(slices)
        listed = live(page, name).locator(".cells-tracks li").all_inner_texts()
        for text, track, many in zip(listed, flat[::2], flat[1::2], strict=True):
            known = data["tracks"][track]
            assert text.startswith(known[0]) and text.endswith(f"{many} of {known[1]} slices")
            assert (known[2] or "artist not known") in text or known[3] in text
        if genre == taken:
            assert f"{genre} {slices} of " in alt
        return place[0], place[1]

    row, column = agrees()
    off = {at: sum(flat[1::2]) for at, flat in cells.items()
           if data["rows"][at[0]] != data["columns"][at[1]]}  # fmt: skip
    assert off[row, column] == max(off.values())
    # One stop of the tab key; from there the arrow keys lead to every cell.
    assert live(page, name).locator('.cells-matrix button[tabindex="0"]').count() == 1
    live(page, name).locator("button[aria-pressed=true]").focus()
    seen = {(row, column)}
    for key in ["ArrowUp"] * len(data["rows"]):
        page.keyboard.press(key)
    for _ in data["rows"]:
        for key in ["ArrowLeft"] * len(data["columns"]) + ["ArrowRight"] * len(data["columns"]):
            page.keyboard.press(key)
            seen.add(agrees())
        page.keyboard.press("ArrowDown")
    assert seen == set(cells)
    buttons.last.click()
    assert agrees() == max(cells)


# --- the map -------------------------------------------------------------------------------------


def test_whoever_points_at_a_slice_sees_its_siblings(context: Any, site: Path) -> None:
    name = "fig-features-tsne"
    page = opened(context, site, name)
    data = given(page, name)
    box = live(page, name)
    select = box.get_by_role("combobox")
    points = np.reshape(data["points"], (-1, 2))
    ends = np.cumsum([track[3] for track in data["tracks"]])

    def agrees() -> int:
        track = said(page, name).split(",")[0]
        (which,) = [k for k, known in enumerate(data["tracks"]) if known[0] == track]
        _, artist, genre, slices, near = data["tracks"][which]
        assert said(page, name) == (
            f"{track}, {artist or 'artist not known'}, {data['genres'][genre][0]}: {slices} slice"
            f"{'s' * (slices != 1)}. For {near} of {slices} the nearest point on this map is a "
            "sibling."
        )
        chosen = select.evaluate("s => s.options[s.selectedIndex].textContent")
        assert chosen.startswith(f"{track}, ")
        # Its slices are marked and joined in their order, at one scale.
        marks = box.locator(".figure-chosen").evaluate_all(
            "all => all.map(m => m.getAttribute('transform').match(/[-.0-9]+/g).slice(0, 2))"
        )
        places = np.array(marks, float)
        assert len(places) == slices
        own = points[ends[which] - slices : ends[which]].astype(float) * [1, -1]
        step = (box.locator("svg[role=img]").bounding_box()["width"] - 24) / 999
        np.testing.assert_allclose(places - places[0], step * (own - own[0]), atol=0.1)
        line = str(box.locator(".figure-sibling").get_attribute("d"))
        joined = np.reshape(re.findall(r"[-.0-9]+", line), (-1, 2)).astype(float)
        np.testing.assert_allclose(joined, places)
        return which

    # The static picture stays: its caption speaks of one map for each genre.
    assert page.locator(f"#{name} img").is_visible()
    first = agrees()
    select.press("ArrowDown")
    assert agrees() != first
    box.get_by_role("button", name="Track before").press("Enter")
    assert agrees() == first
    box.get_by_role("button", name="Track before").press("Enter")
    agrees()
    seen = set()
    box.scroll_into_view_if_needed()
    svg = box.locator("svg[role=img]").bounding_box()
    for k in range(0, len(points), 7):
        step = (svg["width"] - 24) / 999
        page.mouse.move(
            svg["x"] + 12 + step * points[k, 0],
            svg["y"] + svg["height"] - 12 - step * points[k, 1],
        )
        which = agrees()
        near = points[ends[which] - data["tracks"][which][3] : ends[which]]
        assert np.hypot(*(near - points[k]).T).min() <= 3  # itself, or one that covers it
        seen.add(which)
    assert len(seen) > min(20, len(ends) // 4)


def test_one_genre_is_in_colour_when_it_is_asked_for(context: Any, site: Path) -> None:
    name = "fig-features-tsne"
    page = opened(context, site, name)
    data = given(page, name)
    box = live(page, name)
    genre, colour = data["genres"][1]
    size = sum(track[3] for track in data["tracks"] if track[2] == 1)
    dots = box.locator("svg[role=img] .figure-dot")
    assert dots.count() == len(data["points"]) // 2
    key = box.get_by_role("button", name=genre, exact=True)
    key.press("Space")
    assert key.get_attribute("aria-pressed") == "true" and dots.count() == size
    assert dots.first.get_attribute("fill") == colour
    key.press("Space")
    assert dots.count() == len(data["points"]) // 2
