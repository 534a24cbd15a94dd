"""Where people walk, cycle and stay outdoors, cell by cell: shared by N01, N02 and N03."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import Check
from ..kept import whole_of
from ..models.heat.bridge import Site, crown_doubt, height_doubt, heights_assumed
from ..models.tables import constants
from ..roles import role_label
from ..spread import layer_sigma
from ..words import LOW, NORMAL, Message, say
from ._spreads import ratio
from .spec import Measurement, Places

if TYPE_CHECKING:
    from ..scene import Scene

MAP = "map"
UNSEEN = 0.5  # share of the surroundings without any map, from which it is said


@dataclass(frozen=True)
class Outside:
    """Rows of the cut where people walk and stay (k,), and their cells (c,)."""

    feature: np.ndarray
    zone: np.ndarray
    area: np.ndarray
    assumed: np.ndarray
    at: np.ndarray  # (c,) which of the rows
    cell: np.ndarray  # (c,) flat number of the cell in the frame
    n_zones: int

    def share(self, values: np.ndarray) -> np.ndarray:
        """(k,) mean over the known cells (c,) of each row; NaN where none is known."""
        known = np.isfinite(values)
        count = np.bincount(self.at[known], minlength=len(self.zone))
        total = np.bincount(self.at[known], values[known], len(self.zone))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def of_zones(self, share: np.ndarray) -> np.ndarray:
        """(n_zones + 1,) mean of values (k,) by area, the plan first; 0 where nothing is known."""
        known = np.isfinite(share)
        area = np.where(known, self.area, 0.0)
        top = np.bincount(self.zone, area * np.nan_to_num(share), self.n_zones + 1)
        below = np.bincount(self.zone, area, self.n_zones + 1)
        top[0], below[0] = top.sum(), below.sum()
        return ratio(top, below)

    def zone_share(self, values: np.ndarray) -> np.ndarray:
        """(n_zones + 1,) mean of cell values by area."""
        return self.of_zones(self.share(values))

    def places(self, share: np.ndarray) -> Places:
        """Percentages (k,) as places, weighed by area."""
        return Places(
            zone=self.zone, weight=self.area, value=share, feature=self.feature,
            num=share / 100.0 * self.area, den=self.area, assumed=self.assumed,
        )  # fmt: skip


def open_ground(scene: Scene, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """(n_surfaces,) whether people may come there, and whether that is assumed: the field
    ``public``, else what the function says; paved ground of which nobody says it counts."""
    surfaces = scene.surfaces
    field, usual = surfaces.fields["public"], surfaces.share("public")
    public = np.where(np.isnan(field), usual != 0.0, field == 1.0)
    guess = np.isnan(field) & np.isnan(usual) | np.asarray(surfaces.assumed["public"], bool)
    wanted = surfaces.where(*names)
    return public & wanted, guess & wanted


def outside_of(scene: Scene, site: Site) -> Outside:
    """The walking and stay area of the plan on the cells of ``site``; found once."""
    found: Outside = scene.product("outside", lambda s: _outside(s, site))
    return found


def _outside(scene: Scene, site: Site) -> Outside:
    rule = constants("heat")["places"]
    public, guess = open_ground(scene, [*rule["walk"], *rule["stay"]])
    cut, frame = scene.cut, site.frame
    rows = np.flatnonzero(public[cut.feature] & (cut.area > 0)) if len(public) else np.zeros(0, int)
    feature, zone = cut.feature[rows], cut.zone[rows]
    zones = whole_of(scene, "heat_zones", (scene.zones, astuple(frame)), lambda: frame.burned(
        scene.zones.polygons, np.arange(1, scene.n_zones + 1), np.zeros(frame.shape, np.int64)))
    owner, here = site.row.ravel(), zones.ravel()
    cell = np.flatnonzero((owner >= 0) & (here > 0))
    cell = cell[public[owner[cell]]] if len(public) else cell[:0]
    width = scene.n_zones + 1
    key, order = feature * width + zone, np.argsort(feature * width + zone, kind="stable")
    asked = owner[cell] * width + here[cell]
    place = np.searchsorted(key[order], asked)
    place = np.minimum(place, max(len(order) - 1, 0))
    met = key[order][place] == asked if len(order) else np.zeros(len(cell), bool)
    cell, at = cell[met], order[place[met]] if len(order) else place[met]
    # too narrow for the middle of a cell: the cell at its own middle
    lost = np.flatnonzero(np.bincount(at, minlength=len(rows)) == 0)
    if len(lost):
        row, column, inside = frame.cells(scene.surfaces.polygons.take(feature[lost]).centroids())
        cell = np.concatenate([cell, (row * frame.columns + column)[inside]])
        at = np.concatenate([at, lost[inside]])
    return Outside(feature, zone, cut.area[rows], guess[feature].astype(float), at, cell,
                   scene.n_zones)  # fmt: skip


def nowhere(measurement: Measurement, outside: Outside, why: Message) -> None:
    """Zones without any ground to walk or stay on do not apply."""
    area = np.bincount(outside.zone, outside.area, outside.n_zones + 1)
    area[0] = area.sum()
    for zone in np.flatnonzero(area <= 0):
        measurement.not_applicable[int(zone)] = why


# ------------------------------------------------------------------------------- maps of others
def from_map(scene: Scene, role: str, site: Site) -> tuple[np.ndarray | None, list[Check]]:
    """(rows, columns) the maps of a role on the cells, the first that knows; None without a map.
    What cannot be is unknown, and said."""
    low, high = constants("heat")["pet"]["sane"] if role == "pet" else (0.0, 1.0)
    found, checks = None, []
    for item in scene.rasters(role):
        values = site.frame.resampled(item.raster)
        odd = (values < low) | (values > high)
        if odd.any():
            checks.append(Check("impossible_value", NORMAL, "layer", item.layer, field=role,
                                value=f"{float(values[odd][0]):g}",
                                params={"count": int(odd.sum())}))  # fmt: skip
            values = np.where(odd, np.nan, values)
        found = values if found is None else np.where(np.isnan(found), values, found)
    return found, checks


def map_doubt(scene: Scene) -> float:
    """Standard deviation of the PET maps, degrees C: their own ``sigma``, else the usual one."""
    return layer_sigma(scene, "pet") or float(constants("heat")["spreads"]["map"])


def no_map(role: str) -> Measurement:
    """The map was asked for, and there is none."""
    return Measurement(missing=say("reasons.missing_role", role=role_label(role)))


# -------------------------------------------------------------------------------------- findings
def findings(scene: Scene, site: Site) -> list[Check]:
    """What the model had to assume about the surroundings, once per indicator."""
    found = []
    if site.flat:
        found.append(Check("heat_flat_ground", LOW, "run"))
    guessed = int(heights_assumed(scene).sum())
    if guessed:
        found.append(Check("heat_heights_assumed", NORMAL, "field", field="height",
                           value=str(guessed), params={"count": guessed}))  # fmt: skip
    unseen = float((site.row < 0).mean())
    if unseen > UNSEEN:
        found.append(Check("heat_surroundings_unknown", NORMAL, "run", value=f"{100 * unseen:.0f}",
                           params={"share": round(100 * unseen)}))  # fmt: skip
    return found


# --------------------------------------------------------------------------------------- spreads
def shade_spreads(scene: Scene, outside: Outside, solid: np.ndarray,
                  leaf: np.ndarray) -> dict[str, np.ndarray]:  # fmt: skip
    """Spread (n_zones + 1,) of a percentage of ground from heights and from crowns: the length of
    a building's shadow goes with its height, the area of a crown's with its area. ``solid``,
    ``leaf`` (c,): share of each cell, 0-1, in the shade of either."""
    cut, doubt = scene.cut, height_doubt(scene)
    built = scene.surfaces.where("buildings")[cut.feature] * cut.area
    n = outside.n_zones + 1
    weight = np.bincount(cut.zone, built, n)
    total = np.bincount(cut.zone, built * doubt[cut.feature], n)
    weight[0], total[0] = weight.sum(), total.sum()
    usual = float(ratio(total[:1], weight[:1])[0]) or float(
        constants("heat")["spreads"]["height_assumed"])  # fmt: skip
    height = np.where(weight > 0, ratio(total, weight), usual)
    trees, rate = crown_doubt(scene)
    return {"height": 100.0 * height * outside.zone_share(solid),
            trees: 100.0 * rate * outside.zone_share(leaf)}  # fmt: skip


def limits(name: str) -> Any:
    """A number of the block ``thresholds``."""
    return constants("heat")["thresholds"][name]
