"""The estimators of the book, by name.

Each is a scikit-learn classifier, so that one protocol function serves all of them:
:func:`genrelib.evaluation.cross_validate` clones it for each fold, and whatever it learns from
data (scaling included) it learns from training slices.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

os.environ.setdefault("KERAS_BACKEND", "jax")

MODELS = {
    "forest": "random forest",
    "knn": "k-nearest neighbours",
    "svm": "support vector machine",
    "boosting": "gradient boosting",
    "logistic": "logistic regression",
    "lstm": "LSTM",
    "crnn": "CRNN",
}
"""Names of the models and what the book calls them."""
RECURRENT: dict[str, dict[str, Any]] = {
    "lstm": {"pool": 4, "units": (64,), "learning_rate": 4e-3, "epochs": 20},
    "crnn": {
        "conv": (64, 64), "units": (64,), "summary": "mean", "learning_rate": 2e-3,
        "schedule": "cosine", "epochs": 40,
    },
}  # fmt: skip
"""Settings of the recurrent networks."""

BOOSTING = {
    "max_iter": 100,
    "learning_rate": 0.1,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 10,
    "l2_regularization": 1.0,
    "max_features": 0.1,
    "max_bins": 64,
    "early_stopping": False,
}
"""Settings of gradient boosting, fixed before any of its scores was seen.

Rounds and learning rate are scikit-learn's defaults; four to eight leaves are the advice of
Hastie, Tibshirani and Friedman (2009, section 10.11). A leaf holds at least ten slices, twice what
a track of half a minute has, so that no leaf can be a single song. Each split chooses among a
tenth of the columns, with at most 64 bins in each: that takes about a quarter of the time of all
columns with 255 bins. The penalty of 1 on the values of the leaves is the default of XGBoost (Chen
and Guestrin 2016, doi:10.1145/2939672.2939785). Early stopping would hold back slices at random,
siblings of those that it trains on.
"""


def make_model(name: str, seed: int = 0, fast: bool = False, **params: Any) -> BaseEstimator:
    """Make an untrained classifier.

    Explained in chapter 5.

    Parameters
    ----------
    name : {"forest", "knn", "svm", "boosting", "logistic", "lstm", "crnn"}
        Which model: a random forest (Breiman 2001, doi:10.1023/A:1010933404324), k nearest
        neighbours on standardised features (Cover and Hart 1967, doi:10.1109/TIT.1967.1053964), a
        support vector machine on the same (Cortes and Vapnik 1995, doi:10.1007/BF00994018),
        gradient boosting (Friedman 2001, doi:10.1214/aos/1013203451) with the settings
        :data:`BOOSTING`, logistic regression on standardised features, or a network on frames: a
        plain long short-term memory (Hochreiter and Schmidhuber 1997,
        doi:10.1162/neco.1997.9.8.1735), or one behind convolutions (Choi et al. 2017,
        arXiv:1609.04243) with the settings of chapter 6.
    seed : int
        Seed of everything random in it.
    fast : bool
        A smaller model for trying things out and for tests: fewer trees, rounds or epochs.
    **params : Any
        Parameters of the underlying estimator: those of
        :class:`sklearn.ensemble.RandomForestClassifier`, of
        :class:`sklearn.neighbors.KNeighborsClassifier`, of :class:`sklearn.svm.SVC`, of
        :class:`sklearn.ensemble.HistGradientBoostingClassifier`, of
        :class:`sklearn.linear_model.LogisticRegression`, or of
        :class:`genrelib.models.RecurrentClassifier` and
        :func:`genrelib.models.recurrent_network`.

    Returns
    -------
    sklearn.base.BaseEstimator
        A classifier with ``fit``, ``predict`` and ``predict_proba``.

    Raises
    ------
    ValueError
        If there is no such model.

    Examples
    --------
    >>> make_model("knn", n_neighbors=3)[-1]
    KNeighborsClassifier(n_neighbors=3)
    """
    if name == "forest":
        settings = {"n_estimators": 50 if fast else 300, "random_state": seed} | params
        return RandomForestClassifier(**settings)
    if name == "knn":
        return make_pipeline(StandardScaler(), KNeighborsClassifier(**{"n_neighbors": 1} | params))
    if name == "svm":
        return make_pipeline(StandardScaler(), OneVote(SVC(**{"C": 10} | params)))
    if name == "boosting":
        given = BOOSTING | {"random_state": seed} | ({"max_iter": 20} if fast else {}) | params
        return HistGradientBoostingClassifier(**given)
    if name == "logistic":
        settings = {"max_iter": 1000, "random_state": seed} | params
        return make_pipeline(StandardScaler(), LogisticRegression(**settings))
    if name in RECURRENT:
        from genrelib.models.networks import NETWORK_SETTINGS
        from genrelib.models.recurrent import RecurrentClassifier

        settings = RECURRENT[name] | ({"epochs": 3} if fast else {}) | params
        inside = {key: settings.pop(key) for key in NETWORK_SETTINGS if key in settings}
        return RecurrentClassifier(inside, seed=seed, **settings)
    raise ValueError(f"no model {name!r}; there are {', '.join(MODELS)}")


class OneVote(ClassifierMixin, BaseEstimator):
    """Give a classifier without probabilities one vote: 1 for the class it names, 0 for others.

    The mean of the votes of a track's slices is then their majority vote. Probabilities fitted on
    top of an SVM could name another class than the SVM does.

    Explained in chapter 5.

    Parameters
    ----------
    estimator : sklearn.base.BaseEstimator
        The classifier; it is cloned when fitted.
    """

    def __init__(self, estimator: BaseEstimator) -> None:
        self.estimator = estimator

    def fit(self, X: np.ndarray, y: np.ndarray) -> OneVote:
        """Fit the classifier.

        Parameters
        ----------
        X : numpy.ndarray
            Features, shape ``(n_slices, n_columns)``.
        y : numpy.ndarray
            Classes, shape ``(n_slices,)``.

        Returns
        -------
        OneVote
            Itself.
        """
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.estimator_.classes_
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Name a class.

        Parameters
        ----------
        X : numpy.ndarray
            Features, shape ``(n_slices, n_columns)``.

        Returns
        -------
        numpy.ndarray
            Classes, shape ``(n_slices,)``.
        """
        return self.estimator_.predict(X)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Give the vote.

        Parameters
        ----------
        X : numpy.ndarray
            Features, shape ``(n_slices, n_columns)``.

        Returns
        -------
        numpy.ndarray
            Zeros and ones, shape ``(n_slices, n_classes)``, columns in the order of ``classes_``.
        """
        return (self.predict(X)[:, None] == self.classes_).astype(float)
