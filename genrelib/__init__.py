"""Genre, Measured: the thin helper package of the book.

Data flows one way, from room to room, and this face hands out what a reader needs, in that order:
a corpus becomes tracks, tracks become slices, slices numbers, numbers folds, folds predictions,
predictions scores, and scores figures::

    import genrelib as gl

    music = gl.load_music("gtzan-mini")
    slices = gl.slice_tracks(music)
    X = gl.feature_table(slices)
    predictions = gl.cross_validate(gl.make_model("forest"), X, slices, "track")
    gl.score(predictions)

Everything is imported when it is first used.
"""

import lazy_loader

__version__ = "0.2.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
