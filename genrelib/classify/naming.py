"""Naming the genre of an audio file, with a model that :mod:`genrelib.classify.training` made.

Two lines do it::

    from genrelib import load_model
    print(load_model().classify("song.mp3"))

The pretrained ear (:mod:`genrelib.features`) hears the file in windows of six seconds; a
multinomial logistic regression judges the log-odds of the tags that it gives. The answer is a
genre with calibrated probabilities, or "none of these" with the reason. This module needs NumPy,
soundfile, soxr and ONNX Runtime only, so that the first answer comes quickly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from genrelib.classify import modelfile, stream
from genrelib.classify.listening import WINDOW, Recording, listen
from genrelib.features import TAGS, tag_logits

LENGTHS = (3.0, 6.0, 30.0)
"""Lengths of recordings, in seconds, for which probabilities and limits are learned."""
ALARM = 0.05
"""Share of recordings like those of the training that may be called unfamiliar."""
CONTEXT = 5  # windows: 30 seconds, the longest of the lengths
NEIGHBOURS = 3
REASONS = {
    "silence": "nothing but silence",
    "not music": "more like speech, noise or signals than like music",
    "unfamiliar": "far from all music it was trained on",
}
"""Why a recording may be none of the genres."""


@dataclass(frozen=True)
class Segment:
    """A stretch of a recording in which one genre is the most probable.

    Parameters
    ----------
    start, end : float
        Where it begins and ends, in seconds.
    genre : str or None
        The genre; None for none of these.
    reason : str or None
        Why it is none of these, one of :data:`REASONS`.
    probability : float
        Mean probability of the genre; 0 where there is none.
    """

    start: float
    end: float
    genre: str | None
    reason: str | None
    probability: float


@dataclass(frozen=True)
class Neighbour:
    """A track that the model was trained on, and how similar it is.

    Parameters
    ----------
    track_id : str
        Its name in the corpus.
    genre : str
        Its genre.
    artist, title : str or None
        Who plays what, where that is known.
    similarity : float
        Cosine of the angle between the mean embeddings: 1 for the same sound, 0 for no relation.
    """

    track_id: str
    genre: str
    artist: str | None
    title: str | None
    similarity: float


@dataclass(frozen=True)
class Prediction:
    """What a model says about a recording.

    Explained in chapter 8.

    Parameters
    ----------
    genre : str or None
        The most probable genre; None for none of these.
    reason : str or None
        Why it is none of these, one of :data:`REASONS`.
    probabilities : dict of str to float
        Calibrated probability of each genre, given that it is one of them; most probable first.
        Empty for silence.
    course : list of Segment
        What is named over time: each moment by the 30 seconds around it.
    nearest : list of Neighbour
        The most similar tracks of the training corpus.
    familiarity : float
        Share of held-out recordings of this length, by artists that the model did not know, that
        are as strange to it, or stranger; small for music of another kind (a conformal p-value,
        Bates et al. 2023, arXiv:2104.08279).
    music : float
        Probability that it is music, rather than speech, noise or signals.
    duration : float
        Length in seconds.
    note : str or None
        What is odd about the file, such as that only a part of it can be heard.
    tags : dict of str to float
        How probable the pretrained ear finds each of its tags, from the mean of their log-odds;
        most probable first. They do not exclude each other. Empty for silence.
    """

    genre: str | None
    reason: str | None
    probabilities: dict[str, float]
    course: list[Segment]
    nearest: list[Neighbour]
    familiarity: float
    music: float
    duration: float
    note: str | None = None
    tags: dict[str, float] = field(default_factory=dict)

    @property
    def probability(self) -> float:
        """Probability of the genre that is named; 0 for none of these."""
        return self.probabilities[self.genre] if self.genre else 0.0

    def __str__(self) -> str:
        """Give the answer in one line."""
        if self.genre is None:
            return f"none of these: {REASONS[str(self.reason)]}"
        like = "; ".join(str(n.title or n.track_id) for n in self.nearest)
        return f"{self.genre} ({self.probability:.2f}), most like: {like}"


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What a model says about several recordings.

    Parameters
    ----------
    probabilities : numpy.ndarray
        Of each genre, given that it is one of them, shape ``(n, n_genres)``.
    familiarity, music : numpy.ndarray
        As in :class:`Prediction`, shape ``(n,)``.
    reason : numpy.ndarray of str
        Why it is none of these, one of :data:`REASONS`, or empty; shape ``(n,)``.
    """

    probabilities: np.ndarray
    familiarity: np.ndarray
    music: np.ndarray
    reason: np.ndarray


@dataclass(frozen=True, eq=False)
class Model:
    """A classifier of what the pretrained ear hears, with its model card.

    Explained in chapter 8.

    Parameters
    ----------
    card : dict
        What it was trained on, with which versions, and how well it does: see
        :func:`genrelib.classify.train`.
    arrays : dict of str to numpy.ndarray
        Its numbers: ``mean`` and ``scale`` of the log-odds of the tags; ``weights`` and ``bias``
        of the logistic regression; ``whiten`` and ``centres``, in which distances from the genres
        are measured; ``sounds`` and ``sound_bias``, a logistic regression that tells apart
        music, song from elsewhere, speech, and other kinds of sound, in this order; ``far`` and
        ``odd``, quantiles of the distances and oddities of held-out recordings, a row for each of
        :data:`LENGTHS`; ``tracks``, the mean log-odds of the training tracks.
    """

    card: dict[str, Any]
    arrays: dict[str, np.ndarray] = field(repr=False)

    @property
    def genres(self) -> list[str]:
        """The genres it can name."""
        return list(self.card["genres"])

    def classify(
        self, path: str | Path, *, threads: int = 1, stop: Callable[[], bool] | None = None
    ) -> Prediction:
        """Name the genre of an audio file.

        The file is brought to the loudness of the training corpus first, so that the answer does
        not depend on its volume. Memory does not grow with its length.

        Parameters
        ----------
        path : str or Path
            A file of any format that :func:`genrelib.corpus.decode` reads, of any rate, channels
            and length.
        threads : int
            Threads to use.
        stop : callable, optional
            Asked between blocks; where it says True, reading ends by KeyboardInterrupt.

        Returns
        -------
        Prediction
            The answer.

        Raises
        ------
        AudioError
            If the file cannot be used, as in :func:`genrelib.corpus.decode`.
        """
        (recording,) = listen(path, [self.card["level"]], threads=threads, stop=stop)
        return self.judge(recording)

    def judge(self, recording: Recording) -> Prediction:
        """Name the genre of a file that was listened to.

        Parameters
        ----------
        recording : Recording
            What :func:`listen` gives for the model's loudness, ``card["level"]``.

        Returns
        -------
        Prediction
            The answer.
        """
        r = recording
        if not len(r.windows):
            silent = Segment(0.0, r.duration, None, "silence", 0.0)
            return Prediction(None, "silence", {}, [silent], [], 0.0, 0.0, r.duration, r.note)
        return replace(self.predict(r.windows, r.loud, r.start, r.duration), note=r.note)

    def predict(
        self,
        windows: np.ndarray,
        loud: np.ndarray | None = None,
        start: np.ndarray | None = None,
        duration: float | None = None,
    ) -> Prediction:
        """Name the genre of a recording that the ear has heard.

        Parameters
        ----------
        windows : numpy.ndarray
            Embedding of each window, or slice, in the order of time, shape ``(n_windows, 200)``.
        loud : numpy.ndarray of bool, optional
            Which windows are not silent, shape ``(n_windows,)``; all, if left out.
        start : numpy.ndarray, optional
            Where each window begins, in seconds; one after the other, if left out.
        duration : float, optional
            Length of the recording, in seconds.

        Returns
        -------
        Prediction
            The answer.
        """
        length = WINDOW * stream.PATCH
        start = np.arange(len(windows)) * length if start is None else start
        duration = float(start[-1] + length) if duration is None else duration
        loud = np.ones(len(windows), bool) if loud is None or not loud.any() else loud
        heard = tag_logits(windows)
        whole = heard[loud].mean(axis=0)
        found = self.verdicts(whole[None], [min(duration, length * loud.sum())])
        genre, reason = self._named(found, 0)
        probabilities = found.probabilities[0]
        return Prediction(
            genre,
            reason,
            {self.genres[k]: float(probabilities[k]) for k in np.argsort(-probabilities)},
            self._course(heard, loud, [*start.tolist(), duration]),
            self._nearest(whole),
            float(found.familiarity[0]),
            float(found.music[0]),
            duration,
            tags={TAGS[k]: float(1 / (1 + np.exp(-whole[k]))) for k in np.argsort(-whole)},
        )

    def verdicts(self, heard: np.ndarray, seconds: ArrayLike) -> Verdicts:
        """Judge recordings by the log-odds of their tags.

        Parameters
        ----------
        heard : numpy.ndarray
            Mean log-odds of each recording, as from :func:`genrelib.features.tag_logits`, shape
            ``(n, 50)``.
        seconds : array-like of float, shape (n,)
            How long each was heard: probabilities and limits are those of the longest of
            :data:`LENGTHS` that is not longer.

        Returns
        -------
        Verdicts
            One of each.
        """
        scores, which = self.scores(heard), [length_of(s) for s in np.atleast_1d(seconds)]
        temperature = np.array(self.card["temperature"])[which]
        rarity = [
            (1 + (self.arrays[name][which] >= scores[value][:, None]).sum(axis=1))
            / (1 + self.arrays[name].shape[1])
            for name, value in (("far", "distance"), ("odd", "oddity"))
        ]
        # Either may raise the alarm, so that each has half of it (Bonferroni).
        familiarity = np.minimum(2 * np.minimum(*rarity), 1)
        music = 1 / (1 + np.exp(np.logaddexp(scores["speech"], scores["other"])))
        reasons = np.where(familiarity < ALARM, "unfamiliar", "")
        for name, limit in self.card["limits"].items():
            reasons = np.where(scores[name] > limit, "not music", reasons)
        return Verdicts(
            softmax(scores["logits"] / temperature[:, None]), familiarity, music, reasons
        )

    def scores(self, heard: np.ndarray) -> dict[str, np.ndarray]:
        """Measure recordings against what the model has learned.

        Parameters
        ----------
        heard : numpy.ndarray
            As for :meth:`verdicts`.

        Returns
        -------
        dict of str to numpy.ndarray
            ``logits`` of the genres, ``(n, n_genres)``; ``distance`` from the nearest genre
            (Mahalanobis distance, covariance shared by the genres and shrunk: Lee et al. 2018,
            arXiv:1807.03888; Ledoit and Wolf 2004, doi:10.1016/S0047-259X(03)00096-4); ``oddity``,
            the log-odds that it is song from elsewhere or another sound, rather than music;
            ``speech`` and ``other``, those that it is speech, or noise, a signal or an animal,
            rather than music or song; these four ``(n,)``.
        """
        a = self.arrays
        z = (np.asarray(heard, float) - a["mean"]) / a["scale"]
        white = z @ a["whiten"]
        squares = ((white[:, None, :] - a["centres"][None]) ** 2).sum(axis=2)
        sounds = z @ a["sounds"].T + a["sound_bias"]
        played = np.logaddexp(sounds[:, 0], sounds[:, 1])
        rest = np.logaddexp.reduce
        return {
            "logits": z @ a["weights"].T + a["bias"],
            "distance": np.sqrt(squares.min(axis=1)),
            "oddity": rest(sounds[:, 1:], axis=1) - sounds[:, 0],
            "speech": sounds[:, 2] - played,
            "other": rest(sounds[:, 3:], axis=1) - played,
        }

    def _named(self, found: Verdicts, k: int) -> tuple[str | None, str | None]:
        if found.reason[k]:
            return None, str(found.reason[k])
        return self.genres[int(found.probabilities[k].argmax())], None

    def _course(self, heard: np.ndarray, loud: np.ndarray, edges: list[float]) -> list[Segment]:
        """Judge each window together with those around it, and join what is judged alike."""
        near = [slice(max(k - CONTEXT // 2, 0), k + CONTEXT // 2 + 1) for k in range(len(loud))]
        around = [heard[n][loud[n]] if loud[k] else heard[:1] for k, n in enumerate(near)]
        means = np.stack([part.mean(axis=0) for part in around])
        found = self.verdicts(means, [WINDOW * stream.PATCH * len(part) for part in around])
        rows: list[tuple[float, float, str | None, str | None, list[float]]] = []
        for k, is_loud in enumerate(loud):
            genre, reason = self._named(found, k) if is_loud else (None, "silence")
            probability = float(found.probabilities[k].max()) if genre else 0.0
            if rows and rows[-1][2:4] == (genre, reason):
                rows[-1] = (rows[-1][0], edges[k + 1], genre, reason, [*rows[-1][4], probability])
            else:
                rows.append((edges[k], edges[k + 1], genre, reason, [probability]))
        return [Segment(*row[:4], float(np.mean(row[4]))) for row in rows]

    def _nearest(self, heard: np.ndarray) -> list[Neighbour]:
        a = self.arrays
        z = (heard - a["mean"]) / a["scale"]
        known = (a["tracks"].astype(float) - a["mean"]) / a["scale"]
        cosine = known @ z / (np.linalg.norm(known, axis=1) * np.linalg.norm(z) + 1e-12)
        order = np.argsort(-cosine, kind="stable")[:NEIGHBOURS]
        tracks = self.card["tracks"]
        return [Neighbour(*(*tracks[k], float(cosine[k]))) for k in order]

    @property
    def line(self) -> str:
        """The model card in one line."""
        card = self.card
        parts = []
        for length, found in card["scores"].get("artist", {}).items():
            if found:
                a = found["accuracy"]
                parts.append(f"{a['value']:.2f} ({a['low']:.2f} to {a['high']:.2f}) for {length}")
        return (
            f"{card['corpus']}, {card['made']}: {len(self.genres)} genres, {len(card['tracks'])} "
            f"tracks; accuracy on artists held out {', '.join(parts) or 'not known'}"
        )


def load_model(path: str | Path | None = None) -> Model:
    """Load a model; nothing in the file is executed.

    Explained in chapter 8.

    Parameters
    ----------
    path : str or Path, optional
        A file that ``genrelib train`` wrote; the model of the package, if left out.

    Returns
    -------
    Model
        The model.

    Raises
    ------
    ModelError
        If the file is missing, damaged, no model, of a newer format, or made for another ear.
    """
    return Model(*modelfile.read_model(modelfile.SHIPPED if path is None else Path(path)))


def length_of(seconds: float) -> int:
    """Say which of :data:`LENGTHS` stands for a recording: the longest that is not longer."""
    return max(sum(seconds >= 0.98 * length for length in LENGTHS) - 1, 0)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits into probabilities, over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
