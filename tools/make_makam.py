"""Restate the melodies of 1,000 recordings in 20 makams as `makam/recordings.parquet`.

Run once, where the measurements are::

    python tools/make_makam.py FOLDER

FOLDER holds ``recordings.csv`` (who plays what, in which makam) and ``pitch_classes.npz`` (the
share of the melody in each of 240 steps of 5 cents above the tonic), both made of the Ottoman-
Turkish makam recognition dataset (Karakurt, Senturk and Serra 2016), and its ``LICENSE``.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from genrelib.corpus import PACKAGE_DATA

WORDS = (
    "recording_id", "makam", "title", "artists", "artist_ids", "releases", "release_ids",
    "work_ids", "form", "usul", "voicing",
)  # fmt: skip


def make(folder: Path) -> pa.Table:
    """Join the list of the recordings with their melodies.

    Parameters
    ----------
    folder : Path
        Where the measurements are.

    Returns
    -------
    pyarrow.Table
        One row per recording, sorted by makam and name: the words of the list, ``tonic_hz`` and
        ``distribution``, 240 shares as 16-bit floats.
    """
    listed = pd.read_csv(folder / "recordings.csv", index_col="recording_id")
    with np.load(folder / "pitch_classes.npz") as measured:
        shares = pd.Series(list(measured["distribution"]), measured["recording_id"])
    if set(shares.index) != set(listed.index):
        raise ValueError("the list and the melodies are not of the same recordings")
    listed = listed.sort_values(["makam", "recording_id"])
    flat = np.concatenate(shares[listed.index].to_list()).astype(np.float16)
    listed = listed.reset_index()
    columns = {name: pa.array(listed[name].astype(object), pa.string()) for name in WORDS}
    columns["tonic_hz"] = pa.array(listed["tonic_hz"], pa.float32())
    columns["distribution"] = pa.FixedSizeListArray.from_arrays(pa.array(flat), 240)
    return pa.table(columns)


if __name__ == "__main__":
    source = Path(sys.argv[1])
    pq.write_table(make(source), PACKAGE_DATA / "makam" / "recordings.parquet", compression="zstd")
    shutil.copyfile(source / "LICENSE", PACKAGE_DATA / "makam" / "LICENSE.txt")
