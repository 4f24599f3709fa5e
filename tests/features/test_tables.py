"""Tests of the features: every value against librosa, the cache, the embedded snapshot."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import soundfile as sf

from genrelib.corpus import sketch
from genrelib.corpus.audio import SAMPLE_RATE, AudioError
from genrelib.corpus.tracks import GENRES, Corpus, CorpusError, data_root, load_corpus
from genrelib.features import ear, tables as features
from genrelib.features.slicing import slice_tracks
from genrelib.features.tables import (
    FAMILIES,
    FEATURES,
    FRAME_BANDS,
    HEARD,
    STATS,
    STUDY,
    Feature,
    Spectra,
    ear_table,
    family_of,
    feature_table,
    frames,
    sequence,
    study_table,
    summarise,
    tag_table,
    usable,
    write_snapshot,
)

SECONDS = 6
SNAPSHOT = features.SNAPSHOTS / "gtzan-mini.parquet"

# --- signals ---------------------------------------------------------------------------------


def _band() -> np.ndarray:
    """Something like music: chords with decays and vibrato, a bass, noise bursts, a swell."""
    rng = np.random.default_rng(7)
    t = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    y = np.zeros_like(t)
    for k in range(24):
        start, chord = 0.25 * k, (220.0, 277.2, 329.6) if k % 8 < 4 else (196.0, 246.9, 293.7)
        age = np.clip(t - start, 0, None)
        for base in (*chord, chord[0] / 4):
            for n in range(1, 9):
                depth = 0.002 * np.sin(2 * np.pi * 5.5 * age)
                tone = np.sin(2 * np.pi * 1.01 * base * n * (age + depth / 35))
                y += (t >= start) * tone * n**-1.3 * np.exp(-age * (2 + n))
        y += (t >= start) * rng.normal(size=len(t)) * np.exp(-age * (60 if k % 2 else 25)) * 0.8
    y *= np.linspace(0.3, 1, len(t))
    return (0.8 * y / np.abs(y).max()).astype(np.float32)


def _square() -> np.ndarray:
    t = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    return np.where(np.sin(2 * np.pi * 110 * t + 0.1) >= 0, 1.0, -1.0).astype(np.float32)


def _click() -> np.ndarray:
    y = np.zeros(SECONDS * SAMPLE_RATE, np.float32)
    y[40_000] = 1
    return y


def _tone() -> np.ndarray:
    return (0.5 * librosa.tone(440, sr=SAMPLE_RATE, duration=SECONDS)).astype(np.float32)


def _noise() -> np.ndarray:
    return np.random.default_rng(3).normal(0, 0.2, SECONDS * SAMPLE_RATE).astype(np.float32)


ROOT = Path(__file__).parents[2]

SIGNALS: dict[str, Callable[[], np.ndarray]] = {
    "band": _band,
    "sketch": lambda: sketch.render_sketch("jazz.sketchB1")[: SECONDS * SAMPLE_RATE],
    "silence": lambda: np.zeros(SECONDS * SAMPLE_RATE, np.float32),
    "dc": lambda: np.full(SECONDS * SAMPLE_RATE, 0.25, np.float32),
    "click": _click,
    "noise": _noise,
    "tone": _tone,
    "square": _square,
}


# --- what librosa says, from the waveform ----------------------------------------------------


def _parts(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    harmonic, percussive = librosa.decompose.hpss(librosa.stft(y))
    return np.abs(harmonic), np.abs(percussive)


def _mfcc_of(magnitude: np.ndarray) -> np.ndarray:
    mel = librosa.feature.melspectrogram(S=magnitude**2, sr=SAMPLE_RATE)
    return librosa.feature.mfcc(S=librosa.power_to_db(mel), sr=SAMPLE_RATE, n_mfcc=20)


def _ratio(y: np.ndarray) -> np.ndarray:
    harmonic, percussive = (librosa.feature.rms(S=part) for part in _parts(y))
    return 20 * np.log10(np.maximum(harmonic, 1e-5) / np.maximum(percussive, 1e-5))


def _tonnetz(y: np.ndarray) -> np.ndarray:
    power = np.abs(librosa.stft(y)) ** 2
    semitones = librosa.estimate_tuning(S=power, sr=SAMPLE_RATE)
    chroma = librosa.feature.chroma_cqt(y=y, sr=SAMPLE_RATE, tuning=3 * semitones)
    return librosa.feature.tonnetz(chroma=chroma, sr=SAMPLE_RATE)


LIBROSA: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mfcc": lambda y: librosa.feature.mfcc(y=y, sr=SAMPLE_RATE, n_mfcc=20),
    "mel": lambda y: librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE)),
    "harmonic_rms": lambda y: librosa.feature.rms(S=_parts(y)[0]),
    "percussive_rms": lambda y: librosa.feature.rms(S=_parts(y)[1]),
    "hpratio": _ratio,
    "harmonic_mfcc": lambda y: _mfcc_of(_parts(y)[0]),
    "percussive_mfcc": lambda y: _mfcc_of(_parts(y)[1]),
    "centroid": lambda y: librosa.feature.spectral_centroid(y=y, sr=SAMPLE_RATE),
    "chroma": lambda y: librosa.feature.chroma_stft(y=y, sr=SAMPLE_RATE),
    "tonnetz": _tonnetz,
    "rms": lambda y: librosa.feature.rms(y=y),
    "tempo": lambda y: librosa.feature.tempo(y=y, sr=SAMPLE_RATE),
}

LIBROSA_FRAMES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mfcc": lambda y: librosa.feature.mfcc(y=y, sr=SAMPLE_RATE, n_mfcc=20, hop_length=1024),
    "mel": lambda y: librosa.power_to_db(
        librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE, hop_length=1024, n_mels=64)
    ),
}


@pytest.fixture(scope="module")
def measured() -> dict[str, tuple[np.ndarray, Spectra]]:
    made = {name: signal() for name, signal in SIGNALS.items()}
    return {name: (y, Spectra(y)) for name, y in made.items()}


def test_every_feature_is_compared_with_librosa() -> None:
    assert set(LIBROSA) == {feature.name for feature in FEATURES}
    assert set(LIBROSA_FRAMES) == set(FRAME_BANDS)


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_values_are_those_of_librosa(
    feature: Feature, signal: str, measured: dict[str, tuple[np.ndarray, Spectra]]
) -> None:
    y, spectra = measured[signal]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Trying to estimate tuning")
        bands = np.atleast_2d(LIBROSA[feature.name](y)).astype(float)
    statistics = {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max}
    expected = [statistics[s](row) for row in bands for s in feature.stats] or bands.ravel()
    values = feature.summarise(spectra)
    assert values.dtype == np.float32
    assert values.shape == (len(feature.columns),)
    assert np.isfinite(values).all()
    # The last digits of 32-bit arithmetic, on the scale of the feature.
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-6 * np.abs(bands).max())


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("kind", FRAME_BANDS)
def test_frames_are_those_of_librosa(
    kind: str, signal: str, measured: dict[str, tuple[np.ndarray, Spectra]]
) -> None:
    y, spectra = measured[signal]
    values = sequence(spectra, kind)
    assert values.shape == (130, FRAME_BANDS[kind])
    assert values.dtype == np.float16
    assert np.isfinite(values).all()
    # Half precision keeps eleven bits.
    np.testing.assert_allclose(values.T, LIBROSA_FRAMES[kind](y), rtol=2**-10, atol=1e-3)


@pytest.mark.parametrize("signal", SIGNALS)
def test_the_columns_of_the_study_are_those_of_librosa(
    signal: str, measured: dict[str, tuple[np.ndarray, Spectra]]
) -> None:
    y, spectra = measured[signal]
    mfcc = librosa.feature.mfcc(y=y, sr=SAMPLE_RATE)
    mel = librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE)
    means = np.concatenate([part.summarise(spectra) for part in STUDY["means"]])
    expected = np.concatenate([mfcc.mean(axis=1), mel.mean(axis=1)[:19]])
    np.testing.assert_allclose(means, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())
    (instant,) = STUDY["instant"]
    mfcc = librosa.feature.mfcc(y=y, sr=SAMPLE_RATE, n_mfcc=64, hop_length=1024)
    if mfcc.max() < 1e-3:  # digital silence: decibels below a peak that is a rounding error
        return
    first = librosa.power_to_db(mfcc, ref=np.max)[:, 0]
    # A coefficient near zero loses its digits in the logarithm.
    clear = np.abs(mfcc[:, 0]) > 1e-3 * np.abs(mfcc).max()
    np.testing.assert_allclose(instant.summarise(spectra)[clear], first[clear], atol=0.02)


def test_the_tables_of_the_study_have_true_names(small: Corpus) -> None:
    means, instant = (study_table(which, small, jobs=1) for which in STUDY)
    assert means.shape == (len(slice_tracks(small.tracks)), 39)
    assert instant.shape[1] == 64
    table = feature_table(small, jobs=1)
    pd.testing.assert_frame_equal(means.filter(like="mfcc"), table[means.columns[:20]])
    assert means.columns[[20, 38]].tolist() == ["melpower_001_mean", "melpower_019_mean"]
    assert instant.columns[[0, 63]].tolist() == ["instant_01", "instant_64"]
    with pytest.raises(ValueError, match="means and instant"):
        study_table("music3", small)


def test_features_know_what_they_hear(measured: dict[str, tuple[np.ndarray, Spectra]]) -> None:
    tone, click, noise = (summarise(measured[name][0]) for name in ("tone", "click", "noise"))
    assert tone["centroid_mean"] == pytest.approx(440, rel=0.05)
    assert tone["rms_max"] == pytest.approx(0.5 / np.sqrt(2), rel=1e-2)
    assert tone["chroma_A_mean"] == pytest.approx(1)
    assert tone["hpratio_mean"] > 20
    assert click["hpratio_min"] < 0
    assert 4000 < noise["centroid_mean"] < 7000
    louder = summarise(0.5 * measured["band"][0])
    # Half the amplitude: the level falls by half, the chords stay.
    assert louder["rms_mean"] == pytest.approx(0.5 * summarise(measured["band"][0])["rms_mean"])


# --- names -----------------------------------------------------------------------------------


def test_columns_are_unique_and_named_by_one_scheme() -> None:
    columns = features.columns()
    assert len(columns) == len(set(columns))
    counted = (20 + 128 + 2 + 1) * 4 + (20 + 20) + 1 * 4 + (12 + 6) * 4 + 1 * 4 + 1
    assert len(columns) == counted
    scheme = re.compile(r"[a-z_]+?(_(\d\d|\d{3}|[A-G]#?|[a-z]+_[xy]))?_(mean|std|min|max)|tempo")
    assert all(scheme.fullmatch(column) for column in columns)
    examples = {
        "mfcc_01_mean", "mel_017_std", "mel_128_max", "harmonic_rms_mean", "percussive_rms_max",
        "hpratio_min", "harmonic_mfcc_01_mean", "percussive_mfcc_20_mean", "centroid_mean",
        "chroma_C_max", "chroma_A#_std", "tonnetz_fifth_x_min", "rms_std", "tempo",
    }  # fmt: skip
    assert examples <= set(columns)


def test_every_column_has_one_of_eight_families() -> None:
    families = family_of()
    assert families.index.tolist() == features.columns()
    assert set(families) == set(FAMILIES)
    assert len(FAMILIES) == 8


def test_each_spectrum_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = librosa.stft
    monkeypatch.setattr(librosa, "stft", lambda *a, **k: calls.append(1) or original(*a, **k))
    summarise(SIGNALS["band"]())
    assert len(calls) == 1


# --- tables, with a small folder of music ----------------------------------------------------


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three tracks of six and twelve seconds, made of sketches."""
    root = tmp_path_factory.mktemp("library")
    for genre, name, seconds in (
        ("jazz", "one", 12),
        ("jazz", "two", 6),
        ("metal", "three", 5.96),  # padded with zeros
    ):
        y = sketch.render_sketch(f"{genre}.sketchA1")[: round(seconds * SAMPLE_RATE)]
        (root / genre).mkdir(exist_ok=True)
        sf.write(root / genre / f"{name}.wav", y * (0.5 if name == "two" else 1), SAMPLE_RATE)
    return root


@pytest.fixture
def small(library: Path) -> Corpus:
    return load_corpus(f"folder:{library}")


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENRELIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GENRELIB_QUIET", "1")
    return tmp_path / "cache"


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Feature]]:
    """Two quick features instead of all, so that the cache can be tested quickly."""
    chosen = [feature for feature in FEATURES if feature.name in ("rms", "centroid")]
    monkeypatch.setattr(features, "FEATURES", chosen)
    yield chosen


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths that were decoded in this process."""
    calls: list[str] = []
    original = features.decode
    monkeypatch.setattr(features, "decode", lambda path: calls.append(path) or original(path))
    return calls


def test_table_has_a_row_per_slice_measured_from_its_seconds(small: Corpus) -> None:
    slices = slice_tracks(small.tracks)
    table = feature_table(small, slices, jobs=1)
    assert table.index.equals(slices.index)
    assert table.columns.tolist() == features.columns()
    assert (table.dtypes == np.float32).all()
    y = small.audio("jazz.one")[6 * SAMPLE_RATE : 12 * SAMPLE_RATE]
    # Not to the last bit: how sums are grouped depends on where the samples lie in memory.
    np.testing.assert_allclose(table.loc["jazz.one:1"], summarise(y), rtol=1e-4, atol=1e-4)
    padded = librosa.util.fix_length(small.audio("metal.three"), size=6 * SAMPLE_RATE)
    np.testing.assert_allclose(table.loc["metal.three:0"], summarise(padded), rtol=1e-4, atol=1e-4)


def test_rows_follow_the_slices_given(small: Corpus) -> None:
    slices = slice_tracks(small.tracks)
    whole = feature_table(small, slices, jobs=1)
    some = slices.iloc[[3, 1, 0]]
    # Slices of a track that are measured alone give the same numbers as with their siblings.
    pd.testing.assert_frame_equal(feature_table(small, some, jobs=1), whole.loc[some.index])


def test_frames_have_the_shape_of_six_seconds(small: Corpus) -> None:
    slices = slice_tracks(small.tracks)
    for kind, bands in FRAME_BANDS.items():
        values = frames(kind, small, slices, jobs=1)
        assert values.shape == (4, 130, bands)
        assert values.dtype == np.float32
        y = small.audio("jazz.one")[6 * SAMPLE_RATE : 12 * SAMPLE_RATE]
        # The last bit of half precision may fall to either side.
        expected = sequence(Spectra(y), kind).astype(np.float32)
        np.testing.assert_allclose(values[1], expected, rtol=2e-3, atol=2e-3)
    with pytest.raises(ValueError, match="no frames of kind 'chroma'"):
        frames("chroma", small)


def test_other_lengths_of_slices(small: Corpus, own_cache: Path, light: list[Feature]) -> None:
    slices = slice_tracks(small.tracks, length=3.0)
    assert len(feature_table(small, slices, jobs=1)) == len(slices) == 4 + 2 + 1
    assert frames("mfcc", small, slices, jobs=1).shape == (7, 65, 20)


def test_nothing_to_measure_is_said(small: Corpus) -> None:
    with pytest.raises(ValueError, match="has no slice"):
        feature_table(small, slice_tracks(small.tracks, length=60.0))


# --- cache -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("light", "own_cache")
def test_what_was_measured_is_not_measured_again(small: Corpus, decoded: list[str]) -> None:
    first = feature_table(small, jobs=1)
    assert len(decoded) == 3
    pd.testing.assert_frame_equal(feature_table(small, jobs=1), first)
    frames("mfcc", small, jobs=1)
    assert len(decoded) == 3


@pytest.mark.usefixtures("light", "own_cache")
def test_changed_audio_is_measured_again(
    library: Path, tmp_path: Path, decoded: list[str]
) -> None:
    root = tmp_path / "copy"
    for path in library.rglob("*.wav"):
        (root / path.parent.name).mkdir(parents=True, exist_ok=True)
        (root / path.parent.name / path.name).write_bytes(path.read_bytes())
    corpus = load_corpus(f"folder:{root}")
    before = feature_table(corpus, jobs=1)
    decoded.clear()
    changed = root / "jazz" / "two.wav"
    y, rate = sf.read(changed)
    sf.write(changed, 0.5 * y, rate)
    after = feature_table(corpus, jobs=1)
    assert decoded == [str(changed)]
    assert after.loc["jazz.two:0", "rms_mean"] == pytest.approx(
        0.5 * before.loc["jazz.two:0", "rms_mean"], rel=1e-3
    )
    pd.testing.assert_frame_equal(after.drop("jazz.two:0"), before.drop("jazz.two:0"))


def _twice(spectra: Spectra) -> np.ndarray:
    return _factor() * spectra.harmonic_rms


def _factor() -> int:
    return 2


@pytest.mark.parametrize(
    "change",
    [
        {"compute": lambda s: s.percussive_rms},  # another attribute
        {"compute": lambda s: 2 * s.harmonic_rms},  # another constant
        {"compute": lambda s: np.array([2 * band for band in s.harmonic_rms])},  # a nested body
        {"compute": _twice},
        {"stats": ("mean",)},
        {"bands": ("all",)},
        {"name": "other"},
    ],
    ids=["attribute", "constant", "nested", "named", "stats", "bands", "name"],
)
def test_another_definition_has_another_key(
    change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = Feature("harmonic_rms", "hpss", lambda s: s.harmonic_rms)
    monkeypatch.setattr(features, "FEATURES", [base])
    before = features.feature_definitions()
    monkeypatch.setattr(features, "FEATURES", [replace(base, **change)])
    assert features.feature_definitions() != before


def test_a_helper_that_changes_changes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "FEATURES", [Feature("twice", "rms", _twice)])
    before = features.feature_definitions()
    changed = _factor.__code__.replace(co_consts=(None, 3))
    monkeypatch.setattr(_factor, "__code__", changed)
    assert features.feature_definitions() != before


STEP = 1


def test_what_a_feature_and_the_decoder_rest_on_is_in_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    feature = Feature("steps", "rms", lambda s: s.y[None, ::STEP])
    monkeypatch.setattr(features, "FEATURES", [feature])
    keys = [features.feature_definitions()]
    monkeypatch.setitem(globals(), "STEP", 2)
    keys.append(features.feature_definitions())
    monkeypatch.setitem(features.STATS, "std", lambda x, axis: np.std(x, axis=axis, ddof=1))
    keys.append(features.feature_definitions())
    monkeypatch.setattr(features.inspect, "getsource", lambda part: f"another {part}")
    keys.append(features.feature_definitions())
    assert len(set(keys)) == len(keys)


def test_the_quick_parts_are_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(features.inspect, "getsource", lambda part: asked.append(part) or "")
    features.feature_definitions()
    assert features.hpss in asked and features.transforms in asked


def test_the_key_is_the_same_in_every_process() -> None:
    ask = "from genrelib import features; print(features.feature_definitions())"
    keys = [
        subprocess.run(
            [sys.executable, "-c", ask], capture_output=True, text=True, check=True, cwd=ROOT
        ).stdout
        for _ in range(2)
    ]
    assert keys == [f"{features.feature_definitions()}\n"] * 2


def test_the_key_stays_for_the_same_definitions(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two copies of one function, compiled apart, as two processes would have them.
    body = "lambda s: np.array([2 * value for value in s.harmonic_rms])"
    keys = []
    for copy in [eval(body), eval(body)]:
        monkeypatch.setattr(features, "FEATURES", [Feature("x", "rms", copy)])
        keys.append(features.feature_definitions())
    assert keys[0] == keys[1]


@pytest.mark.usefixtures("light")
def test_an_interrupted_write_leaves_nothing(
    small: Corpus, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = pq.write_table

    def interrupted(table: object, where: Path, **options: object) -> None:
        original(table, where, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pq, "write_table", interrupted)
        with pytest.raises(KeyboardInterrupt):
            feature_table(small, jobs=1)
    assert [path for path in own_cache.rglob("*") if path.is_file()] == []
    assert len(feature_table(small, jobs=1)) == 4


# --- broken files ----------------------------------------------------------------------------


@pytest.fixture
def damaged(library: Path, tmp_path: Path) -> Corpus:
    """A folder of which two files are broken in a way that their headers do not show."""
    root = tmp_path / "damaged"
    (root / "jazz").mkdir(parents=True)
    (root / "metal").mkdir()
    for path in library.rglob("*.wav"):
        y, rate = sf.read(path, dtype="float32")
        copy = root / path.parent.name / f"{path.stem}.flac"
        sf.write(copy, y, rate)
        if path.stem != "one":
            content = bytearray(copy.read_bytes())
            middle = len(content) // 2
            content[middle : middle + 2000] = bytes(2000)
            copy.write_bytes(content)
    return load_corpus(f"folder:{root}", on_error="skip")


@pytest.mark.usefixtures("light", "own_cache")
def test_an_error_names_every_broken_file_and_keeps_what_was_measured(
    damaged: Corpus, decoded: list[str]
) -> None:
    assert len(damaged.tracks) == 3
    with pytest.raises(AudioError) as caught:
        feature_table(damaged, jobs=1)
    for name in ("two.flac", "three.flac", "usable"):
        assert name in str(caught.value)
    assert "one.flac" not in str(caught.value)
    decoded.clear()
    rest = replace(damaged, tracks=damaged.tracks.loc[["jazz.one"]])
    assert len(feature_table(rest, jobs=1)) == 2
    assert decoded == []


@pytest.mark.usefixtures("light", "own_cache")
def test_one_broken_file_is_named_too(damaged: Corpus) -> None:
    with pytest.raises(AudioError, match=r"two\.flac"):
        feature_table(replace(damaged, tracks=damaged.tracks.loc[["jazz.two"]]), jobs=1)


@pytest.mark.usefixtures("light", "own_cache")
def test_usable_leaves_broken_files_out_and_counts_them(
    damaged: Corpus, decoded: list[str]
) -> None:
    left = usable(damaged, jobs=1)
    assert left.tracks.index.tolist() == ["jazz.one"]
    assert len(left.skipped) == 2
    assert {Path(path).name for path in left.skipped["path"]} == {"two.flac", "three.flac"}
    assert (left.skipped["reason"].str.len() > 0).all()
    decoded.clear()
    assert len(feature_table(left, jobs=1)) == 2
    assert decoded == []


@pytest.mark.usefixtures("light", "own_cache")
def test_a_file_that_went_away_is_named(small: Corpus) -> None:
    tracks = small.tracks.copy()
    tracks.loc["jazz.two", "path"] = "/nowhere/two.wav"
    with pytest.raises(AudioError, match=r"/nowhere/two\.wav"):
        feature_table(replace(small, tracks=tracks), jobs=1)


# --- the pretrained ear ----------------------------------------------------------------------


def test_the_ear_hears_the_samples_of_the_slice(small: Corpus) -> None:
    slices = slice_tracks(small.tracks).iloc[::-1]
    table, words = ear_table(small, slices, jobs=1), tag_table(small, slices, jobs=1)
    for found, kind in ((table, "ear"), (words, "tags")):
        assert found.index.equals(slices.index)
        assert found.columns.tolist() == HEARD[kind]
        assert (found.dtypes == np.float32).all()
    assert words.columns[[0, 5, 33]].tolist() == [
        "tag_rock", "tag_female_vocalists", "tag_hip_hop"
    ]  # fmt: skip
    assert words.columns.is_unique and words.columns.str.fullmatch(r"tag_\w+").all()
    y = small.audio("jazz.one")[6 * SAMPLE_RATE : 12 * SAMPLE_RATE]
    np.testing.assert_allclose(table.loc["jazz.one:1"], ear.embed(y, SAMPLE_RATE), atol=1e-4)
    padded = librosa.util.fix_length(small.audio("metal.three"), size=6 * SAMPLE_RATE)
    np.testing.assert_allclose(
        words.loc["metal.three:0"], ear.tags(padded, SAMPLE_RATE), atol=1e-4
    )


@pytest.mark.usefixtures("light", "own_cache")
def test_ear_and_features_are_measured_apart_and_once(
    small: Corpus, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = feature_table(small, jobs=1)
    assert len(decoded) == 3
    with monkeypatch.context() as patch:
        patch.setattr(features, "Spectra", None)  # nothing of it is computed again
        first = ear_table(small, jobs=1)
        assert len(decoded) == 6
        pd.testing.assert_frame_equal(ear_table(small, jobs=1), first)
        tag_table(small, jobs=1)
    pd.testing.assert_frame_equal(feature_table(small, jobs=1), table)
    assert len(decoded) == 6


@pytest.mark.usefixtures("light", "own_cache")
def test_who_asks_for_features_need_not_wait_for_the_ear(
    small: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ear, "hear", None)
    assert len(feature_table(small, jobs=1)) == 4


@pytest.mark.usefixtures("own_cache")
def test_the_ear_listens_in_several_processes(small: Corpus) -> None:
    expected = [ear.embed(small.audio(f"jazz.{t}")[: 6 * SAMPLE_RATE], SAMPLE_RATE)
                for t in ("one", "two")]  # fmt: skip
    found = ear_table(small, jobs=2).loc[["jazz.one:0", "jazz.two:0"]]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_another_model_is_heard_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = [features.ear_definitions()]
    assert keys == [features.ear_definitions()]
    other = tmp_path / "ear.onnx"
    other.write_bytes(ear.EAR_MODEL.read_bytes() + b"more")
    monkeypatch.setattr(ear, "EAR_MODEL", other)
    keys.append(features.ear_definitions())
    monkeypatch.setattr(features.inspect, "getsource", lambda part: f"another {part}")
    keys.append(features.ear_definitions())
    assert len(set(keys)) == 3


# --- a reader's own feature ------------------------------------------------------------------


@pytest.fixture
def crossings(light: list[Feature], monkeypatch: pytest.MonkeyPatch) -> Feature:
    rate = Feature("crossings", "rms", lambda s: librosa.feature.zero_crossing_rate(s.y))
    monkeypatch.setattr(features, "FEATURES", [*light, rate])
    return rate


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_feature_of_ones_own_is_measured_from_audio(
    small: Corpus, crossings: Feature, jobs: int
) -> None:
    table = feature_table(small, jobs=jobs)
    y = small.audio("jazz.two")
    expected = librosa.feature.zero_crossing_rate(y)
    for stat, function in STATS.items():
        value = table.loc["jazz.two:0", f"crossings_{stat}"]
        assert value == pytest.approx(function(expected), rel=1e-5)


def test_a_feature_of_ones_own_needs_audio(
    crossings: Feature, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GENRELIB_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=r"no crossings_max .*audio.*sketch"):
        feature_table(load_corpus("gtzan-mini"))


# --- the embedded snapshot -------------------------------------------------------------------


@pytest.fixture
def no_audio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Corpus:
    monkeypatch.setenv("GENRELIB_DATA", str(tmp_path))
    return load_corpus("gtzan-mini")


def test_snapshot_is_there_and_small() -> None:
    files = [SNAPSHOT, SNAPSHOT.with_name("gtzan-mini-tracks.csv")]
    assert all(path.is_file() for path in files)
    assert sum(path.stat().st_size for path in files) <= 16 * 1024 * 1024


def test_snapshot_serves_where_there_is_no_audio(no_audio: Corpus) -> None:
    assert not no_audio.has_audio
    slices = slice_tracks(no_audio.tracks)
    table = feature_table(no_audio, slices)
    assert table.shape == (500, len(features.columns()))
    assert table.index.equals(slices.index)
    assert table.columns.tolist() == features.columns()
    assert np.isfinite(table.to_numpy()).all()
    for kind, bands in FRAME_BANDS.items():
        values = frames(kind, no_audio, slices)
        assert values.shape == (500, 130, bands)
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
    heard = ear_table(no_audio, slices)
    assert heard.shape == (500, 200)
    assert np.isfinite(heard.to_numpy()).all()
    words = tag_table(no_audio, slices)
    assert words.shape == (500, 50)
    assert words.index.equals(slices.index)
    genre = words.groupby(slices["genre"]).mean()
    assert genre["tag_metal"].idxmax() == "metal"
    assert genre["tag_jazz"].idxmax() == "jazz"


def test_snapshot_rows_follow_the_slices_given(no_audio: Corpus) -> None:
    slices = slice_tracks(no_audio.tracks).sample(20, random_state=1)
    whole = feature_table(no_audio)
    pd.testing.assert_frame_equal(feature_table(no_audio, slices), whole.loc[slices.index])


def test_features_left_out_or_moved_still_come_from_the_snapshot(
    no_audio: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = feature_table(no_audio)
    monkeypatch.setattr(features, "FEATURES", FEATURES[:3:-1])
    pd.testing.assert_frame_equal(feature_table(no_audio), whole[features.columns()])


@pytest.mark.parametrize("length", [3.0, 7.5, 10.0])
def test_the_snapshot_does_not_pass_for_slices_of_another_length(
    no_audio: Corpus, length: float
) -> None:
    with pytest.raises(CorpusError, match="6 seconds only"):
        feature_table(no_audio, slice_tracks(no_audio.tracks, length))


def test_slices_that_the_snapshot_lacks_are_named(no_audio: Corpus) -> None:
    other = replace(no_audio, tracks=no_audio.tracks.rename({"blues.00000": "blues.00099"}))
    with pytest.raises(CorpusError, match=r"blues\.00099.*GENRELIB_DATA"):
        feature_table(other)


def test_no_snapshot_is_written_without_audio(no_audio: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="GENRELIB_DATA"):
        write_snapshot(no_audio, tmp_path / "snapshot.parquet")


@pytest.mark.usefixtures("light", "own_cache")
def test_a_snapshot_gives_back_what_was_measured(
    small: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_snapshot(small, tmp_path / "snapshots" / "small.parquet", jobs=1)
    table, mel = feature_table(small, jobs=1), frames("mel", small, jobs=1)
    heard, words = ear_table(small, jobs=1), tag_table(small, jobs=1)
    monkeypatch.setattr(features, "SNAPSHOTS", path.parent)
    silent = replace(small, tracks=small.tracks.assign(path=None))
    pd.testing.assert_frame_equal(feature_table(silent), table)
    np.testing.assert_array_equal(frames("mel", silent), mel)
    pd.testing.assert_frame_equal(ear_table(silent), heard)
    pd.testing.assert_frame_equal(tag_table(silent), words)


def _sample() -> Corpus:
    """Two tracks per genre, drawn by a fixed seed; all of them where GENRELIB_FULL is set."""
    corpus = load_corpus("gtzan-mini")
    if os.environ.get("GENRELIB_FULL"):
        return corpus
    tracks = corpus.tracks.groupby("genre").sample(2, random_state=11)
    return replace(corpus, tracks=tracks)


@pytest.mark.audio
@pytest.mark.slow
def test_snapshot_equals_recomputation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The embedded numbers are those of the audio: 20 tracks by default, 100 with GENRELIB_FULL.

    Tolerances leave room for other processors and librosa versions: 1 % of a feature's spread
    between slices, one step of half precision for frames, a thousandth for the ear.
    """
    monkeypatch.setenv("GENRELIB_QUIET", "1")
    assert (data_root() / "gtzan-mini").is_dir()
    corpus = _sample()
    assert corpus.has_audio
    assert corpus.genres == list(GENRES)
    slices = slice_tracks(corpus.tracks)
    fresh = {"features": feature_table(corpus, slices)}
    fresh |= {kind: frames(kind, corpus, slices) for kind in FRAME_BANDS}
    means = study_table("means", corpus, slices)
    instant = study_table("instant", corpus, slices)
    silent = replace(corpus, tracks=corpus.tracks.assign(path=None))
    spread = feature_table(silent).std().to_numpy()
    difference = np.abs(fresh["features"] - feature_table(silent, slices)).to_numpy()
    off = difference > 0.01 * spread + 1e-4 * np.abs(fresh["features"].to_numpy())
    assert not off.any(), fresh["features"].columns[off.any(axis=0)].tolist()[:10]
    for kind in FRAME_BANDS:
        np.testing.assert_allclose(
            frames(kind, silent, slices), fresh[kind], rtol=2**-9, atol=0.02
        )
    np.testing.assert_allclose(study_table("means", silent, slices), means, rtol=1e-4, atol=1e-3)
    for heard in (ear_table, tag_table):
        expected = heard(corpus, slices)
        np.testing.assert_allclose(heard(silent, slices), expected, rtol=0, atol=1e-3)
    # In decibels, a coefficient that barely differs from zero may land on either side of it.
    apart = np.abs(study_table("instant", silent, slices) - instant).to_numpy() > 0.05
    assert apart.mean() < 1e-3
