"""What the README quotes of the results, and how a build becomes the recorded one."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from genrelib.book.ledger import STUDY, ledger_parts
from genrelib.book.results import (
    MEASURING,
    ResultsError,
    overview,
    results_file,
    results_table,
    too_few,
)
from genrelib.corpus import RECORDED, write_whole

README_CORPUS = "gtzan-mini"
MARKS = ("<!-- results: made by `genrelib results --record` -->", "<!-- results end -->")


def readme_table(results: pd.DataFrame) -> str:
    """Write the results as the README shows them.

    Parameters
    ----------
    results : pandas.DataFrame
        As from :func:`genrelib.book.load_results`.

    Returns
    -------
    str
        A Markdown table of slice accuracies with intervals, and one line on what it covers.
    """
    table = overview(results)
    head = "| model | " + " | ".join(f"`{name}`" for name in table.columns) + " |"
    lines = [head, "|---" * (len(table.columns) + 1) + "|"]
    lines += [f"| {row[0]} | " + " | ".join(row[1:]) + " |" for row in table.itertuples(name=None)]
    covers = results.groupby("protocol")[["n_genres", "n_tracks"]].max().astype(int)
    tested = [
        "{n_genres} genres, {n_tracks} tracks".format(**covers.loc[name]) for name in table.columns
    ]
    lines.append("| *tested on* | " + " | ".join(tested) + " |")
    few = too_few(results)
    return "\n".join(
        [*lines, *([] if few == "none" else ["", f"Too few tracks for a score: {few}."])]
    )


def update_readme(text: str, results: pd.DataFrame) -> str:
    """Put the results table between its marks.

    Parameters
    ----------
    text : str
        The README.
    results : pandas.DataFrame
        As from :func:`genrelib.book.load_results`.

    Returns
    -------
    str
        The README with the table of these results.

    Raises
    ------
    ResultsError
        If the marks are not there.
    """
    return fill_marks(text, MARKS, readme_table(results))


def fill_marks(text: str, marks: tuple[str, str], content: str) -> str:
    """Replace what stands between two marks.

    Parameters
    ----------
    text : str
        The README.
    marks : tuple of str
        The line before, and the line after.
    content : str
        What shall stand between them.

    Returns
    -------
    str
        The README with that content.

    Raises
    ------
    ResultsError
        If the marks are not there.
    """
    start, end = marks
    if text.count(start) != 1 or text.count(end) != 1:
        raise ResultsError(f"README.md: expected one line {start} and one line {end}")
    before, rest = text.split(start)
    return f"{before}{start}\n{content}\n{end}{rest.split(end)[1]}"


def record_results(corpus: str, readme: Path, root: Path) -> list[Path]:
    """Make the results of a build the recorded ones.

    Parameters
    ----------
    corpus : str
        Name of the corpus.
    readme : pathlib.Path
        The README, whose table is renewed if it is about this corpus.
    root : pathlib.Path
        The folder that holds the build's results.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    ResultsError
        If the build has no results, or not those of all chapters.
    """
    built = results_file(corpus, root=root)
    if not built.exists():
        raise ResultsError(f"no results under {root}; run `genrelib book --corpus {corpus}` first")
    if len(results_table(built, "this build")["chapter"].unique()) < len(MEASURING):
        raise ResultsError(f"{built} lacks a chapter; run `genrelib book --corpus {corpus}` first")
    recorded = results_file(corpus, root=RECORDED)
    write_whole(recorded, built.read_text("utf-8"))
    if parts := ledger_parts(results_file(STUDY, root=root)):
        study = results_file(STUDY, root=RECORDED)
        # What the build read back, because it takes long to measure, stays recorded.
        parts = dict(sorted((ledger_parts(study) | parts).items()))
        write_whole(study, json.dumps(parts, indent=1) + "\n")
    if corpus != README_CORPUS:
        return [recorded]
    write_whole(
        readme, update_readme(readme.read_text("utf-8"), results_table(recorded, "recorded"))
    )
    # It draws, which takes a while to load.
    from genrelib.book.landing import write_landing

    chapters = readme.parent / "chapters"
    landing = write_landing(chapters) if (chapters / "index.md").exists() else []
    return [recorded, readme, *landing]
