"""From estimators to scores: who may be on both sides of a split, and what is left.

Takes an estimator with features or frames and the table of slices, lays out folds by a protocol,
gives out-of-fold predictions (:func:`cross_validate`), and computes every score, interval, gap,
calibration and importance from them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
