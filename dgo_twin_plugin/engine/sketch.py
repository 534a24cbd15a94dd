"""Rough polygons become a schematic design before the ground is divided (feature A4).

A feature of function ``development`` says "here something is built", perhaps with a few numbers
(:data:`.programme.KEYS`). The ground that nothing else is drawn on is cut by area type and laid out
as :mod:`.programme` says; what is drawn inside counts towards the numbers, so the rest shrinks as
the drawing grows. Every piece knows what about it is an assumption.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from osgeo import ogr

from .boxes import bbox_pairs
from .checks import Check
from .clean import quiet
from .geometry import Polygons, overlap_areas, polygonal
from .mapping import to_number
from .overlap import dissolve
from .programme import KEYS, SHARED, WORDS, Amounts, Piece, amounts, lay_out
from .pulse import beat
from .scene import BOOL_FIELDS, FIELDS, NUMERIC_FIELDS
from .texts import text
from .words import IMPORTANT, NORMAL, Message

if TYPE_CHECKING:
    from .functions import Functions
    from .norms import Profile
    from .scene import Surfaces

DEVELOPMENT = "development"
ASSUMED = "assumed"  # column: words and fields of a feature that are assumptions
COLUMNS = (*KEYS, ASSUMED)  # columns of a layer that are read for this, beside the canonical ones
HOUSE = 10_000.0  # m2: no house has a larger footprint
LEAST = 1.0  # m2: less is no place to lay anything out
_HOUSE = ("dwelling_type", "use_class", "roof", "label", "green_roof", "blue_roof", "pv", "beng2",
          "mpg", "height", "residential_share")  # fmt: skip
_ANY = ("existing", "disconnected", "measure", "floor_level")


@dataclass(frozen=True)
class Ground:
    """What the surface features of all layers say, one after the other; arrays (n,). Shared between
    runs in which they say the same: nobody may write in it."""

    layer: np.ndarray
    fid: np.ndarray
    function: np.ndarray
    current: np.ndarray
    codes: np.ndarray  # of the functions, as :meth:`.functions.Functions.codes`
    fields: dict[str, np.ndarray]  # nothing filled yet
    said: dict[int, str] = field(default_factory=dict)  # row -> its column ``assumed``
    rough: dict[int, dict[str, float]] = field(default_factory=dict)  # row -> its programme

    @cached_property
    def halves(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the design and of the current situation."""
        return np.flatnonzero(~self.current), np.flatnonzero(self.current)

    @cached_property
    def bare_homes(self) -> np.ndarray:
        """Rows of designed homes that say nothing of their floor area."""
        bare = (self.function == "dwelling") & ~self.current
        for name in ("gfa", "floors", "dwellings"):
            bare &= np.isnan(self.fields[name])
        return np.flatnonzero(bare)


def given_of(
    columns: Mapping[str, Sequence[Any]], row: int, layer: str, fid: int, checks: list[Check]
) -> dict[str, float]:  # fmt: skip
    """The numbers that a feature gives; what cannot be is a check and counts as not given."""
    found: dict[str, float] = {}
    for key, (low, high) in KEYS.items():
        column = columns.get(key)
        value = None if column is None else to_number(column[row])
        if value is None:
            continue
        if not low <= value <= high:
            checks.append(Check("impossible_value", NORMAL, "field", layer, fid, field=key,
                                value=str(column[row] if column is not None else ""),
                                params={"count": 1}))  # fmt: skip
        else:
            found[key] = value
    return found


def expand(
    ground: Ground, footprints: Polygons, functions: Functions, area_map: Polygons,
    types: list[str | None], profile: Profile, rates: Mapping[str, float], checks: list[Check],
) -> tuple[Ground, Polygons]:  # fmt: skip
    """The same ground with every rough polygon laid out. Ground without an area type stays empty,
    with a check: nothing is known of it then."""
    rough = sorted(ground.rough)
    if not rough:
        return ground, footprints
    keep = np.setdiff1d(np.arange(footprints.n), rough)
    groups = _groups(functions)
    said = {new: ground.said[old] for new, old in enumerate(keep.tolist()) if old in ground.said}
    pieces: list[Piece] = []
    source: list[int] = []
    taken: dict[bool, list[ogr.Geometry]] = {True: [], False: []}
    box, now = footprints.bounds(), ground.current
    drawn = ~np.isin(np.arange(footprints.n), rough)
    of, near = bbox_pairs(box[rough], box)
    good = drawn[near] & (now[near] == now[rough][of])
    of, near = of[good], near[good]
    for k, row in enumerate(rough):
        beat()
        current, fid, place = bool(now[row]), int(ground.fid[row]), str(ground.layer[row])
        whole = footprints.geometry(row)
        given, rest = _rest(footprints, row, np.sort(near[of == k]), ground, groups)
        rest = _less(rest, taken[current])
        taken[current].append(whole)
        parts = _by_type(rest, area_map, types)
        found = _spread(given, parts, profile)
        lost = rest.GetArea() - sum(g.GetArea() for _, g, _ in found)
        if lost > LEAST:
            checks.append(Check("development_without_type", IMPORTANT, "feature", place, fid,
                                params={"area": lost}))  # fmt: skip
        for kind, shape, numbers in found:
            if shape.GetArea() < LEAST:
                continue
            plan = amounts(shape.GetArea(), profile.area_types[kind], numbers, rates)
            checks += [Check(f.code, NORMAL, "feature", place, fid, params=dict(f.params))
                       for f in plan.findings]  # fmt: skip
            made = lay_out(shape, plan)
            _told(checks, plan, kind, profile, place, fid)
            pieces += made
            source += [row] * len(made)
    for k, piece in enumerate(pieces):
        said[len(keep) + k] = " ".join(piece.assumed)
    rows = np.concatenate([keep, np.array(source, np.int64)])
    function = ground.function[rows]
    function[len(keep) :] = [piece.function for piece in pieces]
    fields = _fields(ground.fields, keep, pieces, source, functions)
    new = Polygons.from_geometries([p.geometry for p in pieces])
    return Ground(ground.layer[rows], ground.fid[rows], function, now[rows],
                  functions.codes(function), fields, said), footprints.take(keep).joined(new)


def _groups(functions: Functions) -> dict[str, set[str]]:
    return {
        "built_share": functions.expand("buildings"),
        "green_share": functions.expand(("group:green", "swale")),
        "water_share": {"water"},
    }


def _rest(
    footprints: Polygons, row: int, inside: np.ndarray, ground: Ground,
    groups: dict[str, set[str]],
) -> tuple[dict[str, float], ogr.Geometry]:  # fmt: skip
    """(programme of what is not drawn yet, its ground). What is drawn, the rows ``inside`` or near,
    counts by the share of its footprint that lies in the polygon."""
    given, fields = dict(ground.rough[row]), ground.fields
    whole = footprints.geometry(row)
    if not len(inside):
        return given, whole
    only = footprints.take(np.array([row]))
    common = overlap_areas(only, footprints, np.zeros(len(inside), np.int64), inside)
    inside, common = inside[common > 1e-6], common[common > 1e-6]
    if not len(inside):
        return given, whole
    rest = _less(whole, [footprints.geometry(int(k)) for k in inside])
    size = footprints.take(inside).area()
    share = common / size
    own = [f"{ground.function[k]}_gfa" for k in inside]
    # floor area as far as it is drawn: field gfa, else floors x footprint
    gfa, by_floors = fields["gfa"][inside], fields["floors"][inside] * size
    floor = np.nan_to_num(np.where(np.isfinite(gfa), gfa, by_floors))
    for key in SHARED:
        if key not in given:
            continue
        if key == "gfa":
            drawn = floor
        elif key.endswith("_gfa"):
            drawn = np.where([name == key for name in own], floor, 0.0)
        else:
            drawn = np.nan_to_num(fields[key][inside])
        there = float((drawn * share).sum())
        if key == "dwellings" and float(given[key]).is_integer():
            there = float(round(there))
        given[key] = max(given[key] - there, 0.0)
    left, area = rest.GetArea(), whole.GetArea()
    for key, members in groups.items():
        if key in given and left > 0:
            drawn_area = sum(c for k, c in zip(inside, common) if ground.function[k] in members)
            given[key] = min(max(given[key] * area - drawn_area, 0.0) / left, 1.0)
    return given, rest


def _less(geometry: ogr.Geometry, cover: list[ogr.Geometry]) -> ogr.Geometry:
    cover = [c for c in cover if c.Intersects(geometry)] if not geometry.IsEmpty() else []
    if not cover:
        return geometry
    with quiet():
        joined = dissolve(cover)
        left = geometry.Difference(joined)
        if left is None:
            left = geometry.Buffer(0).Difference(joined.Buffer(0))
    return polygonal(left)


def _by_type(
    rest: ogr.Geometry, area_map: Polygons, types: list[str | None]
) -> dict[str, ogr.Geometry]:
    """The ground per area type; where polygons of the map overlap the smaller one holds."""
    if rest.IsEmpty() or not area_map.n:
        return {}
    box = np.array([rest.GetEnvelope()])[:, [0, 2, 1, 3]]
    near = np.sort(bbox_pairs(box, area_map.bounds())[1])
    near = near[np.argsort(area_map.area()[near], kind="stable")]
    found: dict[str, list[ogr.Geometry]] = {}
    with quiet():
        for k in near:
            kind = types[int(k)]
            if kind is None or rest.IsEmpty():
                continue
            shape = area_map.geometry(int(k))
            part = rest.Intersection(shape)
            if part is None or part.GetArea() <= 0:
                continue
            found.setdefault(kind, []).append(polygonal(part))
            rest = polygonal(rest.Difference(shape))
    return {kind: dissolve(parts) for kind, parts in sorted(found.items())}


def _spread(
    given: dict[str, float], parts: dict[str, ogr.Geometry], profile: Profile
) -> list[tuple[str, ogr.Geometry, dict[str, float]]]:
    """Amounts go by floor area that the types hold, shares are the same everywhere. Whole
    dwellings stay whole."""
    weight = {}
    for kind, shape in parts.items():
        span = profile.area_types[kind].fsi or (0.0, 0.0)
        weight[kind] = shape.GetArea() * max(0.5 * (span[0] + span[1]), 1e-3)
    total, done = sum(weight.values()), 0.0
    out = []
    before = {key: 0.0 for key in SHARED}
    for kind, shape in parts.items():
        done += weight[kind]
        numbers = dict(given)
        for key in SHARED:
            if key in given:
                upto = given[key] * done / total
                if key in ("dwellings", "parking_spaces") and float(given[key]).is_integer():
                    upto = float(round(upto))
                numbers[key] = upto - before[key]
                before[key] = upto
        out.append((kind, shape, numbers))
    return out


def _told(checks: list[Check], plan: Amounts, kind: str, profile: Profile, layer: str,
          fid: int) -> None:  # fmt: skip
    checks.append(Check("development_laid_out", "low", "feature", layer, fid, params={
        "area": plan.area, "area_type": kind, "name": dict(profile.area_types[kind].name),
        "fsi": plan.fsi, "built": 100.0 * plan.built / plan.area,
    }))  # fmt: skip


def _fields(
    fields: dict[str, np.ndarray], keep: np.ndarray, pieces: list[Piece], source: list[int],
    functions: Functions,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Canonical fields with those of the pieces: their own, else what the rough polygon says of
    its buildings or of all its ground."""
    house = functions.expand("buildings")
    built = np.array([p.function in house for p in pieces], bool)
    rows = np.array(source, np.int64)
    out = {}
    for name, values in fields.items():
        numeric = name in NUMERIC_FIELDS or name in BOOL_FIELDS
        new = np.full(len(pieces), np.nan) if numeric else np.full(len(pieces), None, object)
        if len(rows) and (name in _ANY or name in _HOUSE or name == "basis"):
            where = built if name in _HOUSE else np.ones(len(pieces), bool)
            new[where] = values[rows][where]
        for k, piece in enumerate(pieces):
            own = piece.fields.get(name)
            if own is not None:
                new[k] = text(own) if isinstance(own, Message) else own
        out[name] = np.concatenate([values[keep], new])
    return out


def areas_as_buildings(ground: Ground, footprints: Polygons) -> list[Check]:
    """Designed homes on more than a hectare that say nothing more: an area of homes, not a house.
    It is scored as drawn, and this is said."""
    area, rows = footprints.area(), ground.bare_homes
    return [Check("building_or_area", NORMAL, "feature", ground.layer[k], int(ground.fid[k]),
                  params={"area": float(area[k])})
            for k in rows[area[rows] > HOUSE].tolist()]  # fmt: skip


# ------------------------------------------------------------------------------------ assumptions
def mark_assumed(surfaces: Surfaces, said: Mapping[int, str], checks: list[Check]) -> None:
    """What features call an assumption themselves, into ``surfaces.assumed``: canonical fields,
    and the words about ground (made only where any feature says one)."""
    surfaces.said = dict(said)
    unknown: dict[str, int] = {}
    marked: dict[str, list[int]] = {}
    for row, phrase in said.items():
        for word in re.split(r"[\s,;]+", phrase.strip().lower()):
            if not word:
                continue
            if word not in FIELDS and word not in WORDS:
                unknown[word] = unknown.get(word, 0) + 1
                continue
            marked.setdefault(word, []).append(row)
    for word, rows in marked.items():
        values = surfaces.assumed.get(word)  # may be that of the scene before
        surfaces.assumed[word] = np.zeros(surfaces.n, bool) if values is None else values.copy()
        surfaces.assumed[word][rows] = True
    checks += [
        Check("impossible_value", NORMAL, "field", "", field=ASSUMED, value=word,
              params={"count": count})
        for word, count in sorted(unknown.items())
    ]  # fmt: skip
