"""The fixed places: village centre, school, care home, business strip, hangar, park blocks."""

from __future__ import annotations

from typing import Any

from osgeo import ogr

from . import shapes
from .settings import Tuning

# (own term, shape, fields): buildings first, they keep their ground
Item = tuple[str, ogr.Geometry, dict[str, Any]]


def _hall(x: float, y: float, along: float, across: float, angle: float, name: str,
          floors: int = 1, height: float = 8.0, term: str = "Bedrijfshal") -> Item:  # fmt: skip
    return term, shapes.turned(x, y, along, across, angle), {
        "naam": name, "lagen": floors, "hoogte": height, "dak": "flat"}  # fmt: skip


def _flats(shape: ogr.Geometry, name: str, floors: int, term: str = "Appartementen",
           plinth: bool = False) -> Item:  # fmt: skip
    gross = shape.GetArea() * floors
    living = (floors - 1) / floors if plinth else 1.0
    return term, shape, {
        "naam": name, "lagen": floors, "hoogte": 3.0 * floors + 1.0, "dak": "flat",
        "woningen": int(gross * living * 0.8 // 88), "woningtype": "apartment",
        "bvo": round(gross, 0), "aandeel_wonen": round(living, 2),
    }  # fmt: skip


def buildings(tuning: Tuning) -> list[Item]:
    """Every building with a place of its own."""
    up = tuning.apartment_floors
    items: list[Item] = [
        _flats(shapes.turned(545, 240, 14, 56, 0.04), "Marktzijde oost", up, "Winkels met wonen",
               True),
        _flats(shapes.turned(498, 195, 62, 14, 0.10), "Marktzijde zuid", up, "Winkels met wonen",
               True),
        ("Supermarkt", shapes.turned(497, 158, 46, 32, 0.10),
         {"naam": "Supermarkt", "lagen": 1, "hoogte": 6.0, "dak": "flat"}),
        ("Basisschool", shapes.union([shapes.turned(352, 205, 54, 16, 0.08),
                                      shapes.turned(386, 182, 16, 40, 0.08)]),
         {"naam": "Basisschool De Zweefvlieger", "lagen": 2, "hoogte": 8.0, "dak": "flat"}),
        ("Zorgcentrum", shapes.union([shapes.turned(605, 262, 66, 14, 0.02),
                                      shapes.turned(579, 236, 14, 44, 0.02),
                                      shapes.turned(631, 236, 14, 44, 0.02)]),
         {"naam": "Zorgcentrum Hoogvliet", "lagen": 3, "hoogte": 10.0, "dak": "flat",
          "personen": 96}),
        ("Kiosk", shapes.turned(398, 262, 16, 6, 0.14),
         {"naam": "Bushalte en kiosk", "lagen": 1, "hoogte": 4.0, "dak": "flat"}),
        ("Hangar (cultuur)", shapes.turned(778, 408, 44, 34, 0.32),
         {"naam": "Hangar 12", "lagen": 1, "hoogte": 11.0, "dak": "flat", "bestaand": 1}),
        _hall(800, 60, 44, 26, 0.24, "Werkplaats 1"),
        _hall(852, 78, 40, 24, 0.36, "Werkplaats 2"),
        _hall(900, 108, 24, 44, -0.72, "Werkplaats 3", 1, 9.0),
        _hall(932, 150, 40, 24, 0.95, "Werkplaats 4", 2, 8.0),
        _hall(905, 196, 30, 15, 1.10, "Kantoor", 3, 10.5, "Kantoor"),
        _hall(958, 214, 34, 20, 1.15, "Werkplaats 5"),
        _hall(972, 264, 36, 22, 1.35, "Werkplaats 6", 2, 8.0),
        _hall(800, 138, 40, 22, 0.40, "Verzamelgebouw", 2, 8.0),
    ]  # fmt: skip
    if tuning.blocks_at_provincial_road:
        items += [
            _flats(shapes.turned(640, 46, 52, 14, 0.06), "Poortblok west", up),
            _flats(shapes.turned(706, 48, 52, 14, 0.06), "Poortblok oost", up),
            _flats(shapes.turned(560, 42, 52, 14, 0.05), "Poortblok entree", up),
        ]
    if tuning.park_apartments:
        items += [
            _flats(shapes.turned(404, 318, 18, 26, 0.1), "Parkvilla 1", up),
            _flats(shapes.turned(398, 392, 18, 26, -0.3), "Parkvilla 2", up),
            _flats(shapes.turned(560, 330, 18, 28, 0.05), "Parkvilla 3", up),
            _flats(shapes.turned(562, 388, 18, 28, -0.15), "Parkvilla 4", up),
        ]
    return items


def grounds(tuning: Tuning) -> list[Item]:
    """The ground about them, in order of who keeps it."""
    paving = "Grasbetontegels" if tuning.swales else "Verharding"
    verge = "Bloemrijk grasland" if tuning.natural_banks else "Gazon"
    items: list[Item] = [
        ("Plantvak", shapes.turned(490, 262, 30, 5, 0.1), {"naam": "Bomenrij plein"}),
        ("Plantvak", shapes.turned(488, 230, 30, 5, 0.1), {"naam": "Bomenrij plein"}),
        ("Plein", shapes.polygon([(457, 206), (536, 213), (538, 281), (452, 278)]),
         {"naam": "Vleugelplein", "openbaar": 1}),
        ("Parkeerhof", shapes.polygon([(459, 110), (540, 116), (536, 138), (459, 134)]),
         {"naam": "Parkeren supermarkt", "openbaar": 1}),
        ("Verharding", shapes.polygon([(458, 134), (545, 138), (560, 210), (552, 282), (536, 281),
                                       (534, 206), (456, 204)]), {"naam": "Expeditie"}),
        ("Groeneiland", shapes.turned(396, 245, 26, 5, 0.14), {"naam": "Eiland busplein"}),
        ("Plein", shapes.polygon([(366, 230), (430, 236), (424, 277), (362, 268)]),
         {"naam": "Busplein", "openbaar": 1}),
        ("Speelplek", shapes.turned(345, 186, 30, 14, 0.08), {"naam": "Schoolspeelplek",
                                                             "openbaar": 1}),
        ("Schoolplein", shapes.polygon([(318, 168), (376, 172), (376, 194), (318, 190)]),
         {"naam": "Schoolplein"}),
        ("Heesters" if tuning.swales else "Gazon",
         shapes.polygon([(312, 148), (412, 152), (410, 222), (312, 214)]),
         {"naam": "Schoolgroen"}),
        ("Tuin", shapes.turned(605, 238, 38, 30, 0.02), {"naam": "Zorgtuin"}),
        (paving, shapes.turned(605, 214, 66, 14, 0.02), {"naam": "Parkeren zorg"}),
        ("Plein", shapes.turned(760, 386, 34, 26, 0.32), {"naam": "Platform hangar",
                                                         "openbaar": 1}),
        ("Sportveld", shapes.turned(262, 206, 44, 24, 0.02), {"naam": "Trapveld", "openbaar": 1}),
    ]  # fmt: skip
    for x, y, a in ((800, 60, 0.24), (852, 78, 0.36), (932, 150, 0.95), (800, 138, 0.40),
                    (958, 214, 1.15), (972, 264, 1.35)):
        items.append((paving, shapes.turned(x, y, 58, 38, a), {"naam": "Erf bedrijf"}))
    items.append((paving, shapes.turned(900, 108, 40, 58, -0.72), {"naam": "Erf bedrijf"}))
    items.append((paving, shapes.turned(905, 196, 46, 30, 1.10), {"naam": "Erf kantoor"}))
    if tuning.blocks_at_provincial_road:
        items += [
            ("Parkeerhof", shapes.turned(638, 66, 46, 14, 0.06), {"naam": "Parkeren poortblok"}),
            ("Gazon", shapes.turned(672, 47, 130, 34, 0.06), {"naam": "Groen poortblok"}),
            ("Gazon", shapes.turned(560, 42, 64, 28, 0.05), {"naam": "Groen poortblok"}),
        ]  # fmt: skip
    else:
        items += [
            ("Moestuinen", shapes.turned(560, 52, 90, 26, 0.06), {"naam": "Buurtmoestuin"}),
            ("Bos", shapes.blob([(520, 20), (620, 18), (730, 28), (800, 42), (760, 62), (690, 68),
                                 (620, 72), (540, 40)]), {"naam": "Geluidbos"}),
        ]  # fmt: skip
    items += [
        ("Moestuinen", shapes.blob([(215, 62), (300, 52), (350, 58), (340, 78), (270, 84),
                                    (220, 86)]),
         {"naam": "Moestuinen zuid"}),
        ("Bos", shapes.blob([(360, 40), (440, 22), (432, 70), (380, 78)]), {"naam": "Entreebos"}),
    ]  # fmt: skip
    items.append((verge, shapes.turned(262, 206, 60, 38, 0.02), {"naam": "Speelveld"}))
    return items
