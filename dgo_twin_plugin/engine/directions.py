"""Directions for a plan: what the profile asks of the proposed area types, how far the current
situation is from it, and which norms weigh most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .indicators import all_indicators
from .words import Message, say

if TYPE_CHECKING:
    from .norms import Profile
    from .scene import Scene
    from .score_row import ScoreRow

BELOW, GOOD, BETWEEN, UNKNOWN = "below", "good", "between", "unknown"
_DUST = 1e-9


@dataclass
class Direction:
    """One indicator in one area type of the plan. ``value`` and ``mark`` are those of the current
    situation in the zone that is worst off; None where nothing was assessed."""

    indicator: str
    area_type: str
    part: str
    theme: str
    unit: str
    up: bool
    minimum: float
    basis: float
    optimum: float
    weight: float  # of the indicator in its theme x of the theme, 1 unless somebody said otherwise
    share: float  # of the plan that these zones take, 0-1
    value: float | None = None
    mark: float | None = None
    reason: Message | None = None
    proxy: bool = False

    @property
    def state(self) -> str:
        """below 6, at least 8, between, or not assessed."""
        if self.mark is None:
            return UNKNOWN
        if self.mark < 6.0 - _DUST:
            return BELOW
        return GOOD if self.mark >= 8.0 - _DUST else BETWEEN

    @property
    def pull(self) -> float:
        """How much this norm weighs now: shortage in mark points x weight x share of the plan."""
        return 0.0 if self.mark is None else max(0.0, 6.0 - self.mark) * self.weight * self.share

    def asked(self) -> Message:
        """What the profile asks, as a sentence."""
        return say(f"startsheet.asked.{'up' if self.up else 'down'}", minimum=self.minimum,
                   basis=self.basis, unit=self.unit)  # fmt: skip


def directions(scene: Scene, profile: Profile, rows: Iterable[ScoreRow] = ()) -> list[Direction]:
    """Every indicator with a norm in an area type of the plan; most pull first, then in order."""
    shares: dict[str, float] = {}
    total = float(scene.zones.area.sum())
    for type_, area in zip(scene.zones.area_type, scene.zones.area):
        if type_ is not None:
            shares[str(type_)] = shares.get(str(type_), 0.0) + float(area) / total
    scored: dict[tuple[str, str], list[ScoreRow]] = {}
    for row in rows:
        if row.zone_id > 0 and row.area_type is not None:
            scored.setdefault((row.indicator, row.area_type), []).append(row)
    found = []
    for type_, share in sorted(shares.items(), key=lambda item: -item[1]):
        for spec in all_indicators():
            norms = profile.indicators.get(spec.id)
            if norms is None:
                continue
            mine = scored.get((spec.id, type_), [])
            worst = min((r for r in mine if r.mark is not None), key=lambda r: r.mark or 0.0,
                        default=None)  # fmt: skip
            shown = worst or next(iter(mine), None)
            part = shown.part if shown is not None and shown.part in norms.parts else norms.first.id
            norm = profile.norm(spec.id, type_, part)
            if norm is None:
                continue
            weight = norms.weight * float((profile.theme_weights or {}).get(spec.theme, 1.0))
            found.append(Direction(
                spec.id, type_, part, spec.theme, norms.parts[part].unit, norms.parts[part].up,
                norm.minimum, norm.basis, norm.optimum, weight, share,
                worst.value if worst is not None else None,
                worst.mark if worst is not None else None,
                shown.reason if shown is not None and worst is None else None,
                bool(worst.proxy) if worst is not None else False,
            ))  # fmt: skip
    return sorted(found, key=lambda d: -d.pull)  # stable: the rest keeps its order
