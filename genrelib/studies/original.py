"""The original study's own tables, for chapter 7: fetched, checked, and laid out like ours.

Also what the study did with them that nobody else here does: its split, its one-hot forest.

The study (github.com/Kellyajara/Music_Classification, 2023) publishes two tables of its slices.
They have no licence: they are downloaded to the data folder, never part of the package. From here
they go to :mod:`genrelib.evaluation`, like any other slices and features.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import joblib
import librosa
import numpy as np
import pandas as pd
import pooch
import requests
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from genrelib.corpus import (
    SAMPLE_RATE,
    Corpus,
    DownloadError,
    Mirror,
    data_root,
    extra_mirrors,
    gtzan_annotations,
)
from genrelib.features import SLICE_LENGTH

COMMIT = "fc45f7e0d8056096de9b1836e203bcd065baa8f4"
"""Commit of the study's repository that is read."""

FILES = {
    "music3.csv": "ba1d156e5cb3d64f49913e8d4fb392688711826fd2ee8b2750eeda89d33dc245",
    "mfcc.csv": "ee94489a9dfea092604d22c893c50ad85d8de07b018db62e0a0c6f2ad9bd66e2",
}
"""Its two tables, with their SHA-256."""

_HOME = f"https://raw.githubusercontent.com/Kellyajara/Music_Classification/{COMMIT}/Data"


NETWORK_SHARES = 0.30, 0.20
"""What the study's networks spared for testing, and of the rest for validation."""


class TablesError(ValueError):
    """A file that is not the table it is named after."""


@dataclass(frozen=True, eq=False)
class OriginalStudy:
    """The study's slices and what it knows of each.

    Parameters
    ----------
    slices : pandas.DataFrame
        As from :func:`genrelib.features.slice_tracks`, with one more column, ``source``:
        ``GTZAN``, or ``private`` for tracks of a private library, whose artists are not known.
    means : pandas.DataFrame
        ``music3.csv``: 39 columns under the names they have there, row-aligned with ``slices``.
    instant : pandas.DataFrame
        ``mfcc.csv``: 64 columns, row-aligned with ``slices``.
    """

    slices: pd.DataFrame
    means: pd.DataFrame
    instant: pd.DataFrame


def load_original_study(missing: str = "raise") -> OriginalStudy | None:
    """Read the study's tables; download them first where they are not on disk (7 MB).

    Explained in chapter 7.

    Parameters
    ----------
    missing : {"raise", "none"}
        What to do where a table is neither on disk nor to be had: an error, or None.

    Returns
    -------
    OriginalStudy or None
        Slices and both tables.

    Raises
    ------
    DownloadError
        If a table is neither on disk nor to be had, unless ``missing`` is ``none``.
    TablesError
        If a file on disk is not the table of :data:`COMMIT`.

    Notes
    -----
    The tables are looked for in ``original-study`` below :func:`genrelib.corpus.data_root`, and
    kept there. ``GENRELIB_OFFLINE=1`` forbids the download; a mirror of the folder is named by
    ``GENRELIB_MIRRORS='original-study=https://...'``.
    """
    try:
        first, second = (pd.read_csv(_fetch(name)) for name in FILES)
    except DownloadError:
        if missing == "none":
            return None
        raise
    names = first["file_name"].str.extract(r"^(?P<track>.+)_segment_(?P<number>\d+)\.wav$")
    number = names["number"].astype(int) - 1
    index = pd.Index(names["track"] + ":" + number.astype(str), name="slice_id", dtype=object)
    known = gtzan_annotations()
    slices = pd.DataFrame(
        {
            "track_id": names["track"].to_numpy(object),
            "genre": first["genre_y"].to_numpy(object),
            "artist": known["artist"].reindex(names["track"]).to_numpy(object),
            "side": known["side"].reindex(names["track"]).to_numpy(object),
            "start": number.to_numpy() * SLICE_LENGTH,
            "end": (number.to_numpy() + 1) * SLICE_LENGTH,
            "source": np.where(names["track"].isin(known.index), "GTZAN", "private"),
        },
        index=index,
    )
    return OriginalStudy(
        slices,
        first.drop(columns=["file_name", "genre_y"]).set_axis(index),
        second.drop(columns="label").set_axis(index),
    )


def recordings(study: OriginalStudy) -> pd.Series:
    """Find tracks that are one recording under several names: they share a row, to the last digit.

    Explained in chapter 7.

    Parameters
    ----------
    study : OriginalStudy
        The study's tables.

    Returns
    -------
    pandas.Series
        For each slice the name of its recording, the first of the names of its tracks. Tracks
        that share rows with a third are one recording, too (connected components).
    """
    row, _ = pd.factorize(pd.util.hash_pandas_object(study.means, index=False))
    track, names = pd.factorize(study.slices["track_id"])
    size = len(names) + row.max() + 1
    links = coo_array((np.ones(len(row)), (track, len(names) + row)), shape=(size, size))
    _, label = connected_components(links, directed=False)
    first = pd.Series(names).groupby(label[: len(names)]).transform("min")
    return pd.Series(first.to_numpy()[track], index=study.slices.index, name="recording")


def _fetch(name: str) -> Path:
    """Say where a table is on disk, after downloading it if need be."""
    path = data_root() / "original-study" / name
    if path.is_file():
        if hashlib.sha256(path.read_bytes()).hexdigest() != FILES[name]:
            raise TablesError(
                f"{path}: not the table of commit {COMMIT[:7]}, its checksum differs. Delete it, "
                "and it is downloaded again"
            )
        return path
    if os.environ.get("GENRELIB_OFFLINE"):
        raise DownloadError(f"{path}: not there, and GENRELIB_OFFLINE forbids to download it")
    pooch.get_logger().setLevel("WARNING")
    reasons = []
    for mirror in [*extra_mirrors("original-study"), Mirror(_HOME)]:
        try:
            return Path(
                pooch.retrieve(
                    f"{mirror.url.rstrip('/')}/{name}",
                    known_hash=f"sha256:{FILES[name]}",
                    fname=name,
                    path=path.parent,
                    downloader=pooch.HTTPDownloader(timeout=15),
                )
            )
        except (OSError, ValueError, requests.RequestException) as error:
            with contextlib.suppress(OSError):  # made for a file that did not come
                path.parent.rmdir()
            reasons.append(f"  {mirror.url}: {' '.join(str(error).split())[:200]}")
    raise DownloadError(
        "\n".join(
            [
                f"{name} of the original study could not be downloaded. Tried:",
                *reasons,
                f"Put it at {path}, or name a mirror of its folder, "
                "GENRELIB_MIRRORS='original-study=https://...'",
            ]
        )
    )


def tables_on_disk() -> list[Path]:
    """List the tables that are in the data folder.

    Returns
    -------
    list of pathlib.Path
        None, one or both; whether they are the right ones, :func:`load_original_study` says.
    """
    folder = data_root() / "original-study"
    return [folder / name for name in FILES if (folder / name).is_file()]


def check_first_frames(music: Corpus, every: int = 10) -> pd.Series:
    """Compare the study's 64 numbers with the first frame of each slice, measured anew.

    Parameters
    ----------
    music : Corpus
        Tracks of GTZAN under the names they have there.
    every : int
        Compare one row in so many.

    Returns
    -------
    pandas.Series of bool
        For each slice compared, whether the 64 numbers agree to 0.01 dB. Empty where the study's
        tables or the recordings are not on disk.
    """
    if "gtzan" not in music.name or not music.has_audio or len(tables_on_disk()) < len(FILES):
        return pd.Series(dtype=bool)
    study = load_original_study()
    assert study is not None  # it raises instead
    some = study.slices[study.slices["track_id"].isin(music.tracks.index)].iloc[::every]
    agree = {
        name: np.allclose(study.instant.loc[name], _first_frame(music, some.loc[name]), atol=0.01)
        for name in some.index
    }
    return pd.Series(agree, dtype=bool)


def _first_frame(music: Corpus, row: pd.Series) -> np.ndarray:
    """Measure the first frame of a slice as the study did: cepstral coefficients, in decibels."""
    start, length = (round(s * SAMPLE_RATE) for s in (row["start"], SLICE_LENGTH))
    y = music.audio(row["track_id"])[start : start + length]
    mfcc = librosa.feature.mfcc(y=y, sr=SAMPLE_RATE, n_mfcc=64, hop_length=1024)
    return librosa.power_to_db(mfcc, ref=np.max)[:, 0]


def published_split(
    n_slices: int, test: float = 0.20, valid: float = 0.25, seed: int = 42
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split rows as the study did: a share for testing, then a share of the rest for validation.

    Explained in chapter 7.

    Parameters
    ----------
    n_slices : int
        Rows to split.
    test : float
        Share for testing.
    valid : float
        Share of the rest for validation.
    seed : int
        Seed of both draws; the study used 42 for its classic models and none for its networks.

    Returns
    -------
    tuple of numpy.ndarray
        Positions of training, validation and test rows.
    """
    rest, held_out = train_test_split(np.arange(n_slices), test_size=test, random_state=seed)
    train, checked = train_test_split(rest, test_size=valid, random_state=seed)
    return train, checked, held_out


def tree_answers(
    X: np.ndarray, genre: np.ndarray, X_test: np.ndarray, *, n_trees: int = 100, seed: int = 0
) -> np.ndarray:
    """Ask every tree of a forest with a one-hot target which genres it says yes to.

    Explained in chapter 7.

    Parameters
    ----------
    X : numpy.ndarray
        Training features, shape ``(n_slices, n_columns)``; standardised here, as in the study.
    genre : numpy.ndarray
        Their genres, shape ``(n_slices,)``.
    X_test : numpy.ndarray
        Test features, shape ``(n_test, n_columns)``.
    n_trees : int
        Trees to grow.
    seed : int
        Seed of the forest.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n_trees, n_test, n_genres)``, genres sorted: the share of yes in the leaf
        that a slice ends in, mostly 0 or 1. A forest says yes where the mean over its trees is
        above one half.
    """
    scaler = StandardScaler().fit(X)
    forest = RandomForestClassifier(n_trees, random_state=seed)
    forest.fit(scaler.transform(X), pd.get_dummies(pd.Series(genre)))
    rows = scaler.transform(X_test).astype(np.float32)
    trees = [np.array(tree.predict_proba(rows))[:, :, 1].T for tree in forest.estimators_]
    return np.array(trees, np.float32)


def grow_trees(
    study: OriginalStudy, seeds: Iterable[int], *, jobs: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Fill an urn with the trees of several forests, grown on the published split.

    Explained in chapter 7.

    Parameters
    ----------
    study : OriginalStudy
        The study's tables.
    seeds : iterable of int
        One forest of a hundred trees for each.
    jobs : int
        Processes to use.

    Returns
    -------
    votes : numpy.ndarray
        The answers of all trees to the test rows, as from :func:`tree_answers`.
    truth : numpy.ndarray
        Boolean, shape ``(n_test, n_genres)``: the right answers.
    """
    X, genre = study.means.to_numpy(), study.slices["genre"].to_numpy(object)
    train, _, test = published_split(len(genre))
    run = joblib.Parallel(n_jobs=jobs)
    votes = run(
        joblib.delayed(tree_answers)(X[train], genre[train], X[test], seed=seed) for seed in seeds
    )
    return np.concatenate(votes), genre[test][:, None] == np.unique(genre)


def draw_forests(votes: np.ndarray, n_trees: int, n_draws: int, seed: int = 0) -> np.ndarray:
    """Draw forests from an urn of trees, each without putting a tree back.

    Explained in chapter 7.

    The trees of a forest are grown independently of each other, so a draw from many of them is a
    forest like any other: what a set of seeds would show is shown by far fewer trees.

    Parameters
    ----------
    votes : numpy.ndarray
        As from :func:`tree_answers`, shape ``(n_urn, n_test, n_genres)``.
    n_trees : int
        Trees in a forest.
    n_draws : int
        Forests to draw.
    seed : int
        Seed of the draws.

    Returns
    -------
    numpy.ndarray
        Boolean, shape ``(n_draws, n_test, n_genres)``: the genres that a forest says yes to.
    """
    rng = np.random.default_rng(seed)
    drawn = np.zeros((n_draws, len(votes)), np.float32)
    for row in drawn:
        row[rng.choice(len(votes), n_trees, replace=False)] = 1
    yes = drawn @ votes.reshape(len(votes), -1) > n_trees / 2
    return yes.reshape(n_draws, *votes.shape[1:])


def answer_scores(yes: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Score answers that may name several genres or none, as scikit-learn does for one-hot rows.

    Explained in chapter 7.

    Parameters
    ----------
    yes : numpy.ndarray
        Boolean, shape ``(..., n_slices, n_genres)``: the answers of one or many forests.
    truth : numpy.ndarray
        Boolean, shape ``(n_slices, n_genres)``.

    Returns
    -------
    dict of numpy.ndarray
        Each of shape ``(...)``: ``accuracy`` (rows that are right as a whole), ``macro
        precision`` (0 for a genre that is never named), ``macro recall``, and ``rows of zeros``,
        the number of slices that get no genre.
    """
    hits, called = (yes & truth).sum(axis=-2), yes.sum(axis=-2)
    return {
        "accuracy": (yes == truth).all(axis=-1).mean(axis=-1),
        "macro precision": (hits / np.maximum(called, 1)).mean(axis=-1),
        "macro recall": (hits / truth.sum(axis=0)).mean(axis=-1),
        "rows of zeros": (~yes.any(axis=-1)).sum(axis=-1),
    }


def train_network(
    study: OriginalStudy, variant: str, *, epochs: int = 50, seed: int = 0
) -> pd.DataFrame:
    """Train the study's network on the numbers of the first frame.

    Explained in chapter 7.

    Its layers and its split are the published ones; the study set no seed for either.

    Parameters
    ----------
    study : OriginalStudy
        The study's tables.
    variant : str
        ``without L2`` and ``with L2`` are the published networks; ``backwards`` and ``shuffled,
        1`` (or any other number) are the first with the columns in another order.
    epochs : int
        Passes over the training rows.
    seed : int
        Seed of the split, the weights, and the order of the columns.

    Returns
    -------
    pandas.DataFrame
        One row per epoch: ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy``, ``run`` (the
        variant) and ``epoch`` (from 0).
    """
    from genrelib.models import recurrent_network

    X = study.instant.to_numpy()[:, _column_order(variant, study.instant.shape[1], seed)]
    y = pd.get_dummies(study.slices["genre"]).to_numpy(np.float32)
    train, valid, _ = published_split(len(X), *NETWORK_SHARES, seed)
    X = StandardScaler().fit(X[train]).transform(X).astype(np.float32)[:, :, None]
    network = recurrent_network(
        X.shape[1:], y.shape[1], units=(128, 64), dense=(32, 16), dropout=0.2, learning_rate=1e-3,
        clipnorm=None, l2=0.01 if variant == "with L2" else 0, seed=seed,
    )  # fmt: skip
    fit = network.fit(
        X[train], y[train], validation_data=(X[valid], y[valid]),
        epochs=epochs, batch_size=225, verbose=0,
    )  # fmt: skip
    return pd.DataFrame(fit.history).assign(run=variant, epoch=fit.epoch)


def _column_order(variant: str, n_columns: int, seed: int) -> np.ndarray:
    forward = np.arange(n_columns)
    if variant.startswith("shuffled"):
        return np.random.default_rng([seed, *variant.encode()]).permutation(forward)
    return forward[::-1] if variant == "backwards" else forward
