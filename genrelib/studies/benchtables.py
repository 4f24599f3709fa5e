"""What a benchmark says: tables, goals and a few sentences, all from its record."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from genrelib.corpus import RECORDED
from genrelib.features import (
    FAMILIES,
)
from genrelib.studies.contestants import CONTESTANTS, PLAIN, BenchError

BENCH = RECORDED / "bench.json"
# The goals that the project set itself, for slices of six seconds on a machine that does nothing
# else. They are wishes, not measurements: no benchmark moves them.
GOAL_TIMES, AIM_TIMES = 6, 8  # faster than librosa called once per feature, on one core
GOAL_MS = 43  # a slice on one core
GOAL_EFFICIENCY = 0.95  # of two processes
GOAL_MB = 1000  # held by one process, at any time
# Memory that does not grow still wavers, as allocators give back late. To keep the sound of each
# slice, half a megabyte, would double the memory in a thousand slices: far beyond this.
GOAL_GROWTH = 0.05


def bench_ms(record: dict[str, Any], family: str = "all", cores: int = 1) -> dict[str, float]:
    """Give the milliseconds that a slice takes.

    All families together are timed in one way, whatever the number of cores: by the rate of
    processes that do nothing else. A single family is timed slice by slice, in turns.

    Parameters
    ----------
    record : dict
        As from :func:`genrelib.studies.run_bench`.
    family : str
        A family of features, or ``all``.
    cores : int
        Cores that were used.

    Returns
    -------
    dict of str to float
        By contestant.
    """
    return {
        row["what"]: row["ms"]
        for row in record["rows"]
        if (row["family"], row["cores"], "efficiency" in row) == (family, cores, family == "all")
    }


def _efficiency(record: dict[str, Any]) -> dict[str, float]:
    return {r["what"]: r["efficiency"] for r in record["rows"] if r["cores"] == 2}


def bench_overview(record: dict[str, Any]) -> pd.DataFrame:
    """Tabulate what a slice takes, all families together.

    Parameters
    ----------
    record : dict
        As from :func:`genrelib.studies.run_bench`.

    Returns
    -------
    pandas.DataFrame
        Text; one row for each of what was compared.
    """
    one, most = bench_ms(record), max(row["cores"] for row in record["rows"])
    every, efficiency = bench_ms(record, cores=most), _efficiency(record)
    rows = {
        CONTESTANTS[name]: {
            "numbers a slice": f"{record['numbers'][name]:,}" if name != "floor" else "–",
            "ms a slice": f"{one[name]:.1f}",
            "faster than the plain way": f"{one['plain'] / one[name]:.1f} times",
            f"ms a slice on {most} cores": f"{every[name]:.1f}",
            "efficiency on 2 processes": f"{efficiency[name]:.0%}",
        }
        for name in CONTESTANTS
        if name in one
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def bench_by_family(record: dict[str, Any]) -> pd.DataFrame:
    """Tabulate what each family takes alone, on one core.

    Parameters
    ----------
    record : dict
        As from :func:`genrelib.studies.run_bench`.

    Returns
    -------
    pandas.DataFrame
        Text; one row per family. Each time includes the spectra that the family needs.
    """
    rows = {}
    for family in PLAIN:
        ms = bench_ms(record, family)
        rows[FAMILIES.get(family, "frame sequences")] = {
            "plain, ms": f"{ms['plain']:.1f}",
            "this package, ms": f"{ms['ours']:.1f}",
            "times": f"{ms['plain'] / ms['ours']:.1f}",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def goals(record: dict[str, Any]) -> pd.DataFrame:
    """Hold a benchmark against what the project wants of its features.

    Parameters
    ----------
    record : dict
        As from :func:`genrelib.studies.run_bench`.

    Returns
    -------
    pandas.DataFrame
        Text; one row per goal, columns measured and verdict: ``met``, ``missed``, or
        ``not measured`` where openSMILE is not installed, or where too few slices were measured to
        see memory grow.
    """
    ms, memory = bench_ms(record), record["memory"]
    times, efficiency = ms["plain"] / ms["ours"], _efficiency(record)["ours"]
    first, last = memory[0], memory[-1]
    most, growth = max(mark["mb"] for mark in memory), last["mb"] / first["mb"] - 1
    smile = ms.get("emobase")
    marks = f"from {first['slices']:,} to {last['slices']:,} slices"
    rows: list[tuple[str, str, bool | None]] = [
        (
            f"at least {GOAL_TIMES} times the plain way on one core (aim: {AIM_TIMES})",
            f"{times:.1f} times",
            times >= GOAL_TIMES,
        ),
        (
            "less time than openSMILE's emobase in the same run",
            f"{ms['ours']:.1f} ms" + (f" against {smile:.1f} ms" if smile else ""),
            ms["ours"] < smile if smile else None,
        ),
        (f"under {GOAL_MS} ms a slice on one core", f"{ms['ours']:.1f} ms", ms["ours"] < GOAL_MS),
        (
            f"{GOAL_EFFICIENCY:.0%} efficiency on two processes",
            f"{efficiency:.1%}",
            efficiency >= GOAL_EFFICIENCY,
        ),
        (f"under {GOAL_MB:,} MB a process, all along", f"{most:,.0f} MB at most", most < GOAL_MB),
        (
            f"memory that does not grow with the slices (beyond {GOAL_GROWTH:.0%})",
            f"{growth:+.1%} {marks}",
            growth <= GOAL_GROWTH if len(memory) > 1 else None,
        ),
    ]
    words = {True: "met", False: "missed", None: "not measured"}
    table = {goal: [value, words[verdict]] for goal, value, verdict in rows}
    return pd.DataFrame.from_dict(table, orient="index", columns=["measured", "verdict"])


def bench_summary(record: dict[str, Any]) -> str:
    """Say in a few sentences what was measured, where and when.

    Parameters
    ----------
    record : dict
        As from :func:`genrelib.studies.run_bench`.

    Returns
    -------
    str
        Sentences whose numbers are all from the record.
    """
    ms, memory = bench_ms(record), record["memory"]
    text = (
        f"All features of {record['slice_seconds']:g} seconds take {ms['ours']:.1f} ms on one "
        f"core; calling librosa once per feature takes {ms['plain']:.0f} ms, "
        f"{ms['plain'] / ms['ours']:.0f} times as long. "
    )
    if "emobase" in ms:
        text += f"openSMILE's emobase takes {ms['emobase']:.0f} ms for its own. "
    text += (
        f"Two processes at once are {2 * _efficiency(record)['ours']:.2f} times as fast as one. "
        f"A process held {memory[0]['mb']:.0f} MB after {memory[0]['slices']:,} slices and "
        f"{memory[-1]['mb']:.0f} MB after {memory[-1]['slices']:,}. "
        f"Median rates of processes that do nothing else, on {record['n_clips']} slices of "
        f"{record['audio']}, measured on "
        f"{record['recorded']} ({record['system']}; librosa {record['versions']['librosa']}, "
        f"NumPy {record['versions']['numpy']}, numba {record['versions']['numba']})."
    )
    return text


def load_bench() -> dict[str, Any]:
    """Read the recorded benchmark.

    Returns
    -------
    dict
        As from :func:`genrelib.studies.run_bench`.

    Raises
    ------
    BenchError
        If there is none, or it cannot be read.
    """
    try:
        return json.loads(BENCH.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BenchError(
            f"{BENCH}: no recorded benchmark; run `genrelib bench --record`"
        ) from error
