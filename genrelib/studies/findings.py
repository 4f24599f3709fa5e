"""What the study behind chapter 6 found, as one table of predictions.

The package embeds it as it was recorded on GTZAN-mini; the chapter computes from the table
whatever it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from genrelib.corpus import (
    RECORDED,
    metadata,
    write_parquet,
)
from genrelib.evaluation import Kind, mean_with_interval
from genrelib.studies.experiments import EXPERIMENTS, StudyError
from genrelib.studies.lstm import parts_folder

STUDY_FILE = RECORDED / "lstm-study.parquet"


def load_study(corpus: str = "gtzan-mini") -> pd.DataFrame:
    """Read the study of a corpus: what was run here, or else what the package has recorded.

    Explained in chapter 6.

    Parameters
    ----------
    corpus : str
        Name of the corpus.

    Returns
    -------
    pandas.DataFrame
        One row per slice, repetition and experiment: the predictions table with the columns
        ``experiment`` and ``repetition``. ``attrs``: ``corpus``, ``source`` (``"run here"`` or
        ``"recorded"``), ``recorded`` (days), ``versions``, ``command``, and for each experiment
        ``curves`` and ``seconds``. Where neither exists for the corpus, the recorded one of
        GTZAN-mini.

    Raises
    ------
    StudyError
        If the recorded study cannot be read.
    """
    folder = parts_folder(corpus)
    parts = sorted(folder.glob("*.parquet")) if folder.is_dir() else []
    silent = {e.name for e in EXPERIMENTS if e.audio}  # may be left out
    if parts and not set(_missing(parts)) - silent:
        return _unpacked(*_joined(parts, corpus), "run here")
    try:
        table = pq.read_table(STUDY_FILE)
        about = metadata(STUDY_FILE) or {}
        return _unpacked(table, about, "recorded")
    except (OSError, KeyError, ValueError) as error:
        raise StudyError(f"{STUDY_FILE}: not a recorded study ({error}); install again") from error


def _missing(parts: Sequence[Path]) -> list[str]:
    done = {about["experiment"] for part in parts if (about := metadata(part))}
    return [e.name for e in EXPERIMENTS if e.name not in done]


def _joined(parts: Sequence[Path], corpus: str) -> tuple[pa.Table, dict[str, Any]]:
    """Put the parts of a study into one table, in the order of the experiments."""
    order = {e.name: i for i, e in enumerate(EXPERIMENTS)}
    known = {p: m for p in parts if (m := metadata(p)) and m["experiment"] in order}
    rank = sorted(known, key=lambda p: (order[known[p]["experiment"]], known[p]["repetition"]))
    firsts = [known[p] for p in rank if known[p]["repetition"] == 0]
    about = {
        "corpus": corpus,
        "command": f"genrelib study lstm --corpus {corpus}",
        "recorded": sorted({known[p]["recorded"] for p in rank}),
        "versions": firsts[0]["versions"],
        "processor": firsts[0]["processor"],
        "curves": {m["experiment"]: m["curves"] for m in firsts},
        "seconds": {m["experiment"]: round(m["seconds"]) for m in firsts},
    }
    return pa.concat_tables([pq.read_table(p) for p in rank], promote_options="permissive"), about


def _unpacked(table: pa.Table, about: dict[str, Any], source: str) -> pd.DataFrame:
    frame = table.to_pandas()
    for column in frame.columns[frame.columns.str.startswith("p_")]:
        frame[column] = frame[column] / 1000
    frame.attrs = about | {"source": source}
    return frame


def record_study(corpus: str = "gtzan-mini", file: Path = STUDY_FILE) -> Path:
    """Make the study that was run here the recorded one.

    Parameters
    ----------
    corpus : str
        Name of the corpus.
    file : pathlib.Path
        Where it is recorded.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    StudyError
        If an experiment is missing, or it is about a corpus that is not recorded.
    """
    if file == STUDY_FILE and corpus != "gtzan-mini":
        raise StudyError(f"only the study of gtzan-mini is recorded, not that of {corpus}")
    parts = sorted(parts_folder(corpus).glob("*.parquet"))
    if missing := _missing(parts):
        raise StudyError(
            f"{len(missing)} experiments are missing, {missing[0]!r} first: "
            f"run `genrelib study lstm --corpus {corpus}`"
        )
    table, about = _joined(parts, corpus)
    names = ["experiment", "slice_id", "track_id", "genre", "predicted"]
    for name in names:
        place = table.column_names.index(name)
        table = table.set_column(place, name, table[name].dictionary_encode().unify_dictionaries())
    write_parquet(file, table, about)
    return file


def hits(study: pd.DataFrame, experiments: Sequence[str], level: str = "slice") -> pd.DataFrame:
    """Say how often each slice, or each track by the vote of its slices, was named rightly.

    Parameters
    ----------
    study : pandas.DataFrame
        From :func:`load_study`.
    experiments : sequence of str
        Their names.
    level : {"slice", "track"}
        Slices, or tracks.

    Returns
    -------
    pandas.DataFrame
        Share of the repetitions that were right, one column per experiment; index ``track_id``
        and, per slice, ``slice_id``. Missing where an experiment has no such piece. Only
        repetitions that all of them have: these share their folds.
    """
    rows = _shared(study, experiments)
    units = ["track_id", "slice_id"] if level == "slice" else ["track_id"]
    keys = ["experiment", "repetition", *units]
    if level == "slice":
        right = (rows["genre"] == rows["predicted"]).groupby([rows[k] for k in keys]).first()
    else:
        numbers = [c for c in rows if str(c).startswith("p_")]
        votes = rows.groupby(keys)[numbers].mean().idxmax(axis=1).map(_genre)
        right = votes == rows.groupby(keys)["genre"].first()
    table = right.groupby(["experiment", *units]).mean().unstack("experiment")
    return table[list(experiments)]


def compare(
    study: pd.DataFrame,
    experiments: Sequence[str],
    base: str | None = None,
    *,
    level: str = "slice",
    seed: int = 0,
) -> pd.DataFrame:
    """Score experiments with 95 % intervals that resample tracks; or the difference from another.

    Explained in chapter 6.

    Parameters
    ----------
    study : pandas.DataFrame
        From :func:`load_study`.
    experiments : sequence of str
        Their names.
    base : str, optional
        The experiment to subtract, slice by slice or track by track.
    level : {"slice", "track"}
        Slices, or tracks.
    seed : int
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        One row per experiment: ``value`` (mean over repetitions), ``low``, ``high``, and
        ``least`` and ``most``, the lowest and the highest of a repetition.
    """
    rows = []
    study = _shared(study, [*experiments, *([base] if base else [])])
    for name in experiments:
        both = [name] if base is None or base == name else [name, base]
        table = hits(study, both, level).dropna()
        values = _less(table, name, base)
        tracks = table.index.get_level_values("track_id")
        kind: Kind = "share" if base is None else "difference"
        row = mean_with_interval(values, tracks, kind, seed=seed).iloc[0]
        each = [
            float(_less(hits(part, both, level).dropna(), name, base)[name].mean())
            for _, part in study.groupby("repetition")
        ]
        rows.append({"experiment": name, **row, "least": min(each), "most": max(each)})
    return pd.DataFrame(rows).set_index("experiment")


def summarise_study(study: pd.DataFrame) -> pd.DataFrame:
    """Lay the study out, one row per experiment.

    Parameters
    ----------
    study : pandas.DataFrame
        From :func:`load_study`.

    Returns
    -------
    pandas.DataFrame
        Accuracy per slice with its 95 % interval, per track, and the number of repetitions.
    """
    names = list(study["experiment"].unique())
    found = compare(study, names)
    text = [f"{r.value:.3f} ({r.low:.3f} to {r.high:.3f})" for r in found.itertuples()]
    votes = compare(study, names, level="track")["value"].round(3)
    repetitions = repetitions_in(study)
    return pd.DataFrame(
        {"per slice": text, "per track": votes, "repetitions": repetitions[names]}, index=names
    )


def repetitions_in(study: pd.DataFrame) -> pd.Series:
    """Count the repetitions of each experiment.

    Parameters
    ----------
    study : pandas.DataFrame
        From :func:`load_study`.

    Returns
    -------
    pandas.Series
        Index: the experiments.
    """
    return study.groupby("experiment", sort=False)["repetition"].nunique()


def _shared(study: pd.DataFrame, experiments: Sequence[str]) -> pd.DataFrame:
    """Keep the repetitions that all of some experiments have."""
    rows = study[study["experiment"].isin(experiments)]
    count = rows.groupby("repetition")["experiment"].nunique()
    return rows[rows["repetition"].isin(count.index[count == rows["experiment"].nunique()])]


def _less(table: pd.DataFrame, name: str, base: str | None) -> pd.DataFrame:
    return table[[name]] if base is None else table[[name]].sub(table[base], axis=0)


def _genre(column: str) -> str:
    return column.removeprefix("p_")
