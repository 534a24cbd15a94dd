"""Zoning plans in IMRO 2006, 2008 and 2012: uses, building envelopes and dimensions.

Layers of the package: ``surfaces`` (the plots by use, and a building per envelope and use),
``designations`` (double uses, zones, designations, dimensions), a layer per role where a zone has
one, ``figures`` (lines), tables ``capacity`` and ``unmapped``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from osgeo import ogr

from ..engine.functions import load_functions
from ..engine.mapping import load_mapping
from ..engine.pulse import beat
from ..engine.roles import roles
from ..engine.words import DgoError, Message, say
from . import _plan_read as kinds
from ._package import Outcome, Request, Row, reference
from ._plan_build import Building, Built, Ground, Rules, build, by_row, shared
from ._plan_read import PlanObject, PlanSet, near, read_plans
from ._plan_terms import ABSENT
from ._sheets import AREAS, LINES, Sheets

_M2 = ("plot_m2", "envelope_m2", "floor_m2", "built_m2", "gfa_m2", "dwellings", "gsi_envelope",
       "fsi_envelope", "gsi", "fsi", "unknown_m2")  # fmt: skip
CAPACITY = {"plan": "TEXT", "plan_name": "TEXT", "use": "TEXT", **dict.fromkeys(_M2, "DOUBLE")}


def run(request: Request) -> Outcome:
    """Read the plans of ``request`` and write the package. Option ``coverage`` (default yes):
    apply the maximum coverage percentage to the floor area. Raises DgoError."""
    functions = load_functions()
    mapping = load_mapping(request.mapping or "imro")
    rules = Rules.read(mapping, functions)
    check_roles((rules.designations.exact, rules.designations.patterns))
    found = read_plans(request, reference(str(mapping.get("crs") or load_mapping("imro")["crs"])))
    request.progress(0.4)
    found.objects = near(found.objects, request.box(found.srs))
    if not found.objects:
        raise DgoError("errors.import.plan.none_in_area")
    plans, uses = found.of(kinds.PLAN), found.of(kinds.USE)
    origin = _origin(found.objects)
    built = build(found.of(kinds.ENVELOPE), uses, found.of(kinds.DIMENSION),
                  found.of(kinds.PURPOSE), plans, rules, origin,
                  bool(request.options.get("coverage", True)))  # fmt: skip
    request.progress(0.8)
    table = capacity(plans, uses, built, origin)
    with Sheets(request.output, found.srs, request.tick) as package:
        package.about("source", "IMRO " + ", ".join(sorted(found.versions) or ["?"]))
        package.about("mapping", mapping.get("id", request.mapping))
        package.surfaces(_plots(uses, rules, package))
        package.surfaces(_buildings(built))
        _designations(found, rules, package)
        package.numbers("capacity", CAPACITY, table)
        for key, count in (built.unmapped + found.unreadable).items():
            package.unmapped(*key, count)
        for name, count in found.strange.items():
            package.unmapped(name, "objecttype", name, count)
        for (layer, reason), count in found.left_out.items():
            package.left_out(layer, reason, count)
        package.outcome.notes += _notes(table, built, found)
        return package.commit()


def check_roles(terms: tuple[dict[str, Any], list[tuple[str, Any]]]) -> None:
    """Raises DgoError where a mapping names a role that does not exist."""
    known = roles()
    for term, target in (*terms[0].items(), *terms[1]):
        role = target.get("role") if isinstance(target, dict) else target
        if role is not None and role not in known:
            raise DgoError("errors.import.plan.mapping_role", word=str(role), where=term,
                           words=", ".join(known))  # fmt: skip


def _origin(objects: list[PlanObject]) -> tuple[float, float]:
    boxes = np.array([o.geometry.GetEnvelope() for o in objects])
    return float(np.floor(boxes[:, 0].min())), float(np.floor(boxes[:, 2].min()))


# ---------------------------------------------------------------------------- surfaces
def _plots(uses: list[PlanObject], rules: Rules, package: Sheets) -> Iterator[Row]:
    """The ground of every use as delivered. A use that the mapping does not know is kept without
    a function, and listed."""
    for use in uses:
        beat()
        function = rules.plot(use)
        if function is ABSENT:
            package.unmapped(use.layer, "naam", f"{use.name} ({use.group})")
            function = None
        yield Row(function, _wkb(use), {"name": use.name or None}, use.layer, use.ident)


def _buildings(built: Built) -> Iterator[Row]:
    for b in built.buildings:
        yield Row(b.function, b.wkb, {
            "name": b.use.name if b.use else None,
            "floors": b.floors,
            "height": b.height,
            "gfa": b.gfa,
            "residential_share": b.share,
            "dwellings": b.given_dwellings,
            "existing": False,
            "coverage": b.coverage,
        }, b.envelope.layer, b.envelope.ident)  # fmt: skip


def _wkb(o: PlanObject) -> bytes:
    return bytes(o.geometry.ExportToWkb(ogr.wkbNDR))


# ---------------------------------------------------------------------------- other areas
def _designations(found: PlanSet, rules: Rules, package: Sheets) -> None:
    rows: list[Row] = []
    by_role: dict[str, list[Row]] = defaultdict(list)
    for o in found.of(kinds.DOUBLE, kinds.ZONE, kinds.PURPOSE, kinds.BUILT, kinds.LETTER,
                      kinds.DIMENSION):  # fmt: skip
        beat()
        target: Any = None
        if o.kind in (kinds.DOUBLE, kinds.ZONE):
            target = rules.designations(o.name) if o.name else ABSENT
            target = rules.designations(o.group) if target is ABSENT and o.group else target
            if target is ABSENT:
                package.unmapped(o.layer, "naam", o.name or o.group or "–")
                target = None
        told = target if isinstance(target, dict) else {"role": target}
        role, kind = told.get("role") or "", told.get("kind") or ""
        rows.append(_other(o, {
            "object": o.kind, "group_name": o.group, "label": o.label, "role": role, "kind": kind,
            "value": "; ".join(f"{k} = {v}" for k, v in o.values), "area_m2": o.geometry.Area(),
        }))  # fmt: skip
        if role:
            by_role[role].append(_other(o, {"kind": kind}))
    if rows:
        package.others("designations", AREAS, rows)
    for role in sorted(by_role):
        package.others(role, AREAS, by_role[role])
    lines = [
        _other(o, {"label": o.label})
        for o in found.of(kinds.FIGURE)
        if ogr.GT_Flatten(o.geometry.GetGeometryType())
        in (ogr.wkbLineString, ogr.wkbMultiLineString)
    ]
    if lines:
        package.others("figures", LINES, lines)
    package.left_out("Figuur", "geometry", len(found.of(kinds.FIGURE)) - len(lines))


def _other(o: PlanObject, fields: dict[str, Any]) -> Row:
    return Row(None, _wkb(o), {"name": o.name, **fields}, o.layer, o.ident)


# ---------------------------------------------------------------------------- capacity
def capacity(plans: list[PlanObject], uses: list[PlanObject], built: Built,
             origin: tuple[float, float]) -> list[dict[str, Any]]:  # fmt: skip
    """Rows per plan: the whole (``use`` empty) and every use. Ratios are over the plan area for the
    whole, over the plots of the use for a use."""
    ground = Ground(plans, origin, [])
    plots = Ground(uses, origin, [])
    of_plan = by_row(*shared(plots.polygons, ground.polygons)) if plans else {}
    home = [of_plan[u][0][0] if u in of_plan else -1 for u in range(len(uses))]
    rows: list[dict[str, Any]] = []
    for p in [*range(len(plans)), -1]:
        own = [u for u in range(len(uses)) if home[u] == p]
        buildings = [b for b in built.buildings if b.plan == p]
        if p < 0 and not own and not buildings:
            continue
        name = plans[p].name if p >= 0 else ""
        ident = plans[p].ident if p >= 0 else ""
        per_use: dict[str, float] = defaultdict(float)
        for u in own:
            per_use[uses[u].name or uses[u].group] += float(plots.area[u])
        whole = float(ground.area[p]) if p >= 0 else sum(per_use.values())
        rows.append({"plan": ident, "plan_name": name, "use": None,
                     **_ratios(whole, sum(per_use.values()), buildings)})  # fmt: skip
        names = {b.use.name or b.use.group if b.use else "" for b in buildings}
        for use in sorted(set(per_use) | names):
            some = [b for b in buildings
                    if (b.use.name or b.use.group if b.use else "") == use]  # fmt: skip
            rows.append({"plan": ident, "plan_name": name, "use": use,
                         **_ratios(per_use[use], per_use[use], some)})  # fmt: skip
    return rows


def _ratios(over: float, plots: float, buildings: list[Building]) -> dict[str, float | None]:
    """Sums over buildings, and ratios over ``over`` m2; floor area is None where the plan gives
    no storeys or height for any of them."""
    known = [b for b in buildings if b.floors is not None and b.gfa is not None]
    envelope = sum(b.area for b in buildings)
    footprint = sum(b.area * b.coverage for b in buildings)
    floor: float | None = sum(b.area * (b.floors or 0.0) for b in known)
    gfa: float | None = sum(b.gfa or 0.0 for b in known)
    if buildings and not known:
        floor = gfa = None

    def ratio(value: float | None) -> float | None:
        return value / over if over > 0 and value is not None else None

    return {
        "plot_m2": plots, "envelope_m2": envelope, "floor_m2": floor, "built_m2": footprint,
        "gfa_m2": gfa, "dwellings": sum(b.dwellings for b in buildings if b.dwellings is not None),
        "gsi_envelope": ratio(envelope), "fsi_envelope": ratio(floor), "gsi": ratio(footprint),
        "fsi": ratio(gfa), "unknown_m2": sum(b.area for b in buildings if b.gfa is None),
    }  # fmt: skip


# ---------------------------------------------------------------------------- what is said
def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {k: "–" if row[k] is None else row[k] for k in _M2}


def _notes(table: list[dict[str, Any]], built: Built, found: PlanSet) -> list[Message]:
    notes = []

    def note(key: str, **params: Any) -> None:
        notes.append(say(f"algorithms.importimro.{key}", **params))

    if not found.known_srs:
        note("no_crs")
    for row in table:
        if row["use"] is None and (row["plot_m2"] or row["envelope_m2"]):
            note("capacity", plan=row["plan_name"] or row["plan"] or "–",
                 **_shown(row))  # fmt: skip
        elif row["use"] is not None and row["envelope_m2"]:
            note("capacity_use", use=row["use"] or "–", **_shown(row))
    if not found.of(kinds.USE):
        note("no_uses")
    elif not found.of(kinds.ENVELOPE):
        note("no_envelopes")
    elif not any(o.values for o in found.of(kinds.DIMENSION)):
        note("no_dimensions")
    elif built.no_height > 1:
        note("no_height", area=built.no_height)
    if built.partly > 1:
        note("partly", area=built.partly)
    if built.outside_plan > 1:
        note("outside_plan", area=built.outside_plan)
    if built.without_use > 1:
        note("without_use", area=built.without_use)
    if built.zero:
        note("zero", count=built.zero)
    if built.two_purposes:
        note("two_purposes", count=built.two_purposes)
    repaired = sum(c.code == "repaired_geometry" for c in built.checks)
    if repaired:
        note("repaired", count=repaired)
    return notes
