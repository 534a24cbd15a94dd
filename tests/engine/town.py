"""A small town with a layer for every role, for tests that spoil, move, turn and change it."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dgo_twin_plugin.engine.assessment import Assessment, assess
from dgo_twin_plugin.engine.scene import Scene
from dgo_twin_plugin.engine.texts import text

from . import factory as f

WEST, SOUTH = 136_000.0, 456_000.0  # m, world coordinates of the corner of the plan
WIDE, HIGH = 200.0, 120.0  # m
_PAIR = re.compile(r"(-?\d+(?:\.\d+)?(?:e-?\d+)?) (-?\d+(?:\.\d+)?(?:e-?\d+)?)")

Move = Callable[[float, float], tuple[float, float]]


def mapped(wkt: str, move: Move) -> str:
    """WKT with every pair of coordinates moved."""

    def one(found: re.Match[str]) -> str:
        x, y = move(float(found.group(1)), float(found.group(2)))
        return f"{x!r} {y!r}"

    return _PAIR.sub(one, wkt)


def box(x0: float, y0: float, x1: float, y1: float) -> str:
    return f.box(float(WEST + x0), float(SOUTH + y0), float(WEST + x1), float(SOUTH + y1))


def point(x: float, y: float) -> str:
    return f"POINT({WEST + x} {SOUTH + y})"


def line(*xy: tuple[float, float]) -> str:
    return "LINESTRING(" + ",".join(f"{WEST + x} {SOUTH + y}" for x, y in xy) + ")"


@dataclass
class Town:
    """What :func:`factory.scene` takes; change it freely, every :func:`town` is a new one."""

    zones: list[tuple] = field(default_factory=list)
    surfaces: list[tuple] = field(default_factory=list)
    items: list[tuple] = field(default_factory=list)
    context: dict[str, list[tuple]] = field(default_factory=dict)
    rasters: dict[str, list[tuple]] = field(default_factory=dict)
    current: list[tuple] = field(default_factory=list)
    plan: str | None = None
    entry: dict[str, Any] = field(default_factory=dict)
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)

    def scene(self) -> Scene:
        made = f.scene(self.zones, self.surfaces, self.items, self.context, self.rasters,
                       self.plan, current=self.current, entry=self.entry,
                       entries=self.entries)  # fmt: skip
        made.methods.update(self.methods)
        return made

    def assess(self, indicators: list[str] | None = None) -> Assessment:
        return assess(self.scene(), f.profile(), indicators)

    def values(self, indicators: list[str] | None = None) -> dict[tuple[str, str, int], float]:
        """(indicator, part, zone) -> value, of all rows that have one."""
        made = self.assess(indicators)
        rows = [*made.scores, *made.parts]
        return {(r.indicator, r.part, r.zone_id): r.value for r in rows if r.value is not None}

    def copy(self) -> Town:
        return copy.deepcopy(self)

    def moved(self, move: Move) -> Town:
        """Everything moved by a rigid motion; rasters must be moved apart."""
        made = self.copy()
        made.zones = [(t, mapped(w, move), *rest) for t, w, *rest in made.zones]
        for name in ("surfaces", "items", "current"):
            rows = getattr(made, name)
            setattr(made, name, [(k, mapped(w, move), *rest) for k, w, *rest in rows])
        made.context = {role: [(mapped(w, move), values) for w, values in rows]
                        for role, rows in made.context.items()}  # fmt: skip
        made.plan = None if made.plan is None else mapped(made.plan, move)
        return made

    def shifted(self, dx: float, dy: float) -> Town:
        """The whole town elsewhere."""
        made = self.moved(lambda x, y: (x + dx, y + dy))
        for role, rows in made.rasters.items():
            made.rasters[role] = [(a, (x + dx, y + dy), cell, *rest)
                                  for a, (x, y), cell, *rest in rows]  # fmt: skip
        return made

    def turned(self) -> Town:
        """A quarter turn to the left around the corner of the plan; rasters turn with it."""
        made = self.moved(lambda x, y: (WEST - (y - SOUTH), SOUTH + (x - WEST)))
        turned: dict[str, list[tuple]] = {}
        for role, rows in made.rasters.items():
            for values, (_x, y), cell, *rest in rows:
                a = np.asarray(values)
                # the upper right corner becomes the upper left one
                right = _x + a.shape[1] * cell
                corner = WEST - (y - SOUTH), SOUTH + (right - WEST)
                turned.setdefault(role, []).append((np.rot90(a), corner, cell, *rest))
        made.rasters = turned
        return made


def grid(value: float | np.ndarray, cell: float = 10.0, margin: float = 350.0) -> tuple:
    """A raster over the plan and around it: (array, upper left corner, cell)."""
    columns = math.ceil((WIDE + 2 * margin) / cell)
    rows = math.ceil((HIGH + 2 * margin) / cell)
    corner = (WEST - margin, SOUTH - margin + rows * cell)
    return np.broadcast_to(np.asarray(value, float), (rows, columns)).copy(), corner, cell


def sloping(cell: float = 4.0, margin: float = 60.0) -> tuple:
    """Ground that slopes to the south-east, with a bowl in the park and one in the street."""
    values, corner, cell = grid(0.0, cell, margin)
    rows, columns = values.shape
    x = corner[0] + (np.arange(columns) + 0.5) * cell - WEST
    y = corner[1] - (np.arange(rows) + 0.5) * cell - SOUTH
    bowl = 0.6 * np.exp(-((x[None, :] - 30) ** 2 + (y[:, None] - 100) ** 2) / 200.0)
    bowl = bowl + 0.7 * np.exp(-((x[None, :] - 80) ** 2 + (y[:, None] - 60) ** 2) / 500.0)
    return 2.0 - 0.002 * x[None, :] + 0.003 * y[:, None] - bowl, corner, cell


def _ground() -> list[tuple]:
    house = {"floors": 2.0, "height": 8.0, "dwellings": 1.0, "dwelling_type": "ground"}
    flat = {"floors": 5.0, "height": 16.0, "dwellings": 24.0, "dwelling_type": "apartment"}
    rows = [
        ("road", box(0, 56, 200, 64), {}),
        ("footway", box(0, 52, 200, 56), {}),
        ("dwelling", box(72, 70, 92, 82), flat),
        ("dwelling", box(110, 20, 130, 44), {**flat, "dwellings": 12.0}),
        ("office", box(140, 72, 170, 92), {"floors": 4.0, "height": 14.0, "use_class": "office"}),
        ("education", box(140, 16, 165, 36), {"floors": 2.0, "height": 8.0}),
        ("parking", box(104, 70, 132, 88), {"parking_spaces": 20.0}),
        ("water", box(176, 4, 196, 44), {"bank": "natural"}),
        ("swale", box(64, 100, 96, 106), {"storage": 20.0}),
        ("grass", box(4, 86, 60, 118), {"public": 1}),
        ("play", box(176, 70, 196, 84), {"public": 1}),
        ("wood", box(176, 90, 196, 116), {"public": 1}),
    ]
    for k in range(6):
        x = 4.0 + 16.0 * k
        rows += [("dwelling", box(x, 24, x + 9, 34), dict(house)),
                 ("garden", box(x, 4, x + 9, 24), {})]  # fmt: skip
    return rows


def town() -> Town:
    """A new town: two area types, forty dwellings, a layer for every role."""
    trees = [("tree", point(x, 48), {"canopy_diameter": 6.0, "height": 8.0})
             for x in range(6, 200, 12)]  # fmt: skip
    made = Town(
        zones=[("GT04", box(0, 0, 100, HIGH)), ("GT01", box(100, 0, WIDE, HIGH))],
        surfaces=_ground(),
        items=[
            *trees,
            *(("luminaire", point(x, 52.5), {"luminous_intensity": 900.0, "height": 4.0})
              for x in (20, 80, 140)),
        ],
        plan=box(0, 0, WIDE, HIGH),
    )  # fmt: skip
    made.current = [("agriculture", box(-300, -300, 500, 0), {}),
                    ("paved", box(0, 0, WIDE, HIGH), {}),  # seen where the design leaves it
                    ("grass", box(-300, 120, 500, 420), {"public": 1})]  # fmt: skip
    made.context = {
        "roads": [
            (line((-260, 60), (40, 60), (100, 60), (460, 60)),
             {"intensity": 6000.0, "medium": 4.0, "heavy": 2.0, "speed": 50.0, "surface": "asfalt",
              "owner": "municipal"}),
            (line((100, -206), (100, 54), (100, 60), (100, 300)),
             {"intensity": 800.0, "speed": 30.0, "owner": "municipal", "origin": "plan"}),
        ],
        "railways": [(line((-500, 260), (700, 260)), {"day": 8.0, "evening": 6.0, "night": 2.0,
                                                      "speed": 130.0, "category": "8"})],
        "noise_industry": [(box(120, -200, 400, 300), {"lden_from": 50.0, "lden_to": 55.0})],
        "risk_contours": [(box(150, -200, 400, 300), {"pr": -7.0}),
                          (box(180, -200, 400, 300), {"pr": -6.0})],
        "attention_areas": [(box(130, 60, 400, 300), {"kind": "fire"})],
        "odour": [(box(-200, -200, 400, 300), {"ou_p98": 1.2})],
        "stops": [(point(101, 58), {"mode": "bus", "route": "1", "freq": 4.0}),
                  (point(10, 60), {"mode": "bus", "route": "2", "freq": 2.0})],
        "flood_return_period": [(box(-200, -200, 400, 300), {"years": 3000.0})],
        "soil_class": [(box(-200, -200, 400, 300), {"class": 1.0})],
        "soil_function": [(box(-200, -200, 400, 300), {"class": 1.0})],
        "geological_values": [(box(0, 80, 80, 300), {"weight": 1.0})],
        "settlement": [(box(-200, -200, 400, 300), {"cm30": 12.0})],
        "sewer": [(box(-200, -200, 400, 300), {"combined": 0.3, "capacity": 20.0})],
        "trees": [(point(x, 124), {"height": 10.0, "canopy_diameter": 8.0})
                  for x in range(0, 200, 20)],
        "infiltration": [(box(-200, -200, 400, 300), {"k": 0.5})],
        "facilities": [(point(150, 66), {"kind": "supermarkt"}),
                       (point(20, 130), {"kind": "huisarts"})],
        "play_spots": [(point(60, 90), {"kind": "0-12"})],
        "paths": [(line((0, 54), (40, 54), (100, 54), (200, 54)), {}),
                  (line((40, 54), (40, 60), (40, 140)), {})],
        "entrances": [(point(82, 70), {}), (point(120, 44), {})],
        "public_green": [(box(-300, 120, 500, 420), {})],
        "parking": [(point(60, 58), {"spaces": 30.0, "kind": "public"})],
        "population": [(box(-300, -300, 500, 420), {"residents": 120.0, "workers": 50.0})],
        "generation": [(point(190, 100), {"kwh": 40_000.0})],
        "drinking_water": [(box(-50, -50, 50, 50), {"kind": "boringsvrije zone"})],
    }  # fmt: skip
    made.rasters = {
        "no2": [(*grid(18.0), {"contribution": "background"})],
        "pm10": [(*grid(16.0), {"contribution": "background"})],
        "pm25": [(*grid(8.0), {"contribution": "background"})],
        "o3": [grid(45.0)],
        "dtm": [sloping()],
        "dsm": [(sloping()[0] + 6.0, *sloping()[1:])],
        "groundwater": [grid(1.2)],
        "light": [grid(0.4)],
    }
    return made


# --- what may stand in a result -----------------------------------------------------------------
# Values that can exist, by unit; the widest that any zone may show.
POSSIBLE = {
    "dB Lden": (0.0, 130.0), "dB Lnight": (0.0, 130.0), "dB": (0.0, 130.0), "µg/m³": (0.0, 500.0),
    "°C": (-50.0, 80.0), "m": (0.0, 60.0), "lux": (0.0, 1e5), "yr": (0.0, 1e7),
    "log10 per yr": (-12.0, 1.0), "pt": (0.0, 1000.0), "mm": (-1000.0, 1e6),
}  # fmt: skip
# Percentages of a whole, which no percentage of a limit or of a demand is.
SHARES = {
    "open_water", "natural_banks", "stormwater_disconnection", "soil_quality", "geological_value",
    "societal_risk", "heat_pet", "shade", "cool_places", "cloudburst", "drought", "trees_visible",
    "canopy", "green_access", "services_access", "play_access", "healthy_environment",
}  # fmt: skip
_DUST = 1e-6


def faults(made: Assessment) -> list[str]:
    """Everything in an assessment that cannot be; empty where it is sound."""
    found: list[str] = []
    for r in [*made.scores, *made.parts]:
        name = f"{r.indicator}.{r.part}[{r.zone_id}]"

        def wrong(what: str, name: str = name, into: list[str] = found) -> None:
            into.append(f"{name}: {what}")

        for column in ("value", "mark", "mark_low", "mark_high", "chance6", "coverage", "assumed",
                       "spread", "weight", "share_below_6", "worst_value", "next_gain", "gap",
                       "ambition"):  # fmt: skip
            x = getattr(r, column)
            if x is not None and not math.isfinite(x):
                wrong(f"{column} = {x}")
        if r.value is not None:
            low, high = POSSIBLE.get(r.unit, (-1e9, 1e9))
            if r.indicator in SHARES and r.unit == "%":
                low, high = 0.0, 100.0
            if not low - _DUST <= r.value <= high + _DUST:
                wrong(f"value {r.value} {r.unit}")
        if r.mark is not None:
            if not 1.0 <= r.mark <= 10.0:
                wrong(f"mark {r.mark}")
            if r.value is None:
                wrong("a mark without a value")
            if r.mark_low is None or r.mark_high is None or r.chance6 is None:
                wrong("a mark without an interval")
            elif not r.mark_low - _DUST <= r.mark <= r.mark_high + _DUST:
                wrong(f"{r.mark_low} <= {r.mark} <= {r.mark_high}")
            if r.coverage is None:
                wrong("a mark without coverage")
        elif r.reason is None:
            wrong("neither a mark nor a reason")
        for column in ("chance6", "coverage", "assumed", "share_below_6"):
            x = getattr(r, column)
            if x is not None and not -_DUST <= x <= 1 + _DUST:
                wrong(f"{column} = {x}")
        if r.spread is not None and r.spread < 0:
            wrong(f"spread {r.spread}")
        if r.reason is not None:
            found += _unsaid(r.reason, name)
    for table in made.places():
        for column in ("value", "mark", "assumed"):
            x = np.asarray(getattr(table, column), float)
            if np.isinf(x).any() and not (column == "value" and table.indicator == "flood_safety"):
                found.append(f"{table.indicator} places: {column} infinite")
    for c in made.checks:
        found += _unsaid(c.title(), c.code) + _unsaid(c.advice(), c.code)
    for alert in made.alerts:
        if not math.isfinite(float(getattr(alert, "area", 0.0) or 0.0)):
            found.append(f"alert {alert}")
    for total in made.totals:
        if total.mark is not None and not 1.0 <= total.mark <= 10.0:
            found.append(f"total {total.theme}: {total.mark}")
    return found


def _unsaid(message: Any, name: str) -> list[str]:
    out = []
    for spoken in ("nl", "en"):
        said = text(message, spoken)
        if said == message.key or "{" in said or "nan" in said.lower().split():
            out.append(f"{name}: {message.key} ({spoken}): {said}")
    return out
