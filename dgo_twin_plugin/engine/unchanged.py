"""Which indicators an edit cannot have moved: they keep their measurement and their marks.

An indicator stands here with what of the surfaces it reads (beside the zones and the context, of
which any change counts for all). What does not stand here is measured again, always; so is
everything in a run that keeps nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from .indicators.spec import Places, ZoneValues
from .kept import equal, match_of, same
from .people import people_of
from .rough import is_rough
from .scene import FIELDS, MAP

if TYPE_CHECKING:
    from .indicators.spec import Indicator, Measurement
    from .norms import Profile
    from .prepare import Prepared
    from .scene import Scene, Surfaces

    Judge = Callable[[Scene, Profile, list[tuple[Indicator, Measurement]]], list[Prepared]]


@dataclass(frozen=True)
class Reads:
    """``groups``: functions of the surfaces that count, () for all; ``fields`` of these, all where
    None; ``items``: also what stands on the ground; ``by_map``: only where no model runs."""

    groups: tuple[str, ...] = ()
    fields: tuple[str, ...] | None = None
    items: bool = False
    by_map: bool = False


_BUILT = Reads(("buildings",))
_BY_MAP = Reads(("buildings",), by_map=True)
_WITH_ITEMS = Reads(("buildings",), items=True)
READS = {
    "energy_use": _BUILT,
    "renewable_generation": Reads(("buildings", "solar_field"), by_map=True),
    "material_use": _BUILT,
    "open_water": Reads(fields=()),
    "natural_banks": Reads(fields=("bank",)),
    "flood_safety": _BUILT,
    "soil_quality": Reads(fields=()),
    "geological_value": Reads(fields=("existing",)),
    "soil_bearing": Reads(fields=("public",)),
    "traffic_noise": _BY_MAP,
    "industrial_noise": _BUILT,
    "air_quality": _BY_MAP,
    "individual_risk": _BUILT,
    "societal_risk": _BUILT,
    "odour": _BUILT,
    "light_nuisance": _WITH_ITEMS,
    "public_transport": _WITH_ITEMS,
}


def measured(scene: Scene, profile: Profile, spec: Indicator,
             make: Callable[[Scene, Profile, Indicator], Measurement]) -> Measurement:  # fmt: skip
    """The measurement of before where nothing that it read has changed, else a new one."""
    reads, reuse = READS.get(spec.id), scene.reuse
    if (reuse is None or reads is None or is_rough(scene)
            or (reads.by_map and scene.method(spec.id) != MAP)):  # fmt: skip
        return make(scene, profile, spec)
    drawn, rows = _surfaces(scene, reads, spec)
    token = (_surroundings(scene), profile, drawn, _items(scene) if reads.items else None)
    name = ("measured", spec.id)
    before, last = reuse.kept.made_from(name), reuse.kept.found(name)
    found: Measurement | None = None
    if before is not None and same(before, token):
        found = last[0] if np.array_equal(last[1], rows) else _moved(last[0], last[1], rows)
    about = _about(scene, profile)
    if found is None:
        found = make(scene, profile, spec)
        if last is not None and about is last[2] and _alike(found, last[0]):
            found = last[0]  # an edit that changed no number of it: so are its marks
    if not found.fields:  # what is worked out on demand holds on to its scene
        reuse.kept.put(name, token, (found, rows, about))
    return found


def _about(scene: Scene, profile: Profile) -> object:
    """One object as long as all stays that judging asks for beside the measurement: context,
    norms, and what came from a default."""
    def make(scene: Scene) -> object:
        people, reuse = people_of(scene), scene.reuse
        assert reuse is not None
        made_from = (_surroundings(scene), profile, scene.surfaces.assumed,
                     people.dwellings_assumed, people.persons_assumed)  # fmt: skip
        return reuse.kept.whole("judged_by", made_from, object)

    return scene.product("judged_by", make)


def _alike(a: Measurement, b: Measurement) -> bool:
    """Whether two measurements say the same, to the last bit."""
    if a.fields or b.fields or list(a.parts) != list(b.parts):
        return False
    return all(_same_part(part, b.parts[id_]) for id_, part in a.parts.items()) and all(
        getattr(a, name) == getattr(b, name) if name in _PLAIN
        else same(getattr(a, name), getattr(b, name)) for name in _SAID)  # fmt: skip


_PLAIN = ("not_applicable", "not_assessed", "missing", "method", "legal_default", "checks", "legal")
_SAID = ("proxy", "sigma", "spreads", "notes", *_PLAIN)  # all but the parts and fields


def _same_part(a: object, b: object) -> bool:
    """The same of :class:`Places` or :class:`ZoneValues`."""
    return type(a) is type(b) and all(
        _same_part(value, vars(b)[name]) if isinstance(value, Places)
        else same(value, vars(b)[name]) for name, value in vars(a).items())  # fmt: skip


def _moved(measurement: Measurement, old: np.ndarray, new: np.ndarray) -> Measurement | None:
    """The same measurement where the surfaces of rows ``old`` are those of ``new``; None where it
    speaks of others. Its notes speak of zones, never of rows."""
    where = np.full(int(old.max(initial=-1)) + 2, -1, np.int64)  # the last: -1, no surface
    where[old] = new

    def places(given: Places | None) -> Places | None:
        if given is None or given.feature is None:
            return given
        feature = where[np.minimum(given.feature, len(where) - 1)]
        lost.append(bool(((feature < 0) & (given.feature >= 0)).any()))
        return replace(given, feature=feature)

    lost: list[bool] = []
    parts: dict[str, Places | ZoneValues] = {}
    for id_, part in measurement.parts.items():
        if isinstance(part, ZoneValues):
            parts[id_] = replace(part, places=places(part.places))
        else:
            parts[id_] = places(part) or part
    rows = np.array([test.feature for test in measurement.legal], np.int64)
    at = where[np.minimum(rows, len(where) - 1)]
    if any(lost) or ((at < 0) & (rows >= 0)).any():
        return None
    legal = [test if test.feature == row else replace(test, feature=row)
             for test, row in zip(measurement.legal, at.tolist())]  # fmt: skip
    return replace(measurement, parts=parts, legal=legal, first=measurement.first or measurement)


def judged(scene: Scene, profile: Profile, measured: list[tuple[Indicator, Measurement]],
           make: Judge) -> dict[str, Prepared]:  # fmt: skip
    """By the id of the indicator: what was judged of this very measurement before, or else what is
    now, of all others at once."""
    kept = None if scene.reuse is None else scene.reuse.kept
    stays = not is_rough(scene)
    found: dict[str, Prepared] = {}
    other: list[tuple[Indicator, Measurement]] = []
    for spec, measurement in measured:
        name, made_from = ("judged", spec.id), (measurement.first or measurement, profile)
        if kept is not None and stays and same(kept.made_from(name), made_from):
            found[spec.id] = kept.put(name, made_from, kept.found(name))
        else:
            other.append((spec, measurement))
    for (spec, measurement), prepared in zip(other, make(scene, profile, other)):
        found[spec.id] = prepared
        if kept is not None:
            name, made_from = ("judged", spec.id), (measurement.first or measurement, profile)
            last = kept.found(name)
            prepared.laid = None if last is None else last.laid  # of which most rows may stay
            # a measurement that is not asked for again may hold on to its scene
            kept.put(name, made_from if stays and spec.id in READS else (), prepared)
    return {spec.id: found[spec.id] for spec, _ in measured}


def _surroundings(scene: Scene) -> object:
    """One object as long as zones, context, date and rates stay as they are."""
    def make(scene: Scene) -> object:
        assert scene.reuse is not None
        held = [(role, c.vectors, c.rasters) for role, c in sorted(scene.context.items())]
        made_from = (scene.plan, scene.zones, held, str(scene.date), scene.cell_size, scene.rates,
                     scene.margin, scene.methods, scene.origin,
                     scene.surfaces.functions)  # fmt: skip
        return scene.reuse.kept.whole("surroundings", made_from, object)

    return scene.product("surroundings", make)  # type: ignore[no-any-return]


def _items(scene: Scene) -> object:
    def make(scene: Scene) -> object:
        items = scene.items
        assert scene.reuse is not None
        made_from = (items.function, items.layer, items.fid, items.wkb, items.zone, items.fields,
                     items.current)  # fmt: skip
        return scene.reuse.kept.whole("all_items", made_from, object)

    return scene.product("all_items", make)  # type: ignore[no-any-return]


def _surfaces(scene: Scene, reads: Reads, spec: Indicator) -> tuple[object, np.ndarray]:
    """One object as long as these surfaces keep their ground, cut and fields, and their order; and
    the rows at which they stand now."""
    names = ((*FIELDS, "basis") if reads.fields is None
             else tuple(sorted({*reads.fields, *spec.fields})))  # fmt: skip

    def make(scene: Scene) -> tuple[object, np.ndarray]:
        reuse, surfaces = scene.reuse, scene.surfaces
        assert reuse is not None
        rows = (surfaces.where(*reads.groups).nonzero()[0] if reads.groups
                else np.arange(surfaces.n))  # fmt: skip
        name = ("surfaces", reads.groups, names)
        before = reuse.kept.made_from(name)
        # rows of before are those of the last scene, and nothing of what was there has gone
        stays = (before is not None and reuse.kept.of_last_run(name)
                 and not scene.product(("other", names), partial(_other, names))[rows].any()
                 and np.array_equal(scene.product("stood", _stood)[rows], before[0]))
        drawn = reuse.kept.found(name) if stays else object()
        return reuse.kept.put(name, (rows,), drawn), rows

    _last(scene)
    return scene.product(("surfaces", reads.groups, names), make)  # type: ignore[no-any-return]


def _last(scene: Scene) -> Surfaces | None:
    """The surfaces of the last scene, where these were asked for in that run."""
    def make(scene: Scene) -> Surfaces | None:
        assert scene.reuse is not None
        kept = scene.reuse.kept
        found: Surfaces | None = kept.found("surfaces") if kept.of_last_run("surfaces") else None
        kept.put("surfaces", (), scene.surfaces)
        return found

    return scene.product("last_surfaces", make)  # type: ignore[no-any-return]


def _stood(scene: Scene) -> np.ndarray:
    """(n,) row of before that was drawn alike, where ground and cut are the same; else -1."""
    reuse = scene.reuse
    assert reuse is not None
    return np.where(reuse.cut == reuse.drawn, reuse.cut, -1)  # with the cut goes the ground


def _other(names: tuple[str, ...], scene: Scene) -> np.ndarray:
    """(n,) bool: rows that were not drawn so before, or do not say what they said in one of these
    fields, or not as surely. The same row is of the same layer and function."""
    now, then, match = scene.surfaces, _last(scene), match_of(scene, "drawn")
    if then is None or not then.n:
        return np.ones(now.n, bool)
    other = match.row < 0
    stands = match.gone is not None and now.n == then.n
    for new, old in ((now.fields, then.fields), (now.assumed, then.assumed)):
        for name in names:
            if (name in new) != (name in old):
                return np.ones(now.n, bool)
            if name in new and not (stands and new[name] is old[name]):
                other |= ~equal(new[name], old[name] if stands else old[name][match.row])
    return other
