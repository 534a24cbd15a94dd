"""Models that run beside the rest: each product once, errors told, and a run that stops."""

from __future__ import annotations

import threading

import pytest

from dgo_twin_plugin.engine import pulse
from dgo_twin_plugin.engine.ahead import started
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
