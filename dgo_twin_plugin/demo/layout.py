"""The drawing itself: plan area, streets, area types and the fixed places of the demo plan.

All coordinates are metres from settings.ORIGIN, drawn by hand: a main street along the axis of the
old runway, lanes that swing off it, a park with a stream between two neighbourhoods, a village
centre with a bus node at the crossing, a heath in the north, a provincial road in the south.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from osgeo import ogr

from . import shapes
from .settings import Tuning

BOUNDARY = [
    (-20, 190), (40, 100), (180, 55), (330, 36), (460, 14), (600, 12), (750, 30), (880, 76),
    (965, 160), (1010, 290), (990, 400), (905, 500), (770, 560), (600, 588), (430, 592),
    (260, 565), (110, 492), (20, 385), (-28, 290),
]  # fmt: skip
HEATH_EDGE = [
    (-200, 400), (20, 430), (120, 468), (220, 505), (330, 512), (430, 524), (520, 520),
    (620, 508), (720, 528), (820, 515), (900, 455), (950, 395), (1015, 350), (1200, 330),
]  # fmt: skip
PROVINCIAL = [
    (-1000, -235), (-600, -190), (-300, -132), (100, -78), (450, -45), (750, -3), (950, 45),
    (1300, 160), (2000, 420),
]  # fmt: skip
# A street: name, kind, points; an end that is a name of a street is laid on that street.
STREETS = [
    ("Provincialeweg N937", "provincial", PROVINCIAL),
    ("Kampweg", "local", [(-180, -118), (-150, 60), (-130, 262), (-170, 640), (-150, 1150)]),
    ("Heideweg", "local", [(1205, 130), (1130, 250), (1110, 365), (1095, 680), (1180, 1150)]),
    ("Dorpsstraat", "local", [(-1000, 90), (-600, 60), (-350, 40), (-152, 40)]),
    ("Veldweg", "local", [(420, -47), (400, -250), (430, -500)]),
    ("Startbaan", "main", [(-130, 262), (0, 240), (130, 238), (290, 262), (430, 285), (560, 292),
                           (700, 284), (850, 292), (1000, 330), (1110, 365)]),
    ("Poortlaan", "main", [(455, -45), (450, 40), (438, 115), (446, 200), (432, 285)]),
    ("Windzak", "lane", [(150, 240), (136, 320), (165, 400), (255, 438), (338, 424), (376, 352),
                         (362, 274)]),
    ("Propellerpad", "lane", [(255, 256), (243, 340), (255, 438)]),
    ("Vleugel", "lane", [(338, 424), (425, 456), (520, 452), (606, 424)]),
    ("Zweefvlieg", "lane", [(585, 291), (588, 360), (606, 424), (690, 466), (790, 448), (846, 378),
                            (834, 290)]),
    ("Thermiek", "lane", [(705, 284), (722, 372), (690, 466)]),
    ("Hangaarhof", "lane", [(205, 247), (196, 182), (235, 128), (320, 104), (440, 110)]),
    ("Radarlaan", "lane", [(60, 239), (80, 165), (140, 112), (235, 128)]),
    ("Baken", "lane", [(449, 68), (530, 80), (612, 112), (664, 188), (655, 288)]),
    ("Daalhoek", "lane", [(664, 188), (745, 178), (846, 206), (902, 302)]),
    ("Zandverstuiving", "lane", [(40, 240), (34, 300), (70, 365), (165, 400)]),
    ("Munitieweg", "work", [(612, 112), (700, 84), (800, 98), (885, 148), (846, 206)]),
]
# Paths for people on foot or by bicycle through green: no cars.
PATHS = [
    ("Beekpad", "path", [(446, 287), (430, 350), (440, 420), (425, 456), (440, 520), (420, 600)]),
    ("Vijverpad", "path", [(430, 350), (470, 318), (520, 340), (532, 392), (500, 430), (440, 420)]),
    ("Heidepad", "path", [(-130, 400), (60, 462), (220, 522), (440, 540), (640, 530), (800, 536),
                          (960, 420), (1108, 420)]),
    ("Parkdwars", "path", [(376, 352), (430, 350), (470, 318), (588, 330)]),
    ("Radarpad", "path", [(140, 112), (150, 60), (190, 10), (200, -62)]),
    ("Hofpad noordwest", "path", [(138, 345), (190, 350), (247, 345), (310, 352), (376, 348)]),
    ("Hofpad noordoost", "path", [(590, 372), (650, 372), (720, 368), (780, 375), (844, 372)]),
]  # fmt: skip

WOODS = [
    [(60, 500), (140, 512), (200, 540), (190, 590), (90, 560), (40, 520)],
    [(560, 540), (640, 535), (700, 550), (690, 600), (570, 610)],
    [(880, 480), (940, 440), (1000, 400), (1030, 440), (960, 520), (890, 540)],
    [(-40, 300), (10, 330), (40, 400), (0, 420), (-50, 370)],
]
GRASSLANDS = [
    [(230, 520), (300, 525), (380, 535), (390, 570), (300, 580), (230, 560)],
    [(720, 540), (800, 530), (840, 545), (790, 570), (720, 575)],
]
POND_A = [(462, 340), (498, 338), (516, 366), (505, 400), (474, 404), (458, 376)]
POND_B = [(444, 340), (480, 322), (516, 334), (530, 372), (516, 410), (480, 424), (446, 404),
          (436, 370)]
POND_WEST = [(44, 172), (68, 146), (96, 112), (130, 92), (190, 82), (260, 78), (340, 72), (410, 66),
             (416, 44), (360, 42), (280, 52), (190, 60), (120, 72), (72, 98),
             (40, 136)]  # fmt: skip
STREAM = [(480, 400), (468, 430), (480, 456), (466, 500), (478, 545), (462, 620)]
RIDGE = [(800, 240), (880, 250), (1000, 240), (1250, 300), (1250, 760), (900, 720), (720, 600),
         (730, 500), (800, 430), (790, 330)]  # fmt: skip
HIGH_AND_DRY = ("GT07", "GT09")  # area types on high sandy ground: open water is not asked
BARRIER = (520.0, 965.0)  # x of the ends of the noise barrier along the provincial road


@dataclass
class Street:
    name: str
    kind: str  # provincial, local, main, lane, work, path
    xy: np.ndarray


@dataclass
class Layout:
    plan: ogr.Geometry
    streets: list[Street]  # in the order in which they keep the ground at a crossing
    paths: list[Street]
    types: list[tuple[str, ogr.Geometry]]  # area type and its polygon, a partition
    heath: ogr.Geometry

    def street(self, name: str) -> Street:
        return next(s for s in [*self.streets, *self.paths] if s.name == name)


def _laid(drawn: list, lines: list[Street]) -> list[Street]:
    """Splines whose ends lie exactly on a vertex of an earlier line within 30 m, and whose
    inner points do so within 12 m: one connected network."""
    made: list[Street] = []
    for name, kind, points in drawn:
        fixed = []
        for k, (x, y) in enumerate(points):
            reach = 30.0 if k in (0, len(points) - 1) else (12.0 if kind == "path" else 0.0)
            near = [
                (float(d.min()), tuple(other.xy[int(d.argmin())]))
                for other in [*lines, *made]
                for d in [np.hypot(other.xy[:, 0] - x, other.xy[:, 1] - y)]
            ]
            best = min(near, default=(np.inf, (x, y)))
            fixed.append(best[1] if best[0] < reach else (x, y))
        made.append(Street(name, kind, shapes.spline(fixed)))
    return made


def draw() -> Layout:
    """The layout that both variants share."""
    plan = shapes.blob(BOUNDARY)
    streets = _laid(STREETS, [])
    paths = _laid(PATHS, streets)
    heath = shapes.polygon([*shapes.spline(HEATH_EDGE), (1200, 1100), (-200, 1100)])
    by_name = {s.name: s.xy for s in streets}
    wind, wing, main = by_name["Windzak"], by_name["Vleugel"], by_name["Startbaan"]
    upto = int(np.argmin(np.hypot(wind[:, 0] - wing[0, 0], wind[:, 1] - wing[0, 1])))
    villas = shapes.polygon(
        [*main[main[:, 0] < wind[0, 0] - 1], *wind[: upto + 1], *wing[wing[:, 0] < 420][1:],
         (425, 700), (-260, 700), (-260, 262)]
    )  # fmt: skip
    work = by_name["Munitieweg"]
    strip = shapes.polygon([*work[work[:, 0] > 740][:-1], *by_name["Daalhoek"][
        by_name["Daalhoek"][:, 0] > 840], (1100, 300), (1100, -20), (738, -20)])  # fmt: skip
    between = main[(main[:, 0] > 300) & (main[:, 0] < 655)]
    centre = shapes.polygon([*between, (654, 196), (560, 130), (444, 100), (306, 128)])
    types: list[tuple[str, ogr.Geometry]] = []
    frame = plan.Buffer(150, 8)
    left = frame
    for name, shape in (("GT11", heath), ("GT07", villas), ("GT09", strip), ("GT05", centre)):
        types.append((name, left.Intersection(shape)))
        left = left.Difference(shape)
    types.append(("GT04", left))
    return Layout(plan, streets, paths, types, heath)


def profile(kind: str, tuning: Tuning) -> list[tuple[str, float, float]]:
    """The cross-section of a street: own term and its two offsets from the axis, left positive."""
    green = "Wadi" if tuning.swales else "Berm"
    if kind == "main":
        if tuning.swales:
            half = [("Wadi", 2.9, 6.3), ("Fietspad", 6.3, 8.6), ("Voetpad", 8.6, 10.6)]
        else:
            half = [("Berm", 3.1, 5.4), ("Fietspad", 5.4, 7.7), ("Voetpad", 7.7, 9.7)]
        edge = half[0][1]
        both = half + [(t, -b, -a) for t, a, b in half]
        return [("Rijbaan", -edge, edge), *both]
    if kind == "lane":
        if tuning.swales:
            return [("Rijbaan", -2.3, 2.3), (green, 2.3, 5.4), ("Voetpad", 5.4, 7.2),
                    ("Berm", -4.0, -2.3), ("Voetpad", -5.6, -4.0)]  # fmt: skip
        return [("Rijbaan", -2.5, 2.5), ("Parkeerstrook", 2.5, 4.7), ("Voetpad", 4.7, 6.5),
                ("Berm", -4.2, -2.5), ("Voetpad", -6.0, -4.2)]  # fmt: skip
    if kind == "work":
        return [("Rijbaan", -3.3, 3.3), ("Berm", 3.3, 5.2), (green, -6.0, -3.3),
                ("Voetpad", 5.2, 7.0)]  # fmt: skip
    return [("Wandelpad", -1.3, 1.3)]


def half_width(kind: str, tuning: Tuning) -> tuple[float, float]:
    """Width of a street to the left and to the right of its axis, m."""
    offsets = [o for _, a, b in profile(kind, tuning) for o in (a, b)]
    return max(offsets), -min(offsets)
