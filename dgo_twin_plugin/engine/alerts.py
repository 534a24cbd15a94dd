"""Alerts: what must be seen, whatever the marks say (feature F1, domain 3.3).

Overlap alerts say that the plan touches an area of a role (drinking water, nature ...); threshold
alerts say what the assessment itself found: certain and possible breaches, marks below 6. The
rules are data: ``profiles/alerts.yml``.

Areas of one role and kind are made disjoint before anything is measured, so the overlap does not
depend on how the map is cut. One alert stands for one rule, kind and zone; it names the source
feature and the design feature with the most common ground, and counts the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from osgeo import ogr

from . import resources_path
from .functions import fold
from .geometry import Polygons, bbox_pairs, overlap_areas, polygonal
from .kept import whole_of
from .overlap import resolve
from .overlay import Pieces, ZonePieces, by_zone, common_area, disjoint, nearby
from .words import LEGAL_CHECKS, SEVERITIES, Message, say
from .yaml_lines import Node, read_yaml
from .zones import union_of

if TYPE_CHECKING:
    from .indicators.spec import LegalTest
    from .norms import Profile
    from .scene import Scene, VectorContext
    from .scores import ScoreRow

MOST_NAMES = 3  # names of areas that a text lists
_DUST = 1e-9


@dataclass
class Alert:
    """One row of table ``alerts`` (design 6), without run_id and scenario."""

    rule: str
    severity: str
    role: str
    source_layer: str
    source_fid: int | None
    design_fid: int | None
    zone_id: int  # 0 = the plan as a whole
    area_m2: float | None
    text: Message
    wkb: bytes | None = None  # local metres of the scene


@dataclass(frozen=True)
class Kind:
    """A finer severity for some terms of the field ``kind`` (folded)."""

    id: str
    severity: str
    terms: frozenset[str]


@dataclass(frozen=True)
class OverlapRule:
    """A rule of the block ``overlaps``; the keys are explained in the head of alerts.yml."""

    id: str
    role: str
    severity: str
    kinds: tuple[Kind, ...]
    min_area: float
    buffer: float
    added: bool
    drains: tuple[str, ...]
    hook: dict[str, str]
    source: str
    status: str
    confidence: str


@dataclass(frozen=True)
class ThresholdRule:
    """A rule of the block ``thresholds``: outcomes of the law, or a mark."""

    id: str
    severity: str
    outcomes: tuple[str, ...]
    mark: float | None
    source: str
    status: str
    confidence: str


@dataclass(frozen=True)
class Rules:
    overlaps: tuple[OverlapRule, ...]
    thresholds: tuple[ThresholdRule, ...]


# --------------------------------------------------------------------------------- the rules
@lru_cache(maxsize=4)
def load_rules(path: str | None = None) -> Rules:
    """The rules of a file (default: the shipped one). Errors name file, line, key and remedy."""
    root = read_yaml(Path(path) if path else resources_path.profiles() / "alerts.yml")
    top = root.mapping(("version", "overlaps", "thresholds"), ("version", "overlaps"))
    thresholds = top["thresholds"].mapping() if "thresholds" in top else {}
    return Rules(
        tuple(_overlap_rule(k, n) for k, n in top["overlaps"].mapping().items()),
        tuple(_threshold_rule(k, n) for k, n in thresholds.items()),
    )


_ORIGIN = ("source", "status", "confidence")


def _origin(block: dict[str, Node]) -> dict[str, str]:
    return {key: block[key].text() if key in block else "" for key in _ORIGIN}


def _overlap_rule(id_: str, node: Node) -> OverlapRule:
    keys = ("role", "severity", "kinds", "min_area", "buffer", "when", "drains", "hook", *_ORIGIN)
    block = node.mapping(keys, ("role", "severity"))
    kinds = []
    for name, kind in (block["kinds"].mapping() if "kinds" in block else {}).items():
        inner = kind.mapping(("severity", "terms"), ("severity", "terms"))
        terms = frozenset(fold(t) for t in inner["terms"].texts())
        kinds.append(Kind(name, inner["severity"].choice(SEVERITIES), terms))
    return OverlapRule(
        id_, block["role"].text(), block["severity"].choice(SEVERITIES), tuple(kinds),
        block["min_area"].number(0) if "min_area" in block else 0.0,
        block["buffer"].number(0) if "buffer" in block else 0.0,
        "when" in block and block["when"].choice(("overlap", "added")) == "added",
        block["drains"].texts() if "drains" in block else (),
        block["hook"].languages() if "hook" in block else {}, **_origin(block),
    )  # fmt: skip


def _threshold_rule(id_: str, node: Node) -> ThresholdRule:
    block = node.mapping(("severity", "outcomes", "mark", *_ORIGIN), ("severity",))
    outcomes = block["outcomes"].sequence() if "outcomes" in block else []
    return ThresholdRule(
        id_, block["severity"].choice(SEVERITIES),
        tuple(n.choice(LEGAL_CHECKS) for n in outcomes),
        block["mark"].number(1, 10) if "mark" in block else None, **_origin(block),
    )  # fmt: skip


# --------------------------------------------------------------------------------- all alerts
def alerts(scene: Scene, profile: Profile, scores: Iterable[ScoreRow] = (),
           breaches: Iterable[tuple[str, LegalTest]] = (), rules: Rules | None = None,
           ) -> list[Alert]:  # fmt: skip
    """All alerts of an assessment, the most severe first.

    ``scores`` rows of the table ``scores``; ``breaches`` (indicator, test), whatever their
    outcome. Without both, only the overlaps with the maps are looked at.
    """
    del profile  # the rules are the same under every profile
    rules = rules or load_rules()
    found: list[Alert] = []
    for rule in rules.overlaps:
        found += added_alerts(scene, rule) if rule.added else overlap_alerts(scene, rule)
    rows, tests = list(scores), list(breaches)
    for threshold in rules.thresholds:
        found += _breach_alerts(scene, threshold, tests)
        found += _mark_alerts(scene, threshold, rows)
    return sorted(found, key=lambda a: SEVERITIES.index(a.severity))


# --------------------------------------------------------------------------------- overlaps
def _kinds(rule: OverlapRule, vectors: VectorContext) -> list[tuple[str, str, np.ndarray]]:
    """(kind or '', severity, rows of the role) of each kind present."""
    of_term = {term: kind for kind in rule.kinds for term in kind.terms}
    kinds = [of_term.get(fold(k)) if k is not None else None for k in vectors.texts("kind")]
    ids = np.array([k.id if k else "" for k in kinds], object)
    severity = {k.id: k.severity for k in rule.kinds} | {"": rule.severity}
    return [(id_, severity[id_], np.flatnonzero(ids == id_)) for id_ in severity if id_ in ids]


def _names(vectors: VectorContext, rows: np.ndarray) -> str:
    """The names of some areas, else the name of their layer."""
    texts = vectors.texts("name")
    names = [str(texts[r]) for r in rows if texts[r] is not None]
    names = list(dict.fromkeys(names)) or list(dict.fromkeys(str(vectors.layer[r]) for r in rows))
    shown = ", ".join(names[:MOST_NAMES])
    return shown + ", …" if len(names) > MOST_NAMES else shown


def _largest(groups: np.ndarray, area: np.ndarray) -> int:
    """The group with the most area, -1 where there is none; ties go to the lowest."""
    if not len(groups):
        return -1
    ids, index = np.unique(groups, return_inverse=True)
    return int(ids[int(np.argmax(np.bincount(index.reshape(-1), area)))])


def _wkb(polygons: Polygons) -> bytes | None:
    return bytes(union_of(polygons).ExportToWkb(ogr.wkbNDR)) if polygons.n else None


def _subject(scene: Scene) -> np.ndarray:
    """Rows of the surfaces that are judged: the design, else (nothing designed) what is there."""
    design = ~np.asarray(scene.surfaces.current, bool)
    return np.flatnonzero(design if design.any() else ~design)


def overlap_alerts(scene: Scene, rule: OverlapRule) -> list[Alert]:
    """One alert per kind and zone whose ground lies in areas of the role."""
    vectors = scene.vectors(rule.role)
    if vectors is None:
        return []
    areas = _areas(scene, vectors)
    found: list[Alert] = []
    for kind, severity, rows in _kinds(rule, vectors):
        own = _near_plan(scene, rule, areas, rows)
        pieces = by_zone(scene, own)
        if not pieces.polygons.n:
            continue
        common = common_area(scene, own, _subject(scene))
        feature, zone_of = scene.cut.feature[common.row], scene.cut.zone[common.row]
        made_from = (rule, vectors, pieces, rows, feature, zone_of, common.area,
                     scene.surfaces.fid[feature])  # fmt: skip
        found += whole_of(
            scene, ("alerts", rule.id, kind), made_from,
            partial(_of_kind, scene, rule, kind, severity, *made_from[1:-1]))  # fmt: skip
    return found


def _of_kind(scene: Scene, rule: OverlapRule, kind: str, severity: str, vectors: VectorContext,
             pieces: ZonePieces, rows: np.ndarray, feature: np.ndarray, zone_of: np.ndarray,
             area_of: np.ndarray) -> list[Alert]:  # fmt: skip
    """Alerts of the areas ``rows`` of one kind; arrays (k,) of what the surfaces share with it."""
    found = []
    for zone in np.unique(pieces.zone):
        mine = pieces.take(pieces.zone == zone)
        shape = mine.polygons
        drawn = whole_of(
            scene, ("alert_zone", rule.id, kind, int(zone)),
            (shape.xy, shape.ring_start, shape.ring_part, shape.part_feature),
            partial(_wkb, shape))  # fmt: skip
        area = float(mine.area.sum())
        if area < max(rule.min_area, _DUST):
            continue
        here = zone_of == zone
        touched = feature[here]
        design = _largest(touched, area_of[here])
        source = int(rows[_largest(mine.source, mine.area)])
        key = f"alerts.{rule.id}.kind.{kind}" if kind else f"alerts.{rule.id}.text"
        found.append(Alert(
            rule.id, severity, rule.role, str(vectors.layer[source]), int(vectors.fid[source]),
            int(scene.surfaces.fid[design]) if design >= 0 else None, int(zone), area,
            say(key, area=area, zone=int(zone), count=len(np.unique(touched)),
                name=_names(vectors, rows[np.unique(mine.source)])),
            drawn,
        ))  # fmt: skip
    return found


def _areas(scene: Scene, vectors: VectorContext) -> Polygons:
    return whole_of(scene, ("alert_areas", vectors.role), (vectors,),
                    lambda: Polygons.from_wkb(vectors.wkb))  # fmt: skip


def _near_plan(scene: Scene, rule: OverlapRule, areas: Polygons, rows: np.ndarray) -> Pieces:
    """The areas of these rows with the rule's buffer, disjoint, as far as they come near."""
    return whole_of(
        scene, ("alert_pieces", rule.id, rows.tobytes()), (areas, rule, nearby(scene)),
        lambda: disjoint(_reached(areas.take(rows), rule.buffer, scene),
                         within=nearby(scene)))  # fmt: skip


def _reached(areas: Polygons, buffer: float, scene: Scene) -> Polygons:
    """The areas with ``buffer`` m around them; those that stay away from the plan become empty."""
    if not buffer:
        return areas
    near = np.unique(bbox_pairs(areas.bounds(), nearby(scene), buffer)[0])
    made: list[ogr.Geometry | None] = [None] * areas.n
    for row in near:
        made[int(row)] = polygonal(areas.geometry(int(row)).Buffer(buffer, 16))
    return Polygons.from_geometries(made)


# --------------------------------------------------------------------------------- added ground
def added_alerts(scene: Scene, rule: OverlapRule) -> list[Alert]:
    """Alerts where the plan adds sealed ground, or digs what drains, within reach of the areas.

    The net change over the whole plan within reach counts, so moving pavement from one zone to
    another adds nothing. Without any current situation the change is unknown: that is said, with
    the sealed ground of the plan, one step less severe.
    """
    vectors = scene.vectors(rule.role)
    if vectors is None or scene.surfaces.current.all():
        return []
    areas = _areas(scene, vectors)
    own = _near_plan(scene, rule, areas, np.arange(areas.n))
    pieces = by_zone(scene, own)
    if float(pieces.area.sum()) < max(rule.min_area, _DUST):
        return []
    sealed = np.nan_to_num(scene.surfaces.share("sealed"))
    digs = scene.surfaces.where(*rule.drains).astype(float)
    known = bool(scene.surfaces.current.any())
    found = []
    for cause, share in (("sealed", sealed), ("drainage", digs)):
        after, feature, area = _after(scene, own, share, cause)
        added = after - (_before(scene, pieces, share) if known else 0.0)
        if added < max(rule.min_area, _DUST):
            continue
        source = whole_of(scene, ("alert_nearest", rule.id), (areas, scene.plan, scene.margin),
                          lambda: _nearest(scene, areas))  # fmt: skip
        design = _largest(feature, area)
        severity = rule.severity
        if not known:
            severity = SEVERITIES[min(SEVERITIES.index(severity) + 1, len(SEVERITIES) - 1)]
        found.append(Alert(
            rule.id, severity, rule.role, str(vectors.layer[source]), int(vectors.fid[source]),
            int(scene.surfaces.fid[design]) if design >= 0 else None, 0, added,
            say(f"alerts.{rule.id}.{cause}" + ("" if known else "_unknown"), area=added,
                buffer=rule.buffer, name=_names(vectors, np.unique(pieces.source))),
            whole_of(scene, ("alert_shape", rule.id), (pieces,), lambda: _wkb(pieces.polygons)),
        ))  # fmt: skip
    return found


def _after(scene: Scene, pieces: Pieces, share: np.ndarray,
           cause: str) -> tuple[float, np.ndarray, np.ndarray]:  # fmt: skip
    """m2 of the plan within the pieces as it will be, and that of each feature of the design."""
    rows = np.flatnonzero(share > 0)
    common = common_area(scene, pieces, rows, cause)
    feature = scene.cut.feature[common.row]
    area = common.area * share[feature]
    design = ~scene.surfaces.current[feature]
    return float(area.sum()), feature[design], area[design]


def _before(scene: Scene, pieces: ZonePieces, share: np.ndarray) -> float:
    """m2 within the pieces as it is now: the current situation before the design replaced it."""
    surfaces = scene.surfaces
    rows = np.flatnonzero(surfaces.current)
    bounds = surfaces.footprints.bounds()[rows]
    rows = rows[np.unique(bbox_pairs(bounds, nearby(scene))[0])]
    ground, share = _current_ground(scene, rows), share[rows]

    def make() -> float:
        i, j = bbox_pairs(ground.bounds(), pieces.polygons.bounds())
        return float((overlap_areas(ground, pieces.polygons, i, j) * share[i]).sum())

    return whole_of(scene, ("alert_before", id(pieces), share.tobytes()), (pieces, ground), make)


def _current_ground(scene: Scene, rows: np.ndarray) -> Polygons:
    """What each of these rows of the current situation owns where the design takes nothing."""
    def make(scene: Scene) -> Polygons:
        surfaces, reuse = scene.surfaces, scene.reuse
        before = None if reuse is None else reuse.kept.made_from("alert_ground")
        if (reuse is not None and before is not None and reuse.kept.of_last_run("alert_ground")
                and np.array_equal(reuse.drawn[rows], before[0])):  # fmt: skip
            ground: Polygons = reuse.kept.found("alert_ground")
        else:
            rank = [surfaces.functions.rank(f) for f in surfaces.function[rows]]
            ground = resolve(surfaces.footprints.take(rows), np.array(rank, float))[0]
        return ground if reuse is None else reuse.kept.put("alert_ground", (rows,), ground)

    return scene.product("alert_ground", make)  # type: ignore[no-any-return]


def _nearest(scene: Scene, areas: Polygons) -> int:
    """The row of the area nearest to the plan."""
    plan = scene.plan.geometry(0)
    near = np.unique(bbox_pairs(areas.bounds(), scene.plan.bounds(), scene.margin)[0])
    distance = [plan.Distance(areas.geometry(int(r))) for r in near]
    return int(near[int(np.argmin(distance))])


# --------------------------------------------------------------------------------- thresholds
def _breach_alerts(scene: Scene, rule: ThresholdRule,
                   tests: Sequence[tuple[str, LegalTest]]) -> list[Alert]:  # fmt: skip
    """One alert per indicator and zone with such an outcome, at the object furthest beyond."""
    groups: dict[tuple[str, int], list[LegalTest]] = {}
    for indicator, test in tests:
        if test.outcome in rule.outcomes:
            groups.setdefault((indicator, test.zone), []).append(test)
    found = []
    for (indicator, zone), own in groups.items():
        worst = max(own, key=_excess)
        row = worst.feature
        surfaces = scene.surfaces
        found.append(Alert(
            rule.id, rule.severity, "", str(surfaces.layer[row]) if row >= 0 else "", None,
            int(surfaces.fid[row]) if row >= 0 else None, zone, None,
            say(f"alerts.{rule.id}.text", indicator=say(f"indicators.{indicator}.name"), zone=zone,
                count=len({(t.feature, t.source_kind, t.part) for t in own})),
            worst.wkb or (surfaces.footprints.wkb(row) if row >= 0 else None),
        ))  # fmt: skip
    return found


def _excess(test: LegalTest) -> float:
    """How far beyond its limit, in the unit of the indicator (either direction)."""
    margin = abs(test.value - test.limit)
    return margin if margin == margin else -1.0


def _mark_alerts(scene: Scene, rule: ThresholdRule,
                 scores: Sequence[ScoreRow]) -> list[Alert]:  # fmt: skip
    """One alert per zone and indicator with a mark below the threshold, raw values (G10)."""
    if rule.mark is None:
        return []
    drawn: list[bytes] = scene.product("alert_zones", lambda scene: [
        scene.zones.polygons.wkb(row) for row in range(scene.n_zones)])  # fmt: skip
    return [
        Alert(rule.id, rule.severity, "", "", None, None, row.zone_id, None,
              say(f"alerts.{rule.id}.text", indicator=say(f"indicators.{row.indicator}.name"),
                  zone=row.zone_id, mark=shown(row.mark)),
              drawn[row.zone_id - 1])
        for row in scores
        if row.zone_id > 0 and row.mark is not None and row.mark < rule.mark - _DUST
    ]  # fmt: skip


def shown(mark: float) -> float:
    """A mark below 6 as a sentence may show it: one decimal, truncated (indicators G10)."""
    return float(np.floor(round(mark * 10.0, 6)) / 10.0)
