"""Presets of the mixing panel: minimum, province, municipality, optimum, and sets people saved."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .mix import Mix, part_key

if TYPE_CHECKING:
    from .norms import Profile

MINIMUM, PROVINCE, MUNICIPALITY, OPTIMUM, OWN = (
    "minimum", "province", "municipality", "optimum", "own",
)  # fmt: skip


@dataclass(frozen=True)
class Preset:
    """A set to begin from. ``name`` is a key of the catalogues, but of one's own sets it is the
    name they were given; :meth:`Mix.taking` lays it over a mix."""

    id: str
    name: str
    mix: Mix
    own: bool = False


def presets(
    profile: Profile, types: Iterable[str], date: datetime.date | None = None,
    municipality: Profile | None = None, own: Mapping[str, Mix] | None = None,
) -> list[Preset]:  # fmt: skip
    """The presets for the area types of a plan.

    ``minimum`` and ``optimum`` give every quantity its mark 6 and 10, with the law in between on a
    date; ``province`` is the basis of the profile (of the one below where it is a municipality's);
    ``municipality`` the basis and the weights of a norm file that is laid over (``municipality``,
    or the profile in force where it is one). ``own``: name -> mix as saved.
    """
    kinds = list(dict.fromkeys(types))
    base = _base(profile)
    if municipality is None and base is not None:
        municipality = profile
    province = Mix() if base is None else based(base, profile, kinds)
    found = [
        Preset(MINIMUM, "mix.preset.minimum", at_mark(profile, kinds, 6.0, date)),
        Preset(PROVINCE, "mix.preset.province", province),
    ]
    if municipality is not None:
        found.append(Preset(MUNICIPALITY, "mix.preset.municipality",
                            based(municipality, profile, kinds)))  # fmt: skip
    found.append(Preset(OPTIMUM, "mix.preset.optimum", at_mark(profile, kinds, 10.0, date)))
    return found + [Preset(f"{OWN}:{name}", name, mix, True) for name, mix in (own or {}).items()]


def _base(profile: Profile) -> Profile | None:
    """The profile that this one is laid over; None where it is none, or where it is gone."""
    from .norms import load_profile
    from .words import DgoError

    try:
        return load_profile(profile.base) if profile.base else None
    except DgoError:
        return None


def quantities(profile: Profile) -> list[tuple[str, str]]:
    """(indicator, part) of every quantity that has norms."""
    return [(i, part) for i, n in profile.indicators.items() for part in n.parts]


def at_mark(
    profile: Profile, types: Iterable[str], mark: float, date: datetime.date | None = None
) -> Mix:
    """Every quantity in every area type at the value of a mark."""
    from .bandwidth import track

    wanted: dict[str, dict[str, float]] = {}
    for kind in types:
        block = {}
        for indicator, part in quantities(profile):
            found = track(profile, indicator, kind, date, part)
            if found is not None:
                block[part_key(indicator, part)] = found.clamp(found.value_at_mark(mark))
        if block:
            wanted[kind] = block
    return Mix(wanted)


def based(source: Profile, profile: Profile, types: Iterable[str]) -> Mix:
    """The basis and the weights of another profile, as far as they differ from this one's."""
    wanted: dict[str, dict[str, float]] = {}
    for kind in types:
        block = {}
        for indicator, part in quantities(profile):
            there, here = source.norm(indicator, kind, part), profile.norm(indicator, kind, part)
            if there is not None and here is not None and there.basis != here.basis:
                block[part_key(indicator, part)] = there.basis
        if block:
            wanted[kind] = block
    weights = {i: n.weight for i, n in source.indicators.items()
               if i in profile.indicators and n.weight != profile.indicators[i].weight}  # fmt: skip
    themes = {t: w for t, w in source.theme_weights.items() if w != profile.theme_weights.get(t)}
    return Mix(wanted, weights, themes)
