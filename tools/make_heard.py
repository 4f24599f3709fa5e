"""Make what the package embeds of recordings that the pretrained ear has heard, and nobody else.

    python tools/make_heard.py clips FOLDER     # heard/gtzan-clips.parquet, from 220 WAV files
    python tools/make_heard.py tags FOLDER      # heard/gtzan-tags.parquet, from two .npz files

Where these come from: ``genrelib/data/README.md``. Both files have the form of a part of
``genrelib extract``: one row per slice, with ``slice_id``, ``start``, ``end`` (seconds), and lists
of numbers.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from genrelib.corpus import PACKAGE_DATA, SAMPLE_RATE, decode, write_whole
from genrelib.features import hear

PATCH, STEP = 3.0, 1.0
"""Length of a published patch (2.992, rounded up) and from one to the next, in seconds."""
SIDES = ("training", "evaluation")


def clips(folder: Path) -> pa.Table:
    """Let the ear hear every clip as a whole: one slice each."""
    rows = []
    for path in sorted(folder.glob("*.wav")):
        samples = decode(path)
        heard = hear(samples, SAMPLE_RATE)
        length = len(samples) / SAMPLE_RATE
        rows.append((f"{path.stem}:0", 0.0, length, heard.embedding.mean(0), heard.tags.mean(0)))
    if not rows:
        sys.exit(f"{folder}: no .wav in it; name the folder of the clips")
    names, start, end, ear, tags = zip(*rows, strict=True)
    return table(names, start, end, ear=np.stack(ear), tags=np.stack(tags))


def tags(folder: Path) -> pa.Table:
    """Lay out the published tags, one row per patch, in the order of time."""
    parts = []
    for side in SIDES:
        path = folder / f"{side}_data_GTZAN_MSDmusicnn_taggram.npz"
        if not path.exists():
            sys.exit(f"{path}: no such file; name the folder of the two .npz")
        with np.load(path) as file:
            names = pd.Series(file["IDS"]).str.extract(r"/(.+)\.au$")[0]
            parts.append(pd.DataFrame(file["X"]).set_axis(names, axis=0))
    found = pd.concat(parts).sort_index(kind="stable")
    number = found.groupby(level=0).cumcount()
    names = found.index + ":" + number.astype(str).to_numpy()
    start = STEP * number.to_numpy(float)
    return table(names, start, start + PATCH, tags=found.to_numpy(np.float32))


def table(names, start, end, **values: np.ndarray) -> pa.Table:
    """Put rows together; numbers are kept in half precision."""
    columns = {"slice_id": pa.array(list(names)), "start": pa.array(start), "end": pa.array(end)}
    for name, matrix in values.items():
        flat = pa.array(matrix.astype(np.float16).ravel())
        columns[name] = pa.FixedSizeListArray.from_arrays(flat, matrix.shape[1])
    return pa.table(columns)


def main(what: str, folder: Path) -> None:
    """Make one of the two."""
    made = {"clips": clips, "tags": tags}[what](folder)
    path = PACKAGE_DATA / "heard" / f"gtzan-{what}.parquet"
    buffer = pa.BufferOutputStream()
    pq.write_table(made, buffer, compression="zstd", compression_level=19)
    write_whole(path, buffer.getvalue())
    print(f"{path.name}: {made.num_rows} rows, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
