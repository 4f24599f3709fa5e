"""Words for numbers: the small vocabulary of the sentences in the chapters.

A sentence takes a value from the run by an inline expression, such as ``{eval}`span(leak)```.
Everything here gives plain text, which reads the same in JupyterLab and on the page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

import pandas as pd

__all__ = [
    "brief", "clear_of_zero", "counted", "extent", "interval_table", "listing", "number",
    "percent", "span", "spans", "verdict",
]  # fmt: skip


def number(value: float, digits: int = 0) -> str:
    """Write a number, or say that there is none.

    Parameters
    ----------
    value : float
        The number; missing where a corpus has nothing to compute it from.
    digits : int, default 0
        Decimals.

    Returns
    -------
    str
        Such as ``1,234`` or ``unknown``.

    Examples
    --------
    >>> number(1234), number(float("nan"))
    ('1,234', 'unknown')
    """
    return "unknown" if math.isnan(value) else f"{value:,.{digits}f}"


def span(value: Mapping[str, Any], digits: int = 2, *, sign: bool = False) -> str:
    """Write a number with its interval.

    Parameters
    ----------
    value : mapping
        ``value``, ``low`` and ``high``, as from :func:`genrelib.evaluation.gap`, or a row of
        :func:`genrelib.evaluation.score`.
    digits : int, default 2
        Decimals.
    sign : bool, default False
        Whether to write the plus of what is above zero, as for a difference.

    Returns
    -------
    str
        Such as ``0.16 (95 % interval 0.11 to 0.22)``; ``unknown`` where the number is missing.

    Examples
    --------
    >>> span({"value": 0.161, "low": 0.108, "high": 0.2201})
    '0.16 (95 % interval 0.11 to 0.22)'
    """
    if math.isnan(value["value"]):
        return "unknown"
    middle, low, high = _ends(value, digits, sign)
    return f"{middle} (95 % interval {low} to {high})"


def _ends(value: Mapping[str, Any], digits: int, sign: bool) -> list[str]:
    """Write a number and the ends of its interval; what rounds to zero has no sign."""
    rounded = [round(float(value[key]), digits) for key in ("value", "low", "high")]
    return [f"{n or 0.0:{'+' * bool(sign and n)}.{digits}f}" for n in rounded]


def brief(value: Mapping[str, Any], digits: int = 2, *, sign: bool = False) -> str:
    """Write a number with its interval where it is clear what stands in brackets: in a table.

    Parameters
    ----------
    value : mapping
        As for :func:`span`.
    digits : int, default 2
        Decimals.
    sign : bool, default False
        As for :func:`span`.

    Returns
    -------
    str
        Such as ``.16 [.11, .22]``: short, so that no cell of a table needs two lines.

    Examples
    --------
    >>> brief({"value": 0.161, "low": -0.02, "high": 0.2201}, sign=True)
    '+.16 [-.02, +.22]'
    """
    middle, low, high = (re.sub(r"^([+-]?)0\.", r"\1.", n) for n in _ends(value, digits, sign))
    return f"{middle} [{low}, {high}]"


def interval_table(
    found: Mapping[tuple[str, ...], Any] | pd.DataFrame,
    digits: int = 2,
    *,
    sign: bool = False,
    missing: str = "–",
) -> pd.DataFrame:
    """Lay out numbers with their intervals as the text of a table.

    Parameters
    ----------
    found : mapping or pandas.DataFrame
        By row and column what :func:`brief` takes, or None; or a table of it with such an index.
        A row may have several names, before that of the column.
    digits : int, default 2
        Decimals.
    sign : bool, default False
        As for :func:`span`.
    missing : str
        What to write for None.

    Returns
    -------
    pandas.DataFrame
        Rows and columns in the order in which they come first.
    """
    rows_of = cast(Any, found.iterrows() if isinstance(found, pd.DataFrame) else found.items())
    texts: dict[Any, dict[Any, str]] = {}
    for (*names, column), value in rows_of:
        row = tuple(names) if len(names) > 1 else names[0]
        text = missing if value is None else brief(value, digits, sign=sign)
        texts.setdefault(column, {})[row] = text
    rows = dict.fromkeys(row for column in texts.values() for row in column)
    cells = [[column.get(row, math.nan) for column in texts.values()] for row in rows]
    return pd.DataFrame(cells, index=pd.Index(list(rows)), columns=list(texts))


def spans(table: pd.DataFrame, *, sign: bool = False) -> pd.Series:
    """Write numbers with their intervals, for the cells of a table.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``value``, ``low`` and ``high``.
    sign : bool, default False
        As for :func:`span`.

    Returns
    -------
    pandas.Series
        Such as ``.16 [.11, .22]``, with the index of the table; a dash for a missing value.

    Examples
    --------
    >>> spans(pd.DataFrame({"value": [0.161], "low": [0.108], "high": [0.2201]})).tolist()
    ['.16 [.11, .22]']
    """
    rows = cast(Any, table[["value", "low", "high"]].to_dict("records"))
    texts = ["–" if math.isnan(row["value"]) else brief(row, sign=sign) for row in rows]
    return pd.Series(texts, table.index, dtype=object)


def verdict(value: Mapping[str, Any]) -> str:
    """Say whether the interval of a difference leaves zero out.

    Parameters
    ----------
    value : mapping
        ``low`` and ``high``, as from :func:`genrelib.evaluation.gap`.

    Returns
    -------
    str
        ``clearly above zero``, ``clearly below zero`` or ``not clear of zero``.

    Examples
    --------
    >>> verdict({"low": -0.02, "high": 0.07})
    'not clear of zero'
    """
    if value["low"] > 0:
        return "clearly above zero"
    return "clearly below zero" if value["high"] < 0 else "not clear of zero"


def clear_of_zero(table: pd.DataFrame) -> str:
    """Count the intervals of differences that leave zero out, beside what luck alone would give.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``value``, ``low`` and ``high``, 95 % intervals; missing rows are passed over.

    Returns
    -------
    str
        Such as ``3 of 8 intervals leave zero out, where luck alone would give 0.4``: of intervals
        around differences that are zero, five in a hundred leave it out.

    Examples
    --------
    >>> clear_of_zero(pd.DataFrame({"value": [0.1, 0], "low": [0.05, -1], "high": [0.2, 1]}))
    '1 of 2 intervals leaves zero out, where luck alone would give 0.1'
    """
    known = table.dropna(subset=["value", "low", "high"])
    clear = int(((known["low"] > 0) | (known["high"] < 0)).sum())
    number = f"{clear} of {len(known)} intervals {'leaves' if clear == 1 else 'leave'} zero out"
    return f"{number}, where luck alone would give {0.05 * len(known):.1f}"


def listing(names: Iterable[Any], empty: str = "none") -> str:
    """Write names as a list in a sentence.

    Parameters
    ----------
    names : iterable
        What to name.
    empty : str, default "none"
        What to write where there is nothing.

    Returns
    -------
    str
        Such as ``blues, jazz and rock``.

    Examples
    --------
    >>> listing(["blues", "jazz", "rock"])
    'blues, jazz and rock'
    """
    *first, last = [str(name) for name in names] or [empty]
    return f"{', '.join(first)} and {last}" if first else last


def percent(share: float, digits: int = 0) -> str:
    """Write a share in per cent.

    Parameters
    ----------
    share : float
        From 0 to 1; missing where there is nothing to take a share of.
    digits : int, default 0
        Decimals.

    Returns
    -------
    str
        Such as ``16 %`` or ``unknown``.

    Examples
    --------
    >>> percent(0.5), percent(float("nan"))
    ('50 %', 'unknown')
    """
    return "unknown" if math.isnan(share) else f"{100 * share:.{digits}f} %"


def extent(values: Iterable[float], digits: int = 0) -> str:
    """Write from where to where values run.

    Parameters
    ----------
    values : iterable of float
        Missing ones are passed over.
    digits : int, default 0
        Decimals.

    Returns
    -------
    str
        Such as ``4 to 10``, ``10`` where all are equal, or ``unknown``.

    Examples
    --------
    >>> extent([5, 4, 10]), extent([10, 10])
    ('4 to 10', '10')
    """
    values = [value for value in values if not math.isnan(value)] or [math.nan]
    low, high = number(min(values), digits), number(max(values), digits)
    return low if low == high else f"{low} to {high}"


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Write a number with its noun.

    Parameters
    ----------
    number : int
        How many.
    singular : str
        The noun for one.
    plural : str, optional
        The noun for none or several; with an ``s`` if left out.

    Returns
    -------
    str
        Such as ``1 track`` or ``1,000 tracks``.

    Examples
    --------
    >>> counted(1000, "track")
    '1,000 tracks'
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
