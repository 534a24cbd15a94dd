"""The catalogue of open services, from ``profiles/services.yml`` and a municipality's own file.

No QGIS here. Reading names file, line and key of what is wrong. How far around the plan a service
is asked follows from the specifications of the indicators that use its role.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..engine import resources_path
from ..engine.indicators import all_indicators, known_indicators
from ..engine.roles import Role, roles
from ..engine.twin import parse_twin
from ..engine.words import DgoError
from ..engine.yaml_lines import Collector, Node, read_yaml, remedy

WFS, OAPIF, WCS, WMS = "wfs", "oapif", "wcs", "wms"
TYPES = (WFS, OAPIF, WCS, WMS)
WFS_VERSIONS = ("auto", "2.0.0", "1.1.0", "1.0.0")
FETCHED = "fetched"
NONE = "none"  # role of a service that is fetched for an importer, not for a role
LEAST = 50.0  # m: around the plan also where no indicator looks outside it
MOST = 1_000.0  # m: no run reads farther around the plan (layers.gather.MARGIN)
_KEYS = (
    "title", "address", "type", "layers", "role", "unit", "fields", "values", "constants", "filter",
    "mapping", "licence", "date", "basis", "sigma", "confidence", "crs", "version", "page_size",
    "cell", "nodata", "margin", "default", "authcfg", "note",
)  # fmt: skip
_NEEDED = ("title", "address", "type", "layers", "role", "licence", "confidence")
_EMPTY: dict[str, Any] = {}


@dataclass(frozen=True)
class Service:
    """One service of the catalogue. Empty = not given."""

    id: str
    title: dict[str, str]
    address: str
    type: str
    layers: dict[str, str]  # name of the saved layer -> name in the service
    role: str  # of roles.yml; 'none' = fetched only when named, for an importer
    licence: str
    confidence: str  # V seen in public code | K from knowledge, not verified
    unit: str = ""
    fields: dict[str, str] = field(default_factory=dict)  # canonical field -> column
    values: dict[str, dict[str, str]] = field(default_factory=dict)  # canonical: own term -> term
    constants: dict[str, Any] = field(default_factory=dict)  # canonical field -> value
    filter: str = ""
    mapping: str = ""
    date: str = ""  # of the data, as in a twin file; 'fetched' = a living register
    basis: str = ""
    sigma: float | None = None
    crs: str = ""  # EPSG code
    version: str = "auto"
    page_size: int = 1000  # features, or cells along an edge
    cell: float = 0.0  # m; 0 = as the service says
    nodata: float | None = None
    margin: float | None = None  # m around the plan, instead of what the indicators need
    default: bool = True  # fetched where nobody chose
    authcfg: str = ""  # an authentication of QGIS: the id, never a password
    note: dict[str, str] = field(default_factory=dict)

    @property
    def raster(self) -> bool:
        return self.type == WCS

    @property
    def background(self) -> bool:
        """An image: to look at, without values."""
        return self.type == WMS

    @property
    def source(self) -> str:
        """The address as it may be written down: without user, password and query."""
        return bare(self.address)

    def fingerprint(self) -> str:
        """Changes when the same file would no longer come from the same question."""
        parts = {k: v for k, v in asdict(self).items()
                 if k in ("address", "type", "layers", "values", "crs", "version", "cell",
                          "nodata", "fields")}  # fmt: skip
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def bare(address: str) -> str:
    """Scheme, host, port and path of an address: nothing that could be a secret."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@dataclass(frozen=True)
class Catalogue:
    """All services by id, in the order of the files."""

    services: dict[str, Service]
    files: tuple[str, ...]

    def chosen(self, names: Iterable[str], indicators: Iterable[str] = ()) -> list[Service]:
        """The services named, else those that are fetched by default and whose role one of the
        indicators (none given: any) or an alert uses. Raises DgoError on an unknown name."""
        wanted = [n for n in names if n]
        for name in wanted:
            if name not in self.services:
                raise DgoError("errors.service.unknown", name=name,
                               remedy=remedy(name, self.services))  # fmt: skip
        if wanted:
            return [self.services[name] for name in dict.fromkeys(wanted)]
        used = roles_of(indicators)
        return [s for s in self.services.values() if s.default and s.role in used]


def roles_of(indicators: Iterable[str] = ()) -> set[str]:
    """The roles that these indicators use (none given: all), and those of the alerts."""
    only = set(indicators)
    for name in only:
        if name not in known_indicators():
            raise DgoError("errors.service.indicator", name=name,
                           remedy=remedy(name, known_indicators()))  # fmt: skip
    used = {name for name, role in roles().items() if role.alert} | {"current"}
    for spec in all_indicators():
        if not only or spec.id in only:
            used.update(spec.roles)
    return used


def margin(service: Service, indicators: Iterable[str] = ()) -> float:
    """How far around the plan to ask, m: the largest radius of the indicators that use the role
    (indicators given: of those), an alert's buffer, at least ``LEAST`` and at most ``MOST``;
    the service's own ``margin`` where it gives one."""
    if service.margin is not None:
        return service.margin
    only = set(indicators)
    radii = [s.radius for s in all_indicators()
             if service.role in s.roles and (not only or s.id in only)]  # fmt: skip
    found = max([LEAST, *radii, _buffer(service.role)])
    return min(found, MOST)


def _buffer(role: str) -> float:
    from ..engine.alerts import load_rules

    return max((rule.buffer for rule in load_rules().overlaps if rule.role == role), default=0.0)


def load_catalogue(own: str | Path | None = None) -> Catalogue:
    """The shipped catalogue, with a municipality's own file laid over it: service by service and
    key by key; a service that says ``null`` is taken out.

    Raises ``FileProblem`` (``SeveralProblems``) with file, line, key and remedy.
    """
    paths = [resources_path.profiles() / "services.yml", *([Path(own)] if own else [])]
    blocks: dict[str, Node] = {}
    crs: dict[str, str] = {}
    for path in paths:
        top = read_yaml(path).mapping(("version", "crs", "services"), ("services",))
        if "crs" in top:
            crs.update({k: n.text() for k, n in top["crs"].mapping(TYPES).items()})
        for name, node in top["services"].mapping().items():
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise node.problem("service.id", word=name)
            if node.null:
                blocks.pop(name, None)
                continue
            below = blocks.get(name)
            over = node.mapping(_KEYS)
            merged = {**(below.value if below is not None else {}), **over}
            blocks[name] = Node(merged, node.file, node.line, node.key)
    keep = Collector()
    found = {name: keep.attempt(_service, name, node, crs) for name, node in blocks.items()}
    keep.finish()
    return Catalogue({k: v for k, v in found.items() if v is not None},
                     tuple(str(p) for p in paths))  # fmt: skip


def _service(name: str, node: Node, crs: Mapping[str, str]) -> Service:
    block = {k: n for k, n in node.mapping(_KEYS, _NEEDED).items() if not n.null}
    for key in _NEEDED:
        if key not in block:
            raise node.problem("file.missing_key", word=key)
    kind = block["type"].choice(TYPES)
    role = block["role"].choice((NONE, *roles()))
    values: dict[str, Any] = {
        "title": block["title"].languages(),
        "address": _address(block["address"]),
        "layers": _layers(block["layers"]),
        "licence": block["licence"].text(),
        "confidence": block["confidence"].choice(("V", "K")),
    }
    for key in ("unit", "filter", "mapping", "date", "authcfg"):
        if key in block:
            values[key] = block[key].text()
    if "basis" in block:
        values["basis"] = block["basis"].choice(("legal", "indicative"))
    for key, low, high in (("sigma", 0, 1e6), ("cell", 0.01, 1e5), ("margin", 0, 10_000),
                           ("nodata", -1e39, 1e39)):  # fmt: skip
        if key in block:
            values[key] = block[key].number(low, high)
    if "page_size" in block:
        values["page_size"] = int(block["page_size"].number(1, 100_000))
    if "default" in block:
        values["default"] = block["default"].boolean()
    if "note" in block:
        values["note"] = block["note"].languages()
    values["crs"] = crs.get(kind, "")
    if "crs" in block and kind != OAPIF:  # there every QGIS asks for one system only
        word = block["crs"].text()
        if not re.fullmatch(r"EPSG:\d{4,6}", word):
            raise block["crs"].problem("service.crs", word=word)
        values["crs"] = word
    if "version" in block:
        values["version"] = block["version"].choice(WFS_VERSIONS if kind == WFS else ("auto",))
    if role in roles():
        _check_role(kind, roles()[role], block)
    for key in ("fields", "values", "constants"):
        if key in block:
            values[key] = block[key].mapping()
    values["fields"] = {k: n.text() for k, n in values.get("fields", _EMPTY).items()}
    values["constants"] = {k: n.plain() for k, n in values.get("constants", _EMPTY).items()}
    values["values"] = {
        k: {own: n.text() for own, n in terms.mapping().items()}
        for k, terms in values.get("values", _EMPTY).items()
    }
    made = Service(id=name, type=kind, role=role, **values)
    for key in made.values:
        if key not in made.fields:
            raise block["values"].problem("service.values", word=key)
    if role != NONE:
        try:  # what the twin file will say must hold there too
            parse_twin(json.dumps({"context": {role: [entry(made, "x.gpkg")]}}))
        except DgoError as error:
            raise node.problem("file.nested", why=error.message) from None
    return made


def _check_role(kind: str, role: Role, block: Mapping[str, Node]) -> None:
    if kind == WCS and not role.raster:
        raise block["role"].problem("service.no_raster", role=role.name)
    if kind in (WFS, OAPIF) and not role.vector:
        raise block["role"].problem("service.no_vector", role=role.name)
    if kind == WCS and role.unit and "unit" in block and block["unit"].text() != role.unit:
        raise block["unit"].problem("service.unit", word=block["unit"].text(), unit=role.unit)
    known = [f.name for f in role.fields] + ["date", "sigma", "basis"]
    for key in ("fields", "constants"):
        for name, node in (block[key].mapping() if key in block else {}).items():
            if role.name != "current" and name not in known:
                raise node.problem("file.unknown_key", word=name, remedy=remedy(name, known))


def _address(node: Node) -> str:
    word = node.text()
    parts = urlsplit(word)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise node.problem("service.address", word=word)
    if parts.username or parts.password:
        raise node.problem("service.secret")
    secret = {"key", "apikey", "api_key", "token", "access_token", "password"}
    if secret & {k.casefold() for k, _ in parse_qsl(parts.query)}:
        raise node.problem("service.secret")
    return word


def _layers(node: Node) -> dict[str, str]:
    if isinstance(node.value, dict):
        found = {k: n.text() for k, n in node.mapping().items()}
    else:
        found = {re.sub(r"\W+", "_", word): word for word in node.texts()}
    if not found:
        raise node.problem("service.no_layers")
    return found


def entry(service: Service, layer: str, day: str = "2000-01-01") -> dict[str, Any]:
    """The block of a twin file for one saved layer of the service, fetched on ``day``."""
    date = day if service.date == FETCHED else service.date
    block: dict[str, Any] = {"layer": layer}
    # a column whose terms were translated stands in the copy under its canonical name
    columns = {k: (k if k in service.values else v) for k, v in service.fields.items()}
    for key, value in (("fields", columns), ("filter", service.filter), ("date", date),
                       ("basis", service.basis), ("mapping", service.mapping)):  # fmt: skip
        if value and not (key == "fields" and service.raster):
            block[key] = value
    if service.sigma is not None:
        block["sigma"] = service.sigma
    return {**block, **service.constants}
