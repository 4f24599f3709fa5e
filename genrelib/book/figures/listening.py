"""Figures of chapter 6: what a network hears, how it learns, and what it makes of order."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from genrelib.book.figures.common import (
    Picture,
    confusion_matrix,
    genre_colours,
    learning_curves,
)
from genrelib.book.figures.scores import under_protocols
from genrelib.corpus import SAMPLE_RATE
from genrelib.features import FRAME_STEP, HOP_LENGTH, SLICE_LENGTH
from genrelib.studies import KINDS_OF_CHANGE, repetitions_in

FRAME = FRAME_STEP * HOP_LENGTH / SAMPLE_RATE
"""Seconds from one frame to the next."""
BANDS = {"mfcc": "MFCC coefficient", "mel": "mel band"}
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#999999"


def as_heard(frames: Mapping[str, np.ndarray], slice_id: str) -> Picture:
    """Draw the first slice as a network sees it: its frames, standardised per band.

    Parameters
    ----------
    frames : mapping of str to numpy.ndarray
        ``mfcc`` and ``mel``, each of shape ``(n_slices, n_frames, n_bands)``.
    slice_id : str
        Name of the first slice.

    Returns
    -------
    Picture
        One image per kind of frames.
    """
    fig, axes = plt.subplots(2, 1, figsize=(6.4, 5.6), sharex=True, height_ratios=[2, 3])
    for ax, (kind, X) in zip(axes, frames.items(), strict=True):
        image = ax.imshow(
            ((X[0] - X.mean(axis=(0, 1))) / (X.std(axis=(0, 1)) + 1e-9)).T,
            aspect="auto", origin="lower", cmap="RdBu_r", vmin=-3, vmax=3,
            extent=(0, X.shape[1] * FRAME, 0.5, X.shape[2] + 0.5),
        )  # fmt: skip
        ax.set_ylabel(BANDS[kind])
    axes[1].set_xlabel("time (s)")
    fig.colorbar(image, ax=axes, label="standard deviations from the mean of the band")
    n_frames = frames["mfcc"].shape[1]
    return Picture(
        fig,
        f"The slice {slice_id} as the network sees it: {n_frames} frames from left to right, each "
        "a column of numbers. Above: MFCC. Below: mel bands. Red is more than usual in this band, "
        "blue is less.",
        f"Two images over six seconds, {n_frames} columns each: {frames['mfcc'].shape[2]} rows of "
        f"MFCC above, {frames['mel'].shape[2]} rows of mel bands below, coloured from blue (below "
        "the mean of the band) to red (above).",
        "fig-lstm-input",
    )


def learning(network: Any, kept: int | None = None) -> Picture:
    """Draw the learning curves of a trained network.

    Parameters
    ----------
    network : genrelib.models.RecurrentClassifier
        Trained to the end, with validation tracks to watch.
    kept : int, optional
        The epoch whose weights early stopping keeps, counted from 1.

    Returns
    -------
    Picture
        Loss and accuracy over the epochs.
    """
    history = network.history_
    ends = ", ".join(
        f"{name} {history[key][-1]:.2f}"
        for name, key in (
            ("loss on training slices", "loss"), ("on validation tracks", "val_loss"),
            ("accuracy on training slices", "accuracy"), ("on validation tracks", "val_accuracy"),
        )
    )  # fmt: skip
    mark = {"network": kept} if kept else {}
    return Picture(
        learning_curves({"network": history}, mark),
        "Loss and accuracy over the epochs. Solid: validation tracks. Dashed: training slices."
        + (" Dotted: the epoch whose weights early stopping keeps." if kept else ""),
        f"Two panels over the epochs. After the last epoch: {ends}."
        + (f" A dotted line marks epoch {kept}." if kept else ""),
        "fig-lstm-curves",
    )


def listening_along(heard: np.ndarray, genres: Sequence[str], slices: pd.DataFrame) -> Picture:
    """Draw what a network thinks while it hears a slice, and how often it is right by then.

    The slice is one that is right in the end, and in doubt as long as possible.

    Parameters
    ----------
    heard : numpy.ndarray
        Probabilities after each step, shape ``(n_slices, n_steps, n_genres)``.
    genres : sequence of str
        The genres, in the order of the probabilities.
    slices : pandas.DataFrame
        Row-aligned with ``heard``: index ``slice_id``, and ``genre``.

    Returns
    -------
    Picture
        Two panels over the time listened.
    """
    truth = np.array([list(genres).index(genre) for genre in slices["genre"]])
    right = heard.argmax(axis=2) == truth[:, None]
    last_doubt = np.where(right, 0, np.arange(1, right.shape[1] + 1)).max(axis=1)
    chosen = np.where(right[:, -1], last_doubt, -1).argmax()
    time = SLICE_LENGTH / heard.shape[1] * np.arange(1, heard.shape[1] + 1)
    colours = genre_colours(genres)
    strongest = heard[chosen].max(axis=0).argsort()[::-1][:4]
    fig, axes = plt.subplots(2, 1, figsize=(6.4, 5.6), sharex=True)
    for i in sorted({*strongest, truth[chosen]}):
        mark, style = (" (true)", "-") if i == truth[chosen] else ("", "--")
        axes[0].plot(time, heard[chosen, :, i], style, color=colours[genres[i]],
                     label=genres[i] + mark)  # fmt: skip
    axes[0].set(ylabel="probability", ylim=(0, 1.02))
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    axes[1].plot(time, right.mean(axis=0), color=BLUE)
    axes[1].axhline(1 / len(genres), color=GREY, linestyle=":")
    axes[1].set(ylabel="accuracy, held-out slices", xlabel="time listened (s)", ylim=(0, 1.02))
    late = right[chosen, -1] and last_doubt[chosen] > 0
    return Picture(
        fig,
        f"Above: what the network thinks while it hears the slice {list(slices.index)[chosen]}"
        + (", chosen because the network makes up its mind late" if late else "")
        + ". Below: how often it would be right if all held-out slices were stopped there. "
        "Dotted: chance.",
        f"Above: probability of {len({*strongest, truth[chosen]})} genres over time for one "
        f"{genres[truth[chosen]]} slice. Below: accuracy over the held-out slices, "
        f"{right[:, 0].mean():.2f} after the first step and {right[:, -1].mean():.2f} after the "
        "last.",
        "fig-lstm-listen",
    )


def protocols(rows: pd.DataFrame) -> Picture:
    """Draw the scores of the networks under the protocols.

    Parameters
    ----------
    rows : pandas.DataFrame
        What :func:`genrelib.book.record` gives.

    Returns
    -------
    Picture
        Per slice and per track, with intervals.
    """
    whose = "two recurrent networks under the protocols"
    return under_protocols(rows, whose, "fig-lstm-protocols")


def orders(table: pd.DataFrame, study: pd.DataFrame) -> Picture:
    """Draw what is left when the order of the frames is taken away.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`genrelib.studies.by_order`.
    study : pandas.DataFrame
        The study, for what it is about.

    Returns
    -------
    Picture
        One row per network and order.
    """
    rows = table.set_axis([f"{network}, {frames}" for network, frames in table.index])
    return Picture(
        _intervals(rows, "accuracy per slice under track, 95 % interval"),
        f"What is left when the order of the frames is taken away ({_about(study)}). Dots: mean "
        f"over {repetitions_in(study).min()} repetitions with 95 % interval over tracks; pale "
        "bars: lowest to highest repetition.",
        f"Accuracy per slice under track: {_listed(rows)}",
        "fig-lstm-order",
    )


def lengths(per_piece: pd.DataFrame, per_track: pd.DataFrame, study: pd.DataFrame) -> Picture:
    """Draw accuracy against the length of the pieces.

    Parameters
    ----------
    per_piece, per_track : pandas.DataFrame
        From :func:`genrelib.studies.by_length`.
    study : pandas.DataFrame
        The study, for what it is about.

    Returns
    -------
    Picture
        Pieces above, tracks below.
    """
    fig, axes = plt.subplots(2, 1, figsize=(6.4, 6), sharex=True, sharey=True)
    for ax, table, unit in zip(axes, (per_piece, per_track), ("piece", "track"), strict=True):
        for i, (trained, part) in enumerate(table.groupby(level=0, sort=False)):
            rows = part.droplevel(0)
            error = np.abs(rows[["low", "high"]].sub(rows["value"], axis=0)).T
            ax.errorbar(
                rows.index.to_numpy() * (1 + 0.03 * i), rows["value"], yerr=error,
                fmt="os"[i] + ("-", "--")[i], capsize=3, color=(BLUE, ORANGE)[i],
                label=f"trained on {trained}",
            )  # fmt: skip
        seconds = list(table.index.unique(1))
        ax.set_xscale("log")
        ax.set_xticks(seconds, seconds)
        ax.minorticks_off()
        ax.set_ylabel(f"accuracy per {unit}")
        ax.grid(axis="y")
    axes[1].set_xlabel("length of a piece (s)")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return Picture(
        fig,
        f"Accuracy under track of the CRNN against the length of its pieces ({_about(study)}), "
        "with 95 % intervals. Above: each piece by itself. Below: all pieces of a track vote, so "
        "that every network has heard the whole track.",
        f"Trained on all pieces, accuracy per piece: {_by_second(per_piece, 'all pieces')}; per "
        f"track: {_by_second(per_track, 'all pieces')}. Trained on one piece a track, per piece: "
        f"{_by_second(per_piece, 'one piece a track')}",
        "fig-lstm-length",
    )


def inputs(table: pd.DataFrame, study: pd.DataFrame) -> Picture:
    """Draw the accuracy of one network on several inputs.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`genrelib.studies.by_input`.
    study : pandas.DataFrame
        The study, for what it is about.

    Returns
    -------
    Picture
        One row per input.
    """
    return Picture(
        _intervals(table, "accuracy per slice under track, 95 % interval"),
        f"The CRNN on five inputs ({_about(study)}). Pale bars: lowest to highest repetition.",
        f"Accuracy per slice under track: {_listed(table)}",
        "fig-lstm-inputs",
    )


def changes(table: pd.DataFrame, base: float, study: pd.DataFrame) -> Picture:
    """Draw what each change of the recipe does to the accuracy.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`genrelib.studies.by_group`, less the CRNN.
    base : float
        Accuracy of the CRNN.
    study : pandas.DataFrame
        The study, for what it is about.

    Returns
    -------
    Picture
        One row per change, in groups, in the order of the study.
    """
    kinds = {kind: [name for name in names if name in table.index]
             for kind, names in KINDS_OF_CHANGE.items()}  # fmt: skip
    kinds["others"] = [*table.index.difference([n for names in kinds.values() for n in names])]
    rows = table.loc[[name for names in kinds.values() for name in names]]
    fig = _intervals(rows, "change of accuracy per slice, 95 % interval", base=0, row=0.33)
    ax, below = fig.axes[0], -0.5
    for kind, names in kinds.items():
        if names:
            ax.axhline(below, color=GREY, linewidth=0.8)
            ax.text(1.01, below + 0.1, textwrap.fill(kind, 14), va="top", fontsize=10,
                    transform=ax.get_yaxis_transform())  # fmt: skip
        below += len(names)
    return Picture(
        fig,
        f"One change at a time: accuracy under track less that of the CRNN ({base:.2f}) on the "
        f"same slices, kind by kind ({_about(study)}). Right of the line: the change helps. Pale "
        "bars: lowest to highest repetition.",
        f"Change of accuracy: {_listed(rows, '+')}",
        "fig-lstm-changes",
    )


def recipe_curves(study: pd.DataFrame, networks: Iterable[str]) -> Picture:
    """Draw the learning curves of the networks of a study, one small panel each.

    Parameters
    ----------
    study : pandas.DataFrame
        The study, with its curves in ``attrs``.
    networks : iterable of str
        Which of its experiments; four fit.

    Returns
    -------
    Picture
        Training and validation accuracy; a line at the epoch of the lowest validation loss.
    """
    curves = {name: study.attrs["curves"][name] for name in networks}
    return Picture(
        _curve_grid(curves),
        "Learning curves of networks of the recipe, each trained on four fifths of the training "
        "tracks of one fold and watched by the other fifth. Dotted: the lowest loss on these "
        f"validation tracks ({_about(study)}).",
        "Small panels of training and validation accuracy over the epochs. At the last epoch, "
        "training and validation: "
        + "; ".join(
            f"{name} {history['accuracy'][-1]:.2f} and {history['val_accuracy'][-1]:.2f}"
            for name, history in curves.items()
        ),
        "fig-lstm-grid",
    )


def confusion(counts: pd.DataFrame) -> Picture:
    """Draw the confusion matrix of the CRNN.

    Parameters
    ----------
    counts : pandas.DataFrame
        From :func:`genrelib.evaluation.confusion`.

    Returns
    -------
    Picture
        Counts as numbers, shares as colour.
    """
    right = {genre: int(counts.loc[genre, genre]) for genre in counts.index}
    return Picture(
        confusion_matrix(counts),
        f"Confusion matrix of the CRNN under `track`: {sum(right.values())} of "
        f"{counts.to_numpy().sum()} slices on the diagonal.",
        "Confusion matrix under track. Share right per genre: "
        + ", ".join(f"{g} {n / counts.loc[g].sum():.2f}" for g, n in right.items()),
        "fig-lstm-confusion",
    )


def occluded(
    mel: np.ndarray, slices: pd.DataFrame, falls: Sequence[np.ndarray], width: int
) -> Picture:
    """Draw by how much the probability of the true genre falls when a moment is hidden.

    Parameters
    ----------
    mel : numpy.ndarray
        Frames of two slices, shape ``(2, n_frames, n_bands)``.
    slices : pandas.DataFrame
        These two slices: index ``slice_id``, ``genre``, and ``share``, the probability that the
        true genre is given.
    falls : sequence of numpy.ndarray
        For each slice from :func:`genrelib.models.occlusion`.
    width : int
        Frames that are hidden at a time.

    Returns
    -------
    Picture
        For each slice its frames, and the fall below.
    """
    names = [f"{name} ({genre})" for name, genre in slices["genre"].items()]
    fig, axes = plt.subplots(4, 1, figsize=(6.4, 7), sharex=True, height_ratios=[2, 1, 2, 1])
    for k, (X, fall) in enumerate(zip(mel, falls, strict=True)):
        picture, line = axes[2 * k], axes[2 * k + 1]
        extent = (0, SLICE_LENGTH, 0.5, X.shape[1] + 0.5)
        picture.imshow(X.T, aspect="auto", origin="lower", extent=extent)
        picture.set_ylabel("mel band")
        picture.set_title(names[k], loc="left")
        line.axhline(0, color=GREY, linewidth=1)
        line.plot((np.arange(len(X)) + 0.5) * FRAME, fall, color=BLUE)
        line.set(ylabel="loss of\nprobability", xlim=(0, SLICE_LENGTH))
    axes[-1].set_xlabel("time (s)")
    return Picture(
        fig,
        "Two held-out slices, to whose true genre the CRNN gives the probability "
        f"{' and '.join(f'{share:.2f}' for share in slices['share'])}, and how much the "
        f"probability of the true genre falls when {width * FRAME:.1f} s around each moment are "
        "hidden. Above zero: what was hidden speaks for the genre; below: against it.",
        "; ".join(
            f"{name}, {genre}: the probability falls most, by {fall.max():.2f}, at "
            f"{(fall.argmax() + 0.5) * FRAME:.1f} s, and rises most, by {-fall.min():.2f}, at "
            f"{(fall.argmin() + 0.5) * FRAME:.1f} s"
            for (name, genre), fall in zip(slices["genre"].items(), falls, strict=True)
        ),
        "fig-lstm-occlusion",
    )


def _about(study: pd.DataFrame) -> str:
    return f"{study.attrs['corpus']}, {study.attrs['source']}"


def _listed(table: pd.DataFrame, sign: str = "") -> str:
    """Write the rows of a table of values with intervals for a text alternative."""
    return "; ".join(
        f"{name} {r['value']:{sign}.2f} ({r['low']:{sign}.2f} to {r['high']:{sign}.2f})"
        for name, r in table.iterrows()
    )


def _by_second(table: pd.DataFrame, trained: Hashable) -> str:
    values = table["value"].xs(trained)
    return ", ".join(f"{s} s {value:.2f}" for s, value in values.items())


def _curve_grid(histories: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Draw the accuracy over the epochs for several networks, a panel each on the same axes."""
    n_rows = -(-len(histories) // 2)
    fig, axes = plt.subplots(
        n_rows, 2, figsize=(6.4, 0.8 + 1.9 * n_rows), sharex=True, sharey=True, squeeze=False
    )
    for ax in axes.flat[len(histories) :]:
        ax.set_visible(False)
    for ax, (name, history) in zip(axes.flat, histories.items(), strict=False):
        epochs = np.arange(1, len(history["accuracy"]) + 1)
        best = int(np.argmin(history["val_loss"]))
        ax.plot(epochs, history["accuracy"], "--", color="#d55e00", label="training")
        ax.plot(epochs, history["val_accuracy"], color="#0072b2", label="validation tracks")
        ax.axvline(best + 1, color="#56504c", linestyle=":")
        ax.set_title(textwrap.fill(name, 30), loc="left")
        ax.set_ylim(0, 1.02)
        ax.grid(axis="y")
    fig.supylabel("accuracy per slice")
    fig.supxlabel("epoch")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return fig


def _intervals(
    table: pd.DataFrame, xlabel: str, *, base: float | None = None, row: float = 0.36
) -> Figure:
    """Draw one value with its interval per row; ``least`` and ``most`` as a pale bar behind."""
    fig, ax = plt.subplots(figsize=(6.4, 1.2 + row * len(table)))
    rows = np.arange(len(table))
    if base is not None:
        ax.axvline(base, color="#56504c", linestyle=":", zorder=0)
    if "least" in table:
        ax.hlines(rows, table["least"], table["most"], color="#e69f00", alpha=0.4, linewidth=9)
    error = [table["value"] - table["low"], table["high"] - table["value"]]
    ax.errorbar(
        table["value"], rows, xerr=np.clip(error, 0, None), fmt="o", capsize=3, color="#0072b2"
    )
    ax.set_yticks(rows, [textwrap.fill(str(name), 34) for name in table.index])
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.set_xlabel(xlabel)
    ax.grid(axis="x")
    return fig
