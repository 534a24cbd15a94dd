"""I10 geological value: mapped value areas that the plan leaves undisturbed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..kept import whole_of
from ..legal import is_new
from ..overlay import Pieces, area_by_zone, common_area, nearby, number, role_pieces
from ..words import NOT_IN_SCOPE, say
from ._weights import PAVING, WAYS
from .spec import RATIO, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

ROLE = "geological_values"
DISTURBING = ("buildings", *WAYS, "rail", *PAVING, "water", "swale")  # indicators 10


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x (1 - sum c (value area and new building, road, paving, water, swale) / sum c value
    area), c the field ``weight`` 0-1 (indicators 10).

    Where value areas overlap the highest weight holds. What stands or lies there already disturbs
    nothing anew. Value area of unknown weight, and value area on which the plan draws nothing, is
    unknown.
    """
    if not scene.has(ROLE):
        return Measurement(missing=say("indicators.geological_value.no_map"))
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    surfaces, cut = scene.surfaces, scene.cut
    pieces, weight = whole_of(scene, "geological", (scene.vectors(ROLE), nearby(scene)),
                              lambda: _weighed(scene))  # fmt: skip
    common = common_area(scene, pieces, np.arange(surfaces.n))
    row = cut.feature[common.row]
    made_from = (surfaces.functions, surfaces.codes, surfaces.current, surfaces.fields["existing"])
    disturbed = whole_of(scene, "disturbing", made_from,
                         lambda: surfaces.where(*DISTURBING) & is_new(surfaces))[row]  # fmt: skip
    c = weight[common.source]
    _, zone, area = area_by_zone(scene, pieces)
    total = np.bincount(zone, area, scene.n_zones + 1)
    covered = np.bincount(cut.zone[common.row], common.area, scene.n_zones + 1)
    bare = total - covered
    zone = np.flatnonzero(bare > np.maximum(1e-3, 1e-9 * total))
    lost = np.full(len(zone), np.nan)
    whole = c * common.area
    measurement.parts[""] = Places(
        zone=np.concatenate([cut.zone[common.row], zone]),
        weight=np.concatenate([common.area, bare[zone]]),
        value=np.concatenate([np.where(np.isnan(c), np.nan, np.where(disturbed, 0.0, 100.0)),
                              lost]),
        feature=np.concatenate([row, np.full(len(zone), -1)]),
        num=np.concatenate([np.where(disturbed, 0.0 * whole, whole), lost]),
        den=np.concatenate([whole, lost]),
    )  # fmt: skip
    total[0] = total[1:].sum()
    for number_ in np.flatnonzero(total <= 0):
        measurement.not_applicable[int(number_)] = say("indicators.geological_value.no_value_area")
    return measurement


def _weighed(scene: Scene) -> tuple[Pieces, np.ndarray]:
    """Disjoint pieces that have any value, and the weight of each feature of the role. One whose
    weight is not known stays: value; how much?"""
    vectors = scene.vectors(ROLE)
    weight = np.zeros(0)
    if vectors is not None:
        weight = number(vectors, "weight")
        with np.errstate(invalid="ignore"):
            weight = np.where(weight < 0, np.nan, np.minimum(weight, 1.0))
    every = role_pieces(scene, vectors, weight)
    return every.take(weight[every.source] != 0.0), weight


SPEC = Indicator(
    id="geological_value",
    code="I10",
    theme="soil",
    parts=(Part("", RATIO, "%", scale=100.0),),
    weight="value_area",
    compute=compute,
    inputs=(Input(ROLE, "role", needed=True), Input("existing", "field")),
    method="value-area-overlay-1",
    standard="Provinciale omgevingsverordening (aardkundige waarden)",
    sigma=(0.05, "relative"),
    decimals=1,
    places="surfaces",
)
