"""Restate the public GTZAN annotations as `gtzan.csv` and `gtzan-tempo.csv`.

Run once, where the annotations are::

    python tools/make_gtzan.py FOLDER

FOLDER holds ``GTZANindex.txt`` (Sturm 2012: who plays what) and ``train_filtered.txt``,
``valid_filtered.txt``, ``test_filtered.txt`` (Kereliuk, Sturm and Larsen 2015), and a folder
``tempo`` with one ``gtzan_<genre>_<number>.bpm`` per track (gtzan_tempo_beat).
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

# One artist under two spellings would sit on both sides of a split by artist.
SPELLINGS = {
    "Earth Wind and Fire": "Earth, Wind & Fire",
    "Rage Against The Machine": "Rage Against the Machine",
}
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


def parse_fold(text: str, known: set[str]) -> list[str]:
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


def make(folder: Path) -> pd.DataFrame:
    """Join the index and the split.

    Parameters
    ----------
    folder : Path
        Where the four annotation files are.

    Returns
    -------
    pandas.DataFrame
        Columns track_id, genre, artist, title, fault, fold; sorted by track_id.
    """
    tracks = parse_index((folder / "GTZANindex.txt").read_text(encoding="latin-1"))
    if not tracks["track_id"].is_unique:
        raise ValueError("the index lists a track twice")
    tracks = tracks.set_index("track_id").sort_index()
    tracks["fault"], tracks["fold"] = None, None
    for fold in ("train", "valid", "test"):
        text = (folder / f"{fold}_filtered.txt").read_text()
        side = parse_fold(text, set(tracks.index))
        if tracks.loc[side, "fold"].notna().any():
            raise ValueError(f"{fold}: a track is on two sides of the split")
        tracks.loc[side, "fold"] = fold
    tracks.loc[tracks["fold"].isna(), "fault"] = LEFT_OUT
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
    write(tracks, "gtzan.csv")
    write(tempi, "gtzan-tempo.csv")
