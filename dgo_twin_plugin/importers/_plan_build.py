"""From building envelopes, uses and dimensions to buildings that a plan allows, and its capacity.

A building here is a *capacity*: the polygon stays the whole envelope (or the part of it in one
use), the gross floor area is envelope x coverage percentage x storeys. So GSI from the polygons is
that of the envelopes, and FSI from ``gfa`` is what may be built. Both, with and without the
percentage, stand in the table ``capacity``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from osgeo import ogr

from ..engine.checks import Check
from ..engine.clean import clean, quiet
from ..engine.functions import Functions
from ..engine.geometry import Polygons, bbox_pairs, overlap_areas, polygonal
from ..engine.mapping import to_number
from ..engine.overlap import dissolve
from ..engine.pulse import beat
from ..engine.wkb import moved_wkb
from ..engine.words import DgoError
from ._plan_read import PlanObject
from ._plan_terms import ABSENT, Terms, function_of, targets

TOUCH = 1e-6  # m2 of common ground below which two areas merely touch
MEASURES = ("storeys", "height", "eaves", "coverage", "dwellings", "built_area", "floor_area")
MOST = {"storeys": 100.0, "height": 400.0, "eaves": 400.0, "coverage": 100.0}


@dataclass
class Rules:
    """The mapping file, resolved."""

    plots: Terms
    buildings: Terms
    building_default: str | None
    shares: Terms  # residential share of a building by use
    purposes: Terms  # function by designation of purpose
    purposes_of: Terms  # uses in which such a designation decides
    dimensions: Terms
    designations: Terms
    storey: dict[str, float]
    roof: float
    sliver: float
    dwelling_gfa: float

    @classmethod
    def read(cls, mapping: Mapping[str, Any], functions: Functions) -> Rules:
        """Raises DgoError where the file names a function, a measure or a number that is none."""
        layers = mapping.get("layers") or {}
        use, built = layers.get("enkelbestemming") or {}, layers.get("bouwvlak") or {}
        purpose = layers.get("functieaanduiding") or {}
        dimensions = {str(k): v for k, v in (mapping.get("dimensions") or {}).items()}
        for term, measure in dimensions.items():
            if measure is not None and measure not in MEASURES:
                raise DgoError("errors.import.plan.mapping_measure", word=str(measure), where=term,
                               words=", ".join(MEASURES))  # fmt: skip
        return cls(
            Terms(targets(use, functions, "enkelbestemming")),
            Terms(targets(built, functions, "bouwvlak")),
            function_of(built.get("default"), functions, "bouwvlak"),
            Terms(built.get("residential_share")),
            Terms(targets(purpose, functions, "functieaanduiding")),
            Terms(dict.fromkeys(purpose.get("of") or [], True)),
            Terms(dimensions),
            Terms(mapping.get("designations")),
            {str(k): _number(v, f"storey_height.{k}", 1.5, 20)
             for k, v in (mapping.get("storey_height") or {"default": 3.0}).items()},
            _number(mapping.get("roof_share", 0.5), "roof_share", 0, 1),
            _number(mapping.get("sliver", 5), "sliver", 0, 1e6),
            _number(mapping.get("dwelling_gfa", 110), "dwelling_gfa", 10, 10_000),
        )  # fmt: skip

    def plot(self, use: PlanObject) -> Any:
        """Function of the ground of a use, or ABSENT."""
        return _first(self.plots, use.name, use.group)

    def building(self, use: PlanObject) -> Any:
        """Function of a building in a use, or ABSENT."""
        return _first(self.buildings, use.name, use.group)

    def height_of_storey(self, function: str | None) -> float:
        return self.storey.get(function or "", self.storey.get("default", 3.0))


def _first(terms: Terms, *words: str) -> Any:
    for word in words:
        if word:
            found = terms(word)
            if found is not ABSENT:
                return found
    return ABSENT


def _number(value: Any, where: str, low: float, high: float) -> float:
    number = to_number(value)
    if number is None or not low <= number <= high:
        raise DgoError("errors.import.plan.mapping_number", word=str(value), where=where,
                       low=low, high=high)  # fmt: skip
    return number


@dataclass
class Building:
    """What one envelope allows in one use. Areas m2; None = the plan does not say."""

    wkb: bytes  # world coordinates
    envelope: PlanObject
    use: PlanObject | None
    function: str | None
    area: float
    floors: float | None
    height: float | None
    coverage: float  # 0-1
    gfa: float | None
    share: float | None  # residential share, where the function does not say it all
    given_dwellings: float | None  # by the plan itself
    dwellings: float | None  # given, else from floor area
    plan: int


@dataclass
class Built:
    """The buildings of a plan and what was met on the way; areas in m2."""

    buildings: list[Building] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    unmapped: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    outside_plan: float = 0.0
    without_use: float = 0.0
    no_height: float = 0.0  # envelopes without storeys and without height
    partly: float = 0.0  # envelope ground that has no storeys while the rest of it has
    zero: int = 0  # dimensions of zero or less
    two_purposes: int = 0


class Ground:
    """Areas of one kind, cleaned, local to ``origin``."""

    def __init__(self, objects: list[PlanObject], origin: tuple[float, float],
                 checks: list[Check]) -> None:  # fmt: skip
        self.objects = objects
        name = objects[0].layer if objects else ""
        self.polygons = clean([bytes(o.geometry.ExportToWkb(ogr.wkbNDR)) for o in objects], name,
                              np.arange(len(objects)), origin, checks)  # fmt: skip
        self.area = self.polygons.area()


def shared(a: Polygons, b: Polygons) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs (row of a, row of b) with common ground and that ground in m2, sorted by a."""
    i, j = bbox_pairs(a.bounds(), b.bounds())
    area = overlap_areas(a, b, i, j)
    real = area > TOUCH
    i, j, area = i[real], j[real], area[real]
    order = np.lexsort((-area, i))
    return i[order], j[order], area[order]


def by_row(i: np.ndarray, j: np.ndarray, area: np.ndarray) -> dict[int, list[tuple[int, float]]]:
    """Row of a -> [(row of b, m2)], the largest first."""
    made: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for a, b, m2 in zip(i.tolist(), j.tolist(), area.tolist()):
        made[a].append((b, m2))
    return made


def build(envelopes: list[PlanObject], uses: list[PlanObject], dimensions: list[PlanObject],
          purposes: list[PlanObject], plans: list[PlanObject], rules: Rules,
          origin: tuple[float, float], with_coverage: bool = True) -> Built:  # fmt: skip
    """Work out the buildings. Every square metre of an envelope is in exactly one of them."""
    made = Built()
    env, use = Ground(envelopes, origin, made.checks), Ground(uses, origin, made.checks)
    parts = _pieces(env, use, rules.sliver)
    shapes = Polygons.from_geometries([p[2] for p in parts])
    area = shapes.area()
    values = _dimension_values(dimensions, rules, made)
    dim = Ground(dimensions, origin, made.checks)
    of_dim = by_row(*shared(shapes, dim.polygons))
    whole_dim = np.zeros(len(dimensions))  # ground of each dimension that has buildings
    for pairs in of_dim.values():
        for d, m2 in pairs:
            whole_dim[d] += m2
    told = Ground(purposes, origin, made.checks)
    of_purpose = by_row(*shared(shapes, told.polygons))
    ground = Ground(plans, origin, made.checks)
    of_plan = by_row(*shared(shapes, ground.polygons))
    back = (-origin[0], -origin[1])
    for row, (e, u, shape) in enumerate(parts):
        beat()
        m2 = float(area[row])
        if m2 <= TOUCH:
            continue
        inside = of_plan.get(row, [])
        if plans:
            made.outside_plan += max(0.0, m2 - sum(a for _, a in inside))
        owner = uses[u] if u >= 0 else None
        if owner is None:
            made.without_use += m2
        function = _function(owner, m2, of_purpose.get(row, []), purposes, rules, made)
        found = _measure(m2, of_dim.get(row, []), values, whole_dim)
        alone = abs(m2 - env.area[e]) <= TOUCH
        wkb = bytes((envelopes[e].geometry if alone else shape).ExportToWkb(ogr.wkbNDR))
        building = _building(m2, function, owner, found, rules, with_coverage,
                             wkb if alone else moved_wkb(wkb, back), envelopes[e],
                             inside[0][0] if inside else -1)  # fmt: skip
        if building.floors is None:
            made.no_height += m2
        elif found.get("storeys") is not None:
            made.partly += m2 * max(0.0, 1.0 - found["storeys_share"])
        made.buildings.append(building)
    if made.partly < 0.005 * float(area.sum() or 1):
        made.partly = 0.0  # roundings of borders
    return made


def _pieces(env: Ground, use: Ground, sliver: float) -> list[tuple[int, int, ogr.Geometry]]:
    """(envelope, use or -1, local shape): envelopes cut by use, parts below ``sliver`` m2 left
    with the largest part."""
    pairs = by_row(*shared(env.polygons, use.polygons))
    made: list[tuple[int, int, ogr.Geometry]] = []
    with quiet():
        for e in range(len(env.objects)):
            beat()
            whole, total = env.polygons.geometry(e), float(env.area[e])
            if total <= TOUCH:
                continue
            found = pairs.get(e, [])
            large = [(u, m2) for u, m2 in found if m2 >= sliver]
            if not large and found and found[0][1] >= 0.5 * total:
                large = found[:1]
            rest = total - sum(m2 for _, m2 in large)
            if len(large) == 1 and rest < sliver:
                made.append((e, large[0][0], whole))
                continue
            left = whole
            cut: list[tuple[int, int, ogr.Geometry]] = []
            for u, _ in large:
                part = polygonal(left.Intersection(use.polygons.geometry(u)))
                left = polygonal(left.Difference(use.polygons.geometry(u)))
                if not part.IsEmpty():
                    cut.append((e, u, part))
            if not left.IsEmpty() and left.Area() > TOUCH:
                if cut and left.Area() < sliver:
                    cut[0] = (e, cut[0][1], dissolve([cut[0][2], left]))
                else:
                    cut.append((e, -1, left))
            made += cut
    return made


def _function(use: PlanObject | None, m2: float, purposes: list[tuple[int, float]],
              told: list[PlanObject], rules: Rules, made: Built) -> str | None:  # fmt: skip
    """By the designation of purpose that covers half of it, where the use leaves that open; else
    by the use; else the default of the mapping, and listed."""
    if use is None:
        return rules.building_default
    if _first(rules.purposes_of, use.name, use.group) is not ABSENT:
        finer = {rules.purposes(told[p].name) for p, common in purposes if common >= 0.5 * m2}
        finer.discard(ABSENT)
        if len(finer) == 1:
            return str(finer.pop())
        made.two_purposes += len(finer) > 1
    found = rules.building(use)
    if found is ABSENT:
        made.unmapped[use.layer, "naam", f"{use.name} ({use.group}): building"] += 1
        return rules.building_default
    return None if found is None else str(found)


def _dimension_values(dimensions: list[PlanObject], rules: Rules,
                      made: Built) -> list[list[tuple[str, float]]]:  # fmt: skip
    """Per dimension area its (measure, value); what cannot be used is listed."""
    values: list[list[tuple[str, float]]] = []
    for area in dimensions:
        own: list[tuple[str, float]] = []
        for kind, text in area.values:
            measure = _first(rules.dimensions, kind)
            if measure is ABSENT or (measure is None and area.name):
                by_name = _first(rules.dimensions, area.name)
                measure = by_name if by_name is not ABSENT else measure
            if measure is ABSENT:
                made.unmapped[area.layer, "waardeType", kind or area.name or "–"] += 1
                continue
            if measure is None:
                continue
            number = to_number(text)
            if number is None or not np.isfinite(number) or number > MOST.get(measure, 1e7):
                made.unmapped[area.layer, kind or area.name, text] += 1
            elif number <= 0:
                made.unmapped[area.layer, kind or area.name, text] += 1
                made.zero += 1
            else:
                own.append((measure, number))
        values.append(own)
    return values


def _measure(m2: float, pairs: list[tuple[int, float]], values: list[list[tuple[str, float]]],
             whole: np.ndarray) -> dict[str, float]:  # fmt: skip
    """Area-weighted dimensions of a piece; ``<measure>_share`` is the part of it they cover."""
    weight: dict[str, float] = defaultdict(float)
    total: dict[str, float] = defaultdict(float)
    counts: dict[str, float] = defaultdict(float)
    for d, common in pairs:
        for measure, value in values[d]:
            if measure in ("dwellings", "built_area", "floor_area"):
                counts[measure] += value * common / whole[d]
            else:
                weight[measure] += common
                total[measure] += common * value
    found: dict[str, float] = dict(counts)
    for measure, ground in weight.items():
        if ground < 1e-3 * m2:
            continue  # a neighbour's border
        found[measure] = total[measure] / ground
        found[f"{measure}_share"] = min(1.0, ground / m2)
    return found


def _building(m2: float, function: str | None, use: PlanObject | None, found: dict[str, float],
              rules: Rules, with_coverage: bool, wkb: bytes, envelope: PlanObject,
              plan: int) -> Building:  # fmt: skip
    storey = rules.height_of_storey(function)
    height, eaves = found.get("height"), found.get("eaves")
    floors = found.get("storeys")
    if floors is None and eaves is not None:
        # full storeys below the eaves; the space below a pitched roof counts for a part
        full = max(1.0, np.floor(eaves / storey + 1e-9))
        floors = full + rules.roof * max(0.0, (height or eaves) - eaves) / storey
    elif floors is None and height is not None:
        floors = max(1.0, float(np.floor(height / storey + 1e-9)))
    coverage = 1.0
    if with_coverage:
        if "coverage" in found:
            part = found["coverage_share"]
            coverage = part * found["coverage"] / 100.0 + (1.0 - part)
        if "built_area" in found:
            coverage = min(coverage, found["built_area"] / m2)
    gfa = None if floors is None else m2 * coverage * floors
    if "floor_area" in found and with_coverage:
        gfa = found["floor_area"] if gfa is None else min(gfa, found["floor_area"])
    share = None if use is None else _first(rules.shares, use.name, use.group)
    share = None if share is None or share is ABSENT else float(share)
    lives = share if share is not None else (1.0 if function == "dwelling" else 0.0)
    given = found.get("dwellings") if lives > 0 else None
    dwellings = given
    if dwellings is None and gfa is not None and lives > 0:
        dwellings = gfa * lives / rules.dwelling_gfa
    return Building(wkb, envelope, use, function, m2, None if floors is None else float(floors),
                    height, coverage, gfa, share, given, dwellings, plan)  # fmt: skip
