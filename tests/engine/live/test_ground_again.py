"""What is known of ground, edges and places is taken over bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine import again, rim, runs
from dgo_twin_plugin.engine.build import build_scene
from dgo_twin_plugin.engine.functions import load_functions
from dgo_twin_plugin.engine.geometry import Polygons
from dgo_twin_plugin.engine.indicators import natural_banks
from dgo_twin_plugin.engine.live import LiveAssessor
from dgo_twin_plugin.engine.words import TWENTY

from ..factory import profile
from . import edits
from .plan import plan
from .test_live import DATE, same


def squares(n: int, seed: int) -> Polygons:
    """Squares, some of them with a hole, some empty, some in two parts."""
    random = np.random.default_rng(seed)
    rings: list[np.ndarray] = []
    part_of: list[int] = []
    feature_of: list[int] = []
    ring = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], float)
    for row in range(n):
        for _ in range(int(random.integers(0, 3))):
            corner = random.uniform(0, 1000, 2)
            rings.append(corner + 5 * ring)
            part_of.append(len(feature_of))
            if random.random() < 0.3:
                rings.append(corner + 1 + ring[::-1])
                part_of.append(len(feature_of))
            feature_of.append(row)
    start = np.arange(len(rings) + 1) * 5
    return Polygons(np.concatenate(rings), start, np.array(part_of), np.array(feature_of), n)


def alike(a: Polygons, b: Polygons) -> bool:
    b = Polygons(b.xy, b.ring_start, b.ring_part, b.part_feature, b.n)  # knows nothing yet
    return a.n == b.n and all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for name in ("xy", "ring_start", "ring_part", "part_feature", "feature_part_start",
                     "part_ring_start", "_ring_area", "_boxes"))  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_slices_are_what_taking_gives(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(seed)
    polygons, other = squares(5_000, seed), squares(40, seed + 10)
    both = polygons.joined(other)
    rows = np.arange(5_000)
    for row in random.integers(0, 5_000, 6).tolist():
        rows[row] = 5_000 + row % 40
    rows = np.delete(rows, random.integers(0, 5_000, 3))
    quick = [both.take(rows), both.take(rows).take(np.arange(100, len(rows) - 100))]
    assert both.take(np.arange(both.n)) is both
    with monkeypatch.context() as patch:
        patch.setattr("dgo_twin_plugin.engine.geometry.MOST_RUNS", 0)
        slow = [both.take(rows), both.take(rows).take(np.arange(100, len(rows) - 100))]
    assert runs.MOST_RUNS > 12
    assert all(alike(a, b) for a, b in zip(quick, slow)) and alike(both, both)


@pytest.mark.parametrize("seed", range(4))
def test_polygons_of_which_a_few_are_others(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(seed)
    polygons, other = squares(3_000, seed), squares(10, seed + 10)
    source = np.sort(random.choice(3_000, 2_990, replace=False))
    source = np.insert(source, np.sort(random.integers(0, 2_990, 10)), -1)
    index = source.copy()
    index[source < 0] = 3_000 + np.arange(10)
    expected = polygons.joined(other).take(index)
    edges = expected.segments
    for known in (False, True):  # before anybody asked for their segments, and after
        found = polygons.patched(source, other, True)
        assert alike(found, expected) and known == ("segments" in found.__dict__)
        for name in vars(edges):
            np.testing.assert_array_equal(getattr(found.segments, name), getattr(edges, name))
        assert len(polygons.segments.x0)
    with monkeypatch.context() as patch:
        patch.setattr("dgo_twin_plugin.engine.geometry.MOST_RUNS", 0)
        assert alike(polygons.patched(source, other), expected)
    assert polygons.patched(np.arange(3_000), other.take(np.arange(0))) is polygons
    last = polygons.patched(np.append(np.arange(3_000), -1), other.take(np.array([7])))
    assert alike(last, polygons.joined(other).take(np.append(np.arange(3_000), 3_007)))
    rows = [7, 2_000, 5]
    shapes = [other.geometry(k) for k in (3, 4, 5)]
    index = np.arange(3_000)
    index[rows] = 3_000 + np.arange(3)
    assert alike(polygons.replaced(rows, shapes),
                 polygons.joined(Polygons.from_geometries(shapes)).take(index))  # fmt: skip


@pytest.mark.parametrize("turn", [0.0, 0.2])
def test_the_edge_of_a_large_plan(turn: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """By squares, also where the plan is small: only what changed is laid over them again."""
    monkeypatch.setattr(rim, "FEW", 0)
    monkeypatch.setattr("dgo_twin_plugin.engine.again._stays", lambda *_: False)
    sources, random = plan(turn=turn), np.random.default_rng(3)
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    live.assess(sources)
    asked: list[int] = []
    covers = rim.covers

    def counted(polygons: Polygons, squares: rim.Squares):  # type: ignore[no-untyped-def]
        asked.append(polygons.n)
        return covers(polygons, squares)

    for _ in range(8):
        _, sources = edits.any_edit(sources, random)
        with monkeypatch.context() as patch:
            patch.setattr("dgo_twin_plugin.engine.again.covers", counted)
            made = live.assess(sources)
        same(made, sources)
    assert min(asked) < 0.5 * made.scene.surfaces.n


@pytest.mark.parametrize("seed", range(3))
def test_what_lies_in_the_plan_away_from_its_edge(seed: int) -> None:
    """Against GEOS: a box counts as inside where the plan holds it and its edge is not near."""
    random = np.random.default_rng(seed)
    turned = 2 * np.pi * np.sort(random.uniform(0, 1, 40))
    ring = np.stack([np.cos(turned), np.sin(turned)], axis=-1)
    ring *= random.uniform(20, 100, (40, 1))  # a star with deep bays
    shape = ogr.CreateGeometryFromWkb(
        Polygons(np.concatenate([ring, ring[:1]]), np.array([0, 41]), np.zeros(1, int),
                 np.zeros(1, int), 1).wkb(0))  # fmt: skip
    inlet = ogr.CreateGeometryFromWkt("POLYGON ((0 0, 200 0, 200 0.00002, 0 0.00002, 0 0))")
    plan_area = Polygons.from_geometries([shape.Difference(inlet)])
    corner = random.uniform(-60, 60, (400, 2))
    boxes = np.hstack([corner, corner + random.uniform(0, 25, (400, 2))])
    found = again._inside(boxes, plan_area)
    held = []
    for x0, y0, x1, y1 in boxes.tolist():
        wide = ogr.CreateGeometryFromWkt(
            f"POLYGON (({x0} {y0}, {x1} {y0}, {x1} {y1}, {x0} {y1}, {x0} {y0}))")
        held.append(plan_area.geometry(0).Contains(wide.Buffer(again.MARGIN)))
    assert found.tolist() == held and 20 < found.sum() < 380
    nothing = np.array([[np.inf, np.inf, -np.inf, -np.inf]])
    assert again._inside(nothing, plan_area).all() and not len(again._inside(boxes[:0], plan_area))


def test_the_plan_is_joined_again_only_where_its_edge_is_touched(
        monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """A building that moves on its lot leaves the plan as it is, also on a lot at the edge."""
    joined: list[int] = []
    outline = again.outline

    def counted(polygons: Polygons) -> ogr.Geometry:
        joined.append(polygons.n)
        return outline(polygons)

    sources, random = plan(), np.random.default_rng(5)
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    before = live.assess(sources).scene
    monkeypatch.setattr(again, "outline", counted)
    quiet = 0
    for _ in range(8):
        _, sources = edits.any_edit(sources, random)
        joined.clear()
        made = live.assess(sources)
        if not joined:
            quiet += 1
            assert made.scene.plan is before.plan
            full = build_scene(sources, profile(), load_functions(), DATE)
            assert full.plan.xy.shape == made.scene.plan.xy.shape
            np.testing.assert_allclose(made.scene.plan.xy, full.plan.xy, rtol=0, atol=1e-9)
        before = made.scene
    assert quiet


def test_a_measurement_that_says_the_same_keeps_its_marks() -> None:
    sources = plan()
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    before = live.assess(sources)
    layer = sources.design[0]
    same_as_before = set()
    for row in range(0, 12, 3):
        moved = edits.with_layer(sources, 0, edits.shape(
            layer, row, edits.moved(layer.wkb[row] or b"", 0.2, 0.1)))
        made = live.assess(moved)
        same(made, moved)
        same_as_before |= {i for i in ("natural_banks", "geological_value")
                           if made.measurements[i] is before.measurements[i]
                           and made.prepared[i] is before.prepared[i]}  # fmt: skip
        before = made
    assert same_as_before


def test_a_shore_does_not_depend_on_the_others() -> None:
    scene = build_scene(plan(), profile(), load_functions(), DATE)
    inside = np.zeros(scene.surfaces.n, bool)
    inside[scene.cut.feature] = True
    rows = np.flatnonzero(scene.surfaces.where("water") & inside)
    assert len(rows) > 2
    whole = natural_banks._shore(scene, rows)
    for row in rows[::2]:
        one, mine = natural_banks._shore(scene, np.array([row])), whole.row == row
        for name in vars(whole):
            np.testing.assert_array_equal(getattr(one, name), getattr(whole, name)[mine])


def test_a_zone_in_which_nothing_changed_keeps_its_rows() -> None:
    sources = plan()
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    before = live.assess(sources)
    layer = sources.design[0]
    moved = edits.with_layer(sources, 0, edits.shape(
        layer, 3, edits.moved(layer.wkb[3] or b"", 0.5, 0.0)))
    made = live.assess(moved)
    same(made, moved)
    # beside the plan: green counts what can be reached from anywhere
    pairs = [(row, then) for row, then in zip(made.scores, before.scores)
             if row.zone_id and row.indicator != "green"]  # fmt: skip
    new = {row.zone_id for row, then in pairs if row is not then}
    assert new == {row.zone_id for row, then in pairs if row != then}
    assert 0 < len(new) < made.scene.n_zones
    for row, then in zip(made.parts, before.parts):
        assert row is then or row != then
