"""Tests of what the package embeds of recordings that only the pretrained ear has heard."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from genrelib.corpus import GTZAN_MINI, CorpusError, decode, load_corpus
from genrelib.features import (
    ear_table,
    feature_table,
    hear,
    slice_tracks,
    tag_logits,
    tag_table,
)


def test_clips_are_heard_as_a_whole() -> None:
    corpus = load_corpus("gtzan-clips")
    slices = slice_tracks(corpus, short=True)
    assert len(slices) == len(corpus.tracks) == 220
    assert corpus.tracks.groupby("genre").size().eq(22).all()
    assert corpus.tracks["duration"].between(1.5, 3.1).all()
    E, T = ear_table(slices), tag_table(slices).to_numpy(float)
    assert E.shape == (220, 200) and set(E.dtypes) == {np.dtype(np.float32)}
    # One patch each: its tags are what the last layer makes of its embedding.
    np.testing.assert_allclose(expit(tag_logits(E)), T, atol=2e-3)


@pytest.mark.audio
def test_clips_are_what_the_ear_hears() -> None:
    folder = Path(os.environ["GENRELIB_DATA"]) / "gtzan-clips"
    if not folder.is_dir():
        pytest.skip("the clips are not at hand")
    kept = ear_table(slice_tracks(load_corpus("gtzan-clips"), short=True))
    for track in ("blues.00010", "rock.00031"):
        heard = hear(decode(folder / f"{track}.wav"), 22050).embedding.mean(axis=0)
        np.testing.assert_allclose(kept.loc[f"{track}:0"], heard, atol=0.01)


def test_published_tags_agree_with_our_ear() -> None:
    theirs = load_corpus("gtzan-tags")
    assert theirs.tracks["side"].value_counts().to_dict() == {"train": 443, "test": 290}
    patches = slice_tracks(theirs, 3, hop=1)
    assert len(patches) == 20542
    said = tag_table(patches).groupby(patches["track_id"]).mean()
    ours = slice_tracks(load_corpus("gtzan-mini"))
    heard = tag_table(ours).groupby(ours["track_id"]).mean()
    both = sorted(set(GTZAN_MINI) & set(said.index))
    assert len(both) > 40
    assert np.abs(said.loc[both] - heard.loc[both]).to_numpy().mean() < 0.01


def test_what_is_not_there_is_refused() -> None:
    corpus = load_corpus("gtzan-tags")
    with pytest.raises(CorpusError, match=r"but such as .*1 to 4 s.*slice_tracks"):
        tag_table(corpus)
    with pytest.raises(CorpusError, match="nothing else"):
        feature_table(corpus)
    with pytest.raises(CorpusError, match="gtzan-tags has no ear"):
        ear_table(slice_tracks(corpus, 3, hop=1))
    with pytest.raises(CorpusError, match="in the sum twice"):
        load_corpus("gtzan-mini+gtzan-clips")


def test_the_last_layer_gives_the_tags() -> None:
    heard = hear(np.random.default_rng(0).normal(0, 0.1, 12 * 16000), 16000)
    np.testing.assert_allclose(
        tag_logits(heard.embedding), logit(heard.tags.astype(float)), atol=1e-3
    )
