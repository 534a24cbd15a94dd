"""What an indicator declares, and what its ``compute`` hands back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..words import Message

if TYPE_CHECKING:
    from ..checks import Check
    from ..grid import Raster
    from ..norms import Profile
    from ..scene import Scene

RATIO, MEAN, P90, MAX, MIN, LOG_MEAN, GIVEN = (
    "ratio", "mean", "p90", "max", "min", "log_mean", "given",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One quantity of an indicator. ``reduce`` turns places into a value per zone and plan:

    ratio     scale * sum(num) / sum(den) over known places
    mean      sum(den * value) / sum(den)            (den = weight where not given)
    log_mean  10 ** (sum(den * log10 value) / sum(den))
    p90       smallest x with cumulative weight >= 0.90 (total weight < 10: the maximum)
    max, min  of the values with weight > 0
    given     the indicator hands over values per zone itself (:class:`ZoneValues`)
    """

    id: str  # '' where the indicator has one part
    reduce: str
    unit: str
    scale: float = 1.0
    informative: bool = False  # stands beside the mark, carries no norm and no mark


@dataclass(frozen=True)
class Input:
    """A role or field the indicator asks for. Needed inputs that are absent: not assessed."""

    name: str  # role of the context, or canonical field of the design
    kind: str  # 'role' | 'field'
    needed: bool = False  # of needed inputs with the same ``group`` one is enough
    group: str = ""


@dataclass(frozen=True)
class Indicator:
    """The specification that drives form, checks, table, style, documentation and algorithm.

    Names, descriptions and card texts stand in ``i18n/<lang>/indicators/<id>.json`` under
    ``name``, ``about`` (what it is), ``formula``, ``limits`` (what it does not say), ``validity``.
    """

    id: str  # 'open_water'
    code: str  # 'I04'
    theme: str
    parts: tuple[Part, ...]
    weight: str  # word for w, the weight to the plan: 'area', 'dwellings', 'sealed', ...
    compute: Callable[[Scene, Profile], Measurement]
    inputs: tuple[Input, ...] = ()
    method: str = ""  # short id and version of the method, e.g. 'map-overlay-1'
    standard: str = ""  # the standard, law or publication behind the formula
    combine: str = ""  # 'lowest': the part with the lowest mark counts
    radius: float = 0.0  # m: how far an edit reaches
    sigma: tuple[float, str] = (0.0, "absolute")  # default spread: absolute | relative | decades
    decimals: int = 1
    places: str = "surfaces"  # what ind_<id> shows: surfaces | points | lines | zones
    # what of the work rests on the scene alone and takes long on a large plan: products of the
    # scene that may be made in a thread beside other indicators (engine/ahead.py)
    ahead: Callable[[Scene], object] | None = None
    divides: float = 0.0  # how well that work divides over threads: 0 not, 1 wholly

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(i.name for i in self.inputs if i.kind == "role")

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(i.name for i in self.inputs if i.kind == "field")


@dataclass
class Places:
    """Where something was measured: k rows, all arrays (k,).

    Coverage of a zone = sum(weight of known) / sum(weight); a row is known where what its
    reduction needs is finite. ``value`` is the quantity at the place (NaN = unknown): it is drawn
    on the map, gets a mark of its own, and gives ``worst_value`` and ``share_below_6``.
    """

    zone: np.ndarray  # int64, zone id from 1
    weight: np.ndarray  # float64 >= 0: w
    value: np.ndarray  # float64
    feature: np.ndarray | None = None  # int64 row in scene.surfaces, -1 where none
    num: np.ndarray | None = None  # for ratio
    den: np.ndarray | None = None  # for ratio, mean, log_mean
    assumed: np.ndarray | None = None  # float64 0-1: share that came from a default
    wkb: list[bytes] | None = None  # own geometry, local metres, where a place is no surface

    def __post_init__(self) -> None:
        self.zone = np.asarray(self.zone, np.int64)
        k = len(self.zone)
        self.weight = np.asarray(self.weight, float)
        self.value = np.asarray(self.value, float)
        if self.feature is None:
            self.feature = np.full(k, -1, np.int64)
        if self.assumed is None:
            self.assumed = np.zeros(k)
        self.assumed = np.asarray(self.assumed, float)

    @classmethod
    def none(cls) -> Places:
        """No place at all: an empty denominator."""
        empty = np.zeros(0)
        return cls(empty, empty, empty)


@dataclass
class ZoneValues:
    """A part whose values the indicator works out per zone itself; arrays (n_zones + 1,),
    index 0 the plan."""

    value: np.ndarray
    weight: np.ndarray
    coverage: np.ndarray
    assumed: np.ndarray
    n_features: np.ndarray
    places: Places | None = None  # only for the map


@dataclass
class LegalTest:
    """One test of the law on one object (building x source kind)."""

    feature: int  # row in scene.surfaces, -1 where the object is no surface
    zone: int
    source_kind: str  # variant of the law: 'road_municipal', 'rail', 'very_vulnerable' ...
    value: float
    limit: float  # NaN where no legal number exists
    outcome: str  # one of words.LEGAL_CHECKS
    part: str = ""
    standard: float = float("nan")
    text: Message | None = None
    wkb: bytes | None = None  # default: the feature's footprint


@dataclass(frozen=True)
class Field:
    """A field a model worked out, shown as a raster beside the scores. ``make`` is called only
    where the raster is wanted, for a field may cost more than the mark; it gives local metres,
    NaN where nothing is known. Its name is a key of the texts ``results.map.<name>``."""

    unit: str
    make: Callable[[], Raster]
    classes: tuple[float, ...] = ()  # edges of the classes of its legend, ascending; () = ramp


@dataclass
class Measurement:
    """What ``compute`` hands back."""

    parts: dict[str, Places | ZoneValues] = field(default_factory=dict)
    legal: list[LegalTest] = field(default_factory=list)
    not_applicable: dict[int, Message] = field(default_factory=dict)  # zone id (0 plan) -> reason
    not_assessed: dict[int, Message] = field(default_factory=dict)  # zone id -> reason
    missing: Message | None = None  # a needed input is absent: nothing was assessed anywhere
    proxy: bool | np.ndarray = False  # True, or (n_zones + 1,) bool
    method: str = ""  # where it differs from the specification's
    sigma: np.ndarray | None = None  # (n_zones + 1,) spread of the value, where known better
    legal_default: str = "not_tested"  # legal_check of zones with no test at all
    checks: list[Check] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    # Standard deviation of the value (of a ``log`` quantity: in decades) that comes from one input,
    # (n_zones + 1,) by name of that input: a role, a canonical field, or ``model`` for the method.
    # Independent of each other; ``model`` takes the place of the profile's own spread.
    spreads: dict[str, np.ndarray] = field(default_factory=dict)
    fields: dict[str, Field] = field(default_factory=dict)  # name -> what a model worked out
    # the measurement that this one repeats, with the rows of another scene (engine/unchanged.py)
    first: Measurement | None = field(default=None, repr=False, compare=False)
