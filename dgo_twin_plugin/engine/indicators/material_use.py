"""I03 material use: MPG of new buildings as a share of its legal limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..words import NOT_IN_SCOPE
from ._buildings import share_of_limit
from .spec import RATIO, Indicator, Input, Measurement, Part

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

LEAST_OFFICE = {"office": 100.0}  # m2 gross: smaller offices have no limit (domain 2.1 I03, V)


def compute(scene: Scene, profile: Profile) -> Measurement:
    """100 x sum(MPG x gfa) / sum(limit x gfa) over new buildings with a limit (indicators 3).

    The figure must be made with the set (A1, A2) that holds at the assessment date. A limit that
    is still in dispute can only give an indicative breach.
    """
    measurement = Measurement(legal_default=NOT_IN_SCOPE)
    share_of_limit(scene, profile, "material_use", "mpg", 1.0, measurement, LEAST_OFFICE)
    return measurement


SPEC = Indicator(
    id="material_use",
    code="I03",
    theme="energy",
    parts=(Part("", RATIO, "%", scale=100.0),),
    weight="gfa",
    compute=compute,
    inputs=(
        Input("mpg", "field"),
        Input("gfa", "field"),
        Input("existing", "field"),
        Input("use_class", "field"),
    ),
    method="mpg-share-1",
    standard="Bepalingsmethode Milieuprestatie Bouwwerken; Bbl 4.159",
    sigma=(0.15, "relative"),
    decimals=0,
    places="surfaces",
)
