"""A synthetic town to measure on: made of numbers alone, the same on every machine.

Blocks of 100 by 100 m, turned by 0.2 rad so that no box is a polygon: two rows of houses with
front and back gardens, streets, footways, parking, greens, a wadi, an apartment building; every
ninth block is a park with a pond, every eleventh a centre with shops and offices. In every fourth
block the plots are drawn whole and the houses on top, as many designers do. A block has some 100
features; the number of features sets the size of the plan, so the density is always the same.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from osgeo import gdal, ogr, osr

BLOCK = 100.0  # m
PER_BLOCK = 100  # features
MARGIN = 1_000.0  # m of maps around the plan
ORIGIN = (140_000.0, 455_000.0)  # somewhere in the Dutch plane
TURN = 0.2  # rad
ZONES = (5, 4)
TYPES = [f"GT{k:02d}" for k in range(1, 12)]
CELL = 2.0  # m, of every raster

Fields = dict[str, Any]


@dataclass
class Layer:
    """Features of one kind: coordinates (n, 2) each, and their fields."""

    kind: str  # surface | line | point
    xy: list[np.ndarray] = field(default_factory=list)
    fields: list[Fields] = field(default_factory=list)

    def add(self, xy: np.ndarray, **fields: Any) -> None:
        self.xy.append(xy)
        self.fields.append(fields)


@dataclass
class Town:
    """Where the plan lies and how large it is."""

    columns: int
    rows: int

    @classmethod
    def of(cls, features: int) -> Town:
        """Blocks for so many features, about square."""
        blocks = max(1, math.ceil(features / PER_BLOCK))
        columns = max(1, round(math.sqrt(blocks)))
        return cls(columns, math.ceil(blocks / columns))

    @property
    def size(self) -> tuple[float, float]:
        return self.columns * BLOCK, self.rows * BLOCK

    def world(self, xy: np.ndarray) -> np.ndarray:
        """Coordinates of the drawing (0, 0 is a corner of the plan) turned into the world's."""
        cos, sin = math.cos(TURN), math.sin(TURN)
        return np.asarray(xy, float) @ np.array([[cos, sin], [-sin, cos]]) + ORIGIN

    def window(self) -> tuple[float, float, float, float]:
        """Box in the world of the plan and the margin around it, on whole cells."""
        corners = self.world(box(0, 0, *self.size))
        low, high = corners.min(axis=0) - MARGIN, corners.max(axis=0) + MARGIN
        low, high = np.floor(low / 100) * 100, np.ceil(high / 100) * 100
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def box(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """A closed rectangle, counter-clockwise."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], float)


def blob(x: float, y: float, radius: float, points: int, seed: float) -> np.ndarray:
    """A rounded shape around a point, of so many vertices."""
    angle = np.linspace(0.0, 2.0 * math.pi, points, endpoint=False)
    r = radius * (1.0 + 0.15 * np.sin(3 * angle + seed) + 0.08 * np.cos(5 * angle - seed))
    xy = np.column_stack([x + r * np.cos(angle), y + r * np.sin(angle)])
    return np.vstack([xy, xy[:1]])


# ---------------------------------------------------------------------------- the design
def design(town: Town, features: int) -> dict[str, Layer]:
    """Ground, trees and lamps: so many features together."""
    ground, trees, lamps = Layer("surface"), Layer("point"), Layer("point")
    for block in range(town.columns * town.rows):
        origin = np.array([block % town.columns, block // town.columns]) * BLOCK
        random = np.random.default_rng(block)
        kind = _park if block % 9 == 4 else _centre if block % 11 == 5 else _rows
        for xy, function, more in [*_streets(), *kind(block)]:
            ground.add(xy + origin, function=function, **more)
        for x, y in random.uniform(7.0, 98.0, (8, 2)):
            trees.add(np.array([[x, y]]) + origin, canopy_diameter=float(random.uniform(4, 9)))
        for at in (20.0, 50.0, 80.0):
            lamps.add(np.array([[at, 6.0]]) + origin, luminous_intensity=900.0, height=4.0)
    random = np.random.default_rng(7)
    # parks and centres hold fewer features than rows of houses: street trees make up the number
    lacking = max(0, features - len(ground.xy) - len(trees.xy) - len(lamps.xy))
    for x, y in random.uniform((0, 0), town.size, (lacking, 2)):
        trees.add(np.array([[x, y]]), canopy_diameter=5.0)
    return {"ground": ground, "trees": trees, "lamps": lamps}


Drawn = Iterator[tuple[np.ndarray, str, Fields]]


def _streets() -> Drawn:
    yield box(0, 0, 100, 5.5), "road", {}
    yield box(0, 5.5, 5.5, 100), "road", {}
    yield box(5.5, 5.5, 100, 7.5), "footway", {}
    yield box(5.5, 7.5, 7.5, 100), "footway", {}
    yield box(7.5, 7.5, 100, 12), "parking", {}


def _rows(block: int) -> Drawn:
    whole_plots = block % 4 == 0
    dwelling = {"floors": 2.0 + block % 2, "dwellings": 1.0, "height": 9.0, "roof": "pitched",
                "pv": 0.3, "dwelling_type": "ground"}  # fmt: skip
    for front, sign in ((12.0, 1.0), (68.0, -1.0)):
        for k in range(13):
            x0, x1 = 7.5 + 5.8 * k, 7.5 + 5.8 * (k + 1)
            at = [front, front + 4 * sign, front + 13 * sign, front + 28 * sign]
            yard, house, garden = (box(x0, min(a, b), x1, max(a, b)) for a, b in zip(at, at[1:]))
            yield house, "dwelling", dwelling
            if whole_plots:  # the house lies on its plot: the order on the ground divides them
                yield box(x0, min(at[0], at[3]), x1, max(at[0], at[3])), "garden", {}
                yield blob(0.5 * (x0 + x1), front + 22 * sign, 1.8, 10, k), "shrub", {}
            else:
                yield yard, "yard", {}
                yield garden, "garden", {}
    yield box(82.9, 12, 86, 68), "footway", {}
    yield box(86, 12, 100, 68), "grass", {"public": 1}
    yield box(7.5, 68, 100, 72), "footway", {}
    yield box(7.5, 72, 40, 76), "swale", {"storage": 20.0}
    yield box(40, 72, 100, 76), "shrub", {"public": 1}
    yield box(12, 80, 52, 94), "dwelling", {
        "floors": 5.0, "dwellings": 30.0, "height": 16.0, "roof": "flat", "green_roof": 0.5,
        "dwelling_type": "apartment"}  # fmt: skip
    yield box(7.5, 76, 60, 100), "yard", {}
    yield box(60, 76, 80, 100), "play", {"public": 1}
    yield blob(90, 88, 7, 40, block), "water", {"bank": "natural" if block % 2 else "hard"}
    yield box(80, 76, 100, 100), "grass", {"public": 1}


def _park(block: int) -> Drawn:
    yield blob(55, 55, 25, 60, block), "water", {"bank": "natural"}
    for k in range(6):
        angle = k * math.pi / 3
        yield blob(55 + 36 * math.cos(angle), 55 + 36 * math.sin(angle), 6, 24, k), "wood", {}
    yield box(7.5, 12, 100, 14.5), "cycleway", {}
    yield box(7.5, 14.5, 100, 100), "grass", {"public": 1}


def _centre(block: int) -> Drawn:
    kinds = ("retail", "office", "care", "education", "dwelling", "industry")
    for k in range(12):
        x, y = 10 + 23 * (k % 4), 15 + 28 * (k // 4)
        kind = kinds[(k + block) % len(kinds)]
        yield box(x, y, x + 18, y + 18), kind, {
            "floors": 4.0, "height": 14.0, "roof": "flat", "blue_roof": 0.4,
            "dwellings": 20.0 if kind == "dwelling" else None}  # fmt: skip
        yield box(x, y + 18, x + 18, y + 21), "shrub", {"public": 1}
    yield box(7.5, 12, 100, 100), "square", {"public": 1}


# ---------------------------------------------------------------------------- around it
def area_types(town: Town, border: int = 40) -> Layer:
    """Twenty areas with wavy borders of so many vertices each way; they share their borders."""
    width, height = town.size
    layer = Layer("surface")
    columns, rows = ZONES

    def wave(t: np.ndarray, k: int) -> np.ndarray:
        # nothing at the ends, so that borders meet in the nodes of the grid
        return 12.0 * np.sin(math.pi * t) * np.sin(9 * math.pi * t + k)

    t = np.linspace(0.0, 1.0, border)
    xs = np.linspace(-20.0, width + 20.0, columns + 1)
    ys = np.linspace(-20.0, height + 20.0, rows + 1)

    def along(i: int, j: int) -> np.ndarray:  # from node (i, j) to (i + 1, j)
        return np.column_stack([xs[i] + t * (xs[i + 1] - xs[i]), ys[j] + wave(t, i + 3 * j)])

    def up(i: int, j: int) -> np.ndarray:  # from node (i, j) to (i, j + 1)
        return np.column_stack([xs[i] + wave(t, 2 * i + j), ys[j] + t * (ys[j + 1] - ys[j])])

    for j in range(rows):
        for i in range(columns):
            ring = np.vstack([along(i, j)[:-1], up(i + 1, j)[:-1], along(i, j + 1)[::-1][:-1],
                              up(i, j)[::-1]])  # fmt: skip
            layer.add(ring, type=TYPES[(i + columns * j) % len(TYPES)])
    return layer


def current(town: Town) -> Layer:
    """What is there now: fields with ditches, farms here and there, on and around the plan."""
    width, height = town.size
    layer = Layer("surface")
    for k, x in enumerate(np.arange(-900.0, width + 900.0, 100.0)):
        for m, y in enumerate(np.arange(-900.0, height + 900.0, 100.0)):
            layer.add(box(x, y, x + 97, y + 100), function="agriculture" if (k + m) % 3 else "wood")
            layer.add(box(x + 97, y, x + 100, y + 100), function="water")
            if (k * 7 + m) % 13 == 0:
                layer.add(box(x + 30, y + 30, x + 48, y + 42), function="dwelling", dwellings=1.0)
    return layer


def roads(town: Town) -> Layer:
    """The streets between the blocks, a vertex at every crossing."""
    layer = Layer("line")
    middle = 2.75
    for i in range(town.columns):
        for j in range(town.rows):
            corner = np.array([[i, j]]) * BLOCK + middle
            for step in ((BLOCK, 0.0), (0.0, BLOCK)):
                main = (i if step[1] else j) % 5 == 0
                layer.add(np.vstack([corner, corner + step]), intensity=6_000.0 if main else 400.0,
                          medium=4.0, heavy=2.0, speed=50.0 if main else 30.0,
                          surface="asfalt", owner="municipal")  # fmt: skip
    return layer


def context(town: Town) -> dict[str, tuple[Layer, Fields]]:
    """Every vector role, with the constants of its entry."""
    width, height = town.size
    made: dict[str, tuple[Layer, Fields]] = {"roads": (roads(town), {"date": 2026})}

    def put(role: str, kind: str, rows: list[tuple[np.ndarray, Fields]], **entry: Any) -> None:
        layer = Layer(kind)
        for xy, fields in rows:
            layer.add(xy, **fields)
        made[role] = layer, {"date": 2026, "basis": "indicative", **entry}

    def area(x: float, y: float, radius: float, points: int = 60) -> np.ndarray:
        return blob(x * width, y * height, radius, points, x + y)

    put("railways", "line", [(np.array([(-800.0, -150.0), (width + 800.0, -100.0)]),
                              {"day": 8.0, "evening": 6.0, "night": 2.0, "speed": 130.0,
                               "category": "8"})])  # fmt: skip
    put("noise_industry", "surface",
        [(area(1.1, 0.5, r * width / 2000), {"lden_from": v, "lden_to": v + 5.0})
         for r, v in ((1500, 35.0), (900, 40.0), (550, 45.0), (320, 50.0), (150, 55.0))
         ])  # fmt: skip
    put("risk_contours", "surface", [(area(0.5, 0.4, 2.0 * width), {"pr": -9.0}),
                                     (area(0.5, 0.4, 0.3 * width), {"pr": -7.0}),
                                     (area(0.5, 0.4, 20.0), {"pr": -6.0})])  # fmt: skip
    put("attention_areas", "surface", [(area(0.5, 0.4, 150.0), {"kind": "fire"}),
                                       (area(0.3, 0.7, 250.0), {"kind": "explosion"})])  # fmt: skip
    stops = [(np.array([[x + 3.0, y + 3.0]]), {"mode": "bus", "route": str(k % 9), "freq": 4.0})
             for k, (x, y) in enumerate((x, y) for x in np.arange(0, width, 400.0)
                                        for y in np.arange(0, height, 400.0))]  # fmt: skip
    put("stops", "point", stops)
    cells = [(box(x, y, x + 250, y + 250), int((x + 2 * y) / 250) % 3)
             for x in np.arange(-250, width + 250, 250.0)
             for y in np.arange(-250, height + 250, 250.0)]
    put("soil_class", "surface", [(xy, {"class": float(k)}) for xy, k in cells])
    put("soil_function", "surface", [(xy, {"class": float((k + 1) % 3)}) for xy, k in cells])
    put("geological_values", "surface", [(area(0.2, 0.2, 200.0, 300), {"weight": 1.0}),
                                         (area(0.7, 0.8, 150.0, 300), {"weight": 0.5}),
                                         ])  # fmt: skip
    put("sewer", "surface", [(box(-500, -500, width / 2, height + 500), {"combined": 0.6}),
                             (box(width / 2, -500, width + 500, height + 500), {"combined": 0.1})])
    random = np.random.default_rng(3)
    spots = random.uniform((0, 0), (width, height), (600, 2))
    put("trees", "point", [(xy[None], {"height": 9.0, "canopy_diameter": 7.0}) for xy in spots])
    put("facilities", "point", [(xy[None], {"kind": "shop"}) for xy in spots[:60]])
    put("play_spots", "point", [(xy[None], {"kind": "play"}) for xy in spots[60:110]])
    people = {"residents": 900.0, "workers": 90.0}
    put("population", "surface", [(box(-900, -900, 0, height), people)])
    put("generation", "point", [(spots[:1], {"kwh": 90_000.0})])
    for k, role in enumerate(("drinking_water", "desiccation", "soil_remediation",
                              "nature_network", "natura2000", "quiet_areas")):  # fmt: skip
        put(role, "surface", [(area(0.1 + 0.15 * k, 0.9, 40.0 + 60.0 * k, 400),
                               {"kind": role, "name": role})])  # fmt: skip
    return made


def rasters(town: Town) -> Iterator[tuple[str, str, np.ndarray, Fields]]:
    """Every raster role: file, role, values and entry; smooth fields around a few sources."""
    x0, y0, x1, y1 = town.window()
    x = np.arange(x0 + CELL / 2, x1, CELL, dtype=np.float32)[None, :] - np.float32(ORIGIN[0])
    y = np.arange(y1 - CELL / 2, y0, -CELL, dtype=np.float32)[:, None] - np.float32(ORIGIN[1])
    near = np.hypot(x - 900.0, y - 700.0)
    wave = np.sin(x / 130.0) * np.cos(y / 170.0)
    made = {
        "noise_road": [("noise_municipal", 50.0 + 7.0 * wave, {"owner": "municipal"}),
                       ("noise_state", 62.0 - 0.012 * near, {"owner": "state"})],
        "noise_rail": [("noise_rail", 58.0 - 0.012 * np.abs(y + 100.0) + 0 * x, {})],
        "no2": [("no2", 14.0 + 5.0 * np.exp(-near / 300), {})],
        "pm10": [("pm10", 16.0 + 2.0 * np.exp(-near / 300), {})],
        "pm25": [("pm25", 8.0 + np.exp(-near / 300), {})],
        "odour": [("odour", 0.3 + 5.0 * np.exp(-near / 200), {})],
        "light": [("light", 0.1 + 4.0 * np.exp(-near / 100), {})],
        "flood_return_period": [("flood", np.where(wave > 0.4, 3_000.0, 10_000.0), {})],
        "settlement": [("settlement", 6.0 + 8.0 * wave**2, {})],
        "dtm": [("dtm", 2.0 + wave, {})], "dsm": [("dsm", 4.0 + wave, {})],
        "groundwater": [("groundwater", 1.0 + 0.4 * wave, {})],
    }  # fmt: skip
    for role, files in made.items():
        for name, values, entry in files:
            yield name, role, values, {"date": 2026, "basis": "indicative", **entry}


# ---------------------------------------------------------------------------- files
KINDS = {"surface": ogr.wkbPolygon, "line": ogr.wkbLineString, "point": ogr.wkbPoint}


def wkb(kind: str, xy: np.ndarray) -> bytes:
    """Little-endian WKB of one feature."""
    data = np.ascontiguousarray(xy, "<f8").tobytes()
    if kind == "point":
        return struct.pack("<BI", 1, 1) + data
    if kind == "line":
        return struct.pack("<BII", 1, 2, len(xy)) + data
    return struct.pack("<BIII", 1, 3, 1, len(xy)) + data


def reference() -> osr.SpatialReference:
    made = osr.SpatialReference()
    made.ImportFromEPSG(28992)
    made.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return made


def write(folder: Path, features: int, border: int = 40) -> Path:
    """All files of the case; gives the twin file."""
    folder.mkdir(parents=True, exist_ok=True)
    town = Town.of(features)
    drawn = design(town, features)
    around = context(town)
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(folder / "case.gpkg"))
    source.StartTransaction()
    layers = {**drawn, "area_types": area_types(town, border), "current": current(town),
              **{f"role_{role}": layer for role, (layer, _) in around.items()}}  # fmt: skip
    for name, layer in layers.items():
        _write_layer(source, town, name, layer)
    source.CommitTransaction()
    del source
    entries: dict[str, Any] = {role: {"layer": f"case.gpkg|role_{role}", **entry}
                               for role, (_, entry) in around.items()}  # fmt: skip
    entries["current"] = {"layer": "case.gpkg|current", "function": "function"}
    for name, role, values, entry in rasters(town):
        _write_raster(folder / f"{name}.tif", town, values)
        entries.setdefault(role, []).append({"layer": f"{name}.tif", **entry})
    twin = {
        "design": [{"layer": "case.gpkg|ground", "function": "function"},
                   {"layer": "case.gpkg|trees", "functions": "tree"},
                   {"layer": "case.gpkg|lamps", "functions": "luminaire"}],
        "area_types": {"layer": "case.gpkg|area_types", "type": "type"},
        "context": entries,
        "scenario": "bench",
    }  # fmt: skip
    path = folder / "twin.yml"
    path.write_text(yaml.safe_dump(twin, sort_keys=False), encoding="utf-8")
    return path


def _write_layer(source: ogr.DataSource, town: Town, name: str, layer: Layer) -> None:
    target = source.CreateLayer(name, reference(), KINDS[layer.kind])
    columns: dict[str, Any] = {}
    for fields in layer.fields:
        for key, value in fields.items():
            if columns.get(key) is None:
                columns[key] = value
    for key, value in columns.items():
        kind = ogr.OFTString if isinstance(value, str) else ogr.OFTReal
        target.CreateField(ogr.FieldDefn(key, kind))
    definition = target.GetLayerDefn()
    for xy, fields in zip(layer.xy, layer.fields):
        row = ogr.Feature(definition)
        row.SetGeometryDirectly(ogr.CreateGeometryFromWkb(wkb(layer.kind, town.world(xy))))
        for key, value in fields.items():
            if value is not None:
                row.SetField(key, value)
        target.CreateFeature(row)


def _write_raster(path: Path, town: Town, values: np.ndarray) -> None:
    x0, _, _, y1 = town.window()
    rows, columns = values.shape
    source = gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, 1, gdal.GDT_Float32,
                                                  ["TILED=YES"])  # fmt: skip
    source.SetGeoTransform((x0, CELL, 0.0, y1, 0.0, -CELL))
    source.SetProjection(reference().ExportToWkt())
    band = source.GetRasterBand(1)
    band.SetNoDataValue(-9999.0)
    band.WriteArray(np.broadcast_to(values, (rows, columns)).astype(np.float32))
