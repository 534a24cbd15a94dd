"""The shelf of states in a project, and the window that compares them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dgo_twin_plugin.engine.assessment import assess
from tests.engine import factory


@pytest.fixture(scope="module")
def assessed() -> tuple[Any, Any]:
    """A plan before and after a meadow was dug away for water."""

    def plan(*surfaces: Any) -> Any:
        scene = factory.scene(zones=[("GT04", factory.box(0, 0, 100, 100))], surfaces=[
            ("dwelling", factory.box(10, 10, 30, 30), {"dwellings": 10}), *surfaces])  # fmt: skip
        return assess(scene, factory.profile(), ["green", "open_water"], None, None)

    return (plan(("grass", factory.box(40, 10, 90, 90))),
            plan(("grass", factory.box(70, 10, 90, 90)), ("water", factory.box(40, 10, 70, 90))))


@pytest.fixture
def shelf(qgis_project: Any, language: str) -> Iterator[Any]:
    from dgo_twin_plugin.panel.compare_shelf import StateShelf

    made = StateShelf()
    yield made
    made.end()


@pytest.fixture
def dialog(shelf: Any, window: Any) -> Iterator[Any]:
    from qgis.PyQt import sip
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication

    from dgo_twin_plugin.panel.compare import CompareDialog

    made = CompareDialog(shelf, window.window)
    made.show()
    yield made
    if not sip.isdeleted(made):
        made.reject()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def rows(dialog: Any) -> dict[str, Any]:
    """What the table shows, in its order."""
    found = {}
    for at in range(dialog.filter.rowCount()):
        source = dialog.filter.mapToSource(dialog.filter.index(at, 0))
        line = dialog.model.lines[source.row()]
        found[line.difference.key] = line
    return found


def test_states_are_kept_in_the_project_and_come_back(shelf: Any, assessed: Any, qgis_project: Any,
                                                      tmp_path: Path) -> None:  # fmt: skip
    from dgo_twin_plugin.engine.mix import Mix
    from dgo_twin_plugin.panel.compare_shelf import StateShelf

    shelf.set_present(assessed[0], Mix({}, {"green": 2.0}, {}, frozenset(), frozenset()), "A")
    qgis_project.setDirty(False)
    kept = shelf.keep("Eerste schets")
    assert qgis_project.isDirty() and "green" in kept.mix
    shelf.set_ghost(kept)
    file = str(tmp_path / "plan.qgz")
    assert qgis_project.write(file)
    qgis_project.clear()
    assert shelf.states == [] and shelf.former is None and not shelf.has_present
    assert qgis_project.read(file)
    assert shelf.states == [kept] and shelf.former == kept
    assert not qgis_project.isDirty()  # reading does not write
    other = StateShelf()
    assert other.states == [kept]
    other.end()


def test_names_and_deleting(shelf: Any, assessed: Any, qgis_project: Any) -> None:
    shelf.set_present(assessed[0])
    first, second = shelf.keep("A"), shelf.keep("A")
    assert [s.name for s in shelf.states] == ["A", "A (2)"]
    shelf.set_ghost(second)
    made = shelf.rename(second, "a")
    assert made.name == "a (2)" and shelf.former is made  # the ghost goes with it
    shelf.delete(made)
    assert shelf.former is None and shelf.states == [first]
    shelf.delete(first)
    assert qgis_project.readEntry("dgo_twin", "states", "")[0] == ""
    with pytest.raises(Exception, match="cijfers"):
        shelf.restore()
        shelf.keep("B")


def test_what_cannot_be_read_is_not_lost(shelf: Any, assessed: Any, qgis_project: Any) -> None:
    qgis_project.writeEntry("dgo_twin", "states", "{broken")
    shelf.restore()
    assert shelf.problem is not None and shelf.states == []
    assert qgis_project.readEntry("dgo_twin", "states", "")[0] == "{broken"
    shelf.set_present(assessed[0])
    shelf.keep("A")
    assert qgis_project.readEntry("dgo_twin", "damaged/states", "")[0] == "{broken"
    shelf.restore()
    assert [s.name for s in shelf.states] == ["A"] and shelf.problem is None


def test_the_ghost_fits_the_rows(shelf: Any, assessed: Any) -> None:
    from dgo_twin_plugin.engine.mix import Mix
    from dgo_twin_plugin.engine.row_view import row_views

    before, now = assessed
    mix = Mix({}, {}, {}, frozenset(), frozenset())
    shelf.set_present(before)
    shelf.set_ghost(shelf.keep("toen"))
    shelf.set_present(now)
    for scope, zone in (("all", 0), ("GT04", 0), ("zone 1", 0), ("all", 1)):
        views = row_views(now, mix, scope, zone, shelf.ghost(scope, zone))
        direct = row_views(now, mix, scope, zone, before)
        assert [v.former_mark for v in views] == pytest.approx([v.former_mark for v in direct])
        assert [v.former for v in views] == pytest.approx([v.former for v in direct], rel=1e-6)
        assert any(v.former_mark is not None for v in views)


def test_the_table_says_what_moved(shelf: Any, dialog: Any, assessed: Any) -> None:
    assert dialog.empty.isVisibleTo(dialog) and not dialog.keep.isEnabled()
    shelf.set_present(assessed[0])
    dialog.ask_name = lambda title, name: "toen"
    dialog.keep.click()
    assert dialog.before.currentData() == ("kept", "toen")
    shelf.set_present(assessed[1])
    found = rows(dialog)
    assert list(found) == ["open_water", "green"]
    water, green = found["open_water"].difference, found["green"].difference
    assert water.move == "better" and green.move in ("worse", "changed")
    # the plan is what is drawn: 20 x 20 and 50 x 80 m; 30 x 80 of these 4,400 m2 became water
    assert water.amount == pytest.approx(100 * 2400 / 4400, rel=1e-6)
    dialog.only_moved.setChecked(True)
    assert "open_water" in rows(dialog)
    dialog.swap.click()
    assert rows(dialog)["open_water"].difference.move == "worse"


def test_the_same_state_twice_is_no_comparison(shelf: Any, dialog: Any, assessed: Any) -> None:
    shelf.set_present(assessed[0])
    assert dialog.before.currentData() == dialog.now.currentData()
    assert not dialog.table.isVisibleTo(dialog) and not dialog.copy.isEnabled()
    assert "Bewaar de huidige stand" in dialog.counts.text()


def test_sorting_keeps_what_is_missing_behind(dialog: Any) -> None:
    from qgis.PyQt.QtCore import Qt

    from dgo_twin_plugin.engine.compare import Cell, State, differences
    from dgo_twin_plugin.engine.compare_text import lines
    from dgo_twin_plugin.panel.compare_model import MARKS

    names = ("green", "odour", "shade", "canopy")
    one = State("a", cells={(0, n): Cell(1.0, "%", 5.0) for n in names})
    marks = {"green": 6.0, "odour": 4.0, "shade": None, "canopy": 8.0}
    other = State("b", cells={(0, n): Cell(1.0, "%", m) for n, m in marks.items()})
    dialog.model.show_lines(lines(differences(one, other)))
    dialog.table.sortByColumn(MARKS, Qt.SortOrder.AscendingOrder)
    assert list(rows(dialog)) == ["odour", "green", "canopy", "shade"]
    dialog.table.sortByColumn(MARKS, Qt.SortOrder.DescendingOrder)
    assert list(rows(dialog)) == ["canopy", "green", "odour", "shade"]


def test_a_stored_run_is_a_state(shelf: Any, dialog: Any, results: Path, assessed: Any) -> None:
    from dgo_twin_plugin.store import read
    from dgo_twin_plugin.store.runs import list_runs

    run = list_runs(results)[0]
    shelf.set_results_file(str(results))
    dialog._choose(dialog.before, ("run", run["run_id"]))
    dialog.before.activated.emit(dialog.before.currentIndex())
    assert dialog.before.currentData() == ("run", run["run_id"])
    state = dialog.state(dialog.before)
    stored = [r for r in read.rows(results, "scores", run["run_id"]) if r["mark"] is not None]
    assert stored
    for row in stored:
        cell = state.cells[(row["zone_id"], row["indicator"])]
        assert cell.mark == pytest.approx(row["mark"], rel=1e-6)
    dialog.ghost.click()
    assert shelf.former is not None and shelf.ghost()
    # it comes back when the file is known again
    from dgo_twin_plugin.panel.compare_shelf import StateShelf

    other = StateShelf()
    assert other.former is None
    other.set_results_file(str(results))
    assert other.former is not None and other.former.cells == state.cells
    other.end()


def test_copy_and_csv(shelf: Any, dialog: Any, assessed: Any, tmp_path: Path) -> None:
    from qgis.PyQt.QtWidgets import QApplication

    shelf.set_present(assessed[0])
    dialog.ask_name = lambda title, name: "toen"
    dialog.keep.click()
    shelf.set_present(assessed[1])
    dialog.copy.click()
    said = QApplication.clipboard().text()
    assert said.startswith("Plan als geheel: toen") and "I04" in said
    dialog.ask_file = lambda name: str(tmp_path / "uit")
    dialog.csv.click()
    content = (tmp_path / "uit.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf") and b"waarde toen;waarde Huidige stand" in content
    dialog.ask_file = lambda name: str(tmp_path / "bestaat" / "niet.csv")
    dialog.csv.click()
    assert "niet.csv" in dialog.outcome.text() and dialog.outcome._warn


def test_deleting_can_be_undone(shelf: Any, dialog: Any, assessed: Any) -> None:
    shelf.set_present(assessed[0])
    dialog.ask_name = lambda title, name: "toen"
    dialog.keep.click()
    dialog.delete_action.trigger()
    assert shelf.states == []
    dialog.back_action.trigger()
    assert [s.name for s in shelf.states] == ["toen"]


@pytest.mark.parametrize("language", ["en", "nl"], indirect=True)
def test_it_speaks_the_language(dialog: Any, language: str) -> None:
    shown = [dialog.windowTitle(), dialog.keep.text(), dialog.counts.text(), dialog.ghost.text()]
    assert not any("compare." in s or "{" in s for s in shown)
    assert dialog.before.accessibleName() == ("Then" if language == "en" else "Toen")
