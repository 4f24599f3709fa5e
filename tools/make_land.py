"""Make the coastlines of the map, `land.json`, from Natural Earth (public domain).

Run where the package is that brings them as TopoJSON::

    npm pack world-atlas@2.0.2
    python tools/make_land.py world-atlas-2.0.2.tgz

Coordinates are rounded to a tenth of a degree; points within 0.6 degrees of the last one are
dropped, and so are islands of fewer than four points, and what lies around the South Pole. Land on
both sides of the 180th meridian is there twice, once beyond each edge of the map.
"""

from __future__ import annotations

import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

from genrelib.corpus import PACKAGE_DATA, write_whole

MEMBER = "package/land-110m.json"
NEAR = 0.6
"""Degrees within which the next point is dropped."""
SOUTH = -60.0
"""Latitude below which no land is kept."""


def rings(topology: dict[str, Any]) -> list[list[list[float]]]:
    """Join the arcs of a TopoJSON topology to the outlines of land.

    Parameters
    ----------
    topology : dict
        With ``transform``, ``arcs`` and one object, ``land``.

    Returns
    -------
    list of list of [float, float]
        Closed outlines, longitude and latitude in degrees.
    """
    scale, shift = (np.array(topology["transform"][k]) for k in ("scale", "translate"))
    arcs = [np.cumsum(arc, axis=0) * scale + shift for arc in topology["arcs"]]
    found = []
    for shape in topology["objects"]["land"]["geometries"]:
        polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        for polygon in polygons:
            for ring in polygon:
                parts = [arcs[k] if k >= 0 else arcs[~k][::-1] for k in ring]
                points = np.concatenate([parts[0], *(part[1:] for part in parts[1:])]).round(1)
                kept = points[:1]
                for point in points[1:]:
                    if np.abs(point - kept[-1]).max() >= NEAR:
                        kept = np.vstack([kept, point])
                if len(kept) >= 4 and kept[:, 1].max() > SOUTH:
                    kept[:, 0] = np.unwrap(kept[:, 0], period=360)
                    shifts = [s for s in (-360, 360) if np.abs(kept[:, 0] + s).min() < 180]
                    for by in (0, *shifts):
                        found.append((kept + np.array([by, 0])).round(1).tolist())
    return found


if __name__ == "__main__":
    with tarfile.open(Path(sys.argv[1])) as package:
        stream = package.extractfile(MEMBER)
        assert stream is not None, f"{sys.argv[1]} has no {MEMBER}"
        made = rings(json.load(stream))
    write_whole(PACKAGE_DATA / "land.json", json.dumps(made, separators=(",", ":")) + "\n")
    print(f"{len(made)} outlines, {(PACKAGE_DATA / 'land.json').stat().st_size:,} bytes")
