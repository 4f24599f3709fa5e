"""Figures of chapter 8: what the pretrained ear is shown, what it says, and what that is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from genrelib.book.figures import charts, common
from genrelib.book.figures.common import Picture
from genrelib.evaluation import FEW
from genrelib.features import EAR_HOP, EAR_RATE, PATCH_FRAMES


def shown(image: np.ndarray, seconds: float, title: str) -> Picture:
    """Draw what the ear is shown of a slice.

    Parameters
    ----------
    image : numpy.ndarray
        Compressed mel spectrogram, shape ``(n_bands, n_frames)``, at the hop of the ear.
    seconds : float
        How long the slice is.
    title : str
        What it is a slice of.

    Returns
    -------
    Picture
        The image, with a line where a patch begins.
    """
    bands = len(image)
    fig, ax = plt.subplots()
    drawn = ax.imshow(image, origin="lower", aspect="auto", extent=(0, seconds, 0.5, bands + 0.5))
    for edge in np.arange(0, seconds, PATCH_FRAMES * EAR_HOP / EAR_RATE):
        ax.axvline(edge, color="white", linestyle="--", linewidth=2)
    ax.set_xlabel("time (s); dashed: where a patch begins")
    ax.set_ylabel("mel band (number)")
    fig.colorbar(drawn, ax=ax, label="log10(1 + 10,000 power)")
    return Picture(
        fig,
        f"What the ear is shown of one slice: {title}.",
        f"A spectrogram of {bands} mel bands over {seconds:.1f} seconds, with dashed lines where "
        f"a patch begins. Levels run from {image.min():.1f} to {image.max():.1f}.",
        "fig-ear-input",
    )


def tags(leading: Mapping[str, pd.Series], genres: Sequence[str]) -> Picture:
    """Draw the most probable tags of some slices.

    Parameters
    ----------
    leading : mapping of str to pandas.Series
        By genre: probability by tag, the most probable first, under the name of the slice.
    genres : sequence of str
        All genres of the corpus, which decide about colours.

    Returns
    -------
    Picture
        One panel of bars per slice.
    """
    fig, axes = plt.subplots(
        len(leading), 1, sharex=True, squeeze=False, figsize=(6.4, 3 * len(leading))
    )
    for ax, (genre, top) in zip(axes[:, 0], leading.items(), strict=True):
        ax.barh(top.index, top, color=common.genre_colours(genres)[genre])
        ax.invert_yaxis()
        ax.set_title(f"{top.name}, filed under {genre}", loc="left")
        ax.grid(axis="x")
    axes[-1, 0].set_xlabel("probability of the tag")
    numbers = {g: ", ".join(f"{tag} {v:.2f}" for tag, v in t.items()) for g, t in leading.items()}
    return Picture(
        fig,
        f"The eight most probable tags of {'two slices' if len(leading) == 2 else 'a slice'}. "
        + "; ".join(f"{g}: {', '.join(t.index[:3])}" for g, t in leading.items())
        + " lead.",
        ". ".join(f"Bars for a slice of {genre}: {text}" for genre, text in numbers.items()),
        "fig-ear-tags",
    )


def protocols(rows: pd.DataFrame) -> Picture:
    """Draw the accuracy of models on the embedding under the protocols.

    Parameters
    ----------
    rows : pandas.DataFrame
        As from :func:`genrelib.book.record`.

    Returns
    -------
    Picture
        Points with intervals, per slice and per track.
    """
    by_slice = rows.query("level == 'slice' and metric == 'accuracy' and n_tracks >= @FEW")
    return Picture(
        common.protocol_scores(rows),
        "Accuracy of four models on the embedding, under the protocols, with 95 % intervals. "
        "Small ticks: chance, one in as many genres as the protocol tests.",
        "Accuracy per slice, with 95 % interval: "
        + "; ".join(f"{r.model}, {r.protocol} {_bounds(r)}" for r in by_slice.itertuples())
        + ". The panel below shows the same per track.",
        "fig-ear-protocols",
    )


def inputs(scores: pd.DataFrame) -> Picture:
    """Draw the accuracy of models by what they are given.

    Parameters
    ----------
    scores : pandas.DataFrame
        As for :func:`genrelib.book.figures.charts.input_scores`.

    Returns
    -------
    Picture
        Points with intervals, a panel per protocol.
    """
    return Picture(
        charts.input_scores(scores),
        "Accuracy of four models by what they are given, with 95 % intervals. Dotted: chance "
        "among the genres that the protocol tests.",
        "; ".join(
            f"{r.protocol}, {r.model}, {r.input}: {_bounds(r)}" for r in scores.itertuples()
        ),
        "fig-ear-inputs",
    )


def curve(levels: pd.DataFrame, draws: int) -> Picture:
    """Draw how accuracy grows with the labelled tracks.

    Parameters
    ----------
    levels : pandas.DataFrame
        Columns ``input``, ``n``, ``value``, ``low`` and ``high``.
    draws : int
        How many draws of tracks a point is the mean of.

    Returns
    -------
    Picture
        One line per input.
    """
    return Picture(
        charts.data_curves(levels, "labelled tracks per genre"),
        "Accuracy per slice of logistic regression on held-out tracks, by the number of tracks "
        f"per genre that it learned from; mean of {draws} draws, with 95 % intervals that "
        "resample the held-out tracks.",
        "Two lines of accuracy over the labelled tracks per genre: "
        + "; ".join(f"{r.input}, {r.n}: {_bounds(r)}" for r in levels.itertuples()),
        "fig-ear-curve",
    )


def tag_genre(means: pd.DataFrame, speaking: Mapping[str, Sequence[str]]) -> Picture:
    """Draw how probable the tags that stand out are in each genre.

    Parameters
    ----------
    means : pandas.DataFrame
        Mean probability, a row per genre, a column per tag.
    speaking : mapping of str to sequence of str
        For each genre the tags that stand out, the first of all first; two of each are drawn.

    Returns
    -------
    Picture
        A table of colours and numbers, a row per tag.
    """
    percent = cast(Any, 100 * means)
    chosen = list(dict.fromkeys(tag for tags in speaking.values() for tag in tags[:2]))
    return Picture(
        charts.heat_table(
            means.loc[list(speaking), chosen].T,
            "mean probability of the tag",
            ("genre (numbers: per cent)", "tag"),
        ),
        "Mean probability of tags by genre: for each genre the two tags that stand out most, and "
        "what they are elsewhere.",
        "A table of mean probabilities in per cent. "
        + "; ".join(
            f"{genre}: " + ", ".join(f"{tag} {percent.at[genre, tag]:.0f}" for tag in tags[:2])
            for genre, tags in speaking.items()
        ),
        "fig-ear-tag-genre",
    )


def maps(points: Mapping[str, np.ndarray], genres: pd.Series) -> Picture:
    """Draw the same slices on two maps.

    Parameters
    ----------
    points : mapping of str to numpy.ndarray
        By title of the map, shape ``(n_slices, 2)``: by hand-made features, and by the ear.
    genres : pandas.Series
        Genre per slice.

    Returns
    -------
    Picture
        Two scatter plots.
    """
    return Picture(
        charts.genre_maps(points, genres, ("t-SNE 1 (no unit)", "t-SNE 2 (no unit)")),
        "The same slices on two maps by t-SNE. One point per slice; the name of a genre stands "
        "where its slices lie closest. Distances between groups, their size and the axes mean "
        "nothing.",
        f"Two scatter plots of {len(genres):,} slices of {genres.nunique()} genres, one by "
        "hand-made features, one by the embedding of the ear.",
        "fig-ear-maps",
    )


def reliability(bins: Mapping[str, pd.DataFrame]) -> Picture:
    """Draw how often the classifier is right by how sure it is.

    Parameters
    ----------
    bins : mapping of str to pandas.DataFrame
        By protocol and length what :func:`genrelib.evaluation.reliability` gives.

    Returns
    -------
    Picture
        One diagram per protocol.
    """
    points = {
        protocol: "; ".join(
            f"{row.n} recordings with mean confidence {row.confidence:.2f}, of which "
            f"{row.accuracy:.2f} are right"
            for row in table[table["n"] >= FEW].itertuples()
        )
        for protocol, table in bins.items()
    }
    return Picture(
        charts.reliability(bins),
        "Reliability diagrams of the model that comes with the package, by what was held out and "
        "by the length of the recordings. On the dashed line it would be as often right as it is "
        "sure; numbers count recordings, bars are 95 % intervals. No mark stands for fewer than "
        f"{FEW} recordings.",
        ". ".join(f"Under {protocol}: {text}" for protocol, text in points.items()),
        "fig-ear-reliability",
    )


def _bounds(row: Any) -> str:
    return f"{row.value:.2f}, {row.low:.2f} to {row.high:.2f}"
