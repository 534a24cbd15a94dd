"""Small scenes for tests, made by the same code that makes the real ones."""

from __future__ import annotations

import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from osgeo import ogr

from dgo_twin_plugin.engine.build import Sources, build_scene
from dgo_twin_plugin.engine.functions import load_functions
from dgo_twin_plugin.engine.grid import Raster
from dgo_twin_plugin.engine.norms import Profile, load_profile
from dgo_twin_plugin.engine.reduce import ReducedPart, reduce
from dgo_twin_plugin.engine.scene import RasterContext, RawLayer, Scene
from dgo_twin_plugin.engine.scores import ScoreRow, judge

PROFILE = "utrecht-proposal-2026"
DATE = "2026-11-21"


@lru_cache(maxsize=1)
def profile() -> Profile:
    """The shipped profile."""
    return load_profile(PROFILE)


def wkb(text: str) -> bytes:
    """WKB of WKT."""
    return bytes(ogr.CreateGeometryFromWkt(text).ExportToWkb(ogr.wkbNDR))


def box(x0: float, y0: float, x1: float, y1: float) -> str:
    """WKT of a rectangle."""
    return f"POLYGON(({x0} {y0},{x1} {y0},{x1} {y1},{x0} {y1},{x0} {y0}))"


def raw(
    name: str, rows: list[tuple[str, dict[str, Any]]], entry: dict[str, Any] | None = None
) -> RawLayer:
    """A raw layer of (wkt, fields) rows; feature ids 1, 2, ..."""
    names = sorted({key for _, values in rows for key in values})
    return RawLayer(
        name,
        np.arange(1, len(rows) + 1),
        [wkb(w) for w, _ in rows],
        {k: [values.get(k) for _, values in rows] for k in names},
        entry or {},
    )


def scene(
    zones: list[tuple[str, str]] | None = None,
    surfaces: list[tuple] | None = None,
    items: list[tuple] | None = None,
    context: dict[str, list[tuple[str, dict[str, Any]]]] | None = None,
    rasters: dict[str, list[tuple]] | None = None,
    plan: str | None = None,
    date: str = DATE,
    current: list[tuple] | None = None,
    flags: dict[str, list[bool]] | None = None,
    entry: dict[str, Any] | None = None,
    entries: dict[str, dict[str, Any]] | None = None,
) -> Scene:
    """A scene.

    ``zones`` (type, wkt); ``surfaces``, ``current`` and ``items`` (function, wkt, fields?);
    ``context`` role -> [(wkt, fields)]; ``rasters`` role -> [(array, (x0, y0 top), cell, attrs?)];
    ``entries`` role -> constants of its layer; ``entry`` constants of the design layer.
    """

    def layer(name: str, rows: list[tuple], more: dict[str, Any]) -> RawLayer:
        return raw(
            name, [(r[1], {"function": r[0], **(r[2] if len(r) > 2 else {})}) for r in rows], more
        )

    sources = Sources(crs="EPSG:28992")
    if surfaces:
        sources.design.append(layer("design", surfaces, dict(entry or {})))
    if items:
        sources.design.append(layer("items", items, {}))
    if current:
        sources.current.append(layer("current", current, {}))
    if zones:
        sources.area_types.append(
            raw("types", [(w, {"type": t}) for t, w in zones], {"type": "type"})
        )
    if plan:
        sources.plan_area.append(raw("plan", [(plan, {})]))
    for role, rows in (context or {}).items():
        sources.vectors[role] = [raw(role, rows, dict((entries or {}).get(role, {})))]
    for role, given in (rasters or {}).items():
        sources.rasters[role] = [
            RasterContext(
                role,
                f"{role}{k}",
                Raster(np.asarray(r[0], float), r[1][0], r[1][1], r[2], r[2]),
                dict(r[3]) if len(r) > 3 else {},
            )
            for k, r in enumerate(given)
        ]
    made = build_scene(sources, profile(), load_functions(), datetime.date.fromisoformat(date))
    for name, values in (flags or {}).items():
        made.zones.flags[name] = np.array(values, bool)
    return made


def values(spec, made: Scene, norms: Profile | None = None) -> dict[str, ReducedPart]:
    """The reduced parts of one indicator."""
    return reduce(spec.compute(made, norms or profile()), spec, made.n_zones)


def rows(spec, made: Scene, norms: Profile | None = None, ambitions=None) -> list[ScoreRow]:
    """The score rows of one indicator, the plan first."""
    norms = norms or profile()
    return judge(made, norms, spec, spec.compute(made, norms), ambitions).rows
