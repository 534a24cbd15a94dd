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
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from osgeo import ogr

from . import resources_path
from .alert_areas import (
    Area,
    Touched,
    added_by,
    areas_of,
    nearest,
    share_before,
    touched_by,
)
from .functions import fold
from .kept import whole_of
from .overlay import ZonePieces, by_zone
from .words import LEGAL_CHECKS, SEVERITIES, Message, say
from .yaml_lines import Node, read_yaml
from .zones import union_of

if TYPE_CHECKING:
    from .geometry import Polygons
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
    found = overlap_alerts(scene, rules.overlaps)
    rows, tests = list(scores), list(breaches)
    for threshold in rules.thresholds:
        found += _breach_alerts(scene, threshold, tests)
        found += _mark_alerts(scene, threshold, rows)
    return sorted(found, key=lambda a: SEVERITIES.index(a.severity))


# --------------------------------------------------------------------------------- overlaps
def overlap_alerts(scene: Scene, rules: Sequence[OverlapRule]) -> list[Alert]:
    """One alert per rule, kind and zone whose ground lies in areas of the role; of rules about what
    is added those of :func:`_added_alerts`."""
    areas = areas_of(scene, rules)
    touched = touched_by(scene, areas)
    found: list[Alert] = []
    for area, own in zip(areas.each, touched):
        pieces = by_zone(scene, area.pieces)
        if not pieces.polygons.n:
            continue
        made_from: tuple[Any, ...] = (area, pieces, own.feature, own.zone, own.m2,
                                      scene.surfaces.fid[own.feature])  # fmt: skip
        make = partial(_of_area, scene, area, pieces, own)
        if area.rule.added:
            added = _added(scene, area, pieces)
            if added is None:
                continue
            made_from = (*made_from, *added, scene.plan, scene.margin)
            make = partial(_added_alerts, scene, area, pieces, own, added)
        found += whole_of(scene, ("alerts", area.rule.id, area.kind), made_from, make)
    return found


def _of_area(scene: Scene, area: Area, pieces: ZonePieces, touched: Touched) -> list[Alert]:
    found = []
    rule, kind, vectors = area.rule, area.kind, area.vectors
    for zone in np.unique(pieces.zone).tolist():
        mine = pieces.take(pieces.zone == zone)
        shape = mine.polygons
        drawn = whole_of(
            scene, ("alert_zone", rule.id, kind, zone),
            (shape.xy, shape.ring_start, shape.ring_part, shape.part_feature),
            partial(_wkb, shape))  # fmt: skip
        m2 = float(mine.area.sum())
        if m2 < max(rule.min_area, _DUST):
            continue
        here = touched.take(touched.zone == zone)
        design = _largest(here.feature, here.m2)
        source = int(area.rows[_largest(mine.source, mine.area)])
        key = f"alerts.{rule.id}.kind.{kind}" if kind else f"alerts.{rule.id}.text"
        found.append(Alert(
            rule.id, area.severity, rule.role, str(vectors.layer[source]), int(vectors.fid[source]),
            int(scene.surfaces.fid[design]) if design >= 0 else None, zone, m2,
            say(key, area=m2, zone=zone, count=len(np.unique(here.feature)),
                name=_names(vectors, area.rows[np.unique(mine.source)])),
            drawn,
        ))  # fmt: skip
    return found


class _Added(NamedTuple):
    """What the change of ground near areas is told by."""

    current: np.ndarray  # of the surfaces
    shares: dict[str, np.ndarray]  # of their ground that is sealed, or drains, by cause
    before: dict[str, float]  # m2 of it as it is now; empty where that is not known


def _added(scene: Scene, area: Area, pieces: ZonePieces) -> _Added | None:
    """None where nothing is designed, or where the areas hardly reach the plan."""
    current = scene.surfaces.current
    if current.all() or float(pieces.area.sum()) < max(area.rule.min_area, _DUST):
        return None
    shares = added_by(scene, area.rule)
    before = {cause: share_before(scene, area, pieces, cause, share)
              for cause, share in shares.items() if current.any()}  # fmt: skip
    return _Added(current, shares, before)


def _added_alerts(scene: Scene, area: Area, pieces: ZonePieces, touched: Touched,
                  given: _Added) -> list[Alert]:  # fmt: skip
    """Alerts where the plan adds sealed ground, or digs what drains, within reach of the areas.

    The net change over the whole plan within reach counts, so moving pavement from one zone to
    another adds nothing. Without any current situation the change is unknown: that is said, with
    the sealed ground of the plan, one step less severe.
    """
    rule, vectors, known = area.rule, area.vectors, bool(given.before)
    found = []
    for cause, share in given.shares.items():
        mine = touched.take(share[touched.feature] > 0)
        m2 = mine.m2 * share[mine.feature]
        added = float(m2.sum()) - given.before.get(cause, 0.0)
        if added < max(rule.min_area, _DUST):
            continue
        source, drawn = nearest(scene, area), ~given.current[mine.feature]
        design = _largest(mine.feature[drawn], m2[drawn])
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
    """One alert per zone and indicator with a mark below the threshold, raw values (G10). One that
    says what one of the last scene said is that one."""
    if rule.mark is None:
        return []
    least, drawn, name = rule.mark - _DUST, _zone_shapes(scene), ("alert_marks", rule)
    kept = None if scene.reuse is None else scene.reuse.kept
    before = (None if kept is None else kept.found(name)) or {}
    found: dict[tuple[str, int, float, bytes], Alert] = {}
    for row in scores:
        zone, mark = row.zone_id, row.mark
        if zone > 0 and mark is not None and mark < least:
            key = row.indicator, zone, mark, drawn[zone - 1]
            found[key] = before.get(key) or Alert(
                rule.id, rule.severity, "", "", None, None, zone, None,
                say(f"alerts.{rule.id}.text", indicator=say(f"indicators.{row.indicator}.name"),
                    zone=zone, mark=shown(mark)), drawn[zone - 1])  # fmt: skip
    if kept is not None:
        kept.put(name, (), found)
    return list(found.values())


def _zone_shapes(scene: Scene) -> list[bytes]:
    """WKB of each zone, the very same where it keeps its shape."""
    zones, reuse = scene.zones, scene.reuse

    def make() -> list[bytes]:
        before: list[bytes | None] = [None] * zones.n
        last = None if reuse is None else reuse.kept.made_from("alert_zones")
        if reuse is not None and reuse.stays is not None and last and last[0] is reuse.zones:
            drawn = reuse.kept.found("alert_zones")
            before = [shape if stays else None for shape, stays in zip(drawn, reuse.stays)]
        return [shape or zones.polygons.wkb(row) for row, shape in enumerate(before)]

    return whole_of(scene, "alert_zones", (zones,), make)


def shown(mark: float) -> float:
    """A mark below 6 as a sentence may show it: one decimal, truncated (indicators G10)."""
    return float(np.floor(round(mark * 10.0, 6)) / 10.0)
