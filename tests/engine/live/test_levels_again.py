"""Odour, air and alerts told of the buildings that changed alone are those of a full run."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import numpy as np
import pytest

from bench.live import DATE
from dgo_twin_plugin.engine import alerts
from dgo_twin_plugin.engine.build import Sources
from dgo_twin_plugin.engine.indicators import _levels
from dgo_twin_plugin.engine.live import LiveAssessor
from dgo_twin_plugin.engine.scene import RasterContext, RawLayer

from ..factory import profile
from . import edits
from .plan import plan
from .test_live import full, same

TOLD = ("odour", "air_quality", "healthy_environment")


def square(sources: Sources, x: float, y: float, size: float) -> bytes:
    """About a place in the plan, as parts of its width and height."""
    x0, y0, x1, y1 = sources.design[0].covers
    shape = sources.design[0].wkb[0]
    box = edits.ogr.CreateGeometryFromWkb(shape).GetEnvelope()
    scale = size / max(box[1] - box[0], box[3] - box[2])
    return edits.moved(shape, x0 + x * (x1 - x0) - 0.5 * (box[0] + box[1]),
                       y0 + y * (y1 - y0) - 0.5 * (box[2] + box[3]), scale)  # fmt: skip


def with_odour(sources: Sources) -> Sources:
    """A background, two sources with their foreground, and sources by category."""
    rows = [("background", 2.0, None, None, 0.3, 120.0),
            ("foreground", 9.0, "livestock", None, 0.5, 160.0),
            ("foreground", 4.0, "sewage_new", None, 0.6, 90.0),
            ("distance_class", 3.0, None, None, 0.8, 150.0),
            (None, None, None, "3.1", 0.1, 20.0), (None, None, None, "livestock", 0.9, 20.0)]
    names = ("kind", "ou_p98", "source", "category")
    columns = {name: [row[k] for row in rows] for k, name in enumerate(names)}
    columns["basis"] = [None, "legal", None, None, None, None]
    wkb = [square(sources, at, 1.0 - at, size) for *_, at, size in rows]
    layer = RawLayer("odour", np.arange(1, len(rows) + 1), wkb, columns, {},
                     covers=sources.design[0].covers)  # fmt: skip
    return dataclasses.replace(sources, vectors={**sources.vectors, "odour": [layer]},
                               rasters={k: v for k, v in sources.rasters.items() if k != "odour"})


def with_air(sources: Sources) -> Sources:
    """Backgrounds with roads and a plan on top, one of a spread of its own."""
    (no2,), rasters = sources.rasters["no2"], dict(sources.rasters)

    def other(factor: float, **said: Any) -> RasterContext:
        values = factor * no2.raster.values
        values[::7] = np.nan
        return RasterContext("no2", "no2", dataclasses.replace(no2.raster, values=values), said)

    rasters["no2"] = [other(0.9, contribution="background", sigma=1.5),
                      other(0.3, contribution="road"), other(0.1, contribution="plan"), no2]
    rasters["pm10"] = [other(1.1, contribution="background"), *rasters["pm10"]]
    return dataclasses.replace(sources, rasters=rasters)


@pytest.mark.parametrize(("seed", "methods", "turns"), [(1, {"all": "map"}, 12), (2, {}, 3)])
def test_levels_are_those_of_a_full_run(seed: int, methods: dict[str, str], turns: int) -> None:
    random = np.random.default_rng(seed)
    sources = with_air(with_odour(dataclasses.replace(plan(), methods=methods)))
    live = LiveAssessor(profile(), DATE, indicators=TOLD)
    first = live.assess(sources).measurements
    assert {t.source_kind.split("_")[0] for t in first["odour"].legal} >= {"livestock", "sewage"}
    assert first["odour"].proxy.any() and "no2_plan" in first["air_quality"].parts
    for _ in range(turns):
        _, sources = edits.any_edit(sources, random)
        same(live.assess(sources), sources, TOLD)


def test_area_types_change_what_distance_classes_say() -> None:
    """Whether a place is built up follows the area type, so all buildings are asked again."""
    sources = with_odour(plan())
    live = LiveAssessor(profile(), DATE, indicators=TOLD)
    first = live.assess(sources).measurements["odour"]
    types = sources.area_types[0]
    for k in range(len(types.fid)):
        types = edits.value(types, k, "type", "GT10")
    sources = edits.with_layer(sources, 0, types, "area_types")
    made = live.assess(sources)
    same(made, sources, TOLD)
    then, now = first.parts[""].value, made.measurements["odour"].parts[""].value
    assert not np.array_equal(np.sort(then), np.sort(now), equal_nan=True)


def test_only_buildings_that_changed_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    at = _levels.map_values

    def heard(scene: Any, role: str, xy: np.ndarray, *more: Any) -> Any:
        asked.append(len(xy))
        return at(scene, role, xy, *more)

    for name in ("_levels", "_air", "_noise", "odour", "industrial_noise"):
        module = f"dgo_twin_plugin.engine.indicators.{name}"
        monkeypatch.setattr(f"{module}.map_values", heard)
    sources = with_odour(plan())
    names = ("odour", "air_quality", "traffic_noise", "industrial_noise")
    live = LiveAssessor(profile(), DATE, indicators=names)
    live.assess(sources)
    whole, house = max(asked), sources.design[0].columns["function"].index("dwelling")
    asked.clear()
    layer = sources.design[0]
    live.assess(edits.with_layer(sources, 0, edits.shape(layer, house, edits.moved(
        layer.wkb[house] or b"", 0.4, 0.1))))  # fmt: skip
    assert 0 < max(asked) < whole / 4


def test_alerts_are_those_of_a_full_run_and_stay_the_same_where_they_say_the_same() -> None:
    random, sources = np.random.default_rng(6), plan()
    live = LiveAssessor(profile(), DATE, indicators=TOLD)
    before = live.assess(sources).alerts
    assert {a.rule for a in before} >= {"mark_below_6"}
    kept = 0
    for _ in range(12):
        _, sources = edits.any_edit(sources, random)
        now = live.assess(sources).alerts
        assert now == full(sources, TOLD).alerts
        kept += sum(any(a is b for b in before) for a in now)
        before = now
    assert kept > 30


def test_a_zone_that_keeps_its_shape_keeps_its_drawing() -> None:
    sources = plan()
    live = LiveAssessor(profile(), DATE, indicators=("green",))
    scene = live.assess(sources).scene
    drawn = alerts._zone_shapes(scene)
    layer = sources.design[0]
    x1 = sources.design[0].covers[2]
    last = max(range(len(layer.fid)), key=lambda k: edits.ogr.CreateGeometryFromWkb(
        layer.wkb[k]).GetEnvelope()[1])  # fmt: skip
    assert edits.ogr.CreateGeometryFromWkb(layer.wkb[last]).GetEnvelope()[1] > x1 - 20.0
    heard: list[list[bytes]] = []
    shapes = alerts._zone_shapes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alerts, "_zone_shapes", lambda s: heard.append(shapes(s)) or heard[-1])
        live.assess(sources)
        other = edits.with_layer(sources, 0, edits.shape(layer, last, edits.moved(
            layer.wkb[last] or b"", 0.5, 0.0)))  # fmt: skip
        scene = live.assess(other).scene
    first, second = heard
    assert first == drawn
    assert second == [scene.zones.polygons.wkb(row) for row in range(scene.zones.n)]
    assert first != second and any(a is b for a, b in zip(first, second))


def test_no_thread_where_maps_are_to_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    start = threading.Thread.start

    def heard(thread: threading.Thread) -> None:
        begun.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", heard)
    live = LiveAssessor(profile(), DATE, indicators=("traffic_noise", "cloudburst"))
    live.assess(dataclasses.replace(plan(), methods={"all": "map"}))
    assert not begun
    live.assess(dataclasses.replace(plan(), methods={}))
    assert begun
