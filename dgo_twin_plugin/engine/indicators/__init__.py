"""The registry of indicators: every module of this folder that has a ``SPEC``.

Nothing is listed by hand. A new indicator is a new module here (its specification and its
``compute``), its norms, its texts and its test. Modules are imported when first asked for, so
that loading the plugin costs nothing.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from typing import TYPE_CHECKING

from ..words import INDICATORS

if TYPE_CHECKING:
    from .spec import Indicator

__all__ = ["all_indicators", "indicator", "indicator_ids", "known_indicators"]


def indicator_ids() -> list[str]:
    """The ids of all indicators, in the order of their codes, without importing any: a module is
    named after its indicator."""
    return list(_names())


@lru_cache(maxsize=1)  # looking into a folder takes a millisecond, and a mix names hundreds
def _names() -> tuple[str, ...]:
    names = [m.name for m in pkgutil.iter_modules(__path__)
             if not m.name.startswith("_") and m.name != "spec"]  # fmt: skip
    known = {name: k for k, name in enumerate(INDICATORS)}
    return tuple(sorted(names, key=lambda name: (known.get(name, len(known)), name)))


def known_indicators() -> list[str]:
    """Ids that profiles and twin files may name: those that are here, and those announced."""
    return list(dict.fromkeys([*indicator_ids(), *INDICATORS]))


@lru_cache(maxsize=1)
def _registry() -> dict[str, Indicator]:
    found: dict[str, Indicator] = {}
    for name in indicator_ids():
        spec = importlib.import_module(f"{__name__}.{name}").SPEC
        found[spec.id] = spec
    # I01 ... I20 before N01 ...: the code sorts as text
    return dict(sorted(found.items(), key=lambda item: item[1].code))


def all_indicators() -> tuple[Indicator, ...]:
    """Every indicator, in the order of its code."""
    return tuple(_registry().values())


def indicator(name: str) -> Indicator:
    """The indicator with this id. KeyError, with those that exist, where there is none: what people
    type is checked where it is read."""
    found = _registry().get(name)
    if found is None:
        raise KeyError(f"{name}: no indicator; there are {', '.join(_registry())}")
    return found
