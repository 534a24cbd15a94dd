"""The BAG (register of addresses and buildings) to buildings: use, dwellings, floor area, year.

Address objects are read first and added up per building; then the buildings are written. Memory
grows with the number of address objects in the area, some 200 bytes each, not with the file.

Per building: function of the use with most usable area; ``dwellings`` = address objects with a use
as home; ``gfa`` = their areas together / ``usable_share``; ``residential_share`` of that area. An
object with several uses spreads its area evenly over them, one that lies in several buildings over
those (its dwelling counts in the first). An object that names no building belongs to the one
around its point. Result: ``surfaces`` and a layer ``addresses`` with the objects themselves.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..engine.functions import Functions, load_functions
from ..engine.geometry import Polygons, containing
from ..engine.mapping import load_mapping, to_number
from ..engine.wkb import dimension
from ..engine.words import DgoError
from ._package import Outcome, Package, Request, Row, reference
from ._sources import Chunk, Wanted, fold, read

BUILDING, OBJECT, ADDRESS = "pand", "verblijfsobject", "adres"
POINTS = "addresses"


def run(request: Request) -> Outcome:
    """Import; no options. Raises DgoError; nothing is left behind then."""
    mapping = load_mapping(request.mapping or "bag")
    if not isinstance(mapping.get("layers"), dict) or BUILDING not in mapping["layers"]:
        raise DgoError("errors.import.mapping", path=str(request.mapping))
    rules = _Rules(mapping, load_functions())
    srs = reference(str(mapping.get("crs") or load_mapping("bag")["crs"]))
    with Package(request.output, srs, request.tick) as package:
        first = _half(request, 0.0)
        found = _Objects()
        for chunk in read(first, _Plan(package, mapping, (OBJECT, ADDRESS), True), srs):
            package.others(POINTS, "POINT", list(_objects(package, rules, chunk, found)))
        found.close()
        seen: set[Any] = set()
        for chunk in read(_half(request, 0.5), _Plan(package, mapping, (BUILDING,), False), srs):
            package.surfaces(list(_buildings(package, rules, chunk, found, seen)))
        lost = len(set(found.building) - seen)
        package.left_out(OBJECT, "no_building", lost)
        for name in request.inputs:
            package.about("input", name.replace("\\", "/").rpartition("/")[2])
        package.about("source", "bag")
        package.about("mapping", mapping.get("id", ""))
        package.about("usable_share", rules.usable)
        return package.commit()


def _half(request: Request, start: float) -> Request:
    """The same request with its progress in one half: the files are read twice."""
    whole = request.progress
    return Request(request.inputs, request.output, request.area, request.mapping,
                   request.max_features, request.options, request.tick,
                   lambda share: whole(start + 0.5 * share))  # fmt: skip


class _Rules:
    """The mapping, ready for use."""

    def __init__(self, mapping: Mapping[str, Any], functions: Functions) -> None:
        self.terms: dict[str, str | None] = {
            _word(k): functions.resolve(v) for k, v in (mapping.get("terms") or {}).items()
        }
        self.blocks: Mapping[str, Mapping[str, Any]] = mapping["layers"]
        self.default = functions.resolve(mapping.get("default"))
        self.homes = {_word(h) for h in mapping.get("homes") or []}
        self.usable = float((mapping.get("rates") or {}).get("usable_share", 0.8))
        if not 0.0 < self.usable <= 1.0:
            raise DgoError("errors.import.rate", name="usable_share", value=str(self.usable))
        kinds = mapping.get("dwelling_type") or {}
        self.one, self.more = kinds.get("one"), kinds.get("more")


def _word(term: object) -> str:
    return str(term).strip().lower()


class _Plan(Wanted):
    """Which layers of the files play which part."""

    def __init__(self, package: Package, mapping: Mapping[str, Any], parts: tuple[str, ...],
                 tell: bool) -> None:  # fmt: skip
        self.package, self.parts, self.tell = package, parts, tell
        self.blocks: Mapping[str, Mapping[str, Any]] = mapping["layers"]
        self.crossed: set[str] = set()

    def layer(self, name: str) -> str | None:
        short = name.lower().rpartition(":")[2]
        for block in sorted(self.blocks, key=len, reverse=True):
            if re.match(rf"(.*[_ .])?{re.escape(block)}(en)?(actueel.*)?$", short):
                return block
        return None

    def guess(self, name: str, have: Mapping[str, str]) -> str | None:
        for block, rules in self.blocks.items():
            need = rules.get("recognise")
            if need and all(fold(str(n)) in have for n in need):
                return block
        return None

    def skip(self, layer: str) -> bool:
        return layer not in self.parts

    def columns(self, layer: str) -> list[str]:
        block = self.blocks[layer]
        names: list[str] = []
        for key, value in block.items():
            if key not in ("status_out", "recognise"):
                names += [n for n in _list(value) if n not in names]
        return names

    def unknown(self, layer: str, count: int) -> None:
        if count and self.tell:
            self.package.left_out(layer, "layer", count)

    def left_out(self, layer: str, reason: str, count: int) -> None:
        self.package.left_out(layer, reason, count)


def _list(value: Any) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def _reader(block: Mapping[str, Any], chunk: Chunk) -> Callable[[str], list[Any]]:
    """A function: key of the block -> per row the first value there is."""

    def values(key: str) -> list[Any]:
        columns = [chunk.columns[n] for n in _list(block.get(key) or []) if n in chunk.columns]
        columns = [c for c in columns if any(v is not None for v in c)]
        if not columns:
            return [None] * len(chunk)
        if len(columns) == 1:
            return columns[0]
        return [next((v for v in row if v not in (None, "")), None) for row in zip(*columns)]

    return values


@dataclass
class _Sum:
    """What the address objects of a building add up to."""

    area: dict[str, float] = field(default_factory=dict)  # use -> usable m2
    known: bool = True  # every object has an area
    homes: int = 0
    objects: int = 0
    addresses: int = 0

    def add(self, uses: list[str], area: float | None, homes: int, share: float) -> None:
        self.objects += 1
        self.homes += homes
        for use in uses or [""]:
            part = (area or 0.0) * share / max(1, len(uses))
            self.area[use] = self.area.get(use, 0.0) + part
        if area is None:
            self.known = False


class _Objects:
    """Address objects per building, and those that name none, by their points."""

    def __init__(self) -> None:
        self.building: dict[str, _Sum] = {}
        self.loose: list[tuple[list[str], float | None, int, bool]] = []
        self.seen: set[int] = set()
        self._xy: list[tuple[float, float]] = []
        self.xy = np.zeros((0, 2))

    def close(self) -> None:
        self.xy = np.array(self._xy, float).reshape(-1, 2)

    def at(self, xy: tuple[float, float], uses: list[str], area: float | None, homes: int,
           bare: bool) -> None:  # fmt: skip
        self._xy.append(xy)
        self.loose.append((uses, area, homes, bare))


def _present(package: Package, block: Mapping[str, Any], chunk: Chunk) -> np.ndarray:
    """(n,) rows that are a present situation; the others are told."""
    keep = np.ones(len(chunk), bool)
    for name in _list(block.get("ended") or []):
        if name in chunk.columns:
            keep &= [not v for v in chunk.columns[name]]
    package.left_out(chunk.layer, "ended", int((~keep).sum()))
    out = {_word(s) for s in block.get("status_out") or []}
    now = keep & [_word(v) not in out for v in _reader(block, chunk)("status")]
    package.left_out(chunk.layer, "status", int((keep & ~now).sum()))
    return now


def _objects(package: Package, rules: _Rules, chunk: Chunk, found: _Objects) -> Iterator[Row]:
    """Add the objects of a chunk up, and give them as points."""
    block = rules.blocks[chunk.layer]
    value = _reader(block, chunk)
    keep = _present(package, block, chunk)
    ids, use, area, building = value("id"), value("use"), value("area"), value("building")
    label, number = value("label"), value("number")
    bare = chunk.layer == ADDRESS
    for row in range(len(chunk)):
        if not keep[row]:
            continue
        wkb = chunk.wkb[row]
        own = str(ids[row] or chunk.fid[row])
        if hash((chunk.layer, own)) in found.seen:
            package.left_out(chunk.layer, "twice")
            continue
        found.seen.add(hash((chunk.layer, own)))
        uses = _uses(package, rules, chunk.layer, block, use[row])
        size = to_number(area[row])
        if size is not None and not 0.0 < size < 999_999.0:  # 999999: the BAG's "not known"
            package.unmapped(chunk.layer, _list(block.get("area") or "area")[0], str(area[row]))
            size = None
        homes = int(any(u in rules.homes for u in uses))
        names = [n.strip() for n in str(building[row] or "").split(",") if n.strip()]
        point = _xy(wkb)
        for at, name in enumerate(names):
            found.building.setdefault(_key(name), _Sum()).add(
                uses, size, homes if at == 0 else 0, 1.0 / len(names)
            )
        if point is None:
            package.left_out(chunk.layer, "geometry")
            continue
        if not names:
            found.at(point, uses, size, homes, bare)
        shown = " ".join(str(v) for v in (label[row], number[row]) if v is not None)
        yield Row(None, struct.pack("<BI2d", 1, 1, *point),
                  {"name": shown or None, "use": ",".join(uses) or None, "area": size,
                   "bag_id": ",".join(names) or None}, chunk.layer, own)  # fmt: skip


def _xy(wkb: bytes | None) -> tuple[float, float] | None:
    """The point of an object, of a polygon (a mooring or a pitch) its middle."""
    if wkb is None:
        return None
    if dimension(wkb) == 0 and wkb[1] == 1:
        x, y = struct.unpack_from("<2d", wkb, 5)
        return (x, y) if x == x and y == y else None
    if dimension(wkb) == 2:
        x, y = Polygons.from_wkb([wkb]).centroids()[0].tolist()
        return (x, y) if x == x else None
    return None


def _uses(package: Package, rules: _Rules, layer: str, block: Mapping[str, Any],
          value: Any) -> list[str]:  # fmt: skip
    """The uses of an object that the mapping knows; the others are told."""
    found: list[str] = []
    for word in re.split(r"[,;|]", str(value or "").strip("{}[]")):
        word = _word(word.strip().strip('"'))
        if not word:
            continue
        if word not in rules.terms:
            package.unmapped(layer, _list(block.get("use") or "use")[0], word)
        elif word not in found:
            found.append(word)
    return found


def _key(identity: Any) -> str:
    """An identification without leading zeros: some sources store it as a number."""
    return str(identity).strip().lstrip("0")


def _buildings(package: Package, rules: _Rules, chunk: Chunk, found: _Objects,
               seen: set[Any]) -> Iterator[Row]:  # fmt: skip
    block = rules.blocks[chunk.layer]
    value = _reader(block, chunk)
    keep = _present(package, block, chunk)
    ids, use, year, count = value("id"), value("use"), value("year"), value("count")
    around = _around(chunk, keep, found)
    for row in range(len(chunk)):
        wkb = chunk.wkb[row]
        if not keep[row]:
            continue
        if wkb is None or dimension(wkb) != 2:
            package.left_out(chunk.layer, "geometry" if wkb is None else "kind")
            continue
        own = str(ids[row] or chunk.fid[row])
        if hash((_key(own), wkb)) in seen:
            package.left_out(chunk.layer, "twice")
            continue
        # a building in parts (as the BGT has them): what it holds counts in the first part
        total = None if _key(own) in seen else found.building.get(_key(own))
        seen.update((_key(own), hash((_key(own), wkb))))
        for uses, area, homes, bare in (found.loose[k] for k in around.get(row, ())):
            total = total or _Sum()
            if bare:
                total.addresses += 1
            else:
                total.add(uses, area, homes, 1.0)
        fields: dict[str, Any] = {"existing": True, "bag_id": own, "year": _year(year[row])}
        if total is not None and total.objects:
            function = _of_objects(rules, total, fields)
        else:
            uses = _uses(package, rules, chunk.layer, block, use[row])
            function = _of_itself(rules, uses, count[row], fields)
        if total is not None and total.addresses:
            fields["addresses"] = total.addresses
        yield Row(function, wkb, fields, chunk.layer, own)


def _around(chunk: Chunk, keep: np.ndarray, found: _Objects) -> dict[int, list[int]]:
    """Row of a present building -> loose objects inside it; of two the first has them."""
    if not len(found.xy):
        return {}
    shapes = Polygons.from_wkb(
        [wkb if now and dimension(wkb) == 2 else None for wkb, now in zip(chunk.wkb, keep)]
    )
    point, building = containing(shapes, found.xy)
    inside: dict[int, list[int]] = {}
    last = -1
    for p, b in zip(point.tolist(), building.tolist()):
        if p != last:
            inside.setdefault(b, []).append(p)
        last = p
    found.xy[point] = np.nan  # each belongs to one building
    return inside


def _of_objects(rules: _Rules, total: _Sum, fields: dict[str, Any]) -> str | None:
    """Function of the use with most area (of equals the first in the mapping), and the fields."""
    order = list(rules.terms)
    named = [u for u in total.area if u]
    whole = sum(total.area.values())
    fields["dwellings"] = float(total.homes)
    if whole > 0.0 and total.known:
        fields["gfa"] = whole / rules.usable
    if whole > 0.0 and named:
        share = sum(total.area[u] for u in named if u in rules.homes) / whole
        fields["residential_share"] = share
    if total.homes:
        fields["dwelling_type"] = rules.one if total.homes == 1 else rules.more
    if not named:
        return rules.default
    best = max(named, key=lambda u: (total.area[u], -order.index(u)))
    return rules.terms[best]


def _of_itself(rules: _Rules, uses: list[str], count: Any,
               fields: dict[str, Any]) -> str | None:  # fmt: skip
    """From the building's own columns: homes go first, for their number is what is known."""
    homes = [u for u in uses if u in rules.homes]
    number = to_number(count)
    if uses and len(homes) == len(uses) and number is not None and number >= 0:
        fields["dwellings"] = number
        fields["residential_share"] = 1.0
        if number:
            fields["dwelling_type"] = rules.one if number == 1 else rules.more
    if not uses:
        return rules.default
    return rules.terms[(homes or uses)[0]]


def _year(value: Any) -> int | None:
    """A year of construction; None where it is none (the BAG has 1005 for 'before')."""
    number = to_number(value)
    return int(number) if number is not None and 800 <= number <= 2200 else None
