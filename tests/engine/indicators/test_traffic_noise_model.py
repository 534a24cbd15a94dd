"""I13 where roads and railways carry traffic: which source counts, what the law says, the spreads.

Propagation is stood in for by one number per metre of distance, so that levels can be worked out
by hand; the real one has its own tests.
"""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass

import numpy as np
import pytest

from dgo_twin_plugin.engine.facades import facades_of
from dgo_twin_plugin.engine.grid import Raster
from dgo_twin_plugin.engine.indicators._noise import levels_at_buildings
from dgo_twin_plugin.engine.indicators.traffic_noise import SPEC
from dgo_twin_plugin.engine.models.noise import emission
from tests.engine.factory import box, profile, rows, scene, values

ZONE = [("GT04", box(0, 0, 200, 100))]
HOUSE = box(10, 10, 20, 20)
FACADE = "dgo_twin_plugin.engine.models.noise.facade"
AREA = "dgo_twin_plugin.engine.models.noise.area"
LOSS = 20.0  # dB from power per metre to the level at every facade
DAY = {"day_share": 6.5, "evening_share": 3.5, "night_share": 1.0}
ROAD = {"intensity": 5000.0, "medium": 4.0, "heavy": 2.0, "speed": 50.0, "surface": "DAB",
        "owner": "municipal", **DAY}  # fmt: skip
TRAIN = {"day": 6.0, "evening": 6.0, "night": 6.0, "speed": 100.0, "category": "8", "length": 270.0}


@dataclass
class Levels:
    building: np.ndarray
    level: dict
    coarse: bool = False


@pytest.fixture(autouse=True)
def flat(monkeypatch):
    """Every line reaches every facade with its power per metre less :data:`LOSS`."""

    def building_levels(scene_, lines, rows):
        building, found = facades_of(scene_).building, {}
        building = building[np.isin(building, rows)]
        for kind, origin in dict.fromkeys(zip(lines.kind, lines.origin)):
            mine = lines.take((lines.kind == kind) & (lines.origin == origin))
            power = (10 ** (emission.total(mine.power) / 10)).sum(axis=0)
            with np.errstate(divide="ignore"):
                level = 10 * np.log10(power) - LOSS
            found[kind, origin] = np.tile(level, (len(building), 1))
        return Levels(building, found)

    def lden_field(scene_, lines):
        return Raster(np.full((2, 2), 50.0), 0.0, 10.0, 5.0, 5.0)

    for name, function in ((FACADE, building_levels), (AREA, lden_field)):
        module = types.ModuleType(name)
        setattr(module, function.__name__, function)
        monkeypatch.setitem(sys.modules, name, module)


def even(level, **attributes):
    return np.full((60, 120), float(level)), (-10, 110), 2, attributes


def made(roads=(), tracks=(), rasters=None, surfaces=None, method=None, **more):
    context = {}
    if roads:
        context["roads"] = [("LINESTRING(0 50,100 50)", dict(r)) for r in roads]
    if tracks:
        context["railways"] = [("LINESTRING(0 90,100 90)", dict(r)) for r in tracks]
    surfaces = surfaces or [("dwelling", HOUSE, {"dwellings": 12, "height": 9.0})]
    found = scene(ZONE, surfaces, context=context, rasters=rasters, plan=ZONE[0][1], **more)
    if method:
        found.methods["traffic_noise"] = method
    return found


def level_of(road):
    """Lden by hand from the power of the emission, which has its own tests."""
    lines = emission.road_lines(made([road]))[0]
    d, e, n = emission.total(lines.power)[0] - LOSS
    return 10 * np.log10((12 * 10 ** (d / 10) + 4 * 10 ** ((e + 5) / 10)
                          + 8 * 10 ** ((n + 10) / 10)) / 24)  # fmt: skip


def value(found, part=""):
    return values(SPEC, found)[part].value[1]


def by_kind(found):
    return {t.source_kind: t for t in SPEC.compute(found, profile()).legal}


def test_a_road_with_traffic_is_modelled():
    found = made([ROAD])
    measured = SPEC.compute(found, profile())
    assert value(found) == pytest.approx(level_of(ROAD), abs=1e-9)
    assert value(found, "lden_road_municipal") == pytest.approx(value(found))
    assert measured.method == "cnossos-facade-1"
    assert not measured.proxy and measured.checks == []
    assert rows(SPEC, found)[1].status not in ("not_assessed", "not_applicable")


def test_night_level_of_the_model():
    lines = emission.road_lines(made([ROAD]))[0]
    assert value(made([ROAD]), "lnight") == pytest.approx(emission.total(lines.power)[0, 2] - LOSS)


def test_road_and_rail_cumulate_as_the_maps_do():
    found = made([ROAD], [TRAIN])
    road, rail = value(found, "lden_road_municipal"), value(found, "lden_rail")
    expected = 10 * np.log10(10 ** (road / 10) + 10 ** ((0.95 * rail - 1.40) / 10))
    assert value(found) == pytest.approx(expected)
    assert value(found, "joint") == pytest.approx(10 * np.log10(10 ** (road / 10)
                                                                + 10 ** (rail / 10)))  # fmt: skip
    assert SPEC.compute(found, profile()).method == "cnossos+rmg2012-facade-1"


def test_a_map_of_roads_never_adds_to_a_model_of_roads():
    alone, both = made([ROAD]), made([ROAD], rasters={"noise_road": [even(75)]})
    assert value(both) == value(alone)
    checks = SPEC.compute(both, profile()).checks
    assert [c.code for c in checks] == ["noise_map_not_used"]


def test_the_map_of_the_other_source_is_background():
    found = made([ROAD], rasters={"noise_rail": [even(60)], "noise_road": [even(80)]})
    # rail 60 -> 55.6 as road noise
    road = level_of(ROAD)
    assert value(found) == pytest.approx(10 * np.log10(10 ** (road / 10) + 10**5.56))
    assert value(found, "lden_rail") == pytest.approx(60.0)
    assert SPEC.compute(found, profile()).method == "cnossos-facade-1+map-facade-1"
    assert "lnight" not in values(SPEC, found)  # the map does not tell its nights


def test_methods_chosen():
    given = {"rasters": {"noise_road": [even(61)], "noise_rail": [even(40)]}}
    assert value(made([ROAD], **given, method="map"), "lden_road") == pytest.approx(61.0)
    only = values(SPEC, made([ROAD], **given, method="model"))
    assert "lden_rail" not in only and only[""].value[1] == pytest.approx(level_of(ROAD))
    nothing = SPEC.compute(made(method="model", **given), profile())
    assert nothing.missing.key == "indicators.traffic_noise.no_sources"


def test_roads_without_traffic_leave_the_map():
    silent = {**ROAD, "intensity": None}
    found = made([silent], rasters={"noise_road": [even(61)]})
    measured = SPEC.compute(found, profile())
    assert value(found) == pytest.approx(61.0) and measured.method == ""
    assert [c.code for c in measured.checks] == ["road_no_traffic"]
    assert SPEC.compute(made([silent]), profile()).missing is not None


def test_plan_and_autonomous_apart():
    # the same road twice, one of the plan: each as loud, together 3.01 dB more
    found = made([ROAD, {**ROAD, "origin": "plan"}])
    assert value(found, "lden_plan") == pytest.approx(level_of(ROAD))
    assert value(found, "lden_autonomous") == pytest.approx(level_of(ROAD))
    assert value(found) == pytest.approx(level_of(ROAD) + 10 * np.log10(2))
    assert "lden_plan" not in values(SPEC, made([ROAD]))


def test_a_map_counts_as_autonomous():
    found = made([{**ROAD, "origin": "plan"}], rasters={"noise_rail": [even(52)]})
    assert value(found, "lden_autonomous") == pytest.approx(52.0)


def test_very_quiet_is_at_most_the_floor():
    found = made([{**ROAD, "intensity": 1e-6}])
    assert value(found) == 30.0


# --- the law ----------------------------------------------------------------------------------


def test_the_model_can_only_be_indicative():
    loud = {**ROAD, "intensity": 300_000.0, "speed": 120.0}  # far above 70 dB
    found = by_kind(made([loud]))["road_municipal"]
    assert found.value > found.limit == 70.0
    assert found.outcome == "indicative"
    assert rows(SPEC, made([loud]))[1].n_breach == 0


@pytest.mark.parametrize(("level", "outcome"), [(72, "exceeds"), (65, "complies")])
def test_what_was_declared_fit_goes_before_the_model(level, outcome):
    loud = {**ROAD, "intensity": 300_000.0, "speed": 120.0}
    found = made([loud], rasters={"noise_road": [even(level, owner="municipal", basis="legal")]})
    test = by_kind(found)["road_municipal"]
    assert (test.outcome, test.value) == (outcome, level)
    assert value(found) == pytest.approx(level_of(loud))  # the level is the model's


def test_a_legal_map_of_another_owner_is_tested_too():
    found = made([ROAD], rasters={"noise_road": [even(64, owner="state", basis="legal")]})
    tests = by_kind(found)
    assert tests["road_state"].outcome == "exceeds"  # 64 > 60
    assert tests["road_municipal"].outcome == "complies"


# --- spreads ------------------------------------------------------------------------------------


def test_spreads_of_a_road_that_says_all():
    spreads = SPEC.compute(made([ROAD]), profile()).spreads
    # the value follows the road one for one: 1.261 dB (0.8 0.5 0.6 0.3 0.5), the model 2 dB
    assert spreads["roads"][1] == pytest.approx(1.261, abs=1e-3)
    assert spreads["model"] == pytest.approx([2.0, 2.0])
    assert set(spreads) == {"roads", "model"}


def test_defaults_widen_and_guessed_heights_count():
    surfaces = [("dwelling", HOUSE, {"dwellings": 12})]
    spreads = SPEC.compute(made([{"intensity": 5000.0}], surfaces=surfaces), profile()).spreads
    assert spreads["roads"][1] == pytest.approx(2.443, abs=1e-3)
    assert spreads["height"][1] == pytest.approx(1.5)


def test_two_sources_share_the_doubt():
    spreads = SPEC.compute(made([ROAD], [TRAIN]), profile()).spreads
    alone = SPEC.compute(made([ROAD]), profile()).spreads
    assert 0 < spreads["roads"][1] < alone["roads"][1]
    assert 0 < spreads["railways"][1] < 3.0


def test_a_map_in_the_background_brings_its_own_spread():
    quiet = {**ROAD, "intensity": 1.0}
    found = made([quiet], rasters={"noise_rail": [even(70)]})
    spreads = SPEC.compute(found, profile()).spreads
    # the map is all there is; Lcum follows rail by 0.95: 3 x 0.95
    assert spreads["noise_rail"][1] == pytest.approx(2.85, abs=0.01)
    assert spreads["model"][1] < 0.01
    told = made([quiet], rasters={"noise_rail": [even(70, sigma=1.0)]})
    assert SPEC.compute(told, profile()).spreads["noise_rail"][1] == pytest.approx(0.95, abs=0.01)


# --- for others -----------------------------------------------------------------------------------


def test_the_field_is_made_when_asked():
    field = SPEC.compute(made([ROAD]), profile()).fields["noise_lden"]
    assert (field.unit, field.classes) == ("dB Lden", (45.0, 50.0, 55.0, 60.0, 65.0, 70.0))
    assert field.make().values.shape == (2, 2)
    assert SPEC.compute(made(rasters={"noise_road": [even(60)]}), profile()).fields == {}


def test_levels_at_buildings_by_model_and_by_map():
    surfaces = [("dwelling", HOUSE, {"dwellings": 12}), ("grass", box(30, 30, 40, 40), {})]
    model = levels_at_buildings(made([ROAD], surfaces=surfaces))
    assert model.modelled == ("roads",)
    level = model.level
    assert level["road"][0] == pytest.approx(level_of(ROAD)) and np.isnan(level["rail"][0])
    assert np.isnan(level["road"][1])
    maps = {"noise_road": [even(58), even(49, quantity="lnight")], "noise_rail": [even(44)]}
    by_map = levels_at_buildings(made(rasters=maps))
    assert by_map.mapped == ("noise_road", "noise_rail")
    level = by_map.level
    assert level["road"][0] == pytest.approx(58) and level["rail"][0] == pytest.approx(44)
    assert level["road_night"][0] == pytest.approx(49) and np.isnan(level["rail_night"][0])
    assert np.isnan(levels_at_buildings(made()).level["road"]).all()


def test_the_order_of_features_does_not_matter():
    two = [ROAD, {**ROAD, "owner": "state", "speed": 100.0}]
    assert value(made(two)) == pytest.approx(value(made(two[::-1])), abs=1e-12)
