"""Model files: numbers and a model card in one ``.npz``, without pickle.

An archive of NumPy arrays of floating-point numbers, and of one of bytes, ``card``: the model card
as JSON. Whoever reads it executes nothing. :mod:`genrelib.classify.training` writes such files,
:mod:`genrelib.classify.naming` reads them.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from genrelib.corpus import PACKAGE_DATA, write_whole
from genrelib.features import EAR_MODEL, HEARD

FORMAT = 2
SHIPPED = PACKAGE_DATA / "genres.npz"
"""The model of the package, trained on three corpora."""
_INTERVAL = {"value": float, "low": float, "high": float}
_SCORES = {
    "accuracy": _INTERVAL, "confidence": float, "error": _INTERVAL, "chance": float,
    "n_tracks": float, "n_genres": float, "recall": {str: float},
}  # fmt: skip
CARD: dict[str, Any] = {
    "genres": [str], "tracks": [(str, str, (str, None), (str, None))], "corpus": str, "made": str,
    "ear": str, "level": float, "limits": {"speech": float, "other": float},
    "temperature": (float, float, float),
    "scores": {str: {str: (_SCORES, None)}},
    "refused": {str: {"n": float, "not music": _INTERVAL, "unfamiliar": _INTERVAL}},
    "versions": {str: str}, "caveats": [str],
}  # fmt: skip
"""What a card must have; see :func:`genrelib.classify.train`."""
MOST = 1 << 26
"""Bytes that a model may have when it is unpacked: 64 MB."""
ARRAYS = {
    "mean": ("d",), "scale": ("d",), "weights": ("g", "d"), "bias": ("g",),
    "whiten": ("d", "d"), "centres": ("g", "d"), "sounds": ("s", "d"), "sound_bias": ("s",),
    "far": ("l", "q"), "odd": ("l", "q"), "tracks": ("t", "d"),
}  # fmt: skip
"""Names of the arrays, and their shapes: d tags, g genres, t tracks, s kinds of sound, l lengths,
q quantiles."""
_AGAIN = "Train a model: `genrelib train --corpus NAME -o MODEL.npz`"


class ModelError(ValueError):
    """A model file that cannot be used."""


def write_model(path: Path, card: dict[str, Any], arrays: dict[str, np.ndarray]) -> Path:
    """Write a model file, whole or not at all.

    Parameters
    ----------
    path : Path
        The file, ending in ``.npz``.
    card : dict
        The model card.
    arrays : dict of str to numpy.ndarray
        The arrays, as in :data:`ARRAYS`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ModelError
        If the name does not end in ``.npz``.
    """
    check_model_name(path)
    text = json.dumps({"format": FORMAT, **card}, ensure_ascii=False, allow_nan=False)
    buffer = io.BytesIO()
    parts: dict[str, Any] = {"card": np.frombuffer(text.encode(), np.uint8), **arrays}
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in parts.items():
            # As NumPy writes it, but for the time of day: the same model is the same file.
            part = zipfile.ZipInfo(f"{name}.npy")
            part.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(part, "w") as file:
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
    write_whole(path, buffer.getbuffer())
    return path


def check_model_name(path: Path) -> None:
    """Refuse a name that no model file has.

    Parameters
    ----------
    path : Path
        The file that is to be written.

    Raises
    ------
    ModelError
        If it does not end in ``.npz``.
    """
    if path.suffix != ".npz":
        raise ModelError(f"{path}: a model file ends in .npz; choose such a name")


def read_model(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a model file and check it: its card, and its arrays as in :data:`ARRAYS`.

    A ModelError is raised if it is missing, damaged, no model, of a newer format, or made for
    another ear.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such model file. Check the path. {_AGAIN}")
    with path.open("rb") as raw:  # says "permission denied" by itself
        try:
            with zipfile.ZipFile(raw) as archive:
                sizes = {part.filename: part.file_size for part in archive.infolist()}
                if sum(sizes.values()) > MOST or len(sizes) < len(archive.infolist()):
                    raise ValueError("a bomb, or two parts of one name")
            raw.seek(0)
            with np.load(raw, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            card = json.loads(arrays.pop("card").tobytes().decode())
            version = int(card.pop("format"))
        except Exception as error:  # NumPy, zipfile and zlib each have several
            raise ModelError(f"{path}: not a model of genrelib, or damaged. {_AGAIN}") from error
    if version > FORMAT:
        raise ModelError(f"{path}: made by a newer genrelib (format {version}). Update genrelib")
    if version < FORMAT:
        raise ModelError(f"{path}: made by an older genrelib (format {version}). {_AGAIN}")
    _check(path, card, arrays)
    return card, arrays


def _check(path: Path, card: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Refuse a file that lacks something, or whose parts do not fit."""
    lacking = [name for name in CARD if name not in card]
    lacking += [name for name in ARRAYS if name not in arrays]
    if lacking:
        raise ModelError(f"{path}: not a whole model; it has no {lacking[0]!r}. {_AGAIN}")
    odd = [name for name, shape in CARD.items() if not _fits(card[name], shape)]
    if odd or not 0 < len(card["genres"]) == len(set(card["genres"])):
        raise ModelError(f"{path}: damaged; {[*odd, 'genres'][0]!r} of its card is odd. {_AGAIN}")
    sizes = {
        "d": len(HEARD["tags"]),
        "l": len(card["temperature"]),
        "g": len(card["genres"]),
        "t": len(card["tracks"]),
    }
    for name, axes in ARRAYS.items():
        array = arrays[name]
        found = dict(zip(axes, array.shape, strict=False))  # one too few or too many shows below
        shape = tuple(sizes.setdefault(axis, found.get(axis, 1)) for axis in axes)
        if array.shape != shape or array.dtype.kind != "f" or not np.isfinite(array).all():
            raise ModelError(f"{path}: damaged; {name!r} is not as it should be. {_AGAIN}")
    if card["ear"] != fingerprint():
        raise ModelError(f"{path}: made for another version of the pretrained ear. {_AGAIN}")


def _fits(value: Any, shape: Any) -> bool:
    """Compare what JSON holds with a pattern, as in :data:`CARD`.

    Lists and mappings are of one kind; a tuple gives the kinds in a row, or, where None is the
    last of two, what may be missing.
    """
    match shape:
        case (kind, None):
            return value is None or _fits(value, kind)
        case tuple():
            good = isinstance(value, list) and len(value) == len(shape)
            return good and all(map(_fits, value, shape))
        case [kind]:
            return isinstance(value, list) and all(_fits(item, kind) for item in value)
        case dict() if str in shape:
            return isinstance(value, dict) and all(_fits(v, shape[str]) for v in value.values())
        case dict():
            return isinstance(value, dict) and all(_fits(value.get(k), shape[k]) for k in shape)
    if shape is float:
        return type(value) in (int, float) and math.isfinite(value)
    return isinstance(value, shape)


@cache
def fingerprint() -> str:
    """Name the pretrained ear by its content: the beginning of the SHA-256 of its file."""
    return hashlib.sha256(EAR_MODEL.read_bytes()).hexdigest()[:16]
