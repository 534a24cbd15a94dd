"""Levels read from maps: rasters sampled, contour polygons by their upper bound (indicators G2)."""

from __future__ import annotations

import re

import numpy as np

from .scene import RasterContext, VectorContext

OPEN_TOP = 5.0  # dB: width assumed of a class without an upper bound


def sampled(rasters: list[RasterContext], xy: np.ndarray, reach: int = 2) -> list[np.ndarray]:
    """(m,) values of each raster at points (m, 2): nearest cell with data within ``reach`` cells.

    Rasters that are declared alike are sheets of one map: what lies on the next sheet is not read
    from the edge of this one, or it would count twice along the seam.
    """
    sheets = [[k for k, other in enumerate(rasters)
               if other is not item and other.attributes == item.attributes]
              for item in rasters]  # fmt: skip
    inside = {k: _inside(rasters[k], xy) for k, others in enumerate(sheets) if others}
    found = []
    for k, item in enumerate(rasters):
        values = item.raster.sample(xy, reach)
        for other in sheets[k]:
            values[inside[other] & ~inside[k]] = np.nan
        found.append(values)
    return found


def _inside(item: RasterContext, xy: np.ndarray) -> np.ndarray:
    """(m,) which points (m, 2) lie on a raster."""
    west, south, east, north = item.raster.bounds()
    x, y = xy.T
    found: np.ndarray = (x >= west) & (x < east) & (y >= south) & (y < north)
    return found


def upper_bound(vectors: VectorContext, field: str, lower: str) -> np.ndarray:
    """(n,) the upper bound of each class, or its lower bound + 5 where the class is open."""
    upper, low = vectors.number(field).copy(), vectors.number(lower)
    open_top = np.isnan(upper)
    upper[open_top] = low[open_top] + OPEN_TOP
    return upper


_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


def class_bound(vectors: VectorContext, field: str) -> np.ndarray:
    """(n,) the upper bound of classes written as a text: ``50-55``, ``50 - 54 dB``, ``< 35``; of an
    open class (``> 80``, ``80+``, ``75``) its lower bound + 5. NaN where no number is in it."""
    found = np.full(vectors.n, np.nan)
    for row, words in enumerate(vectors.texts(field)):
        said = str(words if words is not None else "")
        bounds = [float(x.replace(",", ".")) for x in _NUMBER.findall(said)]
        if len(bounds) >= 2:
            low, high = sorted(bounds[:2])
            # 55-59 of a noise map by the directive runs to 60: whole numbers, the next class at 60
            found[row] = high + 1.0 if high - low == 4.0 else high
        elif bounds:
            found[row] = bounds[0] + (0.0 if "<" in said else OPEN_TOP)
    return found
