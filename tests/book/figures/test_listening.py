"""Tests of the figures of chapter 6."""

from __future__ import annotations

import io
from collections.abc import Iterator
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from genrelib.book.figures import listening
from genrelib.corpus import GENRES
from genrelib.evaluation import PROTOCOLS
from genrelib.studies import EXPERIMENTS, KINDS_OF_CHANGE

RNG = np.random.default_rng(0)
LONG = "a rather long name of a genre nobody expected"
ODD = "track_$x_é (no. 1):0"
KINDS = {"ten": list(GENRES), "two": ["jazz", LONG], "one": ["jazz"]}
"""All genres, two of them, one with a long name, and a single genre."""


def _history(n: int = 2) -> dict[str, list[float]]:
    return {key: [0.9, 0.5][:n] for key in ("loss", "accuracy", "val_loss", "val_accuracy")}


NETWORK = SimpleNamespace(history_=_history())


def _values(names: list) -> pd.DataFrame:
    table = pd.DataFrame({"value": 0.5, "low": 0.41, "high": 0.6}, index=names)
    return table.assign(least=0.45, most=0.75)


def _study(names: tuple[str, ...] = ("LSTM", "CRNN")) -> pd.DataFrame:
    study = pd.DataFrame({"experiment": names, "repetition": range(len(names))})
    study.attrs = {
        "corpus": "samba", "source": "run here", "curves": {name: _history() for name in names},
    }  # fmt: skip
    return study


def _scores(n_genres: int, protocols: tuple[str, ...]) -> pd.DataFrame:
    rows = [
        (model, protocol, level, metric, 0.6, 0.5, 0.7, 4 if "fault" in protocol else 40, n_genres)
        for model in ("LSTM on MFCC", "CRNN on mel")
        for protocol in protocols
        for level in ("slice", "track")
        for metric in ("accuracy", "f1")
    ]
    names = ["model", "protocol", "level", "metric", "value", "low", "high", "n_tracks",
             "n_genres"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def _heard(genres: list[str]) -> tuple[np.ndarray, list[str], pd.DataFrame]:
    """Three slices of the first genre, four steps: right at once, late, and never."""
    heard = np.full((3, 4, len(genres)), 0.1)
    heard[0, :, 0] = heard[1, 2:, 0] = 0.9
    heard[1, :2, -1] = heard[2, :, -1] = 0.9
    slices = pd.DataFrame({"genre": genres[0]}, index=["at once:0", ODD, "never:0"])
    return heard, genres, slices


def _lengths() -> pd.DataFrame:
    parts = {name: _values([1, 6, 30]) for name in ("all pieces", "one piece a track")}
    return pd.concat(parts)


def _occluded(genres: list[str]) -> listening.Picture:
    slices = pd.DataFrame(
        {"genre": [genres[0], genres[-1]], "share": [0.69, 0.753]}, index=["a:0", ODD]
    )
    falls = [np.linspace(-0.1, 0.4, 130), np.linspace(0.25, -0.05, 130)]
    return listening.occluded(RNG.normal(size=(2, 130, 64)), slices, falls, 13)


FRAMES = {"mfcc": RNG.normal(size=(3, 130, 20)), "mel": RNG.normal(size=(3, 130, 64))}
ORDER = pd.concat({n: _values(["in order", "backwards"]) for n in ("LSTM", "CRNN")})
MANY = [f"{LONG} {i}" for i in range(16)]
PICTURES = {
    "input": lambda: listening.as_heard(FRAMES, ODD),
    "input of silence": lambda: listening.as_heard({k: 0 * v for k, v in FRAMES.items()}, "a:0"),
    "curves": lambda: listening.learning(NETWORK, 2),
    "curves to the end": lambda: listening.learning(NETWORK),
    **{
        f"listen to {kind}": lambda genres=genres: listening.listening_along(*_heard(genres))
        for kind, genres in KINDS.items()
    },
    "protocols": lambda: listening.protocols(_scores(10, PROTOCOLS)),
    "protocols of a few": lambda: listening.protocols(_scores(2, ("random-slice", "track"))),
    "order": lambda: listening.orders(ORDER, _study()),
    "length": lambda: listening.lengths(_lengths(), _lengths() - 0.1, _study()),
    "inputs": lambda: listening.inputs(_values(["mel bands", "MFCC"]), _study()),
    "inputs of many": lambda: listening.inputs(_values(MANY), _study()),
    "changes": lambda: listening.changes(_values(["no LSTM", "L2"]) - 0.5, 0.754, _study()),
    "changes of all kinds": lambda: listening.changes(
        _values([name for names in KINDS_OF_CHANGE.values() for name in names]), 0.7, _study()
    ),
    "changes of an unknown kind": lambda: listening.changes(_values([LONG]), 0.7, _study()),
    "grid": lambda: listening.recipe_curves(_study(), ["LSTM", "CRNN"]),
    "grid of many": lambda: listening.recipe_curves(_study(tuple(MANY)), MANY),
    **{
        f"confusion of {kind}": lambda genres=genres: listening.confusion(
            pd.DataFrame(np.eye(len(genres), dtype=int) + 1, genres, genres)
        )
        for kind, genres in KINDS.items()
    },
    **{
        f"occlusion of {kind}": lambda genres=genres: _occluded(genres)
        for kind, genres in KINDS.items()
    },
}
TOLD = {
    "input": ("caption", f"The slice {ODD} as the network sees it: 130 frames"),
    "curves": ("alt", "accuracy on training slices 0.50, on validation tracks 0.50. A dotted"),
    "listen to ten": ("caption", f"hears the slice {ODD}, chosen because"),
    "listen to two": ("alt", "0.33 after the first step and 0.67 after the last"),
    "protocols of a few": ("caption", "Accuracy of two recurrent networks under the protocols"),
    "order": ("alt", "LSTM, backwards 0.50 (0.41 to 0.60); CRNN, in order 0.50"),
    "length": ("alt", "per track: 1 s 0.40, 6 s 0.40, 30 s 0.40"),
    "inputs": ("caption", "(samba, run here)"),
    "changes": ("alt", "no LSTM +0.00 (-0.09 to +0.10)"),
    "grid": ("alt", "LSTM 0.50 and 0.50; CRNN 0.50 and 0.50"),
    "confusion of ten": ("caption", "20 of 110 slices on the diagonal"),
    "confusion of two": ("alt", f"jazz 0.67, {LONG} 0.67"),
    "occlusion of two": ("caption", "the probability 0.69 and 0.75, and how much"),
    "occlusion of one": ("alt", "a:0, jazz: the probability falls most, by 0.40, at 6.0 s"),
}


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_can_be_drawn(name: str) -> None:
    picture = PICTURES[name]()
    picture.figure.savefig(io.BytesIO(), format="png", dpi=50)
    assert picture.name.startswith(f"fig-lstm-{name.split()[0]}")


@pytest.mark.parametrize("name", TOLD)
def test_captions_and_alternatives_tell_the_numbers_of_the_data(name: str) -> None:
    where, text = TOLD[name]
    assert text in getattr(PICTURES[name](), where)


def test_the_stop_is_marked_only_where_there_is_one() -> None:
    for ax in listening.learning(NETWORK, 2).figure.axes:
        (mark,) = [line for line in ax.lines if line.get_linestyle() == ":"]
        assert list(mark.get_xdata()) == [2, 2]
    plain = PICTURES["curves to the end"]()
    assert all(line.get_linestyle() != ":" for ax in plain.figure.axes for line in ax.lines)
    assert "otted" not in plain.alt + plain.caption


def test_a_score_on_a_few_tracks_is_neither_drawn_nor_spoken() -> None:
    picture = PICTURES["protocols"]()
    assert "fault-filtered" not in picture.alt and "artist 0.60" in picture.alt


def test_a_network_that_is_never_in_doubt_is_not_said_to_make_up_its_mind_late() -> None:
    heard, genres, slices = _heard(["jazz", "rock"])
    picture = listening.listening_along(heard[:1], genres, slices.iloc[:1])
    assert "makes up its mind late" not in picture.caption


def test_the_time_listened_ends_with_the_slice() -> None:
    above, below = listening.listening_along(*_heard(["jazz", "rock"])).figure.axes
    assert above.lines[0].get_xdata()[-1] == pytest.approx(6)
    assert below.lines[0].get_ydata() == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3])


def test_intervals_stand_where_their_values_say() -> None:
    table = _values(["no LSTM", "samba", "masks"]).assign(value=[0.5, 0.7, 0.6])
    (ax,) = listening.changes(table, 0.7, _study()).figure.axes
    # Kind by kind, and what is of none at the end: not by the result.
    shown = [label.get_text() for label in ax.get_yticklabels()]
    assert shown == ["masks", "no LSTM", "samba"]
    assert [text.get_text() for text in ax.texts] == ["augmentation", "layers", "others"]
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    assert dots.get_xdata().tolist() == [0.6, 0.5, 0.7]
    assert ax.get_ylim() == (2.5, -0.5)
    repetitions = [tuple(s[:, 0]) for s in ax.collections[0].get_segments()]
    assert repetitions == [(0.45, 0.75)] * 3


def test_every_change_of_the_study_is_of_some_kind() -> None:
    of_some = [f"CRNN, {name}" for names in KINDS_OF_CHANGE.values() for name in names]
    assert sorted(of_some) == sorted(e.name for e in EXPERIMENTS if e.group == "change")


@pytest.mark.parametrize("name", ["changes of all kinds", "occlusion of two"])
def test_tall_pictures_fit_a_screen(name: str) -> None:
    assert PICTURES[name]().figure.get_size_inches()[1] <= 7.2


def test_a_grid_has_a_panel_for_each_network_and_marks_its_lowest_loss() -> None:
    names = tuple(f"network {i}" for i in range(5))
    study = _study(names)
    study.attrs["curves"]["network 3"]["val_loss"] = [1.0, 3.0]
    fig = listening.recipe_curves(study, names).figure
    shown = [ax for ax in fig.axes if ax.get_visible()]
    assert [ax.get_title(loc="left") for ax in shown] == list(names)
    for ax, best in zip(shown, (2, 2, 2, 1, 2), strict=True):
        (mark,) = [line for line in ax.lines if line.get_linestyle() == ":"]
        assert list(mark.get_xdata()) == [best, best]


def test_fall_and_picture_are_over_the_same_time() -> None:
    axes = _occluded(["jazz", "rock"]).figure.axes
    assert axes[0].images[0].get_extent()[:2] == [0, 6]
    time = axes[1].lines[-1].get_xdata()
    assert 0 < time[0] < time[-1] < 6.1
    assert [ax.get_title(loc="left") for ax in axes[::2]] == ["a:0 (jazz)", f"{ODD} (rock)"]
