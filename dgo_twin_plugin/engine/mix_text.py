"""A mix as text and back: YAML whose blocks ``ambitions`` and ``weights`` are those of a twin file,
beside ``off``, ``locked`` and ``mode``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .mix import ALL, DESIGN, MODES, Mix, full_key, split_key
from .words import THEMES

if TYPE_CHECKING:
    from .norms import Profile
    from .yaml_lines import Node

KEYS = ("ambitions", "weights", "off", "locked", "mode")
_ZONE = re.compile(r"zone[ _]*(\d+)", re.IGNORECASE)
_MOST = 1000  # of a weight, as in a twin file


def write(mix: Mix) -> str:
    """The mix as YAML. Names are sorted, so that the same mix is the same text; what is as the
    profile has it is left out, and nothing at all is an empty text."""
    found: dict[str, Any] = {}
    if mix.ambitions:
        found["ambitions"] = ambitions(mix)
    own = weights(mix, with_off=False)
    if own:
        found["weights"] = own
    for name in ("off", "locked"):
        if getattr(mix, name):
            found[name] = sorted(getattr(mix, name))
    if mix.mode != DESIGN:
        found["mode"] = mix.mode
    return _yaml(found)


def _yaml(found: Mapping[str, Any]) -> str:
    import yaml

    if not found:
        return ""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the same text, faster where it is
    return str(yaml.dump(dict(found), Dumper=dumper, sort_keys=False, allow_unicode=True,
                         width=100))  # fmt: skip


def ambitions(mix: Mix) -> dict[str, dict[str, float]]:
    """The block ``ambitions`` of a twin file: all that was set, whatever the mode."""
    return {scope: dict(sorted(mix.ambitions[scope].items()))
            for scope in sorted(mix.ambitions, key=_order) if mix.ambitions[scope]}  # fmt: skip


def weights(mix: Mix, with_off: bool = True) -> dict[str, Any]:
    """The block ``weights`` of a twin file; ``with_off``: what is switched off weighs 0."""
    own: dict[str, Any] = dict(sorted(mix.weights.items()))
    if with_off:
        own.update({k: 0.0 for k in sorted(mix.off)})
    if mix.theme_weights:
        own["themes"] = dict(sorted(mix.theme_weights.items()))
    return own


def parameters(mix: Mix) -> tuple[str, str]:
    """(ambitions, weights) as the texts that a full run takes, in force: in the mode *toets* both
    are empty, what is switched off weighs 0."""
    if mix.testing:
        return "", ""
    return _yaml(ambitions(mix)), _yaml(weights(mix))


def _order(scope: str) -> tuple[int, int, str]:
    zone = _ZONE.fullmatch(scope)
    if zone:
        return 2, int(zone[1]), scope
    return (0 if scope == ALL else 1), 0, scope


def read(content: str, profile: Profile | None = None) -> Mix:
    """A mix from text. Unknown keys and words, numbers out of range: ``DgoError`` with line, key
    and remedy, all at once. ``profile`` resolves names of area types; without it only codes
    (``GT04``) and the names of the shipped profile are known."""
    from .yaml_lines import Collector, parse_yaml

    top = parse_yaml(content, "mix").mapping(KEYS)
    keep = Collector()
    made: dict[str, Any] = {}
    if "ambitions" in top:
        made["ambitions"] = keep.attempt(_ambitions, top["ambitions"], profile, keep) or {}
    if "weights" in top:
        own, themes = keep.attempt(_weights, top["weights"]) or ({}, {})
        made["weights"], made["theme_weights"] = own, themes
    for name in ("off", "locked"):
        if name in top and not top[name].null:
            made[name] = frozenset(keep.attempt(_names, top[name]) or ())
    if "mode" in top and not top["mode"].null:
        made["mode"] = keep.attempt(top["mode"].choice, MODES) or DESIGN
    keep.finish()
    return Mix(**made)


def _ambitions(node: Node, profile: Profile | None, keep: Any) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for word, block in node.mapping().items():
        scope = keep.attempt(_scope, word, block, profile)
        wanted = {}
        for key, value in (keep.attempt(block.mapping) or {}).items():
            name = keep.attempt(_part, key, value)
            figure = keep.attempt(value.number)
            if name is not None and figure is not None:
                wanted[name] = figure
        if scope and wanted:
            found[scope] = {**found.get(scope, {}), **wanted}
    return found


def _scope(word: str, node: Node, profile: Profile | None) -> str:
    zone = _ZONE.fullmatch(word.strip())
    if word == ALL:
        return ALL
    if zone:
        return f"zone {int(zone[1])}"
    if profile is None:
        from .norms import shared_profile
        from .twin import DEFAULT_PROFILE

        if re.fullmatch(r"GT\d\d", word):
            return word
        profile = shared_profile(DEFAULT_PROFILE)
    found = profile.resolve_type(word)
    if found is None:
        raise node.problem("twin.ambition_key", word=word)
    return found


def _known(word: str, node: Node) -> str:
    from .indicators import known_indicators
    from .yaml_lines import remedy

    names = known_indicators()
    if word not in names:
        raise node.problem("twin.indicator", word=word, remedy=remedy(word, names))
    return word


def _part(word: str, node: Node) -> str:
    _known(split_key(word)[0], node)
    return full_key(word)


def _weights(node: Node) -> tuple[dict[str, float], dict[str, float]]:
    from .indicators import known_indicators

    own: dict[str, float] = {}
    themes: dict[str, float] = {}
    for key, block in node.mapping((*known_indicators(), "themes")).items():
        if key == "themes":
            themes = {k: n.number(0, _MOST) for k, n in block.mapping(THEMES).items()}
        else:
            own[key] = block.number(0, _MOST)
    return own, themes


def _names(node: Node) -> list[str]:
    return [_known(n.text(), n) for n in node.sequence()]
