"""N13 nature-inclusive building: points of a list, derived from the design or stated by it.

The list is data, with a version (``models/nature_points.yml``); the version stands in the method of
every score. Each row gives its points in proportion to an amount per area of the zone, so that a
large zone has no easier task than a small one. Points that a feature states itself (field
``nature_points``, by a municipal list) count per hectare, and nothing is derived from that feature
then: nothing counts twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..geometry import first_containing
from ..legal import is_new
from ..models.ground import crowns_of
from ..models.tables import constants
from ..words import NOT_IN_SCOPE, say
from . import natural_banks
from ._ground import known_ground
from ._spreads import default, numbers, ratio, shared
from .spec import GIVEN, Indicator, Input, Measurement, Part, Places, ZoneValues

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

LIST = "nature_points"
CATEGORIES = ("roof", "trees", "shrub", "bank", "swale", "water", "plots", "paving")
STATED = "stated"


class _Amounts:
    """What each row of the list is measured by, (n_zones + 1,), the plan at 0."""

    def __init__(self, scene: Scene, profile: Profile) -> None:
        surfaces, self.cut, self.n = scene.surfaces, scene.cut, scene.n_zones
        self.scene, self.profile = scene, profile
        self.area = np.concatenate([[scene.zones.area.sum()], scene.zones.area])
        self.stated = np.isfinite(surfaces.fields[LIST]) & ~surfaces.assumed[LIST]
        self.new = is_new(surfaces) & surfaces.where("buildings")

    def total(self, rows: np.ndarray, times: np.ndarray | None = None) -> np.ndarray:
        """m2 of the surfaces ``rows`` (n,), each weighed by ``times`` (n,)."""
        part = np.where(rows, 1.0 if times is None else times, 0.0)[self.cut.feature]
        return shared(self.cut.zone, part * self.cut.area, self.n)

    def measured(self, row: dict[str, Any]) -> np.ndarray:
        """The amount of one row of the list."""
        measure: np.ndarray = getattr(self, "_" + str(row["of"]))(row)
        return measure

    def _free(self, *names: str) -> np.ndarray:
        return np.asarray(self.scene.surfaces.where(*names) & ~self.stated)

    def _roof(self, row: dict[str, Any]) -> np.ndarray:
        share = np.clip(np.nan_to_num(self.scene.surfaces.fields["green_roof"]), 0.0, 1.0)
        return ratio(self.total(self.new & ~self.stated, share), self.total(self.new))

    def _trees(self, row: dict[str, Any]) -> np.ndarray:
        trees = crowns_of(self.scene)
        xy = trees.xy[np.isfinite(trees.xy).all(axis=1)]
        buildings = self.scene.surfaces.polygons.take(
            np.flatnonzero(self.scene.surfaces.where("buildings")))
        xy = xy[first_containing(buildings, xy) < 0]
        zone = first_containing(self.scene.zones.polygons, xy) + 1
        count = shared(zone[zone > 0], np.ones(int((zone > 0).sum())), self.n)
        return ratio(1000.0 * np.maximum(count - self._stated_trees(), 0.0), self.area)

    def _stated_trees(self) -> np.ndarray:
        items = self.scene.items
        rows = items.where("tree") & np.isfinite(items.fields[LIST]) & (items.zone > 0)
        return shared(items.zone[rows], np.ones(int(rows.sum())), self.n)

    def _ground(self, row: dict[str, Any]) -> np.ndarray:
        return ratio(self.total(self._free(*row["functions"])), self.area)

    def _bank(self, row: dict[str, Any]) -> np.ndarray:
        places = natural_banks.compute(self.scene, self.profile).parts[""]
        assert isinstance(places, Places) and places.num is not None and places.feature is not None
        length = np.where(self.stated[places.feature], 0.0, np.nan_to_num(places.num))
        return ratio(1e4 * shared(places.zone, length, self.n), self.area)

    def _plots(self, row: dict[str, Any]) -> np.ndarray:
        green = self.scene.surfaces.share("vegetated")
        plots = self.scene.surfaces.where("plots")
        return ratio(self.total(plots & ~self.stated, green), self.total(plots))

    def _share(self, row: dict[str, Any]) -> np.ndarray:
        whole = self.scene.surfaces.where(*row["functions"], *row["against"])
        return ratio(self.total(self._free(*row["functions"])), self.total(whole))

    def given(self, per: float) -> np.ndarray:
        """Points stated by features, per ``per`` m2 of zone, of at least one such area. A surface
        cut by a zone line is divided; a point or line belongs to the zone of its middle."""
        points = np.where(self.stated, np.nan_to_num(self.scene.surfaces.fields[LIST]), 0.0)
        cut, items = self.cut, self.scene.items
        own = np.nan_to_num(items.fields[LIST])
        rows = (items.zone > 0) & (own > 0)
        found = shared(cut.zone, points[cut.feature] * cut.share, self.n)
        found = found + shared(items.zone[rows], own[rows], self.n)
        return np.asarray(found / np.maximum(self.area / per, 1.0))


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Sum over the rows of the list of points x min(1, amount / full), plus stated points per
    hectare (domain 4.6, N13). Applies to zones with new buildings."""
    points = constants(LIST)
    amounts = _Amounts(scene, profile)
    found = {name: np.minimum(amounts.measured(row) / float(row["full"]), 1.0) * row["points"]
             for name, row in points["rows"].items()}  # fmt: skip
    found[STATED] = amounts.given(float(points["stated_per"]))
    derived = sum(found[name] for name in points["rows"])
    value = np.asarray(derived + found[STATED])
    build = amounts.total(amounts.new) > 0
    known = amounts.total(known_ground(scene))
    coverage = np.minimum(known / amounts.area, 1.0)
    guessed = amounts.total(amounts.new & scene.surfaces.assumed["green_roof"] & ~amounts.stated)
    open_roofs = ratio(guessed, amounts.total(amounts.new))
    roof = points["rows"]["roof"]
    # the share of the points that can be had which rests on a default
    most = sum(float(row["points"]) for row in points["rows"].values())
    assumed = open_roofs * float(roof["points"]) / most
    count = shared(scene.cut.zone, np.ones(len(scene.cut.zone)), scene.n_zones)
    count[0] = len(np.unique(scene.cut.feature))
    result = Measurement(method=f"{SPEC.method}/{points['id']}", legal_default=NOT_IN_SCOPE)

    def zones(values: np.ndarray) -> ZoneValues:
        return ZoneValues(np.where(build, values, np.nan), np.where(build, amounts.area, 0.0),
                          np.where(build, coverage, 0.0), assumed, count)  # fmt: skip

    result.parts[""] = zones(value)
    for part in SPEC.parts[1:]:
        result.parts[part.id] = zones(found.get(part.id, np.zeros(scene.n_zones + 1)))
    for zone in np.flatnonzero(~build):
        result.not_applicable[int(zone)] = say("indicators.nature_inclusive.no_building")
    table = numbers(SPEC.id)
    result.spreads = {
        "green_roof": open_roofs * default("green_roof") / float(roof["full"]) * roof["points"],
        "model": np.hypot(derived * table["derived"], value * table["model"]),
    }
    return result


SPEC = Indicator(
    id="nature_inclusive",
    code="N13",
    theme="green",
    parts=(
        Part("", GIVEN, "pt"),
        *(Part(name, GIVEN, "pt", informative=True) for name in (*CATEGORIES, STATED)),
    ),
    weight="area",
    compute=compute,
    inputs=(
        Input("nature_points", "field"),
        Input("green_roof", "field"),
        Input("bank", "field"),
        Input("existing", "field"),
        Input("current", "role"),
        Input("trees", "role"),
        Input("dtm", "role"),
    ),
    method="nature-points-1",
    standard="DGO-natuurpunten 2026-1 (voorstel); Amsterdam 30 punten",
    sigma=(0.15, "relative"),
    decimals=0,
    places="zones",
)
