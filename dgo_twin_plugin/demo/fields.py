"""Maps of the environment as smooth fields, from simple formulae (no noise, no measurements).

Road and rail noise: emission and decay after the structure of SRM1 (domain 4.1), without
reflections; municipal streets lose up to 5 dB behind the first row, a mean for closed building.
Air: background only, the roads are the model's. The rest: distance functions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from osgeo import gdal, ogr, osr

from . import shapes
from .layout import BARRIER, RIDGE, STREAM, Layout
from .settings import ORIGIN, Tuning
from .surroundings import ESTATE, FARM, FRAME, RAIL, traffic

NOISE_WINDOW = (-330.0, -330.0, 1330.0, 930.0)
NOISE_CELL = 5.0
CELL = 10.0
RELIEF_CELL = 2.0


class Grid:
    """Cell centres of a window; row 0 lies in the north."""

    def __init__(self, window: tuple[float, float, float, float], cell: float) -> None:
        self.window, self.cell = window, cell
        x0, y0, x1, y1 = window
        self.columns, self.rows = round((x1 - x0) / cell), round((y1 - y0) / cell)
        x = x0 + cell * (np.arange(self.columns) + 0.5)
        y = y1 - cell * (np.arange(self.rows) + 0.5)
        self.x, self.y = np.meshgrid(x, y)

    def distance(self, xy: np.ndarray) -> np.ndarray:
        """(rows, columns) m to a polyline, thinned to what matters at this distance."""
        p = shapes.drawn(shapes.line(xy).Simplify(1.0))
        best = np.full(self.x.shape, np.inf)
        for (ax, ay), (bx, by) in zip(p[:-1], p[1:]):  # noqa: B905
            dx, dy = bx - ax, by - ay
            t = ((self.x - ax) * dx + (self.y - ay) * dy) / (dx * dx + dy * dy)
            t = np.clip(t, 0.0, 1.0)
            np.minimum(best, (self.x - ax - t * dx) ** 2 + (self.y - ay - t * dy) ** 2, out=best)
        return np.sqrt(best)

    def near(self, x: float, y: float) -> np.ndarray:
        return np.hypot(self.x - x, self.y - y)


def emission(flow: float, medium: float, heavy: float, speed: float) -> float:
    """Lden emission of a road at 1 m, dB: SRM1 with the octave-sum constants of domain 4.1,
    hourly shares 6.5 / 3.5 / 0.9 % of the daily flow."""
    total = 0.0
    for hours, share, penalty in ((12, 0.065, 0.0), (4, 0.035, 5.0), (8, 0.009, 10.0)):
        power = 0.0
        for part, c, slope, v0 in ((100 - medium - heavy, 69.2, 29.8, 80.0),
                                   (medium, 71.2, 19.4, 70.0),
                                   (heavy, 74.2, 18.9, 70.0)):  # fmt: skip
            q = flow * share * part / 100.0
            if q > 0:
                level = c + slope * math.log10(speed / v0) + 10 * math.log10(q / speed)
                power += 10 ** (level / 10)
        total += hours * power * 10 ** (penalty / 10)
    return 10 * math.log10(total / 24)


def decay(distance: np.ndarray, ground: float, height: float = 4.5) -> np.ndarray:
    """dB lost with distance (m) over ground with absorbing share ``ground`` (SRM1)."""
    r = np.hypot(np.maximum(distance, 4.0), height - 0.75)
    soft = ground * (2 + 4 * (1 - np.exp(-0.04 * r)) * (math.exp(-0.65 * height)
                                                        + math.exp(-0.65 * 0.75)))  # fmt: skip
    weather = 3.5 - 3.5 * np.exp(-0.04 * r / (height + 0.75))
    return 10 * np.log10(r) + 0.01 * r**0.9 + soft + weather


def summed(levels: list[np.ndarray]) -> np.ndarray:
    return 10 * np.log10(sum(10 ** (level / 10) for level in levels))


def municipal_noise(grid: Grid, layout: Layout, tuning: Tuning) -> np.ndarray:
    levels = []
    for street in layout.streets:
        flow, medium, heavy, speed, owner = traffic(street, tuning)
        if owner == "municipal":
            d = grid.distance(street.xy)
            row = 5.0 * (1 - np.exp(-np.maximum(d - 16.0, 0.0) / 12.0))
            levels.append(emission(flow, medium, heavy, speed) - decay(d, 0.3) - row)
    return summed(levels)


def provincial_noise(grid: Grid, layout: Layout, tuning: Tuning) -> np.ndarray:
    """With the barrier of the variant, where it has one: up to 8 dB, less with distance."""
    street = layout.street("Provincialeweg N937")
    flow, medium, heavy, speed, _ = traffic(street, tuning)
    d = grid.distance(street.xy)
    level = emission(flow, medium, heavy, speed) - decay(d, 0.55)
    if tuning.noise_barrier:
        low, high = BARRIER
        inside = 1 / ((1 + np.exp(-(grid.x - low) / 35)) * (1 + np.exp((grid.x - high) / 35)))
        north = grid.y > np.interp(grid.x, street.xy[:, 0], street.xy[:, 1])
        behind = 1 - np.exp(-((d / 14.0) ** 2))  # the screen stands 13 m from the axis
        level = level - 8.0 * inside * np.exp(-d / 260.0) * north * behind
    return level


def variant_maps(layout: Layout, tuning: Tuning) -> Iterator[tuple[str, np.ndarray, Grid, str]]:
    """Name, values, grid and description of the maps that differ between variants."""
    grid = Grid(NOISE_WINDOW, NOISE_CELL)
    yield ("geluid_gemeentelijk", municipal_noise(grid, layout, tuning), grid,
           "dB Lden gemeentelijke wegen, 4,5 m; fictief")  # fmt: skip
    yield ("geluid_provinciaal", provincial_noise(grid, layout, tuning), grid,
           "dB Lden provinciale weg, maatgevend jaar 2036, 4,5 m; fictief")  # fmt: skip


def shared_maps(layout: Layout) -> Iterator[tuple[str, np.ndarray, Grid, str]]:
    """Name, values, grid and description of the maps that both variants use."""
    fine = Grid(NOISE_WINDOW, NOISE_CELL)
    rail = fine.distance(shapes.spline(RAIL, 60))
    yield ("geluid_rail", 82.0 - decay(rail, 0.8), fine, "dB Lden spoor; fictief")
    grid = Grid(FRAME, CELL)
    estate = grid.near(*ESTATE)
    south = np.clip((600 - grid.y) / 1200, 0, 1)
    for name, base, rise in (("no2", 11.2, 1.8), ("pm10", 15.0, 1.2), ("pm25", 7.6, 0.5)):
        field = base * (1 + 0.06 * south) + rise * np.exp(-estate / 420)
        yield name, field, grid, f"µg/m3 {name.upper()} achtergrond 2025 zonder wegen; fictief"
    yield "o3", 47.0 - 2.0 * south, grid, "µg/m3 O3 jaargemiddeld 2025; fictief"
    farm = grid.near(*FARM)
    yield ("geur", 0.22 + 6.5 * np.exp(-farm / 260), grid, "ouE/m3 P98 achtergrond; fictief")
    club = grid.near(-260.0, 330.0)
    yield ("licht", 0.04 + 14.0 / (1 + (club / 18) ** 2) + 0.35 * np.exp(-estate / 260), grid,
           "lux op de gevel 23-07 uur; fictief")  # fmt: skip
    stream = grid.distance(shapes.spline([*STREAM[::-1], (470, 340), (330, 120), (120, 60),
                                          (-300, -120), (-760, -330)], 30))  # fmt: skip
    classes = np.where(stream < 70, 3000.0, np.where(stream < 330, 10_000.0, 30_000.0))
    yield ("overstroming", classes, grid,
           "jaar: herhalingstijd waterdiepte > 0,5 m; fictief")  # fmt: skip
    yield ("zetting", 3.5 + 15.0 * np.exp(-((stream / 85) ** 2)) + 2.5 * south, grid,
           "cm restzetting in 30 jaar; fictief")  # fmt: skip
    ridge = np.array(shapes.spline(RIDGE, 40, closed=True))
    centre = ridge.mean(axis=0)
    hill = 13.0 / (1 + np.exp((grid.near(*centre) - 330) / 70))
    slope = 2.5 * np.clip((grid.y + 200) / 1400, 0, 1)
    ground = 5.2 + hill + slope - 0.8 * np.exp(-((stream / 60) ** 2))
    yield ("grondwater", 0.7 + 0.16 * hill + 2.2 * (1 - np.exp(-stream / 260)), grid,
           "m onder maaiveld, gemiddeld hoogste grondwaterstand; fictief")  # fmt: skip
    sand = 1 - np.exp(-((stream / 140) ** 2))
    yield ("doorlatendheid", 0.15 + 2.2 * sand, grid, "m per dag; fictief")
    relief = Grid(NOISE_WINDOW, RELIEF_CELL)
    land = _between(ground, grid, relief) + _bumps(relief)
    yield "dtm", land, relief, "m NAP maaiveld; fictief"


def _between(values: np.ndarray, coarse: Grid, fine: Grid) -> np.ndarray:
    """Values of a coarse grid at the cells of a finer one, bilinear."""
    x, y = fine.x[0], fine.y[:, 0]
    rows = np.array([np.interp(x, coarse.x[0], row) for row in values])
    return np.array([
        np.interp(-y, -coarse.y[:, 0], rows[:, k]) for k in range(rows.shape[1])
    ]).T  # fmt: skip


def _bumps(grid: Grid) -> np.ndarray:
    """Hollows and rises of a field: waves of 90, 37 and 19 m, some ten centimetres in all."""
    wave = 0.10 * np.sin(grid.x / 14.3 + 0.6 * np.sin(grid.y / 31.0)) * np.cos(grid.y / 16.1)
    wave += 0.05 * np.sin(grid.x / 5.9 + grid.y / 7.3)
    return wave + 0.03 * np.cos(grid.x / 3.1 - grid.y / 2.9)


def surface_model(ground: np.ndarray, grid: Grid, features: list[shapes.Feature]) -> np.ndarray:
    """The ground with the buildings and woods of today on it, m NAP."""
    driver = ogr.GetDriverByName("Memory") or ogr.GetDriverByName("MEM")
    source = driver.CreateDataSource("")
    plane = osr.SpatialReference()
    plane.SetLocalCS("drawing")
    layer = source.CreateLayer("h", plane, ogr.wkbMultiPolygon)
    layer.CreateField(ogr.FieldDefn("h", ogr.OFTReal))
    for feature in features:
        height = 13.0 if feature.term == "bos" else feature.fields.get("hoogte")
        if height:
            row = ogr.Feature(layer.GetLayerDefn())
            row.SetGeometry(shapes.multi(feature.geometry))
            row.SetField(0, float(height))
            layer.CreateFeature(row)
    target = gdal.GetDriverByName("MEM").Create("", grid.columns, grid.rows, 1, gdal.GDT_Float64)
    x0, _, _, y1 = grid.window
    target.SetProjection(plane.ExportToWkt())
    target.SetGeoTransform((x0 + ORIGIN[0], grid.cell, 0.0, y1 + ORIGIN[1], 0.0, -grid.cell))
    gdal.RasterizeLayer(target, [1], layer, options=["ATTRIBUTE=h"])
    return ground + target.ReadAsArray()
