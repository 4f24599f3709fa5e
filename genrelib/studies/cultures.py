"""Songs of 86 cultures: what is measured of each as a whole, and what was asked of them.

The songs are the corpus ``nhs`` (Mehr et al. 2019). Beside features and ear, which every corpus
has, their melody is followed and their recording is described without their music.
"""

from __future__ import annotations

from collections.abc import Mapping

import librosa
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy.stats import ttest_ind

from genrelib.corpus import PACKAGE_DATA, SAMPLE_RATE, Corpus, nhs_songs
from genrelib.evaluation import cross_validate, score
from genrelib.features import TEMPO_TOLERANCE
from genrelib.models import make_model
from genrelib.studies.melody import MELODY_HOP, follow_melody

CONDITIONS = {
    "level": "level (dB)",
    "floor": "quietest moments (dB below the level)",
    "lowest": "lowest frequency (Hz)",
    "highest": "highest frequency (Hz)",
}
"""What is measured of a recording rather than of its music, and what it is called."""
QUIET = 5
"""Per cent of the frames that count as the quietest moments."""
EDGE = 50
"""Decibels below its loudest band where the mean spectrum is taken to end."""


def recording_conditions(samples: np.ndarray) -> dict[str, float]:
    """Measure a recording rather than its music: level, quietest moments, and bandwidth.

    Explained in chapter 14.

    Parameters
    ----------
    samples : numpy.ndarray
        Mono samples at 22,050 Hz, shape ``(n_samples,)``.

    Returns
    -------
    dict
        ``level`` in dB of full scale; ``floor``, how far the quietest :data:`QUIET` per cent of
        the frames lie below it, in dB; ``lowest`` and ``highest`` frequency, in Hz, between
        which the mean spectrum, in bands of a third of an octave, is less than :data:`EDGE` dB
        below its loudest band.
    """
    power = np.abs(librosa.stft(samples, n_fft=4096, hop_length=MELODY_HOP)) ** 2
    frequencies = librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=4096)
    edges = 25 * 2 ** (np.arange(28) / 3)
    band = np.digitize(frequencies, edges)
    means = np.array([power[band == k].mean() for k in range(1, len(edges))])
    inside = np.flatnonzero(10 * np.log10(means / means.max() + 1e-12) > -EDGE)
    rms = librosa.feature.rms(y=samples, frame_length=2048, hop_length=MELODY_HOP)[0]
    level = 10 * np.log10(np.mean(samples.astype(float) ** 2) + 1e-12)
    return {
        "level": float(level),
        "floor": float(level - 20 * np.log10(np.percentile(rms, QUIET) + 1e-6)),
        "lowest": float(edges[inside[0]]),
        "highest": float(edges[inside[-1] + 1]),
    }


def describe_song(samples: np.ndarray) -> dict[str, object]:
    """Measure what is embedded of a song as a whole.

    Parameters
    ----------
    samples : numpy.ndarray
        Mono samples at 22,050 Hz.

    Returns
    -------
    dict
        What :func:`recording_conditions` gives, and ``melody``, as from
        :func:`genrelib.studies.melody.follow_melody`.
    """
    return recording_conditions(samples) | {"melody": follow_melody(samples)}


def song_table(corpus: Corpus) -> pd.DataFrame:
    """Say of every song where it is from, how it was recorded, and what its melody is.

    Explained in chapter 14.

    Parameters
    ----------
    corpus : Corpus
        Songs of the corpus ``nhs``. Those that the package has not measured are measured from
        their audio, about four seconds each.

    Returns
    -------
    pandas.DataFrame
        One row per track of the corpus: the columns of :func:`genrelib.corpus.nhs_songs`, those
        of :data:`CONDITIONS`, and ``melody``.
    """
    kept = pq.read_table(PACKAGE_DATA / "nhs" / "songs.parquet").to_pandas().set_index("track_id")
    kept["melody"] = kept["melody"].map(lambda cents: np.asarray(cents, float))
    new = corpus.tracks.index.difference(kept.index)
    if len(new):
        rows = {key: describe_song(corpus.audio(key)) for key in new}
        kept = pd.concat([kept, pd.DataFrame.from_dict(rows, orient="index")])
    return nhs_songs().loc[corpus.tracks.index].join(kept)


SONG_PROTOCOLS = {
    "random slices": ("random-slice", "culture"),
    "song held out": ("track", "culture"),
    "culture held out": ("artist", "culture"),
    "region held out": ("artist", "region"),
}
"""How songs are held out, from the most forgiving way to the strictest: a protocol of
:mod:`genrelib.evaluation`, and what stands in the place of the artist."""
SONG_MODELS = {"logistic regression": "logistic", "nearest neighbour": "knn"}
"""Models that are asked about songs, with the settings of the chapters before."""
REPORTED = {
    "listeners": (78_727, 185_832),
    "machine, sound": (43, 118),
    "machine, experts' ratings": (51, 118),
}
"""Right answers and answers on what a song is for, of four, as Mehr et al. (2019) published them
with their code (repository themusiclab/nhs, folder ``results``): listeners on the internet
(``online_listeners_overall_confusion_final.csv``), and a regression with the region held out on
numbers from the sound and on what experts heard (``hraf_region_disco_overall_confusion.csv``)."""


def label_slices(
    slices: pd.DataFrame, songs: pd.DataFrame, target: str, group: str
) -> pd.DataFrame:
    """Say of every slice what is asked, and what it is held out with.

    Parameters
    ----------
    slices : pandas.DataFrame
        One row per slice of the songs.
    songs : pandas.DataFrame
        From :func:`song_table`.
    target : str
        The column of `songs` that stands in the place of the genre.
    group : str
        The column that stands in the place of the artist.

    Returns
    -------
    pandas.DataFrame
        The slices with another ``genre`` and ``artist``.
    """
    own = songs.loc[slices["track_id"]]
    return slices.assign(genre=own[target].to_numpy(), artist=own[group].to_numpy())


def examine_songs(
    inputs: Mapping[str, pd.DataFrame],
    slices: pd.DataFrame,
    songs: pd.DataFrame,
    target: str,
    *,
    seed: int = 0,
) -> dict[tuple[str, str, str], pd.DataFrame]:
    """Ask models what a song is for, or where it is from, under each way to hold songs out.

    Explained in chapter 14.

    Parameters
    ----------
    inputs : mapping of str to pandas.DataFrame
        What the models are given, row-aligned with `slices`.
    slices : pandas.DataFrame
        One row per slice.
    songs : pandas.DataFrame
        From :func:`song_table`.
    target : {"function", "region"}
        What is asked. Where it is the region, none can be held out.
    seed : int
        Seed of folds and models.

    Returns
    -------
    dict
        Predictions tables by input, model (one of :data:`SONG_MODELS`) and way to hold out (one
        of :data:`SONG_PROTOCOLS`).
    """
    told = {}
    for how, (protocol, group) in SONG_PROTOCOLS.items():
        if group == target:
            continue
        rows = label_slices(slices, songs, target, group)
        folds = songs["region"].nunique() if group == "region" else 5
        for given, X in inputs.items():
            for name, kind in SONG_MODELS.items():
                told[given, name, how] = cross_validate(
                    make_model(kind, seed),
                    X,
                    rows,
                    protocol,
                    n_splits=folds,
                    seed=seed,
                    model=name,
                )
    return told


def song_scores(told: Mapping[tuple[str, str, str], pd.DataFrame]) -> pd.DataFrame:
    """Score songs, by the vote of their slices.

    Parameters
    ----------
    told : mapping
        From :func:`examine_songs`.

    Returns
    -------
    pandas.DataFrame
        Index input, model and held out; columns value, low, high, n_tracks and n_genres.
    """
    rows = {
        key: score(table).query("level == 'track' and metric == 'accuracy'").iloc[0]
        for key, table in told.items()
    }
    table = pd.DataFrame(rows).T[["value", "low", "high", "n_tracks", "n_genres"]].astype(float)
    return table.rename_axis(index=["input", "model", "held out"])


def guess_by_region(songs: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Say what a song is for from its region alone: the most frequent answer of the others there.

    Explained in chapter 14.

    Parameters
    ----------
    songs : pandas.DataFrame
        From :func:`song_table`.
    seed : int
        Seed of the folds.

    Returns
    -------
    pandas.DataFrame
        A predictions table, one row per song, with songs held out.
    """
    rows = as_rows(songs, "function", "culture")
    X = pd.get_dummies(songs["region"]).astype(float).set_axis(rows.index)
    model = make_model("forest", seed, True)
    return cross_validate(model, X, rows, "track", seed=seed, model="region alone")


def as_rows(songs: pd.DataFrame, target: str, group: str) -> pd.DataFrame:
    """Lay out songs as a table of slices with one slice per song.

    Parameters
    ----------
    songs : pandas.DataFrame
        From :func:`song_table`.
    target, group : str
        Columns that stand in the place of genre and artist.

    Returns
    -------
    pandas.DataFrame
        One row per song; index ``slice_id``.
    """
    index = pd.Index(songs.index + ":0", name="slice_id")
    return pd.DataFrame(
        {
            "track_id": songs.index.to_numpy(),
            "genre": songs[target].to_numpy(),
            "artist": songs[group].to_numpy(),
            "side": None,
        },
        index=index,
    )


def region_from_conditions(songs: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Say where a song is from by how it was recorded, with cultures held out.

    Explained in chapter 14.

    Parameters
    ----------
    songs : pandas.DataFrame
        From :func:`song_table`.
    seed : int
        Seed of folds and model.

    Returns
    -------
    pandas.DataFrame
        A predictions table, one row per song.
    """
    rows = as_rows(songs, "region", "culture")
    X = songs[list(CONDITIONS)].set_axis(rows.index)
    model = make_model("logistic", seed)
    return cross_validate(model, X, rows, "artist", seed=seed, model="conditions alone")


def by_lot(
    values: pd.Series, groups: pd.Series, *, n: int = 1000, seed: int = 0
) -> dict[str, float]:
    """Compare the share of variance between groups with that of groups drawn by lot.

    Explained in chapter 14.

    Parameters
    ----------
    values : pandas.Series
        A number per song; missing ones are left out.
    groups : pandas.Series
        Group of each song.
    n : int
        How often the groups are dealt anew.
    seed : int
        Seed of the lots.

    Returns
    -------
    dict
        ``value``, the share; ``lot``, the mean share by lot; ``beaten``, the share of the lots
        that reach the value.
    """
    known = values.dropna()
    own = pd.get_dummies(groups.loc[known.index]).to_numpy(float)
    rng = np.random.default_rng(seed)
    centred = known.to_numpy(float) - known.mean()
    dealt = rng.permuted(np.tile(centred, (n, 1)), axis=1)
    between = ((np.vstack([centred, dealt]) @ own) ** 2 / own.sum(axis=0)).sum(axis=1)
    value, *lots = between / (centred**2).sum()
    return {
        "value": float(value),
        "lot": float(np.mean(lots)),
        "beaten": float(np.mean(lots >= value)),
    }


def tempo_agrees(slices: pd.DataFrame, tempo: pd.Series) -> pd.Series:
    """Say of every track whether its first two slices are given one tempo.

    Explained in chapter 14.

    Parameters
    ----------
    slices : pandas.DataFrame
        One row per slice, with ``track_id``.
    tempo : pandas.Series
        Beats per minute of each slice.

    Returns
    -------
    pandas.Series
        1 where the two differ by at most 4 %, 0 elsewhere, by ``track_id``; tracks of one slice
        are left out.
    """
    tracks = tempo.groupby(slices["track_id"].to_numpy())
    ratio = tracks.agg(lambda own: own.iloc[1] / own.iloc[0] if len(own) > 1 else np.nan).dropna()
    return ((ratio - 1).abs() <= TEMPO_TOLERANCE).astype(float)


def mean_apart(a: pd.Series, b: pd.Series) -> dict[str, float]:
    """Give the difference of the means of two groups of recordings, with a 95 % interval.

    Explained in chapter 14.

    Parameters
    ----------
    a, b : pandas.Series
        A number per recording; missing ones are left out.

    Returns
    -------
    dict
        ``value``, ``low`` and ``high`` (Welch 1947, doi:10.1093/biomet/34.1-2.28).
    """
    a, b = a.dropna(), b.dropna()
    found = ttest_ind(a, b, equal_var=False).confidence_interval()
    return {
        "value": float(a.mean() - b.mean()),
        "low": float(found.low),
        "high": float(found.high),
    }
