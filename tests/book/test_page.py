"""What chapters hand to the page. That it arrives there is tested in test_book.py."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
import soundfile
from bs4 import BeautifulSoup

from genrelib.book import page
from genrelib.book.figures import Picture
from genrelib.corpus import sketch
from genrelib.corpus.audio import SAMPLE_RATE
from genrelib.corpus.tracks import Corpus, load_corpus

matplotlib.use("Agg")

import matplotlib.pyplot as plt


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict, dict]]:
    """What has been displayed: data by MIME type, and metadata."""
    outputs: list[tuple[dict, dict]] = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda data, raw, metadata: outputs.append((data, metadata)),
    )
    return outputs


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No audio, and pages for oneself."""
    monkeypatch.delenv("GENRELIB_PUBLIC", raising=False)
    monkeypatch.setenv("GENRELIB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GENRELIB_CACHE", str(tmp_path / "cache"))


def soup(shown: list[tuple[dict, dict]]) -> BeautifulSoup:
    return BeautifulSoup(shown[-1][0]["text/html"], "html.parser")


# --- figures ---------------------------------------------------------------------------------


def test_show_hands_on_image_caption_and_alternative(shown) -> None:
    fig, ax = plt.subplots(figsize=(7, 3), facecolor="none")
    ax.plot([0, 1])
    page.show(Picture(fig, "Rises by\n  1.", "A rising line.", "fig-a-line"))
    (image, about), (caption, marked) = shown
    assert about["genrelib"] == {
        "role": "figure", "caption": "Rises by 1.", "alt": "A rising line.", "name": "fig-a-line"
    }  # fmt: skip
    assert caption["text/markdown"] == "**fig-a-line:** *Rises by 1.*"
    assert marked == {"genrelib": {"role": "caption"}}
    pixels = plt.imread(io.BytesIO(base64.b64decode(image["image/png"])))
    # White and opaque whatever the figure says, so that it can be read on a dark page.
    assert pixels[0, 0].tolist()[:3] == [1, 1, 1]
    assert pixels.shape[2] == 3 or pixels[..., 3].min() == 1
    assert about["image/png"]["alt"] == "A rising line."
    shown_width = about["image/png"]["width"]
    assert 500 < shown_width < 760 < pixels.shape[1]
    assert not plt.fignum_exists(fig.number)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"caption": " "}, "caption"),
        ({"alt": "\n"}, "alt"),
        ({"name": "Fig 1"}, "not of the form"),
        ({"name": "line"}, "not of the form"),
    ],
)
def test_show_refuses_figures_without_words(shown, wrong, message) -> None:
    fig, _ = plt.subplots()
    with pytest.raises(ValueError, match=message):
        page.show(Picture(fig, **{"caption": "A", "alt": "B", "name": "fig-c"} | wrong))
    plt.close(fig)
    assert shown == []


# --- code of the package -----------------------------------------------------------------


def tenfold(number: int) -> int:
    """Multiply by ten.

    A second paragraph, which a reader of the page need not see.
    """
    # Why ten? Because.
    return 10 * number


def test_source_shows_the_code_without_its_docstring(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs: list[dict[str, str]] = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: outputs.append(data))
    page.source(tenfold)
    (data,) = outputs
    assert data["text/plain"] == (
        "def tenfold(number: int) -> int:\n    # Why ten? Because.\n    return 10 * number"
    )
    assert data["text/markdown"].startswith(f"```python\n{data['text/plain']}\n```")
    assert "test_page.py" in data["text/markdown"]


# --- tables ----------------------------------------------------------------------------------

SCORES = pd.DataFrame(
    {"score": [0.5123, np.nan], "n": [3, 4], "said <b>": ["a & b", "c"]},
    index=pd.Index(["forest", "knn"], name="model"),
)


def test_table_names_its_heads_and_aligns_its_numbers(shown) -> None:
    page.table(SCORES, 'Scores "of" <two>', formats={"score": "{:.1%}"})
    region = soup(shown).div
    assert region["tabindex"] == "0" and region["role"] == "region"
    assert region["aria-label"] == region.caption.text == 'Scores "of" <two>'
    heads = region.thead.select("th")
    assert [th.text for th in heads] == ["model", "score", "n", "said <b>"]
    assert {th["scope"] for th in heads} == {"col"}
    assert [th["scope"] for th in region.tbody.select("th")] == ["row", "row"]
    rows = [[td.text for td in tr.select("td")] for tr in region.tbody.select("tr")]
    assert rows == [["51.2%", "3", "a & b"], ["–", "4", "c"]]
    assert [td.get("class") for td in region.tbody.tr.select("td")] == [["number"]] * 2 + [None]
    assert region.find("style") is None


def test_table_without_index_and_with_decimals(shown) -> None:
    page.table(SCORES, "Scores", index=False, precision=3, missing="none")
    body = soup(shown).tbody
    assert body.th is None
    assert [td.text for td in body.select("td")][:4] == ["0.512", "3", "a & b", "none"]


def test_table_with_several_levels(shown) -> None:
    index = pd.MultiIndex.from_product([["knn"], ["track", "artist"]], names=["model", "protocol"])
    columns = pd.MultiIndex.from_tuples([("slice", "low"), ("slice", "high")], names=["a", "b"])
    page.table(pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], index, columns), "Levels")
    table = soup(shown).table
    first, second = (tr.select("th, td") for tr in table.thead.select("tr"))
    assert [th.text for th in first] == ["", "", "slice"]
    # What says nothing is no head.
    assert [th.name for th in first] == ["td", "td", "th"]
    assert first[-1]["colspan"] == "2"
    assert [th.text for th in second] == ["model", "protocol", "low", "high"]
    assert table.tbody.th["rowspan"] == "2"


def test_table_leaves_the_frame_alone_and_needs_a_caption(shown) -> None:
    before = SCORES.copy()
    page.table(SCORES, "Scores")
    pd.testing.assert_frame_equal(SCORES, before)
    with pytest.raises(ValueError, match="caption"):
        page.table(SCORES, " ")


# --- sound -----------------------------------------------------------------------------------


@pytest.fixture
def recorded(tmp_path: Path) -> Corpus:
    """A corpus of one 'recording': a tone that gets higher every six seconds."""
    time = np.arange(18 * SAMPLE_RATE) / SAMPLE_RATE
    pitch = np.repeat([220.0, 440.0, 880.0], 6 * SAMPLE_RATE)
    (tmp_path / "music" / "jazz").mkdir(parents=True)
    path = tmp_path / "music" / "jazz" / "one.wav"
    soundfile.write(path, 0.25 * np.sin(2 * np.pi * pitch * time), SAMPLE_RATE)
    return load_corpus(f"folder:{tmp_path / 'music'}")


def frequency(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples))
    return float(spectrum.argmax()) * SAMPLE_RATE / len(samples)


@pytest.mark.parametrize(
    ("what", "start", "expected"),
    [("jazz.one", 0, 220), ("jazz.one", 6, 440), ("jazz.one:2", 0, 880), ("jazz", 12, 880)],
)
def test_clip_takes_track_slice_or_genre(recorded, what, start, expected) -> None:
    sound = page.clip(recorded, what, start, 2.0)
    assert sound.samples.shape == (2 * SAMPLE_RATE,)
    assert frequency(sound.samples) == pytest.approx(expected, abs=1)
    assert not sound.synthetic
    assert sound.title == "jazz.one"


def test_nothing_recorded_is_published(recorded, monkeypatch) -> None:
    monkeypatch.setenv("GENRELIB_PUBLIC", "1")
    assert not len(page.clip(recorded, "jazz.one").samples)
    sound = page.clip(recorded, "jazz.one", sketch=True)
    assert sound.synthetic
    assert sound.title == "jazz (synthetic sketch, not a recording)"
    np.testing.assert_array_equal(
        sound.samples, sketch.render_sketch("jazz.sketchA1")[: 6 * SAMPLE_RATE]
    )
    monkeypatch.setenv("GENRELIB_PUBLIC", "0")
    assert not page.clip(recorded, "jazz.one", sketch=True).synthetic


def test_a_sketch_stands_in_where_it_is_asked_for() -> None:
    corpus = load_corpus("gtzan-mini")
    first, second = (page.clip(corpus, f"blues.0000{n}", 15.0, sketch=True) for n in (0, 1))
    assert first.synthetic and len(first.samples) == 6 * SAMPLE_RATE
    # Different tracks sound different.
    assert not np.array_equal(first.samples, second.samples)
    assert page.clip(None, "tango", sketch=True).samples.size == 0
    silent = page.clip(corpus, "blues.00000")
    assert not len(silent.samples) and not silent.synthetic
    assert silent.title.startswith("blues.00000: ")
    with pytest.raises(ValueError, match="no track or genre 'tango'"):
        page.clip(corpus, "tango")


@pytest.mark.slow
def test_sketches_of_the_sketch_corpus_say_what_they_are(monkeypatch) -> None:
    corpus = load_corpus("sketch")
    track = corpus.tracks.index[0]
    assert page.clip(corpus, track).synthetic
    monkeypatch.setenv("GENRELIB_PUBLIC", "1")
    assert page.clip(corpus, track).title.startswith(track)


def test_player_is_small_labelled_and_playable(shown, recorded) -> None:
    page.players([page.clip(recorded, "jazz.one", label="A <tone>")], "Listen")
    audio = soup(shown).audio
    assert audio["aria-label"] == soup(shown).find("th", scope="row").text == "A <tone>"
    assert audio["preload"] == "none" and audio.has_attr("controls")
    kind, data = audio["src"].split(",")
    assert kind == "data:audio/mpeg;base64" and len(data) <= 60_000
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(data)))
    assert rate == SAMPLE_RATE and samples.ndim == 1
    assert frequency(samples) == pytest.approx(220, abs=1)
    assert 0.6 < np.abs(samples).max() < 0.8
    assert shown[-1][0]["text/plain"] == "Listen\nA <tone>"


@pytest.mark.slow
def test_noise_fits_as_well_and_too_much_is_refused() -> None:
    rng = np.random.default_rng(0)
    sound = page.Clip(rng.standard_normal(6 * SAMPLE_RATE), "noise", True)
    assert len(page._audio(sound)) < 60_500
    minutes = replace(sound, samples=rng.standard_normal(120 * SAMPLE_RATE))
    with pytest.raises(ValueError, match="take fewer seconds"):
        page._audio(minutes)


def test_silence_and_nothing_can_be_played(shown) -> None:
    silence = page.Clip(np.zeros(SAMPLE_RATE, np.float32), "silence", True)
    nothing = page.Clip(np.zeros(0, np.float32), "nothing", True)
    page.players([silence, nothing], "Little to hear")
    table = soup(shown).table
    assert table.caption.text == "Little to hear"
    assert [th["scope"] for th in table.select("th")] == ["col", "col", "row", "row"]
    assert len(table.select("audio")) == 1
    assert "nothing to play" in table.text
    with pytest.raises(ValueError, match="caption"):
        page.players([silence], "")


def test_where_nothing_can_be_played_one_sentence_stands(shown) -> None:
    nothing = page.Clip(np.zeros(0, np.float32), "nothing", False)
    page.players([nothing, nothing], "Listen")
    assert soup(shown).find("table") is None
    assert soup(shown).p.text == shown[-1][0]["text/plain"] == page.SILENT


def test_an_excerpt_is_a_part_of_a_free_recording_that_names_its_maker() -> None:
    whole = page.excerpt("vibe-ace", seconds=20)
    part = page.excerpt("vibe-ace", 6, 2)
    np.testing.assert_array_equal(part.samples, whole.samples[6 * SAMPLE_RATE : 8 * SAMPLE_RATE])
    assert 14 < len(whole.samples) / SAMPLE_RATE < 16
    assert part.title == "Vibe Ace, Kevin MacLeod (CC BY 3.0)"


def test_players_say_what_part_a_clip_plays(shown) -> None:
    silence = page.Clip(np.zeros(SAMPLE_RATE, np.float32), "jazz.00000", True)
    page.players({"a slice": silence}, "Listen")
    title = "a slice: jazz.00000 (synthetic sketch, not a recording)"
    assert soup(shown).find("th", scope="row").text == title
    assert silence.label == "jazz.00000"


def test_a_clip_is_saved_as_it_is(tmp_path: Path) -> None:
    sound = page.Clip(np.linspace(-0.5, 0.5, 100, dtype=np.float32), "ramp", synthetic=True)
    samples, rate = soundfile.read(sound.save(tmp_path / "ramp.wav"), dtype="float32")
    assert rate == SAMPLE_RATE
    assert samples == pytest.approx(sound.samples, abs=1e-4)
