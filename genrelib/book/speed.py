"""What the README and the page "About this build" say of the recorded benchmark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from matplotlib import rc_context
from matplotlib.figure import Figure

from genrelib.book.figures.common import STYLE
from genrelib.book.readme import fill_marks
from genrelib.corpus import write_whole
from genrelib.studies import BENCH, CONTESTANTS, bench_ms, bench_overview, bench_summary

MARKS = ("<!-- bench: made by `genrelib bench --record` -->", "<!-- bench end -->")


def draw_bench(record: dict[str, Any]) -> Figure:
    """Draw what a slice takes on one core.

    Parameters
    ----------
    record : dict
        As from :func:`genrelib.studies.run_bench`.

    Returns
    -------
    matplotlib.figure.Figure
        A bar for each of what was compared.
    """
    ms = bench_ms(record)
    names = [name for name in CONTESTANTS if name in ms]
    with rc_context(cast(Any, STYLE)):
        fig = Figure(figsize=(6.4, 0.9 + 0.6 * len(names)))
        ax = fig.subplots()
        bars = ax.barh(
            [CONTESTANTS[name].replace(", ", ",\n") for name in names],
            [ms[name] for name in names],
            color=["#0072b2" if name == "ours" else "#999999" for name in names],
        )
        ax.bar_label(bars, fmt="%.1f", padding=4)
        ax.invert_yaxis()
        ax.margins(x=0.12)
        ax.set_xlabel(f"ms per {record['slice_seconds']:g}-second slice, on one core")
    return fig


def bench_alt(record: dict[str, Any]) -> str:
    """Describe the figure in words.

    Parameters
    ----------
    record : dict
        As from :func:`genrelib.studies.run_bench`.

    Returns
    -------
    str
        One line.
    """
    ms = bench_ms(record)
    bars = "; ".join(
        f"{CONTESTANTS[name]}: {ms[name]:.1f} ms" for name in CONTESTANTS if name in ms
    )
    return f"Horizontal bars of the time per slice on one core. {bars}."


def readme_part(record: dict[str, Any]) -> str:
    """Write the benchmark as the README shows it.

    Parameters
    ----------
    record : dict
        As from :func:`genrelib.studies.run_bench`.

    Returns
    -------
    str
        A few sentences and a Markdown table.
    """
    table = bench_overview(record)
    lines = [" | ".join(["", *table.columns]), "|".join(["---"] * (len(table.columns) + 1))]
    lines += [" | ".join(row) for row in table.itertuples()]
    return bench_summary(record) + "\n\n" + "\n".join(f"| {line} |" for line in lines)


def record_bench(record: dict[str, Any], readme: Path) -> list[Path]:
    """Make a benchmark the recorded one, which README and book quote.

    Parameters
    ----------
    record : dict
        As from :func:`genrelib.studies.run_bench`.
    readme : pathlib.Path
        The README.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    text = fill_marks(readme.read_text("utf-8"), MARKS, readme_part(record))
    write_whole(BENCH, json.dumps(record, indent=1) + "\n")
    write_whole(readme, text)
    return [BENCH, readme]
