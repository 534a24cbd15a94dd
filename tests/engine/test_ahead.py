"""Models that run beside the rest: each product once, errors told, and a run that stops."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from dgo_twin_plugin.engine import hands, pulse
from dgo_twin_plugin.engine.ahead import beside, in_turn, started
from dgo_twin_plugin.engine.assessment import assess
from dgo_twin_plugin.engine.indicators import all_indicators
from dgo_twin_plugin.engine.words import Cancelled

from . import factory


def a_scene():
    square = "POLYGON((0 0,10 0,10 10,0 10,0 0))"
    return factory.scene(zones=[("GT04", square)], surfaces=[("grass", square, {})])


def test_who_asks_for_what_is_being_made_waits_for_it():
    scene, begun, go, made = a_scene(), threading.Event(), threading.Event(), []

    def slow(_scene):
        begun.set()
        assert go.wait(10)
        made.append(threading.current_thread().name)
        return object()

    def work(s):
        return s.product("slow", slow)

    with started(scene, [work]):
        assert begun.wait(10)
        threading.Timer(0.1, go.set).start()
        first = work(scene)  # while the other thread is at it
    assert made == ["dgo-ahead"]
    assert work(scene) is first


def test_an_error_is_met_by_who_asks():
    scene = a_scene()

    def broken(_scene):
        raise ValueError("no good")

    with started(scene, [lambda s: s.product("broken", broken)]):
        pass
    with pytest.raises(ValueError, match="no good"):
        scene.product("broken", broken)


def test_what_is_left_at_the_end_stops():
    scene, begun, turns = a_scene(), threading.Event(), []

    def endless(_scene):
        while True:
            turns.append(1)
            begun.set()
            pulse.beat()

    with started(scene, [endless, lambda _s: turns.append(-1)]):
        assert begun.wait(10)
    assert not any(t.name == "dgo-ahead" for t in threading.enumerate())
    assert -1 not in turns  # and nothing is begun after that


def test_who_waits_can_be_stopped():
    scene, begun, go = a_scene(), threading.Event(), threading.Event()

    def slow(_scene):
        begun.set()
        assert go.wait(10)

    beats = []

    def stop():
        beats.append(1)
        if len(beats) > 1:  # the first is before anybody waits
            go.set()
            raise Cancelled

    with pytest.raises(Cancelled), started(scene, [lambda s: s.product("slow", slow)]):
        assert begun.wait(10)
        with pulse.heard_by(stop):
            scene.product("slow", slow)


# --- one step beside another ---------------------------------------------------------------------
def test_a_step_beside_another_gives_its_answer_whenever_it_is_asked():
    go, names = threading.Event(), []

    def work():
        assert go.wait(10)  # what stands in the block goes on meanwhile
        names.append(threading.current_thread().name)
        return 7

    with beside(work) as answer:
        go.set()
        assert answer() == 7
        assert answer() == 7
    assert names == ["dgo-ahead"]


def test_in_turn_it_is_done_once_by_who_asks_and_not_before():
    names = []

    def work():
        names.append(threading.current_thread())
        return 7

    with beside(work, False) as answer:
        assert not names
        assert answer() == answer() == 7
    assert names == [threading.current_thread()]


@pytest.mark.parametrize("apart", [True, False])
def test_its_error_is_met_where_it_is_asked_for(apart):
    def broken():
        raise ValueError("no good")

    met = []
    with beside(broken, apart) as answer:
        met.append("before")
        with pytest.raises(ValueError, match="no good"):
            answer()
    assert met == ["before"]


def endless():
    """Work that never ends by itself, and an event that says it has begun."""
    begun = threading.Event()

    def work():
        while True:
            begun.set()
            pulse.beat()

    return work, begun


def test_an_error_of_the_block_stops_the_step_beside_it():
    work, begun = endless()
    with pytest.raises(KeyError), beside(work):
        assert begun.wait(10)
        raise KeyError
    assert not any(t.name == "dgo-ahead" for t in threading.enumerate())


def test_who_waits_for_a_step_can_be_stopped():
    work, begun = endless()

    def stop():
        raise Cancelled

    with pytest.raises(Cancelled), beside(work) as answer:
        assert begun.wait(10)
        with pulse.heard_by(stop):
            answer()
    assert not any(t.name == "dgo-ahead" for t in threading.enumerate())
    assert hands._held == 0 and not hands.holds()


# --- the order of the work, and how many work at once -------------------------------------------
def test_long_work_goes_from_what_one_thread_does_to_what_all_share():
    def alone(_scene):
        """Cannot be divided."""

    def shared(_scene):
        """Can."""

    def spec(name, work=None, divides=0.0):
        return replace(all_indicators()[0], id=name, ahead=work, divides=divides)

    specs = [spec("a", shared, 1.0), spec("b"), spec("c", alone), spec("d", shared, 1.0), spec("e"),
             spec("f", print)]  # fmt: skip
    turns, work = in_turn(specs, {"a", "b", "c", "d", "e"})  # f lacks its inputs: nothing is begun
    assert work == [alone, shared]  # each once
    assert [s.id for s in turns] == ["b", "e", "f", "c", "a", "d"]


def test_figures_are_told_in_their_own_order():
    """Whatever the order of the work: that of the indicators, here and in the checks."""
    told: list[str] = []
    done = assess(a_scene(), factory.profile(), progress=lambda _done, id_: told.append(id_))
    ids = [s.id for s in all_indicators()]
    assert list(done.measurements) == ids and list(done.prepared) == ids
    assert told[-1] == "" and sorted(told[:-1]) == sorted(ids)
    # no roads, so no noise to make; the heat field needs nothing: who rests on it comes last
    late = [s.id for s in all_indicators() if s.ahead is not None and s.id != "traffic_noise"]
    assert {"heat_pet", "cool_places"} <= set(told[-1 - len(late) - 1 : -1])


def test_helpers_wait_for_a_free_hand_and_go_when_it_is_lent(monkeypatch):
    monkeypatch.setattr(hands, "HANDS", 1)
    monkeypatch.setattr(hands, "_PATIENCE", 30.0)
    worked = threading.Event()
    helper = threading.Thread(target=hands.helping, args=(worked.set,))
    with hands.busy(), hands.busy():  # one hand, however often it is said
        helper.start()
        assert not worked.wait(0.2)
        with hands.lent():
            assert not hands.holds()
            assert worked.wait(10)
        assert hands.holds()
    helper.join()
    assert not hands.holds()


def test_nobody_waits_for_ever_for_a_hand(monkeypatch):
    monkeypatch.setattr(hands, "HANDS", 1)
    monkeypatch.setattr(hands, "_PATIENCE", 0.05)
    worked = threading.Event()
    helper = threading.Thread(target=hands.helping, args=(worked.set,))
    with hands.busy():
        helper.start()
        assert worked.wait(10)
    helper.join()


def test_who_waits_for_a_product_lends_its_hand(monkeypatch):
    """The other thread, which makes it, has a helper: with one hand that works only then."""
    monkeypatch.setattr(hands, "HANDS", 2)
    monkeypatch.setattr(hands, "_PATIENCE", 30.0)
    scene, begun = a_scene(), threading.Event()

    def slow(_scene):
        done, other = threading.Event(), threading.Event()
        helpers = [threading.Thread(target=hands.helping, args=(e.set,)) for e in (done, other)]
        begun.set()
        with hands.lent():
            for each in helpers:
                each.start()
            assert done.wait(10) and other.wait(10)
        return "made"

    with started(scene, [lambda s: s.product("slow", slow)]):
        assert hands.holds() and begun.wait(10)
        assert scene.product("slow", slow) == "made"
        assert hands.holds()
    assert not hands.holds()
