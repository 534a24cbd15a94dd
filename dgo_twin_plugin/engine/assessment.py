"""One assessment: scene -> values -> scores, and all that stands beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import marks as m
from . import unchanged
from .ahead import in_turn, started
from .alerts import Alert, alerts
from .checks import Check
from .density import ZoneStats, zone_stats
from .indicators import all_indicators
from .indicators.spec import Indicator, LegalTest, Measurement, ZoneValues
from .prepare import prepare_all
from .roles import role_label
from .scene import MAP
from .scores import Ambitions, Prepared, ScoreRow, rejudge
from .totals import TotalRow, Weights
from .words import Message, say

if TYPE_CHECKING:
    from .norms import Profile
    from .scene import Scene

Progress = Callable[[float, str], None]  # done 0-1, id of the indicator; may raise Cancelled


@dataclass
class PlaceTable:
    """What ``ind_<id>`` shows: arrays (k,) and the geometry of each place, local metres."""

    indicator: str
    part: str
    feature: np.ndarray  # row of the surfaces, -1 where the place has its own geometry
    zone: np.ndarray
    value: np.ndarray
    mark: np.ndarray
    assumed: np.ndarray
    wkb: list[bytes] | None


@dataclass
class Assessment:
    """The outcome of a run. Nothing in it changes afterwards but by :meth:`judged`."""

    scene: Scene
    profile: Profile
    measurements: dict[str, Measurement]
    prepared: dict[str, Prepared]
    scores: list[ScoreRow]
    parts: list[ScoreRow]
    totals: list[TotalRow]
    stats: ZoneStats
    breaches: list[tuple[str, LegalTest]]  # indicator, test; only tests that found something
    alerts: list[Alert]
    checks: list[Check]

    def plan_mark(self) -> float | None:
        """The total mark of the plan; None where nothing could be assessed."""
        return self._total().mark

    def _total(self) -> TotalRow:
        return next(t for t in self.totals if t.zone_id == 0 and t.theme == "total")

    def coverage(self) -> float:
        """Coverage of the plan's total, 0-1."""
        return self._total().coverage or 0.0

    def n_breaches(self) -> int:
        """Certain breaches of the law in the plan."""
        return self._total().n_breach

    def judged(self, ambitions: Ambitions | None, weights: Weights | None) -> Assessment:
        """The same measurements under other ambitions or weights: no geometry is touched."""
        again = rejudge(self.prepared.values(), ambitions, weights)
        return Assessment(
            self.scene,
            self.profile,
            self.measurements,
            self.prepared,
            again.rows,
            again.parts,
            again.totals,
            self.stats,
            self.breaches,
            self.alerts,
            self.checks,
        )

    def places(self) -> Iterable[PlaceTable]:
        """The places of every indicator that measured any, each with its own mark."""
        for id_, prepared in self.prepared.items():
            if prepared.spec.places == "zones":
                table = _zones(id_, prepared)
            else:
                table = _places(id_, prepared, self.measurements[id_])
            if table is not None:
                yield table


def assess(
    scene: Scene,
    profile: Profile,
    indicators: Iterable[str] | None = None,
    ambitions: Ambitions | None = None,
    weights: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Assessment:
    """Measure and judge. ``indicators`` limits the run to these ids."""
    wanted = None if indicators is None else set(indicators)
    specs = [s for s in all_indicators() if wanted is None or s.id in wanted]
    laid = Weights.of(profile, weights)
    measurements: dict[str, Measurement] = {}
    found_here: list[Check] = []
    turns, long = in_turn(specs, {s.id for s in specs if _may_last(scene, s)})
    with started(scene, long):
        for count, spec in enumerate(turns):
            if progress is not None:
                progress(count / len(specs), spec.id)
            measurements[spec.id] = unchanged.measured(scene, profile, spec, measure)
    # told in the order of the indicators, whatever the order of the work
    measurements = {s.id: measurements[s.id] for s in specs}
    prepared = unchanged.judged(
        scene, profile, [(s, measurements[s.id]) for s in specs], prepare_all
    )
    for measured in measurements.values():
        found_here += measured.checks
    # indicators that rest on the same model say the same of its inputs: once is enough
    said = {(c.code, c.layer, c.fid, c.field, c.value, str(c.params)): c for c in found_here}
    checks = [*scene.checks, *said.values()]
    again = rejudge(prepared.values(), ambitions, laid)
    breaches = [
        (id_, measured.legal[row])
        for id_, measured in measurements.items()
        for row in prepared[id_].found
    ]
    found = alerts(scene, profile, again.rows, breaches)
    if progress is not None:
        progress(1.0, "")
    return Assessment(
        scene,
        profile,
        measurements,
        prepared,
        again.rows,
        again.parts,
        again.totals,
        zone_stats(scene),
        breaches,
        found,
        checks,
    )


def measure(scene: Scene, profile: Profile, spec: Indicator) -> Measurement:
    """Measure one indicator, or say which needed input is absent."""
    absent = missing_input(scene, spec)
    if absent is not None:
        return Measurement(missing=absent)
    return spec.compute(scene, profile)


def _may_last(scene: Scene, spec: Indicator) -> bool:
    """Whether the indicator may take a model that is worth a thread of its own."""
    return (spec.ahead is not None and scene.method(spec.id) != MAP
            and missing_input(scene, spec) is None)  # fmt: skip


def missing_input(scene: Scene, spec: Indicator) -> Message | None:
    """The first needed role (or group of roles, of which one is enough) that no layer fills."""
    groups: dict[str, list[str]] = {}
    for need in spec.inputs:
        if need.needed and need.kind == "role":
            groups.setdefault(need.group or need.name, []).append(need.name)
    for names in groups.values():
        if not any(scene.has(name) for name in names):
            return say("reasons.missing_role", role=role_label(names[0]))
    return None


def _places(id_: str, prepared: Prepared, measured: Measurement) -> PlaceTable | None:
    deciding = prepared.deciding[0] if prepared.deciding else ""
    for part_id in (deciding, *(p for p in measured.parts if p != deciding)):
        part, given = prepared.parts.get(part_id), measured.parts.get(part_id)
        places = given.places if isinstance(given, ZoneValues) else given
        if part is None or places is None or not len(places.zone):
            continue
        low, middle, high = part.anchors[places.zone].T
        marks = m.mark(places.value, low, middle, high, part.up, part.log)
        feature = np.full(len(places.zone), -1) if places.feature is None else places.feature
        assumed = np.zeros(len(places.zone)) if places.assumed is None else places.assumed
        return PlaceTable(
            id_, part_id, feature, places.zone, places.value, marks, assumed, places.wkb
        )
    return None


def _zones(id_: str, prepared: Prepared) -> PlaceTable | None:
    """A quantity of the zone as a whole is shown on the zones themselves."""
    rows = [row for row in prepared.rows[1:] if row.value is not None]
    if not rows:
        return None

    def column(name: str) -> np.ndarray:
        return np.array(
            [np.nan if getattr(r, name) is None else getattr(r, name) for r in rows], float
        )

    zone = np.array([r.zone_id for r in rows], np.int64)
    return PlaceTable(
        id_,
        prepared.deciding[0],
        np.full(len(rows), -1),
        zone,
        column("value"),
        column("mark"),
        column("assumed"),
        None,
    )
