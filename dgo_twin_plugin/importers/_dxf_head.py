"""The head of a DXF file: whether it is one, in which units and signs it was drawn.

Of the header only ``$INSUNITS`` is asked (AutoCAD DXF reference: 1 inch, 2 foot, 4 mm, 5 cm, 6 m;
0 = not said). GDAL reads the drawing itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..engine.words import DgoError
from ._archive import head, looks_like_html

UNITS = {1: 0.0254, 2: 0.3048, 4: 0.001, 5: 0.01, 6: 1.0, 7: 1000.0, 14: 0.1}  # -> m
MAX_HEAD = 4 * 1024**2  # bytes of header section that are read
MAX_TAIL = 4096


@dataclass(frozen=True)
class Head:
    """``scale`` metres per unit as the header says, None where it does not."""

    scale: float | None
    code: int


def read_head(path: Path) -> Head:
    """Raises DgoError where the file is empty, DWG, binary DXF, a web page, no DXF, or breaks
    off before its end."""
    start = head(path, 64 * 1024)
    name = str(path)
    if not start.strip():
        raise DgoError("errors.import.empty_file", path=name)
    if start[:4] == b"AC10":
        raise DgoError("errors.import.dxf_dwg", path=name)
    if start.startswith(b"AutoCAD Binary DXF"):
        raise DgoError("errors.import.dxf_binary", path=name)
    if looks_like_html(start):
        raise DgoError("errors.import.html", path=name)
    if b"\0" in start or b"SECTION" not in start.upper():
        raise DgoError("errors.import.dxf_not", path=name)
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - MAX_TAIL))
        tail = stream.read().split()
    if not tail or tail[-1].strip(b"\x1a").upper() != b"EOF":
        raise DgoError("errors.import.dxf_half", path=name)
    code = _units(path)
    return Head(UNITS.get(code), code)


def _units(path: Path) -> int:
    lines = head(path, MAX_HEAD).split(b"\n")
    for i, line in enumerate(lines[:-2]):
        word = line.strip().upper()
        if word == b"$INSUNITS":
            try:
                return int(lines[i + 2])
            except ValueError:
                return 0
        if word == b"ENTITIES":
            break
    return 0
