"""The figures of docs/validation/water.md: each against a reference that is not ours."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine.models.water.hierarchy import OUT, bounded, downhill, hierarchy
from dgo_twin_plugin.engine.models.water.pour import poured
from dgo_twin_plugin.engine.models.water.site import filled_holes
from tests.engine.models.test_water_hierarchy import filled, priority_flood


def inside(rows: list[str], edge: float) -> np.ndarray:
    """A grid from rows of digits with an edge of another height around it."""
    return np.pad(np.array([[float(d) for d in row] for row in rows]), 1, constant_values=edge)


def at_rest(z: np.ndarray, volume: dict[tuple[int, int], float]) -> tuple[np.ndarray, float]:
    """Depths for water poured on cells (row, column), and what left."""
    tree = hierarchy(z)
    amount = np.zeros(tree.n + 1)
    for (r, c), v in volume.items():
        amount[tree.label.reshape(z.shape)[r, c]] += v
    found = poured(tree, amount)
    return found.depth(bounded(z)), found.left


def test_volumes_of_the_authors_reference_case():
    """Test case 'MoveWaterIntoPits 1' of the authors of Fill-Spill-Merge (RichDEM,
    tests/fsm_tests.cpp): depression volumes 73 and 2, joined 111."""
    z = inside(["99999999", "98888769", "98787659", "98786549", "98885439", "97654329",
                "97654319", "99999999"], -9.0)  # fmt: skip
    tree = hierarchy(z)
    real = {n: tree.capacity[n] for n in range(1, len(tree.parent)) if tree.capacity[n] > 0}
    parent = max(real)
    children = sorted(real[n] for n in real if n != parent)
    assert children == [2.0, 73.0]
    assert sum(real.values()) == 111.0
    assert tree.spill[parent] == 9.0


@pytest.mark.parametrize(
    ("water", "expected"),
    [
        (3.0, {(2, 4): 1.5, (2, 5): 1.5}),  # their 'Standard Case'
        (19.0, {(2, 4): 3, (2, 5): 3, (3, 4): 1, (3, 5): 1, (4, 4): 2, (4, 5): 3, (5, 4): 3,
                (5, 5): 3}),  # 'Passes over a saddle'
    ],
)  # fmt: skip
def test_depths_of_the_authors_reference_case(water, expected):
    """Test case 'FillDepressions' of the same authors: water in the upper of two pits."""
    z = inside(["66666666", "61611616", "61633616", "61621416", "61611616", "61666616",
                "61111116", "66666666"], -9.0)  # fmt: skip
    depth, left = at_rest(z, {(2, 4): water})
    wanted = np.zeros(z.shape)
    for cell, deep in expected.items():
        wanted[cell] = deep
    np.testing.assert_allclose(depth, wanted, atol=1e-6)
    assert left == 0


def test_directions_of_the_classic_example():
    """The 6 x 6 example of the ESRI help, after Jenson and Domingue (1988): 1 = east, 2 south-east,
    4 south, 8 south-west, 128 north-east; its inner cells."""
    z = np.array([
        [78, 72, 69, 71, 58, 49], [74, 67, 56, 49, 46, 50], [69, 53, 44, 37, 38, 48],
        [64, 58, 55, 22, 31, 24], [68, 61, 47, 21, 16, 19], [74, 53, 34, 12, 11, 12],
    ], float)  # fmt: skip
    published = [[2, 2, 4, 4], [1, 2, 4, 8], [128, 1, 2, 4], [2, 1, 4, 4]]
    step = {1: 1, 7: 2, 6: 4, 5: 8, -1: 16, -7: 32, -6: 64, -5: 128}
    move = (downhill(z) - np.arange(36)).reshape(6, 6)[1:-1, 1:-1]
    assert [[step[int(m)] for m in row] for row in move] == published


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_bowl_fills_as_the_integral_says(share):
    """Paraboloid z = H r2/R2, H = 1, R = 100 cells, in ground of height 1 that slopes away. Full it
    holds pi R2 H / 2; a share s of that stands at depth H sqrt(s)."""
    y, x = np.mgrid[-110:111, -110:111].astype(float)
    r = np.hypot(x, y)
    z = np.where(r < 100, (r / 100) ** 2, 1.0 - 1e-6 * (r - 100))
    depth, left = at_rest(z, {(110, 110): share * np.pi * 100**2 / 2})
    assert left == 0
    assert depth.max() == pytest.approx(np.sqrt(share), rel=2e-3)


def test_a_cone_holds_a_third():
    """A cone of radius 100 cells and depth 1 holds pi R2 H / 3 (cells cut its edge: 0.1 %)."""
    y, x = np.mgrid[-110:111, -110:111].astype(float)
    r = np.hypot(x, y)
    z = np.minimum(r / 100, 1.0 - 1e-6 * np.maximum(r - 100, 0))
    depth, left = at_rest(z, {(110, 110): 1e6})
    assert depth.sum() == pytest.approx(np.pi * 100**2 / 3, rel=1e-3)
    assert left == pytest.approx(1e6 - depth.sum(), rel=1e-12)


def rough(seed: int, side: int, step: float = 0.0) -> np.ndarray:
    """A random terrain with slopes, hollows and noise; heights in whole steps where asked."""
    random = np.random.default_rng(seed)
    z = random.normal(0, 0.05, (side, side))
    for size in (4, 12, 40):
        coarse = random.normal(0, size / 20, (side // size + 2, side // size + 2))
        z += np.kron(coarse, np.ones((size, size)))[:side, :side]
    return np.round(z / step) * step if step else z


@pytest.mark.parametrize("step", [0.0, 0.25])
@pytest.mark.parametrize("seed", range(3))
def test_filled_as_priority_flood_on_larger_terrain(seed, step):
    z = rough(seed, 90, step)
    np.testing.assert_array_equal(filled(z), priority_flood(z))


@pytest.mark.parametrize("step", [0.0, 0.25])
def test_filled_as_another_program(step):
    """Morphological reconstruction by erosion of scikit-image: the fill of the inner cells, where
    the edge of its grid stands as high as ours lets water out."""
    morphology = pytest.importorskip("skimage.morphology", reason="no scikit-image here")
    z = rough(7, 300, step)
    low = bounded(z)
    low[low == -np.inf] = z.min() - 1.0
    seed = low.copy()
    seed[1:-1, 1:-1] = low.max()
    theirs = morphology.reconstruction(seed, low, method="erosion", footprint=np.ones((3, 3)))
    np.testing.assert_array_equal(filled(z)[1:-1, 1:-1], theirs[1:-1, 1:-1])


@pytest.mark.parametrize("rain", [0.01, 0.07, 0.5])
def test_no_drop_is_lost(rain):
    """Rain = what stands + what left, to 1e-12 on 300 x 300 cells with 10 m of height."""
    z = rough(3, 300) + 10.0
    z[100:120, 50:90] = np.inf
    tree = hierarchy(z)
    amount = np.where(z == np.inf, 0.0, rain).ravel()
    found = poured(tree, np.bincount(np.maximum(tree.label, OUT), amount, tree.n + 1))
    there = found.depth(bounded(z)).sum() + found.left
    assert there == pytest.approx(amount.sum(), rel=1e-12)


def test_real_terrain_of_delft(realdata):
    """AHN3 of Delft, half of it holes (buildings, water): 2 m cells, holes filled or open; filled
    as by priority-flood, and 70 mm of rain accounted for."""
    gdal = pytest.importorskip("osgeo.gdal")
    source = gdal.Open(str(realdata / "delft" / "ahn3_dtm_0.5m.tif"))
    band = source.GetRasterBand(1)
    z = band.ReadAsArray().astype(float)
    z[(z == band.GetNoDataValue()) | (np.abs(z) > 500)] = np.nan
    rows, columns = z.shape[0] // 4, z.shape[1] // 4
    blocks = z[: rows * 4, : columns * 4].reshape(rows, 4, columns, 4)
    known = np.isfinite(blocks).sum(axis=(1, 3))
    z = np.divide(np.nansum(blocks, axis=(1, 3)), known, where=known > 0,
                  out=np.full((rows, columns), np.nan))  # fmt: skip
    z, _ = filled_holes(z, np.ones(z.shape, bool), 5)
    z[np.isnan(z)] = -np.inf
    assert np.isfinite(z).sum() > 5000
    np.testing.assert_array_equal(filled(z), priority_flood(z))
    tree = hierarchy(z)
    volume = np.bincount(np.maximum(tree.label, OUT), np.full(z.size, 0.07), tree.n + 1)
    found = poured(tree, volume)
    assert found.depth(bounded(z)).sum() + found.left == pytest.approx(0.07 * z.size, rel=1e-12)
