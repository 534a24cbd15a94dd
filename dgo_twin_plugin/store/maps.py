"""Maps that models worked out: GeoTIFFs beside the results file, one folder per run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal

from ..engine.grid import Raster
from ..engine.words import DgoError
from . import access
from .target import Postgres, files_folder
from .upgrade import reference

NODATA = -9999.0  # GeoTIFF readers outside QGIS do not all understand NaN


@dataclass(frozen=True)
class MapOfRun:
    """One map. ``make`` works it out, local metres, NaN = unknown; ``classes`` the edges of the
    classes of its legend, () = a ramp."""

    indicator: str
    name: str
    unit: str
    classes: tuple[float, ...]
    make: Callable[[], Raster]


def write_maps(
    path: Path | Postgres, run_id: str, maps: Sequence[MapOfRun], crs: str,
    origin: tuple[float, float], tick: Callable[[], None],
) -> list[dict[str, Any]]:  # fmt: skip
    """Write every map to the folder of the run; rows of the table ``maps``.

    A map without a single known cell is left out. Where anything fails or is cancelled the folder
    goes. Raises ``DgoError`` where the folder cannot be written.
    """
    folder = files_folder(path, run_id)
    if not maps or folder is None:
        return []
    # the place of a results file is never made here; the folder that a database names is
    if isinstance(path, Path) and not path.parent.is_dir():
        raise DgoError("results.error.folder", path=str(path))
    rows = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in maps:
            tick()
            raster = each.make()
            if not np.isfinite(raster.values).any():
                continue
            file = folder / f"{each.name}.tif"
            _write(file, raster, crs, origin)
            rows.append({
                "indicator": each.indicator, "name": each.name, "unit": each.unit,
                "classes": ";".join(f"{edge:g}" for edge in each.classes),
                "file": _named(file, path),
            })  # fmt: skip
    except OSError as problem:
        remove(path, run_id)
        raise DgoError("results.error.folder", path=str(folder)) from problem
    except BaseException:
        remove(path, run_id)
        raise
    return rows


def _named(file: Path, path: Path | Postgres) -> str:
    """A map as its row names it: from the folder of a results file; of a database in full, for
    the database has no place of its own."""
    if isinstance(path, Postgres):
        return file.absolute().as_posix()
    return file.relative_to(path.parent).as_posix()


def remove(path: Path | Postgres, run_id: str) -> None:
    """Drop the files of a run, and the folder of all runs where it is empty then."""
    folder = files_folder(path, run_id)
    if folder is not None:
        remove_folder(folder)


def remove_folder(folder: Path) -> None:
    """Drop the folder of a run, and the one of all runs where it is empty then."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.parent.rmdir()
    except OSError:
        pass  # other runs keep theirs there


def _write(file: Path, raster: Raster, crs: str, origin: tuple[float, float]) -> None:
    rows, columns = raster.values.shape
    values = np.where(np.isfinite(raster.values), raster.values, NODATA).astype(np.float32)
    srs = reference(crs)
    with access.quiet():
        try:
            made = gdal.GetDriverByName("GTiff").Create(
                str(file), columns, rows, 1, gdal.GDT_Float32,
                ["COMPRESS=DEFLATE", "PREDICTOR=3", "TILED=YES"],
            )  # fmt: skip
        except RuntimeError:
            made = None
        if made is None:
            raise DgoError("results.error.folder", path=str(file))
        made.SetGeoTransform(
            (raster.x0 + origin[0], raster.dx, 0.0, raster.y0 + origin[1], 0.0, -raster.dy)
        )
        if srs is not None:
            made.SetProjection(srs.ExportToWkt())
        band = made.GetRasterBand(1)
        band.SetNoDataValue(NODATA)
        failed = band.WriteArray(values)
        made.FlushCache()
    if failed:
        raise DgoError("results.error.full", path=str(file))
