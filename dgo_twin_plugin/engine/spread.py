"""The uncertainty budget of a mark: where the spread of a value comes from (docs/uncertainty.md).

Every contribution is a standard deviation of the value per zone, named after the input that brings
it: a role, a canonical field, ``model`` (the method) or ``coverage`` (what is not known at all).
Contributions are independent and add in squares; the maps that carry one quantity together go
together. All on the scale of the marks: decades for a log quantity, else the unit of the value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from . import marks as m
from .kept import whole_of
from .people import people_of
from .places_moved import Moved, movable
from .programme import table as programme_table
from .rough import LAYOUT
from .spread_table import (
    DENOMINATOR,
    GROUND,
    RELATIVE,
    VALUE,
    WHOLE,
    Effect,
    Sigma,
    spread_table,
)

if TYPE_CHECKING:
    from .indicators.spec import Indicator, Measurement, Part, Places
    from .norms import Profile
    from .reduce import ReducedPart
    from .scene import Scene

MODEL, COVERAGE, DEFAULTS = "model", "coverage", "defaults"
LN10 = math.log(10.0)
_DUST = 1e-6  # an unknown share smaller than this is rounding of areas
WIDEST = {True: 100.0, False: 1e30}  # decades; unit: beyond this an interval says nothing anyway


@dataclass
class Budget:
    """Contributions by name, arrays (n_zones + 1,) >= 0. ``together``: names whose errors are the
    same error, so that they add before they are squared."""

    n: int  # n_zones + 1
    sigma: dict[str, np.ndarray]
    together: tuple[str, ...] = ()

    def totals(self) -> np.ndarray:
        """(1 + contributions, n_zones + 1) standard deviation of the value: with all, and without
        each contribution in turn."""
        if not self.sigma:
            return np.zeros((1, self.n))
        sigma = np.array(list(self.sigma.values()))
        there = 1.0 - np.eye(len(sigma) + 1, len(sigma), -1)[:, :, None]  # (without, of, 1)
        joint = [k for k, name in enumerate(self.sigma) if name in self.together]
        own = [k for k, name in enumerate(self.sigma) if name not in self.together]
        squares = (there[:, own] * sigma[own] ** 2).sum(axis=1)
        if joint:
            squares += (there[:, joint] * sigma[joint]).sum(axis=1) ** 2
        return np.asarray(np.sqrt(squares))


def on_scale(sigma: Any, kind: str, value: np.ndarray, log: bool) -> np.ndarray:
    """A spread of one of the kinds of :mod:`.marks` on the scale of the mark: decades where
    ``log``, else the unit of the value. First order: a relative spread r is r / ln 10 decades."""
    s = np.asarray(sigma, float)
    if kind == ("decades" if log else "absolute"):
        found = s
    elif kind == "decades":
        found = s * LN10 * np.abs(value)
    elif kind == RELATIVE:
        found = s / LN10 if log else s * np.abs(value)
    else:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found = s / (np.abs(value) * LN10)
    return found if found.shape == value.shape else np.full(value.shape, found)


def layer_sigma(scene: Scene, role: str) -> float | None:
    """The spread that the layers of a role say of themselves (``sigma`` in the twin file): the
    widest; None as soon as one layer says nothing."""
    said = [_number(v) for v in _said(scene, role, "sigma")]
    return max(said) if said and all(s >= 0 for s in said) else None


def _said(scene: Scene, role: str, name: str) -> set[Any]:
    """What the layers of a role, or their features, say under a name; None where one is silent."""

    def find(scene: Scene) -> set[Any]:
        found: set[Any] = {r.attributes.get(name) for r in scene.rasters(role)}
        vectors = scene.vectors(role)
        if vectors is not None:
            column = vectors.fields.get(name)
            found |= {None} if column is None else set(column.tolist())
        return found

    result: set[Any]
    if getattr(scene, "reuse", None) is None:
        result = scene.product(("said", role, name), find)
    else:
        made_from = scene.vectors(role), scene.rasters(role)
        result = whole_of(scene, ("said", role, name), made_from, lambda: find(scene))
    return result


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def layer_age(scene: Scene, role: str) -> float:
    """Years between the oldest dated layer of a role and the assessment; 0 where none is dated."""
    years = [y for y in map(_year, _said(scene, role, "date")) if y is not None]
    return max(0.0, scene.date.year - min(years)) if years else 0.0


def _year(value: Any) -> float | None:
    year = _number(str(value)[:4])
    return year if 1900 <= year <= 2200 else None


def budget(
    scene: Scene, profile: Profile, spec: Indicator, measured: Measurement, part: Part,
    parts: dict[str, ReducedPart], sigma: tuple[np.ndarray, str], anchors: np.ndarray, log: bool,
    rough: np.ndarray | None = None,
) -> Budget:  # fmt: skip
    """The contributions to one scored part. ``sigma`` is the profile's spread and its kind,
    ``anchors`` (n_zones + 1, 3) minimum, basis, optimum; ``rough`` (n_zones + 1,) the share of the
    value that rests on ground that was only assumed."""
    data = parts[part.id]
    maker = _Maker(scene, profile, spec, measured, part, parts, data, anchors, log)
    return maker.make(*sigma, rough)


def _between(sigma: np.ndarray, top: float) -> np.ndarray:
    """Within 0 and ``top``; what is no number is 0."""
    found: np.ndarray = np.minimum(np.fmax(sigma, 0.0), top)
    return found


@dataclass
class _Maker:
    scene: Scene
    profile: Profile
    spec: Indicator
    measured: Measurement
    part: Part
    parts: dict[str, ReducedPart]
    data: ReducedPart
    anchors: np.ndarray
    log: bool
    found: dict[str, np.ndarray] = field(default_factory=dict)
    together: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.maps = spread_table().maps_of(self.spec.id, self.part.id)
        self.movable = movable(self.part, self.data)

    @cached_property
    def moved(self) -> Moved:
        """The places ready to be moved, which most budgets never ask for."""
        return Moved(self.part, self.data, self.log)

    def make(self, sigma: np.ndarray, kind: str, rough: np.ndarray | None) -> Budget:
        handed = self._handed()
        done = set(handed)
        base = on_scale(sigma, kind, self.data.value, self.log)
        if MODEL in handed:
            model = handed.pop(MODEL)
            handed[MODEL] = np.where(np.isfinite(model), model, base)
        elif self._answered(handed) or not self._from_maps(base):
            handed[MODEL] = base
        for name, spread in handed.items():
            self._add(name, self._narrowed(name, spread))
        self._defaults(done)
        self._coverage()
        if rough is not None and rough.any():
            # a rough sketch or a programme could become any plan of its type: anything between
            # the minimum and the optimum
            self._add(LAYOUT, rough * programme_table()["spread"] * self._room())
        return Budget(len(base), self.found, self.together)

    def _add(self, name: str, sigma: np.ndarray) -> None:
        """Squares of the same name add; what is no number adds nothing."""
        top = WIDEST[self.log]
        clean = _between(sigma, top)
        if name in self.found:
            clean = np.hypot(self.found[name], clean)
        if clean.any():
            self.found[name] = clean

    # - what the indicator knows, and maps -------------------------------------------------

    def _handed(self) -> dict[str, np.ndarray]:
        """``spreads`` for this part: ``part.input`` goes before ``input``."""
        names = [p.id for p in self.spec.parts if p.id]
        out: dict[str, np.ndarray] = {}
        for key, spread in self.measured.spreads.items():
            head, _, rest = key.partition(".")
            if rest and head in names:
                if head == self.part.id:
                    out[rest] = np.asarray(spread, float)
            else:
                out.setdefault(key, np.asarray(spread, float))
        return out

    def _answered(self, handed: dict[str, np.ndarray]) -> bool:
        """Whether the indicator said itself what its maps bring."""
        return self.maps is not None and any(role in handed for role in self.maps.roles)

    def _narrowed(self, role: str, spread: np.ndarray) -> np.ndarray:
        """The indicator answered for this input; a map that declares a narrower sigma of the very
        quantity still narrows it, for no value moves more than the map it is read from."""
        maps = self.maps
        if maps is None or not maps.value or role not in maps.roles:
            return spread
        own = layer_sigma(self.scene, role)
        return spread if own is None else np.fmin(spread, own)

    def _from_maps(self, base: np.ndarray) -> bool:
        """The profile's spread, named after the maps it is of; a layer's own sigma takes its
        place. Several roles share it by their part of the level, and err together."""
        maps = self.maps
        present = [r for r in maps.roles if self.scene.has(r)] if maps else []
        if maps is None or not present:
            return False
        share = self._shares(maps.parts, present)
        for role in present:
            own = layer_sigma(self.scene, role) if maps.value else None
            sigma = base if own is None else np.full(len(base), own)
            ageing = spread_table().ageing.get(role)
            if ageing is not None:
                grown = layer_age(self.scene, role) * ageing.sigma
                sigma = np.hypot(sigma, on_scale(grown, ageing.kind, self.data.value, self.log))
            self._add(role, share[role] * sigma)
        self.together = tuple(present)
        return True

    def _shares(self, prefix: dict[str, str], present: list[str]) -> dict[str, np.ndarray]:
        """Per role the part of the energy 10^(L/10) that its levels bring; d total / d level."""
        n = len(self.data.value)
        if not prefix or len(present) == 1:
            return dict.fromkeys(present, np.full(n, 1.0 / len(present)))
        energy = {role: np.zeros(n) for role in present}
        for role in present:
            for id_, other in self.parts.items():
                if id_.startswith(prefix[role]):
                    energy[role] += np.nan_to_num(10.0 ** (np.minimum(other.value, 200.0) / 10.0))
        total = np.sum(list(energy.values()), axis=0)
        return {role: np.divide(e, total, out=np.full(n, 1.0 / len(present)), where=total > 0)
                for role, e in energy.items()}  # fmt: skip

    # - defaults ---------------------------------------------------------------------------

    def _defaults(self, done: set[str]) -> None:
        """Values that a default filled in: assumed share x spread of that default. ``done``: what
        the indicator worked out itself."""
        table = spread_table()
        effects = table.effects_of(self.spec.id, self.part.id)
        if effects is None and not done and (self.data.assumed > 0).any():
            name = self.spec.fields[0] if self.spec.fields else DEFAULTS
            self._add(name, self._whole(table.field(name), 1.0))
        for effect in effects or ():
            if effect.field in done:
                continue
            spread = table.field(effect.field)
            slope = effect.slope * math.prod(self.profile.rate(r) for r in effect.rates)
            if effect.on == WHOLE or (effect.on == VALUE and not self.movable):
                if effect.deciding:
                    self._add(effect.field, self._whole(spread, slope))
            elif self.movable:
                assert self.data.places is not None
                share = self._share(effect, self.data.places)
                if share is not None and share.any():
                    self._add(effect.field, self._effect(effect, spread, slope, share))

    def _whole(self, spread: Sigma, slope: float) -> np.ndarray:
        value, assumed = self.data.value, m.plain(self.data.assumed)
        return on_scale(assumed * spread.sigma * (1.0 if spread.kind == RELATIVE else slope),
                        spread.kind, value, self.log)  # fmt: skip

    def _effect(
        self, effect: Effect, spread: Sigma, slope: float, share: np.ndarray
    ) -> np.ndarray:
        moved = self.moved
        if effect.on == GROUND:
            ground = _ground(self.scene, moved.places)
            return spread.sigma * abs(slope) * moved.above(share * ground)
        if effect.on == VALUE and spread.kind == RELATIVE:
            return spread.sigma * moved.values(share)
        if effect.on == VALUE:
            return spread.sigma * abs(slope) * moved.share(share)
        relative = spread.sigma if spread.kind == RELATIVE else 0.0
        if effect.on == DENOMINATOR:
            return relative * moved.below(share)
        return moved.weights(relative * share)

    def _share(self, effect: Effect, places: Places) -> np.ndarray | None:
        """(k,) 0-1: how far the field of each place came from a default."""
        if effect.deciding:
            return places.assumed
        surfaces = getattr(self.scene, "surfaces", None)
        if surfaces is None or places.feature is None:
            return None
        if effect.field == "dwellings":
            column = people_of(self.scene).dwellings_assumed
        elif effect.field == "population":
            column = people_of(self.scene).persons_assumed
        else:
            column = surfaces.assumed.get(effect.field)
        if column is None or not column.any():
            return None
        row = places.feature
        return np.where(row >= 0, np.asarray(column, float)[np.maximum(row, 0)], 0.0)

    # - what is not known ------------------------------------------------------------------

    def _coverage(self) -> None:
        """The unknown part of the weight could be like any of the known places, as one block; with
        few places known, anything between the minimum and the optimum."""
        unknown = np.minimum(1.0 - self.data.coverage, 1.0)
        counts = unknown >= _DUST
        if not counts.any():
            return
        unknown = np.where(counts, unknown, 0.0)
        room = self._room()
        zero = np.zeros(len(room))
        seen, count = self.moved.unlike(unknown) if self.movable else (zero, zero)
        prior = unknown * room / math.sqrt(12.0)
        self._add(COVERAGE, np.sqrt((count * seen**2 + prior**2) / (count + 1.0)))

    def _room(self) -> np.ndarray:
        """Between minimum and optimum; where a zone has no norm, the mean of those that have."""
        low, _, high = m.scaled(self.anchors, self.log).T
        room: np.ndarray = np.abs(high - low)
        known = room[np.isfinite(room)]
        return np.where(np.isfinite(room), room, known.mean() if len(known) else 0.0)


def _ground(scene: Scene, places: Places) -> np.ndarray:
    """(k,) m2 of the feature of each place, divided over its places by their weight."""
    row = np.asarray(places.feature)
    rows = np.maximum(row, 0)
    whole = np.bincount(rows, np.where(row >= 0, places.weight, 0.0), scene.surfaces.n)[rows]
    part = np.divide(places.weight, whole, out=np.zeros(len(row)), where=(whole > 0) & (row >= 0))
    return np.asarray(np.nan_to_num(scene.surfaces.area[rows] * part))
