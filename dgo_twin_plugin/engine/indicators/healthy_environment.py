"""N12 healthy environment: % of dwellings within the values of the World Health Organization.

Noise and air are parts with a mark of their own; the lower counts (indicators N12). Noise: Lden and
Lnight of roads 53/45 and of railways 54/44 dB at the loudest facade (WHO 2018). Air: yearly mean
NO2 10, PM10 15, PM2.5 5 ug/m3 (WHO 2021), the same concentrations as I15; a dwelling that meets the
last interim target of all three (20, 20, 10) but not the values counts for a half (our proposal:
without that step no place in the country would differ from another). Beside the marks stand the
share that meets both in full, and the shares at the interim targets of air (WHO 2021) and of noise
at night (WHO 2009). One figure above its value is enough to fail; a dwelling of which too little is
known to fail or to meet is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import Check
from ..models.tables import constants
from ..words import LOW, NOT_IN_SCOPE, say
from ._air import SUBSTANCES, Air, air_of
from ._levels import Weighed, dwelling_weight, sums, zone_mean
from ._noise import BY_SOURCE, BuildingNoise, levels_at_buildings, noise_at_facades
from .spec import RATIO, Indicator, Input, Measurement, Part

if TYPE_CHECKING:
    from ..norms import Profile
    from ..scene import Scene

NOISE, AIR, BOTH, NIGHT = "noise", "air", "both", "noise_night"
STEPS = tuple(f"air_step{k}" for k in (1, 2, 3, 4))
Levels = dict[str, np.ndarray]  # name -> (n_surfaces,), NaN unknown


def within(levels: Levels, limits: dict[str, float], needed: tuple[str, ...] = ()) -> np.ndarray:
    """(n,) 1 where every level is at most its limit, 0 where one is above, NaN where that is not
    known: nothing is, or one of ``needed`` is not."""
    n = len(next(iter(levels.values())))
    over, known, lacking = (np.zeros(n, bool) for _ in range(3))
    for name, limit in limits.items():
        level = levels.get(name, np.full(n, np.nan))
        here = ~np.isnan(level)
        over |= here & (np.where(here, level, 0.0) > limit + 1e-9)
        known |= here
        if name in needed:
            lacking |= ~here
    return np.where(over, 0.0, np.where(known & ~lacking, 1.0, np.nan))


def noise_limits() -> dict[str, float]:
    """dB by the names of :func:`noise_levels`."""
    who = constants("air")["who"]["noise"]
    return {f"{kind}{suffix}": float(who[kind][level])
            for kind in ("road", "rail")
            for suffix, level in (("", "lden"), ("_night", "lnight"))}  # fmt: skip


def noise_levels(noise: BuildingNoise) -> Levels:
    return {name: noise.level[name] for name in BY_SOURCE}


def air_limits(step: int | None = None) -> dict[str, float]:
    """ug/m3 of the guideline, or of the interim target ``step`` 1-4; a substance with fewer steps
    keeps its guideline beyond them. Step 0: the last interim target of each."""
    found = {}
    for name in SUBSTANCES:
        who = constants("air")["who"]["air"][name]
        steps = [*who["steps"], who["guideline"]]
        if step is None:
            found[name] = float(who["guideline"])
        else:
            found[name] = float(steps[min(step, len(steps)) - 1] if step else who["steps"][-1])
    return found


def clean_air(fresh: Levels) -> np.ndarray:
    """(n,) 1 where the values are met, the half step where only the last interim targets are, 0
    where those are not, NaN where that is not known."""
    half = float(constants("air")["who"]["half_step"])
    full = within(fresh, air_limits(), SUBSTANCES)
    last = within(fresh, air_limits(0), SUBSTANCES)
    return np.where(np.isnan(full) | (full == 1.0), full, np.where(np.isnan(last), np.nan,
                                                                   half * last))  # fmt: skip


def compute(scene: Scene, profile: Profile) -> Measurement:
    """Hold noise and air at each dwelling against the values of the WHO; % of dwellings.

    ``missing`` without any noise or any air; without all three substances it is only known who
    fails. A source of noise that is silent is taken to be absent, as in I13.
    """
    objects = dwelling_weight(scene)
    noise = levels_at_buildings(scene)
    loud = noise_levels(noise)
    air = air_of(scene)
    heard = bool(noise.modelled or noise.mapped)
    if not heard or not air.substances:
        why = "no_air" if heard else "no_noise"
        return Measurement(missing=say(f"indicators.healthy_environment.{why}"))
    result = Measurement(legal_default=NOT_IN_SCOPE)  # guidelines are no law
    lived = sums(objects.zone, objects.weight, scene.n_zones)
    for zone in np.flatnonzero(~(lived > 0)):
        result.not_applicable[int(zone)] = say("indicators.healthy_environment.no_dwelling")
    fresh = {name: found.value for name, found in air.substances.items()}
    quiet, clean = within(loud, noise_limits()), clean_air(fresh)
    full = within(fresh, air_limits(), SUBSTANCES)
    both = np.where((quiet == 0) | (full == 0), 0.0, (quiet + full) / 2.0)  # NaN stays
    step = float(constants("air")["who"]["night_step"])
    night = within(loud, {name: step for name in loud if name.endswith("_night")})
    steps = {name: within(fresh, air_limits(k), SUBSTANCES) for k, name in enumerate(STEPS, 1)}
    for name, yes in ((NOISE, quiet), (AIR, clean), (BOTH, both), (NIGHT, night), *steps.items()):
        result.parts[name] = objects.ratio(yes)
    if np.isnan(loud["road_night"]).all() and np.isnan(loud["rail_night"]).all():
        result.checks.append(Check("healthy_no_night", LOW))
    result.spreads = _spreads(scene, objects, noise, loud, air, fresh)
    return result


# --- spreads ------------------------------------------------------------------------------------
def _spreads(
    scene: Scene, objects: Weighed, noise: BuildingNoise, loud: Levels, air: Air, fresh: Levels
) -> dict[str, np.ndarray]:
    """How far the share follows when an input moves by its standard deviation, half of both ways.
    The share has no spread of a method beside that of its inputs."""

    def moved(levels: Levels, names: tuple[str, ...], shift: Any,
              judge: Callable[[Levels], np.ndarray]) -> np.ndarray:  # fmt: skip
        shares = []
        for way in (1.0, -1.0):
            other = {k: v + way * shift if k in names else v for k, v in levels.items()}
            shares.append(100.0 * zone_mean(scene, objects, judge(other)))
        return np.asarray(np.nan_to_num(np.abs(shares[1] - shares[0]) / 2.0))

    out: dict[str, np.ndarray] = {}
    db = constants("road_noise")["spread"]
    for kind, source in (("road", "roads"), ("rail", "railways")):
        modelled = source in noise.modelled
        key = source if modelled else f"noise_{kind}"
        shift = float(db["model"] if modelled else db["map"])
        out[f"{NOISE}.{key}"] = moved(loud, (kind, f"{kind}_night"), shift,
                                      lambda x: within(x, noise_limits()))  # fmt: skip
    for name, found in air.substances.items():
        sd = found.from_map if found.from_map is not None else np.zeros(len(found.value))
        out[f"{AIR}.{name}"] = moved(fresh, (name,), sd, clean_air)
        if found.modelled is not None:
            part = found.modelled * float(constants("air")["spreads"]["model"])
            out[f"{AIR}.roads"] = np.hypot(
                out.get(f"{AIR}.roads", np.zeros(scene.n_zones + 1)),
                moved(fresh, (name,), part, clean_air),
            )
    none = np.zeros(scene.n_zones + 1)
    return {f"{NOISE}.model": none, f"{AIR}.model": none.copy(), **out}


SPEC = Indicator(
    id="healthy_environment",
    code="N12",
    theme="environment",
    parts=(
        Part(NOISE, RATIO, "%", 100.0),
        Part(AIR, RATIO, "%", 100.0),
        Part(BOTH, RATIO, "%", 100.0, informative=True),
        Part(NIGHT, RATIO, "%", 100.0, informative=True),
        *(Part(name, RATIO, "%", 100.0, informative=True) for name in STEPS),
    ),
    weight="dwellings",
    compute=compute,
    inputs=(
        *(Input(role, "role", needed=True, group="noise")
          for role in ("noise_road", "noise_rail", "roads", "railways")),
        *(Input(s, "role", needed=True, group="air") for s in SUBSTANCES),
        Input("o3", "role"),
        Input("trees", "role"),
        Input("dwellings", "field"),
    ),
    method="who-steps-1",
    standard="WHO 2018 (noise), WHO 2021 (air)",
    combine="lowest",
    radius=300.0,
    sigma=(10.0, "absolute"),
    ahead=noise_at_facades,
    divides=1.0,
)  # fmt: skip
