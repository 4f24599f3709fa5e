"""What chapters measured, kept for later chapters and for the README.

One JSON file per corpus. A chapter that fits models hands its predictions to :func:`record`;
chapter 7 reads all of them back with :func:`load_results`. The package embeds the results of the
published build, so that chapter 7 can also be run alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from genrelib.corpus import RECORDED, cache_root, corpus_slug, versions, write_whole
from genrelib.evaluation import LEVELS, METRICS, PROTOCOLS, score

COLUMNS = [
    "chapter", "model", "protocol", "level", "metric", "value", "low", "high", "n_tracks",
    "n_genres",
]  # fmt: skip
README_CORPUS = "gtzan-mini"
STUDY = "original-study"
"""What the ledger of chapter 8 is called."""
MEASURING = ("04-random-forest", "05-nearest-neighbours", "06-lstm", "09-pretrained-ear")
"""Chapters that measure models."""
MARKS = ("<!-- results: made by `genrelib results --record` -->", "<!-- results end -->")


class ResultsError(ValueError):
    """Results that are missing or cannot be read."""


def results_file(corpus: str, *, fast: bool = False, root: Path | None = None) -> Path:
    """Say where the results of a corpus are kept.

    Parameters
    ----------
    corpus : str
        Name of the corpus.
    fast : bool
        Results of shortened runs are kept apart.
    root : pathlib.Path, optional
        The folder; ``$GENRELIB_RESULTS`` if left out (a build sets it), else a folder in the
        user's cache.

    Returns
    -------
    pathlib.Path
        The file, which need not exist.
    """
    if root is None:
        root = Path(os.environ.get("GENRELIB_RESULTS") or cache_root() / "results")
    return root / f"{corpus_slug(corpus)}{'-fast' if fast else ''}.json"


def record(
    corpus: str,
    chapter: str,
    predictions: Iterable[pd.DataFrame],
    *,
    seed: int = 0,
    fast: bool = False,
) -> pd.DataFrame:
    """Score predictions and keep the scores; what the chapter recorded before is replaced.

    Parameters
    ----------
    corpus : str
        Name of the corpus.
    chapter : str
        Name of the chapter, such as ``04-random-forest``.
    predictions : iterable of pandas.DataFrame
        Predictions tables, each of one model under one protocol.
    seed : int
        Seed of the run.
    fast : bool
        Whether it was shortened.

    Returns
    -------
    pandas.DataFrame
        The scores, columns :data:`COLUMNS`. A protocol that could test no genre gives no row.

    Raises
    ------
    ResultsError
        If another chapter has recorded a model of the same name.
    """
    predictions = list(predictions)
    not_tested = {
        protocol: genres
        for table in predictions
        if (genres := table.attrs.get("not_tested"))
        for protocol in table["protocol"].unique()
    }
    tables = [
        score(table).assign(model=table["model"].iloc[0], protocol=table["protocol"].iloc[0])
        for table in predictions
        if len(table)
    ]
    rows = pd.concat([pd.DataFrame(columns=COLUMNS), *tables], ignore_index=True)
    rows = rows.infer_objects().assign(chapter=chapter)[COLUMNS]
    file = results_file(corpus, fast=fast)
    kept: dict[str, Any] = {"corpus": corpus, "chapters": {}}
    if file.exists():
        kept = json.loads(file.read_text("utf-8"))
    for other, part in kept["chapters"].items():
        taken = {row["model"] for row in part["rows"]} & set(rows["model"])
        if taken and other != chapter:
            raise ResultsError(
                f"{chapter}: {other} has recorded a model {min(taken)!r} in {file}; give it "
                f"another name, or delete the file if there is no {other} any more"
            )
    kept["chapters"][chapter] = {
        "recorded": datetime.now(UTC).date().isoformat(),
        "seed": seed,
        "fast": fast,
        "versions": versions(),
        "not_tested": not_tested,
        "rows": json.loads(rows.drop(columns="chapter").to_json(orient="records")),
    }
    kept["chapters"] = dict(sorted(kept["chapters"].items()))
    write_whole(file, json.dumps(kept, indent=1) + "\n")
    return rows


def load_results(corpus: str, *, fast: bool = False) -> pd.DataFrame:
    """Read what chapters measured on a corpus.

    Parameters
    ----------
    corpus : str
        Name of the corpus.
    fast : bool
        Whether to read the results of shortened runs.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`; ``attrs["source"]`` is ``"this build"`` or ``"recorded"``,
        ``attrs["recorded"]`` the day of the newest row.

    Raises
    ------
    ResultsError
        If nothing is known about the corpus.
    """
    sources = {
        "this build": results_file(corpus, fast=fast),
        "recorded": results_file(corpus, fast=fast, root=RECORDED),
    }
    for source, file in sources.items():
        if file.exists():
            return _table(file, source)
    raise ResultsError(
        f"no results for {corpus}{' (fast)' if fast else ''}: run {', '.join(MEASURING)} "
        f"on it first, or `genrelib book --corpus {corpus}`, which runs all in order"
    )


def _table(file: Path, source: str) -> pd.DataFrame:
    try:
        chapters = json.loads(file.read_text("utf-8"))["chapters"]
        rows = [row | {"chapter": name} for name, part in chapters.items() for row in part["rows"]]
        table = pd.DataFrame(rows, columns=COLUMNS)
        table.attrs["recorded"] = max(part["recorded"] for part in chapters.values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultsError(f"{file}: not a results file ({error}); delete it") from error
    table.attrs["source"] = source
    return table


def overview(
    results: pd.DataFrame, *, level: str = "slice", metric: str = "accuracy"
) -> pd.DataFrame:
    """Lay one score out, models by protocols, each with its interval.

    Parameters
    ----------
    results : pandas.DataFrame
        As from :func:`load_results`.
    level : {"slice", "track"}
        The level.
    metric : {"accuracy", "precision", "recall", "f1"}
        The metric.

    Returns
    -------
    pandas.DataFrame
        Text such as ``0.78 (0.71 to 0.84)``; a dash where the protocol tests nothing.

    Raises
    ------
    ResultsError
        If level or metric are unknown.
    """
    if level not in LEVELS or metric not in METRICS:
        raise ResultsError(f"no {metric} per {level}; levels {LEVELS}, metrics {METRICS}")
    rows = results[(results["level"] == level) & (results["metric"] == metric)]
    text = [f"{r.value:.2f} ({r.low:.2f} to {r.high:.2f})" for r in rows.itertuples()]
    table = rows.assign(text=text).pivot(index="model", columns="protocol", values="text")
    table = table.reindex(index=rows["model"].unique(), columns=list(PROTOCOLS))
    return table.fillna("–").rename_axis(index="model", columns=None)


def readme_table(results: pd.DataFrame) -> str:
    """Write the results as the README shows them.

    Parameters
    ----------
    results : pandas.DataFrame
        As from :func:`load_results`.

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
        "{n_genres} genres, {n_tracks} tracks".format(**covers.loc[name])
        if name in covers.index
        else "nothing"
        for name in table.columns
    ]
    lines.append("| *tested on* | " + " | ".join(tested) + " |")
    return "\n".join(lines)


def update_readme(text: str, results: pd.DataFrame) -> str:
    """Put the results table between its marks.

    Parameters
    ----------
    text : str
        The README.
    results : pandas.DataFrame
        As from :func:`load_results`.

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
    if len(_table(built, "this build")["chapter"].unique()) < len(MEASURING):
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
    write_whole(readme, update_readme(readme.read_text("utf-8"), _table(recorded, "recorded")))
    return [recorded, readme]


def disagreements(corpus: str, root: Path) -> pd.DataFrame:
    """Compare a build with the recorded results.

    The same seed gives the same numbers on one machine only; on another, sums are rounded in
    another order and networks end elsewhere. Two runs agree where each value lies in the other's
    interval.

    Parameters
    ----------
    corpus : str
        Name of the corpus.
    root : pathlib.Path
        The folder that holds the build's results.

    Returns
    -------
    pandas.DataFrame
        Scores that are in one of the two only, or do not agree; columns ``_new`` and ``_old``.

    Raises
    ------
    ResultsError
        If one of the two does not exist.
    """
    files = {"new": results_file(corpus, root=root), "old": results_file(corpus, root=RECORDED)}
    for file in files.values():
        if not file.exists():
            raise ResultsError(f"no results in {file}; build the book, or record its results")
    keys = ["model", "protocol", "level", "metric"]
    new, old = (
        _table(file, side)[[*keys, "value", "low", "high"]] for side, file in files.items()
    )
    both = new.merge(old, on=keys, how="outer", suffixes=("_new", "_old"))
    agree = both["value_new"].between(both["low_old"], both["high_old"])
    agree &= both["value_old"].between(both["low_new"], both["high_new"])
    return both[~agree]


class Ledger:
    """What a chapter measures on data that may not be at hand: measured, or read back as recorded.

    Where the data are at hand, each part is computed and kept with the results of the build; where
    they are not, the part that the package has recorded is given instead.

    Parameters
    ----------
    subject : str
        What is measured; names the file.
    at_hand : bool
        Whether the data are.
    seed : int
        Seed of the run.
    fast : bool
        Whether it is shortened.

    Raises
    ------
    ResultsError
        If the recorded file cannot be read.
    """

    def __init__(self, subject: str, at_hand: bool, *, seed: int = 0, fast: bool = False) -> None:
        self.at_hand = at_hand
        self.run = {"seed": seed, "fast": fast}
        self.file = results_file(subject, fast=fast)
        self.recorded = ledger_parts(results_file(subject, root=RECORDED))
        self.file.unlink(missing_ok=True)  # it shall hold what this run measures, no more
        self.sources: dict[str, str] = {}

    def __call__(self, name: str, compute: Callable[[], Any], *, live: bool = True) -> Any:
        """Give one part.

        Parameters
        ----------
        name : str
            The part.
        compute : callable
            Measures it; returns a DataFrame, or what JSON can hold.
        live : bool
            Whether to measure it in this run if the data are at hand; a part that takes long is
            measured on request only.

        Returns
        -------
        object
            What ``compute`` returns, or returned when it was recorded.

        Raises
        ------
        ResultsError
            If the data are not at hand and the part was never recorded.
        """
        if not (self.at_hand and live):
            if name not in self.recorded:
                raise ResultsError(f"{name}: neither the data are at hand nor a recorded result")
            part = self.recorded[name]
            self.sources[name] = f"recorded on {part['recorded']}"
            return _unpacked(part["value"])
        value = compute()
        kept = ledger_parts(self.file)
        kept[name] = self.run | {
            "recorded": datetime.now(UTC).date().isoformat(),
            "versions": versions(),
            "value": _packed(value),
        }
        write_whole(self.file, json.dumps(dict(sorted(kept.items())), indent=1) + "\n")
        self.sources[name] = "measured in this build"
        return value

    def source(self, *names: str) -> str:
        """Say where parts come from.

        Parameters
        ----------
        *names : str
            Parts that were asked for; all of them if left out.

        Returns
        -------
        str
            ``measured in this build``, ``recorded on <day>``, or both joined by ``and``.
        """
        return " and ".join(sorted({self.sources[name] for name in names or self.sources}))

    @property
    def days(self) -> str:
        """Days on which the recorded parts were measured."""
        return " and ".join(sorted({part["recorded"] for part in self.recorded.values()}))

    def versions(self, name: str) -> str:
        """Say with which versions a recorded part was measured.

        Parameters
        ----------
        name : str
            The part.

        Returns
        -------
        str
            Such as ``python 3.11.2, numpy 2.4.6``; of this environment where it is not recorded.
        """
        part = self.recorded.get(name, {"versions": versions()})
        return ", ".join(f"{key} {value}" for key, value in part["versions"].items())


def recorded_study_scores() -> pd.DataFrame:
    """Read what chapter 8 measured on the original study's table, as it was recorded.

    Returns
    -------
    pandas.DataFrame
        Columns ``part`` (which rows of the table) and those of :data:`COLUMNS` but the chapter;
        ``attrs["recorded"]`` is the day.

    Raises
    ------
    ResultsError
        If nothing was recorded.
    """
    parts = ledger_parts(results_file(STUDY, root=RECORDED))
    if "scores" not in parts:
        raise ResultsError("chapter 8 has no recorded scores; run it with the study's tables")
    table = _unpacked(parts["scores"]["value"])
    table.attrs["recorded"] = parts["scores"]["recorded"]
    return table


def ledger_parts(file: Path) -> dict[str, Any]:
    """Read the parts that a ledger keeps.

    Parameters
    ----------
    file : pathlib.Path
        The file.

    Returns
    -------
    dict
        For each part its day, seed, versions and packed value; empty where there is no file.

    Raises
    ------
    ResultsError
        If the file cannot be read.
    """
    if not file.exists():
        return {}
    try:
        parts = json.loads(file.read_text("utf-8"))
        return {name: part for name, part in parts.items() if part["recorded"] and "value" in part}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultsError(f"{file}: not a results file ({error}); delete it") from error


def _packed(value: Any) -> Any:
    """Turn a table into what JSON can hold, and check everything else."""
    if isinstance(value, pd.DataFrame):
        table = json.loads(value.to_json(orient="split", double_precision=15))
        return {"table": table | {"names": list(value.index.names)}}
    return json.loads(json.dumps(value))


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict) and list(value) == ["table"]:
        table = dict(value["table"])
        names = table.pop("names")
        frame = pd.DataFrame(table["data"], index=table["index"], columns=table["columns"])
        return frame.rename_axis(names[0]) if len(names) == 1 else frame
    return value
