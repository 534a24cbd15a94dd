"""The demo plan, all thirty-three indicators, edited as a layer of the project."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from .plan import full, settled, written

# Where a field (noise, heat, water) is followed piece by piece, sums come in another order.
TOLERANCE = 1e-9


def near(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return repr(a) == repr(b)


def test_edits_of_the_demo_plan(make_session: Any, demo: Path, qgis_project: Any) -> None:
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(f"{demo / 'ontwerp_a.gpkg'}|layername=vlakken", "vlakken", "ogr")
    qgis_project.addMapLayer(layer)
    given = {"TWIN": str(demo / "twin-a.yml"), "ASSESSMENT_DATE": "2026-11-21"}
    session = make_session(given)
    settled(session)
    # the twin names the layer as the project does: the project's goes before the file
    given["DESIGN"] = layer.id()
    given["DESIGN_EXTRA"] = [f"{demo / 'ontwerp_a.gpkg'}|layername={name}"
                             for name in ("bomen", "lijnen", "lampen")]  # fmt: skip
    session.set_inputs(given)
    first = written(settled(session))["scores"]
    assert len(first) == 33 * 6
    layer.startEditing()
    field = layer.fields().indexOf("functie")
    water = [f.id() for f in layer.getFeatures() if f["functie"] == "Water"]
    layer.changeAttributeValue(water[0], field, "Gazon")
    house = next(f for f in layer.getFeatures() if f["functie"] == "Rijwoningen")
    geometry = house.geometry()
    geometry.translate(0.7, -0.4)
    layer.changeGeometry(house.id(), geometry)
    settled(session)
    layer.deleteFeature(water[-1])
    mine, theirs = settled(session), full(given, session.mix)
    assert written(mine)["scores"] != first
    assert len(mine.scores) == len(theirs.scores)
    for kind in ("scores", "parts", "totals"):
        for a, b in zip(getattr(mine, kind), getattr(theirs, kind)):
            differ = {name: (vars(a)[name], vars(b)[name]) for name in vars(b)
                      if not near(vars(a)[name], vars(b)[name])}  # fmt: skip
            assert not differ, (kind, getattr(a, "indicator", ""), a.zone_id, differ)
    assert session.state.unsaved == 3
