"""Figures of chapter 2: where the cuts lie, what they add, and who meets whom in training."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any, cast

import librosa
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from genrelib.book.figures.common import PROTOCOL_COLOURS, Picture
from genrelib.book.page import Clip
from genrelib.book.words import counted
from genrelib.corpus import SAMPLE_RATE
from genrelib.evaluation import plan
from genrelib.features import SLICE_LENGTH, slice_tracks

MOST_TRACKS, MOST_CUTS = 12, 10
"""Rows and columns of a map of splits that a phone can show."""


def cuts(sound: Clip) -> Picture:
    """Show the waveform of a track with its cuts.

    Parameters
    ----------
    sound : Clip
        A track from its beginning.

    Returns
    -------
    Picture
        Slices in alternating colours, a line at each cut.
    """
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
    """Show what the cut multiplies, and what it leaves as it is.

    Parameters
    ----------
    slices : pandas.DataFrame
        As from :func:`genrelib.features.slice_tracks`.
    n_tracks : int
        Number of tracks that were cut.

    Returns
    -------
    Picture
        A bar of tracks above a bar of slices: the first of each track solid, the others pale.
    """
    firsts = slices["track_id"].nunique()
    others = len(slices) - firsts
    fig, ax = plt.subplots(figsize=(6.4, 2.0))
    ax.barh(["tracks", "slices"], [n_tracks, firsts], color="#0072b2")
    ax.barh("slices", others, left=firsts, color="#0072b2", alpha=0.35)
    for row, n in enumerate((n_tracks, len(slices))):
        ax.text(n, row, f" {n:,}", va="center")
    ax.set(xlabel="number; solid: the first slice of each track, pale: the others")
    ax.set_xlim(0, 1.12 * max(n_tracks, len(slices)))
    ax.invert_yaxis()
    return Picture(
        fig,
        caption=f"From {n_tracks:,} tracks came {len(slices):,} slices. The solid part shows one "
        f"slice per track; the pale part, {others:,} slices, is more music of the same tracks.",
        alt=f"Two bars: {n_tracks:,} tracks, and {len(slices):,} slices, of which {firsts:,} are "
        f"the first of their track and {others:,} are not.",
        name="fig-slice-counts",
    )


def siblings(exact: np.ndarray, found: np.ndarray, n_splits: int) -> Picture:
    """Show how many siblings of a test slice are in training where slices are split at random.

    Parameters
    ----------
    exact : numpy.ndarray
        Probability of none, one, two, ... siblings in training, by counting; shape ``(n,)``.
    found : numpy.ndarray
        Number of siblings in training of each test slice, shape ``(n_slices,)``.
    n_splits : int
        Number of random splits behind the second.

    Returns
    -------
    Picture
        Bars by counting, diamonds by trying.
    """
    k = np.arange(len(exact))
    share = np.bincount(found, minlength=len(k)) / len(found)
    fig, ax = plt.subplots(figsize=(6.4, 3.4))
    ax.bar(k, exact, 0.6, color=PROTOCOL_COLOURS["random-slice"], label="by counting")
    ax.plot(k, share, "kD", label=f"by trying, {n_splits} splits", clip_on=False)
    ax.set(xlabel="siblings of a test slice that are in training", ylabel="share of test slices")
    ax.set_ylim(bottom=0)
    cast(Any, ax.xaxis.get_major_locator()).set_params(integer=True)
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return Picture(
        fig,
        caption="How many siblings of a test slice the model has already seen, split at random "
        f"over slices: {100 * (1 - exact[0]):.2f} % of test slices have at least one. Under "
        "`track` no test slice has any, so there is nothing to draw.",
        alt="Bar chart of the number of siblings in training under random-slice: "
        + ", ".join(f"{n} siblings {100 * p:.1f} %" for n, p in enumerate(exact) if p > 0.0005),
        name="fig-siblings",
    )


def split_map(slices: pd.DataFrame, protocols: Sequence[str], seed: int) -> Picture:
    """Show cross-validation under several protocols: in which fold each slice is tested.

    Parameters
    ----------
    slices : pandas.DataFrame
        As from :func:`genrelib.features.slice_tracks`.
    protocols : sequence of str
        Names of protocols.
    seed : int
        Seed of the folds.

    Returns
    -------
    Picture
        A panel per protocol, a row per track, those of an artist together; in the square of each
        slice the number of its fold, the first of them dark.
    """
    rows = _telling(slices)
    size = (6.4, 1.2 + 0.29 * rows["track_id"].nunique())
    fig, axes = plt.subplots(1, len(protocols), sharey=True, squeeze=False, figsize=size)
    torn = {}
    for ax, protocol in zip(axes[0], protocols, strict=True):
        fold = pd.Series(np.nan, slices.index)
        for number, (_, test) in enumerate(plan(slices, protocol, seed=seed).splits):
            fold.iloc[test] = number
        codes, _ = pd.factorize(fold[rows.index])  # the fold of the first slice is the first
        marked = rows.assign(fold=np.where(codes < 0, np.nan, codes + 1.0))
        torn[protocol] = _torn(marked, "track_id", "track"), _torn(marked, "artist", "artist")
        _squares(ax, marked)
        ax.set_title(protocol)
    axes[0, 0].invert_yaxis()
    fig.supxlabel("slice of the track, counted from zero", fontsize=12)
    (genre,) = rows["genre"].unique()
    told = [f"`{p}`: {tracks} and {artists}" for p, (tracks, artists) in torn.items()]
    return Picture(
        fig,
        caption=f"Cross-validation of {rows['track_id'].nunique()} tracks of {genre}; a letter is "
        "an artist (?: not known). The number is the fold in which a slice is tested; a slice "
        "without one takes no part. Dark: fold 1 is tested while the others are learned from; "
        "then it is the turn of fold 2, and so on. On both sides while fold 1 is tested: "
        f"{'; '.join(told)}.",
        alt=f"{len(protocols)} grids of tracks by slices, with the number of the fold in each "
        "square. Tracks and artists with squares of fold 1 and of other folds: "
        f"{'; '.join(told).replace('`', '')}.",
        name="fig-split-map",
    )


def _telling(slices: pd.DataFrame) -> pd.DataFrame:
    """Take tracks of a genre whose artists can be held out, those of an artist together."""
    tracks = slices.groupby("track_id", sort=False)[["genre", "artist"]].first()
    artists = tracks.groupby("genre")["artist"]
    has_others = artists.transform("nunique") > 1
    again = tracks.duplicated(["genre", "artist"]) & tracks["artist"].notna() & has_others
    genres = tracks["genre"][again] if again.any() else tracks["genre"]
    tracks = tracks[tracks["genre"] == genres.value_counts().idxmax()]
    names = tracks["artist"].value_counts().index
    tracks = tracks.assign(rank=names.get_indexer(pd.Index(tracks["artist"]))).sort_values(
        "rank", kind="stable", key=lambda rank: rank.replace(-1, len(names))
    )
    if len(tracks) > MOST_TRACKS:  # no artist shall fill the map
        few = tracks.groupby("rank").cumcount() < MOST_TRACKS // 3
        tracks = tracks[few | (tracks["rank"] < 0)][:MOST_TRACKS]
    letters = tracks["rank"].map(lambda rank: "?" if rank < 0 else ascii_uppercase[rank % 26])
    rows = slices[slices["track_id"].isin(tracks.index)]
    rows = rows.assign(cut=rows.groupby("track_id").cumcount())
    rows["row"] = tracks.index.get_indexer(pd.Index(rows["track_id"]))
    short = rows["track_id"].map(lambda name: name if len(name) < 17 else f"…{name[-15:]}")
    rows["label"] = short + "  " + rows["track_id"].map(letters)
    return rows[rows["cut"] < MOST_CUTS].sort_values(["row", "cut"])


def _torn(rows: pd.DataFrame, what: str, one: str) -> str:
    """Count the tracks, or artists, that are in the first fold and in another."""
    known = rows.dropna(subset=["fold", what])
    torn = known.groupby(what)["fold"].agg(lambda fold: 1 in set(fold) and fold.nunique() > 1)
    return counted(int(torn.sum()), one)


def _squares(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw a square per slice with the number of its fold, those of the first fold dark."""
    folds = rows.pivot(index="row", columns="cut", values="fold")
    colours = ListedColormap(["#3b3b3b", "#d5e3ee"])
    tested = np.ma.masked_invalid(folds.to_numpy(float))
    ax.pcolormesh(tested > 1, cmap=colours, vmin=0, vmax=1, edgecolor="white", linewidth=2)
    for (y, x), fold in np.ndenumerate(tested.filled(0)):
        if fold:
            ax.text(x + 0.5, y + 0.5, f"{fold:.0f}", ha="center", va="center", fontsize=10.5,
                    color="white" if fold == 1 else "black")  # fmt: skip
    first = rows.drop_duplicates("row")
    letters = first["label"].str[-1].to_list()
    for end in range(1, len(letters)):
        if letters[end] != letters[end - 1]:
            ax.axhline(end, color="black", linewidth=1)
    ax.set_xticks(folds.columns.to_numpy() + 0.5, folds.columns)
    ax.set_yticks(np.arange(len(first)) + 0.5, first["label"])
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
