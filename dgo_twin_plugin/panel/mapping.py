"""The mapping assistant: what the fields and terms of somebody's own layer mean.

A proposal stands ready, with its reason; a person decides. What is chosen is kept in the project
and, where asked, in a twin file. The layer is only read, in the background.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayerProxyModel, QgsProject, QgsVectorLayer
from qgis.gui import QgsFileWidget, QgsMapLayerComboBox
from qgis.PyQt.QtCore import Qt, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QTabWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from ..engine.texts import text
from ..engine.twin import is_expression
from ..engine.words import DgoError
from ..layers.counts import MOST
from ..layers.properties import FILE_PROPERTY
from ..project import mapping as kept
from .guard import guarded
from .mapping_fields import FieldTable, SourceBox
from .mapping_model import COUNT, FUNCTION, TERM, FunctionBox, FunctionDelegate, TermFilter
from .mapping_state import MappingState
from .mapping_strip import CoverageStrip
from .summary import MutedLabel

WAIT = 300  # ms between typing an expression and counting it


class MappingDialog(QDialog):
    """``saved`` says which layer's mapping was kept; ``twin_file`` is the twin file in force."""

    saved = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None, layer: QgsVectorLayer | None = None,
                 twin_file: str = "") -> None:  # fmt: skip
        super().__init__(parent)
        self.setObjectName("dgo_mapping")
        self.setWindowTitle(text("mapping.title"))
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.project = QgsProject.instance()
        self.twin_file = twin_file
        self.state = MappingState(self)
        self._quiet = 0
        self._ended = self._spread = False
        self.ask_leave: Any = self._ask_leave
        self._make()
        self._lay_out()
        self._connect()
        self.resize(920, 700)
        first = layer or self.layer.currentLayer()
        self.layer.setLayer(first)
        self.show_layer(first)

    # --- making -----------------------------------------------------------------------------------
    def _make(self) -> None:
        self.layer = QgsMapLayerComboBox(self)
        self.layer.setFilters(QgsMapLayerProxyModel.Filter.HasGeometry)
        self.layer.setExceptedLayerList([one for one in self.project.mapLayers().values()
                                         if one.customProperty(FILE_PROPERTY)])  # fmt: skip
        self.layer.setAccessibleName(text("mapping.layer"))
        self.function = SourceBox(self)
        self.function.setAccessibleName(text("mapping.function"))
        self.function.setToolTip(text("mapping.function.tip"))
        self.whole = FunctionBox(self, text("mapping.whole.none"))
        self.whole.setAccessibleName(text("mapping.whole"))
        self.whole.setToolTip(text("mapping.whole.tip"))
        self.strip = CoverageStrip(self)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 100)
        self.progress.setMaximumHeight(18)
        self.stop = self._button("stop")
        self.recount = self._button("recount")
        self.find = QLineEdit(self)
        self.find.setPlaceholderText(text("mapping.filter"))
        self.find.setAccessibleName(text("mapping.filter"))
        self.find.setClearButtonEnabled(True)
        self.only_unknown = QCheckBox(text("mapping.only_unknown"), self)
        self.terms = QTreeView(self)
        triggers = QAbstractItemView.EditTrigger
        self.filter = TermFilter(self)
        self.filter.setSourceModel(self.state.terms)
        self.terms.setModel(self.filter)
        self.terms.setItemDelegateForColumn(FUNCTION, FunctionDelegate(self.terms))
        self.terms.setRootIsDecorated(False)
        self.terms.setUniformRowHeights(True)
        self.terms.setAllColumnsShowFocus(True)
        self.terms.setSortingEnabled(True)
        self.terms.sortByColumn(COUNT, Qt.SortOrder.DescendingOrder)
        self.terms.setEditTriggers(triggers.EditKeyPressed | triggers.AnyKeyPressed
                                   | triggers.DoubleClicked)  # fmt: skip
        self.terms.setAccessibleName(text("mapping.column.term"))
        self.fields = FieldTable(self)
        self.said = MutedLabel(self)
        self.tabs = QTabWidget(self)
        self.accept_all = self._button("accept")
        self.none = self._button("none")
        self.undo, self.redo = self._button("undo"), self._button("redo")
        self.file_on = QCheckBox(text("mapping.file"), self)
        self.file_on.setToolTip(text("mapping.file.tip"))
        self.file = QgsFileWidget(self)
        self.file.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.file.setConfirmOverwrite(False)  # a file that is there keeps its other blocks
        self.file.setFilter(text("mapping.file.filter"))
        self.file.setDialogTitle(text("mapping.file.title"))
        self.file.lineEdit().setAccessibleName(text("mapping.file.title"))
        self.outcome = MutedLabel(self)
        self.outcome.setObjectName("dgo_mapping_outcome")
        self.save, self.leave = self._button("save"), self._button("close")
        self.save.setDefault(True)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(WAIT)

    def _button(self, key: str) -> QPushButton:
        made = QPushButton(text(f"mapping.{key}"), self)
        made.setObjectName(f"dgo_mapping_{key}")
        made.setAutoDefault(False)
        return made

    def _lay_out(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 12, 16, 12)
        whole.setSpacing(9)
        intro = MutedLabel(self)
        intro.setText(text("mapping.intro"))
        whole.addWidget(intro)
        form = QGridLayout()
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(6)
        places = ((0, 0, "layer", self.layer), (1, 0, "function", self.function),
                  (1, 2, "whole", self.whole))  # fmt: skip
        for row, column, key, widget in places:
            label = QLabel(text(f"mapping.{key}"), self)
            label.setBuddy(widget)
            form.addWidget(label, row, column)
            wide = 3 if key == "layer" else 1
            form.addWidget(widget, row, column + 1, 1, wide)
            widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        form.setColumnStretch(1, 3)
        form.setColumnStretch(3, 2)
        whole.addLayout(form)
        row = QHBoxLayout()
        row.addWidget(self.strip, 1)
        row.addWidget(self.progress, 1)
        row.addWidget(self.stop)
        row.addWidget(self.recount)
        whole.addLayout(row)
        first = QWidget(self)
        column = QVBoxLayout(first)
        column.setContentsMargins(8, 8, 8, 8)
        top = QHBoxLayout()
        top.addWidget(self.find, 1)
        top.addWidget(self.only_unknown)
        column.addLayout(top)
        column.addWidget(self.terms, 1)
        column.addWidget(self.said)
        second = QWidget(self)
        inner = QVBoxLayout(second)
        inner.setContentsMargins(8, 8, 8, 8)
        inner.addWidget(self.fields)
        self.tabs.addTab(first, "")
        self.tabs.addTab(second, "")
        whole.addWidget(self.tabs, 1)
        row = QHBoxLayout()
        for button in (self.accept_all, self.none):
            button.setToolTip(text("mapping.accept.tip" if button is self.accept_all
                                   else "mapping.none.tip"))  # fmt: skip
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.undo)
        row.addWidget(self.redo)
        whole.addLayout(row)
        row = QHBoxLayout()
        row.addWidget(self.file_on)
        row.addWidget(self.file, 1)
        whole.addLayout(row)
        row = QHBoxLayout()
        row.addWidget(self.outcome, 1)
        row.addWidget(self.leave)
        row.addWidget(self.save)
        whole.addLayout(row)
        header = self.terms.header()
        header.setStretchLastSection(True)
        for at in (TERM, COUNT, FUNCTION):
            header.setSectionResizeMode(at, QHeaderView.ResizeMode.Interactive)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """Shown first: the columns share the room there is."""
        super().showEvent(event)
        if not self._spread:
            self._spread = True
            room = self.terms.viewport().width()
            for at, part in ((TERM, 0.25), (COUNT, 0.1), (FUNCTION, 0.27)):
                header = self.terms.header()
                header.resizeSection(at, max(round(room * part), header.sectionSizeHint(at)))
            self.fields.spread(room)

    def _connect(self) -> None:
        self.layer.layerChanged.connect(self._layer_chosen)
        self.function.picked.connect(self._function_picked)
        self.whole.activated.connect(self._whole_picked)
        self.state.terms.chosen.connect(self._term_chosen)
        self.fields.picked.connect(self._field_picked)
        self.fields.taken.connect(self._field_taken)
        self.terms.clicked.connect(self._term_clicked)
        self.find.textChanged.connect(self._filtered)
        self.only_unknown.toggled.connect(self._filtered)
        self.accept_all.clicked.connect(self._accept)
        self.none.clicked.connect(self._clear)
        self.undo.clicked.connect(self._undo)
        self.redo.clicked.connect(self._redo)
        self.stop.clicked.connect(self._stop)
        self.recount.clicked.connect(self._recount)
        self.save.clicked.connect(self._save)
        self.leave.clicked.connect(self.reject)
        self.file_on.toggled.connect(self.file.setEnabled)
        self._later.timeout.connect(self._count_new)
        self.state.changed.connect(self._show)
        self.state.counted.connect(self._counted)
        self.state.progressed.connect(self._progressed)
        self.project.layersWillBeRemoved.connect(self._leaving)
        self.project.cleared.connect(self._gone)

    def end(self) -> None:
        """Stop counting, hear nothing more."""
        if self._ended:
            return
        self._ended = True
        self._later.stop()
        self.state.end()
        self.project.layersWillBeRemoved.disconnect(self._leaving)
        self.project.cleared.disconnect(self._gone)

    def done(self, result: int) -> None:
        """Closed: first ask about what is not kept."""
        if not self._ended and result == QDialog.DialogCode.Rejected and not self._may_leave():
            return
        self.end()
        super().done(result)
        self.deleteLater()

    def closeEvent(self, event: Any) -> None:  # noqa: N802
        if not self._ended and not self._may_leave():
            event.ignore()
            return
        self.end()
        super().closeEvent(event)

    # --- the layer --------------------------------------------------------------------------------
    @guarded
    def show_layer(self, layer: Any) -> None:
        """Start with a layer: what is in force, then what is proposed."""
        if not isinstance(layer, QgsVectorLayer):
            layer = None
        self._quiet += 1
        try:
            self.function.set_layer(layer)
            self.fields.set_layer(layer)
        finally:
            self._quiet -= 1
        self._outcome("")
        self._file_of(layer)
        try:
            self.state.open(layer, self.twin_file)
        except DgoError as error:
            self._outcome(text(error.message), warn=True)
        self._show()

    def _file_of(self, layer: QgsVectorLayer | None) -> None:
        """The twin file that is chosen goes before the project, so it is written as well."""
        self.file_on.setChecked(bool(self.twin_file))
        self.file.setEnabled(bool(self.twin_file))
        home = self.project.absoluteFilePath()
        beside = str(Path(home).with_name(f"{Path(home).stem}_dgo.yml")) if home else ""
        self.file.setFilePath(self.twin_file or beside)
        self.file_on.setToolTip(text("mapping.file.goes_first" if self.twin_file
                                     else "mapping.file.tip"))  # fmt: skip
        del layer

    @guarded
    def _layer_chosen(self, layer: Any) -> None:
        if self._quiet or layer is self.state.layer:
            return
        if not self._may_leave():
            self._quiet += 1
            self.layer.setLayer(self.state.layer)
            self._quiet -= 1
            return
        self.show_layer(layer)

    @guarded
    def _leaving(self, ids: list[str]) -> None:
        if self.state.layer is not None and self.state.layer.id() in ids:
            self._gone()

    @guarded
    def _gone(self) -> None:
        self.state.forget()
        self.show_layer(None)

    # --- what somebody does -----------------------------------------------------------------------
    @guarded
    def _function_picked(self, source: str) -> None:
        self.state.set_function(source)
        if is_expression(source):
            self._later.start()

    @guarded
    def _whole_picked(self, _: int) -> None:
        self.state.set_whole(self.whole.function())

    @guarded
    def _term_chosen(self, term: str, function: str) -> None:
        self.state.set_term(term, function)

    @guarded
    def _term_clicked(self, index: Any) -> None:
        if index.column() == FUNCTION:
            self.terms.edit(index)

    @guarded
    def _field_picked(self, canonical: str, source: str) -> None:
        self.state.set_field(canonical, source)
        if is_expression(source):
            self._later.start()

    @guarded
    def _field_taken(self, canonical: str) -> None:
        self.state.take(canonical)
        self._later.start()

    @guarded
    def _accept(self) -> None:
        self.state.accept_all()
        self._later.start()

    @guarded
    def _clear(self) -> None:
        self.state.clear()

    @guarded
    def _undo(self) -> None:
        self.state.undo()

    @guarded
    def _redo(self) -> None:
        self.state.redo()

    @guarded
    def _stop(self) -> None:
        self.state.stop()

    @guarded
    def _recount(self) -> None:
        self.state.count(again=True)
        self._show()

    @guarded
    def _count_new(self) -> None:
        self.state.count()
        self._show()

    @guarded
    def _filtered(self) -> None:
        self.filter.ask(self.find.text(), self.only_unknown.isChecked())

    @guarded
    def _progressed(self, done: float) -> None:
        self.progress.setValue(round(done))

    @guarded
    def _counted(self, why: str) -> None:
        if why:
            self._outcome(text("mapping.count_failed", why=why), warn=True)
        elif not self.state.is_counted:
            self._outcome(text("mapping.stopped"), warn=True)
        self._later.start() if self.state.uncounted() else None
        self._show()

    # --- what is shown ----------------------------------------------------------------------------
    @guarded
    def _show(self) -> None:
        if self._ended:
            return
        state, choice = self.state, self.state.choice
        self._quiet += 1
        try:
            self.function.show_source(choice.function)
            self.whole.choose(choice.whole)
        finally:
            self._quiet -= 1
        self.function.setEnabled(state.layer is not None and not choice.whole)
        self.whole.setEnabled(state.layer is not None)
        busy = state.busy
        self.progress.setVisible(busy)
        self.stop.setVisible(busy)
        self.strip.setVisible(not busy)
        self.recount.setVisible(not busy)
        self.recount.setEnabled(state.layer is not None)
        if busy and state.layer is not None:
            self.progress.setFormat(text("mapping.counting", layer=state.layer.name()))
        state.fill_terms()
        self.fields.show_rows(state.field_rows())
        self.terms.setEnabled(not choice.whole)
        self.strip.show_coverage(*state.coverage())
        n, unknown = len(state.terms.rows), sum(not r.function for r in state.terms.rows)
        self.tabs.setTabText(0, text("mapping.tab.terms_unknown" if unknown and not choice.whole
                                     else "mapping.tab.terms", n=n, unknown=unknown))
        self.tabs.setTabText(1, text("mapping.tab.fields", n=len(choice.fields)))
        self.said.setText(text("mapping.many", n=MOST) if state.too_many() else "")
        self.said.setVisible(state.too_many())
        offers = state.offers()
        self.accept_all.setEnabled(offers > 0)
        self.accept_all.setText(text("mapping.accept") + (f" ({offers})" if offers else ""))
        self.none.setEnabled(bool(choice.terms or choice.fields))
        for button, what, key in ((self.undo, state.history.can_undo, "undo"),
                                  (self.redo, state.history.can_redo, "redo")):
            button.setEnabled(bool(what))
            button.setToolTip(text(f"mapping.{key}.tip", what=what) if what else "")
        self.save.setEnabled(state.layer is not None)
        if state.layer is None:
            self._outcome(text("mapping.no_layer"))

    def _outcome(self, said: str, warn: bool = False) -> None:
        self.outcome.setText(said)
        self.outcome.warn(warn)
        self.outcome.setAccessibleName(said)

    # --- keeping ----------------------------------------------------------------------------------
    @guarded
    def _save(self) -> bool:
        layer, choice = self.state.layer, self.state.choice
        if layer is None:
            return False
        kept.keep(self.project, layer, choice)
        self.state.was_kept()
        path = self.file.filePath().strip() if self.file_on.isChecked() else ""
        said, warn = text("mapping.saved"), False
        if path:
            if not Path(path).suffix:
                path += ".yml"
            name = Path(path).name
            try:
                kept.save_file(path, self.project, layer, choice)
                said = text("mapping.saved_file", file=name)
            except (OSError, DgoError) as error:
                why = text(error.message) if isinstance(error, DgoError) else str(
                    error.strerror or error)  # fmt: skip
                said, warn = text("mapping.save_failed", file=name, why=why), True
        self._outcome(said, warn)
        self._show()
        self.saved.emit(layer.id())
        return True

    def _may_leave(self) -> bool:
        """Whether the choice may go: it is kept, or somebody says so."""
        if self.state.layer is None or not self.state.is_dirty:
            return True
        answer = self.ask_leave(self.state.layer.name())
        if answer == "save":
            return bool(self._save())
        return bool(answer == "leave")

    def _ask_leave(self, name: str) -> str:
        box = QMessageBox(QMessageBox.Icon.Question, text("mapping.unsaved.title"),
                          text("mapping.unsaved", layer=name), parent=self)  # fmt: skip
        role = QMessageBox.ButtonRole
        save = box.addButton(text("mapping.save"), role.AcceptRole)
        leave = box.addButton(text("mapping.unsaved.leave"), role.DestructiveRole)
        stay = box.addButton(text("mapping.unsaved.stay"), role.RejectRole)
        box.setDefaultButton(save)
        box.setEscapeButton(stay)
        box.exec()
        clicked = box.clickedButton()
        return "save" if clicked is save else "leave" if clicked is leave else "stay"
