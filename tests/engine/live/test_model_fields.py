"""Fields of the models follow a design that is drawn, and are those of a full run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from bench.live import DATE
from dgo_twin_plugin.engine.assessment import assess
from dgo_twin_plugin.engine.build import Sources, build_scene
from dgo_twin_plugin.engine.functions import load_functions
from dgo_twin_plugin.engine.live import LiveAssessor
from dgo_twin_plugin.engine.models import patched
from dgo_twin_plugin.engine.models.heat import again as heat_again
from dgo_twin_plugin.engine.models.heat import bridge
from dgo_twin_plugin.engine.models.heat import field as heat_field
from dgo_twin_plugin.engine.models.water import site as water
from dgo_twin_plugin.engine.words import Cancelled

from ..factory import profile
from . import edits
from .alike import differences
from .plan import plan

IDS = ("heat_pet", "shade", "cool_places", "cloudburst", "renewable_generation", "canopy",
       "air_quality")  # fmt: skip
TERRAIN = ("dtm", "dsm")


@pytest.fixture(autouse=True)
def nothing_is_too_much(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In a plan this small every influence area is most of it: do not give up for that."""
    monkeypatch.setattr(heat_again, "MOST", 2.0)
    monkeypatch.setattr(patched, "MOST", 2.0)
    yield


def sources(terrain: bool) -> Sources:
    given = plan()
    rasters = {k: v for k, v in given.rasters.items() if terrain or k not in TERRAIN}
    return dataclasses.replace(given, methods={}, rasters=rasters)


def edited(now: Sources, random: np.random.Generator) -> tuple[str, Sources]:
    """One edit that the models hear of."""
    ground, trees = now.design[:2]
    function = ground.columns["function"]
    built = [k for k, f in enumerate(function) if f == "dwelling"]
    row = int(random.choice(built))
    shape = ground.wkb[row] or b""
    tree = int(random.integers(len(trees.fid)))
    crown = trees.wkb[tree] or b""
    kind = str(random.choice(["move", "add", "remove", "height", "function", "plant", "fell",
                              "grow", "edge", "roof", "floors", "back"]))  # fmt: skip
    if kind == "move":
        new = edits.shape(ground, row, edits.moved(shape, *random.uniform(-9, 9, 2)))
    elif kind == "add":
        values = {k: v[row] for k, v in ground.columns.items()}
        new = edits.added(ground, edits.moved(shape, *random.uniform(-30, 30, 2)), values,
                          bool(random.integers(2)))
    elif kind == "remove":
        new = edits.removed(ground, row)
    elif kind == "height":
        new = edits.value(ground, row, "height", float(random.uniform(3, 40)))
    elif kind == "floors":
        new = edits.value(ground, row, "floors", float(random.integers(1, 9)))
    elif kind == "roof":
        new = edits.value(ground, row, "green_roof", float(random.uniform()))
    elif kind == "function":
        new = edits.value(ground, row, "function",
                          str(random.choice(["grass", "water", "square", "wood", "office"])))
    elif kind == "edge":
        new = edits.shape(ground, row, edits.moved(shape, 60.0, 0.0))
    elif kind == "plant":
        new = edits.added(trees, edits.moved(crown, *random.uniform(-40, 40, 2)),
                          {k: v[tree] for k, v in trees.columns.items()}, bool(random.integers(2)))
        return kind, edits.with_layer(now, 1, new)
    elif kind == "fell":
        return kind, edits.with_layer(now, 1, edits.removed(trees, tree))
    elif kind == "grow":
        return kind, edits.with_layer(now, 1, edits.value(
            trees, tree, "canopy_diameter", float(random.uniform(3, 14))))
    else:
        return kind, now
    return kind, edits.with_layer(now, 0, new)


def full(given: Sources, ids: Any = IDS) -> Any:
    return assess(build_scene(given, profile(), load_functions(), DATE), profile(), ids)


def apart(live: Any, given: Sources, ids: Any = IDS) -> list[str]:
    """What of the outcome, or of the fields themselves, is not that of a full run."""
    whole = full(given, ids)
    found = differences([live.scores, live.parts, live.totals, live.checks],
                        [whole.scores, whole.parts, whole.totals, whole.checks])  # fmt: skip
    for name in ("heat", "noon_shade", "water_site", "water_flow", "roofs"):
        a, b = (s.cache.get(name) for s in (live.scene, whole.scene))
        found += differences(a, b, name)
    return found


@pytest.mark.parametrize("terrain", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_fields_equal_those_of_a_full_run(seed: int, terrain: bool) -> None:
    random, now = np.random.default_rng(seed), sources(terrain)
    live = LiveAssessor(profile(), DATE, indicators=IDS)
    live.assess(now)
    done: list[str] = []
    for _ in range(8):
        before = now
        kind, now = edited(now, random)
        done.append(kind)
        found = apart(live.assess(now), now)
        assert not found, (done, found[:5])
        if kind == "back":  # undone: the state before the last edit comes again
            now = before


def test_an_edit_is_not_a_full_run(monkeypatch: pytest.MonkeyPatch) -> None:
    now = sources(True)
    live = LiveAssessor(profile(), DATE, indicators=IDS)
    live.assess(now)
    called: list[str] = []
    for module, name in ((heat_again, "heat"), (bridge, "heat"), (heat_again, "update")):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, real=real, name=name: (
            called.append(name), real(*a))[1])
    layer = now.design[0]
    row = layer.columns["function"].index("dwelling")
    now = edits.with_layer(now, 0, edits.value(layer, row, "height", 31.0))
    live.assess(now)
    assert called == ["update"]
    live.assess(now)
    assert called == ["update"]  # nothing changed: the field is that of before


def test_terrain_that_comes_and_goes() -> None:
    live = LiveAssessor(profile(), DATE, indicators=IDS)
    for terrain in (True, False, True):
        now = sources(terrain)
        assert not apart(live.assess(now), now)


def test_a_map_that_changes_moves_the_fields() -> None:
    now = sources(True)
    live = LiveAssessor(profile(), DATE, indicators=IDS)
    live.assess(now)
    for role in TERRAIN:
        given = now.rasters[role][0]
        values = given.raster.values.copy()
        values[values.shape[0] // 2 :, values.shape[1] // 2 :] += 1.5
        other = dataclasses.replace(given, raster=dataclasses.replace(given.raster, values=values))
        now = dataclasses.replace(now, rasters={**now.rasters, role: [other]})
        assert not apart(live.assess(now), now)


@pytest.mark.parametrize("moment", [1, 3, 5])
def test_a_cancelled_call_leaves_the_fields_sound(moment: int) -> None:
    now = sources(True)
    live = LiveAssessor(profile(), DATE, indicators=IDS)
    live.assess(now)
    random = np.random.default_rng(moment)
    calls = 0

    def stop(done: float, _name: str) -> None:
        nonlocal calls
        calls += done > 0.3
        if calls > moment:
            raise Cancelled

    for _ in range(2):
        _, now = edited(now, random)
        calls = 0
        with pytest.raises(Cancelled):
            live.assess(now, progress=stop)
    assert not apart(live.assess(now), now)


def test_who_does_not_follow_keeps_nothing() -> None:
    now = sources(True)
    made = full(now)
    assert made.scene.reuse is None
    grids = bridge.site_of(made.scene).grids
    assert heat_field.heat(grids, bridge.day_of(made.scene)).pet.shape == grids.shape
    assert water.site_of(made.scene) is water.site_of(made.scene)
