"""Long experiments: resumable, recorded, and quoted by the chapters.

Takes corpora, features, models and protocols, and gives records that chapters read: the networks
of chapter 6, the original study's tables of chapter 7, the benchmark of the features.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
