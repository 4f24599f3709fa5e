"""What the landing page shows of the results: three questions to one rule, recorded."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genrelib.book.figures import use_style
from genrelib.book.ledger import recorded_study_part, recorded_study_scores
from genrelib.book.readme import fill_marks
from genrelib.corpus import write_whole

MARKS = ("<!-- stairs: made by `genrelib results --record` -->", "<!-- stairs end -->")
PICTURES = ("_static/landing-stairs.svg", "_static/landing-siblings.svg")
QUESTIONS = {
    "random-slice": "another part of the song",
    "track": "other songs of the artist",
    "artist": "neither",
}
"""What the rule has heard before, by protocol."""
WORDS_A_MINUTE = 200
"""Reading speed for a text with figures and code (a round figure, on the slow side)."""


def stairs() -> pd.DataFrame:
    """Give the recorded scores of one nearest neighbour on the GTZAN part of the study.

    Returns
    -------
    pandas.DataFrame
        Index: the protocols of :data:`QUESTIONS`; columns ``value``, ``low``, ``high``,
        ``n_tracks``, ``n_genres``.
    """
    rows = recorded_study_scores().query(
        "part == 'GTZAN' and model == 'k-NN (k = 1)' and level == 'slice' and metric == 'accuracy'"
    )
    columns = ["value", "low", "high", "n_tracks", "n_genres"]
    return rows.set_index("protocol").loc[list(QUESTIONS), columns]


def draw_stairs(scores: pd.DataFrame) -> Figure:
    """Draw the three scores and chance as bars, one below the other.

    Parameters
    ----------
    scores : pandas.DataFrame
        As from :func:`stairs`.

    Returns
    -------
    matplotlib.figure.Figure
        Wide enough for a phone.
    """
    values = [*scores["value"], 1 / scores["n_genres"].max()]
    names = [*QUESTIONS.values(), "nothing: a guess"]
    colours = ["#d55e00", "#0072b2", "#009e73", "#999999"]
    fig, ax = plt.subplots(figsize=(5.2, 3.4))
    ax.barh(range(4), values, 0.62, color=colours)
    right = [*scores["high"], values[-1]]
    for k, (value, end, name) in enumerate(zip(values, right, names, strict=True)):
        ax.text(end + 0.025, k, f"{value:.0%}", va="center", fontsize=17, fontweight="bold")
        ax.text(0, k - 0.42, name, va="bottom", fontsize=12)
    low, high = scores["low"], scores["high"]
    error = [scores["value"] - low, high - scores["value"]]
    ax.errorbar(scores["value"], np.arange(3), xerr=error, fmt="none", ecolor="black", capsize=3)
    ax.set(xlim=(0, 1.15), ylim=(3.5, -0.75), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.set_title("What the rule had heard before, and how often it is right", fontsize=12,
                 loc="left")  # fmt: skip
    return fig


def draw_siblings(tracks: int = 6, slices: int = 5, seed: int = 3) -> Figure:
    """Draw why: the slices of a few tracks, some of them dealt to the test.

    Parameters
    ----------
    tracks, slices : int
        How many rows and columns.
    seed : int
        Decides which slices are tested.

    Returns
    -------
    matplotlib.figure.Figure
        Left slices dealt at random, right whole tracks.
    """
    rng = np.random.default_rng(seed)
    dealt = np.zeros((tracks, slices), bool)
    dealt[np.arange(tracks), rng.integers(slices, size=tracks)] = True
    whole = np.zeros_like(dealt)
    whole[rng.integers(tracks)] = True
    fig, axes = plt.subplots(1, 2, figsize=(5.2, 3.4), sharey=True)
    for ax, test, title in zip(axes, (dealt, whole), ("slices dealt", "songs dealt"), strict=True):
        for (row, column), tested in np.ndenumerate(test):
            ax.add_patch(plt.Rectangle((column, row), 0.86, 0.78, color="#d55e00" if tested
                                       else "#bcd7ea"))  # fmt: skip
            if tested:
                ax.text(column + 0.43, row + 0.4, "?", ha="center", va="center", color="white",
                        fontweight="bold", fontsize=12)  # fmt: skip
        ax.set(xlim=(0, slices), ylim=(tracks, 0), xticks=[], yticks=np.arange(tracks) + 0.4)
        ax.set_title(title, fontsize=12, loc="left")
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    axes[0].set_yticklabels([f"song {n + 1}" for n in range(tracks)], fontsize=11)
    return fig


def landing_block(scores: pd.DataFrame) -> str:
    """Write what the landing page says of the scores.

    Parameters
    ----------
    scores : pandas.DataFrame
        As from :func:`stairs`.

    Returns
    -------
    str
        MyST Markdown: the two pictures with their text alternatives, and two sentences.
    """
    heard, artist, neither = (f"{value:.0%}".replace("%", " %") for value in scores["value"])
    chance = f"{1 / scores['n_genres'].max():.0%}".replace("%", " %")
    tracks = scores["n_tracks"].astype(int)
    controls = recorded_study_part("artist controls").query(
        "model == 'k-NN (k = 1)' and protocol == 'track-thinned'"
    )
    thinned = 100 * float(controls["value"].iloc[0])
    bars = (
        f"Bars. One rule is right for {heard} of the clips when it has heard another part of the "
        f"song, for {artist} when it has heard other songs of the artist, for {neither} when it "
        f"has heard neither. A guess is right for {chance}."
    )
    grids = (
        "Two grids, a row per song and a square per slice. Where slices are dealt to the test at "
        "random, each question stands in a row with slices of the same song that the rule may "
        "know. Where songs are dealt, a whole row is asked."
    )
    items = "\n\n".join(
        f":::{{grid-item}}\n```{{image}} {file}\n:alt: {alt}\n:class: landing\n```\n:::"
        for file, alt in zip(PICTURES, (bars, grids), strict=True)
    )
    return (
        f"::::{{grid}} 1 1 2 2\n:gutter: 3\n\n{items}\n::::\n\n"
        "One rule, *call it what the most similar clip you know is called*, the same "
        f"{tracks.max():,} tracks\nof {scores['n_genres'].max():.0f} genres, three questions: "
        f"{heard}, {artist}, {neither}. The rule never changed; what it\nhad heard did: another "
        "part of the song (orange among blue, on the right), or other songs of\nthe artist. (The "
        f"last question can be asked of {tracks.min():,} of the tracks, and leaves fewer to\n"
        f"learn from: with as few, but artists known, the rule is right for {thinned:.0f} %. "
        "Lines: 95 %\nintervals.)"
    )


def reading_minutes(notebook: Path) -> int:
    """Estimate how long a chapter takes to read, without its code.

    Parameters
    ----------
    notebook : Path
        The chapter.

    Returns
    -------
    int
        Minutes at :data:`WORDS_A_MINUTE`, to the next five.
    """
    cells = nbformat.read(notebook, as_version=4).cells
    words = sum(len(c.source.split()) for c in cells if c.cell_type == "markdown")
    return 5 * max(1, round(words / WORDS_A_MINUTE / 5))


def with_minutes(text: str, chapters: Path) -> str:
    """Write the minutes of each chapter into the last column of the table of chapters.

    Parameters
    ----------
    text : str
        The landing page.
    chapters : Path
        Folder of the chapters.

    Returns
    -------
    str
        The page; rows of the table begin with a link to a notebook.
    """
    row = re.compile(r"^(\| \[[^\]]+\]\((?P<file>[^)]+\.ipynb)\) \|.*\| )\d+( \|)$", re.MULTILINE)
    return row.sub(
        lambda found: f"{found[1]}{reading_minutes(chapters / found['file'])}{found[3]}", text
    )


def write_landing(chapters: Path) -> list[Path]:
    """Renew pictures, numbers and minutes of the landing page.

    Parameters
    ----------
    chapters : Path
        Folder of the chapters.

    Returns
    -------
    list of Path
        The files written.
    """
    scores, page = stairs(), chapters / "index.md"
    files = [chapters / name for name in PICTURES]
    use_style()
    # Text as outlines looks the same everywhere; without dates, a picture has the same bytes.
    with mpl.rc_context({"svg.hashsalt": "landing", "svg.fonttype": "path"}):
        for file, fig in zip(files, (draw_stairs(scores), draw_siblings()), strict=True):
            fig.savefig(file, metadata={"Date": None}, facecolor="white")
            plt.close(fig)
    text = fill_marks(page.read_text("utf-8"), MARKS, landing_block(scores))
    write_whole(page, with_minutes(text, chapters))
    return [page, *files]
