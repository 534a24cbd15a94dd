"""I07 stormwater disconnection: sealed ground whose rain does not go to the combined sewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..boxes import bbox_pairs
from ..geometry import Polygons, overlap_areas
from ..kept import by_row, whole_of
from ..words import NOT_IN_SCOPE, say
from ._ground import sealed_of
from .spec import RATIO, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene, VectorContext


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x sum(sealed x disconnected) / sum(sealed) (indicators 7); sealed m2 from domain 4.6b.

    ``disconnected`` is the feature's own field; where that is missing or a default, the sewer map
    (role ``sewer``, combined 0-1) says 1 - combined, weighted by the ground it covers; failing
    both, the typology's default stands, counted as assumed.
    """
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    cut = scene.cut
    ground = sealed_of(scene)
    zone, expected = ground.unknown, ground.expected
    disconnected, assumed = _disconnected(scene)
    row = cut.feature[ground.rows]
    none = np.full(len(zone), np.nan)
    share = disconnected[row]
    measurement.parts[""] = Places(
        zone=np.concatenate([cut.zone[ground.rows], zone]),
        weight=np.concatenate([ground.area, expected]),
        value=np.concatenate([100.0 * share, none]),
        feature=np.concatenate([row, np.full(len(zone), -1)]),
        num=np.concatenate([ground.area * share, none]),
        den=np.concatenate([np.where(np.isfinite(share), ground.area, np.nan), none]),
        assumed=np.concatenate([assumed[row].astype(float), np.zeros(len(zone))]),
    )
    for number in ground.without():
        measurement.not_applicable[int(number)] = say(
            "indicators.stormwater_disconnection.no_sealed"
        )
    return measurement


def _disconnected(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """(n surfaces,) share 0-1 (NaN unknown) and whether it came from a default."""
    surfaces = scene.surfaces
    value = surfaces.fields["disconnected"].copy()
    assumed = surfaces.assumed["disconnected"].copy()
    sewer = scene.vectors("sewer")
    if sewer is None:
        return value, assumed
    inside = np.zeros(surfaces.n, bool)
    inside[scene.cut.feature] = True
    ask = (inside & (np.isnan(value) | assumed)).nonzero()[0]
    areas, combined = whole_of(scene, "sewer_areas", (sewer,), lambda: _areas(sewer))

    def shared(some: np.ndarray) -> tuple[np.ndarray, ...]:
        i, j = bbox_pairs(surfaces.polygons.bounds()[some], areas.bounds())
        common = overlap_areas(surfaces.polygons, areas, some[i], j)
        total = np.bincount(i, common, len(some))
        mixed = np.bincount(i, common * combined[j], len(some))
        found = (total > 0).nonzero()[0]
        return some[found], 1.0 - np.clip(mixed[found] / total[found], 0.0, 1.0)

    row, mapped = by_row(scene, "sewer", (sewer,), ask, shared, "shape")
    value[row], assumed[row] = mapped, False
    return value, assumed


def _areas(sewer: VectorContext) -> tuple[Polygons, np.ndarray]:
    """The areas of which the share of combined sewers is known, and that share."""
    combined = sewer.number("combined")
    use = np.flatnonzero(np.isfinite(combined))
    return Polygons.from_wkb([sewer.wkb[k] for k in use]), combined[use]


SPEC = Indicator(
    id="stormwater_disconnection",
    code="I07",
    theme="water",
    parts=(Part("", RATIO, "%", scale=100.0),),
    weight="sealed",
    compute=compute,
    inputs=(Input("disconnected", "field"), Input("sewer", "role")),
    method="sealed-share-1",
    sigma=(10.0, "absolute"),
    decimals=0,
    places="surfaces",
)
