"""Slices on a plane: neighbours in many columns stay neighbours."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits


def neighbour_map(X: pd.DataFrame, seed: int = 0) -> np.ndarray:
    """Put slices on a plane by t-SNE (van der Maaten and Hinton 2008).

    Explained in chapter 8.

    Parameters
    ----------
    X : pandas.DataFrame
        Features, one row per slice. They are standardised, and the first 30 principal components
        are taken.
    seed : int
        Seed of the map.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_slices, 2)``.
    """
    scaled = StandardScaler().fit_transform(X.to_numpy())
    reduced = PCA(min(30, *scaled.shape), random_state=seed).fit_transform(scaled)
    perplexity = min(30, (len(reduced) - 1) / 3)
    with threadpool_limits(1):
        return TSNE(init="pca", perplexity=perplexity, random_state=seed).fit_transform(reduced)
