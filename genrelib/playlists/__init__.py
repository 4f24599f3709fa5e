"""From songs to a playlist: what is like them, but not all the same.

Takes a folder of music, or a :class:`~genrelib.corpus.Corpus`, which the pretrained ear hears once
(:func:`build_index`), and gives the :class:`Playlist` that belongs to one song or several.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
