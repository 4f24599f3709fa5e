"""Figures of chapter 7: the original study's tables, asked again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from genrelib.book.figures import common
from genrelib.book.figures.common import Picture

BLUE, RED = "#0072b2", "#d55e00"


def columns(named: pd.DataFrame, true: pd.DataFrame) -> Picture:
    """Show what the study's columns are, beside what they are called.

    Parameters
    ----------
    named : pandas.DataFrame
        Some columns against the features they are named after, as from
        :func:`genrelib.studies.compare_columns`.
    true : pandas.DataFrame
        All columns against what they are, the same way.

    Returns
    -------
    Picture
        Two dots per column, one for each correlation.
    """
    both = named.set_index("called")["correlation"].to_frame("as it is called")
    both["as what it is"] = true.set_index("called")["correlation"]
    what = true.set_index("called")["is"][both.index]
    fig, ax = plt.subplots(figsize=(6.4, 6.2))
    rows = np.arange(len(both))
    ax.hlines(rows, both.min(axis=1), both.max(axis=1), color="#bbbbbb")
    first, second = both["as it is called"], both["as what it is"]
    ax.plot(first, rows, "o", color=RED, label="with the feature it is named after")
    ax.plot(second, rows, "s", color=BLUE, label="with the mean named in brackets")
    labels = zip(both.index, what, strict=True)
    ax.set_yticks(rows, [f"{name}\n[{is_.removesuffix('_mean')}]" for name, is_ in labels])
    ax.invert_yaxis()
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_xlabel("correlation over slices")
    ax.grid(axis="x")
    fig.legend(loc="outside upper center", ncols=1)
    return Picture(
        fig,
        caption=f"Some columns of the study against our own measurements of the same "
        f"{named['slices'].iloc[0]} slices: once against the feature that the column is named "
        "after, once against the mean that it is. One is perfect agreement.",
        alt="Two dots per column. Correlation with the feature of that name and with what the "
        "column is: "
        + "; ".join(f"{name} {a:.2f} and {b:.2f}" for name, a, b in both.itertuples()),
        name="fig-study-columns",
    )


def urn(forests: pd.DataFrame, published: Mapping[str, float]) -> Picture:
    """Show the published forest among forests that differ from it by chance.

    Parameters
    ----------
    forests : pandas.DataFrame
        Columns ``accuracy`` and ``macro precision``, one row per forest.
    published : mapping of str to float
        The same two of the published forest.

    Returns
    -------
    Picture
        A cloud of points and a star.
    """
    accuracy, precision = published["accuracy"], published["macro precision"]
    fig, ax = plt.subplots()
    ax.plot(
        forests["accuracy"], forests["macro precision"], ".", color=BLUE, alpha=0.4,
        label=f"{len(forests)} forests drawn here",
    )  # fmt: skip
    ax.plot(accuracy, precision, "*", color=RED, markersize=18, label="the published forest")
    ax.set(xlabel="accuracy (whole rows right)", ylabel="macro precision")
    ax.grid()
    fig.legend(loc="outside upper center", ncols=2)
    low, high = forests.min(), forests.max()
    return Picture(
        fig,
        caption="The published forest among forests that differ from it by chance alone. Their "
        f"accuracies run from {low['accuracy']:.3f} to {high['accuracy']:.3f}.",
        alt=f"Cloud of {len(forests)} points, accuracy from {low['accuracy']:.3f} to "
        f"{high['accuracy']:.3f}, precision from {low['macro precision']:.3f} to "
        f"{high['macro precision']:.3f}. A star marks the published forest at {accuracy} and "
        f"{precision}.",
        name="fig-study-urn",
    )


def silence(histogram: pd.DataFrame) -> Picture:
    """Show the slices by the votes of their leading genre, and where the forest is silent.

    Parameters
    ----------
    histogram : pandas.DataFrame
        As from :func:`genrelib.studies.leading_shares`.

    Returns
    -------
    Picture
        A stacked histogram with a line at one half.
    """
    fig, ax = plt.subplots()
    left = histogram.index.to_numpy()
    right, wrong = histogram["right"], histogram["wrong"]
    ax.bar(left, right, 0.05, align="edge", color=BLUE, label="its leading genre is right")
    ax.bar(left, wrong, 0.05, align="edge", bottom=right, color=RED, label="it is wrong")
    ax.axvline(0.5, color="black", linestyle="--")
    place: dict[str, Any] = {"va": "top", "transform": ax.get_xaxis_transform()}
    ax.text(0.49, 0.97, "row of zeros", ha="right", **place)
    ax.text(0.51, 0.97, "one genre named", ha="left", **place)
    ax.set_xlabel("share of the trees that vote for the leading genre")
    ax.set_ylabel("test slices")
    ax.set_xlim(0, 1)
    ax.margins(y=0.15)
    fig.legend(loc="outside upper center", ncols=2)
    silent, named = histogram.loc[:0.49].sum(), histogram.loc[0.5:].sum()
    return Picture(
        fig,
        caption="The study's test slices by the votes of their leading genre. Left of the dashed "
        f"line the one-hot forest answers with zeros: {silent.sum():.0f} slices, of which the "
        f"leading genre is right for {silent['right']:.0f}.",
        alt=f"Stacked histogram. At or below one half there are {silent.sum():.0f} slices, "
        f"{silent['right']:.0f} of them with the right genre in the lead; above it there are "
        f"{named['right']:.0f} right and {named['wrong']:.0f} wrong.",
        name="fig-study-silence",
    )


def neighbours(curves: pd.DataFrame) -> Picture:
    """Show accuracy by the number of neighbours.

    Parameters
    ----------
    curves : pandas.DataFrame
        As from :func:`genrelib.studies.neighbour_sweep`: three columns, index the number of
        neighbours.

    Returns
    -------
    Picture
        One curve per column, a dot on its best.
    """
    fig, ax = plt.subplots(figsize=(6.4, 4.2))
    styles = (("--", RED), ("-", RED), ("-.", BLUE))
    for (name, curve), (line, colour) in zip(curves.items(), styles, strict=True):
        ax.plot(curves.index, curve, line, color=colour, label=name)
        ax.plot(curve[curve == curve.max()].iloc[:1], "o", color=colour)
    ax.set_xscale("log")
    ax.set_xticks(ticks := [1, 2, 5, 10, 20, 50, 99], [str(tick) for tick in ticks])
    ax.minorticks_off()
    ax.set_xlabel("neighbours asked, k (logarithmic)")
    ax.set_ylabel("accuracy per slice")
    ax.set_ylim(0, 1)
    ax.grid(axis="y")
    fig.legend(loc="outside upper center", ncols=1)
    return Picture(
        fig,
        caption="Cross-validation on the study's training rows by the number of neighbours; dots "
        "mark the best k.",
        alt=f"Three curves of accuracy over k from {curves.index[0]} to {curves.index[-1]}: "
        + "; ".join(
            f"{name} starts at {curve.iloc[0]:.2f}, is best at k = {curve.idxmax()} with "
            f"{curve.max():.2f} and ends at {curve.iloc[-1]:.2f}"
            for name, curve in curves.items()
        ),
        name="fig-study-k",
    )


def protocols(scores: pd.DataFrame) -> Picture:
    """Show the scores on the GTZAN part of the table under all protocols.

    Parameters
    ----------
    scores : pandas.DataFrame
        As for :func:`genrelib.book.figures.common.protocol_scores`, with ``n_tracks``.

    Returns
    -------
    Picture
        One panel per level.
    """
    rows = scores[(scores["metric"] == "accuracy") & (scores["level"] == "slice")]
    return Picture(
        common.protocol_scores(scores),
        caption="The GTZAN part of the study's table under all four protocols, "
        f"{scores['n_tracks'].max()} tracks (fault-filtered: tested on "
        f"{scores['n_tracks'].min()}). Small ticks: chance.",
        alt="Accuracy per slice with 95 % interval: "
        + "; ".join(
            f"{r.model}, {r.protocol} {r.value:.2f}, {r.low:.2f} to {r.high:.2f}"
            for r in rows.itertuples()
        )
        + ". The panel below shows the same per track.",
        name="fig-study-protocols",
    )


def numbers(distances: pd.DataFrame) -> Picture:
    """Show how the distance of private tracks grows with that of their file numbers.

    Parameters
    ----------
    distances : pandas.DataFrame
        As from :func:`genrelib.studies.number_distances`.

    Returns
    -------
    Picture
        The median and the middle half.
    """
    fig, ax = plt.subplots(figsize=(6.4, 3.8))
    shown, median = distances.loc[:39], distances["0.5"]
    ax.fill_between(
        shown.index, shown["0.25"], shown["0.75"], color=BLUE, alpha=0.2,
        label="middle half of the pairs",
    )  # fmt: skip
    ax.plot(shown.index, shown["0.5"], color=BLUE, label="median")
    ax.axhline(
        median.iloc[-1], color="black", linestyle="--", label="median, 40 numbers apart or more"
    )
    ax.set_xlabel("difference of file numbers, within a genre")
    ax.set_ylabel("distance of track means")
    ax.set_xlim(1, 39)
    ax.set_ylim(0, None)
    ax.grid(axis="y")
    fig.legend(loc="outside upper center", ncols=2)
    return Picture(
        fig,
        caption="Pairs of private tracks of one genre: the closer their file numbers, the closer "
        "their sound (distance of the track means of standardised columns).",
        alt=f"The median distance rises from {median.iloc[0]:.1f} for neighbouring numbers to "
        f"{median.loc[10]:.1f} for numbers ten apart; for forty or more it is "
        f"{median.iloc[-1]:.1f}.",
        name="fig-study-numbers",
    )


def network(history: pd.DataFrame, source: str) -> Picture:
    """Show the training of the study's network, with and without a penalty.

    Parameters
    ----------
    history : pandas.DataFrame
        Rows as from :func:`genrelib.studies.train_network`.
    source : str
        Where they come from, such as ``measured in this build``.

    Returns
    -------
    Picture
        Loss above, accuracy below.
    """
    keys = ["loss", "accuracy", "val_loss", "val_accuracy"]
    pair = {
        name: {key: history.loc[history["run"] == name, key].tolist() for key in keys}
        for name in ("without L2", "with L2")
    }
    return Picture(
        common.learning_curves(pair),
        caption="The study's network over the epochs, with and without a penalty on its weights "
        f"({source}). Training slices dashed, validation slices solid.",
        alt="Validation accuracy at the last epoch: "
        + "; ".join(f"{name} {run['val_accuracy'][-1]:.3f}" for name, run in pair.items()),
        name="fig-study-lstm",
    )


def stairs(scores: pd.DataFrame, published: pd.DataFrame) -> Picture:
    """Show one rule under stricter and stricter questions, on the GTZAN part of the table.

    Parameters
    ----------
    scores : pandas.DataFrame
        Columns ``model``, ``protocol``, ``value``, ``low``, ``high`` and ``n_tracks``, the
        protocols of each model from the most forgiving on.
    published : pandas.DataFrame
        The same three numbers on the published split, index: the models. That split has other
        music besides, so it is drawn apart.

    Returns
    -------
    Picture
        One line of points per model, and the published scores above it.
    """
    rows = list(dict.fromkeys(zip(scores["protocol"], scores["n_tracks"], strict=True)))
    fig, ax = plt.subplots(figsize=(6.4, 1.6 + 0.62 * (len(rows) + 1)))
    styles = ((-0.12, "o", BLUE), (0.12, "s", RED))
    for (model, part), (shift, marker, colour) in zip(
        scores.groupby("model", sort=False), styles, strict=True
    ):
        y = np.arange(1, len(part) + 1) + shift
        style: dict[str, Any] = {"fmt": marker, "color": colour, "capsize": 3}
        ax.errorbar(part["value"], y, xerr=_error(part), label=model, **style)
        ax.plot(part["value"], y, color=colour, alpha=0.4, zorder=0)
        top = published.loc[[model]]
        ax.errorbar(top["value"], shift, xerr=_error(top), markerfacecolor="white", **style)
    ax.axhline(0.5, color="#56504c", linewidth=0.8)
    names = [f"{name}\n{n} tracks" for name, n in rows]
    ax.set_yticks(range(len(rows) + 1), ["as published:\nother music, too", *names])
    ax.invert_yaxis()
    ax.axvline(0.1, color="#999999", linestyle=":")
    ax.set(xlabel="accuracy per slice, 95 % interval", xlim=(0, 1))
    ax.grid(axis="x")
    fig.legend(loc="outside upper center", ncols=2)
    first = scores[scores["model"] == scores["model"].iloc[0]]
    name, of_all = next(published.iterrows())
    return Picture(
        fig,
        caption="The GTZAN part of the study's table, asked more and more strictly. Above the "
        "line, hollow: the published split of the whole table, which is other music. Dotted: "
        "chance.",
        alt=f"Accuracy of {name!s}: "
        + "; ".join(
            f"{r.protocol} {r.value:.2f}, {r.low:.2f} to {r.high:.2f}" for r in first.itertuples()
        )
        + f". On the published split of all rows {of_all['value']:.2f}.",
        name="fig-study-stairs",
    )


def _error(table: pd.DataFrame) -> np.ndarray:
    """How far the interval reaches to either side of the value."""
    reach = [table["value"] - table["low"], table["high"] - table["value"]]
    return np.clip(np.array(reach, float), 0, None)
