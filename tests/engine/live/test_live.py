"""The live assessor says what a full run says, whatever was edited before."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any

import numpy as np
import pytest
from osgeo import ogr

from bench.live import DATE
from dgo_twin_plugin.engine.assessment import Assessment, assess
from dgo_twin_plugin.engine.build import Sources, build_scene
from dgo_twin_plugin.engine.functions import load_functions
from dgo_twin_plugin.engine.live import LiveAssessor
from dgo_twin_plugin.engine.pulse import heard_by
from dgo_twin_plugin.engine.scene import RawLayer
from dgo_twin_plugin.engine.words import TWENTY, Cancelled, DgoError

from ..factory import profile
from . import edits
from .alike import differences, of_assessments
from .plan import plan

AMBITIONS = {"all": {"traffic_noise": 50.0}, "zone 1": {"green.a": 60.0}}


def full(sources: Sources, ids: Any = TWENTY, ambitions: Any = None) -> Assessment:
    scene = build_scene(sources, profile(), load_functions(), DATE)
    return assess(scene, profile(), ids, ambitions)


def same(live: Assessment, sources: Sources, ids: Any = TWENTY, ambitions: Any = None) -> None:
    found = of_assessments(live, full(sources, ids, ambitions))
    assert not found, found[:5]


def given_up(live: LiveAssessor, sources: Sources, moment: int) -> str:
    """A call that is stopped at its so many-eth sign of life, if it lasts that long."""
    beats = 0

    def stop() -> None:
        nonlocal beats
        beats += 1
        if beats > moment:
            raise Cancelled

    with contextlib.suppress(Cancelled, DgoError), heard_by(stop):
        live.assess(sources)
    return f"stopped at {beats}"


def test_a_feature_before_all_others_and_a_change_of_another_at_once() -> None:
    """Row -1 (new) and row 0 of before stand beside each other, and are no run of rows."""
    sources = plan()
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    live.assess(sources)
    layer = sources.design[0]
    values = {k: v[3] for k, v in layer.columns.items()}
    layer = edits.value(layer, 40, "function", "water")
    layer = edits.added(layer, edits.moved(layer.wkb[3] or b"", 9.0, 4.0), values, first=True)
    assert layer.fid[0] < 0  # drawn and not saved
    other = edits.with_layer(sources, 0, layer)
    same(live.assess(other), other)


TOWN, BLOCK = (330, 2, 10), (90, 1, 10)  # features, blocks each way, vertices of a border


@pytest.mark.parametrize(("seed", "size", "turn"), [
    (0, TOWN, 0.0), (1, TOWN, 0.0), (2, BLOCK, 0.0), (3, BLOCK, 0.0), (4, BLOCK, 0.0),
    (5, BLOCK, 0.0), (6, TOWN, 0.2), (7, BLOCK, 0.71)])  # fmt: skip
def test_equals_a_full_run_after_any_edits(seed: int, size: tuple[int, int, int],
                                           turn: float) -> None:  # fmt: skip
    random, sources = np.random.default_rng(seed), plan(*size, turn)
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    live.assess(sources)
    done: list[str] = []
    for turn in range(24):
        kind, sources = edits.any_edit(sources, random)
        done.append(kind)
        if turn % 4 == 1:  # given up somewhere, and drawn on: two edits come at once
            done.append(given_up(live, sources, int(random.integers(400))))
            kind, sources = edits.any_edit(sources, random)
            done.append(kind)
        try:
            expected = full(sources, ambitions=AMBITIONS)
        except DgoError as error:
            with pytest.raises(DgoError, match=str(error)):
                live.assess(sources, AMBITIONS)
            continue
        made = live.assess(sources, AMBITIONS)
        if turn % 3 == 2 or "map" in kind or "out" in kind:
            found = of_assessments(made, expected)
        else:
            found = differences([made.scores, made.totals, made.checks, made.alerts],
                                [expected.scores, expected.totals, expected.checks,
                                 expected.alerts])  # fmt: skip
        assert not found, (done, found[:5])


def test_all_indicators_with_their_own_models_after_a_few_edits() -> None:
    """All thirty-three, as the sources allow: those with a model run it."""
    sources = dataclasses.replace(plan(), methods={})
    live = LiveAssessor(profile(), DATE)
    live.assess(sources)
    random = np.random.default_rng(3)
    for _ in range(3):
        _, sources = edits.any_edit(sources, random)
    made, expected = live.assess(sources), full(sources, None)
    for one, other in zip(made.scores, expected.scores):
        assert (one.zone_id, one.indicator, one.status) == (other.zone_id, other.indicator,
                                                            other.status)  # fmt: skip
        if one.value is not None and other.value is not None:
            close = 0.05 if one.indicator == "traffic_noise" else 1e-9 * max(1.0, abs(other.value))
            assert abs(one.value - other.value) <= close, (one, other)


def test_a_design_that_becomes_empty_and_comes_back() -> None:
    sources = plan()
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    live.assess(sources)
    nothing = [RawLayer(layer.name, layer.fid[:0], [], {k: [] for k in layer.columns},
                        layer.entry) for layer in sources.design]  # fmt: skip
    empty = dataclasses.replace(sources, design=nothing)
    same(live.assess(empty), empty)  # what is there now is scored
    bare = dataclasses.replace(empty, current=[])
    with pytest.raises(DgoError):
        live.assess(bare)
    same(live.assess(sources), sources)


def test_layers_that_come_go_and_change_their_mapping() -> None:
    sources = plan()
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    live.assess(sources)
    without = dataclasses.replace(sources, design=sources.design[:1])
    same(live.assess(without), without)
    maps = {k: v for k, v in sources.rasters.items() if k != "no2"}
    other = dataclasses.replace(sources, rasters=maps, terms={"dwelling": "office"})
    same(live.assess(other), other)
    same(live.assess(sources), sources)


@pytest.mark.parametrize("moment", [0, 1, 3, 6, 8, 12, 20, 27])
def test_a_cancelled_call_leaves_it_sound(moment: int) -> None:
    sources = plan()
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    live.assess(sources)
    layer = sources.design[0]
    moved = edits.with_layer(sources, 0, edits.shape(
        layer, 40, edits.moved(layer.wkb[40] or b"", 4.0, 3.0)))
    calls = 0

    def stop(_done: float, _name: str) -> None:
        nonlocal calls
        calls += 1
        if calls > moment:
            raise Cancelled

    with pytest.raises(Cancelled):
        live.assess(moved, progress=stop)
    again = edits.with_layer(moved, 0, edits.removed(moved.design[0], 12))
    same(live.assess(again), again)


def test_what_an_edit_cannot_move_keeps_its_marks() -> None:
    """Grass that loses its trees' shade moves no building: noise, energy and risk stay."""
    sources = plan()
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    first = live.assess(sources)
    assert live.last.kept == []
    layer = sources.design[0]
    row = layer.columns["function"].index("shrub")
    moved = edits.with_layer(sources, 0, edits.shape(
        layer, row, edits.moved(layer.wkb[row] or b"", 0.3, 0.2)))
    second = live.assess(moved)
    assert {"energy_use", "traffic_noise", "individual_risk", "odour"} <= set(live.last.kept)
    assert {"green", "rain_retention"} <= set(live.last.redone)
    assert second.prepared["traffic_noise"] is first.prepared["traffic_noise"]
    same(second, moved)
    house = layer.columns["function"].index("dwelling")
    higher = edits.with_layer(moved, 0, edits.value(moved.design[0], house, "gfa", 9_000.0))
    same(live.assess(higher), higher)
    assert {"energy_use", "material_use"} <= set(live.last.redone)
    assert {"natural_banks", "soil_quality"} <= set(live.last.kept)


@pytest.mark.parametrize("turn", [0.0, 0.2])
def test_edits_along_the_edge_of_the_plan(turn: float) -> None:
    """What lies at the edge moved out, taken away and put back: zones change in strips only."""
    sources = plan(turn=turn)
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    before = live.assess(sources).scene
    first = sources.design[0]
    box = np.array([ogr.CreateGeometryFromWkb(w).GetEnvelope() for w in first.wkb])
    south, east = int(box[:, 2].argmin()), int(box[:, 1].argmax())
    assert south != east
    changed = edits.with_layer(sources, 0, edits.shape(
        first, south, edits.moved(first.wkb[south] or b"", 0.0, -3.0)))
    made = live.assess(changed)
    assert made.scene.plan.bounds()[0, 1] < before.plan.bounds()[0, 1] - 2.0
    same(made, changed)
    for layer in (edits.removed(changed.design[0], east), edits.value(first, 3, "public", 1),
                  edits.added(first, edits.moved(first.wkb[east] or b"", 4.0, 1.0),
                              {k: v[east] for k, v in first.columns.items()}, True), first):
        changed = edits.with_layer(changed, 0, layer)
        made = live.assess(changed)
        same(made, changed)
    assert made.scene.n_zones == before.n_zones


def test_added_grass_shifts_rows_and_moves_no_building() -> None:
    """A feature before all others, on the first: every row is another one, buildings keep their
    measurement."""
    sources = plan()
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    first = live.assess(sources)
    layer = sources.design[0]
    park = layer.columns["function"].index("grass")
    values = {k: v[park] for k, v in layer.columns.items()}
    more = edits.with_layer(sources, 0, edits.added(
        layer, edits.moved(layer.wkb[0] or b"", -2.0, 0.0, 0.5), values, True))
    second = live.assess(more)
    assert {"energy_use", "material_use", "individual_risk", "odour"} <= set(live.last.kept)
    same(second, more)
    row = second.measurements["energy_use"].parts[""]
    was = first.measurements["energy_use"].parts[""]
    assert (row.feature == was.feature + 1).all()
    assert not of_assessments(first, full(sources))
    less = edits.with_layer(more, 0, edits.removed(more.design[0], 0))
    same(live.assess(less), less)


def test_an_outcome_is_not_changed_by_the_next_call() -> None:
    sources = plan()
    live = LiveAssessor(profile(), DATE, indicators=TWENTY)
    first = live.assess(sources)
    marks = [(r.zone_id, r.indicator, r.mark, r.gap) for r in first.scores]
    said = [(c.code, c.fid) for c in first.checks]
    random, changed = np.random.default_rng(9), sources
    for _ in range(4):
        _, changed = edits.any_edit(changed, random)
        live.assess(changed, AMBITIONS)
    assert marks == [(r.zone_id, r.indicator, r.mark, r.gap) for r in first.scores]
    assert said == [(c.code, c.fid) for c in first.checks]
    assert first.scene.reuse is None
    assert not of_assessments(first, full(sources))
