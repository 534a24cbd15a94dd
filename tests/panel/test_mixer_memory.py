"""What a move does not touch is not made again: after any series of moves the panel must stand as
one that is made from nothing, and what it asked to be painted must be all that differs."""

from __future__ import annotations

import random
from typing import Any

import pytest

pytest.importorskip("qgis.core", reason="QGIS is not installed for this Python")
from tests.panel.mixer_case import case  # noqa: E402
from tests.panel.test_mixer import mixer, settle  # noqa: E402, F401

PLACES = [("all", 0), ("GT04", 0), ("GT07", 3), ("zone 1", 1), ("zone 2", 2)]


def state(panel: Any) -> dict[str, Any]:
    """All that the panel shows, widget by widget."""
    found: dict[str, Any] = {"total": panel.card.badge.view, "bars": panel.card.bars.views,
                             "facts": panel.card.facts.text(), "law": panel.strip.law.text(),
                             "said": panel.strip.said.text(), "over": panel.over}  # fmt: skip
    for name, section in panel.rows.sections.items():
        head = section.head
        found[f"theme {name}"] = (head.view, head.weight, head.movable)
    for name, row in panel.rows.rows.items():
        found[name] = (row.view, row.track.view, row.track.ambition, row.badge.words,
                       row.badge.mark, row.badge.faded, row.accessibleDescription(),
                       row.track.accessibleDescription(), row.track.value())  # fmt: skip
    return found


def anew(panel: Any) -> dict[str, Any]:
    """The same of a panel that is made now, of the same assessment and mix."""
    from dgo_twin_plugin.panel.mixer import Mixer

    fresh = Mixer(panel.session, panel.moves)
    fresh.former, fresh.ghost, fresh.parts = panel.former, panel.ghost, dict(panel.parts)
    fresh.stale = panel.stale
    fresh.show_place(*panel.place)
    found = state(fresh)
    fresh.end()
    fresh.deleteLater()
    return found


def differing(now: dict[str, Any], fresh: dict[str, Any]) -> list[Any]:
    """What is otherwise, in few enough words to read."""
    found: list[Any] = [] if now.keys() == fresh.keys() else [now.keys() ^ fresh.keys()]
    for key, one in now.items():
        other = fresh.get(key)
        if one != other and isinstance(one, tuple) and isinstance(other, tuple):
            found += [(key, k, str(a)[:200], str(b)[:200])
                      for k, (a, b) in enumerate(zip(one, other)) if a != b]  # fmt: skip
        elif one != other:
            found.append((key, one, other))
    return found


def step(panel: Any, chance: random.Random) -> str:
    """One thing that a hand may do, or that may happen meanwhile."""
    rows = panel.rows
    view = chance.choice([row.view for row in rows.rows.values() if row.view.track is not None])
    kind = chance.choice(["slide"] * 4 + ["clear", "weight", "switch", "lock", "theme", "place",
                                          "part", "undo", "mode", "design", "stale"])  # fmt: skip
    if kind == "slide":
        value = view.track.value(chance.uniform(0.3, 1.0))
        rows.ambition_moved.emit(view, value, chance.random() < 0.5)
    elif kind == "clear":
        rows.ambition_moved.emit(view, None, True)
    elif kind == "weight":
        rows.weight_moved.emit(view, chance.choice([0.0, 0.5, 1.0, 3.0]))
    elif kind == "switch":
        rows.switched.emit(view, not view.off)
    elif kind == "lock":
        rows.lock_asked.emit(view, not view.locked)
    elif kind == "theme":
        rows.theme_weighed.emit(view.theme, chance.choice([0.5, 1.0, 2.0]))
    elif kind == "place":
        panel.show_place(*chance.choice(PLACES))
    elif kind == "part" and view.parts:
        rows.part_chosen.emit(view.indicator, chance.choice(view.parts)[0])
    elif kind == "undo":
        panel.moves.undo()
    elif kind == "mode":
        panel.moves.do(lambda mix: mix.with_mode("design" if mix.testing else "test"), "mode")
    elif kind == "design":
        panel.session.give(case(chance.choice([30.0, 45.0, 60.0])))
    elif kind == "stale":
        panel.session.tell(chance.choice(["stale", "live"]))
    return kind


@pytest.mark.parametrize("seed", range(4))
def test_after_any_moves_the_panel_is_as_one_made_from_nothing(mixer: Any, seed: int) -> None:  # noqa: F811
    chance, done = random.Random(seed), []
    for _ in range(40):
        done.append(step(mixer, chance))
        settle()
        if chance.random() < 0.4:
            assert differing(state(mixer), anew(mixer)) == [], done
    assert differing(state(mixer), anew(mixer)) == [], done


def test_a_slider_makes_one_row_and_leaves_the_others_the_same_objects(mixer: Any) -> None:  # noqa: F811
    mixer.show_place("all", 0)
    before = {name: row.view for name, row in mixer.rows.rows.items()}
    view = before["shade"]
    for mark in (7.0, 9.0, 7.5):  # in several area types at once
        mixer.rows.ambition_moved.emit(view, mark, True)
        now = {name: row.view for name, row in mixer.rows.rows.items()}
        assert {name for name in now if now[name] is not before[name]} == {"shade"}
        assert mixer.rows.painted == 1
        before = now


def test_a_slider_lays_the_ambitions_of_one_indicator(mixer: Any) -> None:  # noqa: F811
    """The engine keeps the rows of an indicator whose wishes are the same: a move must not shuffle
    the others' wishes, or all are laid anew."""
    mixer.show_place("all", 0)
    for name in ("traffic_noise", "shade", "green"):
        mixer.rows.ambition_moved.emit(mixer.rows.rows[name].view, 7.0, True)
    laid = {name: one.laid for name, one in mixer.assessment.prepared.items()}
    mixer.rows.ambition_moved.emit(mixer.rows.rows["shade"].view, 9.0, True)
    now = mixer.assessment.prepared
    assert {name for name in now if now[name].laid is not laid[name]} == {"shade"}


def test_the_bars_ask_for_all_that_differs_to_be_painted(mixer: Any) -> None:  # noqa: F811
    from qgis.PyQt.QtCore import QRect

    from dgo_twin_plugin.panel.widgets.theme_bars import ThemeBars

    class Told(ThemeBars):
        asked: list[Any] = []

        def update(self, *given: Any) -> None:
            self.asked.append(given[0] if given else self.rect())
            super().update(*given)

    bars = Told()
    bars.resize(330, 84)
    bars.show_views(mixer.over.themes)
    chance = random.Random(3)
    for _ in range(12):
        image = bars.grab().toImage()
        Told.asked = []
        for _ in range(2):
            step(mixer, chance)
            if len(mixer.over.themes) == len(bars.views):
                bars.show_views(mixer.over.themes)
        then, boxes = bars.grab().toImage(), [QRect(box) for box in Told.asked]
        for x in range(0, image.width()):
            for y in range(0, image.height(), 2):
                if image.pixel(x, y) != then.pixel(x, y):
                    assert any(box.contains(x, y) for box in boxes), (x, y, boxes)
    bars.deleteLater()


def test_nothing_is_held_of_what_is_no_longer_shown(mixer: Any) -> None:  # noqa: F811
    import gc
    import weakref

    mixer.show_place("zone 1", 1)
    scene = weakref.ref(mixer.assessment.scene)
    mixer.session.assessment = None
    mixer.session.tell("off")
    gc.collect()
    assert mixer.assessment is None and scene() is None
