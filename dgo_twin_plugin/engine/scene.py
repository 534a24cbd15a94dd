"""What the engine knows of the world: one plane, cleaned, cut by zone.

All coordinates in a scene are metres in the work plane, *local*: minus ``Scene.origin``.
Zone ids run from 1; index 0 of every per-zone array is the plan as a whole.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .ahead import Making
from .geometry import Polygons
from .pulse import beat
from .words import BASIS_INDICATIVE

if TYPE_CHECKING:
    from osgeo import ogr

    from .checks import Check
    from .functions import Functions
    from .grid import Raster
    from .kept import Reuse

FloatArray = np.ndarray  # float64
IntArray = np.ndarray  # int64
BoolArray = np.ndarray
TextArray = np.ndarray  # object: str or None

NUMERIC_FIELDS = (
    "height", "floors", "dwellings", "gfa", "residential_share", "green_roof", "blue_roof", "pv",
    "beng2", "mpg", "disconnected", "storage", "canopy_diameter", "floor_level",
    "luminous_intensity", "population", "parking_spaces", "nature_points",
)  # fmt: skip
TEXT_FIELDS = ("name", "dwelling_type", "use_class", "roof", "label", "bank")
BOOL_FIELDS = ("existing", "public", "measure")  # float arrays: 1 yes, 0 no, NaN unknown
FIELDS = NUMERIC_FIELDS + TEXT_FIELDS + BOOL_FIELDS

# Where a quantity comes from. ``auto``: the model where its sources are given, a map for the rest.
AUTO, MODEL, MAP = METHODS = ("auto", "model", "map")


@dataclass
class RawLayer:
    """One layer as the bridge read it: geometries already in the work plane, fields as they are.

    ``wkb[i]`` is ISO WKB or None; ``columns`` maps the source's own field names to sequences of
    plain Python values (None = NULL). ``entry`` is its block in the twin file (function, fields,
    functions, mapping, type, date, basis, sigma, owner, kind, ...).
    """

    name: str
    fid: IntArray
    wkb: list[bytes | None]
    columns: dict[str, Sequence[Any]] = field(default_factory=dict)
    entry: dict[str, Any] = field(default_factory=dict)
    note: str = ""  # unsaved edits, selection, subset filter: said in `runs`
    covers: tuple[float, float, float, float] | None = None  # extent in the work plane


@dataclass
class Surfaces:
    """Ground features: design and current situation, each owning its own ground. All arrays (n,).

    ``polygons`` is the *visible* ground (after the order on the ground), ``footprints`` the
    repaired original. ``fields[name]`` is float64 with NaN = missing (numbers and yes/no) or object
    with None = missing (texts); ``assumed[name]`` marks values that came from a default.
    """

    function: TextArray
    current: BoolArray  # True: current situation, False: design
    layer: TextArray  # source layer's name
    fid: IntArray  # feature id in the source layer
    polygons: Polygons
    footprints: Polygons
    area: FloatArray  # m2 of visible ground, inside and outside the plan
    fields: dict[str, np.ndarray]
    assumed: dict[str, BoolArray]
    functions: Functions
    said: dict[int, str] = field(default_factory=dict)  # row -> what it calls assumed (sketch.py)

    @property
    def n(self) -> int:
        return len(self.fid)

    def where(self, *names: str) -> BoolArray:
        """(n,) True where the function is one of the names or belongs to one of these groups."""
        found: BoolArray = self.functions.members(names)[self.codes]
        return found

    @cached_property
    def codes(self) -> IntArray:
        """(n,) position of each function in ``functions.names``, -1 where unknown."""
        return self.functions.codes(self.function)

    @cached_property
    def uses(self) -> IntArray:
        """(n,) where the law looks what it asks of each: see ``Functions.uses_of``."""
        return self.functions.uses_of(self.codes, self.fields["use_class"])

    def share(self, name: str) -> FloatArray:
        """(n,) a share of the function's ground: ``sealed`` or ``vegetated``, 0-1."""
        share: np.ndarray = self.functions.column(name)[self.codes]
        return share

    def geometry(self, row: int) -> ogr.Geometry:
        """The visible ground of one feature, local metres."""
        return self.polygons.geometry(row)


@dataclass
class Cut:
    """Feature x zone: one row per pair with common ground (k,). Exact areas, m2."""

    feature: IntArray  # row in surfaces
    zone: IntArray  # zone id, from 1
    area: FloatArray  # visible ground of the feature inside the zone
    share: FloatArray  # the same as part of the feature's whole footprint, 0-1 (G1)


@dataclass
class Items:
    """Things that do not own ground: points (luminaire, tree), lines (noise_barrier, network)
    and polygons above or below it (tree crowns, infiltration crates)."""

    function: TextArray
    layer: TextArray
    fid: IntArray
    wkb: list[bytes]  # local metres
    xy: FloatArray  # (n, 2) representative point, local metres
    zone: IntArray  # zone id of that point, 0 where outside
    fields: dict[str, np.ndarray]
    assumed: dict[str, BoolArray]
    current: BoolArray

    @property
    def n(self) -> int:
        return len(self.fid)

    def where(self, *names: str) -> BoolArray:
        return np.fromiter(map(set(names).__contains__, self.function), bool, self.n)


@dataclass
class Zones:
    """Connected parts of plan area x area type. Row i has id i + 1."""

    area_type: TextArray  # 'GT04' or None where no type holds
    polygons: Polygons
    area: FloatArray  # (n,) m2
    flags: dict[str, BoolArray] = field(default_factory=dict)  # 'high_sandy_ground', ...

    @property
    def n(self) -> int:
        return len(self.area)


@dataclass
class VectorContext:
    """All vector layers of one role together. ``fields`` as in :class:`Surfaces`, per feature;
    constants of the layer's entry (basis, date, sigma, owner, kind, name) stand in ``fields`` too
    where the layer has no such column. ``basis`` is always there."""

    role: str
    layer: TextArray
    fid: IntArray
    wkb: list[bytes]  # local metres, repaired
    fields: dict[str, np.ndarray]

    @property
    def n(self) -> int:
        return len(self.fid)

    def number(self, name: str) -> FloatArray:
        """(n,) a numeric field, NaN where missing or where the role has no such field."""
        values = self.fields.get(name)
        return np.full(self.n, np.nan) if values is None else values

    def texts(self, name: str) -> TextArray:
        """(n,) a text field, None where missing."""
        values = self.fields.get(name)
        return np.full(self.n, None, object) if values is None else values


@dataclass
class RasterContext:
    """One raster of a role, in the work plane."""

    role: str
    layer: str
    raster: Raster
    attributes: dict[str, Any] = field(default_factory=dict)  # owner, quantity, date, sigma ...

    @property
    def basis(self) -> str:
        return str(self.attributes.get("basis") or BASIS_INDICATIVE)


@dataclass
class Context:
    """What one role holds: vector features together and rasters in order. Either may be empty."""

    role: str
    vectors: VectorContext | None = None
    rasters: list[RasterContext] = field(default_factory=list)


@dataclass
class Scene:
    """Everything an indicator may ask."""

    origin: tuple[float, float]  # work-plane coordinates of local (0, 0)
    crs: str  # authid or WKT of the work plane; for provenance, the engine does not use it
    plan: Polygons  # one multipolygon
    zones: Zones
    surfaces: Surfaces
    cut: Cut
    items: Items
    context: dict[str, Context]
    date: datetime.date  # the law that applies
    cell_size: float = 2.0
    checks: list[Check] = field(default_factory=list)
    rates: dict[str, float] = field(default_factory=dict)  # rates.yml of the profile, by name
    margin: float = 600.0  # m of context read around the plan
    methods: dict[str, str] = field(default_factory=dict)  # indicator -> one of METHODS
    cache: dict[Any, Any] = field(default_factory=dict)  # shared products, by field name
    making: Making = field(default_factory=Making, repr=False, compare=False)
    reuse: Reuse | None = field(default=None, repr=False, compare=False)  # of the scene before

    @property
    def n_zones(self) -> int:
        return self.zones.n

    def vectors(self, role: str) -> VectorContext | None:
        """The vector features of a role, or None where the role is absent or holds none."""
        found = self.context.get(role)
        return found.vectors if found and found.vectors is not None and found.vectors.n else None

    def rasters(self, role: str) -> list[RasterContext]:
        found = self.context.get(role)
        return found.rasters if found else []

    def method(self, indicator: str) -> str:
        """One of :data:`METHODS`, as the twin file chose it for this indicator or for ``all``."""
        return self.methods.get(indicator) or self.methods.get("all") or AUTO

    def has(self, role: str) -> bool:
        """Whether any layer fills the role, even an empty one (an empty layer says 'none here')."""
        return role in self.context

    def product(self, name: Any, build: Any) -> Any:
        """A shared product (facade points, network ...), built when first asked, once."""
        if name in self.cache:
            return self.cache[name]
        beat()
        return self.making.once(self.cache, name, lambda: build(self))
