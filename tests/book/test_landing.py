"""Tests of the landing page: its numbers are the recorded ones, its minutes are counted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from genrelib.book import recorded_study_part, recorded_study_scores
from genrelib.book.landing import (
    MARKS,
    PICTURES,
    WORDS_A_MINUTE,
    draw_siblings,
    draw_stairs,
    landing_block,
    reading_minutes,
    stairs,
    with_minutes,
    write_landing,
)

CHAPTERS = Path(__file__).parents[2] / "chapters"
PAGE = (CHAPTERS / "index.md").read_text("utf-8")
NOTEBOOKS = sorted(path.name for path in CHAPTERS.glob("*.ipynb"))


def test_the_page_shows_the_recorded_scores() -> None:
    shown = PAGE.split(MARKS[0])[1].split(MARKS[1])[0].strip()
    assert shown == landing_block(stairs()), "run `genrelib results --record`"


def test_the_stairs_are_one_rule_on_one_part_of_the_study() -> None:
    scores = stairs()
    study = recorded_study_scores()
    for protocol, row in scores.iterrows():
        same = study[study["protocol"] == protocol].query(
            "part == 'GTZAN' and model == 'k-NN (k = 1)' and level == 'slice' and "
            "metric == 'accuracy'"
        )
        assert same["value"].tolist() == [row["value"]]
    assert scores["n_tracks"].min() > 700


def test_every_percentage_of_the_block_is_a_score_or_chance() -> None:
    scores = stairs()
    told = {int(n) for n in re.findall(r"(\d+) %", landing_block(scores))} - {95}
    study = recorded_study_part("artist controls").set_index(["model", "protocol"])["value"]
    shown = [
        *scores["value"],
        study["k-NN (k = 1)", "track-thinned"],
        1 / scores["n_genres"].max(),
    ]
    assert told == {round(100 * value) for value in shown}


def test_bars_are_as_long_as_their_scores() -> None:
    scores = stairs()
    bars = draw_stairs(scores).axes[0].patches
    assert [bar.get_width() for bar in bars] == pytest.approx([*scores["value"], 0.1])


def test_dealt_slices_leave_siblings_and_dealt_songs_do_not() -> None:
    left, right = draw_siblings(tracks=4, slices=3).axes
    for ax, rows in ((left, [1, 1, 1, 1]), (right, [0, 0, 0, 3])):
        asked = [round(text.get_position()[1] - 0.4) for text in ax.texts]
        assert sorted(asked.count(row) for row in range(4)) == rows


def test_every_chapter_has_its_minutes() -> None:
    told = dict(re.findall(r"\]\(([^)]+\.ipynb)\) \|[^|]+\| (\d+) \|", PAGE))
    assert sorted(told) == NOTEBOOKS
    for name, minutes in told.items():
        # A few sentences more or less do not matter; a section does.
        assert abs(int(minutes) - reading_minutes(CHAPTERS / name)) <= 5, (
            f"{name}: run `genrelib results --record`"
        )


def test_minutes_are_words_over_speed(tmp_path: Path) -> None:
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    words = "word " * (12 * WORDS_A_MINUTE)
    cells = [new_markdown_cell(words), new_code_cell(words)]
    nbformat.write(new_notebook(cells=cells), tmp_path / "x.ipynb")
    assert reading_minutes(tmp_path / "x.ipynb") == 10
    assert with_minutes("| [X](x.ipynb) | What? | 0 |\n", tmp_path) == (
        "| [X](x.ipynb) | What? | 10 |\n"
    )


def test_the_page_is_written_again_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "_static").mkdir()
    (tmp_path / "index.md").write_text(PAGE, "utf-8")
    for name in NOTEBOOKS:
        (tmp_path / name).symlink_to(CHAPTERS / name)
    files = write_landing(tmp_path)
    assert [file.relative_to(tmp_path).as_posix() for file in files] == ["index.md", *PICTURES]
    again = (tmp_path / "index.md").read_text("utf-8")
    strip = re.compile(r"\| \d+ \|$", re.MULTILINE)
    assert strip.sub("", again) == strip.sub("", PAGE)
    for name in PICTURES:
        assert (CHAPTERS / name).exists() and (tmp_path / name).stat().st_size < 60_000
