"""The map of the rooms, on the page "The helper, function by function"."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path as MplPath

from genrelib.book.figures.common import Picture


def rooms_map(purposes: Mapping[str, str], imports: Mapping[str, set[str]]) -> Picture:
    """Draw the rooms from top to bottom, the data's way, with what each takes from which.

    Parameters
    ----------
    purposes : mapping of str to str
        For each room, in order, what it is for.
    imports : mapping of str to set of str
        For each room those that it takes something from.

    Returns
    -------
    Picture
        A box for each room; arcs at the left for what is taken from rooms farther up.
    """
    rooms = list(purposes)
    fig = Figure(figsize=(6.4, 0.9 * len(rooms) + 0.3), layout="constrained")
    ax = fig.subplots()
    for row, room in enumerate(rooms):
        ax.text(0.3, row, f"genrelib.{room}", fontsize=11, fontweight="bold", va="bottom")
        ax.text(0.3, row + 0.04, _two_lines(purposes[room]), fontsize=9, va="top")
        ax.plot([0.2, 0.2], [row - 0.32, row + 0.38], color="#0072b2", linewidth=3)
        for other in imports[room]:
            above = rooms.index(other)
            out = 0.16 - 0.09 * (row - above)
            way = MplPath(
                [(0.16, above + 0.15), (out, above + 0.15), (out, row - 0.15), (0.16, row - 0.15)],
                [MplPath.MOVETO, *[MplPath.CURVE4] * 3],
            )
            ax.add_patch(FancyArrowPatch(path=way, arrowstyle="-|>", mutation_scale=9,
                                         color="#999999"))  # fmt: skip
    ax.set_xlim(-0.48, 2.6)
    ax.set_ylim(len(rooms) - 0.4, -0.5)
    ax.axis("off")
    taken = "; ".join(
        f"{room} takes from {', '.join(sorted(others, key=rooms.index))}"
        for room, others in imports.items()
        if others
    )
    return Picture(
        fig,
        "The rooms of the package, drawn from its imports. Data flow from top to bottom; an arrow "
        "leads from a room to one that takes something from it.",
        f"{len(rooms)} rooms from top to bottom: {', '.join(rooms)}. What each takes: {taken}.",
        "fig-rooms",
    )


def _two_lines(text: str) -> str:
    """Break a line that is too long for the figure."""
    if len(text) < 62:
        return text
    at = text.rfind(" ", 0, 62)
    return f"{text[:at]}\n{text[at + 1 :]}"
