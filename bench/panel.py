"""The lines of the mixing panel: the hand, an edit, and whether the window still breathes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .line import Line

Measure = Callable[..., dict[str, Any]]
HAND = 10.0  # ms, p95: from a move of the hand to everything painted
MAP = 250.0  # ms: the layer on the map
STRETCH = 50.0  # ms: the longest turn of the main thread


def lines(measure: Measure) -> list[Line]:
    """Measure the dock, the engine behind it and the session between them, on 5,000 features."""
    found = _dock(measure("dock.moved", "5000", "200"))
    told = "5,000 features, 4 km², one"
    found += _edit(f"{told} moved: I01–I20 from maps, new sources to marks",
                   measure("live.moves", "300"), 100.0, 250.0)  # fmt: skip
    found += _edit(f"{told} edited in any way: the same", measure("live.maps", "300"), 100.0, 250.0)
    found += _edit(f"{told} edited: I01–I20 with the models of our own",
                   measure("live.models", "30"), 700.0)  # fmt: skip
    found += _edit(f"{told} edited: all thirty-three with the models of our own",
                   measure("live.every", "30"))  # fmt: skip
    beat = measure("heartbeat.beats", "5000", "100")
    longest = max(beat["start_longest_ms"], beat["longest_ms"])
    return [*found, *_opening(measure("heartbeat.opening", "5000")), Line(
        "the same in QGIS: longest turn of the main thread while a session opens and features are "
        f"edited (a timer at rest: {beat['idle_longest_ms']:.0f} ms)",
        f"{longest:.0f} ms", f"≤ {STRETCH:.0f} ms", longest <= STRETCH),
        Line("— from an edit in the layer to new numbers in the dock, p50 / p95 / p99",
             " / ".join(f"{beat[f'edit_p{q}_ms']:.0f}" for q in (50, 95, 99)) + " ms",
             "", None)]  # fmt: skip


def _opening(found: dict[str, Any]) -> list[Line]:
    opened, first = found["open_longest_ms"], found["first_longest_ms"]
    return [Line(
        f"longest stretch of the main thread while the dock opens ({found['open_ms']:.0f} ms until "
        f"it is open; the call itself {found['call_ms']:.0f} ms; a timer at rest: "
        f"{found['idle_longest_ms']:.0f} ms)",
        f"{opened:.0f} ms", f"≤ {STRETCH:.0f} ms", opened <= STRETCH),
        Line("— from naming a design until its first numbers are painted",
             f"{first:.0f} ms", f"≤ {STRETCH:.0f} ms", first <= STRETCH)]  # fmt: skip


def _dock(found: dict[str, Any]) -> list[Line]:
    told = f"{found['rows']} indicators × {found['zones']} zones, {found['features']:,} features"
    made = []
    for what in ("slider", "weight", "switch"):
        t = found[what]
        made.append(Line(
            f"{what} moved in the dock ({told}): gaps, statuses, themes and total painted, "
            "p50 / p95 / p99", f"{t['p50']:.1f} / {t['p95']:.1f} / {t['p99']:.1f} ms; processor "
            f"p95 {t['own']:.1f} ms",
            f"p95 ≤ {HAND:.0f} ms", t["p95"] <= HAND))  # fmt: skip
    for what, key in (("made", "made"), ("after an edit", "edited")):
        ms = found["map"][key]
        made.append(Line(f"— the live layer on the map, {what}", f"{ms:.0f} ms",
                         f"≤ {MAP:.0f} ms", ms <= MAP))  # fmt: skip
    return made


def _edit(what: str, found: dict[str, Any], p95: float | None = None,
          p99: float | None = None) -> list[Line]:  # fmt: skip
    t = found["wall"]
    asked = {name: most for name, most in (("p95", p95), ("p99", p99)) if most is not None}
    target = ", ".join(f"{name} ≤ {most:.0f} ms" for name, most in asked.items())
    met = all(t[name] <= most for name, most in asked.items()) if asked else None
    kinds = ", ".join(f"{kind} {ms:.0f}" for kind, ms in found["kinds"].items())
    return [
        Line(f"{what}, p50 / p95 / p99 / longest",
             f"{t['p50']:.0f} / {t['p95']:.0f} / {t['p99']:.0f} / {t['max']:.0f} ms", target, met),
        Line("— against working everything out again; median by kind of edit (ms of processor)",
             f"{found['ratio']:.1f}×; {kinds}", "", None),
    ]  # fmt: skip
