"""GML of any version as a stream of objects, and its geometry as WKB.

GDAL's reader drops elements with a hyphen (``plus-fysiekVoorkomen``) and wants a whole file on
disk; this one reads a stream block by block, hands out one object at a time and forgets it.
Geometry goes straight to WKB: no OGR object and no second parse for the plain cases.
"""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
from collections import deque
from collections.abc import Callable, Iterator
from typing import IO, Any

from osgeo import ogr

from ..engine.clean import quiet
from ..engine.words import DgoError
from ._archive import xml_error
from ._shapes import arc, linear

BLOCK = 512 * 1024  # bytes fed to the parser at once
MAX_OBJECT = 128 * 1024**2  # bytes of one object; more is an attack or no map data
GML = ("http://www.opengis.net/gml", "http://www.opengis.net/gml/3.2")
_ONE = {"cityObjectMember", "featureMember", "member", "FeatureMember"}
_MANY = {"featureMembers", "members", "additionalObjects"}
_SKIP = {"boundedBy", "metaDataProperty", "name", "description", "metadata"}
_RINGS = ("exterior", "outerBoundaryIs", "interior", "innerBoundaryIs")


def local(tag: str) -> str:
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2]


def objects(stream: IO[bytes], name: str, tick: Callable[[], None],
            told: Callable[[int], None] = lambda count: None) -> Iterator[ET.Element]:  # fmt: skip
    """The objects of a feature collection, in order; each is thrown away after its turn. Ask
    ``read_root`` first: this expects no DTD. ``told`` gets the bytes of every block. Raises
    DgoError where the XML is broken or breaks off."""
    parser: Any = ET.XMLPullParser(events=("start",))
    root: ET.Element | None = None
    waiting = 0
    try:
        while block := stream.read(BLOCK):
            tick()
            told(len(block))
            parser.feed(block)
            for _, element in parser.read_events():
                if root is None:
                    root = element
                    break
            deque(parser.read_events(), maxlen=0)  # only the first start was asked for
            waiting += len(block)
            if root is not None:
                for found in _complete(root, False):
                    waiting = 0
                    yield found
            if waiting > MAX_OBJECT:
                raise DgoError("errors.import.xml_object", path=name, limit=MAX_OBJECT // 1024**2)
        parser.close()
        deque(parser.read_events(), maxlen=0)
    except ET.ParseError as error:
        raise xml_error(name, error) from error
    except (ValueError, LookupError) as error:  # an encoding that the parser does not know
        raise DgoError("errors.import.xml_encoding", path=name, line=1, why=str(error)) from error
    if root is not None:
        yield from _complete(root, True)


def _complete(parent: ET.Element, last: bool) -> Iterator[ET.Element]:
    """The objects below ``parent`` that are read to their end; they are taken out."""
    stop = len(parent) if last else len(parent) - 1
    for child in parent[: max(0, stop)]:
        word = local(child.tag)
        if word in _ONE or word in _MANY:
            yield from child
        elif word not in _SKIP:
            yield child
    if not last and len(parent) and local(parent[-1].tag) in _MANY:
        yield from _complete(parent[-1], False)
    del parent[: max(0, stop)]


def is_gml(element: ET.Element) -> bool:
    """Whether the element belongs to GML itself."""
    return element.tag.startswith("{http://www.opengis.net/gml")


def srs_name(element: ET.Element) -> str | None:
    """The CRS that a geometry names, on itself or somewhere inside."""
    for inner in element.iter():
        found = inner.get("srsName")
        if found:
            return found
    return None


def wkb_of(element: ET.Element, swap: bool = False) -> bytes | None:
    """Plain 2D little-endian WKB of a GML geometry; None where it is empty or no geometry.
    Arcs become chords (see :func:`._shapes.arc`). ``swap``: coordinates stand as y, x."""
    try:
        made = _wkb(element, swap, _dimension(element, 2))
    except (ValueError, IndexError, struct.error):
        return None
    if made is not None or not len(element):
        return made
    # what the short ways above do not know: OGR may
    with quiet():
        try:
            geometry = ogr.CreateGeometryFromGML(ET.tostring(element, encoding="unicode"))
        except RuntimeError:
            return None
    if geometry is None or geometry.IsEmpty():
        return None
    if swap:
        geometry.SwapXY()
    return bytes(linear(bytes(geometry.ExportToIsoWkb(ogr.wkbNDR))).ExportToWkb(ogr.wkbNDR))


def _wkb(element: ET.Element, swap: bool, dim: int) -> bytes | None:
    kind = local(element.tag)
    if kind in ("Polygon", "PolygonPatch", "Rectangle"):
        return _polygon(element, swap, dim)
    if kind == "Point":
        xy = _coordinates(element, swap, dim)
        return struct.pack("<BI2d", 1, 1, xy[0], xy[1]) if len(xy) >= 2 else None
    if kind in ("LineString", "Curve", "CompositeCurve"):
        xy = _curve(element, swap, dim)
        return struct.pack(f"<BII{len(xy)}d", 1, 2, len(xy) // 2, *xy) if len(xy) >= 4 else None
    many = {"MultiSurface": 6, "MultiPolygon": 6, "Surface": 6, "CompositeSurface": 6,
            "PolyhedralSurface": 6, "MultiPoint": 4, "MultiCurve": 5,
            "MultiLineString": 5}.get(kind)  # fmt: skip
    if many is None:
        return None
    parts: list[bytes] = []
    for holder in element:
        for part in holder:
            made = _wkb(part, swap, _dimension(part, dim))
            if made is None:
                continue
            if made[1] == many:  # a surface inside a surface: its own parts
                parts.append(made[9:])
            else:
                parts.append(made)
    if not parts:
        return None
    count = sum(_count(part) for part in parts)
    return struct.pack("<BII", 1, many, count) + b"".join(parts)


def _count(parts: bytes) -> int:
    """How many polygons, lines or points stand one after another."""
    at = count = 0
    while at < len(parts):
        (kind,) = struct.unpack_from("<I", parts, at + 1)
        count += 1
        if kind == 1:
            at += 21
            continue
        (number,) = struct.unpack_from("<I", parts, at + 5)
        at += 9
        if kind == 2:
            at += 16 * number
            continue
        for _ in range(number):
            (points,) = struct.unpack_from("<I", parts, at)
            at += 4 + 16 * points
    return count


def _polygon(element: ET.Element, swap: bool, dim: int) -> bytes | None:
    rings: list[bytes] = []
    for boundary in element:
        if local(boundary.tag) not in _RINGS or not len(boundary):
            continue
        xy = _curve(boundary[0], swap, _dimension(boundary[0], dim))
        if len(xy) < 6:
            continue
        if xy[:2] != xy[-2:]:
            xy = [*xy, *xy[:2]]
        rings.append(struct.pack(f"<I{len(xy)}d", len(xy) // 2, *xy))
    if not rings:
        return None
    return struct.pack("<BII", 1, 3, len(rings)) + b"".join(rings)


def _curve(element: ET.Element, swap: bool, dim: int) -> list[float]:
    """x, y, x, y, ... of a ring, line or curve, arcs as chords."""
    kind = local(element.tag)
    if kind in ("LinearRing", "LineString", "LineStringSegment"):
        return _coordinates(element, swap, dim)
    if kind in ("Arc", "ArcString", "Circle"):
        given = _coordinates(element, swap, dim)
        if kind == "Circle":  # three points of a whole circle: from the first back to it
            return _circle(given)
        chords = given[:2]
        for at in range(0, len(given) - 5, 4):
            a, b, c = (tuple(given[at + k : at + k + 2]) for k in (0, 2, 4))
            for x, y in arc(a, b, c)[1:]:
                chords += (x, y)
        return chords
    if kind == "OrientableCurve":
        xy = _joined(element, swap, dim)
        if element.get("orientation") == "-":
            pairs = list(zip(xy[::2], xy[1::2]))[::-1]
            return [v for pair in pairs for v in pair]
        return xy
    if kind in ("Ring", "Curve", "segments", "curveMember", "CompositeCurve", "baseCurve"):
        return _joined(element, swap, dim)
    raise ValueError(kind)


def _joined(element: ET.Element, swap: bool, dim: int) -> list[float]:
    """The parts of a curve one after another, common ends once."""
    whole: list[float] = []
    for part in element:
        if local(part.tag) in _SKIP:
            continue
        xy = _curve(part, swap, _dimension(part, dim))
        whole += xy[2:] if whole and whole[-2:] == xy[:2] else xy
    return whole


def _circle(given: list[float]) -> list[float]:
    a, b, c = (tuple(given[k : k + 2]) for k in (0, 2, 4))
    mx, my = _centre(a, b, c)
    return [v for point in arc(a, (2 * mx - a[0], 2 * my - a[1]), a) for v in point]


def _centre(a: tuple[float, ...], b: tuple[float, ...],
            c: tuple[float, ...]) -> tuple[float, float]:  # fmt: skip
    bx, by, cx, cy = b[0] - a[0], b[1] - a[1], c[0] - a[0], c[1] - a[1]
    twice = 2.0 * (bx * cy - by * cx)
    if twice == 0.0:
        raise ValueError("no circle")
    bb, cc = bx * bx + by * by, cx * cx + cy * cy
    return a[0] + (cy * bb - by * cc) / twice, a[1] + (bx * cc - cx * bb) / twice


def _dimension(element: ET.Element, otherwise: int) -> int:
    found = element.get("srsDimension")
    return int(found) if found else otherwise


def _coordinates(element: ET.Element, swap: bool, dim: int) -> list[float]:
    """x, y, x, y, ... of posList, pos, pointProperty or coordinates."""
    found: list[float] = []
    for child in element:
        kind, shown = local(child.tag), child.text or ""
        if kind in ("posList", "pos"):
            size = _dimension(child, dim)
            values = list(map(float, shown.split()))
            if size == 3 or (kind == "pos" and len(values) == 3):
                del values[2::3]
            found += values
        elif kind == "coordinates":
            between, after = child.get("cs", ","), child.get("ts", " ")
            for part in shown.split() if after.isspace() else shown.split(after):
                found += map(float, part.split(between)[:2])
        elif kind in ("pointProperty", "pointRep"):
            for point in child:
                found += _coordinates(point, False, dim)
    if swap:
        found[::2], found[1::2] = found[1::2], found[::2]
    return found
