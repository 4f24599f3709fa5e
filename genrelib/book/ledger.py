"""What chapter 7 measures on data that may not be at hand: measured, or read back as recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from genrelib.book.results import ResultsError, results_file
from genrelib.corpus import RECORDED, versions, write_whole

STUDY = "original-study"
"""What the ledger of chapter 7 is called."""


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

    def asked(self, variable: str) -> bool:
        """Say whether this run shall measure what takes long.

        Parameters
        ----------
        variable : str
            Environment variable that asks for it, such as ``GENRELIB_FULL``.

        Returns
        -------
        bool
            Whether it is set; a shortened run measures everything, shortened.
        """
        return bool(os.environ.get(variable)) or bool(self.run["fast"])

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


def recorded_study_part(name: str) -> pd.DataFrame:
    """Read a table that chapter 7 measured on the original study's rows, as it was recorded.

    Parameters
    ----------
    name : str
        What the chapter's ledger calls it, such as ``artist controls``, ``artist effect`` or
        ``artist by genre``.

    Returns
    -------
    pandas.DataFrame
        The table; ``attrs["recorded"]`` is the day.

    Raises
    ------
    ResultsError
        If no table of that name was recorded.
    """
    parts = ledger_parts(results_file(STUDY, root=RECORDED))
    table = _unpacked(parts[name]["value"]) if name in parts else None
    if not isinstance(table, pd.DataFrame):
        raise ResultsError(f"chapter 7 has recorded no table {name!r}; run it with the study's")
    table.attrs["recorded"] = parts[name]["recorded"]
    return table


def recorded_study_scores() -> pd.DataFrame:
    """Read the scores on the original study's table, as they were recorded.

    Returns
    -------
    pandas.DataFrame
        Columns ``part`` (which rows of the table) and those of :data:`genrelib.book.COLUMNS` but
        the chapter; ``attrs["recorded"]`` is the day.

    Raises
    ------
    ResultsError
        If nothing was recorded.
    """
    return recorded_study_part("scores")


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
