"""Looking a rendered site over: links, images, sizes, and what is marked as wrong in it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

MAX_PAGE_BYTES, MAX_SITE_BYTES = 1_500_000, 45_000_000


class _Page(HTMLParser):
    """What `check_site` wants to know of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.failures: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down ids, links, images and what Sphinx and Jupyter mark as an error."""
        given = dict(attrs)
        self.ids.update(filter(None, (given.get("id"), given.get("name"))))
        if tag == "img":
            self.images.append(given)
        self.links += [link for name in ("href", "src") if (link := given.get(name))]
        classes = set((given.get("class") or "").split())
        if "traceback" in classes:
            self.failures.append("an output is an error")
        if classes & {"problematic", "system-message"}:
            self.failures.append("an unresolved reference or a markup error")


def check_site(html: Path, root: Path | None = None) -> list[str]:
    """Look a rendered book over.

    Parameters
    ----------
    html : Path
        Folder of the site.
    root : Path, optional
        Folder of the repository; if given, links from the pages to files of the repository
        (source, Binder, Colab, a JupyterHub) are checked against it.

    Returns
    -------
    list of str
        What is wrong, one line per fault, each with its page: outputs that are errors, markup
        errors, images without a text alternative, links to pages, files or places in a page that
        do not exist, pages over 1.5 MB with their images, a site over 45 MB.
    """
    # Templates of the theme are kept among the static files; they are no pages.
    static = html / "_static"
    paths = [path for path in sorted(html.rglob("*.html")) if static not in path.parents]
    texts = {path: path.read_text("utf-8") for path in paths}
    pages = {path.resolve(): _Page(text) for path, text in texts.items()}
    repository = repository_of(root) if root else None
    problems = []
    for path, text in texts.items():
        page = pages[path.resolve()]
        found = [*page.failures]
        if (weight := _weight(path, text, page.images)) > MAX_PAGE_BYTES:
            found.append(f"the page has {weight:,} bytes")
        found += [
            f"image without text alternative: {image.get('src', '')}"
            for image in page.images
            if not (image.get("alt") or "").strip()
        ]
        for link in dict.fromkeys(page.links):
            found += _check_link(link, path, html, pages)
            if root and repository and repository[0]:
                found += _check_repository_link(link, root, repository)
        problems += [f"{path.relative_to(html)}: {fault}" for fault in found]
    size = sum(path.stat().st_size for path in html.rglob("*") if path.is_file())
    if size > MAX_SITE_BYTES:
        problems.append(f"the site has {size:,} bytes")
    return problems


def _weight(path: Path, text: str, images: list[dict[str, str | None]]) -> int:
    """Count the bytes of a page and of its images; the theme, which all share, is left out."""
    sources = {urlsplit(image.get("src") or "") for image in images}
    files = {path.parent / unquote(s.path) for s in sources if s.path and not s.scheme}
    return len(text.encode()) + sum(file.stat().st_size for file in files if file.is_file())


def _check_link(link: str, page: Path, html: Path, pages: Mapping[Path, _Page]) -> list[str]:
    """Check that a link inside the site leads somewhere."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return []
    target = page if not parts.path else page.parent / unquote(parts.path)
    if parts.path.startswith("/"):
        return [f"link to {link} leaves the book when it is opened from disk"]
    target = target.resolve()
    if html.resolve() not in (target, *target.parents) or not target.exists():
        return [f"broken link: {link}"]
    fragment = unquote(parts.fragment)
    if fragment and target in pages and fragment not in pages[target].ids:
        return [f"link to a missing place: {link}"]
    return []


def repository_of(root: Path) -> tuple[str, str]:
    """Return address and branch of the repository that pages link to."""
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8")).get("repository", {})
    if not (repository := os.environ.get("GITHUB_REPOSITORY")):
        return config.get("url", ""), config.get("branch", "main")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    # On a pull request, GITHUB_REF_NAME is the name of a merge that does not last.
    branch = os.environ.get("GITHUB_HEAD_REF") or os.environ.get("GITHUB_REF_NAME")
    return f"{server}/{repository}", branch or "main"


def _check_repository_link(link: str, root: Path, repository: tuple[str, str]) -> list[str]:
    """Check that a link to a file of the repository, or to its notebook elsewhere, is right."""
    parts = urlsplit(link)
    name, branch = re.escape(urlsplit(repository[0]).path.strip("/")), re.escape(repository[1])
    file = None
    if match := re.fullmatch(rf"(?:/github)?/{name}/(?:blob|edit|tree)/{branch}/(.+)", parts.path):
        file = match[1]
    elif re.fullmatch(rf"/v2/gh/{name}/{branch}", parts.path):
        opened = parse_qs(parts.query).get("urlpath", [""])[0]
        file = re.sub(r"^(lab/)?tree/", "", opened)
    elif parts.path.endswith("/git-pull"):  # of a JupyterHub
        asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if (asked.get("repo"), asked.get("branch")) != repository:
            return [f"link to another repository or branch: {link}"]
        folder = repository[0].rstrip("/").rpartition("/")[2]
        place = rf"(?:lab/)?tree/{re.escape(folder)}/(.+)"
        found = re.fullmatch(place, asked.get("urlpath", ""))
        file = found[1] if found else "?"
    elif re.match(rf"(/github|/v2/gh)?/{name}/(?!issues)", parts.path):
        return [f"link to an unknown place of the repository: {link}"]
    if file is None or (root / unquote(file)).exists():
        return []
    return [f"link to a file that the repository does not have: {link}"]
