"""From chapters to pages: what chapters hand over, and the press that makes the site.

Takes the notebooks of ``chapters/``, runs what changed, and gives a static site. Chapters take
from here how a figure, a table, a player or a number in prose is shown, and what others measured.
Their figures are in :mod:`genrelib.book.figures`, a module each.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
