"""Another culture, another kind of label: 1,000 recordings in 20 makams.

A makam is a mode of Ottoman-Turkish music: which steps above the tonic a melody uses, and how
much. The recordings and their labels are those of Karakurt, Senturk and Serra (MORTY, 2016); what
is embedded of them is in ``genrelib/data/makam``, under the licence that lies there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from genrelib.corpus import PACKAGE_DATA, gtzan_annotations
from genrelib.evaluation import cross_validate, hits, score
from genrelib.models import make_model

STEPS = 240
"""Steps of 5 cents in an octave."""


def load_makam() -> tuple[pd.DataFrame, np.ndarray]:
    """Read the recordings and their melodies.

    Explained in chapters 9 and 14.

    Returns
    -------
    recordings : pandas.DataFrame
        One row per recording, laid out like a table of slices with one slice per track:
        ``track_id``, ``genre`` (the makam), ``artist`` (the first that is named), ``side``
        (missing), ``release`` (recordings whose releases are linked have one name) and ``work``
        (the same of works; a recording of no known work is alone).
    melodies : numpy.ndarray of float32, shape (n_recordings, 240)
        The share of the melody in each of 240 steps of 5 cents above the tonic.
    """
    table = pq.read_table(PACKAGE_DATA / "makam" / "recordings.parquet")
    flat = table.column("distribution").combine_chunks().flatten().to_numpy()
    listed = table.drop_columns(["distribution"]).to_pandas()
    recordings = pd.DataFrame(
        {
            "track_id": listed["recording_id"],
            "genre": listed["makam"],
            "artist": listed["artist_ids"].str.split(";").str[0],
            "side": None,
            "release": linked(listed["release_ids"]),
            "work": linked(listed["work_ids"].fillna(listed["recording_id"])),
        }
    )
    index = pd.Index(listed["recording_id"] + ":0", name="slice_id")
    return recordings.set_axis(index), flat.reshape(len(listed), -1).astype(np.float32)


FORMS = {
    "240 steps": "as measured",
    "12 steps": "twelve equal steps in place of 240",
    "by the peak": "240 steps above the most frequent one, as if the tonic were unknown",
    "turned at random": "240 steps above a random one",
}
"""What is made of a melody before a model sees it."""
MAKAM_GROUPS = ("random", "artist", "release", "work")
"""What is held out together, besides the recording itself."""
MAKAM_MODELS = {"k-NN": "knn", "SVM": "svm"}
CHOICES: dict[str, list[dict[str, Any]]] = {
    "k-NN": [{"n_neighbors": k} for k in (1, 3, 5, 9)],
    "SVM": [{"C": c} for c in (1, 10)],
}
"""Settings that are tried on the part that is not scored."""
SPARED = 0.2
"""Share of the artists whose recordings serve to choose settings, and are not scored."""


def twelve_steps(melodies: np.ndarray) -> np.ndarray:
    """Bring melodies to the steps of a piano: each of 240 steps goes to the nearest of twelve.

    Explained in chapter 14.

    Parameters
    ----------
    melodies : numpy.ndarray
        Shares in 240 steps, shape ``(n, 240)``.

    Returns
    -------
    numpy.ndarray, shape (n, 12)
        Shares in twelve equal steps above the same tonic.
    """
    near = np.roll(melodies, STEPS // 24, axis=1)
    return near.reshape(len(melodies), 12, -1).sum(axis=2)


def in_form(melodies: np.ndarray, form: str, *, seed: int = 0) -> np.ndarray:
    """Change what a model may know of melodies.

    Explained in chapter 14.

    Parameters
    ----------
    melodies : numpy.ndarray
        Shares in 240 steps, shape ``(n, 240)``.
    form : str
        One of :data:`FORMS`.
    seed : int
        Seed of the random turns.

    Returns
    -------
    numpy.ndarray, shape (n, 240) or (n, 12)
        The shares, each step of a melody moved alike; square roots, so that rare steps count.
    """
    if form == "12 steps":
        return np.sqrt(twelve_steps(melodies))
    by = np.zeros(len(melodies), int)
    if form == "by the peak":
        by = melodies.argmax(axis=1)
    elif form == "turned at random":
        by = np.random.default_rng(seed).integers(STEPS, size=len(melodies))
    at = (np.arange(STEPS) + by[:, None]) % STEPS
    return np.sqrt(np.take_along_axis(melodies, at, axis=1))


def choose_makam(
    recordings: pd.DataFrame, melodies: np.ndarray, *, seed: int = 0
) -> tuple[dict[str, dict[str, Any]], np.ndarray]:
    """Choose the settings of the models on the recordings of some artists.

    Explained in chapter 14.

    Parameters
    ----------
    recordings : pandas.DataFrame
        From :func:`load_makam`.
    melodies : numpy.ndarray
        From the same.
    seed : int
        Decides which artists are spared, a fifth of them.

    Returns
    -------
    settings : dict of str to dict
        For each of :data:`MAKAM_MODELS` the settings with the highest accuracy.
    scored : numpy.ndarray of bool
        Which recordings took no part in the choice.
    """
    artists = np.sort(recordings["artist"].unique())
    drawn = np.random.default_rng(seed).permutation(artists)[: round(SPARED * len(artists))]
    spared = recordings["artist"].isin(drawn).to_numpy()
    X, rows = in_form(melodies[spared], "240 steps"), recordings[spared]

    best = {}
    for name, tried in CHOICES.items():
        found = []
        for settings in tried:
            model = make_model(MAKAM_MODELS[name], **settings)
            told = cross_validate(model, X, rows, "track", n_splits=2, seed=seed)
            found.append(hits(told).mean())
        best[name] = tried[int(np.argmax(found))]
    return best, ~spared


def examine_makam(
    recordings: pd.DataFrame,
    melodies: np.ndarray,
    settings: dict[str, dict[str, Any]],
    *,
    groups: Sequence[str] = MAKAM_GROUPS,
    form: str = "240 steps",
    seed: int = 0,
) -> dict[tuple[str, str], pd.DataFrame]:
    """Name the makam of recordings, with more and more held out.

    Explained in chapter 14.

    Parameters
    ----------
    recordings : pandas.DataFrame
        From :func:`load_makam`.
    melodies : numpy.ndarray
        From the same.
    settings : dict of str to dict
        From :func:`choose_makam`.
    groups : sequence of str
        Some of :data:`MAKAM_GROUPS`.
    form : str
        One of :data:`FORMS`.
    seed : int
        Seed of folds and turns.

    Returns
    -------
    dict
        Predictions tables by model and group.
    """
    X, told = in_form(melodies, form, seed=seed), {}
    for group in groups:
        rows = recordings if group == "random" else recordings.assign(artist=recordings[group])
        protocol = "track" if group == "random" else "artist"
        for name, given in settings.items():
            model = make_model(MAKAM_MODELS[name], **given)
            told[name, group] = cross_validate(model, X, rows, protocol, seed=seed, model=name)
    return told


def makam_scores(told: dict[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """Score what :func:`examine_makam` gives.

    Parameters
    ----------
    told : dict
        Predictions tables by model and group.

    Returns
    -------
    pandas.DataFrame
        One row per table: ``model``, ``group``, ``value``, ``low``, ``high``, ``n_tracks`` and
        ``n_genres`` of the accuracy.
    """
    return pd.DataFrame(
        [
            {"model": model, "group": group}
            | score(table).iloc[0][["value", "low", "high", "n_tracks", "n_genres"]].to_dict()
            for (model, group), table in told.items()
        ]
    )


def load_melodies() -> tuple[pd.DataFrame, np.ndarray]:
    """Read the melodies of the tracks of gtzan-mini, followed as those of the songs are.

    Explained in chapter 14.

    Returns
    -------
    slices : pandas.DataFrame
        One row per slice of six seconds: index ``slice_id``, columns ``track_id``, ``genre``,
        ``artist``, ``side``; and ``deviation``, that of its track in cents, as from
        :func:`genrelib.studies.off_semitones`.
    melodies : numpy.ndarray of float32, shape (n_slices, 240)
        The share of the melody in each of 240 steps of 5 cents above A.
    """
    table = pq.read_table(PACKAGE_DATA / "heard" / "gtzan-mini-melody.parquet")
    flat = table.column("melody").combine_chunks().flatten().to_numpy()
    listed = table.drop_columns(["melody"]).to_pandas().set_index("slice_id")
    tracks = gtzan_annotations().loc[listed["track_id"]]
    for name in ("genre", "artist", "side"):
        listed[name] = tracks[name].to_numpy()
    return listed, flat.reshape(len(listed), -1).astype(np.float32)


def linked(names: pd.Series) -> np.ndarray:
    """Number the groups of rows that share a name, directly or through others.

    Parameters
    ----------
    names : pandas.Series of str
        Names of each row, joined by ``;``.

    Returns
    -------
    numpy.ndarray of str, shape (n_rows,)
        The number of the group of each row.

    Examples
    --------
    >>> linked(pd.Series(["a", "b", "a;c", "c"])).tolist()
    ['0', '1', '0', '0']
    """
    named = names.str.split(";").reset_index(drop=True).explode()
    row = named.index.to_numpy()
    codes, found = pd.factorize(named.to_numpy(object))
    size = len(names) + len(found)
    edges = coo_matrix((np.ones(len(row)), (row, len(names) + codes)), (size, size))
    return connected_components(edges, directed=False)[1][: len(names)].astype(str)
