"""From reduced values to rows of ``scores`` and ``score_parts`` (indicators G5-G11).

Three steps, so that a slider never touches geometry:

1. :func:`prepare` reduces a measurement and gives everything that norms and law decide: values,
   marks, intervals, legal checks. No ambition yet.
2. :func:`rows` lays the ambitions over a :class:`Prepared`: ambition, gap, status. Pure and cheap.
3. :func:`rejudge` does step 2 for many indicators and adds the totals.

:func:`judge` is 1 and 2 in one call.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Union

import numpy as np

from . import marks as m
from . import words
from .indicators.spec import Indicator, Measurement
from .prepare import COLUMNS, Prepared, PreparedPart, ScoreRow, over_zones, prepare
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
    values: np.ndarray
    marks: np.ndarray


def _aims(many: list[Prepared], wishes: Wishes) -> list[dict[str, _Aim]]:
    """Ambitions and their marks for all parts of all indicators, in one call of the mark function:
    dozens of small calls would cost more than the slider may take (design 7)."""
    parts = [(i, x) for i, p in enumerate(many) for x in p.parts.values() if not x.part.informative]
    if not parts:
        return [{} for _ in many]
    values = [_ambition_values(many[i], p, wishes.get(many[i].spec.id, [])) for i, p in parts]
    sizes = [len(v) for v in values]
    lo, mid, hi = np.concatenate([p.anchors for _, p in parts]).T
    up = np.repeat([p.up for _, p in parts], sizes)
    log = np.repeat([p.log for _, p in parts], sizes)
    marks = m.mark(np.concatenate(values), lo, mid, hi, up, log)
    out: list[dict[str, _Aim]] = [{} for _ in many]
    edges = np.concatenate([[0], np.cumsum(sizes)])
    for k, (i, p) in enumerate(parts):
        out[i][p.part.id] = _Aim(values[k], marks[edges[k] : edges[k + 1]])
    return out


def _aimed(rows: list[ScoreRow], values: list[float | None], marks: list[float]) -> list[ScoreRow]:
    """Copies of the rows with ambition, gap and final status."""
    out = []
    for row, value, aim in zip(rows, values, marks):
        gap = None if row.mark is None or aim != aim else row.mark - aim
        state = m.status(
            row.mark,
            gap,
            row.status != words.NOT_APPLICABLE,
            row.legal_check == words.EXCEEDS,
        )
        out.append(row.copy(ambition=value, gap=gap, status=state))
    return out


def _plan_aim(
    values: np.ndarray, marks: np.ndarray, weight: np.ndarray, assessed: np.ndarray
) -> tuple[float | None, float]:
    """The plan's ambition: the weighted mean of the zones' ambition marks (G8). As a value only
    where all assessed zones aim at the same."""
    aim = over_zones(marks, weight, assessed)
    use = assessed.copy()
    use[0] = False
    same = {float(v) for v in values[use] if not math.isnan(v)}
    return (same.pop() if len(same) == 1 else None), aim


def _lay(prepared: Prepared, aims: dict[str, _Aim]) -> tuple[list[ScoreRow], list[ScoreRow]]:
    """(rows of ``scores``, rows of ``score_parts``) of one indicator under these ambitions."""
    laid: dict[str, list[ScoreRow]] = {}
    for id_, part in prepared.parts.items():
        if id_ not in aims:
            laid[id_] = list(part.rows)
            continue
        values, marks = aims[id_].values, aims[id_].marks.tolist()
        assessed = ~np.isnan(part.marks)
        shown: list[float | None] = [None if v != v else v for v in values.tolist()]
        shown[0], marks[0] = _plan_aim(values, aims[id_].marks, part.weight, assessed)
        laid[id_] = _aimed(part.rows, shown, marks)

    parts = [row for rows in laid.values() for row in rows] if len(prepared.parts) > 1 else []
    if len(prepared.scored) == 1:
        of_part = laid[prepared.scored[0]]
        return _aimed(
            prepared.rows,
            [r.ambition for r in of_part],
            _plan_marks(aims[prepared.scored[0]].marks, prepared),
        ), parts
    zones = range(len(prepared.rows))
    values = np.array([aims[prepared.deciding[z]].values[z] for z in zones])
    marks_ = np.array([aims[prepared.deciding[z]].marks[z] for z in zones])
    assessed = np.array([r.mark is not None for r in prepared.rows])
    shown = [None if v != v else v for v in values.tolist()]
    shown[0], aim = _plan_aim(values, marks_, prepared.weight, assessed)
    used = {prepared.deciding[z] for z in zones if z and assessed[z]}
    if used != {prepared.deciding[0]}:
        shown[0] = None  # aims of different parts have different units
    out = _aimed(prepared.rows, shown, [aim, *marks_.tolist()[1:]])
    for row in out:  # the lowest part decides, but no other part's shortfall may hide behind it
        if row.status == words.OK and any(
            laid[id_][row.zone_id].status == words.BELOW_AMBITION for id_ in prepared.scored
        ):
            row.status = words.BELOW_AMBITION
    return out, parts


def _plan_marks(marks: np.ndarray, prepared: Prepared) -> list[float]:
    assessed = np.array([r.mark is not None for r in prepared.rows])
    return [over_zones(marks, prepared.weight, assessed), *marks.tolist()[1:]]


def rows(
    prepared: Prepared, ambitions: Ambitions | None = None
) -> tuple[list[ScoreRow], list[ScoreRow]]:
    """Rows of ``scores`` (one per zone, the plan first) and of ``score_parts`` (where the
    indicator has more than one part) under these ambitions. Pure: ``prepared`` stays as it is."""
    return _lay(prepared, _aims([prepared], _wishes(ambitions))[0])


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
    moved = [p for p in many if p.laid is None or p.laid.wishes != wishes.get(p.spec.id, [])]
    for one, aims in zip(moved, _aims(moved, wishes)):
        one.laid = _Laid(wishes.get(one.spec.id, []), *_lay(one, aims))
    scores: list[ScoreRow] = []
    parts: list[ScoreRow] = []
    groups = []
    for one in many:
        laid = one.laid  # read once: another thread may lay other ambitions over it
        if laid.wishes != wishes.get(one.spec.id, []):
            laid = _Laid([], *_lay(one, _aims([one], wishes)[0]))
        scores += laid.rows
        parts += laid.parts
        groups.append((one.serial, laid.rows))
    return Rejudged(scores, parts, totals_of(groups, weights))


class _Laid(NamedTuple):
    """The last ambitions of an indicator and its rows under them."""

    wishes: list[Wish]
    rows: list[ScoreRow]
    parts: list[ScoreRow]
