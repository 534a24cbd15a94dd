"""GML to WKB, and objects one at a time."""

from __future__ import annotations

import io
import math
import xml.etree.ElementTree as ET

import pytest
from osgeo import ogr

from dgo_twin_plugin.engine.words import DgoError
from dgo_twin_plugin.importers import _gml

NS = 'xmlns:gml="http://www.opengis.net/gml"'


def shape(gml: str, swap: bool = False) -> ogr.Geometry:
    element = ET.fromstring(gml.replace(">", f" {NS}>", 1))
    return ogr.CreateGeometryFromWkb(_gml.wkb_of(element, swap))


def ring(text: str, dim: str = "") -> str:
    return f"<gml:LinearRing><gml:posList{dim}>{text}</gml:posList></gml:LinearRing>"


SQUARE = ring("0 0 10 0 10 10 0 10 0 0")


def test_a_polygon_with_a_hole() -> None:
    # 10 x 10 less 2 x 2
    hole = ring("4 4 4 6 6 6 6 4 4 4")
    found = shape(f"<gml:Polygon><gml:exterior>{SQUARE}</gml:exterior>"
                  f"<gml:interior>{hole}</gml:interior></gml:Polygon>")  # fmt: skip
    assert found.Area() == 96.0 and found.GetGeometryCount() == 2


def test_three_dimensions_and_other_spellings() -> None:
    high = ring("0 0 5 10 0 5 10 10 5 0 10 5 0 0 5", ' srsDimension="3"')
    assert shape(f"<gml:Polygon><gml:exterior>{high}</gml:exterior></gml:Polygon>").Area() == 100
    old = "<gml:LinearRing><gml:coordinates>0,0 10,0 10,5 0,0</gml:coordinates></gml:LinearRing>"
    assert shape(f"<gml:Polygon><gml:outerBoundaryIs>{old}</gml:outerBoundaryIs>"
                 "</gml:Polygon>").Area() == 25.0  # fmt: skip
    apart = "".join(f"<gml:pos>{p}</gml:pos>" for p in ("0 0", "4 0", "4 4", "0 0"))
    assert shape(f"<gml:Polygon><gml:exterior><gml:LinearRing>{apart}</gml:LinearRing>"
                 "</gml:exterior></gml:Polygon>").Area() == 8.0  # fmt: skip


def test_north_before_east() -> None:
    found = shape("<gml:Point><gml:pos>52.1 5.8</gml:pos></gml:Point>", swap=True)
    assert (found.GetX(), found.GetY()) == (5.8, 52.1)


def test_many_surfaces_also_one_inside_the_other() -> None:
    polygon = f"<gml:Polygon><gml:exterior>{SQUARE}</gml:exterior></gml:Polygon>"
    member = f"<gml:surfaceMember>{polygon}</gml:surfaceMember>"
    inner = ("<gml:surfaceMember><gml:Surface><gml:patches><gml:PolygonPatch><gml:exterior>"
             f"{ring('20 0 24 0 24 4 20 4 20 0')}</gml:exterior></gml:PolygonPatch></gml:patches>"
             "</gml:Surface></gml:surfaceMember>")  # fmt: skip
    found = shape(f"<gml:MultiSurface>{member}{inner}</gml:MultiSurface>")
    assert found.GetGeometryCount() == 2 and found.Area() == 116.0


def test_arcs_of_a_ring() -> None:
    """A stadium: 20 x 10 with half circles of radius 5 at both ends: 200 + 25 pi."""
    def arc(text: str) -> str:
        return f"<gml:Arc><gml:posList>{text}</gml:posList></gml:Arc>"

    def line(text: str) -> str:
        return f"<gml:LineStringSegment><gml:posList>{text}</gml:posList></gml:LineStringSegment>"

    parts = (line("0 0 20 0") + arc("20 0 25 5 20 10") + line("20 10 0 10")
             + arc("0 10 -5 5 0 0"))  # fmt: skip
    found = shape("<gml:Polygon><gml:exterior><gml:Ring><gml:curveMember><gml:Curve><gml:segments>"
                  f"{parts}</gml:segments></gml:Curve></gml:curveMember></gml:Ring></gml:exterior>"
                  "</gml:Polygon>")  # fmt: skip
    truth = 200 + 25 * math.pi
    # chords of at most 4 degrees: the circle loses at most (1 - sin x / x), x = 4 degrees: 0.08 %
    assert truth - 25 * math.pi * 0.0009 <= found.Area() <= truth


def test_a_circle_by_three_points() -> None:
    found = shape("<gml:Polygon><gml:exterior><gml:Ring><gml:curveMember><gml:Curve><gml:segments>"
                  "<gml:Circle><gml:posList>5 0 0 5 -5 0</gml:posList></gml:Circle></gml:segments>"
                  "</gml:Curve></gml:curveMember></gml:Ring></gml:exterior>"
                  "</gml:Polygon>")  # fmt: skip
    assert 0.999 * 25 * math.pi < found.Area() < 25 * math.pi


@pytest.mark.parametrize("gml", [
    "<gml:Polygon></gml:Polygon>",
    "<gml:Point><gml:pos>here</gml:pos></gml:Point>",
    "<gml:Point><gml:pos>1</gml:pos></gml:Point>",
])  # fmt: skip
def test_no_geometry_is_none(gml: str) -> None:
    assert _gml.wkb_of(ET.fromstring(gml.replace(">", f" {NS}>", 1))) is None


def tags(document: str, block: int = 7) -> list[str]:
    """Names of the objects of a document that arrives in blocks of so many bytes."""
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(block)

    found = _gml.objects(Slow(document.encode()), "a", lambda: None)
    return [_gml.local(element.tag) for element in found]


@pytest.mark.parametrize("block", [1, 7, 64, 10_000])
def test_objects_in_every_wrapping(block: int) -> None:
    for word in ("", "member", "cityObjectMember", "gml:featureMember"):
        start, end = (f"<{word}>", f"</{word}>") if word else ("", "")
        body = "".join(f"{start}<A{i}><b/></A{i}>{end}" for i in range(5))
        found = tags(f"<root {NS}><boundedBy/>{body}</root>", block)
        assert found == [f"A{i}" for i in range(5)]
    body = "".join(f"<A{i}><b/></A{i}>" for i in range(5))
    found = tags(f"<root><featureMembers>{body}</featureMembers></root>", block)
    assert found == [f"A{i}" for i in range(5)]


def test_objects_are_forgotten() -> None:
    """A hundred thousand objects of 1 kB pass, of which a handful is alive at a time."""
    import tracemalloc

    class Long(io.RawIOBase):
        left = 100_000

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            if self.left == 100_000:
                self.left -= 1
                return b"<root>"
            if self.left == 0:
                return b""
            count = min(self.left, 1_000)
            self.left -= count
            made = b"<m><A>" + b"x" * 1_000 + b"</A></m>"
            return made * count + (b"</root>" if not self.left else b"")

    tracemalloc.start()
    count = sum(1 for _ in _gml.objects(Long(), "a", lambda: None))  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 99_999
    assert peak < 40e6  # 100 MB went by


@pytest.mark.parametrize("document, expected", [
    ("<root><A/>", "xml_half"), ("<root><A></B></root>", "xml_broken"),
    ("<root><A>&nbsp;</A></root>", "xml_broken"), ("<root/><root/>", "xml_broken"),
])  # fmt: skip
def test_broken_xml(document: str, expected: str) -> None:
    with pytest.raises(DgoError) as caught:
        tags(document)
    assert caught.value.message.key == f"errors.import.{expected}"


def test_wrong_encoding() -> None:
    raw = '<?xml version="1.0" encoding="UTF-8"?><root><A>caf\u00e9</A></root>'.encode("latin-1")
    with pytest.raises(DgoError) as caught:
        list(_gml.objects(io.BytesIO(raw), "a", lambda: None))
    assert caught.value.message.key == "errors.import.xml_encoding"
    unknown = b'<?xml version="1.0" encoding="x-klingon"?><root/>'
    with pytest.raises(DgoError):
        list(_gml.objects(io.BytesIO(unknown), "a", lambda: None))


def test_an_object_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_gml, "MAX_OBJECT", 1_000)
    with pytest.raises(DgoError) as caught:
        tags("<root><A>" + "<b>1</b>" * 1_000 + "</A></root>", 100)
    assert caught.value.message.key == "errors.import.xml_object"
