"""The work plane, and that the same plan gives the same marks whatever system it is stored in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from osgeo import osr

from . import plans as p
from .plans import box, design, refusal, run, sql, types, write

# A transverse Mercator on GRS80 that no authority knows: metres, its origin near the plan.
OWN = (
    'PROJCS["Plan grid",GEOGCS["Somewhere",DATUM["Plan_datum",SPHEROID["GRS 1980",6378137,'
    '298.257222101],TOWGS84[0,0,0,0,0,0,0]],PRIMEM["Greenwich",0],UNIT["degree",'
    '0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",52],'
    'PARAMETER["central_meridian",5.3],PARAMETER["scale_factor",1],PARAMETER["false_easting",'
    '50000],PARAMETER["false_northing",50000],UNIT["metre",1]]'
)


def crs(text: str) -> Any:
    from qgis.core import QgsCoordinateReferenceSystem

    if text.startswith("PROJCS"):
        return QgsCoordinateReferenceSystem.fromWkt(text)
    return QgsCoordinateReferenceSystem(text)


@pytest.mark.parametrize(
    ("layer", "extent", "project", "chosen", "reason"),
    [
        ("EPSG:28992", (150000, 450000, 150100, 450100), "EPSG:25831", "EPSG:28992", "design"),
        ("EPSG:25831", (640000, 5760000, 640100, 5760100), "", "EPSG:25831", "design"),
        ("EPSG:4326", (5.1, 52.0, 5.2, 52.1), "EPSG:25832", "EPSG:25832", "project"),
        ("EPSG:4326", (5.1, 52.0, 5.2, 52.1), "EPSG:3857", "EPSG:28992", "national"),
        ("EPSG:3857", (567000, 6800000, 568000, 6801000), "", "EPSG:28992", "national"),
        # Kyiv: 30.5 E lies in UTM zone 36 (30-36 E), north
        ("EPSG:4326", (30.5, 50.4, 30.6, 50.5), "", "EPSG:32636", "utm"),
        # Santiago: 70.6 W is zone 19 (72-66 W), south
        ("EPSG:4326", (-70.7, -33.5, -70.6, -33.4), "EPSG:4326", "EPSG:32719", "utm"),
        # a projection in US feet is no plane in metres; New York is zone 18
        ("EPSG:2263", (980000, 190000, 981000, 191000), "", "EPSG:32618", "utm"),
    ],
)
def test_the_plane(
    qgis_app: Any, layer: str, extent: tuple, project: str, chosen: str, reason: str
) -> None:
    from qgis.core import (
        QgsCoordinateReferenceSystem,
        QgsCoordinateTransformContext,
        QgsRectangle,
    )

    from dgo_twin_plugin.layers.plane import choose_plane

    own = crs(project) if project else QgsCoordinateReferenceSystem()
    plane = choose_plane(crs(layer), QgsRectangle(*extent), own, QgsCoordinateTransformContext())
    assert (plane.label, plane.reason) == (chosen, reason)


def test_a_system_without_code_is_kept_as_text(qgis_app: Any) -> None:
    from dgo_twin_plugin.layers.plane import Plane, is_plane

    own = crs(OWN)
    assert own.isValid() and is_plane(own)
    assert Plane(own, "design").label.startswith("PROJCS[")
    if hasattr(own, "saveAsUserCrs"):  # a code of this computer says nothing to others
        own.saveAsUserCrs("Plan grid")
        assert Plane(crs(own.authid()) if own.authid() else own, "design").label.startswith(
            "PROJCS["
        )


# --- the same marks -----------------------------------------------------------------------------
def surroundings(folder: Path, to: osr.SpatialReference | None) -> dict[str, str]:
    """Files of a small but whole case: design, map and a stop, all in one system. The border of
    the map cuts features, none of them in exact halves."""
    rows = [
        (
            box(k * 40, j * 40, k * 40 + 40, j * 40 + 40),
            {"function": name, "dwellings": 12.0 if name == "dwelling" else None, "height": 9.0},
        )
        for k, j, name in [
            (0, 0, "dwelling"),
            (1, 0, "water"),
            (2, 0, "grass"),
            (0, 1, "road"),
            (1, 1, "dwelling"),
            (2, 1, "shrub"),
            (0, 2, "garden"),
            (1, 2, "parking"),
            (2, 2, "bank"),
        ]
    ]
    return {
        "design": design(folder / "d.gpkg", rows, to=to),
        "types": write(
            folder / "t.gpkg",
            "types",
            [
                (box(-300, -300, 50, 600), {"type": "GT04"}),
                (box(50, -300, 600, 600), {"type": "GT05"}),
            ],
            to=to,
        ),
        "stops": write(
            folder / "s.gpkg",
            "stops",
            [(p.moved("POINT(60 -180)"), {"mode": "bus", "freq": 4.0})],
            to=to,
        ),
    }


def marks(folder: Path, files: dict[str, str]) -> tuple[dict[tuple, float | None], Path]:
    twin = folder / "twin.yml"
    twin.write_text(f"context:\n  stops: {{layer: '{files['stops']}'}}\n", encoding="utf-8")
    output = folder / "r.gpkg"
    run(
        "scoredesign",
        {
            "DESIGN": p.uri(files["design"]),
            "AREA_TYPES": p.uri(files["types"]),
            "TWIN": str(twin),
            "OUTPUT": str(output),
        },
    )
    return {
        row[:2]: row[2] for row in sql(output, "SELECT zone_id, indicator, mark FROM scores")
    }, output


@pytest.fixture(scope="module")
def in_metres(dgo: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple, float | None]:
    folder = tmp_path_factory.mktemp("metres")
    found, _ = marks(folder, surroundings(folder, None))
    assert sum(mark is not None for mark in found.values()) > 15
    return found


def own_grid() -> osr.SpatialReference:
    reference = osr.SpatialReference()
    reference.ImportFromWkt(OWN)
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference


@pytest.mark.parametrize("system", ["degrees", "mercator", "utm", "no code", "mixed"])
def test_the_same_plan_gives_the_same_marks(
    in_metres: dict, qgis_project: Any, tmp_path: Path, system: str
) -> None:
    """To 0.01 of a mark. UTM and the grid without code are conformal with a scale near 1 (areas
    differ by less than 0.2 % from the national grid's), so marks by area and distance agree."""
    to = {
        "degrees": p.srs(4326),
        "mercator": p.srs(3857),
        "utm": p.srs(25831),
        "no code": own_grid(),
        "mixed": p.srs(4326),
    }[system]
    files = surroundings(tmp_path, to)
    if system == "mixed":  # map in degrees, design in the national grid, stops in UTM
        (tmp_path / "more").mkdir()
        files["design"] = surroundings(tmp_path / "more", None)["design"]
        (tmp_path / "utm").mkdir()
        files["stops"] = surroundings(tmp_path / "utm", p.srs(25831))["stops"]
    found, output = marks(tmp_path, files)
    assert found.keys() == in_metres.keys()
    for key, mark in in_metres.items():
        assert (found[key] is None) == (mark is None), key
        if mark is not None:
            assert found[key] == pytest.approx(mark, abs=0.01), key
    ((plane, inputs),) = sql(output, "SELECT work_crs, inputs FROM runs")
    expected = {
        "utm": "EPSG:25831",
        "degrees": "EPSG:28992",
        "mercator": "EPSG:28992",
        "mixed": "EPSG:28992",
    }.get(system, "PROJCS[")
    assert plane.startswith(expected)
    stored = next(i["crs"] for i in json.loads(inputs) if i["role"] == "design")
    assert stored  # the system of the input itself is stated too


def test_no_system_is_refused_with_a_remedy(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    from qgis.core import QgsCoordinateReferenceSystem, QgsVectorLayer

    kind = p.uri(types(tmp_path / "t.gpkg"))
    layer = QgsVectorLayer(p.uri(design(tmp_path / "d.gpkg")), "zwevend", "ogr")
    layer.setCrs(QgsCoordinateReferenceSystem())
    qgis_project.addMapLayer(layer)
    said = refusal("scoredesign", {"DESIGN": layer, "AREA_TYPES": kind})
    assert "'zwevend'" in said and "layer properties" in said
    # a context layer without one likewise
    (tmp_path / "twin.yml").write_text("context: {stops: {layer: zwevend}}\n")
    design(tmp_path / "d2.gpkg")
    said = refusal(
        "scoredesign",
        {
            "DESIGN": p.uri(f"{tmp_path / 'd2.gpkg'}|vlakken"),
            "AREA_TYPES": kind,
            "TWIN": str(tmp_path / "twin.yml"),
        },
    )
    assert "'zwevend'" in said
