"""docs/other-models.md: every example parses, a small file of each kind gives the right value."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from osgeo import gdal, ogr

from tests.structure.source import REPO

from . import plans as p
from .plans import box, design, score_of, scored

PAGE = REPO / "docs" / "other-models.md"
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
HOME = (box(40, 40, 60, 60), {"function": "dwelling", "dwellings": 12})
ROWS = [HOME, (box(0, 0, 100, 40), {"function": "grass"})]


def block(word: str) -> str:
    """The example that holds a word."""
    found = [b for b in BLOCKS if word in b]
    assert len(found) == 1, word
    return found[0]


def geojson(path: Path, rows: list[tuple[str, dict[str, Any]]]) -> None:
    """A GeoJSON of (WKT in metres of the national grid, values), as other programs write it."""
    data = ogr.GetDriverByName("GeoJSON").CreateDataSource(str(path))
    made = data.CreateLayer(path.stem, p.srs(), ogr.wkbUnknown)
    for name in rows[0][1]:
        number = isinstance(rows[0][1][name], (int, float))
        made.CreateField(ogr.FieldDefn(name, ogr.OFTReal if number else ogr.OFTString))
    for wkt, values in rows:
        feature = ogr.Feature(made.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        for name, value in values.items():
            feature.SetField(name, value)
        made.CreateFeature(feature)
    del made, data


def noise(folder: Path, example: str, kind: str = "") -> dict[str, Any]:
    """The score of road noise on maps alone."""
    twin = folder / "twin.yml"
    twin.write_text(example + "\nmethods: {all: map}\n", encoding="utf-8")
    result = scored(folder, design(folder / "d.gpkg", ROWS), TWIN=str(twin),
                    INDICATORS=["traffic_noise"])  # fmt: skip
    return score_of(result, "traffic_noise")


def rasters(folder: Path, example: str) -> dict[str, float]:
    """Role -> what the middle of the plan reads, through the reader that a run uses."""
    from dgo_twin_plugin.engine.twin import parse_twin
    from dgo_twin_plugin.layers.gather import gather, read_all

    twin = folder / "twin.yml"
    here = design(folder / "d.gpkg", ROWS)
    twin.write_text(f"design: [{{layer: '{here}'}}]\n" + example, encoding="utf-8")
    parsed = parse_twin(twin.read_text(encoding="utf-8"), folder)
    read = read_all(gather(parsed, None), lambda: None, lambda _: None)
    middle = np.array([[p.X + 50.0, p.Y + 50.0]])
    return {role: float(found[0].raster.sample(middle)[0])
            for role, found in read.sources.rasters.items()}  # fmt: skip


@pytest.mark.parametrize("example", BLOCKS)
def test_every_example_is_a_twin_file(example: str) -> None:
    from dgo_twin_plugin.engine.twin import parse_twin

    assert parse_twin(example, None).context


def test_the_roles_and_units_of_the_page_exist() -> None:
    from dgo_twin_plugin.engine.roles import roles

    table = PAGE.read_text(encoding="utf-8").split("## Which role")[1].split("\n\n")[1]
    named = {name for row in table.splitlines()[2:]
             for name in re.findall(r"`(\w+)`", row.split("|")[2])}  # fmt: skip
    assert named - {"rain"} <= set(roles())


def test_tygron(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    """Rasters in the unit of the role; water depth of the second moment of a file with two."""
    grid = np.full((80, 80), 1.0)
    for name, value in (("pet", 39.5), ("noise", 58.0), ("no2", 17.25)):
        p.raster(tmp_path / f"tygron_{name}.tif", value * grid, -150, 250, 5, nodata=-9999.0)
    data = gdal.GetDriverByName("GTiff").Create(
        str(tmp_path / "tygron_water.tif"), 80, 80, 2, gdal.GDT_Float32)  # fmt: skip
    data.SetGeoTransform((p.X - 150, 5, 0, p.Y + 250, 0, -5))
    data.SetProjection(p.srs().ExportToWkt())
    data.GetRasterBand(1).WriteArray(0.10 * grid)
    data.GetRasterBand(2).WriteArray(0.25 * grid)
    del data
    found = rasters(tmp_path, block("tygron_pet"))
    assert found == pytest.approx(
        {"pet": 39.5, "water_depth": 0.25, "noise_road": 58.0, "no2": 17.25}
    )


@pytest.mark.parametrize(
    ("label", "level"),
    # the upper bound; an open class its lower bound + 5; 55-59 of the directive runs to 60
    [("50-55", 55.0), ("< 35", 35.0), ("> 80", 85.0), ("55 - 59 dB", 60.0), ("52,5-57,5", 57.5)],
)
def test_noisemodelling_contours(
    dgo: Any, qgis_project: Any, tmp_path: Path, label: str, level: float
) -> None:
    geojson(tmp_path / "CONTOURING_NOISE_MAP.geojson", [
        (box(-100, -100, 300, 300), {"PK": 1, "ISOLVL": 3, "ISOLABEL": label})])  # fmt: skip
    row = noise(tmp_path, block("ISOLABEL"))
    assert row["value"] == pytest.approx(level)


def test_noisemodelling_receivers(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    """The highest of the points within 5 m of the facade; a point in the street says nothing."""
    points = [(f"POINT({p.X + 50} {p.Y + 38.5})", {"PERIOD": "DEN", "LAEQ": 61.5}),
              (f"POINT({p.X + 50} {p.Y + 61.5})", {"PERIOD": "DEN", "LAEQ": 48.0}),
              (f"POINT({p.X + 50} {p.Y + 38.0})", {"PERIOD": "D", "LAEQ": 70.0}),
              (f"POINT({p.X + 50} {p.Y + 10})", {"PERIOD": "DEN", "LAEQ": 75.0})]  # fmt: skip
    geojson(tmp_path / "RECEIVERS_LEVEL.geojson", points)
    row = noise(tmp_path, block("RECEIVERS_LEVEL"))
    assert row["value"] == pytest.approx(61.5)


def test_openoise(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    p.write(tmp_path / "openoise_receivers.gpkg", "receivers",
            [(f"POINT({p.X + 38.5} {p.Y + 50})", {"gen_lden": 57.0})])  # fmt: skip
    row = noise(tmp_path, block("openoise_receivers"))
    # railway noise weighs in the cumulated level as 0.95 L - 1.40 (Bkl, Lcum): 52.75
    assert row["value"] == pytest.approx(0.95 * 57.0 - 1.40)


def test_umep(dgo: Any, qgis_project: Any, tmp_path: Path) -> None:
    """A shadow raster that is 1 in the sun, turned by scale -1 and offset 1: 0.25 becomes 0.75."""
    grid = np.full((80, 80), 1.0)
    p.raster(tmp_path / "PET_mean_1200_1800.tif", 36.5 * grid, -150, 250, 5)
    p.raster(tmp_path / "Shadow.tif", 0.25 * grid, -150, 250, 5)
    p.raster(tmp_path / "DSM_ground_and_buildings.tif", 12.5 * grid, -150, 250, 5)
    command = re.search(r"gdal_translate (.*?) Shadow.tif shade.tif",
                        PAGE.read_text(encoding="utf-8"))  # fmt: skip
    assert command is not None
    gdal.Translate(str(tmp_path / "shade.tif"), str(tmp_path / "Shadow.tif"),
                   options=command[1])  # fmt: skip
    found = rasters(tmp_path, block("Shadow".lower() + ": {layer: shade.tif}"))
    assert found == pytest.approx({"pet": 36.5, "shadow": 0.75, "dsm": 12.5})


def test_invest_land_use_as_the_current_situation(
    dgo: Any, qgis_project: Any, tmp_path: Path
) -> None:
    """Codes as functions: of one hectare 30 x 100 m is water: 30 %."""
    p.write(tmp_path / "lulc.gpkg", "lulc", [
        (box(0, 0, 30, 100), {"lucode": "11"}), (box(30, 0, 100, 100), {"lucode": "21"}),
    ])  # fmt: skip
    (tmp_path / "twin.yml").write_text(block("lulc.gpkg"), encoding="utf-8")
    p.write(tmp_path / "plan.gpkg", "plan", [(box(0, 0, 100, 100), {})])
    output = tmp_path / "result.gpkg"
    p.run("scoredesign", {
        "TWIN": str(tmp_path / "twin.yml"), "OUTPUT": str(output), "INDICATORS": ["open_water"],
        "PLAN_AREA": p.uri(f"{tmp_path / 'plan.gpkg'}|plan"),
        "AREA_TYPES": p.uri(p.types(tmp_path / "types.gpkg")),
    })  # fmt: skip
    assert score_of(output, "open_water")["value"] == pytest.approx(30.0)
