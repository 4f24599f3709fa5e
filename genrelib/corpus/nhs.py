"""Songs of 86 cultures: the Natural History of Song discography (Mehr et al. 2019).

What is known of all 118 is part of the package; of some the package has measurements as well.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from genrelib.corpus.download import DownloadError, Mirror, extra_mirrors
from genrelib.corpus.files import install_files
from genrelib.corpus.places import PACKAGE_DATA, data_root
from genrelib.corpus.table import add_audio, track_table

NAME = "nhs"
COMMIT = "349cddc5de62e58a751eac5854b8f6a437e32ccf"
"""Of the repository themusiclab/nhs: the recordings that the sums are of."""
SOURCE = f"https://raw.githubusercontent.com/themusiclab/nhs/{COMMIT}/"
SECONDS = 14.0
"""Length of an excerpt, as its makers cut it; the files are a little longer."""
MEASURED = PACKAGE_DATA / "nhs" / "measured.parquet"


@cache
def _songs() -> pd.DataFrame:
    return pd.read_csv(PACKAGE_DATA / "nhs" / "songs.csv", index_col="track_id")


def nhs_songs() -> pd.DataFrame:
    """Say what is known about the 118 songs, with or without their audio.

    Explained in chapter 14.

    Returns
    -------
    pandas.DataFrame
        Index ``track_id``, as ``nhs.001``; columns function (``dance``, ``healing``, ``love`` or
        ``lullaby``), culture, region, subregion, subsistence, latitude and longitude (degrees),
        voices (sex of the singers) and year, as the source gives them; and source (path in the
        repository), bytes and sha256 of the recording, 14 seconds of MP3.

    Notes
    -----
    The discography of S. A. Mehr et al., *Universality and diversity in human song*, Science 366,
    eaax0868, 2019, doi:10.1126/science.aax0868.
    """
    return _songs().copy()


def load() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take the songs whose audio is on disk, and those that the package has measured."""
    songs = _songs()
    slices = pq.read_table(MEASURED, columns=["slice_id"]).column(0).to_pandas()
    measured = set(slices.str.replace(r":\d+$", "", regex=True))
    there = {key: path for key, path in _paths().items() if path.exists()}
    tracks = songs.loc[songs.index.isin({*measured, *there})]
    table = track_table(
        pd.DataFrame(
            {
                "genre": tracks["function"],
                "artist": tracks["culture"],
                "title": tracks["function"].str.capitalize() + " song, " + tracks["culture"],
                "duration": tracks.index.isin(measured).astype(float) * SECONDS,
            }
        )
    )
    table, skipped = add_audio(table.sort_values(["genre", "track_id"]), there)
    stored = table.index.isin(measured) & table["path"].isna()
    table.loc[stored, ["folder", "part"]] = NAME, str(MEASURED)
    table.loc[stored, "name"] = table.index[stored]
    return table, skipped


def _paths() -> dict[str, Path]:
    folder = data_root() / NAME
    return {key: folder / f"{key.removeprefix('nhs.')}.mp3" for key in _songs().index}


def on_disk() -> str:
    """Say how many of the songs are on disk."""
    count = sum(path.exists() for path in _paths().values())
    return f"{count} songs on disk" if count else "not on disk"


def download(progress: bool) -> Path:
    """Download the songs that are not there yet, each checked by its sum."""
    songs, target = _songs(), data_root() / NAME
    wrong = [
        path.name
        for key, path in _paths().items()
        if path.exists()
        and hashlib.sha256(path.read_bytes()).hexdigest() != songs.at[key, "sha256"]
    ]
    if wrong:
        raise DownloadError(
            f"{target} holds other files than were published: {', '.join(wrong[:3])}"
            f"{' ...' * (len(wrong) > 3)}. Move them away and run this again"
        )
    bases = [*(mirror.url.rstrip("/") + "/" for mirror in extra_mirrors(NAME)), SOURCE]
    files = {
        _paths()[key]: [Mirror(base + row["source"], f"sha256:{row['sha256']}") for base in bases]
        for key, row in zip(songs.index, songs.to_dict("records"), strict=True)
    }
    return install_files(NAME, files, target, sizes=songs["bytes"].tolist(), progress=progress)
