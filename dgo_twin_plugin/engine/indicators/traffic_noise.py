"""I13 traffic noise: dB Lden, dwelling-weighted P90 of the highest facade Lcum of road and rail.

Levels come from the model where roads or railways carry traffic (CNOSSOS-EU:2020 or SRM2 emission,
railways by RMG2012), else from maps (roles ``noise_road``, ``noise_rail``) sampled 2 m outside the
facade (indicators G2); :mod:`._noise` says which. At each facade point the sources of one kind add
energetically, then

    L*VL = LVL            L*RL = 0.95 LRL - 1.40            Lcum = 10 lg sum 10^(L*/10)

(annoyance-equivalent cumulation, RMG2012 annex I ch. 2, domain 4.1 (V)). LVL is the energetic sum
of all roads. A building's value is the highest of its points. Beside the mark stand Lden per
source kind, the joint (energetic) Lden and its autonomous and plan parts, Lnight, and the share of
dwellings above each standard.

The law is tested per building and source kind, in whole dB (indicators, "The law"), on what was
declared fit for it where there is any, else on the model or map, which can only be indicative. It
needs the owner of the road: noise without one counts as road but is not tested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import legal
from ..models.noise.lines import KINDS, RAIL, ROAD, ROAD_KINDS
from ..scene import MODEL
from ..words import say
from ._levels import (
    Tested,
    Weighed,
    law_numbers,
    noise_weight,
    per_building,
    spread_out,
    tests_of,
)
from ._noise import (
    CUMULATED,
    JOINT,
    NIGHT,
    BuildingNoise,
    FacadeNoise,
    added,
    cumulated,
    floored,
    kind_of,
    levels_at_buildings,
    louder,
    noise_at_facades,
)
from .spec import P90, RATIO, Field, Indicator, Input, Measurement, Part

if TYPE_CHECKING:
    from ..grid import Raster
    from ..models.noise.lines import Lines
    from ..norms import Profile
    from ..scene import Scene

__all__ = ["KINDS", "RAIL", "ROAD_KINDS", "SPEC", "UNOWNED", "cumulated", "kind_of"]

UNOWNED = ROAD  # roads of which nothing tells the owner
FIELD = "noise_lden"
CLASSES = (45.0, 50.0, 55.0, 60.0, 65.0, 70.0)  # dB Lden, edges of the legend


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Measure traffic noise at the facades.

    Without traffic and without any map: ``missing``. A building whose facade no map covers is
    unknown; where one of the sources is silent, the other is taken as all there is.
    """
    objects = noise_weight(scene)
    noise = levels_at_buildings(scene)
    if not noise.modelled and not noise.mapped:
        why = "no_sources" if scene.method(SPEC.id) == MODEL else "no_map"
        return Measurement(missing=say(f"indicators.traffic_noise.{why}"), checks=noise.checks)
    result = Measurement(checks=noise.checks)
    for part, name in (("", CUMULATED), (JOINT, JOINT), (NIGHT, NIGHT),
                       ("lden_autonomous", "autonomous"), ("lden_plan", "plan")):  # fmt: skip
        if name in noise.level:
            result.parts[part] = objects.places(noise.level[name])
    kinds = [k for k in KINDS if noise.of_kind(k) is not None or noise.of_kind(k, True) is not None]
    laws = [Tested(kind, "", *law_numbers(profile, SPEC.id, scene.date, kind)) for kind in kinds]
    level, fit = (_by_law(noise, objects, laws, fit) for fit in (False, True))
    _add_kinds(result, scene, noise, objects, laws, level)
    if noise.modelled:  # what was declared fit goes before the model
        level = np.where(np.isnan(fit), level, fit)
    scope = legal.noise_scope(scene).take(objects.rows)
    result.legal += tests_of(scene, SPEC.id, objects, laws, level, fit, scope, whole=True)
    at_facades = noise_at_facades(scene)
    if at_facades is not None:
        _say_model(scene, at_facades, objects, result)
    return result


def _by_law(
    noise: BuildingNoise, objects: Weighed, laws: list[Tested], fit: bool
) -> np.ndarray:  # fmt: skip
    """(laws, rows) Lden of each kind of source, NaN unknown, of all or of what is ``fit`` for a
    legal test. Where nothing but that tells of a kind, it is all."""
    found = np.full((len(laws), len(objects.rows)), np.nan)
    for own, law in zip(found, laws):
        level = noise.of_kind(law.kind, fit)
        level = noise.of_kind(law.kind, True) if level is None else level
        if level is not None:
            own[:] = level.take(objects.rows)
    return found


def _add_kinds(
    result: Measurement, scene: Scene, noise: BuildingNoise, objects: Weighed, laws: list[Tested],
    level: np.ndarray,
) -> None:  # fmt: skip
    """Lden of each kind of source, and the share of the dwellings above its standard."""
    standard = np.array([law.standard for law in laws]).reshape(-1, 1)
    over = np.where(np.isnan(level), np.nan, legal.whole_db(level) > standard)
    for law, above in zip(laws, spread_out(scene, objects.rows, over)):
        top = noise.of_kind(law.kind)
        if top is not None:
            result.parts[f"lden_{law.kind}"] = objects.places(top)
            if np.isfinite(law.standard):
                result.parts[f"above_{law.kind}"] = objects.ratio(above)


# --- only where the model ran -------------------------------------------------------------------
def _say_model(
    scene: Scene, noise: FacadeNoise, objects: Weighed, result: Measurement
) -> None:
    """Method, spreads and the field of the model."""
    from ._noise_spread import method_of, spreads

    def reduced(level: np.ndarray) -> np.ndarray:
        from ..reduce import reduce_places

        top = per_building(scene, noise.building, floored(level))
        return reduce_places(SPEC.parts[0], objects.places(top), scene.n_zones).value

    def value(road: float, rail: float) -> np.ndarray:
        return reduced(louder(noise, road, rail))

    if noise.plan is not None:
        # without the plan's sources, at the very same facades; its blocks still screen
        road, rail = noise.autonomous_road, noise.autonomous_rail
        assert road is not None and rail is not None
        alone = added([road, 0.95 * rail - 1.40], len(noise.building))
        result.notes["contributions"] = {"": {"autonomous": reduced(alone)}}
    result.method = method_of(noise)
    result.spreads = spreads(scene, noise, value)
    lines = noise.lines
    assert lines is not None  # the model ran
    result.fields[FIELD] = Field("dB Lden", lambda: _field(scene, lines), CLASSES)


def _field(scene: Scene, lines: Lines) -> Raster:
    from ..models.noise.area import lden_field

    return lden_field(scene, lines)


_SHOWN = (
    Part("joint", P90, "dB Lden", informative=True),
    Part("lden_autonomous", P90, "dB Lden", informative=True),
    Part("lden_plan", P90, "dB Lden", informative=True),
    *(Part(f"lden_{kind}", P90, "dB Lden", informative=True) for kind in KINDS),
    Part(NIGHT, P90, "dB Lnight", informative=True),
    *(Part(f"above_{kind}", RATIO, "%", 100.0, informative=True) for kind in KINDS),
)

SPEC = Indicator(
    id="traffic_noise",
    code="I13",
    theme="environment",
    parts=(Part("", P90, "dB Lden"), *_SHOWN),
    weight="dwellings",
    compute=compute,
    inputs=(
        Input("roads", "role", needed=True, group="noise"),
        Input("railways", "role", needed=True, group="noise"),
        Input("noise_road", "role", needed=True, group="noise"),
        Input("noise_rail", "role", needed=True, group="noise"),
        Input("dwellings", "field"),
        Input("gfa", "field"),
        Input("height", "field"),
        Input("existing", "field"),
        Input("use_class", "field"),
    ),
    method="map-facade-1",
    standard="Directive (EU) 2015/996 (CNOSSOS-EU:2020); RMG2012 annex I ch. 2 (cumulation), "
             "annex IV (railways); Bkl 5.78t, 5.78u (law)",
    radius=300.0,
    sigma=(2.0, "absolute"),
    ahead=noise_at_facades,
    divides=1.0,
)  # fmt: skip
