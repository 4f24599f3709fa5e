"""What chapters measured, kept for later chapters and for the README.

One JSON file per corpus. A chapter that fits models hands its predictions to :func:`record`;
chapter 9 reads all of them back with :func:`load_results`. The package embeds the results of the
published build, so that chapter 9 can also be run alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from genrelib.book.words import extent, listing, spans
from genrelib.corpus import RECORDED, cache_root, corpus_slug, versions, write_whole
from genrelib.evaluation import EXAMS, FEW, LEVELS, METRICS, PROTOCOLS, gaps, score

COLUMNS = [
    "chapter", "model", "protocol", "level", "metric", "value", "low", "high", "n_tracks",
    "n_genres",
]  # fmt: skip
MEASURING = ("04-random-forest", "05-nearest-neighbours", "06-lstm", "08-pretrained-ear")
"""Chapters that measure models."""
STEPS = {"leakage gap": ("random-slice", "track"), "artist step": ("track-paired", "artist")}
"""Differences that are recorded beside the scores: two exams on the same tracks."""
NETWORKS = ("06-lstm",)
"""Those of them that train networks."""


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

    Explained in chapter 4.

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
        "gaps": json.loads(_steps(predictions, seed).to_json(orient="records")),
        "rows": json.loads(rows.drop(columns="chapter").to_json(orient="records")),
    }
    kept["chapters"] = dict(sorted(kept["chapters"].items()))
    write_whole(file, json.dumps(kept, indent=1) + "\n")
    return rows


def forget(folder: Path, chapters: Collection[str]) -> None:
    """Drop what was recorded by chapters that are no longer in the book.

    Parameters
    ----------
    folder : Path
        Where a build keeps its results.
    chapters : collection of str
        Names of the chapters of the book.
    """
    for file in folder.glob("*.json"):
        try:
            kept = json.loads(file.read_text("utf-8"))
            gone = set(kept["chapters"]) - set(chapters)
        except (ValueError, KeyError, TypeError):  # no results; who reads it says so
            continue
        for name in gone:
            del kept["chapters"][name]
        if gone:
            write_whole(file, json.dumps(kept, indent=1) + "\n")


def _steps(predictions: list[pd.DataFrame], seed: int) -> pd.DataFrame:
    """Measure the differences of :data:`STEPS` for every model that took both exams."""
    tables = {(t["model"].iloc[0], t["protocol"].iloc[0]): t for t in predictions if len(t)}
    pairs = {
        (model, step): (tables[model, a], tables[model, b])
        for model in dict.fromkeys(model for model, _ in tables)
        for step, (a, b) in STEPS.items()
        if (model, a) in tables and (model, b) in tables
    }
    columns = pd.DataFrame(list(pairs), columns=["model", "step"])
    return columns.join(gaps(pairs, seed=seed).reset_index(drop=True))


def load_gaps(corpus: str, *, fast: bool = False) -> pd.DataFrame:
    """Read the differences between protocols that chapters recorded, model by model.

    Explained in chapter 9.

    Parameters
    ----------
    corpus : str
        Name of the corpus.
    fast : bool
        Whether to read the results of shortened runs.

    Returns
    -------
    pandas.DataFrame
        Columns ``model``, ``step`` (a key of :data:`STEPS`), ``value``, ``low``, ``high`` (95 %
        interval of the difference, taken over the same tracks on both sides), ``n_tracks``.

    Raises
    ------
    ResultsError
        If nothing is known about the corpus.
    """
    chapters = json.loads(_newest(corpus, fast)[1].read_text("utf-8"))["chapters"]
    rows = [row for part in chapters.values() for row in part.get("gaps", [])]
    return pd.DataFrame(rows, columns=["model", "step", "value", "low", "high", "n_tracks"])


def _newest(corpus: str, fast: bool) -> tuple[str, Path]:
    """Give the results of this build or, where there are none, those that are recorded."""
    sources = {
        "this build": results_file(corpus, fast=fast),
        "recorded": results_file(corpus, fast=fast, root=RECORDED),
    }
    for source, file in sources.items():
        if file.exists():
            return source, file
    raise ResultsError(
        f"no results for {corpus}{' (fast)' if fast else ''}: run {', '.join(MEASURING)} "
        f"on it first, or `genrelib book --corpus {corpus}`, which runs all in order"
    )


def load_results(corpus: str, *, fast: bool = False) -> pd.DataFrame:
    """Read what chapters measured on a corpus.

    Explained in chapter 9.

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
    source, file = _newest(corpus, fast)
    return results_table(file, source)


def results_table(file: Path, source: str) -> pd.DataFrame:
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

    Explained in chapter 9.

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
        Text such as ``.78 [.71, .84]``; a dash where a model was not tested. Before ``artist``
        stands ``track-paired``, if it was asked; ``track-thinned`` is left to the chapters that
        ask it. A protocol that tests fewer
        than :data:`genrelib.evaluation.FEW` tracks has no column, see :func:`too_few`.

    Raises
    ------
    ResultsError
        If level or metric are unknown.
    """
    if level not in LEVELS or metric not in METRICS:
        raise ResultsError(f"no {metric} per {level}; levels {LEVELS}, metrics {METRICS}")
    return _texts(results, level, metric).drop(columns="track-thinned", errors="ignore")


def _texts(results: pd.DataFrame, level: str, metric: str) -> pd.DataFrame:
    """Lay out a score under every exam that tests enough tracks for one."""
    rows = results[(results["level"] == level) & (results["metric"] == metric)]
    enough = set(rows.loc[rows["n_tracks"] >= FEW, "protocol"])
    table = rows.assign(text=spans(rows)).pivot(index="model", columns="protocol", values="text")
    exams = [name for name in EXAMS if name in enough]
    table = table.reindex(index=rows["model"].unique(), columns=exams)
    return table.fillna("–").rename_axis(index="model", columns=None)


def too_few(results: pd.DataFrame) -> str:
    """Say which protocols test too few tracks for a score: the line in place of a number.

    Explained in chapter 4.

    Parameters
    ----------
    results : pandas.DataFrame
        As from :func:`load_results` or :func:`record`.

    Returns
    -------
    str
        Such as ``fault-filtered (4 tracks of 3 genres)``, or ``none``.
    """
    covers = results.groupby("protocol")[["n_tracks", "n_genres"]].max().astype(int)
    covers = covers.reindex(list(PROTOCOLS), fill_value=0)
    return listing(
        f"{name} ({row.n_tracks} tracks of {row.n_genres} genres)" if row.n_tracks else
        f"{name} (no track)"
        for name, row in covers.iterrows()
        if row.n_tracks < FEW
    )  # fmt: skip


def by_protocol(rows: pd.DataFrame, predictions: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Lay out how one model did under each protocol, and on how much that rests.

    Parameters
    ----------
    rows : pandas.DataFrame
        What :func:`record` gave for the model.
    predictions : mapping of str to pandas.DataFrame
        Its predictions table by protocol.

    Returns
    -------
    pandas.DataFrame
        One row per protocol: accuracy per slice and per track with intervals, as text; and what
        differs besides the split: how many genres and tracks were tested, and from how many
        tracks a fold learned. No scores where fewer than :data:`genrelib.evaluation.FEW` tracks
        were tested.
    """
    table = pd.DataFrame(
        {
            "per slice": _texts(rows, "slice", "accuracy").iloc[0],
            "per track": _texts(rows, "track", "accuracy").iloc[0],
            "genres tested": {p: t["genre"].nunique() for p, t in predictions.items()},
            "tracks tested": {p: t["track_id"].nunique() for p, t in predictions.items()},
            "learned from": {
                p: f"{extent(t.attrs['learned_from'])} tracks" if len(t) else "nothing"
                for p, t in predictions.items()
            },
        }
    )
    table[["per slice", "per track"]] = table[["per slice", "per track"]].fillna("too few")
    table = table.loc[list(predictions)].rename_axis("protocol")
    return table.astype({"genres tested": int, "tracks tested": int})


def right_by_genre(predictions: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Count the slices that are named rightly, genre by genre.

    Counts, where a genre has too few tracks for shares.

    Parameters
    ----------
    predictions : mapping of str to pandas.DataFrame
        By protocol, predictions tables of one model on the same tracks.

    Returns
    -------
    pandas.DataFrame
        One row per genre: tracks, artists (where a protocol held these out), slices, and how many
        of these are right under each protocol.
    """
    strict = min(predictions.values(), key=lambda table: table["unit"].nunique())
    genres = strict.groupby("genre")
    table = genres.agg(tracks=("track_id", "nunique"), artists=("unit", "nunique"))
    table["slices"] = genres.size()
    for name, told in predictions.items():
        table[name] = (told["genre"] == told["predicted"]).groupby(told["genre"]).sum()
    return table


def disagreements(corpus: str, root: Path) -> pd.DataFrame:
    """Compare a build with the recorded results.

    The same seed gives the same numbers on one machine only; on another, sums are rounded in
    another order. Two runs agree where each value lies in the other's interval. A network
    magnifies such differences, and the intervals hold the choice of tracks, not that of its
    weights: two runs of a network agree where their intervals overlap.

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
    keys = ["chapter", "model", "protocol", "level", "metric"]
    new, old = (
        results_table(file, side)[[*keys, "value", "low", "high"]] for side, file in files.items()
    )
    both = new.merge(old, on=keys, how="outer", suffixes=("_new", "_old"))
    agree = both["value_new"].between(both["low_old"], both["high_old"])
    agree &= both["value_old"].between(both["low_new"], both["high_new"])
    overlap = (both["low_new"] <= both["high_old"]) & (both["low_old"] <= both["high_new"])
    return both[~agree.where(~both["chapter"].isin(NETWORKS), overlap)]
