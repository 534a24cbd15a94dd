"""Imports of a whole village (figures: README of the real data, not ours)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from osgeo import ogr

from dgo_twin_plugin.engine.clean import clean
from dgo_twin_plugin.engine.geometry import Polygons, bbox_pairs, overlap_areas
from dgo_twin_plugin.importers import bag, bgt
from dgo_twin_plugin.importers._package import Request, reference

from .helpers import box, score, sql, write
from .test_otterlo import PUBLISHED, X0, X1, Y0, Y1

# how it comes: as a database, and as PDOK delivers it
FORMS = ["bgt_otterlo.gpkg", "bgt_otterlo_gml.zip"]


def clipped(path: Path) -> dict[str, float]:
    """m2 inside the box per source layer, repaired as a run repairs them."""
    data = ogr.Open(str(path))
    shapes: dict[str, list[bytes]] = {}
    for feature in data.GetLayer("surfaces"):
        wkb = bytes(feature.GetGeometryRef().ExportToWkb(ogr.wkbNDR))
        shapes.setdefault(feature["source_layer"], []).append(wkb)
    frame = Polygons.from_geometries([ogr.CreateGeometryFromWkt(box(X0, Y0, X1, Y1))])
    found = {}
    for name, wkb in shapes.items():
        polygons = clean(wkb, name, np.arange(len(wkb)), (0.0, 0.0), [])
        i, j = bbox_pairs(polygons.bounds(), frame.bounds())
        found[name] = float(np.sum(overlap_areas(polygons, frame, i, j)))
    return found


@pytest.mark.parametrize("form", FORMS)
def test_area_per_class_is_conserved(form: str, realdata: Path, tmp_path: Path) -> None:
    out = bgt.run(Request([str(realdata / "otterlo" / form)], tmp_path / "o.gpkg"))
    found = clipped(out.path)
    for name, area in PUBLISHED.items():
        assert found[name] == pytest.approx(area, abs=0.1), name
    assert sum(found[name] for name in PUBLISHED) == pytest.approx(1_000_243.0, abs=0.5)
    assert not out.unmapped
    # 530 of 1,168 rows of the green are ended versions
    assert out.left_out["begroeidterreindeel", "ended"] == 530


def test_database_and_delivery_give_the_same(realdata: Path, tmp_path: Path) -> None:
    made = [bgt.run(Request([str(realdata / "otterlo" / form)], tmp_path / "o.gpkg"))
            for form in FORMS]  # fmt: skip
    first, second = made
    assert first.features == second.features and first.count == second.count
    assert first.left_out == second.left_out
    for name, area in first.area.items():
        assert second.area[name] == pytest.approx(area, abs=0.1)


@pytest.mark.parametrize("form", FORMS)
def test_scored_as_current_situation(form: str, realdata: Path, dgo: Any, tmp_path: Path) -> None:
    """The import is usable as it is: role current, no mapping, the whole square kilometre."""
    out = bgt.run(Request([str(realdata / "otterlo" / form)], tmp_path / "o.gpkg"))
    types = write(tmp_path / "types.gpkg", "types", [(box(X0, Y0, X1, Y1), {"type": "GT06"})])
    result = score(tmp_path, {
        "area_types": {"layer": types, "type": "type"},
        "context": {"current": [f"{out.path}|surfaces", f"{out.path}|points"]},
    })  # fmt: skip
    ground = sql(result, "SELECT sum(area_m2) FROM zones")[0][0]
    assert ground == pytest.approx(1_000_000.0, abs=0.1)
    coverage, value = sql(result, "SELECT coverage, value FROM scores WHERE zone_id = 0 AND "
                                  "indicator = 'open_water'")[0]  # fmt: skip
    # all ground is known; 17,392.0 m2 of water, less what lies below something else
    assert coverage == pytest.approx(1.0, abs=1e-6)
    assert value == pytest.approx(1.7392, abs=0.02)
    assert not sql(result, "SELECT code FROM checks WHERE code = 'unknown_function'")


def test_a_folder_with_a_file_per_layer_some_empty(realdata: Path, tmp_path: Path) -> None:
    """Delft: 12 SpatiaLite files; 160 buildings (the number of published heights)."""
    out = bgt.run(Request([str(realdata / "delft")], tmp_path / "o.gpkg"))
    layers = dict(_pairs(out.path, "SELECT source_layer, count(*) FROM surfaces GROUP BY 1"))
    assert layers["pand"] == 160
    # 151 rows of which none ended (no column says so), 8 above or below ground
    assert layers["wegdeel"] == 151 - 8 and out.left_out["wegdeel", "level"] == 8
    assert layers["begroeidterreindeel"] == 126 and not out.unmapped


def _pairs(path: Path, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in sql(path, query)]


def housed(realdata: Path) -> int:
    """Addresses inside a present building, by plain OGR."""
    points = ogr.Open(str(realdata / "otterlo" / "addresses_28992.gpkg"))
    data = ogr.Open(str(realdata / "otterlo" / "bgt_otterlo.gpkg"))
    buildings = data.GetLayer("bgt_pand")
    buildings.SetAttributeFilter('"eindRegistratie" IS NULL')
    count = 0
    for address in points.GetLayer(0):
        point = address.GetGeometryRef()
        buildings.SetSpatialFilter(point)
        count += any(b.GetGeometryRef().Contains(point) for b in buildings)
    return count


@pytest.mark.parametrize("code", ["28992", "4326"])
def test_addresses_in_two_systems(code: str, realdata: Path, tmp_path: Path) -> None:
    """2,481 addresses; 1,151 of them in the square that the village's data was cut out by."""
    files = [str(realdata / "otterlo" / f"addresses_{code}.gpkg"),
             str(realdata / "otterlo" / "bgt_otterlo.gpkg")]  # fmt: skip
    out = bag.run(Request(files, tmp_path / "o.gpkg"))
    data = ogr.Open(str(out.path))
    points = data.GetLayer("addresses")
    assert points.GetFeatureCount() == 2_481
    points.SetSpatialFilterRect(180_000, 456_000, 182_000, 458_000)
    # one stands 0.2 mm outside (the index rounds); the set in degrees goes through a transformation
    assert points.GetFeatureCount() == pytest.approx(1_151, abs=1 if code == "28992" else 8)
    inside = sql(out.path, "SELECT sum(addresses) FROM surfaces")[0][0]
    assert inside == pytest.approx(housed(realdata), abs=0 if code == "28992" else 8)

    square = ogr.CreateGeometryFromWkt(box(180_000, 456_000, 182_000, 458_000))
    square.AssignSpatialReference(reference("EPSG:28992"))
    part = bag.run(Request(files, tmp_path / "p.gpkg", square))
    assert part.others["addresses"] == pytest.approx(1_151, abs=1 if code == "28992" else 12)


def test_half_a_download_of_the_real_zip(realdata: Path, tmp_path: Path) -> None:
    from dgo_twin_plugin.engine.words import DgoError

    whole = (realdata / "otterlo" / "bgt_otterlo_gml.zip").read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DgoError) as caught:
        bgt.run(Request([str(tmp_path / "half.zip")], tmp_path / "o.gpkg"))
    assert caught.value.message.key == "errors.import.zip_half"
    assert [p.name for p in tmp_path.iterdir()] == ["half.zip"]


def test_from_the_zip_to_marks_in_one_command(realdata: Path, repo: Path, tmp_path: Path) -> None:
    """As a user would: qgis_process, no window, nothing prepared."""
    import shutil
    import subprocess
    import sys

    if not shutil.which("qgis_process") and not shutil.which("qgis_process.bin"):
        pytest.skip("no qgis_process on this machine")
    done = subprocess.run(
        [sys.executable, str(repo / "scripts" / "import_and_score.py"), "bgt",
         str(realdata / "otterlo" / "bgt_otterlo_gml.zip"), "--type", "GT06",
         "--box", f"{X0},{Y0},{X1},{Y1}", "--folder", str(tmp_path)],
        capture_output=True, text=True, encoding="utf-8", timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    marks = {}
    for line in done.stdout.splitlines():
        if line[:1] in "IN" and line[1:3].isdigit():
            marks[line[:3]] = line.split()[-1]
    assert len(marks) >= 33
    # open water, rain retention, green: what a base map knows
    for code in ("I04", "I06", "I12"):
        assert 1.0 <= float(marks[code]) <= 10.0, code
    assert sql(tmp_path / "result.gpkg", "SELECT sum(area_m2) FROM zones")[0][0] == pytest.approx(
        1_000_000.0, abs=0.1)  # fmt: skip
