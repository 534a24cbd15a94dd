"""Step 2 of the start of a plan: which maps take part, by role, and what is there now."""

from __future__ import annotations

import dataclasses
from typing import Any

import yaml
from qgis.core import QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgsFileWidget, QgsMapLayerComboBox
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..engine.roles import role_label, roles
from ..engine.texts import text
from ..engine.twin import LayerEntry, Twin, dump, load_twin
from ..engine.words import DgoError
from ..processing.start_children import available, current_entry
from ..project.roles import project_twin
from .summary import MutedLabel

CURRENT, BGT = "current", "bgt"
KEEP = Qt.ItemDataRole.UserRole


class SourcesStep(QWidget):
    """Maps by role: of the project, of a twin file, or added here; each can be left out."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.twin = Twin()
        self._wrong = ""
        self.file = QgsFileWidget(self)
        self.file.setFilter(text("algorithms.yaml_filter"))
        self.file.setDialogTitle(text("wizard.sources.twin"))
        self.file.lineEdit().setPlaceholderText(text("wizard.sources.twin_hint"))
        self.list = QTreeWidget(self)
        self.list.setHeaderLabels([text("wizard.sources.role"), text("wizard.sources.from")])
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAlternatingRowColors(True)
        self.list.setAccessibleName(text("wizard.sources.list"))
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.list.setMinimumHeight(150)
        self.role = QComboBox(self)
        for name in sorted(roles(), key=lambda r: text(role_label(r)).lower()):
            self.role.addItem(text(role_label(name)), name)
        self.role.setAccessibleName(text("wizard.sources.role"))
        self.layer = QgsMapLayerComboBox(self)
        self.layer.setAccessibleName(text("wizard.sources.layer"))
        self.add = QPushButton(text("wizard.sources.add"), self)
        self.add.setToolTip(text("wizard.sources.add_tip"))
        self.bgt = QgsFileWidget(self)
        self.bgt.setDialogTitle(text("wizard.sources.bgt"))
        self.bgt.setFilter(text("wizard.sources.bgt_filter"))
        self.bgt.lineEdit().setPlaceholderText(text("wizard.sources.bgt_hint"))
        self.services = QCheckBox(text("wizard.sources.services"), self)
        self.services.setToolTip(text("wizard.sources.services_tip"))
        self.services.setVisible(available("fetchservices"))
        self.said = MutedLabel(self)
        self._lay_out()
        self.file.fileChanged.connect(self.load)
        self.add.clicked.connect(self._add)
        self.list.itemChanged.connect(lambda *_: self._refresh())
        self.bgt.fileChanged.connect(lambda _: self._refresh())
        self.services.toggled.connect(lambda _: self._refresh())
        self.load()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        form = QFormLayout()
        form.addRow(text("wizard.sources.twin"), self.file)
        column.addLayout(form)
        column.addWidget(self.list, 1)
        row = QHBoxLayout()
        row.addWidget(self.role, 2)
        row.addWidget(self.layer, 3)
        row.addWidget(self.add)
        column.addLayout(row)
        form = QFormLayout()
        form.addRow(text("wizard.sources.bgt"), self.bgt)
        column.addLayout(form)
        column.addWidget(self.services)
        column.addWidget(self.said)
        for each in (self.file, self.bgt):
            label = form.labelForField(each)
            name = label.text() if label is not None else text("wizard.sources.twin")
            each.lineEdit().setAccessibleName(name)

    # --- the list ---------------------------------------------------------------------------------
    def load(self, *_: Any) -> None:
        """Fill the list from the twin file, else from the roles of the project; what was added
        by hand stays."""
        added = [self._entry(i) for i in self._items() if i.data(0, KEEP)[2]]
        self._wrong = ""
        path = str(self.file.filePath()).strip()
        try:
            self.twin = load_twin(path) if path else project_twin(QgsProject.instance())
        except DgoError as error:
            self.twin, self._wrong = Twin(), text(error.message)
        self.list.blockSignals(True)
        self.list.clear()
        for role in roles():  # in one fixed order
            for entry in self.twin.context.get(role, ()):
                self._row(role, entry, False)
        for role, entry in added:
            self._row(role, entry, True)
        self.list.blockSignals(False)
        self._refresh()

    def _row(self, role: str, entry: LayerEntry, own: bool) -> None:
        layer = QgsProject.instance().mapLayer(entry.layer)
        where = layer.name() if layer is not None else entry.layer
        item = QTreeWidgetItem(self.list, [text(role_label(role)), where])
        item.setData(0, KEEP, (role, entry, own))
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(0, Qt.CheckState.Checked)
        item.setToolTip(1, entry.layer)

    def _items(self) -> list[QTreeWidgetItem]:
        return [self.list.topLevelItem(i) for i in range(self.list.topLevelItemCount())]

    @staticmethod
    def _entry(item: QTreeWidgetItem) -> tuple[str, LayerEntry]:
        role, entry, _ = item.data(0, KEEP)
        return role, entry

    def _add(self) -> None:
        layer = self.layer.currentLayer()
        if layer is None:
            return
        role = str(self.role.currentData())
        try:
            entry = self.entry_of(layer, role)
        except DgoError as error:
            self._wrong = text(error.message)
            self._refresh()
            return
        self._wrong = ""
        self._row(role, entry, True)
        self.list.scrollToBottom()
        self._refresh()

    @staticmethod
    def entry_of(layer: QgsMapLayer, role: str) -> LayerEntry:
        """A layer of the project in a role. Raises DgoError where it cannot play that part."""
        known = roles()[role]
        if isinstance(layer, QgsRasterLayer) and not known.raster:
            raise DgoError("algorithms.need.vector", layer=layer.name(), role=role_label(role))
        if isinstance(layer, QgsVectorLayer) and not known.vector:
            raise DgoError("wizard.problem.raster", layer=layer.name(), role=role_label(role))
        if role == CURRENT:
            return dataclasses.replace(current_entry(layer), layer=layer.id())
        return LayerEntry(layer.id())

    def _refresh(self) -> None:
        """Say what is chosen."""
        chosen = self.chosen()
        layers = sum(len(e) for e in chosen.values())
        lines = [self._wrong] if self._wrong else []
        lines.append(text("wizard.sources.count", n=layers) if layers
                     else text("wizard.sources.none"))  # fmt: skip
        if not self.has_current():
            lines.append(text("wizard.sources.no_current"))
        elif self.bgt.filePath() and chosen.get(CURRENT):
            lines.append(text("wizard.sources.bgt_first"))
        self.said.setText("\n".join(lines))
        self.said.warn(bool(self._wrong))
        self.changed.emit()

    # --- what was chosen --------------------------------------------------------------------------
    def chosen(self) -> dict[str, tuple[LayerEntry, ...]]:
        """The entries that are ticked, per role."""
        found: dict[str, tuple[LayerEntry, ...]] = {}
        for item in self._items():
            if item.checkState(0) == Qt.CheckState.Checked:
                role, entry = self._entry(item)
                found[role] = (*found.get(role, ()), entry)
        return found

    def has_current(self) -> bool:
        """Whether there is something to assess now."""
        return bool(self.bgt.filePath().strip()) or bool(self.chosen().get(CURRENT))

    def problem(self) -> str:
        """Why this step is not complete, '' where it is: no map at all is allowed."""
        return self._wrong

    def parameters(self) -> dict[str, Any]:
        """Parameters of the algorithm. Every role that is known beforehand is named, so that one
        that was unticked stays out."""
        chosen = self.chosen()
        context = {role: chosen.get(role, ()) for role in (*self.twin.context, *chosen)}
        absolute = {
            role: tuple(dataclasses.replace(e, layer=e.resolved(self.twin.folder)) for e in entries)
            for role, entries in context.items()
        }
        said = yaml.safe_load(dump(Twin(context=absolute))) or {}
        made: dict[str, Any] = {"SERVICES": self.services.isVisibleTo(self)
                                and self.services.isChecked()}  # fmt: skip
        if said.get("context"):
            made["CONTEXT"] = yaml.safe_dump(said["context"], allow_unicode=True, sort_keys=False)
        path = str(self.file.filePath()).strip()
        if path:
            made["TWIN"] = path
        if self.bgt.filePath().strip():
            made["BGT"] = self.bgt.filePath().strip()
        return made
