"""Height rasters: tiles laid together and clipped, read in windows.

Everything goes through windows, so memory does not grow with the area. Values outside the possible
range are holes, whatever a file says its nodata is (AHN tiles differ in that).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from osgeo import gdal, osr

from ..engine.clean import quiet
from ..engine.grid import Raster
from ..engine.pulse import beat
from ..engine.words import DgoError
from ._plane import Box, flat_system, in_metres

NODATA = -9999.0
MOST_CELLS = 400_000_000  # of the result: 10 x 10 km at 0.5 m
ROWS = 512  # read at once
_MADE = ["COMPRESS=DEFLATE", "PREDICTOR=3", "TILED=YES", "BIGTIFF=IF_SAFER"]


class Made(NamedTuple):
    """A clipped raster: where it is, and the share of its cells without a value."""

    path: Path
    cell: float
    box: Box
    holes: float


class Grid:
    """An open raster of heights."""

    def __init__(self, path: Path, span: tuple[float, float]) -> None:
        with quiet():
            try:
                self._data = gdal.Open(str(path))
            except RuntimeError:
                self._data = None
        if self._data is None:
            raise DgoError("errors.import.unreadable", path=str(path),
                           why=gdal.GetLastErrorMsg() or "raster")  # fmt: skip
        self.span, self.path = span, path
        self._x0, self.dx, _, self._y0, _, dy = self._data.GetGeoTransform()
        self.dy = -dy
        self.columns, self.rows = self._data.RasterXSize, self._data.RasterYSize
        self._band = self._data.GetRasterBand(1)
        self._nodata = self._band.GetNoDataValue()

    @property
    def box(self) -> Box:
        return (self._x0, self._y0 - self.rows * self.dy,
                self._x0 + self.columns * self.dx, self._y0)  # fmt: skip

    def window(self, box: Box) -> tuple[int, int, int, int]:
        """First column and row, columns and rows that cover ``box``, within the raster."""
        tiny = 1e-6
        c0 = max(0, math.floor((box[0] - self._x0) / self.dx + tiny))
        c1 = min(self.columns, math.ceil((box[2] - self._x0) / self.dx - tiny))
        r0 = max(0, math.floor((self._y0 - box[3]) / self.dy + tiny))
        r1 = min(self.rows, math.ceil((self._y0 - box[1]) / self.dy - tiny))
        return c0, r0, max(0, c1 - c0), max(0, r1 - r0)

    def values(self, c0: int, r0: int, columns: int, rows: int) -> np.ndarray:
        """(rows, columns) float64, NaN where there is no (possible) value."""
        with quiet():
            try:
                found = self._band.ReadAsArray(c0, r0, columns, rows)
            except RuntimeError:
                found = None
        if found is None:
            raise DgoError("errors.import.ahn_half", path=str(self.path),
                           why=gdal.GetLastErrorMsg())  # fmt: skip
        made = np.asarray(found, float)
        with np.errstate(invalid="ignore"):
            bad = ~((made >= self.span[0]) & (made <= self.span[1]))
        if self._nodata is not None:
            bad |= made == self._nodata
        made[bad] = np.nan
        return made

    def read(self, box: Box) -> Raster:
        """The part that covers ``box``; empty (0 rows) where it lies beside the raster."""
        c0, r0, columns, rows = self.window(box)
        if not columns or not rows:
            return Raster(np.full((1, 1), np.nan), box[0], box[3], self.dx, self.dy)
        return Raster(self.values(c0, r0, columns, rows), self._x0 + c0 * self.dx,
                      self._y0 - r0 * self.dy, self.dx, self.dy)  # fmt: skip


def system_of(paths: list[Path]) -> osr.SpatialReference:
    """The one system of all tiles. Raises DgoError where it is absent, in degrees or not one, or
    where a tile does not lie north up."""
    found: osr.SpatialReference | None = None
    first = ""
    for path in paths:
        with quiet():
            try:
                data = gdal.Open(str(path))
            except RuntimeError:
                data = None
        if data is None:
            raise DgoError("errors.import.unreadable", path=str(path),
                           why=gdal.GetLastErrorMsg() or "raster")  # fmt: skip
        srs = data.GetSpatialRef()
        if srs is None:
            raise DgoError("errors.import.no_crs", path=str(path), layer=path.stem)
        srs = flat_system(srs)
        if not in_metres(srs):
            raise DgoError("errors.import.ahn_crs", path=str(path), crs=srs.GetName())
        if found is not None and not srs.IsSame(found) and not _alike(srs, found):
            raise DgoError("errors.import.crs_mixed", file=path.name, crs=srs.GetName(),
                           other=f"{first}: {found.GetName()}")  # fmt: skip
        if found is None:
            found, first = srs, path.name
        _x0, dx, skew_x, _y0, skew_y, dy = data.GetGeoTransform()
        if skew_x or skew_y or dx <= 0 or dy >= 0:
            raise DgoError("errors.import.ahn_rotated", path=str(path))
        del data
    if found is None:
        raise DgoError("errors.import.no_input")
    return found


def _alike(a: osr.SpatialReference, b: osr.SpatialReference) -> bool:
    """Files differ in how they write the same plane: the same projection and numbers will do."""
    keys = ("false_easting", "false_northing", "central_meridian", "latitude_of_origin",
            "scale_factor")  # fmt: skip
    return a.GetAttrValue("PROJECTION") == b.GetAttrValue("PROJECTION") and all(
        abs(a.GetProjParm(k, 0.0) - b.GetProjParm(k, 0.0)) < 1e-6 for k in keys
    )


def mosaic(paths: list[Path], srs: osr.SpatialReference, box: Box | None, target: Path,
           folder: Path, span: tuple[float, float], progress: Any) -> Made:  # fmt: skip
    """Tiles laid together, clipped to ``box`` on whole cells, written to ``target`` (GeoTIFF).

    Where tiles overlap the last one counts; cells keep their size and place (the finest of all
    tiles). Raises DgoError where nothing lies in the box or the result would be too large.
    """
    virtual = folder / (target.stem + ".vrt")
    with quiet():
        try:
            made = gdal.BuildVRT(str(virtual), [str(p) for p in paths], resolution="highest",
                                 outputSRS=srs.ExportToWkt(), allowProjectionDifference=True,
                                 VRTNodata=NODATA)  # fmt: skip
        except RuntimeError:
            made = None
    if made is None:
        raise DgoError("errors.import.unreadable", path=str(paths[0]), why=gdal.GetLastErrorMsg())
    del made
    grid = Grid(virtual, span)
    c0, r0, columns, rows = grid.window(box if box is not None else grid.box)
    if not columns or not rows:
        raise DgoError("errors.import.ahn_outside", path=str(paths[0]))
    if columns * rows > MOST_CELLS:
        raise DgoError("errors.import.ahn_large", cells=columns * rows, limit=MOST_CELLS)
    x0, y0 = grid.box[0] + c0 * grid.dx, grid.box[3] - r0 * grid.dy
    with quiet():
        out = gdal.GetDriverByName("GTiff").Create(str(target), columns, rows, 1, gdal.GDT_Float32,
                                                   _MADE)  # fmt: skip
    if out is None:
        raise DgoError("errors.import.no_write", path=str(target), why=gdal.GetLastErrorMsg())
    out.SetGeoTransform((x0, grid.dx, 0.0, y0, 0.0, -grid.dy))
    out.SetProjection(srs.ExportToWkt())
    band = out.GetRasterBand(1)
    band.SetNoDataValue(NODATA)
    holes = 0
    for top in range(0, rows, ROWS):
        beat()
        part = grid.values(c0, r0 + top, columns, min(ROWS, rows - top))
        lost = np.isnan(part)
        holes += int(lost.sum())
        part[lost] = NODATA
        if band.WriteArray(part.astype(np.float32), 0, top) != 0:
            raise DgoError("errors.import.no_write", path=str(target), why=gdal.GetLastErrorMsg())
        progress(min(1.0, (top + ROWS) / rows))
    band.FlushCache()
    out.FlushCache()
    del band, out
    box_made = (x0, y0 - rows * grid.dy, x0 + columns * grid.dx, y0)
    return Made(target, grid.dx, box_made, holes / (rows * columns))
