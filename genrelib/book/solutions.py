"""Solutions that run: what stands in their cells is executed at the end of the chapter's run.

Behind each text cell tagged `solution` the press puts a hidden cell that runs its blocks of Python
in the chapter's kernel and hands back what they print and draw (:func:`solve`). The page shows it
below the block, for the corpus of the build (:func:`with_results`). Names of the chapter are what
they were afterwards.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from genrelib.book.lesson import SOLUTION, code_blocks, tagged

SOLVED = "genrelib-solution"
"""Tag of the hidden cells, and role of what they display."""
SLOW, FAILS = "slow", "raises-exception"
"""Tags of solutions that run with GENRELIB_FULL=1 only, and of those that end in an error."""
MUSIC = "~/Music/"
LINES = 40
_FENCE = re.compile(r"^```python\n.*?^```[ \t]*$", re.DOTALL | re.MULTILINE)


def solving_cell(cell: NotebookNode) -> NotebookNode | None:
    """Write the hidden cell that runs a solution.

    Parameters
    ----------
    cell : nbformat.NotebookNode
        A cell of a chapter.

    Returns
    -------
    nbformat.NotebookNode or None
        The cell, tagged :data:`SOLVED`; None where there is nothing to run.
    """
    blocks = code_blocks(cell.source) if tagged(cell, SOLUTION) else []
    if cell.cell_type != "markdown" or not blocks:
        return None
    found = re.search(r"\{solution\} *(\S+)", cell.source)
    options = [f"fails={tagged(cell, FAILS)}", f"slow={tagged(cell, SLOW)}"]
    arguments = [repr(found[1] if found else cell.id), "corpus", "fast", *map(repr, blocks)]
    source = "from genrelib.book.solutions import solve as _solve\n\n_solve(\n"
    source += "".join(f"    {argument},\n" for argument in [*arguments, *options]) + ")"
    return new_code_cell(source, metadata={"tags": [SOLVED]})


def solve(
    label: str, corpus: str, fast: bool, *blocks: str, fails: bool = False, slow: bool = False
) -> None:
    """Run a solution in the chapter's kernel; called by the hidden cells.

    Parameters
    ----------
    label : str
        Name of the exercise.
    corpus : str
        The corpus of the build. A solution has to run on the default one; on another, what it
        fails with is shown.
    fast : bool
        Whether the build takes its short cuts.
    *blocks : str
        The Python of the solution.
    fails : bool, default False
        Whether it is to end in an error.
    slow : bool, default False
        Whether it runs only with ``GENRELIB_FULL=1``, or where the build takes its short cuts.

    Raises
    ------
    ValueError
        If it fails on the default corpus, or should have failed and did not.
    """
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    if slow and not fast and not os.environ.get("GENRELIB_FULL"):
        display({"text/plain": "left out"}, raw=True, metadata={SOLVED: None})
        return
    shell: Any = get_ipython()
    before, begun, results, failed = dict(shell.user_ns), time.perf_counter(), [], None
    with _stand_ins("\n".join(blocks)) as music:
        for block in blocks:
            pieces, failed = _run(shell, block.replace(MUSIC, f"{music}/"), str(music))
            results.append(pieces)
            if failed:
                break
    shell.user_ns.clear()
    shell.user_ns.update(before)
    if bool(failed) != fails and corpus == "gtzan-mini":
        raise ValueError(
            f"the solution of {label} " + (failed or "ran, but is to end in an error")
        )
    took = round(time.perf_counter() - begun, 1)
    shown = {SOLVED: results, "seconds": took, "corpus": corpus}
    display({"text/plain": f"{label}: {took} s"}, raw=True, metadata=shown)


def with_results(source: str, solved: dict[str, Any]) -> str:
    """Write below each block of a solution what it printed and drew.

    Parameters
    ----------
    source : str
        MyST Markdown of the solution.
    solved : dict
        What :func:`solve` gave of it.

    Returns
    -------
    str
        The text for the page.
    """
    results = iter(solved.get(SOLVED) or [])

    def filled(block: re.Match[str]) -> str:
        pieces: list[dict[str, str]] = next(results, [])
        # An output may hold fences of its own.
        shown = [
            f"```text\n{piece['text'].replace('```', '` ` `')}\n```"
            if "text" in piece
            else f"![{piece['alt']}](data:image/png;base64,{piece['image']})"
            for piece in pieces
        ]
        said = [f"On `{solved['corpus']}` this gives:"] if shown else []
        return "\n\n".join([block[0], *said, *shown])

    return _FENCE.sub(filled, source)


def _run(shell: Any, code: str, music: str) -> tuple[list[dict[str, str]], str | None]:
    """Run one block; give what it showed, and how it failed."""
    from IPython.utils.capture import capture_output

    # An error is told in the text; shown by the kernel it would end the chapter's run.
    with capture_output() as caught, patch.object(shell, "showtraceback"):
        outcome = shell.run_cell(code, store_history=False)
    error = outcome.error_before_exec or outcome.error_in_exec
    # What stands on the disk of the one who builds is nobody's business.
    printed = re.sub(r"\x1b\[[0-9;]*m", "", caught.stdout).rstrip()
    said = f"{type(error).__name__}: {error}" if error else ""
    lines = "\n".join(filter(None, (printed, said))).replace(f"{music}/", MUSIC).splitlines()
    pieces = [{"text": "\n".join(lines[:LINES] + ["…"] * (len(lines) > LINES))}] if lines else []
    for output in caught.outputs:
        if image := output.data.get("image/png"):
            alt = output.metadata.get("genrelib", {}).get("alt", "What this code draws.")
            encoded = image if isinstance(image, str) else base64.b64encode(image).decode()
            one_line = " ".join(alt.split()).translate(str.maketrans("[]", "()"))
            pieces.append({"image": encoded.replace("\n", ""), "alt": one_line})
    return pieces, f"failed with {said.replace(f'{music}/', MUSIC)}" if error else None


@contextlib.contextmanager
def _stand_ins(code: str) -> Iterator[Path]:
    """Stand for what a reader has on disk: ~/Music/mine, ~/Music/broken, and a corner of FMA."""
    from genrelib.book.scratch import scratch

    folder, here = scratch() / "solutions", Path.cwd()
    music = folder / "Music"
    if MUSIC in code and not music.exists():
        _write_music(music)
    if "fma_metadata" in code:
        _write_fma(folder)
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    try:
        yield music
    finally:
        os.chdir(here)


def _write_music(music: Path) -> None:
    """Write sketches of two genres, and once more with a picture, an empty file and a copy."""
    import soundfile

    from genrelib.corpus import load_corpus

    sketches = load_corpus("sketch")
    for name in ("mine", "broken"):
        for track, genre in sketches.tracks["genre"].items():
            if genre in ("jazz", "metal"):
                path = music / name / genre / f"{str(track).replace('/', '-')}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, sketches.audio(str(track)), 22050)
    tracks = sorted((music / "broken" / "jazz").glob("*.wav"))
    (music / "broken" / "jazz" / "copy.wav").write_bytes(tracks[0].read_bytes())
    (music / "broken" / "metal" / "picture.wav").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    (music / "broken" / "metal" / "empty.wav").write_bytes(b"")


def _write_fma(folder: Path) -> None:
    """Write the head of FMA's table of tracks, and one of its files."""
    table = (
        ",track,track\n,title,genre_top\ntrack_id,,\n2,Food,Hip-Hop\n5,This,Rock\n10,Freeway,\n"
    )
    for name, content in (("fma_metadata/tracks.csv", table), ("fma_large/000/000002.mp3", "")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
