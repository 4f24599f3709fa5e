"""Tests of the pages: no faults; intervals, few tracks, sizes of figures, agreement of sources."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup, Tag
from PIL import Image

from genrelib.book import check_site, load_results
from genrelib.book.folds import COLLAPSED
from genrelib.book.page import SAVED_DPI, SHOWN_DPI
from genrelib.evaluation import FEW

ROOT = Path(__file__).parents[2]
NUMBER = r"[+-]?\d*\.?\d+"
IN_TABLES = re.compile(rf"({NUMBER}) \[({NUMBER}), ({NUMBER})\]")
IN_PROSE = re.compile(rf"({NUMBER}) \(95 % interval ({NUMBER}) to ({NUMBER})\)")
OTHER_PAGES = ["index", "glossary", "bibliography", "helper", "about-build"]
NAMES = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))
SCREEN = 780
"""Pixels that a figure may be high: a screen of 900 less what the browser and its caption take."""


def article(site: Path, name: str) -> Tag:
    page = (site / "chapters" / f"{name}.html").read_text("utf-8")
    found = BeautifulSoup(page, "html.parser").find("article")
    assert found is not None
    return found


def rows_of(table: Tag) -> Iterator[dict[str, str]]:
    """Give the rows of a table by the heads of their columns."""
    heads = [cell.get_text(" ", strip=True) for cell in table.select("thead tr:last-child > *")]
    for row in table.select("tbody tr"):
        cells = [cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])]
        yield dict(zip(heads[-len(cells) :], cells, strict=False))


def test_intervals_are_found_as_they_are_written() -> None:
    text = "so .78 [.71, .84] and +.02 [-.01, +.05], 0.16 (95 % interval 0.11 to 0.22)"
    assert IN_TABLES.findall(text) == [(".78", ".71", ".84"), ("+.02", "-.01", "+.05")]
    assert IN_PROSE.findall(text) == [("0.16", "0.11", "0.22")]


@pytest.mark.slow
def test_the_default_site_has_no_faults(default_site: Path) -> None:
    assert check_site(default_site, ROOT) == []


@pytest.mark.slow
def test_the_buttons_of_a_page_open_its_own_notebook(default_site: Path) -> None:
    seen = {}
    for path in default_site.glob("*/*.html"):
        soup = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        links = [str(a["href"]) for a in soup.select(".dropdown-launch-buttons a[href]")]
        seen[path.relative_to(default_site).with_suffix("").as_posix()] = links
    assert sum(name.startswith("instructors/") for name in seen) >= 5
    for name, links in seen.items():
        if (ROOT / f"{name}.ipynb").is_file():
            binder, colab = links
            assert binder.startswith("https://mybinder.org/v2/gh/"), name
            assert binder.endswith(f"?urlpath=lab/tree/{name}.ipynb")
            assert colab.startswith("https://colab.research.google.com/github/"), name
            assert colab.endswith(f"/{name}.ipynb")
        else:  # nothing to run
            assert links == [], name


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


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_interval_of_the_default_site_holds_its_value_and_has_width(
    default_site: Path, name: str
) -> None:
    text = article(default_site, name).get_text(" ")
    for pattern in (IN_TABLES, IN_PROSE):
        for found in pattern.findall(text):
            value, low, high = map(float, found)
            assert low <= value <= high, found
            assert low < high, found


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_few_tracks_have_no_score_on_the_default_site(default_site: Path, name: str) -> None:
    for table in article(default_site, name).select("table"):
        for row in rows_of(table):
            counts = [row[head] for head in ("tracks", "tracks tested") if head in row]
            if any(int(count.replace(",", "")) < FEW for count in counts if count.isdigit()):
                assert not IN_TABLES.search(" ".join(row.values())), row


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_figure_of_the_default_site_fits_a_screen(default_site: Path, name: str) -> None:
    for image in article(default_site, name).select("figure img"):
        source = image["src"]
        data = (
            base64.b64decode(source.split(",")[1])
            if source.startswith("data:")
            else (default_site / "chapters" / source).read_bytes()
        )
        height = Image.open(io.BytesIO(data)).height * SHOWN_DPI / SAVED_DPI
        assert height <= SCREEN, f"{height:.0f} pixels: {image.get('alt', '')[:60]}"


@pytest.mark.slow
def test_the_default_site_and_the_recorded_results_agree(default_site: Path) -> None:
    """Where the page was not shortened, its numbers lie in the recorded intervals."""
    about = (default_site / "chapters" / "about-build.html").read_text("utf-8")
    recorded = load_results("gtzan-mini").query("level == 'slice' and metric == 'accuracy'")
    recorded = recorded.set_index(["model", "protocol"])
    shown: dict[tuple[str, str], float] = {}
    for table in article(default_site, "09-conclusions").select("table"):
        for row in rows_of(table):
            if {"model", "random-slice"} <= set(row) and "rows of the study" not in row:
                for exam, cell in row.items():
                    if found := IN_TABLES.search(cell):  # the first table is that of slices
                        shown.setdefault((row["model"], exam), float(found[1]))
    assert {model for model, _ in shown} == set(recorded.index.get_level_values(0))
    if "short cuts, not for reading results" in about:
        return
    for key, value in shown.items():
        low, high = recorded.loc[key, ["low", "high"]]
        assert low - 0.005 <= value <= high + 0.005, (key, value)


def test_the_weight_of_a_page_counts_its_images_once(tmp_path: Path) -> None:
    (tmp_path / "plot.png").write_bytes(bytes(1_400_000))
    image = '<img src="plot.png" alt="A plot">'
    (tmp_path / "index.html").write_text(f"<p>{image}{image}</p>", "utf-8")
    assert check_site(tmp_path) == []
    (tmp_path / "index.html").write_text(f"<p>{image}{'x' * 100_000}</p>", "utf-8")
    (fault,) = check_site(tmp_path)
    assert fault == f"index.html: the page has {1_500_000 + len(image) + 7:,} bytes"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_page_folds_what_is_for_the_curious(default_site: Path, name: str) -> None:
    cells = nbformat.read(ROOT / "chapters" / f"{name}.ipynb", as_version=4).cells
    folds = article(default_site, name).select("details.curious")
    assert len(folds) == sum(bool(cell.metadata.get(COLLAPSED)) for cell in cells)
    for fold in folds:
        assert not fold.find_all(["h1", "h2", "h3"]), "a fold has swallowed a heading"
        assert fold.find("summary") and fold.select(".cell")
