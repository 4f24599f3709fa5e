"""The shelf: where tracks come from.

`load_corpus` turns a name into a `Corpus`, a table of tracks and the way to their audio:

- ``gtzan-mini``: 100 tracks of GTZAN, the book's default; its table is part of the package
- ``gtzan``: all 1,000 tracks, downloaded on request
- ``folder:PATH``: your own music, one folder per genre
- ``sketch``: short synthetic clips, for tests and for sound where no music is on disk
- ``features:PATH``: what ``genrelib extract`` measured; the audio is not needed any more
- sums of these: ``gtzan+folder:~/Music/mine``

The table goes on to `genrelib.features`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from genrelib.corpus import sketch, store
from genrelib.corpus.audio import (
    AUDIO_SUFFIXES,
    SAMPLE_RATE,
    AudioError,
    decode,
    read_header,
    read_samples,
)
from genrelib.corpus.download import Mirror, extra_mirrors, install
from genrelib.corpus.places import PACKAGE_DATA, cache_root, data_root

__all__ = [
    "GENRES",
    "GTZAN_MINI",
    "TRACK_COLUMNS",
    "Corpus",
    "CorpusError",
    "absolute_name",
    "check_corpus",
    "download_corpus",
    "gtzan_annotations",
    "gtzan_tempo",
    "list_corpora",
    "load_corpus",
]

GENRES = (
    "blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock",
)  # fmt: skip
"""The ten genres of GTZAN (Tzanetakis and Cook 2002)."""

TRACK_COLUMNS = (
    "genre", "artist", "title", "duration", "sample_rate", "path", "fault", "fold",
)  # fmt: skip
"""Columns of every table of tracks, in order; the index is ``track_id``."""

GTZAN_MINI = tuple(
    f"{genre}.{number:05d}"
    for genre in GENRES
    for number in ((0, 1, 2, 4, 5, 6, 7, 8, 11, 12) if genre == "jazz" else range(10))
)
"""The tracks of the 100-track subset: the first ten of each genre, in jazz with gaps."""

# Spellings of one genre that folders are found under; any other name is a genre of its own.
GENRE_ALIASES = {"hip-hop": "hiphop", "hip hop": "hiphop", "hip_hop": "hiphop"}

# Music that libsndfile cannot read: named as left out, where a picture of the cover is not.
_FOREIGN_SUFFIXES = frozenset({".m4a", ".aac", ".mp4", ".wma", ".ape", ".wv", ".mpc"})

_CORRUPT = "corrupt file in the common copies"  # as gtzan.csv calls it
_NAMES = (
    "'gtzan-mini', 'gtzan', 'sketch', 'folder:PATH', 'features:PATH', or a sum of these with '+'"
)
STORED_COLUMNS = ("folder", "name", "part")

# What `check` calls a problem.
SILENT_PEAK = 0.001  # full scale is 1: -60 dB
CLIPPED_LEVEL = 0.999
CLIPPED_SHARE = 0.001  # of all samples at or above that level
FEW_TRACKS = 5  # fewer than the folds of cross-validation


class CorpusError(ValueError):
    """A corpus that is unknown, not on disk, or not laid out as expected."""


@dataclass(frozen=True, eq=False)
class Corpus:
    """Tracks and the way to their audio.

    Parameters
    ----------
    name : str
        As given to `load_corpus`.
    tracks : pandas.DataFrame
        One row per track, index ``track_id``; columns genre, artist, title, duration (seconds),
        sample_rate (Hz, of the file), path (missing where no audio is on disk), fault (missing,
        or what is known to be wrong), fold (``train``, ``valid`` or ``test`` of the
        fault-filtered split, or missing).
    skipped : pandas.DataFrame
        One row per file that was left out; columns path, reason.
    stored : pandas.DataFrame
        One row per track that ``genrelib extract`` measured; index ``track_id``, columns folder,
        name (the track's id there) and part (the file that holds its slices).
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
        paths = [self.tracks.at[track_id, "path"] for track_id in reasons]
        left_out = _skipped(zip(paths, reasons.values(), strict=True))
        return replace(
            self,
            tracks=self.tracks.drop(index=list(reasons)),
            skipped=pd.concat([self.skipped, left_out], ignore_index=True),
        )


def load_corpus(name: str, on_error: str = "raise") -> Corpus:
    """Load a corpus by its name.

    Only headers are read, so damage in the middle of a compressed file shows when it is decoded.

    Parameters
    ----------
    name : str
        ``gtzan-mini``, ``gtzan``, ``sketch``, ``folder:PATH``, ``features:PATH``, or a sum such
        as ``gtzan+folder:~/Music/mine``.
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
    corpus = _load(name)
    if on_error == "raise" and len(corpus.skipped):
        lines = "".join(f"\n  {row.path}: {row.reason}" for row in corpus.skipped.itertuples())
        raise AudioError(
            name,
            f"{len(corpus.skipped)} of its files cannot be used:{lines}\n",
            "Repair or remove them, or load the corpus with on_error='skip'",
        )
    if corpus.tracks.empty:
        raise CorpusError(f"{name}: none of its {len(corpus.skipped)} files can be used")
    return corpus


def _load(name: str) -> Corpus:
    """Load a corpus with whatever of it can be used."""
    names = _summands(name)
    parts = [_load_one(part) for part in names]
    tables = _with_distinct_ids(names, [tracks for tracks, _ in parts])
    skipped = pd.concat([skipped for _, skipped in parts], ignore_index=True)
    stored = pd.concat([table.reindex(columns=list(STORED_COLUMNS)).dropna() for table in tables])
    tracks = pd.concat([table[list(TRACK_COLUMNS)] for table in tables])
    return Corpus(name, tracks, skipped, stored)


@cache
def _annotations() -> pd.DataFrame:
    table = pd.read_csv(
        PACKAGE_DATA / "gtzan.csv", dtype=object, keep_default_na=False, index_col="track_id"
    )
    return _track_table(table.where(table != "", None))


def gtzan_annotations() -> pd.DataFrame:
    """Say what is known about all 1,000 tracks of GTZAN, with or without their audio.

    Returns
    -------
    pandas.DataFrame
        A table of tracks; duration, sample_rate and path are missing.

    Notes
    -----
    Artists and titles are from the index of Sturm (2012, doi:10.1145/2390848.2390851), folds from
    the fault-filtered split of Kereliuk, Sturm and Larsen (2015, arXiv:1507.04761). How they were
    restated: ``genrelib/data/README.md``.
    """
    return _annotations().copy()


def gtzan_tempo() -> pd.Series:
    """Give the annotated tempo of the tracks of GTZAN.

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


def list_corpora() -> pd.DataFrame:
    """List the corpora and what of each is on disk.

    Returns
    -------
    pandas.DataFrame
        Columns name, what, tracks, audio.
    """
    mini = _load_gtzan_mini()[0]["path"].notna().sum()
    full = sum(path.exists() for path in _gtzan_paths().values())
    rows = [
        ("gtzan-mini", "100 tracks of GTZAN, ten genres; the default", "100", _on_disk(mini)),
        ("gtzan", "all of GTZAN, ten genres", "1000", _on_disk(full)),
        (
            "sketch",
            "short synthetic clips in ten styles",
            str(len(sketch.SKETCHES)),
            "made on use",
        ),
        ("folder:PATH", "your own music, one folder per genre", "", "yours"),
        ("features:PATH", "what `genrelib extract` measured", "", "not needed"),
    ]
    return pd.DataFrame(rows, columns=["name", "what", "tracks", "audio"])


def _on_disk(count: int) -> str:
    return f"{count} tracks on disk" if count else "not on disk"


# --- names -----------------------------------------------------------------------------------


def _summands(name: str) -> list[str]:
    """Split a sum, not at a '+' inside a folder's path, and refuse to count a track twice."""
    names = re.split(
        r"\+(?=(?:gtzan-mini|gtzan|sketch)(?:\+|$)|(?:folder|features):)", name.strip()
    )
    for part in names:
        known = part in ("gtzan-mini", "gtzan", "sketch")
        if not known and not re.match("(folder|features):.", part):
            raise CorpusError(f"unknown corpus {part!r}; there are {_NAMES}")
    sources = [source for part in names for source in _sources(part)]
    if twice := [source for source, count in Counter(sources).items() if count > 1]:
        raise CorpusError(f"{name}: the tracks of {twice[0]} would be in the sum twice")
    return names


def _sources(name: str) -> list[str]:
    """Say where the music of a summand is from; gtzan-mini is part of gtzan."""
    if name.startswith("features:"):
        measured = _summands(_manifest(name).corpus)
        return [source for part in measured for source in _sources(part)]
    return [str(_folder(name)) if ":" in name else name.removesuffix("-mini")]


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
    kinds = (part.partition(":") for part in _summands(name))
    return "+".join(f"{kind}:{_folder(path)}" if path else kind for kind, _, path in kinds)


def _load_one(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Load one summand: its table of tracks and the table of what was left out."""
    if name == "gtzan-mini":
        return _load_gtzan_mini()
    if name == "gtzan":
        return _load_gtzan()
    if name == "sketch":
        return _load_sketch()
    if name.startswith("features:"):
        return _load_features(_folder(name))
    return _load_folder(_folder(name))


def _with_distinct_ids(names: list[str], tables: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Prefix the track ids of a folder that has ids in common with an earlier summand."""
    seen: set[str] = set()
    result = []
    for name, table in zip(names, tables, strict=True):
        prefix, attempt = "", 1
        while seen & {prefix + track_id for track_id in table.index}:
            label = _folder(name).name if ":" in name else name
            prefix = f"{label}." if attempt == 1 else f"{label}~{attempt}."
            attempt += 1
        table = table.set_axis(prefix + table.index, axis=0).rename_axis(index="track_id")
        seen.update(table.index)
        result.append(table)
    return result


# --- sources ---------------------------------------------------------------------------------


def _load_gtzan_mini() -> tuple[pd.DataFrame, pd.DataFrame]:
    tracks = _annotations().loc[list(GTZAN_MINI)].copy()
    snapshot = PACKAGE_DATA / "gtzan-mini-tracks.csv"
    if snapshot.exists():
        measured = pd.read_csv(snapshot, index_col="track_id")
        tracks[["duration", "sample_rate"]] = measured[["duration", "sample_rate"]].reindex(
            tracks.index
        )
    root = data_root() / "gtzan-mini"
    paths = {track_id: _track_file(root, track_id) for track_id in tracks.index}
    return _add_audio(tracks, {key: path for key, path in paths.items() if path.exists()})


def _load_gtzan() -> tuple[pd.DataFrame, pd.DataFrame]:
    paths = _gtzan_paths()
    if not any(path.exists() for path in paths.values()):
        raise CorpusError(
            f"gtzan: no track under {data_root() / 'gtzan'}. "
            "Run `genrelib corpus download gtzan` (1.2 GB), or set GENRELIB_DATA to the folder "
            "that holds gtzan/genres/<genre>/<track>.wav"
        )
    return _add_audio(_annotations().copy(), paths)


def _gtzan_paths() -> dict[str, Path]:
    return {key: _track_file(data_root() / "gtzan", key) for key in _annotations().index}


def _track_file(root: Path, track_id: str) -> Path:
    """Say where a track of GTZAN is, or would be: with or without a folder ``genres``."""
    folder = root / "genres" if (root / "genres").is_dir() else root
    wav = folder / track_id.split(".")[0] / f"{track_id}.wav"
    au = wav.with_suffix(".au")  # the format of the first edition
    return au if au.exists() and not wav.exists() else wav


def _load_sketch() -> tuple[pd.DataFrame, pd.DataFrame]:
    return _add_audio(_track_table(sketch.SKETCHES.copy()), _render_sketches())


def _render_sketches() -> dict[str, Path]:
    return sketch.render_all(cache_root() / f"sketch-{sketch.sketch_version()}")


def _folder(name: str) -> Path:
    return Path(re.sub("^(folder|features):", "", name)).expanduser().resolve()


def _manifest(name: str) -> store.Manifest:
    try:
        return store.read_manifest(_folder(name))
    except store.StoreError as error:
        raise CorpusError(str(error)) from error


def _load_features(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take the tracks that were measured; their audio is not looked for."""
    try:
        errors = store.read_errors(folder)
        tracks, _ = store.read_tracks(folder)
    except store.StoreError as error:
        raise CorpusError(str(error)) from error
    tracks = tracks.drop(index=errors["track_id"].dropna().tolist())
    parts = {number: str(store.part_file(folder, number)) for number in tracks["batch"].unique()}
    tracks = _track_table(tracks).assign(
        path=None, folder=str(folder), name=tracks.index, part=tracks["batch"].map(parts)
    )
    return tracks, _skipped(errors[["path", "reason"]].itertuples(index=False))


def _load_folder(root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take every folder in `root` for a genre and every audio file below it for a track."""
    if not root.is_dir():
        raise CorpusError(f"folder:{root}: no such folder")
    files = sorted(
        (path.relative_to(root) for path in root.rglob("*") if path.is_file()),
        key=lambda path: path.as_posix(),
    )
    files = [file for file in files if not any(part.startswith(".") for part in file.parts)]
    audio = [file for file in files if file.suffix.lower() in AUDIO_SUFFIXES]
    inside = [file for file in audio if len(file.parts) > 1]
    if not inside:
        raise CorpusError(
            f"folder:{root}: no audio in genre folders. Expected one folder per genre, such as "
            f"{root}/jazz/track.wav, with files that end in {', '.join(sorted(AUDIO_SUFFIXES))}"
        )
    reasons = {file: "not in a genre folder" for file in audio if len(file.parts) == 1}
    reasons |= {
        file: f"{file.suffix} cannot be read; convert it to FLAC or WAV"
        for file in files
        if file.suffix.lower() in _FOREIGN_SUFFIXES
    }
    ids = _folder_ids(inside)
    genres = [_genre(file.parts[0]) for file in ids.values()]
    tracks = _track_table(pd.DataFrame({"genre": genres}, index=list(ids), dtype=object))
    tracks, skipped = _add_audio(tracks, {key: root / file for key, file in ids.items()})
    elsewhere = _skipped((root / file, reason) for file, reason in reasons.items())
    return (
        tracks.sort_values("genre", kind="stable"),
        pd.concat([skipped, elsewhere], ignore_index=True),
    )


def _genre(folder: str) -> str:
    """Normalise the name of a genre folder: lower case, single blanks, known aliases."""
    name = " ".join(unicodedata.normalize("NFC", folder).lower().split())
    return GENRE_ALIASES.get(name, name)


def _folder_ids(files: list[Path]) -> dict[str, Path]:
    """Give each file a track id, ``<genre>.<path below the genre folder, without its ending>``.

    A file named ``blues.00000.wav`` in ``blues`` is ``blues.00000``. Where two files would share
    an id each keeps its ending; where that is not enough, the later one is numbered.
    """

    def name(file: Path, ending: str = "") -> str:
        genre = _genre(file.parts[0])
        stem = ".".join((*file.parts[1:-1], file.stem)).removeprefix(f"{genre}.")
        return unicodedata.normalize("NFC", f"{genre}.{stem}{ending}")

    count = Counter(map(name, files))
    ids: dict[str, Path] = {}
    for file in files:
        base = name(file) if count[name(file)] == 1 else name(file, file.suffix.lower())
        track_id, number = base, 2
        while track_id in ids:
            track_id, number = f"{base}~{number}", number + 1
        ids[track_id] = file
    return ids


# --- tables ----------------------------------------------------------------------------------


def _track_table(table: pd.DataFrame) -> pd.DataFrame:
    """Give a table the columns of a table of tracks, in order; what it lacks is missing."""
    table = table.reindex(columns=list(TRACK_COLUMNS))
    numbers = ["duration", "sample_rate"]
    words = [column for column in TRACK_COLUMNS if column not in numbers]
    table = table.astype(dict.fromkeys(words, object) | dict.fromkeys(numbers, float))
    table[words] = table[words].where(table[words].notna(), None)
    return table.rename_axis(index="track_id")


def _skipped(rows: Iterable[tuple[object, str]]) -> pd.DataFrame:
    return pd.DataFrame(
        [(str(path), reason) for path, reason in rows], columns=["path", "reason"], dtype=object
    )


def _add_audio(
    tracks: pd.DataFrame, paths: Mapping[str, Path]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fill in what the files say; tracks whose file cannot be used are dropped and listed."""
    found, failed = {}, {}
    for track_id, path in paths.items():
        try:
            header = read_header(path)
        except AudioError as error:
            failed[track_id] = error
        else:
            found[track_id] = (header.duration, header.sample_rate, str(path))
            for column, tag in (("artist", header.artist), ("title", header.title)):
                if tag and tracks.at[track_id, column] is None:
                    tracks.at[track_id, column] = tag
    columns = ["duration", "sample_rate", "path"]
    if found:
        table = pd.DataFrame.from_dict(found, orient="index", columns=columns)
        tracks.loc[table.index, columns] = table.astype({"path": object})
    skipped = _skipped((error.path, error.reason) for error in failed.values())
    return tracks.drop(index=list(failed)), skipped


# --- download --------------------------------------------------------------------------------

# The first server of GTZAN has been gone since 2022, and the archive of a branch has no lasting
# checksum: instead the content is looked at, track by track.
_WHOLE = Mirror("https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz")
_SUBSET = Mirror("https://github.com/TempoBeatDownbeat/gtzan_mini/archive/refs/heads/main.zip")
# The whole collection has the subset in it: ten times the traffic, but better than nothing.
MIRRORS = {"gtzan": [_WHOLE], "gtzan-mini": [_SUBSET, _WHOLE]}


def download_corpus(name: str, progress: bool = True) -> Path:
    """Download the audio of a corpus, or continue to; nothing to do if it is there.

    Parameters
    ----------
    name : {'gtzan-mini', 'gtzan', 'sketch'}
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
    if name == "sketch":
        return next(iter(_render_sketches().values())).parent.parent
    if name not in MIRRORS:
        raise CorpusError(
            f"{name}: nothing to download; that can be done for {', '.join(MIRRORS)}"
        )
    expected = _annotations() if name == "gtzan" else _annotations().loc[list(GTZAN_MINI)]
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


# --- check -----------------------------------------------------------------------------------


def check_corpus(name: str, slice_length: float = 6.0, progress: bool = False) -> pd.DataFrame:
    """Open every file of a corpus and report what is wrong, to the last file.

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
        no audio, silent (peak below -60 dB of full scale), clipped (more than 0.1 % of the samples
        at full scale), short, wrong rate (resampled on reading), duplicate (the same samples
        under two names) and few tracks (fewer in a genre than cross-validation has folds).

    Raises
    ------
    CorpusError
        If the name is unknown or no audio of the corpus is on disk.
    """
    corpus = _load(name)
    if len(corpus.stored) and corpus.tracks.index.isin(corpus.stored.index).all():
        raise CorpusError(f"{name}: measured before, without audio; check what it was made from")
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
            samples, sample_rate = read_samples(path)
        except AudioError as error:
            rows.append((track_id, path, "unreadable", error.reason))
            continue
        found = list(_problems(samples, sample_rate, slice_length))
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
