"""A thousand random operations: no exception, no leak, no drift from the full run.

The driver is written against what a panel does. ``Session`` drives the live session alone;
``Panel`` the dock that holds one, where there is such a dock.
"""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.structure.screen import available, screen

from .edits import edit
from .plan import INDICATORS, Plan, assert_same, live

OPERATIONS = 1000
COMPARED = 100  # operations between two comparisons with a full run
KINDS = ("live", "stale", "computing", "off")  # which the operations are sure to meet

# operation -> how often, of a hundred or so
CHOICES = {"edit": 52, "context": 8, "ambition": 10, "weight": 6, "off": 4, "mode": 2,
           "back": 4, "take a layer": 2, "bring it back": 4, "subset": 2, "rename": 2, "reload": 1,
           "locale": 2, "hide": 2, "show": 4, "wait": 8, "refresh": 1, "again": 2}  # fmt: skip


class Session:
    """The live session alone."""

    def __init__(self, _window: Any) -> None:
        from dgo_twin_plugin.live.session import LiveSession

        self.session = LiveSession()

    def set_inputs(self, parameters: dict[str, Any]) -> None:
        self.given = parameters
        self.session.set_inputs(parameters)

    def parameters(self) -> dict[str, Any]:
        """What a full run is asked for, to be compared with."""
        return self.given

    def set_mix(self, mix: Any) -> None:
        self.session.set_mix(mix)

    def back(self, on: bool) -> None:
        """Undo (or redo) a move of the mix, where there is a history of them."""

    def came_back(self) -> None:
        """A layer is in the project again."""

    def show(self, on: bool) -> None:
        self.session.set_active(on)

    def close(self) -> None:
        self.session.end()
        assert self.session.connections() == 0
        self.session.deleteLater()


class Panel(Session):
    """The dock: inputs by its form, hidden and shown as a window is, unloaded as a plugin is."""

    def __init__(self, window: Any) -> None:
        from qgis.PyQt.QtCore import Qt

        from dgo_twin_plugin.panel import create_dock

        self.window, self.dock = window, create_dock(window)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        self.dock.show()
        self.session = self.dock.session

    def set_inputs(self, parameters: dict[str, Any]) -> None:
        self.given = parameters
        form, project = self.dock.inputs, self.session.project
        form.design.setLayer(project.mapLayer(parameters["DESIGN"]))
        form.area_types.setLayer(project.mapLayer(parameters["AREA_TYPES"]))
        form.field.setField(parameters["AREA_TYPE_FIELD"])

    def set_mix(self, mix: Any) -> None:
        self.dock.moves.do(lambda _: mix, "test")

    def back(self, on: bool) -> None:
        self.dock.undo() if on else self.dock.redo()

    def came_back(self) -> None:
        self.set_inputs(self.given)  # the form let go of a layer that left

    def parameters(self) -> dict[str, Any]:
        given = self.dock.inputs.parameters()
        return {k: v for k, v in given.items() if k not in ("OUTPUT", "SCENARIO")}

    def show(self, on: bool) -> None:
        self.dock.setVisible(on)
        self.window.process()
        self.session.set_active(on)

    def close(self) -> None:
        self.window.removeDockWidget(self.dock)
        self.dock.deleteLater()


class Operations:
    """The operations, and what they need to know of each other."""

    def __init__(self, plan: Plan, panel: Any, folder: Path, seed: int) -> None:
        self.plan, self.panel, self.folder = plan, panel, folder
        self.chance = random.Random(seed)
        self.project = plan.project
        self.parameters = plan.parameters()
        self.taken: list[Any] = []
        self.reloads = 0
        self.compared = 0
        self.told: list[Any] = []
        self.refused: list[str] = []
        panel.session.state_changed.connect(self._state)

    def _state(self, state: Any) -> None:
        self.told.append(state.kind)
        if state.kind == "failed":
            self.refused.append(state.message)

    def layer(self, name: str) -> Any:
        """A layer of the plan by the name of its attribute, where it is in the project."""
        return self.project.mapLayer(self.ids[name])

    def start(self) -> None:
        names = ("design", "trees", "types", "stops", "risk")
        self.ids = {name: getattr(self.plan, name).id() for name in names}
        for name in names:  # the project owns them; a wrapper of ours would outlive a reload
            delattr(self.plan, name)
        self.panel.set_inputs(self.parameters)

    def step(self) -> str:
        name = self.chance.choices(list(CHOICES), list(CHOICES.values()))[0]
        getattr(self, name.replace(" ", "_"))()
        return name

    # --- the operations -------------------------------------------------------------------
    def edit(self) -> None:
        layer = self.layer("design")
        if layer is not None and not layer.subsetString():
            edit(layer, self.chance)

    def context(self) -> None:
        layer = self.layer(self.chance.choice(("types", "risk", "stops", "trees")))
        if layer is None:
            return
        layer.startEditing()
        fids = sorted(f.id() for f in layer.getFeatures())
        fid = self.chance.choice(fids)
        if layer.id() == self.ids["types"]:
            layer.changeAttributeValue(fid, layer.fields().indexOf("type"),
                                       self.chance.choice(("GT04", "GT05", "GT07")))  # fmt: skip
        else:
            geometry = layer.getFeature(fid).geometry()
            geometry.translate(self.chance.uniform(-20, 20), self.chance.uniform(-20, 20))
            layer.changeGeometry(fid, geometry)
        if self.chance.random() < 0.3:
            assert layer.commitChanges()

    def _mix(self, change: Any) -> None:
        mix = self.panel.session.mix
        if mix is not None:
            self.panel.set_mix(change(mix))

    def ambition(self) -> None:
        name, value = self.chance.choice((("open_water", 12.0), ("green", 35.0)))
        value *= self.chance.uniform(0.5, 2.0)
        scope = self.chance.choice(("all", "GT04"))
        self._mix(lambda mix: mix.with_ambition(scope, name, value))

    def weight(self) -> None:
        name, weight = self.chance.choice(INDICATORS), round(self.chance.uniform(0, 5), 1)
        self._mix(lambda mix: mix.with_weight(name, weight))

    def off(self) -> None:
        name, off = self.chance.choice(INDICATORS[:4]), self.chance.random() < 0.5
        self._mix(lambda mix: mix.with_off(name, off))

    def mode(self) -> None:
        mode = self.chance.choice(("design", "test"))
        self._mix(lambda mix: mix.with_mode(mode))

    def back(self) -> None:
        self.panel.back(self.chance.random() < 0.6)

    def take_a_layer(self) -> None:
        name = self.chance.choice(("design", "types", "stops", "risk"))
        layer = self.layer(name)
        if layer is None:
            return
        if layer.isEditable():
            assert layer.commitChanges()
        self.taken.append(self.project.takeMapLayer(layer))

    def bring_it_back(self) -> None:
        while self.taken:
            self.project.addMapLayer(self.taken.pop())
            self.panel.came_back()

    def subset(self) -> None:
        layer = self.layer("design")
        if layer is not None and not layer.isEditable():
            wanted = "" if layer.subsetString() else "\"function\" <> 'road'"
            assert layer.setSubsetString(wanted)

    def rename(self) -> None:
        layer = self.layer(self.chance.choice(list(self.ids)))
        if layer is not None:
            layer.setName(f"laag {self.chance.randrange(99)}")

    def reload(self) -> None:
        self.bring_it_back()
        for name in self.ids:
            layer = self.layer(name)
            if layer.isEditable():
                assert layer.commitChanges()
        file = str(self.folder / "plan.qgs")
        assert self.project.write(file)
        self.reloads += 1
        if self.layer("design").providerType() == "memory":
            return  # what is in memory does not come back: saving is all that can be done
        self.project.clear()
        assert self.panel.session.assessment is None
        assert self.project.read(file)
        self.panel.set_inputs(self.parameters)

    def locale(self) -> None:
        from dgo_twin_plugin.engine import texts

        texts.set_language("en" if texts.language() == "nl" else "nl")

    def hide(self) -> None:
        self.panel.show(False)

    def show(self) -> None:
        self.panel.show(True)

    def wait(self) -> None:
        live(self.panel.session)

    def refresh(self) -> None:
        self.panel.session.refresh()

    def again(self) -> None:
        self.panel.set_inputs(self.parameters)

    def compare(self) -> None:
        """Everything back in sight; then the numbers are those of a full run."""
        self.bring_it_back()
        self.panel.show(True)
        live(self.panel.session)
        assert_same(self.panel.session, self.panel.parameters())
        self.compared += 1


def to_files(plan: Plan, folder: Path) -> Plan:
    """The plan in GeoPackages, one for each layer: a project can be read again."""
    from qgis.core import QgsVectorFileWriter

    for layer in (plan.design, plan.trees, plan.types, plan.stops, plan.risk):
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.layerName = layer.name()
        file = str(folder / f"{layer.name()}.gpkg")
        QgsVectorFileWriter.writeAsVectorFormatV3(
            layer, file, plan.project.transformContext(), options)  # fmt: skip
        layer.setDataSource(f"{file}|layername={layer.name()}", layer.name(), "ogr")
        assert layer.isValid()
    return plan


def thousand(panel: Any, plan: Plan, folder: Path) -> dict[str, int]:
    """Do them, compare with full runs now and then; gives how often each was done."""
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication

    threads = {thread.name for thread in threading.enumerate()} - {"dgo-live"}
    do = Operations(plan, panel, folder, seed=20261121)
    do.start()
    live(panel.session)
    connections, counted = panel.session.connections(), 0
    done: dict[str, int] = {}
    for count in range(1, OPERATIONS + 1):
        name = do.step()
        done[name] = done.get(name, 0) + 1
        QApplication.processEvents()
        if count % COMPARED == 0:
            do.compare()
            assert panel.session.connections() == connections, count
            own = [t for t in threading.enumerate() if t.name == "dgo-live"]
            counted = max(counted, len(own))
    assert set(done) == set(CHOICES) and do.reloads > 0
    assert do.compared == OPERATIONS // COMPARED
    assert counted == 1
    assert set(KINDS) <= set(do.told)
    # what was refused was refused in words, and nothing was a surprise
    from dgo_twin_plugin.engine.texts import LANGUAGES, text

    surprises = tuple(text("live.unexpected", lang, error="|").split("|")[0] for lang in LANGUAGES)
    assert [said for said in do.refused if said.startswith(surprises)] == []
    panel.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    do.taken.clear()
    gc.collect()
    assert {thread.name for thread in threading.enumerate()} == threads
    return done


@pytest.fixture
def both_languages() -> Iterator[None]:
    from dgo_twin_plugin.engine import texts

    before = texts.language()
    yield
    texts.set_language(before)


def test_a_thousand_operations(qgis_project: Any, tmp_path: Path, both_languages: None,
                               provider: None) -> None:  # fmt: skip
    thousand(Session(None), to_files(Plan(qgis_project), tmp_path), tmp_path)


@pytest.mark.skipif(not available(), reason="no Xvfb here")
def test_a_thousand_operations_in_the_window_of_qgis(tmp_path: Path) -> None:
    """The dock in the real QGIS, on a screen of its own, by its sliders and by its undo. On layers
    in memory: while QGIS draws a GeoPackage and saves it, SQLite now and then cannot open it, and
    a read of anybody, the test's own too, comes back with nothing."""
    program = shutil.which("qgis.bin") or shutil.which("qgis")
    if program is None:
        pytest.skip("no QGIS desktop here")
    profile = tmp_path / "profiles" / "default" / "QGIS"
    profile.mkdir(parents=True)
    (profile / "QGIS3.ini").write_text(
        "[qgis]\ncheckVersion=false\nshowTips=false\nproject\\disableDirtyWarning=true\n"
        "[app]\naskToSaveProjectChanges=false\n"
    )
    (tmp_path / "work").mkdir()
    environment = {k: v for k, v in os.environ.items()
                   if k not in ("QGIS_CUSTOM_CONFIG_PATH", "QGIS_PLUGINPATH")}  # fmt: skip
    script = Path(__file__).with_name("in_the_window.py")
    command = [program, "--nologo", "--noversioncheck", "--profiles-path", str(tmp_path),
               "--profile", "default", "--code", str(script)]  # fmt: skip
    with screen() as display:
        environment.update(DISPLAY=display, QT_QPA_PLATFORM="xcb",
                           DGO_WORK=str(tmp_path / "work"))  # fmt: skip
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=900,
                              capture_output=True, text=True, errors="replace")  # fmt: skip
    result = tmp_path / "work" / "result.json"
    assert result.is_file(), done.stdout[-2000:] + done.stderr[-2000:]
    said = json.loads(result.read_text())
    assert said["error"] == ""
    assert sum(said["done"].values()) == OPERATIONS and set(said["done"]) == set(CHOICES)
    assert said["tool"] and said["active"]  # the tool and the active layer stayed the user's
