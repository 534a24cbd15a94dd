"""Step 1 of the start of a plan: where it is and what it is called."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsDistanceArea,
    QgsFeature,
    QgsGeometry,
    QgsMapLayerProxyModel,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.gui import QgsMapLayerComboBox
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from ..engine.texts import number, text
from ..layers.plane import is_plane
from .draw_area import DrawArea, band
from .summary import MutedLabel


class AreaStep(QWidget):
    """Draw an area or choose a layer. ``changed`` after every choice, ``drawing`` while the
    canvas is in use for it."""

    changed = pyqtSignal()
    drawing = pyqtSignal(bool)

    def __init__(self, canvas: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = canvas
        self.shape: QgsGeometry | None = None
        self.shape_crs: Any = None
        self._layer: QgsVectorLayer | None = None  # of the drawn shape; lives as long as a run
        self.band = band(canvas) if canvas is not None else None
        self.tool = DrawArea(canvas) if canvas is not None else None
        self.by_drawing = QRadioButton(text("wizard.area.draw"), self)
        self.by_layer = QRadioButton(text("wizard.area.layer"), self)
        group = QButtonGroup(self)
        for button in (self.by_drawing, self.by_layer):
            group.addButton(button)
        self.draw = QPushButton(text("wizard.area.draw_button"), self)
        self.draw.setToolTip(text("wizard.area.draw_tip"))
        self.view = QPushButton(text("wizard.area.view_button"), self)
        self.view.setToolTip(text("wizard.area.view_tip"))
        self.drawn = MutedLabel(self)
        self.layer = QgsMapLayerComboBox(self)
        self.layer.setFilters(QgsMapLayerProxyModel.Filter.PolygonLayer)
        self.layer.setAccessibleName(text("wizard.area.layer"))
        self.selected = QCheckBox(text("wizard.area.selected"), self)
        self.name = QLineEdit(self)
        self.name.setPlaceholderText(text("wizard.area.name_hint"))
        self.name.setAccessibleName(text("wizard.area.name"))
        self._lay_out()
        self._connect()
        some = self.layer.count() > 0
        (self.by_layer if some and canvas is None else self.by_drawing).setChecked(True)
        self._refresh()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        form = QFormLayout()
        form.addRow(text("wizard.area.name"), self.name)
        column.addLayout(form)
        column.addSpacing(6)
        column.addWidget(self.by_drawing)
        row = QHBoxLayout()
        row.setContentsMargins(22, 0, 0, 0)
        row.addWidget(self.draw)
        row.addWidget(self.view)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.drawn)
        column.addSpacing(6)
        column.addWidget(self.by_layer)
        inner = QVBoxLayout()
        inner.setContentsMargins(22, 0, 0, 0)
        inner.addWidget(self.layer)
        inner.addWidget(self.selected)
        column.addLayout(inner)
        column.addStretch(1)

    def _connect(self) -> None:
        self.by_drawing.toggled.connect(self._refresh)
        self.layer.layerChanged.connect(self._refresh)
        self.selected.toggled.connect(lambda _: self.changed.emit())
        self.name.textChanged.connect(lambda _: self.changed.emit())
        self.draw.clicked.connect(self._start)
        self.view.clicked.connect(self._from_view)
        if self.tool is not None:
            self.tool.drawn.connect(self._drawn)
            self.tool.stopped.connect(lambda: self.drawing.emit(False))

    def _refresh(self, *_: Any) -> None:
        drawing = self.by_drawing.isChecked()
        for widget in (self.draw, self.view):
            widget.setEnabled(drawing and self.canvas is not None)
        self.layer.setEnabled(not drawing)
        chosen = self.layer.currentLayer()
        some = chosen is not None and chosen.selectedFeatureCount() > 0
        self.selected.setEnabled(not drawing and some)
        self.drawn.setText(self._drawn_text())
        self._show_band()
        self.changed.emit()

    def _drawn_text(self) -> str:
        if self.shape is None:
            return text("wizard.area.nothing")
        return text("wizard.area.drawn", area=number(self.hectares()))

    # --- drawing ----------------------------------------------------------------------------------
    def _start(self) -> None:
        if self.tool is not None:
            self.by_drawing.setChecked(True)
            self.drawing.emit(True)
            self.tool.start()

    def _drawn(self, shape: QgsGeometry) -> None:
        self.set_shape(shape)
        self.drawing.emit(False)

    def _from_view(self) -> None:
        box = QgsRectangle(self.canvas.extent())
        box.scale(0.9)
        self.set_shape(QgsGeometry.fromRect(box))

    def set_shape(self, shape: QgsGeometry | None) -> None:
        """A shape in the CRS of the canvas; None takes it away."""
        self.shape = shape
        self.shape_crs = self.canvas.mapSettings().destinationCrs() if shape is not None else None
        self._layer = None
        self._refresh()

    def _show_band(self) -> None:
        if self.band is None:
            return
        self.band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)
        if self.shape is not None and self.by_drawing.isChecked():
            self.band.setToGeometry(self.shape, None)

    def end(self) -> None:
        """Leave the canvas as it was."""
        if self.tool is not None:
            self.tool.stop()
        if self.band is not None:
            scene = self.canvas.scene()
            if scene is not None:
                scene.removeItem(self.band)
            self.band = None

    # --- what was chosen --------------------------------------------------------------------------
    def geometry(self) -> tuple[QgsGeometry, Any] | None:
        """The area and its CRS, None where nothing is chosen."""
        if self.by_drawing.isChecked():
            return None if self.shape is None else (self.shape, self.shape_crs)
        layer = self.layer.currentLayer()
        if layer is None:
            return None
        features = layer.selectedFeatures() if self._selection() else layer.getFeatures()
        shapes = [f.geometry() for f in features if not f.geometry().isNull()]
        return (QgsGeometry.unaryUnion(shapes), layer.crs()) if shapes else None

    def _selection(self) -> bool:
        return self.selected.isEnabled() and self.selected.isChecked()

    def hectares(self) -> float:
        """Its size; 0 where nothing is chosen."""
        found = self.geometry()
        if found is None:
            return 0.0
        shape, crs = found
        if is_plane(crs):
            return float(round(shape.area() / 1e4, 2))
        measure = QgsDistanceArea()
        measure.setSourceCrs(crs, QgsProject.instance().transformContext())
        measure.setEllipsoid(crs.ellipsoidAcronym() or "WGS84")
        return float(round(measure.measureArea(shape) / 1e4, 2))

    def problem(self) -> str:
        """Why this step is not complete, '' where it is."""
        if not self.name.text().strip():
            return text("wizard.problem.name")
        found = self.geometry()
        if found is None:
            key = "draw" if self.by_drawing.isChecked() else "layer"
            return text(f"wizard.problem.{key}")
        shape, crs = found
        if crs is None or not crs.isValid():
            return text("wizard.problem.crs")
        if not shape.isGeosValid():
            return text("wizard.problem.crossing")
        if self.hectares() <= 0:
            return text("wizard.problem.size")
        return ""

    def parameters(self) -> dict[str, Any]:
        """Parameters of the algorithm."""
        chosen: Any
        if self.by_layer.isChecked():
            chosen = self.layer.currentLayer().id()
            if self._selection():
                chosen = QgsProcessingFeatureSourceDefinition(chosen, True)
        else:
            if self._layer is None:
                layer = QgsVectorLayer("Polygon", text("startsheet.extent"), "memory")
                layer.setCrs(self.shape_crs)
                feature = QgsFeature()
                feature.setGeometry(self.shape)
                layer.dataProvider().addFeatures([feature])
                layer.updateExtents()
                self._layer = layer
            chosen = self._layer
        return {"PLAN_AREA": chosen, "NAME": self.name.text().strip()}
