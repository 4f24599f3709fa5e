"""Figures of chapter 1: who plays the tracks of each genre."""

from __future__ import annotations

from typing import Any, cast

import matplotlib.pyplot as plt
import pandas as pd

from genrelib.book.figures.common import Picture, genre_colours


def artists(tracks: pd.DataFrame) -> Picture:
    """Show the tracks of each genre, cut into the artists who play them.

    Parameters
    ----------
    tracks : pandas.DataFrame
        A row per track, columns ``genre`` and ``artist``.

    Returns
    -------
    Picture
        A bar per genre, a block per artist, the largest first; hatched: artist not known.
    """
    groups = tracks.groupby("genre")["artist"]
    colours = genre_colours(tracks["genre"])
    fig, ax = plt.subplots(figsize=(6.4, 1.1 + 0.36 * groups.ngroups))
    for genre, names in ((str(genre), names) for genre, names in groups):
        blocks, unknown = names.value_counts(), names.isna().sum()
        bar, left = [genre] * len(blocks), blocks.cumsum() - blocks
        ax.barh(bar, blocks, left=left, color=colours[genre], edgecolor="white", linewidth=1.2)
        if unknown:
            rest = {"color": "w", "edgecolor": "#999999", "hatch": "////"}
            ax.barh(genre, unknown, left=blocks.sum(), **cast(Any, rest))
        ax.text(len(names), cast(Any, genre), f" {len(blocks)}", va="center")
    ax.set(xlabel="tracks; a block is an artist, hatched: not known", ylabel="")
    ax.set_title("number: artists known", loc="right", fontsize=10.5)
    ax.set_xlim(0, 1.06 * groups.size().max())
    ax.invert_yaxis()
    known = groups.nunique()
    return Picture(
        fig,
        caption="Tracks per genre, cut into the artists who play them. A coloured bar in one "
        "piece is a genre with a single known artist. Such genres here: "
        f"{', '.join(known.index[known == 1]) or 'none'}.",
        alt="Bar chart of tracks per genre, each bar divided by artist. Artists per genre: "
        + ", ".join(f"{genre} {n}" for genre, n in known.items()),
        name="fig-artists",
    )
