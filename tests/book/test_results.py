"""Tests of the results that chapters record."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genrelib.book import brief, ledger, readme, results
from genrelib.book.figures.common import protocol_scores
from genrelib.book.readme import MARKS, readme_table, record_results, update_readme
from genrelib.book.results import (
    COLUMNS,
    STEPS,
    ResultsError,
    by_protocol,
    forget,
    load_gaps,
    load_results,
    overview,
    record,
    results_file,
    right_by_genre,
    too_few,
)
from genrelib.corpus import write_whole
from genrelib.evaluation import FEW, METRICS, PROTOCOLS, gap, score


def make_predictions(
    model: str, protocol: str, seed: int = 0, genres: int = 3, tracks: int = 30
) -> pd.DataFrame:
    """Make a predictions table of so many tracks of two slices each."""
    rng = np.random.default_rng(seed)
    names = ["blues", "jazz", "pop"]
    p = rng.dirichlet(np.ones(3), 2 * tracks)
    table = pd.DataFrame(p, columns=[f"p_{name}" for name in names])
    table.attrs["learned_from"] = [20, 21]
    genre = np.repeat(np.array(names)[np.arange(tracks) % genres], 2)
    tracks = np.repeat([f"t{i}" for i in range(tracks)], 2)
    return table.assign(
        slice_id=[f"{t}:{i % 2}" for i, t in enumerate(tracks)],
        track_id=tracks,
        genre=genre,
        predicted=np.array(names)[p.argmax(axis=1)],
        fold=0,
        protocol=protocol,
        model=model,
    )


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results of a build and of the package, both in folders of this test."""
    monkeypatch.setenv("GENRELIB_RESULTS", str(tmp_path / "build"))
    for module in (results, readme, ledger):
        monkeypatch.setattr(module, "RECORDED", tmp_path / "recorded")
    return tmp_path / "build"


def test_what_is_recorded_is_loaded() -> None:
    tables = [
        make_predictions("forest", "track"),
        make_predictions("forest", "artist", 1, genres=2),
    ]
    rows = record("gtzan-mini", "04-random-forest", tables, seed=3)
    loaded = load_results("gtzan-mini")
    assert loaded.columns.tolist() == COLUMNS
    pd.testing.assert_frame_equal(loaded, rows[COLUMNS], rtol=1e-9)
    assert len(loaded) == 2 * 2 * len(METRICS)
    assert loaded.attrs["source"] == "this build"
    expected = score(tables[1])
    part = loaded[loaded["protocol"] == "artist"]
    for column in ("level", "metric", "value", "low", "high", "n_tracks", "n_genres"):
        known, wanted = part[column].tolist(), expected[column].tolist()
        assert known == (wanted if column in ("level", "metric") else pytest.approx(wanted))
    assert set(part["n_genres"]) == {2}


def test_a_chapter_replaces_what_it_recorded_before_and_nothing_else() -> None:
    record("gtzan-mini", "05", [make_predictions("knn", "track")])
    record("gtzan-mini", "04", [make_predictions("forest", "track", seed=1)])
    record("gtzan-mini", "04", [make_predictions("forest", "track", seed=2)])
    loaded = load_results("gtzan-mini")
    assert loaded["chapter"].unique().tolist() == ["04", "05"]
    value = loaded[loaded["model"] == "forest"]["value"].tolist()
    expected = score(make_predictions("forest", "track", seed=2))["value"].tolist()
    assert value == pytest.approx(expected)


def test_the_file_says_how_and_when(build: Path) -> None:
    record("gtzan-mini", "04", [make_predictions("forest", "track")], seed=7)
    part = json.loads((build / "gtzan-mini.json").read_text("utf-8"))["chapters"]["04"]
    assert part["seed"] == 7
    assert part["fast"] is False
    assert {"python", "numpy", "scikit-learn", "librosa"} <= set(part["versions"])
    assert load_results("gtzan-mini").attrs["recorded"] == part["recorded"]


def test_corpora_and_shortened_runs_are_kept_apart() -> None:
    names = {
        results_file("gtzan-mini"),
        results_file("gtzan"),
        results_file("gtzan-mini", fast=True),
        results_file("gtzan+folder:/home/me/Music"),
    }
    assert len(names) == 4
    assert len({path.parent for path in names}) == 1
    record("gtzan-mini", "04", [make_predictions("forest", "track")], fast=True)
    with pytest.raises(ResultsError):
        load_results("gtzan-mini")
    assert len(load_results("gtzan-mini", fast=True)) == 2 * len(METRICS)


def test_a_protocol_that_tests_nothing_gives_no_row() -> None:
    empty = make_predictions("forest", "artist").iloc[:0]
    rows = record("sketch", "04", [make_predictions("forest", "track"), empty])
    assert set(rows["protocol"]) == {"track"}
    assert record("other", "04", [empty]).empty
    assert load_results("other").empty
    assert overview(load_results("other")).empty


def test_nothing_known_about_a_corpus_is_said_with_what_to_do() -> None:
    with pytest.raises(ResultsError, match=r"no results for gtzan.*genrelib book --corpus gtzan"):
        load_results("gtzan")


def test_recorded_results_serve_where_the_build_has_none(build: Path, tmp_path: Path) -> None:
    record("gtzan-mini", "04", [make_predictions("forest", "track")])
    (tmp_path / "recorded").mkdir()
    (build / "gtzan-mini.json").replace(tmp_path / "recorded" / "gtzan-mini.json")
    loaded = load_results("gtzan-mini")
    assert loaded.attrs["source"] == "recorded"
    record("gtzan-mini", "04", [make_predictions("forest", "track", seed=1)])
    assert load_results("gtzan-mini").attrs["source"] == "this build"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"chapters": 3}', '{"corpus": "x"}'])
def test_a_damaged_file_is_named(build: Path, content: str) -> None:
    build.mkdir()
    (build / "gtzan-mini.json").write_text(content)
    with pytest.raises(ResultsError, match=r"gtzan-mini\.json.*delete it"):
        load_results("gtzan-mini")


def test_overview_has_a_row_per_model_and_a_column_per_exam() -> None:
    record("x", "04", [make_predictions("forest", p) for p in ("artist", "track-paired", "track")])
    record("x", "05", [make_predictions("knn", "track", seed=4)])
    table = overview(load_results("x"))
    assert table.index.tolist() == ["forest", "knn"]
    assert table.columns.tolist() == ["track", "track-paired", "artist"]
    assert table.loc["knn", "artist"] == "–"
    row = score(make_predictions("knn", "track", seed=4)).iloc[0]
    assert table.loc["knn", "track"] == brief(row)
    other = overview(load_results("x"), level="track", metric="f1")
    assert other.loc["forest", "track"] != table.loc["forest", "track"]
    with pytest.raises(ResultsError, match="no accuracy per song"):
        overview(load_results("x"), level="song")
    with pytest.raises(ResultsError, match="no auc per slice"):
        overview(load_results("x"), metric="auc")


def test_too_few_tracks_give_a_line_and_no_number() -> None:
    few = make_predictions("forest", "artist", tracks=FEW - 1, genres=2)
    rows = record("x", "04", [make_predictions("forest", "track"), few])
    assert overview(rows).columns.tolist() == ["track"]
    told = by_protocol(rows, {"track": make_predictions("forest", "track"), "artist": few})
    assert told.loc["artist", ["per slice", "per track"]].tolist() == ["too few", "too few"]
    assert told.loc["artist", "tracks tested"] == FEW - 1
    line = "artist (29 tracks of 2 genres)"
    assert line in too_few(rows)
    table = readme_table(load_results("x"))
    assert "artist" not in table.splitlines()[0] and line in table.splitlines()[-1]
    for value in rows.loc[rows["protocol"] == "artist", "value"]:
        assert f"{value:.2f}"[1:] not in table.replace(f"{rows['value'].iloc[0]:.2f}"[1:], "")
    drawn = protocol_scores(rows)
    labels = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert labels == ["track"]
    enough = record("y", "04", [make_predictions("forest", "artist", tracks=FEW)])
    assert overview(enough).columns.tolist() == ["artist"]


def test_readme_table_says_what_it_covers() -> None:
    record("x", "04", [make_predictions("forest", p) for p in ("random-slice", "track")])
    *lines, _, few = readme_table(load_results("x")).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert "`random-slice`" in lines[0] and "`artist`" not in lines[0]
    assert lines[-1].count("3 genres, 30 tracks") == 2
    assert few.endswith("artist (no track) and fault-filtered (no track).")


def test_differences_between_protocols_are_kept_with_their_intervals() -> None:
    exams = ["random-slice", "track", "track-paired", "artist"]
    tables = {p: make_predictions("forest", p, seed=k) for k, p in enumerate(exams)}
    record("x", "04", [*tables.values(), make_predictions("knn", "track")])
    found = load_gaps("x").set_index("step")
    assert found["model"].tolist() == ["forest", "forest"]
    for step, (a, b) in STEPS.items():
        expected = gap(tables[a], tables[b])
        assert found.loc[step, list(expected)].to_dict() == pytest.approx(expected)


def test_the_table_goes_between_its_marks() -> None:
    record("x", "04", [make_predictions("forest", "track")])
    found = load_results("x")
    text = f"# Title\n\n{MARKS[0]}\n{MARKS[1]}\n\nMore.\n"
    once = update_readme(text, found)
    assert readme_table(found) in once
    assert once.startswith("# Title\n\n")
    assert once.endswith("\n\nMore.\n")
    assert update_readme(once, found) == once
    for broken in ("no marks", MARKS[0], text + text):
        with pytest.raises(ResultsError, match="expected one line"):
            update_readme(broken, found)


def test_publishing_renews_recorded_results_and_readme(build: Path, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"{MARKS[0]}\n{MARKS[1]}\n", encoding="utf-8")
    with pytest.raises(ResultsError, match="genrelib book"):
        record_results("gtzan-mini", readme, build)
    record("gtzan-mini", results.MEASURING[0], [make_predictions("forest", "track")])
    with pytest.raises(ResultsError, match="lacks a chapter"):
        record_results("gtzan-mini", readme, build)
    for chapter in results.MEASURING:
        record("gtzan-mini", chapter, [make_predictions(chapter, "track")])
    written = record_results("gtzan-mini", readme, build)
    assert written == [tmp_path / "recorded" / "gtzan-mini.json", readme]
    assert readme_table(load_results("gtzan-mini")) in readme.read_text("utf-8")
    assert (tmp_path / "recorded" / "gtzan-mini.json").read_text("utf-8") == (
        build / "gtzan-mini.json"
    ).read_text("utf-8")


def test_the_readme_speaks_of_the_embedded_corpus_only(build: Path, tmp_path: Path) -> None:
    for chapter in results.MEASURING:
        record("sketch", chapter, [make_predictions(chapter, "track")])
    assert record_results("sketch", tmp_path / "README.md", build) == [
        tmp_path / "recorded/sketch.json"
    ]


def test_publishing_keeps_what_the_study_s_chapter_did_not_measure(
    build: Path, tmp_path: Path
) -> None:
    for chapter in results.MEASURING:
        record("gtzan-mini", chapter, [make_predictions(chapter, "track")])
    readme = tmp_path / "README.md"
    readme.write_text("\n".join(MARKS), encoding="utf-8")
    long_ago = ledger.Ledger(ledger.STUDY, at_hand=True)
    long_ago("long", lambda: 1)
    long_ago("short", lambda: 1)
    record_results("gtzan-mini", readme, build)
    this_time = ledger.Ledger(ledger.STUDY, at_hand=True)
    this_time("short", lambda: 2)
    record_results("gtzan-mini", readme, build)
    kept = ledger.ledger_parts(tmp_path / "recorded" / "original-study.json")
    assert {name: part["value"] for name, part in kept.items()} == {"long": 1, "short": 2}


def test_two_chapters_cannot_record_models_of_one_name() -> None:
    record("gtzan-mini", "05", [make_predictions("SVM", "track")])
    with pytest.raises(ResultsError, match=r"09: 05 has recorded a model 'SVM' .*gtzan-mini.json"):
        record("gtzan-mini", "09", [make_predictions("SVM", "track")])
    record("gtzan-mini", "09", [make_predictions("SVM on the ear", "track")])
    assert overview(load_results("gtzan-mini")).index.tolist() == ["SVM", "SVM on the ear"]


def test_chapters_that_are_gone_are_forgotten(build: Path) -> None:
    record("x", "09-ear", [make_predictions("SVM", "track")])
    record("x", "04-forest", [make_predictions("forest", "track")])
    ledger.Ledger("study", at_hand=True)("part", lambda: 1)
    for name, text in (("list", "[]"), ("other", "{}"), ("cut", '{"chap')):
        (build / f"{name}.json").write_text(text, "utf-8")
    forget(build, ["04-forest", "08-ear"])
    assert (build / "cut.json").read_text("utf-8") == '{"chap'
    record("x", "08-ear", [make_predictions("SVM", "track")])
    assert set(load_results("x")["chapter"]) == {"04-forest", "08-ear"}
    assert set(ledger.ledger_parts(build / "study.json")) == {"part"}


def test_genres_that_were_not_tested_are_recorded(build: Path) -> None:
    table = make_predictions("forest", "artist", genres=2)
    table.attrs["not_tested"] = {"pop": "one artist only"}
    record("gtzan-mini", "04", [table])
    kept = json.loads((build / "gtzan-mini.json").read_text("utf-8"))
    assert kept["chapters"]["04"]["not_tested"] == {"artist": {"pop": "one artist only"}}


def test_a_build_is_compared_with_what_is_recorded(build: Path, tmp_path: Path) -> None:
    tables = [make_predictions("forest", "track")]
    record("gtzan-mini", "04", tables)
    (tmp_path / "recorded").mkdir()
    recorded = tmp_path / "recorded" / "gtzan-mini.json"
    recorded.write_text((build / "gtzan-mini.json").read_text("utf-8"), "utf-8")
    assert results.disagreements("gtzan-mini", build).empty
    wrong = tables[0].assign(predicted=tables[0]["genre"])
    for genre in ("blues", "jazz", "pop"):
        wrong[f"p_{genre}"] = (wrong["genre"] == genre).astype(float)
    record("gtzan-mini", "04", [wrong, make_predictions("knn", "track")])
    found = results.disagreements("gtzan-mini", build)
    assert set(found["model"]) == {"forest", "knn"}


def test_networks_that_ended_elsewhere_agree_where_their_intervals_overlap(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "RECORDED", tmp_path)
    parts = {"06-lstm": ["LSTM"], "04-random-forest": ["forest"]}
    for chapter, (model,) in parts.items():
        record("gtzan-mini", chapter, [make_predictions(model, "track")])
    kept = json.loads((build / "gtzan-mini.json").read_text("utf-8"))

    def shifted(by: float) -> list[str]:
        for part in kept["chapters"].values():
            for row in part["rows"]:
                row |= {"value": 0.5 + by, "low": 0.4 + by, "high": 0.6 + by}
        (tmp_path / "gtzan-mini.json").write_text(json.dumps(kept), "utf-8")
        return sorted(set(results.disagreements("gtzan-mini", build)["model"]))

    shifted(0.0)
    (build / "gtzan-mini.json").write_text((tmp_path / "gtzan-mini.json").read_text("utf-8"))
    assert [shifted(by) for by in (0.05, 0.15, 0.25)] == [[], ["forest"], ["LSTM", "forest"]]


def test_corpora_with_like_names_have_files_of_their_own() -> None:
    names = ["gtzan-mini", "folder:/m/rock-pop", "folder:/m/rock/pop", "folder:/" + 300 * "x"]
    files = {results_file(name).name for name in names}
    assert len(files) == len(names)
    assert max(map(len, files)) < 100


def test_files_are_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "folder" / "file.json"
    write_whole(path, "first: ä\n")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
        with pytest.raises(OSError, match="full"):
            write_whole(path, "second")
    assert path.read_text("utf-8") == "first: ä\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_table_by_protocol_says_on_how_much_each_score_rests() -> None:
    table = pd.DataFrame(
        {
            "slice_id": [f"{t}:{k}" for t in range(40) for k in (0, 1)],
            "track_id": np.repeat([f"{t}" for t in range(40)], 2),
            "genre": "jazz", "predicted": ["jazz", "rock"] * 40, "protocol": "track", "model": "m",
            "p_jazz": [1.0, 0.4] * 40, "p_rock": [0.0, 0.6] * 40,
        }
    )  # fmt: skip
    table.loc[72:, "genre"] = "rock"
    table.attrs |= {"not_tested": {"blues": "one track only"}, "learned_from": [32, 32, 30]}
    empty = table.iloc[:0].copy()
    empty.attrs["not_tested"] = {"jazz": "no artist is known"}
    tables = {p: table if p == "track" else empty for p in PROTOCOLS}
    rows = record("folder:x", "04-random-forest", tables.values())
    told = by_protocol(rows, tables)
    assert list(told.index) == list(PROTOCOLS)
    assert told.loc["track", "per slice"].startswith(".50 [")
    assert told.loc["track", "per track"].startswith(".90 [")
    assert told.loc["track"].iloc[2:].tolist() == [2, 40, "30 to 32 tracks"]
    assert told.loc["artist"].tolist() == ["too few", "too few", 0, 0, "nothing"]
    assert right_by_genre({"track": table.assign(unit=table["track_id"])}).to_dict("index") == {
        "jazz": {"tracks": 36, "artists": 36, "slices": 72, "track": 36},
        "rock": {"tracks": 4, "artists": 4, "slices": 8, "track": 4},
    }
