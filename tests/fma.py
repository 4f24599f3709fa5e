"""A small archive that is laid out as FMA's, made of sketches and of the free recordings."""

from __future__ import annotations

import csv
import io
import zipfile
from functools import cache
from itertools import product

import numpy as np
import soundfile as sf

from genrelib.corpus import SAMPLE_RATE, decode, free_recordings, render_sketch

ALBUM = (
    *("comments", "date_created", "date_released", "engineer", "favorites", "id", "information"),
    *("listens", "producer", "tags", "title", "tracks", "type"),
)
ARTIST = (
    *("active_year_begin", "active_year_end", "associated_labels", "bio", "comments"),
    *("date_created", "favorites", "id", "latitude", "location", "longitude", "members", "name"),
    *("related_projects", "tags", "website", "wikipedia_page"),
)
TRACK = (
    *("bit_rate", "comments", "composer", "date_created", "date_recorded", "duration"),
    *("favorites", "genre_top", "genres", "genres_all", "information", "interest"),
    *("language_code", "license", "listens", "lyricist", "number", "publisher", "tags", "title"),
)
COLUMNS = [
    *product(["album"], ALBUM), *product(["artist"], ARTIST), ("set", "split"), ("set", "subset"),
    *product(["track"], TRACK),
]  # fmt: skip
"""The columns of ``tracks.csv``, in the order in which FMA publishes them."""
SIZES = {
    "chroma_cens": 12, "chroma_cqt": 12, "chroma_stft": 12, "mfcc": 20, "rmse": 1,
    "spectral_bandwidth": 1, "spectral_centroid": 1, "spectral_contrast": 7,
    "spectral_rolloff": 1, "tonnetz": 6, "zcr": 1,
}  # fmt: skip
STATISTICS = ("kurtosis", "max", "mean", "median", "min", "skew", "std")
FEATURES = [
    (name, statistic, f"{number:02d}")
    for name, size in SIZES.items()
    for statistic in STATISTICS
    for number in range(1, size + 1)
]
"""The columns of ``features.csv``: feature, statistic, number."""
ROOTS = {
    "Electronic": 15, "Experimental": 38, "Folk": 17, "Hip-Hop": 21, "Instrumental": 1235,
    "International": 2, "Pop": 10, "Rock": 12,
}  # fmt: skip
"""The eight genres of the small subset, with their numbers."""
SOUNDS = dict(
    zip(
        ROOTS,
        ("disco", "metal", "country", "hiphop", "jazz", "reggae", "pop", "rock"),
        strict=True,
    )
)
PER_GENRE = 6
SHORT, BROKEN, SEVERAL, NOTHING = 98565, 99134, 20, 27
"""A clip that is too short, one that is no MP3, a track of two roots, and one without genre."""


def number(genre: int, k: int) -> int:
    """Give the number of a good track."""
    return 1000 * (genre + 1) + k


def tracks() -> list[dict[tuple[str, str], object]]:
    """List the tracks as FMA would: three artists per genre, the last of them in the test part."""
    rows = []
    for g, (genre, root) in enumerate(ROOTS.items()):
        for k in range(PER_GENRE):
            artist = 100 * g + k // 2
            rows.append(
                {
                    ("track", "id"): number(g, k),
                    ("artist", "id"): artist,
                    ("artist", "name"): f"The {genre}s, No. {k // 2}",
                    ("artist", "bio"): '<p>Two lines,\nand a "quotation".</p>',
                    ("set", "split"): ("training", "validation", "test")[k // 2],
                    ("set", "subset"): "small" if k < PER_GENRE - 1 or g else "medium",
                    ("track", "genre_top"): genre,
                    ("track", "genres"): f"[{root}]",
                    ("track", "genres_all"): f"[{root}]",
                    ("track", "title"): f"Song {k}",
                }
            )
    rock = {("set", "split"): "training", ("artist", "id"): 7, ("artist", "name"): ""}
    odd = [(SHORT, "small"), (BROKEN, "small"), (SEVERAL, "large"), (NOTHING, "large")]
    for key, subset in odd:
        row = rock | {("track", "id"): key, ("set", "subset"): subset}
        if subset == "small":
            row |= {("track", "genre_top"): "Rock", ("track", "genres_all"): "[12, 25]"}
        else:
            row |= {("track", "genres_all"): "[17, 12, 25]" if key == SEVERAL else "[]"}
        rows.append(row)
    return sorted(rows, key=lambda row: int(str(row["track", "id"])))


def tracks_csv() -> str:
    """Write the table of tracks: two rows of header, and one that names the index."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["", *(a for a, _ in COLUMNS)])
    writer.writerow(["", *(b for _, b in COLUMNS)])
    writer.writerow(["track_id", *("" for _ in COLUMNS)])
    for row in tracks():
        writer.writerow([row["track", "id"], *(row.get(column, "") for column in COLUMNS)])
    return text.getvalue()


def genres_csv() -> str:
    """Write the tree: the roots, and punk below rock."""
    rows = [f"{root},9,0,{genre},{root}" for genre, root in ROOTS.items()]
    return "\n".join(["genre_id,#tracks,parent,title,top_level", *rows, "25,3,12,Punk,12", ""])


def features_csv() -> str:
    """Write the table of features: three rows of header, and one that names the index."""
    rng, text = np.random.default_rng(0), io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for level, name in enumerate(("feature", "statistics", "number")):
        writer.writerow([name, *(column[level] for column in FEATURES)])
    writer.writerow(["track_id", *("" for _ in FEATURES)])
    places = {genre: rng.normal(size=len(FEATURES)) for genre in [*ROOTS, ""]}
    for row in tracks():
        values = places[str(row.get(("track", "genre_top"), ""))] + rng.normal(size=len(FEATURES))
        writer.writerow([row["track", "id"], *(f"{value:.10e}" for value in values)])
    return text.getvalue()


def zipped(members: dict[str, bytes | str]) -> bytes:
    """Pack files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for name, body in members.items():
            bundle.writestr(name, body)
    return buffer.getvalue()


def metadata_zip() -> bytes:
    """Pack the tables, among others that nobody needs."""
    tables = {"tracks": tracks_csv(), "genres": genres_csv(), "features": features_csv()}
    names = {f"fma_metadata/{name}.csv": table for name, table in tables.items()}
    return zipped(names | {"fma_metadata/README.txt": "FMA", "fma_metadata/raw_tracks.csv": "0"})


def mp3(y: np.ndarray) -> bytes:
    """Pack sound as MP3."""
    buffer = io.BytesIO()
    sf.write(buffer, y.astype(np.float32), SAMPLE_RATE, format="MP3", subtype="MPEG_LAYER_III")
    return buffer.getvalue()


@cache
def small_zip(seconds: float = 6.5, *, sketches: bool = False) -> bytes:
    """Pack the clips of the small subset: pieces of the free recordings, and sketches if asked."""
    members: dict[str, bytes | str] = {"fma_small/checksums": "", "fma_small/README.txt": "FMA"}
    free = [decode(path) for path in free_recordings()["path"]]
    length = int(seconds * SAMPLE_RATE)
    for g, sound in enumerate(SOUNDS.values()):
        piece = mp3(np.resize(np.roll(free[g % len(free)], -9000 * g), length))
        for k in range(PER_GENRE):
            if sketches and k != PER_GENRE - 2:
                y = render_sketch(f"{sound}.sketch{'ABC'[k // 2]}{k % 2 + 1}")
                members[_name(number(g, k))] = mp3(np.resize(y, length))
            else:
                members[_name(number(g, k))] = piece
    del members[_name(number(0, PER_GENRE - 1))]  # it is in the medium subset only
    members[_name(SHORT)] = mp3(np.resize(free[0], int(1.6 * SAMPLE_RATE)))
    members[_name(BROKEN)] = b"no sound at all"
    return zipped(members)


def _name(number: int) -> str:
    return f"fma_small/{number // 1000:03d}/{number:06d}.mp3"
