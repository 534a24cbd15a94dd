"""Access: the indicators of walking, seeing and parking on the town of bench/case.py, the union of
crowns against GEOS, and the search for the nearest place against QGIS's own.

    python3 -m bench.access NAME FOLDER      one measurement, as JSON; FOLDER as case.write made it
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from . import headless
from .parts import Answer, timed

INDICATORS = ("trees_visible", "canopy", "green_access", "services_access", "parking_pressure",
              "play_access")  # fmt: skip


def _scene(folder: str) -> tuple[Any, Any]:
    import datetime

    headless.start()
    from qgis.core import QgsProject

    from dgo_twin_plugin.engine.build import build_scene
    from dgo_twin_plugin.engine.functions import load_functions
    from dgo_twin_plugin.engine.norms import load_profile
    from dgo_twin_plugin.engine.twin import DEFAULT_PROFILE, load_twin
    from dgo_twin_plugin.layers.gather import gather, read_all

    profile = load_profile(DEFAULT_PROFILE)
    inputs = gather(load_twin(Path(folder) / "twin.yml"), QgsProject.instance())
    reading = read_all(inputs, lambda: None, lambda _done: None)
    date = datetime.date(2026, 11, 21)
    return build_scene(reading.sources, profile, load_functions(), date), profile


def indicators(folder: str) -> Answer:
    """Seconds of each indicator, the quickest of three runs; what the whole run shares (facades,
    crowns, ground by zone) is made beforehand and told apart."""
    scene, profile = _scene(folder)
    from dgo_twin_plugin.engine.facades import facades_of
    from dgo_twin_plugin.engine.models.ground import crowns_of
    from dgo_twin_plugin.engine.overlay import cut_parts
    from dgo_twin_plugin.engine.people import people_of

    specs = {name: importlib.import_module(f"dgo_twin_plugin.engine.indicators.{name}").SPEC
             for name in INDICATORS}  # fmt: skip
    best = {name: float("inf") for name in ("shared", *INDICATORS)}
    for _ in range(3):
        scene.cache.clear()
        started = time.perf_counter()
        for make in (facades_of, crowns_of, cut_parts, people_of):
            make(scene)
        best["shared"] = min(best["shared"], time.perf_counter() - started)
        for name, spec in specs.items():
            started = time.perf_counter()
            spec.compute(scene, profile)
            best[name] = min(best[name], time.perf_counter() - started)
    total = sum(best[name] for name in INDICATORS)
    return {**best, "total": total, "surfaces": scene.surfaces.n}


def crowns(folder: str) -> Answer:
    """The union of all crowns: ours, and GEOS on all of them at once."""
    scene, _ = _scene(folder)
    from osgeo import ogr

    from dgo_twin_plugin.engine.models.access.canopy import union_of_crowns
    from dgo_twin_plugin.engine.models.ground import crowns_of

    polygons = crowns_of(scene).polygons
    ours, (union, _) = timed(lambda: union_of_crowns(polygons))

    def by_geos() -> float:
        whole = ogr.Geometry(ogr.wkbMultiPolygon)
        for k in range(polygons.n):
            whole.AddGeometry(polygons.geometry(k))
        return float(whole.UnionCascaded().Area())

    theirs, area = timed(by_geos, 2)
    return {"crowns": polygons.n, "ours": ours, "geos": theirs,
            "difference": abs(float(union.area().sum()) - area)}  # fmt: skip


def nearest(folder: str) -> Answer:
    """Every building to the nearest of the facilities: one search, and QGIS's Dijkstra from each
    facility in turn with the minimum of all. Both start from a network that is ready."""
    scene, _ = _scene(folder)
    from qgis.analysis import (
        QgsGraphAnalyzer,
        QgsGraphBuilder,
        QgsNetworkDistanceStrategy,
        QgsVectorLayerDirector,
    )
    from qgis.core import (
        QgsCoordinateReferenceSystem,
        QgsFeature,
        QgsGeometry,
        QgsPointXY,
        QgsVectorLayer,
    )

    from dgo_twin_plugin.engine.models.access.doors import doors_of, network_of, points
    from dgo_twin_plugin.engine.network import network_lines

    grid, doors = network_of(scene), doors_of(scene)
    vectors = scene.vectors("facilities")
    assert vectors is not None
    spots = points(vectors.wkb)
    sites = grid.enter(spots, 300.0)
    ours, found = timed(lambda: grid.nearest(sites, doors.entries, 1e9), 5)
    layer = QgsVectorLayer("LineString?crs=EPSG:28992", "streets", "memory")
    rows = []
    for line in network_lines(scene):
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromPolylineXY([QgsPointXY(*p) for p in line.tolist()]))
        rows.append(feature)
    layer.dataProvider().addFeatures(rows)
    director = QgsVectorLayerDirector(layer, -1, "", "", "",
                                      QgsVectorLayerDirector.Direction.DirectionBoth)  # fmt: skip
    director.addStrategy(QgsNetworkDistanceStrategy())
    builder = QgsGraphBuilder(QgsCoordinateReferenceSystem("EPSG:28992"), False, 0.0, "NONE")
    few = np.flatnonzero(doors.entries.segment >= 0)[::10]  # tying all of them takes minutes
    every = np.concatenate([spots, doors.xy[few]])
    tied = director.makeGraph(builder, [QgsPointXY(*p) for p in every.tolist()])
    graph = builder.graph()
    nodes = [graph.findVertex(p) for p in tied]

    def by_qgis() -> np.ndarray:
        best = np.full(len(few), np.inf)
        for k, access in zip(nodes[: len(spots)], sites.access):
            _, cost = QgsGraphAnalyzer.dijkstra(graph, k, 0)
            best = np.minimum(best, access + np.array([cost[n] for n in nodes[len(spots) :]]))
        return best

    theirs, expected = timed(by_qgis, 1)
    expected = expected + np.array([np.hypot(*(np.array([p.x(), p.y()]) - xy))
                                    for p, xy in zip(tied[len(spots) :], doors.xy[few])])
    ok = np.isfinite(found[few]) & (expected < 1e300)
    return {"doors": len(doors.building), "sites": len(spots), "ours": ours, "qgis": theirs,
            "qgis_doors": len(few),
            "median_difference": float(np.median(np.abs(found[few] - expected)[ok]))}  # fmt: skip


NAMES = {f.__name__: f for f in (indicators, crowns, nearest)}

if __name__ == "__main__":
    print("BENCH " + json.dumps(NAMES[sys.argv[1]](*sys.argv[2:])), flush=True)
