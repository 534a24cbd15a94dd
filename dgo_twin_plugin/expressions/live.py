"""The live values as expressions see them.

Whoever keeps a live session hands a function over (:func:`set_live`) that gives the assessment of
the moment, or None. It is called in the threads that draw maps: it must only hand over what it
has. An assessment never changes, so nothing here needs the session to stand still.
"""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from ..engine.assessment import Assessment

_Key = tuple[str, int, Optional[int]]  # source layer, feature, zone (None: whichever)
Provider = Callable[[], Any]


class LiveRows:
    """The rows of one assessment, as :class:`.run.Rows` has those of a stored run."""

    def __init__(self, assessment: Assessment, before: LiveRows | None = None) -> None:
        self.assessment = assessment
        self.scores = {(r.indicator, r.zone_id): r.__dict__ for r in assessment.scores}
        self.totals = {(t.theme, t.zone_id): t.__dict__ for t in assessment.totals}
        self._lock = threading.Lock()
        self._places: dict[str, dict[_Key, dict[str, Any]]] = {}
        self._zones: dict[tuple[str, int], int] | None = None
        if before is not None and before.assessment.prepared is assessment.prepared:
            # a slider moved: what was measured is the same
            self._places, self._zones, self._lock = before._places, before._zones, before._lock

    def place(
        self, indicator: str, layer: str, fid: int, zone: int | None = None
    ) -> dict[str, Any] | None:
        """The place of a feature (in one zone): ``value`` and ``mark``, the lowest mark where it
        has several; None where it was not measured."""
        with self._lock:
            if indicator not in self._places:
                self._places[indicator] = self._read(indicator)
        return self._places[indicator].get((layer, fid, zone))

    def _read(self, indicator: str) -> dict[_Key, dict[str, Any]]:
        found: dict[_Key, dict[str, Any]] = {}
        prepared = self.assessment.prepared.get(indicator)
        if prepared is None:
            return found
        only = dataclasses.replace(self.assessment, prepared={indicator: prepared})
        surfaces = self.assessment.scene.surfaces
        for table in only.places():
            for row, zone, value, mark in zip(
                table.feature.tolist(), table.zone.tolist(),
                table.value.tolist(), table.mark.tolist(),
            ):  # fmt: skip
                if row < 0:
                    continue
                place = {"value": _known(value), "mark": _known(mark)}
                for where in (None, zone):
                    key = str(surfaces.layer[row]), int(surfaces.fid[row]), where
                    old = found.get(key)
                    if old is None or _lower(place["mark"], old["mark"]):
                        found[key] = place
        return found

    def zone(self, layer: str, fid: int) -> int | None:
        """The zone in which a feature has most of its ground; None where it lies in none."""
        with self._lock:
            if self._zones is None:
                self._zones = self._find_zones()
        return self._zones.get((layer, fid))

    def _find_zones(self) -> dict[tuple[str, int], int]:
        scene = self.assessment.scene
        cut, surfaces = scene.cut, scene.surfaces
        found = {}
        areas = cut.area.tolist()
        for k in sorted(range(len(areas)), key=areas.__getitem__):  # the largest comes last
            row = int(cut.feature[k])
            found[str(surfaces.layer[row]), int(surfaces.fid[row])] = int(cut.zone[k])
        return found


def _known(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _lower(mark: float | None, other: float | None) -> bool:
    return mark is not None and (other is None or mark < other)


class _Live:
    """The function handed over, and the rows of what it gave last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._provider: Provider | None = None
        self._rows: LiveRows | None = None

    def set(self, provider: Provider | None) -> None:
        with self._lock:
            self._provider, self._rows = provider, None

    def rows(self) -> LiveRows | None:
        with self._lock:
            provider = self._provider
        assessment = None if provider is None else provider()
        if assessment is None:
            return None
        with self._lock:
            if self._rows is None or self._rows.assessment is not assessment:
                self._rows = LiveRows(assessment, self._rows)
            return self._rows


_live = _Live()


def set_live(provider: Provider | None) -> None:
    """From now on expressions answer from what this function gives; None: from stored runs."""
    _live.set(provider)


def rows() -> LiveRows | None:
    """The rows of the live assessment; None where there is none."""
    return _live.rows()
