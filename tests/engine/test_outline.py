"""The outer edge of ground that many features cover together, against GEOS and against the eye."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import ogr

from bench import case
from dgo_twin_plugin.engine import again, rim
from dgo_twin_plugin.engine import outline as outlines
from dgo_twin_plugin.engine.geometry import Polygons
from dgo_twin_plugin.engine.joints import jointed
from dgo_twin_plugin.engine.outline import begun_alike, outline
from dgo_twin_plugin.engine.overlap import dissolve, resolve
from dgo_twin_plugin.engine.zones import fill_holes

ORIGIN = np.array(case.ORIGIN)


def polygons(shapes: list[np.ndarray]) -> Polygons:
    return Polygons.from_wkb([case.wkb("surface", np.asarray(xy)) for xy in shapes])


def cells(drawing: str, angle: float = 0.0) -> Polygons:
    """One square of 1 m for each # of a drawing, its last line the lowest."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    lines = drawing.split()[::-1]
    return polygons([case.box(c, r, c + 1, r + 1) @ turn for r, line in enumerate(lines)
                     for c, mark in enumerate(line) if mark == "#"])  # fmt: skip


def by_geos(features: Polygons) -> ogr.Geometry:
    return fill_holes(dissolve(jointed(features)))


def found(geometry: ogr.Geometry) -> tuple[int, float]:
    """How many polygons, and their ground in m2."""
    made = Polygons.from_geometries([geometry])
    assert len(made.ring_part) == len(made.part_feature)  # no holes
    assert geometry.IsValid()
    return len(made.part_feature), round(geometry.Area(), 6)


@pytest.mark.parametrize("angle", [0.0, 0.3])
@pytest.mark.parametrize(("drawing", "expected"), [
    ("##", (1, 2.0)),
    ("#. .#", (2, 2.0)),  # a corner in common is no ground in common
    ("### #.# ###", (1, 9.0)),  # a hole
    (".#. #.# .#.", (4, 4.0)),  # a ring that hangs together by corners only has none
    ("##. #.# .##", (2, 6.0)),  # two that touch twice have none between them either
    ("#### #..# #.#. ####", (1, 16.0 - 1.0)),  # a bay closed at a corner is a hole; a notch is not
    ("##### #...# #.#.# #...# #####", (1, 25.0)),  # an island in a hole
    ("#.#.#", (3, 3.0)),
])
def test_drawings(drawing: str, expected: tuple[int, float], angle: float) -> None:
    features = cells(drawing, angle)
    assert found(outline(features)) == expected
    assert found(by_geos(features)) == expected


@pytest.mark.parametrize("seed", range(12))
def test_patterns_at_random_are_those_of_geos(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.uniform(0, 1, (9, 9)) < random.uniform(0.3, 0.8)
    features = cells("\n".join("".join(".#"[int(k)] for k in row) for row in rows),
                     random.choice([0.0, 0.2, 0.7]))  # fmt: skip
    one, other = outline(features), by_geos(features)
    assert found(one) == found(other)
    assert one.SymmetricDifference(other).Area() < 1e-6
    shuffled = outline(features.take(random.permutation(features.n)))
    assert shuffled.ExportToWkb() == one.ExportToWkb()


def test_features_that_cross_each_other_are_joined_all_the_same(
        monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    # two of 10 x 10 m with 5 x 5 m in common: 175 m2; the same square twice: 100 m2
    asked: list[int] = []

    def counted(given: list[ogr.Geometry]) -> ogr.Geometry:
        asked.append(len(given))
        return dissolve(given)

    monkeypatch.setattr(outlines, "dissolve", counted)
    crossing = polygons([case.box(0, 0, 10, 10), case.box(5, 5, 15, 15)])
    assert found(outline(crossing)) == (1, 175.0)
    asked.clear()
    twice = polygons([case.box(0, 0, 10, 10), case.box(0, 0, 10, 10)])
    assert found(outline(twice)) == (1, 100.0) and asked[0] == 2
    # one edge in common, and the other's edge crosses that of the first elsewhere
    hook = [(10, 10), (10, 0), (20, 0), (20, 20), (5, 20), (5, 8), (8, 12), (10, 10)]
    both = polygons([case.box(0, 0, 10, 10), np.array(hook, float)])
    assert found(outline(both)) == found(by_geos(both))
    assert found(by_geos(both))[0] == 1
    assert outline(Polygons.from_wkb([])).IsEmpty()


@pytest.fixture(scope="module")
def town() -> Polygons:
    plan = case.Town.of(900)
    drawn = case.design(plan, 900)["ground"].xy
    ground, _ = resolve(polygons([plan.world(xy) - ORIGIN for xy in drawn]), np.zeros(len(drawn)))
    return ground


@pytest.mark.parametrize("seed", range(4))
def test_the_rim_says_as_much_as_all(town: Polygons, seed: int,
                                     monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """With gaps at its edge and inside, of which some reach the edge: to the bit."""
    monkeypatch.setattr(rim, "FEW", 0)
    random = np.random.default_rng(seed)
    gap = random.uniform(0, 1, town.n) < (0.0, 0.02, 0.1, 0.3)[seed]
    ground = town.take(np.flatnonzero((town.area() > 0) & ~gap))
    rows = rim.at_rim(ground)
    made = outline(ground.take(rows))
    assert made.ExportToWkb() == outline(ground).ExportToWkb()
    assert len(rows) < (0.4, 0.6, 1.0, 1.01)[seed] * ground.n
    expected = by_geos(ground)
    assert made.Area() == pytest.approx(expected.Area(), abs=1e-4)
    assert made.SymmetricDifference(expected).Area() < 1e-3


@pytest.mark.parametrize("west", [0.0, -160.0])
def test_a_plan_that_ends_at_round_coordinates(west: float,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    """Or about the origin, or a hairline aside of them; and a gap a hairline wide stays shut."""
    monkeypatch.setattr(rim, "FEW", 0)
    for aside in (0.0, 1e-9, -1e-9, 3e-6):
        x0, y0 = (k.ravel() * 16.0 + west for k in np.indices((20, 20)))
        wide = 16.0 - abs(aside)
        ground = polygons([case.box(x + aside, y + aside, x + wide, y + wide)
                           for x, y in zip(x0.tolist(), y0.tolist())])  # fmt: skip
        rows = rim.at_rim(ground)
        made = outline(ground.take(rows))
        assert found(made)[0] == 1
        assert made.Area() == pytest.approx(320.0**2, abs=0.02)
        assert len(rows) < 300 or aside == 3e-6  # such gaps are told by their area in each square


def test_a_rim_that_lacks_a_feature_is_not_taken_for_the_plan(
        monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Without one cell of the ring about the others its inside would lie open."""
    features = cells("\n".join(["#####"] * 5))
    ring = np.array([k for k in range(25) if k not in (6, 7, 8, 11, 12, 13, 16, 17, 18)])
    for rows in (ring, ring[1:]):
        monkeypatch.setattr(again, "at_rim", lambda *_, rows=rows: rows)
        assert found(again.plan_of(features).geometry) == (1, 25.0)


def test_open_squares_are_reached_from_outside() -> None:
    open_ = np.array([[0, 0, 0, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 1, 0, 0],
                      [0, 0, 0, 0, 0]], bool)  # fmt: skip
    outside = rim._from_outside(open_)
    assert outside[0].all() and outside[:, -1].all() and outside.shape == (7, 7)
    assert outside[1:-1, 1:-1].sum() == 1 and outside[1, 5]
    open_[1, 4] = True  # now the corner of (2, 3) is open, and that of (3, 2) behind it
    assert rim._from_outside(open_)[1:-1, 1:-1].sum() == 4


def test_rings_begin_alike() -> None:
    ring = np.array([(5, 5), (9, 1), (9, 9), (1, 9), (1, 1), (5, 5)], float)
    turned = np.concatenate([ring[2:], ring[1:3]])
    one, other = (begun_alike(polygons([xy]).geometry(0)) for xy in (ring, turned))
    assert one.ExportToWkb() == other.ExportToWkb()
    assert one.GetGeometryRef(0).GetPoint_2D(0) == (1.0, 1.0)
