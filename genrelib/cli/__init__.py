"""The command ``genrelib``: words become calls of the functions of the other rooms.

Takes what is typed, calls what the rooms above hand out, and prints what comes back; nothing is
computed here.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
