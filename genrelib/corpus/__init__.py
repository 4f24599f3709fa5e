"""The first room: a name becomes tracks, and tracks become sound.

Takes the name of a corpus (:func:`load_corpus`) and gives a table of tracks and the way to their
audio; knows the formats of files, the mirrors of downloads, the synthetic sketches, the folders of
measurements, and where everything lies on disk. Hands on to :mod:`genrelib.features`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
