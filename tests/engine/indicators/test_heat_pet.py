"""N01 heat: worked by hand from maps; what moves the model's share and its interval."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators.heat_pet import SPEC
from dgo_twin_plugin.engine.models.heat.bridge import heat_of, site_of
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT03", box(0, 0, 100, 100))]
SQUARE = ("square", box(0, 0, 100, 100))
# rows of houses with paved streets between: hot
STREETS = [("dwelling", box(-60, y, 160, y + 10), {"height": 10, "dwellings": 5})
           for y in range(-60, 160, 25)]  # fmt: skip
PAVED = ("square", box(-60, -60, 160, 160))
HALVES = np.hstack([np.full((50, 25), 42.0), np.full((50, 25), 40.0)])  # 2 m cells, west hot


def mapped(array, surfaces=(SQUARE,), zones=ZONE, **more):
    made = scene(zones, list(surfaces), rasters={"pet": [(array, (0, 100), 2.0)]}, **more)
    made.methods["heat_pet"] = "map"
    return made


def town(items=(), paved=PAVED, height=10):
    houses = [(f, w, {**fields, "height": height}) for f, w, fields in STREETS]
    return scene(ZONE, [*houses, paved], items=list(items), plan=box(0, 0, 100, 100))


def test_half_of_the_square_is_too_hot():
    # 42 > 41 in the west half, 40 in the east: 50 %; GT03 40/20/5 down: 50 is 10 below the minimum
    part = values(SPEC, mapped(HALVES))[""]
    assert part.value == pytest.approx([50, 50])
    assert part.weight[1] == pytest.approx(10_000)
    row = rows(SPEC, mapped(HALVES))[1]
    assert row.method == "pet-map-1"
    assert row.mark == pytest.approx(5)  # 6 - 2 x 10 / 20


def test_exactly_41_is_not_above():
    assert values(SPEC, mapped(np.full((50, 50), 41.0)))[""].value[1] == 0
    assert values(SPEC, mapped(np.full((50, 50), 41.01)))[""].value[1] == 100


def test_zones_share_by_area():
    zones = [("GT03", box(0, 0, 50, 100)), ("GT04", box(50, 0, 100, 100))]
    part = values(SPEC, mapped(HALVES, zones=zones))[""]
    assert part.value == pytest.approx([50, 100, 0])


def test_only_public_ground_to_walk_and_stay_on():
    # west: footway counts; east half: carriageway, water, garden and a private court do not
    ground = [("footway", box(0, 0, 50, 100)), ("road", box(50, 0, 100, 40)),
              ("water", box(50, 40, 100, 60)), ("garden", box(50, 60, 100, 80)),
              ("paved", box(50, 80, 100, 100), {"public": "no"})]  # fmt: skip
    part = values(SPEC, mapped(HALVES, ground))[""]
    assert part.weight[1] == pytest.approx(5000)
    assert part.value[1] == pytest.approx(100)
    # paving of which nobody says whose it is counts, as assumed: 1000 of 6000 m2, in the cool half
    ground[-1] = ("paved", box(50, 80, 100, 100))
    part = values(SPEC, mapped(HALVES, ground))[""]
    assert part.value[1] == pytest.approx(100 * 5000 / 6000)
    assert part.assumed[1] == pytest.approx(1000 / 6000)


def test_a_path_narrower_than_a_cell_counts_with_its_own_area():
    ground = [("footway", box(10.2, 0, 10.8, 100)), ("road", box(0, 0, 10.2, 100)),
              ("road", box(10.8, 0, 100, 100))]  # fmt: skip
    part = values(SPEC, mapped(HALVES, ground))[""]
    assert part.weight[1] == pytest.approx(60)
    assert part.value[1] == pytest.approx(100)


def test_holes_in_a_map_are_unknown_and_impossible_values_are_said():
    holes = HALVES.copy()
    holes[:, :10] = np.nan  # 20 m of the hot half
    part = values(SPEC, mapped(holes, [("square", box(0, 0, 20, 100)),
                                       ("square", box(20, 0, 100, 100))]))[""]  # fmt: skip
    assert part.value[1] == pytest.approx(100 * 3000 / 8000)
    # resampling takes the cell beside the hole as it is
    assert part.coverage[1] == pytest.approx(0.8)
    holes[:, :10] = -99.0
    scene = mapped(holes)
    assert "raster_impossible" in [c.code for c in scene.checks]
    found = SPEC.compute(scene, profile())
    assert np.nanmin(found.fields["pet"].make().values) > 0


def test_map_without_a_map_is_not_assessed():
    made = scene(ZONE, [SQUARE])
    made.methods["all"] = "map"
    assert rows(SPEC, made)[1].status == words.NOT_ASSESSED
    # a map alone does not replace the model
    auto = scene(ZONE, [SQUARE], rasters={"pet": [(np.full((50, 50), 60.0), (0, 100), 2.0)]})
    assert rows(SPEC, auto)[1].method == "pet-regression-1"
    assert values(SPEC, auto)[""].value[1] < 50


def test_no_ground_is_not_applicable():
    made = scene(ZONE, [("dwelling", box(0, 0, 100, 100), {"height": 9})])
    row = rows(SPEC, made)[1]
    assert row.status == words.NOT_APPLICABLE


def test_paved_streets_are_hot_and_open_ground_is_not():
    assert values(SPEC, town())[""].value[1] > 40
    assert values(SPEC, scene(ZONE, [SQUARE]))[""].value[1] == 0  # wind goes freely


def test_trees_cool_the_street():
    trees = [("tree", f"POINT({x} {y})", {"height": 9, "canopy_diameter": 8})
             for y in range(-43, 160, 25) for x in range(0, 101, 9)]  # fmt: skip
    bare, planted = values(SPEC, town())[""].value[1], values(SPEC, town(trees))[""].value[1]
    assert planted < bare - 15


def test_the_field_is_offered_on_the_frame():
    made = town()
    raster = SPEC.compute(made, profile()).fields["pet"].make()
    assert raster.values.shape == site_of(made).frame.shape
    inside = heat_of(made).pet
    assert np.array_equal(raster.values, inside, equal_nan=True)
    # the middle of a house has no PET, the middle of a street has
    assert np.isnan(raster.sample(np.array([[50.0, 45.0]]) - made.origin, reach=0)).all()
    assert np.isfinite(raster.sample(np.array([[50.0, 57.0]]) - made.origin, reach=0)).all()


def test_assumed_heights_widen_the_interval_and_are_said():
    known, guessed = town(), town(height=None)
    a, b = (SPEC.compute(made, profile()) for made in (known, guessed))
    assert b.spreads["height"][1] > 2 * a.spreads["height"][1]
    assert "heat_heights_assumed" in [c.code for c in b.checks]
    assert "heat_heights_assumed" not in [c.code for c in a.checks]
    assert "heat_flat_ground" in [c.code for c in a.checks]


def test_the_spread_of_the_share_follows_the_threshold():
    # half 42, half 40, spread 1.5: 1.5 lower nothing is above, 1.5 higher all: 50 points
    found = SPEC.compute(mapped(HALVES), profile())
    assert found.spreads["pet"][1] == pytest.approx(50)
    # far from the threshold nothing changes
    far = np.where(HALVES > 41, 50.0, 30.0)
    assert SPEC.compute(mapped(far), profile()).spreads["pet"][1] == 0


def test_a_building_without_any_height_still_stands():
    # a current building outside the zones gets no default: 7 m (heat.yml), said as assumed
    beside = ("dwelling", box(20, -20, 80, -2))
    made = scene(ZONE, [SQUARE], current=[beside])
    site = site_of(made)
    row, column, _ = site.frame.cells(np.array([[50.0, -10.0]]) - made.origin)
    assert site.grids.building[row, column] > 0
    assert np.isnan(heat_of(made).pet[row, column])
    assert "heat_heights_assumed" in [c.code for c in SPEC.compute(made, profile()).checks]


def test_terrain_is_read_and_its_holes_are_filled():
    rise = np.repeat(np.linspace(0, 20, 100)[None, :], 100, axis=0)
    rise[40:60, 40:60] = np.nan
    made = scene(ZONE, [SQUARE], rasters={"dtm": [(rise, (-50, 150), 2.0)]})
    site = site_of(made)
    assert not site.flat and np.isfinite(site.grids.terrain).all()
    found = SPEC.compute(made, profile())
    assert "heat_flat_ground" not in [c.code for c in found.checks]
    assert np.isfinite(heat_of(made).pet).all()


def test_a_map_that_says_its_own_spread():
    # 43 degrees: 1.5 either way stays above 41, 3 does not: (100 - 0) / 2
    for said, wanted in (({}, 0.0), ({"sigma": 3.0}, 50.0)):
        given = (np.full((50, 50), 43.0), (0, 100), 2.0, said)
        made = scene(ZONE, [SQUARE], rasters={"pet": [given]})
        made.methods["heat_pet"] = "map"
        assert SPEC.compute(made, profile()).spreads["pet"][1] == pytest.approx(wanted)
