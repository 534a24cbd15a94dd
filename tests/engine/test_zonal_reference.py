"""Raster values under features against exactextract, which weighs every cell by its covered part.

The figures were made once, outside this repository, with exactextract 0.3.0 from PyPI:

    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource
    from exactextract.feature import JSONFeatureSource
    source = NumPyRasterSource(values(), 0, 0, 400, 300, nodata=float("nan"))
    features = [{"type": "Feature", "id": name, "properties": {}, "geometry": {
                 "type": "Polygon", "coordinates": [[*map(list, ring), list(ring[0])]]}}
                for name, ring in RINGS.items()]
    exact_extract(source, JSONFeatureSource(features), ["mean", "count", "sum"])

``count`` is in cells of 25 m2.
"""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import zonal
from dgo_twin_plugin.engine.indicators.soil_bearing import SPEC
from tests.engine.factory import box, scene

RINGS = {
    "slanted": [(20, 20), (180, 60), (150, 170), (40, 140)],
    "narrow": [(200, 20), (203, 20), (213, 280), (210, 280)],
    "star": [(300, 60), (315, 105), (362, 105), (324, 133), (338, 178), (300, 150), (262, 178),
             (276, 133), (238, 105), (285, 105)],
    "hole": [(160, 190), (240, 190), (240, 260), (160, 260)],
    "small": [(371, 11), (378, 11), (378, 18), (371, 18)],
}  # fmt: skip
MEAN = {"slanted": 34.63397509849811, "narrow": 33.52310753064612, "star": 33.65053938565707,
        "hole": 28.039893617021278, "small": 27.714285751755835}  # fmt: skip
COUNT = {"slanted": 627.999999910593, "narrow": 25.20000043231994, "star": 192.35999993269797,
         "hole": 94.0, "small": 1.9599999785423279}  # fmt: skip


def values() -> np.ndarray:
    """60 x 80 cells of 5 m, steep from cell to cell, with a hole of 10 x 15 cells."""
    row, column = np.mgrid[0:60, 0:80]
    found = ((7 * row + 13 * column) % 50) + row / 4.0
    found[10:20, 30:45] = np.nan
    return found


def measured(name: str) -> tuple[float, float]:
    """(mean, m2 with data) under one feature, as indicators read a raster under features."""
    ring = RINGS[name]
    wkt = "POLYGON((" + ",".join(f"{x} {y}" for x, y in [*ring, ring[0]]) + "))"
    made = scene([("GT04", box(0, 0, 400, 300))], [("square", wkt)], plan=box(0, 0, 400, 300),
                 rasters={"settlement": [(values(), (0, 300), 5)]})  # fmt: skip
    found = zonal.zonal(made, "settlement", "cm30", np.ones(made.surfaces.n, bool))
    area = float(found.area.sum())
    return float((found.area * found.value).sum()) / area, area


def test_the_indicator_reads_its_raster_that_way() -> None:
    assert "settlement" in SPEC.roles


@pytest.mark.parametrize("name", RINGS)
def test_areas_and_means_are_those_of_exactextract(name: str) -> None:
    # exact areas both; 1e-6 relative, for exactextract weighs in single precision. Of "hole" 3,250
    # of 5,600 m2 have no value: they stay out on both sides
    mean, area = measured(name)
    assert mean == pytest.approx(MEAN[name], rel=1e-6)
    assert area == pytest.approx(25.0 * COUNT[name], rel=1e-6)


@pytest.mark.parametrize(("name", "tolerance"), [("slanted", 0.01), ("star", 0.03)])
def test_by_centres_agrees_within_a_stated_tolerance(
    monkeypatch: pytest.MonkeyPatch, name: str, tolerance: float
) -> None:
    # beyond MOST_CELLS cells count by their centres. On a raster this rough (0-50 from cell to
    # cell) with 628 and 192 cells under a feature the mean may be off by 1 % and 3 %
    monkeypatch.setattr(zonal, "MOST_CELLS", 0)
    assert measured(name)[0] == pytest.approx(MEAN[name], rel=tolerance)
