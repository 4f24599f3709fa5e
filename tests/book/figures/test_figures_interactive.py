"""What a reader may try out in a figure holds the numbers that the figure draws."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score

from genrelib.book.figures import forest, interactive, neighbours, numbers
from genrelib.book.figures.common import genre_colours
from genrelib.evaluation import confusion

GENRES = ["blues", "jazz", "rock"]


def ballot(n: int = 60) -> tuple[pd.DataFrame, pd.Series]:
    """Votes of a hundred trees on slices of three genres."""
    rng = np.random.default_rng(0)
    truth = pd.Series(rng.choice(GENRES, n), [f"t{k}:0" for k in range(n)])
    votes = [rng.multinomial(100, rng.dirichlet([1, 1, 1])) for _ in range(n)]
    return pd.DataFrame(np.array(votes) / 100, truth.index, GENRES), truth


# --- the threshold of the forest -----------------------------------------------------------------


@pytest.mark.parametrize("least", [0, 10, 29, 50, 57, 90])
def test_rows_at_a_threshold_are_what_scikit_learn_counts(least: int) -> None:
    shares, truth = ballot()
    rows = (shares > least / 100).astype(int)
    told = pd.get_dummies(truth).reindex(columns=GENRES).astype(int)
    data = interactive.threshold(shares, truth, ("#000", "#fff"))
    slices = np.reshape(data["right"] + data["wrong"], (-1, 3))
    found = interactive._rows_at(slices, least)
    assert found["zeros"] == (rows.sum(axis=1) == 0).sum()
    assert found["several"] == (rows.sum(axis=1) > 1).sum()
    assert found["right"] / len(truth) == pytest.approx(accuracy_score(told, rows))
    assert sum(found.values()) == len(truth)
    if least % 10 == 0:
        row = next(r for r in data["table"]["rows"] if r[0] == f"{least} %")
        assert row[1:5] == list(found.values())


def test_the_slices_are_those_of_the_picture() -> None:
    shares, truth = ballot()
    picture = forest.majority(shares, truth, shares.max(axis=1) <= 0.5)
    right, wrong = (np.reshape(picture.data[kind], (-1, 3)) for kind in ("right", "wrong"))
    leads = shares.idxmax(axis=1) == truth
    for drawn, held, bars in zip(
        (leads, ~leads), (right, wrong), picture.figure.axes[0].containers, strict=True
    ):
        assert sorted(held.max(axis=1)) == pytest.approx(sorted(100 * shares[drawn].max(axis=1)))
        heights = [bar.get_height() for bar in bars]
        bins = np.maximum(np.ceil(held.max(axis=1) / 5), 1).astype(int) - 1
        assert heights == np.bincount(bins, minlength=20).tolist()
    assert picture.data["colours"] == list(forest.LEADS)
    json.dumps(picture.data)  # nothing that a notebook cannot keep


def test_a_single_genre_has_no_others() -> None:
    shares, truth = pd.DataFrame({"jazz": [0.7]}, ["a"]), pd.Series(["jazz"], ["a"])
    data = interactive.threshold(shares, truth, ())
    assert data["right"] == [70, 0, 0]


def test_what_is_too_much_for_a_page_stays_away() -> None:
    shares, truth = ballot(9000)
    assert interactive.threshold(shares, truth, ()) is None
    assert forest.majority(shares, truth, shares.max(axis=1) <= 0.5).data is None


# --- the sweep over k --------------------------------------------------------------------------


def curves(last: int = 99) -> dict[str, pd.DataFrame]:
    """Accuracy by k under two protocols, in steps of a five-hundredth."""
    k = np.arange(1, last + 1)
    found = {}
    for name, values in {"random-slice": 450 - 2 * k, "track": 200 + 10 * np.sin(k)}.items():
        value = np.round(values) / 500
        table = {"value": value, "low": value - 0.0512345, "high": value + 0.0412345}
        found[name] = pd.DataFrame(table, index=k)
    return found


@pytest.mark.parametrize("last", [1, 3, 99])
def test_the_sweep_holds_what_the_lines_draw(last: int) -> None:
    made = curves(last)
    picture = neighbours.by_k(made)
    data = picture.data
    assert data["k"] == list(range(1, last + 1))
    drawn = {line.get_label().split(",")[0]: line for line in picture.figure.axes[0].lines}
    for line in data["lines"]:
        curve = made[line["name"]]
        assert line["value"] == pytest.approx(drawn[line["name"]].get_ydata(), abs=1e-5)
        assert line["colour"] == drawn[line["name"]].get_color()
        for part in ("low", "high"):
            assert line[part] == pytest.approx(curve[part].tolist(), abs=1e-5)
        assert f"{line['name']} starts at {line['value'][0]:.2f}" in picture.alt
        assert f"is best at k = {line['best']} with" in picture.alt
    assert data["table"]["head"] == ["k", *made]
    assert data["table"]["rows"][0][1] == "0.90 (0.84 to 0.94)"
    assert data["table"]["rows"][-1][0] == str(last)
    json.dumps(data)


def test_two_decimals_are_those_of_the_text() -> None:
    for value in (0.7449999, 0.745, 0.7450000000000001, 0.7450001, 0.125, 0.123456789):
        assert f"{interactive._short(value):.2f}" == f"{value:.2f}"
    assert interactive._short(0.123456789) == 0.12346


def test_no_protocol_gives_no_sweep() -> None:
    assert interactive.sweep({}, {}) is None


# --- the cells of a confusion matrix -------------------------------------------------------------


def test_the_cells_hold_the_slices_that_the_matrix_counts() -> None:
    rng = np.random.default_rng(2)
    ids = [f"{genre}.{k}" for genre in GENRES[:2] for k in range(4)]
    told = pd.DataFrame({"track_id": np.repeat(ids, 5)})
    told["genre"] = told["track_id"].str.split(".").str[0]
    told["predicted"] = rng.choice(GENRES, len(told))
    told = told.assign(protocol="track", model="k-NN", **{f"p_{genre}": 0.1 for genre in GENRES})
    tracks = pd.DataFrame({"artist": "Nobody", "title": [None, *"abcdefg"]}, ids, dtype=object)
    counts = confusion(told)
    picture = neighbours.confusion_by_track(counts, told, tracks)
    data = picture.data
    drawn = {text.get_position(): int(text.get_text()) for text in picture.figure.axes[0].texts}
    held = {}
    for row, column, *flat in data["cells"]:
        held[column, row] = sum(flat[1::2])
        for track, slices in zip(flat[::2], flat[1::2], strict=True):
            name, size, artist, title = data["tracks"][track]
            own = told[told["track_id"] == name]
            assert (own["predicted"] == data["columns"][column]).sum() == slices <= size == 5
            assert (own["genre"] == data["rows"][row]).all()
            assert [artist, title] == ["Nobody", tracks.at[name, "title"]]
        assert flat[1::2] == sorted(flat[1::2], reverse=True)
    assert held == drawn and sum(held.values()) == len(told)
    assert [row[2] for row in data["table"]["rows"]] == list(held.values())
    json.dumps(data)


def test_without_the_predictions_a_matrix_is_a_picture() -> None:
    counts = pd.DataFrame(1, GENRES, GENRES)
    assert neighbours.confusion_by_slice(counts).data is None


# --- the map -------------------------------------------------------------------------------------


def test_the_map_holds_the_points_and_lines_of_the_picture() -> None:
    rng = np.random.default_rng(3)
    points = rng.normal(size=(36, 2)) * [40, 10]
    track = np.tile([f"t{k:02d}" for k in range(12)], 3)  # the slices of a track are scattered
    slices = pd.DataFrame({"track_id": track, "genre": [GENRES[int(t[1:]) % 3] for t in track]})
    slices["artist"] = [None if t == "t05" else f"Artist of {t}" for t in track]
    slices.index = [f"{t}:{k}" for k, t in enumerate(track)]
    picture = numbers.neighbourhood(points, slices)
    data = picture.data
    assert dict(data["genres"]) == genre_colours(GENRES)
    lines = [
        line for ax in picture.figure.axes for line in ax.lines if line.get_linestyle() == "-"
    ]
    held = np.split(np.reshape(data["points"], (-1, 2)), len(data["tracks"]))
    scale = np.ptp(points, axis=0).max() / 999
    back = [own * scale + points.min(axis=0) for own in held]
    for line in lines:
        assert min(np.abs(own - line.get_xydata()).max() for own in back) <= scale
    assert len(lines) == len(back)
    far = np.hypot(*(points[:, None] - points).transpose(2, 0, 1))
    np.fill_diagonal(far, np.inf)
    sibling = track[far.argmin(axis=1)] == track
    for name, artist, genre, many, near in data["tracks"]:
        assert many == 3 and near == sibling[track == name].sum()
        assert data["genres"][genre][0] == GENRES[int(name[1:]) % 3]
        assert artist == (None if name == "t05" else f"Artist of {name}")
    assert len(data["table"]["rows"]) == 12
    json.dumps(data)


def test_a_single_slice_has_no_map() -> None:
    slices = pd.DataFrame({"track_id": ["a"], "genre": ["jazz"], "artist": [None]})
    assert interactive.tracks(np.zeros((1, 2)), slices, {"jazz": "#000"}) is None
