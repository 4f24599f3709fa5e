"""Tests of how the tracks of a list are chosen and put in order."""

from __future__ import annotations

import numpy as np
import pytest
from points import collection, points, rows

from genrelib.playlists import PlaylistError, catalogue, playlist

SEED = "track 0007"


def test_without_variety_the_list_is_that_of_the_nearest_by_scaled_distance() -> None:
    index = collection()
    k = 7
    distance = (1 - index.vectors @ index.vectors[k]) / np.sqrt(index.scales * index.scales[k])
    nearest = [r for r in np.argsort(distance, kind="stable").tolist() if r != k][:10]
    found = playlist(SEED, index, length=10, diversity=0)
    assert sorted(found.rows.tolist()) == sorted(nearest)
    assert found.rows[0] == nearest[0]
    assert sorted(found.tracks["rank"]) == list(range(1, 11))
    assert found.tracks["distance"].to_numpy() == pytest.approx(distance[found.rows], rel=1e-4)
    assert found.notes == [] and "number 10 of 200" in found.reach


def test_variety_is_maximal_marginal_relevance() -> None:
    """Once more by its definition, one track at a time."""
    index, weight = collection(), 0.4
    scaled = (1 - index.vectors @ index.vectors.T) / np.sqrt(index.scales[:, None] * index.scales)
    pool = [r for r in np.argsort(scaled[7], kind="stable").tolist() if r != 7][: 4 * 6]
    chosen: list[int] = []
    while len(chosen) < 6:
        apart = {r: min((scaled[r, c] for c in chosen), default=0) for r in pool}
        score = {
            r: (1 - weight) * scaled[7, r] - weight * apart[r] for r in pool if r not in chosen
        }
        chosen.append(min(score, key=score.__getitem__))
    found = playlist(SEED, index, length=6, diversity=weight)
    assert sorted(found.rows.tolist()) == sorted(chosen)


def test_an_artist_comes_once_and_that_of_the_song_not_at_all() -> None:
    index = collection(artist=[f"Artist {k % 40}" for k in range(200)])
    found = playlist(SEED, index, length=20)
    artists = found.tracks["artist"].tolist()
    assert len(set(artists)) == 20 and "Artist 7" not in artists
    assert found.notes == []


def test_artists_are_kept_apart_by_as_many_tracks_as_asked_for() -> None:
    index = collection(artist=[f"artist {k % 8}" for k in range(200)])
    found = playlist(SEED, index, length=24, apart=3)
    artists = found.tracks["artist"].tolist()
    assert len(artists) == 24 and found.notes == []
    assert all(len(set(artists[k : k + 4])) == 4 for k in range(21))


def test_all_by_one_artist_is_still_a_list_and_says_so() -> None:
    index = collection(60, artist=["one"] * 60)
    found = playlist(SEED, index, length=10)
    assert len(found.tracks) == 10
    assert found.notes == ["artists come again, since there are too few of them"]
    found = playlist(SEED, index, length=10, apart=2)
    assert len(found.tracks) == 10
    assert "too few artists to keep 2 tracks between two of one" in found.notes


def test_versions_of_a_song_are_hidden_but_stay_in_the_index() -> None:
    heard = points(100)
    heard[1] = heard[0] * 1.5 + 1e-4  # another loudness is no other song
    heard[2] = heard[0]
    heard[3] = heard[0]
    titles = [f"title {k}" for k in range(100)]
    artists = [f"artist {k}" for k in range(100)]
    artists[20] = artists[25] = "A"
    titles[20], titles[25] = "Song", "Song (live at home)"
    lengths = [100.0 + 5 * k for k in range(100)]
    lengths[:4] = [200, 201, 204, 400]  # the last is another piece, however alike
    index = catalogue(rows(heard, duration=lengths, title=titles, artist=artists), exact=True)
    assert len(index) == 100
    near = playlist("track 0000", index, length=98, longest=60).tracks["track_id"].tolist()
    assert not {"track 0001", "track 0002"} & set(near) and "track 0003" in near
    assert len({"track 0020", "track 0025"} & set(near)) == 1
    assert "track 0025" not in playlist("track 0020", index, length=90).tracks["track_id"].tolist()


def test_long_mixes_and_jingles_stay_outside_unless_nothing_else_is_left() -> None:
    lengths = [7200.0 if k % 2 else 200.0 for k in range(40)]
    index = collection(40, duration=lengths)
    assert set(playlist("track 0000", index, length=10).tracks["duration"]) == {200.0}
    with_mixes = playlist("track 0000", index, length=30)
    assert len(with_mixes.tracks) == 30
    assert with_mixes.notes == ["tracks of any length are taken, since there are too few others"]
    assert 7200.0 in set(playlist("track 0001", index, length=10).tracks["duration"])


def test_a_seed_of_chance_gives_another_list_and_the_same_again() -> None:
    index = collection()
    lists = [set(playlist(SEED, index, length=10, seed=s).rows.tolist()) for s in (1, 1, 2, 3)]
    assert lists[0] == lists[1]
    assert len({frozenset(found) for found in lists}) == 3
    nearest = set(playlist(SEED, index, length=10).rows.tolist())
    assert all(len(found & nearest) >= 5 for found in lists)


def test_minutes_are_reached_and_not_passed_by_more_than_a_track() -> None:
    found = playlist(SEED, collection(), minutes=30)
    assert 30 <= found.minutes < 30 + found.tracks["duration"].max() / 60


def test_several_songs_are_all_followed() -> None:
    index = collection()
    found = playlist(["track 0000", "track 0001"], index, length=20, diversity=0)
    assert set(found.tracks["genre"]) == {"genre 0", "genre 1"}


def test_two_songs_are_the_ends_of_a_path() -> None:
    index = collection()
    found = playlist(["track 0000", "track 0003"], index, path=True, length=12)
    ends = index.vectors[[0, 3]]
    nearer = index.vectors[found.rows] @ ends.T
    assert (nearer[:4, 0] > nearer[:4, 1]).all() and (nearer[-4:, 1] > nearer[-4:, 0]).all()
    assert len(set(found.rows.tolist())) == 12


def test_an_order_goes_on_more_smoothly_than_that_of_nearness() -> None:
    index = collection()
    found = playlist(SEED, index, length=30, diversity=0.3).rows
    by_nearness = found[np.argsort(1 - index.vectors[found] @ index.vectors[7])]

    def steps(rows: np.ndarray) -> float:
        return float((1 - (index.vectors[rows[1:]] * index.vectors[rows[:-1]]).sum(axis=1)).sum())

    assert steps(found) < 0.9 * steps(by_nearness)


def test_an_unusual_song_gets_a_list_that_says_how_far_it_reached() -> None:
    heard = points(100)
    heard[7] = -heard[7]
    index = catalogue(rows(heard), exact=True)
    found = playlist(SEED, index, length=10)
    assert len(found.tracks) == 10
    assert f"{SEED} is unusual here: 99% of the 100 tracks have closer company" in found.notes
    assert "similarity of" in found.reach


def test_fewer_tracks_than_asked_for_are_given_and_counted() -> None:
    found = playlist(SEED, collection(20), length=50)
    assert len(found.tracks) == 19
    assert found.notes[-1] == "19 tracks instead of 50: the index has no more that fit"


def test_genre_and_exclusions_hold(tmp_path) -> None:
    index = collection()
    assert set(playlist(SEED, index, genre="Genre 3").tracks["genre"]) == {"genre 3"}
    first = playlist(SEED, index, length=5, diversity=0)
    ids = first.tracks["track_id"].tolist()
    first.write(tmp_path / "heard.csv")
    (tmp_path / "more.txt").write_text("# mine\nArtist 12\n\n", "utf-8")
    lists = [tmp_path / "heard.csv", tmp_path / "more.txt", "track 0017"]
    second = playlist(SEED, index, length=30, exclude=lists).tracks["track_id"].tolist()
    assert not set(second) & {*ids, "track 0012", "track 0017"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 0}, "at least one track"),
        ({"minutes": 0.0}, "more than 0 minutes"),
        ({"diversity": 1.5}, "from 0 to 1"),
        ({"apart": -1}, "0 or more"),
        ({"shortest": 9.0, "longest": 8.0}, "shorter than the longest"),
        ({"path": True}, "two ends"),
        ({"genre": "polka"}, "There are genre 0, genre 1"),
        ({"exclude": ["nowhere.m3u8"]}, "no such list"),
    ],
)
def test_options_out_of_range_are_refused(options, message: str) -> None:
    with pytest.raises(PlaylistError, match=message):
        playlist(SEED, collection(30), **options)


def test_a_song_that_is_nowhere_is_named() -> None:
    with pytest.raises(PlaylistError, match=r"gone\.mp3: no such file, nor a track of made up"):
        playlist("gone.mp3", collection(30))


def test_nothing_left_to_choose_from_is_said() -> None:
    with pytest.raises(PlaylistError, match="no track is left"):
        playlist("track 0000", collection(1))


def test_a_hub_loses_its_weight_by_local_scaling() -> None:
    index = collection(300)
    heard = points(300)
    heard[0] = heard.mean(axis=0)  # in the middle of all
    index = catalogue(rows(heard), exact=True)
    cosine = index.vectors @ index.vectors.T
    np.fill_diagonal(cosine, -1)
    scaled = (cosine - 1) / np.sqrt(index.scales[:, None] * index.scales)
    np.fill_diagonal(scaled, -np.inf)
    in_lists = [int((np.argsort(-near, axis=1)[:, :10] == 0).sum()) for near in (cosine, scaled)]
    assert in_lists[1] <= in_lists[0]
    assert index.scales[0] > np.median(index.scales)
