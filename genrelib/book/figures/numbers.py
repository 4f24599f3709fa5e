"""Figures of the chapter on features: what the whole table says of genre, and of itself."""

from __future__ import annotations

from collections.abc import Mapping

import librosa
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genrelib.book.figures.common import FAMILY_COLOURS, Picture, genre_map
from genrelib.corpus import SAMPLE_RATE
from genrelib.features import FACTORS, FAMILIES, TEMPO_TOLERANCE, tempo_accuracy

__all__ = [
    "components",
    "correlation_image",
    "correlations",
    "effect",
    "family_dots",
    "neighbourhood",
    "tempo_ratio",
    "top_columns",
]


def effect(eta: pd.Series, family: pd.Series, expected: float, bar: float) -> Picture:
    """Draw how much genre each column carries.

    Parameters
    ----------
    eta : pandas.Series
        Eta squared per column.
    family : pandas.Series
        Family per column.
    expected : float
        What a column reaches on average where genres are shuffled.
    bar : float
        What the best of all columns stays below there in nineteen cases of twenty.

    Returns
    -------
    Picture
        A row of dots per family.
    """
    fig = family_dots(
        eta,
        family,
        "eta squared (share of the variance between genres)",
        lines={"mean of shuffled genres": expected, "best column by luck (95 %)": bar},
    )
    highest = str(eta.groupby(family).median().idxmax())
    return Picture(
        fig,
        caption="How much genre each column carries: one dot per column, computed on track means; "
        "black bars are the medians of the families. Columns to the right of the dashed line do "
        "better than the best of all columns does when genres are dealt out at random.",
        alt=f"A row of dots for each family. {(eta > bar).mean():.0%} of all columns lie above "
        f"the line of chance at {bar:.2f}; the family with the highest median is "
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
    many = "All" if len(bands) == len(top) else len(bands)
    low, high = centres[min(bands)], centres[max(bands)]
    return (
        f"{many} of the {len(top)} are mel columns, of bands between {low:.1f} and {high:.1f} kHz."
    )


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
        caption="Estimated tempo divided by the annotated one, on a logarithmic axis. What falls "
        "into the band at 1 is right; what falls into another band is an octave error; the rest "
        "is neither.",
        alt="Histograms of the ratio of estimated to annotated tempo. The band around 1 holds "
        f"{near_one}.",
        name="fig-features-tempo-ratio",
    )


def correlations(correlation: pd.DataFrame, family: pd.Series) -> Picture:
    """Draw how far the columns repeat each other.

    Parameters
    ----------
    correlation : pandas.DataFrame
        Absolute correlations, columns of a family next to each other.
    family : pandas.Series
        Family per column.

    Returns
    -------
    Picture
        A square image.
    """
    upper = correlation.to_numpy()[np.triu_indices(len(correlation), 1)]
    return Picture(
        correlation_image(correlation, family),
        caption="Absolute correlation of every column with every other, families in the order of "
        "the table. White lines separate families; their sides grow with the square root of the "
        "number of columns. Fine checks inside a family come from its four statistics.",
        alt="A square image of correlations with bright blocks on the diagonal. The median over "
        f"all pairs is {np.median(upper):.2f}; {np.mean(upper > 0.9):.1%} of the pairs exceed "
        "0.9.",
        name="fig-features-correlation",
    )


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
        A scatter plot.
    """
    labels = ("component 1 (no unit)", "component 2 (no unit)")
    return Picture(
        genre_map(points, slices["genre"], labels),
        caption="The slices in the plane of the first two principal components, which holds "
        f"{share:.0%} of the variance. One point per slice, a colour and a marker per genre.",
        alt=f"A scatter plot of {len(slices):,} slices of {slices['genre'].nunique()} genres in "
        "the plane of the first two principal components.",
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
        A scatter plot; lines connect the slices of a track.
    """
    labels = ("t-SNE 1 (no unit)", "t-SNE 2 (no unit)")
    return Picture(
        genre_map(points, slices["genre"], labels, tracks=slices["track_id"]),
        caption="The same slices, arranged by t-SNE so that neighbours stay neighbours. Lines "
        "connect the slices of a track. Distances between groups, their size and the axes mean "
        "nothing.",
        alt=f"A scatter plot of {len(slices):,} slices of {slices['genre'].nunique()} genres in "
        "small groups, with thin lines between the slices of each track.",
        name="fig-features-tsne",
    )


def family_dots(
    values: pd.Series, family: pd.Series, xlabel: str, *, lines: Mapping[str, float] | None = None
) -> Figure:
    """Draw one dot per column of the feature table, a row for each family.

    Parameters
    ----------
    values : pandas.Series
        A number per column.
    family : pandas.Series
        Family per column, as from :func:`genrelib.features.family_of`.
    xlabel : str
        What the numbers mean.
    lines : mapping of str to float, optional
        Values to mark by vertical lines, by what they are called.

    Returns
    -------
    matplotlib.figure.Figure
        Families from top to bottom in the order of their columns; a bar marks each median.
    """
    names = list(dict.fromkeys(family[values.index]))
    fig, ax = plt.subplots(figsize=(6.4, 1.4 + 0.42 * len(names)))
    rng = np.random.default_rng(0)
    for row, name in enumerate(names):
        part = values[family[values.index] == name]
        # Dots of one value would hide each other: spread them within the row, always alike.
        spread = rng.uniform(-0.3, 0.3, len(part)) if len(part) > 1 else np.zeros(1)
        size = 5 if len(part) > 100 else 9
        ax.plot(part, row + spread, ".", markersize=size, alpha=0.7,
                color=FAMILY_COLOURS.get(name, "#999999"))  # fmt: skip
        if len(part) > 1:
            ax.plot([part.median()] * 2, [row - 0.38, row + 0.38], color="black", linewidth=2)
    for style, (name, value) in zip((":", "--", "-."), (lines or {}).items(), strict=False):
        ax.axvline(value, color="#56504c", linestyle=style, label=name)
    ax.set_yticks(range(len(names)), [FAMILIES.get(name, name) for name in names])
    ax.invert_yaxis()
    ax.set_xlabel(xlabel)
    ax.grid(axis="x")
    if lines:
        fig.legend(loc="outside upper center", ncols=1)
    return fig


def correlation_image(correlation: pd.DataFrame, family: pd.Series) -> Figure:
    """Draw how strongly the columns of the feature table depend on each other.

    Parameters
    ----------
    correlation : pandas.DataFrame
        Absolute correlations, columns of a family next to each other.
    family : pandas.Series
        Family per column.

    Returns
    -------
    matplotlib.figure.Figure
        An image in which the side of a family grows with the square root of its columns, so that
        large families do not push the small ones out of sight.
    """
    sizes = family[correlation.columns].value_counts(sort=False)
    sides = np.maximum(np.sqrt(sizes), 2.6)
    edges = np.concatenate([[0.0], np.cumsum(np.repeat(sides / sizes, sizes))])
    ends = np.cumsum(sides)
    fig, ax = plt.subplots(figsize=(6.4, 6.2))
    image = ax.pcolormesh(edges, edges, correlation, cmap="viridis", vmin=0, vmax=1,
                          rasterized=True)  # fmt: skip
    for end in ends[:-1]:
        ax.axhline(end, color="white", linewidth=1)
        ax.axvline(end, color="white", linewidth=1)
    names = [FAMILIES.get(name, name).replace(" and ", " and\n") for name in sizes.index]
    ax.set_yticks(ends - sides / 2, names)
    ax.set_xticks([])
    ax.set_xlabel("the same columns in the same order")
    ax.tick_params(length=0)
    ax.set_aspect("equal")
    ax.invert_yaxis()
    fig.colorbar(image, ax=ax, label="absolute correlation", location="bottom", shrink=0.8)
    return fig
