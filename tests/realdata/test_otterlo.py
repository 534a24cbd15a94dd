"""A whole village of base-registration data (figures: README of the real data, not ours)."""

from __future__ import annotations

from pathlib import Path

import pytest
from osgeo import ogr

from .helpers import box, score, sql, write

X0, Y0, X1, Y1 = 180500, 456500, 181500, 457500
LAYERS = (
    "begroeidterreindeel",
    "onbegroeidterreindeel",
    "wegdeel",
    "ondersteunendwegdeel",
    "waterdeel",
    "ondersteunendwaterdeel",
    "pand",
    "overigbouwwerk",
    "scheiding",
)
PUBLISHED = {
    "begroeidterreindeel": 455159.8,
    "onbegroeidterreindeel": 339654.7,
    "wegdeel": 81415.5,
    "ondersteunendwegdeel": 25863.9,
    "waterdeel": 17392.0,
    "ondersteunendwaterdeel": 2795.1,
    "pand": 77375.6,
    "overigbouwwerk": 432.1,
    "scheiding": 154.3,
}


def twin(realdata: Path, folder: Path) -> dict:
    bgt = realdata / "otterlo" / "bgt_otterlo.gpkg"
    types = write(
        folder / "types.gpkg",
        "types",
        [
            (box(X0, Y0, 181000, Y1), {"type": "GT06"}),
            (box(181000, Y0, X1, Y1), {"type": "GT10"}),
        ],
    )
    return {
        "area_types": {"layer": types, "type": "type"},
        "context": {
            "current": [{"layer": f"{bgt}|bgt_{name}", "mapping": "bgt"} for name in LAYERS]
        },
    }


def test_area_per_class_without_ended_versions(realdata: Path, dgo) -> None:
    """Raw clipped area per class, to 0.1 m2, by the same reading as a run."""
    import numpy as np
    from qgis.core import QgsCoordinateTransformContext, QgsVectorLayer

    from dgo_twin_plugin.engine.clean import clean
    from dgo_twin_plugin.engine.geometry import Polygons, bbox_pairs, overlap_areas
    from dgo_twin_plugin.layers.plane import Plane
    from dgo_twin_plugin.layers.read import read_vector, snapshot

    frame = Polygons.from_geometries([ogr.CreateGeometryFromWkt(box(X0, Y0, X1, Y1))])
    for name, area in PUBLISHED.items():
        layer = QgsVectorLayer(
            f"{realdata}/otterlo/bgt_otterlo.gpkg|layername=bgt_{name}", name, "ogr"
        )
        given = snapshot(
            layer, {"filter": '"eindRegistratie" IS NULL AND "relatieveHoogteligging" = 0'}
        )
        raw = read_vector(given, Plane(layer.crs(), "design"), QgsCoordinateTransformContext(), [])
        polygons = clean(raw.wkb, name, raw.fid, (0.0, 0.0), [])
        i, j = bbox_pairs(polygons.bounds(), frame.bounds())
        assert np.sum(overlap_areas(polygons, frame, i, j)) == pytest.approx(area, abs=0.1), name


def test_scored_as_current_situation(realdata: Path, dgo, tmp_path: Path) -> None:
    result = score(tmp_path, twin(realdata, tmp_path))
    # the ground of the box is wholly known and owned once
    ground = sql(result, "SELECT sum(area_m2) FROM zones")[0][0]
    assert ground == pytest.approx(1_000_000.0, abs=0.1)
    green = sql(
        result, "SELECT coverage FROM scores WHERE zone_id = 0 AND indicator = 'open_water'"
    )
    assert green[0][0] == pytest.approx(1.0, abs=1e-6)
    # 17,392.0 m2 of water in 1,000,000 m2, less what lies below something else
    water = sql(result, "SELECT value FROM scores WHERE zone_id = 0 AND indicator = 'open_water'")
    assert water[0][0] == pytest.approx(1.7392, abs=0.02)
    assert (
        sql(result, "SELECT count(*) FROM scores")[0][0] == 99
    )  # 33 indicators x (2 zones + plan)


def test_overlap_is_given_to_one_owner_and_said(realdata: Path, dgo, tmp_path: Path) -> None:
    """1,000,243.0 m2 of parts on 1,000,000.0 m2 of ground: 243 m2 is overlap."""
    import datetime

    import numpy as np
    import yaml
    from qgis.core import QgsProject

    from dgo_twin_plugin.engine.build import build_scene
    from dgo_twin_plugin.engine.functions import load_functions
    from dgo_twin_plugin.engine.norms import load_profile
    from dgo_twin_plugin.engine.twin import load_twin
    from dgo_twin_plugin.layers.gather import gather, read_all

    (tmp_path / "t.yml").write_text(yaml.safe_dump(twin(realdata, tmp_path)), encoding="utf-8")
    reading = read_all(
        gather(load_twin(tmp_path / "t.yml"), QgsProject()), lambda: None, lambda _: None
    )
    scene = build_scene(
        reading.sources,
        load_profile("utrecht-proposal-2026"),
        load_functions(),
        datetime.date(2026, 11, 21),
    )
    assert float(scene.cut.area.sum()) == pytest.approx(1_000_000.0, abs=0.1)
    frame = ogr.CreateGeometryFromWkt(box(X0, Y0, X1, Y1))
    lost = 0.0
    for row in np.flatnonzero(scene.surfaces.footprints.area() - scene.surfaces.area > 1e-6):
        own = scene.surfaces.footprints.geometry(int(row)).Difference(
            scene.surfaces.geometry(int(row))
        )
        shift = ogr.CreateGeometryFromWkt(
            box(*(np.array([X0, Y0, X1, Y1]) - np.tile(scene.origin, 2)))
        )
        lost += own.Intersection(shift).Area()
    assert lost == pytest.approx(243.0, abs=0.6)
    assert frame.Area() == 1_000_000
    overlaps = [c for c in scene.checks if c.code == "overlap"]
    assert overlaps and all(c.severity in ("normal", "low") for c in overlaps)
    assert not [c for c in scene.checks if c.code == "unknown_function"]


def folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


def test_addresses_in_two_systems_give_the_same_marks(realdata: Path, dgo, tmp_path: Path) -> None:
    """The same 2,481 points, here as stops, in metres and in degrees."""
    marks = {}
    for code in ("28992", "4326"):
        base = twin(realdata, folder(tmp_path, code))
        # the base registration does not know what a building is used for: here all are homes
        base["context"]["current"].append(
            {
                "layer": f"{realdata}/otterlo/bgt_otterlo.gpkg|bgt_pand",
                "functions": "dwelling",
                "filter": '"eindRegistratie" IS NULL AND "relatieveHoogteligging" = 0',
            }
        )
        base["context"]["current"] = (
            base["context"]["current"][-1:] + base["context"]["current"][:-1]
        )
        base["context"]["stops"] = {
            "layer": str(realdata / "otterlo" / f"addresses_{code}.gpkg"),
            "mode": "bus",
            "freq": 2,
        }
        result = score(tmp_path, base, f"t{code}", INDICATORS=["public_transport"])
        marks[code] = sql(result, "SELECT zone_id, mark FROM scores ORDER BY zone_id")
    assert [z for z, _ in marks["28992"]] == [0, 1, 2]
    for (_, a), (_, b) in zip(marks["28992"], marks["4326"]):
        assert a == pytest.approx(b, abs=0.01)
    assert marks["28992"][0][1] is not None
