"""The same for what does not fit one evening: a large collection is measured in parts.

Takes a :class:`~genrelib.corpus.Corpus` and gives a folder of Parquet files, one per batch of
tracks, which survives whatever interrupts it; on this machine's cores or on a Dask cluster. The
folder is a corpus again: ``features:FOLDER``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
