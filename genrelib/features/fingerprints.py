"""Fingerprints of what decides the numbers: what was measured otherwise is not taken for it."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from genrelib.corpus import SAMPLE_RATE, decode, mix
from genrelib.features import ear, families, hpss, transforms
from genrelib.features.families import FRAME_BANDS, FRAME_STEP, STATS, STUDY, Feature, Spectra
from genrelib.features.measuring import cut, hear_slices, lay_out, lists, measure_slices
from genrelib.features.transforms import HOP_LENGTH, N_FFT


def feature_definitions() -> str:
    """Fingerprint of everything that decides the numbers, audio aside.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    recipes: list[tuple[Any, ...]] = [
        (f.name, f.bands, f.stats, _recipe(f.compute))
        for f in [*families.FEATURES, *STUDY["means"], *STUDY["instant"]]
    ]
    recipes += [(stat, _recipe(function)) for stat, function in STATS.items()]
    deciding = (hpss, transforms, Spectra, Feature, families.summary, families.sequence)
    settings = (N_FFT, HOP_LENGTH, FRAME_STEP, FRAME_BANDS, SAMPLE_RATE)
    libraries = ("librosa", "numpy", "scipy", "soxr", "soundfile", "av")
    return _digest((*deciding, measure_slices), libraries, recipes, settings)


def ear_definitions() -> str:
    """Fingerprint of everything that decides what the ear hears, audio aside.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    model = hashlib.sha256(ear.EAR_MODEL.read_bytes()).hexdigest()
    libraries = ("librosa", "numpy", "soxr", "soundfile", "av", "onnxruntime")
    return _digest((ear, hear_slices), libraries, model, SAMPLE_RATE)


def _digest(deciding: tuple[Any, ...], libraries: tuple[str, ...], *more: Any) -> str:
    """Fingerprint code, the way that samples take to it, versions and whatever else decides."""
    code = (inspect.getmodule(decode), inspect.getmodule(mix), cut, lay_out, lists, *deciding)
    parts = [inspect.getsource(part) for part in code]
    # Where a function lies in memory is no part of what it does.
    text = re.sub(r" at 0x[0-9a-f]+", "", repr((parts, list(map(version, libraries)), more)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _recipe(compute: Callable[..., Any], seen: tuple[Any, ...] = ()) -> list[str]:
    """Spell out what a function does, with the helpers of its own module that it calls."""
    if not inspect.isfunction(compute):
        return [repr(compute)]
    codes = [compute.__code__]
    for code in codes:  # grows as it goes: functions inside functions
        codes += [inner for inner in code.co_consts if inspect.iscode(inner)]
    constants = [[c for c in code.co_consts if not inspect.iscode(c)] for code in codes]
    bound = [cell.cell_contents for cell in compute.__closure__ or ()]
    names = [code.co_names for code in codes]
    parts = [repr(([c.co_code for c in codes], names, constants, compute.__defaults__, bound))]
    for name in sorted({name for group in names for name in group}):
        helper = compute.__globals__.get(name)
        if isinstance(helper, int | float | str | tuple):
            parts.append(repr((name, helper)))
        if not inspect.isfunction(helper) or helper in (*seen, compute):
            continue
        if helper.__module__ == compute.__module__:
            parts += _recipe(helper, (*seen, compute))
    return parts
