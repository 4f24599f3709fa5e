"""Measure recordings that are music or not: `sounds.parquet`, from which a model learns which.

Run where the recordings are::

    python tools/make_sounds.py FOLDER

``tools/sounds.csv`` says what is heard: one line per recording, with its kind, the group that is
held out together, source, licence, and its files, which are joined where there are several (a
pattern stands for all that match, in the order of their names). Under FOLDER lies

- of each Debian package, what is in it: ``dpkg -x PACKAGE.deb FOLDER/PACKAGE``, for a package
  that ``apt-get download PACKAGE`` gave, of Debian 12;
- in ``librosa-data``, the folder ``audio`` of the repository librosa/data;
- in ``synth``, what :func:`signals` writes there by itself: noise and tones, which need no
  recording;
- in ``nhs``, the recordings of the Natural History of Song, named 001.mp3 and so on: the folder
  ``viz_interactive/discography/audio`` of the repository themusiclab/nhs (Mehr et al. 2019,
  doi:10.1126/science.aax0868).

The first 30 seconds of each recording are heard as ``genrelib classify`` hears a file: brought to
the loudness of the model, in windows of two patches, silent ones left out.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile
import soxr
from scipy import signal

from genrelib.classify import load_model, stream
from genrelib.classify.listening import WINDOW, window
from genrelib.corpus import PACKAGE_DATA, read_blocks, read_rate, write_whole
from genrelib.features import hear

TABLE = Path(__file__).with_name("sounds.csv")
FOLDERS = {"librosa/data": "librosa-data", "themusiclab/nhs": "nhs"}
"""Folders of sources that are no Debian packages."""
WINDOWS = 5
SECONDS = WINDOWS * WINDOW * stream.PATCH
RAW_RATE = 8000  # of files without a header: 16 bits, one channel


def signals(folder: Path) -> None:
    """Write noise of four colours, and what machines sound: tones, sweeps, beeps, clicks.

    Parameters
    ----------
    folder : Path
        Where the files go; 12 seconds each, at 44,100 Hz.
    """
    rate, rng = 44100, np.random.default_rng(0)
    t = np.arange(12 * rate) / rate
    spectrum, frequency = np.fft.rfft(rng.normal(size=len(t))), np.fft.rfftfreq(len(t), 1 / rate)
    slopes = {"white": 0.0, "pink": 1.0, "brown": 2.0, "blue": -1.0}  # power falls as 1/f^slope
    made = {
        name: np.fft.irfft(spectrum * np.maximum(frequency, 20) ** (-slope / 2), len(t))
        for name, slope in slopes.items()
    }
    made |= {f"sine {f}": np.sin(2 * np.pi * f * t) for f in (60, 220, 440, 1000, 3000)}
    made["square"] = signal.square(2 * np.pi * 220 * t)
    made["sawtooth"] = signal.sawtooth(2 * np.pi * 330 * t)
    made["sweep"] = signal.chirp(t, 50, t[-1], 7000, "logarithmic")
    made["dial"] = made["sine 440"] + np.sin(2 * np.pi * 350 * t)
    made["beeps"] = made["sine 1000"] * (t % 0.5 < 0.2)
    made["clicks"] = (np.arange(len(t)) % (rate // 3) == 0) * 1.0
    folder.mkdir(parents=True, exist_ok=True)
    for name, y in made.items():
        soundfile.write(folder / f"{name}.wav", 0.5 * y / np.abs(y).max(), rate, subtype="FLOAT")


def find(folder: Path, source: str, files: str) -> list[Path]:
    """Find the files of a recording.

    Parameters
    ----------
    folder : Path
        Where the sources are.
    source : str
        The source: its name comes first.
    files : str
        Names or patterns within the source, with `` ; `` between them.

    Returns
    -------
    list of Path
        The files, in the order in which they are joined.
    """
    name = source.split()[0]
    place = folder / FOLDERS.get(name, name)
    found: list[Path] = []
    for pattern in files.split(" ; "):
        plain = place / pattern
        here = [plain] if plain.is_file() else sorted(place.glob(pattern))
        if not here:
            raise FileNotFoundError(
                f"{plain}: no such file. Put {source} into {place}; the beginning of {__file__} "
                "says how"
            )
        found += here
    return found


def read(path: Path) -> tuple[np.ndarray, int]:
    """Read the beginning of a file.

    Parameters
    ----------
    path : Path
        A file that ``genrelib classify`` reads, or ``.raw``.

    Returns
    -------
    samples : numpy.ndarray
        Mono, float32, at most :data:`SECONDS` of them.
    rate : int
        Sample rate in Hz.
    """
    if path.suffix == ".raw":
        raw = {"samplerate": RAW_RATE, "channels": 1, "subtype": "PCM_16", "format": "RAW"}
        samples, rate = soundfile.read(path, round(SECONDS * RAW_RATE), dtype="float32", **raw)
        return samples, rate
    rate, parts, length = read_rate(path), [], 0
    for block in read_blocks(path):
        parts.append(block)
        length += len(block)
        if length >= SECONDS * rate:
            break
    return np.concatenate(parts)[: round(SECONDS * rate)], rate


def join(paths: list[Path]) -> tuple[np.ndarray, int]:
    """Read files one after the other, at the highest of their rates, until it is enough.

    Gives mono samples, at most :data:`SECONDS` of them, and their rate in Hz.
    """
    parts, seconds = [], 0.0
    for path in paths:
        parts.append(read(path))
        seconds += len(parts[-1][0]) / parts[-1][1]
        if seconds >= SECONDS:
            break
    rate = max(rate for _, rate in parts)
    joined = [y if own == rate else soxr.resample(y, own, rate) for y, own in parts]
    return np.concatenate(joined)[: round(SECONDS * rate)], rate


def listen(samples: np.ndarray, rate: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Hear a recording as :meth:`genrelib.classify.Model.classify` does.

    Parameters
    ----------
    samples : numpy.ndarray
        Mono samples, shape ``(n_samples,)``.
    rate : int
        Sample rate in Hz.
    level : float
        Loudness to bring it to, in dB of full scale.

    Returns
    -------
    windows : numpy.ndarray
        Embedding of each window that is not silent, shape ``(n_windows, 200)``.
    start : numpy.ndarray
        Where each begins, in seconds, shape ``(n_windows,)``.
    """
    file = stream.measure([samples], rate)
    if file.level == -np.inf:
        raise ValueError("nothing but silence")
    gain = np.float32(10 ** ((level - file.level) / 20))
    windows, start = window(hear(gain * samples, rate))
    at = np.minimum(np.rint(start / stream.STEP).astype(int), len(file.peak) - 1)
    loud = np.maximum.reduceat(file.peak, at) >= stream.SILENT
    return windows[loud][:WINDOWS], start[loud][:WINDOWS]


def make(folder: Path, table: pd.DataFrame, level: float) -> pd.DataFrame:
    """Hear every recording of the table.

    Parameters
    ----------
    folder : Path
        Where the sources are.
    table : pandas.DataFrame
        Columns recording, kind, group, source, licence, files, about.
    level : float
        Loudness to bring each to, in dB of full scale.

    Returns
    -------
    pandas.DataFrame
        One row per window: the columns of `table` but files, start (seconds), and ear, an array
        of 200 float16.
    """
    if doubled := table.loc[table["recording"].duplicated(), "recording"].tolist():
        raise ValueError(f"{TABLE}: named twice: {doubled}")
    places = [find(folder, *row) for row in table[["source", "files"]].itertuples(index=False)]
    rows = []
    for record, paths in zip(table.drop(columns="files").to_dict("records"), places, strict=True):
        try:
            windows, start = listen(*join(paths), level)
        except ValueError as error:
            raise ValueError(f"{record['recording']} ({paths[0]}): {error}") from error
        rows += [
            record | {"start": float(at), "ear": ear.astype(np.float16)}
            for at, ear in zip(start, windows, strict=True)
        ]
        print(f"{record['recording']}: {len(start)} windows", flush=True)
    return pd.DataFrame(rows)


def encode(sounds: pd.DataFrame) -> bytes:
    """Write what :func:`make` gives as Parquet, and give its bytes."""
    ear = np.stack(sounds["ear"].to_list())
    columns = {name: pa.array(sounds[name]) for name in sounds.columns.drop("ear")}
    columns["ear"] = pa.FixedSizeListArray.from_arrays(pa.array(ear.ravel()), ear.shape[1])
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, compression="zstd", compression_level=19)
    return buffer.getvalue()


if __name__ == "__main__":
    table = pd.read_csv(TABLE, keep_default_na=False)
    signals(Path(sys.argv[1]) / "synth")
    made = make(Path(sys.argv[1]), table, load_model().card["level"])
    write_whole(PACKAGE_DATA / "heard" / "sounds.parquet", encode(made))
