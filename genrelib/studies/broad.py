"""Broad, then narrow: a classifier that first asks for the kind of music, then for the genre.

Called hierarchical, or a local classifier per parent node (Silla and Freitas 2011,
doi:10.1007/s10618-010-0175-9). The kinds are not given: they are found in the training part.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import StratifiedKFold


class BroadThenNarrow(ClassifierMixin, BaseEstimator):
    """Ask for the kind of music first, then for the genre within it.

    Explained in chapter 13.

    Parameters
    ----------
    estimator : sklearn.base.BaseEstimator
        A classifier with ``predict_proba``; it is cloned for the kinds, and for the genres of
        each kind.
    numbers : sequence of int
        How many kinds to try. The number is chosen by cross-validation within the training
        part, and so are the kinds: genres whose means lie close are one kind (Ward's method on
        the means in the space of a linear discriminant analysis, which measures closeness by the
        spread within genres).
    seed : int
        Seed of the folds that choose.
    """

    def __init__(
        self, estimator: BaseEstimator, numbers: Sequence[int] = (2, 3, 4), seed: int = 0
    ) -> None:
        self.estimator = estimator
        self.numbers = numbers
        self.seed = seed

    def fit(self, X: np.ndarray, y: np.ndarray) -> BroadThenNarrow:
        """Find the kinds, and learn them and their genres.

        Parameters
        ----------
        X : numpy.ndarray
            Numbers, shape ``(n_tracks, n_columns)``.
        y : numpy.ndarray
            Genres, shape ``(n_tracks,)``.

        Returns
        -------
        BroadThenNarrow
            Itself, with ``kinds_``: a list of genres for each kind.
        """
        X, y = np.asarray(X), np.asarray(y)
        self.classes_, counts = np.unique(y, return_counts=True)
        possible = [n for n in self.numbers if n < len(self.classes_)] or [len(self.classes_)]
        best = possible[0]
        if len(possible) > 1 and counts.min() > 1:
            folds = StratifiedKFold(min(3, counts.min()), shuffle=True, random_state=self.seed)
            splits = list(folds.split(X, y))
            right = {n: sum(self._right(X, y, n, *split) for split in splits) for n in possible}
            best = max(possible, key=lambda n: right[n])  # the fewest of equals
        self._learn(X, y, best)
        return self

    def _right(
        self, X: np.ndarray, y: np.ndarray, n: int, train: np.ndarray, test: np.ndarray
    ) -> int:
        trial = clone(self)
        trial.classes_ = np.unique(y[train])
        trial._learn(X[train], y[train], n)
        return int((trial.predict(X[test]) == y[test]).sum())

    def _learn(self, X: np.ndarray, y: np.ndarray, n: int) -> None:
        space = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto").fit(X, y)
        seen = space.transform(X)
        means = np.stack([seen[y == genre].mean(axis=0) for genre in self.classes_])
        kind_of = fcluster(linkage(means, "ward"), n, "maxclust")
        self.kinds_ = [self.classes_[kind_of == kind].tolist() for kind in np.unique(kind_of)]
        kinds = kind_of[np.searchsorted(self.classes_, y)]
        several = len(self.kinds_) > 1
        self.broad_ = clone(self.estimator).fit(X, kinds) if several else None
        self.narrow_ = {
            kind: clone(self.estimator).fit(X[kinds == kind], y[kinds == kind])
            for kind in np.unique(kind_of)
            if (kind_of == kind).sum() > 1
        }
        self._kind_of = kind_of

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Multiply the probability of the kind by that of the genre within it.

        Parameters
        ----------
        X : numpy.ndarray
            Numbers, shape ``(n_tracks, n_columns)``.

        Returns
        -------
        numpy.ndarray
            Shape ``(n_tracks, n_genres)``, columns in the order of ``classes_``.
        """
        X = np.asarray(X)
        kinds = np.unique(self._kind_of)
        broad = self.broad_.predict_proba(X) if self.broad_ is not None else np.ones((len(X), 1))
        shares = np.empty((len(X), len(self.classes_)))
        for column, kind in enumerate(kinds):
            own = np.flatnonzero(self._kind_of == kind)
            inside = self.narrow_[kind].predict_proba(X) if len(own) > 1 else np.ones((len(X), 1))
            shares[:, own] = broad[:, [column]] * inside
        return shares

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Name the most probable genre.

        Parameters
        ----------
        X : numpy.ndarray
            Numbers, shape ``(n_tracks, n_columns)``.

        Returns
        -------
        numpy.ndarray
            Genres, shape ``(n_tracks,)``.
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
