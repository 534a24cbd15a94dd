"""I01 energy use: BENG-2 of new buildings as a share of its legal limit.

Existing buildings stand beside it in kWh/m2 a year, without a mark: the limit is not theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..models.energy.demand import label_middles, of_labels
from ..words import NOT_IN_SCOPE
from ._buildings import buildings, given, share_of_limit
from .spec import MEAN, RATIO, Indicator, Input, Measurement, Part, Places

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x sum(BENG2 x A) / sum(limit x A), A = 0.8 x gfa (indicators 1), new buildings with a
    limit at the assessment date. Part ``existing``: area-weighted mean of existing buildings, by
    their own figure, else the middle of their label's class (``models/energy.yml``)."""
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    share_of_limit(scene, profile, "energy_use", "beng2", profile.rate("usable_share"), measurement,
                   {})  # fmt: skip
    measurement.parts["existing"] = _existing(scene, profile)
    return measurement


def _existing(scene: Scene, profile: Profile) -> Places:
    b = buildings(scene)
    k = np.flatnonzero(~b.new[b.of] & (b.share > 0))
    of = b.of[k]
    row = b.row[of]
    # no default here: the limit of a new building says nothing about one that stands
    figure = given(scene, "beng2", row)
    by_label = np.isnan(figure) & b.dwelling[of]
    of_label = of_labels(scene.surfaces.fields["label"][row], label_middles())
    area = profile.rate("usable_share") * b.floor[of] * b.share[k]
    return Places(
        zone=b.zone[k], weight=area, value=np.where(by_label, of_label, figure), feature=row,
        den=area, assumed=by_label.astype(float),
    )  # fmt: skip


SPEC = Indicator(
    id="energy_use",
    code="I01",
    theme="energy",
    parts=(
        Part("", RATIO, "%", scale=100.0),
        Part("existing", MEAN, "kWh/m²·yr", informative=True),
    ),
    weight="usable_area",
    compute=compute,
    inputs=(
        Input("beng2", "field"),
        Input("gfa", "field"),
        Input("existing", "field"),
        Input("dwelling_type", "field"),
        Input("use_class", "field"),
        Input("label", "field"),
    ),
    method="beng2-share-1",
    standard="NTA 8800; Bbl 4.149",
    sigma=(0.10, "relative"),
    decimals=0,
    places="surfaces",
)
