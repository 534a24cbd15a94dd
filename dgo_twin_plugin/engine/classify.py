"""The area type of an existing neighbourhood or block (feature B4, domain 1.3): the rule.

The rule of domain 1.3 with its gaps closed, so that it is a partition: every input, however odd,
gets exactly one type, the branch that gave it, the second-best type and how far off that is. The
thresholds stand in ``profiles/classify.yml``; measuring the figures is :mod:`.form`.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from . import resources_path
from .words import Message, say
from .yaml_lines import Node, read_yaml

NAN = math.nan
UNKNOWN = "unknown"
CONFIDENCE = ("V", "V*", "C", "K", "P")
SOURCES = ("rule", "gap", "data")
# The thresholds that each figure is held against.
HELD = {
    "nature": ("inside_nature",),
    "natural": ("natural", "open_ground"),
    "agrarian": ("agrarian", "open_ground"),
    "fsi": ("open_fsi", "rural_fsi", "suburban_fsi", "settled_fsi", "urban_fsi", "mixed_fsi",
            "centre_fsi"),
    "mxi": ("work_mxi", "mixed_mxi_low", "mixed_mxi_high", "village_mxi"),
    "industry": ("industry",),
    "green": ("green",),
    "station": ("station",),
    "inhabitants": ("village",),
}  # fmt: skip
_SHARES = ("gsi", "mxi", "green", "natural", "agrarian", "nature", "industry")
_HAIR = 1e-9


@dataclass(frozen=True)
class Rules:
    """``profiles/classify.yml``."""

    margin: float
    fallback: str
    thresholds: dict[str, float]
    known: dict[str, float]
    functions: dict[str, tuple[str, ...]]
    station_modes: tuple[str, ...]

    def __getitem__(self, name: str) -> float:
        return self.thresholds[name]


@dataclass(frozen=True)
class Figures:
    """What the rule asks of one polygon; NaN = unknown.

    ``fsi`` floor area / ground, ``gsi`` built / ground, ``mxi`` residential / floor of known use,
    ``green`` vegetated, ``natural``, ``agrarian`` and ``nature`` (inside a protected area) shares
    of the polygon, ``industry`` share of the working floor, ``station`` m to the nearest railway
    station (infinite: none in reach), ``inhabitants`` of the town it belongs to.
    """

    fsi: float = NAN
    gsi: float = NAN
    mxi: float = NAN
    green: float = NAN
    natural: float = NAN
    agrarian: float = NAN
    nature: float = NAN
    industry: float = NAN
    station: float = NAN
    inhabitants: float = NAN

    def sound(self) -> Figures:
        """The same with what cannot be (infinite, negative, a share above 1) made unknown."""
        values = {}
        for name, value in dataclasses.asdict(self).items():
            top = 1.0 + 1e-6 if name in _SHARES else math.inf
            good = 0.0 <= value <= top and (math.isfinite(value) or name == "station")
            values[name] = min(value, 1.0) if good and name in _SHARES else value if good else NAN
        return Figures(**values)


@dataclass(frozen=True)
class Verdict:
    """The type by rule. ``distance``: how far, as share of the threshold, the figure ``figure`` is
    from where the type would be ``second``; 0 where that figure is unknown; infinite where no
    single figure can change the type (``second`` None then)."""

    type: str
    rule: str
    reason: Message
    second: str | None
    distance: float
    figure: str
    doubtful: bool


@lru_cache(maxsize=1)
def shipped_rules() -> Rules:
    """The shipped thresholds."""
    return read_rules(resources_path.profiles() / "classify.yml")


def read_rules(path: str | Path) -> Rules:
    """Read and validate a file of thresholds. Raises ``FileProblem`` with file, line, remedy."""
    keys = ("margin", "fallback", "thresholds", "known", "functions", "station_modes")
    top = read_yaml(path).mapping(("version", "date", *keys), keys)
    names = tuple(dict.fromkeys(t for held in HELD.values() for t in held))
    lists = ("natural", "agrarian", "industry", "services", "unknown_use")
    return Rules(
        margin=_value(top["margin"]),
        fallback=top["fallback"].text(),
        thresholds={k: _value(n) for k, n in top["thresholds"].mapping(names, names).items()},
        known={k: _value(n)
               for k, n in top["known"].mapping(("ground", "use"), ("ground", "use")).items()},
        functions={k: n.texts() for k, n in top["functions"].mapping(lists, lists).items()},
        station_modes=top["station_modes"].texts(),
    )  # fmt: skip


def _value(node: Node) -> float:
    keys = ("value", "unit", "source", "confidence")
    block = node.mapping(keys, keys)
    block["source"].choice(SOURCES)
    block["confidence"].choice(CONFIDENCE)
    return block["value"].number(0)


def branch(f: Figures, rules: Rules) -> tuple[str, str]:
    """(type, rule) of sound figures. Unknown figures fail every comparison; the order of the
    questions is that of domain 1.3, and every path ends in a type."""
    if f.nature >= rules["inside_nature"]:
        return "GT11", "protected"
    if f.natural > rules["natural"]:
        return "GT11", "natural"
    if math.isnan(f.fsi):
        return rules.fallback, UNKNOWN
    if f.fsi < rules["open_fsi"]:
        return _open(f, rules)
    if f.mxi < rules["work_mxi"] and not math.isnan(f.industry):
        return ("GT09", "industry") if f.industry >= rules["industry"] else ("GT08", "offices")
    mixed = rules["mixed_mxi_low"] <= f.mxi <= rules["mixed_mxi_high"]
    if f.fsi >= rules["centre_fsi"] or (mixed and f.fsi >= rules["mixed_fsi"]):
        return ("GT02", "node") if f.station <= rules["station"] else ("GT01", "centre")
    if f.fsi >= rules["urban_fsi"]:
        return "GT03", "urban"
    village = f.inhabitants < rules["village"]
    if f.fsi >= rules["settled_fsi"]:
        if village:
            centre = f.mxi < rules["village_mxi"]
            return ("GT05", "village_centre") if centre else ("GT06", "village")
        return ("GT04", "green") if f.green >= rules["green"] else ("GT03", "low_green")
    if f.fsi < rules["rural_fsi"]:
        return "GT07", "rural"
    if village:
        return "GT06", "village_edge"
    return ("GT07", "suburb_low") if f.fsi < rules["suburban_fsi"] else ("GT03", "suburb_high")


def _open(f: Figures, rules: Rules) -> tuple[str, str]:
    """Hardly any floor area: nature, farmland, or the thinnest of the residential types."""
    if f.agrarian > rules["agrarian"]:
        return "GT10", "agrarian"
    natural = 0.0 if math.isnan(f.natural) else f.natural
    agrarian = 0.0 if math.isnan(f.agrarian) else f.agrarian
    if natural + agrarian >= rules["open_ground"]:
        return ("GT11", "open_nature") if natural >= agrarian else ("GT10", "open_farmland")
    return ("GT11", "open_green") if f.green >= rules["green"] else ("GT07", "sparse")


def classify(figures: Figures, rules: Rules | None = None, margin: float | None = None) -> Verdict:
    """The type of one polygon, why, and how sure. Never raises, whatever the figures are."""
    rules = rules or shipped_rules()
    margin = rules.margin if margin is None else margin
    f = figures.sound()
    kind, rule = branch(f, rules)
    second, distance, figure = _second(f, kind, rules)
    doubtful = second is not None and distance <= margin or rule == UNKNOWN
    return Verdict(kind, rule, _reason(f, rule, rules), second, distance, figure, doubtful)


def _second(f: Figures, kind: str, rules: Rules) -> tuple[str | None, float, str]:
    """The type on the other side of the nearest threshold that changes the type, how far off that
    is, and which figure it is. An unknown figure is as near as can be."""
    best: tuple[float, int, str, str] | None = None
    for order, (name, held) in enumerate(HELD.items()):
        value = getattr(f, name)
        if name == "nature" and math.isnan(value) and f.fsi >= rules["open_fsi"]:
            continue  # no layer of nature: that leaves only open land in doubt, not every street
        for each in held:
            threshold = rules[each]
            tries: tuple[tuple[float, float], ...]
            if math.isnan(value):
                tries = ((0.0, threshold * (1 - _HAIR)), (0.0, threshold * (1 + _HAIR)))
            else:
                side = 1 - _HAIR if value >= threshold else 1 + _HAIR
                away = abs(float(value) - threshold) / threshold
                tries = ((away, threshold * side),)
                if value == threshold:  # it lies on it: either side is as near
                    tries += ((0.0, threshold * (1 + _HAIR)),)
            for distance, moved in tries:
                other, _ = branch(dataclasses.replace(f, **{name: moved}), rules)
                found = (distance, order, other, name)
                if other != kind and (best is None or found[:2] < best[:2]):
                    best = found
    return (best[2], best[0], best[3]) if best else (None, math.inf, "")


def _reason(f: Figures, rule: str, rules: Rules) -> Message:
    """The branch in words, with the figures filled in."""

    def number(value: float, digits: int = 2) -> float | Message:
        return say("classify.not_known") if math.isnan(value) else round(value, digits)

    def percent(value: float) -> float | Message:
        return say("classify.not_known") if math.isnan(value) else round(100.0 * value, 1)

    if math.isnan(f.station):
        station: object = say("classify.station_unknown")
    elif math.isinf(f.station):
        station = say("classify.station_none")
    else:
        station = say("classify.station_at", distance=round(f.station))
    return say(
        f"classify.rule.{rule}", fsi=number(f.fsi), mxi=number(f.mxi), green=percent(f.green),
        natural=percent(f.natural), agrarian=percent(f.agrarian), nature=percent(f.nature),
        industry=percent(f.industry), station=station,
        inhabitants=say("classify.town_unknown") if math.isnan(f.inhabitants)
        else say("classify.town", inhabitants=f"{f.inhabitants:.0f}"),
        **{f"t_{k}": 100.0 * v if k in _PERCENT else v for k, v in rules.thresholds.items()},
    )  # fmt: skip


_PERCENT = {"inside_nature", "natural", "agrarian", "open_ground", "green", "industry"}


def doubt(verdict: Verdict) -> Message | None:
    """Why a type is doubtful, as a sentence; None where it is not."""
    if not verdict.doubtful or verdict.second is None:
        return None
    name = say(f"classify.figure.{verdict.figure}")
    if verdict.distance == 0.0:
        return say("classify.doubt.edge", figure=name, second=verdict.second)
    return say("classify.doubt.near", figure=name, second=verdict.second,
               distance=round(100.0 * verdict.distance, 1))  # fmt: skip
