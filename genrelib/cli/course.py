"""Commands for those who teach: the student edition, slides, and the book on paper."""

from __future__ import annotations

import typer


def student() -> None:
    """Write the notebooks without solutions, as a folder and as a zip for a course."""
    from genrelib.book import find_root, lesson_lacks, student_edition

    root = find_root()
    folder, archive = student_edition(root)
    typer.echo(f"{folder}\n{archive}: {archive.stat().st_size / 1e6:.1f} MB")
    for line in lesson_lacks(root):
        typer.echo(f"note: {line}", err=True)


def slides() -> None:
    """Write the slides of the built book as a folder of their own."""
    from genrelib.book import find_root, slides_apart

    folder = slides_apart(find_root())
    typer.echo(f"Open {(folder / 'index.html').as_uri()}")


def pdf() -> None:
    """Print the built book as one PDF, through the browser that is installed."""
    from genrelib.book import find_root, write_pdf

    path = write_pdf(find_root())
    typer.echo(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
