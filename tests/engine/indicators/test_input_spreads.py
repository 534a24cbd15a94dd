"""Spreads of I01, I03 and I16-I19: worked by hand, and narrower where more is known."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine.indicators import (
    energy_use,
    light_nuisance,
    material_use,
    societal_risk,
)
from tests.engine.factory import box, profile, scene

ZONE = [("GT04", box(0, 0, 100, 100))]
GRASS = ("grass", box(0, 0, 100, 100))
HOUSES = ("dwelling", box(10, 10, 30, 20),
          {"gfa": 400, "beng2": 24, "mpg": 0.5, "dwelling_type": "ground"})  # fmt: skip
FLATS = ("dwelling", box(40, 10, 60, 30),
         {"gfa": 1000, "beng2": 40, "mpg": 0.5, "dwelling_type": "apartment"})  # fmt: skip


def spreads(spec, made):
    return spec.compute(made, profile()).spreads


def test_energy_use_by_hand():
    # limits 30 and 50 on 320 and 800 m2: 9,600 + 40,000 = 49,600. Figures 24 and 40, both 80 %.
    # 5 % of each figure by itself: hypot(.05 x 9,600 x 80, .05 x 40,000 x 80) / 49,600 = 3.317
    found = spreads(energy_use.SPEC, scene(ZONE, [HOUSES, FLATS, GRASS]))
    assert found["beng2"][1] == pytest.approx(4.0 * np.hypot(9600, 40000) / 49600)
    assert found["gfa"][1] == pytest.approx(0.0)  # both lie on the mean: weights move nothing
    assert found["model"][1] == pytest.approx(0.03 * 80.0)
    assert found["dwelling_type"][1] == 0.0
    assert all(len(values) == 2 for values in found.values())


def test_floor_area_moves_the_mean_of_unlike_buildings():
    # 40 % and 80 % of the limit on 9,600 and 40,000: mean 72.258; 5 % of each area by itself:
    # .05 x hypot(9,600 x 32.258, 40,000 x 7.742) / 49,600 = 0.4415
    better = (*HOUSES[:2], {**HOUSES[2], "beng2": 12})
    found = spreads(energy_use.SPEC, scene(ZONE, [better, FLATS, GRASS]))
    mean = (9600 * 40 + 40000 * 80) / 49600
    by_hand = 0.05 * np.hypot(9600 * (40 - mean), 40000 * (80 - mean)) / 49600
    assert found["gfa"][1] == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("spec", "field"), [(energy_use.SPEC, "beng2"), (material_use.SPEC, "mpg")]
)
def test_a_figure_that_nobody_gave_is_wider(spec, field):
    bare = (*HOUSES[:2], {k: v for k, v in HOUSES[2].items() if k != field})
    known, guessed = (spreads(spec, scene(ZONE, [s, GRASS])) for s in (HOUSES, bare))
    # of the limit, by spreads.yml: 15 %
    assert guessed[field][1] == pytest.approx(15.0)
    assert guessed[field][1] > known[field][1] > 0


def test_an_assumed_dwelling_type_is_doubt_about_the_limit():
    bare = (*HOUSES[:2], {k: v for k, v in HOUSES[2].items() if k != "dwelling_type"})
    # 25 % of 80 %
    found = spreads(energy_use.SPEC, scene(ZONE, [bare, GRASS]))
    assert found["dwelling_type"][1] == pytest.approx(20.0)


def test_the_edge_of_an_attention_area_moves_persons():
    # a block of 100 x 10 m with 100 persons by day and night (work 1 by day): an area that ends in
    # the middle. 20 m out and in: 70 % and 30 % -> 20 points
    block = ("office", box(0, 0, 100, 10), {"population": 100, "gfa": 1000})
    made = scene([("GT04", box(0, 0, 100, 10))], [block], plan=box(0, 0, 100, 10), context={
        "attention_areas": [(box(-50, -50, 50, 60), {"kind": "fire"})]})  # fmt: skip
    found = spreads(societal_risk.SPEC, made)
    assert found["attention_areas"][1] == pytest.approx(20.0, abs=1e-6)
    assert found["model"][1] == pytest.approx(0.05 * 50.0)
    assert found["population"][1] == pytest.approx(0.0, abs=1e-9)  # one building: it is the mean
    # an area over all of it has no edge that matters
    whole = scene([("GT04", box(0, 0, 100, 10))], [block], plan=box(0, 0, 100, 10), context={
        "attention_areas": [(box(-500, -500, 500, 500), {"kind": "fire"})]})  # fmt: skip
    assert spreads(societal_risk.SPEC, whole)["attention_areas"][1] == pytest.approx(0.0, abs=1e-9)


def test_two_buildings_weigh_the_doubt_about_their_persons():
    # 100 and 100 persons, one inside: 50 %; 5 % each: hypot(5 x 50, 5 x 50) / 200 = 1.768 points
    inside = ("office", box(0, 0, 10, 10), {"population": 100, "gfa": 100})
    outside = ("office", box(80, 0, 90, 10), {"population": 100, "gfa": 100})
    area = [(box(-9, -9, 20, 20), {"kind": "fire"})]
    made = scene([("GT04", box(0, 0, 100, 10))], [inside, outside], plan=box(0, 0, 100, 10),
                 context={"attention_areas": area})  # fmt: skip
    assert spreads(societal_risk.SPEC, made)["population"][1] == pytest.approx(
        np.hypot(250, 250) / 200
    )


def test_light_names_its_source():
    home = ("dwelling", box(40, 40, 50, 50), {"dwellings": 3})
    lamp = [("luminaire", "POINT(45 30)", {"luminous_intensity": 1000.0, "height": 4.0})]
    by_lamp = spreads(light_nuisance.SPEC, scene(ZONE, [home, GRASS], items=lamp))
    value = by_lamp["luminous_intensity"][1] / 0.20
    assert value > 1.0 and by_lamp["light"][1] == 0.0 and by_lamp["height"][1] == 0.0
    assert by_lamp["model"][1] == pytest.approx(0.15 * value)
    dim = [("luminaire", "POINT(45 30)", {"luminous_intensity": 1000.0})]
    assert spreads(light_nuisance.SPEC, scene(ZONE, [home, GRASS], items=dim))["height"][1] > 0
    map_ = [(box(0, 0, 100, 100), {"lux_night": 2.0})]
    mapped = scene(ZONE, [home, GRASS], context={"light": map_})
    by_map = spreads(light_nuisance.SPEC, mapped)
    assert by_map["light"][1] == pytest.approx(0.6)  # 30 % of 2 lux
    assert by_map["luminous_intensity"][1] == 0.0
