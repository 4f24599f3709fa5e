"""Which tracks follow from a song: near, unlike each other, and in an order that goes on smoothly.

The tracks near a song (:mod:`genrelib.playlists.searching`) are chosen one at a time by maximal
marginal relevance (Carbonell and Goldstein 1998): each is to be near the song and far from those
chosen before. Two versions of one song are never both chosen, nor, unless asked for, two songs of
one artist. There is always a list; what it took to fill it is said in its notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from genrelib.classify import REASONS, load_model
from genrelib.corpus import AudioError, as_text, on_disk, read_header
from genrelib.playlists.hearing import PlaylistError, hear_file
from genrelib.playlists.ordering import apart_enough, smooth
from genrelib.playlists.searching import Index, check_genre, unit
from genrelib.playlists.writing import Playlist, read_list

DIVERSITY = 0.2
"""Weight of variety, unless another is asked for."""
VERSION = 0.9993
"""Cosine from which on two tracks of one length are taken for versions of one song: a song that
was encoded anew is above it, of the pairs of 733 tracks of GTZAN one in ten thousand is."""
LENGTH = 0.03
"""Share by which the lengths of two versions differ at most, or two seconds."""
POOL = 4
"""Tracks per track of the list that are looked at; more, where these do not fill it."""
JITTER = 0.1
"""How much a seed of chance may change a distance, in local scales."""
STRANGE = 0.95
"""Share of the index that has closer company than an unusual song."""


@dataclass(frozen=True)
class Point:
    """A song that a list is asked for: where it is, and what is known of it."""

    name: str
    vector: np.ndarray
    scale: float
    duration: float
    row: int | None
    artist: int


@dataclass
class _Rules:
    """What a track must be to be chosen; rules that leave too few are given up one by one."""

    allowed: np.ndarray
    most: int | None
    shortest: float
    longest: float


def playlist(
    seeds: str | Path | Sequence[str | Path],
    index: Index,
    *,
    length: int = 25,
    minutes: float | None = None,
    diversity: float = DIVERSITY,
    genre: str | None = None,
    apart: int | None = None,
    exclude: Iterable[str | Path] = (),
    shortest: float = 0.0,
    longest: float = 15.0,
    path: bool = False,
    seed: int | None = None,
) -> Playlist:
    """Make a playlist from a song, or from several.

    Explained in chapter 12.

    Parameters
    ----------
    seeds : str, pathlib.Path or sequence of these
        Audio files, or tracks of the index by their names. A track is near several songs when it
        is near one of them.
    index : Index
        The music to choose from.
    length : int
        How many tracks.
    minutes : float, optional
        How long, instead: tracks are added until it is reached.
    diversity : float
        From 0, the nearest tracks, to 1, those most unlike each other of the tracks around.
    genre : str, optional
        Only tracks of this genre.
    apart : int, optional
        Tracks between two of one artist; if left out, an artist comes once, and those of the
        songs that were given do not come.
    exclude : iterable of str or pathlib.Path
        Files, tracks of the index, artists, or lists of these: playlists, or text files with one
        a line.
    shortest, longest : float
        Limits of the length of a track in minutes; a song that was given and is longer than
        `longest` lifts it to its own length.
    path : bool
        Whether two songs are the ends of a way: the first tracks are near the one, the last near
        the other.
    seed : int, optional
        Seed of chance: each gives another list of tracks that are nearly as near. If left out,
        the nearest are taken.

    Returns
    -------
    Playlist
        The tracks, in order; the songs that were given are not among them.

    Raises
    ------
    PlaylistError
        If a song is neither a file nor a track, is not music, an option is out of its range, or
        no track at all is left to choose from.
    AudioError
        If the file of a song cannot be used.
    """
    seeds = [seeds] if isinstance(seeds, str | Path) else list(seeds)
    if path and len(seeds) != 2:
        raise PlaylistError(f"a path has two ends: name two songs, not {len(seeds)}")
    _check_options(seeds, length, minutes, diversity, apart, shortest, longest)
    points = [_point(name, index) for name in seeds]
    allowed = index.is_music.copy()
    if genre is not None:
        allowed &= index.genre_codes == check_genre(index, genre)
    _without(allowed, index, points, exclude)
    if not allowed.any():
        raise PlaylistError(
            f"{index.name}: no track is left to choose from. Exclude less, or another genre"
        )
    limit = max([60 * longest, *(p.duration for p in points)])
    most = 1 if apart is None else None
    if apart is not None and minutes is None:
        most = -(-length // (apart + 1))
    rules = _Rules(allowed, most, 60 * shortest, limit)
    choice = _Choice(index, points, rules, diversity, seed)
    choice.block_artists = apart is None
    wanted = _Wanted(None if minutes else length, 60 * (minutes or 0))
    rows = choice.along(wanted) if path else choice.around(wanted)
    if not path:
        rows = smooth(rows, index, points, apart)
    notes = choice.notes(rows, wanted)
    if apart is not None and not apart_enough(index.artist_codes[rows], apart):
        notes.append(f"too few artists to keep {apart} tracks between two of one")
    return choice.listed(rows, notes)


def _check_options(
    seeds: list[Any],
    length: int,
    minutes: float | None,
    diversity: float,
    apart: int | None,
    shortest: float,
    longest: float,
) -> None:
    wrong = {
        "name a song, or several": not seeds,
        "a list has at least one track": length < 1,
        "a list takes more than 0 minutes": minutes is not None and not 0 < minutes < np.inf,
        "diversity is a number from 0 to 1": not 0 <= diversity <= 1,
        "between two tracks of one artist there are 0 or more": apart is not None and apart < 0,
        "the shortest track is shorter than the longest": not 0 <= shortest < longest,
    }
    if problem := [text for text, is_wrong in wrong.items() if is_wrong]:
        raise PlaylistError(problem[0])


def _row_of(name: str | Path, index: Index) -> int | None:
    """Find a track of the index by its file or by its name."""
    path = on_disk(name).expanduser()
    places = dict.fromkeys((path.absolute(), path.resolve())) if path.exists() else {}
    texts = [("path", as_text(place)) for place in places] + [("track_id", as_text(name))]
    for column, text in texts:
        row = pc.index(index.table[column], text).as_py()
        if row >= 0:
            return row
    return None


def _point(name: str | Path, index: Index) -> Point:
    row = _row_of(name, index)
    if row is not None:
        return Point(
            as_text(name), index.vectors[row], float(index.scales[row]),
            float(index.durations[row]), row, int(index.artist_codes[row]),
        )  # fmt: skip
    file = Path(name).expanduser()
    if not file.is_file():
        raise PlaylistError(
            f"{as_text(name)}: no such file, nor a track of {index.name}. Check the name"
        )
    heard, duration, reason = hear_file(file, load_model())
    if reason == "not music":
        raise PlaylistError(f"{as_text(name)}: {REASONS[reason]}. Give a song")
    vector = unit(heard[None])[0]
    artist = _artist(file, index)
    return Point(as_text(name), vector, float(index.scale_of(vector[None])[0]), duration, None,
                 artist)  # fmt: skip


def _artist(file: Path, index: Index) -> int:
    try:
        artist = read_header(file).artist
    except AudioError:
        return -1
    plain = (artist or "").strip().lower()
    return index.artists.index(plain) if plain in index.artists else -1


def _without(
    allowed: np.ndarray, index: Index, points: list[Point], exclude: Iterable[str | Path]
) -> None:
    """Forbid the songs that were given, their versions, and what is excluded."""
    for point in points:
        if point.row is not None:
            allowed[point.row] = False
    for name in [part for entry in exclude for part in read_list(entry)]:
        row = _row_of(name, index)
        plain = str(name).strip().lower()
        if row is not None:
            allowed[row] = False
        elif plain in index.artists:
            allowed[index.artist_codes == index.artists.index(plain)] = False


@dataclass(frozen=True)
class _Wanted:
    """How many tracks, or how many seconds of them."""

    length: int | None
    seconds: float

    def reached(self, rows: list[int], durations: np.ndarray) -> bool:
        if self.length is not None:
            return len(rows) >= self.length
        return float(durations[rows].sum()) >= self.seconds

    def guess(self, durations: np.ndarray) -> int:
        """How many tracks it may become."""
        if self.length is not None:
            return self.length
        usual = float(np.median(durations[:: max(1, len(durations) // 1000)]))
        return int(np.ceil(self.seconds / max(usual, 1.0))) + 1


class _Choice:
    """The tracks near some songs, nearest first, and those that were chosen of them."""

    def __init__(
        self, index: Index, points: list[Point], rules: _Rules, diversity: float, seed: int | None
    ) -> None:
        self.index, self.points, self.rules = index, points, rules
        self.diversity = diversity
        self.rng = None if seed is None else np.random.default_rng(seed)
        self.block_artists = False
        self.gone: list[int] = []
        self.given_up: list[str] = []
        self.relaxed: list[str] = []
        self.total = int(np.count_nonzero(rules.allowed))
        self.whole = 2 * self.total > len(index)  # worth asking the neighbours' index
        self.rank: dict[int, int] = {}

    # --- candidates --------------------------------------------------------------------------

    def _candidates(self, points: Sequence[Point], count: int) -> tuple[np.ndarray, np.ndarray]:
        """Find tracks near songs: rows, and the distance to the nearest song, nearest first."""
        allowed = self.rules.allowed
        found = []
        for point in points:
            near = min(len(self.index), max(1000, 2 * count))
            rows, _ = self.index.nearest(point.vector, near, None if self.whole else allowed)
            found.append(rows[allowed[rows]])
            if len(found[-1]) < min(count, self.total):
                found[-1] = self.index.nearest(point.vector, near, allowed)[0]
        rows = np.unique(np.concatenate(found))
        distance = np.min([self._distance(point, rows) for point in points], axis=0)
        if self.rng is not None:
            distance = distance + self.rng.uniform(0, JITTER, len(rows))
        order = np.lexsort((rows, distance))[:count]
        return rows[order], distance[order]

    def _distance(self, point: Point, rows: np.ndarray) -> np.ndarray:
        i = self.index
        return (1 - i.vectors[rows] @ point.vector) / np.sqrt(point.scale * i.scales[rows])

    # --- what may be chosen ------------------------------------------------------------------

    def _is_version(self, rows: np.ndarray, vector: np.ndarray, duration: float) -> np.ndarray:
        i = self.index
        alike = i.vectors[rows] @ vector >= VERSION
        lengths = np.abs(i.durations[rows] - duration)
        return alike & (lengths <= max(2.0, LENGTH * duration))

    def _is_there(self, row: int) -> bool:
        """Look for the file of a track that is about to be chosen."""
        path = self.index.table["path"][row].as_py()
        if path is None or on_disk(path).exists():
            return True
        self.gone.append(row)
        return False

    def _open(self, rows: np.ndarray) -> np.ndarray:
        """Say which tracks may be chosen from the start."""
        i, rules = self.index, self.rules
        seconds = i.durations[rows]
        good = (seconds >= rules.shortest) & (seconds <= rules.longest)
        for point in self.points:
            good &= ~self._is_version(rows, point.vector, point.duration)
            if point.row is not None and i.song_codes[point.row] >= 0:
                good &= i.song_codes[rows] != i.song_codes[point.row]
            if rules.most is not None and self.block_artists and point.artist >= 0:
                good &= i.artist_codes[rows] != point.artist
        return good

    # --- around songs ------------------------------------------------------------------------

    def around(self, wanted: _Wanted) -> list[int]:
        """Choose tracks near the songs, and unlike each other."""
        chosen: list[int] = []
        count = POOL * wanted.guess(self.index.durations)
        while True:
            rows, distance = self._candidates(self.points, count)
            self.rank = {int(row): k + 1 for k, row in enumerate(rows)}
            before = len(chosen)
            self._choose(rows, distance, chosen, wanted)
            if len(chosen) > before and self.relaxed:
                self.given_up.append(self.relaxed.pop())
            self.relaxed = []
            if wanted.reached(chosen, self.index.durations):
                return chosen
            if len(rows) >= self.total:
                if not self._relax():
                    return chosen
            else:
                count *= 4

    def _relax(self) -> bool:
        """Give up a rule that leaves too few tracks: artists first, then lengths."""
        rules = self.rules
        if rules.most is not None:
            rules.most = None
            self.relaxed.append("artists come again, since there are too few of them")
        elif rules.longest < np.inf or rules.shortest > 0:
            rules.shortest, rules.longest = 0.0, np.inf
            self.relaxed.append("tracks of any length are taken, since there are too few others")
        else:
            return False
        return True

    def _choose(
        self, rows: np.ndarray, distance: np.ndarray, chosen: list[int], wanted: _Wanted
    ) -> None:
        """Add tracks by maximal marginal relevance, one by one."""
        i = self.index
        good = self._open(rows)
        apart = np.full(len(rows), np.inf)
        for row in chosen:
            self._close(rows, good, apart, row, chosen)
        while good.any() and not wanted.reached(chosen, i.durations):
            variety = np.where(np.isfinite(apart), apart, 0.0)
            score = (1 - self.diversity) * distance - self.diversity * variety
            k = int(np.where(good, score, np.inf).argmin())
            row = int(rows[k])
            good[k] = False
            if self._is_there(row):
                chosen.append(row)
                self._close(rows, good, apart, row, chosen)

    def _close(
        self, rows: np.ndarray, good: np.ndarray, apart: np.ndarray, row: int, chosen: list[int]
    ) -> None:
        """Take into account that a track is chosen: its versions, its artist, what is like it."""
        i = self.index
        cosine = i.vectors[rows] @ i.vectors[row]
        np.minimum(apart, (1 - cosine) / np.sqrt(i.scales[row] * i.scales[rows]), out=apart)
        lengths = np.abs(i.durations[rows] - i.durations[row])
        good &= ~((cosine >= VERSION) & (lengths <= max(2.0, LENGTH * float(i.durations[row]))))
        good &= rows != row
        if i.song_codes[row] >= 0:
            good &= i.song_codes[rows] != i.song_codes[row]
        artist = i.artist_codes[row]
        most = self.rules.most
        if most and artist >= 0 and (i.artist_codes[chosen] == artist).sum() >= most:
            good &= i.artist_codes[rows] != artist

    # --- from one song to another ------------------------------------------------------------

    def along(self, wanted: _Wanted) -> list[int]:
        """Choose tracks on the way from one song to another."""
        i = self.index
        start, end = self.points
        total = wanted.guess(i.durations)
        chosen: list[int] = []
        for step in range(1, total + 1):
            share = step / (total + 1)
            vector = unit(((1 - share) * start.vector + share * end.vector)[None])[0]
            scale = float(i.scale_of(vector[None])[0])
            point = Point("", vector, scale, 0.0, None, -1)
            count = POOL * total
            while True:
                rows, _ = self._candidates([point], count)
                before = len(chosen)
                good = self._open(rows)
                for row in chosen:
                    self._close(rows, good, np.full(len(rows), np.inf), row, chosen)
                for k in np.flatnonzero(good):
                    if self._is_there(int(rows[k])):
                        chosen.append(int(rows[k]))
                        break
                if len(chosen) > before:
                    self.given_up += self.relaxed
                    self.relaxed = []
                    break
                if len(rows) >= self.total:
                    if not self._relax():
                        return chosen
                else:
                    count *= 4
        return chosen

    # --- what came of it ---------------------------------------------------------------------

    def notes(self, rows: list[int], wanted: _Wanted) -> list[str]:
        """Say in sentences what is unusual about a list."""
        i = self.index
        found = []
        for point in self.points:
            share = float(np.searchsorted(i.sorted_scales, np.float32(point.scale)) / len(i))
            if share >= STRANGE:
                found.append(
                    f"{point.name} is unusual here: {share:.0%} of the {len(i):,} tracks have "
                    "closer company"
                )
        found += self.given_up
        if self.gone:
            found.append(
                f"{len(set(self.gone))} files of the index are gone; run `genrelib index` again "
                "to take them out"
            )
        if not wanted.reached(rows, i.durations):
            asked = f"{wanted.length}" if wanted.length else f"{wanted.seconds / 60:g} minutes"
            found.append(f"{len(rows)} tracks instead of {asked}: the index has no more that fit")
        return found

    def listed(self, rows: list[int], notes: list[str]) -> Playlist:
        """Lay a list out."""
        if not rows:
            raise PlaylistError(
                f"{self.index.name}: no track is left to choose from. {'; '.join(notes)}"
            )
        i = self.index
        at = np.array(rows)
        distances = np.min([self._distance(point, at) for point in self.points], axis=0)
        similar = np.max([i.vectors[at] @ point.vector for point in self.points], axis=0)
        columns = {name: i.table[name].take(at).to_pylist() for name in i.table.column_names}
        columns |= {"similarity": similar.tolist(), "distance": distances.tolist()}
        columns["rank"] = [self.rank.get(row, 0) for row in rows]
        return Playlist(columns, [p.name for p in self.points], notes, len(i), at)
