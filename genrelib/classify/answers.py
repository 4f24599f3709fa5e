"""What models said of recordings whose genres are known, scored.

Takes the predictions tables of :mod:`genrelib.classify.evaluating`, one per model, and has
:mod:`genrelib.evaluation` score them: all recordings, those that were answered, and what would
have been answered without refusals; with intervals over recordings and over artists.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from genrelib.classify.naming import Model
from genrelib.corpus import AudioError, on_disk
from genrelib.evaluation import (
    calibration_error,
    calibration_summary,
    confusion,
    gap,
    mean_with_interval,
    score,
    with_interval,
)

NONE = "none of these"
"""What stands in tables where a recording was refused."""
VIEWS = ("all", "answered", "forced")
"""A refusal is not right; refusals are left out; the most probable genre counts in any case."""
MEASURED = ("accuracy", "f1")
LENGTHS = (("under 6 s", 6), ("6 to 30 s", 30), ("30 s and more", float("inf")))
"""Lengths of recordings, in whole seconds, and where each ends."""
ALIKE = 0.98
"""Similarity above which a recording may be one that the model was trained on: that of 60 of the
100 files of GTZAN-mini to their nearest, and of 4 of 152 clips by artists that a model did not
know."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What models said of labelled files; from :func:`genrelib.classify.evaluate`.

    Parameters
    ----------
    predictions : dict of str to pandas.DataFrame
        By name of the model, a predictions table of the files that can be used, as from
        :func:`genrelib.evaluation.cross_validate`, one row per recording. ``predicted`` is
        :data:`NONE` where it was refused, ``reason`` says why, ``forced`` is the most probable
        genre all the same (:data:`NONE` for silence). ``unit`` is the artist where some artist
        has several recordings, else the recording; moreover ``file``, ``artist``, ``duration``
        (seconds), ``similarity`` to the nearest training track, and ``note``.
    models : dict of str to Model
        The models.
    unusable : list of AudioError
        Files that cannot be used, or have no label.
    seed : int
        Seed of intervals and draws.
    """

    predictions: dict[str, pd.DataFrame]
    models: dict[str, Model]
    unusable: list[AudioError]
    seed: int = 0

    @property
    def by_artist(self) -> bool:
        """Whether intervals resample artists, too: some artist has several recordings."""
        return any(not t["unit"].equals(t["track_id"]) for t in self.predictions.values())

    def view(self, model: str, view: str = "all") -> pd.DataFrame:
        """Give the predictions on recordings whose genre a model knows.

        Parameters
        ----------
        model : str
            Name of the model.
        view : {"all", "answered", "forced"}
            One of :data:`VIEWS`.

        Returns
        -------
        pandas.DataFrame
            Some rows of ``predictions``; of ``forced``, with other decisions.
        """
        table = self.predictions[model]
        table = table[table["genre"].isin(self.models[model].genres)]
        if view == "answered":
            return table[table["reason"].isna()]
        return table.assign(predicted=table["forced"]) if view == "forced" else table

    def to_dict(self) -> dict[str, Any]:
        """Score everything.

        Returns
        -------
        dict
            For JSON: ``recordings``, ``artists`` (``known``: recordings whose artist is known,
            ``different``: artists, ``by_artist``), ``unusable`` (``file``, ``error``), ``models``
            (one object each, see :meth:`summary`) and ``difference`` (None but for two models,
            see :meth:`difference`).
        """
        table = next(iter(self.predictions.values()))
        artists = table["artist"].dropna()
        return {
            "recordings": len(table),
            "artists": {
                "known": len(artists),
                "different": int(artists.map(plain_name).nunique()),
                "by_artist": self.by_artist,
            },
            "unusable": [
                {"file": str(on_disk(error.path)), "error": f"{error.reason}. {error.advice}"}
                for error in self.unusable
            ],
            "models": [self.summary(name) for name in self.models],
            "difference": self.difference(),
        }

    def summary(self, model: str) -> dict[str, Any]:
        """Score one model.

        Parameters
        ----------
        model : str
            Its name.

        Returns
        -------
        dict
            ``model``; ``genres``; over recordings of these genres ``recordings``, ``answered``,
            ``refused`` (by reason), ``scores`` (``accuracy`` and macro ``f1`` of each of
            :data:`VIEWS`), ``calibration`` (of ``answered`` and ``forced``: see
            :func:`genrelib.evaluation.calibration_summary`), ``recall`` (by genre) and
            ``lengths``; over all recordings ``unknown`` (those of genres that it does not know,
            which can only be refused rightly), ``confusion`` (counts by true, then predicted
            genre), ``alike`` (recordings so similar to a training track that they may be one),
            ``artist_heard`` (recordings by artists that it was trained on), ``noted`` (about
            whose file something is odd) and ``predictions``. Scores have ``value``, ``low``
            and ``high`` (95 % interval over recordings) and ``by_artist``, the same over artists,
            or None; shares have Wilson's interval (1927). None where there is nothing to score.
        """
        table, rows = self.predictions[model], self.view(model)
        genres = self.models[model].genres
        return {
            "model": model,
            "genres": genres,
            "recordings": len(rows),
            "answered": int(rows["reason"].isna().sum()),
            "refused": dict(Counter(rows["reason"].dropna())),
            "scores": {view: self._scores(self.view(model, view)) for view in VIEWS},
            "calibration": {
                view: self._calibration(self.view(model, view)) for view in ("answered", "forced")
            },
            "recall": {
                genre: _share(part["predicted"] == genre) for genre, part in rows.groupby("genre")
            },
            "lengths": _by_length(rows),
            "unknown": _unknown(table[~table["genre"].isin(genres)]),
            "confusion": _confusion(table),
            "alike": int((table["similarity"] >= ALIKE).sum()),
            "artist_heard": self._artist_heard(model),
            "noted": int(table["note"].notna().sum()),
            "predictions": _records(table),
        }

    def difference(self) -> dict[str, Any] | None:
        """Compare two models on the recordings whose genre both know.

        Returns
        -------
        dict or None
            How much better the first is: ``recordings``, and for the views ``all`` and ``forced``
            the ``accuracy`` and macro ``f1`` as ``value``, ``low``, ``high`` and ``by_artist``;
            each resample takes the same recordings, or artists, of both. None where there are not
            two models, or no such recordings.
        """
        if len(self.models) != 2:
            return None
        first, second = self.models
        common = set(self.view(first)["track_id"]) & set(self.view(second)["track_id"])
        if not common:
            return None
        found: dict[str, Any] = {"models": [first, second], "recordings": len(common)}
        for view in ("all", "forced"):
            sides = [self.view(name, view) for name in (first, second)]
            a, b = (rows[rows["track_id"].isin(common)] for rows in sides)
            found[view] = {}
            for metric in MEASURED:
                levels = [
                    gap(_over(unit, a), _over(unit, b), metric=metric, seed=self.seed)
                    for unit in self._units
                ]
                found[view][metric] = _together(levels, self._counts(a))
        return found

    def _artist_heard(self, model: str) -> int:
        trained = {plain_name(t[2]) for t in self.models[model].card["tracks"] if t[2]}
        return int(self.predictions[model]["artist"].dropna().map(plain_name).isin(trained).sum())

    @property
    def _units(self) -> list[str]:
        return ["track_id", "unit"] if self.by_artist else ["track_id"]

    def _counts(self, rows: pd.DataFrame) -> list[int]:
        return [rows[unit].nunique() for unit in self._units]

    def _scores(self, rows: pd.DataFrame) -> dict[str, Any] | None:
        if rows.empty:
            return None
        tables = [
            score(_over(unit, rows), seed=self.seed).query("level == 'slice'").set_index("metric")
            for unit in self._units
        ]
        return {
            metric: _together([table.loc[metric] for table in tables], self._counts(rows))
            for metric in MEASURED
        }

    def _calibration(self, rows: pd.DataFrame) -> dict[str, Any] | None:
        rows = rows[rows["forced"] != NONE]  # silence has no probabilities
        if rows.empty:
            return None
        found = calibration_summary(_over("track_id", rows), seed=self.seed)
        levels = [found] + [
            with_interval(calibration_error, _over(unit, rows), "distance", seed=self.seed)
            for unit in self._units[1:]
        ]
        error = _together(levels, self._counts(rows))
        return {
            "recordings": len(rows),
            "error": error,
            **{key: found[key] for key in ("chance", "confidence", "accuracy")},
        }


def plain_name(artist: str) -> str:
    """Spell an artist's name so that two spellings of one name are the same."""
    return " ".join(artist.casefold().split())


def _over(unit: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Have intervals resample recordings or artists; values over rows stay the same."""
    return rows.assign(unit=rows[unit])


def _together(levels: list[Any], counts: list[int]) -> dict[str, Any]:
    """Join a value, its interval over recordings and that over artists.

    One recording, or one artist, has no interval.
    """
    ends = [
        {"low": float(level["low"]), "high": float(level["high"]), "n": n}
        if n > 1
        else {"low": None, "high": None, "n": n}
        for level, n in zip(levels, counts, strict=True)
    ]
    by_artist = ends[1] if len(ends) > 1 else None
    return {"value": float(levels[0]["value"]), **ends[0], "by_artist": by_artist}


def _share(which: pd.Series) -> dict[str, Any]:
    """Give a share with its interval over recordings."""
    told = which.astype(float).to_frame("share")
    found: Any = mean_with_interval(told, np.arange(len(told))).loc["share"]
    return {str(name): float(value) for name, value in found.items()} | {"n": len(told)}


def _by_length(rows: pd.DataFrame) -> dict[str, Any]:
    """Score recordings by how long they are."""
    found = {}
    whole = rows["duration"].round()
    begin = 0.0
    for name, end in LENGTHS:
        part = rows[(whole >= begin) & (whole < end)]
        begin = end
        if part.empty:
            continue
        answered = part[part["reason"].isna()]
        right = answered["predicted"] == answered["genre"]
        shares = answered.filter(regex="^p_").max(axis=1)
        found[name] = {
            "recordings": len(part),
            "answered": len(answered),
            "all": _share(part["predicted"] == part["genre"]),
            "of_answered": _share(right) if len(right) else None,
            "confidence": float(shares.mean()) if len(right) else None,
        }
    return found


def _unknown(rows: pd.DataFrame) -> dict[str, Any] | None:
    if rows.empty:
        return None
    genres = {str(genre): len(part) for genre, part in rows.groupby("genre")}
    return {"refused": _share(rows["reason"].notna()), "genres": genres}


def _confusion(table: pd.DataFrame) -> dict[str, dict[str, int]]:
    if table.empty:
        return {}
    counts = confusion(table.assign(**{f"p_{NONE}": 0.0}))  # refusals have a column, too
    return {
        str(genre): {str(named): int(n) for named, n in row.items()}
        for genre, row in counts.iterrows()
    }


def _records(table: pd.DataFrame) -> list[dict[Any, Any]]:
    """Give each recording as an object: what it is, and what was said."""
    shares = table.filter(regex="^p_").rename(columns=lambda name: name.removeprefix("p_"))
    names = ["file", "genre", "artist", "duration", "predicted", "reason", "forced", "note"]
    records = table[names].to_dict("records")
    for record, row in zip(records, shares.to_dict("records"), strict=True):
        record["file"] = str(on_disk(record["file"]))
        record["predicted"] = record["predicted"] if record["reason"] is None else None
        record["forced"] = record["forced"] if record["forced"] != NONE else None
        record["probabilities"] = row if record["forced"] else {}
    return records
