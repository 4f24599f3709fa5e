"""What the model of ten Western genres says about songs of other cultures.

The shipped model has learned from 59 of these songs what is *not* one of its genres. Its names and
confidences owe nothing to them; its refusals do. So these are asked of models that were trained
without the culture of the song, and recorded.
"""

from __future__ import annotations

import pandas as pd

from genrelib.classify import listen, load_model, refused_held_out, sounds
from genrelib.corpus import Corpus, read_recorded
from genrelib.features import EAR_COLUMNS

PREFIX = "nhs/"  # of the songs among the recordings of the model


def refuse_songs(*, seed: int = 0) -> pd.Series:
    """Let models that have not learned from a song's culture say whether it is one of ten genres.

    All training is done again for each of five folds, as for the model card.

    Parameters
    ----------
    seed : int
        Seed of the folds.

    Returns
    -------
    pandas.Series
        By ``track_id`` of each song that the shipped model has learned from: ``unfamiliar``,
        ``not music``, or empty where a genre is named.
    """
    found = refused_held_out("song", seed=seed)
    return found.rename(index=lambda name: f"nhs.{name.removeprefix(PREFIX)}")


def judge_songs(corpus: Corpus) -> pd.DataFrame:
    """Ask the model of ten genres about songs.

    Explained in chapter 14.

    Parameters
    ----------
    corpus : Corpus
        Songs of the corpus ``nhs``.

    Returns
    -------
    pandas.DataFrame
        One row per track: ``named``, the most probable of the ten genres, whether refused or
        not; ``probability`` of it; and ``reason`` why it is refused, or empty. The reason is
        that recorded by :func:`refuse_songs`; songs that no model has learned from are listened
        to, and judged by the shipped model.
    """
    model, heard = load_model(), sounds().set_index("recording")
    refused = read_recorded("songs")["refused"]
    rows = {}
    for key in corpus.tracks.index:
        if key in refused:
            own = heard.loc[[PREFIX + key.removeprefix("nhs.")]]
            found = model.predict(own[list(EAR_COLUMNS)].to_numpy(), start=own["start"].to_numpy())
            reason = refused[key]
        else:
            path = str(corpus.tracks.at[key, "path"])
            found = model.judge(listen(path, [model.card["level"]])[0])
            reason = found.reason or ""
        named, probability = max(found.probabilities.items(), key=lambda item: item[1])
        rows[key] = (named, probability, reason)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["named", "probability", "reason"])


def answers_by(judged: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Count what was answered about the songs of each group.

    Parameters
    ----------
    judged : pandas.DataFrame
        From :func:`judge_songs`.
    groups : pandas.Series
        Group of each song, such as its region, by ``track_id``.

    Returns
    -------
    pandas.DataFrame
        One row per group: ``songs``, how many are ``unfamiliar`` and ``not music``, how many are
        ``named``, and the names ``would be``, those of all songs if none were refused, the most
        frequent first.
    """
    parts = judged.groupby(groups.loc[judged.index])

    def names(part: pd.Series) -> str:
        return ", ".join(f"{name} {n}" for name, n in part.value_counts().items())

    counts = pd.crosstab(groups.loc[judged.index], judged["reason"].replace("", "named"))
    counted = counts.reindex(columns=["unfamiliar", "not music", "named"], fill_value=0)
    counted.insert(0, "songs", parts.size())
    return counted.assign(**{"would be": parts["named"].agg(names)}).rename_axis(columns=None)
