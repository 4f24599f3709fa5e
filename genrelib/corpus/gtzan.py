"""GTZAN (Tzanetakis and Cook 2002), whole and in parts: the book's music.

Of two parts the package has no features, only what the pretrained ear made of them (``heard``).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from genrelib.corpus.audio import AudioError, read_header
from genrelib.corpus.download import Mirror, extra_mirrors, install
from genrelib.corpus.places import PACKAGE_DATA, data_root
from genrelib.corpus.table import CorpusError, add_audio, track_table

GENRES = (
    "blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock",
)  # fmt: skip
"""The ten genres of GTZAN (Tzanetakis and Cook 2002)."""

GTZAN_MINI = tuple(
    f"{genre}.{number:05d}"
    for genre in GENRES
    for number in ((0, 1, 2, 4, 5, 6, 7, 8, 11, 12) if genre == "jazz" else range(10))
)
"""The tracks of the 100-track subset: the first ten of each genre, in jazz with gaps."""

_CORRUPT = "corrupt file in the common copies"  # as gtzan.csv calls it

# The first server of GTZAN has been gone since 2022, and the archive of a branch has no lasting
# checksum: instead the content is looked at, track by track.
_WHOLE = Mirror("https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz")
_SUBSET = Mirror("https://github.com/TempoBeatDownbeat/gtzan_mini/archive/refs/heads/main.zip")
# The whole collection has the subset in it: ten times the traffic, but better than nothing.
MIRRORS = {"gtzan": [_WHOLE], "gtzan-mini": [_SUBSET, _WHOLE]}


@cache
def _annotations() -> pd.DataFrame:
    table = pd.read_csv(
        PACKAGE_DATA / "gtzan.csv", dtype=object, keep_default_na=False, index_col="track_id"
    )
    table = table.where(table != "", None)
    return track_table(table).assign(**table[["source", "artist_fold"]])


def gtzan_annotations() -> pd.DataFrame:
    """Say what is known about all 1,000 tracks of GTZAN, with or without their audio.

    Explained in chapter 1.

    Returns
    -------
    pandas.DataFrame
        A table of tracks; duration, sample_rate and path are missing. Two more columns: source
        says who names the artist (``index``, ``fingerprint``, or missing where nobody does), and
        artist_fold is the number of a track in the artist-filtered folds of Foleis (2020): 1, 2, 3
        or missing.

    Notes
    -----
    Artists and titles are from the index of Sturm (2012, doi:10.1145/2390848.2390851); some that
    it lacks, and which tracks are one recording, from a fingerprint service (gtzan-bind). Sides
    are from the fault-filtered split of Kereliuk, Sturm and Larsen (2015, arXiv:1507.04761). How
    they were restated, and by what rule: ``genrelib/data/README.md``.
    """
    return _annotations().copy()


def gtzan_tempo() -> pd.Series:
    """Give the annotated tempo of the tracks of GTZAN.

    Explained in chapter 3.

    Returns
    -------
    pandas.Series
        Beats per minute by ``track_id``. A track without annotation is not in it.

    Notes
    -----
    Mean tempo of the beats that Marchand, Fresnel and Peeters annotated (GTZAN-Rhythm, 2015), as
    given by the annotation set gtzan_tempo_beat. How it was restated:
    ``genrelib/data/README.md``.
    """
    return pd.read_csv(PACKAGE_DATA / "gtzan-tempo.csv", index_col="track_id")["tempo"]


def load_mini() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take the 100 tracks, with the audio that is on disk."""
    tracks = _tracks("gtzan-mini")
    measured = pd.read_csv(PACKAGE_DATA / "gtzan-mini-tracks.csv", index_col="track_id")
    columns = ["duration", "sample_rate"]
    tracks[columns] = measured[columns].reindex(tracks.index)
    there = {key: path for key, path in _paths("gtzan-mini").items() if path.exists()}
    return add_audio(tracks, there)


def load_heard(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take the tracks that the ear has heard elsewhere, with the audio that is on disk."""
    part = PACKAGE_DATA / "heard" / f"{name}.parquet"
    slices = pq.read_table(part, columns=["slice_id", "end"]).to_pandas()
    ends = slices.groupby(slices["slice_id"].str.rpartition(":")[0])["end"].max()
    tracks = _annotations().loc[ends.index].assign(duration=ends)
    there = {key: data_root() / name / f"{key}.wav" for key in tracks.index}
    tracks, skipped = add_audio(tracks, {k: path for k, path in there.items() if path.exists()})
    return tracks.assign(folder=name, name=tracks.index, part=str(part)), skipped


def load_whole() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take all 1,000 tracks, whose audio must be on disk."""
    paths = _paths("gtzan")
    if not any(path.exists() for path in paths.values()):
        raise CorpusError(
            f"gtzan: no track under {data_root() / 'gtzan'}. "
            "Run `genrelib corpus download gtzan` (1.2 GB), or set GENRELIB_DATA to the folder "
            "that holds gtzan/genres/<genre>/<track>.wav"
        )
    return add_audio(_tracks("gtzan"), paths)


def _tracks(name: str) -> pd.DataFrame:
    return _annotations().loc[list(GTZAN_MINI) if name == "gtzan-mini" else slice(None)].copy()


def _paths(name: str) -> dict[str, Path]:
    return {key: _track_file(data_root() / name, key) for key in _tracks(name).index}


def _track_file(root: Path, track_id: str) -> Path:
    """Say where a track of GTZAN is, or would be: with or without a folder ``genres``."""
    folder = root / "genres" if (root / "genres").is_dir() else root
    wav = folder / track_id.split(".")[0] / f"{track_id}.wav"
    au = wav.with_suffix(".au")  # the format of the first edition
    return au if au.exists() and not wav.exists() else wav


def on_disk(name: str) -> str:
    """Say how many of the tracks are on disk."""
    count = sum(path.exists() for path in _paths(name).values())
    return f"{count} tracks on disk" if count else "not on disk"


def download(name: str, progress: bool) -> Path:
    """Download the tracks from the first mirror that works, and lay them out."""
    expected = _tracks(name)
    target = data_root() / name
    return install(
        name,
        [*extra_mirrors(name), *MIRRORS[name]],
        target,
        arrange=lambda unpacked: _arrange(unpacked, set(expected.index)),
        check=lambda folder: _lacking(folder, expected),
        by_hand=(
            f"By hand: get a copy elsewhere and put it under {target / 'genres'}, one folder per "
            "genre, as blues/blues.00000.wav; or name your own mirror, "
            f"GENRELIB_MIRRORS='{name}=https://...'. If that folder cannot be written, set "
            "GENRELIB_DATA to one that can."
        ),
        progress=progress,
    )


def _arrange(unpacked: Path, wanted: set[str]) -> Path:
    """Find the folder that has the ten genres, however deep; lay out what is wanted of it."""
    for folder in (unpacked, *sorted(path for path in unpacked.rglob("*") if path.is_dir())):
        if all((folder / genre).is_dir() for genre in GENRES):
            result = unpacked / ".arranged"
            result.mkdir()
            for genre in GENRES:
                (result / "genres").mkdir(exist_ok=True)
                (folder / genre).replace(result / "genres" / genre)
            for path in result.rglob("*.*"):
                if path.is_file() and path.stem not in wanted:
                    path.unlink()
            return result
    raise ValueError("not what was expected: it has no folder with the ten genres")


def _lacking(folder: Path, expected: pd.DataFrame) -> list[str]:
    """Say which of the expected tracks are missing or broken, but for those known to be."""
    lines = []
    for track_id in expected.index[expected["fault"] != _CORRUPT]:
        try:
            read_header(_track_file(folder, track_id))
        except AudioError as error:
            lines.append(f"{track_id}: {error.reason}")
    return lines
