"""What a plan holds when only its type or a few numbers are known (features A4, A5).

A *programme* is a dictionary with some of :data:`KEYS`. With the area type of the ground it becomes
amounts of ground and floor (:func:`amounts`): what is given is met to the number, the rest is the
middle of the type (area_types.yml, domain 1.2) and named as assumed. :func:`lay_out` draws them as
a grid of blocks. The tables are in ``profiles/programme.yml``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from osgeo import ogr

from . import resources_path
from .functions import load_functions
from .norms import AreaType
from .slicing import cells, split, strips
from .words import DgoError, Message, say
from .yaml_lines import Node, read_yaml

USES = ("retail", "office", "industry", "education", "care", "culture", "hotel")
# key -> lowest and highest value. Shares are of the ground of the plan, 0-1.
KEYS: dict[str, tuple[float, float]] = {
    "dwellings": (0, 1e6),
    "dwelling_gfa": (20, 1000),  # m2 gross floor per dwelling
    "social_share": (0, 1),  # of the dwellings
    "gfa": (0, 1e8),  # m2 gross floor in all
    **{f"{use}_gfa": (0, 1e8) for use in USES},
    "floors": (1, 100),
    "built_share": (0, 1),  # GSI
    "green_share": (0, 1),
    "water_share": (0, 1),
    "parking_norm": (0, 10),  # spaces per dwelling
    "parking_spaces": (0, 1e6),
}
SHARED = ("dwellings", "gfa", "parking_spaces", *(f"{use}_gfa" for use in USES))  # amounts
# what may be assumed about ground, beside the canonical fields
PLACE, BUILT, GREEN, WATER, PAVED, PARKING = WORDS = (
    "place", "built", "green", "water", "paved", "parking",
)  # fmt: skip
LEAST = 1e-3  # m2 of floor or ground that is nothing
GREEN_FUNCTION, WATER_FUNCTION = "grass", "water"


@dataclass(frozen=True)
class Table:
    """``profiles/programme.yml``."""

    numbers: dict[str, float]
    public: dict[str, float]
    public_space: dict[str, dict[str, float]]
    private: dict[str, str]
    private_other: str
    mix: dict[str, dict[str, float]]
    matters: dict[str, tuple[str, ...]]
    of_trees: tuple[str, ...]  # indicators of trees, which no layout draws

    def __getitem__(self, name: str) -> float:
        return self.numbers[name]

    def words(self, indicator: str, part: str) -> tuple[str, ...]:
        """The assumptions about ground that move a part of an indicator."""
        found = self.matters.get(f"{indicator}.{part}", self.matters.get(indicator))
        return (PLACE,) if found is None else found


_NUMBERS = ("block", "most_blocks", "footway", "parking", "area_per_space", "most_parking",
            "most_built", "most_fsi", "social_gfa", "market_gfa", "spread")  # fmt: skip
_MAPS = ("public", "public_space", "private", "private_other", "mix", "matters",
         "of_trees")  # fmt: skip


@lru_cache(maxsize=1)
def table() -> Table:
    """The shipped table."""
    return read_table(resources_path.profiles() / "programme.yml")


def read_table(path: str | Path) -> Table:
    """Read and validate a table. Raises ``FileProblem`` with file, line, key, remedy."""
    top = read_yaml(path).mapping(("version", "date", "source", "confidence", *_NUMBERS, *_MAPS),
                                  (*_NUMBERS, *_MAPS))  # fmt: skip
    functions = load_functions().names

    def shares(node: Node, keys: tuple[str, ...]) -> dict[str, float]:
        return {k: n.number(0, 1) for k, n in node.mapping(keys).items()}

    ground = ("sealed", "green", "water")
    return Table(
        {name: top[name].number(0) for name in _NUMBERS},
        {k: n.number(0, 1) for k, n in top["public"].mapping().items()},
        {k: shares(n, ground) for k, n in top["public_space"].mapping().items()},
        {k: n.choice(functions) for k, n in top["private"].mapping().items()},
        top["private_other"].choice(functions),
        {k: shares(n, ("dwelling", *USES)) for k, n in top["mix"].mapping().items()},
        {k: tuple(w.choice(WORDS) for w in n.sequence())
         for k, n in top["matters"].mapping().items()},
        tuple(n.text() for n in top["of_trees"].sequence()),
    )  # fmt: skip


# ------------------------------------------------------------------------------------- amounts
@dataclass(frozen=True)
class Building:
    """A use with its gross floor area; ``dwellings`` None = not given, follow from the floor."""

    function: str
    gfa: float
    dwellings: float | None = None
    name: Message | None = None


@dataclass(frozen=True)
class Finding:
    """Something about the programme that must be said; a code of ``checks.json``."""

    code: str
    params: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Amounts:
    """What stands on a piece of ground. ``ground`` function -> m2, buildings apart."""

    area: float
    built: float  # m2
    floors: float
    buildings: tuple[Building, ...]
    ground: dict[str, float]
    spaces: float | None  # parking spaces, None = not given
    assumed: tuple[str, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def gfa(self) -> float:
        return sum(b.gfa for b in self.buildings)

    @property
    def fsi(self) -> float:
        return self.gfa / self.area if self.area > 0 else 0.0


def _middle(span: tuple[float, float] | None) -> float:
    return 0.0 if span is None else 0.5 * (span[0] + span[1])


def amounts(area: float, kind: AreaType, given: Mapping[str, float],
            rates: Mapping[str, float]) -> Amounts:  # fmt: skip
    """Ground and floor of ``area`` m2 of an area type. What ``given`` says is met exactly; where
    the ground is too small for it, buildings grow higher and parking goes indoors, with a finding.

    Raises DgoError where no plan can hold so much floor.
    """
    t = table()
    findings: list[Finding] = []
    buildings = _buildings(area, kind, given, rates)
    floor = sum(b.gfa for b in buildings)
    if floor > t["most_fsi"] * area:
        raise DgoError("errors.programme.too_dense", gfa=round(floor), area=round(area),
                       most=t["most_fsi"])  # fmt: skip
    if kind.fsi is not None and floor > kind.fsi[1] * area * (1 + 1e-9):
        findings.append(Finding("programme_fsi", {
            "fsi": floor / area, "most": kind.fsi[1], "area_type": kind.id,
            "name": dict(kind.name)}))  # fmt: skip
    built, floors = _built(area, floor, kind, given, t)
    if built > t["most_built"] * area * (1 + 1e-9):
        built = t["most_built"] * area
        floors = floor / built
        findings.append(Finding("programme_higher", {"floors": floors}))
    asked = given.get("built_share")
    if asked is not None and floor > 0 and abs(asked * area - built) > 1e-6 * area:
        findings.append(Finding("programme_built", {
            "asked": 100.0 * asked, "built": 100.0 * built / area, "floors": floors}))  # fmt: skip
    ground, spaces = _ground(area, built, kind, given, t, findings)
    known = {
        BUILT: "built_share" in given or ("floors" in given and _says_floor(given)),
        GREEN: "green_share" in given,
        WATER: "water_share" in given,
        PARKING: spaces is not None,
        "floors": "floors" in given,
        "gfa": "gfa" in given or ("dwelling_gfa" in given and "dwellings" in given)
        or (_says_floor(given) and not given.get("dwellings", 0)),
    }  # fmt: skip
    assumed = (PLACE, PAVED, *(word for word, sure in known.items() if not sure))
    return Amounts(area, built, floors, tuple(buildings), ground, spaces, assumed,
                   tuple(findings))  # fmt: skip


def _says_floor(given: Mapping[str, float]) -> bool:
    return any(key in given for key in ("dwellings", "gfa", *(f"{use}_gfa" for use in USES)))


def _buildings(area: float, kind: AreaType, given: Mapping[str, float],
               rates: Mapping[str, float]) -> list[Building]:  # fmt: skip
    t = table()
    found: list[Building] = []
    work = [Building(use, given[f"{use}_gfa"]) for use in USES
            if given.get(f"{use}_gfa", 0) > LEAST]  # fmt: skip
    if "dwellings" in given:
        found = _homes(given, rates)
        asked = sum(b.gfa for b in (*found, *work))
        if "gfa" in given and asked > 0:
            # the total is given: what the uses leave is housing; without it the mix of the type
            homes = sum(b.gfa for b in found)
            rest = max(given["gfa"] - (asked - homes), 0.0)
            if homes > 0 and "dwelling_gfa" not in given:
                found = [Building(b.function, b.gfa * rest / homes, b.dwellings, b.name)
                         for b in found]  # fmt: skip
        return [b for b in (*found, *work) if b.gfa > LEAST]
    if work and "gfa" not in given:
        return work
    if "gfa" in given:
        total = given["gfa"]
    elif "floors" in given and "built_share" in given:
        total = given["floors"] * given["built_share"] * area
    else:
        total = _middle(kind.fsi) * area
    rest = max(total - sum(b.gfa for b in work), 0.0)
    named = {b.function for b in work}
    mix = {u: s for u, s in t.mix.get(kind.id, {"dwelling": 1.0}).items() if u not in named}
    whole = sum(mix.values())
    parts = [Building(u, rest * s / whole) for u, s in mix.items()] if whole > 0 else []
    return [b for b in (*parts, *work) if b.gfa > LEAST]


def _homes(given: Mapping[str, float], rates: Mapping[str, float]) -> list[Building]:
    t, count = table(), given["dwellings"]
    if "social_share" not in given:
        return [Building("dwelling", count * given.get("dwelling_gfa", rates["dwelling_gfa"]),
                         count)]  # fmt: skip
    social = count * given["social_share"]
    if float(count).is_integer():
        social = float(round(social))
    each = t["social_gfa"], t["market_gfa"]
    if "dwelling_gfa" in given and count > 0:  # their mean is given: both move with it
        mean = (social * each[0] + (count - social) * each[1]) / count
        each = each[0] * given["dwelling_gfa"] / mean, each[1] * given["dwelling_gfa"] / mean
    return [
        Building("dwelling", social * each[0], social, say("fields.programme_social")),
        Building("dwelling", (count - social) * each[1], count - social,
                 say("fields.programme_market")),
    ]  # fmt: skip


def _built(area: float, floor: float, kind: AreaType, given: Mapping[str, float],
           t: Table) -> tuple[float, float]:  # fmt: skip
    """(built m2, floors). Floor area = built x floors, exactly."""
    if floor <= LEAST:
        return 0.0, 1.0
    if "floors" in given:
        return floor / given["floors"], given["floors"]
    if given.get("built_share", 0) > 0:
        built = given["built_share"] * area
    elif _says_floor(given):
        built = floor / max(_middle(kind.floors), 1.0)
        if kind.gsi is not None and kind.gsi[1] > 0:
            built = min(built, kind.gsi[1] * area)
    else:
        built = _middle(kind.gsi) * area
    built = min(max(built, floor / KEYS["floors"][1]), floor)  # from one to a hundred floors
    return built, floor / built


def _ground(area: float, built: float, kind: AreaType, given: Mapping[str, float], t: Table,
            findings: list[Finding]) -> tuple[dict[str, float], float | None]:  # fmt: skip
    """(m2 per function of the unbuilt ground, parking spaces or None). Sums to area - built."""
    open_ = area - built
    public = min(open_, t.public.get(kind.id, 0.4) * area)
    middle = {k: _middle(v) for k, v in kind.public_space.items()}
    shares = middle or t.public_space.get(kind.id, {"sealed": 0.7, "green": 0.2, "water": 0.1})
    whole = sum(shares.values())
    green = shares.get("green", 0) / whole * public
    water = shares.get("water", 0) / whole * public
    sealed = shares.get("sealed", 0) / whole * public
    green = given.get("green_share", green / area) * area
    water = given.get("water_share", water / area) * area
    if green + water > open_:
        findings.append(Finding("programme_ground", {
            "green": 100 * green / area, "water": 100 * water / area,
            "built": 100 * built / area}))  # fmt: skip
        fit = open_ / (green + water)
        green, water = green * fit, water * fit
    sealed = min(sealed, open_ - green - water)
    private = open_ - green - water - sealed
    spaces = _spaces(given)
    parking = t["parking"] * sealed
    if spaces is not None:
        wanted = spaces * t["area_per_space"]
        # more parking takes private ground as well; what does not fit stands indoors
        most = t["most_parking"] * (sealed + private)
        parking = min(wanted, most)
        if wanted > most * (1 + 1e-9):
            findings.append(Finding("programme_parking", {
                "spaces": spaces, "indoors": spaces - most / t["area_per_space"]}))  # fmt: skip
        extra = max(parking - t["most_parking"] * sealed, 0.0)
        extra = min(extra, private)
        sealed, private = sealed + extra, private - extra
        parking = min(parking, sealed)
    rest = sealed - parking
    ground = {"road": rest * (1 - t["footway"]), "footway": rest * t["footway"],
              "parking": parking}  # fmt: skip
    for name, amount in ((t.private.get(kind.id, t.private_other), private),
                         (GREEN_FUNCTION, green), (WATER_FUNCTION, water)):  # fmt: skip
        ground[name] = ground.get(name, 0.0) + amount
    return {name: amount for name, amount in ground.items() if amount > 1e-6}, spaces


def _spaces(given: Mapping[str, float]) -> float | None:
    if "parking_spaces" in given:
        return given["parking_spaces"]
    if "parking_norm" in given and "dwellings" in given:
        return given["parking_norm"] * given["dwellings"]
    return None


# ------------------------------------------------------------------------------------- drawing
@dataclass(frozen=True)
class Piece:
    """A feature of the schematic design; ``fields`` are canonical. ``assumed``: what about it is
    an assumption, canonical fields and :data:`WORDS`."""

    function: str
    geometry: ogr.Geometry
    fields: dict[str, Any]
    assumed: tuple[str, ...]


_ORDER = ("road", "parking", "footway", "", "yard", "garden", "agriculture", "nature", "grass",
          "water")  # fmt: skip


def lay_out(ground: ogr.Geometry, plan: Amounts) -> list[Piece]:
    """A grid of blocks of equal area, each with the same strips from the street to the water; the
    areas are exact, the places are only assumed. Deterministic."""
    t, area = table(), ground.GetArea()
    n = int(min(max(round(area / t["block"]), 1), t["most_blocks"]))
    names = [name for name in _ORDER if name == "" or name in plan.ground]
    names += [name for name in plan.ground if name not in names]
    sizes = [plan.built if name == "" else plan.ground[name] for name in names]
    whole = sum(sizes)
    strip: dict[str, list[ogr.Geometry]] = {name: [] for name in names}
    for cell in cells(ground, n):
        for name, part in zip(names, strips(cell, [s / whole for s in sizes])):
            if not part.IsEmpty() and part.GetArea() > 1e-9:
                strip[name].append(part)
    pieces = _houses(strip.pop(""), plan)
    for name, parts in strip.items():
        spaces = plan.spaces if name == "parking" else None
        counts = _parts(spaces, [p.GetArea() for p in parts]) if spaces is not None else None
        for k, part in enumerate(parts):
            fields = {} if counts is None else {"parking_spaces": counts[k]}
            pieces.append(Piece(name, part, fields, _about(plan, building=False)))
    return pieces


def _about(plan: Amounts, building: bool) -> tuple[str, ...]:
    """Assumptions of a feature: fields of buildings only on buildings."""
    return tuple(w for w in plan.assumed if w in WORDS or building)


def _houses(places: list[ogr.Geometry], plan: Amounts) -> list[Piece]:
    """The uses one after the other along the building strips; a strip that two share is cut."""
    found: list[tuple[Building, ogr.Geometry]] = []
    total = plan.gfa
    if not places or total <= 0:
        return []
    left = [plan.built * b.gfa / total for b in plan.buildings]
    use = 0
    for place in places:
        rest = place
        while not rest.IsEmpty() and rest.GetArea() > 1e-6 and use < len(left):
            own = rest.GetArea()
            if left[use] >= own - 1e-6 or use == len(left) - 1:
                found.append((plan.buildings[use], rest))
                left[use] -= own
                break
            part, rest = split(rest, left[use] / own)
            if part.GetArea() > 1e-6:
                found.append((plan.buildings[use], part))
            use += 1
        while use < len(left) - 1 and left[use] <= 1e-6:
            use += 1
    pieces: list[Piece] = []
    for building in plan.buildings:
        mine = [place for b, place in found if b is building]
        areas = [p.GetArea() for p in mine]
        homes = None if building.dwellings is None else _parts(building.dwellings, areas)
        for k, place in enumerate(mine):
            fields: dict[str, Any] = {
                "floors": plan.floors, "gfa": building.gfa * areas[k] / sum(areas),
            }  # fmt: skip
            if homes is not None:
                fields["dwellings"] = homes[k]
            if building.name is not None:
                fields["name"] = building.name
            pieces.append(Piece(building.function, place, fields, _about(plan, building=True)))
    return pieces


def _parts(total: float, sizes: list[float]) -> list[float]:
    """A total by size; a whole number in whole numbers, by largest remainder."""
    whole = sum(sizes)
    exact = [total * s / whole for s in sizes] if whole > 0 else [0.0] * len(sizes)
    if not float(total).is_integer():
        return exact
    found = [float(math.floor(x + 1e-9)) for x in exact]
    missing = round(total - sum(found))
    order = sorted(range(len(exact)), key=lambda k: (found[k] - exact[k], k))
    for k in order[:missing]:
        found[k] += 1.0
    return found
