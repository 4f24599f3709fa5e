"""Slides to talk over, made from the pages of the chapters by rule; nothing is written twice.

A deck has the title, what there is to learn, one slide for each section (its heading, and its
first figure, else its first table that fits, else the points of its list or its first sentence),
short players, the summary and the questions of the self-test. What the page says beside that goes
to the speaker's notes. Pages are read after rendering, so numbers and references are filled in;
nbconvert writes them as slides of reveal.js, which lies beside them.
"""

from __future__ import annotations

import html
import itertools
import math
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag
from nbformat.v4 import new_notebook, new_raw_cell

from genrelib.book.chapters import BookError, built_site, read_book
from genrelib.corpus import PACKAGE_DATA, write_whole

SLIDES = PACKAGE_DATA / "slides"
"""The template, the style, and reveal.js with its licence."""
WIDTH, HEIGHT = 1280, 720
ROOM, LINE, GAP, LETTERS = 530, 39, 14, 72
"""Pixels below a heading, of a line and between paragraphs; letters in a line."""
CAPTION, SENTENCE = 170, 260
"""Letters of a caption and of a sentence that stands alone."""
PLAYERS = 4
LEFT_OUT = {"exercises", "further reading"}
FOLDED = "details, .dropdown, .toggle, noscript"
"""What a page shows only when it is opened."""


@dataclass
class Slide:
    """One slide.

    Parameters
    ----------
    body : str
        What is seen first, as HTML.
    notes : list of str
        What the speaker may say, in paragraphs of plain text.
    steps : list of str
        What appears below, one after the other, as HTML.
    """

    body: str
    notes: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)


def slides_of(page: str) -> tuple[str, list[Slide]]:
    """Choose what of a rendered chapter is shown on slides.

    Parameters
    ----------
    page : str
        The page of the chapter, as HTML.

    Returns
    -------
    tuple of str and list of Slide
        The title of the chapter, and its slides.

    Raises
    ------
    BookError
        If the page has no chapter in it.
    """
    soup = BeautifulSoup(page, "html.parser")
    chapter = soup.select_one("article section")
    if chapter is None:
        raise BookError("there is no chapter on this page: no section in an article")
    title = _heading(chapter)
    said = _prose(_own(chapter))
    slides = [Slide(f"<h1>{title}</h1>{_beginning(said)}", said)]
    for box in chapter.select(".admonition:has(ul)")[:1]:
        head = box.select_one(".admonition-title")
        slides += _list_slides(head.get_text() if head else "", _points(box))
    for section in chapter.find_all("section"):
        names = {_heading(s).lower() for s in (section, *section.find_parents("section"))}
        if names & LEFT_OUT:
            continue
        if "self-test" in names:
            slides += _questions(section)
        elif "summary" in names:
            slides += _list_slides(_heading(section), _points(section))
        else:
            found = list(_section_slides(section))
            slides += found
            # A part of a section that has no picture is something to say on the slide before.
            (found or slides[-1:])[0].notes += _prose(_own(section))
    return title, slides


def _section_slides(section: Tag) -> Iterator[Slide]:
    """Make the slides of a section: its picture, and what can be heard."""
    head = f"<h2>{_heading(section)}</h2>"
    own = _own(section)
    seen = [tag for block in own for tag in block.select("figure:has(img), .genre-table")
            if not tag.find_parent(lambda p: p.name == "details" or _is(p, FOLDED))]  # fmt: skip
    figures = [tag for tag in seen if tag.name == "figure"]
    heard = [tag for tag in seen if _is(tag, ".genre-players") and len(tag.select("audio"))]
    tables = filter(None, (_table(tag) for tag in seen if _is(tag, ".genre-table")))
    if figures:
        yield Slide(head + _figure(figures[0]))
    elif section.find(re.compile("h[12]"), recursive=False):
        if table := next(tables, None):
            yield Slide(head + table)
        elif not heard:
            leads = [s for block in own for s in block.select("li > p > strong:first-child")]
            if len(leads) > 1:
                yield from _list_slides(_heading(section), [_inner(lead) for lead in leads])
            else:
                yield Slide(head + _beginning(_prose(own)))
    for player in heard[:1]:
        if len(player.select("audio")) <= PLAYERS:
            yield Slide(head + _inner(player))


def _beginning(said: Sequence[str]) -> str:
    """Give the first sentences of a text, as HTML, less what points to something below it."""
    text = re.sub(r"(^|(?<=[.!?]) )[^.!?]*:$", "", said[0] if said else "")
    return f"<p>{html.escape(shortened(text, SENTENCE))}</p>" if text else ""


def shortened(text: str, limit: int) -> str:
    """Keep the sentences that fit at the beginning of a text.

    Parameters
    ----------
    text : str
        Plain text.
    limit : int
        Letters that it may have.

    Returns
    -------
    str
        Its first sentences; of a first sentence that is too long, the words that fit.
    """
    sentences = re.split(r"(?<=[.!?])(?<!\b(?:Fig|e\.g|i\.e)\.) (?=[^a-z])", text)
    kept = [
        part
        for part, length in zip(
            sentences, itertools.accumulate(len(s) + 1 for s in sentences), strict=True
        )
        if length <= limit + 1
    ]
    return " ".join(kept) if kept else text[:limit].rsplit(" ", 1)[0].rstrip(",;:") + " …"


def _figure(figure: Tag) -> str:
    """Take image and caption of a figure; the caption may lose its end."""
    image = figure.find("img")
    assert isinstance(image, Tag)
    caption = figure.find("figcaption")
    text = _plain(caption) if caption else ""
    source, alt = (html.escape(str(image.get(name, ""))) for name in ("src", "alt"))
    below = html.escape(shortened(text, CAPTION))
    return f'<figure><img src="{source}" alt="{alt}"><figcaption>{below}</figcaption></figure>'


def _table(box: Tag) -> str | None:
    """Take a table, in letters as large as it can have; None where it is too large for a slide."""
    rows = [[_plain(cell) for cell in row.select("th, td")] for row in box.select("tr")]
    widths = [max(map(len, column)) for column in itertools.zip_longest(*rows, fillvalue="")]
    letters = sum(widths) * 0.56 + len(widths) * 1.0
    size = min(28, (ROOM - 40) / len(rows) / 1.85, (WIDTH - 130) / letters)
    if size < 18 or box.find(["audio", "button", "input"]):
        return None
    return f'<div style="font-size: {size:.0f}px">{_inner(box)}</div>'


def _questions(section: Tag) -> Iterator[Slide]:
    """Make a slide of each question of a self-test; its answers come one by one."""
    texts: list[str] = []
    asked: list[tuple[list[str], list[tuple[str, str]]]] = []
    for block in _own(section)[1:]:
        if block.name == "details":
            answer, why = (
                block.select_one(".sd-summary-text"),
                block.select_one(".sd-summary-content"),
            )
            if asked and answer and why:
                asked[-1][1].append((_inner(answer), _plain(why)))
            continue
        start = block.find("strong")
        if isinstance(start, Tag) and re.fullmatch(r"\d+\.", start.get_text()):
            start.extract()
            asked.append((texts := [], []))
        texts.append(_inner(block) if block.find("tr") else f"<p>{_inner(block)}</p>")
    for number, (question, answers) in enumerate(asked, 1):
        head = f"<h2>{_heading(section)}, question {number}</h2>"
        steps = [f'<p class="answer"><strong>{letter}</strong> {answer}</p>'
                 for letter, (answer, _) in zip("ABCDEF", answers, strict=False)]  # fmt: skip
        right = "".join(
            f'<p class="why"><strong>{letter}</strong> {html.escape(why)}</p>'
            for letter, (_, why) in zip("ABCDEF", answers, strict=False)
            if why.startswith("Right")
        )
        notes = [f"{letter}: {why}" for letter, (_, why) in zip("ABCDEF", answers, strict=False)]
        if sum(map(_height, (*question, *steps, right))) <= ROOM:
            yield Slide(head + "".join(question), notes, [*steps, right])
        else:
            yield Slide(head + "".join(question), notes, steps)
            yield Slide(head + right, notes)


def _list_slides(head: str, points: Sequence[str]) -> Iterator[Slide]:
    """Make slides of a list: as many as it needs, about equally full."""
    if not points:
        return
    for parts in range(1, len(points) + 1):
        ends = [round(len(points) * part / parts) for part in range(parts + 1)]
        groups = [points[start:end] for start, end in itertools.pairwise(ends)]
        if all(sum(map(_height, group)) <= ROOM for group in groups):
            break
    for group in groups:
        items = "".join(f"<li>{point}</li>" for point in group)
        yield Slide(f"<h2>{head}</h2><ul>{items}</ul>")


def _height(text: str) -> float:
    """Estimate how high a paragraph is on a slide."""
    letters = len(re.sub(r"<table.*?</table>|<[^>]*>", "", text))
    rows = text.count("<tr")
    return LINE * (math.ceil(letters / LETTERS) + 1.6 * rows) + GAP if letters or rows else 0


def _own(section: Tag) -> list[Tag]:
    """Give what belongs to a section and to none inside it."""
    return [c for c in section.children if isinstance(c, Tag) and c.name != "section"]


def _is(tag: Tag, selector: str) -> bool:
    return bool(tag.css.match(selector))


def _heading(section: Tag) -> str:
    """Give the heading of a section, as HTML, without its number."""
    head = section.find(re.compile("h[1-6]"), recursive=False)
    return _inner(head) if isinstance(head, Tag) else ""


def _points(box: Tag) -> list[str]:
    """Give the points of the first list in a box, as HTML."""
    found = box.find(["ul", "ol"])
    points = found.find_all("li", recursive=False) if isinstance(found, Tag) else []
    return [_inner(point) for point in points]


def _prose(blocks: Iterable[Tag]) -> list[str]:
    """Give the paragraphs of a text, and the points of its lists, as plain text."""
    found = []
    for block in blocks:
        for tag in [block, *block.find_all(["p", "li"])]:
            if tag.name not in ("p", "li") or tag.find(["p", "li"]):
                continue
            places = [tag, *tag.parents]
            if not any(p.name in ("table", "figure") or _is(p, f"{FOLDED}, .cell") for p in places
                       if isinstance(p, Tag) and p.name != "[document]"):  # fmt: skip
                found.append(_plain(tag))
    return [text for text in found if text]


def _plain(tag: Tag) -> str:
    return " ".join(tag.get_text().replace("#", "").split()) if tag else ""


def _inner(tag: Tag) -> str:
    """Give what is in a tag as HTML that stands by itself, without links and ids."""
    copied = BeautifulSoup(tag.decode_contents(), "html.parser")
    heads = ", thead" if copied.find("audio") else ""  # a player needs no head of a table
    for part in copied.select(f".section-number, .headerlink{heads}"):
        part.decompose()
    for part in copied.find_all(True):
        if part.name in ("a", "span", "p", "div"):
            part.unwrap()
        else:
            kept = {"scope", "colspan", "rowspan", "src", "controls", "preload", "aria-label"}
            number = _is(part, ".number")
            part.attrs = {name: value for name, value in part.attrs.items() if name in kept}
            if number:
                part["class"] = "number"
    return re.sub(r"\s+", " ", copied.decode()).strip()


def deck(title: str, slides: Sequence[Slide]) -> str:
    """Write slides as one page of HTML.

    Parameters
    ----------
    title : str
        What the page is called.
    slides : sequence of Slide
        The slides.

    Returns
    -------
    str
        The page, which expects reveal.js and the style beside it.
    """
    from nbconvert.exporters.slides import SlidesExporter

    cells = []
    for slide in slides:
        pieces = [("slide", slide.body)]
        if slide.notes:
            pieces.append(("notes", "".join(f"<p>{html.escape(t)}</p>" for t in slide.notes)))
        pieces += [("fragment", step) for step in slide.steps]
        cells += [new_raw_cell(text, metadata={"slideshow": {"slide_type": kind}})
                  for kind, text in pieces]  # fmt: skip
    exporter = SlidesExporter(
        template_file=str(SLIDES / "deck.html.j2"),
        reveal_width=str(WIDTH),
        reveal_height=str(HEIGHT),
    )
    page, _ = exporter.from_notebook_node(new_notebook(cells=cells, metadata={"title": title}))
    return page


def write_slides(site: Path, names: Sequence[str], folder: Path | None = None) -> list[Path]:
    """Write a deck for each chapter, with reveal.js beside them.

    Parameters
    ----------
    site : Path
        Folder of the rendered site.
    names : sequence of str
        Names of the chapters.
    folder : Path, optional
        Where the decks are to stand by themselves, with copies of their pictures; by default in
        the folder `slides` of the site, whose pictures they share.

    Returns
    -------
    list of Path
        The decks.
    """
    place = folder or site / "slides"
    shutil.copytree(SLIDES / "reveal", place / "reveal", dirs_exist_ok=True)
    write_whole(place / "deck.css", (SLIDES / "deck.css").read_bytes())
    decks, entries = [], []
    for name in names:
        title, slides = slides_of((site / "chapters" / f"{name}.html").read_text("utf-8"))
        page = deck(BeautifulSoup(title, "html.parser").get_text(), slides)
        if folder:
            page = _with_pictures(page, site, folder)
        decks.append(place / f"{name}.html")
        write_whole(decks[-1], page)
        entries.append(f'<li><a href="{name}.html">{title}</a>, {len(slides)} slides</li>')
    if folder:
        write_whole(folder / "index.html", _INDEX.format(entries="\n".join(entries)))
    return decks


_INDEX = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Genre, Measured: slides</title></head>
<body><main><h1>Genre, Measured: slides</h1>
<ol>
{entries}
</ol>
</main></body>
</html>
"""


def _with_pictures(page: str, site: Path, folder: Path) -> str:
    """Copy the pictures of a deck, and let it take them from there."""

    def copied(found: re.Match[str]) -> str:
        name = unquote(found[1])
        (folder / "images").mkdir(exist_ok=True)
        shutil.copy(site / "_images" / name, folder / "images" / name)
        return f'src="images/{found[1]}"'

    return re.sub(r'src="\.\./_images/([^"]+)"', copied, page)


def slides_apart(root: Path) -> Path:
    """Write the slides as a folder that needs nothing else.

    Parameters
    ----------
    root : Path
        Folder of the book, which has been built.

    Returns
    -------
    Path
        The folder, written whole or not at all; its page `index.html` leads to the decks.

    Raises
    ------
    BookError
        If the book is not built.
    """
    site, build = built_site(root), root / "_build"
    folder, part = build / "slides", build / ".slides.part"
    shutil.rmtree(part, ignore_errors=True)
    write_slides(site, [chapter.name for chapter in read_book(root)], part)
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)
    return folder
