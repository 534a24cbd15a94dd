"""Answers that rest on ground elsewhere are told again where that changed, and only there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from osgeo import ogr

from bench.live import DATE
from dgo_twin_plugin.engine.assessment import assess
from dgo_twin_plugin.engine.build import Sources, build_scene
from dgo_twin_plugin.engine.changed import Changes, changed_ground
from dgo_twin_plugin.engine.functions import load_functions
from dgo_twin_plugin.engine.geometry import Polygons, bbox_pairs
from dgo_twin_plugin.engine.indicators import light_nuisance, natural_banks
from dgo_twin_plugin.engine.kept import MOST_CHANGED, MOST_STEPS, Kept
from dgo_twin_plugin.engine.live import LiveAssessor
from dgo_twin_plugin.engine.models.access.doors import doors_at, doors_of
from dgo_twin_plugin.engine.scene import RawLayer, Scene

from ..factory import box, profile
from . import edits
from .plan import plan


def buildings(scene: Scene) -> set[tuple[Any, ...]]:
    """Function, shape and box of every building of which anything is seen."""
    surfaces, polygons = scene.surfaces, scene.surfaces.polygons
    rows = np.flatnonzero(surfaces.where("buildings") & (polygons.area() > 0)).tolist()
    return {(surfaces.function[row], polygons.wkb(row), *polygons.bounds()[row].tolist())
            for row in rows}  # fmt: skip


def bits(made: Any, id_: str) -> list[Any]:
    """All that a measurement says of its places."""
    return [[getattr(v, "tobytes", lambda v=v: v)() for v in vars(part).values()]
            for part in made.measurements[id_].parts.values()]  # fmt: skip


Edit = Callable[[Sources, np.random.Generator], Sources]


def a_house_elsewhere(sources: Sources, random: np.random.Generator) -> Sources:
    """A building moves into or out of sight of others, or stands there no more."""
    layer = sources.design[0]
    houses = [k for k, f in enumerate(layer.columns["function"]) if f in ("dwelling", "office")]
    row = int(random.choice(houses))
    if random.random() < 0.2:
        return edits.with_layer(sources, 0, edits.removed(layer, row))
    return edits.with_layer(sources, 0, edits.shape(layer, row, edits.moved(
        layer.wkb[row] or b"", *random.uniform(-40, 40, 2))))  # fmt: skip


def another_ground(sources: Sources, random: np.random.Generator) -> Sources:
    """By the water something else comes to lie, or what lies there moves."""
    layer = sources.design[0]
    box = Polygons.from_wkb(layer.wkb).bounds()
    water = np.array([f == "water" for f in layer.columns["function"]])
    about = bbox_pairs(box, box[water], float(random.choice([0, 15])))[0]
    row = int(random.choice(np.unique(about)))
    if random.random() < 0.7:
        name = str(random.choice(["water", "road", "grass", "bank", "paved", "yard"]))
        return edits.with_layer(sources, 0, edits.value(layer, row, "function", name))
    return edits.with_layer(sources, 0, edits.shape(layer, row, edits.moved(
        layer.wkb[row] or b"", *random.uniform(-15, 15, 2))))  # fmt: skip


def by_others(sources: Sources, random: np.random.Generator) -> Sources:
    return edits.any_edit(sources, random)[1]


@pytest.mark.parametrize("seed", range(3))
def test_changed_ground_is_that_of_all_runs_since(seed: int) -> None:
    """Against all shapes of every run since; somebody asks now and then, or gives up."""
    sources, random, kept = plan(), np.random.default_rng(seed), Kept()
    since: list[set[tuple[Any, ...]]] = []
    told = 0
    for nth in range(12):
        kept.begin()
        scene = build_scene(sources, profile(), load_functions(), DATE, kept=kept)
        runs = [*since, buildings(scene)]
        asked = nth == 0 or random.random() < 0.5
        if asked:
            boxes = changed_ground(scene, "test", ("buildings",))
            expected = [shape[2:] for a, b in zip(runs, runs[1:]) for shape in a ^ b]
            if since and boxes is not None:
                assert sorted(expected) == sorted(map(tuple, boxes.tolist()))
                told += len(expected) > 0
            else:
                assert not since or len(expected) > MOST_CHANGED
            if since and random.random() < 0.3:
                continue  # given up: what is kept stays that of before
        since = runs[-1:] if asked else runs
        kept.settle(scene)
        sources = (by_others if nth % 2 else a_house_elsewhere)(sources, random)
    assert told


def test_changes_of_long_ago_are_not_known() -> None:
    wanted, box = np.array([True, False]), np.zeros((1, 4))
    changes = Changes().later(box, np.array([0])).later(box + 1.0, np.array([1]))
    assert changes.since(0, wanted).tolist() == box.tolist()
    assert changes.since(1, wanted).tolist() == changes.since(2, wanted).tolist() == []
    for _ in range(MOST_STEPS - 2):
        changes = changes.later(box, np.array([1]))
    assert len(changes.since(0, wanted)) == 1
    assert changes.later(box, np.array([0])).since(0, wanted) is None
    many = np.zeros((MOST_CHANGED + 1, 4))
    assert changes.later(many, np.zeros(len(many), np.int64)).since(1, wanted) is None
    assert changes.later(many, np.ones(len(many), np.int64)).since(1, wanted) is not None


@pytest.mark.parametrize(("id_", "module", "work", "edit"), [
    ("light_nuisance", light_nuisance, "_brightest", a_house_elsewhere),
    ("natural_banks", natural_banks, "_shore", another_ground)])  # fmt: skip
@pytest.mark.parametrize("seed", range(2))
def test_only_what_a_change_concerns_is_told_again(
        id_: str, module: Any, work: str, edit: Edit, seed: int,
        monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    sources, random = plan(), np.random.default_rng(seed)
    layer = sources.design[0]
    unsaid = {**layer.columns, "bank": [None] * len(layer.fid)}  # what touches a shore tells it
    sources = edits.with_layer(sources, 0, edits.rebuilt(layer, columns=unsaid))
    live = LiveAssessor(profile(), DATE, indicators=(id_,))
    real, asked = getattr(module, work), []

    def counted(*given: Any) -> Any:
        rows = getattr(given[-1], "building", given[-1])
        asked.append(len(np.unique(rows)))
        return real(*given)

    monkeypatch.setattr(module, work, counted)
    live.assess(sources)
    every, again, ground = asked[0], 0, 0
    for nth in range(10):
        sources = (by_others if nth % 4 == 3 else edit)(sources, random)
        asked.clear()
        made = live.assess(sources)
        again, ground = again + sum(asked), ground + every
        scene = build_scene(sources, profile(), load_functions(), DATE)
        assert bits(made, id_) == bits(assess(scene, profile(), (id_,)), id_), nth
    assert again < 0.6 * ground


def test_doors_of_some_buildings_are_those_of_all() -> None:
    kept = Kept()
    kept.begin()
    scene = build_scene(plan(), profile(), load_functions(), DATE, kept=kept)
    rows = np.flatnonzero(scene.surfaces.where("buildings") & (scene.surfaces.area > 0))
    some = doors_at(scene, rows[::3])
    every = doors_of(scene)
    mine = every.of(rows[::3])
    for name in ("building", "xy", "share", "given"):
        np.testing.assert_array_equal(getattr(some, name), getattr(every, name)[mine])
    for name, values in vars(some.entries).items():
        np.testing.assert_array_equal(values, getattr(every.entries, name)[mine])


def test_water_that_goes_across_a_culvert() -> None:
    """The head of a culvert is a bank again when there is no water behind the road any more."""
    west, south = 136_000.0, 456_000.0
    drawn = [("grass", (0, 0, 100, 100)), ("road", (0, 40, 100, 52)), ("water", (40, 10, 46, 40)),
             ("grass", (40, 52, 46, 90))]  # fmt: skip
    wkb: list[bytes | None] = [
        bytes(ogr.CreateGeometryFromWkt(box(x0 + west, y0 + south, x1 + west, y1 + south))
              .ExportToWkb()) for _, (x0, y0, x1, y1) in drawn]  # fmt: skip
    layer = RawLayer("ground", np.arange(1, 5), wkb, {"function": [f for f, _ in drawn]},
                     {"function": "function"})  # fmt: skip
    both = edits.value(layer, 3, "function", "water")
    live = LiveAssessor(profile(), DATE, indicators=("natural_banks",))
    lengths = []
    for ground in (both, layer, both):
        made = live.assess(Sources(crs="EPSG:28992", design=[ground]))
        lengths.append(made.measurements["natural_banks"].parts[""].weight.sum())
    assert lengths[0] == lengths[2]
    assert lengths[0] == pytest.approx(60.0 + 76.0 + 12.0, abs=1.0)  # sides, and the far ends
    assert lengths[1] == pytest.approx(60.0 + 6.0 + 6.0, abs=1.0)  # the head counts too
