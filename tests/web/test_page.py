"""The page that hears a song, in real browsers: the answers of the package, and no more asked.

Without ``GENRELIB_SITE`` the front end stands on a bare page; with it, on the pages of that book.
"""

from __future__ import annotations

import base64
import csv
import functools
import json
import os
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import browser
import firefox
import numpy as np
import pytest
import songs
import soundfile as sf

from genrelib.book import song
from genrelib.classify import load_model
from genrelib.cli.classify import FIELDS, record
from genrelib.corpus import AudioError, free_recordings

CHROMIUM_ONLY = pytest.mark.skipif(
    not browser.CHROMIUM, reason="no chromium: apt install chromium"
)
FIREFOX_ONLY = pytest.mark.skipif(
    not firefox.FIREFOX, reason="no Firefox: apt install firefox-esr"
)
AXE = song.WEB / "node_modules" / "axe-core" / "axe.min.js"
IDLE = "#song:not([aria-busy])"
STATUS = "document.querySelector('.song-status')"
EXACT, DECODED = 1e-3, 0.01
"""Largest difference of a probability: of the same samples, and of what browsers decode."""
BARE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Song</title></head>
<body><main><h1>Song</h1><div id="song"></div>{}</main></body></html>"""
STEPS = "".join(
    f'<section><h2>{kind}</h2><div data-song="{kind}"></div>'
    '<div class="cell_output">Still</div></section>'
    for kind in ("wave", "image", "tags", "plane")
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book that is at hand, or a site of two bare pages."""
    made = os.environ.get("GENRELIB_SITE")
    if made == "later":
        pytest.skip("songs are dropped once the book is made, see .ci/run")
    if made:
        return Path(made)
    html = tmp_path_factory.mktemp("site")
    (html / "chapters").mkdir()
    (html / "chapters" / "index.html").write_text(BARE.format(""), "utf-8")
    (html / "chapters" / "10-your-own-song.html").write_text(BARE.format(STEPS), "utf-8")
    assert song.add_song(html) == ["10-your-own-song", "index"]
    return html


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    """The site from a server of its own, which says nothing of isolation."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/chapters"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return songs.make(tmp_path_factory.mktemp("songs"))


@pytest.fixture(scope="module")
def expected(files: list[Path]) -> dict[str, Any]:
    """What the package says of each file, as ``genrelib classify --json`` writes it."""
    model, found = load_model(), {}
    for file in files:
        try:
            answer: Any = model.classify(file)
        except AudioError as error:
            answer = error
        found[file.name] = record(file, answer)
    return found


@pytest.fixture(scope="module")
def window() -> Iterator[Any]:
    """A Chromium, with a microphone that hears a tone."""
    playwright = pytest.importorskip("playwright.sync_api")
    options = [*browser.OPTIONS, "--use-fake-device-for-media-stream"]
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=browser.CHROMIUM, args=options)
        yield found
        found.close()


def heard(page: Any, files: list[Path]) -> None:
    """Choose files and wait until they are heard."""
    page.evaluate(f"{STATUS}.textContent = ''")
    page.set_input_files("#song input", files)
    until(page, f"document.querySelector('{IDLE}') && {STATUS}.textContent")


def until(page: Any, expression: str, seconds: float = 240) -> None:
    """Wait until something is true; the page's own policy forbids that Playwright waits inside."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"{expression}: never"
        time.sleep(0.05)


def off(row: dict[str, Any], answer: dict[str, Any]) -> float:
    """Compare what the page says with what the package says: verdicts, then probabilities."""
    if answer["error"]:
        assert row["error"] and not row["genre"], row
        return 0.0
    assert not row["error"], row
    assert (row["genre"] or None, row["reason"] or None) == (answer["genre"], answer["reason"]), (
        row
    )
    pairs = [(float(row[f"p_{genre}"]), p) for genre, p in answer["probabilities"].items()]
    pairs += [(float(row[name]), answer[name]) for name in ("music",)]
    return max(abs(a - b) for a, b in pairs)


def saved(page: Any, button: str) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path())


# --- the same answers ------------------------------------------------------------------------


@CHROMIUM_ONLY
def test_the_page_says_what_the_package_says(
    window: Any, served: str, files: list[Path], expected: dict[str, Any]
) -> None:
    page = window.new_page()
    page.goto(f"{served}/index.html")
    assert len(files) >= 40
    heard(page, files)
    rows = {row["file"]: row for row in csv.DictReader(saved(page, "Save as CSV").open())}
    assert set(rows) == set(expected)
    most = {name: off(rows[name], answer) for name, answer in expected.items()}
    for kind in songs.FORMATS:
        part = [v for name, v in most.items() if name.startswith(f"{kind}-")]
        print(f"{kind}: {len(part)} files, at most {max(part):.4f}")
    assert max(most.values()) < DECODED, most
    page.close()


@CHROMIUM_ONLY
def test_the_same_samples_give_the_same_numbers(
    window: Any, served: str, files: list[Path], tmp_path: Path
) -> None:
    # At the rate of the ear nothing is resampled, and a WAV file is its samples.
    model, made = load_model(), {}
    for name in ("hungarian-dance", "lets-go-fishin", "vibe-ace", "reading"):
        for seconds in (0.4, 3, 7, 14):
            samples = songs.free(name, 16_000, seconds)
            path = tmp_path / f"{name}-{seconds}.wav"
            sf.write(path, samples, 16_000, subtype="FLOAT")
            made[path.name] = record(path, model.classify(path))
    page = window.new_page()
    page.goto(f"{served}/index.html")
    heard(page, sorted(tmp_path.iterdir()))
    rows = {row["file"]: row for row in csv.DictReader(saved(page, "Save as CSV").open())}
    assert max(off(rows[name], answer) for name, answer in made.items()) < EXACT
    for name, answer in made.items():
        for k, near in enumerate(answer["nearest"], 1):
            known = near["title"] or near["artist"] or near["track_id"]
            assert known in rows[name][f"nearest_{k}"]
    page.close()


@CHROMIUM_ONLY
def test_one_song_has_a_card_that_can_be_saved(
    window: Any, served: str, files: list[Path], expected: dict[str, Any]
) -> None:
    page = window.new_page()
    page.goto(f"{served}/index.html")
    (file,) = (f for f in files if f.name == "FLAC-16000-hungarian-dance-mono.flac")
    heard(page, [file])
    answer = expected[file.name]
    assert answer["genre"] in page.locator(".song-card").inner_text()
    assert answer["genre"] in page.get_by_role("status").inner_text()
    found = json.loads(saved(page, "Save as JSON").read_text("utf-8"))
    assert list(found) == list(FIELDS)
    for name in set(FIELDS) - {"file", "probabilities", "course", "nearest"}:
        assert found[name] == pytest.approx(answer[name], abs=EXACT), name
    assert list(found["probabilities"]) == list(answer["probabilities"])
    assert [list(s) for s in found["course"]] == [list(s) for s in answer["course"]]
    assert [n["track_id"] for n in found["nearest"]] == [n["track_id"] for n in answer["nearest"]]
    assert saved(page, "Save as picture").read_bytes().startswith(b"\x89PNG")
    page.close()


@FIREFOX_ONLY
def test_firefox_says_what_the_package_says(
    site: Path, served: str, files: list[Path], expected: dict[str, Any], tmp_path: Path
) -> None:
    chosen = [f for f in files if "mono" in f.name or f.suffix == ".mp3"][:18] + files[-4:]
    with firefox.started(tmp_path) as tab:
        for url in (f"{served}/index.html", (site / "chapters" / "index.html").as_uri()):
            tab.open(url)
            tab.wait("document.querySelector('.song-drop') && 1")
            # What is saved is kept back, to be looked at.
            tab.evaluate("""URL.createObjectURL = (make => blob => {
                if (blob.type == "text/csv") blob.text().then(text => window.saved = text);
                return make(blob) })(URL.createObjectURL.bind(URL)); 1""")
            tab.choose("#song input", chosen)
            tab.wait("document.querySelector('.song-table') && 1", 240)
            tab.evaluate(
                "document.querySelector('.song-results > div > .song-row button').click()"
            )
            rows = {
                row["file"]: row for row in csv.DictReader(tab.wait("window.saved").splitlines())
            }
            assert len(rows) == len(chosen)
            most = {name: off(row, expected[name]) for name, row in rows.items()}
            print(f"Firefox, {url[:5]}: at most {max(most.values()):.4f}")
            assert max(most.values()) < DECODED, most


# --- where it runs ---------------------------------------------------------------------------


@CHROMIUM_ONLY
def test_from_a_disk_and_from_a_server_alike(
    window: Any, site: Path, served: str, files: list[Path]
) -> None:
    said = []
    for url in (f"{served}/index.html", (site / "chapters" / "index.html").as_uri()):
        page = window.new_page()
        page.goto(url)
        heard(page, files[:1])
        said.append(page.locator(".song-card").inner_text())
        page.close()
    assert said[0] == said[1]


@CHROMIUM_ONLY
def test_nothing_is_asked_of_anybody_else(window: Any, served: str, files: list[Path]) -> None:
    page = window.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served}/index.html")
    page.wait_for_load_state("networkidle")
    before = len(asked)
    assert not any("/song/" in url and url.endswith((".bin", "worker.js")) for url in asked)
    heard(page, files[:1])
    host = served.removesuffix("/chapters")
    mine = [url for url in asked[before:] if not url.startswith(f"blob:{host}")]
    assert mine and all(url.startswith(f"{host}/_static/song/") for url in mine), mine
    # The site would not be allowed to, either.
    blocked = page.evaluate("fetch('https://example.org/').then(() => false, () => true)")
    assert blocked and not [url for url in asked if "example.org" in url]
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert policy == song.POLICY
    page.close()


@CHROMIUM_ONLY
def test_a_long_song_is_drawn_as_it_goes_and_can_be_cancelled(
    window: Any, served: str, tmp_path: Path
) -> None:
    once = songs.free("vibe-ace", 44_100)
    sf.write(tmp_path / "long.flac", np.tile(once, 50), 44_100)  # ten minutes
    page = window.new_page()
    page.goto(f"{served}/index.html")
    page.set_input_files("#song input", tmp_path / "long.flac")
    page.wait_for_selector(".song-live .song-rest", timeout=60_000)
    assert 0 < page.locator("#song progress").evaluate("bar => bar.value") < 1
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector(IDLE, timeout=10_000)
    assert page.get_by_role("status").inner_text() == "Stopped."
    sf.write(tmp_path / "longer.flac", np.tile(once, 80), 44_100)  # sixteen minutes
    heard(page, [tmp_path / "longer.flac"])
    assert "longer than 15 minutes" in page.get_by_role("status").inner_text()
    heard(page, [tmp_path / "long.flac"])
    assert "10:00" in page.locator(".song-card").inner_text()
    page.close()


# --- for people ------------------------------------------------------------------------------


@CHROMIUM_ONLY
def test_the_microphone_is_heard(window: Any, served: str) -> None:
    context = window.new_context(permissions=["microphone"])
    page = context.new_page()
    page.goto(f"{served}/index.html")
    page.get_by_role("button", name="Record 10 seconds").click()
    page.wait_for_selector("#song[aria-busy]")
    page.wait_for_timeout(1500)
    assert page.locator("#song progress").evaluate("bar => bar.value") >= 0
    page.wait_for_selector(IDLE, timeout=60_000)
    assert "microphone, 0:10" in page.locator(".song-card").inner_text()
    context.close()
    refusing = window.new_context(permissions=[])
    page = refusing.new_page()
    page.goto(f"{served}/index.html")
    page.get_by_role("button", name="Record 10 seconds").click()
    until(page, f"{STATUS}.textContent.includes('allow')", 10)
    refusing.close()


@CHROMIUM_ONLY
def test_an_example_names_its_source(window: Any, served: str) -> None:
    page = window.new_page()
    page.goto(f"{served}/index.html")
    for about in free_recordings().to_dict("records"):
        page.get_by_role("button", name=about["title"], exact=True).click()
        page.wait_for_selector(f'.song-source:has-text("{about["by"]}")', timeout=60_000)
        assert page.locator(".song-source a").get_attribute("href") == about["source"]
    page.close()


@CHROMIUM_ONLY
def test_a_fault_is_a_sentence(
    window: Any, served: str, files: list[Path], tmp_path: Path
) -> None:
    protected = tmp_path / "shop.m4a"
    protected.write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom" + b"\0" * 40 + b"drmssinf" * 9)
    unknown = tmp_path / "old.aif"
    unknown.write_bytes(b"FORM\0\0\0\x20AIFFCOMM" + b"\0" * 99)
    page = window.new_page()
    page.goto(f"{served}/index.html")
    for path, said in {
        next(f for f in files if f.name == "text.mp3"): "not audio that a browser knows",
        next(f for f in files if f.name == "empty.wav"): "is empty",
        protected: "protected",
        unknown: "cannot decode",
    }.items():
        heard(page, [path])
        text = page.get_by_role("status").inner_text()
        assert said in text and text.endswith("."), text
        assert not page.locator(".song-card").count()
    page.close()


@CHROMIUM_ONLY
def test_a_song_can_be_dropped_anywhere_on_the_page(window: Any, served: str) -> None:
    page = window.new_page()
    page.goto(f"{served}/index.html")
    sound = base64.b64encode(free_recordings().at["reading", "path"].read_bytes()).decode()
    dropped = page.evaluate_handle(
        """([sound, count]) => { const given = new DataTransfer();
        const bytes = Uint8Array.from(atob(sound), c => c.charCodeAt(0));
        for (let k = 0; k < count; k++) given.items.add(new File([bytes], `drop ${k}.mp3`));
        return given }""",
        [sound, 1],
    )
    page.dispatch_event("h1", "dragover", {"dataTransfer": dropped})
    assert "song-over" in str(page.locator(".song-drop").get_attribute("class"))
    page.dispatch_event("h1", "drop", {"dataTransfer": dropped})
    page.wait_for_selector(".song-card", timeout=60_000)
    assert "drop 0.mp3" in page.locator(".song-card").inner_text()
    assert "none of these" in page.locator(".song-card").inner_text()
    page.close()


@CHROMIUM_ONLY
def test_fifty_files_are_enough(window: Any, served: str, files: list[Path]) -> None:
    page = window.new_page()
    page.goto(f"{served}/index.html")
    heard(page, [files[0]] * 51)
    assert "at most 50" in page.get_by_role("status").inner_text()
    page.close()


@CHROMIUM_ONLY
def test_the_table_is_sorted_by_its_heads_and_opens_cards(
    window: Any, served: str, files: list[Path]
) -> None:
    page = window.new_page()
    page.goto(f"{served}/index.html")
    heard(page, [*files[:3], *files[-2:]])
    head = page.locator(".song-table thead th", has_text="genre")
    for direction in ("ascending", "descending"):
        head.get_by_role("button").press("Enter")
        assert head.get_attribute("aria-sort") == direction
    shown = page.locator(".song-table tbody tr td:nth-child(2)").all_inner_texts()
    assert shown != sorted(shown) and len(shown) == 5
    page.locator(".song-name").first.press("Enter")
    assert page.locator(".song-card").count() == 1
    page.close()


@CHROMIUM_ONLY
def test_the_steps_are_drawn_and_taken_along(window: Any, served: str, files: list[Path]) -> None:
    context = window.new_context()
    page = context.new_page()
    page.goto(f"{served}/index.html")
    heard(page, files[:1])
    page.goto(f"{served}/10-your-own-song.html")
    page.wait_for_selector("[data-song] canvas")
    drawn = page.locator("[data-song] canvas")
    assert drawn.count() == 4
    for canvas in drawn.all():
        assert canvas.get_attribute("aria-label")
        colours = canvas.evaluate("""c => new Set(new Uint32Array(c.getContext("2d")
            .getImageData(0, 0, c.width, c.height).data.buffer)).size""")
        assert colours > 10
    assert not page.locator("section:has(> [data-song]) .cell_output").first.is_visible()
    page.emulate_media(media="print")
    assert page.locator("section:has(> [data-song]) .cell_output").first.is_visible()
    assert not drawn.first.is_visible()
    context.close()


@CHROMIUM_ONLY
def test_a_playlist_grows_out_of_a_song_and_varies(
    window: Any, served: str, files: list[Path]
) -> None:
    page = window.new_page()
    page.goto(f"{served}/index.html")
    heard(page, files[:1])
    items = page.locator(".song-list li")
    first = items.all_inner_texts()
    assert len(first) == 12 == len(set(first))
    page.get_by_label("Variety").press("End")
    assert items.count() == 12 and items.all_inner_texts() != first
    page.get_by_label("Variety").press("Home")
    assert page.get_by_label("Variety").input_value() == "0"
    page.close()


@CHROMIUM_ONLY
@pytest.mark.skipif(not AXE.exists(), reason="no axe-core: run `npm ci` in web/")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(
    window: Any, served: str, files: list[Path], theme: str, width: int
) -> None:
    page = window.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    page.goto(f"{served}/10-your-own-song.html")
    for chosen in ([], files[:1], [*files[:2], files[-1]]):
        if chosen:
            heard(page, chosen)
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("""axe.run(document.querySelectorAll('#song, .song-figure'))
            .then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))""")
        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
