"""Facade points, levels at them and legal tests: only of buildings about which something changed,
and always those of a full run."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from dgo_twin_plugin.engine import facades
from dgo_twin_plugin.engine.build import build_scene
from dgo_twin_plugin.engine.functions import load_functions
from dgo_twin_plugin.engine.grid import Raster
from dgo_twin_plugin.engine.indicators import _levels
from dgo_twin_plugin.engine.kept import Kept, Reuse
from dgo_twin_plugin.engine.live import LiveAssessor
from dgo_twin_plugin.engine.models import ground
from dgo_twin_plugin.engine.scene import RasterContext, Scene
from dgo_twin_plugin.engine.words import TWENTY

from ..factory import box, profile, scene
from . import edits
from .plan import plan
from .test_live import DATE


@pytest.fixture(name="asked")
def _asked(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """The buildings of which facade points were worked out, call by call."""
    found: list[np.ndarray] = []
    points = facades._points

    def heard(made: Scene, rows: np.ndarray, built: np.ndarray) -> Any:
        found.append(rows)
        return points(made, rows, built)

    monkeypatch.setattr(facades, "_points", heard)
    return found


def rows_of(sources: Any, function: str) -> list[int]:
    return [k for k, f in enumerate(sources.design[0].columns["function"]) if f == function]


def moved(sources: Any, row: int, by: float) -> Any:
    layer = sources.design[0]
    shape = edits.moved(layer.wkb[row] or b"", by, 0.3 * by)
    return edits.with_layer(sources, 0, edits.shape(layer, row, shape))


def test_facades_are_those_of_a_full_run_after_any_edits(asked: list[np.ndarray]) -> None:
    random, sources = np.random.default_rng(8), plan()
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    live.assess(sources)
    for _ in range(12):
        kind, sources = edits.any_edit(sources, random)
        made = facades.facades_of(live.assess(sources).scene)
        full = facades.facades(build_scene(sources, profile(), load_functions(), DATE))
        for name in ("building", "foot", "normal", "length"):
            now, then = getattr(made, name), getattr(full, name)
            assert np.array_equal(now, then), (kind, name)


def test_only_buildings_that_changed_or_stand_beside_one(asked: list[np.ndarray]) -> None:
    sources = plan()
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    live.assess(sources)
    house, ground = rows_of(sources, "dwelling")[4], rows_of(sources, "garden")[4]
    asked.clear()
    live.assess(moved(sources, ground, 0.5))
    assert not sum(len(rows) for rows in asked)  # of ground nothing stands on a facade
    live.assess(sources)
    asked.clear()
    live.assess(moved(sources, house, 0.5))
    (rows,) = [rows for rows in asked if len(rows)]
    # the house, the one that now gives it ground, and those beside these in the row
    assert house in rows and 1 < len(rows) < 6


def test_a_house_that_becomes_a_garden_frees_the_wall_beside_it() -> None:
    sources = plan()
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    first = facades.facades_of(live.assess(sources).scene)
    house = rows_of(sources, "dwelling")[4]
    layer = edits.value(sources.design[0], house, "function", "garden")
    other = edits.with_layer(sources, 0, layer)
    made = facades.facades_of(live.assess(other).scene)
    beside = np.bincount(made.building, minlength=house + 2) > np.bincount(
        first.building, minlength=house + 2)[: max(made.building.max(), house + 1) + 1]  # fmt: skip
    assert beside.any() and house not in made.building


def test_the_highest_level_of_each_building() -> None:
    random = np.random.default_rng(3)
    building = np.sort(random.integers(0, 40, 200))
    levels = random.normal(50, 10, (3, 200))
    levels[random.random((3, 200)) < 0.5] = np.nan
    levels[0, :9] = -np.inf  # silence is no level
    rows = np.unique(np.concatenate([building, np.arange(38, 45)]))  # some without any point
    found = _levels.highest_at(building, rows, list(levels))
    for k, level in enumerate(levels):
        for at, row in enumerate(rows.tolist()):
            own = level[(building == row) & ~np.isnan(level) & (level > -np.inf)]
            assert found[k, at] == own.max() if len(own) else np.isnan(found[k, at])


@pytest.mark.parametrize("seed", range(3))
def test_buildings_weigh_where_they_stand_and_belong_where_most_of_them_is(seed: int) -> None:
    random = np.random.default_rng(seed)
    made = scene([("GT04", box(0, 0, 50, 100)), ("GT01", box(50, 0, 100, 100))],
                 [("dwelling", box(x, 10 * k, x + 10, 10 * k + 8), {"dwellings": 2})
                  for k, x in enumerate([5, 45, 42, 48, 80, 47])],
                 plan=box(0, 0, 100, 100))  # fmt: skip
    weight = random.choice([0.0, 1.0, 3.0, np.nan], made.surfaces.n)
    found = _levels.weighed(made, weight, np.zeros(made.surfaces.n))
    cut = made.cut
    lines = [k for k in range(len(cut.zone)) if weight[cut.feature[k]] * cut.share[k] > 0]
    assert found.cut.tolist() == lines
    assert found.weight.tolist() == [weight[cut.feature[k]] * cut.share[k] for k in lines]
    for row, zone in zip(found.rows.tolist(), found.main_zone.tolist()):
        mine = [k for k in lines if cut.feature[k] == row]
        most = max(cut.share[k] for k in mine)
        assert zone == [cut.zone[k] for k in mine if cut.share[k] == most][-1]
    assert found.rows.tolist() == sorted({int(cut.feature[k]) for k in lines})


def test_a_legal_test_stays_where_its_figures_do() -> None:
    made = scene([("GT04", box(0, 0, 100, 100))],
                 [("dwelling", box(20 * k, 0, 20 * k + 10, 10), {"dwellings": 1})
                  for k in range(4)], plan=box(0, 0, 100, 100))  # fmt: skip
    n, kept = made.surfaces.n, Kept()
    laws = [_levels.Tested("road", "", 60.0, 50.0), _levels.Tested("rail", "", 55.0, 45.0)]
    objects = _levels.dwelling_weight(made)
    value = np.array([[61.2, 40.0, np.nan, 59.6, *[np.nan] * (n - 4)],
                      [56.0, 55.4, 54.0, np.nan, *[np.nan] * (n - 4)]])  # fmt: skip
    fit = np.where(value == 56.0, value, np.nan)
    value, fit = value[:, objects.rows], fit[:, objects.rows]
    scope, asked = np.ones(n, bool), np.ones(len(objects.rows), bool)
    box_, none = np.zeros((0, 4)), np.full(n, -1)

    def run(value: np.ndarray, fit: np.ndarray) -> list[Any]:
        kept.begin()
        made.reuse = Reuse(kept, none, none, scope, none, box_, box_)
        tests = _levels.tests_of(made, "noise", objects, laws, value, fit, asked, whole=True)
        kept.settle()
        made.reuse = None
        assert tests == _levels.tests_of(made, "noise", objects, laws, value, fit, asked,
                                         whole=True)  # fmt: skip
        return tests

    first = run(value, fit)
    assert [(t.feature, t.source_kind, t.value, t.outcome) for t in first] == [
        (0, "road", 61.0, "indicative"), (1, "road", 40.0, "complies"),
        (3, "road", 60.0, "complies"), (0, "rail", 56.0, "exceeds"),
        (1, "rail", 55.0, "complies"), (2, "rail", 54.0, "complies")]  # fmt: skip
    other = value.copy()
    other[0, 1] = 61.0
    second = run(other, fit)
    assert second[1].outcome == "indicative" and second[1] is not first[1]
    assert all(a is b for k, (a, b) in enumerate(zip(first, second)) if k != 1)
    third = run(other, np.full_like(fit, np.nan))  # nothing was declared fit any more
    assert third[3].outcome == "indicative" and third[2] is second[2]


def test_roofs_that_a_surface_model_measured_are_those_of_a_full_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(4)
    sources = dataclasses.replace(plan(), methods={})
    x0, y0, x1, y1 = sources.design[0].covers
    rows, columns = int(y1 - y0) + 40, int(x1 - x0) + 40
    for role, level in (("dsm", random.uniform(3, 12, (rows, columns))),
                        ("dtm", np.zeros((rows, columns)))):  # fmt: skip
        grid = Raster(level, x0 - 20.0, y1 + 20.0, 1.0, 1.0)
        sources.rasters = {**sources.rasters, role: [RasterContext(role, role, grid)]}
    houses = rows_of(sources, "dwelling")
    layer = sources.design[0]
    for row in houses[::2]:
        layer = edits.value(layer, row, "existing", "yes")
        layer = edits.value(layer, row, "height", None)
    sources = edits.with_layer(sources, 0, layer)
    live = LiveAssessor(profile(), DATE, indicators=("traffic_noise",))
    asked: list[int] = []
    measured = ground._measured

    def heard(made: Scene, some: np.ndarray) -> np.ndarray:
        asked.append(len(some))
        return measured(made, some)

    monkeypatch.setattr(ground, "_measured", heard)
    live.assess(sources)
    assert sum(asked) >= len(houses[::2])
    for turn in range(6):
        if turn % 2:
            _, sources = edits.any_edit(sources, random)
        else:
            sources = moved(sources, houses[2 * turn], 0.5)
        asked.clear()
        now = ground.building_heights(live.assess(sources).scene)
        assert sum(asked) <= 1 or turn % 2
        full = build_scene(sources, profile(), load_functions(), DATE)
        then = ground.building_heights(full)
        assert np.isfinite(then[0]).any()
        assert all(np.array_equal(a, b, equal_nan=a.dtype == float) for a, b in zip(now, then))
