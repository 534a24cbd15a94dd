"""Alerts: overlaps with areas that must be seen, and thresholds of the assessment itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from osgeo import ogr

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.alerts import Rules, alerts, load_rules, shown
from dgo_twin_plugin.engine.indicators.spec import LegalTest
from dgo_twin_plugin.engine.texts import has_text, text
from dgo_twin_plugin.engine.yaml_lines import FileProblem
from tests.engine.factory import box, profile, scene

BOX = box(0, 0, 100, 100)
ZONE = [("GT04", BOX)]
DESIGN = [("dwelling", box(0, 0, 20, 20), {"dwellings": 4}), ("grass", box(20, 0, 100, 100), {})]


def found(context, surfaces=None, zones=None, current=None, **more):
    made = scene(zones or ZONE, surfaces or DESIGN, context=context, plan=BOX, current=current)
    return alerts(made, profile(), **more)


def area_of(alert):
    return ogr.CreateGeometryFromWkb(alert.wkb).GetArea()


# --- overlaps -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "kind", "severity"),
    [
        ("drinking_water", "waterwingebied", "blocking"),
        ("drinking_water", "Grondwaterbeschermingsgebied", "important"),
        ("drinking_water", "boringsvrije zone", "normal"),
        ("drinking_water", None, "important"),
        ("soil_remediation", None, "important"),
        ("nature_network", None, "important"),
        ("natura2000", "habitatrichtlijn", "blocking"),
        ("quiet_areas", None, "normal"),
    ],
)
def test_overlap_with_rule_source_design_and_area(role, kind, severity):
    # the area covers x from -50 to 30: 30 x 100 m of the plan; there lie 400 m2 of the dwelling
    # (fid 1) and 10 x 100 = 1000 m2 of the grass (fid 2), which has the most
    (alert,) = found({role: [(box(-50, 0, 30, 100), {"kind": kind, "name": "Heide"})]})
    assert (alert.rule, alert.role, alert.severity) == (role, role, severity)
    assert (alert.source_layer, alert.source_fid, alert.design_fid) == (role, 1, 2)
    assert alert.zone_id == 1
    assert alert.area_m2 == pytest.approx(3000.0)
    assert area_of(alert) == pytest.approx(3000.0)
    for lang in ("nl", "en"):
        assert "Heide" in text(alert.text, lang) and "3000" in text(alert.text, lang)


def test_touching_or_far_is_no_overlap():
    assert found({"natura2000": [(box(100, 0, 200, 100), {}), (box(500, 0, 600, 9), {})]}) == []


def test_overlap_does_not_depend_on_how_areas_are_cut():
    whole = [(box(-50, 0, 30, 100), {})]
    pieces = [(box(-50, 0, 11.3, 100), {}), (box(11.3, 0, 30, 60), {}),
              (box(11.3, 55, 30, 100), {}), (box(-50, 0, 30, 40), {})]  # fmt: skip
    (one,), (cut,) = found({"natura2000": whole}), found({"natura2000": pieces})
    assert cut.area_m2 == pytest.approx(one.area_m2, abs=1e-6)
    assert cut.area_m2 == pytest.approx(3000.0)


def test_slivers_add_up_to_what_they_cover():
    # 100 strips of 0.3 m: each 30 m2, together the same 30 x 100 m
    strips = [(box(0.3 * k, 0, 0.3 * (k + 1), 100), {}) for k in range(100)]
    (alert,) = found({"natura2000": strips})
    assert alert.area_m2 == pytest.approx(3000.0, abs=1e-6)


def test_one_alert_per_zone():
    zones = [("GT04", box(0, 0, 100, 50)), ("GT01", box(0, 50, 100, 100))]
    got = found({"natura2000": [(box(0, 0, 100, 60), {})]}, zones=zones)
    assert sorted(a.area_m2 for a in got) == pytest.approx([1000.0, 5000.0])
    assert {a.zone_id for a in got} == {1, 2}


def test_kinds_are_told_apart_and_the_severest_comes_first():
    got = found({"drinking_water": [
        (box(0, 0, 100, 100), {"kind": "boringsvrije zone"}),
        (box(0, 0, 10, 10), {"kind": "waterwingebied"}),
    ]})  # fmt: skip
    assert [(a.severity, a.area_m2) for a in got] == [
        ("blocking", pytest.approx(100.0)), ("normal", pytest.approx(10000.0))]  # fmt: skip


def test_less_than_a_square_metre_merely_touches():
    assert found({"natura2000": [(box(99.995, 0, 200, 100), {})]}) == []  # 0.5 m2
    assert len(found({"natura2000": [(box(99.985, 0, 200, 100), {})]})) == 1  # 1.5 m2


def test_rules_that_are_looked_at_together_say_what_each_says_alone():
    """Areas of several rules and kinds over each other are measured in one go."""
    context = {
        "natura2000": [(box(0, 0, 60, 60), {"name": "Heide"}), (box(40, 40, 90, 90), {})],
        "drinking_water": [(box(10, 10, 70, 30), {"kind": "waterwingebied"}),
                           (box(0, 0, 100, 100), {"kind": "boringsvrije zone"})],
        "desiccation": [(box(300, 0, 350, 100), {"name": "Ven"})],
        "quiet_areas": [(box(15, 15, 25, 25), {})],
    }  # fmt: skip
    zones = [("GT04", box(0, 0, 100, 50)), ("GT01", box(0, 50, 100, 100))]
    current = [("road", box(50, 50, 60, 60)), ("grass", BOX)]
    rules = load_rules()
    together = found(context, zones=zones, current=current)
    alone = [alert for rule in rules.overlaps
             for alert in found(context, zones=zones, current=current,
                                rules=Rules((rule,), rules.thresholds))]  # fmt: skip
    assert {a.rule for a in together} == set(context)
    assert sorted(map(repr, together)) == sorted(map(repr, alone))


# --- desiccation ----------------------------------------------------------------------------


def dry(x0, current, surfaces=None):
    """Nature from x0 eastward."""
    return found({"desiccation": [(box(x0, 0, x0 + 50, 100), {"name": "Ven"})]}, surfaces, None,
                 current)  # fmt: skip


def test_net_added_sealed_ground_near_nature():
    # the dwelling seals 400 m2 (grass nothing); before, a road of 10 x 10 m: net 300 m2
    current = [("road", box(50, 50, 60, 60)), ("grass", BOX)]
    (alert,) = dry(300, current)
    assert (alert.rule, alert.severity, alert.zone_id) == ("desiccation", "important", 0)
    assert (alert.source_fid, alert.design_fid) == (1, 1)
    assert alert.area_m2 == pytest.approx(300.0)
    assert alert.text.key == "alerts.desiccation.sealed"
    assert "500" in text(alert.text, "nl") and "Ven" in text(alert.text, "nl")


def test_no_alert_where_nothing_is_added():
    assert dry(300, [("road", box(0, 0, 20, 20)), ("grass", BOX)]) == []  # 400 - 400
    assert dry(300, [("road", box(0, 0, 40, 40)), ("grass", BOX)]) == []  # 400 - 1600


def test_only_within_500_metres():
    current = [("grass", BOX)]
    assert dry(601, current) == []
    # nature from x = 590: 500 m reaches to x = 90; the dwelling ends at x = 20
    assert dry(590, current) == []
    # from x = 510: reaches to x = 10, so half of the dwelling: 10 x 20 = 200 m2
    (alert,) = dry(510, current)
    assert alert.area_m2 == pytest.approx(200.0, abs=1e-3)


def test_new_open_water_may_drain():
    surfaces = [("water", box(0, 0, 20, 20), {}), ("grass", box(20, 0, 100, 100), {})]
    (alert,) = dry(300, [("grass", BOX)], surfaces)
    assert alert.text.key == "alerts.desiccation.drainage"
    assert alert.area_m2 == pytest.approx(400.0)
    assert dry(300, [("water", box(0, 0, 20, 20)), ("grass", BOX)], surfaces) == []


def test_without_a_current_situation_the_change_is_unknown():
    (alert,) = dry(300, None)
    assert alert.text.key == "alerts.desiccation.sealed_unknown"
    assert alert.severity == "normal"
    assert alert.area_m2 == pytest.approx(400.0)


# --- thresholds -----------------------------------------------------------------------------


def legal(outcome, feature=0, value=72.0, kind="rail"):
    return "traffic_noise", LegalTest(feature, 1, kind, value, 65.0, outcome)


def test_certain_and_possible_breaches():
    tests = [legal(words.EXCEEDS), legal(words.EXCEEDS, 1, 80.0), legal(words.INDICATIVE),
             legal(words.COMPLIES), legal(words.NOT_TESTED)]  # fmt: skip
    certain, possible = found({}, breaches=tests)
    assert (certain.rule, certain.severity, certain.zone_id) == ("certain_breach", "blocking", 1)
    assert certain.design_fid == 2  # row 1, furthest beyond its limit
    assert certain.text.params["count"] == 2
    assert (possible.rule, possible.severity) == ("possible_breach", "important")
    assert possible.text.params["count"] == 1
    assert area_of(certain) == pytest.approx(8000.0)  # the footprint of the grass


def score(zone, mark):
    return SimpleNamespace(zone_id=zone, mark=mark, indicator="traffic_noise")


def test_marks_below_six_by_raw_value():
    rows = [score(0, 4.0), score(1, 5.96), score(1, 6.0), score(1, None), score(1, 6.0 - 1e-12)]
    (alert,) = found({}, scores=rows)
    assert (alert.rule, alert.zone_id) == ("mark_below_6", 1)
    assert "5,9" in text(alert.text, "nl")  # truncated, never rounded to a pass
    assert shown(5.96) == 5.9


# --- the rules themselves --------------------------------------------------------------------


def test_every_rule_is_complete_and_has_its_sentences():
    rules = load_rules()
    roles = {r.role for r in rules.overlaps}
    assert roles == {"drinking_water", "desiccation", "soil_remediation", "nature_network",
                     "natura2000", "quiet_areas"}  # fmt: skip
    keys = []
    for rule in rules.overlaps:
        assert rule.source and rule.status == "proposal" and rule.confidence and rule.hook
        keys += [f"alerts.{rule.id}.title"]
        keys += [f"alerts.{rule.id}.kind.{k.id}" for k in rule.kinds]
        if rule.added:
            keys += [f"alerts.{rule.id}.{c}{u}" for c in ("sealed", "drainage")
                     for u in ("", "_unknown")]  # fmt: skip
        else:
            keys.append(f"alerts.{rule.id}.text")
    for rule in rules.thresholds:
        assert rule.source and rule.status and rule.confidence
        keys += [f"alerts.{rule.id}.title", f"alerts.{rule.id}.text"]
    missing = [(k, lang) for k in keys for lang in ("nl", "en") if not has_text(k, lang)]
    assert missing == []


def test_a_broken_rule_is_refused_with_its_line(tmp_path):
    path = tmp_path / "alerts.yml"
    path.write_text("version: 1\noverlaps:\n  x:\n    role: natura2000\n    severity: loud\n")
    with pytest.raises(FileProblem) as error:
        load_rules(str(path))
    assert error.value.line == 5


# --- real areas -------------------------------------------------------------------------------


def test_real_natura2000_does_not_depend_on_how_it_is_cut(realdata):
    """Natura 2000 areas of 2013 around the Veluwe, many slivers: the overlap is that of their
    union by GEOS, and stays the same when every area is cut along a line through the plan."""
    source = ogr.Open(str(realdata / "areas" / "natura2000_2013.gpkg"))
    layer = source.GetLayer(0)
    x, y = 183_000.0, 459_500.0  # the edge of the Veluwe near Otterlo
    plan = ogr.CreateGeometryFromWkt(box(x - 2000, y - 2000, x + 2000, y + 2000))
    layer.SetSpatialFilter(plan)
    areas = []
    for feature in layer:
        geometry = feature.GetGeometryRef().Clone()
        geometry.FlattenTo2D()
        areas.append(geometry if geometry.IsValid() else geometry.MakeValid())
    assert areas
    union = areas[0]
    for area in areas[1:]:
        union = union.Union(area)
    expected = union.Intersection(plan).GetArea()
    assert 0.0 < expected < plan.GetArea()

    def overlap(geometries):
        context = {"natura2000": [(g.ExportToWkt(), {}) for g in geometries]}
        wkt = plan.ExportToWkt()
        made = scene([("GT11", wkt)], [("grass", wkt, {})], context=context, plan=wkt)
        return sum(a.area_m2 for a in alerts(made, profile()))

    west = ogr.CreateGeometryFromWkt(box(0, 0, x + 11.3, 700_000))
    pieces = [part for g in areas for part in (g.Intersection(west), g.Difference(west))
              if part is not None and not part.IsEmpty()]  # fmt: skip
    assert overlap(areas) == pytest.approx(expected, abs=0.01)
    assert overlap(pieces) == pytest.approx(expected, abs=0.01)
