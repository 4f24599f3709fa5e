"""Figures of the chapter on one's own song: what lies between a file and its name.

The page draws the same of the reader's song, once there is one: ``web/chapter.js``.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from genrelib.book.figures import common
from genrelib.book.figures.common import Picture
from genrelib.corpus import SAMPLE_RATE
from genrelib.features import EAR_HOP, EAR_RATE

SHOWN = 15
"""Tags that are shown, of fifty."""


def wave(samples: np.ndarray, title: str) -> Picture:
    """Draw the samples of a recording.

    Parameters
    ----------
    samples : numpy.ndarray
        Mono samples at 22,050 Hz, shape ``(n_samples,)``.
    title : str
        What it is.

    Returns
    -------
    Picture
        The waveform.
    """
    seconds = len(samples) / SAMPLE_RATE
    fig, ax = plt.subplots(figsize=(6.4, 2.4))
    ax.plot(np.arange(len(samples)) / SAMPLE_RATE, samples, linewidth=0.3, color="#0072b2")
    ax.set_xlim(0, seconds)
    ax.set_xlabel("time (s)")
    ax.set_ylabel("amplitude")
    return Picture(
        fig,
        f"The waveform of {title}: all that the file says.",
        f"A waveform of {seconds:.0f} seconds; its largest magnitude is "
        f"{np.abs(samples).max():.2f}.",
        "fig-song-wave",
    )


def image(levels: np.ndarray, title: str) -> Picture:
    """Draw what the ear is shown of one window.

    Parameters
    ----------
    levels : numpy.ndarray
        Log-mel, shape ``(n_bands, n_frames)``, at the hop of the ear.
    title : str
        What it is.

    Returns
    -------
    Picture
        The spectrogram.
    """
    bands, frames = levels.shape
    seconds = frames * EAR_HOP / EAR_RATE
    fig, ax = plt.subplots(figsize=(6.4, 3.2))
    drawn = ax.imshow(levels, origin="lower", aspect="auto", extent=(0, seconds, 0.5, bands + 0.5))
    ax.set_xlabel("time (s)")
    ax.set_ylabel("mel band (number)")
    fig.colorbar(drawn, ax=ax, label="log(1 + 10,000 power)")
    return Picture(
        fig,
        f"What the ear is shown of {title}: one window, as log-mel. Bright is loud, low is below.",
        f"A spectrogram of {bands} mel bands over {seconds:.1f} seconds.",
        "fig-song-image",
    )


def tags(probabilities: pd.DataFrame, title: str) -> Picture:
    """Draw the most probable tags over time.

    Parameters
    ----------
    probabilities : pandas.DataFrame
        One row per window, its index where it begins (seconds); one column per tag.
    title : str
        What it is.

    Returns
    -------
    Picture
        A row of cells for each tag, the most probable on top.
    """
    means = probabilities.mean().nlargest(SHOWN)
    top = probabilities[means.index].to_numpy().T
    fig, ax = plt.subplots(figsize=(6.4, 4.6))
    drawn = ax.imshow(top, aspect="auto", vmin=0)
    ax.set_yticks(range(len(means)), means.index)
    ax.set_xticks(range(len(probabilities)), [f"{start:.0f}" for start in probabilities.index])
    ax.set_xlabel("where the window begins (s)")
    fig.colorbar(drawn, ax=ax, label="probability")
    return Picture(
        fig,
        f"The {len(means)} most probable of the {probabilities.shape[1]} tags of {title}, window "
        "by window. Bright is probable.",
        "Mean probabilities: " + ", ".join(f"{tag} {p:.2f}" for tag, p in means.items()) + ".",
        "fig-song-tags",
    )


def plane(known: np.ndarray, genres: pd.Series, own: np.ndarray, title: str) -> Picture:
    """Draw a recording among the tracks that a model knows.

    Parameters
    ----------
    known : numpy.ndarray
        The tracks on the plane, as from :func:`genrelib.classify.on_plane`, shape ``(n, 2)``.
    genres : pandas.Series
        Their genres, in the same order.
    own : numpy.ndarray
        The windows of the recording there, shape ``(n_windows, 2)``.
    title : str
        What it is.

    Returns
    -------
    Picture
        The plane: small black points for the windows, a ring for the whole.
    """
    fig, ax = plt.subplots(figsize=(6.4, 6.4))
    common.genre_points(ax, known, genres)
    ax.set(xlabel="first discriminant", ylabel="second discriminant")
    fig.legend(loc="outside upper center", ncols=4, markerscale=1.2, columnspacing=1)
    whole = own.mean(axis=0)
    ax.plot(*own.T, "k.", markersize=7)
    ax.plot(*whole, "o", color="black", markersize=20, fillstyle="none", markeredgewidth=2.5)
    centres = pd.DataFrame(known).groupby(genres.to_numpy()).mean()
    nearest = ((centres - whole) ** 2).sum(axis=1).idxmin()
    return Picture(
        fig,
        f"{title} among the tracks that the model knows. Black points are its windows, the ring "
        "is the whole; a colour and a marker for each genre.",
        f"The recording lies at {whole[0]:.1f}, {whole[1]:.1f} on the plane, nearest to the "
        f"middle of {nearest}.",
        "fig-song-plane",
    )
