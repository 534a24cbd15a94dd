"""N06 trees in sight: dwellings that see at least three trees close by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..models.access.reach import homes_of
from ..models.access.sight import Views, counted, views_of
from ..models.tables import constants
from ..people import people_of
from ..words import NOT_IN_SCOPE, say
from ._access import nobody, places
from .spec import MEAN, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

ID = "trees_visible"


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x dwellings that see at least three trees / dwellings (indicators N06). A tree counts
    with a crown of at least 5 m high within 25 m of the facade, seen from the highest window to
    the middle of the crown, over or between buildings. A building sees what any of its facades
    sees. Beside it schools (by floor area) and workplaces (by jobs)."""
    if not scene.has("trees") and not scene.items.where("tree").any():
        return Measurement(missing=say("indicators.trees_visible.no_trees"))
    surfaces, cut, people, homes = scene.surfaces, scene.cut, people_of(scene), homes_of(scene)
    school = surfaces.where("education")
    jobs = np.where(surfaces.where("buildings"), np.nan_to_num(people.jobs), 0.0)
    lived = np.zeros(surfaces.n, bool)
    lived[homes.feature] = True
    several = lived & (np.nan_to_num(people.dwellings) > 1.0)
    views = views_of(scene, lived | school | (jobs > 0), several)
    rule, spread = constants("access")[ID], constants("access")["spread"]
    need, reach = int(rule["count"]), float(rule["distance"])
    count = _count(views, reach, 0.0, 1.0, surfaces.n)
    value = 100.0 * (count >= need)
    result = Measurement(parts={"": places(homes, value[homes.feature])},
                         legal_default=NOT_IN_SCOPE)  # fmt: skip
    gfa = np.nan_to_num(surfaces.fields["gfa"])
    for part, rows, weight in (("schools", school, gfa), ("work", jobs > 0, jobs)):
        k = np.flatnonzero(rows[cut.feature] & (weight[cut.feature] > 0))
        if len(k):
            result.parts[part] = Places(
                zone=cut.zone[k], weight=weight[cut.feature[k]] * cut.share[k],
                value=value[cut.feature[k]], feature=cut.feature[k],
            )  # fmt: skip

    def share(metres: float, size: float, factor: float) -> np.ndarray:
        enough = _count(views, metres, size, factor, surfaces.n) >= need
        return homes.mean(100.0 * enough[homes.feature])

    def half(more: np.ndarray, less: np.ndarray) -> np.ndarray:
        found: np.ndarray = 0.5 * (more - less)
        return found

    far, tall = float(spread["sight"]), float(spread["height_assumed"])
    sight = half(share(reach * (1 + far), 0.0, 1.0), share(reach * (1 - far), 0.0, 1.0))
    # of a building with several dwellings the truth lies between all and its facade's share
    wide = np.abs(value - 100.0 * np.where(np.isfinite(views.facade), views.facade, value / 100.0))
    result.spreads = {
        "model": np.hypot(sight, homes.mean(wide[homes.feature]) / np.sqrt(12.0)),
        "canopy_diameter": half(share(reach, 1.0, 1.0), share(reach, -1.0, 1.0)),
        "height": half(share(reach, 0.0, 1.0 - tall), share(reach, 0.0, 1.0 + tall)),
        "trees": homes.mean(value[homes.feature] * _lost(count, need)[homes.feature]),
    }
    nobody(scene, result, ID, homes.zone, homes.weight)
    return result


def _count(views: Views, reach: float, size: float, factor: float, n: int) -> np.ndarray:
    """(n_surfaces,) trees that each building sees within ``reach`` m, with crowns ``size`` spreads
    larger and assumed heights of buildings times ``factor``."""
    spread = constants("access")["spread"]
    trees = views.trees
    unsure = float(spread["crown_given"]) + trees.assumed * (
        float(spread["crown_assumed"]) - float(spread["crown_given"]))  # fmt: skip
    radius = (trees.radius * (1.0 + size * unsure))[views.tree]
    seen = (views.distance - radius <= reach) & (views.clear >= factor)
    return counted(views.building, seen, n)


def _lost(count: np.ndarray, need: int) -> np.ndarray:
    """(n,) chance that fewer than ``need`` of ``count`` trees are left when each is missing from
    the map, or was felled since, with the chance of the spread ``missing`` (binomial)."""
    p = 1.0 - float(constants("access")["spread"]["missing"])
    lost, term = np.zeros(len(count)), (1.0 - p) ** count.astype(float)
    for k in range(need):
        lost += np.where(count >= k, term, 0.0)
        term = term * (count - k) / (k + 1) * p / (1.0 - p)
    return np.where(count >= need, lost, 0.0)


SPEC = Indicator(
    id=ID,
    code="N06",
    theme="green",
    parts=(
        Part("", MEAN, "%"),
        Part("schools", MEAN, "%", informative=True),
        Part("work", MEAN, "%", informative=True),
    ),
    weight="dwellings",
    compute=compute,
    inputs=(
        Input("trees", "role"),
        Input("current", "role"),
        Input("canopy_diameter", "field"),
        Input("height", "field"),
        Input("floors", "field"),
        Input("dwellings", "field"),
    ),
    method="facade-sight-2.5d-1",
    standard="3-30-300 (Konijnendijk 2023)",
    radius=40.0,
    sigma=(10.0, "absolute"),
    decimals=0,
)
