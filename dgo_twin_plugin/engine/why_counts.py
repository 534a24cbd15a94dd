"""Which features count most in a value, and which zones pull the plan down.

Worked out of the places that were measured, for every indicator alike. What a feature counts for
depends on how places become a value (:mod:`.reduce`):

ratio, mean, log_mean   its part of what is lacking to a 10: the value is a sum over the features
p90                     its part of the weight times lost marks among the places that decide, those
                        at the value or worse
max, min, given         its part of the weight times lost marks
anything at a 10        its part of the value, for then nothing is lacking
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import marks as m
from .indicators.spec import LOG_MEAN, MAX, MEAN, MIN, P90, RATIO, Places, ZoneValues
from .texts import text
from .why_words import function_word, least_decimals, plain, with_unit
from .wkb import moved_wkb
from .words import say

if TYPE_CHECKING:
    from .assessment import Assessment
    from .indicators.spec import Measurement
    from .prepare import Prepared, PreparedPart
    from .scene import Scene

MOST = 10
LACKING, VALUE, LOST, DECIDING = "lacking", "value", "lost", "deciding"
_DUST = 1e-12


@dataclass(frozen=True)
class Counted:
    """One feature and what it counts for; ``layer`` and ``fid`` are None where a place is no
    feature of a layer. ``wkb`` in the plane of the run, world coordinates."""

    name: str
    layer: str | None
    fid: int | None
    zone: int
    share: float  # 0-1 of ``Counts.of``
    value: float
    value_text: str
    mark: float | None
    wkb: bytes


@dataclass(frozen=True)
class Counts:
    """The features that count most; ``of`` says of what the shares are, ``n`` how many features
    share it and ``rest`` what those that are not listed have together."""

    of: str
    rows: tuple[Counted, ...]
    n: int
    rest: float


@dataclass(frozen=True)
class Pull:
    """A zone of the plan: its mark, and how many points of the plan's distance to a 10 it has."""

    zone: int
    area_type: str | None
    mark: float
    weight: float
    lost: float  # points: w (10 - mark) / sum w
    share: float  # 0-1 of all lost points
    wkb: bytes  # world coordinates


def places_of(measured: Measurement, part: str) -> Places | None:
    """The places of a part, also of one whose value the indicator worked out itself."""
    found = measured.parts.get(part)
    return found.places if isinstance(found, ZoneValues) else found


def mark_of(part: PreparedPart, zone: int, value: float) -> float:
    """The mark of a value under the norms of a zone; NaN where it has none."""
    low, middle, high = part.anchors[zone]
    return float(m.mark(value, low, middle, high, part.up, part.log))


def amounts(
    part: PreparedPart, places: Places, zone: int, value: float
) -> tuple[str, np.ndarray]:
    """(of what, (k,) amount >= 0 of each place); 0 outside the zone and where nothing is known."""
    here = np.ones(len(places.zone), bool) if zone == 0 else places.zone == zone
    anchors = part.anchors[places.zone]
    x = np.asarray(places.value, float)
    w = np.maximum(np.nan_to_num(np.asarray(places.weight, float)), 0.0)
    reduce = part.part.reduce
    sign = 1.0 if part.up else -1.0
    with np.errstate(invalid="ignore", over="ignore"):
        if reduce in (RATIO, MEAN, LOG_MEAN):
            own, lacks = _lacking(part, places, anchors[:, 2], x, w, sign)
            lack = np.where(here, np.nan_to_num(lacks, posinf=0.0, neginf=0.0), 0.0)
            made = np.where(here, np.abs(np.nan_to_num(own, posinf=0.0, neginf=0.0)), 0.0)
            # a quantity of the zone as a whole: what makes it, not all the ground that does not
            whole = not np.isfinite(x).any()
            if np.maximum(lack, 0.0).sum() > _DUST and not (whole and made.sum() > _DUST):
                return LACKING, np.maximum(lack, 0.0)
            return VALUE, made
        low, middle, high = anchors.T
        marks = m.mark(x, low, middle, high, part.up, part.log)
        lost = np.where(here, w * np.nan_to_num(m.OPTIMUM - marks), 0.0)
        if reduce in (P90, MAX, MIN) and np.isfinite(value):
            worst = reduce == MIN
            edge = value + (-1 if not worst else 1) * 1e-9 * max(1.0, abs(value))
            decides = (x <= edge) if worst else (x >= edge)
            if (lost * decides).sum() > _DUST:
                return DECIDING, lost * decides
            return VALUE, np.where(here & decides, w, 0.0)
    if lost.sum() > _DUST:
        return LOST, lost
    return VALUE, np.where(here & np.isfinite(x), w, 0.0)


def _lacking(
    part: PreparedPart, places: Places, optimum: np.ndarray, x: np.ndarray, w: np.ndarray,
    sign: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(own part of the sum that makes the value, what it lacks to the optimum in that sum)."""
    scale = part.part.scale
    if part.part.reduce == RATIO:
        num, den = np.asarray(places.num, float), np.asarray(places.den, float)
        return num, sign * (optimum / scale * den - num)
    den = w if places.den is None else np.asarray(places.den, float)
    if part.part.reduce == LOG_MEAN:
        t = m.scaled(x, True)
        return den * t, sign * den * (m.scaled(optimum / scale, True) - t)
    return den * x, sign * den * (optimum / scale - x)


def counted(
    scene: Scene, part: PreparedPart, measured: Measurement, zone: int, value: float,
    decimals: int, lang: str, most: int = MOST,
) -> Counts | None:  # fmt: skip
    """The features that count most in this zone (0: the plan); None where there are no places."""
    places = places_of(measured, part.part.id)
    if places is None or not len(places.zone):
        return None
    of, amount = amounts(part, places, zone, value)
    total = float(amount.sum())
    if total <= _DUST:
        return None
    feature = np.asarray(places.feature)
    keys = np.where(feature >= 0, feature, -1 - np.arange(len(feature)))
    names, group = np.unique(keys, return_inverse=True)
    sums = np.bincount(group.ravel(), amount, len(names))
    order = np.argsort(-sums, kind="stable")[:most]
    order = order[sums[order] > 0]
    # of a feature with several places the one that weighs most speaks
    rows = []
    for each in order:
        members = np.flatnonzero(group.ravel() == each)
        first = int(members[np.argmax(amount[members])])
        rows.append(_row(scene, part, places, first, float(sums[each] / total), decimals, lang))
    shown = float(sums[order].sum() / total)
    return Counts(of, tuple(rows), int((sums > 0).sum()), max(0.0, 1.0 - shown))


def _row(
    scene: Scene, part: PreparedPart, places: Places, at: int, share: float, decimals: int,
    lang: str,
) -> Counted:  # fmt: skip
    row = int(np.asarray(places.feature)[at])
    zone, value = int(places.zone[at]), float(places.value[at])
    mark = mark_of(part, zone, value)
    shown = "" if np.isnan(value) else with_unit(
        plain(value, least_decimals(value, decimals), lang), part.part.unit, lang)  # fmt: skip
    name, layer, fid, wkb = _feature(scene, places, row, at, lang)
    return Counted(name, layer, fid, zone, share, value, shown,
                   None if np.isnan(mark) else mark, wkb)  # fmt: skip


def _feature(
    scene: Scene, places: Places, row: int, at: int, lang: str
) -> tuple[str, str | None, int | None, bytes]:
    back = (-scene.origin[0], -scene.origin[1])
    own = None if places.wkb is None else places.wkb[at]
    if row >= 0:
        surfaces = scene.surfaces
        wkb = moved_wkb(own, back) if own else surfaces.footprints.wkb(row, scene.origin)
        return feature_name(scene, row, lang), str(surfaces.layer[row]), int(surfaces.fid[row]), wkb
    if own:
        name = text(say("why.place", n=at + 1), lang)
        return name, None, None, moved_wkb(own, back)
    zone = int(places.zone[at])
    wkb = scene.zones.polygons.wkb(zone - 1, scene.origin)
    return text(say("why.zone", zone=zone), lang), None, None, wkb


def feature_name(scene: Scene, row: int, lang: str) -> str:
    """What people call a feature: its name, else its function and number."""
    surfaces = scene.surfaces
    said = surfaces.fields["name"][row]
    if said not in (None, ""):
        return str(said)
    return f"{function_word(surfaces.function[row], lang)} {int(surfaces.fid[row])}"


# --- zones ----------------------------------------------------------------------------------------
def zone_marks(prepared: Prepared) -> np.ndarray:
    """(n_zones + 1,) marks of the zones before the cap of the law: of these the plan is the mean
    (indicators G5)."""
    table = np.array([prepared.parts[p].marks for p in prepared.scored])
    if len(table) == 1:
        return np.asarray(table[0])
    marks: np.ndarray = np.fmin.reduce(table, axis=0)
    return marks


def marked_zones(prepared: Prepared) -> list[int]:
    """The zones that make the mark of the plan."""
    marks = zone_marks(prepared)
    return [z for z in range(1, len(marks))
            if not np.isnan(marks[z]) and prepared.weight[z] > 0]  # fmt: skip


def pulls(assessment: Assessment, prepared: Prepared) -> tuple[Pull, ...]:
    """The zones that make the plan's mark, the one that costs most points first."""
    zones = marked_zones(prepared)
    marks, weight = zone_marks(prepared), prepared.weight
    total = float(weight[zones].sum()) if zones else 0.0
    if total <= 0:
        return ()
    lost = [float(weight[z] * (m.OPTIMUM - marks[z])) / total for z in zones]
    whole = sum(lost)
    scene = assessment.scene
    found = [
        Pull(z, scene.zones.area_type[z - 1] or None, float(marks[z]), float(weight[z]), points,
             points / whole if whole > _DUST else 0.0,
             scene.zones.polygons.wkb(z - 1, scene.origin))
        for z, points in zip(zones, lost)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda p: (-p.lost, p.zone)))
