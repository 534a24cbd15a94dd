"""What is known of ground, edges and places is taken over bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine import again, overlap, rim, runs, wkb
from dgo_twin_plugin.engine import kept as kept_module
from dgo_twin_plugin.engine.build import build_scene
from dgo_twin_plugin.engine.functions import load_functions
from dgo_twin_plugin.engine.geometry import Polygons
from dgo_twin_plugin.engine.indicators import natural_banks
from dgo_twin_plugin.engine.kept import same_shapes
from dgo_twin_plugin.engine.live import LiveAssessor
from dgo_twin_plugin.engine.overlap import (
    divide,
    divide_again,
    meeting,
    uncover,
    uncover_again,
)
from dgo_twin_plugin.engine.wkb import rings_of
from dgo_twin_plugin.engine.words import TWENTY

from ..factory import profile
from . import edits
from .plan import plan
from .test_live import DATE, same

difference = overlap._difference


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
                     "part_ring_start", "_ring_area", "_boxes", "_area"))  # fmt: skip


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
    assert alike(polygons.patched(source, other), expected)
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
    assert alike(other.replaced(range(10), [other.geometry(k) for k in range(10)]), other)


@pytest.mark.parametrize("seed", range(4))
def test_polygons_that_others_take_the_place_of(seed: int) -> None:
    """As many vertices: all but these is shared with the old ones, which stay as they are."""
    random = np.random.default_rng(seed)
    polygons = squares(3_000, seed)
    drawn = polygons.xy.copy()
    source = np.arange(3_000)
    rows = np.sort(random.choice(3_000, 8, replace=False))
    source[rows] = -1
    moved = polygons.take(rows)
    moved = Polygons(moved.xy + 3.0, moved.ring_start, moved.ring_part, moved.part_feature, 8)
    found, index = polygons.patched(source, moved), np.arange(3_000)
    index[rows] = 3_000 + np.arange(8)
    assert alike(found, polygons.joined(moved).take(index))
    assert found.ring_start is polygons.ring_start and (polygons.xy == drawn).all()
    other = squares(60, seed + 20)  # of which others have more or fewer parts and rings
    for few in (other.take(random.choice(60, 8, replace=False)) for _ in range(20)):
        assert alike(polygons.patched(source, few), polygons.joined(few).take(index))
    ends = polygons.patched(np.append(-1, np.arange(1, 3_000)), other.take(np.array([3])))
    assert alike(ends, other.take(np.array([3])).joined(polygons.take(np.arange(1, 3_000))))


def test_one_geometry_of_several_features() -> None:
    polygons, rows = squares(200, 3), np.array([5, 9, 3, 77, 150, 20, 21, 22])
    expected = ogr.Geometry(ogr.wkbMultiPolygon)
    for row in rows.tolist():
        for part in parts(polygons.geometry(row)):
            expected.AddGeometry(part)
    assert expected.GetGeometryCount() > 4
    assert polygons.collected(rows).ExportToWkb() == expected.ExportToWkb()


def parts(geometry: ogr.Geometry) -> list[ogr.Geometry]:
    if geometry.GetGeometryName() == "POLYGON":
        return [geometry]
    return [geometry.GetGeometryRef(k).Clone() for k in range(geometry.GetGeometryCount())]


@pytest.mark.parametrize("asked", [0, 1, 7, 90])
def test_which_boxes_meet(asked: int) -> None:
    random = np.random.default_rng(asked)
    low = random.integers(0, 60, (400 + asked, 2)).astype(float)
    boxes = np.hstack([low, low + random.integers(0, 9, low.shape)])
    boxes[::9] = [np.inf, np.inf, -np.inf, -np.inf]
    some, all_ = boxes[:asked], boxes[asked:]
    found = list(zip(*(k.tolist() for k in meeting(some, all_))))
    assert found == [(i, j) for i, a in enumerate(some) for j, b in enumerate(all_)
                     if (a[:2] <= b[2:]).all() and (b[:2] <= a[2:]).all()]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_ground_is_divided_again_to_the_bit(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A design that comes, goes and changes above fields that do: as if divided for the first
    time, and only what lies below a change is cut."""
    random = np.random.default_rng(seed)

    def drawn(n: int, size: float) -> list[np.ndarray]:
        corner = random.uniform(0, 100, (n, 2))
        turn = random.uniform(0, 1.5, n)
        axes = np.stack([np.stack([np.cos(turn), np.sin(turn)], axis=1),
                         np.stack([-np.sin(turn), np.cos(turn)], axis=1)], axis=1)  # fmt: skip
        unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]])
        return list(random.uniform(0.5, 1, (n, 1, 2)) * size * unit @ axes + corner[:, None])

    def polygons(rings: list[np.ndarray]) -> Polygons:
        n = len(rings)
        each = np.arange(n)
        return Polygons(np.concatenate(rings), np.arange(n + 1) * 5, each, each, n)

    cut: list[int] = []
    monkeypatch.setattr(overlap, "_difference", lambda *given: cut.append(1) or difference(*given))
    layers = [drawn(60, 20.0), drawn(40, 30.0)]
    ranks = [random.integers(0, 3, len(layer)) for layer in layers]
    then = [divide(polygons(layer), rank) for layer, rank in zip(layers, ranks)]
    below, fewer = uncover(then[1].visible, then[0].visible), 0
    for step in range(12):
        now, pairs = [], []
        for which in (0, 1):
            layer, rank = layers[which], ranks[which]
            pair = np.arange(len(layer))
            if step % 3 != which:  # one of the two may stay as it is
                row = int(random.integers(len(layer)))
                edit = random.integers(4)
                if edit == 0:
                    layer[row], pair[row] = drawn(1, 20.0)[0], -1
                elif edit == 1:
                    rank[row] += 1
                elif edit == 2:
                    del layer[row]
                    pair, rank = np.delete(pair, row), np.delete(rank, row)
                else:
                    layer.insert(row, drawn(1, 20.0)[0])
                    pair, rank = np.insert(pair, row, -1), np.insert(rank, row, 1)
            ranks[which] = rank
            now.append(divide_again(polygons(layer), rank.copy(), then[which], pair))
            pairs.append(now[-1].source)
        cut.clear()
        found = uncover_again(now[1].visible, now[0].visible, below, pairs[1], pairs[0],
                              then[0].visible.n)  # fmt: skip
        again = len(cut)
        anew = [divide(polygons(layer), rank) for layer, rank in zip(layers, ranks)]
        cut.clear()
        expected = uncover(anew[1].visible, anew[0].visible)
        fewer += 2 * again < len(cut)
        for one, other in zip((*now, found), (*anew, expected)):
            for name in ("loser", "winner", "row", "above", "area"):
                if hasattr(one, name):
                    np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert alike(found.left, expected.left)
        assert all(alike(a.visible, b.visible) for a, b in zip(now, anew))
        kept_rows = found.source >= 0
        assert alike(found.left.take(np.flatnonzero(kept_rows)),
                     below.left.take(found.source[kept_rows]))  # fmt: skip
        then, below = now, found
    assert fewer > 6


@pytest.mark.parametrize("gone", [[0], [2_700], [0, 1, 900, 2_999], []])
def test_shapes_of_which_some_came_or_went(gone: list[int]) -> None:
    then = squares(3_000, 5)
    came = squares(4, 6)
    drawn = then.xy.copy()
    drawn[::700] += 0.25
    changed = Polygons(drawn, then.ring_start, then.ring_part, then.part_feature, 3_000)
    pair = np.delete(np.arange(3_000), gone)
    for at in (0, 5, 1_000, len(pair)):
        pair = np.insert(pair, at, -1)
    found = same_shapes(changed.patched(pair, came), then, pair)
    expected = [row >= 0 and changed.wkb(row) == then.wkb(row) for row in pair.tolist()]
    assert found.tolist() == expected and 2_900 < found.sum() < 2_998


def test_few_geometries_are_read_and_compared_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    polygons = squares(9, 2)
    data = [polygons.wkb(row) for row in range(9)] + [None]
    other = polygons.xy.copy()
    other[3] += 0.5
    changed = Polygons(other, polygons.ring_start, polygons.ring_part, polygons.part_feature, 9)
    pair = np.array([0, 1, 2, -1, 4, 5, 6, 8, 7])
    few = rings_of(data), same_shapes(polygons, changed, pair)
    monkeypatch.setattr(wkb, "_FEW", 0)
    monkeypatch.setattr(kept_module, "FEW", 0)
    many = rings_of(data), same_shapes(polygons, changed, pair)
    for a, b in zip(few[0], many[0]):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(few[1], many[1])
    assert 0 < few[1].sum() < 9


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
