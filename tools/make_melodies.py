"""Follow the melodies of gtzan-mini: `heard/gtzan-mini-melody.parquet`.

    GENRELIB_DATA=FOLDER python tools/make_melodies.py

About 20 minutes on one core. One row per slice of six seconds: ``slice_id``, ``track_id``,
``melody`` (the share of the melody in each of 240 steps of 5 cents above A, 16-bit floats), and
``deviation``, how far the held notes of the track lie from twelve equal steps, in cents.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from genrelib.corpus import PACKAGE_DATA, SAMPLE_RATE, load_corpus, write_whole
from genrelib.features import slice_tracks
from genrelib.studies import MELODY_HOP, follow_melody, off_semitones, pitch_classes


def lay_out(slices: pd.DataFrame, melodies: dict[str, np.ndarray]) -> pa.Table:
    """Cut melodies into slices, and sum them up.

    Parameters
    ----------
    slices : pandas.DataFrame
        One row per slice, with ``track_id``, ``start`` and ``end``.
    melodies : dict of str to numpy.ndarray
        Cents by track, as from :func:`genrelib.studies.follow_melody`.

    Returns
    -------
    pyarrow.Table
        As the file holds it.
    """
    rate = SAMPLE_RATE / MELODY_HOP
    shares, away = [], []
    for row in slices.itertuples():
        cents = melodies[row.track_id]
        shares.append(pitch_classes(cents[round(row.start * rate) : round(row.end * rate)]))
        away.append(off_semitones(cents)["deviation"])
    flat = pa.array(np.concatenate(shares).astype(np.float16))
    return pa.table(
        {
            "slice_id": pa.array(slices.index.tolist()),
            "track_id": pa.array(slices["track_id"].tolist()),
            "deviation": pa.array(away, pa.float32()),
            "melody": pa.FixedSizeListArray.from_arrays(flat, 240),
        }
    )


def main() -> None:
    """Measure and write."""
    music = load_corpus("gtzan-mini")
    melodies = {key: follow_melody(music.audio(key)) for key in music.tracks.index}
    path = PACKAGE_DATA / "heard" / "gtzan-mini-melody.parquet"
    buffer = pa.BufferOutputStream()
    table = lay_out(slice_tracks(music), melodies)
    pq.write_table(table, buffer, compression="zstd", compression_level=19)
    write_whole(path, buffer.getvalue())
    print(f"{table.num_rows} slices, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
