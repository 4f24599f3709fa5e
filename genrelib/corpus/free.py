"""Recordings that may be passed on: a few excerpts that the package holds, with their sources."""

from __future__ import annotations

import json

import pandas as pd

from genrelib.corpus.places import PACKAGE_DATA

FREE = PACKAGE_DATA / "free"


def free_recordings() -> pd.DataFrame:
    """List the free recordings of the package.

    Explained in chapter 10.

    Returns
    -------
    pandas.DataFrame
        By name: ``title``; ``by``, who made it; ``source``, an address; ``licence``; and ``path``,
        a file.
    """
    known = json.loads((FREE / "free.json").read_text("utf-8"))
    rows = {name: about | {"path": FREE / f"{name}.mp3"} for name, about in known.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("name")
