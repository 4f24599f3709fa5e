"""Figures of the chapter on features: what each family sees in two clips.

Takes two clips and what the chapter has measured in them, by
genre. What the whole table says of genre is drawn in :mod:`genrelib.book.figures.numbers`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import librosa.display
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from genrelib.book.figures.common import Picture, genre_colours
from genrelib.book.figures.pair import family_pair, frame_times
from genrelib.book.page import Clip
from genrelib.corpus import SAMPLE_RATE
from genrelib.features import HOP_LENGTH, N_FFT, TONNETZ

__all__ = [
    "beat_grid",
    "centroid",
    "chroma",
    "frame_length",
    "hpss",
    "mel",
    "mfcc",
    "rms",
    "statistics",
    "tempo",
    "tonnetz",
    "two_sines",
    "waveform",
]

Clips = Mapping[str, Clip]
Arrays = Mapping[str, np.ndarray]


def _pair(values: Mapping[str, object]) -> tuple[str, str]:
    """The two genres; the same one twice where a corpus has no second."""
    names = list(values)
    return names[0], names[-1]


def waveform(clips: Clips) -> Picture:
    """Draw the waveform of the second clip: all of it, and its loudest moment.

    Parameters
    ----------
    clips : mapping of str to Clip
        The clips by genre.

    Returns
    -------
    Picture
        Two panels.
    """
    _, second = _pair(clips)
    samples, colour = clips[second].samples, genre_colours(clips)[second]
    loudest = max(min(int(np.abs(samples).argmax()), len(samples) - 440), 0)
    zoom = samples[loudest : loudest + 440]
    fig, (whole, part) = plt.subplots(2, 1, figsize=(6.4, 4.6))
    whole.plot(np.arange(len(samples)) / SAMPLE_RATE, samples, linewidth=0.3, color=colour)
    whole.axvline(loudest / SAMPLE_RATE, color="black", linestyle=":")
    whole.set_xlabel("time (s)")
    part.plot(np.arange(len(zoom)) / SAMPLE_RATE * 1000, zoom, ".-", markersize=3, color=colour)
    part.set_xlabel("time from the dotted line (ms)")
    for ax in (whole, part):
        ax.set_ylabel("amplitude")
    milliseconds = 1000 * len(zoom) / SAMPLE_RATE
    return Picture(
        fig,
        caption=f"The waveform of a {second} clip: all of it above, {milliseconds:.0f} "
        "milliseconds from its loudest moment below, where every dot is one number.",
        alt=f"Two panels. Above, the waveform of {len(samples) / SAMPLE_RATE:.0f} seconds of "
        f"{second} as a dense band around zero; below, {len(zoom)} samples as a curve of dots.",
        name="fig-features-waveform",
    )


def two_sines(
    t: np.ndarray, slow: np.ndarray, quick: np.ndarray, strength: Sequence[float]
) -> Picture:
    """Draw two sines with their sum, and how strongly sines of each frequency are in the sum.

    Parameters
    ----------
    t : numpy.ndarray
        Moments in seconds, shape ``(n,)``.
    slow, quick : numpy.ndarray
        The two sines at these moments, shape ``(n,)``.
    strength : sequence of float
        Strength at 0, 1, 2, ... hertz.

    Returns
    -------
    Picture
        The sines above, a bar per frequency below.
    """
    fig, (above, below) = plt.subplots(2, 1, figsize=(6.4, 4.6))
    above.plot(t, slow, "--", color="#0072b2", label="slow")
    above.plot(t, quick, ":", color="#d55e00", linewidth=2, label="quick")
    above.plot(t, slow + quick, ".-", color="black", label="both together")
    above.set(xlabel="time (s)", ylabel="amplitude")
    below.bar(range(len(strength)), strength, 0.6, color="#56504c")
    below.set(xlabel="frequency (Hz)", ylabel="strength", xticks=range(len(strength)))
    below.grid(axis="y")
    fig.legend(loc="outside upper center", ncols=3)
    found = [f"{s:.1f} at {f} hertz" for f, s in enumerate(strength) if s > 0.05]
    return Picture(
        fig,
        caption="Two sines and their sum, above; below, what comes out when the sum is compared "
        "with a sine of each frequency in turn. The spectrum finds the two again, and how strong "
        "each is.",
        alt="Above, two waves of different speed and a curve that is their sum. Below, a bar for "
        f"each frequency; those that are not zero: {', '.join(found)}.",
        name="fig-features-sines",
    )


def frame_length(clips: Clips) -> Picture:
    """Draw two seconds of the first clip with short and with long frames.

    Parameters
    ----------
    clips : mapping of str to Clip
        The clips by genre.

    Returns
    -------
    Picture
        Two spectrograms.
    """
    first, _ = _pair(clips)
    short, long = N_FFT // 8, N_FFT * 4
    fig, axes = plt.subplots(2, 1, sharex=True, sharey=True, figsize=(6.4, 5.2))
    for ax, n_fft in zip(axes, (short, long), strict=True):
        stft = librosa.stft(clips[first].samples[: 2 * SAMPLE_RATE], n_fft=n_fft)
        level = librosa.amplitude_to_db(np.abs(stft), ref=np.max)
        image = librosa.display.specshow(
            level, sr=SAMPLE_RATE, hop_length=n_fft // 4, x_axis="time", y_axis="hz", ax=ax,
            vmin=-60, cmap="viridis",
        )  # fmt: skip
        ax.set_title(f"n_fft = {n_fft}: {1000 * n_fft / SAMPLE_RATE:.0f} ms", loc="left")
        ax.set(ylim=(0, 2500), ylabel="frequency (Hz)", xlabel="time (s)")
        ax.label_outer()
    fig.colorbar(image, ax=axes, label="level (dB below the peak)")
    return Picture(
        fig,
        caption=f"The bargain of the frame length, on two seconds of {first}. A frame of {short} "
        "samples (above) draws sharp vertical edges where a note or a drum begins; one of "
        f"{long} samples (below) draws thin horizontal lines where a pitch is held.",
        alt=f"Two spectrograms of the same {first} clip up to 2,500 hertz. With short frames the "
        "image is sharp in time and blurred in frequency, with long frames the reverse.",
        name="fig-features-bargain",
    )


def mel(clips: Clips, levels: Arrays, treble: pd.Series) -> Picture:
    """Draw mel spectrograms.

    Parameters
    ----------
    clips : mapping of str to Clip
        The clips by genre.
    levels : mapping of str to numpy.ndarray
        Mel spectrogram by genre, in dB, shape ``(128, n_frames)``.
    treble : pandas.Series
        By genre, how far the bands above 4,000 Hz lie above the others, in dB.

    Returns
    -------
    Picture
        One panel per clip.
    """
    first, second = _pair(clips)
    fig = family_pair(levels, "frequency (Hz)", kind="mel", unit="level (dB)")
    return Picture(
        fig,
        caption=f"Mel spectrograms of {first} and {second}. Vertical edges are attacks, "
        f"horizontal lines are held tones, an even wash is noise.",
        alt="Two mel spectrograms over time. On average the bands above 4,000 hertz lie "
        f"{-treble[first]:.0f} decibels below the others in {first} and {-treble[second]:.0f} in "
        f"{second}.",
        name="fig-features-mel",
    )


def _own_scale(values: Arrays) -> dict[str, np.ndarray]:
    """Scale each band to run from about -1 to 1 over all clips together."""
    pooled = np.concatenate(list(values.values()), axis=1)
    low, high = np.percentile(pooled, (3, 97), axis=1)
    middle, reach = (low + high)[:, None] / 2, np.maximum(high - low, 1e-9)[:, None] / 2
    return {genre: np.clip((bands - middle) / reach, -1, 1) for genre, bands in values.items()}


def mfcc(clips: Clips, coefficients: Arrays, movement: pd.Series) -> Picture:
    """Draw MFCC, without the first, each coefficient on a scale of its own.

    Parameters
    ----------
    clips : mapping of str to Clip
        The clips by genre.
    coefficients : mapping of str to numpy.ndarray
        MFCC 1 to 20 by genre, shape ``(20, n_frames)``.
    movement : pandas.Series
        By genre, how far the coefficients move from frame to frame.

    Returns
    -------
    Picture
        One panel per clip.
    """
    first, second = _pair(clips)
    fig = family_pair(
        _own_scale({genre: values[1:] for genre, values in coefficients.items()}),
        "coefficient",
        kind="bands",
        bands=[str(number) for number in range(2, 21)],
        unit="low to high in its row",
    )
    return Picture(
        fig,
        caption=f"MFCC of {first} and {second}, without the first coefficient. Each coefficient "
        "has its own scale, the same for both clips: blue is low, red is high for this "
        "coefficient. Compare a row with the same row of the other clip. A row that keeps its "
        f"colour is a timbre that stays.",
        alt="Two images of coefficients 2 to 20 over time. The values change by "
        f"{movement[first]:.1f} from frame to frame on average in {first}, by "
        f"{movement[second]:.1f} in {second}.",
        name="fig-features-mfcc",
    )


def hpss(clips: Clips, parts: Arrays, ratio: pd.Series) -> Picture:
    """Draw the loudness of the harmonic and of the percussive part.

    Parameters
    ----------
    clips : mapping of str to Clip
        The clips by genre.
    parts : mapping of str to numpy.ndarray
        By genre the RMS of both parts, shape ``(2, n_frames)``.
    ratio : pandas.Series
        By genre, how far the harmonic part lies above the other, in dB.

    Returns
    -------
    Picture
        One panel per clip.
    """
    first, second = _pair(clips)
    fig = family_pair(parts, "RMS (full scale = 1)", bands=["harmonic part", "percussive part"])
    return Picture(
        fig,
        caption=f"Loudness of the harmonic and the percussive part in {first} and {second}.",
        alt=f"Two panels with two curves each. The harmonic part lies {ratio[first]:.0f} decibels "
        f"above the percussive part on average in {first}, {ratio[second]:.0f} in {second}; a "
        "negative number means below.",
        name="fig-features-hpss",
    )


def centroid(clips: Clips, magnitudes: Arrays, curves: Arrays, balance: pd.Series) -> Picture:
    """Draw the spectral centroid on spectrograms.

    Parameters
    ----------
    clips : mapping of str to Clip
        The clips by genre.
    magnitudes : mapping of str to numpy.ndarray
        Magnitude of the STFT by genre, shape ``(1025, n_frames)``.
    curves : mapping of str to numpy.ndarray
        Spectral centroid by genre, in Hz, shape ``(1, n_frames)``.
    balance : pandas.Series
        Mean centroid by genre, in Hz.

    Returns
    -------
    Picture
        One panel per clip.
    """
    first, second = _pair(clips)
    levels = {
        genre: librosa.amplitude_to_db(values, ref=np.max) for genre, values in magnitudes.items()
    }
    over = {genre: curve[0] for genre, curve in curves.items()}
    fig = family_pair(levels, "frequency (Hz)", kind="hz", unit="level (dB)", over=over)
    return Picture(
        fig,
        caption=f"The spectral centroid (white line) on the spectrograms of {first} and {second}. "
        f"It balances the spectrum of each frame.",
        alt=f"Two spectrograms with a white curve. The curve lies at {balance[first]:,.0f} hertz "
        f"on average in {first} and at {balance[second]:,.0f} hertz in {second}.",
        name="fig-features-centroid",
    )


def chroma(clips: Clips, strengths: Arrays, busy: pd.Series) -> Picture:
    """Draw chroma.

    Parameters
    ----------
    clips : mapping of str to Clip
        The clips by genre.
    strengths : mapping of str to numpy.ndarray
        Chroma by genre, shape ``(12, n_frames)``.
    busy : pandas.Series
        By genre, how many pitch classes reach half of the maximum on average.

    Returns
    -------
    Picture
        One panel per clip.
    """
    first, second = _pair(clips)
    fig = family_pair(strengths, "pitch class", kind="chroma", unit="strength")
    return Picture(
        fig,
        caption=f"Chroma of {first} and {second}. Rows that light up together are chords; a "
        f"column in which every row is bright is noise.",
        alt=f"Two images of the twelve pitch classes over time. On average {busy[first]:.1f} of "
        f"them are stronger than half of the strongest in {first}, {busy[second]:.1f} in "
        f"{second}.",
        name="fig-features-chroma",
    )


def tonnetz(clips: Clips, coordinates: Arrays, pull: pd.Series) -> Picture:
    """Draw the tonnetz.

    Parameters
    ----------
    clips : mapping of str to Clip
        The clips by genre.
    coordinates : mapping of str to numpy.ndarray
        Tonnetz by genre, shape ``(6, n_frames)``.
    pull : pandas.Series
        Mean distance from the centre of the circles by genre.

    Returns
    -------
    Picture
        One panel per clip.
    """
    first, second = _pair(clips)
    fig = family_pair(coordinates, "axis", kind="bands", bands=TONNETZ, unit="coordinate")
    return Picture(
        fig,
        caption=f"Tonnetz of {first} and {second}: two coordinates for each of three circles. "
        "White is no pull along this axis; blocks of even colour are chords that last; extreme "
        "values share the end colours.",
        alt="Two images of six coordinates over time. Their mean distance from the centre of the "
        f"circles is {pull[first]:.2f} in {first} and {pull[second]:.2f} in {second}.",
        name="fig-features-tonnetz",
    )


def rms(clips: Clips, loudness: Arrays, swing: pd.Series) -> Picture:
    """Draw the loudness.

    Parameters
    ----------
    clips : mapping of str to Clip
        The clips by genre.
    loudness : mapping of str to numpy.ndarray
        RMS by genre, shape ``(1, n_frames)``.
    swing : pandas.Series
        Standard deviation of the RMS by genre, as a share of its mean.

    Returns
    -------
    Picture
        One panel per clip.
    """
    first, second = _pair(clips)
    fig = family_pair(loudness, "RMS (full scale = 1)")
    return Picture(
        fig,
        caption=f"RMS of {first} and {second}.",
        alt=f"Two curves over time. The standard deviation is {swing[first]:.0%} of the mean in "
        f"{first} and {swing[second]:.0%} in {second}.",
        name="fig-features-rms",
    )


def tempo(clips: Clips, onsets: Arrays, found: pd.Series) -> Picture:
    """Draw onset envelopes, and even beats at the tempo found.

    Parameters
    ----------
    clips : mapping of str to Clip
        The clips by genre.
    onsets : mapping of str to numpy.ndarray
        Onset envelope by genre, in dB, shape ``(n_frames,)``.
    found : pandas.Series
        Tempo by genre, in beats per minute.

    Returns
    -------
    Picture
        One panel per clip.
    """
    first, second = _pair(clips)
    beats = {genre: beat_grid(onset, found[genre]) for genre, onset in onsets.items()}
    fig = family_pair(onsets, "onset strength (dB)", marks=beats)
    return Picture(
        fig,
        caption=f"Onset envelopes of {first} and {second}. Dotted: even beats at the tempo found, "
        f"shifted to where they fit best.",
        alt="Two curves of peaks over time with dotted lines at the beats. The tempo found is "
        f"{found[first]:.0f} beats per minute in {first} and {found[second]:.0f} in {second}.",
        name="fig-features-tempo",
    )


def beat_grid(onset: np.ndarray, bpm: float) -> np.ndarray:
    """Lay even beats at a tempo where the onsets are strongest.

    Parameters
    ----------
    onset : numpy.ndarray
        Onset envelope, shape ``(n_frames,)``.
    bpm : float
        Beats per minute.

    Returns
    -------
    numpy.ndarray
        Times of the beats in seconds.
    """
    step = 60 / bpm * SAMPLE_RATE / HOP_LENGTH
    grids = [
        np.arange(start, len(onset) - 1, step).round().astype(int) for start in range(int(step))
    ]
    best = max(grids, key=lambda grid: onset[grid].mean())
    return librosa.frames_to_time(best, sr=SAMPLE_RATE, hop_length=HOP_LENGTH)


def statistics(clips: Clips, curves: Arrays) -> Picture:
    """Draw the spectral centroid of the second clip and the four statistics of it.

    Parameters
    ----------
    clips : mapping of str to Clip
        The clips by genre.
    curves : mapping of str to numpy.ndarray
        Spectral centroid by genre, in Hz, shape ``(1, n_frames)``.

    Returns
    -------
    Picture
        A curve with lines.
    """
    _, second = _pair(clips)
    curve = curves[second][0]
    times = frame_times(len(curve))
    mean, std, low, peak = curve.mean(), curve.std(), curve.min(), curve.max()
    fig, ax = plt.subplots()
    ax.plot(times, curve, color=genre_colours(clips)[second], linewidth=1.2)
    ax.axhspan(mean - std, mean + std, color="#999999", alpha=0.25, label="mean ± std")
    ax.axhline(mean, color="black", label="mean")
    ax.axhline(peak, color="black", linestyle="--", label="max")
    ax.axhline(low, color="black", linestyle=":", label="min")
    ax.set(xlabel="time (s)", ylabel="spectral centroid (Hz)", xlim=(0, times[-1]))
    fig.legend(loc="outside upper center", ncols=4)
    return Picture(
        fig,
        caption=f"The spectral centroid of {second} and what is kept of it: mean {mean:,.0f} Hz, "
        f"standard deviation {std:,.0f} Hz, minimum {low:,.0f} Hz, maximum {peak:,.0f} Hz.",
        alt=f"A curve over time with horizontal lines at its mean, {mean:,.0f} hertz, its "
        f"minimum, {low:,.0f}, and its maximum, {peak:,.0f}, and a grey band of one standard "
        "deviation.",
        name="fig-features-statistics",
    )
