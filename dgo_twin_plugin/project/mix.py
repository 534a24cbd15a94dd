"""The mix of the panel and the user's own presets, kept in the project.

``dgo_twin/mix`` holds the mix as text, ``dgo_twin/presets/<key>`` a preset as JSON with its name.
Reading never writes. A text that cannot be read counts as none and gives a sentence; what takes
its place first puts it aside under ``dgo_twin/damaged/<key>``, so that nothing is lost.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from qgis.core import QgsProject

from ..engine.mix import ALL, Mix, from_text, of_twin, to_text
from ..engine.norms import Profile
from ..engine.twin import Twin
from ..engine.words import DgoError, say
from .roles import SCOPE, project_twin

MIX, PRESETS, DAMAGED = "mix", "presets", "damaged"


@dataclass(frozen=True)
class Kept:
    """What was found: a mix, or none, and where a text cannot be read, why."""

    mix: Mix | None = None
    problem: DgoError | None = None


# --- the mix --------------------------------------------------------------------------------
def read_mix(project: QgsProject) -> Kept:
    """The mix that the project keeps; the project stays as it is."""
    return _read(_entry(project, MIX))


def keep_mix(project: QgsProject, mix: Mix) -> bool:
    """Keep the mix; whether anything changed. Only then the project becomes dirty."""
    return _keep(project, MIX, to_text(mix))


def forget_mix(project: QgsProject) -> None:
    """Keep no mix: the twin or the profile decides again."""
    if _entry(project, MIX):
        _aside(project, MIX)
        project.removeEntry(SCOPE, MIX)


def starting_mix(project: QgsProject, twin: Twin | None = None) -> Kept:
    """With what the panel opens: the mix of the project, else that of the twin file that is
    chosen, else that of the twin that the project remembers."""
    found = read_mix(project)
    if found.mix is not None:
        return found
    try:
        return Kept(of_twin(twin or project_twin(project)), found.problem)
    except DgoError as error:
        return Kept(of_twin(Twin()), found.problem or error)


# --- presets of the user -----------------------------------------------------------------------
def presets(project: QgsProject) -> tuple[dict[str, Mix], list[DgoError]]:
    """Own presets by name, sorted, and what is wrong with those that cannot be read."""
    found: dict[str, Mix] = {}
    problems = []
    for key in project.entryList(SCOPE, PRESETS):
        name, said = _named(_entry(project, f"{PRESETS}/{key}"))
        kept = _read(said, name or key)
        if kept.mix is not None and name:
            found[name] = kept.mix
        else:
            problems.append(kept.problem or _damaged(f"{PRESETS}/{key}"))
    return dict(sorted(found.items(), key=lambda item: item[0].casefold())), problems


def keep_preset(project: QgsProject, name: str, mix: Mix) -> bool:
    """Keep a preset under a name (one of that name is replaced); whether anything changed."""
    name = " ".join(name.split())
    if not name:
        raise DgoError("settings.preset.nameless")
    block = {"name": name, "mix": to_text(mix)}
    return _keep(project, _key(name), json.dumps(block, ensure_ascii=False))


def drop_preset(project: QgsProject, name: str) -> bool:
    """Take a preset away; whether there was one."""
    key = _key(" ".join(name.split()))
    return bool(_entry(project, key)) and bool(project.removeEntry(SCOPE, key))


def set_aside(project: QgsProject) -> dict[str, str]:
    """Texts that could not be read and were replaced: key -> text, for whoever wants them back."""
    return {key: _entry(project, f"{DAMAGED}/{key}")
            for key in sorted(project.entryList(SCOPE, DAMAGED))}  # fmt: skip


# --- for a full run -----------------------------------------------------------------------------
def blocks(mix: Mix) -> tuple[dict[str, dict[str, float]], dict[str, float], dict[str, float]]:
    """Ambitions, weights of indicators and weights of themes of a mix, as a twin has them. What is
    switched off weighs 0; in the mode *toets* all three are empty: the profile decides."""
    if mix.testing:
        return {}, {}, {}
    ambitions = {scope: dict(wanted) for scope, wanted in mix.ambitions.items() if wanted}
    weights = {**mix.weights, **{name: 0.0 for name in sorted(mix.off)}}
    return ambitions, weights, dict(mix.theme_weights)


def laid_over(twin: Twin, project: QgsProject) -> Twin:
    """The twin of a project with the project's mix in place of its ambitions and weights."""
    mix = read_mix(project).mix
    if mix is None:
        return twin
    ambitions, weights, themes = blocks(mix)
    return dataclasses.replace(twin, ambitions=ambitions, weights=weights, theme_weights=themes)


def run_parameters(mix: Mix, profile: Profile | None = None) -> dict[str, str]:
    """The mix as the parameters AMBITIONS and WEIGHTS of ``dgo:scoredesign``. With a profile,
    what it does not know is left out, as :meth:`Mix.laid` does."""
    ambitions, weights, themes = blocks(mix)
    if profile is not None:
        ambitions = {scope: wanted for scope, wanted in ambitions.items()
                     if scope == ALL or scope.startswith("zone ") or scope in profile.area_types}
        weights = {name: w for name, w in weights.items() if name in profile.indicators}
    return _texts(ambitions, weights, themes)


def in_force(twin: Twin) -> dict[str, str]:
    """The same for the ambitions and weights of a twin."""
    return _texts(twin.ambitions, twin.weights, twin.theme_weights)


def _texts(ambitions: Any, weights: Any, themes: Any) -> dict[str, str]:
    both = {**weights, **({"themes": dict(themes)} if themes else {})}
    return {"AMBITIONS": _json(ambitions), "WEIGHTS": _json(both)}


def _json(value: Any) -> str:
    """One line that YAML reads as well, with every bit of a float."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=dict)


# --- entries ------------------------------------------------------------------------------------
def _entry(project: QgsProject, key: str) -> str:
    return str(project.readEntry(SCOPE, key, "")[0] or "")


def _keep(project: QgsProject, key: str, said: str) -> bool:
    if _entry(project, key) == said:
        return False
    _aside(project, key)
    project.writeEntry(SCOPE, key, said)
    return True


def _aside(project: QgsProject, key: str) -> None:
    """Put a text that cannot be read where nothing overwrites it."""
    said = _entry(project, key)
    if not said:
        return
    name, inner = _named(said) if key != MIX else (MIX, said)
    if name and _read(inner).mix is not None:
        return
    mark = hashlib.sha256(said.encode()).hexdigest()[:8]
    project.writeEntry(SCOPE, f"{DAMAGED}/{key.replace('/', '_')}_{mark}", said)


def _key(name: str) -> str:
    """A key that any project file can hold, whatever the name."""
    return f"{PRESETS}/p{hashlib.sha256(name.casefold().encode()).hexdigest()[:12]}"


def _named(said: str) -> tuple[str, str]:
    """(name, text of the mix) of a preset; '' where it is no such thing."""
    try:
        block = json.loads(said)
        return str(block["name"]), str(block["mix"])
    except (ValueError, TypeError, KeyError):
        return "", said


def _read(said: str, name: str = "") -> Kept:
    if not said.strip():
        return Kept()
    try:
        return Kept(from_text(said))
    except DgoError as error:
        return Kept(None, _damaged(f"{PRESETS}: {name}" if name else MIX, error))


def _damaged(key: str, why: DgoError | None = None) -> DgoError:
    reason = why.message if why is not None else say("settings.damaged.unknown")
    return DgoError("settings.damaged", entry=f"{SCOPE}/{key}", why=reason)
