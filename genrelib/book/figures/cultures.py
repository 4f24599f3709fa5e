"""Figures of chapter 14, first part: songs on a map, who tells them apart, and their pitches."""

from __future__ import annotations

import json
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from genrelib.book.figures.charts import INPUT_COLOURS
from genrelib.book.figures.common import MARKERS, PALETTE, Picture, genre_colours
from genrelib.corpus import PACKAGE_DATA, SAMPLE_RATE
from genrelib.studies import MELODY_HOP, held_pitches, off_semitones

REFUSED = "#777777"
NO_STEPS = 25
"""Mean distance in cents from the nearest of twelve steps where pitches know no steps."""


def region_colours(regions: pd.Series) -> dict[str, str]:
    """Give each region a colour that colour-blind readers can tell from the others."""
    return dict(zip(sorted(set(regions)), PALETTE, strict=False))


def world_map(songs: pd.DataFrame, judged: pd.DataFrame) -> Picture:
    """Draw where the songs are from, and what a model of ten genres calls them.

    Parameters
    ----------
    songs : pandas.DataFrame
        ``latitude`` and ``longitude``, in degrees, by track.
    judged : pandas.DataFrame
        ``named`` and ``reason``, as from :func:`genrelib.studies.judge_songs`.

    Returns
    -------
    Picture
        One marker per song: grey rings where it is refused, the colour of the genre elsewhere.
    """
    fig, ax = plt.subplots(figsize=(6.4, 3.6))
    for outline in json.loads((PACKAGE_DATA / "land.json").read_text("utf-8")):
        ax.fill(*np.transpose(outline), facecolor="#eeece8", edgecolor="#b5b0a8", linewidth=0.5)
    place, refused = songs.loc[judged.index], judged["reason"] != ""
    ax.scatter(place["longitude"][refused], place["latitude"][refused], s=34, facecolor="none",
               edgecolor=REFUSED, linewidth=1.4, label="refused", zorder=3)  # fmt: skip
    taken = judged["named"][~refused]
    for i, (genre, colour) in enumerate(genre_colours(judged["named"]).items()):
        own = taken.index[taken == genre]
        if len(own):
            ax.scatter(place.loc[own, "longitude"], place.loc[own, "latitude"], s=90,
                       color=colour, marker=MARKERS[i % len(MARKERS)], edgecolor="white",
                       linewidth=0.6, label=f"called {genre}", zorder=4)  # fmt: skip
    ax.set(xlim=(-180, 180), ylim=(-58, 84), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    counts = taken.value_counts()
    told = ", ".join(f"{name} {n}" for name, n in counts.items()) or "none"
    return Picture(
        fig,
        "Where the songs were recorded, and what a model of ten Western genres says. A grey ring "
        "is a song that it refuses to name, a filled marker one that it calls a genre. "
        "Coastlines: Natural Earth.",
        f"A world map with {len(judged)} songs, {int(refused.sum())} of them refused. "
        f"Called a genre: {told}.",
        "fig-cultures-map",
    )


def held_out(
    panels: Mapping[str, pd.DataFrame], reported: Mapping[str, tuple[int, int]]
) -> Picture:
    """Draw how well songs are told apart as more is held out.

    Parameters
    ----------
    panels : mapping of str to pandas.DataFrame
        For each question what :func:`genrelib.studies.song_scores` gives.
    reported : mapping of str to (int, int)
        Right answers and answers of others, drawn in the first panel.

    Returns
    -------
    Picture
        One panel per question: points with intervals, the chance line, lines of what others
        reached.
    """
    heights = [scores.index.unique("held out").size for scores in panels.values()]
    fig, axes = plt.subplots(len(panels), 1, figsize=(6.4, 1.8 + 0.62 * sum(heights)),
                             sharex=True, height_ratios=heights, squeeze=False)  # fmt: skip
    for ax, (question, scores) in zip(axes[:, 0], panels.items(), strict=True):
        _points(ax, scores)
        ax.axvline(1 / scores["n_genres"].max(), color="#999999", linestyle=":", zorder=0)
        ax.set_title(question, loc="left")
    for i, (name, (right, asked)) in enumerate(reported.items()):
        axes[0, 0].axvline(right / asked, color="#d55e00", linestyle=("--", "-.", "-")[i % 3],
                           linewidth=1.2, label=name, zorder=0)  # fmt: skip
    axes[-1, 0].set_xlabel("accuracy per song, 95 % interval (dotted: chance)")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    told = "; ".join(
        f"{question} {' '.join(map(str, key))} {row.value:.2f}"
        for question, scores in panels.items()
        for key, row in zip(scores.index, scores.itertuples(), strict=True)
    )
    return Picture(
        fig,
        "How often songs are told apart, by what is held out. With other slices of the same song "
        "in the training it looks easy. Orange lines: what listeners, and a machine that had "
        "not met the region, reached on all 118 songs, as published.",
        f"Points with intervals. {told}.",
        "fig-cultures-held-out",
    )


def _points(ax: Axes, scores: pd.DataFrame) -> None:
    """Draw a point with its interval for each input and model, one row per way to hold out."""
    ways = list(scores.index.unique("held out"))
    kinds = [(given, model) for given in scores.index.unique("input")
             for model in scores.index.unique("model")]  # fmt: skip
    for i, (given, model) in enumerate(kinds):
        part = scores.sort_index().xs((given, model)).loc[ways]
        y = np.array([ways.index(way) for way in part.index]) + (i - (len(kinds) - 1) / 2) * 0.18
        error = np.clip([part["value"] - part["low"], part["high"] - part["value"]], 0, None)
        first = list(scores.index.unique("model")).index(model) == 0
        colour = INPUT_COLOURS[list(scores.index.unique("input")).index(given) % 3]
        ax.errorbar(part["value"], y, xerr=error, fmt="o" if first else "s", markersize=6,
                    capsize=2, color=colour, markerfacecolor=colour if first else "white",
                    label=f"{model}, {given}")  # fmt: skip
    ax.set_yticks(range(len(ways)), ways)
    ax.set_ylim(len(ways) - 0.5, -0.5)
    ax.set_xlim(0, 1.02)
    ax.grid(axis="x")


def conditions(songs: pd.DataFrame) -> Picture:
    """Draw how the songs of each region were recorded: bandwidth and quietest moments.

    Parameters
    ----------
    songs : pandas.DataFrame
        ``region``, ``highest`` (Hz) and ``floor`` (dB), one row per song.

    Returns
    -------
    Picture
        One marker per song, a colour and marker per region.
    """
    fig, ax = plt.subplots(figsize=(6.4, 4.8))
    rng = np.random.default_rng(0)  # bands are few: points in one place are moved apart a little
    for i, (region, colour) in enumerate(region_colours(songs["region"]).items()):
        own = songs[songs["region"] == region]
        ax.scatter(own["highest"] * 2 ** rng.uniform(-0.07, 0.07, len(own)), own["floor"], s=46,
                   color=colour, marker=MARKERS[i], edgecolor="white", linewidth=0.5,
                   label=region)  # fmt: skip
    ax.set(xscale="log", xlabel="highest frequency (Hz, in bands of a third of an octave)",
           ylabel="quietest moments (dB below the level)")  # fmt: skip
    ticks = [2000, 4000, 8000]
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.minorticks_off()
    ax.grid()
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return Picture(
        fig,
        "How the songs were recorded: how far up their sound reaches, and how quiet their "
        "quietest moments are. Neither is music.",
        f"A scatter plot of {len(songs)} songs of {songs['region'].nunique()} regions. The "
        f"highest frequency runs from {songs['highest'].min():,.0f} to "
        f"{songs['highest'].max():,.0f} Hz.",
        "fig-cultures-conditions",
    )


def deviations(groups: Mapping[str, pd.Series]) -> Picture:
    """Draw how far held notes lie from twelve equal steps, a dot per recording.

    Parameters
    ----------
    groups : mapping of str to pandas.Series
        Mean distance in cents of the recordings of each group; missing ones are left out.

    Returns
    -------
    Picture
        One row of dots per group, on the scale from 0 to the distance of pitches without steps.
    """
    fig, ax = plt.subplots(figsize=(6.4, 1.5 + 0.4 * len(groups)))
    rng = np.random.default_rng(0)
    for y, values in enumerate(groups.values()):
        known = values.dropna()
        ax.scatter(known, y + rng.uniform(-0.18, 0.18, len(known)), s=24, alpha=0.75, lw=0,
                   color="#332288" if y else "#b87400")  # fmt: skip
        ax.plot(known.median(), y, "|", color="black", markersize=18, markeredgewidth=2)
    ax.axvline(NO_STEPS, color="#d55e00", linestyle="--")
    ax.set_yticks(range(len(groups)), groups)
    ax.set_ylim(len(groups) - 0.5, -0.5)
    ax.set_xlim(0, 30)
    ax.set_xlabel("cents from the nearest of twelve equal steps")
    ax.grid(axis="x")
    return Picture(
        fig,
        "How far the held notes of each recording lie, on average, from the nearest of twelve "
        "equal steps, moved to fit the recording best. A bar marks the middle of each row; at the "
        "dashed line are pitches that know no such steps.",
        "Rows of dots. Medians in cents: "
        + "; ".join(f"{name} {values.median():.1f}" for name, values in groups.items()),
        "fig-cultures-deviations",
    )


def contour(cents: np.ndarray, title: str) -> Picture:
    """Draw the melody of a song against twelve equal steps.

    Parameters
    ----------
    cents : numpy.ndarray
        As from :func:`genrelib.studies.follow_melody`.
    title : str
        What song it is.

    Returns
    -------
    Picture
        The melody over time, held notes in dark; lines at the twelve steps that fit best.
    """
    found, held = off_semitones(cents), held_pitches(cents)
    seconds = np.arange(len(cents)) * MELODY_HOP / SAMPLE_RATE
    low, high = cents[held].min() - 150, cents[held].max() + 150
    fig, ax = plt.subplots(figsize=(6.4, 4.4))
    steps = np.arange(100 * np.ceil((low - found["tuning"]) / 100), high, 100) + found["tuning"]
    for step in steps:
        ax.axhline(step, color="#c9c4bb", linewidth=0.8, zorder=0)
    ax.plot(seconds, cents, ".", color="#b7b2d8", markersize=3, label="on the move")
    ax.plot(seconds[held], cents[held], "o", color="#332288", markersize=3.5, label="held")
    ax.set(ylim=(low, high), xlim=(0, seconds[-1]), xlabel="time (s)",
           ylabel="pitch (cents above A4)")  # fmt: skip
    ax.set_title(title, loc="left")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return Picture(
        fig,
        f"The melody of one song: {title}. Lines are the twelve equal steps of a piano, moved to "
        "fit it best. What chroma and tonnetz see of a held note is the nearest line.",
        f"A pitch curve over {seconds[-1]:.0f} seconds. Its held notes lie "
        f"{found['deviation']:.0f} cents from the nearest line on average.",
        "fig-cultures-contour",
    )
