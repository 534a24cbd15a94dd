"""Long work can be stopped: a beat is heard often enough, and what it raises comes through."""

from __future__ import annotations

import time

import pytest

from dgo_twin_plugin.engine import pulse
from dgo_twin_plugin.engine.assessment import assess
from dgo_twin_plugin.engine.words import Cancelled

from . import factory as f
from .town import HIGH, SOUTH, WEST, WIDE, Town, box, mapped, sloping, town

SILENT = 0.3  # s of work between two beats (issue "bad input": cancel is heard within 0.3 s)


def quarter(columns: int, rows: int) -> Town:
    """Towns beside each other: about a thousand features per square kilometre."""
    made, one = town(), town()
    made.zones = [("GT04", box(0, 0, WIDE * columns, HIGH * rows))]
    made.plan = None
    made.surfaces, made.items = [], []
    made.rasters["dtm"] = [sloping(4.0, 60.0)]
    for k in range(columns * rows):
        dx, dy = WIDE * (k % columns), HIGH * (k // columns)

        def move(x: float, y: float, dx: float = dx, dy: float = dy) -> tuple[float, float]:
            return x + dx, y + dy

        for name in ("surfaces", "items"):
            rows_ = [(kind, mapped(w, move), *rest) for kind, w, *rest in getattr(one, name)]
            getattr(made, name).extend(rows_)
        if k:
            roads = [(mapped(w, move), dict(v)) for w, v in one.context["roads"]]
            made.context["roads"] += roads
    return made


def test_no_stretch_of_an_assessment_is_silent_for_long() -> None:
    town().assess()  # imports and tables are read once
    scene_of = quarter(6, 8)
    last, gaps = [0.0], []

    def hear() -> None:
        now = time.thread_time()  # of this thread alone: a busy machine is no silence
        gaps.append(now - last[0])
        last[0] = now

    with pulse.heard_by(hear):
        last[0] = time.thread_time()
        made = assess(scene_of.scene(), f.profile())
        for measured in made.measurements.values():
            for field in measured.fields.values():
                field.make()
        hear()
    assert len(gaps) > 100
    assert max(gaps) < SILENT


@pytest.mark.parametrize("at", [1, 10, 100, 300, 600])
def test_a_stop_comes_through(at: int) -> None:
    heard = [0]

    def stop() -> None:
        heard[0] += 1
        if heard[0] >= at:
            raise Cancelled

    with pulse.heard_by(stop), pytest.raises(Cancelled):
        assess(town().scene(), f.profile())
    assert heard[0] == at  # nothing swallowed it and went on


def test_a_box_of_the_town() -> None:
    assert box(0, 0, 1, 1) == f.box(WEST, SOUTH, WEST + 1, SOUTH + 1)
