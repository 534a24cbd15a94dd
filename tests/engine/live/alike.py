"""Whether two assessments say the same, to 1e-9 of each number and in the same order."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from dgo_twin_plugin.engine.assessment import Assessment
from dgo_twin_plugin.engine.scene import Scene

CLOSE = 1e-9


def differences(a: Any, b: Any, where: str = "") -> list[str]:
    """Where two values differ: numbers by more than 1e-9 (relative above 1), all else at all."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.shape != b.shape:
            return [f"{where}: {a.shape} and {b.shape}"]
        if a.dtype == object or b.dtype == object or a.dtype.kind not in "fiub":
            return [] if a.tolist() == b.tolist() else [f"{where}: {a} and {b}"]
        x, y = a.astype(float), b.astype(float)
        with np.errstate(invalid="ignore"):
            close = (x == y) | (np.isnan(x) & np.isnan(y)) | (
                np.abs(x - y) <= CLOSE * np.maximum(1.0, np.abs(y)))  # fmt: skip
        return [] if close.all() else [f"{where}: {x[~close][:3]} and {y[~close][:3]}"]
    if isinstance(a, float) and isinstance(b, float):
        same = a == b or (math.isnan(a) and math.isnan(b))
        return [] if same or abs(a - b) <= CLOSE * max(1.0, abs(b)) else [f"{where}: {a} and {b}"]
    if dataclasses.is_dataclass(a) and type(a) is type(b):
        return [d for f in dataclasses.fields(a) if f.compare
                for d in differences(getattr(a, f.name), getattr(b, f.name), f"{where}.{f.name}")]
    if isinstance(a, dict) and isinstance(b, dict):
        if list(map(str, a)) != list(map(str, b)):
            return [f"{where}: keys {list(a)} and {list(b)}"]
        return [d for k in a for d in differences(a[k], b[k], f"{where}[{k}]")]
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        if len(a) != len(b):
            return [f"{where}: {len(a)} and {len(b)} items"]
        return [d for k, (x, y) in enumerate(zip(a, b)) for d in differences(x, y, f"{where}[{k}]")]
    if isinstance(a, bytes) and isinstance(b, bytes):  # geometry: the same to a micrometre
        return [] if a == b or _near(a, b) else [f"{where}: another geometry"]
    return [] if a == b else [f"{where}: {a!r} and {b!r}"]


def _near(a: bytes, b: bytes) -> bool:
    from osgeo import ogr

    one, other = ogr.CreateGeometryFromWkb(a), ogr.CreateGeometryFromWkb(b)
    apart = one.SymmetricDifference(other)
    return apart is not None and apart.Area() < 1e-6 and abs(one.Length() - other.Length()) < 1e-6


def of_scenes(a: Scene, b: Scene) -> list[str]:
    """Differences of what was built."""
    found = differences(a.origin, b.origin, "origin")
    for name in ("polygons", "footprints"):
        one, other = getattr(a.surfaces, name), getattr(b.surfaces, name)
        # a ring may begin at another of its vertices: that is no difference
        found += differences(*([p.area(), p.bounds(), len(p.xy), p.centroids()]
                               for p in (one, other)), name)  # fmt: skip
    for name in ("function", "current", "layer", "fid", "area", "fields", "assumed", "said"):
        found += differences(getattr(a.surfaces, name), getattr(b.surfaces, name), name)
    found += differences([a.zones.area_type, a.zones.area, a.zones.flags],
                         [b.zones.area_type, b.zones.area, b.zones.flags], "zones")  # fmt: skip
    found += differences(a.cut, b.cut, "cut") + differences(a.items, b.items, "items")
    return found + differences(a.checks, b.checks, "checks")


def of_assessments(a: Assessment, b: Assessment) -> list[str]:
    """Differences of the outcome: rows, totals, breaches, alerts, checks, places."""
    found = of_scenes(a.scene, b.scene)
    for name in ("scores", "parts", "totals", "stats", "breaches", "alerts", "checks"):
        found += differences(getattr(a, name), getattr(b, name), name)
    return found + differences(list(a.places()), list(b.places()), "places")
