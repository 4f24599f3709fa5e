"""Tests of what is measured of songs, and of what is asked of them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genrelib.corpus import PACKAGE_DATA, SAMPLE_RATE, load_corpus, read_recorded
from genrelib.evaluation import eta_squared
from genrelib.features import ear_table, feature_table, slice_tracks
from genrelib.studies import (
    CONDITIONS,
    REPORTED,
    SONG_PROTOCOLS,
    answers_by,
    by_lot,
    describe_song,
    held_pitches,
    judge_songs,
    label_slices,
    mean_apart,
    off_semitones,
    pitch_classes,
    recording_conditions,
    region_from_conditions,
    song_table,
    tempo_agrees,
)

MUSIC = load_corpus("nhs")
SONGS = song_table(MUSIC)


def test_conditions_tell_a_narrow_recording_from_a_wide_one() -> None:
    rng = np.random.default_rng(0)
    wide = rng.normal(0, 0.1, 6 * SAMPLE_RATE)
    spectrum = np.fft.rfft(wide)
    frequency = np.fft.rfftfreq(len(wide), 1 / SAMPLE_RATE)
    spectrum[(frequency > 3000) | (frequency < 300)] = 0
    narrow = np.fft.irfft(spectrum, len(wide)) * np.hanning(len(wide))
    told, limited = recording_conditions(wide), recording_conditions(narrow)
    assert set(told) == set(CONDITIONS)
    assert told["level"] == pytest.approx(-20, abs=0.1)
    quiet = np.r_[wide, 0.01 * wide[:SAMPLE_RATE]]
    assert told["floor"] < 1 and recording_conditions(quiet)["floor"] > 30
    assert 200 <= limited["lowest"] <= 300 and 3000 <= limited["highest"] <= 4100
    assert told["highest"] > 10_000


def test_pitches_on_the_steps_are_not_off_them() -> None:
    rng = np.random.default_rng(0)
    notes = np.repeat(100 * rng.integers(-12, 12, 40), 10).astype(float)
    notes[5::10] = np.nan
    assert off_semitones(notes + 37)["deviation"] == pytest.approx(0, abs=1e-9)
    assert off_semitones(notes + 37)["tuning"] == pytest.approx(37)
    free = np.repeat(rng.uniform(-1200, 1200, 400), 10)
    assert off_semitones(free)["deviation"] == pytest.approx(25, abs=2)
    assert np.isnan(off_semitones(notes[:15])["deviation"])
    assert not held_pitches(np.full(50, -2900.0)).any()  # what is below the range is not held


@pytest.mark.parametrize("tonic", [0, 35, -1265])
def test_classes_are_counted_from_the_tonic(tonic: float) -> None:
    shares = pitch_classes(np.array([0.0, 1200, 700, np.nan]) + tonic, tonic)
    assert shares.sum() == pytest.approx(1)
    assert shares[0] == pytest.approx(2 / 3) and shares[140] == pytest.approx(1 / 3)


def test_songs_are_described_and_stand_beside_their_facts() -> None:
    assert len(SONGS) == len(MUSIC.tracks) and SONGS[list(CONDITIONS)].notna().all(axis=None)
    assert (SONGS["function"] == MUSIC.tracks["genre"]).all()
    assert all(len(melody) > 250 for melody in SONGS["melody"])


def test_what_is_asked_and_held_out_takes_the_place_of_genre_and_artist() -> None:
    slices = slice_tracks(MUSIC)
    rows = label_slices(slices, SONGS, "region", "culture")
    assert set(rows["genre"]) == set(SONGS["region"])
    assert rows["artist"].nunique() == SONGS["culture"].nunique()
    assert [group for _, group in SONG_PROTOCOLS.values()] == ["culture"] * 3 + ["region"]
    assert len(feature_table(slices)) == len(ear_table(slices)) == len(slices)


def test_no_culture_is_on_both_sides_when_conditions_name_regions() -> None:
    told = region_from_conditions(SONGS)
    folds = told.groupby(told["track_id"].map(SONGS["culture"]))["fold"].nunique()
    assert (folds == 1).all() and len(told) == len(SONGS)


def test_the_share_between_groups_is_eta_squared_and_luck_is_not_nothing() -> None:
    values = SONGS["level"]
    found = by_lot(values, SONGS["region"], n=300)
    assert found["value"] == pytest.approx(
        eta_squared(values.to_frame(), SONGS["region"])["level"]
    )
    groups, songs = SONGS["region"].nunique(), len(SONGS)
    assert found["lot"] == pytest.approx((groups - 1) / (songs - 1), abs=0.02)
    sure = by_lot(
        SONGS["region"].astype("category").cat.codes.astype(float), SONGS["region"], n=99
    )
    assert sure["value"] == pytest.approx(1) and sure["beaten"] == 0


def test_means_and_tempi_are_compared() -> None:
    found = mean_apart(pd.Series([1.0, 2, 3, np.nan]), pd.Series([1.0, 1, 1.2]))
    assert found["value"] == pytest.approx(2 - 3.2 / 3) and found["low"] < 0 < found["high"]
    slices = pd.DataFrame({"track_id": ["a", "a", "b", "b", "c"]})
    tempo = pd.Series([100.0, 103, 100, 150, 90])
    assert tempo_agrees(slices, tempo).to_dict() == {"a": 1, "b": 0}


def test_every_learned_song_has_a_refusal_of_a_model_without_its_culture() -> None:
    embedded = {key for key in MUSIC.tracks.index if key in MUSIC.stored.index}
    assert embedded <= set(read_recorded("songs")["refused"])
    judged = judge_songs(MUSIC)
    answers = answers_by(judged, SONGS["region"])
    assert answers[["unfamiliar", "not music", "named"]].sum(axis=None) == len(judged)
    assert answers["songs"].sum() == len(judged)
    assert judged["probability"].between(0.1, 1).all()


def test_what_others_reached_is_what_they_published() -> None:
    # listeners: the diagonal of their table of 185,832 answers; machines: of 118 songs
    assert sum((25754, 18986, 12364, 21623)) == REPORTED["listeners"][0]
    assert REPORTED["machine, sound"] == (15 + 0 + 8 + 20, 118)
    assert REPORTED["machine, experts' ratings"] == (15 + 7 + 10 + 19, 118)


@pytest.mark.audio
def test_what_is_embedded_is_what_the_audio_gives() -> None:
    folder = Path(os.environ["GENRELIB_DATA"]) / "nhs"
    if not folder.is_dir():
        pytest.skip("the songs are not at hand")
    some = MUSIC.tracks.index[[3, 40]]
    kept = pd.read_parquet(PACKAGE_DATA / "nhs" / "measured.parquet").set_index("slice_id")
    slices = slice_tracks(MUSIC)
    slices = slices[slices["track_id"].isin(some)]
    X, E = feature_table(slices), ear_table(slices)
    np.testing.assert_allclose(kept.loc[X.index, X.columns], X, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(np.stack(kept.loc[E.index, "ear"]), E, rtol=1e-3, atol=1e-3)
    for track in some:
        found = describe_song(MUSIC.audio(track))
        assert found["level"] == pytest.approx(SONGS.at[track, "level"], abs=1e-3)
        np.testing.assert_allclose(found["melody"], SONGS.at[track, "melody"], atol=0.1)
