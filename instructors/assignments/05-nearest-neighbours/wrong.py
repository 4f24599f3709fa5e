"""Three typical wrong answers, each with words of the feedback that it must get."""

import numpy as np


def looks_everywhere(X, genre, folds, columns=20):
    from sklearn.neighbors import NearestNeighbors

    X, genre = np.asarray(X, dtype=float), np.asarray(genre)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    found = NearestNeighbors(n_neighbors=2).fit(Z).kneighbors(Z, return_distance=False)
    other = [a[0] if a[0] != row else a[1] for row, a in enumerate(found)]
    return genre[other]


def scales_first(X, genre, folds, columns=20):
    from sklearn.feature_selection import SelectKBest, f_classif
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    Z, genre = StandardScaler().fit_transform(X), np.asarray(genre)
    named = np.empty(len(Z), dtype=object)
    for train, test in folds:
        model = make_pipeline(SelectKBest(f_classif, k=columns), KNeighborsClassifier(1))
        named[test] = model.fit(Z[train], genre[train]).predict(Z[test])
    return named


def chooses_first(X, genre, folds, columns=20):
    from sklearn.feature_selection import SelectKBest, f_classif
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    chosen, genre = SelectKBest(f_classif, k=columns).fit_transform(X, genre), np.asarray(genre)
    named = np.empty(len(chosen), dtype=object)
    for train, test in folds:
        model = make_pipeline(StandardScaler(), KNeighborsClassifier(1))
        named[test] = model.fit(chosen[train], genre[train]).predict(chosen[test])
    return named


WRONG = [
    ("predictions", looks_everywhere, "looked up among all rows"),
    ("predictions", scales_first, "The scaler has seen the test"),
    ("predictions", chooses_first, "Columns were chosen before the split"),
]
