"""Profiles: the norms of all indicators in all area types, and the law beside them.

A profile is data (``profiles/<id>/``); a municipality lays a small file over it. Reading and
validating is in ``profile_read.py``, laying over in ``profile_overlay.py``.
"""

from __future__ import annotations

import datetime
import hashlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from . import resources_path
from .functions import fold
from .words import DgoError, Message
from .yaml_lines import nearest, remedy

PROPOSAL, ADOPTED = "proposal", "adopted"
NAN = float("nan")


@dataclass(frozen=True)
class AreaType:
    """One of the area types. Ranges are (low, high) or None; shares 0-1, dwellings per ha net."""

    id: str
    name: dict[str, str]
    imow: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    function: dict[str, str] = field(default_factory=dict)
    intensity: dict[str, str] = field(default_factory=dict)
    fsi: tuple[float, float] | None = None
    gsi: tuple[float, float] | None = None
    floors: tuple[float, float] | None = None
    osr: tuple[float, float] | None = None
    mxi: tuple[float, float] | None = None
    dwellings_ha: tuple[float, float] | None = None
    public_space: dict[str, tuple[float, float]] = field(default_factory=dict)
    source: str = ""
    status: str = PROPOSAL
    confidence: str = "P"
    note: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Norm:
    """Marks 6, 8 and 10 of one quantity in one area type, in the unit of the quantity."""

    minimum: float
    basis: float
    optimum: float
    source: str
    status: str
    confidence: str
    note: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Law:
    """A dated legal entry (or a reference: guideline, policy). NaN = no such number."""

    indicator: str
    variant: str  # kind of source, use or vulnerability
    limit: float
    standard: float
    unit: str
    start: datetime.date  # first day
    end: datetime.date | None  # last day, None = open
    source: str  # id in Profile.sources
    status: str  # law | guideline | policy | proposal
    confidence: str
    part: str = ""
    set: str = ""  # 'A1', 'A2': limit and figure must be of the same set
    text: dict[str, str] = field(default_factory=dict)  # the article, per language
    note: dict[str, str] = field(default_factory=dict)

    def in_force(self, date: datetime.date) -> bool:
        return self.start <= date and (self.end is None or date <= self.end)


@dataclass(frozen=True)
class PartNorms:
    """One quantity of an indicator: unit, direction 'up'|'down', scale 'linear'|'log', norms."""

    id: str
    unit: str
    direction: str
    scale: str
    sigma: tuple[float, str]  # default spread: number, absolute | relative | decades
    norms: dict[str, Norm | None]  # area type -> norm; None = nvt

    @property
    def up(self) -> bool:
        return self.direction == "up"

    @property
    def log(self) -> bool:
        return self.scale == "log"


@dataclass(frozen=True)
class IndicatorNorms:
    """All that a profile says of one indicator. ``unit``, ``direction``, ``scale``, ``sigma`` and
    ``norms`` are those of its first part."""

    id: str
    code: str
    theme: str
    weight: float
    parts: dict[str, PartNorms]
    law: tuple[Law, ...] = ()
    references: tuple[Law, ...] = ()

    @property
    def first(self) -> PartNorms:
        return next(iter(self.parts.values()))

    @property
    def unit(self) -> str:
        return self.first.unit

    @property
    def direction(self) -> str:
        return self.first.direction

    @property
    def scale(self) -> str:
        return self.first.scale

    @property
    def sigma(self) -> tuple[float, str]:
        return self.first.sigma

    @property
    def norms(self) -> dict[str, Norm | None]:
        return self.first.norms


@dataclass(frozen=True)
class Source:
    """Where a number comes from: title per language, date, and an address where there is one."""

    id: str
    title: dict[str, str]
    date: datetime.date | None = None
    url: str = ""


@dataclass(frozen=True)
class Rate:
    """A number behind assumed quantities, from rates.yml."""

    value: float
    unit: str
    source: str
    confidence: str


@dataclass(frozen=True)
class Finding:
    """Something to be seen in a profile that does not make it unusable."""

    code: str  # key under norms.finding
    severity: str
    indicator: str
    area_type: str
    params: dict[str, Any]

    def message(self) -> Message:
        return Message("norms.finding." + self.code, dict(self.params))


@dataclass(frozen=True)
class Difference:
    """One thing that another profile has otherwise. ``kind``: norm, weight, sigma, theme_weight,
    min_coverage, area_type, typology, law, status."""

    kind: str
    old: Any
    new: Any
    indicator: str = ""
    part: str = ""
    area_type: str = ""
    key: str = ""
    reason: dict[str, str] = field(default_factory=dict)

    def message(self) -> Message:
        """The difference as a sentence."""
        what = ".".join(p for p in (self.indicator, self.part) if p) or self.key
        return Message("norms.difference." + self.kind, {
            "indicator": what, "key": self.key, "area_type": self.area_type,
            "old": _shown(self.old), "new": _shown(self.new)})  # fmt: skip


@dataclass(frozen=True)
class Profile:
    """All norms together, versioned. ``hash`` covers everything that can move a mark."""

    id: str
    version: str
    title: dict[str, str]
    status: str  # 'proposal' | 'adopted'
    adopted_by: str | None
    adopted_on: datetime.date | None
    min_coverage: float
    theme_weights: dict[str, float]
    sources: dict[str, Source]
    area_types: dict[str, AreaType]
    indicators: dict[str, IndicatorNorms]
    defaults: dict[str, Any]  # typology: fallback, every_type, area_types
    rates: dict[str, Rate]
    hash: str = ""
    base: str = ""  # id of the profile this one is laid over
    files: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    reasons: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def adopted(self) -> bool:
        """Whether a verdict may be given: adopted, and by whom and when is known (attack 1)."""
        return self.status == ADOPTED and bool(self.adopted_by) and self.adopted_on is not None

    def resolve_type(self, term: object) -> str | None:
        """Area type meant by an id, a name, an IMOW code (or its address) or an alias, in any
        case, with or without spaces; None where unknown."""
        if term is None:
            return None
        word = str(term).strip()
        if "://" in word:
            word = word.rstrip("/").rsplit("/", 1)[-1].rsplit("#", 1)[-1]
        return self._terms().get(fold(word))

    def suggest_type(self, term: object) -> str | None:
        """The area type most like an unknown term, for advice only."""
        near = nearest(fold(term), self._terms())
        return self._terms()[near] if near else None

    def _terms(self) -> dict[str, str]:
        found: dict[str, str] | None = self.__dict__.get("_term_cache")
        if found is None:
            found = {}
            for t in self.area_types.values():
                for term in (t.id, *t.name.values(), *t.imow, *t.aliases):
                    found.setdefault(fold(term), t.id)
            object.__setattr__(self, "_term_cache", found)
        return found

    def part(self, indicator: str, part: str = "") -> PartNorms | None:
        """The norms of one quantity, or None where the profile does not know it."""
        found = self.indicators.get(indicator)
        return None if found is None else found.parts.get(part)

    def norm(self, indicator: str, area_type: str | None, part: str = "") -> Norm | None:
        """The norm, or None: not applicable there, or type, indicator or part unknown."""
        found = self.part(indicator, part)
        return None if found is None or area_type is None else found.norms.get(area_type)

    def not_applicable(self, indicator: str, area_type: str | None, part: str = "") -> bool:
        """Whether the profile says 'nvt' there (unlike: does not know the type)."""
        found = self.part(indicator, part)
        return found is not None and area_type in found.norms and found.norms[area_type] is None

    def anchors(
        self, indicator: str, area_types: Iterable[str | None], part: str = ""
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n,) float64 minimum, basis and optimum per area type; NaN for nvt and unknown."""
        rows = [self.norm(indicator, a, part) for a in area_types]
        values = np.array(
            [(NAN,) * 3 if r is None else (r.minimum, r.basis, r.optimum) for r in rows], float
        ).reshape(-1, 3)
        return values[:, 0].copy(), values[:, 1].copy(), values[:, 2].copy()

    def law(
        self, indicator: str, date: datetime.date, variant: str | None = None, part: str | None = ""
    ) -> tuple[Law, ...]:
        """The legal entries in force at the date, in file order. ``part=None``: of all parts."""
        found = self.indicators.get(indicator)
        return _in_force(found.law if found else (), date, variant, part)

    def references(
        self, indicator: str, date: datetime.date, variant: str | None = None,
        part: str | None = None,
    ) -> tuple[Law, ...]:  # fmt: skip
        """Guidelines and policy to show beside a mark (WHO, NSVV): never a legal test."""
        found = self.indicators.get(indicator)
        return _in_force(found.references if found else (), date, variant, part)

    def typology(self, area_type: str | None) -> dict[str, Any]:
        """Defaults for empty fields in an area type (design 6, P), None or unknown: the fallback.
        Keys as in typology.yml; ``disconnected`` follows the type's norm."""
        found = dict(self.defaults.get("fallback", {}))
        if area_type in self.area_types:
            found.update(self.defaults.get("every_type", {}))
            found.update(self.defaults.get("area_types", {}).get(area_type, {}))
        for key, value in found.items():
            if isinstance(value, dict):
                norm = self.norm(value["norm"], area_type)
                found[key] = (
                    self.defaults["fallback"].get(key) if norm is None
                    else float(getattr(norm, value["anchor"])) * value["times"]
                )  # fmt: skip
        return found

    def rate(self, name: str) -> float:
        """The value of a rate. KeyError on an unknown name: a mistake in code."""
        return self.rates[name].value

    def source_text(self, source: str, lang: str) -> str:
        """Title of a source; an id without an entry shows itself."""
        found = self.sources.get(source)
        return source if found is None else found.title.get(lang, source)

    def differences(self, other: Profile) -> list[Difference]:
        """What ``other`` has otherwise than this profile (old = here, new = there)."""
        from .profile_overlay import differences

        return differences(self, other)


def _in_force(
    entries: tuple[Law, ...], date: datetime.date, variant: str | None, part: str | None
) -> tuple[Law, ...]:
    return tuple(
        e for e in entries
        if e.in_force(date) and variant in (None, e.variant) and part in (None, e.part)
    )  # fmt: skip


def _shown(value: Any) -> Any:
    if value is None:
        return "–"
    if isinstance(value, (tuple, list)):
        return " / ".join(f"{v:g}" if isinstance(v, (int, float)) else str(v) for v in value)
    return float(value) if isinstance(value, (int, float)) else str(value)


def shipped_profiles() -> list[str]:
    """Ids of the profiles that come with the product."""
    return sorted(p.parent.name for p in resources_path.profiles().glob("*/profile.yml"))


def profile_path(id_or_path: str | Path, folder: Path | None = None) -> Path:
    """The file behind a profile id or path (relative to ``folder``). ``DgoError`` if none."""
    word = str(id_or_path).strip()
    if word in shipped_profiles():
        return resources_path.profiles() / word / "profile.yml"
    path = Path(word).expanduser()
    if folder is not None and not path.is_absolute():
        path = folder / path
    if path.is_dir() and (path / "profile.yml").is_file():
        return path / "profile.yml"
    if path.is_file():
        return path
    raise DgoError(
        "errors.profile.not_found", profile=word, remedy=remedy(word, shipped_profiles())
    )


def load_profile(id_or_path: str | Path, overlay: str | Path | None = None) -> Profile:
    """Load a shipped profile by id, or a YAML file; a file with ``base:`` is laid over its base.

    ``overlay`` is a further file laid over the result. Raises ``DgoError`` with file, line, key
    and remedy; :class:`~.yaml_lines.SeveralProblems` where there is more than one.
    """
    from .profile_overlay import lay_over
    from .profile_read import read_any

    profile = read_any(profile_path(id_or_path))
    return profile if overlay is None else lay_over(profile, Path(overlay))


_shared: dict[str, tuple[str, Profile]] = {}  # file -> what its files held, and the profile
_sharing = threading.Lock()


def shared_profile(id_or_path: str | Path) -> Profile:
    """:func:`load_profile`, read once as long as its files hold the same: the same object for all
    who ask, in any thread. For those who only look; raises as it does."""
    path = profile_path(id_or_path)
    with _sharing:
        key = str(path.resolve())
        found = _shared.get(key)
        if found is not None and found[0] == _held(found[1], path):
            return found[1]
        profile = load_profile(path)
        if len(_shared) >= 8:
            _shared.clear()
        _shared[key] = (_held(profile, path), profile)
        return profile


def _held(profile: Profile, path: Path) -> str:
    """A hash of all files that a profile was read from, and of those that would be read now."""
    files = {path, *(Path(file) for file in profile.files)}
    for folder in {file.parent for file in files}:
        if (folder / "norms").is_dir():
            files.update((folder / "norms").glob("*.yml"))
            files.update(folder / name for name in ("typology.yml", "rates.yml"))
    files.update(resources_path.profiles() / name for name in ("typology.yml", "rates.yml"))
    held = hashlib.sha256()
    for file in sorted(files):
        held.update(str(file).encode())
        try:
            held.update(hashlib.sha256(file.read_bytes()).digest())
        except OSError:
            held.update(b"-")  # not there: that counts as well
    return held.hexdigest()
