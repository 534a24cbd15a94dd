"""What would be there without the plan, what the plan adds, what its measures add (attack 5).

The same assessment three times over the same plan area and zones: as designed; without the features
that carry ``measure`` = yes; and *autonomous*: only the current situation, without the design and
without roads and railways whose ``origin`` is the plan. So

    value = autonomous + plan + measures,   plan = without measures - autonomous

An indicator that can take its value apart itself, over the very same buildings (levels of noise and
air by the origin of the source), says so in ``Measurement.notes['contributions']``; that goes
before the difference of two scenes, for where there is no dwelling yet nothing can be measured.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from osgeo import ogr

from .assessment import Assessment
from .build import Sources
from .checks import Check
from .geometry import moved_wkb
from .mapping import read_field
from .scene import RawLayer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .scene import Scene

ORIGINS = ("roads", "railways")  # roles whose features may belong to the plan
NO_INFLUENCE = 0.05  # share of the value below which the plan is said not to matter (attack 5)


@dataclass(frozen=True)
class Contribution:
    """One row of ``contributions``; None = not known there. In the unit of the value."""

    zone_id: int
    indicator: str
    part: str
    unit: str
    value: float | None
    autonomous: float | None
    plan: float | None
    measures: float | None
    influence: bool | None  # whether plan and measures move the value by 5 % or more


def without_measures(sources: Sources, scene: Scene) -> Sources:
    """The sources without the features that are measures; the plan area stays."""
    return dataclasses.replace(
        sources, design=[_taken(layer, ~_measures(layer)) for layer in sources.design],
        plan_area=[_plan_of(scene)], checks=[],
    )  # fmt: skip


def autonomous(sources: Sources, scene: Scene) -> Sources:
    """The sources without the design and what comes with it; the plan area stays."""
    vectors = {
        role: [_without_plan(layer) if role in ORIGINS else layer for layer in layers]
        for role, layers in sources.vectors.items()
    }
    return dataclasses.replace(
        sources, design=[], vectors=vectors, plan_area=[_plan_of(scene)], checks=[]
    )


def has_measures(sources: Sources) -> bool:
    """Whether any feature of the design is marked as a measure."""
    return any(_measures(layer).any() for layer in sources.design)


def contributions(
    sources: Sources,
    result: Assessment,
    assessed: Callable[[Sources], Assessment],
) -> list[Contribution]:
    """Rows for every indicator and zone of ``result``. ``assessed`` makes and assesses a scene of
    other sources in the same way; it is called once or twice."""
    alone = assessed(autonomous(sources, result.scene))
    plain = assessed(without_measures(sources, result.scene)) if has_measures(sources) else result
    return list(_rows(result, plain, alone))


def _rows(result: Assessment, plain: Assessment, alone: Assessment) -> Iterable[Contribution]:
    for id_, prepared in result.prepared.items():
        own = result.measurements[id_].notes.get("contributions")
        for part_id in prepared.scored:
            part = prepared.parts.get(part_id)
            if part is None:
                continue
            before = _values(plain, id_, part_id)
            without = _values(alone, id_, part_id)
            known: Mapping[str, np.ndarray] = (own or {}).get(part_id, {})
            for row in part.rows:
                zone = row.zone_id
                here = known["autonomous"][zone] if "autonomous" in known else without.get(zone)
                yield _row(row.zone_id, id_, part_id, row.unit, row.value, here, before.get(zone))


def _row(
    zone: int, indicator: str, part: str, unit: str, value: float | None,
    autonomous: float | None, plain: float | None,
) -> Contribution:  # fmt: skip
    def less(a: float | None, b: float | None) -> float | None:
        return None if a is None or b is None else float(a) - float(b)

    autonomous = None if autonomous is None or autonomous != autonomous else float(autonomous)
    moved = less(value, autonomous)
    influence = None
    if moved is not None and value is not None:
        influence = abs(moved) >= NO_INFLUENCE * max(abs(value), 1e-12)
    return Contribution(
        zone, indicator, part, unit, value, autonomous, less(plain, autonomous),
        less(value, plain), influence,
    )  # fmt: skip


def _values(assessment: Assessment, indicator: str, part: str) -> dict[int, float | None]:
    prepared = assessment.prepared.get(indicator)
    found = prepared.parts.get(part) if prepared is not None else None
    return {} if found is None else {row.zone_id: row.value for row in found.rows}


def _plan_of(scene: Scene) -> RawLayer:
    """The plan area of a scene as a layer of its own, in world coordinates."""
    back = (-scene.origin[0], -scene.origin[1])
    data = scene.plan.geometry(0).ExportToWkb(ogr.wkbNDR)
    return RawLayer("plan_area", np.array([1]), [moved_wkb(bytes(data), back)])


def _measures(layer: RawLayer) -> np.ndarray:
    """(n,) True where a feature of the design is a measure."""
    n = len(layer.fid)
    named = str((layer.entry.get("fields") or {}).get("measure", "measure"))
    column = layer.columns.get(named)
    if column is None and "measure" in layer.entry:
        column = [layer.entry["measure"]] * n
    ignored: list[Check] = []
    return np.nan_to_num(read_field(layer.name, "measure", column, n, ignored)) > 0


def _without_plan(layer: RawLayer) -> RawLayer:
    named = str((layer.entry.get("fields") or {}).get("origin", "origin"))
    column = layer.columns.get(named)
    if column is None:
        all_of_it = str(layer.entry.get("origin") or "").lower() == "plan"
        return _taken(layer, np.full(len(layer.fid), not all_of_it))
    own = np.array([str(v or "").strip().lower() == "plan" for v in column], bool)
    return _taken(layer, ~own)


def _taken(layer: RawLayer, keep: np.ndarray) -> RawLayer:
    if keep.all():
        return layer
    rows = np.flatnonzero(keep)
    return dataclasses.replace(
        layer, fid=layer.fid[rows], wkb=[layer.wkb[r] for r in rows],
        columns={name: [column[r] for r in rows] for name, column in layer.columns.items()},
    )  # fmt: skip
