"""Two genres to compare by ear and by eye, and a word on where their sound is from."""

from __future__ import annotations

from collections.abc import Mapping

from genrelib.book.page import Clip, clip
from genrelib.corpus import Corpus

__all__ = ["contrast", "origin"]


def contrast(music: Corpus, wanted: tuple[str, str] = ("classical", "metal")) -> dict[str, Clip]:
    """Give one clip each of two genres that differ.

    Parameters
    ----------
    music : Corpus
        Where the clips are looked for.
    wanted : tuple of str
        The genres; where the corpus lacks one of them, its first and its last genre.

    Returns
    -------
    dict
        Clip by genre; one only where the corpus has a single genre. Where a genre has neither
        recording nor sketch, sketches of those wanted.
    """
    there = set(wanted) <= set(music.genres)
    pair = wanted if there else (music.genres[0], music.genres[-1])
    clips = {genre: clip(music, genre) for genre in pair}
    if all(len(found.samples) for found in clips.values()):
        return clips
    return {genre: clip(None, genre) for genre in wanted}


def origin(clips: Mapping[str, Clip]) -> str:
    """Say whether clips are recordings.

    Parameters
    ----------
    clips : mapping of str to Clip
        Two clips, as from :func:`contrast`.

    Returns
    -------
    str
        A sentence, for captions and for the text.
    """
    made = {found.synthetic for found in clips.values()}
    if made == {True}:
        return "Both clips are synthetic sketches, not recordings."
    if True in made:
        return "One of the clips is a synthetic sketch, not a recording."
    return "Both clips are recordings."
