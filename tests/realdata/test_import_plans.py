"""Zoning plans and areas of others through the algorithms; figures: README of the real data."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from osgeo import ogr

from .helpers import score, sql

PLAN, OFFICES, CIVIC, GREEN, TRAFFIC = 121_031.2, 22_996.1, 21_226.3, 5_632.1, 71_176.4
ENVELOPES, FLOOR_AREA = 33_231.4, 178_735.6
# With the maximum coverage percentage, by hand from the overlaps of envelope and dimension: 50 % on
# (2,788.7725 x 8 + 5,475.0123 x 5), 60 % on 1,970.493 x 2 and 13,411.7632 x 5, 100 % on the rest:
# 24,842.6 + 2,364.6 + 40,235.3 + 5 x (552.5449 + 1,115.8939 + 1,394.154 + 817.272 + 746.8209)
# + 2,582.5875 x 8 + 2,376.065 x 6 = 125,493.0 m2
ALLOWED = 125_493.0


def imported(what: str, source: Path, target: Path, **more: Any) -> dict[str, Any]:
    """Run an import algorithm; its log is under LOG."""
    from qgis import processing
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    feedback = QgsProcessingFeedback(False)
    made = processing.run(
        f"dgo:{what}",
        {"INPUT": [str(source)], "OUTPUT": str(target), **more},
        context=QgsProcessingContext(),
        feedback=feedback,
    )
    return {**made, "LOG": feedback.textLog()}


@pytest.mark.parametrize(
    "file", ["goes_stationsomgeving.gpkg", "goes_stationsomgeving_imro2012.gml"]
)
def test_goes_uses_and_capacity(realdata: Path, dgo: Any, tmp_path: Path, file: str) -> None:
    """The same figures from the GeoPackage and from the GML with its arcs (chords of 4 degrees)."""
    source = realdata / "plans" / file
    beside = sorted(p.name for p in source.parent.iterdir())
    made = imported("importimro", source, tmp_path / "goes.gpkg")
    assert sorted(p.name for p in source.parent.iterdir()) == beside  # nothing laid beside it
    target = tmp_path / "goes.gpkg"
    uses = dict(sql(target, "SELECT use, plot_m2 FROM capacity WHERE use IS NOT NULL"))
    assert uses == {
        "Kantoor": pytest.approx(OFFICES, abs=0.1),
        "Maatschappelijk": pytest.approx(CIVIC, abs=0.1),
        "Groen": pytest.approx(GREEN, abs=0.1),
        "Verkeer": pytest.approx(TRAFFIC, abs=0.1),
    }
    (whole,) = sql(target, "SELECT envelope_m2, floor_m2, gfa_m2, gsi_envelope, fsi_envelope, fsi, "
                           "unknown_m2 FROM capacity WHERE use IS NULL")  # fmt: skip
    assert whole[:3] == pytest.approx((ENVELOPES, FLOOR_AREA, ALLOWED), abs=0.1)
    assert whole[3:6] == pytest.approx((0.2746, 1.4768, ALLOWED / PLAN), abs=5e-5)
    assert whole[6] == 0 and made["UNMAPPED"] == 0
    assert "1.477" in made["LOG"] and "Stationsomgeving Zuid-West" in made["LOG"]


@pytest.mark.parametrize(
    "file",
    ["durperdam_testplan", "gieterveen_2009", "goes_stationsomgeving",
     "middelburg_binnenstad_gebiedsaand"],
)  # fmt: skip
def test_plans_lose_nothing(realdata: Path, dgo: Any, tmp_path: Path, file: str) -> None:
    """Every area of every layer is in the result: in surfaces or in designations."""
    source, target = realdata / "plans" / f"{file}.gpkg", tmp_path / "plan.gpkg"
    imported("importimro", source, target)
    data, after = ogr.Open(str(source)), ogr.Open(str(target))
    figures = 0
    for index in range(data.GetLayerCount()):
        layer = data.GetLayer(index)
        name = layer.GetName()
        if name == "Figuur":
            figures = layer.GetFeatureCount()
        if name in ("Bestemmingsplangebied", "MetadataIMRObestand", "Figuur"):
            continue
        before = sum(f.GetGeometryRef().Area() for f in layer)
        where = "surfaces" if name in ("Enkelbestemming", "Bouwvlak") else "designations"
        result = after.GetLayerByName(where)
        result.SetAttributeFilter(f"source_layer = '{name}'")
        found = sum(f.GetGeometryRef().Area() for f in result)
        assert found == pytest.approx(before, abs=0.1), name
    assert figures == (3 if file.startswith("durperdam") else 0)
    if figures:
        assert sql(target, "SELECT count(*) FROM figures") == [(figures,)]
    assert sql(target, "SELECT count(*) FROM surfaces WHERE function IS NULL") == [(0,)]


def test_plans_list_what_they_do_not_know(realdata: Path, dgo: Any, tmp_path: Path) -> None:
    """Gieterveen has a free zone name, seven times in two wordings; 20 dwellings are given:
    2 x 3 + 2 x 4 + 6."""
    target = tmp_path / "plan.gpkg"
    made = imported("importimro", realdata / "plans" / "gieterveen_2009.gpkg", target)
    assert made["UNMAPPED"] == 7
    assert [n for (n,) in sql(target, "SELECT count FROM unmapped ORDER BY count")] == [1, 6]
    assert sql(target, "SELECT dwellings FROM capacity WHERE use IS NULL") == [
        (pytest.approx(20, abs=1e-6),)
    ]


def test_durperdam_reads_lists_of_dimensions(realdata: Path, dgo: Any, tmp_path: Path) -> None:
    """Two values per area, written as a list. Eaves 6 m and height 12 m: two storeys of 3 m below
    the eaves and half of two below the roof = 3; 5 and 10: 1 + 5 / 6; 4 and 8: 1 + 4 / 6."""
    target = tmp_path / "plan.gpkg"
    imported("importimro", realdata / "plans" / "durperdam_testplan.gpkg", target)
    found = sql(target, "SELECT floors, height FROM surfaces WHERE floors IS NOT NULL")
    allowed = {12: 3.0, 10: 1 + 2.5 / 3, 8: 1 + 2 / 3}
    for floors, height in found:
        assert floors == pytest.approx(allowed[round(height)], abs=1e-6), (floors, height)
    data = ogr.Open(str(realdata / "plans" / "durperdam_testplan.gpkg"))  # with plain OGR
    dimensions = [f.GetGeometryRef().Clone() for f in data.GetLayerByName("Maatvoering")
                  if f.GetField("waarde") == "(2:6,12)"]  # fmt: skip
    envelopes = [f.GetGeometryRef().Clone() for f in data.GetLayerByName("Bouwvlak")]
    high = [e for e in envelopes if sum(d.Intersection(e).Area() for d in dimensions) > 1]
    assert sum(round(h) == 12 for _, h in found) == len(high) > 20


def shape(path: Path, layer: str, where: str = "") -> ogr.Geometry:
    """The one geometry of a layer, or of its row where a condition holds."""
    data = ogr.Open(str(path))
    rows = data.GetLayerByName(layer)
    rows.SetAttributeFilter(where or None)
    found = [row.GetGeometryRef().Clone() for row in rows]
    assert len(found) == 1
    return found[0]


def areas(realdata: Path, folder: Path) -> Path:
    target = folder / "gebieden.gpkg"
    if not target.exists():
        imported("importimow", realdata / "areas" / "zeeland_omgevingsverordening.gpkg", target)
    return target


@pytest.mark.parametrize(
    ("label", "share"), [("brandganzen", 1.0), ("1/100", 1.0), ("buiten de bebouwde kom", 0.0)]
)
def test_zeeland_shares_of_the_plan(
    realdata: Path, dgo: Any, tmp_path: Path, label: str, share: float
) -> None:
    frame = shape(realdata / "plans" / "goes_stationsomgeving.gpkg", "Bestemmingsplangebied")
    where = f"name LIKE '%{label}%' AND name NOT LIKE 'beperkingengebied%'"
    area = shape(areas(realdata, tmp_path), "other_areas", where)  # one area per label
    common = area.Intersection(frame).Area()
    assert common / frame.Area() == pytest.approx(share, abs=5e-5)


def test_zeeland_twice_and_roles(realdata: Path, dgo: Any, tmp_path: Path) -> None:
    target = tmp_path / "gebieden.gpkg"
    made = imported("importimow", realdata / "areas" / "zeeland_omgevingsverordening.gpkg", target)
    assert made["UNMAPPED"] == 0
    assert "8 labels were delivered twice" in made["LOG"]
    assert "28 polygons in layer gebieden have no label" in made["LOG"]
    quiet = sql(target, "SELECT name FROM quiet_areas ORDER BY name")
    assert quiet == [("stiltegebied a",), ("stiltegebied b",), ("stiltegebied overig",)]
    # every label once; ground of what was not delivered twice is what it was
    assert sql(target, "SELECT sum(area_m2) FROM geological_values") == [
        (pytest.approx(987_371_523, rel=1e-6),)
    ]
    names = [n for (n,) in sql(target, "SELECT name FROM other_areas")]
    assert len(names) == len(set(names))


def test_goes_from_gml_to_marks(realdata: Path, dgo: Any, tmp_path: Path) -> None:
    """From the GML of the plan to marks; what the user gives is the plan and one area type."""
    began = time.monotonic()
    plan = tmp_path / "goes.gpkg"
    imported("importimro", realdata / "plans" / "goes_stationsomgeving_imro2012.gml", plan)
    types = areas(realdata, tmp_path)
    result = score(tmp_path, {
        "design": [{"layer": f"{plan}|surfaces"}],
        "area_types": {
            "layer": f"{types}|other_areas", "type": "name",
            "types": {"beheergebied brandganzen": "GT02"},
            "filter": "\"name\" = 'beheergebied brandganzen'",
        },
    })  # fmt: skip
    seconds = time.monotonic() - began
    zones = sql(result, "SELECT area_m2, gsi, fsi, area_type FROM zones")
    assert len(zones) == 1 and zones[0][3] == "GT02"
    assert zones[0][0] == pytest.approx(PLAN, abs=1.0)
    assert zones[0][1] == pytest.approx(0.2746, abs=1e-4)  # the envelopes themselves
    assert zones[0][2] == pytest.approx(ALLOWED / PLAN, abs=1e-4)  # floor area that is allowed
    marked = sql(result, "SELECT count(*) FROM scores WHERE mark IS NOT NULL")
    assert marked[0][0] >= 5
    assert seconds < 60, f"{seconds:.1f} s"
    print(f"Goes from GML to marks: {seconds:.1f} s, {marked[0][0]} marks")
