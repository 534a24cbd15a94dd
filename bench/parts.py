"""One measurement each, in a process of its own: ``python3 -m bench.parts NAME ...``."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import case, full, headless

Answer = dict[str, Any]


def timed(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """The quickest of some runs, s, and what the last gave: noise only ever adds."""
    best, found = float("inf"), None
    for _ in range(times):
        started = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - started)
    return best, found


def assessment(folder: str) -> Answer:
    """Files to marks to results file."""
    return full.run(Path(folder) / "twin.yml", Path(folder) / "results.gpkg")


def twenty(folder: str) -> Answer:
    """The same for I01-I20, from maps alone, without writing."""
    return full.run(Path(folder) / "twin.yml", None, maps_only=True)


def areas(features: str, border: str) -> Answer:
    """Features x zones: the engine against native:intersection with sums by feature and zone."""
    headless.start()
    from processing.core.Processing import Processing
    from qgis import processing
    from qgis.core import (
        QgsFeature,
        QgsField,
        QgsFields,
        QgsGeometry,
        QgsMemoryProviderUtils,
        QgsProcessing,
        QgsProcessingContext,
        QgsProject,
        QgsWkbTypes,
    )
    from qgis.PyQt.QtCore import QVariant

    from dgo_twin_plugin.engine.geometry import Polygons
    from dgo_twin_plugin.engine.overlap import zone_areas
    from dgo_twin_plugin.layers.plane import Plane
    from dgo_twin_plugin.layers.read import read_vector, snapshot

    Processing.initialize()
    town = case.Town.of(int(features))
    drawn = case.design(town, int(features))["ground"].xy
    zones = case.area_types(town, int(border) // 4).xy  # four sides

    def wkb(shapes: list[np.ndarray]) -> list[bytes]:
        return [case.wkb("surface", town.world(xy)) for xy in shapes]

    def layer(name: str, data: list[bytes]) -> Any:
        from qgis.core import QgsCoordinateReferenceSystem

        fields = QgsFields()
        fields.append(QgsField("row", QVariant.Int))
        made = QgsMemoryProviderUtils.createMemoryLayer(
            name, fields, QgsWkbTypes.Type.Polygon, QgsCoordinateReferenceSystem("EPSG:28992"))
        rows = []
        for k, each in enumerate(data):
            feature, geometry = QgsFeature(fields), QgsGeometry()
            geometry.fromWkb(each)
            feature.setGeometry(geometry)
            feature.setAttributes([k])
            rows.append(feature)
        made.dataProvider().addFeatures(rows)
        made.dataProvider().createSpatialIndex()
        return made

    ground, cover = layer("ground", wkb(drawn)), layer("zones", wkb(zones))
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())

    def by_qgis() -> dict[tuple[int, int], float]:
        done = processing.run("native:intersection", {
            "INPUT": ground, "OVERLAY": cover, "INPUT_FIELDS": ["row"], "OVERLAY_FIELDS": ["row"],
            "OVERLAY_FIELDS_PREFIX": "zone_", "OUTPUT": QgsProcessing.TEMPORARY_OUTPUT,
        }, context=context)  # fmt: skip
        total: dict[tuple[int, int], float] = {}
        for feature in done["OUTPUT"].getFeatures():
            key = feature[0], feature[1]
            total[key] = total.get(key, 0.0) + feature.geometry().area()
        return total

    transforms = QgsProject.instance().transformContext()
    plane = Plane(ground.crs(), "EPSG:28992")

    def read() -> tuple[Polygons, Polygons]:
        return tuple(  # type: ignore[return-value]
            Polygons.from_wkb(read_vector(snapshot(one), plane, transforms).wkb, case.ORIGIN)
            for one in (ground, cover))

    with_read, _ = timed(lambda: zone_areas(*read()))
    polygons, cut = read()

    def by_engine() -> Any:
        # fresh objects: nothing that the last round worked out may be at hand
        a = Polygons(polygons.xy, polygons.ring_start, polygons.ring_part, polygons.part_feature,
                     polygons.n)  # fmt: skip
        b = Polygons(cut.xy, cut.ring_start, cut.ring_part, cut.part_feature, cut.n)
        return zone_areas(a, b)

    ours, (row, zone, area) = timed(by_engine, 5)
    theirs, expected = timed(by_qgis, 2)
    found = {(int(r), int(z)): float(a) for r, z, a in zip(row, zone, area)}
    pairs = found.keys() | expected.keys()
    worst = max(abs(found.get(k, 0.0) - expected.get(k, 0.0)) for k in pairs)
    return {"features": len(drawn), "zones": len(zones), "vertices": max(map(len, zones)) - 1,
            "pairs": len(found), "ours": ours, "with_read": with_read, "qgis": theirs,
            "worst": worst}  # fmt: skip


def load(_: str = "") -> Answer:
    """What the plugin adds to the start of QGIS: import, initGui, unload; whether NumPy came."""
    application = headless.start()
    from tests.structure.window import FakeInterface

    window = FakeInterface()
    before = "numpy" in sys.modules
    started = time.perf_counter()
    import dgo_twin_plugin

    plugin = dgo_twin_plugin.classFactory(window)
    plugin.initGui()
    ready = time.perf_counter()
    plugin.unload()
    done = time.perf_counter()
    application.processEvents()
    window.gone()
    return {"start": ready - started, "unload": done - ready,
            "numpy": not before and "numpy" in sys.modules}  # fmt: skip


def slider(folder: str) -> Answer:
    """One ambition moved: gaps, statuses, theme marks and totals of all zones once more."""
    import datetime

    headless.start()
    from qgis.core import QgsProject

    from dgo_twin_plugin.engine.assessment import assess
    from dgo_twin_plugin.engine.build import build_scene
    from dgo_twin_plugin.engine.functions import load_functions
    from dgo_twin_plugin.engine.norms import load_profile
    from dgo_twin_plugin.engine.twin import DEFAULT_PROFILE, load_twin
    from dgo_twin_plugin.layers.gather import gather, read_all

    profile = load_profile(DEFAULT_PROFILE)
    inputs = gather(load_twin(Path(folder) / "twin.yml"), QgsProject.instance())
    reading = read_all(inputs, lambda: None, lambda _done: None)
    scene = build_scene(reading.sources, profile, load_functions(), datetime.date(2026, 11, 21))
    result = assess(scene, profile)
    took = []
    for step in range(200):
        started = time.perf_counter()
        result.judged({"all": {"traffic_noise": 45.0 + 0.05 * step}}, None)
        took.append(time.perf_counter() - started)
    return {"p95": float(np.quantile(took, 0.95)), "median": float(np.median(took)),
            "zones": scene.n_zones, "surfaces": scene.surfaces.n}  # fmt: skip


def results(folder: str, count: str) -> Answer:
    """Place values written into a new results file: 20 indicators on one ground."""
    from dgo_twin_plugin.engine.geometry import Polygons
    from dgo_twin_plugin.engine.indicators import all_indicators
    from dgo_twin_plugin.store.record import Ground, PlaceSet, RunRecord
    from dgo_twin_plugin.store.write import write_run

    ids = [spec.id for spec in all_indicators()]
    n = int(count) // len(ids)
    corners = zip(np.arange(n) % 200 * 10.0, np.arange(n) // 200 * 10.0)
    polygons = Polygons.from_wkb([case.wkb("surface", case.box(x, y, x + 8, y + 8))
                                  for x, y in corners])  # fmt: skip
    random = np.random.default_rng(5)
    zone, feature = np.ones(n, np.int64), np.arange(n)
    places = [PlaceSet(i, zone, random.random(n), 10 * random.random(n), "", feature) for i in ids]
    ground = Ground(np.full(n, "ground", object), feature, polygons.wkb)
    target = Path(folder) / "values.gpkg"
    target.unlink(missing_ok=True)
    started = time.perf_counter()
    write_run(target, RunRecord(scenario="bench"), {}, crs="EPSG:28992", origin=case.ORIGIN,
              ground=ground, places=places, indicators=ids)  # fmt: skip
    took = time.perf_counter() - started
    size = target.stat().st_size
    target.unlink()
    return {"values": n * len(ids), "places": n, "seconds": took, "bytes": size}


NAMES = {f.__name__: f for f in (assessment, twenty, areas, load, slider, results)}


def of(name: str) -> Callable[..., Answer]:
    """A measurement of this file, or ``module.name`` of another: ``heat.field``."""
    module, _, own = name.rpartition(".")
    if not module:
        return NAMES[name]
    found: Callable[..., Answer] = getattr(importlib.import_module(f"bench.{module}"), own)
    return found


if __name__ == "__main__":
    print("BENCH " + json.dumps(of(sys.argv[1])(*sys.argv[2:])), flush=True)
