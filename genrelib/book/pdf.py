"""The book on paper: the pages of the site joined to one, and printed by a browser.

Links between pages become links inside of the document, places to listen become a line of text,
and answers move to the end of their chapter. (Sphinx has a builder for one page, but it fails with
Jupyter Book, and sections of the same name would lead to the first of them.) The browser is asked
twice: the first print tells on which page each section begins, the second has that in its
contents. The outline is written behind it, since browsers tear titles apart that they break.
"""

from __future__ import annotations

import html
import io
import itertools
import logging
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from posixpath import normpath
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag

from genrelib.book.chapters import BookError, built_site, toc_pages
from genrelib.corpus import PACKAGE_DATA, write_whole

STYLE = PACKAGE_DATA / "print" / "book.css"
BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)  # fmt: skip
SECONDS = 1800
"""How long the browser may take; the book has some hundred pages."""
PAGE, LETTER, BETWEEN = 170, 1.65, 2.5
"""Millimetres: what a page is wide, and in a table a letter and the room between columns."""
ON_SCREEN_ONLY = "script, style, button, audio, #song, [data-song], .headerlink, .genre-silent"


def write_pdf(root: Path) -> Path:
    """Print the built book.

    Parameters
    ----------
    root : Path
        Folder of the book.

    Returns
    -------
    Path
        The PDF, written whole or not at all.

    Raises
    ------
    BookError
        If the book is not built, or there is no browser to print it with, or it fails.
    """
    site, build = built_site(root), root / "_build"
    browser, pypdf = find_browser(), _pypdf()
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    pages = joined(site, [name for name in toc_pages(toc) if (site / f"{name}.html").exists()])
    entries = list(contents(toc, pages))
    with tempfile.TemporaryDirectory(prefix="genrelib-") as folder:
        source, target = Path(folder) / "book.html", Path(folder) / "book.pdf"
        numbers: dict[str, int] = {}
        for _ in range(2):
            front = front_matter(config, entries, numbers)
            source.write_text(_document(site, config["title"], front, pages), "utf-8")
            _print(browser, source, target)
            numbers = first_pages(pypdf.PdfReader(target))
        writer = pypdf.PdfWriter(clone_from=target)
        parent = None
        for level, title, place in entries:
            if place in numbers:
                above = parent if level > 1 else None
                item = writer.add_outline_item(title, numbers[place] - 1, parent=above)
                parent = item if level == 1 else parent
        writer.add_metadata({"/Title": config["title"], "/Author": config["author"]})
        path, stream = build / "genre-measured.pdf", io.BytesIO()
        writer.write(stream)
        write_whole(path, stream.getvalue())
    return path


def find_browser() -> str:
    """Find a browser that prints.

    Returns
    -------
    str
        Its program: what the variable ``GENRELIB_BROWSER`` names, else one of `BROWSERS`.

    Raises
    ------
    BookError
        If there is none.
    """
    named = os.environ.get("GENRELIB_BROWSER")
    for name in [named] if named else BROWSERS:
        if found := shutil.which(name):
            return found
    what = f"GENRELIB_BROWSER names {named}, which is no program" if named else "no browser found"
    raise BookError(
        f"{what}: printing needs Chromium, Chrome or Edge. Install one (on Debian and Ubuntu: "
        "apt install chromium), or let GENRELIB_BROWSER name its program"
    )


def _pypdf() -> Any:
    """Give what reads and writes a PDF."""
    try:
        import pypdf
    except ImportError as error:
        raise BookError(
            "page numbers and outline need pypdf: pip install 'genrelib[course]'"
        ) from error
    # It remarks on how browsers count the objects of a file, which is nothing to a reader.
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    return pypdf


def joined(site: Path, names: list[str]) -> dict[str, Tag]:
    """Take the articles out of pages, as parts of one document.

    Parameters
    ----------
    site : Path
        Folder of the rendered site.
    names : list of str
        Pages, as in the table of contents.

    Returns
    -------
    dict of str to bs4.Tag
        The article of each page, whose id is :func:`anchor` of its name. Ids differ between pages,
        links to pages of the document lead into it, other links than to the web are taken off.
    """
    pages = {}
    for name in names:
        soup = BeautifulSoup((site / f"{name}.html").read_text("utf-8"), "html.parser")
        article = soup.select_one("article")
        if article is None:
            raise BookError(f"{site / name}.html has no article: run `make book` again")
        _for_paper(article)
        _answers_behind(soup, article)
        for tag in article.find_all(id=True):
            tag["id"] = anchor(name, str(tag["id"]))
        for image in article.find_all("img", src=re.compile(r"^(?!data:|\w+://)")):
            image["src"] = ((site / name).parent / unquote(str(image["src"]))).resolve().as_uri()
        for link in article.find_all("a"):
            target = _target(str(link.get("href", "")), name, names)
            if target:
                link["href"] = target
            else:
                link.unwrap()
        article["id"] = anchor(name)
        pages[name] = article
    return pages


def anchor(name: str, place: str = "") -> str:
    """Name a place of the joined document.

    Parameters
    ----------
    name : str
        Name of the page.
    place : str, optional
        Id on that page; by default its beginning.

    Returns
    -------
    str
        The id in the document.
    """
    return name.replace("/", "-") + (f"--{place}" if place else "")


def _target(link: str, name: str, names: list[str]) -> str:
    """Say where a link leads in the document, or nothing."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return link if parts.scheme in ("http", "https", "mailto") else ""
    path = normpath(f"{name}/../{unquote(parts.path)}") if parts.path else f"{name}.html"
    page = path.removesuffix(".html")
    return f"#{anchor(page, unquote(parts.fragment))}" if page in names else ""


def _for_paper(article: Tag) -> None:
    """Open what is folded, and say in words what can only be heard."""
    for player in article.select(".genre-players"):
        caption = player.find("caption")
        player.attrs = {"class": "on-screen"}
        player.string = (
            f"To be heard in the book on the screen. {caption.get_text()}" if caption else ""
        )
    for tag in article.select(ON_SCREEN_ONLY):
        tag.decompose()
    for tag in article.find_all("noscript"):
        tag.unwrap()  # what stands for a figure that needs a script
    for tag in article.find_all("details"):
        tag["open"] = ""
    for table in article.find_all("table"):
        rows = [
            [cell.get_text(" ") for cell in row.select("th, td")] for row in table.select("tr")
        ]
        words = [[max(map(len, text.split() or [""])) for text in row] for row in rows]
        widths = [max(column) for column in itertools.zip_longest(*words, fillvalue=0)]
        if sum(widths) * LETTER + len(widths) * BETWEEN > PAGE:
            table["class"] = " ".join([*filter(None, table.get_attribute_list("class")), "wide"])


def _answers_behind(soup: BeautifulSoup, article: Tag) -> None:
    """Put solutions, and the answers of the self-test, to the end of a chapter."""
    found: list[Tag] = []
    number = ""
    for section in article.select("section"):
        head = section.find("h2", recursive=False)
        if not head or "self-test" not in head.get_text().lower():
            continue
        letters: Iterator[str] = iter("")
        for block in section.find_all(["p", "details"], recursive=False):
            start = block.find("strong")
            if block.name == "p" and start and re.fullmatch(r"\d+\.", start.get_text()):
                number, letters = start.get_text(), iter("ABCDEFGH")
            elif block.name == "details":
                letter = next(letters, "")
                answer, why = block.select_one(".sd-summary-text"), block.select_one("div")
                if not answer or not why:
                    continue
                said = soup.new_tag("p")
                said.append(f"{number.rstrip('.')} {letter}: {' '.join(why.get_text().split())}")
                found.append(said)
                shown = soup.new_tag("p", attrs={"class": "choice"})
                shown.extend([f"{letter}  ", *list(answer.children)])
                block.replace_with(shown)
    found += [tag.extract() for tag in article.select("div.solution")]
    chapter = article.find("section")
    if not found or not isinstance(chapter, Tag):
        return
    behind = soup.new_tag("section", id="answers")
    head = soup.new_tag("h2")
    head.string = "Answers and solutions"
    behind.append(head)
    behind.extend(found)
    chapter.append(behind)


def contents(toc: Mapping[str, Any], pages: Mapping[str, Tag]) -> Iterator[tuple[int, str, str]]:
    """List what is in the book: parts, pages, and the sections of those that have a number.

    Parameters
    ----------
    toc : mapping
        What is in ``_toc.yml``.
    pages : mapping of str to bs4.Tag
        As from :func:`joined`.

    Yields
    ------
    tuple of int, str and str
        Level (0 for a part, 1 for a page, 2 for a section), title, and id in the document.
    """
    for part in [{"chapters": [{"file": toc["root"]}]}, *toc.get("parts", [toc])]:
        if part.get("caption"):
            yield 0, part["caption"], ""
        for name in toc_pages(part.get("chapters", [])):
            head = pages[name].find("h1") if name in pages else None
            if not isinstance(head, Tag):
                continue
            yield 1, head.get_text(), anchor(name)
            for section in pages[name].select("section:has(> h2)[id]"):
                if head.select_one(".section-number") and (below := section.find("h2")):
                    yield 2, below.get_text(), str(section["id"])


def front_matter(
    config: Mapping[str, Any],
    entries: Iterable[tuple[int, str, str]],
    numbers: Mapping[str, int],
) -> str:
    """Write the title page and the contents.

    Parameters
    ----------
    config : mapping
        What is in ``_config.yml``.
    entries : iterable of tuple
        As from :func:`contents`.
    numbers : mapping of str to int
        The page of each, by its id; nothing where that is not known yet.

    Returns
    -------
    str
        HTML.
    """
    rows = []
    for level, title, place in entries:
        row = html.escape(title)
        if place:
            row = (
                f'<a href="#{place}"><span>{row}</span><span class="leader"></span>'
                f"<span>{numbers.get(place) or '000'}</span></a>"
            )
        rows.append(f'<p class="level-{level}">{row}</p>')
    licence = config.get("html", {}).get("extra_footer", "")
    return (
        f'<header class="front"><p class="title">{html.escape(config["title"])}</p>'
        f"<p>{html.escape(config['author'])}</p>"
        f'<p class="small">{config["copyright"]}. {licence}</p></header>'
        f'<nav class="book-contents"><h1>Contents</h1>{"".join(rows)}</nav>'
    )


def _document(site: Path, title: str, front: str, pages: Mapping[str, Tag]) -> str:
    """Write the whole document with the style of the site, and that of paper behind it."""
    first = BeautifulSoup((site / f"{next(iter(pages))}.html").read_text("utf-8"), "html.parser")
    folder = (site / next(iter(pages))).parent
    styles = [
        (folder / urlsplit(str(link["href"])).path).resolve().as_uri()
        for link in first.select('link[rel="stylesheet"]')
        if not urlsplit(str(link["href"])).scheme
    ]
    links = "".join(f'<link rel="stylesheet" href="{uri}">' for uri in [*styles, STYLE.as_uri()])
    articles = "\n".join(page.decode() for page in pages.values())
    return (
        '<!DOCTYPE html><html lang="en" data-theme="light" data-mode="light"><head>'
        f'<meta charset="utf-8"><title>{html.escape(title)}</title>{links}</head>'
        f'<body><main class="bd-content">{front}{articles}</main></body></html>'
    )


def _print(browser: str, source: Path, target: Path) -> None:
    """Let the browser print a page."""
    options = ["--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer"]
    options += ["--export-tagged-pdf"]
    options += [f"--user-data-dir={source.parent / 'profile'}", f"--print-to-pdf={target}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")  # which the browser refuses to the administrator
    try:
        done = subprocess.run(
            [browser, *options, source.as_uri()], capture_output=True, text=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise BookError(
            f"{browser} did not print the book within {SECONDS // 60} minutes"
        ) from error
    if done.returncode or not target.exists():
        raise BookError(f"{browser} did not print the book: {done.stderr.strip()[-600:]}")


def first_pages(reader: Any) -> dict[str, int]:
    """Say on which page each place is that a link of a PDF leads to.

    Parameters
    ----------
    reader : pypdf.PdfReader
        The PDF.

    Returns
    -------
    dict of str to int
        Numbers from 1, by the ids of the printed document.
    """
    places = reader.named_destinations.items()
    found = {name.lstrip("/"): reader.get_destination_page_number(place) for name, place in places}
    return {name: number + 1 for name, number in found.items() if number is not None}
