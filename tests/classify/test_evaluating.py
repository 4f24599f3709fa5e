"""Tests of evaluating: labels of every kind, and scores that scikit-learn gives, too."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from library import lenient, music, write
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from genrelib.classify import answers, evaluating
from genrelib.classify.answers import NONE, Evaluation
from genrelib.classify.evaluating import SHIPPED, evaluate
from genrelib.classify.labels import LabelError, Labelled, find_labels
from genrelib.classify.listening import listen
from genrelib.classify.naming import Model, load_model

GENRES = ("blues", "hiphop", "jazz")


# --- labels ----------------------------------------------------------------------------------


def test_genres_are_folders(tmp_path: Path) -> None:
    names = ("jazz/1.wav", "Hip-Hop/album/2.flac", "polka/3.mp3", "jazz/cover.jpg")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found, without = find_labels(tmp_path, GENRES)
    assert [(item.file.name, item.genre) for item in found] == [
        ("2.flac", "hiphop"), ("1.wav", "jazz"), ("3.mp3", "polka"),
    ]  # fmt: skip
    assert without == [] and {item.artist for item in found} == {None}


def test_genres_are_the_beginnings_of_names(tmp_path: Path) -> None:
    for name in ("jazz.00001.wav", "Hip-Hop.1.wav", "polka.1.wav", "jazzy.wav"):
        (tmp_path / name).touch()
    found, without = find_labels(tmp_path, GENRES)
    assert {item.file.name: item.genre for item in found} == {
        "Hip-Hop.1.wav": "hiphop", "jazz.00001.wav": "jazz",
    }  # fmt: skip
    assert [Path(error.path).name for error in without] == ["jazzy.wav", "polka.1.wav"]
    assert "no label" in str(without[0])
    assert find_labels(tmp_path / "jazz.00001.wav", GENRES)[0] == found[1:]


def test_genres_are_spelled_as_the_model_spells_them(tmp_path: Path) -> None:
    (tmp_path / "hip-hop").mkdir()
    (tmp_path / "hip-hop" / "1.wav").touch()
    assert find_labels(tmp_path, ["Hip-Hop"])[0][0].genre == "Hip-Hop"


def test_a_folder_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "music" / "jazz").mkdir(parents=True)
    (tmp_path / "music" / "jazz" / "1.wav").touch()
    try:
        (tmp_path / "link").symlink_to(tmp_path / "music", target_is_directory=True)
    except OSError:
        pytest.skip("links cannot be made here")
    assert [item.genre for item in find_labels(tmp_path / "link", GENRES)[0]] == ["jazz"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "a folder without audio. Files in it may end in"),
        (("song.wav", "cover.jpg"), "no file says its genre"),
        (("all/jazz/1.wav", "all/rock/2.wav"), "everything is in one folder, all, with folders"),
    ],
)
def test_folders_without_labels_are_refused(
    tmp_path: Path, names: tuple[str, ...], message: str
) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(LabelError, match=message):
        find_labels(tmp_path, GENRES)


def test_one_genre_with_albums_is_one_genre(tmp_path: Path) -> None:
    for name in ("jazz/a/1.wav", "jazz/b/2.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [item.genre for item in find_labels(tmp_path, GENRES)[0]] == ["jazz", "jazz"]


@pytest.mark.parametrize(
    ("text", "artists"),
    [
        (b"file,genre,artist\na.wav,Jazz,Bud Powell\nb/c.wav,polka,\n", ("Bud Powell", None)),
        (b"\xef\xbb\xbfGenre;File\r\njazz;a.wav\r\n\r\npolka;b/c.wav\r\n", (None, None)),
        (
            "file\tgenre\tartist\na.wav\tjazz\tDvořák\nb/c.wav\tpolka\t\n".encode(),
            ("Dvořák", None),
        ),
    ],
)
def test_genres_are_cells_of_a_table(
    tmp_path: Path, text: bytes, artists: tuple[str | None, ...]
) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "a.wav").touch()
    (tmp_path / "b" / "c.wav").touch()
    (tmp_path / "labels.csv").write_bytes(text)
    found, without = find_labels(tmp_path, GENRES, tmp_path / "labels.csv")
    assert without == []
    assert found == [
        Labelled(tmp_path / "a.wav", "jazz", artists[0]),
        Labelled(tmp_path / "b" / "c.wav", "polka", artists[1]),
    ]


def test_files_of_a_table_may_lie_beside_it(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    for name in ("music/a.wav", "b.wav", "c.wav"):
        (tmp_path / name).touch()
    table = tmp_path / "labels.csv"
    table.write_text(f"file,genre\na.wav,jazz\nb.wav,jazz\n{tmp_path / 'c.wav'},jazz\n")
    found, _ = find_labels(tmp_path / "music", GENRES, table)
    assert [item.file for item in found] == [
        tmp_path / n for n in ("music/a.wav", "b.wav", "c.wav")
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "empty. Its first line names the columns: file, genre, artist"),
        (b"file,genre\n", "it lists no file"),
        (b"file,gerne\na.wav,jazz\n", "no column 'genre'; its first line has file, gerne"),
        (b"a.wav,jazz\n", "no column 'file'"),
        (b"file,genre,artits\na.wav,jazz,x\n", "an unknown column 'artits'"),
        (b"file,genre,genre\na.wav,jazz,x\n", "twice the column 'genre'"),
        (b"file,genre\na.wav,jazz\n./a.wav,rock\n", "line 3: ./a.wav is listed twice, first in 2"),
        (b"file,genre\na.wav,jazz\nlost.wav,jazz\n", "line 3: there is no file lost.wav in"),
        (b"file,genre\n.,jazz\n", "line 2: there is no file . in"),
        (b"file,genre\na.wav,\n", "line 2 has no genre"),
        (b"file,genre\n,jazz\n", "line 2 has no file"),
        (b"file,genre\na.wav,jazz,more\n", "line 2 has 3 cells, the header 2"),
        (b"file,genre\na.wav,caf\xe9\n", "line 2 is not in UTF-8"),
        ("file,genre\na.wav,jazz\n".encode("utf-16"), "line 1 is not in UTF-8"),
        (b'file,genre\n"a.wav,jazz\n', "not a CSV file"),
        (b"file,genre\n" + b"b.wav,jazz\n" * 5, "and 2 more like these"),
    ],
)
def test_tables_that_are_wrong_are_refused(tmp_path: Path, text: bytes, message: str) -> None:
    (tmp_path / "a.wav").touch()
    table = tmp_path / "labels.csv"
    table.write_bytes(text)
    with pytest.raises(LabelError) as caught:
        find_labels(tmp_path, GENRES, table)
    assert str(caught.value).startswith(f"{table}: ") and message in str(caught.value)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    with pytest.raises(LabelError, match="no such file or folder"):
        find_labels(tmp_path / "lost", GENRES)
    with pytest.raises(LabelError, match="Check the path of the table"):
        find_labels(tmp_path, GENRES, tmp_path / "lost.csv")
    with pytest.raises(LabelError, match="not a folder"):
        find_labels(tmp_path / "a.wav", GENRES, tmp_path / "a.wav")


# --- scores of made tables -------------------------------------------------------------------


def made(model: Model, name: str, n: int = 60, *, artists: int = 0, seed: int = 0) -> pd.DataFrame:
    """Make a table of answers: a third refused, some wrong."""
    rng = np.random.default_rng(seed)
    genres = model.genres
    shares = rng.dirichlet(np.full(len(genres), 0.3), n)
    true = np.random.default_rng(1).choice(len(genres), n)
    shares[np.arange(n), true] += rng.uniform(0, 1, n)
    shares /= shares.sum(axis=1, keepdims=True)
    forced = [genres[k] for k in shares.argmax(axis=1)]
    reason = [[None, None, "unfamiliar"][k % 3] for k in range(n)]
    names = [f"{k:03d}.wav" for k in range(n)]
    units = [f"by {k % artists}" for k in range(n)] if artists else names
    table = pd.DataFrame(
        {
            "slice_id": names, "track_id": names, "genre": [genres[k] for k in true],
            "predicted": [NONE if r else f for r, f in zip(reason, forced, strict=True)],
            "fold": 0, "protocol": "files", "model": name, "unit": units, "reason": reason,
            "forced": forced, "file": names, "artist": [u if artists else None for u in units],
            "duration": [2.5 if k % 2 else 29.9 for k in range(n)], "note": None,
            "similarity": 0.5,
        }
    )  # fmt: skip
    table["reason"] = table["reason"].astype(object).where(table["reason"].notna(), None)
    return table.assign(**{f"p_{g}": shares[:, k] for k, g in enumerate(genres)})


def test_scores_are_those_of_scikit_learn() -> None:
    model = load_model()
    table = made(model, "a")
    found = Evaluation({"a": table}, {"a": model}, []).summary("a")
    assert (found["recordings"], found["answered"]) == (60, 40)
    assert found["refused"] == {"unfamiliar": 20}
    answered = table[table["reason"].isna()]
    for view, rows, named in (
        ("all", table, "predicted"), ("answered", answered, "predicted"),
        ("forced", table, "forced"),
    ):  # fmt: skip
        scores, true = found["scores"][view], rows["genre"]
        assert scores["accuracy"]["value"] == pytest.approx(accuracy_score(true, rows[named]))
        expected = f1_score(
            true, rows[named], labels=sorted(set(true)), average="macro", zero_division=0
        )
        assert scores["f1"]["value"] == pytest.approx(expected)
        for score in scores.values():
            assert score["low"] < score["value"] < score["high"]
            assert score["n"] == len(rows) and score["by_artist"] is None
    genres = sorted(set(table["genre"]))
    recalls = recall_score(table["genre"], table["predicted"], labels=genres, average=None)
    assert [found["recall"][genre]["value"] for genre in genres] == pytest.approx(recalls)
    names = [*model.genres, NONE]
    counts = confusion_matrix(table["genre"], table["predicted"], labels=names)
    laid = [[found["confusion"].get(a, {}).get(b, 0) for b in names] for a in names]
    assert np.array_equal(laid, counts)


def test_calibration_is_binned_by_hand() -> None:
    model = load_model()
    table = made(model, "a")
    found = Evaluation({"a": table}, {"a": model}, []).summary("a")["calibration"]["answered"]
    rows = table[table["reason"].isna()]
    sure = rows.filter(regex="^p_").max(axis=1).to_numpy()
    right = (rows["genre"] == rows["predicted"]).to_numpy(float)
    bins = np.floor(sure * 10).clip(max=9)
    error = sum(
        abs(sure[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
        for b in set(bins)
    )
    assert found["error"]["value"] == pytest.approx(error)
    assert found["confidence"] == pytest.approx(sure.mean())
    assert found["accuracy"] == pytest.approx(right.mean())
    assert 0 < found["chance"] < 0.3


def test_artists_widen_intervals_and_change_no_value() -> None:
    model = load_model()
    alone = made(model, "a")
    # Whoever is always right, and whoever never is.
    right = alone["genre"] == alone["predicted"]
    artists = np.where(right, "by x", "by y") + (np.arange(60) % 2).astype(str)
    table = alone.assign(unit=artists, artist=artists)
    plain = Evaluation({"a": alone}, {"a": model}, []).summary("a")
    by = Evaluation({"a": table}, {"a": model}, []).summary("a")
    one, other = (found["scores"]["all"]["accuracy"] for found in (plain, by))
    assert {k: other[k] for k in ("value", "low", "high", "n")} == {
        k: one[k] for k in ("value", "low", "high", "n")
    }
    over = other["by_artist"]
    assert over["n"] == 4 and over["high"] - over["low"] > 2 * (one["high"] - one["low"])
    assert by["calibration"]["answered"]["error"]["by_artist"]["n"] == 4


def test_the_difference_is_paired() -> None:
    model = load_model()
    a, b = made(model, "a", artists=12), made(model, "b", seed=3, artists=12)
    both = Evaluation({"a": a, "b": b}, {"a": model, "b": model}, [])
    found = both.difference()
    assert found is not None and (found["models"], found["recordings"]) == (["a", "b"], 60)
    one, other = (both.summary(name)["scores"] for name in "ab")
    for view in ("all", "forced"):
        for metric in ("accuracy", "f1"):
            expected = one[view][metric]["value"] - other[view][metric]["value"]
            assert found[view][metric]["value"] == pytest.approx(expected)
            assert found[view][metric]["by_artist"]["n"] == 12
    same = Evaluation({"a": a, "b": a.assign(model="b")}, {"a": model, "b": model}, [])
    nothing = same.difference()
    assert nothing is not None
    value, low, high = (nothing["all"]["accuracy"][k] for k in ("value", "low", "high"))
    assert value == 0 and -0.1 < low < 0 < high < 0.1
    assert Evaluation({"a": a}, {"a": model}, []).difference() is None


def test_models_of_different_genres_are_compared_where_both_can_be_right() -> None:
    model = load_model()
    fewer = Model(model.card | {"genres": model.genres[:4]}, model.arrays)
    other = Model(model.card | {"genres": ["polka", "waltz"]}, model.arrays)
    a, b = made(model, "a"), made(model, "b", seed=3)
    found = Evaluation({"a": a, "b": b}, {"a": model, "b": fewer}, []).difference()
    inside = a["genre"].isin(model.genres[:4])
    assert found is not None and found["recordings"] == inside.sum()
    expected = (a["genre"] == a["forced"])[inside].mean() - (b["genre"] == b["forced"])[
        inside
    ].mean()
    assert found["forced"]["accuracy"]["value"] == pytest.approx(expected)
    assert Evaluation({"a": a, "b": b}, {"a": model, "b": other}, []).difference() is None


def test_genres_that_a_model_does_not_know_can_only_be_refused() -> None:
    model = load_model()
    table = made(model, "a")
    table.loc[:5, "genre"] = "polka"
    table.loc[6:9, "genre"] = "waltz"
    found = Evaluation({"a": table}, {"a": model}, []).summary("a")
    assert found["recordings"] == 50 and found["scores"]["all"]["accuracy"]["n"] == 50
    assert found["unknown"]["genres"] == {"polka": 6, "waltz": 4}
    assert found["unknown"]["refused"]["n"] == 10
    assert found["unknown"]["refused"]["value"] == table["reason"][:10].notna().mean() == 0.3
    assert sum(found["confusion"]["polka"].values()) == 6 and "polka" not in found["recall"]


def test_lengths_are_scored_apart() -> None:
    model = load_model()
    table = made(model, "a")
    found = Evaluation({"a": table}, {"a": model}, []).summary("a")["lengths"]
    assert list(found) == ["under 6 s", "30 s and more"]  # 29.9 is 30 in whole seconds
    short = table[table["duration"] < 6]
    right = short["genre"] == short["predicted"]
    assert found["under 6 s"]["all"]["value"] == pytest.approx(right.mean())
    answered = short["reason"].isna()
    assert found["under 6 s"]["answered"] == answered.sum()
    assert found["under 6 s"]["of_answered"]["value"] == pytest.approx(right[answered].mean())
    shares = short[answered].filter(regex="^p_").max(axis=1)
    assert found["under 6 s"]["confidence"] == pytest.approx(shares.mean())


# --- files -----------------------------------------------------------------------------------


def test_files_are_named_as_classify_names_them(tmp_path: Path) -> None:
    music(tmp_path, tracks=2)
    models = {SHIPPED: load_model(), "lenient": lenient(jazz=50.0)}
    steps: list[int] = []
    found = evaluate(tmp_path, models, jobs=2, begin=steps.append, heard=lambda: steps.append(0))
    assert steps == [4, 0, 0, 0, 0] and found.unusable == [] and not found.by_artist
    for name, model in models.items():
        for row in found.predictions[name].to_dict("records"):
            answer = model.classify(row["file"])
            assert row["predicted"] == (answer.genre or NONE)
            assert row["reason"] == answer.reason
            assert row["forced"] == next(iter(answer.probabilities))
            assert row["duration"] == answer.duration == 7.0
            for genre, share in answer.probabilities.items():
                assert row[f"p_{genre}"] == pytest.approx(share)
    assert found.summary("lenient")["scores"]["answered"]["accuracy"]["value"] == 0.5
    assert sum(found.summary(SHIPPED)["refused"].values()) == 4
    assert found.summary(SHIPPED)["scores"]["answered"] is None
    assert found.summary(SHIPPED)["calibration"]["answered"] is None


def test_models_of_one_loudness_hear_a_file_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "jazz" / "1.wav")
    heard: list[list[float]] = []

    def spy(path, levels, **options):  # type: ignore[no-untyped-def]
        heard.append(list(levels))
        return listen(path, levels, **options)

    monkeypatch.setattr(evaluating, "listen", spy)
    model = load_model()
    level = model.card["level"]
    loud = replace(lenient(), card=lenient().card | {"level": level + 12})
    evaluate(tmp_path, {"a": model, "b": lenient()})
    found = evaluate(tmp_path, {"a": model, "loud": loud})
    assert heard == [[level], [level, level + 12]]
    shares = loud.classify(tmp_path / "jazz" / "1.wav").probabilities
    for genre, share in shares.items():
        assert found.predictions["loud"][f"p_{genre}"][0] == pytest.approx(share)


def test_what_cannot_be_used_is_a_row(tmp_path: Path) -> None:
    music(tmp_path, tracks=1)
    (tmp_path / "jazz" / "words.wav").write_text("no sound at all")
    write(tmp_path / "loose.wav")
    found = evaluate(tmp_path).to_dict()
    assert found["recordings"] == 2
    assert [Path(row["file"]).name for row in found["unusable"]] == ["loose.wav", "words.wav"]
    assert "no label" in found["unusable"][0]["error"]
    assert "not audio" in found["unusable"][1]["error"]


def test_silence_is_refused_and_has_no_genre_to_force(tmp_path: Path) -> None:
    (tmp_path / "jazz").mkdir()
    sf.write(tmp_path / "jazz" / "silence.wav", np.zeros(50_000), 16000)
    found = evaluate(tmp_path, {"a": lenient()}).summary("a")
    assert found["refused"] == {"silence": 1}
    assert found["scores"]["forced"]["accuracy"]["value"] == 0
    assert found["calibration"] == {"answered": None, "forced": None}
    assert found["predictions"][0]["forced"] is None
    assert found["predictions"][0]["probabilities"] == {}


def test_one_recording_has_no_interval(tmp_path: Path) -> None:
    write(tmp_path / "jazz.1.wav")
    found = evaluate(tmp_path / "jazz.1.wav", {"a": lenient(jazz=50.0)}).summary("a")
    accuracy = found["scores"]["all"]["accuracy"]
    assert (accuracy["value"], accuracy["low"], accuracy["high"]) == (1.0, None, None)
    assert found["confusion"]["jazz"]["jazz"] == 1


@pytest.mark.parametrize("bad", ["all", "unknown"])
def test_nothing_to_score_is_no_score(tmp_path: Path, bad: str) -> None:
    if bad == "all":
        (tmp_path / "jazz").mkdir()
        (tmp_path / "jazz" / "words.wav").write_text("no sound at all")
    else:
        write(tmp_path / "polka" / "1.wav")
    found = evaluate(tmp_path, {"a": lenient(), "b": load_model()}).to_dict()
    assert found["recordings"] == (bad == "unknown")
    for model in found["models"]:
        assert model["scores"] == dict.fromkeys(answers.VIEWS)
        assert (model["recall"], model["lengths"]) == ({}, {})
    assert found["difference"] is None


def test_artists_come_from_tags_and_from_the_table(tmp_path: Path) -> None:
    tags = ("Bud Powell", "BUD  powell", "Various Artists", None, "Otis Spann")
    for number, artist in enumerate(tags):
        y = np.random.default_rng(number).uniform(-0.5, 0.5, 40_000)
        with sf.SoundFile(tmp_path / f"jazz.{number}.flac", "w", 16000, 1) as file:
            if artist:
                file.artist = artist
            file.write(y)
    found = evaluate(tmp_path, {"a": lenient()})
    table = found.predictions["a"]
    assert table["artist"].tolist() == ["Bud Powell", "BUD  powell", None, None, "Otis Spann"]
    assert found.by_artist and table["unit"].nunique() == 4
    assert found.to_dict()["artists"] == {"known": 3, "different": 2, "by_artist": True}
    assert found.summary("a")["scores"]["all"]["accuracy"]["by_artist"]["n"] == 4
    lines = [f"jazz.{k}.flac,jazz,{'Me' if k < 4 else ''}" for k in range(5)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,genre,artist", *lines]))
    table = evaluate(tmp_path, {"a": lenient()}, labels=tmp_path / "labels.csv").predictions["a"]
    assert table["artist"].tolist() == ["Me"] * 4 + ["Otis Spann"]


def test_artists_of_the_training_are_counted() -> None:
    model = load_model()
    table = made(model, "a", artists=12)
    table.loc[:6, "artist"] = "john lee  HOOKER"
    assert Evaluation({"a": table}, {"a": model}, []).summary("a")["artist_heard"] == 7


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_names_that_are_no_text_can_be_evaluated(tmp_path: Path) -> None:
    (tmp_path / "jazz").mkdir()
    good = tmp_path / "jazz" / os.fsdecode(b"caf\xe9.wav")
    bad = tmp_path / "jazz" / os.fsdecode(b"th\xe9.wav")
    try:
        write(tmp_path / "jazz" / "a.wav").rename(good)
    except OSError:
        pytest.skip("this disk takes text only")
    bad.write_text("no sound")
    found = evaluate(tmp_path, {"a": lenient()}).to_dict()
    assert found["models"][0]["predictions"][0]["file"] == str(good)
    assert found["unusable"][0]["file"] == str(bad)
