"""Figures of chapter 12: who is in everybody's list, what variety costs, a way between songs."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from genrelib.book.figures.common import Picture, genre_colours

HUB_COLOURS = ("#882255", "#44aa99")
"""Colours of distances as they are, and of scaled ones."""


def hubs(counts: Mapping[str, np.ndarray]) -> Picture:
    """Draw in how many lists each track is, tracks sorted by that.

    Parameters
    ----------
    counts : mapping of str to numpy.ndarray
        For each of two methods, the number of lists that each track is in.

    Returns
    -------
    Picture
        One line per method.
    """
    fig, ax = plt.subplots(figsize=(6.4, 3.6))
    told = []
    for (name, values), colour, style in zip(
        counts.items(), HUB_COLOURS, ("-", "--"), strict=False
    ):
        ordered = np.sort(values)[::-1]
        ax.plot(np.arange(1, len(ordered) + 1), ordered, color=colour, linestyle=style, label=name)
        told.append(f"{name}: at most {ordered[0]:.0f}, {np.mean(ordered == 0):.0%} in none")
    ax.set(xlabel="tracks, the most frequent first", ylabel="lists that it is in", xlim=(1, None))
    ax.set_ylim(bottom=0)
    ax.grid(axis="y")
    ax.legend(loc="upper right")
    return Picture(
        fig,
        "In how many lists of ten each track is, with distances as they are, and scaled.",
        f"Two falling lines of the number of lists by track. {'; '.join(told)}.",
        "fig-playlists-hubs",
    )


def cost(tried: pd.DataFrame, chosen: float) -> Picture:
    """Draw what variety costs: precision against the distance between the tracks of a list.

    Parameters
    ----------
    tried : pandas.DataFrame
        One row per weight of variety: ``value``, ``low``, ``high`` and ``variety``.
    chosen : float
        The weight that is used.

    Returns
    -------
    Picture
        One point per weight.
    """
    fig, ax = plt.subplots(figsize=(6.4, 3.8))
    error = [tried["value"] - tried["low"], tried["high"] - tried["value"]]
    ax.errorbar(tried["variety"], tried["value"], yerr=np.clip(error, 0, None), fmt="o-",
                color="#332288", capsize=3)  # fmt: skip
    for k, (weight, row) in enumerate(tried.iterrows()):
        ax.annotate(f"{weight:g}", (row["variety"], row["value"]), xytext=(6, 8 if k % 2 else -18),
                    textcoords="offset points",
                    weight="bold" if weight == chosen else "normal")  # fmt: skip
    ax.set(
        xlabel="mean distance within a list (local scales)",
        ylabel="genre precision at 10",
        ylim=(0, 1),
    )
    ax.grid()
    return Picture(
        fig,
        "What variety costs, by its weight, on the half of the artists that it is chosen on; with "
        "95 % intervals over artists. The weight in bold is the one that is used.",
        "Precision falls as the tracks of a list lie further apart. "
        + "; ".join(
            f"weight {w:g}: precision {r['value']:.2f} at a distance of {r['variety']:.2f}"
            for w, r in tried.iterrows()
        )
        + ".",
        "fig-playlists-cost",
    )


def way(tracks: pd.DataFrame, ends: tuple[str, str]) -> Picture:
    """Draw a list as a way from one song to another: how near each track is to both.

    Parameters
    ----------
    tracks : pandas.DataFrame
        The list in its order: ``genre``, and the distances ``first`` and ``second`` to the two
        songs, in local scales.
    ends : tuple of str
        What the two songs are called.

    Returns
    -------
    Picture
        Two lines over the places of the list; the genres of the tracks as colours below.
    """
    fig, ax = plt.subplots(figsize=(6.4, 3.8))
    place = np.arange(1, len(tracks) + 1)
    for column, name, style in (("first", ends[0], "o-"), ("second", ends[1], "s--")):
        ax.plot(place, tracks[column], style, color="#222222", label=f"to {name}",
                markerfacecolor="white")  # fmt: skip
    colours = genre_colours(tracks["genre"])
    top = float(tracks[["first", "second"]].max().max()) * 1.05
    for k, genre in zip(place, tracks["genre"], strict=True):
        ax.bar(k, -0.08 * top, width=0.9, color=colours[genre])
    for genre, colour in colours.items():
        ax.bar(0, 0, color=colour, label=genre)
    ax.set(xlabel="place in the list", ylabel="distance (local scales)", ylim=(-0.09 * top, top))
    ax.set_xlim(0.4, len(tracks) + 0.6)
    fig.legend(loc="outside upper center", ncols=4)
    return Picture(
        fig,
        "A way between two songs: how far each track of the list is from both. Colours: genres.",
        f"Distances along a list from {ends[0]} to {ends[1]}. From the first track to the last, "
        f"that to {ends[0]} goes from {tracks['first'].iloc[0]:.1f} to "
        f"{tracks['first'].iloc[-1]:.1f}, that to {ends[1]} from {tracks['second'].iloc[0]:.1f} "
        f"to {tracks['second'].iloc[-1]:.1f}. Genres: {', '.join(tracks['genre'])}.",
        "fig-playlists-way",
    )
