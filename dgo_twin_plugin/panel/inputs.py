"""The form on top: what is scored, by which map and profile, and where the result goes.

Nothing is chosen behind the user's back: what is left empty comes from the twin file or from the
roles of the project's layers, by the rules of the algorithm, and the form says what that is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsMapLayer,
    QgsMapLayerProxyModel,
    QgsProcessingUtils,
    QgsProject,
    QgsProviderRegistry,
    QgsVectorLayer,
)
from qgis.gui import QgsFieldComboBox, QgsFileWidget, QgsMapLayerComboBox
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..engine.norms import Profile, shared_profile, shipped_profiles
from ..engine.texts import language, text
from ..engine.twin import DEFAULT_PROFILE, LayerEntry, Twin, load_twin
from ..engine.words import DgoError
from ..layers.properties import FILE_PROPERTY
from ..processing.inputs import TYPE_FIELDS
from ..processing.score_design import Algorithm
from ..project import options
from ..project.roles import ENTRY, KEY, ROLE, SCOPE, project_twin
from ..store.target import is_database
from . import memory
from .widgets.labels import MutedLabel

OTHER = "\x00other"  # the entry of the profile list that opens a file dialog
WIDGETS = {"design": "DESIGN", "area_types": "AREA_TYPES", "profile": "PROFILE",
           "plan_area": "PLAN_AREA", "scenario": "SCENARIO", "field": "AREA_TYPE_FIELD",
           "twin": "TWIN", "output": "OUTPUT"}
MORE = ("field", "twin", "output")  # seldom touched: behind a fold of their own


class Inputs(QWidget):
    """The form. ``changed`` names what the user (not the program) changed."""

    changed = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.project = QgsProject.instance()
        self._told: tuple[Any, Twin] | None = None  # what the project said when last asked
        self._files: dict[str, tuple[str, tuple[str, str]]] = {}  # layer -> its source, taken apart
        self._read: tuple[Any, Twin] | None = None  # the twin file, as it was when last asked
        self._words: tuple[str, str] | None = None  # profile and status, of this form
        self._quiet = 0  # above 0 the program itself fills the form
        # before the boxes hear of it themselves: they would quietly go to some other layer
        self.project.layersWillBeRemoved.connect(self._leaving)
        self._make()
        self._lay_out()
        self._connect()
        self.restore()

    # --- making -------------------------------------------------------------------------------
    def _make(self) -> None:
        kinds = QgsMapLayerProxyModel.Filter
        self.design = QgsMapLayerComboBox(self)
        self.design.setFilters(kinds.HasGeometry)
        self.area_types = QgsMapLayerComboBox(self)
        self.area_types.setFilters(kinds.PolygonLayer)
        self.plan_area = QgsMapLayerComboBox(self)
        self.plan_area.setFilters(kinds.PolygonLayer)
        for box in (self.design, self.area_types):
            box.setAllowEmptyLayer(True, text("panel.from_roles"))
        self.plan_area.setAllowEmptyLayer(True, text("mixer.plan_area.empty"))
        self.field = QgsFieldComboBox(self)
        self.field.setAllowEmptyFieldName(True)
        self.twin = QgsFileWidget(self)
        self.twin.setFilter(text("algorithms.yaml_filter"))
        self.twin.setDialogTitle(text("panel.twin"))
        self.output = QgsFileWidget(self)
        self.output.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.output.setConfirmOverwrite(False)  # runs are added, nothing is overwritten
        self.output.setFilter(text("algorithms.gpkg_filter"))
        self.output.setDialogTitle(text("panel.output"))
        self.profile = QComboBox(self)
        self.scenario = QLineEdit(self)
        self.scenario.setPlaceholderText(text("panel.scenario.hint"))
        self.twin.lineEdit().setPlaceholderText(text("panel.twin.hint"))
        self.more = QWidget(self)
        self.more_button = QToolButton(self)
        self.more_button.setText(text("mixer.more_inputs"))
        self.more_button.setToolTip(text("mixer.more_inputs.tip"))
        self.more_button.setAccessibleDescription(text("mixer.more_inputs.tip"))
        self.more_button.setCheckable(True)
        self.more_button.setAutoRaise(True)
        self.more_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.said = MutedLabel(self)
        self._fill_profiles("")

    def _lay_out(self) -> None:
        form, more = QFormLayout(), QFormLayout(self.more)
        for each in (form, more):
            each.setContentsMargins(0, 2, 0, 2)
            each.setHorizontalSpacing(8)
            each.setVerticalSpacing(5)
            each.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        algorithm = Algorithm()  # its own explanation of each parameter
        labels = {name: QLabel(text(_label(name)), self) for name in WIDGETS}
        width = max(label.sizeHint().width() for label in labels.values())
        for name, label in labels.items():
            widget = getattr(self, name)
            label.setMinimumWidth(width)  # one column, also across the fold
            tip = algorithm.label(f"{WIDGETS[name]}.help")
            label.setToolTip(tip)
            widget.setToolTip(tip)
            widget.setAccessibleName(text(_label(name)))
            widget.setAccessibleDescription(tip)
            widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            widget.setMinimumWidth(90)
            label.setBuddy(widget)
            if isinstance(widget, QgsFileWidget):
                widget.lineEdit().setAccessibleName(text(_label(name)))
            if isinstance(widget, QComboBox):
                widget.setMinimumContentsLength(6)
                widget.setSizeAdjustPolicy(
                    QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            (more if name in MORE else form).addRow(label, widget)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(2)
        whole.addLayout(form)
        whole.addWidget(self.more_button)
        whole.addWidget(self.more)
        whole.addWidget(self.said)
        self._unfold(False)

    def _unfold(self, opened: bool) -> None:
        """Show what is seldom touched, or fold it away."""
        self.more.setVisible(opened)
        self.more_button.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)

    def _connect(self) -> None:
        self.design.layerChanged.connect(lambda _: self._user("design"))
        self.area_types.layerChanged.connect(self._map_changed)
        self.plan_area.layerChanged.connect(lambda _: self._user("plan_area"))
        self.more_button.toggled.connect(self._unfold)
        self.field.fieldChanged.connect(lambda _: self._user("field"))
        self.twin.fileChanged.connect(lambda _: self._user("twin"))
        self.output.fileChanged.connect(lambda _: self._user("output"))
        self.scenario.textEdited.connect(lambda _: self._user("scenario"))
        self.profile.activated.connect(self._profile_activated)
        project = self.project
        project.cleared.connect(self.restore)
        project.readProject.connect(self.restore)
        project.writeProject.connect(self._stored)
        project.layersAdded.connect(self._arrived)

    def end(self) -> None:
        """Hear nothing more from the project."""
        project = self.project
        project.cleared.disconnect(self.restore)
        project.readProject.disconnect(self.restore)
        project.writeProject.disconnect(self._stored)
        project.layersWillBeRemoved.disconnect(self._leaving)
        project.layersAdded.disconnect(self._arrived)

    # --- the project ----------------------------------------------------------------------------
    def _stored(self, *_: Any) -> None:
        """While the project is saved: files become relative to where it is saved now."""
        for name in memory.NAMES:
            kept = memory.recall(self.project, name)
            if kept is not None:
                memory.remember(self.project, name, self.value(name))

    def _leaving(self, ids: list[str]) -> None:
        """A chosen layer goes: the choice becomes empty, never some other layer. What the project
        remembers stays as it is: a project that is cleared must not be written to."""
        self._quiet += 1
        try:
            for box in self._boxes():
                layer = box.currentLayer()
                if layer is not None and layer.id() in ids:
                    _pick(box, None)
        finally:
            self._quiet -= 1
        self.changed.emit("design")

    def _arrived(self, _layers: list[QgsMapLayer]) -> None:
        self._except_results()
        if not self._quiet:
            self._quiet += 1
            try:
                self._defaults()
            finally:
                self._quiet -= 1
            self.changed.emit("")

    def _boxes(self) -> tuple[QgsMapLayerComboBox, ...]:
        return self.design, self.area_types, self.plan_area

    def _except_results(self) -> None:
        """Results are no input of the next run."""
        own = [layer for layer in self.project.mapLayers().values()
               if layer.customProperty(FILE_PROPERTY)]  # fmt: skip
        for box in self._boxes():
            chosen = box.currentLayer()
            box.setExceptedLayerList(own)
            _pick(box, chosen)

    def restore(self, *_: Any) -> None:
        """Fill the form with what the project remembers, else with what the roles say."""
        self._quiet += 1
        try:
            self._except_results()
            for name in memory.NAMES:
                self._set(name, memory.recall(self.project, name) or "")
            self._defaults()
        finally:
            self._quiet -= 1
        self.changed.emit("")

    def _defaults(self) -> None:
        """Layers found by role, where the user chose none."""
        kept = self._project_twin()
        for name, entries in (("design", kept.design),
                              ("area_types", (kept.area_types,) if kept.area_types else ()),
                              ("plan_area", (kept.plan_area,) if kept.plan_area else ())):
            if memory.recall(self.project, name) is None and len(entries) == 1:
                layer = self._layer(entries[0], kept)
                if layer is not None and not layer.customProperty(FILE_PROPERTY):
                    getattr(self, name).setLayer(layer)
        if memory.recall(self.project, "field") is None:
            self._default_field()

    def _default_field(self) -> None:
        layer = self.area_types.currentLayer()
        self.field.setLayer(layer)
        if layer is None:
            return
        entry = self._project_twin().area_types
        wanted = [entry.type.lower()] if entry is not None and entry.type else []
        names = {f.name().lower(): f.name() for f in layer.fields()}
        self.field.setField(next((names[n] for n in (*wanted, *TYPE_FIELDS) if n in names), ""))

    def _project_twin(self) -> Twin:
        """What project and layers say; read again only where they say something else."""
        marked = sorted((key, str(layer.customProperty(ROLE)), str(layer.customProperty(ENTRY)))
                        for key, layer in self.project.mapLayers().items()
                        if layer.customProperty(ROLE))  # fmt: skip
        said = (self.project.readEntry(SCOPE, KEY, "")[0], self.project.absolutePath(), marked)
        if self._told is None or self._told[0] != said:
            try:
                self._told = said, project_twin(self.project)
            except DgoError:  # the run says what is wrong with it
                self._told = said, Twin()
        return self._told[1]

    # --- values -----------------------------------------------------------------------------
    def value(self, name: str) -> str:
        """A choice as text: layer id, field, path, profile, scenario; '' = none."""
        widget = getattr(self, name)
        if name in memory.LAYERS:
            layer = widget.currentLayer()
            return layer.id() if layer is not None else ""
        if name == "field":
            return str(widget.currentField())
        if name in memory.FILES:
            return str(widget.filePath()).strip()
        if name == "profile":
            return str(widget.currentData() or "")
        return str(widget.text()).strip()

    def _set(self, name: str, value: str) -> None:
        widget = getattr(self, name)
        if name in memory.LAYERS:
            _pick(widget, self.project.mapLayer(value) if value else None)
        elif name == "field":
            widget.setLayer(self.area_types.currentLayer())
            widget.setField(value)
        elif name in memory.FILES:
            widget.setFilePath(value)
        elif name == "profile":
            self._fill_profiles(value)
        else:
            widget.setText(value)

    def _user(self, name: str) -> None:
        """Somebody changed something: keep it, unless the program did it itself."""
        if self._quiet:
            return
        memory.remember(self.project, name, self.value(name))
        self.changed.emit(name)

    def _map_changed(self, layer: QgsMapLayer | None) -> None:
        if self._quiet:
            self.field.setLayer(layer)
            return
        self._quiet += 1
        try:
            self._default_field()
        finally:
            self._quiet -= 1
        memory.remember(self.project, "field", self.value("field"))
        self._user("area_types")

    def _fill_profiles(self, chosen: str) -> None:
        self.profile.clear()
        self.profile.addItem(text("panel.profile.default"), "")
        for name in shipped_profiles():
            try:
                title = shared_profile(name).title.get(language(), name)
            except DgoError:
                title = name
            self.profile.addItem(title, name)
        if chosen and self.profile.findData(chosen) < 0:
            self.profile.addItem(Path(chosen).name, chosen)
        self.profile.addItem(text("panel.profile.other"), OTHER)
        self.profile.setCurrentIndex(self.profile.findData(chosen))

    def _profile_activated(self, _index: int) -> None:
        if self.profile.currentData() == OTHER:
            before = memory.recall(self.project, "profile") or ""
            path, _ = QFileDialog.getOpenFileName(self, text("panel.profile"), before,
                                                  text("algorithms.yaml_filter"))  # fmt: skip
            self._fill_profiles(path or before)
            if not path:
                return
        self._user("profile")

    # --- what a run gets ------------------------------------------------------------------------
    def default_output(self) -> tuple[str, bool]:
        """Where results go if nothing is chosen, and whether that is only for now."""
        file = self.project.absoluteFilePath()
        if file:
            path = Path(file)
            return str(path.with_name(f"{path.stem}_dgo.gpkg")), False
        return str(Path(QgsProcessingUtils.tempFolder()) / "dgo.gpkg"), True

    def results_file(self) -> str:
        """The GeoPackage that a run adds to."""
        chosen = self.value("output")
        if not chosen:
            return self.default_output()[0]
        return chosen if is_database(chosen) or Path(chosen).suffix else f"{chosen}.gpkg"

    def parameters(self) -> dict[str, Any]:
        """Parameters of ``dgo:scoredesign``; what is empty is left out."""
        made = {key: self.value(name) for name, key in WIDGETS.items() if self.value(name)}
        if "PROFILE" not in made and self._own_profile():
            made["PROFILE"] = self._own_profile()
        made["OUTPUT"] = self.results_file()
        if "AREA_TYPES" not in made:
            made.pop("AREA_TYPE_FIELD", None)
        return made

    def _own_profile(self) -> str:
        """The profile of the settings, where neither twin nor project names one."""
        try:
            twin = self.twin_file() or self._project_twin()
        except DgoError:
            return ""
        return "" if twin.profile else str(options.get(options.PROFILE))

    def twin_file(self) -> Twin | None:
        """The twin file that is chosen. Raises DgoError where it cannot be read."""
        path = self.value("twin")
        if not path:
            return None
        try:  # asked for several times per change of the form, and on every look at the state
            content = Path(path).read_bytes()
        except OSError:
            return load_twin(path, check_files=False)  # says what is wrong with it
        if self._read is None or self._read[0] != (path, content):
            self._read = (path, content), load_twin(path, check_files=False)
        return self._read[1]

    def chosen_profile(self) -> tuple[str, str]:
        """The profile that a run would take, and whether anybody adopted it; where it cannot be
        read, why. Read once per change of the form: the state line asks often."""
        if self._words is None:
            try:
                twin = self.twin_file() or self._project_twin()
                profile = shared_profile(self.value("profile") or twin.profile
                                         or options.get(options.PROFILE) or DEFAULT_PROFILE)
                self._words = profile_words(profile)
            except DgoError as error:
                self._words = text(error.message), text("results.proposal")
        return self._words

    def explain(self) -> None:
        """Say what the form's empty fields stand for, and what is wrong with the twin file."""
        self._words = self._read = None  # what the twin file names may have changed as well
        lines = []
        try:
            twin = self.twin_file()
        except DgoError as error:
            twin = None
            lines.append(text(error.message))
        kept = twin or self._project_twin()
        if twin is not None or kept.design or kept.context:
            lines.append(text("panel.said.twin" if twin else "panel.said.roles",
                              design=len(kept.design), context=len(kept.context)))  # fmt: skip
        default, passing = self.default_output()
        self.output.lineEdit().setPlaceholderText(Path(default).name)
        if not self.value("output"):
            lines.append(text("panel.said.temporary" if passing else "panel.said.beside",
                              file=Path(default).name))  # fmt: skip
        self.said.setText("\n".join(lines))

    def brief(self) -> str:
        """The form in a few words, for when it is folded."""
        twin = self.value("twin")
        layer = self.design.currentLayer()
        if layer is not None:
            design = layer.name()
        elif twin:
            design = Path(twin).name
        else:
            n = len(self._project_twin().design)
            design = text("mixer.brief.design", n=n) if n > 1 else ""
        kinds = self.area_types.currentLayer()
        profile = self.value("profile")
        parts = [self.value("scenario"), design, kinds.name() if kinds is not None else "",
                 self.profile.currentText() if profile else ""]  # fmt: skip
        return " · ".join(part for part in parts if part)

    def filled(self) -> bool:
        """Whether there is enough to assess: a design and a map of area types, chosen here, in a
        twin file or by role."""
        try:
            twin = self.twin_file() or self._project_twin()
        except DgoError:
            return False
        return bool((self.value("design") or twin.design)
                    and (self.value("area_types") or twin.area_types))  # fmt: skip

    # --- layers that take part ----------------------------------------------------------------
    def _layer(self, entry: LayerEntry, twin: Twin) -> QgsVectorLayer | None:
        """The project's layer that an entry of a twin means; None where it is elsewhere."""
        layer = self.project.mapLayer(entry.layer) or next(
            iter(self.project.mapLayersByName(entry.layer)), None)  # fmt: skip
        if layer is None:
            file, _, name = entry.layer.partition("|")
            wanted = _resolved((twin.folder or Path()) / file)
            name = name.replace("layername=", "")
            here = self._sources()
            layer = next((one for one, (path, inside) in here if path and path == wanted
                          and (not name or inside in (name, None, ""))), None)  # fmt: skip
        return layer if isinstance(layer, QgsVectorLayer) else None

    def _sources(self) -> list[tuple[QgsMapLayer, tuple[str, str]]]:
        """The layers of the project with file and table: asked once per layer and source, for a
        twin may name dozens of files."""
        found = []
        for key, layer in self.project.mapLayers().items():
            source = layer.source()
            known = self._files.get(key)
            if known is None or known[0] != source:
                known = self._files[key] = (source, _source(layer))
            found.append((layer, known[1]))
        return found

    def layers(self) -> list[QgsVectorLayer]:
        """The project's layers that a run reads: chosen, named by the twin, or with a role."""
        found = [box.currentLayer() for box in self._boxes()]
        found += [one for one in self.project.mapLayers().values() if one.customProperty(ROLE)]
        try:
            twins = [self._project_twin(), self.twin_file() or Twin()]
        except DgoError:
            twins = [self._project_twin()]
        for twin in twins:
            entries = [*twin.design, twin.area_types, twin.plan_area,
                       *(e for group in twin.context.values() for e in group)]
            found += [self._layer(entry, twin) for entry in entries if entry is not None]
        return [one for one in {layer.id(): layer for layer in found if layer is not None}.values()
                if isinstance(one, QgsVectorLayer)]  # fmt: skip


def profile_words(profile: Profile) -> tuple[str, str]:
    """The title of a profile, and whether anybody adopted it."""
    status = text("results.proposal")
    if profile.status == "adopted" and profile.adopted_by and profile.adopted_on:
        status = text("results.adopted", by=profile.adopted_by, on=str(profile.adopted_on))
    return profile.title.get(language(), profile.id), status


def _label(name: str) -> str:
    """The key of the label of a field of the form."""
    return "mixer.plan_area" if name == "plan_area" else f"panel.{name}"


def _pick(box: QgsMapLayerComboBox, layer: QgsMapLayer | None) -> None:
    """Choose a layer, or the entry that stands for none; never leave the box without a choice."""
    box.setLayer(layer)
    if box.currentIndex() < 0:
        box.setCurrentIndex(0)


def _source(layer: QgsMapLayer) -> tuple[str, str]:
    """(file, table) that a layer stands in; ('', '') where that is no file."""
    provider = layer.providerType() if hasattr(layer, "providerType") else ""
    parts = QgsProviderRegistry.instance().decodeUri(provider, layer.source())
    path = parts.get("path")
    return (_resolved(Path(path)) if path else "", parts.get("layerName") or "")


def _resolved(file: Path) -> str:
    try:
        return str(file.resolve())
    except OSError:
        return ""
