"""A small profile and small scenes for the tests of scores, totals and law: numbers that can be
worked by hand, nothing of the shipped profile."""

from __future__ import annotations

import datetime
from types import SimpleNamespace
from typing import Any

import numpy as np

from dgo_twin_plugin.engine.indicators.spec import Indicator, Measurement, Part, Places
from dgo_twin_plugin.engine.norms import IndicatorNorms, Law, Norm, PartNorms, Profile

DATE = datetime.date(2026, 11, 21)
NAN = float("nan")


def norm(minimum: float, basis: float, optimum: float) -> Norm:
    return Norm(minimum, basis, optimum, "src", "proposal", "P")


def part_norms(
    id_: str, up: bool, norms: dict[str, Norm | None], log: bool = False,
    sigma: tuple[float, str] = (0.0, "absolute"), unit: str = "%",
) -> PartNorms:  # fmt: skip
    return PartNorms(id_, unit, "up" if up else "down", "log" if log else "linear", sigma, norms)


def law(indicator: str, limit: float, variant: str = "", part: str = "") -> Law:
    return Law(
        indicator, variant, limit, NAN, "dB", datetime.date(2024, 1, 1), None, "bkl", "law", "K",
        part,
    )  # fmt: skip


def profile(
    *parts: PartNorms, id_: str = "thing", laws: tuple[Law, ...] = (), min_coverage: float = 0.5,
    more: dict[str, IndicatorNorms] | None = None, theme_weights: dict[str, float] | None = None,
) -> Profile:  # fmt: skip
    norms = IndicatorNorms(id_, "I99", "water", 1.0, {p.id: p for p in parts}, laws)
    types = {t: SimpleNamespace(id=t) for t in ("GT01", "GT02", "GT04")}
    return Profile(
        id="p", version="1", title={}, status="proposal", adopted_by=None, adopted_on=None,
        min_coverage=min_coverage, theme_weights=theme_weights or {}, sources={},
        area_types=types,  # type: ignore[arg-type]
        indicators={id_: norms, **(more or {})}, defaults={}, rates={},
    )  # fmt: skip


def scene(*area_types: str | None) -> Any:
    zones = SimpleNamespace(area_type=np.array(area_types, object))
    return SimpleNamespace(n_zones=len(area_types), zones=zones, date=DATE)


def spec(*parts: Part, id_: str = "thing", combine: str = "", theme: str = "water") -> Indicator:
    return Indicator(
        id_, "I99", theme, parts or (Part("", "mean", "%"),), "area",
        lambda s, p: Measurement(), combine=combine, method="m-1",
    )  # fmt: skip


def places(*rows: tuple[float, ...], **more: Any) -> Places:
    """Rows of (zone, weight, value)."""
    zone, weight, value = (np.array(c, float) for c in zip(*rows))
    return Places(zone.astype(np.int64), weight, value, **more)
