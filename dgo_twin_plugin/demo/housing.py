"""Rows, pairs, villas and apartment blocks along the streets, each with its plot."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from osgeo import ogr

from . import shapes
from .layout import Layout, half_width
from .settings import Tuning


@dataclass(frozen=True)
class Kind:
    term: str
    unit: float  # m of frontage of one dwelling (rows) or of the whole block
    depth: float
    counts: tuple[int, ...]  # dwellings in one building, tried in turn
    front: float  # m front garden
    back: float
    side: float  # m beside the building, to each side


ROW = Kind("Rijwoningen", 5.6, 10.0, (7, 9, 6, 8, 7, 5), 3.0, 11.0, 1.9)
PAIR = Kind("Twee-onder-een-kap", 6.6, 10.5, (2,), 5.0, 15.0, 3.4)
VILLA = Kind("Vrijstaand", 11.0, 12.0, (1,), 8.0, 21.0, 5.0)
BLOCK = Kind("Appartementen", 50.0, 14.0, (1,), 4.0, 9.0, 6.0)
SMALL = Kind("Appartementen", 34.0, 14.0, (1,), 4.0, 9.0, 6.0)


@dataclass
class House:
    kind: Kind
    geometry: ogr.Geometry
    plot: ogr.Geometry
    path: ogr.Geometry  # strip behind the plot
    dwellings: int
    floors: int
    x: float
    y: float
    angle: float  # of the front, radians
    fields: dict = field(default_factory=dict)


# street -> kinds in turn for the left and the right side; empty: nothing stands there
ALONG: dict[str, tuple[tuple[Kind, ...], tuple[Kind, ...]]] = {
    "Startbaan": ((ROW, SMALL, ROW), (ROW, BLOCK, ROW)),
    "Poortlaan": ((ROW,), (ROW,)),
    "Windzak": ((VILLA, VILLA, PAIR, VILLA), (ROW, ROW, PAIR)),
    "Propellerpad": ((ROW,), (ROW,)),
    "Vleugel": ((PAIR, VILLA, PAIR), ()),
    "Zweefvlieg": ((PAIR, PAIR, VILLA), (ROW,)),
    "Thermiek": ((ROW,), (ROW,)),
    "Hangaarhof": ((SMALL, ROW, BLOCK), (ROW, ROW, PAIR, ROW)),
    "Radarlaan": ((ROW, PAIR), (PAIR, PAIR, ROW)),
    "Baken": ((ROW, BLOCK), (ROW, PAIR, ROW)),
    "Daalhoek": ((ROW, ROW, PAIR), (ROW,)),
    "Zandverstuiving": ((VILLA, PAIR, VILLA), (VILLA, PAIR)),
    "Munitieweg": ((ROW,), ()),
}


class Placer:
    """Puts houses where there is room: inside the free ground and clear of one another."""

    def __init__(self, layout: Layout, tuning: Tuning, free: ogr.Geometry) -> None:
        self.layout, self.tuning, self.free = layout, tuning, free
        self.houses: list[House] = []
        self._cores: list[ogr.Geometry] = []
        self._turn = 0

    def line(self, name: str, side: int, kinds: tuple[Kind, ...]) -> None:
        """Walk along one side (+1 left, -1 right) of a street."""
        street = self.layout.street(name)
        widths = half_width(street.kind, self.tuning)
        width = widths[0] if side > 0 else widths[1]
        length = float(shapes.stations(street.xy)[-1])
        s, turn = 8.0, 0
        while kinds and s < length - 8.0:
            kind = kinds[turn % len(kinds)]
            step = self._try(street.xy, s, length, side, width, kind)
            if step:
                turn += 1
            s += step or 4.0

    def _try(self, xy, s: float, length: float, side: int, width: float, kind: Kind) -> float:
        wished = kind.counts[self._turn % len(kind.counts)]
        for count in range(wished, min(wished, 3 if kind is ROW else wished) - 1, -1):
            frontage = kind.unit * count
            middle = s + kind.side + frontage / 2
            if middle + frontage / 2 > length:
                continue
            x, y, angle = shapes.locate(xy, middle)
            if side < 0:
                angle += math.pi
            house = self.house(kind, x, y, angle, width, count)
            if house is not None:
                return frontage + 2 * kind.side
        return 0.0

    def house(
        self, kind: Kind, x: float, y: float, angle: float, width: float, count: int
    ) -> House | None:
        """One building whose front looks back at the street axis point (x, y)."""
        half = kind.unit * count / 2
        v0 = width + kind.front
        v1 = v0 + kind.depth
        shape = shapes.oriented(x, y, angle, -half, half, v0, v1)
        core = shapes.oriented(
            x, y, angle, -half - kind.side + 0.1, half + kind.side - 0.1,
            v0 - 0.5, v1 + 0.6 * kind.back,
        )  # fmt: skip
        if not self.free.Contains(shape) or any(core.Intersects(c) for c in self._cores):
            return None
        self._cores.append(core)
        self._turn += 1
        floors = self.tuning.row_floors[self._turn % len(self.tuning.row_floors)]
        if kind.term == "Appartementen":
            floors = self.tuning.apartment_floors
        dwellings = count
        if kind.term == "Appartementen":
            dwellings = int(kind.unit * kind.depth * floors * 0.8 // 88)
        elif kind is not ROW:
            floors = 2
        sides = half + kind.side
        plot = shapes.oriented(x, y, angle, -sides, sides, width - 0.5, v1 + kind.back)
        path = shapes.oriented(
            x, y, angle, -sides - 1.6, sides + 1.6, width, v1 + kind.back + 1.5
        )  # fmt: skip
        c, sn = math.cos(angle), math.sin(angle)
        mid = v0 + kind.depth / 2
        made = House(
            kind, shape, plot, path, dwellings, floors, x - mid * sn, y + mid * c, angle
        )  # fmt: skip
        self.houses.append(made)
        return made

    def free_standing(self, x: float, y: float, angle: float, kind: Kind, floors: int) -> None:
        """A block at a fixed place, whatever the streets do."""
        mid = kind.front + kind.depth / 2
        sx, sy = x + mid * math.sin(angle), y - mid * math.cos(angle)
        made = self.house(kind, sx, sy, angle, 0.0, 1)
        if made is not None:
            made.floors = floors
            made.dwellings = int(kind.unit * kind.depth * floors * 0.8 // 88)
