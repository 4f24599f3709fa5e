"""FMA (Defferrard et al. 2017): a copy of the Free Music Archive, in three sizes.

``fma-small`` and ``fma-medium`` are clips of 30 seconds, ``fma`` is what was measured of all
106,574 tracks, without sound. Files lie in the data folder as the archives of FMA lay them out
(``fma_metadata/tracks.csv``, ``fma_small/000/000002.mp3``), so that a copy that is already on disk
will do. Its features are read by :func:`genrelib.features.fma_features`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from genrelib.corpus.audio import AudioError, as_text, read_header
from genrelib.corpus.download import Mirror, extra_mirrors, install
from genrelib.corpus.folder import genre_name
from genrelib.corpus.places import cache_root, data_root, write_whole
from genrelib.corpus.table import CorpusError, skipped_table, track_table

CLIP = 30.0
"""Length of a clip, in seconds."""
SHORTEST = 6.0
"""Clips shorter than this are left out: they have not one slice of the book."""
_GIB = 1024**3
_MOST_BYTES = {"fma": 4 * _GIB, "fma-small": 16 * _GIB, "fma-medium": 48 * _GIB}
_MOST_MEMBERS = 60_000
_SIDES = {"training": "train", "validation": "valid", "test": "test"}
_WANTED = {
    ("set", "subset"): "subset",
    ("set", "split"): "split",
    ("artist", "id"): "artist_id",
    ("artist", "name"): "artist",
    ("track", "title"): "title",
    ("track", "genre_top"): "genre_top",
    ("track", "genres_all"): "genres_all",
}
_FOLDER = "https://os.unil.cloud.switch.ch/fma"
# As the README of FMA's repository gives them, at commit 00599d23d64d1778255478969be0d5f1be09f6a0.
MIRRORS = {
    "fma": [
        Mirror(f"{_FOLDER}/fma_metadata.zip", "sha1:f0df49ffe5f2a6008d7dc83c6915b31835dfe733")
    ],
    "fma-small": [
        Mirror(f"{_FOLDER}/fma_small.zip", "sha1:ade154f733639d52e35e32f5593efe5be76c6d70")
    ],
    "fma-medium": [
        Mirror(f"{_FOLDER}/fma_medium.zip", "sha1:c67b69ea232021025fca9231fc1c7c1a063ab50b")
    ],
}
TABLES = ("tracks.csv", "genres.csv", "features.csv")
"""What is kept of the archive of metadata."""


def fma_file(name: str) -> Path:
    """Say where a table of FMA is.

    Parameters
    ----------
    name : {'tracks.csv', 'genres.csv', 'features.csv'}
        The table.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    CorpusError
        If it is not on disk.
    """
    file = data_root() / "fma_metadata" / name
    if not file.is_file():
        raise CorpusError(
            f"{file}: not there. Run `genrelib corpus download fma` (342 MiB), or set "
            "GENRELIB_DATA to the folder that holds fma_metadata"
        )
    return file


def fma_genres() -> pd.DataFrame:
    """List the genres of FMA, which form a tree.

    Explained in chapter 13.

    Returns
    -------
    pandas.DataFrame
        By number of the genre: ``title``; ``parent``, a number, 0 for a root; ``root``, the number
        of the root that it hangs from; ``tracks``, how many have it.

    Raises
    ------
    CorpusError
        If the table is not on disk, or not laid out as published.
    """
    file = fma_file("genres.csv")
    names = {"title": "title", "parent": "parent", "top_level": "root", "#tracks": "tracks"}
    try:
        table = pd.read_csv(file, index_col="genre_id")[list(names)].rename(columns=names)
    except (ValueError, KeyError) as error:
        raise _other_layout(file, error) from error
    return table.rename_axis("genre")


def fma_labels() -> pd.DataFrame:
    """List all genres of each track of FMA, with those above them in the tree.

    Explained in chapter 13.

    Returns
    -------
    pandas.DataFrame
        One row per track and genre: ``track_id`` and ``genre``, a number of :func:`fma_genres`.

    Raises
    ------
    CorpusError
        If the tables are not on disk, or not laid out as published.
    """
    genres = _read_tracks()["genres_all"].map(json.loads).explode().dropna().astype(int)
    return genres.rename("genre").rename_axis("track_id").reset_index()


def load_clips(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take the tracks of a subset whose clip can be heard."""
    about = _subset(name)
    folder = _clips(name)
    paths = {key: _clip(folder, key) for key in about.index}
    if not folder.is_dir():
        raise CorpusError(
            f"{name}: no clip under {folder}. Run `genrelib corpus download {name}`, or set "
            f"GENRELIB_DATA to the folder that holds {folder.name}/000/000002.mp3"
        )
    headers = _headers(name, paths)
    short = headers["reason"].isna() & (headers["duration"] < SHORTEST)
    headers.loc[short, "reason"] = [
        f"a clip of {seconds:.1f} instead of {CLIP:g} seconds, shorter than a slice"
        for seconds in headers.loc[short, "duration"]
    ]
    unusable = headers["reason"].dropna()
    kept = headers.index.difference(unusable.index)
    columns = headers.loc[kept, ["duration", "sample_rate"]]
    lacking = columns["duration"] < CLIP - 1
    fault = columns["duration"].map(f"a clip of {{:.1f}} instead of {CLIP:g} seconds".format)
    tracks = _table(about.loc[kept]).assign(
        **columns, fault=fault.where(lacking, None), path=[as_text(paths[key]) for key in kept]
    )
    tracks = tracks.sort_values("genre", kind="stable")
    return track_table(tracks), skipped_table((paths[k], why) for k, why in unusable.items())


def load_published() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take all tracks that hang from one root of the tree of genres; the others are listed."""
    about = _read_tracks()
    several = about["genre_top"] == ""
    tracks = _table(about[~several]).assign(duration=CLIP)
    genres = fma_genres()
    names = genres["root"].map(genres["title"]).to_dict()

    def reason(listed: str) -> str:
        roots = sorted({names.get(number, str(number)) for number in json.loads(listed)})
        return f"genres of several roots: {', '.join(roots)}" if roots else "no genre"

    left_out = about.loc[several, "genres_all"].map(reason)
    rows = zip(map(str, left_out.index), left_out, strict=True)
    return tracks.sort_values("genre", kind="stable"), skipped_table(rows)


def _table(about: pd.DataFrame) -> pd.DataFrame:
    """Make a table of tracks of what FMA says."""
    nameless = "artist " + about["artist_id"]
    return track_table(
        pd.DataFrame(
            {
                "genre": about["genre_top"].map(genre_name),
                # Nobody is left out: who has no name has a number.
                "artist": about["artist"].where(about["artist"] != "", nameless),
                "title": about["title"].where(about["title"] != "", None),
                "side": about["split"].map(_SIDES),
            }
        )
    )


def _subset(name: str) -> pd.DataFrame:
    """Take the tracks of a subset; the small one is part of the medium one."""
    wanted = {"fma-small": ["small"], "fma-medium": ["small", "medium"]}[name]
    about = _read_tracks()
    about = about[about["subset"].isin(wanted) & (about["genre_top"] != "")]
    if about.empty:
        raise CorpusError(f"{fma_file('tracks.csv')}: no track of the subset {wanted[-1]!r}")
    return about


def _read_tracks() -> pd.DataFrame:
    """Read what is needed of ``tracks.csv``, under two header rows and a row with a name."""
    file = fma_file("tracks.csv")
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream)
            header = list(zip(next(reader), next(reader), strict=True))
        places = {header.index(key): name for key, name in _WANTED.items()}
        table = pd.read_csv(
            file, header=None, skiprows=2, usecols=[0, *places], dtype=str, keep_default_na=False
        ).rename(columns={0: "track_id"} | places)
        table = table[table["track_id"] != "track_id"]
        numbers = table["track_id"].astype(int)
    except (ValueError, StopIteration) as error:
        raise _other_layout(file, error) from error
    ids = numbers.map("fma.{:06d}".format)
    return table.drop(columns="track_id").set_axis(pd.Index(ids, name="track_id"))


def _other_layout(file: Path, error: Exception) -> CorpusError:
    return CorpusError(
        f"{file}: not laid out as FMA publishes it ({error}). Move its folder away and run "
        "`genrelib corpus download fma`"
    )


def _clips(name: str) -> Path:
    return data_root() / name.replace("-", "_")


def _clip(folder: Path, track_id: str) -> Path:
    number = track_id.removeprefix("fma.")
    return folder / number[:3] / f"{number}.mp3"


def _headers(name: str, paths: dict[str, Path]) -> pd.DataFrame:
    """Read the headers of clips, once: thousands of them take a minute or more.

    Columns: duration (seconds), sample_rate (Hz) and reason, why a clip cannot be used.
    """
    kept = cache_root() / "fma" / f"{name}-headers.parquet"
    known = pd.read_parquet(kept) if kept.exists() else pd.DataFrame(columns=["file"])
    known = known.set_index("file")
    stamps = {}
    for key, path in paths.items():
        try:
            about = path.stat()
            stamps[key] = f"{as_text(path)} {about.st_size} {about.st_mtime_ns}"
        except OSError:
            stamps[key] = f"{as_text(path)} missing"
    new = [key for key, stamp in stamps.items() if stamp not in known.index]
    rows = {stamps[key]: _header(paths[key]) for key in tqdm(new, f"{name}: headers", delay=2)}
    columns = ["duration", "sample_rate", "reason"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    table = table.astype({"duration": float, "sample_rate": float, "reason": object})
    table = pd.concat([known[columns], table]) if len(known) else table
    table = table.loc[list(stamps.values())]
    if new:
        buffer = pa.BufferOutputStream()
        pq.write_table(pa.table({"file": table.index, **table}), buffer)
        write_whole(kept, buffer.getvalue())
    return table.set_axis(pd.Index(stamps, name="track_id"))


def _header(path: Path) -> tuple[float | None, float | None, str | None]:
    try:
        header = read_header(path)
    except AudioError as error:
        return None, None, error.reason
    return header.duration, header.sample_rate, None


# --- from the net -----------------------------------------------------------------------------


def on_disk(name: str) -> str:
    """Say what of a corpus is on disk, without opening it."""
    if not (data_root() / "fma_metadata" / "tracks.csv").exists():
        return "not on disk"
    if name == "fma":
        return "features on disk"
    count = sum(1 for _ in _clips(name).glob("*/*.mp3"))
    return f"{count} tracks on disk" if count else "not on disk"


def download(name: str, progress: bool) -> Path:
    """Download the tables, and the clips of a subset."""
    place = _install(
        "fma", data_root() / "fma_metadata", lambda root: _find(root, TABLES), _lacking_tables,
        progress,
    )  # fmt: skip
    if name == "fma":
        return place
    wanted = [_clip(Path(), key) for key in _subset(name).index]
    return _install(
        name, _clips(name), lambda root: _find(root, [wanted[0].parent.as_posix()]),
        partial(_lacking_clips, wanted), progress,
    )  # fmt: skip


def _install(name, target, arrange, check, progress) -> Path:
    return install(
        name,
        [*extra_mirrors(name), *MIRRORS[name]],
        target,
        arrange=arrange,
        check=check,
        by_hand=(
            f"By hand: get {target.name}.zip elsewhere and unpack it in {target.parent}; or name "
            f"your own mirror, GENRELIB_MIRRORS='{name}=https://...'. If that folder cannot be "
            "written, set GENRELIB_DATA to one that can."
        ),
        progress=progress,
        max_bytes=_MOST_BYTES[name],
        max_members=_MOST_MEMBERS,
    )


def _find(unpacked: Path, wanted: Iterable[str]) -> Path:
    """Find the folder that has what is wanted; of tables, nothing else is kept."""
    wanted = list(wanted)
    for folder in (unpacked, *sorted(path for path in unpacked.iterdir() if path.is_dir())):
        if all((folder / name).exists() for name in wanted):
            for path in folder.iterdir():
                if path.is_file() and path.name not in wanted:
                    path.unlink()
            return folder
    raise ValueError(f"not what was expected: no folder in it has {', '.join(wanted)}")


def _lacking_tables(folder: Path) -> list[str]:
    return [f"{name} is missing" for name in TABLES if not (folder / name).is_file()]


def _lacking_clips(wanted: list[Path], folder: Path) -> list[str]:
    """Say which clips are missing; those that cannot be heard are the corpus's affair."""
    return [f"{clip} is missing" for clip in wanted if not (folder / clip).is_file()]
