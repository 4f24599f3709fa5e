"""From a corpus to a model file, and from an audio file to a genre.

Takes a :class:`~genrelib.corpus.Corpus` and trains a model on what the pretrained ear hears
(:func:`train`); the model (:func:`load_model`) names the genre of any file, or says that it is
none of those it knows.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
