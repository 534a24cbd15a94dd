"""The state of the mixing panel: ambitions, weights, switches, locks, mode. Nothing here is drawn.

A :class:`Mix` never changes: every move gives a new one, which makes undo a list. Ambitions are
kept as in a twin file: scope (``all``, an area type ``GT04``, or ``zone 2``) -> part key
(``traffic_noise``, ``air_quality.pm25``) -> value in the unit of the quantity; the zone goes
before the type, the type before ``all`` (indicators G8). What is not named is the profile's.

No Qt, and no NumPy when this module is imported.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .norms import Profile
    from .scores import Ambitions
    from .totals import Weights
    from .twin import Twin

DESIGN, TEST = "design", "test"
MODES = (DESIGN, TEST)
ALL = "all"
MOST_WEIGHT = 5.0  # of a slider of the panel; files may say more
_NOTHING: Mapping[str, float] = MappingProxyType({})


def part_key(indicator: str, part: str = "") -> str:
    """The name of a quantity in a mix: the indicator, and its part where it has more than one."""
    return f"{indicator}.{part}" if part else indicator


def split_key(key: str) -> tuple[str, str]:
    """(indicator, part) of a part key."""
    indicator, _, part = key.partition(".")
    return indicator, part


@dataclass(frozen=True)
class Mix:
    """All that can be set in the panel. Equal mixes are equal, whatever order they were made in."""

    ambitions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)  # indicator; absent = the profile's
    theme_weights: Mapping[str, float] = field(default_factory=dict)
    off: frozenset[str] = frozenset()  # indicators switched off: weight 0
    locked: frozenset[str] = frozenset()  # indicators whose handle may not move
    mode: str = DESIGN

    # --- asking ----------------------------------------------------------------------------
    @property
    def testing(self) -> bool:
        """Whether the panel is in the mode *toets*."""
        return self.mode == TEST

    def may_move(self, key: str) -> bool:
        """Whether the handle of a part key (or indicator) may be moved."""
        return not self.testing and split_key(key)[0] not in self.locked

    def wish(self, key: str, area_type: str | None = None, zone: int = 0) -> float | None:
        """The value somebody gave for a quantity at a place; None: nobody did, so the basis."""
        places = [f"zone {zone}" if zone else "", area_type or "", ALL]
        key = full_key(key)
        for scope in places:
            found = self.ambitions.get(scope, _NOTHING).get(key)
            if found is not None:
                return found
        return None

    def ambition(
        self, profile: Profile, key: str, area_type: str | None, zone: int = 0
    ) -> float | None:
        """The ambition in force in an area type or zone: what was given, else the basis; None
        where the profile has no norm there. In the mode *toets* always the basis."""
        norm = profile.norm(split_key(key)[0], area_type, split_key(key)[1])
        if norm is None:
            return None
        given = None if self.testing else self.wish(key, area_type, zone)
        return norm.basis if given is None else given

    def weight(self, profile: Profile, indicator: str) -> float:
        """The weight in force without the switch: what was given, else the profile's."""
        norms = profile.indicators.get(indicator)
        own = 1.0 if norms is None else float(norms.weight)
        return own if self.testing else self.weights.get(indicator, own)

    def laid(self, profile: Profile) -> tuple[Ambitions | None, Weights]:
        """What ``rejudge`` takes. In the mode *toets*: no ambitions, the weights of the profile.
        Names that the profile does not know are left out: a mix outlives its profile."""
        from .totals import Weights

        weights = Weights.of(profile)
        if self.testing:
            return None, weights
        own = {**weights.indicators, **{k: w for k, w in self.weights.items()
                                        if k in profile.indicators}}  # fmt: skip
        own.update({k: 0.0 for k in self.off if k in profile.indicators})
        laid = Weights(own, {**weights.themes, **self.theme_weights})
        return {scope: dict(wanted) for scope, wanted in self.ambitions.items()}, laid

    # --- moving ----------------------------------------------------------------------------
    def with_ambition(self, scope: str, key: str, value: float | None) -> Mix:
        """Another ambition at a scope, in the unit of the quantity; None takes it back. Locked
        indicators and the mode *toets* stay as they are."""
        return self._ambition(scope, key, value) if self.may_move(key) else self

    def _ambition(self, scope: str, key: str, value: float | None) -> Mix:
        if value is not None and not math.isfinite(value):
            return self
        key = full_key(key)  # one quantity has one name here, or two wishes would stand for it
        now = self.ambitions.get(scope, _NOTHING).get(key)
        if now == value:
            return self
        wanted = {k: v for k, v in self.ambitions.get(scope, _NOTHING).items() if k != key}
        if value is not None:
            wanted[key] = float(value)
        # a scope keeps its place among the others: whoever takes the wishes in order (rejudge)
        # would else see all of them moved, and lay every indicator anew
        kept = {**self.ambitions, scope: wanted}
        if not wanted:
            del kept[scope]
        return replace(self, ambitions=kept)

    def at_norm(self, profile: Profile, scope: str, key: str, area_type: str | None) -> Mix:
        """The handle of a scope back to the norm. Where a wider scope has a wish of its own (a
        zone in a type, a type under ``all``), the basis is written out at this one."""
        made = self.with_ambition(scope, key, None)
        zone = int(scope[5:]) if scope.startswith("zone ") else 0
        if made.wish(key, area_type, zone) is None:
            return made
        norm = profile.norm(split_key(key)[0], area_type, split_key(key)[1])
        return made if norm is None else made.with_ambition(scope, key, norm.basis)

    def with_mark(
        self, profile: Profile, types: Iterable[str], key: str, mark: float | None,
        date: datetime.date | None = None,
    ) -> Mix:  # fmt: skip
        """One handle for several area types: every type that has a norm gets its own value for
        that mark, the law in between (with a date); ``None`` takes all back. What was wished for
        everywhere (``all``) or in one zone gives way."""
        if not self.may_move(key):
            return self
        from .bandwidth import track

        made = self
        for scope, wanted in self.ambitions.items():
            if key in wanted and (scope == ALL or scope.startswith("zone ")):
                made = made._ambition(scope, key, None)
        indicator, part = split_key(key)
        for area_type in dict.fromkeys(types):
            where = track(profile, indicator, area_type, date, part)
            if where is not None:
                value = None if mark is None else where.clamp(where.value_at_mark(mark))
                made = made._ambition(area_type, key, value)
        return made

    def with_weight(self, indicator: str, weight: float | None) -> Mix:
        """Another weight inside the theme, 0 to 5; None takes it back to the profile's."""
        return self._weighted("weights", indicator, weight)

    def with_theme_weight(self, theme: str, weight: float | None) -> Mix:
        """Another weight of a theme inside the total, 0 to 5; None takes it back."""
        return self._weighted("theme_weights", theme, weight)

    def _weighted(self, where: str, name: str, weight: float | None) -> Mix:
        if self.testing or (weight is not None and not math.isfinite(weight)):
            return self
        kept = {k: w for k, w in getattr(self, where).items() if k != name}
        if weight is not None:
            kept[name] = min(max(float(weight), 0.0), MOST_WEIGHT)
        if kept == getattr(self, where):
            return self
        changed: dict[str, Any] = {where: kept}
        return replace(self, **changed)

    def with_off(self, indicator: str, off: bool = True) -> Mix:
        """Switch an indicator off (weight 0, its own weight remembered) or on again."""
        if self.testing:
            return self
        changed = self.off | {indicator} if off else self.off - {indicator}
        return self if changed == self.off else replace(self, off=changed)

    def with_lock(self, indicator: str, locked: bool = True) -> Mix:
        """Lock the handle of an indicator, or free it."""
        changed = self.locked | {indicator} if locked else self.locked - {indicator}
        return self if changed == self.locked else replace(self, locked=changed)

    def with_mode(self, mode: str) -> Mix:
        """The mode *ontwerp* (``design``) or *toets* (``test``); nothing that was set is lost."""
        if mode not in MODES:
            raise ValueError(f"unknown mode: {mode}")
        return self if mode == self.mode else replace(self, mode=mode)

    def reset(self, indicator: str | None = None) -> Mix:
        """One indicator, or all of them, as the profile has it: ambitions, weight, switch.
        Locked handles stay where they are, and stay locked."""
        if self.testing:
            return self
        if indicator is None:
            names = {split_key(k)[0] for wanted in self.ambitions.values() for k in wanted}
            made = replace(self, weights={}, theme_weights={}, off=frozenset())
        else:
            names = {indicator}
            made = self.with_weight(indicator, None).with_off(indicator, False)
        free = names - self.locked
        kept = {scope: {k: v for k, v in wanted.items() if split_key(k)[0] not in free}
                for scope, wanted in self.ambitions.items()}  # fmt: skip
        kept = {scope: wanted for scope, wanted in kept.items() if wanted}
        return made if kept == self.ambitions else replace(made, ambitions=kept)

    def taking(self, other: Mix) -> Mix:
        """This mix with the ambitions and weights of another (a preset) in the place of its own:
        locked handles, the locks and the mode stay."""
        if self.testing:
            return self

        def of(mix: Mix, locked: bool) -> dict[str, dict[str, float]]:
            return {scope: {k: v for k, v in wanted.items()
                            if (split_key(k)[0] in self.locked) == locked}
                    for scope, wanted in mix.ambitions.items()}  # fmt: skip

        own, new = of(self, True), of(other, False)
        both = {scope: {**new.get(scope, {}), **own.get(scope, {})} for scope in {**new, **own}}
        return replace(self, ambitions={s: w for s, w in both.items() if w}, weights=other.weights,
                       theme_weights=other.theme_weights, off=other.off)  # fmt: skip


def of_twin(twin: Twin) -> Mix:
    """The mix of a twin file: its blocks ``ambitions`` and ``weights``."""
    kept = {scope: {full_key(k): float(v) for k, v in wanted.items()}
            for scope, wanted in twin.ambitions.items() if wanted}  # fmt: skip
    return Mix(kept, dict(twin.weights), dict(twin.theme_weights))


@lru_cache(maxsize=1024)
def full_key(key: str) -> str:
    """A part key with its part: a bare name of an indicator with parts means the first that is
    scored, as in a twin file. An unknown name stays as it is."""
    indicator, part = split_key(key)
    if part:
        return key
    from .indicators import indicator as find

    try:
        parts = [p.id for p in find(indicator).parts if not p.informative]
    except KeyError:
        return key
    return part_key(indicator, parts[0] if parts else "")


def to_text(mix: Mix) -> str:
    """The mix as YAML, always the same text for the same mix; :func:`from_text` reads it."""
    from .mix_text import write

    return write(mix)


def from_text(content: str, profile: Profile | None = None) -> Mix:
    """Read what :func:`to_text` wrote, or the blocks ``ambitions`` and ``weights`` of a twin file.
    ``DgoError`` names line, key and remedy."""
    from .mix_text import read

    return read(content, profile)


_ELSEWHERE = {"History": "mix_history", "Preset": "mix_presets", "presets": "mix_presets",
              "NormFile": "norm_file", "to_norm_file": "norm_file"}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Names that live in a file of their own, and are asked for here."""
    if name in _ELSEWHERE:
        import importlib

        return getattr(importlib.import_module(f".{_ELSEWHERE[name]}", __package__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
