"""What is wrong with the files of a corpus, to the last one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pandas as pd
from tqdm import tqdm

from genrelib.corpus.audio import SAMPLE_RATE, AudioError, read_samples
from genrelib.corpus.decoders import cancels
from genrelib.corpus.places import data_root
from genrelib.corpus.table import CorpusError
from genrelib.corpus.tracks import load_anyhow

SILENT_PEAK = 0.001  # full scale is 1: -60 dB
CLIPPED_LEVEL = 0.999
CLIPPED_SHARE = 0.001  # of all samples at or above that level
FEW_TRACKS = 5  # fewer than the folds of cross-validation


def check_corpus(name: str, slice_length: float = 6.0, progress: bool = False) -> pd.DataFrame:
    """Open every file of a corpus and report what is wrong, to the last file.

    Explained in chapter 1.

    Parameters
    ----------
    name : str
        As for `load_corpus`.
    slice_length : float, default 6.0
        Length of a slice in seconds; a track shorter than 99 % of it yields none.
    progress : bool, default False
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
        One row per problem; columns track_id, path, problem, detail. Problems are unreadable,
        no audio, note (what is odd about a file that can be heard), silent (peak below -60 dB of
        full scale), clipped (more than 0.1 % of the samples at full scale), short, wrong rate
        (resampled on reading), duplicate (the same samples under two names) and few tracks (fewer
        in a genre than cross-validation has folds).

    Raises
    ------
    CorpusError
        If the name is unknown or no audio of the corpus is on disk.
    """
    corpus = load_anyhow(name)
    if len(corpus.stored) and corpus.tracks.index.isin(corpus.stored.index).all():
        raise CorpusError(f"{name}: measured before, without audio; check what it was made from")
    if "fma" in name.split("+") and corpus.tracks["path"].isna().all():
        raise CorpusError(f"{name}: features as published, without audio: nothing to check")
    if corpus.skipped.empty and corpus.tracks["path"].isna().all():
        raise CorpusError(
            f"{name}: no audio under {data_root()}, so there is nothing to check. "
            f"Run `genrelib corpus download {name}`"
        )
    rows: list[tuple[object, ...]] = [
        (None, row.path, "unreadable", row.reason) for row in corpus.skipped.itertuples()
    ]
    first_with: dict[str, str] = {}
    paths = corpus.tracks["path"].items()
    for track_id, path in tqdm(paths, total=len(corpus.tracks), disable=not progress, unit="file"):
        if pd.isna(path):
            rows.append((track_id, None, "no audio", "not on disk"))
            continue
        try:
            notes: list[str] = []
            samples, sample_rate = read_samples(path, notes)
        except AudioError as error:
            rows.append((track_id, path, "unreadable", error.reason))
            continue
        found = [("note", note) for note in notes]
        found += _problems(samples, sample_rate, slice_length)
        content = _content(samples, sample_rate)
        if content in first_with:
            found.append(("duplicate", f"same samples as {first_with[content]}"))
        first_with.setdefault(content, str(track_id))
        rows += [(track_id, path, problem, detail) for problem, detail in found]
    for genre, count in corpus.tracks["genre"].value_counts().sort_index().items():
        if count < FEW_TRACKS:
            rows.append((None, None, "few tracks", f"{genre}: {count}, fewer than {FEW_TRACKS}"))
    return pd.DataFrame(rows, columns=["track_id", "path", "problem", "detail"], dtype=object)


def _problems(
    samples: np.ndarray, sample_rate: int, slice_length: float
) -> Iterable[tuple[str, str]]:
    """Find what is wrong with one decoded file, shape (n_samples, n_channels)."""
    if cancels(samples, samples.mean(axis=1)):
        yield "note", "its channels cancel; the first is taken for all"
    level = np.abs(samples)
    if (peak := level.max()) < SILENT_PEAK:
        yield "silent", f"peak {peak:.5f} of full scale"
    if (share := (level >= CLIPPED_LEVEL).mean()) > CLIPPED_SHARE:
        yield "clipped", f"{share:.2%} of the samples at full scale"
    duration = len(samples) / sample_rate
    if duration < 0.99 * slice_length:
        yield "short", f"{duration:.2f} s, a slice is {slice_length:g} s"
    if sample_rate != SAMPLE_RATE:
        yield "wrong rate", f"{sample_rate} Hz, resampled to {SAMPLE_RATE} Hz on reading"


def _content(samples: np.ndarray, sample_rate: int) -> str:
    """Name the sound itself, whatever the file is called and however it is packed."""
    mono = np.ascontiguousarray(samples.mean(axis=1))
    return hashlib.sha256(mono.tobytes() + str(sample_rate).encode()).hexdigest()
