"""Walking distances against QGIS's own network analysis (QgsGraphAnalyzer): real streets and a
crooked grid, many random pairs."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine.network import Network, build

PAIRS = 30  # starts; every start to as many ends


def by_qgis(lines: list[np.ndarray], points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(m, m) metres along the network between points tied to it, and the tied points (m, 2)."""
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

    layer = QgsVectorLayer("LineString?crs=EPSG:28992", "streets", "memory")
    rows = []
    for line in lines:
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromPolylineXY([QgsPointXY(*p) for p in line.tolist()]))
        rows.append(feature)
    layer.dataProvider().addFeatures(rows)
    both = QgsVectorLayerDirector.Direction.DirectionBoth
    director = QgsVectorLayerDirector(layer, -1, "", "", "", both)
    director.addStrategy(QgsNetworkDistanceStrategy())
    builder = QgsGraphBuilder(QgsCoordinateReferenceSystem("EPSG:28992"), False, 0.0, "NONE")
    tied = director.makeGraph(builder, [QgsPointXY(*p) for p in points.tolist()])
    graph = builder.graph()
    nodes = [graph.findVertex(p) for p in tied]
    table = np.empty((len(nodes), len(nodes)))
    for row, node in enumerate(nodes):
        _, cost = QgsGraphAnalyzer.dijkstra(graph, node, 0)
        table[row] = [cost[k] for k in nodes]
    return table, np.array([(p.x(), p.y()) for p in tied])


def compare(lines: list[np.ndarray], net: Network, rng: np.random.Generator) -> float:
    """Largest relative difference of all pairs; QGIS leaves out the way to the network."""
    low, high = net.xy.min(axis=0), net.xy.max(axis=0)
    points = rng.uniform(low, high, (PAIRS, 2))
    theirs, tied = by_qgis(lines, points)
    entries = net.enter(points, 1e4)
    gap = np.hypot(*(tied - points).T)
    assert entries.access == pytest.approx(gap, rel=1e-9)  # the same edge, at the same place
    i, j = np.divmod(np.arange(PAIRS * PAIRS), PAIRS)
    ours = net.distances(entries, entries, i, j, 1e9) - entries.access[i] - entries.access[j]
    ours = ours.reshape(PAIRS, PAIRS)
    assert np.array_equal(np.isfinite(theirs) & (theirs < 1e300), np.isfinite(ours))
    off = (i != j).reshape(PAIRS, PAIRS) & np.isfinite(ours) & (theirs > 1e-6)
    assert off.sum() > 0.8 * PAIRS * (PAIRS - 1)
    worst = float((np.abs(ours - theirs)[off] / theirs[off]).max())
    # the nearest of the last ten, from all others: one search against the table of QGIS
    sites, homes = entries.take(np.arange(20, PAIRS)), entries.take(np.arange(20))
    nearest = net.nearest(sites, homes, 1e9)
    whole = theirs + entries.access[:, None] + entries.access[None, :]
    assert nearest == pytest.approx(whole[20:, :20].min(axis=0), rel=1e-6)
    return worst


def test_streets_of_bubenec(qgis_app, realdata):
    source = ogr.Open(str(realdata / "bubenec" / "bubenec.gpkg"))
    lines = [np.array(f.GetGeometryRef().GetPoints())[:, :2] for f in source.GetLayer("streets")]
    assert len(lines) == 35
    origin = np.concatenate(lines).min(axis=0)
    lines = [line - origin for line in lines]
    net = build(lines, snap=1e-6)  # QGIS joins what shares a vertex
    for seed in range(4):
        assert compare(lines, net, np.random.default_rng(seed)) <= 1e-6


def test_a_crooked_grid(qgis_app):
    rng = np.random.default_rng(7)
    at = np.stack(np.meshgrid(np.arange(9) * 60.0, np.arange(9) * 60.0), axis=-1)
    at += rng.uniform(-12, 12, at.shape)
    lines = [*at, *at.transpose(1, 0, 2)]
    # some streets are missing, so that one has to go around
    lines = [line[a:b] for line in lines for a, b in ((0, 4), (3, 7), (6, 9)) if rng.random() < 0.8]
    for seed in range(4):
        assert compare(lines, build(lines), np.random.default_rng(seed)) <= 1e-6
