"""Which plane the result lies in, and whether coordinates can lie there at all.

As the design says (section 5): a projected system in metres stays; degrees become the national
plane where the data lie inside its area of use, else the UTM zone of their middle. Which plane is
national stands in the mapping file, not here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from osgeo import ogr, osr

from ..engine.clean import quiet
from ..engine.words import DgoError
from ._package import reference

Box = tuple[float, float, float, float]  # xmin, ymin, xmax, ymax


def flat_system(srs: osr.SpatialReference) -> osr.SpatialReference:
    """The horizontal part, x before y: RD + NAP becomes RD."""
    made = srs.Clone()
    if made.IsCompound():
        made.StripVertical()
    made.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return made


def in_metres(srs: osr.SpatialReference) -> bool:
    """Whether areas can be measured in it: projected, metres, no Mercator of web maps."""
    if not srs.IsProjected() or abs(srs.GetLinearUnits() - 1.0) > 1e-9:
        return False
    return "mercator" not in str(srs.GetAttrValue("PROJECTION") or "").lower() or (
        "transverse" in str(srs.GetAttrValue("PROJECTION") or "").lower()
    )


def degrees() -> osr.SpatialReference:
    """Longitude, latitude (WGS 84), x before y."""
    made = osr.SpatialReference()
    made.SetWellKnownGeogCS("WGS84")
    made.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return made


def change(source: osr.SpatialReference,
           target: osr.SpatialReference) -> osr.CoordinateTransformation:  # fmt: skip
    """From one system to another, x before y in both."""
    return osr.CoordinateTransformation(flat_system(source), flat_system(target))


def choose(srs: osr.SpatialReference, xy: Sequence[tuple[float, float]],
           national: str) -> osr.SpatialReference:  # fmt: skip
    """The plane for data in ``srs`` of which ``xy`` are some places (their median decides)."""
    srs = flat_system(srs)
    if in_metres(srs):
        return srs
    middle = np.median(np.asarray(xy, float).reshape(-1, 2), axis=0)
    lon, lat = moved(change(srs, degrees()), middle[None, :])[0].tolist()
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lat) <= 84 and abs(lon) <= 180):
        raise DgoError("errors.import.plane_none", x=f"{middle[0]:.6g}", y=f"{middle[1]:.6g}")
    wanted = reference(national)
    area = wanted.GetAreaOfUse()
    if (
        area is not None
        and area.west_lon_degree <= lon <= area.east_lon_degree
        and area.south_lat_degree <= lat <= area.north_lat_degree
    ):
        return wanted
    made = degrees()
    made.SetUTM(int((lon + 180.0) // 6.0) % 60 + 1, 1 if lat >= 0 else 0)
    made.AutoIdentifyEPSG()
    made.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return made


def possible(srs: osr.SpatialReference) -> Box | None:
    """The box in ``srs`` of the area that it was made for; None where PROJ does not say it."""
    area = srs.GetAreaOfUse()
    if area is None or area.west_lon_degree <= -999:
        return None
    west, east = area.west_lon_degree, area.east_lon_degree
    south, north = area.south_lat_degree, area.north_lat_degree
    lon, lat = np.meshgrid(np.linspace(west, east, 9), np.linspace(south, north, 9))
    found = moved(change(degrees(), srs), np.column_stack([lon.ravel(), lat.ravel()]))
    found = found[np.isfinite(found).all(axis=1)]
    if not len(found):
        return None
    (x0, y0), (x1, y1) = found.min(axis=0), found.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def inside(box: Box, xy: np.ndarray) -> np.ndarray:
    """(n,) whether points lie in a box."""
    found: np.ndarray = ((xy[:, 0] >= box[0]) & (xy[:, 1] >= box[1])
                         & (xy[:, 0] <= box[2]) & (xy[:, 1] <= box[3]))  # fmt: skip
    return found


def moved(turn: osr.CoordinateTransformation, xy: np.ndarray) -> np.ndarray:
    """(n, 2) points in the other system; infinite or NaN where they have no place there."""
    with quiet():
        try:
            found = turn.TransformPoints(np.asarray(xy, float).reshape(-1, 2).tolist())
        except RuntimeError:
            return np.full((len(xy), 2), np.nan)
    return np.array([p[:2] for p in found], float).reshape(-1, 2)


def area_in(area: ogr.Geometry | None, srs: osr.SpatialReference) -> ogr.Geometry | None:
    """The plan area in ``srs``, for tests of features; None where there is none."""
    if area is None:
        return None
    shape = area.Clone()
    own = shape.GetSpatialReference()
    if own is not None and shape.Transform(change(own, srs)) != 0:
        raise DgoError("errors.import.area_crs")
    return shape
