"""Small drawings: DXF as text, release 12 and 2000."""

from __future__ import annotations

from pathlib import Path

Point = tuple[float, ...]


def pairs(*items: tuple[int, object]) -> str:
    return "".join(f"{code:3d}\n{value}\n" for code, value in items)


def outline(layer: str, points: list[Point], closed: bool = True, bulge: float = 0.0) -> str:
    """A POLYLINE; ``bulge`` of the first edge; points may have a height."""
    out = pairs((0, "POLYLINE"), (8, layer), (66, 1), (10, 0.0), (20, 0.0), (30, 0.0),
                (70, 1 if closed else 0))  # fmt: skip
    for k, (x, y, *z) in enumerate(points):
        out += pairs((0, "VERTEX"), (8, layer), (10, x), (20, y), (30, z[0] if z else 0.0),
                     (42, bulge if k == 0 else 0.0))  # fmt: skip
    return out + pairs((0, "SEQEND"), (8, layer))


def light_outline(layer: str, points: list[Point], closed: bool = True) -> str:
    """An LWPOLYLINE, as newer programs write it."""
    out = pairs((0, "LWPOLYLINE"), (5, "1A"), (100, "AcDbEntity"), (8, layer),
                (100, "AcDbPolyline"), (90, len(points)), (70, 1 if closed else 0))  # fmt: skip
    return out + "".join(pairs((10, x), (20, y)) for x, y, *_ in points)


def hatch(layer: str, points: list[Point]) -> str:
    out = pairs((0, "HATCH"), (5, "1B"), (100, "AcDbEntity"), (8, layer), (100, "AcDbHatch"),
                (10, 0.0), (20, 0.0), (30, 0.0), (210, 0.0), (220, 0.0), (230, 1.0), (2, "SOLID"),
                (70, 1), (71, 0), (91, 1), (92, 2), (72, 0), (73, 1),
                (93, len(points)))  # fmt: skip
    out += "".join(pairs((10, x), (20, y)) for x, y, *_ in points)
    return out + pairs((97, 0), (75, 0), (76, 1), (98, 0))


def circle(layer: str, x: float, y: float, radius: float) -> str:
    return pairs((0, "CIRCLE"), (8, layer), (10, x), (20, y), (30, 0.0), (40, radius))


def insertion(layer: str, block: str, x: float, y: float) -> str:
    return pairs((0, "INSERT"), (8, layer), (2, block), (10, x), (20, y), (30, 0.0))


def line(layer: str, a: Point, b: Point) -> str:
    return pairs((0, "LINE"), (8, layer), (10, a[0]), (20, a[1]), (30, 7.0),
                 (11, b[0]), (21, b[1]), (31, 9.0))  # fmt: skip


def words(layer: str, x: float, y: float, said: str) -> str:
    return pairs((0, "TEXT"), (8, layer), (10, x), (20, y), (30, 0.0), (40, 2.5), (1, said))


def drawing(body: str, units: int | None = None, blocks: tuple[str, ...] = (),
            version: str = "AC1009") -> str:  # fmt: skip
    """A whole file."""
    out = pairs((0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, version))
    if units is not None:
        out += pairs((9, "$INSUNITS"), (70, units))
    out += pairs((0, "ENDSEC"))
    if blocks:
        out += pairs((0, "SECTION"), (2, "BLOCKS"))
        for name in blocks:
            out += pairs((0, "BLOCK"), (8, "0"), (2, name), (70, 0), (10, 0.0), (20, 0.0),
                         (30, 0.0))  # fmt: skip
            out += circle("0", 0, 0, 2) + pairs((0, "ENDBLK"), (8, "0"))
        out += pairs((0, "ENDSEC"))
    return out + pairs((0, "SECTION"), (2, "ENTITIES")) + body + pairs((0, "ENDSEC"), (0, "EOF"))


def saved(path: Path, text: str, encoding: str = "ascii") -> Path:
    path.write_bytes(text.encode(encoding))
    return path
