"""Gaps filled by the typology, visibly: every filled value is marked as assumed (feature A4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .kept import Kept, same, whole
from .mapping import missing
from .scene import BOOL_FIELDS, FIELDS, NUMERIC_FIELDS, Cut, Zones

if TYPE_CHECKING:
    from .functions import Functions
    from .geometry import Polygons
    from .norms import Profile
    from .sketch import Ground

PAVED_SHARES = ("green_roof", "blue_roof", "pv")
Columns = dict[str, np.ndarray]


def fill_defaults(ground: Ground, footprints: Polygons, cut: Cut, zones: Zones,
                  functions: Functions, profile: Profile,
                  kept: Kept | None = None) -> tuple[Columns, Columns]:  # fmt: skip
    """Fields without the gaps that something is known for, and where each was filled, (n,) bool.

    Order: the field itself; what follows from other given fields (floors from floor area, floor
    area from floors: assumed only as far as those are); the function's defaults; the typology of
    the area type where most of the feature lies. ``beng2``, ``mpg``, ``storage`` and what no
    typology knows stay missing: their indicators say how they treat that. With ``kept`` only
    features are looked at of which the footprint or the area type changed, as long as all say what
    they said; nobody may write in what is given then.
    """
    names: list[str | None] = [None, *sorted({t for t in zones.area_type.tolist() if t})]
    number = {name: k for k, name in enumerate(names)}
    kinds = np.array([0, *(number[t or None] for t in zones.area_type.tolist())], np.int64)
    area, kind = footprints.area(), kinds[main_zone(len(ground.fid), cut)]

    table = whole(kept, "typologies", (profile, names),
                  lambda: [profile.typology(name) for name in names])  # fmt: skip

    def filled(rows: np.ndarray) -> _Gaps:
        gaps = _Gaps(ground.fields, rows, ground.codes[rows])
        if len(rows):
            _fill(gaps, area[rows], kind[rows], table, functions)
        return gaps

    nothing = np.zeros(len(area), bool)
    if kept is None:
        gaps = filled(np.arange(len(area)))
        return ({**ground.fields, **gaps.fields},
                {**{name: nothing.copy() for name in FIELDS}, **gaps.assumed})  # fmt: skip
    inputs, before = (ground, functions, profile, names), kept.found("defaults")
    last = kept.made_from("defaults")
    if last is not None and same(last, inputs):
        rows = ((area != before.area) | (kind != before.kind)).nonzero()[0]
        gaps = filled(rows)
        fields = {**before.fields, **_with(before.fields, gaps.fields, rows)}
        assumed = {**before.assumed, **_with(before.assumed, gaps.assumed, rows)}
    else:
        gaps = filled(np.arange(len(area)))
        fields = {**ground.fields, **gaps.fields}
        assumed = {**dict.fromkeys(FIELDS, nothing), **gaps.assumed}
        for values in (*fields.values(), *assumed.values()):
            values.setflags(write=False)
    kept.put("defaults", inputs, _Filled(area, kind, fields, assumed))
    return dict(fields), dict(assumed)


@dataclass(frozen=True)
class _Filled:
    """What was filled, and what of each feature it was made from beside what it says."""

    area: np.ndarray
    kind: np.ndarray
    fields: Columns
    assumed: Columns


def _with(before: Columns, new: Columns, rows: np.ndarray) -> Columns:
    """Those of ``new``, values of some rows, that say something else; with the other rows."""
    found = {}
    for name, values in new.items():
        if not same(before[name][rows], values):
            found[name] = before[name].copy()
            found[name][rows] = values
            found[name].setflags(write=False)
    return found


@dataclass
class _Gaps:
    """Some features of which gaps are being filled; arrays (k,)."""

    given: Columns  # of all features
    rows: np.ndarray
    codes: np.ndarray
    fields: Columns = field(default_factory=dict)  # those that were looked at
    assumed: Columns = field(default_factory=dict)

    def of(self, name: str) -> np.ndarray:
        if name not in self.fields:
            self.fields[name] = self.given[name][self.rows]
            self.assumed[name] = np.zeros(len(self.rows), bool)
        return self.fields[name]

    def fill(self, name: str, where: np.ndarray, values: np.ndarray) -> None:
        """Where nothing is known and ``values`` (k,) say something: an assumption."""
        known = where & missing(self.of(name)) & ~missing(values)
        self.fields[name][known] = values[known]
        self.assumed[name] |= known


def _fill(gaps: _Gaps, footprint: np.ndarray, kind: np.ndarray, table: list[dict[str, Any]],
          functions: Functions) -> None:  # fmt: skip
    """``kind`` (k,): which of ``table`` holds for each feature."""
    building = functions.column("building")[gaps.codes] == 1

    def default(name: str) -> np.ndarray:
        values = [each.get(name) for each in table]
        if name in NUMERIC_FIELDS or name in BOOL_FIELDS:
            numbers = np.array([np.nan if v is None else float(v) for v in values])
            return numbers.take(kind)
        return np.array([*values, None], object).take(kind)

    def rule(name: str, otherwise: float) -> np.ndarray:
        return np.array([float(t.get(name) or otherwise) for t in table]).take(kind)

    _function_defaults(gaps, functions)
    # floors: given, else from given gfa, else from given height, else the typology
    storey = rule("storey_height", 3.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_gfa = np.maximum(1.0, np.round(gaps.of("gfa") / footprint))
        by_height = np.maximum(1.0, np.floor(gaps.of("height") / storey + 0.5))
    gaps.fill("floors", building, np.where(
        np.isfinite(by_gfa), by_gfa, np.where(np.isfinite(by_height), by_height, default("floors"))
    ))  # fmt: skip
    gaps.fill("roof", building, default("roof"))
    pitched = (gaps.of("roof") == "pitched").astype(bool)
    extra = np.where(pitched, rule("pitched_extra", 0.0), 0.0)
    gaps.fill("height", building, storey * gaps.of("floors") + extra)
    no_gfa = building & missing(gaps.of("gfa"))
    gaps.fields["gfa"][no_gfa] = (footprint * gaps.of("floors"))[no_gfa]
    gaps.assumed["gfa"][no_gfa] = gaps.assumed["floors"][no_gfa]
    lives = gaps.codes == functions.codes(["dwelling"])
    share = building & missing(gaps.of("residential_share"))
    gaps.fields["residential_share"][share] = np.where(lives, 1.0, 0.0)[share]
    gaps.fill("dwelling_type", lives, default("dwelling_type"))
    for name in PAVED_SHARES:
        gaps.fill(name, building, default(name))
    gaps.fill("disconnected", functions.column("sealed")[gaps.codes] > 0, default("disconnected"))
    gaps.fill("existing", np.ones(len(kind), bool), default("existing"))


def _function_defaults(gaps: _Gaps, functions: Functions) -> None:
    there = set(gaps.codes.tolist())
    for code, function in enumerate(functions.names):
        for name, value in functions[function].defaults.items() if code in there else ():
            where = (gaps.codes == code) & missing(gaps.of(name))
            gaps.fields[name][where] = float(value) if name in NUMERIC_FIELDS else value


def main_zone(n: int, cut: Cut) -> np.ndarray:
    """(n,) id of the zone where most of each feature lies; 0 where it lies in none."""
    home = np.zeros(n, np.int64)
    home[cut.feature] = cut.zone
    first = np.ones(len(cut.feature) + 1, bool)  # lines of a feature stand together
    first[1:-1] = cut.feature[1:] != cut.feature[:-1]
    several = (~(first[1:] & first[:-1])).nonzero()[0]
    several = several[np.argsort(cut.area[several], kind="stable")]
    home[cut.feature[several]] = cut.zone[several]  # the largest is written last
    return home
