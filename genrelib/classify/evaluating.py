"""How well a model does on files whose genres are known, and how two models compare.

Takes labelled files (:mod:`genrelib.classify.labels`) and models, lets the models name them, and
lays the answers out as predictions tables, which :mod:`genrelib.classify.answers` scores. One
recording is one row: the model judges it as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pandas as pd

from genrelib.classify.answers import NONE, Evaluation, plain_name
from genrelib.classify.labels import Labelled, find_labels
from genrelib.classify.listening import listen
from genrelib.classify.naming import Model, Prediction, load_model
from genrelib.corpus import AudioError, as_text, read_header

SHIPPED = "shipped"
"""What the model of the package is called in tables."""
NOBODY = frozenset({"unknown", "unknown artist", "various", "various artists", "va", "v.a."})
"""Tags that name no artist."""
COLUMNS = (
    "slice_id", "track_id", "genre", "predicted", "fold", "protocol", "model", "unit", "reason",
    "forced", "file", "artist", "duration", "note", "similarity",
)  # fmt: skip
"""Columns of a table of answers, before the probabilities."""


def evaluate(
    path: str | Path,
    models: Mapping[str, Model] | None = None,
    *,
    labels: str | Path | None = None,
    jobs: int = 1,
    seed: int = 0,
    begin: Callable[[int], object] = lambda files: None,
    heard: Callable[[], object] = lambda: None,
) -> Evaluation:
    """Let models name labelled files, and compare with the labels.

    Each file is listened to once for all models of one loudness.

    Parameters
    ----------
    path : str or Path
        Files with genres, as for :func:`find_labels`.
    models : mapping of str to Model, optional
        The models by name; that of the package, if left out.
    labels : str or Path, optional
        A CSV table of labels, as for :func:`find_labels`.
    jobs : int
        Files to hear at the same time, each in a thread of its own.
    seed : int
        Seed of intervals and draws.
    begin, heard : callable
        Called with the number of files, then after each file.

    Returns
    -------
    Evaluation
        Answers, and scores on demand.

    Raises
    ------
    LabelError
        As :func:`find_labels`.
    """
    models = {SHIPPED: load_model()} if models is None else dict(models)
    genres = {genre for model in models.values() for genre in model.genres}
    labelled, unusable = find_labels(path, genres, labels)
    begin(len(labelled))
    answers = _hear_all(labelled, models, jobs, heard)
    rows = []
    for item, answer in zip(labelled, answers, strict=True):
        if isinstance(answer, AudioError):
            unusable.append(answer)
        else:
            rows.append((item, *answer))
    tables = {name: _table(name, model, rows, k) for k, (name, model) in enumerate(models.items())}
    return Evaluation(tables, models, unusable, seed)


# --- hearing ---------------------------------------------------------------------------------

Heard = tuple[str | None, list[Prediction]]


def _hear_all(
    labelled: Collection[Labelled],
    models: Mapping[str, Model],
    jobs: int,
    heard: Callable[[], object],
) -> list[Heard | AudioError]:
    stopped = Event()
    threads = jobs if len(labelled) == 1 else 1
    found = []
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        waiting = [pool.submit(_attempt, item, models, threads, stopped) for item in labelled]
        try:
            for future in waiting:
                found.append(future.result())
                heard()
        finally:
            stopped.set()
            pool.shutdown(cancel_futures=True)
    return found


def _attempt(
    item: Labelled, models: Mapping[str, Model], threads: int, stopped: Event
) -> Heard | AudioError:
    """Let all models name one file; give its artist, too."""
    levels = sorted({model.card["level"] for model in models.values()})
    try:
        parts = listen(item.file, levels, threads=threads, stop=stopped.is_set)
        artist = item.artist or read_header(item.file).artist
        if artist is not None and plain_name(artist) in NOBODY:
            artist = None
    except AudioError as error:
        return error
    known = dict(zip(levels, parts, strict=True))
    return artist, [model.judge(known[model.card["level"]]) for model in models.values()]


def _table(
    name: str, model: Model, heard: list[tuple[Labelled, str | None, list[Prediction]]], place: int
) -> pd.DataFrame:
    rows = []
    for item, artist, answers in heard:
        answer = answers[place]
        forced = next(iter(answer.probabilities), NONE)
        file = as_text(item.file)
        rows.append(
            {"slice_id": file, "track_id": file, "genre": item.genre}
            | {"predicted": answer.genre or NONE, "fold": 0, "protocol": "files", "model": name}
            | {"unit": "", "reason": answer.reason, "forced": forced, "file": file}
            | {"artist": artist, "duration": answer.duration, "note": answer.note}
            | {"similarity": answer.nearest[0].similarity if answer.nearest else 0.0}
            | {f"p_{genre}": answer.probabilities.get(genre, 0.0) for genre in model.genres}
        )
    shares = [f"p_{genre}" for genre in model.genres]
    table = pd.DataFrame(rows, columns=[*COLUMNS, *shares], dtype=object)
    numbers = ["duration", "similarity", *shares]
    table = table.astype(dict.fromkeys(numbers, float) | {"fold": int})
    return table.assign(unit=_units(table))


def _units(table: pd.DataFrame) -> pd.Series:
    """Name what is drawn: artists, where one has several recordings; else recordings."""
    artists = table["artist"].map(plain_name, na_action="ignore")
    if not artists.dropna().duplicated().any():
        return table["track_id"]
    # A recording of nobody known stands for itself; no artist's name looks like that.
    return ("by " + artists).where(artists.notna(), table["track_id"])
