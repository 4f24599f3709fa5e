"""The second room: tracks become slices, and slices become numbers.

Takes a :class:`~genrelib.corpus.Corpus`, cuts its tracks (:func:`slice_tracks`), and gives one row
of numbers per slice (:func:`feature_table`, :func:`ear_table`) or its frames in order
(:func:`frames`), measured once and cached. Hands on to :mod:`genrelib.models` and
:mod:`genrelib.evaluation`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
