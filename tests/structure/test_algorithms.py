"""Every algorithm and every parameter explains itself, in Dutch and in English."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dgo_twin_plugin.engine.texts import LANGUAGES, has_text, language, set_language

PUBLIC = {"scoredesign", "checkdesign", "validateprofile", "createdesigntemplate", "createdemo",
          "exportreport", "exportscores", "manageruns", "methodcards", "importbgt", "importbag",
          "importimro", "importimow", "importosm", "importdxf", "importcityjson",
          "importahn", "fetchservices", "classifyareas", "scoreprogramme",
          "startplan"}  # fmt: skip
# Design, section 6: models, scripts and archives depend on these names.
SCOREDESIGN = {"DESIGN", "DESIGN_EXTRA", "AREA_TYPES", "AREA_TYPE_FIELD", "PLAN_AREA", "TWIN",
               "PROFILE", "SCENARIO", "ASSESSMENT_DATE", "INDICATORS", "CELL_SIZE",
               "AMBITIONS", "WEIGHTS",
               "OUTPUT"}  # fmt: skip
OUTPUTS = {"OUTPUT", "PLAN_MARK", "COVERAGE", "BREACHES", "ALERTS"}


@pytest.fixture
def speak() -> Iterator[Any]:
    """Choose a language for one test."""
    before = language()
    yield set_language
    set_language(before)


def provider() -> Any:
    """A provider of its own, with its algorithms; kept alive by the caller."""
    from dgo_twin_plugin.processing.provider import DgoProvider

    made = DgoProvider()
    made.refreshAlgorithms()
    return made


def test_the_public_algorithms_are_there(qgis_app: Any) -> None:
    dgo = provider()
    assert dgo.id() == "dgo"
    assert {a.name() for a in dgo.algorithms()} >= PUBLIC


def test_scoredesign_has_the_parameters_of_the_contract(qgis_app: Any) -> None:
    dgo = provider()
    algorithm = dgo.algorithm("scoredesign")
    given = {p.name(): p for p in algorithm.parameterDefinitions()}
    assert set(given) >= SCOREDESIGN
    assert {o.name() for o in algorithm.outputDefinitions()} >= OUTPUTS
    # every input is optional at declaration: the twin file may name it
    flag = type(given["DESIGN"]).Flag.FlagOptional
    compulsory = [name for name in SCOREDESIGN - {"OUTPUT"} if not given[name].flags() & flag]
    assert not compulsory


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_every_parameter_has_help(qgis_app: Any, speak: Any, spoken: str) -> None:
    speak(spoken)
    dgo = provider()
    missing = []
    for algorithm in dgo.algorithms():
        for parameter in algorithm.parameterDefinitions():
            key = f"algorithms.{algorithm.name()}.{parameter.name()}"
            if not parameter.help().strip() or not parameter.description().strip():
                missing.append(f"{key} shows no help")
            ways = (key, f"algorithms.shared.{parameter.name()}",
                    f"algorithms.shared.IMPORT_{parameter.name()}")  # fmt: skip
            if not any(has_text(way, spoken) for way in ways):
                missing.append(f"{key} has no text")
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_every_algorithm_has_a_name_and_help(qgis_app: Any, speak: Any, spoken: str) -> None:
    speak(spoken)
    dgo = provider()
    bare = [a.name() for a in dgo.algorithms()
            if not a.displayName().strip() or len(a.shortHelpString()) < 80]  # fmt: skip
    assert not bare


def test_help_differs_between_the_languages(qgis_app: Any, speak: Any) -> None:
    shown = {}
    for spoken in LANGUAGES:
        speak(spoken)
        dgo = provider()
        shown[spoken] = {(a.name(), p.name()): p.help() for a in dgo.algorithms()
                         for p in a.parameterDefinitions()}  # fmt: skip
    same = [key for key, sentence in shown["nl"].items() if shown["en"][key] == sentence]
    assert not same


def test_algorithms_make_new_instances(qgis_app: Any) -> None:
    """QGIS runs a copy; a copy that shares state would mix two runs."""
    dgo = provider()
    for algorithm in dgo.algorithms():
        first, second = algorithm.create(), algorithm.create()
        assert first is not second and type(first) is type(algorithm)
