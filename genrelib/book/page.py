"""What a chapter hands to the page: figures, numbers in prose, tables, sound.

The last room of the house. A chapter computes; this module hands the outcome on in a form that
reads well in JupyterLab and that :mod:`genrelib.book.press` can turn into a numbered figure with a
caption and a text alternative, a sentence with a number in it, a table that a phone can scroll,
or an audio player. It hands on nothing else: no score is computed here.
"""

from __future__ import annotations

import ast
import base64
import html
import inspect
import io
import os
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from genrelib.corpus import SAMPLE_RATE, SKETCHES, decode, free_recordings, render_sketch

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from genrelib.book.figures import Picture
    from genrelib.corpus import Corpus

__all__ = ["Clip", "clip", "excerpt", "players", "show", "source", "table"]

# The key under which notebook outputs carry what only genrelib.book.press understands.
METADATA_KEY = "genrelib"
# Pixels of the saved image, and of its place on the page, per inch of figure: a figure of seven
# inches fills the text column, and looks sharp on a screen with twice the pixels.
SAVED_DPI, SHOWN_DPI = 160, 100
# A data URI is part of the page, and a page with its images has an upper bound of 1.5 MB.
MAX_SOUND_BYTES = 60_000
SILENT = (
    "There would be players here, if the recordings were on this disk, or ours to publish: "
    "run the chapter on music that you have."
)
# What a slice identifier `<track_id>:<k>` stands for in seconds.
SLICE_SECONDS = 6.0


def show(picture: Picture) -> None:
    """Show a figure, and say what it shows.

    In JupyterLab the caption appears below the image. In the book the image becomes a numbered
    figure which other text can point to. One figure per cell.

    Parameters
    ----------
    picture : genrelib.book.figures.Picture
        The figure with its caption and text alternative. It is closed afterwards.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    png = _png(picture.figure)
    plt.close(picture.figure)
    width = int.from_bytes(png[16:20], "big") * SHOWN_DPI // SAVED_DPI
    about: dict[str, Any] = {"caption": picture.caption, "alt": picture.alt}
    about |= {"name": picture.name} | ({"data": picture.data} if picture.data else {})
    display(
        {"image/png": base64.b64encode(png).decode("ascii"), "text/plain": picture.alt},
        raw=True,
        metadata={
            "image/png": {"width": width, "alt": picture.alt},
            METADATA_KEY: {"role": "figure", **about},
        },
    )
    display(
        # The page numbers its figures; here the text points to them by name.
        {
            "text/markdown": f"**{picture.name}:** *{picture.caption}*",
            "text/plain": f"{picture.name}: {picture.caption}",
        },
        raw=True,
        metadata={METADATA_KEY: {"role": "caption"}},
    )


def source(function: Callable[..., Any]) -> None:
    """Show how a function of the package does its work, as it stands in the code.

    Parameters
    ----------
    function : callable
        A function or class written in Python; its docstring is left out.
    """
    from IPython.display import display

    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    left_out: set[int] = set()
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            text = node.body[0]
            left_out.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    kept = [line for number, line in enumerate(lines, 1) if number not in left_out]
    code = re.sub(r"\n{3,}", "\n\n", "\n".join(kept))
    where = f"{function.__module__.replace('.', '/')}.py"
    display(
        {"text/markdown": f"```python\n{code}\n```\n\n*From `{where}`*", "text/plain": code},
        raw=True,
    )


def _png(fig: Figure) -> bytes:
    """Return a figure as a PNG of at most 128 colours, which is a quarter of the size."""
    from PIL import Image

    buffer, small = io.BytesIO(), io.BytesIO()
    # An opaque white ground keeps black axes readable where the page around them is dark.
    fig.savefig(buffer, format="png", dpi=SAVED_DPI, facecolor="white", bbox_inches="tight")
    image = Image.open(buffer).convert("RGB")
    image.quantize(128, dither=Image.Dither.NONE).save(small, format="png", optimize=True)
    return small.getvalue()


def table(
    df: pd.DataFrame,
    caption: str,
    *,
    formats: Mapping[str, Any] | str | None = None,
    precision: int = 2,
    index: bool = True,
    missing: str = "–",
) -> None:
    """Show a DataFrame as a table with a caption.

    Parameters
    ----------
    df : pandas.DataFrame
        The table. Its index becomes the head of each row; name it to label that column.
    caption : str
        What the table holds, as plain text.
    formats : dict or str, optional
        Format strings or functions by column name, as for `pandas.io.formats.style.Styler.format`;
        for example ``{"accuracy": "{:.1%}"}``.
    precision : int, default 2
        Decimals of floating-point columns without a format.
    index : bool, default True
        Whether to show the index.
    missing : str, default "–"
        What stands for a missing value.

    Raises
    ------
    ValueError
        If the caption is empty.
    """
    from IPython.display import display

    caption = " ".join(caption.split())
    if not caption:
        raise ValueError("table() needs a non-empty caption: every table of the book has one")
    display(
        {"text/html": table_html(df, caption, formats, precision, index, missing)}
        | {"text/plain": f"{caption}\n{df}"},
        raw=True,
        metadata={METADATA_KEY: {"role": "table"}},
    )


def table_html(
    df: pd.DataFrame,
    caption: str,
    formats: Mapping[str, Any] | str | None = None,
    precision: int = 2,
    index: bool = True,
    missing: str = "–",
) -> str:
    """Return the table as HTML that needs no style of its own and names its headers' scope."""
    names = [html.escape("" if name is None else str(name)) for name in df.index.names]
    bare = df.copy()
    bare.index.names = [None] * df.index.nlevels
    bare.columns.names = [None] * df.columns.nlevels
    styler = bare.style.format(
        cast(Any, formats), precision=precision, na_rep=missing, escape="html"
    )
    styler = styler.format_index(escape="html", axis="columns")
    styler = styler.format_index(escape="html", axis="index")
    if not index:
        styler = styler.hide(axis="index")
    numeric = [
        (pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))
        # A number with its interval, as `genrelib.book.brief` writes it, is one number.
        or bool(column.astype(str).str.fullmatch(r"[+-]?[\d.]+ \[[^\]]*\]").any())
        for _, column in bare.items()
    ]
    body = re.sub(r"<style.*?</style>\s*", "", styler.to_html(), flags=re.DOTALL)
    body = body[body.index("<thead") :]
    # The empty corner cells of the last header row are the heads of the index columns.
    corners = iter([""] * len(names) * (bare.columns.nlevels - 1) + names)
    body = re.sub(
        r'<th class="blank[^>]*>&nbsp;</th>',
        lambda _: f'<th class="col_heading">{next(corners, "")}</th>',
        body,
    )
    body = re.sub(r"<(th|td)(|\s[^>]*)>", lambda cell: _cell_tag(cell, numeric), body)
    # A head that says nothing is no head of its column.
    body = body.replace('<th scope="col"></th>', "<td></td>")
    return (
        # The region can be scrolled by keyboard where it is wider than the screen.
        f'<div class="genre-table" role="region" tabindex="0" aria-label="{html.escape(caption)}">'
        f"<table><caption>{html.escape(caption)}</caption>{body}</div>"
    )


def _cell_tag(cell: re.Match[str], numeric: list[bool]) -> str:
    """Return the opening tag of a cell with scope and alignment instead of Styler's classes."""
    tag, attributes = cell.groups()
    spans = re.findall(r'(?:row|col)span="\d+"', attributes)
    if tag == "th":
        spans.append('scope="row"' if "row_heading" in attributes else 'scope="col"')
    column = re.search(r"\bcol(\d+)", attributes)
    if column and "row_heading" not in attributes and numeric[int(column[1])]:
        spans.append('class="number"')
    return " ".join([f"<{tag}", *spans]) + ">"


@dataclass(frozen=True)
class Clip:
    """A few seconds of sound and what to call them.

    Use `dataclasses.replace` to make another clip of it, for example its harmonic part.

    Parameters
    ----------
    samples : numpy.ndarray
        Mono samples at 22,050 Hz, shape (n_samples,); empty where there is nothing to play.
    label : str
        What is heard, as plain text.
    synthetic : bool
        Whether the sound is a synthetic sketch instead of a recording.
    """

    samples: np.ndarray
    label: str
    synthetic: bool

    @property
    def title(self) -> str:
        """The label, and that it is synthetic if it is."""
        return self.label + (" (synthetic sketch, not a recording)" if self.synthetic else "")

    def save(self, path: Path) -> Path:
        """Write it as a sound file.

        Parameters
        ----------
        path : pathlib.Path
            The file, of a format that its suffix names.

        Returns
        -------
        pathlib.Path
            The file.
        """
        import soundfile

        soundfile.write(path, self.samples, SAMPLE_RATE)
        return path


def clip(
    corpus: Corpus | None,
    what: str,
    start: float = 0.0,
    seconds: float = SLICE_SECONDS,
    *,
    label: str | None = None,
    sketch: bool = False,
) -> Clip:
    """Return a few seconds of a track.

    There is nothing to play where no audio is on disk, and where ``GENRELIB_PUBLIC`` is set:
    recorded music is not ours to publish.

    Parameters
    ----------
    corpus : Corpus or None
        Where the track is looked up; None where there is none.
    what : str
        A track (``blues.00000``), a slice (``blues.00000:2``, the third six seconds), or a genre
        (its first track).
    start : float, default 0.0
        Where to start, in seconds from the beginning of the track or slice.
    seconds : float, default 6.0
        Length in seconds, at most.
    label : str, optional
        What to call it; by default the track, its artist and its title as far as they are known.
    sketch : bool, default False
        Whether a synthetic sketch of the genre, if there is one, stands in where there is nothing
        to play.

    Returns
    -------
    Clip
        The sound with its label; without samples where there is nothing to play.

    Raises
    ------
    ValueError
        If the corpus has neither a track nor a genre of that name.
    """
    track_id, _, part = what.rpartition(":") if re.search(r":\d+$", what) else (what, "", "")
    start += SLICE_SECONDS * int(part or 0)
    row = None
    if corpus is not None:
        track_id = _find(corpus, track_id)
        row = cast(pd.Series, corpus.tracks.loc[track_id])
    genre = track_id.split(".")[0] if row is None else str(row["genre"])
    synthetic = _is_synthetic(row)
    recorded = row is not None and pd.notna(row["path"]) and (synthetic or not is_public())
    if corpus and recorded:
        samples = corpus.audio(track_id)
    else:
        samples = _sketch(track_id, genre) if sketch else np.zeros(0, np.float32)
    first = round(start * SAMPLE_RATE)
    # A sketch may be shorter than the track that it stands for; then it starts at its beginning.
    first = first if first < len(samples) else 0
    return Clip(
        samples=samples[first : first + round(seconds * SAMPLE_RATE)],
        label=label or (genre if sketch and not recorded else _track_label(track_id, row)),
        synthetic=synthetic or (sketch and not recorded),
    )


def _find(corpus: Corpus, what: str) -> str:
    """Return the identifier of a track, or of the first track of a genre."""
    if what in corpus.tracks.index:
        return what
    of_genre = corpus.tracks.index[corpus.tracks["genre"] == what]
    if of_genre.empty:
        raise ValueError(f"corpus {corpus.name} has no track or genre {what!r}")
    return str(of_genre[0])


def is_public() -> bool:
    """Say whether the pages are going to be published.

    Returns
    -------
    bool
        Whether ``GENRELIB_PUBLIC`` is set.
    """
    return os.environ.get("GENRELIB_PUBLIC", "").lower() not in ("", "0", "false", "no")


def _is_synthetic(row: pd.Series | None) -> bool:
    """Say whether a track on disk is itself a sketch."""
    return row is not None and row["title"] in set(SKETCHES["title"])


def _track_label(track_id: str, row: pd.Series | None) -> str:
    """Return track, artist and title as far as they are known."""
    known = [] if row is None else [row[key] for key in ("artist", "title") if pd.notna(row[key])]
    return ": ".join([track_id, ", ".join(known)]) if known else track_id


def _sketch(track_id: str, genre: str) -> np.ndarray:
    """Return the sketch that stands for a track, or nothing for a genre without a style."""
    sketches = SKETCHES.index[SKETCHES["genre"] == genre]
    if sketches.empty:
        return np.zeros(0, np.float32)
    # Tracks of different number get different sketches, the same ones every time.
    number = int("".join(re.findall(r"\d", track_id)) or 0)
    return render_sketch(str(sketches[number % len(sketches)]))


def excerpt(name: str, start: float = 0.0, seconds: float = SLICE_SECONDS) -> Clip:
    """Return a few seconds of a recording that may be passed on.

    Parameters
    ----------
    name : str
        One of `genrelib.corpus.free_recordings`.
    start : float, default 0.0
        Where to start, in seconds.
    seconds : float, default 6.0
        Length in seconds, at most.

    Returns
    -------
    Clip
        The sound; its label names title, maker and licence.
    """
    about = free_recordings().loc[name]
    samples = decode(str(about["path"]))[round(start * SAMPLE_RATE) :][
        : round(seconds * SAMPLE_RATE)
    ]
    return Clip(samples, f"{about['title']}, {about['by']} ({about['licence']})", synthetic=False)


def players(clips: Iterable[Clip] | Mapping[str, Clip], caption: str) -> None:
    """Show several clips, one below the other, in one table.

    Where none of them can be played, one sentence says so.

    Parameters
    ----------
    clips : iterable of Clip, or mapping of str to Clip
        What to listen to; a mapping says in its keys what part each plays.
    caption : str
        What to listen for, as plain text.

    Raises
    ------
    ValueError
        If the caption is empty.
    """
    if isinstance(clips, Mapping):
        clips = [replace(sound, label=f"{part}: {sound.label}") for part, sound in clips.items()]
    clips = list(clips)
    if not caption.strip():
        raise ValueError("players() needs a non-empty caption: say what to listen for")
    if not any(len(sound.samples) for sound in clips):
        _display_html(f'<p class="genre-silent"><em>{SILENT}</em></p>', SILENT)
        return
    rows = "".join(
        f'<tr><th scope="row">{html.escape(sound.title)}</th><td>{_audio(sound)}</td></tr>'
        for sound in clips
    )
    _display_html(
        f'<div class="genre-table genre-players"><table><caption>{html.escape(caption)}</caption>'
        '<thead><tr><th scope="col">Clip</th><th scope="col">Listen</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>",
        "\n".join([caption, *(sound.title for sound in clips)]),
    )


def _display_html(markup: str, text: str) -> None:
    """Display HTML with its plain-text equivalent."""
    from IPython.display import display

    display(
        {"text/html": markup, "text/plain": text},
        raw=True,
        metadata={METADATA_KEY: {"role": "player"}},
    )


def _audio(sound: Clip) -> str:
    """Return the audio element of a clip, or a sentence where there is nothing to play."""
    if not len(sound.samples):
        return "<em>nothing to play: no recording here</em>"
    data = base64.b64encode(_mp3(sound.samples)).decode("ascii")
    return (
        f'<audio controls preload="none" aria-label="{html.escape(sound.title)}" '
        f'src="data:audio/mpeg;base64,{data}"></audio>'
    )


def _mp3(samples: np.ndarray) -> bytes:
    """Return samples as MP3, small enough for a page.

    The peak is brought to a common level, so that the reader need not reach for the volume, and
    ten milliseconds at each end are faded, so that the cut does not click.
    """
    import soundfile

    samples = np.array(samples, dtype=np.float32)
    samples *= 0.7 / max(float(np.abs(samples).max()), 1e-3)
    fade = min(len(samples) // 2, SAMPLE_RATE // 100)
    if fade:
        samples[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
        samples[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    for compression in (0.5, 0.7, 0.8, 0.9):
        buffer = io.BytesIO()
        soundfile.write(
            buffer, samples, SAMPLE_RATE, format="MP3", compression_level=compression
        )  # libsndfile counts 0 as the best and 1 as the smallest
        if 4 * len(buffer.getvalue()) / 3 <= MAX_SOUND_BYTES:
            return buffer.getvalue()
    raise ValueError(
        f"a clip of {len(samples) / SAMPLE_RATE:.0f} s is too long for a page; take fewer seconds"
    )
