"""Small BGT files: CityGML as PDOK delivers it, GML-light, GeoPackage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from osgeo import gdal, ogr, osr

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<CityModel xmlns:gml="http://www.opengis.net/gml" '
    'xmlns:imgeo="http://www.geostandaarden.nl/imgeo/2.1" '
    'xmlns="http://www.opengis.net/citygml/2.0">'
)
X, Y = 155_000.0, 463_000.0


def box(x: float, y: float, w: float = 10.0, h: float = 10.0) -> str:
    """Coordinates of a rectangle."""
    x, y = X + x, Y + y
    return f"{x} {y} {x + w} {y} {x + w} {y + h} {x} {y + h} {x} {y}"


def polygon(xy: str) -> str:
    return ("<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>" + xy
            + "</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>")  # fmt: skip


def point(x: float, y: float) -> str:
    return f"<gml:Point><gml:pos>{X + x} {Y + y}</gml:pos></gml:Point>"


def city(tag: str, identity: str, shape: str, level: int = 0, ended: str = "",
         space: str = "", **values: str) -> str:  # fmt: skip
    """A cityObjectMember; ``plus__type`` stands for the element imgeo:plus-type, names without a
    double underscore are CityGML's own."""
    own = "".join(
        f"<imgeo:{n.replace('__', '-')}>{v}</imgeo:{n.replace('__', '-')}>" if "__" in n
        else f"<{n}>{v}</{n}>" for n, v in values.items())  # fmt: skip
    end = f"<imgeo:eindRegistratie>{ended}</imgeo:eindRegistratie>" if ended else ""
    name = tag if space else f"imgeo:{tag}"
    start = f'<{name} xmlns="http://www.opengis.net/citygml/{space}/2.0"' if space else f"<{name}"
    return (f'<cityObjectMember>{start} gml:id="b{identity}">'
            f"<imgeo:relatieveHoogteligging>{level}</imgeo:relatieveHoogteligging>{end}"
            "<imgeo:identificatie><imgeo:NEN3610ID><imgeo:namespace>NL.IMGeo</imgeo:namespace>"
            f"<imgeo:lokaalID>{identity}</imgeo:lokaalID></imgeo:NEN3610ID></imgeo:identificatie>"
            f"<imgeo:bgt-status>bestaand</imgeo:bgt-status>{own}"
            f"<imgeo:geometrie2d{tag}>{shape}</imgeo:geometrie2d{tag}>"
            f"</{name}></cityObjectMember>")  # fmt: skip


def model(*members: str) -> str:
    return HEAD + "".join(members) + "</CityModel>"


def table(path: Path, layer: str, rows: list[tuple[str, dict[str, Any]]],
          kind: int = ogr.wkbUnknown, epsg: int = 28992) -> Path:  # fmt: skip
    """A layer in a GeoPackage from WKT and values; texts and whole numbers."""
    srs = osr.SpatialReference()
    srs.ImportFromEPSG(epsg)
    srs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    driver = ogr.GetDriverByName("GPKG")
    data = gdal.OpenEx(str(path), gdal.OF_UPDATE) if path.exists() else driver.CreateDataSource(
        str(path))  # fmt: skip
    made = data.CreateLayer(layer, srs, kind)
    for name in sorted({k for _, values in rows for k in values}):
        sample = next((v[name] for _, v in rows if v.get(name) is not None), "")
        made.CreateField(ogr.FieldDefn(
            name, ogr.OFTInteger if isinstance(sample, int) else ogr.OFTString))  # fmt: skip
    for wkt, values in rows:
        feature = ogr.Feature(made.GetLayerDefn())
        if wkt:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        for name, value in values.items():
            if value is not None:
                feature.SetField(name, value)
        made.CreateFeature(feature)
    del made, data
    return path


def wkt(x: float, y: float, w: float = 10.0, h: float = 10.0) -> str:
    numbers = box(x, y, w, h).split()
    pairs = [f"{a} {b}" for a, b in zip(numbers[::2], numbers[1::2])]
    return f"POLYGON(({','.join(pairs)}))"


def rows(path: Path, layer: str = "surfaces") -> list[dict[str, Any]]:
    """What an import wrote: fields, and the area under ``m2``."""
    data = ogr.Open(str(path))
    found = data.GetLayer(layer)
    if found is None:
        return []
    return [{**feature.items(),
             "m2": feature.GetGeometryRef().Area() if feature.GetGeometryRef() else None}
            for feature in found]  # fmt: skip
