"""Area types that a person chose against the rule: kept, with the reason, when the rule is run
again (feature B4). A former map gives them; a polygon is recognised by its id or by its ground."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .geometry import Polygons
from .overlay import area_within

SAME = 0.5  # share of either polygon that both must have in common to be the same place


@dataclass(frozen=True)
class Overrule:
    """What a person said of one polygon. Empty texts: nothing. ``holds`` only where the type is
    one of the profile's and a reason is given: without a reason a choice is kept, not followed."""

    type: str = ""  # as written
    reason: str = ""
    resolved: str | None = None

    @property
    def holds(self) -> bool:
        return self.resolved is not None and bool(self.reason)

    @property
    def said(self) -> bool:
        return bool(self.type or self.reason)


@dataclass(frozen=True)
class Former:
    """A former map. ``ids`` as texts, '' where there is none."""

    polygons: Polygons
    ids: Sequence[str]
    types: Sequence[Any]
    reasons: Sequence[Any]


def _word(value: Any) -> str:
    return "" if value is None else str(value).strip()


def carried(
    areas: Polygons, ids: Sequence[str], former: Former,
    resolve: Callable[[str], str | None],
) -> tuple[list[Overrule], list[int]]:  # fmt: skip
    """(overrule per area, rows of ``former`` that say something and found no area).

    An id that both know decides; else the polygon with the most ground in common, if that is half
    of both. One former polygon may speak for several areas with its id, never two for one.
    """
    found = [Overrule()] * areas.n
    speaks = [r for r in range(former.polygons.n)
              if _word(former.types[r]) or _word(former.reasons[r])]  # fmt: skip
    by_id = {former.ids[r]: r for r in speaks if former.ids[r]}
    used: set[int] = set()
    match = np.full(areas.n, -1, np.int64)
    for row, own in enumerate(ids):
        if own and own in by_id:
            match[row] = by_id[own]
    open_rows = np.flatnonzero(match < 0)
    rest = np.array([r for r in speaks if not (former.ids[r] and former.ids[r] in set(ids))],
                    np.int64)  # fmt: skip
    if len(open_rows) and len(rest):
        i, j, common = area_within(areas.take(open_rows), former.polygons.take(rest))
        own, other = areas.area()[open_rows][i], former.polygons.area()[rest][j]
        same = (common >= SAME * own) & (common >= SAME * other)
        for k in np.argsort(common, kind="stable"):  # the largest comes last and stays
            if same[k]:
                match[open_rows[i[k]]] = rest[j[k]]
    for row in np.flatnonzero(match >= 0):
        r = int(match[row])
        used.add(r)
        kind = _word(former.types[r])
        found[int(row)] = Overrule(kind, _word(former.reasons[r]), resolve(kind) if kind else None)
    return found, [r for r in speaks if r not in used]
