"""A collection as points: which tracks are near, and how near that is among its own neighbours.

A track is the fifty log-odds of the tags that the pretrained ear gives it, and the distance of two
is one minus the cosine of the angle between them. In many dimensions some points, hubs, are among
the nearest of very many others; a playlist drawn from nearest neighbours plays them again and
again (Flexer and Stevens 2018). So a distance is divided by what is usual around both of its ends:
local scaling, in the form of Schnitzer et al. 2012. What is usual is measured against a sample of
the collection, so that it takes time in proportion to the collection, and not to its square.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from genrelib import classify
from genrelib.classify import TAG_COLUMNS
from genrelib.corpus import Corpus, write_whole
from genrelib.playlists.hearing import SCHEMA, PlaylistError

LARGE = 200_000
"""Tracks from which on an index of neighbours is used, where faiss is installed."""
SAMPLE = 1000
"""Tracks of the sample that is measured against."""
NEAR = 0.1
"""Share of the sample that is the neighbourhood of a track."""
CELLS, PROBED = 1024, 32
"""Cells that the neighbours' index divides the collection into, and those that a query looks
into."""
SAME = 1e-6
"""Distance under which two points are one."""
CHUNK = 50_000
SAVED = "neighbours.faiss"
SCALES = "scales.npy"


@dataclass(eq=False)
class Index:
    """Music that was heard, ready to be searched; from :func:`genrelib.playlists.open_index`.

    Explained in chapter 12.

    Parameters
    ----------
    name : str
        The folder, or the corpus.
    table : pyarrow.Table
        One row per track: ``track_id``, ``path`` (missing where no audio was on disk),
        ``artist``, ``title``, ``genre`` (that of the corpus or its folder, else what the model
        names), ``reason`` (why it is none of the genres of the model, or missing) and
        ``duration`` (seconds).
    vectors : numpy.ndarray
        Log-odds of the tags, each divided by its length, float32, shape ``(n, 50)``.
    scales : numpy.ndarray
        Local scale of each track, float32, shape ``(n,)``: see :func:`local_scales`.
    sample : numpy.ndarray
        Those of `vectors` that scales are measured against, shape ``(n_sample, 50)``.
    left_out : pandas.DataFrame
        Files that cannot be used; columns path, reason.
    neighbours : Any
        An index of faiss, or None for exact search.
    """

    name: str
    table: pa.Table
    vectors: np.ndarray = field(repr=False)
    scales: np.ndarray = field(repr=False)
    sample: np.ndarray = field(repr=False)
    left_out: pd.DataFrame = field(repr=False)
    neighbours: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Code words as numbers, which compare quickly."""
        artists, self.artist_codes = _codes(self.table["artist"])
        genres, self.genre_codes = _codes(self.table["genre"])
        self.artists, self.genres = artists.to_pylist(), genres.to_pylist()
        self.sorted_scales = np.sort(self.scales)
        self.song_codes = _songs(self.table["title"], self.artist_codes)
        self.durations = self.table["duration"].to_numpy().astype(np.float32)
        reasons = self.table["reason"].fill_null("").combine_chunks()
        self.is_music = ~pc.is_in(reasons, pa.array(["not music"])).to_numpy(zero_copy_only=False)

    def __len__(self) -> int:
        return len(self.table)

    @property
    def tracks(self) -> pd.DataFrame:
        """The table of tracks; index ``track_id``."""
        return self.table.to_pandas().set_index("track_id")

    def nearest(
        self, vector: np.ndarray, k: int, allowed: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the tracks at the smallest angles.

        Parameters
        ----------
        vector : numpy.ndarray
            Log-odds of the tags divided by their length, shape ``(50,)``.
        k : int
            How many to find.
        allowed : numpy.ndarray of bool, optional
            Which tracks to find, shape ``(n,)``; these are searched exactly.

        Returns
        -------
        rows : numpy.ndarray of int
            Rows of the table, nearest first; fewer than `k` where there are no more.
        similarity : numpy.ndarray
            Cosine of the angle of each.
        """
        if allowed is None and self.neighbours is not None:
            found, rows = self.neighbours.search(vector[None].astype(np.float32), k)
            good = rows[0] >= 0
            return rows[0][good], found[0][good]
        cosine = self.vectors @ vector.astype(np.float32)
        rows = np.arange(len(self)) if allowed is None else np.flatnonzero(allowed)
        values = cosine if allowed is None else cosine[rows]
        if k < len(rows):
            rows_kept = np.argpartition(-values, k - 1)[:k]
            rows, values = rows[rows_kept], values[rows_kept]
        order = np.lexsort((rows, -values))
        return rows[order], values[order]

    def part(self, which: np.ndarray, near: float = NEAR) -> Index:
        """Take some of the tracks for a collection of their own.

        Parameters
        ----------
        which : numpy.ndarray of bool or int
            The tracks.
        near : float
            As in :func:`local_scales`; 0 to have all distances as they are.

        Returns
        -------
        Index
            These tracks, with the scales that they have among each other; searched exactly.
        """
        rows = np.arange(len(self))[which]
        vectors = self.vectors[rows]
        sample = vectors[np.sort(np.random.default_rng(0).permutation(len(rows))[:SAMPLE])]
        scales = local_scales(vectors, sample, near) if near else np.ones(len(rows), np.float32)
        return Index(self.name, self.table.take(rows), vectors, scales, sample, self.left_out)

    def scale_of(self, vectors: np.ndarray) -> np.ndarray:
        """Measure the local scale of points that need not be in the index.

        Parameters
        ----------
        vectors : numpy.ndarray
            Log-odds of the tags divided by their length, shape ``(m, 50)``.

        Returns
        -------
        numpy.ndarray
            Shape ``(m,)``.
        """
        return local_scales(vectors, self.sample)


def local_scales(vectors: np.ndarray, sample: np.ndarray, near: float = NEAR) -> np.ndarray:
    """Measure how far the neighbourhood of each point reaches.

    Explained in chapter 12.

    Parameters
    ----------
    vectors : numpy.ndarray
        Points of length 1, shape ``(m, n_dimensions)``.
    sample : numpy.ndarray
        Points of the collection, shape ``(n_sample, n_dimensions)``.
    near : float
        Share of the sample that is the neighbourhood.

    Returns
    -------
    numpy.ndarray
        Mean distance, one minus the cosine, to this share of the sample that is nearest, at least
        three points where there are three; float32, shape ``(m,)``. No point is its own neighbour.
    """
    k = min(max(round(near * len(sample)), 3), max(len(sample) - 1, 1))
    found = np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), CHUNK // 10):
        part = vectors[start : start + CHUNK // 10].astype(np.float32)
        distance = 1 - part @ sample.T.astype(np.float32)
        distance[distance < SAME] = 2.0  # no point is its own neighbour
        found[start : start + len(part)] = np.partition(distance, k - 1, axis=1)[:, :k].mean(
            axis=1
        )
    return np.maximum(found, 1e-6)


def unit(heard: np.ndarray) -> np.ndarray:
    """Divide rows by their lengths."""
    found = np.array(heard, np.float32)
    for start in range(0, len(found), CHUNK):  # of a large collection there is no second copy
        part = found[start : start + CHUNK]
        part /= np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-9)
    return found


def measured(corpus: Corpus) -> pa.Table:
    """Lay out a corpus that the ear has heard as the rows of an index."""
    lay_out: Any = classify.pieces  # the function of this name, not its module
    rows = lay_out([corpus])
    rows = rows[rows["whole"]]
    heard = rows[TAG_COLUMNS].to_numpy(np.float32)
    durations = corpus.tracks["duration"].reindex(rows["track_id"]).to_numpy(float)
    columns: dict[str, Any] = {
        name: pa.array([v if isinstance(v, str) else None for v in rows[name]], pa.string())
        for name in ("track_id", "artist", "title", "genre")
    }
    columns |= {
        "path": pa.array(
            [p if isinstance(p, str) else None for p in corpus.tracks["path"][rows["track_id"]]],
            pa.string(),
        ),
        "reason": pa.nulls(len(rows), pa.string()),  # what a corpus calls music is music
        "duration": pa.array(durations, pa.float64()),
        "heard": pa.FixedSizeListArray.from_arrays(pa.array(heard.ravel()), heard.shape[1]),
    }
    blank = {n: pa.nulls(len(rows), SCHEMA.field(n).type) for n in SCHEMA.names[-3:]}
    return pa.table({name: (columns | blank)[name] for name in SCHEMA.names}, SCHEMA)


def catalogue(
    source: Corpus | pa.Table,
    *,
    name: str = "",
    keep: Path | None = None,
    left_out: pd.DataFrame | None = None,
    exact: bool = False,
) -> Index:
    """Lay out music that was heard for searching.

    Explained in chapter 12.

    Parameters
    ----------
    source : Corpus or pyarrow.Table
        A corpus that the ear has heard, or can hear; or the rows of an index.
    name : str
        What it is called; the name of the corpus, if left out.
    keep : pathlib.Path, optional
        Folder where scales, and neighbours of a large collection, are kept for the next time.
    left_out : pandas.DataFrame, optional
        Files that cannot be used.
    exact : bool
        Whether to search exactly, however large it is.

    Returns
    -------
    Index
        The tracks in the order given.
    """
    if isinstance(source, Corpus):
        name, table = name or source.name, measured(source)
        left_out = source.skipped[["path", "reason"]] if left_out is None else left_out
    else:
        table = source
    column = table["heard"].combine_chunks()
    vectors = unit(column.flatten().to_numpy(zero_copy_only=False).reshape(len(table), -1))
    # What was heard is not needed any more; of a large collection, memory is short.
    source = table = table.select(SCHEMA.names[:-4])
    del column
    rng = np.random.default_rng(0)
    chosen = np.sort(rng.permutation(len(table))[:SAMPLE])
    sample = vectors[chosen]
    print_of = hashlib.sha256(vectors.data).hexdigest()[:16] if keep else ""
    return Index(
        name=name,
        table=table,
        vectors=vectors,
        scales=_scales(vectors, sample, keep, print_of),
        sample=sample,
        left_out=pd.DataFrame(columns=["path", "reason"]) if left_out is None else left_out,
        neighbours=None if exact or len(table) < LARGE else _neighbours(vectors, keep, print_of),
    )


def _codes(column: pa.ChunkedArray) -> tuple[pa.Array, np.ndarray]:
    """Number the words of a column, whatever their case; -1 where there is none."""
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(column.cast(pa.string())))
    coded = pc.dictionary_encode(plain).combine_chunks()
    coded = coded.chunk(0) if isinstance(coded, pa.ChunkedArray) else coded
    numbers = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return coded.dictionary, numbers


def _songs(titles: pa.ChunkedArray, artists: np.ndarray) -> np.ndarray:
    """Number songs: artist and title, but for what stands in brackets or behind a dash."""
    text = titles.cast(pa.string())
    for pattern in (r"\s*[\(\[].*$", r"\s+-\s+.*$"):
        text = pc.replace_substring_regex(text, pattern, "")
    words, codes = _codes(text)
    known = (codes >= 0) & (artists >= 0)
    return np.where(known, artists.astype(np.int64) * max(len(words), 1) + codes, -1)


def _scales(
    vectors: np.ndarray, sample: np.ndarray, keep: Path | None, print_of: str
) -> np.ndarray:
    file = keep / f"{print_of}-{SCALES}" if keep else None
    if file is not None and file.exists():
        with contextlib.suppress(OSError, ValueError):
            found = np.load(file, allow_pickle=False)
            if found.shape == (len(vectors),):
                return found
    found = local_scales(vectors, sample)
    if file is not None and len(vectors) >= CHUNK:
        buffer = io.BytesIO()
        np.save(buffer, found)
        _keep(file, buffer.getbuffer(), SCALES)
    return found


def _neighbours(vectors: np.ndarray, keep: Path | None, print_of: str) -> Any:
    """Build an inverted file, or read the one that was kept; None where faiss is not there."""
    try:
        import faiss
    except ImportError:
        return None
    file = keep / f"{print_of}-{SAVED}" if keep else None
    found: Any = None
    if file is not None and file.exists():
        with contextlib.suppress(RuntimeError, OSError):
            found = faiss.read_index(str(file))
    if found is None:
        n, width = vectors.shape
        found = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(width), width, CELLS, faiss.METRIC_INNER_PRODUCT
        )
        rng = np.random.default_rng(0)
        found.train(vectors[rng.choice(n, min(n, 64 * CELLS), replace=False)])
        for start in range(0, n, CHUNK):
            found.add(vectors[start : start + CHUNK])
        if file is not None:
            _keep(file, faiss.serialize_index(found), SAVED)
    found.nprobe = PROBED
    return found


def _keep(file: Path, content: Any, ending: str) -> None:
    """Keep a file for the next time in place of older ones, where the folder can be written."""
    with contextlib.suppress(OSError):
        write_whole(file, content)
        for old in file.parent.glob(f"*-{ending}"):
            if old != file:
                old.unlink()


def check_genre(index: Index, genre: str) -> int:
    """Give the number of a genre, or say which there are."""
    wanted = " ".join(genre.lower().split())
    if wanted not in index.genres:
        raise PlaylistError(
            f"no track of the index is {genre!r}. There are {', '.join(sorted(index.genres))}"
        )
    return index.genres.index(wanted)
