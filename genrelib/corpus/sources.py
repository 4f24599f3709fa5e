"""The registry of sources: every kind of music that has a name.

To add one, write what loads it and append a :class:`Source` to :data:`SOURCES`; names, sums, the
list of corpora and downloads are read from there. A source gives two tables: its tracks
(:func:`~genrelib.corpus.table.track_table`, filled in by
:func:`~genrelib.corpus.table.add_audio`), and what was left out of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from genrelib.corpus import fma, gtzan, nhs, sketch, store
from genrelib.corpus.folder import load_folder
from genrelib.corpus.places import cache_root
from genrelib.corpus.table import CorpusError, add_audio, skipped_table, track_table


@dataclass(frozen=True)
class Source:
    """Where music comes from.

    Parameters
    ----------
    name : str
        What it is called; one whose name ends in ``:PATH`` takes a folder.
    what : str
        What it is, in words.
    load : callable
        Gives its tracks, and what was left out; takes the folder, if there is one.
    tracks : str
        How many there are, where that is known.
    audio : callable
        What of its audio is on disk, in words.
    origin : callable
        Takes the same as `load`; says what music that is, since none may be counted twice.
    download : callable, optional
        Takes whether to show progress; returns the folder where the audio is.
    """

    name: str
    what: str
    load: Callable[..., tuple[pd.DataFrame, pd.DataFrame]]
    tracks: str
    audio: Callable[[], str]
    origin: Callable[..., list[str]]
    download: Callable[[bool], Path] | None = None

    @property
    def kind(self) -> str:
        """What the name begins with, in front of a folder."""
        return self.name.removesuffix(":PATH")


class Summand(NamedTuple):
    """A source, and the folder where it takes one."""

    source: Source
    folder: Path | None

    def __str__(self) -> str:
        return f"{self.source.kind}:{self.folder}" if self.folder else self.source.name

    @property
    def label(self) -> str:
        """A short name."""
        return self.folder.name if self.folder else self.source.name

    @property
    def _arguments(self) -> tuple[Path, ...]:
        return (self.folder,) if self.folder else ()

    def load(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Load its tracks, and what was left out."""
        return self.source.load(*self._arguments)

    def origins(self) -> list[str]:
        """Say what music it is."""
        return self.source.origin(*self._arguments)


def summands(name: str) -> list[Summand]:
    """Split a sum, not at a '+' inside a folder's path, and refuse to count a track twice."""
    named = {source.name: source for source in SOURCES if source.kind == source.name}
    taking = {source.kind: source for source in SOURCES if source.kind != source.name}
    parts = re.split(rf"\+(?=(?:{'|'.join(named)})(?:\+|$)|(?:{'|'.join(taking)}):)", name.strip())
    found = []
    for part in parts:
        kind, _, path = part.partition(":")
        if part in named:
            found.append(Summand(named[part], None))
        elif path and kind in taking:
            found.append(Summand(taking[kind], Path(path).expanduser().resolve()))
        else:
            known = ", ".join(f"'{source.name}'" for source in SOURCES)
            raise CorpusError(
                f"unknown corpus {part!r}; there are {known}, or a sum of these with '+'"
            )
    origins = [origin for summand in found for origin in summand.origins()]
    if twice := [origin for origin, count in Counter(origins).items() if count > 1]:
        raise CorpusError(f"{name}: the tracks of {twice[0]} would be in the sum twice")
    return found


def _render_sketches() -> dict[str, Path]:
    return sketch.render_all(cache_root() / f"sketch-{sketch.sketch_version()}")


def _load_sketch() -> tuple[pd.DataFrame, pd.DataFrame]:
    return add_audio(track_table(sketch.SKETCHES.copy()), _render_sketches())


def _play_sketches(progress: bool) -> Path:
    return next(iter(_render_sketches().values())).parent.parent


def _load_features(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take the tracks that were measured; their audio is not looked for."""
    errors = store.read_errors(folder)
    errors = errors[~errors["used"]]
    tracks, _ = store.read_tracks(folder)
    tracks = tracks.drop(index=errors["track_id"].dropna().tolist())
    parts = {number: str(store.part_file(folder, number)) for number in tracks["batch"].unique()}
    tracks = track_table(tracks).assign(
        path=None, folder=str(folder), name=tracks.index, part=tracks["batch"].map(parts)
    )
    return tracks, skipped_table(errors[["path", "reason"]].itertuples(index=False))


def _measured(folder: Path) -> list[str]:
    origin = store.read_manifest(folder).corpus
    return [music for summand in summands(origin) for music in summand.origins()]


SOURCES = [
    Source(
        "gtzan-mini",
        "100 tracks of GTZAN, ten genres; the default",
        gtzan.load_mini,
        tracks="100",
        audio=partial(gtzan.on_disk, "gtzan-mini"),
        origin=lambda: ["gtzan"],  # of which it is a part
        download=partial(gtzan.download, "gtzan-mini"),
    ),
    Source(
        "gtzan",
        "all of GTZAN, ten genres",
        gtzan.load_whole,
        tracks="1000",
        audio=partial(gtzan.on_disk, "gtzan"),
        origin=lambda: ["gtzan"],
        download=partial(gtzan.download, "gtzan"),
    ),
    Source(
        "gtzan-clips",
        "220 tracks of GTZAN, 2 to 3 seconds of each: embedding and tags only",
        partial(gtzan.load_heard, "gtzan-clips"),
        tracks="220",
        audio=lambda: "not needed",
        origin=lambda: ["gtzan"],
    ),
    Source(
        "gtzan-tags",
        "733 tracks of GTZAN, as tags of a pretrained network: no audio, no features",
        partial(gtzan.load_heard, "gtzan-tags"),
        tracks="733",
        audio=lambda: "not needed",
        origin=lambda: ["gtzan"],
    ),
    Source(
        "nhs",
        "songs of 86 cultures for dance, healing, love and babies, 14 seconds each",
        nhs.load,
        tracks="118",
        audio=nhs.on_disk,
        origin=lambda: ["nhs"],
        download=nhs.download,
    ),
    Source(
        "sketch",
        "short synthetic clips in ten styles",
        _load_sketch,
        tracks=str(len(sketch.SKETCHES)),
        audio=lambda: "made on use",
        origin=lambda: ["sketch"],
        download=_play_sketches,
    ),
    *(
        Source(
            f"fma-{size}",
            f"clips of the Free Music Archive, {genres} genres, 30 s each, {gib} GiB",
            partial(fma.load_clips, f"fma-{size}"),
            tracks=tracks,
            audio=partial(fma.on_disk, f"fma-{size}"),
            origin=lambda: ["fma"],
            download=partial(fma.download, f"fma-{size}"),
        )
        for size, tracks, genres, gib in (
            ("small", "8000", 8, "7.2"),
            ("medium", "25000", 16, "22"),
        )
    ),
    Source(
        "fma",
        "features of the Free Music Archive as published, one row a track: no audio",
        fma.load_published,
        tracks="106574",
        audio=partial(fma.on_disk, "fma"),
        origin=lambda: ["fma"],
        download=partial(fma.download, "fma"),
    ),
    Source(
        "folder:PATH",
        "your own music, one folder per genre",
        load_folder,
        tracks="",
        audio=lambda: "yours",
        origin=lambda folder: [str(folder)],
    ),
    Source(
        "features:PATH",
        "what `genrelib extract` measured",
        _load_features,
        tracks="",
        audio=lambda: "not needed",
        origin=_measured,
    ),
]
"""Every source, in the order in which they are listed."""
