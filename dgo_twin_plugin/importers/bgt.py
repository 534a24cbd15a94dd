"""The BGT (large-scale base map, IMGeo 2.x) to functions: the current situation.

Read are GeoPackage, SpatiaLite (also a folder with a file per layer), GML, GML-light and the
CityGML zip of PDOK. What becomes of a value stands in ``profiles/mappings/bgt.yml``; the engine's
own :func:`~..engine.mapping.canonical` applies it, chunk by chunk, so an import and a layer with
``mapping: bgt`` in a twin file give the same functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.checks import Check
from ..engine.functions import Functions, load_functions
from ..engine.mapping import _mapping_block, canonical, load_mapping, missing, owns_no_ground
from ..engine.scene import BOOL_FIELDS, FIELDS, NUMERIC_FIELDS, RawLayer
from ..engine.wkb import dimension
from ..engine.words import DgoError
from ._package import Outcome, Package, Request, Row, reference
from ._sources import Chunk, Wanted, fold, read, taken

ENDED = ("eindRegistratie", "terminationDate", "objectEindTijd")
LEVEL = "relatieveHoogteligging"
STATUS = ("bgt_status",)
IDENTITY = ("lokaalID", "lokaal_id")
_EXTRA = "extra"  # of a block: column of the result -> columns of the source, as they are


def run(request: Request) -> Outcome:
    """Import. Options: ``all_levels`` (also what lies above or below ground), ``ended`` (also
    ended versions); both False unless given. Raises DgoError; nothing is left behind then."""
    mapping = load_mapping(request.mapping or "bgt")
    if not isinstance(mapping.get("layers"), dict):
        raise DgoError("errors.import.mapping", path=str(request.mapping))
    srs = reference(str(mapping.get("crs") or load_mapping("bgt")["crs"]))
    functions = load_functions()
    with Package(request.output, srs, request.tick) as package:
        plan = _Plan(package, mapping, request.options)
        seen: set[int] = set()
        for chunk in read(request, plan, srs):
            chunk = plan.current(chunk, seen)
            if len(chunk):
                _take(package, plan, chunk, functions)
        for name in request.inputs:
            package.about("input", name.replace("\\", "/").rpartition("/")[2])
        package.about("source", "bgt")
        package.about("mapping", mapping.get("id", ""))
        return package.commit()


class _Plan(Wanted):
    """What the mapping wants of each layer."""

    def __init__(self, package: Package, mapping: Mapping[str, Any],
                 options: Mapping[str, Any]) -> None:  # fmt: skip
        self.package, self.mapping = package, mapping
        self.ended, self.levels = bool(options.get("ended")), bool(options.get("all_levels"))
        self.aliases = {fold(k): str(v) for k, v in (mapping.get("elements") or {}).items()}
        self.status_out = {str(s).lower() for s in mapping.get("status_out") or []}
        self.told: set[str] = set()

    def _raw(self, name: str) -> RawLayer:
        return RawLayer(name, np.zeros(0, np.int64), [])

    def layer(self, name: str) -> str | None:
        short = name.lower().rpartition(":")[2].removeprefix("bgt_")
        for end in ("_vlak", "_lijn", "_punt"):  # services give every kind of geometry a layer
            short = short.removesuffix(end)
        short = self.aliases.get(fold(short), short)
        if _mapping_block(self._raw(short), self.mapping):
            return short
        return short if owns_no_ground(self._raw(short), self.mapping) else None

    def block(self, layer: str) -> Mapping[str, Any]:
        return _mapping_block(self._raw(layer), self.mapping)

    def columns(self, layer: str) -> list[str]:
        block = self.block(layer)
        if not block:
            return []
        named = block.get("field") or []
        names = [named] if isinstance(named, str) else [str(n) for n in named]
        names += [str(n) for n in (block.get("fields") or {}).values()]
        for many in (block.get(_EXTRA) or {}).values():
            names += [many] if isinstance(many, str) else [str(n) for n in many]
        found: list[str] = []
        for name in (*names, *ENDED, LEVEL, *STATUS, *IDENTITY):
            if name not in found:
                found.append(name)
        return found

    def filters(self, layer: str, have: Mapping[str, str]) -> list[tuple[str, str]]:
        clauses = []
        if not self.block(layer):
            return [("no_surface", "1 = 1")]
        ends = [have[fold(n)] for n in ENDED if fold(n) in have]
        if ends and not self.ended:
            clauses.append(("ended", " OR ".join(
                f"({_q(c)} IS NOT NULL AND CAST({_q(c)} AS character(30)) <> '')" for c in ends)))
        level = have.get(fold(LEVEL))
        if level and not self.levels:
            clauses.append(("level", f"{_q(level)} IS NOT NULL AND "
                                     f"CAST({_q(level)} AS integer) <> 0"))  # fmt: skip
        return clauses

    def unknown(self, layer: str, count: int) -> None:
        if count:
            self.package.unmapped(layer, "", "", count)

    def left_out(self, layer: str, reason: str, count: int) -> None:
        self.package.left_out(layer, reason, count)

    def current(self, chunk: Chunk, seen: set[int]) -> Chunk:
        """Without ended versions, other levels, statuses that are no present, and doubles."""
        if not self.block(chunk.layer):
            self.left_out(chunk.layer, "no_surface", len(chunk))
            return taken(chunk, ())
        n = len(chunk)
        keep = np.ones(n, bool)
        columns = chunk.columns

        def drop(rows: np.ndarray, reason: str) -> None:
            self.left_out(chunk.layer, reason, int((rows & keep).sum()))
            keep[rows] = False

        if not self.ended:
            drop(np.any([[bool(v) for v in columns[c]] for c in ENDED], axis=0), "ended")
        if not self.levels:
            drop(np.array([not _zero(v) for v in columns[LEVEL]], bool), "level")
        if self.status_out:
            drop(np.array([str(v).lower() in self.status_out for v in columns[STATUS[0]]], bool),
                 "status")  # fmt: skip
        doubles = np.zeros(n, bool)
        ids = columns[IDENTITY[0]]
        for row in np.flatnonzero(keep).tolist():
            own = ids[row] or columns[IDENTITY[1]][row]
            key = hash((chunk.layer, own or chunk.wkb[row]))
            if self.ended:  # an object comes as often as it changed
                key = hash((key, chunk.wkb[row], *(columns[c][row] for c in ENDED)))
            doubles[row] = key in seen
            seen.add(key)
        drop(doubles, "twice")
        return chunk if keep.all() else taken(chunk, np.flatnonzero(keep))


def _q(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _zero(value: Any) -> bool:
    """Whether a relative height is ground level; unknown is taken as ground."""
    if value is None or value == "":
        return True
    try:
        return float(value) == 0.0
    except ValueError:
        return True


def _take(package: Package, plan: _Plan, chunk: Chunk, functions: Functions) -> None:
    """Map a chunk and write it."""
    block = plan.block(chunk.layer)
    raw = RawLayer(chunk.layer, np.arange(len(chunk)), chunk.wkb, _columns(chunk))
    checks: list[Check] = []
    found = canonical(raw, functions, {}, plan.mapping, checks)
    for check in checks:
        if check.code in ("unknown_function", "impossible_value"):
            count = int((check.params or {}).get("count", 1))  # type: ignore[call-overload]
            package.unmapped(chunk.layer, check.field, check.value, count)
    known = [name for name in FIELDS if not missing(found.fields[name]).all()]
    values = {name: _stored(name, found.fields[name]) for name in known}
    extra = {
        str(name): _first(chunk, [many] if isinstance(many, str) else many)
        for name, many in (block.get(_EXTRA) or {}).items()
    }
    silent = {str(v).lower() for v in block.get("ignore") or []}
    names = block.get("field") or []
    names = [names] if isinstance(names, str) else names
    asked = [chunk.columns[n] for n in names if n in chunk.columns]
    point = block.get("geometry") == "point"
    rows: list[Row] = []
    columns = {**values, **extra}
    for row, function in enumerate(found.function):
        if point and function is not None and functions.kind(function) == "surface":
            function = None  # "haag" is a word for shrub, but a hedge as a point owns no ground
        if function is None and (point or _is_silent(asked, row, silent)):
            package.left_out(chunk.layer, "no_surface")
            continue
        wkb = chunk.wkb[row]
        if wkb is None:
            package.left_out(chunk.layer, "geometry")
            continue
        if dimension(wkb) != (0 if point else 2):
            package.left_out(chunk.layer, "kind")
            continue
        own = chunk.columns[IDENTITY[0]][row] or chunk.columns[IDENTITY[1]][row]
        rows.append(Row(function, wkb, {n: c[row] for n, c in columns.items()}, chunk.layer,
                        str(own or chunk.fid[row])))  # fmt: skip
    (package.points if point else package.surfaces)(rows)


def _columns(chunk: Chunk) -> dict[str, Sequence[Any]]:
    """Columns with any value: ``canonical`` would look at the others in vain, row by row."""
    return {n: c for n, c in chunk.columns.items() if any(v is not None for v in c)}


def _is_silent(asked: list[list[Any]], row: int, silent: set[str]) -> bool:
    """Whether a feature without a function says nothing that the mapping should have known."""
    values = [str(c[row]).strip().lower() for c in asked if c[row] is not None]
    return all(not v or v in silent for v in values)


def _first(chunk: Chunk, names: list[str]) -> list[Any]:
    """Per row the first value that there is."""
    columns = [chunk.columns[n] for n in names if n in chunk.columns]
    return [next((str(c[row]) for c in columns if c[row] is not None), None)
            for row in range(len(chunk))]  # fmt: skip


def _stored(name: str, values: np.ndarray) -> list[Any]:
    """A canonical field as the table holds it: yes/no as 1/0, missing as None."""
    if name in BOOL_FIELDS:
        return [None if v != v else bool(v) for v in values.tolist()]
    if name in NUMERIC_FIELDS:
        return [None if v != v else v for v in values.tolist()]
    return list(values)
