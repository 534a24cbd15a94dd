"""Zoning plans in the three dialects of IMRO, written by hand for the tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

X, Y = 150_000.0, 450_000.0  # lower left corner of the plans, national grid
SPACE = {
    2006: "http://www.ravi.nl/imro2006",
    2008: "http://www.geonovum.nl/imro/2008/1",
    2012: "http://www.geonovum.nl/imro/2012/1.1",
}
SRS = 'srsName="urn:ogc:def:crs:EPSG::28992"'

Object = tuple[str, str, str, dict[str, Any]]  # element, name, GML of the geometry, more


def box(x0: float, y0: float, x1: float, y1: float) -> str:
    """A rectangle, metres from the corner."""
    points = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    return ring(" ".join(f"{X + x} {Y + y}" for x, y in points))


def ring(positions: str) -> str:
    return (f"<gml:Surface {SRS}><gml:patches><gml:PolygonPatch><gml:exterior><gml:LinearRing>"
            f"<gml:posList>{positions}</gml:posList></gml:LinearRing></gml:exterior>"
            "</gml:PolygonPatch></gml:patches></gml:Surface>")  # fmt: skip


def half_disc(x: float, y: float, r: float) -> str:
    """Upper half of a disc as an arc and a line."""
    arc = f"{X + x + r} {Y + y} {X + x} {Y + y + r} {X + x - r} {Y + y}"
    line = f"{X + x - r} {Y + y} {X + x + r} {Y + y}"
    return (f"<gml:Surface {SRS}><gml:patches><gml:PolygonPatch><gml:exterior><gml:Ring>"
            "<gml:curveMember><gml:Curve><gml:segments>"
            f"<gml:Arc><gml:posList>{arc}</gml:posList></gml:Arc>"
            f"<gml:LineStringSegment><gml:posList>{line}</gml:posList></gml:LineStringSegment>"
            "</gml:segments></gml:Curve></gml:curveMember></gml:Ring></gml:exterior>"
            "</gml:PolygonPatch></gml:patches></gml:Surface>")  # fmt: skip


def _values(values: Sequence[tuple[str, str]], year: int) -> str:
    made = ""
    for kind, value in values:
        if year == 2006:
            made += ("<imro:omvangWaarde><imro:OmvangWaardeBP>"
                     f"<imro:waarde>{value}</imro:waarde>"
                     f"<imro:waardeType>maatvoering; {kind}</imro:waardeType>"
                     "<imro:labelInfo><imro:Label><imro:tekst>1</imro:tekst></imro:Label>"
                     "</imro:labelInfo></imro:OmvangWaardeBP></imro:omvangWaarde>")  # fmt: skip
        else:
            made += ("<imro:maatvoeringInfo><imro:WaardeEnType>"
                     f"<imro:waarde>{value}</imro:waarde><imro:waardeType>{kind}</imro:waardeType>"
                     "</imro:WaardeEnType></imro:maatvoeringInfo>")  # fmt: skip
    return f"<imro:maatvoering><imro:M>{made}</imro:M></imro:maatvoering>" if year == 2006 else made


def text(objects: Sequence[Object], year: int = 2012, space: str = "", head: str = "") -> str:
    """A GML file; every object has a label point beside its area, before and behind it."""
    gml = "http://www.opengis.net/gml/3.2" if year == 2012 else "http://www.opengis.net/gml"
    root, member = ("gml:FeatureCollection", "gml") if year == 2006 else (
        "imro:FeatureCollectionIMRO", "imro")  # fmt: skip
    made = f'<?xml version="1.0" encoding="UTF-8"?>\n{head}'
    made += (f'<{root} xmlns:imro="{space or SPACE[year]}" xmlns:gml="{gml}" '
             'xmlns:xlink="http://www.w3.org/1999/xlink">')  # fmt: skip
    point = f"<gml:Point {SRS}><gml:pos>1 1</gml:pos></gml:Point>"
    point = f"<imro:plaatsingspunt>{point}</imro:plaatsingspunt>"
    point = f"<imro:labelInfo><imro:Label>{point}</imro:Label></imro:labelInfo>"
    for k, (element, name, shape, more) in enumerate(objects):
        if year == 2006:
            shape = ("<imro:PuntLijnVlak><imro:geometrieVlak>" + shape
                     + "</imro:geometrieVlak></imro:PuntLijnVlak>")  # fmt: skip
        group = more.get("group")
        made += (
            f'<{member}:featureMember><imro:{element} gml:id="o{k}">'
            f"<imro:identificatie>NL.{k}</imro:identificatie><imro:naam>{name}</imro:naam>{point}"
            + (f"<imro:bestemmingshoofdgroep>{group}</imro:bestemmingshoofdgroep>" if group else "")
            + _values(more.get("values", ()), year)
            + f"<imro:geometrie>{shape}</imro:geometrie>{point}"
            f"</imro:{element}></{member}:featureMember>"
        )
    return made + f"</{root}>"


STOREYS, COVERAGE = "maximum aantal bouwlagen", "maximum bebouwingspercentage (%)"
HEIGHT, EAVES = "maximum bouwhoogte (m)", "maximum goothoogte (m)"


def plan() -> list[Object]:
    """One hectare: 6,000 m2 living, 3,000 mixed, 1,000 water; two envelopes, one across a border
    of uses. The figures are worked out in test_imro.py."""
    return [
        ("Bestemmingsplangebied", "Proef", box(0, 0, 100, 100), {}),
        ("Enkelbestemming", "Wonen", box(0, 0, 60, 100), {"group": "wonen"}),
        ("Enkelbestemming", "Gemengd - 2", box(60, 0, 90, 100), {"group": "gemengd"}),
        ("Enkelbestemming", "Water", box(90, 0, 100, 100), {"group": "water"}),
        ("Dubbelbestemming", "Waarde - Archeologie - 2", box(0, 0, 50, 50), {"group": "waarde"}),
        ("Bouwvlak", "bouwvlak", box(10, 10, 50, 60), {}),
        ("Bouwvlak", "bouwvlak", box(50, 70, 80, 90), {}),
        ("Maatvoering", "m", box(10, 10, 30, 60), {"values": [(STOREYS, "4")]}),
        ("Maatvoering", "m", box(30, 10, 50, 60), {"values": [(STOREYS, "2")]}),
        ("Maatvoering", "m", box(10, 10, 50, 60), {"values": [(COVERAGE, "50")]}),
        ("Maatvoering", "m", box(50, 70, 80, 90), {"values": [(EAVES, "6"), (HEIGHT, "9")]}),
    ]  # fmt: skip


def save(folder: Path, objects: Sequence[Object], name: str = "plan.gml", **more: Any) -> Path:
    path = folder / name
    path.write_text(text(objects, **more), encoding="utf-8")
    return path
