"""Small files of OpenStreetMap, drawn in metres: XML and PBF (the OSM-binary specification)."""

from __future__ import annotations

import struct
from pathlib import Path
from xml.sax.saxutils import quoteattr

from osgeo import osr

Tags = dict[str, str]
Way = tuple[list[tuple[float, float]], Tags]


def lonlat(xy: list[tuple[float, float]], code: int = 28992) -> list[tuple[float, float]]:
    """Degrees to seven decimals, as OpenStreetMap keeps them (about 1 cm)."""
    plane, world = osr.SpatialReference(), osr.SpatialReference()
    plane.ImportFromEPSG(code)
    world.ImportFromEPSG(4326)
    for one in (plane, world):
        one.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    turn = osr.CoordinateTransformation(plane, world)
    return [(round(x, 7), round(y, 7)) for x, y, _ in (turn.TransformPoint(*p) for p in xy)]


def xml(path: Path, nodes: list[tuple[tuple[float, float], Tags]], ways: list[Way],
        code: int = 28992) -> Path:  # fmt: skip
    """An .osm file; coordinates in metres of ``code``. A ring repeats its first point."""
    out, number = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">'], 0

    def tags(found: Tags) -> str:
        return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in found.items())

    def node(xy: tuple[float, float], found: Tags) -> int:
        nonlocal number
        number += 1
        (lon, lat), = lonlat([xy], code)
        out.append(f'<node id="{number}" lat="{lat}" lon="{lon}">{tags(found)}</node>')
        return number

    for xy, found in nodes:
        node(xy, found)
    made = []
    for points, found in ways:
        ids = [node(p, {}) for p in (points[:-1] if points[0] == points[-1] else points)]
        ids += ids[:1] if points[0] == points[-1] else []
        made.append((ids, found))
    for k, (ids, found) in enumerate(made):
        refs = "".join(f'<nd ref="{i}"/>' for i in ids)
        out.append(f'<way id="{1000 + k}">{refs}{tags(found)}</way>')
    path.write_text("\n".join([*out, "</osm>"]), encoding="utf-8")
    return path


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def _zigzag(value: int) -> bytes:
    return _varint(value * 2 if value >= 0 else -value * 2 - 1)


def _field(number: int, data: bytes | int) -> bytes:
    if isinstance(data, int):
        return _varint(number << 3) + _varint(data)
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _blob(kind: bytes, data: bytes) -> bytes:
    blob = _field(1, data) + _field(2, len(data))
    head = _field(1, kind) + _field(3, len(blob))
    return struct.pack(">I", len(head)) + head + blob


def pbf(path: Path, nodes: list[tuple[tuple[float, float], Tags]], ways: list[Way]) -> Path:
    """A .osm.pbf file, uncompressed blobs, plain nodes."""
    strings: list[str] = [""]

    def index(word: str) -> int:
        if word not in strings:
            strings.append(word)
        return strings.index(word)

    def tags(found: Tags) -> bytes:
        if not found:
            return b""
        return (_field(2, b"".join(_varint(index(k)) for k in found))
                + _field(3, b"".join(_varint(index(v)) for v in found.values())))  # fmt: skip

    number, body, lines = 0, b"", b""

    def node(xy: tuple[float, float], found: Tags) -> int:
        nonlocal number, body
        number += 1
        (lon, lat), = lonlat([xy])
        body += _field(1, _varint(1 << 3) + _zigzag(number) + tags(found)
                       + _varint(8 << 3) + _zigzag(round(lat * 1e7))
                       + _varint(9 << 3) + _zigzag(round(lon * 1e7)))  # fmt: skip
        return number

    for xy, found in nodes:
        node(xy, found)
    for k, (points, found) in enumerate(ways):
        ids = [node(p, {}) for p in (points[:-1] if points[0] == points[-1] else points)]
        ids += ids[:1] if points[0] == points[-1] else []
        steps = [b - a for a, b in zip([0, *ids], ids)]
        lines += _field(3, _field(1, 1000 + k) + tags(found)
                        + _field(8, b"".join(map(_zigzag, steps))))  # fmt: skip
    table = _field(1, b"".join(_field(1, s.encode()) for s in strings))
    head = _field(4, b"OsmSchema-V0.6")
    path.write_bytes(_blob(b"OSMHeader", head)
                     + _blob(b"OSMData", table + _field(2, body) + _field(2, lines)))  # fmt: skip
    return path
