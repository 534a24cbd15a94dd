"""What a profile asks of the parts of an indicator in the zones of a plan."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import words
from .kept import whole

if TYPE_CHECKING:
    from .indicators.spec import Indicator, Part
    from .norms import Norm, Profile
    from .scene import Scene


@dataclass(frozen=True)
class Asked:
    """What is asked of one part; by zone id, index 0 the plan."""

    norms: list[Norm | None]
    anchors: np.ndarray  # (n_zones + 1, 3) minimum, basis, optimum; NaN where no norm
    there: np.ndarray  # (n_zones + 1,) bool: the area type is known and has a norm
    up: bool  # higher is better
    log: bool  # marks go by the logarithm of the value
    sigma: tuple[float, str]  # spread of the value and its kind


class ZoneNorms:
    """The norms of one profile for one list of area types; each part is looked up once."""

    def __init__(self, profile: Profile, area_types: list[str | None]) -> None:
        self.profile, self.area_types = profile, area_types
        self.typed = np.array([t is not None and t in profile.area_types for t in area_types])
        self._asked: dict[tuple[str, str], Asked] = {}
        self._limits: dict[tuple[str, str, datetime.date], float | None] = {}

    def of(self, spec: Indicator, part: Part) -> Asked:
        key = spec.id, part.id
        if key not in self._asked:
            self._asked[key] = self._look_up(spec, part)
        return self._asked[key]

    def limit(self, indicator: str, part: str, date: datetime.date) -> float | None:
        """The legal limit where the law has just one number for this part at the date."""
        key = indicator, part, date
        if key not in self._limits:
            laws = self.profile.law(indicator, date, None, part) or ()
            found = {x.limit for x in laws if x.limit is not None and not math.isnan(x.limit)}
            self._limits[key] = float(found.pop()) if len(found) == 1 else None
        return self._limits[key]

    def _look_up(self, spec: Indicator, part: Part) -> Asked:
        norms = [None if part.informative or t is None else self.profile.norm(spec.id, t, part.id)
                 for t in self.area_types]  # fmt: skip
        anchors = [[x.minimum, x.basis, x.optimum] if x else [np.nan] * 3 for x in norms]
        number, kind = self._attribute(spec, part, "sigma", None) or spec.sigma
        return Asked(
            norms,
            np.array(anchors, float),
            np.array([x is not None for x in norms]) & self.typed,
            self._attribute(spec, part, "direction", words.UP) == words.UP,
            self._attribute(spec, part, "scale", words.LINEAR) == words.LOG,
            (float(number), str(kind)),
        )

    def _attribute(self, spec: Indicator, part: Part, name: str, default: Any) -> Any:
        """An attribute of the norms of a part, else of the indicator, else the default."""
        norms = self.profile.indicators.get(spec.id)
        for holder in ((getattr(norms, "parts", None) or {}).get(part.id), norms):
            found = getattr(holder, name, None)
            if found is not None and found != "":
                return found
        return default


def zone_norms(scene: Scene, profile: Profile) -> ZoneNorms:
    """The norms for the zones of a scene. The plan has an area type where all zones have one."""
    types: list[str | None] = [None, *[t or None for t in scene.zones.area_type]]
    named = {t for t in types[1:] if t is not None}
    types[0] = next(iter(named)) if len(named) == 1 else None
    reuse = getattr(scene, "reuse", None)
    return whole(None if reuse is None else reuse.kept, "zone_norms", (profile, types),
                 lambda: ZoneNorms(profile, types))  # fmt: skip
