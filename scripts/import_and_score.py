"""From a base registration to marks in one command, by the public algorithms in qgis_process.

    scripts/import_and_score.py bgt bgt.zip --box 180500,456500,181500,457500 --type GT06
    scripts/import_and_score.py imro plan.gml --role design --type GT04

Imports the files by dgo:import<source>, scores the result (as current situation or as design) in
one area of one type, or in a map of area types of your own, and prints the marks.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import time
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPO), str(REPO / "scripts")]

import yaml  # noqa: E402
from demo import table  # noqa: E402
from headless import Headless, HeadlessError  # noqa: E402
from link import link  # noqa: E402
from osgeo import ogr, osr  # noqa: E402


def write_area(path: Path, wkt: str, srs: osr.SpatialReference, area_type: str) -> None:
    """A GeoPackage with one polygon and its area type."""
    path.unlink(missing_ok=True)
    data = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = data.CreateLayer("area", srs, ogr.wkbMultiPolygon)
    layer.CreateField(ogr.FieldDefn("type", ogr.OFTString))
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(ogr.ForceToMultiPolygon(ogr.CreateGeometryFromWkt(wkt)))
    feature.SetField("type", area_type)
    layer.CreateFeature(feature)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> str:
    return f"POLYGON(({x0} {y0},{x1} {y0},{x1} {y1},{x0} {y1},{x0} {y0}))"


def whole(path: Path) -> tuple[str, osr.SpatialReference]:
    """The rectangle around an import, and its CRS."""
    data = ogr.Open(str(path))
    layer = data.GetLayer("surfaces")
    x0, x1, y0, y1 = layer.GetExtent()
    return rectangle(x0, y0, x1, y1), layer.GetSpatialRef().Clone()


def layers(path: Path) -> list[str]:
    """The layers of an import that a run can use."""
    with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as store:
        names = [n for (n,) in store.execute("SELECT table_name FROM gpkg_contents")]
    return [f"{path}|{n}" for n in ("surfaces", "lines", "points") if n in names]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", help="bgt, bag, imro, osm, dxf: the algorithm is dgo:import…")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--box", help="xmin,ymin,xmax,ymax of the plan area; else all of it")
    parser.add_argument("--crs", default="EPSG:28992", help="of --box")
    parser.add_argument("--type", dest="area_type", help="area type of the whole area, as GT06")
    parser.add_argument("--area-types", help="file|layer with a field 'type', instead of --type")
    parser.add_argument("--role", choices=("current", "design"), default="current")
    parser.add_argument("--folder", type=Path, default=REPO / "build" / "import")
    given = parser.parse_args()
    if bool(given.area_type) == bool(given.area_types):
        parser.error("give either --type or --area-types")
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    plugins = REPO / "build" / "plugins"
    link(plugins)
    imported, result = folder / f"{given.source}.gpkg", folder / "result.gpkg"
    result.unlink(missing_ok=True)
    area = folder / "area.gpkg"
    clock = [time.monotonic()]
    try:
        qgis = Headless(REPO / "build" / "demo-profile", plugins)
        clock.append(time.monotonic())
        words = [f"INPUT={path.resolve()}" for path in given.files]
        if given.box:
            srs = osr.SpatialReference()
            srs.SetFromUserInput(given.crs)
            write_area(area, rectangle(*map(float, given.box.split(","))), srs,
                       given.area_type or "")  # fmt: skip
            words.append(f"EXTENT={area}|layername=area")
        done = qgis.call("run", f"dgo:import{given.source}", "--", *words, f"OUTPUT={imported}")
        print(done.stdout.strip())
        clock.append(time.monotonic())
        if not given.box:
            write_area(area, *whole(imported), given.area_type or "")
        types = given.area_types or f"{area}|area"
        found = layers(imported)
        twin = {"area_types": {"layer": types, "type": "type"}, "plan_area": f"{area}|area"}
        if given.role == "current":
            twin["context"] = {"current": found}
        else:
            twin["design"] = found
        (folder / "twin.yml").write_text(yaml.safe_dump(twin, sort_keys=False), encoding="utf-8")
        qgis.run("dgo:scoredesign", TWIN=folder / "twin.yml", OUTPUT=result)
        clock.append(time.monotonic())
    except HeadlessError as error:
        print(error, file=sys.stderr)
        return 1
    print()
    print("\n".join(table(result)))
    start, load, score = (b - a for a, b in zip(clock, clock[1:]))
    print(f"\nstart of QGIS {start:.1f} s, import {load:.1f} s, marks {score:.1f} s. {result}")
    print("The norms are a proposal, not adopted by any authority (voorstel, niet vastgesteld).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
