"""Edits as a designer makes them, on sources; every edit gives new layers and leaves the old."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from osgeo import ogr

from dgo_twin_plugin.engine.build import Sources
from dgo_twin_plugin.engine.scene import RawLayer


def with_layer(sources: Sources, nth: int, layer: RawLayer, role: str = "design") -> Sources:
    """The same sources with another layer at one place."""
    layers = list(getattr(sources, role))
    layers[nth] = layer
    return dataclasses.replace(sources, **{role: layers})


def rebuilt(layer: RawLayer, wkb: list[bytes | None] | None = None,
            columns: dict[str, list[Any]] | None = None,
            fid: np.ndarray | None = None) -> RawLayer:  # fmt: skip
    """A new layer that shares with the old what did not change."""
    return RawLayer(layer.name, layer.fid if fid is None else fid,
                    list(layer.wkb) if wkb is None else wkb,
                    dict(layer.columns) if columns is None else columns, layer.entry, layer.note,
                    layer.covers)  # fmt: skip


def moved(wkb: bytes, dx: float, dy: float, scale: float = 1.0) -> bytes:
    """The geometry scaled about its middle and shifted."""
    geometry = ogr.CreateGeometryFromWkb(wkb)
    box = geometry.GetEnvelope()
    middle = 0.5 * (box[0] + box[1]), 0.5 * (box[2] + box[3])

    def walk(part: ogr.Geometry) -> None:
        for k in range(part.GetGeometryCount()):
            walk(part.GetGeometryRef(k))
        if not part.GetGeometryCount():
            for k in range(part.GetPointCount()):
                x, y = part.GetX(k), part.GetY(k)
                part.SetPoint_2D(k, middle[0] + scale * (x - middle[0]) + dx,
                                 middle[1] + scale * (y - middle[1]) + dy)  # fmt: skip

    walk(geometry)
    return bytes(geometry.ExportToWkb(ogr.wkbNDR))


def shape(layer: RawLayer, row: int, wkb: bytes | None) -> RawLayer:
    """One feature with another geometry."""
    data = list(layer.wkb)
    data[row] = wkb
    return rebuilt(layer, data)


def value(layer: RawLayer, row: int, name: str, new: Any) -> RawLayer:
    """One feature with another value."""
    columns = {k: list(v) for k, v in layer.columns.items()}
    columns.setdefault(name, [None] * len(layer.fid))[row] = new
    return rebuilt(layer, columns=columns)


def added(layer: RawLayer, wkb: bytes, values: dict[str, Any], first: bool = False) -> RawLayer:
    """One feature more, behind the others or before them (as QGIS gives unsaved ones)."""
    at = 0 if first else len(layer.fid)
    fid = int(min(0, layer.fid.min()) - 1) if first else int(layer.fid.max() + 1)
    data = list(layer.wkb)
    data.insert(at, wkb)
    columns = {k: list(v) for k, v in layer.columns.items()}
    for name, column in columns.items():
        column.insert(at, values.get(name))
    return rebuilt(layer, data, columns, np.insert(layer.fid, at, fid))


def removed(layer: RawLayer, row: int) -> RawLayer:
    """One feature less."""
    data = list(layer.wkb)
    del data[row]
    columns = {k: list(v) for k, v in layer.columns.items()}
    for column in columns.values():
        del column[row]
    return rebuilt(layer, data, columns, np.delete(layer.fid, row))


BOWTIE = "POLYGON((0 0,20 20,20 0,0 20,0 0))"
FUNCTIONS = ("dwelling", "office", "grass", "water", "road", "square", "education", "wood", "???")
VALUES: dict[str, tuple[Any, ...]] = {
    "floors": (1.0, 3.0, 7.0, None), "dwellings": (0.0, 1.0, 40.0, None), "public": (1, 0, None),
    "green_roof": (0.0, 0.5, 2.0), "bank": ("natural", "hard", None), "existing": ("ja", None),
    "height": ("12", "twaalf", None), "gfa": (450.0, None),
}  # fmt: skip


def any_edit(sources: Sources, random: np.random.Generator) -> tuple[str, Sources]:
    """Some edit of the first design layer, and now and then of another layer."""
    layer = sources.design[0]
    n = len(layer.fid)
    row = int(random.integers(n))
    here = layer.wkb[row]
    kind = str(random.choice(["move", "move", "reshape", "remove", "add", "add_first", "value",
                              "value", "function", "invalid", "gone", "out", "far", "many", "tree",
                              "map", "context", "current"]))  # fmt: skip
    if kind == "move" and here:
        return kind, with_layer(sources, 0, shape(layer, row, moved(
            here, *random.uniform(-6, 6, 2))))
    if kind == "reshape" and here:
        return kind, with_layer(sources, 0, shape(layer, row, moved(
            here, 0, 0, float(random.uniform(0.6, 1.4)))))
    if kind == "far" and here:
        return kind, with_layer(sources, 0, shape(layer, row, moved(
            here, *random.uniform(-90, 90, 2))))
    if kind == "out" and here:  # over the edge of the plan, or clear of it
        return kind, with_layer(sources, 0, shape(layer, row, moved(here, 300.0, 0.0)))
    if kind == "remove" and n > 5:
        return kind, with_layer(sources, 0, removed(layer, row))
    if kind in ("add", "add_first") and here:
        values = {k: v[row] for k, v in layer.columns.items()}
        return kind, with_layer(sources, 0, added(
            layer, moved(here, *random.uniform(-25, 25, 2)), values, kind == "add_first"))
    if kind == "value":
        name = str(random.choice(list(VALUES)))
        new = VALUES[name][int(random.integers(len(VALUES[name])))]
        return f"{kind} {name}", with_layer(sources, 0, value(layer, row, name, new))
    if kind == "function":
        return kind, with_layer(sources, 0, value(layer, row, "function",
                                                  str(random.choice(FUNCTIONS))))  # fmt: skip
    if kind == "invalid" and here:
        box = ogr.CreateGeometryFromWkb(here).GetEnvelope()
        tie = bytes(ogr.CreateGeometryFromWkt(BOWTIE).ExportToWkb(ogr.wkbNDR))
        return kind, with_layer(sources, 0, shape(layer, row, moved(tie, box[0], box[2])))
    if kind == "gone":
        return kind, with_layer(sources, 0, shape(layer, row, None))
    if kind == "many":
        for k in random.integers(n, size=7).tolist():
            if layer.wkb[k]:
                layer = shape(layer, k, moved(layer.wkb[k] or b"", *random.uniform(-9, 9, 2)))
        return kind, with_layer(sources, 0, layer)
    if kind == "tree" and len(sources.design) > 1:
        trees = sources.design[1]
        k = int(random.integers(len(trees.fid)))
        return kind, with_layer(sources, 1, shape(trees, k, moved(
            trees.wkb[k] or b"", *random.uniform(-20, 20, 2))))
    if kind == "map":
        types = sources.area_types[0]
        k = int(random.integers(len(types.fid)))
        new = (value(types, k, "type", f"GT{int(random.integers(1, 12)):02d}")
               if random.random() < 0.5
               else shape(types, k, moved(types.wkb[k] or b"", 0, 0, 1.02)))
        return kind, with_layer(sources, 0, new, "area_types")
    if kind == "context":
        role = str(random.choice(sorted(sources.vectors)))
        given = sources.vectors[role][0]
        if not len(given.fid):
            return "nothing", sources
        k = int(random.integers(len(given.fid)))
        new = shape(given, k, moved(given.wkb[k] or b"", *random.uniform(-30, 30, 2)))
        return f"{kind} {role}", dataclasses.replace(
            sources, vectors={**sources.vectors, role: [new, *sources.vectors[role][1:]]})
    if kind == "current" and sources.current:
        there = sources.current[0]
        k = int(random.integers(len(there.fid)))
        return kind, with_layer(sources, 0, shape(there, k, moved(
            there.wkb[k] or b"", *random.uniform(-9, 9, 2))), "current")
    return "nothing", sources
