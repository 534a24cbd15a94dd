"""What an importer wrote, layer by layer, read with plain OGR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from osgeo import ogr


def layers(path: Path) -> set[str]:
    data = ogr.Open(str(path))
    return {data.GetLayer(i).GetName() for i in range(data.GetLayerCount())}


def rows(path: Path, layer: str) -> list[dict[str, Any]]:
    """Fields of every feature, and ``shape`` (an OGR geometry or None)."""
    data = ogr.Open(str(path))
    found = data.GetLayerByName(layer)
    if found is None:
        return []
    return [{**f.items(), "shape": f.GetGeometryRef() and f.GetGeometryRef().Clone()}
            for f in found]  # fmt: skip


def unmapped(path: Path) -> dict[tuple[str, str, str], int]:
    return {(r["layer"], r["field"], r["value"]): r["count"] for r in rows(path, "unmapped")}


def code(path: Path, layer: str) -> str:
    """EPSG code of a layer."""
    data = ogr.Open(str(path))
    return str(data.GetLayerByName(layer).GetSpatialRef().GetAuthorityCode(None))
