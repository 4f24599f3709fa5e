"""Every figure of the book: one module per chapter, and `common` for what several draw.

A function takes what the chapter has computed and gives a :class:`Picture`: the drawing, the
caption that says what to see in it, and its text alternative. A chapter shows it in one line,
``gl.show(figures.votes(...))``. Genres keep their colour in the whole book.
"""

from genrelib.book.figures.common import Picture, use_style

__all__ = ["Picture", "use_style"]

use_style()  # a chapter that imports its figures draws its own in the same look
