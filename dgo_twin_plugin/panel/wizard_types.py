"""Step 3 of the start of a plan: the area types that are proposed, and another choice."""

from __future__ import annotations

from typing import Any

import yaml
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsGeometry,
    QgsMapLayerProxyModel,
    QgsProject,
    QgsVectorLayer,
)
from qgis.gui import QgsFieldComboBox, QgsMapLayerComboBox
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QHeaderView,
    QRadioButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..engine.norms import Profile, load_profile
from ..engine.texts import language, number, text
from ..engine.twin import DEFAULT_PROFILE, LayerEntry, Twin
from ..engine.words import DgoError
from ..layers.plane import choose_plane
from ..layers.read import open_entry, snapshot
from ..processing.inputs import TYPE_FIELDS
from ..processing.start_children import available
from ..project import start
from .summary import MutedLabel

MAP, PROPOSE, ONE = "map", "propose", "one"
MOST = 300  # words of a map that are shown


class TypesStep(QWidget):
    """A map, a proposal from what is built, or one type for all; per word of the map another
    type can be chosen."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.twin = Twin()
        self.area: start.Area | None = None
        self.profile: Profile = load_profile(DEFAULT_PROFILE)
        self.how = {key: QRadioButton(text(f"wizard.types.{key}"), self)
                    for key in (MAP, PROPOSE, ONE)}  # fmt: skip
        group = QButtonGroup(self)
        for button in self.how.values():
            group.addButton(button)
        self.layer = QgsMapLayerComboBox(self)
        self.layer.setFilters(QgsMapLayerProxyModel.Filter.PolygonLayer)
        self.layer.setAllowEmptyLayer(True, text("wizard.types.from_roles"))
        self.field = QgsFieldComboBox(self)
        self.blocks = QgsMapLayerComboBox(self)
        self.blocks.setFilters(QgsMapLayerProxyModel.Filter.PolygonLayer)
        self.blocks.setAllowEmptyLayer(True, text("wizard.types.whole"))
        self.one = QComboBox(self)
        self.table = QTreeWidget(self)
        self.table.setHeaderLabels([text(f"wizard.types.{k}") for k in ("word", "area", "choice")])
        self.table.setRootIsDecorated(False)
        self.table.setAccessibleName(text("wizard.types.table"))
        self.table.setMinimumHeight(130)
        header = self.table.header()
        for column, mode in enumerate((QHeaderView.ResizeMode.Stretch,
                                       QHeaderView.ResizeMode.ResizeToContents,
                                       QHeaderView.ResizeMode.Fixed)):  # fmt: skip
            header.setSectionResizeMode(column, mode)
        header.setStretchLastSection(False)
        header.resizeSection(2, 17 * self.fontMetrics().averageCharWidth() + 110)
        self.said = MutedLabel(self)
        self.forms: dict[str, QWidget] = {}  # fields of a way, shown where it is chosen
        self._fill_types()
        self._lay_out()
        for button in self.how.values():
            button.toggled.connect(self._refresh)
        for choice in (self.layer, self.blocks):
            choice.setLayer(None)
            choice.setCurrentIndex(0)  # the entry that stands for none
        self.layer.layerChanged.connect(self._layer_chosen)
        self.field.fieldChanged.connect(lambda _: self._fill())
        self.one.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.blocks.layerChanged.connect(lambda _: self.changed.emit())
        self.how[ONE].setChecked(True)
        self._touched = False
        for button in self.how.values():
            button.clicked.connect(self._by_hand)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for key, fields in ((MAP, (("layer", self.layer), ("field", self.field))),
                            (PROPOSE, (("blocks", self.blocks),)), (ONE, (("type", self.one),))):
            column.addWidget(self.how[key])
            self.forms[key] = QWidget(self)
            form = QFormLayout(self.forms[key])
            form.setContentsMargins(22, 0, 0, 4)
            for name, widget in fields:
                label = text(f"wizard.types.{name}")
                widget.setAccessibleName(label)
                form.addRow(label, widget)
            column.addWidget(self.forms[key])
            if key == MAP:
                column.addWidget(self.table, 1)
        column.addWidget(self.said)
        column.addStretch(0)

    def _types(self) -> list[tuple[str, str]]:
        lang = language()
        types = self.profile.area_types.values()
        return [(t.id, f"{t.id} {t.name.get(lang, t.id)}") for t in types]

    def _fill_types(self) -> None:
        chosen = self.one.currentData()
        self.one.clear()
        self.one.addItem(text("wizard.types.later"), "")
        for id_, label in self._types():
            self.one.addItem(label, id_)
        self.one.setCurrentIndex(max(0, self.one.findData(chosen)))

    def _by_hand(self) -> None:
        self._touched = True

    # --- coming from the steps before -------------------------------------------------------------
    def show_for(self, twin: Twin, shape: Any, crs: QgsCoordinateReferenceSystem,
                 has_current: bool) -> None:  # fmt: skip
        """Look again with what the steps before know."""
        self.twin = twin
        try:
            self.profile = load_profile(twin.profile or DEFAULT_PROFILE)
        except DgoError:
            self.profile = load_profile(DEFAULT_PROFILE)
        self._fill_types()
        self.area = None
        if shape is not None:
            project = QgsProject.instance()
            transforms = project.transformContext()
            plane = choose_plane(crs, shape.boundingBox(), project.crs(), transforms)
            moved = QgsGeometry(shape)
            moved.transform(QgsCoordinateTransform(crs, plane.crs, transforms))
            self.area = start.Area(moved, plane, transforms)
        can = available("classifyareas") and has_current
        self.how[PROPOSE].setEnabled(can)
        if not self._touched or (self.kind() == PROPOSE and not can):
            best = MAP if twin.area_types is not None else PROPOSE if can else ONE
            self.how[best].setChecked(True)
        self._fill()

    def kind(self) -> str:
        """map, propose or one."""
        return next(key for key, button in self.how.items() if button.isChecked())

    def _layer_chosen(self, layer: Any) -> None:
        self.field.setLayer(layer)
        if layer is not None:
            names = {f.name().lower(): f.name() for f in layer.fields()}
            self.field.setField(next((names[n] for n in TYPE_FIELDS if n in names), ""))
            self.how[MAP].setChecked(True)
            self._touched = True
        self._fill()

    def _refresh(self, *_: Any) -> None:
        kind = self.kind()
        for key, form in self.forms.items():
            form.setVisible(key == kind)
        self.field.setEnabled(self.layer.currentLayer() is not None)
        self.table.setVisible(kind == MAP)
        self._fill()

    # --- the words of the map ---------------------------------------------------------------------
    def _map(self) -> tuple[QgsVectorLayer | None, str, LayerEntry | None]:
        """The map, its field and how the twin reads it."""
        layer = self.layer.currentLayer()
        if layer is not None:
            return layer, str(self.field.currentField()), None
        entry = self.twin.area_types
        if entry is None:
            return None, "", None
        project = QgsProject.instance()
        try:
            found = open_entry(entry.layer, self.twin.folder, project, project.transformContext())
        except DgoError as error:
            self.said.setText(text(error.message))
            return None, "", None
        if not isinstance(found, QgsVectorLayer):
            return None, "", None
        names = {f.name().lower(): f.name() for f in found.fields()}
        wanted = (entry.type, *TYPE_FIELDS)
        return found, next((names[n.lower()] for n in wanted if n.lower() in names), ""), entry

    def _fill(self) -> None:
        """A row per word of the map inside the plan area, with a list to choose another type."""
        kept = self.overrule()
        self.table.clear()
        self.said.setText(text("wizard.types.propose_said") if self.kind() == PROPOSE else
                          text("wizard.types.one_said") if self.kind() == ONE else "")  # fmt: skip
        if self.kind() == MAP:
            layer, column, entry = self._map()
            if layer is None:
                self.said.setText(self.said.text() or text("wizard.types.no_map"))
            elif not column:
                self.said.setText(text("wizard.types.no_field"))
            elif self.area is not None:
                self._rows(layer, column, entry, kept)
        self.changed.emit()

    def _rows(self, layer: QgsVectorLayer, column: str, entry: LayerEntry | None,
              kept: dict[str, str]) -> None:  # fmt: skip
        assert self.area is not None
        try:
            found = start.types_of_map(snapshot(layer), column, entry, self.area, self.profile, {},
                                       lambda: None)  # fmt: skip
        except DgoError as error:
            self.said.setText(text(error.message))
            return
        words: dict[str, tuple[str, float]] = {}
        for each in found:
            words[each.origin] = (each.type, words.get(each.origin, ("", 0.0))[1]
                                  + each.geometry.area())  # fmt: skip
        labels = dict(self._types())
        shown = sorted(words.items(), key=lambda item: -item[1][1])[:MOST]
        for word, (type_, area) in shown:
            item = QTreeWidgetItem(self.table, [
                word or text("wizard.types.empty"),
                text("wizard.types.hectares", area=number(round(area / 1e4, 2))), ""])  # fmt: skip
            item.setData(0, Qt.ItemDataRole.UserRole, word)
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            box = QComboBox(self.table)
            box.setAccessibleName(text("wizard.types.choice_of", word=word))
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(8)
            box.addItem(labels.get(type_, text("wizard.types.unknown")), "")
            for id_, label in labels.items():
                if id_ != type_:
                    box.addItem(label, id_)
            box.setCurrentIndex(max(0, box.findData(kept.get(word, ""))))
            box.currentIndexChanged.connect(lambda _: self.changed.emit())
            self.table.setItemWidget(item, 2, box)
        covered = sum(area for _, area in words.values())
        whole = self.area.geometry.area()
        lines = []
        if not words:
            lines.append(text("wizard.types.not_here"))
        elif covered < 0.999 * whole:
            share = round(100 * (1 - covered / whole), 1)
            lines.append(text("wizard.types.rest", share=number(share)))
        if any(not t for t, _ in words.values()):
            lines.append(text("wizard.types.unknown_said"))
        self.said.setText("\n".join(lines))

    # --- what was chosen --------------------------------------------------------------------------
    def overrule(self) -> dict[str, str]:
        """Word of the map -> the type that was chosen instead."""
        found = {}
        for row in range(self.table.topLevelItemCount()):
            item = self.table.topLevelItem(row)
            box = self.table.itemWidget(item, 2)
            if box is not None and box.currentData():
                found[str(item.data(0, Qt.ItemDataRole.UserRole))] = str(box.currentData())
        return found

    def problem(self) -> str:
        """Why this step is not complete, '' where it is: a type may be chosen later."""
        if self.kind() != MAP:
            return ""
        layer, column, _ = self._map()
        if layer is None:
            return text("wizard.types.no_map")
        return "" if column else text("wizard.types.no_field")

    def parameters(self) -> dict[str, Any]:
        """Parameters of the algorithm."""
        kind = self.kind()
        made: dict[str, Any] = {"CLASSIFY": kind == PROPOSE, "TWIN_MAP": kind == MAP}
        if kind == MAP:
            layer = self.layer.currentLayer()
            if layer is not None:
                made["AREA_TYPES"] = layer.id()
                made["AREA_TYPE_FIELD"] = str(self.field.currentField())
            overrule = self.overrule()
            if overrule:
                made["OVERRULE"] = yaml.safe_dump(overrule, allow_unicode=True)
        elif kind == PROPOSE and self.blocks.currentLayer() is not None:
            made["NEIGHBOURHOODS"] = self.blocks.currentLayer().id()
        if kind == ONE and self.one.currentData():
            made["AREA_TYPE"] = str(self.one.currentData())
        return made

    def brief(self) -> str:
        """What was chosen, in a few words."""
        kind = self.kind()
        if kind == ONE:
            return str(self.one.currentText())
        if kind == PROPOSE:
            return text("wizard.types.propose_brief")
        layer, _, _ = self._map()
        changed = len(self.overrule())
        name = layer.name() if layer is not None else "–"
        return name + (" · " + text("wizard.types.changed", n=changed) if changed else "")
