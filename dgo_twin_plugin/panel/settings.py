"""The page of the plugin in QGIS's own options window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.gui import QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import QLocale
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..engine import resources_path
from ..engine.texts import language, text
from ..engine.words import DgoError
from ..project import options
from .guard import guarded

PAGE = "dgo_twin_options"  # by this name QGIS finds the page


class SettingsPage(QgsOptionsPageWidget):
    """The few settings there are. ``pick_file`` asks for a profile; tests put their own there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(PAGE)
        self.pick_file: Any = QFileDialog.getOpenFileName
        where = QLocale("nl_NL") if language() == "nl" else QLocale("en_GB")
        self.live = QCheckBox(text("settings.live"), self)
        self.debounce = QSpinBox(self)
        self.debounce.setRange(int(options.OPTIONS[options.DEBOUNCE].low),
                               int(options.OPTIONS[options.DEBOUNCE].high))  # fmt: skip
        self.debounce.setSingleStep(50)
        self.debounce.setSuffix(text("settings.debounce.suffix"))
        self.cell = QDoubleSpinBox(self)
        self.cell.setRange(options.OPTIONS[options.CELL].low, options.OPTIONS[options.CELL].high)
        self.cell.setDecimals(2)
        self.cell.setSingleStep(0.5)
        self.cell.setSuffix(text("settings.cell.suffix"))
        self.cell.setSpecialValueText(text("settings.cell.default"))
        for box in (self.debounce, self.cell):
            box.setLocale(where)
        self.profile = QComboBox(self)
        self.choose = QToolButton(self)
        self.choose.setText(text("settings.profile.choose"))
        self.choose.setToolTip(text("settings.profile.choose.tip"))
        self.choose.setAccessibleName(text("settings.profile.choose.tip"))
        self.level = QComboBox(self)
        for name in options.LEVELS:
            self.level.addItem(text(f"settings.level.{name}"), name)
        self._lay_out()
        self._fill()
        self.choose.clicked.connect(self._choose)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        live, rest = QFormLayout(), QFormLayout()
        live.addRow(self.live)
        self._describe(self.live, "live")
        self._row(live, "debounce", self.debounce)
        self._row(live, "cell", self.cell)
        both = QHBoxLayout()
        both.addWidget(self.profile, 1)
        both.addWidget(self.choose)
        self._row(rest, "profile", self.profile, both)
        self._row(rest, "level", self.level)
        for key, form in (("page.live", live), ("page.rest", rest)):
            group = QGroupBox(text(f"settings.{key}"), self)
            group.setLayout(form)
            column.addWidget(group)
        note = QLabel(text("settings.note"), self)
        note.setWordWrap(True)
        column.addWidget(note)
        column.addStretch(1)

    def _row(self, form: QFormLayout, key: str, widget: QWidget, whole: Any = None) -> None:
        label = QLabel(text(f"settings.{key}"), self)
        label.setBuddy(widget)
        label.setToolTip(text(f"settings.{key}.tip"))
        widget.setAccessibleName(text(f"settings.{key}"))
        self._describe(widget, key)
        form.addRow(label, whole if whole is not None else widget)

    @staticmethod
    def _describe(widget: QWidget, key: str) -> None:
        widget.setToolTip(text(f"settings.{key}.tip"))
        widget.setAccessibleDescription(text(f"settings.{key}.tip"))

    def _fill(self) -> None:
        self.live.setChecked(options.get(options.LIVE))
        self.debounce.setValue(options.get(options.DEBOUNCE))
        self.cell.setValue(options.get(options.CELL))
        self.level.setCurrentIndex(self.level.findData(options.get(options.LOG_LEVEL)))
        self._fill_profiles(options.get(options.PROFILE))

    def _fill_profiles(self, chosen: str) -> None:
        from ..engine.norms import load_profile, shipped_profiles

        self.profile.clear()
        self.profile.addItem(text("settings.profile.default"), "")
        for name in shipped_profiles():
            try:
                title = load_profile(name).title.get(language(), name)
            except DgoError:
                title = name
            self.profile.addItem(title, name)
        if chosen and self.profile.findData(chosen) < 0:
            self.profile.addItem(Path(chosen).name, chosen)
        self.profile.setCurrentIndex(max(0, self.profile.findData(chosen)))

    @guarded
    def _choose(self) -> None:
        from ..engine.norms import load_profile

        path, _ = self.pick_file(self, text("settings.profile.dialog"), "",
                                 text("algorithms.yaml_filter"))  # fmt: skip
        if path:
            load_profile(path)  # what cannot be read is refused here, with the reason
            self._fill_profiles(path)

    @guarded
    def apply(self) -> None:
        """Keep what is shown; QGIS calls this for OK."""
        options.put(options.LIVE, self.live.isChecked())
        options.put(options.DEBOUNCE, self.debounce.value())
        options.put(options.CELL, self.cell.value())
        options.put(options.PROFILE, str(self.profile.currentData() or ""))
        options.put(options.LOG_LEVEL, str(self.level.currentData()))
        options.changed()


class SettingsFactory(QgsOptionsWidgetFactory):
    """Makes the page when somebody opens QGIS's options."""

    def __init__(self) -> None:
        super().__init__(text("settings.page"), QIcon(str(resources_path.resources() / "icon.svg")))

    def createWidget(self, parent: QWidget) -> SettingsPage:  # noqa: N802 - the name is QGIS's
        return SettingsPage(parent)


def open_settings(iface: Any) -> None:  # noqa: QGS105 - QGIS hands it to the plugin
    """Open QGIS's options on our page."""
    iface.showOptionsDialog(iface.mainWindow(), PAGE)
