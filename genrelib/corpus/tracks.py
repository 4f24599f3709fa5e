"""The shelf: where tracks come from.

`load_corpus` turns a name into a `Corpus`, a table of tracks and the way to their audio:

- ``gtzan-mini``: 100 tracks of GTZAN, the book's default; its table is part of the package
- ``gtzan``: all 1,000 tracks, downloaded on request
- ``folder:PATH``: your own music, one folder per genre
- ``gtzan-clips`` and ``gtzan-tags``: more tracks of it, of which only what a pretrained network
  hears is part of the package
- ``fma-small`` and ``fma-medium``: clips of the Free Music Archive, downloaded on request;
  ``fma``: features of all its tracks as published, without audio
- ``nhs``: songs of 86 cultures, of which some are part of the package as measurements
- ``sketch``: short synthetic clips, for tests and for sound where no music is on disk
- ``features:PATH``: what ``genrelib extract`` measured; the audio is not needed any more
- sums of these: ``gtzan+folder:~/Music/mine``

Each is a `Source` of `genrelib.corpus.sources`. The table goes on to `genrelib.features`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from genrelib.corpus.audio import AudioError, decode
from genrelib.corpus.sources import SOURCES, Summand, summands
from genrelib.corpus.table import TRACK_COLUMNS, CorpusError, skipped_table

MOST_NAMED = 200  # files that an error names
STORED_COLUMNS = ("folder", "name", "part")


@dataclass(frozen=True, eq=False)
class Corpus:
    """Tracks and the way to their audio.

    Explained in chapter 1.

    Parameters
    ----------
    name : str
        As given to `load_corpus`.
    tracks : pandas.DataFrame
        One row per track, index ``track_id``; columns genre, artist, title, duration (seconds),
        sample_rate (Hz, of the file), path (missing where no audio is on disk), fault (missing,
        or what is known to be wrong), side (``train``, ``valid`` or ``test`` of the
        fixed split of the corpus, for GTZAN the fault-filtered one, or missing), recording (the
        first of the tracks that are one recording under several names; missing where a track is
        alone).
    skipped : pandas.DataFrame
        One row per file that was left out; columns path, reason.
    stored : pandas.DataFrame
        One row per track that was measured elsewhere, as by ``genrelib extract``; index
        ``track_id``, columns folder, name (the track's id there) and part (the file that holds
        its slices).
    """

    name: str
    tracks: pd.DataFrame
    skipped: pd.DataFrame
    stored: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(STORED_COLUMNS), dtype=object)
    )

    @property
    def genres(self) -> list[str]:
        """Genres that the tracks have, sorted."""
        return sorted(self.tracks["genre"].unique())

    @property
    def has_audio(self) -> bool:
        """Whether every track has its audio on disk."""
        return len(self.tracks) > 0 and bool(self.tracks["path"].notna().all())

    def audio(self, track_id: str) -> np.ndarray:
        """Decode one track.

        Parameters
        ----------
        track_id : str
            A track of this corpus.

        Returns
        -------
        numpy.ndarray of float32, shape (n_samples,)
            Mono samples at 22,050 Hz.

        Raises
        ------
        AudioError
            If the track has no audio on disk or cannot be decoded.
        KeyError
            If the corpus has no such track.
        """
        path = self.tracks["path"].loc[track_id]
        if not isinstance(path, str):
            raise AudioError(
                track_id, "no audio on disk", f"See `genrelib corpus show {self.name}`"
            )
        return decode(path)

    def leave_out(self, reasons: Mapping[str, str]) -> Corpus:
        """Leave out tracks that turned out to be unusable, and keep account of them.

        Parameters
        ----------
        reasons : mapping of str to str
            For each track id, why.

        Returns
        -------
        Corpus
            Without those tracks; they are added to ``skipped``.
        """
        paths = [str(self.tracks.at[track_id, "path"]) for track_id in reasons]
        left_out = skipped_table(zip(paths, reasons.values(), strict=True))
        return replace(
            self,
            tracks=self.tracks.drop(index=list(reasons)),
            skipped=pd.concat([self.skipped, left_out], ignore_index=True),
        )


def load_corpus(name: str, on_error: str = "raise") -> Corpus:
    """Load a corpus by its name.

    Only headers are read, so damage in the middle of a compressed file shows when it is decoded.

    Explained in chapter 1.

    Parameters
    ----------
    name : str
        ``gtzan-mini``, ``gtzan-clips``, ``gtzan-tags``, ``gtzan``, ``nhs``, ``sketch``,
        ``folder:PATH``, ``features:PATH``, ``fma-small``, ``fma-medium``, ``fma``, or a sum as
        ``gtzan+folder:~/Music/mine``.
    on_error : {'raise', 'skip'}
        What to do with files that cannot be used: one error that names them all, or leave them
        out and list them in ``skipped``.

    Returns
    -------
    Corpus
        Its tracks are sorted by genre and track id within each summand.

    Raises
    ------
    CorpusError
        If the name is unknown, or the corpus is not on disk or holds no usable track.
    AudioError
        If files cannot be used and `on_error` is ``raise``.
    """
    if on_error not in ("raise", "skip"):
        raise ValueError(f"on_error must be 'raise' or 'skip', not {on_error!r}")
    corpus = load_anyhow(name)
    if on_error == "raise" and len(corpus.skipped):
        rows = list(corpus.skipped.head(MOST_NAMED).itertuples())
        lines = "".join(f"\n  {row.path}: {row.reason}" for row in rows)
        more = len(corpus.skipped) - len(rows)
        lines += f"\n  and {more:,} more" if more else ""
        raise AudioError(
            name,
            f"{len(corpus.skipped)} of its files cannot be used:{lines}\n",
            "Repair or remove them, or load the corpus with on_error='skip'",
        )
    if corpus.tracks.empty:
        raise CorpusError(f"{name}: none of its {len(corpus.skipped)} files can be used")
    return corpus


def load_anyhow(name: str) -> Corpus:
    """Load a corpus with whatever of it can be used."""
    parts = summands(name)
    loaded = [part.load() for part in parts]
    tables = _with_distinct_ids(parts, [tracks for tracks, _ in loaded])
    skipped = pd.concat([skipped for _, skipped in loaded], ignore_index=True)
    stored = pd.concat([table.reindex(columns=list(STORED_COLUMNS)).dropna() for table in tables])
    tracks = pd.concat([table[list(TRACK_COLUMNS)] for table in tables])
    return Corpus(name, tracks, skipped, stored)


def _with_distinct_ids(parts: list[Summand], tables: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Prefix the track ids of a folder that has ids in common with an earlier summand."""
    seen: set[str] = set()
    result = []
    for part, table in zip(parts, tables, strict=True):
        prefix, attempt = "", 1
        while seen & {prefix + track_id for track_id in table.index}:
            prefix = f"{part.label}." if attempt == 1 else f"{part.label}~{attempt}."
            attempt += 1
        table = table.set_axis(prefix + table.index, axis=0).rename_axis(index="track_id")
        seen.update(table.index)
        result.append(table)
    return result


def list_corpora() -> pd.DataFrame:
    """List the corpora and what of each is on disk.

    Explained in chapter 1.

    Returns
    -------
    pandas.DataFrame
        Columns name, what, tracks, audio.
    """
    rows = [(source.name, source.what, source.tracks, source.audio()) for source in SOURCES]
    return pd.DataFrame(rows, columns=["name", "what", "tracks", "audio"])


def absolute_name(name: str) -> str:
    """Give a corpus the name that it has in every working folder.

    Parameters
    ----------
    name : str
        As for `load_corpus`.

    Returns
    -------
    str
        The same with absolute paths.

    Raises
    ------
    CorpusError
        If the name is unknown.
    """
    return "+".join(map(str, summands(name)))


def download_corpus(name: str, progress: bool = True) -> Path:
    """Download the audio of a corpus, or continue to; nothing to do if it is there.

    Explained in chapter 1.

    Parameters
    ----------
    name : {'gtzan-mini', 'gtzan', 'fma-small', 'fma-medium', 'fma', 'nhs', 'sketch'}
        The corpus. Sketches are played instead.
    progress : bool, default True
        Whether to show a progress bar.

    Returns
    -------
    Path
        The folder where the audio is.

    Raises
    ------
    CorpusError
        If there is nothing to download for that name.
    DownloadError
        If no mirror works.
    """
    known = {source.name: source.download for source in SOURCES if source.download}
    if name not in known:
        raise CorpusError(f"{name}: nothing to download; that can be done for {', '.join(known)}")
    return known[name](progress)
