"""One variant of the plan as a designer would draw it: surfaces, trees, lines, lamp posts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from osgeo import ogr

from . import centre, layout, shapes
from .housing import ALONG, BLOCK, PAIR, ROW, SMALL, VILLA, House, Placer
from .settings import SEED, Tuning
from .shapes import Feature, Ground

PLANTED = ("Plantvak", "Groeneiland")
WORKS = ("Bedrijfshal", "Kantoor", "Supermarkt", "Kiosk", "Basisschool", "Zorgcentrum")


@dataclass
class Design:
    """The layers of one variant, drawing coordinates."""

    surfaces: list[Feature]
    trees: list[Feature] = field(default_factory=list)
    lines: list[Feature] = field(default_factory=list)
    lamps: list[Feature] = field(default_factory=list)
    crates: list[Feature] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(len(part) for part in
                   (self.surfaces, self.trees, self.lines, self.lamps, self.crates))  # fmt: skip


def make(plan: layout.Layout, tuning: Tuning, step: Callable[[], None]) -> Design:
    """Draw a variant. ``step`` is called between stages and may raise."""
    ground = Ground(plan.plan)
    fixed = centre.buildings(tuning)
    own = [s for s in plan.streets if s.kind in ("main", "lane", "work")]
    corridors = shapes.union(
        shapes.strip(s.xy, -right, left)
        for s in own for left, right in [layout.half_width(s.kind, tuning)]
    )  # fmt: skip
    water = _water(tuning)
    paths = shapes.union(shapes.line(p.xy).Buffer(1.4, 4) for p in plan.paths)
    park = _park()
    reserved = [shape for _, shape, _ in fixed] + [g for _, g, _ in centre.grounds(tuning)]
    blocked = shapes.union([
        corridors, paths, park, plan.heath, *(g.Buffer(2.0, 4) for g in reserved),
        *(g.Buffer(tuning.bank_width + 4.0, 4) for _, g, _ in water),
    ])  # fmt: skip
    if tuning.ridge_open:
        blocked = blocked.Union(shapes.blob(layout.RIDGE).Difference(
            shapes.box(0, 0, 870, 330)))  # fmt: skip
    business = next(a for name, a in plan.types if name == "GT09")
    free = plan.plan.Buffer(-7.0, 4).Difference(blocked.Union(business))
    step()
    houses = _houses(plan, tuning, free)
    step()
    _buildings(ground, fixed, houses, tuning)
    bridges = corridors.Union(paths)
    for name, shape, extra in water:
        ground.put(shape.Difference(bridges), "Water", naam=name, **extra)
    for _, shape, _ in water if tuning.natural_banks else []:
        ring = shape.Buffer(tuning.bank_width, 8).Difference(bridges)
        ground.put(ring, "Natuuroever", oever="natural", openbaar=1)
    _streets(ground, own, tuning)
    for path in plan.paths:
        ground.put(shapes.line(path.xy).Buffer(1.3, 4), "Wandelpad", naam=path.name, openbaar=1)
    step()
    for term, shape, extra in centre.grounds(tuning):
        ground.put(shape, term, smallest=6.0, **extra)
    _greens(ground, plan, tuning, park)
    _plots(ground, plan, houses, tuning)
    step()
    _leftovers(ground, tuning)
    _drained(ground, tuning)
    _overlaps(ground)
    step()
    design = Design(ground.features)
    _trees(design, plan, own, ground, tuning)
    _lamps(design, own, plan, ground, tuning)
    _lines(design, plan, tuning)
    if tuning.crates:
        _crates(design)
    return design


def _water(tuning: Tuning) -> list[tuple[str, ogr.Geometry, dict]]:
    bank = {"oever": "natural" if tuning.natural_banks else "hard"}
    stream = shapes.line(shapes.spline(layout.STREAM))
    if tuning.ponds == 1:
        return [("Vijver", shapes.blob(layout.POND_A), bank),
                ("Beek", stream.Buffer(2.2, 4).Difference(shapes.blob(layout.POND_A)),
                 bank)]  # fmt: skip
    pond = shapes.blob(layout.POND_B)
    return [("Vijver", pond, bank), ("Beek", stream.Buffer(4.0, 4).Difference(pond), bank),
            ("Retentievijver west", shapes.blob(layout.POND_WEST), bank)]  # fmt: skip


def _park() -> ogr.Geometry:
    return shapes.polygon([(384, 296), (572, 302), (576, 366), (588, 414), (516, 440), (430, 442),
                           (362, 418), (390, 360)])  # fmt: skip


def _houses(plan: layout.Layout, tuning: Tuning, free: ogr.Geometry) -> list[House]:
    placer = Placer(plan, tuning, free)
    inner = [(588, 158, 0.78, BLOCK), (572, 186, 0.78, SMALL), (262, 372, 0.1, SMALL)]
    for x, y, angle, kind in inner:
        placer.free_standing(x, y, angle, kind, tuning.apartment_floors)
    if not tuning.blocks_at_provincial_road:  # moved inwards
        for x, y, angle, kind in ((255, 176, 0.05, SMALL), (742, 232, -0.05, BLOCK)):
            placer.free_standing(x, y, angle, kind, tuning.apartment_floors)
    for name, (left, right) in ALONG.items():
        placer.line(name, 1, left)
        placer.line(name, -1, right)
    return placer.houses


def _buildings(ground: Ground, fixed: list[centre.Item], houses: list[House],
               tuning: Tuning) -> None:  # fmt: skip
    for k, (term, shape, extra) in enumerate(fixed):
        known = dict(extra)
        flat = {"groendak": tuning.green_roof or None, "blauwdak": tuning.blue_roof or None,
                "pv": tuning.pv_flat, "afgekoppeld": tuning.disconnected}  # fmt: skip
        if "woningen" in known:
            known |= {"beng2": tuning.beng2_apartment, "mpg": tuning.mpg}
        elif term in WORKS:
            known |= {"beng2": tuning.beng2_work if term != "Bedrijfshal" else None,
                      "mpg": tuning.mpg_work if term == "Kantoor" else None}  # fmt: skip
        if not known.get("bestaand"):
            known |= {"bestaand": 0, **flat}
        if k % 5 == 4:
            known.pop("afgekoppeld", None)
        ground.put(shape, term, **known)
    for k, house in enumerate(houses):
        flats = house.kind in (BLOCK, SMALL)
        area = house.geometry.GetArea()
        known = {
            "naam": f"{house.kind.term} {k + 1}", "lagen": house.floors,
            "hoogte": 3.0 * house.floors + (1.0 if flats else 3.0),
            "woningen": house.dwellings, "woningtype": "apartment" if flats else "ground",
            "bvo": round(area * house.floors * (1.0 if flats else 0.9), 0), "aandeel_wonen": 1.0,
            "bestaand": 0, "dak": "flat" if flats else "pitched",
            "beng2": tuning.beng2_apartment if flats else tuning.beng2_ground, "mpg": tuning.mpg,
            "pv": tuning.pv_flat if flats else tuning.pv_pitched,
            "groendak": (tuning.green_roof or None) if flats else None,
            "blauwdak": (tuning.blue_roof or None) if flats else None,
            "plaatsen": (round(tuning.built_parking * house.dwellings) or None) if flats else None,
            "afgekoppeld": tuning.disconnected,
        }  # fmt: skip
        # a sketch is never complete: what is left out is filled by the typology and counted
        for every, rest, names in ((6, 1, ("hoogte",)), (9, 4, ("woningen",)), (7, 3, ("bvo",)),
                                   (4, 2, ("beng2",)), (5, 3, ("mpg",)), (3, 0, ("afgekoppeld",)),
                                   (8, 5, ("lagen",))):  # fmt: skip
            if k % every == rest:
                for name in names:
                    known.pop(name)
        ground.put(house.geometry, house.kind.term, **known)


def _streets(ground: Ground, own: list[layout.Street], tuning: Tuning) -> None:
    """First all carriageways, then cycleways, footways, then what lies between them."""
    for wanted in (("Rijbaan",), ("Fietspad",), ("Voetpad",)):
        for street in own:
            for term, a, b in layout.profile(street.kind, tuning):
                if term in wanted:
                    shape = shapes.strip(street.xy, a, b)
                    ground.put(shape, term, whole=term != "Rijbaan", naam=street.name, openbaar=1)
    for street in own:
        for term, a, b in layout.profile(street.kind, tuning):
            if term in ("Rijbaan", "Fietspad", "Voetpad"):
                continue
            length = float(shapes.stations(street.xy)[-1])
            pieces = max(1, round(length / 110.0))
            for k in range(pieces):
                xy = section(street.xy, k * length / pieces, (k + 1) * length / pieces - 4.0)
                extra = {"openbaar": 1, "naam": street.name}
                for made in ground.put(shapes.strip(xy, a, b), term, 8.0, True, **extra):
                    if term == "Wadi":
                        made.fields["maatregel"] = 1
                    if term == "Wadi" and k % 4 != 3:
                        made.fields["berging"] = round(made.geometry.GetArea()
                                                       * tuning.swale_depth, 1)  # fmt: skip


def section(xy: np.ndarray, s0: float, s1: float) -> np.ndarray:
    """The piece of a polyline between two distances."""
    along = shapes.stations(xy)
    inner = xy[(along > s0 + 0.5) & (along < s1 - 0.5)]
    ends = [[float(np.interp(s, along, xy[:, k])) for k in (0, 1)] for s in (s0, s1)]
    return np.vstack([ends[0], inner, ends[1]])


def _greens(ground: Ground, plan: layout.Layout, tuning: Tuning, park: ogr.Geometry) -> None:
    """Park, heath, woods, playgrounds: the green that was drawn first of all."""
    ground.put(shapes.turned(418, 372, 26, 18, 0.3), "Speelplek", naam="Parkspeelplek", openbaar=1)
    for k, spot in enumerate(((176, 372), (300, 378), (650, 330), (775, 330), (700, 140))):
        ground.put(shapes.disc(*spot, 9.0), "Speelplek", naam=f"Speelplek {k + 1}", openbaar=1)
    for points in ([(540, 350), (556, 362), (552, 380), (538, 400), (532, 372)],
                   [(396, 300), (424, 302), (412, 336), (394, 330)]):  # fmt: skip
        ground.put(shapes.blob(points), "Heesters", naam="Parkbosje", openbaar=1)
    ground.put(park, "Bloemrijk grasland" if tuning.natural_banks else "Gazon",
               smallest=30.0, naam="Beekpark", openbaar=1)  # fmt: skip
    for points in layout.WOODS:
        ground.put(shapes.blob(points), "Bos", smallest=30.0, naam="Bosrand", openbaar=1)
    for points in layout.GRASSLANDS:
        ground.put(shapes.blob(points), "Bloemrijk grasland", smallest=30.0, openbaar=1)
    ground.put(plan.heath, "Heide", smallest=30.0, naam="Vliegheide", openbaar=1)
    if tuning.ridge_open:
        open_ridge = shapes.blob(layout.RIDGE).Difference(shapes.box(0, 0, 872, 330))
        near = shapes.union(f.geometry.Buffer(16.0, 3) for f in ground.features if built(f))
        ground.put(open_ridge.Difference(near), "Bloemrijk grasland", smallest=60.0,
                   naam="Stuwwalflank", openbaar=1)  # fmt: skip


def _plots(ground: Ground, plan: layout.Layout, houses: list[House], tuning: Tuning) -> None:
    """Parking courts with their access first, then gardens, then the paths behind them."""
    plots = shapes.union(h.plot for h in houses)
    built = shapes.union(f.geometry for f in ground.features)
    lanes = [s for s in plan.streets if s.kind in ("lane", "main", "work")]
    for room in shapes.parts(plan.plan.Buffer(-10, 3).Difference(built.Union(plots))):
        inner = room.Buffer(-7.5, 3)
        for core in shapes.parts(inner):
            if core.GetArea() < 60.0:
                continue
            x, y = shapes.inside(core)
            near = min(houses, key=lambda h: math.hypot(h.x - x, h.y - y))
            if near.kind in (VILLA, PAIR) or math.hypot(near.x - x, near.y - y) > 60.0:
                continue
            along = min(46.0, 12.0 + core.GetArea() / 14.0)
            court = shapes.turned(x, y, along, 16.0, near.angle).Intersection(room.Buffer(-2, 3))
            access = _access(ground, lanes, x, y)
            if court is None or court.GetArea() < 180.0 or access is None:
                continue
            ground.put(access, "Erfweg", smallest=10.0)
            spaces = {} if len(ground.features) % 5 == 2 else {
                "plaatsen": float(int(court.GetArea() / 17.0))}  # fmt: skip
            ground.put(court, tuning.court, smallest=40.0, naam="Parkeerhof", **spaces)
    for house in houses:
        term = tuning.garden if house.kind is ROW else "Tuin"
        if house.kind in (BLOCK, SMALL):
            term = "Gazon" if not tuning.swales else "Heesters"
        made = ground.put(house.plot, term, smallest=12.0)
        spaces = round(tuning.own_parking * house.dwellings)
        if made and spaces and house.kind in (VILLA, PAIR):
            made[0].fields["plaatsen"] = float(spaces)
    for house in houses:
        if house.kind is ROW:
            ground.put(house.path.Difference(house.plot), "Achterpad", 22.0, True)


def _access(ground: Ground, lanes: list[layout.Street], x: float, y: float) -> ogr.Geometry | None:
    """The shortest straight drive from a court to a street that passes no building."""
    tries = sorted(
        (math.hypot(px - x, py - y), float(px), float(py)) for s in lanes for px, py in s.xy
    )[:40]
    for distance, px, py in tries:
        if distance > 75.0:
            return None
        drive = shapes.line([(x, y), (px, py)]).Buffer(2.1, 1)
        if not any(built(f) or f.term == "Water"
                   for f in (ground.features[i] for i in ground.near(drive))
                   if f.geometry.Intersects(drive)):  # fmt: skip
            return drive
    return None


def built(feature: Feature) -> bool:
    """Whether a surface is a building: only those have floors, a height or dwellings."""
    return any(name in feature.fields for name in ("lagen", "hoogte", "woningen"))


def _leftovers(ground: Ground, tuning: Tuning) -> None:
    """What nobody drew: lawns and planting between the plots, small corners to a neighbour."""
    terms = ("Bloemrijk grasland", "Heesters", "Gazon") if tuning.swales else (
        "Gazon", "Gazon", "Verharding")  # fmt: skip
    small = []
    rest = sorted(ground.rest(), key=lambda p: -p.GetArea())
    k = 0
    for piece in rest:
        if piece.GetArea() < 80.0:
            small.append(piece)
            continue
        size = piece.GetArea()
        term = terms[k % 3] if size < 900.0 else terms[0]
        ground.put(piece, term, smallest=0.0, openbaar=1 if size > 250.0 else None)
        k += 1
    ground.absorb(small)
    ground.absorb(p for p in ground.rest() if p.GetArea() > 1e-4)


def _drained(ground: Ground, tuning: Tuning) -> None:
    """Paths in the green drain beside them; streets and courts as the variant says."""
    sealed = ("Rijbaan", "Fietspad", "Voetpad", "Erfweg", "Parkeerhof", "Parkeerstrook", "Plein",
              "Grasbetontegels", "Verharding", "Schoolplein", "Achterpad")  # fmt: skip
    for k, feature in enumerate(ground.features):
        if feature.term == "Wandelpad":
            feature.fields["afgekoppeld"] = 1.0
        elif feature.term in sealed and tuning.disconnected_ground is not None and k % 7 != 3:
            feature.fields["afgekoppeld"] = tuning.disconnected_ground


def _overlaps(ground: Ground) -> None:
    """Two mistakes on purpose, as sketches have them: a bed and a terrace drawn over a lawn."""
    lawns = [f for f in ground.features if f.term in ("Gazon", "Bloemrijk grasland", "Heide")
             and f.geometry.GetArea() > 1500.0][:2]  # fmt: skip
    for term, lawn in zip(("Plantvak", "Verharding"), lawns):  # noqa: B905
        x, y = shapes.inside(lawn.geometry)
        patch = shapes.turned(x, y, 8.0, 5.0, 0.3)
        patch = patch.Intersection(lawn.geometry)
        ground.features.append(Feature(patch, term, {"opmerking": "overlap met opzet"}))


def _trees(design: Design, plan: layout.Layout, own: list[layout.Street], ground: Ground,
           tuning: Tuning) -> None:  # fmt: skip
    random = np.random.default_rng(SEED)
    kinds = (("zomereik", 9.0), ("ruwe berk", 6.0), ("winterlinde", 8.0), ("grove den", 7.0),
             ("veldesdoorn", 6.5))  # fmt: skip
    hard = [f.geometry for f in ground.features
            if f.term in ("Rijbaan", "Water") or built(f)]
    boxes = np.array([g.GetEnvelope() for g in hard])

    def plant(x: float, y: float, kind: int, public: int = 1) -> None:
        spot = shapes.point(x, y)
        if not plan.plan.Contains(spot):
            return
        px, py = spot.GetX(), spot.GetY()
        hit = ((boxes[:, 0] < px) & (boxes[:, 1] > px)
               & (boxes[:, 2] < py) & (boxes[:, 3] > py))  # fmt: skip
        if any(hard[i].Contains(spot) for i in np.flatnonzero(hit)):
            return
        name, crown = kinds[kind % len(kinds)]
        crown = round(crown * tuning.crown * float(random.uniform(0.8, 1.2)), 1)
        fields = {"soort": name, "kroondiameter": crown, "hoogte": round(crown * 1.4, 1),
                  "openbaar": public}  # fmt: skip
        if len(design.trees) % 8 == 5:
            fields.pop("kroondiameter")
        design.trees.append(Feature(spot, "Boom", fields))

    for j, street in enumerate(own):
        length = float(shapes.stations(street.xy)[-1])
        offset = 4.4 if street.kind == "main" else 3.4
        sides = (1, -1) if street.kind == "main" else ((1,) if j % 2 else (-1,))
        for side in sides:
            for s in np.arange(9.0 + 3 * side, length - 6.0, tuning.tree_spacing):
                x, y, angle = shapes.locate(street.xy, float(s))
                plant(x - side * offset * math.sin(angle), y + side * offset * math.cos(angle), j)
    for k, (x, y) in enumerate(((440, 325), (452, 432), (530, 425), (550, 408), (432, 402),
                                (542, 318), (520, 312), (428, 385), (466, 262), (478, 263),
                                (490, 264), (502, 265), (464, 230), (476, 231), (488, 232),
                                (500, 233), (330, 160), (350, 160), (395, 160))):  # fmt: skip
        plant(float(x), float(y), k)


def _lamps(design: Design, own: list[layout.Street], plan: layout.Layout, ground: Ground,
           tuning: Tuning) -> None:  # fmt: skip
    houses = [f.geometry for f in ground.features if built(f)]
    boxes = np.array([g.GetEnvelope() for g in houses])

    def crowded(spot: ogr.Geometry) -> bool:
        """No lamp in front of a bedroom: at least 6.5 m from any facade."""
        x, y = spot.GetX(), spot.GetY()
        near = ((boxes[:, 0] < x + 7) & (boxes[:, 1] > x - 7)
                & (boxes[:, 2] < y + 7) & (boxes[:, 3] > y - 7))  # fmt: skip
        return any(houses[i].Distance(spot) < 6.5 for i in np.flatnonzero(near))

    for street in own:
        length = float(shapes.stations(street.xy)[-1])
        offset = -(3.6 if street.kind == "main" else 3.0)
        for k, s in enumerate(np.arange(14.0, length - 8.0, tuning.lamp_spacing)):
            x, y, angle = shapes.locate(street.xy, float(s))
            spot = shapes.point(x - offset * math.sin(angle), y + offset * math.cos(angle))
            if not plan.plan.Contains(spot) or crowded(spot):
                continue
            fields = {"lichtsterkte": tuning.candela * (1.3 if street.kind == "main" else 1.0),
                      "hoogte": 6.0 if street.kind == "main" else 4.0}  # fmt: skip
            if k % 9 == 7:
                fields.pop("hoogte")
            design.lamps.append(Feature(spot, "Lichtmast", fields))


def _lines(design: Design, plan: layout.Layout, tuning: Tuning) -> None:
    """Noise barriers, and the routes on foot and by bicycle that the plan adds."""
    inside = plan.plan
    if tuning.noise_barrier:
        road = plan.street("Provincialeweg N937").xy
        xy = road[(road[:, 0] > layout.BARRIER[0]) & (road[:, 0] < layout.BARRIER[1])]
        wall = shapes.line(xy + shapes.normals(xy) * 13.0)
        fields = {"hoogte": 4.0, "naam": "Scherm N937", "maatregel": 1}
        design.lines.append(Feature(wall, "Geluidscherm", fields))
    wall = shapes.line([(780, 106), (822, 121), (852, 140)])
    design.lines.append(Feature(wall, "Geluidscherm", {"hoogte": 2.5, "naam": "Scherm laadplaats"}))
    for path in plan.paths:
        route = shapes.line(path.xy).Intersection(inside)
        if route is not None and not route.IsEmpty():
            design.lines.append(Feature(route, "Wandelroute", {"naam": path.name}))
    main = shapes.line(plan.street("Startbaan").xy).Intersection(inside)
    design.lines.append(Feature(main, "Fietsroute", {"naam": "Startbaan"}))


def _crates(design: Design) -> None:
    for feature in [f for f in design.surfaces if f.term in ("Plein", "Grasbetontegels")]:
        shape = feature.geometry.Buffer(-2.5, 2)
        for piece in shapes.parts(shape):
            area = piece.GetArea()
            if area > 120.0:
                fields = {"berging": round(area * 0.5 * 0.40, 1), "maatregel": 1}
                design.crates.append(Feature(piece, "Infiltratiekratten", fields))
