"""The lines of the models: noise, heat, water, access, roofs; each against its target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .line import Line

Measure = Callable[..., dict[str, Any]]
EDIT = 0.7  # s, p95


def lines(measure: Measure, folder: str) -> list[Line]:
    """Measure all models; ``folder`` holds the town of 40,000 features."""
    found = _noise(measure)
    for side, limit in ((1000, 0.6), (2000, 3.0)):
        heat = measure("heat.field", str(side))
        found.append(_seconds(f"heat: sky view, shade of six hours, wind and PET at 2 m, "
                              f"{heat['km2']:.0f} km²", heat["seconds"], limit))  # fmt: skip
    edit = measure("heat.edit", "1000")
    found += _edit("heat", edit["p95"], edit["worst"], "°C", 1e-9)
    for side, limit in ((500, 0.8), (1000, 3.0)):
        rain = measure("water.cloudburst", str(side))
        found.append(_seconds(f"cloudburst at 2 m, {rain['km2']:.0f} km², {rain['basins']:,} "
                              "basins", rain["one_shower"], limit))  # fmt: skip
    edit = measure("water.edit", "500")
    found += _edit("cloudburst", edit["p95"], 0.0 if edit["equals_full_run"] else 1.0, "m", 1e-9)
    access = measure("access.indicators", folder)
    found.append(Line(f"six indicators of access on {access['surfaces']:,} surfaces",
                      f"{access['total']:.2f} s", "", None))  # fmt: skip
    crowns = measure("access.crowns", folder)
    found.append(Line(f"union of {crowns['crowns']:,} crowns against GEOS",
                      f"{crowns['geos'] / crowns['ours']:.0f}×", "", None))  # fmt: skip
    walks = measure("access.nearest", folder)
    found.append(Line(f"nearest of {walks['sites']} places for {walks['doors']:,} doors against "
                      "QGIS's network analysis, networks ready",
                      f"{walks['qgis'] / walks['ours']:.0f}×", "", None))  # fmt: skip
    roofs = measure("energy.roofs", "1000")
    found.append(Line("roofs by slope, direction and shade, 1 km²", f"{roofs['roofs']:.2f} s", "",
                      None))  # fmt: skip
    return found


def _noise(measure: Measure) -> list[Line]:
    rival = measure("noise.rival")
    ratio = rival["loop"] / rival["ours"]
    made = [
        Line(f"noise, the rival's question (1 km², {rival['cells']:,} cells, 20 roads, 400 "
             "buildings, sight lines, 300 m) against a plain loop with an index, timed on "
             f"{rival['measured']} cells", f"{ratio:.0f}× ({rival['ours']:.2f} s)", "≥ 60×",
             ratio >= 60.0),
        Line("— difference, p95", f"{rival['p95']:.2f} dB", "≤ 0.5 dB", rival["p95"] <= 0.5),
    ]  # fmt: skip
    full = measure("noise.physics")
    made += [
        _seconds("noise, full physics on the same cells", full["ours"], 1.5),
        Line(f"— difference from brute force, p95 ({full['measured']} cells)",
             f"{full['p95']:.2f} dB", "≤ 1 dB", full["p95"] <= 1.0),
    ]  # fmt: skip
    plan = measure("noise.plan")
    both = plan["facades"] + plan["field"]
    made += [
        Line(f"noise, {plan['points']:,} façade points exact and the field of 1 km² "
             f"({plan['nodes']:,} adaptive receivers, shown at 2 m)",
             f"{both:.1f} s ({plan['facades']:.1f} + {plan['field']:.1f})", "≤ 3 s", both <= 3.0),
        Line(f"— {plan['receivers']:,} receivers, one per storey", f"{plan['storeys']:.1f} s", "",
             None),
        Line("— interpolation of the field, p95", f"{plan['field_p95']:.2f} dB", "", None),
    ]  # fmt: skip
    edit = measure("noise.edit")
    return made + _edit("noise (façades and field)", edit["p95"], edit["worst"], "dB", 0.05)


def _seconds(what: str, seconds: float, limit: float) -> Line:
    return Line(what, f"{seconds:.2f} s", f"≤ {limit:g} s", seconds <= limit)


def _edit(what: str, p95: float, worst: float, unit: str, tolerance: float) -> list[Line]:
    return [
        Line(f"{what}: one edit, only its influence area, 1 km², p95", f"{1000 * p95:.0f} ms",
             f"≤ {1000 * EDIT:.0f} ms", p95 <= EDIT),
        Line("— difference from a full run", f"{worst:.1e} {unit}", f"≤ {tolerance:g} {unit}",
             worst <= tolerance),
    ]  # fmt: skip
