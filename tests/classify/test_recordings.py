"""Tests of the recordings that are music or not, and of the tool that hears them."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from genrelib.classify import SOUND_KINDS, load_model, sounds
from genrelib.corpus.places import PACKAGE_DATA
from genrelib.features import EAR_COLUMNS

TOOLS = PACKAGE_DATA.parents[1] / "tools"
MAKER = runpy.run_path(str(TOOLS / "make_sounds.py"))
LISTED = pd.read_csv(TOOLS / "sounds.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return sounds()


def test_every_recording_of_the_list_is_there_as_listed(table: pd.DataFrame) -> None:
    columns = list(LISTED.columns.drop("files"))
    each = table.drop_duplicates("recording")[columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(each, LISTED[columns], check_dtype=False)
    assert LISTED["recording"].is_unique
    assert (LISTED.drop(columns="about") != "").all(axis=None)


def test_windows_are_in_order_and_of_the_first_half_minute(table: pd.DataFrame) -> None:
    starts = table.groupby("recording")["start"]
    assert starts.is_monotonic_increasing.all()
    assert starts.size().max() == 5
    assert table["start"].between(0, 24).all()
    # One file after the other never takes a window from two recordings.
    assert (table["recording"] != table["recording"].shift()).sum() == len(LISTED)


def test_embeddings_are_numbers_that_differ(table: pd.DataFrame) -> None:
    ear = table[list(EAR_COLUMNS)].to_numpy()
    assert np.isfinite(ear).all()
    assert len(np.unique(ear, axis=0)) > 0.99 * len(ear)


def test_there_is_enough_of_every_kind_from_enough_groups(table: pd.DataFrame) -> None:
    found = table.groupby("kind").agg(groups=("group", "nunique"), n=("recording", "nunique"))
    assert set(found.index) == set(SOUND_KINDS)
    least = {"song": (50, 50), "music": (20, 150), "speech": (8, 50), "noise": (8, 80)}
    least |= {"signal": (8, 15), "animal": (6, 40)}
    for kind, (groups, recordings) in least.items():
        assert found.loc[kind, "groups"] >= groups
        assert found.loc[kind, "n"] >= recordings
    each = LISTED.query("kind != 'song'").groupby(["kind", "group"]).size()
    assert each.max() <= 15


def test_the_readme_names_every_source_with_its_licences() -> None:
    text = (PACKAGE_DATA / "README.md").read_text("utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    for source, rows in LISTED.groupby("source"):
        name, version = str(source).split()
        (line,) = (line for line in lines if line.startswith(f"| {name} | {version} |"))
        for licence in set(rows["licence"]):
            assert licence in line
        for kind, number in rows["kind"].value_counts().items():
            assert f"{number} {kind}" in line


def test_a_recording_is_heard_as_the_model_hears_a_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, 8 * 22050).astype(np.float32)
    folder = tmp_path / "package"
    folder.mkdir()
    soundfile.write(folder / "b.wav", noise[: 3 * 22050], 22050, subtype="FLOAT")
    soundfile.write(folder / "c.wav", noise[3 * 22050 :], 22050, subtype="FLOAT")
    soundfile.write(folder / "whole.wav", noise, 22050, subtype="FLOAT")
    listed = pd.DataFrame(
        {"recording": ["joined", "whole"], "kind": "noise", "group": "package", "licence": "CC0"}
        | {"source": "package 1", "files": ["[bc].wav", "whole.wav"], "about": ""}
    )
    model = load_model()
    made = MAKER["make"](tmp_path, listed, model.card["level"])
    joined, whole = (part for _, part in made.groupby("recording"))
    np.testing.assert_array_equal(np.stack(joined["ear"]), np.stack(whole["ear"]))
    assert whole["start"].tolist() == pytest.approx([0])  # two patches in eight seconds
    heard = model.predict(np.stack(whole["ear"]))
    assert heard.music == pytest.approx(model.classify(folder / "whole.wav").music, abs=0.01)


def test_what_is_missing_or_silent_is_said(tmp_path: Path) -> None:
    listed = pd.DataFrame(
        {"recording": ["hush"], "kind": "noise", "group": "package", "licence": "CC0"}
        | {"source": "package 1", "files": ["hush.wav"], "about": ""}
    )
    with pytest.raises(FileNotFoundError, match=r"hush\.wav: no such file\. Put package 1 into"):
        MAKER["make"](tmp_path, listed, -15.0)
    (tmp_path / "package").mkdir()
    soundfile.write(tmp_path / "package" / "hush.wav", np.zeros(22050), 22050)
    with pytest.raises(ValueError, match=r"hush .*: nothing but silence"):
        MAKER["make"](tmp_path, listed, -15.0)
    with pytest.raises(ValueError, match="named twice"):
        MAKER["make"](tmp_path, pd.concat([listed, listed]), -15.0)
