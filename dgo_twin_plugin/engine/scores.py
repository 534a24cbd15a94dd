"""From reduced values to rows of ``scores`` and ``score_parts`` (indicators G5-G11).

Three steps, so that a slider never touches geometry:

1. :func:`prepare` reduces a measurement and gives everything that norms and law decide: values,
   marks, intervals, legal checks. No ambition yet.
2. :func:`rows` lays the ambitions over a :class:`Prepared`: ambition, gap, status. Pure and cheap.
3. :func:`rejudge` does step 2 for many indicators and adds the totals.

:func:`judge` is 1 and 2 in one call.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Union

import numpy as np

from . import marks as m
from . import words
from .band import over_zones
from .indicators.spec import Indicator, Measurement
from .prepare import COLUMNS, Prepared, PreparedPart, ScoreRow, prepare
from .totals import TotalRow, Weights, totals, totals_of

if TYPE_CHECKING:
    from .norms import Profile
    from .scene import Scene

__all__ = [
    "COLUMNS",
    "Ambitions",
    "Judged",
    "Prepared",
    "Rejudged",
    "ScoreRow",
    "TotalRow",
    "Weights",
    "judge",
    "prepare",
    "rejudge",
    "rows",
    "totals",
]

Ambitions = Mapping[str, Mapping[str, Any]]
Wish = tuple[int, Union[str, int], str, float]  # rank, area type or zone id, part, value
Wishes = dict[str, list[Wish]]  # by indicator


class Judged(NamedTuple):
    """Rows of ``scores``, rows of ``score_parts``, and what :func:`rejudge` needs later."""

    rows: list[ScoreRow]
    parts: list[ScoreRow]
    prepared: Prepared


# --- step 2: ambitions ----------------------------------------------------------------------

_ZONE = re.compile(r"zone[ _]*(\d+)", re.IGNORECASE)


def _wishes(ambitions: Ambitions | None) -> Wishes:
    """Ambitions by indicator: (rank, area type or zone id, part, value), least specific first.

    ``{'all': {ind: value}, 'GT04': {...}, 'zone 2': {...}}``: the zone goes before the type, the
    type before all (G8). A part is named by a dot (``air_quality.pm25``) or a nested mapping
    (``air_quality: {pm25: 7}``); a bare number is meant for the first part. What is not a finite
    number says nothing.
    """
    out: Wishes = {}

    def add(rank: int, key: str | int, indicator: str, part: str, value: Any) -> None:
        try:
            number = float(value)
        except (TypeError, ValueError):
            return
        if math.isfinite(number):
            out.setdefault(indicator, []).append((rank, key, part, number))

    for where, wanted in (ambitions or {}).items():
        zone = _ZONE.fullmatch(str(where).strip())
        rank = 2 if zone else (0 if str(where) == "all" else 1)
        key: str | int = int(zone.group(1)) if zone else str(where)
        for name, value in (wanted or {}).items():
            indicator, _, part = str(name).partition(".")
            if isinstance(value, Mapping):
                for id_, number in value.items():
                    add(rank, key, indicator, str(id_), number)
            else:
                add(rank, key, indicator, part, value)
    for found in out.values():
        found.sort(key=lambda wish: wish[0])
    return out


def _ambition_values(
    prepared: Prepared, part: PreparedPart, wishes: list[Wish]
) -> np.ndarray:
    """(n_zones + 1,) ambition per zone in the part's unit; the basis where none is given (G8)."""
    values: np.ndarray = part.anchors[:, 1].copy()
    first = prepared.scored[0]
    for rank, key, name, value in wishes:
        if (name or first) != part.part.id:
            continue
        for zone, area_type in enumerate(prepared.area_types):
            if rank == 0 or (area_type == key if rank == 1 else zone == key):
                values[zone] = value
    values[np.isnan(part.anchors[:, 1])] = np.nan
    return values


class _Aim(NamedTuple):
    """What a part aims at: ambitions and their marks, (n_zones + 1,)."""

    wishes: list[Wish]
    anchors: np.ndarray
    values: np.ndarray
    marks: np.ndarray


class _Aimed(NamedTuple):
    """Rows under their ambitions, and what they were made of; lists by zone id."""

    rows: list[ScoreRow]
    values: list[float | None]
    marks: list[float]
    out: list[ScoreRow]


class _Laid(NamedTuple):
    """The last ambitions of an indicator and its rows under them."""

    serial: int  # of what they were laid over
    wishes: list[Wish]
    aims: dict[str, _Aim]
    of_parts: dict[str, _Aimed]
    scores: _Aimed

    @property
    def rows(self) -> list[ScoreRow]:
        return self.scores.out

    @property
    def parts(self) -> list[ScoreRow]:
        many = self.of_parts.values()
        return [row for aimed in many for row in aimed.out] if len(many) > 1 else []


def _aims(many: list[Prepared], wishes: Wishes) -> list[dict[str, _Aim]]:
    """Ambitions and their marks for all parts of all indicators, in one call of the mark function:
    dozens of small calls would cost more than the slider may take (design 7). Those that were laid
    before over the same norms stay."""
    out: list[dict[str, _Aim]] = [{} for _ in many]
    new = []
    for found, prepared in zip(out, many):
        mine = wishes.get(prepared.spec.id, [])
        last: dict[str, _Aim] = {} if prepared.laid is None else prepared.laid.aims
        for id_, part in prepared.parts.items():
            if part.part.informative:
                continue
            aim = last.get(id_)
            if aim is not None and aim.anchors is part.anchors and aim.wishes == mine:
                found[id_] = aim
            else:
                new.append((found, part, mine, _ambition_values(prepared, part, mine)))
    if new:
        sizes = [len(values) for *_, values in new]
        lo, mid, hi = np.concatenate([part.anchors for _, part, *_ in new]).T
        up = np.repeat([part.up for _, part, *_ in new], sizes)
        log = np.repeat([part.log for _, part, *_ in new], sizes)
        marks = m.mark(np.concatenate([values for *_, values in new]), lo, mid, hi, up, log)
        ends = np.cumsum(sizes)
        for (found, part, mine, values), own in zip(new, np.split(marks, ends[:-1])):
            found[part.part.id] = _Aim(mine, part.anchors, values, own)
    return out


def _aimed(rows: list[ScoreRow], values: list[float | None], marks: list[float],
           before: _Aimed | None) -> _Aimed:  # fmt: skip
    """Copies of the rows with ambition, gap and final status; a row that aims at what it aimed at
    ``before`` stays as it was laid then."""
    out = []
    last: Iterable[Any] = itertools.repeat((None, None, None, None))
    if before is not None and len(before.out) == len(rows):
        last = zip(*before)
    for row, value, aim, (old, old_value, old_aim, laid) in zip(rows, values, marks, last):
        if row is old and value == old_value:
            if aim == old_aim or (aim != aim and old_aim != old_aim):
                out.append(laid)
                continue
        gap = None if row.mark is None or aim != aim else row.mark - aim
        state = m.status(
            row.mark,
            gap,
            row.status != words.NOT_APPLICABLE,
            row.legal_check == words.EXCEEDS,
        )
        out.append(row.copy(ambition=value, gap=gap, status=state))
    return _Aimed(rows, values, marks, out)


def _of_plan(
    values: np.ndarray, marks: np.ndarray, weight: np.ndarray, assessed: np.ndarray
) -> tuple[list[float | None], list[float]]:
    """Ambitions and their marks as rows show them, by zone id. The plan aims at the weighted mean
    of the zones' ambition marks (G8); as a value only where all assessed zones aim at the same."""
    shown: list[float | None] = [None if v != v else v for v in values.tolist()]
    same = {v for v, use in zip(shown[1:], assessed.tolist()[1:]) if use and v is not None}
    shown[0] = same.pop() if len(same) == 1 else None
    return shown, [over_zones(marks, weight, assessed), *marks.tolist()[1:]]


def _lay(prepared: Prepared, wishes: list[Wish], aims: dict[str, _Aim]) -> _Laid:
    """Rows of ``scores`` and of ``score_parts`` of one indicator under these ambitions."""
    before: _Laid | None = prepared.laid
    last = {} if before is None else before.of_parts
    of_parts: dict[str, _Aimed] = {}
    for id_, part in prepared.parts.items():
        if id_ not in aims:
            of_parts[id_] = _Aimed(part.rows, [], [], part.rows)
            continue
        wanted = _of_plan(aims[id_].values, aims[id_].marks, part.weight, ~np.isnan(part.marks))
        of_parts[id_] = _aimed(part.rows, *wanted, last.get(id_))

    old = None if before is None else before.scores
    if len(prepared.scored) == 1:
        one = of_parts[prepared.scored[0]]
        if prepared.rows is not one.rows:
            one = _aimed(prepared.rows, one.values, one.marks, old)
        return _Laid(prepared.serial, wishes, aims, of_parts, one)
    zones = range(len(prepared.rows))
    values = np.array([aims[prepared.deciding[z]].values[z] for z in zones])
    marks = np.array([aims[prepared.deciding[z]].marks[z] for z in zones])
    assessed = np.array([r.mark is not None for r in prepared.rows])
    shown, aimed = _of_plan(values, marks, prepared.weight, assessed)
    used = {prepared.deciding[z] for z in zones if z and assessed[z]}
    if used != {prepared.deciding[0]}:
        shown[0] = None  # aims of different parts have different units
    scores = _aimed(prepared.rows, shown, aimed, None)
    for row in scores.out:  # the lowest part decides, but no other's shortfall may hide behind it
        if row.status == words.OK and any(
            of_parts[id_].out[row.zone_id].status == words.BELOW_AMBITION
            for id_ in prepared.scored
        ):
            row.status = words.BELOW_AMBITION
    return _Laid(prepared.serial, wishes, aims, of_parts, scores)


def rows(
    prepared: Prepared, ambitions: Ambitions | None = None
) -> tuple[list[ScoreRow], list[ScoreRow]]:
    """Rows of ``scores`` (one per zone, the plan first) and of ``score_parts`` (where the
    indicator has more than one part) under these ambitions. Pure: ``prepared`` stays as it is."""
    wishes = _wishes(ambitions)
    laid = _lay(prepared, wishes.get(prepared.spec.id, []), _aims([prepared], wishes)[0])
    return laid.rows, laid.parts


def judge(
    scene: Scene,
    profile: Profile,
    spec: Indicator,
    measurement: Measurement,
    ambitions: Ambitions | None = None,
    weights: Mapping[str, Any] | None = None,
) -> Judged:
    """Judge one measurement: norms, law and ambitions. ``weights`` touch totals only, never a
    row; the argument is there so that callers can pass one set of arguments around."""
    del weights
    prepared = prepare(scene, profile, spec, measurement)
    scores, parts = rows(prepared, ambitions)
    return Judged(scores, parts, prepared)


class Rejudged(NamedTuple):
    """All rows after a slider, weight or switch moved."""

    rows: list[ScoreRow]
    parts: list[ScoreRow]
    totals: list[TotalRow]


def rejudge(
    prepared: Iterable[Prepared],
    ambitions: Ambitions | None = None,
    weights: Weights | None = None,
) -> Rejudged:
    """Everything that ambitions and weights decide, for all indicators at once; no geometry, no
    places, no reduction (design 3 and 7: within 10 ms whatever the design's size).

    Only what moved is redone: an indicator keeps the rows of its last ambitions, and a theme its
    marks, on which ambitions have no say (G8). So rows may be shared between results; nobody
    changes them.
    """
    many = list(prepared)
    wishes = _wishes(ambitions)

    def stands(one: Prepared, laid: _Laid | None) -> bool:
        return (laid is not None and laid.serial == one.serial
                and laid.wishes == wishes.get(one.spec.id, []))  # fmt: skip

    moved = [p for p in many if not stands(p, p.laid)]
    for one, aims in zip(moved, _aims(moved, wishes)):
        one.laid = _lay(one, wishes.get(one.spec.id, []), aims)
    scores: list[ScoreRow] = []
    parts: list[ScoreRow] = []
    for one in many:
        laid = one.laid  # read once: another thread may lay other ambitions over it
        if not stands(one, laid):
            laid = _lay(one, wishes.get(one.spec.id, []), _aims([one], wishes)[0])
        scores += laid.rows
        parts += laid.parts
    # ambitions have no say in the marks of themes: the rows below them stay as long
    return Rejudged(scores, parts, totals_of([one.rows for one in many], weights))
