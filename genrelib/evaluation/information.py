"""How much an answer tells about the genre, in bits: a score that grows with the question.

Takes counts of genres and answers, as from :func:`genrelib.evaluation.confusion`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def mutual_information(counts: ArrayLike) -> np.ndarray:
    """Measure how many bits an answer tells about the genre.

    Explained in chapter 13.

    Parameters
    ----------
    counts : array-like, shape (..., n_genres, n_answers)
        How often each genre got each answer.

    Returns
    -------
    numpy.ndarray, shape (...)
        Mutual information of genre and answer in bits: the mean of ``log2(p(g, a) / p(g) p(a))``
        (Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x). 0 for answers that have nothing to
        do with the genre; ``log2(n)`` for a faultless answer to ``n`` genres that are equally
        frequent.

    Notes
    -----
    A few counts look related by luck alone. The first-order excess is taken off: half of
    ``cells - genres - answers + 1`` over the number of tracks, in units of ``1 / ln 2`` bits,
    where only what occurs is counted (Miller 1955, *Note on the bias of information estimates*).

    Examples
    --------
    >>> mutual_information([[500, 0], [0, 500]]).round(3), mutual_information([[25, 25], [25, 25]])
    (np.float64(1.001), np.float64(0.0))
    """
    joint = np.asarray(counts, float)
    total = np.maximum(joint.sum(axis=(-2, -1)), 1e-300)
    genre, answer = joint.sum(axis=-1), joint.sum(axis=-2)
    entropies = [_plogp(part / total[..., None]).sum(axis=-1) for part in (genre, answer)]
    cells = joint / total[..., None, None]
    plain = _plogp(cells).sum(axis=(-2, -1)) - entropies[0] - entropies[1]
    occurring = [(part > 0).sum(axis=-1) for part in (genre, answer)]
    excess = (joint > 0).sum(axis=(-2, -1)) - occurring[0] - occurring[1] + 1
    return np.maximum(plain - excess / (2 * np.log(2) * total), 0.0)


def _plogp(shares: np.ndarray) -> np.ndarray:
    return shares * np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
