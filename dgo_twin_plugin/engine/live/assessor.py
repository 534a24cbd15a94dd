"""The assessor of a live panel: new sources in, the assessment of a full run out."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..assessment import Assessment, assess
from ..build import Sources, build_scene
from ..functions import load_functions
from ..kept import Kept
from ..models.noise.memory import remembering
from ..scores import Ambitions

if TYPE_CHECKING:
    from ..norms import Profile
    from ..prepare import Prepared

Progress = Callable[[float, str], None]  # done 0-1, what is done; may raise Cancelled
_SCENE = 0.3  # part of the work that makes the scene


@dataclass
class Timing:
    """What the last call did: milliseconds per step (``scene``, ``measure``, ``keep``), which
    indicators were judged again and which kept their marks."""

    ms: dict[str, float] = field(default_factory=dict)
    redone: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    @property
    def total(self) -> float:
        """ms of the whole call."""
        return sum(self.ms.values())


class LiveAssessor:
    """Assesses a design again and again while it is drawn; works out what an edit moved, and keeps
    the rest of the last call. The outcome is that of a full run on the same sources.

    Layers and rasters that are the same objects as in the last call are taken to be unchanged, so
    whoever hands them over must make a new :class:`~..scene.RawLayer` where a layer changed, and
    may put the old geometries and values in it. Not to be called from two threads at once.
    """

    def __init__(self, profile: Profile, date: datetime.date, cell_size: float = 2.0,
                 indicators: Iterable[str] | None = None) -> None:  # fmt: skip
        self.profile, self.date, self.cell_size = profile, date, cell_size
        self.indicators = None if indicators is None else tuple(indicators)
        self.last = Timing()
        self._functions = load_functions()
        self._kept = Kept()
        self._prepared: dict[str, Prepared] = {}

    def assess(self, sources: Sources, ambitions: Ambitions | None = None,
               weights: Mapping[str, Any] | None = None,
               progress: Progress | None = None) -> Assessment:  # fmt: skip
        """The outcome of a full run on these sources. Where ``progress`` or somebody who listens
        to :mod:`..pulse` raises ``Cancelled``, and where the sources cannot be scored
        (``DgoError``), what is kept stays that of the last call that came to its end."""
        def built(done: float) -> None:
            if progress is not None:
                progress(_SCENE * done, "scene")

        def measured(done: float, name: str) -> None:
            if progress is not None:
                progress(_SCENE + (1.0 - _SCENE) * done, name)

        clock = [time.perf_counter()]
        self._kept.begin()
        scene = build_scene(sources, self.profile, self._functions, self.date, self.cell_size,
                            built, self._kept)  # fmt: skip
        clock.append(time.perf_counter())
        with remembering():
            made = assess(scene, self.profile, self.indicators, ambitions, weights, measured)
        clock.append(time.perf_counter())
        self._kept.settle(scene)
        scene.reuse = None  # what is asked of this scene later stands by itself
        clock.append(time.perf_counter())
        before, self._prepared = self._prepared, made.prepared
        alike = {i for i, p in made.prepared.items() if before.get(i) is p}
        steps = zip(("scene", "measure", "keep"), clock, clock[1:])
        self.last = Timing({name: 1e3 * (b - a) for name, a, b in steps},
                           [i for i in made.prepared if i not in alike],
                           [i for i in made.prepared if i in alike])  # fmt: skip
        return made

    def forget(self) -> None:
        """Keep nothing: the next call is a full run."""
        self._kept.forget()
        self._prepared = {}
