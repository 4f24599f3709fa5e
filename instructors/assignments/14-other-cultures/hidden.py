"""Hidden tests of the assignment 14-other-cultures, in the form that otter-grader reads."""

import numpy as np
from otter.test_files import test_case
from sklearn.neighbors import KNeighborsClassifier

OK_FORMAT = False
name = "14-other-cultures"
points = None


def nearest():
    return KNeighborsClassifier(1)


def collection(cultures=30, songs=2, slices=5):
    """Say of each slice which region and which culture its song is from."""
    culture = np.repeat(np.arange(cultures), songs * slices)
    return np.array(["north", "east", "south"])[culture % 3], culture


def noise(n, columns=4, seed=0):
    return np.random.default_rng(seed).normal(size=(n, columns))


@test_case(points=3, hidden=True)
def test_a_culture_is_on_one_side(beyond):
    region, culture = collection()
    own = noise(30, seed=1)[culture] + 0.01 * noise(len(culture))  # a voice, and no region
    value, *_ = beyond(own, noise(len(culture), seed=2), region, culture, nearest, seed=0)
    assert value < 0.35, (
        "Songs of one culture are on both sides: numbers that know who sings and nothing of the "
        f"region are ahead of noise by {value:.2f}. Keep all songs of a culture on one side."
    )


@test_case(points=3, hidden=True)
def test_the_recorder_is_the_control(beyond):
    region, culture = collection()
    machine = (culture % 3)[:, None] + 0.01 * noise(len(culture), columns=1)
    sound = np.hstack([machine, machine + 0.01 * noise(len(culture), columns=1, seed=3)])
    value, *_ = beyond(sound, machine, region, culture, nearest, seed=0)
    assert abs(value) < 0.2, (
        "The recorder was not controlled for: the sound says nothing here that the recorder does "
        f"not say, and is ahead by {value:.2f} all the same. Compare with what the recorder names,"
        " not with chance."
    )


@test_case(points=3, hidden=True)
def test_cultures_are_drawn(beyond):
    region, culture = collection(songs=4, slices=10)
    heard = noise(30, seed=4)[culture]  # all slices of a culture are right or wrong together
    heard[:, 0] += 1.5 * (culture % 3)
    machine = noise(30, seed=5)[culture]
    _, low, high = beyond(heard, machine, region, culture, nearest, seed=0)
    assert high - low > 0.3, (
        f"Slices were taken as independent: the interval is {high - low:.2f} wide, where that "
        "over cultures is about 0.5. Its slices are right or wrong together; draw cultures."
    )


@test_case(points=2, hidden=True)
def test_music_can_be_heard(beyond):
    region, culture = collection()
    sound = (culture % 3)[:, None] + 0.01 * noise(len(culture), columns=1)
    value, low, high = beyond(sound, noise(len(culture)), region, culture, nearest, seed=0)
    assert value > 0.4 and low > 0 and low - 1e-9 <= value <= high + 1e-9, (
        "Where only the sound names the region, the difference is not clear of zero "
        f"({value:.2f}, {low:.2f} to {high:.2f})."
    )
