"""The live layer: follows in place, stays out of the file, never dirty, never active."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.town import box, town

pytest.importorskip("qgis.core", reason="QGIS is not installed for this Python")


@pytest.fixture(scope="module")
def before() -> Any:
    return town().assess()


@pytest.fixture(scope="module")
def after() -> Any:
    """One building moved, one gone, one more, other data."""
    made = town()
    rows = list(made.surfaces)
    rows[2] = (rows[2][0], box(74, 72, 94, 84), rows[2][2])
    rows[3] = (rows[3][0], rows[3][1], {**rows[3][2], "dwellings": 3.0})
    made.surfaces = rows[:-2] + [("garden", rows[-1][1], {})]
    return made.assess()


@pytest.fixture
def live(qgis_project: Any) -> Iterator[Any]:
    from dgo_twin_plugin.live.map_layer import LiveLayer

    qgis_project.setDirty(False)
    made = LiveLayer(qgis_project)
    yield made
    made.end()


def content(layer: Any) -> dict[tuple, tuple]:
    """What stands in a layer, by layer, feature, zone and shape."""
    found = {}
    for feature in layer.getFeatures():
        zone, own, fid, _, value, mark, assumed = (
            None if str(x) == "NULL" else x for x in feature.attributes()[:7])  # fmt: skip
        found[own, fid, zone, feature.geometry().asWkt(3)] = (value, mark, assumed)
    return found


def settle() -> None:
    from qgis.PyQt.QtCore import QCoreApplication

    for _ in range(3):
        QCoreApplication.processEvents()


def test_an_update_in_place_equals_a_new_layer(live: Any, before: Any, after: Any,
                                               qgis_project: Any) -> None:  # fmt: skip
    """For every indicator: updating gives what making anew gives, in the same layer object."""
    from dgo_twin_plugin.live.map_layer import LiveLayer

    fresh = LiveLayer(qgis_project)
    n = 0
    for indicator in before.prepared:
        live.choose(indicator, before)
        layer = live.layer
        done = live.update(after)
        fresh.choose(None, None)
        fresh.choose(indicator, after)
        if layer is None or fresh.layer is None:
            continue
        assert live.layer is layer, indicator
        assert content(layer) == content(fresh.layer), indicator
        assert layer.extent() == fresh.layer.extent(), indicator
        n += done.moved + done.changed + done.added + done.removed > 0
        again = live.update(after)
        assert (again.added, again.removed, again.moved, again.changed) == (0, 0, 0, 0)
    fresh.end()
    assert n > 15


def test_only_what_differs_is_touched(live: Any, before: Any, after: Any) -> None:
    live.choose("flood_safety", before)
    count = live.layer.featureCount()
    done = live.update(after)
    # ten buildings; `after` drops the last two rows of the ground (a house and its garden) and
    # draws one garden: one building less; and the flats were shifted by two metres
    assert count == 10
    assert (done.added, done.removed, done.moved) == (0, 1, 1)
    assert done.changed == 0  # a map of return periods says the same everywhere


def test_a_slider_leaves_the_layer_alone_and_an_edit_after_it_does_not(
    live: Any, before: Any, after: Any
) -> None:
    live.choose("energy_use", before)
    first = content(live.layer)
    live.set_live(False)
    done = live.update(before.judged({"all": {"energy_use": 20.0}}, None))
    assert (done.changed, done.moved) == (0, 0) and live.live and content(live.layer) == first
    assert live.update(after).moved > 0 and content(live.layer) != first
    assert live.update(before).moved > 0 and content(live.layer) == first


def test_marks_on_the_layer_are_those_of_the_assessment(live: Any, before: Any) -> None:
    table = next(t for t in before.places() if t.indicator == "traffic_noise")
    live.choose("traffic_noise", before)
    found = sorted(f["mark"] for f in live.layer.getFeatures())
    assert found == sorted(table.mark.tolist())
    rules = live.layer.renderer().rootRule().children()
    assert len(rules) == 8  # seven classes and "no mark"
    assert all(not math.isnan(f["value"]) for f in live.layer.getFeatures())


def test_the_project_stays_clean_and_the_active_layer_what_it_was(
    live: Any, before: Any, after: Any, qgis_project: Any
) -> None:
    from qgis.core import QgsVectorLayer

    own = QgsVectorLayer("Polygon?field=a:integer", "ontwerp", "memory")
    qgis_project.addMapLayer(own)
    added = []

    def dirty(*_: Any) -> None:
        """The window of QGIS marks the project as changed whenever its tree changes."""
        qgis_project.setDirty(True)

    root = qgis_project.layerTreeRoot()
    for signal in (root.addedChildren, root.removedChildren, root.visibilityChanged):
        signal.connect(dirty)
    bridge = qgis_project.layerTreeRegistryBridge()
    bridge.addedLayersToLayerTree.connect(lambda layers: added.extend(layers))
    qgis_project.setDirty(False)
    live.choose("traffic_noise", before)
    live.update(after)
    live.set_live(False)
    live.set_live(True)
    live.choose("green", after)
    live.choose(None, None)
    settle()
    for signal in (root.addedChildren, root.removedChildren, root.visibilityChanged):
        signal.disconnect(dirty)
    assert not qgis_project.isDirty()
    assert not added  # QGIS makes the layers of this signal the active one
    assert list(qgis_project.mapLayers()) == [own.id()]


def test_it_is_not_in_the_saved_project(live: Any, before: Any, qgis_project: Any,
                                        tmp_path: Any) -> None:  # fmt: skip
    from qgis.core import QgsVectorLayer

    own = QgsVectorLayer("Polygon?field=a:integer", "ontwerp", "memory")
    qgis_project.addMapLayer(own)
    live.choose("traffic_noise", before)
    id_, name = live.layer.id(), live.layer.name()
    node = qgis_project.layerTreeRoot().findLayer(id_)
    node.setItemVisibilityChecked(False)
    path = tmp_path / "plan.qgs"
    assert qgis_project.write(str(path))
    written = path.read_text(encoding="utf-8")
    assert "ontwerp" in written and id_ not in written and name not in written
    settle()
    assert live.layer.id() == id_ and id_ in qgis_project.mapLayers()
    assert live.layer.featureCount() > 0 and not qgis_project.isDirty()
    node = qgis_project.layerTreeRoot().findLayer(id_)
    assert node is not None and not node.isVisible()
    assert [c.name() for c in qgis_project.layerTreeRoot().children()] == [name, "ontwerp"]
    assert live.layer.customProperty("skipMemoryLayersCheck") == 1


def test_opening_a_project_ends_the_choice_and_sweeps(live: Any, before: Any, qgis_project: Any,
                                                      tmp_path: Any) -> None:  # fmt: skip
    from qgis.core import QgsVectorLayer

    left = QgsVectorLayer("Polygon?field=mark:double", "Live: iets", "memory")
    left.setCustomProperty("dgo/live", "green")
    qgis_project.addMapLayer(left)
    path = tmp_path / "old.qgs"
    assert qgis_project.write(str(path))
    ended = []
    live.ended.connect(lambda: ended.append(1))
    live.choose("green", before)
    assert qgis_project.read(str(path))
    settle()
    assert ended == [1] and live.indicator == "" and live.layer is None
    assert not qgis_project.mapLayers() and not qgis_project.isDirty()
    assert live.update(before).added == 0  # nothing comes back unasked


def test_removed_by_the_user_the_choice_ends_quietly(live: Any, before: Any, after: Any,
                                                     qgis_project: Any) -> None:  # fmt: skip
    ended = []
    live.ended.connect(lambda: ended.append(1))
    live.choose("green", before)
    qgis_project.removeMapLayer(live.layer.id())
    assert ended == [1] and live.layer is None and live.indicator == ""
    live.update(after)
    live.set_live(False)
    assert not qgis_project.mapLayers()
    live.choose("green", after)  # and may be chosen again
    assert live.layer is not None and ended == [1]


def test_it_greys_while_it_is_not_live(live: Any, before: Any) -> None:
    live.choose("green", before)
    bright = live.layer.opacity()
    live.set_live(False)
    assert live.layer.opacity() < bright
    live.update(before)
    assert live.layer.opacity() == bright


def test_nothing_measured_makes_no_layer(live: Any, qgis_project: Any) -> None:
    from dgo_twin_plugin.engine.assessment import assess
    from tests.engine import factory as f

    made = assess(f.scene([("GT04", f.box(0, 0, 90, 90))], [("grass", f.box(0, 0, 90, 90))],
                          plan=f.box(0, 0, 90, 90)), f.profile(), ["traffic_noise"])  # fmt: skip
    live.choose("traffic_noise", made)
    assert live.layer is None and not qgis_project.mapLayers()


def test_the_place_under_a_point(live: Any, before: Any) -> None:
    from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY

    live.choose("energy_use", before)
    crs = QgsCoordinateReferenceSystem("EPSG:28992")
    # the flats at (72..92, 70..82) of the town are feature 3
    place = live.here(QgsPointXY(136_080.0, 456_075.0), crs, 1.0)
    assert place is not None and (place.layer, place.fid) == ("design", 3)
    assert place.mark is not None and place.zone in (1, 2)
    assert live.here(QgsPointXY(136_300.0, 456_300.0), crs, 1.0) is None
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    if degrees.isValid():
        from qgis.core import QgsCoordinateTransform, QgsProject

        turn = QgsCoordinateTransform(crs, degrees, QgsProject.instance())
        there = turn.transform(QgsPointXY(136_080.0, 456_075.0))
        assert live.here(there, degrees, 1e-6) == place


def test_the_map_tip_tells_value_mark_and_zone(live: Any, before: Any) -> None:
    from qgis.core import QgsExpression, QgsExpressionContext, QgsExpressionContextUtils

    from dgo_twin_plugin import expressions
    from dgo_twin_plugin.engine.marks import shown

    registration = expressions.register()
    expressions.set_live(lambda: before)
    try:
        live.lang = "nl"
        live.choose("traffic_noise", before)
        feature = next(f for f in live.layer.getFeatures() if f["source_fid"] == 3)
        context = QgsExpressionContext(
            QgsExpressionContextUtils.globalProjectLayerScopes(live.layer))
        context.setFeature(feature)
        told = QgsExpression.replaceExpressionText(live.layer.mapTipTemplate(), context)
        zone = before.prepared["traffic_noise"].rows[feature["zone_id"]]
        assert "[%" not in told
        assert f"Geluidhinder verkeer: {shown(feature['mark'], 'nl')}" in told
        assert f"zone {feature['zone_id']}: {shown(zone.mark, 'nl')}" in told
        assert "Woongebouw 3" in told and "dB Lden" in told
    finally:
        expressions.set_live(None)
        expressions.unregister(registration)


def test_ended_twice_and_deaf(live: Any, before: Any, qgis_project: Any) -> None:
    live.choose("green", before)
    live.end()
    live.end()
    assert not qgis_project.mapLayers()
    qgis_project.clear()  # no slot of ours left
