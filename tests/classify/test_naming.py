"""Tests of naming: decisions, course, neighbours, and files of every kind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from genrelib.classify import listening, stream
from genrelib.classify.listening import WINDOW, window
from genrelib.classify.naming import Model, Prediction, load_model, softmax
from genrelib.classify.stream import PATCH
from genrelib.corpus import read_blocks
from genrelib.corpus.audio import AudioError
from genrelib.corpus.tracks import load_corpus
from genrelib.features import ear, tag_logits
from genrelib.features.slicing import slice_tracks
from genrelib.features.tables import ear_table


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


@pytest.fixture(scope="module")
def known() -> dict[str, np.ndarray]:
    """Embeddings of the slices of each track of GTZAN-mini, from the snapshot."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENRELIB_DATA", "/nowhere")
        corpus = load_corpus("gtzan-mini")
        slices = slice_tracks(corpus.tracks)
        table = ear_table(corpus, slices)
    groups = table.groupby(slices["track_id"])
    return {str(track): rows.to_numpy() for track, rows in groups}


def music(seconds: float, rate: int, seed: int = 0) -> np.ndarray:
    """Play chords and a beat: synthetic, but more than one tone."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate)) / rate
    y = np.zeros(len(t))
    for bar in range(int(seconds // 2) + 1):
        inside = (t >= 2 * bar) & (t < 2 * bar + 2)
        for step in rng.choice([0, 3, 5, 7, 10, 12], 3, replace=False):
            for k in (1, 2, 3, 4):
                y[inside] += np.sin(2 * np.pi * 110 * 2 ** (step / 12) * k * t[inside]) / k
    beat = np.exp(-20 * (t % 0.5)) * rng.normal(size=len(t))
    return (0.05 * y + 0.1 * beat).astype(np.float32)


# --- decisions -------------------------------------------------------------------------------


def test_tracks_it_knows_get_their_genre(model: Model, known: dict[str, np.ndarray]) -> None:
    answers = {track: model.predict(rows) for track, rows in known.items()}
    named = [answer.genre == track.split(".")[0] for track, answer in answers.items()]
    assert np.mean(named) > 0.8  # it has not learned them by heart
    for track, answer in answers.items():
        assert sum(answer.probabilities.values()) == pytest.approx(1)
        assert list(answer.probabilities.values()) == sorted(answer.probabilities.values())[::-1]
        assert answer.nearest[0].track_id == track
        assert answer.nearest[0].similarity == pytest.approx(1, abs=1e-3)
        assert len({item.track_id for item in answer.nearest}) == 3
        assert answer.duration == pytest.approx(5 * WINDOW * PATCH)


def test_neighbours_have_artist_and_title(model: Model, known: dict[str, np.ndarray]) -> None:
    first = model.predict(known["blues.00001"]).nearest[0]
    assert (first.genre, first.artist) == ("blues", "John Lee Hooker")
    assert first.title == "I'm In The Mood For Love"


def test_probabilities_are_those_of_the_mean_logit(
    model: Model, known: dict[str, np.ndarray]
) -> None:
    rows = known["rock.00003"]
    logits = model.scores(tag_logits(rows))["logits"].mean(axis=0)
    expected = np.sort(softmax(logits / model.card["temperature"][2]))
    answer = model.predict(rows)
    assert sorted(answer.probabilities.values()) == pytest.approx(expected)
    alone = model.predict(rows[:1], duration=3.0)  # a short recording has its own temperature
    logits = model.scores(tag_logits(rows[:1]))["logits"][0] / model.card["temperature"][0]
    assert max(alone.probabilities.values()) == pytest.approx(softmax(logits).max())
    assert str(answer).startswith(f"{answer.genre} ({answer.probability:.2f}), most like: ")


def test_what_is_far_from_all_is_unfamiliar(model: Model, known: dict[str, np.ndarray]) -> None:
    odd = np.array([1e6] + [0.0] * (len(model.arrays["sound_bias"]) - 1))
    arrays = model.arrays | {"sound_bias": model.arrays["sound_bias"] + odd}
    far = known["jazz.00001"] * 5
    answer = replace(model, arrays=arrays).predict(far)  # sure that it is music
    assert (answer.genre, answer.reason, answer.probability) == (None, "unfamiliar", 0.0)
    assert answer.familiarity == pytest.approx(2 / (1 + model.arrays["far"].shape[1]))
    assert "far from all music" in str(answer)
    assert answer.nearest and answer.probabilities


def test_the_course_joins_what_is_judged_alike(model: Model, known: dict[str, np.ndarray]) -> None:
    rows = np.concatenate([known["metal.00001"]] * 3 + [known["classical.00001"]] * 3)
    answer = model.predict(rows)
    assert [segment.genre for segment in answer.course] == ["metal", "classical"]
    first, second = answer.course
    assert first.start == 0 and first.end == second.start
    assert second.start == pytest.approx(15 * WINDOW * PATCH, abs=2 * WINDOW * PATCH)
    assert second.end == pytest.approx(answer.duration)
    assert min(first.probability, second.probability) > 0.5


def test_silent_windows_have_no_vote(model: Model, known: dict[str, np.ndarray]) -> None:
    rows = np.concatenate([known["metal.00001"], known["classical.00001"]])
    loud = np.arange(10) < 5
    answer, alone = model.predict(rows, loud), model.predict(rows[:5])
    assert answer.probabilities == alone.probabilities
    assert [(s.genre, s.reason) for s in answer.course] == [("metal", None), (None, "silence")]


def test_windows_join_two_patches() -> None:
    embedding = np.arange(10.0).reshape(5, 2)
    heard = ear.Heard(embedding, embedding, np.arange(5) * PATCH)
    windows, start = window(heard)
    assert windows.tolist() == [[1, 2], [5, 6], [8, 9]]
    assert start.tolist() == pytest.approx([0, 2 * PATCH, 4 * PATCH])


# --- files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rate", "channels", "subtype"),
    [
        ("pcm8.wav", 22050, 1, "PCM_U8"),
        ("pcm24.wav", 44100, 2, "PCM_24"),
        ("float.wav", 48000, 2, "FLOAT"),
        ("double.aiff", 96000, 1, "DOUBLE"),
        ("surround.flac", 48000, 6, "PCM_16"),
        ("phone.au", 8000, 1, "ULAW"),
        ("song.ogg", 44100, 2, "VORBIS"),
        ("song.opus", 48000, 2, "OPUS"),
        ("song.mp3", 44100, 2, "MPEG_LAYER_III"),
        ("odd.wav", 11025, 3, "PCM_16"),
    ],
)
def test_any_format_rate_and_channels(
    name: str, rate: int, channels: int, subtype: str, model: Model, tmp_path: Path
) -> None:
    y = music(13, rate)[:, None] * np.linspace(1, 0.5, channels)
    kind = {"format": "OGG"} if name.endswith("opus") else {}
    sf.write(tmp_path / name, y, rate, subtype=subtype, **kind)
    answer = model.classify(tmp_path / name)
    assert answer.duration == pytest.approx(13, abs=0.1)
    assert answer.course[-1].end == answer.duration
    assert sum(answer.probabilities.values()) == pytest.approx(1)


def test_formats_agree(model: Model, tmp_path: Path) -> None:
    y = music(13, 44100)
    answers = []
    for name in ("a.wav", "a.flac", "a.aiff"):
        sf.write(tmp_path / name, y, 44100, subtype="PCM_16")
        answers.append(model.classify(tmp_path / name))
    for answer in answers[1:]:  # codecs round samples in their own ways
        assert answer.genre == answers[0].genre
        assert answer.probabilities == pytest.approx(answers[0].probabilities, abs=5e-3)


@pytest.mark.parametrize("seconds", [0.02, 0.5, 3.0, 5.9, 6.1, 9.1])
def test_short_files(seconds: float, model: Model, tmp_path: Path) -> None:
    sf.write(tmp_path / "short.wav", music(seconds, 22050), 22050)
    answer = model.classify(tmp_path / "short.wav")
    assert answer.duration == pytest.approx(seconds, abs=1e-4)
    assert answer.course[0].start == 0 and answer.course[-1].end == answer.duration


def test_the_volume_makes_no_difference(model: Model, tmp_path: Path) -> None:
    y = music(13, 22050)
    answers = []
    for loud in (1.0, 0.1, 0.02):
        sf.write(tmp_path / "a.wav", loud * y, 22050, subtype="FLOAT")
        answers.append(model.classify(tmp_path / "a.wav"))
    for answer in answers[1:]:
        assert answer.genre == answers[0].genre
        for genre, probability in answer.probabilities.items():
            assert probability == pytest.approx(answers[0].probabilities[genre], abs=2e-3)


def in_small_blocks(path: Path, notes: list[str] | None = None) -> Iterator[np.ndarray]:
    for block in read_blocks(path, notes):
        yield from np.array_split(block, 40)


@pytest.mark.parametrize("kept", [0, 20_000, 1 << 24])
def test_blocks_do_not_change_the_answer(
    kept: int, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sf.write(tmp_path / "a.wav", music(20, 22050), 22050)
    whole = model.classify(tmp_path / "a.wav")
    monkeypatch.setattr(listening, "read_blocks", in_small_blocks)
    monkeypatch.setattr(stream, "KEPT", kept)
    parts = model.classify(tmp_path / "a.wav")
    assert parts.genre == whole.genre and len(parts.course) == len(whole.course)
    assert parts.probabilities == pytest.approx(whole.probabilities, abs=1e-3)


@pytest.mark.parametrize("noise", [0.0, 3e-5])
def test_silence(noise: float, model: Model, tmp_path: Path) -> None:
    y = np.random.default_rng(0).normal(0, 1, 80_000) * noise
    sf.write(tmp_path / "silence.wav", y, 8000)
    answer = model.classify(tmp_path / "silence.wav")
    assert (answer.genre, answer.reason, answer.duration) == (None, "silence", 10.0)
    assert answer.probabilities == {} and answer.nearest == []
    assert [segment.reason for segment in answer.course] == ["silence"]


def _noise(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    return rng.normal(size=len(t))


def _tone(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    return np.sin(2 * np.pi * rng.uniform(100, 2000) * t)


def _beeps(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    return _tone(rng, t) * (t % 0.7 < 0.3)


@pytest.mark.parametrize("kind", [_noise, _tone, _beeps])
def test_what_is_not_music_is_none_of_these(
    kind: Callable[..., np.ndarray], model: Model, tmp_path: Path
) -> None:
    t = np.arange(12 * ear.EAR_RATE) / ear.EAR_RATE
    for item in range(3):
        sf.write(tmp_path / "sound.wav", 0.5 * kind(np.random.default_rng(item), t), ear.EAR_RATE)
        answer = model.classify(tmp_path / "sound.wav")
        assert answer.reason in ("not music", "unfamiliar"), item
        assert answer.music < 0.5


def test_a_pause_in_the_file_is_seen(model: Model, tmp_path: Path) -> None:
    y = np.concatenate([music(24, 22050), np.zeros(24 * 22050), music(24, 22050)])
    sf.write(tmp_path / "pause.wav", y, 22050)
    course = model.classify(tmp_path / "pause.wav").course
    silent = [segment for segment in course if segment.reason == "silence"]
    assert len(silent) == 1
    assert 23 < silent[0].start < 31 and 41 < silent[0].end < 49


def test_reading_can_be_stopped(model: Model, tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", music(13, 22050), 22050)
    stopped = threading.Event()
    assert isinstance(model.classify(tmp_path / "a.wav", stop=stopped.is_set), Prediction)
    stopped.set()
    with pytest.raises(KeyboardInterrupt):
        model.classify(tmp_path / "a.wav", stop=stopped.is_set)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_length(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all samples, no more than a few blocks are held at the same time."""
    import tracemalloc

    monkeypatch.setattr(stream, "KEPT", 1 << 18)
    peaks = []
    for seconds in (60, 360):
        sf.write(tmp_path / "long.flac", np.tile(music(30, 16000), seconds // 30), 16000)
        tracemalloc.start()
        answer = model.classify(tmp_path / "long.flac")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert answer.duration == seconds
    # Five minutes of samples are 19 MB.
    assert peaks[1] - peaks[0] < 2e6


@pytest.mark.parametrize("name", ["words.wav", "empty.flac", "missing.mp3"])
def test_files_that_cannot_be_used_are_named(name: str, model: Model, tmp_path: Path) -> None:
    (tmp_path / "words.wav").write_text("no sound at all")
    (tmp_path / "empty.flac").touch()
    with pytest.raises(AudioError, match=name):
        model.classify(tmp_path / name)
