"""The map of the report: zones and the outline of the design as SVG paths, in the page itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from osgeo import ogr

from ..engine.texts import text
from ..store import access, read, schema, upgrade
from ..store.scale import class_of
from ..store.target import Where
from .shown import badge

WIDTH, TALLEST = 960.0, 720.0  # of the drawing; units of the view box
MARGIN = 16.0
MOST_FEATURES = 3000  # more outlines than this make a grey blur, not a map

Project = Callable[[float, float], tuple[float, float]]


def zones_map(path: Where, run_id: str, lang: str) -> dict[str, Any] | None:
    """What the template draws, or None where the run has no zone with a geometry."""
    found = [(row, ogr.CreateGeometryFromWkb(row["wkb"]))
             for row in read.rows(path, "zones", run_id, geometry=True) if row["wkb"]]  # fmt: skip
    if not found:
        return None
    boxes = [geometry.GetEnvelope() for _, geometry in found]
    x0, x1 = min(b[0] for b in boxes), max(b[1] for b in boxes)
    y0, y1 = min(b[2] for b in boxes), max(b[3] for b in boxes)
    inner = WIDTH - 2 * MARGIN
    scale = min(inner / max(x1 - x0, 1e-6), (TALLEST - 2 * MARGIN - 24) / max(y1 - y0, 1e-6))
    left = (WIDTH - scale * (x1 - x0)) / 2
    height = round(scale * (y1 - y0) + 2 * MARGIN + 24)

    def project(x: float, y: float) -> tuple[float, float]:
        return left + scale * (x - x0), MARGIN + scale * (y1 - y)

    zones = []
    for row, geometry in found:
        shade = class_of(row["mark_total"])
        shown = badge(row["mark_total"], lang, row["n_breach"] or 0)
        inside = geometry.PointOnSurface()
        x, y = project(inside.GetX(), inside.GetY())
        zones.append({
            "path": svg_path(geometry, project, 0.4 / scale), "x": round(x, 1), "y": round(y, 1),
            "y2": round(y + 17, 1), "text": shown.text, "dashed": shade is None,
            "colour": shade.colour if shade else "none", "fails": bool(shade and shade.fails),
            "opacity": 0.85 if shade else 0, "id": row["zone_id"],
            "label": text("report.map.label", lang, zone=row["zone_id"])})  # fmt: skip
    bar = _round_length(160.0 / scale)
    design, many = _design(path, run_id, project, 0.4 / scale)
    return {"width": int(WIDTH), "height": height, "zones": zones, "design": design,
            "bar": round(bar * scale, 1),
            "bar_text": f"{bar:g} m" if bar < 1000 else f"{bar / 1000:g} km",
            "many": text("report.map.many", lang, n=many) if many else ""}  # fmt: skip


def _design(path: Where, run_id: str, project: Project, tolerance: float) -> tuple[str, int]:
    """The outlines of the ground that was judged, or how many there are where too many."""
    ds = upgrade.open_results(path)
    where = "source_layer IS NOT NULL"
    count = int(access.query(ds, "SELECT count(*) FROM places WHERE run_id = "
                                 f"{schema.literal(run_id)} AND {where}")[0][0])  # fmt: skip
    if count > MOST_FEATURES:
        return "", count
    parts, seen = [], set()
    for row in read.rows(path, "places", run_id, where, geometry=True):
        key = (row["source_layer"], row["source_fid"])
        if row["wkb"] and key not in seen:  # a feature over two zones is one feature
            seen.add(key)
            geometry = ogr.CreateGeometryFromWkb(row["wkb"])
            parts.append(svg_path(geometry, project, tolerance))
    return "".join(parts), 0


def svg_path(geometry: ogr.Geometry, project: Project, tolerance: float) -> str:
    """The rings of a (multi)polygon, with one decimal; holes follow from the even-odd rule."""
    simple = geometry.SimplifyPreserveTopology(tolerance) or geometry
    made: list[str] = []
    _rings(simple, project, made)
    return "".join(made)


def _rings(geometry: ogr.Geometry, project: Project, made: list[str]) -> None:
    count = geometry.GetGeometryCount()
    if count:
        for index in range(count):
            _rings(geometry.GetGeometryRef(index), project, made)
        return
    points = [project(x, y) for x, y, *_ in (geometry.GetPoints() or [])]
    if len(points) > 2:
        made.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z")


def _round_length(length: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that fits."""
    power = 10.0 ** math.floor(math.log10(max(length, 1e-9)))
    return next(f * power for f in (5.0, 2.0, 1.0) if f * power <= length * 1.0000001)
