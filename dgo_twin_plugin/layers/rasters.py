"""QGIS rasters -> rasters of the engine: window, plane, nodata, scale."""

from __future__ import annotations

import numpy as np
from osgeo import gdal, osr
from qgis.core import (
    QgsCoordinateTransformContext,
    QgsRasterProjector,
    QgsRectangle,
)

from ..engine.checks import Check
from ..engine.clean import quiet
from ..engine.grid import Raster
from ..engine.scene import RasterContext
from ..engine.words import IMPORTANT, DgoError
from .plane import Plane, require_crs
from .read import RasterInput

REACH = 3  # cells around the window: who lacks a value takes the nearest within two (indicators G2)
MOST_CELLS = 64_000_000  # half a gigabyte: beyond it the remedy is a coarser raster


def read_raster(
    role: str,
    given: RasterInput,
    plane: Plane,
    box: QgsRectangle,
    transforms: QgsCoordinateTransformContext,
    checks: list[Check],
) -> RasterContext:
    """The part of a raster inside ``box`` (work plane), at its own resolution.

    Another CRS is warped, nearest neighbour, so that no value is made up. No overlap gives an
    empty grid and a check: everything is missing then, nothing is zero.
    """
    require_crs(given.crs, given.name)
    provider = given.layer.dataProvider()
    if provider.name() == "gdal":
        raster = _by_gdal(given, plane, box)
    else:
        raster = _by_provider(given, plane, box, transforms)
    if raster is None or not np.isfinite(raster.values).any():
        checks.append(
            Check("raster_without_data", IMPORTANT, "layer", given.name, params={"role": role})
        )
        raster = raster or Raster(np.full((1, 1), np.nan), box.xMinimum(), box.yMaximum(), 1.0, 1.0)
    attributes = {k: v for k, v in given.entry.items() if k not in ("layer", "filter")}
    return RasterContext(role, given.name, raster, attributes)


def _by_gdal(given: RasterInput, plane: Plane, box: QgsRectangle) -> Raster | None:
    source = given.layer.dataProvider().dataSourceUri()
    with quiet():
        dataset = gdal.Open(source)
    if dataset is None:
        raise DgoError("problems.layer_not_readable", layer=given.name)
    transform = dataset.GetGeoTransform()
    if given.crs != plane.crs or transform[2] or transform[4] or transform[5] > 0:
        target = osr.SpatialReference()
        target.ImportFromWkt(plane.crs.toWkt())
        origin = osr.SpatialReference()
        origin.ImportFromWkt(given.crs.toWkt())
        with quiet():
            # as a virtual file: nothing is computed but the window that is read below
            dataset = gdal.Warp(
                "",
                dataset,
                format="VRT",
                srcSRS=origin.ExportToWkt(),
                dstSRS=target.ExportToWkt(),
                resampleAlg="near",
                outputType=gdal.GDT_Float64,
                dstNodata=float("nan"),
                outputBounds=(box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()),
            )
        if dataset is None:
            raise DgoError("problems.untransformable", layer=given.name, detail="gdal.Warp")
        transform = dataset.GetGeoTransform()
    x0, dx, y0, dy = transform[0], transform[1], transform[3], -transform[5]
    c0 = max(0, int(np.floor((box.xMinimum() - x0) / dx)) - REACH)
    c1 = min(dataset.RasterXSize, int(np.ceil((box.xMaximum() - x0) / dx)) + REACH)
    r0 = max(0, int(np.floor((y0 - box.yMaximum()) / dy)) - REACH)
    r1 = min(dataset.RasterYSize, int(np.ceil((y0 - box.yMinimum()) / dy)) + REACH)
    if c1 <= c0 or r1 <= r0:
        return None
    if (c1 - c0) * (r1 - r0) > MOST_CELLS:
        raise DgoError("problems.raster_too_large", layer=given.name, cells=(c1 - c0) * (r1 - r0))
    band = dataset.GetRasterBand(int(given.entry.get("band") or 1))
    values = band.ReadAsArray(c0, r0, c1 - c0, r1 - r0).astype(float)
    flags = band.GetMaskFlags()
    if flags != gdal.GMF_ALL_VALID and not (
        flags == gdal.GMF_NODATA and _clear_of(values, band.GetNoDataValue())
    ):
        mask = band.GetMaskBand().ReadAsArray(c0, r0, c1 - c0, r1 - r0)
        values[mask == 0] = np.nan
    values *= 1.0 if band.GetScale() is None else band.GetScale()
    values += band.GetOffset() or 0.0
    for low, high in given.empty:
        values[(values >= low) & (values <= high)] = np.nan
    return Raster(_without_odd(values), x0 + c0 * dx, y0 - r0 * dy, dx, dy)


def _clear_of(values: np.ndarray, lacking: float | None) -> bool:
    """Whether no value comes near the one that says "no data": then the mask need not be read, for
    which GDAL reads all values once more. (It also takes for "no data" what is nearly equal.)"""
    if lacking is None:
        return False
    near = 1e-3 * abs(lacking)
    return bool(values.min() > lacking + near or values.max() < lacking - near)


def _without_odd(values: np.ndarray) -> np.ndarray:
    """Infinite cells and the customary fillers that a file forgot to declare are no data."""
    values[~((values > -9999.0) & (values <= 1e30))] = np.nan  # not-a-numbers are neither
    return values


def _by_provider(
    given: RasterInput, plane: Plane, box: QgsRectangle, transforms: QgsCoordinateTransformContext
) -> Raster | None:
    provider = given.layer.dataProvider().clone()
    reader = provider
    if given.crs != plane.crs:
        reader = QgsRasterProjector()
        reader.setCrs(given.crs, plane.crs, transforms)
        reader.setInput(provider)
    size = max(given.layer.rasterUnitsPerPixelX(), 1e-9) if given.crs == plane.crs else 10.0
    columns = max(1, int(np.ceil(box.width() / size)))
    rows = max(1, int(np.ceil(box.height() / size)))
    if columns * rows > MOST_CELLS:
        raise DgoError("problems.raster_too_large", layer=given.name, cells=columns * rows)
    block = reader.block(int(given.entry.get("band") or 1), box, columns, rows)
    if block is None or not block.isValid():
        return None
    values = np.array(
        [
            [np.nan if block.isNoData(r, c) else block.value(r, c) for c in range(columns)]
            for r in range(rows)
        ]
    )
    return Raster(
        _without_odd(values),
        box.xMinimum(),
        box.yMaximum(),
        box.width() / columns,
        box.height() / rows,
    )
