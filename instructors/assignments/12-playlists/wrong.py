"""Three typical wrong answers, each with words of the feedback that it must get."""

import numpy as np


def _examine(distances, genre, artist, choosing, length, allowed, choose_on):
    """Choose and score with the tracks that `allowed` lets into a list."""
    genre, artist, choosing = (np.asarray(a) for a in (genre, artist, choosing))

    def precision(far, part):
        rows = np.flatnonzero(part)
        found = []
        for track in rows:
            others = rows[allowed(rows, track, artist)]
            near = others[np.argsort(far[track, others], kind="stable")[:length]]
            if len(near):
                found.append((genre[near] == genre[track]).mean())
        return np.mean(found)

    best = max(distances, key=lambda name: precision(distances[name], choose_on(choosing)))
    return best, precision(distances[best], ~choosing)


def lists_the_song(distances, genre, artist, choosing, length=10):
    def allowed(rows, track, artist):
        return (artist[rows] != artist[track]) | (rows == track)

    return _examine(distances, genre, artist, choosing, length, allowed, lambda part: part)


def lists_its_artist(distances, genre, artist, choosing, length=10):
    def allowed(rows, track, artist):
        return rows != track

    return _examine(distances, genre, artist, choosing, length, allowed, lambda part: part)


def chooses_where_it_scores(distances, genre, artist, choosing, length=10):
    def allowed(rows, track, artist):
        return artist[rows] != artist[track]

    return _examine(distances, genre, artist, choosing, length, allowed, lambda part: ~part)


WRONG = [
    ("chosen", lists_the_song, "The song is in its own list"),
    ("chosen", lists_its_artist, "Tracks by the artist of the song count as hits"),
    ("chosen", chooses_where_it_scores, "was chosen on the tracks that it is scored on"),
]
