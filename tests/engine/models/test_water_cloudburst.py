"""One shower on one piece of land: sums by hand, and no drop lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dgo_twin_plugin.engine.models.frame import Frame
from dgo_twin_plugin.engine.models.water.cloudburst import (
    BUILDING,
    GROUND,
    UNKNOWN,
    WATER,
    Land,
    flood,
    flow_of,
    updated,
)
from dgo_twin_plugin.engine.models.water.site import filled_holes, usable

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis is not installed")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402


def land(z: np.ndarray, kind: np.ndarray | None = None, **more: np.ndarray) -> Land:
    """Sealed land of cells of 2 m, without facilities."""
    none = np.zeros(z.shape)
    found = {"kind": np.full(z.shape, GROUND) if kind is None else kind, "sealed": none + 1.0,
             "permeability": none, "sewer": none, "storage": none, "roofs": (),
             "brim": none + np.nan, **more}  # fmt: skip
    return Land(Frame(0.0, 0.0, 2.0, *z.shape), z, **found)


def hollow(side: int = 12, deep: float = 0.5) -> np.ndarray:
    """A flat pit of 6 x 6 cells in ground that slopes away from it."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2.0
    z = 1.0 - 0.001 * np.maximum(abs(x), abs(y))
    z[3:9, 3:9] = 1.0 - deep
    return z


def rained(made: Land, mm: float = 70.0, hours: float = 1.0):
    found = flood(made, flow_of(made), mm, hours)
    assert abs(found.balance) <= 1e-9 * found.rain
    return found


def test_a_pit_gets_its_own_rain_and_that_of_its_rim():
    # 36 cells of pit and 28 of rim (8 x 8 - 36) drain into it: 64 / 36 x 70 mm
    found = rained(land(hollow()))
    assert found.depth[5, 5] == pytest.approx(0.070 * 64 / 36)
    assert found.ponded == pytest.approx(64 * 4 * 0.070)  # m3 on cells of 4 m2
    assert found.left == pytest.approx((144 - 64) * 4 * 0.070)


def test_soil_takes_what_it_can():
    # k 0.48 m/day = 20 mm in the hour; half sealed: 70 - 0.5 x 20 = 60 mm runs off
    half = np.full((12, 12), 0.5)
    found = rained(land(hollow(), sealed=half, permeability=half * 0.96))
    assert found.infiltrated == pytest.approx(144 * 4 * 0.010)
    assert found.depth[5, 5] == pytest.approx(0.060 * 64 / 36)
    # sand of 10 m/day takes all 70 mm
    found = rained(land(hollow(), sealed=half * 0, permeability=half * 20))
    assert found.infiltrated == pytest.approx(found.rain)
    assert found.depth.max() == 0


def test_no_sewer_unless_given():
    sewer = np.full((12, 12), 20.0)  # mm/h
    assert rained(land(hollow())).sewer == 0
    found = rained(land(hollow(), sewer=sewer))
    assert found.sewer == pytest.approx(144 * 4 * 0.020)
    assert found.depth[5, 5] == pytest.approx(0.050 * 64 / 36)
    found = rained(land(hollow(), sewer=sewer), 160.0, 2.0)  # 160 - 2 x 20
    assert found.depth[5, 5] == pytest.approx(0.120 * 64 / 36)


def test_a_roof_drains_to_the_ground_beside_it():
    # a building of 2 x 2 cells in the pit: same water on 32 cells
    kind = np.full((12, 12), GROUND)
    kind[5:7, 5:7] = BUILDING
    found = rained(land(hollow(), kind))
    assert found.depth[4, 4] == pytest.approx(0.070 * 64 / 32)
    assert np.isnan(found.depth[5, 5])
    # half of it blue roof (0.10 m: all 70 mm), a quarter green (0.01 m): 35 + 2.5 mm stay there
    share = np.where(kind == BUILDING, 1.0, 0.0)
    found = rained(land(hollow(), kind, roofs=((0.5 * share, 0.10), (0.25 * share, 0.01))))
    assert found.stored == pytest.approx(4 * 4 * 0.0375)
    assert found.depth[4, 4] == pytest.approx((0.070 * 60 + 0.0325 * 4) / 32)
    # a cistern of 0.2 m takes the whole shower
    found = rained(land(hollow(), kind, storage=0.2 * share))
    assert found.depth[4, 4] == pytest.approx(0.070 * 60 / 32)


def test_a_facility_keeps_water_from_the_pit():
    # 4 of the 36 cells of the pit are a facility of 0.3 m: 4 x 0.3 of 64 x 0.07 = 4.48 goes under
    storage = np.zeros((12, 12))
    storage[5:7, 5:7] = 0.3
    found = rained(land(hollow(), storage=storage))
    assert found.stored == pytest.approx(4 * 4 * 0.3)
    assert found.depth[3, 3] == pytest.approx((4.48 - 1.2) / 36)
    assert found.depth[5, 5] == pytest.approx((4.48 - 1.2) / 36)  # above the brim
    # as deep as all that comes: the ground stays dry
    found = rained(land(hollow(), storage=storage * 4))
    assert found.ponded == pytest.approx(0, abs=1e-12)
    assert found.stored == pytest.approx(64 * 4 * 0.070)


def test_open_water_and_unknown_ground_take_all_that_comes():
    kind = np.full((12, 12), GROUND)
    kind[5, 5] = WATER
    assert rained(land(hollow(), kind)).ponded == 0
    kind[5, 5] = UNKNOWN
    found = rained(land(hollow(), kind))
    assert found.ponded == 0
    assert np.isnan(found.depth[5, 5])


def test_holes_take_the_height_beside_them_as_far_as_asked():
    z = np.full((9, 9), 2.0)
    z[2:7, 2:7] = np.nan
    wanted = np.ones(z.shape, bool)
    found, filled = filled_holes(z, wanted, 2)
    assert np.isnan(found[4, 4])  # three cells from known ground
    assert np.isfinite(found).sum() == 80 and filled.sum() == 24
    np.testing.assert_array_equal(found[np.isfinite(found)], 2.0)
    assert np.isfinite(filled_holes(z, wanted, 3)[0]).all()
    assert not filled_holes(z, ~wanted, 3)[1].any()


def test_groundwater_takes_the_lower_part():
    # a swale of 0.4 m with water at 0.1, 0.4 and unknown; crates from 0.3 to 0.7 m, water at 0.5
    found = usable(np.full(3, 0.4), 0.0, np.array([0.1, 0.4, np.nan]))
    np.testing.assert_allclose(found, [0.25, 1.0, 1.0])
    assert usable(0.7, 0.3, np.array([0.5]))[0] == pytest.approx(0.5)
    assert usable(0.7, 0.3, np.array([0.1]))[0] == 0


@st.composite
def lands(draw: st.DrawFn) -> Land:
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    shape = draw(st.tuples(st.integers(3, 14), st.integers(3, 14)))
    z = random.integers(0, 8, shape) / 10.0
    kind = random.choice([GROUND, BUILDING, WATER, UNKNOWN], shape, p=[0.75, 0.15, 0.05, 0.05])
    z[kind == UNKNOWN] = np.nan
    share = np.where(kind == BUILDING, random.random(shape), 0.0)
    storage = np.where(random.random(shape) < 0.15, 0.3, 0.0)
    storage[(kind == WATER) | (kind == UNKNOWN)] = 0.0
    brim = np.where((storage > 0) & (random.random(shape) < 0.5), 0.5, np.nan)
    return land(z, kind, sealed=random.random(shape), permeability=random.random(shape) * 2,
                sewer=random.random(shape) * 20, storage=storage, brim=brim,
                roofs=((share, 0.05),))  # fmt: skip


@settings(max_examples=200)
@given(lands(), st.sampled_from([(70.0, 1.0), (90.0, 1.0), (160.0, 2.0)]))
def test_the_balance_closes(made, event):
    found = rained(made, *event)
    for part in ("infiltrated", "sewer", "stored", "ponded", "left"):
        assert getattr(found, part) >= -1e-9 * found.rain
    assert (found.depth[made.kind == GROUND] >= 0).all()


@settings(max_examples=100)
@given(lands(), st.integers(0, 10_000))
def test_an_update_is_a_full_run(made, seed):
    random = np.random.default_rng(seed)
    flow = flow_of(made)
    r, c = (int(random.integers(0, n)) for n in made.kind.shape)
    box = np.s_[max(r - 1, 0) : r + 2, max(c - 1, 0) : c + 2]
    names = ("surface", "kind", "sealed", "storage")
    changed = {name: getattr(made, name).copy() for name in names}
    what = names[int(random.integers(0, 4))]
    changed[what][box] = {"surface": 0.35, "kind": BUILDING, "sealed": 0.0, "storage": 0.2}[what]
    unknown = (changed["kind"] == GROUND) & np.isnan(changed["surface"])
    changed["kind"][unknown] = UNKNOWN
    changed["storage"][(changed["kind"] == WATER) | (changed["kind"] == UNKNOWN)] = 0.0
    after = replace(made, **changed)
    quick = flood(after, updated(after, made, flow), 70.0, 1.0)
    full = rained(after)
    np.testing.assert_array_equal(quick.depth, full.depth)
    assert quick.left == full.left


def test_paving_and_roofs_leave_the_depressions_as_they_are():
    made = land(hollow())
    flow = flow_of(made)
    assert updated(replace(made, sealed=made.sealed * 0.5), made, flow) is flow
    higher = replace(made, surface=made.surface + np.eye(12))
    assert updated(higher, made, flow) is not flow
