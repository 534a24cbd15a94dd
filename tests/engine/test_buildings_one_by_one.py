"""What is worked out of all buildings at once is what each of them says by itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bench.live import DATE
from dgo_twin_plugin.engine.build import build_scene
from dgo_twin_plugin.engine.functions import load_functions
from dgo_twin_plugin.engine.indicators._buildings import buildings
from dgo_twin_plugin.engine.indicators._levels import weighed
from dgo_twin_plugin.engine.indicators._spreads import shared
from dgo_twin_plugin.engine.models.energy.demand import label_middles, of_labels, plain
from dgo_twin_plugin.engine.people import people_of
from dgo_twin_plugin.engine.scene import Scene

from .factory import profile
from .live.plan import plan

NAN = float("nan")


def town(seed: int) -> Scene:
    """The small plan, with fields that are there or not, and buildings of every function."""
    scene = build_scene(plan(), profile(), load_functions(), DATE)
    random, surfaces = np.random.default_rng(seed), scene.surfaces
    building = np.flatnonzero(surfaces.where("buildings"))
    names = sorted(surfaces.functions.expand(("buildings",)))
    surfaces.function[building] = random.choice(names, len(building))
    surfaces.__dict__.pop("codes")
    for name in ("gfa", "residential_share", "dwellings", "population"):
        values = random.choice([NAN, 0.0, 0.4, 1.0, 250.0], surfaces.n)
        surfaces.fields[name] = np.minimum(values, 1.0) if "share" in name else values
    return scene


def alone(scene: Scene, row: int) -> dict[str, float]:
    """People of one building."""
    surfaces, rate = scene.surfaces, scene.rates
    function = str(surfaces.function[row])
    if not surfaces.where("buildings")[row]:
        return dict.fromkeys(("dwellings", "residents", "workers", "homes"), 0.0)
    gfa, share, given, population = (
        float(surfaces.fields[name][row])
        for name in ("gfa", "residential_share", "dwellings", "population"))
    lives = 0.0 if math.isnan(share) else share
    dwellings = given if not math.isnan(given) else (
        gfa * share / rate["dwelling_gfa"] if lives > 0 else 0.0)
    residents, area = dwellings * rate["persons_dwelling"], rate.get(f"{function}_m2_person")
    workers = gfa * (1 - lives) / area if area else 0.0
    if not math.isnan(population):
        residents, workers = (population, workers) if lives > 0 else (0.0, population)
        workers = 0.0 if lives > 0 else workers
    no_dwellings = math.isnan(dwellings) or dwellings == 0
    by_floor = function in ("education", "care") and no_dwellings
    homes = gfa / rate["dwelling_gfa"] if by_floor else dwellings
    return {"dwellings": dwellings, "residents": residents, "workers": workers, "homes": homes}


@pytest.mark.parametrize("seed", range(3))
def test_people(seed: int) -> None:
    scene = town(seed)
    people: Any = people_of(scene)
    expected = [alone(scene, row) for row in range(scene.surfaces.n)]
    for name in ("dwellings", "residents", "workers", "homes"):
        np.testing.assert_array_equal(getattr(people, name), [each[name] for each in expected])


@pytest.mark.parametrize("seed", range(3))
def test_the_zone_that_holds_most_of_a_building(seed: int) -> None:
    scene = town(seed)
    random, cut = np.random.default_rng(seed), scene.cut
    # as if zone lines ran through many buildings, often through their middle
    n = 3 * scene.surfaces.n
    cut.feature = np.sort(random.integers(0, scene.surfaces.n, n))
    cut.zone = random.integers(1, scene.n_zones + 1, n)
    cut.area, cut.share = random.integers(1, 4, n) * 10.0, random.integers(1, 4, n) / 4
    b = buildings(scene)
    for k, row in enumerate(b.row.tolist()):
        parts = np.flatnonzero(cut.feature == row)
        most = cut.share[parts].max()
        assert b.home[k] == cut.zone[parts[cut.share[parts] == most]].min()
        largest = cut.area[parts].max()
        assert b.main_zone[k] == cut.zone[parts[cut.area[parts] == largest]][-1]
    built = scene.surfaces.where("buildings")
    assert b.row.tolist() == [row for row in np.unique(cut.feature).tolist() if built[row]]
    np.testing.assert_array_equal(b.row[b.of], cut.feature[built[cut.feature]])


def test_some_of_what_weighs_is_what_weighs_alone() -> None:
    scene = town(1)
    random = np.random.default_rng(1)
    wanted, weight = random.random(scene.surfaces.n) < 0.3, people_of(scene).dwellings
    assumed = random.random(scene.surfaces.n) < 0.5
    some = weighed(scene, weight, assumed).only(wanted)
    for name, values in vars(weighed(scene, np.where(wanted, weight, 0.0), assumed)).items():
        np.testing.assert_array_equal(getattr(some, name), values)


def test_labels() -> None:
    table = label_middles()
    labels = ["A", "a ++", None, "", "G", "none", "A", "b"]
    found = of_labels(np.array(labels, object), table)
    np.testing.assert_array_equal(found, [table.get(plain(x), NAN) for x in labels])


def test_what_is_unknown_deviates_by_nothing() -> None:
    zone = np.array([1, 2, 2, 3])
    assert shared(zone, np.array([1.0, 2.0, 3.0, 4.0]), 3).tolist() == [10.0, 1.0, 5.0, 4.0]
    assert shared(zone, np.array([1.0, NAN, 3.0, NAN]), 3).tolist() == [4.0, 1.0, 3.0, 0.0]
