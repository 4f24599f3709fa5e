"""The part of the site that hears a song: model, ear and runtime, beside a front end from ``web``.

Pages that have an element with the id ``song``, or one with ``data-song``, get the front end: its
modules joined to one script, which loads the rest of ``_static/song`` with the first song. What it
loads lies there twice, as a file, and as a script for pages that are opened from disk and may not
fetch. Nothing comes from elsewhere, and the pages say so to the browser.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from genrelib.book.figures.common import genre_colours
from genrelib.classify import Model, export_model, load_model
from genrelib.corpus import PACKAGE_DATA, free_recordings
from genrelib.features import EAR_MODEL
from genrelib.playlists import DIVERSITY, NEAR, POOL, VERSION, Index, catalogue

WEB = PACKAGE_DATA.parents[1] / "web"
RUNTIME = PACKAGE_DATA / "ort"
PAGE = ("make", "verdict", "resample", "sound", "ear", "card", "playlist", "chapter", "page")
"""Modules of the page, each after those it imports."""
WORKER = ("resample", "verdict", "worker")
LOG_MEL = b"\x3a\x06\x62\x04\x0a\x02n8"
"""Behind the bytes of the ear: one more output of its graph, the log-mel that it listens to. Two
models, one after the other, are one in Protocol Buffers (field 7, graph; 12, output; 1, name)."""
POLICY = "; ".join(
    [
        "default-src 'self' data: blob:",
        "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    ]
)
"""What such a page may load: its own site, and what it has made itself."""


def add_song(site: Path) -> list[str]:
    """Give pages the front end that hears a song.

    Parameters
    ----------
    site : Path
        Folder of the rendered site.

    Returns
    -------
    list of str
        The pages that have it; none where the folder ``web`` is not at hand.
    """
    found = [p for p in sorted(site.glob("*/*.html")) if _wants(p.read_text("utf-8"))]
    if not found or not WEB.is_dir():
        return []
    folder = site / "_static" / "song"
    folder.mkdir(parents=True, exist_ok=True)
    sizes, heard = {}, assets()
    for name, content in (heard | examples()).items():
        packed = gzip.compress(content, 9, mtime=0)
        sizes[name] = len(packed)
        (folder / f"{name}.bin").write_bytes(packed)
        text = base64.b64encode(packed).decode()
        (folder / f"{name}.js").write_text(f'genreSong("{name}", "{text}");\n', "utf-8")
    known = {
        "assets": [[name, sizes[name]] for name in heard],
        "examples": free_recordings().drop(columns="path").reset_index().to_dict("records"),
    }
    script = f"const SITE = {json.dumps(known)};\n{joined(PAGE)}"
    (folder / "song.js").write_text(wrapped(script), "utf-8")
    (folder / "song.css").write_text((WEB / "song.css").read_text("utf-8"), "utf-8")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    links = (
        '<link rel="stylesheet" href="../_static/song/song.css">\n'
        '<script defer src="../_static/song/song.js"></script>\n'
    )
    for page in found:
        text = page.read_text("utf-8")
        # The policy stands in front of all that the page loads, but behind its encoding.
        text = re.sub(r"(<meta charset[^>]*>)", rf"\1\n{policy}", text, count=1)
        page.write_text(text.replace("</head>", f"{links}</head>", 1), "utf-8")
    return [page.stem for page in found]


def sources() -> list[Path]:
    """Name the files that the front end is made from, besides the code of the package."""
    known = [PACKAGE_DATA / name for name in ("genres.npz", "ear.onnx", "ear-tags.npy")]
    found = [*WEB.glob("*.js"), *WEB.glob("*.css"), *RUNTIME.iterdir()]
    return [*known, *found, *free_recordings()["path"]]


def assets() -> dict[str, bytes]:
    """Give what is loaded with the first song, by name, in the order of ``Ear.start``."""
    model = export_model(load_model())
    model["colours"] = genre_colours(model["card"]["genres"])
    model["lists"] = export_lists(load_model())
    text = json.dumps(model, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    runtime = {path.name: gzip.decompress(path.read_bytes()) for path in RUNTIME.glob("*.gz")}
    return {
        "worker": wrapped(joined(WORKER)).encode(),
        "runtime": runtime["ort.wasm.min.mjs.gz"],
        "glue": runtime["ort-wasm-simd-threaded.mjs.gz"],
        "machine": runtime["ort-wasm-simd-threaded.wasm.gz"],
        "network": EAR_MODEL.read_bytes() + LOG_MEL,
        "model": text.encode(),
    }


def export_lists(model: Model) -> dict[str, Any]:
    """Lay out what playlists of the tracks of a model need, besides the model."""
    index = known_tracks(model)
    return {
        "scales": [float(f"{scale:.8g}") for scale in index.scales],
        "artists": index.artist_codes.tolist(),
        "songs": index.song_codes.tolist(),
        "near": NEAR,
        "pool": POOL,
        "version": VERSION,
        "diversity": DIVERSITY,
    }


def known_tracks(model: Model) -> Index:
    """Lay out the tracks of a model for playlists; how long they are, nobody has kept."""
    names = ("track_id", "genre", "artist", "title")
    columns = zip(*model.card["tracks"], strict=True)
    table = {n: pa.array(c, pa.string()) for n, c in zip(names, columns, strict=True)}
    heard = model.arrays["tracks"].astype(np.float32)
    table |= {name: pa.nulls(len(heard), pa.string()) for name in ("path", "reason")}
    table["duration"] = pa.array(np.full(len(heard), 30.0))
    table["heard"] = pa.FixedSizeListArray.from_arrays(pa.array(heard.ravel()), heard.shape[1])
    return catalogue(pa.table(table), name="the book's tracks", exact=True)


def examples() -> dict[str, bytes]:
    """Give the free recordings, by the name that they have in ``_static/song``."""
    return {str(name): path.read_bytes() for name, path in free_recordings()["path"].items()}


def joined(names: tuple[str, ...]) -> str:
    """Join modules that import only from those before them to one script, without comments."""
    parts = []
    for name in names:
        text = (WEB / f"{name}.js").read_text("utf-8")
        comments = r"^import .*\n|^\s*//.*\n|^\s*/\*\*(?:(?!\*/)[\s\S])*\*/[ \t]*\n"
        text = re.sub(comments, "", text, flags=re.M)
        parts.append(re.sub(r"^export ", "", text, flags=re.M))
    return "".join(parts)


def wrapped(script: str) -> str:
    """Keep the names of a script to itself."""
    return f'"use strict";\n(() => {{\n{script}}})();\n'


def _wants(text: str) -> bool:
    return bool(re.search(r'<div[^>]* (?:id="song"|data-song=)', text))
