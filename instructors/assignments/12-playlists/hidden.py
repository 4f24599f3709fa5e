"""Hidden tests of the assignment 12-playlists, in the form that otter-grader reads."""

import numpy as np
from otter.test_files import test_case

OK_FORMAT = False
name = "12-playlists"
points = None


def on_a_line(places):
    """Give the distances of tracks that stand on a line."""
    places = np.asarray(places, float)
    return np.abs(places[:, None] - places)


def halves(n):
    return np.arange(2 * n) < n


@test_case(points=2, hidden=True)
def test_a_song_is_not_in_its_own_list(chosen):
    far = on_a_line(range(12))
    genre = [f"genre {k}" for k in range(12)]
    _, value = chosen({"only": far}, genre, list("abcdefghijkl"), halves(6), length=3)
    assert value == 0, (
        "The song is in its own list: no two tracks here have one genre, and a precision of "
        f"{value:.2f} was found all the same."
    )


@test_case(points=3, hidden=True)
def test_the_artist_of_the_song_is_left_out(chosen):
    far = on_a_line(range(24))
    artist = np.repeat(list("abcdefgh"), 3)
    genre = np.repeat(["jazz", "pop", "rock", "blues"] * 2, 3)  # one artist of each in each half
    _, value = chosen({"only": far}, genre, artist, halves(12), length=2)
    assert value == 0, (
        "Tracks by the artist of the song count as hits: no other artist here plays its genre, "
        f"and a precision of {value:.2f} was found. An album has one sound; that is easily won."
    )


@test_case(points=3, hidden=True)
def test_the_choice_has_not_seen_the_score(chosen):
    genre = np.array(["a", "b"] * 8)
    sorts = on_a_line(genre == "b") + 0.001 * on_a_line(range(16))
    mixes = 2 - sorts
    half = halves(8)
    early = np.where(half[:, None], sorts, mixes)  # good on those that choose, and bad elsewhere
    late = np.where(half[:, None], mixes, sorts)
    found, value = chosen({"late": late, "early": early}, genre, range(16), half, length=3)
    assert found == "early" and value < 0.5, (
        f"The method was chosen on the tracks that it is scored on ({found!r}, {value:.2f}): "
        "there, the other method is the better one, which nobody knows before."
    )


@test_case(points=2, hidden=True)
def test_lists_stay_on_their_side(chosen):
    far = on_a_line([*range(0, 20, 2), *range(1, 21, 2)])  # each beside one of the other half
    genre = ["a"] * 10 + ["b"] * 10
    _, value = chosen({"only": far}, genre, range(20), halves(10), length=2)
    assert value == 1, (
        "Tracks that served to choose are in the lists that are scored: those of the other half "
        f"all have the genre of the song, and a precision of {value:.2f} was found."
    )
