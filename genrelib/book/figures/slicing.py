"""Figures of chapter 2: where the cuts lie, what they add, and who meets whom in training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import librosa
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from genrelib.book.figures.common import PROTOCOL_COLOURS, Picture, genre_colours
from genrelib.book.page import Clip, clip
from genrelib.corpus import SAMPLE_RATE, STYLES
from genrelib.evaluation import plan
from genrelib.features import SLICE_LENGTH, slice_tracks

MOST_TRACKS, MOST_CUTS = 12, 10
"""Rows and columns of a map of splits that a phone can show."""


def cuts(sound: Clip) -> Picture:
    """Show the waveform of a track with its cuts.

    Parameters
    ----------
    sound : Clip
        The track from its beginning; where there is nothing to play, a sketch stands in.

    Returns
    -------
    Picture
        Slices in alternating colours, a line at each cut.
    """
    if not len(sound.samples):
        sound = clip(None, next(iter(STYLES)), seconds=60.0)
    duration = len(sound.samples) / SAMPLE_RATE
    columns = {"genre": None, "artist": None, "side": None, "duration": duration}
    table = slice_tracks(pd.DataFrame(columns, index=["track"]))
    fig, ax = plt.subplots(figsize=(6.4, 2.8))
    for number, (start, end) in enumerate(zip(table["start"], table["end"], strict=True)):
        part = sound.samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        colour = ("#0072b2", "#d55e00")[number % 2]
        librosa.display.waveshow(part, sr=SAMPLE_RATE, offset=start, ax=ax, color=colour)
        ax.axvline(end, color="black", linewidth=1)
        ax.annotate(f":{number}", (start + SLICE_LENGTH / 2, 1.02), ha="center", color=colour)
    ax.set(xlim=(0, duration), ylim=(-1, 1.25))
    ax.set(xlabel="time (s)", ylabel="amplitude (full scale)")
    ax.set_xticks([0, *table["end"]])
    return Picture(
        fig,
        caption=f"The waveform of {sound.title}, {duration:.1f} seconds, with its cuts. Every "
        "slice begins where the one before ends; what is left at the end, if anything, is "
        "dropped.",
        alt=f"Waveform of {duration:.1f} seconds, divided by vertical lines into {len(table)} "
        f"slices of {SLICE_LENGTH:g} seconds each, in alternating colours.",
        name="fig-cuts",
    )


def counts(slices: pd.DataFrame, n_tracks: int) -> Picture:
    """Show the number of slices per genre, and how many are the only one of their track.

    Parameters
    ----------
    slices : pandas.DataFrame
        As from :func:`genrelib.features.slice_tracks`.
    n_tracks : int
        Number of tracks that were cut.

    Returns
    -------
    Picture
        A bar per genre: first slices solid, the others pale.
    """
    groups = slices.groupby("genre")["track_id"]
    number, firsts = groups.size(), groups.nunique()
    others = number - firsts
    colours = [genre_colours(number.index)[genre] for genre in number.index]
    fig, ax = plt.subplots(figsize=(6.4, 1.1 + 0.36 * len(number)))
    ax.barh(number.index, firsts, color=colours)
    bars = ax.barh(number.index, others, left=firsts, color=colours, alpha=0.35)
    ax.bar_label(bars, labels=[f"{n:,}" for n in number], padding=3)
    ax.set(xlabel="slices; solid: the first of each track, pale: the others")
    ax.set_xlim(0, 1.1 * number.max())
    ax.invert_yaxis()
    return Picture(
        fig,
        caption=f"Slices per genre. From {n_tracks} tracks came {len(slices):,} slices. The solid "
        f"part shows one slice per track; the pale part, {others.sum():,} slices, is more music "
        "of the same tracks.",
        alt="Bar chart of slices per genre: "
        + ", ".join(f"{genre} {n} slices" for genre, n in number.items()),
        name="fig-slice-counts",
    )


def siblings(exact: np.ndarray, found: Mapping[str, np.ndarray], n_splits: int) -> Picture:
    """Show how many siblings of a test slice are in training, under two protocols.

    Parameters
    ----------
    exact : numpy.ndarray
        Probability of none, one, two, ... siblings in training under ``random-slice``, by
        counting; shape ``(n,)``.
    found : mapping of str to numpy.ndarray
        For ``random-slice`` and ``track``, the number of siblings in training of each test slice.
    n_splits : int
        Number of random splits behind the first.

    Returns
    -------
    Picture
        Bars by counting, diamonds by trying.
    """
    k = np.arange(len(exact))
    share = {p: np.bincount(n, minlength=len(k)) / len(n) for p, n in found.items()}
    orange, blue = (PROTOCOL_COLOURS[protocol] for protocol in share)
    fig, ax = plt.subplots(figsize=(6.4, 3.6))
    ax.bar(k - 0.2, exact, 0.4, color=orange, label="random-slice, by counting")
    ax.plot(k - 0.2, share["random-slice"], "kD", label="random-slice, by trying", clip_on=False)
    ax.bar(k + 0.2, share["track"], 0.4, color=blue, label="track")
    ax.set(xlabel="siblings of a test slice that are in training", ylabel="share of test slices")
    ax.set_ylim(0, 1.05)
    cast(Any, ax.xaxis.get_major_locator()).set_params(integer=True)
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return Picture(
        fig,
        caption="How many siblings of a test slice the model has already seen. Split at random "
        f"over slices, {100 * (1 - exact[0]):.1f} % of test slices have at least one sibling in "
        f"training; split by track, {100 * (1 - share['track'][0]):.0f} %. Bars: by counting; "
        f"diamonds: {n_splits} random splits.",
        alt="Bar chart of the number of siblings in training. random-slice: "
        + ", ".join(f"{n} siblings {100 * p:.1f} %" for n, p in enumerate(exact) if p > 0.0005)
        + f". track: none for {100 * share['track'][0]:.0f} % of test slices.",
        name="fig-siblings",
    )


def split_map(slices: pd.DataFrame, protocols: Sequence[str], seed: int) -> Picture:
    """Show one fold under two protocols: who is in training, who is in the test.

    Parameters
    ----------
    slices : pandas.DataFrame
        As from :func:`genrelib.features.slice_tracks`.
    protocols : sequence of str
        Two names of protocols.
    seed : int
        Seed of the folds.

    Returns
    -------
    Picture
        A panel per protocol, a row per track of the largest genre, a square per slice.
    """
    largest = slices.groupby("genre")["track_id"].nunique().idxmax()
    rows = slices[slices["genre"] == largest]
    rows = rows.assign(cut=rows.groupby("track_id").cumcount())
    rows = rows[rows["track_id"].isin(rows["track_id"].unique()[:MOST_TRACKS])]
    rows = rows[rows["cut"] < MOST_CUTS]
    size = (6.4, 0.9 + 0.27 * rows["track_id"].nunique())
    fig, axes = plt.subplots(1, 2, sharey=True, figsize=size)
    torn = {}
    for ax, protocol in zip(axes, protocols, strict=True):
        tests = (slices.index[test] for _, test in plan(slices, protocol, seed=seed).splits)
        test = next(names for names in tests if rows.index[0] in names)
        marked = rows.assign(test=rows.index.isin(test).astype(float))
        sides = marked.pivot(index="track_id", columns="cut", values="test")
        torn[protocol] = int((sides.nunique(axis=1) > 1).sum())
        _squares(ax, sides)
        ax.set(title=protocol, xlabel="slice of the track")
    axes[0].invert_yaxis()
    n = rows["track_id"].nunique()
    a, b = protocols
    return Picture(
        fig,
        caption=f"One fold under two protocols, shown for {n} tracks. T: test; pale: training. Of "
        f"these tracks {torn[a]} are on both sides under `{a}` and {torn[b]} under `{b}`.",
        alt=f"Two grids of tracks by slices. Under {a} the test slices are scattered and "
        f"{torn[a]} of {n} tracks are on both sides; under {b} whole rows are test, and {torn[b]} "
        "tracks are on both sides.",
        name="fig-split-map",
    )


def _squares(ax: Axes, sides: pd.DataFrame) -> None:
    """Draw a square per slice, dark and with a T where it is tested."""
    colours = ListedColormap(["#d5e3ee", "#3b3b3b"])
    ax.pcolormesh(sides, cmap=colours, vmin=0, vmax=1, edgecolor="white", linewidth=2)
    for y, x in np.argwhere(sides.to_numpy() == 1):
        ax.text(x + 0.5, y + 0.5, "T", ha="center", va="center", color="white", weight="bold")
    ax.set_xticks(sides.columns.to_numpy() + 0.5, sides.columns)
    ax.set_yticks(np.arange(len(sides)) + 0.5, sides.index)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
