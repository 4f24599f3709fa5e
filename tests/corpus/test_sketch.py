"""Tests of the synthetic sketches."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile as sf
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score

from genrelib.corpus import sketch
from genrelib.corpus.audio import SAMPLE_RATE, decode
from genrelib.corpus.gtzan import GENRES
from genrelib.corpus.tracks import load_corpus


@pytest.fixture(scope="module")
def clips() -> dict[str, np.ndarray]:
    corpus = load_corpus("sketch")
    return {track_id: corpus.audio(track_id) for track_id in corpus.tracks.index}


def test_ten_genres_of_three_artists_with_two_tracks() -> None:
    assert set(sketch.SKETCHES["genre"]) == set(GENRES)
    artists = sketch.SKETCHES.groupby("genre")["artist"]
    assert (artists.nunique() >= 3).all()
    assert (artists.size() == 6).all()
    assert sketch.SKETCHES.index.is_unique


def test_every_sketch_says_that_it_is_synthetic() -> None:
    assert sketch.SKETCHES["title"].str.contains("synthetic", case=False).all()


def test_rendering_is_deterministic_and_depends_on_nothing_else() -> None:
    first = sketch.render_sketch("jazz.sketchB2")
    sketch.render_sketch("metal.sketchA1")
    assert np.array_equal(first, sketch.render_sketch("jazz.sketchB2"))


def test_clips_are_sound_of_the_right_length(clips: dict[str, np.ndarray]) -> None:
    for track_id, samples in clips.items():
        assert len(samples) == 12 * SAMPLE_RATE, track_id
        assert 0.4 < np.abs(samples).max() <= 0.91, track_id
        seconds = samples.reshape(12, -1)
        assert (np.sqrt((seconds**2).mean(axis=1)) > 0.005).all(), track_id
        assert abs(samples.mean()) < 0.02, track_id
        assert samples[0] == 0, track_id


def test_no_two_clips_are_alike(clips: dict[str, np.ndarray]) -> None:
    assert len({samples.tobytes() for samples in clips.values()}) == len(clips)


def test_files_hold_what_render_plays(clips: dict[str, np.ndarray]) -> None:
    assert np.allclose(clips["pop.sketchC1"], sketch.render_sketch("pop.sketchC1"), atol=1 / 32768)


def test_artists_keep_their_habits() -> None:
    def tempo(artist: int, number: int) -> float:
        return sketch._record("rock", artist, number)[0].tempo

    for artist in range(3):
        assert abs(tempo(artist, 1) / tempo(artist, 2) - 1) <= 0.11
    assert len({tempo(artist, 1) for artist in range(3)}) == 3


@pytest.mark.parametrize("genre", GENRES)
def test_patterns_are_bars_of_sixteen_steps(genre: str) -> None:
    style = sketch.STYLES[genre]
    for pattern in (style.bass, style.comp, *style.drums.values()):
        assert len(pattern) == 16
    assert set(style.bass) <= set(".058w")
    assert set(style.comp) <= set(".x0123")
    assert style.like in sketch.STYLES
    assert style.like != genre


@pytest.mark.slow
def test_genres_can_be_told_apart_but_not_perfectly(clips: dict[str, np.ndarray]) -> None:
    rows, tracks = [], sketch.SKETCHES.loc[list(clips)]
    for samples in clips.values():
        mfcc = librosa.feature.mfcc(y=samples, sr=SAMPLE_RATE, hop_length=1024)
        rows.append(np.r_[mfcc.mean(axis=1), mfcc.std(axis=1)])
    accuracy = cross_val_score(
        RandomForestClassifier(100, random_state=0),
        np.array(rows),
        tracks["genre"],
        groups=tracks["artist"],
        cv=StratifiedGroupKFold(3, shuffle=True, random_state=0),
    ).mean()
    assert 0.5 < accuracy < 0.97


def test_render_all_writes_once_and_leaves_no_half_file(tmp_path: Path, monkeypatch) -> None:
    few = sketch.SKETCHES.loc[["blues.sketchA1", "rock.sketchC2"]]
    monkeypatch.setattr(sketch, "SKETCHES", few)
    paths = sketch.render_all(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in paths.values()] == [
        "blues/blues.sketchA1.wav",
        "rock/rock.sketchC2.wav",
    ]
    info = sf.info(paths["blues.sketchA1"])
    assert (info.subtype, info.samplerate, info.channels) == ("PCM_16", SAMPLE_RATE, 1)
    before = paths["blues.sketchA1"].stat().st_mtime_ns
    paths["rock.sketchC2"].unlink()

    def fail(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sketch.sf, "write", fail)
        with pytest.raises(KeyboardInterrupt):
            sketch.render_all(tmp_path)
    assert [path.name for path in tmp_path.rglob("*.wav")] == ["blues.sketchA1.wav"]
    sketch.render_all(tmp_path)
    assert paths["blues.sketchA1"].stat().st_mtime_ns == before
    assert len(decode(paths["rock.sketchC2"])) == 12 * SAMPLE_RATE


def test_unknown_sketches_are_refused() -> None:
    with pytest.raises(KeyError, match="polka"):
        sketch.render_sketch("polka.sketchA1")
