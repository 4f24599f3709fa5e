"""Figures of the chapter on features: what the whole table says of genre, and of itself."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import librosa
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genrelib.book.figures import interactive
from genrelib.book.figures.common import FAMILY_COLOURS, Picture, genre_colours
from genrelib.corpus import SAMPLE_RATE
from genrelib.features import FACTORS, FAMILIES, TEMPO_TOLERANCE, tempo_accuracy

__all__ = [
    "bootstrap",
    "components",
    "correlations",
    "effect",
    "neighbourhood",
    "tempo_ratio",
    "top_columns",
]


def effect(
    eta: pd.Series, family: pd.Series, expected: float, bar: float, by_artist: float
) -> Picture:
    """Draw how much genre the columns of each family carry.

    Parameters
    ----------
    eta : pandas.Series
        Eta squared per column.
    family : pandas.Series
        Family per column.
    expected : float
        What a column reaches on average where genres are dealt to tracks at random.
    bar : float
        What the best of all columns stays below there in nineteen cases of twenty.
    by_artist : float
        The same where genres are dealt to artists, with all of their tracks.

    Returns
    -------
    Picture
        A strip per family: from the least to the largest, the middle half, and the median.
    """
    names = list(dict.fromkeys(family[eta.index]))
    fig, ax = plt.subplots(figsize=(6.4, 1.9 + 0.42 * len(names)))
    for row, name in enumerate(names):
        part = eta[family[eta.index] == name]
        low, first, middle, third, high = part.quantile([0, 0.25, 0.5, 0.75, 1])
        colour = FAMILY_COLOURS.get(name, "#999999")
        ax.plot([low, high], [row, row], color=colour, linewidth=2)
        ax.barh(row, third - first, 0.5, left=first, color=colour)
        ax.plot(middle, row, "D", color="white", markeredgecolor="black", markersize=7)
    lines = {
        "a column by luck, dealt to tracks": (expected, ":"),
        "the best column by luck (95 %), dealt to tracks": (bar, "--"),
        "the same, dealt to artists": (by_artist, "-."),
    }
    for label, (value, style) in lines.items():
        ax.axvline(value, color="#56504c", linestyle=style, label=label, zorder=0)
    sizes = family[eta.index].value_counts()
    ax.set_yticks(range(len(names)), [f"{FAMILIES.get(n, n)} ({sizes[n]})" for n in names])
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.set_xlabel("eta squared on track means")
    fig.legend(loc="outside upper center", ncols=1)
    highest = str(eta.groupby(family).median().idxmax())
    return Picture(
        fig,
        caption="How much genre the columns of each family carry, computed on track means. Line: "
        "from the least to the largest column; bar: the middle half of the columns; diamond: the "
        "median; in brackets: how many columns.",
        alt=f"A strip for each family. {(eta > bar).mean():.0%} of all columns lie above "
        f"the line of luck over tracks at {bar:.2f}, {(eta > by_artist).mean():.0%} above that "
        f"over artists at {by_artist:.2f}; the family with the highest median is "
        f"{FAMILIES.get(highest, highest)}.",
        name="fig-features-effect",
    )


def top_columns(top: pd.Series, family: pd.Series) -> Picture:
    """Draw the columns that carry most genre.

    Parameters
    ----------
    top : pandas.Series
        Eta squared of these columns, the best first.
    family : pandas.Series
        Family per column.

    Returns
    -------
    Picture
        Horizontal bars, the best on top; the caption says which mel bands are among them.
    """
    rising = top[::-1]
    kinds = family[rising.index]
    fig, ax = plt.subplots(figsize=(6.4, 5.2))
    for name in kinds.unique():
        own = rising[kinds == name]
        colour = FAMILY_COLOURS.get(name, "#999999")
        ax.barh(own.index, own, color=colour, label=FAMILIES.get(name, name))
    ax.set_yticks(range(len(rising)), rising.index)
    ax.set_xlim(0, 1)
    ax.set_xlabel("eta squared (share of the variance between genres)")
    fig.legend(loc="outside upper center", ncols=3)
    names = [FAMILIES.get(name, name) for name in kinds.unique()]
    origin = f"all from one family, {names[0]}" if len(names) == 1 else f"from {', '.join(names)}"
    return Picture(
        fig,
        caption=f"The {len(top)} columns that carry most genre, {origin}. {_mel_bands(top)}",
        alt=f"Horizontal bars from {top.iloc[0]:.2f} for {top.index[0]} down to "
        f"{top.iloc[-1]:.2f} for {top.index[-1]}.",
        name="fig-features-top",
    )


def _mel_bands(top: pd.Series) -> str:
    """Say how many of the columns are of mel bands, and where these are."""
    centres = librosa.mel_frequencies(n_mels=130, fmax=SAMPLE_RATE / 2)[1:-1] / 1000
    bands = [int(name.split("_")[1]) - 1 for name in top.index if name.startswith("mel_")]
    if not bands:
        return "No mel band is among them."
    low, high = centres[min(bands)], centres[max(bands)]
    where = f"between {low:.1f} and {high:.1f} kHz."
    if len(bands) == len(top):
        return f"Their bands lie {where}"
    return f"{len(bands)} of the {len(top)} are mel columns, of bands {where}"


def tempo_ratio(readings: Mapping[str, pd.Series], annotated: pd.Series) -> Picture:
    """Draw how estimates of the tempo relate to the annotated tempo.

    Parameters
    ----------
    readings : mapping of str to pandas.Series
        Beats per minute by ``track_id``, as from :func:`genrelib.evaluation.tempo_readings`;
        ``one slice`` and ``the whole track`` are drawn where they have estimates.
    annotated : pandas.Series
        Annotated beats per minute by ``track_id``.

    Returns
    -------
    Picture
        A histogram each, on a logarithmic axis.
    """
    drawn = [name for name in ("one slice", "the whole track") if len(readings[name])]
    fig, axes = plt.subplots(
        len(drawn), 1, sharex=True, sharey=True, squeeze=False,
        figsize=(6.4, 0.8 + 2.4 * len(drawn)),
    )  # fmt: skip
    edges = 2 ** ((np.arange(-33, 34) - 0.5) / 16)
    for ax, name in zip(axes[:, 0], drawn, strict=True):
        ratio = readings[name] / annotated.reindex(readings[name].index)
        for f in FACTORS:
            ends = f * (1 - TEMPO_TOLERANCE), f * (1 + TEMPO_TOLERANCE)
            ax.axvspan(*ends, color="#009e73" if f == 1 else "#e69f00", alpha=0.3,
                       label={1.0: "accuracy 1", 2.0: "also accuracy 2"}.get(f))  # fmt: skip
        shares = np.full(len(ratio), 100 / len(ratio))
        ax.hist(ratio.clip(1 / 4, 4), edges, weights=shares, color="#0072b2")
        ax.set_title(f"tempo from {name}", loc="left")
        ax.set_ylabel("share (%)")
        ax.grid(axis="y")
    ax.set_xscale("log", base=2)
    ax.set_xticks(FACTORS, ["1/3", "1/2", "1", "2", "3"])
    ax.set_xlabel("estimated tempo / annotated tempo")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    right = {n: tempo_accuracy(readings[n], annotated)["accuracy_1"].mean() for n in drawn}
    near_one = ", ".join(f"{right[n]:.0%} of the estimates from {n}" for n in drawn)
    return Picture(
        fig,
        caption="Estimated tempo divided by the annotated one. The axis is logarithmic: a step to "
        "the right multiplies, so that half and twice are equally far from 1. What falls into the "
        "band at 1 is right; what falls into another band is an octave error; the rest is "
        "neither.",
        alt="Histograms of the ratio of estimated to annotated tempo. The band around 1 holds "
        f"{near_one}.",
        name="fig-features-tempo-ratio",
    )


def bootstrap(drawn: Mapping[str, np.ndarray], value: float) -> Picture:
    """Draw the scores that come out when what was tested is drawn again.

    Parameters
    ----------
    drawn : mapping of str to numpy.ndarray
        By what was drawn again, the score of each draw.
    value : float
        The score of what was tested.

    Returns
    -------
    Picture
        A histogram each, the middle 95 % marked.
    """
    fig, axes = plt.subplots(len(drawn), 1, sharex=True, figsize=(6.4, 0.8 + 1.7 * len(drawn)))
    told = []
    for ax, (name, scores) in zip(axes, drawn.items(), strict=True):
        low, high = np.quantile(scores, [0.025, 0.975])
        told.append(f"{low:.2f} to {high:.2f} drawing {name}")
        edges = (np.arange(27) - 0.5) / 25  # five times five slices: no score falls on an edge
        ax.hist(scores, edges, weights=np.full(len(scores), 100 / len(scores)), color="#0072b2")
        ax.axvspan(low, high, color="#999999", alpha=0.25, zorder=0)
        ax.axvline(value, color="black")
        ax.set_title(f"{name} drawn again", loc="left")
        ax.set_ylabel("draws (%)")
    axes[-1].set_xlabel("share of slices that are right")
    return Picture(
        fig,
        caption="The share of right slices in many draws. Line: the share found; grey: the "
        "middle 95 % of the draws.",
        alt=f"Histograms around {value:.2f}. The middle 95 % reach from "
        f"{' and from '.join(told)}.",
        name="fig-features-bootstrap",
    )


def correlations(correlation: pd.DataFrame, family: pd.Series) -> Picture:
    """Draw how far the columns of each pair of families repeat each other.

    Parameters
    ----------
    correlation : pandas.DataFrame
        Absolute correlations of the columns.
    family : pandas.Series
        Family per column.

    Returns
    -------
    Picture
        A table of medians, a row and a column per family; blank where there is no pair.
    """
    medians = _medians(correlation, family)
    names = [FAMILIES.get(n, n).replace(" and ", " and\n") for n in map(str, medians)]
    fig, ax = plt.subplots(figsize=(6.4, 2.2 + 0.42 * len(names)))
    image = ax.imshow(medians, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (y, x), median in np.ndenumerate(medians.to_numpy()):
        if not np.isnan(median):
            ax.text(x, y, f"{median:.2f}", ha="center", va="center", fontsize=10.5,
                    color="white" if median > 0.55 else "black")  # fmt: skip
    flat = [name.replace("\n", " ") for name in names]
    ax.set_xticks(range(len(names)), flat, rotation=40, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(names)), names)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    fig.colorbar(image, ax=ax, label="median absolute correlation")
    upper = correlation.to_numpy()[np.triu_indices(len(correlation), 1)]
    return Picture(
        fig,
        caption="How far the columns repeat each other: for each pair of families, the median of "
        "the absolute correlations between a column of one and a column of the other; on the "
        "diagonal, between two columns of the same.",
        alt="A table of median correlations by pairs of families. The median over all pairs of "
        f"columns is {np.median(upper):.2f}; {np.mean(upper > 0.9):.1%} of the pairs exceed 0.9.",
        name="fig-features-correlation",
    )


def _medians(correlation: pd.DataFrame, family: pd.Series) -> pd.DataFrame:
    """Take the median over the pairs of columns of each two families."""
    kinds = family[correlation.columns]
    apart = correlation.mask(np.eye(len(correlation), dtype=bool))  # a column is no pair of itself
    names = list(dict.fromkeys(kinds))
    rows = {
        one: [apart.loc[kinds == one, kinds == two].stack().median() for two in names]
        for one in names
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=names)


def components(points: np.ndarray, slices: pd.DataFrame, share: float) -> Picture:
    """Draw the slices in the plane of the first two principal components.

    Parameters
    ----------
    points : numpy.ndarray
        Shape ``(n_slices, 2)``.
    slices : pandas.DataFrame
        The slices, with ``genre``.
    share : float
        Share of the variance that the plane holds.

    Returns
    -------
    Picture
        The same map once per genre.
    """
    return Picture(
        _panels(points, slices, "principal component"),
        caption="The slices in the plane of the first two principal components, which holds "
        f"{share:.0%} of the variance. One point per slice; the same map once per genre, with "
        "this genre in colour and all others grey.",
        alt=f"A map of {len(slices):,} slices in the plane of the first two principal components, "
        f"drawn {slices['genre'].nunique()} times, each with the slices of one genre in colour.",
        name="fig-features-pca",
    )


def neighbourhood(points: np.ndarray, slices: pd.DataFrame) -> Picture:
    """Draw the slices as t-SNE arranges them.

    Parameters
    ----------
    points : numpy.ndarray
        Shape ``(n_slices, 2)``.
    slices : pandas.DataFrame
        The slices, with ``genre`` and ``track_id``.

    Returns
    -------
    Picture
        The same map once per genre; lines connect the slices of a track.
    """
    return Picture(
        _panels(points, slices, "t-SNE", lines=True),
        caption="The same slices, arranged by t-SNE so that neighbours stay neighbours; again "
        "once per genre. Lines connect the slices of a track. Distances between groups, their "
        "size and the axes mean nothing.",
        alt=f"A map of {len(slices):,} slices in small groups, drawn {slices['genre'].nunique()} "
        "times, each with the slices of one genre in colour and lines between the slices of each "
        "of its tracks.",
        name="fig-features-tsne",
        data=interactive.tracks(points, slices, genre_colours(slices["genre"])),
    )


def _panels(points: np.ndarray, slices: pd.DataFrame, axis: str, lines: bool = False) -> Figure:
    """Draw the same map once per genre, so that no two colours have to be told apart."""
    colours = genre_colours(slices["genre"])
    columns = min(4, len(colours))
    n_rows = -(-len(colours) // columns)
    fig, axes = plt.subplots(
        n_rows, columns, sharex=True, sharey=True, squeeze=False,
        figsize=(6.4, min(7.2, 0.5 + 1.65 * n_rows)),
    )  # fmt: skip
    for ax in axes.flat[len(colours) :]:
        ax.set_visible(False)
    for ax, (genre, colour) in zip(axes.flat, colours.items(), strict=False):
        own = (slices["genre"] == genre).to_numpy()
        ax.plot(*points[~own].T, ".", color="#d9d9d9", markersize=2.5)
        if lines:
            for _, where in slices[own].groupby("track_id").indices.items():
                ax.plot(*points[own][where].T, color=colour, linewidth=1)
        ax.plot(*points[own].T, ".", color=colour, markersize=5)
        ax.set_title(textwrap.shorten(genre, 16, placeholder="…"), fontsize=11)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
        ax.spines[:].set_color("#bbbbbb")
    fig.supxlabel(f"{axis} 1 (no unit)", fontsize=11)
    fig.supylabel(f"{axis} 2 (no unit)", fontsize=11)
    return fig
