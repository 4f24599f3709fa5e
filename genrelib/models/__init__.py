"""From numbers to estimators: every classifier of the book, by name.

Takes a name (:func:`make_model`) and gives an untrained scikit-learn classifier, the recurrent
networks of Keras included. Hands on to :mod:`genrelib.evaluation`, which trains it fold by fold.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
