"""Tests of the figures of chapter 11."""

from __future__ import annotations

import io
from collections.abc import Iterator

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from genrelib.book.figures import large
from genrelib.corpus import read_recorded

LONG = "a rather long name of a collection nobody expected"
PEAKS = pd.DataFrame({"one process": [477.4, 478.0], "two": [461.6, 464.2]}, index=["10%", "100%"])
PARTS = pd.Series({"reading, line of 1 Gbit/s": 133.4, "writing, disk": 6386.0})
PICTURES = {
    "memory": lambda: large.memory(PEAKS),
    "memory of one": lambda: large.memory(PEAKS[["two"]]),
    "memory of many": lambda: large.memory(
        pd.DataFrame({f"{LONG} {i}": [300.0, 310.0] for i in range(12)}, index=["10%", "100%"])
    ),
    "hours": lambda: large.hours(pd.Series({"fma_small": 0.3, "fma_full": 37.1}), 8),
    "hours of one": lambda: large.hours(pd.Series({"$x_é": 0.3}), 8),
    "hours of many": lambda: large.hours(pd.Series({f"{LONG} {i}": i + 1.0 for i in range(7)}), 8),
    "bottleneck": lambda: large.bottleneck(PARTS),
    "bottleneck of others": lambda: large.bottleneck(pd.Series({f"{LONG}, by hand": 2.0})),
}
TOLD = {
    "memory": "one process: from 477 to 478 MB; two: from 462 to 464 MB",
    "hours": "fma_small 18 min 0 s; fma_full 37 h 6 min",
    "bottleneck": "reading, line of 1 Gbit/s 133; writing, disk 6,386",
}


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_can_be_drawn(name: str) -> None:
    picture = PICTURES[name]()
    picture.figure.savefig(io.BytesIO(), format="png", dpi=50)
    assert picture.name == f"fig-large-{name.split()[0]}"
    (ax,) = picture.figure.axes
    assert ax.get_xlabel()


@pytest.mark.parametrize("name", TOLD)
def test_the_text_alternative_tells_what_is_drawn(name: str) -> None:
    assert TOLD[name] in PICTURES[name]().alt


def test_a_night_is_as_long_as_it_is_said_to_be() -> None:
    ax = large.hours(pd.Series({"a": 5.0}), 6).figure.axes[0]
    assert {text.get_text(): text.get_position()[1] for text in ax.texts}["a night"] == 6
    one, two = ax.lines[0].get_ydata()[:2]
    assert (one, two) == (5.0, 2.5)


def test_a_part_is_a_dot_of_the_colour_of_its_kind() -> None:
    ax = large.bottleneck(PARTS).figure.axes[0]
    assert not ax.patches  # on a logarithmic axis a bar has nothing to stand on
    assert [float(dot.get_xdata()[0]) for dot in ax.lines] == PARTS.tolist()
    assert len({dot.get_color() for dot in ax.lines}) == 2


def test_a_short_time_is_told_in_seconds() -> None:
    # Eight thousand clips on a thousand cores took "0.0 hours".
    assert [large.clock(h) for h in (0.0025, 0.5, 59.9999 / 60, 1, 4.11)] == [
        "9 s", "30 min 0 s", "60 min 0 s", "1 h 0 min", "4 h 7 min",
    ]  # fmt: skip


def test_what_is_calculated_is_not_called_measured() -> None:
    recorded = read_recorded("extract")["machine"]["cores"]
    picture = PICTURES["hours"]()
    assert recorded == large.MEASURED
    assert "arithmetic, not measurement" in picture.caption
    assert f"Up to {recorded} cores were measured" in picture.caption
