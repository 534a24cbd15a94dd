"""Obstacles and chances at the start of a plan: the rules of ``profiles/start.yml`` and the
overlap alerts, each with its place, its size and the figures behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from osgeo import ogr

from .alerts import Alert, load_rules, overlap_alerts
from .clean import quiet
from .geometry import geometry_from_wkb, polygonal
from .overlap import dissolve
from .pulse import beat
from .start_rules import BENEFITS, CHANCE, OBSTACLE, Rule, load_start_rules
from .start_shapes import Shape, World, cut, shape_of
from .words import SEVERITIES, Message, say

if TYPE_CHECKING:
    from .indicators.spec import Measurement
    from .norms import Profile
    from .scene import Scene
    from .score_row import ScoreRow

DUST = 1.0  # m2 below which a place is a seam between two maps
LEVELS = {OBSTACLE: SEVERITIES, CHANCE: BENEFITS}


@dataclass
class Found:
    """One obstacle or chance. ``area`` m2 inside the plan (0: only near it), ``distance`` m from
    the plan; ``wkb`` local metres of the scene."""

    kind: str
    rule: str
    level: str
    role: str
    text: str  # startsheet.<kind>.<text>.title and .advice
    area: float
    share: float
    distance: float
    wkb: bytes
    layers: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    value: float | None = None
    limits: tuple[float, ...] = ()
    operator: str = ""
    unit: str = ""
    count: int = 0
    source: str = ""
    status: str = ""
    confidence: str = ""
    counted: bool = False  # whether the number of features says something to people
    grain: float = 0.0  # m: cell of the raster behind the shape

    @property
    def inside(self) -> bool:
        return self.area > 0

    def title(self) -> Message:
        return say(f"startsheet.{self.kind}.{self.text}.title")

    def advice(self) -> Message:
        return say(f"startsheet.{self.kind}.{self.text}.advice")

    def where(self) -> Message:
        """In or near the plan, and how much."""
        if self.inside:
            hectares = self.area / 1e4
            share = 100.0 * self.share
            return say("startsheet.where.inside",
                       area=round(hectares, 1 if hectares >= 1 else 2),
                       share="< 1" if share < 1 else str(round(share)))  # fmt: skip
        if self.distance < 0.5:
            return say("startsheet.where.beside")
        return say("startsheet.where.near", distance=float(round(self.distance)))


@dataclass
class Scan:
    """What was found, worst and best first, and rules that nothing could be said about."""

    obstacles: list[Found] = field(default_factory=list)
    chances: list[Found] = field(default_factory=list)
    unseen: list[tuple[Rule, str]] = field(default_factory=list)  # rule, role that is absent


def scan(scene: Scene, profile: Profile, measurements: Mapping[str, Measurement] | None = None,
         rows: Iterable[ScoreRow] = (), rules: Iterable[Rule] | None = None) -> Scan:  # fmt: skip
    """Everything found. ``measurements`` and ``rows`` are those of the current situation."""
    chosen = load_start_rules().rules if rules is None else tuple(rules)
    result = Scan(obstacles=_alerts(scene))
    plan = scene.plan.geometry(0)
    around: dict[float, ogr.Geometry] = {}
    kept = tuple(rows)
    outside = {rule.id for rule in chosen if rule.outside}
    for rule in chosen:
        beat()
        if rule.near not in around:
            with quiet():
                around[rule.near] = polygonal(plan.Buffer(rule.near, 16)) if rule.near else plan
        world = World(scene, profile, plan, around[rule.near], measurements or {}, kept)
        shapes = []
        for condition in rule.conditions:
            shape = shape_of(condition, world)
            if shape is None:
                absent = condition.roles[0] if condition.roles else _needs(condition.field[0])
                result.unseen.append((rule, absent))
                break
            shapes.append(shape)
        else:
            found = _found(rule, shapes, plan)
            if found is not None:
                (result.obstacles if rule.kind == OBSTACLE else result.chances).append(found)
    _drop_milder(result.obstacles)
    told = {f.role for f in result.obstacles if f.inside}
    result.obstacles = [f for f in result.obstacles if f.rule not in outside or f.role not in told]
    for list_ in (result.obstacles, result.chances):
        list_.sort(key=lambda f: (LEVELS[f.kind].index(f.level), not f.inside, -f.area))
    return result


def _needs(indicator: str) -> str:
    """The role without which a model says nothing; the current situation where it names none."""
    from .indicators import all_indicators

    for spec in all_indicators():
        if spec.id == indicator:
            return next((i.name for i in spec.inputs if i.needed and i.kind == "role"), "current")
    return "current"


def _found(rule: Rule, shapes: list[Shape], plan: ogr.Geometry) -> Found | None:
    first = shapes[0]
    geometry = first.geometry
    for other in shapes[1:]:
        geometry = cut(geometry, other.geometry)
    if rule.outside and not geometry.IsEmpty():
        with quiet():
            geometry = polygonal(geometry.Difference(plan))
    if geometry.IsEmpty() or geometry.GetArea() < max(rule.min_area, DUST):
        return None
    if first.count < rule.min_count:
        return None
    area = 0.0 if rule.outside else cut(geometry, plan).GetArea()
    inside = area >= DUST
    condition = rule.conditions[0]
    return Found(
        rule.kind, rule.id, rule.level if inside or rule.outside else _milder(rule),
        condition.roles[0] if condition.roles else "", rule.text,
        area if inside else 0.0, area / plan.GetArea() if inside else 0.0,
        0.0 if inside else float(plan.Distance(geometry)),
        bytes(geometry.ExportToWkb(ogr.wkbNDR)),
        list(dict.fromkeys(x for s in shapes for x in s.layers)),
        list(dict.fromkeys(first.names)),
        _strongest(first, condition.operator), tuple(sorted(first.limits)), condition.operator,
        _unit(rule), first.count, rule.source, rule.status, rule.confidence,
        condition.reach > 0, max(s.grain for s in shapes),
    )  # fmt: skip


def _milder(rule: Rule) -> str:
    """One step less where something is only near."""
    levels = LEVELS[rule.kind]
    return levels[min(levels.index(rule.level) + 1, len(levels) - 1)]


def _strongest(shape: Shape, operator: str) -> float | None:
    if not shape.values:
        return None
    return max(shape.values) if operator in ("above", "at_least", "") else min(shape.values)


def _unit(rule: Rule) -> str:
    from .indicators import all_indicators
    from .roles import roles

    condition = rule.conditions[0]
    if condition.roles:
        role = roles()[condition.roles[0]]
        known = role.field(condition.value)
        if condition.value == "class":
            return ""
        if condition.value == "pr":
            return "log10"
        return role.unit or (known.unit if known is not None else "")
    if condition.field[0] == "heat_pet":
        return "°C"
    for spec in all_indicators():
        if spec.id == condition.field[0]:
            return roles()[condition.field[1]].unit if condition.field[1] in roles() else ""
    return ""


def _drop_milder(found: list[Found]) -> None:
    """A place above the standard that also is above the limit is told once, by the limit: what is
    above the standard alone stays, the rest of its shape goes."""
    by_rule = {f.rule: f for f in found}
    for rule, worse in list(by_rule.items()):
        if not rule.endswith("_limit"):
            continue
        milder = by_rule.get(rule[: -len("_limit")])
        if milder is None:
            continue
        with quiet():
            left = polygonal(geometry_from_wkb(milder.wkb).Difference(geometry_from_wkb(worse.wkb)))
        if left.IsEmpty() or left.GetArea() < DUST:
            found.remove(milder)
            continue
        share = milder.share / milder.area if milder.area else 0.0
        milder.area = max(0.0, milder.area - worse.area)
        milder.share = share * milder.area
        milder.wkb = bytes(left.ExportToWkb(ogr.wkbNDR))


# --------------------------------------------------------------------------------- alerts
def _alerts(scene: Scene) -> list[Found]:
    """The overlap alerts, one per rule and kind of area, over all zones."""
    groups: dict[tuple[str, str], list[Alert]] = {}
    # not what a plan adds: nothing has been drawn yet
    origin = {rule.id: rule for rule in load_rules().overlaps if not rule.added}
    for alert in overlap_alerts(scene, list(origin.values())):
        kind = alert.text.key.rpartition(".kind.")[2] if ".kind." in alert.text.key else ""
        groups.setdefault((alert.rule, kind), []).append(alert)
    plan = scene.plan.geometry(0).GetArea()
    found = []
    for (id_, kind), mine in groups.items():
        parts = [geometry_from_wkb(a.wkb) for a in mine if a.wkb is not None]
        union = dissolve(parts) if parts else ogr.Geometry(ogr.wkbMultiPolygon)
        area = float(sum(a.area_m2 or 0.0 for a in mine))
        rule = origin[id_]
        names = list(dict.fromkeys(str(a.text.params.get("name") or "") for a in mine))
        found.append(Found(
            OBSTACLE, f"alert_{id_}" + (f"_{kind}" if kind else ""), mine[0].severity, rule.role,
            f"alert_{id_}" + (f"_{kind}" if kind else ""), area, area / plan if plan else 0.0, 0.0,
            bytes(union.ExportToWkb(ogr.wkbNDR)), [mine[0].source_layer], [n for n in names if n],
            source=rule.source, status=rule.status, confidence=rule.confidence,
        ))  # fmt: skip
    return found
