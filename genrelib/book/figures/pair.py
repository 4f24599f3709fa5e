"""One feature of two clips, one above the other: what the figures of the families share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import librosa.display
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genrelib.book.figures.common import genre_colours
from genrelib.corpus import SAMPLE_RATE
from genrelib.features import HOP_LENGTH

__all__ = ["family_pair", "frame_times", "frames_image"]


def frames_image(
    values: np.ndarray,
    ax: Axes,
    *,
    kind: str,
    label: str,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw bands over time as an image.

    Parameters
    ----------
    values : numpy.ndarray
        Shape ``(n_bands, n_frames)``.
    ax : matplotlib.axes.Axes
        Where to draw.
    kind : str
        Kind of vertical axis, as in :func:`librosa.display.specshow` (``mel``, ``chroma``,
        ``hz``, ...), or ``bands`` for plain numbers.
    label : str
        Label of the colour bar, with its unit.
    limits : tuple of float, optional
        Range of the colours; the range of the values if left out. Where it is as far below zero
        as above, blue is below, red above, and white is zero.
    """
    low, high = limits or (float(values.min()), float(values.max()))
    image = librosa.display.specshow(
        values, sr=SAMPLE_RATE, hop_length=HOP_LENGTH, x_axis="time", ax=ax,
        y_axis=None if kind == "bands" else kind, vmin=low, vmax=high,
        cmap="RdBu_r" if low == -high else "viridis",
    )  # fmt: skip
    ax.set_xlabel("time (s)")
    ax.figure.colorbar(image, ax=ax, label=label)


def family_pair(
    values: Mapping[str, np.ndarray],
    label: str,
    *,
    kind: str = "line",
    bands: Sequence[str] = (),
    unit: str = "",
    over: Mapping[str, np.ndarray] | None = None,
    marks: Mapping[str, np.ndarray] | None = None,
) -> Figure:
    """Draw one feature of two clips, one above the other, with the scales in common.

    Parameters
    ----------
    values : mapping of str to numpy.ndarray
        For each genre, shape ``(n_bands, n_frames)`` at a hop of :data:`HOP_LENGTH` samples.
    label : str
        Label of the vertical axis.
    kind : str
        ``line`` for one line per band; else an image, see :func:`frames_image`. The colours of
        ``bands`` have zero in their middle.
    bands : sequence of str
        Names of the bands: of the lines in the legend, or of the rows of a ``bands`` image.
    unit : str
        What the colours of an image mean, with their unit.
    over : mapping of str to numpy.ndarray, optional
        For each genre a curve to draw over an image, shape ``(n_frames,)``.
    marks : mapping of str to numpy.ndarray, optional
        For each genre, times in seconds that are marked by vertical lines.

    Returns
    -------
    matplotlib.figure.Figure
        One panel per genre.
    """
    fig, axes = plt.subplots(
        len(values), 1, sharex=True, sharey=kind != "bands", figsize=(6.4, 2.45 * len(values))
    )
    pooled = np.concatenate([np.ravel(v) for v in values.values()])
    limits = (float(pooled.min()), float(pooled.max()))
    if kind == "bands":  # a few extreme values would leave the rest of the image pale
        reach = float(np.percentile(np.abs(pooled), 94))
        limits = (-reach, reach)
    colours = genre_colours(values)
    for ax, (genre, array) in zip(np.atleast_1d(axes), values.items(), strict=True):
        if kind == "line":
            _frame_lines(ax, np.atleast_2d(array), bands, colours[genre])
        else:
            frames_image(array, ax, kind=kind, label=unit, limits=limits)
        if kind == "bands":
            rows = np.linspace(0, len(bands) - 1, min(len(bands), 7)).round().astype(int)
            ax.set_yticks(rows, [bands[row] for row in rows])
        if over is not None:
            times = frame_times(len(over[genre]))
            ax.plot(times, over[genre], color="black", linewidth=3.5)
            ax.plot(times, over[genre], color="white", linewidth=1.5)
        for time in marks[genre] if marks is not None else ():
            ax.axvline(time, color="#56504c", linestyle=":", zorder=0)
        ax.set_title(genre, loc="left")
        ax.set_ylabel(label)
        ax.label_outer()
    handles, names = np.atleast_1d(axes)[-1].get_legend_handles_labels()
    if kind == "line" and names:
        fig.legend(handles, names, loc="outside upper center", ncols=2)
    return fig


def frame_times(n_frames: int) -> np.ndarray:
    """Say when frames are.

    Parameters
    ----------
    n_frames : int
        How many.

    Returns
    -------
    numpy.ndarray
        Seconds from the beginning of the clip, shape ``(n_frames,)``.
    """
    return librosa.frames_to_time(np.arange(n_frames), sr=SAMPLE_RATE, hop_length=HOP_LENGTH)


def _frame_lines(ax: Axes, values: np.ndarray, bands: Sequence[str], colour: str) -> None:
    """Draw one line per band; a single line has the colour of its genre."""
    times = frame_times(values.shape[1])
    colours = (colour,) if len(values) == 1 else ("#0072b2", "#d55e00", "#009e73")
    for i, row in enumerate(values):
        ax.plot(times, row, color=colours[i % 3], linestyle=("-", "--", ":")[i % 3],
                label=bands[i] if i < len(bands) else None)  # fmt: skip
    ax.set_xlim(0, times[-1])
    ax.set_xlabel("time (s)")
    ax.grid(axis="y")
