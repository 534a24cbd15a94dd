"""How the doubt about traffic, maps, heights and the model itself reaches the noise of a zone.

Each cause moves the levels of one kind of source; how far the value of the zone follows is worked
out by moving them and looking. Numbers: ``spread`` in ``models/road_noise.yml`` and ``rail_noise``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..models.ground import building_heights
from ..models.noise import emission, rail, rating
from ..models.noise.lines import RAIL, Lines
from ..models.tables import constants
from ..spread import layer_sigma

if TYPE_CHECKING:
    from ..scene import Scene
    from ._noise import FacadeNoise

STEP = 1.0  # dB


def method_of(noise: FacadeNoise) -> str:
    """Short id of the method, e.g. ``cnossos-facade-1``, ``cnossos+rmg2012-facade-1``."""
    road, track = constants("road_noise"), constants("rail_noise")
    names = []
    if "roads" in noise.modelled:
        names.append(str(road["method"]))
    if "railways" in noise.modelled:
        names.append(str(track["name"]))
    method = f"{'+'.join(names)}-facade-{road['version_of_method']}"
    return method + ("+map-facade-1" if noise.mapped else "")


def spreads(
    scene: Scene, noise: FacadeNoise, value: Callable[[float, float], np.ndarray]
) -> dict[str, np.ndarray]:
    """Standard deviations of the zone's value, dB, by input (``Measurement.spreads``).

    ``value(road, rail)`` gives the value per zone with the roads and railways that many dB louder.
    """
    base = value(0.0, 0.0)
    road, track = constants("road_noise")["spread"], constants("rail_noise")["spread"]
    follow = {
        "roads": _followed(value(STEP, 0.0) - base),
        "railways": _followed(value(0.0, STEP) - base),
    }
    lines = noise.lines or Lines.none()
    out: dict[str, np.ndarray] = {}
    model = np.zeros(len(base))
    modelled = np.zeros(len(base))
    for role, own, data in (("roads", road, _road_data), ("railways", track, _rail_data)):
        if role in noise.modelled:
            out[role] = follow[role] * _loudest(lines, data(scene), role == "railways")
            model = np.hypot(model, follow[role] * float(own["model"]))
            modelled = modelled + follow[role]
    for role, source in (("noise_road", "roads"), ("noise_rail", "railways")):
        if role in noise.mapped:
            out[role] = follow[source] * _declared(scene, role, float(road["map"]))
    guessed = _guessed_heights(scene)
    if guessed > 0:
        out["height"] = np.minimum(modelled, 1.0) * guessed * float(road["height"])
    out["model"] = model
    return out


def _followed(moved: np.ndarray) -> np.ndarray:
    """Part of a step that the value follows, 0-1; all of it where there is no value."""
    share: np.ndarray = np.clip(np.nan_to_num(moved / STEP, nan=1.0), 0.0, 1.0)
    return share


def _road_data(scene: Scene) -> np.ndarray:
    found = emission.road_traffic(scene)
    return np.zeros(0) if found is None else found[0].spread


def _rail_data(scene: Scene) -> np.ndarray:
    found = rail.rail_data(scene)
    return np.zeros(0) if found is None else found[1]


def _loudest(lines: Lines, spread: np.ndarray, tracks: bool) -> float:
    """dB: the spreads of the features (n,), weighed by the power they emit."""
    mine = lines.take((lines.kind == RAIL) == tracks)
    energy = 10.0 ** (rating.lden(emission.total(mine.power)) / 10.0) * mine.length
    return float(np.average(spread[mine.feature], weights=energy)) if energy.sum() > 0 else 0.0


def _declared(scene: Scene, role: str, usual: float) -> float:
    """The spread that the maps of a role declare, else the usual one."""
    own = layer_sigma(scene, role)
    return usual if own is None else own


def _guessed_heights(scene: Scene) -> float:
    """Share of the buildings whose height is assumed."""
    rows = np.flatnonzero(scene.surfaces.where("buildings"))
    height, assumed = building_heights(scene)
    return float((assumed | np.isnan(height))[rows].mean()) if len(rows) else 0.0
