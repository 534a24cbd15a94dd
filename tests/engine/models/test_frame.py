"""Rasters and polygons in a frame of cells, against one cell at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench import case
from dgo_twin_plugin.engine.geometry import Polygons, containing
from dgo_twin_plugin.engine.grid import Raster
from dgo_twin_plugin.engine.models.frame import Frame


def smooth(raster: Raster, x: float, y: float) -> float:
    """Bilinear between four centres, else the cell (x, y) lies in."""
    rows, columns = raster.values.shape
    near = math.floor((raster.y0 - y) / raster.dy), math.floor((x - raster.x0) / raster.dx)
    if not (0 <= near[0] < rows and 0 <= near[1] < columns):
        return math.nan
    fx, fy = (x - raster.x0) / raster.dx - 0.5, (raster.y0 - y) / raster.dy - 0.5
    total = 0.0
    for r in (math.floor(fy), math.floor(fy) + 1):
        for c in (math.floor(fx), math.floor(fx) + 1):
            known = raster.values[min(max(r, 0), rows - 1), min(max(c, 0), columns - 1)]
            total += (1 - abs(fx - c)) * (1 - abs(fy - r)) * known
    return total if math.isfinite(total) else float(raster.values[near])


@pytest.mark.parametrize(("dx", "dy", "x0"), [(2.0, 2.0, 40.0), (0.5, 0.7, 51.3), (9.0, 5.0, 33.3)])
def test_resampled_cell_by_cell(dx: float, dy: float, x0: float) -> None:
    # more rows of cells than are worked on at once; holes; cells beyond the raster on every side
    random = np.random.default_rng(6)
    values = random.random((int(140 / dy), int(60 / dx)))
    values[random.random(values.shape) < 0.05] = np.nan
    raster, frame = Raster(values, x0, 170.2, dx, dy), Frame(30.0, 180.0, 2.0, 80, 50)
    expected = np.array([smooth(raster, *xy) for xy in frame.centres()]).reshape(frame.shape)
    assert frame.resampled(raster) == pytest.approx(expected, rel=1e-12, nan_ok=True)
    assert np.isnan(expected[0]).all() and 0.3 < np.isfinite(expected).mean() < 0.95


def test_burned_the_last_or_the_highest_stays() -> None:
    random = np.random.default_rng(9)
    wkb = [case.wkb("surface", case.blob(*random.uniform(0, 60, 2), r, 12, r))
           for r in random.uniform(4, 20, 40)]  # fmt: skip
    shapes = Polygons.from_wkb(wkb)
    frame = Frame(0.0, 60.0, 2.0, 30, 30)
    value = random.permutation(40) - 20.0
    last = frame.burned(shapes, value, np.full(frame.shape, np.nan))
    highest = frame.burned(shapes, value, np.full(frame.shape, -3.0), highest=True)
    point, home = containing(shapes, frame.centres())
    inside = [home[point == k] for k in range(900)]
    assert np.array_equal(last.ravel(), [value[k.max()] if len(k) else np.nan for k in inside],
                          equal_nan=True)  # fmt: skip
    assert highest.ravel().tolist() == [max([-3.0, *value[k]]) for k in inside]
    assert (last.ravel() < highest.ravel()).any() and (highest == -3.0).any()
