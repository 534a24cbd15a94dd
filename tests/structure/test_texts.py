"""Every sentence exists in both languages, with the same parameters."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from dgo_twin_plugin.engine.indicators import all_indicators
from dgo_twin_plugin.engine.texts import FOLDER, LANGUAGES, has_text
from tests.structure.source import modules, place, tree

CALLS = {"say": 0, "text": 0, "Message": 0, "DgoError": 0, "_": 0, "tr": 0}
# A text that comes from elsewhere in both languages: each shows its own parameter.
EITHER = {"words.either"}
OF_INDICATOR = ("name", "short", "about", "formula", "limits", "validity")


def files(language: str) -> dict[str, dict[str, str]]:
    """Area -> key -> sentence; an area is the path of its file without ``.json``."""
    folder = FOLDER / language
    return {path.relative_to(folder).with_suffix("").as_posix(): json.loads(
                path.read_text(encoding="utf-8"))
            for path in sorted(folder.rglob("*.json"))}  # fmt: skip


def sentences() -> Iterator[tuple[str, str, str]]:
    """(area, key, language) of every sentence in any language."""
    for language in LANGUAGES:
        for area, entries in files(language).items():
            for key in entries:
                yield area, key, language


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_languages_have_the_same_areas_and_keys() -> None:
    dutch, english = (
        {(area, key) for area, key, spoken in sentences() if spoken == language}
        for language in ("nl", "en")
    )
    assert dutch
    differ = sorted(".".join(key) for key in dutch ^ english)
    assert not differ, "\n".join(differ)


def test_languages_have_the_same_placeholders() -> None:
    dutch, english = files("nl"), files("en")
    differ = [f"{area}.{key}: {placeholders(entry)} and {placeholders(english[area][key])}"
              for area, entries in dutch.items() for key, entry in entries.items()
              if key in english.get(area, {}) and f"{area}.{key}" not in EITHER
              and placeholders(entry) != placeholders(english[area][key])]  # fmt: skip
    assert not differ, "\n".join(differ)


def test_no_key_stands_twice_and_none_is_empty() -> None:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        keys = [key for key, _ in pairs]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, twice
        return dict(pairs)

    for path in sorted(FOLDER.rglob("*.json")):
        entries = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=unique)
        empty = [key for key, entry in entries.items()
                 if not isinstance(entry, str) or not entry.strip()]  # fmt: skip
        assert not empty, path


def literal(node: ast.expr) -> list[str]:
    """The texts an expression can be, as far as it says so itself."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return literal(node.body) + literal(node.orelse)
    return []


def keys_in(path: Path) -> Iterator[tuple[int, str]]:
    """(line, key) of every text asked for by a literal key."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in CALLS and len(node.args) > CALLS[name]:
            for key in literal(node.args[CALLS[name]]):
                if "." in key and " " not in key:
                    yield node.lineno, key
        if name == "Check":
            given = node.args[:1] or [k.value for k in node.keywords if k.arg == "code"]
            for code in [c for expression in given for c in literal(expression)]:
                yield node.lineno, f"checks.{code}.title"
                yield node.lineno, f"checks.{code}.advice"


def prefixes_in(path: Path) -> Iterator[tuple[int, str]]:
    """(line, beginning) of every key that is put together while running: f"errors.{kind}"."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.JoinedStr):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            first = node.args[0].values[0] if node.args[0].values else None
            if name in CALLS and isinstance(first, ast.Constant) and "." in str(first.value):
                yield node.lineno, str(first.value)


def test_every_key_in_the_code_has_its_texts() -> None:
    asked = [(place(path, line), key) for path in modules() for line, key in keys_in(path)]
    assert len(asked) > 20  # the test does see them
    missing = sorted({f"{where}: {key} ({language})" for where, key in asked
                      for language in LANGUAGES if not has_text(key, language)})  # fmt: skip
    assert not missing, "\n".join(missing)


def test_every_key_put_together_can_exist() -> None:
    known = {f"{area.replace('/', '.')}.{key}" for area, key, _ in sentences()}
    missing = [f"{place(path, line)}: {start}…" for path in modules()
               for line, start in prefixes_in(path)
               if not any(key.startswith(start) for key in known)]  # fmt: skip
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_indicator_tells_what_it_is(language: str) -> None:
    missing = [f"indicators.{spec.id}.{key}" for spec in all_indicators() for key in OF_INDICATOR
               if not has_text(f"indicators.{spec.id}.{key}", language)]  # fmt: skip
    assert not missing, "\n".join(missing)
