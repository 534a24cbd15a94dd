"""An assessment as the rows of the results file."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..engine.assessment import Assessment
from .maps import MapOfRun
from .record import Ground, PlaceSet


def tables(outcome: Assessment) -> dict[str, list[Any]]:
    """Rows per table of :mod:`schema`; geometry local to the scene's origin."""
    return {
        "scores": outcome.scores,
        "score_parts": outcome.parts,
        "totals": outcome.totals,
        "zones": _zones(outcome),
        "breaches": _breaches(outcome),
        "alerts": list(outcome.alerts),
        "checks": list(outcome.checks),
    }


def ground(outcome: Assessment) -> Ground:
    """The geometry that places share: the visible ground of the surfaces."""
    surfaces = outcome.scene.surfaces
    return Ground(surfaces.layer, surfaces.fid, surfaces.polygons.wkb)


def place_sets(outcome: Assessment) -> list[PlaceSet]:
    """The places of every indicator."""
    return [PlaceSet(t.indicator, t.zone, t.value, t.mark, t.part, t.feature, t.assumed, t.wkb)
            for t in outcome.places()]  # fmt: skip


def maps(outcome: Assessment) -> list[MapOfRun]:
    """The fields that models worked out: one map per name, though several indicators may rest on
    it, and each made once, also where it is written twice."""
    found: dict[str, MapOfRun] = {}
    for id_, measured in outcome.measurements.items():
        for name, field in measured.fields.items():
            make = lru_cache(maxsize=1)(field.make)
            found.setdefault(name, MapOfRun(id_, name, field.unit, field.classes, make))
    return list(found.values())


def _zones(outcome: Assessment) -> list[dict[str, Any]]:
    zones, stats = outcome.scene.zones, outcome.stats
    return [
        {"zone_id": k + 1, "area_type": zones.area_type[k], "area_m2": stats.area[k + 1],
         "dwellings": stats.dwellings[k + 1], "fsi": stats.fsi[k + 1], "gsi": stats.gsi[k + 1],
         "osr": stats.osr[k + 1], "mxi": stats.mxi[k + 1], "wkb": zones.polygons.wkb(k)}
        for k in range(zones.n)
    ]  # fmt: skip


def _breaches(outcome: Assessment) -> list[dict[str, Any]]:
    surfaces = outcome.scene.surfaces
    found = []
    for indicator, test in outcome.breaches:
        row = test.feature
        found.append({
            "zone_id": test.zone, "indicator": indicator, "part": test.part,
            "source_layer": surfaces.layer[row] if row >= 0 else None,
            "object_fid": int(surfaces.fid[row]) if row >= 0 else None,
            "source_kind": test.source_kind, "value": test.value, "limit": test.limit,
            "standard": test.standard, "legal_check": test.outcome, "text": test.text,
            "wkb": test.wkb or (surfaces.footprints.wkb(row) if row >= 0 else None),
        })  # fmt: skip
    return found
