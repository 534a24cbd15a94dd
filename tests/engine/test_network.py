"""The walking network: what is joined, what is not, and distances along it; worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import network as network_module
from dgo_twin_plugin.engine.network import build, network, network_lines

from .factory import box, scene

INF = float("inf")


def line(*points):
    return np.array(points, float)


def walk(net, start, end, limit=2000.0, scipy=None):
    a, b = net.enter(np.array([start]), 1000.0), net.enter(np.array([end]), 1000.0)
    return float(net.distances(a, b, np.array([0]), np.array([0]), limit, scipy)[0])


def test_around_the_corner_with_access_on_both_sides():
    net = build([line((0, 0), (100, 0)), line((100, 0), (100, 80))])
    # 5 m to the street, 90 m along it, 70 m round the corner, 7 m to the door
    assert walk(net, (10, 5), (107, 70)) == pytest.approx(5 + 90 + 70 + 7)


def test_same_edge_needs_no_node():
    net = build([line((0, 0), (100, 0))])
    assert walk(net, (20, 3), (65, -4)) == pytest.approx(3 + 45 + 4)


def test_a_gap_of_half_a_metre_is_a_connection_and_more_is_not():
    joined = build([line((0, 0), (100, 0)), line((100.4, 0), (200, 0))])
    assert walk(joined, (0, 0), (200, 0)) == pytest.approx(200)  # 100 + 0.4 + 99.6
    apart = build([line((0, 0), (100, 0)), line((100.6, 0), (200, 0))])
    assert walk(apart, (0, 0), (200, 0)) == INF


def test_an_end_on_the_middle_of_a_line_is_a_junction():
    net = build([line((0, 0), (100, 0)), line((40, 0.3), (40, 60)), line((40, -0.2), (40, -30))])
    # 40 along, 0.3 over the joint, 59.7 up
    assert walk(net, (0, 0), (40, 60)) == pytest.approx(100, abs=1e-9)
    assert walk(net, (40, 60), (100, 0)) == pytest.approx(60 + 60)


def test_crossing_without_a_vertex_is_a_bridge_and_with_one_a_crossing():
    bridge = build([line((0, 0), (100, 0)), line((50, -50), (50, 50))])
    assert walk(bridge, (0, 0), (50, 50)) == INF
    crossing = build([line((0, 0), (50, 0), (100, 0)), line((50, -50), (50, 0), (50, 50))])
    assert walk(crossing, (0, 0), (50, 50)) == pytest.approx(100)


def test_a_densely_drawn_curve_keeps_its_length_beside_another():
    # vertices every 0.3 m, and the same street from a second source 0.2 m aside
    x = np.arange(0, 90.1, 0.3)
    net = build([np.column_stack([x, 0 * x]), np.column_stack([x, 0 * x + 0.2])])
    assert walk(net, (0, 0), (90, 0)) == pytest.approx(90)


def test_a_small_loose_part_does_not_catch_its_houses():
    street = line((0, 0), (1000, 0))
    path = line((500, 20), (500, 30))  # ends 20 m before the street
    assert walk(build([street, path]), (0, 0), (500, 32)) == pytest.approx(500 + 32)


def test_limit_and_reach():
    net = build([line((0, 0), (900, 0))])
    assert walk(net, (0, 0), (700, 0), limit=640) == INF
    far = net.enter(np.array([(0.0, 500.0)]), 400.0)
    assert far.segment[0] == -1
    assert build([]).n == 0
    assert build([]).enter(np.array([(0.0, 0.0)]), 100.0).segment[0] == -1


def test_heap_and_scipy_agree_to_the_last_bit():
    pytest.importorskip("scipy")
    rng = np.random.default_rng(7)
    at = np.stack(np.meshgrid(np.arange(11) * 50.0, np.arange(11) * 50.0), axis=-1)
    at += rng.uniform(-8, 8, at.shape)  # crooked streets that share their crossings
    lines = [*at, *at.transpose(1, 0, 2)]
    net = build(lines)
    stops = net.enter(rng.uniform(0, 500, (9, 2)), 200)
    homes = net.enter(rng.uniform(0, 500, (40, 2)), 200)
    i, j = np.divmod(np.arange(360), 40)
    heap = net.distances(stops, homes, i, j, 300.0, scipy=False)
    fast = net.distances(stops, homes, i, j, 300.0, scipy=True)
    assert np.isfinite(heap).sum() > 50
    assert np.isinf(heap).any()
    assert np.array_equal(heap, fast)
    for scipy in (False, True):  # looked up in what was walked from all stops before
        walks = net.walks(stops, 300.0, scipy)
        some = np.arange(0, 360, 7)
        known = net.distances(stops, homes, i[some], j[some], 300.0, walks=walks)
        assert np.array_equal(known, heap[some])


def test_entries_within_less_are_those_of_less():
    rng = np.random.default_rng(8)
    net = build([line((0, 0), (900, 0)), line((0, 0), (0, 700))])
    xy = rng.uniform(-100, 900, (60, 2))
    for near, far in ((40.0, 600.0), (15.0, 240.0)):
        less, found = net.enter(xy, near), net.enter(xy, far).within(near)
        for name, values in vars(less).items():
            np.testing.assert_array_equal(getattr(found, name), values)
        assert 0 < (less.segment >= 0).sum() < len(xy)


def test_walks_from_too_many_stops_are_not_kept(monkeypatch):
    net = build([line((0, 0), (900, 0)), line((0, 0), (0, 700))])
    stops = net.enter(np.array([(10.0, 5.0), (400.0, -3.0)]), 100.0)
    assert net.walks(stops, 500.0).metres.shape == (2, len(net.xy))
    monkeypatch.setattr(network_module, "_MOST_KEPT", 2 * len(net.xy) - 1)
    assert net.walks(stops, 500.0) is None


def test_lines_of_context_design_and_current_but_no_motorway():
    made = scene(
        zones=[("GT04", box(0, 0, 100, 100))],
        surfaces=[("grass", box(0, 0, 100, 100)), ("footway", "LINESTRING(0 50,100 50)")],
        current=[("road", "LINESTRING(50 0,50 100)"), ("grass", box(200, 0, 210, 10))],
        items=[("noise_barrier", "LINESTRING(0 9,100 9)")],
        context={"roads": [("LINESTRING(0 0,100 0)", {"speed": 50}),
                           ("MULTILINESTRING((0 80,100 80),(0 90,100 90))", {"speed": None}),
                           ("LINESTRING(0 100,100 100)", {"speed": 100})]},
    )  # fmt: skip
    lines = network_lines(made)
    assert len(lines) == 5  # one road, two parts, footway, road of the current situation
    assert made.product("network", network).length.sum() == pytest.approx(500)
