"""Repairs give the same outcome whether whoever shares the process lets GDAL raise or not."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine.checks import Check
from dgo_twin_plugin.engine.clean import clean
from dgo_twin_plugin.engine.wkb import geometry_from_wkb, made_valid


@pytest.fixture(params=[False, True], ids=["gives None", "raises"])
def gdal_errors(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Both ways in which GDAL may tell of an error; the earlier one comes back."""
    before = ogr.GetUseExceptions()
    (ogr.UseExceptions if request.param else ogr.DontUseExceptions)()
    yield request.param
    (ogr.UseExceptions if before else ogr.DontUseExceptions)()


def polygon(*points: tuple[float, float]) -> bytes:
    ring = b"".join(struct.pack("<2d", *p) for p in points)
    return struct.pack("<BII", 1, 3, 1) + struct.pack("<I", len(points)) + ring


BOW = polygon((0, 0), (2, 2), (2, 0), (0, 2), (0, 0))  # two triangles of 1 m2
LINE = polygon((0, 0), (0, 1))  # a ring of two points encloses nothing
SQUARE = polygon((5, 5), (7, 5), (7, 7), (5, 7), (5, 5))


def test_repairs(gdal_errors: bool) -> None:
    checks: list[Check] = []
    given = [BOW, LINE, SQUARE, b"\x01\x63\0\0\0nonsense", None]
    found = clean(given, "vlakken", np.array([11, 12, 13, 14, 15]), (0.0, 0.0), checks)
    assert found.area().tolist() == pytest.approx([2.0, 0.0, 4.0, 0.0, 0.0])
    said = {c.fid: c.code for c in checks}
    assert said[11] == "repaired_geometry"
    assert said[12] == "unrepairable_geometry"
    assert said[14] == "unreadable_geometry"
    assert 13 not in said


def test_made_valid(gdal_errors: bool) -> None:
    mended = made_valid(geometry_from_wkb(BOW))
    assert mended is not None and mended.IsValid() and mended.Area() == pytest.approx(2.0)
    nothing = made_valid(geometry_from_wkb(LINE))
    assert nothing is None or nothing.Area() == 0


def test_what_is_no_geometry(gdal_errors: bool) -> None:
    with pytest.raises(ValueError, match="not a geometry"):
        geometry_from_wkb(b"\x07nonsense")
