"""Restate the public GTZAN annotations as `gtzan.csv` and `gtzan-tempo.csv`.

Run once, where the annotations are::

    python tools/make_gtzan.py FOLDER

FOLDER holds ``GTZANindex.txt`` (Sturm 2012: who plays what), ``fingerprints.csv`` (gtzan-bind:
what a fingerprint service says) and ``train_filtered.txt``, ``valid_filtered.txt``,
``test_filtered.txt`` (Kereliuk, Sturm and Larsen 2015), a folder ``tempo`` with one
``gtzan_<genre>_<number>.bpm`` per track (gtzan_tempo_beat), and a folder ``artist-folds`` with
``f1_evaluate.txt`` to ``f3_evaluate.txt`` (Foleis 2020). Prints how well the two sources agree.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from pathlib import Path

import pandas as pd

# One artist under two spellings would sit on both sides of a split by artist.
SPELLINGS = {
    "Earth Wind and Fire": "Earth, Wind & Fire",
    "Rage Against The Machine": "Rage Against the Machine",
}
# Genres of the service that say no more and no less than a genre of the collection. None for
# classical music: there the index names composers and the service names performers.
SAME_GENRE = {
    "blues": {"Blues"},
    "country": {"Country"},
    "disco": {"Disco", "R&B/Soul"},
    "hiphop": {"Hip-Hop/Rap"},
    "jazz": {"Jazz", "Big Band"},
    "metal": {"Metal", "Hard Rock"},
    "pop": {"Pop"},
    "reggae": {"Reggae"},
    "rock": {"Rock"},
}
REMIX = re.compile(r"\b(re|mega)?mix\b", re.IGNORECASE)  # it may only sample the track
HEARD = ["recording", "artist", "title", "primary_genre"]
CORRUPT = {"jazz.00054": "corrupt file in the common copies"}
LEFT_OUT = (
    "left out of the fault-filtered split (repetition, mislabelling or distortion; Sturm 2013)"
)


def parse_index(text: str) -> pd.DataFrame:
    """Read artist and title per track from lines ``<track>.wav ::: <artist> ::: <title>``.

    A missing entry leaves nothing, or only a blank, between its separators, so the blanks around
    a separator cannot be relied on.

    Parameters
    ----------
    text : str
        Content of ``GTZANindex.txt``.

    Returns
    -------
    pandas.DataFrame
        Columns track_id, genre, artist, title; missing entries are None.
    """
    rows = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, artist, title = (field.strip() or None for field in line.split(":::"))
        if name is None or not name.endswith(".wav"):
            raise ValueError(f"not a line of the index: {line!r}")
        track_id = name.removesuffix(".wav")
        artist = SPELLINGS.get(artist or "", artist)
        rows.append((track_id, track_id.split(".")[0], artist, title))
    return pd.DataFrame(rows, columns=["track_id", "genre", "artist", "title"], dtype=object)


def parse_side(text: str, known: set[str]) -> list[str]:
    """Read one side of the split, lines ``<genre>/<track>.wav``.

    Parameters
    ----------
    text : str
        Content of one ``*_filtered.txt``.
    known : set of str
        Track ids that exist.

    Returns
    -------
    list of str
        Track ids.
    """
    track_ids = [line.split("/")[-1].removesuffix(".wav") for line in text.split()]
    if unknown := sorted(set(track_ids) - known):
        raise ValueError(f"the split names tracks that the index lacks: {unknown}")
    return track_ids


def letters(words: str) -> str:
    """Reduce a title to what spellings of it have in common.

    Parameters
    ----------
    words : str
        Such as ``Déjà Vu & More``.

    Returns
    -------
    str
        Lower case letters and digits, without accents, marks and blanks: ``dejavuandmore``.
    """
    plain_words = unicodedata.normalize("NFKD", words.lower()).replace("&", "and")
    return "".join(c for c in plain_words if c.isascii() and c.isalnum())


def plain(name: str) -> str:
    """Reduce the name of an artist to what spellings of it have in common.

    Parameters
    ----------
    name : str
        Such as ``The Trammps``.

    Returns
    -------
    str
        As from :func:`letters`, without "the" and "and": ``trammps``.
    """
    return letters(re.sub(r"\b(the|and)\b|&", "", name, flags=re.IGNORECASE))


def names(credit: str) -> set[str]:
    """List who is named in a credit, in plain words: each name, and the credit as a whole.

    Parameters
    ----------
    credit : str
        Such as ``Peter Tosh and Mick Jagger``.

    Returns
    -------
    set of str
        Such as ``petertosh``, ``mickjagger``, ``petertoshmickjagger``.
    """
    found = re.split(r",|&|/|\band\b|\bfeat\b\.?|\bfeaturing\b", credit, flags=re.IGNORECASE)
    return {plain(name) for name in (*found, credit)} - {""}


def same_title(one: str, other: str) -> bool:
    """Say whether two titles are one, whatever one adds in brackets or behind it.

    Parameters
    ----------
    one, other : str
        The titles.

    Returns
    -------
    bool
        Whether one begins as the other.
    """
    first, second = (letters(re.sub(r"(?<=.)[(\[].*", "", title)) for title in (one, other))
    return bool(first and second) and (first.startswith(second) or second.startswith(first))


def read_fingerprints(file: Path) -> pd.DataFrame:
    """Read what the fingerprint service says.

    Parameters
    ----------
    file : Path
        ``fingerprints.csv``.

    Returns
    -------
    pandas.DataFrame
        Columns recording, artist, title and primary_genre, by track_id; words, missing as None.
    """
    table = pd.read_csv(file, dtype=object, keep_default_na=False, index_col="track_id")
    if not table.index.is_unique:
        raise ValueError(f"{file.name}: a track is listed twice")
    return table[HEARD].where(table[HEARD] != "", None)


def read_sources(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read who plays what, as the index and as the fingerprint service say.

    Parameters
    ----------
    folder : Path
        Where ``GTZANindex.txt`` and ``fingerprints.csv`` are.

    Returns
    -------
    tracks : pandas.DataFrame
        Columns genre, artist and title, by track_id, sorted.
    heard : pandas.DataFrame
        As from :func:`read_fingerprints`.
    """
    tracks = parse_index((folder / "GTZANindex.txt").read_text(encoding="latin-1"))
    if not tracks["track_id"].is_unique:
        raise ValueError("the index lists a track twice")
    tracks = tracks.set_index("track_id").sort_index()
    heard = read_fingerprints(folder / "fingerprints.csv")
    if unknown := sorted(set(heard.index) - set(tracks.index)):
        raise ValueError(f"fingerprints of tracks that the index lacks: {unknown}")
    return tracks, heard


def evidence(tracks: pd.DataFrame, heard: pd.DataFrame) -> pd.Series:
    """Say what speaks for the artist that the service names, but for the index on that track.

    Parameters
    ----------
    tracks : pandas.DataFrame
        Columns genre and artist, by track_id, as the index has them.
    heard : pandas.DataFrame
        As from :func:`read_fingerprints`.

    Returns
    -------
    pandas.Series
        By track_id: ``named`` where the index names that artist for another track of the genre,
        else ``genre`` where the service files the recording under the genre of the collection.
        Missing where neither does, for remixes, and for classical music.
    """
    found: dict[str, str | None] = dict.fromkeys(tracks.index)
    for genre, part in tracks.groupby("genre"):
        known = {track: names(artist) for track, artist in part["artist"].dropna().items()}
        for track, row in heard.loc[heard.index.intersection(part.index)].iterrows():
            if genre not in SAME_GENRE or REMIX.search(row["title"] or "") or not row["artist"]:
                continue
            said = names(row["artist"])
            if any(said & who for other, who in known.items() if other != track):
                found[track] = "named"
            elif row["primary_genre"] in SAME_GENRE[genre]:
                found[track] = "genre"
    return pd.Series(found, dtype=object)


def agreement(tracks: pd.DataFrame, heard: pd.DataFrame) -> pd.DataFrame:
    """Count how often both sources agree where both name an artist, by the evidence for it.

    Parameters
    ----------
    tracks : pandas.DataFrame
        Columns genre, artist and title, by track_id, as the index has them.
    heard : pandas.DataFrame
        As from :func:`read_fingerprints`.

    Returns
    -------
    pandas.DataFrame
        By genre and evidence (``none`` where nothing speaks for it): ``tracks``, ``artist`` (a
        name in common) and ``artist or title``. Without classical music.
    """
    both = tracks.join(heard.add_prefix("heard_"), how="inner")
    both = both[both["genre"].isin(list(SAME_GENRE))].dropna(subset=["artist", "heard_artist"])
    artist = [
        bool(names(a) & names(b)) for a, b in zip(both.artist, both.heard_artist, strict=True)
    ]
    title = [
        bool(a and b) and same_title(a, b)
        for a, b in zip(both["title"], both["heard_title"], strict=True)
    ]
    either = [a or b for a, b in zip(artist, title, strict=True)]
    table = both[["genre"]].assign(
        evidence=evidence(tracks, heard).reindex(both.index).fillna("none"),
        tracks=1,
        artist=artist,
        either=either,
    )
    return table.rename(columns={"either": "artist or title"}).groupby(["genre", "evidence"]).sum()


def fill_in(tracks: pd.DataFrame, heard: pd.DataFrame) -> pd.DataFrame:
    """Take artists, and titles with them, from the service where the index names no artist.

    Parameters
    ----------
    tracks : pandas.DataFrame
        Columns genre, artist and title, by track_id, as the index has them.
    heard : pandas.DataFrame
        As from :func:`read_fingerprints`.

    Returns
    -------
    pandas.DataFrame
        The same with what was taken, and ``source``: ``index`` or ``fingerprint``, who names the
        artist. An artist that the index names elsewhere is spelt as there.
    """
    spelt = {plain(artist): artist for artist in tracks["artist"].dropna()}
    taken = evidence(tracks, heard)[tracks["artist"].isna()].dropna().index
    filled = tracks.assign(source=tracks["artist"].map(lambda who: "index" if who else None))
    for track in taken:
        said = heard.loc[track]
        filled.loc[track, "artist"] = spelt.get(plain(said["artist"]), said["artist"])
        filled.loc[track, "title"] = tracks.at[track, "title"] or said["title"]
        filled.loc[track, "source"] = "fingerprint"
    return filled


def one_recording(tracks: pd.DataFrame, heard: pd.DataFrame) -> pd.Series:
    """Find tracks that are one recording: the service says so, and the names do not contradict.

    Parameters
    ----------
    tracks : pandas.DataFrame
        Columns artist and title, by track_id, with what was filled in.
    heard : pandas.DataFrame
        As from :func:`read_fingerprints`.

    Returns
    -------
    pandas.Series
        By track_id the first track of its group. Missing for tracks that are in none, and for
        groups that hold two artists or two titles.
    """
    first = pd.Series(None, index=tracks.index, dtype=object)
    for _, group in heard.groupby("recording"):
        part = tracks.loc[sorted(group.index)]
        titles = part["title"].dropna().tolist()
        one = part["artist"].nunique(dropna=False) == 1
        if len(part) > 1 and one and all(same_title(titles[0], title) for title in titles[1:]):
            first[part.index] = part.index[0]
    return first


def make(folder: Path) -> pd.DataFrame:
    """Join the index, the fingerprints and the split.

    Parameters
    ----------
    folder : Path
        Where the five annotation files are.

    Returns
    -------
    pandas.DataFrame
        Columns track_id, genre, artist, title, source, recording, fault, side, artist_fold; sorted
        by track_id.
    """
    tracks, heard = read_sources(folder)
    tracks = fill_in(tracks, heard)
    tracks["recording"] = one_recording(tracks, heard)
    tracks["fault"], tracks["side"] = None, None
    for side in ("train", "valid", "test"):
        text = (folder / f"{side}_filtered.txt").read_text()
        listed = parse_side(text, set(tracks.index))
        if tracks.loc[listed, "side"].notna().any():
            raise ValueError(f"{side}: a track is on two sides of the split")
        tracks.loc[listed, "side"] = side
    tracks.loc[tracks["side"].isna(), "fault"] = LEFT_OUT
    tracks["artist_fold"] = None
    for number in (1, 2, 3):
        text = (folder / "artist-folds" / f"f{number}_evaluate.txt").read_text()
        listed = [line.split()[0][2:-4].replace("_", ".") for line in text.splitlines()]
        if tracks.loc[listed, "artist_fold"].notna().any():
            raise ValueError(f"f{number}: a track is tested in two folds")
        tracks.loc[listed, "artist_fold"] = str(number)
    for track_id, fault in CORRUPT.items():
        tracks.loc[track_id, "fault"] = fault
    return tracks.reset_index()


def make_tempo(folder: Path, known: set[str]) -> pd.DataFrame:
    """Collect the annotated tempi.

    Parameters
    ----------
    folder : Path
        Where the files ``gtzan_<genre>_<number>.bpm`` are, each with one number.
    known : set of str
        Track ids that exist.

    Returns
    -------
    pandas.DataFrame
        Columns track_id, tempo (beats per minute); sorted by track_id. A track without a file is
        not in it.
    """
    rows = [
        (".".join(path.stem.split("_")[1:]), float(path.read_text()))
        for path in folder.glob("gtzan_*_*.bpm")
    ]
    table = pd.DataFrame(sorted(rows), columns=["track_id", "tempo"])
    if unknown := sorted(set(table["track_id"]) - known):
        raise ValueError(f"tempi of tracks that the index lacks: {unknown}")
    if not (table["tempo"] > 0).all():
        raise ValueError(f"not a tempo: {table[~(table['tempo'] > 0)].to_dict('records')}")
    return table


def write(table: pd.DataFrame, name: str) -> None:
    """Write a table beside this script, whole or not at all.

    Parameters
    ----------
    table : pandas.DataFrame
        The table.
    name : str
        Name of the file.
    """
    target = Path(__file__).parents[1] / "genrelib" / "data" / name
    part = target.with_name(f".{name}.part")
    table.to_csv(part, index=False, lineterminator="\n")
    part.replace(target)


if __name__ == "__main__":
    source = Path(sys.argv[1])
    tracks = make(source)
    tempi = make_tempo(source / "tempo", set(tracks["track_id"]))
    counts = agreement(*read_sources(source))
    print(counts.groupby("genre").sum(), counts.groupby("evidence").sum(), sep="\n\n")
    write(tracks, "gtzan.csv")
    write(tempi, "gtzan-tempo.csv")
