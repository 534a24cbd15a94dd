"""What lies around the plan and what is there now: fictitious, but as maps of it would be."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from osgeo import ogr

from . import shapes
from .layout import RIDGE, Layout, Street
from .settings import Tuning
from .shapes import Feature, Ground

FRAME = (-760.0, -720.0, 1760.0, 1310.0)  # the current situation: 600 m and more around the plan
STATION = (-905.0, -560.0)
RAIL = [(-1800, -700), (-905, -575), (0, -600), (900, -560), (2400, -430)]
ESTATE = (1450.0, -60.0)  # heart of the industrial estate
FARM = (-470.0, -210.0)
GAS_STATION = (775.0, -36.0)

# kind of street -> own term, width, vehicles per day, medium %, heavy %, km/h, owner
TRAFFIC: dict[str, tuple[float, float, float, float, float, str]] = {
    "provincial": (10.0, 17_500, 6.0, 4.0, 80, "provincial"),
    "local": (6.0, 2_400, 4.0, 1.5, 50, "municipal"),
    "work": (6.6, 900, 8.0, 6.0, 30, "municipal"),
}


def roads(layout: Layout, tuning: Tuning) -> list[Feature]:
    """Roads and paths with their traffic; every crossing is a common vertex."""
    found = []
    for street in [*layout.streets, *layout.paths]:
        there = street.kind in ("provincial", "local")
        fields: dict[str, Any] = {"naam": street.name,
                                  "herkomst": "autonomous" if there else "plan"}  # fmt: skip
        if street.kind == "path":
            fields |= {"etmaal": 0.0, "middel_pct": 0.0, "zwaar_pct": 0.0, "snelheid": 15.0,
                       "verharding": "halfverharding", "beheerder": "municipal"}  # fmt: skip
        else:
            flow, medium, heavy, speed, owner = traffic(street, tuning)
            fields |= {"etmaal": flow, "middel_pct": medium, "zwaar_pct": heavy,
                       "snelheid": speed, "beheerder": owner,
                       "verharding": "klinkers" if street.kind == "lane" else "asfalt"}  # fmt: skip
        found.append(Feature(shapes.line(street.xy), street.kind, fields))
    return found


def traffic(street: Street, tuning: Tuning) -> tuple[float, float, float, float, str]:
    """Vehicles per day, medium and heavy %, km/h and owner of a street."""
    if street.kind == "main":
        share = 1.0 if street.name == "Startbaan" else 0.8
        return tuning.main_intensity * share, 3.0, 1.0, float(tuning.main_speed), "municipal"
    if street.kind == "lane":
        return float(tuning.lane_intensity), 1.5, 0.4, 30.0, "municipal"
    _, flow, medium, heavy, speed, owner = TRAFFIC[street.kind]
    return flow, medium, heavy, float(speed), owner


def stops(tuning: Tuning) -> list[Feature]:
    """Bus stops and the railway station, departures per hour in the busiest direction."""
    f56, f74, f258 = tuning.departures
    rows = [(398, 252, "bus", "56", f56), (398, 252, "bus", "74", f74),
            (398, 252, "bus", "258", f258), (452, -40, "bus", "74", f74),
            (-134, 205, "bus", "56", f56), (*STATION, "train", "Sprinter 5500", 4.0)]  # fmt: skip
    if tuning.east_stop:
        rows += [(880, 296, "bus", "56", f56), (880, 296, "bus", "258", f258)]
    return [Feature(shapes.point(x, y), "halte", {"soort": mode, "lijn": route, "frequentie": f})
            for x, y, mode, route, f in rows]  # fmt: skip


def current(layout: Layout) -> list[Feature]:
    """The former air base and its surroundings, every square metre owned once."""
    ground = Ground(shapes.box(*FRAME))
    keep_out = layout.plan.Buffer(25.0, 4)
    for x, y, along, across, angle, height in (
        (778, 408, 44, 34, 0.32, 11.0), (690, 400, 44, 34, 0.20, 11.0),
        (858, 440, 40, 30, 0.50, 9.0),
        (640, 340, 30, 14, 0.10, 12.0), (300, 330, 26, 12, 0.0, 5.0), (330, 180, 40, 12, 0.2, 4.0),
        (820, 110, 24, 12, 0.4, 4.0), (880, 150, 24, 12, 0.8, 4.0),
    ):  # fmt: skip
        ground.put(shapes.turned(x, y, along, across, angle), "loods", hoogte=height)
    for x, y in ((1380, -120), (1460, -150), (1540, -60), (1420, 20), (1520, 60), (1600, 20),
                 (1630, -140), (1350, -20)):  # fmt: skip
        ground.put(shapes.turned(x, y, 62, 36, 0.35), "bedrijf", hoogte=9.0)
    for k, (dx, dy) in enumerate(((0, 0), (38, 12), (10, 44))):
        ground.put(shapes.turned(FARM[0] + dx, FARM[1] + dy, 34, 16, 0.2), "schuur" if k else
                   "woning", hoogte=7.0, woningen=None if k else 1.0)  # fmt: skip
    plots = []
    for name in ("Kampweg", "Dorpsstraat", "Veldweg", "Heideweg"):
        xy = layout.street(name).xy
        for s in np.arange(12.0, shapes.stations(xy)[-1], 21.0 if name != "Heideweg" else 90.0):
            x, y, angle = shapes.locate(xy, float(s))
            for side in (0.0, math.pi):
                house = shapes.oriented(x, y, angle + side, -5.5, 5.5, 10.0, 20.0)
                if keep_out.Intersects(house) or y > 760 or y < -420:
                    continue
                ground.put(house, "woning", hoogte=8.5, woningen=2.0 if s % 2 < 1 else 1.0)
                plots.append(shapes.oriented(x, y, angle + side, -9.5, 9.5, 4.0, 38.0))
    for street in layout.streets:
        if street.kind in ("provincial", "local"):
            width = TRAFFIC[street.kind][0] / 2
            ground.put(shapes.line(street.xy).Buffer(width, 3), "rijweg", whole=True)
            ground.put(shapes.line(street.xy).Buffer(width + 4, 3), "berm", whole=True)
    axis = layout.street("Startbaan").xy
    runway = axis[(axis[:, 0] > 10) & (axis[:, 0] < 985)]
    ground.put(shapes.strip(runway, -22.5, 22.5), "landingsbaan")
    taxi = shapes.spline([(150, 262), (240, 350), (420, 400), (600, 390), (720, 360), (860, 310)])
    ground.put(shapes.strip(taxi, -9, 9), "taxibaan", whole=True)
    ground.put(shapes.turned(760, 366, 200, 44, 0.22), "platform")
    ground.put(shapes.line(shapes.spline([(478, 545), (462, 620), (430, 760), (470, 1000)])).Buffer(
        1.6, 3), "sloot")  # fmt: skip
    ground.put(shapes.strip(shapes.spline([(-760, -330), (-200, -300), (300, -260), (900, -200),
                                           (1200, -120)]), -2, 2), "sloot", whole=True)  # fmt: skip
    for plot in plots:
        ground.put(plot, "tuin", smallest=20.0)
    ground.put(shapes.turned(ESTATE[0] + 40, ESTATE[1], 420, 330, 0.35), "bedrijfsterrein")
    woods = [
        [(40, 500), (200, 530), (220, 640), (90, 700), (-60, 620)],
        [(560, 530), (700, 545), (760, 680), (640, 760), (540, 660)],
        [(880, 470), (1040, 420), (1090, 560), (960, 640), (880, 560)],
        [(-90, 280), (10, 330), (0, 430), (-100, 440)],
        [(200, 900), (600, 860), (760, 1050), (420, 1200), (160, 1100)],
        [(1200, 500), (1500, 450), (1650, 800), (1350, 950), (1180, 760)],
        [(-700, 500), (-350, 480), (-280, 800), (-520, 980), (-720, 820)],
        [(960, -300), (1150, -280), (1180, -120), (1000, -110)],
    ]
    for points in woods:
        ground.put(shapes.blob(points, 15), "bos", smallest=50.0)
    ground.put(shapes.blob([(-150, 440), (300, 560), (700, 560), (1080, 420), (1120, 900),
                            (700, 1240),
                            (100, 1260), (-170, 900)], 20), "heide", smallest=50.0)  # fmt: skip
    ground.put(shapes.blob([(-60, 170), (200, 40), (500, 5), (800, 15), (1000, 130), (1090, 330),
                            (960, 520), (600, 600), (200, 570), (-60, 400)], 20), "vliegveldgras",
               smallest=50.0)  # fmt: skip
    for i, x in enumerate(np.linspace(FRAME[0], FRAME[2], 8)[:-1]):
        ground.put(shapes.box(x, FRAME[1], x + 360, -60 + 40 * (i % 3)), "akker" if i % 2 else
                   "weiland", smallest=50.0)  # fmt: skip
    small = []
    for piece in ground.rest():
        if piece.GetArea() > 50.0:
            ground.put(piece, "weiland", smallest=0.0)
        else:
            small.append(piece)
    ground.absorb(small)
    return ground.features


def rings(outer: list[tuple[ogr.Geometry, dict[str, Any]]], term: str) -> list[Feature]:
    """Nested shapes, the largest first, as bands that do not overlap."""
    found = []
    for k, (shape, fields) in enumerate(outer):
        inner = outer[k + 1][0] if k + 1 < len(outer) else None
        found.append(Feature(shape if inner is None else shape.Difference(inner), term, fields))
    return found


def hazards(layout: Layout) -> dict[str, list[Feature]]:
    """Industrial noise, risk contours and attention areas."""
    road = shapes.line(layout.street("Provincialeweg N937").xy)
    bands = [(2600, 35.0), (1150, 40.0), (760, 45.0), (500, 50.0), (300, 55.0), (170, 60.0)]
    noise = rings([(shapes.disc(*ESTATE, r), {"lden_van": low, "lden_tot": low + 5.0})
                   for r, low in bands], "contour")  # fmt: skip
    pipe = road.Buffer(110, 6)
    risk = [
        (shapes.disc(500, 250, 2400), -9.0), (pipe, -8.0), (road.Buffer(52, 6), -7.0),
        (shapes.disc(*GAS_STATION, 26), -6.0), (shapes.disc(*GAS_STATION, 11), -5.0),
    ]  # fmt: skip
    attention = [
        Feature(road.Buffer(88, 6), "gebied", {"soort": "fire", "naam": "Aardgasleiding A-580"}),
        Feature(shapes.disc(*GAS_STATION, 150), "gebied",
                {"soort": "explosion", "naam": "Gasontvangststation"}),
        Feature(road.Buffer(300, 6), "gebied", {"soort": "toxic", "naam": "Vervoer N937"}),
    ]
    return {
        "geluid_industrie": noise,
        "risicocontouren": [Feature(g, "contour", {"pr": pr}) for g, pr in risk],
        "aandachtsgebieden": attention,
    }


def protected() -> dict[str, list[Feature]]:
    """Areas that raise an alert when a plan touches them."""

    def area(shape: ogr.Geometry, kind: str, name: str) -> Feature:
        return Feature(shape, "gebied", {"soort": kind, "naam": name})

    return {
        "drinkwater": [area(shapes.blob([(-520, 60), (-120, 40), (70, 120), (95, 300), (20, 440),
                                         (-300, 520), (-560, 340)], 20),
                            "grondwaterbeschermingsgebied", "Winning Kampweg")],
        "bodemsanering": [area(shapes.disc(655, 50, 30), "verontreiniging",
                               "Voormalig brandstofdepot"),
                          area(shapes.disc(806, 386, 20), "verontreiniging", "Tank bij hangar 12")],
        "natuurnetwerk": [area(shapes.blob([(-100, 560), (250, 548), (470, 560), (720, 556),
                                            (900, 520), (1080, 640), (1000, 1180), (200, 1240),
                                            (-160, 900)], 20), "natuurnetwerk", "Vliegheide")],
        "natura2000": [area(shapes.blob([(100, 700), (600, 690), (900, 820), (760, 1180),
                                         (220, 1200)], 20), "habitatrichtlijn", "Heidevennen")],
        "stiltegebied": [area(shapes.blob([(150, 640), (620, 630), (960, 720), (900, 1220),
                                           (150, 1240), (40, 900)], 20), "stiltegebied",
                              "Vliegheide noord")],
        "verdroging": [area(shapes.blob([(330, 640), (520, 630), (640, 740), (540, 860),
                                         (360, 800)], 15), "verdroogd", "Vennenlaagte")],
    }  # fmt: skip


def soil(layout: Layout, buffer_strip: bool) -> dict[str, list[Feature]]:
    """Soil quality, soil function, geomorphological values, sewers."""
    frame = layout.plan.Buffer(220, 6)
    heath = layout.heath.Intersection(frame)
    dirty = shapes.union([
        shapes.turned(775, 392, 130, 96, 0.3), shapes.turned(672, 52, 130, 40, 0.06),
        shapes.blob([(770, 40), (870, 60), (980, 160), (1010, 280), (930, 260), (860, 150)]),
    ])  # fmt: skip
    dirty = dirty.Difference(heath)
    axis = layout.street("Startbaan").xy
    runway = shapes.strip(axis, -34, 34)
    light = runway.Union(shapes.box(250, 90, 640, 300)).Difference(dirty).Difference(heath)
    clean = frame.Difference(dirty.Union(light))
    work = next(area for name, area in layout.types if name == "GT09")
    work = work.Difference(heath)
    if buffer_strip:
        work = work.Union(shapes.turned(672, 52, 134, 44, 0.06)).Union(
            shapes.turned(775, 392, 130, 96, 0.3))  # fmt: skip
    living = frame.Difference(heath).Difference(work)
    return {
        "bodemkwaliteit": [Feature(g, "bodem", {"klasse": k}) for g, k in
                           ((clean, 0.0), (light, 1.0), (dirty, 2.0))],
        "bodemfunctie": [Feature(g, "bodem", {"klasse": k}) for g, k in
                         ((heath, 0.0), (living, 1.0), (work, 2.0))],
        "aardkundig": [
            Feature(shapes.blob(RIDGE, 15), "waarde", {"weging": 1.0, "naam": "Stuwwalrand"}),
            Feature(shapes.blob([(-60, 300), (40, 320), (150, 420), (120, 520), (-20, 460)]),
                    "waarde", {"weging": 0.5, "naam": "Stuifduin"})],
        "riolering": [
            Feature(shapes.box(-760, -300, -60, 700), "riool", {"gemengd": 0.7}),
            Feature(frame.Intersection(shapes.box(-60, -200, 1760, 900)), "riool",
                    {"gemengd": 0.2})],
    }  # fmt: skip


def places() -> dict[str, list[Feature]]:
    """Existing trees, facilities, play spots and residents in the surroundings."""
    random = np.random.default_rng(7)
    trees = []
    for x, y in ((-140, 100), (-150, 380), (1120, 300), (420, -150), (-400, 45), (100, 600)):
        for _ in range(8):
            dx, dy = random.normal(0, 28, 2)
            size = float(random.uniform(6, 14))
            trees.append(Feature(shapes.point(x + dx, y + dy), "boom",
                                 {"hoogte": round(size * 1.5, 1),
                                  "kroondiameter": round(size, 1)}))  # fmt: skip
    spots = ((497, 158, "supermarket"), (352, 205, "primary_school"), (605, 262, "care"),
             (398, 262, "shop"), (-230, 60, "gp"), (-260, 60, "pharmacy"),
             (-300, 55, "supermarket"),
             (-180, 330, "primary_school"), (778, 408, "culture"), (-350, 70, "sport"))  # fmt: skip
    plays = ((418, 372), (176, 372), (300, 378), (650, 330), (775, 330), (700, 140), (345, 186),
             (-220, 120))  # fmt: skip
    people = [Feature(shapes.box(-760, -60, -60, 760), "buurt",
                      {"inwoners": 420.0, "werkenden": 60.0}),
              Feature(shapes.box(1280, -230, 1700, 140), "buurt",
                      {"inwoners": 4.0, "werkenden": 310.0})]  # fmt: skip
    return {
        "bomen": trees,
        "voorzieningen": [Feature(shapes.point(x, y), "plek", {"soort": k}) for x, y, k in spots],
        "speelplekken": [Feature(shapes.point(x, y), "plek", {"soort": "play"}) for x, y in plays],
        "bevolking": people,
    }  # fmt: skip
