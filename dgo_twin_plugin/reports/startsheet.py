"""The sheet of a plan's start: one map, obstacles, chances, directions. Stands alone and prints."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osgeo import ogr

from ..engine.clean import quiet
from ..engine.directions import BELOW, GOOD, UNKNOWN, Direction
from ..engine.geometry import geometry_from_wkb
from ..engine.marks import shown as mark_shown
from ..engine.norms import Profile
from ..engine.resources_path import resources
from ..engine.roles import role_label
from ..engine.scene import Scene
from ..engine.start_rules import load_start_rules
from ..engine.start_scan import Found
from ..engine.texts import has_text, language, number, text
from ..engine.words import say
from ..engine.zones import union_of
from .mapsvg import Project, _round_length, svg_path
from .shown import badge

if TYPE_CHECKING:
    from ..project.start_project import Sheets

WIDTH, TALLEST, MARGIN = 1000.0, 430.0, 8.0
AROUND = 0.12  # of the larger side of the plan, shown around it
MOST_DIRECTIONS, MOST_UNKNOWN = 9, 9  # the tables behind the sheet have them all
LEAST_DRAWN = 6.0  # units of the drawing: a smaller place gets a dot
# Pale ground: groups of functions, fill
GROUND = (("green", "#e6efdf"), ("plots", "#eef1e6"), ("water", "#cfe3ee"), ("paved", "#e9e7e3"),
          ("transport", "#dcdad6"), ("buildings", "#b9b5af"))  # fmt: skip


def render(sheets: Sheets, lang: str = "") -> str:
    """The page, in Dutch or English."""
    import jinja2  # here: only reports need it

    lang = lang or language()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(resources() / "report")), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True)  # fmt: skip

    def translate(key: str, **params: Any) -> str:
        return text(f"startsheet.{key}", lang, **params)

    page = environment.get_template("startsheet.html.j2")
    return page.render(t=translate, **build(sheets, lang))


def write_sheet(target: Path, sheets: Sheets) -> None:
    """Write the page."""
    with target.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(render(sheets))


def build(sheets: Sheets, lang: str) -> dict[str, Any]:
    """What the template shows, as plain texts."""
    profile, scene = sheets.profile, sheets.scene
    below = [d for d in sheets.directions if d.state == BELOW]
    good = [d for d in sheets.directions if d.state == GOOD]
    unknown = [d for d in sheets.directions if d.state == UNKNOWN]
    not_known = _names(unknown, lang, (*below, *good)) if sheets.assessment is not None else []
    today = datetime.date.today()
    pattern = "%d-%m-%Y" if lang == "nl" else "%Y-%m-%d"
    several = len({d.area_type for d in sheets.directions}) > 1
    return {
        "lang": lang,
        "name": sheets.name,
        "date": today.strftime(pattern),
        "hectares": _plain(scene.plan.area()[0] / 1e4, lang),
        "profile": profile.title.get(lang, profile.id),
        "status": text(say(f"results.value.norm_status.{profile.status}"), lang),
        "disclaimer": text("report.legal_line", lang, line=text("legal.disclaimer", lang)),
        "types": _types(sheets, lang),
        "map": start_map(sheets, lang),
        "obstacles": _levels([_item(n, str(n), f, profile, lang)
                              for n, f in enumerate(sheets.found.obstacles, 1)]),
        "chances": _levels([_item(n, chr(64 + n), f, profile, lang)
                            for n, f in enumerate(sheets.found.chances, 1)]),
        "scored": sheets.assessment is not None,
        "typed": any(t.type for t in sheets.types),
        "below": [_direction(d, lang, several) for d in below[:MOST_DIRECTIONS]],
        "below_more": max(0, len(below) - MOST_DIRECTIONS),
        "good": _names(good, lang, below),
        "unknown": not_known[:MOST_UNKNOWN], "unknown_more": max(0, len(not_known) - MOST_UNKNOWN),
        "unseen": _unseen(sheets, lang),
        "asked": _asked(sheets.directions, profile, lang),
        "scored_head": sheets.assessment is not None,
    }  # fmt: skip


def _plain(value: float | None, lang: str) -> str:
    return "–" if value is None else number(_three(float(value)), lang)


def _names(found: list[Direction], lang: str, told: Iterable[Direction] = ()) -> list[str]:
    """Indicators by name, each once, but for those that another list names."""
    left_out = {d.indicator for d in told}
    return list(dict.fromkeys(text(f"indicators.{d.indicator}.name", lang) for d in found
                              if d.indicator not in left_out))  # fmt: skip


def _types(sheets: Sheets, lang: str) -> list[dict[str, Any]]:
    """Types with their area, the largest first, how each was found, and doubt."""
    grouped: dict[tuple[str, str], list[Any]] = {}
    for each in sheets.types:
        grouped.setdefault((each.type, each.how), []).append(each)
    rows = []
    for (type_, how), mine in grouped.items():
        known = sheets.profile.area_types.get(type_)
        name = f"{type_} {known.name.get(lang, type_)}" if known else text(
            "startsheet.type.unknown", lang)  # fmt: skip
        area = sum(m.geometry.area() for m in mine)
        said = [text(f"startsheet.how.{how}", lang)] if known else []
        if any(m.doubtful for m in mine):
            said.append(text("startsheet.type.doubtful", lang))
        reasons = list(dict.fromkeys(m.reason for m in mine if m.reason))
        rows.append({"name": name, "area": area, "hectares": _plain(area / 1e4, lang),
                     "said": ", ".join(said), "reason": " ".join(reasons[:2])})  # fmt: skip
    return sorted(rows, key=lambda r: -float(r["area"]))


def _item(
    order: int, sign: str, found: Found, profile: Profile, lang: str
) -> dict[str, Any]:
    own = load_start_rules().sources.get(found.source)
    source = own[lang] if own else profile.source_text(found.source, lang) if found.source else ""
    return {
        "sign": sign, "title": text(found.title(), lang), "level": found.level,
        "word": text(f"startsheet.level.{found.level}", lang),
        "where": text(found.where(), lang), "measured": measured(found, lang),
        "names": ", ".join(found.names[:3]), "advice": text(found.advice(), lang),
        "source": source, "order": order,
    }  # fmt: skip


def _levels(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Findings under the word of their level, in the order they have."""
    groups: dict[str, dict[str, Any]] = {}
    for each in items:
        group = groups.setdefault(each["level"], {"word": each["word"], "rows": []})
        group["rows"].append(each)
    return list(groups.values())


def measured(found: Found, lang: str) -> str:
    """The figures behind a finding, '' where there are none."""
    unit = found.unit
    if found.counted and found.count > 1:
        return text("startsheet.measured.count", lang, n=found.count)
    if unit in ("", "log10", "share"):
        return ""
    unit = unit_of(unit, lang)
    limit = " / ".join(number(v, lang) for v in found.limits)
    if found.value is None:
        return text("startsheet.measured.bare", lang, limit=limit, unit=unit) if limit else ""
    side = "high" if found.operator in ("above", "at_least") else "low"
    value = round(found.value) if "Lden" in unit else _three(found.value)
    return text(f"startsheet.measured.{side}", lang, value=float(value), unit=unit, limit=limit)


def unit_of(unit: str, lang: str) -> str:
    """A unit in the words of a language."""
    for key in (f"words.unit.{unit}", f"startsheet.unit.{unit}"):
        if has_text(key, lang):
            return text(key, lang)
    return unit


def _three(value: float) -> float:
    """Three digits, or two decimals, are enough on a sheet."""
    return float(f"{value:.3g}") if abs(value) >= 1.0 else round(value, 2)


def _direction(each: Direction, lang: str, several: bool) -> dict[str, Any]:
    shown = badge(each.mark, lang)
    unit = unit_of(each.unit, lang)
    value = ""
    if each.value is not None:
        value = text("startsheet.now.value", lang, value=_three(each.value), unit=unit)
    return {
        "name": text(f"indicators.{each.indicator}.name", lang), "badge": shown,
        "type": each.area_type if several else "", "now": value,
        "asked": text(each.asked(), lang, unit=unit), "pull": round(each.pull, 2),
    }  # fmt: skip


def _unseen(sheets: Sheets, lang: str) -> list[str]:
    """Roles without a layer, in the words of people; each once."""
    return list(dict.fromkeys(text(role_label(role), lang) for _, role in sheets.found.unseen))


def _asked(found: list[Direction], profile: Profile, lang: str) -> list[dict[str, Any]]:
    """The norms per area type and indicator, in the order of the codes."""
    order = {id_: k for k, id_ in enumerate(profile.indicators)}
    groups: dict[str, list[Direction]] = {}
    for each in found:
        groups.setdefault(each.area_type, []).append(each)
    tables = []
    for type_, mine in groups.items():
        rows = [{
            "name": text(f"indicators.{d.indicator}.name", lang), "unit": unit_of(d.unit, lang),
            "now": _plain(d.value, lang), "badge": badge(d.mark, lang),
            "norm": " · ".join(number(v, lang) for v in (d.minimum, d.basis, d.optimum)),
            "mark": mark_shown(d.mark, lang) if d.mark is not None else "",
        } for d in sorted(mine, key=lambda d: order.get(d.indicator, 99))]  # fmt: skip
        name = profile.area_types[type_].name.get(lang, type_)
        tables.append({"name": f"{type_} {name}", "rows": rows})
    return tables


# --------------------------------------------------------------------------------- the map
def start_map(sheets: Sheets, lang: str) -> dict[str, Any]:
    """Plan, pale ground, obstacles and chances with their signs."""
    scene = sheets.scene
    plan = scene.plan.geometry(0)
    west, east, south, north = plan.GetEnvelope()
    grow = AROUND * max(east - west, north - south)
    x0, x1, y0, y1 = west - grow, east + grow, south - grow, north + grow
    scale = min((WIDTH - 2 * MARGIN) / (x1 - x0), (TALLEST - 2 * MARGIN) / (y1 - y0))
    if scale * (x1 - x0) < WIDTH - 2 * MARGIN:  # wide paper: show more to the sides
        more = ((WIDTH - 2 * MARGIN) / scale - (x1 - x0)) / 2
        x0, x1 = x0 - more, x1 + more
    height = round(scale * (y1 - y0) + 2 * MARGIN)
    frame = _box(x0, y0, x1, y1)

    def project(x: float, y: float) -> tuple[float, float]:
        return MARGIN + scale * (x - x0), MARGIN + scale * (y1 - y)

    fine = 0.5 / scale
    taken: list[tuple[float, float]] = []
    drawn = {"obstacles": [], "chances": []}  # type: dict[str, list[dict[str, Any]]]
    # small places first claim their spot for the sign; the large ones have room elsewhere
    for key, found in (("obstacles", sheets.found.obstacles), ("chances", sheets.found.chances)):
        made = [_place(n, f, frame, plan, project, fine, scale) for n, f in enumerate(found, 1)]
        drawn[key] = [m for m in made if m is not None]
    for item in sorted((*drawn["obstacles"], *drawn["chances"]), key=lambda m: m["size"]):
        item["x"], item["y"] = _spot(item.pop("shape"), project, taken, item["tiny"])
    bar = _round_length(170.0 / scale)
    return {
        "width": int(WIDTH), "height": height, "ground": _ground(scene, frame, project, fine),
        "plan": svg_path(plan, project, fine),
        # the heaviest drawn last, large before small
        "obstacles": sorted(drawn["obstacles"], key=lambda m: (-m["rank"], -m["size"])),
        "chances": sorted(drawn["chances"], key=lambda m: -m["size"]),
        "bar": round(bar * scale, 1),
        "bar_text": f"{bar:g} m" if bar < 1000 else f"{bar / 1000:g} km",
    }  # fmt: skip


def _place(
    order: int, found: Found, frame: ogr.Geometry, plan: ogr.Geometry, project: Project,
    fine: float, scale: float,
) -> dict[str, Any] | None:  # fmt: skip
    from ..engine.start_rules import BENEFITS
    from ..engine.start_shapes import cut
    from ..engine.words import SEVERITIES

    shape = cut(geometry_from_wkb(found.wkb), frame)
    if shape.IsEmpty():
        return None
    inside = cut(shape, plan)
    levels = SEVERITIES if found.kind == "obstacle" else BENEFITS
    chosen = inside if not inside.IsEmpty() else shape
    whole = found.inside and found.share > 0.97  # the outline of the plan says it
    return {
        "path": "" if whole else svg_path(_smooth(shape, max(fine, 0.8 * found.grain)), project,
                                          fine),
        "wide": found.share > 0.4,  # a tint over half of the map would hide the rest
        "level": found.level, "sign": str(order) if found.kind == "obstacle" else chr(64 + order),
        "title": text(found.title()), "size": shape.GetArea() * scale * scale,
        "rank": levels.index(found.level), "shape": chosen,
        "tiny": chosen.GetArea() * scale * scale < LEAST_DRAWN**2,
    }  # fmt: skip


def _smooth(shape: ogr.Geometry, by: float) -> ogr.Geometry:
    """Without the stairs of raster cells finer than the eye can tell."""
    with quiet():
        simple = shape.SimplifyPreserveTopology(by)
    return simple if simple is not None and not simple.IsEmpty() else shape


def _spot(
    shape: ogr.Geometry, project: Project, taken: list[tuple[float, float]], tiny: bool
) -> tuple[float, float]:
    """A place for a sign inside its shape: away from the signs that are there already, and from
    the border of the shape."""
    parts = [shape.GetGeometryRef(i) for i in range(shape.GetGeometryCount())]
    if ogr.GT_Flatten(shape.GetGeometryType()) == ogr.wkbPolygon:
        parts = [shape]
    best, most = (0.0, 0.0), -1.0
    origin = project(0.0, 0.0)
    scale = abs(project(1.0, 0.0)[0] - origin[0])
    for part in sorted(parts, key=lambda g: -g.GetArea())[:4]:
        edge = part.Boundary()
        spots = [part.PointOnSurface()]
        west, east, south, north = part.GetEnvelope()
        for i in range(1, 10):
            for j in range(1, 10):
                probe = ogr.Geometry(ogr.wkbPoint)
                probe.AddPoint_2D(west + (east - west) * i / 10, south + (north - south) * j / 10)
                spots.append(probe)
        for number_, probe in enumerate(spots):
            if probe is None or probe.IsEmpty() or (number_ and not part.Contains(probe)):
                continue
            x, y = project(probe.GetX(), probe.GetY())
            room = min(((x - a) ** 2 + (y - b) ** 2 for a, b in taken), default=1e9) ** 0.5
            score = min(room, 60.0) + 0.8 * min(edge.Distance(probe) * scale, 30.0)
            if score > most + 1e-6:
                best, most = (x, y), score
    if tiny and any((best[0] - a) ** 2 + (best[1] - b) ** 2 < 400.0 for a, b in taken):
        best = best[0] + 20.0, best[1] - 8.0
    taken.append(best)
    return round(best[0], 1), round(best[1], 1)


def _box(x0: float, y0: float, x1: float, y1: float) -> ogr.Geometry:
    ring = ogr.Geometry(ogr.wkbLinearRing)
    for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)):
        ring.AddPoint_2D(x, y)
    box = ogr.Geometry(ogr.wkbPolygon)
    box.AddGeometry(ring)
    return box


def _ground(
    scene: Scene, frame: ogr.Geometry, project: Project, fine: float
) -> list[dict[str, str]]:
    """The current situation in pale tints, one path per group of functions."""
    import numpy as np

    from ..engine.start_shapes import cut

    surfaces = scene.surfaces
    there = np.asarray(surfaces.current, bool)
    west, east, south, north = frame.GetEnvelope()
    box = surfaces.polygons.bounds()
    near = there & (surfaces.area > 0)
    if len(box):
        near &= (box[:, 0] <= east) & (box[:, 2] >= west)
        near &= (box[:, 1] <= north) & (box[:, 3] >= south)
    made = []
    for group, colour in GROUND:
        rows = np.flatnonzero(near & surfaces.where(group))
        if len(rows):
            union = cut(union_of(surfaces.polygons.take(rows)), frame)
            made.append({"path": svg_path(union, project, fine), "colour": colour})
    return made
