"""How the dock opens: at once with head and foot, the rest in steps; closing it half-way, another
project half-way, and what is set half-way. No clock decides anything here: bench/heartbeat.py
measures the stretches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("qgis.core", reason="QGIS is not installed for this Python")
from tests.panel.conftest import docks, wait  # noqa: E402
from tests.panel.mixer_case import case  # noqa: E402


@pytest.fixture
def open_dock(window: Any, language: str) -> Iterator[Callable[[], Any]]:
    """Docks that open in steps."""
    with docks(window) as opened:
        yield opened


def taken(dock: Any, n: int) -> None:
    """Take so many steps of the opening, and no more: what a thread would do is done here."""
    dock.opening._turn.stop()
    for _ in range(n):
        if dock.opening.over:
            return
        aside = dock.opening._next()
        if aside is not None:
            aside(lambda: None)


def steps_of(dock: Any) -> int:
    n = 0
    while not dock.opening.over:
        taken(dock, 1)
        n += 1
    return n


def signals(project: Any) -> list[int]:
    return [project.receivers(getattr(project, name)) for name in
            ("cleared", "readProject", "writeProject", "layersAdded", "layersWillBeRemoved")]


# --- in steps -------------------------------------------------------------------------------------
def test_head_and_foot_are_there_at_once_and_say_that_it_opens(open_dock: Any) -> None:
    from dgo_twin_plugin.engine.texts import text

    dock = open_dock()
    assert dock.head.isVisibleTo(dock) and dock.foot.isVisibleTo(dock)
    assert dock.foot.state.text() == text("mixer.opening")
    assert not dock.head.isEnabled() and not any(b.isEnabled() for b in dock.foot.buttons())
    assert not {"mixer", "inputs", "session", "menu"} & set(dock.__dict__)


def test_the_rest_comes_by_itself_in_more_than_one_slice(open_dock: Any) -> None:
    told: list[bool] = []
    dock = open_dock()
    dock.opened.connect(lambda: told.append(True))
    wait(lambda: told)
    assert dock.opening.over and dock.opening.slices >= 3  # the thread between them, twice
    assert dock.head.isEnabled() and dock.foot.run_button.isEnabled()
    assert not dock.foot.report_button.isEnabled()  # no run is shown
    assert dock.pages.isVisibleTo(dock) and dock.mixer.isVisibleTo(dock)
    assert dock.form.isVisibleTo(dock) and dock.foot.state.text() != ""
    wait(lambda: dock.session.active)  # somebody looks
    assert told == [True]


def test_it_is_cut_in_steps_that_leave_the_window_its_turn(open_dock: Any) -> None:
    assert steps_of(open_dock()) >= 8


def test_nothing_heavy_is_imported_for_head_and_foot() -> None:
    """In a process of its own: this one has everything already."""
    import subprocess
    import sys

    code = ("import sys; import qgis.core, qgis.gui; before = set(sys.modules);"
            "import dgo_twin_plugin.panel.dock;"
            "print([m for m in set(sys.modules) - before if m == 'numpy' or"
            " m.startswith('dgo_twin_plugin') and m.split('.', 1)[-1] in ('engine.norms',"
            " 'engine.twin', 'live.session', 'panel.mixer', 'panel.inputs',"
            " 'processing.inputs')])")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip().splitlines()[-1] == "[]", done.stdout + done.stderr


def test_who_cannot_wait_gets_it_at_once(open_dock: Any, window: Any) -> None:
    dock = open_dock()
    assert dock.mixer.session is dock.session and dock.opening.over
    window.process()
    assert dock.head.isEnabled()
    with pytest.raises(AttributeError):
        _ = dock.no_such_part


def test_who_cannot_wait_is_told_what_stands_in_the_way(open_dock: Any, monkeypatch: Any) -> None:
    from dgo_twin_plugin.engine.words import DgoError
    from dgo_twin_plugin.panel import results_page

    def broken(*_: Any) -> Any:
        raise DgoError("panel.error.unknown")

    monkeypatch.setattr(results_page, "ResultsPage", broken)
    dock = open_dock()
    with pytest.raises(DgoError):
        dock.complete()
    assert dock.opening.over and dock.foot.dot.kind == "failed"
    with pytest.raises(AttributeError):
        _ = dock.mixer


def test_a_step_that_fails_is_told(open_dock: Any, window: Any, monkeypatch: Any) -> None:
    from dgo_twin_plugin.engine.words import DgoError
    from dgo_twin_plugin.panel import guard, results_page

    class Broken:
        def __init__(self, *_: Any) -> None:
            raise DgoError("panel.error.unknown")

    heard: list[str] = []
    others = list(guard.listeners)
    guard.listeners[:] = [lambda error, where: heard.append(str(error))]
    monkeypatch.setattr(results_page, "ResultsPage", Broken)
    try:
        dock = open_dock()
        wait(lambda: dock.opening.over)
        window.process()
    finally:
        guard.listeners[:] = others
    assert len(heard) == 1 and dock.foot.dot.kind == "failed"
    assert "results" not in dock.__dict__ and not dock.head.isEnabled()
    with pytest.raises(AttributeError):
        _ = dock.mixer_that_never_came
    dock.refresh()  # neither these nor its going raise anything
    dock.follow_view()
    window.process()


# --- half-way -------------------------------------------------------------------------------------
@pytest.mark.parametrize("steps", range(11))
def test_closing_it_half_way_is_safe(open_dock: Any, window: Any, qgis_project: Any,
                                     steps: int) -> None:  # fmt: skip
    from qgis.PyQt import sip
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication

    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # windows of other tests
    before = signals(qgis_project)
    dock = open_dock()
    taken(dock, steps)
    dock.hide()
    window.process()
    dock.show()
    window.removeDockWidget(dock)
    dock.close()
    dock.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    window.process()
    assert sip.isdeleted(dock)
    assert signals(qgis_project) == before  # it hears nothing more
    qgis_project.clear()
    window.process()


def test_closing_it_while_the_thread_imports_is_safe(open_dock: Any, window: Any) -> None:
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication

    dock = open_dock()
    wait(lambda: dock.opening._job is not None)
    window.removeDockWidget(dock)
    dock.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    for _ in range(5):
        window.process()


@pytest.mark.parametrize("steps", range(0, 11, 2))
def test_a_project_that_goes_half_way(open_dock: Any, window: Any, qgis_project: Any, steps: int,
                                      tmp_path: Any) -> None:  # fmt: skip
    """What the next project remembers is what the dock shows, whenever it came."""
    from dgo_twin_plugin.engine.mix import Mix
    from dgo_twin_plugin.panel import memory
    from dgo_twin_plugin.project.mix import keep_mix

    qgis_project.clear()
    memory.remember(qgis_project, "scenario", "second")
    keep_mix(qgis_project, Mix().with_weight("green", 3.0))
    file = str(tmp_path / "second.qgs")
    assert qgis_project.write(file)
    qgis_project.clear()
    memory.remember(qgis_project, "scenario", "first")
    dock = open_dock()
    taken(dock, steps)
    qgis_project.clear()
    assert qgis_project.read(file)
    dock.opening.start()
    wait(lambda: dock.opening.over)
    assert dock.inputs.value("scenario") == "second"
    assert dict(dock.moves.mix.weights) == {"green": 3.0}
    assert dock.session.mix in (None, dock.moves.mix)


def test_parameters_and_mix_that_are_there_before_it_is_open_are_honoured(
    open_dock: Any, qgis_project: Any, window: Any, demo: Any
) -> None:
    from dgo_twin_plugin.engine.mix import Mix
    from dgo_twin_plugin.panel import memory
    from dgo_twin_plugin.project.mix import keep_mix

    dock = open_dock()
    taken(dock, 2)
    twin = next(demo.glob("*.yml"))
    memory.remember(qgis_project, "twin", str(twin))
    keep_mix(qgis_project, Mix().with_off("shade"))
    dock.opening.start()
    wait(lambda: dock.opening.over)
    assert dock.inputs.value("twin") == str(twin)
    assert dock._given["TWIN"] == str(twin) and dock.moves.mix.off == {"shade"}
    dock.session.end()


def test_to_work_it_out_once_may_be_asked_before_it_is_open(open_dock: Any) -> None:
    dock = open_dock()
    dock.refresh()
    assert dock._asked and "session" not in dock.__dict__
    wait(lambda: dock.opening.over)
    assert dock._asked  # until numbers come


def test_another_language_half_way(open_dock: Any, window: Any) -> None:
    from dgo_twin_plugin.engine.texts import text

    dock = open_dock()
    taken(dock, 4)
    dock.retranslate("en")
    assert dock.language == "en" and dock.opening.over
    assert dock.head.page_buttons[0].text() == text("mixer.page.mixer", "en")
    window.process()
    assert dock.head.isEnabled() and dock.foot.run_button.isEnabled()


# --- rows in slices -------------------------------------------------------------------------------
def test_rows_come_into_view_together_and_carry_what_was_set_meanwhile(
    open_dock: Any, window: Any, monkeypatch: Any
) -> None:
    from dgo_twin_plugin.panel import mixer_rows
    from tests.panel.test_mixer_memory import anew, differing, state

    monkeypatch.setattr(mixer_rows, "SLICE", 0.0)  # one row per slice
    dock = open_dock()
    dock.complete()
    window.process()
    mixer, rows = dock.mixer, dock.mixer.rows
    mixer._assessed(case())
    assert rows.building and not rows._rows
    while len(rows._rows) < 10:
        rows._slice()
    assert rows.building and not rows.columns.blocks
    views = dict(rows._views)  # a move while a third of the rows is there
    mixer._ambition(views["shade"], 7.0, True)
    mixer._weight(views["odour"], 3.0)
    mixer._switch(views["green"], True)
    mixer.outdate()
    wait(lambda: not rows.building)
    assert rows.slices >= 33 and len(rows.columns.blocks) == len(rows._sections) == 8
    assert rows.rows["green"].view.off and rows.rows["odour"].view.weight == 3.0
    assert rows.rows["shade"].view.ambition_mark == pytest.approx(7.0)
    assert all(row.view.stale for row in rows.rows.values())
    mixer.session.assessment = mixer.assessment
    assert differing(state(mixer), anew(mixer)) == []


def test_other_rows_while_rows_are_made(open_dock: Any, window: Any, monkeypatch: Any) -> None:
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication

    from dgo_twin_plugin.panel import mixer_rows
    from dgo_twin_plugin.panel.mixer_rows import Section

    monkeypatch.setattr(mixer_rows, "SLICE", 0.0)
    dock = open_dock()
    dock.complete()
    whole, part = case(), case()
    part.prepared = {k: v for k, v in part.prepared.items() if k in ("shade", "green", "odour")}
    part.scores = [row for row in part.scores if row.indicator in part.prepared]
    dock.mixer._assessed(whole)
    for _ in range(8):
        dock.mixer.rows._slice()
    dock.mixer._assessed(part)
    assert set(dock.mixer.rows.rows) == {"shade", "green", "odour"}
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert len(dock.mixer.rows.findChildren(Section)) == len(dock.mixer.rows.sections)
    dock.mixer._assessed(whole)
    wait(lambda: not dock.mixer.rows.building)
    assert len(dock.mixer.rows.rows) == 33
    window.process()


# --- profiles that are read once ------------------------------------------------------------------
def test_a_profile_is_read_once_as_long_as_its_files_hold_the_same(tmp_path: Any) -> None:
    import shutil

    from dgo_twin_plugin.engine import resources_path
    from dgo_twin_plugin.engine.norms import load_profile, shared_profile
    from dgo_twin_plugin.engine.words import DgoError

    folder = tmp_path / "own"
    shutil.copytree(resources_path.profiles() / "utrecht-proposal-2026", folder)
    file = folder / "profile.yml"
    first = shared_profile(file)
    assert shared_profile(str(file)) is first and first.hash == load_profile(file).hash
    norm = folder / "norms" / "shade.yml"
    said = norm.read_text(encoding="utf-8")
    norm.write_text(said + "\n", encoding="utf-8")  # another text, the same norms
    again = shared_profile(file)
    assert again is not first and again.hash == first.hash
    norm.write_text("nonsense: [", encoding="utf-8")
    with pytest.raises(DgoError):
        shared_profile(file)
    norm.unlink()
    assert "shade" not in shared_profile(file).indicators
    norm.write_text(said, encoding="utf-8")
    assert shared_profile(file).hash == first.hash
    laid = tmp_path / "laid.yml"
    laid.write_text("base: own/profile.yml\nid: laid\nversion: '1'\n"
                    "title: {nl: a, en: a}\nstatus: proposal\n", encoding="utf-8")  # fmt: skip
    over = shared_profile(laid)
    assert shared_profile(laid) is over
    norm.write_text(said + "\n", encoding="utf-8")
    assert shared_profile(laid) is not over  # its base moved
