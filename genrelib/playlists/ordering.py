"""The order of a list: one that goes on smoothly, artists kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from genrelib.playlists.searching import Index

if TYPE_CHECKING:
    from genrelib.playlists.choosing import Point

MOST = 150  # tracks whose order is improved after it was found


def apart_enough(artists: np.ndarray, apart: int) -> bool:
    """Say whether between two tracks of one artist there are so many of others."""
    last: dict[int, int] = {}
    for k, artist in enumerate(artists.tolist()):
        if artist >= 0 and k - last.get(artist, -apart - 1) <= apart:
            return False
        last[artist] = k
    return True


def smooth(
    rows: Sequence[int], index: Index, points: Sequence[Point], apart: int | None
) -> list[int]:
    """Order tracks: from the first song on, each is followed by one that is near.

    The nearest that may follow does; then stretches are turned round as long as that shortens the
    way (2-opt, Croes 1958).
    """
    at = np.array(rows, int)
    if len(at) < 3:
        return at.tolist()
    scales = np.append(points[0].scale, index.scales[at])
    vectors = np.vstack([points[0].vector, index.vectors[at]])
    distance = (1 - vectors @ vectors.T) / np.sqrt(scales[:, None] * scales)
    artists = np.append(-1, index.artist_codes[at])
    order = _chain(distance, artists, apart or 0)
    if len(at) <= MOST:
        order = _untangled(distance, artists, apart or 0, order)
    return at[np.array(order[1:]) - 1].tolist()


def _chain(distance: np.ndarray, artists: np.ndarray, apart: int) -> list[int]:
    order, left = [0], set(range(1, len(distance)))
    while left:
        recent = {int(artists[k]) for k in order[len(order) - apart :]} if apart else set()
        fits = [k for k in left if artists[k] < 0 or artists[k] not in recent]
        if apart and fits:
            # An artist with many tracks left comes as soon as possible, or it stays till the end.
            counts = {k: int((artists[list(left)] == artists[k]).sum()) for k in fits}
            many = max(counts.values())
            if many * (apart + 1) > len(left):
                fits = [k for k in fits if counts[k] == many and artists[k] >= 0] or fits
        best = min(sorted(fits or left), key=lambda k: distance[order[-1], k])
        order.append(best)
        left.discard(best)
    return order


def _untangled(
    distance: np.ndarray, artists: np.ndarray, apart: int, order: list[int]
) -> list[int]:
    n = len(order)
    better = True
    while better:
        better = False
        for i in range(2, n - 1):  # the nearest to the song comes first, whatever follows
            for j in range(i + 1, n):
                before, first, last = order[i - 1], order[i], order[j]
                gain = distance[before, first] - distance[before, last]
                if j + 1 < n:
                    gain += distance[last, order[j + 1]] - distance[first, order[j + 1]]
                if gain > 1e-6:
                    turned = order[:i] + order[i : j + 1][::-1] + order[j + 1 :]
                    if not apart or apart_enough(artists[turned], apart):
                        order, better = turned, True
    return order
