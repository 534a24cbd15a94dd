"""Small plans and runs for the tests of the algorithms."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

from osgeo import gdal, ogr, osr

X, Y = 150_000.0, 450_000.0  # lower left corner of every plan here, national grid


def srs(code: int = 28992) -> osr.SpatialReference:
    """A reference system, x before y."""
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(code)
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference


def box(x0: float, y0: float, x1: float, y1: float) -> str:
    """WKT of a rectangle, in metres from the corner of the plan."""
    x0, x1, y0, y1 = X + x0, X + x1, Y + y0, Y + y1
    return f"POLYGON(({x0} {y0},{x1} {y0},{x1} {y1},{x0} {y1},{x0} {y0}))"


def moved(wkt: str) -> str:
    """WKT in metres from the corner of the plan, in the national grid."""
    geometry = ogr.CreateGeometryFromWkt(wkt)
    assert geometry is not None, wkt
    return shift(geometry).ExportToIsoWkt()


def shift(geometry: ogr.Geometry) -> ogr.Geometry:
    """The geometry moved to the corner of the plan."""
    for k in range(geometry.GetGeometryCount()):
        shift_part = geometry.GetGeometryRef(k)
        shift(shift_part)
    if not geometry.GetGeometryCount():
        for k in range(geometry.GetPointCount()):
            x, y, z = geometry.GetPoint(k)
            if geometry.Is3D():
                geometry.SetPoint(k, x + X, y + Y, z)
            else:
                geometry.SetPoint_2D(k, x + X, y + Y)
    return geometry


def write(
    path: Path,
    layer: str,
    rows: list[tuple[str | None, dict[str, Any]]],
    kind: int = ogr.wkbUnknown,
    to: osr.SpatialReference | None = None,
    fields: dict[str, int] | None = None,
    named: bool = True,
) -> str:
    """A layer of (WKT in the national grid, values) in a GeoPackage; returns ``file|layer``.

    ``to``: the reference system in which it is stored; ``named`` False: none is written.
    """
    driver = ogr.GetDriverByName("GPKG")
    data = ogr.Open(str(path), 1) if path.exists() else driver.CreateDataSource(str(path))
    target = to or srs()
    made = data.CreateLayer(layer, target if named else None, kind)
    kinds = dict(fields or {})
    for _, values in rows:
        for name, value in values.items():
            if value is not None:
                number = isinstance(value, (int, float))
                kinds.setdefault(name, ogr.OFTReal if number else ogr.OFTString)
    for name, code in kinds.items():
        made.CreateField(ogr.FieldDefn(name, code))
    move = None if to is None else osr.CoordinateTransformation(srs(), to)
    made.StartTransaction()
    for wkt, values in rows:
        feature = ogr.Feature(made.GetLayerDefn())
        if wkt is not None:
            geometry = ogr.CreateGeometryFromWkt(wkt)
            assert geometry is not None, wkt
            if move is not None:
                geometry.Transform(move)
            feature.SetGeometry(geometry)
        for name, value in values.items():
            if value is not None:
                feature.SetField(name, value)
        made.CreateFeature(feature)
    made.CommitTransaction()
    del made, data
    return f"{path}|{layer}"


def raster(
    path: Path,
    array: Any,
    x0: float,
    top: float,
    cell: float,
    nodata: float | None = None,
    code: int | None = 28992,
    kind: int = gdal.GDT_Float32,
) -> str:
    """A GeoTIFF; ``x0``, ``top`` in metres from the corner of the plan, in degrees as they are."""
    rows, columns = array.shape
    data = gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, 1, kind)
    here = (X, Y) if code == 28992 or code is None else (0.0, 0.0)
    data.SetGeoTransform((x0 + here[0], cell, 0, top + here[1], 0, -cell))
    if code is not None:
        data.SetProjection(srs(code).ExportToWkt())
    band = data.GetRasterBand(1)
    if nodata is not None:
        band.SetNoDataValue(nodata)
    band.WriteArray(array)
    del band, data
    return str(path)


# A plan of one hectare in one zone: a quarter water, a quarter grass, a quarter homes, a quarter
# road. Every share is 25 % by construction.
QUARTERS = (
    ("water", (0, 0, 50, 50)),
    ("grass", (50, 0, 100, 50)),
    ("dwelling", (0, 50, 50, 100)),
    ("road", (50, 50, 100, 100)),
)


def quarters() -> list[tuple[str, dict[str, Any]]]:
    """Rows of that plan."""
    return [(box(*place), {"function": name}) for name, place in QUARTERS]


def types(path: Path, area_type: str = "GT04", **more: Any) -> str:
    """An area-type map around the plan, 300 m wider; returns ``file|layer``."""
    return write(path, "types", [(box(-300, -300, 600, 600), {"type": area_type})], **more)


def design(
    path: Path, rows: list[tuple[str | None, dict[str, Any]]] | None = None, **more: Any
) -> str:
    """A design layer ``vlakken``; the four quarters unless rows are given."""
    return write(path, "vlakken", quarters() if rows is None else rows, **more)


def uri(layer: str) -> str:
    """``file|layer`` as QGIS names it."""
    path, _, name = layer.partition("|")
    return f"{path}|layername={name}" if name else path


class Said:
    """What an algorithm says. ``Said.new()`` gives a feedback that keeps it."""

    @staticmethod
    def new() -> Any:
        from qgis.core import QgsProcessingFeedback

        class Keeps(QgsProcessingFeedback):
            def __init__(self) -> None:
                super().__init__(False)
                self.errors: list[str] = []
                self.warnings: list[str] = []
                self.infos: list[str] = []

            def reportError(self, error: str, fatalError: bool = False) -> None:  # noqa: N802,N803
                self.errors.append(error)

            def pushWarning(self, warning: str) -> None:  # noqa: N802
                self.warnings.append(warning)

            def pushInfo(self, info: str) -> None:  # noqa: N802
                self.infos.append(info)

        return Keeps()


def run(
    name: str, parameters: dict[str, Any], feedback: Any = None, project: Any = None
) -> dict[str, Any]:
    """Run ``dgo:<name>`` as the toolbox does; raises what the user would read."""
    from qgis import processing
    from qgis.core import QgsProcessingContext, QgsProject

    context = QgsProcessingContext()
    context.setProject(project or QgsProject.instance())
    return processing.run(
        f"dgo:{name}", parameters, context=context, feedback=feedback or Said.new()
    )


def refusal(name: str, parameters: dict[str, Any], project: Any = None) -> str:
    """The sentence with which an algorithm refuses before it starts; '' where it accepts."""
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProject

    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"dgo:{name}")
    context = QgsProcessingContext()
    context.setProject(project or QgsProject.instance())
    good, said = algorithm.checkParameterValues(parameters, context)
    assert good == (not said), said
    return said


def sql(path: Any, query: str) -> list[tuple]:
    """Rows of a query on a results file."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def one(path: Any, query: str) -> Any:
    """The first value of a query."""
    rows = sql(path, query)
    assert rows, query
    return rows[0][0]


def score_of(path: Any, indicator: str, zone: int = 0) -> dict[str, Any]:
    """The row of ``scores`` of an indicator, last run."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    try:
        row = connection.execute(
            "SELECT * FROM scores WHERE indicator = ? AND zone_id = ? ORDER BY id DESC LIMIT 1",
            (indicator, zone),
        ).fetchone()
        return dict(row)
    finally:
        connection.close()


def checks(path: Any) -> dict[str, int]:
    """How often each check was made."""
    return dict(sql(path, "SELECT code, count(*) FROM checks GROUP BY code"))


def digest(path: Any) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def tables(path: Any) -> dict[str, str]:
    """A digest of every table of the contract: what must stay when a run fails."""
    names = (
        "runs",
        "scores",
        "score_parts",
        "totals",
        "zones",
        "breaches",
        "alerts",
        "checks",
        "places",
        "place_values",
        "place_sets",
    )
    return {
        name: hashlib.sha256(
            repr(sql(path, f"SELECT * FROM {name} ORDER BY id")).encode()
        ).hexdigest()
        for name in names
    }


def scored(folder: Path, design_layer: str, **more: Any) -> Path:
    """A run on a design with the map of ``types``; returns the results file."""
    output = folder / "result.gpkg"
    area_types = more.pop("AREA_TYPES", None) or uri(types(folder / "types.gpkg"))
    given = {
        "DESIGN": uri(design_layer),
        "AREA_TYPES": area_types,
        "OUTPUT": str(output),
        "INDICATORS": ["open_water"],
        **more,
    }
    run("scoredesign", given)
    return output


def refused(folder: Path, design_layer: str | None = None, **more: Any) -> str:
    """The sentence before the run."""
    if not (folder / "types_ok.gpkg").exists():
        types(folder / "types_ok.gpkg")
    given = {"AREA_TYPES": uri(f"{folder / 'types_ok.gpkg'}|types"), **more}
    if design_layer is not None:
        given["DESIGN"] = uri(design_layer)
    return refusal("scoredesign", given)
