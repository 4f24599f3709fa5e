"""The questions that chapter 6 puts to its study: order, length, input, recipe, and luck.

Each takes the table of :func:`genrelib.studies.load_study` and gives a table of accuracies under
``track``, as :func:`genrelib.studies.compare` does, with rows that are named as the chapter names
them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from genrelib.studies.experiments import EXPERIMENTS, ORDERS, RESEEDED
from genrelib.studies.findings import compare, hits, load_study

BASE = "CRNN"
"""The network that the questions are about."""

NETWORKS = ("LSTM", BASE)
SECONDS = (1, 2, 3, 6, 15, 30)
INPUT_NAMES = {
    "mel bands": BASE,
    "20 wide mel bands": "CRNN on mel, 20 wide bands",
    "all cosines of the mel bands": "CRNN on mel, cosines",
    "20 cosines of the mel bands": "CRNN on mel, 20 cosines",
    "MFCC": "CRNN on mfcc",
}
"""What the chapter calls the inputs, and the experiments on them."""


def study_source(study: pd.DataFrame) -> str:
    """Say on which music, when and with what a study was run.

    Parameters
    ----------
    study : pandas.DataFrame
        From :func:`genrelib.studies.load_study`.

    Returns
    -------
    str
        Such as ``gtzan-mini, recorded on 2026-11-25, x86_64, 2 cores, Keras 3.15.1, JAX 0.10.2``.
    """
    about = study.attrs
    done = "recorded" if about["source"] == "recorded" else "run on this computer"
    keras, jax = about["versions"]["keras"], about["versions"]["jax"]
    days = " and ".join(about["recorded"])
    return f"{about['corpus']}, {done} on {days}, {about['processor']}, Keras {keras}, JAX {jax}"


def networks_of(study: pd.DataFrame, *groups: str) -> list[str]:
    """List the experiments of a study that belong to certain groups.

    Parameters
    ----------
    study : pandas.DataFrame
        From :func:`genrelib.studies.load_study`.
    *groups : str
        Such as ``ladder`` and ``change``.

    Returns
    -------
    list of str
        Their names, in the order of the study. What was not run is not in it.
    """
    group = {e.name: e.group for e in EXPERIMENTS}
    return [name for name in study["experiment"].unique() if group.get(name) in groups]


def by_group(
    study: pd.DataFrame, group: str, base: str | None = None, level: str = "slice"
) -> pd.DataFrame:
    """Compare the networks of one group.

    Parameters
    ----------
    study : pandas.DataFrame
        From :func:`genrelib.studies.load_study`.
    group : str
        Such as ``ladder``, or ``change``.
    base : str, optional
        The network to subtract; changes of it are then named without it.
    level : {"slice", "track"}
        Slices, or tracks.

    Returns
    -------
    pandas.DataFrame
        Index ``network``; columns as from :func:`genrelib.studies.compare`.
    """
    table = compare(study, networks_of(study, group), base, level=level).rename_axis("network")
    return table.rename(index=lambda name: name.removeprefix(f"{base}, ")) if base else table


def by_order(study: pd.DataFrame, *, less_in_order: bool = False) -> pd.DataFrame:
    """Compare what is left of two networks when the order of the frames is taken away.

    Parameters
    ----------
    study : pandas.DataFrame
        From :func:`genrelib.studies.load_study`.
    less_in_order : bool
        Whether to subtract the same network in order, which then has no row.

    Returns
    -------
    pandas.DataFrame
        Index ``network`` and ``frames``; columns as from :func:`genrelib.studies.compare`.
    """
    orders = [order for order in ORDERS if not (less_in_order and order == "in order")]
    parts = {}
    for network in NETWORKS:
        names = [network if order == "in order" else f"{network}, {order}" for order in orders]
        table = compare(study, names, network if less_in_order else None)
        parts[network] = table.set_axis(orders)
    return pd.concat(parts, names=["network", "frames"])


def by_length(study: pd.DataFrame, level: str = "slice") -> pd.DataFrame:
    """Compare networks that hear pieces of another length.

    Parameters
    ----------
    study : pandas.DataFrame
        From :func:`genrelib.studies.load_study`.
    level : {"slice", "track"}
        Pieces, or tracks by the vote of their pieces.

    Returns
    -------
    pandas.DataFrame
        Index ``trained on`` (all pieces, or one piece a track) and ``seconds``; columns as from
        :func:`genrelib.studies.compare`.
    """
    names = {
        "all pieces": [BASE if s == 6 else f"{BASE}, {s} s" for s in SECONDS],
        "one piece a track": [f"{BASE}, {s} s from one piece" for s in SECONDS],
    }
    parts = {k: compare(study, v, level=level).set_axis(SECONDS) for k, v in names.items()}
    return pd.concat(parts, names=["trained on", "seconds"])


def by_input(study: pd.DataFrame, base: str | None = None) -> pd.DataFrame:
    """Compare the same network on five inputs.

    Parameters
    ----------
    study : pandas.DataFrame
        From :func:`genrelib.studies.load_study`.
    base : str, optional
        The input to subtract, one of :data:`INPUT_NAMES`; it then has no row.

    Returns
    -------
    pandas.DataFrame
        Index ``input``; columns as from :func:`genrelib.studies.compare`.
    """
    names = {given: name for given, name in INPUT_NAMES.items() if given != base}
    table = compare(study, list(names.values()), INPUT_NAMES[base] if base else None)
    return table.set_axis(list(names)).rename_axis("input")


def choose_on_half(
    study: pd.DataFrame, networks: Sequence[str], rng: np.random.Generator, n: int = 1000
) -> pd.DataFrame:
    """Choose the best network on one half of the tracks, and score it on the other half.

    Explained in chapter 6.

    Parameters
    ----------
    study : pandas.DataFrame
        From :func:`genrelib.studies.load_study`.
    networks : sequence of str
        The networks to choose from, the CRNN among them.
    rng : numpy.random.Generator
        Draws the halves.
    n : int
        How often.

    Returns
    -------
    pandas.DataFrame
        One row per halving: the ``chosen`` network, its accuracy ``there`` and ``elsewhere``, and
        that of the ``CRNN`` elsewhere.
    """
    right = hits(study, networks).groupby("track_id").mean().dropna(axis=1)
    rows = []
    for _ in range(n):
        half = rng.permutation(len(right)) < len(right) // 2
        here, elsewhere = (right.loc[part].mean() for part in (half, ~half))
        best = str(here.idxmax())
        rows.append((best, here[best], elsewhere[best], elsewhere[BASE]))
    return pd.DataFrame(rows, columns=["chosen", "there", "elsewhere", "CRNN"])


def fold_seed_scores(study: pd.DataFrame | None = None) -> pd.DataFrame:
    """Score the two networks of chapter 6 anew for every seed of the folds.

    Explained in chapter 6.

    Parameters
    ----------
    study : pandas.DataFrame, optional
        From :func:`genrelib.studies.load_study`; that of GTZAN-mini if left out.

    Returns
    -------
    pandas.DataFrame
        One row per network and seed: ``model``, as chapter 6 calls it; ``seed``, which decides
        both the folds and the initial weights; ``value``, accuracy per slice under ``track``.
    """
    study = load_study() if study is None else study
    rows = study[study["experiment"].isin(RESEEDED)]
    right = (rows["genre"] == rows["predicted"]).groupby(
        [rows["experiment"].map(RESEEDED), rows["repetition"]]
    )
    table = right.mean().rename_axis(["model", "seed"]).rename("value").reset_index()
    return table.astype({"model": str, "seed": int})
