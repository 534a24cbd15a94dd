"""Context layers -> roles: cleaned, local, fields under their canonical names."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .checks import Check
from .clean import clean
from .geometry import first_containing, moved_wkb
from .grid import Raster
from .kept import Kept, whole
from .mapping import impossible, to_number
from .pulse import beat
from .roles import Role, RoleField, role_label, roles
from .scene import Context, RasterContext, RawLayer, VectorContext, Zones
from .wkb import dimension
from .words import BASIS_INDICATIVE, IMPORTANT, NORMAL

if TYPE_CHECKING:
    from .build import Sources

LARGEST = np.finfo(float).max

# Words of an entry that say how to read a layer, not what is in it.
_READING = {
    "layer",
    "fields",
    "filter",
    "mapping",
    "function",
    "functions",
    "type",
    "types",
    "flags",
}


def make_context(
    sources: Sources, origin: tuple[float, float], checks: list[Check], kept: Kept | None = None
) -> dict[str, Context]:
    """One :class:`Context` per role that was given, also where its layers are empty. Numbers and
    cells outside the range of the role (``roles.yml``) are unknown, and said."""
    given = [{role: list(held) for role, held in each.items()}
             for each in (sources.vectors, sources.rasters)]  # fmt: skip
    made, found = whole(kept, "context", (given, origin),
                        lambda: _made_context(sources, origin, kept))
    checks += found
    return dict(made)


def _made_context(sources: Sources, origin: tuple[float, float], kept: Kept | None,
                  ) -> tuple[dict[str, Context], list[Check]]:  # fmt: skip
    result: dict[str, Context] = {}
    checks: list[Check] = []

    def vectors(role: str, layers: list[RawLayer]) -> tuple[VectorContext, list[Check]]:
        found: list[Check] = []
        return _vectors(role, layers, origin, found), found

    def rasters(role: str, given: list[RasterContext]) -> tuple[list[RasterContext], list[Check]]:
        found: list[Check] = []
        return [
            RasterContext(role, r.layer,
                          _believed(r, roles().get(role), found).shifted(origin), r.attributes)
            for r in given
        ], found  # fmt: skip

    for role, layers in sources.vectors.items():
        made, found = whole(kept, ("vectors", role), (list(layers), origin),
                            partial(vectors, role, layers))
        result.setdefault(role, Context(role)).vectors = made
        checks += found
    for role, given in sources.rasters.items():
        sheets, found = whole(kept, ("rasters", role), (list(given), origin),
                              partial(rasters, role, given))
        result.setdefault(role, Context(role)).rasters = sheets
        checks += found
    return result, checks


def _believed(given: RasterContext, role: Role | None, checks: list[Check]) -> Raster:
    """The raster without the cells that cannot be: a value for "no data" that nobody declared
    would else be the quietest or the deepest place of all."""
    beat()
    raster = given.raster
    low, high = (role.low, role.high) if role else (-np.inf, np.inf)
    # numbers alone: what is unknown is in order
    least = np.fmin.reduce(raster.values, axis=None, initial=np.inf)
    most = np.fmax.reduce(raster.values, axis=None, initial=-np.inf)
    if least > most or (max(low, -LARGEST) <= least and most <= min(high, LARGEST)):
        return raster
    with np.errstate(invalid="ignore"):
        bad = (raster.values < low) | (raster.values > high) | np.isinf(raster.values)
    checks.append(
        Check(
            "raster_impossible",
            IMPORTANT,
            "layer",
            given.layer,
            value=f"{float(raster.values[bad][0]):g}",
            params={"count": int(bad.sum()), "role": role_label(given.role)},
        )
    )
    return Raster(np.where(bad, np.nan, raster.values), raster.x0, raster.y0, raster.dx, raster.dy)


# Roles whose surroundings count, and how far (m): green within 500 m, desiccation within 500 m.
REACH = {"current": 500.0}


def edge_checks(
    context: dict[str, Context], sources: Sources, zones: Zones, origin: tuple[float, float],
    kept: Kept | None = None,
) -> list[Check]:  # fmt: skip
    """Where the map stops too soon: rasters that leave part of the plan without a value, and the
    current situation ending within its reach of the plan."""
    layers = [(layer.name, layer.covers) for layer in sources.current]
    return whole(kept, "edge_checks", (list(context.values()), zones, origin, layers),
                 lambda: _edge_checks(context, sources, zones, origin))  # fmt: skip


def _edge_checks(
    context: dict[str, Context], sources: Sources, zones: Zones, origin: tuple[float, float]
) -> list[Check]:
    found = []
    points = _spread(zones)
    for role, held in context.items():
        values = [r.raster.sample(points) for r in held.rasters]
        for raster, here in zip(held.rasters, values):
            # several rasters may share the plan between them: only what none covers is lacking
            known = (
                np.isfinite(here)
                if held.vectors or len(values) == 1
                else np.isfinite(np.vstack(values)).any(axis=0)
            )
            share = 100.0 * float(known.mean()) if len(points) else 100.0
            if share < 99.0:
                found.append(
                    Check(
                        "raster_not_covering",
                        NORMAL,
                        "layer",
                        raster.layer,
                        params={"share": share, "role": role},
                    )
                )
    box = zones.polygons.bounds()
    low, high = box[:, :2].min(axis=0) + origin, box[:, 2:].max(axis=0) + origin
    layers = [layer for layer in sources.current if layer.covers is not None]
    if layers:
        covers = np.array([layer.covers for layer in layers], float)
        reach = REACH["current"]
        if (covers[:, :2].min(axis=0) > low - reach).any() or (
            covers[:, 2:].max(axis=0) < high + reach
        ).any():
            found.append(
                Check(
                    "context_stops",
                    NORMAL,
                    "layer",
                    layers[0].name,
                    params={"reach": reach, "role": role_label("current")},
                )
            )
    return found


def _spread(zones: Zones, most: int = 40) -> np.ndarray:
    """(m, 2) points spread evenly over the plan."""
    box = zones.polygons.bounds()
    low, high = box[:, :2].min(axis=0), box[:, 2:].max(axis=0)
    step = (high - low) / most
    x, y = np.meshgrid(*[low[k] + step[k] * (np.arange(most) + 0.5) for k in (0, 1)])
    xy = np.column_stack([x.ravel(), y.ravel()])
    return xy[first_containing(zones.polygons, xy) >= 0]


def _vectors(
    role: str, layers: list[RawLayer], origin: tuple[float, float], checks: list[Check]
) -> VectorContext:
    spec = roles().get(role)
    declared = {f.name: f for f in spec.fields} if spec else {}
    blocks = [_one(role, layer, origin, declared, checks) for layer in layers]
    names = sorted(set().union(*(b.fields for b in blocks))) if blocks else []
    fields = {}
    for name in names:
        columns = []
        number = any(b.fields[name].dtype != object for b in blocks if name in b.fields)
        for block in blocks:
            values = block.fields.get(name)
            if values is None:
                values = np.full(block.n, np.nan if number else None, float if number else object)
            columns.append(values)
        fields[name] = np.concatenate(columns)
    made = VectorContext(
        role,
        np.concatenate([b.layer for b in blocks]) if blocks else np.zeros(0, object),
        np.concatenate([b.fid for b in blocks]) if blocks else np.zeros(0, np.int64),
        [w for b in blocks for w in b.wkb],
        fields,
    )
    return _once(made, sorted(declared), checks) if role in ADDING else made


# Roles whose amounts add up: what two overlapping downloads both hold would count twice.
ADDING = ("roads", "railways", "trees", "parking", "generation")


def _once(vectors: VectorContext, names: list[str], checks: list[Check]) -> VectorContext:
    """The features without exact copies: same geometry, same values in every field of the role."""
    columns = [vectors.fields[name].tolist() for name in names if name in vectors.fields]
    keys = [(w, *map(str, row)) for w, row in zip(vectors.wkb, zip(*columns))]
    first = np.array(sorted({key: k for k, key in reversed(list(enumerate(keys)))}.values()), int)
    lost = np.setdiff1d(np.arange(vectors.n), first)
    for layer in dict.fromkeys(vectors.layer[lost]):
        mine = lost[vectors.layer[lost] == layer]
        checks.append(
            Check(
                "exact_copies",
                NORMAL,
                "layer",
                str(layer),
                int(vectors.fid[mine[0]]),
                params={"count": len(mine), "role": role_label(vectors.role)},
            )
        )
    if not len(lost):
        return vectors
    return VectorContext(
        vectors.role,
        vectors.layer[first],
        vectors.fid[first],
        [vectors.wkb[k] for k in first],
        {name: values[first] for name, values in vectors.fields.items()},
    )


def _one(
    role: str,
    layer: RawLayer,
    origin: tuple[float, float],
    declared: dict[str, RoleField],
    checks: list[Check],
) -> VectorContext:
    numeric = {name for name, field in declared.items() if field.numeric}
    rows, wkb = _geometries(layer, origin, checks)
    entry: dict[str, Any] = {
        "basis": BASIS_INDICATIVE,
        **{k: v for k, v in layer.entry.items() if k not in _READING and v is not None},
    }
    renamed = {str(v): k for k, v in (layer.entry.get("fields") or {}).items()}
    fields: dict[str, np.ndarray] = {}
    for source, column in layer.columns.items():
        name = renamed.get(source, source)
        if name in fields and source not in renamed:
            continue
        values = [column[r] for r in rows]
        fields[name] = _column(layer.name, name, values, declared.get(name), checks)
    for source, name in renamed.items():
        if source not in layer.columns:
            checks.append(
                Check(
                    "no_such_field",
                    NORMAL,
                    "field",
                    layer.name,
                    field=source,
                    params={"canonical": name},
                )
            )
    for name in set(declared) - set(fields) - set(entry):
        fields[name] = np.full(
            len(rows), np.nan if name in numeric else None, float if name in numeric else object
        )
    for name, value in entry.items():
        if isinstance(value, (dict, list)):
            continue
        constant = _column(layer.name, name, [value] * len(rows), declared.get(name), checks)
        own = fields.get(name)
        if own is None:
            fields[name] = constant
        elif own.dtype == constant.dtype:
            lost = (
                np.isnan(own) if own.dtype != object else np.array([v is None for v in own], bool)
            )
            own[lost] = constant[lost]
    return VectorContext(role, np.full(len(rows), layer.name, object), layer.fid[rows], wkb, fields)


def _geometries(
    layer: RawLayer, origin: tuple[float, float], checks: list[Check]
) -> tuple[np.ndarray, list[bytes]]:
    kinds = np.array([dimension(w) for w in layer.wkb], np.int64)
    rows, wkb = [], []
    surface = np.flatnonzero(kinds == 2)
    polygons = clean(
        [layer.wkb[r] for r in surface], layer.name, layer.fid[surface], origin, checks
    )
    area = polygons.area()
    made = {int(r): polygons.wkb(k) for k, r in enumerate(surface) if area[k] > 0}
    for row, kind in enumerate(kinds):
        if kind == 2 and row in made:
            rows.append(row)
            wkb.append(made[row])
        elif kind in (0, 1):
            rows.append(row)
            wkb.append(moved_wkb(bytes(layer.wkb[row] or b""), origin))
    return np.array(rows, np.int64), wkb


def _column(
    layer: str, name: str, values: list[Any], field: RoleField | None, checks: list[Check]
) -> np.ndarray:
    numeric = field is not None and field.numeric
    plain = all(v is None or isinstance(v, (int, float)) for v in values)
    if numeric or (plain and any(v is not None for v in values)):
        found = [to_number(v) for v in values]
        numbers = np.array([np.nan if x is None else x for x in found], float)
        low, high = (field.low, field.high) if field is not None else (-np.inf, np.inf)
        with np.errstate(invalid="ignore"):
            outside = (numbers < low) | (numbers > high) | np.isinf(numbers)
        said = np.array([x is not None for x in found], bool)
        bad = np.flatnonzero(said & (outside | np.isnan(numbers)))
        impossible(layer, name, Counter(str(values[row]) for row in bad), checks)
        numbers[outside] = np.nan
        return numbers
    result = np.full(len(values), None, object)
    for row, value in enumerate(values):
        if value is not None and str(value).strip():
            result[row] = value if isinstance(value, str) else str(value)
    return result
