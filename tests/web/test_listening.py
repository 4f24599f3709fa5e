"""The blind test of two playlists, in a browser: answers are counted for the right list."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from genrelib.playlists import listening_page, sign_test

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt install chromium")
def test_whoever_prefers_the_first_list_on_either_side_is_counted(tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    for name in ("first", "second"):
        files = [tmp_path / f"{name}-{k}.wav" for k in range(4)]
        for file in files:
            sf.write(file, np.zeros(800), 8000)
        text = "\n".join(["#EXTM3U", *(file.name for file in files)])
        (tmp_path / f"{name}.m3u8").write_text(text + "\n", "utf-8")
    lists = [tmp_path / f"{name}.m3u8" for name in ("first", "second")]
    made = listening_page(*lists, tmp_path / "page.html", seed=2)
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(made.as_uri())
        sides = []
        for _ in range(4):
            side = "Left" if "first-" in page.locator("#left").get_attribute("src") else "Right"
            sides.append(side)
            page.get_by_role("button", name=f"{side} is better").click()
        assert set(sides) == {"Left", "Right"}
        with page.expect_download() as download:
            page.get_by_role("button", name="Save the answers").click()
        download.value.save_as(tmp_path / "answers.csv")
        browser.close()
    found = sign_test(tmp_path / "answers.csv")
    assert (found["first"], found["n"], found["preferred"]) == ("first.m3u8", 4, 1.0)
