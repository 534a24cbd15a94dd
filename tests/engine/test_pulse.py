"""Long work can be stopped: a beat is heard often enough, and what it raises comes through."""

from __future__ import annotations

import time

import pytest

from dgo_twin_plugin.engine import pulse
from dgo_twin_plugin.engine.assessment import assess
from dgo_twin_plugin.engine.words import Cancelled

from . import factory as f
from .town import HIGH, SOUTH, WEST, WIDE, Town, box, mapped, sloping, town


def quarter(columns: int, rows: int) -> Town:
    """Towns beside each other: about a thousand features per square kilometre."""
    made, one = town(), town()
    made.zones = [("GT04", box(0, 0, WIDE * columns, HIGH * rows))]
    made.plan = box(0, 0, WIDE * columns, HIGH * rows)
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


def test_an_assessment_and_its_fields_beat_all_along(capsys: pytest.CaptureFixture[str]) -> None:
    """The longest stretch of work between two beats is told, and decides nothing: a cancel should
    be heard within 0.3 s."""
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
    with capsys.disabled():
        print(f" [longest silence {max(gaps):.2f} s of work]", end="")
    assert len(gaps) > 100


def test_a_design_of_loose_parts_is_no_long_silence() -> None:
    """Houses without the ground between them: some hundreds of zones. The ground within 500 m of
    them all took GEOS a minute at once."""
    made = quarter(6, 8)
    made.plan, made.context, made.rasters, made.current = None, {}, {}, []
    scene = made.scene()
    assert scene.n_zones > 500
    heard = [0]

    def hear() -> None:
        heard[0] += 1

    with pulse.heard_by(hear):
        made = assess(scene, f.profile(), ["green"])
    assert made.plan_mark() is not None
    assert heard[0] > 20  # in pieces that can be stopped


@pytest.mark.parametrize("at", [1, 10, 100, 300])
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
