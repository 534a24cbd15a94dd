"""Draw both variants and write every file of the demo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from osgeo import gdal

from ..engine.words import Cancelled, DgoError
from . import design, fields, files, layout, shapes, surroundings, twinfile
from .settings import TUNING
from .shapes import Feature

STEPS = 34
TYPE_NAMES = {code: name for name, code in twinfile.AREA_TYPES.items()}
STAMP = "2026-01-01T00:00:00.000Z"  # in the GeoPackages, so that two creations are equal


def make(
    folder: Path,
    progress: Callable[[float], None] | None,
    cancelled: Callable[[], bool] | None,
) -> dict[str, Path]:
    """See :func:`dgo_twin_plugin.demo.create`."""
    done = 0

    def step() -> None:
        nonlocal done
        if cancelled is not None and cancelled():
            raise Cancelled
        done += 1
        if progress is not None:
            progress(min(done / STEPS, 1.0))

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DgoError("demo.cannot_write", path=str(folder)) from error
    before = gdal.GetThreadLocalConfigOption("OGR_CURRENT_DATE")
    gdal.SetThreadLocalConfigOption("OGR_CURRENT_DATE", STAMP)
    try:
        found = _write(folder, step)
    finally:
        gdal.SetThreadLocalConfigOption("OGR_CURRENT_DATE", before)
    if progress is not None:
        progress(1.0)
    return found


def _write(folder: Path, step: Callable[[], None]) -> dict[str, Path]:
    plan = layout.draw()
    found: dict[str, Path] = {}

    def package(key: str, name: str, layers: list) -> None:
        found[key] = folder / name
        files.write_package(found[key], layers)
        step()

    def rasters(maps, suffix: str = "") -> dict:
        kept = {}
        for name, values, grid, about in maps:
            found[name + suffix] = folder / f"{name}{suffix}.tif"
            files.write_raster(found[name + suffix], values, grid, about)
            kept[name] = values, grid
            step()
        return kept

    for variant, tuning in TUNING.items():
        drawn = design.make(plan, tuning, step)
        about = f"Fictief ontwerp, variant {variant.upper()}"
        layers = [("vlakken", "surface", "functie", drawn.surfaces, about),
                  ("bomen", "point", "", drawn.trees, about),
                  ("lijnen", "line", "functie", drawn.lines, about),
                  ("lampen", "point", "", drawn.lamps, about)]  # fmt: skip
        if drawn.crates:
            layers.append(("ondergronds", "surface", "functie", drawn.crates, about))
        package(f"design_{variant}", f"ontwerp_{variant}.gpkg", layers)
        rasters(fields.variant_maps(plan, tuning), f"_{variant}")
        found[f"twin_{variant}"] = folder / f"twin-{variant}.yml"
        used = {name for feature in drawn.surfaces for name in feature.fields}
        with found[f"twin_{variant}"].open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(twinfile.text(variant, used, bool(drawn.crates)))
    _maps(plan, package)
    today = surroundings.current(plan)
    package("current", "huidig.gpkg", [
        ("vlakken", "surface", "klasse", today, "Huidige situatie, fictief")])  # fmt: skip
    kept = rasters(fields.shared_maps(plan))
    ground, grid = kept["dtm"]
    height = fields.surface_model(ground, grid, today)
    rasters([("dsm", height, grid, "m NAP oppervlak; fictief")])
    return found


def _maps(plan: layout.Layout, package: Callable[[str, str, list], None]) -> None:
    types = [Feature(part, "", {"gebiedstype": TYPE_NAMES[code], "status": "vastgesteld",
                               "hoge_zandgrond": int(code in layout.HIGH_AND_DRY)})
             for code, area in plan.types
             for part in shapes.parts(area) if part.GetArea() > 1.0]  # fmt: skip
    package("area_types", "gebiedstypen.gpkg", [
        ("kaart", "surface", "", types, "Fictieve gebiedstypenkaart")])  # fmt: skip
    package("plan_area", "plangebied.gpkg", [
        ("plangebied", "surface", "", [Feature(plan.plan, "", {"naam": "Vliegveld Noord"})],
         "Fictief plangebied")])  # fmt: skip
    rail = Feature(shapes.line(shapes.spline(surroundings.RAIL, 60)), "", {
        "dag": 12.0, "avond": 10.0, "nacht": 3.0, "snelheid": 130.0, "categorie": "8"})  # fmt: skip
    roads = [(f"wegen_{v}", "line", "", surroundings.roads(plan, t), "Wegen en paden, fictief")
             for v, t in TUNING.items()]  # fmt: skip
    stops = [(f"haltes_{v}", "point", "", surroundings.stops(t), "Haltes, fictief")
             for v, t in TUNING.items()]  # fmt: skip
    package("roads", "wegen.gpkg", [
        *roads, *stops, ("spoor", "line", "", [rail], "Spoorweg, fictief")])  # fmt: skip
    around: list = []
    for variant, tuning in TUNING.items():
        soil = surroundings.soil(plan, not tuning.blocks_at_provincial_road)
        around.append((f"bodemfunctie_{variant}", "surface", "", soil.pop("bodemfunctie"),
                       "Bodemfunctieklassen, fictief"))  # fmt: skip
    groups = {**soil, **surroundings.hazards(plan), **surroundings.protected(),
              **surroundings.places()}  # fmt: skip
    points = ("bomen", "voorzieningen", "speelplekken")
    around += [(name, "point" if name in points else "surface", "", features, f"{name}, fictief")
               for name, features in groups.items()]  # fmt: skip
    package("surroundings", "omgeving.gpkg", around)
