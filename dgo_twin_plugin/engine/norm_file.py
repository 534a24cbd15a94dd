"""The panel saved as a municipality's norm file: an overlay that ``load_profile`` reads back.

The ambition becomes the basis (mark 8). Minimum and optimum stay as the profile has them, and move
only where the strict order minimum - basis - optimum needs it: then as far from the new basis as
they were from the old one, but never below zero, above 100 %, or past the law where that can be.
"""

from __future__ import annotations

import datetime
import math
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .bandwidth import Track, track
from .mix import Mix, part_key
from .mix_presets import quantities
from .texts import LANGUAGES, text
from .words import DgoError

if TYPE_CHECKING:
    from .norms import Profile


@dataclass(frozen=True)
class NormFile:
    """What was written. ``changed``: (part key, area type) -> the three anchors; ``moved``: those
    of them whose minimum or optimum had to move; ``left_out``: scopes that a norm file cannot say
    (a zone is no area type)."""

    path: Path
    changed: dict[tuple[str, str], tuple[float, float, float]]
    moved: list[tuple[str, str]]
    left_out: list[str] = field(default_factory=list)


def to_norm_file(
    mix: Mix, profile: Profile, types: Iterable[str], title: str, path: str | Path,
    municipality: str = "", *, reason: str = "", date: datetime.date | None = None,
) -> NormFile:  # fmt: skip
    """Write the mix as an overlay of ``profile`` to ``path``; its status is a proposal.

    ``types``: the area types that ``all`` means. ``date``: of making, today where absent; the
    law of that day holds the minimum. Raises ``DgoError`` without a title, where the mix equals
    the profile, or where the file cannot be written. An existing file is replaced.
    """
    path, title = Path(path), title.strip()
    if not title:
        raise DgoError("mix.error.title")
    made = date or datetime.date.today()
    kinds = [t for t in dict.fromkeys(types) if t in profile.area_types]
    changed, moved = _anchors(mix, profile, kinds, made)
    weights = _weights(mix, profile)
    themes = {t: w for t, w in sorted(mix.theme_weights.items())
              if w != profile.theme_weights.get(t, 1.0)}  # fmt: skip
    if not (changed or weights or themes):
        raise DgoError("mix.error.nothing")
    why = {lang: _why(reason, municipality, made, lang) for lang in LANGUAGES}
    found: dict[str, Any] = {
        "base": _base(profile, path), "id": slug(title, made), "version": "1",
        "title": dict.fromkeys(LANGUAGES, title), "status": "proposal",
        "note": {lang: _note(reason, municipality or title, made, lang) for lang in LANGUAGES},
    }  # fmt: skip
    if themes:
        found["theme_weights"] = themes
    norms: dict[str, Any] = {}
    for id_, weight in weights.items():
        norms.setdefault(id_, {})["weight"] = weight
    for (key, kind), (low, basis, high) in changed.items():
        id_, _, part = key.partition(".")
        block = norms.setdefault(id_, {})
        if part:
            block = block.setdefault("parts", {}).setdefault(part, {})
        block[kind] = {"minimum": low, "basis": basis, "optimum": high, "reason": dict(why)}
    if norms:
        found["norms"] = {k: norms[k] for k in profile.indicators if k in norms}
    _write(path, found)
    left = sorted(s for s in mix.ambitions if s.startswith("zone ") and mix.ambitions[s])
    return NormFile(path, changed, moved, left)


def _write(path: Path, found: dict[str, Any]) -> None:
    """All or nothing: a file beside it first, then in its place."""
    import yaml

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    content = yaml.dump(found, Dumper=Plain, sort_keys=False, allow_unicode=True, width=100)
    beside = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(str(content), encoding="utf-8")
        os.replace(beside, path)
    except OSError as error:
        raise DgoError("mix.error.write", file=str(path), why=str(error)) from None


def _note(reason: str, municipality: str, made: datetime.date, lang: str) -> str:
    return text("mix.file.note", lang, municipality=municipality, date=made.isoformat(),
                reason=reason.strip() or text("mix.file.no_reason", lang))  # fmt: skip


def _why(reason: str, municipality: str, made: datetime.date, lang: str) -> str:
    return reason.strip() or text("mix.file.reason", lang, municipality=municipality or "\u2013",
                                  date=made.isoformat())  # fmt: skip


def slug(title: str, date: datetime.date) -> str:
    """An id out of a title: ``Voorbeeldstad 2026`` -> ``voorbeeldstad-2026``."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    word = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return word if re.search("[a-z]", word) else f"norms-{word or date.isoformat()}"


def _base(profile: Profile, path: Path) -> str:
    """The profile below: its id where it is shipped, else its file, relative where it can be."""
    from .norms import shipped_profiles

    if not profile.base and profile.id in shipped_profiles():
        return profile.id
    own = Path(profile.files[-1 if profile.base else 0]) if profile.files else None
    if own is None:
        return profile.id
    own = own.resolve()
    if own == path.resolve():
        raise DgoError("mix.error.itself", file=str(path))
    try:
        return Path(os.path.relpath(own, path.resolve().parent)).as_posix()
    except ValueError:  # another drive
        return str(own)


def _weights(mix: Mix, profile: Profile) -> dict[str, float]:
    """Weights other than the profile's; what is switched off weighs 0."""
    found = {}
    for id_, norms in profile.indicators.items():
        weight = 0.0 if id_ in mix.off else mix.weights.get(id_, norms.weight)
        if weight != norms.weight:
            found[id_] = float(weight)
    return found


def _anchors(
    mix: Mix, profile: Profile, types: list[str], date: datetime.date
) -> tuple[dict[tuple[str, str], tuple[float, float, float]], list[tuple[str, str]]]:
    changed: dict[tuple[str, str], tuple[float, float, float]] = {}
    moved = []
    named = [t for t in profile.area_types if t in mix.ambitions]
    for kind in dict.fromkeys((*types, *named)):
        for indicator, part in quantities(profile):
            key = part_key(indicator, part)
            wish = mix.wish(key, kind)
            found = track(profile, indicator, kind, date, part)
            if wish is None or found is None or wish == found.basis:
                continue
            if found.log and wish <= 0:
                continue  # no such norm can be
            three = ordered(found, wish)
            changed[key, kind] = three
            if (three[0], three[2]) != (found.minimum, found.optimum):
                moved.append((key, kind))
    return changed, moved


def ordered(found: Track, basis: float) -> tuple[float, float, float]:
    """(minimum, basis, optimum) with another basis, strictly in the order of the direction."""
    sign = 1.0 if found.up else -1.0
    low, high = found.minimum, found.optimum
    if not sign * low < sign * basis:
        low = _beside(found, basis, found.minimum, found.limit)
    if not sign * basis < sign * high:
        high = _beside(found, basis, found.optimum, None)
    return low, basis, high


def _beside(found: Track, basis: float, old: float, limit: float | None) -> float:
    """An anchor as far from the new basis as the old one was from the old basis, but on the right
    side of what can be; halfway to that where it would pass it."""
    if found.log:
        return _clean(basis * (old / found.basis), basis)
    value = basis + (old - found.basis)
    bounds = [b for b in (limit, _edge(found, old < found.basis)) if b is not None]
    for bound in bounds:  # only where there is room between the basis and the bound
        down = old < found.basis
        passed = value < bound if down else value > bound
        room = bound < basis if down else bound > basis
        if passed and room:
            value = bound
    return _clean(value, basis)


def _edge(found: Track, down: bool) -> float | None:
    """Zero below, 100 above a share; None where there is no such end."""
    anchors = (found.minimum, found.basis, found.optimum)
    if down:
        return 0.0 if min(anchors) >= 0 else None
    whole = found.unit in ("%", "% of persons") and max(anchors) <= 100
    return 100.0 if whole else None


def _clean(value: float, basis: float) -> float:
    """Without the dust of binary floats, as long as it stays another number than the basis."""
    rounded = float(f"{value:.10g}")
    if rounded == basis:
        return value if value != basis else math.nextafter(basis, value)
    return rounded
