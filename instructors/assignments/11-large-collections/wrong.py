"""Three typical wrong answers, each with words of the feedback that it must get."""

import pandas as pd


def mean_of_means(parts):
    seen, each = set(), []
    for part in parts:
        new = part[~part["track_id"].isin(seen)]
        seen.update(new["track_id"])
        each.append(new.groupby("genre")["value"].mean())
    return pd.concat(each, axis=1).mean(axis=1)


def counts_twice(parts):
    sums, counts = pd.Series(dtype=float), pd.Series(dtype=float)
    for part in parts:
        by_genre = part.groupby("genre")["value"]
        sums = sums.add(by_genre.sum(), fill_value=0)
        counts = counts.add(by_genre.count(), fill_value=0)
    return sums / counts


def missing_is_zero(parts):
    seen, sums, counts = set(), pd.Series(dtype=float), pd.Series(dtype=float)
    for part in parts:
        new = part[~part["track_id"].isin(seen)]
        seen.update(new["track_id"])
        by_genre = new.fillna({"value": 0}).groupby("genre")["value"]
        sums = sums.add(by_genre.sum(), fill_value=0)
        counts = counts.add(by_genre.size(), fill_value=0)
    return sums / counts


WRONG = [
    ("means", mean_of_means, "The mean of the means of parts"),
    ("means", counts_twice, "was counted twice"),
    ("means", missing_is_zero, "counted as a measurement of zero"),
]
