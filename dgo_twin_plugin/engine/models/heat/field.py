"""The whole heat field, and a part of it worked out again after an edit."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..patched import joined
from ..tables import constants
from .march import BAND, Solid, by_bands
from .pet import diffuse, heat_island, pet_shade, pet_sun, wet_bulb
from .shade import CROWN, LIT, SOLID, shadow
from .sky import compass, sky_view
from .sun import Sun, highest, position
from .wind import PER_M, box_sums, roughness, wind_factor, wind_speed_share

FINE = 10_000  # parts in which sky view factors are added up, whole numbers
REACH = 150.0  # m: nothing further away has any influence
_ARRAYS = ("building", "crown", "base", "green", "wet", "terrain")

Window = tuple[int, int, int, int]  # first row, one past the last, first column, one past the last


@dataclass(frozen=True)
class Grids:
    """What the model asks of every cell, all (rows, columns) in whole numbers, so that sums are
    exact: heights in cm above the ground, ``green`` in % of the ground, ``wet`` yes or no;
    ``terrain`` m, None = flat."""

    building: np.ndarray
    crown: np.ndarray
    base: np.ndarray
    green: np.ndarray
    wet: np.ndarray
    terrain: np.ndarray | None
    cell: float  # m

    @classmethod
    def of(cls, building: np.ndarray, crown: np.ndarray, base: np.ndarray, green: np.ndarray,
           wet: np.ndarray, cell: float, terrain: np.ndarray | None = None) -> Grids:  # fmt: skip
        """From heights in m (NaN or negative: nothing stands) and shares 0-1 (NaN: unknown)."""
        unknown = constants("heat")["ground"]["unknown_vegetated"]

        share = np.where(np.isnan(green), unknown, np.clip(green, 0.0, 1.0))
        level = None if terrain is None else filled(terrain)
        solid = _cm(building)
        return cls(solid, *crowns_above(solid, crown, base),
                   np.rint(100.0 * share).astype(np.int32), np.asarray(wet, bool), level,
                   float(cell))  # fmt: skip

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self.building.shape
        return rows, columns

    def part(self, window: Window) -> Grids:
        r0, r1, c0, c1 = window
        cut: dict[str, Any] = {name: None if getattr(self, name) is None else
                               np.ascontiguousarray(getattr(self, name)[r0:r1, c0:c1])
                               for name in _ARRAYS}  # fmt: skip
        return replace(self, **cut)


def crowns_above(building: np.ndarray, crown: np.ndarray,
                 base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Crowns and their base, cm, from m above the ground. A crown over a roof (cm) that is as high
    casts no shadow of its own."""
    top = _cm(crown)
    top[top <= building] = 0
    return top, np.minimum(_cm(base), top)


def _cm(metres: np.ndarray) -> np.ndarray:
    """Whole cm; nothing where unknown or below the ground."""
    known = np.fmin(np.fmax(metres, 0.0), 1000.0)
    return np.asarray(np.rint(known * PER_M), np.int32)


def filled(terrain: np.ndarray) -> np.ndarray | None:
    """The terrain, m float32, holes filled from what lies around them: ever larger blocks, until
    one knows a height. None where nothing is known: the ground is taken as flat."""
    known = np.isfinite(terrain)
    if not known.any():
        return None
    level = np.where(known, terrain, 0.0)
    out, size = level.astype(np.float32), 1
    rows, columns = np.nonzero(~known)
    while len(rows):
        level, known = _halved(level, known)
        size *= 2
        found = known[rows // size, columns // size]
        r, c = rows[found], columns[found]
        out[r, c] = level[r // size, c // size]
        rows, columns = rows[~found], columns[~found]
    return out


def _halved(level: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Blocks of two by two cells: the mean of what is known in them, else 0; and whether any is."""
    shape = tuple(-(-n // 2) for n in level.shape)
    mean, some = np.zeros(shape), np.zeros(shape, bool)
    for first in range(0, len(mean), BAND):  # what is made on the way stays in the cache
        at = slice(2 * first, 2 * (first + BAND))
        parts = known[at] * level[at], known[at].astype(float)
        even = [(0, -n % 2) for n in parts[0].shape]
        total, count = (a[::2, ::2] + a[1::2, ::2] + a[::2, 1::2] + a[1::2, 1::2]
                        for a in (np.pad(p, even) for p in parts))  # fmt: skip
        at = slice(first, first + BAND)
        np.greater(count, 0, out=some[at])
        np.divide(total, count, out=mean[at], where=some[at])
    return mean, some


@dataclass(frozen=True)
class Hour:
    """One hour of the reference day."""

    t: float  # degrees C
    rh: float  # %
    ff: float  # m/s at 10 m
    q: float  # W/m2 global
    qd: float  # W/m2 diffuse
    uhi: float  # share of the largest heat island
    sun: Sun


@dataclass(frozen=True)
class Day:
    """When, where and in which weather: read from ``heat.yml``, or given."""

    hours: tuple[Hour, ...]
    day: dict[str, float]
    noon: Sun  # the highest sun of the day of N02

    @classmethod
    def of(cls, content: dict[str, Any]) -> Day:
        place = content["place"]
        where = float(place["latitude"]), float(place["longitude"])
        reference = content["reference_day"]
        start = datetime.datetime.combine(_date(reference["date"]), datetime.time())
        hours = []
        for row in reference["hours"]:
            sun = position(start + datetime.timedelta(hours=float(row["utc"])), *where)
            hours.append(Hour(row["t"], row["rh"], row["ff"], row["q"],
                              diffuse(row["q"], sun.sine, content["diffuse"]), row["uhi"], sun))
        noon = highest(_date(content["shade_day"]["date"]), *where)
        return cls(tuple(hours), dict(reference["day"]), noon)


def _date(value: Any) -> datetime.date:
    return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(str(value))


@dataclass(frozen=True)
class Heat:
    """What came out, (rows, columns) float32. ``pet`` degrees C, mean over the hours, NaN on
    buildings; ``sky`` SVF; ``wind`` share of the wind at 10 m; ``solid`` and ``leaf``: share of the
    hours in the shade of buildings or relief, and of crowns alone."""

    grids: Grids
    day: Day
    pet: np.ndarray
    sky: np.ndarray
    wind: np.ndarray
    solid: np.ndarray
    leaf: np.ndarray


def heat(grids: Grids, day: Day | None = None) -> Heat:
    """The field of the reference day. float32; the ground beyond the grid is open and empty."""
    content = constants("heat")
    day = day or Day.of(content)
    rows, columns = grids.shape
    solid = solid_of(grids)
    reach, through = float(content["shade_reach"]), float(content["crowns"]["transmissivity"])
    ways = compass(content["sky"]["directions"], content["sky"]["reach"], grids.cell)
    suns = [hour.sun for hour in day.hours]
    sky = np.empty((rows, columns), np.float32)
    shades = np.empty((len(suns), rows, columns), np.uint8)

    def geometry(first: int, last: int) -> None:
        sky[first:last] = sky_view(solid, ways, through, first, last)
        for k, sun in enumerate(suns):
            shades[k, first:last] = shadow(solid, sun, reach, first, last)

    by_bands(rows, geometry)
    density, height = roughness(grids.building, grids.crown, grids.cell, content["wind"])
    open_sky, open_green = _around(sky, grids, content["heat_island"])
    pet, wind, leaf, dark = (np.empty((rows, columns), np.float32) for _ in range(4))
    light = np.zeros(SOLID + 1, np.float32)
    light[LIT], light[CROWN] = 1.0, through

    def climate(first: int, last: int) -> None:
        at = slice(first, last)
        factor = wind_factor(density[at], height[at], content["wind"])
        wind[at] = wind_speed_share(factor, content["wind"])
        between = shades[:, at]
        direct = light.take(between)
        island = heat_island(open_sky[at], open_green[at], day.day, content["heat_island"]["air"])
        pet[at] = _mean_pet(day, content["pet"], island.astype(np.float32), sky[at], wind[at],
                            _bowen(grids, at, content["pet"]["bowen"]), direct)  # fmt: skip
        dark[at] = (between == SOLID).mean(axis=0)
        leaf[at] = (between == CROWN).mean(axis=0)

    by_bands(rows, climate)
    pet[grids.building > 0] = np.nan
    return Heat(grids, day, pet, sky, wind, dark, leaf)


def shaded(grids: Grids, sun: Sun) -> np.ndarray:
    """(rows, columns) uint8: what stands between the ground and the sun: LIT, CROWN or SOLID."""
    solid, reach = solid_of(grids), float(constants("heat")["shade_reach"])
    out = np.empty(grids.shape, np.uint8)

    def work(first: int, last: int) -> None:
        out[first:last] = shadow(solid, sun, reach, first, last)

    by_bands(grids.shape[0], work)
    return out


def solid_of(grids: Grids) -> Solid:
    """The grids as things that stand in the light."""
    pad = int(REACH / grids.cell) + 1
    m = np.float32(1.0 / PER_M)
    building, crown, base = (a.astype(np.float32) * m
                             for a in (grids.building, grids.crown, grids.base))  # fmt: skip
    return Solid.of(building, crown, base, grids.terrain, pad, grids.cell)


def _around(sky: np.ndarray, grids: Grids,
            island: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Mean sky view factor and vegetated share around every cell. Roofs see no sky of the street:
    they are left out of the first; crowns are green whatever lies below."""
    out = grids.building == 0
    parts = np.rint(sky * np.float32(FINE)).astype(np.int32)
    near, far = (int(island[k] / grids.cell) for k in ("sky_window", "green_window"))
    open_sky, open_green = (np.empty(grids.shape, np.float32) for _ in range(2))
    for (at, places), (_, seen) in zip(box_sums(out, near), box_sums(parts * out, near)):
        part = seen / (np.maximum(places, 1) * float(FINE))
        part[places == 0] = 1.0
        open_sky[at] = part
    green = np.where(grids.crown > 0, 100, grids.green) * out
    cells = [np.minimum(np.arange(n) + far + 1, n) - np.maximum(np.arange(n) - far, 0)
             for n in grids.shape]  # fmt: skip
    for at, found in box_sums(green, far):
        open_green[at] = found / (100.0 * (cells[0][at, None] * cells[1]))
    return open_sky, open_green


def _bowen(grids: Grids, at: slice, ratio: dict[str, float]) -> np.ndarray:
    """Bowen ratio of the ground: between that of green and of other ground; water is as green."""
    green = np.where(grids.wet[at], 100, grids.green[at]).astype(np.float32) * np.float32(0.01)
    return np.asarray(ratio["other"] + (ratio["vegetated"] - ratio["other"]) * green, np.float32)


def _mean_pet(day: Day, c: dict[str, Any], island: np.ndarray, sky: np.ndarray, wind: np.ndarray,
              bowen: np.ndarray, direct: np.ndarray) -> np.ndarray:  # fmt: skip
    """Mean of the hours; light that comes through a crown mixes sun and shade."""
    total = np.zeros(sky.shape, np.float32)
    log_wind = np.log(wind)
    for hour, lit in zip(day.hours, direct):
        ta = island * np.float32(hour.uhi) + np.float32(hour.t)
        tw = wet_bulb(ta, hour.rh)
        ln_u = np.maximum(log_wind + np.float32(np.log(max(hour.ff, 1e-6))),
                          np.float32(np.log(c["least_wind"])))  # fmt: skip
        shade = pet_shade(ta, tw, ln_u, hour.qd, sky, c["shade"])
        if hour.q > 0 and hour.sun.sine > 0:
            sun = pet_sun(ta, tw, ln_u, hour.q, hour.sun.sine, bowen, sky, c["sun"])
            shade = shade + lit * (sun - shade)
        total += shade.astype(np.float32)
    low, high = c["sane"]
    return np.clip(total * np.float32(1.0 / max(len(day.hours), 1)), low, high)


# ------------------------------------------------------------------------------ after an edit
def update(previous: Heat, grids: Grids, boxes: Sequence[Window]) -> Heat:
    """The field of ``grids``, which differ from the previous only inside ``boxes``: everything
    further than 150 m from them is kept, the rest is the same as from a full run."""
    if grids.shape != previous.grids.shape or grids.cell != previous.grids.cell:
        raise ValueError("another frame: run heat()")
    if (grids.terrain is None) != (previous.grids.terrain is None):
        return heat(grids, previous.day)
    reach = int(REACH / grids.cell) + 2
    names = ("pet", "sky", "wind", "solid", "leaf")
    arrays = {name: getattr(previous, name).copy() for name in names}
    for wanted in joined([_grown(box, reach, grids.shape) for box in boxes]):
        seen = _grown(wanted, reach, grids.shape)
        part = heat(grids.part(seen), previous.day)
        inner = (slice(wanted[0] - seen[0], wanted[1] - seen[0]),
                 slice(wanted[2] - seen[2], wanted[3] - seen[2]))  # fmt: skip
        for name in names:
            arrays[name][wanted[0] : wanted[1], wanted[2] : wanted[3]] = getattr(part, name)[inner]
    return replace(previous, grids=grids, **arrays)


def changed(before: Grids, after: Grids) -> list[Window]:
    """The box of all cells that differ; none where the grids are the same."""
    differs = np.zeros(before.shape, bool)
    for name in _ARRAYS:
        a, b = getattr(before, name), getattr(after, name)
        if a is not None and b is not None:
            differs |= a != b
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return []
    return [(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)]


def _grown(box: Window, reach: int, shape: tuple[int, int]) -> Window:
    return (max(box[0] - reach, 0), min(box[1] + reach, shape[0]),
            max(box[2] - reach, 0), min(box[3] + reach, shape[1]))  # fmt: skip


__all__ = ["Day", "Grids", "Heat", "Hour", "changed", "filled", "heat", "shaded", "update"]
