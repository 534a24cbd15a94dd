"""Objects of a GML file as flat lists, whatever the application schema: leaves and geometries.

Plans repeat elements (several dimensions per area) and carry label points beside their area. GDAL's
GML driver guesses a schema, keeps one of what is repeated, turns ``0664`` into a number and lays a
file beside the source; so the elements are read here.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO

from osgeo import ogr, osr

from ..engine.clean import quiet
from ..engine.pulse import beat
from ..engine.wkb import polygonal
from ._archive import read_root
from ._gml import is_gml, local, objects, srs_name, wkb_of
from ._package import reference

Opened = Callable[[], AbstractContextManager[IO[bytes]]]


@dataclass
class Element:
    """One object of a GML file."""

    name: str  # without namespace
    namespace: str
    ident: str  # gml:id
    leaves: list[tuple[str, str]] = field(default_factory=list)  # element, text; document order
    shapes: list[ET.Element] = field(default_factory=list)  # outermost geometries

    def first(self, *names: str) -> str | None:
        """Text of the first leaf with one of these names (names in order of preference)."""
        for name in names:
            for leaf, text in self.leaves:
                if leaf == name:
                    return text
        return None


def walk(opened: Opened, file: str, inner: str = "") -> Iterator[Element]:
    """Objects of a GML file, one by one. ``inner``: elements of this name, at any depth, are the
    objects where there are any. The last item is an :class:`Element` named ``""`` whose namespace
    and ident are those of the root. Raises DgoError for a DTD, a web page and what is no XML."""
    with opened() as stream:
        space, root = read_root(stream, file)
    with opened() as stream:
        for node in objects(stream, file, beat):
            parts = [n for n in node.iter() if local(n.tag) == inner] if inner else []
            for part in parts or [node]:
                yield _element(part)
    yield Element("", space, root)


def _element(node: ET.Element) -> Element:
    space, _, name = node.tag.rpartition("}")
    ident = next((v for k, v in node.attrib.items() if local(k) == "id"), "")
    made = Element(name, space.lstrip("{"), ident)
    waiting = [(child, False) for child in reversed(node)]
    while waiting:
        child, placed = waiting.pop()
        if placed and is_gml(child):
            made.shapes.append(child)
            continue
        text = (child.text or "").strip()
        if text:
            made.leaves.append((local(child.tag), text))
        # geometries elsewhere are places of labels
        placed = placed or local(child.tag) == "geometrie"
        waiting += [(inner, placed) for inner in reversed(child)]
    return made


def shape_of(
    shapes: list[ET.Element],
) -> tuple[ogr.Geometry | None, osr.SpatialReference | None]:
    """One plane geometry without arcs of an object, and its reference system.

    Several surfaces become one multipolygon. Arcs become OGR's chords of at most 4 degrees: at
    most 0.0006 of the radius from the arc. None where there is nothing or it cannot be read.
    """
    named = next((found for s in shapes if (found := srs_name(s))), None)
    srs = _reference(named) if named else None
    made: list[ogr.Geometry] = []
    with quiet():
        for shape in shapes:
            try:
                wkb = wkb_of(shape)
            except RuntimeError:  # where the caller switched on exceptions of GDAL
                wkb = None
            if wkb is None:
                return None, None
            made.append(ogr.CreateGeometryFromWkb(wkb))
    if len(made) < 2:
        return (made[0] if made else None), srs
    joined = ogr.Geometry(ogr.wkbMultiPolygon)
    for geometry in made:
        part = polygonal(geometry)
        if ogr.GT_Flatten(part.GetGeometryType()) == ogr.wkbPolygon:
            joined.AddGeometry(part)
        else:
            for index in range(part.GetGeometryCount()):
                joined.AddGeometry(part.GetGeometryRef(index))
    return (made[0] if joined.IsEmpty() else joined), srs


@lru_cache(maxsize=32)
def _reference(name: str) -> osr.SpatialReference:
    return reference(name)


def flat(geometry: ogr.Geometry) -> ogr.Geometry:
    """Two-dimensional, without arcs."""
    if geometry.HasCurveGeometry(True):
        geometry = geometry.GetLinearGeometry()
    geometry.FlattenTo2D()
    return geometry
