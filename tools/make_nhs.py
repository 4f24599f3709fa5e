"""Make what the package embeds of the songs of the Natural History of Song.

    python tools/make_nhs.py SONGS.csv                          # nhs/songs.csv
    GENRELIB_DATA=FOLDER python tools/make_nhs.py measure       # nhs/{measured,songs}.parquet

The second measures the songs that lie in FOLDER/nhs, some minutes for 59. SONGS.csv has one row
per song of the repository themusiclab/nhs (Mehr et al. 2019,
doi:10.1126/science.aax0868), at the commit that :data:`genrelib.corpus.nhs.COMMIT` names: its file
there (``source``, ``bytes``, ``sha256``), and of the published table of the discography what the
song is for, the culture, regions, way of living, place, voices and year.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from genrelib.collections import extract
from genrelib.corpus import PACKAGE_DATA, load_corpus, open_parts, write_whole
from genrelib.features import columns
from genrelib.studies import CONDITIONS, describe_song

FOLDER = PACKAGE_DATA / "nhs"

COLUMNS = {
    "type": "function",
    "culture": "culture",
    "hraf_region": "region",
    "hraf_subregion": "subregion",
    "nhs_subsistence": "subsistence",
    "latitude": "latitude",
    "longitude": "longitude",
    "singers_sex": "voices",
    "year": "year",
    "source": "source",
    "bytes": "bytes",
    "sha256": "sha256",
}
"""Columns of the list, and what we call them."""


def make(listed: pd.DataFrame) -> pd.DataFrame:
    """Give the table of the songs.

    Parameters
    ----------
    listed : pandas.DataFrame
        One row per song with ``song`` and the columns of :data:`COLUMNS`.

    Returns
    -------
    pandas.DataFrame
        Index ``track_id``, as ``nhs.001``; what a song is for in small letters.
    """
    number = listed["song"].str.extract(r"(\d{3})$")[0]
    table = listed.set_index("nhs." + number)[list(COLUMNS)].rename(columns=COLUMNS)
    if not table.index.is_unique:
        raise ValueError("a song is listed twice")
    table["function"] = table["function"].str.lower()
    return table.sort_index().rename_axis(index="track_id")


def measure() -> dict[str, pa.Table]:
    """Measure the songs that are on disk.

    Returns
    -------
    dict of str to pyarrow.Table
        ``measured``: features, ear and tags, one row per slice, as ``genrelib extract`` writes
        them. ``songs``: one row per song with the conditions of its recording, and its melody in
        cents above A4, as 32-bit floats.
    """
    corpus = load_corpus("nhs")
    there = corpus.tracks["path"].notna()
    if not there.all():
        sys.exit(f"{(~there).sum()} songs are not on disk: set GENRELIB_DATA")
    with tempfile.TemporaryDirectory() as folder:
        extract(corpus, Path(folder) / "nhs", frames=False, ear=True)
        parts = open_parts(sorted((Path(folder) / "nhs").glob("part-*.parquet")))
        slices = parts.to_table(["slice_id", "start", "end", *columns(), "ear", "tags"])
    rows = {key: describe_song(corpus.audio(key)) for key in corpus.tracks.index.sort_values()}
    songs = {name: pa.array([row[name] for row in rows.values()]) for name in CONDITIONS}
    melodies = [np.asarray(row["melody"], np.float32) for row in rows.values()]
    songs = {"track_id": pa.array(list(rows))} | songs
    return {
        "measured": slices.sort_by("slice_id"),
        "songs": pa.table(songs | {"melody": pa.array(melodies, pa.list_(pa.float32()))}),
    }


def main(what: str) -> None:
    """Make the list, or the measurements."""
    if what != "measure":
        text = io.StringIO()
        make(pd.read_csv(Path(what))).to_csv(text, lineterminator="\n")
        write_whole(FOLDER / "songs.csv", text.getvalue())
        return
    for name, table in measure().items():
        buffer = pa.BufferOutputStream()
        pq.write_table(table, buffer, compression="zstd", compression_level=19)
        write_whole(FOLDER / f"{name}.parquet", buffer.getvalue())
        print(f"{name}: {table.num_rows} rows, {(FOLDER / f'{name}.parquet').stat().st_size:,}")


if __name__ == "__main__":
    main(sys.argv[1])
