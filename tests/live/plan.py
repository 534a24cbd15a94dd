"""The small plan of the live tests, and the comparison with a full run."""

from __future__ import annotations

import time
from typing import Any

X, Y = 150_000.0, 450_000.0  # lower left corner, national grid
SIDE, COLUMNS, ROWS = 20.0, 5, 4
FUNCTIONS = ("dwelling", "grass", "water", "road", "parking", "shrub", "square", "office")
# measured from maps and areas alone: bit-equal to a full run
INDICATORS = ["open_water", "green", "material_use", "natural_banks", "stormwater_disconnection",
              "public_transport", "parking_pressure", "energy_use", "individual_risk"]  # fmt: skip


def square(column: float, row: float, side: float = SIDE) -> Any:
    """A square of the grid of the plan."""
    from qgis.core import QgsGeometry, QgsRectangle

    x, y = X + column * SIDE, Y + row * SIDE
    return QgsGeometry.fromRect(QgsRectangle(x, y, x + side, y + side))


def feature(layer: Any, geometry: Any, **values: Any) -> Any:
    from qgis.core import QgsFeature

    made = QgsFeature(layer.fields())
    made.setGeometry(geometry)
    for name, value in values.items():
        made.setAttribute(name, value)
    return made


class Plan:
    """Layers in the project: ``design``, ``trees``, ``types``, ``stops`` and ``risk`` by role."""

    def __init__(self, project: Any) -> None:
        from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsRectangle

        from dgo_twin_plugin.project.roles import set_role

        self.project = project
        project.setCrs(QgsCoordinateReferenceSystem("EPSG:28992"))
        self.design = self._memory(
            "Polygon", "ontwerp", "function:string", "dwellings:int", "height:double",
            "public:string", "note:string",
        )  # fmt: skip
        self._fill(self.design, (
            feature(self.design, square(k % COLUMNS, k // COLUMNS),
                    function=FUNCTIONS[k % len(FUNCTIONS)], height=6.0, dwellings=1)
            for k in range(COLUMNS * ROWS)
        ))  # fmt: skip
        self.trees = self._memory("Point", "bomen", "function:string", "canopy_diameter:double")
        self._fill(self.trees, (
            feature(self.trees, QgsGeometry.fromPointXY(QgsPointXY(X + 7 * k, Y + 5 * k)),
                    function="tree", canopy_diameter=6.0) for k in range(8)
        ))  # fmt: skip
        self.types = self._memory("Polygon", "kaart", "type:string")
        half = COLUMNS * SIDE / 2
        self._fill(self.types, (
            feature(self.types, QgsGeometry.fromRect(QgsRectangle(x0, Y - 300, x1, Y + 400)),
                    type=name)
            for x0, x1, name in ((X - 300, X + half, "GT04"), (X + half, X + 400, "GT05"))
        ))  # fmt: skip
        self.stops = self._memory("Point", "haltes", "mode:string", "freq:double")
        self._fill(self.stops, [feature(
            self.stops, QgsGeometry.fromPointXY(QgsPointXY(X + 150, Y + 100)), mode="bus",
            freq=4.0)])
        set_role(self.stops, "stops")
        self.risk = self._memory("Polygon", "risico", "pr:double")
        self._fill(self.risk, [feature(
            self.risk, QgsGeometry.fromRect(QgsRectangle(X - 40, Y - 40, X + 30, Y + 30)),
            pr=-6.0)])
        set_role(self.risk, "risk_contours")

    def _memory(self, kind: str, name: str, *fields: str) -> Any:
        from qgis.core import QgsVectorLayer

        uri = f"{kind}?crs=EPSG:28992" + "".join(f"&field={field}" for field in fields)
        layer = QgsVectorLayer(uri, name, "memory")
        assert layer.isValid()
        self.project.addMapLayer(layer)
        return layer

    @staticmethod
    def _fill(layer: Any, features: Any) -> None:
        good, _ = layer.dataProvider().addFeatures(list(features))
        assert good
        layer.updateExtents()

    def parameters(self, **more: Any) -> dict[str, Any]:
        """Those of ``dgo:scoredesign``."""
        return {
            "DESIGN": self.design.id(), "DESIGN_EXTRA": [self.trees.id()],
            "AREA_TYPES": self.types.id(), "AREA_TYPE_FIELD": "type",
            "ASSESSMENT_DATE": "2026-11-21", "INDICATORS": INDICATORS, **more,
        }  # fmt: skip

    def fids(self) -> list[int]:
        """Ids of the features of the design, unsaved ones too."""
        return [f.id() for f in self.design.getFeatures()]


def go(session: Any) -> None:
    """What the clock does when it is time."""
    session._timer.stop()
    session._go()


def live(session: Any, seconds: float = 60.0) -> None:
    """Let Qt live until nothing is on its way."""
    from qgis.PyQt.QtWidgets import QApplication

    end = time.monotonic() + seconds
    QApplication.processEvents()
    while session.busy:
        assert time.monotonic() < end, f"waited in vain: {session.state}"
        QApplication.processEvents()
        time.sleep(0.001)
    QApplication.processEvents()


def settled(session: Any) -> Any:
    """Wait for numbers that hold, and give them."""
    live(session)
    assert session.state.kind == "live", session.state
    return session.assessment


def full(parameters: dict[str, Any], mix: Any = None) -> Any:
    """The assessment of ``dgo:scoredesign`` on what is there now."""
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject

    from dgo_twin_plugin.processing.score_design import Algorithm
    from dgo_twin_plugin.project.mix import run_parameters

    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    given = {**parameters, **(run_parameters(mix) if mix is not None else {}), "MAPS": False}
    run = Algorithm().create().job(given, context)
    run.carry_out(QgsProcessingFeedback())
    return run.result


def written(assessment: Any) -> dict[str, list[str]]:
    """Everything that a person sees of an assessment, every bit of every float."""
    return {
        "scores": [repr(row) for row in assessment.scores],
        "parts": [repr(row) for row in assessment.parts],
        "totals": [repr(row) for row in assessment.totals],
        "breaches": [repr((name, test.outcome)) for name, test in assessment.breaches],
        "alerts": [repr(alert) for alert in assessment.alerts],
        "checks": [repr(check) for check in assessment.checks],
    }


def assert_same(session: Any, parameters: dict[str, Any]) -> None:
    """The live numbers are those of a full run with the same mix."""
    mine, theirs = written(settled(session)), written(full(parameters, session.mix))
    assert len(mine["scores"]) > 0
    for name, rows in theirs.items():
        other = [pair for pair in zip(mine[name], rows) if pair[0] != pair[1]]
        assert mine[name] == rows, (name, len(mine[name]), len(rows), other[:2])
