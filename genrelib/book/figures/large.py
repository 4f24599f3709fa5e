"""Figures of chapter 11: the memory and the hours of a large run, and what it waits for."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from genrelib.book.figures.common import MARKERS, Picture

RUN_COLOURS = ("#332288", "#cc6677", "#117733")
"""Colours of the ways to run, none of which is a genre's or a protocol's."""
SIZE_COLOURS = ("#88ccee", "#44aa99", "#332288", "#882255")
"""Colours of the sizes of a collection."""
PART_COLOURS = {
    "reading": "#0072b2",
    "decoding": "#e69f00",
    "measuring": "#d55e00",
    "writing": "#bbbbbb",
}
"""Colours of the parts of the work."""
MEASURED = 2
"""Cores of the recorded run."""
CORES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


def clock(hours: float) -> str:
    """Write a time in hours and minutes, or in minutes and seconds where it is less than one hour.

    Parameters
    ----------
    hours : float
        The time.

    Returns
    -------
    str
        Such as ``4 h 7 min``, ``3 min 5 s`` or ``9 s``.
    """
    unit, part, small = ("h", "min", 60) if hours >= 1 else ("min", "s", 3600)
    whole, rest = divmod(round(small * hours), 60)
    return f"{whole} {unit} {rest} {part}" if whole else f"{rest} {part}"


def memory(peaks: pd.DataFrame) -> Picture:
    """Draw the peak memory of a worker as a run goes on.

    Parameters
    ----------
    peaks : pandas.DataFrame
        Megabytes: one row per share of the run (``10%``, ...), one column per way to run.

    Returns
    -------
    Picture
        One line per way to run.
    """
    shares = [float(name.rstrip("%")) for name in peaks.index]
    fig, ax = plt.subplots(figsize=(6.4, 3.6))
    for i, (how, values) in enumerate(peaks.items()):
        ax.plot(shares, values, color=RUN_COLOURS[i % 3], marker=MARKERS[i % len(MARKERS)],
                label=how)  # fmt: skip
    ax.set(
        xlabel="share of the run (%)",
        ylabel="peak memory of a worker (MB)",
        xlim=(0, 105),
        ylim=(0, 1.3 * peaks.max().max()),
    )
    ax.grid(axis="y")
    ax.legend(loc="lower right")
    return Picture(
        fig,
        "The most memory that any worker had had so far, as the recorded run went on.",
        "Lines of peak memory over the share of the run. "
        + "; ".join(
            f"{how}: from {m.iloc[0]:.0f} to {m.iloc[-1]:.0f} MB" for how, m in peaks.items()
        ),
        "fig-large-memory",
    )


def hours(core_hours: pd.Series, night: float) -> Picture:
    """Draw how long collections take, by the number of cores.

    Parameters
    ----------
    core_hours : pandas.Series
        Hours of one core, by the name of the collection.
    night : float
        Hours of a night; a line is drawn there.

    Returns
    -------
    Picture
        One falling line per collection, on logarithmic axes.
    """
    fig, ax = plt.subplots(figsize=(6.4, 4.2))
    for i, (name, alone) in enumerate(core_hours.items()):
        colour = SIZE_COLOURS[i % len(SIZE_COLOURS)]
        ax.plot(CORES, [alone / n for n in CORES], color=colour, label=name)
    ax.axvspan(0.8, MEASURED, color="#dddddd", zorder=0, lw=0)
    for height, label in ((night, "a night"), (1, "an hour"), (1 / 60, "a minute")):
        ax.axhline(height, color="#56504c", linestyle=":", linewidth=1)
        ax.text(1.01, height, label, color="#56504c", va="center",
                transform=ax.get_yaxis_transform())  # fmt: skip
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="cores (logarithmic)",
        ylabel="hours (logarithmic)",
    )
    ax.set_xticks([1, 8, 64, 1024], ["1", "8", "64", "1,024"])
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.set_xlim(0.8, 1_700)
    ax.minorticks_off()
    fig.legend(loc="outside upper center", ncols=4)
    return Picture(
        fig,
        "Hours that the four sizes of FMA take, by the number of cores: arithmetic, not "
        f"measurement. Up to {MEASURED} cores were measured; beyond the grey area the lines only "
        "divide by the number of cores, as if each worked at the full rate and the audio arrived "
        "in time.",
        "Falling straight lines on logarithmic axes. On one core: "
        + "; ".join(f"{name} {clock(alone)}" for name, alone in core_hours.items()),
        "fig-large-hours",
    )


def bottleneck(parts: pd.Series) -> Picture:
    """Draw how much each part of the work could do by itself.

    Parameters
    ----------
    parts : pandas.Series
        Clips per second, by part: one of :data:`PART_COLOURS`, a comma, and by what means.

    Returns
    -------
    Picture
        One dot per part: a logarithmic axis has no zero for a bar to stand on.
    """
    colours = [PART_COLOURS.get(kind, "#999999") for kind in parts.index.str.split(",").str[0]]
    fig, ax = plt.subplots(figsize=(6.4, 3.6))
    for y, (value, colour) in enumerate(zip(parts, colours, strict=True)):
        ax.plot(value, y, "o", color=colour, markersize=9)
        ax.text(1.25 * value, y, f"{value:,.0f}", va="center")
    ax.set_yticks(range(len(parts)), parts.index)
    ax.set(
        xscale="log",
        xlabel="clips of 30 seconds per second (logarithmic)",
        xlim=(1, 12 * parts.max()),
    )
    ax.grid(axis="x")
    ax.invert_yaxis()
    return Picture(
        fig,
        "How many clips per second each part of the work could do by itself. The leftmost dot "
        "among those that a run needs is its bottleneck. What many cores could do is "
        "calculated from one, not measured.",
        "Dots of clips per second: "
        + "; ".join(f"{name} {value:,.0f}" for name, value in parts.items()),
        "fig-large-bottleneck",
    )
