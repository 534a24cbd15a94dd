"""What a live assessment is about: found out in steps, then worked out. Heavy imports live here."""

from __future__ import annotations

import dataclasses
import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qgis.core import QgsProcessingContext, QgsProject

from ..engine.assessment import Assessment
from ..engine.indicators import all_indicators
from ..engine.live import LiveAssessor
from ..engine.mix import Mix, of_twin
from ..engine.norms import Profile, shared_profile
from ..engine.row_view import row_views
from ..engine.twin import DEFAULT_PROFILE, Twin, load_twin
from ..layers.gather import Inputs, Steps
from ..layers.read import VectorInput
from ..processing.inputs import collect_steps, date_of, mixed, over, refuse
from ..processing.score_design import Algorithm
from ..processing.scoring import chosen
from ..project.mix import blocks
from ..project.roles import Told, twin_told
from .reading import LiveReader
from .watch import Changes
from .worker import Progress, Tick


@dataclass
class Ground:
    """The twin and the profile that hold; read in the worker."""

    twin: Twin
    profile: Profile


@dataclass
class Plan:
    """What is assessed, in all that does not change with an edit. ``serial``: its number."""

    serial: int
    inputs: Inputs
    named: bool  # whether a parameter named the design
    profile: Profile
    date: datetime.date
    cell: float
    indicators: list[str] | None
    mix: Mix  # that of parameters, twin file or project
    files: list[str] = field(default_factory=list)  # that say all this
    followed: set[str] = field(default_factory=set)  # ids of the layers that are followed

    def vectors(self) -> list[tuple[list[VectorInput], int]]:
        """Every place where a vector input stands."""
        lists = [self.inputs.design, self.inputs.area_types, self.inputs.plan_area,
                 self.inputs.current, *self.inputs.vectors.values()]  # fmt: skip
        return [(found, k) for found in lists for k in range(len(found))]

    def frozen(self) -> Plan:
        """The same, with lists of its own."""
        given = self.inputs
        inputs = dataclasses.replace(
            given, design=list(given.design), area_types=list(given.area_types),
            plan_area=list(given.plan_area), current=list(given.current),
            vectors={role: list(found) for role, found in given.vectors.items()},
            rasters={role: list(found) for role, found in given.rasters.items()},
        )  # fmt: skip
        return dataclasses.replace(self, inputs=inputs)

    def rasters(self) -> list[tuple[list[Any], int]]:
        """Every place where a raster input stands."""
        return [(found, k) for found in self.inputs.rasters.values() for k in range(len(found))]


def ground(said: Told, kept_mix: Mix | None, twin_file: str, profile: str) -> Ground:
    """Twin and profile as a run takes them: the file over what the project remembers. Any thread.
    Raises DgoError where one cannot be read."""
    all_indicators()  # imports thirty-three modules: not in the main thread
    twin = twin_told(said)
    if kept_mix is not None:
        ambitions, weights, themes = blocks(kept_mix)
        twin = dataclasses.replace(
            twin, ambitions=ambitions, weights=weights, theme_weights=themes
        )
    if twin_file:
        twin = over(load_twin(twin_file), twin)
    return Ground(twin, shared_profile(profile or twin.profile or DEFAULT_PROFILE))


def plan_steps(serial: int, parameters: dict[str, Any], project: QgsProject,
               found: Ground) -> Steps[Plan]:  # fmt: skip
    """Snapshots of all layers, in steps of one layer; main thread. Raises DgoError."""
    algorithm = Algorithm().create()
    context = QgsProcessingContext()
    context.setProject(project)
    twin, profile = found.twin, found.profile
    inputs, named = yield from collect_steps(algorithm, parameters, context, twin)
    yield
    laid = mixed(algorithm, parameters, context, twin, profile)
    indicators = algorithm.parameterAsEnumStrings(parameters, "INDICATORS", context)
    cell = algorithm.parameterAsDouble(parameters, "CELL_SIZE", context)
    if parameters.get("CELL_SIZE") is None and twin.cell_size:
        cell = twin.cell_size
    plan = Plan(
        serial, inputs, named, profile, date_of(algorithm, parameters, context, twin), cell,
        chosen(indicators, twin), of_twin(laid),
    )  # fmt: skip
    plan.files = [twin.file, *profile.files]
    for _, entry in twin.layers():
        if entry.mapping:
            plan.files.append(str((twin.folder or Path()) / entry.mapping))
    return plan


class Assessing:
    """Reads and works out, in the thread of the worker; keeps what it may need again."""

    def __init__(self) -> None:
        self.reader = LiveReader()
        self.assessor: LiveAssessor | None = None
        self._about: Any = None
        self._worded: Any = None  # for which the words of the panel are known

    def forget(self) -> None:
        """Keep nothing."""
        self.reader.forget()
        self.assessor = self._about = None

    def assess(self, plan: Plan, changes: Changes, mix: Mix, anew: bool, tick: Tick,
               progress: Progress) -> Assessment:  # fmt: skip
        """The outcome of a full run, judged by the mix. Raises Cancelled and DgoError."""
        if anew:
            self.forget()
        refuse(plan.inputs, plan.named)
        sources = self.reader.read(plan.inputs, changes, plan.followed, plan.serial, tick,
                                   lambda done: progress(0.2 * done, ""))  # fmt: skip
        about = (plan.profile.hash, plan.profile.files, plan.date, plan.cell, plan.indicators)
        if self.assessor is None or self._about != about:
            self.assessor = LiveAssessor(plan.profile, plan.date, plan.cell, plan.indicators)
            self._about = about
        ambitions, weights = mix.laid(plan.profile)
        given = {"indicators": weights.indicators, "themes": weights.themes}
        found = self.assessor.assess(
            sources, ambitions, given, lambda done, name="": progress(0.2 + 0.8 * done, name)
        )
        if self._worded != about:
            row_views(found, mix)  # tracks and texts are kept: not for the first time in the window
            self._worded = about
        return found
