"""A model as text, for programs that are not Python: the page of the book that hears a song."""

from __future__ import annotations

from typing import Any

import numpy as np

from genrelib.classify import answers, naming, stream
from genrelib.classify.listening import WINDOW
from genrelib.classify.naming import Model
from genrelib.features import EAR_HOP, EAR_RATE, PATCH_FRAMES, TAGS, tag_logits


def export_model(model: Model) -> dict[str, Any]:
    """Lay out a model, and the rules by which it judges, for JSON.

    Explained in chapter 10.

    Parameters
    ----------
    model : Model
        The model, as from :func:`genrelib.classify.load_model`.

    Returns
    -------
    dict
        ``card``: the model card. ``arrays``: its arrays as nested lists, and ``plane``, shape
        ``(n_tags, 2)``, and ``origin``, ``(2,)``: the map of :func:`on_plane`, for standardised
        log-odds. ``layer``, ``(201, 50)``: the last layer of the ear, the bias in the last row.
        ``tags``: their names. ``rules``: the constants of :mod:`genrelib.classify`; seconds,
        shares, or samples at the rate of the ear.
    """
    axes, origin = _plane(model)
    arrays = {**model.arrays, "plane": axes, "origin": origin}
    # The last layer of the ear is linear: what it gives for nothing, and for one number each.
    bias = tag_logits(np.zeros((1, 200)))
    layer = np.concatenate([tag_logits(np.eye(200)) - bias, bias])
    return {
        "card": model.card,
        "arrays": {name: _plain(array) for name, array in arrays.items()},
        "layer": _plain(layer.astype(np.float32)),
        "tags": list(TAGS),
        "rules": {
            "lengths": list(naming.LENGTHS),
            "alarm": naming.ALARM,
            "context": naming.CONTEXT,
            "neighbours": naming.NEIGHBOURS,
            "reasons": naming.REASONS,
            "alike": answers.ALIKE,
            "window": WINDOW,
            "rate": EAR_RATE,
            "hop": EAR_HOP,
            "frames": PATCH_FRAMES,
            "step": stream.STEP,
            "silent": stream.SILENT,
            "gate": stream.GATE,
        },
    }


def on_plane(model: Model, heard: np.ndarray) -> np.ndarray:
    """Put recordings on the plane in which the genres of a model lie furthest apart.

    A linear discriminant analysis (Fisher 1936, doi:10.1111/j.1469-1809.1936.tb02137.x): where the
    spread within the genres is the same in all directions, the two directions in which their
    centres differ most.

    Explained in chapter 10.

    Parameters
    ----------
    model : Model
        The model.
    heard : numpy.ndarray
        Mean log-odds of the tags of each recording, shape ``(n, 50)``.

    Returns
    -------
    numpy.ndarray
        Shape ``(n, 2)``, in standard deviations within a genre.
    """
    axes, origin = _plane(model)
    a = model.arrays
    return (np.asarray(heard, float) - a["mean"]) / a["scale"] @ axes - origin


def _plane(model: Model) -> tuple[np.ndarray, np.ndarray]:
    centres = model.arrays["centres"].astype(float)
    middle = centres.mean(axis=0)
    directions = np.linalg.svd(centres - middle)[2][:2]
    # Whichever way the axes point by chance, their largest number is positive.
    largest = np.abs(directions).argmax(axis=1)
    directions *= np.sign(directions[np.arange(2), largest])[:, None]
    return model.arrays["whiten"].astype(float) @ directions.T, middle @ directions.T


def _plain(array: np.ndarray) -> Any:
    """Turn an array into lists of numbers of eight digits: as exact as they are."""
    return [_plain(part) for part in array] if array.ndim else float(f"{array:.8g}")
