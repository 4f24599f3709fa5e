"""A site of one page with the figures that answer, made from small tables by the way of a book."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from genrelib.book import show
from genrelib.book.figures import Picture, forest, neighbours, numbers
from genrelib.book.interactive import add_interactive
from genrelib.corpus import GENRES
from genrelib.evaluation import confusion

# The colours that the theme of the book gives to light and dark.
PAGE = """<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Figures</title><style>
:root {{ --pst-color-text-base: #222832;
  --pst-color-text-muted: #48566b; --pst-color-border: #c9c9c9; --pst-color-background: #fff;
  --pst-color-surface: #f5f5f5; --pst-color-primary: #176de8; }}
html[data-theme=dark] {{ --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af;
  --pst-color-border: #48566b; --pst-color-background: #121212; --pst-color-surface: #1f1f1f;
  --pst-color-primary: #9ca4ff; }}
body {{ background: var(--pst-color-background); color: var(--pst-color-text-base); }}
img {{ max-width: 100%; }}
.genre-table {{ max-width: 100%; overflow-x: auto; }} figure {{ margin: 1rem 0; }}
</style></head><body><main class="bd-article"><h1>Figures</h1>{}</main></body></html>"""
FIGURE = """<section><h2>{0}</h2><figure class="align-default" id="{0}"><img alt="{1}"
src="data:image/png;base64,{2}" width="400"><figcaption>{3}</figcaption></figure></section>"""


def make(folder: Path) -> Path:
    """Write the site, and return its folder."""
    outputs = [_shown(picture) for picture in pictures()]
    notebook = new_notebook(cells=[new_code_cell("show()", outputs=[o]) for o in outputs])
    for part in ("book", "site"):
        (folder / part / "chapters").mkdir(parents=True)
    nbformat.write(notebook, folder / "book" / "chapters" / "one.ipynb")
    body = ""
    for shown in outputs:
        about = shown.metadata["genrelib"]
        words = [html.escape(about[key]) for key in ("alt", "caption")]
        body += FIGURE.format(about["name"], words[0], shown.data["image/png"], words[1])
    (folder / "site" / "chapters" / "one.html").write_text(PAGE.format(body), "utf-8")
    assert add_interactive(folder / "site", folder / "book") == [
        shown.metadata["genrelib"]["name"] for shown in outputs
    ]
    return folder / "site"


def _shown(picture: Picture) -> Any:
    """Give the output that a chapter has after it has shown a picture."""
    seen: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("IPython.display.display", lambda data, raw, metadata: seen.append(
            new_output("display_data", data, metadata=metadata)))  # fmt: skip
        show(picture)
    return seen[0]


def pictures() -> list[Picture]:
    """Draw each of the figures, of made numbers."""
    rng = np.random.default_rng(1)
    truth = pd.Series(rng.choice(GENRES, 100), [f"t{k}:0" for k in range(100)])
    own = np.eye(10)[[list(GENRES).index(genre) for genre in truth]]
    shares = [rng.multinomial(100, rng.dirichlet(0.4 + 3 * row)) for row in own]
    votes = pd.DataFrame(np.array(shares) / 100, truth.index, list(GENRES))
    k = np.arange(1, 100)
    curves = {}
    for name, value in {
        "random-slice": 0.9 - k / 200,
        "track": 0.5 + k / 400 - k**2 / 5e4,
    }.items():
        table = {"value": np.round(value, 3), "low": value - 0.05123, "high": value + 0.05}
        curves[name] = pd.DataFrame(table, index=k)
    told, tracks = predictions(truth, rng)
    return [
        forest.majority(votes, truth, votes.max(axis=1) <= 0.5),
        neighbours.by_k(curves),
        neighbours.confusion_by_track(confusion(told), told, tracks),
        numbers.neighbourhood(*placed(told, tracks, rng)),
    ]


def placed(
    told: pd.DataFrame, tracks: pd.DataFrame, rng: np.random.Generator
) -> tuple[np.ndarray, pd.DataFrame]:
    """Lay the slices of each track out around a place of its own."""
    slices = told[["track_id", "genre"]].join(tracks["artist"], on="track_id")
    middle = {track: 60 * rng.random(2) for track in tracks.index}
    return np.array([middle[t] for t in slices["track_id"]]) + rng.normal(size=(500, 2)), slices


def predictions(truth: pd.Series, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Name the genres of five slices of each track, and the tracks."""
    names = pd.Index([f"{genre}.{k:05d}" for k, genre in enumerate(truth)], name="track_id")
    told = pd.DataFrame({"track_id": np.repeat(names, 5), "genre": np.repeat(truth.array, 5)})
    wrong = rng.random(len(told)) < 0.4
    told["predicted"] = told["genre"].where(~wrong, rng.choice(GENRES, len(told)))
    told = told.assign(protocol="track", model="k-NN", **{f"p_{genre}": 0.1 for genre in GENRES})
    artist = [None if k % 7 == 0 else f"Artist <{k // 2}> & friends, who have quite a long name" for k in range(len(names))]
    return told, pd.DataFrame({"artist": artist, "title": "A title"}, names)
