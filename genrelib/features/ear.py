"""An ear that has heard a million songs: a pretrained network, from samples to tags.

MusiCNN (Pons and Serra, *musicnn: pre-trained convolutional neural networks for music audio
tagging*, 2019, arXiv:1909.06654) learned from songs of the Million Song Dataset to name 50 tags.
:func:`tags` gives its 50 probabilities, :func:`embed` the 200 numbers that its last layer judges
by, :func:`hear` both along the time. The network and the log-mel spectrogram that it listens to
are one file, ``data/ear.onnx`` (made by ``tools/make_ear.py``), run by ONNX Runtime.

It hears patches of 187 frames, hop 256 samples at 16 kHz, each of 2.992 seconds. As in the
package that it comes from, frames are centred, and the signal is mirrored at its ends.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr

from genrelib.corpus import PACKAGE_DATA

if TYPE_CHECKING:
    import pandas as pd

EAR_RATE = 16000
"""Sample rate that the network listens at, in Hz."""
LOWEST_RATE = 100  # of what can be heard: below, a short file would become a long one
PATCH_FRAMES, EAR_HOP = 187, 256
_EDGE = 256  # half a window: what the first and the last frame see beyond the signal
_STEP = PATCH_FRAMES * EAR_HOP
_PATCH = _STEP + _EDGE  # samples that the graph takes
_SHORTEST = _PATCH - 2 * _EDGE
_BLOCK = 1 << 16
EAR_MODEL = PACKAGE_DATA / "ear.onnx"
_LAST_LAYER = PACKAGE_DATA / "ear-tags.npy"
EAR_COLUMNS = tuple(f"ear_{i:03d}" for i in range(1, 201))
"""Names of the numbers of an embedding."""
TAGS = (
    *("rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s"),
    *("alternative rock", "jazz", "beautiful", "metal", "chillout", "male vocalists"),
    *("classic rock", "soul", "indie rock", "Mellow", "electronica", "80s", "folk", "90s"),
    *("chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic"),
    *("experimental", "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country"),
    *("easy listening", "sexy", "catchy", "funk", "electro", "heavy metal"),
    *("Progressive rock", "60s", "rnb", "indie pop", "sad", "House", "happy"),
)
"""The tags, as listeners wrote them, in the order of the network's output."""
HEARD: dict[str, list[str]] = {
    "ear": list(EAR_COLUMNS),
    "tags": [f"tag_{re.sub('[ -]', '_', tag.lower())}" for tag in TAGS],
}
"""What is kept of what is heard in a slice, and the columns of these tables."""

Audio = np.ndarray | Iterable[np.ndarray]


@dataclass(frozen=True)
class Heard:
    """What the network makes of a recording, patch by patch.

    Explained in chapter 8.

    Parameters
    ----------
    embedding : numpy.ndarray
        float32, shape ``(n_patches, 200)``.
    tags : numpy.ndarray
        Probability of each of :data:`TAGS`, float32, shape ``(n_patches, 50)``.
    start : numpy.ndarray
        Where each patch begins, in seconds, shape ``(n_patches,)``.
    """

    embedding: np.ndarray
    tags: np.ndarray
    start: np.ndarray


def hear(audio: Audio, rate: float, *, batch: int = 16, threads: int = 1) -> Heard:
    """Listen to a recording, patch by patch.

    Patches follow each other without overlap. A recording shorter than a patch is repeated until
    it fills one; of a longer one, an incomplete patch at the end is left out.

    Explained in chapter 8.

    Parameters
    ----------
    audio : numpy.ndarray or iterable of numpy.ndarray
        Mono samples, floating point, nominally within [-1, 1], shape ``(n_samples,)``; or blocks
        of them in the order of time, of any sizes. Of blocks, none is kept longer than needed:
        memory does not grow with the length of the recording, but for the result.
    rate : float
        Sample rate in Hz.
    batch : int
        Patches that the network hears at a time.
    threads : int
        Threads to use.

    Returns
    -------
    Heard
        Embedding, tags and start of each patch.

    Raises
    ------
    ValueError
        If `audio` is empty, not one-dimensional, not of finite floating-point numbers or far
        beyond full scale, or if `rate` is below 100 Hz, or `batch` or
        `threads` below 1.

    Examples
    --------
    >>> t = np.arange(10 * 22050) / 22050
    >>> heard = hear(np.sin(2 * np.pi * 440 * t), 22050)
    >>> heard.embedding.shape, heard.tags.shape, heard.start
    ((3, 200), (3, 50), array([0.   , 2.992, 5.984]))
    """
    if not LOWEST_RATE <= rate < np.inf:
        raise ValueError(
            f"the sample rate must be a number of Hz from {LOWEST_RATE} on, not {rate!r}"
        )
    if batch < 1 or threads < 1:
        raise ValueError(f"batch and threads must be at least 1, not {batch!r} and {threads!r}")
    session = _session(threads, os.getpid())
    patches = _patches(_resampled(_even(audio), rate))
    results: list[list[np.ndarray]] = []
    while group := list(islice(patches, batch)):
        results.append(session.run(["embedding", "tags"], {"samples": np.stack(group)}))
    embedding, probabilities = (np.concatenate(part) for part in zip(*results, strict=True))
    if not np.isfinite(embedding).all():
        raise ValueError("audio is far beyond full scale; divide it by its largest magnitude")
    start = np.arange(len(embedding)) * (_STEP / EAR_RATE)
    return Heard(embedding, probabilities, start)


def embed(audio: Audio, rate: float, *, threads: int = 1) -> np.ndarray:
    """Describe a recording by the 200 numbers that the network judges by: means over the patches.

    They are float32, in the order of :data:`EAR_COLUMNS`; everything else is as in :func:`hear`.
    """
    return hear(audio, rate, threads=threads).embedding.mean(axis=0)


def tags(audio: Audio, rate: float, *, threads: int = 1) -> pd.Series:
    """Say how probable each of 50 tags is for a recording: means over the patches.

    The tags do not exclude each other, so they do not sum to 1; everything else is as in
    :func:`hear`.
    """
    import pandas as pd  # nothing else here needs it, and it takes long to load

    heard = hear(audio, rate, threads=threads)
    return pd.Series(heard.tags.mean(axis=0), index=list(TAGS), name="probability")


def tag_logits(embedding: np.ndarray) -> np.ndarray:
    """Give the log-odds of the tags from an embedding: the last layer of the network.

    It only adds up, so that the mean of embeddings gives the mean of log-odds.

    Explained in chapter 8.

    Parameters
    ----------
    embedding : numpy.ndarray
        Of patches, or means of them, shape ``(n, 200)``.

    Returns
    -------
    numpy.ndarray
        Log-odds of each of :data:`TAGS`, shape ``(n, 50)``.
    """
    layer = _last_layer()
    return np.asarray(embedding, float) @ layer[:-1] + layer[-1]


@cache
def _last_layer() -> np.ndarray:
    return np.load(_LAST_LAYER).astype(float)


@lru_cache(maxsize=4)
def _session(threads: int, process: int) -> Any:
    """Load the network; anew in each process, since threads do not survive a fork."""
    import onnxruntime  # takes longer to load than the rest of the module

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(EAR_MODEL, options, providers=["CPUExecutionProvider"])


def _even(audio: Audio) -> Iterator[np.ndarray]:
    """Check the samples, and deal them out in blocks of one size, whatever size they came in."""
    held: list[np.ndarray] = []
    for block in [audio] if isinstance(audio, np.ndarray) else audio:
        block = np.asarray(block)
        if block.ndim != 1:
            raise ValueError(
                f"audio must be one-dimensional, not of shape {block.shape}; average its channels"
            )
        if not np.issubdtype(block.dtype, np.floating):
            raise ValueError(
                f"audio must be floating-point numbers within [-1, 1], not {block.dtype}; divide "
                "it by the largest number of its type"
            )
        for first in range(0, len(block), _BLOCK):
            with np.errstate(over="ignore"):
                # A copy: the caller may fill the same array again.
                part = np.array(block[first : first + _BLOCK], dtype=np.float32)
            if not np.isfinite(part).all():
                raise ValueError("audio holds samples that are NaN or infinite; decode it again")
            held.append(part)
            if sum(map(len, held)) >= _BLOCK:
                yield np.concatenate(held)
                held = []
    if held:
        yield np.concatenate(held)


def _resampled(blocks: Iterator[np.ndarray], rate: float) -> Iterator[np.ndarray]:
    if rate == EAR_RATE:
        yield from blocks
        return
    stream = soxr.ResampleStream(rate, EAR_RATE, 1, dtype="float32", quality="HQ")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.empty(0, np.float32), last=True)


def _patches(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Cut a stream into what the graph takes; neighbours share the samples of half a window."""
    held = np.empty(0, np.float32)
    begun = False
    for block in blocks:
        held = np.concatenate([held, block])
        if not begun and len(held) >= _SHORTEST:
            held, begun = np.concatenate([held[_EDGE:0:-1], held]), True
        while begun and len(held) >= _PATCH:
            yield held[:_PATCH]
            held = held[_STEP:]
    if not begun:
        if not len(held):
            raise ValueError(f"audio is empty: it has not one sample at {EAR_RATE} Hz")
        held = np.resize(held, _SHORTEST)
        held = np.concatenate([held[_EDGE:0:-1], held])
    held = np.concatenate([held, held[-2 : -_EDGE - 2 : -1]])
    if len(held) >= _PATCH:
        yield held[:_PATCH]
