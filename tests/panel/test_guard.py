"""Whatever goes wrong in a slot is told in the message bar, kept in the log, and ends there."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qgis.core import Qgis, QgsApplication
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, QThread, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QApplication, QPushButton, QWidget

from dgo_twin_plugin.engine.words import Cancelled, DgoError
from dgo_twin_plugin.panel import guard, log
from dgo_twin_plugin.panel.guard import guarded
from dgo_twin_plugin.project import options

pytestmark = [pytest.mark.usefixtures("language"), pytest.mark.errors_are_told]


@pytest.fixture(autouse=True)
def empty_log(qgis_app: Any) -> Iterator[None]:
    """No log before a test, the shipped settings after it."""
    for path in log.log_file().parent.glob("dgo_twin.log*"):
        path.unlink()
    yield
    for name in options.OPTIONS:
        options.put(name, options.OPTIONS[name].default)


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    """What the guard caught."""
    found: list[Any] = []

    def listen(error: Exception, where: str) -> None:
        found.append((type(error).__name__, where.rpartition(".")[2]))

    guard.listeners.append(listen)
    yield found
    guard.listeners.remove(listen)


class Panel(QWidget):
    """A panel of which every slot goes wrong in its own way."""

    said = pyqtSignal(str, int)

    def __init__(self, iface: Any) -> None:
        super().__init__(iface.mainWindow())
        self.iface = iface
        self.calls: list[Any] = []
        self.button = QPushButton(self)

    @guarded
    def ours(self) -> None:
        raise DgoError("settings.preset.nameless")

    @guarded
    def theirs(self) -> None:
        self.calls.append("theirs")
        raise ZeroDivisionError("division by zero")

    @guarded
    def stopped(self) -> None:
        raise Cancelled

    @guarded
    def good(self, word: str) -> str:
        self.calls.append(word)
        return word.upper()

    @guarded
    def any_number(self, *words: Any) -> None:
        self.calls.append(words)


def shown(window: Any) -> list[str]:
    return [item.text() for item in window.bar.items()]


def test_an_error_of_ours_is_its_sentence(window: Any) -> None:
    panel = Panel(window)
    panel.button.clicked.connect(panel.ours)
    panel.button.click()
    assert shown(window) == ["Geef de eigen stand een naam."]
    (item,) = window.bar.items()
    assert item.level() == Qgis.MessageLevel.Warning
    assert "WARNING" in log.tail() and "Geef de eigen stand een naam." in log.tail()
    panel.button.click()  # it still stands there: not twice
    assert len(shown(window)) == 1


def test_any_other_error_is_told_with_the_log(window: Any, heard: list[Any]) -> None:
    panel = Panel(window)
    panel.button.clicked.connect(panel.theirs)
    panel.button.click()
    panel.button.click()
    assert panel.calls == ["theirs", "theirs"]  # the panel lives on
    (said,) = shown(window)
    assert "ZeroDivisionError: division by zero" in said and str(log.log_file()) in said
    (item,) = window.bar.items()
    assert item.level() == Qgis.MessageLevel.Critical
    (button,) = [b for b in item.findChildren(QPushButton) if b.text() == "Logboek"]
    button.click()
    from dgo_twin_plugin.panel import log_window

    page = log_window._open[0].page.toPlainText()
    assert "Traceback" in page and "Panel.theirs" in page and "ERROR" in page
    log_window.close_log()
    assert heard == [("ZeroDivisionError", "theirs")] * 2


def test_a_cancel_is_no_error(window: Any, heard: list[Any]) -> None:
    Panel(window).stopped()
    assert shown(window) == [] and heard == [] and log.tail() == ""


def test_slots_get_what_they_take(window: Any) -> None:
    """``clicked`` says whether the button is down; a slot that does not want to know may."""
    panel = Panel(window)
    panel.said.connect(panel.good)
    panel.said.connect(panel.any_number)
    panel.said.emit("word", 3)
    assert panel.calls == ["word", ("word", 3)]
    assert panel.good("a") == "A"
    assert panel.good.__name__ == "good"


def test_a_function_may_be_wrapped(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import qgis.utils

    monkeypatch.setattr(qgis.utils, "iface", window)

    def broken(_: int) -> None:
        raise ValueError("no good")

    timer = QTimer()
    timer.timeout.connect(guarded(lambda: broken(1)))
    timer.timeout.emit()
    assert "ValueError: no good" in shown(window)[0]


def test_a_child_finds_the_bar_of_its_window(window: Any) -> None:
    """A row inside the panel has no iface of its own."""

    class Row(QWidget):
        @guarded
        def broken(self) -> None:
            raise KeyError("row")

    panel = Panel(window)
    Row(panel).broken()
    assert "KeyError" in shown(window)[0]


def test_a_deleted_widget_ends_in_the_log_only(window: Any) -> None:
    panel = Panel(window)
    call = panel.theirs
    sip.delete(panel)
    call()  # as a signal that was on its way
    assert shown(window) == []
    assert "ZeroDivisionError" in log.tail() or "has been deleted" in log.tail()


def test_a_deleted_child_is_told(window: Any) -> None:
    class Holder(Panel):
        @guarded
        def ask(self) -> str:
            return str(self.button.text())

    panel = Holder(window)
    sip.delete(panel.button)
    assert panel.ask() is None
    assert "RuntimeError" in shown(window)[0]


def test_without_a_window_there_is_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    import qgis.utils

    monkeypatch.setattr(qgis.utils, "iface", None)

    class Bare:
        @guarded
        def broken(self) -> None:
            raise OSError("gone")

    Bare().broken()
    assert "OSError: gone" in log.tail()


def test_a_bar_that_is_gone_is_no_new_error(window: Any) -> None:
    panel = Panel(window)
    sip.delete(window.bar)
    panel.theirs()
    assert "ZeroDivisionError" in log.tail()


def test_from_a_worker_nothing_touches_the_window(window: Any) -> None:
    panel = Panel(window)

    class Work(QThread):
        def run(self) -> None:
            panel.theirs()

    work = Work()
    work.start()
    assert work.wait(10_000)
    QApplication.processEvents()
    assert shown(window) == [] and "ZeroDivisionError" in log.tail()


def test_wrapping_keeps_nothing_alive(window: Any) -> None:
    """A bound slot that is connected must not hold its owner: layers hang on it."""

    class Owner(QObject):
        @guarded
        def slot(self) -> None:
            pass

    import weakref

    owner = Owner()
    button = QPushButton()
    button.clicked.connect(owner.slot)
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None


# --- the log ------------------------------------------------------------------------------------
def test_the_log_stands_in_the_profile() -> None:
    assert log.log_file().is_relative_to(Path(QgsApplication.qgisSettingsDirPath()))


def test_the_level_decides_what_is_written() -> None:
    for level, expected in (("error", 1), ("warning", 2), ("info", 3), ("debug", 4)):
        options.put(options.LOG_LEVEL, level)
        for path in log.log_file().parent.glob("dgo_twin.log*"):
            path.unlink()
        for name in options.LEVELS:
            log.write(name, f"an entry of {name}")
        assert log.tail().count("an entry of") == expected


def test_the_log_rolls_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries of 100 signs and more in files of at most 1,000: never more than three files."""
    monkeypatch.setattr(log, "MOST", 1000)
    for number in range(60):
        log.write("info", f"entry {number:03} " + "x" * 80)
    files = sorted(log.log_file().parent.glob("dgo_twin.log*"))
    assert [f.name for f in files] == ["dgo_twin.log", "dgo_twin.log.1", "dgo_twin.log.2"]
    assert all(f.stat().st_size <= 1000 for f in files)
    assert "entry 059" in log.tail() and "entry 000" not in "".join(
        f.read_text("utf-8") for f in files)  # fmt: skip


def test_the_log_keeps_no_passwords() -> None:
    log.write("error", "PG:dbname=x password=geheim", "trace: password='ge heim'")
    assert "geheim" not in log.tail() and "ge heim" not in log.tail()
    assert "dbname=x" in log.tail()


def test_a_log_that_cannot_be_written_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(log, "log_file", lambda: tmp_path / "file" / "dgo_twin.log")
    log.write("error", "no room")
    assert log.tail() == ""


def test_the_window_of_the_log(window: Any) -> None:
    from dgo_twin_plugin.panel import log_window

    log.write("warning", "iets bijzonders")
    shown = log_window.show_log(window)
    assert log_window.show_log(window) is shown  # one at a time
    assert "iets bijzonders" in shown.page.toPlainText()
    shown.copy.click()
    assert "iets bijzonders" in QApplication.clipboard().text()
    opened: list[Any] = []
    shown.open_url = lambda url: opened.append(Path(url.toLocalFile()))
    shown.folder.click()
    assert opened == [log.log_file().parent]
    shown.shut.click()
    assert not shown.isVisible()
    log_window.close_log()
